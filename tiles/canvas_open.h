/* Opening a canvas file for writing; see canvas_open.c. */
#ifndef KOLAM_TILES_CANVAS_OPEN_H
#define KOLAM_TILES_CANVAS_OPEN_H

#include "kolam/clock.h"
#include "sql.h"

/* Creates the file if it is missing, then of that incarnation (0: a random one). KOLAM_ERR_TOO_NEW, KOLAM_ERR_CORRUPT, KOLAM_ERR_IO. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_open(const char *path, uint64_t incarnation,
                                                     struct kolam_clock clock, sqlite3 **out_db,
                                                     struct kolam_error *error);

#endif
