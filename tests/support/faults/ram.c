/* See ram.h: names and bytes. */
#include "tests/support/faults/ram.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/faults/memory.h"

#define NAMES_MAX 256
#define PATH_BYTES 512

struct ram_node {
    bool is_folder;
    uint32_t number, names, opens;
    uint8_t *bytes;
    size_t size, capacity;
    struct ram_sharing sharing;
};

struct name {
    char path[PATH_BYTES];
    bool is_root;
    struct ram_node *node;
};

static struct {
    pthread_mutex_t lock;
    struct name names[NAMES_MAX];
    size_t name_count;
    uint32_t node_count, folder_count;
} ram = {.lock = PTHREAD_MUTEX_INITIALIZER};

void *ram_allocate(void *block, size_t size) {
    void *made = memory_own(block, size + 1);
    if (!made) {
        abort();
    }
    return made;
}

static void lock(void) {
    pthread_mutex_lock(&ram.lock);
}

static void unlock(void) {
    pthread_mutex_unlock(&ram.lock);
}

/* ---- names; the lock is held ---- */

static struct name *find(const char *path) {
    for (size_t i = 0; i < ram.name_count; i++) {
        if (strcmp(ram.names[i].path, path) == 0) {
            return &ram.names[i];
        }
    }
    return NULL;
}

static struct ram_node *make_node(bool is_folder) {
    struct ram_node *node = ram_allocate(NULL, sizeof *node);
    *node = (struct ram_node){.is_folder = is_folder, .number = ++ram.node_count};
    return node;
}

static void free_if_gone(struct ram_node *node) {
    if (node->names == 0 && node->opens == 0) {
        ram_sharing_forget(node);
        memory_own(node->bytes, 0);
        memory_own(node, 0);
    }
}

static void add_name(const char *path, struct ram_node *node, bool is_root) {
    if (ram.name_count == NAMES_MAX || strlen(path) >= PATH_BYTES) {
        abort();
    }
    struct name *name = &ram.names[ram.name_count++];
    (void)snprintf(name->path, sizeof name->path, "%s", path);
    name->is_root = is_root;
    name->node = node;
    node->names++;
}

static void drop_name(struct name *name) {
    struct ram_node *node = name->node;
    *name = ram.names[--ram.name_count];
    node->names--;
    free_if_gone(node);
}

static bool is_below(const char *path, const char *root) {
    const size_t size = strlen(root);
    return strncmp(path, root, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

static bool has(const char *path) {
    for (size_t i = 0; i < ram.name_count; i++) {
        if (ram.names[i].is_root && is_below(path, ram.names[i].path)) {
            return true;
        }
    }
    return false;
}

static bool has_folder_for(const char *path) {
    char folder[PATH_BYTES];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash) {
        return false;
    }
    *slash = '\0';
    const struct name *name = find(folder);
    return name && name->node->is_folder;
}

static int fail(int error) {
    unlock();
    errno = error;
    return -1;
}

static int done(void) {
    unlock();
    return 0;
}

/* ---- folders ---- */

void ram_folder_make_like(char *template) {
    lock();
    char digits[8];
    (void)snprintf(digits, sizeof digits, "%06u", ++ram.folder_count % 1000000);
    memcpy(template + strlen(template) - 6, digits, 6);
    add_name(template, make_node(true), true);
    unlock();
}

void ram_folder_make(char out_path[512]) {
    const char *base = getenv("TMPDIR");
    (void)snprintf(out_path, 512, "%s/kolam-ram-XXXXXX", base && *base ? base : "/tmp");
    ram_folder_make_like(out_path);
}

void ram_folder_remove(const char *path) {
    lock();
    for (size_t i = ram.name_count; i-- > 0;) {
        if (is_below(ram.names[i].path, path)) {
            drop_name(&ram.names[i]); /* the last takes its place: it was looked at */
        }
    }
    unlock();
}

bool ram_has(const char *path) {
    lock();
    const bool is_here = path && has(path);
    unlock();
    return is_here;
}

bool ram_is_used(void) {
    lock();
    const bool is_used = ram.name_count > 0;
    unlock();
    return is_used;
}

int ram_mkdir(const char *path) {
    lock();
    if (find(path)) {
        return fail(EEXIST);
    }
    if (!has_folder_for(path)) {
        return fail(ENOENT);
    }
    add_name(path, make_node(true), false);
    return done();
}

int ram_rmdir(const char *path) {
    lock();
    struct name *name = find(path);
    if (!name) {
        return fail(ENOENT);
    }
    for (size_t i = 0; i < ram.name_count; i++) {
        if (&ram.names[i] != name && is_below(ram.names[i].path, path)) {
            return fail(ENOTEMPTY);
        }
    }
    drop_name(name);
    return done();
}

int ram_unlink(const char *path) {
    lock();
    struct name *name = find(path);
    if (!name || name->node->is_folder) {
        return fail(name ? EISDIR : ENOENT);
    }
    drop_name(name);
    return done();
}

int ram_rename(const char *from, const char *to) {
    lock();
    const struct name *name = find(from);
    if (!name || !has_folder_for(to)) {
        return fail(ENOENT);
    }
    struct ram_node *node = name->node;
    struct name *old = find(to);
    if (node->is_folder || (old && old->node->is_folder)) {
        abort(); /* nothing here renames folders */
    }
    if (old && old->node == node) {
        return done();
    }
    node->opens++;
    if (old) {
        drop_name(old);
    }
    drop_name(find(from));
    add_name(to, node, false);
    node->opens--;
    return done();
}

int ram_link(const char *from, const char *to) {
    lock();
    const struct name *name = find(from);
    if (!name || !has_folder_for(to)) {
        return fail(ENOENT);
    }
    if (find(to)) {
        return fail(EEXIST);
    }
    add_name(to, name->node, false);
    return done();
}

int ram_stat(const char *path, struct stat *out_info) {
    lock();
    const struct name *name = find(path);
    if (!name) {
        return fail(ENOENT);
    }
    memset(out_info, 0, sizeof *out_info);
    out_info->st_dev = 1;
    out_info->st_ino = name->node->number;
    out_info->st_nlink = name->node->names;
    out_info->st_mode = name->node->is_folder ? S_IFDIR | 0777 : S_IFREG | 0666;
    out_info->st_size = (off_t)name->node->size;
    return done();
}

/* ---- files ---- */

static struct ram_node *refuse(int error) {
    (void)fail(error);
    return NULL;
}

struct ram_node *ram_open(const char *path, int flags) {
    lock();
    const struct name *name = find(path);
    struct ram_node *node = name ? name->node : NULL;
    if (node && (flags & O_CREAT) && (flags & O_EXCL)) {
        return refuse(EEXIST);
    }
    if (node && (flags & O_DIRECTORY) && !node->is_folder) {
        return refuse(ENOTDIR);
    }
    if (!node && (!(flags & O_CREAT) || !has_folder_for(path))) {
        return refuse(ENOENT);
    }
    if (!node) {
        node = make_node(false);
        add_name(path, node, false);
    }
    node->opens++;
    node->size = flags & O_TRUNC ? 0 : node->size;
    unlock();
    return node;
}

struct ram_node *ram_open_nameless(void) {
    lock();
    struct ram_node *node = make_node(false);
    node->opens++;
    unlock();
    return node;
}

void ram_close(struct ram_node *node) {
    lock();
    node->opens--;
    free_if_gone(node);
    unlock();
}

size_t ram_read(const struct ram_node *node, void *out, size_t size, uint64_t offset) {
    lock();
    const size_t left = offset < node->size ? node->size - (size_t)offset : 0;
    const size_t got = left < size ? left : size;
    if (got > 0) {
        memcpy(out, node->bytes + offset, got);
    }
    unlock();
    return got;
}

static void resize(struct ram_node *node, size_t size) {
    if (size > node->capacity) {
        node->capacity = size + size / 2 + 4096;
        node->bytes = ram_allocate(node->bytes, node->capacity);
    }
    if (size > node->size) {
        memset(node->bytes + node->size, 0, size - node->size);
    }
    node->size = size;
}

bool ram_write(struct ram_node *node, const void *bytes, size_t size, uint64_t offset) {
    lock();
    if (offset + size > node->size) {
        resize(node, (size_t)offset + size);
    }
    memcpy(node->bytes + offset, bytes, size);
    unlock();
    return true;
}

void ram_truncate(struct ram_node *node, uint64_t size) {
    lock();
    resize(node, (size_t)size);
    unlock();
}

uint64_t ram_size(const struct ram_node *node) {
    lock();
    const uint64_t size = node->size;
    unlock();
    return size;
}

bool ram_is_at(const struct ram_node *node, const char *path) {
    lock();
    const struct name *name = find(path);
    const bool is_there = name && name->node == node;
    unlock();
    return is_there;
}

void ram_flip(const char *path, uint64_t offset, int bit) {
    lock();
    const struct name *name = find(path);
    if (!name || offset >= name->node->size) {
        abort();
    }
    name->node->bytes[offset] ^= (uint8_t)(1 << bit);
    unlock();
}

struct ram_sharing *ram_sharing_of(struct ram_node *node) {
    return &node->sharing;
}

/* ---- fingerprints ---- */

static uint64_t fold(uint64_t a, uint64_t b) {
    const unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

struct ram_print ram_print_add(struct ram_print print, const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    print.low ^= size;
    for (size_t i = 0; i < size; i += 16) {
        uint64_t words[2] = {0, 0};
        memcpy(words, at + i, size - i < 16 ? size - i : 16);
        print.low = fold(print.low ^ words[0] ^ UINT64_C(0xa0761d6478bd642f),
                         words[1] ^ UINT64_C(0xe7037ed1a0b428db));
        print.high = fold(print.high ^ words[1] ^ UINT64_C(0x8ebc6af09c88c6e3),
                          words[0] ^ print.low ^ UINT64_C(0x589965cc75374cc3));
    }
    return print;
}

static int by_path(const void *a, const void *b) {
    return strcmp((*(const struct name *const *)a)->path, (*(const struct name *const *)b)->path);
}

struct ram_print ram_print(const char *begin) {
    const struct name *names[NAMES_MAX];
    struct ram_print print = {.low = 1, .high = 2};
    const size_t begin_size = strlen(begin);
    size_t count = 0;
    lock();
    for (size_t i = 0; i < ram.name_count; i++) {
        const char *path = ram.names[i].path, *end = strrchr(path, '-');
        if (strncmp(path, begin, begin_size) == 0 && !(end && strcmp(end, "-shm") == 0)) {
            names[count++] = &ram.names[i];
        }
    }
    qsort(names, count, sizeof *names, by_path);
    for (size_t i = 0; i < count; i++) {
        const char *rest = names[i]->path + begin_size;
        print = ram_print_add(print, rest, strlen(rest) + 1);
        print = ram_print_add(print, names[i]->node->bytes, names[i]->node->size);
    }
    unlock();
    return print;
}
