/* identify, rename, who, act_as: everything about people that a client may ask for. */
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "fanout.h"
#include "identity_thread.h"
#include "json.h"
#include "kolam/alloc.h"
#include "session.h"

#define WHO_MAX 256

static struct kolam_identity_request *new_request(struct kolam_session *session,
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

static void finish_request(struct kolam_identity_request *request) {
    kolam_session_unref(request->ctx);
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
        tell_identity(session, session->is_browser ? "claim" : "token", made->hex);
    }
    kolam_session_unref(session);
    memset(made, 0, sizeof(*made));
    kolam_free(made);
}

static void on_made_numbered(void *ctx, struct kolam_submission *submission) {
    struct made *made = ctx;
    if (submission->status == KOLAM_OK) {
        made->session->artist = submission->artist;
    }
    kolam_submission_destroy(submission);
    tell_made(made);
}

/* A canvas that does not exist yet gives numbers with its first op: until then the number is 0. */
static void number_made(struct made *made) {
    struct kolam_session *session = made->session;
    struct kolam_log *log = session->canvas->log;
    struct kolam_submission *submission = log ? kolam_submission_create(0) : NULL;
    if (!submission) {
        tell_made(made);
        return;
    }
    submission->author = session->author;
    submission->nonce = session->nonce;
    submission->done = on_made_numbered;
    submission->ctx = made;
    kolam_log_submit(log, submission);
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
    if (session->is_browser) {
        kolam_claims_add(server->claims, kolam_loop_now_ms(server->loop), request->secret, made->hex);
    } else {
        kolam_hex_encode(request->secret, sizeof(request->secret), made->hex);
    }
    kolam_logfmt(&server->logfmt, KOLAM_LOG_INFO, "identity_made", "session=%u", session->number);
    number_made(made);
}

static void on_made(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (session->state == KOLAM_SESSION_OPEN && request->status == KOLAM_OK) {
        take_made(session, request);
    } else {
        session->is_identifying = false;
        if (session->state == KOLAM_SESSION_OPEN) {
            kolam_session_error(session, "unavailable", "no identity can be kept now; try again later",
                                0, false);
        }
    }
    finish_request(request);
}

void kolam_people_identify(struct kolam_session *session) {
    if (session->is_identifying) {
        return; /* one answer for both */
    }
    if (session->has_author) {
        tell_identity(session, NULL, NULL);
        return;
    }
    struct kolam_identity_request *request =
        new_request(session, KOLAM_IDENTITY_MAKE, on_made);
    if (request) {
        session->is_identifying = true;
        kolam_identity_submit(session->server->identity, request);
    }
}

void kolam_people_set_artist(struct kolam_session *session, uint32_t artist) {
    session->artist = artist;
    if (!session->is_identity_told && !session->is_identifying) {
        tell_identity(session, NULL, NULL);
    }
}

/* ---- rename ---- */

static json_t *artists_message(json_t *list) {
    return json_pack("{ss so}", "type", "artists", "list", list);
}

static void rename_on_canvas(void *ctx, struct kolam_canvas *canvas) {
    if (canvas->log) {
        kolam_log_rename_author(canvas->log, ctx);
    }
}

/* The same person may be connected several times, on several canvases. */
static void tell_rename(struct kolam_server *server, const struct kolam_author *author) {
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        if (!session->has_author || session->state != KOLAM_SESSION_OPEN ||
            memcmp(session->author.ident, author->ident, KOLAM_IDENT_BYTES) != 0) {
            continue;
        }
        session->author = *author;
        if (session->artist == 0) { /* nobody else has seen it under any number */
            tell_identity(session, NULL, NULL);
            continue;
        }
        KOLAM_LIST_EACH(&session->canvas->sessions, struct kolam_session, canvas_link, other) {
            kolam_session_send_json(
                other, artists_message(json_pack("[{sI ss}]", "artist", (json_int_t)session->artist,
                                                 "name", author->name)));
        }
    }
}

static void on_renamed(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    session->is_renaming = false;
    if (request->status == KOLAM_OK) {
        kolam_canvases_each(session->server, rename_on_canvas, &request->author);
        tell_rename(session->server, &request->author);
    } else if (session->state == KOLAM_SESSION_OPEN) {
        kolam_session_error(session, "unavailable", "the name cannot be kept now; try again later", 0,
                            false);
    }
    finish_request(request);
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
    if (session->is_renaming) {
        kolam_session_error(session, "limit", "wait until the name before it is kept", 0, false);
        return;
    }
    struct kolam_identity_request *request =
        new_request(session, KOLAM_IDENTITY_RENAME, on_renamed);
    if (request) {
        session->is_renaming = true;
        request->author = session->author;
        strcpy(request->author.name, name);
        kolam_identity_submit(session->server->identity, request);
    }
}

/* ---- who: a worker reads the names from the canvas ---- */

struct who_job {
    struct kolam_job job;
    struct kolam_session *session;
    struct kolam_canvas *canvas; /* held */
    uint32_t count;
    struct {
        uint32_t artist;
        struct kolam_author author; /* an empty name: unknown */
    } rows[];
};

static void run_who(struct kolam_job *base, struct kolam_worker *worker) {
    struct who_job *job = (struct who_job *)base;
    struct kolam_worker_canvas *view;
    if (kolam_worker_canvas(worker, job->canvas->log_path, job->canvas->tiles_path, false, &view,
                            NULL) != KOLAM_OK) {
        return;
    }
    for (uint32_t i = 0; i < job->count; i++) {
        if (kolam_reader_artist(view->reader, job->rows[i].artist, &job->rows[i].author) != KOLAM_OK) {
            job->rows[i].author.name[0] = '\0';
        }
    }
}

static void done_who(struct kolam_job *base) {
    struct who_job *job = (struct who_job *)base;
    if (job->session->state == KOLAM_SESSION_OPEN) {
        json_t *list = json_array();
        for (uint32_t i = 0; i < job->count; i++) {
            if (job->rows[i].author.name[0] != '\0') {
                json_array_append_new(list,
                                      json_pack("{sI ss}", "artist", (json_int_t)job->rows[i].artist,
                                                "name", job->rows[i].author.name));
            }
        }
        kolam_session_send_json(job->session, artists_message(list));
    }
    kolam_canvas_release(job->canvas);
    kolam_session_end_ask(job->session);
    kolam_free(job);
}

/* NULL for a malformed list, or without memory. */
static struct who_job *read_artists(const json_t *list) {
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count < 1 || count > WHO_MAX) {
        return NULL;
    }
    struct who_job *job = kolam_alloc_zero(1, sizeof(*job) + count * sizeof(job->rows[0]));
    for (size_t i = 0; job && i < count; i++) {
        const json_t *number = json_array_get(list, i);
        json_int_t value = json_integer_value(number);
        if (!json_is_integer(number) || value < 0 || value > UINT32_MAX) {
            kolam_free(job);
            return NULL;
        }
        job->rows[job->count++].artist = (uint32_t)value;
    }
    return job;
}

void kolam_people_who(struct kolam_session *session, const json_t *message) {
    struct who_job *job = read_artists(json_object_get(message, "artists"));
    if (!job) {
        kolam_session_refuse(session, "who: artists must be 1 to 256 numbers");
        return;
    }
    job->session = session;
    job->canvas = session->canvas;
    job->job = (struct kolam_job){.run = run_who, .done = done_who, .priority = KOLAM_JOB_INTERACTIVE};
    kolam_session_begin_ask(session);
    kolam_canvas_hold(job->canvas);
    kolam_pool_submit(session->server->pool, &job->job);
}

/* ---- act_as ---- */

static bool has_slot(struct kolam_session *session, uint32_t slot) {
    if (slot < session->slot_count) {
        return true;
    }
    uint32_t count = slot + 1;
    if (count < 2 * session->slot_count) {
        count = 2 * session->slot_count;
    }
    struct kolam_author **grown = kolam_realloc_array(session->slots, count, sizeof(*grown));
    if (!grown) {
        return false;
    }
    memset(grown + session->slot_count, 0, (count - session->slot_count) * sizeof(*grown));
    session->slots = grown;
    session->slot_count = count;
    return true;
}

static void tell_acting(struct kolam_session *session, uint32_t slot, uint32_t artist) {
    kolam_session_send_json(session, json_pack("{ss sI sI}", "type", "acting", "slot", (json_int_t)slot,
                                               "artist", (json_int_t)artist));
}

struct acting {
    struct kolam_session *session; /* referenced */
    struct kolam_canvas *canvas;   /* held */
    struct kolam_canvas_wait wait;
    struct kolam_submission *submission;
    uint32_t slot;
};

static void end_acting(struct acting *acting, enum kolam_status status) {
    struct kolam_session *session = acting->session;
    if (session->state == KOLAM_SESSION_OPEN && status == KOLAM_OK) {
        tell_acting(session, acting->slot, acting->submission->artist);
    } else if (session->state == KOLAM_SESSION_OPEN) {
        kolam_session_error(session, "unavailable", "the canvas cannot be written; try again later", 0,
                            false);
    }
    kolam_submission_destroy(acting->submission);
    kolam_canvas_release(acting->canvas);
    kolam_session_unref(session);
    kolam_free(acting);
}

static void on_acting_numbered(void *ctx, struct kolam_submission *submission) {
    end_acting(ctx, submission->status);
}

static void on_acting_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct acting *acting = KOLAM_CONTAINER(wait, struct acting, wait);
    if (status == KOLAM_OK) {
        kolam_log_submit(acting->canvas->log, acting->submission);
    } else {
        end_acting(acting, status);
    }
}

/* An import is about to draw, so the canvas is made if it does not exist: then there is a number to tell. */
static void number_acting(struct kolam_session *session, uint32_t slot) {
    struct kolam_submission *submission = kolam_submission_create(0);
    struct acting *acting = kolam_alloc_zero(1, sizeof(*acting));
    if (!submission || !acting) {
        kolam_submission_destroy(submission);
        kolam_free(acting);
        kolam_session_close(session, 1013, "out of memory");
        return;
    }
    acting->session = session;
    acting->canvas = session->canvas;
    acting->submission = submission;
    acting->slot = slot;
    acting->wait.done = on_acting_canvas;
    submission->author = *session->slots[slot];
    submission->nonce = session->nonce;
    submission->done = on_acting_numbered;
    submission->ctx = acting;
    kolam_session_ref(session);
    kolam_canvas_hold(session->canvas);
    kolam_canvas_when_open(session->canvas, true, &acting->wait);
}

static void on_import_author(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (session->state == KOLAM_SESSION_OPEN) {
        struct kolam_author *author = kolam_memdup(&request->author, sizeof(request->author));
        if (author && has_slot(session, request->slot)) {
            kolam_free(session->slots[request->slot]);
            session->slots[request->slot] = author;
            number_acting(session, request->slot);
        } else {
            kolam_free(author);
            kolam_session_close(session, 1013, "out of memory");
        }
    }
    finish_request(request);
}

void kolam_people_act_as(struct kolam_session *session, const json_t *message) {
    uint64_t slot;
    const char *name = json_string_value(json_object_get(message, "name"));
    if (!session->is_admin) {
        kolam_session_error(session, "denied", "act_as needs the admin token in hello", 0, false);
        return;
    }
    if (!kolam_json_uint(message, "slot", KOLAM_SLOTS_MAX - 1, &slot) || !name ||
        strlen(name) > KOLAM_NAME_BYTES_MAX || !kolam_name_is_valid(name)) {
        kolam_session_refuse(session, "act_as: slot must be 0 to 65,535, name 1 to 40 characters");
        return;
    }
    struct kolam_identity_request *request =
        new_request(session, KOLAM_IDENTITY_IMPORT, on_import_author);
    if (request) {
        request->slot = (uint32_t)slot;
        strcpy(request->author.name, name);
        kolam_identity_submit(session->server->identity, request);
    }
}
