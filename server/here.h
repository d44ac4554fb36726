/* Who is here: sessions of people who drew, or moved a pen, on this connection. Who only looks is a number. */
#ifndef KOLAM_SERVER_HERE_H
#define KOLAM_SERVER_HERE_H

#include "list.h"
#include "view.h"

struct kolam_canvas;
struct kolam_session;

#define KOLAM_HERE_PLACE_MS 60000 /* so long after its last move a pen's place is told */
#define KOLAM_HERE_DRAWING_MS                                                                      \
    10000                        /* so long without a point a stroke is not being drawn any more */
#define KOLAM_HERE_WALK_MAX 4096 /* sessions that one question looks at, the newest to have moved */

struct kolam_here {
    struct kolam_list link; /* canvas->here, while it is among them; who moved last is the last */
    int64_t since_ms;       /* the wall clock, at welcome */
    int64_t moved_ms;       /* the loop's clock */
    int32_t level;          /* where, in pixels of that level */
    int64_t x, y;
    bool was_told; /* it was somewhere where names are told */
};

/* The session was welcomed, or is gone. */
void kolam_here_enter(struct kolam_session *session);
void kolam_here_leave(struct kolam_session *session);
/* It is not to be seen among them until its pen moves again. */
void kolam_here_hide(struct kolam_session *session);
/* Its pen is there, or its stroke. */
void kolam_here_move(struct kolam_session *session, const struct kolam_extent *extent);

/* Whether its place is one where no names are told. */
bool kolam_here_is_quiet(const struct kolam_session *session);

/* The session of that artist that moved last; NULL if they are not here. */
struct kolam_session *kolam_here_find(const struct kolam_canvas *canvas, uint32_t artist);
bool kolam_here_is_drawing(const struct kolam_session *session, int64_t now_ms);

#endif
