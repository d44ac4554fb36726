/* The plane's arithmetic at its edges: a wrong floor or a wrapped shift here moves ink everywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kolam/geometry.h"
#include "random.h"

static void floor_division_rounds_towards_minus_infinity(void **state) {
    (void)state;
    assert_int_equal(kolam_floor_div(0, 256), 0);
    assert_int_equal(kolam_floor_div(-1, 256), -1);
    assert_int_equal(kolam_floor_div(-256, 256), -1);
    assert_int_equal(kolam_floor_div(-257, 256), -2);
    assert_int_equal(kolam_floor_div(255, 256), 0);
    assert_true(kolam_floor_div(INT64_MIN, 256) == INT64_MIN / 256);
    assert_true(kolam_floor_div(INT64_MAX, 256) == INT64_MAX / 256);
}

static void floor_shift_agrees_with_floor_division(void **state) {
    (void)state;
    const int64_t values[] = {0, 1, -1, 255, -256, -257, INT64_MAX, INT64_MIN, INT64_MIN + 1};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        for (int32_t shift = 0; shift < 62; shift++) {
            assert_true(kolam_floor_shift(values[i], shift) ==
                        kolam_floor_div(values[i], INT64_C(1) << shift));
        }
    }
    assert_int_equal(kolam_floor_shift(-1, 63), -1);
    assert_int_equal(kolam_floor_shift(INT64_MAX, 63), 0);
}

static void the_world_has_two_tiles_a_side_at_its_coarsest(void **state) {
    (void)state;
    assert_int_equal(kolam_tile_coord_min(-24), -1);
    assert_int_equal(kolam_tile_coord_max(-24), 0);
    assert_int_equal(kolam_tile_coord_min(-23), -1);
    assert_int_equal(kolam_tile_coord_min(0), -(1 << 23));
    assert_true(kolam_tile_coord_max(24) == (INT64_C(1) << 47) - 1);
    assert_false(kolam_tile_is_valid((struct kolam_tile_id){1 << 23, 0, 0}));
    assert_true(kolam_tile_is_valid((struct kolam_tile_id){-(1 << 23), (1 << 23) - 1, 0}));
    assert_false(kolam_tile_is_valid((struct kolam_tile_id){0, 0, 25}));
    assert_false(kolam_tile_is_valid((struct kolam_tile_id){0, 0, -25}));
}

static void children_lie_in_their_parent(void **state) {
    (void)state;
    struct kolam_tile_id tile = {-3, 5, 2};
    for (int i = 0; i < 4; i++) {
        struct kolam_tile_id child = kolam_tile_child(tile, i);
        assert_true(kolam_tile_contains(tile, child));
        assert_true(kolam_tile_equal(kolam_tile_ancestor(child, 2), tile));
        assert_false(kolam_tile_contains(child, tile));
    }
    assert_true(kolam_tile_contains((struct kolam_tile_id){-1, 0, -24}, tile));
    assert_false(kolam_tile_contains((struct kolam_tile_id){0, 0, -24}, tile));
}

static struct kolam_tile_id random_tile(struct test_random *random) {
    struct kolam_tile_id tile = {.level = (int32_t)test_random_below(random, 49) - 24};
    uint64_t span = (uint64_t)kolam_tile_coord_max(tile.level) * 2 + 2;
    tile.x = kolam_tile_coord_min(tile.level) + (int64_t)test_random_below(random, span);
    tile.y = kolam_tile_coord_min(tile.level) + (int64_t)test_random_below(random, span);
    return tile;
}

static int compare_keys(struct kolam_tile_key a, struct kolam_tile_key b) {
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.bytes, b.bytes, shared);
    return order != 0 ? order : (int)a.size - (int)b.size;
}

static void keys_come_back_as_tiles(void **state) {
    (void)state;
    struct test_random random = test_random_from(1);
    for (int i = 0; i < 20000; i++) {
        struct kolam_tile_id tile = random_tile(&random);
        struct kolam_tile_key key = kolam_tile_key(tile);
        struct kolam_tile_id back;
        assert_true(key.size <= KOLAM_TILE_KEY_MAX);
        assert_true(kolam_tile_from_key(key.bytes, key.size, tile.level, &back));
        assert_true(kolam_tile_equal(tile, back));
    }
    struct kolam_tile_id out;
    assert_false(kolam_tile_from_key((const uint8_t *)"\xff", 1, -24, &out)); /* stray bits */
    assert_false(kolam_tile_from_key((const uint8_t *)"\xc0", 1, 25, &out));
    assert_false(kolam_tile_from_key((const uint8_t *)"\xc0", 1, 0, &out));
}

/* The range that the index scans holds exactly the descendants (its level filter drops the rest). */
static void a_subtree_is_one_range_of_keys(void **state) {
    (void)state;
    struct test_random random = test_random_from(2);
    for (int i = 0; i < 20000; i++) {
        struct kolam_tile_id outer = random_tile(&random);
        struct kolam_tile_id inner = random_tile(&random);
        if (i % 2 == 0 && inner.level > outer.level) { /* half of the pairs are related */
            int32_t depth = inner.level - outer.level;
            inner.x =
                outer.x * (INT64_C(1) << depth) + kolam_floor_shift(inner.x, 63 - depth / 2) + 1;
            inner.y = outer.y * (INT64_C(1) << depth);
            if (!kolam_tile_is_valid(inner)) {
                continue;
            }
        }
        struct kolam_tile_key key = kolam_tile_key(inner);
        struct kolam_tile_key end = kolam_tile_key_end(outer);
        bool is_in_range = compare_keys(key, kolam_tile_key(outer)) >= 0 &&
                           (end.size == 0 || compare_keys(key, end) < 0);
        bool is_found = is_in_range && inner.level >= outer.level;
        assert_int_equal(is_found, kolam_tile_contains(outer, inner));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floor_division_rounds_towards_minus_infinity),
        cmocka_unit_test(floor_shift_agrees_with_floor_division),
        cmocka_unit_test(the_world_has_two_tiles_a_side_at_its_coarsest),
        cmocka_unit_test(children_lie_in_their_parent),
        cmocka_unit_test(keys_come_back_as_tiles),
        cmocka_unit_test(a_subtree_is_one_range_of_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
