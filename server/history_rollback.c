/* rollback: chosen strokes are hidden, everybody else's stay. A worker finds them; the hides go the way of every op, so
 * that all who look get them, and whoever rolled back can show the strokes again. */
#include "history_rollback.h"

#include <string.h>

#include "door.h"
#include "history_args.h"
#include "json.h"
#include "kolam/alloc.h"
#include "kolam/policy.h"

#define COORDINATE_MAX 1e9 /* of a lasso's points */

/* ---- the message ---- */

static bool read_rect(const json_t *message, struct kolam_rect *out_rect) {
    int64_t level, x, y, width, height;
    return kolam_json_int(message, "level", &level) && kolam_json_int(message, "x", &x) &&
           kolam_json_int(message, "y", &y) && kolam_json_int(message, "width", &width) &&
           kolam_json_int(message, "height", &height) &&
           kolam_rect_make(level, x, y, width, height, out_rect);
}

/* null: everybody. */
static bool read_artists(const json_t *list, struct kolam_rollback *rollback) {
    size_t count = json_array_size(list);
    if (!list || json_is_null(list)) {
        return true;
    }
    if (!json_is_array(list) || count < 1 || count > KOLAM_ROLLBACK_ARTISTS_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        json_int_t artist = json_integer_value(json_array_get(list, i));
        if (artist < 1 || artist > UINT32_MAX) {
            return false;
        }
        rollback->artists[i] = (uint32_t)artist;
    }
    rollback->selection.artists = rollback->artists;
    rollback->selection.artist_count = (uint32_t)count;
    return true;
}

static bool read_coordinate(const json_t *value, int64_t side, double *out) {
    *out = json_number_value(value);
    return json_is_number(value) && *out >= 0 && *out <= (double)side && *out <= COORDINATE_MAX;
}

/* null: the whole rectangle. */
static bool read_lasso(const json_t *list, struct kolam_rollback *rollback) {
    const struct kolam_rect *rect = &rollback->selection.area.rect;
    size_t count = json_array_size(list);
    if (!list || json_is_null(list)) {
        return true;
    }
    if (!json_is_array(list) || count < 3 || count > KOLAM_LASSO_POINTS_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *point = json_array_get(list, i);
        if (json_array_size(point) != 2 ||
            !read_coordinate(json_array_get(point, 0), rect->x1 - rect->x0,
                             &rollback->lasso[i][0]) ||
            !read_coordinate(json_array_get(point, 1), rect->y1 - rect->y0,
                             &rollback->lasso[i][1])) {
            return false;
        }
    }
    rollback->selection.area.lasso = (const double(*)[2])rollback->lasso;
    rollback->selection.area.lasso_count = (uint32_t)count;
    return true;
}

/* What is wrong with the message, or NULL. */
static const char *read_message(const json_t *message, struct kolam_rollback *rollback) {
    struct kolam_selection *selection = &rollback->selection;
    const char *why = json_string_value(json_object_get(message, "why"));
    rollback->is_apply = json_is_true(json_object_get(message, "apply"));
    if (json_object_get(message, "why") && (!why || !kolam_act_why_is_valid(why))) {
        return "why is at most 400 characters without control characters";
    }
    strcpy(rollback->why, why ? why : "");
    if (!read_rect(message, &selection->area.rect)) {
        return "level, x, y, width and height must be a rectangle that is not empty, inside the "
               "world";
    }
    if (!read_artists(json_object_get(message, "artists"), rollback)) {
        return "artists must be 1 to 256 numbers, or null for everybody";
    }
    if (!read_lasso(json_object_get(message, "lasso"), rollback)) {
        return "lasso must be 3 to 1,024 points inside the rectangle, from its corner, or null";
    }
    if (!kolam_json_uint(message, "from", INT64_MAX, &selection->from_seq) ||
        !kolam_json_uint(message, "to", INT64_MAX, &selection->to_seq) ||
        selection->from_seq > selection->to_seq) {
        return "from and to must be seqs, from not after to";
    }
    return NULL;
}

/* ---- the answer ---- */

static json_t *artists_json(const struct kolam_rollback *rollback) {
    json_t *list = json_array();
    for (uint32_t i = 0; i < rollback->found_count; i++) {
        const struct kolam_rollback_artist *found = &rollback->found[i];
        json_array_append_new(list,
                              json_pack("{sI ss sI}", "artist", (json_int_t)found->artist, "name",
                                        found->name, "strokes", (json_int_t)found->strokes));
    }
    return list;
}

static json_t *seq_json(uint64_t seq) {
    return seq != 0 ? kolam_json_decimal((int64_t)seq) : json_null();
}

/* Of the first hide, and of the record that tells why; 0 if nothing was committed. */
static void answer(struct kolam_rollback *rollback, uint64_t seq, uint64_t act_seq) {
    kolam_session_send_json(rollback->ask.session,
                            json_pack("{ss sI sI so so so sI}", "type", "rollback", "id",
                                      (json_int_t)rollback->ask.id, "strokes",
                                      (json_int_t)rollback->drawing_count, "artists",
                                      artists_json(rollback), "seq", seq_json(seq), "act",
                                      seq_json(act_seq), "ops", (json_int_t)rollback->op_count));
}

static void answer_error(struct kolam_rollback *rollback, enum kolam_status status) {
    struct kolam_session *session = rollback->ask.session;
    if (status == KOLAM_ERR_FULL) {
        kolam_ask_error(session, rollback->ask.id, "limit",
                        "more than 131,072 strokes; choose a smaller area or span");
        return;
    }
    kolam_logfmt(&session->server->logfmt, KOLAM_LOG_ERROR, "rollback_failed",
                 "session=%u canvas=%s status=%d", session->number, rollback->ask.canvas->name,
                 status);
    kolam_ask_error(session, rollback->ask.id, "unavailable",
                    "the canvas cannot be read or written now; try again later");
}

static void finish(struct kolam_rollback *rollback) {
    kolam_ask_end(&rollback->ask);
    kolam_submission_destroy(rollback->submission);
    kolam_free(rollback->strokes);
    kolam_free(rollback);
}

/* ---- applying ---- */

static void on_committed(void *ctx, struct kolam_submission *submission) {
    struct kolam_rollback *rollback = ctx;
    struct kolam_session *session = rollback->ask.session;
    struct kolam_server *server = session->server;
    enum kolam_status status = submission->status;
    if (status == KOLAM_OK) {
        server->metrics.rollbacks++;
        kolam_logfmt(&server->logfmt, KOLAM_LOG_INFO, "rolled_back",
                     "session=%u canvas=%s artist=%u strokes=%u ops=%u seq=%llu", session->number,
                     rollback->ask.canvas->name, submission->artist, rollback->drawing_count,
                     rollback->op_count, (unsigned long long)submission->ops[0].seq);
    }
    if (session->state == KOLAM_SESSION_OPEN && status == KOLAM_OK) {
        if (session->artist == 0) {
            kolam_people_set_artist(session, submission->artist);
        }
        answer(rollback, submission->ops[0].seq, submission->ops[submission->op_count - 1].seq);
    } else if (session->state == KOLAM_SESSION_OPEN) {
        answer_error(rollback, status);
    }
    kolam_submission_destroy(submission);
    finish(rollback);
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct kolam_rollback *rollback = KOLAM_CONTAINER(wait, struct kolam_rollback, wait);
    struct kolam_submission *submission = rollback->submission;
    if (status != KOLAM_OK) {
        if (rollback->ask.session->state == KOLAM_SESSION_OPEN) {
            answer_error(rollback, status);
        }
        finish(rollback);
        return;
    }
    /* Ids of its own: a nonce that nobody else has. */
    kolam_random_bytes(&submission->nonce, sizeof(submission->nonce));
    submission->done = on_committed;
    submission->ctx = rollback;
    rollback->submission = NULL;
    kolam_log_submit(rollback->ask.canvas->log, submission);
}

/* ---- the job ---- */

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct kolam_rollback *rollback = (struct kolam_rollback *)base;
    struct kolam_worker_canvas *canvas;
    enum kolam_status status =
        kolam_worker_canvas(worker, rollback->ask.canvas->log_path,
                            rollback->ask.canvas->tiles_path, false, &canvas, NULL);
    rollback->status = status == KOLAM_OK ? kolam_rollback_find(rollback, canvas) : status;
}

/* Once asked to apply it goes on, whether or not the asker is still there. */
static void done(struct kolam_job *base) {
    struct kolam_rollback *rollback = (struct kolam_rollback *)base;
    bool is_open = rollback->ask.session->state == KOLAM_SESSION_OPEN;
    if (rollback->status == KOLAM_OK && rollback->submission &&
        !kolam_pool_is_closing(rollback->ask.session->server->pool)) {
        kolam_canvas_when_open(rollback->ask.canvas, false, &rollback->wait);
        return;
    }
    if (is_open && rollback->status == KOLAM_OK) {
        answer(rollback, 0, 0);
    } else if (is_open) {
        answer_error(rollback, rollback->status);
    }
    finish(rollback);
}

static void start(struct kolam_session *session, uint64_t id, struct kolam_rollback *rollback) {
    kolam_session_charge(session, KOLAM_LIMIT_ASKS, 10);
    kolam_ask_begin(&rollback->ask, session, id);
    rollback->author = session->author;
    rollback->is_operators = session->is_admin;
    rollback->status = KOLAM_ERR_CLOSED; /* unless it runs */
    rollback->wait.done = on_canvas;
    kolam_list_init(&rollback->wait.link);
    rollback->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_TILE};
    if (rollback->ask.canvas->state == KOLAM_CANVAS_ABSENT) { /* nothing there to hide */
        rollback->status = KOLAM_OK;
        done(&rollback->job);
    } else {
        kolam_pool_submit(session->server->pool, &rollback->job);
    }
}

void kolam_history_rollback(struct kolam_session *session, const json_t *message) {
    uint64_t id;
    if (!kolam_json_uint(message, "id", UINT32_MAX, &id)) {
        kolam_session_refuse(session, "rollback: id is missing or malformed");
        return;
    }
    if (!kolam_door_lets(session, KOLAM_ACTION_CHANGE_OTHERS, id)) {
        return;
    }
    struct kolam_rollback *rollback = kolam_ask_alloc(session, id, sizeof(*rollback));
    if (!rollback) {
        return;
    }
    const char *problem = read_message(message, rollback);
    if (problem) {
        kolam_ask_error(session, id, "invalid", problem);
        kolam_free(rollback);
    } else if (rollback->is_apply && !session->has_author) {
        kolam_ask_error(session, id, "denied", "identify before rolling back");
        kolam_free(rollback);
    } else {
        start(session, id, rollback);
    }
}
