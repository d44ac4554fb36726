/* Memory runs out at every allocation in turn, once and from then on, in each thing that the engine does: it says so, nothing
 * breaks, nothing is half written, and the same works when there is memory again. A seeded sample; every
 * one in tests/faults.mjs. thread-test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kolam/compact.h"
#include "kolam/export.h"
#include "kolam/heat.h"
#include "kolam/history.h"
#include "kolam/place.h"
#include "tests/support/faults/explore.h"
#include "tests/support/faults/fault_vfs.h"
#include "tests/support/faults/life.h"
#include "tests/support/faults/memory.h"
#include "tests/support/faults/piece.h"
#include "tests/support/faults/ram.h"
#include "tools/check.h"

#define SAMPLE 8 /* failures of each deed, about */

/* A canvas that was lived on, and one thing to do with it. What is made before the memory is short is the scene's. */
struct scene {
    struct life *life;
    struct kolam_submission *submissions[4];
    uint32_t counter;
    struct kolam_error error;
    uint32_t pixels[KOLAM_TILE_PIXELS];
};

typedef enum kolam_status deed(struct scene *scene);

/* ---- what is done ---- */

static enum kolam_status open_and_close(struct scene *scene) {
    struct test_log log;
    enum kolam_status status =
        test_log_try_open(&log, scene->life->log_path, life_clock(scene->life), 0);
    if (status == KOLAM_OK) {
        test_log_close(&log);
    }
    return status;
}

static enum kolam_status draw(struct scene *scene) {
    struct test_log log;
    enum kolam_status status =
        test_log_try_open(&log, scene->life->log_path, life_clock(scene->life), 0);
    for (int i = 0; i < 4 && status == KOLAM_OK; i++) {
        const struct kolam_submission *done = test_log_run(&log, scene->submissions[i]);
        status = done->status;
    }
    if (log.log) {
        test_log_close(&log);
    }
    return status;
}

static enum kolam_status look(struct scene *scene) {
    struct kolam_reader *reader = NULL;
    struct kolam_tile_store *store = NULL;
    struct kolam_raster *raster = NULL;
    struct kolam_canvas_info info;
    uint64_t seq;
    bool is_empty;
    enum kolam_status status = kolam_reader_create(scene->life->log_path, &reader, NULL);
    status = status == KOLAM_OK ? kolam_reader_info(reader, &info) : status;
    if (status == KOLAM_OK) {
        status = kolam_tile_store_sqlite_create(scene->life->tiles_path, info.incarnation, false,
                                                &store, NULL);
    }
    status = status == KOLAM_OK ? kolam_raster_create(reader, store, &raster) : status;
    for (int32_t level = 0; level >= -2 && status == KOLAM_OK; level--) {
        const struct kolam_tile_id tile = {.level = level};
        status = kolam_raster_tile(raster, tile, KOLAM_SEQ_NOW, scene->pixels, &seq, &is_empty);
        if (status == KOLAM_OK) {
            status =
                kolam_raster_tile(raster, tile, info.last_seq - 3, scene->pixels, &seq, &is_empty);
        }
    }
    kolam_raster_destroy(raster);
    kolam_tile_store_destroy(store);
    kolam_reader_destroy(reader);
    return status;
}

static bool throw_away(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    (void)ctx, (void)bytes, (void)size_bytes;
    return true;
}

static enum kolam_status export_picture(struct scene *scene) {
    struct kolam_reader *reader = NULL;
    struct kolam_raster *raster = NULL;
    struct kolam_tile_store *store = NULL;
    struct kolam_export_options options = {
        .at_seq = KOLAM_SEQ_NOW, .side_max = 4096, .title = "main"};
    enum kolam_status status =
        kolam_region_parse_rect("0,0,300,200", strlen("0,0,300,200"), &options.region);
    options.region.scale = 0.7;
    status =
        status == KOLAM_OK ? kolam_reader_create(scene->life->log_path, &reader, NULL) : status;
    if (status == KOLAM_OK) {
        store = kolam_tile_store_null_create();
        status = store ? kolam_raster_create(reader, store, &raster) : KOLAM_ERR_NOMEM;
    }
    if (status == KOLAM_OK) {
        status = kolam_export_png(raster, reader, &options, throw_away, NULL, NULL);
    }
    kolam_raster_destroy(raster);
    kolam_tile_store_destroy(store);
    kolam_reader_destroy(reader);
    return status;
}

static enum kolam_status compact(struct scene *scene) {
    const struct life *life = scene->life;
    struct kolam_reader *reader = NULL;
    struct kolam_compact_plan plan;
    struct kolam_compact_result result;
    const struct kolam_compact_options options = {
        .path = life->log_path, .new_path = life->new_path, .scratch = life->scratch};
    enum kolam_status status = kolam_reader_create(life->log_path, &reader, NULL);
    if (status == KOLAM_OK) {
        status =
            kolam_compact_plan(reader, life->units[life->settled - 6].seq, &plan, &scene->error);
    }
    kolam_reader_destroy(reader);
    if (status == KOLAM_OK) {
        status = kolam_compact_write(&options, &plan, &result, &scene->error);
    }
    kolam_compact_discard(life->new_path);
    return status;
}

static enum kolam_status check(struct scene *scene) {
    struct kolam_check check = {.canvas = "main", .signals_fd = -1};
    struct kolam_reader *reader = NULL, *lookup = NULL;
    enum kolam_status status = kolam_reader_create(scene->life->log_path, &reader, NULL);
    status =
        status == KOLAM_OK ? kolam_reader_create(scene->life->log_path, &lookup, NULL) : status;
    status = status == KOLAM_OK ? kolam_check_log(&check, reader, lookup) : status;
    if (status == KOLAM_OK && check.problem_count > 0) {
        status = KOLAM_ERR_CORRUPT;
    }
    kolam_reader_destroy(lookup);
    kolam_reader_destroy(reader);
    return status;
}

static bool see_drawing(void *ctx, const struct kolam_drawing *drawing) {
    (void)ctx, (void)drawing;
    return true;
}

static enum kolam_status ask_history(struct scene *scene) {
    struct kolam_reader *reader = NULL;
    struct kolam_history *history = NULL;
    const struct kolam_heat_question question = {.width = 2, .height = 2};
    enum kolam_status status = kolam_reader_create(scene->life->log_path, &reader, NULL);
    status = status == KOLAM_OK ? kolam_history_create(reader, &history) : status;
    for (int64_t i = 0; i < 4 && status == KOLAM_OK; i++) {
        status = kolam_history_blame(history, 0, 40 * i, 50 * i, 20, see_drawing, NULL);
    }
    if (status == KOLAM_OK) {
        status = kolam_heat_find(reader, &question, (struct kolam_heat *)(void *)scene->pixels);
    }
    kolam_history_destroy(history);
    kolam_reader_destroy(reader);
    return status;
}

static enum kolam_status know_people(struct scene *scene) {
    struct kolam_identity_db *db = NULL;
    struct kolam_author author;
    uint8_t secret[KOLAM_SECRET_BYTES];
    enum kolam_status status =
        kolam_identity_db_create(scene->life->identity_path, life_clock(scene->life), &db, NULL);
    status = status == KOLAM_OK ? kolam_identity_make(db, secret, &author) : status;
    status = status == KOLAM_OK ? kolam_identity_find(db, secret, &author) : status;
    status = status == KOLAM_OK ? kolam_identity_rename(db, author.ident, "Somebody") : status;
    kolam_identity_db_destroy(db);
    return status;
}

static enum kolam_status make_the_index_anew(struct scene *scene) {
    return kolam_index_rebuild(scene->life->log_path, NULL);
}

/* ---- each with too little memory ---- */

/* New ones each time, by somebody else than the life's artists. */
static void prepare(struct scene *scene) {
    static const char place[] =
        "{\"kind\":\"place\",\"name\":\"Here\",\"x\":\"1\",\"y\":\"2\",\"zoom\":0}";
    for (int i = 0; i < 4; i++) {
        const uint32_t counter = scene->counter++;
        struct kolam_log_op op =
            i == 3 ? test_record(counter, place)
                   : test_stroke((struct kolam_tile_id){.level = -i}, counter, 40);
        scene->submissions[i] = test_submission(7, 7, &op, 1);
    }
}

static void drop(struct scene *scene) {
    for (int i = 0; i < 4; i++) {
        kolam_submission_destroy(scene->submissions[i]);
    }
}

static enum kolam_status do_once(struct scene *scene, deed *does) {
    prepare(scene);
    const enum kolam_status status = does(scene);
    drop(scene);
    return status;
}

static int64_t count_allocations(struct scene *scene, deed *does) {
    memory_arm(INT64_MAX, 1);
    assert_int_equal(do_once(scene, does), KOLAM_OK);
    return memory_disarm();
}

/* The same works when there is memory again, and nothing is broken; not tried twice upon the same files. */
static bool goes_on(struct scene *scene, deed *does) {
    const struct ram_print print = ram_print(scene->life->root);
    const uint64_t low = print.low ^ (uint64_t)(uintptr_t)does;
    if (explore_knows(low, print.high)) {
        return true;
    }
    const enum kolam_status again = do_once(scene, does), checked = check(scene);
    if (again != KOLAM_OK || checked != KOLAM_OK) {
        (void)fprintf(stderr, "afterwards: %s, check: %s\n", kolam_status_text(again),
                      kolam_status_text(checked));
        return false;
    }
    explore_learn(low, print.high);
    return true;
}

static void leave(struct scene *scene, deed *does, enum kolam_status status) {
    const bool is_said = status == KOLAM_OK || status == KOLAM_ERR_NOMEM || status == KOLAM_ERR_IO;
    if (!is_said) {
        (void)fprintf(stderr, "%s: %s\n", kolam_status_text(status), scene->error.text);
    }
    (void)explore_tally(status != KOLAM_OK);
    explore_leave(is_said && goes_on(scene, does));
}

static void try_each(deed *does) {
    struct scene *scene = calloc(1, sizeof *scene);
    const uint64_t refused = explore_tally(0);
    assert_non_null(scene);
    scene->life = life_begin(piece_seed());
    life_live(scene->life, 16);
    life_settle(scene->life);
    life_close(scene->life);
    assert_int_equal(do_once(scene, does), KOLAM_OK);
    piece_sample((uint64_t)count_allocations(scene, does) * 2 / SAMPLE);
    prepare(scene);
#ifdef EXPLORES_BY_FORKING
    memory_explore();
#else
    memory_arm(piece_seed() % 64, 1);
#endif
    const enum kolam_status status = does(scene);
    const int64_t count = memory_disarm();
    drop(scene);
    if (explore_is_child()) {
        leave(scene, does, status);
    }
    assert_int_equal(explore_failures(), 0);
    assert_int_equal(do_once(scene, does), KOLAM_OK);
    assert_int_equal(check(scene), KOLAM_OK);
    print_message("%ld allocations, refused %ld times\n", (long)count,
                  (long)(explore_tally(0) - refused));
    life_end(scene->life);
    free(scene);
}

#define DEED(does)                                                                                 \
    static void no_memory_to_##does(void **state) {                                                \
        (void)state;                                                                               \
        try_each(does);                                                                            \
    }
DEED(open_and_close)
DEED(draw)
DEED(look)
DEED(export_picture)
DEED(compact)
DEED(check)
DEED(ask_history)
DEED(know_people)
DEED(make_the_index_anew)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_memory_to_open_and_close),
        cmocka_unit_test(no_memory_to_draw),
        cmocka_unit_test(no_memory_to_look),
        cmocka_unit_test(no_memory_to_export_picture),
        cmocka_unit_test(no_memory_to_compact),
        cmocka_unit_test(no_memory_to_check),
        cmocka_unit_test(no_memory_to_ask_history),
        cmocka_unit_test(no_memory_to_know_people),
        cmocka_unit_test(no_memory_to_make_the_index_anew),
    };
    fault_vfs_install();
    const int failures = cmocka_run_group_tests(tests, NULL, NULL);
    piece_tell();
    return failures;
}
