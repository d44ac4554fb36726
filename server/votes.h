/* Votes to hide, on canvases that want them: so many artists of standing, and the wall hides a stroke itself. What is asked and answered is
 * in votes.c, what counts in votes_count.c. The loop thread's. */
#ifndef KOLAM_SERVER_VOTES_H
#define KOLAM_SERVER_VOTES_H

#include <stdbool.h>
#include <stdint.h>

struct kolam_act;
struct kolam_canvas;
struct kolam_session;

/* A vote of an `act` message, or that it is taken back: looked up, judged, kept and answered. */
void kolam_vote(struct kolam_session *session, uint64_t id, const struct kolam_act *act);

/* A vote about the stroke was committed: is it enough? */
void kolam_votes_commit(struct kolam_canvas *canvas, uint64_t stroke_seq);
/* The policy is another, or the canvas was opened: what there are enough votes about by now is hidden. */
void kolam_votes_recount(struct kolam_canvas *canvas);
/* The votes were enough, and the hide is on its way: too late to take one back. */
bool kolam_votes_are_cast(const struct kolam_canvas *canvas, uint64_t stroke_seq);

#endif
