/* /tiles: PNG pictures of tiles, from memory where they are, rendered where they are not. */
#ifndef KOLAM_SERVER_HTTP_TILES_H
#define KOLAM_SERVER_HTTP_TILES_H

#include "canvas.h"

struct kolam_tile_job;

KOLAM_MUST_CHECK enum kolam_status kolam_tiles_create(struct kolam_server *server);
/* Gives up what is under way or planned: the server stops. */
void kolam_tiles_stop(struct kolam_server *server);
void kolam_tiles_destroy(struct kolam_server *server);
uint64_t kolam_tiles_cache_bytes(const struct kolam_server *server);
/* The present pictures in memory, and the picture of nothing; borrowed. */
struct kolam_tile_cache *kolam_tiles_cache(struct kolam_server *server);
struct kolam_bytes *kolam_tiles_empty(struct kolam_server *server);

/* Answers GET /tiles/<rest>. */
void kolam_tiles_request(struct kolam_server *server, struct kolam_http *http, const char *rest);

/* If the tile is known to be averaged from many: has it rebuilt in a while and told to those who see it,
 * and returns true. Otherwise nothing happens. */
bool kolam_tiles_rebuild_later(struct kolam_server *server, struct kolam_canvas *canvas,
                               struct kolam_tile_id tile);
/* The version under which the tile can be fetched now, given its newest: the same, or for a far tile that is being
 * rebuilt (it is from now on) the one of the picture in memory. The canvas is open. */
uint64_t kolam_tiles_shown(struct kolam_canvas *canvas, struct kolam_tile_id tile,
                           uint64_t version);
/* Keeps what a finished job found and returns the picture, the caller's reference; NULL if it failed. */
struct kolam_bytes *kolam_tiles_take(struct kolam_tile_job *job);
/* Once a second: starts the rebuilds that are due. */
void kolam_tiles_sweep(struct kolam_server *server, int64_t now_ms);

#endif
