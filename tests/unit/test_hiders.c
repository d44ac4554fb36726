/* Whose hide it is: what somebody else hid, its author does not show again, through every door of the log; held against a model
 * in random histories, and after everything that makes the table anew. thread-test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/backup.h"
#include "kolam/compact.h"
#include "kolam/reader.h"
#include "random.h"
#include "tests/support/store.h"

/* Author 3 was author 4 before: a former self. 5 moderates, 6 is the one that withholds. */
enum { ASHA = 1, BINA, CHAN, CHAN_BEFORE, MODERATOR, WITHHOLDER, AUTHORS };
#define STROKES_MAX 400
#define STEPS 700

struct stroke {
    uint64_t seq;
    uint8_t author;
    bool has_hidden[AUTHORS]; /* since it was shown last */
};

struct fixture {
    char folder[512], path[600];
    struct test_log test;
    struct test_random random;
    struct kolam_author withholder;
    uint32_t counter, count;
    struct stroke strokes[STROKES_MAX];
};

static void open_log(struct fixture *f) {
    test_log_open(&f->test, f->path, kolam_clock_system(), 0);
}

static void close_log(struct fixture *f) {
    test_log_close(&f->test);
    f->test.log = NULL;
}

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->folder);
    temp_path(f->folder, "main.kolam", f->path);
    f->withholder = test_author(WITHHOLDER);
    f->random = test_random_from(20261122);
    open_log(f);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    if (f->test.log) {
        close_log(f);
    }
    temp_folder_remove(f->folder);
    test_free(f);
    return 0;
}

/* ---- doing it ---- */

/* With the former self where there is one, and the moderator's right. */
static struct kolam_submission *as(uint8_t author, const struct kolam_log_op *ops, uint32_t count) {
    struct kolam_submission *s = test_submission(author, author, ops, count);
    const struct kolam_author former = test_author(CHAN_BEFORE);
    s->may_change_others = author == MODERATOR;
    if (author == CHAN) {
        s->formers = kolam_memdup(former.ident, sizeof former.ident);
        s->former_count = 1;
    }
    return s;
}

static struct kolam_log_op stroke_op(struct fixture *f) {
    const struct kolam_tile_id tile = {.x = test_random_between(&f->random, -2, 2), .level = 0};
    return test_stroke(tile, ++f->counter, 4);
}

static uint64_t run(struct fixture *f, struct kolam_submission *submission,
                    enum kolam_status expected) {
    struct kolam_submission *s = test_log_run(&f->test, submission);
    const uint64_t seq = s->op_count ? s->ops[0].seq : 0;
    assert_int_equal(s->status, expected);
    assert_int_equal(s->is_anothers_hide, expected == KOLAM_ERR_DENIED);
    kolam_submission_destroy(s);
    return seq;
}

static struct stroke *add(struct fixture *f, uint64_t seq, uint8_t author) {
    assert_true(f->count < STROKES_MAX);
    f->strokes[f->count] = (struct stroke){.seq = seq, .author = author};
    return &f->strokes[f->count++];
}

static struct stroke *draw(struct fixture *f, uint8_t author) {
    struct kolam_log_op op = stroke_op(f);
    return add(f, run(f, as(author, &op, 1), KOLAM_OK), author);
}

/* A stroke of somebody who is kept out: it is hidden as it comes. */
static struct stroke *draw_withheld(struct fixture *f, uint8_t author) {
    struct kolam_log_op ops[2] = {stroke_op(f), {.kind = KOLAM_OP_HIDE}};
    struct kolam_submission *s = as(author, ops, 2);
    s->withheld_by = &f->withholder;
    struct stroke *stroke = add(f, run(f, s, KOLAM_OK), author);
    stroke->has_hidden[WITHHOLDER] = true;
    return stroke;
}

/* ---- the model ---- */

static bool is_own(uint8_t who, const struct stroke *stroke) {
    return who == stroke->author || (who == CHAN && stroke->author == CHAN_BEFORE);
}

static bool is_anothers(uint8_t who, const struct stroke *stroke) {
    for (uint8_t other = 1; other < AUTHORS; other++) {
        if (stroke->has_hidden[other] && other != who && !(who == CHAN && other == CHAN_BEFORE)) {
            return true;
        }
    }
    return false;
}

static void hide(struct fixture *f, uint8_t who, struct stroke *stroke) {
    struct kolam_log_op op = test_change(KOLAM_OP_HIDE, ++f->counter, &stroke->seq, 1);
    run(f, as(who, &op, 1), KOLAM_OK);
    stroke->has_hidden[who] = true;
}

static void show(struct fixture *f, uint8_t who, struct stroke *stroke) {
    const bool may = who == MODERATOR || !is_anothers(who, stroke);
    struct kolam_log_op op = test_change(KOLAM_OP_SHOW, ++f->counter, &stroke->seq, 1);
    run(f, as(who, &op, 1), may ? KOLAM_OK : KOLAM_ERR_DENIED);
    if (may) {
        memset(stroke->has_hidden, 0, sizeof stroke->has_hidden);
    }
}

/* Something else in its place. */
static void edit(struct fixture *f, uint8_t who, struct stroke *stroke) {
    const bool may = who == MODERATOR || !is_anothers(who, stroke);
    struct kolam_log_op ops[2] = {test_change(KOLAM_OP_HIDE, ++f->counter, &stroke->seq, 1)};
    ops[1] = stroke_op(f);
    const uint64_t seq = run(f, as(who, ops, 2), may ? KOLAM_OK : KOLAM_ERR_DENIED);
    if (may) {
        stroke->has_hidden[who] = true;
        add(f, seq + 1, who);
    }
}

/* Both at once: undoing an edit. */
static void swap(struct fixture *f, uint8_t who, struct stroke *gone, struct stroke *back) {
    const bool may = who == MODERATOR || (!is_anothers(who, gone) && !is_anothers(who, back));
    struct kolam_log_op ops[2] = {test_change(KOLAM_OP_HIDE, ++f->counter, &gone->seq, 1)};
    ops[1] = test_change(KOLAM_OP_SHOW, ++f->counter, &back->seq, 1);
    run(f, as(who, ops, 2), may ? KOLAM_OK : KOLAM_ERR_DENIED);
    if (may) {
        gone->has_hidden[who] = true;
        memset(back->has_hidden, 0, sizeof back->has_hidden);
    }
}

static struct stroke *any_of(struct fixture *f, uint8_t who) {
    for (int tries = 0; tries < 1000; tries++) {
        struct stroke *stroke = &f->strokes[test_random_below(&f->random, f->count)];
        if (who == MODERATOR || is_own(who, stroke)) {
            return stroke;
        }
    }
    return NULL;
}

static void step(struct fixture *f) {
    const uint8_t who = (uint8_t)(1 + test_random_below(&f->random, MODERATOR));
    const uint64_t what = test_random_below(&f->random, 12);
    struct stroke *stroke = f->count > 0 ? any_of(f, who) : NULL;
    struct stroke *other = stroke ? any_of(f, who) : NULL;
    if (!stroke || what < 2) {
        draw(f, who);
    } else if (what < 3) {
        draw_withheld(f, who);
    } else if (what < 6) {
        hide(f, who, stroke);
    } else if (what < 9) {
        show(f, who, stroke);
    } else if (what < 10) {
        edit(f, who, stroke);
    } else if (stroke != other) {
        swap(f, who, stroke, other);
    }
}

/* ---- comparing ---- */

struct found {
    uint8_t count;
    bool has_hidden[AUTHORS];
};

static bool take_hider(void *ctx, uint32_t artist, const char *name) {
    struct found *found = ctx;
    unsigned number = 0;
    (void)artist;
    assert_int_equal(sscanf(name, "Author %u", &number), 1); /* test_author's */
    assert_true(number < AUTHORS);
    found->has_hidden[number] = true;
    found->count++;
    return true;
}

static void assert_as_modelled(const struct fixture *f, const char *path, uint64_t from) {
    struct kolam_reader *reader = NULL;
    uint64_t wrong = 99;
    assert_int_equal(kolam_reader_create(path, &reader, NULL), KOLAM_OK);
    for (uint32_t i = 0; i < f->count; i++) {
        struct found found = {.count = 0};
        if (f->strokes[i].seq < from) {
            continue;
        }
        assert_int_equal(kolam_reader_hiders(reader, f->strokes[i].seq, take_hider, &found),
                         KOLAM_OK);
        assert_memory_equal(found.has_hidden, f->strokes[i].has_hidden, sizeof found.has_hidden);
    }
    assert_int_equal(kolam_reader_wrong_hiders(reader, &wrong), KOLAM_OK);
    assert_int_equal(wrong, 0);
    kolam_reader_destroy(reader);
}

static void run_sql(const char *path, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* ---- the tests ---- */

static void an_author_shows_again_what_only_they_hid(void **state) {
    struct fixture *f = *state;
    struct stroke *stroke = draw(f, ASHA);
    hide(f, ASHA, stroke);
    show(f, ASHA, stroke);
    hide(f, MODERATOR, stroke);
    assert_true(is_anothers(ASHA, stroke));
    show(f, ASHA, stroke);
    hide(f, ASHA, stroke); /* once more by oneself: it stays the other's */
    show(f, ASHA, stroke);
    edit(f, ASHA, stroke);
    assert_true(stroke->has_hidden[MODERATOR]);
    show(f, MODERATOR, stroke);
    hide(f, ASHA, stroke);
    show(f, ASHA, stroke);
    assert_false(stroke->has_hidden[ASHA]);
    assert_as_modelled(f, f->path, 0);
}

static void a_moderator_who_hid_after_the_author_counts(void **state) {
    struct fixture *f = *state;
    struct stroke *stroke = draw(f, BINA);
    hide(f, BINA, stroke);
    hide(f, MODERATOR, stroke); /* as when both were under way */
    show(f, BINA, stroke);
    assert_true(stroke->has_hidden[MODERATOR]);
}

static void what_was_withheld_stays_so_after_the_ban(void **state) {
    struct fixture *f = *state;
    struct stroke *stroke = draw_withheld(f, BINA);
    show(f, BINA, stroke);
    assert_true(stroke->has_hidden[WITHHOLDER]);
    /* While it lasts nothing gives it away: the show is taken, and hidden again. */
    struct kolam_log_op ops[2] = {test_change(KOLAM_OP_SHOW, ++f->counter, &stroke->seq, 1),
                                  {.kind = KOLAM_OP_HIDE}};
    struct kolam_submission *s = as(BINA, ops, 2);
    s->withheld_by = &f->withholder;
    run(f, s, KOLAM_OK);
    show(f, BINA, stroke);
    assert_as_modelled(f, f->path, 0);
}

static void a_former_self_is_no_other(void **state) {
    struct fixture *f = *state;
    struct stroke *stroke = draw(f, CHAN_BEFORE);
    hide(f, CHAN_BEFORE, stroke);
    show(f, CHAN, stroke);
    hide(f, CHAN, stroke);
    show(f, CHAN, stroke);
    assert_false(stroke->has_hidden[CHAN]);
}

static void a_stroke_that_was_hidden_often_is_asked_about_at_once(void **state) {
    struct fixture *f = *state;
    struct stroke *stroke = draw(f, ASHA);
    for (int i = 0; i < 200; i++) {
        hide(f, ASHA, stroke);
    }
    struct found found = {.count = 0};
    struct kolam_reader *reader = NULL;
    assert_int_equal(kolam_reader_create(f->path, &reader, NULL), KOLAM_OK);
    assert_int_equal(kolam_reader_hiders(reader, stroke->seq, take_hider, &found), KOLAM_OK);
    assert_int_equal(found.count, 1); /* a row an artist, not one a hide */
    kolam_reader_destroy(reader);
}

static void random_histories_are_as_the_model_has_them(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < STEPS && f->count < STROKES_MAX - 2; i++) {
        step(f);
    }
    assert_as_modelled(f, f->path, 0);

    close_log(f); /* from the log alone */
    run_sql(f->path, "DELETE FROM home; DELETE FROM node; DELETE FROM hider");
    assert_int_equal(kolam_index_rebuild(f->path, NULL), KOLAM_OK);
    assert_as_modelled(f, f->path, 0);

    /* From a file of before there was such a table, rebuilt and served. */
    run_sql(f->path, "DROP TABLE hider; PRAGMA user_version = 5");
    assert_int_equal(kolam_index_rebuild(f->path, NULL), KOLAM_OK);
    assert_as_modelled(f, f->path, 0);
    run_sql(f->path, "DROP TABLE hider; PRAGMA user_version = 5");
    open_log(f);
    assert_as_modelled(f, f->path, 0);
    for (int i = 0; i < 40 && f->count < STROKES_MAX - 2; i++) {
        step(f);
    }
    assert_as_modelled(f, f->path, 0);
}

static void the_past_and_a_flattened_file_have_it_too(void **state) {
    struct fixture *f = *state;
    struct fixture *then = test_calloc(1, sizeof *then);
    for (int i = 0; i < 150; i++) {
        step(f);
    }
    const uint64_t cut = kolam_log_last_seq(f->test.log);
    memcpy(then, f, sizeof *then);
    char copy_path[600];
    temp_path(f->folder, "copy.kolam", copy_path);
    struct kolam_error error = {.text = ""};
    const struct kolam_backup_options copying = {.path = f->path, .copy_path = copy_path};
    assert_int_equal(kolam_backup_copy(&copying, false, &error), KOLAM_OK);
    assert_as_modelled(f, copy_path, 0);
    for (int i = 0; i < 100; i++) {
        step(f);
    }
    uint64_t appended = 0;
    assert_int_equal(kolam_backup_append(&copying, &appended, &error), KOLAM_OK);
    assert_true(appended > 0);
    assert_as_modelled(f, copy_path, 0);
    assert_int_equal(kolam_backup_cut(copy_path, cut, 0, &error), KOLAM_OK);
    assert_as_modelled(then, copy_path, 0);

    /* Flattened: of what is left. The steps name old strokes again and again, so the base is put where they stop. */
    for (int i = 0; i < 5; i++) {
        struct stroke *stroke = draw(f, ASHA);
        hide(f, i % 2 ? MODERATOR : ASHA, stroke);
    }
    close_log(f);
    char new_path[600];
    temp_path(f->folder, "new.kolam", new_path);
    const uint64_t last = f->strokes[f->count - 5].seq - 1;
    struct kolam_reader *reader = NULL;
    struct kolam_compact_plan plan;
    struct kolam_compact_result result;
    const struct kolam_compact_options options = {
        .path = f->path, .new_path = new_path, .scratch = f->folder};
    assert_int_equal(kolam_reader_create(f->path, &reader, &error), KOLAM_OK);
    assert_int_equal(kolam_compact_plan(reader, last, &plan, &error), KOLAM_OK);
    kolam_reader_destroy(reader);
    assert_true(plan.base_seq > cut);
    assert_int_equal(kolam_compact_write(&options, &plan, &result, &error), KOLAM_OK);
    assert_as_modelled(f, new_path, plan.base_seq + 1);
    test_free(then);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(an_author_shows_again_what_only_they_hid),
        TEST(a_moderator_who_hid_after_the_author_counts),
        TEST(what_was_withheld_stays_so_after_the_ban),
        TEST(a_former_self_is_no_other),
        TEST(a_stroke_that_was_hidden_often_is_asked_about_at_once),
        TEST(random_histories_are_as_the_model_has_them),
        TEST(the_past_and_a_flattened_file_have_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
