/* PNG out: a tile at once, a picture of any size row by row (memory does not grow with the height). */
#ifndef KOLAM_PNG_H
#define KOLAM_PNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

/* Encodes 256 x 256 premultiplied pixels: filter none, a palette when there are at most 256 colours, a light
 * deflate level. The caller frees *out_bytes with kolam_free. Any thread. */
KOLAM_MUST_CHECK enum kolam_status
kolam_png_encode_tile(const uint32_t *pixels, uint8_t **out_bytes, size_t *out_size_bytes);

struct kolam_png_text {
    const char *key;   /* "Title", "Software", "Creation Time", or our own */
    const char *value; /* UTF-8 */
};

/* Receives encoded bytes; false stops the picture. */
typedef bool kolam_png_write(void *ctx, const uint8_t *bytes, size_t size_bytes);

struct kolam_png_writer;

/* Begins a picture; an opaque one is written without an alpha channel. KOLAM_ERR_INVALID for a size of 0 or
 * over 2^31-1. One thread at a time. */
KOLAM_MUST_CHECK enum kolam_status kolam_png_begin(uint32_t width, uint32_t height, bool is_opaque,
                                                   const struct kolam_png_text *texts,
                                                   size_t text_count, kolam_png_write *write,
                                                   void *ctx, struct kolam_png_writer **out_writer);
/* One row of `width` premultiplied pixels. */
KOLAM_MUST_CHECK enum kolam_status kolam_png_row(struct kolam_png_writer *writer,
                                                 const uint32_t *row);
/* Ends the picture (all rows must have come) and frees the writer, also on failure. */
KOLAM_MUST_CHECK enum kolam_status kolam_png_end(struct kolam_png_writer *writer);
/* Frees an unfinished writer; NULL is safe. */
void kolam_png_abort(struct kolam_png_writer *writer);

#endif
