/* Counters for /metrics. Plain integers: the loop thread alone counts. */
#ifndef KOLAM_SERVER_METRICS_H
#define KOLAM_SERVER_METRICS_H

#include <stdint.h>

struct kolam_server;
struct kolam_http;

struct kolam_metrics {
    uint64_t sessions, sessions_total, messages_in, frames_out, bytes_out, submits, ops, nacks,
        previews_in, previews_dropped, refreshes, closed_slow, views, tile_requests, tile_hits,
        tile_renders, tile_stale, tile_not_modified, tile_redirects, snapshots, http_requests,
        history_requests, past_tiles, past_tile_renders, rollbacks;

    /* The fan-out. Gauges: views_distinct, sessions_stale (told to look again, and have not yet). frames_composed
     * were built for all who see the same, frames_reused served another view with the same records, frames_private
     * were for one client alone. Delivered and dropped are counted per client. */
    uint64_t views_distinct, sessions_stale, frames_composed, frames_reused, frames_private,
        ops_delivered, previews_delivered, tiles_delivered, ops_dropped, previews_shed;
};

/* Answers /metrics and /healthz. */
void kolam_metrics_answer(struct kolam_server *server, struct kolam_http *http);
void kolam_health_answer(struct kolam_server *server, struct kolam_http *http);

#endif
