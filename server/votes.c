/* Votes, and taking them back; see votes.h. A worker looks the stroke up, then it is judged, and what is kept is a record of whose it is.
 * Loop thread but for `run`. */
#include "votes.h"

#include <string.h>

#include "ask.h"
#include "door.h"
#include "json.h"
#include "kolam/alloc.h"
#include "sanctions.h"
#include "session.h"
#include "voted_stroke.h"

struct voting {
    struct kolam_job job;
    struct kolam_ask ask;
    enum kolam_act_kind kind; /* VOTE or UNVOTE */
    uint64_t stroke_seq;
    struct kolam_voted_stroke stroke;
    enum kolam_status status;
};

static void finish(struct voting *voting) {
    kolam_voted_stroke_finish(&voting->stroke);
    kolam_ask_end(&voting->ask);
    kolam_free(voting);
}

static void refuse(struct voting *voting, const char *code, const char *text) {
    kolam_ask_refuse(&voting->ask, code, text);
    finish(voting);
}

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct voting *voting = (struct voting *)base;
    const struct kolam_canvas *canvas = voting->ask.canvas;
    struct kolam_worker_canvas *view;
    voting->status =
        kolam_worker_canvas(worker, canvas->log_path, canvas->tiles_path, false, &view, NULL);
    if (voting->status == KOLAM_OK) {
        voting->status = kolam_voted_stroke_find(view->reader, voting->stroke_seq, &voting->stroke);
    }
}

/* ---- keeping ---- */

static void on_kept(void *ctx, struct kolam_submission *submission) {
    struct voting *voting = ctx;
    const enum kolam_status status = submission->status;
    const uint64_t seq = submission->ops[submission->op_count - 1].seq;
    kolam_submission_destroy(submission);
    if (status != KOLAM_OK) {
        refuse(voting, "unavailable", "the canvas cannot be written now; try again later");
        return;
    }
    if (voting->ask.session->state == KOLAM_SESSION_OPEN) {
        kolam_session_send_json(voting->ask.session, json_pack("{ss sI so}", "type", "acted", "id",
                                                               (json_int_t)voting->ask.id, "act",
                                                               kolam_json_decimal((int64_t)seq)));
    }
    finish(voting);
}

static enum kolam_status put_act(struct kolam_submission *submission, uint32_t at,
                                 const struct kolam_act *act) {
    struct kolam_log_op *op = &submission->ops[at];
    op->kind = KOLAM_OP_RECORD;
    op->counter = at + 1;
    return kolam_act_encode(act, &op->body, &op->body_size_bytes);
}

/* Votes that are taken back first: their strokes, by all numbers of who votes. */
struct giving_up {
    uint32_t count;
    uint64_t strokes[KOLAM_BALLOTS_MAX];
    struct kolam_act act;
};

static void keep(struct voting *voting, struct giving_up *first, const struct kolam_act *act) {
    const uint32_t before = first ? first->count : 0;
    struct kolam_submission *submission = kolam_submission_create(before + 1);
    enum kolam_status status = submission ? KOLAM_OK : KOLAM_ERR_NOMEM;
    for (uint32_t i = 0; i < before && status == KOLAM_OK; i++) {
        first->act.stroke_seq = first->strokes[i];
        status = put_act(submission, i, &first->act);
    }
    if (status == KOLAM_OK) {
        status = put_act(submission, before, act);
    }
    if (status != KOLAM_OK) {
        kolam_submission_destroy(submission);
        refuse(voting, "unavailable", "out of memory; try again later");
        return;
    }
    kolam_random_bytes(&submission->nonce, sizeof(submission->nonce));
    submission->author = voting->ask.session->author;
    submission->done = on_kept;
    submission->ctx = voting;
    kolam_log_submit(voting->ask.canvas->log, submission);
}

/* ---- judging ---- */

/* Whose votes are one's own: also as whoever one was. Into `act`, as those that are taken back. */
static void find_own(const struct voting *voting, struct kolam_act *act) {
    const struct kolam_session *session = voting->ask.session;
    const struct kolam_policy *policy = &voting->ask.canvas->policy;
    const struct kolam_formers *formers = session->formers;
    const uint64_t stroke_seq = voting->stroke.first_seq;
    if (kolam_policy_has_voted(policy, stroke_seq, session->artist)) {
        act->artists[act->artist_count++] = session->artist;
    }
    for (uint32_t i = 0; formers && i < formers->selves.count; i++) {
        if (formers->artists[i] != 0 &&
            kolam_policy_has_voted(policy, stroke_seq, formers->artists[i])) {
            act->artists[act->artist_count++] = formers->artists[i];
        }
    }
}

/* One person has so many votes open, under however many numbers they were given: the oldest go. The fold does that for one number. */
static void give(struct voting *voting, const struct kolam_act *act) {
    const struct kolam_session *session = voting->ask.session;
    const struct kolam_formers *formers = session->formers;
    struct giving_up *first = formers ? kolam_alloc_zero(1, sizeof(*first)) : NULL;
    if (!formers) {
        keep(voting, NULL, act);
        return;
    }
    if (!first) {
        refuse(voting, "unavailable", "out of memory; try again later");
        return;
    }
    first->act.kind = KOLAM_ACT_UNVOTE;
    first->act.artists[first->act.artist_count++] = session->artist;
    for (uint32_t i = 0; i < formers->selves.count; i++) {
        if (formers->artists[i] != 0) {
            first->act.artists[first->act.artist_count++] = formers->artists[i];
        }
    }
    const uint32_t open = kolam_policy_open_votes(&voting->ask.canvas->policy, first->act.artists,
                                                  first->act.artist_count, first->strokes);
    first->count = open >= KOLAM_VOTES_OPEN_MAX ? open - KOLAM_VOTES_OPEN_MAX + 1 : 0;
    keep(voting, first, act);
    kolam_free(first);
}

/* The canvas may have become another while the stroke was looked up. */
static void judge_vote(struct voting *voting) {
    struct kolam_session *session = voting->ask.session;
    struct kolam_act act = {.kind = KOLAM_ACT_VOTE, .stroke_seq = voting->stroke.first_seq};
    struct kolam_petition petition = {.action = KOLAM_ACTION_VOTE};
    const struct kolam_verdict verdict = kolam_door_ask(session, &petition);
    petition.homes = voting->stroke.homes;
    petition.home_count = voting->stroke.home_count;
    find_own(voting, &act);
    if (verdict.is_refused) {
        refuse(voting, kolam_nack_name(verdict.code), verdict.reason);
    } else if (voting->ask.canvas->policy.votes == 0) {
        refuse(voting, "denied", "there are no votes on this canvas");
    } else if (kolam_sanctions_of(session)->is_withheld) {
        refuse(voting, "denied", "votes are for those who have drawn here for a while");
    } else if (act.artist_count > 0) {
        refuse(voting, "denied", "you have voted about this stroke");
    } else if (kolam_door_ask(session, &petition).is_refused) {
        refuse(voting, "denied", "this area rests for a while; vote when that is over");
    } else {
        give(voting, &act);
    }
}

static void judge_unvote(struct voting *voting) {
    struct kolam_act act = {.kind = KOLAM_ACT_UNVOTE, .stroke_seq = voting->stroke.first_seq};
    const struct kolam_verdict verdict = kolam_door_ask(
        voting->ask.session, &(struct kolam_petition){.action = KOLAM_ACTION_UNVOTE});
    find_own(voting, &act);
    if (verdict.is_refused) {
        refuse(voting, kolam_nack_name(verdict.code), verdict.reason);
    } else if (act.artist_count == 0 || kolam_votes_are_cast(voting->ask.canvas, act.stroke_seq)) {
        refuse(voting, "not_found", "there is no vote of yours about this stroke");
    } else {
        keep(voting, NULL, &act);
    }
}

static void done(struct kolam_job *base) {
    struct voting *voting = (struct voting *)base;
    if (voting->ask.session->state != KOLAM_SESSION_OPEN || !voting->ask.canvas->log) {
        finish(voting);
    } else if (voting->status == KOLAM_ERR_NOT_FOUND || voting->status == KOLAM_ERR_GONE) {
        refuse(voting, "not_found", "there is no such stroke");
    } else if (voting->status != KOLAM_OK ||
               kolam_pool_is_closing(voting->ask.canvas->server->pool)) {
        refuse(voting, "unavailable", "the canvas cannot be read now; try again later");
    } else if (voting->kind == KOLAM_ACT_VOTE) {
        judge_vote(voting);
    } else {
        judge_unvote(voting);
    }
}

void kolam_vote(struct kolam_session *session, uint64_t id, const struct kolam_act *act) {
    struct kolam_canvas *canvas = session->canvas;
    const bool is_vote = act->kind == KOLAM_ACT_VOTE;
    if (is_vote && canvas->policy.votes == 0) {
        kolam_ask_error(session, id, "denied", "there are no votes on this canvas");
        return;
    }
    if (!session->has_author || session->artist == 0 || canvas->state != KOLAM_CANVAS_OPEN) {
        kolam_ask_error(session, id, is_vote ? "denied" : "not_found",
                        is_vote ? "votes are for those who have drawn here for a while"
                                : "there is no vote of yours about this stroke");
        return;
    }
    struct voting *voting = kolam_ask_alloc(session, id, sizeof(*voting));
    if (voting) {
        kolam_ask_begin(&voting->ask, session, id);
        voting->kind = act->kind;
        voting->stroke_seq = act->stroke_seq;
        voting->status = KOLAM_ERR_CLOSED; /* unless it runs */
        voting->job =
            (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_INTERACTIVE};
        kolam_pool_submit(canvas->server->pool, &voting->job);
    }
}
