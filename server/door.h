/* The door through which everything comes that somebody wants to do. One place, in this order: is somebody kept out (sanctions), may such a
 * person do that here (rights), has a newcomer ink left, is it too much (limits). The loop thread's. */
#ifndef KOLAM_SERVER_DOOR_H
#define KOLAM_SERVER_DOOR_H

#include "rights.h"
#include "verdict.h"
#include "view.h"

struct kolam_session;

/* What is asked for. Where: the homes of a stroke, or an extent; neither: it does not happen in a place. */
struct kolam_petition {
    enum kolam_action action;
    const struct kolam_home *homes;
    uint32_t home_count;
    const struct kolam_extent *extent;
    const struct kolam_stroke *stroke; /* to be drawn, or previewed; or NULL */
};

/* The reason is valid until the door is asked again. */
struct kolam_verdict kolam_door_ask(struct kolam_session *session,
                                    const struct kolam_petition *petition);
/* Asks for something that happens in no place, by a message with an id; true, or it was answered with an error. */
bool kolam_door_lets(struct kolam_session *session, enum kolam_action action, uint64_t id);
/* "denied", "limit", ...: a NACK's code in an error message. */
const char *kolam_nack_name(enum kolam_nack code);

#endif
