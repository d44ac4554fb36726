/* The tile store that stores nothing: what is drawn is drawn again when asked for again. */
#include "kolam/alloc.h"
#include "kolam/tile_store.h"

static void null_destroy(struct kolam_tile_store *store) {
    kolam_free(store);
}

static enum kolam_status null_get(struct kolam_tile_store *store, struct kolam_tile_id tile,
                                  struct kolam_tile_picture *out_picture, uint32_t *out_pixels) {
    (void)store, (void)tile, (void)out_picture, (void)out_pixels;
    return KOLAM_ERR_NOT_FOUND;
}

static enum kolam_status null_recall(struct kolam_tile_store *store, struct kolam_tile_id tile,
                                     uint64_t max_seq, struct kolam_tile_picture *out_picture,
                                     uint32_t *out_pixels) {
    (void)max_seq;
    return null_get(store, tile, out_picture, out_pixels);
}

static enum kolam_status null_put(struct kolam_tile_store *store, struct kolam_tile_id tile,
                                  const struct kolam_tile_picture *picture,
                                  const uint32_t *pixels) {
    (void)store, (void)tile, (void)picture, (void)pixels;
    return KOLAM_OK;
}

static enum kolam_status null_each(struct kolam_tile_store *store, enum kolam_tile_kind kind,
                                   kolam_tile_visit *visit, void *ctx) {
    (void)store, (void)kind, (void)visit, (void)ctx;
    return KOLAM_OK;
}

static enum kolam_status null_remove(struct kolam_tile_store *store, struct kolam_tile_id tile) {
    (void)store, (void)tile;
    return KOLAM_OK;
}

static const struct kolam_tile_store_ops null_ops = {
    .destroy = null_destroy,
    .get = null_get,
    .put = null_put,
    .recall = null_recall,
    .keep = null_put,
    .each = null_each,
    .remove = null_remove,
};

struct kolam_tile_store *kolam_tile_store_null_create(void) {
    struct kolam_tile_store *store = kolam_alloc_zero(1, sizeof *store);
    if (store) {
        store->ops = &null_ops;
    }
    return store;
}
