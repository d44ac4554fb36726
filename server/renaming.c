/* Telling canvases a name, one ident after another, one canvas after another; see renaming.h. moderation.db is told as well: of each canvas behind it, of the
 * person at the end. Only when all of that is durable is it done.
 *
 * A canvas that is open, or opening, may have the old name in its queue: it is told through the same queue, behind it. One that is closed is
 * opened only if its file knows the ident by another name. */
#include "renaming.h"

#include <string.h>

#include "canvas_walk.h"
#include "fanout.h"
#include "identity_thread.h"
#include "kolam/alloc.h"
#include "moderation_names.h"
#include "people.h"

#define RETRY_MS 60000

struct kolam_renaming {
    struct kolam_server *server;
    struct kolam_canvas_walk walk;
    struct kolam_canvas_wait wait;
    struct kolam_author author;
    bool is_busy, must_look_again, has_failed;
    bool is_somebody; /* whom the ident is of now: */
    uint8_t now[KOLAM_IDENT_BYTES];
    bool is_known;   /* by another name, in the file at hand */
    uint32_t artist; /* their number there; 0: none */
    int64_t retry_ms;
};

enum kolam_status kolam_renaming_create(struct kolam_server *server) {
    server->renaming = kolam_alloc_zero(1, sizeof(*server->renaming));
    if (!server->renaming) {
        return KOLAM_ERR_NOMEM;
    }
    server->renaming->server = server;
    return KOLAM_OK;
}

void kolam_renaming_destroy(struct kolam_server *server) {
    kolam_free(server->renaming);
    server->renaming = NULL;
}

static void try_later(struct kolam_renaming *renaming) {
    renaming->is_busy = false;
    renaming->retry_ms = kolam_loop_now_ms(renaming->server->loop) + RETRY_MS;
}

static void ask(struct kolam_renaming *renaming, enum kolam_identity_kind kind,
                void (*done)(struct kolam_identity_request *)) {
    struct kolam_identity_request *request =
        renaming->server->is_stopping ? NULL : kolam_alloc_zero(1, sizeof(*request));
    if (!request) {
        try_later(renaming);
        return;
    }
    request->kind = kind;
    request->author = renaming->author;
    request->ctx = renaming;
    request->done = done;
    kolam_identity_submit(renaming->server->identity, request);
}

/* ---- one canvas ---- */

static void tell(struct kolam_canvas *canvas, uint32_t artist, const char *name) {
    struct kolam_bytes *text = kolam_session_text(kolam_people_artists_message(
        json_pack("[{sI ss}]", "artist", (json_int_t)artist, "name", name)));
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        kolam_session_send_text(session, text);
    }
    if (text) {
        kolam_bytes_unref(text);
    }
}

static void on_reports_named(void *ctx, enum kolam_status status) {
    struct kolam_renaming *renaming = ctx;
    renaming->has_failed |= status != KOLAM_OK;
    kolam_canvas_walk_next(&renaming->walk);
}

/* The canvas knows: reports of them there are to tell no former name either, also if it knew before (and the server died then). */
static void name_reports(struct kolam_renaming *renaming) {
    if (renaming->artist == 0) {
        kolam_canvas_walk_next(&renaming->walk);
        return;
    }
    kolam_moderation_name_artist(renaming->server, renaming->walk.canvas->name, renaming->artist,
                                 renaming->author.name, on_reports_named, renaming);
}

static void on_named(void *ctx, struct kolam_submission *submission) {
    struct kolam_renaming *renaming = ctx;
    struct kolam_canvas *canvas = renaming->walk.canvas;
    if (submission->status != KOLAM_OK) {
        renaming->has_failed = true;
    } else if (submission->artist != 0) {
        renaming->artist = submission->artist;
        kolam_names_notice(canvas, 0);
        tell(canvas, submission->artist, renaming->author.name);
    }
    kolam_submission_destroy(submission);
    name_reports(renaming);
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct kolam_renaming *renaming = KOLAM_CONTAINER(wait, struct kolam_renaming, wait);
    struct kolam_submission *submission = status == KOLAM_OK ? kolam_submission_create(0) : NULL;
    if (!submission) {
        renaming->has_failed = true;
        kolam_canvas_walk_next(&renaming->walk);
        return;
    }
    submission->author = renaming->author;
    submission->is_for_known = true;
    submission->done = on_named;
    submission->ctx = renaming;
    kolam_log_submit(renaming->walk.canvas->log, submission);
}

static void run(struct kolam_canvas_walk *walk, struct kolam_reader *reader) {
    struct kolam_renaming *renaming = KOLAM_CONTAINER(walk, struct kolam_renaming, walk);
    struct kolam_author known = renaming->author;
    uint32_t artist;
    enum kolam_status status = kolam_reader_artist_of(reader, &known, &artist);
    renaming->artist = status == KOLAM_OK ? artist : 0;
    renaming->is_known = status == KOLAM_OK && strcmp(known.name, renaming->author.name) != 0;
    walk->status = status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

static void each(struct kolam_canvas_walk *walk) {
    struct kolam_renaming *renaming = KOLAM_CONTAINER(walk, struct kolam_renaming, walk);
    if (walk->status != KOLAM_OK) {
        renaming->has_failed = true;
        kolam_canvas_walk_next(walk);
    } else if (renaming->is_known || walk->canvas->state != KOLAM_CANVAS_CLOSED) {
        kolam_list_init(&renaming->wait.link);
        renaming->wait.done = on_canvas;
        kolam_canvas_when_open(walk->canvas, false, &renaming->wait);
    } else {
        name_reports(renaming);
    }
}

/* ---- one ident after another ---- */

static void look(struct kolam_renaming *renaming);

static void on_told(struct kolam_identity_request *request) {
    struct kolam_renaming *renaming = request->ctx;
    const enum kolam_status status = request->status;
    kolam_free(request);
    if (status == KOLAM_OK) {
        look(renaming);
    } else {
        try_later(renaming);
    }
}

static void on_person_named(void *ctx, enum kolam_status status) {
    struct kolam_renaming *renaming = ctx;
    if (status != KOLAM_OK || renaming->has_failed) {
        try_later(renaming);
        return;
    }
    ask(renaming, KOLAM_IDENTITY_RENAMING_DONE, on_told);
}

/* The person is named also where a canvas could not be told: a file that is damaged keeps nobody's name elsewhere. */
static void done(struct kolam_canvas_walk *walk) {
    struct kolam_renaming *renaming = KOLAM_CONTAINER(walk, struct kolam_renaming, walk);
    if (walk->is_cut) {
        try_later(renaming);
        return;
    }
    kolam_moderation_name_person(renaming->server, renaming->author.ident,
                                 renaming->is_somebody ? renaming->now : NULL, on_person_named,
                                 renaming);
}

static void on_next(struct kolam_identity_request *request) {
    struct kolam_renaming *renaming = request->ctx;
    const enum kolam_status status = request->status;
    renaming->author = request->author;
    renaming->is_somebody = request->has_author;
    memcpy(renaming->now, request->other, sizeof(renaming->now));
    kolam_free(request);
    if (status == KOLAM_ERR_NOT_FOUND) {
        renaming->is_busy = false;
        if (renaming->must_look_again) {
            kolam_renaming_begin(renaming->server);
        }
        return;
    }
    if (status != KOLAM_OK) {
        try_later(renaming);
        return;
    }
    renaming->has_failed = false;
    renaming->walk.server = renaming->server;
    renaming->walk.run = run;
    renaming->walk.each = each;
    renaming->walk.done = done;
    kolam_canvas_walk_begin(&renaming->walk);
}

static void look(struct kolam_renaming *renaming) {
    renaming->must_look_again = false;
    ask(renaming, KOLAM_IDENTITY_RENAMING_NEXT, on_next);
}

void kolam_renaming_begin(struct kolam_server *server) {
    struct kolam_renaming *renaming = server->renaming;
    if (renaming->is_busy) {
        renaming->must_look_again = true;
        return;
    }
    renaming->is_busy = true;
    renaming->retry_ms = 0;
    look(renaming);
}

void kolam_renaming_sweep(struct kolam_server *server, int64_t now_ms) {
    struct kolam_renaming *renaming = server->renaming;
    if (!renaming->is_busy && renaming->retry_ms > 0 && now_ms >= renaming->retry_ms) {
        kolam_renaming_begin(server);
    }
}
