/* Histograms of fixed bounds; see kolam/histogram.h. */
#include "kolam/histogram.h"

#include <time.h>

static const uint64_t bounds[2][KOLAM_HISTOGRAM_BOUNDS] = {
    [KOLAM_SCALE_TIME] = {50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
                          500000, 1000000, 2500000, 10000000},
    [KOLAM_SCALE_COUNT] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384,
                           32768},
};

const uint64_t *kolam_histogram_bounds(enum kolam_scale scale) {
    return bounds[scale];
}

void kolam_histogram_add(struct kolam_histogram *histogram, enum kolam_scale scale,
                         uint64_t value) {
    uint32_t i = 0;
    while (i < KOLAM_HISTOGRAM_BOUNDS && value > bounds[scale][i]) {
        i++;
    }
    histogram->counts[i]++;
    histogram->sum += value;
}

void kolam_histogram_merge(struct kolam_histogram *into, const struct kolam_histogram *from) {
    for (uint32_t i = 0; i <= KOLAM_HISTOGRAM_BOUNDS; i++) {
        into->counts[i] += from->counts[i];
    }
    into->sum += from->sum;
}

uint64_t kolam_monotonic_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}
