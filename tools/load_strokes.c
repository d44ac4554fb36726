/* Strokes made ready, and the made-up ones: short curves as a hand that writes makes them, always the same few dozen
 * an artist. */
#include "load_strokes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "load_random.h"

#define UNTIMED_POINT_MS 8 /* the pace of a drawing without times */
#define SHAPES_MAX 64      /* made-up strokes an artist has */
#define SHAPES_ALL 8192    /* and all of them together, about */
#define SHAPE_POINTS 14
#define SPOT_PX 700         /* an artist's made-up strokes keep within */
#define SPOTS_APART_PX 2600 /* where artists draw alone */

/* ---- one stroke ---- */

static void stroke_finish(struct kolam_load_stroke *stroke) {
    if (stroke->built) {
        kolam_built_stroke_finish(stroke->built);
    }
    kolam_free(stroke->built);
    kolam_free(stroke->parts);
    kolam_free(stroke->pen.points);
    kolam_free(stroke->due_ms);
}

/* The level that the stroke was built at is in its body: the same decoder as everybody's tells it. */
static enum kolam_status read_pen(struct kolam_load_stroke *stroke) {
    struct kolam_op_room *room = kolam_alloc(sizeof *room);
    struct kolam_op op;
    if (!room) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status =
        kolam_op_decode(stroke->parts[0].body, stroke->parts[0].body_bytes, room, &op);
    if (status == KOLAM_OK) {
        stroke->pen = op.stroke;
        stroke->pen.part = 0;
        stroke->pen.part_count = 1; /* a group is shown up to what one op holds */
        stroke->pen.points =
            kolam_memdup(op.stroke.points, op.stroke.point_count * sizeof *op.stroke.points);
        status = stroke->pen.points ? KOLAM_OK : KOLAM_ERR_NOMEM;
    }
    kolam_free(room);
    return status;
}

static enum kolam_status set_pace(struct kolam_load_stroke *stroke,
                                  const struct kolam_drawn_stroke *drawn, double tempo) {
    const uint32_t count = stroke->pen.point_count;
    double at_ms = 0;
    stroke->due_ms = kolam_alloc_zero(count, sizeof *stroke->due_ms);
    if (!stroke->due_ms) {
        return KOLAM_ERR_NOMEM;
    }
    for (uint32_t i = 1; i < count; i++) {
        at_ms += drawn->has_times ? (double)stroke->pen.points[i].dt_ms : UNTIMED_POINT_MS;
        stroke->due_ms[i] = (uint32_t)lrint(at_ms / tempo);
    }
    stroke->duration_us = (int64_t)stroke->due_ms[count - 1] * 1000;
    return KOLAM_OK;
}

static enum kolam_status list_parts(struct kolam_load_stroke *stroke) {
    stroke->part_count = stroke->built->op_count;
    stroke->parts = kolam_alloc_zero(stroke->part_count, sizeof *stroke->parts);
    for (uint32_t i = 0; stroke->parts && i < stroke->part_count; i++) {
        const struct kolam_built_op *op = &stroke->built->ops[i];
        stroke->parts[i] =
            (struct kolam_load_part){.body = op->body,
                                     .body_bytes = op->body_size_bytes,
                                     .ink = kolam_load_ink_of(op->homes, op->home_count),
                                     .unit_ops = stroke->part_count};
    }
    return stroke->parts ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

/* kolam_built_stroke has room for 32 parts; nearly all strokes have one. */
static struct kolam_built_stroke *shrink(const struct kolam_built_stroke *built) {
    size_t bytes =
        offsetof(struct kolam_built_stroke, ops) + built->op_count * sizeof built->ops[0];
    return kolam_memdup(built, bytes);
}

static enum kolam_status build(struct kolam_load_stroke *stroke,
                               struct kolam_stroke_builder *builder,
                               const struct kolam_drawn_stroke *drawn, double tempo,
                               struct kolam_error *error) {
    struct kolam_built_stroke built;
    enum kolam_status status = kolam_stroke_build(builder, drawn, &built, error);
    if (status != KOLAM_OK) {
        return status;
    }
    stroke->built = shrink(&built);
    if (!stroke->built) {
        kolam_built_stroke_finish(&built);
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    status = list_parts(stroke);
    if (status == KOLAM_OK) {
        status = read_pen(stroke);
    }
    if (status == KOLAM_OK) {
        status = set_pace(stroke, drawn, tempo);
    }
    return status == KOLAM_OK ? status : kolam_fail(error, status, "out of memory");
}

static void middle(struct kolam_load_stroke *stroke) {
    const struct kolam_load_ink *ink = &stroke->parts[0].ink;
    stroke->x = ldexp((double)(ink->x0 + ink->x1) / 2, -ink->level);
    stroke->y = ldexp((double)(ink->y0 + ink->y1) / 2, -ink->level);
}

static bool has_room(struct kolam_load_score *score) {
    if (score->count < score->capacity) {
        return true;
    }
    size_t capacity = score->capacity ? score->capacity * 2 : 64;
    void *grown = kolam_realloc_array(score->strokes, capacity, sizeof *score->strokes);
    if (!grown) {
        return false;
    }
    score->strokes = grown;
    score->capacity = capacity;
    return true;
}

static void move(const struct kolam_drawn_stroke *drawn, double dx, double dy) {
    for (size_t i = 0; i < drawn->point_count; i++) {
        drawn->points[i].x += dx;
        drawn->points[i].y += dy;
    }
}

enum kolam_status kolam_load_score_add(struct kolam_load_score *score,
                                       struct kolam_stroke_builder *builder,
                                       const struct kolam_drawn_stroke *drawn, double dx, double dy,
                                       double tempo, int64_t start_us, struct kolam_error *error) {
    if (!has_room(score)) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    struct kolam_load_stroke stroke = {.start_us = start_us};
    move(drawn, dx, dy);
    enum kolam_status status = build(&stroke, builder, drawn, tempo, error);
    move(drawn, -dx, -dy);
    if (status != KOLAM_OK) {
        stroke_finish(&stroke);
        return status;
    }
    middle(&stroke);
    score->strokes[score->count++] = stroke;
    return KOLAM_OK;
}

/* ---- made up ---- */

static void make_shape(struct kolam_drawn_stroke *drawn, struct kolam_load_random *random,
                       double duration_ms) {
    double angle = kolam_load_between(random, 0, 6.28),
           turn = kolam_load_between(random, -0.5, 0.5);
    double x = kolam_load_between(random, -0.5, 0.5) * (SPOT_PX - 160);
    double y = kolam_load_between(random, -0.5, 0.5) * (SPOT_PX - 160);
    drawn->color = (uint32_t)kolam_load_next(random) | 0xff;
    drawn->width = kolam_load_between(random, 2, 8);
    drawn->has_times = true;
    drawn->point_count = SHAPE_POINTS;
    for (int i = 0; i < SHAPE_POINTS; i++) {
        drawn->points[i] = (struct kolam_drawn_point){
            x, y, 1, i > 0 ? (uint32_t)lrint(duration_ms / (SHAPE_POINTS - 1)) : 0};
        x += 9 * cos(angle);
        y += 9 * sin(angle);
        angle += turn;
    }
}

/* Artists draw in small companies of four, the companies along a spiral; or all at the one place. */
static void spot_of(uint32_t artist, const struct kolam_load_plan_options *options, double *out_x,
                    double *out_y) {
    struct kolam_load_random random = {options->seed * 1000 + artist};
    if (options->is_gathered) {
        *out_x = kolam_load_between(&random, -0.5, 0.5) * (KOLAM_LOAD_PLACE_WIDTH - SPOT_PX);
        *out_y = kolam_load_between(&random, -0.5, 0.5) * (KOLAM_LOAD_PLACE_HEIGHT - SPOT_PX);
        return;
    }
    const uint32_t company = artist / 4;
    double turns = sqrt((double)company) * 3.5;
    *out_x = turns * SPOTS_APART_PX / 3.5 * cos(turns) + kolam_load_between(&random, -400, 400);
    *out_y = turns * SPOTS_APART_PX / 3.5 * sin(turns) + kolam_load_between(&random, -400, 400);
}

enum kolam_status kolam_load_make_up(struct kolam_load_plan *plan,
                                     const struct kolam_load_plan_options *options,
                                     struct kolam_stroke_builder *builder,
                                     struct kolam_error *error) {
    struct kolam_drawn_point points[SHAPE_POINTS];
    struct kolam_drawn_stroke drawn = {.points = points, .point_capacity = SHAPE_POINTS};
    const double period_us = 1e6 / options->rate;
    const double duration_ms = period_us / 1e3 * 0.6 < 1000 ? period_us / 1e3 * 0.6 : 1000;
    size_t shapes = SHAPES_ALL / options->artists + 1;
    shapes = shapes < SHAPES_MAX ? shapes : SHAPES_MAX;
    enum kolam_status status = KOLAM_OK;
    plan->period_us = (int64_t)(period_us * (double)shapes);
    for (uint32_t artist = 0; artist < options->artists; artist++) {
        struct kolam_load_random random = {options->seed ^ (uint64_t)artist << 32};
        double x, y, phase_us = kolam_load_share(&random) * period_us;
        spot_of(artist, options, &x, &y);
        for (size_t i = 0; i < shapes && status == KOLAM_OK; i++) {
            make_shape(&drawn, &random, duration_ms);
            status = kolam_load_score_add(&plan->scores[artist], builder, &drawn, x, y, 1,
                                          (int64_t)(phase_us + (double)i * period_us), error);
        }
    }
    return status;
}

/* ---- the plan ---- */

static void measure(struct kolam_load_plan *plan) {
    double seconds = (double)plan->period_us / 1e6;
    uint64_t strokes = 0, ops = 0, points = 0;
    for (uint32_t artist = 0; artist < plan->artist_count; artist++) {
        strokes += plan->scores[artist].count;
        for (size_t i = 0; i < plan->scores[artist].count; i++) {
            ops += plan->scores[artist].strokes[i].part_count;
            points += plan->scores[artist].strokes[i].pen.point_count;
        }
    }
    plan->strokes_per_s = (double)strokes / seconds;
    plan->ops_per_s = (double)ops / seconds;
    plan->points_per_s = (double)points / seconds;
}

enum kolam_status kolam_load_plan_init(struct kolam_load_plan *plan,
                                       const struct kolam_load_plan_options *options,
                                       struct kolam_error *error) {
    *plan = (struct kolam_load_plan){.artist_count = options->artists, .period_us = 1000000};
    if (options->artists == 0) {
        return KOLAM_OK;
    }
    struct kolam_stroke_builder *builder = kolam_stroke_builder_create();
    plan->scores = kolam_alloc_zero(options->artists, sizeof *plan->scores);
    enum kolam_status status =
        builder && plan->scores ? KOLAM_OK : kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    if (status == KOLAM_OK) {
        status = options->file_count > 0 ? kolam_load_replay(plan, options, builder, error)
                                         : kolam_load_make_up(plan, options, builder, error);
    }
    kolam_stroke_builder_destroy(builder);
    if (status != KOLAM_OK) {
        kolam_load_plan_finish(plan);
        return status;
    }
    measure(plan);
    return KOLAM_OK;
}

void kolam_load_plan_finish(struct kolam_load_plan *plan) {
    for (uint32_t artist = 0; plan->scores && artist < plan->artist_count; artist++) {
        for (size_t i = 0; i < plan->scores[artist].count; i++) {
            stroke_finish(&plan->scores[artist].strokes[i]);
        }
        kolam_free(plan->scores[artist].strokes);
    }
    kolam_free(plan->scores);
    *plan = (struct kolam_load_plan){0};
}
