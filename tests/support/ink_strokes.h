/* Strokes for the ink tests and the ink bench: made up at random, or read from tests/data. */
#ifndef KOLAM_TEST_INK_STROKES_H
#define KOLAM_TEST_INK_STROKES_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/ink.h"

struct random_state {
    uint64_t state;
};

/* splitmix64 */
static inline uint64_t random_bits(struct random_state *random) {
    uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* In [low, high]. */
static inline int64_t random_between(struct random_state *random, int64_t low, int64_t high) {
    return low + (int64_t)(random_bits(random) % (uint64_t)(high - low + 1));
}

static inline struct kolam_stroke stroke_of(struct kolam_point *points, uint32_t count,
                                            int32_t level, double width_px) {
    return (struct kolam_stroke){
        .origin = {.level = level},
        .tool = KOLAM_TOOL_PEN,
        .color = 0x000000ff,
        .width = (uint32_t)lround(width_px * KOLAM_WIDTH_UNIT_PER_PX),
        .part_count = 1,
        .has_pressure = true,
        .point_count = count,
        .points = points,
    };
}

static inline struct kolam_point point_at(double x_px, double y_px, uint8_t pressure) {
    return (struct kolam_point){
        .x = (int32_t)lround(x_px * KOLAM_SUB_PER_PX),
        .y = (int32_t)lround(y_px * KOLAM_SUB_PER_PX),
        .pressure = pressure,
    };
}

/* A walk that starts within `spread` eighths of the origin tile's corner and takes steps up to
 * `step`. */
static inline void random_walk(struct random_state *random, struct kolam_point *points,
                               uint32_t count, int64_t spread, int64_t step) {
    int64_t x = random_between(random, 0, spread), y = random_between(random, 0, spread);
    int64_t pressure = random_between(random, 0, 255);
    for (uint32_t i = 0; i < count; i++) {
        points[i] =
            (struct kolam_point){.x = (int32_t)x, .y = (int32_t)y, .pressure = (uint8_t)pressure};
        x += random_between(random, -step, step);
        y += random_between(random, -step, step);
        x = x > KOLAM_POINT_SUB_MAX ? KOLAM_POINT_SUB_MAX : x;
        y = y > KOLAM_POINT_SUB_MAX ? KOLAM_POINT_SUB_MAX : y;
        x = x < -KOLAM_POINT_SUB_MAX ? -KOLAM_POINT_SUB_MAX : x;
        y = y < -KOLAM_POINT_SUB_MAX ? -KOLAM_POINT_SUB_MAX : y;
        pressure += random_between(random, -60, 60);
        pressure = pressure < 0 ? 0 : pressure > 255 ? 255 : pressure;
    }
}

/* The mask as coverage bytes, by compositing opaque black onto nothing. */
static inline void coverage_of(const struct kolam_ink_mask *mask, uint8_t *out_coverage) {
    uint32_t *pixels = calloc(KOLAM_TILE_PIXELS, sizeof *pixels);
    if (pixels == NULL) {
        abort();
    }
    kolam_ink_composite(mask, KOLAM_TOOL_PEN, 0x000000ff, pixels);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        out_coverage[i] = (uint8_t)(pixels[i] >> 24);
    }
    free(pixels);
}

static inline void draw_coverage(const struct kolam_stroke *stroke, struct kolam_tile_id tile,
                                 uint8_t *out_coverage) {
    struct kolam_ink_mask *mask = calloc(1, sizeof *mask);
    if (mask == NULL) {
        abort();
    }
    kolam_ink_add_stroke(mask, stroke, 0, tile);
    coverage_of(mask, out_coverage);
    free(mask);
}

static inline uint64_t fnv1a(const void *bytes, size_t size_bytes) {
    const uint8_t *byte = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size_bytes; i++) {
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    }
    return hash;
}

#endif
