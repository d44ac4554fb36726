/* Opening a canvas file for reading; see reader_open.c. */
#ifndef KOLAM_TILES_READER_OPEN_H
#define KOLAM_TILES_READER_OPEN_H

#include "sql.h"

/* KOLAM_ERR_NOT_FOUND (also for a file in which nothing was written yet), _TOO_NEW, _CORRUPT, _IO. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_open(const char *path, sqlite3 **out_db,
                                                     struct kolam_error *error);

/* The same of a file of another kind, of any version not older than `oldest`. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_open_as(const char *path,
                                                        const struct kolam_schema *schema,
                                                        uint32_t oldest, sqlite3 **out_db,
                                                        struct kolam_error *error);

#endif
