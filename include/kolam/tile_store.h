/* Derived pixels of one canvas: get and put by tile, with the seq they show. May be deleted at any time.
 *
 * One handle a thread (each is a connection of its own; writes take turns). A null store answers
 * "not found" and forgets what is put: the engine works without one. */
#ifndef KOLAM_TILE_STORE_H
#define KOLAM_TILE_STORE_H

#include "kolam/geometry.h"
#include "kolam/status.h"

struct kolam_tile_store;

struct kolam_tile_store_ops {
    void (*destroy)(struct kolam_tile_store *store);
    enum kolam_status (*get)(struct kolam_tile_store *store, struct kolam_tile_id tile,
                             uint64_t *out_seq, bool *out_is_empty, uint32_t *out_pixels);
    enum kolam_status (*put)(struct kolam_tile_store *store, struct kolam_tile_id tile,
                             uint64_t seq, const uint32_t *pixels);
    enum kolam_status (*each)(struct kolam_tile_store *store,
                              bool (*visit)(void *ctx, struct kolam_tile_id tile, uint64_t seq),
                              void *ctx);
    enum kolam_status (*remove)(struct kolam_tile_store *store, struct kolam_tile_id tile);
};

struct kolam_tile_store {
    const struct kolam_tile_store_ops *ops;
};

/* Fills 65,536 premultiplied pixels and the seq they show. `out_pixels` is cleared when the tile is stored
 * as empty. KOLAM_ERR_NOT_FOUND if there is none; a tile that cannot be read counts as none. */
KOLAM_MUST_CHECK static inline enum kolam_status
kolam_tile_store_get(struct kolam_tile_store *store, struct kolam_tile_id tile, uint64_t *out_seq,
                     bool *out_is_empty, uint32_t *out_pixels) {
    return store->ops->get(store, tile, out_seq, out_is_empty, out_pixels);
}

/* Stores (or replaces by a newer) tile; pixels NULL: empty. An older seq than the stored one is ignored. */
KOLAM_MUST_CHECK static inline enum kolam_status
kolam_tile_store_put(struct kolam_tile_store *store, struct kolam_tile_id tile, uint64_t seq,
                     const uint32_t *pixels) {
    return store->ops->put(store, tile, seq, pixels);
}

/* Visits every stored tile until `visit` returns false. The visitor may not write. */
KOLAM_MUST_CHECK static inline enum kolam_status
kolam_tile_store_each(struct kolam_tile_store *store,
                      bool (*visit)(void *ctx, struct kolam_tile_id tile, uint64_t seq),
                      void *ctx) {
    return store->ops->each(store, visit, ctx);
}

KOLAM_MUST_CHECK static inline enum kolam_status
kolam_tile_store_remove(struct kolam_tile_store *store, struct kolam_tile_id tile) {
    return store->ops->remove(store, tile);
}

static inline void kolam_tile_store_destroy(struct kolam_tile_store *store) {
    if (store) {
        store->ops->destroy(store);
    }
}

/* NAME.tiles: created if missing, made anew if it belongs to another incarnation or raster version or is
 * damaged (KOLAM_OK then too; error->text says why, and is empty otherwise). With
 * is_read_only nothing is created or changed, puts are ignored; KOLAM_ERR_NOT_FOUND if there is none. */
KOLAM_MUST_CHECK enum kolam_status
kolam_tile_store_sqlite_create(const char *path, uint64_t incarnation, bool is_read_only,
                               struct kolam_tile_store **out_store, struct kolam_error *error);
struct kolam_tile_store *kolam_tile_store_null_create(void); /* NULL when out of memory */

#endif
