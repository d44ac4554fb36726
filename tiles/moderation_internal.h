/* What the files of moderation.db share. */
#ifndef KOLAM_TILES_MODERATION_INTERNAL_H
#define KOLAM_TILES_MODERATION_INTERNAL_H

#include "kolam/moderation.h"
#include "row_sums.h"
#include "sql.h"

struct kolam_moderation_db {
    sqlite3 *db;
    sqlite3_stmt *rollback; /* prepared: there may be no memory when it is needed */
    struct kolam_sums sums;
    int64_t newest_ms;
};

/* A statement made for one call: all of these are rare. The first error sticks. */
struct kolam_moderation_call {
    struct kolam_moderation_db *db;
    sqlite3_stmt *statement;
    enum kolam_status status;
    int next; /* the parameter to bind */
};

struct kolam_moderation_call kolam_moderation_begin(struct kolam_moderation_db *db,
                                                    const char *text);
void kolam_moderation_bind_int(struct kolam_moderation_call *call, int64_t value);
void kolam_moderation_bind_text(struct kolam_moderation_call *call, const char *text);
/* NULL when size_bytes is 0. */
void kolam_moderation_bind_blob(struct kolam_moderation_call *call, const void *bytes,
                                size_t size_bytes);
/* Two parameters: ident or NULL, name. */
void kolam_moderation_bind_who(struct kolam_moderation_call *call,
                               const struct kolam_moderator *who);
/* True: it stands on a row. `find` is for one row that is looked for: CORRUPT if the only one is damaged. */
bool kolam_moderation_step(struct kolam_moderation_call *call);
bool kolam_moderation_find(struct kolam_moderation_call *call);
KOLAM_MUST_CHECK enum kolam_status kolam_moderation_finish(struct kolam_moderation_call *call);

/* Columns, as far as they fit: a file is not to be trusted. */
void kolam_moderation_take_text(sqlite3_stmt *row, int column, char *out, size_t capacity_bytes);
bool kolam_moderation_take_blob(sqlite3_stmt *row, int column, void *out, size_t size_bytes);
void kolam_moderation_take_who(sqlite3_stmt *row, int column, struct kolam_moderator *out_who);

#define KOLAM_SANCTION_COLUMNS                                                                     \
    "id, kind, is_hidden, bans_watching, canvas, ident, name, decided_on, artist, prefix, "        \
    "prefix_bits, from_ms, until_ms, why, by_ident, by_name, ended_ms, ended_by_ident, "           \
    "ended_by_name"
void kolam_sanction_take(sqlite3_stmt *row, struct kolam_sanction *out_sanction);

#define KOLAM_REPORT_COLUMNS                                                                       \
    "id, canvas, made_ms, by_ident, by_name, by_artist, kind, level, x, y, width, height, "        \
    "artist, "                                                                                     \
    "name, stroke, text, closed_ms, closed_by_ident, closed_by_name, outcome"
void kolam_report_take(sqlite3_stmt *row, struct kolam_report *out_report);
/* A canvas's; NOT_FOUND. */
KOLAM_MUST_CHECK enum kolam_status kolam_report_get(struct kolam_moderation_db *db,
                                                    const char *canvas, uint64_t id,
                                                    struct kolam_report *out_report);

#endif
