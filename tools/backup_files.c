/* See backup_files.h. */
#include "backup_files.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "kolam/alloc.h"
#include "kolam/compact.h"

enum kolam_status kolam_backup_look(const char *path, struct kolam_backup_state *out_state,
                                    struct kolam_error *error) {
    struct kolam_reader *reader;
    struct kolam_canvas_info info;
    enum kolam_status status = kolam_reader_create(path, &reader, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_reader_info(reader, &info);
    kolam_reader_destroy(reader);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: %s", path, kolam_status_text(status));
    }
    *out_state = (struct kolam_backup_state){info.incarnation, info.last_seq, info.base_seq,
                                             info.last_time_ms};
    return KOLAM_OK;
}

static enum kolam_status check_open(struct kolam_check *check, struct kolam_reader *reader,
                                    const char *path) {
    struct kolam_reader *lookup;
    enum kolam_status status = kolam_reader_create(path, &lookup, NULL);
    if (status == KOLAM_OK) {
        status = kolam_check_log(check, reader, lookup);
        if (status == KOLAM_OK) {
            status = kolam_check_base(check, lookup);
        }
        kolam_reader_destroy(lookup);
    }
    return status;
}

enum kolam_status kolam_backup_verify(const char *path, const char *canvas, int signals_fd,
                                      struct kolam_error *error) {
    struct kolam_check check = {
        .canvas = canvas, .signals_fd = signals_fd, .progress = kolam_progress_begin()};
    struct kolam_reader *reader;
    enum kolam_status status = kolam_reader_create(path, &reader, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = check_open(&check, reader, path);
    kolam_reader_destroy(reader);
    kolam_progress_end(&check.progress);
    kolam_free(check.bad_tiles);
    if (status == KOLAM_OK && check.problem_count > 0) {
        return kolam_fail(error, KOLAM_ERR_CORRUPT, "%s: %" PRIu64 " problems: see `kolam check`",
                          path, check.problem_count);
    }
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(error, status, "%s: cannot be verified: %s", path,
                                           kolam_status_text(status));
}

static enum kolam_status sync_parent(const char *path, struct kolam_error *error) {
    char copy[KOLAM_PATH_MAX];
    (void)snprintf(copy, sizeof copy, "%s", path);
    return kolam_backup_sync(dirname(copy), error);
}

static enum kolam_status move(const char *from, const char *to, struct kolam_error *error) {
    if (rename(from, to) != 0) {
        return kolam_fail(error, errno == ENOSPC ? KOLAM_ERR_FULL : KOLAM_ERR_IO,
                          "%s: cannot become %s: %s", from, to, strerror(errno));
    }
    return sync_parent(to, error);
}

enum kolam_status kolam_backup_put(const char *path, struct kolam_error *error) {
    char name[KOLAM_PATH_MAX + 8];
    static const char *const suffixes[] = {"-wal", "-shm"};
    for (size_t i = 0; i < 2;
         i++) { /* of a file that had this name and is gone: never the new one's */
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
    (void)snprintf(name, sizeof name, "%s.new", path);
    return move(name, path, error);
}

enum kolam_status kolam_backup_set_aside(const char *path, const char *to,
                                         struct kolam_error *error) {
    char wal[KOLAM_PATH_MAX + 8], wal_to[KOLAM_PATH_MAX + 16];
    enum kolam_status status = kolam_backup_settle(path, error);
    if (status == KOLAM_ERR_BUSY || status == KOLAM_ERR_FULL) {
        return status;
    }
    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    (void)snprintf(wal_to, sizeof wal_to, "%s-wal", to);
    (void)unlink(wal_to);                              /* of one that was there before */
    if (rename(wal, wal_to) != 0 && errno != ENOENT) { /* of a file that could not be settled */
        return kolam_fail(error, KOLAM_ERR_IO, "%s: cannot become %s: %s", wal, wal_to,
                          strerror(errno));
    }
    return move(path, to, error);
}

enum kolam_status kolam_backup_move_aside(const struct kolam_folder *folder, const char *canvas,
                                          char out_path[KOLAM_PATH_MAX],
                                          struct kolam_error *error) {
    char path[KOLAM_PATH_MAX], replaced[KOLAM_PATH_MAX];
    struct kolam_backup_state state = {0};
    out_path[0] = '\0';
    enum kolam_status status = kolam_folder_canvas_path(folder, canvas, ".kolam", path);
    if (status == KOLAM_OK) {
        status = kolam_folder_file_path(folder, "replaced", replaced);
    }
    if (status != KOLAM_OK || access(path, F_OK) != 0) {
        return status;
    }
    (void)!kolam_backup_look(path, &state, NULL); /* one that cannot be read is moved as well */
    if (mkdir(replaced, 0777) != 0 && errno != EEXIST) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: %s", replaced, strerror(errno));
    }
    char to[KOLAM_PATH_MAX + 128];
    (void)snprintf(to, sizeof to, "%s/%s-%016" PRIx64 "-%" PRIu64 ".kolam", replaced, canvas,
                   state.incarnation, state.seq);
    if (strlen(to) >= KOLAM_PATH_MAX) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "%s: the path is too long", replaced);
    }
    status = kolam_backup_set_aside(path, to, error);
    if (status == KOLAM_OK) {
        (void)strcpy(out_path, to);
    }
    return status;
}

enum kolam_status kolam_backup_write_text(const char *path, const char *text, unsigned mode,
                                          struct kolam_error *error) {
    char fresh[KOLAM_PATH_MAX + 8];
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    const size_t size = strlen(text);
    const bool is_written = fd >= 0 && write(fd, text, size) == (ssize_t)size && fsync(fd) == 0;
    const int system_error = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    return is_written ? kolam_backup_put(path, error)
                      : kolam_fail(error, system_error == ENOSPC ? KOLAM_ERR_FULL : KOLAM_ERR_IO,
                                   "%s: %s", fresh, strerror(system_error));
}

uint64_t kolam_backup_file_bytes(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}
