/* The tile cache: hash chains and one list by last use. */
#include "tile_cache.h"

#include "kolam/alloc.h"
#include "list.h"

#define BUCKETS 8192

struct entry {
    struct kolam_list chain, use;
    uint64_t incarnation, seq;
    struct kolam_tile_id tile;
    bool is_past; /* found by its seq */
    struct kolam_bytes *png;
};

struct kolam_tile_cache {
    uint64_t bytes, bytes_max;
    struct kolam_list by_use; /* oldest first */
    struct kolam_list buckets[BUCKETS];
};

struct kolam_tile_cache *kolam_tile_cache_create(uint64_t bytes_max) {
    struct kolam_tile_cache *cache = kolam_alloc_zero(1, sizeof(*cache));
    if (cache) {
        cache->bytes_max = bytes_max;
        kolam_list_init(&cache->by_use);
        for (int i = 0; i < BUCKETS; i++) {
            kolam_list_init(&cache->buckets[i]);
        }
    }
    return cache;
}

static uint64_t cost(const struct entry *entry) {
    return sizeof(*entry) + sizeof(*entry->png) + entry->png->size;
}

static void remove_entry(struct kolam_tile_cache *cache, struct entry *entry) {
    cache->bytes -= cost(entry);
    kolam_list_remove(&entry->chain);
    kolam_list_remove(&entry->use);
    kolam_bytes_unref(entry->png);
    kolam_free(entry);
}

void kolam_tile_cache_destroy(struct kolam_tile_cache *cache) {
    if (cache) {
        KOLAM_LIST_EACH(&cache->by_use, struct entry, use, entry) {
            remove_entry(cache, entry);
        }
        kolam_free(cache);
    }
}

/* What is looked for: a tile's newest picture, or the one of `seq`, if that is not 0. */
struct wanted {
    uint64_t incarnation, seq;
    struct kolam_tile_id tile;
};

static struct kolam_list *bucket_of(struct kolam_tile_cache *cache, const struct wanted *wanted) {
    uint64_t hash =
        (wanted->incarnation + wanted->seq) ^ (uint64_t)wanted->tile.x * 0x9e3779b97f4a7c15u;
    hash = (hash ^ (uint64_t)wanted->tile.y) * 0xc2b2ae3d27d4eb4fu;
    hash = (hash ^ (uint64_t)(uint32_t)wanted->tile.level) * 0xff51afd7ed558ccdu;
    return &cache->buckets[(hash >> 40) % BUCKETS];
}

static struct entry *find(struct kolam_tile_cache *cache, const struct wanted *wanted) {
    KOLAM_LIST_EACH(bucket_of(cache, wanted), struct entry, chain, entry) {
        if (entry->incarnation == wanted->incarnation &&
            kolam_tile_equal(entry->tile, wanted->tile) && entry->is_past == (wanted->seq != 0) &&
            (wanted->seq == 0 || entry->seq == wanted->seq)) {
            return entry;
        }
    }
    return NULL;
}

static struct entry *use(struct kolam_tile_cache *cache, struct entry *entry) {
    if (entry) {
        kolam_list_remove(&entry->use);
        kolam_list_append(&cache->by_use, &entry->use);
    }
    return entry;
}

static void insert(struct kolam_tile_cache *cache, const struct wanted *wanted, uint64_t seq,
                   struct kolam_bytes *png) {
    struct entry *entry = kolam_alloc_zero(1, sizeof(*entry));
    if (!entry) {
        return;
    }
    *entry = (struct entry){.incarnation = wanted->incarnation,
                            .seq = seq,
                            .tile = wanted->tile,
                            .is_past = wanted->seq != 0,
                            .png = kolam_bytes_ref(png)};
    kolam_list_append(bucket_of(cache, wanted), &entry->chain);
    kolam_list_append(&cache->by_use, &entry->use);
    cache->bytes += cost(entry);
    while (cache->bytes > cache->bytes_max && !kolam_list_is_empty(&cache->by_use)) {
        remove_entry(cache, KOLAM_CONTAINER(cache->by_use.next, struct entry, use));
    }
}

struct kolam_bytes *kolam_tile_cache_get(struct kolam_tile_cache *cache, uint64_t incarnation,
                                         struct kolam_tile_id tile, uint64_t *out_seq) {
    const struct wanted wanted = {incarnation, 0, tile};
    struct entry *entry = use(cache, find(cache, &wanted));
    if (!entry) {
        return NULL;
    }
    *out_seq = entry->seq;
    return entry->png;
}

void kolam_tile_cache_put(struct kolam_tile_cache *cache, uint64_t incarnation,
                          struct kolam_tile_id tile, uint64_t seq, struct kolam_bytes *png) {
    const struct wanted wanted = {incarnation, 0, tile};
    struct entry *entry = find(cache, &wanted);
    if (entry && entry->seq >= seq) {
        return;
    }
    if (entry) {
        remove_entry(cache, entry);
    }
    insert(cache, &wanted, seq, png);
}

struct kolam_bytes *kolam_tile_cache_get_past(struct kolam_tile_cache *cache, uint64_t incarnation,
                                              struct kolam_tile_id tile, uint64_t seq) {
    const struct wanted wanted = {incarnation, seq, tile};
    struct entry *entry = use(cache, find(cache, &wanted));
    return entry ? entry->png : NULL;
}

void kolam_tile_cache_put_past(struct kolam_tile_cache *cache, uint64_t incarnation,
                               struct kolam_tile_id tile, uint64_t seq, struct kolam_bytes *png) {
    const struct wanted wanted = {incarnation, seq, tile};
    if (!find(cache, &wanted)) {
        insert(cache, &wanted, seq, png);
    }
}

uint64_t kolam_tile_cache_bytes(const struct kolam_tile_cache *cache) {
    return cache->bytes;
}
