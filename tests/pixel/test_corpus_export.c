/* A 1:1 export of parts of the development corpus against an independent drawing of the same strokes: from
 * the file by a reader of its own, drawn by cairo's stroker in doubles, without our ops, levels, tiles or
 * kernel. Bounds: mean difference below 1.5 of 255, fewer than 0.1% of pixels off by more than 64. Skipped
 * where the corpus is not there ($KOLAM_SHARED, default ../shared); without $KOLAM_LONG the small sets only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <cairo.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "kolam/command.h"
#include "tools/tool.h"

#define MEAN_MAX 1.5
#define OFF_BY 64
#define OFF_SHARE_MAX 0.001
#define PART_PX 2048

struct part {
    const char *set;
    int x, y; /* the corner of a part with a lot of ink */
    bool is_small;
};

static const struct part parts[] = {
    {"wacom-ink", 163, 17062, true},           {"app-test-drawings", -3332, 17062, true},
    {"pen-fonts-text", -9191, 17062, true},    {"excalidraw-libraries", 15000, -824, false},
    {"omniglot-glyphs", 14034, -30327, false}, {"quickdraw-sketches", -20000, -30000, false},
    {"kanjivg-glyphs", -28388, 17062, false},  {"world-map", -6000, 1000, false},
};

/* ---- the file, by a reader of its own ---- */

static char *read_set(const char *set, size_t *out_size_bytes) {
    const char *shared = getenv("KOLAM_SHARED");
    char path[512];
    snprintf(path, sizeof path, "%s/corpus/%s.ndjson.zst", shared ? shared : "../shared", set);
    FILE *file = fopen(path, "rb");
    if (!file) {
        return NULL;
    }
    struct stat info;
    assert_int_equal(fstat(fileno(file), &info), 0);
    char *packed = malloc((size_t)info.st_size);
    assert_non_null(packed);
    assert_int_equal(fread(packed, 1, (size_t)info.st_size, file), info.st_size);
    fclose(file);
    unsigned long long size = ZSTD_getFrameContentSize(packed, (size_t)info.st_size);
    size = size < (1ull << 32) ? size : 1ull << 29; /* unknown: the largest set has 40 MB */
    char *text = malloc(size);
    assert_non_null(text);
    *out_size_bytes = ZSTD_decompress(text, size, packed, (size_t)info.st_size);
    assert_false(ZSTD_isError(*out_size_bytes));
    free(packed);
    return text;
}

/* ---- the independent drawing ---- */

static double number_at(const json_t *list, size_t i) {
    return json_number_value(json_array_get(list, i));
}

/* A stroke of one width is what a stroker is made for. */
static void add_line(cairo_t *cairo, const json_t *points) {
    size_t count = json_array_size(points);
    for (size_t i = 0; i < count; i++) {
        const json_t *point = json_array_get(points, i);
        cairo_line_to(cairo, number_at(point, 0), number_at(point, 1));
    }
    if (count == 1) {
        cairo_close_path(cairo); /* a dot: a round cap needs a segment */
    }
}

/* With pressure: circles and the quadrangles between them, all in one direction, so that the winding rule
 * makes their union. */
static void add_capsule(cairo_t *cairo, double x0, double y0, double r0, double x1, double y1,
                        double r1) {
    double length = hypot(x1 - x0, y1 - y0);
    cairo_new_sub_path(cairo);
    cairo_arc(cairo, x1, y1, r1, 0, 2 * M_PI);
    cairo_close_path(cairo);
    if (length <= fabs(r1 - r0)) {
        return;
    }
    /* The common tangents touch both circles at this angle to the axis. */
    double axis = atan2(y1 - y0, x1 - x0), lean = acos((r0 - r1) / length);
    double left = axis + lean, right = axis - lean;
    cairo_new_sub_path(cairo);
    cairo_move_to(cairo, x0 + r0 * cos(right), y0 + r0 * sin(right));
    cairo_line_to(cairo, x1 + r1 * cos(right), y1 + r1 * sin(right));
    cairo_line_to(cairo, x1 + r1 * cos(left), y1 + r1 * sin(left));
    cairo_line_to(cairo, x0 + r0 * cos(left), y0 + r0 * sin(left));
    cairo_close_path(cairo);
}

static void add_capsules(cairo_t *cairo, const json_t *points, double width) {
    double x0 = 0, y0 = 0, r0 = 0;
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *point = json_array_get(points, i);
        double x = number_at(point, 0), y = number_at(point, 1);
        double radius = width / 2 * fmax(number_at(point, 2), 0.1);
        if (i == 0) {
            x0 = x;
            y0 = y;
            r0 = radius;
        }
        add_capsule(cairo, x0, y0, r0, x, y, radius);
        x0 = x;
        y0 = y;
        r0 = radius;
    }
}

static void draw_stroke(cairo_t *cairo, const json_t *stroke) {
    const char *tool = json_string_value(json_object_get(stroke, "tool"));
    const json_t *points = json_object_get(stroke, "points");
    double width = json_number_value(json_object_get(stroke, "width"));
    unsigned long color =
        strtoul(json_string_value(json_object_get(stroke, "color")) + 1, NULL, 16);
    cairo_set_operator(cairo,
                       strcmp(tool, "eraser") == 0 ? CAIRO_OPERATOR_DEST_OUT : CAIRO_OPERATOR_OVER);
    cairo_set_source_rgba(cairo, (double)(color >> 24) / 255, (double)(color >> 16 & 255) / 255,
                          (double)(color >> 8 & 255) / 255, (double)(color & 255) / 255);
    bool has_pressure = json_array_size(json_array_get(points, 0)) == 3;
    if (has_pressure && strcmp(tool, "marker") != 0) {
        add_capsules(cairo, points, width);
        cairo_fill(cairo);
    } else {
        add_line(cairo, points);
        cairo_set_line_width(cairo, width);
        cairo_stroke(cairo);
    }
}

static bool is_near(const json_t *stroke, const struct part *part) {
    const json_t *points = json_object_get(stroke, "points");
    double reach = json_number_value(json_object_get(stroke, "width")) + 2;
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *point = json_array_get(points, i);
        x0 = fmin(x0, number_at(point, 0));
        x1 = fmax(x1, number_at(point, 0));
        y0 = fmin(y0, number_at(point, 1));
        y1 = fmax(y1, number_at(point, 1));
    }
    return x0 - reach < part->x + PART_PX && x1 + reach > part->x &&
           y0 - reach < part->y + PART_PX && y1 + reach > part->y;
}

static cairo_surface_t *draw_part(const struct part *part, const char *text, size_t size_bytes) {
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, PART_PX, PART_PX);
    cairo_t *cairo = cairo_create(surface);
    cairo_translate(cairo, -part->x, -part->y);
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_BEST);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_tolerance(cairo, 0.01);
    for (const char *at = text, *end = text + size_bytes; at < end;) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end ? line_end : end;
        json_t *stroke = json_loadb(at, (size_t)(line_end - at), 0, NULL);
        if (stroke && is_near(stroke, part)) {
            draw_stroke(cairo, stroke);
        }
        json_decref(stroke);
        at = line_end + 1;
    }
    cairo_set_operator(cairo, CAIRO_OPERATOR_DEST_OVER);
    cairo_set_source_rgb(cairo, 1, 1, 1);
    cairo_paint(cairo);
    assert_int_equal(cairo_status(cairo), CAIRO_STATUS_SUCCESS);
    cairo_destroy(cairo);
    cairo_surface_flush(surface);
    return surface;
}

/* ---- ours ---- */

static void run(int (*verb)(int, char **), char **argv) {
    int argc = 0;
    while (argv[argc]) {
        argc++;
    }
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    optind = 0;
    int status = verb(argc, argv);
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    close(nowhere);
    assert_int_equal(status, 0);
}

static cairo_surface_t *export_part(const struct part *part, const char *folder) {
    const char *shared = getenv("KOLAM_SHARED");
    char data[96], file[512], rect[64], picture[96];
    snprintf(data, sizeof data, "%s/data", folder);
    snprintf(file, sizeof file, "%s/corpus/%s.ndjson.zst", shared ? shared : "../shared",
             part->set);
    snprintf(rect, sizeof rect, "%d,%d,%d,%d", part->x, part->y, PART_PX, PART_PX);
    snprintf(picture, sizeof picture, "%s/part.png", folder);
    char *import[] = {(char[]){"import"}, (char[]){"--data"}, data, file, NULL};
    char *export[] = {(char[]){"export"},
                      (char[]){"--data"},
                      data,
                      (char[]){"--rect"},
                      rect,
                      (char[]){"--ground"},
                      (char[]){"#ffffff"},
                      (char[]){"-o"},
                      picture,
                      NULL};
    run(kolam_cmd_import, import);
    run(kolam_cmd_export, export);
    cairo_surface_t *surface = cairo_image_surface_create_from_png(picture);
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    return surface;
}

/* ---- the comparison ---- */

struct difference {
    double mean, off_share, ink_share;
};

static struct difference compare(cairo_surface_t *ours, cairo_surface_t *theirs,
                                 cairo_surface_t *out_difference) {
    uint64_t sum = 0, off = 0, ink = 0;
    for (int y = 0; y < PART_PX; y++) {
        const uint32_t *left = (const uint32_t *)(void *)(cairo_image_surface_get_data(ours) +
                                                          y * cairo_image_surface_get_stride(ours));
        const uint32_t *right =
            (const uint32_t *)(void *)(cairo_image_surface_get_data(theirs) +
                                       y * cairo_image_surface_get_stride(theirs));
        uint32_t *out = (uint32_t *)(void *)(cairo_image_surface_get_data(out_difference) +
                                             y * cairo_image_surface_get_stride(out_difference));
        for (int x = 0; x < PART_PX; x++) {
            int worst = 0;
            for (int shift = 0; shift < 24; shift += 8) {
                int by = abs((int)(left[x] >> shift & 255) - (int)(right[x] >> shift & 255));
                sum += (unsigned)by;
                worst = by > worst ? by : worst;
            }
            off += worst > OFF_BY;
            ink += (right[x] & 0xffffff) != 0xffffff;
            out[x] = 0xffffffu - (uint32_t)worst * 0x010101u;
        }
    }
    const double pixels = (double)PART_PX * PART_PX;
    return (struct difference){(double)sum / 3 / pixels, (double)off / pixels,
                               (double)ink / pixels};
}

static void keep_pictures(const char *set, cairo_surface_t *const surfaces[3]) {
    static const char *const names[3] = {"ours", "reference", "difference"};
    const char *output = getenv("KOLAM_TEST_OUTPUT");
    for (int i = 0; i < 3; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/corpus-%s-%s.png", output ? output : ".", set, names[i]);
        cairo_surface_write_to_png(surfaces[i], path);
        print_message("left for looking at: %s\n", path);
    }
}

static void compare_part(const struct part *part, const char *text, size_t size_bytes) {
    char folder[] = "/tmp/kolam-corpus-XXXXXX", command[64];
    assert_non_null(mkdtemp(folder));
    cairo_surface_t *difference = cairo_image_surface_create(CAIRO_FORMAT_RGB24, PART_PX, PART_PX);
    cairo_surface_t *surfaces[3] = {export_part(part, folder), draw_part(part, text, size_bytes),
                                    difference};
    struct difference found = compare(surfaces[0], surfaces[1], difference);
    cairo_surface_mark_dirty(difference);
    print_message("# %s at %d,%d: mean %.3f of 255, %.4f%% off by more than %d, ink on %.1f%%\n",
                  part->set, part->x, part->y, found.mean, found.off_share * 100, OFF_BY,
                  found.ink_share * 100);
    bool is_good =
        found.mean < MEAN_MAX && found.off_share < OFF_SHARE_MAX && found.ink_share > 0.002;
    if (!is_good) {
        keep_pictures(part->set, surfaces);
    }
    for (int i = 0; i < 3; i++) {
        cairo_surface_destroy(surfaces[i]);
    }
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    assert_int_equal(system(command), 0);
    assert_true(is_good);
}

static void part_of_the_corpus_is_drawn_as_cairo_draws_it(void **state) {
    const struct part *part = *state;
    size_t size_bytes;
    if (!part->is_small && !getenv("KOLAM_LONG")) {
        print_message("# %s: a large set, drawn only with KOLAM_LONG\n", part->set);
        skip();
    }
    char *text = read_set(part->set, &size_bytes);
    if (!text) {
        print_message("# %s: the corpus is not here\n", part->set);
        skip();
    }
    compare_part(part, text, size_bytes);
    free(text);
}

int main(void) {
    enum { COUNT = sizeof parts / sizeof parts[0] };
    struct CMUnitTest tests[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        tests[i] = (struct CMUnitTest){.name = parts[i].set,
                                       .test_func = part_of_the_corpus_is_drawn_as_cairo_draws_it,
                                       .initial_state = (void *)(uintptr_t)&parts[i]};
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
