/* Seeded randomness for tests: the same numbers on every machine (splitmix64, Steele et al. 2014). */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdint.h>

struct test_random {
    uint64_t state;
};

static inline struct test_random test_random_from(uint64_t seed) {
    return (struct test_random){.state = seed};
}

static inline uint64_t test_random_next(struct test_random *random) {
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t test_random_below(struct test_random *random, uint64_t bound) {
    return test_random_next(random) % bound;
}

/* From low to high, both included. */
static inline int64_t test_random_between(struct test_random *random, int64_t low, int64_t high) {
    return low + (int64_t)test_random_below(random, (uint64_t)(high - low) + 1);
}

#endif
