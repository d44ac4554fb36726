/* Gathers what /metrics tells. Clients and canvases are walked once; nothing is kept for it between two
 * scrapes. */
#include "metrics_scrape.h"

#include <string.h>

#include "http_snapshot.h"
#include "http_tiles.h"
#include "kolam/alloc.h"
#include "session.h"

/* ---- views that differ ---- */

struct view_set {
    const struct kolam_view **slots;
    uint32_t mask; /* slots - 1, a power of two */
};

static uint64_t hash_of(const struct kolam_view *view) {
    uint64_t hash = (uint64_t)view->x * 0x9e3779b97f4a7c15u;
    hash = (hash ^ (uint64_t)view->y) * 0xc2b2ae3d27d4eb4fu;
    hash = (hash ^ (uint64_t)view->width << 32 ^ view->height) * 0x165667b19e3779f9u;
    hash = (hash ^ (uint64_t)(uint32_t)view->level) * 0xff51afd7ed558ccdu;
    return hash ^ hash >> 32;
}

static bool is_same(const struct kolam_view *a, const struct kolam_view *b) {
    return a->level == b->level && a->x == b->x && a->y == b->y && a->width == b->width &&
           a->height == b->height;
}

/* True if it was not there. */
static bool set_add(struct view_set *set, const struct kolam_view *view) {
    uint32_t at = (uint32_t)hash_of(view) & set->mask;
    while (set->slots[at]) {
        if (is_same(set->slots[at], view)) {
            return false;
        }
        at = (at + 1) & set->mask;
    }
    set->slots[at] = view;
    return true;
}

/* 0 as well when out of memory: a figure less, no harm. */
static uint64_t count_views(const struct kolam_canvas *canvas, uint64_t clients) {
    uint64_t views = 0;
    struct view_set set = {.mask = 15};
    while (set.mask < clients * 2) {
        set.mask = set.mask * 2 + 1;
    }
    set.slots = kolam_alloc_zero((size_t)set.mask + 1, sizeof(struct kolam_view *));
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        views += set.slots && session->view.is_set && set_add(&set, &session->view);
    }
    kolam_free(set.slots);
    return views;
}

/* ---- canvases ---- */

void kolam_metrics_add_log(struct kolam_log_stats *into, const struct kolam_log_stats *from) {
    into->commits += from->commits;
    into->ops += from->ops;
    into->duplicates += from->duplicates;
    into->refused += from->refused;
    into->failures += from->failures;
    kolam_histogram_merge(&into->commit_time, &from->commit_time);
    kolam_histogram_merge(&into->batch_size, &from->batch_size);
    kolam_histogram_merge(&into->submit_time, &from->submit_time);
}

void kolam_metrics_keep_log(struct kolam_server *server, struct kolam_log *log) {
    struct kolam_log_stats stats;
    kolam_log_sqlite_stats(log, &stats);
    kolam_metrics_add_log(&server->metrics.closed_logs, &stats);
}

void kolam_metrics_sweep_canvas(struct kolam_canvas *canvas) {
    struct kolam_canvas_counts *counts = &canvas->counts;
    counts->ops_rate += ((double)(counts->ops - counts->swept_ops) - counts->ops_rate) / 30.0;
    counts->swept_ops = counts->ops;
}

/* Keeps the busiest, in order. */
static void offer(struct kolam_scrape *scrape, const struct kolam_scrape_canvas *canvas) {
    uint32_t at = scrape->busiest_count;
    while (at > 0 && scrape->busiest[at - 1].busyness < canvas->busyness) {
        at--;
    }
    if (at == KOLAM_CANVASES_TOLD) {
        return;
    }
    uint32_t kept = scrape->busiest_count < KOLAM_CANVASES_TOLD ? scrape->busiest_count
                                                                : KOLAM_CANVASES_TOLD - 1;
    memmove(&scrape->busiest[at + 1], &scrape->busiest[at],
            (kept - at) * sizeof(scrape->busiest[0]));
    scrape->busiest[at] = *canvas;
    scrape->busiest_count = kept + 1;
}

static void add_canvas(void *ctx, struct kolam_canvas *canvas) {
    struct kolam_scrape *scrape = ctx;
    struct kolam_scrape_canvas one = {.canvas = canvas};
    scrape->canvases += canvas->state != KOLAM_CANVAS_ABSENT;
    scrape->memory[KOLAM_MEMORY_RECENT] += canvas->recent.bytes;
    scrape->memory[KOLAM_MEMORY_VERSIONS] += kolam_versions_bytes(canvas->versions);
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        one.clients += session->state == KOLAM_SESSION_OPEN;
    }
    one.views = one.clients > 0 ? count_views(canvas, one.clients) : 0;
    scrape->views += one.views;
    if (canvas->log) {
        struct kolam_log_stats stats;
        kolam_log_sqlite_stats(canvas->log, &stats);
        kolam_metrics_add_log(&scrape->logs, &stats);
        scrape->canvases_unwritable += !kolam_log_is_writable(canvas->log);
        one.busyness = canvas->counts.ops_rate + (double)one.clients;
        offer(scrape, &one);
    }
}

/* ---- all ---- */

/* What the fan-out delivers to many at once, and what single sessions queue, are told as one. */
static void add_fanout(struct kolam_metrics *counted) {
    counted->delivered[KOLAM_OUT_OP] += counted->ops_delivered + counted->tiles_delivered;
    counted->delivered[KOLAM_OUT_PREVIEW] += counted->previews_delivered;
    counted->dropped[KOLAM_OUT_OP] += counted->ops_dropped;
    counted->dropped[KOLAM_OUT_PREVIEW] += counted->previews_shed;
}

static void add_session(struct kolam_scrape *scrape, const struct kolam_session *session) {
    const uint64_t queued = session->outbox.queued_bytes;
    scrape->queued_bytes += queued;
    scrape->queued_bytes_max =
        queued > scrape->queued_bytes_max ? queued : scrape->queued_bytes_max;
    if (session->ws && kolam_socket_is_congested(session->ws)) {
        const uint64_t age_us = (uint64_t)kolam_socket_congested_ms(session->ws) * 1000;
        scrape->congested++;
        scrape->oldest_queue_us =
            age_us > scrape->oldest_queue_us ? age_us : scrape->oldest_queue_us;
    }
}

void kolam_scrape(struct kolam_server *server, struct kolam_scrape *out) {
    memset(out, 0, sizeof(*out));
    out->counted = server->metrics;
    out->counted.http_sent_bytes = kolam_net_http_bytes(server->net);
    add_fanout(&out->counted);
    out->logs = server->metrics.closed_logs;
    out->loop = *kolam_loop_stats(server->loop);
    kolam_pool_stats(server->pool, &out->pool);
    kolam_process_read(&out->process);
    kolam_heap_read(&out->heap);
    out->memory[KOLAM_MEMORY_STORAGE] = kolam_storage_memory_bytes();
    out->memory[KOLAM_MEMORY_TILES] = kolam_tiles_cache_bytes(server);
    out->memory[KOLAM_MEMORY_ACCOUNTS] = kolam_limits_bytes(server->limits);
    out->memory[KOLAM_MEMORY_UNENDED] = kolam_net_unended_bytes(server->net);
    out->damaged_rows = atomic_load(&server->damaged_rows);
    out->connections = kolam_net_connections(server->net);
    memcpy(out->limit_hits, *kolam_limits_hits(server->limits), sizeof(out->limit_hits));
    out->limit_accounts = kolam_limits_accounts(server->limits);
    KOLAM_LIST_EACH(&server->throttled, struct kolam_session, throttled_link, session) {
        out->clients_throttled += kolam_session_pause_us(session) > 0;
    }
    out->canvases_open = kolam_canvases_open_count(server);
    out->tile_cache_bytes = kolam_tiles_cache_bytes(server);
    out->tile_cache_limit_bytes = (uint64_t)server->options->tile_cache_mb << 20;
    out->snapshots_running = kolam_snapshots_count(server);
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        add_session(out, session);
    }
    kolam_canvases_each(server, add_canvas, out);
}
