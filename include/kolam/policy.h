/* Who may do what on a canvas: acts are records in its log, and what holds is a fold over them in seq order.
 *
 * An act sets something: the canvas's mode, an area, somebody's role, how many votes hide a stroke. What holds of a thing is its newest
 * act that was not taken back by an "undo" and whose time, if it has one, is not over; so what was before comes back by itself.
 * Of each thing the newest few acts are kept, and things are bounded, so a policy is, too, whatever a log says. What a
 * record says of itself is checked here, whoever wrote the file. Reading is any thread's, a policy one thread's at a time. */
#ifndef KOLAM_POLICY_H
#define KOLAM_POLICY_H

#include "kolam/reader.h"

/* From least to most; a table names the least that may. */
enum kolam_role {
    KOLAM_ROLE_WATCHER,   /* looks on; may have no identity */
    KOLAM_ROLE_NEWCOMER,  /* has an identity, and little or nothing that was left standing yet */
    KOLAM_ROLE_ARTIST,    /* has drawn here for a while */
    KOLAM_ROLE_MENTOR,    /* a steward: helps, invites, tidies up names of places */
    KOLAM_ROLE_MODERATOR, /* undoes what others did, and keeps people out */
    KOLAM_ROLE_OWNER,     /* sets the canvas up */
    KOLAM_ROLES
};
#define KOLAM_ROLE_EARNED KOLAM_ROLES /* none is given: what time and strokes give */

enum kolam_canvas_mode {
    KOLAM_MODE_OPEN,      /* anyone draws */
    KOLAM_MODE_NEWCOMERS, /* newcomers draw with little ink at first */
    KOLAM_MODE_INVITED,   /* only who was invited draws */
    KOLAM_MODE_READ_ONLY,
    KOLAM_MODES
};

enum kolam_area_kind {
    KOLAM_AREA_PLAIN,     /* none: takes an area away */
    KOLAM_AREA_PROTECTED, /* its members draw there, and mentors */
    KOLAM_AREA_OWNED,     /* its members alone draw there */
    KOLAM_AREA_QUIET,     /* no names are shown */
    KOLAM_AREA_FROZEN,    /* nobody draws there for now */
    KOLAM_AREAS
};

#define KOLAM_AREAS_MAX 1024
#define KOLAM_ROLES_GIVEN_MAX 4096
#define KOLAM_ACTS_KEPT_MAX 8 /* of one thing: so far back what was can come back */
#define KOLAM_AREA_MEMBERS_MAX 64
#define KOLAM_AREA_NAME_CHARACTERS_MAX 80
#define KOLAM_AREA_NAME_BYTES_MAX 320
#define KOLAM_ACT_WHY_CHARACTERS_MAX 400
#define KOLAM_ACT_WHY_BYTES_MAX 1600
#define KOLAM_ACT_ARTISTS_MAX 256
#define KOLAM_ACT_RECORD_BYTES_MAX 16384
#define KOLAM_VOTES_MIN 2
#define KOLAM_VOTES_MAX 64
/* Strokes that are voted about. For one more that with the fewest votes is forgotten, of these the oldest. */
#define KOLAM_BALLOTS_MAX 1024
/* Votes of one artist that have hidden nothing yet. For one more their oldest goes: nobody fills all ballots alone. */
#define KOLAM_VOTES_OPEN_MAX 32
#define KOLAM_TIME_MS_MAX 253402300799000 /* the end of the year 9999 */

enum kolam_act_kind {
    KOLAM_ACT_OTHER, /* a record of some other kind */
    KOLAM_ACT_MODE,
    KOLAM_ACT_AREA,
    KOLAM_ACT_ROLE,
    KOLAM_ACT_VOTES,
    KOLAM_ACT_VOTE,     /* somebody's, to hide a stroke */
    KOLAM_ACT_UNVOTE,   /* takes that back */
    KOLAM_ACT_VOTED,    /* the votes were enough: beside the hide */
    KOLAM_ACT_ROLLBACK, /* beside its hides */
    KOLAM_ACT_UNDO
};

/* What a record says. Text is UTF-8, empty for none. */
struct kolam_act {
    enum kolam_act_kind kind;
    enum kolam_canvas_mode mode; /* MODE */
    enum kolam_area_kind area;   /* AREA; and all of it up to `members` */
    uint64_t of_seq;             /* the area that it replaces, or 0: a new one */
    struct kolam_rect rect;
    uint32_t owner; /* an artist's number, or 0 */
    uint32_t member_count;
    uint32_t members[KOLAM_AREA_MEMBERS_MAX];
    char name[KOLAM_AREA_NAME_BYTES_MAX + 1];
    uint32_t artist;      /* ROLE */
    enum kolam_role role; /* ROLE; or KOLAM_ROLE_EARNED */
    uint32_t
        votes; /* VOTES: so many hide a stroke, 0: there is no voting; VOTED: so many there were */
    uint64_t stroke_seq; /* VOTE, UNVOTE, VOTED */
    uint64_t act_seq;    /* UNDO */
    uint32_t strokes;    /* ROLLBACK: how many; and whose */
    uint32_t
        artist_count; /* UNVOTE: whose votes, who were all the author's selves; 0: the author's */
    uint32_t artists[KOLAM_ACT_ARTISTS_MAX];
    int64_t until_ms;  /* MODE, AREA: it holds before that; 0: for good */
    bool is_operators; /* made with the admin token, whoever held it */
    char why[KOLAM_ACT_WHY_BYTES_MAX + 1];
};

/* What a record op's JSON says. KOLAM_ERR_INVALID: it claims to be an act and is none; KOLAM_ERR_NOMEM: it could
 * not be read, whatever it is. */
KOLAM_MUST_CHECK enum kolam_status kolam_act_decode(const uint8_t *json, size_t size_bytes,
                                                    struct kolam_act *out_act);
/* The op body of the record; kolam_free it. KOLAM_ERR_INVALID for what could not be decoded again, KOLAM_ERR_NOMEM. */
KOLAM_MUST_CHECK enum kolam_status kolam_act_encode(const struct kolam_act *act, uint8_t **out_body,
                                                    size_t *out_size_bytes);

/* Empty, or 1 to 400 characters of UTF-8 without control characters, not all blank. */
bool kolam_act_why_is_valid(const char *why);

/* Names as the wire and the log write them: static storage. The parser is false for others. */
const char *kolam_role_name(enum kolam_role role); /* "earned" for KOLAM_ROLE_EARNED */
const char *kolam_mode_name(enum kolam_canvas_mode mode);
const char *kolam_area_kind_name(enum kolam_area_kind kind);
bool kolam_role_parse(const char *name, enum kolam_role *out_role); /* not "watcher" */

/* ---- the fold ---- */

struct kolam_policy_area {
    uint64_t seq, act_seq; /* its number: the op that made it; the act that it is as of */
    enum kolam_area_kind kind;
    struct kolam_rect rect;
    int64_t until_ms; /* 0: for good */
    uint32_t owner, member_count;
    const uint32_t *members; /* both in the same block */
    const char *name;
};

/* An act as it is kept: of what holds, and of what could come back. */
struct kolam_kept_act {
    uint64_t seq;
    int64_t time_ms, until_ms;
    uint32_t by; /* the artist */
    bool is_operators, is_undone;
    uint32_t value;                 /* a mode, a role, a number of votes, an area's kind */
    struct kolam_policy_area *area; /* AREA; owned */
};

/* A thing that acts set: the mode, an area, a role, the votes. */
struct kolam_policy_thing {
    uint64_t key; /* the area's seq, the artist; in rising order */
    uint32_t count;
    struct kolam_kept_act *acts; /* in seq order; room for KOLAM_ACTS_KEPT_MAX, or NULL */
};

struct kolam_given_role {
    uint32_t artist;
    enum kolam_role role;
};

/* Who voted to hide a stroke that is not hidden yet. */
struct kolam_ballot {
    uint64_t stroke_seq;
    uint64_t begun_seq; /* the first vote's */
    uint32_t count;
    uint32_t voters[KOLAM_VOTES_MAX];
    uint32_t turns[KOLAM_VOTES_MAX]; /* theirs: of two votes the older has the lower */
};

/* Zeroed memory is an open canvas on which nothing was ever set. */
struct kolam_policy {
    /* What holds, as of the last refresh. */
    enum kolam_canvas_mode mode;
    int64_t mode_until_ms;
    uint32_t votes;
    const struct kolam_policy_area **areas; /* in order of their seqs, none plain */
    uint32_t area_count;
    struct kolam_given_role *roles; /* in order of artists */
    uint32_t role_count;
    int64_t changes_ms; /* when something of this is over; INT64_MAX: nothing will be */

    /* The acts; to be changed by kolam_policy_apply alone. */
    uint64_t last_seq; /* the newest act that was looked at */
    struct kolam_policy_thing mode_acts, votes_acts;
    struct kolam_policy_thing *area_acts, *role_acts;
    struct kolam_ballot *ballots; /* in no order */
    uint32_t ballot_count, ballot_capacity;
    uint32_t turn; /* the newest vote's */
    uint32_t area_acts_count, area_acts_capacity, role_acts_count, role_acts_capacity;
};

void kolam_policy_finish(struct kolam_policy *policy);
/* Takes an act in, of the op `seq`, which is newer than those before it; one that names what is not there, or would pass a bound, or is no act that
 * sets something, changes nothing. Not yet what holds: refresh. False without memory. */
KOLAM_MUST_CHECK bool kolam_policy_apply(struct kolam_policy *policy, uint64_t seq, int64_t time_ms,
                                         uint32_t by, const struct kolam_act *act);
/* Works out what holds at `now_ms`. Needed after kolam_policy_apply, and at changes_ms. */
void kolam_policy_refresh(struct kolam_policy *policy, int64_t now_ms);
/* Reads and refreshes; `out_policy` is to be finished in any case. */
KOLAM_MUST_CHECK enum kolam_status kolam_policy_read(struct kolam_reader *reader, int64_t now_ms,
                                                     struct kolam_policy *out_policy);

/* Would it change anything at `now_ms`? KOLAM_ERR_NOT_FOUND: it names an area or act that there is not (any more), or that was taken back;
 * KOLAM_ERR_FULL: there are as many as there may be; KOLAM_ERR_INVALID: its time is over already. */
KOLAM_MUST_CHECK enum kolam_status kolam_policy_check(const struct kolam_policy *policy,
                                                      const struct kolam_act *act, int64_t now_ms);
/* The act that set something, and what; NULL if it is not kept. */
const struct kolam_kept_act *kolam_policy_find_act(const struct kolam_policy *policy, uint64_t seq,
                                                   enum kolam_act_kind *out_kind);
/* The area with that number as it is now; NULL: there is none. */
const struct kolam_policy_area *kolam_policy_find_area(const struct kolam_policy *policy,
                                                       uint64_t seq);
/* True if it was never of another kind, as far as that is kept and was not taken back. */
bool kolam_policy_area_is_only(const struct kolam_policy *policy, uint64_t seq,
                               enum kolam_area_kind kind);
/* KOLAM_ROLE_EARNED if none was given. */
enum kolam_role kolam_policy_role(const struct kolam_policy *policy, uint32_t artist);

/* The strokes about which any of these artists has an open vote, the oldest first, into room for KOLAM_BALLOTS_MAX. */
uint32_t kolam_policy_open_votes(const struct kolam_policy *policy, const uint32_t *artists,
                                 uint32_t count, uint64_t *out_strokes);

/* Who voted to hide the stroke, NULL: nobody; and whether the artist is among them. They are numbers: two of them may be one person. */
const struct kolam_ballot *kolam_policy_ballot(const struct kolam_policy *policy,
                                               uint64_t stroke_seq);
bool kolam_policy_has_voted(const struct kolam_policy *policy, uint64_t stroke_seq,
                            uint32_t artist);
bool kolam_ballot_has(const struct kolam_ballot *ballot, uint32_t artist);

/* The next area that the rectangle touches, beginning at `*index` (0 at first), or NULL. Of another level's pixels the coarser ones
 * count, so that what might touch does. */
const struct kolam_policy_area *kolam_policy_area_at(const struct kolam_policy *policy,
                                                     const struct kolam_rect *rect,
                                                     uint32_t *index);
bool kolam_rects_touch(const struct kolam_rect *a, const struct kolam_rect *b);
/* Where no names are shown: the quiet areas alone, as they can be taken along to another thread. */
struct kolam_quiet {
    uint32_t refs; /* the loop thread's */
    uint32_t count;
    struct kolam_rect rects[];
};

/* kolam_alloc'ed, with one reference; NULL where there is no such area. KOLAM_ERR_NOMEM. */
KOLAM_MUST_CHECK enum kolam_status kolam_policy_quiet(const struct kolam_policy *policy,
                                                      struct kolam_quiet **out_quiet);
/* Does one of them touch it? `quiet` NULL: no. */
bool kolam_quiet_has(const struct kolam_quiet *quiet, const struct kolam_rect *rect);
/* The same of ink as it lies on its tiles; of very much ink its box counts. */
bool kolam_quiet_has_ink(const struct kolam_quiet *quiet, const struct kolam_home *homes,
                         uint32_t home_count);

/* True for its owner and its members. */
bool kolam_area_has(const struct kolam_policy_area *area, uint32_t artist);

#endif
