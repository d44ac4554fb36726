/* Finding what a tile is drawn from. A worker's own: one thread at a time.
 *
 * Three sources, as the quadtree has it: the tile's ancestors (those rows whose box touches the tile), the tile
 * itself, and all below it in one range scan that gives up when there is too much. Hide and show rows stand
 * at the homes of the strokes they change, so these same rows tell what is visible. */
#include "gather.h"

#include <stdlib.h>

#include "kolam/alloc.h"
#include "kolam/raster.h"

void gather_finish(struct gather *gather) {
    kolam_free(gather->rows);
    kolam_free(gather->strokes);
    *gather = (struct gather){0};
}

/* ---- collecting rows ---- */

struct collect {
    struct gather *gather;
    struct kolam_tile_id tile;
    struct gather_box part;
    uint64_t after_seq;
    uint32_t below_left; /* rows below that may still come */
};

/* One axis: where a home's pixels lie in a tile `finer` levels below it (negative: above), clipped to
 * the tile; false if they do not reach it. The home is at, above or below the tile. */
static bool span_in_tile(int64_t home, uint8_t first, uint8_t last, int64_t tile, int32_t finer,
                         int32_t *out_low, int32_t *out_high) {
    int64_t low;
    int64_t high;
    if (finer >= 0) {
        int64_t unit = INT64_C(1) << finer;
        int64_t corner = (tile - home * unit) * KOLAM_TILE_PX;
        low = first * unit - corner;
        high = (last + 1) * unit - 1 - corner;
    } else {
        int64_t corner = (home - tile * (INT64_C(1) << -finer)) * KOLAM_TILE_PX;
        low = kolam_floor_shift(corner + first, -finer);
        high = kolam_floor_shift(corner + last, -finer);
    }
    *out_low = low < 0 ? 0 : low > KOLAM_TILE_PX ? KOLAM_TILE_PX : (int32_t)low;
    *out_high = high < -1 ? -1 : high > KOLAM_TILE_PX - 1 ? KOLAM_TILE_PX - 1 : (int32_t)high;
    return *out_low <= *out_high;
}

static bool box_in_tile(const struct kolam_home *home, struct kolam_tile_id tile,
                        struct gather_box *out_box) {
    int32_t finer = tile.level - home->tile.level;
    return span_in_tile(home->tile.x, home->x0, home->x1, tile.x, finer, &out_box->x0,
                        &out_box->x1) &&
           span_in_tile(home->tile.y, home->y0, home->y1, tile.y, finer, &out_box->y0,
                        &out_box->y1);
}

static bool touches(const struct kolam_home *home, struct kolam_tile_id tile,
                    const struct gather_box *part) {
    struct gather_box box;
    return box_in_tile(home, tile, &box) && box.x0 <= part->x1 && box.x1 >= part->x0 &&
           box.y0 <= part->y1 && box.y1 >= part->y0;
}

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
    return touches(&row->home, collect->tile, &collect->part) ? push_row(collect->gather, row)
                                                              : true;
}

static bool collect_below(void *ctx, const struct kolam_home_row *row) {
    struct collect *collect = ctx;
    /* Hides and shows do not count: undoing one must bring the same picture back, drawn the same way. */
    if (row->kind == KOLAM_OP_STROKE) {
        if (collect->below_left == 0) {
            collect->gather->is_averaged = true;
            return false;
        }
        collect->below_left--;
    }
    return row->seq > collect->after_seq ? collect_touching(ctx, row) : true;
}

static bool has_level(uint64_t level_bits, int32_t level) {
    return level_bits >> (level - KOLAM_LEVEL_MIN) & 1;
}

static bool has_finer_level(uint64_t level_bits, int32_t level) {
    return level < KOLAM_LEVEL_MAX && level_bits >> (level - KOLAM_LEVEL_MIN + 1) != 0;
}

/* The tile itself is its own last ancestor here: all of it touches. */
static enum kolam_status gather_ancestors(struct gather *gather, struct kolam_reader *reader,
                                          struct kolam_tile_id tile,
                                          const struct gather_range *range, uint64_t level_bits) {
    enum kolam_status status = KOLAM_OK;
    for (int32_t level = KOLAM_LEVEL_MIN; level <= tile.level && status == KOLAM_OK; level++) {
        if (has_level(level_bits, level)) {
            struct collect collect = {.gather = gather, .tile = tile, .part = range->part};
            status =
                kolam_reader_homes_at(reader, kolam_tile_ancestor(tile, level), range->after_seq,
                                      range->max_seq, collect_touching, &collect);
        }
    }
    return status;
}

/* Of a past state most rows may be later ones: what says without reading them that there are too many comes first. */
static enum kolam_status gather_below(struct gather *gather, struct kolam_reader *reader,
                                      struct kolam_tile_id tile, const struct gather_range *range,
                                      uint32_t below_left) {
    uint64_t at_least = 0;
    enum kolam_status status = KOLAM_OK;
    if (range->max_seq != KOLAM_SEQ_NOW) {
        status = kolam_reader_strokes_below(reader, tile, range->max_seq, &at_least);
    }
    if (status != KOLAM_OK || at_least > below_left) {
        gather->is_averaged = status == KOLAM_OK;
        return status;
    }
    struct collect below = {.gather = gather,
                            .tile = tile,
                            .part = range->part,
                            .after_seq = range->after_seq,
                            .below_left = below_left};
    return kolam_reader_homes_below(reader, tile, range->max_seq, collect_below, &below);
}

/* Strokes that the base shows have no rows any more, but count as ever: how a tile is drawn must not change. */
static enum kolam_status count_below_in_base(struct gather *gather, struct kolam_reader *reader,
                                             struct kolam_tile_id tile, uint32_t *below_left) {
    struct kolam_base base;
    enum kolam_status status = kolam_reader_base_at(reader, tile, &base);
    if (status == KOLAM_OK) {
        gather->is_averaged = base.is_averaged || base.below_count > *below_left;
        *below_left -= gather->is_averaged ? 0 : base.below_count;
    }
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

static enum kolam_status gather_rows(struct gather *gather, struct kolam_reader *reader,
                                     struct kolam_tile_id tile, const struct gather_range *range) {
    uint64_t level_bits;
    uint32_t below_left = range->below_max;
    enum kolam_status status = kolam_reader_levels(reader, &level_bits);
    if (status == KOLAM_OK) {
        status = count_below_in_base(gather, reader, tile, &below_left);
    }
    if (status == KOLAM_OK && !gather->is_averaged && has_finer_level(level_bits, tile.level)) {
        status = gather_below(gather, reader, tile, range, below_left);
    }
    if (status == KOLAM_OK && !gather->is_averaged) {
        status = gather_ancestors(gather, reader, tile, range, level_bits);
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
    return low < gather->stroke_count && gather->strokes[low].seq == seq ? &gather->strokes[low]
                                                                         : NULL;
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
        bool is_new =
            gather->stroke_count == 0 || gather->strokes[gather->stroke_count - 1].seq != row->seq;
        if (row->kind == KOLAM_OP_STROKE && is_new) {
            gather->strokes[gather->stroke_count++] = (struct gather_stroke){.seq = row->seq};
        }
    }
    return KOLAM_OK;
}

static void join_box(struct gather_box *joined, const struct gather_box *box) {
    joined->x0 = box->x0 < joined->x0 ? box->x0 : joined->x0;
    joined->y0 = box->y0 < joined->y0 ? box->y0 : joined->y0;
    joined->x1 = box->x1 > joined->x1 ? box->x1 : joined->x1;
    joined->y1 = box->y1 > joined->y1 ? box->y1 : joined->y1;
}

/* Rows are in seq order, so the last hide or show of a stroke decides. */
static void mark_hidden(struct gather *gather, struct kolam_tile_id tile, uint64_t after_seq) {
    for (uint32_t i = 0; i < gather->row_count; i++) {
        const struct kolam_home_row *row = &gather->rows[i];
        if (row->kind == KOLAM_OP_STROKE) {
            continue;
        }
        struct gather_stroke *stroke = find_stroke(gather, row->target);
        struct gather_box box;
        gather->has_changes = true;
        if (stroke) {
            stroke->is_hidden = row->kind == KOLAM_OP_HIDE;
        } else if (row->target <= after_seq && box_in_tile(&row->home, tile, &box)) {
            join_box(&gather->changed, &box);
        }
    }
}

static void empty_gather(struct gather *gather) {
    gather->row_count = 0;
    gather->stroke_count = 0;
    gather->has_changes = false;
    gather->changed = GATHER_NO_BOX;
    gather->is_averaged = false;
    gather->status = KOLAM_OK;
}

enum kolam_status gather_tile(struct gather *gather, struct kolam_reader *reader,
                              struct kolam_tile_id tile, const struct gather_range *range) {
    empty_gather(gather);
    enum kolam_status status = gather_rows(gather, reader, tile, range);
    if (status != KOLAM_OK || gather->is_averaged) {
        return status;
    }
    if (gather->row_count > 1) {
        qsort(gather->rows, gather->row_count, sizeof *gather->rows, compare_rows);
    }
    status = list_strokes(gather);
    if (status == KOLAM_OK) {
        mark_hidden(gather, tile, range->after_seq);
    }
    return status;
}

/* ---- an area ---- */

struct area_collect {
    struct gather *gather;
    const struct kolam_rect *rect;
    uint32_t row_max;
};

/* One axis: a home's pixels in pixels of another level, both ends included. Within the world neither wraps. */
static bool span_meets(int64_t home_tile, uint8_t first, uint8_t last, int32_t finer, int64_t low,
                       int64_t high) {
    int64_t from = home_tile * KOLAM_TILE_PX + first;
    int64_t to = home_tile * KOLAM_TILE_PX + last;
    if (finer >= 0) {
        from *= INT64_C(1) << finer;
        to = (to + 1) * (INT64_C(1) << finer) - 1;
    } else {
        from = kolam_floor_shift(from, -finer);
        to = kolam_floor_shift(to, -finer);
    }
    return from < high && to >= low;
}

static bool collect_in_area(void *ctx, const struct kolam_home_row *row) {
    struct area_collect *collect = ctx;
    const struct kolam_rect *rect = collect->rect;
    const struct kolam_home *home = &row->home;
    int32_t finer = rect->level - home->tile.level;
    if (!span_meets(home->tile.x, home->x0, home->x1, finer, rect->x0, rect->x1) ||
        !span_meets(home->tile.y, home->y0, home->y1, finer, rect->y0, rect->y1)) {
        return true;
    }
    if (collect->gather->row_count == collect->row_max) {
        collect->gather->status = KOLAM_ERR_FULL;
        return false;
    }
    return push_row(collect->gather, row);
}

/* Of one of the few tiles that cover the rectangle: its own rows, those below, and those of its ancestors. */
static enum kolam_status gather_cover(struct area_collect *collect, struct kolam_reader *reader,
                                      struct kolam_tile_id tile, uint64_t max_seq,
                                      uint64_t level_bits) {
    enum kolam_status status = KOLAM_OK;
    if (has_finer_level(level_bits, tile.level)) {
        status = kolam_reader_homes_below(reader, tile, max_seq, collect_in_area, collect);
    }
    for (int32_t level = KOLAM_LEVEL_MIN; level <= tile.level && status == KOLAM_OK; level++) {
        if (has_level(level_bits, level)) {
            status = kolam_reader_homes_at(reader, kolam_tile_ancestor(tile, level), 0, max_seq,
                                           collect_in_area, collect);
        }
    }
    return status == KOLAM_OK ? collect->gather->status : status;
}

/* The finest level at which the rectangle lies in at most 2 x 2 tiles. */
static int32_t cover_level(const struct kolam_rect *rect) {
    int32_t level = rect->level;
    for (int32_t shift = KOLAM_TILE_SHIFT; level > KOLAM_LEVEL_MIN; level--, shift++) {
        if (kolam_floor_shift(rect->x1 - 1, shift) - kolam_floor_shift(rect->x0, shift) <= 1 &&
            kolam_floor_shift(rect->y1 - 1, shift) - kolam_floor_shift(rect->y0, shift) <= 1) {
            break;
        }
    }
    return level;
}

static enum kolam_status gather_covers(struct area_collect *collect, struct kolam_reader *reader,
                                       uint64_t max_seq) {
    const struct kolam_rect *rect = collect->rect;
    int32_t level = cover_level(rect);
    int32_t shift = KOLAM_TILE_SHIFT + rect->level - level;
    uint64_t level_bits;
    enum kolam_status status = kolam_reader_levels(reader, &level_bits);
    for (int64_t y = kolam_floor_shift(rect->y0, shift);
         y <= kolam_floor_shift(rect->y1 - 1, shift); y++) {
        for (int64_t x = kolam_floor_shift(rect->x0, shift);
             x <= kolam_floor_shift(rect->x1 - 1, shift) && status == KOLAM_OK; x++) {
            struct kolam_tile_id tile = {x, y, level};
            if (kolam_tile_is_valid(tile)) {
                status = gather_cover(collect, reader, tile, max_seq, level_bits);
            }
        }
    }
    return status;
}

/* Rows of shared ancestors come once for each cover tile: sorted, they stand together and count once. */
static void drop_doubles(struct gather *gather) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < gather->row_count; i++) {
        const struct kolam_home_row *row = &gather->rows[i];
        if (kept == 0 || compare_rows(&gather->rows[kept - 1], row) != 0) {
            gather->rows[kept++] = *row;
        }
    }
    gather->row_count = kept;
}

enum kolam_status gather_area(struct gather *gather, struct kolam_reader *reader,
                              const struct kolam_rect *rect, uint64_t max_seq, uint32_t row_max) {
    struct area_collect collect = {.gather = gather, .rect = rect, .row_max = row_max};
    empty_gather(gather);
    if (!kolam_level_is_valid(rect->level) || rect->x0 >= rect->x1 || rect->y0 >= rect->y1) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = gather_covers(&collect, reader, max_seq);
    if (status != KOLAM_OK) {
        return status;
    }
    if (gather->row_count > 1) {
        qsort(gather->rows, gather->row_count, sizeof *gather->rows, compare_rows);
    }
    drop_doubles(gather);
    status = list_strokes(gather);
    if (status == KOLAM_OK) {
        mark_hidden(gather, (struct kolam_tile_id){0, 0, 0}, 0);
    }
    return status;
}

/* ---- the version alone ---- */

struct newest {
    struct kolam_tile_id tile;
    uint64_t seq;
};

static bool keep_first_touching(void *ctx, const struct kolam_home_row *row) {
    struct newest *newest = ctx;
    struct gather_box box;
    if (!box_in_tile(&row->home, newest->tile, &box)) {
        return true;
    }
    newest->seq = row->seq > newest->seq ? row->seq : newest->seq;
    return false;
}

enum kolam_status gather_version(struct kolam_reader *reader, struct kolam_tile_id tile,
                                 uint64_t max_seq, uint64_t *out_seq) {
    struct newest newest = {.tile = tile};
    uint64_t level_bits;
    enum kolam_status status = kolam_reader_levels(reader, &level_bits);
    if (status == KOLAM_OK) {
        status = kolam_reader_newest_at(reader, tile, max_seq, &newest.seq);
    }
    for (int32_t level = KOLAM_LEVEL_MIN; level < tile.level && status == KOLAM_OK; level++) {
        if (has_level(level_bits, level)) {
            status = kolam_reader_homes_at_backwards(reader, kolam_tile_ancestor(tile, level),
                                                     max_seq, keep_first_touching, &newest);
        }
    }
    if (status == KOLAM_OK && newest.seq == 0) { /* any row is newer than the base */
        status = kolam_reader_base_version(reader, tile, &newest.seq);
    }
    if (status == KOLAM_OK) {
        *out_seq = newest.seq;
    }
    return status;
}
