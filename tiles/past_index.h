/* When things were drawn where: for each tile of a few coarse levels, the newest seq in each epoch of the log
 * of what is homed below it. In memory, made by one walk over the home index in path order; see past_index.c. */
#ifndef KOLAM_TILES_PAST_INDEX_H
#define KOLAM_TILES_PAST_INDEX_H

#include <stddef.h>

#include "canvas_nodes.h"
#include "kolam/geometry.h"
#include "kolam/status.h"

/* The levels -24, -20 ... 20 have nodes: of what lies strictly below them. */
#define PAST_LEVELS ((KOLAM_LEVEL_MAX - KOLAM_LEVEL_MIN) / KOLAM_NODE_LEVEL_STEP)

/* One node in one epoch in which something was done below it. */
struct past_entry {
    uint64_t newest; /* seq: its epoch is (newest - 1) / epoch_ops */
    uint64_t
        stroke_rows; /* home rows of strokes below, from the beginning to the end of this epoch */
};

struct past_node {
    struct kolam_tile_id tile;
    size_t first, count; /* entries, in the order of their epochs */
};

struct past_open; /* a node that is being filled */

struct past_index {
    uint64_t until_seq; /* all rows up to it are in */
    uint64_t epoch_ops;
    struct past_node *nodes; /* sorted once it is complete */
    struct past_entry *entries;
    size_t node_count, node_capacity, entry_count, entry_capacity;
    struct past_open *open[PAST_LEVELS]; /* from the coarsest; while it is being filled */
};

/* Empties the index for rows up to last_seq; zeroed memory is an empty index. */
KOLAM_MUST_CHECK enum kolam_status past_index_begin(struct past_index *index, uint64_t last_seq);
/* Rows come in the order of (path, level), of one home in any order of seqs, each seq at most last_seq. */
KOLAM_MUST_CHECK enum kolam_status
past_index_add(struct past_index *index, struct kolam_tile_id home, uint64_t seq, bool is_stroke);
KOLAM_MUST_CHECK enum kolam_status past_index_end(struct past_index *index);
void past_index_finish(struct past_index *index);

/* What is known of a tile of such a level, of what is strictly below it, up to max_seq. */
struct past_answer {
    uint64_t newest;      /* of the whole epochs */
    uint64_t stroke_rows; /* at least so many */
    uint64_t
        unknown_after; /* seqs in (unknown_after, max_seq] may have come since; max_seq: none */
};
struct past_answer past_index_find(const struct past_index *index, struct kolam_tile_id tile,
                                   uint64_t max_seq);

#endif
