/* undo: takes back what a moderator did. A sanction ends, an act of the log is taken back by another; of a rollback, or of what
 * votes hid, the strokes are shown again, which a worker finds: the hides that were committed together with the act. Loop
 * thread but for `run`. */
#include <string.h>

#include "act_ws.h"
#include "door.h"
#include "json.h"
#include "kolam/alloc.h"
#include "kolam/policy.h"
#include "moderation_json.h"
#include "moderation_ws.h"
#include "rank.h"
#include "session.h"

#define HIDES_MAX 33 /* beside one act */

struct undoing {
    struct kolam_job job;
    struct kolam_ask ask;
    struct kolam_canvas_wait wait;
    struct kolam_rank rank;
    uint64_t seq;
    enum kolam_status status; /* EXISTS: it was undone before */
    /* The worker's. */
    struct kolam_op_room *room;
    uint64_t nonce;
    uint32_t artist;
    struct kolam_author author; /* whose act it was */
    bool shows;                 /* it was a rollback, or voted; else a policy's act */
    uint8_t *bodies[HIDES_MAX]; /* of the shows */
    size_t body_sizes[HIDES_MAX];
    uint32_t count;
};

static void finish(struct undoing *work) {
    for (uint32_t i = 0; i < work->count; i++) {
        kolam_free(work->bodies[i]);
    }
    kolam_ask_end(&work->ask);
    kolam_free(work);
}

static void refuse(struct undoing *work, const char *code, const char *text) {
    kolam_ask_refuse(&work->ask, code, text);
    finish(work);
}

static void fail(struct undoing *work) {
    refuse(work, "unavailable", "the canvas cannot be read or written now; try again later");
}

/* ---- a worker's part ---- */

static bool look_for_undo(void *ctx, const struct kolam_log_row *row) {
    struct undoing *work = ctx;
    struct kolam_op op;
    struct kolam_act act;
    if (row->seq > work->seq &&
        kolam_op_decode(row->body, row->body_size_bytes, work->room, &op) == KOLAM_OK &&
        op.kind == KOLAM_OP_RECORD &&
        kolam_act_decode(op.record, op.record_size_bytes, &act) == KOLAM_OK &&
        act.kind == KOLAM_ACT_UNDO && act.act_seq == work->seq) {
        work->status = KOLAM_ERR_EXISTS;
        return false;
    }
    return true;
}

/* Is it an act, and did it hide something? */
static enum kolam_status take_act(struct undoing *work, const struct kolam_log_row *row) {
    struct kolam_op op;
    struct kolam_act act;
    if (kolam_op_decode(row->body, row->body_size_bytes, work->room, &op) != KOLAM_OK ||
        op.kind != KOLAM_OP_RECORD ||
        kolam_act_decode(op.record, op.record_size_bytes, &act) != KOLAM_OK ||
        act.kind == KOLAM_ACT_OTHER || act.kind == KOLAM_ACT_VOTE || act.kind == KOLAM_ACT_UNVOTE ||
        act.kind == KOLAM_ACT_UNDO) {
        return KOLAM_ERR_NOT_FOUND;
    }
    work->shows = act.kind == KOLAM_ACT_ROLLBACK || act.kind == KOLAM_ACT_VOTED;
    work->nonce = row->nonce;
    work->artist = row->artist;
    return KOLAM_OK;
}

static bool look_for_act(void *ctx, const struct kolam_log_row *row) {
    struct undoing *work = ctx;
    if (row->seq == work->seq) {
        work->status = take_act(work, row);
    }
    return row->seq < work->seq;
}

/* Of an act whose op was flattened the record is there; what it hid is not any more. */
static enum kolam_status look_at_act(struct undoing *work, struct kolam_reader *reader) {
    struct kolam_log_row row;
    enum kolam_status status = kolam_reader_op(reader, work->seq, &row);
    if (status == KOLAM_OK) {
        status = take_act(work, &row);
    } else if (status == KOLAM_ERR_GONE) {
        work->status = KOLAM_ERR_NOT_FOUND;
        status = kolam_reader_records(reader, look_for_act, work);
        status = status == KOLAM_OK ? work->status : status;
        status = status == KOLAM_OK && work->shows ? KOLAM_ERR_NOT_FOUND : status;
    }
    return status == KOLAM_OK ? kolam_reader_artist(reader, work->artist, &work->author) : status;
}

/* A show of the same strokes. */
static bool take_hide(void *ctx, const struct kolam_log_row *row) {
    struct undoing *work = ctx;
    struct kolam_op op;
    if (row->kind != KOLAM_OP_HIDE || row->nonce != work->nonce || row->artist != work->artist ||
        work->count == HIDES_MAX) {
        return true;
    }
    uint8_t *body = kolam_alloc(row->body_size_bytes + 16);
    work->status =
        body ? kolam_op_decode(row->body, row->body_size_bytes, work->room, &op) : KOLAM_ERR_NOMEM;
    if (work->status == KOLAM_OK) {
        const struct kolam_op show = {
            .kind = KOLAM_OP_SHOW, .target_count = op.target_count, .targets = op.targets};
        work->status =
            kolam_op_encode(&show, body, row->body_size_bytes + 16, &work->body_sizes[work->count]);
    }
    if (work->status != KOLAM_OK) {
        kolam_free(body);
        return false;
    }
    work->bodies[work->count++] = body;
    return true;
}

static enum kolam_status find(struct undoing *work, struct kolam_reader *reader) {
    enum kolam_status status = look_at_act(work, reader);
    if (status != KOLAM_OK || !work->shows) {
        return status;
    }
    work->status = KOLAM_OK;
    status = kolam_reader_records(reader, look_for_undo, work);
    if (status == KOLAM_OK && work->status == KOLAM_OK) {
        const uint64_t first = work->seq > HIDES_MAX ? work->seq - HIDES_MAX : 1;
        status = kolam_reader_range(reader, first, work->seq + HIDES_MAX, take_hide, work);
    }
    return status == KOLAM_OK ? work->status : status;
}

static void run(struct kolam_job *job, struct kolam_worker *worker) {
    struct undoing *work = KOLAM_CONTAINER(job, struct undoing, job);
    struct kolam_worker_canvas *view;
    work->room = kolam_alloc(sizeof(*work->room));
    work->status = work->room
                       ? kolam_worker_canvas(worker, work->ask.canvas->log_path,
                                             work->ask.canvas->tiles_path, false, &view, NULL)
                       : KOLAM_ERR_NOMEM;
    if (work->status == KOLAM_OK) {
        work->status = find(work, view->reader);
    }
    kolam_free(work->room);
}

/* ---- showing again ---- */

static void on_committed(void *ctx, struct kolam_submission *submission) {
    struct undoing *work = ctx;
    struct kolam_session *session = work->ask.session;
    const enum kolam_status status = submission->status;
    const uint64_t seq = submission->ops[submission->op_count - 1].seq;
    if (status == KOLAM_OK && session->has_author && session->artist == 0 &&
        session->state == KOLAM_SESSION_OPEN) {
        kolam_people_set_artist(session, submission->artist);
    }
    kolam_submission_destroy(submission);
    if (status != KOLAM_OK) {
        fail(work);
        return;
    }
    kolam_logfmt(&session->server->logfmt, KOLAM_LOG_INFO, "rollback_undone",
                 "session=%u canvas=%s act=%llu seq=%llu", session->number, work->ask.canvas->name,
                 (unsigned long long)work->seq, (unsigned long long)seq);
    if (session->state == KOLAM_SESSION_OPEN) {
        kolam_session_send_json(session, json_pack("{ss sI so}", "type", "acted", "id",
                                                   (json_int_t)work->ask.id, "act",
                                                   kolam_json_decimal((int64_t)seq)));
    }
    finish(work);
}

/* The shows, and last the act that tells what they take back; with ids of their own. */
static struct kolam_submission *submission_of(struct undoing *work) {
    const struct kolam_act act = {.kind = KOLAM_ACT_UNDO, .act_seq = work->seq};
    struct kolam_submission *submission = kolam_submission_create(work->count + 1);
    if (!submission) {
        return NULL;
    }
    for (uint32_t i = 0; i < work->count; i++) {
        struct kolam_log_op *op = &submission->ops[i];
        op->kind = KOLAM_OP_SHOW;
        op->counter = i + 1;
        op->body = work->bodies[i];
        op->body_size_bytes = work->body_sizes[i];
        work->bodies[i] = NULL;
    }
    struct kolam_log_op *record = &submission->ops[work->count];
    record->kind = KOLAM_OP_RECORD;
    record->counter = work->count + 1;
    if (kolam_act_encode(&act, &record->body, &record->body_size_bytes) != KOLAM_OK) {
        kolam_submission_destroy(submission);
        return NULL;
    }
    submission->author =
        work->ask.session->has_author ? work->ask.session->author : kolam_operator_author;
    submission->may_change_others = true;
    kolam_random_bytes(&submission->nonce, sizeof(submission->nonce));
    submission->done = on_committed;
    submission->ctx = work;
    return submission;
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct undoing *work = KOLAM_CONTAINER(wait, struct undoing, wait);
    struct kolam_submission *submission = status == KOLAM_OK ? submission_of(work) : NULL;
    if (submission) {
        kolam_log_submit(work->ask.canvas->log, submission);
    } else {
        fail(work);
    }
}

/* A policy's act is taken back as any act is made. */
static void undo_act(struct undoing *work) {
    const struct kolam_act act = {.kind = KOLAM_ACT_UNDO, .act_seq = work->seq};
    kolam_act_make(work->ask.session, work->ask.id, &act);
    finish(work);
}

static void done_ranking(struct kolam_rank *rank) {
    struct undoing *work = KOLAM_CONTAINER(rank, struct undoing, rank);
    if (work->ask.session->state != KOLAM_SESSION_OPEN) {
        finish(work);
    } else if (rank->status != KOLAM_OK) {
        fail(work);
    } else if (!kolam_rank_is_below(rank)) {
        refuse(work, "denied",
               "what somebody of the same role, or a higher one, did is not yours to undo");
    } else if (work->shows) {
        kolam_canvas_when_open(work->ask.canvas, false, &work->wait);
    } else {
        undo_act(work);
    }
}

static void ask_rank(struct undoing *work) {
    work->rank = (struct kolam_rank){.ask = &work->ask, .done = done_ranking};
    memcpy(work->rank.ident, work->author.ident, KOLAM_IDENT_BYTES);
    kolam_rank_ask(&work->rank);
}

static void done(struct kolam_job *job) {
    struct undoing *work = KOLAM_CONTAINER(job, struct undoing, job);
    const struct kolam_petition petition = {.action = KOLAM_ACTION_CHANGE_OTHERS};
    if (work->status == KOLAM_ERR_NOT_FOUND || work->status == KOLAM_ERR_GONE) {
        refuse(work, "not_found", "there is no such act");
    } else if (work->status == KOLAM_ERR_EXISTS) {
        refuse(work, "not_found", "that was taken back already");
    } else if (work->status != KOLAM_OK || kolam_pool_is_closing(work->ask.session->server->pool)) {
        fail(work);
    } else if (work->ask.session->state != KOLAM_SESSION_OPEN) {
        finish(work);
    } else if (work->shows && kolam_door_ask(work->ask.session, &petition).is_refused) {
        refuse(work, "denied", "moderators take back what others hid");
    } else {
        ask_rank(work);
    }
}

void kolam_undo_message(struct kolam_session *session, const json_t *message) {
    uint64_t id, seq;
    if (json_object_get(message, "sanction")) {
        kolam_sanction_end_message(session, message);
        return;
    }
    if (!kolam_moderation_may(session, message, "undo", KOLAM_ACTION_SEE_AUDIT, &id)) {
        return;
    }
    if (!kolam_json_uint(message, "act", INT64_MAX, &seq) || seq == 0) {
        kolam_ask_error(session, id, "invalid", "act is a seq, or sanction a number");
        return;
    }
    kolam_undo_act(session, id, seq);
}

void kolam_undo_act(struct kolam_session *session, uint64_t id, uint64_t seq) {
    struct undoing *work = kolam_ask_alloc(session, id, sizeof(*work));
    if (!work) {
        return;
    }
    kolam_ask_begin(&work->ask, session, id);
    work->seq = seq;
    work->wait.done = on_canvas;
    kolam_list_init(&work->wait.link);
    work->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_INTERACTIVE};
    if (work->ask.canvas->state == KOLAM_CANVAS_ABSENT) {
        refuse(work, "not_found", "there is no such act");
    } else {
        work->status = KOLAM_ERR_CLOSED; /* unless it runs */
        kolam_pool_submit(session->server->pool, &work->job);
    }
}
