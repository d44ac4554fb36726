/* The grid: cells hashed by (level, x, y), each an array of the views that stand in it with their bounds
 * beside them, so that passing over those that are not meant touches no other memory. */
#include "interest.h"

#include <string.h>

#include "kolam/alloc.h"

#define BUCKETS_MIN 64
#define GROUP 32 /* homes asked about together; more are far apart, or a large stroke */

struct spot {
    struct kolam_interest_item *item;
    int64_t x0, y0, x1, y1; /* the view with its margin, in tiles of `level` */
    int32_t level;
    uint32_t place; /* which of the item's places this is */
};

struct kolam_interest_cell {
    struct kolam_list level_link;
    struct kolam_interest_cell *next; /* in the bucket */
    struct kolam_tile_id id;
    struct spot *spots;
    uint32_t count, capacity;
};

void kolam_interest_init(struct kolam_interest *interest) {
    memset(interest, 0, sizeof(*interest));
    for (int i = 0; i < KOLAM_INTEREST_LEVELS; i++) {
        kolam_list_init(&interest->levels[i]);
    }
}

void kolam_interest_finish(struct kolam_interest *interest) {
    kolam_free(interest->buckets);
    interest->buckets = NULL;
    interest->bucket_count = 0;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : (value > high ? high : value);
}

/* ---- cells ---- */

static uint32_t hash_of(struct kolam_tile_id id) {
    uint64_t hash = (uint64_t)id.x * 0x9e3779b97f4a7c15u ^ (uint64_t)id.y * 0xc2b2ae3d27d4eb4fu;
    hash ^= (uint64_t)(uint32_t)id.level * 0x165667b19e3779f9u;
    return (uint32_t)((hash ^ hash >> 29) * 0xff51afd7ed558ccdu >> 32);
}

static struct kolam_interest_cell **slot_of(const struct kolam_interest *interest,
                                            struct kolam_tile_id id) {
    return &interest->buckets[hash_of(id) & (interest->bucket_count - 1)];
}

static struct kolam_interest_cell *find_cell(const struct kolam_interest *interest,
                                             struct kolam_tile_id id) {
    struct kolam_interest_cell *cell = *slot_of(interest, id);
    while (cell && !kolam_tile_equal(cell->id, id)) {
        cell = cell->next;
    }
    return cell;
}

/* Without memory for more buckets the chains are longer; without any there is no index. */
static bool has_buckets(struct kolam_interest *interest) {
    uint32_t wanted = interest->bucket_count ? interest->bucket_count * 2 : BUCKETS_MIN;
    if (interest->cell_count < interest->bucket_count) {
        return true;
    }
    struct kolam_interest_cell **former = interest->buckets;
    struct kolam_interest_cell **buckets = kolam_alloc_zero(wanted, sizeof(struct kolam_list *));
    if (!buckets) {
        return former != NULL;
    }
    uint32_t former_count = interest->bucket_count;
    interest->buckets = buckets;
    interest->bucket_count = wanted;
    for (uint32_t i = 0; i < former_count; i++) {
        for (struct kolam_interest_cell *cell = former[i], *next; cell; cell = next) {
            struct kolam_interest_cell **slot = slot_of(interest, cell->id);
            next = cell->next;
            cell->next = *slot;
            *slot = cell;
        }
    }
    kolam_free(former);
    return true;
}

static struct kolam_interest_cell *obtain_cell(struct kolam_interest *interest,
                                               struct kolam_tile_id id) {
    if (!has_buckets(interest)) {
        return NULL;
    }
    struct kolam_interest_cell *cell = find_cell(interest, id);
    if (cell) {
        return cell;
    }
    cell = kolam_alloc_zero(1, sizeof(*cell));
    if (!cell) {
        return NULL;
    }
    struct kolam_interest_cell **slot = slot_of(interest, id);
    const int level = id.level - KOLAM_LEVEL_MIN;
    cell->id = id;
    cell->next = *slot;
    *slot = cell;
    kolam_list_append(&interest->levels[level], &cell->level_link);
    interest->level_counts[level]++;
    interest->cell_count++;
    return cell;
}

static void drop_if_empty(struct kolam_interest *interest, struct kolam_interest_cell *cell) {
    if (cell->count > 0) {
        return;
    }
    struct kolam_interest_cell **at = slot_of(interest, cell->id);
    while (*at != cell) {
        at = &(*at)->next;
    }
    *at = cell->next;
    kolam_list_remove(&cell->level_link);
    interest->level_counts[cell->id.level - KOLAM_LEVEL_MIN]--;
    interest->cell_count--;
    kolam_free(cell->spots);
    kolam_free(cell);
}

/* ---- items ---- */

static bool put(struct kolam_interest *interest, struct kolam_interest_item *item,
                struct kolam_tile_id id) {
    const struct kolam_view *view = &item->view;
    struct kolam_interest_cell *cell = obtain_cell(interest, id);
    if (!cell) {
        return false;
    }
    if (cell->count == cell->capacity) {
        uint32_t capacity = cell->capacity ? cell->capacity * 2 : 2;
        void *grown = kolam_realloc_array(cell->spots, capacity, sizeof(struct spot));
        if (!grown) {
            drop_if_empty(interest, cell);
            return false;
        }
        cell->spots = grown;
        cell->capacity = capacity;
    }
    const uint32_t place = item->place_count++;
    item->places[place].cell = cell;
    item->places[place].at = cell->count;
    cell->spots[cell->count++] = (struct spot){
        item,        view->x - 1, view->y - 1, view->x + view->width, view->y + view->height,
        view->level, place};
    return true;
}

enum kolam_status kolam_interest_add(struct kolam_interest *interest,
                                     struct kolam_interest_item *item) {
    const struct kolam_view *view = &item->view;
    const int64_t low = kolam_tile_coord_min(view->level), high = kolam_tile_coord_max(view->level);
    int64_t x0 = clamp(view->x - 1, low, high), x1 = clamp(view->x + view->width, low, high);
    int64_t y0 = clamp(view->y - 1, low, high), y1 = clamp(view->y + view->height, low, high);
    int32_t level = view->level;
    while (x1 - x0 > 1 || y1 - y0 > 1) { /* the whole of level -24 is 2 x 2 */
        x0 = kolam_floor_shift(x0, 1);
        x1 = kolam_floor_shift(x1, 1);
        y0 = kolam_floor_shift(y0, 1);
        y1 = kolam_floor_shift(y1, 1);
        level--;
    }
    item->place_count = 0;
    item->stamp = 0;
    for (int64_t y = y0; y <= y1; y++) {
        for (int64_t x = x0; x <= x1; x++) {
            if (!put(interest, item, (struct kolam_tile_id){x, y, level})) {
                kolam_interest_remove(interest, item);
                return KOLAM_ERR_NOMEM;
            }
        }
    }
    return KOLAM_OK;
}

void kolam_interest_remove(struct kolam_interest *interest, struct kolam_interest_item *item) {
    for (uint32_t i = 0; i < item->place_count; i++) {
        struct kolam_interest_cell *cell = item->places[i].cell;
        const uint32_t at = item->places[i].at;
        cell->spots[at] = cell->spots[--cell->count];
        if (at < cell->count) {
            cell->spots[at].item->places[cell->spots[at].place].at = at;
        }
        drop_if_empty(interest, cell);
    }
    item->place_count = 0;
}

/* ---- questions ---- */

struct question {
    const struct kolam_interest *interest;
    kolam_interest_visit *visit;
    void *ctx;
    uint64_t stamp;
    struct kolam_extent all;            /* what the extents cover together */
    const struct kolam_extent *extents; /* of one level; count 1: `all` itself */
    uint32_t count;
    uint64_t known; /* which of `ranges` have been worked out */
    struct kolam_tile_range ranges[KOLAM_INTEREST_LEVELS];
};

static const struct kolam_tile_range *range_at(struct question *question, int32_t level) {
    const int i = level - KOLAM_LEVEL_MIN;
    if (!(question->known >> i & 1)) {
        question->known |= (uint64_t)1 << i;
        question->ranges[i] = kolam_extent_tiles(&question->all, level, 0);
    }
    return &question->ranges[i];
}

static bool overlaps(const struct spot *spot, const struct kolam_tile_range *range) {
    return range->x0 <= spot->x1 && range->x1 >= spot->x0 && range->y0 <= spot->y1 &&
           range->y1 >= spot->y0;
}

static bool is_touched(struct question *question, const struct spot *spot) {
    if (!overlaps(spot, range_at(question, spot->level))) {
        return false;
    }
    for (uint32_t i = 0; question->count > 1 && i < question->count; i++) {
        struct kolam_tile_range range = kolam_extent_tiles(&question->extents[i], spot->level, 0);
        if (overlaps(spot, &range)) {
            return true;
        }
    }
    return question->count == 1;
}

static void ask_cell(struct question *question, const struct kolam_interest_cell *cell) {
    for (uint32_t i = 0; i < cell->count; i++) {
        struct kolam_interest_item *item = cell->spots[i].item;
        if (is_touched(question, &cell->spots[i]) && item->stamp != question->stamp) {
            item->stamp = question->stamp;
            question->visit(question->ctx, item);
        }
    }
}

static void ask_level(struct question *question, int32_t level) {
    const struct kolam_interest *interest = question->interest;
    const int64_t low = kolam_tile_coord_min(level), high = kolam_tile_coord_max(level);
    const int64_t cells = interest->level_counts[level - KOLAM_LEVEL_MIN];
    struct kolam_tile_range range = *range_at(question, level);
    range.x0 = clamp(range.x0, low, high);
    range.y0 = clamp(range.y0, low, high);
    range.x1 = clamp(range.x1, low, high);
    range.y1 = clamp(range.y1, low, high);
    if (range.x1 - range.x0 >= cells || range.y1 - range.y0 >= cells ||
        (range.x1 - range.x0 + 1) * (range.y1 - range.y0 + 1) > cells) {
        KOLAM_LIST_EACH(&interest->levels[level - KOLAM_LEVEL_MIN], struct kolam_interest_cell,
                        level_link, cell) {
            if (cell->id.x >= range.x0 && cell->id.x <= range.x1 && cell->id.y >= range.y0 &&
                cell->id.y <= range.y1) {
                ask_cell(question, cell);
            }
        }
        return;
    }
    for (int64_t y = range.y0; y <= range.y1; y++) {
        for (int64_t x = range.x0; x <= range.x1; x++) {
            const struct kolam_interest_cell *cell =
                find_cell(interest, (struct kolam_tile_id){x, y, level});
            if (cell) {
                ask_cell(question, cell);
            }
        }
    }
}

/* Extents of one level; what an earlier call with the same stamp has found is passed over. */
static void ask(struct kolam_interest *interest, const struct kolam_extent *extents, uint32_t count,
                kolam_interest_visit *visit, void *ctx) {
    struct question question = {.interest = interest,
                                .visit = visit,
                                .ctx = ctx,
                                .stamp = interest->stamp,
                                .all = extents[0],
                                .extents = extents,
                                .count = count};
    for (uint32_t i = 1; i < count; i++) {
        kolam_extent_join(&question.all, &extents[i]);
    }
    for (int32_t level = KOLAM_LEVEL_MIN; level <= KOLAM_LEVEL_MAX; level++) {
        if (interest->level_counts[level - KOLAM_LEVEL_MIN] > 0) {
            ask_level(&question, level);
        }
    }
}

void kolam_interest_find(struct kolam_interest *interest, const struct kolam_extent *extent,
                         kolam_interest_visit *visit, void *ctx) {
    interest->stamp++;
    ask(interest, extent, 1, visit, ctx);
}

void kolam_interest_find_homes(struct kolam_interest *interest, const struct kolam_home *homes,
                               uint32_t count, kolam_interest_visit *visit, void *ctx) {
    struct kolam_extent extents[GROUP];
    interest->stamp++;
    if (interest->cell_count == 0) {
        return;
    }
    for (uint32_t i = 0; i < count;) {
        uint32_t grouped = 0;
        while (i < count && grouped < (count <= GROUP ? GROUP : 1) &&
               (grouped == 0 || homes[i].tile.level == extents[0].level)) {
            extents[grouped++] = kolam_home_extent(&homes[i++]);
        }
        ask(interest, extents, grouped, visit, ctx);
    }
}
