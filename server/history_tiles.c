/* Tiles of the past. A tile at seq N is the tile at its version then: the newest seq up to N that touched it. So the
 * version is found first (a question to the index), and what is drawn, shared and kept in memory goes by the
 * version: most tiles of a view do not change from one moment to the next, and many are what they are now.
 *
 * Where the loop knows that a tile has not changed since N nothing is asked of a worker at all. A far tile, made of
 * many, may take long: its job waits behind everything else and ends when nobody waits for it any more. */
#include "history_tiles.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "history_args.h"
#include "http_tiles.h"
#include "kolam/alloc.h"
#include "kolam/png.h"
#include "tile_cache.h"

#define BUCKETS 64
#define WAIT_US 20000000u /* so long a job waits for a worker */
#define CACHE_SHARE 4     /* of the tile cache, again, for the past */

struct kolam_history_tiles {
    struct kolam_list jobs[BUCKETS]; /* picture_job under way */
    struct kolam_tile_cache *cache;  /* by version */
};

struct past_request {
    struct kolam_job lookup;
    struct kolam_list link; /* in a picture_job's requests */
    struct kolam_server *server;
    struct kolam_http *http;     /* NULL: gone while a worker looks up */
    struct kolam_canvas *canvas; /* held */
    struct kolam_canvas_wait wait;
    struct kolam_tile_id tile;
    struct kolam_moment moment;
    int64_t now_ms;
    bool is_looking_up; /* the pool has `lookup` */

    enum kolam_status status;
    struct kolam_error error;
    uint64_t seq, version; /* what the moment is, and the tile's version then */
};

/* One tile at one version, for all who want it. */
struct picture_job {
    struct kolam_job job;
    struct kolam_list link;
    struct kolam_server *server;
    struct kolam_canvas *canvas; /* held */
    struct kolam_tile_id tile;
    uint64_t version;
    struct kolam_list requests; /* past_request */
    atomic_bool is_unwanted;

    enum kolam_status status;
    bool must_wait;  /* it takes long, and was not to */
    bool is_present; /* the tile is still of that version */
    uint8_t *png;    /* kolam_alloc'ed; NULL if empty */
    size_t png_size;
};

enum kolam_status kolam_history_tiles_create(struct kolam_server *server) {
    struct kolam_history_tiles *past = kolam_alloc_zero(1, sizeof(*past));
    if (!past) {
        return KOLAM_ERR_NOMEM;
    }
    for (int i = 0; i < BUCKETS; i++) {
        kolam_list_init(&past->jobs[i]);
    }
    server->history_tiles = past;
    past->cache =
        kolam_tile_cache_create(((uint64_t)server->options->tile_cache_mb << 20) / CACHE_SHARE);
    return past->cache ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

void kolam_history_tiles_destroy(struct kolam_server *server) {
    if (server->history_tiles) {
        kolam_tile_cache_destroy(server->history_tiles->cache);
        kolam_free(server->history_tiles);
        server->history_tiles = NULL;
    }
}

static struct kolam_list *bucket_of(struct kolam_history_tiles *past, struct kolam_tile_id tile,
                                    uint64_t version) {
    uint64_t hash = ((uint64_t)tile.x * 0x9e3779b97f4a7c15u ^ (uint64_t)tile.y) + version;
    return &past->jobs[(hash * 0xff51afd7ed558ccdu >> 48) % BUCKETS];
}

/* ---- answers ---- */

static void free_request(struct past_request *request) {
    kolam_list_remove(&request->link);
    kolam_list_remove(&request->wait.link);
    kolam_canvas_release(request->canvas);
    kolam_free(request);
}

static void answer_error(struct past_request *request, int status, const char *text) {
    kolam_http_error(request->http, status, text);
    free_request(request);
}

/* The past does not change: every answer may be kept for ever. */
static void answer(struct past_request *request, int status, struct kolam_bytes *png) {
    char headers[300];
    snprintf(headers, sizeof(headers),
             "%sETag: \"%016" PRIx64 "-%d-%" PRIu64 "\"\r\n"
             "Cache-Control: public, max-age=31536000, immutable\r\n",
             png ? "Content-Type: image/png\r\n" : "", request->canvas->incarnation,
             KOLAM_INK_VERSION, request->version);
    kolam_http_answer(request->http, status, headers, png);
    free_request(request);
}

static bool has_it_already(const struct past_request *request) {
    char etag[64];
    snprintf(etag, sizeof(etag), "\"%016" PRIx64 "-%d-%" PRIu64 "\"", request->canvas->incarnation,
             KOLAM_INK_VERSION, request->version);
    return strstr(kolam_http_request(request->http)->if_none_match, etag) != NULL;
}

static void answer_redirect(struct past_request *request) {
    char headers[300];
    snprintf(headers, sizeof(headers),
             "Location: /tiles/%s/%d/%" PRId64 "/%" PRId64 ".png?at=%" PRIu64
             "\r\nCache-Control: no-store\r\n",
             request->canvas->name, request->tile.level, request->tile.x, request->tile.y,
             request->seq);
    kolam_http_answer(request->http, 302, headers, NULL);
    free_request(request);
}

static void answer_problem(struct past_request *request) {
    if (request->status == KOLAM_ERR_NOT_FOUND && request->error.text[0] != '\0') {
        answer_error(request, 400, request->error.text);
    } else if (request->status == KOLAM_ERR_GONE) {
        answer_error(request, 410, request->error.text);
    } else {
        answer_error(request, 503, "the tile cannot be drawn now; try again later");
    }
}

/* ---- drawing: a worker's part ---- */

static bool is_over(void *ctx) {
    struct picture_job *job = ctx;
    return atomic_load_explicit(&job->is_unwanted, memory_order_relaxed) ||
           atomic_load_explicit(&job->server->tiles_are_stopping, memory_order_relaxed);
}

/* A stored picture of just this version. */
static bool take_stored(const struct picture_job *job, struct kolam_tile_store *store,
                        uint32_t *pixels, bool *out_is_empty) {
    struct kolam_tile_picture picture;
    bool is_it =
        kolam_tile_store_recall(store, job->tile, job->version, &picture, pixels) == KOLAM_OK &&
        picture.seq == job->version;
    *out_is_empty = is_it && picture.is_empty;
    return is_it;
}

/* Within the reader's begin/end. */
static enum kolam_status draw(struct picture_job *job, struct kolam_worker_canvas *canvas,
                              uint32_t *pixels) {
    bool is_empty = false, is_averaged = false;
    uint64_t seq, present = 0;
    enum kolam_status status =
        kolam_raster_version(canvas->raster, job->tile, KOLAM_SEQ_NOW, &present);
    job->is_present = present == job->version;
    if (status == KOLAM_OK && !take_stored(job, canvas->store, pixels, &is_empty)) {
        if (job->job.priority != KOLAM_JOB_BACKGROUND) {
            status = kolam_raster_is_averaged(canvas->raster, job->tile, &is_averaged);
            job->must_wait = is_averaged;
        }
        if (status != KOLAM_OK || job->must_wait) {
            return status;
        }
        status = kolam_raster_tile(canvas->raster, job->tile,
                                   job->is_present ? KOLAM_SEQ_NOW : job->version, pixels, &seq,
                                   &is_empty);
    }
    return status == KOLAM_OK && !is_empty
               ? kolam_png_encode_tile(pixels, &job->png, &job->png_size)
               : status;
}

static void run_picture(struct kolam_job *base, struct kolam_worker *worker) {
    struct picture_job *job = (struct picture_job *)base;
    struct kolam_worker_canvas *canvas;
    job->status = KOLAM_ERR_CLOSED;
    job->must_wait = false;
    if (is_over(job)) {
        return;
    }
    uint32_t *pixels = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof(*pixels));
    job->status = pixels ? kolam_worker_canvas(worker, job->canvas->log_path,
                                               job->canvas->tiles_path, false, &canvas, NULL)
                         : KOLAM_ERR_NOMEM;
    if (job->status == KOLAM_OK) {
        job->status = kolam_reader_begin(canvas->reader); /* one state for all questions */
    }
    if (job->status == KOLAM_OK) {
        kolam_raster_set_cancel(canvas->raster, is_over, job);
        job->status = draw(job, canvas, pixels);
        kolam_raster_set_cancel(canvas->raster, NULL, NULL);
        kolam_reader_end(canvas->reader);
    }
    kolam_free(pixels);
}

/* ---- drawing: the loop's part ---- */

static void destroy_job(struct picture_job *job) {
    kolam_list_remove(&job->link);
    kolam_canvas_release(job->canvas);
    kolam_free(job->png);
    kolam_free(job);
}

/* Behind everything else; or once more, because somebody came after it had been given up. */
static bool goes_on(struct picture_job *job) {
    bool is_given_up = job->status == KOLAM_ERR_CLOSED && !job->job.is_late;
    if (kolam_list_is_empty(&job->requests) || job->server->is_stopping ||
        kolam_pool_is_closing(job->server->pool) || !(job->must_wait || is_given_up)) {
        return false;
    }
    if (job->must_wait) {
        job->job.priority = KOLAM_JOB_BACKGROUND;
    }
    job->status = KOLAM_ERR_CLOSED;
    job->job.deadline_us = kolam_monotonic_us() + WAIT_US;
    kolam_pool_submit(job->server->pool, &job->job);
    return true;
}

static struct kolam_bytes *take_png(struct picture_job *job) {
    struct kolam_server *server = job->server;
    if (job->status != KOLAM_OK || job->must_wait) {
        return NULL;
    }
    struct kolam_bytes *png = job->png ? kolam_bytes_copy(job->png, job->png_size)
                                       : kolam_bytes_ref(kolam_tiles_empty(server));
    if (png && job->is_present) {
        kolam_tile_cache_put(kolam_tiles_cache(server), job->canvas->incarnation, job->tile,
                             job->version, png);
    } else if (png) {
        kolam_tile_cache_put_past(server->history_tiles->cache, job->canvas->incarnation, job->tile,
                                  job->version, png);
    }
    return png;
}

static void done_picture(struct kolam_job *base) {
    struct picture_job *job = (struct picture_job *)base;
    if (goes_on(job)) {
        return;
    }
    job->server->metrics.past_tile_renders++;
    kolam_list_remove(&job->link);
    struct kolam_bytes *png = take_png(job);
    KOLAM_LIST_EACH(&job->requests, struct past_request, link, request) {
        if (png) {
            answer(request, 200, png);
        } else {
            answer_error(request, 503, "the tile cannot be drawn now; try again later");
        }
    }
    kolam_bytes_unref(png);
    destroy_job(job);
}

static struct picture_job *find_job(const struct past_request *request) {
    struct kolam_list *bucket =
        bucket_of(request->server->history_tiles, request->tile, request->version);
    KOLAM_LIST_EACH(bucket, struct picture_job, link, job) {
        if (job->canvas == request->canvas && kolam_tile_equal(job->tile, request->tile) &&
            job->version == request->version) {
            return job;
        }
    }
    return NULL;
}

static struct picture_job *start_job(const struct past_request *request) {
    struct picture_job *job = kolam_alloc_zero(1, sizeof(*job));
    if (job) {
        job->job = (struct kolam_job){.run = run_picture,
                                      .done = done_picture,
                                      .priority = KOLAM_JOB_TILE,
                                      .deadline_us = kolam_monotonic_us() + WAIT_US};
        job->server = request->server;
        job->canvas = request->canvas;
        job->tile = request->tile;
        job->version = request->version;
        job->status = KOLAM_ERR_CLOSED; /* unless it runs */
        kolam_list_init(&job->requests);
        kolam_canvas_hold(job->canvas);
        kolam_list_append(bucket_of(request->server->history_tiles, job->tile, job->version),
                          &job->link);
        kolam_pool_submit(job->server->pool, &job->job);
    }
    return job;
}

static void wait_for_picture(struct past_request *request) {
    struct picture_job *job = find_job(request);
    job = job ? job : start_job(request);
    if (!job) {
        answer_error(request, 503, "out of memory");
        return;
    }
    atomic_store_explicit(&job->is_unwanted, false, memory_order_relaxed);
    kolam_list_append(&job->requests, &request->link);
}

/* ---- requests ---- */

/* The tile's version at the moment is known. */
static void serve(struct past_request *request) {
    struct kolam_server *server = request->server;
    uint64_t kept_seq = 0;
    if (has_it_already(request)) {
        answer(request, 304, NULL);
        return;
    }
    if (request->version == 0) {
        answer(request, 200, kolam_tiles_empty(server));
        return;
    }
    struct kolam_bytes *png = kolam_tile_cache_get(
        kolam_tiles_cache(server), request->canvas->incarnation, request->tile, &kept_seq);
    if (!png || kept_seq != request->version) {
        png = kolam_tile_cache_get_past(server->history_tiles->cache, request->canvas->incarnation,
                                        request->tile, request->version);
    }
    if (png) {
        server->metrics.tile_cache_hits++;
        answer(request, 200, png);
    } else {
        server->metrics.tile_cache_misses++;
        wait_for_picture(request);
    }
}

static void run_lookup(struct kolam_job *base, struct kolam_worker *worker) {
    struct past_request *request = KOLAM_CONTAINER(base, struct past_request, lookup);
    struct kolam_worker_canvas *canvas;
    request->status = kolam_worker_canvas(worker, request->canvas->log_path,
                                          request->canvas->tiles_path, false, &canvas, NULL);
    if (request->status == KOLAM_OK) {
        request->status = kolam_moment_resolve(canvas->reader, &request->moment, request->now_ms,
                                               &request->seq, &request->error);
    }
    if (request->status == KOLAM_OK && !request->moment.is_time) {
        request->status =
            kolam_raster_version(canvas->raster, request->tile, request->seq, &request->version);
    }
}

static void done_lookup(struct kolam_job *base) {
    struct past_request *request = KOLAM_CONTAINER(base, struct past_request, lookup);
    request->is_looking_up = false;
    if (!request->http) {
        free_request(request);
    } else if (request->status != KOLAM_OK) {
        answer_problem(request);
    } else if (request->moment.is_time) {
        answer_redirect(request);
    } else {
        serve(request);
    }
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct past_request *request = KOLAM_CONTAINER(wait, struct past_request, wait);
    struct kolam_canvas *canvas = request->canvas;
    const uint64_t seq = request->moment.seq;
    if (status != KOLAM_OK) {
        answer_error(request, 503, "the canvas cannot be opened now; try again later");
        return;
    }
    if (!request->moment.is_time && seq >= 1 && seq >= canvas->base_seq &&
        seq <= canvas->last_seq &&
        kolam_versions_get(canvas->versions, request->tile, &request->version) &&
        request->version <= seq) {
        serve(request); /* untouched since then */
        return;
    }
    request->is_looking_up = true;
    request->status = KOLAM_ERR_CLOSED; /* unless it runs */
    request->lookup = (struct kolam_job){.run = run_lookup,
                                         .done = done_lookup,
                                         .priority = KOLAM_JOB_TILE,
                                         .deadline_us = kolam_monotonic_us() + WAIT_US};
    kolam_pool_submit(request->server->pool, &request->lookup);
}

/* What waited in a picture's list may have been the last who did. */
static void on_gone(void *ctx) {
    struct past_request *request = ctx;
    request->http = NULL;
    if (request->is_looking_up) {
        return;
    }
    struct picture_job *job = kolam_list_is_empty(&request->link) ? NULL : find_job(request);
    free_request(request);
    if (job && kolam_list_is_empty(&job->requests)) {
        atomic_store_explicit(&job->is_unwanted, true, memory_order_relaxed);
    }
}

bool kolam_history_tiles_take(struct kolam_server *server, struct kolam_http *http,
                              struct kolam_canvas *canvas, struct kolam_tile_id tile) {
    struct kolam_args args = {.query = kolam_http_request(http)->query};
    struct kolam_moment moment;
    if (!kolam_args_moment(&args, &moment)) {
        return false;
    }
    if (args.problem) {
        kolam_http_error(http, 400, args.problem);
        return true;
    }
    struct past_request *request = kolam_alloc_zero(1, sizeof(*request));
    if (!request) {
        kolam_http_error(http, 503, "out of memory");
        return true;
    }
    kolam_list_init(&request->link);
    kolam_list_init(&request->wait.link);
    request->server = server;
    request->http = http;
    request->canvas = canvas;
    request->tile = tile;
    request->moment = moment;
    request->now_ms = server->clock.now_ms(server->clock.ctx);
    request->wait.done = on_canvas;
    kolam_canvas_hold(canvas);
    kolam_http_set_on_gone(http, on_gone, request);
    kolam_canvas_when_open(canvas, false, &request->wait);
    return true;
}
