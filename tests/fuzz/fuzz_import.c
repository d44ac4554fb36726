/* A file to import, plain, gzip or zstd, of any bytes: a bomb is read as a stream, and every line of it judged. */
#include <stdlib.h>

#include "canvas_probe.h"
#include "kolam/alloc.h"
#include "tools/byte_stream.h"
#include "tools/ndjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define READ_MAX (4u << 20)
#define LINES_MAX 64

static void read_stream(const char *path) {
    static uint8_t room[65536];
    struct kolam_byte_stream *stream;
    struct kolam_error error = {.text = ""};
    size_t count = 0, all = 0;
    if (kolam_byte_stream_open(path, &stream, &error) != KOLAM_OK) {
        return;
    }
    while (all < READ_MAX &&
           kolam_byte_stream_read(stream, room, sizeof room, &count, &error) == KOLAM_OK &&
           count > 0) {
        if (count > sizeof room) {
            abort();
        }
        all += count;
    }
    kolam_byte_stream_close(stream);
}

static void read_lines(const char *path) {
    static struct kolam_drawn_stroke stroke;
    struct kolam_ndjson *file;
    struct kolam_error error = {.text = ""};
    uint8_t hash[32];
    if (kolam_ndjson_open(path, &file, &error) != KOLAM_OK) {
        return;
    }
    kolam_ndjson_fingerprint(file, hash);
    for (int i = 0; i < LINES_MAX && kolam_ndjson_next(file, &stroke, &error) == KOLAM_OK; i++) {
        if (stroke.point_count < 1 || kolam_ndjson_line(file) < 1) {
            abort();
        }
    }
    kolam_ndjson_close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    static const char *path;
    if (!path) {
        path = probe_path("strokes");
    }
    probe_write(path, bytes, size_bytes);
    read_stream(path);
    read_lines(path);
    return 0;
}
