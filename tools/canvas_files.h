/* A canvas of a folder, opened for looking only: its log, its stored tiles where there are any, a raster. */
#ifndef KOLAM_TOOLS_CANVAS_FILES_H
#define KOLAM_TOOLS_CANVAS_FILES_H

#include "kolam/folder.h"
#include "kolam/raster.h"

struct kolam_canvas_files {
    struct kolam_reader *reader;
    struct kolam_tile_store *store; /* a null store if there is no usable NAME.tiles */
    struct kolam_raster *raster;
    struct kolam_canvas_info info; /* of when it was opened */
};

/* Works beside a server. Statuses as from kolam_reader_create. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_files_open(const struct kolam_folder *folder,
                                                           const char *canvas,
                                                           struct kolam_canvas_files *out_files,
                                                           struct kolam_error *error);
void kolam_canvas_files_close(struct kolam_canvas_files *files);

#endif
