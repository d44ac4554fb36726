/* From a file's stroke to ops: the level it finds, the parts it makes, and that ops say what was drawn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "tools/stroke_build.h"

static struct kolam_stroke_builder *builder;
static struct kolam_op_room room;

static int make_builder(void **state) {
    (void)state;
    builder = kolam_stroke_builder_create();
    return builder ? 0 : -1;
}

static int drop_builder(void **state) {
    (void)state;
    kolam_stroke_builder_destroy(builder);
    return 0;
}

static struct kolam_drawn_stroke line_of(struct kolam_drawn_point *points, size_t count,
                                         double width) {
    return (struct kolam_drawn_stroke){
        .author = "a",
        .color = 0x102030ff,
        .width = width,
        .tool = KOLAM_TOOL_PEN,
        .points = points,
        .point_count = count,
    };
}

static struct kolam_stroke decode(const struct kolam_built_op *op) {
    struct kolam_op decoded;
    assert_int_equal(kolam_op_decode(op->body, op->body_size_bytes, &room, &decoded), KOLAM_OK);
    assert_int_equal(decoded.kind, KOLAM_OP_STROKE);
    assert_true(op->home_count > 0);
    return decoded.stroke;
}

/* Where a decoded point is, in level-0 pixels. */
static double place(int64_t tile, int32_t sub, int32_t level) {
    return ldexp((double)tile * KOLAM_TILE_PX + (double)sub / KOLAM_SUB_PER_PX, -level);
}

static void stroke_is_built_at_level_0_to_an_eighth_pixel(void **state) {
    (void)state;
    struct kolam_drawn_point points[] = {{-3.3, 700.07, 0.25, 0}, {10.9, -2000.55, 1, 20}};
    struct kolam_drawn_stroke drawn = line_of(points, 2, 2.5);
    drawn.has_pressure = true;
    drawn.has_times = true;
    drawn.has_start = true;
    drawn.start_ms = 1234;
    struct kolam_built_stroke built;
    assert_int_equal(kolam_stroke_build(builder, &drawn, &built, NULL), KOLAM_OK);
    assert_int_equal(built.op_count, 1);
    struct kolam_stroke stroke = decode(&built.ops[0]);
    assert_int_equal(stroke.origin.level, 0);
    assert_int_equal(stroke.width, 640);
    assert_int_equal(stroke.start_ms, 1234);
    assert_int_equal(stroke.points[0].pressure, 64);
    assert_int_equal(stroke.points[1].dt_ms, 20);
    for (int i = 0; i < 2; i++) {
        assert_true(fabs(place(stroke.origin.x, stroke.points[i].x, 0) - points[i].x) <= 1.0 / 16);
        assert_true(fabs(place(stroke.origin.y, stroke.points[i].y, 0) - points[i].y) <= 1.0 / 16);
    }
    kolam_built_stroke_finish(&built);
}

static void long_stroke_finds_a_coarser_level(void **state) {
    (void)state;
    struct kolam_drawn_point points[] = {{0, 0, 1, 0}, {150000, 90000, 1, 0}};
    struct kolam_drawn_stroke drawn = line_of(points, 2, 4);
    struct kolam_built_stroke built;
    assert_int_equal(kolam_stroke_build(builder, &drawn, &built, NULL), KOLAM_OK);
    struct kolam_stroke stroke = decode(&built.ops[0]);
    assert_true(stroke.origin.level < 0);
    assert_true(built.ops[0].home_count <= KOLAM_STROKE_HOMES_MAX);
    assert_int_equal(stroke.width, (4 * 256) >> -stroke.origin.level);
    double reach = ldexp(1.0 / 16, -stroke.origin.level);
    assert_true(fabs(place(stroke.origin.x, stroke.points[1].x, stroke.origin.level) - 150000) <=
                reach);
    kolam_built_stroke_finish(&built);
}

static void wide_stroke_finds_a_level_at_which_it_is_narrow_enough(void **state) {
    (void)state;
    struct kolam_drawn_point points[] = {{0, 0, 1, 0}};
    struct kolam_drawn_stroke drawn = line_of(points, 1, 3000);
    struct kolam_built_stroke built;
    assert_int_equal(kolam_stroke_build(builder, &drawn, &built, NULL), KOLAM_OK);
    struct kolam_stroke stroke = decode(&built.ops[0]);
    assert_int_equal(stroke.origin.level, -3);
    assert_int_equal(stroke.width, 375 * 256);
    kolam_built_stroke_finish(&built);
}

static void hairline_keeps_the_finest_width_there_is(void **state) {
    (void)state;
    struct kolam_drawn_point points[] = {{0, 0, 1, 0}, {9, 9, 1, 0}};
    struct kolam_drawn_stroke drawn = line_of(points, 2, 0.0001);
    struct kolam_built_stroke built;
    assert_int_equal(kolam_stroke_build(builder, &drawn, &built, NULL), KOLAM_OK);
    assert_int_equal(decode(&built.ops[0]).width, 1);
    kolam_built_stroke_finish(&built);
}

static void many_points_become_parts_that_share_end_points(void **state) {
    (void)state;
    const size_t count = 2 * KOLAM_STROKE_POINTS_MAX + 100;
    struct kolam_drawn_point *points = calloc(count, sizeof *points);
    assert_non_null(points);
    for (size_t i = 0; i < count; i++) {
        points[i] =
            (struct kolam_drawn_point){(double)(i % 500), (double)(i / 500), 1, i > 0 ? 2 : 0};
    }
    struct kolam_drawn_stroke drawn = line_of(points, count, 1);
    drawn.has_times = true;
    drawn.has_start = true;
    struct kolam_built_stroke built;
    assert_int_equal(kolam_stroke_build(builder, &drawn, &built, NULL), KOLAM_OK);
    assert_int_equal(built.op_count, 3);
    size_t at = 0;
    for (uint32_t part = 0; part < 3; part++) {
        struct kolam_stroke stroke = decode(&built.ops[part]);
        assert_int_equal(stroke.part, part);
        assert_int_equal(stroke.part_count, 3);
        assert_int_equal(stroke.start_ms,
                         2 * at); /* a part begins when its first point was drawn */
        assert_int_equal(stroke.points[0].dt_ms, 0);
        for (uint32_t i = 0; i < stroke.point_count; i++) {
            assert_true(place(stroke.origin.x, stroke.points[i].x, 0) == points[at + i].x);
            assert_true(place(stroke.origin.y, stroke.points[i].y, 0) == points[at + i].y);
        }
        at += stroke.point_count - 1;
    }
    assert_int_equal(at, count - 1);
    kolam_built_stroke_finish(&built);
    free(points);
}

static void part_boundaries_leave_no_single_point(void **state) {
    (void)state;
    const size_t count = 2 * KOLAM_STROKE_POINTS_MAX - 1; /* exactly two parts */
    struct kolam_drawn_point *points = calloc(count, sizeof *points);
    assert_non_null(points);
    struct kolam_drawn_stroke drawn = line_of(points, count, 1);
    struct kolam_built_stroke built;
    assert_int_equal(kolam_stroke_build(builder, &drawn, &built, NULL), KOLAM_OK);
    assert_int_equal(built.op_count, 2);
    assert_int_equal(decode(&built.ops[1]).point_count, KOLAM_STROKE_POINTS_MAX);
    kolam_built_stroke_finish(&built);
    free(points);
}

static void stroke_beyond_the_world_is_refused(void **state) {
    (void)state;
    struct kolam_drawn_point points[] = {{2147483647.0, 0, 1, 0}};
    struct kolam_drawn_stroke drawn = line_of(points, 1, 10);
    struct kolam_built_stroke built;
    struct kolam_error error = {.text = ""};
    assert_int_equal(kolam_stroke_build(builder, &drawn, &built, &error), KOLAM_ERR_INVALID);
    assert_non_null(strstr(error.text, "world"));
}

static void same_stroke_gives_the_same_bytes(void **state) {
    (void)state;
    struct kolam_drawn_point points[] = {{1.23, 4.56, 0.3, 0}, {7.8, 9.1, 0.7, 11}};
    struct kolam_drawn_stroke drawn = line_of(points, 2, 3);
    struct kolam_built_stroke first, second;
    assert_int_equal(kolam_stroke_build(builder, &drawn, &first, NULL), KOLAM_OK);
    assert_int_equal(kolam_stroke_build(builder, &drawn, &second, NULL), KOLAM_OK);
    assert_int_equal(first.ops[0].body_size_bytes, second.ops[0].body_size_bytes);
    assert_memory_equal(first.ops[0].body, second.ops[0].body, first.ops[0].body_size_bytes);
    kolam_built_stroke_finish(&first);
    kolam_built_stroke_finish(&second);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stroke_is_built_at_level_0_to_an_eighth_pixel),
        cmocka_unit_test(long_stroke_finds_a_coarser_level),
        cmocka_unit_test(wide_stroke_finds_a_level_at_which_it_is_narrow_enough),
        cmocka_unit_test(hairline_keeps_the_finest_width_there_is),
        cmocka_unit_test(many_points_become_parts_that_share_end_points),
        cmocka_unit_test(part_boundaries_leave_no_single_point),
        cmocka_unit_test(stroke_beyond_the_world_is_refused),
        cmocka_unit_test(same_stroke_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, make_builder, drop_builder);
}
