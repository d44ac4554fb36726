/* Home rows, box and levels, from ops. Everything here can be thrown away and computed again from the
 * log; nothing here decides what is in it. */
#include "canvas_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"

/* A pixel coordinate at `level` in level-0 pixels. Above level 21 a coordinate needs more than 53 bits
 * and is rounded when it becomes a double: then it moves outwards, as the box must hold all ink. */
static double world_px(int64_t px, int32_t level, double towards) {
    double value = (double)px;
    bool is_inward = towards < 0 ? (int64_t)value > px : (int64_t)value < px;
    if (is_inward) {
        value = nextafter(value, towards);
    }
    return ldexp(value, -level);
}

void kolam_canvas_extent_add(struct kolam_canvas_extent *extent, const struct kolam_home *home) {
    int32_t level = home->tile.level;
    int64_t tile_x0 = home->tile.x * KOLAM_TILE_PX, tile_y0 = home->tile.y * KOLAM_TILE_PX;
    double x0 = world_px(tile_x0 + home->x0, level, -INFINITY);
    double y0 = world_px(tile_y0 + home->y0, level, -INFINITY);
    double x1 = world_px(tile_x0 + home->x1 + 1, level, INFINITY);
    double y1 = world_px(tile_y0 + home->y1 + 1, level, INFINITY);
    extent->level_bits |= UINT64_C(1) << (level - KOLAM_LEVEL_MIN);
    if (!extent->has_box) {
        extent->has_box = true;
        extent->x0 = x0, extent->y0 = y0, extent->x1 = x1, extent->y1 = y1;
        return;
    }
    extent->x0 = fmin(extent->x0, x0), extent->y0 = fmin(extent->y0, y0);
    extent->x1 = fmax(extent->x1, x1), extent->y1 = fmax(extent->y1, y1);
}

/* Of everything drawn, and of what the base shows of it. */
struct extent_keys {
    const char *levels, *sides[4];
};
static const struct extent_keys all_keys = {"levels", {"box_x0", "box_y0", "box_x1", "box_y1"}};
static const struct extent_keys base_keys = {
    "base_levels", {"base_box_x0", "base_box_y0", "base_box_x1", "base_box_y1"}};

enum kolam_status kolam_canvas_base_seq(sqlite3 *db, uint64_t *out_seq) {
    int64_t seq = 0;
    enum kolam_status status = kolam_sql_meta_get(db, "base_seq", &seq);
    if (status == KOLAM_OK || status == KOLAM_ERR_NOT_FOUND) {
        *out_seq = (uint64_t)seq;
        status = KOLAM_OK;
    }
    return status;
}

static enum kolam_status load_extent(sqlite3 *db, const struct extent_keys *keys,
                                     struct kolam_canvas_extent *out_extent) {
    struct kolam_canvas_extent extent = {0};
    double *sides[4] = {&extent.x0, &extent.y0, &extent.x1, &extent.y1};
    int64_t level_bits = 0;
    enum kolam_status status = kolam_sql_meta_get(db, keys->levels, &level_bits);
    if (status == KOLAM_ERR_NOT_FOUND) {
        *out_extent = extent; /* nothing drawn yet */
        return KOLAM_OK;
    }
    for (int i = 0; i < 4 && status == KOLAM_OK; i++) {
        status = kolam_sql_meta_get_real(db, keys->sides[i], sides[i]);
    }
    if (status == KOLAM_OK) {
        extent.level_bits = (uint64_t)level_bits;
        extent.has_box = true;
        *out_extent = extent;
    }
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_ERR_CORRUPT : status;
}

static enum kolam_status store_extent(sqlite3 *db, const struct extent_keys *keys,
                                      const struct kolam_canvas_extent *extent) {
    const double sides[4] = {extent->x0, extent->y0, extent->x1, extent->y1};
    enum kolam_status status = kolam_sql_meta_set(db, keys->levels, (int64_t)extent->level_bits);
    for (int i = 0; i < 4 && status == KOLAM_OK; i++) {
        status = kolam_sql_meta_set_real(db, keys->sides[i], sides[i]);
    }
    return status;
}

enum kolam_status kolam_canvas_extent_load(sqlite3 *db, struct kolam_canvas_extent *out_extent) {
    return load_extent(db, &all_keys, out_extent);
}

enum kolam_status kolam_canvas_extent_load_base(sqlite3 *db,
                                                struct kolam_canvas_extent *out_extent) {
    return load_extent(db, &base_keys, out_extent);
}

enum kolam_status kolam_canvas_extent_store(sqlite3 *db, const struct kolam_canvas_extent *extent) {
    return extent->has_box
               ? store_extent(db, &all_keys, extent)
               : kolam_sql_exec(db, "DELETE FROM meta WHERE key = 'levels' OR key GLOB 'box_*'");
}

enum kolam_status kolam_canvas_extent_store_base(sqlite3 *db,
                                                 const struct kolam_canvas_extent *extent) {
    return extent->has_box ? store_extent(db, &base_keys, extent) : KOLAM_OK;
}

enum kolam_status kolam_canvas_index_init(struct kolam_canvas_index *index, sqlite3 *db) {
    memset(index, 0, sizeof *index);
    enum kolam_status status = kolam_canvas_base_seq(db, &index->base_seq);
    if (status == KOLAM_OK) {
        /* OR IGNORE: a home given twice is one home, not a batch that fails. */
        status =
            kolam_sql_prepare(db,
                              "INSERT OR IGNORE INTO home (path, level, seq, target, box, kind) "
                              "VALUES (?, ?, ?, ?, ?, ?)",
                              &index->insert_home);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(db, "SELECT artist, kind, body FROM op WHERE seq = ?",
                                   &index->find_op);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_hiders_init(&index->hiders, db);
    }
    return status == KOLAM_OK ? kolam_canvas_nodes_init(&index->nodes, db) : status;
}

void kolam_canvas_index_finish(struct kolam_canvas_index *index) {
    sqlite3_finalize(index->insert_home);
    sqlite3_finalize(index->find_op);
    kolam_canvas_nodes_finish(&index->nodes);
    kolam_canvas_hiders_finish(&index->hiders);
    kolam_free(index->room);
    kolam_free(index->changes);
    memset(index, 0, sizeof *index);
}

enum kolam_status kolam_canvas_index_decode(struct kolam_canvas_index *index, const uint8_t *body,
                                            size_t size_bytes, struct kolam_op *out_op) {
    if (!index->room) {
        index->room = kolam_alloc(sizeof *index->room);
    }
    return index->room ? kolam_op_decode(body, size_bytes, index->room, out_op) : KOLAM_ERR_NOMEM;
}

void kolam_canvas_index_rest(struct kolam_canvas_index *index) {
    kolam_free(index->room);
    index->room = NULL;
    kolam_free(index->changes);
    index->changes = NULL;
    index->change_count = index->change_capacity = 0;
}

void kolam_canvas_index_clear_changes(struct kolam_canvas_index *index) {
    index->change_count = 0;
    index->decoded_bytes = 0;
}

enum kolam_status kolam_canvas_index_change_homes(struct kolam_canvas_index *index, uint64_t target,
                                                  const struct kolam_home *homes,
                                                  uint32_t home_count) {
    uint32_t needed = index->change_count + home_count;
    if (needed > index->change_capacity) {
        uint32_t capacity = needed < 256 ? 256 : needed * 2;
        struct kolam_change *changes =
            kolam_realloc_array(index->changes, capacity, sizeof *changes);
        if (!changes) {
            return KOLAM_ERR_NOMEM;
        }
        index->changes = changes;
        index->change_capacity = capacity;
    }
    for (uint32_t i = 0; i < home_count; i++) {
        index->changes[index->change_count++] =
            (struct kolam_change){.target = target, .home = homes[i]};
    }
    return KOLAM_OK;
}

/* Judges the row that find_op stands on and decodes its homes into index->homes. */
static enum kolam_status target_homes(struct kolam_canvas_index *index,
                                      const struct kolam_canvas_owner *owner, uint32_t *out_count) {
    if (sqlite3_column_int(index->find_op, 1) != KOLAM_OP_STROKE) {
        return KOLAM_ERR_INVALID;
    }
    if (owner && !kolam_canvas_owner_is(owner, sqlite3_column_int64(index->find_op, 0))) {
        return KOLAM_ERR_DENIED;
    }
    const uint8_t *body = sqlite3_column_blob(index->find_op, 2);
    int size_bytes = sqlite3_column_bytes(index->find_op, 2);
    struct kolam_op op;
    index->decoded_bytes += (size_t)size_bytes;
    /* A stroke is decoded into room->points, so the targets of the op that names it stay. */
    const enum kolam_status status =
        body ? kolam_canvas_index_decode(index, body, (size_t)size_bytes, &op) : KOLAM_ERR_INVALID;
    if (status == KOLAM_ERR_NOMEM) {
        return status;
    }
    if (status != KOLAM_OK || op.kind != KOLAM_OP_STROKE ||
        kolam_stroke_homes(&op.stroke, index->homes, out_count) != KOLAM_OK) {
        return KOLAM_ERR_INVALID; /* damaged: a stroke that nobody can see cannot be changed */
    }
    return KOLAM_OK;
}

enum kolam_status kolam_canvas_index_change(struct kolam_canvas_index *index, uint64_t target,
                                            const struct kolam_canvas_owner *owner) {
    bool has_row = false;
    uint32_t home_count = 0;
    if (target >= 1 && target <= index->base_seq) {
        return KOLAM_ERR_GONE;
    }
    enum kolam_status status =
        kolam_sql_status(sqlite3_bind_int64(index->find_op, 1, (int64_t)target));
    if (status == KOLAM_OK) {
        status = kolam_sql_step(index->find_op, &has_row);
    }
    if (status == KOLAM_OK) {
        status = has_row ? target_homes(index, owner, &home_count) : KOLAM_ERR_NOT_FOUND;
    }
    (void)sqlite3_reset(index->find_op);
    return status == KOLAM_OK
               ? kolam_canvas_index_change_homes(index, target, index->homes, home_count)
               : status;
}

enum kolam_status kolam_canvas_index_change_all(struct kolam_canvas_index *index,
                                                const uint8_t *body, size_t body_size_bytes,
                                                const struct kolam_canvas_owner *owner) {
    /* Several hides may come in one submission: each has bounds of its own. */
    uint32_t count_before = index->change_count;
    size_t bytes_before = index->decoded_bytes;
    struct kolam_op op;
    enum kolam_status status = kolam_canvas_index_decode(index, body, body_size_bytes, &op);
    if (status == KOLAM_OK && op.kind != KOLAM_OP_HIDE && op.kind != KOLAM_OP_SHOW) {
        status = KOLAM_ERR_INVALID;
    }
    for (uint32_t i = 0; status == KOLAM_OK && i < op.target_count; i++) {
        status = kolam_canvas_index_change(index, op.targets[i], owner);
        if (index->change_count - count_before > KOLAM_CHANGED_HOMES_MAX ||
            index->decoded_bytes - bytes_before > KOLAM_CHANGED_BYTES_MAX) {
            status = KOLAM_ERR_INVALID;
        }
    }
    return status;
}

enum kolam_status kolam_canvas_index_insert(struct kolam_canvas_index *index, uint64_t seq,
                                            enum kolam_op_kind kind, uint64_t target,
                                            const struct kolam_home *home) {
    struct kolam_tile_key key = kolam_tile_key(home->tile);
    sqlite3_stmt *insert = index->insert_home;
    if (kolam_sql_bind_blob(insert, 1, key.bytes, key.size) != KOLAM_OK ||
        sqlite3_bind_int(insert, 2, home->tile.level) != SQLITE_OK ||
        sqlite3_bind_int64(insert, 3, (int64_t)seq) != SQLITE_OK ||
        sqlite3_bind_int64(insert, 4, (int64_t)target) != SQLITE_OK ||
        sqlite3_bind_int64(insert, 5, kolam_home_box_pack(home)) != SQLITE_OK ||
        sqlite3_bind_int(insert, 6, (int)kind) != SQLITE_OK) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status = kolam_sql_run(insert);
    return status == KOLAM_OK ? kolam_canvas_nodes_add(&index->nodes, home->tile, seq) : status;
}

enum kolam_status kolam_canvas_index_insert_changes(struct kolam_canvas_index *index, uint64_t seq,
                                                    enum kolam_op_kind kind, int64_t artist,
                                                    uint32_t first, uint32_t end) {
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = first; i < end && status == KOLAM_OK; i++) {
        const uint64_t target = index->changes[i].target;
        status = kolam_canvas_index_insert(index, seq, kind, target, &index->changes[i].home);
        if (status == KOLAM_OK && (i == first || target != index->changes[i - 1].target)) {
            status = kolam_canvas_hiders_note(&index->hiders, kind, target, artist);
        }
    }
    return status;
}

static int compare_homes(const void *left, const void *right) {
    const struct kolam_tile_id *a = &((const struct kolam_home *)left)->tile;
    const struct kolam_tile_id *b = &((const struct kolam_home *)right)->tile;
    if (a->level != b->level) {
        return a->level < b->level ? -1 : 1;
    }
    if (a->y != b->y) {
        return a->y < b->y ? -1 : 1;
    }
    return a->x < b->x ? -1 : a->x > b->x;
}

uint32_t kolam_homes_unite(struct kolam_home *homes, uint32_t count) {
    if (count == 0) {
        return 0;
    }
    qsort(homes, count, sizeof *homes, compare_homes);
    uint32_t last = 0;
    for (uint32_t i = 1; i < count; i++) {
        struct kolam_home *united = &homes[last];
        const struct kolam_home *next = &homes[i];
        if (!kolam_tile_equal(united->tile, next->tile)) {
            homes[++last] = *next;
            continue;
        }
        united->x0 = united->x0 < next->x0 ? united->x0 : next->x0;
        united->y0 = united->y0 < next->y0 ? united->y0 : next->y0;
        united->x1 = united->x1 > next->x1 ? united->x1 : next->x1;
        united->y1 = united->y1 > next->y1 ? united->y1 : next->y1;
    }
    return last + 1;
}
