/* Who somebody is by now, and how high: asked by a number of the canvas or by an ident, of themselves or of a self that was merged since,
 * whether or not they are there. So that a number means a person, and nobody judges an equal or a higher one. Loop thread. */
#ifndef KOLAM_SERVER_PERSON_H
#define KOLAM_SERVER_PERSON_H

#include "kolam/log.h"
#include "kolam/pool.h"
#include "rights.h"

struct kolam_ask;

/* A question about one person; the asker's until `done`. */
struct kolam_person {
    const struct kolam_ask *ask; /* whose session asks, about whose canvas */
    void (*done)(struct kolam_person *person);
    bool is_operator;           /* asked: it is who has the admin token, whoever that was */
    uint32_t artist;            /* or by their number here; 0: */
    struct kolam_author author; /* by the ident. Answered: who it is now */

    enum kolam_status status; /* the answer; KOLAM_ERR_NOT_FOUND: nobody has the number; OK: */
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
void kolam_person_find(struct kolam_person *person);
/* Whether the asker may sanction the one who was asked about, or change their role. */
bool kolam_person_is_below(const struct kolam_person *person);
/* Whether the asker may undo what that one did; `is_against_asker`: to the asker. */
bool kolam_person_may_be_undone(const struct kolam_person *person, bool is_against_asker);

#endif
