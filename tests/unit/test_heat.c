/* Heat: strokes per tile, counted by the index, by the ops, and by every so-manieth op. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../support/canvas_fixture.h"
#include "kolam/alloc.h"
#include "kolam/heat.h"
#include "random.h"

struct wall {
    struct canvas_fixture canvas;
    struct kolam_reader *reader;
    struct kolam_heat heat;
};

static int set_up(void **state) {
    struct wall *wall = kolam_alloc_zero(1, sizeof *wall);
    struct kolam_error error;
    canvas_fixture_open(&wall->canvas);
    assert_int_equal(kolam_reader_create(wall->canvas.log_path, &wall->reader, &error), KOLAM_OK);
    *state = wall;
    return 0;
}

static int tear_down(void **state) {
    struct wall *wall = *state;
    kolam_reader_destroy(wall->reader);
    canvas_fixture_close(&wall->canvas);
    kolam_free(wall);
    return 0;
}

/* A line of two points in pixels from the tile's corner; not waited for. */
static void submit_line(struct wall *wall, uint8_t artist, struct kolam_tile_id tile, int32_t x0,
                        int32_t y0, int32_t x1, int32_t y1) {
    struct kolam_point points[2] = {{.x = x0 * 8, .y = y0 * 8, .pressure = 255},
                                    {.x = x1 * 8, .y = y1 * 8, .pressure = 255}};
    struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                          .stroke = {.origin = tile,
                                     .color = 0x000000ff,
                                     .width = KOLAM_WIDTH_UNIT_PER_PX,
                                     .part_count = 1,
                                     .point_count = 2,
                                     .points = points}};
    canvas_fixture_submit(&wall->canvas, artist, &op, 1);
}

static void draw_line(struct wall *wall, uint8_t artist, struct kolam_tile_id tile, int32_t x0,
                      int32_t y0, int32_t x1, int32_t y1) {
    submit_line(wall, artist, tile, x0, y0, x1, y1);
    canvas_fixture_wait(&wall->canvas);
    assert_int_equal(wall->canvas.last_status, KOLAM_OK);
}

static struct kolam_heat_question ask_of(int32_t level, int64_t x, int64_t y, uint32_t width,
                                         uint32_t height) {
    return (struct kolam_heat_question){.corner = {x, y, level}, .width = width, .height = height};
}

static uint32_t count_at(struct wall *wall, const struct kolam_heat_question *question, int64_t x,
                         int64_t y) {
    return wall->heat.counts[(y - question->corner.y) * question->width + x - question->corner.x];
}

static uint64_t sum_of(struct wall *wall, const struct kolam_heat_question *question) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < question->width * question->height; i++) {
        sum += wall->heat.counts[i];
    }
    return sum;
}

static void find(struct wall *wall, const struct kolam_heat_question *question) {
    assert_int_equal(kolam_heat_find(wall->reader, question, &wall->heat), KOLAM_OK);
}

static void an_empty_wall_is_cold(void **state) {
    struct wall *wall = *state;
    const struct kolam_heat_question question = ask_of(0, -32, -32, 64, 64);
    find(wall, &question);
    assert_int_equal(sum_of(wall, &question), 0);
    assert_int_equal(wall->heat.every, 1);
}

static void a_stroke_counts_once_in_each_tile_it_touches(void **state) {
    struct wall *wall = *state;
    const struct kolam_tile_id tile = {-3, 5, 0};
    draw_line(wall, 1, tile, 100, 100, 600, 110); /* tiles -3, -2, -1 of row 5 */
    struct kolam_heat_question question = ask_of(0, -4, 4, 5, 3);
    find(wall, &question);
    assert_int_equal(sum_of(wall, &question), 3);
    for (int64_t x = -3; x <= -1; x++) {
        assert_int_equal(count_at(wall, &question, x, 5), 1);
    }
    question = ask_of(-2, -1, 1, 1, 1); /* all three tiles are below this one */
    find(wall, &question);
    assert_int_equal(wall->heat.counts[0], 1);
    question = ask_of(1, -8, 8, 8, 8); /* finer: only where its box is */
    find(wall, &question);
    assert_int_equal(count_at(wall, &question, -6, 10), 1);
    assert_int_equal(count_at(wall, &question, -5, 10), 1);
    assert_int_equal(count_at(wall, &question, -6, 11), 0);
}

static void one_op_of_many_rows_is_read_rather_than_they(void **state) {
    struct wall *wall = *state;
    draw_line(wall, 1, (struct kolam_tile_id){-100, 7, 3}, 10, 10, 30000, 10); /* 118 tiles */
    const struct kolam_heat_question question = ask_of(3, -64, 6, 64, 3);
    find(wall, &question);
    assert_int_equal(wall->heat.every, 1);
    assert_int_equal(sum_of(wall, &question), 64);
    assert_int_equal(count_at(wall, &question, -1, 7), 1);
    assert_int_equal(count_at(wall, &question, -1, 8), 0);
}

/* The same, by looking at every stroke. */
struct model {
    struct kolam_home homes[400][4];
    uint32_t home_counts[400];
    uint8_t artists[400];
};

static bool model_touches(const struct model *model, uint32_t i, struct kolam_tile_id tile) {
    for (uint32_t k = 0; k < model->home_counts[i]; k++) {
        const struct kolam_home *home = &model->homes[i][k];
        const int32_t finest = tile.level > home->tile.level ? tile.level : home->tile.level;
        const int64_t mine = INT64_C(1) << (finest - tile.level),
                      its = INT64_C(1) << (finest - home->tile.level);
        const int64_t x0 = (home->tile.x * 256 + home->x0) * its,
                      y0 = (home->tile.y * 256 + home->y0) * its,
                      x1 = (home->tile.x * 256 + home->x1 + 1) * its,
                      y1 = (home->tile.y * 256 + home->y1 + 1) * its;
        if (x0 < (tile.x + 1) * 256 * mine && x1 > tile.x * 256 * mine &&
            y0 < (tile.y + 1) * 256 * mine && y1 > tile.y * 256 * mine) {
            return true;
        }
    }
    return false;
}

static void agrees_with_looking_at_every_stroke(void **state) {
    struct wall *wall = *state;
    static struct model model;
    struct test_random seed = test_random_from(5);
    for (uint32_t i = 0; i < 400; i++) {
        const struct kolam_tile_id tile = {(int64_t)test_random_below(&seed, 9) - 4,
                                           (int64_t)test_random_below(&seed, 9) - 4,
                                           (int32_t)test_random_below(&seed, 6) - 3};
        const int32_t x = (int32_t)test_random_below(&seed, 200),
                      y = (int32_t)test_random_below(&seed, 200);
        const int32_t dx = (int32_t)test_random_below(&seed, 90),
                      dy = (int32_t)test_random_below(&seed, 90);
        struct kolam_point points[2] = {{.x = x * 8, .y = y * 8, .pressure = 255},
                                        {.x = (x + dx) * 8, .y = (y + dy) * 8, .pressure = 255}};
        const struct kolam_stroke stroke = {.origin = tile,
                                            .width = KOLAM_WIDTH_UNIT_PER_PX,
                                            .part_count = 1,
                                            .point_count = 2,
                                            .points = points};
        struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
        assert_int_equal(kolam_stroke_homes(&stroke, homes, &model.home_counts[i]), KOLAM_OK);
        assert_true(model.home_counts[i] <= 4);
        memcpy(model.homes[i], homes, model.home_counts[i] * sizeof *homes);
        model.artists[i] = (uint8_t)(1 + test_random_below(&seed, 3));
        submit_line(wall, model.artists[i], tile, x, y, x + dx, y + dy);
    }
    canvas_fixture_wait(&wall->canvas);
    for (uint32_t round = 0; round < 40; round++) {
        struct kolam_heat_question question = ask_of(
            (int32_t)test_random_below(&seed, 8) - 5, (int64_t)test_random_below(&seed, 8) - 6,
            (int64_t)test_random_below(&seed, 8) - 6, 1 + (uint32_t)test_random_below(&seed, 12),
            1 + (uint32_t)test_random_below(&seed, 12));
        question.artist =
            (uint32_t)test_random_below(&seed, 3); /* numbers are given in order of coming */
        find(wall, &question);
        assert_int_equal(wall->heat.every, 1);
        for (uint32_t y = 0; y < question.height; y++) {
            for (uint32_t x = 0; x < question.width; x++) {
                const struct kolam_tile_id tile = {question.corner.x + x, question.corner.y + y,
                                                   question.corner.level};
                uint32_t expected = 0;
                for (uint32_t i = 0; i < 400; i++) {
                    uint8_t first = model.artists[0], second = first;
                    for (uint32_t k = 0; second == first; k++) {
                        second = model.artists[k];
                    }
                    const bool is_meant =
                        question.artist == 0 ||
                        model.artists[i] == (question.artist == 1 ? first : second);
                    expected += is_meant && model_touches(&model, i, tile);
                }
                assert_int_equal(wall->heat.counts[y * question.width + x], expected);
            }
        }
    }
}

static void a_span_counts_what_was_committed_in_it(void **state) {
    struct wall *wall = *state;
    struct kolam_heat_question question = ask_of(0, 0, 0, 4, 4);
    int64_t times[3];
    for (int64_t i = 0; i < 3; i++) {
        draw_line(wall, 1, (struct kolam_tile_id){i, 0, 0}, 10, 10, 20, 20);
        assert_int_equal(kolam_reader_time_of(wall->reader, wall->canvas.last_seq, &times[i]),
                         KOLAM_OK);
        int64_t now = times[i];
        const struct kolam_clock clock = kolam_clock_system();
        while (clock.now_ms(clock.ctx) <= now + 1) {
        }
    }
    question.has_from = question.has_to = true;
    question.from_ms = times[1];
    question.to_ms = times[2];
    find(wall, &question);
    assert_int_equal(sum_of(wall, &question), 1);
    assert_int_equal(count_at(wall, &question, 1, 0), 1);
    question.has_to = false;
    find(wall, &question);
    assert_int_equal(sum_of(wall, &question), 2);
    question.has_from = false;
    question.has_to = true;
    find(wall, &question);
    assert_int_equal(sum_of(wall, &question), 2);
    question.to_ms = 0;
    find(wall, &question);
    assert_int_equal(sum_of(wall, &question), 0);
    question.has_from = true;
    question.to_ms = INT64_C(1) << 53;
    question.from_ms = question.to_ms - 1;
    find(wall, &question);
    assert_int_equal(sum_of(wall, &question), 0);
}

static void of_very_many_strokes_some_stand_for_all(void **state) {
    struct wall *wall = *state;
    const uint32_t strokes = 2 * KOLAM_HEAT_OPS_MAX + 100;
    for (uint32_t i = 0; i < strokes; i++) {
        submit_line(wall, 1, (struct kolam_tile_id){i % 7, 0, 0}, 10, 10, 20, 20);
        if (i % 4096 == 0) {
            canvas_fixture_wait(&wall->canvas);
        }
    }
    /* Index rows without end in few ops: lines of more than a hundred tiles. */
    for (uint32_t i = 0; i < KOLAM_HEAT_ROWS_MAX / 100; i++) {
        submit_line(wall, 2, (struct kolam_tile_id){-100, 50, 1}, 10, 10 + (int32_t)i % 200, 30000,
                    10 + (int32_t)i % 200);
    }
    canvas_fixture_wait(&wall->canvas);
    assert_int_equal(wall->canvas.last_status, KOLAM_OK);
    struct kolam_heat_question question = ask_of(0, 0, 0, 7, 1);
    find(wall, &question); /* the index rows there are few enough */
    assert_int_equal(wall->heat.every, 1);
    assert_int_equal(sum_of(wall, &question), strokes);
    question = ask_of(0, -60, 0, 64, 64);
    find(wall, &question);
    assert_int_equal(wall->heat.every, 4);
    const uint64_t sum = count_at(wall, &question, 0, 0) + count_at(wall, &question, 1, 0) +
                         count_at(wall, &question, 2, 0) + count_at(wall, &question, 3, 0);
    assert_true(sum > strokes * 4 / 7 * 9 / 10 && sum < strokes * 4 / 7 * 11 / 10);
    question.artist = 1;
    find(wall, &question);
    assert_int_equal(wall->heat.every, 4);
    question.artist = 2;
    find(wall, &question);
    assert_int_equal(wall->heat.every, 1);
    assert_int_equal(count_at(wall, &question, -10, 25), KOLAM_HEAT_ROWS_MAX / 100);
}

static void refuses_what_is_outside(void **state) {
    struct wall *wall = *state;
    const struct kolam_heat_question wrong[] = {
        ask_of(0, 0, 0, 0, 1),         ask_of(0, 0, 0, 1, 65),
        ask_of(25, 0, 0, 1, 1),        ask_of(-24, 1, 0, 1, 1),
        ask_of(-24, 0, 0, 2, 1),       ask_of(0, (1 << 23) - 1, 0, 2, 1),
        ask_of(0, INT64_MAX, 0, 1, 1), ask_of(0, INT64_MIN, 0, 1, 1)};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(kolam_heat_find(wall->reader, &wrong[i], &wall->heat), KOLAM_ERR_INVALID);
    }
    const struct kolam_heat_question whole = ask_of(-24, -1, -1, 2, 2);
    find(wall, &whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_wall_is_cold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stroke_counts_once_in_each_tile_it_touches, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_op_of_many_rows_is_read_rather_than_they, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(agrees_with_looking_at_every_stroke, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_span_counts_what_was_committed_in_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_very_many_strokes_some_stand_for_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_what_is_outside, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
