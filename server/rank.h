/* Who is above whom: the role on a canvas of somebody who may be far away, found out as it would be for themselves; so that
 * nobody sanctions, or takes back what was done by, an equal or a higher one. Loop thread. */
#ifndef KOLAM_SERVER_RANK_H
#define KOLAM_SERVER_RANK_H

#include "kolam/log.h"
#include "kolam/pool.h"
#include "rights.h"

struct kolam_ask;

/* A question about one person; the asker's until `done`. */
struct kolam_rank {
    const struct kolam_ask *ask; /* whose session asks, about whose canvas */
    bool is_operator;            /* it is who has the admin token, and no identity */
    uint8_t ident[KOLAM_IDENT_BYTES];
    void (*done)(struct kolam_rank *rank);

    enum kolam_status status; /* the answer; OK: */
    bool is_oneself;          /* the asker, by any self */
    enum kolam_role
        role; /* by a role given, an invitation, or the token of a connection; else NEWCOMER */

    struct kolam_job job;
    int32_t invited;
    uint32_t count;
    uint8_t idents[1 + KOLAM_FORMERS_MAX]
                  [KOLAM_IDENT_BYTES];       /* the person's own, then those of before */
    uint32_t artists[1 + KOLAM_FORMERS_MAX]; /* and their numbers here; 0: none */
};

/* `done` comes, now or later. */
void kolam_rank_ask(struct kolam_rank *rank);
/* Whether the asker is above the one who was asked about, or is that one. */
bool kolam_rank_is_below(const struct kolam_rank *rank);

#endif
