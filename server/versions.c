/* A fixed array of entries, chained into hash buckets and into a ring by last use; indexes instead of
 * pointers, 0 is "none" and the ring's own head. */
#include "versions.h"

#include "kolam/alloc.h"
#include "view.h"

#define BUCKETS 8192
#define LEVELS (KOLAM_LEVEL_MAX - KOLAM_LEVEL_MIN + 1)

struct entry {
    struct kolam_tile_id tile;
    uint64_t seq;
    uint32_t chain; /* the next in the bucket */
    uint32_t prev, next;
    bool is_known, is_averaged;
};

struct kolam_versions {
    struct entry *entries; /* [0] is the ring's head; grows */
    uint32_t count, capacity;
    uint32_t level_counts[LEVELS];
    uint32_t buckets[BUCKETS];
};

static uint32_t bucket_of(struct kolam_tile_id tile) {
    uint64_t hash = (uint64_t)tile.x * 0x9e3779b97f4a7c15u ^ (uint64_t)tile.y * 0xc2b2ae3d27d4eb4fu;
    hash ^= (uint64_t)(uint32_t)tile.level * 0x165667b19e3779f9u;
    return (uint32_t)((hash ^ hash >> 29) * 0xff51afd7ed558ccdu >> 40) % BUCKETS;
}

struct kolam_versions *kolam_versions_create(void) {
    struct kolam_versions *versions = kolam_alloc_zero(1, sizeof(*versions));
    if (versions) {
        versions->capacity = 64;
        versions->entries = kolam_alloc_zero(versions->capacity, sizeof(struct entry));
        if (!versions->entries) {
            kolam_free(versions);
            return NULL;
        }
        versions->count = 1;
    }
    return versions;
}

void kolam_versions_destroy(struct kolam_versions *versions) {
    if (versions) {
        kolam_free(versions->entries);
        kolam_free(versions);
    }
}

static void ring_remove(struct kolam_versions *versions, uint32_t i) {
    struct entry *e = versions->entries;
    e[e[i].prev].next = e[i].next;
    e[e[i].next].prev = e[i].prev;
}

static void ring_insert(struct kolam_versions *versions, uint32_t i) {
    struct entry *e = versions->entries;
    e[i].prev = 0;
    e[i].next = e[0].next;
    e[e[0].next].prev = i;
    e[0].next = i;
}

static uint32_t find(const struct kolam_versions *versions, struct kolam_tile_id tile) {
    uint32_t i = versions->buckets[bucket_of(tile)];
    while (i != 0 && !kolam_tile_equal(versions->entries[i].tile, tile)) {
        i = versions->entries[i].chain;
    }
    return i;
}

static void unchain(struct kolam_versions *versions, uint32_t i) {
    uint32_t *at = &versions->buckets[bucket_of(versions->entries[i].tile)];
    while (*at != i) {
        at = &versions->entries[*at].chain;
    }
    *at = versions->entries[i].chain;
    versions->level_counts[versions->entries[i].tile.level - KOLAM_LEVEL_MIN]--;
}

/* A free entry: a new one, or the one used longest ago; 0 when out of memory. */
static uint32_t take_entry(struct kolam_versions *versions) {
    if (versions->count < versions->capacity) {
        return versions->count++;
    }
    if (versions->capacity <= KOLAM_VERSIONS_MAX / 2) {
        void *grown = kolam_realloc_array(versions->entries, (size_t)versions->capacity * 2,
                                          sizeof(struct entry));
        if (grown) {
            versions->entries = grown;
            versions->capacity *= 2;
            return versions->count++;
        }
    }
    uint32_t oldest = versions->entries[0].prev;
    if (oldest != 0) {
        unchain(versions, oldest);
        ring_remove(versions, oldest);
    }
    return oldest;
}

static uint32_t find_or_add(struct kolam_versions *versions, struct kolam_tile_id tile) {
    uint32_t i = find(versions, tile);
    if (i != 0) {
        ring_remove(versions, i);
        ring_insert(versions, i);
        return i;
    }
    i = take_entry(versions);
    if (i == 0) {
        return 0;
    }
    uint32_t *bucket = &versions->buckets[bucket_of(tile)];
    versions->entries[i] = (struct entry){.tile = tile, .chain = *bucket};
    *bucket = i;
    versions->level_counts[tile.level - KOLAM_LEVEL_MIN]++;
    ring_insert(versions, i);
    return i;
}

bool kolam_versions_get(struct kolam_versions *versions, struct kolam_tile_id tile,
                        uint64_t *out_seq) {
    uint32_t i = find(versions, tile);
    if (i == 0 || !versions->entries[i].is_known) {
        return false;
    }
    ring_remove(versions, i);
    ring_insert(versions, i);
    *out_seq = versions->entries[i].seq;
    return true;
}

void kolam_versions_expect(struct kolam_versions *versions, struct kolam_tile_id tile) {
    (void)find_or_add(versions, tile);
}

uint64_t kolam_versions_put(struct kolam_versions *versions, struct kolam_tile_id tile,
                            uint64_t seq) {
    /* Not expected any more (pushed out): commits may have been missed, so it is not kept. */
    uint32_t i = find(versions, tile);
    if (i == 0) {
        return seq;
    }
    struct entry *entry = &versions->entries[i];
    entry->seq = seq > entry->seq ? seq : entry->seq;
    entry->is_known = true;
    return entry->seq;
}

static void raise_seq(struct kolam_versions *versions, struct kolam_tile_id tile, uint64_t seq) {
    uint32_t i = find(versions, tile);
    if (i != 0 && seq > versions->entries[i].seq) {
        versions->entries[i].seq = seq;
    }
}

static bool has_finer(const struct kolam_versions *versions, int32_t level) {
    for (int32_t finer = level + 1; finer <= KOLAM_LEVEL_MAX; finer++) {
        if (versions->level_counts[finer - KOLAM_LEVEL_MIN] > 0) {
            return true;
        }
    }
    return false;
}

/* Tiles below a home are touched where its box is. There may be very many such tiles but only so many entries,
 * so it is the entries that are asked. */
static void raise_finer(struct kolam_versions *versions, const struct kolam_home *home,
                        uint64_t seq) {
    struct kolam_extent extent = kolam_home_extent(home);
    for (uint32_t i = versions->entries[0].next; i != 0; i = versions->entries[i].next) {
        struct entry *entry = &versions->entries[i];
        if (entry->tile.level <= extent.level || entry->seq >= seq) {
            continue;
        }
        struct kolam_tile_range range = kolam_extent_tiles(&extent, entry->tile.level, 0);
        if (entry->tile.x >= range.x0 && entry->tile.x <= range.x1 && entry->tile.y >= range.y0 &&
            entry->tile.y <= range.y1) {
            entry->seq = seq;
        }
    }
}

void kolam_versions_commit(struct kolam_versions *versions, const struct kolam_home *homes,
                           uint32_t home_count, uint64_t seq) {
    for (uint32_t h = 0; h < home_count; h++) {
        for (int32_t level = homes[h].tile.level; level >= KOLAM_LEVEL_MIN; level--) {
            if (versions->level_counts[level - KOLAM_LEVEL_MIN] > 0) {
                raise_seq(versions, kolam_tile_ancestor(homes[h].tile, level), seq);
            }
        }
        if (has_finer(versions, homes[h].tile.level)) {
            raise_finer(versions, &homes[h], seq);
        }
    }
}

void kolam_versions_set_averaged(struct kolam_versions *versions, struct kolam_tile_id tile,
                                 bool is_averaged) {
    uint32_t i = find(versions, tile);
    if (i != 0) {
        versions->entries[i].is_averaged = is_averaged;
    }
}

bool kolam_versions_is_averaged(const struct kolam_versions *versions, struct kolam_tile_id tile) {
    uint32_t i = find(versions, tile);
    return i != 0 && versions->entries[i].is_averaged;
}
