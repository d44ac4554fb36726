/* From counters to what a person wants to know; see top_figures.h. */
#include "top_figures.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TILE_JOBS "{priority=\"tile\""

struct pair {
    const struct kolam_top_sample *before, *now;
    double interval_s;
};

static double grew(const struct pair *pair, const char *name) {
    return kolam_top_sum(pair->now, name) - kolam_top_sum(pair->before, name);
}

static double rate(const struct pair *pair, const char *name) {
    return grew(pair, name) / pair->interval_s;
}

static double quantile_ms(const struct pair *pair, const char *name, const char *labels, double q) {
    return 1000 * kolam_top_quantile(pair->before, pair->now, name, labels, q);
}

/* The mean of what fell into a histogram; NAN if nothing did. */
static double mean(const struct pair *pair, const char *name) {
    char key[128];
    snprintf(key, sizeof(key), "%s_sum", name);
    const double sum = grew(pair, key);
    snprintf(key, sizeof(key), "%s_count", name);
    const double count = grew(pair, key);
    return count > 0 ? sum / count : NAN;
}

bool kolam_top_is_same_run(const struct kolam_top_sample *a, const struct kolam_top_sample *b) {
    return fabs(kolam_top_value(a, "process_start_time_seconds") -
                kolam_top_value(b, "process_start_time_seconds")) < 1.0;
}

static void take_version(struct kolam_top_figures *out, const struct kolam_top_sample *now) {
    static const char prefix[] = "kolam_build_info{version=\"";
    for (size_t i = 0; i < now->count; i++) {
        const char *key = now->values[i].key;
        if (strncmp(key, prefix, strlen(prefix)) == 0) {
            key += strlen(prefix);
            snprintf(out->version, sizeof(out->version), "%.*s", (int)strcspn(key, "\""), key);
        }
    }
}

static double canvas_now(const struct kolam_top_sample *sample, const char *what,
                         const char *name) {
    char key[160];
    snprintf(key, sizeof(key), "kolam_canvas_%s{canvas=\"%s\"}", what, name);
    return kolam_top_value(sample, key);
}

/* One that was not among the busiest before has no earlier value to compare with: NAN. */
static double canvas_rate(const struct pair *pair, const char *what, const char *name) {
    return (canvas_now(pair->now, what, name) - canvas_now(pair->before, what, name)) /
           pair->interval_s;
}

static void take_canvases(struct kolam_top_figures *out, const struct pair *pair) {
    static const char prefix[] = "kolam_canvas_clients{canvas=\"";
    for (size_t i = 0; i < pair->now->count && out->canvas_count < KOLAM_TOP_CANVASES; i++) {
        const char *name = pair->now->values[i].key;
        if (strncmp(name, prefix, strlen(prefix)) != 0) {
            continue;
        }
        struct kolam_top_canvas *canvas = &out->busiest[out->canvas_count++];
        name += strlen(prefix);
        snprintf(canvas->name, sizeof(canvas->name), "%.*s", (int)strcspn(name, "\""), name);
        canvas->clients = pair->now->values[i].value;
        canvas->views = canvas_now(pair->now, "views", canvas->name);
        canvas->seq = canvas_now(pair->now, "seq", canvas->name);
        canvas->ops_s = canvas_rate(pair, "ops_total", canvas->name);
        canvas->deliveries_s = canvas_rate(pair, "deliveries_total", canvas->name);
    }
}

/* ---- limits ---- */

static struct kolam_top_limit *limit_of(struct kolam_top_figures *out, const char *name, int size) {
    for (uint32_t i = 0; i < out->limit_count; i++) {
        if (strncmp(out->limits[i].name, name, (size_t)size) == 0 &&
            out->limits[i].name[size] == '\0') {
            return &out->limits[i];
        }
    }
    if (out->limit_count == KOLAM_TOP_LIMITS) {
        return NULL;
    }
    struct kolam_top_limit *limit = &out->limits[out->limit_count++];
    snprintf(limit->name, sizeof(limit->name), "%.*s", size, name);
    return limit;
}

static int compare_limits(const void *a, const void *b) {
    const struct kolam_top_limit *x = a, *y = b;
    return x->hits_s != y->hits_s ? (x->hits_s < y->hits_s ? 1 : -1)
           : x->hits != y->hits   ? (x->hits < y->hits ? 1 : -1)
                                  : strcmp(x->name, y->name);
}

static void take_limits(struct kolam_top_figures *out, const struct pair *pair) {
    static const char prefix[] = "kolam_limit_hits_total{limit=\"";
    for (size_t i = 0; i < pair->now->count; i++) {
        const struct kolam_top_value *one = &pair->now->values[i];
        const char *name = one->key + strlen(prefix);
        if (strncmp(one->key, prefix, strlen(prefix)) != 0 || !isfinite(one->value) ||
            one->value <= 0) {
            continue;
        }
        const int size = (int)strcspn(name, "\"");
        struct kolam_top_limit *limit =
            size < (int)sizeof(out->limits[0].name) ? limit_of(out, name, size) : NULL;
        if (limit) {
            const double before = kolam_top_value(pair->before, one->key);
            limit->hits += one->value;
            limit->hits_s += (one->value - (isnan(before) ? 0 : before)) / pair->interval_s;
        }
    }
    qsort(out->limits, out->limit_count, sizeof(out->limits[0]), compare_limits);
    out->hits_s = rate(pair, "kolam_limit_hits_total");
}

/* ---- the rest ---- */

static void take_people(struct kolam_top_figures *out, const struct pair *pair) {
    const struct kolam_top_sample *now = pair->now;
    out->clients = kolam_top_value(now, "kolam_clients");
    out->clients_slow = kolam_top_value(now, "kolam_clients_congested");
    out->views = kolam_top_value(now, "kolam_views");
    out->connections = kolam_top_value(now, "kolam_connections");
    out->canvases = kolam_top_value(now, "kolam_canvases");
    out->canvases_open = kolam_top_value(now, "kolam_canvases_open");
    out->unwritable = kolam_top_value(now, "kolam_canvases_unwritable");
    out->ops_s = rate(pair, "kolam_ops_total");
    out->previews_s =
        rate(pair, "kolam_previews_received_total") + rate(pair, "kolam_cursors_received_total");
    out->deliveries_s = rate(pair, "kolam_deliveries_total");
    out->sent_bytes_s = rate(pair, "kolam_sent_bytes_total");
    out->http_s = rate(pair, "kolam_http_requests_total");
    out->http_bytes_s = rate(pair, "kolam_http_sent_bytes_total");
    out->queued_bytes = kolam_top_value(now, "kolam_queued_bytes");
    out->queued_bytes_max = kolam_top_value(now, "kolam_queued_bytes_max");
    out->oldest_s = kolam_top_value(now, "kolam_queue_oldest_seconds");
    out->dropped_s = rate(pair, "kolam_dropped_total");
    out->refreshes_s = rate(pair, "kolam_refreshes_total");
    out->closed_s = rate(pair, "kolam_closed_slow_total");
}

/* Answers with a status of 500 and more, over all kinds. */
static double errors_s(const struct pair *pair) {
    static const char *const marks[] = {"status=\"500\"", "status=\"503\"", "status=\"other\""};
    double sum = 0;
    for (size_t i = 0; i < pair->now->count; i++) {
        const struct kolam_top_value *one = &pair->now->values[i];
        for (size_t m = 0; m < 3; m++) {
            if (strncmp(one->key, "kolam_http_requests_total{", 26) == 0 &&
                strstr(one->key, marks[m])) {
                const double before = kolam_top_value(pair->before, one->key);
                sum += one->value - (isnan(before) ? 0 : before);
            }
        }
    }
    return sum / pair->interval_s;
}

static void take_machine(struct kolam_top_figures *out, const struct pair *pair) {
    const struct kolam_top_sample *now = pair->now;
    out->busy = rate(pair, "kolam_loop_busy_seconds_total");
    out->cpu = rate(pair, "process_cpu_seconds_total");
    out->rss_bytes = kolam_top_value(now, "process_resident_memory_bytes");
    out->files = kolam_top_value(now, "process_open_fds");
    out->tick_ms = 1000 * mean(pair, "kolam_tick_interval_seconds");
    out->tick_work_ms = 1000 * mean(pair, "kolam_tick_work_seconds");
    out->turn_p99_ms = quantile_ms(pair, "kolam_loop_turn_seconds", "", 0.99);
    out->commit_p50_ms = quantile_ms(pair, "kolam_commit_seconds", "", 0.5);
    out->commit_p99_ms = quantile_ms(pair, "kolam_commit_seconds", "", 0.99);
    out->submit_p99_ms = quantile_ms(pair, "kolam_submit_seconds", "", 0.99);
    out->batch = mean(pair, "kolam_commit_batch_submissions");
    out->workers = kolam_top_value(now, "kolam_workers");
    out->workers_busy = kolam_top_value(now, "kolam_workers_busy");
    out->jobs_interactive = kolam_top_value(now, "kolam_jobs_waiting{priority=\"interactive\"}");
    out->jobs_tile = kolam_top_value(now, "kolam_jobs_waiting{priority=\"tile\"}");
    out->jobs_background = kolam_top_value(now, "kolam_jobs_waiting{priority=\"background\"}");
    out->tile_p50_ms = quantile_ms(pair, "kolam_job_run_seconds", TILE_JOBS, 0.5);
    out->tile_p99_ms = quantile_ms(pair, "kolam_job_run_seconds", TILE_JOBS, 0.99);
    const double hits = grew(pair, "kolam_tile_cache_hits_total");
    const double asked = hits + grew(pair, "kolam_tile_cache_misses_total");
    out->cache_share = asked > 0 ? hits / asked : NAN;
    out->cache_bytes = kolam_top_value(now, "kolam_tile_cache_bytes");
    out->cache_limit_bytes = kolam_top_value(now, "kolam_tile_cache_limit_bytes");
}

void kolam_top_reckon(const struct kolam_top_sample *before, const struct kolam_top_sample *now,
                      double unix_s, double interval_s, struct kolam_top_figures *out) {
    const struct pair pair = {before, now, interval_s};
    memset(out, 0, sizeof(*out));
    take_version(out, now);
    out->interval_s = interval_s;
    out->uptime_s = unix_s - kolam_top_value(now, "process_start_time_seconds");
    take_people(out, &pair);
    out->errors_s = errors_s(&pair);
    take_machine(out, &pair);
    take_limits(out, &pair);
    take_canvases(out, &pair);
}

void kolam_top_remember(struct kolam_top_past *past, const struct kolam_top_figures *figures) {
    if (past->count == KOLAM_TOP_PAST) {
        const size_t kept = (KOLAM_TOP_PAST - 1) * sizeof(float);
        memmove(past->ops_s, past->ops_s + 1, kept);
        memmove(past->deliveries_s, past->deliveries_s + 1, kept);
        memmove(past->busy, past->busy + 1, kept);
        past->count--;
    }
    past->ops_s[past->count] = (float)figures->ops_s;
    past->deliveries_s[past->count] = (float)figures->deliveries_s;
    past->busy[past->count] = (float)figures->busy;
    past->count++;
}

/* ---- as JSON ---- */

struct field {
    const char *name;
    size_t at;
};
#define FIELD(name)                                                                                \
    { #name, offsetof(struct kolam_top_figures, name) }
static const struct field fields[] = {
    FIELD(uptime_s),
    FIELD(interval_s),
    FIELD(clients),
    FIELD(clients_slow),
    FIELD(views),
    FIELD(connections),
    FIELD(canvases),
    FIELD(canvases_open),
    FIELD(unwritable),
    FIELD(ops_s),
    FIELD(previews_s),
    FIELD(deliveries_s),
    FIELD(sent_bytes_s),
    FIELD(http_s),
    FIELD(http_bytes_s),
    FIELD(errors_s),
    FIELD(busy),
    FIELD(cpu),
    FIELD(rss_bytes),
    FIELD(files),
    FIELD(tick_ms),
    FIELD(tick_work_ms),
    FIELD(turn_p99_ms),
    FIELD(commit_p50_ms),
    FIELD(commit_p99_ms),
    FIELD(submit_p99_ms),
    FIELD(batch),
    FIELD(workers),
    FIELD(workers_busy),
    FIELD(jobs_interactive),
    FIELD(jobs_tile),
    FIELD(jobs_background),
    FIELD(tile_p50_ms),
    FIELD(tile_p99_ms),
    FIELD(cache_share),
    FIELD(cache_bytes),
    FIELD(cache_limit_bytes),
    FIELD(queued_bytes),
    FIELD(queued_bytes_max),
    FIELD(oldest_s),
    FIELD(dropped_s),
    FIELD(refreshes_s),
    FIELD(hits_s),
    FIELD(closed_s),
};

/* To a thousandth: the rest is noise; null where there is nothing to tell. */
static json_t *number(double value) {
    return isfinite(value) ? json_real(round(value * 1000) / 1000) : json_null();
}

static json_t *canvas_json(const struct kolam_top_canvas *canvas) {
    return json_pack("{ss so so so so so}", "canvas", canvas->name, "clients",
                     number(canvas->clients), "views", number(canvas->views), "ops_s",
                     number(canvas->ops_s), "deliveries_s", number(canvas->deliveries_s), "seq",
                     number(canvas->seq));
}

json_t *kolam_top_json(const struct kolam_top_figures *figures) {
    json_t *object = json_pack("{ss}", "version", figures->version);
    json_t *canvases = json_array();
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const double *value = (const double *)(const void *)((const char *)figures + fields[i].at);
        json_object_set_new(object, fields[i].name, number(*value));
    }
    for (uint32_t i = 0; i < figures->canvas_count; i++) {
        json_array_append_new(canvases, canvas_json(&figures->busiest[i]));
    }
    json_object_set_new(object, "busiest", canvases);
    json_t *limits = json_array();
    for (uint32_t i = 0; i < figures->limit_count; i++) {
        const struct kolam_top_limit *limit = &figures->limits[i];
        json_array_append_new(limits,
                              json_pack("{ss so so}", "limit", limit->name, "hits",
                                        number(limit->hits), "hits_s", number(limit->hits_s)));
    }
    json_object_set_new(object, "limits", limits);
    return object;
}
