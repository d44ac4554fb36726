/* Halving tiles and turning pixels into straight RGBA and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/support/ink_strokes.h"

static void halves_a_tile_into_each_quadrant_rounding_half_up(void **state) {
    (void)state;
    struct random_state random = {3};
    static uint32_t child[KOLAM_TILE_PIXELS], parent[KOLAM_TILE_PIXELS], before[KOLAM_TILE_PIXELS];
    for (int quadrant = 0; quadrant < 4; quadrant++) {
        for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
            child[i] = (uint32_t)random_bits(&random) | (i % 3 == 0 ? 0xffffffff : 0);
            before[i] = parent[i] = (uint32_t)random_bits(&random);
        }
        kolam_ink_downsample(child, quadrant, parent);
        for (int y = 0; y < KOLAM_TILE_PX; y++) {
            for (int x = 0; x < KOLAM_TILE_PX; x++) {
                uint32_t expected = before[y * KOLAM_TILE_PX + x];
                if (x / 128 == quadrant % 2 && y / 128 == quadrant / 2) {
                    const uint32_t *from = child + y % 128 * 2 * KOLAM_TILE_PX + x % 128 * 2;
                    expected = 0;
                    for (int shift = 0; shift < 32; shift += 8) {
                        uint32_t sum = (from[0] >> shift & 255) + (from[1] >> shift & 255) +
                                       (from[256] >> shift & 255) + (from[257] >> shift & 255);
                        expected |= (sum + 2) / 4 << shift;
                    }
                }
                assert_int_equal(parent[y * KOLAM_TILE_PX + x], expected);
            }
        }
    }
}

static void halving_nothing_leaves_the_quadrant_transparent(void **state) {
    (void)state;
    static uint32_t parent[KOLAM_TILE_PIXELS];
    memset(parent, 0xff, sizeof parent);
    kolam_ink_downsample(NULL, 2, parent);
    assert_int_equal(parent[127 * KOLAM_TILE_PX], 0xffffffff);
    assert_int_equal(parent[128 * KOLAM_TILE_PX + 127], 0);
    assert_int_equal(parent[128 * KOLAM_TILE_PX + 128], 0xffffffff);
    assert_int_equal(parent[255 * KOLAM_TILE_PX], 0);
}

static void every_pixel_survives_straight_rgba(void **state) {
    (void)state;
    for (uint32_t alpha = 0; alpha < 256; alpha++) {
        for (uint32_t channel = 0; channel <= alpha; channel++) {
            uint32_t pixel = alpha << 24 | channel << 16 | (alpha - channel) << 8 | channel / 2;
            uint32_t again;
            uint8_t rgba[4];
            kolam_ink_to_rgba(&pixel, 1, rgba);
            kolam_ink_from_rgba(rgba, 1, &again);
            assert_int_equal(again, pixel);
            if (alpha > 0) {
                assert_int_equal(rgba[0], (int)(channel * 255.0 / alpha + 0.5));
            }
            assert_int_equal(rgba[3], alpha);
        }
    }
}

static void rgba_bytes_are_in_the_order_of_their_name(void **state) {
    (void)state;
    uint32_t pixel = 0xff102030;
    uint8_t rgba[4];
    kolam_ink_to_rgba(&pixel, 1, rgba);
    assert_memory_equal(rgba, ((uint8_t[]){0x10, 0x20, 0x30, 0xff}), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halves_a_tile_into_each_quadrant_rounding_half_up),
        cmocka_unit_test(halving_nothing_leaves_the_quadrant_transparent),
        cmocka_unit_test(every_pixel_survives_straight_rgba),
        cmocka_unit_test(rgba_bytes_are_in_the_order_of_their_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
