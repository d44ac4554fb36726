/* Tile pixels as stored: a codec byte and its payload; see tile_codec.c. */
#ifndef KOLAM_TILES_TILE_CODEC_H
#define KOLAM_TILES_TILE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

struct kolam_tile_codec;

/* Contexts and a buffer, reused from tile to tile; one thread at a time. NULL when out of memory. */
struct kolam_tile_codec *kolam_tile_codec_create(void);
void kolam_tile_codec_destroy(struct kolam_tile_codec *codec); /* NULL is safe */

/* `pixels` NULL: empty. *out_bytes is the codec's, until the next call. */
KOLAM_MUST_CHECK enum kolam_status kolam_tile_codec_encode(struct kolam_tile_codec *codec,
                                                           const uint32_t *pixels,
                                                           const uint8_t **out_bytes,
                                                           size_t *out_size_bytes);
/* The same for pixels that nothing can draw again: smaller, at more cost, and with a checksum, so that damage is seen. */
KOLAM_MUST_CHECK enum kolam_status kolam_tile_codec_encode_base(struct kolam_tile_codec *codec,
                                                                const uint32_t *pixels,
                                                                const uint8_t **out_bytes,
                                                                size_t *out_size_bytes);
/* Fills all 65,536 pixels; KOLAM_ERR_CORRUPT leaves them undefined. */
KOLAM_MUST_CHECK enum kolam_status kolam_tile_codec_decode(struct kolam_tile_codec *codec,
                                                           const uint8_t *bytes, size_t size_bytes,
                                                           bool *out_is_empty,
                                                           uint32_t *out_pixels);

#endif
