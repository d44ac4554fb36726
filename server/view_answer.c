/* Answering a view: which version each of its tiles has. What the loop does not know a worker reads, all that is
 * missing in one job for all who wait for the same view; if nobody waits any more it gives up.
 *
 * The subscription moves as soon as the view is worked on: ops committed while the job reads reach the client as
 * ops, so nothing falls between. A client that pans asks at every frame: one view is worked on at once and
 * then only the newest of those that came after it, a tick later, or as many as previews are gathered for. */
#include <stdatomic.h>
#include <string.h>

#include "fanout.h"
#include "kolam/alloc.h"
#include "protocol_out.h"
#include "session.h"
#include "veil.h"

struct kolam_view_job {
    struct kolam_job job;
    struct kolam_session *asker; /* referenced: it pays for the question */
    struct kolam_canvas *canvas; /* held */
    struct kolam_canvas_wait wait;
    struct kolam_viewers *viewers; /* NULL once nobody waits */
    struct kolam_view view;
    struct kolam_list waiting; /* kolam_session.view_link */
    bool is_reading;
    atomic_bool is_cancelled;
    enum kolam_status status;
    uint64_t asked_seq; /* the canvas's newest when the worker was asked */
    uint32_t missing_count;
    uint32_t *missing; /* places in `seqs` that a worker has to fill */
    uint64_t *seqs;
};

static void begin_answer(struct kolam_session *session);

static struct kolam_tile_id tile_at(const struct kolam_view *view, uint32_t i) {
    return (struct kolam_tile_id){view->x + i % view->width, view->y + i / view->width,
                                  view->level};
}

/* What the client was sent before must reach it before: the answer counts on it. */
static void answer(struct kolam_session *session, const uint64_t *seqs) {
    kolam_viewers_settle(session);
    if (session->view.is_set) {
        kolam_session_send(session, kolam_out_view(&session->view, session->is_resumed,
                                                   session->canvas->last_seq, seqs));
    }
}

/* ---- the job, and who waits for it ---- */

/* Nobody waits for it any more: who comes now gets another. */
static void let_go(struct kolam_view_job *job) {
    if (job->viewers) {
        job->viewers->view_job = NULL;
        job->viewers = NULL;
    }
    atomic_store_explicit(&job->is_cancelled, true, memory_order_relaxed);
}

void kolam_view_cancel(struct kolam_session *session) {
    struct kolam_view_job *job = session->view_job;
    kolam_list_remove(&session->next_view.link);
    kolam_list_remove(&session->view_link);
    session->view_job = NULL;
    if (job && kolam_list_is_empty(&job->waiting)) {
        let_go(job);
    }
}

/* The next who waits, who then waits no more; NULL if there is none. */
static struct kolam_session *take_waiting(struct kolam_view_job *job) {
    if (kolam_list_is_empty(&job->waiting)) {
        return NULL;
    }
    struct kolam_session *session =
        KOLAM_CONTAINER(job->waiting.next, struct kolam_session, view_link);
    kolam_list_remove(&session->view_link);
    session->view_job = NULL;
    return session;
}

static void destroy(struct kolam_view_job *job) {
    let_go(job);
    kolam_canvas_release(job->canvas);
    kolam_session_end_ask(job->asker);
    while (take_waiting(job)) {
    }
    kolam_free(job->missing);
    kolam_free(job->seqs);
    kolam_free(job);
}

/* What a late one missed may not be in `seqs`: it asks anew, and mostly everything is known now. */
static void answer_all(struct kolam_view_job *job) {
    struct kolam_list late;
    kolam_list_init(&late);
    let_go(job);
    for (struct kolam_session *session; (session = take_waiting(job)) != NULL;) {
        if (session->is_view_late) {
            kolam_list_append(&late, &session->view_link);
        } else {
            answer(session, job->seqs);
        }
    }
    while (!kolam_list_is_empty(&late)) {
        struct kolam_session *session = KOLAM_CONTAINER(late.next, struct kolam_session, view_link);
        kolam_list_remove(&session->view_link);
        begin_answer(session);
    }
    destroy(job);
}

static void fail_all(struct kolam_view_job *job) {
    const bool is_said = job->status != KOLAM_ERR_CLOSED; /* else all of it ends */
    for (struct kolam_session *session; is_said && (session = take_waiting(job)) != NULL;) {
        kolam_logfmt(&session->server->logfmt, KOLAM_LOG_ERROR, "view_failed",
                     "session=%u canvas=%s status=%d", session->number, job->canvas->name,
                     job->status);
        kolam_session_error(session, "unavailable", "the canvas cannot be read now", 1013, true);
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

/* What was committed meanwhile raised the table, and notices of it may have left before this answer, which a client
 * takes for the newer word: so all tiles are looked up again, those that were known at first as well. A tile that was
 * pushed out of the table meanwhile may have been changed by any of those commits. */
static void catch_up(struct kolam_view_job *job) {
    struct kolam_versions *versions = job->canvas->versions;
    for (uint32_t i = 0; i < job->missing_count; i++) {
        const uint32_t at = job->missing[i];
        job->seqs[at] = kolam_versions_put(versions, tile_at(&job->view, at), job->seqs[at]);
    }
    for (uint32_t i = 0; i < job->view.width * job->view.height; i++) {
        if (!kolam_versions_get(versions, tile_at(&job->view, i), &job->seqs[i]) &&
            job->canvas->last_seq > job->asked_seq) {
            job->seqs[i] = job->canvas->last_seq;
        }
    }
}

static void done_versions(struct kolam_job *base) {
    struct kolam_view_job *job = (struct kolam_view_job *)base;
    if (job->status == KOLAM_OK) {
        if (job->canvas->versions) {
            catch_up(job);
        }
        answer_all(job);
    } else {
        fail_all(job);
    }
}

/* Fills `seqs` as far as the loop knows; with a job, notes there what is missing. True if nothing is. */
static bool look_up(struct kolam_canvas *canvas, const struct kolam_view *view, uint64_t *seqs,
                    struct kolam_view_job *job) {
    bool is_complete = true;
    for (uint32_t i = 0; i < view->width * view->height; i++) {
        const struct kolam_tile_id tile = tile_at(view, i);
        if (kolam_versions_get(canvas->versions, tile, &seqs[i])) {
            continue;
        }
        is_complete = false;
        if (!job) {
            break;
        }
        kolam_versions_expect(canvas->versions, tile);
        job->missing[job->missing_count++] = i;
    }
    return is_complete;
}

/* The canvas is open, or does not exist: then nothing was drawn on it. */
static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct kolam_view_job *job = KOLAM_CONTAINER(wait, struct kolam_view_job, wait);
    if (kolam_list_is_empty(&job->waiting)) {
        destroy(job);
        return;
    }
    if (status == KOLAM_ERR_NOT_FOUND ||
        (status == KOLAM_OK && look_up(job->canvas, &job->view, job->seqs, job))) {
        answer_all(job);
        return;
    }
    if (status != KOLAM_OK) {
        job->status = status;
        fail_all(job);
        return;
    }
    job->is_reading = true;
    job->asked_seq = job->canvas->last_seq;
    job->status = KOLAM_ERR_CLOSED; /* unless it runs */
    job->job = (struct kolam_job){
        .run = run_versions, .done = done_versions, .priority = KOLAM_JOB_INTERACTIVE};
    kolam_pool_submit(job->canvas->server->pool, &job->job);
}

static struct kolam_view_job *create(struct kolam_session *session) {
    const struct kolam_view *view = &session->view;
    const size_t count = (size_t)view->width * view->height;
    struct kolam_view_job *job = kolam_alloc_zero(1, sizeof(*job));
    if (!job) {
        return NULL;
    }
    job->seqs = kolam_alloc_zero(count, sizeof(*job->seqs));
    job->missing = kolam_alloc_array(count, sizeof(*job->missing));
    if (!job->seqs || !job->missing) {
        kolam_free(job->seqs);
        kolam_free(job->missing);
        kolam_free(job);
        return NULL;
    }
    kolam_list_init(&job->waiting);
    job->asker = session;
    job->canvas = session->canvas;
    job->view = *view;
    job->wait.done = on_canvas;
    job->viewers = session->viewers;
    job->viewers->view_job = job;
    kolam_session_begin_ask(session);
    kolam_canvas_hold(session->canvas);
    return job;
}

static void wait_for(struct kolam_session *session, struct kolam_view_job *job) {
    session->view_job = job;
    session->is_view_late = job->is_reading;
    kolam_list_append(&job->waiting, &session->view_link);
}

/* At once if everything is known; else with others who wait for the same, or as the first who does. */
static void begin_answer(struct kolam_session *session) {
    struct kolam_canvas *canvas = session->canvas;
    struct kolam_view_job *job = session->viewers->view_job;
    uint64_t *seqs = session->server->fanout->seqs;
    if (canvas->state == KOLAM_CANVAS_OPEN && look_up(canvas, &session->view, seqs, NULL)) {
        answer(session, seqs);
        return;
    }
    if (job) {
        wait_for(session, job);
        return;
    }
    job = create(session);
    if (!job) {
        kolam_session_close(session, 1013, "out of memory");
        return;
    }
    wait_for(session, job);
    kolam_canvas_when_open(canvas, false, &job->wait);
}

/* ---- the view ---- */

/* What the client missed since it last saw this rectangle, if all of it is still at hand. One that looked at nothing
 * else meanwhile was sent all of it already. */
static bool resume(struct kolam_session *session, uint64_t since, bool is_same) {
    const struct kolam_canvas *canvas = session->canvas;
    uint32_t first;
    if (is_same && since >= session->followed_seq && since <= canvas->last_seq) {
        return true;
    }
    if (canvas->state != KOLAM_CANVAS_OPEN ||
        !kolam_recent_since(&canvas->recent, since, canvas->last_seq, &first)) {
        return false;
    }
    /* Of these some may wait already, for this view or a former one: each comes once, in order. */
    kolam_outbox_drop_ops_after(&session->outbox, since);
    for (uint32_t i = first; i < canvas->recent.end && session->view.is_set; i++) {
        kolam_fanout_op(session, &canvas->recent.ops[i]);
    }
    return true;
}

static void work_on(struct kolam_session *session, const struct kolam_view *view, bool has_since,
                    uint64_t since) {
    struct kolam_server *server = session->server;
    struct kolam_view set = *view;
    set.is_set = true;
    set.sees_names = kolam_veil_sees(session);
    kolam_view_cancel(session);
    server->metrics.views_answered++;
    server->metrics.sessions_stale -= session->is_refreshing;
    session->is_refreshing = false;
    const struct kolam_viewers *former = session->viewers;
    kolam_viewers_settle(session);
    if (kolam_viewers_join(session, &set) != KOLAM_OK) {
        kolam_session_close(session, 1013, "out of memory");
        return;
    }
    session->view = set;
    session->is_resumed = has_since && resume(session, since, former == session->viewers);
    if (session->view.is_set) {
        begin_answer(session);
    }
}

void kolam_view_set(struct kolam_session *session, const struct kolam_view *view, bool has_since,
                    uint64_t since) {
    struct kolam_fanout *fanout = session->server->fanout;
    struct kolam_next_view *next = &session->next_view;
    if (fanout->tick >= session->next_view_tick) {
        session->next_view_tick = fanout->tick + kolam_loop_preview_ticks(session->server->loop);
        work_on(session, view, has_since, since);
        return;
    }
    next->view = *view;
    next->has_since = has_since;
    next->since = since;
    if (kolam_list_is_empty(&next->link)) {
        kolam_list_append(&fanout->views, &next->link);
        kolam_loop_want_tick(session->server->loop);
    }
}

void kolam_views_tick(struct kolam_server *server) {
    const uint64_t next_tick = server->fanout->tick + 1; /* what comes from now on is of that */
    KOLAM_LIST_EACH(&server->fanout->views, struct kolam_session, next_view.link, session) {
        if (next_tick >= session->next_view_tick) {
            const struct kolam_next_view next = session->next_view;
            session->next_view_tick = next_tick + kolam_loop_preview_ticks(server->loop);
            work_on(session, &next.view, next.has_since, next.since);
        }
    }
}
