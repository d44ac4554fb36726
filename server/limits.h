/* How much one may take: token buckets for each identity, each address, each network, and in total.
 *
 * A bucket holds up to `burst` and fills by `rate` a second. Who takes from the server pays into the accounts of a *payer*: an
 * identity (or, before there is one, a connection), an address (an IPv4 address; the /64 of an IPv6 one), its network (the /24; the
 * /48), and everybody together. Two doors:
 *   kolam_limits_take    asks first: nothing is taken from any bucket if one of them is short;
 *   kolam_limits_charge  for what has come already: it is taken, and the answer is how long to stop reading.
 *
 * In an account that many share (a school's address, the total) half of a bucket is kept for those who themselves took
 * little: who has emptied half of the bucket that is his own cannot reach it. So one who floods is stopped by what he took, and
 * his neighbours go on.
 *
 * Accounts are found by a keyed hash; there are never more than `capacity`. One that a connection or a session holds
 * stays; of the others the one that was longest let go makes room. That gives a stranger what any stranger has, full buckets, and
 * takes nothing from anybody: an address can neither lock others out by filling the table nor gain by it more than by being new.
 *
 * All of it is the loop thread's. A check costs 10 to 30 ns for each account (`make bench`). */
#ifndef KOLAM_SERVER_LIMITS_H
#define KOLAM_SERVER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "kolam/status.h"
#include "peer.h"

enum kolam_limit {
    /* Rates. */
    KOLAM_LIMIT_CONNECTIONS, /* accepted */
    KOLAM_LIMIT_REQUESTS,    /* over HTTP */
    KOLAM_LIMIT_BYTES,       /* over WebSockets */
    KOLAM_LIMIT_FRAMES,
    KOLAM_LIMIT_STROKES, /* and undos: what is submitted */
    KOLAM_LIMIT_POINTS,
    KOLAM_LIMIT_PREVIEWS, /* and pointers */
    KOLAM_LIMIT_VIEWS,    /* one more for each 256 tiles of it */
    KOLAM_LIMIT_ASKS,     /* questions; to follow, or to name a place, counts ten */
    KOLAM_LIMIT_IDENTITIES,
    KOLAM_LIMIT_CANVASES,
    KOLAM_LIMIT_TILES,  /* that a worker has to draw */
    KOLAM_LIMIT_PIXELS, /* of snapshots */
    KOLAM_LIMIT_SENDS,  /* frames of what all see, to those who only look */
    /* At once. */
    KOLAM_LIMIT_OPEN,       /* connections */
    KOLAM_LIMIT_UNFINISHED, /* connections that have not asked for anything yet */
    KOLAM_LIMIT_SNAPSHOTS,
    KOLAM_LIMITS
};
#define KOLAM_LIMIT_RATES KOLAM_LIMIT_OPEN

enum kolam_limit_scope {
    KOLAM_SCOPE_IDENTITY,
    KOLAM_SCOPE_ADDRESS,
    KOLAM_SCOPE_NETWORK,
    KOLAM_SCOPE_TOTAL,
    KOLAM_SCOPES
};

/* rate 0: no limit. Of what is counted at once `burst` is how many, and rate anything but 0. */
struct kolam_limit_setting {
    double rate, burst;
};

struct kolam_limit_settings {
    struct kolam_limit_setting of[KOLAM_LIMITS][KOLAM_SCOPES];
    bool counts_loopback; /* loopback addresses have accounts, too */
};

/* ---- the table of limits (limit_table.c) ---- */

const char *kolam_limit_name(enum kolam_limit limit);
const char *kolam_scope_name(enum kolam_limit_scope scope);
void kolam_limit_defaults(struct kolam_limit_settings *out_settings);
/* "NAME[.SCOPE]=RATE[:BURST]", "NAME[.SCOPE]=off", "all=off". False: `out_problem` says why. */
KOLAM_MUST_CHECK bool kolam_limit_parse(const char *text, struct kolam_limit_settings *settings,
                                        char *out_problem, uint32_t capacity);
/* The table as --help shows it, on standard output. */
void kolam_limit_print_help(void);

/* ---- accounts ---- */

struct kolam_limits;
struct kolam_account;

/* Who pays; zeroed is nobody, whom only the total binds. */
struct kolam_payer {
    struct kolam_account *accounts[KOLAM_SCOPE_TOTAL];
    bool is_exempt; /* the operator: pays nothing */
};

KOLAM_MUST_CHECK enum kolam_status kolam_limits_create(const struct kolam_limit_settings *settings,
                                                       uint32_t capacity,
                                                       struct kolam_limits **out_limits);
void kolam_limits_destroy(struct kolam_limits *limits); /* NULL is safe */

/* The accounts of an address, held until released. Without memory, or with nothing but held
 * accounts in the table, the payer has none there. */
void kolam_payer_set_address(struct kolam_limits *limits, struct kolam_payer *payer,
                             const struct kolam_address *address);
/* The account of an identity, in place of the one before; `is_passing`: it has no other life than this payer's. */
void kolam_payer_set_identity(struct kolam_limits *limits, struct kolam_payer *payer, uint64_t high,
                              uint64_t low, bool is_passing);
void kolam_payer_copy(struct kolam_payer *payer, const struct kolam_payer *from);
void kolam_payer_release(struct kolam_limits *limits, struct kolam_payer *payer);

/* Takes `cost` and returns 0; or takes nothing and returns in how many microseconds it could be had. */
uint64_t kolam_limits_take(struct kolam_limits *limits, const struct kolam_payer *payer,
                           enum kolam_limit limit, uint64_t cost, uint64_t now_us);
/* Takes `cost`; returns for how many microseconds nothing more should come. */
uint64_t kolam_limits_charge(struct kolam_limits *limits, const struct kolam_payer *payer,
                             enum kolam_limit limit, uint64_t cost, uint64_t now_us);
/* One more at once; false: there are as many as there may be. */
bool kolam_limits_enter(struct kolam_limits *limits, const struct kolam_payer *payer,
                        enum kolam_limit limit);
void kolam_limits_leave(struct kolam_limits *limits, const struct kolam_payer *payer,
                        enum kolam_limit limit);

/* For /metrics: how often each was reached, and how many accounts there are. */
typedef uint64_t kolam_limit_hits[KOLAM_LIMITS][KOLAM_SCOPES];
const kolam_limit_hits *kolam_limits_hits(const struct kolam_limits *limits);
uint32_t kolam_limits_accounts(const struct kolam_limits *limits);
uint64_t kolam_limits_bytes(const struct kolam_limits *limits); /* what these take */

#endif
