/* The tick: one frame for all who see the same, and what those get who are not as the others. The network, the loop and
 * the rest of the session stand here as the plainest things that do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kolam/alloc.h"
#include "server/fanout.h"
#include "server/follow.h"
#include "server/http_tiles.h"

/* ---- the parts around ---- */

struct kolam_socket {
    uint8_t bytes[1 << 20];
    size_t size;
    uint32_t writes;
    bool is_congested, is_closed;
};

void kolam_socket_write(struct kolam_socket *ws, uint8_t *bytes, size_t size) {
    assert_false(ws->is_congested);
    assert_true(ws->size + size <= sizeof ws->bytes);
    memcpy(ws->bytes + ws->size, bytes, size);
    ws->size += size;
    ws->writes++;
}

bool kolam_socket_is_congested(const struct kolam_socket *ws) {
    return ws->is_congested;
}

void kolam_socket_want_writable(struct kolam_socket *ws) {
    (void)ws;
}

void kolam_session_close(struct kolam_session *session, uint16_t code, const char *reason) {
    (void)code, (void)reason;
    session->ws->is_closed = true;
}

void kolam_session_update_reading(struct kolam_session *session) {
    (void)session;
}

void kolam_session_queue(struct kolam_session *session, const struct kolam_out_item *item) {
    const struct kolam_outbox_limits *limits = &session->server->fanout->limits;
    if (kolam_outbox_add(&session->outbox, limits, item) == KOLAM_OUTBOX_OVERFLOWED) {
        session->is_refreshing = true;
        kolam_viewers_leave(session);
    }
    kolam_tick_mark(session);
}

/* Who is gathered for may be shown something only when the test says so. */
static bool may_be_shown;

bool kolam_session_may_be_shown(struct kolam_session *session) {
    return session->gathers_until_us == 0 || may_be_shown;
}

void kolam_views_tick(struct kolam_server *server) {
    (void)server;
}

void kolam_previews_tick(struct kolam_server *server) {
    (void)server;
}

void kolam_follow_tick(struct kolam_server *server) {
    (void)server;
}

bool kolam_tiles_rebuild_later(struct kolam_server *server, struct kolam_canvas *canvas,
                               struct kolam_tile_id tile) {
    (void)server, (void)canvas, (void)tile;
    return false;
}

static int64_t clock_ms;

int64_t kolam_loop_now_ms(const struct kolam_loop *loop) {
    (void)loop;
    return clock_ms;
}

uint64_t kolam_loop_now_us(const struct kolam_loop *loop) {
    (void)loop;
    return (uint64_t)clock_ms * 1000;
}

void kolam_loop_want_tick(struct kolam_loop *loop) {
    (void)loop;
}

static uint32_t preview_ticks = 1, ms_to_tick;

uint32_t kolam_loop_preview_ticks(const struct kolam_loop *loop) {
    (void)loop;
    return preview_ticks;
}

uint32_t kolam_loop_ms_to_tick(const struct kolam_loop *loop) {
    (void)loop;
    return ms_to_tick;
}

void kolam_loop_wrote(struct kolam_loop *loop, const struct kolam_pace_used *written) {
    (void)loop, (void)written;
}

void kolam_loop_want_tick_at(struct kolam_loop *loop, int64_t at_ms) {
    (void)loop, (void)at_ms;
}

/* ---- a small world ---- */

#define SESSIONS 6

struct world {
    struct kolam_server server;
    struct kolam_fanout fanout;
    struct kolam_canvas canvas;
    struct kolam_session sessions[SESSIONS];
    struct kolam_socket *sockets;
};

static const struct kolam_view here = {.level = 0, .width = 2, .height = 2, .is_set = true};
static const struct kolam_view there = {
    .level = 0, .x = 1, .width = 2, .height = 2, .is_set = true};

static void look(struct world *world, int who, const struct kolam_view *view) {
    world->sessions[who].view = *view;
    assert_int_equal(kolam_viewers_join(&world->sessions[who], view), KOLAM_OK);
}

static int begin(void **state) {
    struct world *world = kolam_alloc_zero(1, sizeof *world);
    struct kolam_fanout *fanout = &world->fanout;
    *state = world;
    world->server.fanout = fanout;
    world->canvas.server = &world->server;
    kolam_list_init(&world->canvas.sessions);
    kolam_list_init(&world->canvas.viewers);
    kolam_interest_init(&world->canvas.interest);
    kolam_list_init(&fanout->urgent_viewers);
    for (int i = 0; i < KOLAM_PACE_TICKS; i++) {
        kolam_list_init(&fanout->waiting_viewers[i]);
    }
    kolam_list_init(&fanout->previews);
    kolam_list_init(&fanout->cursors);
    kolam_list_init(&fanout->views);
    kolam_list_init(&fanout->acked);
    kolam_list_init(&fanout->dirty_sessions);
    kolam_list_init(&fanout->noticing);
    fanout->tick = 1;
    fanout->limits =
        (struct kolam_outbox_limits){.soft_bytes = 200000, .hard_bytes = 1 << 20, .soft_ms = 3000};
    fanout->table = kolam_viewers_table_create();
    assert_int_equal(kolam_tick_create(fanout), KOLAM_OK);
    world->sockets = kolam_alloc_zero(SESSIONS, sizeof *world->sockets);
    for (int i = 0; i < SESSIONS; i++) {
        struct kolam_session *session = &world->sessions[i];
        session->server = &world->server;
        session->canvas = &world->canvas;
        session->ws = &world->sockets[i];
        session->number = (uint32_t)i + 1;
        session->state = KOLAM_SESSION_OPEN;
        kolam_list_init(&session->dirty_link);
        kolam_list_init(&session->ack_link);
        kolam_list_init(&session->viewers_link);
    }
    for (int i = 0; i < SESSIONS - 1; i++) { /* the last one comes later */
        look(world, i, &here);
    }
    clock_ms = 1000;
    preview_ticks = 1;
    ms_to_tick = 0;
    return 0;
}

static int end(void **state) {
    struct world *world = *state;
    for (int i = 0; i < SESSIONS; i++) {
        kolam_viewers_leave(&world->sessions[i]);
        kolam_outbox_finish(&world->sessions[i].outbox);
    }
    assert_true(kolam_list_is_empty(&world->canvas.viewers));
    assert_int_equal(world->server.metrics.views_distinct, 0);
    kolam_records_finish(&world->fanout.records);
    kolam_free(world->fanout.tile_records);
    kolam_tick_destroy(&world->fanout);
    kolam_viewers_table_destroy(world->fanout.table);
    kolam_interest_finish(&world->canvas.interest);
    kolam_free(world->sockets);
    kolam_free(world);
    return 0;
}

static void show(struct world *world, struct kolam_viewers *viewers, const char *text, uint64_t seq,
                 int except) {
    (void)world;
    struct kolam_bytes *bytes = kolam_bytes_copy(text, strlen(text));
    const struct kolam_out_item item = {
        .bytes = bytes,
        .seq = seq,
        .except = (uint32_t)except,
        .class = seq ? KOLAM_OUT_OP : KOLAM_OUT_PREVIEW,
    };
    kolam_viewers_add(viewers, kolam_records_add(&viewers->canvas->server->fanout->records, &item));
    kolam_bytes_unref(bytes);
}

/* To the viewers of `who`: an op. */
static void op(struct world *world, int who, const char *text, uint64_t seq) {
    show(world, world->sessions[who].viewers, text, seq, 0);
}

static void preview(struct world *world, int author, const char *text) {
    world->sessions[author].authored_tick = world->fanout.tick;
    show(world, world->sessions[author].viewers, text, 0, author + 1);
}

static void own(struct world *world, int who, const char *text) {
    struct kolam_bytes *bytes = kolam_bytes_copy(text, strlen(text));
    const struct kolam_out_item item = {.bytes = bytes, .class = KOLAM_OUT_ESSENTIAL};
    kolam_session_queue(&world->sessions[who], &item);
    kolam_bytes_unref(bytes);
}

static void tick(struct world *world) {
    clock_ms += 16;
    kolam_tick_run(&world->server);
}

/* What came to one since the last look: the payloads of its frames one after another, with a bar between frames. */
static void expect(struct world *world, int who, const char *expected, uint32_t writes) {
    struct kolam_socket *ws = &world->sockets[who];
    char got[4096] = "";
    size_t used = 0;
    for (size_t at = 0; at < ws->size;) {
        assert_int_equal(ws->bytes[at], 0x82);
        assert_true(ws->bytes[at + 1] < 126 && used < sizeof got - 130);
        if (at > 0) {
            got[used++] = '|';
        }
        memcpy(got + used, ws->bytes + at + 2, ws->bytes[at + 1]);
        used += ws->bytes[at + 1];
        at += 2u + ws->bytes[at + 1];
    }
    assert_string_equal(got, expected);
    assert_int_equal(ws->writes, writes);
    ws->size = 0;
    ws->writes = 0;
}

/* ---- what is to hold ---- */

static void all_who_see_the_same_get_one_frame_with_one_write(void **state) {
    struct world *world = *state;
    op(world, 0, "a", 1);
    op(world, 0, "b", 2);
    tick(world);
    for (int i = 0; i < SESSIONS - 1; i++) {
        expect(world, i, "ab", 1);
    }
    expect(world, 5, "", 0);
    assert_int_equal(world->server.metrics.frames_composed, 1);
    assert_int_equal(world->server.metrics.frames_private, 0);
    assert_int_equal(world->server.metrics.ops_delivered, 10);
    tick(world);
    expect(world, 0, "", 0);
}

static void an_author_gets_all_but_its_own_previews(void **state) {
    struct world *world = *state;
    op(world, 0, "a", 1);
    preview(world, 2, "p");
    op(world, 0, "b", 2);
    preview(world, 3, "q");
    tick(world);
    expect(world, 0, "apbq", 1);
    expect(world, 2, "abq", 1);
    expect(world, 3, "apb", 1);
    op(world, 0, "c", 3);
    tick(world);
    expect(world, 2, "c", 1);
    assert_int_equal(world->server.metrics.frames_private, 2);
}

static void who_comes_in_mid_tick_gets_what_comes_after(void **state) {
    struct world *world = *state;
    op(world, 0, "a", 1);
    look(world, 5, &here);
    op(world, 0, "b", 2);
    tick(world);
    expect(world, 0, "ab", 1);
    expect(world, 5, "b", 1);
    op(world, 0, "c", 3);
    tick(world);
    expect(world, 5, "c", 1);
}

static void who_leaves_in_mid_tick_keeps_what_was_due_in_its_order(void **state) {
    struct world *world = *state;
    look(world, 5, &there);
    op(world, 0, "a", 1);
    op(world, 5, "x", 1);
    preview(world, 0, "p");
    look(world, 0, &there); /* its own preview is not due to it */
    op(world, 0, "b", 2);
    tick(world);
    expect(world, 0, "ab", 1);
    expect(world, 1, "ap", 1);
    expect(world, 5, "xb", 1);
}

static void an_answer_comes_after_what_it_counts_on(void **state) {
    struct world *world = *state;
    op(world, 0, "a", 1);
    kolam_viewers_settle(&world->sessions[0]);
    own(world, 0, "V");
    op(world, 0, "b", 2);
    tick(world);
    expect(world, 0, "aVb", 1);
    expect(world, 1, "ab", 1);
}

static void an_ack_comes_before_the_op_in_the_same_write(void **state) {
    struct world *world = *state;
    own(world, 1, "K");
    op(world, 0, "a", 1);
    own(world, 1, "L");
    tick(world);
    expect(world, 1, "KL|a", 1);
    expect(world, 0, "a", 1);
}

static void different_views_with_the_same_records_share_a_frame(void **state) {
    struct world *world = *state;
    look(world, 5, &there);
    struct kolam_bytes *bytes = kolam_bytes_copy("s", 1);
    const struct kolam_out_item item = {.bytes = bytes, .seq = 1, .class = KOLAM_OUT_OP};
    const uint32_t record = kolam_records_add(&world->fanout.records, &item);
    kolam_viewers_add(world->sessions[0].viewers, record);
    kolam_viewers_add(world->sessions[5].viewers, record);
    kolam_bytes_unref(bytes);
    tick(world);
    expect(world, 0, "s", 1);
    expect(world, 5, "s", 1);
    assert_int_equal(world->server.metrics.frames_composed, 1);
    assert_int_equal(world->server.metrics.frames_reused, 1);
    assert_int_equal(world->server.metrics.views_distinct, 2);
}

static void a_congested_one_gets_the_ops_later_and_no_previews(void **state) {
    struct world *world = *state;
    world->sockets[1].is_congested = world->sockets[2].is_congested = true;
    op(world, 0, "a", 1);
    preview(world, 4, "p");
    op(world, 0, "b", 2);
    tick(world);
    preview(world, 4, "q");
    tick(world);
    op(world, 0, "c", 3);
    tick(world);
    expect(world, 0, "apb|q|c", 3);
    expect(world, 1, "", 0);
    assert_int_equal(world->server.metrics.frames_composed, 3);
    assert_ptr_equal(world->sessions[1].outbox.items[0].bytes,
                     world->sessions[2].outbox.items[0].bytes);
    world->sockets[1].is_congested = false;
    kolam_tick_flush(&world->sessions[1]);
    expect(world, 1, "ab|c", 1);
    op(world, 0, "d", 4);
    tick(world);
    expect(world, 1, "d", 1);
}

static void one_that_is_gathered_for_gets_its_own_at_once_and_ops_later(void **state) {
    struct world *world = *state;
    world->sessions[1].gathers_until_us = 1;
    may_be_shown = false;
    op(world, 0, "a", 1);
    preview(world, 0, "P");
    tick(world);
    op(world, 0, "b", 2);
    tick(world);
    assert_int_equal(world->sockets[1].writes, 0);
    may_be_shown = true;
    tick(world);
    expect(world, 1, "a|b", 1);
    may_be_shown = false;
    op(world, 0, "c", 3);
    own(world, 1, "K");
    tick(world);
    expect(world, 1, "K|c", 1);
}

static void one_that_never_reads_ends_up_with_nothing_queued(void **state) {
    struct world *world = *state;
    char text[101] = "";
    memset(text, 'x', 100);
    world->sockets[1].is_congested = true;
    own(world, 1, "K");
    for (uint64_t seq = 1; seq < 5000; seq++) {
        op(world, 0, text, seq);
        tick(world);
        world->sockets[0].size = 0;
        assert_true(world->sessions[1].outbox.queued_bytes <= world->fanout.limits.soft_bytes);
    }
    assert_true(world->sessions[1].is_refreshing);
    assert_null(world->sessions[1].viewers);
    assert_int_equal(world->sessions[1].outbox.queued_bytes, 1); /* the essential */
}

static void a_large_tick_is_cut_between_records(void **state) {
    struct world *world = *state;
    char *text = kolam_alloc_zero(1, 25001);
    memset(text, 'y', 25000);
    for (uint64_t seq = 1; seq <= 7; seq++) {
        op(world, 0, text, seq);
    }
    tick(world);
    struct kolam_socket *ws = &world->sockets[0];
    assert_int_equal(ws->writes, 4);
    size_t payload = 0;
    for (size_t at = 0; at < ws->size;) {
        assert_int_equal(ws->bytes[at + 1], 126); /* every frame fits what leaves at once */
        size_t size = (size_t)ws->bytes[at + 2] << 8 | ws->bytes[at + 3];
        assert_int_equal(size % 25000, 0);
        payload += size;
        at += 4 + size;
    }
    assert_int_equal(payload, 7 * 25000);
    kolam_free(text);
}

static void what_the_last_viewer_leaves_behind_is_forgotten(void **state) {
    struct world *world = *state;
    look(world, 5, &there);
    op(world, 5, "x", 1);
    kolam_viewers_leave(&world->sessions[5]);
    tick(world);
    expect(world, 5, "", 0);
    assert_int_equal(world->server.metrics.views_distinct, 1);
}

static void tile_notices_are_gathered_once_for_all_viewers(void **state) {
    struct world *world = *state;
    struct kolam_home homes[] = {{{0, 0, 3}, 0, 0, 9, 9}, {{8, 0, 3}, 0, 0, 9, 9}};
    struct kolam_recent_op tiny = {.homes = homes, .home_count = 2, .is_plain_stroke = true};
    for (tiny.seq = 5; tiny.seq < 50; tiny.seq++) {
        kolam_notices_op(world->sessions[0].viewers, &tiny);
    }
    tick(world);
    expect(world, 0, "", 0);
    clock_ms += 1000;
    tick(world);
    static const char both[] =
        "\x86\x04\x18\x00\x00\x31\x86\x04\x18\x02\x00\x31"; /* seq 49, tiles 0 and 1 */
    for (int i = 0; i < SESSIONS - 1; i++) {
        struct kolam_socket *ws = &world->sockets[i];
        assert_int_equal(ws->size, 2 + sizeof both - 1);
        assert_memory_equal(ws->bytes + 2, both, sizeof both - 1);
    }
    assert_int_equal(world->server.metrics.tiles_delivered, 10);
}

/* ---- what can wait ---- */

/* Ticks until something comes to the first of them. */
static int ticks_to_come(struct world *world, int who) {
    int ticks = 0;
    while (world->sockets[who].writes == 0 && ticks < 10) {
        tick(world);
        ticks++;
    }
    return ticks;
}

static void previews_wait_for_their_turn_and_ops_take_them_along(void **state) {
    struct world *world = *state;
    look(world, 5, &there); /* whose turn is the tick after */
    preview_ticks = 3;
    preview(world, 0, "p");
    const int first = ticks_to_come(world, 1);
    assert_in_range(first, 1, 3);
    expect(world, 1, "p", 1);
    preview(world, 0, "q");
    assert_int_equal(ticks_to_come(world, 1), 3);
    expect(world, 1, "q", 1);
    expect(world, 0, "", 0); /* the author */
    preview(world, 0, "r");
    tick(world);
    expect(world, 1, "", 0);
    op(world, 0, "a", 1);
    tick(world);
    expect(world, 1, "ra", 1);
    expect(world, 0, "a", 1);
    tick(world);
    expect(world, 1, "", 0);
    preview(world, 5, "s");
    preview(world, 0, "t");
    const int other = ticks_to_come(world, 1);
    expect(world, 1, "t", 1);
    assert_int_equal(other, 3);
    assert_int_equal(world->fanout.records.count, 0);
}

static void viewers_take_turns(void **state) {
    struct world *world = *state;
    struct kolam_view views[4];
    preview_ticks = 2;
    for (int i = 0; i < 4; i++) {
        views[i] = (struct kolam_view){.x = i, .width = 3, .height = 3, .is_set = true};
        look(world, i, &views[i]);
    }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++) {
            show(world, world->sessions[i].viewers, "p", 0, 0);
        }
        for (int half = 0; half < 2; half++) {
            uint32_t writes = 0;
            tick(world);
            for (int i = 0; i < 4; i++) {
                writes += world->sockets[i].writes;
                world->sockets[i].writes = 0;
            }
            assert_int_equal(writes, 2);
        }
    }
    assert_int_equal(world->fanout.records.count, 0);
}

static void what_waited_goes_with_who_looks_elsewhere(void **state) {
    struct world *world = *state;
    preview_ticks = 6;
    preview(world, 1, "p");
    tick(world);
    look(world, 5, &here); /* comes after it */
    preview(world, 1, "q");
    look(world, 0, &there);
    tick(world);
    expect(world, 0, "pq", 1);
    assert_in_range(ticks_to_come(world, 2), 1, 6);
    expect(world, 2, "pq", 1);
    expect(world, 5, "q", 1);
    expect(world, 1, "", 0);
}

/* Places go round, and the ring grows while it is in use. */
static void a_record_keeps_its_place_until_it_was_written(void **state) {
    struct world *world = *state;
    look(world, 5, &there);
    preview_ticks = 6;
    world->fanout.records.base = world->fanout.tick_begin = KOLAM_RECORDS_PLACES - 100;
    show(world, world->sessions[5].viewers, "first", 0, 0);
    uint32_t writes = 0;
    for (uint64_t seq = 1; writes == 0 && seq < 10; seq++) {
        for (int i = 0; i < 40; i++) {
            op(world, 0, "o", seq);
        }
        tick(world);
        writes = world->sockets[5].writes;
    }
    expect(world, 5, "first", 1);
    assert_int_equal(world->fanout.records.count, 0);
    assert_true(world->fanout.records.base < KOLAM_RECORDS_PLACES);
}

static void an_ack_does_not_wait_for_a_long_tick(void **state) {
    struct world *world = *state;
    for (ms_to_tick = 10; ms_to_tick < 100; ms_to_tick += 80) {
        own(world, 1, "K");
        kolam_list_append(&world->fanout.acked, &world->sessions[1].ack_link);
        kolam_tick_acks(&world->server);
        assert_true(kolam_list_is_empty(&world->fanout.acked));
        assert_int_equal(world->sockets[1].writes, ms_to_tick > 16);
        tick(world);
        expect(world, 1, "K", 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(all_who_see_the_same_get_one_frame_with_one_write),
        TEST(an_author_gets_all_but_its_own_previews),
        TEST(who_comes_in_mid_tick_gets_what_comes_after),
        TEST(who_leaves_in_mid_tick_keeps_what_was_due_in_its_order),
        TEST(an_answer_comes_after_what_it_counts_on),
        TEST(an_ack_comes_before_the_op_in_the_same_write),
        TEST(different_views_with_the_same_records_share_a_frame),
        TEST(a_congested_one_gets_the_ops_later_and_no_previews),
        TEST(one_that_is_gathered_for_gets_its_own_at_once_and_ops_later),
        TEST(one_that_never_reads_ends_up_with_nothing_queued),
        TEST(a_large_tick_is_cut_between_records),
        TEST(what_the_last_viewer_leaves_behind_is_forgotten),
        TEST(tile_notices_are_gathered_once_for_all_viewers),
        TEST(previews_wait_for_their_turn_and_ops_take_them_along),
        TEST(viewers_take_turns),
        TEST(what_waited_goes_with_who_looks_elsewhere),
        TEST(a_record_keeps_its_place_until_it_was_written),
        TEST(an_ack_does_not_wait_for_a_long_tick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
