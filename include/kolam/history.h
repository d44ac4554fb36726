/* The past of a canvas: moments, who drew what where, and how much was drawn when.
 *
 * All of it is read from the log and its index; nothing here writes. One thread at a time, a worker's own. */
#ifndef KOLAM_HISTORY_H
#define KOLAM_HISTORY_H

#include "kolam/policy.h"
#include "kolam/raster.h"

/* More index rows than this in one question: KOLAM_ERR_FULL, ask for a smaller area. */
#define KOLAM_HISTORY_ROWS_MAX 2000000
#define KOLAM_LASSO_POINTS_MAX 1024
#define KOLAM_BUCKETS_MAX 1024

/* ---- moments ---- */

/* What `at=` says: a seq ("4711"), or a time in ISO 8601 ("2026-11-22T03:15:00Z", a fraction of a second and an
 * offset "+05:30" allowed; a date alone is its beginning; without an offset it is UTC). */
struct kolam_moment {
    bool is_time;
    uint64_t seq;
    int64_t time_ms;
};

/* KOLAM_ERR_INVALID for anything else. Any thread. */
KOLAM_MUST_CHECK enum kolam_status kolam_moment_parse(const char *text, size_t size_bytes,
                                                      struct kolam_moment *out_moment);
/* The seq of the state that the moment means: the newest op committed by then. KOLAM_ERR_NOT_FOUND with words for
 * a moment before the first op, a seq that is not there yet, or a time after now_ms; KOLAM_ERR_GONE with words for one before
 * the base. */
KOLAM_MUST_CHECK enum kolam_status kolam_moment_resolve(struct kolam_reader *reader,
                                                        const struct kolam_moment *moment,
                                                        int64_t now_ms, uint64_t *out_seq,
                                                        struct kolam_error *error);

/* ---- strokes of an area ---- */

/* Pixels of one level, exact at every zoom. With a lasso (a closed polygon, even-odd, in pixels from x0, y0) only what it
 * encloses or crosses counts, and the rectangle is its bounding box. */
struct kolam_area {
    struct kolam_rect rect;
    const double (*lasso)[2];
    uint32_t lasso_count;
};

struct kolam_selection {
    struct kolam_area area;
    uint64_t from_seq, to_seq; /* both included; to_seq may be KOLAM_SEQ_NOW */
    const uint32_t *artists;   /* NULL: everybody */
    uint32_t artist_count;
    /* A drawing of many points is a group of ops: of a group of which one part is meant every part is visited, also
     * those outside the area and the span. */
    bool takes_groups;
    /* The visitor will stop soon, and ask again from there: nothing else changes. Not with takes_groups. */
    bool is_paged;
};

struct kolam_selected {
    const struct kolam_log_row *row;
    const struct kolam_stroke *stroke;
    uint64_t group_seq; /* the first part's: what has the same is one drawing */
    bool is_hidden;     /* now, whatever the span */
    bool is_quiet; /* it, or another part of the drawing, touches what kolam_history_mind told */
};
typedef bool kolam_selected_visit(void *ctx, const struct kolam_selected *selected);

struct kolam_history;

/* Takes ownership of nothing; `reader` must outlive it. */
KOLAM_MUST_CHECK enum kolam_status kolam_history_create(struct kolam_reader *reader,
                                                        struct kolam_history **out_history);
void kolam_history_destroy(struct kolam_history *history); /* NULL is safe */
/* The areas by which `is_quiet` is meant: NULL, as at first, none; they outlive the history. */
void kolam_history_mind(struct kolam_history *history, const struct kolam_quiet *quiet);

/* Visits the strokes that have ink in the area, oldest first, until `visit` returns false. */
KOLAM_MUST_CHECK enum kolam_status kolam_history_select(struct kolam_history *history,
                                                        const struct kolam_selection *selection,
                                                        kolam_selected_visit *visit, void *ctx);

/* What lies under a pixel: a stroke, or all parts of a group as one. */
struct kolam_drawing {
    uint64_t seq;       /* its last part's: as of this one it is there */
    uint64_t first_seq; /* its first part's */
    int64_t time_ms;
    uint32_t artist;
    uint32_t part_count; /* with consecutive seqs, ending with `seq` */
    uint64_t point_count;
    enum kolam_tool tool;
    uint32_t color, width; /* as in a stroke of this level */
    int32_t level;
    bool is_hidden; /* now, all of it */
    bool is_quiet;  /* any of it; as in kolam_selected */
    bool has_drawn; /* its own clock is known */
    int64_t drawn_from_ms, drawn_to_ms;
    struct kolam_rect box; /* of its ink, in pixels of the level asked for */
};
typedef bool kolam_drawing_visit(void *ctx, const struct kolam_drawing *drawing);

/* Visits the drawings under a pixel of a level, newest first, hidden ones included; `slack_px` widens the pixel for
 * fingers. What counts is the ink as it is drawn at that level. */
KOLAM_MUST_CHECK enum kolam_status kolam_history_blame(struct kolam_history *history, int32_t level,
                                                       int64_t x, int64_t y, uint32_t slack_px,
                                                       kolam_drawing_visit *visit, void *ctx);

/* Counts the strokes of an area in `bucket_count` equal spans of time from from_ms (included) to to_ms (excluded). */
KOLAM_MUST_CHECK enum kolam_status
kolam_history_activity(struct kolam_history *history, const struct kolam_rect *rect,
                       int64_t from_ms, int64_t to_ms, uint32_t bucket_count, uint32_t *out_counts);

#endif
