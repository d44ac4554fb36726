/* Reading a canvas: prepared statements over the tables that docs/storage.md tells of. One thread at a
 * time uses a reader. A visitor may call the reader's other functions, not the one it is called by. */
#include "kolam/reader.h"

#include <string.h>

#include "canvas_index.h"
#include "kolam/alloc.h"
#include "reader_internal.h"
#include "op_sum.h"
#include "reader_open.h"

#define OP_COLUMNS                                                                                 \
    "SELECT op.seq, op.replaces, origin.nonce, op.time_ms, op.artist, op.counter, op.kind, "       \
    "op.is_partial, op.body, op.sum FROM op LEFT JOIN origin ON origin.id = op.origin "

static const char *const statement_texts[READER_STATEMENT_COUNT] = {
    [READER_BEGIN] = "BEGIN",
    [READER_END] = "COMMIT",
    [READER_PIN] = "SELECT 1 FROM meta LIMIT 1",
    [READER_FIND_OP] = OP_COLUMNS "WHERE op.seq = ?",
    [READER_RANGE] = OP_COLUMNS "WHERE op.seq BETWEEN ? AND ? ORDER BY op.seq",
    [READER_NEWEST_STROKE] = "SELECT body FROM op WHERE kind = 1 ORDER BY seq DESC LIMIT 1",
    [READER_NEWEST_TIME] = "SELECT seq, time_ms FROM op ORDER BY seq DESC LIMIT 1",
    [READER_ARTIST_COUNT] =
        "SELECT max(number) FROM artist", /* numbers are given out without gaps */
    [READER_HOMES_AT] =
        "SELECT path, level, seq, target, box, kind FROM home "
        "WHERE path = ?1 AND level = ?2 AND seq <= ?3 AND seq > ?4 ORDER BY seq, target",
    [READER_HOMES_AT_BACKWARDS] = "SELECT path, level, seq, target, box, kind FROM home "
                                  "WHERE path = ?1 AND level = ?2 AND seq <= ?3 "
                                  "ORDER BY seq DESC, target DESC",
    /* The level keeps the tile itself out, and its ancestors, which may share its path. */
    [READER_HOMES_BELOW] = "SELECT path, level, seq, target, box, kind FROM home "
                           "WHERE path >= ?1 AND path < ?4 AND level > ?2 AND seq <= ?3",
    [READER_ALL_HOMES] = "SELECT path, level, seq, kind FROM home ORDER BY path, level",
    [READER_NODES] = "SELECT path, seq FROM node WHERE level = ?2 AND path >= ?1 AND path < ?4",
    [READER_NEWEST_NODE] =
        "SELECT max(seq) FROM node WHERE level = ?2 AND path >= ?1 AND path < ?4",
    [READER_LEVELS] = "SELECT value FROM meta WHERE key = 'levels'",
    [READER_FIND_ARTIST] = "SELECT ident, name FROM artist WHERE number = ?",
    [READER_TIME_OF] = "SELECT time_ms FROM op WHERE seq = ?",
    [READER_ARTIST_OPS] = OP_COLUMNS "WHERE op.artist = ? AND op.seq < ? ORDER BY op.seq DESC",
    [READER_ARTIST_SEQS] =
        "SELECT seq FROM op WHERE artist = ? AND seq BETWEEN ? AND ? ORDER BY seq",
    [READER_RECORDS] = OP_COLUMNS "WHERE op.kind = 4 ORDER BY op.seq",
    [READER_ARTISTS] = "SELECT number, name FROM artist ORDER BY number DESC",
    [READER_ARTIST_OF] = "SELECT number, name FROM artist WHERE ident = ?",
    [READER_ARTIST_SHARE] =
        "SELECT count(*), (SELECT time_ms FROM op WHERE artist = ?1 ORDER BY seq LIMIT 1), "
        "(SELECT time_ms FROM op WHERE artist = ?1 ORDER BY seq DESC LIMIT 1) "
        "FROM op WHERE artist = ?1",
    [READER_BASE_AT] = "SELECT ink, below, pixels IS NULL FROM base WHERE level = ?2 AND path = ?1",
    [READER_BASE_PIXELS] = "SELECT pixels FROM base WHERE level = ?2 AND path = ?1",
    [READER_BASES] = "SELECT path, level, ink, below, pixels IS NULL FROM base "
                     "ORDER BY level DESC, path",
    [READER_BASE_IDS] = "SELECT seq, count FROM base_id ORDER BY seq",
    [READER_BASE_RECORDS] =
        "SELECT seq, 0, 0, time_ms, artist, 0, 4, 0, body, NULL FROM base_record ORDER BY seq",
    [READER_BASE_OF_ARTIST] =
        "SELECT sum(count), min(time_ms) FROM base_id WHERE is_partial = 0 AND "
        "origin IN (SELECT id FROM origin WHERE artist = ?)",
};

enum kolam_status kolam_reader_step_one(sqlite3_stmt *statement) {
    bool has_row = false;
    enum kolam_status status = kolam_sql_step(statement, &has_row);
    return status == KOLAM_OK && !has_row ? KOLAM_ERR_NOT_FOUND : status;
}

/* A file keeps its base as long as it lives: compacting makes another file. */
static enum kolam_status load_base(struct kolam_reader *reader, const char *path,
                                   struct kolam_error *error) {
    int64_t seq = 0;
    enum kolam_status status = kolam_sql_meta_get(reader->db, "base_seq", &seq);
    if (status == KOLAM_ERR_NOT_FOUND) {
        return KOLAM_OK;
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_meta_get(reader->db, "base_time_ms", &reader->base_time_ms);
    }
    if (status == KOLAM_OK && seq < 1) {
        status = KOLAM_ERR_CORRUPT;
    }
    reader->base_seq = (uint64_t)seq;
    return status == KOLAM_OK
               ? KOLAM_OK
               : kolam_fail(error, status, "%s: what it says of its base is damaged", path);
}

enum kolam_status kolam_reader_create(const char *path, struct kolam_reader **out_reader,
                                      struct kolam_error *error) {
    struct kolam_reader *reader = kolam_alloc_zero(1, sizeof *reader);
    if (!reader) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    enum kolam_status status = kolam_reader_open(path, &reader->db, error);
    if (status == KOLAM_OK) {
        status = load_base(reader, path, error);
    }
    int count = reader->base_seq > 0 ? READER_STATEMENT_COUNT : READER_FIRST_OF_BASE;
    for (int i = 0; i < count && status == KOLAM_OK; i++) {
        status = kolam_op_sum_prepare(reader->db, statement_texts[i], &reader->statements[i]);
        if (status != KOLAM_OK) {
            (void)kolam_fail(error, status, "%s: cannot be read: %s", path,
                             sqlite3_errmsg(reader->db));
        }
    }
    if (status != KOLAM_OK) {
        kolam_reader_destroy(reader);
        return status;
    }
    *out_reader = reader;
    return KOLAM_OK;
}

void kolam_reader_destroy(struct kolam_reader *reader) {
    if (!reader) {
        return;
    }
    for (int i = 0; i < READER_STATEMENT_COUNT; i++) {
        sqlite3_finalize(reader->statements[i]);
    }
    sqlite3_finalize(reader->hiders);
    sqlite3_close(reader->db);
    kolam_reader_past_destroy(reader->past);
    kolam_free(reader->body);
    kolam_free(reader->room);
    kolam_reader_base_finish(reader);
    kolam_free(reader);
}

enum kolam_status kolam_reader_begin(struct kolam_reader *reader) {
    if (reader->depth > 0) {
        reader->depth++;
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_sql_run(reader->statements[READER_BEGIN]);
    if (status == KOLAM_OK) {
        /* BEGIN alone pins nothing: the first read does. */
        status = kolam_sql_run(reader->statements[READER_PIN]);
        if (status != KOLAM_OK) {
            kolam_sql_try(reader->statements[READER_END]);
        }
    }
    reader->depth = status == KOLAM_OK;
    return status;
}

void kolam_reader_end(struct kolam_reader *reader) {
    if (reader->depth > 0 && --reader->depth == 0) {
        /* Prepared long ago: to parse it anew takes memory, and without that a moment would be kept for good. */
        kolam_sql_try(reader->statements[READER_END]);
    }
}

/* ---- ops ---- */

/* The body points into SQLite's page and lives until the statement moves on. */
struct kolam_log_row kolam_reader_row_of(sqlite3_stmt *statement) {
    struct kolam_log_row row = {
        .seq = (uint64_t)sqlite3_column_int64(statement, 0),
        .replaces = (uint64_t)sqlite3_column_int64(statement, 1),
        .nonce = (uint64_t)sqlite3_column_int64(statement, 2),
        .time_ms = sqlite3_column_int64(statement, 3),
        .artist = (uint32_t)sqlite3_column_int64(statement, 4),
        .counter = (uint32_t)sqlite3_column_int64(statement, 5),
        .kind = (enum kolam_op_kind)sqlite3_column_int(statement, 6),
        .is_partial = sqlite3_column_int(statement, 7) != 0,
        .body = sqlite3_column_blob(statement, 8),
        .body_size_bytes = (size_t)sqlite3_column_bytes(statement, 8),
    };
    row.is_damaged = sqlite3_column_type(statement, 9) != SQLITE_NULL &&
                     sqlite3_column_int64(statement, 9) != kolam_op_sum(&row);
    return row;
}

/* Copies the body, so that no statement stays open and holds the WAL back. */
static enum kolam_status keep_body(struct kolam_reader *reader, struct kolam_log_row *row) {
    if (row->body_size_bytes > reader->body_capacity) {
        uint8_t *body = kolam_realloc_array(reader->body, row->body_size_bytes, 1);
        if (!body) {
            return KOLAM_ERR_NOMEM;
        }
        reader->body = body;
        reader->body_capacity = row->body_size_bytes;
    }
    if (row->body_size_bytes > 0) {
        memcpy(reader->body, row->body, row->body_size_bytes);
    }
    row->body = reader->body;
    return KOLAM_OK;
}

enum kolam_status kolam_reader_op(struct kolam_reader *reader, uint64_t seq,
                                  struct kolam_log_row *out_row) {
    sqlite3_stmt *find = reader->statements[READER_FIND_OP];
    (void)sqlite3_bind_int64(find, 1, kolam_reader_clamp_seq(seq));
    enum kolam_status status = kolam_reader_step_one(find);
    if (status == KOLAM_OK) {
        struct kolam_log_row row = kolam_reader_row_of(find);
        status = keep_body(reader, &row);
        if (status == KOLAM_OK) {
            *out_row = row;
        }
    }
    (void)sqlite3_reset(find);
    return status;
}

enum kolam_status kolam_reader_visit_ops(sqlite3_stmt *statement, kolam_log_visit *visit,
                                         void *ctx) {
    bool goes_on = true;
    enum kolam_status status = kolam_sql_step(statement, &goes_on);
    while (status == KOLAM_OK && goes_on) {
        struct kolam_log_row row = kolam_reader_row_of(statement);
        if (!visit(ctx, &row)) {
            break;
        }
        status = kolam_sql_step(statement, &goes_on);
    }
    (void)sqlite3_reset(statement);
    return status;
}

enum kolam_status kolam_reader_range(struct kolam_reader *reader, uint64_t from_seq,
                                     uint64_t to_seq, kolam_log_visit *visit, void *ctx) {
    sqlite3_stmt *range = reader->statements[READER_RANGE];
    (void)sqlite3_bind_int64(range, 1, kolam_reader_clamp_seq(from_seq));
    (void)sqlite3_bind_int64(range, 2, kolam_reader_clamp_seq(to_seq));
    return kolam_reader_visit_ops(range, visit, ctx);
}

/* ---- the canvas as a whole ---- */

static enum kolam_status read_newest(struct kolam_reader *reader, struct kolam_canvas_info *info) {
    sqlite3_stmt *newest = reader->statements[READER_NEWEST_TIME];
    enum kolam_status status = kolam_reader_step_one(newest);
    if (status == KOLAM_OK) {
        info->last_seq = (uint64_t)sqlite3_column_int64(newest, 0);
        info->last_time_ms = sqlite3_column_int64(newest, 1);
    } else if (status == KOLAM_ERR_NOT_FOUND) {
        info->last_seq = reader->base_seq;
        info->last_time_ms = reader->base_time_ms;
    }
    (void)sqlite3_reset(newest);
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

enum kolam_status kolam_reader_want_room(struct kolam_reader *reader) {
    if (!reader->room) {
        reader->room = kolam_alloc(sizeof *reader->room);
    }
    return reader->room ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

static enum kolam_status decode_recent(struct kolam_reader *reader, sqlite3_stmt *stroke,
                                       struct kolam_canvas_info *info) {
    struct kolam_op op;
    const uint8_t *body = sqlite3_column_blob(stroke, 0);
    size_t size_bytes = (size_t)sqlite3_column_bytes(stroke, 0);
    enum kolam_status status = kolam_reader_want_room(reader);
    if (status != KOLAM_OK) {
        return status;
    }
    if (!body || kolam_op_decode(body, size_bytes, reader->room, &op) != KOLAM_OK ||
        op.kind != KOLAM_OP_STROKE) {
        return KOLAM_ERR_CORRUPT;
    }
    info->has_recent = true;
    info->recent_tile = op.stroke.origin;
    info->recent_x = op.stroke.points[0].x;
    info->recent_y = op.stroke.points[0].y;
    return KOLAM_OK;
}

/* Where the newest stroke was that is part of the base: what "home" shows of a wall that nobody drew on since. */
static enum kolam_status recent_of_base(struct kolam_reader *reader,
                                        struct kolam_canvas_info *info) {
    static const char *const keys[5] = {"base_recent_level", "base_recent_tile_x",
                                        "base_recent_tile_y", "base_recent_x", "base_recent_y"};
    int64_t values[5] = {0};
    enum kolam_status status = reader->base_seq > 0 ? KOLAM_OK : KOLAM_ERR_NOT_FOUND;
    for (int i = 0; i < 5 && status == KOLAM_OK; i++) {
        status = kolam_sql_meta_get(reader->db, keys[i], &values[i]);
    }
    if (status != KOLAM_OK) {
        return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
    }
    info->has_recent = true;
    info->recent_tile = (struct kolam_tile_id){values[1], values[2], (int32_t)values[0]};
    info->recent_x = (int32_t)values[3];
    info->recent_y = (int32_t)values[4];
    return kolam_tile_is_valid(info->recent_tile) ? KOLAM_OK : KOLAM_ERR_CORRUPT;
}

static enum kolam_status read_recent(struct kolam_reader *reader, struct kolam_canvas_info *info) {
    sqlite3_stmt *stroke = reader->statements[READER_NEWEST_STROKE];
    enum kolam_status status = kolam_reader_step_one(stroke);
    if (status == KOLAM_OK) {
        status = decode_recent(reader, stroke, info);
    }
    (void)sqlite3_reset(stroke);
    return status == KOLAM_ERR_NOT_FOUND ? recent_of_base(reader, info) : status;
}

static enum kolam_status read_artist_count(struct kolam_reader *reader,
                                           struct kolam_canvas_info *info) {
    sqlite3_stmt *count = reader->statements[READER_ARTIST_COUNT];
    enum kolam_status status = kolam_reader_step_one(count);
    if (status == KOLAM_OK) {
        info->artist_count = (uint64_t)sqlite3_column_int64(count, 0);
    }
    (void)sqlite3_reset(count);
    return status;
}

static enum kolam_status read_meta(struct kolam_reader *reader, struct kolam_canvas_info *info) {
    struct kolam_canvas_extent extent;
    int64_t incarnation = 0;
    enum kolam_status status = kolam_sql_meta_get(reader->db, "incarnation", &incarnation);
    if (status == KOLAM_OK) {
        status = kolam_sql_meta_get(reader->db, "created_ms", &info->created_ms);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_extent_load(reader->db, &extent);
    }
    if (status == KOLAM_OK) {
        info->incarnation = (uint64_t)incarnation;
        info->base_seq = reader->base_seq;
        info->base_time_ms = reader->base_time_ms;
        info->has_box = extent.has_box;
        info->box_x0 = extent.x0, info->box_y0 = extent.y0;
        info->box_x1 = extent.x1, info->box_y1 = extent.y1;
    }
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_ERR_CORRUPT : status;
}

enum kolam_status kolam_reader_info(struct kolam_reader *reader,
                                    struct kolam_canvas_info *out_info) {
    struct kolam_canvas_info info = {0};
    enum kolam_status status = kolam_reader_begin(reader);
    if (status != KOLAM_OK) {
        return status;
    }
    status = read_meta(reader, &info);
    if (status == KOLAM_OK) {
        status = read_newest(reader, &info);
    }
    if (status == KOLAM_OK) {
        status = read_recent(reader, &info);
    }
    if (status == KOLAM_OK) {
        status = read_artist_count(reader, &info);
    }
    kolam_reader_end(reader);
    if (status == KOLAM_OK) {
        *out_info = info;
    }
    return status;
}

static enum kolam_status author_of(sqlite3_stmt *statement, struct kolam_author *author) {
    const uint8_t *ident = sqlite3_column_blob(statement, 0);
    const char *name = (const char *)sqlite3_column_text(statement, 1);
    if (!ident || !name || sqlite3_column_bytes(statement, 0) != KOLAM_IDENT_BYTES ||
        strlen(name) > KOLAM_NAME_BYTES_MAX) {
        return KOLAM_ERR_CORRUPT;
    }
    memcpy(author->ident, ident, KOLAM_IDENT_BYTES);
    (void)strcpy(author->name, name);
    return KOLAM_OK;
}

enum kolam_status kolam_reader_artist(struct kolam_reader *reader, uint32_t artist,
                                      struct kolam_author *out_author) {
    sqlite3_stmt *find = reader->statements[READER_FIND_ARTIST];
    (void)sqlite3_bind_int64(find, 1, artist);
    enum kolam_status status = kolam_reader_step_one(find);
    if (status == KOLAM_OK) {
        status = author_of(find, out_author);
    }
    (void)sqlite3_reset(find);
    return status;
}

enum kolam_status kolam_reader_integrity(struct kolam_reader *reader,
                                         void (*report)(void *ctx, const char *problem),
                                         void *ctx) {
    sqlite3_stmt *check = NULL;
    bool has_row = true;
    enum kolam_status status = kolam_sql_prepare(reader->db, "PRAGMA integrity_check", &check);
    while (status == KOLAM_OK && has_row) {
        status = kolam_sql_step(check, &has_row);
        const char *line = has_row ? (const char *)sqlite3_column_text(check, 0) : NULL;
        if (status == KOLAM_OK && line && strcmp(line, "ok") != 0) {
            report(ctx, line);
        }
    }
    sqlite3_finalize(check);
    return status;
}
