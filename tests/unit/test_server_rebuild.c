/* Rebuilds of far tiles: when they begin, and that one which failed is tried again, later each time. What is around them, the
 * workers too, stands here as the plainest things that do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kolam/alloc.h"
#include "server/fanout.h"
#include "server/http_tiles.h"
#include "server/tile_job.h"
#include "server/tile_rebuild.h"

/* ---- the parts around ---- */

static struct {
    int64_t now_ms;
    struct kolam_tile_job *submitted[8];
    uint32_t submitted_count, held, told;
    bool is_seen, has_png;
} world;

int64_t kolam_loop_now_ms(const struct kolam_loop *loop) {
    (void)loop;
    return world.now_ms;
}

void kolam_canvas_hold(struct kolam_canvas *canvas) {
    (void)canvas;
    world.held++;
}

void kolam_canvas_release(struct kolam_canvas *canvas) {
    (void)canvas;
    world.held--;
}

void kolam_pool_submit(struct kolam_pool *pool, struct kolam_job *job) {
    (void)pool;
    assert_in_range(world.submitted_count, 0, 7);
    world.submitted[world.submitted_count++] = (struct kolam_tile_job *)job;
}

struct kolam_tile_job *kolam_tile_job_create(struct kolam_canvas *canvas, struct kolam_tile_id tile,
                                             enum kolam_job_priority priority,
                                             void (*done)(struct kolam_job *job)) {
    struct kolam_tile_job *job = kolam_alloc_zero(1, sizeof *job);
    assert_non_null(job);
    assert_int_equal(priority, KOLAM_JOB_BACKGROUND);
    job->canvas = canvas;
    job->tile = tile;
    job->job.done = done;
    return job;
}

void kolam_tile_job_destroy(struct kolam_tile_job *job) {
    kolam_free(job);
}

uint32_t kolam_tile_bucket(struct kolam_tile_id tile, uint32_t count) {
    return (uint32_t)tile.x % count;
}

static uint8_t a_picture;

struct kolam_bytes *kolam_tiles_take(struct kolam_tile_job *job) {
    job->shown_seq = 7;
    return world.has_png ? (struct kolam_bytes *)&a_picture : NULL;
}

void kolam_bytes_unref(struct kolam_bytes *bytes) {
    (void)bytes;
}

void kolam_fanout_tile(struct kolam_canvas *canvas, struct kolam_tile_id tile, uint64_t seq) {
    (void)canvas, (void)tile;
    assert_int_equal(seq, 7);
    world.told++;
}

bool kolam_fanout_is_seen(struct kolam_canvas *canvas, struct kolam_tile_id tile) {
    (void)canvas, (void)tile;
    return world.is_seen;
}

bool kolam_versions_get(struct kolam_versions *versions, struct kolam_tile_id tile,
                        uint64_t *out_seq) {
    (void)versions, (void)tile, (void)out_seq;
    return false;
}

/* ---- */

static struct kolam_server server;
static struct kolam_canvas canvas = {.server = &server};
static const struct kolam_tile_id tile = {.level = -6, .x = 3, .y = 4};

static struct kolam_rebuilds *begin(bool is_seen) {
    memset(&world, 0, sizeof world);
    world.now_ms = 1000000;
    world.is_seen = is_seen;
    server.is_stopping = false;
    struct kolam_rebuilds *rebuilds = kolam_rebuilds_create();
    assert_non_null(rebuilds);
    return rebuilds;
}

/* What was submitted comes back. */
static void end_job(bool is_good) {
    assert_int_equal(world.submitted_count, 1);
    struct kolam_tile_job *job = world.submitted[0];
    world.submitted_count = 0;
    world.has_png = is_good;
    job->job.done(&job->job);
}

/* The next begins `ms` from now, and not before. */
static void assert_begins_after(struct kolam_rebuilds *rebuilds, int64_t ms) {
    world.now_ms += ms - 1;
    kolam_rebuilds_sweep(rebuilds, world.now_ms);
    assert_int_equal(world.submitted_count, 0);
    world.now_ms += 1;
    kolam_rebuilds_sweep(rebuilds, world.now_ms);
    assert_int_equal(world.submitted_count, 1);
}

static void end(struct kolam_rebuilds *rebuilds) {
    kolam_rebuilds_destroy(rebuilds);
    assert_int_equal(world.held, 0);
}

static void a_rebuild_that_failed_is_tried_again_later_each_time(void **state) {
    (void)state;
    struct kolam_rebuilds *rebuilds = begin(true);
    assert_true(kolam_rebuilds_plan(rebuilds, &canvas, tile));
    for (int64_t ms = 5000; ms <= 320000; ms *= 2) {
        end_job(false);
        assert_begins_after(rebuilds, ms);
    }
    end_job(false);
    assert_begins_after(rebuilds, 320000); /* and no later than that */
    end_job(true);
    assert_int_equal(world.told, 1);
    kolam_rebuilds_sweep(rebuilds, world.now_ms + 1000000);
    assert_int_equal(world.submitted_count, 0);
    end(rebuilds);
}

static void after_a_good_one_the_next_failure_is_a_first_one(void **state) {
    (void)state;
    struct kolam_rebuilds *rebuilds = begin(true);
    assert_true(kolam_rebuilds_plan(rebuilds, &canvas, tile));
    end_job(false);
    assert_begins_after(rebuilds, 5000);
    end_job(false);
    assert_begins_after(rebuilds, 10000);
    end_job(true);
    world.now_ms += 60000;
    assert_true(kolam_rebuilds_plan(rebuilds, &canvas, tile));
    kolam_rebuilds_sweep(rebuilds, world.now_ms);
    end_job(false);
    assert_begins_after(rebuilds, 5000);
    end_job(true);
    end(rebuilds);
}

static void strokes_do_not_hurry_what_fails(void **state) {
    (void)state;
    struct kolam_rebuilds *rebuilds = begin(true);
    assert_true(kolam_rebuilds_plan(rebuilds, &canvas, tile));
    end_job(false);
    assert_begins_after(rebuilds, 5000);
    end_job(false);
    assert_true(kolam_rebuilds_plan(rebuilds, &canvas, tile)); /* it is planned already */
    assert_begins_after(rebuilds, 10000);
    end_job(true);
    end(rebuilds);
}

static void what_nobody_looks_at_is_given_up(void **state) {
    (void)state;
    struct kolam_rebuilds *rebuilds = begin(false);
    assert_true(kolam_rebuilds_plan(rebuilds, &canvas, tile));
    for (int64_t ms = 5000; ms <= 20000; ms *= 2) {
        end_job(false);
        assert_begins_after(rebuilds, ms);
    }
    end_job(false);
    kolam_rebuilds_sweep(rebuilds, world.now_ms + 1000000);
    assert_int_equal(world.submitted_count, 0);
    end(rebuilds);
}

static void nothing_is_tried_again_while_the_server_stops(void **state) {
    (void)state;
    struct kolam_rebuilds *rebuilds = begin(true);
    assert_true(kolam_rebuilds_plan(rebuilds, &canvas, tile));
    server.is_stopping = true;
    end_job(false);
    kolam_rebuilds_sweep(rebuilds, world.now_ms + 1000000);
    assert_int_equal(world.submitted_count, 0);
    end(rebuilds);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rebuild_that_failed_is_tried_again_later_each_time),
        cmocka_unit_test(after_a_good_one_the_next_failure_is_a_first_one),
        cmocka_unit_test(strokes_do_not_hurry_what_fails),
        cmocka_unit_test(what_nobody_looks_at_is_given_up),
        cmocka_unit_test(nothing_is_tried_again_while_the_server_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
