/* What people have earned on a canvas: when they began, what was left standing of what they drew, and a newcomer's ink. One for all
 * connections of a person, and kept for a while after the last. Counted by a worker when it is first needed (an open canvas without votes never
 * needs it), kept up by commits. The loop thread's. */
#ifndef KOLAM_SERVER_EARNED_H
#define KOLAM_SERVER_EARNED_H

#include <jansson.h>

#include "kolam/log.h"
#include "list.h"
#include "newcomer.h"

struct kolam_canvas;
struct kolam_session;

#define KOLAM_EARNED_BUCKETS 256

struct kolam_earned {
    struct kolam_list link; /* in one of canvas->earned */
    uint8_t ident[KOLAM_IDENT_BYTES];
    uint32_t users;             /* sessions and jobs */
    int64_t left_ms;            /* when the last of them went */
    uint32_t artist;            /* 0: none yet, so nothing was drawn */
    bool is_known;              /* counted */
    bool is_counting, is_stale; /* a worker is at it; something was hidden or shown since */
    bool has_failed;            /* the last count: the next one waits */
    int64_t counted_ms;
    int64_t first_ms; /* by the wall's clock; 0: nothing was drawn yet */
    uint32_t standing;
    struct kolam_inkwell ink, shown; /* of strokes; of previews */
};

/* The session has an author and a canvas from here on, or none any more. */
void kolam_earned_enter(struct kolam_session *session);
/* The same, of somebody who was made just now: there is nothing to count. */
void kolam_earned_begin(struct kolam_session *session);
void kolam_earned_leave(struct kolam_session *session);
/* Has it counted if it is needed and was not, or is stale; `done` as soon as it is known (at once, if it is or is not needed). */
void kolam_earned_want(struct kolam_session *session, void (*done)(struct kolam_session *session));
/* An artist by now? Before it is counted: no. */
bool kolam_earned_is_artist(const struct kolam_session *session);
/* False: a worker is counting, so a no would be too early. */
bool kolam_earned_is_settled(struct kolam_session *session);
struct kolam_newcomer_terms kolam_earned_terms(const struct kolam_session *session);

/* A submission was committed. */
void kolam_earned_commit(struct kolam_canvas *canvas, const struct kolam_submission *submission);
/* Once a second: forgets who has left, and tells who has grown. */
void kolam_earned_sweep(struct kolam_canvas *canvas);
void kolam_earned_forget_all(struct kolam_canvas *canvas);

#endif
