/* The thin layer between the storage files and SQLite: statuses instead of result codes, and the few
 * calls that every one of them makes. Any thread; a connection belongs to one at a time. */
#include "sql.h"

#include <limits.h>

enum kolam_status kolam_sql_status(int result) {
    switch (result & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return KOLAM_OK;
    case SQLITE_NOMEM:
        return KOLAM_ERR_NOMEM;
    case SQLITE_FULL:
        return KOLAM_ERR_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return KOLAM_ERR_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* our SQL is right, so the tables are not what the file's version says */
        return KOLAM_ERR_CORRUPT;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
        return KOLAM_ERR_INVALID;
    default:
        return KOLAM_ERR_IO;
    }
}

enum kolam_status kolam_sql_fail(struct kolam_error *error, sqlite3 *db, int result,
                                 const char *path, const char *what) {
    const char *words = db ? sqlite3_errmsg(db) : sqlite3_errstr(result);
    return kolam_fail(error, kolam_sql_status(result), "%s: %s: %s", path, what, words);
}

enum kolam_status kolam_sql_open(const char *path, int flags, sqlite3 **out_db,
                                 struct kolam_error *error) {
    sqlite3 *db = NULL;
    /* Each connection has one user at a time, so SQLite needs no mutex around it. */
    int result =
        sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_busy_timeout(db, KOLAM_SQL_BUSY_MS);
    }
    if (result != SQLITE_OK) {
        enum kolam_status status = kolam_sql_fail(error, db, result, path, "cannot be opened");
        sqlite3_close(db);
        return status;
    }
    static const struct {
        int id, value;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, KOLAM_SQL_VALUE_BYTES_MAX},
        {SQLITE_LIMIT_SQL_LENGTH, 65536},
        {SQLITE_LIMIT_EXPR_DEPTH, 64},
        {SQLITE_LIMIT_COMPOUND_SELECT, 8},
        {SQLITE_LIMIT_FUNCTION_ARG, 16},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 128},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
        {SQLITE_LIMIT_ATTACHED, 1},
    };
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        (void)sqlite3_limit(db, limits[i].id, limits[i].value);
    }
    /* Files come from elsewhere too (a mailed canvas): what their schema says is not to be trusted. */
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    *out_db = db;
    return KOLAM_OK;
}

void kolam_sql_empty_wal(sqlite3 *db) {
    (void)sqlite3_busy_timeout(db, KOLAM_SQL_PATIENCE_MS);
    (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    (void)sqlite3_busy_timeout(db, KOLAM_SQL_BUSY_MS);
}

enum kolam_status kolam_sql_exec(sqlite3 *db, const char *text) {
    return kolam_sql_status(sqlite3_exec(db, text, NULL, NULL, NULL));
}

enum kolam_status kolam_sql_prepare(sqlite3 *db, const char *text, sqlite3_stmt **out_statement) {
    return kolam_sql_status(
        sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, out_statement, NULL));
}

enum kolam_status kolam_sql_run(sqlite3_stmt *statement) {
    int result = sqlite3_step(statement);
    (void)sqlite3_reset(statement);
    return kolam_sql_status(result);
}

void kolam_sql_try(sqlite3_stmt *statement) {
    (void)sqlite3_step(statement);
    (void)sqlite3_reset(statement);
}

enum kolam_status kolam_sql_step(sqlite3_stmt *statement, bool *out_has_row) {
    int result = sqlite3_step(statement);
    *out_has_row = result == SQLITE_ROW;
    return kolam_sql_status(result);
}

enum kolam_status kolam_sql_int64(sqlite3 *db, const char *text, int64_t *out_value) {
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(db, text, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    enum kolam_status status = kolam_sql_status(result);
    if (result == SQLITE_ROW) {
        *out_value = sqlite3_column_int64(statement, 0);
    } else if (result == SQLITE_DONE) {
        status = KOLAM_ERR_NOT_FOUND;
    }
    sqlite3_finalize(statement);
    return status;
}

enum kolam_status kolam_sql_bind_blob(sqlite3_stmt *statement, int index, const void *bytes,
                                      size_t size_bytes) {
    if (size_bytes > INT_MAX) {
        return KOLAM_ERR_INVALID;
    }
    /* A NULL pointer would bind NULL, which is not the empty blob. */
    return kolam_sql_status(
        sqlite3_bind_blob(statement, index, bytes ? bytes : "", (int)size_bytes, SQLITE_STATIC));
}

enum kolam_status kolam_sql_bind_text(sqlite3_stmt *statement, int index, const char *text) {
    return kolam_sql_status(sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC));
}

/* Steps a meta query for `key`; on KOLAM_OK the statement stands on the row, else it is finalized. */
static enum kolam_status meta_find(sqlite3 *db, const char *key, sqlite3_stmt **out_statement) {
    sqlite3_stmt *statement = NULL;
    int result =
        sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE key = ?", -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    }
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    if (result == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL) {
        *out_statement = statement;
        return KOLAM_OK;
    }
    sqlite3_finalize(statement);
    return result == SQLITE_DONE || result == SQLITE_ROW ? KOLAM_ERR_NOT_FOUND
                                                         : kolam_sql_status(result);
}

enum kolam_status kolam_sql_meta_get(sqlite3 *db, const char *key, int64_t *out_value) {
    sqlite3_stmt *statement = NULL;
    enum kolam_status status = meta_find(db, key, &statement);
    if (status == KOLAM_OK) {
        *out_value = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
    }
    return status;
}

enum kolam_status kolam_sql_meta_get_real(sqlite3 *db, const char *key, double *out_value) {
    sqlite3_stmt *statement = NULL;
    enum kolam_status status = meta_find(db, key, &statement);
    if (status == KOLAM_OK) {
        *out_value = sqlite3_column_double(statement, 0);
        sqlite3_finalize(statement);
    }
    return status;
}

static enum kolam_status meta_set(sqlite3 *db, const char *key, bool is_real, int64_t number,
                                  double real) {
    sqlite3_stmt *statement = NULL;
    int result = sqlite3_prepare_v2(db,
                                    "INSERT INTO meta (key, value) VALUES (?1, ?2) "
                                    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                                    -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    }
    if (result == SQLITE_OK) {
        result = is_real ? sqlite3_bind_double(statement, 2, real)
                         : sqlite3_bind_int64(statement, 2, number);
    }
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return kolam_sql_status(result);
}

enum kolam_status kolam_sql_meta_set(sqlite3 *db, const char *key, int64_t value) {
    return meta_set(db, key, false, value, 0);
}

enum kolam_status kolam_sql_meta_set_real(sqlite3 *db, const char *key, double value) {
    return meta_set(db, key, true, 0, value);
}
