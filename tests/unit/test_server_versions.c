/* The loop's knowledge of tile versions: it must never be older than what was committed, whatever a worker
 * read meanwhile, and agree with the index about which tiles an op touches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/versions.h"

static struct kolam_tile_id tile(int32_t level, int64_t x, int64_t y) {
    return (struct kolam_tile_id){x, y, level};
}

static int setup(void **state) {
    *state = kolam_versions_create();
    return *state ? 0 : -1;
}

static int teardown(void **state) {
    kolam_versions_destroy(*state);
    return 0;
}

static void know(struct kolam_versions *versions, struct kolam_tile_id id, uint64_t seq) {
    kolam_versions_expect(versions, id);
    assert_int_equal(kolam_versions_put(versions, id, seq), seq);
}

static uint64_t version_of(struct kolam_versions *versions, struct kolam_tile_id id) {
    uint64_t seq = 0;
    assert_true(kolam_versions_get(versions, id, &seq));
    return seq;
}

static void commit(struct kolam_versions *versions, struct kolam_tile_id id, uint8_t x0, uint8_t x1,
                   uint64_t seq) {
    struct kolam_home home = {id, x0, 0, x1, 31};
    kolam_versions_commit(versions, &home, 1, seq);
}

static void knows_only_what_it_was_told(void **state) {
    uint64_t seq;
    assert_false(kolam_versions_get(*state, tile(0, 1, 1), &seq));
    kolam_versions_expect(*state, tile(0, 1, 1));
    assert_false(kolam_versions_get(*state, tile(0, 1, 1), &seq)); /* expected is not known */
    commit(*state, tile(0, 1, 1), 0, 9, 5);
    assert_false(kolam_versions_get(*state, tile(0, 1, 1), &seq));
}

static void a_commit_raises_the_tile_and_all_above_it(void **state) {
    know(*state, tile(0, -1, -1), 3);
    know(*state, tile(-1, -1, -1), 3);
    know(*state, tile(-24, -1, -1), 3);
    know(*state, tile(-24, 0, 0), 3);
    know(*state, tile(0, 0, -1), 3);
    commit(*state, tile(0, -1, -1), 0, 9, 8);
    assert_int_equal(version_of(*state, tile(0, -1, -1)), 8);
    assert_int_equal(version_of(*state, tile(-1, -1, -1)), 8);
    assert_int_equal(version_of(*state, tile(-24, -1, -1)), 8);
    assert_int_equal(version_of(*state, tile(-24, 0, 0)), 3);
    assert_int_equal(version_of(*state, tile(0, 0, -1)), 3);
}

static void a_commit_raises_finer_tiles_where_its_ink_is(void **state) {
    for (int64_t x = 0; x < 8; x++) {
        know(*state, tile(3, x, 0), 1);
    }
    know(*state, tile(3, 4, 1), 1); /* below the box */
    know(*state, tile(24, (int64_t)4 << 21, 0), 1);
    know(*state, tile(24, ((int64_t)4 << 21) - 1, 0), 1);
    commit(*state, tile(0, 0, 0), 128, 160, 9); /* pixel 128 is tile 4 at level 3, 160 is tile 5 */
    for (int64_t x = 0; x < 8; x++) {
        assert_int_equal(version_of(*state, tile(3, x, 0)), x == 4 || x == 5 ? 9 : 1);
    }
    assert_int_equal(version_of(*state, tile(3, 4, 1)), 1);
    assert_int_equal(version_of(*state, tile(24, (int64_t)4 << 21, 0)), 9);
    assert_int_equal(version_of(*state, tile(24, ((int64_t)4 << 21) - 1, 0)), 1);
}

static void a_job_that_was_overtaken_does_not_turn_back_time(void **state) {
    kolam_versions_expect(*state, tile(2, 5, 5));
    commit(*state, tile(2, 5, 5), 0, 9, 20); /* while a worker reads */
    assert_int_equal(kolam_versions_put(*state, tile(2, 5, 5), 12), 20);
    assert_int_equal(version_of(*state, tile(2, 5, 5)), 20);
}

static void what_was_pushed_out_is_not_believed(void **state) {
    uint64_t seq;
    kolam_versions_expect(*state, tile(2, -7, -7));
    for (int64_t x = 0; x < KOLAM_VERSIONS_MAX + 10; x++) {
        kolam_versions_expect(*state, tile(10, x, 0));
    }
    commit(*state, tile(2, -7, -7), 0, 9, 30); /* missed: the entry is gone */
    assert_int_equal(kolam_versions_put(*state, tile(2, -7, -7), 12), 12);
    assert_false(kolam_versions_get(*state, tile(2, -7, -7), &seq));
}

static void the_lately_used_stay(void **state) {
    know(*state, tile(1, 1, 1), 4);
    for (int64_t x = 0; x < 3 * KOLAM_VERSIONS_MAX; x++) {
        kolam_versions_expect(*state, tile(10, x, 0));
        assert_int_equal(version_of(*state, tile(1, 1, 1)), 4);
    }
}

static void remembers_which_tiles_are_averaged(void **state) {
    assert_false(kolam_versions_is_averaged(*state, tile(-9, 0, 0)));
    kolam_versions_set_averaged(*state, tile(-9, 0, 0), true); /* not known: not kept */
    assert_false(kolam_versions_is_averaged(*state, tile(-9, 0, 0)));
    know(*state, tile(-9, 0, 0), 1);
    kolam_versions_set_averaged(*state, tile(-9, 0, 0), true);
    assert_true(kolam_versions_is_averaged(*state, tile(-9, 0, 0)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(knows_only_what_it_was_told),
        TEST(a_commit_raises_the_tile_and_all_above_it),
        TEST(a_commit_raises_finer_tiles_where_its_ink_is),
        TEST(a_job_that_was_overtaken_does_not_turn_back_time),
        TEST(what_was_pushed_out_is_not_believed),
        TEST(the_lately_used_stay),
        TEST(remembers_which_tiles_are_averaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
