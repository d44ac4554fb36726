/* Streaming exports. The worker writes encoded bytes into a ring of fixed size and waits when it is full; the loop
 * empties it as the client reads. So memory grows neither with the picture nor with a slow client; a client
 * that reads nothing for a while frees the worker. `mutex` guards the ring of each snapshot. */
#include "http_snapshot.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "history_args.h"
#include "http_route.h"
#include "kolam/alloc.h"
#include "kolam/export.h"

#define RING_BYTES (256u << 10)
#define WORTH_BYTES (32u << 10) /* so much is worth a wake: the encoder writes by the word */
#define SIDE_MAX 16384
#define STALL_MS 30000
#define SLOWEST_BYTES_PER_S 32768
#define WAIT_MS 20000
#define RETRY_US 10000000u
/* A second old is what any picture is when it is seen: many who ask for the same share one. */
static const char png_headers[] =
    "Content-Type: image/png\r\nCache-Control: public, max-age=0, s-maxage=1\r\n";

struct kolam_snapshots {
    struct kolam_list list; /* snapshot, in the order they came */
    uint32_t count, running, running_max;
};

struct snapshot {
    struct kolam_job job;
    struct kolam_list link;
    struct kolam_server *server;
    struct kolam_canvas *canvas; /* held */
    struct kolam_http *http;     /* NULL once the client is gone or served */
    struct kolam_export_options options;
    bool has_moment; /* at=; otherwise now */
    struct kolam_moment moment;
    int64_t now_ms; /* by the calendar */
    char title[160];
    bool is_started; /* it has a worker, or is about to */
    bool has_begun;  /* the answer's head is decided */
    bool is_job_done;
    int64_t progress_ms, asked_ms;
    struct kolam_payer payer;
    uint64_t taken_bytes; /* by the client */
    uint32_t full_s;      /* so many seconds the worker waited for it */

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t has_room;
    uint8_t *ring;
    size_t begin, used;
    bool is_cancelled, is_ended;
    int moment_problem; /* 0; or the answer's status, and error tells why */
    enum kolam_status status;
    struct kolam_error error;
};

enum kolam_status kolam_snapshots_create(struct kolam_server *server) {
    struct kolam_snapshots *snapshots = kolam_alloc_zero(1, sizeof(*snapshots));
    if (!snapshots) {
        return KOLAM_ERR_NOMEM;
    }
    kolam_list_init(&snapshots->list);
    /* One worker is always left for tiles. */
    snapshots->running_max = server->options->threads > 2 ? server->options->threads - 1 : 1;
    server->snapshots = snapshots;
    return KOLAM_OK;
}

void kolam_snapshots_destroy(struct kolam_server *server) {
    kolam_free(server->snapshots);
    server->snapshots = NULL;
}

static void cancel(struct snapshot *snapshot) {
    pthread_mutex_lock(&snapshot->mutex);
    snapshot->is_cancelled = true;
    pthread_cond_signal(&snapshot->has_room);
    pthread_mutex_unlock(&snapshot->mutex);
}

void kolam_snapshots_stop(struct kolam_server *server) {
    KOLAM_LIST_EACH(&server->snapshots->list, struct snapshot, link, snapshot) {
        cancel(snapshot);
    }
}

static void destroy(struct snapshot *snapshot) {
    kolam_list_remove(&snapshot->link);
    snapshot->server->snapshots->count--;
    kolam_limits_leave(snapshot->server->limits, &snapshot->payer, KOLAM_LIMIT_SNAPSHOTS);
    kolam_payer_release(snapshot->server->limits, &snapshot->payer);
    kolam_canvas_release(snapshot->canvas);
    pthread_cond_destroy(&snapshot->has_room);
    pthread_mutex_destroy(&snapshot->mutex);
    kolam_free(snapshot->ring);
    kolam_free(snapshot);
}

static void destroy_if_over(struct snapshot *snapshot) {
    if (snapshot->is_job_done && !snapshot->http) {
        destroy(snapshot);
    }
}

/* ---- the worker's side ---- */

static bool write_ring(void *ctx, const uint8_t *bytes, size_t size) {
    struct snapshot *snapshot = ctx;
    while (size > 0) {
        pthread_mutex_lock(&snapshot->mutex);
        while (snapshot->used == RING_BYTES && !snapshot->is_cancelled) {
            pthread_cond_wait(&snapshot->has_room, &snapshot->mutex);
        }
        if (snapshot->is_cancelled) {
            pthread_mutex_unlock(&snapshot->mutex);
            return false;
        }
        size_t end = (snapshot->begin + snapshot->used) % RING_BYTES;
        size_t room = RING_BYTES - snapshot->used;
        size_t n = room < RING_BYTES - end ? room : RING_BYTES - end;
        n = n < size ? n : size;
        memcpy(snapshot->ring + end, bytes, n);
        const bool was_worth = snapshot->used >= WORTH_BYTES;
        snapshot->used += n;
        const bool is_worth = snapshot->used >= WORTH_BYTES;
        pthread_mutex_unlock(&snapshot->mutex);
        bytes += n;
        size -= n;
        if (is_worth && !was_worth) {
            kolam_loop_wake(snapshot->server->loop, KOLAM_WAKE_STREAM);
        }
    }
    return true;
}

static bool on_progress(void *ctx, uint32_t rows_done, uint32_t rows_all) {
    struct snapshot *snapshot = ctx;
    (void)rows_done, (void)rows_all;
    pthread_mutex_lock(&snapshot->mutex);
    bool goes_on = !snapshot->is_cancelled;
    pthread_mutex_unlock(&snapshot->mutex);
    return goes_on;
}

static bool is_cancelled(void *ctx) {
    return !on_progress(ctx, 0, 0);
}

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct snapshot *snapshot = (struct snapshot *)base;
    struct kolam_worker_canvas *canvas;
    enum kolam_status status =
        kolam_worker_canvas(worker, snapshot->canvas->log_path, snapshot->canvas->tiles_path, false,
                            &canvas, &snapshot->error);
    if (status == KOLAM_OK && snapshot->has_moment) {
        status = kolam_moment_resolve(canvas->reader, &snapshot->moment, snapshot->now_ms,
                                      &snapshot->options.at_seq, &snapshot->error);
        snapshot->moment_problem = status == KOLAM_ERR_NOT_FOUND ? 400
                                   : status == KOLAM_ERR_GONE    ? 410
                                                                 : 0;
    }
    if (status == KOLAM_OK) {
        kolam_raster_set_cancel(canvas->raster, is_cancelled, snapshot);
        status = kolam_export_png(canvas->raster, canvas->reader, &snapshot->options, write_ring,
                                  snapshot, &snapshot->error);
        kolam_raster_set_cancel(canvas->raster, NULL, NULL);
    }
    pthread_mutex_lock(&snapshot->mutex);
    snapshot->status = status;
    snapshot->is_ended = true;
    pthread_mutex_unlock(&snapshot->mutex);
}

/* ---- the loop's side ---- */

static long pull(void *ctx, uint8_t *out, size_t capacity) {
    struct snapshot *snapshot = ctx;
    pthread_mutex_lock(&snapshot->mutex);
    size_t n = RING_BYTES - snapshot->begin;
    n = n < snapshot->used ? n : snapshot->used;
    n = n < capacity ? n : capacity;
    memcpy(out, snapshot->ring + snapshot->begin, n);
    snapshot->begin = (snapshot->begin + n) % RING_BYTES;
    snapshot->used -= n;
    bool is_over = snapshot->is_ended && snapshot->used == 0 && n == 0;
    bool is_good = snapshot->status == KOLAM_OK;
    pthread_cond_signal(&snapshot->has_room);
    pthread_mutex_unlock(&snapshot->mutex);
    if (n > 0) {
        snapshot->taken_bytes += n;
        snapshot->progress_ms = kolam_loop_now_ms(snapshot->server->loop);
    }
    if (!is_over) {
        return (long)n;
    }
    snapshot->http = NULL;
    destroy_if_over(snapshot);
    return is_good ? KOLAM_PULL_END : KOLAM_PULL_FAILED;
}

static void on_gone(void *ctx) {
    struct snapshot *snapshot = ctx;
    snapshot->http = NULL;
    if (!snapshot->is_started) {
        destroy(snapshot);
        return;
    }
    cancel(snapshot);
    destroy_if_over(snapshot);
}

/* The head is written when the first bytes are there, so that what fails before them gets a proper answer. */
static void advance(struct snapshot *snapshot) {
    if (!snapshot->http) {
        return;
    }
    pthread_mutex_lock(&snapshot->mutex);
    bool has_bytes = snapshot->used > 0;
    bool has_failed = snapshot->is_ended && !has_bytes && snapshot->status != KOLAM_OK;
    pthread_mutex_unlock(&snapshot->mutex);
    if (snapshot->has_begun) {
        kolam_http_pullable(snapshot->http);
    } else if (has_bytes) {
        snapshot->has_begun = true;
        kolam_http_stream(snapshot->http, 200, png_headers, pull, snapshot);
    } else if (has_failed) {
        struct kolam_http *http = snapshot->http;
        snapshot->http = NULL;
        if (snapshot->moment_problem) {
            kolam_http_error(http, snapshot->moment_problem, snapshot->error.text);
        } else {
            kolam_http_error(http, 503, "the picture cannot be drawn now; try again later");
        }
    }
}

void kolam_snapshots_dispatch(struct kolam_server *server) {
    KOLAM_LIST_EACH(&server->snapshots->list, struct snapshot, link, snapshot) {
        advance(snapshot);
    }
}

static void start_waiting(struct kolam_server *server) {
    struct kolam_snapshots *snapshots = server->snapshots;
    KOLAM_LIST_EACH(&snapshots->list, struct snapshot, link, snapshot) {
        if (snapshots->running >= snapshots->running_max || server->is_stopping) {
            return;
        }
        if (!snapshot->is_started) {
            snapshot->is_started = true;
            snapshots->running++;
            kolam_pool_submit(server->pool, &snapshot->job);
        }
    }
}

static void done(struct kolam_job *base) {
    struct snapshot *snapshot = (struct snapshot *)base;
    snapshot->server->snapshots->running--;
    start_waiting(snapshot->server);
    snapshot->is_job_done = true;
    pthread_mutex_lock(&snapshot->mutex);
    if (!snapshot->is_ended) { /* it was not run: the pool is closing */
        snapshot->is_ended = true;
        snapshot->status = KOLAM_ERR_CLOSED;
    }
    pthread_mutex_unlock(&snapshot->mutex);
    advance(snapshot);
    destroy_if_over(snapshot);
}

/* Who reads, but so slowly that a worker is there for it alone. */
static bool is_held_up(const struct snapshot *snapshot) {
    return snapshot->full_s > STALL_MS / 1000 &&
           snapshot->taken_bytes < (uint64_t)snapshot->full_s * SLOWEST_BYTES_PER_S;
}

/* It has waited too long for a worker. */
static void give_up(struct snapshot *snapshot) {
    struct kolam_http *http = snapshot->http;
    snapshot->http = NULL;
    destroy(snapshot);
    kolam_http_retry_after(http, RETRY_US);
    kolam_http_error(http, 503, "many pictures are being drawn; try again a little later");
}

void kolam_snapshots_sweep(struct kolam_server *server, int64_t now_ms) {
    KOLAM_LIST_EACH(&server->snapshots->list, struct snapshot, link, snapshot) {
        pthread_mutex_lock(&snapshot->mutex);
        bool is_full = snapshot->used == RING_BYTES;
        pthread_mutex_unlock(&snapshot->mutex);
        snapshot->full_s += is_full && snapshot->has_begun;
        if (is_full && snapshot->has_begun &&
            (now_ms - snapshot->progress_ms > STALL_MS || is_held_up(snapshot))) {
            cancel(snapshot);
        } else if (!snapshot->is_started && now_ms - snapshot->asked_ms > WAIT_MS) {
            give_up(snapshot);
        }
    }
}

/* ---- requests ---- */

static bool parse_scale(const char *text, double *out) {
    char *end;
    if (!(*text >= '0' && *text <= '9') && *text != '.') {
        return false;
    }
    *out = strtod(text, &end);
    return *end == '\0' && strspn(text, "0123456789.eE+-") == strlen(text);
}

static bool parse_ground(const char *text, uint32_t *out) {
    char *end;
    if (strlen(text) != 6 || strspn(text, "0123456789abcdefABCDEF") != 6) {
        return false;
    }
    *out = (uint32_t)strtoul(text, &end, 16);
    return true;
}

/* Fills the options; a text of what is wrong, or NULL. */
static const char *read_options(const char *query, struct kolam_export_options *options) {
    char text[256];
    uint32_t width, height;
    *options = (struct kolam_export_options){.at_seq = KOLAM_SEQ_NOW, .side_max = SIDE_MAX};
    if (!kolam_query_get(query, "rect", text, sizeof(text)) ||
        kolam_region_parse_rect(text, strlen(text), &options->region) != KOLAM_OK) {
        return "rect must be x,y,width,height in level-0 pixels, inside the world";
    }
    options->region.scale = 1.0;
    if (kolam_query_get(query, "scale", text, sizeof(text)) &&
        !parse_scale(text, &options->region.scale)) {
        return "scale must be a number from 2^-24 to 2^24";
    }
    if (kolam_query_get(query, "ground", text, sizeof(text))) {
        if (!parse_ground(text, &options->ground)) {
            return "ground must be six hex digits, rrggbb";
        }
        options->has_ground = true;
    }
    enum kolam_status status = kolam_region_size(&options->region, SIDE_MAX, &width, &height);
    if (status == KOLAM_ERR_FULL) {
        return "the picture would be wider or higher than 16,384 pixels; choose a smaller scale";
    }
    return status == KOLAM_OK ? NULL : "the region or the scale is out of bounds";
}

/* False if `http` was told that it is too much. */
static bool may_draw(struct kolam_server *server, struct kolam_http *http,
                     const struct kolam_export_options *options) {
    uint32_t width = 0, height = 0;
    if (kolam_region_size(&options->region, SIDE_MAX, &width, &height) != KOLAM_OK ||
        !kolam_http_take(server, http, KOLAM_LIMIT_PIXELS, (uint64_t)width * height)) {
        return false;
    }
    if (!kolam_limits_enter(server->limits, kolam_http_payer(http), KOLAM_LIMIT_SNAPSHOTS)) {
        kolam_http_retry_after(http, RETRY_US);
        kolam_http_error(http, 429,
                         "as many pictures as may be are being drawn for your address (snapshots)");
        return false;
    }
    return true;
}

static struct snapshot *create(struct kolam_server *server, struct kolam_canvas *canvas,
                               const struct kolam_export_options *options) {
    struct snapshot *snapshot = kolam_alloc_zero(1, sizeof(*snapshot));
    uint8_t *ring = kolam_alloc(RING_BYTES);
    if (!snapshot || !ring) {
        kolam_free(snapshot);
        kolam_free(ring);
        return NULL;
    }
    snapshot->ring = ring;
    snapshot->server = server;
    snapshot->canvas = canvas;
    snapshot->options = *options;
    snprintf(snapshot->title, sizeof(snapshot->title), "kolam: %s", canvas->name);
    snapshot->options.title = snapshot->title;
    snapshot->options.progress = on_progress;
    snapshot->options.progress_ctx = snapshot;
    snapshot->progress_ms = snapshot->asked_ms = kolam_loop_now_ms(server->loop);
    snapshot->now_ms = server->clock.now_ms(server->clock.ctx);
    snapshot->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_BACKGROUND};
    pthread_mutex_init(&snapshot->mutex, NULL);
    pthread_cond_init(&snapshot->has_room, NULL);
    kolam_canvas_hold(canvas);
    kolam_list_append(&server->snapshots->list, &snapshot->link);
    server->snapshots->count++;
    return snapshot;
}

uint32_t kolam_snapshots_count(const struct kolam_server *server) {
    return server->snapshots->count;
}

void kolam_snapshots_request(struct kolam_server *server, struct kolam_http *http,
                             const struct kolam_request *request) {
    char name[KOLAM_CANVAS_NAME_MAX + 1] = "main";
    struct kolam_export_options options;
    struct kolam_args args = {.query = request->query};
    struct kolam_moment moment = {0};
    (void)kolam_query_get(request->query, "canvas", name, sizeof(name));
    struct kolam_canvas *canvas = kolam_canvas_find(server, name);
    const char *problem = read_options(request->query, &options);
    bool has_moment = kolam_args_moment(&args, &moment);
    problem = problem ? problem : args.problem;
    if (problem) {
        kolam_http_error(http, 400, problem);
    } else if (!canvas) {
        kolam_http_error(http, 404, "there is no such canvas; it is created by its first stroke");
    } else if (request->is_head) {
        kolam_http_answer(http, 200, png_headers, NULL);
    } else if (server->is_stopping) {
        kolam_http_error(http, 503, "shutting down");
    } else if (may_draw(server, http, &options)) {
        struct snapshot *snapshot = create(server, canvas, &options);
        if (!snapshot) {
            kolam_limits_leave(server->limits, kolam_http_payer(http), KOLAM_LIMIT_SNAPSHOTS);
            kolam_http_error(http, 503, "out of memory");
            return;
        }
        kolam_payer_copy(&snapshot->payer, kolam_http_payer(http));
        snapshot->has_moment = has_moment;
        snapshot->moment = moment;
        snapshot->http = http;
        kolam_http_set_on_gone(http, on_gone, snapshot);
        start_waiting(server);
    }
}
