/* Put before the libraries of a whole server (LD_PRELOAD) by tests that make its clock jump, its memory run out and its disk
 * slow or broken.
 *
 * KOLAM_TEST_FAULTS names a file of six 64-bit numbers, which the test writes while the server runs: milliseconds that the
 * calendar is ahead (its clocks for durations are left alone, as when somebody sets the time), "one allocation of so
 * many fails" (0: none), and how many have; whether canvases wait for the disk, and how many do; the inode of a file that SQLite cannot write to (0: none). Only the allocations of kolam itself and of the libraries that it answers for fail:
 * libwebsockets, OpenSSL and GLib end the process then, or the connection, by themselves. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct faults {
    _Atomic int64_t ahead_ms, every, failed, holds, held, unwritable;
};

struct range {
    uintptr_t from, to;
};

static struct faults none, *faults = &none;
static struct range ranges[64];
static int range_count;
static _Atomic int64_t allocations;

static const char *const answered_for[] = {"/kolam",  "libsqlite3", "libjansson",
                                           "libzstd", "libpng",     "libcairo"};

static void note_range(const char *line) {
    unsigned long from, to;
    char mode[8] = "";
    if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || !strchr(mode, 'x')) {
        return;
    }
    for (size_t i = 0; i < sizeof answered_for / sizeof answered_for[0]; i++) {
        if (strstr(line, answered_for[i]) && range_count < 64) {
            ranges[range_count++] = (struct range){from, to};
            return;
        }
    }
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("KOLAM_TEST_FAULTS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *map = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        (void)close(fd);
        FILE *maps = fopen("/proc/self/maps", "r");
        char line[512];
        while (maps && fgets(line, sizeof line, maps)) {
            note_range(line);
        }
        if (maps) {
            (void)fclose(maps);
        }
        if (map != MAP_FAILED) {
            faults = map;
        }
    }
}

/* ---- memory ---- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static int fails(const void *caller) {
    const int64_t every = atomic_load_explicit(&faults->every, memory_order_relaxed);
    if (every == 0) {
        return 0;
    }
    for (int i = 0; i < range_count; i++) {
        if ((uintptr_t)caller >= ranges[i].from && (uintptr_t)caller < ranges[i].to) {
            /* One of so many, by chance: what is tried again does not meet the same fate for ever. */
            uint64_t dice = (uint64_t)atomic_fetch_add(&allocations, 1) + 1;
            dice = (dice ^ dice >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
            dice = (dice ^ dice >> 27) * UINT64_C(0x94d049bb133111eb);
            if ((dice ^ dice >> 31) % (uint64_t)every == 0) {
                atomic_fetch_add(&faults->failed, 1);
                errno = ENOMEM;
                return 1;
            }
            return 0;
        }
    }
    return 0;
}

void *malloc(size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return size > 0 && fails(__builtin_return_address(0)) ? NULL : __libc_realloc(block, size);
}

/* ---- the disk ---- */

/* The log, or its WAL; not the tiles, which workers write. */
static int is_canvas(int fd) {
    char link[64], path[1024];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(link, path, sizeof path - 1);
    path[size > 0 ? size : 0] = '\0';
    return strstr(path, "/canvases/") && strstr(path, ".kolam");
}

static void wait_for_disk(int fd) {
    const struct timespec rest = {.tv_nsec = 2000000};
    if (atomic_load(&faults->holds) == 0 || !is_canvas(fd)) {
        return;
    }
    atomic_fetch_add(&faults->held, 1);
    while (atomic_load(&faults->holds) != 0) {
        (void)nanosleep(&rest, NULL);
    }
    atomic_fetch_sub(&faults->held, 1);
}

int fsync(int fd) {
    wait_for_disk(fd);
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    wait_for_disk(fd);
    return (int)syscall(SYS_fdatasync, fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    const int64_t unwritable = atomic_load_explicit(&faults->unwritable, memory_order_relaxed);
    struct stat file;
    if (unwritable != 0 && fstat(fd, &file) == 0 && (int64_t)file.st_ino == unwritable) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pwrite64, fd, bytes, size, at);
}

/* ---- the calendar ---- */

static int64_t ahead_ms(void) {
    return atomic_load_explicit(&faults->ahead_ms, memory_order_relaxed);
}

int clock_gettime(clockid_t clock, struct timespec *out) {
    const int result = (int)syscall(SYS_clock_gettime, clock, out);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        const int64_t ms = (int64_t)out->tv_sec * 1000 + out->tv_nsec / 1000000 + ahead_ms();
        out->tv_sec = (time_t)(ms / 1000);
        out->tv_nsec = (long)(ms % 1000) * 1000000 + out->tv_nsec % 1000000;
    }
    return result;
}

int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}
