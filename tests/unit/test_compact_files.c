/* A flattened canvas as a file and as a log: nothing is submitted twice, nothing that is gone is answered as if it were
 * there, and whatever fails or is killed in the middle leaves one whole canvas. */
#include "flattened.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "../support/store.h"
#include "kolam/history.h"

/* ---- what is known, and what is not any more ---- */

static void what_was_flattened_is_recognised_when_it_is_sent_again(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(51);
    struct kolam_point points[POINTS_MAX];
    struct kolam_op op = {.kind = KOLAM_OP_STROKE};
    random_stroke(&random, 0, points, &op.stroke);
    for (uint32_t i = 0; i < 5; i++) {
        draw(world, 1, &op.stroke, 1);
        draw(world, 2, &op.stroke, 1);
    }
    uint32_t partial = draw_partial(world, &random, 0, true, 0);
    (void)flatten(world, 8);
    (void)flatten(world, world->last_seq);
    for (uint32_t counter = 0; counter < 10; counter++) {
        canvas_fixture_submit_as(&world->canvas, (uint8_t)(1 + counter % 2), &op,
                                 (struct canvas_fixture_id){.counter = counter});
        settle(world);
        assert_true(world->canvas.was_duplicate);
        assert_int_equal(world->canvas.last_seq, counter + 1);
    }
    canvas_fixture_submit_as(&world->canvas, 4, &op, (struct canvas_fixture_id){partial, true});
    settle(world);
    assert_true(world->canvas.was_duplicate);
    /* All of it, now: drawn on top, since what is in the base cannot be hidden; and that once. */
    for (int i = 0; i < 2; i++) {
        canvas_fixture_submit_as(&world->canvas, 4, &op,
                                 (struct canvas_fixture_id){.counter = partial});
        world->last_seq += i == 0;
        settle(world);
        assert_int_equal(world->canvas.was_duplicate, i == 1);
        assert_int_equal(world->canvas.last_seq, 12);
        assert_int_equal(world->canvas.last_replaces, 0);
    }
    /* The same counter of somebody else is another op. */
    canvas_fixture_submit_as(&world->canvas, 2, &op, (struct canvas_fixture_id){.counter = 0});
    world->last_seq++;
    settle(world);
    assert_false(world->canvas.was_duplicate);
}

static void what_was_flattened_cannot_be_hidden(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(61);
    draw_one(world, &random, 0);
    draw_one(world, &random, 0);
    (void)flatten(world, 1);
    uint64_t target = 1;
    struct kolam_op hide = {.kind = KOLAM_OP_HIDE, .targets = &target, .target_count = 1};
    canvas_fixture_submit(&world->canvas, world->strokes[0].artist, &hide, 1);
    canvas_fixture_wait(&world->canvas);
    assert_int_equal(world->canvas.last_status, KOLAM_ERR_GONE);
    change(world, KOLAM_OP_HIDE, 1);
    settle(world);
}

static void moments_before_the_base_are_gone(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(71);
    struct kolam_canvas_info before, after;
    struct kolam_error error;
    struct kolam_log_row row;
    struct eye eye;
    uint64_t seq;
    int64_t time_ms;
    bool is_empty;
    live(world, &random, 10, 0);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_info(eye.reader, &before), KOLAM_OK);
    close_eye(&eye);
    (void)flatten(world, world->last_seq);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_info(eye.reader, &after), KOLAM_OK);
    assert_int_equal(after.last_seq, before.last_seq);
    assert_int_equal(after.last_time_ms, before.last_time_ms);
    assert_int_equal(after.base_seq, before.last_seq);
    assert_int_equal(after.created_ms, before.created_ms);
    assert_int_not_equal(after.incarnation, before.incarnation);
    assert_true(after.has_recent && kolam_tile_equal(after.recent_tile, before.recent_tile));
    assert_int_equal(after.recent_x, before.recent_x);
    assert_memory_equal(&after.box_x0, &before.box_x0, 4 * sizeof(double));

    assert_int_equal(kolam_raster_tile(eye.raster, (struct kolam_tile_id){0, 0, 0},
                                       after.base_seq - 1, world->a, &seq, &is_empty),
                     KOLAM_ERR_GONE);
    assert_int_equal(kolam_reader_time_of(eye.reader, after.base_seq - 1, &time_ms),
                     KOLAM_ERR_GONE);
    assert_int_equal(kolam_reader_time_of(eye.reader, after.base_seq, &time_ms), KOLAM_OK);
    assert_int_equal(time_ms, after.base_time_ms);
    assert_int_equal(kolam_reader_time_of(eye.reader, after.base_seq + 1, &time_ms),
                     KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_reader_op(eye.reader, after.base_seq, &row), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_reader_seq_at(eye.reader, after.base_time_ms, &seq), KOLAM_OK);
    assert_int_equal(seq, after.base_seq);
    assert_int_equal(kolam_reader_seq_at(eye.reader, after.base_time_ms - 1, &seq), KOLAM_OK);
    assert_int_equal(seq, 0);

    struct kolam_moment moment = {.seq = after.base_seq - 1};
    int64_t now_ms = after.base_time_ms + 1000;
    assert_int_equal(kolam_moment_resolve(eye.reader, &moment, now_ms, &seq, &error),
                     KOLAM_ERR_GONE);
    moment.seq = after.base_seq;
    assert_int_equal(kolam_moment_resolve(eye.reader, &moment, now_ms, &seq, &error), KOLAM_OK);
    moment = (struct kolam_moment){.is_time = true, .time_ms = after.created_ms - 1};
    assert_int_equal(kolam_moment_resolve(eye.reader, &moment, now_ms, &seq, &error),
                     KOLAM_ERR_NOT_FOUND);
    close_eye(&eye);
    /* Seqs go on. */
    draw_one(world, &random, 0);
    settle(world);
    assert_int_equal(world->canvas.last_seq, after.base_seq + 1);
}

static bool count_row(void *ctx, const struct kolam_log_row *row) {
    uint32_t *count = ctx;
    (void)row;
    ++*count;
    return true;
}

static void blame_and_the_artists_ops_tell_what_came_after(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(81);
    struct kolam_author author;
    struct eye eye;
    uint32_t count = 0;
    for (int i = 0; i < 6; i++) {
        struct kolam_point points[POINTS_MAX];
        struct kolam_stroke stroke;
        random_stroke(&random, 0, points, &stroke);
        draw(world, (uint8_t)(1 + i / 3), &stroke, 1);
    }
    (void)flatten(world, 4);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_artist_ops(eye.reader, 2, UINT64_MAX, count_row, &count),
                     KOLAM_OK);
    assert_int_equal(count, 2);
    assert_int_equal(kolam_reader_artist_ops(eye.reader, 1, UINT64_MAX, count_row, &count),
                     KOLAM_OK);
    assert_int_equal(count, 2);
    assert_int_equal(kolam_reader_artist(eye.reader, 1, &author), KOLAM_OK); /* names stay */
    close_eye(&eye);
}

/* ---- files ---- */

static void run_sql(const char *path, const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_file_of_the_schema_before_is_read_flattened_and_brought_up_to_date(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(101);
    struct eye eye;
    uint64_t seq;
    bool is_empty;
    live(world, &random, 20, 0);
    kolam_log_destroy(world->canvas.log);
    run_sql(world->canvas.log_path,
            "DROP TABLE base; DROP TABLE base_id; DROP TABLE base_record;"
            "DROP INDEX op_record; ALTER TABLE op DROP COLUMN sum;"
            "DROP TABLE hider; PRAGMA user_version = 2; PRAGMA wal_checkpoint(TRUNCATE)");
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_raster_tile(eye.raster, (struct kolam_tile_id){0, 0, 0}, KOLAM_SEQ_NOW,
                                       world->a, &seq, &is_empty),
                     KOLAM_OK);
    close_eye(&eye);
    struct kolam_compact_options options = options_of(world);
    struct kolam_compact_result result;
    struct kolam_error error;
    struct kolam_compact_plan plan = plan_at(world->canvas.log_path, world->last_seq);
    assert_int_equal(kolam_compact_write(&options, &plan, &result, &error), KOLAM_OK);
    canvas_fixture_reopen(&world->canvas); /* migrates */
    draw_one(world, &random, 0);
    settle(world);
    (void)flatten(world, world->last_seq);
    assert_same_from_base_on(world, world->old_path);
}

static void the_index_of_a_flattened_canvas_can_be_made_anew(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(111);
    struct kolam_error error;
    struct kolam_canvas_info before, after;
    struct eye eye;
    live(world, &random, 20, 0);
    uint64_t asked = world->last_seq;
    live(world, &random, 10, world->stroke_count);
    (void)flatten(world, asked);
    kolam_log_destroy(world->canvas.log);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_info(eye.reader, &before), KOLAM_OK);
    close_eye(&eye);
    run_sql(world->canvas.log_path, "DELETE FROM home; DELETE FROM node;"
                                    "DELETE FROM meta WHERE key = 'levels' OR key GLOB 'box_*'");
    assert_int_equal(kolam_index_rebuild(world->canvas.log_path, &error), KOLAM_OK);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_info(eye.reader, &after), KOLAM_OK);
    close_eye(&eye);
    assert_memory_equal(&after.box_x0, &before.box_x0, 4 * sizeof(double));
    canvas_fixture_reopen(&world->canvas);
    assert_same_from_base_on(world, world->old_path);
}

static void a_canvas_that_somebody_reads_is_not_replaced(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(121);
    struct kolam_compact_options options = options_of(world);
    struct kolam_compact_result result;
    struct kolam_error error;
    struct eye eye;
    draw_one(world, &random, 0);
    settle(world);
    kolam_log_destroy(world->canvas.log);
    struct kolam_compact_plan plan = plan_at(world->canvas.log_path, 1);
    assert_int_equal(kolam_compact_write(&options, &plan, &result, &error), KOLAM_OK);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_compact_replace(&options, &error), KOLAM_ERR_BUSY);
    close_eye(&eye);
    assert_int_equal(kolam_compact_replace(&options, &error), KOLAM_OK);
    canvas_fixture_reopen(&world->canvas);
}

static enum kolam_status flatten_without(const struct world *world, int64_t allocation) {
    struct kolam_compact_options options = options_of(world);
    struct kolam_compact_result result;
    struct kolam_compact_plan plan;
    struct kolam_reader *reader = NULL;
    struct kolam_error error;
    fail_allocation(allocation);
    enum kolam_status status = kolam_reader_create(options.path, &reader, &error);
    if (status == KOLAM_OK) {
        status = kolam_compact_plan(reader, world->last_seq, &plan, &error);
    }
    kolam_reader_destroy(reader);
    if (status == KOLAM_OK) {
        status = kolam_compact_write(&options, &plan, &result, &error);
    }
    if (status == KOLAM_OK) {
        status = kolam_compact_replace(&options, &error);
    }
    return status;
}

/* Whatever memory is missing: it is said, and nothing is left beside the canvas; or it was not needed. */
static void without_memory_nothing_is_changed(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(125);
    int64_t failures = 0;
    draw_one(world, &random, 0);
    draw_one(world, &random, -1);
    settle(world);
    kolam_log_destroy(world->canvas.log);
    copy_file(world->canvas.log_path, world->old_path);
    assert_int_equal(flatten_without(world, -1), KOLAM_OK);
    int64_t count = allocation_count();
    for (int64_t n = 0; n < count; n += 1 + n / 16) {
        copy_file(world->old_path, world->canvas.log_path);
        enum kolam_status status = flatten_without(world, n);
        fail_allocation(-1);
        assert_true(status == KOLAM_OK || status == KOLAM_ERR_NOMEM);
        failures += status != KOLAM_OK;
        assert_int_not_equal(access(world->new_path, F_OK), 0);
        assert_int_equal(plan_at(world->canvas.log_path, 2).base_seq, 2);
    }
    assert_true(failures > 10);
    canvas_fixture_reopen(&world->canvas);
}

/* ---- killed ---- */

/* Kills its process at a step; or counts them. */
struct fuse {
    int64_t left, burnt;
};

static bool burn(void *ctx, enum kolam_compact_stage stage, uint64_t done, uint64_t all) {
    struct fuse *fuse = ctx;
    (void)stage, (void)done, (void)all;
    fuse->burnt++;
    if (fuse->left-- == 0) {
        (void)raise(SIGKILL);
    }
    return true;
}

static bool flatten_with(const struct world *world, uint64_t seq, struct fuse *fuse) {
    struct kolam_compact_options options = options_of(world);
    struct kolam_compact_result result;
    struct kolam_compact_plan plan;
    struct kolam_reader *reader;
    options.progress = burn;
    options.progress_ctx = fuse;
    bool is_done = kolam_reader_create(options.path, &reader, NULL) == KOLAM_OK &&
                   kolam_compact_plan(reader, seq, &plan, NULL) == KOLAM_OK;
    kolam_reader_destroy(reader);
    return is_done && kolam_compact_write(&options, &plan, &result, NULL) == KOLAM_OK &&
           kolam_compact_replace(&options, NULL) == KOLAM_OK;
}

static void flatten_and_be_killed(const struct world *world, uint64_t seq, int64_t steps) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct fuse fuse = {.left = steps};
        _exit(flatten_with(world, seq, &fuse) ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* The canvas is whole, is one of the two, and a server goes on with it. */
static bool is_flattened(struct world *world, uint64_t asked) {
    struct kolam_reader *reader;
    struct kolam_canvas_info info;
    struct kolam_error error;
    assert_int_equal(kolam_reader_create(world->canvas.log_path, &reader, &error), KOLAM_OK);
    assert_int_equal(kolam_reader_info(reader, &info), KOLAM_OK);
    kolam_reader_destroy(reader);
    assert_int_equal(info.last_seq, world->last_seq);
    assert_true(info.base_seq == 0 || info.base_seq == asked);
    canvas_fixture_reopen(&world->canvas);
    if (info.base_seq == asked) {
        assert_same_from_base_on(world, world->old_path);
    }
    kolam_log_destroy(world->canvas.log);
    return info.base_seq == asked;
}

/* At early and late moments, and at each of the last, around the rename. */
static void a_kill_at_any_moment_leaves_one_whole_canvas(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(131);
    uint32_t flattened = 0, kept = 0;
    live(world, &random, 10, 0);
    uint64_t asked = world->last_seq;
    live(world, &random, 5, world->stroke_count);
    kolam_log_destroy(world->canvas.log);
    copy_file(world->canvas.log_path, world->old_path);
    struct fuse fuse = {.left = -1};
    assert_true(flatten_with(world, asked, &fuse));
    for (int64_t steps = 0; steps < fuse.burnt;
         steps += steps + 4 >= fuse.burnt ? 1 : 1 + (fuse.burnt - steps) / 8) {
        copy_file(world->old_path, world->canvas.log_path);
        flatten_and_be_killed(world, asked, steps);
        bool is_new = is_flattened(world, asked);
        assert_int_equal(is_new, steps == fuse.burnt - 1);
        flattened += is_new;
        kept += !is_new;
    }
    assert_true(kept > 10 && flattened == 1);
    /* What a killed one left is in nobody's way. */
    copy_file(world->old_path, world->canvas.log_path);
    flatten_and_be_killed(world, asked, fuse.burnt - 3);
    fuse = (struct fuse){.left = -1};
    assert_true(flatten_with(world, asked, &fuse));
    assert_true(is_flattened(world, asked));
    canvas_fixture_reopen(&world->canvas);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_was_flattened_is_recognised_when_it_is_sent_again),
        TEST(what_was_flattened_cannot_be_hidden),
        TEST(moments_before_the_base_are_gone),
        TEST(blame_and_the_artists_ops_tell_what_came_after),
        TEST(a_file_of_the_schema_before_is_read_flattened_and_brought_up_to_date),
        TEST(the_index_of_a_flattened_canvas_can_be_made_anew),
        TEST(a_canvas_that_somebody_reads_is_not_replaced),
        TEST(without_memory_nothing_is_changed),
        TEST(a_kill_at_any_moment_leaves_one_whole_canvas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
