/* Where people drew lately: a ring of each canvas's newest strokes, and the places that they make. What is added at a
 * commit costs the same whatever was drawn; finding places costs what is in the ring, and is a worker's. */
#ifndef KOLAM_SERVER_LIVELY_H
#define KOLAM_SERVER_LIVELY_H

#include <stdbool.h>

#include "kolam/log.h"
#include "view.h"

#define KOLAM_LIVELY_STROKES_MAX 4096 /* a canvas: 288 KB */
#define KOLAM_LIVELY_PLACES_MAX 64
#define KOLAM_LIVELY_ARTISTS_MAX 8    /* named, a place */
#define KOLAM_LIVELY_MINUTES_MAX 1440 /* how far back one can ask */
#define KOLAM_LIVELY_DRAWINGS_MAX 512 /* strokes under the pen that are looked at */
#define KOLAM_LIVELY_CELL_PX 512      /* a place is three cells wide */
#define KOLAM_LIVELY_OVERHANG_PX 512  /* ink that sticks out of it is not followed further */

struct kolam_lively_stroke {
    uint64_t seq;
    int64_t time_ms; /* committed */
    uint32_t artist; /* 0: nobody's */
    bool is_hidden;  /* undone, or rolled back: nothing to see there */
    bool is_drawing; /* under the pen: time_ms is now */
    struct kolam_extent extent;
};

/* The newest strokes, the oldest first. Zeroed is empty. */
struct kolam_lively {
    struct kolam_lively_stroke *strokes; /* a ring of `capacity`, a power of two */
    uint32_t capacity, begin, count;
    bool is_loaded;     /* what was committed before the canvas was opened is in it */
    uint64_t since_seq; /* it holds what came after this by itself */
};

void kolam_lively_finish(struct kolam_lively *lively);
/* Without memory the stroke is left out. */
void kolam_lively_add(struct kolam_lively *lively, const struct kolam_lively_stroke *stroke);
/* These seqs, rising, were hidden or shown. */
void kolam_lively_mark(struct kolam_lively *lively, const uint64_t *seqs, uint32_t count,
                       bool is_hidden);
/* What an op that was committed changes; `room` is for decoding a hide or show. */
void kolam_lively_commit(struct kolam_lively *lively, uint32_t artist,
                         const struct kolam_log_op *op, struct kolam_op_room *room);
/* Puts older strokes before those that are there, as far as there is room. */
void kolam_lively_load(struct kolam_lively *lively, const struct kolam_lively *older);
/* Copies those since `since_ms` that are not hidden, the oldest first, at most KOLAM_LIVELY_STROKES_MAX; returns how many. */
uint32_t kolam_lively_copy(const struct kolam_lively *lively, int64_t since_ms,
                           struct kolam_lively_stroke *out);

struct kolam_lively_place {
    struct kolam_extent box; /* of the ink there, inclusive pixels of its level */
    uint32_t strokes, drawing;
    int64_t last_ms;
    uint32_t artist_count;                      /* in all */
    uint32_t named_count;                       /* of which are in: */
    uint32_t artists[KOLAM_LIVELY_ARTISTS_MAX]; /* those with most strokes first */
};

/* Finds up to `limit` places, the liveliest first, each stroke in one at most. Strokes weigh half after each eighth of the
 * span that ends now. Pure; any thread. */
KOLAM_MUST_CHECK enum kolam_status kolam_lively_find(const struct kolam_lively_stroke *strokes,
                                                     uint32_t count, int64_t now_ms,
                                                     int64_t span_ms, uint32_t limit,
                                                     struct kolam_lively_place *out_places,
                                                     uint32_t *out_count);

#endif
