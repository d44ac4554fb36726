/* Tiles from the log against a naive model that knows no index, no store and no head start: it redraws every
 * visible stroke, in order, onto every tile. Both must give the same bits, whatever came before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../support/canvas_fixture.h"
#include "kolam/alloc.h"
#include "kolam/raster.h"
#include "random.h"

#define POINTS_MAX 12
#define MODEL_MAX 4096

struct model_stroke {
    struct kolam_stroke stroke;
    struct kolam_point points[POINTS_MAX];
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    uint32_t home_count;
    uint64_t seq;
    uint8_t artist;
    bool is_hidden;
};

struct world {
    struct canvas_fixture canvas;
    struct kolam_reader *reader;
    struct kolam_tile_store *store;
    struct kolam_raster *raster;
    struct model_stroke *strokes;
    uint32_t stroke_count;
    uint64_t last_seq; /* of all that was submitted */
    struct kolam_ink_mask mask;
    uint32_t drawn[KOLAM_TILE_PIXELS], fresh[KOLAM_TILE_PIXELS], naive[KOLAM_TILE_PIXELS];
};

static void open_readers(struct world *world) {
    struct kolam_error error;
    struct kolam_canvas_info info;
    assert_int_equal(kolam_reader_create(world->canvas.log_path, &world->reader, &error), KOLAM_OK);
    assert_int_equal(kolam_reader_info(world->reader, &info), KOLAM_OK);
    assert_int_equal(kolam_tile_store_sqlite_create(world->canvas.tiles_path, info.incarnation,
                                                    false, &world->store, &error),
                     KOLAM_OK);
    assert_int_equal(kolam_raster_create(world->reader, world->store, &world->raster), KOLAM_OK);
}

static void close_readers(struct world *world) {
    kolam_raster_destroy(world->raster);
    kolam_tile_store_destroy(world->store);
    kolam_reader_destroy(world->reader);
}

static int set_up(void **state) {
    struct world *world = kolam_alloc_zero(1, sizeof *world);
    world->strokes = kolam_alloc_zero(MODEL_MAX, sizeof *world->strokes);
    canvas_fixture_open(&world->canvas);
    kolam_ink_mask_init(&world->mask);
    open_readers(world);
    *state = world;
    return 0;
}

static int tear_down(void **state) {
    struct world *world = *state;
    close_readers(world);
    canvas_fixture_close(&world->canvas);
    kolam_free(world->strokes);
    kolam_free(world);
    return 0;
}

/* ---- doing things, to the canvas and to the model ---- */

static void draw(struct world *world, uint8_t artist, const struct kolam_stroke *strokes,
                 uint32_t count) {
    struct kolam_op ops[3] = {0};
    for (uint32_t i = 0; i < count; i++) {
        ops[i] = (struct kolam_op){.kind = KOLAM_OP_STROKE, .stroke = strokes[i]};
    }
    canvas_fixture_submit(&world->canvas, artist, ops, count);
    for (uint32_t i = 0; i < count; i++) {
        struct model_stroke *model = &world->strokes[world->stroke_count++];
        model->stroke = strokes[i];
        memcpy(model->points, strokes[i].points, strokes[i].point_count * sizeof *model->points);
        model->stroke.points = model->points;
        model->stroke.contour_sizes = &model->stroke.point_count; /* if it has any */
        model->seq = ++world->last_seq;
        model->artist = artist;
        assert_int_equal(kolam_stroke_homes(&model->stroke, model->homes, &model->home_count),
                         KOLAM_OK);
    }
}

static void change(struct world *world, enum kolam_op_kind kind, uint32_t index) {
    struct model_stroke *model = &world->strokes[index];
    uint64_t target = model->seq;
    struct kolam_op op = {.kind = kind, .targets = &target, .target_count = 1};
    canvas_fixture_submit(&world->canvas, model->artist, &op, 1);
    world->last_seq++;
    model->is_hidden = kind == KOLAM_OP_HIDE;
}

/* Waits until all that was done is in the log, with the seqs that the model gave it. */
static void settle(struct world *world) {
    canvas_fixture_wait(&world->canvas);
    assert_int_equal(world->canvas.last_status, KOLAM_OK);
    assert_int_equal(kolam_log_last_seq(world->canvas.log), world->last_seq);
}

static void random_stroke(struct test_random *random, int32_t level, struct kolam_point *points,
                          struct kolam_stroke *stroke) {
    const double reach_px[] = {30, 200, 700};
    int64_t reach = (int64_t)(reach_px[test_random_below(random, 3)] * KOLAM_SUB_PER_PX);
    *stroke = (struct kolam_stroke){
        .origin = {.level = level},
        .tool = (enum kolam_tool)test_random_below(random, KOLAM_TOOL_COUNT),
        .color = (uint32_t)test_random_next(random),
        .width = 64 + (uint32_t)test_random_below(random, 8000),
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
    int64_t middle = (level >= 0 ? 1024 << level : 1024 >> -level);
    for (uint32_t i = 0; i < stroke->point_count; i++) {
        points[i] = (struct kolam_point){
            .x = (int32_t)(middle + test_random_between(random, -reach, reach)),
            .y = (int32_t)(middle + test_random_between(random, -reach, reach)),
            .pressure = (uint8_t)test_random_below(random, 256),
        };
    }
}

/* ---- the model's picture ---- */

static uint32_t rows_below(const struct world *world, struct kolam_tile_id tile) {
    uint32_t rows = 0;
    for (uint32_t i = 0; i < world->stroke_count; i++) {
        const struct model_stroke *model = &world->strokes[i];
        for (uint32_t h = 0; h < model->home_count; h++) {
            if (model->homes[h].tile.level > tile.level &&
                kolam_tile_contains(tile, model->homes[h].tile)) {
                rows++;
            }
        }
    }
    return rows;
}

static void draw_naively(struct world *world, struct kolam_tile_id tile, uint32_t *pixels) {
    memset(pixels, 0, sizeof world->naive);
    for (uint32_t i = 0; i < world->stroke_count; i++) {
        const struct model_stroke *model = &world->strokes[i];
        if (!model->is_hidden) {
            kolam_ink_add_stroke(&world->mask, &model->stroke, 0, tile);
        }
        const struct model_stroke *next = i + 1 < world->stroke_count ? model + 1 : NULL;
        bool is_group_over = !next || next->stroke.part == 0;
        if (is_group_over) {
            kolam_ink_composite(&world->mask, model->stroke.tool, model->stroke.color, pixels);
            kolam_ink_mask_clear(&world->mask);
        }
    }
}

static void picture_of(struct world *world, struct kolam_tile_id tile, uint32_t *pixels) {
    if (rows_below(world, tile) <= KOLAM_RASTER_BELOW_MAX) {
        draw_naively(world, tile, pixels);
        return;
    }
    uint32_t *child = kolam_alloc(sizeof world->naive);
    for (int i = 0; i < 4; i++) {
        picture_of(world, kolam_tile_child(tile, i), child);
        kolam_ink_downsample(child, i, pixels);
    }
    kolam_free(child);
}

static void assert_tile_matches(struct world *world, struct kolam_tile_id tile) {
    uint64_t drawn_seq;
    uint64_t fresh_seq;
    uint64_t version;
    bool is_empty;
    settle(world);
    picture_of(world, tile, world->naive);
    assert_int_equal(
        kolam_raster_tile(world->raster, tile, KOLAM_SEQ_NOW, world->drawn, &drawn_seq, &is_empty),
        KOLAM_OK);
    assert_memory_equal(world->drawn, world->naive, sizeof world->naive);
    assert_int_equal(kolam_raster_tile_fresh(world->raster, tile, KOLAM_SEQ_NOW, world->fresh,
                                             &fresh_seq, &is_empty),
                     KOLAM_OK);
    assert_memory_equal(world->fresh, world->naive, sizeof world->naive);
    assert_int_equal(kolam_raster_version(world->raster, tile, KOLAM_SEQ_NOW, &version), KOLAM_OK);
    assert_int_equal(drawn_seq, version);
    assert_int_equal(fresh_seq, version);
}

/* The same tile at earlier states, asked for in any order, against the log alone. */
static void assert_past_matches(struct world *world, struct kolam_tile_id tile,
                                struct test_random *random) {
    for (int i = 0; i < 3; i++) {
        uint64_t at_seq = 1 + test_random_below(random, world->last_seq);
        uint64_t drawn_seq;
        uint64_t fresh_seq;
        bool is_empty;
        assert_int_equal(
            kolam_raster_tile(world->raster, tile, at_seq, world->drawn, &drawn_seq, &is_empty),
            KOLAM_OK);
        assert_int_equal(kolam_raster_tile_fresh(world->raster, tile, at_seq, world->fresh,
                                                 &fresh_seq, &is_empty),
                         KOLAM_OK);
        assert_memory_equal(world->drawn, world->fresh, sizeof world->fresh);
        assert_int_equal(drawn_seq, fresh_seq);
        assert_true(drawn_seq <= at_seq);
    }
}

static void assert_everything_matches(struct world *world) {
    struct test_random random = test_random_from(world->last_seq);
    for (int32_t level = -3; level <= 3; level++) {
        int64_t span = level > 0 ? 1 << level : 1;
        for (int64_t y = -1; y <= span; y += 1 + span / 3) {
            for (int64_t x = -1; x <= span; x += 1 + span / 3) {
                assert_tile_matches(world, (struct kolam_tile_id){x, y, level});
                assert_past_matches(world, (struct kolam_tile_id){x, y, level}, &random);
            }
        }
    }
    assert_tile_matches(world, (struct kolam_tile_id){0, 0, -24});
    assert_tile_matches(world, (struct kolam_tile_id){1 << 19, 1 << 19, 20});
}

/* ---- the tests ---- */

static void an_empty_canvas_has_empty_tiles_of_version_0(void **state) {
    struct world *world = *state;
    uint64_t seq = 9;
    bool is_empty = false;
    assert_int_equal(kolam_raster_tile(world->raster, (struct kolam_tile_id){0, 0, 0},
                                       KOLAM_SEQ_NOW, world->drawn, &seq, &is_empty),
                     KOLAM_OK);
    assert_int_equal(seq, 0);
    assert_true(is_empty);
    assert_int_equal(kolam_raster_tile(world->raster, (struct kolam_tile_id){0, 0, 99},
                                       KOLAM_SEQ_NOW, world->drawn, &seq, &is_empty),
                     KOLAM_ERR_INVALID);
}

static void tiles_equal_the_naive_picture_after_any_interleaving(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(6);
    for (int step = 0; step < 60; step++) {
        uint64_t choice = test_random_below(&random, 10);
        if (choice < 7 || world->stroke_count == 0) {
            struct kolam_point points[POINTS_MAX];
            struct kolam_stroke stroke;
            random_stroke(&random, (int32_t)test_random_between(&random, -2, 3), points, &stroke);
            draw(world, (uint8_t)(1 + test_random_below(&random, 3)), &stroke, 1);
        } else {
            uint32_t index = (uint32_t)test_random_below(&random, world->stroke_count);
            change(world, choice < 9 ? KOLAM_OP_HIDE : KOLAM_OP_SHOW, index);
        }
        if (step % 12 == 11) {
            assert_everything_matches(world);
        }
    }
    settle(world);
    close_readers(world);
    canvas_fixture_restart(&world->canvas);
    open_readers(world);
    assert_everything_matches(world);
}

static void parts_of_a_translucent_group_share_one_mask(void **state) {
    struct world *world = *state;
    struct kolam_point points[2][POINTS_MAX];
    struct kolam_stroke parts[2];
    struct test_random random = test_random_from(7);
    for (uint32_t i = 0; i < 2; i++) {
        random_stroke(&random, 0, points[i], &parts[i]);
        parts[i].tool = KOLAM_TOOL_MARKER;
        parts[i].contour_count = 0;
        parts[i].color = 0xff000080;
        parts[i].width = 40 * KOLAM_WIDTH_UNIT_PER_PX;
        parts[i].part = i;
        parts[i].part_count = 2;
    }
    points[1][0] = points[0][0]; /* they overlap for sure */
    draw(world, 1, parts, 2);
    assert_everything_matches(world);
    assert_tile_matches(world, (struct kolam_tile_id){0, 0, 0});
    for (uint32_t i = 0; i < KOLAM_TILE_PIXELS; i++) {
        assert_true(world->drawn[i] >> 24 <= 0x80); /* never darker than one coat */
    }
}

/* Past 1,024 rows below, a tile becomes the average of its children; every way there agrees. */
static void far_tiles_average_their_children(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(8);
    bool is_averaged;
    for (int i = 0; i < 1100; i++) {
        struct kolam_point points[POINTS_MAX];
        struct kolam_stroke stroke;
        random_stroke(&random, 1, points, &stroke);
        stroke.point_count = 1;
        points[0].x = (int32_t)test_random_below(&random, 2 * KOLAM_SUB_PER_TILE);
        points[0].y = (int32_t)test_random_below(&random, 2 * KOLAM_SUB_PER_TILE);
        draw(world, 1, &stroke, 1);
        if (i == 900) {
            assert_tile_matches(world, (struct kolam_tile_id){0, 0, 0});
            assert_int_equal(kolam_raster_is_averaged(
                                 world->raster, (struct kolam_tile_id){0, 0, -5}, &is_averaged),
                             KOLAM_OK);
            assert_false(is_averaged);
        }
    }
    settle(world);
    assert_int_equal(
        kolam_raster_is_averaged(world->raster, (struct kolam_tile_id){0, 0, -5}, &is_averaged),
        KOLAM_OK);
    assert_true(is_averaged);
    assert_tile_matches(world, (struct kolam_tile_id){0, 0, 1});
    assert_tile_matches(world, (struct kolam_tile_id){0, 0, 0});
    assert_tile_matches(world, (struct kolam_tile_id){0, 0, -1});
    change(world, KOLAM_OP_HIDE, 17);
    assert_tile_matches(world, (struct kolam_tile_id){0, 0, 0});
    assert_tile_matches(world, (struct kolam_tile_id){0, 0, -4});
    assert_tile_matches(world, (struct kolam_tile_id){0, 0, -24});
}

static void the_past_is_drawn_as_it_was(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(9);
    struct kolam_tile_id tile = {0, 0, 0};
    uint32_t *then = kolam_alloc(sizeof world->naive);
    uint64_t then_seq = 0;
    for (int i = 0; i < 12; i++) {
        struct kolam_point points[POINTS_MAX];
        struct kolam_stroke stroke;
        random_stroke(&random, 0, points, &stroke);
        draw(world, 1, &stroke, 1);
        if (i == 5) {
            picture_of(world, tile, then);
            then_seq = world->last_seq;
        }
    }
    change(world, KOLAM_OP_HIDE, 2);
    assert_tile_matches(world, tile);
    uint64_t seq;
    bool is_empty;
    assert_int_equal(
        kolam_raster_tile(world->raster, tile, then_seq, world->drawn, &seq, &is_empty), KOLAM_OK);
    assert_memory_equal(world->drawn, then, sizeof world->naive);
    assert_true(seq <= then_seq);
    kolam_free(then);
}

static bool never(void *ctx) {
    (*(int *)ctx)++;
    return true;
}

static bool count_keyframe(void *ctx, struct kolam_tile_id tile, uint64_t seq) {
    uint32_t *count = ctx;
    (void)tile, (void)seq;
    ++*count;
    return true;
}

/* Long enough for keyframes: live ones, ones left on the way of a first drawing, and averages, with old strokes
 * hidden beneath them. */
static void keyframes_show_what_the_log_shows(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(11);
    struct kolam_tile_id near = {0, 0, 0};
    struct kolam_tile_id far = {0, 0, -2};
    uint32_t keyframes = 0;
    for (int i = 0; i < 1500; i++) {
        struct kolam_point points[POINTS_MAX];
        struct kolam_stroke stroke;
        random_stroke(&random, 0, points, &stroke);
        stroke.width = stroke.contour_count > 0 ? KOLAM_FILL_WIDTH : 300;
        for (uint32_t p = 0; p < stroke.point_count; p++) {
            points[p].x = (int32_t)test_random_below(&random, KOLAM_SUB_PER_TILE);
            points[p].y = points[p].x / 2 + (int32_t)test_random_below(&random, 300);
        }
        draw(world, 1, &stroke, 1);
        if (i % 300 == 299) {
            change(world, KOLAM_OP_HIDE, (uint32_t)test_random_below(&random, world->stroke_count));
            assert_tile_matches(world, near);
            assert_tile_matches(world, far);
        }
    }
    assert_int_equal(
        kolam_tile_store_each(world->store, KOLAM_TILE_KEYFRAME, count_keyframe, &keyframes),
        KOLAM_OK);
    assert_true(keyframes > 5);
    for (int i = 0; i < 6; i++) {
        assert_past_matches(world, near, &random);
        assert_past_matches(world, far, &random);
    }
}

/* A moment between the parts of a translucent group can be asked for, but is no ground for what follows: the parts share
 * one mask. */
static void a_moment_inside_a_group_is_no_ground_for_later_ones(void **state) {
    struct world *world = *state;
    struct test_random random = test_random_from(12);
    struct kolam_point points[2][POINTS_MAX];
    struct kolam_stroke parts[2];
    struct kolam_tile_id tile = {0, 0, 0};
    uint64_t seq;
    bool is_empty;
    for (int i = 0; i < 40; i++) {
        random_stroke(&random, 0, points[0], &parts[0]);
        draw(world, 1, parts, 1);
    }
    for (uint32_t i = 0; i < 2; i++) {
        random_stroke(&random, 0, points[i], &parts[i]);
        parts[i].tool = KOLAM_TOOL_MARKER;
        parts[i].color = 0x0000ff60;
        parts[i].width = 60 * KOLAM_WIDTH_UNIT_PER_PX;
        parts[i].part = i;
        parts[i].part_count = 2;
    }
    points[0][0] = points[1][0] = (struct kolam_point){.x = 1024, .y = 1024, .pressure = 255};
    draw(world, 1, parts, 2);
    settle(world);
    assert_int_equal(
        kolam_raster_tile(world->raster, tile, world->last_seq - 1, world->drawn, &seq, &is_empty),
        KOLAM_OK);
    assert_int_equal(seq, world->last_seq - 1);
    assert_tile_matches(world, tile);
}

static void a_cancelled_tile_says_so(void **state) {
    struct world *world = *state;
    int asked = 0;
    uint64_t seq;
    bool is_empty;
    kolam_raster_set_cancel(world->raster, never, &asked);
    assert_int_equal(kolam_raster_tile(world->raster, (struct kolam_tile_id){0, 0, 0},
                                       KOLAM_SEQ_NOW, world->drawn, &seq, &is_empty),
                     KOLAM_ERR_CLOSED);
    assert_int_equal(asked, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_canvas_has_empty_tiles_of_version_0, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(tiles_equal_the_naive_picture_after_any_interleaving,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_of_a_translucent_group_share_one_mask, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(far_tiles_average_their_children, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_past_is_drawn_as_it_was, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keyframes_show_what_the_log_shows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_moment_inside_a_group_is_no_ground_for_later_ones, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_cancelled_tile_says_so, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
