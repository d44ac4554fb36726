/* Which tiles get a base: every tile at which a stroke is homed, all above those, and, where a tile is the average of its
 * children (at the base's moment or now), those children, so that no average is ever made of enlarged pixels. A tile without one is shown as a
 * part of its nearest ancestor's. Ancestors of a tile with a base have one. */
#include <stdlib.h>

#include "compact_internal.h"
#include "kolam/alloc.h"

struct finding {
    struct compact_tiles *tiles;
    struct kolam_reader *reader;
    const struct kolam_compact_options *options;
    const struct kolam_compact_plan *plan;
    uint64_t row_count;
    enum kolam_status status;
};

void compact_tiles_finish(struct compact_tiles *tiles) {
    for (int i = 0; i < COMPACT_LEVELS; i++) {
        kolam_free(tiles->levels[i].tiles);
    }
    *tiles = (struct compact_tiles){.count = 0};
}

static int by_place(const void *left, const void *right) {
    const struct compact_tile *a = left, *b = right;
    if (a->y != b->y) {
        return a->y < b->y ? -1 : 1;
    }
    return a->x < b->x ? -1 : a->x > b->x;
}

static void sort_level(struct compact_level *level) {
    size_t kept = 0;
    if (level->count > 1) {
        qsort(level->tiles, level->count, sizeof *level->tiles, by_place);
    }
    for (size_t i = 0; i < level->count; i++) {
        if (kept == 0 || by_place(&level->tiles[kept - 1], &level->tiles[i]) != 0) {
            level->tiles[kept++] = level->tiles[i];
        }
    }
    level->count = kept;
}

static enum kolam_status grow(struct compact_level *level) {
    size_t capacity = level->capacity ? level->capacity * 2 : 256;
    struct compact_tile *grown = kolam_realloc_array(level->tiles, capacity, sizeof *grown);
    if (!grown) {
        return KOLAM_ERR_NOMEM;
    }
    level->tiles = grown;
    level->capacity = capacity;
    return KOLAM_OK;
}

static enum kolam_status push(struct compact_tiles *tiles, struct kolam_tile_id id) {
    struct compact_level *level = &tiles->levels[id.level - KOLAM_LEVEL_MIN];
    if (level->count == level->capacity) {
        sort_level(level); /* most homes are the same tiles again */
        enum kolam_status status = level->count >= level->capacity / 2 ? grow(level) : KOLAM_OK;
        if (status != KOLAM_OK) {
            return status;
        }
    }
    level->tiles[level->count++] = (struct compact_tile){.x = id.x, .y = id.y};
    return KOLAM_OK;
}

/* ---- homes ---- */

static bool take_home(void *ctx, const struct kolam_home_row *row) {
    struct finding *finding = ctx;
    if (row->kind == KOLAM_OP_STROKE) {
        finding->status = push(finding->tiles, row->home.tile);
    }
    if (++finding->row_count % 4096 == 0 && finding->status == KOLAM_OK) {
        finding->status = compact_progress(finding->options, KOLAM_COMPACT_FIND, 0, 0);
    }
    return finding->status == KOLAM_OK;
}

static bool take_old_base(void *ctx, const struct kolam_base *base) {
    struct finding *finding = ctx;
    finding->status = push(finding->tiles, base->tile);
    return finding->status == KOLAM_OK;
}

static enum kolam_status find_homes(struct finding *finding) {
    uint64_t max_seq = finding->plan->base_seq;
    enum kolam_status status = kolam_reader_bases(finding->reader, take_old_base, finding);
    for (int64_t i = 0; i < 4 && status == KOLAM_OK; i++) {
        struct kolam_tile_id root = {-(i & 1), -(i >> 1), KOLAM_LEVEL_MIN};
        status = kolam_reader_homes_at(finding->reader, root, 0, max_seq, take_home, finding);
        if (status == KOLAM_OK) {
            status = kolam_reader_homes_below(finding->reader, root, max_seq, take_home, finding);
        }
    }
    return status == KOLAM_OK ? finding->status : status;
}

static enum kolam_status add_ancestors(struct compact_tiles *tiles) {
    enum kolam_status status = KOLAM_OK;
    for (int level = COMPACT_LEVELS - 1; level >= 0 && status == KOLAM_OK; level--) {
        struct compact_level *list = &tiles->levels[level];
        sort_level(list);
        for (size_t i = 0; level > 0 && i < list->count && status == KOLAM_OK; i++) {
            struct kolam_tile_id tile = compact_tile_id(&list->tiles[i], level);
            status = push(tiles, kolam_tile_ancestor(tile, tile.level - 1));
        }
    }
    return status;
}

/* ---- what is averaged ---- */

static bool count_below(void *ctx, const struct kolam_home_row *row) {
    uint32_t *count = ctx;
    *count += row->kind == KOLAM_OP_STROKE;
    return *count <= KOLAM_RASTER_BELOW_MAX;
}

/* Just as gather.c counts: rows of strokes, those of the old base included. */
static enum kolam_status rows_below(struct kolam_reader *reader, struct kolam_tile_id tile,
                                    uint64_t max_seq, uint32_t *out_count) {
    struct kolam_base base = {.below_count = 0};
    enum kolam_status status = kolam_reader_base_at(reader, tile, &base);
    if (status == KOLAM_ERR_NOT_FOUND) {
        status = KOLAM_OK;
    }
    uint32_t count = base.is_averaged ? KOLAM_RASTER_BELOW_MAX + 1 : base.below_count;
    if (status == KOLAM_OK && count <= KOLAM_RASTER_BELOW_MAX) {
        status = kolam_reader_homes_below(reader, tile, max_seq, count_below, &count);
    }
    *out_count = count;
    return status;
}

static enum kolam_status add_children(struct compact_tiles *tiles, struct kolam_tile_id tile) {
    enum kolam_status status = KOLAM_OK;
    for (int i = 0; i < 4 && status == KOLAM_OK; i++) {
        struct kolam_tile_id child = kolam_tile_child(tile, i);
        if (kolam_tile_is_valid(child)) {
            status = push(tiles, child);
        }
    }
    return status;
}

/* From the coarsest level on: children that come in may be averaged themselves. */
static enum kolam_status count_level(struct finding *finding, int level) {
    struct compact_level *list = &finding->tiles->levels[level];
    enum kolam_status status = KOLAM_OK;
    sort_level(list);
    for (size_t i = 0; i < list->count && status == KOLAM_OK; i++) {
        struct compact_tile *tile = &list->tiles[i];
        struct kolam_tile_id id = compact_tile_id(tile, level);
        uint32_t now = 0;
        status = rows_below(finding->reader, id, finding->plan->base_seq, &tile->below_count);
        if (status == KOLAM_OK) {
            status = rows_below(finding->reader, id, finding->plan->last_seq, &now);
        }
        if (status == KOLAM_OK && now > KOLAM_RASTER_BELOW_MAX) {
            status = add_children(finding->tiles, id);
        }
        if (status == KOLAM_OK && i % 256 == 0) {
            status = compact_progress(finding->options, KOLAM_COMPACT_FIND, 0, 0);
        }
    }
    finding->tiles->count += list->count;
    return status;
}

enum kolam_status compact_tiles_find(struct compact_tiles *tiles, struct kolam_reader *reader,
                                     const struct kolam_compact_options *options,
                                     const struct kolam_compact_plan *plan) {
    struct finding finding = {.tiles = tiles, .reader = reader, .options = options, .plan = plan};
    enum kolam_status status = find_homes(&finding);
    if (status == KOLAM_OK) {
        status = add_ancestors(tiles);
    }
    for (int level = 0; level < COMPACT_LEVELS && status == KOLAM_OK; level++) {
        status = count_level(&finding, level);
    }
    return status;
}
