/* How often values of which size came: the times and sizes that /metrics tells. Adding is plain arithmetic; whose
 * thread or lock a histogram belongs to is told where it lives. */
#ifndef KOLAM_HISTOGRAM_H
#define KOLAM_HISTOGRAM_H

#include <stdint.h>

#define KOLAM_HISTOGRAM_BOUNDS 16

/* Times are in microseconds, from 50 us to 10 s; counts are powers of two, from 1 to 32,768. */
enum kolam_scale { KOLAM_SCALE_TIME, KOLAM_SCALE_COUNT };

struct kolam_histogram {
    uint64_t counts[KOLAM_HISTOGRAM_BOUNDS + 1]; /* values up to each bound, and above the last */
    uint64_t sum;
};

/* The upper bounds, included, rising; KOLAM_HISTOGRAM_BOUNDS of them. */
const uint64_t *kolam_histogram_bounds(enum kolam_scale scale);
void kolam_histogram_add(struct kolam_histogram *histogram, enum kolam_scale scale, uint64_t value);
/* Adds what `from` holds; both are of one scale. */
void kolam_histogram_merge(struct kolam_histogram *into, const struct kolam_histogram *from);

/* Microseconds of a clock that never goes back. */
uint64_t kolam_monotonic_us(void);

#endif
