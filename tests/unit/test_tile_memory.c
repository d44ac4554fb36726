/* Tiles in memory above stored ones: the newest wins, what is not held is asked of the store below, and no more is held
 * than was allowed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "kolam/ink.h"
#include "tools/tile_memory.h"

#define TILE_BYTES (KOLAM_TILE_PIXELS * sizeof(uint32_t))

struct stores {
    struct kolam_tile_store *below, *memory;
    uint32_t *pixels;
};

static int set_up(void **state) {
    struct stores *stores = calloc(1, sizeof *stores);
    assert_non_null(stores);
    stores->below = kolam_tile_store_null_create();
    stores->memory = kolam_tile_memory_create(stores->below, 2 * TILE_BYTES);
    stores->pixels = calloc(1, TILE_BYTES);
    assert_true(stores->below && stores->memory && stores->pixels);
    *state = stores;
    return 0;
}

static int tear_down(void **state) {
    struct stores *stores = *state;
    kolam_tile_store_destroy(stores->memory);
    kolam_tile_store_destroy(stores->below);
    free(stores->pixels);
    free(stores);
    return 0;
}

static struct kolam_tile_id tile_at(int64_t x) {
    return (struct kolam_tile_id){x, 0, 0};
}

static void put(struct stores *stores, int64_t x, uint64_t seq, uint32_t color) {
    const struct kolam_tile_picture picture = {.seq = seq, .is_empty = color == 0};
    stores->pixels[0] = color;
    assert_int_equal(kolam_tile_store_put(stores->memory, tile_at(x), &picture, stores->pixels),
                     KOLAM_OK);
}

/* The first pixel of the tile of that seq; fails the test if there is none. */
static uint32_t get(struct stores *stores, int64_t x, uint64_t seq) {
    struct kolam_tile_picture picture;
    stores->pixels[0] = 0x77;
    assert_int_equal(kolam_tile_store_get(stores->memory, tile_at(x), &picture, stores->pixels),
                     KOLAM_OK);
    assert_int_equal(picture.seq, seq);
    return stores->pixels[0];
}

static bool is_held(struct stores *stores, int64_t x) {
    struct kolam_tile_picture picture;
    return kolam_tile_store_get(stores->memory, tile_at(x), &picture, stores->pixels) == KOLAM_OK;
}

static void newest_picture_wins(void **state) {
    struct stores *stores = *state;
    put(stores, 0, 5, 0xff000005);
    put(stores, 0, 7, 0xff000007);
    put(stores, 0, 6, 0xff000006);
    assert_int_equal(get(stores, 0, 7), 0xff000007);
    put(stores, 0, 8, 0);
    assert_int_equal(get(stores, 0, 8), 0);
    put(stores, 0, 9, 0xff000009);
    assert_int_equal(get(stores, 0, 9), 0xff000009);
}

static void of_one_state_the_first_stays(void **state) {
    struct stores *stores = *state;
    const struct kolam_tile_picture averaged = {.seq = 5, .is_averaged = true};
    const struct kolam_tile_picture plain = {.seq = 5};
    struct kolam_tile_picture picture;
    assert_int_equal(kolam_tile_store_keep(stores->memory, tile_at(0), &averaged, stores->pixels),
                     KOLAM_OK);
    assert_int_equal(kolam_tile_store_put(stores->memory, tile_at(0), &plain, stores->pixels),
                     KOLAM_OK);
    assert_int_equal(kolam_tile_store_get(stores->memory, tile_at(0), &picture, stores->pixels),
                     KOLAM_OK);
    assert_true(picture.is_averaged);
}

static void picture_newer_than_wanted_is_not_recalled(void **state) {
    struct stores *stores = *state;
    struct kolam_tile_picture picture;
    put(stores, 0, 7, 0xff000007);
    assert_int_equal(
        kolam_tile_store_recall(stores->memory, tile_at(0), 6, &picture, stores->pixels),
        KOLAM_ERR_NOT_FOUND);
    assert_int_equal(
        kolam_tile_store_recall(stores->memory, tile_at(0), 7, &picture, stores->pixels), KOLAM_OK);
}

static void least_recently_used_goes_first(void **state) {
    struct stores *stores = *state;
    put(stores, 0, 1, 0xff000001);
    put(stores, 1, 1, 0xff000001);
    assert_true(is_held(stores, 0));
    put(stores, 2, 1, 0xff000001);
    assert_true(is_held(stores, 0));
    assert_false(is_held(stores, 1));
    assert_true(is_held(stores, 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(newest_picture_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_one_state_the_first_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(picture_newer_than_wanted_is_not_recalled, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(least_recently_used_goes_first, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
