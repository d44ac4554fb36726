/* The data folder. One process may write in it: it holds a flock on the file `lock`, which the system
 * gives back however that process ends; the pid inside is only for people. */
#include "kolam/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kolam/alloc.h"

#define LOG_SUFFIX ".kolam"
#define FIRST_PAGE_BYTES 4096

struct kolam_folder {
    char path[KOLAM_PATH_MAX];
    int lock_fd; /* -1: read-only */
};

bool kolam_canvas_name_is_valid(const char *name) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = strlen(name);
    return length >= 1 && length <= KOLAM_CANVAS_NAME_MAX && strspn(name, allowed) == length &&
           name[0] != '-' && name[0] != '_';
}

static enum kolam_status fail_path(struct kolam_error *error, const char *path) {
    enum kolam_status status = errno == ENOENT || errno == ENOTDIR ? KOLAM_ERR_NOT_FOUND
                               : errno == ENOSPC                   ? KOLAM_ERR_FULL
                                                                   : KOLAM_ERR_IO;
    return kolam_fail(error, status, "%s: %s", path, strerror(errno));
}

/* A file or folder made in a folder is only there for good once that folder is synced too. */
static void sync_folder(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

static void sync_parent(const char *path) {
    char parent[KOLAM_PATH_MAX];
    (void)snprintf(parent, sizeof parent, "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash) {
        slash[slash == parent] = '\0';
    }
    sync_folder(slash ? parent : ".");
}

static enum kolam_status create_folder(const char *path, struct kolam_error *error) {
    struct stat info;
    if (mkdir(path, 0777) == 0) { /* the umask is the operator's word on who may look */
        sync_parent(path);
        return KOLAM_OK;
    }
    if (errno == EEXIST && stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) {
        return kolam_fail(error, KOLAM_ERR_EXISTS, "%s: there is a file in the folder's place",
                          path);
    }
    return errno == EEXIST ? KOLAM_OK : fail_path(error, path);
}

/* Like `mkdir -p`. */
static enum kolam_status create_folders(const char *path, struct kolam_error *error) {
    char part[KOLAM_PATH_MAX];
    (void)snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        enum kolam_status status = create_folder(part, error);
        if (status != KOLAM_OK) {
            return status;
        }
        *slash = '/';
    }
    return create_folder(part, error);
}

static enum kolam_status refuse_busy(int fd, const char *path, struct kolam_error *error) {
    char pid[24] = {0};
    ssize_t got = pread(fd, pid, sizeof pid - 1, 0);
    pid[strspn(pid, "0123456789")] = '\0';
    return kolam_fail(error, KOLAM_ERR_BUSY,
                      "%s: in use by another kolam (process %s): stop it first", path,
                      got > 0 && pid[0] ? pid : "unknown");
}

static enum kolam_status take_lock(struct kolam_folder *folder, struct kolam_error *error) {
    char path[KOLAM_PATH_MAX], pid[24];
    enum kolam_status status = kolam_folder_file_path(folder, "lock", path);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: the path is too long", folder->path);
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) {
        return fail_path(error, path);
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        status =
            errno == EWOULDBLOCK ? refuse_busy(fd, folder->path, error) : fail_path(error, path);
        (void)close(fd);
        return status;
    }
    int length = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, pid, (size_t)length, 0) != length) {
        status = fail_path(error, path);
        (void)close(fd);
        return status;
    }
    folder->lock_fd = fd;
    return KOLAM_OK;
}

static enum kolam_status create_canvases(const struct kolam_folder *folder,
                                         struct kolam_error *error) {
    char path[KOLAM_PATH_MAX];
    if (kolam_folder_file_path(folder, "canvases", path) != KOLAM_OK) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "%s: the path is too long", folder->path);
    }
    enum kolam_status status = create_folder(path, error);
    /* It may be there since a start that was cut short before this. */
    sync_folder(folder->path);
    sync_parent(folder->path);
    return status;
}

static enum kolam_status create_handle(const char *path, struct kolam_folder **out_folder,
                                       struct kolam_error *error) {
    /* Leaves room for the longest path inside: canvases/<name>.kolam-wal. */
    if (path[0] == '\0' || strlen(path) + KOLAM_CANVAS_NAME_MAX + 32 > KOLAM_PATH_MAX) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "'%.100s': the folder's path is empty or too long", path);
    }
    struct kolam_folder *folder = kolam_alloc_zero(1, sizeof *folder);
    if (!folder) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    memcpy(folder->path, path, length);
    folder->lock_fd = -1;
    *out_folder = folder;
    return KOLAM_OK;
}

enum kolam_status kolam_folder_open(const char *path, struct kolam_folder **out_folder,
                                    struct kolam_error *error) {
    struct kolam_folder *folder = NULL;
    enum kolam_status status = create_handle(path, &folder, error);
    if (status == KOLAM_OK) {
        status = create_folders(folder->path, error);
    }
    if (status == KOLAM_OK) {
        status = take_lock(folder, error);
    }
    if (status == KOLAM_OK) {
        status = create_canvases(folder, error);
    }
    if (status != KOLAM_OK) {
        kolam_folder_close(folder);
        return status;
    }
    *out_folder = folder;
    return KOLAM_OK;
}

enum kolam_status kolam_folder_open_read_only(const char *path, struct kolam_folder **out_folder,
                                              struct kolam_error *error) {
    struct stat info;
    if (stat(path, &info) != 0) {
        return fail_path(error, path);
    }
    if (!S_ISDIR(info.st_mode)) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "%s: not a folder", path);
    }
    return create_handle(path, out_folder, error);
}

void kolam_folder_close(struct kolam_folder *folder) {
    if (!folder) {
        return;
    }
    if (folder->lock_fd >= 0) {
        /* The file stays: removing it would let two processes lock two files of one name. */
        (void)!ftruncate(folder->lock_fd, 0);
        (void)close(folder->lock_fd);
    }
    kolam_free(folder);
}

const char *kolam_folder_path(const struct kolam_folder *folder) {
    return folder->path;
}

enum kolam_status kolam_folder_canvas_path(const struct kolam_folder *folder, const char *canvas,
                                           const char *suffix, char out_path[KOLAM_PATH_MAX]) {
    char path[KOLAM_PATH_MAX];
    if (!kolam_canvas_name_is_valid(canvas) || strchr(suffix, '/')) {
        return KOLAM_ERR_INVALID;
    }
    int length = snprintf(path, sizeof path, "%s/canvases/%s%s", folder->path, canvas, suffix);
    if (length < 0 || (size_t)length >= sizeof path) {
        return KOLAM_ERR_INVALID;
    }
    memcpy(out_path, path, (size_t)length + 1);
    return KOLAM_OK;
}

enum kolam_status kolam_folder_file_path(const struct kolam_folder *folder, const char *file,
                                         char out_path[KOLAM_PATH_MAX]) {
    char path[KOLAM_PATH_MAX];
    if (file[0] == '\0' || strchr(file, '/') || strcmp(file, ".") == 0 || strcmp(file, "..") == 0) {
        return KOLAM_ERR_INVALID;
    }
    int length = snprintf(path, sizeof path, "%s/%s", folder->path, file);
    if (length < 0 || (size_t)length >= sizeof path) {
        return KOLAM_ERR_INVALID;
    }
    memcpy(out_path, path, (size_t)length + 1);
    return KOLAM_OK;
}

/* The canvas's name if the file is a log; false else. */
static bool canvas_of_file(const char *file, char out_name[KOLAM_CANVAS_NAME_MAX + 1]) {
    char name[KOLAM_CANVAS_NAME_MAX + 1] = {0};
    size_t length = strlen(file), suffix = strlen(LOG_SUFFIX);
    if (length <= suffix || length - suffix > KOLAM_CANVAS_NAME_MAX ||
        strcmp(file + length - suffix, LOG_SUFFIX) != 0) {
        return false;
    }
    memcpy(name, file, length - suffix);
    if (!kolam_canvas_name_is_valid(name)) {
        return false;
    }
    memcpy(out_name, name, sizeof name);
    return true;
}

static int is_log(const struct dirent *entry) {
    char name[KOLAM_CANVAS_NAME_MAX + 1];
    return canvas_of_file(entry->d_name, name);
}

/* By the bytes of the name without its suffix: the same order in every locale. */
static int compare_entries(const struct dirent **left, const struct dirent **right) {
    char a[KOLAM_CANVAS_NAME_MAX + 1] = "", b[KOLAM_CANVAS_NAME_MAX + 1] = "";
    (void)canvas_of_file((*left)->d_name, a);
    (void)canvas_of_file((*right)->d_name, b);
    return strcmp(a, b);
}

static bool is_over(const struct kolam_folder *folder, const char *canvas, const char *suffix,
                    off_t size_bytes) {
    char path[KOLAM_PATH_MAX];
    struct stat about;
    return kolam_folder_canvas_path(folder, canvas, suffix, path) == KOLAM_OK &&
           stat(path, &about) == 0 && about.st_size > size_bytes;
}

/* False for what is left of a canvas whose server was killed while making it: a file of no bytes, or of SQLite's first page,
 * where there is no room for tables, and nothing beside it. */
static bool has_begun(const struct kolam_folder *folder, const char *canvas) {
    return is_over(folder, canvas, LOG_SUFFIX, FIRST_PAGE_BYTES) ||
           is_over(folder, canvas, LOG_SUFFIX "-wal", 0) || is_over(folder, canvas, ".tiles", 0);
}

enum kolam_status kolam_folder_each_canvas(const struct kolam_folder *folder,
                                           bool (*visit)(void *ctx, const char *name), void *ctx) {
    char path[KOLAM_PATH_MAX], name[KOLAM_CANVAS_NAME_MAX + 1];
    struct dirent **entries = NULL;
    enum kolam_status status = kolam_folder_file_path(folder, "canvases", path);
    if (status != KOLAM_OK) {
        return status;
    }
    int count = scandir(path, &entries, is_log, compare_entries);
    if (count < 0) {
        return errno == ENOENT ? KOLAM_OK : errno == ENOMEM ? KOLAM_ERR_NOMEM : KOLAM_ERR_IO;
    }
    bool goes_on = true;
    for (int i = 0; i < count; i++) {
        goes_on = goes_on && canvas_of_file(entries[i]->d_name, name) &&
                  (!has_begun(folder, name) || visit(ctx, name));
        free(entries[i]); /* scandir's own malloc */
    }
    free(entries);
    return KOLAM_OK;
}
