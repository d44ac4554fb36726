/* Filled shapes: the exact area they wind around, cairo as the witness, at every level and size; and that homes and
 * hostile contours hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cairo.h>
#include <cmocka.h>

#include "tests/support/ink_strokes.h"

#define POINTS 4096

static struct kolam_point points[POINTS];
static uint32_t sizes[KOLAM_CONTOURS_MAX];
static uint8_t kernel[KOLAM_TILE_PIXELS], witness[KOLAM_TILE_PIXELS];

static struct kolam_stroke shape_of(uint32_t contour_count) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < contour_count; i++) {
        count += sizes[i];
    }
    struct kolam_stroke shape = stroke_of(points, count, 0, 1);
    shape.tool = KOLAM_TOOL_FILL;
    shape.has_pressure = false;
    shape.contour_count = contour_count;
    shape.contour_sizes = sizes;
    return shape;
}

static void cairo_draw_shape(cairo_t *cairo, const struct kolam_stroke *shape,
                             struct kolam_tile_id tile, double zoom) {
    const struct kolam_point *point = shape->points;
    double scale = ldexp(1.0, tile.level - shape->origin.level) / KOLAM_SUB_PER_PX;
    cairo_new_path(cairo);
    for (uint32_t i = 0; i < shape->contour_count; i++) {
        cairo_new_sub_path(cairo);
        for (uint32_t at = 0; at < shape->contour_sizes[i]; at++, point++) {
            cairo_line_to(cairo, (point->x * scale - (double)tile.x * KOLAM_TILE_PX) * zoom,
                          (point->y * scale - (double)tile.y * KOLAM_TILE_PX) * zoom);
        }
        cairo_close_path(cairo);
    }
    cairo_fill(cairo);
}

/* Of each pixel `zoom` x `zoom` of cairo's are averaged. */
static void draw_witness(const struct kolam_stroke *shape, struct kolam_tile_id tile, int zoom) {
    int side = KOLAM_TILE_PX * zoom;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, side, side);
    cairo_t *cairo = cairo_create(surface);
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_BEST);
    cairo_draw_shape(cairo, shape, tile, zoom);
    cairo_surface_flush(surface);
    const uint8_t *bytes = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        unsigned sum = 0;
        for (int j = 0; j < zoom * zoom; j++) {
            int x = i % KOLAM_TILE_PX * zoom + j % zoom, y = i / KOLAM_TILE_PX * zoom + j / zoom;
            sum += bytes[y * stride + x];
        }
        witness[i] = (uint8_t)((sum + (unsigned)(zoom * zoom) / 2) / (unsigned)(zoom * zoom));
    }
    cairo_destroy(cairo);
    cairo_surface_destroy(surface);
}

struct gap {
    int largest;
    double mean; /* over pixels with any ink */
};

static struct gap compare(const struct kolam_stroke *shape, struct kolam_tile_id tile, int zoom) {
    struct gap gap = {0};
    int inked = 0;
    draw_coverage(shape, tile, kernel);
    draw_witness(shape, tile, zoom);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        int away = abs(kernel[i] - witness[i]);
        gap.largest = away > gap.largest ? away : gap.largest;
        gap.mean += away;
        inked += kernel[i] > 0 || witness[i] > 0;
    }
    gap.mean /= inked > 0 ? inked : 1;
    return gap;
}

/* A ring about (x, y), its radius wobbling; `turn` -1 runs the other way. */
static void add_ring(uint32_t contour, uint32_t count, double x, double y, double radius,
                     double wobble, int turn, struct random_state *random) {
    uint32_t first = 0;
    for (uint32_t i = 0; i < contour; i++) {
        first += sizes[i];
    }
    for (uint32_t i = 0; i < count; i++) {
        double angle = turn * 2 * M_PI * i / count;
        double r = radius * (1 + wobble * (double)random_between(random, -100, 100) / 100);
        points[first + i] = point_at(x + r * cos(angle), y + r * sin(angle), 255);
    }
    sizes[contour] = count;
}

static void fills_a_simple_shape_by_its_exact_area(void **state) {
    (void)state;
    struct random_state random = {5};
    for (int round = 0; round < 60; round++) {
        add_ring(0, (uint32_t)random_between(&random, 3, 60), 128 + round, 100, 20 + 3 * round, 0.2,
                 round % 2 ? 1 : -1, &random);
        struct kolam_stroke shape = shape_of(1);
        struct gap gap = compare(&shape, (struct kolam_tile_id){0}, 4);
        assert_in_range(gap.largest, 0, 6); /* cairo's own grid, coarser than ours */
        assert_true(gap.mean < 0.1);
    }
}

static void a_rectangle_on_eighths_is_exact(void **state) {
    (void)state;
    points[0] = (struct kolam_point){.x = 83, .y = 161};
    points[1] = (struct kolam_point){.x = 1204, .y = 161};
    points[2] = (struct kolam_point){.x = 1204, .y = 999};
    points[3] = (struct kolam_point){.x = 83, .y = 999};
    sizes[0] = 4;
    struct kolam_stroke shape = shape_of(1);
    draw_coverage(&shape, (struct kolam_tile_id){0}, kernel);
    assert_int_equal(kernel[50 * KOLAM_TILE_PX + 50], 255);
    assert_int_equal(kernel[50 * KOLAM_TILE_PX + 10], 159);  /* 5/8 */
    assert_int_equal(kernel[20 * KOLAM_TILE_PX + 50], 223);  /* 7/8 */
    assert_int_equal(kernel[124 * KOLAM_TILE_PX + 50], 223); /* 7/8 */
    assert_int_equal(kernel[20 * KOLAM_TILE_PX + 150], 112); /* 7/8 of 1/2 */
    assert_int_equal(kernel[50 * KOLAM_TILE_PX + 9], 0);
    assert_int_equal(kernel[125 * KOLAM_TILE_PX + 50], 0);
}

static void leaves_holes_where_a_contour_runs_the_other_way(void **state) {
    (void)state;
    struct random_state random = {6};
    add_ring(0, 80, 120, 120, 100, 0.02, 1, &random);
    add_ring(1, 60, 130, 110, 40, 0.1, -1, &random);
    add_ring(2, 20, 60, 120, 20, 0.0, 1, &random); /* the same way: nothing changes */
    struct kolam_stroke shape = shape_of(3);
    struct gap gap = compare(&shape, (struct kolam_tile_id){0}, 4);
    assert_in_range(gap.largest, 0, 9);
    assert_int_equal(kernel[110 * KOLAM_TILE_PX + 130], 0);
    assert_int_equal(kernel[120 * KOLAM_TILE_PX + 60], 255);
}

/* Wound around twice, and both ways. */
static void fills_what_crosses_itself(void **state) {
    (void)state;
    struct random_state random = {7};
    for (int round = 0; round < 40; round++) {
        for (uint32_t i = 0; i < 9; i++) {
            points[i] = point_at((double)random_between(&random, 4, 250),
                                 (double)random_between(&random, 4, 250), 255);
        }
        sizes[0] = 9;
        struct kolam_stroke shape = shape_of(1);
        struct gap gap = compare(&shape, (struct kolam_tile_id){0}, 4);
        assert_true(gap.mean <
                    0.7); /* up to 2/3 of 255 where edges cross in a pixel, else as above */
    }
}

static void looks_the_same_from_every_level(void **state) {
    (void)state;
    struct random_state random = {8};
    for (int32_t level = -8; level <= 4; level++) {
        add_ring(0, 50, 90, 90, 80, 0.3, 1, &random);
        add_ring(1, 50, 95, 90, 30, 0.3, -1, &random);
        struct kolam_stroke shape = shape_of(2);
        struct kolam_tile_id tile = {.level = level};
        tile.x = tile.y = level > 0 ? 1 << (level - 1) : 0;
        struct gap gap = compare(&shape, tile, 8);
        assert_in_range(gap.largest, 0, 4);
    }
}

/* Five points crossing each other, some pixels large and smaller: its lobes turn both ways. */
static void is_as_dark_far_away_as_its_area(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 4; i++) { /* a bow tie: two triangles, one turned each way */
        points[i] = point_at(i % 3 == 0 ? 100 : 140, i < 2 ? 100 : 140, 255);
    }
    struct kolam_point swapped = points[1];
    points[1] = points[2];
    points[2] = swapped;
    sizes[0] = 4;
    struct kolam_stroke shape = shape_of(1);
    for (int32_t level = -5; level <= 0; level++) {
        draw_coverage(&shape, (struct kolam_tile_id){.level = level}, kernel);
        double sum = 0, area = 800 * ldexp(1, 2 * level);
        for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
            sum += kernel[i] / 255.0;
        }
        assert_true(fabs(sum - area) < 0.07 * area + 0.01);
    }
}

static void tiles_meet_without_a_seam(void **state) {
    (void)state;
    static uint8_t shifted[KOLAM_TILE_PIXELS];
    struct random_state random = {9};
    for (int round = 0; round < 200; round++) {
        int32_t level = (int32_t)random_between(&random, -4, 4);
        int32_t half_tile = level < 0 ? 1024 << -level : 1024 >> level;
        double radius = (double)(4 << random_between(&random, 0, 7));
        add_ring(0, 40, 200, 100, radius, 0.5, 1, &random);
        struct kolam_stroke shape = shape_of(1);
        draw_coverage(&shape, (struct kolam_tile_id){.level = level}, kernel);
        for (int i = 0; i < 40; i++) {
            points[i].x -= half_tile;
        }
        draw_coverage(&shape, (struct kolam_tile_id){.level = level}, shifted);
        for (int y = 0; y < KOLAM_TILE_PX; y++) {
            for (int x = 0; x < KOLAM_TILE_PX / 2; x++) {
                int right = kernel[y * KOLAM_TILE_PX + 128 + x];
                int left = shifted[y * KOLAM_TILE_PX + x];
                assert_in_range(abs(right - left), 0, 1);
            }
        }
    }
}

static bool is_home(const struct kolam_home *homes, uint32_t count, int64_t x, int64_t y, int px,
                    int py) {
    for (uint32_t i = 0; i < count; i++) {
        if (homes[i].tile.x == x && homes[i].tile.y == y) {
            return px >= homes[i].x0 && px <= homes[i].x1 && py >= homes[i].y0 && py <= homes[i].y1;
        }
    }
    return false;
}

/* Exactly the tiles with ink, give or take those that only the outline's reach touches. */
static void is_homed_where_it_has_ink_and_nowhere_else(void **state) {
    (void)state;
    static struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    struct random_state random = {10};
    for (int round = 0; round < 30; round++) {
        add_ring(0, (uint32_t)random_between(&random, 3, 30), 700, 600, 900, 0.3, 1, &random);
        add_ring(1, 30, 720, 640, 600, 0.02, round % 3 ? -1 : 1, &random);
        struct kolam_stroke shape = shape_of(2);
        uint32_t count, inked = 0;
        assert_int_equal(kolam_stroke_homes(&shape, homes, &count), KOLAM_OK);
        for (int64_t y = -4; y <= 8; y++) {
            for (int64_t x = -4; x <= 8; x++) {
                bool has_ink = false;
                draw_coverage(&shape, (struct kolam_tile_id){x, y, 0}, kernel);
                for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
                    has_ink = has_ink || kernel[i] > 0;
                    if (kernel[i] > 0) {
                        assert_true(is_home(homes, count, x, y, i % 256, i / 256));
                    }
                }
                inked += has_ink;
            }
        }
        assert_true(inked <= count && count <= inked + 12);
    }
}

static int32_t extreme(struct random_state *random) {
    const int32_t values[] = {0, 1, -1, 8, 2047, 2048, 1023, 1024, -2048, 1 << 20, -(1 << 20)};
    int64_t pick = random_between(random, 0, 15);
    return pick <= 10 ? values[pick] : (int32_t)random_between(random, -(1 << 20), 1 << 20);
}

static void hostile_contours_do_no_harm(void **state) {
    (void)state;
    static struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    struct random_state random = {12};
    struct kolam_ink_mask *mask = calloc(1, sizeof *mask);
    assert_non_null(mask);
    for (int round = 0; round < 4000; round++) {
        uint32_t contours = (uint32_t)random_between(&random, 1, 5), count = 0;
        for (uint32_t i = 0; i < contours; i++) {
            sizes[i] = (uint32_t)random_between(&random, 1, 6);
            count += sizes[i];
        }
        for (uint32_t i = 0; i < count; i++) {
            points[i] = (struct kolam_point){.x = extreme(&random), .y = extreme(&random)};
        }
        struct kolam_stroke shape = shape_of(contours);
        shape.origin.level = (int32_t)random_between(&random, KOLAM_LEVEL_MIN, KOLAM_LEVEL_MAX);
        struct kolam_tile_id tile = {
            .x = random_between(&random, -2, 2),
            .y = random_between(&random, -2, 2),
            .level = (int32_t)random_between(&random, KOLAM_LEVEL_MIN, KOLAM_LEVEL_MAX)};
        uint32_t home_count;
        (void)!kolam_stroke_homes(&shape, homes, &home_count);
        kolam_ink_add_stroke(mask, &shape, (uint32_t)(round % 3), tile);
        for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
            int x = i % KOLAM_TILE_PX, y = i / KOLAM_TILE_PX;
            bool is_inside = x >= mask->x0 && y >= mask->y0 && x < mask->x1 && y < mask->y1;
            assert_true(is_inside || mask->coverage[i] == 0);
            assert_int_equal(mask->area[i], 0);
        }
        kolam_ink_mask_clear(mask);
    }
    free(mask);
}

/* What was drawn of the smaller shape is gone when it has grown into another. */
static void a_growing_shape_is_drawn_anew(void **state) {
    (void)state;
    struct kolam_ink_mask *mask = calloc(1, sizeof *mask);
    struct random_state random = {14};
    assert_non_null(mask);
    add_ring(0, 40, 120, 120, 90, 0.6, 1, &random);
    struct kolam_stroke shape = shape_of(1);
    for (uint32_t count = 1; count <= 40; count++) {
        sizes[0] = count;
        shape.point_count = count;
        kolam_ink_add_stroke(mask, &shape, count - 1, (struct kolam_tile_id){0});
    }
    coverage_of(mask, witness);
    draw_coverage(&shape, (struct kolam_tile_id){0}, kernel);
    assert_memory_equal(kernel, witness, sizeof kernel);
    free(mask);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_a_simple_shape_by_its_exact_area),
        cmocka_unit_test(a_rectangle_on_eighths_is_exact),
        cmocka_unit_test(leaves_holes_where_a_contour_runs_the_other_way),
        cmocka_unit_test(fills_what_crosses_itself),
        cmocka_unit_test(looks_the_same_from_every_level),
        cmocka_unit_test(is_as_dark_far_away_as_its_area),
        cmocka_unit_test(tiles_meet_without_a_seam),
        cmocka_unit_test(is_homed_where_it_has_ink_and_nowhere_else),
        cmocka_unit_test(hostile_contours_do_no_harm),
        cmocka_unit_test(a_growing_shape_is_drawn_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
