/* Places with names: what may be one, records of them, and finding records without reading the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../support/canvas_fixture.h"
#include "kolam/place.h"

static const char bridge[] =
    "{\"kind\":\"place\",\"name\":\"The bridge\",\"x\":\"-1024.5\",\"y\":\"880\",\"zoom\":-0.5}";

static enum kolam_status decode(const char *json, struct kolam_place_record *out_record) {
    return kolam_place_decode((const uint8_t *)json, strlen(json), out_record);
}

static void coordinates_are_decimal_and_inside_the_world(void **state) {
    (void)state;
    static const char *const fine[] = {"0",
                                       "-0",
                                       "1",
                                       "-1024.5",
                                       "2147483648",
                                       "-2147483648.000",
                                       "000000000001",
                                       "2147483647.999999999999999999999999",
                                       "0.000000059604644775390625"};
    static const char *const wrong[] = {"",
                                        "-",
                                        ".",
                                        "+1",
                                        "1.",
                                        ".5",
                                        "1e3",
                                        " 1",
                                        "1 ",
                                        "--1",
                                        "0x1",
                                        "2147483648.1",
                                        "2147483649",
                                        "9999999999",
                                        "1000000000000",
                                        "1.5.5",
                                        "1,5",
                                        "nan",
                                        "inf",
                                        "0.1234567890123456789012345",
                                        "\xd9\xa1"};
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        assert_true(kolam_place_coordinate_is_valid(fine[i]));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(kolam_place_coordinate_is_valid(wrong[i]));
    }
}

static void a_place_is_a_record_and_is_read_again(void **state) {
    (void)state;
    struct kolam_place_record record, again;
    uint8_t body[KOLAM_PLACE_BODY_BYTES_MAX];
    static struct kolam_op_room room;
    struct kolam_op op;
    size_t size;
    assert_int_equal(decode(bridge, &record), KOLAM_OK);
    assert_int_equal(record.kind, KOLAM_PLACE_NAMED);
    assert_string_equal(record.place.name, "The bridge");
    assert_string_equal(record.place.x, "-1024.5");
    assert_true(record.place.zoom == -0.5);
    assert_int_equal(kolam_place_encode(&record, body, &size), KOLAM_OK);
    assert_int_equal(kolam_op_decode(body, size, &room, &op), KOLAM_OK);
    assert_int_equal(op.kind, KOLAM_OP_RECORD);
    assert_int_equal(kolam_place_decode(op.record, op.record_size_bytes, &again), KOLAM_OK);
    assert_memory_equal(&again, &record, sizeof record);
    const struct kolam_place_record removed = {.kind = KOLAM_PLACE_REMOVED, .removed_seq = 4711};
    assert_int_equal(kolam_place_encode(&removed, body, &size), KOLAM_OK);
    assert_int_equal(kolam_op_decode(body, size, &room, &op), KOLAM_OK);
    assert_int_equal(kolam_place_decode(op.record, op.record_size_bytes, &again), KOLAM_OK);
    assert_int_equal(again.kind, KOLAM_PLACE_REMOVED);
    assert_int_equal(again.removed_seq, 4711);
}

static void the_longest_place_fits_a_record(void **state) {
    (void)state;
    struct kolam_place_record record = {.kind = KOLAM_PLACE_NAMED, .place.zoom = -1.0 / 3.0};
    uint8_t body[KOLAM_PLACE_BODY_BYTES_MAX];
    size_t size;
    for (int i = 0; i < 80; i++) {
        strcat(record.place.name, "\xf0\x9f\x8c\xba");
    }
    strcpy(record.place.x, "-2147483647.999999999999999999999999");
    strcpy(record.place.y, record.place.x);
    assert_int_equal(kolam_place_encode(&record, body, &size), KOLAM_OK);
    record.place.name[0] = '\n';
    assert_int_equal(kolam_place_encode(&record, body, &size), KOLAM_ERR_INVALID);
}

static void other_records_are_left_alone_and_false_ones_are_invalid(void **state) {
    (void)state;
    struct kolam_place_record record;
    static const char *const others[] = {"{}",
                                         "{\"kind\":\"note\"}",
                                         "{\"kind\":7}",
                                         "[]",
                                         "",
                                         "{\"kind\":\"places\",\"name\":1}",
                                         "not json"};
    static const char *const wrong[] = {
        "{\"kind\":\"place\"}",
        "{\"kind\":\"place\",\"name\":\"\",\"x\":\"0\",\"y\":\"0\",\"zoom\":0}",
        "{\"kind\":\"place\",\"name\":\" \",\"x\":\"0\",\"y\":\"0\",\"zoom\":0}",
        "{\"kind\":\"place\",\"name\":\"a\\nb\",\"x\":\"0\",\"y\":\"0\",\"zoom\":0}",
        "{\"kind\":\"place\",\"name\":\"a\",\"x\":0,\"y\":\"0\",\"zoom\":0}",
        "{\"kind\":\"place\",\"name\":\"a\",\"x\":\"0\",\"y\":\"3000000000\",\"zoom\":0}",
        "{\"kind\":\"place\",\"name\":\"a\",\"x\":\"0\",\"y\":\"0\",\"zoom\":25}",
        "{\"kind\":\"place\",\"name\":\"a\",\"x\":\"0\",\"y\":\"0\",\"zoom\":\"0\"}",
        "{\"kind\":\"place\",\"name\":\"a\",\"x\":\"0\",\"y\":\"0\"}",
        "{\"kind\":\"place_remove\"}",
        "{\"kind\":\"place_remove\",\"place\":7}",
        "{\"kind\":\"place_remove\",\"place\":\"0\"}",
        "{\"kind\":\"place_remove\",\"place\":\"-1\"}",
        "{\"kind\":\"place_remove\",\"place\":\"1x\"}",
        "{\"kind\":\"place_remove\",\"place\":\"99999999999999999999\"}"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(decode(others[i], &record), KOLAM_OK);
        assert_int_equal(record.kind, KOLAM_PLACE_OTHER);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(decode(wrong[i], &record), KOLAM_ERR_INVALID);
    }
}

/* ---- in a canvas ---- */

struct seen {
    uint64_t seqs[16];
    uint32_t artists[16];
    uint32_t count, stop_after;
};

static bool see(void *ctx, const struct kolam_log_row *row) {
    struct seen *seen = ctx;
    assert_int_equal(row->kind, KOLAM_OP_RECORD);
    seen->artists[seen->count] = row->artist;
    seen->seqs[seen->count++] = row->seq;
    return seen->count != seen->stop_after;
}

static void submit_bridge(struct canvas_fixture *canvas, uint8_t artist) {
    const struct kolam_op op = {.kind = KOLAM_OP_RECORD,
                                .record = (const uint8_t *)bridge,
                                .record_size_bytes = sizeof bridge - 1};
    canvas_fixture_submit(canvas, artist, &op, 1);
    canvas_fixture_wait(canvas);
    assert_int_equal(canvas->last_status, KOLAM_OK);
}

static void draw(struct canvas_fixture *canvas) {
    struct kolam_point point = {.x = 80, .y = 80, .pressure = 255};
    const struct kolam_op op = {
        .kind = KOLAM_OP_STROKE,
        .stroke = {
            .color = 255, .width = 256, .part_count = 1, .point_count = 1, .points = &point}};
    canvas_fixture_submit(canvas, 1, &op, 1);
    canvas_fixture_wait(canvas);
}

static void expect_records(const char *path, uint32_t count, uint64_t first, uint64_t second) {
    struct kolam_reader *reader;
    struct seen seen = {.stop_after = UINT32_MAX};
    assert_int_equal(kolam_reader_create(path, &reader, NULL), KOLAM_OK);
    assert_int_equal(kolam_reader_records(reader, see, &seen), KOLAM_OK);
    assert_int_equal(seen.count, count);
    assert_int_equal(seen.seqs[0], first);
    assert_int_equal(seen.seqs[1], second);
    assert_int_equal(seen.artists[0], 2);
    seen = (struct seen){.stop_after = 1};
    assert_int_equal(kolam_reader_records(reader, see, &seen), KOLAM_OK);
    assert_int_equal(seen.count, 1);
    kolam_reader_destroy(reader);
}

static void run_sql(const char *path, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void expect_plan(const char *path, const char *sql) {
    sqlite3 *db = NULL;
    sqlite3_stmt *plan = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &plan, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
    assert_non_null(strstr((const char *)sqlite3_column_text(plan, 3), "op_record"));
    while (sqlite3_step(plan) == SQLITE_ROW) { /* nothing is sorted */
        assert_null(strstr((const char *)sqlite3_column_text(plan, 3), "TEMP B-TREE"));
    }
    sqlite3_finalize(plan);
    sqlite3_close(db);
}

static void records_are_found_by_an_index_of_their_own(void **state) {
    (void)state;
    struct canvas_fixture canvas = {0};
    canvas_fixture_open(&canvas);
    draw(&canvas);
    submit_bridge(&canvas, 2);
    draw(&canvas);
    submit_bridge(&canvas, 1);
    expect_records(canvas.log_path, 2, 2, 4);
    expect_plan(canvas.log_path,
                "EXPLAIN QUERY PLAN SELECT op.seq, op.body FROM op LEFT JOIN origin ON "
                "origin.id = op.origin WHERE op.kind = 4 ORDER BY op.seq");
    canvas_fixture_close(&canvas);
}

static void a_file_from_before_the_index_is_read_and_gets_it_when_it_is_served(void **state) {
    (void)state;
    struct canvas_fixture canvas = {0};
    canvas_fixture_open(&canvas);
    draw(&canvas);
    submit_bridge(&canvas, 2);
    submit_bridge(&canvas, 2);
    kolam_log_destroy(canvas.log);
    canvas.log = NULL;
    run_sql(canvas.log_path, "DROP TABLE hider; DROP INDEX op_record; ALTER TABLE op DROP COLUMN "
                             "sum; PRAGMA user_version = 3");
    expect_records(canvas.log_path, 2, 2, 3);
    canvas_fixture_reopen(&canvas);
    expect_records(canvas.log_path, 2, 2, 3);
    expect_plan(canvas.log_path,
                "EXPLAIN QUERY PLAN SELECT seq FROM op WHERE kind = 4 ORDER BY seq");
    canvas_fixture_close(&canvas);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coordinates_are_decimal_and_inside_the_world),
        cmocka_unit_test(a_place_is_a_record_and_is_read_again),
        cmocka_unit_test(the_longest_place_fits_a_record),
        cmocka_unit_test(other_records_are_left_alone_and_false_ones_are_invalid),
        cmocka_unit_test(records_are_found_by_an_index_of_their_own),
        cmocka_unit_test(a_file_from_before_the_index_is_read_and_gets_it_when_it_is_served),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
