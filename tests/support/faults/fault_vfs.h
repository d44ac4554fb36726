/* A VFS that stands between SQLite and the system's: it counts what is asked of the disk, tells disk.h, and fails what a test
 * wants to see fail. The calls by which the engine itself changes files go the same way (wrapped.c).
 *
 * It becomes SQLite's default, so that whatever opens a file meets it. Nothing is synced in truth: what a sync is worth is
 * disk.h's to say. */
#ifndef KOLAM_TESTS_FAULT_VFS_H
#define KOLAM_TESTS_FAULT_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault_call {
    FAULT_READ = 1 << 0,
    FAULT_WRITE = 1 << 1,
    FAULT_SYNC = 1 << 2,
    FAULT_TRUNCATE = 1 << 3,
    FAULT_OPEN = 1 << 4,
    FAULT_DELETE = 1 << 5,
    FAULT_LOCK = 1 << 6,
    FAULT_SHARE = 1 << 7, /* the memory that a WAL's connections share */
    FAULT_RENAME = 1 << 8,
    FAULT_SIZE = 1 << 9,
    FAULT_CALLS = (1 << 10) - 1,
    FAULT_CALL_KINDS = 10
};

enum fault_kind {
    FAULT_NONE,
    FAULT_IO,    /* the disk says that it cannot; of a write the first half is done */
    FAULT_FULL,  /* no room: writes and new files */
    FAULT_SHORT, /* a read ends early, as at the end of the file */
    FAULT_FLIP,  /* a bit of what is read is another */
};

struct fault {
    enum fault_kind kind;
    unsigned calls;     /* which: enum fault_call, or'ed */
    const char *suffix; /* only of files whose names end so; NULL: of any */
    uint64_t at;        /* the first such call that fails, from 0 */
    uint64_t count;     /* so many fail; 0: all from there on */
};

/* Before SQLite is first used. */
void fault_vfs_install(void);
void fault_arm(const struct fault *fault); /* and counts anew */
void fault_disarm(void);
/* From now on, at every call, a child for each of these that is about it (`at` is of no account); 0 ends it. The child sees it
 * fail as fault_arm has it. They stay the caller's. See explore.h. */
void fault_explore(const struct fault *variants, size_t count);
/* Calls since fault_arm that it was about; how many of them failed. */
uint64_t fault_seen(void);
/* The same of one kind of call, whatever the fault is about. */
uint64_t fault_seen_of(enum fault_call call);
uint64_t fault_failed(void);

/* Counts a call; what is to happen to it. For wrapped.c. */
enum fault_kind fault_on(enum fault_call call, const char *path);

#endif
