/* A rollback on its way: what was chosen, what is found, and the hides that come of it. */
#ifndef KOLAM_SERVER_HISTORY_ROLLBACK_H
#define KOLAM_SERVER_HISTORY_ROLLBACK_H

#include "kolam/history.h"
#include "kolam/policy.h"
#include "session.h"

#define KOLAM_ROLLBACK_OPS_MAX 32
#define KOLAM_ROLLBACK_STROKES_MAX (KOLAM_ROLLBACK_OPS_MAX * KOLAM_TARGETS_MAX)
#define KOLAM_ROLLBACK_ARTISTS_MAX 256

/* One stroke, or one part of a group, to hide. */
struct kolam_rollback_stroke {
    uint64_t seq, group_seq;
    uint32_t artist;
    uint32_t op; /* which of the hides names it */
};

struct kolam_rollback_artist {
    uint32_t artist, strokes;
    char name[KOLAM_NAME_BYTES_MAX + 1];
};

struct kolam_rollback {
    struct kolam_job job;
    struct kolam_ask ask;
    struct kolam_canvas_wait wait;
    bool is_apply;
    struct kolam_author author; /* of the hides */
    bool is_operators;          /* with the admin token */
    char why[KOLAM_ACT_WHY_BYTES_MAX + 1];
    struct kolam_selection selection;
    double lasso[KOLAM_LASSO_POINTS_MAX][2];
    uint32_t artists[KOLAM_ROLLBACK_ARTISTS_MAX];

    enum kolam_status status;
    struct kolam_rollback_stroke *strokes; /* in seq order */
    uint32_t stroke_count, stroke_capacity, op_count;
    uint32_t drawing_count;        /* a group counts once */
    uint32_t op_targets, op_homes; /* of the last hide so far */
    uint64_t op_bytes;
    struct kolam_rollback_artist
        found[KOLAM_ROLLBACK_ARTISTS_MAX]; /* those with most strokes first */
    uint32_t found_count;
    struct kolam_submission *submission; /* is_apply: the hides, and the record of them */
};

/* A worker's: fills strokes, found, op_count and, to apply it, submission. KOLAM_ERR_FULL if they are too many. */
KOLAM_MUST_CHECK enum kolam_status kolam_rollback_find(struct kolam_rollback *rollback,
                                                       struct kolam_worker_canvas *canvas);

#endif
