/* A question about the past on its way: its parameters, and the answer that a worker makes. */
#ifndef KOLAM_SERVER_HISTORY_JOB_H
#define KOLAM_SERVER_HISTORY_JOB_H

#include <stdatomic.h>

#include "canvas.h"
#include "kolam/history.h"
#include "veil.h"

#define KOLAM_HISTORY_STROKES_MAX 1000 /* an answer of `strokes` */
#define KOLAM_HISTORY_STROKE_BYTES (4u << 20)
#define KOLAM_HISTORY_BLAME_MAX 100

struct kolam_history_job {
    struct kolam_job job;
    struct kolam_canvas *canvas; /* held */
    struct kolam_http *http;     /* NULL once the client is gone */
    atomic_bool is_gone;         /* the same, for the worker */
    int64_t now_ms;
    struct kolam_veil veil; /* what who asks may see of who drew */
    enum kolam_status (*answer)(struct kolam_history_job *job, struct kolam_worker_canvas *canvas,
                                struct kolam_history *history);

    /* What is asked; each question has its own. */
    struct kolam_moment moment;
    struct kolam_rect rect;
    int32_t level;
    int64_t x, y, slack;
    int64_t from, to, bucket_count; /* -1: not given */
    int64_t artist, after, limit;
    int64_t with_hidden; /* 0: strokes that are hidden now are left out */

    uint64_t *voted; /* strokes (their first parts) about which who asks has voted; or NULL */
    uint32_t voted_count;

    enum kolam_status status;
    struct kolam_error error;
    char *json; /* kolam_json_text's; or: */
    struct kolam_bytes *records;
    uint64_t more_seq; /* ask again with after=; 0: that was all */
    uint64_t base_seq; /* of the canvas: strokes up to it are not among them */
};

/* The workers' part. */
KOLAM_MUST_CHECK enum kolam_status kolam_history_answer_moment(struct kolam_history_job *job,
                                                               struct kolam_worker_canvas *canvas,
                                                               struct kolam_history *history);
KOLAM_MUST_CHECK enum kolam_status kolam_history_answer_activity(struct kolam_history_job *job,
                                                                 struct kolam_worker_canvas *canvas,
                                                                 struct kolam_history *history);
KOLAM_MUST_CHECK enum kolam_status kolam_history_answer_at(struct kolam_history_job *job,
                                                           struct kolam_worker_canvas *canvas,
                                                           struct kolam_history *history);
KOLAM_MUST_CHECK enum kolam_status kolam_history_answer_strokes(struct kolam_history_job *job,
                                                                struct kolam_worker_canvas *canvas,
                                                                struct kolam_history *history);

#endif
