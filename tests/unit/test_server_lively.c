/* Lively places: the ring of newest strokes, and the places found in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "kolam/alloc.h"
#include "server/lively.h"

#define NOW 10000000
#define SPAN 600000

static struct kolam_lively_stroke stroke_at(int32_t level, int64_t x, int64_t y, uint32_t artist,
                                            int64_t age_ms) {
    return (struct kolam_lively_stroke){
        .time_ms = NOW - age_ms, .artist = artist, .extent = {x, y, x + 40, y + 20, level}};
}

static uint32_t find(const struct kolam_lively_stroke *strokes, uint32_t count, uint32_t limit,
                     struct kolam_lively_place *places) {
    uint32_t found = 0;
    assert_int_equal(kolam_lively_find(strokes, count, NOW, SPAN, limit, places, &found), KOLAM_OK);
    assert_true(found <= limit);
    return found;
}

/* ---- the ring ---- */

static void keeps_the_newest_in_order(void **state) {
    (void)state;
    struct kolam_lively lively = {0};
    struct kolam_lively_stroke *out = kolam_alloc_array(KOLAM_LIVELY_STROKES_MAX, sizeof(*out));
    for (uint32_t i = 0; i < KOLAM_LIVELY_STROKES_MAX + 100; i++) {
        const struct kolam_lively_stroke stroke = {.time_ms = i, .artist = i};
        kolam_lively_add(&lively, &stroke);
    }
    assert_int_equal(kolam_lively_copy(&lively, 0, out), KOLAM_LIVELY_STROKES_MAX);
    for (uint32_t i = 0; i < KOLAM_LIVELY_STROKES_MAX; i++) {
        assert_int_equal(out[i].artist, i + 100);
    }
    assert_int_equal(kolam_lively_copy(&lively, KOLAM_LIVELY_STROKES_MAX + 90, out), 10);
    assert_int_equal(out[0].artist, KOLAM_LIVELY_STROKES_MAX + 90);
    assert_int_equal(kolam_lively_copy(&lively, INT64_MAX, out), 0);
    kolam_lively_finish(&lively);
    kolam_free(out);
}

static void add_numbered(struct kolam_lively *lively, uint32_t first, uint32_t count) {
    for (uint32_t i = first; i < first + count; i++) {
        const struct kolam_lively_stroke stroke = {.seq = i + 1, .artist = i};
        kolam_lively_add(lively, &stroke);
    }
}

static void takes_older_ones_as_far_as_there_is_room(void **state) {
    (void)state;
    struct kolam_lively_stroke *out = kolam_alloc_array(KOLAM_LIVELY_STROKES_MAX, sizeof(*out));
    for (uint32_t own = 0; own <= KOLAM_LIVELY_STROKES_MAX + 1; own += 1024) {
        struct kolam_lively lively = {0}, older = {0};
        add_numbered(&older, 0, 3000);
        add_numbered(&lively, 3000, own);
        kolam_lively_load(&lively, &older);
        assert_true(lively.is_loaded);
        const uint32_t count = kolam_lively_copy(&lively, 0, out);
        assert_int_equal(count, own + 3000 < KOLAM_LIVELY_STROKES_MAX ? own + 3000
                                                                      : KOLAM_LIVELY_STROKES_MAX);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(out[i].artist, 3000 + own - count + i);
        }
        kolam_lively_finish(&lively);
        kolam_lively_finish(&older);
    }
    kolam_free(out);
}

static void what_was_undone_is_left_out_until_it_is_shown_again(void **state) {
    (void)state;
    struct kolam_lively lively = {0};
    struct kolam_lively_stroke out[10];
    kolam_lively_mark(&lively, (const uint64_t[]){1}, 1, true);
    add_numbered(&lively, 10, 10); /* seqs 11 to 20 */
    kolam_lively_mark(&lively, (const uint64_t[]){1, 2, 11, 15, 20, 21, 500}, 7, true);
    assert_int_equal(kolam_lively_copy(&lively, 0, out), 7);
    assert_int_equal(out[0].seq, 12);
    assert_int_equal(out[6].seq, 19);
    kolam_lively_mark(&lively, (const uint64_t[]){15, 16}, 2, false);
    assert_int_equal(kolam_lively_copy(&lively, 0, out), 8);
    kolam_lively_finish(&lively);
}

/* ---- places ---- */

static void nothing_is_no_place(void **state) {
    (void)state;
    struct kolam_lively_place places[4];
    assert_int_equal(find(NULL, 0, 4, places), 0);
}

static void strokes_close_together_are_one_place(void **state) {
    (void)state;
    struct kolam_lively_place places[8];
    const struct kolam_lively_stroke strokes[] = {
        stroke_at(0, 100, 100, 7, 5000), stroke_at(0, 700, 300, 7, 1000),
        stroke_at(0, 400, 900, 9, 3000), stroke_at(0, 100000, 100, 4, 2000)};
    assert_int_equal(find(strokes, 4, 8, places), 2);
    const struct kolam_lively_place *first = &places[0];
    assert_int_equal(first->strokes, 3);
    assert_int_equal(first->drawing, 0);
    assert_int_equal(first->last_ms, NOW - 1000);
    assert_int_equal(first->artist_count, 2);
    assert_int_equal(first->named_count, 2);
    assert_int_equal(first->artists[0], 7);
    assert_int_equal(first->artists[1], 9);
    assert_int_equal(first->box.level, 0);
    assert_int_equal(first->box.x0, 100);
    assert_int_equal(first->box.y0, 100);
    assert_int_equal(first->box.x1, 740);
    assert_int_equal(first->box.y1, 920);
    assert_int_equal(places[1].artists[0], 4);
    assert_int_equal(find(strokes, 4, 1, places), 1);
}

static void levels_beside_each_other_are_one_place_and_far_ones_are_not(void **state) {
    (void)state;
    struct kolam_lively_place places[8];
    /* The same spot of the wall at levels 0, 1 and -1; and at level 6, which nobody sees together with them. */
    const struct kolam_lively_stroke strokes[] = {
        stroke_at(0, 1000, 1000, 1, 0),   stroke_at(0, 1100, 1000, 1, 0),
        stroke_at(1, 2000, 2000, 2, 0),   stroke_at(-1, 500, 500, 3, 0),
        stroke_at(6, 64000, 64000, 4, 0), stroke_at(6, 64100, 64000, 4, 0)};
    assert_int_equal(find(strokes, 6, 8, places), 2);
    assert_int_equal(places[0].strokes, 4);
    assert_int_equal(places[0].box.level, 0);
    assert_int_equal(places[0].artist_count, 3);
    assert_int_equal(places[0].box.x1, 1140);
    assert_int_equal(places[1].box.level, 6);
    assert_int_equal(places[1].strokes, 2);
}

static void new_strokes_weigh_more_than_many_old_ones(void **state) {
    (void)state;
    struct kolam_lively_place places[8];
    struct kolam_lively_stroke strokes[60];
    for (uint32_t i = 0; i < 50; i++) {
        strokes[i] = stroke_at(0, 5000 + i, 0, 1, SPAN - 10000);
    }
    strokes[50] = stroke_at(0, 50000, 0, 2, 1000);
    strokes[51] = (struct kolam_lively_stroke){
        .time_ms = NOW, .artist = 3, .is_drawing = true, .extent = {90000, 0, 90010, 10, 0}};
    assert_int_equal(find(strokes, 52, 8, places), 3);
    assert_int_equal(places[0].artists[0], 3);
    assert_int_equal(places[0].drawing, 1);
    assert_int_equal(places[0].strokes, 0);
    assert_int_equal(places[1].artists[0], 2);
    assert_int_equal(places[2].strokes, 50);
}

static void a_long_trail_is_several_places_of_the_size_of_a_screen(void **state) {
    (void)state;
    struct kolam_lively_place places[KOLAM_LIVELY_PLACES_MAX];
    struct kolam_lively_stroke strokes[400];
    for (uint32_t i = 0; i < 400; i++) {
        strokes[i] = stroke_at(0, (int64_t)i * 100 - 20000, 0, 1, 0);
    }
    const uint32_t found = find(strokes, 400, KOLAM_LIVELY_PLACES_MAX, places);
    uint32_t total = 0;
    assert_true(found >= 12 && found <= 60);
    for (uint32_t i = 0; i < found; i++) {
        total += places[i].strokes;
        assert_true(places[i].box.x1 - places[i].box.x0 < 3000);
        assert_true(i == 0 || places[i].strokes <= places[i - 1].strokes);
    }
    assert_int_equal(total, 400);
}

static void giant_ink_does_not_make_a_giant_place(void **state) {
    (void)state;
    struct kolam_lively_place places[2];
    const struct kolam_lively_stroke giant = {
        .time_ms = NOW, .artist = 1, .extent = {-60000, -60000, 60000, 60000, 3}};
    assert_int_equal(find(&giant, 1, 2, places), 1);
    assert_true(places[0].box.x1 - places[0].box.x0 <= 2560);
    assert_true(places[0].box.x0 <= places[0].box.x1);
    assert_true(places[0].box.y0 <= places[0].box.y1);
}

static void the_edges_of_the_world_and_of_the_levels_are_places(void **state) {
    (void)state;
    struct kolam_lively_place places[8];
    const int64_t far = (INT64_C(1) << 55) - 300, near = (INT64_C(1) << 7) - 60;
    const struct kolam_lively_stroke strokes[] = {
        stroke_at(24, far, -far - 300, 1, 0), stroke_at(24, -far - 300, far, 2, 0),
        stroke_at(-24, near, -near, 3, 0), stroke_at(23, far / 2, -far / 2, 1, SPAN)};
    const uint32_t found = find(strokes, 4, 8, places);
    assert_true(found >= 3);
    uint32_t total = 0;
    for (uint32_t i = 0; i < found; i++) {
        total += places[i].strokes;
        assert_true(places[i].box.x0 <= places[i].box.x1);
        assert_true(places[i].box.level >= -24 && places[i].box.level <= 24);
    }
    assert_int_equal(total, 4);
}

static void names_the_eight_with_most_strokes(void **state) {
    (void)state;
    struct kolam_lively_place places[1];
    struct kolam_lively_stroke strokes[210];
    uint32_t count = 0;
    for (uint32_t artist = 1; artist <= 20; artist++) {
        for (uint32_t i = 0; i < artist; i++) {
            strokes[count++] = stroke_at(0, 0, 0, artist, 0);
        }
    }
    assert_int_equal(find(strokes, count, 1, places), 1);
    assert_int_equal(places[0].artist_count, 20);
    assert_int_equal(places[0].named_count, KOLAM_LIVELY_ARTISTS_MAX);
    for (uint32_t i = 0; i < KOLAM_LIVELY_ARTISTS_MAX; i++) {
        assert_int_equal(places[0].artists[i], 20 - i);
    }
}

static uint32_t allocations_left;
static bool may_allocate(void *ctx) {
    (void)ctx;
    return allocations_left > 0 && allocations_left-- > 0;
}

static void says_when_there_is_no_memory(void **state) {
    (void)state;
    struct kolam_lively_place places[1];
    const struct kolam_lively_stroke stroke = stroke_at(0, 0, 0, 1, 0);
    uint32_t found;
    kolam_alloc_set_hook(may_allocate, NULL);
    for (uint32_t i = 0; i < 3; i++) {
        allocations_left = i;
        assert_int_equal(kolam_lively_find(&stroke, 1, NOW, SPAN, 1, places, &found),
                         KOLAM_ERR_NOMEM);
    }
    struct kolam_lively lively = {0};
    allocations_left = 0;
    kolam_lively_add(&lively, &stroke);
    assert_int_equal(lively.count, 0);
    kolam_alloc_set_hook(NULL, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_newest_in_order),
        cmocka_unit_test(takes_older_ones_as_far_as_there_is_room),
        cmocka_unit_test(what_was_undone_is_left_out_until_it_is_shown_again),
        cmocka_unit_test(nothing_is_no_place),
        cmocka_unit_test(strokes_close_together_are_one_place),
        cmocka_unit_test(levels_beside_each_other_are_one_place_and_far_ones_are_not),
        cmocka_unit_test(new_strokes_weigh_more_than_many_old_ones),
        cmocka_unit_test(a_long_trail_is_several_places_of_the_size_of_a_screen),
        cmocka_unit_test(giant_ink_does_not_make_a_giant_place),
        cmocka_unit_test(the_edges_of_the_world_and_of_the_levels_are_places),
        cmocka_unit_test(names_the_eight_with_most_strokes),
        cmocka_unit_test(says_when_there_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
