/* The bounds of questions about the past, and the memory of past pictures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/history_args.h"
#include "server/tile_cache.h"

#define WORLD_PX (INT64_C(1) << 31) /* from the middle to an edge, at level 0 */

/* ---- parameters ---- */

static void takes_numbers_within_their_bounds_alone(void **state) {
    static const struct {
        const char *query;
        int64_t value; /* as it is afterwards */
        bool is_fine;
    } cases[] = {
        {"", 7, true},       {"m=3", 7, true},     {"n=1", 1, true},
        {"n=10", 10, true},  {"n=0", 7, false},    {"n=11", 7, false},
        {"n=", 7, false},    {"n=a", 7, false},    {"n=5x", 7, false},
        {"n= 5", 7, false},  {"n=+5", 7, false},   {"n=5.0", 7, false},
        {"n=1e1", 7, false}, {"n=-5", 7, false},   {"m=3&n=4", 4, true},
        {"nn=4", 7, true},   {"n=2&n=3", 2, true}, {"n=99999999999999999999", 7, false},
        {"n=0x5", 7, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kolam_args args = {.query = cases[i].query};
        int64_t value = 7;
        kolam_args_number(&args, "n", 1, 10, &value, "wrong");
        assert_int_equal(value, cases[i].value);
        assert_true((args.problem == NULL) == cases[i].is_fine);
    }
}

static void the_first_problem_is_told(void **state) {
    struct kolam_args args = {.query = "a=x&b=y"};
    int64_t value = 0;
    (void)state;
    kolam_args_number(&args, "a", 0, 1, &value, "first");
    kolam_args_number(&args, "b", 0, 1, &value, "second");
    assert_string_equal(args.problem, "first");
}

static void what_is_needed_must_be_there(void **state) {
    struct kolam_args args = {.query = "m=1"};
    int64_t value;
    (void)state;
    kolam_args_need(&args, "n", 0, 1, &value, "missing");
    assert_string_equal(args.problem, "missing");
}

static void rectangles_are_not_empty_and_inside_the_world(void **state) {
    struct kolam_rect rect;
    (void)state;
    assert_true(kolam_rect_make(0, -WORLD_PX, -WORLD_PX, 2 * WORLD_PX, 2 * WORLD_PX, &rect));
    assert_int_equal(rect.x0, -WORLD_PX);
    assert_int_equal(rect.y1, WORLD_PX);
    assert_true(kolam_rect_make(0, WORLD_PX - 1, WORLD_PX - 1, 1, 1, &rect));
    assert_false(kolam_rect_make(0, WORLD_PX, 0, 1, 1, &rect));
    assert_false(kolam_rect_make(0, -WORLD_PX - 1, 0, 1, 1, &rect));
    assert_false(kolam_rect_make(0, -WORLD_PX, 0, 2 * WORLD_PX + 1, 1, &rect));
    assert_false(kolam_rect_make(0, 0, 0, 0, 1, &rect));
    assert_false(kolam_rect_make(0, 0, 0, 1, -1, &rect));
    assert_false(kolam_rect_make(0, INT64_MIN, INT64_MIN, INT64_MAX, INT64_MAX, &rect));
    assert_false(kolam_rect_make(0, 0, 0, INT64_MAX, INT64_MAX, &rect));
    assert_false(kolam_rect_make(25, 0, 0, 1, 1, &rect));
    assert_false(kolam_rect_make(-25, 0, 0, 1, 1, &rect));
    assert_true(kolam_rect_make(24, -(WORLD_PX << 24), 0, WORLD_PX << 25, 1, &rect));
    assert_false(kolam_rect_make(24, -(WORLD_PX << 24), 0, (WORLD_PX << 25) + 1, 1, &rect));
    assert_true(kolam_rect_make(-24, -256, -256, 512, 512, &rect));
}

static void a_moment_is_a_seq_or_a_time(void **state) {
    struct kolam_moment moment;
    struct kolam_args none = {.query = "x=1"};
    struct kolam_args seq = {.query = "x=1&at=4711"};
    struct kolam_args time = {.query = "at=2026-11-22T03:15:00Z"};
    struct kolam_args wrong = {.query = "at=yesterday"};
    (void)state;
    assert_false(kolam_args_moment(&none, &moment));
    assert_null(none.problem);
    assert_true(kolam_args_moment(&seq, &moment));
    assert_false(moment.is_time);
    assert_int_equal(moment.seq, 4711);
    assert_true(kolam_args_moment(&time, &moment));
    assert_true(moment.is_time);
    assert_null(time.problem);
    assert_true(kolam_args_moment(&wrong, &moment));
    assert_non_null(wrong.problem);
}

/* ---- the memory of pictures ---- */

static struct kolam_bytes *put_past(struct kolam_tile_cache *cache, struct kolam_tile_id tile,
                                    uint64_t seq, size_t size) {
    struct kolam_bytes *png = kolam_bytes_create(size);
    assert_non_null(png);
    kolam_tile_cache_put_past(cache, 1, tile, seq, png);
    kolam_bytes_unref(png);
    return png; /* to compare with, while the cache holds it */
}

static void past_pictures_are_found_by_their_version(void **state) {
    struct kolam_tile_cache *cache = kolam_tile_cache_create(1u << 20);
    const struct kolam_tile_id tile = {3, -4, -5};
    const struct kolam_tile_id other = {3, -4, -6};
    uint64_t seq;
    (void)state;
    struct kolam_bytes *old = put_past(cache, tile, 10, 100);
    struct kolam_bytes *older = put_past(cache, tile, 5, 100);
    assert_ptr_equal(kolam_tile_cache_get_past(cache, 1, tile, 10), old);
    assert_ptr_equal(kolam_tile_cache_get_past(cache, 1, tile, 5), older);
    assert_null(kolam_tile_cache_get_past(cache, 1, tile, 7));
    assert_null(kolam_tile_cache_get_past(cache, 2, tile, 10));
    assert_null(kolam_tile_cache_get_past(cache, 1, other, 10));
    assert_null(kolam_tile_cache_get(cache, 1, tile, &seq)); /* not the present */
    put_past(cache, tile, 10, 100);
    assert_ptr_equal(kolam_tile_cache_get_past(cache, 1, tile, 10), old); /* the first stays */
    kolam_tile_cache_destroy(cache);
}

static void the_oldest_unused_picture_leaves_first(void **state) {
    struct kolam_tile_cache *cache = kolam_tile_cache_create(10000);
    const struct kolam_tile_id tile = {0, 0, 0};
    (void)state;
    for (uint64_t seq = 1; seq <= 3; seq++) {
        put_past(cache, tile, seq, 2500);
    }
    assert_non_null(kolam_tile_cache_get_past(cache, 1, tile, 1));
    put_past(cache, tile, 4, 2500);
    assert_non_null(kolam_tile_cache_get_past(cache, 1, tile, 1));
    assert_null(kolam_tile_cache_get_past(cache, 1, tile, 2));
    assert_true(kolam_tile_cache_bytes(cache) <= 10000);
    put_past(cache, tile, 5, 20000); /* more than it may hold: nothing stays */
    assert_int_equal(kolam_tile_cache_bytes(cache), 0);
    kolam_tile_cache_destroy(cache);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_numbers_within_their_bounds_alone),
        cmocka_unit_test(the_first_problem_is_told),
        cmocka_unit_test(what_is_needed_must_be_there),
        cmocka_unit_test(rectangles_are_not_empty_and_inside_the_world),
        cmocka_unit_test(a_moment_is_a_seq_or_a_time),
        cmocka_unit_test(past_pictures_are_found_by_their_version),
        cmocka_unit_test(the_oldest_unused_picture_leaves_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
