/* moderation.db: opening it, and what its parts share. The statements are made for each call: moderators do little in a
 * second, and what is asked at every stroke is answered from memory (the server's sanctions.c). */
#include "kolam/moderation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "moderation_internal.h"

#define DAY_MS INT64_C(86400000)

/* ---- calls ---- */

struct kolam_moderation_call kolam_moderation_begin(struct kolam_moderation_db *db,
                                                    const char *text) {
    struct kolam_moderation_call call = {.db = db, .next = 1};
    call.status = kolam_sums_prepare(&db->sums, text, 0, &call.statement);
    return call;
}

static void note(struct kolam_moderation_call *call, enum kolam_status status) {
    call->status = call->status == KOLAM_OK ? status : call->status;
    call->next++;
}

void kolam_moderation_bind_int(struct kolam_moderation_call *call, int64_t value) {
    note(call, kolam_sql_status(sqlite3_bind_int64(call->statement, call->next, value)));
}

void kolam_moderation_bind_text(struct kolam_moderation_call *call, const char *text) {
    note(call, kolam_sql_bind_text(call->statement, call->next, text));
}

void kolam_moderation_bind_blob(struct kolam_moderation_call *call, const void *bytes,
                                size_t size_bytes) {
    note(call, size_bytes > 0 ? kolam_sql_bind_blob(call->statement, call->next, bytes, size_bytes)
                              : kolam_sql_status(sqlite3_bind_null(call->statement, call->next)));
}

void kolam_moderation_bind_who(struct kolam_moderation_call *call,
                               const struct kolam_moderator *who) {
    kolam_moderation_bind_blob(call, who->ident, who->has_ident ? KOLAM_IDENT_BYTES : 0);
    kolam_moderation_bind_text(call, who->name);
}

bool kolam_moderation_find(struct kolam_moderation_call *call) {
    bool has_row = false;
    if (call->status == KOLAM_OK) {
        call->status = kolam_sums_find(&call->db->sums, call->statement, &has_row);
    }
    return call->status == KOLAM_OK && has_row;
}

bool kolam_moderation_step(struct kolam_moderation_call *call) {
    bool has_row = false;
    if (call->status == KOLAM_OK) {
        call->status = kolam_sql_step(call->statement, &has_row);
    }
    return call->status == KOLAM_OK && has_row;
}

enum kolam_status kolam_moderation_finish(struct kolam_moderation_call *call) {
    sqlite3_finalize(call->statement);
    call->statement = NULL;
    return call->status;
}

/* ---- columns ---- */

void kolam_moderation_take_text(sqlite3_stmt *row, int column, char *out, size_t capacity_bytes) {
    const char *text = (const char *)sqlite3_column_text(row, column);
    out[0] = '\0';
    if (text && strlen(text) < capacity_bytes) {
        (void)strcpy(out, text);
    }
}

bool kolam_moderation_take_blob(sqlite3_stmt *row, int column, void *out, size_t size_bytes) {
    const void *bytes = sqlite3_column_blob(row, column);
    const bool is_there = bytes && (size_t)sqlite3_column_bytes(row, column) == size_bytes;
    if (is_there) {
        memcpy(out, bytes, size_bytes);
    }
    return is_there;
}

void kolam_moderation_take_who(sqlite3_stmt *row, int column, struct kolam_moderator *out_who) {
    out_who->has_ident =
        kolam_moderation_take_blob(row, column, out_who->ident, sizeof out_who->ident);
    kolam_moderation_take_text(row, column + 1, out_who->name, sizeof out_who->name);
}

/* ---- opening ---- */

/* Made before SQLite does, so that only its owner may read it; -wal and -shm get the same mode. */
static enum kolam_status create_private(const char *path, struct kolam_error *error) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    (void)close(fd);
    return KOLAM_OK;
}

static enum kolam_status create_tables(struct kolam_moderation_db *db, uint32_t version,
                                       const char *path, struct kolam_error *error) {
    if (version == kolam_schema_moderation.version) {
        return kolam_sums_begin(&db->sums, db->db, true);
    }
    enum kolam_status status = kolam_sql_exec(db->db, "BEGIN IMMEDIATE");
    if (status == KOLAM_OK) {
        status = kolam_schema_migrate(db->db, &kolam_schema_moderation, version, path, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_sums_begin(&db->sums, db->db, true);
    }
    if (status == KOLAM_OK) {
        status = kolam_sums_fill(&db->sums);
    }
    return status == KOLAM_OK ? kolam_sql_exec(db->db, "COMMIT") : status;
}

/* A damaged one is as good as none, and would stay so. */
static enum kolam_status read_newest(struct kolam_moderation_db *db) {
    const uint64_t met = db->sums.met;
    const enum kolam_status status = kolam_sums_meta_get(&db->sums, "newest_ms", &db->newest_ms);
    if (db->sums.met != met) {
        return kolam_sql_exec(db->db, "DELETE FROM meta WHERE key = 'newest_ms'");
    }
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

static enum kolam_status open_db(struct kolam_moderation_db *db, const char *path,
                                 struct kolam_error *error) {
    uint32_t version = 0;
    enum kolam_status status = kolam_sql_open(path, SQLITE_OPEN_READWRITE, &db->db, error);
    if (status == KOLAM_OK) {
        status = kolam_schema_check(db->db, &kolam_schema_moderation, path, &version, error);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_sql_exec(db->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                                    "PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY");
    if (status == KOLAM_OK) {
        status = create_tables(db, version, path, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_sums_open(&db->sums);
    }
    if (status == KOLAM_OK) {
        status = read_newest(db);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(db->db, "ROLLBACK", &db->rollback);
    }
    return status == KOLAM_OK
               ? KOLAM_OK
               : kolam_fail(error, status, "%s: cannot be used: %s", path, sqlite3_errmsg(db->db));
}

enum kolam_status kolam_moderation_db_create(const char *path, struct kolam_moderation_db **out_db,
                                             struct kolam_error *error) {
    struct kolam_moderation_db *db = kolam_alloc_zero(1, sizeof *db);
    if (!db) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    enum kolam_status status = create_private(path, error);
    if (status == KOLAM_OK) {
        status = open_db(db, path, error);
    }
    if (status != KOLAM_OK) {
        kolam_moderation_db_destroy(db);
        return status;
    }
    *out_db = db;
    return KOLAM_OK;
}

void kolam_moderation_db_destroy(struct kolam_moderation_db *db) {
    if (db) {
        sqlite3_finalize(db->rollback);
        sqlite3_close(db->db);
        kolam_free(db);
    }
}

void kolam_moderation_tell_damage(struct kolam_moderation_db *db, kolam_damage_tell *tell,
                                  void *ctx) {
    kolam_sums_tell(&db->sums, tell, ctx);
}

/* ---- time, and forgetting ---- */

int64_t kolam_moderation_newest_ms(const struct kolam_moderation_db *db) {
    return db->newest_ms;
}

enum kolam_status kolam_moderation_note_time(struct kolam_moderation_db *db, int64_t now_ms) {
    if (now_ms <= db->newest_ms) {
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_sql_meta_set(db->db, "newest_ms", now_ms);
    db->newest_ms = status == KOLAM_OK ? now_ms : db->newest_ms;
    return status;
}

static enum kolam_status run_at(struct kolam_moderation_db *db, const char *text, int64_t at_ms) {
    struct kolam_moderation_call call = kolam_moderation_begin(db, text);
    kolam_moderation_bind_int(&call, at_ms);
    (void)kolam_moderation_step(&call);
    return kolam_moderation_finish(&call);
}

enum kolam_status kolam_moderation_tidy(struct kolam_moderation_db *db, int64_t now_ms) {
    enum kolam_status status =
        run_at(db,
               "UPDATE sanction SET prefix = NULL, prefix_bits = 0 WHERE prefix IS NOT NULL "
               "AND coalesce(ended_ms, until_ms) < ?",
               now_ms - KOLAM_PREFIX_KEPT_DAYS * DAY_MS);
    if (status == KOLAM_OK) {
        status = run_at(db,
                        "UPDATE report SET by_ident = NULL, by_name = '', by_artist = 0 "
                        "WHERE closed_ms < ? AND (by_ident IS NOT NULL OR by_name <> '')",
                        now_ms - KOLAM_REPORTER_KEPT_DAYS * DAY_MS);
    }
    return status == KOLAM_OK ? kolam_moderation_note_time(db, now_ms) : status;
}

static enum kolam_status for_ident(struct kolam_moderation_db *db, const char *text,
                                   const uint8_t *ident, const uint8_t *other) {
    struct kolam_moderation_call call = kolam_moderation_begin(db, text);
    kolam_moderation_bind_blob(&call, ident, KOLAM_IDENT_BYTES);
    if (other) {
        kolam_moderation_bind_blob(&call, other, KOLAM_IDENT_BYTES);
    }
    (void)kolam_moderation_step(&call);
    return kolam_moderation_finish(&call);
}

static enum kolam_status for_ident_in_all(struct kolam_moderation_db *db, const char *const *texts,
                                          size_t count, const uint8_t *ident,
                                          const uint8_t *other) {
    enum kolam_status status = kolam_sql_exec(db->db, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < count && status == KOLAM_OK; i++) {
        status = for_ident(db, texts[i], ident, other);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(db->db, "COMMIT");
    }
    if (status != KOLAM_OK && !sqlite3_get_autocommit(db->db)) {
        kolam_sql_try(db->rollback);
    }
    return status;
}

enum kolam_status kolam_moderation_merged(struct kolam_moderation_db *db,
                                          const uint8_t from[KOLAM_IDENT_BYTES],
                                          const uint8_t to[KOLAM_IDENT_BYTES]) {
    static const char *const texts[] = {
        "UPDATE sanction SET ident = ?2 WHERE ident = ?1",
        "UPDATE sanction SET by_ident = ?2 WHERE by_ident = ?1",
        "UPDATE sanction SET ended_by_ident = ?2 WHERE ended_by_ident = ?1",
        "UPDATE report SET by_ident = ?2 WHERE by_ident = ?1",
        "UPDATE report SET closed_by_ident = ?2 WHERE closed_by_ident = ?1",
    };
    return for_ident_in_all(db, texts, sizeof texts / sizeof texts[0], from, to);
}

enum kolam_status kolam_moderation_erased(struct kolam_moderation_db *db,
                                          const uint8_t ident[KOLAM_IDENT_BYTES]) {
    static const char *const texts[] = {
        "UPDATE sanction SET name = '' WHERE ident = ?1",
        "UPDATE sanction SET by_name = '' WHERE by_ident = ?1",
        "UPDATE sanction SET ended_by_name = '' WHERE ended_by_ident = ?1",
        "UPDATE report SET by_ident = NULL, by_name = '', by_artist = 0 WHERE by_ident = ?1",
        "UPDATE report SET closed_by_name = '' WHERE closed_by_ident = ?1",
    };
    return for_ident_in_all(db, texts, sizeof texts / sizeof texts[0], ident, NULL);
}
