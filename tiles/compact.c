/* Flattening, from the plan to the new file in its place: who is opened, in which order things are made, and what is
 * cleared away. */
#include "kolam/compact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compact_internal.h"
#include "kolam/alloc.h"
#include "sql.h"

#define PATH_MAX_BYTES 2048

/* One of the two files, with a store for what is drawn from it: the canvas's own NAME.tiles is not trusted, the base is for
 * good. */
struct side {
    char tiles_path[PATH_MAX_BYTES];
    struct kolam_reader *reader;
    struct kolam_tile_store *store;
    struct kolam_raster *raster;
};

static bool is_cancelled(void *ctx) {
    const struct kolam_compact_options *options = ctx;
    return compact_progress(options, KOLAM_COMPACT_DRAW, 0, 0) != KOLAM_OK;
}

static void close_side(struct side *side) {
    kolam_raster_destroy(side->raster);
    kolam_tile_store_destroy(side->store);
    kolam_reader_destroy(side->reader);
    if (side->tiles_path[0] != '\0') {
        kolam_compact_discard(side->tiles_path);
    }
}

static enum kolam_status open_side(struct side *side, const struct kolam_compact_options *options,
                                   const char *path, const char *name, struct kolam_error *error) {
    struct kolam_canvas_info info;
    enum kolam_status status = kolam_reader_create(path, &side->reader, error);
    if (status != KOLAM_OK) {
        return status;
    }
    int size =
        snprintf(side->tiles_path, sizeof side->tiles_path, "%s/%s.tiles", options->scratch, name);
    if (size < 0 || (size_t)size >= sizeof side->tiles_path) {
        side->tiles_path[0] = '\0';
        return kolam_fail(error, KOLAM_ERR_INVALID, "%s: too long a name", options->scratch);
    }
    status = kolam_reader_info(side->reader, &info);
    if (status == KOLAM_OK) {
        status = kolam_tile_store_sqlite_create(side->tiles_path, info.incarnation, false,
                                                &side->store, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_raster_create(side->reader, side->store, &side->raster);
    }
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: cannot be drawn: %s", path,
                          kolam_status_text(status));
    }
    kolam_raster_set_cancel(side->raster, is_cancelled, (void *)(uintptr_t)options);
    return KOLAM_OK;
}

/* The new file's pages are on the disk before its name says that it is the canvas. */
static enum kolam_status sync_path(const char *path, int flags, struct kolam_error *error) {
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        int system_error = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return kolam_fail(error, KOLAM_ERR_IO, "%s: cannot be synced: %s", path,
                          strerror(system_error));
    }
    (void)close(fd);
    return KOLAM_OK;
}

static enum kolam_status write_and_compare(const struct kolam_compact_options *options,
                                           const struct kolam_compact_plan *plan,
                                           struct side *old_side, struct side *new_side,
                                           struct compact_tiles *tiles,
                                           struct kolam_compact_result *result,
                                           struct kolam_error *error) {
    enum kolam_status status = compact_tiles_find(tiles, old_side->reader, options, plan);
    if (status == KOLAM_OK) {
        status = compact_write_file(options, plan, tiles, old_side->raster, result, error);
    }
    if (status == KOLAM_OK) {
        status = sync_path(options->new_path, O_RDONLY, error);
    }
    if (status == KOLAM_OK) {
        status = open_side(new_side, options, options->new_path, "new", error);
    }
    return status == KOLAM_OK ? compact_compare(options, plan, tiles, old_side->raster,
                                                new_side->raster, result, error)
                              : status;
}

enum kolam_status kolam_compact_write(const struct kolam_compact_options *options,
                                      const struct kolam_compact_plan *plan,
                                      struct kolam_compact_result *out_result,
                                      struct kolam_error *error) {
    struct kolam_compact_result result = {.picture_count = 0};
    struct kolam_error reason = {.text = ""};
    struct side old_side = {.reader = NULL}, new_side = {.reader = NULL};
    struct compact_tiles tiles = {.count = 0};
    kolam_compact_discard(options->new_path);
    enum kolam_status status = open_side(&old_side, options, options->path, "old", &reason);
    if (status == KOLAM_OK) {
        status = kolam_reader_begin(old_side.reader);
    }
    if (status == KOLAM_OK) {
        status = write_and_compare(options, plan, &old_side, &new_side, &tiles, &result, &reason);
        kolam_reader_end(old_side.reader);
    }
    close_side(&new_side);
    close_side(&old_side);
    compact_tiles_finish(&tiles);
    if (status != KOLAM_OK) {
        kolam_compact_discard(options->new_path);
        return kolam_fail(error, status, "%s",
                          reason.text[0] ? reason.text : kolam_status_text(status));
    }
    *out_result = result;
    return KOLAM_OK;
}

/* ---- replacing ---- */

/* Out of WAL mode, which SQLite does only when nobody else has the file open; then locked. A connection left on a file that
 * has lost its name would, in WAL mode, take the -wal of the new one with it when it closes. */
static enum kolam_status take_over(sqlite3 *db, const char *path, struct kolam_error *error) {
    sqlite3_stmt *mode = NULL;
    bool has_row = false;
    enum kolam_status status = kolam_sql_prepare(db, "PRAGMA journal_mode = DELETE", &mode);
    if (status == KOLAM_OK) {
        status = kolam_sql_step(mode, &has_row);
    }
    const char *text = has_row ? (const char *)sqlite3_column_text(mode, 0) : NULL;
    bool is_done = status == KOLAM_OK && text && strcmp(text, "delete") == 0;
    sqlite3_finalize(mode);
    if (is_done) {
        status = kolam_sql_exec(db, "BEGIN EXCLUSIVE");
    }
    if (status == KOLAM_ERR_BUSY || (status == KOLAM_OK && !is_done)) {
        return kolam_fail(error, KOLAM_ERR_BUSY,
                          "%s: somebody reads it (an export, a check): try again when that is over",
                          path);
    }
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_sql_fail(error, db, sqlite3_extended_errcode(db), path,
                                               "cannot be replaced");
}

static enum kolam_status sync_folder_of(const char *path, struct kolam_error *error) {
    char *folder = kolam_strdup(path);
    if (!folder) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    char *slash = strrchr(folder, '/');
    if (slash) {
        slash[slash == folder] = '\0';
    }
    enum kolam_status status = sync_path(slash ? folder : ".", O_RDONLY | O_DIRECTORY, error);
    kolam_free(folder);
    return status;
}

/* Who may read the old file may read the new one, and nobody else, as far as that is ours to say. */
static void keep_rights(const char *path, const char *new_path) {
    struct stat rights;
    if (stat(path, &rights) == 0) {
        (void)!chown(new_path, rights.st_uid, rights.st_gid);
        (void)chmod(new_path, rights.st_mode & 07777);
    }
}

enum kolam_status kolam_compact_replace(const struct kolam_compact_options *options,
                                        struct kolam_error *error) {
    sqlite3 *db = NULL;
    enum kolam_status status = kolam_sql_open(options->path, SQLITE_OPEN_READWRITE, &db, error);
    if (status == KOLAM_OK) {
        status = take_over(db, options->path, error);
    }
    if (status == KOLAM_OK) {
        keep_rights(options->path, options->new_path);
        status = sync_path(options->new_path, O_RDONLY, error);
    }
    /* That the old file's -wal and journal are gone is on the disk before the new one has their name: a power cut might
     * else bring them back, and they would be applied to it. */
    if (status == KOLAM_OK) {
        status = sync_folder_of(options->path, error);
    }
    if (status == KOLAM_OK && compact_progress(options, KOLAM_COMPACT_REPLACE, 0, 2) != KOLAM_OK) {
        status = kolam_fail(error, KOLAM_ERR_CLOSED, "interrupted: nothing was changed");
    }
    if (status == KOLAM_OK && rename(options->new_path, options->path) != 0) {
        status = kolam_fail(error, KOLAM_ERR_IO, "%s: cannot be renamed: %s", options->new_path,
                            strerror(errno));
    }
    if (status == KOLAM_OK) {
        (void)!compact_progress(options, KOLAM_COMPACT_REPLACE, 1, 2); /* too late to say no */
        status = sync_folder_of(options->path, error);
    }
    sqlite3_close(db);
    return status;
}
