/* The kernel's edges beside the truth (16 x 16 samples a pixel) and beside cairo's own stroker,
 * on real drawings. The bounds stand a little above what docs/rendering.md reports; when one is
 * broken the pictures are left in build/test-output/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <sys/stat.h>

#include <cmocka.h>

#include "tests/support/ink_reference.h"

struct canvas {
    struct kolam_ink_mask *mask;
    uint32_t *pixels;
    double *clear;
    uint8_t *samples;
    cairo_surface_t *surface;
    cairo_t *cairo;
};

static int canvas_setup(void **state) {
    struct canvas *canvas = calloc(1, sizeof *canvas);
    assert_non_null(canvas);
    canvas->mask = calloc(1, sizeof *canvas->mask);
    canvas->pixels = calloc(KOLAM_TILE_PIXELS, sizeof *canvas->pixels);
    canvas->clear = calloc(KOLAM_TILE_PIXELS, sizeof *canvas->clear);
    canvas->samples = calloc(SAMPLE_ROW, SAMPLE_ROW);
    canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, KOLAM_TILE_PX, KOLAM_TILE_PX);
    canvas->cairo = cairo_create(canvas->surface);
    *state = canvas;
    return canvas->mask == NULL || canvas->pixels == NULL || canvas->clear == NULL ||
           canvas->samples == NULL;
}

static int canvas_teardown(void **state) {
    struct canvas *canvas = *state;
    cairo_destroy(canvas->cairo);
    cairo_surface_destroy(canvas->surface);
    free(canvas->mask);
    free(canvas->pixels);
    free(canvas->clear);
    free(canvas->samples);
    free(canvas);
    return 0;
}

static void wipe(struct canvas *canvas) {
    memset(canvas->pixels, 0, KOLAM_TILE_PIXELS * sizeof *canvas->pixels);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        canvas->clear[i] = 1;
    }
    cairo_surface_flush(canvas->surface);
    memset(cairo_image_surface_get_data(canvas->surface), 0, KOLAM_TILE_PIXELS * 4u);
    cairo_surface_mark_dirty(canvas->surface);
}

static void draw(struct canvas *canvas, const struct kolam_stroke *stroke,
                 struct kolam_tile_id tile) {
    kolam_ink_add_stroke(canvas->mask, stroke, 0, tile);
    kolam_ink_composite(canvas->mask, KOLAM_TOOL_PEN, 0x000000ff, canvas->pixels);
    kolam_ink_mask_clear(canvas->mask);
    reference_stroke(stroke, tile, canvas->samples, canvas->clear);
}

static void the_reference_is_the_union_of_circles(void **state) {
    (void)state;
    struct random_state random = {3};
    for (int round = 0; round < 20000; round++) {
        struct place end[2];
        for (int i = 0; i < 2; i++) {
            end[i].x = (double)random_between(&random, 0, 1000) / 10;
            end[i].y = (double)random_between(&random, 0, 1000) / 10;
            end[i].radius = (double)random_between(&random, 1, 400) / 10;
        }
        double x = (double)random_between(&random, 0, 1000) / 10;
        double y = (double)random_between(&random, 0, 1000) / 10;
        double depth = -1e9;
        for (int step = 0; step <= 200; step++) {
            double t = step / 200.0;
            double cx = end[0].x + t * (end[1].x - end[0].x);
            double cy = end[0].y + t * (end[1].y - end[0].y);
            double radius = end[0].radius + t * (end[1].radius - end[0].radius);
            depth = fmax(depth, radius - hypot(x - cx, y - cy));
        }
        if (fabs(depth) > 0.05) { /* between two of the circles it may be either */
            assert_int_equal(is_inside(x, y, end[0], end[1]), depth > 0);
        }
    }
}

static void single_tapered_strokes_are_right_to_a_few_of_255(void **state) {
    struct canvas *canvas = *state;
    struct random_state random = {5};
    struct difference difference = {0};
    for (int round = 0; round < 40; round++) {
        struct kolam_point points[2];
        random_walk(&random, points, 2, 2048, 900);
        points[1].pressure = (uint8_t)random_between(&random, 60, 255);
        points[0].pressure = (uint8_t)random_between(&random, 60, 255);
        struct kolam_stroke stroke = stroke_of(points, 2, 0, 3.0 + round);
        wipe(canvas);
        draw(canvas, &stroke, (struct kolam_tile_id){0});
        for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
            difference_add(&difference, canvas->pixels[i] >> 24, 255 * (1 - canvas->clear[i]));
        }
    }
    assert_true(difference.sum / (double)difference.inked < 0.4);
    /* round ends and steep tapers are given the shadow of the axis's straight edges */
    assert_in_range(difference.largest, 0, 48);
}

/* A place on the ink's edge, between one inside and one outside, in pixels of the stroke's
 * level. */
static void find_edge(struct place a, struct place b, double inside[2], double outside[2]) {
    for (int i = 0; i < 60; i++) {
        double x = (inside[0] + outside[0]) / 2, y = (inside[1] + outside[1]) / 2;
        double *moved = is_inside(x, y, a, b) ? inside : outside;
        moved[0] = x;
        moved[1] = y;
    }
}

/* Both sides of the edge are in this tile, and each pixel is on the right one. */
static void check_edge_tile(struct canvas *canvas, const struct kolam_stroke *stroke,
                            struct kolam_tile_id tile) {
    struct place a = place_in_tile(stroke, 0, tile), b = place_in_tile(stroke, 1, tile);
    int inside = 0, outside = 0;
    wipe(canvas);
    kolam_ink_add_stroke(canvas->mask, stroke, 0, tile);
    kolam_ink_composite(canvas->mask, KOLAM_TOOL_PEN, 0x000000ff, canvas->pixels);
    kolam_ink_mask_clear(canvas->mask);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        double x = i % KOLAM_TILE_PX + 0.5, y = i / KOLAM_TILE_PX + 0.5;
        uint32_t coverage = canvas->pixels[i] >> 24;
        bool is_ink = is_inside(x, y, a, b);
        inside += is_ink;
        outside += !is_ink;
        assert_true(is_ink ? coverage > 120 : coverage < 136);
    }
    assert_true(inside > 0 && outside > 0);
}

/* Three ways lead through the pixels, and far ends are cut off: whichever it is, the edge stays
 * put. */
static void edges_of_tapers_stay_put_however_far_one_zooms_in(void **state) {
    struct canvas *canvas = *state;
    struct random_state random = {9};
    for (int round = 0; round < 300; round++) {
        bool is_long = round % 2 == 0;
        struct kolam_point points[2];
        random_walk(&random, points, 2, 4000, is_long ? 400000 : 8000);
        points[0].pressure = (uint8_t)random_between(&random, 25, 255);
        points[1].pressure = (uint8_t)random_between(&random, 25, 255);
        struct kolam_stroke stroke = stroke_of(points, 2, 0, is_long ? 90 : 500);
        struct kolam_tile_id tile = {.level = (int32_t)random_between(&random, 0, 20)};
        struct place a = place_in_tile(&stroke, 0, (struct kolam_tile_id){0});
        struct place b = place_in_tile(&stroke, 1, (struct kolam_tile_id){0});
        double angle = (double)random_between(&random, 0, 6283) / 1000;
        double t = (double)random_between(&random, 0, 100) / 100;
        double inside[2] = {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
        double outside[2] = {inside[0] + 1e6 * cos(angle), inside[1] + 1e6 * sin(angle)};
        find_edge(a, b, inside, outside);
        tile.x = (int64_t)floor(ldexp(inside[0], tile.level - KOLAM_TILE_SHIFT));
        tile.y = (int64_t)floor(ldexp(inside[1], tile.level - KOLAM_TILE_SHIFT));
        check_edge_tile(canvas, &stroke, tile);
    }
}

static void save(cairo_surface_t *surface, const char *name, const char *what) {
    char path[160];
    (void)mkdir("build", 0777);
    (void)mkdir("build/test-output", 0777);
    (void)snprintf(path, sizeof path, "build/test-output/ink-%s-%s.png", name, what);
    (void)cairo_surface_write_to_png(surface, path);
    print_message("see %s\n", path);
}

static void save_pictures(struct canvas *canvas, const char *name) {
    uint32_t *data = (uint32_t *)(void *)cairo_image_surface_get_data(canvas->surface);
    save(canvas->surface, name, "cairo");
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        uint32_t apart = (uint32_t)abs((int)(data[i] >> 24) - (int)(canvas->pixels[i] >> 24));
        data[i] = 0xff000000 | apart << 16 | apart << 8 | apart;
    }
    save(canvas->surface, name, "difference");
    memcpy(data, canvas->pixels, KOLAM_TILE_PIXELS * sizeof *data);
    cairo_surface_mark_dirty(canvas->surface);
    save(canvas->surface, name, "kernel");
}

struct bound {
    int32_t level;
    double mean_exact, mean_cairo; /* of inked pixels */
    double over_64;                /* share of inked pixels, from cairo */
};

static void compare_tile(struct canvas *canvas, struct drawing *drawing, struct kolam_tile_id tile,
                         struct difference *exact, struct difference *cairo) {
    wipe(canvas);
    for (uint32_t i = 0; i < drawing->stroke_count; i++) {
        drawing->strokes[i].tool = KOLAM_TOOL_MARKER; /* cairo has no taper */
        if (touches_tile(&drawing->strokes[i], tile)) {
            draw(canvas, &drawing->strokes[i], tile);
            cairo_draw_stroke(canvas->cairo, &drawing->strokes[i], tile);
        }
    }
    cairo_surface_flush(canvas->surface);
    const uint32_t *stroked = (const void *)cairo_image_surface_get_data(canvas->surface);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        difference_add(exact, canvas->pixels[i] >> 24, 255 * (1 - canvas->clear[i]));
        difference_add(cairo, canvas->pixels[i] >> 24, stroked[i] >> 24);
    }
}

/* A drawing is 512 px wide at level 0; at level 2 its middle will do. */
static void check_level(struct canvas *canvas, struct drawing *drawing, struct bound bound) {
    struct difference exact = {0}, cairo = {0};
    int across = bound.level < 0 ? 1 : bound.level == 0 ? 2 : 4;
    int first = bound.level == 2 ? 2 : 0;
    for (int at = 0; at < across * across; at++) {
        struct kolam_tile_id tile = {first + at % across, first + at / across, bound.level};
        compare_tile(canvas, drawing, tile, &exact, &cairo);
    }
    double inked = (double)cairo.inked;
    bool is_good = exact.sum < bound.mean_exact * (double)exact.inked &&
                   cairo.sum < bound.mean_cairo * inked &&
                   (double)cairo.over_64 < bound.over_64 * inked;
    if (!is_good) {
        print_message("%s, level %d: mean %.2f from exact, %.2f from cairo, %.3f%% over 64\n",
                      drawing->name, bound.level, exact.sum / (double)exact.inked,
                      cairo.sum / inked, 100 * (double)cairo.over_64 / inked);
        save_pictures(canvas, drawing->name);
    }
    assert_true(inked > 100);
    assert_true(is_good);
}

static void real_drawings_look_as_cairo_draws_them(void **state) {
    const struct bound bounds[] = {{-4, 4, 3, 0.001},    {-2, 8.5, 7.5, 0.02}, {-1, 7.5, 8, 0.02},
                                   {0, 3.6, 3.4, 0.005}, {1, 2, 1.8, 0.002},   {2, 1, 1, 0.001}};
    struct drawing *drawing = calloc(1, sizeof *drawing);
    FILE *file = fopen("tests/data/ink-drawings.txt", "r");
    assert_non_null(drawing);
    if (file == NULL) {
        fail_msg("tests/data/ink-drawings.txt: run from the repository's root");
    }
    int count = 0;
    while (drawing_read(file, drawing)) {
        for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
            check_level(*state, drawing, bounds[i]);
        }
        drawing_finish(drawing);
        count++;
    }
    assert_int_equal(count, 2);
    (void)fclose(file);
    free(drawing);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_is_the_union_of_circles),
        cmocka_unit_test(single_tapered_strokes_are_right_to_a_few_of_255),
        cmocka_unit_test(edges_of_tapers_stay_put_however_far_one_zooms_in),
        cmocka_unit_test(real_drawings_look_as_cairo_draws_them),
    };
    return cmocka_run_group_tests(tests, canvas_setup, canvas_teardown);
}
