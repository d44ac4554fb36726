/* A region of a canvas as one picture, at any scale, streamed in rows. */
#ifndef KOLAM_EXPORT_H
#define KOLAM_EXPORT_H

#include "kolam/png.h"
#include "kolam/raster.h"

struct kolam_region {
    double x, y, width, height; /* level-0 pixels; finite, inside the world, sizes > 0 */
    double scale;               /* picture pixels per level-0 pixel, 2^-24..2^24 */
};

/* Parses "X,Y,W,H" (decimals, optional minus, nothing else). KOLAM_ERR_INVALID. Any thread. */
KOLAM_MUST_CHECK enum kolam_status kolam_region_parse_rect(const char *text, size_t size_bytes,
                                                           struct kolam_region *out_region);

/* The picture's size in pixels; KOLAM_ERR_INVALID for a region out of bounds, KOLAM_ERR_FULL when a side
 * is over `side_max`. Any thread. */
KOLAM_MUST_CHECK enum kolam_status kolam_region_size(const struct kolam_region *region,
                                                     uint32_t side_max, uint32_t *out_width,
                                                     uint32_t *out_height);

struct kolam_export_options {
    struct kolam_region region;
    uint64_t at_seq; /* or KOLAM_SEQ_NOW */
    bool has_ground;
    uint32_t ground; /* 0xRRGGBB, opaque, under the ink */
    uint32_t side_max;
    const char *title; /* for the PNG's text chunks */
    bool (*progress)(void *ctx, uint32_t rows_done,
                     uint32_t rows_all); /* may be NULL; false cancels */
    void *progress_ctx;
};

/* Draws the region from tiles (the finer neighbouring level, area-averaged down when the scale is no power
 * of two) and writes it as PNG through `write`. Memory is one row of tiles, whatever the height. The
 * text chunks are Title, Creation Time, Software, and kolam:canvas-seq. */
KOLAM_MUST_CHECK enum kolam_status kolam_export_png(struct kolam_raster *raster,
                                                    struct kolam_reader *reader,
                                                    const struct kolam_export_options *options,
                                                    kolam_png_write *write, void *write_ctx,
                                                    struct kolam_error *error);

/* The level whose tiles a picture of this scale is made from. Any thread. */
int32_t kolam_export_level(double scale);
/* Draws rows [first_row, end_row) of the same picture as premultiplied pixels, for those who show many states of one
 * region: only rows that changed need to be drawn again. */
KOLAM_MUST_CHECK enum kolam_status kolam_export_rows(struct kolam_raster *raster,
                                                     const struct kolam_export_options *options,
                                                     uint32_t first_row, uint32_t end_row,
                                                     uint32_t *out_pixels);

#endif
