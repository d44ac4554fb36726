/* kolam rollback on a folder: the strokes are found by the engine, the hides (or shows) go to the log in one submission,
 * so that all of it is done or nothing. */
#include <stdio.h>
#include <string.h>

#include "canvas_files.h"
#include "kolam/alloc.h"
#include "kolam/identity.h"
#include "rollback.h"
#include "tool.h"

#define STROKES_MAX ((size_t)KOLAM_ORDER_OPS_MAX * KOLAM_TARGETS_MAX)

/* A stroke, or one part of a group, to hide or show. */
struct target {
    uint64_t seq, group_seq;
    uint32_t artist;
    uint32_t op; /* which of the ops names it */
};

struct plan {
    const struct kolam_rollback_order *order;
    struct kolam_error *error;
    struct target *targets; /* in seq order within an op */
    size_t count, capacity;
    size_t drawing_count; /* a group counts once: its parts come one after another */
    uint32_t op_count;
    uint32_t op_targets, op_homes; /* of the last op so far */
    size_t op_bytes;
    enum kolam_status status; /* of a visit */
};

static bool is_new_drawing(const struct plan *plan, const struct target *target) {
    return plan->count == 0 || plan->targets[plan->count - 1].group_seq != target->group_seq;
}

static enum kolam_status add_target(struct plan *plan, struct target target) {
    if (plan->count == plan->capacity) {
        size_t capacity = plan->capacity > 0 ? plan->capacity * 2 : 256;
        struct target *grown = kolam_realloc_array(plan->targets, capacity, sizeof *grown);
        if (!grown) {
            return kolam_fail(plan->error, KOLAM_ERR_NOMEM, "out of memory");
        }
        plan->targets = grown;
        plan->capacity = capacity;
    }
    plan->drawing_count += is_new_drawing(plan, &target);
    plan->targets[plan->count++] = target;
    return KOLAM_OK;
}

/* ---- finding ---- */

/* An op is bounded by how many strokes it names and by what they are: past that the next one begins. */
static uint32_t place_in_op(struct plan *plan, uint32_t homes, size_t bytes) {
    if (plan->op_count == 0 || plan->op_targets == KOLAM_TARGETS_MAX ||
        plan->op_homes + homes > KOLAM_CHANGED_HOMES_MAX ||
        plan->op_bytes + bytes > KOLAM_CHANGED_BYTES_MAX) {
        plan->op_count++;
        plan->op_targets = 0;
        plan->op_homes = 0;
        plan->op_bytes = 0;
    }
    plan->op_targets++;
    plan->op_homes += homes;
    plan->op_bytes += bytes;
    return plan->op_count - 1;
}

static bool take_selected(void *ctx, const struct kolam_selected *selected) {
    struct plan *plan = ctx;
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    uint32_t home_count;
    if (selected->is_hidden) {
        return true;
    }
    plan->status = kolam_stroke_homes(selected->stroke, homes, &home_count);
    if (plan->status != KOLAM_OK) {
        return false;
    }
    uint32_t op = place_in_op(plan, home_count, selected->row->body_size_bytes);
    if (op == KOLAM_ORDER_OPS_MAX) {
        plan->status = kolam_fail(plan->error, KOLAM_ERR_FULL,
                                  "more than %zu strokes at once: choose a part by --rect, --from "
                                  "and --to",
                                  STROKES_MAX);
        return false;
    }
    plan->status = add_target(
        plan, (struct target){selected->row->seq, selected->group_seq, selected->row->artist, op});
    return plan->status == KOLAM_OK;
}

static bool add_name(void *ctx, uint32_t artist, const char *name) {
    char key[24];
    snprintf(key, sizeof key, "%lu", (unsigned long)artist);
    json_object_set_new(ctx, key, json_string(name));
    return true;
}

/* Those that are there: a file may claim any number of them. */
static json_t *read_names(struct kolam_reader *reader) {
    json_t *names = json_object();
    if (names && kolam_reader_artists(reader, add_name, names) != KOLAM_OK) {
        json_decref(names);
        return NULL;
    }
    return names;
}

/* From which seq on. A time means what was committed at it or after; one before the first op means all. */
static enum kolam_status resolve_from(struct kolam_reader *reader, const char *text,
                                      uint64_t *out_seq, struct kolam_error *error) {
    struct kolam_moment moment;
    uint64_t before = 0;
    *out_seq = 1;
    if (!text) {
        return KOLAM_OK;
    }
    if (kolam_moment_parse(text, strlen(text), &moment) != KOLAM_OK || !moment.is_time) {
        return kolam_wall_resolve(reader, "--from", text, out_seq, error);
    }
    enum kolam_status status = kolam_reader_seq_at(reader, moment.time_ms - 1, &before);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "--from %s: %s", text, kolam_status_text(status));
    }
    *out_seq = before + 1;
    if (before == 0) {
        return KOLAM_OK;
    }
    /* Only for its complaint about the future. */
    return kolam_wall_resolve(reader, "--from", text, &before, error);
}

static enum kolam_status find(struct plan *plan, struct kolam_reader *reader, const json_t *names) {
    const struct kolam_rollback_order *order = plan->order;
    uint32_t artists[KOLAM_ORDER_ARTISTS_MAX];
    struct kolam_selection selection = {.area = {.rect = order->rect},
                                        .to_seq = KOLAM_SEQ_NOW,
                                        .artists = artists,
                                        .artist_count = order->artist_count,
                                        .takes_groups = true};
    struct kolam_history *history;
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < order->artist_count && status == KOLAM_OK; i++) {
        status = kolam_rollback_artist(names, order->artists[i], &artists[i], plan->error);
    }
    if (status == KOLAM_OK) {
        status = resolve_from(reader, order->from, &selection.from_seq, plan->error);
    }
    if (status == KOLAM_OK && order->to) {
        status = kolam_wall_resolve(reader, "--to", order->to, &selection.to_seq, plan->error);
    }
    if (status == KOLAM_OK && selection.from_seq > selection.to_seq) {
        status = kolam_fail(plan->error, KOLAM_ERR_INVALID, "--from is after --to");
    }
    if (status != KOLAM_OK) {
        return status;
    }
    plan->error->text[0] = '\0';
    status = kolam_history_create(reader, &history);
    if (status == KOLAM_OK) {
        status = kolam_history_select(history, &selection, take_selected, plan);
        kolam_history_destroy(history);
    }
    status = status == KOLAM_OK ? plan->status : status;
    if (status == KOLAM_ERR_FULL && plan->error->text[0] == '\0') {
        return kolam_fail(plan->error, status,
                          "too much was drawn there to look through at once: use a smaller --rect");
    }
    return status != KOLAM_OK && plan->error->text[0] == '\0'
               ? kolam_fail(plan->error, status, "looking: %s", kolam_status_text(status))
               : status;
}

/* [{"artist","name","strokes"},...], in the order in which they were named. */
static json_t *count_artists(const struct plan *plan, const json_t *names) {
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < plan->order->artist_count; i++) {
        uint32_t artist;
        json_int_t strokes = 0;
        char key[24];
        if (kolam_rollback_artist(names, plan->order->artists[i], &artist, NULL) != KOLAM_OK) {
            continue;
        }
        for (size_t j = 0; j < plan->count; j++) {
            const struct target *target = &plan->targets[j];
            strokes +=
                target->artist == artist && (j == 0 || target->group_seq != target[-1].group_seq);
        }
        snprintf(key, sizeof key, "%lu", (unsigned long)artist);
        json_array_append_new(list, json_pack("{s:I,s:O,s:I}", "artist", (json_int_t)artist, "name",
                                              json_object_get(names, key), "strokes", strokes));
    }
    return list;
}

/* ---- what was hidden, for an undo ---- */

static enum kolam_status read_hide(struct plan *plan, struct kolam_reader *reader, uint64_t seq,
                                   struct kolam_op_room *room) {
    struct kolam_log_row row;
    struct kolam_op op;
    enum kolam_status status = kolam_reader_op(reader, seq, &row);
    if (seq > 0 && seq <= kolam_reader_base_seq(reader)) {
        return kolam_fail(plan->error, KOLAM_ERR_GONE,
                          "--undo: seq %llu is gone: history was flattened up to seq %llu",
                          (unsigned long long)seq,
                          (unsigned long long)kolam_reader_base_seq(reader));
    }
    if (status == KOLAM_ERR_NOT_FOUND) {
        return kolam_fail(plan->error, status, "--undo: there is no seq %llu",
                          (unsigned long long)seq);
    }
    if (status == KOLAM_OK) {
        status = kolam_op_decode(row.body, row.body_size_bytes, room, &op);
    }
    if (status != KOLAM_OK) {
        return kolam_fail(plan->error, status, "reading seq %llu: %s", (unsigned long long)seq,
                          kolam_status_text(status));
    }
    if (op.kind != KOLAM_OP_HIDE) {
        return kolam_fail(plan->error, KOLAM_ERR_INVALID,
                          "--undo: seq %llu hid nothing, so there is nothing to show again",
                          (unsigned long long)seq);
    }
    for (uint32_t i = 0; i < op.target_count && status == KOLAM_OK; i++) {
        status = add_target(
            plan, (struct target){op.targets[i], op.targets[i], row.artist, plan->op_count});
    }
    plan->op_count++;
    return status;
}

static enum kolam_status read_hides(struct plan *plan, struct kolam_reader *reader) {
    struct kolam_op_room *room = kolam_alloc(sizeof *room);
    enum kolam_status status =
        room ? KOLAM_OK : kolam_fail(plan->error, KOLAM_ERR_NOMEM, "out of memory");
    for (uint64_t seq = plan->order->undo_first;
         seq <= plan->order->undo_last && status == KOLAM_OK; seq++) {
        status = read_hide(plan, reader, seq, room);
    }
    kolam_free(room);
    return status;
}

/* Finds, tells, asks. *out_goes_on: there is something to commit. */
static enum kolam_status prepare(struct plan *plan, const struct kolam_folder *folder,
                                 bool *out_goes_on) {
    struct kolam_canvas_files files;
    enum kolam_status status =
        kolam_canvas_files_open(folder, plan->order->wall.canvas, &files, plan->error);
    if (status != KOLAM_OK) {
        return status;
    }
    if (plan->order->is_undo) {
        status = read_hides(plan, files.reader);
        *out_goes_on =
            status == KOLAM_OK && kolam_rollback_go_on(plan->order, NULL, plan->drawing_count);
    } else {
        json_t *names = read_names(files.reader);
        status = names ? find(plan, files.reader, names)
                       : kolam_fail(plan->error, KOLAM_ERR_IO, "the artists cannot be read");
        json_t *counts = status == KOLAM_OK ? count_artists(plan, names) : NULL;
        *out_goes_on =
            status == KOLAM_OK && kolam_rollback_go_on(plan->order, counts, plan->drawing_count);
        json_decref(counts);
        json_decref(names);
    }
    kolam_canvas_files_close(&files);
    return status;
}

/* ---- committing ---- */

static enum kolam_status fill_op(const struct plan *plan, uint32_t index,
                                 struct kolam_log_op *out) {
    uint64_t targets[KOLAM_TARGETS_MAX];
    struct kolam_op op = {.kind = plan->order->is_undo ? KOLAM_OP_SHOW : KOLAM_OP_HIDE,
                          .targets = targets};
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->targets[i].op == index) {
            targets[op.target_count++] = plan->targets[i].seq;
        }
    }
    size_t capacity = (size_t)op.target_count * 10 + 16; /* a varint each */
    out->body = kolam_alloc(capacity);
    if (!out->body) {
        return KOLAM_ERR_NOMEM;
    }
    out->kind = op.kind;
    out->counter = index + 1;
    return kolam_op_encode(&op, out->body, capacity, &out->body_size_bytes);
}

struct completion {
    enum kolam_status status;
    uint64_t first_seq;
};

static void on_done(void *ctx, struct kolam_submission *submission) {
    struct completion *completion = ctx;
    completion->status = submission->status;
    completion->first_seq = submission->ops[0].seq;
    kolam_submission_destroy(submission);
}

static void ignore_wake(void *ctx) {
    (void)ctx; /* destroying the log waits for what was submitted */
}

static enum kolam_status make_submission(const struct plan *plan,
                                         const struct kolam_identity_db *identity,
                                         struct kolam_submission **out_submission) {
    struct kolam_submission *submission = kolam_submission_create(plan->op_count);
    enum kolam_status status = submission ? KOLAM_OK : KOLAM_ERR_NOMEM;
    for (uint32_t i = 0; i < plan->op_count && status == KOLAM_OK; i++) {
        status = fill_op(plan, i, &submission->ops[i]);
    }
    if (status != KOLAM_OK) {
        kolam_submission_destroy(submission);
        return kolam_fail(plan->error, status, "%s", kolam_status_text(status));
    }
    kolam_identity_import_author(identity, KOLAM_ORDER_AUTHOR, &submission->author);
    kolam_random_bytes(&submission->nonce, sizeof submission->nonce);
    submission->may_change_others = true;
    submission->done = on_done;
    *out_submission = submission;
    return KOLAM_OK;
}

static enum kolam_status submit(const struct plan *plan, const char *path,
                                struct kolam_submission *submission,
                                struct kolam_rollback_outcome *out_outcome) {
    struct completion completion = {.status = KOLAM_ERR_CLOSED};
    const struct kolam_log_options options = {
        .path = path, .clock = kolam_clock_system(), .wake = ignore_wake};
    struct kolam_log *log;
    enum kolam_status status = kolam_log_sqlite_create(&options, &log, plan->error);
    if (status != KOLAM_OK) {
        kolam_submission_destroy(submission);
        return status;
    }
    submission->ctx = &completion;
    kolam_log_submit(log, submission);
    kolam_log_destroy(log);
    if (completion.status != KOLAM_OK) {
        return kolam_fail(plan->error, completion.status, "%s: it was not committed: %s", path,
                          kolam_status_text(completion.status));
    }
    *out_outcome = (struct kolam_rollback_outcome){.first_seq = completion.first_seq,
                                                   .op_count = plan->op_count};
    return KOLAM_OK;
}

static enum kolam_status commit(const struct plan *plan, const struct kolam_folder *folder,
                                struct kolam_rollback_outcome *out_outcome) {
    char path[KOLAM_PATH_MAX];
    struct kolam_identity_db *identity;
    struct kolam_submission *submission = NULL;
    enum kolam_status status = kolam_folder_file_path(folder, "identity.db", path);
    if (status != KOLAM_OK) {
        return kolam_fail(plan->error, status, "the path is too long");
    }
    status = kolam_identity_db_create(path, kolam_clock_system(), &identity, plan->error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = make_submission(plan, identity, &submission);
    kolam_identity_db_destroy(identity);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_folder_canvas_path(folder, plan->order->wall.canvas, ".kolam", path);
    if (status != KOLAM_OK) {
        kolam_submission_destroy(submission);
        return kolam_fail(plan->error, status, "the path is too long");
    }
    return submit(plan, path, submission, out_outcome);
}

/* A folder that is not there is not made; to count needs no lock. */
static enum kolam_status open_folder(const struct kolam_rollback_order *order,
                                     struct kolam_folder **out_folder, struct kolam_error *error) {
    enum kolam_status status = kolam_folder_open_read_only(order->wall.data, out_folder, error);
    if (status != KOLAM_OK || order->is_dry_run) {
        return status;
    }
    kolam_folder_close(*out_folder);
    return kolam_folder_open(order->wall.data, out_folder, error);
}

enum kolam_status kolam_rollback_folder(const struct kolam_rollback_order *order,
                                        struct kolam_rollback_outcome *out_outcome,
                                        struct kolam_error *error) {
    struct plan plan = {.order = order, .error = error};
    struct kolam_folder *folder;
    bool goes_on = false;
    enum kolam_status status = open_folder(order, &folder, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = prepare(&plan, folder, &goes_on);
    if (status == KOLAM_OK && goes_on) {
        status = commit(&plan, folder, out_outcome);
    }
    kolam_free(plan.targets);
    kolam_folder_close(folder);
    return status;
}
