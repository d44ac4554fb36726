/* The writing half of the op codec; the reading half, and the story, are in op.c. */
#include "kolam/op.h"

#define RICE_K_MAX 14u
#define RICE_ESCAPE 24u

struct writer {
    uint8_t *at, *end;
    uint64_t window; /* bits not yet written, most significant first */
    uint32_t window_bits;
    bool is_full; /* the first error sticks */
};

static void write_u8(struct writer *out, uint32_t value) {
    if (out->at == out->end) {
        out->is_full = true;
        return;
    }
    *out->at++ = (uint8_t)value;
}

static void write_bytes(struct writer *out, const uint8_t *bytes, uint32_t size_bytes) {
    for (uint32_t i = 0; i < size_bytes; i++) {
        write_u8(out, bytes[i]);
    }
}

static void write_varint(struct writer *out, uint64_t value) {
    while (value >= 0x80) {
        write_u8(out, (uint32_t)(value & 0x7f) | 0x80u);
        value >>= 7;
    }
    write_u8(out, (uint32_t)value);
}

static uint64_t zigzag(int64_t value) {
    return ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
}

/* count <= 32 */
static void write_bits(struct writer *out, uint32_t value, uint32_t count) {
    if (count == 0) {
        return;
    }
    out->window |= (uint64_t)value << (64 - out->window_bits - count);
    out->window_bits += count;
    while (out->window_bits >= 8) {
        write_u8(out, (uint32_t)(out->window >> 56));
        out->window <<= 8;
        out->window_bits -= 8;
    }
}

static void flush_bits(struct writer *out) {
    if (out->window_bits > 0) {
        write_bits(out, 0, 8 - out->window_bits);
    }
}

static void write_rice(struct writer *out, uint32_t value, uint32_t k) {
    uint32_t ones = value >> k;
    if (ones >= RICE_ESCAPE) {
        write_bits(out, (1u << RICE_ESCAPE) - 1, RICE_ESCAPE);
        write_bits(out, value, 32);
        return;
    }
    write_bits(out, (1u << (ones + 1)) - 2, ones + 1);
    write_bits(out, value & ((1u << k) - 1), k);
}

/* ---- channels: each is a sequence of residuals, asked for by index ---- */

typedef uint32_t residual_at(const struct kolam_point *points, uint32_t index, bool is_early);

static uint32_t residual_x(const struct kolam_point *points, uint32_t i, bool is_early) {
    int64_t before = points[i - 1].x;
    return (uint32_t)zigzag(points[i].x - (is_early ? before : 2 * before - points[i - 2].x));
}

static uint32_t residual_y(const struct kolam_point *points, uint32_t i, bool is_early) {
    int64_t before = points[i - 1].y;
    return (uint32_t)zigzag(points[i].y - (is_early ? before : 2 * before - points[i - 2].y));
}

static uint32_t residual_pressure(const struct kolam_point *points, uint32_t i, bool is_early) {
    (void)is_early;
    return (uint32_t)zigzag((int64_t)points[i].pressure - points[i - 1].pressure);
}

static uint32_t residual_time(const struct kolam_point *points, uint32_t i, bool is_early) {
    (void)is_early;
    return points[i].dt_ms;
}

/* Walks the points from the second on, telling which are the first or second of their contour. */
struct walk {
    const struct kolam_stroke *stroke;
    uint32_t index, begin, contour;
};

static bool walk_on(struct walk *walk) {
    const struct kolam_stroke *stroke = walk->stroke;
    walk->index++;
    if (walk->contour < stroke->contour_count &&
        walk->index == walk->begin + stroke->contour_sizes[walk->contour]) {
        walk->begin = walk->index;
        walk->contour++;
    }
    return walk->index < stroke->point_count;
}

static uint32_t residual_here(const struct walk *walk, residual_at *residual) {
    return residual(walk->stroke->points, walk->index, walk->index <= walk->begin + 1);
}

static void write_channel(struct writer *out, const struct kolam_stroke *stroke,
                          residual_at *residual) {
    uint64_t cost_bits[RICE_K_MAX + 1] = {0};
    for (struct walk walk = {.stroke = stroke}; walk_on(&walk);) {
        uint32_t value = residual_here(&walk, residual);
        for (uint32_t k = 0; k <= RICE_K_MAX; k++) {
            uint32_t ones = value >> k;
            cost_bits[k] += ones < RICE_ESCAPE ? ones + 1 + k : RICE_ESCAPE + 32;
        }
    }
    uint32_t best = 0;
    for (uint32_t k = 1; k <= RICE_K_MAX; k++) {
        best = cost_bits[k] < cost_bits[best] ? k : best;
    }
    write_bits(out, best, 4);
    for (struct walk walk = {.stroke = stroke}; walk_on(&walk);) {
        write_rice(out, residual_here(&walk, residual), best);
    }
}

static void write_stroke(struct writer *out, const struct kolam_stroke *stroke) {
    bool has_group = stroke->part_count > 1;
    write_u8(out, (stroke->has_pressure ? 1u : 0) | (stroke->has_times ? 2u : 0) |
                      (stroke->has_start ? 4u : 0) | (has_group ? 8u : 0) |
                      (stroke->text_size_bytes > 0 ? 16u : 0));
    write_u8(out, stroke->tool);
    for (int shift = 24; shift >= 0; shift -= 8) {
        write_u8(out, stroke->color >> shift & 0xffu);
    }
    write_varint(out, stroke->width);
    write_u8(out, (uint32_t)(stroke->origin.level - KOLAM_LEVEL_MIN));
    write_varint(out, zigzag(stroke->origin.x));
    write_varint(out, zigzag(stroke->origin.y));
    if (stroke->has_start) {
        write_varint(out, zigzag(stroke->start_ms));
    }
    if (has_group) {
        write_varint(out, stroke->part);
        write_varint(out, stroke->part_count);
    }
    write_varint(out, stroke->point_count);
    if (stroke->tool == KOLAM_TOOL_FILL) {
        write_varint(out, stroke->contour_count);
        for (uint32_t i = 0; i + 1 < stroke->contour_count; i++) {
            write_varint(out, stroke->contour_sizes[i]);
        }
    }
    if (stroke->text_size_bytes > 0) {
        write_varint(out, stroke->text_size_bytes);
        write_bytes(out, stroke->text, stroke->text_size_bytes);
    }
    const struct kolam_point *points = stroke->points;
    write_varint(out, zigzag(points[0].x));
    write_varint(out, zigzag(points[0].y));
    if (stroke->has_pressure) {
        write_u8(out, points[0].pressure);
    }
    if (stroke->point_count == 1) {
        return;
    }
    write_channel(out, stroke, residual_x);
    write_channel(out, stroke, residual_y);
    if (stroke->has_pressure) {
        write_channel(out, stroke, residual_pressure);
    }
    if (stroke->has_times) {
        write_channel(out, stroke, residual_time);
    }
    flush_bits(out);
}

static bool targets_can_be_written(const struct kolam_op *op) {
    if (op->target_count > KOLAM_TARGETS_MAX || op->follow_count > KOLAM_EDIT_OPS_MAX ||
        (op->kind == KOLAM_OP_SHOW && (op->is_edit || op->follow_count > 0)) ||
        (op->target_count == 0 && op->follow_count == 0) ||
        (op->target_count > 0 && op->targets[0] == 0)) {
        return false;
    }
    for (uint32_t i = 0; i < op->target_count; i++) {
        if (op->targets[i] > INT64_MAX || (i > 0 && op->targets[i] <= op->targets[i - 1])) {
            return false;
        }
    }
    return true;
}

static enum kolam_status write_op(struct writer *out, const struct kolam_op *op) {
    switch (op->kind) {
    case KOLAM_OP_STROKE:
        if (!kolam_stroke_is_valid(&op->stroke)) {
            return KOLAM_ERR_INVALID;
        }
        write_stroke(out, &op->stroke);
        return KOLAM_OK;
    case KOLAM_OP_HIDE:
    case KOLAM_OP_SHOW:
        if (!targets_can_be_written(op)) {
            return KOLAM_ERR_INVALID;
        }
        write_varint(out, op->target_count);
        for (uint32_t i = 0; i < op->target_count; i++) {
            write_varint(out, op->targets[i] - (i > 0 ? op->targets[i - 1] : 0));
        }
        if (op->is_edit || op->follow_count > 0) {
            write_varint(out, op->follow_count);
        }
        return KOLAM_OK;
    case KOLAM_OP_RECORD:
        if (op->record_size_bytes < 1 || op->record_size_bytes > KOLAM_RECORD_BYTES_MAX) {
            return KOLAM_ERR_INVALID;
        }
        write_varint(out, op->record_size_bytes);
        write_bytes(out, op->record, op->record_size_bytes);
        return KOLAM_OK;
    default:
        return KOLAM_ERR_INVALID;
    }
}

enum kolam_status kolam_op_encode(const struct kolam_op *op, uint8_t *out_bytes,
                                  size_t capacity_bytes, size_t *out_size_bytes) {
    struct writer out = {.at = out_bytes, .end = out_bytes + capacity_bytes};
    write_u8(&out, KOLAM_OP_VERSION);
    write_u8(&out, op->kind);
    enum kolam_status status = write_op(&out, op);
    if (status != KOLAM_OK) {
        return status;
    }
    if (out.is_full) {
        return KOLAM_ERR_FULL;
    }
    *out_size_bytes = (size_t)(out.at - out_bytes);
    return KOLAM_OK;
}
