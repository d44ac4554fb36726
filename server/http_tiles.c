/* Tile requests. Most end here on the loop thread: the version of a picture in memory, an unchanged one
 * (304), an outdated address (302). The rest wait for a worker, those for the same tile for the same job.
 *
 * A far tile is the average of many and takes long; it is never waited for while an older picture is there.
 * That is answered at once, not to be stored, and the tile is rebuilt a little later, once for all
 * strokes of that while; then those who look at it are told. */
#include "http_tiles.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history_tiles.h"
#include "http_route.h"
#include "kolam/alloc.h"
#include "kolam/png.h"
#include "tile_cache.h"
#include "tile_job.h"
#include "tile_rebuild.h"

#define BUCKETS 256
/* So long a tile waits for a worker; then who asks is told to come again, and drawing is not held up by a queue. */
#define TILE_WAIT_US 10000000u
#define FAR_WAIT_US 20000000u
#define RETRY_US 3000000u
/* A page that begins asks so, also of a canvas on which nothing was drawn yet. */
#define TAKES_NEWEST "v=new"

struct kolam_tiles {
    struct kolam_list jobs[BUCKETS]; /* kolam_tile_job under way */
    struct kolam_rebuilds *rebuilds;
    struct kolam_tile_cache *cache;
    struct kolam_bytes *empty_png;
};

struct tile_request {
    struct kolam_list link; /* in a job's requests */
    struct kolam_server *server;
    struct kolam_http *http;
    struct kolam_canvas *canvas; /* held */
    struct kolam_canvas_wait wait;
    struct kolam_tile_id tile;
    bool has_version;  /* ?v= came and is of this incarnation and raster */
    bool was_current;  /* and it was the version known to the loop */
    bool takes_newest; /* v=new: whatever there is, at once */
    uint64_t seq;
};

static enum kolam_status make_empty_png(struct kolam_tiles *tiles) {
    uint32_t *pixels = kolam_alloc_zero(KOLAM_TILE_PIXELS, sizeof(*pixels));
    uint8_t *png = NULL;
    size_t size = 0;
    enum kolam_status status =
        pixels ? kolam_png_encode_tile(pixels, &png, &size) : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        tiles->empty_png = kolam_bytes_copy(png, size);
        status = tiles->empty_png ? KOLAM_OK : KOLAM_ERR_NOMEM;
    }
    kolam_free(png);
    kolam_free(pixels);
    return status;
}

enum kolam_status kolam_tiles_create(struct kolam_server *server) {
    struct kolam_tiles *tiles = kolam_alloc_zero(1, sizeof(*tiles));
    if (!tiles) {
        return KOLAM_ERR_NOMEM;
    }
    for (int i = 0; i < BUCKETS; i++) {
        kolam_list_init(&tiles->jobs[i]);
    }
    server->tiles = tiles;
    tiles->cache = kolam_tile_cache_create((uint64_t)server->options->tile_cache_mb << 20);
    tiles->rebuilds = kolam_rebuilds_create();
    return tiles->cache && tiles->rebuilds ? make_empty_png(tiles) : KOLAM_ERR_NOMEM;
}

void kolam_tiles_stop(struct kolam_server *server) {
    atomic_store(&server->tiles_are_stopping, true);
    kolam_rebuilds_clear(server->tiles->rebuilds);
}

void kolam_tiles_destroy(struct kolam_server *server) {
    if (server->tiles) {
        kolam_bytes_unref(server->tiles->empty_png);
        kolam_tile_cache_destroy(server->tiles->cache);
        kolam_rebuilds_destroy(server->tiles->rebuilds);
        kolam_free(server->tiles);
        server->tiles = NULL;
    }
}

uint64_t kolam_tiles_cache_bytes(const struct kolam_server *server) {
    return kolam_tile_cache_bytes(server->tiles->cache);
}

struct kolam_tile_cache *kolam_tiles_cache(struct kolam_server *server) {
    return server->tiles->cache;
}

struct kolam_bytes *kolam_tiles_empty(struct kolam_server *server) {
    return server->tiles->empty_png;
}

/* ---- answers ---- */

static void make_etag(const struct tile_request *request, uint64_t seq, char out[64]) {
    snprintf(out, 64, "%016" PRIx64 "-%d-%" PRIu64, request->canvas->incarnation, KOLAM_INK_VERSION,
             seq);
}

static void free_request(struct tile_request *request) {
    kolam_list_remove(&request->link);
    kolam_list_remove(&request->wait.link);
    kolam_canvas_release(request->canvas);
    kolam_free(request);
}

/* True if the client has the picture of `seq` already, and was told so. */
static bool answer_if_unchanged(struct tile_request *request, uint64_t seq) {
    char etag[64], quoted[80], headers[128];
    make_etag(request, seq, etag);
    snprintf(quoted, sizeof(quoted), "\"%s\"", etag);
    if (!strstr(kolam_http_request(request->http)->if_none_match, quoted)) {
        return false;
    }
    snprintf(headers, sizeof(headers), "ETag: %s\r\nCache-Control: no-cache\r\n", quoted);
    kolam_http_answer(request->http, 304, headers, NULL);
    free_request(request);
    return true;
}

/* One that was asked for as the newest may be kept as long as the way to it might be. */
static void answer_picture(struct tile_request *request, uint64_t seq, struct kolam_bytes *png,
                           bool is_final) {
    char etag[64], headers[256];
    const char *final =
        request->takes_newest ? "public, max-age=1" : "public, max-age=31536000, immutable";
    make_etag(request, seq, etag);
    snprintf(headers, sizeof(headers),
             "Content-Type: image/png\r\nETag: \"%s\"\r\nCache-Control: %s\r\n", etag,
             is_final ? final : "no-store");
    kolam_http_answer(request->http, 200, headers, png);
    free_request(request);
}

/* Where the present version is. Said of an older version of this life of the canvas, or when none was asked for, it
 * may be a second old for caches: what it leads to is newer than what was asked for. Of any other version a stored
 * answer could lead back from what a client knows by then, or from another life. */
static void answer_redirect(struct tile_request *request, uint64_t seq) {
    char etag[64], headers[400];
    const bool may_be_kept = request->has_version
                                 ? request->seq < seq
                                 : kolam_http_request(request->http)->query[0] == '\0';
    make_etag(request, seq, etag);
    snprintf(headers, sizeof(headers),
             "Location: /tiles/%s/%d/%" PRId64 "/%" PRId64 ".png?v=%s\r\nCache-Control: %s\r\n",
             request->canvas->name, request->tile.level, request->tile.x, request->tile.y, etag,
             may_be_kept ? "public, max-age=1" : "no-store");
    kolam_http_answer(request->http, 302, headers, NULL);
    free_request(request);
}

static void answer_error(struct tile_request *request, int status, const char *text) {
    kolam_http_error(request->http, status, text);
    free_request(request);
}

bool kolam_tiles_rebuild_later(struct kolam_server *server, struct kolam_canvas *canvas,
                               struct kolam_tile_id tile) {
    return kolam_versions_is_averaged(canvas->versions, tile) &&
           kolam_rebuilds_plan(server->tiles->rebuilds, canvas, tile);
}

uint64_t kolam_tiles_shown(struct kolam_canvas *canvas, struct kolam_tile_id tile,
                           uint64_t version) {
    struct kolam_server *server = canvas->server;
    uint64_t kept_seq;
    if (kolam_versions_is_averaged(canvas->versions, tile) &&
        kolam_tile_cache_get(server->tiles->cache, canvas->incarnation, tile, &kept_seq) &&
        kept_seq < version && kolam_rebuilds_plan(server->tiles->rebuilds, canvas, tile)) {
        return kept_seq;
    }
    return version;
}

void kolam_tiles_sweep(struct kolam_server *server, int64_t now_ms) {
    kolam_rebuilds_sweep(server->tiles->rebuilds, now_ms);
}

/* ---- jobs ---- */

static void answer_waiting(struct kolam_tile_job *job, struct tile_request *request,
                           struct kolam_bytes *png) {
    if (job->status != KOLAM_OK) {
        kolam_http_retry_after(request->http, RETRY_US);
        answer_error(request, 503,
                     job->job.is_late ? "many tiles wait to be drawn; try again in a few seconds"
                                      : "the tile cannot be drawn now; try again later");
        return;
    }
    if (answer_if_unchanged(request, job->shown_seq)) {
        return;
    }
    const bool is_exact = request->has_version && request->seq == job->shown_seq;
    const bool is_newest = request->takes_newest && job->shown_seq == job->version;
    if (is_exact || is_newest) {
        answer_picture(request, job->shown_seq, png, true);
    } else if (job->shown_seq < job->version || request->was_current || request->takes_newest) {
        answer_picture(request, job->shown_seq, png, false);
    } else {
        answer_redirect(request, job->shown_seq);
    }
}

struct kolam_bytes *kolam_tiles_take(struct kolam_tile_job *job) {
    struct kolam_canvas *canvas = job->canvas;
    struct kolam_server *server = canvas->server;
    struct kolam_tiles *tiles = server->tiles;
    server->metrics.tile_renders++;
    if (job->status != KOLAM_OK) {
        return NULL;
    }
    struct kolam_bytes *png =
        job->png ? kolam_bytes_copy(job->png, job->png_size) : kolam_bytes_ref(tiles->empty_png);
    if (!png) {
        job->status = KOLAM_ERR_NOMEM;
        return NULL;
    }
    if (canvas->versions) {
        kolam_versions_put(canvas->versions, job->tile, job->version);
        kolam_versions_set_averaged(canvas->versions, job->tile, job->is_averaged);
        kolam_tile_cache_put(tiles->cache, canvas->incarnation, job->tile, job->shown_seq, png);
    }
    if (job->shown_seq < job->version) {
        server->metrics.tile_stale++;
        kolam_rebuilds_plan(tiles->rebuilds, canvas, job->tile);
    }
    return png;
}

/* Behind the tiles of what is being drawn, and given up when it waited too long. */
static void submit(struct kolam_tile_job *job, enum kolam_job_priority priority) {
    job->job.priority = priority;
    job->job.deadline_us =
        kolam_monotonic_us() + (priority == KOLAM_JOB_FAR ? FAR_WAIT_US : TILE_WAIT_US);
    job->may_take_long = priority == KOLAM_JOB_FAR;
    kolam_pool_submit(job->canvas->server->pool, &job->job);
}

static void done_tile(struct kolam_job *base) {
    struct kolam_tile_job *job = (struct kolam_tile_job *)base;
    if (job->status == KOLAM_OK && job->must_wait && !job->job.is_late &&
        !kolam_pool_is_closing(job->canvas->server->pool)) {
        job->must_wait = false;
        job->status = KOLAM_ERR_CLOSED;
        submit(job, KOLAM_JOB_FAR);
        return;
    }
    kolam_list_remove(&job->link);
    struct kolam_bytes *png = kolam_tiles_take(job);
    KOLAM_LIST_EACH(&job->requests, struct tile_request, link, request) {
        answer_waiting(job, request, png);
    }
    kolam_bytes_unref(png);
    kolam_tile_job_destroy(job);
}

static struct kolam_tile_job *find_job(struct kolam_tiles *tiles,
                                       const struct tile_request *request) {
    KOLAM_LIST_EACH(&tiles->jobs[kolam_tile_bucket(request->tile, BUCKETS)], struct kolam_tile_job,
                    link, job) {
        if (job->canvas == request->canvas && kolam_tile_equal(job->tile, request->tile)) {
            return job;
        }
    }
    return NULL;
}

/* A job that is under way may have read an older state than the request knows of: then its answer is older too,
 * and says so in its ETag. */
static void wait_for_job(struct tile_request *request) {
    struct kolam_tiles *tiles = request->server->tiles;
    struct kolam_tile_job *job = find_job(tiles, request);
    if (!job && !kolam_http_take(request->server, request->http, KOLAM_LIMIT_TILES, 1)) {
        free_request(request);
        return;
    }
    if (!job) {
        job = kolam_tile_job_create(request->canvas, request->tile, KOLAM_JOB_TILE, done_tile);
        if (!job) {
            answer_error(request, 503, "out of memory");
            return;
        }
        job->may_be_older = true;
        kolam_versions_expect(request->canvas->versions, request->tile);
        kolam_list_append(&tiles->jobs[kolam_tile_bucket(request->tile, BUCKETS)], &job->link);
        submit(job, KOLAM_JOB_TILE);
    }
    kolam_list_append(&job->requests, &request->link);
}

/* ---- requests ---- */

static void serve(struct tile_request *request) {
    struct kolam_server *server = request->server;
    uint64_t version, kept_seq = 0;
    if (!kolam_versions_get(request->canvas->versions, request->tile, &version)) {
        wait_for_job(request);
        return;
    }
    struct kolam_bytes *png = kolam_tile_cache_get(
        server->tiles->cache, request->canvas->incarnation, request->tile, &kept_seq);
    if (answer_if_unchanged(request, version)) {
        return;
    }
    if (request->takes_newest) {
        request->has_version = true;
        request->seq = version;
    }
    if (png && request->has_version && request->seq == kept_seq) {
        /* Also one that is not the newest any more: it is what was asked for. */
        server->metrics.tile_cache_hits++;
        answer_picture(request, kept_seq, png, true);
    } else if (!request->has_version || request->seq != version) {
        answer_redirect(request, version);
    } else if (version == 0) {
        answer_picture(request, 0, server->tiles->empty_png, true);
    } else if (png && kept_seq < version &&
               kolam_tiles_rebuild_later(server, request->canvas, request->tile)) {
        server->metrics.tile_stale++;
        answer_picture(request, kept_seq, png, false);
    } else {
        request->was_current = true;
        server->metrics.tile_cache_misses++;
        wait_for_job(request);
    }
}

static void on_gone(void *ctx) {
    free_request(ctx);
}

static bool parse_int(const char **at, char end, int64_t *out) {
    char *stop;
    if (!(**at == '-' || (**at >= '0' && **at <= '9')) || strlen(*at) > 64) {
        return false;
    }
    long long value = strtoll(*at, &stop, 10);
    if (*stop != end || stop == *at || value == INT64_MAX || value == INT64_MIN) {
        return false;
    }
    *at = stop + 1;
    *out = value;
    return true;
}

/* "<canvas>/<level>/<x>/<y>.png" */
static bool parse_place(const char *rest, char canvas[KOLAM_CANVAS_NAME_MAX + 1],
                        struct kolam_tile_id *out_tile) {
    size_t size = strcspn(rest, "/");
    int64_t level;
    if (size == 0 || size > KOLAM_CANVAS_NAME_MAX || rest[size] != '/') {
        return false;
    }
    memcpy(canvas, rest, size);
    canvas[size] = '\0';
    const char *at = rest + size + 1;
    if (!parse_int(&at, '/', &level) || level < KOLAM_LEVEL_MIN || level > KOLAM_LEVEL_MAX ||
        !parse_int(&at, '/', &out_tile->x) || !parse_int(&at, '.', &out_tile->y) ||
        strcmp(at, "png") != 0) {
        return false;
    }
    out_tile->level = (int32_t)level;
    return kolam_tile_is_valid(*out_tile);
}

/* "v=<incarnation>-<raster>-<seq>", or "v=new"; anything else is "no version". */
static void read_version(struct tile_request *request, const char *query) {
    uint64_t incarnation, seq;
    int raster, end = 0;
    request->takes_newest = strcmp(query, TAKES_NEWEST) == 0;
    if (sscanf(query, "v=%16" SCNx64 "-%9d-%19" SCNu64 "%n", &incarnation, &raster, &seq, &end) ==
            3 &&
        query[end] == '\0' && incarnation == request->canvas->incarnation &&
        raster == KOLAM_INK_VERSION) {
        request->has_version = true;
        request->seq = seq;
    }
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct tile_request *request = KOLAM_CONTAINER(wait, struct tile_request, wait);
    if (status != KOLAM_OK) {
        answer_error(request, 503, "the canvas cannot be opened now; try again later");
        return;
    }
    read_version(request, kolam_http_request(request->http)->query);
    serve(request);
}

void kolam_tiles_request(struct kolam_server *server, struct kolam_http *http, const char *rest) {
    char name[KOLAM_CANVAS_NAME_MAX + 1];
    struct kolam_tile_id tile;
    if (!parse_place(rest, name, &tile)) {
        kolam_http_error(http, 400,
                         "a tile is /tiles/<canvas>/<level>/<x>/<y>.png inside the world");
        return;
    }
    struct kolam_canvas *canvas = kolam_canvas_find(server, name);
    if (!canvas && strcmp(kolam_http_request(http)->query, TAKES_NEWEST) == 0) {
        kolam_http_answer(http, 204, "Cache-Control: no-store\r\n", NULL);
        return;
    }
    if (!canvas) {
        kolam_http_error(http, 404, "there is no such canvas; it is created by its first stroke");
        return;
    }
    if (kolam_history_tiles_take(server, http, canvas, tile)) {
        return;
    }
    struct tile_request *request = kolam_alloc_zero(1, sizeof(*request));
    if (!request) {
        kolam_http_error(http, 503, "out of memory");
        return;
    }
    kolam_list_init(&request->link);
    request->server = server;
    request->http = http;
    request->canvas = canvas;
    request->tile = tile;
    request->wait.done = on_canvas;
    kolam_canvas_hold(canvas);
    kolam_http_set_on_gone(http, on_gone, request);
    kolam_canvas_when_open(canvas, false, &request->wait);
}
