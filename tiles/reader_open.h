/* Opening a canvas file for reading; see reader_open.c. */
#ifndef KOLAM_TILES_READER_OPEN_H
#define KOLAM_TILES_READER_OPEN_H

#include "sql.h"

/* KOLAM_ERR_NOT_FOUND (also for a file in which nothing was written yet), _TOO_NEW, _CORRUPT, _IO. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_open(const char *path, sqlite3 **out_db,
                                                     struct kolam_error *error);

#endif
