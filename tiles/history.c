/* Who drew what where, and how much when. A worker's own: one thread at a time.
 *
 * The quadtree gives candidates by their boxes; each is then decoded and tested exactly: for an area the ink's
 * capsules, for a pixel the ink kernel itself, so that what is found is what is seen. */
#include "kolam/history.h"

#include <string.h>

#include "gather.h"
#include "kolam/alloc.h"

struct kolam_history {
    struct kolam_reader *reader;
    struct gather gather;
    struct kolam_op_room room;
    struct kolam_ink_mask mask;
    uint32_t pixels[KOLAM_TILE_PIXELS];
};

enum kolam_status kolam_history_create(struct kolam_reader *reader,
                                       struct kolam_history **out_history) {
    struct kolam_history *history = kolam_alloc_zero(1, sizeof *history);
    if (!history) {
        return KOLAM_ERR_NOMEM;
    }
    history->reader = reader;
    kolam_ink_mask_init(&history->mask);
    *out_history = history;
    return KOLAM_OK;
}

void kolam_history_destroy(struct kolam_history *history) {
    if (history) {
        gather_finish(&history->gather);
        kolam_free(history);
    }
}

/* ---- ink against an area ---- */

struct spot {
    double x, y; /* pixels of the area's level, from its corner */
};

/* One axis. The corner is subtracted while both are integers: a double could not hold either at level 24. */
static double place(int64_t sub, int64_t corner_px, int32_t finer) {
    int64_t corner_sub = corner_px * KOLAM_SUB_PER_PX;
    if (finer < 0) {
        int64_t unit = INT64_C(1) << -finer;
        return (double)(sub - corner_sub * unit) / (double)unit / KOLAM_SUB_PER_PX;
    }
    int64_t unit = INT64_C(1) << finer;
    int64_t base = kolam_floor_shift(corner_sub, finer);
    double rest = (double)(corner_sub - base * unit);
    return ((double)(sub - base) * (double)unit - rest) / KOLAM_SUB_PER_PX;
}

static struct spot spot_of(const struct kolam_stroke *stroke, uint32_t i,
                           const struct kolam_rect *rect) {
    int32_t finer = rect->level - stroke->origin.level;
    int64_t x = stroke->origin.x * KOLAM_SUB_PER_TILE + stroke->points[i].x;
    int64_t y = stroke->origin.y * KOLAM_SUB_PER_TILE + stroke->points[i].y;
    return (struct spot){place(x, rect->x0, finer), place(y, rect->y0, finer)};
}

static double radius_of(const struct kolam_stroke *stroke, const struct kolam_rect *rect) {
    double radius = (double)stroke->width / KOLAM_WIDTH_UNIT_PER_PX / 2.0;
    for (int32_t level = stroke->origin.level; level < rect->level; level++) {
        radius *= 2.0;
    }
    for (int32_t level = rect->level; level < stroke->origin.level; level++) {
        radius /= 2.0;
    }
    return radius;
}

/* Narrows the part of a segment that is within [low, high] along one axis (Liang and Barsky, 1984). */
static bool clip_axis(double from, double to, double low, double high, double *t0, double *t1) {
    double step = to - from;
    if (step == 0.0) {
        return from >= low && from <= high;
    }
    double enter = ((step > 0 ? low : high) - from) / step;
    double leave = ((step > 0 ? high : low) - from) / step;
    *t0 = enter > *t0 ? enter : *t0;
    *t1 = leave < *t1 ? leave : *t1;
    return *t0 <= *t1;
}

static bool segment_meets_rect(struct spot a, struct spot b, double width, double height,
                               double reach) {
    double t0 = 0.0;
    double t1 = 1.0;
    return clip_axis(a.x, b.x, -reach, width + reach, &t0, &t1) &&
           clip_axis(a.y, b.y, -reach, height + reach, &t0, &t1);
}

static bool is_inside_lasso(const struct kolam_area *area, struct spot spot) {
    bool is_inside = false;
    for (uint32_t i = 0, j = area->lasso_count - 1; i < area->lasso_count; j = i++) {
        const double *a = area->lasso[i];
        const double *b = area->lasso[j];
        if ((a[1] > spot.y) != (b[1] > spot.y) &&
            spot.x < (b[0] - a[0]) * (spot.y - a[1]) / (b[1] - a[1]) + a[0]) {
            is_inside = !is_inside;
        }
    }
    return is_inside;
}

static double side_of(struct spot a, struct spot b, struct spot c) {
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

static bool crosses_lasso(const struct kolam_area *area, struct spot a, struct spot b) {
    for (uint32_t i = 0, j = area->lasso_count - 1; i < area->lasso_count; j = i++) {
        struct spot c = {area->lasso[j][0], area->lasso[j][1]};
        struct spot d = {area->lasso[i][0], area->lasso[i][1]};
        if ((side_of(a, b, c) > 0) != (side_of(a, b, d) > 0) &&
            (side_of(c, d, a) > 0) != (side_of(c, d, b) > 0)) {
            return true;
        }
    }
    return false;
}

static bool has_ink_in(const struct kolam_stroke *stroke, const struct kolam_area *area) {
    const struct kolam_rect *rect = &area->rect;
    double width = (double)(rect->x1 - rect->x0);
    double height = (double)(rect->y1 - rect->y0);
    double radius = radius_of(stroke, rect);
    struct spot from = spot_of(stroke, 0, rect);
    for (uint32_t i = 0; i < stroke->point_count; i++) {
        struct spot to = spot_of(stroke, i, rect);
        if (segment_meets_rect(from, to, width, height, radius) &&
            (area->lasso_count == 0 || is_inside_lasso(area, to) ||
             crosses_lasso(area, from, to))) {
            return true;
        }
        from = to;
    }
    return false;
}

/* ---- selecting ---- */

/* KOLAM_ERR_CORRUPT if the row the index names is no stroke. */
static enum kolam_status load_stroke(struct kolam_history *history, uint64_t seq,
                                     struct kolam_log_row *out_row, struct kolam_op *out_op) {
    enum kolam_status status = kolam_reader_op(history->reader, seq, out_row);
    if (status == KOLAM_OK) {
        status = kolam_op_decode(out_row->body, out_row->body_size_bytes, &history->room, out_op);
    }
    if (status == KOLAM_ERR_NOT_FOUND || status == KOLAM_ERR_INVALID) {
        return KOLAM_ERR_CORRUPT;
    }
    return status == KOLAM_OK && out_op->kind != KOLAM_OP_STROKE ? KOLAM_ERR_CORRUPT : status;
}

static bool is_wanted(const struct kolam_selection *selection, uint32_t artist) {
    bool is_named = selection->artists == NULL;
    for (uint32_t i = 0; i < selection->artist_count && !is_named; i++) {
        is_named = selection->artists[i] == artist;
    }
    return is_named;
}

static enum kolam_status visit_selected(struct kolam_history *history,
                                        const struct kolam_selection *selection,
                                        kolam_selected_visit *visit, void *ctx) {
    for (uint32_t i = 0; i < history->gather.stroke_count; i++) {
        const struct gather_stroke *found = &history->gather.strokes[i];
        struct kolam_log_row row;
        struct kolam_op op;
        if (found->seq < selection->from_seq || found->seq > selection->to_seq) {
            continue;
        }
        enum kolam_status status = load_stroke(history, found->seq, &row, &op);
        if (status != KOLAM_OK) {
            return status;
        }
        if (is_wanted(selection, row.artist) && has_ink_in(&op.stroke, &selection->area)) {
            struct kolam_selected selected = {&row, &op.stroke, found->is_hidden};
            if (!visit(ctx, &selected)) {
                break;
            }
        }
    }
    return KOLAM_OK;
}

enum kolam_status kolam_history_select(struct kolam_history *history,
                                       const struct kolam_selection *selection,
                                       kolam_selected_visit *visit, void *ctx) {
    if (selection->area.lasso_count > KOLAM_LASSO_POINTS_MAX ||
        (selection->area.lasso_count > 0 && selection->area.lasso_count < 3)) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = kolam_reader_begin(history->reader);
    if (status != KOLAM_OK) {
        return status;
    }
    status = gather_area(&history->gather, history->reader, &selection->area.rect, KOLAM_SEQ_NOW,
                         KOLAM_HISTORY_ROWS_MAX);
    if (status == KOLAM_OK) {
        status = visit_selected(history, selection, visit, ctx);
    }
    kolam_reader_end(history->reader);
    return status;
}

/* ---- what is under a pixel ---- */

/* Draws the mask in black and looks: ink too faint for any pixel is not seen. Leaves the mask empty. */
static bool take_ink(struct kolam_history *history, const struct kolam_rect *rect,
                     struct kolam_tile_id tile) {
    uint32_t seen = 0;
    memset(history->pixels, 0, sizeof history->pixels);
    kolam_ink_composite(&history->mask, KOLAM_TOOL_PEN, 0x000000ff, history->pixels);
    kolam_ink_mask_clear(&history->mask);
    for (int64_t y = rect->y0; y < rect->y1; y++) {
        for (int64_t x = rect->x0; x < rect->x1; x++) {
            int64_t column = x - tile.x * KOLAM_TILE_PX;
            int64_t row = y - tile.y * KOLAM_TILE_PX;
            bool is_here = column >= 0 && column < KOLAM_TILE_PX && row >= 0 && row < KOLAM_TILE_PX;
            seen |= is_here ? history->pixels[row * KOLAM_TILE_PX + column] : 0;
        }
    }
    return seen != 0;
}

/* The rectangle is small: it lies in at most four tiles. */
static bool is_under(struct kolam_history *history, const struct kolam_stroke *stroke,
                     const struct kolam_rect *rect) {
    bool has_ink = false;
    int64_t last_x = kolam_floor_shift(rect->x1 - 1, KOLAM_TILE_SHIFT);
    int64_t last_y = kolam_floor_shift(rect->y1 - 1, KOLAM_TILE_SHIFT);
    for (int64_t y = kolam_floor_shift(rect->y0, KOLAM_TILE_SHIFT); y <= last_y && !has_ink; y++) {
        for (int64_t x = kolam_floor_shift(rect->x0, KOLAM_TILE_SHIFT); x <= last_x && !has_ink;
             x++) {
            struct kolam_tile_id tile = {x, y, rect->level};
            kolam_ink_add_stroke(&history->mask, stroke, 0, tile);
            has_ink = take_ink(history, rect, tile);
        }
    }
    return has_ink;
}

static enum kolam_status visit_under(struct kolam_history *history, const struct kolam_rect *rect,
                                     kolam_selected_visit *visit, void *ctx) {
    for (uint32_t i = history->gather.stroke_count; i-- > 0;) {
        const struct gather_stroke *found = &history->gather.strokes[i];
        struct kolam_log_row row;
        struct kolam_op op;
        enum kolam_status status = load_stroke(history, found->seq, &row, &op);
        if (status != KOLAM_OK) {
            return status;
        }
        if (is_under(history, &op.stroke, rect)) {
            struct kolam_selected selected = {&row, &op.stroke, found->is_hidden};
            if (!visit(ctx, &selected)) {
                break;
            }
        }
    }
    return KOLAM_OK;
}

enum kolam_status kolam_history_blame(struct kolam_history *history, int32_t level, int64_t x,
                                      int64_t y, uint32_t slack_px, kolam_selected_visit *visit,
                                      void *ctx) {
    int64_t slack = slack_px < 64 ? slack_px : 64;
    struct kolam_rect rect = {x - slack, y - slack, x + slack + 1, y + slack + 1, level};
    struct kolam_tile_id tile = {kolam_floor_shift(x, KOLAM_TILE_SHIFT),
                                 kolam_floor_shift(y, KOLAM_TILE_SHIFT), level};
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = kolam_reader_begin(history->reader);
    if (status != KOLAM_OK) {
        return status;
    }
    status = gather_area(&history->gather, history->reader, &rect, KOLAM_SEQ_NOW,
                         KOLAM_HISTORY_ROWS_MAX);
    if (status == KOLAM_OK) {
        status = visit_under(history, &rect, visit, ctx);
    }
    kolam_reader_end(history->reader);
    return status;
}

/* ---- how much when ---- */

static int64_t bucket_start_ms(int64_t from_ms, int64_t to_ms, uint32_t bucket_count, uint32_t i) {
    double share = (double)i / bucket_count;
    return from_ms + (int64_t)((double)(to_ms - from_ms) * share);
}

/* Strokes come in seq order and so do the buckets: one walk over both. */
static enum kolam_status count_buckets(struct kolam_history *history, int64_t from_ms,
                                       int64_t to_ms, uint32_t bucket_count, uint32_t *counts) {
    const struct gather *gather = &history->gather;
    uint32_t at = 0;
    for (uint32_t i = 0; i <= bucket_count; i++) {
        uint64_t before_seq; /* the last seq before this bucket */
        enum kolam_status status = kolam_reader_seq_at(
            history->reader, bucket_start_ms(from_ms, to_ms, bucket_count, i) - 1, &before_seq);
        if (status != KOLAM_OK) {
            return status;
        }
        uint32_t begin = at;
        while (at < gather->stroke_count && gather->strokes[at].seq <= before_seq) {
            at++;
        }
        if (i > 0) {
            counts[i - 1] = at - begin;
        }
    }
    return KOLAM_OK;
}

enum kolam_status kolam_history_activity(struct kolam_history *history,
                                         const struct kolam_rect *rect, int64_t from_ms,
                                         int64_t to_ms, uint32_t bucket_count,
                                         uint32_t *out_counts) {
    if (bucket_count < 1 || bucket_count > KOLAM_BUCKETS_MAX || from_ms >= to_ms || from_ms < 0) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = kolam_reader_begin(history->reader);
    if (status != KOLAM_OK) {
        return status;
    }
    status =
        gather_area(&history->gather, history->reader, rect, KOLAM_SEQ_NOW, KOLAM_HISTORY_ROWS_MAX);
    if (status == KOLAM_OK) {
        status = count_buckets(history, from_ms, to_ms, bucket_count, out_counts);
    }
    kolam_reader_end(history->reader);
    return status;
}
