/* The codec of stored tiles: bytes of any kind are decoded within their bounds or refused, and what was decoded comes back the
 * same through both encoders. */
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/ink.h"
#include "tiles/tile_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

typedef enum kolam_status encoder(struct kolam_tile_codec *codec, const uint32_t *pixels,
                                  const uint8_t **out_bytes, size_t *out_size_bytes);

static void comes_back(struct kolam_tile_codec *codec, encoder *encode, const uint32_t *pixels,
                       uint32_t *again) {
    const uint8_t *encoded;
    size_t encoded_bytes;
    bool is_empty;
    require(encode(codec, pixels, &encoded, &encoded_bytes) == KOLAM_OK);
    uint8_t *copy = kolam_memdup(encoded, encoded_bytes); /* so that a read beyond is seen */
    require(copy &&
            kolam_tile_codec_decode(codec, copy, encoded_bytes, &is_empty, again) == KOLAM_OK);
    require(memcmp(pixels, again, KOLAM_TILE_PIXELS * sizeof *pixels) == 0);
    kolam_free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    static struct kolam_tile_codec *codec;
    static uint32_t *pixels, *again;
    bool is_empty = false;
    if (!codec) {
        codec = kolam_tile_codec_create();
        pixels = kolam_alloc_zero(KOLAM_TILE_PIXELS, sizeof *pixels);
        again = kolam_alloc_zero(KOLAM_TILE_PIXELS, sizeof *again);
        require(codec && pixels && again);
    }
    if (kolam_tile_codec_decode(codec, bytes, size_bytes, &is_empty, pixels) != KOLAM_OK) {
        return 0;
    }
    comes_back(codec, kolam_tile_codec_encode, pixels, again);
    comes_back(codec, kolam_tile_codec_encode_base, pixels, again);
    return 0;
}
