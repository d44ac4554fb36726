/* A wall's life as a script, and what was promised along it: which ops were acknowledged, which people made. Whatever happens to
 * the disk in between, life_audit tells whether every promise is kept, once, and whether all that is there was asked for. */
#ifndef KOLAM_TESTS_LIFE_H
#define KOLAM_TESTS_LIFE_H

#include "kolam/identity.h"
#include "kolam/moderation.h"
#include "tests/support/store.h"

#define LIFE_UNITS_MAX 512
#define LIFE_PEOPLE_MAX 16
#define LIFE_FACTS_MAX 128
#define LIFE_COPIES_MAX 8
#define LIFE_NEVER SIZE_MAX

/* What is submitted at once. */
struct life_unit {
    struct kolam_log_op ops[4]; /* bodies and homes are the unit's */
    uint32_t op_count;
    uint8_t author;
    uint64_t seq;       /* of its first op, once acknowledged */
    size_t promised_at; /* disk_now() then; LIFE_NEVER */
};

struct life_name {
    char text[40];
    size_t asked_at, promised_at;
};

struct life_person {
    uint8_t secret[KOLAM_SECRET_BYTES];
    struct kolam_author author;
    size_t promised_at;
    struct life_name names[8];
    uint32_t name_count;
    uint32_t into; /* whom they were merged into; themselves */
    size_t into_asked_at, into_promised_at;
};

/* Something that was promised of a person and may have been ended. */
enum life_fact_kind {
    LIFE_SECRET,
    LIFE_PHRASE,
    LIFE_INVITATION,
    LIFE_GUEST,
    LIFE_RENAMING, /* canvases are to be told that this ident is nobody's any more */
    LIFE_SANCTION,
    LIFE_REPORT
};

struct life_fact {
    enum life_fact_kind kind;
    uint32_t person;
    uint8_t key[KOLAM_SECRET_BYTES]; /* secret, phrase, code, ident */
    uint64_t number;
    char text[24];
    size_t promised_at, end_asked_at, end_promised_at; /* LIFE_NEVER */
};

/* A backup: what was promised when it was asked for is in it once it is done. */
struct life_copy {
    size_t asked_at, promised_at;
};

struct life {
    char root[512], scratch[512], data[560], backup[560], log_path[600], tiles_path[600],
        new_path[620], identity_path[600], moderation_path[600];
    uint64_t seed;
    struct test_log log;
    bool is_open;
    struct kolam_identity_db *identity;
    struct kolam_moderation_db *moderation;
    struct life_unit units[LIFE_UNITS_MAX];
    uint32_t unit_count, settled; /* those before `settled` are acknowledged */
    uint32_t next_counter[4];
    struct life_person people[LIFE_PEOPLE_MAX];
    uint32_t person_count;
    struct life_fact facts[LIFE_FACTS_MAX];
    uint32_t fact_count;
    struct life_copy copies[LIFE_COPIES_MAX];
    uint32_t copy_count;
    bool is_copied; /* and nothing was promised since */
    char token[65]; /* the admin token */
    size_t token_promised_at;
    uint32_t refused; /* submissions that were, and may be again */
    int64_t now_ms;
};

enum life_step {
    LIFE_STROKE,
    LIFE_GROUP,
    LIFE_PARTIAL, /* and, the next time, what completes it */
    LIFE_HIDE,
    LIFE_SHOW,
    LIFE_EDIT,
    LIFE_RECORD,
    LIFE_CROWD,  /* several at once */
    LIFE_RENAME, /* of an artist, here and in identity.db */
    LIFE_PERSON,
    LIFE_KEYS,     /* another device, by a code, too; a phrase */
    LIFE_SIGN_OUT, /* a device is */
    LIFE_INVITE,   /* somebody, who comes; and one that is taken back */
    LIFE_MERGE,    /* two people become one */
    LIFE_ERASE,    /* somebody is forgotten, and canvases are told */
    LIFE_ACT,      /* who may do what */
    LIFE_DECIDE,   /* sanctions */
    LIFE_REPORTS,
    LIFE_TOKEN,
    LIFE_BACKUP,
    LIFE_RESTORE,    /* of a backup, in the place of what is there */
    LIFE_LOOK,       /* tiles are drawn and kept */
    LIFE_CHECKPOINT, /* while the log is open: the WAL begins anew, or is cut */
    LIFE_RESTART,
    LIFE_COMPACT,
    LIFE_STEPS
};

/* A folder in memory (ram.h) that is there and empty; nothing is opened. `seed` chooses shapes, places, and all that is left to
 * chance. */
struct life *life_begin(uint64_t seed);
struct life *life_begin_on_disk(uint64_t seed);
struct kolam_clock life_clock(struct life *life);
/* Takes a step; what fails is left for later, as a client does. True if nothing did. */
bool life_step(struct life *life, enum life_step step);
/* The usual script: every step, in an order that lets them meet. Stops early when `limit` steps are done (0: never). */
void life_live(struct life *life, uint32_t limit);
/* Another: what a keeper of walls does beside it, copies and flattening, with what they are good for. */
void life_keep(struct life *life);
/* What was promised so far is held against every moment of what is recorded from now on. */
void life_promise_again(struct life *life);
/* Sends again what was refused, once the fault is over, and waits until it is acknowledged. */
void life_settle(struct life *life);
void life_close(struct life *life);
void life_end(struct life *life); /* closes, and deletes the folder */

/* ---- life_people.c, life_keep.c ---- */

bool life_has_log(struct life *life);
bool life_has_identity(struct life *life);
void life_close_people(struct life *life);
bool life_people_step(struct life *life, enum life_step step);
bool life_keep_step(struct life *life, enum life_step step);

/* What an audit found. */
struct life_findings {
    uint32_t wrong;  /* promises that are not kept, things that nobody asked for */
    uint32_t errors; /* what could not be opened or read, with a status that says so */
    uint32_t checks; /* problems that `kolam check` tells */
    char first[400]; /* of the wrong ones, else of the errors */
};

/* Looks at `root` (a copy of the life's folder after an accident, or the folder itself), as a server does that starts upon it.
 * Promises made at or before the moment `before` are held against it. What was found good with the same files in it, byte by byte,
 * and held against the same promises, is not looked at again. */
struct life_findings life_audit(const struct life *life, const char *root, size_t before);
/* The same, whatever was found before. */
struct life_findings life_look(const struct life *life, const char *root, size_t before);

#endif
