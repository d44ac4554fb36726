/* The data folder: its lock, its paths, the canvases in it. */
#ifndef KOLAM_FOLDER_H
#define KOLAM_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "kolam/status.h"

#define KOLAM_CANVAS_NAME_MAX 64
#define KOLAM_PATH_MAX 1024

/* 1 to 64 of a-z 0-9 - _, beginning with a letter or digit. */
bool kolam_canvas_name_is_valid(const char *name);

struct kolam_folder;

/* Creates the folder if it is missing and takes its lock; KOLAM_ERR_BUSY names the pid that has it. */
KOLAM_MUST_CHECK enum kolam_status
kolam_folder_open(const char *path, struct kolam_folder **out_folder, struct kolam_error *error);
/* For reading beside a server: no lock, nothing created; KOLAM_ERR_NOT_FOUND. */
KOLAM_MUST_CHECK enum kolam_status kolam_folder_open_read_only(const char *path,
                                                               struct kolam_folder **out_folder,
                                                               struct kolam_error *error);
void kolam_folder_close(struct kolam_folder *folder); /* releases the lock; NULL is safe */

const char *kolam_folder_path(const struct kolam_folder *folder);
/* "<folder>/canvases/<canvas><suffix>"; the name is checked. KOLAM_ERR_INVALID. */
KOLAM_MUST_CHECK enum kolam_status kolam_folder_canvas_path(const struct kolam_folder *folder,
                                                            const char *canvas, const char *suffix,
                                                            char out_path[KOLAM_PATH_MAX]);
/* "<folder>/<file>". */
KOLAM_MUST_CHECK enum kolam_status kolam_folder_file_path(const struct kolam_folder *folder,
                                                          const char *file,
                                                          char out_path[KOLAM_PATH_MAX]);
/* Visits the names of the canvases there are, sorted, until `visit` returns false. A file of at most SQLite's first
 * page, with nothing beside it, is none: its server was killed while making it. */
KOLAM_MUST_CHECK enum kolam_status
kolam_folder_each_canvas(const struct kolam_folder *folder,
                         bool (*visit)(void *ctx, const char *name), void *ctx);

#endif
