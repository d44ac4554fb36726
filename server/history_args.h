/* What questions about the past have in common: numbers, rectangles and moments, every bound checked. */
#ifndef KOLAM_SERVER_HISTORY_ARGS_H
#define KOLAM_SERVER_HISTORY_ARGS_H

#include "kolam/history.h"

/* The first problem sticks; its text is static and for the client. */
struct kolam_args {
    const char *query;
    const char *problem; /* NULL: everything was fine so far */
};

/* A whole number from `min` to `max`; *value stays as it is if the parameter is missing. */
void kolam_args_number(struct kolam_args *args, const char *name, int64_t min, int64_t max,
                       int64_t *value, const char *problem);
/* The same; it must be there. */
void kolam_args_need(struct kolam_args *args, const char *name, int64_t min, int64_t max,
                     int64_t *out_value, const char *problem);
/* level, x, y, width, height: not empty, inside the world. */
void kolam_args_rect(struct kolam_args *args, struct kolam_rect *out_rect);
/* level, x, y: a pixel of that level. */
void kolam_args_pixel(struct kolam_args *args, int32_t *out_level, int64_t *out_x, int64_t *out_y);
/* at=: false if it is not there. */
bool kolam_args_moment(struct kolam_args *args, struct kolam_moment *out_moment);

/* True for a rectangle that is not empty and lies inside the world at a valid level. */
bool kolam_rect_make(int64_t level, int64_t x, int64_t y, int64_t width, int64_t height,
                     struct kolam_rect *out_rect);

#endif
