/* The neutral stroke file: NDJSON, one stroke a line, plain or .gz or .zst, read as a stream. */
#ifndef KOLAM_TOOLS_NDJSON_H
#define KOLAM_TOOLS_NDJSON_H

#include "kolam/identity.h"
#include "kolam/op.h"

/* Level-0 pixels, y down; pressure 0..1; dt_ms since the point before. */
struct kolam_drawn_point {
    double x, y, pressure;
    uint32_t dt_ms;
};

/* A stroke as its file tells it: nothing is rounded or split yet. Zero it once, then reuse it. */
struct kolam_drawn_stroke {
    char author[KOLAM_NAME_BYTES_MAX + 1];
    uint32_t color; /* 0xRRGGBBAA */
    double width;   /* px, > 0 */
    enum kolam_tool tool;
    bool has_start, has_pressure, has_times;
    int64_t start_ms;
    size_t point_count; /* at least 1 */
    struct kolam_drawn_point *points;
    size_t point_capacity;
    size_t contour_count; /* a filled shape's, else 0 */
    size_t *contour_sizes;
    size_t contour_capacity;
    char text[KOLAM_TEXT_BYTES_MAX + 1]; /* what a shape's outlines say, or "" */
};

void kolam_drawn_stroke_finish(struct kolam_drawn_stroke *stroke);

/* Reads one line. KOLAM_ERR_INVALID with the reason in error->text (without file and line). */
KOLAM_MUST_CHECK enum kolam_status kolam_ndjson_parse(const char *line, size_t size_bytes,
                                                      struct kolam_drawn_stroke *stroke,
                                                      struct kolam_error *error);

struct kolam_ndjson;

/* Opens a file, or standard input for "-". Compression is told by the content, not by the name. */
KOLAM_MUST_CHECK enum kolam_status
kolam_ndjson_open(const char *path, struct kolam_ndjson **out_file, struct kolam_error *error);
void kolam_ndjson_close(struct kolam_ndjson *file); /* NULL is safe */

/* The next stroke; blank lines are skipped. KOLAM_ERR_NOT_FOUND after the last one; errors begin with
 * "FILE:LINE: ". */
KOLAM_MUST_CHECK enum kolam_status kolam_ndjson_next(struct kolam_ndjson *file,
                                                     struct kolam_drawn_stroke *stroke,
                                                     struct kolam_error *error);
/* Line of the stroke that kolam_ndjson_next gave last, from 1. */
uint64_t kolam_ndjson_line(const struct kolam_ndjson *file);
const char *kolam_ndjson_name(const struct kolam_ndjson *file);

/* SHA-256 of the first 64 KB of what the file holds, uncompressed: the same drawing has the same
 * fingerprint under any name and compression. */
void kolam_ndjson_fingerprint(const struct kolam_ndjson *file, uint8_t out_hash[32]);

#endif
