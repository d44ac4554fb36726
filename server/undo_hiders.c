/* Each hide and show has a row in the index at each home of what it changes, so the rows of one tile tell of all strokes there. Strokes of
 * one act come one after another and lie on few tiles: each tile's are read once, and held in a table in which a newer takes an older's
 * place. A hide that came with an act counts until that act is taken back. */
#include "undo_hiders.h"

#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "undo_find.h"

enum kolam_status kolam_undo_hiders_note(struct kolam_undo_hiders *hiders, uint64_t act_seq) {
    if (hiders->undone_count == hiders->undone_capacity) {
        const uint32_t more = hiders->undone_capacity ? hiders->undone_capacity * 2 : 64;
        uint64_t *undone = kolam_realloc_array(hiders->undone, more, sizeof(*undone));
        if (!undone) {
            return KOLAM_ERR_NOMEM;
        }
        hiders->undone = undone;
        hiders->undone_capacity = more;
    }
    /* Mostly what is taken back is the newest. */
    uint32_t at = hiders->undone_count++;
    while (at > 0 && hiders->undone[at - 1] > act_seq) {
        hiders->undone[at] = hiders->undone[at - 1];
        at--;
    }
    hiders->undone[at] = act_seq;
    return KOLAM_OK;
}

void kolam_undo_hiders_finish(struct kolam_undo_hiders *hiders) {
    for (uint32_t i = 0; i < KOLAM_UNDO_TILES; i++) {
        kolam_free(hiders->tiles[i].changes);
    }
    kolam_free(hiders->undone);
}

/* ---- a tile's changes ---- */

struct reading {
    struct kolam_undo_tile *into;
    enum kolam_status status;
};

static bool take_change(void *ctx, const struct kolam_home_row *row) {
    struct reading *reading = ctx;
    struct kolam_undo_tile *into = reading->into;
    if (row->kind == KOLAM_OP_STROKE) {
        return true;
    }
    if (into->count == into->capacity) {
        const uint32_t more = into->capacity ? into->capacity * 2 : 64;
        struct kolam_undo_change *changes =
            kolam_realloc_array(into->changes, more, sizeof(*changes));
        if (!changes) {
            reading->status = KOLAM_ERR_NOMEM;
            return false;
        }
        into->changes = changes;
        into->capacity = more;
    }
    into->changes[into->count++] =
        (struct kolam_undo_change){row->target, row->seq, row->kind == KOLAM_OP_HIDE};
    return true;
}

static int compare_changes(const void *left, const void *right) {
    const struct kolam_undo_change *a = left, *b = right;
    if (a->target != b->target) {
        return a->target < b->target ? -1 : 1;
    }
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static enum kolam_status read_tile(struct kolam_undo_hiders *hiders, struct kolam_tile_id id,
                                   const struct kolam_undo_tile **out_tile) {
    const uint64_t hash =
        (uint64_t)id.x * 0x9e3779b97f4a7c15u + (uint64_t)id.y * 0xc2b2ae3d27d4eb4fu;
    struct kolam_undo_tile *tile =
        &hiders->tiles[(hash >> 32 ^ (uint64_t)(uint32_t)id.level) % KOLAM_UNDO_TILES];
    struct reading reading = {.into = tile};
    *out_tile = tile;
    if (tile->is_read && kolam_tile_equal(tile->tile, id)) {
        return KOLAM_OK;
    }
    tile->tile = id;
    tile->count = 0;
    enum kolam_status status =
        kolam_reader_homes_at(hiders->reader, id, 0, INT64_MAX, take_change, &reading);
    status = status == KOLAM_OK ? reading.status : status;
    tile->is_read = status == KOLAM_OK;
    if (tile->count > 1) {
        qsort(tile->changes, tile->count, sizeof(*tile->changes), compare_changes);
    }
    return status;
}

/* The first of the target's hides since its newest show; *out_end: behind the last. */
static uint32_t hides_of(const struct kolam_undo_tile *tile, uint64_t target, uint32_t *out_end) {
    uint32_t low = 0, high = tile->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (tile->changes[middle].target <= target) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out_end = low;
    while (low > 0 && tile->changes[low - 1].target == target && tile->changes[low - 1].is_hide) {
        low--;
    }
    return low;
}

/* ---- one hide ---- */

/* An act is the last op of what was submitted with it. */
static enum kolam_status find_void(struct kolam_undo_hiders *hiders, uint64_t seq, uint64_t nonce,
                                   bool *out_is_void) {
    enum kolam_status status = KOLAM_OK;
    uint32_t low = 0, high = hiders->undone_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (hiders->undone[middle] <= seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out_is_void = false;
    for (; low < hiders->undone_count && hiders->undone[low] <= seq + KOLAM_UNDO_HIDES_MAX &&
           !*out_is_void && status == KOLAM_OK;
         low++) {
        struct kolam_log_row row;
        status = kolam_reader_op(hiders->reader, hiders->undone[low], &row);
        *out_is_void = status == KOLAM_OK && row.nonce == nonce &&
                       row.artist == hiders->judged_artist && row.kind == KOLAM_OP_RECORD;
        status = status == KOLAM_ERR_NOT_FOUND || status == KOLAM_ERR_GONE ? KOLAM_OK : status;
    }
    return status;
}

static enum kolam_status judge_hide(struct kolam_undo_hiders *hiders, uint64_t seq) {
    struct kolam_log_row row;
    if (seq == hiders->judged_seq) {
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_reader_op(hiders->reader, seq, &row);
    if (status == KOLAM_OK) {
        hiders->judged_seq = seq;
        hiders->judged_artist = row.artist;
        hiders->is_replacement = row.kind != KOLAM_OP_HIDE;
        status = find_void(hiders, seq, row.nonce, &hiders->is_void);
    }
    return status;
}

/* ---- asking ---- */

static enum kolam_status find_home(struct kolam_undo_hiders *hiders, uint64_t target,
                                   uint32_t *out_author, struct kolam_tile_id *out_tile) {
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    struct kolam_log_row row;
    struct kolam_op op;
    uint32_t count = 0;
    enum kolam_status status = kolam_reader_op(hiders->reader, target, &row);
    if (status == KOLAM_OK &&
        (kolam_op_decode(row.body, row.body_size_bytes, hiders->room, &op) != KOLAM_OK ||
         op.kind != KOLAM_OP_STROKE || kolam_stroke_homes(&op.stroke, homes, &count) != KOLAM_OK ||
         count == 0)) {
        status = KOLAM_ERR_CORRUPT;
    }
    if (status == KOLAM_OK) {
        *out_author = row.artist;
        *out_tile = homes[0].tile;
    }
    return status;
}

enum kolam_status kolam_undo_hiders_ask(struct kolam_undo_hiders *hiders, uint64_t target,
                                        uint64_t first_seq, uint64_t end_seq,
                                        struct kolam_undo_hidden *out_hidden) {
    const struct kolam_undo_tile *tile = NULL;
    struct kolam_undo_hidden hidden = {.author = 0};
    struct kolam_tile_id id;
    uint32_t at = 0, end = 0;
    enum kolam_status status = find_home(hiders, target, &hidden.author, &id);
    if (status == KOLAM_OK) {
        status = read_tile(hiders, id, &tile);
    }
    if (status == KOLAM_OK) {
        at = hides_of(tile, target, &end);
    }
    for (; at < end && status == KOLAM_OK; at++) {
        const uint64_t seq = tile->changes[at].seq;
        if (seq >= first_seq && seq < end_seq) {
            hidden.is_by_act = true;
            continue;
        }
        status = judge_hide(hiders, seq);
        if (status == KOLAM_OK && !hiders->is_void) {
            const bool is_own = hiders->judged_artist == hidden.author && !hiders->is_replacement;
            hidden.is_by_author |= is_own;
            hidden.is_by_others |= !is_own;
        }
    }
    if (status == KOLAM_OK) {
        *out_hidden = hidden;
    }
    return status;
}
