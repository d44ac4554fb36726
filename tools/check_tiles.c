/* Stored tiles against tiles drawn anew. The new ones are drawn into a store of their own, which begins
 * empty and is thrown away, so that a far tile's many parts are drawn once and not once for each level.
 * Only tiles that are as old as the log can be found there; older ones are drawn at their own seq. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "kolam/alloc.h"
#include "kolam/folder.h"

struct listed_tile {
    struct kolam_tile_id tile;
    uint64_t seq;
    enum kolam_tile_kind kind;
};

struct tile_check {
    struct kolam_check *check;
    struct kolam_reader *reader;
    struct kolam_tile_store *store;
    struct kolam_raster *raster;
    uint64_t last_seq; /* of the moment that is checked */
    struct listed_tile *list;
    size_t count, capacity;
    enum kolam_tile_kind listing; /* what is being listed */
    bool is_out_of_memory;
    uint32_t *stored, *fresh; /* pixels */
};

/* ---- listing ---- */

static bool list_tile(void *ctx, struct kolam_tile_id tile, uint64_t seq) {
    struct tile_check *tiles = ctx;
    if (tiles->count == tiles->capacity) {
        size_t capacity = tiles->capacity > 0 ? tiles->capacity * 2 : 1024;
        struct listed_tile *grown = kolam_realloc_array(tiles->list, capacity, sizeof *tiles->list);
        if (!grown) {
            tiles->is_out_of_memory = true;
            return false;
        }
        tiles->list = grown;
        tiles->capacity = capacity;
    }
    tiles->list[tiles->count++] = (struct listed_tile){.tile = tile, .seq = seq, .kind = tiles->listing};
    return true;
}

/* Fine levels first: the coarser ones are made of them. Of a tile, the earlier pictures first. */
static int by_level(const void *left, const void *right) {
    const struct listed_tile *a = left, *b = right;
    if (a->tile.level != b->tile.level) {
        return a->tile.level > b->tile.level ? -1 : 1;
    }
    if (a->tile.y != b->tile.y) {
        return a->tile.y < b->tile.y ? -1 : 1;
    }
    if (a->tile.x != b->tile.x) {
        return a->tile.x < b->tile.x ? -1 : 1;
    }
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

/* ---- comparing ---- */

static enum kolam_status note_bad(struct kolam_check *check, struct kolam_tile_id tile) {
    if (check->bad_tile_count == check->bad_tile_capacity) {
        size_t capacity = check->bad_tile_capacity > 0 ? check->bad_tile_capacity * 2 : 64;
        struct kolam_tile_id *grown =
            kolam_realloc_array(check->bad_tiles, capacity, sizeof *check->bad_tiles);
        if (!grown) {
            return KOLAM_ERR_NOMEM;
        }
        check->bad_tiles = grown;
        check->bad_tile_capacity = capacity;
    }
    check->bad_tiles[check->bad_tile_count++] = tile;
    return KOLAM_OK;
}

static uint32_t count_differing(const uint32_t *left, const uint32_t *right) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < KOLAM_TILE_PIXELS; i++) {
        count += left[i] != right[i];
    }
    return count;
}

/* Draws the tile as of `at_seq` and compares. */
static enum kolam_status compare(struct tile_check *tiles, struct kolam_tile_id tile,
                                 uint64_t stored_seq, uint64_t at_seq) {
    struct kolam_check *check = tiles->check;
    uint64_t fresh_seq;
    bool is_empty;
    enum kolam_status status =
        kolam_raster_tile(tiles->raster, tile, at_seq, tiles->fresh, &fresh_seq, &is_empty);
    if (status != KOLAM_OK) {
        return status;
    }
    if (is_empty) {
        memset(tiles->fresh, 0, KOLAM_TILE_PIXELS * sizeof *tiles->fresh);
    }
    uint32_t differing = count_differing(tiles->stored, tiles->fresh);
    check->tile_count++;
    if (differing == 0 && fresh_seq == stored_seq) {
        return KOLAM_OK;
    }
    if (differing > 0) {
        kolam_check_problem(check,
                            "tile %d/%" PRId64 "/%" PRId64 " differs from the log in %" PRIu32
                            " pixels; --repair draws it anew",
                            tile.level, tile.x, tile.y, differing);
    } else {
        kolam_check_problem(check,
                            "tile %d/%" PRId64 "/%" PRId64 " says seq %" PRIu64
                            " but shows %" PRIu64 "; --repair draws it anew",
                            tile.level, tile.x, tile.y, stored_seq, fresh_seq);
    }
    return note_bad(check, tile);
}

/* A keyframe shows the past, which does not change: it must equal what the log draws for its seq. One that was
 * thinned out since it was listed is none. */
static enum kolam_status check_keyframe(struct tile_check *tiles, const struct listed_tile *listed) {
    struct kolam_tile_picture picture;
    enum kolam_status status = kolam_tile_store_recall(tiles->store, listed->tile, listed->seq, &picture,
                                                       tiles->stored);
    if (status == KOLAM_ERR_NOT_FOUND || (status == KOLAM_OK && picture.seq != listed->seq) ||
        listed->seq > tiles->last_seq) {
        return KOLAM_OK;
    }
    if (picture.is_averaged && !tiles->check->is_thorough) {
        tiles->check->older_count++;
        return status;
    }
    return status == KOLAM_OK ? compare(tiles, listed->tile, listed->seq, listed->seq) : status;
}

static enum kolam_status check_snapshot(struct tile_check *tiles, struct kolam_tile_id tile) {
    struct kolam_tile_picture picture;
    uint64_t version;
    enum kolam_status status = kolam_tile_store_get(tiles->store, tile, &picture, tiles->stored);
    if (status == KOLAM_ERR_NOT_FOUND) {
        kolam_check_problem(tiles->check,
                            "tile %d/%" PRId64 "/%" PRId64 " cannot be read; --repair "
                            "draws it anew",
                            tile.level, tile.x, tile.y);
        return note_bad(tiles->check, tile);
    }
    const uint64_t stored_seq = status == KOLAM_OK ? picture.seq : 0;
    if (status != KOLAM_OK || stored_seq > tiles->last_seq) {
        return status; /* a server goes on drawing: what is newer than the moment is not judged */
    }
    status = kolam_raster_version(tiles->raster, tile, KOLAM_SEQ_NOW, &version);
    if (status != KOLAM_OK || stored_seq >= version) {
        return status != KOLAM_OK ? status : compare(tiles, tile, stored_seq, KOLAM_SEQ_NOW);
    }
    bool is_averaged = false;
    if (!tiles->check->is_thorough) {
        status = kolam_raster_is_averaged(tiles->raster, tile, &is_averaged);
    }
    if (status == KOLAM_OK && is_averaged) {
        tiles->check->older_count++;
        return KOLAM_OK;
    }
    return status == KOLAM_OK ? compare(tiles, tile, stored_seq, stored_seq) : status;
}

static enum kolam_status check_pinned(struct tile_check *tiles) {
    struct kolam_check *check = tiles->check;
    struct kolam_canvas_info info;
    enum kolam_status status = kolam_reader_info(tiles->reader, &info);
    if (status == KOLAM_OK) {
        tiles->last_seq = info.last_seq;
        tiles->listing = KOLAM_TILE_SNAPSHOT;
        status = kolam_tile_store_each(tiles->store, tiles->listing, list_tile, tiles);
    }
    if (status == KOLAM_OK) {
        tiles->listing = KOLAM_TILE_KEYFRAME;
        status = kolam_tile_store_each(tiles->store, tiles->listing, list_tile, tiles);
    }
    if (status == KOLAM_OK && tiles->is_out_of_memory) {
        status = KOLAM_ERR_NOMEM;
    }
    if (status != KOLAM_OK || tiles->count == 0) {
        return status;
    }
    qsort(tiles->list, tiles->count, sizeof *tiles->list, by_level);
    for (size_t i = 0; i < tiles->count && status == KOLAM_OK; i++) {
        const struct listed_tile *listed = &tiles->list[i];
        status = listed->kind == KOLAM_TILE_KEYFRAME ? check_keyframe(tiles, listed)
                                                     : check_snapshot(tiles, listed->tile);
        if (kolam_progress_is_due(&check->progress)) {
            kolam_progress_show(&check->progress, "%s: tile %zu of %zu", check->canvas, i + 1,
                                tiles->count);
        }
        if (status == KOLAM_OK && kolam_check_is_interrupted(check)) {
            status = KOLAM_ERR_CLOSED;
        }
    }
    return status;
}

static enum kolam_status check_with_scratch(struct tile_check *tiles,
                                            struct kolam_tile_store *scratch) {
    tiles->stored = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof *tiles->stored);
    tiles->fresh = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof *tiles->fresh);
    enum kolam_status status = tiles->stored && tiles->fresh ? KOLAM_OK : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        status = kolam_raster_create(tiles->reader, scratch, &tiles->raster);
    }
    if (status == KOLAM_OK) {
        kolam_raster_set_cancel(tiles->raster, kolam_check_is_interrupted, tiles->check);
        status = kolam_reader_begin(tiles->reader);
    }
    if (status == KOLAM_OK) {
        status = check_pinned(tiles);
        kolam_reader_end(tiles->reader);
    }
    kolam_raster_destroy(tiles->raster);
    kolam_free(tiles->stored);
    kolam_free(tiles->fresh);
    kolam_free(tiles->list);
    return status;
}

/* ---- the scratch store ---- */

static void remove_scratch(const char *folder) {
    static const char *const names[] = {"fresh.tiles", "fresh.tiles-wal", "fresh.tiles-shm"};
    char path[KOLAM_PATH_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

enum kolam_status kolam_check_tiles(struct kolam_check *check, struct kolam_reader *reader,
                                    uint64_t incarnation, struct kolam_tile_store *store,
                                    struct kolam_error *error) {
    struct tile_check tiles = {.check = check, .reader = reader, .store = store};
    const char *temp = getenv("TMPDIR");
    char folder[KOLAM_PATH_MAX / 2], path[KOLAM_PATH_MAX];
    snprintf(folder, sizeof folder, "%s/kolam-check-XXXXXX", temp && *temp ? temp : "/tmp");
    if (!mkdtemp(folder)) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: no folder for drawing anew; set TMPDIR",
                          folder);
    }
    snprintf(path, sizeof path, "%s/fresh.tiles", folder);
    struct kolam_tile_store *scratch = NULL;
    enum kolam_status status =
        kolam_tile_store_sqlite_create(path, incarnation, false, &scratch, error);
    if (status == KOLAM_OK) {
        status = check_with_scratch(&tiles, scratch);
        if (status != KOLAM_OK) {
            (void)kolam_fail(error, status, "%s", kolam_status_text(status));
        }
    }
    kolam_tile_store_destroy(scratch);
    remove_scratch(folder);
    return status;
}
