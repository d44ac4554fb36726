/* Blocks of versions, for thousands who watch without a connection of their own.
 *
 * Blocks are aligned, so that many who look at about the same place ask for the same few addresses, and a cache in
 * front passes on one question a second for each. Most are answered from what the loop knows of versions; what
 * it does not know is read by one job, shared by all who ask for that block meanwhile. For a far tile that is
 * being rebuilt the version told is the one of the picture there is: it can be fetched, and kept. */
#include "http_versions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "history_args.h"
#include "http_tiles.h"
#include "kolam/alloc.h"

#define SIDE 8
#define TILES (SIDE * SIDE)

struct kolam_blocks {
    struct kolam_list jobs; /* block_job under way; few */
};

/* Which block of which canvas. */
struct block {
    struct kolam_canvas *canvas; /* held by whoever has the block */
    int32_t level;
    int64_t x, y;
};

struct block_job {
    struct kolam_job job;
    struct kolam_list link, requests;
    struct block block;
    enum kolam_status status;
    uint32_t missing_count;
    uint8_t missing[TILES]; /* places that are to be read */
    uint64_t seqs[TILES];
};

struct block_request {
    struct kolam_list link; /* in a job's requests */
    struct kolam_http *http;
    struct kolam_canvas_wait wait;
    struct block block;
};

enum kolam_status kolam_blocks_create(struct kolam_server *server) {
    server->blocks = kolam_alloc_zero(1, sizeof(*server->blocks));
    if (!server->blocks) {
        return KOLAM_ERR_NOMEM;
    }
    kolam_list_init(&server->blocks->jobs);
    return KOLAM_OK;
}

void kolam_blocks_destroy(struct kolam_server *server) {
    kolam_free(server->blocks);
    server->blocks = NULL;
}

static struct kolam_tile_id tile_at(const struct block *block, uint32_t i) {
    return (struct kolam_tile_id){block->x * SIDE + i % SIDE, block->y * SIDE + i / SIDE,
                                  block->level};
}

static void free_request(struct block_request *request) {
    kolam_list_remove(&request->link);
    kolam_list_remove(&request->wait.link);
    kolam_canvas_release(request->block.canvas);
    kolam_free(request);
}

/* ---- answers ---- */

/* The tag must differ whenever a version does: a rebuilt picture raises one without raising the largest. */
static uint64_t hash_of(const struct block *block, const uint64_t seqs[TILES]) {
    uint64_t hash = 14695981039346656037u ^ block->canvas->incarnation ^ KOLAM_INK_VERSION;
    for (uint32_t i = 0; i < TILES; i++) {
        hash = (hash ^ seqs[i]) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 29;
    }
    return hash;
}

static struct kolam_bytes *body_of(const struct block *block, const uint64_t seqs[TILES]) {
    char text[256 + TILES * 21];
    int used =
        snprintf(text, sizeof(text),
                 "{\"incarnation\":\"%016" PRIx64 "\",\"raster\":%d,\"level\":%d,\"bx\":%" PRId64
                 ",\"by\":%" PRId64 ",\"versions\":[",
                 block->canvas->incarnation, KOLAM_INK_VERSION, block->level, block->x, block->y);
    for (uint32_t i = 0; i < TILES; i++) {
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%" PRIu64, i > 0 ? "," : "",
                         seqs[i]);
    }
    used += snprintf(text + used, sizeof(text) - (size_t)used, "]}\n");
    return kolam_bytes_copy(text, (size_t)used);
}

static void answer(struct block_request *request, const uint64_t seqs[TILES]) {
    char etag[24], headers[256];
    snprintf(etag, sizeof(etag), "\"%016" PRIx64 "\"", hash_of(&request->block, seqs));
    snprintf(headers, sizeof(headers),
             "Content-Type: application/json\r\nETag: %s\r\n"
             "Cache-Control: public, max-age=1, stale-while-revalidate=5\r\n",
             etag);
    if (strstr(kolam_http_request(request->http)->if_none_match, etag)) {
        kolam_http_answer(request->http, 304, headers, NULL);
    } else {
        struct kolam_bytes *body = body_of(&request->block, seqs);
        if (body) {
            kolam_http_answer(request->http, 200, headers, body);
        } else {
            kolam_http_error(request->http, 503, "out of memory");
        }
        kolam_bytes_unref(body);
    }
    free_request(request);
}

static void answer_error(struct block_request *request, const char *text) {
    kolam_http_error(request->http, 503, text);
    free_request(request);
}

/* Newest versions become those that can be fetched. */
static void show(const struct block *block, uint64_t seqs[TILES]) {
    for (uint32_t i = 0; i < TILES; i++) {
        if (seqs[i] != 0) {
            seqs[i] = kolam_tiles_shown(block->canvas, tile_at(block, i), seqs[i]);
        }
    }
}

/* ---- the job ---- */

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct block_job *job = (struct block_job *)base;
    struct kolam_worker_canvas *canvas;
    job->status = kolam_worker_canvas(worker, job->block.canvas->log_path,
                                      job->block.canvas->tiles_path, false, &canvas, NULL);
    if (job->status == KOLAM_OK) {
        job->status = kolam_reader_begin(canvas->reader);
    }
    if (job->status != KOLAM_OK) {
        return;
    }
    for (uint32_t i = 0; i < job->missing_count && job->status == KOLAM_OK; i++) {
        uint32_t at = job->missing[i];
        job->status = kolam_raster_version(canvas->raster, tile_at(&job->block, at), KOLAM_SEQ_NOW,
                                           &job->seqs[at]);
    }
    kolam_reader_end(canvas->reader);
}

static void done(struct kolam_job *base) {
    struct block_job *job = (struct block_job *)base;
    struct kolam_canvas *canvas = job->block.canvas;
    kolam_list_remove(&job->link);
    for (uint32_t i = 0; i < job->missing_count && job->status == KOLAM_OK && canvas->versions;
         i++) {
        uint32_t at = job->missing[i];
        job->seqs[at] =
            kolam_versions_put(canvas->versions, tile_at(&job->block, at), job->seqs[at]);
    }
    if (job->status == KOLAM_OK && canvas->versions) {
        show(&job->block, job->seqs);
    }
    KOLAM_LIST_EACH(&job->requests, struct block_request, link, request) {
        if (job->status == KOLAM_OK) {
            answer(request, job->seqs);
        } else {
            answer_error(request, "the canvas cannot be read now; try again later");
        }
    }
    kolam_canvas_release(canvas);
    kolam_free(job);
}

static struct block_job *find_job(struct kolam_blocks *blocks, const struct block *block) {
    KOLAM_LIST_EACH(&blocks->jobs, struct block_job, link, job) {
        if (job->block.canvas == block->canvas && job->block.level == block->level &&
            job->block.x == block->x && job->block.y == block->y) {
            return job;
        }
    }
    return NULL;
}

/* What is known is taken now and not raised by commits meanwhile: it is as old as the question. */
static struct block_job *start_job(struct kolam_server *server, const struct block *block,
                                   const uint64_t seqs[TILES], const bool is_known[TILES]) {
    struct block_job *job = kolam_alloc_zero(1, sizeof(*job));
    if (!job) {
        return NULL;
    }
    server->metrics.versions_looked_up++;
    job->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_INTERACTIVE};
    job->block = *block;
    job->status = KOLAM_ERR_CLOSED; /* unless it runs */
    kolam_list_init(&job->requests);
    for (uint32_t i = 0; i < TILES; i++) {
        job->seqs[i] = seqs[i];
        if (!is_known[i]) {
            kolam_versions_expect(block->canvas->versions, tile_at(block, i));
            job->missing[job->missing_count++] = (uint8_t)i;
        }
    }
    kolam_canvas_hold(block->canvas);
    kolam_list_append(&server->blocks->jobs, &job->link);
    kolam_pool_submit(server->pool, &job->job);
    return job;
}

/* ---- requests ---- */

static void serve(struct block_request *request) {
    const struct block *block = &request->block;
    struct kolam_server *server = block->canvas->server;
    uint64_t seqs[TILES] = {0};
    bool is_known[TILES], is_all_known = true;
    for (uint32_t i = 0; i < TILES; i++) {
        /* A block at the edge reaches out of the world, where nothing can be drawn. */
        is_known[i] = !kolam_tile_is_valid(tile_at(block, i)) ||
                      kolam_versions_get(block->canvas->versions, tile_at(block, i), &seqs[i]);
        is_all_known = is_all_known && is_known[i];
    }
    if (is_all_known) {
        server->metrics.versions_known++;
        show(block, seqs);
        answer(request, seqs);
        return;
    }
    struct block_job *job = find_job(server->blocks, block);
    job = job ? job : start_job(server, block, seqs, is_known);
    if (job) {
        kolam_list_append(&job->requests, &request->link);
    } else {
        answer_error(request, "out of memory");
    }
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct block_request *request = KOLAM_CONTAINER(wait, struct block_request, wait);
    if (status == KOLAM_OK) {
        serve(request);
    } else {
        answer_error(request, "the canvas cannot be opened now; try again later");
    }
}

static void on_gone(void *ctx) {
    free_request(ctx);
}

/* A block of which a part lies in the world. */
static const char *read_block(const char *query, struct block *out_block) {
    static const char problem[] =
        "level is -24..24; bx and by are a block of 8 x 8 tiles inside the world";
    struct kolam_args args = {.query = query};
    int64_t level = 0;
    kolam_args_need(&args, "level", KOLAM_LEVEL_MIN, KOLAM_LEVEL_MAX, &level, problem);
    kolam_args_need(&args, "bx", INT32_MIN * (int64_t)65536, INT32_MAX * (int64_t)65536,
                    &out_block->x, problem);
    kolam_args_need(&args, "by", INT32_MIN * (int64_t)65536, INT32_MAX * (int64_t)65536,
                    &out_block->y, problem);
    out_block->level = (int32_t)level;
    for (uint32_t i = 0; i < TILES && !args.problem; i++) {
        if (kolam_tile_is_valid(tile_at(out_block, i))) {
            return NULL;
        }
    }
    return problem;
}

void kolam_versions_request(struct kolam_server *server, struct kolam_http *http,
                            const char *rest) {
    char name[KOLAM_CANVAS_NAME_MAX + 1] = "";
    struct block block = {0};
    size_t size = strcspn(rest, "/");
    if (size <= KOLAM_CANVAS_NAME_MAX) {
        memcpy(name, rest, size);
    }
    block.canvas = kolam_canvas_find(server, name);
    const char *problem = read_block(kolam_http_request(http)->query, &block);
    struct block_request *request = NULL;
    if (problem) {
        kolam_http_error(http, 400, problem);
    } else if (!block.canvas) {
        kolam_http_error(http, 404, "there is no such canvas; it is created by its first stroke");
    } else if (!(request = kolam_alloc_zero(1, sizeof(*request)))) {
        kolam_http_error(http, 503, "out of memory");
    } else {
        kolam_list_init(&request->link);
        request->http = http;
        request->block = block;
        request->wait.done = on_canvas;
        kolam_canvas_hold(block.canvas);
        kolam_http_set_on_gone(http, on_gone, request);
        kolam_canvas_when_open(block.canvas, false, &request->wait);
    }
}
