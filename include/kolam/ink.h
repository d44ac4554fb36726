/* The ink kernel: points to coverage to pixels. Freestanding C (tiles/ink*.c), compiled natively
 * and to WebAssembly, so that what an artist sees is what the server stores, to the bit: no libm,
 * no fused multiply-add, no fast-math, results independent of vector width.
 *
 * A stroke is the union of tapered capsules between its points; its mask holds, per pixel, the
 * largest coverage of any capsule, and is composited once: translucent ink does not darken where
 * it crosses itself, the order of points does not matter, appending points costs only the new
 * capsules, and tiles meet without a seam. Strokes thinner than 3/4 pixel at the tile's level
 * add up area instead, saturating, so that their coverage stays true to area. Which of the two
 * rules holds depends only on the stroke's width and the two levels. Radius and ink
 * follow pressure as the tool has it (tiles/pressure.h); the pencil's grain is laid on by compositing. */
#ifndef KOLAM_INK_H
#define KOLAM_INK_H

#include "kolam/geometry.h"
#include "kolam/op.h"

#define KOLAM_INK_VERSION 1 /* the raster version: bump when any pixel can come out differently */
#define KOLAM_TILE_PIXELS (KOLAM_TILE_PX * KOLAM_TILE_PX)

/* Where a thin stroke ends: half a disc's area in the 2 x 2 pixels from (x, y), beside the
 * mask's own `area` because the next point appended moves the end on. */
struct kolam_ink_end {
    int32_t x, y;
    uint32_t area[4];
};

/* Where the paper's grain lies in a tile: the tile's corner in pixels of its level, and how many levels the tile is
 * finer than the stroke. */
struct kolam_ink_grain {
    int64_t x, y;
    int32_t finer;
};

/* A mask under construction for one tile. Zero it once (kolam_ink_mask_init) and reuse it:
 * compositing with `clear` costs only the dirty rectangle. */
struct kolam_ink_mask {
    uint8_t coverage[KOLAM_TILE_PIXELS];
    uint32_t area[KOLAM_TILE_PIXELS]; /* thin strokes: 2^-30 pixels, saturated at a whole one */
    int32_t x0, y0, x1, y1;           /* dirty rectangle, half-open; empty when x0 >= x1 */
    bool is_thin; /* `area` holds ink too: the larger of it and `coverage` counts */
    struct kolam_ink_end last_end; /* added to `area` when composited */
    struct kolam_ink_grain grain;  /* of the newest stroke added; a pencil's compositing needs it */
};

void kolam_ink_mask_init(struct kolam_ink_mask *mask);

/* Adds the capsules of points [first_point-1, point_count) of `stroke`, clipped to `tile` (any
 * level): first_point 0 draws all; a later one appends to a mask that holds the points before
 * it. Parts of one group are added to the same mask, each beginning with the last point of the
 * part before. */
void kolam_ink_add_stroke(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                          uint32_t first_point, struct kolam_tile_id tile);

/* Composites the mask once onto `pixels` (256 x 256 premultiplied ARGB32, native endian) with the
 * tool's operator and pixman's 8-bit formulas, inside the dirty rectangle. */
void kolam_ink_composite(const struct kolam_ink_mask *mask, enum kolam_tool tool, uint32_t color,
                         uint32_t *pixels);
/* The same from `under` into `pixels` (which may be one and the same): what lies outside the dirty
 * rectangle is not copied. For a live stroke shown over a tile that must stay as it is. */
void kolam_ink_composite_onto(const struct kolam_ink_mask *mask, enum kolam_tool tool,
                              uint32_t color, const uint32_t *under, uint32_t *pixels);
/* Empties the mask, at the cost of its dirty rectangle. */
void kolam_ink_mask_clear(struct kolam_ink_mask *mask);

/* Writes the 2 x 2 box average of a child's 256 x 256 pixels into quadrant 0..3 (as in
 * kolam_tile_child) of `parent`; child NULL writes transparent. Rounds half up, per channel. */
void kolam_ink_downsample(const uint32_t *child, int quadrant, uint32_t *parent);

/* Premultiplied ARGB32 <-> straight RGBA bytes (PNG, ImageData order). Unpremultiply rounds to
 * nearest, and premultiplying its result gives the same pixel back for every valid input. */
void kolam_ink_to_rgba(const uint32_t *pixels, uint32_t count, uint8_t *out_rgba);
void kolam_ink_from_rgba(const uint8_t *rgba, uint32_t count, uint32_t *out_pixels);

#endif
