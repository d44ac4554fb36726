/* A power cut at any moment of a wall's life: on a disk that forgets what was not synced (tests/support/faults/disk.h) every
 * promise is kept, once, and everything else is either whole or not there. A seeded sample of the moments; all of
 * them in tests/faults.mjs. thread-test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/faults/disk.h"
#include "tests/support/faults/fault_vfs.h"
#include "tests/support/faults/life.h"
#include "tests/support/faults/piece.h"
#include "tests/support/faults/ram.h"
#include "tests/unit/random.h"
#include "tools/check.h" /* for the linker: it brings the network's part, too */

#define SAMPLE 80
#define LOOSE_NAMES_MAX 7
#define LOOSE_NAMES_SAMPLE 3

static bool survives(const struct life *life, const struct disk_cut *cut) {
    uint64_t number;
    if (!piece_takes(&number)) {
        return true;
    }
    char folder[512], change[200] = "the end";
    ram_folder_make(folder);
    disk_after(cut, folder);
    if (cut->before < disk_now()) {
        (void)disk_change_text(cut->before, change, sizeof change);
    }
    const struct life_findings found = life_audit(life, folder, cut->before);
    const bool is_sound = found.wrong + found.errors + found.checks == 0;
    if (!is_sound) {
        print_error("fault %llu: cut %zu kind %d seed %llu (before: %s): %u wrong, %u errors, "
                    "check %u: %s\n",
                    (unsigned long long)number, cut->before, (int)cut->kind,
                    (unsigned long long)cut->seed, change, found.wrong, found.errors, found.checks,
                    found.first);
    }
    ram_folder_remove(folder);
    return is_sound;
}

/* Beside a sync all kinds of cuts, those that depend on chance several times; elsewhere one of each sort. */
static uint32_t cut_at(const struct life *life, size_t before, bool is_beside_sync) {
    uint32_t failures = 0;
    for (int kind = 0; kind < DISK_CUT_KINDS; kind++) {
        const bool is_turn = kind == DISK_ANYTHING || (size_t)kind == before % DISK_ANYTHING;
        const uint64_t times = kind != DISK_ANYTHING || !is_beside_sync ? 1 : 4;
        for (uint64_t i = 0; i < times && (is_beside_sync || is_turn); i++) {
            const struct disk_cut cut = {before, (enum disk_cut_kind)kind, piece_seed() + i};
            failures += !survives(life, &cut);
        }
    }
    return failures;
}

/* Every part of the names that are not synced at this moment, or many if there are many, with what was done to the files and
 * without; some of all that in a sample. */
static uint32_t cut_names_at(const struct life *life, size_t before) {
    const size_t count = disk_loose_names(before) + 1; /* and the files */
    const size_t most = piece_is_long() ? LOOSE_NAMES_MAX : LOOSE_NAMES_SAMPLE;
    struct test_random random = test_random_from(piece_seed() + before);
    uint32_t failures = 0;
    for (uint64_t part = 0; part < UINT64_C(1) << (count < most ? count : most); part++) {
        const uint64_t names = count <= most ? part : test_random_next(&random);
        const struct disk_cut cut = {before, DISK_NAMES,
                                     names >> 1 | (names & 1 ? DISK_FILES_DONE : 0)};
        failures += !survives(life, &cut);
    }
    return failures;
}

/* One kind of cut at each of so many moments, rising: half of them beside a sync. */
static uint32_t cut_a_sample(const struct life *life, size_t end, size_t wanted) {
    struct test_random random = test_random_from(piece_seed());
    uint32_t failures = 0;
    const size_t count = end < wanted ? end : wanted;
    for (size_t i = 0; i < count; i++) {
        size_t at = end * i / count + (size_t)test_random_below(&random, end / count + 1);
        while (i % 2 == 0 && at < end && !disk_is_sync(at)) {
            at++;
        }
        const struct disk_cut cut = {at + (size_t)test_random_below(&random, 2),
                                     i % 3 == 0 ? DISK_ANYTHING
                                                : (enum disk_cut_kind)(i % DISK_CUT_KINDS),
                                     test_random_next(&random)};
        failures += !survives(life, &cut);
    }
    return failures;
}

static void cut_everywhere(struct life *life, size_t sample) {
    const size_t end = disk_now();
    uint32_t failures = 0;
    disk_stop();
    life_close(life);
    if (piece_is_long()) {
        for (size_t at = 0; at <= end; at++) {
            const bool is_beside_sync = disk_is_sync(at) || (at > 0 && disk_is_sync(at - 1));
            failures += cut_at(life, at, is_beside_sync);
            failures += disk_is_of_names(at) ? cut_names_at(life, at) : 0;
        }
    } else {
        failures = cut_a_sample(life, end, sample);
        for (size_t at = 1; at <= end; at++) {
            failures += disk_is_rename(at - 1) ? cut_names_at(life, at) : 0;
        }
    }
    print_message("%zu changes\n", end);
    disk_forget();
    life_end(life);
    assert_int_equal(failures, 0);
}

static void every_promise_survives_a_power_cut(void **state) {
    (void)state;
    struct life *life = life_begin_on_disk(piece_seed());
    disk_record(life->root);
    life_live(life, 0);
    life_settle(life);
    assert_int_equal(life->refused, 0);
    cut_everywhere(life, SAMPLE);
}

static void every_promise_survives_a_power_cut_while_walls_are_copied_and_put_back(void **state) {
    (void)state;
    struct life *life = life_begin_on_disk(piece_seed());
    disk_record(life->root);
    life_keep(life);
    life_settle(life);
    assert_int_equal(life->refused, 0);
    assert_int_equal(life->copy_count, 4);
    cut_everywhere(life, SAMPLE / 4);
}

/* A file as an older kolam left it: the steps that made it newer are taken back. */
static void make_old(const struct life *life, int version) {
    static const char *const back[] = {
        "DROP INDEX op_artist;", "DROP TABLE base; DROP TABLE base_id; DROP TABLE base_record;",
        "DROP INDEX op_record;", "ALTER TABLE op DROP COLUMN sum;",
        "DROP TABLE hider;",
    };
    sqlite3 *db = NULL;
    char text[64];
    assert_int_equal(sqlite3_open(life->log_path, &db), SQLITE_OK);
    for (int step = (int)(sizeof back / sizeof back[0]); step >= version; step--) {
        assert_int_equal(sqlite3_exec(db, back[step - 1], NULL, NULL, NULL), SQLITE_OK);
    }
    (void)snprintf(text, sizeof text, "PRAGMA user_version = %d", version);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
every_promise_survives_a_power_cut_while_an_old_file_is_brought_up_to_date(void **state) {
    (void)state;
    for (int version = 1; version <= 5; version++) {
        struct life *life = life_begin_on_disk(piece_seed() + (uint64_t)version);
        life_live(life, 10);
        life_close(life);
        make_old(life, version);
        disk_record(life->root);
        life_promise_again(life);
        assert_true(life_step(life, LIFE_STROKE));
        assert_true(life_step(life, LIFE_LOOK));
        cut_everywhere(life, SAMPLE / 4);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_promise_survives_a_power_cut),
        cmocka_unit_test(every_promise_survives_a_power_cut_while_walls_are_copied_and_put_back),
        cmocka_unit_test(
            every_promise_survives_a_power_cut_while_an_old_file_is_brought_up_to_date),
    };
    fault_vfs_install();
    const int failures = cmocka_run_group_tests(tests, NULL, NULL);
    piece_tell();
    return failures;
}
