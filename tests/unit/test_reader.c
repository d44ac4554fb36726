/* Reading a canvas file: one moment, the quadtree's ranges, beside a writer, after a crash, in a
 * folder that may not be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <sqlite3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/reader.h"
#include "tests/support/store.h"
#include "tiles/canvas_index.h"

#define NO_TILE ((struct kolam_tile_id){.level = 0})

struct fixture {
    char folder[512], path[600];
    struct test_log test;
    struct kolam_reader *reader;
    uint32_t counter;
};

static void open_reader(struct fixture *f) {
    struct kolam_error error = {.text = ""};
    enum kolam_status status = kolam_reader_create(f->path, &f->reader, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(status, KOLAM_OK);
}

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->folder);
    temp_path(f->folder, "main.kolam", f->path);
    test_log_open(&f->test, f->path, kolam_clock_system(), 0);
    open_reader(f);
    *state = f;
    return 0;
}

static void close_log(struct fixture *f) {
    kolam_reader_destroy(f->reader);
    f->reader = NULL;
    if (f->test.log) {
        test_log_close(&f->test);
    }
}

static int teardown(void **state) {
    struct fixture *f = *state;
    close_log(f);
    temp_folder_remove(f->folder);
    test_free(f);
    return 0;
}

static uint64_t draw(struct fixture *f, uint8_t author, struct kolam_tile_id tile) {
    struct kolam_log_op op = test_stroke(tile, ++f->counter, 6);
    return test_log_commit(&f->test, test_submission(author, 1, &op, 1));
}

static uint64_t change(struct fixture *f, enum kolam_op_kind kind, uint64_t target) {
    struct kolam_log_op op = test_change(kind, ++f->counter, &target, 1);
    struct kolam_submission *submission = test_submission(1, 1, &op, 1);
    submission->may_change_others = true;
    return test_log_commit(&f->test, submission);
}

static struct kolam_canvas_info info_of(struct fixture *f) {
    struct kolam_canvas_info info;
    assert_int_equal(kolam_reader_info(f->reader, &info), KOLAM_OK);
    return info;
}

/* seqs visited, as a set and in order */
struct visited {
    uint64_t seqs[256];
    struct kolam_tile_id tiles[256];
    uint32_t count, limit;
};

static bool note_home(void *ctx, const struct kolam_home_row *row) {
    struct visited *visited = ctx;
    visited->tiles[visited->count] = row->home.tile;
    visited->seqs[visited->count++] = row->seq;
    return visited->count < visited->limit;
}

static struct visited below(struct fixture *f, struct kolam_tile_id tile, uint64_t max_seq) {
    struct visited visited = {.limit = 256};
    assert_int_equal(kolam_reader_homes_below(f->reader, tile, max_seq, note_home, &visited),
                     KOLAM_OK);
    return visited;
}

static void an_empty_canvas_has_no_box_and_nothing_recent(void **state) {
    struct fixture *f = *state;
    struct kolam_canvas_info info = info_of(f);
    uint64_t levels = 5, newest = 5;
    struct kolam_log_row row;
    assert_int_equal(info.last_seq, 0);
    assert_false(info.has_box);
    assert_false(info.has_recent);
    assert_int_equal(info.artist_count, 0);
    assert_true(info.created_ms > 1600000000000);
    assert_int_not_equal(info.incarnation, 0);
    assert_int_equal(kolam_reader_levels(f->reader, &levels), KOLAM_OK);
    assert_int_equal(levels, 0);
    assert_int_equal(kolam_reader_newest(f->reader, NO_TILE, &newest), KOLAM_OK);
    assert_int_equal(newest, 0);
    assert_int_equal(kolam_reader_op(f->reader, 1, &row), KOLAM_ERR_NOT_FOUND);
}

static void knows_what_was_drawn_last_and_where(void **state) {
    struct fixture *f = *state;
    const struct kolam_tile_id tile = {.level = 2, .x = 5, .y = -3};
    draw(f, 1, (struct kolam_tile_id){.level = 0, .x = 100, .y = 100});
    draw(f, 2, tile);
    struct kolam_log_op record = test_record(++f->counter, "{\"a\":1}");
    test_log_commit(&f->test, test_submission(3, 1, &record, 1));
    struct kolam_canvas_info info = info_of(f);
    assert_int_equal(info.last_seq, 3);
    assert_int_equal(info.artist_count, 3);
    assert_true(info.last_time_ms >= info.created_ms);
    assert_true(info.has_recent);
    assert_true(kolam_tile_equal(info.recent_tile, tile));
    assert_int_equal(info.recent_x, KOLAM_SUB_PER_TILE / 2);
    assert_int_equal(info.recent_y, KOLAM_SUB_PER_TILE / 2);
}

static void the_box_holds_all_ink_at_every_level(void **state) {
    struct fixture *f = *state;
    draw(f, 1, (struct kolam_tile_id){.level = 0, .x = 3, .y = -2});
    struct kolam_canvas_info info = info_of(f);
    assert_true(info.has_box);
    /* The stroke begins in the tile's middle, (896, -384), and is 3 px wide. */
    assert_true(info.box_x0 > 885 && info.box_x0 <= 894.5);
    assert_true(info.box_y0 > -395 && info.box_y0 <= -385.5);
    assert_true(info.box_x1 >= 896 + 4 && info.box_x1 < 896 + 20);
    draw(f, 1, (struct kolam_tile_id){.level = -4, .x = -1, .y = 0});
    struct kolam_canvas_info wider = info_of(f);
    assert_true(wider.box_x0 <= -128 * 16 - 24 && wider.box_x0 > -256 * 16);
    assert_true(wider.box_x1 == info.box_x1 && wider.box_y0 == info.box_y0);
    assert_true(wider.box_y1 > info.box_y1);
    /* At the finest level coordinates pass 2^53: the box is rounded outwards. */
    const struct kolam_tile_id fine = {
        .level = 24, .x = -(INT64_C(1) << 46), .y = (INT64_C(1) << 46) + 1};
    draw(f, 1, fine);
    wider = info_of(f);
    assert_true(wider.box_x0 <= ldexp((double)fine.x * 256 + 126, -24));
    assert_true(wider.box_x0 >= ldexp((double)fine.x * 256, -24));
    uint64_t levels = 0;
    assert_int_equal(kolam_reader_levels(f->reader, &levels), KOLAM_OK);
    assert_int_equal(levels, UINT64_C(1) << 24 | UINT64_C(1) << 20 | UINT64_C(1) << 48);
}

/* Past 2^53 a double skips every other pixel. long double holds them all. */
static void the_box_is_rounded_outwards(void **state) {
    (void)state;
    struct kolam_home home = {
        .tile = {.level = 24, .x = -(INT64_C(1) << 46), .y = INT64_C(1) << 46}};
    for (int i = 0; i < 8; i++) {
        struct kolam_canvas_extent extent = {.has_box = false};
        home.x0 = home.y0 = (uint8_t)i;
        home.x1 = home.y1 = (uint8_t)(i + 3);
        kolam_canvas_extent_add(&extent, &home);
        long double x = (long double)home.tile.x * 256, y = (long double)home.tile.y * 256;
        assert_true(ldexpl((long double)extent.x0, 24) <= x + i);
        assert_true(ldexpl((long double)extent.y0, 24) <= y + i);
        assert_true(ldexpl((long double)extent.x1, 24) >= x + i + 4);
        assert_true(ldexpl((long double)extent.y1, 24) >= y + i + 4);
        assert_true(ldexpl((long double)extent.x1 - (long double)extent.x0, 24) <= 8);
    }
}

static bool note_row(void *ctx, const struct kolam_log_row *row) {
    struct visited *visited = ctx;
    visited->seqs[visited->count++] = row->seq;
    assert_int_equal(row->body[0], KOLAM_OP_VERSION);
    return visited->count < visited->limit;
}

static void gives_ops_by_seq(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 10; i++) {
        draw(f, 1, (struct kolam_tile_id){.level = 0, .x = i, .y = 0});
    }
    struct kolam_log_row row;
    assert_int_equal(kolam_reader_op(f->reader, 4, &row), KOLAM_OK);
    assert_int_equal(row.seq, 4);
    assert_int_equal(row.artist, 1);
    assert_int_equal(row.nonce, 1);
    assert_int_equal(row.counter, 4);
    assert_int_equal(row.kind, KOLAM_OP_STROKE);
    assert_false(row.is_partial);
    assert_int_equal(row.replaces, 0);
    struct kolam_log_op same =
        test_stroke((struct kolam_tile_id){.level = 0, .x = 3, .y = 0}, 4, 6);
    assert_int_equal(row.body_size_bytes, same.body_size_bytes);
    assert_memory_equal(row.body, same.body, same.body_size_bytes);
    kolam_free(same.body);
    kolam_free(same.homes);
    assert_int_equal(kolam_reader_op(f->reader, 11, &row), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_reader_op(f->reader, UINT64_MAX, &row), KOLAM_ERR_NOT_FOUND);

    struct visited visited = {.limit = 3};
    assert_int_equal(kolam_reader_range(f->reader, 4, UINT64_MAX, note_row, &visited), KOLAM_OK);
    assert_int_equal(visited.count, 3);
    assert_int_equal(visited.seqs[2], 6);
    visited = (struct visited){.limit = 100};
    assert_int_equal(kolam_reader_range(f->reader, 0, 5, note_row, &visited), KOLAM_OK);
    assert_int_equal(visited.count, 5);
}

static void artists_have_names(void **state) {
    struct fixture *f = *state;
    struct kolam_author author;
    draw(f, 9, NO_TILE);
    draw(f, 4, NO_TILE);
    assert_int_equal(kolam_reader_artist(f->reader, 2, &author), KOLAM_OK);
    assert_string_equal(author.name, "Author 4");
    assert_int_equal(author.ident[0], 4);
    assert_int_equal(kolam_reader_artist(f->reader, 3, &author), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_reader_artist(f->reader, 0, &author), KOLAM_ERR_NOT_FOUND);
}

static void finds_what_is_below_a_tile_and_nothing_else(void **state) {
    struct fixture *f = *state;
    const struct kolam_tile_id tile = {.level = 0, .x = -1, .y = 0};
    const struct kolam_tile_id inside[] = {
        {.level = 1, .x = -2, .y = 0},          {.level = 1, .x = -1, .y = 1},
        {.level = 5, .x = -32, .y = 0},         {.level = 5, .x = -1, .y = 31},
        {.level = 24, .x = -(1 << 24), .y = 0}, {.level = 24, .x = -1, .y = (1 << 24) - 1}};
    const struct kolam_tile_id outside[] = {
        {.level = 0, .x = -1, .y = 0},  /* the tile itself */
        {.level = -1, .x = -1, .y = 0}, /* its ancestors */
        {.level = -2, .x = -1, .y = 0}, {.level = -24, .x = -1, .y = 0},
        {.level = 1, .x = 0, .y = 0}, /* beside it */
        {.level = 1, .x = -3, .y = 0},  {.level = 1, .x = -1, .y = -1},
        {.level = 5, .x = -33, .y = 0}, {.level = 24, .x = 0, .y = 0}};
    for (size_t i = 0; i < 9; i++) {
        draw(f, 1, outside[i]);
    }
    assert_int_equal(below(f, tile, UINT64_MAX).count, 0);
    for (size_t i = 0; i < 6; i++) {
        draw(f, 1, inside[i]);
    }
    struct visited visited = below(f, tile, UINT64_MAX);
    assert_int_equal(visited.count, 6);
    for (uint32_t i = 0; i < 6; i++) {
        assert_true(kolam_tile_contains(tile, visited.tiles[i]));
    }
    assert_int_equal(below(f, tile, 12).count, 3);
    visited = (struct visited){.limit = 2};
    assert_int_equal(kolam_reader_homes_below(f->reader, tile, UINT64_MAX, note_home, &visited),
                     KOLAM_OK);
    assert_int_equal(visited.count, 2);
    /* The whole world's south-east is the last tile of its level: its range has no upper bound. */
    assert_int_equal(
        below(f, (struct kolam_tile_id){.level = -24, .x = 0, .y = 0}, UINT64_MAX).count, 2);
    assert_int_equal(
        below(f, (struct kolam_tile_id){.level = -24, .x = -1, .y = 0}, UINT64_MAX).count, 11);
    assert_int_equal(kolam_reader_homes_below(f->reader, (struct kolam_tile_id){.level = 30}, 1,
                                              note_home, &visited),
                     KOLAM_ERR_INVALID);
}

static void visits_the_homes_of_one_tile_in_order(void **state) {
    struct fixture *f = *state;
    const struct kolam_tile_id tile = {.level = -24, .x = 0, .y = 0};
    struct visited visited = {.limit = 256};
    for (int i = 0; i < 5; i++) {
        draw(f, 1, tile);
        draw(f, 1, kolam_tile_child(tile, 0)); /* shares the tile's first path bits */
    }
    assert_int_equal(kolam_reader_homes_at(f->reader, tile, 0, 7, note_home, &visited), KOLAM_OK);
    assert_int_equal(visited.count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(visited.seqs[i], 1 + 2 * i);
    }
    visited = (struct visited){.limit = 256};
    assert_int_equal(kolam_reader_homes_at(f->reader, tile, 3, 7, note_home, &visited), KOLAM_OK);
    assert_int_equal(visited.count, 2);
    visited = (struct visited){.limit = 2};
    assert_int_equal(kolam_reader_homes_at_backwards(f->reader, tile, 7, note_home, &visited),
                     KOLAM_OK);
    assert_int_equal(visited.seqs[0], 7);
    assert_int_equal(visited.seqs[1], 5);
}

static uint64_t newest_of(struct fixture *f, struct kolam_tile_id tile) {
    uint64_t seq = UINT64_MAX;
    assert_int_equal(kolam_reader_newest(f->reader, tile, &seq), KOLAM_OK);
    return seq;
}

/* The newest by a scan of the index, which the node table spares. */
static uint64_t newest_by_scan(struct fixture *f, struct kolam_tile_id tile) {
    struct visited visited = below(f, tile, UINT64_MAX);
    uint64_t newest = 0;
    assert_int_equal(kolam_reader_homes_at(f->reader, tile, 0, UINT64_MAX, note_home, &visited),
                     KOLAM_OK);
    for (uint32_t i = 0; i < visited.count; i++) {
        newest = visited.seqs[i] > newest ? visited.seqs[i] : newest;
    }
    return newest;
}

static void compare_newest(struct fixture *f, const struct kolam_tile_id *homes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (int32_t level = KOLAM_LEVEL_MIN; level <= homes[i].level; level++) {
            struct kolam_tile_id tile = kolam_tile_ancestor(homes[i], level);
            assert_int_equal(newest_of(f, tile), newest_by_scan(f, tile));
            if (tile.x > kolam_tile_coord_min(level)) {
                tile.x--;
                assert_int_equal(newest_of(f, tile), newest_by_scan(f, tile));
            }
        }
    }
}

static void the_newest_below_a_tile_is_known_without_a_scan(void **state) {
    struct fixture *f = *state;
    const struct kolam_tile_id homes[] = {
        {.level = 0, .x = 1, .y = 1},   {.level = 3, .x = 9, .y = 12},
        {.level = 5, .x = 33, .y = 40}, {.level = -3, .x = 0, .y = 0},
        {.level = 21, .x = -5, .y = 7}, {.level = -24, .x = 0, .y = 0}};
    for (size_t i = 0; i < 6; i++) {
        draw(f, 1, homes[i]);
        compare_newest(f, homes, 6);
    }
    assert_int_equal(change(f, KOLAM_OP_HIDE, 1), 7);
    compare_newest(f, homes, 6);
    assert_int_equal(newest_of(f, homes[0]), 7);
    assert_int_equal(newest_of(f, homes[2]), 3);
}

static void begin_pins_a_moment(void **state) {
    struct fixture *f = *state;
    draw(f, 1, NO_TILE);
    assert_int_equal(kolam_reader_begin(f->reader), KOLAM_OK);
    draw(f, 1, NO_TILE);
    assert_int_equal(info_of(f).last_seq, 1);
    assert_int_equal(kolam_reader_begin(f->reader), KOLAM_OK);
    kolam_reader_end(f->reader);
    assert_int_equal(info_of(f).last_seq, 1);
    kolam_reader_end(f->reader);
    assert_int_equal(info_of(f).last_seq, 2);
    kolam_reader_end(f->reader); /* one too many is harmless */
    assert_int_equal(info_of(f).last_seq, 2);
}

static void a_reader_does_not_hold_the_checkpoint_back(void **state) {
    struct fixture *f = *state;
    struct kolam_log_row row;
    char wal[700];
    draw(f, 1, NO_TILE);
    assert_int_equal(kolam_reader_op(f->reader, 1, &row), KOLAM_OK);
    assert_int_equal(info_of(f).last_seq, 1);
    test_log_close(&f->test);
    (void)snprintf(wal, sizeof wal, "%s-wal", f->path);
    assert_true(file_size(wal) <= 0);
    assert_int_equal(row.body[1], KOLAM_OP_STROKE);
    assert_int_equal(info_of(f).last_seq, 1);
}

static void refuses_what_is_not_there_or_not_ours(void **state) {
    struct fixture *f = *state;
    struct kolam_reader *reader = NULL;
    struct kolam_error error;
    char path[600];
    temp_path(f->folder, "none.kolam", path);
    assert_int_equal(kolam_reader_create(path, &reader, &error), KOLAM_ERR_NOT_FOUND);
    assert_false(file_exists(path));
    (void)fclose(fopen(path, "w"));
    assert_int_equal(kolam_reader_create(path, &reader, &error), KOLAM_ERR_NOT_FOUND);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 1000; i++) {
        (void)fputs("a letter, not a canvas\n", file);
    }
    (void)fclose(file);
    assert_int_equal(kolam_reader_create(path, &reader, &error), KOLAM_ERR_CORRUPT);
    assert_non_null(strstr(error.text, "none.kolam"));
    assert_int_equal(kolam_reader_create(f->folder, &reader, &error), KOLAM_ERR_IO);
}

static void run_sql(const char *path, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void set_version(const char *path, uint32_t version) {
    char sql[64];
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %u", version);
    run_sql(path, sql);
}

static enum kolam_status try_log(const char *path, struct kolam_error *error) {
    struct kolam_log *log = NULL;
    struct kolam_log_options options = {.path = path, .clock = kolam_clock_system()};
    enum kolam_status status = kolam_log_sqlite_create(&options, &log, error);
    kolam_log_destroy(log);
    return status;
}

static void a_newer_canvas_is_refused_and_left_alone(void **state) {
    struct fixture *f = *state;
    struct kolam_error error;
    close_log(f);
    set_version(f->path, kolam_schema_canvas.version + 1);
    long size = file_size(f->path);
    assert_int_equal(try_log(f->path, &error), KOLAM_ERR_TOO_NEW);
    assert_non_null(strstr(error.text, "newer kolam"));
    assert_int_equal(kolam_reader_create(f->path, &f->reader, &error), KOLAM_ERR_TOO_NEW);
    assert_int_equal(kolam_index_rebuild(f->path, &error), KOLAM_ERR_TOO_NEW);
    assert_int_equal(file_size(f->path), size);
    set_version(f->path, kolam_schema_canvas.version);
    assert_int_equal(try_log(f->path, &error), KOLAM_OK);
}

/* A file as a kolam of that version left it: one stroke in it, and no index. */
static void make_old_canvas(const char *path, uint32_t version) {
    run_sql(path, "PRAGMA journal_mode = WAL; PRAGMA application_id = 0x6b6f6c6d");
    for (uint32_t step = 0; step < version; step++) {
        run_sql(path, kolam_schema_canvas.steps[step]);
    }
    run_sql(
        path,
        "INSERT INTO meta VALUES ('incarnation', 5), ('created_ms', 6), ('raster', 1);"
        "INSERT INTO artist VALUES (1, zeroblob(16), 'Early Bird');"
        "INSERT INTO origin VALUES (1, 1, 1);"
        "INSERT INTO op (seq, time_ms, artist, origin, counter, kind, is_partial, replaces, body) "
        "VALUES (1, 1000, 1, 1, 1, 4, 0, 0, x'010400')");
    set_version(path, version);
}

static void an_older_canvas_is_brought_up_to_date_when_written(void **state) {
    struct fixture *f = *state;
    for (uint32_t version = 1; version < kolam_schema_canvas.version; version++) {
        struct kolam_error error = {.text = ""};
        struct kolam_reader *reader = NULL;
        char path[600], name[32];
        (void)snprintf(name, sizeof name, "old-%u.kolam", version);
        temp_path(f->folder, name, path);
        make_old_canvas(path, version);
        if (version == 1) {
            assert_int_equal(kolam_reader_create(path, &reader, &error), KOLAM_ERR_INVALID);
            assert_non_null(strstr(error.text, "older kolam"));
        } else { /* it only lacks what a flattened history needs */
            assert_int_equal(kolam_reader_create(path, &reader, &error), KOLAM_OK);
            kolam_reader_destroy(reader);
        }
        error.text[0] = '\0';
        (void)!try_log(path, &error);
        assert_string_equal(error.text, "");
        assert_int_equal(kolam_reader_create(path, &reader, &error), KOLAM_OK);
        struct kolam_canvas_info info;
        assert_int_equal(kolam_reader_info(reader, &info), KOLAM_OK);
        assert_int_equal(info.last_seq, 1);
        assert_int_equal(info.incarnation, 5);
        kolam_reader_destroy(reader);
    }
}

static void another_programs_database_is_refused_and_left_alone(void **state) {
    struct fixture *f = *state;
    struct kolam_error error;
    char path[600], wal[700];
    temp_path(f->folder, "other.kolam", path);
    run_sql(path, "CREATE TABLE precious (a); INSERT INTO precious VALUES (1)");
    assert_int_equal(try_log(path, &error), KOLAM_ERR_CORRUPT);
    assert_non_null(strstr(error.text, "not a kolam canvas"));
    assert_int_equal(kolam_index_rebuild(path, &error), KOLAM_ERR_CORRUPT);
    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    assert_false(file_exists(wal));
    run_sql(path, "INSERT INTO precious VALUES (2)");
}

static void dump_table(const char *path, const char *sql, char *out_text, size_t capacity) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    size_t used = 0;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW && used + 100 < capacity) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            used += (size_t)snprintf(out_text + used, capacity - used, "%s ",
                                     sqlite3_column_text(statement, i));
        }
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    assert_true(used > 0 && used + 100 < capacity);
}

#define DUMP_BYTES 65536
static const char *const derived_tables[] = {
    "SELECT hex(path), level, seq, target, box, kind FROM home ORDER BY 1, 2, 3, 4",
    "SELECT level, hex(path), seq FROM node ORDER BY 1, 2",
    "SELECT key, value FROM meta ORDER BY 1", "SELECT target, artist FROM hider ORDER BY 1, 2"};

static void a_rebuilt_index_is_the_one_that_was_written(void **state) {
    struct fixture *f = *state;
    static char before[4][DUMP_BYTES], after[DUMP_BYTES];
    for (int i = 0; i < 12; i++) {
        draw(f, (uint8_t)(1 + i % 3), (struct kolam_tile_id){.level = i % 5 - 2, .x = i, .y = -i});
    }
    change(f, KOLAM_OP_HIDE, 3);
    change(f, KOLAM_OP_SHOW, 3);
    struct kolam_log_op partial = test_stroke(NO_TILE, 500, 4);
    partial.is_partial = true;
    test_log_commit(&f->test, test_submission(2, 1, &partial, 1));
    struct kolam_log_op whole = test_stroke((struct kolam_tile_id){.level = 1, .x = 50}, 500, 9);
    test_log_commit(&f->test, test_submission(2, 1, &whole, 1));
    close_log(f);
    for (int i = 0; i < 4; i++) {
        dump_table(f->path, derived_tables[i], before[i], DUMP_BYTES);
    }
    for (int round = 0; round < 2; round++) {
        assert_int_equal(kolam_index_rebuild(f->path, NULL), KOLAM_OK);
        for (int i = 0; i < 4; i++) {
            dump_table(f->path, derived_tables[i], after, DUMP_BYTES);
            assert_string_equal(after, before[i]);
        }
        run_sql(f->path, "DELETE FROM home WHERE seq % 2; UPDATE node SET seq = 0;"
                         "DELETE FROM meta WHERE key = 'levels';"
                         "UPDATE hider SET artist = artist + 1");
    }
    /* An op that cannot be read: the index stays as it was. */
    run_sql(f->path, "UPDATE op SET body = x'0101' WHERE seq = 5");
    struct kolam_error error;
    dump_table(f->path, derived_tables[0], before[0], DUMP_BYTES);
    assert_int_equal(kolam_index_rebuild(f->path, &error), KOLAM_ERR_CORRUPT);
    assert_non_null(strstr(error.text, "op 5"));
    dump_table(f->path, derived_tables[0], after, DUMP_BYTES);
    assert_string_equal(after, before[0]);
}

static void count_problem(void *ctx, const char *problem) {
    (void)problem;
    ++*(int *)ctx;
}

static void integrity_problems_are_reported(void **state) {
    struct fixture *f = *state;
    int problems = 0;
    for (int i = 0; i < 200; i++) {
        draw(f, 1, (struct kolam_tile_id){.level = 0, .x = i * 7, .y = i});
    }
    assert_int_equal(kolam_reader_integrity(f->reader, count_problem, &problems), KOLAM_OK);
    assert_int_equal(problems, 0);
    close_log(f);
    FILE *file = fopen(f->path, "r+b");
    for (long offset = 4096 * 8; offset < file_size(f->path); offset += 512) {
        (void)fseek(file, offset, SEEK_SET);
        (void)fputs("damage", file);
    }
    (void)fclose(file);
    open_reader(f);
    enum kolam_status status = kolam_reader_integrity(f->reader, count_problem, &problems);
    assert_true(problems > 0 || status == KOLAM_ERR_CORRUPT);
}

/* As another user, where root may; else as whoever runs the test, whom the mode stops too. */
static int read_as_stranger(const char *path) {
    pid_t child = fork();
    if (child == 0) {
        struct kolam_reader *reader = NULL;
        struct kolam_canvas_info info;
        if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) {
            _exit(90);
        }
        enum kolam_status status = kolam_reader_create(path, &reader, NULL);
        if (status == KOLAM_OK) {
            status = kolam_reader_info(reader, &info);
        }
        kolam_reader_destroy(reader);
        _exit(status == KOLAM_OK ? (int)info.last_seq : 100 + (int)status);
    }
    int wait_status = 0;
    (void)waitpid(child, &wait_status, 0);
    return WEXITSTATUS(wait_status);
}

static void reads_in_a_folder_that_may_not_be_written(void **state) {
    struct fixture *f = *state;
    draw(f, 1, NO_TILE);
    draw(f, 1, NO_TILE);
    (void)chmod(f->folder, 0755);
    assert_int_equal(read_as_stranger(f->path), 2); /* beside the server: its -shm is there */
    close_log(f);
    (void)chmod(f->folder, 0555);
    assert_int_equal(read_as_stranger(f->path), 2); /* closed cleanly: complete in itself */
    (void)chmod(f->folder, 0755);
}

/* Draws twice and is killed: the work stays in the -wal. */
static void draw_and_die(const char *path) {
    pid_t child = fork();
    if (child == 0) {
        static struct fixture f;
        (void)snprintf(f.path, sizeof f.path, "%s", path);
        test_log_open(&f.test, path, kolam_clock_system(), 0);
        draw(&f, 1, NO_TILE);
        draw(&f, 1, NO_TILE);
        (void)kill(getpid(), SIGKILL);
    }
    (void)waitpid(child, NULL, 0);
}

static void work_left_in_a_wal_is_read_or_told_of(void **state) {
    struct fixture *f = *state;
    char shm[700], wal[700];
    close_log(f);
    draw_and_die(f->path);
    (void)snprintf(wal, sizeof wal, "%s-wal", f->path);
    (void)snprintf(shm, sizeof shm, "%s-shm", f->path);
    assert_true(file_size(wal) > 0);
    (void)chmod(f->folder, 0555);
    assert_int_equal(read_as_stranger(f->path), 2);
    (void)chmod(f->folder, 0755);
    assert_int_equal(unlink(shm), 0);
    (void)chmod(f->folder, 0555);
    assert_int_equal(read_as_stranger(f->path), 100 + KOLAM_ERR_IO);
    (void)chmod(f->folder, 0755);
    open_reader(f); /* whoever may write there reads it */
    assert_int_equal(info_of(f).last_seq, 2);
}

static void survives_failed_allocations(void **state) {
    struct fixture *f = *state;
    draw(f, 1, NO_TILE);
    enum kolam_status status = KOLAM_ERR_NOMEM;
    for (int64_t nth = 0; status != KOLAM_OK && nth < 30; nth++) {
        struct kolam_reader *reader = NULL;
        struct kolam_canvas_info info;
        struct kolam_log_row row;
        fail_allocation(nth);
        status = kolam_reader_create(f->path, &reader, NULL);
        if (status == KOLAM_OK) {
            status = kolam_reader_info(reader, &info);
        }
        if (status == KOLAM_OK) {
            status = kolam_reader_op(reader, 1, &row);
        }
        kolam_reader_destroy(reader);
        assert_true(status == KOLAM_OK || status == KOLAM_ERR_NOMEM);
    }
    kolam_alloc_set_hook(NULL, NULL);
    assert_int_equal(status, KOLAM_OK);
}

int main(void) {
#define READER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        READER_TEST(an_empty_canvas_has_no_box_and_nothing_recent),
        READER_TEST(knows_what_was_drawn_last_and_where),
        READER_TEST(the_box_holds_all_ink_at_every_level),
        cmocka_unit_test(the_box_is_rounded_outwards),
        READER_TEST(gives_ops_by_seq),
        READER_TEST(artists_have_names),
        READER_TEST(finds_what_is_below_a_tile_and_nothing_else),
        READER_TEST(visits_the_homes_of_one_tile_in_order),
        READER_TEST(the_newest_below_a_tile_is_known_without_a_scan),
        READER_TEST(begin_pins_a_moment),
        READER_TEST(a_reader_does_not_hold_the_checkpoint_back),
        READER_TEST(refuses_what_is_not_there_or_not_ours),
        READER_TEST(a_newer_canvas_is_refused_and_left_alone),
        READER_TEST(an_older_canvas_is_brought_up_to_date_when_written),
        READER_TEST(another_programs_database_is_refused_and_left_alone),
        READER_TEST(a_rebuilt_index_is_the_one_that_was_written),
        READER_TEST(integrity_problems_are_reported),
        READER_TEST(reads_in_a_folder_that_may_not_be_written),
        READER_TEST(work_left_in_a_wal_is_read_or_told_of),
        READER_TEST(survives_failed_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
