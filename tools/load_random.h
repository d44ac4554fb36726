/* Random numbers that a seed repeats (splitmix64): for choosing, not for secrets. */
#ifndef KOLAM_TOOLS_LOAD_RANDOM_H
#define KOLAM_TOOLS_LOAD_RANDOM_H

#include <math.h>
#include <stdint.h>

struct kolam_load_random {
    uint64_t state;
};

static inline uint64_t kolam_load_next(struct kolam_load_random *random) {
    uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* [0, 1) */
static inline double kolam_load_share(struct kolam_load_random *random) {
    return (double)(kolam_load_next(random) >> 11) * 0x1p-53;
}

/* [low, high) */
static inline double kolam_load_between(struct kolam_load_random *random, double low, double high) {
    return low + (high - low) * kolam_load_share(random);
}

/* 0..count-1; count > 0 */
static inline uint32_t kolam_load_below(struct kolam_load_random *random, uint32_t count) {
    return (uint32_t)(kolam_load_next(random) % count);
}

#endif
