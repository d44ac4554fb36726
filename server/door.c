/* The door; see door.h. */
#include "door.h"

#include <stdio.h>

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

/* ---- a newcomer's ink ---- */

#define SHOWN_PER_INK 3 /* a stroke is shown as it grows, and may be begun anew */

static struct kolam_verdict wait_for_ink(struct kolam_session *session, int64_t wait_ms) {
    char *text = session->server->door_text;
    const int64_t seconds = (wait_ms + 999) / 1000;
    snprintf(text, KOLAM_REASON_BYTES_MAX,
             "a newcomer's ink refills by and by: there is enough for this in %lld s",
             (long long)(seconds < 1 ? 1 : seconds));
    return refused(KOLAM_NACK_LIMIT, text);
}

/* Of what is only shown, a well of its own, which is larger, sees to it that nobody draws for ever without submitting. */
static struct kolam_verdict ask_shown(struct kolam_earned *earned,
                                      const struct kolam_newcomer_terms *terms, uint64_t ink_px,
                                      int64_t now_ms) {
    struct kolam_newcomer_terms more = *terms;
    more.ink_px *= SHOWN_PER_INK;
    if (kolam_inkwell_wait_ms(&earned->shown, &more, ink_px, now_ms) > 0) {
        return refused(KOLAM_NACK_LIMIT, "too much is shown that is not kept");
    }
    kolam_inkwell_take(&earned->shown, ink_px);
    return open_door;
}

static struct kolam_verdict ask_ink(struct kolam_session *session,
                                    const struct kolam_petition *petition) {
    struct kolam_earned *earned = session->earned;
    if (!earned) {
        return refused(KOLAM_NACK_UNAVAILABLE, "out of memory");
    }
    const struct kolam_newcomer_terms terms = kolam_earned_terms(session);
    const struct kolam_extent extent = kolam_homes_extent(petition->homes, petition->home_count);
    const int64_t width = extent.x1 - extent.x0, height = extent.y1 - extent.y0;
    const char *problem = kolam_newcomer_problem(&terms, petition->stroke,
                                                 (uint64_t)(width > height ? width : height));
    if (problem) {
        return refused(KOLAM_NACK_LIMIT, problem);
    }
    const int64_t now_ms = kolam_loop_now_ms(session->server->loop);
    const uint64_t ink_px = kolam_newcomer_ink(petition->stroke);
    if (petition->is_preview) {
        return ask_shown(earned, &terms, ink_px, now_ms);
    }
    const uint64_t all_px = ink_px + (petition->ink_px ? *petition->ink_px : 0);
    const int64_t wait_ms = kolam_inkwell_wait_ms(&earned->ink, &terms, all_px, now_ms);
    if (petition->ink_px) {
        *petition->ink_px = all_px;
    }
    return wait_ms > 0 ? wait_for_ink(session, wait_ms) : open_door;
}

void kolam_door_take_ink(struct kolam_session *session, uint64_t ink_px) {
    if (session->earned && ink_px > 0) {
        kolam_inkwell_take(&session->earned->ink, ink_px);
    }
}

void kolam_door_give_back_ink(struct kolam_session *session, uint64_t ink_px) {
    if (session->earned && ink_px > 0) {
        kolam_inkwell_give_back(&session->earned->ink, ink_px);
    }
}

/* ---- the door ---- */

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
    if ((!right.may || right.is_limited) && !kolam_earned_is_settled(session)) {
        return refused(KOLAM_NACK_UNAVAILABLE, "one moment: what you have drawn here is looked up");
    }
    if (!right.may) {
        return refused(KOLAM_NACK_DENIED, kolam_why_text(right.why));
    }
    if (right.is_limited && petition->stroke && petition->home_count > 0) {
        const struct kolam_verdict verdict = ask_ink(session, petition);
        if (verdict.is_refused) {
            return verdict;
        }
    }
    return open_door; /* limits charge what has come as such: throttle.c */
}

bool kolam_door_lets(struct kolam_session *session, enum kolam_action action, uint64_t id) {
    const struct kolam_verdict verdict =
        kolam_door_ask(session, &(struct kolam_petition){.action = action});
    if (verdict.is_refused) {
        kolam_ask_error(session, id, kolam_nack_name(verdict.code), verdict.reason);
    }
    return !verdict.is_refused;
}

bool kolam_door_lets_plain(struct kolam_session *session, enum kolam_action action) {
    const struct kolam_verdict verdict =
        kolam_door_ask(session, &(struct kolam_petition){.action = action});
    if (verdict.is_refused) {
        kolam_session_error(session, kolam_nack_name(verdict.code), verdict.reason, 0, false);
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
