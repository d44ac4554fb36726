/* What bounds the server's memory: a slow client's outbox, the ring of recent ops, the tile cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kolam/alloc.h"
#include "server/net.h"
#include "server/outbox.h"
#include "server/recent.h"
#include "server/tile_cache.h"

static struct kolam_bytes *bytes_of(size_t size, int fill) {
    struct kolam_bytes *bytes = kolam_bytes_create(size);
    assert_non_null(bytes);
    memset(bytes->data, fill, size);
    return bytes;
}

static const struct kolam_outbox_limits limits = {
    .soft_bytes = 2 << 20, .hard_bytes = 8 << 20, .soft_ms = 3000};

static enum kolam_outbox_state add(struct kolam_outbox *outbox, enum kolam_out_class class,
                                   bool is_text, size_t size, int fill) {
    struct kolam_bytes *bytes = bytes_of(size, fill);
    const struct kolam_out_item item = {.bytes = bytes,
                                        .class = (uint8_t) class,
                                        .form = is_text ? KOLAM_OUT_TEXT : KOLAM_OUT_RECORD};
    enum kolam_outbox_state state = kolam_outbox_add(outbox, &limits, &item);
    kolam_bytes_unref(bytes);
    return state;
}

static void records_share_a_frame_and_texts_have_their_own_in_order(void **state) {
    (void)state;
    struct kolam_outbox outbox = {0};
    uint8_t *out = kolam_alloc(KOLAM_OUTBOX_SCRATCH_BYTES);
    uint64_t frames;
    add(&outbox, KOLAM_OUT_OP, false, 2, 'a');
    add(&outbox, KOLAM_OUT_ESSENTIAL, false, 1, 'b');
    add(&outbox, KOLAM_OUT_ESSENTIAL, true, 3, 't');
    add(&outbox, KOLAM_OUT_PREVIEW, false, 130, 'c');
    size_t size = kolam_outbox_take_frames(&outbox, out, &frames);
    assert_int_equal(frames, 3);
    static const uint8_t expected[] = {0x82, 3,   'a',  'a', 'b', 0x81, 3,  't',
                                       't',  't', 0x82, 126, 0,   130,  'c'};
    assert_memory_equal(out, expected, sizeof expected);
    assert_int_equal(size, sizeof expected - 1 + 130);
    assert_true(kolam_outbox_is_empty(&outbox));
    assert_int_equal(outbox.queued_bytes, 0);
    assert_int_equal(outbox.essential_bytes, 0);
    kolam_outbox_finish(&outbox);
    kolam_free(out);
}

static void a_tick_takes_a_bounded_part_but_always_something(void **state) {
    (void)state;
    struct kolam_outbox outbox = {0};
    uint8_t *out = kolam_alloc(KOLAM_OUTBOX_SCRATCH_BYTES);
    uint64_t frames;
    add(&outbox, KOLAM_OUT_OP, false, 300000, 'x');
    for (int i = 0; i < 100; i++) {
        add(&outbox, KOLAM_OUT_OP, false, 1000, 'y');
    }
    size_t first = kolam_outbox_take_frames(&outbox, out, &frames);
    assert_true(first > 300000 && first < 301000);
    size_t second = kolam_outbox_take_frames(&outbox, out, &frames);
    assert_true(second > 60000 && second < 70000);
    assert_int_equal(outbox.queued_bytes, 100000 - (second - 4) / 1000 * 1000);
    kolam_outbox_finish(&outbox);
    kolam_free(out);
}

static void previews_go_first_and_essentials_stay(void **state) {
    (void)state;
    struct kolam_outbox outbox = {0};
    assert_int_equal(add(&outbox, KOLAM_OUT_ESSENTIAL, false, 10, 'e'), KOLAM_OUTBOX_FINE);
    uint32_t previews = 0;
    while (add(&outbox, KOLAM_OUT_PREVIEW, false, 1000, 'p') == KOLAM_OUTBOX_FINE) {
        assert_true(++previews < 1000);
    }
    assert_int_equal(outbox.queued_bytes, 10);
    while (add(&outbox, KOLAM_OUT_OP, false, 100000, 'o') == KOLAM_OUTBOX_FINE) {
        assert_true(outbox.queued_bytes <= limits.soft_bytes);
    }
    assert_int_equal(outbox.queued_bytes, 10); /* the ops went, the essential stays */
    enum kolam_outbox_state last;
    do {
        last = add(&outbox, KOLAM_OUT_ESSENTIAL, false, 300000, 'e');
        assert_true(outbox.queued_bytes <= limits.hard_bytes);
    } while (last != KOLAM_OUTBOX_HOPELESS);
    kolam_outbox_finish(&outbox);
}

static void an_item_that_fits_no_tick_is_refused(void **state) {
    (void)state;
    struct kolam_outbox outbox = {0};
    assert_int_equal(add(&outbox, KOLAM_OUT_OP, false, KOLAM_OUTBOX_ITEM_BYTES_MAX + 1, 'x'),
                     KOLAM_OUTBOX_HOPELESS);
    kolam_outbox_finish(&outbox);
}

static enum kolam_outbox_state add_at(struct kolam_outbox *outbox, uint32_t now_ms, uint64_t seq,
                                      enum kolam_out_form form) {
    struct kolam_bytes *bytes = bytes_of(100, 'f');
    const struct kolam_out_item item = {.bytes = bytes,
                                        .seq = seq,
                                        .queued_ms = now_ms,
                                        .class = KOLAM_OUT_OP,
                                        .form = (uint8_t)form};
    enum kolam_outbox_state state = kolam_outbox_add(outbox, &limits, &item);
    kolam_bytes_unref(bytes);
    return state;
}

static void what_waited_too_long_is_dropped_however_little_it_is(void **state) {
    (void)state;
    struct kolam_outbox outbox = {0};
    const uint32_t start = UINT32_MAX - 1000; /* the clock may wrap meanwhile */
    assert_int_equal(add(&outbox, KOLAM_OUT_ESSENTIAL, false, 10, 'e'), KOLAM_OUTBOX_FINE);
    outbox.items[0].queued_ms = start;
    assert_int_equal(add_at(&outbox, start + 2999, 1, KOLAM_OUT_RECORD), KOLAM_OUTBOX_FINE);
    assert_int_equal(add_at(&outbox, start + 3001, 2, KOLAM_OUT_RECORD), KOLAM_OUTBOX_OVERFLOWED);
    assert_int_equal(outbox.queued_bytes, 10);
    kolam_outbox_finish(&outbox);
}

static void ops_that_come_anew_are_forgotten_once(void **state) {
    (void)state;
    struct kolam_outbox outbox = {0};
    add(&outbox, KOLAM_OUT_ESSENTIAL, false, 10, 'e');
    add_at(&outbox, 0, 5, KOLAM_OUT_RECORD);
    add_at(&outbox, 0, 0, KOLAM_OUT_RECORD); /* a tile notice */
    add_at(&outbox, 0, 6, KOLAM_OUT_RECORD);
    add_at(&outbox, 0, 9, KOLAM_OUT_FRAMES);
    kolam_outbox_drop_ops_after(&outbox, 5);
    assert_int_equal(outbox.end - outbox.begin, 3);
    assert_int_equal(outbox.items[1].seq, 5);
    assert_int_equal(outbox.queued_bytes, 210);
    kolam_outbox_finish(&outbox);
}

static void whole_frames_leave_as_they_are_in_their_place(void **state) {
    (void)state;
    struct kolam_outbox outbox = {0};
    uint8_t *out = kolam_alloc(KOLAM_OUTBOX_SCRATCH_BYTES);
    uint64_t frames;
    add(&outbox, KOLAM_OUT_ESSENTIAL, false, 1, 'a');
    add_at(&outbox, 0, 9, KOLAM_OUT_FRAMES);
    add(&outbox, KOLAM_OUT_OP, false, 1, 'b');
    size_t size = kolam_outbox_take_frames(&outbox, out, &frames);
    assert_int_equal(size, 3 + (100 - KOLAM_SOCKET_PAD) + 3);
    assert_memory_equal(out,
                        "\x82\x01"
                        "a"
                        "ffff",
                        7);
    assert_memory_equal(out + size - 4,
                        "f\x82\x01"
                        "b",
                        4);
    assert_int_equal(frames, 3);
    kolam_outbox_finish(&outbox);
    kolam_free(out);
}

/* ---- recent ops ---- */

static void add_op(struct kolam_recent *recent, uint64_t seq, size_t size) {
    struct kolam_home home = {{1, 2, 3}, 0, 0, 9, 9};
    struct kolam_log_op op = {.kind = KOLAM_OP_STROKE, .seq = seq, .homes = &home, .home_count = 1};
    struct kolam_bytes *record = bytes_of(size, 'r');
    kolam_recent_add(recent, &op, record, true);
    kolam_bytes_unref(record);
}

static void recent_ops_are_found_by_what_the_client_has(void **state) {
    (void)state;
    struct kolam_recent recent = {0};
    uint32_t first;
    for (uint64_t seq = 5; seq <= 9; seq++) {
        add_op(&recent, seq, 100);
    }
    assert_true(kolam_recent_since(&recent, 4, 9, &first));
    assert_int_equal(recent.ops[first].seq, 5);
    assert_true(kolam_recent_since(&recent, 8, 9, &first));
    assert_int_equal(recent.ops[first].seq, 9);
    assert_true(kolam_recent_since(&recent, 9, 9, &first));
    assert_int_equal(first, recent.end);
    assert_false(kolam_recent_since(&recent, 3, 9, &first));  /* op 4 is not there any more */
    assert_false(kolam_recent_since(&recent, 10, 9, &first)); /* of another canvas, or a lie */
    assert_false(kolam_recent_since(&recent, UINT64_MAX, 9, &first));
    kolam_recent_finish(&recent);
    assert_true(kolam_recent_since(&recent, 0, 0, &first));
    assert_false(kolam_recent_since(&recent, 0, 9, &first));
}

static void recent_ops_are_bounded_by_bytes(void **state) {
    (void)state;
    struct kolam_recent recent = {0};
    uint32_t first;
    for (uint64_t seq = 1; seq <= 500; seq++) {
        add_op(&recent, seq, 100000);
        assert_true(recent.bytes <= KOLAM_RECENT_BYTES_MAX);
    }
    assert_false(kolam_recent_since(&recent, 300, 500, &first));
    assert_true(kolam_recent_since(&recent, 450, 500, &first));
    assert_int_equal(recent.ops[first].seq, 451);
    kolam_recent_finish(&recent);
}

/* ---- tile cache ---- */

static void put(struct kolam_tile_cache *cache, int64_t x, uint64_t seq, size_t size) {
    struct kolam_bytes *png = bytes_of(size, 'p');
    kolam_tile_cache_put(cache, 7, (struct kolam_tile_id){x, 0, 0}, seq, png);
    kolam_bytes_unref(png);
}

static void the_tile_cache_keeps_the_newest_picture_and_the_lately_used(void **state) {
    (void)state;
    struct kolam_tile_cache *cache = kolam_tile_cache_create(100000);
    uint64_t seq = 0;
    const struct kolam_tile_id zero = {0, 0, 0};
    put(cache, 0, 5, 1000);
    put(cache, 0, 4, 1000); /* older: not taken */
    assert_non_null(kolam_tile_cache_get(cache, 7, zero, &seq));
    assert_int_equal(seq, 5);
    put(cache, 0, 6, 2000);
    assert_int_equal(kolam_tile_cache_get(cache, 7, zero, &seq)->size, 2000);
    assert_int_equal(seq, 6);
    assert_null(kolam_tile_cache_get(cache, 8, zero, &seq)); /* another incarnation */
    for (int64_t x = 1; x < 1000; x++) {
        put(cache, x, 1, 10000);
        assert_non_null(kolam_tile_cache_get(cache, 7, zero, &seq)); /* used each time: it stays */
        assert_true(kolam_tile_cache_bytes(cache) <= 100000);
    }
    assert_null(kolam_tile_cache_get(cache, 7, (struct kolam_tile_id){1, 0, 0}, &seq));
    assert_non_null(kolam_tile_cache_get(cache, 7, (struct kolam_tile_id){999, 0, 0}, &seq));
    kolam_tile_cache_destroy(cache);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_share_a_frame_and_texts_have_their_own_in_order),
        cmocka_unit_test(a_tick_takes_a_bounded_part_but_always_something),
        cmocka_unit_test(previews_go_first_and_essentials_stay),
        cmocka_unit_test(an_item_that_fits_no_tick_is_refused),
        cmocka_unit_test(what_waited_too_long_is_dropped_however_little_it_is),
        cmocka_unit_test(ops_that_come_anew_are_forgotten_once),
        cmocka_unit_test(whole_frames_leave_as_they_are_in_their_place),
        cmocka_unit_test(recent_ops_are_found_by_what_the_client_has),
        cmocka_unit_test(recent_ops_are_bounded_by_bytes),
        cmocka_unit_test(the_tile_cache_keeps_the_newest_picture_and_the_lately_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
