/* Questions about the past over HTTP: parameters in, a job, the answer out. Loop thread but for `run`; what the
 * workers find is in history_answers.c. */
#include "history_http.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history_args.h"
#include "history_job.h"
#include "http_route.h"
#include "kolam/alloc.h"
#include "sanctions.h"
#include "pass.h"

#define WAIT_US 10000000u /* so long a question waits for a worker */
#define JOBS_MAX 64       /* questions at once, all clients together */
#define TIME_MS_MAX (INT64_C(1) << 53)
#define SEQ_MAX (INT64_C(1) << 62)
#define BUCKETS_DEFAULT 128

/* ---- parameters ---- */

static void read_moment(struct kolam_args *args, struct kolam_history_job *job) {
    job->answer = kolam_history_answer_moment;
    if (!kolam_args_moment(args, &job->moment) && !args->problem) {
        args->problem = "say which moment: at=<seq> or at=<time>";
    }
}

static void read_activity(struct kolam_args *args, struct kolam_history_job *job) {
    job->answer = kolam_history_answer_activity;
    job->bucket_count = BUCKETS_DEFAULT;
    kolam_args_rect(args, &job->rect);
    kolam_args_number(args, "from", 0, TIME_MS_MAX, &job->from, "from must be a time in Unix ms");
    kolam_args_number(args, "to", 0, TIME_MS_MAX, &job->to, "to must be a time in Unix ms");
    kolam_args_number(args, "buckets", 1, KOLAM_BUCKETS_MAX, &job->bucket_count,
                      "buckets must be 1 to 1024");
    if (job->from >= 0 && job->to >= 0 && job->from >= job->to && !args->problem) {
        args->problem = "from must be before to";
    }
}

static void read_at(struct kolam_args *args, struct kolam_history_job *job) {
    job->answer = kolam_history_answer_at;
    kolam_args_pixel(args, &job->level, &job->x, &job->y);
    kolam_args_number(args, "slack", 0, 16, &job->slack, "slack must be 0 to 16 pixels");
}

static void read_strokes(struct kolam_args *args, struct kolam_history_job *job) {
    job->answer = kolam_history_answer_strokes;
    job->limit = KOLAM_HISTORY_STROKES_MAX;
    job->with_hidden = 1;
    job->from = 1;
    job->to = SEQ_MAX;
    kolam_args_rect(args, &job->rect);
    kolam_args_number(args, "from", 0, SEQ_MAX, &job->from, "from must be a seq");
    kolam_args_number(args, "to", 0, SEQ_MAX, &job->to, "to must be a seq");
    kolam_args_number(args, "artist", 1, UINT32_MAX, &job->artist, "artist must be a number");
    kolam_args_number(args, "after", 0, SEQ_MAX, &job->after, "after must be a seq");
    kolam_args_number(args, "limit", 1, KOLAM_HISTORY_STROKES_MAX, &job->limit,
                      "limit must be 1 to 1000");
    kolam_args_number(args, "hidden", 0, 1, &job->with_hidden, "hidden must be 0 or 1");
    if (job->from > job->to && !args->problem) {
        args->problem = "from must not be after to";
    }
}

/* False if there is no such question. */
static bool read_question(const char *what, struct kolam_args *args,
                          struct kolam_history_job *job) {
    static const struct {
        const char *name;
        void (*read)(struct kolam_args *args, struct kolam_history_job *job);
    } questions[] = {{"moment", read_moment},
                     {"activity", read_activity},
                     {"at", read_at},
                     {"strokes", read_strokes}};
    for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        if (strcmp(what, questions[i].name) == 0) {
            questions[i].read(args, job);
            return true;
        }
    }
    return false;
}

/* ---- the job ---- */

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct kolam_history_job *job = (struct kolam_history_job *)base;
    struct kolam_worker_canvas *canvas;
    struct kolam_history *history = NULL;
    if (atomic_load_explicit(&job->is_gone, memory_order_relaxed)) {
        return;
    }
    job->status = kolam_worker_canvas(worker, job->canvas->log_path, job->canvas->tiles_path, false,
                                      &canvas, NULL);
    if (job->status == KOLAM_OK) {
        job->status = kolam_history_create(canvas->reader, &history);
    }
    if (job->status == KOLAM_OK) {
        job->status = kolam_reader_begin(canvas->reader); /* one moment for all of it */
    }
    if (job->status == KOLAM_OK) {
        job->status = kolam_veil_read(&job->veil, canvas->reader, job->now_ms);
        kolam_history_mind(history, job->veil.quiet);
        if (job->status == KOLAM_OK) {
            job->status = job->answer(job, canvas, history);
        }
        kolam_reader_end(canvas->reader);
    }
    kolam_history_destroy(history);
}

static void answer_records(struct kolam_history_job *job) {
    char headers[200];
    size_t size = (size_t)snprintf(headers, sizeof(headers), "%s",
                                   "Content-Type: application/octet-stream\r\n"
                                   "Cache-Control: no-store\r\n");
    if (job->more_seq != 0) {
        size += (size_t)snprintf(headers + size, sizeof(headers) - size,
                                 "X-Kolam-More: %" PRIu64 "\r\n", job->more_seq);
    }
    if (job->base_seq != 0) {
        snprintf(headers + size, sizeof(headers) - size, "X-Kolam-Base: %" PRIu64 "\r\n",
                 job->base_seq);
    }
    kolam_http_answer(job->http, 200, headers, job->records);
}

static void answer(struct kolam_history_job *job) {
    switch (job->status) {
    case KOLAM_OK:
        if (job->records) {
            answer_records(job);
        } else {
            kolam_http_answer_json(job->http, 200, job->json);
            job->json = NULL;
        }
        return;
    case KOLAM_ERR_NOT_FOUND:
    case KOLAM_ERR_INVALID:
        kolam_http_error(job->http, 400,
                         job->error.text[0] ? job->error.text : "nothing there answers to that");
        return;
    case KOLAM_ERR_GONE:
        kolam_http_error(job->http, 410, job->error.text);
        return;
    case KOLAM_ERR_FULL:
        kolam_http_error(job->http, 400, "too much was drawn there; ask for a smaller area");
        return;
    default:
        kolam_http_error(job->http, 503, "the canvas cannot be read now; try again later");
    }
}

static void destroy(struct kolam_history_job *job) {
    kolam_veil_finish(&job->veil);
    kolam_canvas_release(job->canvas);
    kolam_bytes_unref(job->records);
    kolam_free(job->json);
    kolam_free(job->voted);
    kolam_free(job);
}

static void done(struct kolam_job *base) {
    struct kolam_history_job *job = (struct kolam_history_job *)base;
    job->canvas->server->history_jobs--;
    if (job->http) {
        answer(job);
    }
    destroy(job);
}

static void on_gone(void *ctx) {
    struct kolam_history_job *job = ctx;
    job->http = NULL;
    atomic_store_explicit(&job->is_gone, true, memory_order_relaxed);
}

/* By any of their selves. Their connection keeps the canvas open. False without memory. */
static bool take_votes(struct kolam_history_job *job, const struct kolam_policy *policy) {
    const struct kolam_eyes *eyes = &job->veil.eyes;
    if (eyes->own_count == 0 || policy->ballot_count == 0) {
        return true;
    }
    job->voted = kolam_alloc_array(policy->ballot_count, sizeof(*job->voted));
    for (uint32_t i = 0; i < policy->ballot_count && job->voted; i++) {
        const struct kolam_ballot *ballot = &policy->ballots[i];
        bool has_voted = false;
        for (uint32_t j = 0; j < eyes->own_count && !has_voted; j++) {
            has_voted = kolam_ballot_has(ballot, eyes->own[j]);
        }
        if (has_voted) {
            job->voted[job->voted_count++] = ballot->stroke_seq;
        }
    }
    return job->voted != NULL;
}

static struct kolam_history_job *create(struct kolam_server *server, struct kolam_canvas *canvas,
                                        const struct kolam_request *request) {
    struct kolam_history_job *job = kolam_alloc_zero(1, sizeof(*job));
    if (job) {
        job->job = (struct kolam_job){.run = run,
                                      .done = done,
                                      .priority = KOLAM_JOB_TILE,
                                      .deadline_us = kolam_monotonic_us() + WAIT_US};
        job->canvas = canvas;
        job->now_ms = kolam_sanctions_now_ms(server); /* of areas */
        job->from = job->to = -1;
        job->status = KOLAM_ERR_CLOSED; /* unless it runs */
        kolam_veil_begin(&job->veil, canvas, kolam_pass_find(canvas, request));
        kolam_canvas_hold(canvas);
    }
    return job;
}

/* "<canvas>/<what>"; NULL if the canvas does not exist. */
static struct kolam_canvas *find_canvas(struct kolam_server *server, const char *rest) {
    char name[KOLAM_CANVAS_NAME_MAX + 1];
    size_t size = strcspn(rest, "/");
    if (size > KOLAM_CANVAS_NAME_MAX) {
        return NULL;
    }
    memcpy(name, rest, size);
    name[size] = '\0';
    return kolam_canvas_find(server, name);
}

void kolam_history_request(struct kolam_server *server, struct kolam_http *http, const char *rest) {
    struct kolam_canvas *canvas = find_canvas(server, rest);
    struct kolam_args args = {.query = kolam_http_request(http)->query};
    if (!canvas) {
        kolam_http_error(http, 404, "there is no such canvas; it is created by its first stroke");
        return;
    }
    struct kolam_history_job *job = create(server, canvas, kolam_http_request(http));
    if (!job) {
        kolam_http_error(http, 503, "out of memory");
        return;
    }
    if (!read_question(strchr(rest, '/') + 1, &args, job)) {
        kolam_http_error(http, 404, "a canvas is asked for moment, activity, at or strokes");
    } else if (args.problem) {
        kolam_http_error(http, 400, args.problem);
    } else if (server->history_jobs >= JOBS_MAX) {
        kolam_http_error(http, 503, "many others ask at the moment; try again in a moment");
    } else if (job->answer == kolam_history_answer_at && !take_votes(job, &canvas->policy)) {
        kolam_http_error(http, 503, "out of memory");
    } else {
        server->history_jobs++;
        job->http = http;
        kolam_http_set_on_gone(http, on_gone, job);
        kolam_pool_submit(server->pool, &job->job);
        return;
    }
    destroy(job);
}
