/* The animated PNG: its chunks, their order and numbers, what of each frame is written, and how it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "tools/apng.h"

#define WIDTH 5
#define HEIGHT 4
#define CHUNKS_MAX 64

struct sink {
    uint8_t bytes[65536];
    size_t size_bytes, limit_bytes;
};

static bool collect(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct sink *sink = ctx;
    if (sink->size_bytes + size_bytes > sink->limit_bytes) {
        return false;
    }
    memcpy(sink->bytes + sink->size_bytes, bytes, size_bytes);
    sink->size_bytes += size_bytes;
    return true;
}

struct chunk {
    char type[5];
    const uint8_t *data;
    uint32_t size_bytes;
};

struct film {
    struct sink sink;
    struct kolam_apng *apng;
    struct chunk chunks[CHUNKS_MAX];
    size_t chunk_count;
};

static struct film *begin(uint32_t frame_count, bool is_opaque) {
    struct film *film = calloc(1, sizeof *film);
    assert_non_null(film);
    film->sink.limit_bytes = sizeof film->sink.bytes;
    const struct kolam_apng_options options = {.width = WIDTH,
                                               .height = HEIGHT,
                                               .is_opaque = is_opaque,
                                               .frame_count = frame_count,
                                               .fps = 25,
                                               .write = collect,
                                               .ctx = &film->sink};
    assert_int_equal(kolam_apng_create(&options, &film->apng), KOLAM_OK);
    return film;
}

static void end(struct film *film) {
    kolam_apng_destroy(film->apng);
    free(film);
}

static uint32_t u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Takes the file apart; every CRC has to be right. */
static void split(struct film *film) {
    const uint8_t *bytes = film->sink.bytes;
    assert_memory_equal(bytes, "\x89PNG\r\n\x1a\n", 8);
    for (size_t at = 8; at < film->sink.size_bytes;) {
        struct chunk *chunk = &film->chunks[film->chunk_count++];
        assert_true(film->chunk_count <= CHUNKS_MAX);
        chunk->size_bytes = u32(bytes + at);
        memcpy(chunk->type, bytes + at + 4, 4);
        chunk->data = bytes + at + 8;
        assert_int_equal(u32(chunk->data + chunk->size_bytes),
                         crc32(0, bytes + at + 4, chunk->size_bytes + 4));
        at += chunk->size_bytes + 12;
    }
}

static const struct chunk *find(const struct film *film, const char *type, int nth) {
    for (size_t i = 0; i < film->chunk_count; i++) {
        if (strcmp(film->chunks[i].type, type) == 0 && nth-- == 0) {
            return &film->chunks[i];
        }
    }
    return NULL;
}

static void order_and_numbers_are_the_standards(void **state) {
    (void)state;
    static const char *const wanted[] = {"IHDR", "acTL", "sRGB", "fcTL", "IDAT",
                                         "fcTL", "fdAT", "fcTL", "fdAT", "IEND"};
    struct film *film = begin(3, false);
    uint32_t pixels[WIDTH * HEIGHT] = {0};
    for (uint32_t i = 0; i < 3; i++) {
        pixels[i] = 0xff000000u + i;
        assert_int_equal(kolam_apng_frame(film->apng, pixels, i + 1), KOLAM_OK);
    }
    assert_int_equal(kolam_apng_end(film->apng), KOLAM_OK);
    split(film);
    assert_int_equal(film->chunk_count, sizeof wanted / sizeof wanted[0]);
    uint32_t sequence = 0;
    for (size_t i = 0; i < film->chunk_count; i++) {
        const struct chunk *chunk = &film->chunks[i];
        assert_string_equal(chunk->type, wanted[i]);
        if (chunk->type[0] == 'f') {
            assert_int_equal(u32(chunk->data), sequence++);
        }
    }
    assert_int_equal(u32(find(film, "acTL", 0)->data), 3);
    const uint8_t *last = find(film, "fcTL", 2)->data;
    assert_int_equal(last[20] << 8 | last[21], 3); /* shown for 3/25 s */
    assert_int_equal(last[22] << 8 | last[23], 25);
    end(film);
}

static void later_frames_are_what_changed(void **state) {
    (void)state;
    struct film *film = begin(3, false);
    uint32_t pixels[WIDTH * HEIGHT] = {0};
    assert_int_equal(kolam_apng_frame(film->apng, pixels, 1), KOLAM_OK);
    pixels[1 * WIDTH + 3] = 0xffff0000u;
    pixels[2 * WIDTH + 1] = 0x80008000u;
    assert_int_equal(kolam_apng_frame(film->apng, pixels, 1), KOLAM_OK);
    assert_int_equal(kolam_apng_frame(film->apng, pixels, 1), KOLAM_OK); /* nothing changed */
    assert_int_equal(kolam_apng_end(film->apng), KOLAM_OK);
    split(film);
    const uint8_t *control = find(film, "fcTL", 1)->data;
    assert_int_equal(u32(control + 4), 3); /* width, height, x, y */
    assert_int_equal(u32(control + 8), 2);
    assert_int_equal(u32(control + 12), 1);
    assert_int_equal(u32(control + 16), 1);

    static const uint8_t rows[2][1 + 3 * 4] = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 255},
                                               {0, 0, 255, 0, 128, 0, 0, 0, 0, 0, 0, 0, 0}};
    const struct chunk *data = find(film, "fdAT", 0);
    uint8_t raw[sizeof rows];
    uLongf raw_bytes = sizeof raw;
    assert_int_equal(uncompress(raw, &raw_bytes, data->data + 4, data->size_bytes - 4), Z_OK);
    assert_int_equal(raw_bytes, sizeof rows);
    assert_memory_equal(raw, rows, sizeof rows);

    const uint8_t *idle = find(film, "fcTL", 2)->data;
    assert_int_equal(u32(idle + 4), 1); /* a frame cannot be empty */
    assert_int_equal(u32(idle + 8), 1);
    end(film);
}

static void opaque_frames_have_no_alpha(void **state) {
    (void)state;
    struct film *film = begin(1, true);
    uint32_t pixels[WIDTH * HEIGHT];
    memset(pixels, 0xff, sizeof pixels);
    assert_int_equal(kolam_apng_frame(film->apng, pixels, 1), KOLAM_OK);
    assert_int_equal(kolam_apng_end(film->apng), KOLAM_OK);
    split(film);
    assert_int_equal(find(film, "IHDR", 0)->data[9], 2); /* RGB */
    end(film);
}

static void frames_too_many_or_too_few_are_refused(void **state) {
    (void)state;
    struct film *film = begin(2, false);
    uint32_t pixels[WIDTH * HEIGHT] = {0};
    assert_int_equal(kolam_apng_frame(film->apng, pixels, 0), KOLAM_ERR_INVALID);
    assert_int_equal(kolam_apng_frame(film->apng, pixels, 65536), KOLAM_ERR_INVALID);
    assert_int_equal(kolam_apng_frame(film->apng, pixels, 1), KOLAM_OK);
    assert_int_equal(kolam_apng_end(film->apng), KOLAM_ERR_INVALID);
    assert_int_equal(kolam_apng_frame(film->apng, pixels, 65535), KOLAM_OK);
    assert_int_equal(kolam_apng_frame(film->apng, pixels, 1), KOLAM_ERR_INVALID);
    end(film);
}

static void refused_write_is_told(void **state) {
    (void)state;
    uint32_t pixels[WIDTH * HEIGHT] = {0};
    for (size_t limit = 0; limit < 120; limit += 7) {
        struct film *film = begin(1, false);
        film->sink.limit_bytes = limit;
        assert_int_equal(kolam_apng_frame(film->apng, pixels, 1), KOLAM_ERR_IO);
        end(film);
    }
}

static void options_out_of_bounds_are_refused(void **state) {
    (void)state;
    struct kolam_apng *apng;
    const struct kolam_apng_options fine = {
        .width = 1, .height = 1, .frame_count = 1, .fps = 1, .write = collect};
    struct kolam_apng_options options[4] = {fine, fine, fine, fine};
    options[0].width = 0;
    options[1].frame_count = 0;
    options[2].fps = 0;
    options[3].fps = 65536;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(kolam_apng_create(&options[i], &apng), KOLAM_ERR_INVALID);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_numbers_are_the_standards),
        cmocka_unit_test(later_frames_are_what_changed),
        cmocka_unit_test(opaque_frames_have_no_alpha),
        cmocka_unit_test(frames_too_many_or_too_few_are_refused),
        cmocka_unit_test(refused_write_is_told),
        cmocka_unit_test(options_out_of_bounds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
