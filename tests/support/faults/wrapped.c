/* The calls by which the engine changes files itself, beside SQLite: the linker brings them here (mk/tests.mk), so that they are
 * counted, fail, and are told to the disk like SQLite's. Without a fault and outside of what is recorded they are what they
 * always are; nothing is synced in truth. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "tests/support/faults/disk.h"
#include "tests/support/faults/fault_vfs.h"
#include "tests/support/faults/ram.h"

#define OPEN_MAX_FDS 256

struct opened {
    char path[512]; /* "": not opened here */
    struct disk_node *node;
    struct ram_node *ram; /* if it is in memory; the descriptor is only a number then */
    off_t at;             /* of what is in memory */
};

static struct opened table[OPEN_MAX_FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(result, name, ...)                                                                    \
    extern result __real_##name(__VA_ARGS__);                                                      \
    extern result __wrap_##name(__VA_ARGS__)

REAL(int, open, const char *path, int flags, ...);
REAL(int, __open_2, const char *path, int flags);
REAL(int, close, int fd);
REAL(int, fsync, int fd);
REAL(int, fdatasync, int fd);
REAL(ssize_t, write, int fd, const void *bytes, size_t size);
REAL(ssize_t, pwrite, int fd, const void *bytes, size_t size, off_t offset);
REAL(int, ftruncate, int fd, off_t size);
REAL(int, rename, const char *from, const char *to);
REAL(int, link, const char *from, const char *to);
REAL(int, unlink, const char *path);
REAL(int, mkdir, const char *path, mode_t mode);
REAL(ssize_t, read, int fd, void *out, size_t size);
REAL(ssize_t, pread, int fd, void *out, size_t size, off_t offset);
REAL(int, stat, const char *path, struct stat *out_info);
REAL(int, access, const char *path, int mode);
REAL(int, flock, int fd, int operation);
REAL(int, rmdir, const char *path);
REAL(char *, mkdtemp, char *template);

static bool fails(enum fault_call call, const char *path) {
    const enum fault_kind kind = fault_on(call, path);
    if (kind == FAULT_NONE || kind == FAULT_SHORT || kind == FAULT_FLIP) {
        return false;
    }
    errno = kind == FAULT_FULL ? ENOSPC : EIO;
    return true;
}

static struct opened find(int fd) {
    struct opened opened = {.path = ""};
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < OPEN_MAX_FDS) {
        opened = table[fd];
    }
    pthread_mutex_unlock(&lock);
    return opened;
}

static void set(int fd, const char *path, struct disk_node *node, struct ram_node *in_ram) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < OPEN_MAX_FDS) {
        table[fd].node = node;
        table[fd].ram = in_ram;
        table[fd].at = 0;
        (void)snprintf(table[fd].path, sizeof table[fd].path, "%s", path);
    }
    pthread_mutex_unlock(&lock);
}

static int open_file(const char *path, int flags, mode_t mode) {
    if (fails(FAULT_OPEN, path)) {
        return -1;
    }
    struct ram_node *in_ram = ram_has(path) ? ram_open(path, flags) : NULL;
    if (!in_ram && ram_has(path)) {
        return -1;
    }
    const int fd =
        in_ram ? __real_open("/dev/null", O_RDWR | O_CLOEXEC) : __real_open(path, flags, mode);
    if (fd >= 0) {
        set(fd, path, flags & O_CREAT ? disk_told_made(path, false) : disk_find(path), in_ram);
    } else if (in_ram) {
        ram_close(in_ram);
    }
    return fd;
}

int __wrap_open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_file(path, flags, mode);
}

int __wrap___open_2(const char *path, int flags) {
    return open_file(path, flags, 0);
}

int __wrap_close(int fd) {
    struct ram_node *in_ram = find(fd).ram;
    if (in_ram) {
        ram_close(in_ram);
    }
    set(fd, "", NULL, NULL);
    return __real_close(fd);
}

static int sync_fd(int fd) {
    const struct opened opened = find(fd);
    if (fails(FAULT_SYNC, opened.path)) {
        return -1;
    }
    disk_told_synced(opened.node);
    return 0;
}

int __wrap_fsync(int fd) {
    return sync_fd(fd);
}

int __wrap_fdatasync(int fd) {
    return sync_fd(fd);
}

static ssize_t write_ram(const struct opened *opened, const void *bytes, size_t size,
                         off_t offset) {
    (void)ram_write(opened->ram, bytes, size, (uint64_t)offset);
    return (ssize_t)size;
}

static void move_to(int fd, off_t at) {
    pthread_mutex_lock(&lock);
    table[fd].at = at;
    pthread_mutex_unlock(&lock);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size) {
    const struct opened opened = find(fd);
    if (opened.path[0] == '\0') {
        return __real_write(fd, bytes, size);
    }
    if (fails(FAULT_WRITE, opened.path)) {
        return -1;
    }
    const off_t offset = opened.ram ? opened.at : lseek(fd, 0, SEEK_CUR);
    const ssize_t written =
        opened.ram ? write_ram(&opened, bytes, size, offset) : __real_write(fd, bytes, size);
    if (opened.ram) {
        move_to(fd, offset + written);
    }
    if (written > 0) {
        disk_told_written(opened.node, bytes, (size_t)written, (uint64_t)offset);
    }
    return written;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset) {
    const struct opened opened = find(fd);
    if (fails(FAULT_WRITE, opened.path)) {
        return -1;
    }
    const ssize_t written = opened.ram ? write_ram(&opened, bytes, size, offset)
                                       : __real_pwrite(fd, bytes, size, offset);
    if (written > 0) {
        disk_told_written(opened.node, bytes, (size_t)written, (uint64_t)offset);
    }
    return written;
}

int __wrap_ftruncate(int fd, off_t size) {
    const struct opened opened = find(fd);
    if (fails(FAULT_TRUNCATE, opened.path)) {
        return -1;
    }
    if (opened.ram) {
        ram_truncate(opened.ram, (uint64_t)size);
    }
    const int result = opened.ram ? 0 : __real_ftruncate(fd, size);
    if (result == 0) {
        disk_told_truncated(opened.node, (uint64_t)size);
    }
    return result;
}

int __wrap_rename(const char *from, const char *to) {
    if (fails(FAULT_RENAME, to)) {
        return -1;
    }
    const int result = ram_has(to) ? ram_rename(from, to) : __real_rename(from, to);
    if (result == 0) {
        disk_told_renamed(from, to);
    }
    return result;
}

int __wrap_link(const char *from, const char *to) {
    if (fails(FAULT_RENAME, to)) {
        return -1;
    }
    const int result = ram_has(to) ? ram_link(from, to) : __real_link(from, to);
    if (result == 0) {
        disk_told_linked(from, to);
    }
    return result;
}

int __wrap_unlink(const char *path) {
    if (fails(FAULT_DELETE, path)) {
        return -1;
    }
    const int result = ram_has(path) ? ram_unlink(path) : __real_unlink(path);
    if (result == 0) {
        disk_told_removed(path);
    }
    return result;
}

int __wrap_mkdir(const char *path, mode_t mode) {
    if (fails(FAULT_OPEN, path)) {
        return -1;
    }
    const int result = ram_has(path) ? ram_mkdir(path) : __real_mkdir(path, mode);
    if (result == 0) {
        (void)disk_told_made(path, true);
    }
    return result;
}

/* ---- what only matters to files in memory ---- */

ssize_t __wrap_read(int fd, void *out, size_t size) {
    const struct opened opened = find(fd);
    if (!opened.ram) {
        return __real_read(fd, out, size);
    }
    const size_t got = ram_read(opened.ram, out, size, (uint64_t)opened.at);
    move_to(fd, opened.at + (off_t)got);
    return (ssize_t)got;
}

ssize_t __wrap_pread(int fd, void *out, size_t size, off_t offset) {
    const struct opened opened = find(fd);
    return opened.ram ? (ssize_t)ram_read(opened.ram, out, size, (uint64_t)offset)
                      : __real_pread(fd, out, size, offset);
}

int __wrap_stat(const char *path, struct stat *out_info) {
    return ram_has(path) ? ram_stat(path, out_info) : __real_stat(path, out_info);
}

int __wrap_access(const char *path, int mode) {
    struct stat info;
    return ram_has(path) ? ram_stat(path, &info) : __real_access(path, mode);
}

int __wrap_flock(int fd, int operation) { /* of this process's own files nobody else has one */
    return find(fd).ram ? 0 : __real_flock(fd, operation);
}

int __wrap_rmdir(const char *path) {
    return ram_has(path) ? ram_rmdir(path) : __real_rmdir(path);
}

char *__wrap_mkdtemp(char *template) {
    if (!ram_is_used()) {
        return __real_mkdtemp(template);
    }
    ram_folder_make_like(template);
    return template;
}
