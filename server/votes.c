/* Votes; see votes.h. A worker looks the stroke up: votes about any of its parts are votes about all of it. The hide is the wall's
 * own, with a record beside it, so moderators can take it back. Loop thread but for `run`. */
#include "votes.h"

#include <string.h>

#include "door.h"
#include "json.h"
#include "kolam/alloc.h"
#include "kolam/policy.h"
#include "sanctions.h"
#include "session.h"

/* Nobody's: nobody else can undo what it hides. */
static const struct kolam_author wall_author = {.ident = "kolam/the-wall/1", .name = "The wall"};

struct voting {
    struct kolam_job job;
    struct kolam_session
        *session; /* an ask of it; NULL: the votes are enough, and the stroke is hidden */
    struct kolam_canvas *canvas; /* held */
    struct kolam_list link;      /* in canvas->outvoted while the stroke is being hidden */
    uint64_t id, stroke_seq;
    uint32_t votes;
    bool is_off; /* somebody other than its author hid it already */
    struct kolam_voted_stroke stroke;
    enum kolam_status status;
};

static void finish(struct voting *voting) {
    kolam_list_remove(&voting->link);
    kolam_canvas_release(voting->canvas);
    if (voting->session) {
        kolam_session_end_ask(voting->session);
    }
    kolam_free(voting);
}

static void refuse(struct voting *voting, const char *code, const char *text) {
    if (voting->session && voting->session->state == KOLAM_SESSION_OPEN) {
        kolam_ask_error(voting->session, voting->id, code, text);
    }
    finish(voting);
}

/* ---- looking it up ---- */

struct hiders {
    uint32_t author;
    bool has_another;
};

static bool take_hider(void *ctx, uint32_t artist, const char *name) {
    struct hiders *hiders = ctx;
    (void)name;
    hiders->has_another = artist != hiders->author;
    return !hiders->has_another;
}

static enum kolam_status look_up(struct kolam_reader *reader, uint64_t seq,
                                 struct kolam_voted_stroke *out_stroke, bool *out_is_off) {
    struct hiders hiders = {0};
    struct kolam_log_row row;
    struct kolam_op op;
    struct kolam_op_room *room = kolam_alloc(sizeof(*room));
    enum kolam_status status = room ? kolam_reader_op(reader, seq, &row) : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK &&
        (row.kind != KOLAM_OP_STROKE ||
         kolam_op_decode(row.body, row.body_size_bytes, room, &op) != KOLAM_OK)) {
        status = KOLAM_ERR_NOT_FOUND;
    }
    if (status == KOLAM_OK) {
        out_stroke->first_seq = seq - op.stroke.part;
        out_stroke->part_count = op.stroke.part_count;
        hiders.author = row.artist;
        status = kolam_reader_hiders(reader, seq, take_hider, &hiders);
        *out_is_off = hiders.has_another;
    }
    kolam_free(room);
    return status;
}

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct voting *voting = (struct voting *)base;
    struct kolam_worker_canvas *view;
    voting->status = kolam_worker_canvas(worker, voting->canvas->log_path,
                                         voting->canvas->tiles_path, false, &view, NULL);
    if (voting->status == KOLAM_OK) {
        voting->status =
            look_up(view->reader, voting->stroke_seq, &voting->stroke, &voting->is_off);
    }
}

/* ---- a vote ---- */

static void on_kept(void *ctx, struct kolam_submission *submission) {
    struct voting *voting = ctx;
    const enum kolam_status status = submission->status;
    const uint64_t seq = submission->ops[0].seq;
    kolam_submission_destroy(submission);
    if (status != KOLAM_OK) {
        refuse(voting, "unavailable", "the canvas cannot be written now; try again later");
        return;
    }
    if (voting->session->state == KOLAM_SESSION_OPEN) {
        kolam_session_send_json(voting->session, json_pack("{ss sI so}", "type", "acted", "id",
                                                           (json_int_t)voting->id, "act",
                                                           kolam_json_decimal((int64_t)seq)));
    }
    finish(voting);
}

/* Room for `count` ops, the last of them the record. */
static struct kolam_submission *submission_of(const struct kolam_act *act, uint32_t count) {
    struct kolam_submission *submission = kolam_submission_create(count);
    if (!submission) {
        return NULL;
    }
    struct kolam_log_op *op = &submission->ops[count - 1];
    op->kind = KOLAM_OP_RECORD;
    op->counter = count;
    if (kolam_act_encode(act, &op->body, &op->body_size_bytes) != KOLAM_OK) {
        kolam_submission_destroy(submission);
        return NULL;
    }
    kolam_random_bytes(&submission->nonce, sizeof(submission->nonce));
    return submission;
}

static void keep_vote(struct voting *voting) {
    const struct kolam_act act = {.kind = KOLAM_ACT_VOTE, .stroke_seq = voting->stroke.first_seq};
    struct kolam_submission *submission = submission_of(&act, 1);
    if (!submission) {
        refuse(voting, "unavailable", "out of memory; try again later");
        return;
    }
    submission->author = voting->session->author;
    submission->done = on_kept;
    submission->ctx = voting;
    kolam_log_submit(voting->canvas->log, submission);
}

/* As whoever they were: two who became one have one vote between them. */
static bool has_voted(const struct voting *voting) {
    const struct kolam_policy *policy = &voting->canvas->policy;
    const struct kolam_formers *formers = voting->session->formers;
    const uint64_t stroke_seq = voting->stroke.first_seq;
    bool has = kolam_policy_has_voted(policy, stroke_seq, voting->session->artist);
    for (uint32_t i = 0; formers && i < formers->selves.count && !has; i++) {
        has = formers->artists[i] != 0 &&
              kolam_policy_has_voted(policy, stroke_seq, formers->artists[i]);
    }
    return has;
}

/* The canvas may have become another while the stroke was looked up. */
static void judge(struct voting *voting) {
    struct kolam_session *session = voting->session;
    const struct kolam_verdict verdict =
        kolam_door_ask(session, &(struct kolam_petition){.action = KOLAM_ACTION_VOTE});
    if (verdict.is_refused) {
        refuse(voting, kolam_nack_name(verdict.code), verdict.reason);
    } else if (voting->canvas->policy.votes == 0) {
        refuse(voting, "denied", "there are no votes on this canvas");
    } else if (kolam_sanctions_of(session)->is_withheld) {
        refuse(voting, "denied", "votes are for those who have drawn here for a while");
    } else if (has_voted(voting)) {
        refuse(voting, "denied", "you have voted about this stroke");
    } else {
        keep_vote(voting);
    }
}

static void done(struct kolam_job *base) {
    struct voting *voting = (struct voting *)base;
    if (voting->session->state != KOLAM_SESSION_OPEN || !voting->canvas->log) {
        finish(voting);
    } else if (voting->status == KOLAM_ERR_NOT_FOUND || voting->status == KOLAM_ERR_GONE) {
        refuse(voting, "not_found", "there is no such stroke");
    } else if (voting->status != KOLAM_OK || kolam_pool_is_closing(voting->canvas->server->pool)) {
        refuse(voting, "unavailable", "the canvas cannot be read now; try again later");
    } else {
        judge(voting);
    }
}

/* NULL without memory. */
static struct voting *begin(struct kolam_canvas *canvas, uint64_t stroke_seq,
                            void (*when_done)(struct kolam_job *)) {
    struct voting *voting = kolam_alloc_zero(1, sizeof(*voting));
    if (voting) {
        voting->canvas = canvas;
        voting->stroke_seq = stroke_seq;
        voting->status = KOLAM_ERR_CLOSED; /* unless it runs */
        voting->job =
            (struct kolam_job){.run = run, .done = when_done, .priority = KOLAM_JOB_INTERACTIVE};
        kolam_list_init(&voting->link);
        kolam_canvas_hold(canvas);
    }
    return voting;
}

void kolam_vote(struct kolam_session *session, uint64_t id, const struct kolam_act *act) {
    struct kolam_canvas *canvas = session->canvas;
    if (!session->has_author || session->artist == 0 || canvas->policy.votes == 0 ||
        canvas->state != KOLAM_CANVAS_OPEN) {
        kolam_ask_error(session, id, "denied",
                        canvas->policy.votes == 0
                            ? "there are no votes on this canvas"
                            : "votes are for those who have drawn here for a while");
        return;
    }
    struct voting *voting = begin(canvas, act->stroke_seq, done);
    if (!voting) {
        kolam_ask_error(session, id, "unavailable", "out of memory; try again later");
        return;
    }
    voting->session = session;
    voting->id = id;
    kolam_session_begin_ask(session);
    kolam_pool_submit(canvas->server->pool, &voting->job);
}

/* ---- enough of them ---- */

static void on_hidden(void *ctx, struct kolam_submission *submission) {
    struct voting *voting = ctx;
    kolam_logfmt(&voting->canvas->server->logfmt, KOLAM_LOG_INFO, "voted",
                 "canvas=%s stroke=%llu votes=%u status=%d", voting->canvas->name,
                 (unsigned long long)voting->stroke_seq, voting->votes, (int)submission->status);
    kolam_submission_destroy(submission);
    finish(voting);
}

static bool encode_hide(const struct kolam_voted_stroke *stroke, struct kolam_log_op *out) {
    uint64_t targets[KOLAM_GROUP_PARTS_MAX];
    uint8_t body[16 + 10 * KOLAM_GROUP_PARTS_MAX];
    size_t size;
    for (uint32_t i = 0; i < stroke->part_count; i++) {
        targets[i] = stroke->first_seq + i;
    }
    const struct kolam_op op = {
        .kind = KOLAM_OP_HIDE, .target_count = stroke->part_count, .targets = targets};
    if (kolam_op_encode(&op, body, sizeof(body), &size) != KOLAM_OK) {
        return false;
    }
    out->kind = KOLAM_OP_HIDE;
    out->counter = 1;
    out->body = kolam_memdup(body, size);
    out->body_size_bytes = size;
    return out->body != NULL;
}

/* What rests is hidden by moderators alone. False without memory. */
static bool leave_frozen(const struct kolam_policy *policy, struct kolam_submission *submission) {
    for (uint32_t i = 0; i < policy->area_count; i++) {
        if (policy->areas[i]->kind != KOLAM_AREA_FROZEN) {
            continue;
        }
        if (!submission->resting && !(submission->resting = kolam_alloc_array(
                                          policy->area_count, sizeof(*submission->resting)))) {
            return false;
        }
        submission->resting[submission->resting_count++] = policy->areas[i]->rect;
    }
    return true;
}

static void hide(struct kolam_job *base) {
    struct voting *voting = (struct voting *)base;
    const struct kolam_act act = {
        .kind = KOLAM_ACT_VOTED, .stroke_seq = voting->stroke_seq, .votes = voting->votes};
    struct kolam_submission *submission =
        voting->status == KOLAM_OK && !voting->is_off && voting->canvas->log
            ? submission_of(&act, 2)
            : NULL;
    if (!submission || !encode_hide(&voting->stroke, &submission->ops[0]) ||
        !leave_frozen(&voting->canvas->policy, submission)) {
        kolam_submission_destroy(submission);
        finish(voting); /* the next vote brings it up again */
        return;
    }
    submission->author = wall_author;
    submission->may_change_others = true;
    submission->done = on_hidden;
    submission->ctx = voting;
    kolam_log_submit(voting->canvas->log, submission);
}

/* Votes that come while the hide is on its way are too many by then: one is enough. */
static bool is_being_hidden(const struct kolam_canvas *canvas, uint64_t stroke_seq) {
    KOLAM_LIST_EACH(&canvas->outvoted, struct voting, link, voting) {
        if (voting->stroke_seq == stroke_seq) {
            return true;
        }
    }
    return false;
}

void kolam_votes_commit(struct kolam_canvas *canvas, const struct kolam_act *act) {
    const uint32_t votes = kolam_policy_votes(&canvas->policy, act->stroke_seq);
    if (canvas->policy.votes == 0 || votes < canvas->policy.votes ||
        is_being_hidden(canvas, act->stroke_seq) || canvas->server->is_stopping) {
        return; /* when it stops, the workers may be gone: the next vote brings it up again */
    }
    struct voting *voting = begin(canvas, act->stroke_seq, hide);
    if (voting) {
        voting->votes = votes;
        kolam_list_append(&canvas->outvoted, &voting->link);
        kolam_pool_submit(canvas->server->pool, &voting->job);
    }
}
