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
    const struct kolam_stroke *stroke; /* to be drawn, or (is_preview) shown as it grows; or NULL */
    bool is_preview;
    uint64_t *
        ink_px; /* a submission's so far, of a newcomer: added up, to be taken when it is let in; or NULL */
};

/* The reason is valid until the door is asked again. */
struct kolam_verdict kolam_door_ask(struct kolam_session *session,
                                    const struct kolam_petition *petition);
/* The submission that was asked about goes to the log: its ink is taken; or it came to nothing, or was known, and it is given back. */
void kolam_door_take_ink(struct kolam_session *session, uint64_t ink_px);
void kolam_door_give_back_ink(struct kolam_session *session, uint64_t ink_px);
/* Asks for something that happens in no place, by a message with an id; true, or it was answered with an error. */
bool kolam_door_lets(struct kolam_session *session, enum kolam_action action, uint64_t id);
/* The same where the message has no id. */
bool kolam_door_lets_plain(struct kolam_session *session, enum kolam_action action);
/* "denied", "limit", ...: a NACK's code in an error message. */
const char *kolam_nack_name(enum kolam_nack code);

#endif
