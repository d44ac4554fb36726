/* What the storage files share about SQLite: opening, statements, statuses, the meta table, and the
 * schema with its migrations. SQLite is named in the storage files alone. */
#ifndef KOLAM_TILES_SQL_H
#define KOLAM_TILES_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

#define KOLAM_SQL_BUSY_MS 5000
#define KOLAM_SQL_PATIENCE_MS 100
#define KOLAM_SQL_VALUE_BYTES_MAX 4194304 /* of any value in a file: an op is at most 262,144 */

/* What an SQLite result means to us; SQLITE_OK, _ROW and _DONE are KOLAM_OK. */
enum kolam_status kolam_sql_status(int result);
/* The same with SQLite's own words: "<path>: <what>: <words>". */
enum kolam_status kolam_sql_fail(struct kolam_error *error, sqlite3 *db, int result,
                                 const char *path, const char *what);

/* Opens with SQLITE_OPEN_* flags, our mutex and timeout settings. Closes after itself on failure. */
KOLAM_MUST_CHECK enum kolam_status kolam_sql_open(const char *path, int flags, sqlite3 **out_db,
                                                  struct kolam_error *error);
KOLAM_MUST_CHECK enum kolam_status kolam_sql_exec(sqlite3 *db, const char *text);
/* Writes the WAL home and cuts it to nothing, unless somebody goes on reading it (what copies a database by its WAL
 * always does): then as much as can be, after a moment, not the timeout's 5 s. */
void kolam_sql_empty_wal(sqlite3 *db);
/* For statements that live as long as their connection. */
KOLAM_MUST_CHECK enum kolam_status kolam_sql_prepare(sqlite3 *db, const char *text,
                                                     sqlite3_stmt **out_statement);
/* Steps a statement that gives no row, and resets it. */
KOLAM_MUST_CHECK enum kolam_status kolam_sql_run(sqlite3_stmt *statement);
/* The same, where nothing is left to do if it fails: an end, an undoing. */
void kolam_sql_try(sqlite3_stmt *statement);
/* Steps to the next row; *out_has_row is false at the end. The caller resets. */
KOLAM_MUST_CHECK enum kolam_status kolam_sql_step(sqlite3_stmt *statement, bool *out_has_row);
/* Runs a query that gives one integer; NOT_FOUND when it gives no row. */
KOLAM_MUST_CHECK enum kolam_status kolam_sql_int64(sqlite3 *db, const char *text,
                                                   int64_t *out_value);
/* Blobs and texts are borrowed until the statement is reset. Binding can only fail for memory. */
KOLAM_MUST_CHECK enum kolam_status kolam_sql_bind_blob(sqlite3_stmt *statement, int index,
                                                       const void *bytes, size_t size_bytes);
KOLAM_MUST_CHECK enum kolam_status kolam_sql_bind_text(sqlite3_stmt *statement, int index,
                                                       const char *text);

/* A row of `meta`: 64-bit unsigned numbers are held as SQLite's signed ones. NOT_FOUND. */
KOLAM_MUST_CHECK enum kolam_status kolam_sql_meta_get(sqlite3 *db, const char *key,
                                                      int64_t *out_value);
KOLAM_MUST_CHECK enum kolam_status kolam_sql_meta_set(sqlite3 *db, const char *key, int64_t value);
KOLAM_MUST_CHECK enum kolam_status kolam_sql_meta_get_real(sqlite3 *db, const char *key,
                                                           double *out_value);
KOLAM_MUST_CHECK enum kolam_status kolam_sql_meta_set_real(sqlite3 *db, const char *key,
                                                           double value);

/* A kind of file: its mark in SQLite's header and the steps that made its schema what it is. Step i
 * takes a file from version i to i + 1; steps are only ever added. */
struct kolam_schema {
    const char *what; /* "canvas", for people */
    int32_t application_id;
    uint32_t version; /* the number of steps */
    const char *const *steps;
};
extern const struct kolam_schema kolam_schema_canvas;
extern const struct kolam_schema kolam_schema_identity;
extern const struct kolam_schema kolam_schema_moderation;
extern const struct kolam_schema kolam_schema_tiles;

/* Reads the version a file has, 0 for an empty one, changing nothing. KOLAM_ERR_TOO_NEW for a newer one,
 * KOLAM_ERR_CORRUPT for what is no file of this kind. */
KOLAM_MUST_CHECK enum kolam_status kolam_schema_check(sqlite3 *db,
                                                      const struct kolam_schema *schema,
                                                      const char *path, uint32_t *out_version,
                                                      struct kolam_error *error);
/* Takes a checked file from `version` to the present one, inside the caller's transaction. */
KOLAM_MUST_CHECK enum kolam_status kolam_schema_migrate(sqlite3 *db,
                                                        const struct kolam_schema *schema,
                                                        uint32_t version, const char *path,
                                                        struct kolam_error *error);

#endif
