/* Reads the text form of /metrics, as far as `kolam top` needs it; see top_sample.h. */
#include "top_sample.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"

#define BUCKETS_MAX 64
#define KEY_BYTES 256

static enum kolam_status add(struct kolam_top_sample *sample, const char *key, double value) {
    if (sample->count == sample->capacity) {
        size_t capacity = sample->capacity ? sample->capacity * 2 : 512;
        void *grown = kolam_realloc_array(sample->values, capacity, sizeof(*sample->values));
        if (!grown) {
            return KOLAM_ERR_NOMEM;
        }
        sample->values = grown;
        sample->capacity = capacity;
    }
    sample->values[sample->count++] = (struct kolam_top_value){key, value};
    return KOLAM_OK;
}

/* Where the value begins: behind the labels, which may hold blanks and braces in quotes. */
static char *end_of_key(char *line) {
    char *at = line + strcspn(line, "{ ");
    if (*at != '{') {
        return at;
    }
    bool is_quoted = false;
    for (at++; *at && (is_quoted || *at != '}'); at++) {
        if (*at == '\\' && at[1]) {
            at++;
        } else if (*at == '"') {
            is_quoted = !is_quoted;
        }
    }
    return *at ? at + 1 : at;
}

static enum kolam_status parse_line(struct kolam_top_sample *sample, char *line) {
    char *end = end_of_key(line), *rest;
    if (*line == '#' || *line == '\0') {
        return KOLAM_OK;
    }
    if (*end != ' ' || end == line) {
        return KOLAM_ERR_INVALID;
    }
    *end = '\0';
    double value = strtod(end + 1, &rest);
    return rest == end + 1 || (*rest != '\0' && *rest != ' ') ? KOLAM_ERR_INVALID
                                                              : add(sample, line, value);
}

enum kolam_status kolam_top_sample_parse(char *text, struct kolam_top_sample *out_sample) {
    struct kolam_top_sample sample = {.text = text};
    enum kolam_status status = KOLAM_OK;
    for (char *line = text, *next; line && status == KOLAM_OK; line = next) {
        next = strchr(line, '\n');
        if (next) {
            *next++ = '\0';
        }
        status = parse_line(&sample, line);
    }
    if (status == KOLAM_OK && sample.count == 0) {
        status = KOLAM_ERR_INVALID;
    }
    if (status != KOLAM_OK) {
        kolam_top_sample_finish(&sample);
        return status;
    }
    *out_sample = sample;
    return KOLAM_OK;
}

void kolam_top_sample_finish(struct kolam_top_sample *sample) {
    kolam_free(sample->text);
    kolam_free(sample->values);
    *sample = (struct kolam_top_sample){0};
}

double kolam_top_value(const struct kolam_top_sample *sample, const char *key) {
    for (size_t i = 0; i < sample->count; i++) {
        if (strcmp(sample->values[i].key, key) == 0) {
            return sample->values[i].value;
        }
    }
    return NAN;
}

double kolam_top_sum(const struct kolam_top_sample *sample, const char *name) {
    const size_t size = strlen(name);
    double sum = 0;
    for (size_t i = 0; i < sample->count; i++) {
        const char *key = sample->values[i].key;
        if (strncmp(key, name, size) == 0 && (key[size] == '{' || key[size] == '\0')) {
            sum += sample->values[i].value;
        }
    }
    return sum;
}

struct bucket {
    double bound, count; /* cumulative */
};

/* The buckets of one series; their number. */
static size_t find_buckets(const struct kolam_top_sample *sample, const char *prefix,
                           struct bucket out[BUCKETS_MAX]) {
    const size_t size = strlen(prefix);
    size_t count = 0;
    for (size_t i = 0; i < sample->count && count < BUCKETS_MAX; i++) {
        const char *key = sample->values[i].key;
        if (strncmp(key, prefix, size) == 0) {
            out[count++] = (struct bucket){strtod(key + size, NULL), sample->values[i].value};
        }
    }
    return count;
}

static double interpolate(const struct bucket *buckets, size_t count, double q) {
    const double total = count > 0 ? buckets[count - 1].count : 0, rank = q * total;
    if (!(total > 0)) {
        return NAN;
    }
    size_t i = 0;
    while (i + 1 < count && buckets[i].count < rank) {
        i++;
    }
    const double low = i > 0 ? buckets[i - 1].bound : 0;
    const double below = i > 0 ? buckets[i - 1].count : 0, inside = buckets[i].count - below;
    if (!isfinite(buckets[i].bound)) {
        return low; /* beyond the last bound: at least that */
    }
    return inside > 0 ? low + (buckets[i].bound - low) * (rank - below) / inside : buckets[i].bound;
}

double kolam_top_quantile(const struct kolam_top_sample *before, const struct kolam_top_sample *now,
                          const char *name, const char *labels, double q) {
    struct bucket buckets[BUCKETS_MAX], earlier[BUCKETS_MAX];
    char prefix[KEY_BYTES];
    snprintf(prefix, sizeof(prefix), "%s_bucket%s%sle=\"", name, *labels ? labels : "{",
             *labels ? "," : "");
    const size_t count = find_buckets(now, prefix, buckets);
    if (before && find_buckets(before, prefix, earlier) == count) {
        for (size_t i = 0; i < count; i++) {
            buckets[i].count -= earlier[i].count;
        }
    }
    return interpolate(buckets, count, q);
}
