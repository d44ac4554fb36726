/* Derived pixels of one canvas, which may be deleted at any time: each tile's newest *snapshot*, and *keyframes*,
 * pictures of past states that are kept.
 *
 * One handle a thread (each is a connection of its own; writes take turns). A null store answers
 * "not found" and forgets what is put: the engine works without one. */
#ifndef KOLAM_TILE_STORE_H
#define KOLAM_TILE_STORE_H

#include "kolam/geometry.h"
#include "kolam/status.h"

/* What a stored tile is, besides its pixels. */
struct kolam_tile_picture {
    uint64_t seq;          /* its version: the newest seq that it shows */
    bool is_empty;         /* nothing is painted */
    bool is_averaged;      /* made from its children, not from ops */
    uint32_t stroke_count; /* drawn into it since the newest keyframe of its line */
};

enum kolam_tile_kind { KOLAM_TILE_SNAPSHOT, KOLAM_TILE_KEYFRAME };

/* Keyframes a tile may have. Past that the one is given up whose neighbours are nearest to each other: what stays is
 * spread evenly over the tile's past. */
#define KOLAM_KEYFRAMES_MAX 64

typedef bool kolam_tile_visit(void *ctx, struct kolam_tile_id tile, uint64_t seq);

struct kolam_tile_store;

struct kolam_tile_store_ops {
    void (*destroy)(struct kolam_tile_store *store);
    enum kolam_status (*get)(struct kolam_tile_store *store, struct kolam_tile_id tile,
                             struct kolam_tile_picture *out_picture, uint32_t *out_pixels);
    enum kolam_status (*put)(struct kolam_tile_store *store, struct kolam_tile_id tile,
                             const struct kolam_tile_picture *picture, const uint32_t *pixels);
    enum kolam_status (*recall)(struct kolam_tile_store *store, struct kolam_tile_id tile,
                                uint64_t max_seq, struct kolam_tile_picture *out_picture,
                                uint32_t *out_pixels);
    enum kolam_status (*keep)(struct kolam_tile_store *store, struct kolam_tile_id tile,
                              const struct kolam_tile_picture *picture, const uint32_t *pixels);
    enum kolam_status (*each)(struct kolam_tile_store *store, enum kolam_tile_kind kind,
                              kolam_tile_visit *visit, void *ctx);
    enum kolam_status (*remove)(struct kolam_tile_store *store, struct kolam_tile_id tile);
};

struct kolam_tile_store {
    const struct kolam_tile_store_ops *ops;
};

/* The snapshot: fills 65,536 premultiplied pixels and what they are. `out_pixels` is cleared when the tile is
 * stored as empty. KOLAM_ERR_NOT_FOUND if there is none; a tile that cannot be read counts as none. */
KOLAM_MUST_CHECK static inline enum kolam_status
kolam_tile_store_get(struct kolam_tile_store *store, struct kolam_tile_id tile,
                     struct kolam_tile_picture *out_picture, uint32_t *out_pixels) {
    return store->ops->get(store, tile, out_picture, out_pixels);
}

/* Stores the snapshot, or replaces it by a newer; pixels are not looked at when picture->is_empty. An older seq
 * than the stored one is ignored. */
KOLAM_MUST_CHECK static inline enum kolam_status
kolam_tile_store_put(struct kolam_tile_store *store, struct kolam_tile_id tile,
                     const struct kolam_tile_picture *picture, const uint32_t *pixels) {
    return store->ops->put(store, tile, picture, pixels);
}

/* The newest picture with seq <= max_seq, the snapshot or a keyframe (of two of one seq the keyframe), as
 * kolam_tile_store_get. */
KOLAM_MUST_CHECK static inline enum kolam_status
kolam_tile_store_recall(struct kolam_tile_store *store, struct kolam_tile_id tile, uint64_t max_seq,
                        struct kolam_tile_picture *out_picture, uint32_t *out_pixels) {
    return store->ops->recall(store, tile, max_seq, out_picture, out_pixels);
}

/* Stores a keyframe; one of the same seq stays as it is. */
KOLAM_MUST_CHECK static inline enum kolam_status
kolam_tile_store_keep(struct kolam_tile_store *store, struct kolam_tile_id tile,
                      const struct kolam_tile_picture *picture, const uint32_t *pixels) {
    return store->ops->keep(store, tile, picture, pixels);
}

/* Visits every snapshot, or every keyframe, until `visit` returns false. The visitor may not write. */
KOLAM_MUST_CHECK static inline enum kolam_status
kolam_tile_store_each(struct kolam_tile_store *store, enum kolam_tile_kind kind,
                      kolam_tile_visit *visit, void *ctx) {
    return store->ops->each(store, kind, visit, ctx);
}

/* Forgets the tile's snapshot and keyframes. */
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
