/* What the server counts for /metrics. Plain integers that the loop thread alone adds to; what workers and committers
 * measure comes with their results or is fetched when somebody asks (metrics_scrape.c). How each is
 * called there is one row of the table in metrics_table.c, and one of docs/operating.md. */
#ifndef KOLAM_SERVER_METRICS_H
#define KOLAM_SERVER_METRICS_H

#include <stdint.h>

#include "kolam/log.h"

struct kolam_server;
struct kolam_http;
struct kolam_canvas;

#define KOLAM_OUT_CLASSES 3 /* enum kolam_out_class: essential, op, preview */
#define KOLAM_NACK_CODES 6  /* enum kolam_nack, from 1 */
#define KOLAM_HTTP_STATUSES_MAX 16

/* What an HTTP request asked for. */
enum kolam_http_kind {
    KOLAM_HTTP_OTHER, /* refused at the door, unknown, or a WebSocket without an upgrade */
    KOLAM_HTTP_TILE,
    KOLAM_HTTP_PAST_TILE,
    KOLAM_HTTP_VERSIONS,
    KOLAM_HTTP_CANVAS,
    KOLAM_HTTP_HISTORY,
    KOLAM_HTTP_LIVELY,
    KOLAM_HTTP_HEAT,
    KOLAM_HTTP_PEOPLE,
    KOLAM_HTTP_PLACES,
    KOLAM_HTTP_SEARCH,
    KOLAM_HTTP_SNAPSHOT,
    KOLAM_HTTP_OUTLINE,
    KOLAM_HTTP_PAGE, /* the web client's files */
    KOLAM_HTTP_CLAIM,
    KOLAM_HTTP_HEALTH,
    KOLAM_HTTP_METRICS,
    KOLAM_HTTP_KINDS
};

struct kolam_metrics {
    uint64_t guesses_wrong, guesses_refused; /* of codes, phrases, invitations */
    /* Clients. */
    uint64_t clients, clients_total, closed_slow, refreshes, views_answered;
    /* What they send. */
    uint64_t messages_received, received_bytes, submissions, refused[KOLAM_NACK_CODES],
        previews_received, cursors_received, previews_ignored;
    /* What they get: things queued, one for each receiver; things dropped from queues. */
    uint64_t delivered[KOLAM_OUT_CLASSES], dropped[KOLAM_OUT_CLASSES], frames_sent, sent_bytes;
    struct kolam_histogram queue_wait;  /* time: from the first thing queued to the write */
    uint64_t ops;                       /* committed and fanned out */
    struct kolam_log_stats closed_logs; /* of the logs that were closed since */
    /* HTTP. */
    uint64_t http_answers[KOLAM_HTTP_KINDS][KOLAM_HTTP_STATUSES_MAX];
    struct kolam_histogram http_time[KOLAM_HTTP_KINDS]; /* until the answer was ready */
    uint64_t http_sent_bytes;
    /* Tiles. */
    uint64_t tile_cache_hits, tile_cache_misses, tile_renders, tile_stale, past_tile_renders;
    uint64_t versions_known, versions_looked_up;
    uint64_t following, cameras_sent; /* a gauge: sessions that follow another; a counter */
    uint64_t
        answers_shared; /* of lively, heat, people, places, search: not built for the asker alone */
    uint64_t rollbacks;
    /* The fan-out. Gauges: views_distinct, sessions_stale (told to look again, and have not yet). frames_composed
     * were built for all who see the same, frames_reused served another view with the same records, frames_private
     * were for one client alone. Delivered and dropped are counted per client. */
    uint64_t views_distinct, sessions_stale, frames_composed, frames_reused, frames_private,
        ops_delivered, previews_delivered, tiles_delivered, ops_dropped, previews_shed;
};

/* What is counted of each canvas, while the server knows it. */
struct kolam_canvas_counts {
    uint64_t ops, delivered;
    uint64_t swept_ops; /* `ops` at the last sweep, */
    double ops_rate;    /* and ops a second, smoothed over about half a minute */
};

/* An HTTP request has its answer (kolam_net_handlers.on_answer). */
void kolam_metrics_http_answer(void *ctx, uint8_t kind, int status, uint64_t took_us);
/* The canvas's log is about to be closed: what it counted stays. */
void kolam_metrics_keep_log(struct kolam_server *server, struct kolam_log *log);
void kolam_metrics_add_log(struct kolam_log_stats *into, const struct kolam_log_stats *from);
/* Once a second: how busy the canvas is. */
void kolam_metrics_sweep_canvas(struct kolam_canvas *canvas);

/* Answers /metrics and /healthz. */
void kolam_metrics_answer(struct kolam_server *server, struct kolam_http *http);
void kolam_health_answer(struct kolam_server *server, struct kolam_http *http);

#endif
