/* The table of canvases and their life: absent, closed, opening, open, closing. */
#include "canvas.h"

#include <stdio.h>
#include <string.h>

#include "ephemera.h"
#include "fanout.h"
#include "places_ws.h"
#include "policy_keep.h"
#include "sanctions.h"
#include "veil.h"
#include "votes.h"
#include "writable.h"
#include "kolam/alloc.h"

#define BUCKETS 256

struct kolam_canvases {
    struct kolam_list buckets[BUCKETS];
    uint32_t existing, open;
};

static struct kolam_list *bucket_of(struct kolam_server *server, const char *name) {
    uint32_t hash = 2166136261u;
    for (const char *c = name; *c; c++) {
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    }
    return &server->canvases->buckets[hash % BUCKETS];
}

static struct kolam_canvas *look_up(struct kolam_server *server, const char *name) {
    KOLAM_LIST_EACH(bucket_of(server, name), struct kolam_canvas, link, canvas) {
        if (strcmp(canvas->name, name) == 0) {
            return canvas;
        }
    }
    return NULL;
}

/* What holds on a canvas that is not there: where only the operator begins one, it waits for them. */
static void hold_absent(struct kolam_canvas *canvas) {
    if (canvas->state == KOLAM_CANVAS_ABSENT && canvas->server->options->no_new_canvases) {
        canvas->policy.mode = KOLAM_MODE_INVITED;
    }
}

static struct kolam_canvas *add(struct kolam_server *server, const char *name,
                                enum kolam_canvas_state state) {
    struct kolam_canvas *canvas = kolam_alloc_zero(1, sizeof(*canvas));
    if (!canvas ||
        kolam_folder_canvas_path(server->folder, name, ".kolam", canvas->log_path) != KOLAM_OK ||
        kolam_folder_canvas_path(server->folder, name, ".tiles", canvas->tiles_path) != KOLAM_OK) {
        kolam_free(canvas);
        return NULL;
    }
    canvas->server = server;
    strcpy(canvas->name, name);
    canvas->state = state;
    hold_absent(canvas);
    /* Known before the file is: who joins before the first op already names tiles by it. */
    kolam_random_bytes(&canvas->incarnation, sizeof(canvas->incarnation));
    kolam_list_init(&canvas->waiting);
    kolam_list_init(&canvas->sessions);
    kolam_list_init(&canvas->outvoted);
    kolam_list_init(&canvas->orphans);
    kolam_list_init(&canvas->here);
    for (uint32_t i = 0; i < KOLAM_EARNED_BUCKETS; i++) {
        kolam_list_init(&canvas->earned[i]);
    }
    kolam_list_init(&canvas->viewers);
    kolam_interest_init(&canvas->interest);
    kolam_list_append(bucket_of(server, name), &canvas->link);
    return canvas;
}

static void forget_open_state(struct kolam_canvas *canvas) {
    kolam_recent_finish(&canvas->recent);
    kolam_lively_finish(&canvas->lively);
    kolam_places_finish(&canvas->places);
    kolam_policy_forget(canvas);
    kolam_name_index_unref(canvas->names);
    canvas->names = NULL;
    canvas->places_changed_seq = 0;
    kolam_versions_destroy(canvas->versions);
    canvas->versions = NULL;
}

static void remove_canvas(struct kolam_canvas *canvas) {
    kolam_list_remove(&canvas->link);
    kolam_interest_finish(&canvas->interest);
    kolam_earned_forget_all(canvas);
    forget_open_state(canvas);
    kolam_free(canvas);
}

struct kolam_canvas *kolam_canvas_get(struct kolam_server *server, const char *name) {
    if (!kolam_canvas_name_is_valid(name)) {
        return NULL;
    }
    struct kolam_canvas *canvas = look_up(server, name);
    return canvas ? canvas : add(server, name, KOLAM_CANVAS_ABSENT);
}

struct kolam_canvas *kolam_canvas_find(struct kolam_server *server, const char *name) {
    struct kolam_canvas *canvas = kolam_canvas_name_is_valid(name) ? look_up(server, name) : NULL;
    return canvas && canvas->state != KOLAM_CANVAS_ABSENT ? canvas : NULL;
}

void kolam_canvas_hold(struct kolam_canvas *canvas) {
    canvas->users++;
}

void kolam_canvas_release(struct kolam_canvas *canvas) {
    if (--canvas->users == 0) {
        canvas->unused_since_ms = kolam_loop_now_ms(canvas->server->loop);
        if (canvas->state == KOLAM_CANVAS_ABSENT) {
            remove_canvas(canvas);
        }
    }
}

static void tell_waiting(struct kolam_canvas *canvas, enum kolam_status status) {
    kolam_canvas_hold(canvas);
    while (!kolam_list_is_empty(&canvas->waiting)) {
        struct kolam_canvas_wait *wait =
            KOLAM_CONTAINER(canvas->waiting.next, struct kolam_canvas_wait, link);
        kolam_list_remove(&wait->link);
        wait->done(wait, status);
    }
    kolam_canvas_release(canvas);
}

/* ---- opening: a worker creates the log and reads where the canvas stands ---- */

struct open_job {
    struct kolam_job job;
    struct kolam_canvas *canvas; /* the loop's; its paths do not change */
    struct kolam_log *log;
    struct kolam_canvas_info info;
    struct kolam_policy policy;
    bool was_absent;
    enum kolam_status status;
    struct kolam_error error;
};

static void wake_log(void *ctx) {
    kolam_loop_wake(ctx, KOLAM_WAKE_LOG);
}

static void run_open(struct kolam_job *base, struct kolam_worker *worker) {
    (void)worker;
    struct open_job *job = (struct open_job *)base;
    const struct kolam_server *server = job->canvas->server;
    const struct kolam_log_options options = {
        .path = job->canvas->log_path,
        .incarnation = job->canvas->incarnation,
        .clock = server->clock,
        .gather_us = server->options->gather_us,
        .wake = wake_log,
        .wake_ctx = server->loop,
    };
    job->status = kolam_log_sqlite_create(&options, &job->log, &job->error);
    if (job->status != KOLAM_OK) {
        return;
    }
    /* None of the worker's own: hundreds that are begun do not push out those that are drawn on, nor make pictures. */
    struct kolam_reader *reader = NULL;
    job->status = kolam_reader_create(job->canvas->log_path, &reader, &job->error);
    if (job->status == KOLAM_OK) {
        job->status = kolam_reader_info(reader, &job->info);
    }
    if (job->status == KOLAM_OK) {
        job->status = kolam_policy_read(reader, kolam_sanctions_now_ms(server), &job->policy);
    }
    kolam_reader_destroy(reader);
}

static void take_place(struct kolam_canvas *canvas, const struct kolam_canvas_info *info) {
    canvas->has_place = info->has_recent;
    if (info->has_recent) {
        canvas->place_level = info->recent_tile.level;
        canvas->place_x = info->recent_tile.x * KOLAM_TILE_PX + (info->recent_x >> KOLAM_SUB_SHIFT);
        canvas->place_y = info->recent_tile.y * KOLAM_TILE_PX + (info->recent_y >> KOLAM_SUB_SHIFT);
    }
}

static enum kolam_status become_open(struct kolam_canvas *canvas, struct open_job *job) {
    canvas->versions = kolam_versions_create();
    if (!canvas->versions) {
        return KOLAM_ERR_NOMEM;
    }
    canvas->log = job->log;
    canvas->incarnation = job->info.incarnation;
    canvas->last_seq = job->info.last_seq;
    canvas->lively.since_seq = canvas->last_seq;
    canvas->lively.is_loaded = canvas->last_seq == 0;
    canvas->base_seq = job->info.base_seq;
    canvas->newest_artist = (uint32_t)job->info.artist_count;
    kolam_policy_forget(canvas);
    canvas->policy = job->policy;
    job->policy = (struct kolam_policy){0};
    kolam_veil_refresh(canvas);
    take_place(canvas, &job->info);
    kolam_log_listen(job->log, kolam_ephemera_hear, canvas);
    return kolam_log_follow(job->log, canvas->last_seq, kolam_fanout_on_commit, canvas);
}

static void log_state(const struct kolam_canvas *canvas, const char *event) {
    kolam_logfmt(&canvas->server->logfmt, KOLAM_LOG_INFO, event, "canvas=%s seq=%llu", canvas->name,
                 (unsigned long long)canvas->last_seq);
}

static void fail_open(struct kolam_canvas *canvas, struct open_job *job) {
    struct kolam_server *server = canvas->server;
    char quoted[400];
    snprintf(canvas->problem, sizeof(canvas->problem), "%s",
             job->error.text[0] ? job->error.text : kolam_status_text(job->status));
    kolam_logfmt(&server->logfmt, KOLAM_LOG_ERROR, "canvas_open_failed", "canvas=%s reason=%s",
                 canvas->name, kolam_logfmt_quote(quoted, sizeof(quoted), canvas->problem));
    kolam_log_destroy(job->log);
    canvas->log = NULL;
    forget_open_state(canvas);
    canvas->state = job->was_absent ? KOLAM_CANVAS_ABSENT : KOLAM_CANVAS_CLOSED;
    hold_absent(canvas);
    server->canvases->existing -= job->was_absent ? 1 : 0;
}

static void done_open(struct kolam_job *base) {
    struct open_job *job = (struct open_job *)base;
    struct kolam_canvas *canvas = job->canvas;
    struct kolam_server *server = canvas->server;
    enum kolam_status status = job->status;
    if (status == KOLAM_OK && kolam_pool_is_closing(server->pool)) {
        status = KOLAM_ERR_CLOSED;
    }
    if (status == KOLAM_OK) {
        status = become_open(canvas, job);
    }
    if (status == KOLAM_OK) {
        canvas->state = KOLAM_CANVAS_OPEN;
        server->canvases->open++;
        log_state(canvas, job->was_absent ? "canvas_created" : "canvas_opened");
        if (job->was_absent && server->options->no_new_canvases) {
            kolam_policy_tell(canvas); /* nobody else could draw */
        }
        kolam_votes_recount(canvas);
    } else {
        job->status = status;
        fail_open(canvas, job);
    }
    kolam_policy_finish(&job->policy);
    kolam_free(job);
    tell_waiting(canvas, status);
    kolam_canvas_release(canvas);
}

static enum kolam_status begin_opening(struct kolam_canvas *canvas) {
    struct kolam_server *server = canvas->server;
    struct open_job *job = kolam_alloc_zero(1, sizeof(*job));
    if (!job) {
        return KOLAM_ERR_NOMEM;
    }
    job->was_absent = canvas->state == KOLAM_CANVAS_ABSENT;
    server->canvases->existing += job->was_absent ? 1 : 0;
    job->canvas = canvas;
    job->status = KOLAM_ERR_CLOSED; /* unless it runs */
    job->job = (struct kolam_job){
        .run = run_open,
        .done = done_open,
        /* Who begins hundreds, each of which waits for the disk, does not hold up views and tiles of what is there. */
        .priority = job->was_absent ? KOLAM_JOB_CANVAS : KOLAM_JOB_INTERACTIVE};
    canvas->state = KOLAM_CANVAS_OPENING;
    kolam_canvas_hold(canvas);
    kolam_pool_submit(server->pool, &job->job);
    return KOLAM_OK;
}

void kolam_canvas_when_open(struct kolam_canvas *canvas, bool may_create,
                            struct kolam_canvas_wait *wait) {
    struct kolam_server *server = canvas->server;
    enum kolam_status status = KOLAM_OK;
    kolam_list_init(&wait->link);
    if (canvas->state == KOLAM_CANVAS_OPEN) {
        wait->done(wait, KOLAM_OK);
        return;
    }
    if (server->is_stopping) {
        status = KOLAM_ERR_CLOSED;
    } else if (canvas->state == KOLAM_CANVAS_ABSENT && !may_create) {
        status = KOLAM_ERR_NOT_FOUND;
    } else if (canvas->state == KOLAM_CANVAS_ABSENT &&
               server->canvases->existing >= server->options->max_canvases) {
        status = KOLAM_ERR_FULL;
    } else if (canvas->state == KOLAM_CANVAS_ABSENT || canvas->state == KOLAM_CANVAS_CLOSED) {
        status = begin_opening(canvas);
    }
    if (status != KOLAM_OK) {
        wait->done(wait, status);
        return;
    }
    kolam_list_append(&canvas->waiting, &wait->link);
    canvas->must_reopen = canvas->state == KOLAM_CANVAS_CLOSING;
}

/* ---- closing: nothing is pending, so a worker may do it ---- */

struct close_job {
    struct kolam_job job;
    struct kolam_canvas *canvas;
    struct kolam_log *log;
};

static void run_close(struct kolam_job *base, struct kolam_worker *worker) {
    (void)worker;
    struct close_job *job = (struct close_job *)base;
    kolam_log_destroy(job->log);
    job->log = NULL;
}

static void done_close(struct kolam_job *base) {
    struct close_job *job = (struct close_job *)base;
    struct kolam_canvas *canvas = job->canvas;
    kolam_log_destroy(job->log); /* if the job was not run */
    kolam_free(job);
    canvas->state = KOLAM_CANVAS_CLOSED;
    log_state(canvas, "canvas_closed");
    if (canvas->must_reopen && !kolam_pool_is_closing(canvas->server->pool)) {
        canvas->must_reopen = false;
        enum kolam_status status = begin_opening(canvas);
        if (status != KOLAM_OK) {
            tell_waiting(canvas, status);
        }
    } else {
        tell_waiting(canvas, KOLAM_ERR_CLOSED);
    }
    kolam_canvas_release(canvas);
}

static void begin_closing(struct kolam_canvas *canvas) {
    struct close_job *job = kolam_alloc_zero(1, sizeof(*job));
    if (!job) {
        return; /* next second */
    }
    kolam_metrics_keep_log(canvas->server, canvas->log);
    job->canvas = canvas;
    job->log = canvas->log;
    job->job =
        (struct kolam_job){.run = run_close, .done = done_close, .priority = KOLAM_JOB_CANVAS};
    canvas->log = NULL;
    canvas->state = KOLAM_CANVAS_CLOSING;
    canvas->server->canvases->open--;
    forget_open_state(canvas);
    kolam_canvas_hold(canvas);
    kolam_pool_submit(canvas->server->pool, &job->job);
}

void kolam_canvases_each(struct kolam_server *server,
                         void (*visit)(void *ctx, struct kolam_canvas *canvas), void *ctx) {
    for (int i = 0; i < BUCKETS; i++) {
        KOLAM_LIST_EACH(&server->canvases->buckets[i], struct kolam_canvas, link, canvas) {
            visit(ctx, canvas);
        }
    }
}

static void dispatch_one(void *ctx, struct kolam_canvas *canvas) {
    (void)ctx;
    if (canvas->log) {
        kolam_log_dispatch(canvas->log);
    }
    kolam_writable_watch(canvas);
}

void kolam_canvases_dispatch(struct kolam_server *server) {
    kolam_canvases_each(server, dispatch_one, NULL);
}

static void sweep_one(void *ctx, struct kolam_canvas *canvas) {
    const int64_t *now_ms = ctx;
    kolam_writable_watch(canvas);
    kolam_metrics_sweep_canvas(canvas);
    kolam_places_sweep(canvas);
    kolam_policy_sweep(canvas);
    kolam_earned_sweep(canvas);
    if (canvas->state == KOLAM_CANVAS_OPEN && canvas->users == 0 &&
        *now_ms - canvas->unused_since_ms > (int64_t)canvas->server->options->idle_s * 1000) {
        begin_closing(canvas);
    }
}

void kolam_canvases_sweep(struct kolam_server *server, int64_t now_ms) {
    kolam_canvases_each(server, sweep_one, &now_ms);
}

/* ---- the table ---- */

static bool add_existing(void *ctx, const char *name) {
    struct kolam_server *server = ctx;
    if (add(server, name, KOLAM_CANVAS_CLOSED)) {
        server->canvases->existing++;
    }
    return true;
}

enum kolam_status kolam_canvases_create(struct kolam_server *server, struct kolam_error *error) {
    struct kolam_canvases *canvases = kolam_alloc_zero(1, sizeof(*canvases));
    if (!canvases) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    for (int i = 0; i < BUCKETS; i++) {
        kolam_list_init(&canvases->buckets[i]);
    }
    server->canvases = canvases;
    enum kolam_status status = kolam_folder_each_canvas(server->folder, add_existing, server);
    return status == KOLAM_OK
               ? KOLAM_OK
               : kolam_fail(error, status, "%s: cannot list the canvases: %s",
                            kolam_folder_path(server->folder), kolam_status_text(status));
}

static void destroy_one(void *ctx, struct kolam_canvas *canvas) {
    (void)ctx;
    kolam_log_destroy(canvas->log);
    canvas->log = NULL;
    remove_canvas(canvas);
}

void kolam_canvases_destroy(struct kolam_server *server) {
    if (server->canvases) {
        kolam_canvases_each(server, destroy_one, NULL);
        kolam_free(server->canvases);
        server->canvases = NULL;
    }
}

static void check_writable(void *ctx, struct kolam_canvas *canvas) {
    bool *are_writable = ctx;
    if (canvas->log && !kolam_log_is_writable(canvas->log)) {
        *are_writable = false;
    }
}

bool kolam_canvases_are_writable(const struct kolam_server *server) {
    bool are_writable = true;
    kolam_canvases_each((struct kolam_server *)server, check_writable, &are_writable);
    return are_writable;
}

uint32_t kolam_canvases_open_count(const struct kolam_server *server) {
    return server->canvases->open;
}
