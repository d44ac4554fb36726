/* Tiles of the state drawn last, in memory, on top of a canvas's stored ones: whoever draws one region at rising seqs
 * begins each tile where it left off. */
#ifndef KOLAM_TOOLS_TILE_MEMORY_H
#define KOLAM_TOOLS_TILE_MEMORY_H

#include <stddef.h>

#include "kolam/tile_store.h"

/* Does not own `below`, which must outlive it. At most some capacity_bytes of pixels are held; what was used least
 * recently goes first. NULL when out of memory. */
struct kolam_tile_store *kolam_tile_memory_create(struct kolam_tile_store *below,
                                                  size_t capacity_bytes);

#endif
