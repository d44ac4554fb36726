/* A hide or show has an index row at each home of each stroke that it names, so the rows of one home tell of all strokes there.
 * Strokes that come one after another lie on few tiles: each tile's hides and shows are read once and held, in a table in
 * which a newer tile takes an older one's place. */
#include "history_hidden.h"

#include <stdlib.h>

#include "kolam/alloc.h"

void hidden_forget(struct hidden_cache *cache) {
    for (uint32_t i = 0; i < HIDDEN_TILES; i++) {
        cache->tiles[i].is_read = false;
    }
}

void hidden_finish(struct hidden_cache *cache) {
    for (uint32_t i = 0; i < HIDDEN_TILES; i++) {
        kolam_free(cache->tiles[i].changes);
        cache->tiles[i] = (struct hidden_tile){.is_read = false};
    }
}

struct reading {
    struct hidden_tile *into;
    enum kolam_status status;
};

static bool take_change(void *ctx, const struct kolam_home_row *row) {
    struct reading *reading = ctx;
    struct hidden_tile *into = reading->into;
    if (row->kind == KOLAM_OP_STROKE) {
        return true;
    }
    if (into->count == into->capacity) {
        uint32_t capacity = into->capacity ? into->capacity * 2 : 16;
        struct hidden_change *changes =
            kolam_realloc_array(into->changes, capacity, sizeof *changes);
        if (!changes) {
            reading->status = KOLAM_ERR_NOMEM;
            return false;
        }
        into->changes = changes;
        into->capacity = capacity;
    }
    into->changes[into->count++] =
        (struct hidden_change){row->target, row->seq, row->kind == KOLAM_OP_HIDE};
    return true;
}

static int compare_changes(const void *a, const void *b) {
    const struct hidden_change *left = a;
    const struct hidden_change *right = b;
    if (left->target != right->target) {
        return left->target < right->target ? -1 : 1;
    }
    return left->seq < right->seq ? -1 : left->seq > right->seq;
}

/* Of each target only the newest stays. */
static void sort_changes(struct hidden_tile *tile) {
    uint32_t kept = 0;
    if (tile->count > 1) {
        qsort(tile->changes, tile->count, sizeof *tile->changes, compare_changes);
    }
    for (uint32_t i = 0; i < tile->count; i++) {
        kept -= kept > 0 && tile->changes[kept - 1].target == tile->changes[i].target;
        tile->changes[kept++] = tile->changes[i];
    }
    tile->count = kept;
}

static enum kolam_status read_tile(struct hidden_tile *into, struct kolam_reader *reader,
                                   struct kolam_tile_id tile) {
    struct reading reading = {.into = into};
    into->tile = tile;
    into->count = 0;
    enum kolam_status status =
        kolam_reader_homes_at(reader, tile, 0, INT64_MAX, take_change, &reading);
    status = status == KOLAM_OK ? reading.status : status;
    into->is_read = status == KOLAM_OK;
    sort_changes(into);
    return status;
}

static bool find_change(const struct hidden_tile *tile, uint64_t target) {
    uint32_t low = 0;
    uint32_t high = tile->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tile->changes[middle].target == target) {
            return tile->changes[middle].is_hidden;
        }
        if (tile->changes[middle].target < target) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false; /* nobody ever hid it */
}

enum kolam_status hidden_ask(struct hidden_cache *cache, struct kolam_reader *reader,
                             struct kolam_tile_id home, uint64_t seq, bool *out_is_hidden) {
    uint64_t hash = (uint64_t)home.x * 0x9e3779b97f4a7c15u + (uint64_t)home.y * 0xc2b2ae3d27d4eb4fu;
    struct hidden_tile *tile =
        &cache->tiles[(hash >> 32 ^ (uint64_t)(uint32_t)home.level) % HIDDEN_TILES];
    enum kolam_status status = KOLAM_OK;
    if (!tile->is_read || !kolam_tile_equal(tile->tile, home)) {
        status = read_tile(tile, reader, home);
    }
    if (status == KOLAM_OK) {
        *out_is_hidden = find_change(tile, seq);
    }
    return status;
}
