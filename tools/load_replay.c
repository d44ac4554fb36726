/* Corpus files as scores: each author's drawing is given to an artist who is free while it lasts. Drawings without
 * times are laid one after another. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "load_random.h"
#include "load_strokes.h"

#define UNTIMED_POINT_MS 8.0
#define BREATH_US 400000 /* between the strokes of a drawing without times */

/* One author's drawing in one file. */
struct drawing {
    int64_t first_us, last_us; /* of the file's clock */
    double x0, y0, x1, y1;
    double dx, dy; /* how far it is moved */
    int32_t seat;  /* -1: nobody is free */
    bool is_timed;
};

struct replay {
    struct kolam_load_plan *plan;
    const struct kolam_load_plan_options *options;
    struct kolam_stroke_builder *builder;
    json_t *names; /* file's number and author -> index of the drawing */
    struct drawing *drawings;
    size_t count, capacity;
    int64_t *free_us; /* when each artist is done with what it has */
    int64_t file_start_ms;
    bool has_file_start;
    struct kolam_load_random random;
};

static int64_t duration_us(const struct replay *replay, const struct kolam_drawn_stroke *drawn) {
    double ms = drawn->has_times ? 0 : UNTIMED_POINT_MS * (double)(drawn->point_count - 1);
    for (size_t i = 1; drawn->has_times && i < drawn->point_count; i++) {
        ms += drawn->points[i].dt_ms;
    }
    return (int64_t)(ms * 1e3 / replay->options->tempo);
}

/* The stroke's time on the plan's clock; only where it has one. */
static int64_t start_us(struct replay *replay, const struct kolam_drawn_stroke *drawn) {
    if (!replay->has_file_start) {
        replay->has_file_start = true;
        replay->file_start_ms = drawn->start_ms;
    }
    double ms = (double)(drawn->start_ms - replay->file_start_ms);
    return (int64_t)(ms * 1e3 / replay->options->tempo);
}

static struct drawing *drawing_of(struct replay *replay, int file, const char *author) {
    char key[KOLAM_NAME_BYTES_MAX + 16];
    snprintf(key, sizeof key, "%d/%s", file, author);
    const json_t *known = json_object_get(replay->names, key);
    if (known) {
        return &replay->drawings[json_integer_value(known)];
    }
    if (replay->count == replay->capacity) {
        size_t capacity = replay->capacity ? replay->capacity * 2 : 256;
        void *grown = kolam_realloc_array(replay->drawings, capacity, sizeof *replay->drawings);
        if (!grown) {
            return NULL;
        }
        replay->drawings = grown;
        replay->capacity = capacity;
    }
    if (json_object_set_new(replay->names, key, json_integer((json_int_t)replay->count))) {
        return NULL;
    }
    replay->drawings[replay->count] = (struct drawing){.first_us = INT64_MAX,
                                                       .last_us = 0,
                                                       .x0 = INFINITY,
                                                       .y0 = INFINITY,
                                                       .x1 = -INFINITY,
                                                       .y1 = -INFINITY,
                                                       .seat = -1};
    return &replay->drawings[replay->count++];
}

static void widen(struct drawing *drawing, const struct kolam_drawn_stroke *drawn) {
    for (size_t i = 0; i < drawn->point_count; i++) {
        drawing->x0 = fmin(drawing->x0, drawn->points[i].x);
        drawing->y0 = fmin(drawing->y0, drawn->points[i].y);
        drawing->x1 = fmax(drawing->x1, drawn->points[i].x);
        drawing->y1 = fmax(drawing->y1, drawn->points[i].y);
    }
}

typedef enum kolam_status on_stroke(struct replay *replay, struct drawing *drawing,
                                    const struct kolam_drawn_stroke *drawn,
                                    struct kolam_error *error);

/* Reads all files, once to learn which drawings there are and once to encode them: so that not all points are held. */
static enum kolam_status read_files(struct replay *replay, on_stroke *on,
                                    struct kolam_error *error) {
    struct kolam_drawn_stroke drawn = {0};
    enum kolam_status status = KOLAM_OK;
    for (int i = 0; i < replay->options->file_count && status == KOLAM_OK; i++) {
        struct kolam_ndjson *file = NULL;
        replay->has_file_start = false;
        status = kolam_ndjson_open(replay->options->files[i], &file, error);
        while (status == KOLAM_OK) {
            status = kolam_ndjson_next(file, &drawn, error);
            if (status != KOLAM_OK) {
                break;
            }
            struct drawing *drawing = drawing_of(replay, i, drawn.author);
            status = drawing ? on(replay, drawing, &drawn, error)
                             : kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
        }
        status = status == KOLAM_ERR_NOT_FOUND && file ? KOLAM_OK : status;
        kolam_ndjson_close(file);
    }
    kolam_drawn_stroke_finish(&drawn);
    return status;
}

static enum kolam_status learn(struct replay *replay, struct drawing *drawing,
                               const struct kolam_drawn_stroke *drawn, struct kolam_error *error) {
    (void)error;
    int64_t lasts_us = duration_us(replay, drawn);
    widen(drawing, drawn);
    if (drawn->has_start) {
        int64_t at_us = start_us(replay, drawn);
        drawing->is_timed = true;
        drawing->first_us = at_us < drawing->first_us ? at_us : drawing->first_us;
        drawing->last_us =
            at_us + lasts_us > drawing->last_us ? at_us + lasts_us : drawing->last_us;
    } else {
        drawing->last_us += lasts_us + BREATH_US; /* its length: the start comes with a seat */
    }
    return KOLAM_OK;
}

static int32_t find_seat(const struct replay *replay) {
    int32_t best = 0;
    for (uint32_t i = 1; i < replay->options->artists; i++) {
        best = replay->free_us[i] < replay->free_us[best] ? (int32_t)i : best;
    }
    return best;
}

static double inside(struct replay *replay, double low, double high, double place) {
    double slack = place - (high - low);
    return (slack > 0 ? kolam_load_between(&replay->random, -0.5, 0.5) * slack : 0) -
           (low + high) / 2;
}

static int order_drawings(const void *a, const void *b) {
    const struct drawing *const *one = a, *const *other = b;
    int64_t x = (*one)->is_timed ? (*one)->first_us : INT64_MAX;
    int64_t y = (*other)->is_timed ? (*other)->first_us : INT64_MAX;
    return x < y ? -1 : x > y ? 1 : *one < *other ? -1 : *one > *other;
}

/* Those with times first, in the order in which they begin; then the others, as they stand in the files. */
static enum kolam_status seat_drawings(struct replay *replay, struct kolam_error *error) {
    const int64_t end_us = (int64_t)(replay->options->seconds * 1e6);
    struct drawing **order = kolam_alloc_array(replay->count + 1, sizeof *order);
    if (!order) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < replay->count; i++) {
        order[i] = &replay->drawings[i];
    }
    qsort(order, replay->count, sizeof *order, order_drawings);
    for (size_t i = 0; i < replay->count; i++) {
        struct drawing *drawing = order[i];
        int32_t seat = find_seat(replay);
        int64_t begin_us = drawing->is_timed ? drawing->first_us : replay->free_us[seat];
        if (begin_us > end_us || replay->free_us[seat] > begin_us) {
            continue;
        }
        drawing->seat = seat;
        drawing->first_us = begin_us;
        replay->free_us[seat] = drawing->is_timed ? drawing->last_us : begin_us + drawing->last_us;
        if (replay->options->is_gathered) {
            drawing->dx = inside(replay, drawing->x0, drawing->x1, KOLAM_LOAD_PLACE_WIDTH);
            drawing->dy = inside(replay, drawing->y0, drawing->y1, KOLAM_LOAD_PLACE_HEIGHT);
        }
        drawing->last_us = begin_us; /* from here on: where the next stroke without a time begins */
    }
    kolam_free(order);
    return KOLAM_OK;
}

static enum kolam_status add(struct replay *replay, struct drawing *drawing,
                             const struct kolam_drawn_stroke *drawn, struct kolam_error *error) {
    int64_t at_us = drawn->has_start ? start_us(replay, drawn) : drawing->last_us;
    if (drawing->seat < 0 || at_us > (int64_t)(replay->options->seconds * 1e6)) {
        replay->plan->left_out++;
        return KOLAM_OK;
    }
    drawing->last_us = at_us + duration_us(replay, drawn) + BREATH_US;
    return kolam_load_score_add(&replay->plan->scores[drawing->seat], replay->builder, drawn,
                                drawing->dx, drawing->dy, replay->options->tempo, at_us, error);
}

/* Strokes of one artist in the order of time, and the time after which all begin anew. */
static int order_strokes(const void *a, const void *b) {
    const struct kolam_load_stroke *one = a, *other = b;
    return one->start_us < other->start_us ? -1 : one->start_us > other->start_us;
}

static void close_plan(struct kolam_load_plan *plan) {
    int64_t end_us = 0;
    for (uint32_t i = 0; i < plan->artist_count; i++) {
        struct kolam_load_score *score = &plan->scores[i];
        if (score->count > 0) {
            qsort(score->strokes, score->count, sizeof *score->strokes, order_strokes);
            const struct kolam_load_stroke *last = &score->strokes[score->count - 1];
            int64_t last_us = last->start_us + last->duration_us;
            end_us = last_us > end_us ? last_us : end_us;
        }
    }
    plan->period_us = end_us + BREATH_US;
}

enum kolam_status kolam_load_replay(struct kolam_load_plan *plan,
                                    const struct kolam_load_plan_options *options,
                                    struct kolam_stroke_builder *builder,
                                    struct kolam_error *error) {
    struct replay replay = {.plan = plan,
                            .options = options,
                            .builder = builder,
                            .names = json_object(),
                            .free_us = kolam_alloc_zero(options->artists, sizeof(int64_t)),
                            .random = {options->seed}};
    enum kolam_status status = replay.names && replay.free_us
                                   ? KOLAM_OK
                                   : kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    if (status == KOLAM_OK) {
        status = read_files(&replay, learn, error);
    }
    if (status == KOLAM_OK) {
        status = seat_drawings(&replay, error);
    }
    if (status == KOLAM_OK) {
        status = read_files(&replay, add, error);
        close_plan(plan);
    }
    json_decref(replay.names);
    kolam_free(replay.drawings);
    kolam_free(replay.free_us);
    return status;
}
