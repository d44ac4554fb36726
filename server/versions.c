/* An array of entries, chained into hash buckets and into a ring by last use; indexes instead of
 * pointers, 0 is "none" and the ring's own head. It grows up to its bound, and the hash tables with it: of a thousand canvases that are
 * open most are looked at by nobody.
 *
 * A commit raises the tiles above its homes, which are looked up, and those below, of which there may be very many. For
 * these, entries stand in groups as well: all below one tile of the next level that is a multiple of 4, so at
 * most 340. A home finds the groups that it touches by hash, or passes over those of a level where they are
 * fewer than its tiles, and only then looks at entries. */
#include "versions.h"

#include "kolam/alloc.h"
#include "list.h"
#include "view.h"

#define CAPACITY_MIN 64
#define ENTRIES_A_BUCKET 4
#define ENTRIES_A_GROUP_BUCKET 32
#define LEVELS (KOLAM_LEVEL_MAX - KOLAM_LEVEL_MIN + 1)

#define GROUP_SPAN 4

struct group {
    struct kolam_list level_link;
    struct group *chain; /* the next in the bucket */
    struct kolam_tile_id tile;
    uint32_t first; /* entries, by group_next */
};

struct entry {
    struct kolam_tile_id tile;
    uint64_t seq;
    uint32_t chain; /* the next in the bucket */
    uint32_t prev, next;
    uint32_t group_prev, group_next;
    bool is_known, is_averaged;
    struct group *group; /* NULL: of the coarsest level, below nothing */
};

struct kolam_versions {
    struct entry *entries; /* [0] is the ring's head; grows */
    uint32_t count, capacity;
    uint32_t spare; /* one that is not used at the moment; 0: none */
    uint32_t level_counts[LEVELS];
    uint32_t *buckets; /* bucket_count, a power of two */
    struct kolam_list group_levels[LEVELS];
    uint32_t group_counts[LEVELS];
    struct group **group_buckets; /* group_bucket_count, another */
    uint32_t bucket_count, group_bucket_count;
};

static uint32_t hash_of(struct kolam_tile_id tile) {
    uint64_t hash = (uint64_t)tile.x * 0x9e3779b97f4a7c15u ^ (uint64_t)tile.y * 0xc2b2ae3d27d4eb4fu;
    hash ^= (uint64_t)(uint32_t)tile.level * 0x165667b19e3779f9u;
    return (uint32_t)((hash ^ hash >> 29) * 0xff51afd7ed558ccdu >> 40);
}

static uint32_t bucket_of(const struct kolam_versions *versions, struct kolam_tile_id tile) {
    return hash_of(tile) & (versions->bucket_count - 1);
}

static uint32_t group_bucket_of(const struct kolam_versions *versions, struct kolam_tile_id tile) {
    return hash_of(tile) & (versions->group_bucket_count - 1);
}

/* Hash tables for so many entries, with what there is. False without memory: those of before serve, with longer chains. */
static bool hash_for(struct kolam_versions *versions, uint32_t capacity) {
    const uint32_t count = capacity / ENTRIES_A_BUCKET;
    const uint32_t group_count = (capacity + ENTRIES_A_GROUP_BUCKET - 1) / ENTRIES_A_GROUP_BUCKET;
    uint32_t *buckets = kolam_alloc_zero(count, sizeof(*buckets));
    struct group **group_buckets = kolam_alloc_zero(group_count, sizeof(struct group *));
    if (!buckets || !group_buckets) {
        kolam_free(buckets);
        kolam_free(group_buckets);
        return false;
    }
    kolam_free(versions->buckets);
    kolam_free(versions->group_buckets);
    versions->buckets = buckets;
    versions->bucket_count = count;
    versions->group_buckets = group_buckets;
    versions->group_bucket_count = group_count;
    for (uint32_t i = 1; i < versions->count; i++) {
        uint32_t *bucket = &buckets[bucket_of(versions, versions->entries[i].tile)];
        versions->entries[i].chain = *bucket;
        *bucket = i;
    }
    for (int i = 0; i < LEVELS; i++) {
        KOLAM_LIST_EACH(&versions->group_levels[i], struct group, level_link, group) {
            struct group **bucket = &group_buckets[group_bucket_of(versions, group->tile)];
            group->chain = *bucket;
            *bucket = group;
        }
    }
    return true;
}

struct kolam_versions *kolam_versions_create(void) {
    struct kolam_versions *versions = kolam_alloc_zero(1, sizeof(*versions));
    if (!versions) {
        return NULL;
    }
    for (int i = 0; i < LEVELS; i++) {
        kolam_list_init(&versions->group_levels[i]);
    }
    versions->capacity = CAPACITY_MIN;
    versions->count = 1;
    versions->entries = kolam_alloc_zero(versions->capacity, sizeof(struct entry));
    if (!versions->entries || !hash_for(versions, versions->capacity)) {
        kolam_versions_destroy(versions);
        return NULL;
    }
    return versions;
}

void kolam_versions_destroy(struct kolam_versions *versions) {
    if (versions) {
        for (int i = 0; i < LEVELS; i++) {
            KOLAM_LIST_EACH(&versions->group_levels[i], struct group, level_link, group) {
                kolam_free(group);
            }
        }
        kolam_free(versions->entries);
        kolam_free(versions->buckets);
        kolam_free(versions->group_buckets);
        kolam_free(versions);
    }
}

/* ---- groups ---- */

static struct group **group_place(struct kolam_versions *versions, struct kolam_tile_id tile) {
    struct group **at = &versions->group_buckets[group_bucket_of(versions, tile)];
    while (*at && !kolam_tile_equal((*at)->tile, tile)) {
        at = &(*at)->chain;
    }
    return at;
}

/* False when out of memory. */
static bool enter_group(struct kolam_versions *versions, uint32_t i) {
    struct entry *entries = versions->entries;
    const int32_t steps = (entries[i].tile.level - KOLAM_LEVEL_MIN - 1) / GROUP_SPAN;
    if (entries[i].tile.level == KOLAM_LEVEL_MIN) {
        return true;
    }
    const struct kolam_tile_id tile =
        kolam_tile_ancestor(entries[i].tile, KOLAM_LEVEL_MIN + steps * GROUP_SPAN);
    struct group **place = group_place(versions, tile);
    if (!*place) {
        struct group *made = kolam_alloc_zero(1, sizeof(*made));
        if (!made) {
            return false;
        }
        made->tile = tile;
        kolam_list_append(&versions->group_levels[tile.level - KOLAM_LEVEL_MIN], &made->level_link);
        versions->group_counts[tile.level - KOLAM_LEVEL_MIN]++;
        *place = made;
    }
    struct group *group = *place;
    entries[i].group = group;
    entries[i].group_next = group->first;
    if (group->first != 0) {
        entries[group->first].group_prev = i;
    }
    group->first = i;
    return true;
}

static void leave_group(struct kolam_versions *versions, uint32_t i) {
    struct entry *entries = versions->entries, *entry = &entries[i];
    struct group *group = entry->group;
    if (!group) {
        return;
    }
    if (entry->group_prev != 0) {
        entries[entry->group_prev].group_next = entry->group_next;
    } else {
        group->first = entry->group_next;
    }
    if (entry->group_next != 0) {
        entries[entry->group_next].group_prev = entry->group_prev;
    }
    if (group->first == 0) {
        *group_place(versions, group->tile) = group->chain;
        kolam_list_remove(&group->level_link);
        versions->group_counts[group->tile.level - KOLAM_LEVEL_MIN]--;
        kolam_free(group);
    }
}

/* ---- entries ---- */

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
    uint32_t i = versions->buckets[bucket_of(versions, tile)];
    while (i != 0 && !kolam_tile_equal(versions->entries[i].tile, tile)) {
        i = versions->entries[i].chain;
    }
    return i;
}

static void unchain(struct kolam_versions *versions, uint32_t i) {
    uint32_t *at = &versions->buckets[bucket_of(versions, versions->entries[i].tile)];
    while (*at != i) {
        at = &versions->entries[*at].chain;
    }
    *at = versions->entries[i].chain;
    leave_group(versions, i);
    versions->level_counts[versions->entries[i].tile.level - KOLAM_LEVEL_MIN]--;
}

/* A free entry: a new one, or the one used longest ago; 0 when out of memory. */
static uint32_t take_entry(struct kolam_versions *versions) {
    if (versions->spare != 0) {
        const uint32_t spare = versions->spare;
        versions->spare = 0;
        return spare;
    }
    if (versions->count < versions->capacity) {
        return versions->count++;
    }
    if (versions->capacity <= KOLAM_VERSIONS_MAX / 2) {
        void *grown = kolam_realloc_array(versions->entries, (size_t)versions->capacity * 2,
                                          sizeof(struct entry));
        if (grown) {
            versions->entries = grown;
            versions->capacity *= 2;
            (void)hash_for(versions, versions->capacity);
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

/* Leaves the entry without a tile, the next to be taken. */
static void forget(struct kolam_versions *versions, uint32_t i) {
    unchain(versions, i);
    ring_remove(versions, i);
    versions->spare = i;
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
    uint32_t *bucket = &versions->buckets[bucket_of(versions, tile)];
    versions->entries[i] = (struct entry){.tile = tile, .chain = *bucket};
    *bucket = i;
    versions->level_counts[tile.level - KOLAM_LEVEL_MIN]++;
    ring_insert(versions, i);
    if (!enter_group(versions, i)) {
        forget(versions, i);
        return 0;
    }
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

static bool is_in(struct kolam_tile_id tile, const struct kolam_tile_range *range) {
    return tile.x >= range->x0 && tile.x <= range->x1 && tile.y >= range->y0 && tile.y <= range->y1;
}

static void raise_group(struct kolam_versions *versions, const struct group *group,
                        const struct kolam_extent *extent, uint64_t seq) {
    for (uint32_t i = group->first; i != 0; i = versions->entries[i].group_next) {
        struct entry *entry = &versions->entries[i];
        if (entry->tile.level > extent->level && entry->seq < seq) {
            const struct kolam_tile_range range = kolam_extent_tiles(extent, entry->tile.level, 0);
            entry->seq = is_in(entry->tile, &range) ? seq : entry->seq;
        }
    }
}

/* The groups of one level that the home touches. */
static void raise_groups(struct kolam_versions *versions, int32_t level,
                         const struct kolam_extent *extent, uint64_t seq) {
    const struct kolam_tile_range range = kolam_extent_tiles(extent, level, 0);
    const int64_t groups = versions->group_counts[level - KOLAM_LEVEL_MIN];
    if (range.x1 - range.x0 >= groups || range.y1 - range.y0 >= groups ||
        (range.x1 - range.x0 + 1) * (range.y1 - range.y0 + 1) > groups) {
        KOLAM_LIST_EACH(&versions->group_levels[level - KOLAM_LEVEL_MIN], struct group, level_link,
                        group) {
            if (is_in(group->tile, &range)) {
                raise_group(versions, group, extent, seq);
            }
        }
        return;
    }
    for (int64_t y = range.y0; y <= range.y1; y++) {
        for (int64_t x = range.x0; x <= range.x1; x++) {
            struct group *group = *group_place(versions, (struct kolam_tile_id){x, y, level});
            if (group) {
                raise_group(versions, group, extent, seq);
            }
        }
    }
}

/* Tiles below a home are touched where its box is. */
static void raise_finer(struct kolam_versions *versions, const struct kolam_home *home,
                        uint64_t seq) {
    const struct kolam_extent extent = kolam_home_extent(home);
    for (int32_t level = KOLAM_LEVEL_MIN; level < KOLAM_LEVEL_MAX; level += GROUP_SPAN) {
        if (level + GROUP_SPAN > extent.level &&
            versions->group_counts[level - KOLAM_LEVEL_MIN] > 0) {
            raise_groups(versions, level, &extent, seq);
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

uint64_t kolam_versions_bytes(const struct kolam_versions *versions) {
    if (!versions) {
        return 0;
    }
    uint64_t bytes = sizeof(*versions) + (uint64_t)versions->capacity * sizeof(struct entry) +
                     versions->bucket_count * sizeof(uint32_t) +
                     versions->group_bucket_count * sizeof(struct group *);
    for (int i = 0; i < LEVELS; i++) {
        bytes += (uint64_t)versions->group_counts[i] * sizeof(struct group);
    }
    return bytes;
}
