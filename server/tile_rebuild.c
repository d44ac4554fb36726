/* Planned rebuilds, hashed by tile so that each is planned once; a rebuilt tile is told to those who look at it,
 * and planned again if it was drawn upon in the meantime and is still looked at.
 *
 * A tile that was quiet is rebuilt at once; from then on, at most once in INTERVAL_MS. So one stroke or undo is soon seen
 * from afar, and fifty people drawing cost one rebuild for all that they do in that while. One that failed (no memory, a disk
 * that cannot be read) is tried again, twice as late each time, for as long as somebody looks: nobody asks again by themselves. */
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
#define LATEST_RETRY 6 /* doublings of INTERVAL_MS: 320 s */
#define RETRIES_UNSEEN 3

struct rebuild {
    struct kolam_list link;
    struct kolam_canvas *canvas; /* held */
    struct kolam_tile_id tile;
    int64_t due_ms;
    uint32_t failures; /* in a row */
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

static struct rebuild *find(const struct kolam_rebuilds *rebuilds,
                            const struct kolam_canvas *canvas, struct kolam_tile_id tile) {
    const struct kolam_list *bucket = &rebuilds->buckets[kolam_tile_bucket(tile, BUCKETS)];
    KOLAM_LIST_EACH(bucket, struct rebuild, link, planned) {
        if (planned->canvas == canvas && kolam_tile_equal(planned->tile, tile)) {
            return planned;
        }
    }
    return NULL;
}

/* One that was not planned yet, or the one that is; NULL if too many are, or the server stops. */
static struct rebuild *add(struct kolam_rebuilds *rebuilds, struct kolam_canvas *canvas,
                           struct kolam_tile_id tile) {
    struct rebuild *rebuild = find(rebuilds, canvas, tile);
    if (rebuild || rebuilds->planned >= PLANNED_MAX || canvas->server->is_stopping) {
        return rebuild;
    }
    rebuild = kolam_alloc_zero(1, sizeof(*rebuild));
    if (rebuild) {
        rebuilds->planned++;
        rebuild->canvas = canvas;
        rebuild->tile = tile;
        rebuild->due_ms = due_ms(rebuilds, canvas, tile);
        kolam_canvas_hold(canvas);
        kolam_list_append(&rebuilds->buckets[kolam_tile_bucket(tile, BUCKETS)], &rebuild->link);
    }
    return rebuild;
}

/* The present picture was drawn; what was drawn upon it in the meantime comes with the next one. */
static void tell(struct kolam_rebuilds *rebuilds, const struct kolam_tile_job *job) {
    struct kolam_canvas *canvas = job->canvas;
    uint64_t now_seq = 0;
    kolam_fanout_tile(canvas, job->tile, job->shown_seq);
    if (canvas->versions && kolam_versions_get(canvas->versions, job->tile, &now_seq) &&
        now_seq > job->shown_seq && kolam_fanout_is_seen(canvas, job->tile)) {
        kolam_rebuilds_plan(rebuilds, canvas, job->tile);
    }
}

static void retry(struct kolam_rebuilds *rebuilds, const struct kolam_tile_job *job) {
    const uint32_t failures = job->failures + 1;
    if (failures > RETRIES_UNSEEN && !kolam_fanout_is_seen(job->canvas, job->tile)) {
        return; /* whoever asks for it plans it anew */
    }
    const uint32_t doublings = failures <= LATEST_RETRY ? failures - 1 : LATEST_RETRY;
    struct rebuild *rebuild = add(rebuilds, job->canvas, job->tile);
    if (rebuild) {
        rebuild->failures = failures;
        rebuild->due_ms =
            kolam_loop_now_ms(job->canvas->server->loop) + ((int64_t)INTERVAL_MS << doublings);
    }
}

static void done(struct kolam_job *base) {
    struct kolam_tile_job *job = (struct kolam_tile_job *)base;
    struct kolam_server *server = job->canvas->server;
    struct kolam_rebuilds *rebuilds = job->ctx;
    rebuilds->running--;
    struct kolam_bytes *png = kolam_tiles_take(job);
    if (png && !server->is_stopping) {
        tell(rebuilds, job);
    } else if (!server->is_stopping) {
        retry(rebuilds, job);
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
    job->failures = rebuild->failures;
    rebuilds->running++;
    *recent_of(rebuilds, rebuild->tile) =
        (struct recent){rebuild->canvas, rebuild->tile, kolam_loop_now_ms(server->loop)};
    kolam_pool_submit(server->pool, &job->job);
    end_plan(rebuilds, rebuild);
}

bool kolam_rebuilds_plan(struct kolam_rebuilds *rebuilds, struct kolam_canvas *canvas,
                         struct kolam_tile_id tile) {
    struct rebuild *rebuild = find(rebuilds, canvas, tile);
    if (rebuild) {
        return true;
    }
    rebuild = add(rebuilds, canvas, tile);
    if (rebuild && rebuild->due_ms <= kolam_loop_now_ms(canvas->server->loop) &&
        rebuilds->running < AT_ONCE) {
        start(rebuilds, rebuild);
    }
    return rebuild != NULL;
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
