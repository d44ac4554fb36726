/* Who somebody is on a canvas, and what they may there: rights.h asked with the canvas's policy. The loop thread's.
 *
 * The role is the owner's with the admin token; else what the canvas gave the artist; else what an invitation brought or what was earned here,
 * whichever is more. What the canvas gave a former self counts as given to who they are now: the highest of it, but a newcomer's role of any
 * of them holds all. Of several areas in one place all must say yes. */
#ifndef KOLAM_SERVER_STANDING_H
#define KOLAM_SERVER_STANDING_H

#include <jansson.h>

#include "kolam/log.h"
#include "newcomer.h"
#include "rights.h"
#include "view.h"

struct kolam_canvas;
struct kolam_session;

/* As far as rights care; also of somebody who has left. */
struct kolam_standing {
    enum kolam_role role;
    uint32_t artist;                     /* the number on the canvas; 0: none yet */
    uint32_t formers[KOLAM_FORMERS_MAX]; /* those of former selves; 0: none */
    bool is_invited;
};

/* A session's own part of it. */
struct kolam_standing_state {
    enum kolam_role told_role; /* what the client was told it is */
    bool is_told_draw;         /* that it may draw */
    bool is_told_limited;      /* and that it has a newcomer's ink, of these terms */
    struct kolam_newcomer_terms told_terms;
};

struct kolam_standing kolam_standing_of(const struct kolam_session *session);
enum kolam_role kolam_standing_role(const struct kolam_session *session);

/* `extent` NULL: it does not happen in a place. */
struct kolam_right kolam_standing_ask(const struct kolam_session *session, enum kolam_action action,
                                      const struct kolam_extent *extent);
/* The same at the homes of a stroke. */
struct kolam_right kolam_standing_judge(const struct kolam_canvas *canvas,
                                        const struct kolam_standing *standing,
                                        enum kolam_action action, const struct kolam_home *homes,
                                        uint32_t home_count);

/* The areas in which the session may change nothing of its own: kolam_alloc'ed, NULL where there are none. False without memory. */
KOLAM_MUST_CHECK bool kolam_standing_resting(const struct kolam_session *session,
                                             struct kolam_rect **out_rects, uint32_t *out_count);

/* What the role hangs on may have changed: tells the client if it is not what it was told last. */
void kolam_standing_changed(struct kolam_session *session);
/* Tells it in any case: how much ink is left, to whom there was too little of. */
void kolam_standing_say(struct kolam_session *session);
/* May it draw, outside of areas, now or once it has an identity? */
bool kolam_standing_may_draw(const struct kolam_session *session);
/* The ink as the client is told; null for who has no need of it. What it says counts as told. */
json_t *kolam_standing_ink_json(struct kolam_session *session);
void kolam_standing_changed_all(struct kolam_canvas *canvas);

#endif
