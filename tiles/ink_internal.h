/* What the files of the ink kernel share: a stroke's place in a tile, and the small arithmetic. */
#ifndef KOLAM_INK_INTERNAL_H
#define KOLAM_INK_INTERNAL_H

#include "ink_lanes.h"
#include "kolam/ink.h"
#include "pressure.h"

/* Below this width, in tile pixels, summed area is nearer the truth than the largest coverage;
 * measured, see docs/rendering.md. */
#define THIN_PX 0.75
/* A whole pixel of summed area. */
#define AREA_FULL (1u << 30)

struct spot {
    double x, y, radius; /* tile pixels */
    double ink;          /* 0..1: how much of the tool's colour is laid down */
};

/* tile pixel = (point + base) * scale - rest, the sum being exact in an int64. */
struct placing {
    int64_t base_x, base_y;
    double scale, rest_x, rest_y;
    double radius; /* at pressure 1, tile pixels */
    enum kolam_tool tool;
    bool is_thin;
};

static inline double min_of(double a, double b) {
    return a < b ? a : b;
}

static inline double max_of(double a, double b) {
    return a > b ? a : b;
}

static inline struct spot place_point(const struct placing *placing,
                                      const struct kolam_point *point) {
    return (struct spot){
        .x = (double)(point->x + placing->base_x) * placing->scale - placing->rest_x,
        .y = (double)(point->y + placing->base_y) * placing->scale - placing->rest_y,
        .radius = placing->radius * pressure_radius(placing->tool, point->pressure),
        .ink = pressure_ink(placing->tool, point->pressure),
    };
}

/* Pixel edges below and above a position, held inside the tile. */
static inline int32_t pixel_floor(double position) {
    return (int32_t)min_of(max_of(position, 0.0), KOLAM_TILE_PX);
}

static inline int32_t pixel_ceil(double position) {
    int32_t floor = pixel_floor(position);
    return floor < KOLAM_TILE_PX && (double)floor < position ? floor + 1 : floor;
}

/* Narrows t in [*t0, *t1] to where low <= start + t * step <= high. */
static inline void clip_range(double start, double step, double low, double high, double *t0,
                              double *t1) {
    if (step == 0.0) {
        if (start < low || start > high) {
            *t1 = *t0 - 1.0;
        }
        return;
    }
    double enter = (low - start) / step, leave = (high - start) / step;
    *t0 = max_of(*t0, min_of(enter, leave));
    *t1 = min_of(*t1, max_of(enter, leave));
}

/* True if the segment's box, ink included, lies beside the tile. */
static inline bool misses_tile(const struct spot *a, const struct spot *b) {
    double reach = max_of(a->radius, b->radius) + 1.0, high = KOLAM_TILE_PX + reach;
    return (a->x < -reach && b->x < -reach) || (a->y < -reach && b->y < -reach) ||
           (a->x > high && b->x > high) || (a->y > high && b->y > high);
}

/* Widens the dirty rectangle; empty ones change nothing. */
void kolam_ink_grow_dirty(struct kolam_ink_mask *mask, int32_t x0, int32_t y0, int32_t x1,
                          int32_t y1);

/* Both add points [first_point - 1, point_count), first_point < point_count: ink_distance.c,
 * ink_area.c. */
void kolam_ink_add_distance(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                            uint32_t first_point, const struct placing *placing);
void kolam_ink_add_area(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                        uint32_t first_point, const struct placing *placing);

/* A filled shape, always whole: where points were appended, what they changed may be anywhere. ink_fill.c. */
void kolam_ink_add_fill(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                        uint32_t first_point, const struct placing *placing);

/* Pencil: what the paper takes of one row's coverage, columns [x0, x1): ink_grain.c. In place is fine. */
void kolam_ink_grain_row(const struct kolam_ink_grain *grain, int32_t y, int32_t x0, int32_t x1,
                         const uint8_t *coverage, uint8_t *out_coverage);

#endif
