/* A tile's version at any seq of the past, against a model that knows every index row and looks at all of them: strokes of many
 * levels, hides, shows, replaced partial strokes, hides of more strokes than are decoded one by one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/reader.h"
#include "random.h"
#include "tests/support/store.h"
#include "tiles/gather.h"

#define ROWS_MAX 40000
#define STROKES_MAX 4000

struct model_row {
    uint64_t seq;
    bool is_stroke;
    struct kolam_home home;
};

struct model_stroke {
    uint64_t seq;
    uint32_t first_row, row_count;
    uint32_t counter;
    bool is_partial; /* and not yet completed */
};

struct fixture {
    char folder[512], path[600];
    struct test_log test;
    struct kolam_reader *reader;
    struct test_random random;
    struct model_row rows[ROWS_MAX];
    struct model_stroke strokes[STROKES_MAX];
    uint32_t row_count, stroke_count, counter, waiting;
    uint64_t last_seq;
};

static int setup(void **state) {
    struct fixture *f = kolam_alloc_zero(1, sizeof *f);
    struct kolam_error error;
    temp_folder_make(f->folder);
    temp_path(f->folder, "main.kolam", f->path);
    test_log_open(&f->test, f->path, kolam_clock_system(), 0);
    assert_int_equal(kolam_reader_create(f->path, &f->reader, &error), KOLAM_OK);
    f->random = test_random_from(20261122);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    kolam_reader_destroy(f->reader);
    test_log_close(&f->test);
    temp_folder_remove(f->folder);
    kolam_free(f);
    return 0;
}

/* ---- what is done ---- */

static uint64_t submit(struct fixture *f, const struct kolam_log_op *op) {
    struct kolam_submission *submission = test_submission(1, 1, op, 1);
    submission->may_change_others = true;
    test_log_submit(&f->test, submission);
    f->waiting++;
    return ++f->last_seq;
}

static void settle(struct fixture *f) {
    while (f->waiting > 0) {
        struct kolam_submission *done = test_log_take(&f->test);
        assert_int_equal(done->status, KOLAM_OK);
        kolam_submission_destroy(done);
        f->waiting--;
    }
    struct kolam_canvas_info info;
    assert_int_equal(kolam_reader_info(f->reader, &info), KOLAM_OK);
    assert_int_equal(info.last_seq, f->last_seq);
}

static void add_row(struct fixture *f, uint64_t seq, bool is_stroke,
                    const struct kolam_home *home) {
    assert_true(f->row_count < ROWS_MAX);
    f->rows[f->row_count++] = (struct model_row){.seq = seq, .is_stroke = is_stroke, .home = *home};
}

static void change_rows(struct fixture *f, uint64_t seq, const struct model_stroke *target) {
    for (uint32_t i = 0; i < target->row_count; i++) {
        add_row(f, seq, false, &f->rows[target->first_row + i].home);
    }
}

/* Ink moves from place to place, as people do, so that tiles rest for long. */
static struct kolam_tile_id random_tile(struct fixture *f) {
    static const int32_t levels[] = {0, 0, 0, 0, 0, 0, 1, 3, 6, -1, -3, -4, -5, -8, -10};
    int32_t level = levels[test_random_below(&f->random, sizeof levels / sizeof levels[0])];
    int64_t place = (int64_t)(f->last_seq / 150) * 7 % 40 - 20; /* tiles of level -2 */
    int64_t x = place * 1024 + test_random_between(&f->random, 0, 2047);
    int64_t y = test_random_between(&f->random, -1500, 1500);
    int64_t px = level >= 0 ? x * (INT64_C(1) << level) : kolam_floor_shift(x, -level);
    int64_t py = level >= 0 ? y * (INT64_C(1) << level) : kolam_floor_shift(y, -level);
    return (struct kolam_tile_id){kolam_floor_shift(px, KOLAM_TILE_SHIFT),
                                  kolam_floor_shift(py, KOLAM_TILE_SHIFT), level};
}

static void draw(struct fixture *f, struct kolam_tile_id tile, bool is_partial) {
    uint32_t counter = ++f->counter;
    struct kolam_log_op op = test_stroke(tile, counter, 1 + counter % 40);
    op.is_partial = is_partial;
    struct model_stroke *stroke = &f->strokes[f->stroke_count++];
    assert_true(f->stroke_count < STROKES_MAX);
    *stroke = (struct model_stroke){.seq = f->last_seq + 1,
                                    .first_row = f->row_count,
                                    .row_count = op.home_count,
                                    .counter = op.counter,
                                    .is_partial = is_partial};
    for (uint32_t i = 0; i < op.home_count; i++) {
        add_row(f, stroke->seq, true, &op.homes[i]);
    }
    assert_int_equal(submit(f, &op), stroke->seq);
}

static void complete(struct fixture *f, struct model_stroke *partial) {
    struct kolam_log_op op = test_stroke(random_tile(f), partial->counter, 50);
    uint64_t seq = f->last_seq + 1;
    partial->is_partial = false;
    change_rows(f, seq, partial);
    for (uint32_t i = 0; i < op.home_count; i++) {
        add_row(f, seq, true, &op.homes[i]);
    }
    assert_int_equal(submit(f, &op), seq);
}

/* Of `count` strokes one after another. */
static void change(struct fixture *f, enum kolam_op_kind kind, uint32_t first, uint32_t count) {
    uint64_t targets[512] = {0};
    for (uint32_t i = 0; i < count; i++) {
        targets[i] = f->strokes[first + i].seq;
    }
    struct kolam_log_op op = test_change(kind, ++f->counter, targets, count);
    uint64_t seq = f->last_seq + 1;
    for (uint32_t i = 0; i < count; i++) {
        change_rows(f, seq, &f->strokes[first + i]);
    }
    assert_int_equal(submit(f, &op), seq);
}

static void do_something(struct fixture *f) {
    uint64_t choice = test_random_below(&f->random, 40);
    uint32_t which = f->stroke_count ? (uint32_t)test_random_below(&f->random, f->stroke_count) : 0;
    if (choice < 34 || f->stroke_count < 8) {
        draw(f, random_tile(f), choice == 0);
    } else if (choice < 38) {
        uint32_t most = f->stroke_count - which;
        change(f, choice < 37 ? KOLAM_OP_HIDE : KOLAM_OP_SHOW, which, most < 3 ? most : 3);
    } else {
        for (uint32_t i = 0; i < f->stroke_count; i++) {
            if (f->strokes[i].is_partial) {
                complete(f, &f->strokes[i]);
                return;
            }
        }
    }
}

/* ---- what is asked ---- */

/* One axis of a home's box against a tile as fine or finer than the home's. */
static bool span_touches(int64_t home_tile, uint8_t low, uint8_t high, int64_t tile,
                         int32_t finer) {
    int64_t first = kolam_floor_shift(tile * KOLAM_TILE_PX, finer);
    int64_t last = kolam_floor_shift(tile * KOLAM_TILE_PX + KOLAM_TILE_PX - 1, finer);
    return home_tile * KOLAM_TILE_PX + low <= last && home_tile * KOLAM_TILE_PX + high >= first;
}

static bool touches(const struct kolam_home *home, struct kolam_tile_id tile) {
    if (kolam_tile_contains(tile, home->tile)) {
        return true;
    }
    int32_t finer = tile.level - home->tile.level;
    return finer > 0 && kolam_tile_contains(home->tile, tile) &&
           span_touches(home->tile.x, home->x0, home->x1, tile.x, finer) &&
           span_touches(home->tile.y, home->y0, home->y1, tile.y, finer);
}

static void assert_version(struct fixture *f, struct kolam_tile_id tile, uint64_t max_seq) {
    uint64_t expected = 0;
    uint64_t rows_below = 0;
    for (uint32_t i = 0; i < f->row_count; i++) {
        const struct model_row *row = &f->rows[i];
        if (row->seq <= max_seq) {
            expected = row->seq > expected && touches(&row->home, tile) ? row->seq : expected;
            rows_below += row->is_stroke && row->home.tile.level > tile.level &&
                          kolam_tile_contains(tile, row->home.tile);
        }
    }
    uint64_t version = 0;
    uint64_t at_least = 0;
    assert_int_equal(gather_version(f->reader, tile, max_seq, &version), KOLAM_OK);
    assert_int_equal(version, expected);
    assert_int_equal(kolam_reader_strokes_below(f->reader, tile, max_seq, &at_least), KOLAM_OK);
    assert_true(at_least <= rows_below);
}

/* Tiles that hold ink, and some that do not, at all levels, at random moments and at the edges of epochs. */
static void assert_versions(struct fixture *f, uint32_t count) {
    assert_int_equal(kolam_reader_begin(f->reader), KOLAM_OK);
    for (uint32_t i = 0; i < count; i++) {
        struct kolam_tile_id home = f->rows[test_random_below(&f->random, f->row_count)].home.tile;
        int32_t level = (int32_t)test_random_between(&f->random, KOLAM_LEVEL_MIN, home.level + 2);
        struct kolam_tile_id tile = {home.x * 4 + 1, home.y * 4 + 2, home.level + 2};
        uint64_t at = 1 + test_random_below(&f->random, f->last_seq);
        at = i % 5 == 0 ? (at / 256) * 256 + i % 3 : at;
        assert_version(f, kolam_tile_ancestor(tile, level), at);
        assert_version(f, kolam_tile_ancestor(tile, level), at + 1);
    }
    assert_version(f, (struct kolam_tile_id){999, 999, -4}, f->last_seq / 2);
    kolam_reader_end(f->reader);
}

static void versions_of_the_past_equal_the_naive_ones(void **state) {
    struct fixture *f = *state;
    static const uint32_t stages[] = {40, 700, 1100, 2100, 3300};
    for (uint32_t stage = 0; stage < sizeof stages / sizeof stages[0]; stage++) {
        while (f->last_seq < stages[stage]) {
            do_something(f);
        }
        settle(f);
        assert_versions(f, 600);
    }
    struct kolam_error error;
    kolam_reader_destroy(f->reader);
    assert_int_equal(kolam_reader_create(f->path, &f->reader, &error), KOLAM_OK);
    assert_versions(f, 1500);
}

/* A rollback in the middle of an epoch names more than is decoded for it. */
static void versions_beside_a_great_hide_are_exact_too(void **state) {
    struct fixture *f = *state;
    while (f->last_seq < 600) {
        draw(f, random_tile(f), false);
    }
    change(f, KOLAM_OP_HIDE, 100, 400);
    while (f->last_seq < 900) {
        do_something(f);
    }
    settle(f);
    assert_versions(f, 600);
    change(f, KOLAM_OP_SHOW, 100, 400); /* after the end of what the reader has seen */
    draw(f, random_tile(f), false);
    settle(f);
    assert_versions(f, 600);
}

static void out_of_memory_is_told_and_passes(void **state) {
    struct fixture *f = *state;
    const struct kolam_tile_id far = {-1, 0, -12};
    while (f->last_seq < 700) {
        do_something(f);
    }
    settle(f);
    uint64_t seq;
    enum kolam_status status = KOLAM_ERR_NOMEM;
    for (int64_t nth = 0; status == KOLAM_ERR_NOMEM; nth++) {
        fail_allocation(nth);
        status = gather_version(f->reader, far, 333, &seq);
        fail_allocation(-1);
    }
    assert_int_equal(status, KOLAM_OK);
    assert_version(f, far, 333);
    assert_versions(f, 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(versions_of_the_past_equal_the_naive_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(versions_beside_a_great_hide_are_exact_too, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(out_of_memory_is_told_and_passes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
