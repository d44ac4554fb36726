/* The neutral stroke file. Lines are cut out of the byte stream and handed to jansson one by one, so
 * that memory holds one stroke whatever the file's size, and an error can name its line. What is not
 * exactly a stroke is refused with a reason; unknown keys are left alone, for what comes later. */
#include "ndjson.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "byte_stream.h"
#include "kolam/alloc.h"

#define LINE_BYTES_MAX (32u << 20)
#define FINGERPRINT_BYTES 65536
#define WORLD_PX 2147483648.0
#define TIME_MS_MAX 9007199254740991.0 /* what a double counts exactly */

struct kolam_ndjson {
    char name[256];
    struct kolam_byte_stream *stream;
    char *buffer; /* holds the bytes [at, end) not yet handed out */
    size_t at, end, capacity;
    bool is_at_end;
    uint64_t line;
    uint8_t fingerprint[32];
};

/* ---- one line ---- */

static enum kolam_status refuse(struct kolam_error *error, const char *why) {
    return kolam_fail(error, KOLAM_ERR_INVALID, "%s", why);
}

static bool number_in(const json_t *value, double low, double high, double *out_number) {
    if (!json_is_number(value)) {
        return false;
    }
    double number = json_number_value(value);
    if (!(number >= low && number <= high)) { /* so that a NaN fails too */
        return false;
    }
    *out_number = number;
    return true;
}

static int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    return digit >= 'A' && digit <= 'F' ? digit - 'A' + 10 : -1;
}

/* "#rrggbb" or "#rrggbbaa". */
static bool parse_color(const json_t *value, uint32_t *out_color) {
    size_t length = json_string_length(value);
    const char *text = json_string_value(value);
    if (!text || text[0] != '#' || (length != 7 && length != 9)) {
        return false;
    }
    uint32_t color = 0;
    for (size_t i = 1; i < length; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0) {
            return false;
        }
        color = color << 4 | (uint32_t)digit;
    }
    *out_color = length == 7 ? color << 8 | 0xff : color;
    return true;
}

static bool parse_tool(const json_t *value, enum kolam_tool *out_tool) {
    const char *name = json_string_value(value);
    return name && kolam_tool_parse(name, out_tool);
}

static enum kolam_status parse_head(const json_t *root, struct kolam_drawn_stroke *stroke,
                                    struct kolam_error *error) {
    const json_t *author = json_object_get(root, "author"), *start = json_object_get(root, "t");
    const char *name = json_string_value(author);
    if (!name || json_string_length(author) != strlen(name) || !kolam_name_is_valid(name)) {
        return refuse(error, "\"author\" must be a name of 1 to 40 characters");
    }
    snprintf(stroke->author, sizeof stroke->author, "%s", name);
    if (!parse_color(json_object_get(root, "color"), &stroke->color)) {
        return refuse(error, "\"color\" must be \"#rrggbb\" or \"#rrggbbaa\"");
    }
    if (!parse_tool(json_object_get(root, "tool"), &stroke->tool)) {
        return refuse(error, "\"tool\" must be \"pen\", \"pencil\", \"marker\", \"airbrush\", "
                             "\"eraser\" or \"fill\"");
    }
    stroke->width = 1;
    if (stroke->tool != KOLAM_TOOL_FILL &&
        !number_in(json_object_get(root, "width"), 1e-6, WORLD_PX, &stroke->width)) {
        return refuse(error, "\"width\" must be a number of pixels above 0");
    }
    double start_ms = 0;
    stroke->has_start = start && !json_is_null(start);
    if (stroke->has_start && !number_in(start, -TIME_MS_MAX, TIME_MS_MAX, &start_ms)) {
        return refuse(error, "\"t\" must be milliseconds or null");
    }
    stroke->start_ms = llrint(start_ms);
    return KOLAM_OK;
}

static bool reserve_points(struct kolam_drawn_stroke *stroke, size_t count) {
    if (count <= stroke->point_capacity) {
        return true;
    }
    struct kolam_drawn_point *points =
        kolam_realloc_array(stroke->points, count, sizeof *stroke->points);
    if (!points) {
        return false;
    }
    stroke->points = points;
    stroke->point_capacity = count;
    return true;
}

static bool parse_point(const json_t *value, size_t expected_size,
                        struct kolam_drawn_point *out_point) {
    *out_point = (struct kolam_drawn_point){.pressure = 1};
    return json_array_size(value) == expected_size &&
           number_in(json_array_get(value, 0), -WORLD_PX, WORLD_PX, &out_point->x) &&
           number_in(json_array_get(value, 1), -WORLD_PX, WORLD_PX, &out_point->y) &&
           (expected_size == 2 || number_in(json_array_get(value, 2), 0, 1, &out_point->pressure));
}

static enum kolam_status parse_points(const json_t *list, struct kolam_drawn_stroke *stroke,
                                      struct kolam_error *error) {
    size_t count = json_array_size(list); /* 0 for what is no array */
    size_t size = json_array_size(json_array_get(list, 0));
    if (count == 0 || size < 2 || size > 3) {
        return refuse(error, "\"points\" must be a list of [x,y] or [x,y,pressure]");
    }
    if (!reserve_points(stroke, count)) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory for %zu points", count);
    }
    for (size_t i = 0; i < count; i++) {
        if (!parse_point(json_array_get(list, i), size, &stroke->points[i])) {
            return kolam_fail(error, KOLAM_ERR_INVALID,
                              "point %zu must be [x,y%s] inside the world (+-2^31 px)%s", i,
                              size == 3 ? ",pressure" : "",
                              size == 3 ? ", pressure 0..1, as the first one"
                                        : ", as the first one");
        }
    }
    stroke->point_count = count;
    stroke->has_pressure = size == 3;
    return KOLAM_OK;
}

static bool reserve_contours(struct kolam_drawn_stroke *stroke, size_t count) {
    if (count <= stroke->contour_capacity) {
        return true;
    }
    size_t *sizes = kolam_realloc_array(stroke->contour_sizes, count, sizeof *sizes);
    if (!sizes) {
        return false;
    }
    stroke->contour_sizes = sizes;
    stroke->contour_capacity = count;
    return true;
}

static enum kolam_status parse_contour(const json_t *list, size_t number,
                                       struct kolam_drawn_stroke *stroke,
                                       struct kolam_error *error) {
    size_t count = json_array_size(list); /* 0 for what is no array */
    if (count == 0) {
        return refuse(error, "\"contours\" must be lists of [x,y]");
    }
    if (!reserve_points(stroke, stroke->point_count + count)) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory for %zu points", count);
    }
    for (size_t i = 0; i < count; i++) {
        if (!parse_point(json_array_get(list, i), 2, &stroke->points[stroke->point_count + i])) {
            return kolam_fail(error, KOLAM_ERR_INVALID,
                              "contour %zu, point %zu must be [x,y] inside the world (+-2^31 px)",
                              number, i);
        }
    }
    stroke->contour_sizes[number] = count;
    stroke->point_count += count;
    return KOLAM_OK;
}

static enum kolam_status parse_text(const json_t *value, struct kolam_drawn_stroke *stroke,
                                    struct kolam_error *error) {
    const char *text = json_string_value(value);
    if (!value || json_is_null(value)) {
        return KOLAM_OK;
    }
    if (!text || json_string_length(value) != strlen(text) ||
        json_string_length(value) > KOLAM_TEXT_BYTES_MAX) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "\"text\" must be a string of at most %d bytes",
                          KOLAM_TEXT_BYTES_MAX);
    }
    snprintf(stroke->text, sizeof stroke->text, "%s", text);
    return KOLAM_OK;
}

static enum kolam_status parse_shape(const json_t *root, struct kolam_drawn_stroke *stroke,
                                     struct kolam_error *error) {
    const json_t *list = json_object_get(root, "contours");
    size_t count = json_array_size(list);
    if (count == 0) {
        return refuse(error, "a fill has \"contours\": lists of [x,y], each a closed outline");
    }
    if (!reserve_contours(stroke, count)) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory for %zu contours", count);
    }
    stroke->point_count = 0;
    stroke->has_pressure = false;
    enum kolam_status status = KOLAM_OK;
    for (size_t i = 0; i < count && status == KOLAM_OK; i++) {
        status = parse_contour(json_array_get(list, i), i, stroke, error);
    }
    stroke->contour_count = count;
    return status == KOLAM_OK ? parse_text(json_object_get(root, "text"), stroke, error) : status;
}

static enum kolam_status parse_times(const json_t *list, struct kolam_drawn_stroke *stroke,
                                     struct kolam_error *error) {
    stroke->has_times = list && !json_is_null(list);
    if (!stroke->has_times) {
        return KOLAM_OK;
    }
    if (json_array_size(list) != stroke->point_count) {
        return refuse(error, "\"dt\" must be a list with a time for each point");
    }
    for (size_t i = 0; i < stroke->point_count; i++) {
        double dt_ms;
        if (!number_in(json_array_get(list, i), 0, KOLAM_DT_MS_MAX, &dt_ms)) {
            return kolam_fail(error, KOLAM_ERR_INVALID,
                              "\"dt\" %zu must be 0..%u milliseconds since the point before", i,
                              KOLAM_DT_MS_MAX);
        }
        stroke->points[i].dt_ms = (uint32_t)llrint(dt_ms);
    }
    return KOLAM_OK;
}

enum kolam_status kolam_ndjson_parse(const char *line, size_t size_bytes,
                                     struct kolam_drawn_stroke *stroke, struct kolam_error *error) {
    json_error_t problem;
    json_t *root = json_loadb(line, size_bytes, JSON_REJECT_DUPLICATES, &problem);
    if (!root) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "no JSON: %s (column %d)", problem.text,
                          problem.column);
    }
    enum kolam_status status = json_is_object(root) ? parse_head(root, stroke, error)
                                                    : refuse(error, "a line must be a JSON object");
    stroke->contour_count = 0;
    stroke->text[0] = '\0';
    if (status == KOLAM_OK) {
        status = stroke->tool == KOLAM_TOOL_FILL
                     ? parse_shape(root, stroke, error)
                     : parse_points(json_object_get(root, "points"), stroke, error);
    }
    if (status == KOLAM_OK) {
        status = parse_times(json_object_get(root, "dt"), stroke, error);
    }
    json_decref(root);
    return status;
}

void kolam_drawn_stroke_finish(struct kolam_drawn_stroke *stroke) {
    kolam_free(stroke->points);
    kolam_free(stroke->contour_sizes);
    *stroke = (struct kolam_drawn_stroke){0};
}

/* ---- lines ---- */

/* Makes room and reads more behind what is there. */
static enum kolam_status read_more(struct kolam_ndjson *file, struct kolam_error *error) {
    if (file->at > 0) {
        memmove(file->buffer, file->buffer + file->at, file->end - file->at);
        file->end -= file->at;
        file->at = 0;
    }
    if (file->end == file->capacity) {
        char *grown = kolam_realloc_array(file->buffer, file->capacity, 2);
        if (!grown) {
            return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory for a line of %zu bytes",
                              file->capacity);
        }
        file->buffer = grown;
        file->capacity *= 2;
    }
    size_t count = 0;
    enum kolam_status status = kolam_byte_stream_read(file->stream, file->buffer + file->end,
                                                      file->capacity - file->end, &count, error);
    file->is_at_end = status == KOLAM_OK && count == 0;
    file->end += count;
    return status;
}

/* The next line without its end; KOLAM_ERR_NOT_FOUND after the last. */
static enum kolam_status next_line(struct kolam_ndjson *file, const char **out_line,
                                   size_t *out_size_bytes, struct kolam_error *error) {
    size_t searched = 0;
    for (;;) {
        size_t left = file->end - file->at;
        char *begin = file->buffer + file->at;
        char *end = left > searched ? memchr(begin + searched, '\n', left - searched) : NULL;
        if (!end && !file->is_at_end) {
            searched = left;
            if (left > LINE_BYTES_MAX) {
                file->line++;
                return kolam_fail(error, KOLAM_ERR_INVALID, "the line is over %u bytes",
                                  LINE_BYTES_MAX);
            }
            enum kolam_status status = read_more(file, error);
            if (status != KOLAM_OK) {
                return status;
            }
            continue;
        }
        if (!end && left == 0) {
            return KOLAM_ERR_NOT_FOUND;
        }
        *out_line = begin;
        *out_size_bytes = end ? (size_t)(end - begin) : left;
        file->at += *out_size_bytes + (end ? 1 : 0);
        file->line++;
        return KOLAM_OK;
    }
}

static bool is_blank(const char *line, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++) {
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
            return false;
        }
    }
    return true;
}

/* Puts "FILE:LINE: " before the reason. */
static enum kolam_status place_error(const struct kolam_ndjson *file, enum kolam_status status,
                                     struct kolam_error *error) {
    if (!error) {
        return status;
    }
    struct kolam_error reason = *error;
    return kolam_fail(error, status, "%s:%" PRIu64 ": %s", file->name, file->line, reason.text);
}

enum kolam_status kolam_ndjson_next(struct kolam_ndjson *file, struct kolam_drawn_stroke *stroke,
                                    struct kolam_error *error) {
    const char *line = NULL;
    size_t size_bytes = 0;
    do {
        enum kolam_status status = next_line(file, &line, &size_bytes, error);
        if (status == KOLAM_ERR_INVALID || status == KOLAM_ERR_NOMEM) {
            return place_error(file, status, error);
        }
        if (status != KOLAM_OK) {
            return status;
        }
    } while (is_blank(line, size_bytes));
    enum kolam_status status = kolam_ndjson_parse(line, size_bytes, stroke, error);
    return status == KOLAM_OK ? KOLAM_OK : place_error(file, status, error);
}

enum kolam_status kolam_ndjson_open(const char *path, struct kolam_ndjson **out_file,
                                    struct kolam_error *error) {
    struct kolam_ndjson *file = kolam_alloc_zero(1, sizeof *file);
    if (!file) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    snprintf(file->name, sizeof file->name, "%s", strcmp(path, "-") == 0 ? "standard input" : path);
    file->capacity = 2 * FINGERPRINT_BYTES;
    file->buffer = kolam_alloc(file->capacity);
    enum kolam_status status = file->buffer
                                   ? kolam_byte_stream_open(path, &file->stream, error)
                                   : kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    while (status == KOLAM_OK && file->end < FINGERPRINT_BYTES && !file->is_at_end) {
        status = read_more(file, error);
    }
    if (status != KOLAM_OK) {
        kolam_ndjson_close(file);
        return status;
    }
    kolam_sha256(file->buffer, file->end < FINGERPRINT_BYTES ? file->end : FINGERPRINT_BYTES,
                 file->fingerprint);
    *out_file = file;
    return KOLAM_OK;
}

void kolam_ndjson_close(struct kolam_ndjson *file) {
    if (file) {
        kolam_byte_stream_close(file->stream);
        kolam_free(file->buffer);
        kolam_free(file);
    }
}

uint64_t kolam_ndjson_line(const struct kolam_ndjson *file) {
    return file->line;
}

const char *kolam_ndjson_name(const struct kolam_ndjson *file) {
    return file->name;
}

void kolam_ndjson_fingerprint(const struct kolam_ndjson *file, uint8_t out_hash[32]) {
    memcpy(out_hash, file->fingerprint, sizeof file->fingerprint);
}
