/* Keys besides a device's secret: codes that sign in another device, recovery phrases, and what sign-in services call somebody. Of each the file
 * holds a hash. A phrase is as random as a secret; a code is not, so its hash is made with the process's own pepper. */
#include <openssl/crypto.h>
#include <string.h>

#include <jansson.h>

#include "identity_internal.h"
#include "names.h"

static void hash_of_code(const struct kolam_identity_db *identity, const char *code,
                         uint8_t out_hash[KOLAM_HASH_BYTES]) {
    uint8_t bytes[KOLAM_HASH_BYTES + KOLAM_CODE_CHARACTERS];
    memcpy(bytes, identity->pepper, KOLAM_HASH_BYTES);
    memcpy(bytes + KOLAM_HASH_BYTES, code, KOLAM_CODE_CHARACTERS);
    kolam_sha256(bytes, sizeof bytes, out_hash);
}

/* Hash of hashes: an issuer cannot run into the subject behind it. */
static void hash_of_subject(const char *issuer, const char *subject,
                            uint8_t out_hash[KOLAM_HASH_BYTES]) {
    uint8_t parts[2 * KOLAM_HASH_BYTES];
    kolam_sha256(issuer, strlen(issuer), parts);
    kolam_sha256(subject, strlen(subject), parts + KOLAM_HASH_BYTES);
    kolam_sha256(parts, sizeof parts, out_hash);
}

/* The person in column 0 of the row that has this hash in column 1. The index finds it; that it is it, takes the same time for every hash. */
static enum kolam_status find_by_hash(struct kolam_identity_db *identity, const char *text,
                                      const uint8_t hash[KOLAM_HASH_BYTES], int64_t now_ms,
                                      int64_t *out_person) {
    sqlite3_stmt *find;
    bool has_row = false;
    enum kolam_status status = kolam_identity_prepare(identity, &find, text, "hi", hash, now_ms);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_sums_find(&identity->sums, find, &has_row);
    if (status == KOLAM_OK) {
        const uint8_t *stored = has_row ? sqlite3_column_blob(find, 1) : NULL;
        const bool is_it = stored && sqlite3_column_bytes(find, 1) == KOLAM_HASH_BYTES &&
                           CRYPTO_memcmp(stored, hash, KOLAM_HASH_BYTES) == 0;
        status = is_it ? KOLAM_OK : KOLAM_ERR_NOT_FOUND;
        *out_person = is_it ? sqlite3_column_int64(find, 0) : 0;
    }
    sqlite3_finalize(find);
    return status;
}

static enum kolam_status find_prover(struct kolam_identity_db *identity,
                                     const struct kolam_proof *proof, int64_t *out_person) {
    const int64_t now_ms = kolam_identity_now(identity);
    uint8_t hash[KOLAM_HASH_BYTES];
    switch (proof->kind) {
    case KOLAM_PROOF_CODE:
        hash_of_code(identity, proof->code, hash);
        return find_by_hash(identity,
                            "SELECT person, hash FROM links WHERE hash = ? AND until_ms > ?", hash,
                            now_ms, out_person);
    case KOLAM_PROOF_PHRASE:
        kolam_sha256(proof->phrase, sizeof proof->phrase, hash);
        return find_by_hash(identity,
                            "SELECT person, hash FROM phrases WHERE hash = ? AND created_ms <= ?",
                            hash, INT64_MAX, out_person);
    case KOLAM_PROOF_SECRET:
        kolam_sha256(proof->secret, sizeof proof->secret, hash);
        return find_by_hash(identity,
                            "SELECT person, hash FROM secrets WHERE hash = ? AND created_ms <= ?",
                            hash, INT64_MAX, out_person);
    }
    return KOLAM_ERR_NOT_FOUND;
}

/* A code is good once; the others stay. */
static enum kolam_status spend(struct kolam_identity_db *identity, const struct kolam_proof *proof,
                               int64_t person) {
    return proof->kind == KOLAM_PROOF_CODE
               ? kolam_identity_run(identity, "DELETE FROM link WHERE person = ?", "i", person)
               : KOLAM_OK;
}

enum kolam_status kolam_identity_prove(struct kolam_identity_db *identity,
                                       const struct kolam_proof *proof,
                                       struct kolam_author *out_author) {
    int64_t person = 0;
    enum kolam_status status = find_prover(identity, proof, &person);
    return status == KOLAM_OK ? kolam_identity_author(identity, person, out_author) : status;
}

enum kolam_status kolam_identity_admit(struct kolam_identity_db *identity,
                                       const struct kolam_proof *proof,
                                       uint8_t out_secret[KOLAM_SECRET_BYTES],
                                       struct kolam_author *out_author) {
    uint8_t secret[KOLAM_SECRET_BYTES];
    struct kolam_author author;
    int64_t person = 0;
    enum kolam_status status = kolam_identity_begin(identity);
    if (status == KOLAM_OK) {
        status = find_prover(identity, proof, &person);
    }
    if (status == KOLAM_OK) {
        status = spend(identity, proof, person);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_add_secret(identity, person, secret);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_author(identity, person, &author);
    }
    status = kolam_identity_end(identity, status);
    if (status == KOLAM_OK) {
        memcpy(out_secret, secret, sizeof secret);
        *out_author = author;
    }
    OPENSSL_cleanse(secret, sizeof secret);
    return status;
}

enum kolam_status kolam_identity_secret(struct kolam_identity_db *identity,
                                        const uint8_t ident[KOLAM_IDENT_BYTES],
                                        uint8_t out_secret[KOLAM_SECRET_BYTES]) {
    int64_t person = 0;
    enum kolam_status status = kolam_identity_row(identity, ident, &person);
    return status == KOLAM_OK ? kolam_identity_add_secret(identity, person, out_secret) : status;
}

/* Not in one transaction with the merge: a code that was spent on a merge that then fails is only asked for anew. */
enum kolam_status kolam_identity_unite(struct kolam_identity_db *identity,
                                       const struct kolam_proof *proof,
                                       const uint8_t ident[KOLAM_IDENT_BYTES], bool is_into_prover,
                                       struct kolam_author *out_author,
                                       uint8_t out_gone[KOLAM_IDENT_BYTES]) {
    struct kolam_author prover;
    int64_t person = 0;
    enum kolam_status status = find_prover(identity, proof, &person);
    if (status == KOLAM_OK) {
        status = kolam_identity_author(identity, person, &prover);
    }
    if (status == KOLAM_OK && memcmp(prover.ident, ident, KOLAM_IDENT_BYTES) != 0) {
        status = spend(identity, proof, person);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    const uint8_t *into = is_into_prover ? prover.ident : ident;
    const uint8_t *from = is_into_prover ? ident : prover.ident;
    status = kolam_identity_merge(identity, into, from, out_author);
    if (status == KOLAM_OK) {
        memcpy(out_gone, from, KOLAM_IDENT_BYTES);
    }
    return status;
}

enum kolam_status kolam_identity_link(struct kolam_identity_db *identity,
                                      const uint8_t ident[KOLAM_IDENT_BYTES],
                                      char out_code[KOLAM_CODE_TEXT_MAX]) {
    const int64_t now_ms = kolam_identity_now(identity);
    char text[KOLAM_CODE_TEXT_MAX], code[KOLAM_CODE_CHARACTERS + 1];
    uint8_t hash[KOLAM_HASH_BYTES];
    int64_t person = 0;
    kolam_code_make(text);
    (void)kolam_code_read(text, code);
    hash_of_code(identity, code, hash);
    enum kolam_status status = kolam_identity_begin(identity);
    if (status == KOLAM_OK) {
        status = kolam_identity_row(identity, ident, &person);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_run(identity, "DELETE FROM link WHERE until_ms <= ? OR person = ?",
                                    "ii", now_ms, person);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_run(identity,
                                    "INSERT INTO link (person, hash, until_ms) VALUES (?, ?, ?)",
                                    "ihi", person, hash, now_ms + KOLAM_LINK_MS);
    }
    status = kolam_identity_end(identity, status);
    if (status == KOLAM_OK) {
        memcpy(out_code, text, sizeof text);
    }
    OPENSSL_cleanse(text, sizeof text);
    OPENSSL_cleanse(code, sizeof code);
    return status;
}

enum kolam_status kolam_identity_phrase(struct kolam_identity_db *identity,
                                        const uint8_t ident[KOLAM_IDENT_BYTES],
                                        char out_phrase[KOLAM_PHRASE_TEXT_MAX]) {
    uint8_t entropy[KOLAM_PHRASE_BYTES], hash[KOLAM_HASH_BYTES];
    int64_t person = 0;
    kolam_random_bytes(entropy, sizeof entropy);
    kolam_sha256(entropy, sizeof entropy, hash);
    enum kolam_status status = kolam_identity_begin(identity);
    if (status == KOLAM_OK) {
        status = kolam_identity_row(identity, ident, &person);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_run(identity, "DELETE FROM phrase WHERE person = ?", "i", person);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_run(
            identity, "INSERT INTO phrase (hash, person, created_ms) VALUES (?, ?, ?)", "hii", hash,
            person, kolam_identity_now(identity));
    }
    status = kolam_identity_end(identity, status);
    if (status == KOLAM_OK) {
        kolam_phrase_write(entropy, out_phrase);
    }
    OPENSSL_cleanse(entropy, sizeof entropy);
    return status;
}

/* ---- devices ---- */

static enum kolam_status list_devices(struct kolam_identity_db *identity, int64_t person,
                                      const uint8_t *hash, json_t *list) {
    sqlite3_stmt *rows;
    bool has_row = false;
    enum kolam_status status = kolam_identity_prepare(
        identity, &rows,
        "SELECT id, created_ms, seen_ms, hash FROM secrets WHERE person = ? ORDER BY id DESC", "i",
        person);
    if (status != KOLAM_OK) {
        return status;
    }
    while ((status = kolam_sql_step(rows, &has_row)) == KOLAM_OK && has_row) {
        const uint8_t *stored = sqlite3_column_blob(rows, 3);
        const bool is_this = hash && stored && sqlite3_column_bytes(rows, 3) == KOLAM_HASH_BYTES &&
                             CRYPTO_memcmp(stored, hash, KOLAM_HASH_BYTES) == 0;
        (void)json_array_append_new(
            list, json_pack("{sI sI sI sb}", "device", (json_int_t)sqlite3_column_int64(rows, 0),
                            "created", (json_int_t)sqlite3_column_int64(rows, 1), "seen",
                            (json_int_t)sqlite3_column_int64(rows, 2), "this", is_this));
    }
    sqlite3_finalize(rows);
    return status;
}

enum kolam_status kolam_identity_devices(struct kolam_identity_db *identity,
                                         const uint8_t ident[KOLAM_IDENT_BYTES],
                                         const uint8_t *secret, struct json_t **out_object) {
    int64_t person = 0, phrase_ms = 0;
    uint8_t hash[KOLAM_HASH_BYTES];
    enum kolam_status status = kolam_identity_row(identity, ident, &person);
    if (status != KOLAM_OK) {
        return status;
    }
    if (secret) {
        kolam_sha256(secret, KOLAM_SECRET_BYTES, hash);
    }
    json_t *list = json_array();
    status = list_devices(identity, person, secret ? hash : NULL, list);
    const enum kolam_status found = kolam_identity_number(
        identity, &phrase_ms, "SELECT max(created_ms) FROM phrases WHERE person = ?", "i", person);
    if (status != KOLAM_OK || found != KOLAM_OK) {
        json_decref(list);
        return status != KOLAM_OK ? status : found;
    }
    *out_object = json_pack("{so so}", "devices", list, "phrase",
                            phrase_ms > 0 ? json_integer(phrase_ms) : json_null());
    return *out_object ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

enum kolam_status kolam_identity_device_end(struct kolam_identity_db *identity,
                                            const uint8_t ident[KOLAM_IDENT_BYTES], int64_t device,
                                            uint8_t out_hash[KOLAM_HASH_BYTES]) {
    sqlite3_stmt *row;
    int64_t person = 0;
    bool has_row = false;
    enum kolam_status status = kolam_identity_row(identity, ident, &person);
    if (status == KOLAM_OK) {
        status = kolam_identity_prepare(
            identity, &row, "DELETE FROM secret WHERE id = ? AND person = ? RETURNING hash", "ii",
            device, person);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_sql_step(row, &has_row);
    if (status == KOLAM_OK && has_row && sqlite3_column_bytes(row, 0) == KOLAM_HASH_BYTES) {
        memcpy(out_hash, sqlite3_column_blob(row, 0), KOLAM_HASH_BYTES);
        status = kolam_sql_step(row, &has_row); /* to its end: then it is committed */
    } else if (status == KOLAM_OK) {
        status = KOLAM_ERR_NOT_FOUND;
    }
    sqlite3_finalize(row);
    return status;
}

/* ---- subjects ---- */

static enum kolam_status find_subject(struct kolam_identity_db *identity,
                                      const uint8_t hash[KOLAM_HASH_BYTES], int64_t *out_person) {
    return find_by_hash(identity,
                        "SELECT person, hash FROM subjects WHERE hash = ? AND created_ms <= ?",
                        hash, INT64_MAX, out_person);
}

enum kolam_status kolam_identity_subject_find(struct kolam_identity_db *identity,
                                              const char *issuer, const char *subject,
                                              struct kolam_author *out_author) {
    uint8_t hash[KOLAM_HASH_BYTES];
    int64_t person = 0;
    hash_of_subject(issuer, subject, hash);
    enum kolam_status status = find_subject(identity, hash, &person);
    return status == KOLAM_OK ? kolam_identity_author(identity, person, out_author) : status;
}

enum kolam_status kolam_identity_subject_make(struct kolam_identity_db *identity,
                                              const char *issuer, const char *subject,
                                              const char *name, struct kolam_author *out_author) {
    struct kolam_author author = {0};
    uint8_t hash[KOLAM_HASH_BYTES];
    int64_t person = 0;
    enum kolam_status status = kolam_identity_subject_find(identity, issuer, subject, out_author);
    if (status != KOLAM_ERR_NOT_FOUND) {
        return status;
    }
    if (!kolam_name_clean(name, author.name) || kolam_name_is_former(author.name)) {
        author.name[0] = '\0';
    }
    hash_of_subject(issuer, subject, hash);
    status = kolam_identity_begin(identity);
    if (status == KOLAM_OK) {
        status = kolam_identity_insert(identity, &author, &person);
    }
    if (status == KOLAM_OK) {
        status = kolam_identity_run(
            identity, "INSERT INTO subject (hash, issuer, person, created_ms) VALUES (?, ?, ?, ?)",
            "htii", hash, issuer, person, kolam_identity_now(identity));
    }
    status = kolam_identity_end(identity, status);
    if (status == KOLAM_OK) {
        *out_author = author;
    }
    return status;
}
