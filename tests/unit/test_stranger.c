/* Files that a stranger hands in: sound for SQLite, and with a schema that would do something when rows are read or written. Each is
 * refused by whoever opens it, with words that name what is wrong, and none of it runs. What copying tools leave is no such thing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kolam/reader.h"
#include "tests/support/store.h"
#include "tiles/sql.h"

struct fixture {
    char folder[512], path[600];
};

static int set_up(void **state) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct test_log log;
    temp_folder_make(fixture->folder);
    temp_path(fixture->folder, "wall.kolam", fixture->path);
    test_log_open(&log, fixture->path, kolam_clock_system(), 0);
    const struct kolam_log_op stroke = test_stroke((struct kolam_tile_id){0, 0, 0}, 1, 5);
    (void)test_log_commit(&log, test_submission(1, 1, &stroke, 1));
    test_log_close(&log);
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    temp_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static void change(const struct fixture *fixture, const char *text) {
    sqlite3 *db;
    char *problem = NULL;
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, text, NULL, NULL, &problem) != SQLITE_OK) {
        fail_msg("%s: %s", text, problem);
    }
    sqlite3_close(db);
}

static enum kolam_status read_it(const struct fixture *fixture, struct kolam_error *error) {
    struct kolam_reader *reader;
    enum kolam_status status = kolam_reader_create(fixture->path, &reader, error);
    if (status == KOLAM_OK) {
        kolam_reader_destroy(reader);
    }
    return status;
}

static enum kolam_status write_it(const struct fixture *fixture, struct kolam_error *error) {
    const struct kolam_log_options options = {.path = fixture->path, .clock = kolam_clock_system()};
    struct kolam_log *log;
    enum kolam_status status = kolam_log_sqlite_create(&options, &log, error);
    if (status == KOLAM_OK) {
        kolam_log_destroy(log);
    }
    return status;
}

static void is_refused(const struct fixture *fixture, const char *name) {
    struct kolam_error error = {.text = ""};
    assert_int_equal(read_it(fixture, &error), KOLAM_ERR_CORRUPT);
    assert_non_null(strstr(error.text, name));
    assert_non_null(strstr(error.text, "not what kolam made, or missing"));
    error.text[0] = '\0';
    assert_int_equal(write_it(fixture, &error), KOLAM_ERR_CORRUPT);
    assert_non_null(strstr(error.text, name));
}

static void is_accepted(const struct fixture *fixture) {
    struct kolam_error error = {.text = ""};
    assert_int_equal(read_it(fixture, &error), KOLAM_OK);
    assert_int_equal(write_it(fixture, &error), KOLAM_OK);
}

static void refuses_a_trigger(void **state) {
    change(*state, "CREATE TRIGGER surprise AFTER INSERT ON op BEGIN DELETE FROM artist; END");
    is_refused(*state, "surprise");
}

static void refuses_a_view_in_a_tables_place(void **state) {
    change(*state,
           "DROP TABLE node; CREATE VIEW node AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL "
           "SELECT n + 1 FROM c) SELECT 0 AS level, x'' AS path, n AS seq FROM c");
    is_refused(*state, "node");
}

static void refuses_a_computed_column(void **state) {
    change(*state,
           "DROP TABLE base_record; CREATE TABLE base_record (seq INTEGER PRIMARY KEY, "
           "time_ms INTEGER, artist INTEGER, body BLOB AS (printf('%.*c', 1000000000, 'x')))");
    is_refused(*state, "base_record");
}

static void refuses_a_check(void **state) {
    change(*state,
           "DROP TABLE node; CREATE TABLE node (level INTEGER, path BLOB, seq INTEGER CHECK "
           "(printf('%.*c', 1000000, 'x') GLOB '*y*y*y*y*'), PRIMARY KEY (level, path)) "
           "WITHOUT ROWID");
    is_refused(*state, "node");
}

static void refuses_an_index_of_an_expression(void **state) {
    change(*state, "CREATE INDEX slow ON op (length(zeroblob(seq * 1000000)))");
    is_refused(*state, "slow");
}

static void refuses_a_missing_table_and_one_too_many(void **state) {
    change(*state, "CREATE TABLE mine (a)");
    is_refused(*state, "mine");
    change(*state, "DROP TABLE mine; DROP INDEX op_artist");
    is_refused(*state, "op_artist");
}

static void accepts_what_copying_and_measuring_leave(void **state) {
    is_accepted(*state);
    change(*state, "CREATE TABLE _litestream_seq (id INTEGER PRIMARY KEY, seq INTEGER);"
                   "CREATE TABLE _litestream_lock (id INTEGER); ANALYZE");
    is_accepted(*state);
}

static void a_value_has_a_largest_size(void **state) {
    struct fixture *fixture = *state;
    struct kolam_error error = {.text = ""};
    struct kolam_reader *reader;
    struct kolam_log_row row;
    change(fixture, "UPDATE op SET body = zeroblob(50000000)");
    assert_int_equal(kolam_reader_create(fixture->path, &reader, &error), KOLAM_OK);
    assert_int_not_equal(kolam_reader_op(reader, 1, &row), KOLAM_OK);
    kolam_reader_destroy(reader);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(refuses_a_trigger, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_view_in_a_tables_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_computed_column, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_check, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_an_index_of_an_expression, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_a_missing_table_and_one_too_many, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(accepts_what_copying_and_measuring_leave, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_value_has_a_largest_size, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
