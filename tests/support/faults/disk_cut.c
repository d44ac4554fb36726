/* What a power cut leaves: everything that was synced, and of the rest what the kind of cut says. See disk.h. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/faults/disk_internal.h"
#include "tests/support/faults/ram.h"

#define SECTOR_BYTES 512u
#define OF_SIZE UINT64_MAX /* in the place of a sector: the file's size */

struct cutting {
    const struct disk_cut *cut;
    const struct disk *disk;
    size_t in_order_until; /* DISK_IN_ORDER */
    const struct disk_node
        *chosen; /* DISK_ALL_BUT_ONE, DISK_ONLY_ONE; NULL if nothing is pending */
};

static uint64_t mix(uint64_t value) { /* splitmix64's finish */
    value += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static uint64_t dice(const struct disk_cut *cut, uint64_t a, uint64_t b) {
    return mix(mix(mix(cut->seed ^ (uint64_t)cut->before << 20) ^ a) ^ b);
}

/* How many of a node's pending changes reached this place of it: of a disk that writes much, most of them; else any. */
static size_t reached(const struct disk_cut *cut, const struct disk_node *node, uint64_t place) {
    static const uint64_t whole_percent[] = {10, 50, 90};
    const uint64_t rate = whole_percent[dice(cut, node->number, 1) % 3];
    const uint64_t roll = dice(cut, node->number << 8 | 2, place);
    return roll % 100 < rate ? node->pending_count
                             : (size_t)((roll >> 32) % (node->pending_count + 1));
}

/* The bit of a folder's pending change. */
static size_t bit_of(const struct disk *disk, const struct disk_node *folder, size_t index) {
    size_t bit = index;
    for (size_t i = 0; i < disk->node_count && disk->nodes[i] != folder; i++) {
        bit += disk->nodes[i]->is_folder ? disk->nodes[i]->pending_count : 0;
    }
    return bit;
}

size_t disk_loose_names(size_t before) {
    const struct disk *disk = disk_played_to(before);
    return bit_of(disk, NULL, 0);
}

static bool is_there(const struct cutting *cutting, const struct disk_node *node, size_t index,
                     uint64_t place) {
    switch (cutting->cut->kind) {
    case DISK_NOTHING_MORE:
        return false;
    case DISK_EVERYTHING:
        return true;
    case DISK_IN_ORDER:
        return node->pending[index]->number < cutting->in_order_until;
    case DISK_ALL_BUT_ONE:
        return node != cutting->chosen;
    case DISK_ONLY_ONE:
        return node == cutting->chosen;
    case DISK_NAMES:
        return node->is_folder ? cutting->cut->seed >> bit_of(cutting->disk, node, index) & 1
                               : (cutting->cut->seed & DISK_FILES_DONE) != 0;
    default:
        return node->is_folder ? dice(cutting->cut, node->number << 8 | 3, index) % 2 == 0
                               : index < reached(cutting->cut, node, place);
    }
}

static void choose(struct cutting *cutting, const struct disk *disk) {
    size_t count = 0, first = cutting->cut->before;
    for (size_t i = 0; i < disk->node_count; i++) {
        const struct disk_node *node = disk->nodes[i];
        if (node->pending_count > 0) {
            first = node->pending[0]->number < first ? node->pending[0]->number : first;
            if (dice(cutting->cut, 4, i) % ++count == 0) {
                cutting->chosen = node;
            }
        }
    }
    cutting->in_order_until =
        first + (size_t)(dice(cutting->cut, 5, 5) % (cutting->cut->before - first + 1));
}

static bool may_be_junk(const struct cutting *cutting, const struct disk_node *node) {
    return cutting->cut->kind == DISK_ANYTHING && dice(cutting->cut, node->number, 6) % 3 == 0;
}

/* A sector that was given to the file, and not written. */
static void fill_junk(const struct cutting *cutting, const struct disk_node *node, uint8_t *at,
                      size_t size, uint64_t sector) {
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)dice(cutting->cut, node->number ^ sector << 16, i);
    }
}

static void write_sectors(const struct cutting *cutting, const struct disk_node *node, size_t index,
                          struct disk_bytes *bytes) {
    const struct disk_change *change = node->pending[index];
    const uint64_t end = change->offset + change->size;
    for (uint64_t at = change->offset; at < end;) {
        const uint64_t sector = at / SECTOR_BYTES, next = (sector + 1) * SECTOR_BYTES;
        const size_t size = (size_t)((next < end ? next : end) - at);
        if (is_there(cutting, node, index, sector)) {
            memcpy(bytes->at + at, change->bytes + (at - change->offset), size);
        } else if (at >= node->kept.size && may_be_junk(cutting, node) &&
                   reached(cutting->cut, node, sector) == 0) {
            fill_junk(cutting, node, bytes->at + at, size, sector);
        }
        at += size;
    }
}

static void clear_sectors(const struct cutting *cutting, const struct disk_node *node, size_t index,
                          struct disk_bytes *bytes) {
    for (uint64_t at = node->pending[index]->size; at < bytes->size;) {
        const uint64_t sector = at / SECTOR_BYTES, next = (sector + 1) * SECTOR_BYTES;
        const size_t size = (size_t)((next < bytes->size ? next : bytes->size) - at);
        if (is_there(cutting, node, index, sector)) {
            memset(bytes->at + at, 0, size);
        }
        at += size;
    }
}

/* The file's bytes; the caller frees them. */
static struct disk_bytes left_of(const struct cutting *cutting, const struct disk_node *node) {
    struct disk_bytes bytes = {.at = NULL};
    uint64_t longest = node->kept.size, size = node->kept.size, left_size = node->kept.size;
    for (size_t i = 0; i < node->pending_count; i++) {
        const struct disk_change *change = node->pending[i];
        const uint64_t end = change->offset + change->size;
        size = change->kind == DISK_TRUNCATE ? change->size : size > end ? size : end;
        longest = size > longest ? size : longest;
        left_size = is_there(cutting, node, i, OF_SIZE) ? size : left_size;
    }
    disk_bytes_resize(&bytes, longest);
    if (node->kept.size > 0) {
        memcpy(bytes.at, node->kept.at, node->kept.size);
    }
    for (size_t i = 0; i < node->pending_count; i++) {
        if (node->pending[i]->kind == DISK_WRITE) {
            write_sectors(cutting, node, i, &bytes);
        } else {
            clear_sectors(cutting, node, i, &bytes);
        }
    }
    disk_bytes_resize(&bytes, left_size);
    return bytes;
}

static void write_file(const struct cutting *cutting, const struct disk_node *node,
                       const char *path) {
    struct disk_bytes bytes = left_of(cutting, node);
    struct ram_node *file = ram_open(path, O_CREAT);
    if (!file || (bytes.size > 0 && !ram_write(file, bytes.at, bytes.size, 0))) {
        abort();
    }
    ram_close(file);
    free(bytes.at);
}

static void write_folder(const struct cutting *cutting, const struct disk_node *folder,
                         const char *path) {
    struct disk_names names = {.at = NULL};
    (void)ram_mkdir(path); /* the first is there */
    disk_names_copy(&names, &folder->kept_names);
    for (size_t i = 0; i < folder->pending_count; i++) {
        if (is_there(cutting, folder, i, 0)) {
            disk_names_apply(&names, folder->pending[i]);
        }
    }
    for (size_t i = 0; i < names.count; i++) {
        char inner[1024];
        (void)snprintf(inner, sizeof inner, "%s/%s", path, names.at[i].text);
        if (names.at[i].node->is_folder) {
            write_folder(cutting, names.at[i].node, inner);
        } else {
            write_file(cutting, names.at[i].node, inner);
        }
    }
    free(names.at);
}

void disk_after(const struct disk_cut *cut, const char *out_folder) {
    const struct disk *disk = disk_played_to(cut->before);
    struct cutting cutting = {.cut = cut, .disk = disk};
    choose(&cutting, disk);
    write_folder(&cutting, disk->nodes[0], out_folder);
}
