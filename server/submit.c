/* From a SUBMIT record to an ACK: its form, the door, the canvas's log, and back when it is durable. What the door refuses may
 * be a resend of what was committed before the door was shut: the log is asked, which recognises it or not.
 *
 * What is in flight is bounded per session: past a soft bound (session.c) we stop reading from it until the
 * disk has caught up, so that an importer goes as fast as the log takes; past the hard one here it is told to
 * try later. */
#include <inttypes.h>

#include <stdio.h>

#include "door.h"
#include "fanout.h"
#include "kolam/alloc.h"
#include "people.h"
#include "preview.h"
#include "protocol_out.h"
#include "session.h"
#include "standing.h"
#include "veil.h"
#include "verdict.h"

#define IN_FLIGHT_OPS_HARD 4096
#define IN_FLIGHT_BYTES_HARD (16u << 20)
/* Who took more than may be had in so long, by many connections at once: to wait is no answer any more. */
#define PAUSE_US_MAX 30000000u
#define SECOND_LOOKS_MAX 4096 /* a connection: a client keeps no more than that to resend */

struct pending {
    struct kolam_session *session; /* referenced */
    struct kolam_canvas *canvas;   /* held */
    struct kolam_canvas_wait wait; /* for a canvas that is not open */
    struct kolam_submission *submission;
    uint32_t counter, count;
    uint64_t bytes, ink_px;
    bool is_acked, is_own;   /* is_own: submitted as the session's author, not as a slot's */
    bool is_keeper;          /* a moderator, or above */
    enum kolam_shown shown;  /* how others saw its preview */
    enum kolam_nack refusal; /* of the door, if the log does not know it; or 0 */
    char reason[KOLAM_REASON_BYTES_MAX];
};

/* What is looked at while the form is. */
struct asking {
    struct kolam_session *session;
    bool may_change_others;       /* keeps order */
    bool has_changes;             /* hides or shows */
    uint64_t ink_px;              /* a newcomer's */
    struct kolam_verdict verdict; /* the first that is no */
};

static void nack(struct kolam_session *session, uint32_t counter, enum kolam_nack code,
                 const char *reason) {
    session->server->metrics.refused[code]++;
    kolam_logfmt(&session->server->logfmt, KOLAM_LOG_DEBUG, "nack", "session=%u counter=%u code=%d",
                 session->number, counter, code);
    kolam_session_send(session, kolam_out_nack(counter, code, reason));
}

/* Those who saw it grow forget it. */
static void end_preview(struct kolam_session *session, uint32_t counter, enum kolam_shown shown) {
    kolam_preview_end(session->canvas, session, session->nonce, counter, shown);
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

static const char *refusal_text(const struct pending *pending,
                                const struct kolam_submission *submission) {
    if (submission->is_resting) {
        return kolam_why_text(KOLAM_WHY_FROZEN);
    }
    if (submission->is_anothers_hide) {
        return kolam_why_text(KOLAM_WHY_HIDDEN);
    }
    return submission->status == KOLAM_ERR_DENIED && pending->is_keeper
               ? "others' strokes are taken off by a rollback, and brought back by undoing it"
               : kolam_status_text(submission->status);
}

static void tell_refusal(struct pending *pending, const struct kolam_submission *submission) {
    struct kolam_session *session = pending->session;
    if (session->state == KOLAM_SESSION_CLOSED) {
        return;
    }
    if (submission->status == KOLAM_ERR_DENIED && pending->refusal != 0) {
        nack(session, pending->counter, pending->refusal, pending->reason);
        if (pending->refusal == KOLAM_NACK_LIMIT && session->standing.is_told_limited) {
            kolam_standing_say(session); /* how much ink there is */
        }
    } else {
        nack(session, pending->counter, kolam_verdict_nack(submission->status),
             refusal_text(pending, submission));
    }
    end_preview(session, pending->counter, pending->shown);
}

static void on_done(void *ctx, struct kolam_submission *submission) {
    struct pending *pending = ctx;
    if (submission->status != KOLAM_OK || submission->ops[0].is_duplicate) {
        kolam_door_give_back_ink(pending->session, pending->ink_px);
    }
    if (submission->status == KOLAM_OK) {
        ack(pending, submission);
    } else {
        tell_refusal(pending, submission);
    }
    kolam_submission_destroy(submission);
    finish(pending);
}

/* The op ends the preview that is its own. Where that was somebody's and the op is nobody's, or the other way round (a fill that
 * reaches further than its outline, an area that came or went), those who do not see names are told. */
static void end_otherwise_shown(const struct pending *pending,
                                const struct kolam_submission *submission) {
    struct kolam_session *session = pending->session;
    struct kolam_canvas *canvas = pending->canvas;
    const bool is_quiet = kolam_veil_is_quiet_op(canvas, submission, &submission->ops[0]);
    if (pending->shown == KOLAM_SHOWN_AS_IS && is_quiet) {
        kolam_fanout_some(canvas, session, KOLAM_TO_UNSEEING,
                          kolam_out_preview_end(session->nonce, pending->counter));
    } else if (pending->shown == KOLAM_SHOWN_AS_NOBODYS && !is_quiet) {
        const uint64_t nonce = kolam_veil_nonce(canvas->server, session->nonce, pending->counter);
        kolam_fanout_some(canvas, session, KOLAM_TO_UNSEEING, kolam_out_preview_end(nonce, 0));
    }
}

struct kolam_session *kolam_submit_author(const struct kolam_submission *submission) {
    const struct pending *pending = submission->ctx;
    return submission->done == on_done && pending->is_own &&
                   pending->session->state == KOLAM_SESSION_OPEN
               ? pending->session
               : NULL;
}

void kolam_submit_on_commit(const struct kolam_submission *submission) {
    struct pending *pending = submission->ctx;
    if (submission->done != on_done) {
        return;
    }
    ack(pending, submission);
    end_otherwise_shown(pending, submission);
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
        end_preview(pending->session, pending->counter, pending->shown);
    }
    kolam_submission_destroy(pending->submission);
    finish(pending);
}

/* Takes the submission; NULL without memory, which was answered. */
static struct pending *pending_of(struct kolam_session *session,
                                  struct kolam_submission *submission,
                                  const struct kolam_in_record *record, uint64_t bytes) {
    struct pending *pending = kolam_alloc_zero(1, sizeof(*pending));
    if (!pending) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "out of memory");
        kolam_submission_destroy(submission);
        return NULL;
    }
    pending->session = session;
    pending->canvas = session->canvas;
    pending->submission = submission;
    pending->counter = record->counter;
    pending->count = record->count;
    pending->bytes = bytes;
    pending->wait.done = on_canvas;
    submission->nonce = session->nonce;
    submission->done = on_done;
    submission->ctx = pending;
    return pending;
}

static void submit(struct pending *pending) {
    struct kolam_session *session = pending->session;
    session->in_flight_ops += pending->count;
    session->in_flight_bytes += pending->bytes;
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

/* ---- the door ---- */

static void look(void *ctx, const struct kolam_op *op, const struct kolam_home *homes,
                 uint32_t home_count) {
    struct asking *asking = ctx;
    struct kolam_petition petition = {.action = KOLAM_ACTION_DRAW};
    if (op->kind == KOLAM_OP_STROKE) {
        petition.homes = homes;
        petition.home_count = home_count;
        petition.stroke = &op->stroke;
        petition.ink_px = &asking->ink_px;
    } else if (op->kind == KOLAM_OP_RECORD) {
        petition.action = KOLAM_ACTION_WRITE_RECORD;
    } else {
        petition.action =
            asking->may_change_others ? KOLAM_ACTION_CHANGE_OTHERS : KOLAM_ACTION_CHANGE_OWN;
        asking->has_changes |= op->target_count > 0;
    }
    if (!asking->verdict.is_refused) {
        asking->verdict = kolam_door_ask(asking->session, &petition);
    }
}

/* Whoever may change only their own may not where an area rests: the log knows where that is. Others' strokes are the operator's alone
 * here: moderators take them off by a rollback and bring them back by an undo, which ask for ranks and are in the audit. */
static bool allow_changes(const struct asking *asking, struct kolam_submission *submission) {
    submission->may_change_others = asking->may_change_others && asking->session->is_admin;
    return asking->may_change_others || !asking->has_changes ||
           kolam_standing_resting(asking->session, &submission->resting,
                                  &submission->resting_count);
}

/* A resend is recognised whatever the door says by now: but no more of them than there can be. */
static bool may_be_resend(struct kolam_session *session, const struct kolam_verdict *verdict) {
    return verdict->code != KOLAM_NACK_INVALID && session->canvas->state != KOLAM_CANVAS_ABSENT &&
           session->second_looks++ < SECOND_LOOKS_MAX;
}

static void submit_own(struct kolam_session *session, struct kolam_submission *submission,
                       const struct kolam_in_record *record, const struct asking *asking,
                       enum kolam_shown shown) {
    const struct kolam_verdict *verdict = &asking->verdict;
    if (verdict->is_refused && !may_be_resend(session, verdict)) {
        nack(session, record->counter, verdict->code, verdict->reason);
        end_preview(session, record->counter, shown);
        kolam_submission_destroy(submission);
        return;
    }
    if (!allow_changes(asking, submission)) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "out of memory");
        kolam_submission_destroy(submission);
        return;
    }
    if (!kolam_people_sign(session, submission)) {
        kolam_submission_destroy(submission);
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "out of memory");
        return;
    }
    submission->author = session->author;
    submission->is_known_only = verdict->is_refused;
    const bool is_withheld = !verdict->is_refused && kolam_sanctions_of(session)->is_withheld;
    if (is_withheld && kolam_sanctions_withhold(session, submission) != KOLAM_OK) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "out of memory");
        kolam_submission_destroy(submission);
        return;
    }
    if (!verdict->is_refused && !is_withheld && submission->ops[0].home_count > 0) {
        const struct kolam_extent extent =
            kolam_homes_extent(submission->ops[0].homes, submission->ops[0].home_count);
        kolam_here_move(session, &extent);
    }
    struct pending *pending = pending_of(session, submission, record, size_of(record));
    if (pending) {
        pending->is_own = true;
        pending->is_keeper = asking->may_change_others;
        pending->shown = shown;
        if (!verdict->is_refused) {
            pending->ink_px = asking->ink_px;
            kolam_door_take_ink(session, pending->ink_px);
        }
        if (verdict->is_refused) {
            pending->refusal = verdict->code;
            snprintf(pending->reason, sizeof(pending->reason), "%s", verdict->reason);
        }
        submit(pending);
    }
}

/* In the name of another, by an importer. */
static void submit_as(struct kolam_session *session, struct kolam_submission *submission,
                      const struct kolam_in_record *record) {
    const struct kolam_verdict verdict =
        kolam_door_ask(session, &(struct kolam_petition){.action = KOLAM_ACTION_DRAW_AS});
    if (verdict.is_refused) {
        nack(session, record->counter, verdict.code, verdict.reason);
        kolam_submission_destroy(submission);
        return;
    }
    submission->author = session->slots[record->slot]->author;
    submission->may_change_others = true;
    struct pending *pending = pending_of(session, submission, record, size_of(record));
    if (pending) {
        submit(pending);
    }
}

/* False if it was answered. */
static bool has_room(struct kolam_session *session, const struct kolam_in_record *record) {
    if (session->server->is_stopping) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "the server is shutting down");
        return false;
    }
    if (session->in_flight_ops + record->count > IN_FLIGHT_OPS_HARD ||
        session->in_flight_bytes + size_of(record) > IN_FLIGHT_BYTES_HARD) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE, "too much is unacknowledged");
        return false;
    }
    if (kolam_session_pause_us(session) > PAUSE_US_MAX) {
        nack(session, record->counter, KOLAM_NACK_UNAVAILABLE,
             "this is far more than may be drawn at once; try again later");
        return false;
    }
    return true;
}

void kolam_submit_record(struct kolam_session *session, const struct kolam_in_record *record) {
    struct kolam_server *server = session->server;
    const bool is_as = record->type == KOLAM_IN_SUBMIT_AS;
    struct asking asking = {.session = session,
                            .may_change_others =
                                kolam_standing_ask(session, KOLAM_ACTION_CHANGE_OTHERS, NULL).may};
    const struct kolam_petitioner who = {
        .has_author = is_as ? record->slot < session->slot_count && session->slots[record->slot]
                            : session->has_author,
        .may_write_records = kolam_standing_ask(session, KOLAM_ACTION_WRITE_RECORD, NULL).may,
        .look = is_as ? NULL : look,
        .ctx = &asking};
    const enum kolam_shown shown =
        is_as ? KOLAM_SHOWN_NOT : kolam_preview_submitted(session, record->counter);
    server->metrics.submissions++;
    kolam_session_charge(session, KOLAM_LIMIT_STROKES, record->count);
    if (!has_room(session, record)) {
        return;
    }
    if (!is_as) {
        asking.verdict =
            kolam_sanctions_judge_pace(session); /* first, once for what comes at once */
    }
    struct kolam_submission *submission;
    uint32_t points = 0;
    struct kolam_verdict verdict =
        kolam_verdict_submit(&who, record, server->room, server->homes, &submission, &points);
    kolam_session_charge(session, KOLAM_LIMIT_POINTS, points);
    if (verdict.is_refused) {
        nack(session, record->counter, verdict.code, verdict.reason);
        end_preview(session, record->counter, shown);
    } else if (asking.verdict.is_refused && session->canvas->state == KOLAM_CANVAS_ABSENT) {
        nack(session, record->counter, asking.verdict.code, asking.verdict.reason);
        end_preview(session, record->counter, shown);
        kolam_submission_destroy(submission); /* there is no log to ask whether it is known */
    } else if (!kolam_session_may_create(session)) {
        nack(session, record->counter, KOLAM_NACK_LIMIT,
             "too many new canvases; draw on one that is there, or try again later");
        kolam_submission_destroy(submission);
    } else if (is_as) {
        submit_as(session, submission, record);
    } else {
        submit_own(session, submission, record, &asking, shown);
    }
}
