/* Newcomers' terms as a table, and their ink. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/newcomer.h"

#define HOUR_MS INT64_C(3600000)
static const struct kolam_newcomer_goal goal = {24 * HOUR_MS, 60};

static void what_one_may_grows_with_time_and_with_what_is_left_standing(void **state) {
    (void)state;
    static const struct {
        int64_t age_ms;
        uint32_t standing;
        struct kolam_newcomer_terms terms;
        bool is_artist;
    } rows[] = {
        {-HOUR_MS, 0, {8000, 24, 1600, -2}, false}, /* a clock that went back */
        {0, 0, {8000, 24, 1600, -2}, false},
        {2 * HOUR_MS, 0, {8000, 24, 1600, -2}, false},
        {0, 8, {10000, 30, 2000, -2}, false},
        {3 * HOUR_MS, 8, {12000, 37, 2400, -3}, false},
        {24 * HOUR_MS, 0, {24000, 76, 4800, -6}, false},
        {0, 60, {24000, 76, 4800, -6}, false},
        {1000 * HOUR_MS, 59, {38000, 121, 7600, -9}, false},
        {24 * HOUR_MS - 1, 100000, {38000, 121, 7600, -9}, false},
        {24 * HOUR_MS, 60, {40000, 128, 8000, -10}, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct kolam_newcomer newcomer = {rows[i].age_ms, rows[i].standing};
        const struct kolam_newcomer_terms terms = kolam_newcomer_terms(&newcomer, &goal);
        assert_int_equal(terms.ink_px, rows[i].terms.ink_px);
        assert_int_equal(terms.width_px, rows[i].terms.width_px);
        assert_int_equal(terms.extent_px, rows[i].terms.extent_px);
        assert_int_equal(terms.level_min, rows[i].terms.level_min);
        assert_int_equal(kolam_newcomer_is_artist(&newcomer, &goal), rows[i].is_artist);
    }
}

static void who_draws_on_never_may_less(void **state) {
    (void)state;
    for (int64_t hour = 0; hour < 30; hour++) {
        for (uint32_t standing = 0; standing < 70; standing++) {
            const struct kolam_newcomer now = {hour * HOUR_MS, standing};
            const struct kolam_newcomer more[2] = {{(hour + 1) * HOUR_MS, standing},
                                                   {hour * HOUR_MS, standing + 1}};
            const struct kolam_newcomer_terms terms = kolam_newcomer_terms(&now, &goal);
            for (int i = 0; i < 2; i++) {
                const struct kolam_newcomer_terms after = kolam_newcomer_terms(&more[i], &goal);
                assert_true(after.ink_px >= terms.ink_px && after.width_px >= terms.width_px);
                assert_true(after.extent_px >= terms.extent_px);
                assert_true(after.level_min <= terms.level_min);
            }
        }
    }
}

static void goals_of_nothing_make_artists_at_once(void **state) {
    (void)state;
    const struct kolam_newcomer_goal none = {0, 0};
    const struct kolam_newcomer newcomer = {0, 0};
    assert_true(kolam_newcomer_is_artist(&newcomer, &none));
    assert_int_equal(kolam_newcomer_terms(&newcomer, &none).ink_px, 40000);
}

/* ---- strokes ---- */

static struct kolam_stroke stroke_of(struct kolam_point *points, uint32_t count) {
    return (struct kolam_stroke){.tool = KOLAM_TOOL_PEN,
                                 .width = 4 * KOLAM_WIDTH_UNIT_PER_PX,
                                 .part_count = 1,
                                 .point_count = count,
                                 .points = points};
}

static void ink_is_the_path_and_the_width(void **state) {
    (void)state;
    struct kolam_point points[] = {{.x = 0, .y = 0}, {.x = 240, .y = 320}, {.x = 0, .y = 0}};
    struct kolam_stroke stroke = stroke_of(points, 1);
    assert_int_equal(kolam_newcomer_ink(&stroke), 4); /* a dot */
    stroke.point_count = 2;
    assert_int_equal(kolam_newcomer_ink(&stroke), 54);
    stroke.point_count = 3;
    assert_int_equal(kolam_newcomer_ink(&stroke), 104);
    stroke.tool = KOLAM_TOOL_FILL;
    assert_int_equal(kolam_newcomer_ink(&stroke), 142); /* and 30 x 40 / 32 */
    struct kolam_point far[] = {{.x = -KOLAM_POINT_SUB_MAX, .y = -KOLAM_POINT_SUB_MAX},
                                {.x = KOLAM_POINT_SUB_MAX, .y = KOLAM_POINT_SUB_MAX}};
    stroke.points = far;
    stroke.point_count = 2;
    assert_true(kolam_newcomer_ink(&stroke) > 1000000000); /* and nothing overflows */
}

static void strokes_that_are_none_for_a_newcomer_are_told_why(void **state) {
    (void)state;
    struct kolam_point point = {0};
    struct kolam_stroke stroke = stroke_of(&point, 1);
    const struct kolam_newcomer_terms terms = {8000, 24, 1600, -2};
    assert_null(kolam_newcomer_problem(&terms, &stroke, 1600));
    assert_non_null(strstr(kolam_newcomer_problem(&terms, &stroke, 1625), "shorter"));
    stroke.width = 24 * KOLAM_WIDTH_UNIT_PER_PX;
    stroke.origin.level = -2;
    assert_null(kolam_newcomer_problem(&terms, &stroke, 0));
    stroke.origin.level = -3;
    assert_non_null(strstr(kolam_newcomer_problem(&terms, &stroke, 0), "zoom in"));
    stroke.width++;
    assert_non_null(strstr(kolam_newcomer_problem(&terms, &stroke, 0), "brushes"));
}

/* ---- wells ---- */

static void a_well_holds_a_minutes_ink_and_refills(void **state) {
    (void)state;
    const struct kolam_newcomer_terms terms = {.ink_px = 6000};
    struct kolam_inkwell well = {0};
    const int64_t begin = 1000000;
    assert_int_equal(kolam_inkwell_left_px(&well, &terms, begin), 6000);
    assert_int_equal(kolam_inkwell_wait_ms(&well, &terms, 6000, begin), 0);
    kolam_inkwell_take(&well, 6000);
    assert_int_equal(kolam_inkwell_left_px(&well, &terms, begin), 0);
    assert_int_equal(kolam_inkwell_wait_ms(&well, &terms, 100, begin), 1000);
    assert_int_equal(kolam_inkwell_wait_ms(&well, &terms, 100, begin + 999), 1);
    assert_int_equal(kolam_inkwell_wait_ms(&well, &terms, 100, begin + 1000), 0);
    assert_int_equal(kolam_inkwell_left_px(&well, &terms, begin + 30000), 3000);
    assert_int_equal(kolam_inkwell_left_px(&well, &terms, begin + 10000), 3000); /* a clock back */
    assert_int_equal(kolam_inkwell_left_px(&well, &terms, begin + 60000), 6000);
    assert_int_equal(kolam_inkwell_left_px(&well, &terms, begin + 6000000), 6000);
    kolam_inkwell_take(&well, 1000);
    kolam_inkwell_give_back(&well, 700);
    assert_int_equal(kolam_inkwell_left_px(&well, &terms, begin + 6000000), 5700);
    kolam_inkwell_give_back(&well, 7000);
    assert_int_equal(kolam_inkwell_left_px(&well, &terms, begin + 6000000), 6000);
}

static void what_is_more_than_the_well_holds_waits_until_it_is_full_and_is_owed(void **state) {
    (void)state;
    const struct kolam_newcomer_terms terms = {.ink_px = 6000};
    struct kolam_inkwell well = {0};
    assert_int_equal(kolam_inkwell_wait_ms(&well, &terms, 12000, 1), 0);
    kolam_inkwell_take(&well, 12000);
    assert_int_equal(kolam_inkwell_wait_ms(&well, &terms, 1, 1), 60010);
    assert_int_equal(kolam_inkwell_wait_ms(&well, &terms, 12000, 1), 120000);
    kolam_inkwell_take(&well, UINT64_MAX);
    kolam_inkwell_take(&well, UINT64_MAX);
    assert_true(kolam_inkwell_wait_ms(&well, &terms, 1, 2) > 60000);
    assert_int_equal(kolam_inkwell_left_px(&well, &terms, 3), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_may_grows_with_time_and_with_what_is_left_standing),
        cmocka_unit_test(who_draws_on_never_may_less),
        cmocka_unit_test(goals_of_nothing_make_artists_at_once),
        cmocka_unit_test(ink_is_the_path_and_the_width),
        cmocka_unit_test(strokes_that_are_none_for_a_newcomer_are_told_why),
        cmocka_unit_test(a_well_holds_a_minutes_ink_and_refills),
        cmocka_unit_test(what_is_more_than_the_well_holds_waits_until_it_is_full_and_is_owed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
