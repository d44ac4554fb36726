/* The ink kernel as its users see it: what is covered, that it does not depend on how a stroke
 * came in, that tiles meet, and that nothing a stroke can hold does harm (run under the
 * sanitizers too). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/ink_strokes.h"

#define LINE_TOOLS 5 /* tools whose points make a line */

static struct kolam_ink_mask *mask_new(void) {
    struct kolam_ink_mask *mask = malloc(sizeof *mask);
    assert_non_null(mask);
    kolam_ink_mask_init(mask);
    return mask;
}

static double total(const uint8_t *coverage) {
    double sum = 0;
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        sum += coverage[i];
    }
    return sum / 255.0;
}

static int largest_difference(const uint8_t *a, const uint8_t *b) {
    int largest = 0;
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        int difference = abs(a[i] - b[i]);
        largest = difference > largest ? difference : largest;
    }
    return largest;
}

static void covers_the_area_of_a_dot(void **state) {
    (void)state;
    static uint8_t coverage[KOLAM_TILE_PIXELS];
    const double widths[] = {0.3, 0.7, 0.75, 1.0, 1.5, 2.0, 7.0, 40.0, 200.0};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        double mean = 0, area = M_PI * widths[i] * widths[i] / 4;
        for (int step = 0; step < 64; step++) { /* wherever in its pixel */
            struct kolam_point point = point_at(128 + step % 8 / 8.0, 128 + step / 8 / 8.0, 255);
            struct kolam_stroke stroke = stroke_of(&point, 1, 0, widths[i]);
            draw_coverage(&stroke, (struct kolam_tile_id){0}, coverage);
            double slack = widths[i] < 0.75 ? 0.02 : widths[i] < 1 ? 0.51 : 0.12;
            assert_true(fabs(total(coverage) - area) <= slack * area + 4 * 0.5 / 255);
            mean += total(coverage) / 64;
        }
        assert_true(fabs(mean - area) <= 0.04 * area);
    }
}

static void covers_the_area_of_a_line(void **state) {
    (void)state;
    static uint8_t coverage[KOLAM_TILE_PIXELS];
    const double widths[] = {0.1, 0.3, 0.6, 0.9, 1.0, 1.4, 3.0, 10.0, 60.0};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        for (int angle = 0; angle < 360; angle += 7) {
            double dx = 60 * cos(angle * M_PI / 180), dy = 60 * sin(angle * M_PI / 180);
            struct kolam_point points[] = {point_at(128 - dx, 128 - dy, 255),
                                           point_at(128 + dx, 128 + dy, 255)};
            struct kolam_stroke stroke = stroke_of(points, 2, 0, widths[i]);
            draw_coverage(&stroke, (struct kolam_tile_id){0}, coverage);
            double area = 120 * widths[i] + M_PI * widths[i] * widths[i] / 4;
            assert_true(fabs(total(coverage) - area) <= 0.01 * area + 200 * 0.5 / 255);
        }
    }
}

static void does_not_darken_where_a_stroke_crosses_itself(void **state) {
    (void)state;
    static uint8_t both[KOLAM_TILE_PIXELS], one[KOLAM_TILE_PIXELS], other[KOLAM_TILE_PIXELS];
    struct kolam_point points[] = {point_at(20, 20, 255), point_at(220, 200, 255),
                                   point_at(220, 20, 255), point_at(20, 200, 255)};
    struct kolam_stroke stroke = stroke_of(points, 4, 0, 6);
    draw_coverage(&stroke, (struct kolam_tile_id){0}, both);
    stroke.point_count = 3;
    draw_coverage(&stroke, (struct kolam_tile_id){0}, one);
    stroke.points = points + 2;
    stroke.point_count = 2;
    draw_coverage(&stroke, (struct kolam_tile_id){0}, other);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        assert_int_equal(both[i], one[i] > other[i] ? one[i] : other[i]);
    }
}

static void gives_the_marker_one_width_and_the_pen_a_tenth_at_least(void **state) {
    (void)state;
    static uint8_t marker[KOLAM_TILE_PIXELS], pen[KOLAM_TILE_PIXELS];
    struct kolam_point points[] = {point_at(40, 128, 0), point_at(200, 128, 0)};
    struct kolam_stroke stroke = stroke_of(points, 2, 0, 40);
    draw_coverage(&stroke, (struct kolam_tile_id){0}, pen);
    assert_true(fabs(total(pen) - (160 * 4 + M_PI * 4)) < 1);
    stroke.tool = KOLAM_TOOL_MARKER;
    draw_coverage(&stroke, (struct kolam_tile_id){0}, marker);
    assert_true(fabs(total(marker) - (160 * 40 + M_PI * 400)) < 5);
}

/* Both rules, all levels at which the walk is of use: equal bytes and equal rectangle. */
static void appending_gives_what_drawing_at_once_gives(void **state) {
    (void)state;
    static uint8_t at_once[KOLAM_TILE_PIXELS], appended[KOLAM_TILE_PIXELS];
    static struct kolam_point points[64];
    struct random_state random = {11};
    struct kolam_ink_mask *whole = mask_new(), *grown = mask_new();
    for (int round = 0; round < 600; round++) {
        uint32_t count = (uint32_t)random_between(&random, 1, 64);
        random_walk(&random, points, count, 2048, 1 << random_between(&random, 0, 11));
        struct kolam_stroke stroke = stroke_of(points, count, 3, 0);
        stroke.width = (uint32_t)random_between(&random, 1, 1 << random_between(&random, 1, 17));
        stroke.tool = (enum kolam_tool)(round % LINE_TOOLS);
        struct kolam_tile_id tile = {.level = 3 + (int32_t)random_between(&random, -9, 3)};
        kolam_ink_add_stroke(whole, &stroke, 0, tile);
        for (uint32_t done = 0; done < count;) {
            stroke.point_count = done + (uint32_t)random_between(&random, 1, count - done);
            kolam_ink_add_stroke(grown, &stroke, done, tile);
            done = stroke.point_count;
        }
        coverage_of(whole, at_once);
        coverage_of(grown, appended);
        assert_memory_equal(at_once, appended, sizeof at_once);
        assert_int_equal(whole->x0, grown->x0);
        assert_int_equal(whole->y1, grown->y1);
        kolam_ink_mask_clear(whole);
        kolam_ink_mask_clear(grown);
    }
    free(whole);
    free(grown);
}

static void drawing_backwards_gives_the_same_picture(void **state) {
    (void)state;
    static uint8_t forth[KOLAM_TILE_PIXELS], back[KOLAM_TILE_PIXELS];
    struct kolam_point points[40], reversed[40];
    struct random_state random = {13};
    for (int round = 0; round < 100; round++) {
        random_walk(&random, points, 40, 2048, 300);
        for (int i = 0; i < 40; i++) {
            reversed[i] = points[39 - i];
        }
        struct kolam_stroke stroke = stroke_of(points, 40, 0, 0.1 * pow(1.09, round));
        draw_coverage(&stroke, (struct kolam_tile_id){0}, forth);
        stroke.points = reversed;
        draw_coverage(&stroke, (struct kolam_tile_id){0}, back);
        assert_in_range(largest_difference(forth, back), 0,
                        8); /* the first end has a dot of its own */
    }
}

/* The right half of one tile against the left half of a tile that lies half a tile further. Points
 * move by half a tile instead of the tile, so the two must agree pixel by pixel. */
static void tiles_meet_without_a_seam(void **state) {
    (void)state;
    static uint8_t here[KOLAM_TILE_PIXELS], there[KOLAM_TILE_PIXELS];
    struct kolam_point points[30], shifted[30];
    struct random_state random = {17};
    for (int round = 0; round < 400; round++) {
        int32_t finer = (int32_t)random_between(&random, -8, 8);
        int32_t half_tile = finer < 0 ? 1024 << -finer : 1024 >> finer;
        random_walk(&random, points, 30, 2048, 1 << random_between(&random, 3, 9));
        for (int i = 0; i < 30; i++) {
            shifted[i] = points[i];
            shifted[i].x -= half_tile;
        }
        struct kolam_stroke stroke = stroke_of(points, 30, 2, 0);
        stroke.width = (uint32_t)random_between(&random, 1, 1 << random_between(&random, 1, 14));
        stroke.tool = (enum kolam_tool)(round % LINE_TOOLS);
        struct kolam_tile_id tile = {.level = 2 + finer};
        draw_coverage(&stroke, tile, here);
        stroke.points = shifted;
        draw_coverage(&stroke, tile, there);
        for (int y = 0; y < KOLAM_TILE_PX; y++) {
            for (int x = 0; x < KOLAM_TILE_PX / 2; x++) {
                int right = here[y * KOLAM_TILE_PX + 128 + x], left = there[y * KOLAM_TILE_PX + x];
                /* equal, but where a sum of areas or a cut segment was rounded the other way */
                assert_in_range(abs(right - left), 0, 1);
            }
        }
    }
}

static void is_exact_far_from_the_origin(void **state) {
    (void)state;
    static uint8_t near[KOLAM_TILE_PIXELS], far[KOLAM_TILE_PIXELS];
    struct kolam_point points[50];
    struct random_state random = {19};
    for (int32_t level = -20; level <= KOLAM_LEVEL_MAX; level += 4) {
        random_walk(&random, points, 50, 2048, 300);
        struct kolam_stroke stroke = stroke_of(points, 50, level, 3.3);
        struct kolam_tile_id tile = {.level = level};
        draw_coverage(&stroke, tile, near);
        stroke.origin.x = tile.x = kolam_tile_coord_max(level) - 1;
        stroke.origin.y = tile.y = kolam_tile_coord_min(level) + 1;
        draw_coverage(&stroke, tile, far);
        assert_memory_equal(near, far, sizeof near);
    }
}

/* A dot 512 px wide at one of the coarsest levels; its leftmost edge falls on a tile's edge at
 * every finer one. */
static void zooms_into_ink_to_the_deepest_level(void **state) {
    (void)state;
    static uint8_t coverage[KOLAM_TILE_PIXELS];
    struct kolam_point point = {.x = 1024, .y = 1024, .pressure = 255};
    struct kolam_stroke stroke = stroke_of(&point, 1, KOLAM_LEVEL_MIN + 2, 512);
    for (int32_t finer = 1; finer <= 46; finer++) {
        int64_t half = INT64_C(1) << (finer - 1);
        struct kolam_tile_id tile = {-half, half, stroke.origin.level + finer};
        assert_true(kolam_tile_is_valid(tile));
        draw_coverage(&stroke, tile, coverage);
        bool is_straight = finer > 10;                            /* no curve is left to see */
        int inside = !is_straight ? 240 : finer > 40 ? 127 : 255; /* doubles end at half a pixel */
        assert_in_range(coverage[0], inside, 255);                /* the edge itself is at x = 0 */
        assert_int_equal(coverage[255], 255);
        assert_true(!is_straight || total(coverage) > KOLAM_TILE_PIXELS * 0.9);
        tile.x--;
        draw_coverage(&stroke, tile, coverage);
        assert_int_equal(coverage[0], 0);
        assert_in_range(coverage[255], 0, 255 - inside);
        tile.x = tile.y = finer > 2 ? half : 0;
        draw_coverage(&stroke, tile, coverage);
        assert_true(total(coverage) == KOLAM_TILE_PIXELS || finer < 3);
    }
}

static bool is_seen_from(struct kolam_tile_id tile, const struct kolam_home *homes,
                         uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (kolam_tile_contains(tile, homes[i].tile) || kolam_tile_contains(homes[i].tile, tile)) {
            return true;
        }
    }
    return false;
}

/* Tiles are drawn from the strokes homed at them, above or below: elsewhere must be next to no
 * ink. */
static void leaves_no_ink_where_a_stroke_is_not_homed(void **state) {
    (void)state;
    static uint8_t coverage[KOLAM_TILE_PIXELS];
    static struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    struct kolam_point points[12];
    struct random_state random = {43};
    int largest = 0, checked = 0;
    for (int round = 0; round < 3000; round++) {
        random_walk(&random, points, 12, 2048, 400);
        double width = (double)(1 << random_between(&random, 0, 6));
        struct kolam_stroke stroke = stroke_of(points, 12, 0, width);
        stroke.tool = (enum kolam_tool)(round % LINE_TOOLS);
        uint32_t count;
        assert_int_equal(kolam_stroke_homes(&stroke, homes, &count), KOLAM_OK);
        struct kolam_tile_id home = homes[random_between(&random, 0, count - 1)].tile;
        struct kolam_tile_id tile =
            kolam_tile_ancestor(home, (int32_t)random_between(&random, -7, 0));
        tile.x += random_between(&random, -1, 1);
        tile.y += random_between(&random, -1, 1);
        if (is_seen_from(tile, homes, count)) {
            continue;
        }
        checked++;
        draw_coverage(&stroke, tile, coverage);
        for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
            largest = coverage[i] > largest ? coverage[i] : largest;
        }
    }
    assert_true(checked > 500);
    assert_in_range(largest, 0, 8);
}

/* Zooming in fourfold and halving twice gives the picture that was drawn directly. */
static void looks_the_same_from_every_level(void **state) {
    (void)state;
    static uint8_t direct[KOLAM_TILE_PIXELS], fine[KOLAM_TILE_PIXELS];
    static double averaged[KOLAM_TILE_PIXELS];
    struct kolam_point points[20];
    struct random_state random = {23};
    const double widths[] = {0.3, 0.7, 0.95, 1.05, 1.6, 3, 9, 33};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        random_walk(&random, points, 20, 2048, 500);
        struct kolam_stroke stroke = stroke_of(points, 20, 0, widths[i]);
        stroke.tool = KOLAM_TOOL_MARKER;
        draw_coverage(&stroke, (struct kolam_tile_id){0}, direct);
        memset(averaged, 0, sizeof averaged);
        for (int part = 0; part < 16; part++) {
            int64_t tile_x = part % 4, tile_y = part / 4;
            draw_coverage(&stroke, (struct kolam_tile_id){tile_x, tile_y, 2}, fine);
            for (int y = 0; y < KOLAM_TILE_PX; y++) {
                for (int x = 0; x < KOLAM_TILE_PX; x++) {
                    int64_t at = (tile_y * 64 + y / 4) * KOLAM_TILE_PX + tile_x * 64 + x / 4;
                    averaged[at] += fine[y * KOLAM_TILE_PX + x] / 16.0;
                }
            }
        }
        double difference = 0, ink = 0;
        for (int pixel = 0; pixel < KOLAM_TILE_PIXELS; pixel++) {
            difference += fabs(direct[pixel] - averaged[pixel]);
            ink += averaged[pixel];
        }
        assert_true(difference < 0.07 * ink);
    }
}

/* Eight thousand steps of an eighth of a pixel at a level where each is a thousandth of one. */
static void thin_segments_far_shorter_than_a_pixel_do_not_vanish(void **state) {
    (void)state;
    static uint8_t coverage[KOLAM_TILE_PIXELS];
    static struct kolam_point points[KOLAM_STROKE_POINTS_MAX];
    for (int i = 0; i < KOLAM_STROKE_POINTS_MAX; i++) {
        points[i] = (struct kolam_point){.x = i, .y = 700, .pressure = 255};
    }
    for (int32_t level = -3; level >= -9; level--) {
        double scale = pow(2, level), length = (KOLAM_STROKE_POINTS_MAX - 1) / 8.0 * scale;
        struct kolam_stroke stroke = stroke_of(points, KOLAM_STROKE_POINTS_MAX, 0, 6);
        draw_coverage(&stroke, (struct kolam_tile_id){.level = level}, coverage);
        double area = length * 6 * scale + M_PI * 9 * scale * scale;
        assert_true(fabs(total(coverage) - area) < 0.02 * area + 2 / 255.0);
    }
}

static void a_scribble_of_thin_ink_fills_its_pixels_and_no_more(void **state) {
    (void)state;
    static uint8_t coverage[KOLAM_TILE_PIXELS];
    static struct kolam_point points[KOLAM_STROKE_POINTS_MAX];
    for (int i = 0; i < KOLAM_STROKE_POINTS_MAX; i++) {
        points[i] = (struct kolam_point){.x = i % 2 * 64 + 80, .y = 804, .pressure = 255};
    }
    struct kolam_stroke stroke = stroke_of(points, KOLAM_STROKE_POINTS_MAX, 0, 0.5);
    draw_coverage(&stroke, (struct kolam_tile_id){0}, coverage);
    const uint8_t *row = coverage + 100 * KOLAM_TILE_PX;
    for (int x = 0; x < KOLAM_TILE_PX; x++) {
        if (x != 9 && x != 18) { /* the round ends reach a little into these */
            assert_int_equal(row[x], x >= 10 && x < 18 ? 255 : 0);
        }
        assert_int_equal(row[x - KOLAM_TILE_PX], 0);
        assert_int_equal(row[x + KOLAM_TILE_PX], 0);
    }
}

static void parts_of_a_group_make_the_mask_of_the_whole(void **state) {
    (void)state;
    static uint8_t whole[KOLAM_TILE_PIXELS], joined[KOLAM_TILE_PIXELS];
    struct kolam_point points[60];
    struct random_state random = {29};
    struct kolam_ink_mask *mask = mask_new();
    for (int round = 0; round < 60; round++) {
        random_walk(&random, points, 60, 2048, 200);
        struct kolam_stroke stroke = stroke_of(points, 60, 0, round % 2 == 0 ? 0.4 : 4.0);
        draw_coverage(&stroke, (struct kolam_tile_id){0}, whole);
        stroke.part_count = 3;
        for (uint32_t part = 0; part < 3; part++) { /* each begins where the one before ended */
            uint32_t first = part == 0 ? 0 : part * 20 - 1;
            stroke.part = part;
            stroke.points = points + first;
            stroke.point_count = part * 20 + 20 - first;
            kolam_ink_add_stroke(mask, &stroke, 0, (struct kolam_tile_id){0});
        }
        coverage_of(mask, joined);
        assert_memory_equal(whole, joined, sizeof whole);
        kolam_ink_mask_clear(mask);
    }
    free(mask);
}

static int32_t extreme(struct random_state *random) {
    const int32_t values[] = {0,    1,    -1,      7,          2048,      -2048,
                              1024, 1500, 1 << 20, -(1 << 20), INT32_MAX, INT32_MIN};
    return values[random_between(random, 0, 11)];
}

static int64_t extreme_tile(struct random_state *random, int32_t level) {
    int64_t low = kolam_tile_coord_min(level), high = kolam_tile_coord_max(level);
    const int64_t values[] = {
        0, -1, low, high, low / 2, high / 2, random_between(random, low, high)};
    return values[random_between(random, 0, 6)];
}

static void check_sound(const struct kolam_ink_mask *mask) {
    assert_true(mask->x0 >= 0 && mask->y0 >= 0);
    assert_true(mask->x1 <= KOLAM_TILE_PX && mask->y1 <= KOLAM_TILE_PX);
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        int x = i % KOLAM_TILE_PX, y = i / KOLAM_TILE_PX;
        if (x < mask->x0 || y < mask->y0 || x >= mask->x1 || y >= mask->y1) {
            assert_int_equal(mask->coverage[i], 0);
            assert_int_equal(mask->area[i], 0);
        }
    }
}

static void hostile_strokes_do_no_harm(void **state) {
    (void)state;
    struct kolam_point points[12];
    struct random_state random = {31};
    struct kolam_ink_mask *mask = mask_new();
    for (int round = 0; round < 6000; round++) {
        int32_t level = (int32_t)random_between(&random, KOLAM_LEVEL_MIN, KOLAM_LEVEL_MAX);
        int32_t tile_level = round % 3 == 0 ? level : (int32_t)random_between(&random, -24, 24);
        for (int i = 0; i < 12; i++) {
            points[i] = (struct kolam_point){.x = extreme(&random),
                                             .y = extreme(&random),
                                             .pressure = (uint8_t)extreme(&random)};
        }
        struct kolam_stroke stroke = stroke_of(points, 12, level, 0);
        stroke.width = (uint32_t[]){1, 255, 256, KOLAM_WIDTH_MAX, UINT32_MAX}[round % 5];
        stroke.tool = (enum kolam_tool)(round % 8);
        stroke.point_count = (uint32_t)random_between(&random, 0, 12);
        stroke.origin.x = extreme_tile(&random, level);
        stroke.origin.y = extreme_tile(&random, level);
        struct kolam_tile_id tile = {.level = tile_level};
        if (tile_level >= level && round % 2 == 0) { /* somewhere inside the origin tile */
            int64_t size = INT64_C(1) << (tile_level - level);
            tile.x = stroke.origin.x * size + random_between(&random, 0, size - 1);
            tile.y = stroke.origin.y * size + random_between(&random, 0, size - 1);
        } else {
            tile.x = extreme_tile(&random, tile_level);
            tile.y = extreme_tile(&random, tile_level);
        }
        kolam_ink_add_stroke(mask, &stroke, (uint32_t)random_between(&random, 0, 3), tile);
        if (round % 16 == 0) {
            check_sound(mask);
        }
        kolam_ink_mask_clear(mask);
    }
    free(mask);
}

static void tiles_outside_the_world_stay_empty(void **state) {
    (void)state;
    struct kolam_point point = point_at(128, 128, 255);
    struct kolam_stroke stroke = stroke_of(&point, 1, 0, 512);
    struct kolam_ink_mask *mask = mask_new();
    kolam_ink_add_stroke(mask, &stroke, 0, (struct kolam_tile_id){.level = 25});
    kolam_ink_add_stroke(mask, &stroke, 0, (struct kolam_tile_id){.level = INT32_MIN});
    kolam_ink_add_stroke(mask, &stroke, 0, (struct kolam_tile_id){INT64_MAX, INT64_MIN, 0});
    stroke.origin.x = INT64_MIN;
    kolam_ink_add_stroke(mask, &stroke, 0, (struct kolam_tile_id){0});
    assert_int_equal(mask->x0, mask->x1);
    free(mask);
}

static void clearing_leaves_nothing_behind(void **state) {
    (void)state;
    struct kolam_point points[30];
    struct random_state random = {37};
    struct kolam_ink_mask *mask = mask_new(), *empty = mask_new();
    for (int round = 0; round < 100; round++) {
        random_walk(&random, points, 30, 3000, 900);
        struct kolam_stroke stroke =
            stroke_of(points, 30, 0, round % 3 == 0 ? 0.4 : 1 << (round % 10));
        kolam_ink_add_stroke(mask, &stroke, 0, (struct kolam_tile_id){0});
        kolam_ink_mask_clear(mask);
        assert_memory_equal(mask, empty, sizeof *mask);
    }
    free(mask);
    free(empty);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(covers_the_area_of_a_dot),
        cmocka_unit_test(covers_the_area_of_a_line),
        cmocka_unit_test(does_not_darken_where_a_stroke_crosses_itself),
        cmocka_unit_test(gives_the_marker_one_width_and_the_pen_a_tenth_at_least),
        cmocka_unit_test(appending_gives_what_drawing_at_once_gives),
        cmocka_unit_test(drawing_backwards_gives_the_same_picture),
        cmocka_unit_test(tiles_meet_without_a_seam),
        cmocka_unit_test(is_exact_far_from_the_origin),
        cmocka_unit_test(zooms_into_ink_to_the_deepest_level),
        cmocka_unit_test(leaves_no_ink_where_a_stroke_is_not_homed),
        cmocka_unit_test(looks_the_same_from_every_level),
        cmocka_unit_test(thin_segments_far_shorter_than_a_pixel_do_not_vanish),
        cmocka_unit_test(a_scribble_of_thin_ink_fills_its_pixels_and_no_more),
        cmocka_unit_test(parts_of_a_group_make_the_mask_of_the_whole),
        cmocka_unit_test(hostile_strokes_do_no_harm),
        cmocka_unit_test(tiles_outside_the_world_stay_empty),
        cmocka_unit_test(clearing_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
