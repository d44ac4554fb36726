/* Reading a canvas: prepared statements over the tables that docs/storage.md tells of. One thread at a
 * time uses a reader. A visitor may call the reader's other functions, not the one it is called by. */
#include "kolam/reader.h"

#include <string.h>

#include "canvas_index.h"
#include "kolam/alloc.h"
#include "reader_open.h"

#define OP_COLUMNS                                                                                  \
    "SELECT op.seq, op.replaces, origin.nonce, op.time_ms, op.artist, op.counter, op.kind, "      \
    "op.is_partial, op.body FROM op LEFT JOIN origin ON origin.id = op.origin "

enum statement {
    PIN,
    FIND_OP,
    RANGE,
    NEWEST_STROKE,
    NEWEST_TIME,
    ARTIST_COUNT,
    HOMES_AT,
    HOMES_AT_BACKWARDS,
    HOMES_BELOW,
    NEWEST_NODE,
    LEVELS,
    FIND_ARTIST,
    STATEMENT_COUNT
};

static const char *const statement_texts[STATEMENT_COUNT] = {
    [PIN] = "SELECT 1 FROM meta LIMIT 1",
    [FIND_OP] = OP_COLUMNS "WHERE op.seq = ?",
    [RANGE] = OP_COLUMNS "WHERE op.seq BETWEEN ? AND ? ORDER BY op.seq",
    [NEWEST_STROKE] = "SELECT body FROM op WHERE kind = 1 ORDER BY seq DESC LIMIT 1",
    [NEWEST_TIME] = "SELECT seq, time_ms FROM op ORDER BY seq DESC LIMIT 1",
    [ARTIST_COUNT] = "SELECT max(number) FROM artist", /* numbers are given out without gaps */
    [HOMES_AT] = "SELECT path, level, seq, target, box, kind FROM home "
                 "WHERE path = ?1 AND level = ?2 AND seq <= ?3 AND seq > ?4 ORDER BY seq, target",
    [HOMES_AT_BACKWARDS] = "SELECT path, level, seq, target, box, kind FROM home "
                           "WHERE path = ?1 AND level = ?2 AND seq <= ?3 "
                           "ORDER BY seq DESC, target DESC",
    /* The level keeps the tile itself out, and its ancestors, which may share its path. */
    [HOMES_BELOW] = "SELECT path, level, seq, target, box, kind FROM home "
                    "WHERE path >= ?1 AND path < ?4 AND level > ?2 AND seq <= ?3",
    [NEWEST_NODE] = "SELECT max(seq) FROM node WHERE level = ?2 AND path >= ?1 AND path < ?4",
    [LEVELS] = "SELECT value FROM meta WHERE key = 'levels'",
    [FIND_ARTIST] = "SELECT ident, name FROM artist WHERE number = ?",
};

struct kolam_reader {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    uint32_t depth;             /* of begin */
    uint8_t *body;              /* of the op that kolam_reader_op gave last */
    size_t body_capacity;
    struct kolam_op_room *room; /* made when a stroke is first decoded */
};

/* SQLite's integers are signed: what lies beyond is no seq of any op. */
static int64_t clamp_seq(uint64_t seq) {
    return seq > INT64_MAX ? INT64_MAX : (int64_t)seq;
}

/* Steps a statement that gives at most one row; NOT_FOUND when it gives none. The caller resets. */
static enum kolam_status step_one(sqlite3_stmt *statement) {
    bool has_row = false;
    enum kolam_status status = kolam_sql_step(statement, &has_row);
    return status == KOLAM_OK && !has_row ? KOLAM_ERR_NOT_FOUND : status;
}

enum kolam_status kolam_reader_create(const char *path, struct kolam_reader **out_reader,
                                      struct kolam_error *error) {
    struct kolam_reader *reader = kolam_alloc_zero(1, sizeof *reader);
    if (!reader) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    enum kolam_status status = kolam_reader_open(path, &reader->db, error);
    for (int i = 0; i < STATEMENT_COUNT && status == KOLAM_OK; i++) {
        status = kolam_sql_prepare(reader->db, statement_texts[i], &reader->statements[i]);
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
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(reader->statements[i]);
    }
    sqlite3_close(reader->db);
    kolam_free(reader->body);
    kolam_free(reader->room);
    kolam_free(reader);
}

enum kolam_status kolam_reader_begin(struct kolam_reader *reader) {
    if (reader->depth > 0) {
        reader->depth++;
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_sql_exec(reader->db, "BEGIN");
    if (status == KOLAM_OK) {
        /* BEGIN alone pins nothing: the first read does. */
        status = kolam_sql_run(reader->statements[PIN]);
        if (status != KOLAM_OK) {
            (void)sqlite3_exec(reader->db, "ROLLBACK", NULL, NULL, NULL);
        }
    }
    reader->depth = status == KOLAM_OK;
    return status;
}

void kolam_reader_end(struct kolam_reader *reader) {
    if (reader->depth > 0 && --reader->depth == 0) {
        (void)sqlite3_exec(reader->db, "COMMIT", NULL, NULL, NULL);
    }
}

/* ---- ops ---- */

/* The body points into SQLite's page and lives until the statement moves on. */
static void row_of(sqlite3_stmt *statement, struct kolam_log_row *row) {
    *row = (struct kolam_log_row){
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
    sqlite3_stmt *find = reader->statements[FIND_OP];
    (void)sqlite3_bind_int64(find, 1, clamp_seq(seq));
    enum kolam_status status = step_one(find);
    if (status == KOLAM_OK) {
        struct kolam_log_row row;
        row_of(find, &row);
        status = keep_body(reader, &row);
        if (status == KOLAM_OK) {
            *out_row = row;
        }
    }
    (void)sqlite3_reset(find);
    return status;
}

enum kolam_status kolam_reader_range(struct kolam_reader *reader, uint64_t from_seq, uint64_t to_seq,
                                     kolam_log_visit *visit, void *ctx) {
    sqlite3_stmt *range = reader->statements[RANGE];
    (void)sqlite3_bind_int64(range, 1, clamp_seq(from_seq));
    (void)sqlite3_bind_int64(range, 2, clamp_seq(to_seq));
    bool goes_on = true;
    enum kolam_status status = kolam_sql_step(range, &goes_on);
    while (status == KOLAM_OK && goes_on) {
        struct kolam_log_row row;
        row_of(range, &row);
        if (!visit(ctx, &row)) {
            break;
        }
        status = kolam_sql_step(range, &goes_on);
    }
    (void)sqlite3_reset(range);
    return status;
}

/* ---- the index ---- */

static enum kolam_status home_of(sqlite3_stmt *statement, struct kolam_home_row *row) {
    const uint8_t *path = sqlite3_column_blob(statement, 0);
    int path_size = sqlite3_column_bytes(statement, 0);
    int32_t level = sqlite3_column_int(statement, 1);
    if (!path || !kolam_tile_from_key(path, (uint32_t)path_size, level, &row->home.tile)) {
        return KOLAM_ERR_CORRUPT;
    }
    row->seq = (uint64_t)sqlite3_column_int64(statement, 2);
    row->target = (uint64_t)sqlite3_column_int64(statement, 3);
    row->kind = (enum kolam_op_kind)sqlite3_column_int(statement, 5);
    kolam_home_box_unpack(sqlite3_column_int64(statement, 4), &row->home);
    return KOLAM_OK;
}

static enum kolam_status visit_homes(sqlite3_stmt *statement, kolam_home_visit *visit, void *ctx) {
    bool goes_on = true;
    enum kolam_status status = kolam_sql_step(statement, &goes_on);
    while (status == KOLAM_OK && goes_on) {
        struct kolam_home_row row;
        status = home_of(statement, &row);
        if (status != KOLAM_OK || !visit(ctx, &row)) {
            break;
        }
        status = kolam_sql_step(statement, &goes_on);
    }
    (void)sqlite3_reset(statement);
    return status;
}

/* The statement's ?3 is max_seq; `key` is borrowed while it runs. */
static enum kolam_status visit_at(sqlite3_stmt *at, struct kolam_tile_id tile, uint64_t max_seq,
                                  kolam_home_visit *visit, void *ctx) {
    struct kolam_tile_key key = kolam_tile_key(tile);
    (void)sqlite3_bind_int(at, 2, tile.level);
    (void)sqlite3_bind_int64(at, 3, clamp_seq(max_seq));
    enum kolam_status status = kolam_sql_bind_blob(at, 1, key.bytes, key.size);
    return status == KOLAM_OK ? visit_homes(at, visit, ctx) : status;
}

enum kolam_status kolam_reader_homes_at(struct kolam_reader *reader, struct kolam_tile_id tile,
                                        uint64_t after_seq, uint64_t max_seq, kolam_home_visit *visit,
                                        void *ctx) {
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    sqlite3_stmt *at = reader->statements[HOMES_AT];
    (void)sqlite3_bind_int64(at, 4, clamp_seq(after_seq));
    return visit_at(at, tile, max_seq, visit, ctx);
}

enum kolam_status kolam_reader_homes_at_backwards(struct kolam_reader *reader,
                                                  struct kolam_tile_id tile, uint64_t max_seq,
                                                  kolam_home_visit *visit, void *ctx) {
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    return visit_at(reader->statements[HOMES_AT_BACKWARDS], tile, max_seq, visit, ctx);
}

/* Binds ?1 <= path < ?4; the two keys are borrowed until the statement is reset. */
static enum kolam_status bind_subtree(sqlite3_stmt *statement, const struct kolam_tile_key *first,
                                      const struct kolam_tile_key *end) {
    /* Longer than any key and made of the greatest bytes: after all of them. */
    static const uint8_t after_all[KOLAM_TILE_KEY_MAX + 1] = {255, 255, 255, 255, 255, 255, 255,
                                                             255, 255, 255, 255, 255, 255, 255};
    enum kolam_status status = kolam_sql_bind_blob(statement, 1, first->bytes, first->size);
    if (status != KOLAM_OK) {
        return status;
    }
    return end->size > 0 ? kolam_sql_bind_blob(statement, 4, end->bytes, end->size)
                         : kolam_sql_bind_blob(statement, 4, after_all, sizeof after_all);
}

enum kolam_status kolam_reader_homes_below(struct kolam_reader *reader, struct kolam_tile_id tile,
                                           uint64_t max_seq, kolam_home_visit *visit, void *ctx) {
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    sqlite3_stmt *below = reader->statements[HOMES_BELOW];
    struct kolam_tile_key key = kolam_tile_key(tile);
    struct kolam_tile_key end = kolam_tile_key_end(tile);
    (void)sqlite3_bind_int(below, 2, tile.level);
    (void)sqlite3_bind_int64(below, 3, clamp_seq(max_seq));
    enum kolam_status status = bind_subtree(below, &key, &end);
    return status == KOLAM_OK ? visit_homes(below, visit, ctx) : status;
}

enum kolam_status kolam_reader_newest(struct kolam_reader *reader, struct kolam_tile_id tile,
                                      uint64_t *out_seq) {
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    sqlite3_stmt *newest = reader->statements[NEWEST_NODE];
    struct kolam_tile_key key = kolam_tile_key(tile);
    struct kolam_tile_key end = kolam_tile_key_end(tile);
    int64_t seq = 0;
    enum kolam_status status = bind_subtree(newest, &key, &end);
    for (int32_t level = tile.level; status == KOLAM_OK; level++) {
        (void)sqlite3_bind_int(newest, 2, level);
        status = step_one(newest); /* max() of nothing is a row too: NULL, read as 0 */
        if (status == KOLAM_OK) {
            int64_t at_level = sqlite3_column_int64(newest, 0);
            seq = at_level > seq ? at_level : seq;
        }
        (void)sqlite3_reset(newest);
        if (level % KOLAM_NODE_LEVEL_STEP == 0) {
            break; /* such a level's nodes speak for all that is below them */
        }
    }
    if (status == KOLAM_OK) {
        *out_seq = (uint64_t)seq;
    }
    return status;
}

enum kolam_status kolam_reader_levels(struct kolam_reader *reader, uint64_t *out_level_bits) {
    sqlite3_stmt *levels = reader->statements[LEVELS];
    enum kolam_status status = step_one(levels);
    if (status == KOLAM_OK) {
        *out_level_bits = (uint64_t)sqlite3_column_int64(levels, 0);
    } else if (status == KOLAM_ERR_NOT_FOUND) {
        *out_level_bits = 0;
        status = KOLAM_OK;
    }
    (void)sqlite3_reset(levels);
    return status;
}

/* ---- the canvas as a whole ---- */

static enum kolam_status read_newest(struct kolam_reader *reader, struct kolam_canvas_info *info) {
    sqlite3_stmt *newest = reader->statements[NEWEST_TIME];
    enum kolam_status status = step_one(newest);
    if (status == KOLAM_OK) {
        info->last_seq = (uint64_t)sqlite3_column_int64(newest, 0);
        info->last_time_ms = sqlite3_column_int64(newest, 1);
    }
    (void)sqlite3_reset(newest);
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

static enum kolam_status decode_recent(struct kolam_reader *reader, sqlite3_stmt *stroke,
                                       struct kolam_canvas_info *info) {
    struct kolam_op op;
    const uint8_t *body = sqlite3_column_blob(stroke, 0);
    size_t size_bytes = (size_t)sqlite3_column_bytes(stroke, 0);
    if (!reader->room) {
        reader->room = kolam_alloc(sizeof *reader->room);
        if (!reader->room) {
            return KOLAM_ERR_NOMEM;
        }
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

static enum kolam_status read_recent(struct kolam_reader *reader, struct kolam_canvas_info *info) {
    sqlite3_stmt *stroke = reader->statements[NEWEST_STROKE];
    enum kolam_status status = step_one(stroke);
    if (status == KOLAM_OK) {
        status = decode_recent(reader, stroke, info);
    }
    (void)sqlite3_reset(stroke);
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

static enum kolam_status read_artist_count(struct kolam_reader *reader,
                                           struct kolam_canvas_info *info) {
    sqlite3_stmt *count = reader->statements[ARTIST_COUNT];
    enum kolam_status status = step_one(count);
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
        info->has_box = extent.has_box;
        info->box_x0 = extent.x0, info->box_y0 = extent.y0;
        info->box_x1 = extent.x1, info->box_y1 = extent.y1;
    }
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_ERR_CORRUPT : status;
}

enum kolam_status kolam_reader_info(struct kolam_reader *reader, struct kolam_canvas_info *out_info) {
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
    sqlite3_stmt *find = reader->statements[FIND_ARTIST];
    (void)sqlite3_bind_int64(find, 1, artist);
    enum kolam_status status = step_one(find);
    if (status == KOLAM_OK) {
        status = author_of(find, out_author);
    }
    (void)sqlite3_reset(find);
    return status;
}

enum kolam_status kolam_reader_integrity(struct kolam_reader *reader,
                                         void (*report)(void *ctx, const char *problem), void *ctx) {
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
