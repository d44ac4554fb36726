/* Flattened history against the history that it was made of: from the base's moment on every tile that has a base shows
 * the same bits in both files, at every state, whatever is drawn later. And how far a history can be flattened. */
#include "flattened.h"

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

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_picture_is_the_same_at_every_moment_from_the_base_on),
        TEST(what_is_drawn_later_looks_the_same_on_the_base),
        TEST(tiles_that_become_averages_stay_the_same),
        TEST(averaged_tiles_stay_the_same),
        TEST(a_base_can_be_flattened_again),
        TEST(zooming_in_shows_the_pixels_of_the_base),
        TEST(a_stroke_that_a_later_op_changes_holds_the_base_back),
        TEST(a_group_is_not_cut_in_two),
        TEST(an_edit_is_not_cut_in_two),
        TEST(a_replacement_holds_what_it_replaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
