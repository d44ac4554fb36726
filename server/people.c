/* identify and rename: becoming somebody, and being called differently. */
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "door.h"
#include "fanout.h"
#include "json.h"
#include "kolam/alloc.h"
#include "numbering.h"
#include "people.h"
#include "renaming.h"
#include "subject.h"
#include "whence.h"

struct kolam_identity_request *kolam_people_request(struct kolam_session *session,
                                                    enum kolam_identity_kind kind,
                                                    void (*done)(struct kolam_identity_request *)) {
    struct kolam_identity_request *request = kolam_alloc_zero(1, sizeof(*request));
    if (!request) {
        kolam_session_close(session, 1013, "out of memory");
        return NULL;
    }
    request->kind = kind;
    request->ctx = session;
    request->done = done;
    kolam_session_ref(session);
    return request;
}

struct kolam_identity_request *kolam_people_ask(struct kolam_session *session,
                                                const json_t *message,
                                                enum kolam_identity_kind kind, bool needs_author,
                                                void (*done)(struct kolam_identity_request *)) {
    uint64_t id;
    if (!kolam_json_uint(message, "id", UINT32_MAX, &id)) {
        kolam_session_refuse(session, "a question about people without an id");
        return NULL;
    }
    if (!kolam_ask_is_within_budget(session)) {
        kolam_ask_error(session, id, "limit", "too many questions; ask again in a second");
        return NULL;
    }
    if (needs_author && !session->has_author) {
        kolam_ask_error(session, id, "denied", "identify first");
        return NULL;
    }
    struct kolam_identity_request *request = kolam_people_request(session, kind, done);
    if (request) {
        request->id = id;
        request->has_author = session->has_author;
        request->author = session->author;
        strcpy(request->canvas, session->canvas->name);
    }
    return request;
}

void kolam_people_submit(struct kolam_identity_request *request) {
    const struct kolam_session *session = request->ctx;
    kolam_identity_submit(session->server->identity, request);
}

bool kolam_people_went_well(const struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    const char *code = "unavailable", *text = "this cannot be kept now; try again later";
    if (session->state != KOLAM_SESSION_OPEN || request->status == KOLAM_OK) {
        return session->state == KOLAM_SESSION_OPEN;
    }
    switch (request->status) {
    case KOLAM_ERR_NOT_FOUND:
        code = "not_found";
        text = "it is not known here, was used already, or is too old";
        break;
    case KOLAM_ERR_GONE:
        code = "not_found";
        text = "it is too old";
        break;
    case KOLAM_ERR_FULL:
        code = "limit";
        text = "there are as many as there may be";
        break;
    case KOLAM_ERR_INVALID:
        code = "invalid";
        text = "that is the same person, or a bound is broken";
        break;
    default:
        break;
    }
    kolam_ask_error(session, request->id, code, text);
    return false;
}

void kolam_people_finish(struct kolam_identity_request *request) {
    kolam_session_unref(request->ctx);
    json_decref(request->json);
    memset(request, 0, sizeof(*request)); /* it may hold a secret */
    kolam_free(request);
}

/* ---- identify ---- */

/* `key` (claim or token) may be NULL: an identity that the client has already. */
static void tell_identity(struct kolam_session *session, const char *key, const char *hex) {
    json_t *message = json_pack("{ss sI ss}", "type", "identity", "artist",
                                (json_int_t)session->artist, "name", session->author.name);
    if (message && key) {
        json_object_set_new(message, key, json_string(hex));
    }
    session->is_identity_told = session->artist != 0;
    kolam_session_send_json(session, message);
}

/* The key waits with the identity until the author's number on this canvas is known. */
struct made {
    struct kolam_session *session; /* referenced */
    char hex[65];
};

static void tell_made(struct made *made) {
    struct kolam_session *session = made->session;
    session->is_identifying = false;
    if (session->state == KOLAM_SESSION_OPEN) {
        const char *key = session->is_browser ? "claim" : "token";
        tell_identity(session, made->hex[0] ? key : NULL, made->hex);
        kolam_standing_changed(session);
    }
    kolam_session_unref(session);
    memset(made, 0, sizeof(*made));
    kolam_free(made);
}

/* A canvas that does not exist yet gives numbers with its first op: until then the number is 0. */
static void on_made_numbered(struct kolam_session *session, void *ctx, enum kolam_status status,
                             uint32_t artist) {
    if (status == KOLAM_OK) {
        session->artist = artist;
    }
    tell_made(ctx);
}

static void take_made(struct kolam_session *session, const struct kolam_identity_request *request) {
    struct kolam_server *server = session->server;
    struct made *made = kolam_alloc(sizeof(*made));
    if (!made) {
        kolam_session_close(session, 1013, "out of memory");
        return;
    }
    made->session = session;
    kolam_session_ref(session);
    session->author = request->author;
    session->has_author = true;
    kolam_earned_begin(session);
    kolam_session_pay_as_author(session);
    if (!session
             ->subject) { /* by this it may be signed out; a cookie stays what proves who drew here before */
        session->has_secret = true;
        memcpy(session->secret, request->secret, sizeof(session->secret));
    }
    if (session->subject) {
        made->hex[0] = '\0'; /* the proxy vouches for them: there is no secret */
    } else if (session->is_browser) {
        kolam_claims_add(server->claims, kolam_loop_now_ms(server->loop), request->secret,
                         session->is_secure, made->hex);
    } else {
        kolam_hex_encode(request->secret, sizeof(request->secret), made->hex);
    }
    kolam_whence_note(server->whence, session->author.ident, &session->address,
                      kolam_loop_now_ms(server->loop));
    kolam_logfmt(&server->logfmt, KOLAM_LOG_INFO, "identity_made", "session=%u", session->number);
    kolam_number_author(session, &session->author, false, on_made_numbered, made);
}

static void on_made(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (session->state == KOLAM_SESSION_OPEN && request->status == KOLAM_OK) {
        take_made(session, request);
    } else {
        session->is_identifying = false;
        if (session->state == KOLAM_SESSION_OPEN) {
            kolam_session_error(session, "unavailable",
                                "no identity can be kept now; try again later", 0, false);
        }
    }
    kolam_people_finish(request);
}

void kolam_people_identify(struct kolam_session *session) {
    if (session->is_identifying) {
        return; /* one answer for both */
    }
    if (session->has_author) {
        tell_identity(session, NULL, NULL);
        return;
    }
    if (!kolam_session_take(session, KOLAM_LIMIT_IDENTITIES, 1)) {
        kolam_session_error(session, "limit",
                            "many are new here at the moment; try again in a few seconds", 0,
                            false);
        return;
    }
    struct kolam_identity_request *request = kolam_people_request(
        session, session->subject ? KOLAM_IDENTITY_SUBJECT_MAKE : KOLAM_IDENTITY_MAKE, on_made);
    if (request) {
        session->is_identifying = true;
        if (session->subject) {
            kolam_subject_fill(session, request);
        }
        kolam_identity_submit(session->server->identity, request);
    }
}

void kolam_people_set_artist(struct kolam_session *session, uint32_t artist) {
    session->artist = artist;
    if (!session->is_identity_told && !session->is_identifying) {
        tell_identity(session, NULL, NULL);
    }
    kolam_standing_changed(session);
}

static void on_numbered(struct kolam_session *session, void *ctx, enum kolam_status status,
                        uint32_t artist) {
    (void)ctx;
    session->is_numbering = false;
    if (status == KOLAM_OK && session->state == KOLAM_SESSION_OPEN) {
        kolam_people_set_artist(session, artist);
    }
}

void kolam_people_number(struct kolam_session *session) {
    if (session->artist == 0 && !session->is_numbering && !session->is_identifying) {
        session->is_numbering = true;
        kolam_number_author(session, &session->author, true, on_numbered, NULL);
    }
}

/* ---- rename ---- */

json_t *kolam_people_artists_message(json_t *list) {
    return json_pack("{ss so}", "type", "artists", "list", list);
}

static void rename_on_canvas(void *ctx, struct kolam_canvas *canvas) {
    if (canvas->log) {
        kolam_log_rename_author(canvas->log, ctx);
        kolam_names_notice(canvas, 0);
    }
}

static void tell_canvas(const struct kolam_session *session) {
    struct kolam_bytes *text = kolam_session_text(kolam_people_artists_message(json_pack(
        "[{sI ss}]", "artist", (json_int_t)session->artist, "name", session->author.name)));
    KOLAM_LIST_EACH(&session->canvas->sessions, struct kolam_session, canvas_link, other) {
        kolam_session_send_text(other, text);
    }
    kolam_bytes_unref(text);
}

/* The same person may be connected several times, on several canvases: each of these is told once. */
static void tell_rename(struct kolam_server *server, const struct kolam_author *author) {
    const uint64_t renaming = ++server->renamings;
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        if (!session->has_author || session->state != KOLAM_SESSION_OPEN ||
            memcmp(session->author.ident, author->ident, KOLAM_IDENT_BYTES) != 0) {
            continue;
        }
        session->author = *author;
        if (session->artist == 0) { /* nobody else has seen it under any number */
            tell_identity(session, NULL, NULL);
        } else if (session->canvas->told_renaming != renaming) {
            session->canvas->told_renaming = renaming;
            tell_canvas(session);
        }
    }
}

static void on_renamed(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    session->is_renaming = false;
    if (request->status == KOLAM_OK) {
        kolam_canvases_each(session->server, rename_on_canvas, &request->author);
        tell_rename(session->server, &request->author);
        if (session->formers) {
            kolam_renaming_begin(session->server);
        }
    } else if (session->state == KOLAM_SESSION_OPEN) {
        kolam_session_error(session, "unavailable", "the name cannot be kept now; try again later",
                            0, false);
    }
    kolam_people_finish(request);
}

void kolam_people_rename(struct kolam_session *session, const json_t *message) {
    const char *name = json_string_value(json_object_get(message, "name"));
    if (!session->has_author) {
        kolam_session_error(session, "denied", "identify before renaming", 0, false);
        return;
    }
    if (!name || strlen(name) > KOLAM_NAME_BYTES_MAX || !kolam_name_is_valid(name)) {
        kolam_session_error(session, "invalid",
                            "a name is 1 to 40 characters without control characters", 0, false);
        return;
    }
    if (kolam_name_is_former(name)) {
        kolam_session_error(session, "invalid", "that is how those are called who were erased", 0,
                            false);
        return;
    }
    if (!kolam_door_lets_plain(session, KOLAM_ACTION_RENAME)) {
        return;
    }
    if (session->is_renaming) {
        kolam_session_error(session, "limit", "wait until the name before it is kept", 0, false);
        return;
    }
    if (!kolam_ask_is_within_budget(session)) {
        kolam_session_error(session, "limit", "too many names; try again in a moment", 0, false);
        return;
    }
    struct kolam_identity_request *request =
        kolam_people_request(session, KOLAM_IDENTITY_RENAME, on_renamed);
    if (request) {
        session->is_renaming = true;
        request->author = session->author;
        strcpy(request->author.name, name);
        kolam_identity_submit(session->server->identity, request);
    }
}
