/* How a canvas file is opened for writing: checked before anything in it is changed, created or
 * migrated in one transaction, and made durable if a crash left work in its WAL. */
#include "canvas_open.h"

#include <string.h>

#include "kolam/identity.h"
#include "kolam/ink.h"

/* wal_autocheckpoint: 64 MB of WAL before pages go home; doubled the write rate against the default.
 * journal_size_limit: a WAL that a long reader made larger is cut back to that. cache: 16 MB. */
static const char pragmas[] = "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA wal_autocheckpoint = 16384;"
                              "PRAGMA journal_size_limit = 67108864;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cell_size_check = 1;"
                              "PRAGMA cache_size = -16384;";

#define CHECKPOINT_TRIES 200
#define CHECKPOINT_WAIT_MS 20

/* The name of a canvas is its file's, without the suffix. */
static enum kolam_status write_name(sqlite3 *db, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    int size = (int)(dot && dot != base ? (size_t)(dot - base) : strlen(base));
    sqlite3_stmt *statement = NULL;
    enum kolam_status status =
        kolam_sql_prepare(db, "INSERT INTO meta (key, value) VALUES ('name', ?)", &statement);
    if (status == KOLAM_OK) {
        status = kolam_sql_status(sqlite3_bind_text(statement, 1, base, size, SQLITE_STATIC));
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_run(statement);
    }
    sqlite3_finalize(statement);
    return status;
}

static enum kolam_status write_birth(sqlite3 *db, const char *path, uint64_t incarnation,
                                     struct kolam_clock clock) {
    if (incarnation == 0) {
        kolam_random_bytes(&incarnation, sizeof incarnation);
    }
    enum kolam_status status = kolam_sql_meta_set(db, "incarnation", (int64_t)incarnation);
    if (status == KOLAM_OK) {
        status = kolam_sql_meta_set(db, "created_ms", clock.now_ms(clock.ctx));
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_meta_set(db, "raster", KOLAM_INK_VERSION);
    }
    return status == KOLAM_OK ? write_name(db, path) : status;
}

static enum kolam_status bring_up_to_date(sqlite3 *db, uint32_t version, const char *path,
                                          uint64_t incarnation, struct kolam_clock clock,
                                          struct kolam_error *error) {
    if (version == kolam_schema_canvas.version) {
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_sql_exec(db, "BEGIN IMMEDIATE");
    if (status == KOLAM_OK) {
        status = kolam_schema_migrate(db, &kolam_schema_canvas, version, path, error);
    }
    if (status == KOLAM_OK && version == 0) {
        status = write_birth(db, path, incarnation, clock);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(db, "COMMIT");
    }
    if (status != KOLAM_OK) {
        (void)kolam_fail(error, status, "%s: cannot be made or brought up to date: %s", path,
                         sqlite3_errmsg(db));
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return status;
}

/* After kill -9 the WAL may hold commits that were never synced. Their authors are about to ask again
 * and be told "durable", so they must be that first: a checkpoint syncs the WAL before anything else. */
static int make_durable(sqlite3 *db) {
    int result = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    for (int i = 0; i < CHECKPOINT_TRIES && result == SQLITE_BUSY; i++) {
        /* A reader that was the last to close is just doing the same. */
        (void)sqlite3_sleep(CHECKPOINT_WAIT_MS);
        result = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    return result;
}

enum kolam_status kolam_canvas_open(const char *path, uint64_t incarnation,
                                    struct kolam_clock clock, sqlite3 **out_db,
                                    struct kolam_error *error) {
    sqlite3 *db = NULL;
    uint32_t version = 0;
    enum kolam_status status =
        kolam_sql_open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_schema_check(db, &kolam_schema_canvas, path, &version, error);
    if (status == KOLAM_OK) {
        int result = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
        result = result == SQLITE_OK ? make_durable(db) : result;
        status = result == SQLITE_OK ? KOLAM_OK
                                     : kolam_sql_fail(error, db, result, path, "cannot be opened");
    }
    if (status == KOLAM_OK) {
        status = bring_up_to_date(db, version, path, incarnation, clock, error);
    }
    if (status != KOLAM_OK) {
        sqlite3_close(db);
        return status;
    }
    *out_db = db;
    return KOLAM_OK;
}
