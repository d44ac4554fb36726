/* The new file of a compaction: the base in the place of the ops up to its seq, all else as it was.
 *
 * It is built without a journal and without a sync: until it is whole, compared and synced it is nothing, and is deleted or
 * overwritten by whoever comes next. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "canvas_index.h"
#include "compact_internal.h"
#include "kolam/alloc.h"
#include "kolam/folder.h"
#include "kolam/identity.h"
#include "kolam/ink.h"
#include "op_sum.h"
#include "reader_open.h"
#include "tile_codec.h"

struct writing {
    const struct kolam_compact_options *options;
    const struct kolam_compact_plan *plan;
    sqlite3 *old, *db;
    struct kolam_tile_codec *codec;
    struct kolam_compact_result *result;
};

enum kolam_status compact_progress(const struct kolam_compact_options *options,
                                   enum kolam_compact_stage stage, uint64_t done, uint64_t all) {
    return !options->progress || options->progress(options->progress_ctx, stage, done, all)
               ? KOLAM_OK
               : KOLAM_ERR_CLOSED;
}

void kolam_compact_discard(const char *new_path) {
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char name[KOLAM_PATH_MAX + sizeof "-journal"]; /* also when there is no memory */
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", new_path, suffixes[i]);
        (void)unlink(name);
    }
}

/* ---- copying rows ---- */

/* From a query of the old file, whose parameters ?1 and ?2 are the base's seq and the last, to an insert into the new one. */
struct copy {
    const char *select, *insert;
};

static enum kolam_status copy_row(sqlite3_stmt *select, sqlite3_stmt *insert) {
    int count = sqlite3_column_count(select);
    for (int i = 0; i < count; i++) {
        if (sqlite3_bind_value(insert, i + 1, sqlite3_column_value(select, i)) != SQLITE_OK) {
            return KOLAM_ERR_NOMEM;
        }
    }
    return kolam_sql_run(insert);
}

static void bind_span(const struct writing *writing, sqlite3_stmt *select) {
    int count = sqlite3_bind_parameter_count(select);
    if (count >= 1) {
        (void)sqlite3_bind_int64(select, 1, (int64_t)writing->plan->base_seq);
    }
    if (count >= 2) {
        (void)sqlite3_bind_int64(select, 2, (int64_t)writing->plan->last_seq);
    }
}

static enum kolam_status copy_rows(struct writing *writing, const struct copy *copy) {
    sqlite3_stmt *select = NULL, *insert = NULL;
    bool has_row = false;
    uint64_t count = 0;
    enum kolam_status status = kolam_op_sum_prepare(writing->old, copy->select, &select);
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(writing->db, copy->insert, &insert);
    }
    if (status == KOLAM_OK) {
        bind_span(writing, select);
        status = kolam_sql_step(select, &has_row);
    }
    while (status == KOLAM_OK && has_row) {
        status = copy_row(select, insert);
        if (status == KOLAM_OK && ++count % 4096 == 0) {
            status = compact_progress(writing->options, KOLAM_COMPACT_COPY, 0, 0);
        }
        if (status == KOLAM_OK) {
            status = kolam_sql_step(select, &has_row);
        }
    }
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return status;
}

/* What the base does not touch. Every stroke that a hide or show names comes after it: so says the plan. */
static const struct copy kept[] = {
    {"SELECT key, value FROM meta WHERE key IN ('created_ms', 'name', 'raster', 'levels', "
     "'box_x0', "
     "'box_y0', 'box_x1', 'box_y1')",
     "INSERT INTO meta (key, value) VALUES (?, ?)"},
    {"SELECT number, ident, name FROM artist",
     "INSERT INTO artist (number, ident, name) VALUES (?, ?, ?)"},
    {"SELECT id, artist, nonce FROM origin",
     "INSERT INTO origin (id, artist, nonce) VALUES (?, ?, ?)"},
    {"SELECT seq, time_ms, artist, origin, counter, kind, is_partial, replaces, body, op.sum "
     "FROM op WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
     "INSERT INTO op (seq, time_ms, artist, origin, counter, kind, is_partial, replaces, body, "
     "sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    {"SELECT path, level, seq, target, box, kind FROM home WHERE seq > ?1 AND seq <= ?2 "
     "ORDER BY path, level, seq, target",
     "INSERT INTO home (path, level, seq, target, box, kind) VALUES (?, ?, ?, ?, ?, ?)"},
    {"SELECT level, path, seq FROM node WHERE seq > ?1 ORDER BY level, path",
     "INSERT INTO node (level, path, seq) VALUES (?, ?, ?)"},
    /* No picture shows a record, so records stay. */
    {"SELECT seq, time_ms, artist, body FROM op WHERE seq <= ?1 AND kind = 4 ORDER BY seq",
     "INSERT INTO base_record (seq, time_ms, artist, body) VALUES (?, ?, ?, ?)"},
};

/* Of an older base: only a file that has one is asked, an earlier schema has no such tables. */
static const struct copy kept_of_base[] = {
    {"SELECT origin, is_partial, counter, count, seq, time_ms FROM base_id",
     "INSERT INTO base_id (origin, is_partial, counter, count, seq, time_ms) "
     "VALUES (?, ?, ?, ?, ?, ?)"},
    {"SELECT seq, time_ms, artist, body FROM base_record",
     "INSERT INTO base_record (seq, time_ms, artist, body) VALUES (?, ?, ?, ?)"},
    {"SELECT key, value FROM meta WHERE key GLOB 'base_recent_*'",
     "INSERT INTO meta (key, value) VALUES (?, ?)"},
};

static enum kolam_status copy_all(struct writing *writing, const struct copy *copies,
                                  size_t count) {
    enum kolam_status status = KOLAM_OK;
    for (size_t i = 0; i < count && status == KOLAM_OK; i++) {
        status = copy_rows(writing, &copies[i]);
    }
    return status;
}

/* ---- the ids of flattened ops ---- */

/* Consecutive counters of one origin with consecutive seqs. */
struct id_run {
    int64_t origin, counter, count, seq, time_ms;
};

static enum kolam_status insert_run(sqlite3_stmt *insert, int is_partial, struct id_run *run) {
    if (run->count == 0) {
        return KOLAM_OK;
    }
    (void)sqlite3_bind_int64(insert, 1, run->origin);
    (void)sqlite3_bind_int(insert, 2, is_partial);
    (void)sqlite3_bind_int64(insert, 3, run->counter);
    (void)sqlite3_bind_int64(insert, 4, run->count);
    (void)sqlite3_bind_int64(insert, 5, run->seq);
    (void)sqlite3_bind_int64(insert, 6, run->time_ms);
    run->count = 0;
    return kolam_sql_run(insert);
}

/* The row: origin, counter, is_partial, seq, time_ms. Rows come in the order of the ids. */
static enum kolam_status add_id(sqlite3_stmt *select, sqlite3_stmt *insert, struct id_run runs[2]) {
    int is_partial = sqlite3_column_int(select, 2) != 0;
    struct id_run *run = &runs[is_partial];
    struct id_run next = {sqlite3_column_int64(select, 0), sqlite3_column_int64(select, 1), 1,
                          sqlite3_column_int64(select, 3), sqlite3_column_int64(select, 4)};
    if (run->count > 0 && run->origin == next.origin && run->counter + run->count == next.counter &&
        run->seq + run->count == next.seq) {
        run->count++;
        return KOLAM_OK;
    }
    enum kolam_status status = insert_run(insert, is_partial, run);
    *run = next;
    return status;
}

static enum kolam_status write_ids(struct writing *writing) {
    sqlite3_stmt *select = NULL, *insert = NULL;
    struct id_run runs[2] = {{.count = 0}, {.count = 0}};
    bool has_row = false;
    enum kolam_status status =
        kolam_sql_prepare(writing->old,
                          "SELECT origin, counter, is_partial, seq, time_ms FROM op "
                          "WHERE seq <= ?1 ORDER BY origin, counter, is_partial",
                          &select);
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(writing->db, kept_of_base[0].insert, &insert);
    }
    if (status == KOLAM_OK) {
        bind_span(writing, select);
        status = kolam_sql_step(select, &has_row);
    }
    while (status == KOLAM_OK && has_row) {
        status = add_id(select, insert, runs);
        if (status == KOLAM_OK) {
            status = kolam_sql_step(select, &has_row);
        }
    }
    for (int i = 0; i < 2 && status == KOLAM_OK; i++) {
        status = insert_run(insert, i, &runs[i]);
    }
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return status;
}

/* ---- pictures ---- */

static uint64_t ink_cells(const uint32_t *pixels) {
    uint64_t cells = 0;
    for (uint32_t i = 0; i < KOLAM_TILE_PIXELS; i++) {
        uint32_t cell = i / KOLAM_TILE_PX / 32 * 8 + i % KOLAM_TILE_PX / 32;
        cells |= (uint64_t)(pixels[i] != 0) << cell;
    }
    return cells;
}

static enum kolam_status insert_picture(struct writing *writing, sqlite3_stmt *insert,
                                        const struct compact_tile *tile, struct kolam_tile_id id,
                                        const uint32_t *pixels) {
    const uint8_t *bytes = NULL;
    size_t size_bytes = 0;
    struct kolam_tile_key key = kolam_tile_key(id);
    uint64_t ink = pixels ? ink_cells(pixels) : 0;
    enum kolam_status status = kolam_sql_bind_blob(insert, 2, key.bytes, key.size);
    if (status == KOLAM_OK && pixels) {
        status =
            kolam_tile_codec_encode_base(writing->codec, ink ? pixels : NULL, &bytes, &size_bytes);
    }
    if (status == KOLAM_OK) {
        status = pixels ? kolam_sql_bind_blob(insert, 5, bytes, size_bytes)
                        : kolam_sql_status(sqlite3_bind_null(insert, 5));
    }
    if (status != KOLAM_OK) {
        return status;
    }
    (void)sqlite3_bind_int(insert, 1, id.level);
    (void)sqlite3_bind_int64(insert, 3, (int64_t)ink);
    (void)sqlite3_bind_int64(insert, 4, tile->below_count);
    writing->result->picture_count += pixels != NULL;
    writing->result->averaged_count += pixels == NULL;
    writing->result->picture_bytes += size_bytes;
    return kolam_sql_run(insert);
}

static enum kolam_status write_picture(struct writing *writing, sqlite3_stmt *insert,
                                       struct kolam_raster *raster, const struct compact_tile *tile,
                                       int level, uint32_t *pixels) {
    struct kolam_tile_id id = compact_tile_id(tile, level);
    uint64_t seq;
    bool is_empty;
    if (compact_is_averaged(tile)) {
        return insert_picture(writing, insert, tile, id, NULL);
    }
    enum kolam_status status =
        kolam_raster_tile(raster, id, writing->plan->base_seq, pixels, &seq, &is_empty);
    return status == KOLAM_OK ? insert_picture(writing, insert, tile, id, pixels) : status;
}

static enum kolam_status write_pictures(struct writing *writing, const struct compact_tiles *tiles,
                                        struct kolam_raster *raster) {
    sqlite3_stmt *insert = NULL;
    uint32_t *pixels = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof *pixels);
    uint64_t done = 0;
    enum kolam_status status =
        pixels ? kolam_sql_prepare(writing->db,
                                   "INSERT INTO base (level, path, ink, below, pixels) "
                                   "VALUES (?, ?, ?, ?, ?)",
                                   &insert)
               : KOLAM_ERR_NOMEM;
    for (int level = COMPACT_LEVELS - 1; level >= 0; level--) {
        const struct compact_level *list = &tiles->levels[level];
        for (size_t i = 0; i < list->count && status == KOLAM_OK; i++) {
            status = write_picture(writing, insert, raster, &list->tiles[i], level, pixels);
            if (status == KOLAM_OK) {
                status =
                    compact_progress(writing->options, KOLAM_COMPACT_DRAW, ++done, tiles->count);
            }
        }
    }
    sqlite3_finalize(insert);
    kolam_free(pixels);
    return status;
}

/* ---- meta ---- */

/* The box and the levels of what the base shows: with its ops gone nothing else tells them. */
static enum kolam_status base_extent(struct writing *writing,
                                     struct kolam_canvas_extent *out_extent) {
    sqlite3_stmt *homes = NULL;
    bool has_row = false;
    enum kolam_status status = kolam_canvas_extent_load_base(writing->old, out_extent);
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(
            writing->old, "SELECT path, level, box FROM home WHERE seq <= ?1 AND kind = 1", &homes);
    }
    if (status == KOLAM_OK) {
        bind_span(writing, homes);
        status = kolam_sql_step(homes, &has_row);
    }
    while (status == KOLAM_OK && has_row) {
        struct kolam_home home;
        const uint8_t *path = sqlite3_column_blob(homes, 0);
        int size = sqlite3_column_bytes(homes, 0);
        if (!path ||
            !kolam_tile_from_key(path, (uint32_t)size, sqlite3_column_int(homes, 1), &home.tile)) {
            status = KOLAM_ERR_CORRUPT;
            break;
        }
        kolam_home_box_unpack(sqlite3_column_int64(homes, 2), &home);
        kolam_canvas_extent_add(out_extent, &home);
        status = kolam_sql_step(homes, &has_row);
    }
    sqlite3_finalize(homes);
    return status;
}

static enum kolam_status set_recent(struct writing *writing, const struct kolam_stroke *stroke) {
    const struct {
        const char *key;
        int64_t value;
    } rows[] = {{"base_recent_level", stroke->origin.level},
                {"base_recent_tile_x", stroke->origin.x},
                {"base_recent_tile_y", stroke->origin.y},
                {"base_recent_x", stroke->points[0].x},
                {"base_recent_y", stroke->points[0].y}};
    enum kolam_status status = KOLAM_OK;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == KOLAM_OK; i++) {
        status = kolam_sql_meta_set(writing->db, rows[i].key, rows[i].value);
    }
    return status;
}

/* Where the newest stroke of the base is; if there is none among these ops, an older base told it and that was copied. */
static enum kolam_status write_recent(struct writing *writing) {
    sqlite3_stmt *newest = NULL;
    bool has_row = false;
    struct kolam_op_room *room = kolam_alloc(sizeof *room);
    enum kolam_status status =
        room ? kolam_sql_prepare(writing->old,
                                 "SELECT body FROM op WHERE kind = 1 AND seq <= ?1 "
                                 "ORDER BY seq DESC LIMIT 1",
                                 &newest)
             : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        bind_span(writing, newest);
        status = kolam_sql_step(newest, &has_row);
    }
    if (status == KOLAM_OK && has_row) {
        struct kolam_op op;
        const uint8_t *body = sqlite3_column_blob(newest, 0);
        size_t size_bytes = (size_t)sqlite3_column_bytes(newest, 0);
        bool is_sound = body && kolam_op_decode(body, size_bytes, room, &op) == KOLAM_OK &&
                        op.kind == KOLAM_OP_STROKE;
        status = is_sound ? set_recent(writing, &op.stroke) : KOLAM_ERR_CORRUPT;
    }
    sqlite3_finalize(newest);
    kolam_free(room);
    return status;
}

static enum kolam_status write_meta(struct writing *writing) {
    const struct kolam_compact_plan *plan = writing->plan;
    struct kolam_canvas_extent extent = {0};
    uint64_t incarnation = writing->options->incarnation;
    if (incarnation == 0) {
        kolam_random_bytes(&incarnation, sizeof incarnation);
    }
    writing->result->incarnation = incarnation;
    const struct {
        const char *key;
        int64_t value;
    } rows[] = {{"incarnation", (int64_t)incarnation},
                {"base_seq", (int64_t)plan->base_seq},
                {"base_time_ms", plan->base_time_ms},
                {"base_raster", KOLAM_INK_VERSION}};
    enum kolam_status status = KOLAM_OK;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == KOLAM_OK; i++) {
        status = kolam_sql_meta_set(writing->db, rows[i].key, rows[i].value);
    }
    if (status == KOLAM_OK) {
        status = base_extent(writing, &extent);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_extent_store_base(writing->db, &extent);
    }
    return status == KOLAM_OK ? write_recent(writing) : status;
}

/* ---- the file ---- */

static enum kolam_status fill(struct writing *writing, const struct compact_tiles *tiles,
                              struct kolam_raster *raster) {
    uint64_t old_base_seq = 0;
    enum kolam_status status = copy_all(writing, kept, sizeof kept / sizeof kept[0]);
    if (status == KOLAM_OK) { /* what was flattened nobody can show */
        status = kolam_canvas_hiders_fill(writing->db);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_base_seq(writing->old, &old_base_seq);
    }
    if (status == KOLAM_OK && old_base_seq > 0) {
        status = copy_all(writing, kept_of_base, sizeof kept_of_base / sizeof kept_of_base[0]);
    }
    if (status == KOLAM_OK) {
        status = write_ids(writing);
    }
    if (status == KOLAM_OK) {
        status = write_meta(writing);
    }
    return status == KOLAM_OK ? write_pictures(writing, tiles, raster) : status;
}

/* In WAL mode from here on, as every canvas, and complete in itself. */
static enum kolam_status build(struct writing *writing, const struct compact_tiles *tiles,
                               struct kolam_raster *raster) {
    const char *path = writing->options->new_path;
    enum kolam_status status =
        kolam_sql_exec(writing->db, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
                                    "PRAGMA cache_size = -16384; BEGIN");
    if (status == KOLAM_OK) {
        status = kolam_schema_migrate(writing->db, &kolam_schema_canvas, 0, path, NULL);
    }
    if (status == KOLAM_OK) {
        status = fill(writing, tiles, raster);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(writing->db, "COMMIT; PRAGMA journal_mode = WAL;");
    }
    return status;
}

enum kolam_status compact_write_file(const struct kolam_compact_options *options,
                                     const struct kolam_compact_plan *plan,
                                     const struct compact_tiles *tiles, struct kolam_raster *raster,
                                     struct kolam_compact_result *result,
                                     struct kolam_error *error) {
    struct writing writing = {.options = options, .plan = plan, .result = result};
    enum kolam_status status = kolam_reader_open(options->path, &writing.old, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_sql_open(options->new_path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            &writing.db, error);
    if (status == KOLAM_OK) {
        writing.codec = kolam_tile_codec_create();
        status = writing.codec ? build(&writing, tiles, raster) : KOLAM_ERR_NOMEM;
        if (status != KOLAM_OK && status != KOLAM_ERR_CLOSED) {
            (void)kolam_fail(error, status, "%s: cannot be written: %s", options->new_path,
                             sqlite3_errcode(writing.db) != SQLITE_OK ? sqlite3_errmsg(writing.db)
                                                                      : kolam_status_text(status));
        }
    }
    sqlite3_close(writing.db);
    sqlite3_close(writing.old);
    kolam_tile_codec_destroy(writing.codec);
    return status;
}
