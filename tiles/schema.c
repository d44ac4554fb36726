/* The tables of the four kinds of files, and how a file gets from any earlier version to the present
 * one. docs/storage.md tells what the columns mean. A step, once released, is never edited. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sql.h"

static const char *const canvas_steps[] = {
    /* 0 -> 1 */
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value);"
    "CREATE TABLE artist (number INTEGER PRIMARY KEY, ident BLOB UNIQUE, name TEXT);"
    "CREATE TABLE origin (id INTEGER PRIMARY KEY, artist INTEGER, nonce INTEGER,"
    "                     UNIQUE (artist, nonce));"
    "CREATE TABLE op (seq INTEGER PRIMARY KEY, time_ms INTEGER, artist INTEGER, origin INTEGER,"
    "                 counter INTEGER, kind INTEGER, is_partial INTEGER, replaces INTEGER, body "
    "BLOB);"
    "CREATE UNIQUE INDEX op_id ON op (origin, counter, is_partial);"
    "CREATE TABLE home (path BLOB, level INTEGER, seq INTEGER, target INTEGER, box INTEGER,"
    "                   kind INTEGER, PRIMARY KEY (path, level, seq, target)) WITHOUT ROWID;"
    "CREATE TABLE node (level INTEGER, path BLOB, seq INTEGER, PRIMARY KEY (level, path))"
    "                  WITHOUT ROWID;",
    /* 1 -> 2: an artist's ops, newest first (the rowid, which is the seq, ends every index row) */
    "CREATE INDEX op_artist ON op (artist);",
    /* 2 -> 3: what `kolam compact` leaves of flattened history: pictures, the ids of ops, records */
    "CREATE TABLE base (id INTEGER PRIMARY KEY, level INTEGER, path BLOB, ink INTEGER,"
    "                   below INTEGER, pixels BLOB);"
    "CREATE UNIQUE INDEX base_place ON base (level, path);"
    "CREATE TABLE base_id (origin INTEGER, is_partial INTEGER, counter INTEGER, count INTEGER,"
    "                      seq INTEGER, time_ms INTEGER,"
    "                      PRIMARY KEY (origin, is_partial, counter)) WITHOUT ROWID;"
    "CREATE TABLE base_record (seq INTEGER PRIMARY KEY, time_ms INTEGER, artist INTEGER,"
    "                          body BLOB);",
    /* 3 -> 4: the records alone, which are few, so that they are found without reading the log */
    "CREATE INDEX op_record ON op (kind) WHERE kind = 4;",
    /* 4 -> 5: a check of each row (op_sum.c); those that were there before have none */
    "ALTER TABLE op ADD COLUMN sum INTEGER;",
    /* 5 -> 6: who hid what is hidden (canvas_hiders.h), from the rows of hides after a stroke's newest show */
    "CREATE TABLE hider (target INTEGER, artist INTEGER, PRIMARY KEY (target, artist))"
    "                   WITHOUT ROWID;"
    "INSERT INTO hider (target, artist)"
    "    SELECT DISTINCT home.target, op.artist FROM home JOIN op ON op.seq = home.seq"
    "    LEFT JOIN (SELECT target, max(seq) AS seq FROM home WHERE kind = 3 GROUP BY target) shown"
    "    ON shown.target = home.target"
    "    WHERE home.kind = 2 AND home.seq > ifnull(shown.seq, 0);",
};

static const char *const identity_steps[] = {
    /* 0 -> 1 */
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value);"
    "CREATE TABLE person (id INTEGER PRIMARY KEY, ident BLOB UNIQUE, secret_hash BLOB UNIQUE,"
    "                     name TEXT, created_ms INTEGER);",
    /* 1 -> 2: several secrets a person, former selves, codes, phrases, subjects, invitations */
    "CREATE TABLE secret (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, person INTEGER NOT "
    "NULL,"
    "                     created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL);"
    "CREATE INDEX secret_person ON secret (person);"
    "INSERT INTO secret (hash, person, created_ms, seen_ms)"
    "    SELECT secret_hash, id, created_ms, created_ms FROM person"
    "    WHERE secret_hash IS NOT NULL ORDER BY id;"
    "CREATE TABLE person_2 (id INTEGER PRIMARY KEY AUTOINCREMENT, ident BLOB NOT NULL UNIQUE,"
    "                       name TEXT, created_ms INTEGER, merged_into INTEGER);"
    "INSERT INTO person_2 SELECT id, ident, name, created_ms, NULL FROM person ORDER BY id;"
    "DROP TABLE person;"
    "ALTER TABLE person_2 RENAME TO person;"
    "CREATE INDEX person_merged ON person (merged_into) WHERE merged_into IS NOT NULL;"
    "CREATE TABLE link (person INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE,"
    "                   until_ms INTEGER NOT NULL);"
    "CREATE TABLE phrase (hash BLOB NOT NULL UNIQUE, person INTEGER NOT NULL,"
    "                     created_ms INTEGER NOT NULL);"
    "CREATE INDEX phrase_person ON phrase (person);"
    "CREATE TABLE subject (hash BLOB NOT NULL UNIQUE, issuer TEXT NOT NULL,"
    "                      person INTEGER NOT NULL, created_ms INTEGER NOT NULL);"
    "CREATE INDEX subject_person ON subject (person);"
    "CREATE TABLE invitation (id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE,"
    "                         canvas TEXT NOT NULL, role INTEGER NOT NULL, uses INTEGER NOT NULL,"
    "                         maker INTEGER, created_ms INTEGER NOT NULL,"
    "                         until_ms INTEGER NOT NULL, revoked_ms INTEGER,"
    "                         is_withdrawn INTEGER NOT NULL, note TEXT NOT NULL);"
    "CREATE INDEX invitation_maker ON invitation (maker);"
    "CREATE INDEX invitation_canvas ON invitation (canvas);"
    "CREATE TABLE guest (invitation INTEGER NOT NULL, person INTEGER NOT NULL,"
    "                    time_ms INTEGER NOT NULL, UNIQUE (invitation, person));"
    "CREATE INDEX guest_person ON guest (person);"
    "CREATE TABLE renaming (ident BLOB NOT NULL UNIQUE, name TEXT NOT NULL);",
    /* 2 -> 3: a check of each row (row_sums.c), which fills them in */
    "ALTER TABLE meta ADD COLUMN sum INTEGER;"
    "ALTER TABLE person ADD COLUMN sum INTEGER;"
    "ALTER TABLE secret ADD COLUMN sum INTEGER;"
    "ALTER TABLE link ADD COLUMN sum INTEGER;"
    "ALTER TABLE phrase ADD COLUMN sum INTEGER;"
    "ALTER TABLE subject ADD COLUMN sum INTEGER;"
    "ALTER TABLE invitation ADD COLUMN sum INTEGER;"
    "ALTER TABLE guest ADD COLUMN sum INTEGER;"
    "ALTER TABLE renaming ADD COLUMN sum INTEGER;",
};

static const char *const moderation_steps[] = {
    /* 0 -> 1 */
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value);"
    "CREATE TABLE sanction (id INTEGER PRIMARY KEY, kind INTEGER, is_hidden INTEGER,"
    "                       bans_watching INTEGER, canvas TEXT, ident BLOB, name TEXT,"
    "                       decided_on TEXT, artist INTEGER, prefix BLOB, prefix_bits INTEGER,"
    "                       from_ms INTEGER, until_ms INTEGER, why TEXT, by_ident BLOB,"
    "                       by_name TEXT, ended_ms INTEGER, ended_by_ident BLOB,"
    "                       ended_by_name TEXT);"
    "CREATE INDEX sanction_from ON sanction (from_ms);"
    "CREATE INDEX sanction_ended ON sanction (ended_ms) WHERE ended_ms IS NOT NULL;"
    "CREATE TABLE report (id INTEGER PRIMARY KEY, canvas TEXT, made_ms INTEGER, by_ident BLOB,"
    "                     by_name TEXT, by_artist INTEGER, kind INTEGER, level INTEGER,"
    "                     x INTEGER, y INTEGER, width INTEGER, height INTEGER, artist INTEGER,"
    "                     name TEXT, stroke INTEGER, text TEXT, closed_ms INTEGER,"
    "                     closed_by_ident BLOB, closed_by_name TEXT, outcome TEXT,"
    "                     is_told INTEGER);"
    "CREATE INDEX report_open ON report (canvas) WHERE closed_ms IS NULL;"
    "CREATE INDEX report_closed ON report (closed_ms) WHERE closed_ms IS NOT NULL;"
    "CREATE INDEX report_untold ON report (by_ident) WHERE is_told = 0;",
    /* 1 -> 2: a check of each row (row_sums.c), which fills them in */
    "ALTER TABLE meta ADD COLUMN sum INTEGER;"
    "ALTER TABLE sanction ADD COLUMN sum INTEGER;"
    "ALTER TABLE report ADD COLUMN sum INTEGER;",
};

static const char *const tiles_steps[] = {
    /* 0 -> 1 */
    ("CREATE TABLE meta (key TEXT PRIMARY KEY, value);"
     "CREATE TABLE tile (id INTEGER PRIMARY KEY, level INTEGER, x INTEGER, y INTEGER, seq INTEGER,"
     "                   pixels BLOB);"
     "CREATE UNIQUE INDEX tile_place ON tile (level, x, y);"),
    /* 1 -> 2: keyframes */
    ("ALTER TABLE tile ADD COLUMN is_averaged INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE tile ADD COLUMN stroke_count INTEGER NOT NULL DEFAULT 0;"
     "CREATE TABLE keyframe (id INTEGER PRIMARY KEY, level INTEGER, x INTEGER, y INTEGER, seq "
     "INTEGER,"
     "                       pixels BLOB, is_averaged INTEGER NOT NULL);"
     "CREATE UNIQUE INDEX keyframe_place ON keyframe (level, x, y, seq);"),
    /* 2 -> 3: a check of each picture */
    ("ALTER TABLE tile ADD COLUMN sum INTEGER;"
     "ALTER TABLE keyframe ADD COLUMN sum INTEGER;"),
};

#define STEPS(list) .version = sizeof(list) / sizeof(list)[0], .steps = (list)

const struct kolam_schema kolam_schema_canvas = {
    .what = "canvas", .application_id = 0x6b6f6c6d, STEPS(canvas_steps)};
const struct kolam_schema kolam_schema_identity = {
    .what = "identity file", .application_id = 0x6b6f6c69, STEPS(identity_steps)};
const struct kolam_schema kolam_schema_moderation = {
    .what = "moderation file", .application_id = 0x6b6f6c72, STEPS(moderation_steps)};
const struct kolam_schema kolam_schema_tiles = {
    .what = "tile file", .application_id = 0x6b6f6c74, STEPS(tiles_steps)};

static enum kolam_status refuse_foreign(struct kolam_error *error, const char *path,
                                        const struct kolam_schema *schema) {
    return kolam_fail(error, KOLAM_ERR_CORRUPT,
                      "%s: this file is not a kolam %s; it was left alone", path, schema->what);
}

/* ---- what a file's schema says ---- */

/* The text of a statement in one form: SQLite keeps it as it was written, and the steps were laid out anew once. */
static void plain_text(const char *text, char *out, size_t capacity) {
    size_t used = 0;
    for (; text && *text && used + 1 < capacity; text++) {
        if (*text != ' ' && *text != '\n' && *text != '\t') {
            out[used++] = *text;
        }
    }
    out[used] = '\0';
}

/* Tables of tools that copy a database while it is written; they hold a row or two. */
static bool is_of_litestream(const char *text) {
    return strcmp(text, "CREATETABLE_litestream_seq(idINTEGERPRIMARYKEY,seqINTEGER)") == 0 ||
           strcmp(text, "CREATETABLE_litestream_lock(idINTEGER)") == 0;
}

#define SCHEMA_TEXT_MAX 2048

/* All that the schema says and is not SQLite's own (its statistics have no text that we would run), in order. */
#define EACH_TEXT                                                                                  \
    "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' "    \
    "ESCAPE '\\' ORDER BY name, type"

static enum kolam_status next_text(sqlite3_stmt *each, char out_text[SCHEMA_TEXT_MAX],
                                   bool *out_has_row) {
    enum kolam_status status;
    do {
        status = kolam_sql_step(each, out_has_row);
        plain_text(status == KOLAM_OK && *out_has_row ? (const char *)sqlite3_column_text(each, 1)
                                                      : NULL,
                   out_text, SCHEMA_TEXT_MAX);
    } while (status == KOLAM_OK && *out_has_row && is_of_litestream(out_text));
    return status;
}

static enum kolam_status compare_texts(sqlite3_stmt *found, sqlite3_stmt *expected,
                                       char out_odd[64]) {
    char found_text[SCHEMA_TEXT_MAX], expected_text[SCHEMA_TEXT_MAX];
    bool has_found = true;
    bool has_expected = true;
    enum kolam_status status = KOLAM_OK;
    while (status == KOLAM_OK && has_found && has_expected) {
        status = next_text(found, found_text, &has_found);
        if (status == KOLAM_OK) {
            status = next_text(expected, expected_text, &has_expected);
        }
        if (status == KOLAM_OK && strcmp(found_text, expected_text) != 0) {
            const char *found_name = has_found ? (const char *)sqlite3_column_text(found, 0) : NULL;
            const char *expected_name =
                has_expected ? (const char *)sqlite3_column_text(expected, 0) : NULL;
            /* In order, so the smaller name is the one that is only in one of the two. */
            const bool is_missing =
                !found_name || (expected_name && strcmp(expected_name, found_name) < 0);
            (void)snprintf(out_odd, 64, "%s", is_missing ? expected_name : found_name);
            return KOLAM_ERR_CORRUPT;
        }
    }
    return status;
}

/* A file may come from a stranger, and a schema is program: computed columns, checks, indexes of expressions, views and triggers run
 * when rows are read or written, with a cost that nothing bounds. So it is that of its version, word for word, or refused. */
static enum kolam_status check_texts(sqlite3 *db, const struct kolam_schema *schema,
                                     uint32_t version, const char *path,
                                     struct kolam_error *error) {
    sqlite3 *model = NULL;
    sqlite3_stmt *found = NULL, *expected = NULL;
    char odd[64] = "";
    enum kolam_status status = kolam_sql_open(":memory:", SQLITE_OPEN_READWRITE, &model, error);
    for (uint32_t step = 0; step < version && status == KOLAM_OK; step++) {
        status = kolam_sql_exec(model, schema->steps[step]);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(db, EACH_TEXT, &found);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(model, EACH_TEXT, &expected);
    }
    if (status == KOLAM_OK) {
        status = compare_texts(found, expected, odd);
    }
    sqlite3_finalize(found);
    sqlite3_finalize(expected);
    sqlite3_close(model);
    if (status == KOLAM_ERR_CORRUPT) {
        return kolam_fail(
            error, status,
            "%s: '%s' in it is not what kolam made, or missing (a table, index, view or trigger); "
            "it was left alone",
            path, odd);
    }
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(error, status, "%s: its schema cannot be read: %s", path,
                                           kolam_status_text(status));
}

enum kolam_status kolam_schema_check(sqlite3 *db, const struct kolam_schema *schema,
                                     const char *path, uint32_t *out_version,
                                     struct kolam_error *error) {
    int64_t application_id = 0, version = 0, table_count = 0;
    enum kolam_status status = kolam_sql_int64(db, "PRAGMA application_id", &application_id);
    if (status == KOLAM_OK) {
        status = kolam_sql_int64(db, "PRAGMA user_version", &version);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_int64(db, "SELECT count(*) FROM sqlite_schema", &table_count);
    }
    if (status == KOLAM_ERR_CORRUPT) {
        return refuse_foreign(error, path, schema);
    }
    if (status != KOLAM_OK) {
        return kolam_sql_fail(error, db, sqlite3_extended_errcode(db), path, "cannot be read");
    }
    if (application_id == 0 && version == 0 && table_count == 0) {
        *out_version = 0; /* just made, or its making was cut short */
        return KOLAM_OK;
    }
    if ((int32_t)application_id != schema->application_id || version < 1) {
        return refuse_foreign(error, path, schema);
    }
    if (version > (int64_t)schema->version) {
        return kolam_fail(error, KOLAM_ERR_TOO_NEW,
                          "%s: written by a newer kolam (%s format %" PRId64
                          ", this one knows %" PRIu32 "): use that kolam, or a newer one",
                          path, schema->what, version, schema->version);
    }
    status = check_texts(db, schema, (uint32_t)version, path, error);
    if (status == KOLAM_OK) {
        *out_version = (uint32_t)version;
    }
    return status;
}

enum kolam_status kolam_schema_migrate(sqlite3 *db, const struct kolam_schema *schema,
                                       uint32_t version, const char *path,
                                       struct kolam_error *error) {
    enum kolam_status status = KOLAM_OK;
    for (uint32_t step = version; step < schema->version && status == KOLAM_OK; step++) {
        status = kolam_sql_exec(db, schema->steps[step]);
    }
    if (status == KOLAM_OK && version < schema->version) {
        char text[96];
        (void)snprintf(text, sizeof text,
                       "PRAGMA application_id = %" PRId32 "; PRAGMA user_version = %" PRIu32,
                       schema->application_id, schema->version);
        status = kolam_sql_exec(db, text);
    }
    if (status != KOLAM_OK) {
        return kolam_sql_fail(error, db, sqlite3_extended_errcode(db), path,
                              "its format cannot be brought up to date");
    }
    return KOLAM_OK;
}
