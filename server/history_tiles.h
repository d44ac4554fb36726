/* /tiles/...?at=: a tile as it was. */
#ifndef KOLAM_SERVER_HISTORY_TILES_H
#define KOLAM_SERVER_HISTORY_TILES_H

#include "canvas.h"

KOLAM_MUST_CHECK enum kolam_status kolam_history_tiles_create(struct kolam_server *server);
void kolam_history_tiles_destroy(struct kolam_server *server);

/* True if the request says at=; it is answered then, now or later. */
bool kolam_history_tiles_take(struct kolam_server *server, struct kolam_http *http,
                              struct kolam_canvas *canvas, struct kolam_tile_id tile);

#endif
