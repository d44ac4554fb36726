/* The one door to the heap. The test hook is the project's only mutable global: it is set before
 * threads start and only read afterwards. */
#include "kolam/alloc.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/memory.h"

static bool (*hook)(void *ctx);
static void *hook_ctx;

void kolam_alloc_set_hook(bool (*may_allocate)(void *ctx), void *ctx) {
    hook = may_allocate;
    hook_ctx = ctx;
}

static bool is_allowed(size_t size_bytes) {
    /* More than PTRDIFF_MAX breaks pointer arithmetic even where malloc would give it. */
    return size_bytes <= PTRDIFF_MAX && (!hook || hook(hook_ctx));
}

/* malloc(0) may be NULL, which here always means failure. */
static size_t at_least_one(size_t size_bytes) {
    return size_bytes > 0 ? size_bytes : 1;
}

void *kolam_alloc(size_t size_bytes) {
    return is_allowed(size_bytes) ? malloc(at_least_one(size_bytes)) : NULL;
}

void *kolam_alloc_zero(size_t count, size_t size_bytes) {
    size_t total;
    if (__builtin_mul_overflow(count, size_bytes, &total) || !is_allowed(total)) {
        return NULL;
    }
    return calloc(1, at_least_one(total));
}

void *kolam_alloc_array(size_t count, size_t size_bytes) {
    size_t total;
    return __builtin_mul_overflow(count, size_bytes, &total) ? NULL : kolam_alloc(total);
}

void *kolam_realloc_array(void *block, size_t count, size_t size_bytes) {
    size_t total;
    if (__builtin_mul_overflow(count, size_bytes, &total) || !is_allowed(total)) {
        return NULL;
    }
    return realloc(block, at_least_one(total));
}

char *kolam_strdup(const char *text) {
    return kolam_memdup(text, strlen(text) + 1);
}

void *kolam_memdup(const void *bytes, size_t size_bytes) {
    void *copy = kolam_alloc(size_bytes);
    if (copy && size_bytes > 0) {
        memcpy(copy, bytes, size_bytes);
    }
    return copy;
}

void kolam_free(void *block) {
    free(block);
}

void kolam_heap_read(struct kolam_heap *out_heap) {
    const struct mallinfo2 info = mallinfo2();
    *out_heap =
        (struct kolam_heap){.used_bytes = info.uordblks + info.hblkhd, .free_bytes = info.fordblks};
}

void kolam_heap_settle(void) {
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 2 << 20);
}

void kolam_heap_trim(void) {
    (void)malloc_trim(0);
}
