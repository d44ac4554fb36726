/* Reading the parameters of questions about the past; pure. */
#include "history_args.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http_route.h"

#define TEXT_BYTES 1024 /* a query is no longer */

static const char bad_rect[] =
    "level, x, y, width and height must be whole numbers, the rectangle not "
    "empty and inside the world";

static bool read_number(const char *text, int64_t min, int64_t max, int64_t *out) {
    char *end;
    if (!(*text == '-' || (*text >= '0' && *text <= '9'))) {
        return false;
    }
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0' || end == text || value < min || value > max) {
        return false;
    }
    *out = value;
    return true;
}

static void complain(struct kolam_args *args, const char *problem) {
    if (!args->problem) {
        args->problem = problem;
    }
}

void kolam_args_number(struct kolam_args *args, const char *name, int64_t min, int64_t max,
                       int64_t *value, const char *problem) {
    char text[TEXT_BYTES];
    if (kolam_query_get(args->query, name, text, sizeof(text)) &&
        !read_number(text, min, max, value)) {
        complain(args, problem);
    }
}

void kolam_args_need(struct kolam_args *args, const char *name, int64_t min, int64_t max,
                     int64_t *out_value, const char *problem) {
    char text[TEXT_BYTES];
    *out_value = min;
    if (!kolam_query_get(args->query, name, text, sizeof(text)) ||
        !read_number(text, min, max, out_value)) {
        complain(args, problem);
    }
}

/* The first pixel of the level, and the one after its last. */
static void world_of(int32_t level, int64_t *out_low, int64_t *out_high) {
    *out_low = kolam_tile_coord_min(level) * KOLAM_TILE_PX;
    *out_high = (kolam_tile_coord_max(level) + 1) * KOLAM_TILE_PX;
}

bool kolam_rect_make(int64_t level, int64_t x, int64_t y, int64_t width, int64_t height,
                     struct kolam_rect *out_rect) {
    int64_t low, high;
    if (level < KOLAM_LEVEL_MIN || level > KOLAM_LEVEL_MAX) {
        return false;
    }
    world_of((int32_t)level, &low, &high);
    if (x < low || y < low || x >= high || y >= high || width < 1 || height < 1 ||
        width > high - x || height > high - y) {
        return false;
    }
    *out_rect = (struct kolam_rect){x, y, x + width, y + height, (int32_t)level};
    return true;
}

void kolam_args_rect(struct kolam_args *args, struct kolam_rect *out_rect) {
    int64_t level, x, y, width, height;
    kolam_args_need(args, "level", KOLAM_LEVEL_MIN, KOLAM_LEVEL_MAX, &level, bad_rect);
    kolam_args_need(args, "x", INT64_MIN, INT64_MAX, &x, bad_rect);
    kolam_args_need(args, "y", INT64_MIN, INT64_MAX, &y, bad_rect);
    kolam_args_need(args, "width", 1, INT64_MAX, &width, bad_rect);
    kolam_args_need(args, "height", 1, INT64_MAX, &height, bad_rect);
    if (!args->problem && !kolam_rect_make(level, x, y, width, height, out_rect)) {
        complain(args, bad_rect);
    }
}

void kolam_args_pixel(struct kolam_args *args, int32_t *out_level, int64_t *out_x, int64_t *out_y) {
    static const char problem[] = "level, x and y must be a pixel inside the world";
    int64_t level;
    struct kolam_rect rect;
    kolam_args_need(args, "level", KOLAM_LEVEL_MIN, KOLAM_LEVEL_MAX, &level, problem);
    kolam_args_need(args, "x", INT64_MIN, INT64_MAX, out_x, problem);
    kolam_args_need(args, "y", INT64_MIN, INT64_MAX, out_y, problem);
    *out_level = (int32_t)level;
    if (!args->problem && !kolam_rect_make(level, *out_x, *out_y, 1, 1, &rect)) {
        complain(args, problem);
    }
}

bool kolam_args_moment(struct kolam_args *args, struct kolam_moment *out_moment) {
    char text[TEXT_BYTES];
    if (!kolam_query_get(args->query, "at", text, sizeof(text))) {
        return false;
    }
    if (kolam_moment_parse(text, strlen(text), out_moment) != KOLAM_OK) {
        complain(args, "at must be a seq, as 4711, or a time, as 2026-11-22T03:15:00Z");
    }
    return true;
}
