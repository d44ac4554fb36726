/* Newcomers' terms and their ink; see newcomer.h. */
#include "newcomer.h"

#include <math.h>

#define STEPS 16 /* from the first stroke to an artist */
#define INK_FIRST_PX 8000
#define INK_LAST_PX 40000
#define WIDTH_FIRST_PX 24
#define WIDTH_LAST_PX 128
#define EXTENT_FIRST_PX 1600
#define EXTENT_LAST_PX 8000
#define LEVEL_FIRST (-2) /* zoomed out fourfold */
#define LEVEL_LAST (-10)
#define FILL_PX_PER_INK 32
#define PER_PX 60000 /* of the well's unit */

bool kolam_newcomer_is_artist(const struct kolam_newcomer *newcomer,
                              const struct kolam_newcomer_goal *goal) {
    return newcomer->age_ms >= goal->age_ms && newcomer->standing >= goal->standing;
}

/* Half of the way is time's, half the strokes'. */
static int64_t step_of(const struct kolam_newcomer *newcomer,
                       const struct kolam_newcomer_goal *goal) {
    const int64_t age = newcomer->age_ms < 0 ? 0 : newcomer->age_ms;
    const int64_t half = STEPS / 2;
    const int64_t of_age = age >= goal->age_ms ? half : age * half / goal->age_ms;
    const int64_t of_strokes = newcomer->standing >= goal->standing
                                   ? half
                                   : (int64_t)newcomer->standing * half / goal->standing;
    return of_age + of_strokes;
}

static int64_t between(int64_t first, int64_t last, int64_t step) {
    return first + (last - first) * step / STEPS;
}

struct kolam_newcomer_terms kolam_newcomer_terms(const struct kolam_newcomer *newcomer,
                                                 const struct kolam_newcomer_goal *goal) {
    const int64_t step = step_of(newcomer, goal);
    return (struct kolam_newcomer_terms){
        .ink_px = (uint32_t)between(INK_FIRST_PX, INK_LAST_PX, step),
        .width_px = (uint32_t)between(WIDTH_FIRST_PX, WIDTH_LAST_PX, step),
        .extent_px = (uint32_t)between(EXTENT_FIRST_PX, EXTENT_LAST_PX, step),
        .level_min = (int32_t)between(LEVEL_FIRST, LEVEL_LAST, step),
    };
}

/* ---- strokes ---- */

static double path_px(const struct kolam_stroke *stroke) {
    double path = 0;
    for (uint32_t i = 1; i < stroke->point_count; i++) {
        const double x = stroke->points[i].x - stroke->points[i - 1].x;
        const double y = stroke->points[i].y - stroke->points[i - 1].y;
        path += sqrt(x * x + y * y);
    }
    return path / KOLAM_SUB_PER_PX;
}

static double box_px(const struct kolam_stroke *stroke) {
    int32_t x0 = stroke->points[0].x, y0 = stroke->points[0].y, x1 = x0, y1 = y0;
    for (uint32_t i = 1; i < stroke->point_count; i++) {
        const struct kolam_point *point = &stroke->points[i];
        x0 = point->x < x0 ? point->x : x0;
        y0 = point->y < y0 ? point->y : y0;
        x1 = point->x > x1 ? point->x : x1;
        y1 = point->y > y1 ? point->y : y1;
    }
    return (double)(x1 - x0) / KOLAM_SUB_PER_PX * (double)(y1 - y0) / KOLAM_SUB_PER_PX;
}

uint64_t kolam_newcomer_ink(const struct kolam_stroke *stroke) {
    double ink = path_px(stroke) + (double)stroke->width / KOLAM_WIDTH_UNIT_PER_PX;
    if (stroke->tool == KOLAM_TOOL_FILL) {
        ink += box_px(stroke) / FILL_PX_PER_INK;
    }
    return (uint64_t)ceil(ink);
}

const char *kolam_newcomer_problem(const struct kolam_newcomer_terms *terms,
                                   const struct kolam_stroke *stroke, uint64_t extent_px) {
    if (stroke->width > terms->width_px * KOLAM_WIDTH_UNIT_PER_PX) {
        return "newcomers draw with smaller brushes here at first";
    }
    if (stroke->origin.level < terms->level_min) {
        return "newcomers draw from nearer here at first: zoom in";
    }
    /* The ink's own width is not held against a line that is just long enough. */
    if (extent_px > terms->extent_px + terms->width_px) {
        return "newcomers draw shorter strokes here at first";
    }
    return NULL;
}

/* ---- wells ---- */

static int64_t capacity_of(const struct kolam_newcomer_terms *terms) {
    return (int64_t)terms->ink_px * PER_PX;
}

/* A minute fills it: in a millisecond comes a 60,000th of what it holds. */
static void fill(struct kolam_inkwell *well, const struct kolam_newcomer_terms *terms,
                 int64_t now_ms) {
    if (now_ms > well->filled_ms) {
        const int64_t passed_ms = now_ms - well->filled_ms;
        const int64_t most_ms = well->spent / (int64_t)terms->ink_px + 1;
        const int64_t gained = (passed_ms < most_ms ? passed_ms : most_ms) * terms->ink_px;
        well->spent = gained >= well->spent ? 0 : well->spent - gained;
        well->filled_ms = now_ms;
    }
}

int64_t kolam_inkwell_wait_ms(struct kolam_inkwell *well, const struct kolam_newcomer_terms *terms,
                              uint64_t ink_px, int64_t now_ms) {
    fill(well, terms, now_ms);
    const uint64_t needed_px = ink_px < terms->ink_px ? ink_px : terms->ink_px;
    const int64_t missing = (int64_t)needed_px * PER_PX - (capacity_of(terms) - well->spent);
    return missing <= 0 ? 0 : (missing + terms->ink_px - 1) / terms->ink_px;
}

void kolam_inkwell_take(struct kolam_inkwell *well, uint64_t ink_px) {
    const uint64_t most_px = INT64_MAX / PER_PX / 4;
    well->spent += (int64_t)(ink_px < most_px ? ink_px : most_px) * PER_PX;
    well->spent = well->spent < INT64_MAX / 4 ? well->spent : INT64_MAX / 4;
}

void kolam_inkwell_give_back(struct kolam_inkwell *well, uint64_t ink_px) {
    const int64_t given = (int64_t)ink_px * PER_PX;
    well->spent = given >= well->spent ? 0 : well->spent - given;
}

uint32_t kolam_inkwell_left_px(struct kolam_inkwell *well, const struct kolam_newcomer_terms *terms,
                               int64_t now_ms) {
    fill(well, terms, now_ms);
    const int64_t left = capacity_of(terms) - well->spent;
    return left <= 0 ? 0 : (uint32_t)(left / PER_PX);
}
