/* The kernel's compositing is cairo's, byte for byte: colours, OVER and DEST_OUT through a mask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cairo.h>
#include <cmocka.h>

#include "tests/support/ink_strokes.h"

struct pair {
    cairo_surface_t *surface, *mask_surface;
    cairo_t *cairo;
    struct kolam_ink_mask *mask;
    uint32_t *pixels;
};

static void set_color(cairo_t *cairo, uint32_t color) {
    cairo_set_source_rgba(cairo, (color >> 24) / 255.0, ((color >> 16) & 0xff) / 255.0,
                          ((color >> 8) & 0xff) / 255.0, (color & 0xff) / 255.0);
}

/* The upper half: every coverage, x in column x. The lower: runs of none and of full among them. */
static uint8_t test_coverage(int x, int y) {
    int kind = y < KOLAM_TILE_PX / 2 ? 2 : (x / 20 + y) % 3;
    return (uint8_t)(kind == 0 ? 0 : kind == 1 ? 255 : x);
}

static struct pair pair_new(void) {
    struct pair pair = {0};
    pair.surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, KOLAM_TILE_PX, KOLAM_TILE_PX);
    pair.mask_surface = cairo_image_surface_create(CAIRO_FORMAT_A8, KOLAM_TILE_PX, KOLAM_TILE_PX);
    pair.cairo = cairo_create(pair.surface);
    pair.mask = calloc(1, sizeof *pair.mask);
    pair.pixels = calloc(KOLAM_TILE_PIXELS, sizeof *pair.pixels);
    assert_non_null(pair.mask);
    assert_non_null(pair.pixels);
    assert_int_equal(cairo_image_surface_get_stride(pair.mask_surface), KOLAM_TILE_PX);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        pair.mask->coverage[i] = test_coverage(i % KOLAM_TILE_PX, i / KOLAM_TILE_PX);
    }
    pair.mask->x1 = pair.mask->y1 = KOLAM_TILE_PX;
    cairo_surface_flush(pair.mask_surface);
    memcpy(cairo_image_surface_get_data(pair.mask_surface), pair.mask->coverage, KOLAM_TILE_PIXELS);
    cairo_surface_mark_dirty(pair.mask_surface);
    return pair;
}

static void pair_free(struct pair *pair) {
    cairo_destroy(pair->cairo);
    cairo_surface_destroy(pair->surface);
    cairo_surface_destroy(pair->mask_surface);
    free(pair->mask);
    free(pair->pixels);
}

/* Any premultiplied pixel: no channel above alpha. */
static uint32_t random_pixel(struct random_state *random) {
    uint32_t alpha = (uint32_t)random_between(random, 0, 255);
    uint32_t pixel = alpha << 24;
    for (int shift = 0; shift < 24; shift += 8) {
        pixel |= (uint32_t)random_between(random, 0, alpha) << shift;
    }
    return random_between(random, 0, 7) == 0 ? 0 : pixel;
}

static void fill_both(struct pair *pair, struct random_state *random) {
    cairo_surface_flush(pair->surface);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        pair->pixels[i] = random_pixel(random);
    }
    memcpy(cairo_image_surface_get_data(pair->surface), pair->pixels, KOLAM_TILE_PIXELS * 4u);
    cairo_surface_mark_dirty(pair->surface);
}

static uint32_t test_color(struct random_state *random, int round) {
    const uint32_t fixed[] = {0x000000ff, 0xffffffff, 0xff0000ff, 0x00000000, 0xffffff00,
                              0xffffff80, 0x0102037f, 0xfefdfc01, 0x80808080, 0x123456fe};
    return round < 10 ? fixed[round] : (uint32_t)random_bits(random);
}

static void check_operator(enum kolam_tool tool, cairo_operator_t operator, uint64_t seed) {
    struct random_state random = {seed};
    struct pair pair = pair_new();
    for (int round = 0; round < 150; round++) {
        uint32_t color = test_color(&random, round);
        fill_both(&pair, &random);
        set_color(pair.cairo, color);
        cairo_set_operator(pair.cairo, operator);
        cairo_mask_surface(pair.cairo, pair.mask_surface, 0, 0);
        cairo_surface_flush(pair.surface);
        kolam_ink_composite(pair.mask, tool, color, pair.pixels);
        assert_memory_equal(pair.pixels, cairo_image_surface_get_data(pair.surface),
                            KOLAM_TILE_PIXELS * 4u);
    }
    pair_free(&pair);
}

static void pen_and_marker_composite_as_cairo_over(void **state) {
    (void)state;
    check_operator(KOLAM_TOOL_PEN, CAIRO_OPERATOR_OVER, 1);
    check_operator(KOLAM_TOOL_MARKER, CAIRO_OPERATOR_OVER, 2);
}

static void eraser_composites_as_cairo_dest_out(void **state) {
    (void)state;
    check_operator(KOLAM_TOOL_ERASER, CAIRO_OPERATOR_DEST_OUT, 3);
}

static void every_channel_and_alpha_becomes_the_pixel_that_cairo_makes(void **state) {
    (void)state;
    struct pair pair = pair_new();
    pair.mask->x0 = 255;
    pair.mask->y1 = 1;
    cairo_set_operator(pair.cairo, CAIRO_OPERATOR_SOURCE);
    const uint8_t *data = cairo_image_surface_get_data(pair.surface);
    for (uint32_t alpha = 0; alpha < 256; alpha++) {
        for (uint32_t channel = 0; channel < 256; channel++) {
            uint32_t color = channel << 24 | (255 - channel) << 16 | (channel ^ 0x55) << 8 | alpha;
            pair.pixels[255] = 0;
            kolam_ink_composite(pair.mask, KOLAM_TOOL_PEN, color, pair.pixels);
            set_color(pair.cairo, color);
            cairo_rectangle(pair.cairo, 0, 0, 1, 1);
            cairo_fill(pair.cairo);
            cairo_surface_flush(pair.surface);
            assert_memory_equal(&pair.pixels[255], data, 4);
        }
    }
    pair_free(&pair);
}

static void composites_from_one_tile_into_another_inside_the_rectangle_only(void **state) {
    (void)state;
    struct random_state random = {5};
    struct pair pair = pair_new();
    uint32_t *under = calloc(KOLAM_TILE_PIXELS, sizeof *under);
    assert_non_null(under);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        under[i] = pair.pixels[i] = random_pixel(&random);
    }
    pair.mask->x0 = 13;
    pair.mask->y0 = 100;
    pair.mask->x1 = 201;
    pair.mask->y1 = 180;
    uint32_t *shown = calloc(KOLAM_TILE_PIXELS, sizeof *shown);
    assert_non_null(shown);
    kolam_ink_composite_onto(pair.mask, KOLAM_TOOL_PEN, 0x20406080, under, shown);
    kolam_ink_composite(pair.mask, KOLAM_TOOL_PEN, 0x20406080, pair.pixels);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        int x = i % KOLAM_TILE_PX, y = i / KOLAM_TILE_PX;
        bool is_inside = x >= 13 && x < 201 && y >= 100 && y < 180;
        assert_int_equal(shown[i], is_inside ? pair.pixels[i] : 0);
        assert_int_equal(pair.pixels[i] == under[i] || is_inside, true);
    }
    free(shown);
    free(under);
    pair_free(&pair);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pen_and_marker_composite_as_cairo_over),
        cmocka_unit_test(eraser_composites_as_cairo_dest_out),
        cmocka_unit_test(every_channel_and_alpha_becomes_the_pixel_that_cairo_makes),
        cmocka_unit_test(composites_from_one_tile_into_another_inside_the_rectangle_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
