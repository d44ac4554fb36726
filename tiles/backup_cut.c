/* A canvas as it was at one of its moments, as a file of its own: where a moment may be cut, and the cutting. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "canvas_index.h"
#include "kolam/alloc.h"
#include "kolam/backup.h"
#include "kolam/identity.h"
#include "sql.h"

/* No submission reaches farther back from an op than this. */
#define REACH (KOLAM_EDIT_OPS_MAX + KOLAM_GROUP_PARTS_MAX)

/* The ops that are one with this one: of a group all parts, of an edit all that follows its hide. */
static void unit_of(const struct kolam_log_row *row, struct kolam_op_room *room,
                    uint64_t *out_first, uint64_t *out_last) {
    struct kolam_op op;
    *out_first = *out_last = row->seq;
    if (kolam_op_decode(row->body, row->body_size_bytes, room, &op) != KOLAM_OK) {
        return;
    }
    if (op.kind == KOLAM_OP_STROKE && op.stroke.part_count > 1 && op.stroke.part < row->seq) {
        *out_first = row->seq - op.stroke.part;
        *out_last = *out_first + op.stroke.part_count - 1;
    } else if (op.kind == KOLAM_OP_HIDE) {
        *out_last = row->seq + op.follow_count;
    }
}

/* Moves *cut before the first unit that it would cut in two; false if there is none. */
static enum kolam_status move_back(struct kolam_reader *reader, struct kolam_op_room *room,
                                   uint64_t base_seq, uint64_t *cut, bool *out_has_moved) {
    enum kolam_status status = KOLAM_OK;
    *out_has_moved = false;
    for (uint64_t seq = *cut; seq > base_seq && seq + REACH > *cut; seq--) {
        struct kolam_log_row row;
        uint64_t first, last;
        status = kolam_reader_op(reader, seq, &row);
        if (status != KOLAM_OK) {
            return status;
        }
        unit_of(&row, room, &first, &last);
        if (last > *cut && first > base_seq) {
            *cut = first - 1;
            *out_has_moved = true;
            return KOLAM_OK;
        }
    }
    return status;
}

enum kolam_status kolam_backup_whole(struct kolam_reader *reader, uint64_t seq, uint64_t *out_seq) {
    struct kolam_op_room *room = kolam_alloc(sizeof *room);
    struct kolam_canvas_info info;
    bool has_moved = true;
    enum kolam_status status = room ? kolam_reader_info(reader, &info) : KOLAM_ERR_NOMEM;
    while (status == KOLAM_OK && has_moved && seq < info.last_seq) {
        status = move_back(reader, room, info.base_seq, &seq, &has_moved);
    }
    kolam_free(room);
    if (status == KOLAM_OK) {
        *out_seq = seq;
    }
    return status;
}

static enum kolam_status delete_after(sqlite3 *db, uint64_t seq) {
    sqlite3_stmt *statement = NULL;
    enum kolam_status status = kolam_sql_prepare(db, "DELETE FROM op WHERE seq > ?", &statement);
    if (status == KOLAM_OK) {
        (void)sqlite3_bind_int64(statement, 1, (int64_t)seq);
        status = kolam_sql_run(statement);
    }
    sqlite3_finalize(statement);
    return status;
}

static enum kolam_status index_anew(sqlite3 *db) {
    struct kolam_canvas_extent extent;
    enum kolam_status status = kolam_sql_exec(db, KOLAM_CANVAS_INDEX_EMPTY);
    if (status == KOLAM_OK) {
        status = kolam_canvas_extent_load_base(db, &extent);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_index_ops(db, 0, &extent);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(db, "DELETE FROM meta WHERE key IN ('levels', 'box_x0', 'box_y0', "
                                    "'box_x1', 'box_y1')");
    }
    return status == KOLAM_OK ? kolam_canvas_extent_store(db, &extent) : status;
}

static enum kolam_status cut(sqlite3 *db, const char *path, uint32_t version, uint64_t seq,
                             uint64_t incarnation) {
    int64_t last_seq = 0;
    enum kolam_status status = kolam_sql_exec(db, "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    if (status == KOLAM_OK) { /* the index is made by the present rules, for the present tables */
        status = kolam_schema_migrate(db, &kolam_schema_canvas, version, path, NULL);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_int64(db, "SELECT ifnull(max(seq), 0) FROM op", &last_seq);
    }
    const bool is_shorter = (uint64_t)last_seq > seq;
    if (status == KOLAM_OK && is_shorter) {
        status = delete_after(db, seq);
        status = status == KOLAM_OK ? index_anew(db) : status;
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_meta_set(db, "incarnation", (int64_t)incarnation);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(db, "COMMIT");
    }
    if (status == KOLAM_OK && is_shorter) {
        status = kolam_sql_exec(db, "VACUUM"); /* what is gone is gone */
    }
    return status == KOLAM_OK ? kolam_sql_exec(db, "PRAGMA journal_mode = WAL") : status;
}

enum kolam_status kolam_backup_cut(const char *path, uint64_t seq, uint64_t incarnation,
                                   struct kolam_error *error) {
    sqlite3 *db = NULL;
    uint32_t version = 0;
    if (incarnation == 0) {
        kolam_random_bytes(&incarnation, sizeof incarnation);
    }
    enum kolam_status status = kolam_sql_open(path, SQLITE_OPEN_READWRITE, &db, error);
    if (status == KOLAM_OK) {
        status = kolam_schema_check(db, &kolam_schema_canvas, path, &version, error);
        if (status == KOLAM_OK) {
            status = cut(db, path, version, seq, incarnation);
            if (status != KOLAM_OK) {
                (void)kolam_fail(error, status, "%s: cannot be cut: %s", path, sqlite3_errmsg(db));
            }
        }
    }
    sqlite3_close(db);
    return status == KOLAM_OK ? kolam_backup_sync(path, error) : status;
}

enum kolam_status kolam_backup_settle(const char *path, struct kolam_error *error) {
    sqlite3 *db = NULL;
    sqlite3_stmt *mode = NULL;
    bool has_row = false;
    enum kolam_status status = kolam_sql_open(path, SQLITE_OPEN_READWRITE, &db, error);
    if (status != KOLAM_OK) {
        return status;
    }
    /* SQLite leaves WAL mode only when nobody else has the file open. */
    status = kolam_sql_prepare(db, "PRAGMA journal_mode = DELETE", &mode);
    if (status == KOLAM_OK) {
        status = kolam_sql_step(mode, &has_row);
    }
    const char *text = has_row ? (const char *)sqlite3_column_text(mode, 0) : NULL;
    const bool is_settled = text && strcmp(text, "delete") == 0;
    sqlite3_finalize(mode);
    if (status == KOLAM_ERR_BUSY || (status == KOLAM_OK && !is_settled)) {
        status =
            kolam_fail(error, KOLAM_ERR_BUSY, "%s: somebody has it open: close that first", path);
    } else if (status != KOLAM_OK) {
        (void)kolam_fail(error, status, "%s: cannot be closed cleanly: %s", path,
                         sqlite3_errmsg(db));
    }
    sqlite3_close(db);
    return status == KOLAM_OK ? kolam_backup_sync(path, error) : status;
}
