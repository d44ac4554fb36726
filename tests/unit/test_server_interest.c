/* The interest index against the plain search through all views: whatever the views and extents are, both find
 * the same, each once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "kolam/alloc.h"
#include "server/interest.h"

struct item {
    struct kolam_interest_item interest; /* first */
    bool is_in;
    uint32_t visits;
};

static uint64_t seed = 0x2545f4914f6cdd1du;

static uint64_t number(uint64_t bound) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % bound;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : (value > high ? high : value);
}

/* A tile of `level` near some places that everything is drawn to, so that levels meet; now and then anywhere, or at the
 * world's edge. */
static struct kolam_tile_id some_tile(int32_t level) {
    const int64_t low = kolam_tile_coord_min(level), high = kolam_tile_coord_max(level);
    const int64_t half = high + 1;
    int64_t x = half / 3, y = -half / 5;
    if (number(8) == 0) {
        x = number(2) ? high : low;
        y = number(2) ? high : low;
    } else if (number(8) == 0) {
        x = low + (int64_t)number((uint64_t)(high - low) + 1);
        y = low + (int64_t)number((uint64_t)(high - low) + 1);
    }
    x += (int64_t)number(40) - 20;
    y += (int64_t)number(40) - 20;
    return (struct kolam_tile_id){clamp(x, low, high), clamp(y, low, high), level};
}

static int32_t some_level(void) {
    return number(3) == 0 ? KOLAM_LEVEL_MIN + (int32_t)number(KOLAM_INTEREST_LEVELS)
                          : (int32_t)number(9) - 4;
}

static struct kolam_view some_view(void) {
    struct kolam_view view = {.is_set = true};
    do {
        struct kolam_tile_id tile = some_tile(some_level());
        view.level = tile.level;
        view.x = tile.x;
        view.y = tile.y;
        view.width = 1 + (uint32_t)number(number(10) == 0 ? 200 : 9);
        view.height = 1 + (uint32_t)number(number(10) == 0 ? 20 : 7);
    } while (!kolam_view_is_valid(&view));
    return view;
}

static struct kolam_home some_home(struct kolam_tile_id tile) {
    struct kolam_home home = {.tile = tile};
    home.x0 = (uint8_t)number(256);
    home.y0 = (uint8_t)number(256);
    home.x1 = (uint8_t)(home.x0 + number(256u - home.x0));
    home.y1 = (uint8_t)(home.y0 + number(256u - home.y0));
    return home;
}

/* A stroke's, side by side on one level, or a hide's, here and there. */
static uint32_t some_homes(struct kolam_home *homes) {
    const uint32_t count = number(4) ? 1 + (uint32_t)number(6) : 1 + (uint32_t)number(64);
    const bool is_scattered = number(4) == 0;
    struct kolam_tile_id tile = some_tile(some_level());
    for (uint32_t i = 0; i < count; i++) {
        homes[i] = some_home(tile);
        if (is_scattered) {
            tile = some_tile(some_level());
        } else {
            tile.x = clamp(tile.x + 1, kolam_tile_coord_min(tile.level),
                           kolam_tile_coord_max(tile.level));
        }
    }
    return count;
}

static void visit(void *ctx, struct kolam_interest_item *interest) {
    uint32_t *found = ctx;
    ((struct item *)interest)->visits++;
    ++*found;
}

static void expect_the_same(struct item *items, uint32_t count, const struct kolam_extent *extents,
                            uint32_t extent_count, uint32_t found) {
    uint32_t expected = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool is_touched = false;
        for (uint32_t e = 0; items[i].is_in && e < extent_count && !is_touched; e++) {
            is_touched = kolam_view_touches(&items[i].interest.view, &extents[e]);
        }
        assert_int_equal(items[i].visits, is_touched ? 1 : 0);
        items[i].visits = 0;
        expected += is_touched;
    }
    assert_int_equal(found, expected);
}

#define ITEMS 400
#define HOMES 64

static void ask_for_homes(struct kolam_interest *interest, struct item *items) {
    struct kolam_home homes[HOMES];
    struct kolam_extent extents[HOMES];
    uint32_t found = 0, count = some_homes(homes);
    for (uint32_t i = 0; i < count; i++) {
        extents[i] = kolam_home_extent(&homes[i]);
    }
    kolam_interest_find_homes(interest, homes, count, visit, &found);
    expect_the_same(items, ITEMS, extents, count, found);
}

/* A cursor's extent may pass the world's edge. */
static void ask_for_extent(struct kolam_interest *interest, struct item *items) {
    const struct kolam_home home = some_home(some_tile(some_level()));
    struct kolam_extent extent = kolam_home_extent(&home);
    uint32_t found = 0;
    extent.x0 -= 128;
    extent.y0 -= 128;
    extent.x1 += 127;
    extent.y1 += 127;
    kolam_interest_find(interest, &extent, visit, &found);
    expect_the_same(items, ITEMS, &extent, 1, found);
}

static void finds_what_a_search_through_all_views_finds(void **state) {
    (void)state;
    struct kolam_interest interest;
    struct item *items = kolam_alloc_zero(ITEMS, sizeof(*items));
    kolam_interest_init(&interest);
    for (int i = 0; i < 30000; i++) {
        struct item *item = &items[number(ITEMS)];
        if (item->is_in) {
            kolam_interest_remove(&interest, &item->interest);
            item->is_in = false;
        } else {
            item->interest.view = some_view();
            assert_int_equal(kolam_interest_add(&interest, &item->interest), KOLAM_OK);
            item->is_in = true;
            assert_in_range(item->interest.place_count, 1, 4);
        }
        if (number(3) == 0) {
            ask_for_homes(&interest, items);
            ask_for_extent(&interest, items);
        }
    }
    for (int i = 0; i < ITEMS; i++) {
        if (items[i].is_in) {
            kolam_interest_remove(&interest, &items[i].interest);
        }
    }
    assert_int_equal(interest.cell_count, 0);
    kolam_interest_finish(&interest);
    kolam_free(items);
}

static void an_empty_index_finds_nothing(void **state) {
    (void)state;
    struct kolam_interest interest;
    const struct kolam_home home = {{0, 0, 0}, 0, 0, 9, 9};
    uint32_t found = 0;
    kolam_interest_init(&interest);
    kolam_interest_find_homes(&interest, &home, 1, visit, &found);
    const struct kolam_extent extent = kolam_home_extent(&home);
    kolam_interest_find(&interest, &extent, visit, &found);
    assert_int_equal(found, 0);
    kolam_interest_finish(&interest);
}

static void the_coarsest_and_the_finest_view_find_each_others_ink(void **state) {
    (void)state;
    struct kolam_interest interest;
    struct item wall = {.interest.view = {.level = -24, .x = -1, .y = -1, .width = 2, .height = 2}};
    struct item spot = {.interest.view = {.level = 24, .x = 77, .y = 77, .width = 1, .height = 1}};
    uint32_t found = 0;
    kolam_interest_init(&interest);
    assert_int_equal(kolam_interest_add(&interest, &wall.interest), KOLAM_OK);
    assert_int_equal(kolam_interest_add(&interest, &spot.interest), KOLAM_OK);
    const struct kolam_home dot = {{77, 77, 24}, 5, 5, 6, 6}, flood = {{0, 0, -24}, 0, 0, 255, 255};
    kolam_interest_find_homes(&interest, &dot, 1, visit, &found);
    assert_int_equal(found, 2);
    kolam_interest_find_homes(&interest, &flood, 1, visit, &found);
    assert_int_equal(found, 4);
    kolam_interest_remove(&interest, &wall.interest);
    kolam_interest_remove(&interest, &spot.interest);
    kolam_interest_finish(&interest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_a_search_through_all_views_finds),
        cmocka_unit_test(an_empty_index_finds_nothing),
        cmocka_unit_test(the_coarsest_and_the_finest_view_find_each_others_ink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
