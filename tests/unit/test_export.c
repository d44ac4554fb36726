/* Regions as pictures: their bounds, and that each pixel is the tile's, or the exact average of the ink
 * beneath it. Drawn from a real canvas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>
#include <png.h>

#include "kolam/alloc.h"
#include "kolam/export.h"
#include "tests/support/canvas_fixture.h"

/* ---- the rectangle ---- */

static enum kolam_status parse(const char *text, struct kolam_region *out_region) {
    return kolam_region_parse_rect(text, strlen(text), out_region);
}

static void rectangle_is_four_decimals(void **state) {
    (void)state;
    struct kolam_region region;
    assert_int_equal(parse("-1.5,2,300,0.25", &region), KOLAM_OK);
    assert_true(region.x == -1.5 && region.y == 2 && region.width == 300 && region.height == 0.25);
    assert_int_equal(parse("-2147483648,-2147483648,4294967296,4294967296", &region), KOLAM_OK);
}

static void other_rectangles_are_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"",
                                        "1,2,3",
                                        "1,2,3,4,5",
                                        "1,2,3,4,",
                                        ",1,2,3,4",
                                        "1,2,,4",
                                        " 1,2,3,4",
                                        "1,2,3,4 ",
                                        "1e3,2,3,4",
                                        "0x10,2,3,4",
                                        "nan,2,3,4",
                                        "1,2,inf,4",
                                        "+1,2,3,4",
                                        "1,2,0,4",
                                        "1,2,3,-4",
                                        ".5,2,3,4",
                                        "1.,2,3,4",
                                        "1.2.3,2,3,4",
                                        "--1,2,3,4",
                                        "-,2,3,4",
                                        "1,2,3,4\n",
                                        "2147483648,0,1,1",
                                        "0,0,2147483649,1",
                                        "-2147483649,0,1,1"};
    struct kolam_region region;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (parse(texts[i], &region) != KOLAM_ERR_INVALID) {
            fail_msg("'%s' was taken", texts[i]);
        }
    }
    assert_int_equal(kolam_region_parse_rect("1,2,3,4\0", 8, &region), KOLAM_ERR_INVALID);
    char digits[300];
    memset(digits, '1', sizeof digits);
    assert_int_equal(kolam_region_parse_rect(digits, sizeof digits, &region), KOLAM_ERR_INVALID);
}

static void size_is_checked(void **state) {
    (void)state;
    uint32_t width, height;
    struct kolam_region region = {0, 0, 1000, 10, 0.05};
    assert_int_equal(kolam_region_size(&region, 50, &width, &height), KOLAM_OK);
    assert_int_equal(width, 50); /* 1,000 x 0.05, whatever a double makes of it */
    assert_int_equal(height, 1);
    assert_int_equal(kolam_region_size(&region, 49, &width, &height), KOLAM_ERR_FULL);
    static const double bad_scales[] = {0, -1, NAN, INFINITY, 0x1p-25, 0x1p25};
    for (size_t i = 0; i < sizeof bad_scales / sizeof bad_scales[0]; i++) {
        region.scale = bad_scales[i];
        assert_int_equal(kolam_region_size(&region, 1000, &width, &height), KOLAM_ERR_INVALID);
    }
    static const struct kolam_region bad_regions[] = {{NAN, 0, 1, 1, 1}, {0, -INFINITY, 1, 1, 1},
                                                      {0, 0, NAN, 1, 1}, {0, 0, 1, INFINITY, 1},
                                                      {0, 0, 0, 1, 1},   {0x1p31, 0, 1, 1, 1}};
    for (size_t i = 0; i < sizeof bad_regions / sizeof bad_regions[0]; i++) {
        assert_int_equal(kolam_region_size(&bad_regions[i], 1000, &width, &height),
                         KOLAM_ERR_INVALID);
    }
}

/* ---- pictures ---- */

struct canvas {
    struct canvas_fixture fixture;
    struct kolam_reader *reader;
    struct kolam_tile_store *store;
    struct kolam_raster *raster;
};

static void draw_line(struct canvas *canvas, uint32_t color, int32_t x0, int32_t y0, int32_t x1,
                      int32_t y1) {
    struct kolam_point points[2] = {{.x = x0 * 8, .y = y0 * 8, .pressure = 255},
                                    {.x = x1 * 8, .y = y1 * 8, .pressure = 255}};
    struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                          .stroke = {.color = color,
                                     .width = 20 * 256,
                                     .part_count = 1,
                                     .point_count = 2,
                                     .points = points}};
    canvas_fixture_submit(&canvas->fixture, 1, &op, 1);
    canvas_fixture_wait(&canvas->fixture);
}

static int open_canvas(void **state) {
    struct canvas *canvas = calloc(1, sizeof *canvas);
    assert_non_null(canvas);
    canvas_fixture_open(&canvas->fixture);
    draw_line(canvas, 0xff0000ff, -300, -20, 300, 40);
    draw_line(canvas, 0x0000ff80, -250, 200, 250, -240);
    assert_int_equal(kolam_reader_create(canvas->fixture.log_path, &canvas->reader, NULL),
                     KOLAM_OK);
    canvas->store = kolam_tile_store_null_create();
    assert_non_null(canvas->store);
    assert_int_equal(kolam_raster_create(canvas->reader, canvas->store, &canvas->raster), KOLAM_OK);
    *state = canvas;
    return 0;
}

static int close_canvas(void **state) {
    struct canvas *canvas = *state;
    kolam_raster_destroy(canvas->raster);
    kolam_tile_store_destroy(canvas->store);
    kolam_reader_destroy(canvas->reader);
    canvas_fixture_close(&canvas->fixture);
    free(canvas);
    return 0;
}

struct sink {
    uint8_t *bytes;
    size_t size_bytes;
};

static bool collect(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct sink *sink = ctx;
    sink->bytes = realloc(sink->bytes, sink->size_bytes + size_bytes);
    assert_non_null(sink->bytes);
    memcpy(sink->bytes + sink->size_bytes, bytes, size_bytes);
    sink->size_bytes += size_bytes;
    return true;
}

struct picture {
    uint32_t width, height;
    uint8_t *rgba; /* straight alpha */
};

static struct picture decode(const struct sink *sink) {
    png_image image = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&image, sink->bytes, sink->size_bytes));
    image.format = PNG_FORMAT_RGBA;
    struct picture picture = {image.width, image.height, malloc(PNG_IMAGE_SIZE(image))};
    assert_non_null(picture.rgba);
    assert_true(png_image_finish_read(&image, NULL, picture.rgba, 0, NULL));
    return picture;
}

static struct picture export(struct canvas *canvas, struct kolam_export_options options) {
    struct sink sink = {.bytes = NULL};
    struct kolam_error error = {.text = ""};
    options.side_max = 5000;
    if (kolam_export_png(canvas->raster, canvas->reader, &options, collect, &sink, &error) !=
        KOLAM_OK) {
        fail_msg("%s", error.text);
    }
    struct picture picture = decode(&sink);
    free(sink.bytes);
    return picture;
}

static void draw_tile(struct canvas *canvas, struct kolam_tile_id tile, uint32_t *out_pixels) {
    uint64_t seq;
    bool is_empty;
    assert_int_equal(
        kolam_raster_tile(canvas->raster, tile, KOLAM_SEQ_NOW, out_pixels, &seq, &is_empty),
        KOLAM_OK);
    if (is_empty) {
        memset(out_pixels, 0, KOLAM_TILE_PIXELS * sizeof *out_pixels);
    }
}

/* The level's own pixels from (x0, y0) on. */
static uint32_t *draw_level(struct canvas *canvas, int32_t level, int64_t x0, int64_t y0,
                            uint32_t width, uint32_t height) {
    uint32_t *pixels = malloc((size_t)width * height * sizeof *pixels);
    uint32_t *tile_pixels = malloc(KOLAM_TILE_PIXELS * sizeof *tile_pixels);
    assert_true(pixels && tile_pixels);
    for (int64_t ty = kolam_floor_shift(y0, 8); ty <= kolam_floor_shift(y0 + height - 1, 8); ty++) {
        for (int64_t tx = kolam_floor_shift(x0, 8); tx <= kolam_floor_shift(x0 + width - 1, 8);
             tx++) {
            draw_tile(canvas, (struct kolam_tile_id){tx, ty, level}, tile_pixels);
            for (int64_t i = 0; i < KOLAM_TILE_PIXELS; i++) {
                int64_t x = tx * 256 + i % 256 - x0, y = ty * 256 + i / 256 - y0;
                if (x >= 0 && x < width && y >= 0 && y < height) {
                    pixels[y * width + x] = tile_pixels[i];
                }
            }
        }
    }
    free(tile_pixels);
    return pixels;
}

static void power_of_two_is_copied(void **state) {
    struct canvas *canvas = *state;
    for (int32_t level = -2; level <= 1; level++) {
        struct kolam_export_options options = {
            .region = {-290.3, -100.9, 580, 201, ldexp(1, level)}, .at_seq = KOLAM_SEQ_NOW};
        struct picture picture = export(canvas, options);
        int64_t x0 = (int64_t)floor(ldexp(-290.3, level)),
                y0 = (int64_t)floor(ldexp(-100.9, level));
        uint32_t *pixels = draw_level(canvas, level, x0, y0, picture.width, picture.height);
        uint8_t *expected = malloc((size_t)picture.width * picture.height * 4);
        assert_non_null(expected);
        kolam_ink_to_rgba(pixels, picture.width * picture.height, expected);
        assert_memory_equal(picture.rgba, expected, (size_t)picture.width * picture.height * 4);
        free(expected);
        free(pixels);
        free(picture.rgba);
    }
}

/* What the ink beneath one pixel of the picture comes to, in doubles, straight from the definition. */
static double average(const uint32_t *pixels, uint32_t stride, int shift, double x0, double y0,
                      double step) {
    double sum = 0;
    for (double y = floor(y0); y < y0 + step; y++) {
        for (double x = floor(x0); x < x0 + step; x++) {
            double across = fmin(x + 1, x0 + step) - fmax(x, x0);
            double down = fmin(y + 1, y0 + step) - fmax(y, y0);
            sum += across * down * (pixels[(size_t)y * stride + (size_t)x] >> shift & 0xff);
        }
    }
    return sum / (step * step);
}

static void other_scales_average_by_area(void **state) {
    struct canvas *canvas = *state;
    const double scale = 0.37; /* from level -1: 1.35 source pixels a pixel */
    struct kolam_export_options options = {.region = {-301.7, -149.2, 603, 299, scale},
                                           .at_seq = KOLAM_SEQ_NOW};
    struct picture picture = export(canvas, options);
    assert_int_equal(picture.width, 224);
    assert_int_equal(picture.height, 111);
    const double left = -301.7 / 2, top = -149.2 / 2, step = 0.5 / scale;
    const uint32_t stride = 400;
    uint32_t *pixels =
        draw_level(canvas, -1, (int64_t)floor(left), (int64_t)floor(top), stride, 200);
    uint32_t painted = 0;
    for (uint32_t y = 0; y < picture.height; y++) {
        for (uint32_t x = 0; x < picture.width; x++) {
            const uint8_t *found = picture.rgba + ((size_t)y * picture.width + x) * 4;
            double x0 = left - floor(left) + x * step, y0 = top - floor(top) + y * step;
            double alpha = average(pixels, stride, 24, x0, y0, step);
            assert_true(fabs(found[3] - alpha) <= 0.51);
            painted += found[3] > 0;
            for (int channel = 0; channel < 3 && found[3] > 0; channel++) {
                double value = average(pixels, stride, 16 - 8 * channel, x0, y0, step);
                /* Compared as laid on black: straight colours are only as sharp as alpha allows. */
                assert_true(fabs(found[channel] * found[3] / 255.0 - value) <= 1.01);
            }
        }
    }
    assert_true(painted > 1000);
    free(pixels);
    free(picture.rgba);
}

static void ground_is_opaque_beneath_the_ink(void **state) {
    struct canvas *canvas = *state;
    struct kolam_export_options options = {.region = {-100, -100, 200, 200, 1},
                                           .at_seq = KOLAM_SEQ_NOW};
    struct picture bare = export(canvas, options);
    options.has_ground = true;
    options.ground = 0x20c040;
    struct picture grounded = export(canvas, options);
    static const double ground[3] = {0x20, 0xc0, 0x40};
    for (uint32_t i = 0; i < bare.width * bare.height; i++) {
        const uint8_t *from = bare.rgba + (size_t)i * 4, *found = grounded.rgba + (size_t)i * 4;
        assert_int_equal(found[3], 255);
        for (int channel = 0; channel < 3; channel++) {
            double alpha = from[3] / 255.0;
            double expected = from[channel] * alpha + ground[channel] * (1 - alpha);
            assert_true(fabs(found[channel] - expected) <= 1.6);
        }
    }
    free(bare.rgba);
    free(grounded.rgba);
}

static void earlier_state_is_drawn_on_request(void **state) {
    struct canvas *canvas = *state;
    struct kolam_export_options options = {.region = {-20, 20, 40, 40, 1}, .at_seq = 0};
    struct picture picture = export(canvas, options);
    for (uint32_t i = 0; i < picture.width * picture.height; i++) {
        assert_int_equal(picture.rgba[(size_t)i * 4 + 3], 0);
    }
    free(picture.rgba);
    options.region =
        (struct kolam_region){-5, -240, 10, 230, 1}; /* the second stroke's right side */
    options.region.x = 240;
    options.at_seq = 1;
    picture = export(canvas, options);
    uint32_t painted = 0;
    for (uint32_t i = 0; i < picture.width * picture.height; i++) {
        painted += picture.rgba[(size_t)i * 4 + 3] > 0;
    }
    assert_int_equal(painted, 0);
    free(picture.rgba);
    options.at_seq = 2;
    picture = export(canvas, options);
    for (uint32_t i = 0; i < picture.width * picture.height; i++) {
        painted += picture.rgba[(size_t)i * 4 + 3] > 0;
    }
    assert_true(painted > 0);
    free(picture.rgba);
}

static void same_state_gives_the_same_bytes(void **state) {
    struct canvas *canvas = *state;
    struct kolam_export_options options = {.region = {-50, -50, 100, 100, 0.3},
                                           .at_seq = KOLAM_SEQ_NOW,
                                           .side_max = 100,
                                           .title = "w"};
    struct sink first = {.bytes = NULL}, second = {.bytes = NULL};
    assert_int_equal(
        kolam_export_png(canvas->raster, canvas->reader, &options, collect, &first, NULL),
        KOLAM_OK);
    assert_int_equal(
        kolam_export_png(canvas->raster, canvas->reader, &options, collect, &second, NULL),
        KOLAM_OK);
    assert_int_equal(first.size_bytes, second.size_bytes);
    assert_memory_equal(first.bytes, second.bytes, first.size_bytes);
    assert_non_null(memmem(first.bytes, first.size_bytes, "kolam:canvas-seq\0002", 18));
    assert_non_null(memmem(first.bytes, first.size_bytes, "Title\0w", 7));
    assert_non_null(memmem(first.bytes, first.size_bytes, "Creation Time", 13));
    free(first.bytes);
    free(second.bytes);
}

static void edge_of_the_world_is_transparent(void **state) {
    struct canvas *canvas = *state;
    struct kolam_export_options options = {.region = {0x1p31 - 2.5, -0x1p31, 2.5, 10, 1},
                                           .at_seq = KOLAM_SEQ_NOW};
    struct picture picture = export(canvas, options);
    assert_int_equal(picture.width, 3);
    for (uint32_t i = 0; i < picture.width * picture.height; i++) {
        assert_int_equal(picture.rgba[(size_t)i * 4 + 3], 0);
    }
    free(picture.rgba);
    options.region = (struct kolam_region){-0x1p31, -0x1p31, 0x1p32, 0x1p32, 0x1p-24};
    picture = export(canvas, options);
    assert_int_equal(picture.width, 256);
    free(picture.rgba);
}

static bool refuse(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    (void)bytes;
    (void)size_bytes;
    return --*(int *)ctx > 0;
}

static bool cancel(void *ctx, uint32_t rows_done, uint32_t rows_all) {
    (void)ctx;
    assert_int_equal(rows_all, 10);
    return rows_done < 3;
}

static void refused_writes_and_cancelling_end_it(void **state) {
    struct canvas *canvas = *state;
    struct kolam_error error;
    int writes = 3;
    struct kolam_export_options options = {
        .region = {0, 0, 10, 10, 1}, .at_seq = KOLAM_SEQ_NOW, .side_max = 100};
    assert_int_equal(
        kolam_export_png(canvas->raster, canvas->reader, &options, refuse, &writes, &error),
        KOLAM_ERR_IO);
    struct sink sink = {.bytes = NULL};
    options.progress = cancel;
    assert_int_equal(
        kolam_export_png(canvas->raster, canvas->reader, &options, collect, &sink, &error),
        KOLAM_ERR_CLOSED);
    free(sink.bytes);
    sink = (struct sink){.bytes = NULL};
    options.side_max = 9;
    assert_int_equal(
        kolam_export_png(canvas->raster, canvas->reader, &options, collect, &sink, &error),
        KOLAM_ERR_FULL);
    assert_null(sink.bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rectangle_is_four_decimals),
        cmocka_unit_test(other_rectangles_are_refused),
        cmocka_unit_test(size_is_checked),
        cmocka_unit_test_setup_teardown(power_of_two_is_copied, open_canvas, close_canvas),
        cmocka_unit_test_setup_teardown(other_scales_average_by_area, open_canvas, close_canvas),
        cmocka_unit_test_setup_teardown(ground_is_opaque_beneath_the_ink, open_canvas,
                                        close_canvas),
        cmocka_unit_test_setup_teardown(earlier_state_is_drawn_on_request, open_canvas,
                                        close_canvas),
        cmocka_unit_test_setup_teardown(same_state_gives_the_same_bytes, open_canvas, close_canvas),
        cmocka_unit_test_setup_teardown(edge_of_the_world_is_transparent, open_canvas,
                                        close_canvas),
        cmocka_unit_test_setup_teardown(refused_writes_and_cancelling_end_it, open_canvas,
                                        close_canvas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
