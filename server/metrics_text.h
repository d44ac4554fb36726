/* The text form that Prometheus reads: HELP and TYPE once a family, then its samples. Pure. */
#ifndef KOLAM_SERVER_METRICS_TEXT_H
#define KOLAM_SERVER_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "kolam/histogram.h"

/* Grows as needed; after a failure it stays failed. */
struct kolam_text {
    char *data; /* kolam_alloc'ed */
    size_t size, capacity;
    bool has_failed;
};
void kolam_text_finish(struct kolam_text *text);

enum kolam_metric_type { KOLAM_METRIC_COUNTER, KOLAM_METRIC_GAUGE, KOLAM_METRIC_HISTOGRAM };

void kolam_text_family(struct kolam_text *text, const char *name, enum kolam_metric_type type,
                       const char *help);

/* Labels of one sample: pairs of name and value, up to the first name that is NULL; values are escaped. */
#define KOLAM_LABELS_MAX 4
struct kolam_label {
    const char *name, *value;
};

void kolam_text_count(struct kolam_text *text, const char *name, const struct kolam_label *labels,
                      uint64_t value);
/* Microseconds, written as seconds. */
void kolam_text_seconds(struct kolam_text *text, const char *name, const struct kolam_label *labels,
                        uint64_t value_us);
void kolam_text_histogram(struct kolam_text *text, const char *name,
                          const struct kolam_label *labels, enum kolam_scale scale,
                          const struct kolam_histogram *histogram);

#endif
