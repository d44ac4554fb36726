/* The inside of disk.c and disk_cut.c. */
#ifndef KOLAM_TESTS_DISK_INTERNAL_H
#define KOLAM_TESTS_DISK_INTERNAL_H

#include "tests/support/faults/disk.h"

struct disk_bytes {
    uint8_t *at;
    size_t size, capacity;
};

struct disk_name {
    const char *text;
    struct disk_node *node;
};

struct disk_names {
    struct disk_name *at;
    size_t count;
};

enum disk_change_kind { DISK_WRITE, DISK_TRUNCATE, DISK_SYNC, DISK_MAKE, DISK_REMOVE, DISK_RENAME };

struct disk_change {
    enum disk_change_kind kind;
    size_t number;
    struct disk_node *node; /* the file, or the folder whose names change */
    uint64_t offset, size;
    uint8_t *bytes;
    const char *name, *to;
    struct disk_node *child;
};

struct disk_node {
    bool is_folder;
    size_t number;
    struct disk_names live; /* of a folder, at the end of the journal */
    /* As it was when recording began, and at the moment that is played to: what is kept for good, and the changes since. */
    struct disk_bytes first, kept;
    struct disk_names first_names, kept_names;
    struct disk_change **pending;
    size_t pending_count, pending_capacity;
};

struct disk {
    char root[512];
    bool is_recording, is_wound;
    struct disk_node **nodes; /* the first is the root */
    size_t node_count;
    char **texts; /* of all names */
    size_t text_count;
    struct disk_change *changes;
    size_t change_count, change_capacity, played;
};

void *disk_allocate(void *block, size_t count, size_t size); /* realloc, or abort */
void disk_bytes_resize(struct disk_bytes *bytes, size_t size);
void disk_bytes_apply(struct disk_bytes *bytes, const struct disk_change *change);
void disk_names_apply(struct disk_names *names, const struct disk_change *change);
void disk_names_copy(struct disk_names *to, const struct disk_names *from);
struct disk *disk_played_to(size_t before);

#endif
