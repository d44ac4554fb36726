/* kolam load's account: who can see what (the same as the server's own geometry), the histogram, the timers, and each
 * way in which a delivery can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kolam/alloc.h"
#include "random.h"
#include "server/view.h"
#include "tools/load_hist.h"
#include "tools/load_timers.h"
#include "tools/load_watch.h"

#define NONCE 0x1122334455667700u

/* ---- geometry ---- */

static struct kolam_home home_of(int32_t level, int64_t x, int64_t y, uint8_t x0, uint8_t y0,
                                 uint8_t x1, uint8_t y1) {
    return (struct kolam_home){{x, y, level}, x0, y0, x1, y1};
}

static int64_t near_edge(struct test_random *random, int32_t level, int32_t view_level) {
    int64_t tile = test_random_between(random, -3, 3);
    return level >= view_level ? tile * ((int64_t)1 << (level - view_level))
                               : kolam_floor_shift(tile, view_level - level);
}

static void sees_what_the_server_says_a_view_can_show(void **unused) {
    (void)unused;
    struct test_random random = test_random_from(4711);
    uint32_t touched = 0, resolved = 0;
    for (int i = 0; i < 200000; i++) {
        int32_t view_level = (int32_t)test_random_between(&random, -4, 4);
        int32_t level = (int32_t)test_random_between(&random, -4, 4);
        struct kolam_view theirs = {.level = view_level,
                                    .x = test_random_between(&random, -2, 2),
                                    .y = test_random_between(&random, -2, 2),
                                    .width = 1 + (uint32_t)test_random_below(&random, 3),
                                    .height = 1 + (uint32_t)test_random_below(&random, 3),
                                    .is_set = true};
        const struct kolam_load_view ours = {theirs.x, theirs.y, view_level, theirs.width,
                                             theirs.height};
        uint8_t x0 = (uint8_t)test_random_next(&random), y0 = (uint8_t)test_random_next(&random);
        int64_t x = near_edge(&random, level, view_level),
                y = near_edge(&random, level, view_level);
        struct kolam_home homes[2] = {
            home_of(level, x, y, x0, y0, x0 | 3, y0 | 7),
            home_of(level, x + test_random_between(&random, 0, 1), y + 1, 0, 0, x0, y0)};
        uint32_t count = 1 + (uint32_t)test_random_below(&random, 2);
        struct kolam_load_ink ink = kolam_load_ink_of(homes, count);
        bool is_touched = false;
        for (uint32_t k = 0; k < count; k++) {
            struct kolam_extent extent = kolam_home_extent(&homes[k]);
            is_touched |= kolam_view_touches(&theirs, &extent);
        }
        assert_int_equal(kolam_load_touches(&ours, &ink), is_touched);
        struct kolam_extent all = kolam_homes_extent(homes, count);
        assert_int_equal(kolam_load_size(&ours, &ink) != KOLAM_LOAD_TINY,
                         kolam_view_resolves(&theirs, &all));
        touched += is_touched;
        resolved += kolam_view_resolves(&theirs, &all);
    }
    assert_in_range(touched, 20000, 180000);
    assert_in_range(resolved, 20000, 199999);
}

static bool mark_place(void *ctx, uint32_t place) {
    *(uint64_t *)ctx |= (uint64_t)1 << place;
    return true;
}

static void names_the_views_own_tiles_that_ink_touches(void **unused) {
    (void)unused;
    const struct kolam_home homes[] = {home_of(0, 1, 1, 200, 0, 255, 10),
                                       home_of(0, 2, 1, 0, 0, 4, 10),
                                       home_of(0, 3, 1, 0, 0, 4, 10)};
    const struct kolam_load_ink ink = kolam_load_ink_of(homes, 3);
    const struct kolam_load_view near_view = {1, 0, 0, 2, 2}, far_view = {0, 0, -2, 1, 1};
    uint64_t places = 0;
    assert_true(kolam_load_tiles(&near_view, &ink, mark_place, &places));
    assert_int_equal(places,
                     1 << 2 | 1 << 3); /* of the second row; the third home is in the margin */
    places = 0;
    assert_true(kolam_load_tiles(&far_view, &ink, mark_place, &places));
    assert_int_equal(places, 1);
}

static void keeps_views_inside_the_world(void **unused) {
    (void)unused;
    for (int32_t level = -24; level <= 24; level++) {
        const double places[] = {0, -2147483648.0, 2147483647.0, 12345.5};
        for (size_t i = 0; i < 4; i++) {
            struct kolam_load_view view =
                kolam_load_view_around(places[i], -places[i], level, 9, 6);
            const struct kolam_view theirs = {.level = view.level,
                                              .x = view.x,
                                              .y = view.y,
                                              .width = view.width,
                                              .height = view.height};
            assert_true(kolam_view_is_valid(&theirs));
        }
    }
}

/* ---- histogram, timers ---- */

static void tells_quantiles_within_two_percent(void **unused) {
    (void)unused;
    static struct kolam_load_hist hist;
    for (int64_t us = 1; us <= 100000; us++) {
        kolam_load_hist_add(&hist, us);
    }
    const double wanted[][2] = {{0.5, 50}, {0.9, 90}, {0.99, 99}, {0.001, 0.1}};
    for (size_t i = 0; i < 4; i++) {
        double ms = kolam_load_hist_ms(&hist, wanted[i][0]);
        assert_true(ms > wanted[i][1] * 0.98 && ms < wanted[i][1] * 1.02);
    }
    assert_true(kolam_load_hist_ms(&hist, 1) == 100.0);
    kolam_load_hist_add(&hist, -5);
    kolam_load_hist_add(&hist, INT64_MAX);
    assert_int_equal(hist.total, 100002);
}

static void timers_come_in_the_order_of_their_times(void **unused) {
    (void)unused;
    struct kolam_load_timers timers = {0};
    struct test_random random = test_random_from(7);
    assert_int_equal(kolam_load_timers_next_us(&timers), INT64_MAX);
    for (uint32_t i = 0; i < 5000; i++) {
        assert_true(kolam_load_timers_add(&timers, test_random_between(&random, 0, 999), i));
        if (i % 3 == 2) {
            (void)kolam_load_timers_take(&timers);
        }
    }
    int64_t last = -1;
    while (timers.count > 0) {
        struct kolam_load_timer timer = kolam_load_timers_take(&timers);
        assert_true(timer.due_us >= last);
        last = timer.due_us;
    }
    kolam_load_timers_finish(&timers);
}

/* ---- the account of one watcher ---- */

struct scene {
    struct kolam_load_ledger ledger;
    struct kolam_load_findings findings;
    struct kolam_load_judge judge;
    struct kolam_load_watch watch;
    struct kolam_home near_home, far_home;
    struct kolam_load_part near_part, far_part, left_part;
    uint32_t counter;
};

static const uint8_t body[] = {1, 2, 3, 4, 5, 6, 7, 8};

static const struct kolam_load_view view_here = {0, 0, 0, 2, 2};

static struct kolam_load_part part_of(const struct kolam_home *home) {
    return (struct kolam_load_part){
        .body = body, .body_bytes = sizeof body, .ink = kolam_load_ink_of(home, 1), .unit_ops = 1};
}

static void begin_scene(struct scene *scene) {
    memset(scene, 0, sizeof *scene);
    assert_int_equal(kolam_load_ledger_init(&scene->ledger, NONCE, 2, 10, 10), KOLAM_OK);
    assert_int_equal(kolam_load_watch_init(&scene->watch, &scene->ledger), KOLAM_OK);
    scene->judge =
        (struct kolam_load_judge){.ledger = &scene->ledger, .findings = &scene->findings};
    scene->findings.told = 1000; /* nothing is printed */
    scene->near_home = home_of(0, 1, 1, 10, 10, 50, 50);
    scene->far_home = home_of(0, 9, 9, 10, 10, 50, 50);
    scene->near_part = part_of(&scene->near_home);
    scene->far_part = part_of(&scene->far_home);
    assert_true(kolam_load_watch_asks(&scene->watch, &view_here, 1, false, 1000));
    assert_true(kolam_load_watch_answered(&scene->watch, 1, 100, false, 2000));
}

static void end_scene(struct scene *scene) {
    kolam_load_watch_finish(&scene->watch);
    kolam_load_ledger_finish(&scene->ledger);
}

/* Sent and acknowledged. */
static void commit(struct scene *scene, const struct kolam_load_part *part, uint64_t seq,
                   int64_t at_us) {
    const uint32_t counter = ++scene->counter;
    kolam_load_ledger_sent(&scene->ledger, 1, counter, part, at_us - 10);
    assert_non_null(kolam_load_ledger_acked(&scene->ledger, 1, counter, seq, at_us));
}

static struct kolam_wire_buffer record_of(uint64_t seq, uint32_t counter, uint64_t replaces,
                                          uint8_t last) {
    struct kolam_wire_buffer buffer = {0};
    const uint64_t nonce = NONCE + 1;
    kolam_wire_put_varint(&buffer, seq);
    kolam_wire_put_varint(&buffer, 1769000000000);
    kolam_wire_put_varint(&buffer, 12);
    for (int i = 0; i < 8; i++) {
        kolam_wire_put_u8(&buffer, (uint8_t)(nonce >> (8 * i)));
    }
    kolam_wire_put_varint(&buffer, counter);
    kolam_wire_put_varint(&buffer, replaces);
    kolam_wire_put(&buffer, body, sizeof body - 1);
    kolam_wire_put_u8(&buffer, last);
    return buffer;
}

static void come_for(struct scene *scene, uint64_t seq, uint32_t counter, uint64_t replaces,
                     uint8_t last) {
    struct kolam_wire_buffer buffer = record_of(seq, counter, replaces, last);
    uint64_t told;
    const struct kolam_load_op *op = kolam_load_ledger_came(
        &scene->ledger,
        (struct kolam_wire_reader){buffer.bytes, buffer.bytes + buffer.size_bytes, false}, 6000,
        &told);
    assert_int_equal(told, seq);
    kolam_load_watch_op(&scene->watch, &scene->judge, 5, op, told);
    kolam_free(buffer.bytes);
}

static void come_as(struct scene *scene, uint64_t seq, uint32_t counter, uint8_t last) {
    come_for(scene, seq, counter, 0, last);
}

static void come(struct scene *scene, uint64_t seq, uint32_t counter) {
    come_as(scene, seq, counter, body[sizeof body - 1]);
}

static void judge(struct scene *scene) {
    kolam_load_watch_judge(&scene->watch, &scene->judge, 5, scene->ledger.newest_seq);
}

static void counts_what_is_owed_and_came(void **unused) {
    (void)unused;
    struct scene scene;
    begin_scene(&scene);
    for (uint32_t i = 1; i <= 300; i++) {
        commit(&scene, i % 3 == 0 ? &scene.far_part : &scene.near_part, 100 + i, 5000 + i);
        if (i % 3 != 0) {
            come(&scene, 100 + i, i);
        }
    }
    judge(&scene);
    assert_int_equal(scene.findings.owed, 200);
    assert_int_equal(scene.findings.delivered, 200);
    assert_int_equal(scene.findings.missing + scene.findings.duplicated +
                         scene.findings.outside_view + scene.findings.out_of_order +
                         scene.ledger.wrong + scene.ledger.unacked,
                     0);
    end_scene(&scene);
}

static void finds_each_kind_of_fault(void **unused) {
    (void)unused;
    struct scene scene;
    begin_scene(&scene);
    for (uint32_t i = 1; i <= 8; i++) {
        commit(&scene, i == 7 ? &scene.far_part : &scene.near_part, 100 + i, 5000 + i);
    }
    come(&scene, 101, 1);
    come(&scene, 101, 1); /* twice */
    come(&scene, 103, 3); /* 2 is left out */
    come(&scene, 105, 5);
    come(&scene, 104, 4);          /* late */
    come_as(&scene, 106, 6, 0x55); /* changed */
    come(&scene, 107, 7);          /* not in the view */
    come(&scene, 108, 3);          /* another's seq */
    judge(&scene);
    assert_int_equal(scene.findings.duplicated, 1);
    assert_int_equal(scene.findings.out_of_order, 1);
    assert_int_equal(scene.findings.outside_view, 1);
    assert_int_equal(scene.ledger.wrong, 2);
    assert_int_equal(scene.findings.missing, 3); /* 2, and 6 and 8 as they were sent */
    judge(&scene);
    assert_int_equal(scene.findings.missing, 3); /* judged once */
    end_scene(&scene);
}

static void looks_without_judging(void **unused) {
    (void)unused;
    struct scene scene;
    begin_scene(&scene);
    commit(&scene, &scene.near_part, 101, 5000);
    scene.judge.is_dry = true;
    judge(&scene);
    assert_int_equal(scene.judge.outstanding, 1);
    come(&scene, 101, 1);
    scene.judge.outstanding = 0;
    judge(&scene);
    assert_int_equal(scene.judge.outstanding, 0);
    assert_int_equal(scene.findings.missing, 0);
    end_scene(&scene);
}

static void owes_nothing_while_views_change(void **unused) {
    (void)unused;
    struct scene scene;
    const struct kolam_load_view there = {8, 8, 0, 2, 2};
    begin_scene(&scene);
    commit(&scene, &scene.near_part, 101, 5000); /* long before the next view: owed */
    commit(&scene, &scene.near_part, 102, 10000000 - KOLAM_LOAD_SLACK_US + 1); /* about then: not */
    assert_true(kolam_load_watch_asks(&scene.watch, &there, 2, false, 10000000));
    commit(&scene, &scene.far_part, 103, 10000100);
    come(&scene, 103, 3); /* for the view that is on its way: not forbidden */
    assert_true(kolam_load_watch_answered(&scene.watch, 2, 103, false, 10001000));
    commit(&scene, &scene.near_part, 104, 10002000);
    commit(&scene, &scene.far_part, 105, 10003000);
    come(&scene, 105, 5);
    judge(&scene);
    assert_int_equal(scene.findings.outside_view, 0);
    assert_int_equal(scene.findings.missing, 1); /* 101 */
    assert_int_equal(scene.findings.owed, 2);    /* 101 and 105 */
    assert_int_equal(scene.findings.delivered, 2);
    end_scene(&scene);
}

static void owes_nothing_between_a_refresh_and_the_next_view(void **unused) {
    (void)unused;
    struct scene scene;
    begin_scene(&scene);
    for (uint32_t i = 1; i <= 4; i++) {
        commit(&scene, &scene.near_part, 100 + i, 5000 + i);
    }
    come(&scene, 102, 2); /* 101 is missing whatever follows */
    kolam_load_watch_lost(&scene.watch, &scene.findings);
    assert_true(kolam_load_watch_asks(&scene.watch, &view_here, 2, false, 6000));
    assert_true(kolam_load_watch_answered(&scene.watch, 2, 103, false, 7000));
    judge(&scene);
    assert_int_equal(scene.findings.refreshes, 1);
    assert_int_equal(scene.findings.missing, 2); /* 101, and 104 which the new view is owed */
    end_scene(&scene);
}

/* 101 came, the connection broke, 102 was committed far away, 103 and 104 near, and it came back; resumed with 103 alone. */
static void break_and_return(struct scene *scene, bool is_resumed) {
    struct kolam_load_view view;
    uint64_t since;
    begin_scene(scene);
    commit(scene, &scene->near_part, 101, 5000);
    come(scene, 101, 1);
    kolam_load_watch_left(&scene->watch, 6000000);
    commit(scene, &scene->far_part, 102, 6100000);
    commit(scene, &scene->near_part, 103, 6200000);
    commit(scene, &scene->near_part, 104, 6300000);
    assert_true(kolam_load_watch_return(&scene->watch, &view, &since));
    assert_true(kolam_load_view_equal(&view, &view_here));
    assert_int_equal(since, 101);
    assert_true(kolam_load_watch_asks(&scene->watch, &view, 2, true, 7000000));
    if (is_resumed) {
        come(scene, 103, 3);
    }
    assert_true(kolam_load_watch_answered(&scene->watch, 2, 104, is_resumed, 7100000));
}

static void owes_all_of_a_break_to_a_view_that_is_resumed(void **unused) {
    (void)unused;
    struct scene scene;
    break_and_return(&scene, true);
    judge(&scene);
    assert_int_equal(scene.findings.missing, 1); /* 104 */
    assert_int_equal(scene.findings.delivered, 2);
    assert_int_equal(scene.findings.duplicated, 0);
    end_scene(&scene);
    break_and_return(&scene, true);
    come(&scene, 103, 3);
    assert_int_equal(scene.findings.duplicated, 1);
    end_scene(&scene);
}

static void owes_nothing_of_a_break_to_a_view_that_is_not_resumed(void **unused) {
    (void)unused;
    struct scene scene;
    break_and_return(&scene, false);
    judge(&scene);
    assert_int_equal(scene.findings.missing, 0);
    assert_int_equal(scene.findings.owed, 1); /* 101 */
    end_scene(&scene);
    begin_scene(
        &scene); /* the server was killed: what it had acknowledged to others may have waited in it, but not before what came */
    commit(&scene, &scene.near_part, 101, 2000000);
    commit(&scene, &scene.near_part, 102, 3000000);
    commit(&scene, &scene.near_part, 103, 4000000);
    come(&scene, 102, 2);
    kolam_load_watch_left(&scene.watch, 6000000);
    judge(&scene);
    assert_int_equal(scene.findings.missing, 1); /* 101 */
    commit(&scene, &scene.near_part, 104, 6100000);
    assert_true(kolam_load_watch_asks(&scene.watch, &view_here, 2, true, 7000000));
    assert_true(kolam_load_watch_answered(&scene.watch, 2, 104, false, 7100000));
    judge(&scene);
    assert_int_equal(scene.findings.missing, 1);
    end_scene(&scene);
    begin_scene(&scene); /* resumed though nobody asked for it */
    assert_true(kolam_load_watch_asks(&scene.watch, &view_here, 2, false, 6000));
    assert_false(kolam_load_watch_answered(&scene.watch, 2, 103, true, 7000));
    end_scene(&scene);
}

static void wants_a_hide_and_a_notice_of_each_tile_it_changes(void **unused) {
    (void)unused;
    struct scene scene;
    begin_scene(&scene);
    struct kolam_load_part hide = scene.near_part;
    hide.is_change = true;
    commit(&scene, &hide, 101, 5000);
    commit(&scene, &hide, 102, 5001);
    commit(&scene, &hide, 103, 5002);
    come(&scene, 101, 1);
    kolam_load_watch_tile(&scene.watch, (struct kolam_tile_id){1, 1, 0}, 101);
    come(&scene, 102, 2); /* without a TILE */
    judge(&scene);
    assert_int_equal(scene.findings.missing, 1); /* 103 */
    assert_int_equal(scene.findings.missing_notices, 1);
    assert_int_equal(scene.findings.outside_view, 0);
    end_scene(&scene);
}

static void wants_a_notice_where_ink_is_below_a_pixel(void **unused) {
    (void)unused;
    struct scene scene;
    const struct kolam_load_view far_out = {-1, -1, -10, 2, 2};
    begin_scene(&scene);
    assert_true(kolam_load_watch_asks(&scene.watch, &far_out, 2, false, 3000));
    assert_true(kolam_load_watch_answered(&scene.watch, 2, 100, false, 4000));
    commit(&scene, &scene.near_part, 101, 5000);
    commit(&scene, &scene.near_part, 102, 5001);
    kolam_load_watch_tile(&scene.watch, (struct kolam_tile_id){0, 0, -10}, 101);
    kolam_load_watch_tile(&scene.watch, (struct kolam_tile_id){7, 0, -10},
                          102); /* not in the view */
    judge(&scene);
    assert_int_equal(scene.findings.missing, 0);
    assert_int_equal(scene.findings.missing_notices, 1); /* of 102 */
    commit(&scene, &scene.near_part, 103, 5002);
    come(&scene, 103, 3); /* such ops are not for this view */
    assert_int_equal(scene.findings.outside_view, 1);
    end_scene(&scene);
}

/* ---- strokes left behind ---- */

#define LEFT 0x77 /* how the body of what was left behind ends */

/* What artist 1 draws begins like that, near. */
static const struct kolam_load_part *beginning(void *ctx, uint32_t artist, uint32_t counter,
                                               const struct kolam_load_op *sent,
                                               const uint8_t *bytes, size_t size_bytes) {
    static const uint8_t left[] = {1, 2, 3, 4, 5, 6, 7, LEFT};
    struct scene *scene = ctx;
    (void)counter;
    (void)sent;
    scene->left_part = scene->near_part;
    scene->left_part.body = left;
    return artist == 1 && size_bytes == sizeof left && memcmp(bytes, left, sizeof left) == 0
               ? &scene->left_part
               : NULL;
}

/* Another watcher of the same place. */
static void begin_other(struct scene *scene, struct kolam_load_watch *other) {
    assert_int_equal(kolam_load_watch_init(other, &scene->ledger), KOLAM_OK);
    assert_true(kolam_load_watch_asks(other, &view_here, 1, false, 1000));
    assert_true(kolam_load_watch_answered(other, 1, 100, false, 2000));
}

static void tell_tiles(struct kolam_load_watch *watch, uint64_t seq) {
    kolam_load_watch_tile(watch, (struct kolam_tile_id){1, 1, 0}, seq);
}

static void tells_what_was_left_behind_and_replaced_from_what_was_lost(void **unused) {
    (void)unused;
    struct scene scene;
    struct kolam_load_watch other;
    begin_scene(&scene);
    begin_other(&scene, &other);
    scene.ledger.beginning = beginning;
    scene.ledger.beginning_ctx = &scene;
    come_as(&scene, 101, 1, LEFT); /* before its artist comes back and sends all of it */
    commit(&scene, &scene.near_part, 102, 7000);
    come_for(&scene, 102, 1, 101, body[sizeof body - 1]);
    tell_tiles(&scene.watch, 102);
    commit(&scene, &scene.near_part, 103, 8000);
    come(&scene, 103, 2);
    judge(&scene);
    assert_int_equal(scene.ledger.wrong + scene.findings.missing + scene.findings.missing_notices,
                     0);
    assert_int_equal(scene.findings.delivered, 3);
    assert_int_equal(scene.findings.owed, 3);
    assert_int_equal(scene.ledger.partial_ops, 1);
    assert_int_equal(scene.ledger.replaced_ops, 1);
    /* To the other one nothing of it came. */
    kolam_load_watch_judge(&other, &scene.judge, 6, scene.ledger.newest_seq);
    assert_int_equal(scene.findings.missing, 3);
    assert_int_equal(scene.ledger.wrong, 0);
    kolam_load_watch_finish(&other);
    end_scene(&scene);
}

static void finds_what_is_wrong_with_what_was_left_behind(void **unused) {
    (void)unused;
    struct scene scene;
    begin_scene(&scene);
    come_as(&scene, 101, 1, LEFT); /* nobody leaves anything behind */
    assert_int_equal(scene.ledger.wrong, 1);
    scene.ledger.beginning = beginning;
    scene.ledger.beginning_ctx = &scene;
    come_as(&scene, 102, 1, LEFT ^ 1); /* not as the artist drew it */
    assert_int_equal(scene.ledger.wrong, 2);
    come_as(&scene, 103, 1, LEFT);
    come_as(&scene, 104, 1, LEFT); /* a second time */
    assert_int_equal(scene.ledger.wrong, 3);
    commit(&scene, &scene.near_part, 105, 7000);
    come(&scene, 105, 1); /* and does not say what it replaces */
    assert_int_equal(scene.ledger.wrong, 4);
    commit(&scene, &scene.near_part, 106, 7000);
    come_for(&scene, 106, 2, 103, body[sizeof body - 1]); /* replaces another */
    assert_int_equal(scene.ledger.wrong, 5);
    commit(&scene, &scene.near_part, 107, 7000);
    come(&scene, 107, 3);
    come_as(&scene, 108, 3, LEFT); /* after the complete one */
    assert_int_equal(scene.ledger.wrong, 6);
    end_scene(&scene);
}

static void wants_a_notice_of_each_tile_that_a_replacement_changes(void **unused) {
    (void)unused;
    struct scene scene;
    begin_scene(&scene);
    scene.ledger.beginning = beginning;
    scene.ledger.beginning_ctx = &scene;
    come_as(&scene, 101, 1, LEFT);
    commit(&scene, &scene.near_part, 102, 7000);
    come_for(&scene, 102, 1, 101, body[sizeof body - 1]);
    judge(&scene);
    assert_int_equal(scene.findings.missing, 0);
    assert_int_equal(scene.findings.missing_notices, 1);
    end_scene(&scene);
}

static void remembers_only_the_newest(void **unused) {
    (void)unused;
    struct scene scene;
    begin_scene(&scene);
    for (uint32_t i = 1; i <= 60000; i++) {
        commit(&scene, &scene.near_part, 100 + i, 5000 + i);
        come(&scene, 100 + i, i);
        if (i % 1000 == 0) {
            judge(&scene);
        }
    }
    assert_int_equal(scene.findings.delivered, 60000);
    assert_int_equal(scene.findings.missing + scene.findings.duplicated + scene.ledger.wrong, 0);
    assert_null(kolam_load_ledger_at(&scene.ledger, 101));
    assert_non_null(kolam_load_ledger_at(&scene.ledger, 60100));
    end_scene(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sees_what_the_server_says_a_view_can_show),
        cmocka_unit_test(names_the_views_own_tiles_that_ink_touches),
        cmocka_unit_test(keeps_views_inside_the_world),
        cmocka_unit_test(tells_quantiles_within_two_percent),
        cmocka_unit_test(timers_come_in_the_order_of_their_times),
        cmocka_unit_test(counts_what_is_owed_and_came),
        cmocka_unit_test(finds_each_kind_of_fault),
        cmocka_unit_test(looks_without_judging),
        cmocka_unit_test(owes_nothing_while_views_change),
        cmocka_unit_test(owes_nothing_between_a_refresh_and_the_next_view),
        cmocka_unit_test(owes_all_of_a_break_to_a_view_that_is_resumed),
        cmocka_unit_test(owes_nothing_of_a_break_to_a_view_that_is_not_resumed),
        cmocka_unit_test(wants_a_hide_and_a_notice_of_each_tile_it_changes),
        cmocka_unit_test(wants_a_notice_where_ink_is_below_a_pixel),
        cmocka_unit_test(tells_what_was_left_behind_and_replaced_from_what_was_lost),
        cmocka_unit_test(finds_what_is_wrong_with_what_was_left_behind),
        cmocka_unit_test(wants_a_notice_of_each_tile_that_a_replacement_changes),
        cmocka_unit_test(remembers_only_the_newest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
