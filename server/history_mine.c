/* mine: a client's own ops, newest first, so that undo reaches back as far as it drew, on any device. */
#include <string.h>

#include "json.h"
#include "kolam/alloc.h"
#include "sanctions.h"
#include "session.h"
#include "standing.h"

#define OPS_DEFAULT 200
#define OPS_MAX 1000
#define TARGETS_MAX 16384 /* an answer; a hide may name 4,096 */

struct mine_job {
    struct kolam_job job;
    struct kolam_ask ask;
    uint64_t before, limit;
    uint32_t artist_count;
    uint32_t artists[1 + KOLAM_FORMERS_MAX]; /* the author's numbers, former selves' included */

    bool is_operators; /* who may change others' strokes is told of that as well */
    bool tells_taken;  /* whoever may show it again is not told, and who is kept out unseen */
    struct kolam_reader *reader; /* the worker's */
    struct kolam_op_room *room;
    json_t *ops;                          /* what is told */
    json_t *found[1 + KOLAM_FORMERS_MAX]; /* each number's, at most one more than is told */
    json_t *finding;
    uint64_t target_count;
    bool has_more;
    enum kolam_status status;
};

/* ---- a worker's part ---- */

static json_t *targets_json(const struct kolam_op *op) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < op->target_count; i++) {
        json_array_append_new(list, kolam_json_decimal((int64_t)op->targets[i]));
    }
    return list;
}

/* ---- what somebody else hid ---- */

static bool is_ones_own(const struct mine_job *job, uint32_t artist) {
    for (uint32_t i = 0; i < job->artist_count; i++) {
        if (job->artists[i] == artist) {
            return true;
        }
    }
    return false;
}

struct taking {
    const struct mine_job *job;
    bool is_taken;
};

static bool take_hider(void *ctx, uint32_t artist, const char *name) {
    struct taking *taking = ctx;
    (void)name;
    taking->is_taken = !is_ones_own(taking->job, artist);
    return !taking->is_taken;
}

static void add_taken(struct mine_job *job, json_t *object, uint64_t seq) {
    struct taking taking = {.job = job};
    const enum kolam_status status = kolam_reader_hiders(job->reader, seq, take_hider, &taking);
    job->status = job->status == KOLAM_OK ? status : job->status;
    if (taking.is_taken) {
        json_t *list = json_object_get(object, "taken");
        if (!list && json_object_set_new(object, "taken", json_array()) == 0) {
            list = json_object_get(object, "taken");
        }
        if (json_array_append_new(list, kolam_json_decimal((int64_t)seq)) != 0) {
            job->status = KOLAM_ERR_NOMEM;
        }
    }
}

/* Its own stroke, or those that it names. */
static void tell_taken(struct mine_job *job, json_t *object, uint64_t seq,
                       const struct kolam_op *op) {
    if (op->kind == KOLAM_OP_STROKE) {
        add_taken(job, object, seq);
        return;
    }
    for (uint32_t i = 0; op->kind != KOLAM_OP_RECORD && i < op->target_count; i++) {
        add_taken(job, object, op->targets[i]);
    }
}

/* What a moderator hid or showed of others by an act is not theirs to undo as what they drew is: it is told as no more than something. */
static bool is_of_others(struct mine_job *job, const struct kolam_op *op) {
    struct kolam_log_row row;
    return !job->is_operators && (op->kind == KOLAM_OP_HIDE || op->kind == KOLAM_OP_SHOW) &&
           op->target_count > 0 && kolam_reader_op(job->reader, op->targets[0], &row) == KOLAM_OK &&
           !is_ones_own(job, row.artist);
}

static json_t *op_json(const struct kolam_log_row *row, const struct kolam_op *op) {
    json_t *object = json_pack("{so}", "seq", kolam_json_decimal((int64_t)row->seq));
    const char *kind = "record";
    if (op->kind == KOLAM_OP_STROKE) {
        kind = "stroke";
        json_object_set_new(object, "part", json_integer(op->stroke.part));
        json_object_set_new(object, "parts", json_integer(op->stroke.part_count));
    } else if (op->kind != KOLAM_OP_RECORD) {
        kind = op->kind == KOLAM_OP_HIDE ? "hide" : "show";
        json_object_set_new(object, "targets", targets_json(op));
        if (op->is_edit) {
            json_object_set_new(object, "follow", json_integer(op->follow_count));
        }
    }
    if (row->replaces != 0) {
        json_object_set_new(object, "replaces", kolam_json_decimal((int64_t)row->replaces));
    }
    json_object_set_new(object, "kind", json_string(kind));
    return object;
}

static bool take_op(void *ctx, const struct kolam_log_row *row) {
    static const struct kolam_op something = {.kind = KOLAM_OP_RECORD};
    struct mine_job *job = ctx;
    struct kolam_op op;
    if (kolam_op_decode(row->body, row->body_size_bytes, job->room, &op) != KOLAM_OK) {
        job->status = KOLAM_ERR_CORRUPT;
        return false;
    }
    const size_t count = json_array_size(job->finding);
    if (count > job->limit || (count > 0 && job->target_count > TARGETS_MAX)) {
        return false;
    }
    const bool is_theirs = !is_of_others(job, &op);
    job->target_count += is_theirs ? op.target_count : 0;
    json_t *object = op_json(row, is_theirs ? &op : &something);
    if (is_theirs && job->tells_taken) {
        tell_taken(job, object, row->seq, &op);
    }
    if (json_array_append_new(job->finding, object) != 0) {
        job->status = KOLAM_ERR_NOMEM;
    }
    return job->status == KOLAM_OK;
}

static int64_t seq_of(const json_t *list, size_t index) {
    int64_t seq = -1;
    const json_t *op = json_array_get(list, index);
    return op && kolam_json_int(op, "seq", &seq) ? seq : -1;
}

/* The newest of all numbers' first, as many as may be told. */
static void join_found(struct mine_job *job) {
    size_t at[1 + KOLAM_FORMERS_MAX] = {0};
    uint64_t target_count = 0;
    for (;;) {
        uint32_t newest = 0;
        for (uint32_t i = 1; i < job->artist_count; i++) {
            newest =
                seq_of(job->found[i], at[i]) > seq_of(job->found[newest], at[newest]) ? i : newest;
        }
        json_t *op = json_array_get(job->found[newest], at[newest]++);
        const size_t count = json_array_size(job->ops);
        target_count += json_array_size(json_object_get(op, "targets"));
        job->has_more = op && (count == job->limit || (count > 0 && target_count > TARGETS_MAX));
        if (!op || job->has_more) {
            return;
        }
        job->status = json_array_append(job->ops, op) == 0 ? job->status : KOLAM_ERR_NOMEM;
    }
}

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct mine_job *job = (struct mine_job *)base;
    struct kolam_worker_canvas *canvas;
    job->room = kolam_alloc(sizeof(*job->room));
    job->status = job->room ? kolam_worker_canvas(worker, job->ask.canvas->log_path,
                                                  job->ask.canvas->tiles_path, false, &canvas, NULL)
                            : KOLAM_ERR_NOMEM;
    for (uint32_t i = 0; i < job->artist_count && job->status == KOLAM_OK; i++) {
        job->reader = canvas->reader;
        job->finding = job->found[i] = json_array();
        job->target_count = 0;
        enum kolam_status status =
            kolam_reader_artist_ops(canvas->reader, job->artists[i], job->before, take_op, job);
        job->status = job->status == KOLAM_OK ? status : job->status;
    }
    if (job->status == KOLAM_OK) {
        join_found(job);
    }
    kolam_free(job->room);
}

/* ---- the loop's part ---- */

static void answer(struct mine_job *job) {
    kolam_session_send_json(job->ask.session, json_pack("{ss sI sO sb}", "type", "mine", "id",
                                                        (json_int_t)job->ask.id, "ops", job->ops,
                                                        "more", job->has_more));
}

static void finish(struct mine_job *job) {
    kolam_ask_end(&job->ask);
    json_decref(job->ops);
    for (uint32_t i = 0; i < job->artist_count; i++) {
        json_decref(job->found[i]);
    }
    kolam_free(job);
}

/* The author's numbers on this canvas. */
static void note_artists(struct mine_job *job) {
    const struct kolam_formers *formers = job->ask.session->formers;
    if (job->ask.session->artist != 0) {
        job->artists[job->artist_count++] = job->ask.session->artist;
    }
    for (uint32_t i = 0; formers && i < formers->selves.count; i++) {
        if (formers->artists[i] != 0) {
            job->artists[job->artist_count++] = formers->artists[i];
        }
    }
}

static void done(struct kolam_job *base) {
    struct mine_job *job = (struct mine_job *)base;
    if (job->ask.session->state != KOLAM_SESSION_OPEN) {
        finish(job);
        return;
    }
    if (job->status == KOLAM_OK) {
        answer(job);
    } else {
        kolam_logfmt(&job->ask.session->server->logfmt, KOLAM_LOG_ERROR, "mine_failed",
                     "session=%u canvas=%s status=%d", job->ask.session->number,
                     job->ask.canvas->name, job->status);
        kolam_ask_error(job->ask.session, job->ask.id, "unavailable",
                        "the canvas cannot be read now; try again later");
    }
    finish(job);
}

void kolam_history_mine(struct kolam_session *session, const json_t *message) {
    uint64_t id, before = UINT64_MAX, limit = OPS_DEFAULT;
    if (!kolam_json_uint(message, "id", UINT32_MAX, &id) ||
        (json_object_get(message, "before") &&
         !kolam_json_uint(message, "before", INT64_MAX, &before)) ||
        (json_object_get(message, "limit") &&
         (!kolam_json_uint(message, "limit", OPS_MAX, &limit) || limit < 1))) {
        kolam_session_refuse(session,
                             "mine: id, before or limit (1 to 1,000) is missing or malformed");
        return;
    }
    struct mine_job *job = kolam_alloc_zero(1, sizeof(*job));
    json_t *ops = json_array();
    if (!job || !ops) {
        kolam_free(job);
        json_decref(ops);
        kolam_session_close(session, 1013, "out of memory");
        return;
    }
    kolam_session_charge(session, KOLAM_LIMIT_ASKS, 1);
    kolam_ask_begin(&job->ask, session, id);
    job->before = before;
    job->limit = limit;
    note_artists(job);
    job->is_operators = session->is_admin;
    job->tells_taken = !kolam_sanctions_of(session)->is_withheld && !session->is_admin;
    job->ops = ops;
    job->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_INTERACTIVE};
    if (job->artist_count == 0) { /* nobody here yet: nothing drawn */
        job->status = KOLAM_OK;
        done(&job->job);
    } else {
        job->status = KOLAM_ERR_CLOSED; /* unless it runs */
        kolam_pool_submit(session->server->pool, &job->job);
    }
}
