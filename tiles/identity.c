/* Who people are. A secret is 256 random bits that only its owner keeps; the file holds its hash, so
 * that a stolen copy lets nobody in. A hash of so much randomness needs no salt and no stretching. */
#include "kolam/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "names.h"
#include "sql.h"

#define HASH_BYTES 32

struct kolam_identity_db {
    sqlite3 *db;
    sqlite3_stmt *insert, *find, *rename;
    struct kolam_clock clock;
    char instance[17];
};

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

void kolam_sha256(const void *bytes, size_t size_bytes, uint8_t out_hash[HASH_BYTES]) {
    if (EVP_Digest(bytes, size_bytes, out_hash, NULL, EVP_sha256(), NULL) != 1) {
        abort(); /* libcrypto could not allocate a few hundred bytes */
    }
}

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
        return KOLAM_OK;
    }
    int64_t instance;
    kolam_random_bytes(&instance, sizeof instance);
    enum kolam_status status = kolam_sql_exec(identity->db, "BEGIN IMMEDIATE");
    if (status == KOLAM_OK) {
        status = kolam_schema_migrate(identity->db, &kolam_schema_identity, version, path, error);
    }
    if (status == KOLAM_OK && version == 0) {
        status = kolam_sql_meta_set(identity->db, "instance", instance);
    }
    return status == KOLAM_OK ? kolam_sql_exec(identity->db, "COMMIT") : status;
}

static enum kolam_status prepare_all(struct kolam_identity_db *identity) {
    int64_t instance = 0;
    enum kolam_status status = kolam_sql_meta_get(identity->db, "instance", &instance);
    if (status == KOLAM_OK) {
        (void)snprintf(identity->instance, sizeof identity->instance, "%016llx",
                       (unsigned long long)instance);
        status = kolam_sql_prepare(identity->db,
                                   "INSERT INTO person (ident, secret_hash, name, created_ms) "
                                   "VALUES (?, ?, ?, ?)",
                                   &identity->insert);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(
            identity->db, "SELECT ident, name, secret_hash FROM person WHERE secret_hash = ?",
            &identity->find);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(identity->db, "UPDATE person SET name = ?2 WHERE ident = ?1",
                                   &identity->rename);
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
    status = kolam_sql_exec(identity->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    if (status == KOLAM_OK) {
        status = create_tables(identity, version, path, error);
    }
    if (status == KOLAM_OK) {
        status = prepare_all(identity);
    }
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: cannot be used: %s", path,
                          sqlite3_errmsg(identity->db));
    }
    return KOLAM_OK;
}

enum kolam_status kolam_identity_db_create(const char *path, struct kolam_clock clock,
                                           struct kolam_identity_db **out_db,
                                           struct kolam_error *error) {
    struct kolam_identity_db *identity = kolam_alloc_zero(1, sizeof *identity);
    if (!identity) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    identity->clock = clock;
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
    sqlite3_finalize(identity->insert);
    sqlite3_finalize(identity->find);
    sqlite3_finalize(identity->rename);
    sqlite3_close(identity->db);
    kolam_free(identity);
}

const char *kolam_identity_instance(const struct kolam_identity_db *identity) {
    return identity->instance;
}

enum kolam_status kolam_identity_make(struct kolam_identity_db *identity,
                                      uint8_t out_secret[KOLAM_SECRET_BYTES],
                                      struct kolam_author *out_author) {
    uint8_t secret[KOLAM_SECRET_BYTES], hash[HASH_BYTES];
    struct kolam_author author = {0};
    uint32_t name_number;
    kolam_random_bytes(secret, sizeof secret);
    kolam_random_bytes(author.ident, sizeof author.ident);
    kolam_random_bytes(&name_number, sizeof name_number);
    kolam_name_generate(name_number, author.name);
    kolam_sha256(secret, sizeof secret, hash);

    sqlite3_stmt *insert = identity->insert;
    enum kolam_status status = kolam_sql_bind_blob(insert, 1, author.ident, sizeof author.ident);
    if (status == KOLAM_OK) {
        status = kolam_sql_bind_blob(insert, 2, hash, sizeof hash);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_bind_text(insert, 3, author.name);
    }
    if (status == KOLAM_OK) {
        (void)sqlite3_bind_int64(insert, 4, identity->clock.now_ms(identity->clock.ctx));
        status = kolam_sql_run(insert);
    }
    (void)sqlite3_clear_bindings(insert); /* they point into this call's stack */
    if (status == KOLAM_OK) {
        memcpy(out_secret, secret, sizeof secret);
        *out_author = author;
    }
    OPENSSL_cleanse(secret, sizeof secret);
    return status;
}

/* The row that `find` stands on. The lookup by index may tell how far a hash agrees, which helps nobody
 * to find a secret; the decision itself takes the same time for every hash. */
static enum kolam_status read_person(sqlite3_stmt *find, const uint8_t hash[HASH_BYTES],
                                     struct kolam_author *out_author) {
    const uint8_t *ident = sqlite3_column_blob(find, 0);
    int ident_size = sqlite3_column_bytes(find, 0);
    const char *name = (const char *)sqlite3_column_text(find, 1);
    const uint8_t *stored = sqlite3_column_blob(find, 2);
    if (!ident || ident_size != KOLAM_IDENT_BYTES || !name || strlen(name) > KOLAM_NAME_BYTES_MAX ||
        !stored || sqlite3_column_bytes(find, 2) != HASH_BYTES) {
        return KOLAM_ERR_CORRUPT;
    }
    if (CRYPTO_memcmp(stored, hash, HASH_BYTES) != 0) {
        return KOLAM_ERR_NOT_FOUND;
    }
    memcpy(out_author->ident, ident, KOLAM_IDENT_BYTES);
    (void)strcpy(out_author->name, name);
    return KOLAM_OK;
}

enum kolam_status kolam_identity_find(struct kolam_identity_db *identity,
                                      const uint8_t secret[KOLAM_SECRET_BYTES],
                                      struct kolam_author *out_author) {
    uint8_t hash[HASH_BYTES];
    bool has_row = false;
    kolam_sha256(secret, KOLAM_SECRET_BYTES, hash);
    enum kolam_status status = kolam_sql_bind_blob(identity->find, 1, hash, sizeof hash);
    if (status == KOLAM_OK) {
        status = kolam_sql_step(identity->find, &has_row);
    }
    if (status == KOLAM_OK) {
        status = has_row ? read_person(identity->find, hash, out_author) : KOLAM_ERR_NOT_FOUND;
    }
    (void)sqlite3_reset(identity->find);
    (void)sqlite3_clear_bindings(identity->find);
    return status;
}

enum kolam_status kolam_identity_rename(struct kolam_identity_db *identity,
                                        const uint8_t ident[KOLAM_IDENT_BYTES], const char *name) {
    if (!kolam_name_is_valid(name)) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = kolam_sql_bind_blob(identity->rename, 1, ident, KOLAM_IDENT_BYTES);
    if (status == KOLAM_OK) {
        status = kolam_sql_bind_text(identity->rename, 2, name);
    }
    if (status == KOLAM_OK) {
        status = kolam_sql_run(identity->rename);
    }
    (void)sqlite3_clear_bindings(identity->rename);
    return status == KOLAM_OK && sqlite3_changes(identity->db) == 0 ? KOLAM_ERR_NOT_FOUND : status;
}

void kolam_identity_import_author(const struct kolam_identity_db *identity, const char *name,
                                  struct kolam_author *out_author) {
    /* Hash of hashes: no name, however long or odd, can run into the instance beside it. */
    uint8_t parts[2 * HASH_BYTES], hash[HASH_BYTES];
    kolam_sha256(identity->instance, strlen(identity->instance), parts);
    kolam_sha256(name, strlen(name), parts + HASH_BYTES);
    kolam_sha256(parts, sizeof parts, hash);
    memcpy(out_author->ident, hash, KOLAM_IDENT_BYTES);
    if (!kolam_name_clean(name, out_author->name)) {
        kolam_name_generate((uint32_t)hash[30] << 8 | hash[31], out_author->name);
    }
}
