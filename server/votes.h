/* Votes to hide, on canvases that want them: so many artists of standing, and the wall hides a stroke itself. The loop thread's. */
#ifndef KOLAM_SERVER_VOTES_H
#define KOLAM_SERVER_VOTES_H

#include <stdint.h>

struct kolam_act;
struct kolam_canvas;
struct kolam_session;

/* What is known of a stroke that somebody votes about. */
struct kolam_voted_stroke {
    uint64_t first_seq; /* of its first part */
    uint32_t part_count;
};

/* A vote, of an `act` message: looked up, judged, kept and answered. */
void kolam_vote(struct kolam_session *session, uint64_t id, const struct kolam_act *act);
/* A vote was committed. */
void kolam_votes_commit(struct kolam_canvas *canvas, const struct kolam_act *act);

#endif
