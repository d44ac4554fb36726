/* The hide of what is withheld. While it is planned, the submission's own strokes have no seqs yet: in the list of changes
 * they are written as numbers from the end of all numbers, which no seq ever is. */
#include "canvas_withhold.h"

#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"

static uint64_t target_of_place(uint32_t place) {
    return UINT64_MAX - place;
}

/* The strokes of the submission itself. */
static enum kolam_status plan_own(struct kolam_canvas_index *index,
                                  const struct kolam_submission *submission, uint32_t *out_targets,
                                  size_t *out_bytes) {
    const uint32_t count = kolam_submission_own_count(submission);
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < count && status == KOLAM_OK; i++) {
        const struct kolam_log_op *op = &submission->ops[i];
        if (op->kind == KOLAM_OP_STROKE) {
            status = kolam_canvas_index_change_homes(index, target_of_place(i), op->homes,
                                                     op->home_count);
            (*out_targets)++;
            *out_bytes += op->body_size_bytes;
        }
    }
    return status;
}

/* What a show of the submission shows was planned with it: `first` to `end`, a target's homes side by side. */
static enum kolam_status plan_shown(struct kolam_canvas_index *index, uint32_t first, uint32_t end,
                                    uint32_t *out_targets) {
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = first; i < end && status == KOLAM_OK; i++) {
        const struct kolam_change change = index->changes[i];
        *out_targets += i == first || change.target != index->changes[i - 1].target;
        status = kolam_canvas_index_change_homes(index, change.target, &change.home, 1);
    }
    return status;
}

enum kolam_status kolam_canvas_withhold_plan(struct kolam_canvas_plan *plan,
                                             const struct kolam_submission *submission) {
    struct kolam_canvas_index *index = plan->index;
    const uint32_t count = kolam_submission_own_count(submission);
    struct kolam_op_plan *hide = &plan->ops[count];
    uint32_t targets = 0;
    size_t bytes = index->decoded_bytes;
    hide->change_first = index->change_count;
    enum kolam_status status = plan_own(index, submission, &targets, &bytes);
    for (uint32_t i = 0; i < count && status == KOLAM_OK; i++) {
        if (submission->ops[i].kind == KOLAM_OP_SHOW) {
            status =
                plan_shown(index, plan->ops[i].change_first, plan->ops[i].change_end, &targets);
        }
    }
    hide->change_end = index->change_count;
    if (status == KOLAM_OK &&
        (targets == 0 || targets > KOLAM_TARGETS_MAX || bytes > KOLAM_CHANGED_BYTES_MAX ||
         hide->change_end - hide->change_first > KOLAM_CHANGED_HOMES_MAX)) {
        status = KOLAM_ERR_INVALID;
    }
    if (status == KOLAM_OK) {
        status = kolam_canvas_plan_unite(index, &submission->ops[count], hide);
    }
    return status;
}

static int compare_seqs(const void *left, const void *right) {
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* Each once, rising; *targets has room for all changes. */
static uint32_t list_targets(const struct kolam_canvas_index *index,
                             const struct kolam_op_plan *hide, uint64_t *targets) {
    uint32_t count = 0, unique = 0;
    for (uint32_t i = hide->change_first; i < hide->change_end; i++) {
        targets[count++] = index->changes[i].target;
    }
    qsort(targets, count, sizeof *targets, compare_seqs);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || targets[i] != targets[unique - 1]) {
            targets[unique++] = targets[i];
        }
    }
    return unique;
}

static enum kolam_status encode(struct kolam_log_op *hide, uint64_t *targets, uint32_t count) {
    const struct kolam_op op = {.kind = KOLAM_OP_HIDE, .target_count = count, .targets = targets};
    const size_t capacity = (size_t)count * 10 + 32;
    uint8_t *body = kolam_alloc(capacity);
    size_t size_bytes = 0;
    if (!body) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status = kolam_op_encode(&op, body, capacity, &size_bytes);
    if (status != KOLAM_OK) {
        kolam_free(body);
        return status;
    }
    kolam_free(hide->body);
    hide->body = body;
    hide->body_size_bytes = size_bytes;
    return KOLAM_OK;
}

enum kolam_status kolam_canvas_withhold_make(struct kolam_canvas_plan *plan,
                                             struct kolam_submission *submission) {
    struct kolam_canvas_index *index = plan->index;
    const uint32_t own_count = kolam_submission_own_count(submission);
    struct kolam_log_op *hide = &submission->ops[own_count];
    const struct kolam_op_plan *hide_plan = &plan->ops[own_count];
    for (uint32_t i = hide_plan->change_first; i < hide_plan->change_end; i++) {
        struct kolam_change *change = &index->changes[i];
        const uint64_t place = UINT64_MAX - change->target;
        if (place < own_count) {
            change->target = submission->ops[place].seq;
        }
    }
    uint64_t *targets =
        kolam_alloc_array(hide_plan->change_end - hide_plan->change_first, sizeof *targets);
    if (!targets) {
        return KOLAM_ERR_NOMEM;
    }
    const uint32_t count = list_targets(index, hide_plan, targets);
    enum kolam_status status = encode(hide, targets, count);
    kolam_free(targets);
    return status;
}
