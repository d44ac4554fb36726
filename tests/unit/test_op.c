/* The op codec: what is written is read again, and nothing malformed is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kolam/alloc.h"
#include "kolam/op.h"
#include "random.h"

struct fixture {
    struct kolam_op_room room;
    struct kolam_point points[KOLAM_STROKE_POINTS_MAX];
    uint8_t bytes[KOLAM_OP_BYTES_MAX + 1];
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
};

static int set_up(void **state) {
    *state = kolam_alloc_zero(1, sizeof(struct fixture));
    return *state ? 0 : -1;
}

static int tear_down(void **state) {
    kolam_free(*state);
    return 0;
}

static struct kolam_op simple_stroke(struct fixture *f) {
    struct kolam_op op = {
        .kind = KOLAM_OP_STROKE,
        .stroke = {.origin = {-1, 2, 0},
                   .color = 0x112233ff,
                   .width = 1024,
                   .part_count = 1,
                   .point_count = 3,
                   .points = f->points},
    };
    f->points[0] = (struct kolam_point){.x = 100, .y = -8, .pressure = 255};
    f->points[1] = (struct kolam_point){.x = 140, .y = 0, .pressure = 255};
    f->points[2] = (struct kolam_point){.x = 190, .y = 4, .pressure = 255};
    return op;
}

static size_t encode(struct fixture *f, const struct kolam_op *op) {
    size_t size = 0;
    assert_int_equal(kolam_op_encode(op, f->bytes, KOLAM_OP_BYTES_MAX, &size), KOLAM_OK);
    return size;
}

static enum kolam_status decode(struct fixture *f, size_t size, struct kolam_op *op) {
    return kolam_op_decode(f->bytes, size, &f->room, op);
}

static void assert_same_stroke(const struct kolam_stroke *a, const struct kolam_stroke *b) {
    assert_true(kolam_tile_equal(a->origin, b->origin));
    assert_int_equal(a->tool, b->tool);
    assert_int_equal(a->color, b->color);
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->part, b->part);
    assert_int_equal(a->part_count, b->part_count);
    assert_int_equal(a->has_start, b->has_start);
    assert_true(!a->has_start || a->start_ms == b->start_ms);
    assert_int_equal(a->contour_count, b->contour_count);
    for (uint32_t i = 0; i < a->contour_count; i++) {
        assert_int_equal(a->contour_sizes[i], b->contour_sizes[i]);
    }
    assert_int_equal(a->text_size_bytes, b->text_size_bytes);
    assert_true(a->text_size_bytes == 0 || memcmp(a->text, b->text, a->text_size_bytes) == 0);
    assert_int_equal(a->point_count, b->point_count);
    for (uint32_t i = 0; i < a->point_count; i++) {
        assert_int_equal(a->points[i].x, b->points[i].x);
        assert_int_equal(a->points[i].y, b->points[i].y);
        assert_int_equal(a->has_pressure ? a->points[i].pressure : 255, b->points[i].pressure);
        assert_int_equal(a->has_times && i > 0 ? a->points[i].dt_ms : 0, b->points[i].dt_ms);
    }
}

static void make_shape(struct test_random *random, struct kolam_stroke *stroke) {
    static uint32_t sizes[3];
    stroke->width = KOLAM_FILL_WIDTH;
    stroke->has_pressure = false;
    stroke->contour_count = 1;
    stroke->contour_sizes = sizes;
    sizes[0] = stroke->point_count;
    for (int i = 1; i < 3 && sizes[i - 1] > 1; i++) {
        sizes[i] = 1 + (uint32_t)test_random_below(random, sizes[i - 1] - 1);
        sizes[i - 1] -= sizes[i];
        stroke->contour_count++;
    }
    if (test_random_below(random, 2)) {
        stroke->text = (const uint8_t *)"கோலம், kolam";
        stroke->text_size_bytes = 22;
    }
}

static void random_stroke(struct fixture *f, struct test_random *random, struct kolam_op *op) {
    struct kolam_stroke *stroke = &op->stroke;
    *op = simple_stroke(f);
    stroke->origin.level = (int32_t)test_random_below(random, 30) - 10;
    stroke->origin.x = test_random_between(random, -100, 100);
    stroke->origin.y = test_random_between(random, -100, 100);
    stroke->tool = (enum kolam_tool)test_random_below(random, KOLAM_TOOL_COUNT);
    stroke->color = (uint32_t)test_random_next(random);
    stroke->width = 1 + (uint32_t)test_random_below(random, KOLAM_WIDTH_MAX);
    stroke->has_pressure = test_random_below(random, 2);
    stroke->has_times = test_random_below(random, 2);
    stroke->has_start = test_random_below(random, 2);
    stroke->start_ms = (int64_t)test_random_next(random);
    stroke->part_count = 1 + (uint32_t)test_random_below(random, 3);
    stroke->part = (uint32_t)test_random_below(random, stroke->part_count);
    stroke->point_count =
        1 + (uint32_t)test_random_below(random, random->state % 5 == 0 ? 8192 : 40);
    if (stroke->tool == KOLAM_TOOL_FILL) {
        make_shape(random, stroke);
    }
    int64_t reach = INT64_C(1) << test_random_below(random, 21); /* small steps and wild jumps */
    for (uint32_t i = 0; i < stroke->point_count; i++) {
        f->points[i] = (struct kolam_point){
            .x = (int32_t)test_random_between(random, -reach, reach),
            .y = (int32_t)test_random_between(random, -reach, reach),
            .dt_ms = (uint32_t)test_random_below(random, i % 7 == 0 ? KOLAM_DT_MS_MAX : 40),
            .pressure = (uint8_t)test_random_below(random, 256),
        };
    }
}

static void strokes_come_back_as_they_were(void **state) {
    struct fixture *f = *state;
    struct test_random random = test_random_from(3);
    for (int i = 0; i < 600; i++) {
        struct kolam_op op;
        struct kolam_op back;
        random_stroke(f, &random, &op);
        size_t size = encode(f, &op);
        assert_int_equal(decode(f, size, &back), KOLAM_OK);
        assert_same_stroke(&op.stroke, &back.stroke);
    }
}

static void every_truncation_and_every_extra_byte_is_refused(void **state) {
    struct fixture *f = *state;
    struct kolam_op op = simple_stroke(f);
    struct kolam_op back;
    op.stroke.has_pressure = op.stroke.has_times = op.stroke.has_start = true;
    size_t size = encode(f, &op);
    for (size_t shorter = 0; shorter < size; shorter++) {
        assert_int_equal(decode(f, shorter, &back), KOLAM_ERR_INVALID);
    }
    f->bytes[size] = 0;
    assert_int_equal(decode(f, size + 1, &back), KOLAM_ERR_INVALID);
    assert_int_equal(decode(f, size, &back), KOLAM_OK);
}

static void damaged_bytes_never_decode_into_something_out_of_bounds(void **state) {
    struct fixture *f = *state;
    struct test_random random = test_random_from(4);
    for (int i = 0; i < 4000; i++) {
        struct kolam_op op = simple_stroke(f);
        op.stroke.has_pressure = op.stroke.has_times = true;
        size_t size = encode(f, &op);
        for (int flips = 0; flips < 3; flips++) {
            f->bytes[2 + test_random_below(&random, size - 2)] ^=
                (uint8_t)(1u << test_random_below(&random, 8));
        }
        struct kolam_op back;
        if (decode(f, size, &back) == KOLAM_OK && back.kind == KOLAM_OP_STROKE) {
            assert_true(kolam_stroke_is_valid(&back.stroke));
        }
    }
}

static void bounds_hold_when_writing(void **state) {
    struct fixture *f = *state;
    size_t size;
    struct kolam_op op = simple_stroke(f);
    op.stroke.width = 0;
    assert_int_equal(kolam_op_encode(&op, f->bytes, sizeof f->bytes, &size), KOLAM_ERR_INVALID);
    op.stroke.width = KOLAM_WIDTH_MAX + 1;
    assert_int_equal(kolam_op_encode(&op, f->bytes, sizeof f->bytes, &size), KOLAM_ERR_INVALID);
    op = simple_stroke(f);
    op.stroke.point_count = 0;
    assert_int_equal(kolam_op_encode(&op, f->bytes, sizeof f->bytes, &size), KOLAM_ERR_INVALID);
    op = simple_stroke(f);
    f->points[1].x = KOLAM_POINT_SUB_MAX + 1;
    assert_int_equal(kolam_op_encode(&op, f->bytes, sizeof f->bytes, &size), KOLAM_ERR_INVALID);
    op = simple_stroke(f);
    op.stroke.origin = (struct kolam_tile_id){(1 << 23) - 1, 0, 0};
    f->points[1].x = KOLAM_SUB_PER_TILE + 1; /* one step past the world's edge */
    assert_int_equal(kolam_op_encode(&op, f->bytes, sizeof f->bytes, &size), KOLAM_ERR_INVALID);
    f->points[1].x = KOLAM_SUB_PER_TILE;
    assert_int_equal(kolam_op_encode(&op, f->bytes, sizeof f->bytes, &size), KOLAM_OK);
    assert_int_equal(kolam_op_encode(&op, f->bytes, size - 1, &size), KOLAM_ERR_FULL);
}

static void hides_and_shows_name_rising_seqs(void **state) {
    struct fixture *f = *state;
    uint64_t targets[] = {1, 2, 900, INT64_MAX};
    struct kolam_op op = {.kind = KOLAM_OP_HIDE, .targets = targets, .target_count = 4};
    struct kolam_op back;
    assert_int_equal(decode(f, encode(f, &op), &back), KOLAM_OK);
    assert_int_equal(back.target_count, 4);
    assert_memory_equal(back.targets, targets, sizeof targets);
    size_t size;
    targets[1] = 1;
    assert_int_equal(kolam_op_encode(&op, f->bytes, sizeof f->bytes, &size), KOLAM_ERR_INVALID);
    targets[0] = 0;
    assert_int_equal(kolam_op_encode(&op, f->bytes, sizeof f->bytes, &size), KOLAM_ERR_INVALID);
}

static void records_are_utf8(void **state) {
    struct fixture *f = *state;
    const char *json = "{\"note\":\"k\xc5\x8dlam\"}";
    struct kolam_op op = {.kind = KOLAM_OP_RECORD,
                          .record = (const uint8_t *)json,
                          .record_size_bytes = (uint32_t)strlen(json)};
    struct kolam_op back;
    assert_int_equal(decode(f, encode(f, &op), &back), KOLAM_OK);
    assert_int_equal(back.record_size_bytes, strlen(json));
    op.record = (const uint8_t *)"{\xc0\xaf}"; /* an overlong slash */
    op.record_size_bytes = 4;
    assert_int_equal(decode(f, encode(f, &op), &back), KOLAM_ERR_INVALID);
    op.record = (const uint8_t *)"\xed\xa0\x80"; /* half of a surrogate pair */
    op.record_size_bytes = 3;
    assert_int_equal(decode(f, encode(f, &op), &back), KOLAM_ERR_INVALID);
}

/* ---- homes ---- */

static const struct kolam_home *home_of(struct fixture *f, uint32_t count, int64_t x, int64_t y) {
    for (uint32_t i = 0; i < count; i++) {
        if (f->homes[i].tile.x == x && f->homes[i].tile.y == y) {
            return &f->homes[i];
        }
    }
    return NULL;
}

static void a_dot_has_one_home_and_its_box(void **state) {
    struct fixture *f = *state;
    struct kolam_op op = simple_stroke(f);
    uint32_t count;
    op.stroke.point_count = 1;
    f->points[0] = (struct kolam_point){.x = 800, .y = 1600, .pressure = 255}; /* (100, 200) px */
    assert_int_equal(kolam_stroke_homes(&op.stroke, f->homes, &count), KOLAM_OK);
    assert_int_equal(count, 1);
    assert_true(kolam_tile_equal(f->homes[0].tile, op.stroke.origin));
    assert_in_range(f->homes[0].x0, 96, 97); /* radius 2 and one pixel around */
    assert_in_range(f->homes[0].x1, 102, 103);
    assert_in_range(f->homes[0].y0, 196, 197);
    assert_in_range(f->homes[0].y1, 202, 203);
}

/* Every point of random strokes, and points between, lie in a home and inside its box. */
static void homes_cover_the_ink(void **state) {
    struct fixture *f = *state;
    struct test_random random = test_random_from(5);
    for (int round = 0; round < 500; round++) {
        struct kolam_op op = simple_stroke(f);
        uint32_t count;
        op.stroke.point_count = 2 + (uint32_t)test_random_below(&random, 6);
        op.stroke.width = 1 + (uint32_t)test_random_below(&random, 20000);
        int64_t reach = INT64_C(1) << (6 + test_random_below(&random, 10));
        for (uint32_t i = 0; i < op.stroke.point_count; i++) {
            f->points[i] =
                (struct kolam_point){.x = (int32_t)test_random_between(&random, -reach, reach),
                                     .y = (int32_t)test_random_between(&random, -reach, reach),
                                     .pressure = 255};
        }
        if (kolam_stroke_homes(&op.stroke, f->homes, &count) != KOLAM_OK) {
            continue;
        }
        for (int probe = 0; probe < 60; probe++) {
            uint32_t i = 1 + (uint32_t)test_random_below(&random, op.stroke.point_count - 1);
            int64_t t = test_random_between(&random, 0, 64);
            int64_t x = f->points[i - 1].x + (f->points[i].x - f->points[i - 1].x) * t / 64;
            int64_t y = f->points[i - 1].y + (f->points[i].y - f->points[i - 1].y) * t / 64;
            int64_t radius = op.stroke.width / 64;
            x += probe % 2 ? radius : -radius;
            int64_t column = kolam_floor_div(x, 2048);
            int64_t row = kolam_floor_div(y, 2048);
            const struct kolam_home *home =
                home_of(f, count, op.stroke.origin.x + column, op.stroke.origin.y + row);
            assert_non_null(home);
            assert_in_range((x - column * 2048) / 8, home->x0, home->x1);
            assert_in_range((y - row * 2048) / 8, home->y0, home->y1);
        }
    }
}

static void more_than_256_homes_are_refused_at_a_bounded_cost(void **state) {
    struct fixture *f = *state;
    struct kolam_op op = simple_stroke(f);
    uint32_t count;
    op.stroke.point_count = KOLAM_STROKE_POINTS_MAX;
    for (uint32_t i = 0; i < op.stroke.point_count;
         i++) { /* across the whole reach, again and again */
        f->points[i] = (struct kolam_point){.x = i % 2 ? KOLAM_POINT_SUB_MAX : -KOLAM_POINT_SUB_MAX,
                                            .y = i % 3 ? KOLAM_POINT_SUB_MAX : -KOLAM_POINT_SUB_MAX,
                                            .pressure = 255};
    }
    assert_int_equal(kolam_stroke_homes(&op.stroke, f->homes, &count), KOLAM_ERR_INVALID);
    op.stroke.point_count = 2;
    f->points[0] = (struct kolam_point){.x = 16, .y = 1000, .pressure = 255};
    f->points[1] = (struct kolam_point){.x = 250 * 2048, .y = 1000, .pressure = 255};
    assert_int_equal(kolam_stroke_homes(&op.stroke, f->homes, &count), KOLAM_OK);
    assert_in_range(count, 250, 256);
    f->points[1].x = 260 * 2048;
    assert_int_equal(kolam_stroke_homes(&op.stroke, f->homes, &count), KOLAM_ERR_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strokes_come_back_as_they_were),
        cmocka_unit_test(every_truncation_and_every_extra_byte_is_refused),
        cmocka_unit_test(damaged_bytes_never_decode_into_something_out_of_bounds),
        cmocka_unit_test(bounds_hold_when_writing),
        cmocka_unit_test(hides_and_shows_name_rising_seqs),
        cmocka_unit_test(records_are_utf8),
        cmocka_unit_test(a_dot_has_one_home_and_its_box),
        cmocka_unit_test(homes_cover_the_ink),
        cmocka_unit_test(more_than_256_homes_are_refused_at_a_bounded_cost),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
