/* Walking from canvas to canvas; see canvas_walk.h. Names are noted at the beginning: the table may change meanwhile. */
#include "canvas_walk.h"

#include <string.h>

#include "kolam/alloc.h"

static void count_one(void *ctx, struct kolam_canvas *canvas) {
    struct kolam_canvas_walk *walk = ctx;
    walk->count += canvas->state != KOLAM_CANVAS_ABSENT;
}

static void note_one(void *ctx, struct kolam_canvas *canvas) {
    struct kolam_canvas_walk *walk = ctx;
    if (canvas->state != KOLAM_CANVAS_ABSENT) {
        strcpy(walk->names[walk->count++], canvas->name);
    }
}

static void end(struct kolam_canvas_walk *walk) {
    kolam_free(walk->names);
    walk->names = NULL;
    walk->done(walk);
}

static void run(struct kolam_job *job, struct kolam_worker *worker) {
    struct kolam_canvas_walk *walk = KOLAM_CONTAINER(job, struct kolam_canvas_walk, job);
    struct kolam_worker_canvas *canvas;
    walk->status = kolam_worker_canvas(worker, walk->canvas->log_path, walk->canvas->tiles_path,
                                       false, &canvas, NULL);
    if (walk->status == KOLAM_OK) {
        walk->run(walk, canvas->reader);
    }
}

static void done(struct kolam_job *job) {
    struct kolam_canvas_walk *walk = KOLAM_CONTAINER(job, struct kolam_canvas_walk, job);
    if (kolam_pool_is_closing(walk->server->pool)) {
        walk->is_cut = true;
        kolam_canvas_walk_next(walk);
    } else {
        walk->each(walk);
    }
}

void kolam_canvas_walk_next(struct kolam_canvas_walk *walk) {
    if (walk->canvas) {
        kolam_canvas_release(walk->canvas);
        walk->canvas = NULL;
    }
    walk->is_cut |= walk->server->is_stopping;
    while (!walk->is_cut && !walk->canvas && walk->at < walk->count) {
        walk->canvas = kolam_canvas_find(walk->server, walk->names[walk->at++]);
    }
    if (!walk->canvas) {
        end(walk);
        return;
    }
    kolam_canvas_hold(walk->canvas);
    walk->status = KOLAM_ERR_CLOSED; /* unless it runs */
    walk->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_BACKGROUND};
    kolam_pool_submit(walk->server->pool, &walk->job);
}

void kolam_canvas_walk_begin(struct kolam_canvas_walk *walk) {
    walk->count = walk->at = 0;
    walk->canvas = NULL;
    walk->is_cut = false;
    kolam_canvases_each(walk->server, count_one, walk);
    walk->names = walk->count > 0 ? kolam_alloc_array(walk->count, sizeof(*walk->names)) : NULL;
    walk->is_cut = walk->count > 0 && !walk->names;
    walk->count = 0;
    if (walk->names) {
        kolam_canvases_each(walk->server, note_one, walk);
    }
    kolam_canvas_walk_next(walk);
}
