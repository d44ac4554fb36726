/* How long things took: counted in log-linear buckets, as HdrHistogram does, so that millions cost nothing and a
 * quantile is off by less than 2%. */
#ifndef KOLAM_TOOLS_LOAD_HIST_H
#define KOLAM_TOOLS_LOAD_HIST_H

#include <stdint.h>

#define KOLAM_LOAD_HIST_SUB 64 /* buckets an octave */
#define KOLAM_LOAD_HIST_BUCKETS (36 * KOLAM_LOAD_HIST_SUB)

struct kolam_load_hist {
    uint64_t counts[KOLAM_LOAD_HIST_BUCKETS];
    uint64_t total;
    int64_t max_us;
};

/* Below 0 counts as 0. */
void kolam_load_hist_add(struct kolam_load_hist *hist, int64_t us);
/* In ms; q from 0 to 1 (the largest); 0 when nothing was counted. */
double kolam_load_hist_ms(const struct kolam_load_hist *hist, double q);

#endif
