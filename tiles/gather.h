/* What a tile is drawn from: the strokes that can touch it, found through the quadtree index. */
#ifndef KOLAM_GATHER_H
#define KOLAM_GATHER_H

#include "kolam/reader.h"

struct gather_stroke {
    uint64_t seq;
    bool is_hidden; /* by the newest hide or show of it, as of the state gathered */
};

/* Rows of the index that concern one tile, and what follows from them. Reused from tile to tile. */
struct gather {
    struct kolam_home_row *rows;
    uint32_t row_count, row_capacity;
    struct gather_stroke *strokes; /* in seq order, each once */
    uint32_t stroke_count, stroke_capacity;
    uint64_t newest_seq;        /* the tile's version: the newest seq of any row; 0 if none */
    uint64_t newest_change_seq; /* the newest seq of a hide or show row; 0 if none */
    bool is_averaged;           /* too much lies below: rows are not complete, strokes are not filled */
    enum kolam_status status;   /* the first error of a visitor sticks */
};

void gather_finish(struct gather *gather);

/* Fills `gather` for the tile at state max_seq. Call it within the reader's begin/end. If what lies below
 * is more than `below_max` rows, is_averaged is set; newest_seq is right in both cases. */
KOLAM_MUST_CHECK enum kolam_status gather_tile(struct gather *gather, struct kolam_reader *reader,
                                               struct kolam_tile_id tile, uint64_t max_seq,
                                               uint32_t below_max);

#endif
