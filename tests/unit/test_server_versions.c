/* The loop's knowledge of tile versions: it must never be older than what was committed, whatever a worker
 * read meanwhile, and agree with the index about which tiles an op touches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/versions.h"
#include "server/view.h"

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

static uint64_t seed = 0x2545f4914f6cdd1du;

static uint64_t number(uint64_t bound) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % bound;
}

/* Around the same spot of the world at each level, now and then at its edge. */
static struct kolam_tile_id some_tile(void) {
    const int32_t level = number(4) ? (int32_t)number(12) - 4 : (int32_t)number(49) - 24;
    const int64_t low = kolam_tile_coord_min(level), high = kolam_tile_coord_max(level);
    const int64_t x = number(20) ? (high + 1) / 3 + (int64_t)number(8) - 4 : high;
    const int64_t y = number(20) ? -(high + 1) / 5 + (int64_t)number(8) - 4 : low;
    return tile(level, x < low ? low : (x > high ? high : x),
                y < low ? low : (y > high ? high : y));
}

static bool touches(const struct kolam_home *home, struct kolam_tile_id id) {
    if (id.level <= home->tile.level) {
        return kolam_tile_equal(kolam_tile_ancestor(home->tile, id.level), id);
    }
    const struct kolam_extent extent = kolam_home_extent(home);
    const struct kolam_tile_range range = kolam_extent_tiles(&extent, id.level, 0);
    return id.x >= range.x0 && id.x <= range.x1 && id.y >= range.y0 && id.y <= range.y1;
}

#define KNOWN 600

static void commits_raise_just_what_they_touch_at_all_levels(void **state) {
    struct kolam_tile_id ids[KNOWN];
    uint64_t seqs[KNOWN];
    uint32_t count = 0;
    for (uint64_t seq = 1; seq < 4000; seq++) {
        if (count < KNOWN && number(2)) {
            uint64_t known;
            ids[count] = some_tile();
            if (!kolam_versions_get(*state, ids[count], &known)) {
                know(*state, ids[count], 0);
                seqs[count++] = 0;
            }
        }
        struct kolam_home home = {some_tile(), 0, 0, 0, 0};
        home.x0 = (uint8_t)number(256);
        home.y0 = (uint8_t)number(256);
        home.x1 = (uint8_t)(home.x0 + number(256u - home.x0));
        home.y1 = (uint8_t)(home.y0 + number(256u - home.y0));
        kolam_versions_commit(*state, &home, 1, seq);
        for (uint32_t i = 0; i < count; i++) {
            seqs[i] = touches(&home, ids[i]) ? seq : seqs[i];
        }
        const uint32_t any = count ? (uint32_t)number(count) : 0;
        for (uint32_t i = any; i < count && i < any + 20; i++) {
            assert_int_equal(version_of(*state, ids[i]), seqs[i]);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(version_of(*state, ids[i]), seqs[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(knows_only_what_it_was_told),
        TEST(a_commit_raises_the_tile_and_all_above_it),
        TEST(a_commit_raises_finer_tiles_where_its_ink_is),
        TEST(a_job_that_was_overtaken_does_not_turn_back_time),
        TEST(what_was_pushed_out_is_not_believed),
        TEST(the_lately_used_stay),
        TEST(remembers_which_tiles_are_averaged),
        TEST(commits_raise_just_what_they_touch_at_all_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
