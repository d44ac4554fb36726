/* Makes the home index and the extent of a canvas anew from its ops (and from what its base says of those before): what `kolam check --repair` does
 * when they contradict the log. One transaction, so that it is done or as before. */
#include <string.h>

#include "canvas_index.h"
#include "kolam/alloc.h"
#include "kolam/reader.h"
#include "reader_open.h"

struct rebuild {
    sqlite3 *db;
    sqlite3_stmt *each_op;
    struct kolam_canvas_index index;
    struct kolam_canvas_extent extent;
};

static enum kolam_status index_stroke(struct rebuild *rebuild, uint64_t seq, const uint8_t *body,
                                      size_t size_bytes) {
    struct kolam_canvas_index *index = &rebuild->index;
    struct kolam_op op;
    uint32_t count = 0;
    const enum kolam_status decoded = kolam_canvas_index_decode(index, body, size_bytes, &op);
    if (decoded == KOLAM_ERR_NOMEM) {
        return decoded;
    }
    if (decoded != KOLAM_OK || op.kind != KOLAM_OP_STROKE ||
        kolam_stroke_homes(&op.stroke, index->homes, &count) != KOLAM_OK) {
        return KOLAM_ERR_CORRUPT;
    }
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < count && status == KOLAM_OK; i++) {
        kolam_canvas_extent_add(&rebuild->extent, &index->homes[i]);
        status = kolam_canvas_index_insert(index, seq, KOLAM_OP_STROKE, 0, &index->homes[i]);
    }
    return status;
}

/* The row that each_op stands on: seq, kind, replaces, body, artist. */
static enum kolam_status index_row(struct rebuild *rebuild) {
    struct kolam_canvas_index *index = &rebuild->index;
    uint64_t seq = (uint64_t)sqlite3_column_int64(rebuild->each_op, 0);
    int kind = sqlite3_column_int(rebuild->each_op, 1);
    uint64_t replaces = (uint64_t)sqlite3_column_int64(rebuild->each_op, 2);
    const uint8_t *body = sqlite3_column_blob(rebuild->each_op, 3);
    size_t size_bytes = (size_t)sqlite3_column_bytes(rebuild->each_op, 3);
    if (!body) {
        return KOLAM_ERR_CORRUPT;
    }
    enum kolam_status status = KOLAM_OK;
    kolam_canvas_index_clear_changes(index);
    if (kind == KOLAM_OP_STROKE) {
        status = index_stroke(rebuild, seq, body, size_bytes);
        if (status == KOLAM_OK && replaces != 0) {
            status = kolam_canvas_index_change(index, replaces, NULL);
        }
    } else if (kind == KOLAM_OP_HIDE || kind == KOLAM_OP_SHOW) {
        status = kolam_canvas_index_change_all(index, body, size_bytes, NULL);
    }
    if (status == KOLAM_ERR_NOT_FOUND || status == KOLAM_ERR_INVALID || status == KOLAM_ERR_GONE) {
        return KOLAM_ERR_CORRUPT; /* it was checked when it was committed */
    }
    if (status != KOLAM_OK) {
        return status;
    }
    enum kolam_op_kind change = kind == KOLAM_OP_SHOW ? KOLAM_OP_SHOW : KOLAM_OP_HIDE;
    return kolam_canvas_index_insert_changes(
        index, seq, change, sqlite3_column_int64(rebuild->each_op, 4), 0, index->change_count);
}

/* The row that each_op stands on cannot be indexed: which one is told by it. */
static enum kolam_status index_rows(struct rebuild *rebuild) {
    bool has_row = false;
    enum kolam_status status = kolam_sql_step(rebuild->each_op, &has_row);
    while (status == KOLAM_OK && has_row) {
        status = index_row(rebuild);
        if (status == KOLAM_OK) {
            status = kolam_sql_step(rebuild->each_op, &has_row);
        }
    }
    return status == KOLAM_OK ? kolam_canvas_nodes_flush(&rebuild->index.nodes) : status;
}

static enum kolam_status start(struct rebuild *rebuild, uint64_t after_seq) {
    enum kolam_status status = kolam_canvas_index_init(&rebuild->index, rebuild->db);
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(rebuild->db,
                                   "SELECT seq, kind, replaces, body, artist FROM op WHERE seq > ? "
                                   "ORDER BY seq",
                                   &rebuild->each_op);
    }
    if (status == KOLAM_OK) {
        (void)sqlite3_bind_int64(rebuild->each_op, 1, (int64_t)after_seq);
    }
    return status;
}

static void finish(struct rebuild *rebuild) {
    sqlite3_finalize(rebuild->each_op);
    kolam_canvas_index_finish(&rebuild->index);
    kolam_free(rebuild);
}

enum kolam_status kolam_canvas_index_ops(sqlite3 *db, uint64_t after_seq,
                                         struct kolam_canvas_extent *extent) {
    struct rebuild *rebuild = kolam_alloc_zero(1, sizeof *rebuild);
    if (!rebuild) {
        return KOLAM_ERR_NOMEM;
    }
    rebuild->db = db;
    rebuild->extent = *extent;
    enum kolam_status status = start(rebuild, after_seq);
    if (status == KOLAM_OK) {
        status = index_rows(rebuild);
    }
    *extent = rebuild->extent;
    finish(rebuild);
    return status;
}

static enum kolam_status index_all(struct rebuild *rebuild, const char *path,
                                   struct kolam_error *error) {
    enum kolam_status status = kolam_sql_exec(rebuild->db, KOLAM_CANVAS_INDEX_EMPTY);
    if (status == KOLAM_OK) {
        status = index_rows(rebuild);
    }
    if (status == KOLAM_ERR_CORRUPT) {
        return kolam_fail(error, status, "%s: op %lld cannot be indexed: its body is damaged", path,
                          (long long)sqlite3_column_int64(rebuild->each_op, 0));
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_extent_store(rebuild->db, &rebuild->extent);
    }
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(error, status, "%s: index not rebuilt: %s", path,
                                           sqlite3_errmsg(rebuild->db));
}

/* Everything happens in one transaction, also that an older file is brought up to date. */
static enum kolam_status begin(struct rebuild *rebuild, const char *path,
                               struct kolam_error *error) {
    uint32_t version = 0;
    enum kolam_status status = kolam_reader_open(path, &rebuild->db, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_schema_check(rebuild->db, &kolam_schema_canvas, path, &version, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_sql_exec(rebuild->db, "PRAGMA query_only = 0; BEGIN IMMEDIATE");
    if (status == KOLAM_OK) {
        status = kolam_schema_migrate(rebuild->db, &kolam_schema_canvas, version, path, NULL);
    }
    if (status == KOLAM_OK) {
        status = start(rebuild, 0);
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_extent_load_base(rebuild->db, &rebuild->extent);
    }
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(error, status, "%s: index not rebuilt: %s", path,
                                           sqlite3_errmsg(rebuild->db));
}

enum kolam_status kolam_index_rebuild(const char *path, struct kolam_error *error) {
    struct rebuild *rebuild = kolam_alloc_zero(1, sizeof *rebuild);
    if (!rebuild) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    enum kolam_status status = begin(rebuild, path, error);
    if (status == KOLAM_OK) {
        status = index_all(rebuild, path, error);
        sqlite3_reset(rebuild->each_op);
        if (status == KOLAM_OK) {
            int result = sqlite3_exec(rebuild->db, "COMMIT", NULL, NULL, NULL);
            status = result == SQLITE_OK
                         ? KOLAM_OK
                         : kolam_sql_fail(error, rebuild->db, result, path, "index not rebuilt");
        }
    }
    sqlite3 *db = rebuild->db;
    finish(rebuild);
    sqlite3_close(db); /* rolls back what was not committed, checkpoints what was */
    return status;
}
