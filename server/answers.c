/* Shared answers; see answers.h. */
#include "answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_route.h"
#include "kolam/json_text.h"
#include "kolam/alloc.h"
#include "sanctions.h"

#define WAIT_US 10000000u /* so long a question waits for a worker */

struct kolam_answers {
    struct kolam_list list; /* kolam_answer, the one asked for least recently first */
    uint32_t count, jobs[KOLAM_QUESTIONS];
    size_t bytes;
};

struct kolam_answer {
    struct kolam_list link;
    struct kolam_list waiting; /* while it is built: those who ask */
    uint64_t hash;
    struct kolam_bytes *body; /* NULL while it is built */
    int64_t stale_ms;         /* the loop's clock */
    char etag[24];
    char key[KOLAM_ANSWER_KEY_BYTES];
};

struct asker {
    struct kolam_list link;
    struct kolam_http *http;
};

enum kolam_status kolam_answers_create(struct kolam_server *server) {
    server->answers = kolam_alloc_zero(1, sizeof(*server->answers));
    if (!server->answers) {
        return KOLAM_ERR_NOMEM;
    }
    kolam_list_init(&server->answers->list);
    return KOLAM_OK;
}

static void forget(struct kolam_answers *answers, struct kolam_answer *answer) {
    kolam_list_remove(&answer->link);
    answers->count--;
    answers->bytes -= answer->body ? answer->body->size : 0;
    kolam_bytes_unref(answer->body);
    kolam_free(answer);
}

/* The jobs are over by now. */
void kolam_answers_destroy(struct kolam_server *server) {
    if (server->answers) {
        KOLAM_LIST_EACH(&server->answers->list, struct kolam_answer, link, answer) {
            forget(server->answers, answer);
        }
        kolam_free(server->answers);
        server->answers = NULL;
    }
}

void kolam_answers_sweep(struct kolam_server *server, int64_t now_ms) {
    KOLAM_LIST_EACH(&server->answers->list, struct kolam_answer, link, answer) {
        if (answer->body && answer->stale_ms <= now_ms) {
            forget(server->answers, answer);
        }
    }
}

/* ---- answering ---- */

static uint64_t hash_of(const void *data, size_t size) {
    const uint8_t *bytes = data;
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ bytes[i]) * 1099511628211u;
    }
    return hash;
}

static void answer_one(struct kolam_http *http, const struct kolam_answer *answer,
                       const struct kolam_question_kind *kind) {
    char headers[200];
    snprintf(headers, sizeof(headers),
             "Content-Type: application/json\r\nETag: %s\r\nCache-Control: public, max-age=%u\r\n",
             answer->etag, kind->fresh_ms / 1000);
    if (strstr(kolam_http_request(http)->if_none_match, answer->etag)) {
        kolam_http_answer(http, 304, headers, NULL);
    } else {
        kolam_http_answer(http, 200, headers, answer->body);
    }
}

static void refuse_one(struct kolam_http *http, const struct kolam_question *question) {
    switch (question->status) {
    case KOLAM_ERR_INVALID:
    case KOLAM_ERR_FULL:
        kolam_http_error(http, 400, question->error.text);
        return;
    case KOLAM_ERR_NOMEM:
        kolam_http_error(http, 503, "out of memory; try again later");
        return;
    default:
        kolam_http_error(http, 503, "the canvas cannot be read now; try again later");
    }
}

static void keep_body(struct kolam_answers *answers, struct kolam_question *question) {
    struct kolam_answer *answer = question->answer;
    size_t size = strlen(question->json);
    answer->body = kolam_bytes_copy(question->json, size);
    if (!answer->body) {
        question->status = KOLAM_ERR_NOMEM;
        return;
    }
    answers->bytes += size;
    snprintf(answer->etag, sizeof(answer->etag), "\"%016" PRIx64 "\"",
             hash_of(question->json, size));
    answer->stale_ms =
        kolam_loop_now_ms(question->server->loop) + (int64_t)question->kind->fresh_ms;
}

static void make_room(struct kolam_answers *answers, const struct kolam_answer *except) {
    KOLAM_LIST_EACH(&answers->list, struct kolam_answer, link, old) {
        if (answers->count <= KOLAM_ANSWERS_MAX && answers->bytes <= KOLAM_ANSWERS_BYTES) {
            return;
        }
        if (old != except && old->body) {
            forget(answers, old);
        }
    }
}

static void free_question(struct kolam_question *question) {
    if (question->kind->finish) {
        question->kind->finish(question);
    }
    kolam_veil_finish(&question->veil);
    kolam_canvas_release(question->canvas);
    kolam_free(question->json);
    kolam_free(question);
}

/* The question has its answer, or has none: all who wait are told. */
static void settle(struct kolam_question *question) {
    struct kolam_answers *answers = question->server->answers;
    struct kolam_answer *answer = question->answer;
    if (question->status == KOLAM_OK) {
        keep_body(answers, question);
    }
    KOLAM_LIST_EACH(&answer->waiting, struct asker, link, asker) {
        struct kolam_http *http = asker->http;
        kolam_list_remove(&asker->link);
        kolam_free(asker);
        if (question->status == KOLAM_OK) {
            answer_one(http, answer, question->kind);
        } else {
            refuse_one(http, question);
        }
    }
    if (question->status == KOLAM_OK) {
        make_room(answers, answer);
    } else {
        forget(answers, answer);
    }
    free_question(question);
}

/* ---- the job ---- */

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct kolam_question *question = (struct kolam_question *)base;
    question->status = question->kind->build(question, worker);
}

static void done(struct kolam_job *base) {
    struct kolam_question *question = (struct kolam_question *)base;
    question->server->answers->jobs[question->kind->number]--;
    if (question->status == KOLAM_OK && question->kind->keep) {
        question->kind->keep(question);
    }
    settle(question);
}

/* ---- asking ---- */

static struct kolam_answer *find(struct kolam_answers *answers, const char *key, uint64_t hash,
                                 int64_t now_ms) {
    KOLAM_LIST_EACH(&answers->list, struct kolam_answer, link, answer) {
        if (answer->hash == hash && strcmp(answer->key, key) == 0) {
            if (answer->body && answer->stale_ms <= now_ms) {
                forget(answers, answer);
                return NULL;
            }
            kolam_list_remove(&answer->link);
            kolam_list_append(&answers->list, &answer->link);
            return answer;
        }
    }
    return NULL;
}

static struct kolam_answer *add(struct kolam_answers *answers, const char *key, uint64_t hash) {
    struct kolam_answer *answer = kolam_alloc_zero(1, sizeof(*answer));
    if (answer) {
        kolam_list_init(&answer->waiting);
        answer->hash = hash;
        strcpy(answer->key, key);
        kolam_list_append(&answers->list, &answer->link);
        answers->count++;
        make_room(answers, answer);
    }
    return answer;
}

static void on_gone(void *ctx) {
    struct asker *asker = ctx;
    kolam_list_remove(&asker->link);
    kolam_free(asker);
}

static bool wait_for(struct kolam_answer *answer, struct kolam_http *http) {
    struct asker *asker = kolam_alloc_zero(1, sizeof(*asker));
    if (!asker) {
        return false;
    }
    kolam_list_init(&asker->link);
    asker->http = http;
    kolam_list_append(&answer->waiting, &asker->link);
    kolam_http_set_on_gone(http, on_gone, asker);
    return true;
}

/* Takes the question. */
static void build(struct kolam_question *question, struct kolam_http *http, const char *key,
                  uint64_t hash) {
    struct kolam_answers *answers = question->server->answers;
    if (answers->jobs[question->kind->number] >= KOLAM_ANSWERS_JOBS_MAX) {
        kolam_http_error(http, 503, "many others ask at the moment; try again in a moment");
        free_question(question);
        return;
    }
    question->answer = add(answers, key, hash);
    if (!question->answer || !wait_for(question->answer, http)) {
        kolam_http_error(http, 503, "out of memory; try again later");
        if (question->answer) {
            forget(answers, question->answer);
        }
        free_question(question);
        return;
    }
    question->status = question->kind->prepare ? question->kind->prepare(question) : KOLAM_OK;
    if (question->status != KOLAM_OK || !question->kind->build) {
        settle(question);
        return;
    }
    answers->jobs[question->kind->number]++;
    question->status = KOLAM_ERR_CLOSED; /* unless it runs */
    question->job = (struct kolam_job){.run = run,
                                       .done = done,
                                       .priority = KOLAM_JOB_TILE,
                                       .deadline_us = kolam_monotonic_us() + WAIT_US};
    kolam_pool_submit(question->server->pool, &question->job);
}

/* Takes the question. */
static void ask(struct kolam_question *question, struct kolam_http *http, const char *key) {
    struct kolam_server *server = question->server;
    const uint64_t hash = hash_of(key, strlen(key));
    struct kolam_answer *answer = find(server->answers, key, hash, kolam_loop_now_ms(server->loop));
    if (!answer) {
        build(question, http, key, hash);
        return;
    }
    server->metrics.answers_shared++;
    if (answer->body) {
        answer_one(http, answer, question->kind);
    } else if (!wait_for(answer, http)) {
        kolam_http_error(http, 503, "out of memory; try again later");
    }
    free_question(question);
}

static struct kolam_question *create(struct kolam_server *server, struct kolam_canvas *canvas,
                                     const struct kolam_question_kind *kind) {
    struct kolam_question *question = kolam_alloc_zero(1, kind->size);
    if (question) {
        question->kind = kind;
        question->server = server;
        question->canvas = canvas;
        question->now_ms = server->clock.now_ms(server->clock.ctx);
        kolam_veil_begin(&question->veil, canvas, NULL);
        kolam_canvas_hold(canvas);
    }
    return question;
}

void kolam_answers_request(struct kolam_server *server, struct kolam_http *http, const char *rest,
                           const struct kolam_question_kind *kind) {
    char name[KOLAM_CANVAS_NAME_MAX + 1] = "", key[KOLAM_ANSWER_KEY_BYTES];
    const size_t size = strcspn(rest, "/");
    if (size <= KOLAM_CANVAS_NAME_MAX) {
        memcpy(name, rest, size);
    }
    struct kolam_canvas *canvas = kolam_canvas_find(server, name);
    if (!canvas) {
        kolam_http_error(http, 404, "there is no such canvas; it is created by its first stroke");
        return;
    }
    struct kolam_question *question = create(server, canvas, kind);
    if (!question) {
        kolam_http_error(http, 503, "out of memory; try again later");
        return;
    }
    const int used = snprintf(key, sizeof(key), "%s/%s/%u?", canvas->name, kind->name,
                              canvas->quiet_generation); /* names may have become secret */
    const char *problem = kind->read(question, kolam_http_request(http)->query, key + used,
                                     sizeof(key) - (size_t)used);
    if (problem) {
        kolam_http_error(http, 400, problem);
        free_question(question);
        return;
    }
    ask(question, http, key);
}

/* ---- for the kinds ---- */

enum kolam_status kolam_question_take_json(struct kolam_question *question, json_t *object) {
    question->json = kolam_json_text(object);
    json_decref(object);
    return question->json ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

enum kolam_status kolam_question_reader(struct kolam_question *question,
                                        struct kolam_worker *worker,
                                        struct kolam_reader **out_reader) {
    struct kolam_worker_canvas *canvas;
    enum kolam_status status = kolam_worker_canvas(
        worker, question->canvas->log_path, question->canvas->tiles_path, false, &canvas, NULL);
    if (status == KOLAM_OK) {
        *out_reader = canvas->reader;
        status = kolam_veil_read(&question->veil, canvas->reader,
                                 kolam_sanctions_now_ms(question->server));
    }
    return status;
}
