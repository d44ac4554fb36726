/* A stroke of a file as ops: its level, its quantised points, its parts, their bodies and homes. */
#ifndef KOLAM_TOOLS_STROKE_BUILD_H
#define KOLAM_TOOLS_STROKE_BUILD_H

#include "ndjson.h"

struct kolam_built_op {
    uint8_t *body; /* kolam_alloc'ed, as are the homes: free them, or hand them on and set NULL */
    size_t body_size_bytes;
    struct kolam_home *homes;
    uint32_t home_count;
};

struct kolam_built_stroke {
    uint32_t op_count; /* 1, or the parts of a group */
    struct kolam_built_op ops[KOLAM_GROUP_PARTS_MAX];
};

void kolam_built_stroke_finish(struct kolam_built_stroke *built);

/* Quantises at `level` (0 or coarser) without choosing: at most KOLAM_STROKE_POINTS_MAX points from
 * `first` on into `out_points`, which the caller gives. KOLAM_ERR_INVALID if a point does not fit. */
KOLAM_MUST_CHECK enum kolam_status kolam_stroke_quantise(const struct kolam_drawn_stroke *drawn,
                                                         size_t first, uint32_t count,
                                                         int32_t level,
                                                         struct kolam_point *out_points,
                                                         struct kolam_stroke *out_stroke);

struct kolam_stroke_builder; /* scratch room; one thread at a time */

struct kolam_stroke_builder *kolam_stroke_builder_create(void); /* NULL when out of memory */
void kolam_stroke_builder_destroy(struct kolam_stroke_builder *builder); /* NULL is safe */

/* Draws the stroke at level 0, or at the finest coarser level at which it keeps to the limits of
 * an op (homes, width, reach). More than KOLAM_STROKE_POINTS_MAX points become parts of a group that share
 * an end point. KOLAM_ERR_INVALID (error says why), KOLAM_ERR_NOMEM. */
KOLAM_MUST_CHECK enum kolam_status kolam_stroke_build(struct kolam_stroke_builder *builder,
                                                      const struct kolam_drawn_stroke *drawn,
                                                      struct kolam_built_stroke *out_built,
                                                      struct kolam_error *error);

#endif
