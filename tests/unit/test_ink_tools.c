/* What sets the pencil and the airbrush apart: grain that lies still on the wall and changes no mean, and a soft edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/ink_strokes.h"

static uint8_t alpha[KOLAM_TILE_PIXELS];
static uint32_t pixels[KOLAM_TILE_PIXELS];
static struct kolam_ink_mask mask;

/* The stroke in opaque black, grain and all. */
static void draw(const struct kolam_stroke *stroke, struct kolam_tile_id tile) {
    memset(pixels, 0, sizeof pixels);
    kolam_ink_add_stroke(&mask, stroke, 0, tile);
    kolam_ink_composite(&mask, stroke->tool, stroke->color, pixels);
    kolam_ink_mask_clear(&mask);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        alpha[i] = (uint8_t)(pixels[i] >> 24);
    }
}

static double mean_of(int x0, int y0, int x1, int y1) {
    double sum = 0;
    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            sum += alpha[y * KOLAM_TILE_PX + x];
        }
    }
    return sum / ((x1 - x0) * (y1 - y0));
}

static double spread_of(int x0, int y0, int x1, int y1) {
    double mean = mean_of(x0, y0, x1, y1), sum = 0;
    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            double away = alpha[y * KOLAM_TILE_PX + x] - mean;
            sum += away * away;
        }
    }
    return sqrt(sum / ((x1 - x0) * (y1 - y0)));
}

/* A broad band across the world's middle, seen from a tile `finer` levels finer than it. */
static struct kolam_stroke band(struct kolam_point *points, enum kolam_tool tool, double width_px,
                                uint8_t pressure) {
    points[0] = point_at(-20000, 0, pressure);
    points[1] = point_at(20000, 0, pressure);
    struct kolam_stroke stroke = stroke_of(points, 2, 0, width_px);
    stroke.tool = tool;
    return stroke;
}

static void grain_changes_no_mean_at_any_level(void **state) {
    (void)state;
    struct kolam_point points[2];
    for (int pressure = 0; pressure <= 255; pressure += 51) {
        struct kolam_stroke stroke = band(points, KOLAM_TOOL_PENCIL, 500, (uint8_t)pressure);
        double ink = 255 * (0.25 + 0.65 * pressure / 255.0);
        for (int32_t finer = 0; finer <= 4; finer++) {
            double mean = 0;
            for (int tile = 0; tile < 16; tile++) { /* 16 rows of the band's middle */
                draw(&stroke, (struct kolam_tile_id){3 + tile, 0, finer});
                int rows = finer < 4 ? 16 << finer : 256;
                mean += mean_of(0, 0, 256, rows) / 16;
                assert_true(spread_of(0, 0, 256, rows) > 8);
            }
            assert_true(fabs(mean - ink) < 3);
        }
    }
}

static void grain_fades_from_coarser_pictures_without_changing_their_darkness(void **state) {
    (void)state;
    struct kolam_point points[2];
    struct kolam_stroke stroke = band(points, KOLAM_TOOL_PENCIL, 500, 128);
    double before = 256;
    for (int32_t coarser = 0; coarser <= 6; coarser++) {
        int half = 180 >> coarser; /* rows of ink, pressure narrows the band */
        draw(&stroke, (struct kolam_tile_id){0, 0, -coarser});
        double spread = spread_of(0, 0, 256, half > 8 ? half / 8 : 1);
        assert_true(spread < 0.7 * before || spread < 0.5);
        before = spread;
        double total = mean_of(0, 0, 256, 256) * (1 << coarser);
        double expected =
            255 * (0.25 + 0.65 * 128 / 255.0) * 5 / 6 * 500 * (0.5 + 64 / 255.0) / 2 / 256;
        assert_true(fabs(total - expected) < 0.03 * expected);
    }
    assert_true(before < 0.5);
}

/* Far finer than the stroke the paper is smooth: no step at a tile's edge is larger than those inside. */
static void grain_goes_on_across_tiles(void **state) {
    (void)state;
    struct kolam_point points[2];
    uint8_t last_column[KOLAM_TILE_PX];
    struct kolam_stroke stroke = band(points, KOLAM_TOOL_PENCIL, 500, 128);
    int inside = 0, across = 0;
    for (int64_t x = -2; x <= 2; x++) {
        draw(&stroke, (struct kolam_tile_id){x, 0, 4});
        for (int y = 0; y < KOLAM_TILE_PX; y++) {
            const uint8_t *row = alpha + y * KOLAM_TILE_PX;
            for (int column = 1; column < KOLAM_TILE_PX; column++) {
                int step = abs(row[column] - row[column - 1]);
                inside = step > inside ? step : inside;
            }
            int step = x > -2 ? abs(row[0] - last_column[y]) : 0;
            across = step > across ? step : across;
            last_column[y] = row[KOLAM_TILE_PX - 1];
        }
    }
    assert_true(across <= inside);
    assert_true(inside < 120);
}

/* Two strokes over the same place leave the same pits. */
static void grain_belongs_to_the_wall_not_to_the_stroke(void **state) {
    (void)state;
    static uint8_t first[KOLAM_TILE_PIXELS];
    struct kolam_point points[2] = {point_at(20, 128, 200), point_at(236, 128, 200)};
    struct kolam_stroke stroke = stroke_of(points, 2, 5, 80);
    stroke.tool = KOLAM_TOOL_PENCIL;
    draw(&stroke, (struct kolam_tile_id){.level = 5});
    memcpy(first, alpha, sizeof first);
    points[0].x += 3, points[1].x += 5; /* the same band, begun and ended elsewhere */
    draw(&stroke, (struct kolam_tile_id){.level = 5});
    for (int y = 110; y < 146; y++) {
        for (int x = 80; x < 180; x++) {
            assert_int_equal(alpha[y * KOLAM_TILE_PX + x], first[y * KOLAM_TILE_PX + x]);
        }
    }
}

static void the_airbrush_fades_from_the_middle_to_its_radius(void **state) {
    (void)state;
    struct kolam_point point = point_at(128.5, 128.5, 255);
    struct kolam_stroke stroke = stroke_of(&point, 1, 0, 160);
    stroke.tool = KOLAM_TOOL_AIRBRUSH;
    draw(&stroke, (struct kolam_tile_id){0});
    assert_true(alpha[128 * KOLAM_TILE_PX + 128] >= 254);
    for (int x = 128; x < 220; x++) {
        double r = (x - 128) / 80.0, expected = r < 1 ? 255 * (1 - r * r) * (1 - r * r) : 0;
        int here = alpha[128 * KOLAM_TILE_PX + x];
        assert_true(fabs(here - expected) < 2);
        assert_true(here >= alpha[128 * KOLAM_TILE_PX + x + 1]);
        assert_int_equal(here, alpha[x * KOLAM_TILE_PX + 128]);
    }
}

static void the_airbrush_lays_down_the_same_ink_at_any_level(void **state) {
    (void)state;
    struct kolam_point points[2] = {point_at(-300, 40, 255), point_at(600, 40, 255)};
    for (double width = 0.3; width < 60; width *= 1.4) {
        struct kolam_stroke stroke = stroke_of(points, 2, 0, width);
        stroke.tool = KOLAM_TOOL_AIRBRUSH;
        draw(&stroke, (struct kolam_tile_id){0});
        double per_px = mean_of(0, 0, 256, 256) * 256 / 255, expected = width * 8 / 15;
        assert_true(fabs(per_px - expected) < 0.12 * expected + 0.01);
    }
}

static void pressure_makes_the_airbrush_fainter_not_narrower(void **state) {
    (void)state;
    struct kolam_point points[2];
    struct kolam_stroke stroke = band(points, KOLAM_TOOL_AIRBRUSH, 100, 255);
    draw(&stroke, (struct kolam_tile_id){0});
    int full = alpha[0], full_edge = alpha[30 * KOLAM_TILE_PX];
    stroke = band(points, KOLAM_TOOL_AIRBRUSH, 100, 102);
    draw(&stroke, (struct kolam_tile_id){0});
    assert_in_range(alpha[0], full * 0.38, full * 0.42);
    assert_in_range(alpha[30 * KOLAM_TILE_PX], full_edge * 0.38, full_edge * 0.43);
}

/* Airbrush held still, pressed harder and harder. */
static void ink_laid_on_ink_at_one_place_keeps_the_most(void **state) {
    (void)state;
    struct kolam_point points[3] = {point_at(100, 100, 50), point_at(100, 100, 250),
                                    point_at(100, 100, 90)};
    struct kolam_stroke stroke = stroke_of(points, 3, 0, 60);
    stroke.tool = KOLAM_TOOL_AIRBRUSH;
    draw(&stroke, (struct kolam_tile_id){0});
    assert_in_range(alpha[100 * KOLAM_TILE_PX + 100], 245, 251);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grain_changes_no_mean_at_any_level),
        cmocka_unit_test(grain_fades_from_coarser_pictures_without_changing_their_darkness),
        cmocka_unit_test(grain_goes_on_across_tiles),
        cmocka_unit_test(grain_belongs_to_the_wall_not_to_the_stroke),
        cmocka_unit_test(the_airbrush_fades_from_the_middle_to_its_radius),
        cmocka_unit_test(the_airbrush_lays_down_the_same_ink_at_any_level),
        cmocka_unit_test(pressure_makes_the_airbrush_fainter_not_narrower),
        cmocka_unit_test(ink_laid_on_ink_at_one_place_keeps_the_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
