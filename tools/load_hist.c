/* Values below 64 us have a bucket each; above, each octave has 64. */
#include "load_hist.h"

#define SUB_BITS 6

static uint32_t bucket_of(uint64_t us) {
    if (us < KOLAM_LOAD_HIST_SUB) {
        return (uint32_t)us;
    }
    uint32_t exponent = 63 - (uint32_t)__builtin_clzll(us);
    uint32_t sub = (uint32_t)(us >> (exponent - SUB_BITS)) & (KOLAM_LOAD_HIST_SUB - 1);
    uint32_t bucket = (exponent - SUB_BITS + 1) * KOLAM_LOAD_HIST_SUB + sub;
    return bucket < KOLAM_LOAD_HIST_BUCKETS ? bucket : KOLAM_LOAD_HIST_BUCKETS - 1;
}

/* The middle of a bucket. */
static double value_of(uint32_t bucket) {
    if (bucket < KOLAM_LOAD_HIST_SUB) {
        return bucket;
    }
    uint32_t shift = bucket / KOLAM_LOAD_HIST_SUB - 1;
    uint64_t low = (uint64_t)(KOLAM_LOAD_HIST_SUB + bucket % KOLAM_LOAD_HIST_SUB) << shift;
    return (double)low + (double)((uint64_t)1 << shift) / 2;
}

void kolam_load_hist_add(struct kolam_load_hist *hist, int64_t us) {
    us = us < 0 ? 0 : us;
    hist->counts[bucket_of((uint64_t)us)]++;
    hist->total++;
    hist->max_us = us > hist->max_us ? us : hist->max_us;
}

double kolam_load_hist_ms(const struct kolam_load_hist *hist, double q) {
    double max_ms = (double)hist->max_us / 1e3;
    if (hist->total == 0 || q >= 1) {
        return max_ms;
    }
    uint64_t wanted = (uint64_t)(q * (double)hist->total), seen = 0;
    for (uint32_t i = 0; i < KOLAM_LOAD_HIST_BUCKETS; i++) {
        seen += hist->counts[i];
        if (seen > wanted) {
            double ms = value_of(i) / 1e3;
            return ms < max_ms ? ms : max_ms;
        }
    }
    return max_ms;
}
