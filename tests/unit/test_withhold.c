/* A hidden ban in the log: what somebody shows is hidden in the same transaction, by another author. thread-test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/history.h"
#include "kolam/reader.h"
#include "tests/support/store.h"

static const struct kolam_tile_id home_tile = {.level = 0, .x = 3, .y = -2};

struct fixture {
    char folder[512], path[600];
    struct test_log test;
    struct kolam_author wall;
};

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->folder);
    temp_path(f->folder, "main.kolam", f->path);
    f->wall = test_author(77);
    test_log_open(&f->test, f->path, kolam_clock_system(), 0);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    if (f->test.log) {
        test_log_close(&f->test);
    }
    temp_folder_remove(f->folder);
    test_free(f);
    return 0;
}

/* The ops, and room for the hide. */
static struct kolam_submission *withheld(struct fixture *f, uint64_t nonce,
                                         const struct kolam_log_op *ops, uint32_t count) {
    struct kolam_log_op all[8] = {{0}};
    memcpy(all, ops, count * sizeof *ops);
    all[count].kind = KOLAM_OP_HIDE;
    struct kolam_submission *submission = test_submission(1, nonce, all, count + 1);
    submission->withheld_by = &f->wall;
    return submission;
}

struct rows {
    struct kolam_home_row list[32];
    uint32_t count;
};

static bool add_row(void *ctx, const struct kolam_home_row *row) {
    struct rows *rows = ctx;
    assert_true(rows->count < 32);
    rows->list[rows->count++] = *row;
    return true;
}

static struct rows rows_at_home(struct fixture *f) {
    struct rows rows = {.count = 0};
    struct kolam_reader *reader = NULL;
    assert_int_equal(kolam_reader_create(f->path, &reader, NULL), KOLAM_OK);
    assert_int_equal(kolam_reader_homes_at(reader, home_tile, 0, UINT64_MAX, add_row, &rows),
                     KOLAM_OK);
    kolam_reader_destroy(reader);
    return rows;
}

static void assert_rows_survive_a_rebuild(struct fixture *f) {
    const struct rows before = rows_at_home(f);
    test_log_close(&f->test);
    f->test.log = NULL;
    assert_int_equal(kolam_index_rebuild(f->path, NULL), KOLAM_OK);
    const struct rows after = rows_at_home(f);
    assert_int_equal(after.count, before.count);
    for (uint32_t i = 0; i < before.count; i++) {
        assert_int_equal(after.list[i].seq, before.list[i].seq);
        assert_int_equal(after.list[i].target, before.list[i].target);
        assert_int_equal(after.list[i].kind, before.list[i].kind);
        assert_memory_equal(&after.list[i].home.x0, &before.list[i].home.x0, 4);
    }
}

static void assert_targets(const struct kolam_log_op *hide, const uint64_t *targets,
                           uint32_t count) {
    struct kolam_op_room *room = test_malloc(sizeof *room);
    struct kolam_op op;
    assert_int_equal(kolam_op_decode(hide->body, hide->body_size_bytes, room, &op), KOLAM_OK);
    assert_int_equal(op.kind, KOLAM_OP_HIDE);
    assert_int_equal(op.target_count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(op.targets[i], targets[i]);
    }
    test_free(room);
}

static void a_stroke_is_hidden_as_it_is_committed_by_another_author(void **state) {
    struct fixture *f = *state;
    struct kolam_log_op stroke = test_stroke(home_tile, 1, 5);
    struct kolam_submission *s = test_log_run(&f->test, withheld(f, 9, &stroke, 1));
    assert_int_equal(s->status, KOLAM_OK);
    assert_int_equal(s->artist, 1);
    assert_int_equal(s->ops[0].seq, 1);
    assert_int_equal(s->ops[1].seq, 2);
    assert_targets(&s->ops[1], (const uint64_t[]){1}, 1);
    assert_int_equal(s->ops[1].home_count, s->ops[0].home_count);
    kolam_submission_destroy(s);

    struct kolam_reader *reader = NULL;
    struct kolam_log_row row;
    assert_int_equal(kolam_reader_create(f->path, &reader, NULL), KOLAM_OK);
    assert_int_equal(kolam_reader_op(reader, 2, &row), KOLAM_OK);
    assert_int_equal(row.artist, 2); /* not the one who is kept out */
    struct kolam_history *history = NULL;
    assert_int_equal(kolam_history_create(reader, &history), KOLAM_OK);
    kolam_history_destroy(history);
    kolam_reader_destroy(reader);
    const struct rows rows = rows_at_home(f);
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.list[1].kind, KOLAM_OP_HIDE);
    assert_int_equal(rows.list[1].target, 1);
    assert_rows_survive_a_rebuild(f);
}

static void a_resend_is_recognised_withheld_or_not(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        struct kolam_log_op stroke = test_stroke(home_tile, 1, 5);
        struct kolam_submission *s = test_log_run(
            &f->test, i < 2 ? withheld(f, 9, &stroke, 1) : test_submission(1, 9, &stroke, 1));
        assert_int_equal(s->status, KOLAM_OK);
        assert_int_equal(s->ops[0].seq, 1);
        assert_int_equal(s->ops[0].is_duplicate, i > 0);
        kolam_submission_destroy(s);
    }
    assert_int_equal(kolam_log_last_seq(f->test.log), 2);
}

static void the_next_counters_stay_free(void **state) {
    struct fixture *f = *state;
    for (uint32_t counter = 1; counter <= 4; counter++) {
        struct kolam_log_op stroke = test_stroke(home_tile, counter, 5);
        assert_int_equal(test_log_commit(&f->test, withheld(f, 9, &stroke, 1)), counter * 2 - 1);
    }
    assert_rows_survive_a_rebuild(f);
}

static void what_a_show_brings_back_is_hidden_too(void **state) {
    struct fixture *f = *state;
    const uint64_t first[] = {1}, both[] = {1, 2};
    struct kolam_log_op op = test_stroke(home_tile, 1, 5);
    test_log_commit(&f->test, test_submission(1, 9, &op, 1));
    op = test_stroke(home_tile, 2, 9);
    test_log_commit(&f->test, test_submission(1, 9, &op, 1));
    op = test_change(KOLAM_OP_HIDE, 3, both, 2);
    test_log_commit(&f->test, test_submission(1, 9, &op, 1));
    struct kolam_log_op mixed[] = {test_change(KOLAM_OP_SHOW, 4, both, 2),
                                   test_stroke(home_tile, 5, 5),
                                   test_change(KOLAM_OP_SHOW, 6, first, 1)};
    struct kolam_submission *s = test_log_run(&f->test, withheld(f, 9, mixed, 3));
    assert_int_equal(s->status, KOLAM_OK);
    assert_int_equal(s->ops[3].seq, 7);
    assert_targets(&s->ops[3], (const uint64_t[]){1, 2, 5}, 3);
    kolam_submission_destroy(s);
    assert_rows_survive_a_rebuild(f);
}

static void a_stroke_that_completes_a_partial_one_is_hidden_exactly(void **state) {
    struct fixture *f = *state;
    struct kolam_log_op partial = test_stroke(home_tile, 1, 3);
    partial.is_partial = true;
    test_log_commit(&f->test, test_submission(1, 9, &partial, 1));
    struct kolam_log_op whole = test_stroke(home_tile, 1, 20);
    struct kolam_submission *s = test_log_run(&f->test, withheld(f, 9, &whole, 1));
    assert_int_equal(s->status, KOLAM_OK);
    assert_int_equal(s->ops[0].replaces, 1);
    assert_targets(&s->ops[1], (const uint64_t[]){2}, 1);
    kolam_submission_destroy(s);
    assert_rows_survive_a_rebuild(f);
}

static void what_shows_nothing_has_nothing_to_withhold(void **state) {
    struct fixture *f = *state;
    const uint64_t first[] = {1};
    struct kolam_log_op op = test_stroke(home_tile, 1, 5);
    test_log_commit(&f->test, test_submission(1, 9, &op, 1));
    op = test_change(KOLAM_OP_HIDE, 2, first, 1);
    struct kolam_submission *s = test_log_run(&f->test, withheld(f, 9, &op, 1));
    assert_int_equal(s->status, KOLAM_ERR_INVALID);
    kolam_submission_destroy(s);
    assert_int_equal(kolam_log_last_seq(f->test.log), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(a_stroke_is_hidden_as_it_is_committed_by_another_author),
        TEST(a_resend_is_recognised_withheld_or_not),
        TEST(the_next_counters_stay_free),
        TEST(what_a_show_brings_back_is_hidden_too),
        TEST(a_stroke_that_completes_a_partial_one_is_hidden_exactly),
        TEST(what_shows_nothing_has_nothing_to_withhold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
