/* /metrics as Prometheus text, /healthz as one word. */
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "canvas.h"
#include "http_route.h"
#include "http_tiles.h"

struct line {
    const char *name, *kind, *help;
    uint64_t value;
};

static size_t write_line(char *out, size_t capacity, const struct line *line) {
    int size =
        snprintf(out, capacity, "# HELP kolam_%s %s\n# TYPE kolam_%s %s\nkolam_%s %" PRIu64 "\n",
                 line->name, line->help, line->name, line->kind, line->name, line->value);
    return size > 0 && (size_t)size < capacity ? (size_t)size : 0;
}

struct log_sums {
    struct kolam_log_stats all;
};

static void add_stats(void *ctx, struct kolam_canvas *canvas) {
    struct log_sums *sums = ctx;
    struct kolam_log_stats one;
    if (canvas->log) {
        kolam_log_sqlite_stats(canvas->log, &one);
        sums->all.commits += one.commits;
        sums->all.ops += one.ops;
        sums->all.duplicates += one.duplicates;
        sums->all.refused += one.refused;
        sums->all.commit_us_total += one.commit_us_total;
    }
}

void kolam_metrics_answer(struct kolam_server *server, struct kolam_http *http) {
    const struct kolam_metrics *m = &server->metrics;
    struct log_sums sums = {0};
    kolam_canvases_each(server, add_stats, &sums);
    const struct line lines[] = {
        {"sessions", "gauge", "Clients connected now.", m->sessions},
        {"connections", "gauge", "Sockets open now.", kolam_net_connections(server->net)},
        {"canvases_open", "gauge", "Canvases open now.", kolam_canvases_open_count(server)},
        {"jobs_waiting", "gauge", "Jobs waiting for a worker.", kolam_pool_backlog(server->pool)},
        {"tile_cache_bytes", "gauge", "Encoded tiles in memory.", kolam_tiles_cache_bytes(server)},
        {"sessions_total", "counter", "Clients that connected.", m->sessions_total},
        {"messages_in_total", "counter", "WebSocket messages received.", m->messages_in},
        {"frames_out_total", "counter", "WebSocket frames sent.", m->frames_out},
        {"bytes_out_total", "counter", "WebSocket bytes sent.", m->bytes_out},
        {"submits_total", "counter", "Submissions received.", m->submits},
        {"ops_total", "counter", "Ops committed and fanned out.", m->ops},
        {"nacks_total", "counter", "Submissions refused.", m->nacks},
        {"previews_in_total", "counter", "Previews received.", m->previews_in},
        {"previews_dropped_total", "counter", "Previews and cursors dropped.", m->previews_dropped},
        {"refreshes_total", "counter", "Slow clients told to look again.", m->refreshes},
        {"closed_slow_total", "counter", "Slow clients closed.", m->closed_slow},
        {"views_total", "counter", "Views answered.", m->views},
        {"http_requests_total", "counter", "HTTP requests.", m->http_requests},
        {"tile_requests_total", "counter", "Tile requests.", m->tile_requests},
        {"tile_hits_total", "counter", "Tiles answered from memory.", m->tile_hits},
        {"tile_renders_total", "counter", "Tile jobs run.", m->tile_renders},
        {"tile_stale_total", "counter", "Far tiles answered with an older picture.", m->tile_stale},
        {"tile_not_modified_total", "counter", "Tiles answered 304.", m->tile_not_modified},
        {"tile_redirects_total", "counter", "Tiles answered 302.", m->tile_redirects},
        {"snapshots_total", "counter", "Snapshots begun.", m->snapshots},
        {"history_requests_total", "counter", "Questions about the past.", m->history_requests},
        {"past_tiles_total", "counter", "Tiles asked for at a past moment.", m->past_tiles},
        {"past_tile_renders_total", "counter", "Jobs that drew one of those.",
         m->past_tile_renders},
        {"rollbacks_total", "counter", "Rollbacks applied.", m->rollbacks},
        {"commits_total", "counter", "Transactions of the open logs.", sums.all.commits},
        {"committed_ops_total", "counter", "Ops of the open logs.", sums.all.ops},
        {"duplicates_total", "counter", "Ops recognised as sent before.", sums.all.duplicates},
        {"refused_total", "counter", "Submissions the open logs refused.", sums.all.refused},
        {"commit_us_total", "counter", "Microseconds spent in commits.", sums.all.commit_us_total},
    };
    char text[8192];
    size_t used = 0;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        used += write_line(text + used, sizeof(text) - used, &lines[i]);
    }
    struct kolam_bytes *body = kolam_bytes_copy(text, used);
    kolam_http_answer(
        http, 200, "Content-Type: text/plain; version=0.0.4\r\nCache-Control: no-store\r\n", body);
    kolam_bytes_unref(body);
}

void kolam_health_answer(struct kolam_server *server, struct kolam_http *http) {
    if (server->is_stopping) {
        kolam_http_error(http, 503, "shutting down");
    } else if (!kolam_canvases_are_writable(server)) {
        kolam_http_error(http, 503, "a canvas cannot be written: is the disk full?");
    } else {
        kolam_http_answer_json(http, 200, strdup("{\"status\":\"ok\"}\n"));
    }
}
