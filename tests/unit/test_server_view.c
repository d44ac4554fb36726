/* What a view shows: clipping, levels far apart, the limits of the world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/view.h"

static struct kolam_view view_of(int32_t level, int64_t x, int64_t y, uint32_t width,
                                 uint32_t height) {
    return (struct kolam_view){
        .level = level, .x = x, .y = y, .width = width, .height = height, .is_set = true};
}

static struct kolam_home home_of(int32_t level, int64_t x, int64_t y, uint8_t x0, uint8_t y0,
                                 uint8_t x1, uint8_t y1) {
    return (struct kolam_home){{x, y, level}, x0, y0, x1, y1};
}

static bool touches(struct kolam_view view, struct kolam_home home) {
    struct kolam_extent extent = kolam_home_extent(&home);
    return kolam_view_touches(&view, &extent);
}

static bool resolves(struct kolam_view view, struct kolam_home home) {
    struct kolam_extent extent = kolam_home_extent(&home);
    return kolam_view_resolves(&view, &extent);
}

static void takes_rectangles_inside_the_world_alone(void **state) {
    (void)state;
    const int64_t high = kolam_tile_coord_max(0);
    struct kolam_view good[] = {view_of(0, 0, 0, 1, 1), view_of(0, 0, 0, 64, 64),
                                view_of(0, high, high, 1, 1), view_of(-24, -1, -1, 2, 2),
                                view_of(24, kolam_tile_coord_min(24), 0, 4096, 1)};
    struct kolam_view bad[] = {view_of(0, 0, 0, 0, 1),         view_of(0, 0, 0, 65, 64),
                               view_of(0, high, 0, 2, 1),      view_of(-24, -1, -1, 3, 1),
                               view_of(25, 0, 0, 1, 1),        view_of(-25, 0, 0, 1, 1),
                               view_of(0, INT64_MAX, 0, 1, 1), view_of(0, INT64_MIN, 0, 1, 1),
                               view_of(0, 0, 0, UINT32_MAX, 2)};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(kolam_view_is_valid(&good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(kolam_view_is_valid(&bad[i]));
    }
}

static void ink_of_the_same_level_touches_the_view_and_one_tile_around_it(void **state) {
    (void)state;
    struct kolam_view view = view_of(0, -2, -2, 4, 4); /* -2..1 */
    assert_true(touches(view, home_of(0, 1, 1, 0, 0, 0, 0)));
    assert_true(touches(view, home_of(0, 2, -3, 0, 0, 0, 0)));
    assert_false(touches(view, home_of(0, 3, 0, 0, 0, 255, 255)));
    assert_false(touches(view, home_of(0, 0, -4, 0, 0, 255, 255)));
}

static void finer_ink_touches_the_coarse_tile_above_it(void **state) {
    (void)state;
    struct kolam_view view = view_of(-3, 0, 0, 1, 1);
    assert_true(touches(view, home_of(0, 7, 7, 0, 0, 9, 9)));
    assert_true(
        touches(view, home_of(0, 15, 0, 0, 0, 9, 9))); /* the margin is the view's own tile */
    assert_false(touches(view, home_of(0, 16, 0, 0, 0, 9, 9)));
    assert_true(touches(view, home_of(0, -8, -8, 0, 0, 9, 9)));
    assert_false(touches(view, home_of(0, -9, 0, 0, 0, 255, 9)));
}

static void coarser_ink_touches_only_where_its_box_is(void **state) {
    (void)state;
    /* Pixel 128 of tile 0 at level 0 is tile 4 at level 3 (8 tiles a tile). */
    struct kolam_home home = home_of(0, 0, 0, 128, 0, 159, 31);
    assert_true(touches(view_of(3, 4, 0, 1, 1), home));
    assert_true(touches(view_of(3, 5, 0, 1, 1), home)); /* one tile of margin */
    assert_true(touches(view_of(3, 3, 1, 1, 1), home));
    assert_false(touches(view_of(3, 6, 0, 1, 1), home));
    assert_false(touches(view_of(3, 2, 0, 1, 1), home));
    assert_false(touches(view_of(3, 4, 3, 1, 1), home)); /* 32 rows are tile 0 alone */
}

static void levels_as_far_apart_as_can_be_do_not_overflow(void **state) {
    (void)state;
    assert_true(
        touches(view_of(-24, -1, -1, 2, 2),
                home_of(24, kolam_tile_coord_max(24), kolam_tile_coord_min(24), 0, 0, 255, 255)));
    assert_true(touches(view_of(24, kolam_tile_coord_max(24), 0, 1, 1),
                        home_of(-24, 0, 0, 0, 0, 255, 255)));
    assert_false(touches(view_of(24, kolam_tile_coord_max(24), 0, 1, 1),
                         home_of(-24, -1, 0, 0, 0, 255, 255)));
}

static void ink_below_a_pixel_is_not_resolved(void **state) {
    (void)state;
    struct kolam_home home = home_of(0, 0, 0, 10, 10, 13, 11); /* 4 x 2 pixels */
    assert_true(resolves(view_of(3, 0, 0, 1, 1), home));
    assert_true(resolves(view_of(0, 0, 0, 1, 1), home));
    assert_true(resolves(view_of(-2, 0, 0, 1, 1), home));
    assert_false(resolves(view_of(-3, 0, 0, 1, 1), home));
    assert_false(resolves(view_of(-24, 0, 0, 1, 1), home));
}

static void the_extent_of_homes_is_their_union_at_one_level(void **state) {
    (void)state;
    struct kolam_home homes[] = {home_of(0, 0, 0, 250, 3, 255, 9), home_of(0, 1, 0, 0, 1, 4, 9),
                                 home_of(5, 900, 900, 0, 0, 255, 255)};
    struct kolam_extent extent = kolam_homes_extent(homes, 3);
    assert_int_equal(extent.level, 0);
    assert_int_equal(extent.x0, 250);
    assert_int_equal(extent.x1, 260);
    assert_int_equal(extent.y0, 1);
    assert_int_equal(extent.y1, 9);
}

static void knows_its_own_tiles(void **state) {
    (void)state;
    struct kolam_view view = view_of(2, -3, 5, 4, 2);
    assert_true(kolam_view_has_tile(&view, (struct kolam_tile_id){-3, 5, 2}));
    assert_true(kolam_view_has_tile(&view, (struct kolam_tile_id){0, 6, 2}));
    assert_false(kolam_view_has_tile(&view, (struct kolam_tile_id){1, 6, 2}));
    assert_false(kolam_view_has_tile(&view, (struct kolam_tile_id){-4, 5, 2}));
    assert_false(kolam_view_has_tile(&view, (struct kolam_tile_id){-3, 5, 1}));
    view.is_set = false;
    assert_false(kolam_view_has_tile(&view, (struct kolam_tile_id){-3, 5, 2}));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_rectangles_inside_the_world_alone),
        cmocka_unit_test(ink_of_the_same_level_touches_the_view_and_one_tile_around_it),
        cmocka_unit_test(finer_ink_touches_the_coarse_tile_above_it),
        cmocka_unit_test(coarser_ink_touches_only_where_its_box_is),
        cmocka_unit_test(levels_as_far_apart_as_can_be_do_not_overflow),
        cmocka_unit_test(ink_below_a_pixel_is_not_resolved),
        cmocka_unit_test(the_extent_of_homes_is_their_union_at_one_level),
        cmocka_unit_test(knows_its_own_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
