/* The tile store: what is put comes back; what is damaged, foreign or outdated was never there.
 * thread-test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/tile_store.h"
#include "tests/support/store.h"

#define PIXELS (KOLAM_TILE_PX * KOLAM_TILE_PX)

static const struct kolam_tile_id tile_a = {.level = -3, .x = -7, .y = 12};
static const struct kolam_tile_id tile_b = {
    .level = 24, .x = INT64_C(1) << 46, .y = -(INT64_C(1) << 46)};

struct fixture {
    char folder[512], path[600];
    struct kolam_tile_store *store;
    uint32_t drawn[PIXELS], got[PIXELS];
};

static struct kolam_tile_store *open_store(const char *path, uint64_t incarnation) {
    struct kolam_tile_store *store = NULL;
    assert_int_equal(kolam_tile_store_sqlite_create(path, incarnation, false, &store, NULL),
                     KOLAM_OK);
    return store;
}

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->folder);
    temp_path(f->folder, "main.tiles", f->path);
    f->store = open_store(f->path, 77);
    for (uint32_t i = 0; i < PIXELS; i++) {
        f->drawn[i] = i % 11 == 0 ? 0xff000000u | i : 0;
    }
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    kolam_tile_store_destroy(f->store);
    temp_folder_remove(f->folder);
    test_free(f);
    return 0;
}

/* As the store's own calls, with the seq and the emptiness alone. */
static enum kolam_status get_tile(struct kolam_tile_store *store, struct kolam_tile_id tile,
                                  uint64_t *out_seq, bool *out_is_empty, uint32_t *out_pixels) {
    struct kolam_tile_picture picture;
    enum kolam_status status = kolam_tile_store_get(store, tile, &picture, out_pixels);
    if (status == KOLAM_OK) {
        *out_seq = picture.seq;
        *out_is_empty = picture.is_empty;
    }
    return status;
}

static enum kolam_status put_tile(struct kolam_tile_store *store, struct kolam_tile_id tile,
                                  uint64_t seq, const uint32_t *pixels) {
    struct kolam_tile_picture picture = {.seq = seq, .is_empty = !pixels};
    return kolam_tile_store_put(store, tile, &picture, pixels);
}

static void expect_none(struct fixture *f, struct kolam_tile_id tile) {
    uint64_t seq;
    bool is_empty;
    assert_int_equal(get_tile(f->store, tile, &seq, &is_empty, f->got), KOLAM_ERR_NOT_FOUND);
}

static void expect_drawn(struct fixture *f, struct kolam_tile_id tile, uint64_t expected_seq) {
    uint64_t seq = 0;
    bool is_empty = true;
    memset(f->got, 0x55, sizeof f->got);
    assert_int_equal(get_tile(f->store, tile, &seq, &is_empty, f->got), KOLAM_OK);
    assert_int_equal(seq, expected_seq);
    assert_false(is_empty);
    assert_memory_equal(f->got, f->drawn, sizeof f->got);
}

static void put(struct fixture *f, struct kolam_tile_id tile, uint64_t seq,
                const uint32_t *pixels) {
    assert_int_equal(put_tile(f->store, tile, seq, pixels), KOLAM_OK);
}

/* Does something to the file that the store would not. */
static void damage(struct fixture *f, const char *sql) {
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void overwrite(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void gives_back_what_was_put(void **state) {
    struct fixture *f = *state;
    expect_none(f, tile_a);
    put(f, tile_a, 5, f->drawn);
    put(f, tile_b, 6, f->drawn);
    expect_drawn(f, tile_a, 5);
    expect_drawn(f, tile_b, 6);
    expect_none(f, (struct kolam_tile_id){.level = -3, .x = 12, .y = -7});
}

static void an_empty_tile_comes_back_clear(void **state) {
    struct fixture *f = *state;
    static const uint32_t clear[PIXELS];
    uint64_t seq;
    bool is_empty = false;
    put(f, tile_a, 5, NULL);
    memset(f->got, 0x55, sizeof f->got);
    assert_int_equal(get_tile(f->store, tile_a, &seq, &is_empty, f->got), KOLAM_OK);
    assert_true(is_empty);
    assert_memory_equal(f->got, clear, sizeof clear);
}

static void an_older_tile_does_not_replace_a_newer(void **state) {
    struct fixture *f = *state;
    put(f, tile_a, 5, f->drawn);
    put(f, tile_a, 4, NULL);
    expect_drawn(f, tile_a, 5);
    put(f, tile_a, 6, NULL);
    put(f, tile_a, 6, f->drawn);
    expect_drawn(f, tile_a, 6);
}

static bool count_tiles(void *ctx, struct kolam_tile_id tile, uint64_t seq) {
    uint64_t *sum = ctx;
    assert_true(kolam_tile_is_valid(tile));
    *sum += seq;
    return *sum < 1000;
}

static void visits_each_tile_until_told_to_stop(void **state) {
    struct fixture *f = *state;
    uint64_t sum = 0;
    put(f, tile_a, 5, f->drawn);
    put(f, tile_b, 6, NULL);
    assert_int_equal(kolam_tile_store_each(f->store, KOLAM_TILE_SNAPSHOT, count_tiles, &sum),
                     KOLAM_OK);
    assert_int_equal(sum, 11);
    sum = 1000;
    assert_int_equal(kolam_tile_store_each(f->store, KOLAM_TILE_SNAPSHOT, count_tiles, &sum),
                     KOLAM_OK);
    assert_true(sum == 1005 || sum == 1006);
    assert_int_equal(kolam_tile_store_remove(f->store, tile_a), KOLAM_OK);
    assert_int_equal(kolam_tile_store_remove(f->store, tile_a), KOLAM_OK);
    expect_none(f, tile_a);
}

static bool count_one(void *ctx, struct kolam_tile_id tile, uint64_t seq) {
    uint64_t *count = ctx;
    (void)tile, (void)seq;
    ++*count;
    return true;
}

static void keep(struct fixture *f, uint64_t seq) {
    struct kolam_tile_picture picture = {.seq = seq, .is_averaged = seq % 2};
    f->drawn[0] = (uint32_t)seq;
    assert_int_equal(kolam_tile_store_keep(f->store, tile_a, &picture, f->drawn), KOLAM_OK);
}

static uint64_t recall(struct fixture *f, uint64_t max_seq) {
    struct kolam_tile_picture picture;
    if (kolam_tile_store_recall(f->store, tile_a, max_seq, &picture, f->got) != KOLAM_OK) {
        return 0;
    }
    assert_int_equal(f->got[0], picture.seq);
    assert_int_equal(picture.is_averaged, picture.seq % 2);
    return picture.seq;
}

static void recalls_the_picture_before_a_moment(void **state) {
    struct fixture *f = *state;
    struct kolam_tile_picture picture = {.is_empty = true};
    assert_int_equal(recall(f, UINT64_MAX), 0);
    keep(f, 10);
    keep(f, 21);
    put(f, tile_a, 30, NULL);
    assert_int_equal(recall(f, 29), 21);
    assert_int_equal(kolam_tile_store_recall(f->store, tile_a, 30, &picture, f->got), KOLAM_OK);
    assert_int_equal(picture.seq, 30); /* the snapshot, where it is the newest up to then */
    assert_true(picture.is_empty);
    keep(f, 40);
    assert_int_equal(recall(f, 41), 40); /* it may also be older than a keyframe */
    assert_int_equal(kolam_tile_store_remove(f->store, tile_a), KOLAM_OK);
    keep(f, 10);
    keep(f, 21);
    assert_int_equal(recall(f, 9), 0);
    assert_int_equal(recall(f, 10), 10);
    assert_int_equal(recall(f, 20), 10);
    assert_int_equal(recall(f, UINT64_MAX), 21);
    assert_int_equal(kolam_tile_store_remove(f->store, tile_a), KOLAM_OK);
    assert_int_equal(recall(f, UINT64_MAX), 0);
}

static void thins_keyframes_and_keeps_some_of_each_time(void **state) {
    struct fixture *f = *state;
    uint64_t count = 0;
    for (uint64_t seq = 1; seq <= 400; seq++) {
        keep(f, seq);
    }
    assert_int_equal(kolam_tile_store_each(f->store, KOLAM_TILE_KEYFRAME, count_one, &count),
                     KOLAM_OK);
    assert_int_equal(count, KOLAM_KEYFRAMES_MAX);
    assert_int_equal(recall(f, 400), 400);
    assert_int_equal(recall(f, 1), 1);
    for (uint64_t seq = 1; seq <= 400; seq++) {
        assert_in_range(recall(f, seq), seq > 16 ? seq - 16 : 1, seq);
    }
}

static void keeps_tiles_of_the_same_incarnation_only(void **state) {
    struct fixture *f = *state;
    put(f, tile_a, 5, f->drawn);
    kolam_tile_store_destroy(f->store);
    f->store = open_store(f->path, 77);
    expect_drawn(f, tile_a, 5);
    kolam_tile_store_destroy(f->store);
    f->store = open_store(f->path, 78);
    expect_none(f, tile_a);
}

static void forgets_tiles_of_another_raster_version(void **state) {
    struct fixture *f = *state;
    put(f, tile_a, 5, f->drawn);
    kolam_tile_store_destroy(f->store);
    damage(f, "UPDATE meta SET value = value + 1 WHERE key = 'raster'");
    f->store = open_store(f->path, 77);
    expect_none(f, tile_a);
}

static void a_damaged_tile_was_never_there(void **state) {
    struct fixture *f = *state;
    put(f, tile_a, 5, f->drawn);
    put(f, tile_b, 5, f->drawn);
    damage(f, "UPDATE tile SET pixels = substr(pixels, 1, length(pixels) / 2), seq = 1000000"
              " WHERE level = -3");
    expect_none(f, tile_a);
    expect_drawn(f, tile_b, 5);
    put(f, tile_a, 6, f->drawn); /* although the damaged row claimed to be newer */
    expect_drawn(f, tile_a, 6);
    damage(f, "UPDATE tile SET pixels = x'09' WHERE level = -3");
    expect_none(f, tile_a);
    put(f, tile_a, 6, f->drawn);
    damage(f, "UPDATE tile SET pixels = NULL WHERE level = -3");
    expect_none(f, tile_a);
}

static void a_damaged_file_is_made_anew_and_says_so(void **state) {
    struct fixture *f = *state;
    const char *const contents[] = {
        "this is no database, and longer than a page header needs to be, "
        "so that it is looked at: ........................................",
        "x"};
    for (size_t i = 0; i < 2; i++) {
        struct kolam_error error;
        put(f, tile_a, 5, f->drawn);
        kolam_tile_store_destroy(f->store);
        overwrite(f->path, contents[i]);
        assert_int_equal(kolam_tile_store_sqlite_create(f->path, 77, false, &f->store, &error),
                         KOLAM_OK);
        if (i == 0) { /* SQLite takes a file of a few bytes for an empty one */
            assert_non_null(strstr(error.text, "main.tiles"));
        }
        expect_none(f, tile_a);
    }
    put(f, tile_a, 5, f->drawn);
    kolam_tile_store_destroy(f->store);
    damage(f, "PRAGMA user_version = 99");
    f->store = open_store(f->path, 77);
    expect_none(f, tile_a);
}

static void a_damaged_page_is_no_error(void **state) {
    struct fixture *f = *state;
    for (int i = 0; i < 40; i++) {
        put(f, (struct kolam_tile_id){.level = 0, .x = i, .y = 0}, 5, f->drawn);
    }
    kolam_tile_store_destroy(f->store);
    FILE *file = fopen(f->path, "r+b");
    assert_non_null(file);
    long size = file_size(f->path);
    for (long offset = 4096 * 3; offset < size; offset += 64) {
        (void)fseek(file, offset, SEEK_SET);
        (void)fwrite("\xde\xad\xbe\xef", 1, 4, file);
    }
    (void)fclose(file);
    f->store = open_store(f->path, 77);
    for (int i = 0; i < 40; i++) {
        struct kolam_tile_id tile = {.level = 0, .x = i, .y = 0};
        uint64_t seq;
        bool is_empty;
        enum kolam_status status = get_tile(f->store, tile, &seq, &is_empty, f->got);
        assert_true(status == KOLAM_ERR_NOT_FOUND ||
                    (status == KOLAM_OK && memcmp(f->got, f->drawn, sizeof f->got) == 0));
    }
}

static void read_only_changes_nothing(void **state) {
    struct fixture *f = *state;
    struct kolam_tile_store *reader = NULL;
    char missing[600];
    temp_path(f->folder, "none.tiles", missing);
    assert_int_equal(kolam_tile_store_sqlite_create(missing, 77, true, &reader, NULL),
                     KOLAM_ERR_NOT_FOUND);
    assert_false(file_exists(missing));
    put(f, tile_a, 5, f->drawn);
    assert_int_equal(kolam_tile_store_sqlite_create(f->path, 78, true, &reader, NULL),
                     KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_tile_store_sqlite_create(f->path, 77, true, &reader, NULL), KOLAM_OK);
    assert_int_equal(put_tile(reader, tile_a, 9, NULL), KOLAM_OK);
    assert_int_equal(kolam_tile_store_remove(reader, tile_a), KOLAM_OK);
    kolam_tile_store_destroy(reader);
    expect_drawn(f, tile_a, 5);
}

static void the_null_store_forgets(void **state) {
    (void)state;
    struct kolam_tile_store *store = kolam_tile_store_null_create();
    uint32_t *pixels = kolam_alloc_zero(PIXELS, sizeof *pixels);
    uint64_t seq, sum = 0;
    bool is_empty;
    assert_int_equal(put_tile(store, tile_a, 1, pixels), KOLAM_OK);
    assert_int_equal(get_tile(store, tile_a, &seq, &is_empty, pixels), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_tile_store_each(store, KOLAM_TILE_SNAPSHOT, count_tiles, &sum),
                     KOLAM_OK);
    assert_int_equal(kolam_tile_store_remove(store, tile_a), KOLAM_OK);
    assert_int_equal(sum, 0);
    kolam_tile_store_destroy(store);
    kolam_free(pixels);
}

/* Several workers open, write and read at once: the newest seq of each tile is what stays. */
struct worker {
    pthread_t thread;
    const char *path;
    uint64_t first_seq;
    int failures;
};

static void *work(void *arg) {
    struct worker *worker = arg;
    struct kolam_tile_store *store = NULL;
    uint32_t *pixels = kolam_alloc_array(PIXELS, sizeof *pixels);
    if (!pixels ||
        kolam_tile_store_sqlite_create(worker->path, 5, false, &store, NULL) != KOLAM_OK) {
        worker->failures++;
        kolam_free(pixels);
        return NULL;
    }
    for (uint64_t round = 0; round < 25; round++) {
        uint64_t seq = worker->first_seq + round * 4, stored;
        struct kolam_tile_id tile = {.level = 0, .x = (int64_t)(round % 5), .y = 0};
        bool is_empty;
        for (uint32_t i = 0; i < PIXELS; i++) {
            pixels[i] = (uint32_t)seq;
        }
        worker->failures += put_tile(store, tile, seq, pixels) != KOLAM_OK;
        enum kolam_status status = get_tile(store, tile, &stored, &is_empty, pixels);
        worker->failures += status != KOLAM_OK || stored < seq || pixels[PIXELS - 1] != stored;
    }
    kolam_tile_store_destroy(store);
    kolam_free(pixels);
    return NULL;
}

static void threads_take_turns(void **state) {
    struct fixture *f = *state;
    struct worker workers[4];
    char path[600];
    temp_path(f->folder, "shared.tiles", path);
    overwrite(path, "all of them find this here and one makes it anew");
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){.path = path, .first_seq = 1 + (uint64_t)i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].failures, 0);
    }
    kolam_tile_store_destroy(f->store);
    f->store = open_store(path, 5);
    uint64_t seq;
    bool is_empty;
    for (int x = 0; x < 5; x++) {
        struct kolam_tile_id tile = {.level = 0, .x = x, .y = 0};
        assert_int_equal(get_tile(f->store, tile, &seq, &is_empty, f->got), KOLAM_OK);
        assert_int_equal(seq, 4 + (uint64_t)(20 + x) * 4);
        assert_int_equal(f->got[0], seq);
    }
}

static void survives_every_failed_allocation(void **state) {
    struct fixture *f = *state;
    char path[600];
    temp_path(f->folder, "alloc.tiles", path);
    enum kolam_status status = KOLAM_ERR_NOMEM;
    for (int64_t nth = 0; status != KOLAM_OK && nth < 50; nth++) {
        struct kolam_tile_store *store = NULL;
        fail_allocation(nth);
        status = kolam_tile_store_sqlite_create(path, 1, false, &store, NULL);
        assert_true(status == KOLAM_OK || status == KOLAM_ERR_NOMEM);
        if (status == KOLAM_OK) {
            status = put_tile(store, tile_a, 1, f->drawn);
            kolam_tile_store_destroy(store);
        }
    }
    kolam_alloc_set_hook(NULL, NULL);
    assert_int_equal(status, KOLAM_OK);
}

int main(void) {
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        STORE_TEST(gives_back_what_was_put),
        STORE_TEST(an_empty_tile_comes_back_clear),
        STORE_TEST(an_older_tile_does_not_replace_a_newer),
        STORE_TEST(visits_each_tile_until_told_to_stop),
        STORE_TEST(recalls_the_picture_before_a_moment),
        STORE_TEST(thins_keyframes_and_keeps_some_of_each_time),
        STORE_TEST(keeps_tiles_of_the_same_incarnation_only),
        STORE_TEST(forgets_tiles_of_another_raster_version),
        STORE_TEST(a_damaged_tile_was_never_there),
        STORE_TEST(a_damaged_file_is_made_anew_and_says_so),
        STORE_TEST(a_damaged_page_is_no_error),
        STORE_TEST(read_only_changes_nothing),
        STORE_TEST(threads_take_turns),
        STORE_TEST(survives_every_failed_allocation),
        cmocka_unit_test(the_null_store_forgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
