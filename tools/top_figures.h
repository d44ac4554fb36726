/* What `kolam top` shows, reckoned from two samples, and the last minute of it. Pure. */
#ifndef KOLAM_TOOLS_TOP_FIGURES_H
#define KOLAM_TOOLS_TOP_FIGURES_H

#include <jansson.h>

#include "top_sample.h"

#define KOLAM_TOP_CANVASES 32
#define KOLAM_TOP_LIMITS 32
#define KOLAM_TOP_PAST 240 /* samples kept: a minute at four a second */

struct kolam_top_canvas {
    char name[68];
    double clients, views, ops_s, deliveries_s, seq;
};

/* A limit that was reached since the server began, over all its scopes. */
struct kolam_top_limit {
    char name[24];
    double hits, hits_s;
};

/* Times are in ms, rates a second; NAN where nothing happened that could be measured. */
struct kolam_top_figures {
    char version[32];
    double uptime_s, interval_s;
    double clients, clients_slow, views, connections, canvases, canvases_open, unwritable;
    double ops_s, previews_s, deliveries_s, sent_bytes_s, http_s, http_bytes_s, errors_s;
    double busy, cpu, rss_bytes, files; /* busy 0..1, cpu in cores */
    double tick_ms, tick_work_ms, turn_p99_ms;
    double commit_p50_ms, commit_p99_ms, submit_p99_ms, batch;
    double workers, workers_busy, jobs_interactive, jobs_tile, jobs_background, tile_p50_ms,
        tile_p99_ms, cache_share, cache_bytes, cache_limit_bytes;
    double queued_bytes, queued_bytes_max, oldest_s, dropped_s, refreshes_s, hits_s, closed_s;
    uint32_t limit_count; /* the busiest now first, then those reached most */
    struct kolam_top_limit limits[KOLAM_TOP_LIMITS];
    uint32_t canvas_count;
    struct kolam_top_canvas busiest[KOLAM_TOP_CANVASES];
};

/* True if both are of one run of the server, so that their difference means something. */
bool kolam_top_is_same_run(const struct kolam_top_sample *a, const struct kolam_top_sample *b);
/* `unix_s` is the time of `now`, `interval_s` > 0 how much later it is than `before`. */
void kolam_top_reckon(const struct kolam_top_sample *before, const struct kolam_top_sample *now,
                      double unix_s, double interval_s, struct kolam_top_figures *out_figures);
/* A new reference. */
json_t *kolam_top_json(const struct kolam_top_figures *figures);

/* The newest is last. */
struct kolam_top_past {
    size_t count;
    float ops_s[KOLAM_TOP_PAST], deliveries_s[KOLAM_TOP_PAST], busy[KOLAM_TOP_PAST];
};
void kolam_top_remember(struct kolam_top_past *past, const struct kolam_top_figures *figures);

#endif
