/* What the process's memory is for, as far as the libraries below us know it: the heap as a whole, and SQLite's part of it. */
#ifndef KOLAM_MEMORY_H
#define KOLAM_MEMORY_H

#include <stdint.h>

struct kolam_heap {
    uint64_t used_bytes; /* given out and not given back */
    uint64_t free_bytes; /* held by the allocator for what comes next; part of it may be in RAM */
};

/* Any thread. Walks the allocator's lists of free blocks, arena by arena, each locked meanwhile. Zeroes where the C library does not tell. */
void kolam_heap_read(struct kolam_heap *out_heap);
/* Any thread: what SQLite has of it, nearly all of it pages of files. */
uint64_t kolam_storage_memory_bytes(void);
/* Before the first file is opened: past so much a file's pages make room for one another instead of taking more. What SQLite cannot do
 * without it gets all the same. */
void kolam_storage_limit_memory(uint64_t limit_bytes);
/* Before the first thread: what a thread frees at the end of its own part of the heap goes back past 2 MB, and blocks of 1 MB and more are
 * the system's own. By itself glibc raises both bounds with the largest block that was freed, and kolam_heap_trim does not reach that end. */
void kolam_heap_settle(void);
/* Any thread: gives pages that lie free back to the system. Takes milliseconds where much was freed, while others who want memory
 * may wait. */
void kolam_heap_trim(void);

#endif
