/* The op codec: the binary body of a stroke, hide, show or record, as docs/storage.md tells it.
 *
 * Everything that comes in is hostile: each count is checked before it is used, each coordinate before
 * it is added to, and a body that leaves a bit over is refused. Nothing is allocated here and nothing of libc
 * is called, so the same file runs in the browser. */
#include "kolam/op.h"

#define STROKE_HAS_PRESSURE 1u
#define STROKE_HAS_TIMES 2u
#define STROKE_HAS_START 4u
#define STROKE_HAS_GROUP 8u
#define STROKE_HAS_TEXT 16u
#define STROKE_FLAGS_ALL 31u
#define RICE_K_MAX 14u
#define RICE_ESCAPE 24u

/* ---- reading bytes ---- */

struct reader {
    const uint8_t *at, *end;
    bool is_bad; /* the first error sticks */
};

static uint8_t read_u8(struct reader *in) {
    if (in->at == in->end) {
        in->is_bad = true;
        return 0;
    }
    return *in->at++;
}

static uint64_t read_varint(struct reader *in) {
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
        uint8_t byte = read_u8(in);
        uint64_t bits = byte & 0x7fu;
        if (shift == 63 && bits > 1) {
            break;
        }
        value |= bits << shift;
        if (!(byte & 0x80u)) {
            if (byte == 0 && shift > 0) {
                break; /* a superfluous group */
            }
            return value;
        }
    }
    in->is_bad = true;
    return 0;
}

static int64_t unzigzag(uint64_t value) {
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static int64_t read_zigzag(struct reader *in) {
    return unzigzag(read_varint(in));
}

/* ---- reading bits ---- */

struct bit_reader {
    const uint8_t *at, *end;
    uint64_t window; /* the next bits, most significant first */
    uint32_t window_bits;
    bool is_bad;
};

static void fill_window(struct bit_reader *in) {
    while (in->window_bits <= 56 && in->at < in->end) {
        in->window |= (uint64_t)*in->at++ << (56 - in->window_bits);
        in->window_bits += 8;
    }
}

/* count <= 32 */
static uint32_t read_bits(struct bit_reader *in, uint32_t count) {
    if (count == 0) {
        return 0;
    }
    fill_window(in);
    if (in->window_bits < count) {
        in->is_bad = true;
        return 0;
    }
    uint32_t value = (uint32_t)(in->window >> (64 - count));
    in->window <<= count;
    in->window_bits -= count;
    return value;
}

static uint32_t read_rice(struct bit_reader *in, uint32_t k) {
    fill_window(in);
    uint32_t ones = ~in->window ? (uint32_t)__builtin_clzll(~in->window) : 64;
    if (ones >= RICE_ESCAPE) {
        if (read_bits(in, RICE_ESCAPE) == 0) {
            in->is_bad = true;
        }
        uint32_t value = read_bits(in, 32);
        if (value >> k < RICE_ESCAPE) {
            in->is_bad = true; /* one value, one code */
        }
        return value;
    }
    read_bits(in, ones + 1);
    return ones << k | read_bits(in, k);
}

static uint32_t read_rice_parameter(struct bit_reader *in) {
    uint32_t k = read_bits(in, 4);
    if (k > RICE_K_MAX) {
        in->is_bad = true;
        return 0;
    }
    return k;
}

static bool no_bits_left(const struct bit_reader *in) {
    return in->at == in->end && in->window_bits < 8 && in->window == 0;
}

/* ---- the channels ---- */

static bool point_is_near(int64_t value) {
    return value >= -KOLAM_POINT_SUB_MAX && value <= KOLAM_POINT_SUB_MAX;
}

static int32_t *axis_of(struct kolam_point *point, bool is_y) {
    return is_y ? &point->y : &point->x;
}

/* A line goes on as it went; but a contour knows nothing of the one before it, except where that ended. */
static int64_t predict(struct kolam_point *points, uint32_t index, uint32_t begin, bool is_y) {
    int64_t previous = *axis_of(&points[index - 1], is_y);
    return index > begin + 1 ? 2 * previous - *axis_of(&points[index - 2], is_y) : previous;
}

static void read_axis(struct bit_reader *in, const struct kolam_stroke *stroke, bool is_y) {
    struct kolam_point *points = stroke->points;
    uint32_t k = read_rice_parameter(in), begin = 0, contour = 0;
    for (uint32_t i = 1; i < stroke->point_count && !in->is_bad; i++) {
        if (contour < stroke->contour_count && i == begin + stroke->contour_sizes[contour]) {
            begin = i;
            contour++;
        }
        int64_t value = predict(points, i, begin, is_y) + unzigzag(read_rice(in, k));
        if (!point_is_near(value)) {
            in->is_bad = true;
            return;
        }
        *axis_of(&points[i], is_y) = (int32_t)value;
    }
}

static void read_pressures(struct bit_reader *in, struct kolam_point *points, uint32_t count) {
    uint32_t k = read_rice_parameter(in);
    for (uint32_t i = 1; i < count && !in->is_bad; i++) {
        int64_t value = points[i - 1].pressure + unzigzag(read_rice(in, k));
        if (value < 0 || value > 255) {
            in->is_bad = true;
            return;
        }
        points[i].pressure = (uint8_t)value;
    }
}

static void read_times(struct bit_reader *in, struct kolam_point *points, uint32_t count) {
    uint32_t k = read_rice_parameter(in);
    for (uint32_t i = 1; i < count && !in->is_bad; i++) {
        points[i].dt_ms = read_rice(in, k);
        if (points[i].dt_ms > KOLAM_DT_MS_MAX) {
            in->is_bad = true;
        }
    }
}

/* ---- text ---- */

/* Bytes that one UTF-8 character starting at `at` takes, or 0 if it is malformed (RFC 3629). */
static uint32_t utf8_length(const uint8_t *at, size_t left) {
    uint32_t lead = at[0];
    uint32_t length = lead < 0x80   ? 1
                      : lead < 0xc2 ? 0
                      : lead < 0xe0 ? 2
                      : lead < 0xf0 ? 3
                      : lead < 0xf5 ? 4
                                    : 0;
    if (length == 0 || length > left) {
        return 0;
    }
    for (uint32_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0u) != 0x80) {
            return 0;
        }
    }
    bool is_overlong = (lead == 0xe0 && at[1] < 0xa0) || (lead == 0xf0 && at[1] < 0x90);
    bool is_surrogate = lead == 0xed && at[1] > 0x9f;
    bool is_too_high = lead == 0xf4 && at[1] > 0x8f;
    return is_overlong || is_surrogate || is_too_high ? 0 : length;
}

static bool is_utf8(const uint8_t *bytes, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes;) {
        uint32_t length = utf8_length(bytes + i, size_bytes - i);
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

/* ---- what a stroke must satisfy, coming or going ---- */

static bool stroke_head_is_valid(const struct kolam_stroke *stroke) {
    return (uint32_t)stroke->tool < KOLAM_TOOL_COUNT && stroke->width >= 1 &&
           stroke->width <= KOLAM_WIDTH_MAX && kolam_tile_is_valid(stroke->origin) &&
           stroke->part_count >= 1 && stroke->part_count <= KOLAM_GROUP_PARTS_MAX &&
           stroke->part < stroke->part_count && stroke->point_count >= 1 &&
           stroke->point_count <= KOLAM_STROKE_POINTS_MAX;
}

/* One form for one shape: what it cannot have is not there, and its contours hold its points. */
static bool fill_is_valid(const struct kolam_stroke *stroke) {
    uint64_t total = 0;
    if (stroke->contour_count < 1 || stroke->contour_count > KOLAM_CONTOURS_MAX ||
        stroke->has_pressure || stroke->width != KOLAM_FILL_WIDTH ||
        stroke->text_size_bytes > KOLAM_TEXT_BYTES_MAX ||
        !is_utf8(stroke->text, stroke->text_size_bytes)) {
        return false;
    }
    for (uint32_t i = 0; i < stroke->contour_count; i++) {
        if (stroke->contour_sizes[i] < 1) {
            return false;
        }
        total += stroke->contour_sizes[i];
    }
    return total == stroke->point_count;
}

static bool contours_are_valid(const struct kolam_stroke *stroke) {
    return stroke->tool == KOLAM_TOOL_FILL
               ? fill_is_valid(stroke)
               : stroke->contour_count == 0 && stroke->text_size_bytes == 0;
}

bool kolam_stroke_is_valid(const struct kolam_stroke *stroke) {
    if (!stroke_head_is_valid(stroke) || !contours_are_valid(stroke)) {
        return false;
    }
    int64_t limit = INT64_C(1) << (KOLAM_WORLD_SHIFT + KOLAM_SUB_SHIFT + stroke->origin.level);
    int64_t origin_x = stroke->origin.x * KOLAM_SUB_PER_TILE;
    int64_t origin_y = stroke->origin.y * KOLAM_SUB_PER_TILE;
    for (uint32_t i = 0; i < stroke->point_count; i++) {
        const struct kolam_point *point = &stroke->points[i];
        int64_t x = origin_x + point->x;
        int64_t y = origin_y + point->y;
        if (!point_is_near(point->x) || !point_is_near(point->y) ||
            point->dt_ms > KOLAM_DT_MS_MAX || x < -limit || x > limit || y < -limit || y > limit) {
            return false;
        }
    }
    return true;
}

/* ---- decoding ---- */

static void read_stroke_head(struct reader *in, uint32_t flags, struct kolam_stroke *stroke) {
    stroke->has_pressure = flags & STROKE_HAS_PRESSURE;
    stroke->has_times = flags & STROKE_HAS_TIMES;
    stroke->has_start = flags & STROKE_HAS_START;
    stroke->tool = (enum kolam_tool)read_u8(in);
    stroke->color = 0;
    for (int i = 0; i < 4; i++) {
        stroke->color = stroke->color << 8 | read_u8(in);
    }
    uint64_t width = read_varint(in);
    stroke->origin.level = (int32_t)read_u8(in) + KOLAM_LEVEL_MIN;
    stroke->origin.x = read_zigzag(in);
    stroke->origin.y = read_zigzag(in);
    stroke->start_ms = stroke->has_start ? read_zigzag(in) : 0;
    uint64_t part = flags & STROKE_HAS_GROUP ? read_varint(in) : 0;
    uint64_t part_count = flags & STROKE_HAS_GROUP ? read_varint(in) : 1;
    uint64_t count = read_varint(in);
    if (width > KOLAM_WIDTH_MAX || part > KOLAM_GROUP_PARTS_MAX ||
        part_count > KOLAM_GROUP_PARTS_MAX || ((flags & STROKE_HAS_GROUP) && part_count < 2) ||
        count > KOLAM_STROKE_POINTS_MAX) {
        in->is_bad = true;
        return;
    }
    stroke->width = (uint32_t)width;
    stroke->part = (uint32_t)part;
    stroke->part_count = (uint32_t)part_count;
    stroke->point_count = (uint32_t)count;
}

/* The last contour has what is left of the points. */
static void read_contours(struct reader *in, struct kolam_op_room *room,
                          struct kolam_stroke *stroke) {
    uint64_t count = read_varint(in);
    if (in->is_bad || count < 1 || count > KOLAM_CONTOURS_MAX) {
        in->is_bad = true;
        return;
    }
    uint32_t left = stroke->point_count;
    for (uint64_t i = 0; i + 1 < count; i++) {
        uint64_t size = read_varint(in);
        if (in->is_bad || size < 1 || size >= left) {
            in->is_bad = true;
            return;
        }
        room->contour_sizes[i] = (uint32_t)size;
        left -= (uint32_t)size;
    }
    room->contour_sizes[count - 1] = left;
    stroke->contour_sizes = room->contour_sizes;
    stroke->contour_count = (uint32_t)count;
}

static void read_text(struct reader *in, struct kolam_stroke *stroke) {
    uint64_t size = read_varint(in);
    if (in->is_bad || size < 1 || size > KOLAM_TEXT_BYTES_MAX ||
        size > (uint64_t)(in->end - in->at)) {
        in->is_bad = true;
        return;
    }
    stroke->text = in->at;
    stroke->text_size_bytes = (uint32_t)size;
    in->at += size;
}

static void read_first_point(struct reader *in, const struct kolam_stroke *stroke) {
    int64_t x = read_zigzag(in);
    int64_t y = read_zigzag(in);
    if (!point_is_near(x) || !point_is_near(y)) {
        in->is_bad = true;
        return;
    }
    stroke->points[0].x = (int32_t)x;
    stroke->points[0].y = (int32_t)y;
    stroke->points[0].dt_ms = 0;
    stroke->points[0].pressure = stroke->has_pressure ? read_u8(in) : 255;
}

static bool read_channels(struct reader *in, const struct kolam_stroke *stroke) {
    struct bit_reader bits = {.at = in->at, .end = in->end};
    for (uint32_t i = 1; i < stroke->point_count; i++) {
        stroke->points[i].dt_ms = 0;
        stroke->points[i].pressure = 255;
    }
    read_axis(&bits, stroke, false);
    read_axis(&bits, stroke, true);
    if (stroke->has_pressure) {
        read_pressures(&bits, stroke->points, stroke->point_count);
    }
    if (stroke->has_times) {
        read_times(&bits, stroke->points, stroke->point_count);
    }
    in->at = in->end;
    return !bits.is_bad && no_bits_left(&bits);
}

static enum kolam_status decode_stroke(struct reader *in, struct kolam_op_room *room,
                                       struct kolam_stroke *stroke) {
    uint32_t flags = read_u8(in);
    if (flags & ~STROKE_FLAGS_ALL) {
        return KOLAM_ERR_INVALID;
    }
    stroke->points = room->points;
    read_stroke_head(in, flags, stroke);
    if (!in->is_bad && stroke->tool == KOLAM_TOOL_FILL) {
        read_contours(in, room, stroke);
    }
    if (!in->is_bad && flags & STROKE_HAS_TEXT) {
        read_text(in, stroke);
    }
    if (in->is_bad || !stroke_head_is_valid(stroke)) {
        return KOLAM_ERR_INVALID;
    }
    read_first_point(in, stroke);
    if (in->is_bad || (stroke->point_count > 1 && !read_channels(in, stroke)) ||
        !kolam_stroke_is_valid(stroke)) {
        return KOLAM_ERR_INVALID;
    }
    return KOLAM_OK;
}

/* Whether bytes are left tells an edit's hide, which may hide nothing if others follow, from one by itself. */
static enum kolam_status decode_follow(struct reader *in, struct kolam_op *op) {
    if (in->at == in->end) {
        return op->target_count > 0 ? KOLAM_OK : KOLAM_ERR_INVALID;
    }
    uint64_t count = read_varint(in);
    if (in->is_bad || count > KOLAM_EDIT_OPS_MAX || (count == 0 && op->target_count == 0)) {
        return KOLAM_ERR_INVALID;
    }
    op->follow_count = (uint32_t)count;
    op->is_edit = true;
    return KOLAM_OK;
}

static enum kolam_status decode_targets(struct reader *in, struct kolam_op_room *room,
                                        struct kolam_op *op) {
    uint64_t count = read_varint(in);
    if (in->is_bad || count > KOLAM_TARGETS_MAX) {
        return KOLAM_ERR_INVALID;
    }
    uint64_t seq = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t step = read_varint(in);
        if (in->is_bad || step == 0 || step > INT64_MAX - seq) {
            return KOLAM_ERR_INVALID;
        }
        seq += step;
        room->targets[i] = seq;
    }
    op->targets = room->targets;
    op->target_count = (uint32_t)count;
    return KOLAM_OK;
}

static enum kolam_status decode_record(struct reader *in, struct kolam_op *op) {
    uint64_t size = read_varint(in);
    if (in->is_bad || size < 1 || size > KOLAM_RECORD_BYTES_MAX ||
        size > (uint64_t)(in->end - in->at) || !is_utf8(in->at, (size_t)size)) {
        return KOLAM_ERR_INVALID;
    }
    op->record = in->at;
    op->record_size_bytes = (uint32_t)size;
    in->at += size;
    return KOLAM_OK;
}

enum kolam_status kolam_op_decode(const uint8_t *bytes, size_t size_bytes,
                                  struct kolam_op_room *room, struct kolam_op *out_op) {
    if (size_bytes == 0 ||
        size_bytes > KOLAM_OP_BYTES_MAX) { /* of none there may be no bytes to point to */
        return KOLAM_ERR_INVALID;
    }
    struct reader in = {.at = bytes, .end = bytes + size_bytes};
    struct kolam_op op = {0};
    uint8_t version = read_u8(&in);
    uint8_t kind = read_u8(&in);
    if (version != KOLAM_OP_VERSION) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = KOLAM_ERR_INVALID;
    switch (kind) {
    case KOLAM_OP_STROKE:
        status = decode_stroke(&in, room, &op.stroke);
        break;
    case KOLAM_OP_HIDE:
        status = decode_targets(&in, room, &op);
        status = status == KOLAM_OK ? decode_follow(&in, &op) : status;
        break;
    case KOLAM_OP_SHOW:
        status = decode_targets(&in, room, &op);
        status = status == KOLAM_OK && op.target_count < 1 ? KOLAM_ERR_INVALID : status;
        break;
    case KOLAM_OP_RECORD:
        status = decode_record(&in, &op);
        break;
    default:
        break;
    }
    if (status != KOLAM_OK || in.is_bad || in.at != in.end) {
        return KOLAM_ERR_INVALID;
    }
    op.kind = (enum kolam_op_kind)kind;
    *out_op = op;
    return KOLAM_OK;
}
