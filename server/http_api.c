/* The JSON API: a worker reads the canvas's facts, the loop writes them down. */
#include "http_api.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "http_route.h"
#include "json.h"
#include "kolam/json_text.h"
#include "kolam/alloc.h"

struct info_job {
    struct kolam_job job;
    struct kolam_canvas *canvas; /* held */
    struct kolam_http *http;     /* NULL once the client is gone */
    struct kolam_canvas_info info;
    enum kolam_status status;
};

static void run_info(struct kolam_job *base, struct kolam_worker *worker) {
    struct info_job *job = (struct info_job *)base;
    struct kolam_worker_canvas *view;
    job->status = kolam_worker_canvas(worker, job->canvas->log_path, job->canvas->tiles_path, false,
                                      &view, NULL);
    if (job->status == KOLAM_OK) {
        job->status = kolam_reader_info(view->reader, &job->info);
    }
}

static json_t *box_json(const struct kolam_canvas_info *info) {
    return info->has_box
               ? json_pack("[ffff]", info->box_x0, info->box_y0, info->box_x1, info->box_y1)
               : json_null();
}

static json_t *recent_json(const struct kolam_canvas_info *info) {
    if (!info->has_recent) {
        return json_null();
    }
    const struct kolam_tile_id tile = info->recent_tile;
    return json_pack(
        "{si so so}", "level", tile.level, "x",
        kolam_json_decimal(tile.x * KOLAM_TILE_PX + (info->recent_x >> KOLAM_SUB_SHIFT)), "y",
        kolam_json_decimal(tile.y * KOLAM_TILE_PX + (info->recent_y >> KOLAM_SUB_SHIFT)));
}

static void answer(struct info_job *job) {
    char incarnation[17];
    snprintf(incarnation, sizeof(incarnation), "%016" PRIx64, job->info.incarnation);
    json_t *object =
        json_pack("{ss sI ss si so so sI so}", "canvas", job->canvas->name, "seq",
                  (json_int_t)job->info.last_seq, "incarnation", incarnation, "raster",
                  KOLAM_INK_VERSION, "box", box_json(&job->info), "recent", recent_json(&job->info),
                  "artists", (json_int_t)job->info.artist_count, "base",
                  kolam_json_base(job->info.base_seq, job->info.base_time_ms));
    char *text = kolam_json_text(object);
    struct kolam_bytes *body = text ? kolam_bytes_copy(text, strlen(text)) : NULL;
    if (body) {
        /* A second, in shared caches: thousands who open a link that was passed on ask at once. */
        kolam_http_answer(job->http, 200,
                          "Content-Type: application/json\r\n"
                          "Cache-Control: public, max-age=0, s-maxage=1\r\n",
                          body);
    } else {
        kolam_http_error(job->http, 503, "out of memory");
    }
    kolam_bytes_unref(body);
    kolam_free(text);
    json_decref(object);
}

static void done_info(struct kolam_job *base) {
    struct info_job *job = (struct info_job *)base;
    if (job->http && job->status == KOLAM_OK) {
        answer(job);
    } else if (job->http) {
        kolam_http_error(job->http, 503, "the canvas cannot be read now; try again later");
    }
    kolam_canvas_release(job->canvas);
    kolam_free(job);
}

static void on_gone(void *ctx) {
    struct info_job *job = ctx;
    job->http = NULL;
}

void kolam_api_canvas(struct kolam_server *server, struct kolam_http *http, const char *name) {
    struct kolam_canvas *canvas = kolam_canvas_find(server, name);
    if (!canvas) {
        kolam_http_error(http, 404, "there is no such canvas; it is created by its first stroke");
        return;
    }
    struct info_job *job = kolam_alloc_zero(1, sizeof(*job));
    if (!job) {
        kolam_http_error(http, 503, "out of memory");
        return;
    }
    job->canvas = canvas;
    job->http = http;
    job->status = KOLAM_ERR_CLOSED;
    job->job =
        (struct kolam_job){.run = run_info, .done = done_info, .priority = KOLAM_JOB_INTERACTIVE};
    kolam_canvas_hold(canvas);
    kolam_http_set_on_gone(http, on_gone, job);
    kolam_pool_submit(server->pool, &job->job);
}
