/* See disk.h: the journal, and how far of it is kept for good at a moment. What a cut leaves of the rest is disk_cut.c's. */
#include "tests/support/faults/disk.h"

#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/support/faults/disk_internal.h"

#define PATH_BYTES 1024

static struct disk the_disk;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void *disk_allocate(void *block, size_t count, size_t size) {
    void *made = realloc(block, count * size + 1);
    if (!made) {
        abort();
    }
    return made;
}

/* Names point to it as long as the journal is there. */
static const char *copy_text(const char *text) {
    struct disk *disk = &the_disk;
    disk->texts = disk_allocate(disk->texts, disk->text_count + 1, sizeof(char *));
    char *copy = strcpy(disk_allocate(NULL, strlen(text) + 1, 1), text);
    disk->texts[disk->text_count++] = copy;
    return copy;
}

/* ---- nodes and names ---- */

static struct disk_node *make_node(bool is_folder) {
    struct disk *disk = &the_disk;
    struct disk_node *node = disk_allocate(NULL, 1, sizeof *node);
    *node = (struct disk_node){.is_folder = is_folder, .number = disk->node_count};
    disk->nodes = disk_allocate(disk->nodes, disk->node_count + 1, sizeof(struct disk_node *));
    disk->nodes[disk->node_count++] = node;
    return node;
}

void disk_bytes_resize(struct disk_bytes *bytes, size_t size) {
    if (size > bytes->capacity) {
        bytes->capacity = size * 2;
        bytes->at = disk_allocate(bytes->at, bytes->capacity, 1);
    }
    if (size > bytes->size) {
        memset(bytes->at + bytes->size, 0, size - bytes->size);
    }
    bytes->size = size;
}

static struct disk_name *find_name(struct disk_names *names, const char *text) {
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->at[i].text, text) == 0) {
            return &names->at[i];
        }
    }
    return NULL;
}

static void set_name(struct disk_names *names, const char *text, struct disk_node *node) {
    struct disk_name *name = find_name(names, text);
    if (name && node) {
        name->node = node;
    } else if (name) {
        *name = names->at[--names->count];
    } else if (node) {
        names->at = disk_allocate(names->at, names->count + 1, sizeof *names->at);
        names->at[names->count++] = (struct disk_name){.text = text, .node = node};
    }
}

void disk_names_apply(struct disk_names *names, const struct disk_change *change) {
    if (change->kind == DISK_RENAME) {
        set_name(names, change->name, NULL);
        set_name(names, change->to, change->child);
    } else {
        set_name(names, change->name, change->kind == DISK_MAKE ? change->child : NULL);
    }
}

void disk_names_copy(struct disk_names *to, const struct disk_names *from) {
    to->at = disk_allocate(to->at, from->count + 1, sizeof *to->at);
    if (from->count > 0) {
        memcpy(to->at, from->at, from->count * sizeof *to->at);
    }
    to->count = from->count;
}

/* What lies below the root, one name after another; NULL if it does not or is not there. `out_name` is the last part. */
static struct disk_node *folder_of(const char *path, const char **out_name) {
    struct disk *disk = &the_disk;
    const size_t root_size = strlen(disk->root);
    if (!disk->is_recording || strncmp(path, disk->root, root_size) != 0 ||
        path[root_size] != '/') {
        return NULL;
    }
    struct disk_node *folder = disk->nodes[0];
    const char *part = path + root_size + 1;
    for (const char *slash = strchr(part, '/'); slash && folder; slash = strchr(part, '/')) {
        char text[PATH_BYTES];
        (void)snprintf(text, sizeof text, "%.*s", (int)(slash - part), part);
        const struct disk_name *name = find_name(&folder->live, text);
        folder = name ? name->node : NULL;
        part = slash + 1;
    }
    *out_name = part;
    return folder;
}

static struct disk_node *find(const char *path) {
    const char *text = NULL;
    if (the_disk.is_recording && strcmp(path, the_disk.root) == 0) {
        return the_disk.nodes[0];
    }
    struct disk_node *folder = folder_of(path, &text);
    const struct disk_name *name = folder ? find_name(&folder->live, text) : NULL;
    return name ? name->node : NULL;
}

/* ---- the journal ---- */

static struct disk_change *add_change(enum disk_change_kind kind, struct disk_node *node) {
    struct disk *disk = &the_disk;
    if (disk->change_count == disk->change_capacity) {
        disk->change_capacity = disk->change_capacity * 2 + 1024;
        disk->changes = disk_allocate(disk->changes, disk->change_capacity, sizeof *disk->changes);
    }
    struct disk_change *change = &disk->changes[disk->change_count];
    *change = (struct disk_change){.kind = kind, .node = node, .number = disk->change_count++};
    return change;
}

static void change_name(struct disk_node *folder, enum disk_change_kind kind, const char *name,
                        const char *to, struct disk_node *child) {
    struct disk_change *change = add_change(kind, folder);
    change->name = copy_text(name);
    change->to = to ? copy_text(to) : NULL;
    change->child = child;
    disk_names_apply(&folder->live, change);
}

struct disk_node *disk_find(const char *path) {
    pthread_mutex_lock(&lock);
    struct disk_node *node = find(path);
    pthread_mutex_unlock(&lock);
    return node;
}

struct disk_node *disk_told_made(const char *path, bool is_folder) {
    pthread_mutex_lock(&lock);
    const char *name = NULL;
    struct disk_node *node = find(path), *folder = folder_of(path, &name);
    if (!node && folder) {
        node = make_node(is_folder);
        change_name(folder, DISK_MAKE, name, NULL, node);
    }
    pthread_mutex_unlock(&lock);
    return node;
}

void disk_told_written(struct disk_node *node, const void *bytes, size_t size, uint64_t offset) {
    pthread_mutex_lock(&lock);
    if (node && the_disk.is_recording) {
        struct disk_change *change = add_change(DISK_WRITE, node);
        change->bytes = memcpy(disk_allocate(NULL, size, 1), bytes, size);
        change->size = size;
        change->offset = offset;
    }
    pthread_mutex_unlock(&lock);
}

static void add_plain(struct disk_node *node, enum disk_change_kind kind, uint64_t size) {
    pthread_mutex_lock(&lock);
    if (node && the_disk.is_recording) {
        add_change(kind, node)->size = size;
    }
    pthread_mutex_unlock(&lock);
}

void disk_told_truncated(struct disk_node *node, uint64_t size) {
    add_plain(node, DISK_TRUNCATE, size);
}

void disk_told_synced(struct disk_node *node) {
    add_plain(node, DISK_SYNC, 0);
}

void disk_told_folder_synced(const char *path_inside) {
    const char *name = NULL;
    pthread_mutex_lock(&lock);
    struct disk_node *folder = folder_of(path_inside, &name);
    pthread_mutex_unlock(&lock);
    add_plain(folder, DISK_SYNC, 0);
}

void disk_told_removed(const char *path) {
    pthread_mutex_lock(&lock);
    const char *name = NULL;
    struct disk_node *node = find(path), *folder = folder_of(path, &name);
    if (node && folder) {
        change_name(folder, DISK_REMOVE, name, NULL, node);
    }
    pthread_mutex_unlock(&lock);
}

void disk_told_renamed(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    const char *from_name = NULL, *to_name = NULL;
    struct disk_node *node = find(from), *folder = folder_of(from, &from_name);
    if (node && folder) {
        if (folder_of(to, &to_name) != folder) {
            abort(); /* nothing here renames from folder to folder */
        }
        change_name(folder, DISK_RENAME, from_name, to_name, node);
    }
    pthread_mutex_unlock(&lock);
}

void disk_told_linked(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    const char *name = NULL;
    struct disk_node *node = find(from), *folder = folder_of(to, &name);
    if (node && folder) {
        change_name(folder, DISK_MAKE, name, NULL, node);
    }
    pthread_mutex_unlock(&lock);
}

size_t disk_now(void) {
    pthread_mutex_lock(&lock);
    const size_t now = the_disk.change_count;
    pthread_mutex_unlock(&lock);
    return now;
}

bool disk_is_sync(size_t number) {
    return number < the_disk.change_count && the_disk.changes[number].kind == DISK_SYNC;
}

bool disk_is_of_names(size_t number) {
    return number < the_disk.change_count && the_disk.changes[number].node->is_folder;
}

bool disk_is_rename(size_t number) {
    return number < the_disk.change_count && the_disk.changes[number].kind == DISK_RENAME;
}

static const char *name_of(const struct disk_node *node) {
    for (size_t i = 0; i < the_disk.node_count; i++) {
        const struct disk_names *names = &the_disk.nodes[i]->live;
        for (size_t j = 0; j < names->count; j++) {
            if (names->at[j].node == node) {
                return names->at[j].text;
            }
        }
    }
    return node->number == 0 ? "(root)" : "(removed)";
}

const char *disk_change_text(size_t number, char *out_text, size_t capacity) {
    static const char *const kinds[] = {"write", "truncate", "sync", "make", "remove", "rename"};
    const struct disk_change *change = &the_disk.changes[number];
    (void)snprintf(out_text, capacity, "%s %s %s offset %" PRIu64 " size %" PRIu64,
                   kinds[change->kind], name_of(change->node), change->name ? change->name : "",
                   change->offset, change->size);
    return out_text;
}

/* ---- beginning and end ---- */

static void load_file(struct disk_node *node, const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t bytes[65536];
    size_t got;
    while (file && (got = fread(bytes, 1, sizeof bytes, file)) > 0) {
        const size_t size = node->first.size;
        disk_bytes_resize(&node->first, size + got);
        memcpy(node->first.at + size, bytes, got);
    }
    if (file) {
        (void)fclose(file);
    }
}

static void load_folder(struct disk_node *folder, const char *path) {
    DIR *list = opendir(path);
    const struct dirent *entry;
    while (list && (entry = readdir(list))) {
        char inner[PATH_BYTES * 2];
        struct stat info;
        (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        const char *end = strrchr(entry->d_name, '-');
        if (entry->d_name[0] == '.' || (end && strcmp(end, "-shm") == 0) ||
            lstat(inner, &info) != 0) {
            continue;
        }
        struct disk_node *node = make_node(S_ISDIR(info.st_mode));
        set_name(&folder->live, copy_text(entry->d_name), node);
        if (node->is_folder) {
            load_folder(node, inner);
        } else {
            load_file(node, inner);
        }
    }
    if (list) {
        (void)closedir(list);
    }
    disk_names_copy(&folder->first_names, &folder->live);
}

void disk_forget(void) {
    struct disk *disk = &the_disk;
    for (size_t i = 0; i < disk->change_count; i++) {
        free(disk->changes[i].bytes);
    }
    for (size_t i = 0; i < disk->node_count; i++) {
        struct disk_node *node = disk->nodes[i];
        free(node->first.at);
        free(node->kept.at);
        free(node->live.at);
        free(node->first_names.at);
        free(node->kept_names.at);
        free(node->pending);
        free(node);
    }
    for (size_t i = 0; i < disk->text_count; i++) {
        free(disk->texts[i]);
    }
    free(disk->texts);
    free(disk->changes);
    free(disk->nodes);
    *disk = (struct disk){.change_count = 0};
}

void disk_record(const char *root) {
    pthread_mutex_lock(&lock);
    disk_forget();
    (void)snprintf(the_disk.root, sizeof the_disk.root, "%s", root);
    load_folder(make_node(true), root);
    the_disk.is_recording = true;
    pthread_mutex_unlock(&lock);
}

void disk_stop(void) {
    pthread_mutex_lock(&lock);
    the_disk.is_recording = false;
    pthread_mutex_unlock(&lock);
}

/* ---- playing it back ---- */

static void rewind_all(struct disk *disk) {
    for (size_t i = 0; i < disk->node_count; i++) {
        struct disk_node *node = disk->nodes[i];
        disk_bytes_resize(&node->kept, 0);
        disk_bytes_resize(&node->kept, node->first.size);
        if (node->first.size > 0) {
            memcpy(node->kept.at, node->first.at, node->first.size);
        }
        disk_names_copy(&node->kept_names, &node->first_names);
        node->pending_count = 0;
    }
    disk->played = 0;
    disk->is_wound = true;
}

void disk_bytes_apply(struct disk_bytes *bytes, const struct disk_change *change) {
    if (change->kind == DISK_TRUNCATE) {
        disk_bytes_resize(bytes, change->size);
    } else {
        if (change->offset + change->size > bytes->size) {
            disk_bytes_resize(bytes, change->offset + change->size);
        }
        memcpy(bytes->at + change->offset, change->bytes, change->size);
    }
}

static void keep_all(struct disk_node *node) {
    for (size_t i = 0; i < node->pending_count; i++) {
        if (node->is_folder) {
            disk_names_apply(&node->kept_names, node->pending[i]);
        } else {
            disk_bytes_apply(&node->kept, node->pending[i]);
        }
    }
    node->pending_count = 0;
}

static void play(struct disk_change *change) {
    struct disk_node *node = change->node;
    if (change->kind == DISK_SYNC) {
        keep_all(node);
        return;
    }
    if (node->pending_count == node->pending_capacity) {
        node->pending_capacity = node->pending_capacity * 2 + 64;
        node->pending = disk_allocate(node->pending, node->pending_capacity, sizeof(void *));
    }
    node->pending[node->pending_count++] = change;
}

struct disk *disk_played_to(size_t before) {
    struct disk *disk = &the_disk;
    if (!disk->is_wound || before < disk->played) {
        rewind_all(disk);
    }
    while (disk->played < before && disk->played < disk->change_count) {
        play(&disk->changes[disk->played++]);
    }
    return disk;
}
