/* See fault_vfs.h. Every method does what the system's does and tells the disk afterwards. Like the system's, the first sync of
 * a journal or WAL, and a removal that asks for it, syncs the folder too. */
#include "tests/support/faults/fault_vfs.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/faults/chance.h"
#include "tests/support/faults/disk.h"
#include "tests/support/faults/explore.h"
#include "tests/support/faults/piece.h"
#include "tests/support/faults/ram.h"

static struct {
    pthread_mutex_t lock;
    struct fault fault;
    uint64_t seen, failed, seen_of[FAULT_CALL_KINDS];
    const struct fault *variants; /* to be met at every call */
    size_t variant_count;
    sqlite3_vfs *system, *ram;
    sqlite3_vfs vfs;
} faults = {.lock = PTHREAD_MUTEX_INITIALIZER};

void fault_arm(const struct fault *fault) {
    pthread_mutex_lock(&faults.lock);
    faults.fault = *fault;
    faults.seen = faults.failed = 0;
    memset(faults.seen_of, 0, sizeof faults.seen_of);
    pthread_mutex_unlock(&faults.lock);
}

void fault_disarm(void) {
    pthread_mutex_lock(&faults.lock);
    faults.fault = (struct fault){.kind = FAULT_NONE};
    pthread_mutex_unlock(&faults.lock);
}

uint64_t fault_seen(void) {
    pthread_mutex_lock(&faults.lock);
    const uint64_t seen = faults.seen;
    pthread_mutex_unlock(&faults.lock);
    return seen;
}

uint64_t fault_seen_of(enum fault_call call) {
    pthread_mutex_lock(&faults.lock);
    const uint64_t seen = faults.seen_of[__builtin_ctz((unsigned)call)];
    pthread_mutex_unlock(&faults.lock);
    return seen;
}

uint64_t fault_failed(void) {
    pthread_mutex_lock(&faults.lock);
    const uint64_t failed = faults.failed;
    pthread_mutex_unlock(&faults.lock);
    return failed;
}

static bool ends_so(const char *path, const char *suffix) {
    const size_t size = path ? strlen(path) : 0, end = strlen(suffix);
    return size >= end && strcmp(path + size - end, suffix) == 0;
}

static bool is_about(const struct fault *fault, enum fault_call call, const char *path) {
    return (fault->calls & (unsigned)call) && (!fault->suffix || ends_so(path, fault->suffix));
}

/* A child for each variant that begins at this call. The lock is held. */
static void explore(enum fault_call call, const char *path) {
    for (size_t i = 0; i < faults.variant_count; i++) {
        const struct fault *fault = &faults.variants[i];
        uint64_t number;
        if (is_about(fault, call, path) && piece_takes(&number)) {
            char what[200];
            const char *name = path ? strrchr(path, '/') : NULL;
            (void)snprintf(what, sizeof what, "kind %d of calls %x x %llu, at call %x of %s",
                           (int)fault->kind, fault->calls, (unsigned long long)fault->count,
                           (unsigned)call, name ? name + 1 : "?");
            if (explore_here(number, what)) {
                faults.fault = *fault;
                faults.fault.at = faults.seen = faults.failed = 0;
                faults.variant_count = 0;
                return;
            }
        }
    }
}

void fault_explore(const struct fault *variants, size_t count) {
    pthread_mutex_lock(&faults.lock);
    faults.variants = variants;
    faults.variant_count = count;
    pthread_mutex_unlock(&faults.lock);
}

enum fault_kind fault_on(enum fault_call call, const char *path) {
    enum fault_kind kind = FAULT_NONE;
    pthread_mutex_lock(&faults.lock);
    const struct fault *fault = &faults.fault;
    faults.seen_of[__builtin_ctz((unsigned)call)]++;
    explore(call, path);
    if (is_about(fault, call, path)) {
        const uint64_t number = faults.seen++;
        const bool is_meant =
            number >= fault->at && (fault->count == 0 || number < fault->at + fault->count);
        kind = is_meant ? fault->kind : FAULT_NONE;
        faults.failed += kind != FAULT_NONE;
    }
    pthread_mutex_unlock(&faults.lock);
    return kind;
}

/* ---- files ---- */

struct fault_file {
    sqlite3_file base;
    struct disk_node *node;
    const char *path; /* SQLite's; NULL: a temporary file */
    bool syncs_folder;
    sqlite3_file *real; /* behind this struct */
};

static struct fault_file *of(sqlite3_file *file) {
    return (struct fault_file *)file; /* base is the first member */
}

static int file_close(sqlite3_file *file) {
    return of(file)->real->pMethods->xClose(of(file)->real);
}

static int file_read(sqlite3_file *base, void *out, int amount, sqlite3_int64 offset) {
    struct fault_file *file = of(base);
    const enum fault_kind kind = fault_on(FAULT_READ, file->path);
    if (kind == FAULT_IO) {
        return SQLITE_IOERR_READ;
    }
    int result = file->real->pMethods->xRead(file->real, out, amount, offset);
    if (kind == FAULT_SHORT) {
        memset((uint8_t *)out + amount / 2, 0, (size_t)(amount - amount / 2));
        result = SQLITE_IOERR_SHORT_READ;
    } else if (kind == FAULT_FLIP && amount > 0) {
        ((uint8_t *)out)[(offset / 7 + amount / 3) % amount] ^= 0x10;
    }
    return result;
}

static int file_write(sqlite3_file *base, const void *bytes, int amount, sqlite3_int64 offset) {
    struct fault_file *file = of(base);
    const enum fault_kind kind = fault_on(FAULT_WRITE, file->path);
    const int size = kind == FAULT_NONE ? amount : kind == FAULT_FULL ? 0 : amount / 2;
    int result = SQLITE_OK;
    if (size > 0) {
        result = file->real->pMethods->xWrite(file->real, bytes, size, offset);
        disk_told_written(file->node, bytes, (size_t)size, (uint64_t)offset);
    }
    return kind == FAULT_NONE ? result : kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size) {
    struct fault_file *file = of(base);
    if (fault_on(FAULT_TRUNCATE, file->path) != FAULT_NONE) {
        return SQLITE_IOERR_TRUNCATE;
    }
    const int result = file->real->pMethods->xTruncate(file->real, size);
    disk_told_truncated(file->node, (uint64_t)size);
    return result;
}

static int file_sync(sqlite3_file *base, int flags) {
    struct fault_file *file = of(base);
    (void)flags;
    const enum fault_kind kind = fault_on(FAULT_SYNC, file->path);
    if (kind != FAULT_NONE) {
        return kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_FSYNC;
    }
    disk_told_synced(file->node);
    if (file->syncs_folder) {
        disk_told_folder_synced(file->path);
        file->syncs_folder = false;
    }
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *out_size) {
    struct fault_file *file = of(base);
    return fault_on(FAULT_SIZE, file->path) != FAULT_NONE
               ? SQLITE_IOERR_FSTAT
               : file->real->pMethods->xFileSize(file->real, out_size);
}

static int file_lock(sqlite3_file *base, int level) {
    struct fault_file *file = of(base);
    return fault_on(FAULT_LOCK, file->path) != FAULT_NONE
               ? SQLITE_IOERR_LOCK
               : file->real->pMethods->xLock(file->real, level);
}

static int file_unlock(sqlite3_file *file, int level) {
    return of(file)->real->pMethods->xUnlock(of(file)->real, level);
}

static int file_check_reserved(sqlite3_file *file, int *out_is) {
    return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, out_is);
}

static int file_control(sqlite3_file *file, int what, void *argument) {
    return of(file)->real->pMethods->xFileControl(of(file)->real, what, argument);
}

static int file_sector_size(sqlite3_file *file) {
    return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int file_characteristics(sqlite3_file *file) {
    return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real);
}

static int file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **out) {
    struct fault_file *file = of(base);
    const enum fault_kind kind = fault_on(FAULT_SHARE, file->path);
    if (kind != FAULT_NONE) {
        return kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_SHMMAP;
    }
    return file->real->pMethods->xShmMap(file->real, page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
    struct fault_file *file = of(base);
    if ((flags & SQLITE_SHM_LOCK) && fault_on(FAULT_LOCK, file->path) != FAULT_NONE) {
        return SQLITE_IOERR_SHMLOCK;
    }
    return file->real->pMethods->xShmLock(file->real, offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file) {
    of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int file_shm_unmap(sqlite3_file *file, int is_delete) {
    return of(file)->real->pMethods->xShmUnmap(of(file)->real, is_delete);
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* ---- the VFS ---- */

/* Where files are in memory, those without a name are too. */
static sqlite3_vfs *under_of(const char *path) {
    return (path ? ram_has(path) : ram_is_used()) ? faults.ram : faults.system;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
                    int *out_flags) {
    struct fault_file *file = of(base);
    sqlite3_vfs *under = under_of(path);
    (void)vfs;
    *file = (struct fault_file){.path = path, .real = (sqlite3_file *)(void *)(file + 1)};
    const enum fault_kind kind = fault_on(FAULT_OPEN, path);
    if (kind != FAULT_NONE) {
        return kind == FAULT_FULL ? SQLITE_FULL : SQLITE_CANTOPEN;
    }
    const int result = under->xOpen(under, path, file->real, flags, out_flags);
    if (result != SQLITE_OK) {
        return result;
    }
    if (path) {
        file->node = flags & SQLITE_OPEN_CREATE ? disk_told_made(path, false) : disk_find(path);
    }
    file->syncs_folder =
        (flags & SQLITE_OPEN_CREATE) &&
        (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    file->base.pMethods = &file_methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int syncs_folder) {
    sqlite3_vfs *under = under_of(path);
    (void)vfs;
    if (fault_on(FAULT_DELETE, path) != FAULT_NONE) {
        return SQLITE_IOERR_DELETE;
    }
    const int result = under->xDelete(under, path, 0);
    if (result == SQLITE_OK) {
        disk_told_removed(path);
    }
    if (result == SQLITE_OK && syncs_folder) {
        disk_told_folder_synced(path);
    }
    return result;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out_is) {
    (void)vfs;
    return under_of(path)->xAccess(under_of(path), path, flags, out_is);
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out) {
    (void)vfs;
    return under_of(path)->xFullPathname(under_of(path), path, size, out);
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *out) {
    (void)vfs;
    chance_take(out, (size_t)size);
    return size;
}

#ifdef EXPLORES_BY_FORKING
static int vfs_sleep(sqlite3_vfs *vfs, int us) { /* whoever it waits for waits too */
    (void)vfs;
    return us;
}
#endif

void fault_vfs_install(void) {
#ifdef EXPLORES_BY_FORKING
    if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK) { /* a child is another thread */
        abort();
    }
#endif
    faults.system = sqlite3_vfs_find(NULL);
    if (!faults.system) {
        abort();
    }
    faults.ram = ram_vfs(faults.system);
    faults.vfs = *faults.system; /* time, libraries: the system's own */
    faults.vfs.zName = "fault";
    faults.vfs.pNext = NULL;
    faults.vfs.szOsFile = (int)sizeof(struct fault_file) +
                          (faults.system->szOsFile > faults.ram->szOsFile ? faults.system->szOsFile
                                                                          : faults.ram->szOsFile);
    faults.vfs.xOpen = vfs_open;
    faults.vfs.xDelete = vfs_delete;
    faults.vfs.xAccess = vfs_access;
    faults.vfs.xFullPathname = vfs_full_path;
    faults.vfs.xRandomness = vfs_randomness;
#ifdef EXPLORES_BY_FORKING
    faults.vfs.xSleep = vfs_sleep;
#endif
    if (sqlite3_vfs_register(&faults.vfs, 1) != SQLITE_OK) {
        abort();
    }
}
