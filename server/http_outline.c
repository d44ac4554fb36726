/* GET /api/outline?text=&font=&size=[&level=]: what text looks like, as contours in 1/8 px. A worker shapes it; the answer
 * depends on the question alone (and on the fonts installed), so caches may keep it. */
#include "http_outline.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_route.h"
#include "kolam/alloc.h"
#include "kolam/text.h"

#define JOBS_MAX 16 /* at once, all clients together */
#define TEXT_BYTES_MAX 800
#define NUMBER_BYTES 8 /* "-2097152" */

struct outline_job {
    struct kolam_job job;
    struct kolam_server *server;
    struct kolam_http *http; /* NULL once the client is gone */
    char text[TEXT_BYTES_MAX + 1];
    enum kolam_font font;
    double size_px;
    int32_t level;
    enum kolam_status status;
    struct kolam_bytes *answer;
};

/* ---- a worker's part ---- */

struct writer {
    char *text;
    size_t at;
};

static void put_number(struct writer *writer, int32_t number, char after) {
    writer->at +=
        (size_t)snprintf(writer->text + writer->at, NUMBER_BYTES + 2, "%d%c", number, after);
}

/* Each contour: its first point, then steps. */
static void put_contours(struct writer *writer, const struct kolam_outline *outline) {
    const struct kolam_point *point = outline->points;
    writer->text[writer->at++] = '[';
    for (uint32_t i = 0; i < outline->contour_count; i++) {
        int32_t x = 0, y = 0;
        if (i > 0) {
            writer->text[writer->at++] = ',';
        }
        writer->text[writer->at++] = '[';
        for (uint32_t at = 0; at < outline->contour_sizes[i]; at++, point++) {
            put_number(writer, point->x - x, ',');
            put_number(writer, point->y - y, at + 1 < outline->contour_sizes[i] ? ',' : ']');
            x = point->x;
            y = point->y;
        }
    }
    writer->text[writer->at++] = ']';
}

static struct kolam_bytes *write_answer(const struct outline_job *job,
                                        const struct kolam_outline *outline) {
    size_t capacity = 200 + (size_t)outline->point_count * 2 * (NUMBER_BYTES + 1) +
                      (size_t)outline->contour_count * 3;
    struct writer writer = {.text = kolam_alloc(capacity)};
    if (!writer.text) {
        return NULL;
    }
    writer.at = (size_t)snprintf(
        writer.text, capacity,
        "{\"level\":%d,\"width\":%d,\"height\":%d,\"baseline\":%d,\"points\":%u,\"contours\":",
        job->level, outline->width, outline->height, outline->baseline, outline->point_count);
    put_contours(&writer, outline);
    writer.text[writer.at++] = '}';
    struct kolam_bytes *bytes = kolam_bytes_copy(writer.text, writer.at);
    kolam_free(writer.text);
    return bytes;
}

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct outline_job *job = (struct outline_job *)base;
    struct kolam_outline outline = {0};
    (void)worker;
    job->status =
        kolam_text_outline(job->text, strlen(job->text), job->font, job->size_px, &outline);
    if (job->status == KOLAM_OK) {
        job->answer = write_answer(job, &outline);
        job->status = job->answer ? KOLAM_OK : KOLAM_ERR_NOMEM;
    }
    kolam_outline_finish(&outline);
}

/* ---- the loop's part ---- */

static void answer(struct outline_job *job) {
    switch (job->status) {
    case KOLAM_OK:
        kolam_http_answer(job->http, 200,
                          "Content-Type: application/json\r\n"
                          "Cache-Control: public, max-age=86400\r\n",
                          job->answer);
        return;
    case KOLAM_ERR_INVALID:
        kolam_http_error(job->http, 400, "text must be UTF-8");
        return;
    case KOLAM_ERR_FULL:
        kolam_http_error(job->http, 400,
                         "this text is too large for one drawing; make it smaller or part it");
        return;
    default:
        kolam_http_error(job->http, 503, "out of memory; try again later");
    }
}

static void done(struct kolam_job *base) {
    struct outline_job *job = (struct outline_job *)base;
    job->server->outline_jobs--;
    if (job->http) {
        answer(job);
    }
    kolam_bytes_unref(job->answer);
    kolam_free(job);
}

static void on_gone(void *ctx) {
    struct outline_job *job = ctx;
    job->http = NULL;
}

/* A decimal number and nothing else. */
static bool read_number(const char *query, const char *name, double low, double high,
                        double *out_number) {
    char text[32], *end;
    if (!kolam_query_get(query, name, text, sizeof(text)) || text[0] == '\0') {
        return false;
    }
    if (strspn(text, "-.0123456789") != strlen(text)) {
        return false;
    }
    double number = strtod(text, &end);
    if (*end != '\0' || !(number >= low && number <= high)) {
        return false;
    }
    *out_number = number;
    return true;
}

/* What is wrong with the question, or NULL. */
static const char *read_question(const char *query, struct outline_job *job) {
    char font[16], any[2];
    double level = 0;
    if (!kolam_query_get(query, "text", job->text, sizeof(job->text)) || job->text[0] == '\0') {
        return "say which text, of at most 800 bytes: text=";
    }
    for (char *at = job->text; *at; at++) {
        *at = *at == KOLAM_QUERY_AMPERSAND ? '&' : *at;
    }
    if (!kolam_query_get(query, "font", font, sizeof(font)) ||
        !kolam_font_parse(font, &job->font)) {
        return "font must be sans, serif, hand or mono";
    }
    if (!read_number(query, "size", KOLAM_TEXT_SIZE_MIN_PX, KOLAM_TEXT_SIZE_MAX_PX,
                     &job->size_px)) {
        return "size must be 1 to 2048 pixels of the level";
    }
    bool has_level = kolam_query_get(query, "level", any, sizeof(any)) || strstr(query, "level=");
    if (has_level && (!read_number(query, "level", KOLAM_LEVEL_MIN, KOLAM_LEVEL_MAX, &level) ||
                      level != floor(level))) {
        return "level must be -24 to 24";
    }
    job->level = (int32_t)level;
    return NULL;
}

void kolam_outline_request(struct kolam_server *server, struct kolam_http *http) {
    struct outline_job *job = kolam_alloc_zero(1, sizeof(*job));
    if (!job) {
        kolam_http_error(http, 503, "out of memory");
        return;
    }
    const char *problem = read_question(kolam_http_request(http)->query, job);
    if (problem) {
        kolam_http_error(http, 400, problem);
        kolam_free(job);
        return;
    }
    if (server->outline_jobs >= JOBS_MAX) {
        kolam_http_error(http, 503, "many others write at the moment; try again in a moment");
        kolam_free(job);
        return;
    }
    server->outline_jobs++;
    job->server = server;
    job->http = http;
    job->status = KOLAM_ERR_CLOSED; /* unless it runs */
    job->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_INTERACTIVE};
    kolam_http_set_on_gone(http, on_gone, job);
    kolam_pool_submit(server->pool, &job->job);
}
