/* A tile store in memory, one picture a tile: the newest that was put or kept. A tile it does not hold is asked of the
 * store below. Nothing is written there. */
#include "tile_memory.h"

#include <string.h>

#include "kolam/alloc.h"
#include "kolam/ink.h"

#define TILE_BYTES (KOLAM_TILE_PIXELS * sizeof(uint32_t))

struct held {
    bool is_used;
    struct kolam_tile_id tile;
    struct kolam_tile_picture picture;
    uint32_t *pixels; /* NULL while the tile is empty and was never anything else */
    uint64_t touched;
};

struct memory {
    struct kolam_tile_store base;
    struct kolam_tile_store *below;
    struct held *held;
    size_t capacity; /* tiles */
    uint64_t clock;
};

static struct memory *memory_of(struct kolam_tile_store *store) {
    return (struct memory *)store;
}

static struct held *find(struct memory *memory, struct kolam_tile_id tile) {
    for (size_t i = 0; i < memory->capacity && memory->held[i].is_used; i++) {
        if (kolam_tile_equal(memory->held[i].tile, tile)) {
            memory->held[i].touched = ++memory->clock;
            return &memory->held[i];
        }
    }
    return NULL;
}

/* The first free place, else the one not used for longest. */
static struct held *take_place(struct memory *memory) {
    struct held *oldest = &memory->held[0];
    for (size_t i = 0; i < memory->capacity; i++) {
        if (!memory->held[i].is_used) {
            return &memory->held[i];
        }
        oldest = memory->held[i].touched < oldest->touched ? &memory->held[i] : oldest;
    }
    return oldest;
}

static void copy_out(const struct held *held, struct kolam_tile_picture *out_picture,
                     uint32_t *out_pixels) {
    *out_picture = held->picture;
    if (held->picture.is_empty) {
        memset(out_pixels, 0, TILE_BYTES);
    } else {
        memcpy(out_pixels, held->pixels, TILE_BYTES);
    }
}

static enum kolam_status memory_get(struct kolam_tile_store *store, struct kolam_tile_id tile,
                                    struct kolam_tile_picture *out_picture, uint32_t *out_pixels) {
    struct memory *memory = memory_of(store);
    const struct held *held = find(memory, tile);
    if (!held) {
        return kolam_tile_store_get(memory->below, tile, out_picture, out_pixels);
    }
    copy_out(held, out_picture, out_pixels);
    return KOLAM_OK;
}

static enum kolam_status memory_recall(struct kolam_tile_store *store, struct kolam_tile_id tile,
                                       uint64_t max_seq, struct kolam_tile_picture *out_picture,
                                       uint32_t *out_pixels) {
    struct memory *memory = memory_of(store);
    const struct held *held = find(memory, tile);
    if (!held || held->picture.seq > max_seq) {
        return kolam_tile_store_recall(memory->below, tile, max_seq, out_picture, out_pixels);
    }
    copy_out(held, out_picture, out_pixels);
    return KOLAM_OK;
}

static enum kolam_status memory_put(struct kolam_tile_store *store, struct kolam_tile_id tile,
                                    const struct kolam_tile_picture *picture,
                                    const uint32_t *pixels) {
    struct memory *memory = memory_of(store);
    struct held *held = find(memory, tile);
    if (held && held->picture.seq >= picture->seq) {
        return KOLAM_OK; /* of one state there is one picture, and who put it first knew most of it */
    }
    held = held ? held : take_place(memory);
    if (!picture->is_empty && !held->pixels) {
        held->pixels = kolam_alloc(TILE_BYTES);
        if (!held->pixels) {
            return KOLAM_ERR_NOMEM; /* the place stays as it was */
        }
    }
    if (!picture->is_empty) {
        memcpy(held->pixels, pixels, TILE_BYTES);
    }
    held->is_used = true;
    held->tile = tile;
    held->picture = *picture;
    held->touched = ++memory->clock;
    return KOLAM_OK;
}

static enum kolam_status memory_each(struct kolam_tile_store *store, enum kolam_tile_kind kind,
                                     kolam_tile_visit *visit, void *ctx) {
    return kolam_tile_store_each(memory_of(store)->below, kind, visit, ctx);
}

static enum kolam_status memory_remove(struct kolam_tile_store *store, struct kolam_tile_id tile) {
    (void)store;
    (void)tile; /* nothing is removed while a region is being drawn */
    return KOLAM_OK;
}

static void memory_destroy(struct kolam_tile_store *store) {
    struct memory *memory = memory_of(store);
    for (size_t i = 0; i < memory->capacity; i++) {
        kolam_free(memory->held[i].pixels);
    }
    kolam_free(memory->held);
    kolam_free(memory);
}

struct kolam_tile_store *kolam_tile_memory_create(struct kolam_tile_store *below,
                                                  size_t capacity_bytes) {
    static const struct kolam_tile_store_ops ops = {
        .destroy = memory_destroy,
        .get = memory_get,
        .put = memory_put,
        .recall = memory_recall,
        .keep = memory_put,
        .each = memory_each,
        .remove = memory_remove,
    };
    struct memory *memory = kolam_alloc_zero(1, sizeof *memory);
    if (!memory) {
        return NULL;
    }
    memory->base.ops = &ops;
    memory->below = below;
    memory->capacity = capacity_bytes / TILE_BYTES > 0 ? capacity_bytes / TILE_BYTES : 1;
    memory->held = kolam_alloc_zero(memory->capacity, sizeof *memory->held);
    if (!memory->held) {
        kolam_free(memory);
        return NULL;
    }
    return &memory->base;
}
