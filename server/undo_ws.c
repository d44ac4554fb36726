/* undo: takes back what a moderator did. A sanction ends, an act of the log is taken back by another; of a rollback, or of what
 * votes hid, the strokes are shown again, which a worker finds (undo_find.c). Loop thread but for `run`. */
#include <string.h>

#include "act_ws.h"
#include "door.h"
#include "json.h"
#include "kolam/alloc.h"
#include "kolam/policy.h"
#include "moderation_json.h"
#include "moderation_ws.h"
#include "people.h"
#include "person.h"
#include "session.h"
#include "undo_find.h"

struct undoing {
    struct kolam_job job;
    struct kolam_ask ask;
    struct kolam_canvas_wait wait;
    struct kolam_person person; /* whose it was; then, whose role it gave */
    struct kolam_undo_found found;
    enum kolam_status status; /* EXISTS: it was undone before */
};

static void finish(struct undoing *work) {
    kolam_undo_found_finish(&work->found);
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

static void run(struct kolam_job *job, struct kolam_worker *worker) {
    struct undoing *work = KOLAM_CONTAINER(job, struct undoing, job);
    struct kolam_worker_canvas *view;
    work->status = kolam_worker_canvas(worker, work->ask.canvas->log_path,
                                       work->ask.canvas->tiles_path, false, &view, NULL);
    if (work->status == KOLAM_OK) {
        work->status = kolam_undo_find(view->reader, &work->found);
    }
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
                 (unsigned long long)work->found.seq, (unsigned long long)seq);
    if (session->state == KOLAM_SESSION_OPEN) {
        kolam_session_send_json(session, json_pack("{ss sI so}", "type", "acted", "id",
                                                   (json_int_t)work->ask.id, "act",
                                                   kolam_json_decimal((int64_t)seq)));
    }
    finish(work);
}

/* The shows, and last the act that tells what they take back; with ids of their own. */
static struct kolam_submission *submission_of(struct undoing *work) {
    const struct kolam_act act = {.kind = KOLAM_ACT_UNDO,
                                  .act_seq = work->found.seq,
                                  .is_operators = work->ask.session->is_admin};
    struct kolam_submission *submission = kolam_submission_create(work->found.show_count + 1);
    if (!submission) {
        return NULL;
    }
    for (uint32_t i = 0; i < work->found.show_count; i++) {
        struct kolam_log_op *op = &submission->ops[i];
        op->kind = KOLAM_OP_SHOW;
        op->counter = i + 1;
        op->body = work->found.bodies[i];
        op->body_size_bytes = work->found.body_sizes[i];
        work->found.bodies[i] = NULL;
    }
    struct kolam_log_op *record = &submission->ops[work->found.show_count];
    record->kind = KOLAM_OP_RECORD;
    record->counter = work->found.show_count + 1;
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

static void on_hidden_again(void *ctx, struct kolam_submission *submission) {
    (void)ctx; /* without it it is shown, as they may hide it themselves */
    kolam_submission_destroy(submission);
}

/* Right behind what shows it: as its authors hid it meanwhile. */
static void hide_again(struct undoing *work) {
    for (uint32_t i = 0; i < work->found.own_count; i++) {
        struct kolam_undo_own *own = &work->found.own[i];
        struct kolam_submission *submission = kolam_submission_create(1);
        if (!submission) {
            return;
        }
        submission->ops[0].kind = KOLAM_OP_HIDE;
        submission->ops[0].counter = 1;
        submission->ops[0].body = own->body;
        submission->ops[0].body_size_bytes = own->size_bytes;
        own->body = NULL;
        submission->author = own->author;
        kolam_random_bytes(&submission->nonce, sizeof(submission->nonce));
        submission->done = on_hidden_again;
        kolam_log_submit(work->ask.canvas->log, submission);
    }
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct undoing *work = KOLAM_CONTAINER(wait, struct undoing, wait);
    struct kolam_submission *submission = status == KOLAM_OK ? submission_of(work) : NULL;
    if (submission) {
        kolam_log_submit(work->ask.canvas->log, submission);
        hide_again(work);
    } else {
        fail(work);
    }
}

/* A policy's act is taken back as any act is made. */
static void undo_act(struct undoing *work) {
    const struct kolam_act act = {.kind = KOLAM_ACT_UNDO, .act_seq = work->found.seq};
    kolam_act_make(work->ask.session, work->ask.id, &act);
    finish(work);
}

static void go_on(struct undoing *work) {
    if (kolam_undo_is_of_hides(&work->found)) {
        kolam_canvas_when_open(work->ask.canvas, false, &work->wait);
    } else {
        undo_act(work);
    }
}

/* False if it was answered: nobody is there any more, or it is not known. */
static bool is_known(struct undoing *work) {
    if (work->ask.session->state != KOLAM_SESSION_OPEN) {
        finish(work);
        return false;
    }
    if (work->person.status != KOLAM_OK) {
        fail(work);
        return false;
    }
    return true;
}

/* To take a role back is to change somebody's role. */
static void on_subject(struct kolam_person *person) {
    struct undoing *work = KOLAM_CONTAINER(person, struct undoing, person);
    if (!is_known(work)) {
        return;
    }
    if (kolam_person_is_below(person)) {
        go_on(work);
    } else {
        refuse(work, "denied",
               "the role of somebody of the same role, or a higher one, is not yours to change");
    }
}

static bool is_against_asker(const struct undoing *work) {
    bool is_it = false;
    for (uint32_t i = 0; i < work->found.artist_count; i++) {
        is_it |= kolam_people_is_own(work->ask.session, work->found.artists[i]);
    }
    return is_it;
}

static void on_maker(struct kolam_person *person) {
    struct undoing *work = KOLAM_CONTAINER(person, struct undoing, person);
    if (!is_known(work)) {
        return;
    }
    if (!kolam_person_may_be_undone(person, is_against_asker(work))) {
        refuse(work, "denied", KOLAM_UNDO_DENIED);
    } else if (work->found.kind == KOLAM_ACT_ROLE && !person->is_oneself &&
               !work->ask.session->is_admin) {
        work->person = (struct kolam_person){
            .ask = &work->ask, .artist = work->found.artists[0], .done = on_subject};
        kolam_person_find(&work->person);
    } else {
        go_on(work);
    }
}

static void find_maker(struct undoing *work) {
    work->person = (struct kolam_person){.ask = &work->ask,
                                         .is_operator = work->found.is_operators,
                                         .author = work->found.author,
                                         .done = on_maker};
    kolam_person_find(&work->person);
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
    } else if (kolam_undo_is_of_hides(&work->found) &&
               kolam_door_ask(work->ask.session, &petition).is_refused) {
        refuse(work, "denied", "moderators take back what others hid");
    } else {
        find_maker(work);
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
    work->found.seq = seq;
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
