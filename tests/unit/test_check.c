/* kolam check on canvases that were damaged on purpose: each kind of damage is found, and what is derived is
 * repaired. The verbs run as they are, in this process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <getopt.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/command.h"
#include "kolam/folder.h"
#include "tools/canvas_files.h"

struct wall {
    char folder[64], data[80], file[80];
    char log_path[KOLAM_PATH_MAX], tiles_path[KOLAM_PATH_MAX];
};

/* Runs a verb without its output, but for the beginning of its complaints in `said`; gives its exit status. */
static int run_and_hear(int (*verb)(int, char **), char *const *arguments, char said[512]) {
    char *argv[16];
    int argc = 0;
    for (; arguments[argc]; argc++) {
        argv[argc] = arguments[argc];
    }
    argv[argc] = NULL;
    fflush(stdout);
    int kept_out = dup(STDOUT_FILENO), kept_error = dup(STDERR_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int words = memfd_create("words", MFD_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    dup2(words, STDERR_FILENO);
    optind = 0; /* getopt begins anew */
    int status = verb(argc, argv);
    fflush(stdout);
    dup2(kept_out, STDOUT_FILENO);
    dup2(kept_error, STDERR_FILENO);
    close(kept_out);
    close(kept_error);
    close(nowhere);
    ssize_t count = pread(words, said, 511, 0);
    said[count > 0 ? count : 0] = '\0';
    close(words);
    return status;
}

static int run(int (*verb)(int, char **), char *const *arguments) {
    char said[512];
    return run_and_hear(verb, arguments, said);
}

static int check(struct wall *wall, const char *option) {
    char *arguments[] = {(char[]){"check"}, (char[]){"--data"}, wall->data,
                         (char *)(uintptr_t)option, NULL};
    return run(kolam_cmd_check, arguments);
}

/* Draws some tiles, near and far, so that there is something derived to check. */
static void draw_tiles(struct wall *wall) {
    struct kolam_reader *reader;
    struct kolam_tile_store *store;
    struct kolam_raster *raster;
    struct kolam_canvas_info info;
    uint32_t *pixels = malloc(KOLAM_TILE_PIXELS * sizeof *pixels);
    assert_non_null(pixels);
    assert_int_equal(kolam_reader_create(wall->log_path, &reader, NULL), KOLAM_OK);
    assert_int_equal(kolam_reader_info(reader, &info), KOLAM_OK);
    assert_int_equal(
        kolam_tile_store_sqlite_create(wall->tiles_path, info.incarnation, false, &store, NULL),
        KOLAM_OK);
    assert_int_equal(kolam_raster_create(reader, store, &raster), KOLAM_OK);
    for (int32_t level = 0; level >= -2; level--) {
        uint64_t seq;
        bool is_empty;
        struct kolam_tile_id tile = {0, 0, level};
        assert_int_equal(kolam_raster_tile(raster, tile, KOLAM_SEQ_NOW, pixels, &seq, &is_empty),
                         KOLAM_OK);
        assert_false(is_empty);
    }
    kolam_raster_destroy(raster);
    kolam_tile_store_destroy(store);
    kolam_reader_destroy(reader);
    free(pixels);
}

static int make_wall(void **state) {
    struct wall *wall = calloc(1, sizeof *wall);
    assert_non_null(wall);
    const char *base = getenv("TMPDIR");
    snprintf(wall->folder, sizeof wall->folder, "%s/kolam-check-test-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(wall->folder));
    snprintf(wall->data, sizeof wall->data, "%s/data", wall->folder);
    snprintf(wall->file, sizeof wall->file, "%s/a.ndjson", wall->folder);
    snprintf(wall->log_path, sizeof wall->log_path, "%s/canvases/main.kolam", wall->data);
    snprintf(wall->tiles_path, sizeof wall->tiles_path, "%s/canvases/main.tiles", wall->data);
    FILE *file = fopen(wall->file, "w");
    assert_non_null(file);
    for (int i = 0; i < 40; i++) {
        fprintf(file,
                "{\"author\":\"a%d\",\"color\":\"#204080c0\",\"width\":5,\"tool\":\"pen\","
                "\"points\":[[%d,10],[%d,300]]}\n",
                i % 3, 5 * i, 7 * i);
    }
    fclose(file);
    char *arguments[] = {(char[]){"import"}, (char[]){"--data"}, wall->data, wall->file, NULL};
    assert_int_equal(run(kolam_cmd_import, arguments), 0);
    draw_tiles(wall);
    *state = wall;
    return 0;
}

static int drop_wall(void **state) {
    struct wall *wall = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", wall->folder);
    int status = system(command);
    free(wall);
    return status;
}

/* Changes a file behind the engine's back; -1 rows: some. */
static void damage(const char *path, const char *sql, int row_count) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s: %s", sql, message);
    }
    int changed = sqlite3_changes(db);
    assert_true(row_count < 0 ? changed > 0 : changed == row_count);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void sound_wall_passes(void **state) {
    assert_int_equal(check(*state, NULL), 0);
    assert_int_equal(check(*state, "--thorough"), 0);
    assert_int_equal(check(*state, "--repair"), 0);
}

/* Found, still there without --repair, mended by it, and gone. */
static void is_found_and_repaired(struct wall *wall) {
    assert_int_equal(check(wall, NULL), 1);
    assert_int_equal(check(wall, NULL), 1);
    assert_int_equal(check(wall, "--repair"), 0);
    assert_int_equal(check(wall, NULL), 0);
}

static void missing_index_row_is_repaired(void **state) {
    struct wall *wall = *state;
    damage(wall->log_path, "DELETE FROM home WHERE seq = 7", 2);
    is_found_and_repaired(wall);
}

static void wrong_index_is_repaired(void **state) {
    struct wall *wall = *state;
    damage(wall->log_path, "UPDATE home SET box = box + 1 WHERE seq = 7", 2);
    is_found_and_repaired(wall);
}

static void newest_ops_index_behind_the_log_is_repaired(void **state) {
    struct wall *wall = *state;
    damage(wall->log_path, "UPDATE node SET seq = 1 WHERE level = 0 AND seq = 40", -1);
    is_found_and_repaired(wall);
}

static void tile_of_other_pixels_is_repaired(void **state) {
    struct wall *wall = *state;
    /* The pixels of level -1 for those of level 0: readable, and wrong. */
    damage(wall->tiles_path,
           "UPDATE tile SET pixels = (SELECT pixels FROM tile WHERE level = -1) WHERE level = 0",
           1);
    is_found_and_repaired(wall);
}

static void tile_that_cannot_be_read_is_repaired(void **state) {
    struct wall *wall = *state;
    damage(wall->tiles_path, "UPDATE tile SET pixels = x'0100' WHERE level = -2", 1);
    is_found_and_repaired(wall);
}

static void tile_of_a_wrong_seq_is_repaired(void **state) {
    struct wall *wall = *state;
    damage(wall->tiles_path, "UPDATE tile SET seq = seq - 1 WHERE level = 0", 1);
    is_found_and_repaired(wall);
}

/* The log is the canvas: what is wrong there is told, and never "repaired". */
static void is_found_for_good(struct wall *wall) {
    assert_int_equal(check(wall, NULL), 1);
    assert_int_equal(check(wall, "--repair"), 1);
    assert_int_equal(check(wall, NULL), 1);
}

static void op_that_is_missing_is_found(void **state) {
    struct wall *wall = *state;
    damage(wall->log_path, "DELETE FROM op WHERE seq = 20", 1);
    is_found_for_good(wall);
}

static void op_that_cannot_be_decoded_is_found(void **state) {
    struct wall *wall = *state;
    damage(wall->log_path, "UPDATE op SET body = x'0109' WHERE seq = 20", 1);
    is_found_for_good(wall);
}

static void record_that_claims_to_be_a_place_is_found(void **state) {
    struct wall *wall = *state;
    damage(wall->log_path,
           "UPDATE op SET kind = 4, body = CAST(x'010410' || '{\"kind\":\"place\"}' AS BLOB) "
           "WHERE seq = 20",
           1);
    is_found_for_good(wall);
}

static void time_that_goes_back_is_found(void **state) {
    struct wall *wall = *state;
    damage(wall->log_path, "UPDATE op SET time_ms = 1 WHERE seq = 20", 1);
    is_found_for_good(wall);
}

/* It is looked at like any other: nothing is allocated by what a file claims. */
static void number_of_an_artist_that_none_may_have_is_told(void **state) {
    struct wall *wall = *state;
    char said[512];
    char *arguments[] = {(char[]){"check"}, (char[]){"--data"}, wall->data, NULL};
    damage(wall->log_path,
           "INSERT INTO artist (number, ident, name) VALUES (1 << 55, zeroblob(16), 'Mira')", 1);
    assert_int_equal(run_and_hear(kolam_cmd_check, arguments, said), 1);
    assert_non_null(strstr(said, "36028797018963968, which none may have"));
}

static void unknown_artist_is_found(void **state) {
    struct wall *wall = *state;
    damage(wall->log_path, "UPDATE op SET artist = 99 WHERE seq = 20", 1);
    is_found_for_good(wall);
}

static void torn_file_is_found(void **state) {
    struct wall *wall = *state;
    int fd = open(wall->log_path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    static const uint8_t junk[16384] = {0xff, 0xee, 0xdd};
    assert_int_equal(pwrite(fd, junk, sizeof junk, 8192), sizeof junk);
    close(fd);
    assert_int_equal(check(wall, NULL), 1);
}

#define ON_A_WALL(test) cmocka_unit_test_setup_teardown(test, make_wall, drop_wall)

/* ---- a wall whose older history was flattened ---- */

static void flatten(struct wall *wall) {
    char *arguments[] = {(char[]){"compact"}, (char[]){"--data"}, wall->data, (char[]){"--before"},
                         (char[]){"25"},      (char[]){"--yes"},  NULL};
    assert_int_equal(run(kolam_cmd_compact, arguments), 0);
    draw_tiles(wall);
    assert_int_equal(check(wall, NULL), 0);
}

static void index_of_a_flattened_wall_is_repaired(void **state) {
    struct wall *wall = *state;
    flatten(wall);
    damage(wall->log_path, "DELETE FROM home WHERE seq = 27", 2);
    is_found_and_repaired(wall);
    damage(wall->log_path, "UPDATE node SET seq = 26 WHERE level = 0 AND seq = 40", -1);
    is_found_and_repaired(wall);
}

static void tiles_upon_a_base_are_repaired(void **state) {
    struct wall *wall = *state;
    flatten(wall);
    damage(wall->tiles_path,
           "UPDATE tile SET pixels = (SELECT pixels FROM tile WHERE level = -1) WHERE level = 0",
           1);
    is_found_and_repaired(wall);
}

/* Nothing can draw it again: it is told, also by --repair, and nothing else is changed. */
static void is_found_and_stays(struct wall *wall, const char *sql) {
    flatten(wall);
    damage(wall->log_path, sql, -1);
    assert_int_equal(check(wall, NULL), 1);
    assert_int_equal(check(wall, "--repair"), 1);
    assert_int_equal(check(wall, NULL), 1);
}

static void damaged_base_picture_is_told(void **state) {
    is_found_and_stays(*state, "UPDATE base SET pixels = substr(pixels, 1, 40) || x'00' || "
                               "substr(pixels, 42) WHERE level = 0");
}

static void base_painted_elsewhere_is_told(void **state) {
    is_found_and_stays(*state, "UPDATE base SET ink = ink + 1 WHERE level = 0");
}

static void base_tile_without_ancestor_is_told(void **state) {
    is_found_and_stays(*state, "DELETE FROM base WHERE level = -7");
}

static void average_of_missing_base_tiles_is_told(void **state) {
    is_found_and_stays(*state, "UPDATE base SET pixels = NULL, below = 1025 WHERE level = 0");
}

static void missing_ids_of_flattened_ops_are_told(void **state) {
    is_found_and_stays(*state, "UPDATE base_id SET count = count - 1 WHERE seq > 1");
}

static void base_that_claims_other_ops_is_told(void **state) {
    is_found_and_stays(*state, "UPDATE meta SET value = 30 WHERE key = 'base_seq'");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_A_WALL(sound_wall_passes),
        ON_A_WALL(missing_index_row_is_repaired),
        ON_A_WALL(wrong_index_is_repaired),
        ON_A_WALL(newest_ops_index_behind_the_log_is_repaired),
        ON_A_WALL(tile_of_other_pixels_is_repaired),
        ON_A_WALL(tile_that_cannot_be_read_is_repaired),
        ON_A_WALL(tile_of_a_wrong_seq_is_repaired),
        ON_A_WALL(op_that_is_missing_is_found),
        ON_A_WALL(op_that_cannot_be_decoded_is_found),
        ON_A_WALL(record_that_claims_to_be_a_place_is_found),
        ON_A_WALL(time_that_goes_back_is_found),
        ON_A_WALL(number_of_an_artist_that_none_may_have_is_told),
        ON_A_WALL(unknown_artist_is_found),
        ON_A_WALL(torn_file_is_found),
        ON_A_WALL(index_of_a_flattened_wall_is_repaired),
        ON_A_WALL(tiles_upon_a_base_are_repaired),
        ON_A_WALL(damaged_base_picture_is_told),
        ON_A_WALL(base_painted_elsewhere_is_told),
        ON_A_WALL(base_tile_without_ancestor_is_told),
        ON_A_WALL(average_of_missing_base_tiles_is_told),
        ON_A_WALL(missing_ids_of_flattened_ops_are_told),
        ON_A_WALL(base_that_claims_other_ops_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
