/* How much of a history can be flattened. A stroke that becomes part of the base can be neither hidden nor shown nor
 * replaced any more; so one that a later op names must stay, and with it all that came after. A group shares one mask and stays
 * whole; so does an edit (a hide and the ops that follow it), which is one to whoever undoes it. All of this only ever moves the
 * base back, so one walk from the newest op backwards finds it. */
#include <inttypes.h>

#include "kolam/alloc.h"
#include "kolam/compact.h"

#define CHUNK 4096 /* ops read at a time, the newest of them looked at first */

struct named {
    uint64_t seq, lowest; /* an op, and the earliest stroke that it names */
};

struct planning {
    struct kolam_reader *reader;
    struct kolam_op_room *room;
    struct kolam_compact_plan plan;
    uint64_t old_base_seq;
    struct named *named; /* of a chunk, in seq order */
    uint32_t named_count;
    uint8_t *hidden; /* a bit a seq, from the old base on */
    enum kolam_status status;
};

static bool decode(struct planning *planning, const struct kolam_log_row *row,
                   struct kolam_op *out_op) {
    if (kolam_op_decode(row->body, row->body_size_bytes, planning->room, out_op) != KOLAM_OK) {
        planning->status = KOLAM_ERR_CORRUPT;
        return false;
    }
    return true;
}

/* ---- which strokes later ops name ---- */

static bool note_named(void *ctx, const struct kolam_log_row *row) {
    struct planning *planning = ctx;
    struct kolam_op op;
    uint64_t lowest = row->replaces;
    if (row->kind == KOLAM_OP_HIDE || row->kind == KOLAM_OP_SHOW) {
        if (!decode(planning, row, &op)) {
            return false;
        }
        lowest = op.target_count > 0 ? op.targets[0] : 0; /* they rise */
    }
    if (lowest > 0) {
        planning->named[planning->named_count++] = (struct named){row->seq, lowest};
    }
    return true;
}

/* The ops from the newest down to just after the base, as the base moves back. */
static enum kolam_status walk_back(struct planning *planning, uint64_t from_seq) {
    struct kolam_compact_plan *plan = &planning->plan;
    uint64_t end = from_seq; /* the last that was not looked at */
    while (end > plan->base_seq) {
        uint64_t first = end - plan->base_seq > CHUNK ? end - CHUNK + 1 : plan->base_seq + 1;
        planning->named_count = 0;
        enum kolam_status status =
            kolam_reader_range(planning->reader, first, end, note_named, planning);
        status = status == KOLAM_OK ? planning->status : status;
        if (status != KOLAM_OK) {
            return status;
        }
        for (uint32_t i = planning->named_count; i-- > 0;) {
            const struct named *named = &planning->named[i];
            if (named->lowest <= plan->base_seq) {
                plan->base_seq = named->lowest - 1;
                plan->held_by_seq = named->seq;
                plan->held_seq = named->lowest;
                plan->is_held_by_group = false;
            }
        }
        end = first - 1;
    }
    return KOLAM_OK;
}

static void hold_before(struct planning *planning, uint64_t first_seq) {
    planning->plan.held_by_seq = 0;
    planning->plan.held_seq = first_seq;
    planning->plan.is_held_by_group = true;
    planning->plan.base_seq = first_seq - 1;
}

/* Moves the base before a group that it would cut. */
static enum kolam_status step_before_group(struct planning *planning) {
    struct kolam_compact_plan *plan = &planning->plan;
    struct kolam_log_row row;
    struct kolam_op op;
    if (plan->base_seq >= plan->last_seq || plan->base_seq == planning->old_base_seq) {
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_reader_op(planning->reader, plan->base_seq + 1, &row);
    if (status != KOLAM_OK || row.kind != KOLAM_OP_STROKE) {
        return status;
    }
    if (!decode(planning, &row, &op)) {
        return planning->status;
    }
    if (op.stroke.part > 0) {
        hold_before(planning, row.seq - op.stroke.part);
    }
    return KOLAM_OK;
}

static bool note_edit(void *ctx, const struct kolam_log_row *row) {
    struct planning *planning = ctx;
    struct kolam_op op;
    if (row->kind != KOLAM_OP_HIDE) {
        return true;
    }
    if (!decode(planning, row, &op)) {
        return false;
    }
    if (op.follow_count > 0 && row->seq + op.follow_count > planning->plan.base_seq) {
        hold_before(planning, row->seq);
        return false; /* edits do not lie within each other */
    }
    return true;
}

/* Moves the base before an edit that it would cut. */
static enum kolam_status step_before_edit(struct planning *planning) {
    uint64_t base_seq = planning->plan.base_seq;
    uint64_t first = base_seq > KOLAM_EDIT_OPS_MAX ? base_seq - KOLAM_EDIT_OPS_MAX + 1 : 1;
    enum kolam_status status =
        base_seq < planning->plan.last_seq
            ? kolam_reader_range(planning->reader, first, base_seq, note_edit, planning)
            : KOLAM_OK;
    return status == KOLAM_OK ? planning->status : status;
}

static enum kolam_status find_base(struct planning *planning) {
    struct kolam_compact_plan *plan = &planning->plan;
    uint64_t before = plan->last_seq;
    enum kolam_status status = KOLAM_OK;
    while (status == KOLAM_OK && plan->base_seq < before) {
        status = walk_back(planning, before);
        before = plan->base_seq;
        if (status == KOLAM_OK) {
            status = step_before_group(planning);
        }
        if (status == KOLAM_OK) {
            status = step_before_edit(planning);
        }
    }
    if (status == KOLAM_OK && plan->base_seq < planning->old_base_seq) {
        status = KOLAM_ERR_CORRUPT; /* nothing may name what was flattened before */
    }
    return status;
}

/* ---- what is flattened ---- */

static void set_hidden(struct planning *planning, uint64_t seq, bool is_hidden) {
    uint64_t bit = seq - planning->old_base_seq - 1;
    uint8_t mask = (uint8_t)(1u << bit % 8);
    uint8_t *byte = &planning->hidden[bit / 8];
    planning->plan.hidden_count += is_hidden && !(*byte & mask);
    planning->plan.hidden_count -= !is_hidden && (*byte & mask);
    *byte = (uint8_t)(is_hidden ? *byte | mask : *byte & ~mask);
}

static bool count_op(void *ctx, const struct kolam_log_row *row) {
    struct planning *planning = ctx;
    struct kolam_op op;
    planning->plan.op_count++;
    planning->plan.stroke_count += row->kind == KOLAM_OP_STROKE;
    if (row->replaces >= row->seq) {
        planning->status = KOLAM_ERR_CORRUPT; /* there is no bit for it */
        return false;
    }
    if (row->replaces > planning->old_base_seq) {
        set_hidden(planning, row->replaces, true);
    }
    if (row->kind != KOLAM_OP_HIDE && row->kind != KOLAM_OP_SHOW) {
        return true;
    }
    if (!decode(planning, row, &op)) {
        return false;
    }
    for (uint32_t i = 0; i < op.target_count; i++) {
        if (op.targets[i] <= planning->old_base_seq || op.targets[i] >= row->seq) {
            planning->status = KOLAM_ERR_CORRUPT;
            return false;
        }
        set_hidden(planning, op.targets[i], op.kind == KOLAM_OP_HIDE);
    }
    return true;
}

static bool count_row(void *ctx, const struct kolam_log_row *row) {
    (void)row;
    ++*(uint64_t *)ctx;
    return true;
}

static enum kolam_status count_flattened(struct planning *planning) {
    struct kolam_compact_plan *plan = &planning->plan;
    uint64_t count = plan->base_seq - planning->old_base_seq;
    uint64_t row_count = 0;
    /* A bit for each: a file that claims a huge seq and has a few ops must not cost memory for all between. */
    enum kolam_status found = kolam_reader_range(planning->reader, planning->old_base_seq + 1,
                                                 plan->base_seq, count_row, &row_count);
    if (found != KOLAM_OK || row_count != count) {
        return found == KOLAM_OK ? KOLAM_ERR_CORRUPT : found;
    }
    planning->hidden = kolam_alloc_zero((size_t)(count / 8 + 1), 1);
    if (!planning->hidden) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status = kolam_reader_range(planning->reader, planning->old_base_seq + 1,
                                                  plan->base_seq, count_op, planning);
    return status == KOLAM_OK ? planning->status : status;
}

static enum kolam_status plan_pinned(struct planning *planning, uint64_t asked_seq) {
    struct kolam_compact_plan *plan = &planning->plan;
    struct kolam_canvas_info info;
    enum kolam_status status = kolam_reader_info(planning->reader, &info);
    if (status != KOLAM_OK) {
        return status;
    }
    if (asked_seq < info.base_seq || asked_seq > info.last_seq || asked_seq < 1) {
        return KOLAM_ERR_INVALID;
    }
    planning->old_base_seq = info.base_seq;
    *plan = (struct kolam_compact_plan){
        .asked_seq = asked_seq, .base_seq = asked_seq, .last_seq = info.last_seq};
    status = find_base(planning);
    if (status == KOLAM_OK && plan->base_seq > 0) {
        status = kolam_reader_time_of(planning->reader, plan->base_seq, &plan->base_time_ms);
    }
    return status == KOLAM_OK ? count_flattened(planning) : status;
}

enum kolam_status kolam_compact_plan(struct kolam_reader *reader, uint64_t asked_seq,
                                     struct kolam_compact_plan *out_plan,
                                     struct kolam_error *error) {
    struct planning planning = {
        .reader = reader,
        .room = kolam_alloc(sizeof *planning.room),
        .named = kolam_alloc_array(CHUNK, sizeof *planning.named),
    };
    enum kolam_status status = planning.room && planning.named ? KOLAM_OK : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        status = kolam_reader_begin(reader);
    }
    if (status == KOLAM_OK) {
        status = plan_pinned(&planning, asked_seq);
        kolam_reader_end(reader);
    }
    kolam_free(planning.room);
    kolam_free(planning.named);
    kolam_free(planning.hidden);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "its history cannot be read: %s",
                          kolam_status_text(status));
    }
    *out_plan = planning.plan;
    return KOLAM_OK;
}
