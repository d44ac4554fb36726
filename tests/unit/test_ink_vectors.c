/* The native kernel draws the shared vectors to the bit; tests/web/ink.test.mjs holds the
 * WebAssembly one to the same file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <jansson.h>

#include "tests/support/ink_strokes.h"

#ifndef KOLAM_TEST_DATA
#define KOLAM_TEST_DATA "tests/data"
#endif

static int64_t number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static int64_t item(const json_t *array, size_t index) {
    const json_t *value = json_array_get(array, index);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

/* Of a filled shape; NULL for what is none. */
static uint32_t *read_contours(const json_t *object, uint32_t *room, uint32_t *out_count) {
    const json_t *contours = json_object_get(object, "contours");
    *out_count = (uint32_t)json_array_size(contours);
    assert_true(*out_count <= KOLAM_CONTOURS_MAX);
    for (uint32_t i = 0; i < *out_count; i++) {
        room[i] = (uint32_t)item(contours, i);
    }
    return *out_count > 0 ? room : NULL;
}

static struct kolam_stroke read_stroke(const json_t *object, struct kolam_point *room) {
    static uint32_t contour_room[KOLAM_CONTOURS_MAX];
    uint32_t contour_count;
    uint32_t *contours = read_contours(object, contour_room, &contour_count);
    const json_t *points = json_object_get(object, "points");
    size_t count = json_array_size(points);
    assert_in_range(count, 1, KOLAM_STROKE_POINTS_MAX);
    for (size_t i = 0; i < count; i++) {
        const json_t *point = json_array_get(points, i);
        room[i] = (struct kolam_point){.x = (int32_t)item(point, 0),
                                       .y = (int32_t)item(point, 1),
                                       .pressure = (uint8_t)item(point, 2)};
    }
    return (struct kolam_stroke){
        .origin = {number(object, "x"), number(object, "y"), (int32_t)number(object, "level")},
        .tool = (enum kolam_tool)number(object, "tool"),
        .color = (uint32_t)number(object, "color"),
        .width = (uint32_t)number(object, "width"),
        .part = (uint32_t)number(object, "part"),
        .part_count = (uint32_t)number(object, "partCount"),
        .has_pressure = true,
        .point_count = (uint32_t)count,
        .points = room,
        .contour_count = contour_count,
        .contour_sizes = contours,
    };
}

static void check_vector(const json_t *vector, struct kolam_ink_mask *mask, uint32_t *pixels) {
    static struct kolam_point room[KOLAM_STROKE_POINTS_MAX];
    const json_t *where = json_object_get(vector, "tile"), *strokes, *rect, *value;
    struct kolam_tile_id tile = {item(where, 1), item(where, 2), (int32_t)item(where, 0)};
    struct kolam_stroke stroke = {0};
    size_t index;
    strokes = json_object_get(vector, "strokes");
    json_array_foreach(strokes, index, value) {
        stroke = read_stroke(value, room);
        kolam_ink_add_stroke(mask, &stroke, 0, tile);
    }
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        pixels[i] = (uint32_t)number(vector, "ground");
    }
    kolam_ink_composite(mask, stroke.tool, stroke.color, pixels);
    char hash[17];
    (void)snprintf(hash, sizeof hash, "%016llx",
                   (unsigned long long)fnv1a(pixels, KOLAM_TILE_PIXELS * sizeof *pixels));
    const char *expected = json_string_value(json_object_get(vector, "hash"));
    assert_non_null(expected);
    if (strcmp(hash, expected) != 0) {
        print_message("%s\n", json_string_value(json_object_get(vector, "name")));
    }
    assert_string_equal(hash, expected);
    rect = json_object_get(vector, "rect");
    assert_int_equal(item(rect, 0), mask->x0);
    assert_int_equal(item(rect, 1), mask->y0);
    assert_int_equal(item(rect, 2), mask->x1);
    assert_int_equal(item(rect, 3), mask->y1);
    kolam_ink_mask_clear(mask);
}

static void draws_the_shared_vectors_to_the_bit(void **state) {
    (void)state;
    json_error_t error;
    json_t *root = json_load_file(KOLAM_TEST_DATA "/ink-vectors.json", 0, &error);
    if (root == NULL) {
        fail_msg("ink-vectors.json (run from the repository's root): %s", error.text);
    }
    assert_int_equal(number(root, "raster_version"), KOLAM_INK_VERSION);
    struct kolam_ink_mask *mask = calloc(1, sizeof *mask);
    uint32_t *pixels = calloc(KOLAM_TILE_PIXELS, sizeof *pixels);
    assert_non_null(mask);
    assert_non_null(pixels);
    size_t index;
    const json_t *vectors = json_object_get(root, "vectors"), *vector;
    assert_true(json_array_size(vectors) > 50);
    json_array_foreach(vectors, index, vector) {
        check_vector(vector, mask, pixels);
    }
    free(mask);
    free(pixels);
    json_decref(root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_the_shared_vectors_to_the_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
