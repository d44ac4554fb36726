/* Memory that runs out at a chosen allocation: of the engine, and of the libraries that it answers for (SQLite, jansson, zstd,
 * libpng, cairo, zlib). In builds with a sanitizer, which has an allocator of its own, of the engine alone. */
#ifndef KOLAM_TESTS_MEMORY_H
#define KOLAM_TESTS_MEMORY_H

#include <stdint.h>

/* From now on the allocations with these numbers (from 0) fail; `count` 0: all from `at` on. */
void memory_arm(int64_t at, int64_t count);
/* Ends it; how many there were since memory_arm. */
int64_t memory_disarm(void);

#endif
