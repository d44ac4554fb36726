/* Invitations over the WebSocket: making one, seeing who came by it, taking it back, coming by one. A code is told to its maker once;
 * in a link it stands in the fragment, which no browser sends to anybody. */
#include <string.h>

#include "claims.h"
#include "door.h"
#include "guesses.h"
#include "json.h"
#include "kolam/policy.h"
#include "people.h"
#include "sanctions.h"
#include "standing.h"

#define DAY_MS 86400000
#define DAYS_DEFAULT 7
#define DAYS_MAX 366

/* ---- making ---- */

static void on_made(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    const struct kolam_invitation *invitation = &request->invitation;
    if (kolam_people_went_well(request)) {
        char hex[2 * KOLAM_INVITATION_CODE_BYTES + 1];
        kolam_hex_encode(request->code, sizeof(request->code), hex);
        kolam_logfmt(&session->server->logfmt, KOLAM_LOG_INFO, "invitation_made",
                     "session=%u canvas=%s role=%s uses=%u", session->number, invitation->canvas,
                     kolam_role_name((enum kolam_role)invitation->role), invitation->uses);
        kolam_session_send_json(
            session,
            json_pack("{ss sI sI ss ss ss sI sI}", "type", "invitation", "id",
                      (json_int_t)request->id, "invitation", (json_int_t)request->number, "code",
                      hex, "canvas", invitation->canvas, "role",
                      kolam_role_name((enum kolam_role)invitation->role), "uses",
                      (json_int_t)invitation->uses, "until", (json_int_t)invitation->until_ms));
    }
    kolam_people_finish(request);
}

/* NULL, or what is wrong with it. */
static const char *read_invitation(const struct kolam_session *session, const json_t *message,
                                   struct kolam_invitation *out) {
    const char *role = json_string_value(json_object_get(message, "role"));
    const char *note = json_string_value(json_object_get(message, "note"));
    uint64_t uses = 1, days = DAYS_DEFAULT;
    enum kolam_role given;
    if (!role || !kolam_role_parse(role, &given) || given < KOLAM_ROLE_NEWCOMER ||
        given > KOLAM_ROLE_MODERATOR) {
        return "role must be newcomer, artist, mentor or moderator";
    }
    if (json_object_get(message, "uses") &&
        (!kolam_json_uint(message, "uses", KOLAM_INVITATION_USES_MAX, &uses) || uses < 1)) {
        return "uses must be 1 to 1,000";
    }
    if (json_object_get(message, "days") &&
        (!kolam_json_uint(message, "days", DAYS_MAX, &days) || days < 1)) {
        return "days must be 1 to 366";
    }
    if (note && strlen(note) > KOLAM_INVITATION_NOTE_MAX) {
        return "a note has at most 200 bytes";
    }
    out->role = (int32_t)given;
    out->uses = (uint32_t)uses;
    out->until_ms = kolam_sanctions_now_ms(session->server) + (int64_t)days * DAY_MS;
    strcpy(out->canvas, session->canvas->name);
    strcpy(out->note, note ? note : "");
    return NULL;
}

void kolam_invite_make(struct kolam_session *session, const json_t *message) {
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_INVITE, !session->is_admin, on_made);
    if (!request) {
        return;
    }
    const char *wrong = read_invitation(session, message, &request->invitation);
    if (wrong) {
        kolam_ask_error(session, request->id, "invalid", wrong);
    } else if (!kolam_door_lets(session, KOLAM_ACTION_INVITE, request->id)) {
        /* it was told why */
    } else if (request->invitation.role >= (int32_t)kolam_standing_role(session)) {
        kolam_ask_error(session, request->id, "denied", "one can invite to roles below one's own");
    } else {
        kolam_people_submit(request);
        return;
    }
    kolam_people_finish(request);
}

/* ---- seeing, taking back ---- */

static void on_listed(struct kolam_identity_request *request) {
    if (kolam_people_went_well(request)) {
        kolam_session_send_json(request->ctx,
                                json_pack("{ss sI sO}", "type", "invitations", "id",
                                          (json_int_t)request->id, "list", request->json));
    }
    kolam_people_finish(request);
}

/* One's own; of everybody to this canvas for who may keep people out. */
static bool sees_all(struct kolam_session *session) {
    const struct kolam_petition petition = {.action = KOLAM_ACTION_BAN};
    return !kolam_door_ask(session, &petition).is_refused;
}

/* One's own may be taken back whatever one's role is by now, but not while one may change nothing. False: answered. */
static bool may_take_back(struct kolam_session *session, uint64_t id) {
    const struct kolam_verdict verdict = kolam_sanctions_judge(session, KOLAM_ACTION_CHANGE_OWN);
    if (verdict.is_refused) {
        kolam_ask_error(session, id, kolam_nack_name(verdict.code), verdict.reason);
    }
    return !verdict.is_refused;
}

void kolam_invite_list(struct kolam_session *session, const json_t *message) {
    const bool is_all = json_is_true(json_object_get(message, "all"));
    struct kolam_identity_request *request = kolam_people_ask(
        session, message, KOLAM_IDENTITY_INVITATIONS, !session->is_admin, on_listed);
    if (!request) {
        return;
    }
    if (is_all && !sees_all(session)) {
        kolam_ask_error(session, request->id, "denied", "your role here does not allow that");
        kolam_people_finish(request);
        return;
    }
    request->has_author &= !is_all;
    kolam_people_submit(request);
}

/* Those who came by it may be here. */
static void look_again_at_guests(struct kolam_server *server) {
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        if (session->invited_role >= 0) {
            kolam_people_look_again(session);
        }
    }
}

static void on_revoked(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (kolam_people_went_well(request)) {
        kolam_session_send_json(session, json_pack("{ss sI sI}", "type", "invitation_revoked", "id",
                                                   (json_int_t)request->id, "invitation",
                                                   (json_int_t)request->number));
    }
    if (request->status == KOLAM_OK && request->is_withdrawn) {
        look_again_at_guests(session->server);
    }
    kolam_people_finish(request);
}

void kolam_invite_revoke(struct kolam_session *session, const json_t *message) {
    int64_t number;
    struct kolam_identity_request *request = kolam_people_ask(
        session, message, KOLAM_IDENTITY_INVITATION_REVOKE, !session->is_admin, on_revoked);
    if (!request) {
        return;
    }
    if (!kolam_json_int(message, "invitation", &number)) {
        kolam_ask_error(session, request->id, "invalid", "invitation must be a number");
        kolam_people_finish(request);
        return;
    }
    if (!may_take_back(session, request->id)) {
        kolam_people_finish(request);
        return;
    }
    request->number = number;
    request->is_withdrawn = json_is_true(json_object_get(message, "withdraw"));
    request->is_of_canvas = sees_all(session);
    request->has_author &= !session->is_admin;
    kolam_people_submit(request);
}

/* ---- coming by one ---- */

static void on_used(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (request->status == KOLAM_ERR_NOT_FOUND) {
        session->server->metrics.guesses_wrong++;
    } else {
        kolam_guesses_give_back(session->server->guesses, &session->address);
    }
    if (session->state == KOLAM_SESSION_OPEN && request->status == KOLAM_ERR_FULL) {
        kolam_ask_error(session, request->id, "limit",
                        "as many came by this invitation as it is for; ask for another");
    } else if (kolam_people_went_well(request)) {
        const struct kolam_invitation *invitation = &request->invitation;
        kolam_session_send_json(
            session, json_pack("{ss sI ss ss sb}", "type", "invitation_used", "id",
                               (json_int_t)request->id, "canvas", invitation->canvas, "role",
                               kolam_role_name((enum kolam_role)invitation->role), "look",
                               !request->has_author));
    }
    if (request->status == KOLAM_OK && request->has_author) {
        kolam_people_look_again_at(session->server, request->author.ident);
    }
    kolam_people_finish(request);
}

void kolam_invite_use(struct kolam_session *session, const json_t *message) {
    const bool is_look = json_is_true(json_object_get(message, "look"));
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_INVITATION_USE, !is_look, on_used);
    if (!request) {
        return;
    }
    if (!kolam_json_hex(message, "code", request->code, sizeof(request->code))) {
        kolam_ask_error(session, request->id, "invalid",
                        "an invitation's code is 32 hex digits; was the link copied whole?");
    } else if (!kolam_guesses_take(session->server->guesses, &session->address,
                                   kolam_loop_now_ms(session->server->loop))) {
        session->server->metrics.guesses_refused++;
        kolam_ask_error(session, request->id, "limit", "too many tries; wait a minute");
    } else {
        request->has_author &= !is_look;
        kolam_people_submit(request);
        return;
    }
    kolam_people_finish(request);
}
