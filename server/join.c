/* hello: who is it (identity thread), is the canvas open (worker), then welcome. The steps come one after
 * another; a session that closes in between is noticed at the next. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "fanout.h"
#include "identity_thread.h"
#include "json.h"
#include "kolam/alloc.h"
#include "moderation_ws.h"
#include "numbering.h"
#include "people.h"
#include "subject.h"
#include "policy_keep.h"
#include "veil.h"
#include "whence.h"
#include "writable.h"

static json_t *place_json(const struct kolam_canvas *canvas) {
    if (!canvas->has_place) {
        return json_null();
    }
    return json_pack("{si so so}", "level", canvas->place_level, "x",
                     kolam_json_decimal(canvas->place_x), "y", kolam_json_decimal(canvas->place_y));
}

static json_t *you_json(const struct kolam_session *session) {
    json_t *you =
        json_pack("{sI ss}", "artist", (json_int_t)session->artist, "name", session->author.name);
    json_t *formers = session->formers ? json_array() : NULL;
    for (uint32_t i = 0; formers && i < session->formers->selves.count; i++) {
        if (session->formers->artists[i] != 0) {
            (void)json_array_append_new(formers, json_integer(session->formers->artists[i]));
        }
    }
    if (formers) {
        (void)json_object_set_new(you, "former", formers);
    }
    return you;
}

/* A nonce names the previews and the pointer of one client; everybody sees it with the strokes. Who takes that of another who is
 * here could end or move what that one is drawing, in the eyes of all: it is not shown. */
static bool is_nonce_taken(const struct kolam_session *session) {
    KOLAM_LIST_EACH(&session->canvas->sessions, struct kolam_session, canvas_link, other) {
        if (other->nonce == session->nonce && other->has_author && !other->is_watch &&
            !(session->has_author &&
              memcmp(other->author.ident, session->author.ident, KOLAM_IDENT_BYTES) == 0)) {
            return true;
        }
    }
    return false;
}

static json_t *pass_json(struct kolam_session *session) {
    char hex[2 * KOLAM_PASS_BYTES + 1];
    kolam_hex_encode(session->pass, sizeof(session->pass), hex);
    return json_string(hex);
}

static void welcome(struct kolam_session *session) {
    struct kolam_canvas *canvas = session->canvas;
    struct kolam_server *server = session->server;
    char incarnation[17];
    snprintf(incarnation, sizeof(incarnation), "%016" PRIx64, canvas->incarnation);
    json_t *you = session->has_author ? you_json(session) : json_null();
    json_t *limits =
        json_pack("{si si si si si si}", "points", KOLAM_STROKE_POINTS_MAX, "parts",
                  KOLAM_GROUP_PARTS_MAX, "homes", KOLAM_STROKE_HOMES_MAX, "message",
                  (int)KOLAM_MESSAGE_BYTES_MAX, "unacknowledged", 4096, "edit", KOLAM_EDIT_OPS_MAX);
    session->is_identity_told = session->artist != 0;
    kolam_earned_enter(session);
    session->standing.told_role = kolam_standing_role(session);
    session->standing.is_told_draw = kolam_standing_may_draw(session);
    kolam_session_send_json(
        session, json_pack("{ss si ss sI ss si so so so ss sb so so so so sI}", "type", "welcome",
                           "protocol", 1, "canvas", canvas->name, "seq",
                           (json_int_t)canvas->last_seq, "incarnation", incarnation, "raster",
                           KOLAM_INK_VERSION, "you", you, "recent", place_json(canvas), "limits",
                           limits, "role", kolam_role_name(session->standing.told_role), "draw",
                           session->standing.is_told_draw, "policy", kolam_policy_json(canvas),
                           "ink", kolam_standing_ink_json(session), "sanctions",
                           kolam_sanctions_told(session), "pass", pass_json(session), "time",
                           (json_int_t)server->clock.now_ms(server->clock.ctx)));
    session->has_others_nonce = is_nonce_taken(session);
    session->state = KOLAM_SESSION_OPEN;
    kolam_socket_set_message_max(session->ws, KOLAM_MESSAGE_BYTES_MAX);
    kolam_session_update_reading(session);
    kolam_list_append(&session->canvas->sessions, &session->canvas_link);
    kolam_writable_tell(session);
    kolam_here_enter(session);
    kolam_sanctions_welcomed(session);
    if (session->has_author) {
        kolam_whence_note(server->whence, session->author.ident, &session->address,
                          kolam_loop_now_ms(server->loop));
    }
    session->view.sees_names = kolam_veil_sees(session);
    if (kolam_viewers_join(session, &session->view) != KOLAM_OK) { /* of nothing yet */
        kolam_session_close(session, 1013, "out of memory");
    }
    kolam_logfmt(&server->logfmt, KOLAM_LOG_INFO, "joined",
                 "session=%u canvas=%s artist=%u watch=%d admin=%d", session->number, canvas->name,
                 session->artist, session->is_watch, session->is_admin);
    kolam_reports_welcomed(session);
}

/* What they have earned is known, where it matters: nothing is refused that is not to be. */
static void on_counted(struct kolam_session *session) {
    if (session->state == KOLAM_SESSION_JOINING) {
        welcome(session);
    }
}

static void on_numbered(struct kolam_session *session, void *ctx, enum kolam_status status,
                        uint32_t artist) {
    (void)ctx;
    if (session->state == KOLAM_SESSION_JOINING) {
        session->artist = status == KOLAM_OK ? artist : 0;
        kolam_earned_enter(session);
        kolam_earned_want(session, on_counted);
    }
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct kolam_session *session = KOLAM_CONTAINER(wait, struct kolam_session, wait);
    if (status == KOLAM_OK && session->has_author && !session->is_watch) {
        kolam_number_author(session, &session->author, false, on_numbered, NULL);
        return;
    }
    if (status == KOLAM_OK || status == KOLAM_ERR_NOT_FOUND) {
        welcome(session); /* one that does not exist yet can be joined */
        return;
    }
    kolam_session_error(session, "unavailable", "the canvas cannot be opened; try again later",
                        1013, true);
}

static void join_canvas(struct kolam_session *session) {
    session->wait.done = on_canvas;
    kolam_canvas_when_open(session->canvas, false, &session->wait);
}

/* ---- who it is ---- */

static void on_found(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (session->state == KOLAM_SESSION_JOINING) {
        if (request->status == KOLAM_OK) {
            session->author = request->author;
            session->has_author = true;
            kolam_session_pay_as_author(session);
            kolam_people_take(session, request);
            join_canvas(session);
        } else if (request->status == KOLAM_ERR_NOT_FOUND &&
                   (session->is_browser || session->subject)) {
            join_canvas(
                session); /* a cookie of former times: a stranger again; or one who is new */
        } else if (request->status == KOLAM_ERR_NOT_FOUND) {
            kolam_session_error(session, "denied", "this token is not known here; join without it",
                                1008, true);
        } else {
            kolam_session_error(session, "unavailable",
                                "identities cannot be read; try again later", 1013, true);
        }
    }
    kolam_people_finish(request);
}

/* What a trusted proxy says counts more than what a browser kept. */
static void find_identity(struct kolam_session *session) {
    struct kolam_identity_request *request = kolam_people_request(
        session, session->subject ? KOLAM_IDENTITY_SUBJECT_FIND : KOLAM_IDENTITY_FIND, on_found);
    if (!request) {
        return;
    }
    memcpy(request->secret, session->secret, sizeof(request->secret));
    strcpy(request->canvas, session->canvas->name);
    if (session->subject) {
        kolam_subject_fill(session, request);
    }
    kolam_people_submit(request);
}

/* Reads what hello says into the session; a text of what is wrong, or NULL. */
static const char *read_hello(struct kolam_session *session, const json_t *message) {
    uint64_t protocol;
    const char *admin = json_string_value(json_object_get(message, "admin"));
    const char *canvas = json_string_value(json_object_get(message, "canvas"));
    if (!kolam_json_uint(message, "protocol", UINT32_MAX, &protocol) || protocol != 1) {
        return "hello: protocol must be 1; update the client or the server";
    }
    if (!kolam_json_nonce(message, "nonce", &session->nonce)) {
        return "hello: nonce must be 16 hex digits";
    }
    if (!canvas || !kolam_canvas_name_is_valid(canvas)) {
        return "hello: canvas must be 1 to 64 of a-z 0-9 - _, beginning with a letter or digit";
    }
    session->is_watch = json_is_true(json_object_get(message, "watch"));
    if (json_is_string(json_object_get(message, "token"))) {
        if (!kolam_json_hex(message, "token", session->secret, sizeof(session->secret))) {
            return "hello: token must be 64 hex digits";
        }
        session->has_secret = true;
    }
    if (admin) {
        session->is_admin =
            strlen(admin) == 64 && kolam_secret_equal(admin, session->server->admin_token, 64);
        if (!session->is_admin) {
            return "hello: the admin token is wrong; it is in admin.token in the data folder";
        }
        session->payer.is_exempt = true; /* the operator: an import goes as fast as the disk */
    }
    return NULL;
}

void kolam_join_hello(struct kolam_session *session, const json_t *message) {
    const char *problem = read_hello(session, message);
    if (problem) {
        kolam_session_refuse(session, problem);
        return;
    }
    const char *name = json_string_value(json_object_get(message, "canvas"));
    if (!session->is_admin && kolam_sanctions_shut_out(session->server, name, &session->address)) {
        kolam_session_error(session, "denied", "this address may not look at this canvas now", 1008,
                            true);
        return;
    }
    session->canvas = kolam_canvas_get(session->server, name);
    if (!session->canvas) {
        kolam_session_close(session, 1013, "out of memory");
        return;
    }
    kolam_canvas_hold(session->canvas);
    session->state = KOLAM_SESSION_JOINING;
    kolam_session_update_reading(session); /* what it says already can wait for welcome */
    if (session->has_secret || session->subject) {
        find_identity(session);
    } else {
        join_canvas(session);
    }
}
