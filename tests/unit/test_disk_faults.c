/* A disk that fails: at every call in turn that the engine makes of it, once and for good, with an I/O error or for want of room.
 * What was acknowledged is there, once; what was refused may be sent again; and all goes on by itself when the disk does. And a disk
 * that lies: a bit of any page is another, and that is noticed, or does no harm. A seeded sample; KOLAM_LONG=1 takes all. thread-test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/faults/fault_vfs.h"
#include "tests/support/faults/life.h"
#include "tests/support/faults/piece.h"
#include "tests/unit/random.h"
#include "tools/check.h" /* for the linker: it brings the network's part, too */

#define FLIPS 12 /* of each file */
#define LIES 2   /* to each, living and looking */

static bool is_sound(struct life_findings found) {
    return found.wrong + found.errors + found.checks == 0;
}

/* ---- errors ---- */

/* A life with this fault. */
static bool live_with(const struct fault *fault) {
    struct life *life = life_begin(piece_seed());
    fault_arm(fault);
    life_live(life, 0);
    fault_disarm();
    life_settle(life);
    life_close(life);
    const struct life_findings found = life_audit(life, life->root, 0);
    if (!is_sound(found)) {
        print_error("fault %d of calls %x at %llu x %llu: %u wrong, %u errors, check %u: %s\n",
                    (int)fault->kind, fault->calls, (unsigned long long)fault->at,
                    (unsigned long long)fault->count, found.wrong, found.errors, found.checks,
                    found.first);
    }
    life_end(life);
    return is_sound(found);
}

/* How many calls of each kind a life makes when nothing fails. */
static int count_calls(void **state) {
    static uint64_t counts[FAULT_CALL_KINDS];
    const struct fault none = {.kind = FAULT_NONE};
    if (!live_with(&none)) {
        return -1;
    }
    for (int i = 0; i < FAULT_CALL_KINDS; i++) {
        counts[i] = fault_seen_of((enum fault_call)(1 << i));
    }
    *state = counts;
    return 0;
}

/* Of a long run, of all kinds. */
static uint64_t fault_number;

static void fail_each(const uint64_t *counts, enum fault_kind kind, unsigned calls,
                      uint64_t count) {
    struct test_random random = test_random_from(piece_seed() * 131 + calls + count);
    uint64_t all = 0;
    uint32_t failures = 0;
    for (int i = 0; i < FAULT_CALL_KINDS; i++) {
        all += calls >> i & 1 ? counts[i] : 0;
    }
    for (uint64_t i = 0; i < (piece_is_long() ? all : all > 0 ? 1 : 0) && failures < 5; i++) {
        if (!piece_has(fault_number++)) {
            continue;
        }
        const struct fault fault = {kind, calls, NULL,
                                    piece_is_long() ? i : test_random_below(&random, all), count};
        failures += !live_with(&fault);
    }
    assert_int_equal(failures, 0);
}

/* Of several, in a sample, one in so many: another with another seed. */
static bool is_turn(unsigned number, unsigned of) {
    return piece_is_long() || (number + piece_seed()) % of == 0;
}

static void every_call_may_fail_once(void **state) {
    for (unsigned i = 0; i < FAULT_CALL_KINDS; i++) {
        if (is_turn(i, 3)) {
            fail_each(*state, FAULT_IO, 1u << i, 1);
        }
    }
}

static void every_call_may_fail_from_some_moment_on(void **state) {
    const struct {
        unsigned calls;
        uint64_t count;
    } faults[] = {{FAULT_READ | FAULT_WRITE | FAULT_SYNC, 0}, {FAULT_CALLS, 0}, {FAULT_SYNC, 20}};
    for (unsigned i = 0; i < 3; i++) {
        if (is_turn(i, 3)) {
            fail_each(*state, FAULT_IO, faults[i].calls, faults[i].count);
        }
    }
}

static void a_disk_may_be_full_at_every_moment(void **state) {
    const unsigned calls = FAULT_WRITE | FAULT_OPEN | FAULT_SHARE;
    const uint64_t counts[] = {1, 0, 40};
    for (unsigned i = 0; i < 3; i++) {
        if (is_turn(i, 3)) {
            fail_each(*state, FAULT_FULL, calls, counts[i]);
        }
    }
}

/* ---- a disk that lies ---- */

static void copy_folder(const char *from, const char *to) {
    char command[1200];
    (void)snprintf(command, sizeof command, "cp -r '%s/data' '%s/'", from, to);
    assert_int_equal(system(command), 0);
}

/* A read gives less than was asked, or something else: once, while a wall is lived on. Whatever comes of it is right, or told: by who
 * looks then at what is there, on a disk that is good again. */
static bool lies_are_told(const struct fault *fault) {
    struct life *life = life_begin(piece_seed());
    fault_arm(fault);
    life_live(life, 0);
    fault_disarm();
    life_close(life);
    const struct life_findings found = life_audit(life, life->root, 0);
    const bool is_told = found.wrong == 0 || found.errors + found.checks > 0;
    if (!is_told) {
        print_error("lie %d at read %llu of %s: nobody says that %s\n", (int)fault->kind,
                    (unsigned long long)fault->at, fault->suffix, found.first);
    }
    life_end(life);
    return is_told;
}

/* The same while somebody only looks: what they see is right, or refused, and afterwards all is as it was. */
static bool looking_is_safe(const struct life *life, const struct fault *fault) {
    char folder[512];
    temp_folder_make(folder);
    copy_folder(life->root, folder);
    fault_arm(fault);
    const struct life_findings found = life_audit(life, folder, 0);
    fault_disarm();
    const bool is_told = found.wrong == 0 || found.errors + found.checks > 0;
    if (!is_told) {
        print_error("lie %d at read %llu of %s, looking: nobody says that %s\n", (int)fault->kind,
                    (unsigned long long)fault->at, fault->suffix, found.first);
    }
    temp_folder_remove(folder);
    return is_told;
}

static struct life *a_life(void) {
    struct life *life = life_begin(piece_seed());
    life_live(life, 0);
    life_settle(life);
    life_close(life);
    return life;
}

/* Of files of this name: how often they are read in a life, and by who looks at it afterwards. */
static void count_reads(struct life *whole, const char *suffix, uint64_t *out_living,
                        uint64_t *out_looking) {
    const struct fault none = {FAULT_NONE, FAULT_READ, suffix, 0, 1};
    struct life *life = life_begin(piece_seed());
    fault_arm(&none);
    life_live(life, 0);
    *out_living = fault_seen();
    fault_disarm();
    life_end(life);
    (void)looking_is_safe(whole, &none);
    *out_looking = fault_seen();
}

static void lie_at_each(const char *suffix, enum fault_kind kind) {
    struct life *life = a_life();
    struct test_random random = test_random_from(piece_seed() * 17 + kind);
    uint64_t living, looking;
    uint32_t failures = 0;
    count_reads(life, suffix, &living, &looking);
    assert_true(living > 0 && looking > 0);
    for (uint64_t i = 0; i < (piece_is_long() ? living : LIES) && failures < 5; i++) {
        const uint64_t at = piece_is_long() ? i : test_random_below(&random, living);
        const struct fault fault = {kind, FAULT_READ, suffix, at, 1};
        failures += piece_has(fault_number++) && !lies_are_told(&fault);
    }
    for (uint64_t i = 0; i < (piece_is_long() ? looking : LIES) && failures < 5; i++) {
        const uint64_t at = piece_is_long() ? i : test_random_below(&random, looking);
        const struct fault fault = {kind, FAULT_READ, suffix, at, 1};
        failures += piece_has(fault_number++) && !looking_is_safe(life, &fault);
    }
    life_end(life);
    assert_int_equal(failures, 0);
}

static const char *const read_files[] = {".kolam", ".kolam-wal", ".tiles", ".tiles-wal"};

static void a_read_may_end_early_at_any_moment(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        lie_at_each(read_files[i], FAULT_SHORT);
    }
}

static void a_read_may_give_something_else_at_any_moment(void **state) {
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        lie_at_each(read_files[i], FAULT_FLIP);
    }
}

/* ---- bits ---- */

static void flip(const char *path, long offset, int bit) {
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    uint8_t byte;
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte ^= (uint8_t)(1 << bit);
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    (void)close(fd);
}

/* Wrong things may be there if somebody says so. */
static bool is_told(const struct life *life, const char *name, long offset, int bit) {
    char folder[512], path[1024];
    temp_folder_make(folder);
    copy_folder(life->root, folder);
    (void)snprintf(path, sizeof path, "%s/data/%s", folder, name);
    flip(path, offset, bit);
    const struct life_findings found = life_audit(life, folder, 0);
    const bool is_good = found.wrong == 0 || found.errors + found.checks > 0;
    if (!is_good) {
        print_error("%s: bit %d of byte %ld (page %ld, byte %ld): nobody says that %s\n", name, bit,
                    offset, offset / 4096 + 1, offset % 4096, found.first);
    }
    temp_folder_remove(folder);
    return is_good;
}

/* Each page of the file, at places that grow denser towards its head. */
static void flip_each(const char *name, uint32_t allowed) {
    struct life *life = life_begin(piece_seed());
    struct test_random random = test_random_from(piece_seed());
    char path[1024];
    life_live(life, 0);
    life_settle(life);
    life_close(life);
    (void)snprintf(path, sizeof path, "%s/%s", life->data, name);
    const long pages = file_size(path) / 4096;
    const long tries = piece_is_long() ? pages * 64 : FLIPS;
    uint32_t failures = 0;
    assert_true(pages > 1);
    for (long i = 0; i < tries; i++) {
        const long page = i % pages;
        const long byte =
            (long)(test_random_below(&random, 4) == 0 ? test_random_below(&random, 64)
                                                      : test_random_below(&random, 4096));
        const int bit = (int)test_random_below(&random, 8);
        if (piece_has(fault_number++)) {
            failures += !is_told(life, name, page * 4096 + byte, bit);
        }
    }
    life_end(life);
    assert_in_range(failures, 0, allowed);
}

static void a_flipped_bit_of_a_canvas_is_noticed(void **state) {
    (void)state;
    flip_each("canvases/main.kolam", 0);
}

static void a_flipped_bit_of_the_tiles_does_no_harm(void **state) {
    (void)state;
    flip_each("canvases/main.tiles", 0);
}

static void a_flipped_bit_of_the_people_is_noticed(void **state) {
    (void)state;
    flip_each("identity.db", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_may_fail_once),
        cmocka_unit_test(every_call_may_fail_from_some_moment_on),
        cmocka_unit_test(a_disk_may_be_full_at_every_moment),
        cmocka_unit_test(a_read_may_end_early_at_any_moment),
        cmocka_unit_test(a_read_may_give_something_else_at_any_moment),
        cmocka_unit_test(a_flipped_bit_of_a_canvas_is_noticed),
        cmocka_unit_test(a_flipped_bit_of_the_tiles_does_no_harm),
        cmocka_unit_test(a_flipped_bit_of_the_people_is_noticed),
    };
    fault_vfs_install();
    const int failures = cmocka_run_group_tests(tests, count_calls, NULL);
    piece_tell("faults");
    return failures;
}
