/* The worker's part of a tile request. `run` is a worker's, the rest the loop thread's. */
#include "tile_job.h"

#include "kolam/alloc.h"
#include "kolam/png.h"

static bool is_cancelled(void *ctx) {
    const struct kolam_tile_job *job = ctx;
    return atomic_load_explicit(&job->canvas->server->tiles_are_stopping, memory_order_relaxed);
}

/* True if an older picture of an averaged tile was there and is now in `pixels`. */
static bool take_older(struct kolam_tile_job *job, struct kolam_worker_canvas *canvas,
                       uint32_t *pixels) {
    struct kolam_tile_picture picture;
    if (!job->may_be_older || !job->is_averaged ||
        kolam_tile_store_get(canvas->store, job->tile, &picture, pixels) != KOLAM_OK) {
        return false;
    }
    job->shown_seq = picture.seq;
    job->is_empty = picture.is_empty;
    return true;
}

/* The picture of just this version is there: then nothing takes long. */
static bool is_stored(const struct kolam_tile_job *job, struct kolam_tile_store *store,
                      uint32_t *pixels) {
    struct kolam_tile_picture picture;
    return kolam_tile_store_get(store, job->tile, &picture, pixels) == KOLAM_OK &&
           picture.seq == job->version;
}

static enum kolam_status make(struct kolam_tile_job *job, struct kolam_worker_canvas *canvas,
                              uint32_t *pixels) {
    enum kolam_status status =
        kolam_raster_version(canvas->raster, job->tile, KOLAM_SEQ_NOW, &job->version);
    if (status != KOLAM_OK || job->version == 0) {
        job->is_empty = true;
        return status;
    }
    status = kolam_raster_is_averaged(canvas->raster, job->tile, &job->is_averaged);
    if (status == KOLAM_OK && !take_older(job, canvas, pixels)) {
        job->must_wait =
            job->is_averaged && !job->may_take_long && !is_stored(job, canvas->store, pixels);
        if (job->must_wait) {
            return KOLAM_OK;
        }
        status = kolam_raster_tile(canvas->raster, job->tile, KOLAM_SEQ_NOW, pixels,
                                   &job->shown_seq, &job->is_empty);
    }
    /* Something may have been committed since the version was read. */
    job->version = job->shown_seq > job->version ? job->shown_seq : job->version;
    if (status == KOLAM_OK && !job->is_empty) {
        status = kolam_png_encode_tile(pixels, &job->png, &job->png_size);
    }
    return status;
}

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct kolam_tile_job *job = (struct kolam_tile_job *)base;
    struct kolam_worker_canvas *canvas;
    uint32_t *pixels = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof(*pixels));
    job->status = pixels ? kolam_worker_canvas(worker, job->canvas->log_path,
                                               job->canvas->tiles_path, false, &canvas, NULL)
                         : KOLAM_ERR_NOMEM;
    if (job->status == KOLAM_OK) {
        kolam_raster_set_cancel(canvas->raster, is_cancelled, job);
        job->status = make(job, canvas, pixels);
        kolam_raster_set_cancel(canvas->raster, NULL, NULL);
    }
    kolam_free(pixels);
}

struct kolam_tile_job *kolam_tile_job_create(struct kolam_canvas *canvas, struct kolam_tile_id tile,
                                             enum kolam_job_priority priority,
                                             void (*done)(struct kolam_job *job)) {
    struct kolam_tile_job *job = kolam_alloc_zero(1, sizeof(*job));
    if (job) {
        job->job = (struct kolam_job){.run = run, .done = done, .priority = priority};
        job->canvas = canvas;
        job->tile = tile;
        job->status = KOLAM_ERR_CLOSED; /* unless it runs */
        job->may_take_long = priority >= KOLAM_JOB_FAR;
        kolam_list_init(&job->link);
        kolam_list_init(&job->requests);
        kolam_canvas_hold(canvas);
    }
    return job;
}

void kolam_tile_job_destroy(struct kolam_tile_job *job) {
    kolam_list_remove(&job->link);
    kolam_canvas_release(job->canvas);
    kolam_free(job->png);
    kolam_free(job);
}

uint32_t kolam_tile_bucket(struct kolam_tile_id tile, uint32_t count) {
    uint64_t hash =
        ((uint64_t)tile.x * 0x9e3779b97f4a7c15u ^ (uint64_t)tile.y) * 0xff51afd7ed558ccdu;
    return (uint32_t)(hash >> 48 ^ (uint64_t)(uint32_t)tile.level) % count;
}
