/* What the tests of flattening share: a canvas that lives at random, the flattening of it, and the comparison of every tile of
 * the base with the same canvas as it would be otherwise. */
#ifndef TEST_FLATTENED_H
#define TEST_FLATTENED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "../support/canvas_fixture.h"
#include "kolam/alloc.h"
#include "kolam/compact.h"
#include "random.h"

#define POINTS_MAX 10
#define STROKES_MAX 4096
#define OLD_COPY "old.kolam"

struct drawn {
    uint64_t seq;
    uint8_t artist;
};

/* A canvas, the strokes on it, and, once it was flattened, the canvas as it would be otherwise. */
struct world {
    struct canvas_fixture canvas;
    struct drawn strokes[STROKES_MAX];
    uint32_t stroke_count;
    uint64_t last_seq;
    char new_path[128], old_path[96];
    uint32_t a[KOLAM_TILE_PIXELS], b[KOLAM_TILE_PIXELS];
};

static inline int set_up(void **state) {
    struct world *world = kolam_alloc_zero(1, sizeof *world);
    canvas_fixture_open(&world->canvas);
    snprintf(world->new_path, sizeof world->new_path, "%s.new", world->canvas.log_path);
    snprintf(world->old_path, sizeof world->old_path, "%s/" OLD_COPY, world->canvas.folder);
    *state = world;
    return 0;
}

static inline int tear_down(void **state) {
    struct world *world = *state;
    canvas_fixture_close(&world->canvas);
    kolam_free(world);
    return 0;
}

/* ---- drawing ---- */

static inline void random_stroke(struct test_random *random, int32_t level,
                                 struct kolam_point *points, struct kolam_stroke *stroke) {
    const int64_t reaches_px[] = {20, 60, 140};
    int64_t reach = reaches_px[test_random_below(random, 3)] * KOLAM_SUB_PER_PX;
    *stroke = (struct kolam_stroke){
        .origin = {.level = level},
        .tool = (enum kolam_tool)test_random_below(random, KOLAM_TOOL_COUNT),
        .color = (uint32_t)test_random_next(random),
        .width = 64 + (uint32_t)test_random_below(random, 6000),
        .part_count = 1,
        .has_pressure = true,
        .point_count = 1 + (uint32_t)test_random_below(random, POINTS_MAX),
        .points = points,
    };
    if (stroke->tool == KOLAM_TOOL_FILL) {
        stroke->width = KOLAM_FILL_WIDTH;
        stroke->has_pressure = false;
        stroke->contour_count = 1;
        stroke->contour_sizes = &stroke->point_count;
    }
    int64_t middle = level >= 0 ? 1024 << level : 1024 >> -level;
    for (uint32_t i = 0; i < stroke->point_count; i++) {
        points[i] = (struct kolam_point){
            .x = (int32_t)(middle + test_random_between(random, -reach, reach)),
            .y = (int32_t)(middle + test_random_between(random, -reach, reach)),
            .pressure = (uint8_t)test_random_below(random, 256),
        };
    }
}

static inline void settle(struct world *world) {
    canvas_fixture_wait(&world->canvas);
    assert_int_equal(world->canvas.last_status, KOLAM_OK);
    assert_int_equal(kolam_log_last_seq(world->canvas.log), world->last_seq);
}

static inline void note(struct world *world, uint8_t artist) {
    assert_true(world->stroke_count < STROKES_MAX);
    world->strokes[world->stroke_count++] = (struct drawn){++world->last_seq, artist};
}

static inline void draw(struct world *world, uint8_t artist, const struct kolam_stroke *strokes,
                        uint32_t count) {
    struct kolam_op ops[3] = {0};
    for (uint32_t i = 0; i < count; i++) {
        ops[i] = (struct kolam_op){.kind = KOLAM_OP_STROKE, .stroke = strokes[i]};
    }
    canvas_fixture_submit(&world->canvas, artist, ops, count);
    for (uint32_t i = 0; i < count; i++) {
        note(world, artist);
    }
}

static inline void change(struct world *world, enum kolam_op_kind kind, uint32_t index) {
    uint64_t target = world->strokes[index].seq;
    struct kolam_op op = {.kind = kind, .targets = &target, .target_count = 1};
    canvas_fixture_submit(&world->canvas, world->strokes[index].artist, &op, 1);
    world->last_seq++;
}

static inline void draw_one(struct world *world, struct test_random *random, int32_t level) {
    struct kolam_point points[POINTS_MAX];
    struct kolam_stroke stroke;
    random_stroke(random, level, points, &stroke);
    draw(world, (uint8_t)(1 + test_random_below(random, 3)), &stroke, 1);
}

static inline void draw_group(struct world *world, struct test_random *random, int32_t level) {
    struct kolam_point points[3][POINTS_MAX];
    struct kolam_stroke parts[3];
    uint32_t count = 2 + (uint32_t)test_random_below(random, 2);
    for (uint32_t i = 0; i < count; i++) {
        random_stroke(random, level, points[i], &parts[i]);
        parts[i].tool = KOLAM_TOOL_MARKER;
        parts[i].color = parts[0].color | 0x40;
        parts[i].width = parts[0].width;
        parts[i].has_pressure = true;
        parts[i].contour_count = 0;
        parts[i].part = i;
        parts[i].part_count = count;
    }
    draw(world, (uint8_t)(1 + test_random_below(random, 3)), parts, count);
}

/* The beginning of a stroke whose author vanished, and perhaps, later, all of it. */
static inline uint32_t draw_partial(struct world *world, struct test_random *random, int32_t level,
                                    bool is_partial, uint32_t counter) {
    struct kolam_point points[POINTS_MAX];
    struct kolam_op op = {.kind = KOLAM_OP_STROKE};
    random_stroke(random, level, points, &op.stroke);
    counter = is_partial ? world->canvas.counter++ : counter;
    canvas_fixture_submit_as(&world->canvas, 4, &op,
                             (struct canvas_fixture_id){counter, is_partial});
    note(world, 4);
    return counter;
}

/* Strokes, groups, partial strokes and their replacements, hides and shows of what was drawn from `first_changed` on. */
static inline void live(struct world *world, struct test_random *random, int steps,
                        uint32_t first_changed) {
    uint32_t partial = UINT32_MAX;
    for (int i = 0; i < steps; i++) {
        int32_t level = (int32_t)test_random_between(random, -2, 2);
        uint32_t changeable = world->stroke_count - first_changed;
        switch (test_random_below(random, 12)) {
        case 0:
            draw_group(world, random, level);
            break;
        case 1:
            if (partial == UINT32_MAX) {
                partial = draw_partial(world, random, level, true, 0);
            } else {
                (void)draw_partial(world, random, level, false, partial);
                partial = UINT32_MAX;
            }
            break;
        case 2:
        case 3:
        case 4:
            if (changeable > 0) {
                change(world, test_random_below(random, 3) ? KOLAM_OP_HIDE : KOLAM_OP_SHOW,
                       first_changed + (uint32_t)test_random_below(random, changeable));
                break;
            }
            draw_one(world, random, level);
            break;
        default:
            draw_one(world, random, level);
        }
    }
    if (partial != UINT32_MAX) {
        (void)draw_partial(world, random, 0, false, partial);
    }
    settle(world);
}

/* ---- flattening ---- */

static inline void copy_file(const char *from, const char *to) {
    char buffer[65536];
    ssize_t got;
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0);
    while ((got = read(in, buffer, sizeof buffer)) > 0) {
        assert_int_equal(write(out, buffer, (size_t)got), got);
    }
    assert_int_equal(got, 0);
    close(in);
    close(out);
}

static inline struct kolam_compact_plan plan_at(const char *path, uint64_t seq) {
    struct kolam_reader *reader;
    struct kolam_compact_plan plan;
    struct kolam_error error;
    assert_int_equal(kolam_reader_create(path, &reader, &error), KOLAM_OK);
    assert_int_equal(kolam_compact_plan(reader, seq, &plan, &error), KOLAM_OK);
    kolam_reader_destroy(reader);
    return plan;
}

static inline struct kolam_compact_options options_of(const struct world *world) {
    return (struct kolam_compact_options){.path = world->canvas.log_path,
                                          .new_path = world->new_path,
                                          .scratch = world->canvas.folder};
}

/* Closes the log, keeps the old file beside, flattens, and opens the log again. */
static inline struct kolam_compact_plan flatten(struct world *world, uint64_t seq) {
    struct kolam_compact_options options = options_of(world);
    struct kolam_compact_result result;
    struct kolam_error error = {.text = ""};
    settle(world);
    kolam_log_destroy(world->canvas.log);
    copy_file(world->canvas.log_path, world->old_path);
    struct kolam_compact_plan plan = plan_at(world->canvas.log_path, seq);
    enum kolam_status status = kolam_compact_write(&options, &plan, &result, &error);
    if (status != KOLAM_OK) {
        print_message("%s\n", error.text);
    }
    assert_int_equal(status, KOLAM_OK);
    assert_int_equal(kolam_compact_replace(&options, &error), KOLAM_OK);
    assert_int_not_equal(access(world->new_path, F_OK), 0);
    canvas_fixture_reopen(&world->canvas);
    return plan;
}

/* ---- comparing ---- */

struct eye {
    struct kolam_reader *reader;
    struct kolam_tile_store *store;
    struct kolam_raster *raster;
};

static inline void open_eye(struct eye *eye, const char *path, const char *tiles_path) {
    struct kolam_error error;
    struct kolam_canvas_info info;
    assert_int_equal(kolam_reader_create(path, &eye->reader, &error), KOLAM_OK);
    assert_int_equal(kolam_reader_info(eye->reader, &info), KOLAM_OK);
    assert_int_equal(
        kolam_tile_store_sqlite_create(tiles_path, info.incarnation, false, &eye->store, &error),
        KOLAM_OK);
    assert_int_equal(kolam_raster_create(eye->reader, eye->store, &eye->raster), KOLAM_OK);
}

static inline void close_eye(struct eye *eye) {
    kolam_raster_destroy(eye->raster);
    kolam_tile_store_destroy(eye->store);
    kolam_reader_destroy(eye->reader);
}

struct comparison {
    struct world *world;
    struct eye old_eye, new_eye;
    struct kolam_tile_id *tiles;
    size_t count;
};

static inline bool list_base(void *ctx, const struct kolam_base *base) {
    struct comparison *comparison = ctx;
    comparison->tiles =
        kolam_realloc_array(comparison->tiles, comparison->count + 1, sizeof *comparison->tiles);
    comparison->tiles[comparison->count++] = base->tile;
    return true;
}

static inline void assert_same(struct comparison *comparison, struct kolam_tile_id tile,
                               uint64_t at_seq) {
    struct world *world = comparison->world;
    uint64_t old_seq, new_seq, fresh_seq,
        base_seq = kolam_reader_base_seq(comparison->new_eye.reader);
    bool is_empty;
    assert_int_equal(
        kolam_raster_tile(comparison->old_eye.raster, tile, at_seq, world->a, &old_seq, &is_empty),
        KOLAM_OK);
    assert_int_equal(
        kolam_raster_tile(comparison->new_eye.raster, tile, at_seq, world->b, &new_seq, &is_empty),
        KOLAM_OK);
    if (memcmp(world->a, world->b, sizeof world->a) != 0) {
        fail_msg("tile %d/%d/%d differs at seq %d (base %d)", tile.level, (int)tile.x, (int)tile.y,
                 (int)at_seq, (int)base_seq);
    }
    assert_int_equal(kolam_raster_tile_fresh(comparison->new_eye.raster, tile, at_seq, world->b,
                                             &fresh_seq, &is_empty),
                     KOLAM_OK);
    assert_memory_equal(world->a, world->b, sizeof world->a);
    assert_int_equal(fresh_seq, new_seq);
    /* Versions are the same, but for what is older than the base, which is as old as it, or nothing. */
    if (old_seq > base_seq) {
        assert_int_equal(new_seq, old_seq);
    } else {
        assert_true(new_seq == base_seq || (new_seq == 0 && is_empty));
    }
}

/* Every tile that has a base, at the base's moment, at some between, and now. `old_path`: the same ops, not flattened. */
static inline void assert_same_from_base_on(struct world *world, const char *old_path) {
    struct comparison comparison = {.world = world};
    struct kolam_canvas_info info;
    char old_tiles[160];
    settle(world);
    snprintf(old_tiles, sizeof old_tiles, "%s.tiles", old_path);
    open_eye(&comparison.old_eye, old_path, old_tiles);
    open_eye(&comparison.new_eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_info(comparison.new_eye.reader, &info), KOLAM_OK);
    assert_int_equal(info.last_seq, world->last_seq);
    assert_int_equal(kolam_reader_bases(comparison.new_eye.reader, list_base, &comparison),
                     KOLAM_OK);
    assert_true(comparison.count > 25);
    struct test_random random = test_random_from(info.base_seq);
    for (size_t i = 0; i < comparison.count; i++) {
        assert_same(&comparison, comparison.tiles[i], info.base_seq);
        assert_same(&comparison, comparison.tiles[i], KOLAM_SEQ_NOW);
        assert_same(
            &comparison, comparison.tiles[i],
            (uint64_t)test_random_between(&random, (int64_t)info.base_seq, (int64_t)info.last_seq));
    }
    kolam_free(comparison.tiles);
    close_eye(&comparison.old_eye);
    close_eye(&comparison.new_eye);
}

#endif
