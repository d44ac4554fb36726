/* The log's rules, as look-ups: exactly once, all or nothing, and whose strokes one may change. */
#include "canvas_plan.h"

#include <string.h>

#include "canvas_withhold.h"
#include "kolam/alloc.h"
#include "kolam/policy.h"

enum kolam_status kolam_canvas_plan_init(struct kolam_canvas_plan *plan, sqlite3 *db,
                                         struct kolam_canvas_index *index) {
    memset(plan, 0, sizeof *plan);
    plan->index = index;
    enum kolam_status status = kolam_sql_prepare(
        db, "SELECT number, name FROM artist WHERE ident = ?", &plan->find_artist);
    if (status == KOLAM_OK) {
        status = kolam_sql_prepare(db, "SELECT id FROM origin WHERE artist = ? AND nonce = ?",
                                   &plan->find_origin);
    }
    if (status == KOLAM_OK) { /* the complete one first */
        status = kolam_sql_prepare(db,
                                   "SELECT is_partial, seq, time_ms FROM op "
                                   "WHERE origin = ? AND counter = ? ORDER BY is_partial",
                                   &plan->find_op);
    }
    if (status == KOLAM_OK) {
        status =
            kolam_sql_prepare(db,
                              "SELECT seq + ?2 - counter, time_ms, counter + count FROM base_id "
                              "WHERE origin = ?1 AND is_partial = ?3 AND counter <= ?2 "
                              "ORDER BY counter DESC LIMIT 1",
                              &plan->find_base_id);
    }
    return status;
}

void kolam_canvas_plan_finish(struct kolam_canvas_plan *plan) {
    kolam_canvas_plan_drop(plan);
    sqlite3_finalize(plan->find_artist);
    sqlite3_finalize(plan->find_origin);
    sqlite3_finalize(plan->find_op);
    sqlite3_finalize(plan->find_base_id);
    kolam_free(plan->ops);
    memset(plan, 0, sizeof *plan);
}

/* ---- who ---- */

enum kolam_status kolam_canvas_plan_artist(struct kolam_canvas_plan *plan,
                                           const struct kolam_author *author,
                                           struct kolam_known_author *out_known) {
    sqlite3_stmt *find = plan->find_artist;
    struct kolam_known_author known = {0};
    bool has_row = false;
    enum kolam_status status = kolam_sql_bind_blob(find, 1, author->ident, sizeof author->ident);
    if (status == KOLAM_OK) {
        status = kolam_sql_step(find, &has_row);
    }
    if (status == KOLAM_OK && has_row) {
        const char *name = (const char *)sqlite3_column_text(find, 1);
        known.artist = sqlite3_column_int64(find, 0);
        known.is_renamed = !name || strcmp(name, author->name) != 0;
    }
    (void)sqlite3_reset(find);
    if (status == KOLAM_OK) {
        *out_known = known;
    }
    return status;
}

static enum kolam_status find_origin(struct kolam_canvas_plan *plan, uint64_t nonce,
                                     struct kolam_known_author *known) {
    sqlite3_stmt *find = plan->find_origin;
    bool has_row = false;
    (void)sqlite3_bind_int64(find, 1, known->artist);
    (void)sqlite3_bind_int64(find, 2, (int64_t)nonce);
    enum kolam_status status = kolam_sql_step(find, &has_row);
    if (status == KOLAM_OK && has_row) {
        known->origin = sqlite3_column_int64(find, 0);
    }
    (void)sqlite3_reset(find);
    return status;
}

/* Somebody may have drawn here before they were merged into the author. */
static enum kolam_status find_former(struct kolam_canvas_plan *plan,
                                     struct kolam_submission *submission, uint32_t former) {
    struct kolam_author self = {.name = ""};
    struct kolam_known_author known = {0};
    memcpy(self.ident, submission->formers[former], sizeof self.ident);
    enum kolam_status status = kolam_canvas_plan_artist(plan, &self, &known);
    if (status != KOLAM_OK || known.artist == 0) {
        return status;
    }
    submission->former_artists[former] = (uint32_t)known.artist;
    plan->owner.artists[plan->owner.count++] = (uint32_t)known.artist;
    status = find_origin(plan, submission->nonce, &known);
    if (status == KOLAM_OK && known.origin != 0) {
        plan->former_origins[plan->former_origin_count++] = known.origin;
    }
    return status;
}

enum kolam_status kolam_canvas_plan_author(struct kolam_canvas_plan *plan,
                                           const struct kolam_submission *submission,
                                           struct kolam_known_author *out_known) {
    enum kolam_status status = kolam_canvas_plan_artist(plan, &submission->author, out_known);
    if (status == KOLAM_OK && out_known->artist != 0) {
        status = find_origin(plan, submission->nonce, out_known);
    }
    return status;
}

/* The author's selves as one owner of strokes. */
static enum kolam_status find_selves(struct kolam_canvas_plan *plan,
                                     struct kolam_submission *submission, int64_t artist) {
    const uint32_t formers =
        submission->former_count < KOLAM_FORMERS_MAX ? submission->former_count : KOLAM_FORMERS_MAX;
    enum kolam_status status = KOLAM_OK;
    plan->owner.count = plan->former_origin_count = 0;
    if (artist != 0) {
        plan->owner.artists[plan->owner.count++] = (uint32_t)artist;
    }
    for (uint32_t i = 0; i < formers && status == KOLAM_OK; i++) {
        status = find_former(plan, submission, i);
    }
    return status;
}

/* ---- what is no op ---- */

static bool homes_are_valid(const struct kolam_log_op *op) {
    if (!op->homes || op->home_count < 1 || op->home_count > KOLAM_STROKE_HOMES_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < op->home_count; i++) {
        const struct kolam_home *home = &op->homes[i];
        if (!kolam_tile_is_valid(home->tile) || home->x0 > home->x1 || home->y0 > home->y1) {
            return false;
        }
    }
    return true;
}

static bool op_is_valid(const struct kolam_log_op *op) {
    if (op->body_size_bytes < 2 || op->body_size_bytes > KOLAM_OP_BYTES_MAX ||
        op->body[0] != KOLAM_OP_VERSION || op->body[1] != op->kind) {
        return false;
    }
    return op->kind == KOLAM_OP_STROKE ? homes_are_valid(op) : !op->is_partial;
}

/* Counters rise within a submission, so no id can come twice in it. */
static bool submission_is_valid(const struct kolam_submission *submission) {
    const uint32_t count = kolam_submission_own_count(submission);
    if (submission->withheld_by && count == 0) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct kolam_log_op *op = &submission->ops[i];
        if (!op_is_valid(op) || (i > 0 && op->counter <= op[-1].counter)) {
            return false;
        }
    }
    return true;
}

/* ---- what was there before ---- */

/* The newest op of this id; seq 0 if there is none. */
struct known_op {
    bool is_partial;
    uint64_t seq;
    int64_t time_ms;
};

static enum kolam_status find_in_log(struct kolam_canvas_plan *plan, int64_t origin,
                                     uint32_t counter, struct known_op *known) {
    sqlite3_stmt *find = plan->find_op;
    bool has_row = false;
    (void)sqlite3_bind_int64(find, 1, origin);
    (void)sqlite3_bind_int64(find, 2, counter);
    enum kolam_status status = kolam_sql_step(find, &has_row);
    if (status == KOLAM_OK && has_row) {
        known->is_partial = sqlite3_column_int(find, 0) != 0;
        known->seq = (uint64_t)sqlite3_column_int64(find, 1);
        known->time_ms = sqlite3_column_int64(find, 2);
    }
    (void)sqlite3_reset(find);
    return status;
}

/* Of flattened ops the ids stay: spans of consecutive counters with consecutive seqs. */
static enum kolam_status find_in_base(struct kolam_canvas_plan *plan, int64_t origin,
                                      uint32_t counter, bool is_partial, struct known_op *known) {
    sqlite3_stmt *find = plan->find_base_id;
    bool has_row = false;
    (void)sqlite3_bind_int64(find, 1, origin);
    (void)sqlite3_bind_int64(find, 2, counter);
    (void)sqlite3_bind_int(find, 3, is_partial);
    enum kolam_status status = kolam_sql_step(find, &has_row);
    if (status == KOLAM_OK && has_row && sqlite3_column_int64(find, 2) > (int64_t)counter) {
        known->is_partial = is_partial;
        known->seq = (uint64_t)sqlite3_column_int64(find, 0);
        known->time_ms = sqlite3_column_int64(find, 1);
    }
    (void)sqlite3_reset(find);
    return status;
}

/* A complete stroke comes after its partial one, so the log is asked first, and then for the complete one first. */
static enum kolam_status find_known(struct kolam_canvas_plan *plan, int64_t origin,
                                    uint32_t counter, struct known_op *known) {
    bool has_base = plan->index->base_seq > 0;
    enum kolam_status status = find_in_log(plan, origin, counter, known);
    if (status == KOLAM_OK && known->seq == 0 && has_base) {
        status = find_in_base(plan, origin, counter, false, known);
    }
    if (status == KOLAM_OK && known->seq == 0 && has_base) {
        status = find_in_base(plan, origin, counter, true, known);
    }
    return status;
}

/* Under the author's own origin, or one of before a merge. */
static enum kolam_status find_anywhere(struct kolam_canvas_plan *plan, int64_t origin,
                                       uint32_t counter, struct known_op *known) {
    enum kolam_status status = origin != 0 ? find_known(plan, origin, counter, known) : KOLAM_OK;
    for (uint32_t i = 0; i < plan->former_origin_count && status == KOLAM_OK && known->seq == 0;
         i++) {
        status = find_known(plan, plan->former_origins[i], counter, known);
    }
    return status;
}

/* Recognises an op that is there already, or the partial stroke that it completes. A partial stroke that was flattened
 * cannot be hidden: the complete one is drawn on top of it, so that nothing of it is lost. */
static enum kolam_status find_op(struct kolam_canvas_plan *plan, int64_t origin,
                                 struct kolam_log_op *op) {
    struct known_op known = {.seq = 0};
    enum kolam_status status = find_anywhere(plan, origin, op->counter, &known);
    if (status != KOLAM_OK || known.seq == 0) {
        return status;
    }
    if (op->is_partial || !known.is_partial) {
        op->is_duplicate = true;
        op->seq = known.seq;
        op->time_ms = known.time_ms;
    } else if (op->kind == KOLAM_OP_STROKE) {
        op->replaces = known.seq > plan->index->base_seq ? known.seq : 0;
    } else {
        return KOLAM_ERR_INVALID; /* a stroke's id for something that is no stroke */
    }
    return KOLAM_OK;
}

/* An atomic unit was committed whole or not at all. */
static enum kolam_status find_ops(struct kolam_canvas_plan *plan, int64_t origin,
                                  struct kolam_submission *submission, bool *out_is_new) {
    const bool has_origin = origin != 0 || plan->former_origin_count > 0;
    const uint32_t count = kolam_submission_own_count(submission);
    uint32_t duplicates = 0;
    for (uint32_t i = 0; i < count && has_origin; i++) {
        enum kolam_status status = find_op(plan, origin, &submission->ops[i]);
        if (status != KOLAM_OK) {
            return status;
        }
        duplicates += submission->ops[i].is_duplicate;
    }
    if (duplicates != 0 && duplicates != count) {
        return KOLAM_ERR_INVALID; /* ids of one unit used again in another */
    }
    *out_is_new = duplicates == 0;
    return KOLAM_OK;
}

/* ---- what is changed ---- */

enum kolam_status kolam_canvas_plan_unite(const struct kolam_canvas_index *index,
                                          const struct kolam_log_op *op,
                                          struct kolam_op_plan *op_plan) {
    uint32_t own = op->kind == KOLAM_OP_STROKE ? op->home_count : 0;
    uint32_t count = own + op_plan->change_end - op_plan->change_first;
    struct kolam_home *homes = kolam_alloc_array(count, sizeof *homes);
    if (!homes) {
        return KOLAM_ERR_NOMEM;
    }
    if (own > 0) {
        memcpy(homes, op->homes, own * sizeof *homes);
    }
    for (uint32_t i = op_plan->change_first; i < op_plan->change_end; i++) {
        homes[own++] = index->changes[i].home;
    }
    op_plan->homes = homes;
    op_plan->home_count = kolam_homes_unite(homes, count);
    return KOLAM_OK;
}

/* The index and the areas may be of different levels. */
static bool rests(const struct kolam_submission *submission, const struct kolam_home *home) {
    const int64_t left = home->tile.x * KOLAM_TILE_PX, top = home->tile.y * KOLAM_TILE_PX;
    const struct kolam_rect rect = {left + home->x0, top + home->y0, left + home->x1 + 1,
                                    top + home->y1 + 1, home->tile.level};
    for (uint32_t i = 0; i < submission->resting_count; i++) {
        if (kolam_rects_touch(&submission->resting[i], &rect)) {
            return true;
        }
    }
    return false;
}

static enum kolam_status check_resting(const struct kolam_canvas_index *index,
                                       struct kolam_submission *submission, uint32_t first,
                                       uint32_t end) {
    for (uint32_t i = first; i < end && submission->resting_count > 0; i++) {
        if (rests(submission, &index->changes[i].home)) {
            submission->is_resting = true;
            return KOLAM_ERR_DENIED;
        }
    }
    return KOLAM_OK;
}

/* What somebody else hid its author does not show again, nor puts something in its place: an edit is a hide in company. To
 * hide it once more is no more than was done. What is withheld is hidden whatever it shows. */
static enum kolam_status check_hiders(struct kolam_canvas_plan *plan,
                                      struct kolam_submission *submission,
                                      const struct kolam_log_op *op, uint32_t first, uint32_t end) {
    struct kolam_canvas_index *index = plan->index;
    const bool is_edit = op->kind == KOLAM_OP_HIDE && kolam_submission_own_count(submission) > 1;
    enum kolam_status status = KOLAM_OK;
    if (submission->may_change_others || submission->withheld_by ||
        (op->kind != KOLAM_OP_SHOW && !is_edit)) {
        return KOLAM_OK;
    }
    for (uint32_t i = first; i < end && status == KOLAM_OK; i++) {
        const uint64_t target = index->changes[i].target;
        if (i > first && target == index->changes[i - 1].target) {
            continue;
        }
        status = kolam_canvas_hiders_ask(&index->hiders, target, &plan->owner,
                                         &submission->is_anothers_hide);
        if (status == KOLAM_OK && submission->is_anothers_hide) {
            status = KOLAM_ERR_DENIED;
        }
    }
    return status;
}

static enum kolam_status plan_op(struct kolam_canvas_plan *plan,
                                 struct kolam_submission *submission, const struct kolam_log_op *op,
                                 struct kolam_op_plan *op_plan) {
    struct kolam_canvas_index *index = plan->index;
    enum kolam_status status = KOLAM_OK;
    op_plan->change_first = index->change_count;
    if (op->replaces != 0) {
        status = kolam_canvas_index_change(index, op->replaces, NULL);
    } else if (op->kind == KOLAM_OP_HIDE || op->kind == KOLAM_OP_SHOW) {
        status = kolam_canvas_index_change_all(index, op->body, op->body_size_bytes,
                                               submission->may_change_others ? NULL : &plan->owner);
    }
    op_plan->change_end = index->change_count;
    if (status == KOLAM_OK) {
        status = check_resting(index, submission, op_plan->change_first, op_plan->change_end);
    }
    if (status == KOLAM_OK) {
        status = check_hiders(plan, submission, op, op_plan->change_first, op_plan->change_end);
    }
    if (status == KOLAM_OK && op_plan->change_end > op_plan->change_first) {
        status = kolam_canvas_plan_unite(index, op, op_plan);
    }
    return status;
}

static enum kolam_status reserve_ops(struct kolam_canvas_plan *plan, uint32_t count) {
    if (count > plan->capacity) {
        struct kolam_op_plan *ops = kolam_realloc_array(plan->ops, count, sizeof *ops);
        if (!ops) {
            return KOLAM_ERR_NOMEM;
        }
        plan->ops = ops;
        plan->capacity = count;
    }
    if (count > 0) {
        memset(plan->ops, 0, count * sizeof *plan->ops);
    }
    plan->op_count = count;
    kolam_canvas_index_clear_changes(plan->index);
    return KOLAM_OK;
}

void kolam_canvas_plan_drop(struct kolam_canvas_plan *plan) {
    for (uint32_t i = 0; i < plan->op_count; i++) {
        kolam_free(plan->ops[i].homes);
    }
    plan->op_count = 0;
}

enum kolam_status kolam_canvas_plan_make(struct kolam_canvas_plan *plan,
                                         struct kolam_submission *submission,
                                         struct kolam_known_author *out_known, bool *out_is_new) {
    struct kolam_known_author known = {0};
    bool is_new = false;
    enum kolam_status status = submission_is_valid(submission)
                                   ? kolam_canvas_plan_author(plan, submission, &known)
                                   : KOLAM_ERR_INVALID;
    if (status == KOLAM_OK) {
        status = find_selves(plan, submission, known.artist);
    }
    if (status == KOLAM_OK) {
        status = find_ops(plan, known.origin, submission, &is_new);
    }
    if (status == KOLAM_OK && is_new && submission->is_known_only) {
        status = KOLAM_ERR_DENIED;
    }
    if (status == KOLAM_OK && is_new) {
        status = reserve_ops(plan, submission->op_count);
    }
    const uint32_t own_count = kolam_submission_own_count(submission);
    for (uint32_t i = 0; i < own_count && is_new && status == KOLAM_OK; i++) {
        status = plan_op(plan, submission, &submission->ops[i], &plan->ops[i]);
    }
    if (submission->withheld_by && is_new && status == KOLAM_OK) {
        status = kolam_canvas_withhold_plan(plan, submission);
    }
    if (status == KOLAM_OK) {
        *out_known = known;
        *out_is_new = is_new;
    }
    return status;
}
