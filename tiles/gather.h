/* What a tile is drawn from: the strokes that can touch it, found through the quadtree index. */
#ifndef KOLAM_GATHER_H
#define KOLAM_GATHER_H

#include <stdbool.h>

#include "kolam/reader.h"

struct gather_stroke {
    uint64_t seq;
    bool is_hidden; /* by the newest hide or show of it, as of the state gathered */
};

/* A part of a tile in its own pixels, both ends included; empty when x0 > x1. */
struct gather_box {
    int32_t x0, y0, x1, y1;
};

#define GATHER_WHOLE_TILE ((struct gather_box){0, 0, 255, 255})
#define GATHER_NO_BOX ((struct gather_box){256, 256, -1, -1})

/* Which rows: after_seq < seq <= max_seq, touching `part` of the tile. Only strokes after `after_seq` are
 * listed; whether the tile is averaged is told of the whole tile at state max_seq. */
struct gather_range {
    uint64_t after_seq, max_seq;
    uint32_t below_max; /* more strokes' rows below the tile than this: it is averaged */
    struct gather_box part;
};

/* Rows of the index that concern one tile, and what follows from them. Reused from tile to tile. */
struct gather {
    struct kolam_home_row *rows;
    uint32_t row_count, row_capacity;
    struct gather_stroke *strokes; /* in seq order, each once */
    uint32_t stroke_count, stroke_capacity;
    bool has_changes; /* a hide or show is among the rows */
    struct gather_box
        changed;              /* what hides and shows of strokes up to after_seq can have changed */
    bool is_averaged;         /* too much lies below: strokes are not filled */
    enum kolam_status status; /* the first error of a visitor sticks */
};

void gather_finish(struct gather *gather);

/* Fills `gather` for the tile. Call it within the reader's begin/end. */
KOLAM_MUST_CHECK enum kolam_status gather_tile(struct gather *gather, struct kolam_reader *reader,
                                               struct kolam_tile_id tile,
                                               const struct gather_range *range);

/* Fills `gather` with all rows with seq <= max_seq that touch the rectangle (pixels of its level), whatever level they
 * are homed at; `changed` and `is_averaged` say nothing. KOLAM_ERR_FULL past row_max rows. Within begin/end. */
KOLAM_MUST_CHECK enum kolam_status gather_area(struct gather *gather, struct kolam_reader *reader,
                                               const struct kolam_rect *rect, uint64_t max_seq,
                                               uint32_t row_max);

/* The newest seq, up to max_seq, of any row that can touch the tile; 0 if none. The cost does not grow with
 * what was drawn: reader_past.c tells how. Within the reader's begin/end. */
KOLAM_MUST_CHECK enum kolam_status gather_version(struct kolam_reader *reader,
                                                  struct kolam_tile_id tile, uint64_t max_seq,
                                                  uint64_t *out_seq);

#endif
