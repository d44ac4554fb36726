/* Who people are: the file, and people by their secrets. A secret is 256 random bits that only its owner keeps; the file holds its hash, so
 * that a stolen copy lets nobody in. A hash of so much randomness needs no salt and no stretching. */
#include "identity_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "names.h"

void kolam_random_bytes(void *out, size_t size_bytes) {
    uint8_t *at = out;
    while (size_bytes > 0) {
        ssize_t got = getrandom(at, size_bytes, 0);
        if (got < 0 && errno != EINTR) {
            abort(); /* secrets that can be guessed would be worse */
        }
        at += got > 0 ? got : 0;
        size_bytes -= got > 0 ? (size_t)got : 0;
    }
}

void kolam_sha256(const void *bytes, size_t size_bytes, uint8_t out_hash[KOLAM_HASH_BYTES]) {
    if (EVP_Digest(bytes, size_bytes, out_hash, NULL, EVP_sha256(), NULL) != 1) {
        abort(); /* libcrypto could not allocate a few hundred bytes */
    }
}

/* ---- statements ---- */

static enum kolam_status bind_one(sqlite3_stmt *statement, int index, char kind, va_list *args) {
    switch (kind) {
    case 'i':
        return kolam_sql_status(sqlite3_bind_int64(statement, index, va_arg(*args, int64_t)));
    case 't':
        return kolam_sql_bind_text(statement, index, va_arg(*args, const char *));
    case 'd':
        return kolam_sql_bind_blob(statement, index, va_arg(*args, const uint8_t *),
                                   KOLAM_IDENT_BYTES);
    case 'h':
        return kolam_sql_bind_blob(statement, index, va_arg(*args, const uint8_t *),
                                   KOLAM_HASH_BYTES);
    default:
        return kolam_sql_status(sqlite3_bind_null(statement, index));
    }
}

static enum kolam_status prepare_all(struct kolam_identity_db *identity, const char *text,
                                     const char *kinds, va_list *args,
                                     sqlite3_stmt **out_statement) {
    sqlite3_stmt *statement = NULL;
    enum kolam_status status = kolam_sums_prepare(&identity->sums, text, 0, &statement);
    for (int i = 0; kinds[i] && status == KOLAM_OK; i++) {
        status = bind_one(statement, i + 1, kinds[i], args);
    }
    if (status != KOLAM_OK) {
        sqlite3_finalize(statement);
        return status;
    }
    *out_statement = statement;
    return KOLAM_OK;
}

enum kolam_status kolam_identity_prepare(struct kolam_identity_db *identity,
                                         sqlite3_stmt **out_statement, const char *text,
                                         const char *kinds, ...) {
    va_list args;
    va_start(args, kinds);
    enum kolam_status status = prepare_all(identity, text, kinds, &args, out_statement);
    va_end(args);
    return status;
}

enum kolam_status kolam_identity_run(struct kolam_identity_db *identity, const char *text,
                                     const char *kinds, ...) {
    sqlite3_stmt *statement;
    va_list args;
    va_start(args, kinds);
    enum kolam_status status = prepare_all(identity, text, kinds, &args, &statement);
    va_end(args);
    if (status == KOLAM_OK) {
        status = kolam_sql_run(statement);
        sqlite3_finalize(statement);
    }
    return status;
}

enum kolam_status kolam_identity_number(struct kolam_identity_db *identity, int64_t *out_number,
                                        const char *text, const char *kinds, ...) {
    sqlite3_stmt *statement;
    bool has_row = false;
    va_list args;
    va_start(args, kinds);
    enum kolam_status status = prepare_all(identity, text, kinds, &args, &statement);
    va_end(args);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_sums_find(&identity->sums, statement, &has_row);
    if (status == KOLAM_OK && has_row) {
        *out_number = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    return status == KOLAM_OK && !has_row ? KOLAM_ERR_NOT_FOUND : status;
}

enum kolam_status kolam_identity_begin(struct kolam_identity_db *identity) {
    return kolam_sql_exec(identity->db, "BEGIN IMMEDIATE");
}

enum kolam_status kolam_identity_end(struct kolam_identity_db *identity, enum kolam_status status) {
    if (status == KOLAM_OK) {
        status = kolam_sql_exec(identity->db, "COMMIT");
    }
    if (status != KOLAM_OK && !sqlite3_get_autocommit(identity->db)) {
        kolam_sql_try(identity->rollback);
    }
    return status;
}

/* ---- the file ---- */

/* Made before SQLite does, so that only its owner may read it; -wal and -shm get the same mode. */
static enum kolam_status create_private(const char *path, struct kolam_error *error) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: cannot be opened: %s", path, strerror(errno));
    }
    (void)close(fd);
    return KOLAM_OK;
}

static enum kolam_status create_tables(struct kolam_identity_db *identity, uint32_t version,
                                       const char *path, struct kolam_error *error) {
    if (version == kolam_schema_identity.version) {
        return kolam_sums_begin(&identity->sums, identity->db, true);
    }
    int64_t instance;
    kolam_random_bytes(&instance, sizeof instance);
    enum kolam_status status = kolam_identity_begin(identity);
    if (status == KOLAM_OK) {
        status = kolam_schema_migrate(identity->db, &kolam_schema_identity, version, path, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_sums_begin(&identity->sums, identity->db, true);
    }
    if (status == KOLAM_OK) {
        status = kolam_sums_fill(&identity->sums);
    }
    if (status == KOLAM_OK && version == 0) {
        status = kolam_sql_meta_set(identity->db, "instance", instance);
    }
    return kolam_identity_end(identity, status);
}

static enum kolam_status begin_use(struct kolam_identity_db *identity) {
    int64_t instance = 0;
    enum kolam_status status = kolam_sums_meta_get(&identity->sums, "instance", &instance);
    if (status == KOLAM_OK) {
        (void)snprintf(identity->instance, sizeof identity->instance, "%016llx",
                       (unsigned long long)instance);
        /* Nobody can use what was made with another pepper. */
        status = kolam_sql_exec(identity->db, "DELETE FROM link");
    }
    if (status == KOLAM_OK) { /* what is damaged is known, and told, before anybody comes */
        status = kolam_sums_open(&identity->sums);
    }
    if (status == KOLAM_OK) {
        status = kolam_sums_prepare(&identity->sums,
                                    "SELECT person.ident, person.name, secret.hash, "
                                    "secret.seen_ms, secret.id FROM secrets AS secret "
                                    "JOIN persons AS person ON person.id = secret.person "
                                    "WHERE secret.hash = ?",
                                    SQLITE_PREPARE_PERSISTENT, &identity->find);
    }
    return status;
}

static enum kolam_status open_db(struct kolam_identity_db *identity, const char *path,
                                 struct kolam_error *error) {
    uint32_t version = 0;
    enum kolam_status status = kolam_sql_open(path, SQLITE_OPEN_READWRITE, &identity->db, error);
    if (status == KOLAM_OK) {
        status = kolam_schema_check(identity->db, &kolam_schema_identity, path, &version, error);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_sql_exec(identity->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                                          "PRAGMA temp_store = MEMORY");
    if (status == KOLAM_OK) { /* what was erased is not left in a free page */
        status = kolam_sql_exec(identity->db, "PRAGMA secure_delete = ON");
    }
    if (status == KOLAM_OK) {
        status = create_tables(identity, version, path, error);
    }
    if (status == KOLAM_OK) {
        status = begin_use(identity);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(identity->db, "ROLLBACK", &identity->rollback);
    }
    if (status != KOLAM_OK && sqlite3_errcode(identity->db) != SQLITE_OK) {
        return kolam_fail(error, status, "%s: cannot be used: %s", path,
                          sqlite3_errmsg(identity->db));
    }
    return status == KOLAM_OK
               ? KOLAM_OK
               : kolam_fail(error, status,
                            "%s: the row that names this instance is damaged: restore the file "
                            "from a backup (kolam check tells what else is damaged)",
                            path);
}

enum kolam_status kolam_identity_db_create(const char *path, struct kolam_clock clock,
                                           struct kolam_identity_db **out_db,
                                           struct kolam_error *error) {
    struct kolam_identity_db *identity = kolam_alloc_zero(1, sizeof *identity);
    if (!identity) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    identity->clock = clock;
    kolam_random_bytes(identity->pepper, sizeof identity->pepper);
    enum kolam_status status = create_private(path, error);
    if (status == KOLAM_OK) {
        status = open_db(identity, path, error);
    }
    if (status != KOLAM_OK) {
        kolam_identity_db_destroy(identity);
        return status;
    }
    *out_db = identity;
    return KOLAM_OK;
}

void kolam_identity_db_destroy(struct kolam_identity_db *identity) {
    if (!identity) {
        return;
    }
    sqlite3_finalize(identity->find);
    sqlite3_finalize(identity->rollback);
    sqlite3_close(identity->db);
    OPENSSL_cleanse(identity->pepper, sizeof identity->pepper);
    kolam_free(identity);
}

void kolam_identity_tell_damage(struct kolam_identity_db *identity, kolam_damage_tell *tell,
                                void *ctx) {
    kolam_sums_tell(&identity->sums, tell, ctx);
}

const char *kolam_identity_instance(const struct kolam_identity_db *identity) {
    return identity->instance;
}

/* ---- people ---- */

enum kolam_status kolam_identity_row(struct kolam_identity_db *identity,
                                     const uint8_t ident[KOLAM_IDENT_BYTES], int64_t *out_person) {
    return kolam_identity_number(identity, out_person,
                                 "SELECT id FROM persons WHERE ident = ? AND merged_into IS NULL",
                                 "d", ident);
}

enum kolam_status kolam_identity_read_author(sqlite3_stmt *row, int ident, int name,
                                             struct kolam_author *out_author) {
    const uint8_t *bytes = sqlite3_column_blob(row, ident);
    const int size = sqlite3_column_bytes(row, ident);
    const char *text = (const char *)sqlite3_column_text(row, name);
    if (!bytes || size != KOLAM_IDENT_BYTES || !text || strlen(text) > KOLAM_NAME_BYTES_MAX) {
        return KOLAM_ERR_CORRUPT;
    }
    memcpy(out_author->ident, bytes, KOLAM_IDENT_BYTES);
    (void)strcpy(out_author->name, text);
    return KOLAM_OK;
}

enum kolam_status kolam_identity_author(struct kolam_identity_db *identity, int64_t person,
                                        struct kolam_author *out_author) {
    sqlite3_stmt *row;
    bool has_row = false;
    enum kolam_status status = kolam_identity_prepare(
        identity, &row, "SELECT ident, name FROM persons WHERE id = ?", "i", person);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_sums_find(&identity->sums, row, &has_row);
    if (status == KOLAM_OK) {
        status = has_row ? kolam_identity_read_author(row, 0, 1, out_author) : KOLAM_ERR_NOT_FOUND;
    }
    sqlite3_finalize(row);
    return status;
}

enum kolam_status kolam_identity_insert(struct kolam_identity_db *identity,
                                        struct kolam_author *author, int64_t *out_person) {
    uint32_t name_number;
    kolam_random_bytes(author->ident, sizeof author->ident);
    kolam_random_bytes(&name_number, sizeof name_number);
    if (author->name[0] == '\0') {
        kolam_name_generate(name_number, author->name);
    }
    enum kolam_status status = kolam_identity_run(
        identity, "INSERT INTO person (ident, name, created_ms) VALUES (?, ?, ?)", "dti",
        author->ident, author->name, kolam_identity_now(identity));
    *out_person = sqlite3_last_insert_rowid(identity->db);
    return status;
}

enum kolam_status kolam_identity_add_secret(struct kolam_identity_db *identity, int64_t person,
                                            uint8_t out_secret[KOLAM_SECRET_BYTES]) {
    uint8_t secret[KOLAM_SECRET_BYTES], hash[KOLAM_HASH_BYTES];
    const int64_t now_ms = kolam_identity_now(identity);
    int64_t count = 0;
    enum kolam_status status = kolam_identity_number(
        identity, &count, "SELECT count(*) FROM secrets WHERE person = ?", "i", person);
    if (status == KOLAM_OK && count >= KOLAM_SECRETS_MAX) {
        return KOLAM_ERR_FULL;
    }
    kolam_random_bytes(secret, sizeof secret);
    kolam_sha256(secret, sizeof secret, hash);
    if (status == KOLAM_OK) {
        status = kolam_identity_run(
            identity, "INSERT INTO secret (hash, person, created_ms, seen_ms) VALUES (?, ?, ?, ?)",
            "hiii", hash, person, now_ms, now_ms);
    }
    if (status == KOLAM_OK) {
        memcpy(out_secret, secret, sizeof secret);
    }
    OPENSSL_cleanse(secret, sizeof secret);
    return status;
}

enum kolam_status kolam_identity_make(struct kolam_identity_db *identity,
                                      uint8_t out_secret[KOLAM_SECRET_BYTES],
                                      struct kolam_author *out_author) {
    uint8_t secret[KOLAM_SECRET_BYTES];
    struct kolam_author author = {0};
    int64_t person = 0;
    enum kolam_status status = kolam_identity_begin(identity);
    if (status == KOLAM_OK) {
        status = kolam_identity_insert(identity, &author, &person);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_add_secret(identity, person, secret);
    }
    status = kolam_identity_end(identity, status);
    if (status == KOLAM_OK) {
        memcpy(out_secret, secret, sizeof secret);
        *out_author = author;
    }
    OPENSSL_cleanse(secret, sizeof secret);
    return status;
}

/* The row that `find` stands on. The lookup by index may tell how far a hash agrees, which helps nobody
 * to find a secret; the decision itself takes the same time for every hash. */
static enum kolam_status read_person(sqlite3_stmt *find, const uint8_t hash[KOLAM_HASH_BYTES],
                                     struct kolam_author *out_author) {
    const uint8_t *stored = sqlite3_column_blob(find, 2);
    if (!stored || sqlite3_column_bytes(find, 2) != KOLAM_HASH_BYTES) {
        return KOLAM_ERR_CORRUPT;
    }
    if (CRYPTO_memcmp(stored, hash, KOLAM_HASH_BYTES) != 0) {
        return KOLAM_ERR_NOT_FOUND;
    }
    return kolam_identity_read_author(find, 0, 1, out_author);
}

enum kolam_status kolam_identity_find(struct kolam_identity_db *identity,
                                      const uint8_t secret[KOLAM_SECRET_BYTES],
                                      struct kolam_author *out_author) {
    const int64_t now_ms = kolam_identity_now(identity);
    uint8_t hash[KOLAM_HASH_BYTES];
    bool has_row = false;
    int64_t seen_ms = now_ms, device = 0;
    kolam_sha256(secret, KOLAM_SECRET_BYTES, hash);
    enum kolam_status status = kolam_sql_bind_blob(identity->find, 1, hash, sizeof hash);
    if (status == KOLAM_OK) {
        status = kolam_sums_find(&identity->sums, identity->find, &has_row);
    }
    if (status == KOLAM_OK) {
        status = has_row ? read_person(identity->find, hash, out_author) : KOLAM_ERR_NOT_FOUND;
        seen_ms = has_row ? sqlite3_column_int64(identity->find, 3) : now_ms;
        device = has_row ? sqlite3_column_int64(identity->find, 4) : 0;
    }
    (void)sqlite3_reset(identity->find);
    (void)sqlite3_clear_bindings(identity->find);
    if (status == KOLAM_OK && seen_ms < now_ms - KOLAM_SEEN_MS) {
        /* Who comes in while the disk is full comes in. */
        enum kolam_status ignored = kolam_identity_run(
            identity, "UPDATE secret SET seen_ms = ? WHERE id = ?", "ii", now_ms, device);
        (void)ignored;
    }
    return status;
}

enum kolam_status kolam_identity_rename(struct kolam_identity_db *identity,
                                        const uint8_t ident[KOLAM_IDENT_BYTES], const char *name) {
    int64_t person = 0;
    if (!kolam_name_is_valid(name) || kolam_name_is_former(name)) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = kolam_identity_begin(identity);
    if (status == KOLAM_OK) {
        status = kolam_identity_row(identity, ident, &person);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_run(identity, "UPDATE person SET name = ? WHERE id = ?", "ti", name,
                                    person);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_note_renaming(identity, person, name, false);
    }
    return kolam_identity_end(identity, status);
}

void kolam_identity_import_author(const struct kolam_identity_db *identity, const char *name,
                                  struct kolam_author *out_author) {
    /* Hash of hashes: no name, however long or odd, can run into the instance beside it. */
    uint8_t parts[2 * KOLAM_HASH_BYTES], hash[KOLAM_HASH_BYTES];
    kolam_sha256(identity->instance, strlen(identity->instance), parts);
    kolam_sha256(name, strlen(name), parts + KOLAM_HASH_BYTES);
    kolam_sha256(parts, sizeof parts, hash);
    memcpy(out_author->ident, hash, KOLAM_IDENT_BYTES);
    if (!kolam_name_clean(name, out_author->name)) {
        kolam_name_generate((uint32_t)hash[30] << 8 | hash[31], out_author->name);
    }
}
