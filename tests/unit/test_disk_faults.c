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
#include "tests/unit/random.h"
#include "tools/check.h" /* for the linker: it brings the network's part, too */

#define FLIPS 12 /* of each file */

static bool is_long(void) {
    const char *text = getenv("KOLAM_LONG");
    return text && strcmp(text, "1") == 0;
}

static uint64_t seed(void) {
    const char *text = getenv("KOLAM_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

static bool is_sound(struct life_findings found) {
    return found.wrong + found.errors + found.checks == 0;
}

/* ---- errors ---- */

/* A life with this fault. */
static bool live_with(const struct fault *fault) {
    struct life *life = life_begin(seed());
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

static void fail_each(const uint64_t *counts, enum fault_kind kind, unsigned calls,
                      uint64_t count) {
    struct test_random random = test_random_from(seed() * 131 + calls + count);
    uint64_t all = 0;
    uint32_t failures = 0;
    for (int i = 0; i < FAULT_CALL_KINDS; i++) {
        all += calls >> i & 1 ? counts[i] : 0;
    }
    for (uint64_t i = 0; i < (is_long() ? all : all > 0 ? 1 : 0) && failures < 5; i++) {
        const struct fault fault = {kind, calls, NULL,
                                    is_long() ? i : test_random_below(&random, all), count};
        failures += !live_with(&fault);
    }
    assert_int_equal(failures, 0);
}

/* Of several, in a sample, one in so many: another with another seed. */
static bool is_turn(unsigned number, unsigned of) {
    return is_long() || (number + seed()) % of == 0;
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

static void copy_folder(const char *from, const char *to) {
    char command[1200];
    (void)snprintf(command, sizeof command, "cp -r '%s/data' '%s/'", from, to);
    assert_int_equal(system(command), 0);
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
    struct life *life = life_begin(seed());
    struct test_random random = test_random_from(seed());
    char path[1024];
    life_live(life, 0);
    life_settle(life);
    life_close(life);
    (void)snprintf(path, sizeof path, "%s/%s", life->data, name);
    const long pages = file_size(path) / 4096;
    const long tries = is_long() ? pages * 64 : FLIPS;
    uint32_t failures = 0;
    assert_true(pages > 1);
    for (long i = 0; i < tries; i++) {
        const long page = i % pages;
        const long byte =
            (long)(test_random_below(&random, 4) == 0 ? test_random_below(&random, 64)
                                                      : test_random_below(&random, 4096));
        failures += !is_told(life, name, page * 4096 + byte, (int)test_random_below(&random, 8));
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
        cmocka_unit_test(a_flipped_bit_of_a_canvas_is_noticed),
        cmocka_unit_test(a_flipped_bit_of_the_tiles_does_no_harm),
        cmocka_unit_test(a_flipped_bit_of_the_people_is_noticed),
    };
    fault_vfs_install();
    return cmocka_run_group_tests(tests, count_calls, NULL);
}
