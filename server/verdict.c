/* Verdicts; pure but for allocation. What depends on the log's content (whose stroke a hide names) the
 * committer judges. */
#include "verdict.h"

#include <string.h>

#include "kolam/alloc.h"
#include "kolam/place.h"
#include "kolam/policy.h"

static const struct kolam_verdict fine = {0};

static struct kolam_verdict refused(enum kolam_nack code, const char *reason) {
    return (struct kolam_verdict){true, code, reason};
}

/* What all parts of a group have in common. */
static bool is_same_pen(const struct kolam_stroke *a, const struct kolam_stroke *b) {
    return a->tool == b->tool && a->color == b->color && a->width == b->width &&
           a->origin.level == b->origin.level;
}

/* What comes in one submit: an op, the parts of a group, or an edit: a hide that tells how many ops follow it, and
 * those, strokes (whole groups) and shows. */
struct unit {
    uint32_t count;
    bool is_edit;
    uint32_t next_part;        /* of the group under way; 0: none is */
    struct kolam_stroke first; /* its part 0 */
};

static struct kolam_verdict judge_part(struct unit *unit, const struct kolam_stroke *stroke) {
    bool goes_on = unit->next_part > 0;
    if (stroke->part != unit->next_part ||
        (goes_on && stroke->part_count != unit->first.part_count) ||
        (!unit->is_edit && stroke->part_count != unit->count)) {
        return refused(KOLAM_NACK_INVALID, "a group comes whole, in one submit, in order");
    }
    if (!goes_on) {
        unit->first = *stroke;
    } else if (!is_same_pen(&unit->first, stroke)) {
        return refused(KOLAM_NACK_INVALID,
                       "the parts of a group share tool, colour, width and level");
    }
    unit->next_part = stroke->part + 1 < stroke->part_count ? stroke->part + 1 : 0;
    return fine;
}

/* A place keeps its bounds; acts are made by the server alone; of others nothing is known. */
static bool record_is_fine(const struct kolam_op *op) {
    struct kolam_place_record record;
    struct kolam_act act;
    return kolam_place_decode(op->record, op->record_size_bytes, &record) == KOLAM_OK &&
           kolam_act_decode(op->record, op->record_size_bytes, &act) == KOLAM_OK &&
           act.kind == KOLAM_ACT_OTHER;
}

static struct kolam_verdict judge_place(struct unit *unit, const struct kolam_op *op,
                                        uint32_t index) {
    if (index == 0 && op->kind == KOLAM_OP_HIDE && op->follow_count > 0) {
        unit->is_edit = true;
        return op->follow_count == unit->count - 1
                   ? fine
                   : refused(KOLAM_NACK_INVALID, "an edit comes whole: its hide tells how much");
    }
    if (op->kind == KOLAM_OP_STROKE) {
        return judge_part(unit, &op->stroke);
    }
    if (unit->next_part > 0) {
        return refused(KOLAM_NACK_INVALID, "a group comes whole, in one submit, in order");
    }
    if (unit->is_edit) {
        return op->kind == KOLAM_OP_SHOW
                   ? fine
                   : refused(KOLAM_NACK_INVALID,
                             "an edit is one hide, and the strokes and shows that follow it");
    }
    return unit->count == 1
               ? fine
               : refused(KOLAM_NACK_INVALID, "only a group, or an edit, comes in one submit");
}

static struct kolam_verdict fill_op(const struct kolam_op *op, const struct kolam_in_record *record,
                                    uint32_t index, struct kolam_home *homes,
                                    struct kolam_log_op *out) {
    out->kind = op->kind;
    out->counter = record->counter + index;
    out->body = kolam_memdup(record->bodies[index], record->body_sizes[index]);
    out->body_size_bytes = record->body_sizes[index];
    if (!out->body) {
        return refused(KOLAM_NACK_UNAVAILABLE, "out of memory");
    }
    if (op->kind == KOLAM_OP_STROKE) {
        uint32_t count;
        if (kolam_stroke_homes(&op->stroke, homes, &count) != KOLAM_OK) {
            return refused(
                KOLAM_NACK_INVALID,
                "a stroke lies inside the world and touches at most 256 tiles of its level");
        }
        out->homes = kolam_memdup(homes, count * sizeof(*homes));
        out->home_count = count;
        if (!out->homes) {
            return refused(KOLAM_NACK_UNAVAILABLE, "out of memory");
        }
    }
    return fine;
}

struct kolam_verdict
kolam_verdict_submit(const struct kolam_petitioner *who, const struct kolam_in_record *record,
                     struct kolam_op_room *room, struct kolam_home homes[KOLAM_STROKE_HOMES_MAX],
                     struct kolam_submission **out_submission, uint32_t *out_points) {
    if (!who->has_author) {
        return refused(KOLAM_NACK_DENIED, "identify before drawing");
    }
    struct kolam_submission *submission = kolam_submission_create(record->count);
    if (!submission) {
        return refused(KOLAM_NACK_UNAVAILABLE, "out of memory");
    }
    struct kolam_verdict verdict = fine;
    struct unit unit = {.count = record->count};
    uint32_t points = 0;
    for (uint32_t i = 0; i < record->count && !verdict.is_refused; i++) {
        struct kolam_op op;
        if (kolam_op_decode(record->bodies[i], record->body_sizes[i], room, &op) != KOLAM_OK) {
            verdict = refused(KOLAM_NACK_INVALID, "a body that breaks the form or a bound");
        } else if (op.kind == KOLAM_OP_RECORD && !who->may_write_records) {
            verdict = refused(KOLAM_NACK_DENIED, "records are for the owner of the canvas");
        } else if (op.kind == KOLAM_OP_RECORD && !record_is_fine(&op)) {
            verdict = refused(KOLAM_NACK_INVALID,
                              "a place that breaks a bound, or an act, which `act` makes");
        } else {
            verdict = judge_place(&unit, &op, i);
        }
        if (!verdict.is_refused) {
            points += op.kind == KOLAM_OP_STROKE ? op.stroke.point_count : 0;
            verdict = fill_op(&op, record, i, homes, &submission->ops[i]);
        }
        if (!verdict.is_refused && who->look) {
            who->look(who->ctx, &op, submission->ops[i].homes, submission->ops[i].home_count);
        }
    }
    if (!verdict.is_refused && unit.next_part > 0) {
        verdict = refused(KOLAM_NACK_INVALID, "a group comes whole, in one submit, in order");
    }
    if (verdict.is_refused) {
        kolam_submission_destroy(submission);
    } else {
        *out_submission = submission;
    }
    *out_points = points;
    return verdict;
}

enum kolam_nack kolam_verdict_nack(enum kolam_status status) {
    switch (status) {
    case KOLAM_ERR_INVALID:
        return KOLAM_NACK_INVALID;
    case KOLAM_ERR_DENIED:
        return KOLAM_NACK_DENIED;
    case KOLAM_ERR_NOT_FOUND:
    case KOLAM_ERR_GONE:
        return KOLAM_NACK_NOT_FOUND;
    default:
        return KOLAM_NACK_UNAVAILABLE; /* the disk, memory, a close: later it may go */
    }
}
