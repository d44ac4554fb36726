/* How a canvas file is opened for reading, wherever it lies.
 *
 * A WAL database needs its -shm file even to be read, so the file is opened for writing with every
 * statement that writes forbidden; where the file may not be written SQLite itself goes over to reading. In a folder
 * that may not be written either (a mounted archive, another user's), a file that was closed cleanly
 * is complete in itself and is read as immutable; one with work left in its WAL cannot be read there. */
#include "reader_open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kolam/alloc.h"

static const char pragmas[] = "PRAGMA query_only = 1;"
                              "PRAGMA cache_size = -8192;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cell_size_check = 1;";

static enum kolam_status check_exists(const char *path, struct kolam_error *error) {
    struct stat info;
    if (stat(path, &info) == 0) {
        return KOLAM_OK;
    }
    enum kolam_status status =
        errno == ENOENT || errno == ENOTDIR ? KOLAM_ERR_NOT_FOUND : KOLAM_ERR_IO;
    return kolam_fail(error, status, "%s: %s", path, strerror(errno));
}

/* What the present schema adds to this one is all about history that was flattened: a file without it is read as
 * one that has none. */
#define READABLE_VERSION 2

/* What may be read. */
struct wanted {
    const struct kolam_schema *schema;
    uint32_t oldest;
};

static enum kolam_status check_version(sqlite3 *db, const struct wanted *wanted, const char *path,
                                       struct kolam_error *error) {
    uint32_t version = 0;
    enum kolam_status status = kolam_schema_check(db, wanted->schema, path, &version, error);
    if (status == KOLAM_OK && version == 0) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "%s: empty: nothing was drawn here yet",
                          path);
    }
    if (status == KOLAM_OK && version < wanted->oldest) {
        return kolam_fail(
            error, KOLAM_ERR_INVALID,
            "%s: written by an older kolam: serve it once with this one to bring it up "
            "to date",
            path);
    }
    return status;
}

static enum kolam_status open_checked(const char *name, int flags, const struct wanted *wanted,
                                      const char *path, sqlite3 **out_db,
                                      struct kolam_error *error) {
    sqlite3 *db = NULL;
    enum kolam_status status = kolam_sql_open(name, flags, &db, error);
    if (status != KOLAM_OK) {
        return status;
    }
    int result = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
    status = result == SQLITE_OK ? check_version(db, wanted, path, error)
                                 : kolam_sql_fail(error, db, result, path, "cannot be read");
    if (status != KOLAM_OK) {
        sqlite3_close(db);
        return status;
    }
    *out_db = db;
    return KOLAM_OK;
}

/* True if all that was committed is in the file itself. */
static bool has_no_wal(const char *path) {
    struct stat info;
    size_t size_bytes = strlen(path) + sizeof "-wal";
    char *wal_path = kolam_alloc(size_bytes);
    if (!wal_path) {
        return false;
    }
    (void)snprintf(wal_path, size_bytes, "%s-wal", path);
    bool has_none = stat(wal_path, &info) != 0 ? errno == ENOENT : info.st_size == 0;
    kolam_free(wal_path);
    return has_none;
}

/* "file:<path, escaped>?immutable=1"; the caller frees; NULL when out of memory. */
static char *immutable_uri(const char *path) {
    static const char hex[] = "0123456789ABCDEF";
    static const char scheme[] = "file:", query[] = "?immutable=1";
    size_t length = strlen(path);
    char *uri = kolam_alloc_array(length + sizeof scheme + sizeof query, 3);
    if (!uri) {
        return NULL;
    }
    char *at = stpcpy(uri, scheme);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)path[i];
        if (strchr("%?#", byte) || byte < 0x20 || byte > 0x7e) {
            *at++ = '%';
            *at++ = hex[byte >> 4];
            *at++ = hex[byte & 15];
        } else {
            *at++ = (char)byte;
        }
    }
    (void)strcpy(at, query);
    return uri;
}

enum kolam_status kolam_reader_open_as(const char *path, const struct kolam_schema *schema,
                                       uint32_t oldest, sqlite3 **out_db,
                                       struct kolam_error *error) {
    const struct wanted wanted = {.schema = schema, .oldest = oldest};
    enum kolam_status status = check_exists(path, error);
    if (status == KOLAM_OK) {
        status = open_checked(path, SQLITE_OPEN_READWRITE, &wanted, path, out_db, error);
    }
    if (status != KOLAM_ERR_IO) {
        return status;
    }
    if (!has_no_wal(path)) {
        return kolam_fail(
            error, status,
            "%s: the work in its -wal cannot be read here: copy both to a folder that "
            "may be written",
            path);
    }
    char *uri = immutable_uri(path);
    if (uri && open_checked(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, &wanted, path, out_db,
                            NULL) == KOLAM_OK) {
        status = KOLAM_OK;
    }
    kolam_free(uri);
    return status;
}

enum kolam_status kolam_reader_open(const char *path, sqlite3 **out_db, struct kolam_error *error) {
    return kolam_reader_open_as(path, &kolam_schema_canvas, READABLE_VERSION, out_db, error);
}
