/* Temp file, write, fsync, rename, fsync of the folder: after a crash there is the old file or the new
 * one, never half of one. */
#include "picture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/folder.h"

struct kolam_picture_file {
    int fd;
    bool is_direct; /* standard output, a pipe, a device: nothing to sync or rename */
    int problem;    /* errno of the first refused write */
    uint64_t size_bytes;
    char path[KOLAM_PATH_MAX], temp_path[KOLAM_PATH_MAX + 16];
};

/* What exists and is no plain file is written to, never replaced. */
static bool is_special(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode);
}

static int open_file(struct kolam_picture_file *file, const char *path) {
    if (strcmp(path, "-") == 0) {
        file->is_direct = true;
        return STDOUT_FILENO;
    }
    strcpy(file->path, path);
    if (is_special(path)) {
        file->is_direct = true;
        return open(path, O_WRONLY | O_CLOEXEC);
    }
    snprintf(file->temp_path, sizeof file->temp_path, "%s.part-XXXXXX", path);
    return mkostemp(file->temp_path, O_CLOEXEC);
}

enum kolam_status kolam_picture_file_create(const char *path, struct kolam_picture_file **out_file,
                                            struct kolam_error *error) {
    if (strlen(path) >= KOLAM_PATH_MAX) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "%.60s...: the path is too long", path);
    }
    struct kolam_picture_file *file = kolam_alloc_zero(1, sizeof *file);
    if (!file) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    file->fd = open_file(file, path);
    if (file->fd < 0) {
        int problem = errno;
        kolam_free(file);
        return kolam_fail(error, KOLAM_ERR_IO, "%s: %s", path, strerror(problem));
    }
    *out_file = file;
    return KOLAM_OK;
}

bool kolam_picture_file_write(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct kolam_picture_file *file = ctx;
    while (size_bytes > 0) {
        ssize_t count = write(file->fd, bytes, size_bytes);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            file->problem = errno;
            return false;
        }
        bytes += count;
        size_bytes -= (size_t)count;
        file->size_bytes += (uint64_t)count;
    }
    return true;
}

/* mkostemp makes it 0600: give it what an ordinary new file would get. */
static bool set_mode(int fd) {
    mode_t mask = umask(0);
    (void)umask(mask);
    return fchmod(fd, 0666 & ~mask) == 0;
}

/* A rename is durable when its folder is. */
static bool sync_folder_of(const char *path) {
    char folder[KOLAM_PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;
    if (!slash) {
        strcpy(folder, ".");
    } else if (size == 0) {
        strcpy(folder, "/");
    } else {
        memcpy(folder, path, size);
        folder[size] = '\0';
    }
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return is_synced;
}

static void close_file(struct kolam_picture_file *file) {
    if (file->fd != STDOUT_FILENO) {
        close(file->fd);
    }
    kolam_free(file);
}

enum kolam_status kolam_picture_file_finish(struct kolam_picture_file *file,
                                            struct kolam_error *error) {
    enum kolam_status status = KOLAM_OK;
    if (!file->is_direct &&
        (!set_mode(file->fd) || fsync(file->fd) != 0 || rename(file->temp_path, file->path) != 0 ||
         !sync_folder_of(file->path))) {
        status = kolam_fail(error, KOLAM_ERR_IO, "%s: %s", file->path, strerror(errno));
        unlink(file->temp_path);
    }
    close_file(file);
    return status;
}

void kolam_picture_file_abandon(struct kolam_picture_file *file) {
    if (!file) {
        return;
    }
    if (!file->is_direct) {
        unlink(file->temp_path);
    }
    close_file(file);
}

const char *kolam_picture_file_problem(const struct kolam_picture_file *file) {
    return file->problem ? strerror(file->problem) : "";
}

uint64_t kolam_picture_file_size(const struct kolam_picture_file *file) {
    return file->size_bytes;
}
