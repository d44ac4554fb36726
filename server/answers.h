/* Answers that many ask for and that stay fresh for a second or a few: built once, by one job, for all who ask the same
 * meanwhile, and kept until they are stale. Also behind no cache a thousand who look at one wall cost one of them.
 *
 * A kind of question embeds kolam_question first and reads its parameters into itself; two questions with the same key
 * have the same answer. Loop thread but for `build`. */
#ifndef KOLAM_SERVER_ANSWERS_H
#define KOLAM_SERVER_ANSWERS_H

#include <jansson.h>

#include "canvas.h"
#include "veil.h"

/* Bounds, all clients together. */
#define KOLAM_ANSWERS_MAX 256           /* kept or being built */
#define KOLAM_ANSWERS_BYTES (16u << 20) /* kept */
#define KOLAM_ANSWERS_JOBS_MAX 16       /* of a kind, being built */
#define KOLAM_ANSWER_KEY_BYTES 512

enum kolam_question_number {
    KOLAM_QUESTION_LIVELY,
    KOLAM_QUESTION_HEAT,
    KOLAM_QUESTION_PEOPLE,
    KOLAM_QUESTION_PLACES,
    KOLAM_QUESTION_SEARCH,
    KOLAM_QUESTIONS
};

struct kolam_question;

/* Who asks waits with those who want tiles: views, which everybody waits for, come before both. */
struct kolam_question_kind {
    enum kolam_question_number number;
    const char *name; /* the last part of the path */
    uint32_t fresh_ms;
    size_t size; /* of the struct that embeds kolam_question */
    /* Reads the query and writes the key's part of it; what is wrong with it, or NULL. */
    const char *(*read)(struct kolam_question *question, const char *query, char *out_key,
                        size_t key_capacity);
    /* Takes along what only the loop knows; may be NULL. */
    enum kolam_status (*prepare)(struct kolam_question *question);
    /* A worker: makes `json`. NULL: `prepare` did. */
    enum kolam_status (*build)(struct kolam_question *question, struct kolam_worker *worker);
    /* What `build` found out that the loop wants to keep; may be NULL. */
    void (*keep)(struct kolam_question *question);
    void (*finish)(struct kolam_question *question); /* frees what is its own; may be NULL */
};

struct kolam_question {
    struct kolam_job job;
    const struct kolam_question_kind *kind;
    struct kolam_server *server;
    struct kolam_canvas *canvas; /* held */
    struct kolam_answer *answer;
    struct kolam_veil veil; /* anybody's: read once the reader is there */
    int64_t now_ms;         /* the wall clock's */
    char *json;             /* kolam_json_text's */
    enum kolam_status status;
    struct kolam_error error; /* of KOLAM_ERR_INVALID and KOLAM_ERR_FULL: what is told (400) */
};

KOLAM_MUST_CHECK enum kolam_status kolam_answers_create(struct kolam_server *server);
void kolam_answers_destroy(struct kolam_server *server);
/* Once a second: forgets what is stale. */
void kolam_answers_sweep(struct kolam_server *server, int64_t now_ms);

/* Answers GET /api/canvas/<canvas>/<kind>; `rest` begins with the canvas's name. */
void kolam_answers_request(struct kolam_server *server, struct kolam_http *http, const char *rest,
                           const struct kolam_question_kind *kind);

/* For `prepare` and `build`: takes the reference. */
KOLAM_MUST_CHECK enum kolam_status kolam_question_take_json(struct kolam_question *question,
                                                            json_t *object);
/* For `build`: the canvas's reader; the veil is read. */
KOLAM_MUST_CHECK enum kolam_status kolam_question_reader(struct kolam_question *question,
                                                         struct kolam_worker *worker,
                                                         struct kolam_reader **out_reader);

#endif
