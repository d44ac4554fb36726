/* Memory that runs out at a chosen allocation: of the engine, and of the libraries that it answers for (SQLite, jansson, zstd,
 * libpng, cairo, zlib). In builds with a sanitizer, which has an allocator of its own, of the engine alone. */
#ifndef KOLAM_TESTS_MEMORY_H
#define KOLAM_TESTS_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* From now on the allocations with these numbers (from 0) fail; `count` 0: all from `at` on. */
void memory_arm(int64_t at, int64_t count);
/* Ends it; how many there were since memory_arm. */
int64_t memory_disarm(void);
/* From now on, at every allocation, a child for which it fails, and one for which all fail from there on. See explore.h. */
void memory_explore(void);
/* realloc that never fails for a test, and frees for a size of 0: for what the tests keep themselves. */
void *memory_own(void *block, size_t size);

#endif
