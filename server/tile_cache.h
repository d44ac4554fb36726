/* Encoded tiles in memory, newest picture of each, least recently used out first; bounded by bytes. */
#ifndef KOLAM_SERVER_TILE_CACHE_H
#define KOLAM_SERVER_TILE_CACHE_H

#include "bytes.h"
#include "kolam/geometry.h"

struct kolam_tile_cache;

struct kolam_tile_cache *kolam_tile_cache_create(uint64_t bytes_max); /* NULL when out of memory */
void kolam_tile_cache_destroy(struct kolam_tile_cache *cache);        /* NULL is safe */

/* The picture kept for this tile and the seq it shows, borrowed; NULL if there is none. */
struct kolam_bytes *kolam_tile_cache_get(struct kolam_tile_cache *cache, uint64_t incarnation,
                                         struct kolam_tile_id tile, uint64_t *out_seq);
/* Keeps a reference of `png`, unless a newer picture is there. */
void kolam_tile_cache_put(struct kolam_tile_cache *cache, uint64_t incarnation,
                          struct kolam_tile_id tile, uint64_t seq, struct kolam_bytes *png);
/* The same for pictures of the past, which are kept one a version and never replaced. */
struct kolam_bytes *kolam_tile_cache_get_past(struct kolam_tile_cache *cache, uint64_t incarnation,
                                              struct kolam_tile_id tile, uint64_t seq);
void kolam_tile_cache_put_past(struct kolam_tile_cache *cache, uint64_t incarnation,
                               struct kolam_tile_id tile, uint64_t seq, struct kolam_bytes *png);
uint64_t kolam_tile_cache_bytes(const struct kolam_tile_cache *cache);

#endif
