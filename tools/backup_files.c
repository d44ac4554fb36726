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

#define KEPT_MAX 10000u /* files of one state, in replaced/ */

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

/* The answer for a call of the system that failed. */
static enum kolam_status refuse(const char *path, const char *what, struct kolam_error *error) {
    const int system_error = errno;
    return kolam_fail(
        error, system_error == ENOSPC || system_error == EDQUOT ? KOLAM_ERR_FULL : KOLAM_ERR_IO,
        "%s: %s: %s", path, what, strerror(system_error));
}

static bool remove_if_there(const char *path) {
    return unlink(path) == 0 || errno == ENOENT;
}

/* What belonged to a file that had this name, and is gone on the disk, too, before another one has it: a power cut might else
 * bring it back, and SQLite would apply it to the new file. */
static enum kolam_status clear_place(const char *path, struct kolam_error *error) {
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    char name[KOLAM_PATH_MAX + 16];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        if (!remove_if_there(name)) {
            return refuse(name, "cannot be removed", error);
        }
    }
    return sync_parent(path, error);
}

enum kolam_status kolam_backup_put(const char *path, struct kolam_error *error) {
    char fresh[KOLAM_PATH_MAX + 8];
    enum kolam_status status = clear_place(path, error);
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    if (status == KOLAM_OK && rename(fresh, path) != 0) {
        status = refuse(fresh, "cannot take its place", error);
    }
    return status == KOLAM_OK ? sync_parent(path, error) : status;
}

/* The file has both names until another takes its first, so that there is no moment without one. Where a file cannot have two
 * (FAT, some network's file systems) it is moved. */
static enum kolam_status name_too(const char *path, const char *to, struct kolam_error *error) {
    if (!remove_if_there(to)) {
        return refuse(to, "cannot be removed", error);
    }
    if (link(path, to) != 0 && rename(path, to) != 0) {
        return refuse(path, "cannot be kept", error);
    }
    return sync_parent(to, error);
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
    if (!remove_if_there(wal_to)) { /* of one that was there before */
        return refuse(wal_to, "cannot be removed", error);
    }
    /* Of a file that could not be settled. */
    if (rename(wal, wal_to) != 0 && errno != ENOENT) {
        return refuse(wal, "cannot be kept", error);
    }
    return name_too(path, to, error);
}

static bool is_same_file(const char *left, const char *right) {
    struct stat a, b;
    return stat(left, &a) == 0 && stat(right, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

/* A name in the folder that nothing has yet, but for the file itself (from a run that was cut short): what was kept before
 * stays, also where two states have one name, as all have that cannot be read. */
static bool free_name(const char *folder, const char *canvas,
                      const struct kolam_backup_state *state, const char *path,
                      char out_path[KOLAM_PATH_MAX]) {
    struct stat there;
    for (unsigned number = 1; number <= KEPT_MAX; number++) {
        char more[16] = "";
        if (number > 1) {
            (void)snprintf(more, sizeof more, "-%u", number);
        }
        int size = snprintf(out_path, KOLAM_PATH_MAX, "%s/%s-%016" PRIx64 "-%" PRIu64 "%s.kolam",
                            folder, canvas, state->incarnation, state->seq, more);
        if (size < 0 || size >= KOLAM_PATH_MAX) {
            return false;
        }
        if ((lstat(out_path, &there) != 0 && errno == ENOENT) || is_same_file(out_path, path)) {
            return true;
        }
    }
    return false;
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
        return refuse(replaced, "cannot be made", error);
    }
    status = sync_parent(replaced, error);
    if (status != KOLAM_OK) {
        return status;
    }
    char to[KOLAM_PATH_MAX];
    if (!free_name(replaced, canvas, &state, path, to)) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "%s: the path is too long, or too many are kept", replaced);
    }
    status = kolam_backup_set_aside(path, to, error);
    if (status == KOLAM_OK) {
        (void)strcpy(out_path, to);
    }
    return status;
}

void kolam_backup_keep_no_more(const char *path, const char *aside) {
    if (aside[0] != '\0' && is_same_file(path, aside)) {
        (void)unlink(aside);
    }
}

/* All of it, or false with errno. */
static bool write_all(int fd, const char *text) {
    for (size_t left = strlen(text); left > 0;) {
        const ssize_t written = write(fd, text, left);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text += written > 0 ? written : 0;
        left -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

enum kolam_status kolam_backup_write_text(const char *path, const char *text, unsigned mode,
                                          struct kolam_error *error) {
    char fresh[KOLAM_PATH_MAX + 8];
    enum kolam_status status = KOLAM_OK;
    (void)snprintf(fresh, sizeof fresh, "%s.new", path);
    /* A file of its own: what a run that was cut short left may have another mode, or lead elsewhere. */
    if (!remove_if_there(fresh)) {
        return refuse(fresh, "cannot be removed", error);
    }
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0) {
        return refuse(fresh, "cannot be made", error);
    }
    if (!write_all(fd, text) || fsync(fd) != 0) {
        status = refuse(fresh, "cannot be written", error);
    }
    if (close(fd) != 0 && status == KOLAM_OK) {
        status = refuse(fresh, "cannot be written", error);
    }
    status = status == KOLAM_OK ? kolam_backup_put(path, error) : status;
    if (status != KOLAM_OK) {
        (void)unlink(fresh);
    }
    return status;
}

uint64_t kolam_backup_file_bytes(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}
