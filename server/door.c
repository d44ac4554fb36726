/* The door; see door.h. */
#include "door.h"

#include "sanctions.h"
#include "session.h"
#include "standing.h"

static const struct kolam_verdict open_door = {0};

static struct kolam_verdict refused(enum kolam_nack code, const char *reason) {
    return (struct kolam_verdict){true, code, reason};
}

static struct kolam_right ask_rights(const struct kolam_session *session,
                                     const struct kolam_petition *petition) {
    if (petition->extent) {
        return kolam_standing_ask(session, petition->action, petition->extent);
    }
    const struct kolam_standing standing = kolam_standing_of(session);
    return kolam_standing_judge(session->canvas, &standing, petition->action, petition->homes,
                                petition->home_count);
}

struct kolam_verdict kolam_door_ask(struct kolam_session *session,
                                    const struct kolam_petition *petition) {
    const struct kolam_verdict kept_out = kolam_sanctions_judge(session, petition->action);
    if (kept_out.is_refused) {
        return kept_out;
    }
    if (session->canvas->is_policy_lost && !session->is_admin) {
        return refused(KOLAM_NACK_UNAVAILABLE, "who may do what is being read; try again later");
    }
    const struct kolam_right right = ask_rights(session, petition);
    if (!right.may) {
        return refused(KOLAM_NACK_DENIED, kolam_why_text(right.why));
    }
    /* Then a newcomer's ink, and limits. */
    return open_door;
}

bool kolam_door_lets(struct kolam_session *session, enum kolam_action action, uint64_t id) {
    const struct kolam_verdict verdict =
        kolam_door_ask(session, &(struct kolam_petition){.action = action});
    if (verdict.is_refused) {
        kolam_history_error(session, id, kolam_nack_name(verdict.code), verdict.reason);
    }
    return !verdict.is_refused;
}

const char *kolam_nack_name(enum kolam_nack code) {
    switch (code) {
    case KOLAM_NACK_INVALID:
        return "invalid";
    case KOLAM_NACK_DENIED:
        return "denied";
    case KOLAM_NACK_NOT_FOUND:
        return "not_found";
    case KOLAM_NACK_LIMIT:
        return "limit";
    default:
        return "unavailable";
    }
}
