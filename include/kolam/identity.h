/* Who people are: secrets' hashes, public ids and names, in identity.db, never in a canvas. */
#ifndef KOLAM_IDENTITY_H
#define KOLAM_IDENTITY_H

#include "kolam/log.h"

#define KOLAM_SECRET_BYTES 32

struct kolam_identity_db;

/* Opens or creates identity.db. Own thread or under the caller's lock: one thread at a time. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_db_create(const char *path,
                                                            struct kolam_clock clock,
                                                            struct kolam_identity_db **out_db,
                                                            struct kolam_error *error);
void kolam_identity_db_destroy(struct kolam_identity_db *db); /* NULL is safe */

/* The instance id, 16 hex digits, made once; valid as long as the db. */
const char *kolam_identity_instance(const struct kolam_identity_db *db);

/* A new person: random secret and ident, a friendly generated name. Durable when it returns. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_make(struct kolam_identity_db *db,
                                                       uint8_t out_secret[KOLAM_SECRET_BYTES],
                                                       struct kolam_author *out_author);
/* The person whose secret this is; KOLAM_ERR_NOT_FOUND. Compares hashes. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_find(struct kolam_identity_db *db,
                                                       const uint8_t secret[KOLAM_SECRET_BYTES],
                                                       struct kolam_author *out_author);
KOLAM_MUST_CHECK enum kolam_status kolam_identity_rename(struct kolam_identity_db *db,
                                                         const uint8_t ident[KOLAM_IDENT_BYTES],
                                                         const char *name);

/* The author that stands for an imported name on this instance: same instance and name, same ident. */
void kolam_identity_import_author(const struct kolam_identity_db *db, const char *name,
                                  struct kolam_author *out_author);

/* True for 1..40 characters of valid UTF-8 without control characters and not all spaces. */
bool kolam_name_is_valid(const char *name);

/* Reads the admin token of the data folder (64 hex digits), making it (mode 0600) if it is missing. */
KOLAM_MUST_CHECK enum kolam_status kolam_admin_token_load(const char *folder, char out_hex[65],
                                                          struct kolam_error *error);

/* Cryptographic random bytes from the system; aborts if the system has none. Any thread. */
void kolam_random_bytes(void *out, size_t size_bytes);
/* SHA-256 (OpenSSL's). Any thread. */
void kolam_sha256(const void *bytes, size_t size_bytes, uint8_t out_hash[32]);

#endif
