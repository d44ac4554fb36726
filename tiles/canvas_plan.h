/* What is decided about a submission before a row of it is written: who its author is here, whether
 * it was committed before, what its ops change. Looks only; the writer acts on it. */
#ifndef KOLAM_TILES_CANVAS_PLAN_H
#define KOLAM_TILES_CANVAS_PLAN_H

#include "canvas_index.h"
#include "kolam/log.h"

/* The author as the file knows it; 0 where it does not. */
struct kolam_known_author {
    int64_t artist, origin;
    uint64_t nonce;  /* the origin's */
    bool is_renamed; /* the file shows another name */
};

struct kolam_op_plan {
    uint32_t change_first, change_end; /* in index->changes */
    struct kolam_home *homes;          /* the op's and its targets', each tile once; or NULL */
    uint32_t home_count;
};

struct kolam_canvas_plan {
    struct kolam_canvas_index *index;
    /* Of the submission planned last: its author by all numbers, and the origins that former selves gave its nonce. */
    struct kolam_canvas_owner owner;
    int64_t former_origins[KOLAM_FORMERS_MAX];
    uint32_t former_origin_count;
    sqlite3_stmt *find_artist, *find_origin, *find_op, *find_base_id;
    struct kolam_op_plan *ops; /* one for each op of the submission planned last */
    uint32_t op_count, capacity;
};

/* The index is the caller's and outlives the plan. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_plan_init(struct kolam_canvas_plan *plan,
                                                          sqlite3 *db,
                                                          struct kolam_canvas_index *index);
void kolam_canvas_plan_finish(struct kolam_canvas_plan *plan); /* zeroed is safe */

KOLAM_MUST_CHECK enum kolam_status kolam_canvas_plan_artist(struct kolam_canvas_plan *plan,
                                                            const struct kolam_author *author,
                                                            struct kolam_known_author *out_known);
/* With the origin of the submission's nonce. */
KOLAM_MUST_CHECK enum kolam_status
kolam_canvas_plan_author(struct kolam_canvas_plan *plan, const struct kolam_submission *submission,
                         struct kolam_known_author *out_known);
/* Joins the op's own homes and those of what it changes, in op_plan->homes. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_plan_unite(const struct kolam_canvas_index *index,
                                                           const struct kolam_log_op *op,
                                                           struct kolam_op_plan *op_plan);
/* Plans a submission; marks its duplicates and replacements. *out_is_new: there is something to write.
 * INVALID, NOT_FOUND, DENIED and NOMEM are about this submission; others about the file. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_plan_make(struct kolam_canvas_plan *plan,
                                                          struct kolam_submission *submission,
                                                          struct kolam_known_author *out_known,
                                                          bool *out_is_new);
/* Frees what the plan holds of its submission. */
void kolam_canvas_plan_drop(struct kolam_canvas_plan *plan);

#endif
