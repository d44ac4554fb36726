/* Acts that hid the same strokes, taken back in any order: a stroke is off the wall as long as one of them is not, or its author wants it so,
 * and only so long. Held against a model, in random histories on a real log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/reader.h"
#include "random.h"
#include "server/undo_find.h"
#include "tests/support/store.h"

enum { ASHA = 1, FIRST, SECOND, OPERATOR };
enum { STROKES = 12, ACTS_MAX = 16, STEPS = 120, ROUNDS = 12 };

struct act {
    uint64_t seq;
    bool holds, has[STROKES]; /* what it hides still */
};

struct fixture {
    char folder[512], path[600];
    struct test_log test;
    struct test_random random;
    uint64_t nonce, strokes[STROKES];
    bool is_own[STROKES],
        is_by_hand[STROKES]; /* hidden by the author; by the operator, without an act */
    struct act acts[ACTS_MAX];
    uint32_t act_count;
};

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->folder);
    temp_path(f->folder, "main.kolam", f->path);
    f->random = test_random_from(20261122);
    test_log_open(&f->test, f->path, kolam_clock_system(), 0);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    test_log_close(&f->test);
    temp_folder_remove(f->folder);
    test_free(f);
    return 0;
}

/* ---- doing it ---- */

static uint64_t commit(struct fixture *f, uint8_t who, const struct kolam_log_op *ops,
                       uint32_t count) {
    struct kolam_submission *s = test_submission(who, ++f->nonce, ops, count);
    s->may_change_others = who != ASHA;
    return test_log_commit(&f->test, s);
}

static uint64_t change(struct fixture *f, uint8_t who, enum kolam_op_kind kind, uint32_t at) {
    const struct kolam_log_op op = test_change(kind, 1, &f->strokes[at], 1);
    return commit(f, who, &op, 1);
}

static void draw_all(struct fixture *f) {
    f->act_count = 0;
    for (uint32_t i = 0; i < STROKES; i++) {
        const struct kolam_tile_id tile = {.x = i % 3, .level = 0};
        const struct kolam_log_op op = test_stroke(tile, 1, 4);
        f->strokes[i] = commit(f, ASHA, &op, 1);
        f->is_own[i] = f->is_by_hand[i] = false;
    }
}

/* In two hides, as those of many strokes are. */
static struct act *roll_back(struct fixture *f, uint8_t who, const bool *has) {
    struct act *act = &f->acts[f->act_count++];
    struct kolam_log_op ops[3];
    uint32_t count = 0;
    for (uint32_t half = 0; half < 2; half++) {
        uint64_t targets[STROKES];
        uint32_t target_count = 0;
        for (uint32_t i = 0; i < STROKES; i++) {
            if (has[i] && i % 2 == half) {
                targets[target_count++] = f->strokes[i];
            }
        }
        if (target_count > 0) {
            ops[count] = test_change(KOLAM_OP_HIDE, count + 1, targets, target_count);
            count++;
        }
    }
    ops[count] = test_record(count + 1, "{\"kind\":\"rollback\",\"strokes\":1,\"artists\":[1]}");
    *act = (struct act){.seq = commit(f, who, ops, count + 1) + count, .holds = true};
    memcpy(act->has, has, sizeof act->has);
    return act;
}

static enum kolam_status find(struct fixture *f, struct kolam_undo_found *found) {
    struct kolam_reader *reader;
    struct kolam_error error;
    assert_int_equal(kolam_reader_create(f->path, &reader, &error), KOLAM_OK);
    const enum kolam_status status = kolam_undo_find(reader, found);
    kolam_reader_destroy(reader);
    return status;
}

/* As undo_ws.c does. */
static void take_back(struct fixture *f, uint8_t who, struct act *act) {
    struct kolam_undo_found found = {.seq = act->seq};
    struct kolam_log_op ops[KOLAM_UNDO_HIDES_MAX + 1] = {{.kind = KOLAM_OP_SHOW}};
    char record[80];
    assert_int_equal(find(f, &found), KOLAM_OK);
    for (uint32_t i = 0; i < found.show_count; i++) {
        ops[i] = (struct kolam_log_op){.kind = KOLAM_OP_SHOW,
                                       .counter = i + 1,
                                       .body = found.bodies[i],
                                       .body_size_bytes = found.body_sizes[i]};
        found.bodies[i] = NULL;
    }
    snprintf(record, sizeof record, "{\"kind\":\"undo\",\"act\":\"%llu\"}",
             (unsigned long long)act->seq);
    ops[found.show_count] = test_record(found.show_count + 1, record);
    commit(f, who, ops, found.show_count + 1);
    for (uint32_t i = 0; i < found.own_count; i++) {
        const struct kolam_log_op op = {.kind = KOLAM_OP_HIDE,
                                        .counter = 1,
                                        .body = found.own[i].body,
                                        .body_size_bytes = found.own[i].size_bytes};
        found.own[i].body = NULL;
        assert_int_equal(found.own[i].author.ident[0], ASHA);
        commit(f, ASHA, &op, 1);
    }
    kolam_undo_found_finish(&found);
    act->holds = false;
}

/* ---- the model ---- */

static bool is_by_act(const struct fixture *f, uint32_t stroke) {
    bool is_it = false;
    for (uint32_t i = 0; i < f->act_count; i++) {
        is_it |= f->acts[i].holds && f->acts[i].has[stroke];
    }
    return is_it;
}

static bool take_hider(void *ctx, uint32_t artist, const char *name) {
    (void)artist, (void)name;
    *(bool *)ctx = true;
    return false;
}

static void compare(struct fixture *f) {
    struct kolam_reader *reader;
    struct kolam_error error;
    assert_int_equal(kolam_reader_create(f->path, &reader, &error), KOLAM_OK);
    for (uint32_t i = 0; i < STROKES; i++) {
        bool is_hidden = false;
        assert_int_equal(kolam_reader_hiders(reader, f->strokes[i], take_hider, &is_hidden),
                         KOLAM_OK);
        assert_int_equal(is_hidden, f->is_own[i] || f->is_by_hand[i] || is_by_act(f, i));
    }
    kolam_reader_destroy(reader);
}

/* By somebody who may: all that hid it is done with. */
static void show(struct fixture *f, uint32_t at) {
    change(f, OPERATOR, KOLAM_OP_SHOW, at);
    f->is_own[at] = f->is_by_hand[at] = false;
    for (uint32_t i = 0; i < f->act_count; i++) {
        f->acts[i].has[at] = false;
    }
}

/* ---- the tests ---- */

static void what_two_hid_is_shown_when_both_have_taken_it_back(void **state) {
    struct fixture *f = *state;
    const bool has[STROKES] = {[0] = true, [1] = true, [2] = true, [4] = true};
    const bool has_too[STROKES] = {[0] = true, [1] = true, [5] = true};
    draw_all(f);
    change(f, ASHA, KOLAM_OP_HIDE, 1);
    f->is_own[1] = true;
    struct act *first = roll_back(f, FIRST, has);
    struct act *second = roll_back(f, SECOND, has_too);
    change(f, ASHA, KOLAM_OP_HIDE, 2);
    f->is_own[2] = true;
    take_back(f, FIRST, first);
    compare(f);
    assert_true(is_by_act(f, 0));
    take_back(f, SECOND, second);
    compare(f);
    assert_false(is_by_act(f, 0));
    struct kolam_undo_found found = {.seq = first->seq};
    assert_int_equal(find(f, &found), KOLAM_ERR_EXISTS);
    kolam_undo_found_finish(&found);
}

static void step(struct fixture *f) {
    const uint32_t what = (uint32_t)test_random_below(&f->random, 10);
    const uint32_t at = (uint32_t)test_random_below(&f->random, STROKES);
    if (what < 4 && f->act_count < ACTS_MAX) {
        bool has[STROKES] = {false};
        for (uint32_t i = 0; i < STROKES; i++) {
            has[i] = i == at || test_random_below(&f->random, 3) == 0;
        }
        roll_back(f, test_random_below(&f->random, 2) ? FIRST : SECOND, has);
    } else if (what < 8 && f->act_count > 0) {
        struct act *act = &f->acts[test_random_below(&f->random, f->act_count)];
        if (act->holds) {
            take_back(f, test_random_below(&f->random, 2) ? FIRST : SECOND, act);
        }
    } else if (what == 8) {
        change(f, ASHA, KOLAM_OP_HIDE, at);
        f->is_own[at] = true;
    } else if (test_random_below(&f->random, 3) == 0) {
        show(f, at);
    } else if (test_random_below(&f->random, 6) == 0) {
        change(f, OPERATOR, KOLAM_OP_HIDE, at);
        f->is_by_hand[at] = true;
    }
}

static void what_is_off_the_wall_is_what_somebody_wants_off_it(void **state) {
    struct fixture *f = *state;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        draw_all(f);
        for (uint32_t i = 0; i < STEPS; i++) {
            step(f);
            compare(f);
        }
    }
}

static void without_memory_it_says_so(void **state) {
    struct fixture *f = *state;
    const bool has[STROKES] = {[0] = true, [1] = true};
    draw_all(f);
    struct act *first = roll_back(f, FIRST, has);
    take_back(f, FIRST, roll_back(f, SECOND, has));
    change(f, ASHA, KOLAM_OP_HIDE, 1);
    bool is_over = false;
    for (int64_t nth = 0; !is_over; nth++) {
        struct kolam_undo_found found = {.seq = first->seq};
        struct kolam_reader *reader;
        struct kolam_error error;
        assert_int_equal(kolam_reader_create(f->path, &reader, &error), KOLAM_OK);
        fail_allocation(nth);
        const enum kolam_status status = kolam_undo_find(reader, &found);
        is_over = allocation_count() <= nth;
        fail_allocation(-1);
        assert_true(status == (is_over ? KOLAM_OK : KOLAM_ERR_NOMEM));
        kolam_undo_found_finish(&found);
        kolam_reader_destroy(reader);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_two_hid_is_shown_when_both_have_taken_it_back),
        cmocka_unit_test(what_is_off_the_wall_is_what_somebody_wants_off_it),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
