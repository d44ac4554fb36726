/* From points to coverage, the way in: where a stroke lies in a tile, and which rule draws it.
 *
 * The ink kernel is five files: this one; ink_distance.c draws strokes at least THIN_PX wide,
 * capsule by capsule, from each pixel's distance; ink_area.c adds up the area of thinner ones;
 * ink_pixels.c composites; ink_wasm.c is the browser's door. A point becomes a position in tile
 * pixels by integer subtraction first, so that nothing is lost far from the origin.
 *
 * Invariants. A pixel's value depends on the capsule alone, never on where a row's span began or
 * on which part of the stroke came first: spans only skip pixels that are known to come out 0 or
 * 255. Positions are multiples of a power of two and are exact in a float unless cut, so a
 * capsule gives a pixel the same bits in every tile. Nothing here can overflow, divide by zero
 * or make a NaN, whatever a decoded stroke holds. */
#include "ink_internal.h"

/* 2^exponent, -1022 <= exponent <= 1023, from its bits. */
static double power_of_two(int32_t exponent) {
    uint64_t bits = (uint64_t)(1023 + exponent) << 52;
    double value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

/* One axis. For a tile finer than the stroke by d levels: a is the stroke-level tile above it, r
 * its place inside a, and the tile's corner lies q + s * 2^-d eighths from the corner of a. */
static void place_axis(int64_t origin, int64_t tile, int32_t finer, int64_t *out_base,
                       double *out_rest) {
    if (finer < 0) {
        *out_base = origin * KOLAM_SUB_PER_TILE -
                    tile * (INT64_C(1) << (KOLAM_TILE_SHIFT + KOLAM_SUB_SHIFT - finer));
        *out_rest = 0.0;
        return;
    }
    int64_t ancestor = kolam_floor_shift(tile, finer);
    int64_t inside = (tile - ancestor * (INT64_C(1) << finer)) * KOLAM_SUB_PER_TILE;
    *out_base = (origin - ancestor) * KOLAM_SUB_PER_TILE - (inside >> finer);
    *out_rest = (double)(inside & ((INT64_C(1) << finer) - 1)) / KOLAM_SUB_PER_PX;
}

static struct placing place_stroke(const struct kolam_stroke *stroke, struct kolam_tile_id tile) {
    struct placing placing = {0};
    int32_t finer = tile.level - stroke->origin.level;
    place_axis(stroke->origin.x, tile.x, finer, &placing.base_x, &placing.rest_x);
    place_axis(stroke->origin.y, tile.y, finer, &placing.base_y, &placing.rest_y);
    placing.scale = power_of_two(finer - KOLAM_SUB_SHIFT);
    double width = (double)stroke->width * power_of_two(finer) / KOLAM_WIDTH_UNIT_PER_PX;
    placing.radius = width / 2.0;
    placing.is_thin = width < THIN_PX;
    placing.tool = stroke->tool;
    return placing;
}

void kolam_ink_grow_dirty(struct kolam_ink_mask *mask, int32_t x0, int32_t y0, int32_t x1,
                          int32_t y1) {
    if (x0 >= x1 || y0 >= y1) {
        return;
    }
    if (mask->x0 >= mask->x1) {
        mask->x0 = x0;
        mask->y0 = y0;
        mask->x1 = x1;
        mask->y1 = y1;
        return;
    }
    mask->x0 = x0 < mask->x0 ? x0 : mask->x0;
    mask->y0 = y0 < mask->y0 ? y0 : mask->y0;
    mask->x1 = x1 > mask->x1 ? x1 : mask->x1;
    mask->y1 = y1 > mask->y1 ? y1 : mask->y1;
}

void kolam_ink_add_stroke(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                          uint32_t first_point, struct kolam_tile_id tile) {
    if (first_point >= stroke->point_count || !kolam_tile_is_valid(tile) ||
        !kolam_tile_is_valid(stroke->origin)) {
        return;
    }
    struct placing placing = place_stroke(stroke, tile);
    mask->grain = (struct kolam_ink_grain){
        .x = tile.x * KOLAM_TILE_PX,
        .y = tile.y * KOLAM_TILE_PX,
        .finer = tile.level - stroke->origin.level,
    };
    if (stroke->tool == KOLAM_TOOL_FILL) {
        kolam_ink_add_fill(mask, stroke, first_point, &placing);
    } else if (placing.is_thin) {
        kolam_ink_add_area(mask, stroke, first_point, &placing);
    } else {
        kolam_ink_add_distance(mask, stroke, first_point, &placing);
    }
}
