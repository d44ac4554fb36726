/* A reader's past of the quadtree: the newest op at or below a tile, as of any seq. One thread at a time, as in reader.c.
 *
 * The node table tells only what is newest now. Of what was newest then, near tiles ask the home index, each of their few
 * tiles by a look-up; far tiles ask an index of the past (past_index.h), which the reader makes in memory when it is first asked: one
 * walk over the home rows, 0.2 us each. What is in it never changes, so it is made again only when the log has grown. Within
 * one epoch of that index, and after its end, the ops themselves tell: these are the *tail*. */
#include <string.h>

#include "kolam/alloc.h"
#include "past_index.h"
#include "reader_internal.h"

/* The log may grow by a sixteenth, within these bounds, before the index is made again. */
#define GROWTH_MIN 1024
#define GROWTH_MAX 16384
/* A hide of more strokes is not decoded for the tail: the rows are scanned instead, as long as it is in it. */
#define TAIL_TARGETS_MAX 256

struct tail_row {
    uint64_t seq;
    struct kolam_tile_id tile;
};

/* Where the ops in (from_seq, to_seq] are homed, in the order of seqs. */
struct tail {
    uint64_t from_seq, to_seq;
    bool is_too_much; /* a hide among them names too many */
    struct tail_row *rows;
    size_t count, capacity;
};

struct kolam_reader_past {
    struct past_index index;
    struct tail tail;
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
};

void kolam_reader_past_destroy(struct kolam_reader_past *past) {
    if (past) {
        past_index_finish(&past->index);
        kolam_free(past->tail.rows);
        kolam_free(past);
    }
}

/* ---- the index ---- */

static enum kolam_status add_rows(struct kolam_reader *reader, sqlite3_stmt *homes) {
    uint8_t last_path[KOLAM_TILE_KEY_MAX] = {0};
    struct kolam_tile_id tile = {.level = KOLAM_LEVEL_MAX + 1};
    size_t last_size = 0;
    bool has_row = false;
    enum kolam_status status = kolam_sql_step(homes, &has_row);
    while (status == KOLAM_OK && has_row) {
        const uint8_t *path = sqlite3_column_blob(homes, 0);
        size_t size = (size_t)sqlite3_column_bytes(homes, 0);
        int32_t level = sqlite3_column_int(homes, 1);
        bool is_same =
            path && size == last_size && level == tile.level && memcmp(path, last_path, size) == 0;
        if (!is_same) {
            if (!path || !kolam_tile_from_key(path, (uint32_t)size, level, &tile)) {
                return KOLAM_ERR_CORRUPT;
            }
            memcpy(last_path, path, size);
            last_size = size;
        }
        int64_t seq = sqlite3_column_int64(homes, 2);
        if (seq < 1 || (uint64_t)seq > reader->past->index.until_seq) {
            return KOLAM_ERR_CORRUPT;
        }
        status = past_index_add(&reader->past->index, tile, (uint64_t)seq,
                                sqlite3_column_int(homes, 3) == KOLAM_OP_STROKE);
        if (status == KOLAM_OK) {
            status = kolam_sql_step(homes, &has_row);
        }
    }
    return status;
}

static enum kolam_status make_index(struct kolam_reader *reader, uint64_t last_seq) {
    enum kolam_status status = past_index_begin(&reader->past->index, last_seq);
    if (status != KOLAM_OK) {
        return status;
    }
    sqlite3_stmt *homes = reader->statements[READER_ALL_HOMES];
    status = add_rows(reader, homes);
    (void)sqlite3_reset(homes);
    if (status == KOLAM_OK) {
        status = past_index_end(&reader->past->index);
    }
    if (status != KOLAM_OK) {
        past_index_finish(&reader->past->index); /* an empty one: made again when next asked */
    }
    return status;
}

static enum kolam_status want_index(struct kolam_reader *reader, uint64_t max_seq) {
    if (!reader->past) {
        reader->past = kolam_alloc_zero(1, sizeof *reader->past);
        if (!reader->past) {
            return KOLAM_ERR_NOMEM;
        }
    }
    uint64_t until = reader->past->index.until_seq;
    uint64_t growth = until / 16;
    growth = growth < GROWTH_MIN ? GROWTH_MIN : growth > GROWTH_MAX ? GROWTH_MAX : growth;
    if (until > 0 && max_seq <= until + growth) {
        return KOLAM_OK;
    }
    uint64_t last_seq;
    enum kolam_status status = kolam_reader_last_seq(reader, &last_seq);
    if (status != KOLAM_OK || (until > 0 && last_seq <= until + growth)) {
        return status;
    }
    return make_index(reader, last_seq);
}

/* ---- the tail ---- */

struct walk {
    struct kolam_reader *reader;
    enum kolam_status status;
};

static enum kolam_status push_homes(struct kolam_reader_past *past, uint64_t seq, uint32_t count) {
    struct tail *tail = &past->tail;
    for (uint32_t i = 0; i < count; i++) {
        if (tail->count == tail->capacity) {
            size_t capacity = tail->capacity ? tail->capacity * 2 : 512;
            struct tail_row *rows = kolam_realloc_array(tail->rows, capacity, sizeof *rows);
            if (!rows) {
                return KOLAM_ERR_NOMEM;
            }
            tail->rows = rows;
            tail->capacity = capacity;
        }
        tail->rows[tail->count++] = (struct tail_row){.seq = seq, .tile = past->homes[i].tile};
    }
    return KOLAM_OK;
}

/* The homes of a stroke's body, as rows of `seq`. */
static enum kolam_status add_stroke(struct kolam_reader *reader, uint64_t seq, const uint8_t *body,
                                    size_t size_bytes) {
    struct kolam_op op;
    uint32_t count;
    if (kolam_op_decode(body, size_bytes, reader->room, &op) != KOLAM_OK ||
        op.kind != KOLAM_OP_STROKE ||
        kolam_stroke_homes(&op.stroke, reader->past->homes, &count) != KOLAM_OK) {
        return KOLAM_ERR_CORRUPT;
    }
    return push_homes(reader->past, seq, count);
}

/* A stroke that is changed by op `seq`. */
static enum kolam_status add_target(struct kolam_reader *reader, uint64_t seq, uint64_t target) {
    struct kolam_log_row row;
    enum kolam_status status = kolam_reader_op(reader, target, &row);
    if (status == KOLAM_OK) {
        status = add_stroke(reader, seq, row.body, row.body_size_bytes);
    }
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_ERR_CORRUPT : status;
}

/* Decoding a target writes the room's points and leaves its targets. */
static enum kolam_status add_changes(struct kolam_reader *reader, const struct kolam_log_row *row) {
    struct kolam_op op;
    if (kolam_op_decode(row->body, row->body_size_bytes, reader->room, &op) != KOLAM_OK) {
        return KOLAM_ERR_CORRUPT;
    }
    if (op.target_count > TAIL_TARGETS_MAX) {
        reader->past->tail.is_too_much = true;
        return KOLAM_OK;
    }
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < op.target_count && status == KOLAM_OK; i++) {
        status = add_target(reader, row->seq, op.targets[i]);
    }
    return status;
}

static bool add_op(void *ctx, const struct kolam_log_row *row) {
    struct walk *walk = ctx;
    if (row->kind == KOLAM_OP_STROKE) {
        walk->status = add_stroke(walk->reader, row->seq, row->body, row->body_size_bytes);
        if (walk->status == KOLAM_OK && row->replaces != 0) {
            walk->status = add_target(walk->reader, row->seq, row->replaces);
        }
    } else if (row->kind == KOLAM_OP_HIDE || row->kind == KOLAM_OP_SHOW) {
        walk->status = add_changes(walk->reader, row);
    }
    return walk->status == KOLAM_OK && !walk->reader->past->tail.is_too_much;
}

/* Has it reach from from_seq at least to to_seq: what one moment needs is often the beginning of what the next does. */
static enum kolam_status want_tail(struct kolam_reader *reader, uint64_t from_seq,
                                   uint64_t to_seq) {
    struct tail *tail = &reader->past->tail;
    if (tail->from_seq != from_seq) {
        tail->from_seq = tail->to_seq = from_seq;
        tail->is_too_much = false;
        tail->count = 0;
    }
    if (tail->is_too_much || tail->to_seq >= to_seq) {
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_reader_want_room(reader);
    struct walk walk = {.reader = reader};
    if (status == KOLAM_OK) {
        status = kolam_reader_range(reader, tail->to_seq + 1, to_seq, add_op, &walk);
    }
    status = status == KOLAM_OK ? walk.status : status;
    tail->to_seq = status == KOLAM_OK ? to_seq : from_seq;
    tail->count = status == KOLAM_OK ? tail->count : 0;
    return status;
}

static uint64_t newest_in_tail(const struct tail *tail, struct kolam_tile_id tile,
                               uint64_t max_seq) {
    for (size_t i = tail->count; i-- > 0;) {
        const struct tail_row *row = &tail->rows[i];
        if (row->seq <= max_seq && row->tile.level > tile.level &&
            kolam_tile_contains(tile, row->tile)) {
            return row->seq;
        }
    }
    return 0;
}

/* ---- one tile ---- */

static bool keep_newest(void *ctx, const struct kolam_home_row *row) {
    uint64_t *newest = ctx;
    *newest = row->seq > *newest ? row->seq : *newest;
    return true;
}

static bool keep_first(void *ctx, const struct kolam_home_row *row) {
    (void)keep_newest(ctx, row);
    return false;
}

/* Strictly below a tile of a level that the index knows. */
static enum kolam_status newest_below(struct kolam_reader *reader, struct kolam_tile_id tile,
                                      uint64_t max_seq, uint64_t *newest) {
    struct past_answer answer = past_index_find(&reader->past->index, tile, max_seq);
    *newest = answer.newest > *newest ? answer.newest : *newest;
    if (answer.unknown_after >= max_seq) {
        return KOLAM_OK;
    }
    enum kolam_status status = want_tail(reader, answer.unknown_after, max_seq);
    if (status != KOLAM_OK) {
        return status;
    }
    if (reader->past->tail.is_too_much) {
        return kolam_reader_homes_below(reader, tile, max_seq, keep_newest, newest);
    }
    uint64_t in_tail = newest_in_tail(&reader->past->tail, tile, max_seq);
    *newest = in_tail > *newest ? in_tail : *newest;
    return KOLAM_OK;
}

static bool has_level(uint64_t level_bits, int32_t level) {
    return level_bits >> (level - KOLAM_LEVEL_MIN) & 1;
}

static bool has_finer_level(uint64_t level_bits, int32_t level) {
    return level < KOLAM_LEVEL_MAX && level_bits >> (level - KOLAM_LEVEL_MIN + 1) != 0;
}

/* What is homed at tiles of one level within `tile`. */
static enum kolam_status newest_at_level(struct kolam_reader *reader, struct kolam_tile_id tile,
                                         int32_t level, uint64_t max_seq, uint64_t *newest) {
    struct kolam_reader_nodes nodes = {.count = 0};
    enum kolam_status status = kolam_reader_nodes(reader, tile, level, &nodes);
    for (uint32_t i = 0; i < nodes.count && status == KOLAM_OK; i++) {
        if (nodes.nodes[i].newest <= max_seq) {
            *newest = nodes.nodes[i].newest > *newest ? nodes.nodes[i].newest : *newest;
        } else {
            status = kolam_reader_homes_at_backwards(reader, nodes.nodes[i].tile, max_seq,
                                                     keep_first, newest);
        }
    }
    return status;
}

/* The level of the index that speaks for what is below a tile. */
static int32_t index_level(int32_t level) {
    return -(int32_t)kolam_floor_div(-level, KOLAM_NODE_LEVEL_STEP) * KOLAM_NODE_LEVEL_STEP;
}

/* The tiles of a finer level within `tile`, at most a step of levels below it, by number. */
static struct kolam_tile_id tile_within(struct kolam_tile_id tile, int32_t level, uint32_t i) {
    int32_t shift = level - tile.level;
    return (struct kolam_tile_id){.x = tile.x * (INT64_C(1) << shift) + (i & ((1u << shift) - 1)),
                                  .y = tile.y * (INT64_C(1) << shift) + (i >> shift),
                                  .level = level};
}

/* True if the index alone can answer: it is there, and nothing is homed between the tile and its level. */
static bool knows_all(const struct kolam_reader *reader, uint64_t level_bits, int32_t level,
                      uint64_t max_seq) {
    bool is_beside = false;
    for (int32_t at = level; at <= index_level(level); at++) {
        is_beside |= has_level(level_bits, at);
    }
    return !is_beside && reader->past && max_seq <= reader->past->index.until_seq;
}

enum kolam_status kolam_reader_newest_at(struct kolam_reader *reader, struct kolam_tile_id tile,
                                         uint64_t max_seq, uint64_t *out_seq) {
    uint64_t newest = UINT64_MAX;
    uint64_t level_bits;
    enum kolam_status status = kolam_reader_levels(reader, &level_bits);
    if (status == KOLAM_OK && !knows_all(reader, level_bits, tile.level, max_seq)) {
        status = kolam_reader_newest(reader, tile, &newest);
    }
    if (status != KOLAM_OK || newest <= max_seq) {
        *out_seq = status == KOLAM_OK ? newest : *out_seq;
        return status;
    }
    newest = 0;
    int32_t finest = index_level(tile.level);
    for (int32_t level = tile.level; level <= finest && status == KOLAM_OK; level++) {
        if (has_level(level_bits, level)) {
            status = newest_at_level(reader, tile, level, max_seq, &newest);
        }
    }
    if (status == KOLAM_OK && has_finer_level(level_bits, finest)) {
        uint32_t count = 1u << 2 * (finest - tile.level);
        status = want_index(reader, max_seq);
        for (uint32_t i = 0; i < count && status == KOLAM_OK; i++) {
            status = newest_below(reader, tile_within(tile, finest, i), max_seq, &newest);
        }
    }
    if (status == KOLAM_OK) {
        *out_seq = newest;
    }
    return status;
}

enum kolam_status kolam_reader_strokes_below(struct kolam_reader *reader, struct kolam_tile_id tile,
                                             uint64_t max_seq, uint64_t *out_at_least) {
    uint64_t rows = 0;
    uint64_t level_bits = 0;
    int32_t finest = index_level(tile.level);
    enum kolam_status status = kolam_reader_levels(reader, &level_bits);
    uint32_t count = has_finer_level(level_bits, finest) ? 1u << 2 * (finest - tile.level) : 0;
    if (status == KOLAM_OK && count > 0) {
        status = want_index(reader, max_seq);
    }
    for (uint32_t i = 0; i < count && status == KOLAM_OK; i++) {
        rows += past_index_find(&reader->past->index, tile_within(tile, finest, i), max_seq)
                    .stroke_rows;
    }
    if (status == KOLAM_OK) {
        *out_at_least = rows;
    }
    return status;
}
