/* From a SUBMIT record to an ACK: verdict, the canvas's log, and back when it is durable.
 *
 * What is in flight is bounded per session: past a soft bound (session.c) we stop reading from it until the
 * disk has caught up, so that an importer goes as fast as the log takes; past the hard one here it is told to
 * try later. */
#include <inttypes.h>

#include "fanout.h"
#include "kolam/alloc.h"
#include "people.h"
#include "session.h"
#include "verdict.h"

#define IN_FLIGHT_OPS_HARD 4096
#define IN_FLIGHT_BYTES_HARD (16u << 20)
/* Who took more than may be had in so long, by many connections at once: to wait is no answer any more. */
#define PAUSE_US_MAX 30000000u

struct pending {
    struct kolam_session *session; /* referenced */
    struct kolam_canvas *canvas;   /* held */
    struct kolam_canvas_wait wait; /* for a canvas that is not open */
    struct kolam_submission *submission;
    uint32_t counter, count;
    uint64_t bytes;
    bool is_acked, is_own; /* is_own: submitted as the session's author, not as a slot's */
};

static void nack(struct kolam_session *session, uint32_t counter, enum kolam_nack code,
                 const char *reason) {
    session->server->metrics.refused[code]++;
    kolam_logfmt(&session->server->logfmt, KOLAM_LOG_DEBUG, "nack", "session=%u counter=%u code=%d",
                 session->number, counter, code);
    kolam_session_send(session, kolam_out_nack(counter, code, reason));
}

static void finish(struct pending *pending) {
    struct kolam_session *session = pending->session;
    session->in_flight_ops -= pending->count;
    session->in_flight_bytes -= pending->bytes;
    kolam_session_update_reading(session);
    kolam_canvas_release(pending->canvas);
    kolam_session_unref(session);
    kolam_free(pending);
}

static void ack(struct pending *pending, const struct kolam_submission *submission) {
    struct kolam_session *session = pending->session;
    if (pending->is_acked || session->state == KOLAM_SESSION_CLOSED) {
        return;
    }
    pending->is_acked = true;
    if (pending->is_own && session->artist == 0) {
        kolam_people_set_artist(session, submission->artist);
    }
    kolam_session_send(session,
                       kolam_out_ack(pending->counter, pending->count, submission->ops[0].seq));
    if (kolam_list_is_empty(&session->ack_link)) {
        kolam_list_append(&session->server->fanout->acked, &session->ack_link);
    }
}

static void on_done(void *ctx, struct kolam_submission *submission) {
    struct pending *pending = ctx;
    if (submission->status == KOLAM_OK) {
        ack(pending, submission);
    } else if (pending->session->state != KOLAM_SESSION_CLOSED) {
        enum kolam_nack code = kolam_verdict_nack(submission->status);
        nack(pending->session, pending->counter, code, kolam_status_text(submission->status));
    }
    kolam_submission_destroy(submission);
    finish(pending);
}

void kolam_submit_on_commit(const struct kolam_submission *submission) {
    struct pending *pending = submission->ctx;
    if (submission->done != on_done) {
        return;
    }
    ack(pending, submission);
    if (submission->withheld_by && pending->session->state == KOLAM_SESSION_OPEN) {
        kolam_fanout_to_author(pending->session, submission);
    }
}

/* A canvas that was absent or closed is open now, or cannot be. */
static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct pending *pending = KOLAM_CONTAINER(wait, struct pending, wait);
    if (status == KOLAM_OK) {
        kolam_log_submit(pending->canvas->log, pending->submission);
        return;
    }
    if (pending->session->state != KOLAM_SESSION_CLOSED) {
        nack(pending->session, pending->counter,
             status == KOLAM_ERR_FULL ? KOLAM_NACK_LIMIT : KOLAM_NACK_UNAVAILABLE,
             status == KOLAM_ERR_FULL ? "this server may hold no more canvases; draw on another"
                                      : "the canvas cannot be opened; try again later");
    }
    kolam_submission_destroy(pending->submission);
    finish(pending);
}

static void submit(struct kolam_session *session, struct kolam_submission *submission,
                   const struct kolam_in_record *record, uint64_t bytes, bool is_own) {
    struct pending *pending = kolam_alloc_zero(1, sizeof(*pending));
    if (!pending) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "out of memory");
        kolam_submission_destroy(submission);
        return;
    }
    pending->session = session;
    pending->canvas = session->canvas;
    pending->submission = submission;
    pending->counter = record->counter;
    pending->count = record->count;
    pending->bytes = bytes;
    pending->is_own = is_own;
    pending->wait.done = on_canvas;
    submission->nonce = session->nonce;
    submission->done = on_done;
    submission->ctx = pending;
    session->in_flight_ops += record->count;
    session->in_flight_bytes += bytes;
    kolam_session_ref(session);
    kolam_canvas_hold(session->canvas);
    kolam_session_update_reading(session);
    kolam_canvas_when_open(session->canvas, true, &pending->wait);
}

static uint64_t size_of(const struct kolam_in_record *record) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < record->count; i++) {
        bytes += record->body_sizes[i];
    }
    return bytes;
}

static struct kolam_verdict judge_sanctions(struct kolam_session *session) {
    const struct kolam_verdict verdict = kolam_sanctions_judge(session, KOLAM_ACTION_DRAW);
    return verdict.is_refused ? verdict : kolam_sanctions_judge_pace(session);
}

void kolam_submit_record(struct kolam_session *session, const struct kolam_in_record *record) {
    struct kolam_server *server = session->server;
    const bool is_as = record->type == KOLAM_IN_SUBMIT_AS;
    const struct kolam_author *author = &session->author;
    struct kolam_petitioner who = {session->has_author, session->is_admin};
    const uint64_t bytes = size_of(record);
    server->metrics.submissions++;
    kolam_session_charge(session, KOLAM_LIMIT_STROKES, record->count);
    if (is_as) {
        who.has_author = record->slot < session->slot_count && session->slots[record->slot];
        author = who.has_author ? &session->slots[record->slot]->author : NULL;
    } else {
        kolam_preview_submitted(session, record->counter);
    }
    if (server->is_stopping) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "the server is shutting down");
        return;
    }
    if (session->in_flight_ops + record->count > IN_FLIGHT_OPS_HARD ||
        session->in_flight_bytes + bytes > IN_FLIGHT_BYTES_HARD) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "too much is unacknowledged");
        return;
    }
    if (kolam_session_pause_us(session) > PAUSE_US_MAX) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE,
             "this is far more than may be drawn at once; try again later");
        return;
    }
    const struct kolam_verdict kept_out =
        is_as ? (struct kolam_verdict){0} : judge_sanctions(session);
    if (kept_out.is_refused) {
        nack(session, record->counter, kept_out.code, kept_out.reason);
        return;
    }
    struct kolam_submission *submission;
    uint32_t points = 0;
    struct kolam_verdict verdict =
        kolam_verdict_submit(&who, record, server->room, server->homes, &submission, &points);
    kolam_session_charge(session, KOLAM_LIMIT_POINTS, points);
    if (verdict.is_refused) {
        nack(session, record->counter, verdict.code, verdict.reason);
        return;
    }
    if (!kolam_session_may_create(session)) {
        nack(session, record->counter, KOLAM_NACK_LIMIT,
             "too many new canvases; draw on one that is there, or try again later");
        kolam_submission_destroy(submission);
        return;
    }
    if (!is_as && !kolam_people_sign(session, submission)) {
        kolam_submission_destroy(submission);
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "out of memory");
        return;
    }
    submission->author = *author;
    const bool is_withheld = !is_as && kolam_sanctions_of(session)->is_withheld;
    if (is_withheld && kolam_sanctions_withhold(session, submission) != KOLAM_OK) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "out of memory");
        kolam_submission_destroy(submission);
        return;
    }
    if (!is_as && !is_withheld && submission->ops[0].home_count > 0) {
        const struct kolam_extent extent =
            kolam_homes_extent(submission->ops[0].homes, submission->ops[0].home_count);
        kolam_here_move(session, &extent);
    }
    submit(session, submission, record, bytes, !is_as);
}
