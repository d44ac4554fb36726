/* Stored tiles, the newest and those of the past, against tiles drawn anew. The new ones are drawn into a store of their own, which begins
 * empty and is thrown away, so that a far tile's many parts are drawn once and not once for each level.
 * Only the newest state can be found there; pictures of the past are drawn as of their own seq. */
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
    enum kolam_tile_kind listing;
    struct listed_tile *list;
    size_t count, capacity;
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
    tiles->list[tiles->count++] =
        (struct listed_tile){.tile = tile, .seq = seq, .kind = tiles->listing};
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

/* "tile 0/-3/7", or "tile 0/-3/7 of seq 12" for a picture of the past. */
static const char *name_of(const struct listed_tile *entry, char out_name[96]) {
    int size = snprintf(out_name, 96, "tile %d/%" PRId64 "/%" PRId64, entry->tile.level,
                        entry->tile.x, entry->tile.y);
    if (entry->kind == KOLAM_TILE_KEYFRAME) {
        snprintf(out_name + size, 96 - (size_t)size, " of seq %" PRIu64, entry->seq);
    }
    return out_name;
}

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

/* Draws the tile as of `at_seq` and compares. The newest state is drawn into the scratch store; older ones,
 * which would not be found there again, from the log alone. */
static enum kolam_status compare(struct tile_check *tiles, const struct listed_tile *entry,
                                 uint64_t stored_seq, uint64_t at_seq) {
    struct kolam_check *check = tiles->check;
    uint64_t fresh_seq;
    bool is_empty;
    enum kolam_status status =
        (at_seq == KOLAM_SEQ_NOW ? kolam_raster_tile : kolam_raster_tile_fresh)(
            tiles->raster, entry->tile, at_seq, tiles->fresh, &fresh_seq, &is_empty);
    if (status != KOLAM_OK) {
        return status;
    }
    if (is_empty) {
        memset(tiles->fresh, 0, KOLAM_TILE_PIXELS * sizeof *tiles->fresh);
    }
    char name[96];
    uint32_t differing = count_differing(tiles->stored, tiles->fresh);
    check->tile_count++;
    if (differing == 0 && fresh_seq == stored_seq) {
        return KOLAM_OK;
    }
    if (differing > 0) {
        kolam_check_problem(check,
                            "%s differs from the log in %" PRIu32 " pixels; --repair draws "
                            "it anew",
                            name_of(entry, name), differing);
    } else {
        kolam_check_problem(check,
                            "%s says seq %" PRIu64 " but shows %" PRIu64 "; --repair draws "
                            "it anew",
                            name_of(entry, name), stored_seq, fresh_seq);
    }
    return note_bad(check, entry->tile);
}

/* A picture of the past, drawn as of its own seq: for far tiles that is a long work. */
static enum kolam_status check_past(struct tile_check *tiles, const struct listed_tile *entry,
                                    const struct kolam_tile_picture *picture) {
    if (picture->is_averaged && !tiles->check->is_thorough) {
        tiles->check->older_count++;
        return KOLAM_OK;
    }
    return compare(tiles, entry, picture->seq, picture->seq);
}

static enum kolam_status check_snapshot(struct tile_check *tiles, const struct listed_tile *entry,
                                        const struct kolam_tile_picture *picture) {
    uint64_t version;
    enum kolam_status status =
        kolam_raster_version(tiles->raster, entry->tile, KOLAM_SEQ_NOW, &version);
    if (status != KOLAM_OK) {
        return status;
    }
    return picture->seq >= version ? compare(tiles, entry, picture->seq, KOLAM_SEQ_NOW)
                                   : check_past(tiles, entry, picture);
}

struct search {
    const struct listed_tile *entry;
    bool is_found;
};

static bool find_tile(void *ctx, struct kolam_tile_id tile, uint64_t seq) {
    struct search *search = ctx;
    search->is_found = kolam_tile_equal(tile, search->entry->tile) &&
                       (seq == search->entry->seq || search->entry->kind == KOLAM_TILE_SNAPSHOT);
    return !search->is_found;
}

/* A server may have replaced or given up the tile since it was listed; one that is listed still is damaged. */
static enum kolam_status check_unread(struct tile_check *tiles, const struct listed_tile *entry) {
    struct search search = {.entry = entry};
    char name[96];
    enum kolam_status status = kolam_tile_store_each(tiles->store, entry->kind, find_tile, &search);
    if (status != KOLAM_OK || !search.is_found) {
        return status;
    }
    kolam_check_problem(tiles->check, "%s cannot be read; --repair draws it anew",
                        name_of(entry, name));
    return note_bad(tiles->check, entry->tile);
}

static enum kolam_status check_tile(struct tile_check *tiles, const struct listed_tile *entry) {
    struct kolam_tile_picture picture;
    bool is_snapshot = entry->kind == KOLAM_TILE_SNAPSHOT;
    enum kolam_status status =
        is_snapshot ? kolam_tile_store_get(tiles->store, entry->tile, &picture, tiles->stored)
                    : kolam_tile_store_recall(tiles->store, entry->tile, entry->seq, &picture,
                                              tiles->stored);
    bool is_missing = status == KOLAM_OK && !is_snapshot && picture.seq != entry->seq;
    if (status == KOLAM_ERR_NOT_FOUND || is_missing) {
        return check_unread(tiles, entry);
    }
    if (status != KOLAM_OK || picture.seq > tiles->last_seq) {
        return status; /* a server goes on drawing: what is newer than the moment is not judged */
    }
    return is_snapshot ? check_snapshot(tiles, entry, &picture)
                       : check_past(tiles, entry, &picture);
}

static enum kolam_status list_tiles(struct tile_check *tiles) {
    static const enum kolam_tile_kind kinds[] = {KOLAM_TILE_SNAPSHOT, KOLAM_TILE_KEYFRAME};
    enum kolam_status status = KOLAM_OK;
    for (size_t i = 0; i < 2 && status == KOLAM_OK; i++) {
        tiles->listing = kinds[i];
        status = kolam_tile_store_each(tiles->store, kinds[i], list_tile, tiles);
    }
    return status == KOLAM_OK && tiles->is_out_of_memory ? KOLAM_ERR_NOMEM : status;
}

static enum kolam_status check_pinned(struct tile_check *tiles) {
    struct kolam_check *check = tiles->check;
    struct kolam_canvas_info info;
    enum kolam_status status = kolam_reader_info(tiles->reader, &info);
    if (status == KOLAM_OK) {
        tiles->last_seq = info.last_seq;
        status = list_tiles(tiles);
    }
    if (status != KOLAM_OK || tiles->count == 0) {
        return status;
    }
    qsort(tiles->list, tiles->count, sizeof *tiles->list, by_level);
    for (size_t i = 0; i < tiles->count && status == KOLAM_OK; i++) {
        status = check_tile(tiles, &tiles->list[i]);
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
