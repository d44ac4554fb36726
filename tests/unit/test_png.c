/* What png.c writes is read back by libpng and compared pixel by pixel with what went in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <png.h>

#include "kolam/alloc.h"
#include "kolam/ink.h"
#include "kolam/png.h"

struct sink {
    uint8_t *bytes;
    size_t size_bytes, limit_bytes;
};

static bool collect(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct sink *sink = ctx;
    if (sink->size_bytes + size_bytes > sink->limit_bytes) {
        return false;
    }
    sink->bytes = realloc(sink->bytes, sink->size_bytes + size_bytes);
    assert_non_null(sink->bytes);
    memcpy(sink->bytes + sink->size_bytes, bytes, size_bytes);
    sink->size_bytes += size_bytes;
    return true;
}

/* IHDR stands first in every PNG: its colour type is byte 25 of the file, its bit depth byte 24. */
enum { BIT_DEPTH_AT = 24, COLOR_TYPE_AT = 25 };

static uint8_t *decode(const uint8_t *bytes, size_t size_bytes, uint32_t width, uint32_t height) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&image, bytes, size_bytes));
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);
    image.format = PNG_FORMAT_RGBA;
    uint8_t *rgba = malloc(PNG_IMAGE_SIZE(image));
    assert_non_null(rgba);
    assert_true(png_image_finish_read(&image, NULL, rgba, 0, NULL));
    return rgba;
}

/* A valid premultiplied pixel out of a number. */
static uint32_t pixel_of(uint32_t number) {
    uint32_t alpha = number & 0xff;
    uint32_t pixel = alpha << 24;
    for (int shift = 0; shift < 24; shift += 8) {
        pixel |= (number * 2654435761u >> (shift + 3)) % (alpha + 1) << shift;
    }
    return pixel;
}

static uint8_t *encode_and_compare(const uint32_t *pixels, size_t *out_size_bytes) {
    uint8_t *bytes;
    size_t size_bytes;
    assert_int_equal(kolam_png_encode_tile(pixels, &bytes, &size_bytes), KOLAM_OK);
    uint8_t *found = decode(bytes, size_bytes, KOLAM_TILE_PX, KOLAM_TILE_PX);
    uint8_t *expected = malloc(KOLAM_TILE_PIXELS * 4);
    assert_non_null(expected);
    kolam_ink_to_rgba(pixels, KOLAM_TILE_PIXELS, expected);
    assert_memory_equal(found, expected, KOLAM_TILE_PIXELS * 4);
    free(found);
    free(expected);
    *out_size_bytes = size_bytes;
    return bytes;
}

static void encodes_a_tile_of_n_colours(uint32_t color_count, int color_type, int bit_depth) {
    uint32_t *pixels = malloc(KOLAM_TILE_PIXELS * sizeof *pixels);
    assert_non_null(pixels);
    for (uint32_t i = 0; i < KOLAM_TILE_PIXELS; i++) {
        uint32_t number = i % color_count;
        /* Distinct for each number: the alpha is its low byte, the red the rest. */
        pixels[i] = number < 256 ? number << 24 : 0xff000000u | number << 16 >> 8;
    }
    size_t size_bytes;
    uint8_t *bytes = encode_and_compare(pixels, &size_bytes);
    assert_int_equal(bytes[COLOR_TYPE_AT], color_type);
    assert_int_equal(bytes[BIT_DEPTH_AT], bit_depth);
    kolam_free(bytes);
    free(pixels);
}

static void tile_of_few_colours_has_a_palette(void **state) {
    (void)state;
    encodes_a_tile_of_n_colours(1, PNG_COLOR_TYPE_PALETTE, 1);
    encodes_a_tile_of_n_colours(2, PNG_COLOR_TYPE_PALETTE, 1);
    encodes_a_tile_of_n_colours(3, PNG_COLOR_TYPE_PALETTE, 2);
    encodes_a_tile_of_n_colours(16, PNG_COLOR_TYPE_PALETTE, 4);
    encodes_a_tile_of_n_colours(17, PNG_COLOR_TYPE_PALETTE, 8);
    encodes_a_tile_of_n_colours(256, PNG_COLOR_TYPE_PALETTE, 8);
}

static void tile_of_257_colours_has_none(void **state) {
    (void)state;
    encodes_a_tile_of_n_colours(257, PNG_COLOR_TYPE_RGB_ALPHA, 8);
}

static void empty_tile_is_tiny(void **state) {
    (void)state;
    uint32_t *pixels = calloc(KOLAM_TILE_PIXELS, sizeof *pixels);
    assert_non_null(pixels);
    size_t size_bytes;
    kolam_free(encode_and_compare(pixels, &size_bytes));
    assert_true(size_bytes < 400);
    free(pixels);
}

static void every_translucency_survives(void **state) {
    (void)state;
    uint32_t *pixels = malloc(KOLAM_TILE_PIXELS * sizeof *pixels);
    assert_non_null(pixels);
    for (uint32_t i = 0; i < KOLAM_TILE_PIXELS; i++) {
        pixels[i] = pixel_of(i);
    }
    size_t size_bytes;
    kolam_free(encode_and_compare(pixels, &size_bytes));
    free(pixels);
}

/* Any tile's encoder gives the same error, and no leak, whichever allocation fails. */
static bool fails_at_countdown(void *ctx) {
    int *countdown = ctx;
    return (*countdown)-- != 0;
}

static void tile_reports_each_failed_allocation(void **state) {
    (void)state;
    uint32_t *pixels = calloc(KOLAM_TILE_PIXELS, sizeof *pixels);
    assert_non_null(pixels);
    enum kolam_status status = KOLAM_ERR_NOMEM;
    int failures = 0;
    for (; status != KOLAM_OK; failures++) {
        assert_int_equal(status, KOLAM_ERR_NOMEM);
        assert_true(failures < 100);
        int countdown = failures;
        uint8_t *bytes = NULL;
        size_t size_bytes;
        kolam_alloc_set_hook(fails_at_countdown, &countdown);
        status = kolam_png_encode_tile(pixels, &bytes, &size_bytes);
        kolam_alloc_set_hook(NULL, NULL);
        kolam_free(bytes);
    }
    assert_true(failures > 3);
    free(pixels);
}

enum { WIDTH = 37, HEIGHT = 23 };

static void fill_row(uint32_t *row, uint32_t y, bool is_opaque) {
    for (uint32_t x = 0; x < WIDTH; x++) {
        row[x] = is_opaque ? 0xff000000u | (x * 7 << 16) | (y * 11 << 8) | (x ^ y)
                           : pixel_of(y * 97 + x * 31);
    }
}

static void writes_rows(bool is_opaque) {
    struct sink sink = {.limit_bytes = SIZE_MAX};
    struct kolam_png_writer *writer;
    const struct kolam_png_text texts[] = {{"Title", "a wall"}};
    assert_int_equal(kolam_png_begin(WIDTH, HEIGHT, is_opaque, texts, 1, collect, &sink, &writer),
                     KOLAM_OK);
    uint32_t row[WIDTH];
    for (uint32_t y = 0; y < HEIGHT; y++) {
        fill_row(row, y, is_opaque);
        assert_int_equal(kolam_png_row(writer, row), KOLAM_OK);
    }
    assert_int_equal(kolam_png_end(writer), KOLAM_OK);
    assert_int_equal(sink.bytes[COLOR_TYPE_AT],
                     is_opaque ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGB_ALPHA);
    uint8_t *found = decode(sink.bytes, sink.size_bytes, WIDTH, HEIGHT);
    for (uint32_t y = 0; y < HEIGHT; y++) {
        uint8_t expected[WIDTH * 4];
        fill_row(row, y, is_opaque);
        kolam_ink_to_rgba(row, WIDTH, expected);
        assert_memory_equal(found + y * WIDTH * 4, expected, sizeof expected);
    }
    free(found);
    free(sink.bytes);
}

static void picture_keeps_every_row(void **state) {
    (void)state;
    writes_rows(false);
    writes_rows(true);
}

/* A reader's view of the text chunks, through libpng's other interface. */
static void read_text(const struct sink *sink, const char *key, char *out_value,
                      size_t capacity_bytes) {
    FILE *file = fmemopen(sink->bytes, sink->size_bytes, "rb");
    assert_non_null(file);
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_read_info(png, info);
    png_textp texts;
    int count = png_get_text(png, info, &texts, NULL);
    out_value[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (strcmp(texts[i].key, key) == 0) {
            snprintf(out_value, capacity_bytes, "%s", texts[i].text);
        }
    }
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
}

static void text_chunks_are_utf8(void **state) {
    (void)state;
    struct sink sink = {.limit_bytes = SIZE_MAX};
    struct kolam_png_writer *writer;
    const struct kolam_png_text texts[] = {{"Title", "கோலம்"}, {"kolam:canvas-seq", "4711"}};
    uint32_t row[1] = {0};
    assert_int_equal(kolam_png_begin(1, 1, false, texts, 2, collect, &sink, &writer), KOLAM_OK);
    assert_int_equal(kolam_png_row(writer, row), KOLAM_OK);
    assert_int_equal(kolam_png_end(writer), KOLAM_OK);
    char value[64];
    read_text(&sink, "Title", value, sizeof value);
    assert_string_equal(value, "கோலம்");
    read_text(&sink, "kolam:canvas-seq", value, sizeof value);
    assert_string_equal(value, "4711");
    free(sink.bytes);
}

static void picture_without_all_rows_is_an_error(void **state) {
    (void)state;
    struct sink sink = {.limit_bytes = SIZE_MAX};
    struct kolam_png_writer *writer;
    uint32_t row[3] = {0};
    assert_int_equal(kolam_png_begin(3, 2, false, NULL, 0, collect, &sink, &writer), KOLAM_OK);
    assert_int_equal(kolam_png_row(writer, row), KOLAM_OK);
    assert_int_equal(kolam_png_end(writer), KOLAM_ERR_INVALID);
    free(sink.bytes);
}

static void row_too_many_is_an_error(void **state) {
    (void)state;
    struct sink sink = {.limit_bytes = SIZE_MAX};
    struct kolam_png_writer *writer;
    uint32_t row[3] = {0};
    assert_int_equal(kolam_png_begin(3, 1, false, NULL, 0, collect, &sink, &writer), KOLAM_OK);
    assert_int_equal(kolam_png_row(writer, row), KOLAM_OK);
    assert_int_equal(kolam_png_row(writer, row), KOLAM_ERR_INVALID);
    kolam_png_abort(writer);
    free(sink.bytes);
}

static void refused_write_stops_the_picture(void **state) {
    (void)state;
    struct sink sink = {.limit_bytes = 70}; /* the header passes, the pixels do not */
    struct kolam_png_writer *writer;
    uint32_t row[3] = {0};
    assert_int_equal(kolam_png_begin(3, 1, false, NULL, 0, collect, &sink, &writer), KOLAM_OK);
    assert_int_equal(kolam_png_row(writer, row), KOLAM_OK);
    assert_int_equal(kolam_png_end(writer), KOLAM_ERR_IO);
    free(sink.bytes);
}

static void sizes_out_of_bounds_are_refused(void **state) {
    (void)state;
    struct sink sink = {0};
    struct kolam_png_writer *writer;
    assert_int_equal(kolam_png_begin(0, 1, false, NULL, 0, collect, &sink, &writer),
                     KOLAM_ERR_INVALID);
    assert_int_equal(kolam_png_begin(1, 0, false, NULL, 0, collect, &sink, &writer),
                     KOLAM_ERR_INVALID);
    assert_int_equal(kolam_png_begin(0x80000000u, 1, false, NULL, 0, collect, &sink, &writer),
                     KOLAM_ERR_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tile_of_few_colours_has_a_palette),
        cmocka_unit_test(tile_of_257_colours_has_none),
        cmocka_unit_test(empty_tile_is_tiny),
        cmocka_unit_test(every_translucency_survives),
        cmocka_unit_test(tile_reports_each_failed_allocation),
        cmocka_unit_test(picture_keeps_every_row),
        cmocka_unit_test(text_chunks_are_utf8),
        cmocka_unit_test(picture_without_all_rows_is_an_error),
        cmocka_unit_test(row_too_many_is_an_error),
        cmocka_unit_test(refused_write_stops_the_picture),
        cmocka_unit_test(sizes_out_of_bounds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
