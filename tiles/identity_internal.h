/* What the files of identity.db share: the open file, statements in one call, and people by their row. */
#ifndef KOLAM_TILES_IDENTITY_INTERNAL_H
#define KOLAM_TILES_IDENTITY_INTERNAL_H

#include "kolam/identity.h"
#include "row_sums.h"
#include "sql.h"

#define KOLAM_HASH_BYTES 32

struct kolam_identity_db {
    sqlite3 *db;
    sqlite3_stmt *find;     /* asked at every connection */
    sqlite3_stmt *rollback; /* prepared: there may be no memory when it is needed */
    struct kolam_sums sums;
    struct kolam_clock clock;
    char instance[17];
    /* Codes are short enough to be found by trying all: their hashes are worth nothing without this, which no file holds. */
    uint8_t pepper[KOLAM_HASH_BYTES];
};

static inline int64_t kolam_identity_now(const struct kolam_identity_db *identity) {
    return identity->clock.now_ms(identity->clock.ctx);
}

/* A statement with what is bound to it, a letter for each: i int64_t; t a text; d an ident; h a hash; n nothing (NULL).
 * Texts and blobs are borrowed until it is finalized. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_prepare(struct kolam_identity_db *identity,
                                                          sqlite3_stmt **out_statement,
                                                          const char *text, const char *kinds, ...);
/* The same, run to its end. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_run(struct kolam_identity_db *identity,
                                                      const char *text, const char *kinds, ...);
/* The same: the first column of its first row. NOT_FOUND without one. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_number(struct kolam_identity_db *identity,
                                                         int64_t *out_number, const char *text,
                                                         const char *kinds, ...);

KOLAM_MUST_CHECK enum kolam_status kolam_identity_begin(struct kolam_identity_db *identity);
/* Commits if all went well, else takes everything back; returns what went wrong. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_end(struct kolam_identity_db *identity,
                                                      enum kolam_status status);

/* The row of a person who is nobody's former self; NOT_FOUND. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_row(struct kolam_identity_db *identity,
                                                      const uint8_t ident[KOLAM_IDENT_BYTES],
                                                      int64_t *out_person);
KOLAM_MUST_CHECK enum kolam_status kolam_identity_author(struct kolam_identity_db *identity,
                                                         int64_t person,
                                                         struct kolam_author *out_author);
/* Copies columns `ident` and `name` of a row, checking both. */
KOLAM_MUST_CHECK enum kolam_status
kolam_identity_read_author(sqlite3_stmt *row, int ident, int name, struct kolam_author *out_author);
/* A new row; the author's ident is made, and a name if it has none. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_insert(struct kolam_identity_db *identity,
                                                         struct kolam_author *author,
                                                         int64_t *out_person);
/* A new random secret; FULL past KOLAM_SECRETS_MAX. */
KOLAM_MUST_CHECK enum kolam_status
kolam_identity_add_secret(struct kolam_identity_db *identity, int64_t person,
                          uint8_t out_secret[KOLAM_SECRET_BYTES]);
/* Canvases are to call the ident so. */
KOLAM_MUST_CHECK enum kolam_status kolam_identity_note_renaming(struct kolam_identity_db *identity,
                                                                int64_t person, const char *name,
                                                                bool also_itself);

#endif
