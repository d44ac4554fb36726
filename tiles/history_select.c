/* The strokes of an area, oldest first: all that the quadtree knows there, or a page of them. A worker's own. */
#include "history_area.h"
#include "history_internal.h"

/* A page of an area with more index rows than this is looked for among the next so many ops first. */
#define WALK_ROWS_MIN 8192
#define WALK_OPS_MAX 16384

static bool is_wanted(const struct kolam_selection *selection, uint32_t artist) {
    bool is_named = selection->artists == NULL;
    for (uint32_t i = 0; i < selection->artist_count && !is_named; i++) {
        is_named = selection->artists[i] == artist;
    }
    return is_named;
}

/* Of a drawing of several parts all are looked at; then the one is loaded again. */
static enum kolam_status find_quiet(struct kolam_history *history,
                                    const struct history_group *group, struct kolam_log_row *row,
                                    struct kolam_op *op, bool *out_is_quiet) {
    const uint64_t seq = row->seq;
    *out_is_quiet = history_is_quiet(history, &op->stroke);
    if (*out_is_quiet || !history->quiet || op->stroke.part_count < 2) {
        return KOLAM_OK;
    }
    const enum kolam_status status = history_find_quiet(history, group, out_is_quiet);
    return status == KOLAM_OK ? history_load(history, seq, row, op) : status;
}

/* All parts, those outside the area too. */
static enum kolam_status visit_group(struct kolam_history *history,
                                     const struct history_group *group, kolam_selected_visit *visit,
                                     void *ctx, bool *goes_on) {
    for (uint64_t seq = group->first_seq; seq < group->end_seq && *goes_on; seq++) {
        struct kolam_log_row row;
        struct kolam_op op;
        bool is_hidden;
        enum kolam_status status = history_load_part(history, group, seq, &row, &op, &is_hidden);
        if (status == KOLAM_OK) {
            bool is_quiet;
            status = find_quiet(history, group, &row, &op, &is_quiet);
            if (status != KOLAM_OK) {
                return status;
            }
            struct kolam_selected selected = {&row, &op.stroke, group->first_seq, is_hidden,
                                              is_quiet};
            *goes_on = visit(ctx, &selected);
        } else if (status != KOLAM_ERR_NOT_FOUND) {
            return status;
        }
    }
    return KOLAM_OK;
}

static enum kolam_status visit_selected(struct kolam_history *history,
                                        const struct kolam_selection *selection,
                                        kolam_selected_visit *visit, void *ctx) {
    uint64_t visited_seq = 0; /* up to which groups were visited whole */
    bool goes_on = true;
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < history->gather.stroke_count && goes_on && status == KOLAM_OK; i++) {
        const struct gather_stroke *found = &history->gather.strokes[i];
        struct kolam_log_row row;
        struct kolam_op op;
        if (found->seq <= visited_seq || found->seq < selection->from_seq ||
            found->seq > selection->to_seq) {
            continue;
        }
        status = history_load(history, found->seq, &row, &op);
        if (status != KOLAM_OK || !is_wanted(selection, row.artist) ||
            !kolam_area_has_ink(&selection->area, &op.stroke)) {
            continue;
        }
        struct history_group group = history_group_of(&row, &op.stroke);
        if (selection->takes_groups && op.stroke.part_count > 1) {
            visited_seq = group.end_seq - 1;
            status = visit_group(history, &group, visit, ctx, &goes_on);
        } else {
            bool is_quiet;
            status = find_quiet(history, &group, &row, &op, &is_quiet);
            struct kolam_selected selected = {&row, &op.stroke, group.first_seq, found->is_hidden,
                                              is_quiet};
            goes_on = status == KOLAM_OK && visit(ctx, &selected);
        }
    }
    return status;
}

/* ---- a page of a full area ---- */

struct walk {
    struct kolam_history *history;
    const struct kolam_selection *selection;
    kolam_selected_visit *visit;
    void *ctx;
    uint64_t next_seq; /* where it goes on */
    uint32_t left;     /* ops to look at */
    bool goes_on;
    enum kolam_status status;
};

static enum kolam_status walk_stroke(struct walk *walk, const struct kolam_log_row *row) {
    struct kolam_op op;
    bool is_hidden = false;
    if (kolam_op_decode(row->body, row->body_size_bytes, &walk->history->room, &op) != KOLAM_OK) {
        return KOLAM_ERR_CORRUPT;
    }
    if (!kolam_area_has_ink(&walk->selection->area, &op.stroke)) {
        return KOLAM_OK;
    }
    enum kolam_status status = history_find_hidden(walk->history, &op.stroke, row->seq, &is_hidden);
    const struct history_group group = history_group_of(row, &op.stroke);
    struct kolam_log_row one = *row;
    bool is_quiet = false;
    if (status == KOLAM_OK) {
        status = find_quiet(walk->history, &group, &one, &op, &is_quiet);
    }
    if (status == KOLAM_OK) {
        struct kolam_selected selected = {&one, &op.stroke, group.first_seq, is_hidden, is_quiet};
        walk->goes_on = walk->visit(walk->ctx, &selected);
    }
    return status;
}

static bool walk_op(void *ctx, const struct kolam_log_row *row) {
    struct walk *walk = ctx;
    if (walk->left == 0) {
        return false;
    }
    walk->left--;
    walk->next_seq = row->seq + 1;
    if (row->kind == KOLAM_OP_STROKE && is_wanted(walk->selection, row->artist)) {
        walk->status = walk_stroke(walk, row);
    }
    return walk->goes_on && walk->status == KOLAM_OK;
}

static enum kolam_status select_gathered(struct kolam_history *history,
                                         const struct kolam_selection *selection, uint32_t row_max,
                                         kolam_selected_visit *visit, void *ctx) {
    enum kolam_status status = gather_area(&history->gather, history->reader, &selection->area.rect,
                                           KOLAM_SEQ_NOW, row_max);
    return status == KOLAM_OK ? visit_selected(history, selection, visit, ctx) : status;
}

/* Where much was drawn, a page's strokes are found sooner among the next ops than by listing all that lie there; but not
 * where those ops lie elsewhere. */
static enum kolam_status select_page(struct kolam_history *history,
                                     const struct kolam_selection *selection,
                                     kolam_selected_visit *visit, void *ctx) {
    struct walk walk = {.history = history,
                        .selection = selection,
                        .visit = visit,
                        .ctx = ctx,
                        .next_seq = UINT64_MAX,
                        .left = WALK_OPS_MAX,
                        .goes_on = true};
    enum kolam_status status = select_gathered(history, selection, WALK_ROWS_MIN, visit, ctx);
    if (status != KOLAM_ERR_FULL) {
        return status;
    }
    status =
        kolam_reader_range(history->reader, selection->from_seq, selection->to_seq, walk_op, &walk);
    status = status == KOLAM_OK ? walk.status : status;
    if (status != KOLAM_OK || !walk.goes_on || walk.left > 0) {
        return status;
    }
    struct kolam_selection rest = *selection;
    rest.from_seq = walk.next_seq;
    return select_gathered(history, &rest, KOLAM_HISTORY_ROWS_MAX, visit, ctx);
}

enum kolam_status kolam_history_select(struct kolam_history *history,
                                       const struct kolam_selection *selection,
                                       kolam_selected_visit *visit, void *ctx) {
    if (selection->area.lasso_count > KOLAM_LASSO_POINTS_MAX ||
        (selection->area.lasso_count > 0 && selection->area.lasso_count < 3)) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = kolam_reader_begin(history->reader);
    if (status != KOLAM_OK) {
        return status;
    }
    hidden_forget(&history->hidden);
    status = selection->is_paged && !selection->takes_groups
                 ? select_page(history, selection, visit, ctx)
                 : select_gathered(history, selection, KOLAM_HISTORY_ROWS_MAX, visit, ctx);
    kolam_reader_end(history->reader);
    return status;
}
