/* A canvas of a folder, opened for looking only; see canvas_files.h. */
#include "canvas_files.h"

void kolam_canvas_files_close(struct kolam_canvas_files *files) {
    kolam_raster_destroy(files->raster);
    kolam_tile_store_destroy(files->store);
    kolam_reader_destroy(files->reader);
    *files = (struct kolam_canvas_files){0};
}

/* Stored tiles are a head start: without them everything is drawn from the log. */
static enum kolam_status open_store(struct kolam_canvas_files *files, const char *path) {
    enum kolam_status status =
        kolam_tile_store_sqlite_create(path, files->info.incarnation, true, &files->store, NULL);
    if (status != KOLAM_OK) {
        files->store = kolam_tile_store_null_create();
    }
    return files->store ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

enum kolam_status kolam_canvas_files_open(const struct kolam_folder *folder, const char *canvas,
                                          struct kolam_canvas_files *out_files,
                                          struct kolam_error *error) {
    char log_path[KOLAM_PATH_MAX], tiles_path[KOLAM_PATH_MAX];
    struct kolam_canvas_files files = {0};
    enum kolam_status status = kolam_folder_canvas_path(folder, canvas, ".kolam", log_path);
    if (status == KOLAM_OK) {
        status = kolam_folder_canvas_path(folder, canvas, ".tiles", tiles_path);
    }
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: %s", canvas, kolam_status_text(status));
    }
    status = kolam_reader_create(log_path, &files.reader, error);
    if (status == KOLAM_ERR_NOT_FOUND) {
        return kolam_fail(error, status, "there is no canvas %s in %s", canvas,
                          kolam_folder_path(folder));
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_reader_info(files.reader, &files.info);
    if (status == KOLAM_OK) {
        status = open_store(&files, tiles_path);
    }
    if (status == KOLAM_OK) {
        status = kolam_raster_create(files.reader, files.store, &files.raster);
    }
    if (status != KOLAM_OK) {
        kolam_canvas_files_close(&files);
        return kolam_fail(error, status, "opening %s: %s", log_path, kolam_status_text(status));
    }
    *out_files = files;
    return KOLAM_OK;
}
