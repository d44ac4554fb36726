/* See ram.h: files in memory as SQLite sees them, with the locks that connections of one process hold against each other. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/faults/memory.h"
#include "tests/support/faults/ram.h"

struct ram_file {
    sqlite3_file base;
    struct ram_node *node;
    const char *path; /* SQLite's; NULL: a temporary file */
    int level;
    bool is_sharing, holds_reserved, holds_pending, deletes;
    uint16_t slots_shared, slots_exclusive;
};

/* Guards what connections know of each other. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct ram_file *of(sqlite3_file *file) {
    return (struct ram_file *)file; /* base is the first member */
}

/* ---- bytes ---- */

static int file_read(sqlite3_file *file, void *out, int amount, sqlite3_int64 offset) {
    const size_t got = ram_read(of(file)->node, out, (size_t)amount, (uint64_t)offset);
    memset((uint8_t *)out + got, 0, (size_t)amount - got);
    return got == (size_t)amount ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *bytes, int amount, sqlite3_int64 offset) {
    (void)ram_write(of(file)->node, bytes, (size_t)amount, (uint64_t)offset);
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    ram_truncate(of(file)->node, (uint64_t)size);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags) {
    (void)file, (void)flags;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *out_size) {
    *out_size = (sqlite3_int64)ram_size(of(file)->node);
    return SQLITE_OK;
}

/* ---- a file's lock ---- */

static int take(struct ram_file *file, int level) {
    struct ram_sharing *s = ram_sharing_of(file->node);
    if (level == SQLITE_LOCK_SHARED) {
        if (s->pending || s->exclusive) {
            return SQLITE_BUSY;
        }
        s->shared++;
    } else if (level == SQLITE_LOCK_RESERVED) {
        if (s->reserved) {
            return SQLITE_BUSY;
        }
        s->reserved = 1;
        file->holds_reserved = true;
    } else {
        if ((s->reserved && !file->holds_reserved) || (s->pending && !file->holds_pending)) {
            return SQLITE_BUSY;
        }
        s->pending = 1;
        file->holds_pending = true;
        if (s->shared > 1) {
            return SQLITE_BUSY;
        }
        s->exclusive = 1;
    }
    file->level = level;
    return SQLITE_OK;
}

static int file_lock(sqlite3_file *base, int level) {
    struct ram_file *file = of(base);
    if (file->level >= level) {
        return SQLITE_OK;
    }
    pthread_mutex_lock(&lock);
    const int result = take(file, level);
    pthread_mutex_unlock(&lock);
    return result;
}

static int file_unlock(sqlite3_file *base, int level) {
    struct ram_file *file = of(base);
    struct ram_sharing *s = ram_sharing_of(file->node);
    pthread_mutex_lock(&lock);
    if (file->level > level || file->holds_pending) {
        s->exclusive = file->level == SQLITE_LOCK_EXCLUSIVE ? 0 : s->exclusive;
        s->reserved = file->holds_reserved ? 0 : s->reserved;
        s->pending = file->holds_pending ? 0 : s->pending;
        file->holds_reserved = file->holds_pending = false;
        if (level == SQLITE_LOCK_NONE && file->level >= SQLITE_LOCK_SHARED) {
            s->shared--;
        }
        file->level = level;
    }
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *file, int *out_is) {
    pthread_mutex_lock(&lock);
    *out_is = ram_sharing_of(of(file)->node)->reserved != 0;
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

/* ---- the memory that is shared ---- */

void ram_sharing_forget(struct ram_node *node) {
    struct ram_sharing *s = ram_sharing_of(node);
    for (uint32_t i = 0; i < s->page_count; i++) {
        memory_own(s->pages[i], 0);
    }
    memory_own(s->pages, 0);
    s->pages = NULL;
    s->page_count = 0;
}

static int file_shm_map(sqlite3_file *base, int page, int size, int extend, void volatile **out) {
    struct ram_file *file = of(base);
    struct ram_sharing *s = ram_sharing_of(file->node);
    pthread_mutex_lock(&lock);
    s->users += !file->is_sharing;
    file->is_sharing = true;
    while (extend && s->page_count <= (uint32_t)page) {
        s->pages = ram_allocate(s->pages, (s->page_count + 1) * sizeof *s->pages);
        s->pages[s->page_count++] = memset(ram_allocate(NULL, (size_t)size), 0, (size_t)size);
    }
    *out = (uint32_t)page < s->page_count ? s->pages[page] : NULL;
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

static bool may_lock(const struct ram_sharing *s, int offset, int count, bool is_exclusive) {
    for (int i = offset; i < offset + count; i++) {
        if (s->slot_exclusive[i] || (is_exclusive && s->slot_shared[i])) {
            return false;
        }
    }
    return true;
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
    struct ram_file *file = of(base);
    struct ram_sharing *s = ram_sharing_of(file->node);
    const bool is_exclusive = flags & SQLITE_SHM_EXCLUSIVE, locks = flags & SQLITE_SHM_LOCK;
    uint16_t *held = is_exclusive ? &file->slots_exclusive : &file->slots_shared;
    uint32_t *slots = is_exclusive ? s->slot_exclusive : s->slot_shared;
    int result = SQLITE_OK;
    pthread_mutex_lock(&lock);
    const uint16_t asked = (uint16_t)(((1u << count) - 1) << offset);
    if (locks && (*held & asked) != asked && !may_lock(s, offset, count, is_exclusive)) {
        result = SQLITE_BUSY;
    }
    for (int i = offset; i < offset + count && result == SQLITE_OK; i++) {
        const bool has = *held >> i & 1;
        slots[i] += (uint32_t)(locks && !has) - (uint32_t)(!locks && has);
        *held = (uint16_t)(locks ? *held | 1u << i : *held & ~(1u << i));
    }
    pthread_mutex_unlock(&lock);
    return result;
}

static void file_shm_barrier(sqlite3_file *file) {
    (void)file;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static int file_shm_unmap(sqlite3_file *base, int is_delete) {
    (void)
        is_delete; /* it is forgotten with its last user: who comes next begins with nothing, as SQLite's own does */
    struct ram_file *file = of(base);
    struct ram_sharing *s = ram_sharing_of(file->node);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++) {
        s->slot_shared[i] -= file->slots_shared >> i & 1;
        s->slot_exclusive[i] -= file->slots_exclusive >> i & 1;
    }
    file->slots_shared = file->slots_exclusive = 0;
    if (file->is_sharing && --s->users == 0) {
        ram_sharing_forget(file->node);
    }
    file->is_sharing = false;
    pthread_mutex_unlock(&lock);
    return SQLITE_OK;
}

/* ---- the rest ---- */

static int file_close(sqlite3_file *base) {
    struct ram_file *file = of(base);
    (void)file_unlock(base, SQLITE_LOCK_NONE);
    (void)file_shm_unmap(base, 0);
    if (file->deletes && file->path) {
        (void)ram_unlink(file->path);
    }
    ram_close(file->node);
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int what, void *argument) {
    if (what == SQLITE_FCNTL_HAS_MOVED) {
        *(int *)argument = !of(base)->path || !ram_is_at(of(base)->node, of(base)->path);
        return SQLITE_OK;
    }
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *file) {
    (void)file;
    return 4096;
}

static int file_characteristics(sqlite3_file *file) {
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as of any disk, unless told otherwise */
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

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
                    int *out_flags) {
    (void)vfs;
    struct ram_file *file = of(base);
    *file = (struct ram_file){.path = path, .deletes = flags & SQLITE_OPEN_DELETEONCLOSE};
    const int asked =
        (flags & SQLITE_OPEN_CREATE ? O_CREAT : 0) | (flags & SQLITE_OPEN_EXCLUSIVE ? O_EXCL : 0);
    file->node = path ? ram_open(path, asked) : ram_open_nameless();
    if (!file->node) {
        return SQLITE_CANTOPEN;
    }
    file->base.pMethods = &file_methods;
    if (out_flags) {
        *out_flags = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int syncs_folder) {
    (void)vfs, (void)syncs_folder;
    return ram_unlink(path) == 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out_is) {
    (void)vfs;
    struct stat info;
    *out_is = ram_stat(path, &info) == 0 && (flags != SQLITE_ACCESS_EXISTS || info.st_size > 0);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *out) {
    (void)vfs;
    if (strlen(path) >= (size_t)size) {
        return SQLITE_CANTOPEN;
    }
    (void)strcpy(out, path);
    return SQLITE_OK;
}

sqlite3_vfs *ram_vfs(const sqlite3_vfs *system) {
    static sqlite3_vfs vfs;
    vfs = *system;
    vfs.zName = "ram";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct ram_file);
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xAccess = vfs_access;
    vfs.xFullPathname = vfs_full_path;
    return &vfs;
}
