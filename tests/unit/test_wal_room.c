/* Room made ahead in a WAL that others write, too: what copies a database by its WAL writes a row into it, and checkpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tiles/wal_room.h"

struct two {
    char folder[32], path[64], wal_path[72];
    sqlite3 *db, *other;
    struct kolam_wal_room room;
};

static void does(sqlite3 *db, const char *text) {
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
}

static int64_t number(sqlite3 *db, const char *text) {
    int64_t value = -1;
    assert_int_equal(kolam_sql_int64(db, text, &value), KOLAM_OK);
    return value;
}

static uint64_t size_of(const char *path) {
    struct stat stat_of;
    assert_int_equal(stat(path, &stat_of), 0);
    return (uint64_t)stat_of.st_size;
}

static sqlite3 *open_one(const struct two *two) {
    sqlite3 *db = NULL;
    struct kolam_error error;
    assert_int_equal(
        kolam_sql_open(two->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, &error),
        KOLAM_OK);
    does(db, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
    return db;
}

static int set_up(void **state) {
    struct two *two = calloc(1, sizeof *two);
    assert_non_null(two);
    (void)strcpy(two->folder, "/tmp/kolam-room-XXXXXX");
    assert_non_null(mkdtemp(two->folder));
    (void)snprintf(two->path, sizeof two->path, "%s/a.db", two->folder);
    (void)snprintf(two->wal_path, sizeof two->wal_path, "%s-wal", two->path);
    two->db = open_one(two);
    assert_int_equal(kolam_wal_room_init(&two->room, two->db), KOLAM_OK);
    does(two->db, "CREATE TABLE a (x); INSERT INTO a VALUES (1)");
    two->other = open_one(two);
    *state = two;
    return 0;
}

static int tear_down(void **state) {
    struct two *two = *state;
    sqlite3_close(two->db);
    sqlite3_close(two->other);
    (void)unlink(two->path);
    (void)unlink(two->wal_path);
    (void)rmdir(two->folder);
    free(two);
    return 0;
}

static void room_is_made_and_both_write_on(void **state) {
    struct two *two = *state;
    const uint64_t before = size_of(two->wal_path);
    kolam_wal_room_rest(&two->room);
    const uint64_t after = size_of(two->wal_path);
    assert_true(after >= before + (256u << 10));
    assert_true(sqlite3_get_autocommit(two->db));
    does(two->other, "INSERT INTO a VALUES (2)");
    does(two->db, "INSERT INTO a VALUES (3)");
    assert_int_equal(size_of(two->wal_path), after);
    assert_int_equal(number(two->other, "SELECT sum(x) FROM a"), 6);
}

static void while_another_writes_there_is_no_room_made(void **state) {
    struct two *two = *state;
    does(two->other, "BEGIN IMMEDIATE; INSERT INTO a VALUES (2)");
    const uint64_t before = size_of(two->wal_path);
    (void)sqlite3_busy_timeout(two->db, 1);
    kolam_wal_room_rest(&two->room);
    assert_int_equal(size_of(two->wal_path), before);
    does(two->other, "COMMIT");
    kolam_wal_room_rest(&two->room); /* and then there is, behind what the other wrote */
    assert_true(size_of(two->wal_path) > before + (128u << 10));
    sqlite3_close(two->db);
    two->db = open_one(two);
    assert_int_equal(number(two->db, "SELECT sum(x) FROM a"), 3);
}

static void a_wal_that_another_cut_is_left_until_the_next_commit(void **state) {
    struct two *two = *state;
    kolam_wal_room_rest(&two->room);
    kolam_sql_empty_wal(two->other);
    assert_int_equal(size_of(two->wal_path), 0);
    two->room.size_bytes = 0; /* as if it were time for more */
    kolam_wal_room_rest(&two->room);
    assert_int_equal(size_of(two->wal_path), 0);
    does(two->db, "INSERT INTO a VALUES (2)");
    kolam_wal_room_rest(&two->room);
    assert_true(size_of(two->wal_path) > (128u << 10));
    assert_int_equal(number(two->other, "SELECT sum(x) FROM a"), 3);
}

static void a_reader_that_stays_holds_nobody_up(void **state) {
    struct two *two = *state;
    does(two->other, "BEGIN");
    assert_int_equal(number(two->other, "SELECT sum(x) FROM a"), 1);
    does(two->db, "INSERT INTO a VALUES (2)");
    bool is_soon = false; /* once: a machine that stands still now and then holds up anybody */
    for (int i = 0; i < 3 && !is_soon; i++) {
        struct timespec from, to;
        (void)clock_gettime(CLOCK_MONOTONIC, &from);
        kolam_sql_empty_wal(two->db);
        (void)clock_gettime(CLOCK_MONOTONIC, &to);
        is_soon = to.tv_sec - from.tv_sec < KOLAM_SQL_BUSY_MS / 1000 - 1;
    }
    assert_true(is_soon);
    assert_true(size_of(two->wal_path) > 0);
    does(two->other, "COMMIT");
    kolam_sql_empty_wal(two->db);
    assert_int_equal(size_of(two->wal_path), 0);
}

#define ROOM_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        ROOM_TEST(room_is_made_and_both_write_on),
        ROOM_TEST(while_another_writes_there_is_no_room_made),
        ROOM_TEST(a_wal_that_another_cut_is_left_until_the_next_commit),
        ROOM_TEST(a_reader_that_stays_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
