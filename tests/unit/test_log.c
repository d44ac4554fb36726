/* The log: order, idempotence, atomicity, hide and show, what a restart finds. thread-test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/reader.h"
#include "tests/support/store.h"

static const struct kolam_tile_id home_tile = {.level = 0, .x = 3, .y = -2};
static const struct kolam_tile_id other_tile = {.level = -2, .x = 0, .y = 1};

struct fixture {
    char folder[512], path[600];
    struct test_log test;
    int64_t now_ms;
};

static int64_t fixture_now_ms(void *ctx) {
    return __atomic_load_n(&((struct fixture *)ctx)->now_ms, __ATOMIC_RELAXED);
}

static void open_log(struct fixture *f) {
    struct kolam_clock clock = {.now_ms = fixture_now_ms, .ctx = f};
    test_log_open(&f->test, f->path, clock, 2000);
}

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    f->now_ms = 1000000;
    temp_folder_make(f->folder);
    temp_path(f->folder, "main.kolam", f->path);
    open_log(f);
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

static struct kolam_submission *stroke_of(uint8_t author, uint64_t nonce, uint32_t counter) {
    struct kolam_log_op op = test_stroke(home_tile, counter, 5);
    return test_submission(author, nonce, &op, 1);
}

static struct kolam_submission *change_of(uint8_t author, uint32_t counter, enum kolam_op_kind kind,
                                          uint64_t target) {
    struct kolam_log_op op = test_change(kind, counter, &target, 1);
    return test_submission(author, 1, &op, 1);
}

static void expect_status(struct fixture *f, struct kolam_submission *submission,
                          enum kolam_status expected) {
    test_log_run(&f->test, submission);
    assert_int_equal(submission->status, expected);
    if (expected != KOLAM_OK) {
        assert_int_equal(submission->durability, KOLAM_DURABLE_NONE);
        for (uint32_t i = 0; i < submission->op_count; i++) {
            assert_int_equal(submission->ops[i].seq, 0);
        }
    }
    kolam_submission_destroy(submission);
}

struct row_list {
    struct kolam_home_row rows[64];
    uint32_t count;
};

static bool add_row(void *ctx, const struct kolam_home_row *row) {
    struct row_list *list = ctx;
    assert_true(list->count < 64);
    list->rows[list->count++] = *row;
    return true;
}

static struct row_list rows_at(struct fixture *f, struct kolam_tile_id tile) {
    struct row_list list = {.count = 0};
    struct kolam_reader *reader = NULL;
    assert_int_equal(kolam_reader_create(f->path, &reader, NULL), KOLAM_OK);
    assert_int_equal(kolam_reader_homes_at(reader, tile, 0, UINT64_MAX, add_row, &list), KOLAM_OK);
    kolam_reader_destroy(reader);
    return list;
}

static void numbers_ops_from_one_without_gaps(void **state) {
    struct fixture *f = *state;
    for (uint32_t i = 1; i <= 20; i++) {
        assert_int_equal(test_log_commit(&f->test, stroke_of((uint8_t)(i % 3 + 1), 7, i)), i);
        assert_int_equal(kolam_log_last_seq(f->test.log), i);
    }
}

static void gives_artists_numbers_in_order_of_appearance(void **state) {
    struct fixture *f = *state;
    const uint8_t authors[] = {9, 4, 9, 5, 4};
    const uint32_t numbers[] = {1, 2, 1, 3, 2};
    for (uint32_t i = 0; i < 5; i++) {
        struct kolam_submission *s = test_log_run(&f->test, stroke_of(authors[i], 1, i));
        assert_int_equal(s->artist, numbers[i]);
        assert_int_equal(s->durability, KOLAM_DURABLE_DISK);
        kolam_submission_destroy(s);
    }
}

static void an_empty_submission_only_makes_an_artist(void **state) {
    struct fixture *f = *state;
    struct kolam_submission *s = test_log_run(&f->test, test_submission(7, 1, NULL, 0));
    assert_int_equal(s->status, KOLAM_OK);
    assert_int_equal(s->artist, 1);
    kolam_submission_destroy(s);
    assert_int_equal(kolam_log_last_seq(f->test.log), 0);
    s = test_log_run(&f->test, test_submission(7, 2, NULL, 0));
    assert_int_equal(s->artist, 1);
    kolam_submission_destroy(s);
}

static void recognises_a_resend(void **state) {
    struct fixture *f = *state;
    test_log_commit(&f->test, stroke_of(1, 7, 1));
    test_log_commit(&f->test, stroke_of(1, 7, 2));
    f->now_ms += 5000;
    struct kolam_submission *s = test_log_run(&f->test, stroke_of(1, 7, 1));
    assert_int_equal(s->status, KOLAM_OK);
    assert_true(s->ops[0].is_duplicate);
    assert_int_equal(s->ops[0].seq, 1);
    assert_int_equal(s->ops[0].time_ms, 1000000);
    kolam_submission_destroy(s);
    assert_int_equal(kolam_log_last_seq(f->test.log), 2);
    assert_int_equal(rows_at(f, home_tile).count, 2);
    /* Another nonce, another author: other strokes. */
    assert_int_equal(test_log_commit(&f->test, stroke_of(1, 8, 1)), 3);
    assert_int_equal(test_log_commit(&f->test, stroke_of(2, 7, 1)), 4);
}

static void recognises_a_resend_after_a_restart(void **state) {
    struct fixture *f = *state;
    test_log_commit(&f->test, stroke_of(1, 0xfedcba9876543210, 4000000000u));
    test_log_close(&f->test);
    open_log(f);
    assert_int_equal(kolam_log_last_seq(f->test.log), 1);
    struct kolam_submission *s =
        test_log_run(&f->test, stroke_of(1, 0xfedcba9876543210, 4000000000u));
    assert_true(s->ops[0].is_duplicate);
    assert_int_equal(s->artist, 1);
    kolam_submission_destroy(s);
}

static void time_never_goes_back_also_across_a_restart(void **state) {
    struct fixture *f = *state;
    struct kolam_submission *s = test_log_run(&f->test, stroke_of(1, 1, 1));
    assert_int_equal(s->ops[0].time_ms, 1000000);
    kolam_submission_destroy(s);
    f->now_ms = 500;
    s = test_log_run(&f->test, stroke_of(1, 1, 2));
    assert_int_equal(s->ops[0].time_ms, 1000000);
    kolam_submission_destroy(s);
    test_log_close(&f->test);
    open_log(f);
    s = test_log_run(&f->test, stroke_of(1, 1, 3));
    assert_int_equal(s->ops[0].time_ms, 1000000);
    kolam_submission_destroy(s);
    f->now_ms = 1000001;
    s = test_log_run(&f->test, stroke_of(1, 1, 4));
    assert_int_equal(s->ops[0].time_ms, 1000001);
    kolam_submission_destroy(s);
}

static void a_group_is_committed_whole_with_consecutive_seqs(void **state) {
    struct fixture *f = *state;
    test_log_commit(&f->test, stroke_of(2, 1, 1));
    for (int round = 0; round < 2; round++) {
        struct kolam_log_op ops[3];
        for (uint32_t i = 0; i < 3; i++) {
            ops[i] = test_stroke(home_tile, 10 + i, 3);
        }
        struct kolam_submission *s = test_log_run(&f->test, test_submission(1, 1, ops, 3));
        assert_int_equal(s->status, KOLAM_OK);
        for (uint32_t i = 0; i < 3; i++) {
            assert_int_equal(s->ops[i].seq, 2 + i);
            assert_int_equal(s->ops[i].is_duplicate, round == 1);
        }
        kolam_submission_destroy(s);
    }
    assert_int_equal(kolam_log_last_seq(f->test.log), 4);
}

static void refuses_a_group_that_reuses_an_id(void **state) {
    struct fixture *f = *state;
    test_log_commit(&f->test, stroke_of(1, 1, 11));
    struct kolam_log_op ops[2] = {test_stroke(home_tile, 10, 3), test_stroke(home_tile, 11, 3)};
    expect_status(f, test_submission(1, 1, ops, 2), KOLAM_ERR_INVALID);
    struct kolam_log_op twice[2] = {test_stroke(home_tile, 20, 3), test_stroke(home_tile, 20, 3)};
    expect_status(f, test_submission(1, 1, twice, 2), KOLAM_ERR_INVALID);
    assert_int_equal(test_log_commit(&f->test, stroke_of(1, 1, 20)), 2);
}

static void refuses_what_is_no_op(void **state) {
    struct fixture *f = *state;
    struct kolam_submission *s = stroke_of(1, 1, 1);
    s->ops[0].body[0] = 9;
    expect_status(f, s, KOLAM_ERR_INVALID);
    s = stroke_of(1, 1, 1);
    s->ops[0].kind = KOLAM_OP_RECORD;
    expect_status(f, s, KOLAM_ERR_INVALID);
    s = stroke_of(1, 1, 1);
    s->ops[0].home_count = 0;
    expect_status(f, s, KOLAM_ERR_INVALID);
    s = stroke_of(1, 1, 1);
    s->ops[0].homes[0].tile.level = 77;
    expect_status(f, s, KOLAM_ERR_INVALID);
    s = stroke_of(1, 1, 1);
    s->ops[0].body_size_bytes = 1;
    expect_status(f, s, KOLAM_ERR_INVALID);
    struct kolam_log_op record = test_record(1, "{}");
    record.is_partial = true;
    expect_status(f, test_submission(1, 1, &record, 1), KOLAM_ERR_INVALID);
    /* A refused author has no number: the next one is the first. */
    s = test_log_run(&f->test, stroke_of(2, 1, 1));
    assert_int_equal(s->artist, 1);
    assert_int_equal(s->ops[0].seq, 1);
    kolam_submission_destroy(s);
}

static void a_complete_stroke_replaces_its_partial(void **state) {
    struct fixture *f = *state;
    struct kolam_log_op partial = test_stroke(other_tile, 5, 3);
    partial.is_partial = true;
    assert_int_equal(test_log_commit(&f->test, test_submission(1, 7, &partial, 1)), 1);
    partial = test_stroke(other_tile, 5, 4);
    partial.is_partial = true;
    struct kolam_submission *s = test_log_run(&f->test, test_submission(1, 7, &partial, 1));
    assert_true(s->ops[0].is_duplicate);
    kolam_submission_destroy(s);

    s = test_log_run(&f->test, stroke_of(1, 7, 5));
    assert_int_equal(s->status, KOLAM_OK);
    assert_false(s->ops[0].is_duplicate);
    assert_int_equal(s->ops[0].seq, 2);
    assert_int_equal(s->ops[0].replaces, 1);
    assert_int_equal(s->ops[0].home_count, 2);
    assert_true(kolam_tile_equal(s->ops[0].homes[0].tile, other_tile));
    assert_true(kolam_tile_equal(s->ops[0].homes[1].tile, home_tile));
    kolam_submission_destroy(s);

    struct row_list old = rows_at(f, other_tile), new = rows_at(f, home_tile);
    assert_int_equal(old.count, 2);
    assert_int_equal(old.rows[1].kind, KOLAM_OP_HIDE);
    assert_int_equal(old.rows[1].seq, 2);
    assert_int_equal(old.rows[1].target, 1);
    assert_int_equal(new.count, 1);
    assert_int_equal(new.rows[0].kind, KOLAM_OP_STROKE);

    /* Now that it is complete, nothing changes it any more. */
    s = test_log_run(&f->test, stroke_of(1, 7, 5));
    assert_true(s->ops[0].is_duplicate);
    assert_int_equal(s->ops[0].seq, 2);
    kolam_submission_destroy(s);
    partial = test_stroke(other_tile, 5, 6);
    partial.is_partial = true;
    s = test_log_run(&f->test, test_submission(1, 7, &partial, 1));
    assert_true(s->ops[0].is_duplicate);
    assert_int_equal(s->ops[0].seq, 2);
    kolam_submission_destroy(s);
}

static void a_partial_after_the_complete_stroke_is_a_resend(void **state) {
    struct fixture *f = *state;
    test_log_commit(&f->test, stroke_of(1, 7, 5));
    struct kolam_submission *s = stroke_of(1, 7, 5);
    s->ops[0].is_partial = true;
    test_log_run(&f->test, s);
    assert_true(s->ops[0].is_duplicate);
    assert_int_equal(s->ops[0].seq, 1);
    kolam_submission_destroy(s);
}

static void hide_and_show_are_homed_at_what_they_change(void **state) {
    struct fixture *f = *state;
    struct kolam_log_op far = test_stroke(other_tile, 2, 4);
    test_log_commit(&f->test, stroke_of(1, 1, 1));
    test_log_commit(&f->test, test_submission(1, 1, &far, 1));
    test_log_commit(&f->test, stroke_of(1, 1, 3));
    const uint64_t targets[] = {1, 2, 3};
    struct kolam_log_op hide = test_change(KOLAM_OP_HIDE, 4, targets, 3);
    struct kolam_submission *s = test_log_run(&f->test, test_submission(1, 1, &hide, 1));
    assert_int_equal(s->status, KOLAM_OK);
    assert_int_equal(s->ops[0].home_count, 2); /* two strokes share a tile */
    kolam_submission_destroy(s);
    test_log_commit(&f->test, change_of(1, 5, KOLAM_OP_SHOW, 1));

    struct row_list rows = rows_at(f, home_tile);
    const uint64_t seqs[] = {1, 3, 4, 4, 5}, changed[] = {0, 0, 1, 3, 1};
    const enum kolam_op_kind kinds[] = {KOLAM_OP_STROKE, KOLAM_OP_STROKE, KOLAM_OP_HIDE,
                                        KOLAM_OP_HIDE, KOLAM_OP_SHOW};
    assert_int_equal(rows.count, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(rows.rows[i].seq, seqs[i]);
        assert_int_equal(rows.rows[i].target, changed[i]);
        assert_int_equal(rows.rows[i].kind, kinds[i]);
        assert_memory_equal(&rows.rows[i].home.x0, &rows.rows[0].home.x0, 4);
    }
    assert_int_equal(rows_at(f, other_tile).count, 2);
}

static void others_strokes_are_not_hidden(void **state) {
    struct fixture *f = *state;
    test_log_commit(&f->test, stroke_of(1, 1, 1));
    test_log_commit(&f->test, stroke_of(2, 1, 1));
    expect_status(f, change_of(2, 2, KOLAM_OP_HIDE, 1), KOLAM_ERR_DENIED);
    expect_status(f, change_of(3, 2, KOLAM_OP_HIDE, 1), KOLAM_ERR_DENIED); /* never drew here */
    const uint64_t both[] = {1, 2};
    struct kolam_log_op op = test_change(KOLAM_OP_HIDE, 2, both, 2);
    expect_status(f, test_submission(2, 1, &op, 1), KOLAM_ERR_DENIED);
    struct kolam_submission *s = change_of(3, 2, KOLAM_OP_HIDE, 1);
    s->may_change_others = true;
    expect_status(f, s, KOLAM_OK);
    assert_int_equal(kolam_log_last_seq(f->test.log), 3);
}

static void what_is_only_to_be_recognised_is_not_committed(void **state) {
    struct fixture *f = *state;
    test_log_commit(&f->test, stroke_of(1, 7, 1));
    struct kolam_submission *s = stroke_of(1, 7, 1);
    s->is_known_only = true;
    expect_status(f, s, KOLAM_OK);
    s = stroke_of(1, 7, 2);
    s->is_known_only = true;
    expect_status(f, s, KOLAM_ERR_DENIED);
    s = stroke_of(9, 7, 1); /* who is not even known */
    s->is_known_only = true;
    expect_status(f, s, KOLAM_ERR_DENIED);
    assert_int_equal(kolam_log_last_seq(f->test.log), 1);
}

static struct kolam_submission *resting_of(uint32_t counter, enum kolam_op_kind kind,
                                           struct kolam_rect rect) {
    struct kolam_submission *s = change_of(1, counter, kind, 1);
    s->resting = kolam_memdup(&rect, sizeof rect);
    s->resting_count = 1;
    return s;
}

static void where_an_area_rests_nothing_is_hidden_or_shown(void **state) {
    struct fixture *f = *state;
    const struct kolam_rect here = {768, -512, 1024, -256, 0}, beside = {1024, -512, 1280, -256, 0};
    const struct kolam_rect nearer = {768 * 8, -512 * 8, 1024 * 8, -256 * 8, 3};
    test_log_commit(&f->test, stroke_of(1, 1, 1));
    expect_status(f, resting_of(2, KOLAM_OP_HIDE, nearer), KOLAM_ERR_DENIED);
    struct kolam_submission *s = test_log_run(&f->test, resting_of(2, KOLAM_OP_HIDE, here));
    assert_true(s->status == KOLAM_ERR_DENIED && s->is_resting);
    kolam_submission_destroy(s);
    expect_status(f, resting_of(2, KOLAM_OP_HIDE, beside), KOLAM_OK);
    expect_status(f, resting_of(3, KOLAM_OP_SHOW, here), KOLAM_ERR_DENIED);
    expect_status(f, change_of(1, 3, KOLAM_OP_SHOW, 1), KOLAM_OK);
}

static void refuses_targets_that_are_not_strokes(void **state) {
    struct fixture *f = *state;
    test_log_commit(&f->test, stroke_of(1, 1, 1));
    test_log_commit(&f->test, change_of(1, 2, KOLAM_OP_HIDE, 1));
    expect_status(f, change_of(1, 3, KOLAM_OP_HIDE, 2), KOLAM_ERR_INVALID);
    expect_status(f, change_of(1, 3, KOLAM_OP_HIDE, 99), KOLAM_ERR_NOT_FOUND);
    expect_status(f, change_of(1, 3, KOLAM_OP_SHOW, INT64_MAX), KOLAM_ERR_NOT_FOUND);
}

static void refuses_a_change_that_would_stall_the_log(void **state) {
    struct fixture *f = *state;
    uint64_t targets[KOLAM_TARGETS_MAX];
    size_t bytes = 0;
    uint32_t count = 0;
    while (bytes <= 4194304) {
        struct kolam_log_op op = test_stroke(home_tile, count, KOLAM_STROKE_POINTS_MAX);
        bytes += op.body_size_bytes;
        targets[count++] = test_log_commit(&f->test, test_submission(1, 1, &op, 1));
        assert_true(count < KOLAM_TARGETS_MAX);
    }
    struct kolam_log_op hide = test_change(KOLAM_OP_HIDE, 100000, targets, count);
    expect_status(f, test_submission(1, 1, &hide, 1), KOLAM_ERR_INVALID);
    hide = test_change(KOLAM_OP_HIDE, 100000, targets, count - 1);
    expect_status(f, test_submission(1, 1, &hide, 1), KOLAM_OK);
}

static void one_bad_submission_does_not_fail_its_batch(void **state) {
    struct fixture *f = *state;
    test_log_commit(&f->test, stroke_of(1, 1, 1));
    for (uint32_t i = 0; i < 60; i++) {
        test_log_submit(&f->test, i % 3 == 1 ? change_of(2, 100 + i, KOLAM_OP_HIDE, 1)
                                             : stroke_of(2, 1, 100 + i));
    }
    uint64_t next = 2;
    for (uint32_t i = 0; i < 60; i++) {
        struct kolam_submission *s = test_log_take(&f->test);
        assert_int_equal(s->status, i % 3 == 1 ? KOLAM_ERR_DENIED : KOLAM_OK);
        assert_int_equal(s->ops[0].seq, i % 3 == 1 ? 0 : next++);
        kolam_submission_destroy(s);
    }
}

struct follow_log {
    uint64_t seqs[64];
    uint32_t count;
};

static void note_commit(void *ctx, const struct kolam_submission *submission) {
    struct follow_log *followed = ctx;
    for (uint32_t i = 0; i < submission->op_count; i++) {
        followed->seqs[followed->count++] = submission->ops[i].seq;
    }
}

static void a_follower_sees_each_commit_once_in_order(void **state) {
    struct fixture *f = *state;
    struct follow_log followed = {.count = 0};
    test_log_commit(&f->test, stroke_of(1, 1, 1));
    assert_int_equal(kolam_log_follow(f->test.log, 0, note_commit, &followed), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_log_follow(f->test.log, 1, note_commit, &followed), KOLAM_OK);
    for (uint32_t i = 0; i < 10; i++) {
        test_log_submit(&f->test, stroke_of(1, 1, 2 + i));
        test_log_submit(&f->test, stroke_of(1, 1, 1)); /* a resend is not followed */
        test_log_submit(&f->test, test_submission(3, 1, NULL, 0));
    }
    for (uint32_t i = 0; i < 30; i++) {
        kolam_submission_destroy(test_log_take(&f->test));
    }
    assert_int_equal(followed.count, 10);
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(followed.seqs[i], 2 + i);
    }
    assert_int_equal(kolam_log_follow(f->test.log, 11, NULL, NULL), KOLAM_OK);
    test_log_commit(&f->test, stroke_of(1, 1, 50));
    assert_int_equal(followed.count, 10);
}

static void assert_artist_name(struct fixture *f, uint32_t artist, const char *name) {
    struct kolam_reader *reader = NULL;
    struct kolam_author author;
    assert_int_equal(kolam_reader_create(f->path, &reader, NULL), KOLAM_OK);
    assert_int_equal(kolam_reader_artist(reader, artist, &author), KOLAM_OK);
    assert_string_equal(author.name, name);
    kolam_reader_destroy(reader);
}

static void a_rename_is_shown_and_makes_no_artist(void **state) {
    struct fixture *f = *state;
    struct kolam_author mira = test_author(1), nobody = test_author(9);
    test_log_commit(&f->test, stroke_of(1, 1, 1));
    (void)strcpy(mira.name, "Mira");
    kolam_log_rename_author(f->test.log, &mira);
    kolam_log_rename_author(f->test.log, &nobody);
    struct kolam_submission *s = test_log_run(&f->test, test_submission(2, 1, NULL, 0));
    assert_int_equal(s->artist, 2);
    kolam_submission_destroy(s);
    assert_artist_name(f, 1, "Mira");
    /* A name changed while the canvas was closed comes with the next stroke. */
    s = stroke_of(1, 1, 2);
    (void)strcpy(s->author.name, "Mira B");
    test_log_commit(&f->test, s);
    assert_artist_name(f, 1, "Mira B");
}

static void destroy_commits_what_was_submitted(void **state) {
    struct fixture *f = *state;
    char wal[700], shm[700];
    for (uint32_t i = 0; i < 200; i++) {
        test_log_submit(&f->test, stroke_of(1, 1, i));
    }
    kolam_log_destroy(f->test.log);
    uint32_t count = 0;
    for (struct kolam_submission *s = f->test.first; s; s = s->next) {
        assert_int_equal(s->status, KOLAM_OK);
        assert_int_equal(s->ops[0].seq, ++count);
    }
    assert_int_equal(count, 200);
    (void)snprintf(wal, sizeof wal, "%s-wal", f->path);
    (void)snprintf(shm, sizeof shm, "%s-shm", f->path);
    assert_false(file_exists(wal));
    assert_false(file_exists(shm));
    f->test.log = NULL;
    test_log_close(&f->test);
}

static void resubmit(void *ctx, struct kolam_submission *submission) {
    struct fixture *f = ctx;
    if (submission->status == KOLAM_OK) {
        submission->ops[0].counter++;
        submission->done = resubmit;
        kolam_log_submit(f->test.log, submission);
        return;
    }
    assert_int_equal(submission->status, KOLAM_ERR_CLOSED);
    kolam_submission_destroy(submission);
}

static void what_is_submitted_while_closing_completes_as_closed(void **state) {
    struct fixture *f = *state;
    struct kolam_submission *s = stroke_of(1, 1, 1);
    s->done = resubmit;
    s->ctx = f;
    kolam_log_submit(f->test.log, s);
    test_log_close(&f->test);
}

static void gives_everything_to_many_small_batches(void **state) {
    struct fixture *f = *state;
    struct kolam_log_stats stats;
    uint32_t submitted = 0, taken = 0;
    uint64_t last_seq = 0;
    while (taken < 2000) {
        while (submitted < 2000 && submitted - taken < 50) {
            test_log_submit(&f->test, stroke_of((uint8_t)(submitted % 50), 1, submitted));
            submitted++;
        }
        struct kolam_submission *s = test_log_take(&f->test);
        assert_int_equal(s->status, KOLAM_OK);
        assert_int_equal(s->ops[0].seq, ++last_seq);
        kolam_submission_destroy(s);
        taken++;
    }
    kolam_log_sqlite_stats(f->test.log, &stats);
    assert_int_equal(stats.ops, 2000);
    assert_int_equal(stats.refused + stats.duplicates + stats.failures, 0);
    assert_true(stats.commits < 1000);
    assert_true(stats.batch_max > 1);
}

static void copy_file(const char *from, const char *to) {
    char command[1400];
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
}

/* What was written of one stroke is looked at when the next one is there: the committer has rested in between. */
static void the_wal_has_room_before_it_is_needed(void **state) {
    struct fixture *f = *state;
    char wal[640], copy[600], copied_wal[640];
    long size = 0;
    uint32_t grown = 0;
    snprintf(wal, sizeof wal, "%s-wal", f->path);
    for (uint32_t counter = 1; counter <= 150; counter++) {
        (void)test_log_commit(&f->test, stroke_of(1, 1, counter));
        grown += file_size(wal) > size;
        size = file_size(wal);
    }
    assert_in_range(grown, 2, 15);
    /* As a crash would leave it, and as a reader finds it. */
    temp_path(f->folder, "copy.kolam", copy);
    snprintf(copied_wal, sizeof copied_wal, "%s-wal", copy);
    copy_file(f->path, copy);
    copy_file(wal, copied_wal);
    test_log_close(&f->test);
    assert_false(file_exists(wal));
    test_log_open(&f->test, copy, kolam_clock_system(), 0);
    assert_int_equal(kolam_log_last_seq(f->test.log), 150);
    assert_int_equal(test_log_commit(&f->test, stroke_of(1, 1, 151)), 151);
}

int main(void) {
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        LOG_TEST(numbers_ops_from_one_without_gaps),
        LOG_TEST(gives_artists_numbers_in_order_of_appearance),
        LOG_TEST(an_empty_submission_only_makes_an_artist),
        LOG_TEST(recognises_a_resend),
        LOG_TEST(recognises_a_resend_after_a_restart),
        LOG_TEST(time_never_goes_back_also_across_a_restart),
        LOG_TEST(a_group_is_committed_whole_with_consecutive_seqs),
        LOG_TEST(refuses_a_group_that_reuses_an_id),
        LOG_TEST(refuses_what_is_no_op),
        LOG_TEST(a_complete_stroke_replaces_its_partial),
        LOG_TEST(a_partial_after_the_complete_stroke_is_a_resend),
        LOG_TEST(hide_and_show_are_homed_at_what_they_change),
        LOG_TEST(others_strokes_are_not_hidden),
        LOG_TEST(what_is_only_to_be_recognised_is_not_committed),
        LOG_TEST(where_an_area_rests_nothing_is_hidden_or_shown),
        LOG_TEST(refuses_targets_that_are_not_strokes),
        LOG_TEST(refuses_a_change_that_would_stall_the_log),
        LOG_TEST(one_bad_submission_does_not_fail_its_batch),
        LOG_TEST(a_follower_sees_each_commit_once_in_order),
        LOG_TEST(a_rename_is_shown_and_makes_no_artist),
        LOG_TEST(destroy_commits_what_was_submitted),
        LOG_TEST(what_is_submitted_while_closing_completes_as_closed),
        LOG_TEST(gives_everything_to_many_small_batches),
        LOG_TEST(the_wal_has_room_before_it_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
