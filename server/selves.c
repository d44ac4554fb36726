/* Who a session is, beyond its author: former selves, an invitation; and what becomes of sessions when somebody becomes one with another, or
 * nobody. A session never changes whom it draws for: those of a self that is no more are ended, and connect again. */
#include <string.h>

#include "fanout.h"
#include "json.h"
#include "kolam/alloc.h"
#include "numbering.h"
#include "people.h"
#include "preview.h"
#include "renaming.h"
#include "sanctions.h"
#include "whence.h"

static bool is_of(const struct kolam_session *session, const uint8_t ident[KOLAM_IDENT_BYTES]) {
    return session->has_author && memcmp(session->author.ident, ident, KOLAM_IDENT_BYTES) == 0;
}

/* ---- what hangs on an identity ---- */

static void take_selves(struct kolam_session *session, const struct kolam_selves *selves) {
    if (selves->count == 0) {
        kolam_free(session->formers);
        session->formers = NULL;
        return;
    }
    if (!session->formers) {
        session->formers = kolam_alloc_zero(1, sizeof(*session->formers));
    }
    if (!session->formers) {
        kolam_session_close(session, 1013, "out of memory");
        return;
    }
    if (memcmp(&session->formers->selves, selves, sizeof(*selves)) != 0) {
        *session->formers = (struct kolam_formers){.selves = *selves};
        session->restraint.generation = 0; /* sanctions may be about who they were */
    }
}

void kolam_people_take(struct kolam_session *session,
                       const struct kolam_identity_request *request) {
    take_selves(session, &request->selves);
    session->invited_role = request->role;
}

/* Which numbers their former selves have here, by which roles and areas know them. */
static void on_numbered(struct kolam_session *session, void *ctx, enum kolam_status status,
                        uint32_t artist) {
    (void)ctx, (void)status, (void)artist;
    if (session->state == KOLAM_SESSION_OPEN) {
        kolam_standing_changed(session);
    }
}

static void on_looked(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    const bool must_again = session->must_look_again;
    session->is_looking = session->must_look_again = false;
    if (must_again) {
        kolam_people_look_again(session); /* it may have been looked up before what changed */
    } else if (request->status == KOLAM_OK && session->state == KOLAM_SESSION_OPEN &&
               is_of(session, request->author.ident)) {
        kolam_people_take(session, request);
        if (session->formers) {
            kolam_number_author(session, &session->author, false, on_numbered, NULL);
        }
        kolam_standing_changed(session);
    }
    kolam_people_finish(request);
}

void kolam_people_look_again(struct kolam_session *session) {
    if (session->state != KOLAM_SESSION_OPEN || !session->has_author) {
        return;
    }
    if (session->is_looking) {
        session->must_look_again = true; /* one question at a time, however many have a reason */
        return;
    }
    struct kolam_identity_request *request =
        kolam_people_request(session, KOLAM_IDENTITY_LOOK, on_looked);
    if (request) {
        session->is_looking = true;
        request->author = session->author;
        strcpy(request->canvas, session->canvas->name);
        kolam_people_submit(request);
    }
}

void kolam_people_look_again_at(struct kolam_server *server,
                                const uint8_t ident[KOLAM_IDENT_BYTES]) {
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        if (is_of(session, ident)) {
            kolam_people_look_again(session);
        }
    }
}

bool kolam_people_is_own(const struct kolam_session *session, uint32_t artist) {
    bool is_own = artist != 0 && artist == session->artist;
    for (uint32_t i = 0; session->formers && i < session->formers->selves.count; i++) {
        is_own |= artist != 0 && artist == session->formers->artists[i];
    }
    return is_own;
}

bool kolam_people_sign(const struct kolam_session *session, struct kolam_submission *submission) {
    const struct kolam_formers *formers = session->formers;
    if (!formers) {
        return true;
    }
    submission->formers = kolam_memdup(formers->selves.idents,
                                       formers->selves.count * sizeof(formers->selves.idents[0]));
    submission->former_count = submission->formers ? formers->selves.count : 0;
    return submission->formers != NULL;
}

/* ---- the end of a self ---- */

void kolam_people_end(struct kolam_session *session, const char *reason) {
    if (session->state == KOLAM_SESSION_CLOSED) {
        return;
    }
    kolam_session_send_json(session, json_pack("{ss ss}", "type", "goodbye", "reason", reason));
    kolam_tick_flush(session); /* the reason goes before the close */
    kolam_session_close(session, 1000, reason);
}

struct change {
    const uint8_t *gone;
    const struct kolam_author *into;
};

/* Strokes that were begun and not ended wait under the name of who began them. */
static void change_orphans(void *ctx, struct kolam_canvas *canvas) {
    const struct change *change = ctx;
    KOLAM_LIST_EACH(&canvas->orphans, struct kolam_preview, link, orphan) {
        if (memcmp(orphan->author.ident, change->gone, KOLAM_IDENT_BYTES) == 0) {
            orphan->author = *change->into;
        }
    }
}

/* Whatever the sessions of `gone` leave behind is by `into`. */
static void end_sessions(struct kolam_server *server, const uint8_t gone[KOLAM_IDENT_BYTES],
                         const struct kolam_author *into, const char *reason) {
    struct change change = {gone, into};
    kolam_canvases_each(server, change_orphans, &change);
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        if (is_of(session, gone)) {
            session->author = *into;
            kolam_people_end(session, reason);
        }
    }
}

void kolam_people_merged(struct kolam_server *server, const uint8_t gone[KOLAM_IDENT_BYTES],
                         const struct kolam_author *into) {
    kolam_logfmt(&server->logfmt, KOLAM_LOG_INFO, "identities_merged", NULL);
    end_sessions(server, gone, into, "merged");
    kolam_sanctions_merged(server, gone, into->ident);
    kolam_whence_merged(server->whence, gone, into->ident);
    kolam_people_look_again_at(server, into->ident);
    kolam_renaming_begin(server);
}

/* ---- erasing ---- */

static void erase_all(struct kolam_server *server, const struct kolam_identity_request *request) {
    struct kolam_author nobody = {.name = KOLAM_FORMER_NAME};
    memcpy(nobody.ident, request->author.ident, KOLAM_IDENT_BYTES);
    end_sessions(server, nobody.ident, &nobody, "erased");
    kolam_sanctions_erased(server, nobody.ident);
    kolam_whence_erased(server->whence, nobody.ident);
    kolam_logfmt(&server->logfmt, KOLAM_LOG_INFO, "identity_erased", NULL);
    kolam_renaming_begin(server);
}

static void on_erased(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (kolam_people_went_well(request)) {
        kolam_session_send_json(
            session, json_pack("{ss sI}", "type", "erased", "id", (json_int_t)request->id));
    }
    if (request->status == KOLAM_OK) {
        erase_all(session->server, request);
    }
    kolam_people_finish(request);
}

/* Said with one's own name: nobody does it by mistake. An admin says an artist's number instead. */
void kolam_erase_me(struct kolam_session *session, const json_t *message) {
    const char *name = json_string_value(json_object_get(message, "name"));
    const bool is_other = json_object_get(message, "artist") != NULL;
    uint64_t artist = 0;
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_ERASE, !is_other, on_erased);
    if (!request) {
        return;
    }
    if (is_other && !session->is_admin) {
        kolam_ask_error(session, request->id, "denied", "this needs the admin token in hello");
    } else if (is_other && kolam_json_uint(message, "artist", UINT32_MAX, &artist) && artist > 0) {
        kolam_people_of_artist(session, (uint32_t)artist, request);
        return;
    } else if (!is_other && name && strcmp(name, session->author.name) == 0) {
        kolam_people_submit(request);
        return;
    } else {
        kolam_ask_error(session, request->id, "invalid",
                        "to be erased, say your name as it is now");
    }
    kolam_people_finish(request);
}

/* ---- somebody by their number ---- */

struct resolving {
    struct kolam_job job;
    struct kolam_session *session; /* referenced, by the request */
    struct kolam_canvas *canvas;   /* held */
    struct kolam_identity_request *request;
    uint32_t artist;
    enum kolam_status status;
};

static void run_resolving(struct kolam_job *base, struct kolam_worker *worker) {
    struct resolving *resolving = (struct resolving *)base;
    struct kolam_identity_request *request = resolving->request;
    struct kolam_worker_canvas *canvas;
    struct kolam_author other;
    resolving->status = kolam_worker_canvas(worker, resolving->canvas->log_path,
                                            resolving->canvas->tiles_path, false, &canvas, NULL);
    if (resolving->status == KOLAM_OK) {
        resolving->status =
            kolam_reader_artist(canvas->reader, resolving->artist, &request->author);
    }
    if (resolving->status == KOLAM_OK && request->kind == KOLAM_IDENTITY_MERGE) {
        resolving->status = kolam_reader_artist(canvas->reader, (uint32_t)request->number, &other);
        memcpy(request->other, other.ident, KOLAM_IDENT_BYTES);
    }
}

static void done_resolving(struct kolam_job *base) {
    struct resolving *resolving = (struct resolving *)base;
    struct kolam_identity_request *request = resolving->request;
    kolam_canvas_release(resolving->canvas);
    if (resolving->status == KOLAM_OK && resolving->session->state == KOLAM_SESSION_OPEN) {
        request->is_any_self = true;
        kolam_people_submit(request);
    } else {
        request->status = resolving->status == KOLAM_OK ? KOLAM_ERR_CLOSED : resolving->status;
        request->done(request);
    }
    kolam_free(resolving);
}

void kolam_people_of_artist(struct kolam_session *session, uint32_t artist,
                            struct kolam_identity_request *request) {
    struct resolving *resolving = kolam_alloc_zero(1, sizeof(*resolving));
    if (!resolving) {
        request->status = KOLAM_ERR_NOMEM;
        request->done(request);
        return;
    }
    resolving->job = (struct kolam_job){
        .run = run_resolving, .done = done_resolving, .priority = KOLAM_JOB_INTERACTIVE};
    resolving->session = session;
    resolving->canvas = session->canvas;
    resolving->request = request;
    resolving->artist = artist;
    resolving->status = KOLAM_ERR_CLOSED; /* unless it runs */
    kolam_canvas_hold(session->canvas);
    kolam_pool_submit(session->server->pool, &resolving->job);
}
