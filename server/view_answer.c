/* Answering a view: which version each of its tiles has. What the loop does not know a worker reads, all that is
 * missing in one job; a newer view makes it give up.
 *
 * The subscription moves as soon as the view comes: ops committed while the job reads reach the client as
 * ops, so nothing falls between. */
#include <stdatomic.h>
#include <string.h>

#include "fanout.h"
#include "kolam/alloc.h"
#include "protocol_out.h"
#include "session.h"

struct kolam_view_job {
    struct kolam_job job;
    struct kolam_session *session; /* referenced */
    struct kolam_canvas *canvas;   /* held */
    struct kolam_canvas_wait wait;
    struct kolam_view view;
    bool is_resumed;
    atomic_bool is_cancelled;
    enum kolam_status status;
    uint32_t missing_count;
    uint32_t *missing; /* places in `seqs` that a worker has to fill */
    uint64_t *seqs;
};

static struct kolam_tile_id tile_at(const struct kolam_view *view, uint32_t i) {
    return (struct kolam_tile_id){view->x + i % view->width, view->y + i / view->width,
                                  view->level};
}

static void destroy(struct kolam_view_job *job) {
    if (job->session->view_job == job) {
        job->session->view_job = NULL;
    }
    kolam_canvas_release(job->canvas);
    kolam_session_end_ask(job->session);
    kolam_free(job->missing);
    kolam_free(job->seqs);
    kolam_free(job);
}

static void answer(struct kolam_view_job *job) {
    struct kolam_session *session = job->session;
    if (session->state == KOLAM_SESSION_OPEN && session->view_job == job) {
        kolam_session_send_own(
            session, KOLAM_OUT_ESSENTIAL,
            kolam_out_view(&job->view, job->is_resumed, job->canvas->last_seq, job->seqs));
    }
    destroy(job);
}

static void run_versions(struct kolam_job *base, struct kolam_worker *worker) {
    struct kolam_view_job *job = (struct kolam_view_job *)base;
    struct kolam_worker_canvas *canvas;
    job->status = kolam_worker_canvas(worker, job->canvas->log_path, job->canvas->tiles_path, false,
                                      &canvas, NULL);
    if (job->status == KOLAM_OK) {
        job->status = kolam_reader_begin(canvas->reader); /* one moment for all, and faster */
    }
    if (job->status != KOLAM_OK) {
        return;
    }
    for (uint32_t i = 0; i < job->missing_count && job->status == KOLAM_OK; i++) {
        if (atomic_load_explicit(&job->is_cancelled, memory_order_relaxed)) {
            job->status = KOLAM_ERR_CLOSED;
            break;
        }
        uint32_t at = job->missing[i];
        job->status = kolam_raster_version(canvas->raster, tile_at(&job->view, at), KOLAM_SEQ_NOW,
                                           &job->seqs[at]);
    }
    kolam_reader_end(canvas->reader);
}

static void done_versions(struct kolam_job *base) {
    struct kolam_view_job *job = (struct kolam_view_job *)base;
    if (job->status == KOLAM_OK) {
        for (uint32_t i = 0; i < job->missing_count && job->canvas->versions; i++) {
            uint32_t at = job->missing[i];
            job->seqs[at] =
                kolam_versions_put(job->canvas->versions, tile_at(&job->view, at), job->seqs[at]);
        }
        answer(job);
        return;
    }
    if (job->status != KOLAM_ERR_CLOSED && job->session->state == KOLAM_SESSION_OPEN) {
        kolam_logfmt(&job->session->server->logfmt, KOLAM_LOG_ERROR, "view_failed",
                     "session=%u canvas=%s status=%d", job->session->number, job->canvas->name,
                     job->status);
        kolam_session_error(job->session, "unavailable", "the canvas cannot be read now", 1013,
                            true);
    }
    destroy(job);
}

/* The canvas is open, or does not exist: then nothing was drawn on it. */
static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct kolam_view_job *job = KOLAM_CONTAINER(wait, struct kolam_view_job, wait);
    struct kolam_canvas *canvas = job->canvas;
    const uint32_t count = job->view.width * job->view.height;
    if (status != KOLAM_OK || job->session->view_job != job) {
        if (status == KOLAM_ERR_NOT_FOUND) {
            answer(job);
        } else {
            destroy(job);
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct kolam_tile_id tile = tile_at(&job->view, i);
        if (!kolam_versions_get(canvas->versions, tile, &job->seqs[i])) {
            kolam_versions_expect(canvas->versions, tile);
            job->missing[job->missing_count++] = i;
        }
    }
    if (job->missing_count == 0) {
        answer(job);
        return;
    }
    job->status = KOLAM_ERR_CLOSED; /* unless it runs */
    job->job = (struct kolam_job){
        .run = run_versions, .done = done_versions, .priority = KOLAM_JOB_INTERACTIVE};
    kolam_pool_submit(job->session->server->pool, &job->job);
}

/* What the client missed since it last saw this rectangle, if all of it is still at hand. */
static bool resume(struct kolam_session *session, uint64_t since) {
    const struct kolam_canvas *canvas = session->canvas;
    uint32_t first;
    if (canvas->state != KOLAM_CANVAS_OPEN ||
        !kolam_recent_since(&canvas->recent, since, canvas->last_seq, &first)) {
        return false;
    }
    for (uint32_t i = first; i < canvas->recent.end; i++) {
        kolam_fanout_op(session, &canvas->recent.ops[i]);
    }
    return true;
}

void kolam_view_cancel(struct kolam_session *session) {
    if (session->view_job) {
        atomic_store_explicit(&session->view_job->is_cancelled, true, memory_order_relaxed);
        session->view_job = NULL;
    }
}

void kolam_view_set(struct kolam_session *session, const struct kolam_view *view, bool has_since,
                    uint64_t since) {
    const uint32_t count = view->width * view->height;
    kolam_view_cancel(session);
    kolam_fanout_forget(session);
    session->server->metrics.views_answered++;
    session->view = *view;
    session->view.is_set = true;
    session->is_refreshing = false;
    struct kolam_view_job *job = kolam_alloc_zero(1, sizeof(*job));
    if (job) {
        job->seqs = kolam_alloc_zero(count, sizeof(*job->seqs));
        job->missing = kolam_alloc_array(count, sizeof(*job->missing));
    }
    if (!job || !job->seqs || !job->missing) {
        if (job) {
            kolam_free(job->seqs);
            kolam_free(job->missing);
        }
        kolam_free(job);
        kolam_session_close(session, 1013, "out of memory");
        return;
    }
    job->session = session;
    job->canvas = session->canvas;
    job->view = *view;
    job->wait.done = on_canvas;
    kolam_session_begin_ask(session);
    kolam_canvas_hold(session->canvas);
    session->view_job = job;
    job->is_resumed = has_since && resume(session, since);
    kolam_canvas_when_open(session->canvas, false, &job->wait);
}
