/* A disk that fails: at every call in turn that the engine makes of it, once and for good, with an I/O error or for want of room.
 * What was acknowledged is there, once; what was refused may be sent again; and all goes on by itself when the disk does. And a disk
 * that lies: a bit of any page is another, and that is noticed, or does no harm. A seeded sample; all of it in
 * tests/faults.mjs. thread-test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/faults/explore.h"
#include "tests/support/faults/fault_vfs.h"
#include "tests/support/faults/life.h"
#include "tests/support/faults/piece.h"
#include "tests/support/faults/ram.h"
#include "tests/unit/random.h"
#include "tools/check.h" /* for the linker: it brings the network's part, too */

#define FLIPS_OF_PAGE 64

/* Of a sample: one failure in so many is met. */
enum { FEW_ERRORS = 500, FEW_LIES = 150, FEW_FLIPS = 400 };

typedef bool verdict(const struct life_findings *found);

static bool is_sound(const struct life_findings *found) {
    return found->wrong + found->errors + found->checks == 0;
}

/* Wrong things may be there if somebody says so. */
static bool is_told(const struct life_findings *found) {
    return found->wrong == 0 || found->errors + found->checks > 0;
}

static bool judge(verdict *is_good, const struct life_findings *found) {
    if (!is_good(found)) {
        (void)fprintf(stderr, "%u wrong, %u errors, check %u: %s\n", found->wrong, found->errors,
                      found->checks, found->first);
    }
    return is_good(found);
}

/* ---- living ---- */

/* Lives on a disk that fails so; what is there afterwards, on a disk that is good again. */
static void live(struct life *life, verdict *is_good) {
    life_live(life, 0);
    fault_explore(NULL, 0);
    fault_disarm();
    if (is_good == is_sound) {
        life_settle(life);
    }
    life_close(life);
    const struct life_findings found = life_audit(life, life->root, 0);
    const bool is_fine = judge(is_good, &found);
    if (explore_is_child()) {
        (void)explore_tally(life->refused > 0);
        explore_leave(is_fine);
    }
    assert_true(is_fine);
}

#ifdef EXPLORES_BY_FORKING

static void live_with_each(const struct fault *variants, size_t count, verdict *is_good) {
    struct life *life = life_begin(piece_seed());
    fault_explore(variants, count);
    live(life, is_good);
    life_end(life);
    assert_int_equal(explore_failures(), 0);
}

#else

/* Each once, somewhere. */
static void live_with_each(const struct fault *variants, size_t count, verdict *is_good) {
    struct test_random random = test_random_from(piece_seed());
    for (size_t i = 0; i < count; i++) {
        struct fault fault = variants[i];
        fault.at = test_random_below(&random, 500);
        struct life *life = life_begin(piece_seed());
        fault_arm(&fault);
        live(life, is_good);
        life_end(life);
    }
}

#endif

static void every_call_may_fail_once_or_from_some_moment_on(void **state) {
    static const struct fault faults[] = {
        {FAULT_IO, FAULT_CALLS, NULL, 0, 1},
        {FAULT_IO, FAULT_READ | FAULT_WRITE | FAULT_SYNC, NULL, 0, 0},
        {FAULT_IO, FAULT_CALLS, NULL, 0, 0},
        {FAULT_IO, FAULT_SYNC, NULL, 0, 20},
    };
    (void)state;
    piece_sample(FEW_ERRORS);
    live_with_each(faults, sizeof faults / sizeof faults[0], is_sound);
}

static void a_disk_may_be_full_at_every_moment(void **state) {
    const unsigned calls = FAULT_WRITE | FAULT_OPEN | FAULT_SHARE;
    const struct fault faults[] = {{FAULT_FULL, calls, NULL, 0, 1},
                                   {FAULT_FULL, calls, NULL, 0, 0},
                                   {FAULT_FULL, calls, NULL, 0, 40}};
    (void)state;
    piece_sample(FEW_ERRORS);
    live_with_each(faults, sizeof faults / sizeof faults[0], is_sound);
}

/* ---- a disk that lies ---- */

/* A read gives less than was asked, or something else. */
static const struct fault lies[] = {
    {FAULT_SHORT, FAULT_READ, ".kolam", 0, 1},    {FAULT_FLIP, FAULT_READ, ".kolam", 0, 1},
    {FAULT_SHORT, FAULT_READ, "kolam-wal", 0, 1}, {FAULT_FLIP, FAULT_READ, "kolam-wal", 0, 1},
    {FAULT_SHORT, FAULT_READ, ".tiles", 0, 1},    {FAULT_FLIP, FAULT_READ, ".tiles", 0, 1},
    {FAULT_SHORT, FAULT_READ, "tiles-wal", 0, 1}, {FAULT_FLIP, FAULT_READ, "tiles-wal", 0, 1},
};

/* Whatever comes of it is right, or told: by who looks then at what is there, on a disk that is good again. */
static void a_read_may_lie_while_a_wall_is_lived_on(void **state) {
    (void)state;
    piece_sample(FEW_LIES);
    live_with_each(lies, sizeof lies / sizeof lies[0], is_told);
}

static struct life *a_life(void) {
    struct life *life = life_begin(piece_seed());
    life_live(life, 0);
    life_settle(life);
    life_close(life);
    return life;
}

/* The same while somebody looks, and draws on: what they see is right, or refused, or what came of it is told by who looks again. */
static void look(struct life *life) {
    struct life_findings found = life_look(life, life->root, 0);
    fault_explore(NULL, 0);
    fault_disarm();
    if (!is_told(&found)) {
        const struct life_findings later = life_look(life, life->root, 0);
        found.errors += later.errors;
        found.checks += later.checks;
    }
    const bool is_fine = judge(is_told, &found);
    if (explore_is_child()) {
        explore_leave(is_fine);
    }
    assert_true(is_fine);
}

static void a_read_may_lie_while_somebody_looks(void **state) {
    struct life *life = a_life();
    (void)state;
    piece_sample(FEW_LIES);
#ifdef EXPLORES_BY_FORKING
    fault_explore(lies, sizeof lies / sizeof lies[0]);
    look(life);
    assert_int_equal(explore_failures(), 0);
#else
    fault_arm(&lies[piece_seed() % 8]);
    look(life);
#endif
    life_end(life);
}

/* ---- bits ---- */

static void flip_here(const struct life *life, const char *path, uint64_t offset, int bit) {
    uint64_t number;
    char what[200];
    if (!piece_takes(&number)) {
        return;
    }
    (void)snprintf(what, sizeof what, "bit %d of byte %ld of %s (page %ld, byte %ld)", bit,
                   (long)offset, strrchr(path, '/') + 1, (long)(offset / 4096 + 1),
                   (long)(offset % 4096));
#ifdef EXPLORES_BY_FORKING
    if (explore_here(number, what)) {
        ram_flip(path, offset, bit);
        const struct life_findings found = life_audit(life, life->root, 0);
        explore_leave(judge(is_told, &found));
    }
#else
    (void)life;
#endif
}

/* Each page of the file, at places that grow denser towards its head. */
static void flip_each(const char *name) {
    struct life *life = a_life();
    struct test_random random = test_random_from(piece_seed());
    struct stat info;
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", life->data, name);
    assert_int_equal(ram_stat(path, &info), 0);
    const uint64_t pages = (uint64_t)info.st_size / 4096;
    assert_true(pages > 1);
    piece_sample(FEW_FLIPS);
    for (uint64_t i = 0; i < pages * FLIPS_OF_PAGE; i++) {
        const uint64_t byte = test_random_below(&random, 4) == 0 ? test_random_below(&random, 64)
                                                                 : test_random_below(&random, 4096);
        flip_here(life, path, i % pages * 4096 + byte, (int)test_random_below(&random, 8));
    }
    life_end(life);
    assert_int_equal(explore_failures(), 0);
}

static void a_flipped_bit_of_a_canvas_is_noticed(void **state) {
    (void)state;
    flip_each("canvases/main.kolam");
}

static void a_flipped_bit_of_the_tiles_does_no_harm(void **state) {
    (void)state;
    flip_each("canvases/main.tiles");
}

static void a_flipped_bit_of_the_people_is_noticed(void **state) {
    (void)state;
    flip_each("identity.db");
}

static void a_flipped_bit_of_what_was_decided_is_noticed(void **state) {
    (void)state;
    flip_each("moderation.db");
}

/* ---- what all of that is worth ---- */

/* A life is the same each time, else a number would not tell the same failure the next time. */
static void a_life_is_the_same_each_time(void **state) {
    uint64_t calls[2];
    struct ram_print prints[2];
    const struct fault none = {.kind = FAULT_NONE, .calls = FAULT_CALLS};
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct life *life = life_begin(piece_seed());
        fault_arm(&none);
        life_live(life, 0);
        calls[i] = fault_seen();
        fault_disarm();
        life_close(life);
        prints[i] = ram_print(life->data);
        life_end(life);
    }
#ifdef EXPLORES_BY_FORKING
    assert_int_equal(calls[0], calls[1]);
    assert_memory_equal(&prints[0], &prints[1], sizeof prints[0]);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_life_is_the_same_each_time),
        cmocka_unit_test(every_call_may_fail_once_or_from_some_moment_on),
        cmocka_unit_test(a_disk_may_be_full_at_every_moment),
        cmocka_unit_test(a_read_may_lie_while_a_wall_is_lived_on),
        cmocka_unit_test(a_read_may_lie_while_somebody_looks),
        cmocka_unit_test(a_flipped_bit_of_a_canvas_is_noticed),
        cmocka_unit_test(a_flipped_bit_of_the_tiles_does_no_harm),
        cmocka_unit_test(a_flipped_bit_of_the_people_is_noticed),
        cmocka_unit_test(a_flipped_bit_of_what_was_decided_is_noticed),
    };
    fault_vfs_install();
    const int failures = cmocka_run_group_tests(tests, NULL, NULL);
    piece_tell();
    return failures;
}
