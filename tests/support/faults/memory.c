/* See memory.h. This program's own malloc stands before glibc's; who calls it is told by where the call comes from. */
#include "tests/support/faults/memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "tests/support/faults/explore.h"
#include "tests/support/faults/piece.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_OWN_ALLOCATOR
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_ALLOCATOR
#endif

static atomic_llong seen, first = -1, end;

static bool explores;

/* Two children for this allocation, in which it fails. */
static void explore(long long at) {
    for (int is_once = 0; is_once <= 1; is_once++) {
        char what[80];
        uint64_t number;
        if (piece_takes(&number)) {
            (void)snprintf(what, sizeof what, "allocation %lld %s", at,
                           is_once ? "fails" : "and all later ones fail");
            if (explore_here(number, what)) {
                explores = false;
                atomic_store(&end, is_once ? at + 1 : INT64_MAX);
                atomic_store(&first, at);
                return;
            }
        }
    }
}

/* Counts an allocation; true if it is to fail. */
static bool is_meant(void) {
    if (atomic_load(&first) < 0) {
        return false;
    }
    const long long number = atomic_fetch_add(&seen, 1);
    if (explores) {
        explore(number);
    }
    return number >= atomic_load(&first) && number < atomic_load(&end);
}

#ifdef HAS_OWN_ALLOCATOR

static bool may_allocate(void *ctx) {
    (void)ctx;
    return !is_meant();
}

static void begin(void) {
    kolam_alloc_set_hook(may_allocate, NULL);
}

static void finish(void) {
    kolam_alloc_set_hook(NULL, NULL);
}

void *memory_own(void *block, size_t size) {
    if (size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, size);
}

#else

#define RANGES_MAX 64

struct range {
    uintptr_t from, to;
};

static struct range ranges[RANGES_MAX];
static int range_count;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

void *memory_own(void *block, size_t size) {
    if (size == 0) {
        __libc_free(block);
        return NULL;
    }
    return __libc_realloc(block, size);
}

static void note_range(const char *line, const char *program) {
    const char *const answered_for[] = {program,  "libsqlite3", "libjansson", "libzstd",
                                        "libpng", "libcairo",   "libz.so"};
    unsigned long from, to;
    char mode[8] = "";
    if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || !strchr(mode, 'x')) {
        return;
    }
    for (size_t i = 0; i < sizeof answered_for / sizeof answered_for[0]; i++) {
        if (strstr(line, answered_for[i]) && range_count < RANGES_MAX) {
            ranges[range_count++] = (struct range){from, to};
            return;
        }
    }
}

static void begin(void) {
    FILE *maps = range_count == 0 ? fopen("/proc/self/maps", "r") : NULL;
    char line[512];
    while (maps && fgets(line, sizeof line, maps)) {
        note_range(line, program_invocation_short_name);
    }
    if (maps) {
        (void)fclose(maps);
    }
}

static void finish(void) {}

static bool fails(const void *caller) {
    for (int i = 0; i < range_count && atomic_load(&first) >= 0; i++) {
        if ((uintptr_t)caller >= ranges[i].from && (uintptr_t)caller < ranges[i].to) {
            if (is_meant()) {
                errno = ENOMEM;
                return true;
            }
            return false;
        }
    }
    return false;
}

void *malloc(size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size) {
    return size > 0 && fails(__builtin_return_address(0)) ? NULL : __libc_realloc(block, size);
}

#endif

void memory_arm(int64_t at, int64_t count) {
    begin();
    atomic_store(&seen, 0);
    atomic_store(&end, count == 0 || at > INT64_MAX - count ? INT64_MAX : at + count);
    atomic_store(&first, at);
}

void memory_explore(void) {
    memory_arm(INT64_MAX, 1);
    explores = true;
}

int64_t memory_disarm(void) {
    atomic_store(&first, -1);
    explores = false;
    finish();
    return atomic_load(&seen);
}
