/* Planned rebuilds, hashed by tile so that each is planned once; a rebuilt tile is told to those who look at it,
 * and planned again if it was drawn upon in the meantime and is still looked at.
 *
 * A tile that was quiet is rebuilt at once; from then on, at most once in INTERVAL_MS. So one stroke or undo is soon seen
 * from afar, and fifty people drawing cost one rebuild for all that they do in that while. */
#include "tile_rebuild.h"

#include "fanout.h"
#include "http_tiles.h"
#include "kolam/alloc.h"
#include "tile_job.h"

#define BUCKETS 256
#define RECENT 1024
#define INTERVAL_MS 5000
#define PLANNED_MAX 4096
#define AT_ONCE 2

struct rebuild {
    struct kolam_list link;
    struct kolam_canvas *canvas; /* held */
    struct kolam_tile_id tile;
    int64_t due_ms;
};

/* When a tile was last begun. Only compared, so the canvas need not be held; two tiles at one place push each other
 * out, and are then rebuilt sooner than need be. */
struct recent {
    const struct kolam_canvas *canvas;
    struct kolam_tile_id tile;
    int64_t begun_ms;
};

struct kolam_rebuilds {
    struct kolam_list buckets[BUCKETS];
    struct recent recent[RECENT];
    uint32_t planned, running;
};

struct kolam_rebuilds *kolam_rebuilds_create(void) {
    struct kolam_rebuilds *rebuilds = kolam_alloc_zero(1, sizeof(*rebuilds));
    for (int i = 0; rebuilds && i < BUCKETS; i++) {
        kolam_list_init(&rebuilds->buckets[i]);
    }
    return rebuilds;
}

static void end_plan(struct kolam_rebuilds *rebuilds, struct rebuild *rebuild) {
    rebuilds->planned--;
    kolam_list_remove(&rebuild->link);
    kolam_canvas_release(rebuild->canvas);
    kolam_free(rebuild);
}

void kolam_rebuilds_clear(struct kolam_rebuilds *rebuilds) {
    for (int i = 0; i < BUCKETS; i++) {
        KOLAM_LIST_EACH(&rebuilds->buckets[i], struct rebuild, link, rebuild) {
            end_plan(rebuilds, rebuild);
        }
    }
}

void kolam_rebuilds_destroy(struct kolam_rebuilds *rebuilds) {
    if (rebuilds) {
        kolam_rebuilds_clear(rebuilds);
        kolam_free(rebuilds);
    }
}

static struct recent *recent_of(struct kolam_rebuilds *rebuilds, struct kolam_tile_id tile) {
    return &rebuilds->recent[kolam_tile_bucket(tile, RECENT)];
}

/* Now, for a tile that was quiet. */
static int64_t due_ms(struct kolam_rebuilds *rebuilds, const struct kolam_canvas *canvas,
                      struct kolam_tile_id tile) {
    const struct recent *recent = recent_of(rebuilds, tile);
    bool is_recent = recent->canvas == canvas && kolam_tile_equal(recent->tile, tile);
    return is_recent ? recent->begun_ms + INTERVAL_MS : kolam_loop_now_ms(canvas->server->loop);
}

static void done(struct kolam_job *base) {
    struct kolam_tile_job *job = (struct kolam_tile_job *)base;
    struct kolam_canvas *canvas = job->canvas;
    struct kolam_server *server = canvas->server;
    struct kolam_rebuilds *rebuilds = job->ctx;
    uint64_t now_seq = 0;
    rebuilds->running--;
    struct kolam_bytes *png = kolam_tiles_take(job);
    if (png && !server->is_stopping) {
        kolam_fanout_tile(canvas, job->tile, job->shown_seq);
        if (canvas->versions && kolam_versions_get(canvas->versions, job->tile, &now_seq) &&
            now_seq > job->shown_seq && kolam_fanout_is_seen(canvas, job->tile)) {
            kolam_rebuilds_plan(rebuilds, canvas, job->tile);
        }
    }
    kolam_bytes_unref(png);
    kolam_tile_job_destroy(job);
    kolam_rebuilds_sweep(rebuilds, kolam_loop_now_ms(server->loop));
}

static void start(struct kolam_rebuilds *rebuilds, struct rebuild *rebuild) {
    struct kolam_server *server = rebuild->canvas->server;
    struct kolam_tile_job *job =
        kolam_tile_job_create(rebuild->canvas, rebuild->tile, KOLAM_JOB_BACKGROUND, done);
    if (!job) {
        return; /* at the next sweep */
    }
    job->ctx = rebuilds;
    rebuilds->running++;
    *recent_of(rebuilds, rebuild->tile) =
        (struct recent){rebuild->canvas, rebuild->tile, kolam_loop_now_ms(server->loop)};
    kolam_pool_submit(server->pool, &job->job);
    end_plan(rebuilds, rebuild);
}

bool kolam_rebuilds_plan(struct kolam_rebuilds *rebuilds, struct kolam_canvas *canvas,
                         struct kolam_tile_id tile) {
    struct kolam_server *server = canvas->server;
    struct kolam_list *bucket = &rebuilds->buckets[kolam_tile_bucket(tile, BUCKETS)];
    KOLAM_LIST_EACH(bucket, struct rebuild, link, planned) {
        if (planned->canvas == canvas && kolam_tile_equal(planned->tile, tile)) {
            return true;
        }
    }
    struct rebuild *rebuild = rebuilds->planned < PLANNED_MAX && !server->is_stopping
                                  ? kolam_alloc_zero(1, sizeof(*rebuild))
                                  : NULL;
    if (!rebuild) {
        return false;
    }
    rebuilds->planned++;
    rebuild->canvas = canvas;
    rebuild->tile = tile;
    rebuild->due_ms = due_ms(rebuilds, canvas, tile);
    kolam_canvas_hold(canvas);
    kolam_list_append(bucket, &rebuild->link);
    if (rebuild->due_ms <= kolam_loop_now_ms(server->loop) && rebuilds->running < AT_ONCE) {
        start(rebuilds, rebuild);
    }
    return true;
}

void kolam_rebuilds_sweep(struct kolam_rebuilds *rebuilds, int64_t now_ms) {
    for (int i = 0; i < BUCKETS && rebuilds->planned > 0; i++) {
        KOLAM_LIST_EACH(&rebuilds->buckets[i], struct rebuild, link, rebuild) {
            if (rebuilds->running >= AT_ONCE) {
                return;
            }
            if (now_ms >= rebuild->due_ms) {
                start(rebuilds, rebuild);
            }
        }
    }
}
