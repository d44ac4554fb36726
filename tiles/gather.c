/* Finding what a tile is drawn from. A worker's own: one thread at a time.
 *
 * Three sources, as the quadtree has it: the tile's ancestors (those rows whose box touches the tile), the tile
 * itself, and all below it in one range scan that gives up when there is too much. Hide and show rows stand
 * at the homes of the strokes they change, so these same rows tell what is visible. */
#include "gather.h"

#include <stdlib.h>

#include "kolam/alloc.h"

void gather_finish(struct gather *gather) {
    kolam_free(gather->rows);
    kolam_free(gather->strokes);
    *gather = (struct gather){0};
}

/* ---- collecting rows ---- */

struct collect {
    struct gather *gather;
    uint32_t row_limit;
    uint8_t x0, y0, x1, y1; /* ancestors: the part of them that the tile is, inclusive pixels */
};

static bool push_row(struct gather *gather, const struct kolam_home_row *row) {
    if (gather->row_count == gather->row_capacity) {
        uint32_t capacity = gather->row_capacity ? gather->row_capacity * 2 : 256;
        struct kolam_home_row *rows = kolam_realloc_array(gather->rows, capacity, sizeof *rows);
        if (!rows) {
            gather->status = KOLAM_ERR_NOMEM;
            return false;
        }
        gather->rows = rows;
        gather->row_capacity = capacity;
    }
    gather->rows[gather->row_count++] = *row;
    return true;
}

static bool collect_touching(void *ctx, const struct kolam_home_row *row) {
    struct collect *collect = ctx;
    const struct kolam_home *home = &row->home;
    if (home->x0 > collect->x1 || home->x1 < collect->x0 || home->y0 > collect->y1 ||
        home->y1 < collect->y0) {
        return true;
    }
    return push_row(collect->gather, row);
}

static bool collect_below(void *ctx, const struct kolam_home_row *row) {
    struct collect *collect = ctx;
    if (collect->gather->row_count == collect->row_limit) {
        collect->gather->is_averaged = true;
        return false;
    }
    return push_row(collect->gather, row);
}

/* Which pixels of its ancestor, `depth` levels up, a tile coordinate covers; a deep tile less than one. */
static void part_of_ancestor(int64_t coordinate, int32_t depth, uint8_t *out_first, uint8_t *out_last) {
    int64_t within = coordinate - kolam_floor_shift(coordinate, depth) * (INT64_C(1) << depth);
    *out_first = (uint8_t)((within << KOLAM_TILE_SHIFT) >> depth);
    *out_last = (uint8_t)((((within + 1) << KOLAM_TILE_SHIFT) - 1) >> depth);
}

static enum kolam_status gather_ancestors(struct gather *gather, struct kolam_reader *reader,
                                          struct kolam_tile_id tile, uint64_t max_seq,
                                          uint64_t level_bits) {
    for (int32_t level = KOLAM_LEVEL_MIN; level < tile.level; level++) {
        if (!(level_bits >> (level - KOLAM_LEVEL_MIN) & 1)) {
            continue;
        }
        struct collect collect = {.gather = gather};
        part_of_ancestor(tile.x, tile.level - level, &collect.x0, &collect.x1);
        part_of_ancestor(tile.y, tile.level - level, &collect.y0, &collect.y1);
        enum kolam_status status = kolam_reader_homes_at(reader, kolam_tile_ancestor(tile, level), max_seq,
                                                         collect_touching, &collect);
        if (status != KOLAM_OK) {
            return status;
        }
    }
    return KOLAM_OK;
}

static enum kolam_status gather_rows(struct gather *gather, struct kolam_reader *reader,
                                     struct kolam_tile_id tile, uint64_t max_seq, uint32_t below_max) {
    uint64_t level_bits;
    enum kolam_status status = kolam_reader_levels(reader, &level_bits);
    if (status == KOLAM_OK) {
        status = gather_ancestors(gather, reader, tile, max_seq, level_bits);
    }
    if (status == KOLAM_OK && level_bits >> (tile.level - KOLAM_LEVEL_MIN) & 1) {
        struct collect all = {.gather = gather, .x1 = 255, .y1 = 255};
        status = kolam_reader_homes_at(reader, tile, max_seq, collect_touching, &all);
    }
    uint64_t finer_bits = tile.level < KOLAM_LEVEL_MAX
                              ? level_bits >> (tile.level - KOLAM_LEVEL_MIN + 1)
                              : 0;
    if (status == KOLAM_OK && finer_bits != 0) {
        struct collect below = {.gather = gather, .row_limit = gather->row_count + below_max};
        status = kolam_reader_homes_below(reader, tile, max_seq, collect_below, &below);
    }
    return status != KOLAM_OK ? status : gather->status;
}

/* ---- what follows from the rows ---- */

static int compare_rows(const void *a, const void *b) {
    const struct kolam_home_row *left = a;
    const struct kolam_home_row *right = b;
    if (left->seq != right->seq) {
        return left->seq < right->seq ? -1 : 1;
    }
    return left->target < right->target ? -1 : left->target > right->target;
}

static struct gather_stroke *find_stroke(struct gather *gather, uint64_t seq) {
    uint32_t low = 0;
    uint32_t high = gather->stroke_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (gather->strokes[middle].seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < gather->stroke_count && gather->strokes[low].seq == seq ? &gather->strokes[low] : NULL;
}

static enum kolam_status list_strokes(struct gather *gather) {
    if (gather->stroke_capacity < gather->row_count) {
        kolam_free(gather->strokes);
        gather->strokes = kolam_alloc_array(gather->row_capacity, sizeof *gather->strokes);
        gather->stroke_capacity = gather->strokes ? gather->row_capacity : 0;
        if (!gather->strokes) {
            return KOLAM_ERR_NOMEM;
        }
    }
    for (uint32_t i = 0; i < gather->row_count; i++) {
        const struct kolam_home_row *row = &gather->rows[i];
        bool is_new = gather->stroke_count == 0 ||
                      gather->strokes[gather->stroke_count - 1].seq != row->seq;
        if (row->kind == KOLAM_OP_STROKE && is_new) {
            gather->strokes[gather->stroke_count++] = (struct gather_stroke){.seq = row->seq};
        }
    }
    return KOLAM_OK;
}

/* Rows are in seq order, so the last hide or show of a stroke decides. */
static void mark_hidden(struct gather *gather) {
    for (uint32_t i = 0; i < gather->row_count; i++) {
        const struct kolam_home_row *row = &gather->rows[i];
        if (row->kind == KOLAM_OP_STROKE) {
            continue;
        }
        gather->newest_change_seq = row->seq;
        struct gather_stroke *stroke = find_stroke(gather, row->target);
        if (stroke) {
            stroke->is_hidden = row->kind == KOLAM_OP_HIDE;
        }
    }
}

struct newest {
    uint64_t seq;
};

static bool keep_newest(void *ctx, const struct kolam_home_row *row) {
    struct newest *newest = ctx;
    newest->seq = row->seq > newest->seq ? row->seq : newest->seq;
    return true;
}

/* The rows read so far miss some of what is below: ask for its newest alone. */
static enum kolam_status newest_below(struct kolam_reader *reader, struct kolam_tile_id tile,
                                      uint64_t max_seq, uint64_t *out_seq) {
    enum kolam_status status = kolam_reader_newest(reader, tile, out_seq);
    if (status != KOLAM_OK || *out_seq <= max_seq) {
        return status;
    }
    struct newest newest = {0};
    status = kolam_reader_homes_below(reader, tile, max_seq, keep_newest, &newest);
    *out_seq = newest.seq;
    return status;
}

enum kolam_status gather_tile(struct gather *gather, struct kolam_reader *reader,
                              struct kolam_tile_id tile, uint64_t max_seq, uint32_t below_max) {
    gather->row_count = 0;
    gather->stroke_count = 0;
    gather->newest_seq = 0;
    gather->newest_change_seq = 0;
    gather->is_averaged = false;
    gather->status = KOLAM_OK;
    enum kolam_status status = gather_rows(gather, reader, tile, max_seq, below_max);
    if (status != KOLAM_OK) {
        return status;
    }
    for (uint32_t i = 0; i < gather->row_count; i++) {
        uint64_t seq = gather->rows[i].seq;
        gather->newest_seq = seq > gather->newest_seq ? seq : gather->newest_seq;
    }
    if (gather->is_averaged) {
        uint64_t below_seq;
        status = newest_below(reader, tile, max_seq, &below_seq);
        if (status == KOLAM_OK && below_seq > gather->newest_seq) {
            gather->newest_seq = below_seq;
        }
        return status;
    }
    if (gather->row_count > 1) {
        qsort(gather->rows, gather->row_count, sizeof *gather->rows, compare_rows);
    }
    status = list_strokes(gather);
    if (status == KOLAM_OK) {
        mark_hidden(gather);
    }
    return status;
}
