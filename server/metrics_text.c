/* Prometheus text, version 0.0.4; see metrics_text.h. */
#include "metrics_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/status.h"

static bool has_room(struct kolam_text *text, size_t more) {
    if (text->has_failed || text->size + more < text->capacity) {
        return !text->has_failed;
    }
    size_t capacity = text->capacity ? text->capacity : 4096;
    while (capacity <= text->size + more) {
        capacity *= 2;
    }
    char *grown = kolam_realloc_array(text->data, capacity, 1);
    if (!grown) {
        text->has_failed = true;
        return false;
    }
    text->data = grown;
    text->capacity = capacity;
    return true;
}

static void add_bytes(struct kolam_text *text, const char *bytes, size_t size) {
    if (has_room(text, size)) {
        memcpy(text->data + text->size, bytes, size);
        text->size += size;
    }
}

static void add(struct kolam_text *text, const char *string) {
    add_bytes(text, string, strlen(string));
}

KOLAM_PRINTF(2, 3) static void add_number(struct kolam_text *text, const char *format, ...) {
    char number[64];
    va_list args;
    va_start(args, format);
    vsnprintf(number, sizeof(number), format, args);
    va_end(args);
    add(text, number);
}

void kolam_text_finish(struct kolam_text *text) {
    kolam_free(text->data);
    *text = (struct kolam_text){0};
}

/* Backslash and line feed would end a line or an escape early; a quote only matters in a label. */
static void add_escaped(struct kolam_text *text, const char *string, bool is_quoted) {
    for (; *string; string++) {
        if (*string == '\\') {
            add(text, "\\\\");
        } else if (*string == '\n') {
            add(text, "\\n");
        } else if (*string == '"' && is_quoted) {
            add(text, "\\\"");
        } else {
            add_bytes(text, string, 1);
        }
    }
}

void kolam_text_family(struct kolam_text *text, const char *name, enum kolam_metric_type type,
                       const char *help) {
    static const char *const types[] = {"counter", "gauge", "histogram"};
    add(text, "# HELP ");
    add(text, name);
    add(text, " ");
    add_escaped(text, help, false);
    add(text, "\n# TYPE ");
    add(text, name);
    add(text, " ");
    add(text, types[type]);
    add(text, "\n");
}

static void add_sample(struct kolam_text *text, const char *name, const char *suffix,
                       const struct kolam_label *labels) {
    add(text, name);
    add(text, suffix);
    for (uint32_t i = 0; labels && i < KOLAM_LABELS_MAX && labels[i].name; i++) {
        add(text, i == 0 ? "{" : ",");
        add(text, labels[i].name);
        add(text, "=\"");
        add_escaped(text, labels[i].value, true);
        add(text, "\"");
    }
    add(text, labels && labels[0].name ? "} " : " ");
}

void kolam_text_count(struct kolam_text *text, const char *name, const struct kolam_label *labels,
                      uint64_t value) {
    add_sample(text, name, "", labels);
    add_number(text, "%" PRIu64 "\n", value);
}

void kolam_text_seconds(struct kolam_text *text, const char *name, const struct kolam_label *labels,
                        uint64_t value_us) {
    add_sample(text, name, "", labels);
    add_number(text, "%" PRIu64 ".%06u\n", value_us / 1000000, (unsigned)(value_us % 1000000));
}

/* A bound as people write it: 0.0025, not 0.002500. */
static void format_bound(char out[32], enum kolam_scale scale, uint64_t bound) {
    if (scale == KOLAM_SCALE_TIME) {
        snprintf(out, 32, "%g", (double)bound / 1e6);
    } else {
        snprintf(out, 32, "%" PRIu64, bound);
    }
}

void kolam_text_histogram(struct kolam_text *text, const char *name,
                          const struct kolam_label *labels, enum kolam_scale scale,
                          const struct kolam_histogram *histogram) {
    struct kolam_label all[KOLAM_LABELS_MAX] = {{0}};
    char bound[32];
    uint64_t count = 0;
    uint32_t at = 0;
    for (; labels && at < KOLAM_LABELS_MAX - 1 && labels[at].name; at++) {
        all[at] = labels[at];
    }
    all[at] = (struct kolam_label){"le", bound};
    for (uint32_t i = 0; i <= KOLAM_HISTOGRAM_BOUNDS; i++) {
        count += histogram->counts[i];
        if (i < KOLAM_HISTOGRAM_BOUNDS) {
            format_bound(bound, scale, kolam_histogram_bounds(scale)[i]);
        } else {
            snprintf(bound, sizeof(bound), "+Inf");
        }
        add_sample(text, name, "_bucket", all);
        add_number(text, "%" PRIu64 "\n", count);
    }
    add_sample(text, name, "_sum", labels);
    if (scale == KOLAM_SCALE_TIME) {
        add_number(text, "%" PRIu64 ".%06u\n", histogram->sum / 1000000,
                   (unsigned)(histogram->sum % 1000000));
    } else {
        add_number(text, "%" PRIu64 "\n", histogram->sum);
    }
    add_sample(text, name, "_count", labels);
    add_number(text, "%" PRIu64 "\n", count);
}
