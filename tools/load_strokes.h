/* What the artists draw and when: strokes of corpus files at their recorded tempo, or made-up ones at a fixed rate. All
 * are encoded before the run begins; while it runs they are only read. */
#ifndef KOLAM_TOOLS_LOAD_STROKES_H
#define KOLAM_TOOLS_LOAD_STROKES_H

#include "load_geometry.h"
#include "stroke_build.h"

/* One op. */
struct kolam_load_part {
    const uint8_t *body;
    size_t body_bytes;
    struct kolam_load_ink ink; /* of a hide or show: of what it changes */
    bool is_change;            /* a hide or show */
    uint32_t unit_ops;         /* it is sent together with the following ones: so many in all */
};

struct kolam_load_stroke {
    struct kolam_built_stroke *built; /* owns the bodies and homes */
    struct kolam_load_part *parts;
    uint32_t part_count;
    struct kolam_stroke pen; /* the points as previews send them */
    uint32_t *due_ms;        /* when each of them is drawn, since the start */
    double x, y;             /* its middle, level-0 pixels */
    int64_t start_us, duration_us;
};

/* An artist's strokes in the order of their times; after `period_us` they begin again. */
struct kolam_load_score {
    struct kolam_load_stroke *strokes;
    size_t count, capacity;
};

struct kolam_load_plan {
    struct kolam_load_score *scores; /* one an artist */
    uint32_t artist_count;
    int64_t period_us;
    double strokes_per_s, ops_per_s, points_per_s;
    uint64_t left_out; /* strokes of files for which no artist was free */
};

struct kolam_load_plan_options {
    uint32_t artists;
    const char *const *files; /* none: made up */
    int file_count;
    double rate;      /* made-up strokes a second and artist */
    double tempo;     /* of a replay: 1 is as recorded */
    double seconds;   /* no more of a file is needed than that */
    bool is_gathered; /* all drawings are moved to the one place around 0,0 */
    uint64_t seed;
};

/* Where everybody draws with is_gathered: this many level-0 pixels around 0,0. */
#define KOLAM_LOAD_PLACE_WIDTH 1792
#define KOLAM_LOAD_PLACE_HEIGHT 1280

KOLAM_MUST_CHECK enum kolam_status
kolam_load_plan_init(struct kolam_load_plan *plan, const struct kolam_load_plan_options *options,
                     struct kolam_error *error);
void kolam_load_plan_finish(struct kolam_load_plan *plan);

/* Encodes a stroke, moved by (dx, dy), to the end of the artist's score. */
KOLAM_MUST_CHECK enum kolam_status
kolam_load_score_add(struct kolam_load_score *score, struct kolam_stroke_builder *builder,
                     const struct kolam_drawn_stroke *drawn, double dx, double dy, double tempo,
                     int64_t start_us, struct kolam_error *error);

/* Fills the scores; the two sources of strokes. */
KOLAM_MUST_CHECK enum kolam_status kolam_load_replay(struct kolam_load_plan *plan,
                                                     const struct kolam_load_plan_options *options,
                                                     struct kolam_stroke_builder *builder,
                                                     struct kolam_error *error);
KOLAM_MUST_CHECK enum kolam_status kolam_load_make_up(struct kolam_load_plan *plan,
                                                      const struct kolam_load_plan_options *options,
                                                      struct kolam_stroke_builder *builder,
                                                      struct kolam_error *error);

#endif
