/* Who drew what where, and how much when. A worker's own: one thread at a time.
 *
 * The quadtree gives candidates by their boxes; each is then decoded and tested exactly: for an area the ink's
 * capsules, for a pixel the ink kernel itself, so that what is found is what is seen. */
#include "kolam/history.h"

#include <string.h>

#include "gather.h"
#include "history_area.h"
#include "history_hidden.h"
#include "kolam/alloc.h"

/* A page of an area with more index rows than this is looked for among the next so many ops first. */
#define WALK_ROWS_MIN 8192
#define WALK_OPS_MAX 16384
#define DRAWN_MS_MAX (INT64_C(1) << 53) /* beyond is no date, and no exact number in JSON */

struct kolam_history {
    struct kolam_reader *reader;
    struct gather gather;
    struct kolam_op_room room;
    struct kolam_ink_mask mask;
    struct hidden_cache hidden;
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
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
        hidden_finish(&history->hidden);
        kolam_free(history);
    }
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

/* A stroke's group: the seqs of its parts, which came in one submission. A stroke of its own is a group of one. */
struct group {
    uint64_t first_seq, end_seq; /* half open */
    uint64_t nonce;
    uint32_t artist, part_count;
};

static struct group group_of(const struct kolam_log_row *row, const struct kolam_stroke *stroke) {
    uint64_t part = stroke->part < row->seq ? stroke->part : 0;
    return (struct group){.first_seq = row->seq - part,
                          .end_seq = row->seq - part + stroke->part_count,
                          .nonce = row->nonce,
                          .artist = row->artist,
                          .part_count = stroke->part_count};
}

/* A file may have been made by anybody: what only claims to be a part takes nobody else's strokes with it. */
static bool is_in_group(const struct group *group, const struct kolam_log_row *row,
                        const struct kolam_stroke *stroke) {
    return row->artist == group->artist && row->nonce == group->nonce &&
           stroke->part_count == group->part_count && row->seq == group->first_seq + stroke->part;
}

/* From the rows of one of its homes. */
static enum kolam_status find_hidden(struct kolam_history *history,
                                     const struct kolam_stroke *stroke, uint64_t seq,
                                     bool *out_is_hidden) {
    uint32_t count = 0;
    if (kolam_stroke_homes(stroke, history->homes, &count) != KOLAM_OK || count == 0) {
        return KOLAM_ERR_CORRUPT;
    }
    return hidden_ask(&history->hidden, history->reader, history->homes[0].tile, seq,
                      out_is_hidden);
}

/* One seq of a group; KOLAM_ERR_NOT_FOUND if what is there is none of its parts. */
static enum kolam_status load_part(struct kolam_history *history, const struct group *group,
                                   uint64_t seq, struct kolam_log_row *out_row,
                                   struct kolam_op *out_op, bool *out_is_hidden) {
    enum kolam_status status = load_stroke(history, seq, out_row, out_op);
    if (status == KOLAM_ERR_CORRUPT ||
        (status == KOLAM_OK && !is_in_group(group, out_row, &out_op->stroke))) {
        return KOLAM_ERR_NOT_FOUND;
    }
    return status == KOLAM_OK ? find_hidden(history, &out_op->stroke, seq, out_is_hidden) : status;
}

/* All parts, those outside the area too. */
static enum kolam_status visit_group(struct kolam_history *history, const struct group *group,
                                     kolam_selected_visit *visit, void *ctx, bool *goes_on) {
    for (uint64_t seq = group->first_seq; seq < group->end_seq && *goes_on; seq++) {
        struct kolam_log_row row;
        struct kolam_op op;
        bool is_hidden;
        enum kolam_status status = load_part(history, group, seq, &row, &op, &is_hidden);
        if (status == KOLAM_OK) {
            struct kolam_selected selected = {&row, &op.stroke, group->first_seq, is_hidden};
            *goes_on = visit(ctx, &selected);
        } else if (status != KOLAM_ERR_NOT_FOUND) {
            return status;
        }
    }
    return KOLAM_OK;
}

static enum kolam_status visit_selected(struct kolam_history *history,
                                        const struct kolam_selection *selection,
                                        kolam_selected_visit *visit, void *ctx) {
    uint64_t visited_seq = 0; /* up to which groups were visited whole */
    bool goes_on = true;
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < history->gather.stroke_count && goes_on && status == KOLAM_OK; i++) {
        const struct gather_stroke *found = &history->gather.strokes[i];
        struct kolam_log_row row;
        struct kolam_op op;
        if (found->seq <= visited_seq || found->seq < selection->from_seq ||
            found->seq > selection->to_seq) {
            continue;
        }
        status = load_stroke(history, found->seq, &row, &op);
        if (status != KOLAM_OK || !is_wanted(selection, row.artist) ||
            !kolam_area_has_ink(&selection->area, &op.stroke)) {
            continue;
        }
        struct group group = group_of(&row, &op.stroke);
        if (selection->takes_groups && op.stroke.part_count > 1) {
            visited_seq = group.end_seq - 1;
            status = visit_group(history, &group, visit, ctx, &goes_on);
        } else {
            struct kolam_selected selected = {&row, &op.stroke, group.first_seq, found->is_hidden};
            goes_on = visit(ctx, &selected);
        }
    }
    return status;
}

/* ---- a page of a full area ---- */

struct walk {
    struct kolam_history *history;
    const struct kolam_selection *selection;
    kolam_selected_visit *visit;
    void *ctx;
    uint64_t next_seq; /* where it goes on */
    uint32_t left;     /* ops to look at */
    bool goes_on;
    enum kolam_status status;
};

static enum kolam_status walk_stroke(struct walk *walk, const struct kolam_log_row *row) {
    struct kolam_op op;
    bool is_hidden = false;
    if (kolam_op_decode(row->body, row->body_size_bytes, &walk->history->room, &op) != KOLAM_OK) {
        return KOLAM_ERR_CORRUPT;
    }
    if (!kolam_area_has_ink(&walk->selection->area, &op.stroke)) {
        return KOLAM_OK;
    }
    enum kolam_status status = find_hidden(walk->history, &op.stroke, row->seq, &is_hidden);
    if (status == KOLAM_OK) {
        struct kolam_selected selected = {row, &op.stroke, group_of(row, &op.stroke).first_seq,
                                          is_hidden};
        walk->goes_on = walk->visit(walk->ctx, &selected);
    }
    return status;
}

static bool walk_op(void *ctx, const struct kolam_log_row *row) {
    struct walk *walk = ctx;
    if (walk->left == 0) {
        return false;
    }
    walk->left--;
    walk->next_seq = row->seq + 1;
    if (row->kind == KOLAM_OP_STROKE && is_wanted(walk->selection, row->artist)) {
        walk->status = walk_stroke(walk, row);
    }
    return walk->goes_on && walk->status == KOLAM_OK;
}

static enum kolam_status select_gathered(struct kolam_history *history,
                                         const struct kolam_selection *selection, uint32_t row_max,
                                         kolam_selected_visit *visit, void *ctx) {
    enum kolam_status status = gather_area(&history->gather, history->reader, &selection->area.rect,
                                           KOLAM_SEQ_NOW, row_max);
    return status == KOLAM_OK ? visit_selected(history, selection, visit, ctx) : status;
}

/* Where much was drawn, a page's strokes are found sooner among the next ops than by listing all that lie there; but not
 * where those ops lie elsewhere. */
static enum kolam_status select_page(struct kolam_history *history,
                                     const struct kolam_selection *selection,
                                     kolam_selected_visit *visit, void *ctx) {
    struct walk walk = {.history = history,
                        .selection = selection,
                        .visit = visit,
                        .ctx = ctx,
                        .next_seq = UINT64_MAX,
                        .left = WALK_OPS_MAX,
                        .goes_on = true};
    enum kolam_status status = select_gathered(history, selection, WALK_ROWS_MIN, visit, ctx);
    if (status != KOLAM_ERR_FULL) {
        return status;
    }
    status =
        kolam_reader_range(history->reader, selection->from_seq, selection->to_seq, walk_op, &walk);
    status = status == KOLAM_OK ? walk.status : status;
    if (status != KOLAM_OK || !walk.goes_on || walk.left > 0) {
        return status;
    }
    struct kolam_selection rest = *selection;
    rest.from_seq = walk.next_seq;
    return select_gathered(history, &rest, KOLAM_HISTORY_ROWS_MAX, visit, ctx);
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
    hidden_forget(&history->hidden);
    status = selection->is_paged && !selection->takes_groups
                 ? select_page(history, selection, visit, ctx)
                 : select_gathered(history, selection, KOLAM_HISTORY_ROWS_MAX, visit, ctx);
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

/* A place in 1/8 px of one level, as a pixel of another, rounded down. Both lie inside the world. */
static int64_t pixel_at(int64_t sub, int32_t from_level, int32_t to_level) {
    int32_t coarser = from_level - to_level + KOLAM_SUB_SHIFT;
    return coarser >= 0 ? kolam_floor_shift(sub, coarser) : sub * (INT64_C(1) << -coarser);
}

/* The ink's box in pixels of `level`. */
static struct kolam_rect box_of(const struct kolam_stroke *stroke, int32_t level) {
    int32_t x0 = stroke->points[0].x, x1 = x0, y0 = stroke->points[0].y, y1 = y0;
    for (uint32_t i = 1; i < stroke->point_count; i++) {
        const struct kolam_point *point = &stroke->points[i];
        x0 = point->x < x0 ? point->x : x0;
        x1 = point->x > x1 ? point->x : x1;
        y0 = point->y < y0 ? point->y : y0;
        y1 = point->y > y1 ? point->y : y1;
    }
    const int64_t units = 2 * KOLAM_WIDTH_UNIT_PER_PX / KOLAM_SUB_PER_PX;
    int64_t reach = (stroke->width + units - 1) / units; /* the radius, in 1/8 px, rounded up */
    int64_t left = stroke->origin.x * KOLAM_SUB_PER_TILE;
    int64_t top = stroke->origin.y * KOLAM_SUB_PER_TILE;
    int32_t own = stroke->origin.level;
    return (struct kolam_rect){.x0 = pixel_at(left + x0 - reach, own, level),
                               .y0 = pixel_at(top + y0 - reach, own, level),
                               .x1 = pixel_at(left + x1 + reach, own, level) + 1,
                               .y1 = pixel_at(top + y1 + reach, own, level) + 1,
                               .level = level};
}

static void join_rect(struct kolam_rect *joined, const struct kolam_rect *rect) {
    joined->x0 = rect->x0 < joined->x0 ? rect->x0 : joined->x0;
    joined->y0 = rect->y0 < joined->y0 ? rect->y0 : joined->y0;
    joined->x1 = rect->x1 > joined->x1 ? rect->x1 : joined->x1;
    joined->y1 = rect->y1 > joined->y1 ? rect->y1 : joined->y1;
}

static void add_drawn(struct kolam_drawing *drawing, const struct kolam_stroke *stroke) {
    int64_t from_ms = stroke->start_ms, span_ms = 0;
    for (uint32_t i = 0; i < stroke->point_count && stroke->has_times; i++) {
        span_ms += stroke->points[i].dt_ms;
    }
    if (!stroke->has_start || from_ms <= -DRAWN_MS_MAX || from_ms >= DRAWN_MS_MAX - span_ms) {
        return;
    }
    int64_t to_ms = from_ms + span_ms;
    bool is_first = !drawing->has_drawn;
    drawing->drawn_from_ms =
        is_first || from_ms < drawing->drawn_from_ms ? from_ms : drawing->drawn_from_ms;
    drawing->drawn_to_ms = is_first || to_ms > drawing->drawn_to_ms ? to_ms : drawing->drawn_to_ms;
    drawing->has_drawn = true;
}

static void add_part(struct kolam_drawing *drawing, const struct kolam_log_row *row,
                     const struct kolam_stroke *stroke, bool is_hidden, int32_t level) {
    struct kolam_rect box = box_of(stroke, level);
    if (drawing->part_count == 0) {
        *drawing = (struct kolam_drawing){.artist = row->artist,
                                          .tool = stroke->tool,
                                          .color = stroke->color,
                                          .width = stroke->width,
                                          .level = stroke->origin.level,
                                          .is_hidden = true,
                                          .box = box};
    }
    drawing->seq = row->seq;
    drawing->time_ms = row->time_ms;
    drawing->part_count++;
    drawing->point_count += stroke->point_count;
    drawing->is_hidden &= is_hidden;
    join_rect(&drawing->box, &box);
    add_drawn(drawing, stroke);
}

static enum kolam_status describe_group(struct kolam_history *history, const struct group *group,
                                        int32_t level, struct kolam_drawing *drawing) {
    for (uint64_t seq = group->first_seq; seq < group->end_seq; seq++) {
        struct kolam_log_row row;
        struct kolam_op op;
        bool is_hidden;
        enum kolam_status status = load_part(history, group, seq, &row, &op, &is_hidden);
        if (status == KOLAM_OK) {
            add_part(drawing, &row, &op.stroke, is_hidden, level);
        } else if (status != KOLAM_ERR_NOT_FOUND) {
            return status;
        }
    }
    return KOLAM_OK;
}

/* A group of which one part is under the rectangle is told as one drawing. */
static enum kolam_status visit_under(struct kolam_history *history, const struct kolam_rect *rect,
                                     int32_t level, kolam_drawing_visit *visit, void *ctx) {
    uint64_t visited_seq = UINT64_MAX; /* down to which groups were visited */
    bool goes_on = true;
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = history->gather.stroke_count; i-- > 0 && goes_on && status == KOLAM_OK;) {
        const struct gather_stroke *found = &history->gather.strokes[i];
        struct kolam_log_row row;
        struct kolam_op op;
        if (found->seq >= visited_seq) {
            continue;
        }
        status = load_stroke(history, found->seq, &row, &op);
        if (status != KOLAM_OK || !is_under(history, &op.stroke, rect)) {
            continue;
        }
        struct group group = group_of(&row, &op.stroke);
        struct kolam_drawing drawing = {.part_count = 0};
        visited_seq = group.first_seq;
        if (op.stroke.part_count > 1) {
            status = describe_group(history, &group, level, &drawing);
        } else {
            add_part(&drawing, &row, &op.stroke, found->is_hidden, level);
        }
        goes_on = status == KOLAM_OK && visit(ctx, &drawing);
    }
    return status;
}

enum kolam_status kolam_history_blame(struct kolam_history *history, int32_t level, int64_t x,
                                      int64_t y, uint32_t slack_px, kolam_drawing_visit *visit,
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
    hidden_forget(&history->hidden);
    status = gather_area(&history->gather, history->reader, &rect, KOLAM_SEQ_NOW,
                         KOLAM_HISTORY_ROWS_MAX);
    if (status == KOLAM_OK) {
        status = visit_under(history, &rect, level, visit, ctx);
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
