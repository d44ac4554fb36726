/* Rows of identity.db and moderation.db that are not what was written: found by their sums (tiles/row_sums.h), never taken as
 * truth, told once each. */
#ifndef KOLAM_DAMAGE_H
#define KOLAM_DAMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "kolam/status.h"

/* A row that is left out from now on; `table` is borrowed for the call. On the thread that came upon it. */
typedef void kolam_damage_tell(void *ctx, const char *table, int64_t row);

/* What a look at a whole file found. */
struct kolam_people_check {
    void *ctx;
    void (*problem)(void *ctx, const char *text); /* borrowed for the call */
    uint64_t row_count, problem_count;
    bool is_index_wrong; /* what SQLite says of the file's own build: rows and their indexes */
};

/* Reads all of an identity.db, or of a moderation.db, and changes nothing; a server may have it open. NOT_FOUND: there is none.
 * Problems are no error: they are told, and counted. */
KOLAM_MUST_CHECK enum kolam_status
kolam_identity_check(const char *path, struct kolam_people_check *check, struct kolam_error *error);
KOLAM_MUST_CHECK enum kolam_status kolam_moderation_check(const char *path,
                                                          struct kolam_people_check *check,
                                                          struct kolam_error *error);

#endif
