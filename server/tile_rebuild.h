/* Rebuilding far tiles: a quiet one at once, a lively one once for all the strokes of a while, one that failed again later. */
#ifndef KOLAM_SERVER_TILE_REBUILD_H
#define KOLAM_SERVER_TILE_REBUILD_H

#include "canvas.h"

struct kolam_rebuilds;

struct kolam_rebuilds *kolam_rebuilds_create(void); /* NULL when out of memory */
/* Gives up what is planned. */
void kolam_rebuilds_clear(struct kolam_rebuilds *rebuilds);
void kolam_rebuilds_destroy(struct kolam_rebuilds *rebuilds); /* NULL is safe */

/* Plans the tile, once, and begins if it is due; false if too many are planned or the server stops. */
bool kolam_rebuilds_plan(struct kolam_rebuilds *rebuilds, struct kolam_canvas *canvas,
                         struct kolam_tile_id tile);
/* Once a second: starts those that are due, a few at a time. */
void kolam_rebuilds_sweep(struct kolam_rebuilds *rebuilds, int64_t now_ms);

#endif
