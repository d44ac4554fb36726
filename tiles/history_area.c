/* Whether a stroke has ink in an area: its capsules against a rectangle and a lasso, in pixels of the area's level. */
#include "history_area.h"

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

static bool meets_area(const struct kolam_area *area, struct spot a, struct spot b, double radius) {
    double width = (double)(area->rect.x1 - area->rect.x0);
    double height = (double)(area->rect.y1 - area->rect.y0);
    return segment_meets_rect(a, b, width, height, radius) &&
           (area->lasso_count == 0 || is_inside_lasso(area, b) || crosses_lasso(area, a, b));
}

/* ---- filled shapes ---- */

/* By how much an edge turns around a spot, to whose right it has to pass. */
static int32_t turn_of(struct spot a, struct spot b, struct spot spot) {
    bool is_down = b.y > a.y;
    bool crosses = (a.y <= spot.y) != (b.y <= spot.y) && (side_of(a, b, spot) > 0) == is_down;
    return crosses ? (is_down ? 1 : -1) : 0;
}

static bool has_fill(const struct kolam_area *area, const struct kolam_stroke *shape) {
    struct spot somewhere = {0.5, 0.5};
    if (area->lasso_count > 0) {
        somewhere = (struct spot){area->lasso[0][0], area->lasso[0][1]};
    }
    uint32_t first = 0;
    int32_t turns = 0;
    for (uint32_t i = 0; i < shape->contour_count; i++) {
        uint32_t end = first + shape->contour_sizes[i];
        struct spot from = spot_of(shape, end - 1, &area->rect);
        for (uint32_t at = first; at < end; at++) {
            struct spot to = spot_of(shape, at, &area->rect);
            if (meets_area(area, from, to, 0.0)) {
                return true;
            }
            turns += turn_of(from, to, somewhere);
            from = to;
        }
        first = end;
    }
    return turns != 0; /* no edge meets the area: all of it is inside the shape, or none */
}

bool kolam_area_has_ink(const struct kolam_area *area, const struct kolam_stroke *stroke) {
    if (stroke->tool == KOLAM_TOOL_FILL) {
        return has_fill(area, stroke);
    }
    const struct kolam_rect *rect = &area->rect;
    double radius = radius_of(stroke, rect);
    struct spot from = spot_of(stroke, 0, rect);
    for (uint32_t i = 0; i < stroke->point_count; i++) {
        struct spot to = spot_of(stroke, i, rect);
        if (meets_area(area, from, to, radius)) {
            return true;
        }
        from = to;
    }
    return false;
}
