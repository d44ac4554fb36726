/* The node table: the newest seq at or below a tile, kept for the tiles that docs/storage.md names. A
 * batch's nodes gather here, each once, and are written together before it is committed. */
#ifndef KOLAM_TILES_CANVAS_NODES_H
#define KOLAM_TILES_CANVAS_NODES_H

#include "kolam/geometry.h"
#include "sql.h"

/* Levels that are multiples of this have nodes for everything below them too. */
#define KOLAM_NODE_LEVEL_STEP 4

struct kolam_node {
    struct kolam_tile_id tile;
    uint64_t seq; /* 0: an empty place of the hash table */
};

struct kolam_canvas_nodes {
    sqlite3_stmt *upsert;
    struct kolam_node *table; /* open addressing; the capacity is 0 or a power of two */
    uint32_t count, capacity;
};

KOLAM_MUST_CHECK enum kolam_status kolam_canvas_nodes_init(struct kolam_canvas_nodes *nodes,
                                                           sqlite3 *db);
void kolam_canvas_nodes_finish(struct kolam_canvas_nodes *nodes); /* zeroed is safe */

/* An op `seq` (never smaller than one before) is homed at `home`. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_nodes_add(struct kolam_canvas_nodes *nodes,
                                                          struct kolam_tile_id home, uint64_t seq);
/* Writes what gathered, and forgets it. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_nodes_flush(struct kolam_canvas_nodes *nodes);
void kolam_canvas_nodes_forget(struct kolam_canvas_nodes *nodes);

#endif
