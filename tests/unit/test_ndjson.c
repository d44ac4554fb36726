/* The neutral stroke file: what is read, what is refused and how it is told, plain and compressed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "tools/ndjson.h"

#define GOOD                                                                                       \
    "{\"t\":5,\"author\":\"Mira\",\"color\":\"#0a0b0cff\",\"width\":2.5,\"tool\":\"pen\","         \
    "\"points\":[[1,2],[3.5,-4]]}"

static void takes(const char *line, struct kolam_drawn_stroke *stroke) {
    struct kolam_error error = {.text = ""};
    if (kolam_ndjson_parse(line, strlen(line), stroke, &error) != KOLAM_OK) {
        fail_msg("%s: %s", line, error.text);
    }
}

static void refuses(const char *line, const char *reason) {
    struct kolam_drawn_stroke stroke = {.width = 0};
    struct kolam_error error = {.text = ""};
    enum kolam_status status = kolam_ndjson_parse(line, strlen(line), &stroke, &error);
    if (status != KOLAM_ERR_INVALID || !strstr(error.text, reason)) {
        fail_msg("%s: status %d, \"%s\" and not \"%s\"", line, status, error.text, reason);
    }
    kolam_drawn_stroke_finish(&stroke);
}

static void reads_a_stroke(void **state) {
    (void)state;
    struct kolam_drawn_stroke stroke = {.width = 0};
    takes(GOOD, &stroke);
    assert_string_equal(stroke.author, "Mira");
    assert_int_equal(stroke.color, 0x0a0b0cff);
    assert_true(stroke.width == 2.5);
    assert_int_equal(stroke.tool, KOLAM_TOOL_PEN);
    assert_true(stroke.has_start && stroke.start_ms == 5);
    assert_false(stroke.has_pressure);
    assert_false(stroke.has_times);
    assert_int_equal(stroke.point_count, 2);
    assert_true(stroke.points[1].x == 3.5 && stroke.points[1].y == -4);
    assert_true(stroke.points[1].pressure == 1);
    kolam_drawn_stroke_finish(&stroke);
}

static void reads_pressure_times_and_short_colours(void **state) {
    (void)state;
    struct kolam_drawn_stroke stroke = {.width = 0};
    takes("{\"t\":null,\"author\":\"a\",\"color\":\"#FF0080\",\"width\":1,\"tool\":\"eraser\","
          "\"points\":[[0,0,0],[1,1,0.5]],\"dt\":[0,17],\"later\":{\"x\":1}}",
          &stroke);
    assert_int_equal(stroke.color, 0xff0080ff);
    assert_int_equal(stroke.tool, KOLAM_TOOL_ERASER);
    assert_false(stroke.has_start);
    assert_true(stroke.has_pressure && stroke.points[1].pressure == 0.5);
    assert_true(stroke.has_times && stroke.points[1].dt_ms == 17);
    takes(GOOD, &stroke); /* the same struct again: nothing is left over */
    assert_false(stroke.has_pressure);
    assert_true(stroke.points[0].pressure == 1 && stroke.points[1].dt_ms == 0);
    kolam_drawn_stroke_finish(&stroke);
}

#define HEAD(author, color, width, tool)                                                           \
    "{\"author\":" author ",\"color\":" color ",\"width\":" width ",\"tool\":" tool ","
#define WITH(points) HEAD("\"a\"", "\"#000000\"", "1", "\"pen\"") points "}"

static void refuses_what_is_no_stroke(void **state) {
    (void)state;
    refuses("", "no JSON");
    refuses("{", "no JSON");
    refuses("[]", "must be a JSON object");
    refuses(GOOD "x", "no JSON");
    refuses("{\"author\":\"a\",\"author\":\"b\"}", "no JSON");
    refuses("{}", "author");
    refuses(HEAD("\"\"", "\"#000000\"", "1", "\"pen\"") "\"points\":[[0,0]]}", "author");
    refuses(HEAD("\"a\\u0007\"", "\"#000000\"", "1", "\"pen\"") "\"points\":[[0,0]]}", "author");
    refuses(HEAD("\"a\"", "\"black\"", "1", "\"pen\"") "\"points\":[[0,0]]}", "color");
    refuses(HEAD("\"a\"", "\"#00000g\"", "1", "\"pen\"") "\"points\":[[0,0]]}", "color");
    refuses(HEAD("\"a\"", "\"#000000\"", "0", "\"pen\"") "\"points\":[[0,0]]}", "width");
    refuses(HEAD("\"a\"", "\"#000000\"", "-1", "\"pen\"") "\"points\":[[0,0]]}", "width");
    refuses(HEAD("\"a\"", "\"#000000\"", "1", "\"brush\"") "\"points\":[[0,0]]}", "tool");
    refuses(HEAD("\"a\"", "\"#000000\"", "1", "\"pen\"") "\"t\":\"now\",\"points\":[[0,0]]}",
            "\"t\"");
}

static void refuses_bad_points(void **state) {
    (void)state;
    refuses(WITH("\"points\":[]"), "points");
    refuses(WITH("\"points\":{}"), "points");
    refuses(WITH("\"points\":[[1]]"), "points");
    refuses(WITH("\"points\":[[1,2,1,4]]"), "points");
    refuses(WITH("\"points\":[[1,2],[3,4,1]]"), "point 1");
    refuses(WITH("\"points\":[[1,2],[3,\"4\"]]"), "point 1");
    refuses(WITH("\"points\":[[1,3e9]]"), "point 0");
    refuses(WITH("\"points\":[[1,2,1.5]]"), "point 0");
    refuses(WITH("\"points\":[[1,2]],\"dt\":[0,0]"), "dt");
    refuses(WITH("\"points\":[[1,2]],\"dt\":[-1]"), "dt");
    refuses(WITH("\"points\":[[1,2]],\"dt\":[86400001]"), "dt");
}

/* ---- files ---- */

struct file {
    char path[64];
};

static struct file write_file(const void *bytes, size_t size_bytes) {
    struct file file = {"/tmp/kolam-ndjson-XXXXXX"};
    int fd = mkstemp(file.path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size_bytes), size_bytes);
    close(fd);
    return file;
}

/* All strokes of the file; the status that ended the reading. */
static enum kolam_status read_all(const char *path, int *out_count, uint64_t *out_line,
                                  uint8_t fingerprint[32], struct kolam_error *error) {
    struct kolam_ndjson *file;
    struct kolam_drawn_stroke stroke = {.width = 0};
    *out_count = 0;
    enum kolam_status status = kolam_ndjson_open(path, &file, error);
    if (status != KOLAM_OK) {
        return status;
    }
    kolam_ndjson_fingerprint(file, fingerprint);
    while ((status = kolam_ndjson_next(file, &stroke, error)) == KOLAM_OK) {
        (*out_count)++;
        *out_line = kolam_ndjson_line(file);
    }
    kolam_drawn_stroke_finish(&stroke);
    kolam_ndjson_close(file);
    return status;
}

/* Some hundred KB of lines, so that buffers are refilled and grown. */
static char *make_text(int count, size_t *out_size_bytes) {
    char *text = NULL;
    FILE *out = open_memstream(&text, out_size_bytes);
    assert_non_null(out);
    for (int i = 0; i < count; i++) {
        fputs("{\"author\":\"a\",\"color\":\"#000000\",\"width\":1,\"tool\":\"pen\",\"points\":[",
              out);
        for (int point = 0; point < (i == count / 2 ? 40000 : 20); point++) {
            fprintf(out, "%s[%d,%d]", point ? "," : "", i, point);
        }
        fputs("]}\n", out);
    }
    fclose(out);
    return text;
}

static void *gzip(const char *text, size_t size_bytes, size_t *out_size_bytes) {
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t capacity = deflateBound(&stream, size_bytes);
    void *out = malloc(capacity);
    stream.next_in = (Bytef *)(uintptr_t)text;
    stream.avail_in = (uInt)size_bytes;
    stream.next_out = out;
    stream.avail_out = (uInt)capacity;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    *out_size_bytes = capacity - stream.avail_out;
    deflateEnd(&stream);
    return out;
}

static void *zstd(const char *text, size_t size_bytes, size_t *out_size_bytes) {
    size_t capacity = ZSTD_compressBound(size_bytes);
    void *out = malloc(capacity);
    *out_size_bytes = ZSTD_compress(out, capacity, text, size_bytes, 1);
    assert_false(ZSTD_isError(*out_size_bytes));
    return out;
}

static void compressed_files_read_as_plain_ones(void **state) {
    (void)state;
    size_t plain_bytes, gzip_bytes, zstd_bytes;
    char *text = make_text(300, &plain_bytes);
    void *gzipped = gzip(text, plain_bytes, &gzip_bytes);
    void *zstded = zstd(text, plain_bytes, &zstd_bytes);
    struct file files[3] = {write_file(text, plain_bytes), write_file(gzipped, gzip_bytes),
                            write_file(zstded, zstd_bytes)};
    uint8_t fingerprints[3][32];
    for (int i = 0; i < 3; i++) {
        struct kolam_error error;
        int count;
        uint64_t line;
        assert_int_equal(read_all(files[i].path, &count, &line, fingerprints[i], &error),
                         KOLAM_ERR_NOT_FOUND);
        assert_int_equal(count, 300);
        assert_int_equal(line, 300);
        unlink(files[i].path);
    }
    assert_memory_equal(fingerprints[0], fingerprints[1], 32);
    assert_memory_equal(fingerprints[0], fingerprints[2], 32);
    free(text);
    free(gzipped);
    free(zstded);
}

static void joined_compressed_files_are_one(void **state) {
    (void)state;
    size_t part_bytes, gzip_bytes;
    char *part = make_text(7, &part_bytes);
    char *gzipped = gzip(part, part_bytes, &gzip_bytes);
    char *twice = malloc(2 * gzip_bytes);
    memcpy(twice, gzipped, gzip_bytes);
    memcpy(twice + gzip_bytes, gzipped, gzip_bytes);
    struct file file = write_file(twice, 2 * gzip_bytes);
    struct kolam_error error;
    uint8_t fingerprint[32];
    int count;
    uint64_t line;
    assert_int_equal(read_all(file.path, &count, &line, fingerprint, &error), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(count, 14);
    unlink(file.path);
    free(part);
    free(gzipped);
    free(twice);
}

static void cut_off_compressed_file_is_an_error(void **state) {
    (void)state;
    size_t plain_bytes, sizes[2];
    char *text = make_text(50, &plain_bytes);
    void *packed[2] = {gzip(text, plain_bytes, &sizes[0]), zstd(text, plain_bytes, &sizes[1])};
    for (int i = 0; i < 2; i++) {
        struct file file = write_file(packed[i], sizes[i] - 9);
        struct kolam_error error;
        uint8_t fingerprint[32];
        int count;
        uint64_t line;
        assert_int_equal(read_all(file.path, &count, &line, fingerprint, &error),
                         KOLAM_ERR_CORRUPT);
        assert_non_null(strstr(error.text, file.path));
        unlink(file.path);
        free(packed[i]);
    }
    free(text);
}

static void error_names_file_and_line(void **state) {
    (void)state;
    static const char text[] = GOOD "\n\n  \r\n" GOOD "\r\n{\"oops\":1}\n" GOOD "\n";
    struct file file = write_file(text, sizeof text - 1);
    struct kolam_error error;
    uint8_t fingerprint[32];
    int count;
    uint64_t line;
    char place[80];
    assert_int_equal(read_all(file.path, &count, &line, fingerprint, &error), KOLAM_ERR_INVALID);
    assert_int_equal(count, 2);
    snprintf(place, sizeof place, "%s:5: ", file.path);
    assert_int_equal(strncmp(error.text, place, strlen(place)), 0);
    unlink(file.path);
}

static void last_line_needs_no_end(void **state) {
    (void)state;
    struct file file = write_file(GOOD, sizeof GOOD - 1);
    struct kolam_error error;
    uint8_t fingerprint[32];
    int count;
    uint64_t line;
    assert_int_equal(read_all(file.path, &count, &line, fingerprint, &error), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(count, 1);
    unlink(file.path);
}

static void missing_file_says_so(void **state) {
    (void)state;
    struct kolam_ndjson *file;
    struct kolam_error error;
    assert_int_equal(kolam_ndjson_open("no/such/file.ndjson", &file, &error), KOLAM_ERR_NOT_FOUND);
    assert_non_null(strstr(error.text, "no/such/file.ndjson"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_stroke),
        cmocka_unit_test(reads_pressure_times_and_short_colours),
        cmocka_unit_test(refuses_what_is_no_stroke),
        cmocka_unit_test(refuses_bad_points),
        cmocka_unit_test(compressed_files_read_as_plain_ones),
        cmocka_unit_test(joined_compressed_files_are_one),
        cmocka_unit_test(cut_off_compressed_file_is_an_error),
        cmocka_unit_test(error_names_file_and_line),
        cmocka_unit_test(last_line_needs_no_end),
        cmocka_unit_test(missing_file_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
