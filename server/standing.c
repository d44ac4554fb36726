/* Roles of sessions, and rights asked in places; see standing.h. */
#include "standing.h"

#include <string.h>

#include "kolam/alloc.h"
#include "session.h"
#include "veil.h"

static enum kolam_role earned_role(const struct kolam_session *session) {
    return kolam_earned_is_artist(session) ? KOLAM_ROLE_ARTIST : KOLAM_ROLE_NEWCOMER;
}

/* What the canvas gave the author, as whoever they were. */
static enum kolam_role given_role(const struct kolam_session *session) {
    const struct kolam_policy *policy = &session->canvas->policy;
    const struct kolam_formers *formers = session->formers;
    enum kolam_role given =
        session->artist == 0 ? KOLAM_ROLE_EARNED : kolam_policy_role(policy, session->artist);
    for (uint32_t i = 0; formers && i < formers->selves.count; i++) {
        if (formers->artists[i] != 0) {
            given = kolam_rights_given(given, kolam_policy_role(policy, formers->artists[i]));
        }
    }
    return given;
}

static enum kolam_role role_of(const struct kolam_session *session) {
    if (session->is_admin) {
        return KOLAM_ROLE_OWNER;
    }
    if (!session->has_author || !session->canvas) {
        return KOLAM_ROLE_WATCHER;
    }
    return kolam_rights_role(given_role(session), session->invited_role, earned_role(session));
}

struct kolam_standing kolam_standing_of(const struct kolam_session *session) {
    struct kolam_standing standing = {
        .role = role_of(session),
        .artist = session->artist,
        .is_invited = session->invited_role >= 0,
    };
    if (session->formers) {
        memcpy(standing.formers, session->formers->artists, sizeof(standing.formers));
    }
    return standing;
}

enum kolam_role kolam_standing_role(const struct kolam_session *session) {
    return role_of(session);
}

/* ---- asking ---- */

/* Also as somebody whom they were. */
static bool is_member(const struct kolam_policy_area *area, const struct kolam_standing *standing) {
    bool is_it = kolam_area_has(area, standing->artist);
    for (uint32_t i = 0; i < KOLAM_FORMERS_MAX && !is_it; i++) {
        is_it = kolam_area_has(area, standing->formers[i]); /* 0 is nobody's */
    }
    return is_it;
}

/* The ink as it lies on its tiles, since the box of a long stroke holds much that it does not touch. */
static bool is_touched(const struct kolam_policy_area *area, const struct kolam_home *homes,
                       uint32_t home_count) {
    for (uint32_t i = 0; i < home_count; i++) {
        const struct kolam_extent extent = kolam_home_extent(&homes[i]);
        const struct kolam_rect rect = kolam_extent_rect(&extent);
        if (kolam_rects_touch(&area->rect, &rect)) {
            return true;
        }
    }
    return home_count == 0;
}

/* In all areas that `extent` (and, where there are any, `homes`) touches. */
static struct kolam_right judge(const struct kolam_canvas *canvas,
                                const struct kolam_standing *standing, enum kolam_action action,
                                const struct kolam_extent *extent, const struct kolam_home *homes,
                                uint32_t home_count) {
    const struct kolam_policy *policy = &canvas->policy;
    struct kolam_where where = {.mode = policy->mode, .is_invited = standing->is_invited};
    struct kolam_right right = kolam_rights_ask(standing->role, action, &where);
    if (!right.may || !extent || policy->area_count == 0) {
        return right;
    }
    const struct kolam_rect rect = kolam_extent_rect(extent);
    const struct kolam_policy_area *area;
    uint32_t index = 0;
    while (right.may && (area = kolam_policy_area_at(policy, &rect, &index))) {
        if (is_touched(area, homes, home_count)) {
            where.area = area->kind;
            where.is_member = is_member(area, standing);
            right = kolam_rights_ask(standing->role, action, &where);
        }
    }
    return right;
}

struct kolam_right kolam_standing_ask(const struct kolam_session *session, enum kolam_action action,
                                      const struct kolam_extent *extent) {
    const struct kolam_standing standing = kolam_standing_of(session);
    return judge(session->canvas, &standing, action, extent, NULL, 0);
}

struct kolam_right kolam_standing_judge(const struct kolam_canvas *canvas,
                                        const struct kolam_standing *standing,
                                        enum kolam_action action, const struct kolam_home *homes,
                                        uint32_t home_count) {
    if (home_count == 0) {
        return judge(canvas, standing, action, NULL, NULL, 0);
    }
    const struct kolam_extent extent = kolam_homes_extent(homes, home_count);
    return judge(canvas, standing, action, &extent, homes, home_count);
}

bool kolam_standing_resting(const struct kolam_session *session, struct kolam_rect **out_rects,
                            uint32_t *out_count) {
    const struct kolam_policy *policy = &session->canvas->policy;
    const struct kolam_standing standing = kolam_standing_of(session);
    struct kolam_rect *rects = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < policy->area_count; i++) {
        const struct kolam_policy_area *area = policy->areas[i];
        const struct kolam_where where = {.mode = policy->mode,
                                          .area = area->kind,
                                          .is_invited = standing.is_invited,
                                          .is_member = is_member(area, &standing)};
        if (kolam_rights_ask(standing.role, KOLAM_ACTION_CHANGE_OWN, &where).may) {
            continue;
        }
        if (!rects && !(rects = kolam_alloc_array(policy->area_count, sizeof(*rects)))) {
            return false;
        }
        rects[count++] = area->rect;
    }
    *out_rects = rects;
    *out_count = count;
    return true;
}

/* ---- telling ---- */

static bool is_limited(const struct kolam_session *session) {
    return kolam_standing_ask(session, KOLAM_ACTION_DRAW, NULL).is_limited;
}

bool kolam_standing_may_draw(const struct kolam_session *session) {
    struct kolam_standing standing = kolam_standing_of(session);
    if (!session->has_author && !session->is_watch && standing.role < KOLAM_ROLE_NEWCOMER) {
        standing.role = KOLAM_ROLE_NEWCOMER;
    }
    return !session->is_watch &&
           kolam_standing_judge(session->canvas, &standing, KOLAM_ACTION_DRAW, NULL, 0).may;
}

json_t *kolam_standing_ink_json(struct kolam_session *session) {
    struct kolam_standing_state *state = &session->standing;
    state->is_told_limited = is_limited(session);
    if (!state->is_told_limited) {
        return json_null();
    }
    struct kolam_inkwell full = {0};
    struct kolam_inkwell *well = session->earned ? &session->earned->ink : &full;
    const struct kolam_newcomer_terms terms = kolam_earned_terms(session);
    const int64_t now_ms = kolam_loop_now_ms(session->server->loop);
    state->told_terms = terms;
    return json_pack("{sI sI sI sI si}", "per_minute", (json_int_t)terms.ink_px, "left",
                     (json_int_t)kolam_inkwell_left_px(well, &terms, now_ms), "width",
                     (json_int_t)terms.width_px, "extent", (json_int_t)terms.extent_px, "level",
                     (int)terms.level_min);
}

void kolam_standing_say(struct kolam_session *session) {
    session->standing.told_role = role_of(session);
    session->standing.is_told_draw = kolam_standing_may_draw(session);
    json_t *ink = kolam_standing_ink_json(session);
    kolam_session_send_json(session, json_pack("{ss ss sb so}", "type", "standing", "role",
                                               kolam_role_name(session->standing.told_role), "draw",
                                               session->standing.is_told_draw, "ink", ink));
}

static bool is_as_told(const struct kolam_session *session) {
    const struct kolam_standing_state *state = &session->standing;
    if (state->told_role != role_of(session) || state->is_told_limited != is_limited(session) ||
        state->is_told_draw != kolam_standing_may_draw(session)) {
        return false;
    }
    const struct kolam_newcomer_terms terms = kolam_earned_terms(session);
    return !state->is_told_limited || terms.ink_px == state->told_terms.ink_px;
}

void kolam_standing_changed(struct kolam_session *session) {
    kolam_earned_enter(session);
    kolam_earned_want(session, NULL);
    kolam_veil_changed(session);
    if (session->state == KOLAM_SESSION_OPEN && !is_as_told(session)) {
        kolam_standing_say(session);
    }
}

void kolam_standing_changed_all(struct kolam_canvas *canvas) {
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        kolam_standing_changed(session);
    }
}
