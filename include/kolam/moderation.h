/* What was decided about people, and what was reported to those who decide: sanctions and reports, in moderation.db, never in
 * a canvas. Personal, so what is not needed any more is forgotten (kolam_moderation_tidy).
 *
 * Times are Unix ms as the caller counts them: whether a sanction is in force is the caller's to say, nothing here looks
 * at a clock. */
#ifndef KOLAM_MODERATION_H
#define KOLAM_MODERATION_H

#include "kolam/damage.h"
#include "kolam/folder.h"
#include "kolam/log.h"

#define KOLAM_MODERATION_TEXT_CHARACTERS_MAX 400
#define KOLAM_MODERATION_TEXT_BYTES_MAX 1600
#define KOLAM_PREFIX_BYTES 16
#define KOLAM_NO_END INT64_MAX

enum kolam_sanction_kind {
    KOLAM_SANCTION_MUTE = 1, /* draws, but has no cursor and says nothing */
    KOLAM_SANCTION_SLOW,     /* draws, but little */
    KOLAM_SANCTION_SUSPEND,  /* looks on, is seen, does not draw */
    KOLAM_SANCTION_BAN,      /* looks on at most */
    KOLAM_SANCTION_KINDS
};

/* Who did something: a person, or (no ident) whoever held the admin token. */
struct kolam_moderator {
    bool has_ident;
    uint8_t ident[KOLAM_IDENT_BYTES];
    char name[KOLAM_NAME_BYTES_MAX + 1];
};

struct kolam_sanction {
    uint64_t id; /* from 1 */
    enum kolam_sanction_kind kind;
    bool is_hidden;                         /* a ban that is not told */
    bool bans_watching;                     /* of a prefix: not even looking */
    char canvas[KOLAM_CANVAS_NAME_MAX + 1]; /* where; "": everywhere */
    /* Whom: a person ... */
    bool has_ident;
    uint8_t ident[KOLAM_IDENT_BYTES];
    char name[KOLAM_NAME_BYTES_MAX + 1];        /* as they were called then, "" for a prefix */
    char decided_on[KOLAM_CANVAS_NAME_MAX + 1]; /* the canvas that `artist` is a number of */
    uint32_t artist;
    /* ... or addresses that begin alike; 0 bits: it is of a person, or the prefix was forgotten. */
    uint8_t prefix[KOLAM_PREFIX_BYTES], prefix_bits;

    int64_t from_ms, until_ms; /* KOLAM_NO_END */
    char why[KOLAM_MODERATION_TEXT_BYTES_MAX + 1];
    struct kolam_moderator by;
    int64_t ended_ms; /* 0: nobody has ended it */
    struct kolam_moderator ended_by;
};

static inline bool kolam_sanction_is_in_force(const struct kolam_sanction *sanction,
                                              int64_t now_ms) {
    return sanction->ended_ms == 0 && now_ms < sanction->until_ms;
}

enum kolam_report_kind { KOLAM_REPORT_PLACE = 1, KOLAM_REPORT_ARTIST, KOLAM_REPORT_STROKE };

struct kolam_report {
    uint64_t id;
    char canvas[KOLAM_CANVAS_NAME_MAX + 1];
    int64_t made_ms;
    struct kolam_moderator by; /* no ident: a watcher who has none, or it was forgotten */
    uint32_t by_artist;
    enum kolam_report_kind kind;
    /* The part of the wall that is meant, or was looked at; width 0: none was told. Pixels of the level. */
    int32_t level;
    int64_t x, y, width, height;
    uint32_t artist; /* reported, or whose stroke; 0: nobody is named */
    char name[KOLAM_NAME_BYTES_MAX + 1];
    uint64_t stroke; /* a seq, or 0 */
    char text[KOLAM_MODERATION_TEXT_BYTES_MAX + 1];
    int64_t closed_ms; /* 0: open */
    struct kolam_moderator closed_by;
    char outcome[KOLAM_MODERATION_TEXT_BYTES_MAX + 1];
};

struct kolam_moderation_db;

/* Opens or creates moderation.db (mode 0600). One thread at a time; what writes is durable when it returns. */
KOLAM_MUST_CHECK enum kolam_status kolam_moderation_db_create(const char *path,
                                                              struct kolam_moderation_db **out_db,
                                                              struct kolam_error *error);
void kolam_moderation_db_destroy(struct kolam_moderation_db *db); /* NULL is safe */

/* From now on `tell` hears of each row that turns out to be damaged, once, and at once of those known by now: it is left out,
 * and who cannot be found for want of it is KOLAM_ERR_CORRUPT. On the thread that uses the database. */
void kolam_moderation_tell_damage(struct kolam_moderation_db *db, kolam_damage_tell *tell,
                                  void *ctx);

/* The newest time that was ever written: a clock that shows an earlier one is wrong. 0: none was. */
int64_t kolam_moderation_newest_ms(const struct kolam_moderation_db *db);
KOLAM_MUST_CHECK enum kolam_status kolam_moderation_note_time(struct kolam_moderation_db *db,
                                                              int64_t now_ms);

/* ---- sanctions ---- */

/* Keeps a new one and gives it its id. */
KOLAM_MUST_CHECK enum kolam_status kolam_sanction_add(struct kolam_moderation_db *db,
                                                      struct kolam_sanction *sanction);
/* Ends one that nobody has ended; *out_sanction is as it is then. KOLAM_ERR_NOT_FOUND; KOLAM_ERR_EXISTS: it was ended
 * before. */
KOLAM_MUST_CHECK enum kolam_status kolam_sanction_end(struct kolam_moderation_db *db, uint64_t id,
                                                      const struct kolam_moderator *by,
                                                      int64_t now_ms,
                                                      struct kolam_sanction *out_sanction);
KOLAM_MUST_CHECK enum kolam_status kolam_sanction_get(struct kolam_moderation_db *db, uint64_t id,
                                                      struct kolam_sanction *out_sanction);
/* Visits until `visit` returns false. */
typedef bool kolam_sanction_visit(void *ctx, const struct kolam_sanction *sanction);
/* All in force at now_ms, the oldest first. */
KOLAM_MUST_CHECK enum kolam_status kolam_sanctions_in_force(struct kolam_moderation_db *db,
                                                            int64_t now_ms,
                                                            kolam_sanction_visit *visit, void *ctx);

/* Whom `from` is called by now: two identities became one. */
KOLAM_MUST_CHECK enum kolam_status kolam_moderation_merged(struct kolam_moderation_db *db,
                                                           const uint8_t from[KOLAM_IDENT_BYTES],
                                                           const uint8_t to[KOLAM_IDENT_BYTES]);
/* Forgets names and reports' authorship of a person who is erased; sanctions stay, by ident alone. */
KOLAM_MUST_CHECK enum kolam_status kolam_moderation_erased(struct kolam_moderation_db *db,
                                                           const uint8_t ident[KOLAM_IDENT_BYTES]);
/* What the artist whom reports on a canvas are about is called by now. */
KOLAM_MUST_CHECK enum kolam_status kolam_moderation_renamed(struct kolam_moderation_db *db,
                                                            const char *canvas, uint32_t artist,
                                                            const char *name);

/* ---- reports ---- */

KOLAM_MUST_CHECK enum kolam_status kolam_report_add(struct kolam_moderation_db *db,
                                                    struct kolam_report *report);
/* KOLAM_ERR_NOT_FOUND: no such report on that canvas; KOLAM_ERR_EXISTS: it is closed already. */
KOLAM_MUST_CHECK enum kolam_status kolam_report_close(struct kolam_moderation_db *db,
                                                      const char *canvas, uint64_t id,
                                                      const struct kolam_moderator *by,
                                                      const char *outcome, int64_t now_ms,
                                                      struct kolam_report *out_report);
/* Of a canvas, open or closed ones with id < before_id, the newest first, until `visit` returns false. */
typedef bool kolam_report_visit(void *ctx, const struct kolam_report *report);
KOLAM_MUST_CHECK enum kolam_status kolam_reports_list(struct kolam_moderation_db *db,
                                                      const char *canvas, bool is_open,
                                                      uint64_t before_id, kolam_report_visit *visit,
                                                      void *ctx);
/* How many are open: of a canvas, or (NULL) in all. */
KOLAM_MUST_CHECK enum kolam_status
kolam_reports_open_count(struct kolam_moderation_db *db, const char *canvas, uint32_t *out_count);
/* Closed reports of a person who was not told yet; they are told now. At most 16 are visited, the newest. */
KOLAM_MUST_CHECK enum kolam_status kolam_reports_tell(struct kolam_moderation_db *db,
                                                      const char *canvas,
                                                      const uint8_t ident[KOLAM_IDENT_BYTES],
                                                      kolam_report_visit *visit, void *ctx);

/* ---- the audit ---- */

enum kolam_deed_kind { KOLAM_DEED_SANCTION = 1, KOLAM_DEED_SANCTION_END, KOLAM_DEED_REPORT_CLOSE };

/* Something a moderator did; of one time the order is that of kind, then id. */
struct kolam_deed {
    enum kolam_deed_kind kind;
    int64_t time_ms;
    uint64_t id;
    const struct kolam_sanction *sanction; /* borrowed for the call; or ... */
    const struct kolam_report *report;
};

/* Where a page of the audit ends: what comes before (time, kind, id) is older. */
struct kolam_deed_place {
    int64_t time_ms;
    enum kolam_deed_kind kind;
    uint64_t id;
};

/* Visits what was done on a canvas or everywhere, older than `before`, the newest first, until `visit` returns false. */
typedef bool kolam_deed_visit(void *ctx, const struct kolam_deed *deed);
KOLAM_MUST_CHECK enum kolam_status kolam_moderation_deeds(struct kolam_moderation_db *db,
                                                          const char *canvas,
                                                          const struct kolam_deed_place *before,
                                                          kolam_deed_visit *visit, void *ctx);

/* ---- forgetting ---- */

#define KOLAM_PREFIX_DAYS_MAX 30     /* a sanction by prefix lasts at most so long */
#define KOLAM_PREFIX_KEPT_DAYS 30    /* and its prefix is known for so long after its end */
#define KOLAM_REPORTER_KEPT_DAYS 180 /* who made a report, after it was closed */

KOLAM_MUST_CHECK enum kolam_status kolam_moderation_tidy(struct kolam_moderation_db *db,
                                                         int64_t now_ms);

#endif
