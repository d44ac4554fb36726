/* A .tiles file of any bytes beside a sound canvas: derived pixels are used, made anew or ignored, and never harm. */
#include <stdlib.h>

#include "canvas_probe.h"
#include "kolam/alloc.h"
#include "kolam/raster.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define INCARNATION 0x6b6f6c616du /* that of the files in the corpus */

static uint32_t *pixels;

static bool visit(void *ctx, struct kolam_tile_id tile, uint64_t seq) {
    (void)seq;
    if (!kolam_tile_is_valid(tile)) {
        abort();
    }
    return ++*(uint32_t *)ctx < 256;
}

static void read_back(struct kolam_tile_store *store) {
    struct kolam_tile_picture picture;
    uint32_t seen = 0;
    const struct kolam_tile_id tile = {0, 0, 0};
    (void)!kolam_tile_store_get(store, tile, &picture, pixels);
    (void)!kolam_tile_store_recall(store, tile, 2, &picture, pixels);
    (void)!kolam_tile_store_each(store, KOLAM_TILE_SNAPSHOT, visit, &seen);
    seen = 0;
    (void)!kolam_tile_store_each(store, KOLAM_TILE_KEYFRAME, visit, &seen);
}

static void write_to(struct kolam_tile_store *store) {
    const struct kolam_tile_picture picture = {.seq = 4, .stroke_count = 1};
    const struct kolam_tile_id tile = {0, 0, 0};
    (void)!kolam_tile_store_put(store, tile, &picture, pixels);
    (void)!kolam_tile_store_keep(store, tile, &picture, pixels);
    (void)!kolam_tile_store_remove(store, tile);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    static const char *path;
    struct kolam_tile_store *store;
    if (!path) {
        path = probe_path("test.tiles");
        pixels = kolam_alloc_zero(KOLAM_TILE_PIXELS, sizeof *pixels);
    }
    probe_write(path, bytes, size_bytes);
    for (int is_read_only = 1; is_read_only >= 0; is_read_only--) {
        if (kolam_tile_store_sqlite_create(path, INCARNATION, is_read_only, &store, NULL) ==
            KOLAM_OK) {
            read_back(store);
            if (!is_read_only) {
                write_to(store);
            }
            kolam_tile_store_destroy(store);
        }
    }
    probe_remove(path);
    return 0;
}
