/* One answer of /metrics, taken apart: what `kolam top` reckons with. Pure. */
#ifndef KOLAM_TOOLS_TOP_SAMPLE_H
#define KOLAM_TOOLS_TOP_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

#define KOLAM_TOP_TEXT_MAX (4u << 20)

struct kolam_top_value {
    const char *key; /* the name and its labels as they were written: `a_total{b="c"}` */
    double value;
};

struct kolam_top_sample {
    char *text; /* what the keys point into */
    struct kolam_top_value *values;
    size_t count, capacity;
};

/* Takes over `text` (kolam_alloc'ed, ended by '\0'), also when it fails. Comments are skipped; a line that is no
 * sample is KOLAM_ERR_INVALID: that is no server of ours. */
KOLAM_MUST_CHECK enum kolam_status kolam_top_sample_parse(char *text,
                                                          struct kolam_top_sample *out_sample);
void kolam_top_sample_finish(struct kolam_top_sample *sample);

/* NAN if it is not there. */
double kolam_top_value(const struct kolam_top_sample *sample, const char *key);
/* The sum over all labels of that name; 0 if there are none. */
double kolam_top_sum(const struct kolam_top_sample *sample, const char *name);

/* The q-quantile (0..1) of what fell into a histogram between two samples, interpolated within its
 * bucket as Prometheus does; labels as `{a="b"` (not closed) or "". NAN if nothing did. `before` may be NULL. */
double kolam_top_quantile(const struct kolam_top_sample *before, const struct kolam_top_sample *now,
                          const char *name, const char *labels, double q);

#endif
