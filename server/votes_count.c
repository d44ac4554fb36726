/* Whether votes are enough, and the hide if they are; see votes.h. The log has votes of numbers; persons are counted, as they are known
 * when it matters: who became one since has one vote, who is kept from voting by then has none. A worker looks the stroke and the voters
 * up, the identity thread tells who they are. The hide is the wall's own, with a record beside it, so moderators can take it back. Loop
 * thread but for `run`. */
#include "votes.h"

#include <string.h>

#include "identity_thread.h"
#include "kolam/alloc.h"
#include "kolam/policy.h"
#include "sanctions.h"
#include "session.h"
#include "voted_stroke.h"

/* Nobody's: nobody else can undo what it hides. */
static const struct kolam_author wall_author = {.ident = "kolam/the-wall/1", .name = "The wall"};

struct counting {
    struct kolam_job job;
    struct kolam_canvas *canvas; /* held */
    struct kolam_list link;      /* in canvas->outvoted, one a stroke */
    uint64_t stroke_seq;
    struct kolam_voted_stroke stroke;
    uint32_t voter_count;
    uint32_t voters[KOLAM_VOTES_MAX];                   /* as they were at the beginning */
    uint8_t idents[KOLAM_VOTES_MAX][KOLAM_IDENT_BYTES]; /* theirs; then, the persons' */
    uint32_t persons;
    bool is_old;  /* another vote came since: it is counted again */
    bool is_cast; /* enough: the hide goes to the log */
    enum kolam_status status;
};

static struct counting *find_counting(const struct kolam_canvas *canvas, uint64_t stroke_seq) {
    KOLAM_LIST_EACH(&canvas->outvoted, struct counting, link, counting) {
        if (counting->stroke_seq == stroke_seq) {
            return counting;
        }
    }
    return NULL;
}

static void finish(struct counting *counting) {
    struct kolam_canvas *canvas = counting->canvas;
    const uint64_t stroke_seq = counting->stroke_seq;
    const bool is_again = counting->is_old && !counting->is_cast;
    kolam_list_remove(&counting->link);
    kolam_voted_stroke_finish(&counting->stroke);
    kolam_free(counting);
    if (is_again) {
        kolam_votes_commit(canvas, stroke_seq);
    }
    kolam_canvas_release(canvas);
}

/* ---- the hide ---- */

static void on_hidden(void *ctx, struct kolam_submission *submission) {
    struct counting *counting = ctx;
    kolam_logfmt(&counting->canvas->server->logfmt, KOLAM_LOG_INFO, "voted",
                 "canvas=%s stroke=%llu votes=%u status=%d", counting->canvas->name,
                 (unsigned long long)counting->stroke_seq, counting->persons,
                 (int)submission->status);
    kolam_submission_destroy(submission);
    finish(counting);
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

/* And last the record that tells why. NULL without memory. */
static struct kolam_submission *submission_of(struct counting *counting) {
    const struct kolam_act act = {
        .kind = KOLAM_ACT_VOTED, .stroke_seq = counting->stroke_seq, .votes = counting->persons};
    struct kolam_submission *submission = kolam_submission_create(2);
    if (!submission) {
        return NULL;
    }
    struct kolam_log_op *record = &submission->ops[1];
    record->kind = KOLAM_OP_RECORD;
    record->counter = 2;
    if (!encode_hide(&counting->stroke, &submission->ops[0]) ||
        kolam_act_encode(&act, &record->body, &record->body_size_bytes) != KOLAM_OK) {
        kolam_submission_destroy(submission);
        return NULL;
    }
    kolam_random_bytes(&submission->nonce, sizeof(submission->nonce));
    submission->author = wall_author;
    submission->may_change_others = true;
    submission->done = on_hidden;
    submission->ctx = counting;
    return submission;
}

/* ---- counting ---- */

/* What rests is hidden by moderators alone; when that is over it is counted again. */
static bool rests(const struct counting *counting) {
    const struct kolam_policy *policy = &counting->canvas->policy;
    for (uint32_t i = 0; i < policy->area_count; i++) {
        for (uint32_t j = 0;
             policy->areas[i]->kind == KOLAM_AREA_FROZEN && j < counting->stroke.home_count; j++) {
            const struct kolam_extent extent = kolam_home_extent(&counting->stroke.homes[j]);
            const struct kolam_rect rect = kolam_extent_rect(&extent);
            if (kolam_rects_touch(&policy->areas[i]->rect, &rect)) {
                return true;
            }
        }
    }
    return false;
}

/* Of those whose votes stand, each person once, and nobody who may not vote by now. */
static uint32_t count_persons(struct counting *counting) {
    const struct kolam_canvas *canvas = counting->canvas;
    uint32_t persons = 0;
    for (uint32_t i = 0; i < counting->voter_count; i++) {
        const uint8_t *ident = counting->idents[i];
        bool counts =
            kolam_policy_has_voted(&canvas->policy, counting->stroke_seq, counting->voters[i]) &&
            !kolam_sanctions_keep_from(canvas->server, canvas->name, ident, KOLAM_ACTION_VOTE);
        for (uint32_t j = 0; j < persons && counts; j++) {
            counts = memcmp(counting->idents[j], ident, KOLAM_IDENT_BYTES) != 0;
        }
        if (counts) {
            memmove(counting->idents[persons++], ident, KOLAM_IDENT_BYTES);
        }
    }
    return persons;
}

/* A failure leaves it to the next vote. */
static void judge(struct counting *counting) {
    struct kolam_canvas *canvas = counting->canvas;
    if (counting->status != KOLAM_OK || !canvas->log || canvas->server->is_stopping ||
        rests(counting)) {
        finish(counting);
        return;
    }
    counting->persons = count_persons(counting);
    const bool is_enough = canvas->policy.votes > 0 && counting->persons >= canvas->policy.votes;
    struct kolam_submission *submission = is_enough ? submission_of(counting) : NULL;
    if (!submission) {
        finish(counting);
        return;
    }
    counting->is_cast = true;
    kolam_log_submit(canvas->log, submission);
}

static void on_persons(struct kolam_identity_request *request) {
    struct counting *counting = request->ctx;
    counting->status = request->status;
    kolam_free(request);
    judge(counting);
}

/* ---- the stroke, and who the voters were ---- */

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct counting *counting = (struct counting *)base;
    const struct kolam_canvas *canvas = counting->canvas;
    struct kolam_worker_canvas *view;
    enum kolam_status status =
        kolam_worker_canvas(worker, canvas->log_path, canvas->tiles_path, false, &view, NULL);
    if (status == KOLAM_OK) {
        status = kolam_voted_stroke_find(view->reader, counting->stroke_seq, &counting->stroke);
    }
    for (uint32_t i = 0; i < counting->voter_count && status == KOLAM_OK; i++) {
        struct kolam_author voter;
        status = kolam_reader_artist(view->reader, counting->voters[i], &voter);
        memcpy(counting->idents[i], voter.ident, status == KOLAM_OK ? KOLAM_IDENT_BYTES : 0);
    }
    counting->status = status;
}

static void done(struct kolam_job *base) {
    struct counting *counting = (struct counting *)base;
    struct kolam_server *server = counting->canvas->server;
    struct kolam_identity_request *request = NULL;
    /* The identity thread goes before the workers do. */
    if (counting->status == KOLAM_OK && !counting->stroke.is_off &&
        !kolam_pool_is_closing(server->pool)) {
        request = kolam_alloc_zero(1, sizeof(*request));
    }
    if (!request) {
        finish(counting);
        return;
    }
    request->kind = KOLAM_IDENTITY_PERSONS;
    request->idents = counting->idents;
    request->ident_count = counting->voter_count;
    request->ctx = counting;
    request->done = on_persons;
    kolam_identity_submit(server->identity, request);
}

/* ---- when ---- */

bool kolam_votes_are_cast(const struct kolam_canvas *canvas, uint64_t stroke_seq) {
    const struct counting *counting = find_counting(canvas, stroke_seq);
    return counting && counting->is_cast;
}

void kolam_votes_commit(struct kolam_canvas *canvas, uint64_t stroke_seq) {
    const struct kolam_ballot *ballot = kolam_policy_ballot(&canvas->policy, stroke_seq);
    struct counting *counting = find_counting(canvas, stroke_seq);
    if (counting) {
        counting->is_old = true;
    }
    if (counting || !ballot || canvas->policy.votes == 0 || ballot->count < canvas->policy.votes ||
        canvas->state != KOLAM_CANVAS_OPEN || canvas->server->is_stopping) {
        return; /* when it stops, the workers may be gone: it is counted at the next start */
    }
    counting = kolam_alloc_zero(1, sizeof(*counting));
    if (!counting) {
        return;
    }
    counting->canvas = canvas;
    counting->stroke_seq = stroke_seq;
    counting->voter_count = ballot->count;
    memcpy(counting->voters, ballot->voters, ballot->count * sizeof(*ballot->voters));
    counting->status = KOLAM_ERR_CLOSED; /* unless it runs */
    counting->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_INTERACTIVE};
    kolam_list_append(&canvas->outvoted, &counting->link);
    kolam_canvas_hold(canvas);
    kolam_pool_submit(canvas->server->pool, &counting->job);
}

void kolam_votes_recount(struct kolam_canvas *canvas) {
    for (uint32_t i = 0; i < canvas->policy.ballot_count; i++) {
        kolam_votes_commit(canvas, canvas->policy.ballots[i].stroke_seq);
    }
}
