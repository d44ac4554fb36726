/* Whether strokes are hidden now, for one who asks of many, place by place; see history_hidden.c. */
#ifndef KOLAM_TILES_HISTORY_HIDDEN_H
#define KOLAM_TILES_HISTORY_HIDDEN_H

#include "kolam/reader.h"

#define HIDDEN_TILES 256

/* The newest hide or show of a stroke. */
struct hidden_change {
    uint64_t target, seq;
    bool is_hidden;
};

struct hidden_tile {
    bool is_read;
    struct kolam_tile_id tile;
    struct hidden_change *changes; /* by target */
    uint32_t count, capacity;
};

/* Zeroed memory is an empty one. Reused: what it knows is dropped by hidden_forget. */
struct hidden_cache {
    struct hidden_tile tiles[HIDDEN_TILES];
};

void hidden_forget(struct hidden_cache *cache);
void hidden_finish(struct hidden_cache *cache);

/* Of the stroke `seq`, one of whose homes is `home`. The same reader and state for all questions until forgotten. */
KOLAM_MUST_CHECK enum kolam_status hidden_ask(struct hidden_cache *cache,
                                              struct kolam_reader *reader,
                                              struct kolam_tile_id home, uint64_t seq,
                                              bool *out_is_hidden);

#endif
