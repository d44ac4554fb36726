/* See chance.h. Any thread. */
#include "tests/support/faults/chance.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include "tests/unit/random.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct test_random chance = {.state = 1};

void chance_begin(uint64_t seed) {
    pthread_mutex_lock(&lock);
    chance = test_random_from(seed);
    pthread_mutex_unlock(&lock);
    sqlite3_randomness(0, NULL); /* SQLite asks anew */
}

void chance_take(void *out, size_t size) {
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < size; i += 8) {
        const uint64_t next = test_random_next(&chance);
        memcpy((uint8_t *)out + i, &next, size - i < 8 ? size - i : 8);
    }
    pthread_mutex_unlock(&lock);
}

/* The linker brings the engine's here. */
extern ssize_t __wrap_getrandom(void *out, size_t size, unsigned flags);

ssize_t __wrap_getrandom(void *out, size_t size, unsigned flags) {
    (void)flags;
    chance_take(out, size);
    return (ssize_t)size;
}
