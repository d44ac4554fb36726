/* The one door to the heap: every size product is checked, and tests can make it fail. */
#ifndef KOLAM_ALLOC_H
#define KOLAM_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* All return NULL on overflow, on exhaustion, or when a test's hook says so. Sizes of 0 give a
 * unique pointer. Any thread. kolam_alloc_zero clears; kolam_realloc keeps the old block on failure. */
void *kolam_alloc(size_t size_bytes);
void *kolam_alloc_zero(size_t count, size_t size_bytes);
void *kolam_alloc_array(size_t count, size_t size_bytes);
void *kolam_realloc_array(void *block, size_t count, size_t size_bytes);
char *kolam_strdup(const char *text);
void *kolam_memdup(const void *bytes, size_t size_bytes);
void kolam_free(void *block); /* NULL is safe */

/* Tests only, before threads start: called at each allocation; false makes that allocation fail. */
void kolam_alloc_set_hook(bool (*may_allocate)(void *ctx), void *ctx);

#endif
