/* How much was drawn where: strokes per tile, of all time or a span, of everybody or one artist.
 *
 * The work is bounded, whatever was ever drawn. What the index knows of the rectangle is counted exactly as long as that is
 * little; else the ops of the span are looked at, and of many every so-manieth. One thread at a time, a worker's own. */
#ifndef KOLAM_HEAT_H
#define KOLAM_HEAT_H

#include "kolam/policy.h"

#define KOLAM_HEAT_SIDE_MAX 64            /* tiles */
#define KOLAM_HEAT_ROWS_MAX 65536         /* index rows looked at before ops are */
#define KOLAM_HEAT_OPS_MAX 8192           /* ops looked at */
#define KOLAM_HEAT_ARTIST_OPS_MAX 1000000 /* of one artist in the span; more: KOLAM_ERR_FULL */

struct kolam_heat_question {
    struct kolam_tile_id corner;
    uint32_t width, height; /* 1..KOLAM_HEAT_SIDE_MAX tiles */
    bool has_from, has_to;
    int64_t from_ms, to_ms;          /* included; excluded */
    uint32_t artist;                 /* 0: everybody */
    const struct kolam_quiet *quiet; /* an artist's strokes there do not count; or NULL */
};

struct kolam_heat {
    uint32_t every; /* of so many strokes one was looked at; counts are multiplied by it */
    uint32_t counts[KOLAM_HEAT_SIDE_MAX * KOLAM_HEAT_SIDE_MAX]; /* row by row, `width` a row */
};

/* True for a rectangle of tiles inside the world. */
bool kolam_heat_question_is_valid(const struct kolam_heat_question *question);

/* KOLAM_ERR_FULL: the artist drew too much in that span. */
KOLAM_MUST_CHECK enum kolam_status kolam_heat_find(struct kolam_reader *reader,
                                                   const struct kolam_heat_question *question,
                                                   struct kolam_heat *out_heat);

#endif
