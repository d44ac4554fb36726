/* Flattened history against the history that it was made of: from the base's moment on every tile that has a base shows
 * the same bits in both files, at every state, whatever is drawn later. And: nothing is submitted twice, nothing that is gone is answered as if
 * it were there, and a process killed at any moment leaves one whole canvas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/canvas_fixture.h"
#include "../support/store.h"
#include "kolam/alloc.h"
#include "kolam/compact.h"
#include "kolam/history.h"
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

static int set_up(void **state) {
    struct world *world = kolam_alloc_zero(1, sizeof *world);
    canvas_fixture_open(&world->canvas);
    snprintf(world->new_path, sizeof world->new_path, "%s.new", world->canvas.log_path);
    snprintf(world->old_path, sizeof world->old_path, "%s/" OLD_COPY, world->canvas.folder);
    *state = world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;
    canvas_fixture_close(&world->canvas);
    kolam_free(world);
    return 0;
}

/* ---- drawing ---- */

static void random_stroke(struct test_random *random, int32_t level, struct kolam_point *points,
                          struct kolam_stroke *stroke) {
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

static void settle(struct world *world) {
    canvas_fixture_wait(&world->canvas);
    assert_int_equal(world->canvas.last_status, KOLAM_OK);
    assert_int_equal(kolam_log_last_seq(world->canvas.log), world->last_seq);
}

static void note(struct world *world, uint8_t artist) {
    assert_true(world->stroke_count < STROKES_MAX);
    world->strokes[world->stroke_count++] = (struct drawn){++world->last_seq, artist};
}

static void draw(struct world *world, uint8_t artist, const struct kolam_stroke *strokes,
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

static void change(struct world *world, enum kolam_op_kind kind, uint32_t index) {
    uint64_t target = world->strokes[index].seq;
    struct kolam_op op = {.kind = kind, .targets = &target, .target_count = 1};
    canvas_fixture_submit(&world->canvas, world->strokes[index].artist, &op, 1);
    world->last_seq++;
}

static void draw_one(struct world *world, struct test_random *random, int32_t level) {
    struct kolam_point points[POINTS_MAX];
    struct kolam_stroke stroke;
    random_stroke(random, level, points, &stroke);
    draw(world, (uint8_t)(1 + test_random_below(random, 3)), &stroke, 1);
}

static void draw_group(struct world *world, struct test_random *random, int32_t level) {
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
static uint32_t draw_partial(struct world *world, struct test_random *random, int32_t level,
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
static void live(struct world *world, struct test_random *random, int steps,
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

static void copy_file(const char *from, const char *to) {
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

static struct kolam_compact_plan plan_at(const char *path, uint64_t seq) {
    struct kolam_reader *reader;
    struct kolam_compact_plan plan;
    struct kolam_error error;
    assert_int_equal(kolam_reader_create(path, &reader, &error), KOLAM_OK);
    assert_int_equal(kolam_compact_plan(reader, seq, &plan, &error), KOLAM_OK);
    kolam_reader_destroy(reader);
    return plan;
}

static struct kolam_compact_options options_of(const struct world *world) {
    return (struct kolam_compact_options){.path = world->canvas.log_path,
                                          .new_path = world->new_path,
                                          .scratch = world->canvas.folder};
}

/* Closes the log, keeps the old file beside, flattens, and opens the log again. */
static struct kolam_compact_plan flatten(struct world *world, uint64_t seq) {
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

static void open_eye(struct eye *eye, const char *path, const char *tiles_path) {
    struct kolam_error error;
    struct kolam_canvas_info info;
    assert_int_equal(kolam_reader_create(path, &eye->reader, &error), KOLAM_OK);
    assert_int_equal(kolam_reader_info(eye->reader, &info), KOLAM_OK);
    assert_int_equal(
        kolam_tile_store_sqlite_create(tiles_path, info.incarnation, false, &eye->store, &error),
        KOLAM_OK);
    assert_int_equal(kolam_raster_create(eye->reader, eye->store, &eye->raster), KOLAM_OK);
}

static void close_eye(struct eye *eye) {
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

static bool list_base(void *ctx, const struct kolam_base *base) {
    struct comparison *comparison = ctx;
    comparison->tiles =
        kolam_realloc_array(comparison->tiles, comparison->count + 1, sizeof *comparison->tiles);
    comparison->tiles[comparison->count++] = base->tile;
    return true;
}

static void assert_same(struct comparison *comparison, struct kolam_tile_id tile, uint64_t at_seq) {
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
static void assert_same_from_base_on(struct world *world, const char *old_path) {
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

/* ---- pictures ---- */

static void the_picture_is_the_same_at_every_moment_from_the_base_on(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        void *inner;
        struct test_random random = test_random_from(seed);
        assert_int_equal(set_up(&inner), 0);
        struct world *world = inner;
        live(world, &random, 24, 0);
        uint32_t flattened = world->stroke_count;
        uint64_t asked = world->last_seq;
        live(world, &random, 16, flattened);
        struct kolam_compact_plan plan = flatten(world, asked);
        assert_int_equal(plan.base_seq, asked);
        assert_same_from_base_on(world, world->old_path);
        assert_int_equal(tear_down(&inner), 0);
    }
}

/* The old file goes on as well: the same ops after the base, on both. */
static void what_is_drawn_later_looks_the_same_on_the_base(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(21);
    live(world, &random, 24, 0);
    uint32_t flattened = world->stroke_count;
    (void)flatten(world, world->last_seq);

    struct world *other = kolam_alloc_zero(1, sizeof *other);
    *other = *world;
    struct test_random again = random;
    live(world, &random, 20, flattened);
    struct canvas_fixture kept = world->canvas;
    snprintf(other->canvas.log_path, sizeof other->canvas.log_path, "%s", world->old_path);
    canvas_fixture_reopen(&other->canvas);
    live(other, &again, 20, flattened);
    kolam_log_destroy(other->canvas.log);
    assert_int_equal(other->last_seq, world->last_seq);
    world->canvas = kept;
    kolam_free(other);
    assert_same_from_base_on(world, world->old_path);
}

static void dot(struct world *world, struct test_random *random, int32_t level, int64_t span) {
    struct kolam_point point = {.x = (int32_t)test_random_below(random, (uint64_t)span),
                                .y = (int32_t)test_random_below(random, (uint64_t)span),
                                .pressure = 255};
    struct kolam_stroke stroke = {.origin = {.level = level},
                                  .color = (uint32_t)test_random_next(random) | 0xff,
                                  .width = 64 + (uint32_t)test_random_below(random, 3000),
                                  .part_count = 1,
                                  .point_count = 1,
                                  .points = &point};
    draw(world, 1, &stroke, 1);
}

/* At the base's moment the far tiles are still drawn from their strokes; now they are averages, of children of which some
 * had nothing homed at them. */
static void tiles_that_become_averages_stay_the_same(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(5);
    draw_one(world, &random, -2);
    draw_one(world, &random, -1);
    for (int i = 0; i < 900; i++) {
        dot(world, &random, 1, KOLAM_SUB_PER_TILE);
    }
    uint64_t asked = world->last_seq;
    for (int i = 0; i < 300; i++) {
        dot(world, &random, 1, KOLAM_SUB_PER_TILE);
    }
    change(world, KOLAM_OP_HIDE, world->stroke_count - 7);
    struct kolam_compact_plan plan = flatten(world, asked);
    assert_int_equal(plan.base_seq, asked);
    assert_same_from_base_on(world, world->old_path);
}

static void averaged_tiles_stay_the_same(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(6);
    draw_one(world, &random, -2);
    for (int i = 0; i < 1300; i++) {
        dot(world, &random, 1, KOLAM_SUB_PER_TILE * 2);
    }
    uint64_t asked = world->last_seq;
    for (int i = 0; i < 40; i++) {
        dot(world, &random, 2, KOLAM_SUB_PER_TILE * 4);
    }
    (void)flatten(world, asked);
    assert_same_from_base_on(world, world->old_path);
    (void)flatten(world, world->last_seq);
    assert_same_from_base_on(world, world->old_path);
}

/* Three times over: each base is made of the one before and what came since. */
static void a_base_can_be_flattened_again(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(31);
    live(world, &random, 15, 0);
    for (int i = 0; i < 3; i++) {
        uint32_t flattened = world->stroke_count;
        uint64_t asked = world->last_seq;
        live(world, &random, i < 2 ? 8 : 0, flattened);
        struct kolam_compact_plan plan = flatten(world, asked);
        assert_int_equal(plan.base_seq, asked);
        assert_same_from_base_on(world, world->old_path);
    }
}

/* What has no base of its own is a part of its ancestor's picture, pixels as squares. */
static void zooming_in_shows_the_pixels_of_the_base(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(41);
    struct eye eye;
    struct kolam_tile_id tile = {0, 0, 0};
    uint64_t seq;
    bool is_empty;
    draw_one(world, &random, 0);
    (void)flatten(world, world->last_seq);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_raster_tile(eye.raster, tile, KOLAM_SEQ_NOW, world->a, &seq, &is_empty),
                     KOLAM_OK);
    for (int32_t finer = 1; finer <= 24; finer++) {
        struct kolam_tile_id part = {(INT64_C(1) << finer) / 2, (INT64_C(1) << finer) / 2, finer};
        assert_int_equal(
            kolam_raster_tile(eye.raster, part, KOLAM_SEQ_NOW, world->b, &seq, &is_empty),
            KOLAM_OK);
        for (uint32_t i = 0; i < 256; i += 51) {
            uint32_t shift = finer < 8 ? (uint32_t)finer : 8;
            assert_int_equal(world->b[i * 256 + i],
                             world->a[(128 + (i >> shift)) * 256 + 128 + (i >> shift)]);
        }
        assert_true(is_empty || seq == 1);
    }
    close_eye(&eye);
}

/* ---- what is known, and what is not any more ---- */

static void what_was_flattened_is_recognised_when_it_is_sent_again(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(51);
    struct kolam_point points[POINTS_MAX];
    struct kolam_op op = {.kind = KOLAM_OP_STROKE};
    random_stroke(&random, 0, points, &op.stroke);
    for (uint32_t i = 0; i < 5; i++) {
        draw(world, 1, &op.stroke, 1);
        draw(world, 2, &op.stroke, 1);
    }
    uint32_t partial = draw_partial(world, &random, 0, true, 0);
    (void)flatten(world, 8);
    (void)flatten(world, world->last_seq);
    for (uint32_t counter = 0; counter < 10; counter++) {
        canvas_fixture_submit_as(&world->canvas, (uint8_t)(1 + counter % 2), &op,
                                 (struct canvas_fixture_id){.counter = counter});
        settle(world);
        assert_true(world->canvas.was_duplicate);
        assert_int_equal(world->canvas.last_seq, counter + 1);
    }
    canvas_fixture_submit_as(&world->canvas, 4, &op, (struct canvas_fixture_id){partial, true});
    settle(world);
    assert_true(world->canvas.was_duplicate);
    /* All of it, now: drawn on top, since what is in the base cannot be hidden; and that once. */
    for (int i = 0; i < 2; i++) {
        canvas_fixture_submit_as(&world->canvas, 4, &op,
                                 (struct canvas_fixture_id){.counter = partial});
        world->last_seq += i == 0;
        settle(world);
        assert_int_equal(world->canvas.was_duplicate, i == 1);
        assert_int_equal(world->canvas.last_seq, 12);
        assert_int_equal(world->canvas.last_replaces, 0);
    }
    /* The same counter of somebody else is another op. */
    canvas_fixture_submit_as(&world->canvas, 2, &op, (struct canvas_fixture_id){.counter = 0});
    world->last_seq++;
    settle(world);
    assert_false(world->canvas.was_duplicate);
}

static void what_was_flattened_cannot_be_hidden(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(61);
    draw_one(world, &random, 0);
    draw_one(world, &random, 0);
    (void)flatten(world, 1);
    uint64_t target = 1;
    struct kolam_op hide = {.kind = KOLAM_OP_HIDE, .targets = &target, .target_count = 1};
    canvas_fixture_submit(&world->canvas, world->strokes[0].artist, &hide, 1);
    canvas_fixture_wait(&world->canvas);
    assert_int_equal(world->canvas.last_status, KOLAM_ERR_GONE);
    change(world, KOLAM_OP_HIDE, 1);
    settle(world);
}

static void moments_before_the_base_are_gone(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(71);
    struct kolam_canvas_info before, after;
    struct kolam_error error;
    struct kolam_log_row row;
    struct eye eye;
    uint64_t seq;
    int64_t time_ms;
    bool is_empty;
    live(world, &random, 10, 0);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_info(eye.reader, &before), KOLAM_OK);
    close_eye(&eye);
    (void)flatten(world, world->last_seq);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_info(eye.reader, &after), KOLAM_OK);
    assert_int_equal(after.last_seq, before.last_seq);
    assert_int_equal(after.last_time_ms, before.last_time_ms);
    assert_int_equal(after.base_seq, before.last_seq);
    assert_int_equal(after.created_ms, before.created_ms);
    assert_int_not_equal(after.incarnation, before.incarnation);
    assert_true(after.has_recent && kolam_tile_equal(after.recent_tile, before.recent_tile));
    assert_int_equal(after.recent_x, before.recent_x);
    assert_memory_equal(&after.box_x0, &before.box_x0, 4 * sizeof(double));

    assert_int_equal(kolam_raster_tile(eye.raster, (struct kolam_tile_id){0, 0, 0},
                                       after.base_seq - 1, world->a, &seq, &is_empty),
                     KOLAM_ERR_GONE);
    assert_int_equal(kolam_reader_time_of(eye.reader, after.base_seq - 1, &time_ms),
                     KOLAM_ERR_GONE);
    assert_int_equal(kolam_reader_time_of(eye.reader, after.base_seq, &time_ms), KOLAM_OK);
    assert_int_equal(time_ms, after.base_time_ms);
    assert_int_equal(kolam_reader_time_of(eye.reader, after.base_seq + 1, &time_ms),
                     KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_reader_op(eye.reader, after.base_seq, &row), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(kolam_reader_seq_at(eye.reader, after.base_time_ms, &seq), KOLAM_OK);
    assert_int_equal(seq, after.base_seq);
    assert_int_equal(kolam_reader_seq_at(eye.reader, after.base_time_ms - 1, &seq), KOLAM_OK);
    assert_int_equal(seq, 0);

    struct kolam_moment moment = {.seq = after.base_seq - 1};
    int64_t now_ms = after.base_time_ms + 1000;
    assert_int_equal(kolam_moment_resolve(eye.reader, &moment, now_ms, &seq, &error),
                     KOLAM_ERR_GONE);
    moment.seq = after.base_seq;
    assert_int_equal(kolam_moment_resolve(eye.reader, &moment, now_ms, &seq, &error), KOLAM_OK);
    moment = (struct kolam_moment){.is_time = true, .time_ms = after.created_ms - 1};
    assert_int_equal(kolam_moment_resolve(eye.reader, &moment, now_ms, &seq, &error),
                     KOLAM_ERR_NOT_FOUND);
    close_eye(&eye);
    /* Seqs go on. */
    draw_one(world, &random, 0);
    settle(world);
    assert_int_equal(world->canvas.last_seq, after.base_seq + 1);
}

static bool count_row(void *ctx, const struct kolam_log_row *row) {
    uint32_t *count = ctx;
    (void)row;
    ++*count;
    return true;
}

static void blame_and_the_artists_ops_tell_what_came_after(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(81);
    struct kolam_author author;
    struct eye eye;
    uint32_t count = 0;
    for (int i = 0; i < 6; i++) {
        struct kolam_point points[POINTS_MAX];
        struct kolam_stroke stroke;
        random_stroke(&random, 0, points, &stroke);
        draw(world, (uint8_t)(1 + i / 3), &stroke, 1);
    }
    (void)flatten(world, 4);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_artist_ops(eye.reader, 2, UINT64_MAX, count_row, &count),
                     KOLAM_OK);
    assert_int_equal(count, 2);
    assert_int_equal(kolam_reader_artist_ops(eye.reader, 1, UINT64_MAX, count_row, &count),
                     KOLAM_OK);
    assert_int_equal(count, 2);
    assert_int_equal(kolam_reader_artist(eye.reader, 1, &author), KOLAM_OK); /* names stay */
    close_eye(&eye);
}

/* ---- where the base can be ---- */

static void a_stroke_that_a_later_op_changes_holds_the_base_back(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(91);
    for (int i = 0; i < 10; i++) {
        draw_one(world, &random, 0);
    }
    change(world, KOLAM_OP_HIDE, 7); /* op 11 names 8 */
    change(world, KOLAM_OP_HIDE, 4); /* op 12 names 5 */
    change(world, KOLAM_OP_SHOW, 4); /* op 13 names 5 */
    draw_one(world, &random, 0);
    settle(world);
    struct kolam_compact_plan plan = plan_at(world->canvas.log_path, 12);
    assert_int_equal(plan.base_seq, 4);
    assert_int_equal(plan.held_by_seq, 13);
    assert_int_equal(plan.held_seq, 5);
    plan = plan_at(world->canvas.log_path, 13);
    assert_int_equal(plan.base_seq, 13);
    assert_int_equal(plan.op_count, 13);
    assert_int_equal(plan.stroke_count, 10);
    assert_int_equal(plan.hidden_count, 1);
    plan = plan_at(world->canvas.log_path, 3);
    assert_int_equal(plan.base_seq, 3);
    assert_int_equal(plan.held_by_seq, 0);
    change(world, KOLAM_OP_HIDE, 0);
    settle(world);
    plan = plan_at(world->canvas.log_path, 14);
    assert_int_equal(plan.base_seq, 0);
}

static void a_group_is_not_cut_in_two(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(92);
    draw_one(world, &random, 0);
    draw_group(world, &random, 0);
    settle(world);
    struct kolam_compact_plan plan = plan_at(world->canvas.log_path, 2);
    assert_int_equal(plan.base_seq, 1);
    assert_true(plan.is_held_by_group);
    plan = plan_at(world->canvas.log_path, world->last_seq);
    assert_int_equal(plan.base_seq, world->last_seq);
}

/* A hide and the ops that follow it are undone as one. */
static void an_edit_is_not_cut_in_two(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(94);
    struct kolam_point points[POINTS_MAX];
    uint64_t target = 1;
    struct kolam_op ops[3] = {{.kind = KOLAM_OP_HIDE, .targets = &target, .follow_count = 2}};
    draw_one(world, &random, 0);
    draw_one(world, &random, 0);
    random_stroke(&random, 0, points, &ops[1].stroke);
    ops[1].kind = ops[2].kind = KOLAM_OP_STROKE;
    ops[2].stroke = ops[1].stroke;
    ops[0].target_count = 1;
    canvas_fixture_submit(&world->canvas, world->strokes[0].artist, ops, 3);
    ops[0].target_count = 0;
    canvas_fixture_submit(&world->canvas, world->strokes[0].artist, ops, 3);
    world->last_seq += 6;
    draw_one(world, &random, 0);
    settle(world);
    for (uint64_t asked = 6; asked <= 7; asked++) {
        struct kolam_compact_plan plan = plan_at(world->canvas.log_path, asked);
        assert_int_equal(plan.base_seq, 5);
        assert_true(plan.is_held_by_group);
    }
    /* The other one, cut, would be held before its hide, which names stroke 1. */
    assert_int_equal(plan_at(world->canvas.log_path, 4).base_seq, 0);
    assert_int_equal(plan_at(world->canvas.log_path, 8).base_seq, 8);
}

static void a_replacement_holds_what_it_replaces(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(93);
    draw_one(world, &random, 0);
    uint32_t partial = draw_partial(world, &random, 0, true, 0);
    draw_one(world, &random, 0);
    (void)draw_partial(world, &random, 0, false, partial);
    settle(world);
    assert_int_equal(plan_at(world->canvas.log_path, 3).base_seq, 1);
    struct kolam_compact_plan plan = plan_at(world->canvas.log_path, 4);
    assert_int_equal(plan.base_seq, 4);
    assert_int_equal(plan.hidden_count, 1);
}

/* ---- files ---- */

static void run_sql(const char *path, const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void a_file_of_the_schema_before_is_read_flattened_and_brought_up_to_date(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(101);
    struct eye eye;
    uint64_t seq;
    bool is_empty;
    live(world, &random, 20, 0);
    kolam_log_destroy(world->canvas.log);
    run_sql(world->canvas.log_path, "DROP TABLE base; DROP TABLE base_id; DROP TABLE base_record;"
                                    "PRAGMA user_version = 2; PRAGMA wal_checkpoint(TRUNCATE)");
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_raster_tile(eye.raster, (struct kolam_tile_id){0, 0, 0}, KOLAM_SEQ_NOW,
                                       world->a, &seq, &is_empty),
                     KOLAM_OK);
    close_eye(&eye);
    struct kolam_compact_options options = options_of(world);
    struct kolam_compact_result result;
    struct kolam_error error;
    struct kolam_compact_plan plan = plan_at(world->canvas.log_path, world->last_seq);
    assert_int_equal(kolam_compact_write(&options, &plan, &result, &error), KOLAM_OK);
    canvas_fixture_reopen(&world->canvas); /* migrates */
    draw_one(world, &random, 0);
    settle(world);
    (void)flatten(world, world->last_seq);
    assert_same_from_base_on(world, world->old_path);
}

static void the_index_of_a_flattened_canvas_can_be_made_anew(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(111);
    struct kolam_error error;
    struct kolam_canvas_info before, after;
    struct eye eye;
    live(world, &random, 20, 0);
    uint64_t asked = world->last_seq;
    live(world, &random, 10, world->stroke_count);
    (void)flatten(world, asked);
    kolam_log_destroy(world->canvas.log);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_info(eye.reader, &before), KOLAM_OK);
    close_eye(&eye);
    run_sql(world->canvas.log_path, "DELETE FROM home; DELETE FROM node;"
                                    "DELETE FROM meta WHERE key = 'levels' OR key GLOB 'box_*'");
    assert_int_equal(kolam_index_rebuild(world->canvas.log_path, &error), KOLAM_OK);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_reader_info(eye.reader, &after), KOLAM_OK);
    close_eye(&eye);
    assert_memory_equal(&after.box_x0, &before.box_x0, 4 * sizeof(double));
    canvas_fixture_reopen(&world->canvas);
    assert_same_from_base_on(world, world->old_path);
}

static void a_canvas_that_somebody_reads_is_not_replaced(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(121);
    struct kolam_compact_options options = options_of(world);
    struct kolam_compact_result result;
    struct kolam_error error;
    struct eye eye;
    draw_one(world, &random, 0);
    settle(world);
    kolam_log_destroy(world->canvas.log);
    struct kolam_compact_plan plan = plan_at(world->canvas.log_path, 1);
    assert_int_equal(kolam_compact_write(&options, &plan, &result, &error), KOLAM_OK);
    open_eye(&eye, world->canvas.log_path, world->canvas.tiles_path);
    assert_int_equal(kolam_compact_replace(&options, &error), KOLAM_ERR_BUSY);
    close_eye(&eye);
    assert_int_equal(kolam_compact_replace(&options, &error), KOLAM_OK);
    canvas_fixture_reopen(&world->canvas);
}

static enum kolam_status flatten_without(const struct world *world, int64_t allocation) {
    struct kolam_compact_options options = options_of(world);
    struct kolam_compact_result result;
    struct kolam_compact_plan plan;
    struct kolam_reader *reader = NULL;
    struct kolam_error error;
    fail_allocation(allocation);
    enum kolam_status status = kolam_reader_create(options.path, &reader, &error);
    if (status == KOLAM_OK) {
        status = kolam_compact_plan(reader, world->last_seq, &plan, &error);
    }
    kolam_reader_destroy(reader);
    if (status == KOLAM_OK) {
        status = kolam_compact_write(&options, &plan, &result, &error);
    }
    if (status == KOLAM_OK) {
        status = kolam_compact_replace(&options, &error);
    }
    return status;
}

/* Whatever memory is missing: it is said, and nothing is left beside the canvas; or it was not needed. */
static void without_memory_nothing_is_changed(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(125);
    int64_t failures = 0;
    draw_one(world, &random, 0);
    draw_one(world, &random, -1);
    settle(world);
    kolam_log_destroy(world->canvas.log);
    copy_file(world->canvas.log_path, world->old_path);
    assert_int_equal(flatten_without(world, -1), KOLAM_OK);
    int64_t count = allocation_count();
    for (int64_t n = 0; n < count; n += 1 + n / 16) {
        copy_file(world->old_path, world->canvas.log_path);
        enum kolam_status status = flatten_without(world, n);
        fail_allocation(-1);
        assert_true(status == KOLAM_OK || status == KOLAM_ERR_NOMEM);
        failures += status != KOLAM_OK;
        assert_int_not_equal(access(world->new_path, F_OK), 0);
        assert_int_equal(plan_at(world->canvas.log_path, 2).base_seq, 2);
    }
    assert_true(failures > 10);
    canvas_fixture_reopen(&world->canvas);
}

/* ---- killed ---- */

/* Kills its process at a step; or counts them. */
struct fuse {
    int64_t left, burnt;
};

static bool burn(void *ctx, enum kolam_compact_stage stage, uint64_t done, uint64_t all) {
    struct fuse *fuse = ctx;
    (void)stage, (void)done, (void)all;
    fuse->burnt++;
    if (fuse->left-- == 0) {
        (void)raise(SIGKILL);
    }
    return true;
}

static bool flatten_with(const struct world *world, uint64_t seq, struct fuse *fuse) {
    struct kolam_compact_options options = options_of(world);
    struct kolam_compact_result result;
    struct kolam_compact_plan plan;
    struct kolam_reader *reader;
    options.progress = burn;
    options.progress_ctx = fuse;
    bool is_done = kolam_reader_create(options.path, &reader, NULL) == KOLAM_OK &&
                   kolam_compact_plan(reader, seq, &plan, NULL) == KOLAM_OK;
    kolam_reader_destroy(reader);
    return is_done && kolam_compact_write(&options, &plan, &result, NULL) == KOLAM_OK &&
           kolam_compact_replace(&options, NULL) == KOLAM_OK;
}

static void flatten_and_be_killed(const struct world *world, uint64_t seq, int64_t steps) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct fuse fuse = {.left = steps};
        _exit(flatten_with(world, seq, &fuse) ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* The canvas is whole, is one of the two, and a server goes on with it. */
static bool is_flattened(struct world *world, uint64_t asked) {
    struct kolam_reader *reader;
    struct kolam_canvas_info info;
    struct kolam_error error;
    assert_int_equal(kolam_reader_create(world->canvas.log_path, &reader, &error), KOLAM_OK);
    assert_int_equal(kolam_reader_info(reader, &info), KOLAM_OK);
    kolam_reader_destroy(reader);
    assert_int_equal(info.last_seq, world->last_seq);
    assert_true(info.base_seq == 0 || info.base_seq == asked);
    canvas_fixture_reopen(&world->canvas);
    if (info.base_seq == asked) {
        assert_same_from_base_on(world, world->old_path);
    }
    kolam_log_destroy(world->canvas.log);
    return info.base_seq == asked;
}

/* At early and late moments, and at each of the last, around the rename. */
static void a_kill_at_any_moment_leaves_one_whole_canvas(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(131);
    uint32_t flattened = 0, kept = 0;
    live(world, &random, 10, 0);
    uint64_t asked = world->last_seq;
    live(world, &random, 5, world->stroke_count);
    kolam_log_destroy(world->canvas.log);
    copy_file(world->canvas.log_path, world->old_path);
    struct fuse fuse = {.left = -1};
    assert_true(flatten_with(world, asked, &fuse));
    for (int64_t steps = 0; steps < fuse.burnt;
         steps += steps + 4 >= fuse.burnt ? 1 : 1 + (fuse.burnt - steps) / 8) {
        copy_file(world->old_path, world->canvas.log_path);
        flatten_and_be_killed(world, asked, steps);
        bool is_new = is_flattened(world, asked);
        assert_int_equal(is_new, steps == fuse.burnt - 1);
        flattened += is_new;
        kept += !is_new;
    }
    assert_true(kept > 10 && flattened == 1);
    /* What a killed one left is in nobody's way. */
    copy_file(world->old_path, world->canvas.log_path);
    flatten_and_be_killed(world, asked, fuse.burnt - 3);
    fuse = (struct fuse){.left = -1};
    assert_true(flatten_with(world, asked, &fuse));
    assert_true(is_flattened(world, asked));
    canvas_fixture_reopen(&world->canvas);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_is_the_same_at_every_moment_from_the_base_on),
        TEST(what_is_drawn_later_looks_the_same_on_the_base),
        TEST(tiles_that_become_averages_stay_the_same),
        TEST(averaged_tiles_stay_the_same),
        TEST(a_base_can_be_flattened_again),
        TEST(zooming_in_shows_the_pixels_of_the_base),
        TEST(what_was_flattened_is_recognised_when_it_is_sent_again),
        TEST(what_was_flattened_cannot_be_hidden),
        TEST(moments_before_the_base_are_gone),
        TEST(blame_and_the_artists_ops_tell_what_came_after),
        TEST(a_stroke_that_a_later_op_changes_holds_the_base_back),
        TEST(a_group_is_not_cut_in_two),
        TEST(an_edit_is_not_cut_in_two),
        TEST(a_replacement_holds_what_it_replaces),
        TEST(a_file_of_the_schema_before_is_read_flattened_and_brought_up_to_date),
        TEST(the_index_of_a_flattened_canvas_can_be_made_anew),
        TEST(a_canvas_that_somebody_reads_is_not_replaced),
        TEST(without_memory_nothing_is_changed),
        TEST(a_kill_at_any_moment_leaves_one_whole_canvas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
