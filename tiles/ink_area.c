/* Strokes thinner than THIN_PX: each segment leaves its area, length times width, in the pixels
 * it crosses, in integers, so that the sum is the same in any order, and right however short
 * they are. */
#include "ink_internal.h"

static uint32_t area_units(double area_px) {
    return (uint32_t)(min_of(max_of(area_px, 0.0), 1.0) * AREA_FULL + 0.5);
}

/* Saturates: sums of what is never negative come out the same in any order. */
static void deposit(struct kolam_ink_mask *mask, int32_t x, int32_t y, uint32_t units) {
    uint32_t *area = &mask->area[y * KOLAM_TILE_PX + x];
    uint32_t sum = *area + units; /* at most 2^31 */
    *area = sum < AREA_FULL ? sum : AREA_FULL;
}

/* The mean of a soft profile, (1 - r^2)^2, is 8/15 across a line and 1/3 across a dot; of a pencil's, 1 - r^2 / 2,
 * 5/6 and 3/4. */
static struct spot place_thin(const struct placing *placing, const struct kolam_point *point) {
    struct spot spot = place_point(placing, point);
    if (placing->tool == KOLAM_TOOL_AIRBRUSH) {
        spot.ink *= 8.0 / 15.0;
    } else if (placing->tool == KOLAM_TOOL_PENCIL) {
        spot.ink *= 5.0 / 6.0;
    }
    return spot;
}

static double end_share(const struct placing *placing) {
    return placing->tool == KOLAM_TOOL_AIRBRUSH ? 5.0 / 8.0
           : placing->tool == KOLAM_TOOL_PENCIL ? 9.0 / 10.0
                                                : 1.0;
}

struct strip {
    double x, y, dx, dy;            /* a line across the tile's pixels, t from 0 to 1 */
    double length, width, widening; /* area per t: length * (width + t * widening) */
    double ink, ink_step;           /* of which so much counts: ink + t * ink_step */
};

static double strip_area(const struct strip *strip, double t0, double t1) {
    double middle = (t0 + t1) * 0.5;
    return strip->length * (t1 - t0) * (strip->width + middle * strip->widening) *
           (strip->ink + middle * strip->ink_step);
}

/* The t at which a line leaves a pixel's column or row. */
static double leave_at(double start, double step, double inverse, int32_t pixel) {
    if (step == 0.0) {
        return 2.0;
    }
    return ((step > 0.0 ? pixel + 1 : pixel) - start) * inverse;
}

/* Walks the line from pixel to pixel and leaves in each the area that lies in it. */
static void deposit_strip(struct kolam_ink_mask *mask, const struct strip *strip) {
    double t = 0.0, end = 1.0;
    clip_range(strip->x, strip->dx, 0.0, KOLAM_TILE_PX, &t, &end);
    clip_range(strip->y, strip->dy, 0.0, KOLAM_TILE_PX, &t, &end);
    if (t >= end) {
        return;
    }
    const double inverse_x = strip->dx != 0.0 ? 1.0 / strip->dx : 0.0;
    const double inverse_y = strip->dy != 0.0 ? 1.0 / strip->dy : 0.0;
    int32_t x = pixel_floor(strip->x + t * strip->dx), y = pixel_floor(strip->y + t * strip->dy);
    x -= x == KOLAM_TILE_PX && strip->dx < 0.0;
    y -= y == KOLAM_TILE_PX && strip->dy < 0.0;
    while (t < end && x >= 0 && y >= 0 && x < KOLAM_TILE_PX && y < KOLAM_TILE_PX) {
        double leave_x = leave_at(strip->x, strip->dx, inverse_x, x);
        double leave_y = leave_at(strip->y, strip->dy, inverse_y, y);
        double leave = min_of(min_of(leave_x, leave_y), end);
        if (leave > t) {
            deposit(mask, x, y, area_units(strip_area(strip, t, leave)));
            t = leave;
        }
        if (leave_x <= leave_y) {
            x += strip->dx > 0.0 ? 1 : -1;
        } else {
            y += strip->dy > 0.0 ? 1 : -1;
        }
    }
}

static bool is_in_one_pixel(const struct spot *a, const struct spot *b) {
    double reach = max_of(a->radius, b->radius);
    double x0 = min_of(a->x, b->x) - reach, x1 = max_of(a->x, b->x) + reach;
    double y0 = min_of(a->y, b->y) - reach, y1 = max_of(a->y, b->y) + reach;
    return x0 >= 0.0 && y0 >= 0.0 && x1 < KOLAM_TILE_PX && y1 < KOLAM_TILE_PX &&
           (int32_t)x0 == (int32_t)x1 && (int32_t)y0 == (int32_t)y1;
}

/* Several lines side by side, so that ink astride a pixel's edge is shared between the two. */
static void deposit_segment(struct kolam_ink_mask *mask, const struct spot *a,
                            const struct spot *b) {
    double dx = b->x - a->x, dy = b->y - a->y;
    double length = exact_sqrt(dx * dx + dy * dy);
    if (length == 0.0) {
        return;
    }
    if (is_in_one_pixel(a, b)) {
        deposit(mask, (int32_t)a->x, (int32_t)a->y,
                area_units(length * (a->radius + b->radius) * (a->ink + b->ink) * 0.5));
        return;
    }
    int count = max_of(a->radius, b->radius) < 0.125 ? 2 : 6;
    for (int i = 0; i < count; i++) {
        double offset = (2 * i + 1 - count) / (double)count; /* in radii */
        double ax = a->x - offset * a->radius * dy / length;
        double ay = a->y + offset * a->radius * dx / length;
        double bx = b->x - offset * b->radius * dy / length;
        double by = b->y + offset * b->radius * dx / length;
        struct strip strip = {.x = ax, .y = ay, .dx = bx - ax, .dy = by - ay};
        strip.length = length / count;
        strip.width = 2.0 * a->radius;
        strip.widening = 2.0 * (b->radius - a->radius);
        strip.ink = a->ink;
        strip.ink_step = b->ink - a->ink;
        deposit_strip(mask, &strip);
    }
}

/* Half a disc's area as a square about an end of the stroke (two make a dot), at most 2 x 2 pixels.
 * No direction is needed, so a point that arrives later changes nothing at the start. */
static void deposit_end(const struct placing *placing, const struct spot *spot,
                        struct kolam_ink_end *out_end) {
    double ink = spot->ink * end_share(placing);
    double half = spot->radius * 0.88622692545275801; /* sqrt(pi) / 2 */
    *out_end =
        (struct kolam_ink_end){.x = pixel_floor(spot->x - half), .y = pixel_floor(spot->y - half)};
    for (int i = 0; i < 4; i++) {
        int32_t x = out_end->x + i % 2, y = out_end->y + i / 2;
        double wide = min_of(spot->x + half, x + 1) - max_of(spot->x - half, x);
        double high = min_of(spot->y + half, y + 1) - max_of(spot->y - half, y);
        if (x < KOLAM_TILE_PX && y < KOLAM_TILE_PX && wide > 0.0 && high > 0.0) {
            out_end->area[i] = area_units(wide * high * 0.5 * ink);
        }
    }
}

static void grow_to_segment(struct kolam_ink_mask *mask, const struct spot *a,
                            const struct spot *b) {
    double reach = max_of(a->radius, b->radius);
    kolam_ink_grow_dirty(
        mask, pixel_floor(min_of(a->x, b->x) - reach), pixel_floor(min_of(a->y, b->y) - reach),
        pixel_ceil(max_of(a->x, b->x) + reach), pixel_ceil(max_of(a->y, b->y) + reach));
}

/* The first end is laid down for good; the last may yet move on, so the mask keeps it apart. */
void kolam_ink_add_area(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                        uint32_t first_point, const struct placing *placing) {
    struct spot before =
        place_thin(placing, &stroke->points[first_point > 0 ? first_point - 1 : 0]);
    mask->is_thin = true;
    if (first_point == 0) {
        first_point = 1;
        grow_to_segment(mask, &before, &before);
        struct kolam_ink_end end = {0};
        if (stroke->part == 0) {
            deposit_end(placing, &before, &end);
        }
        for (int i = 0; i < 4; i++) {
            if (end.area[i] > 0) {
                deposit(mask, end.x + i % 2, end.y + i / 2, end.area[i]);
            }
        }
    }
    for (uint32_t i = first_point; i < stroke->point_count; i++) {
        struct spot after = place_thin(placing, &stroke->points[i]);
        if (!misses_tile(&before, &after)) {
            grow_to_segment(mask, &before, &after);
            deposit_segment(mask, &before, &after);
        }
        before = after;
    }
    if (stroke->part + 1 >= stroke->part_count) {
        deposit_end(placing, &before, &mask->last_end);
    }
}
