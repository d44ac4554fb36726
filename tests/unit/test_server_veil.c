/* Quiet areas: the rule of who sees whose, as a table; where they lie; and what a nobody's record still says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kolam/alloc.h"
#include "server/protocol_out.h"
#include "server/server.h"
#include "server/veil.h"

/* ---- the rule ---- */

static void who_sees_whose(void **state) {
    const struct {
        const char *who;
        struct kolam_eyes eyes;
        uint32_t of_open, of_quiet; /* the artist seen of 12's stroke */
    } rows[] = {
        {"anybody", {0}, 12, 0},
        {"another", {.own_count = 1, .own = {7}}, 12, 0},
        {"the artist", {.own_count = 1, .own = {12}}, 12, 12},
        {"whose former self it was", {.own_count = 3, .own = {7, 3, 12}}, 12, 12},
        {"who sees names", {.sees_names = true}, 12, 12},
        {"one without a number", {.own_count = 0, .own = {12}}, 12, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (kolam_veil_artist(&rows[i].eyes, 12, false) != rows[i].of_open ||
            kolam_veil_artist(&rows[i].eyes, 12, true) != rows[i].of_quiet) {
            fail_msg("%s", rows[i].who);
        }
    }
}

/* ---- where ---- */

static struct kolam_quiet *quiet_of(const struct kolam_rect *rects, uint32_t count) {
    struct kolam_quiet *quiet = kolam_alloc_zero(1, sizeof *quiet + count * sizeof *rects);
    assert_non_null(quiet);
    quiet->count = count;
    memcpy(quiet->rects, rects, count * sizeof *rects);
    return quiet;
}

static void the_quiet_areas_of_a_policy_are_taken_along(void **state) {
    const struct kolam_policy_area owned = {.kind = KOLAM_AREA_OWNED, .rect = {0, 0, 9, 9, 0}};
    const struct kolam_policy_area hush = {.kind = KOLAM_AREA_QUIET, .rect = {5, 6, 7, 8, -2}};
    const struct kolam_policy_area *areas[] = {&owned, &hush};
    struct kolam_policy policy = {.areas = areas, .area_count = 1};
    struct kolam_quiet *quiet;
    (void)state;
    assert_int_equal(kolam_policy_quiet(&policy, &quiet), KOLAM_OK);
    assert_null(quiet);
    policy.area_count = 2;
    assert_int_equal(kolam_policy_quiet(&policy, &quiet), KOLAM_OK);
    assert_int_equal(quiet->count, 1);
    assert_int_equal(quiet->refs, 1);
    assert_memory_equal(&quiet->rects[0], &hush.rect, sizeof hush.rect);
    kolam_free(quiet);
}

static void ink_is_quiet_where_a_tile_of_it_touches_an_area(void **state) {
    const struct kolam_rect rects[] = {{1024, 0, 2048, 1024, 0}, {-8, -8, 8, 8, 4}};
    struct kolam_quiet *quiet = quiet_of(rects, 2);
    const struct {
        struct kolam_home homes[3];
        uint32_t count;
        bool is_quiet;
    } rows[] = {
        {{{{0}, 0, 0, 0, 0}}, 0, false},
        {{{{3, 0, 0}, 0, 0, 255, 255}}, 1, false},
        {{{{4, 0, 0}, 0, 0, 0, 0}}, 1, true},
        {{{{3, 0, 0}, 0, 0, 255, 255}, {{4, 3, 0}, 9, 255, 9, 255}}, 2, true},
        {{{{3, 0, 0}, 0, 0, 9, 9}, {{4, 4, 0}, 0, 0, 9, 9}},
         2,
         false},                                /* the box has it, not the ink */
        {{{{0, 0, -24}, 0, 0, 0, 0}}, 1, true}, /* one pixel is half the world */
        {{{{64, 0, 4}, 0, 0, 9, 9}}, 1, true},  /* 16384 / 16 = 1024 */
        {{{{63, 0, 4}, 0, 0, 255, 255}}, 1, false},
        {{{{0, 0, 6}, 0, 0, 9, 9}}, 1, true},
        {{{{100, 9, 0}, 0, 0, 9, 9}, {{64, 0, 4}, 0, 0, 9, 9}}, 2, true}, /* of several levels */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (kolam_quiet_has_ink(quiet, rows[i].homes, rows[i].count) != rows[i].is_quiet) {
            fail_msg("row %zu", i);
        }
        assert_false(kolam_quiet_has_ink(NULL, rows[i].homes, rows[i].count));
    }
    kolam_free(quiet);
}

static void a_view_is_quiet_by_its_middle_and_what_it_reaches(void **state) {
    const struct kolam_rect rects[] = {{1024, 0, 2048, 1024, 0}};
    struct kolam_quiet *quiet = quiet_of(rects, 1);
    (void)state;
    assert_true(kolam_veil_is_quiet_view(quiet, "1024", "0", 0, 0));
    assert_false(kolam_veil_is_quiet_view(quiet, "1023.75", "0", 0, 0));
    assert_true(kolam_veil_is_quiet_view(quiet, "1023.75", "0", 0, 1));
    assert_true(kolam_veil_is_quiet_view(quiet, "1023.75", "0", 12.5, 1024));
    assert_false(kolam_veil_is_quiet_view(quiet, "900", "0", 12.5, 1024));
    assert_true(kolam_veil_is_quiet_view(quiet, "900", "0", 0.5, 1024));
    assert_true(kolam_veil_is_quiet_view(quiet, "-3000", "0", -2.0, 1024));
    assert_false(kolam_veil_is_quiet_view(quiet, "-3100", "0", -2.0, 1023));
    assert_true(kolam_veil_is_quiet_view(quiet, "2147483647", "-2147483648", -24, 1024));
    assert_false(kolam_veil_is_quiet_view(NULL, "1024", "0", 0, 1024));
    kolam_free(quiet);
}

/* ---- nobody's records ---- */

static void a_record_says_the_same_but_whose_it_is(void **state) {
    const uint8_t body[] = {1, 2, 3};
    const struct kolam_out_op_head head = {.seq = 4711,
                                           .nonce = 0xfedcba9876543210u,
                                           .replaces = 300,
                                           .time_ms = 1769000000000,
                                           .artist = 12,
                                           .counter = 4000000000u,
                                           .body = body,
                                           .body_size_bytes = sizeof body};
    struct kolam_bytes *record = kolam_out_op_head(&head);
    struct kolam_out_op_head read;
    (void)state;
    assert_true(kolam_out_op_read(record, &read));
    assert_true(read.seq == head.seq && read.nonce == head.nonce &&
                read.replaces == head.replaces && read.time_ms == head.time_ms &&
                read.artist == head.artist && read.counter == head.counter);
    assert_memory_equal(read.body, body, sizeof body);
    for (record->size--; record->size > 0; record->size--) {
        assert_false(kolam_out_op_read(record, &read));
    }
    kolam_bytes_unref(record);
    struct kolam_bytes *preview = kolam_out_preview(12, head.nonce, 900, 200, body, sizeof body);
    struct kolam_bytes *nobodys = kolam_out_preview_as(preview, 0, 7, 0);
    struct kolam_bytes *wanted = kolam_out_preview(0, 7, 0, 200, body, sizeof body);
    assert_int_equal(nobodys->size, wanted->size);
    assert_memory_equal(nobodys->data, wanted->data, wanted->size);
    kolam_bytes_unref(preview);
    kolam_bytes_unref(nobodys);
    kolam_bytes_unref(wanted);
}

static void each_drawing_has_a_nonce_of_its_own(void **state) {
    struct kolam_server *server = kolam_alloc_zero(1, sizeof *server);
    (void)state;
    server->veil_key = (struct kolam_hash_key){1, 2};
    const uint64_t first = kolam_veil_nonce(server, 99, 4);
    assert_true(first == kolam_veil_nonce(server, 99, 4));
    assert_true(first != kolam_veil_nonce(server, 99, 5));
    assert_true(first != kolam_veil_nonce(server, 98, 4));
    server->veil_key.k1 = 3;
    assert_true(first != kolam_veil_nonce(server, 99, 4));
    kolam_free(server);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_sees_whose),
        cmocka_unit_test(the_quiet_areas_of_a_policy_are_taken_along),
        cmocka_unit_test(ink_is_quiet_where_a_tile_of_it_touches_an_area),
        cmocka_unit_test(a_view_is_quiet_by_its_middle_and_what_it_reaches),
        cmocka_unit_test(a_record_says_the_same_but_whose_it_is),
        cmocka_unit_test(each_drawing_has_a_nonce_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
