/* What lies under a pixel: each candidate is drawn by the ink kernel itself, so that what is found is what is seen. A
 * worker's own. */
#include <string.h>

#include "history_internal.h"

#define DRAWN_MS_MAX (INT64_C(1) << 53) /* beyond is no date, and no exact number in JSON */

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

static void add_part(struct kolam_history *history, struct kolam_drawing *drawing,
                     const struct kolam_log_row *row, const struct kolam_stroke *stroke,
                     bool is_hidden, int32_t level) {
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
    drawing->first_seq = row->seq - stroke->part;
    drawing->time_ms = row->time_ms;
    drawing->part_count++;
    drawing->point_count += stroke->point_count;
    drawing->is_hidden &= is_hidden;
    drawing->is_quiet |= history_is_quiet(history, stroke);
    join_rect(&drawing->box, &box);
    add_drawn(drawing, stroke);
}

static enum kolam_status describe_group(struct kolam_history *history,
                                        const struct history_group *group, int32_t level,
                                        struct kolam_drawing *drawing) {
    for (uint64_t seq = group->first_seq; seq < group->end_seq; seq++) {
        struct kolam_log_row row;
        struct kolam_op op;
        bool is_hidden;
        enum kolam_status status = history_load_part(history, group, seq, &row, &op, &is_hidden);
        if (status == KOLAM_OK) {
            add_part(history, drawing, &row, &op.stroke, is_hidden, level);
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
        status = history_load(history, found->seq, &row, &op);
        if (status != KOLAM_OK || !is_under(history, &op.stroke, rect)) {
            continue;
        }
        struct history_group group = history_group_of(&row, &op.stroke);
        struct kolam_drawing drawing = {.part_count = 0};
        visited_seq = group.first_seq;
        if (op.stroke.part_count > 1) {
            status = describe_group(history, &group, level, &drawing);
        } else {
            add_part(history, &drawing, &row, &op.stroke, found->is_hidden, level);
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
