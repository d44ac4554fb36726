/* See whose.h. A worker reads who had the number, the identity thread who that is now. Who is in no identity.db (imported,
 * erased) is who the canvas says. */
#include "whose.h"

#include <string.h>

#include "ask.h"
#include "people.h"
#include "session.h"

static enum kolam_status open_reader(const struct kolam_whose *whose, struct kolam_worker *worker,
                                     struct kolam_reader **out_reader) {
    const struct kolam_canvas *canvas = whose->ask->canvas;
    struct kolam_worker_canvas *view;
    enum kolam_status status =
        kolam_worker_canvas(worker, canvas->log_path, canvas->tiles_path, false, &view, NULL);
    if (status == KOLAM_OK) {
        *out_reader = view->reader;
    }
    return status;
}

/* ---- who it is now ---- */

static void on_looked(struct kolam_identity_request *request) {
    struct kolam_whose *whose = request->whose;
    const enum kolam_status status = request->status;
    if (status == KOLAM_OK) {
        whose->author = request->author;
    }
    whose->status = status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
    kolam_people_finish(request);
    whose->done(whose);
}

static void look(struct kolam_whose *whose) {
    struct kolam_session *session = whose->ask->session;
    struct kolam_identity_request *request =
        kolam_people_request(session, KOLAM_IDENTITY_LOOK, on_looked);
    if (!request) {
        whose->status = KOLAM_ERR_NOMEM;
        whose->done(whose);
        return;
    }
    request->whose = whose;
    request->author = whose->author;
    request->is_any_self = true;
    strcpy(request->canvas, whose->ask->canvas->name);
    kolam_people_submit(request);
}

/* ---- who had the number ---- */

static void run_number(struct kolam_job *job, struct kolam_worker *worker) {
    struct kolam_whose *whose = KOLAM_CONTAINER(job, struct kolam_whose, job);
    struct kolam_reader *reader;
    whose->status = open_reader(whose, worker, &reader);
    if (whose->status == KOLAM_OK) {
        whose->status = kolam_reader_artist(reader, whose->artist, &whose->author);
    }
}

static void done_number(struct kolam_job *job) {
    struct kolam_whose *whose = KOLAM_CONTAINER(job, struct kolam_whose, job);
    if (kolam_pool_is_closing(whose->ask->session->server->pool)) {
        whose->status = KOLAM_ERR_CLOSED; /* the identity thread went before the workers */
    }
    if (whose->status == KOLAM_OK) {
        look(whose);
    } else {
        whose->done(whose);
    }
}

void kolam_whose_find(struct kolam_whose *whose, const struct kolam_ask *ask, uint32_t artist,
                      void (*done)(struct kolam_whose *whose)) {
    *whose = (struct kolam_whose){.artist = artist, .ask = ask, .done = done};
    if (ask->canvas->state == KOLAM_CANVAS_ABSENT) {
        whose->status = KOLAM_ERR_NOT_FOUND;
        done(whose);
    } else {
        whose->status = KOLAM_ERR_CLOSED; /* unless it runs */
        whose->job = (struct kolam_job){
            .run = run_number, .done = done_number, .priority = KOLAM_JOB_INTERACTIVE};
        kolam_pool_submit(ask->session->server->pool, &whose->job);
    }
}
