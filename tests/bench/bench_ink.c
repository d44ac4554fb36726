/* The ink kernel beside cairo's own stroker: how far apart their edges are, and from the truth, and what
 * each costs. Ratios of CPU time on one machine mean something, milliseconds on another do not.
 * Run from the repository's root: build/gcc/tests/bench/bench_ink */
#include <time.h>

#include "tests/support/ink_reference.h"

struct bench {
    struct kolam_ink_mask *mask;
    uint32_t *pixels;
    double *clear;
    uint8_t *samples;
    cairo_surface_t *surface;
    cairo_t *cairo;
};

static double cpu_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void *must(void *memory) {
    if (memory == NULL) {
        abort();
    }
    return memory;
}

/* The strokes of a drawing that a tile sees: finding them is no renderer's work. */
struct view {
    struct kolam_tile_id tile;
    uint32_t count;
    const struct kolam_stroke *strokes[256];
};

static void view_fill(struct view *view, const struct drawing *drawing, struct kolam_tile_id tile) {
    view->tile = tile;
    view->count = 0;
    for (uint32_t i = 0; i < drawing->stroke_count; i++) {
        if (touches_tile(&drawing->strokes[i], tile)) {
            view->strokes[view->count++] = &drawing->strokes[i];
        }
    }
}

static void draw_kernel(struct bench *bench, const struct view *view) {
    for (uint32_t i = 0; i < view->count; i++) {
        kolam_ink_add_stroke(bench->mask, view->strokes[i], 0, view->tile);
        kolam_ink_composite(bench->mask, view->strokes[i]->tool, 0x000000ff, bench->pixels);
        kolam_ink_mask_clear(bench->mask);
    }
}

static void draw_cairo(struct bench *bench, const struct view *view) {
    for (uint32_t i = 0; i < view->count; i++) {
        cairo_draw_stroke(bench->cairo, view->strokes[i], view->tile);
    }
    cairo_surface_flush(bench->surface);
}

static void wipe(struct bench *bench) {
    memset(bench->pixels, 0, KOLAM_TILE_PIXELS * sizeof *bench->pixels);
    cairo_surface_flush(bench->surface);
    memset(cairo_image_surface_get_data(bench->surface), 0, KOLAM_TILE_PIXELS * 4u);
    cairo_surface_mark_dirty(bench->surface);
}

static void draw_reference(struct bench *bench, const struct view *view) {
    for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
        bench->clear[i] = 1;
    }
    for (uint32_t i = 0; i < view->count; i++) {
        reference_stroke(view->strokes[i], view->tile, bench->samples, bench->clear);
    }
}

static void set_tool(struct drawing *drawing, enum kolam_tool tool) {
    for (uint32_t i = 0; i < drawing->stroke_count; i++) {
        drawing->strokes[i].tool = tool;
    }
}

static void print_difference(const char *what, const struct difference *difference) {
    double inked = difference->inked > 0 ? (double)difference->inked : 1;
    printf(" | %s %5.2f %3d %6.3f%% %6.3f%%", what, difference->sum / inked, difference->largest,
           100 * (double)difference->over_8 / inked, 100 * (double)difference->over_64 / inked);
}

/* A drawing fills 512 x 512 px of level 0. */
static int tiles_across(int32_t level) {
    return level <= -1 ? 1 : 2 << level;
}

static void compare_edges(struct bench *bench, struct drawing *drawing, int32_t level) {
    static struct view view;
    struct difference taper = {0}, kernel = {0}, cairo = {0}, between = {0};
    for (int at = 0; at < tiles_across(level) * tiles_across(level); at++) {
        struct kolam_tile_id tile = {at % tiles_across(level), at / tiles_across(level), level};
        view_fill(&view, drawing, tile);
        wipe(bench);
        set_tool(drawing, KOLAM_TOOL_PEN);
        draw_kernel(bench, &view);
        draw_reference(bench, &view);
        for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
            difference_add(&taper, bench->pixels[i] >> 24, 255 * (1 - bench->clear[i]));
        }
        set_tool(drawing, KOLAM_TOOL_MARKER);
        view_fill(&view, drawing, tile);
        wipe(bench);
        draw_kernel(bench, &view);
        draw_reference(bench, &view);
        draw_cairo(bench, &view);
        const uint32_t *stroked = (const void *)cairo_image_surface_get_data(bench->surface);
        for (int i = 0; i < KOLAM_TILE_PIXELS; i++) {
            double exact = 255 * (1 - bench->clear[i]);
            difference_add(&kernel, bench->pixels[i] >> 24, exact);
            difference_add(&cairo, stroked[i] >> 24, exact);
            difference_add(&between, bench->pixels[i] >> 24, stroked[i] >> 24);
        }
    }
    printf("%-9s %2d", drawing->name, level);
    print_difference("", &taper);
    print_difference("", &kernel);
    print_difference("", &cairo);
    print_difference("", &between);
    printf("\n");
}

/* CPU ms of drawing all views once (over what is there), repeated to some 200 ms. */
static double time_views(struct bench *bench, const struct view *views, int count,
                         void (*draw)(struct bench *, const struct view *)) {
    double start = cpu_ms(), elapsed = 0;
    int rounds = 0;
    while (elapsed < 200) {
        for (int i = 0; i < count; i++) {
            draw(bench, &views[i]);
        }
        rounds++;
        elapsed = cpu_ms() - start;
    }
    return elapsed / rounds;
}

static void compare_speed(struct bench *bench, const struct drawing *drawing, int32_t level) {
    int across = tiles_across(level), count = 0;
    struct view *views = must(calloc((size_t)(across * across), sizeof *views));
    for (int at = 0; at < across * across; at++) {
        view_fill(&views[count], drawing, (struct kolam_tile_id){at % across, at / across, level});
        count += views[count].count > 0;
    }
    double kernel = time_views(bench, views, count, draw_kernel);
    double cairo = time_views(bench, views, count, draw_cairo);
    free(views);
    printf("%-18s %3d %10.3f %10.3f %8.2f\n", drawing->name, level, kernel, cairo, cairo / kernel);
}

/* Points all over one tile, `step` px apart. */
static void scribble(struct drawing *out_drawing, uint32_t count, double step, double width_px) {
    struct random_state random = {41};
    struct kolam_point *points = must(calloc(count, sizeof *points));
    double x = 128, y = 128, angle = 0;
    for (uint32_t i = 0; i < count; i++) {
        points[i] = point_at(x, y, 255);
        angle += (double)random_between(&random, -60, 60) / 100;
        angle += x < 8 || y < 8 || x > 248 || y > 248 ? M_PI : 0;
        x = fmin(fmax(x + step * cos(angle), 4), 252);
        y = fmin(fmax(y + step * sin(angle), 4), 252);
    }
    out_drawing->stroke_count = 1;
    out_drawing->strokes[0] = stroke_of(points, count, 0, width_px);
    (void)snprintf(out_drawing->name, sizeof out_drawing->name, "%u x %g, %g px", count, step,
                   width_px);
}

static struct bench bench_new(void) {
    struct bench bench = {
        .mask = must(calloc(1, sizeof *bench.mask)),
        .pixels = must(calloc(KOLAM_TILE_PIXELS, sizeof *bench.pixels)),
        .clear = must(calloc(KOLAM_TILE_PIXELS, sizeof *bench.clear)),
        .samples = must(calloc(SAMPLE_ROW, SAMPLE_ROW)),
        .surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, KOLAM_TILE_PX, KOLAM_TILE_PX),
    };
    bench.cairo = cairo_create(bench.surface);
    return bench;
}

static void bench_speed(struct bench *bench, FILE *file, struct drawing *drawing) {
    printf("\nCPU ms            level     kernel      cairo    ratio\n");
    rewind(file);
    while (drawing_read(file, drawing)) {
        set_tool(drawing, KOLAM_TOOL_MARKER);
        for (int32_t level = -4; level <= 3; level++) {
            compare_speed(bench, drawing, level);
        }
        drawing_finish(drawing);
    }
    const struct {
        uint32_t count;
        double step, width;
    } scribbles[] = {{1000, 4, 3},  {4000, 4, 3},   {16000, 4, 3},  {1000, 60, 3},
                     {4000, 60, 3}, {16000, 60, 3}, {1000, 4, 0.5}, {1000, 4, 1},
                     {1000, 4, 8},  {1000, 4, 32},  {1000, 4, 128}, {1000, 60, 128}};
    for (size_t i = 0; i < sizeof scribbles / sizeof scribbles[0]; i++) {
        scribble(drawing, scribbles[i].count, scribbles[i].step, scribbles[i].width);
        compare_speed(bench, drawing, 0);
        drawing_finish(drawing);
    }
}

/* Each tool beside the pen: the same points, the same pressure. */
static void bench_tools(struct bench *bench) {
    static const enum kolam_tool tools[] = {KOLAM_TOOL_PEN, KOLAM_TOOL_MARKER, KOLAM_TOOL_ERASER,
                                            KOLAM_TOOL_PENCIL, KOLAM_TOOL_AIRBRUSH};
    static const double widths[] = {0.5, 2, 8, 32, 128, 500};
    static struct view view;
    printf("\nCPU ms, 500 points 6 px apart, px wide:\n%-10s", "");
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        printf("%9g", widths[i]);
    }
    for (size_t tool = 0; tool < sizeof tools / sizeof tools[0]; tool++) {
        printf("\n%-10s", kolam_tool_name(tools[tool]));
        for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
            struct drawing *drawing = must(calloc(1, sizeof *drawing));
            scribble(drawing, 500, 6, widths[i]);
            for (uint32_t point = 0; point < 500; point++) {
                drawing->strokes[0].points[point].pressure = (uint8_t)(80 + point % 170);
            }
            set_tool(drawing, tools[tool]);
            view_fill(&view, drawing, (struct kolam_tile_id){0});
            printf("%9.3f", time_views(bench, &view, 1, draw_kernel));
            drawing_finish(drawing);
            free(drawing);
        }
    }
    printf("\n%-10s", "fill");
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        static uint32_t size = 500;
        struct drawing *drawing = must(calloc(1, sizeof *drawing));
        scribble(drawing, size, 6, 1);
        for (uint32_t point = 0; point < size; point++) { /* a wobbling ring so wide */
            double angle = 2 * M_PI * point / size;
            double radius = widths[i] / 2 * (1 + 0.2 * sin(9 * angle));
            drawing->strokes[0].points[point] =
                point_at(128 + radius * cos(angle), 128 + radius * sin(angle), 255);
        }
        drawing->strokes[0].contour_count = 1;
        drawing->strokes[0].contour_sizes = &size;
        set_tool(drawing, KOLAM_TOOL_FILL);
        view_fill(&view, drawing, (struct kolam_tile_id){0});
        printf("%9.3f", time_views(bench, &view, 1, draw_kernel));
        drawing_finish(drawing);
        free(drawing);
    }
    printf("\n");
}

int main(int argc, char **argv) {
    FILE *file = fopen("tests/data/ink-drawings.txt", "r");
    if (file == NULL) {
        fprintf(stderr, "bench_ink: run me from the repository's root\n");
        return 1;
    }
    struct bench bench = bench_new();
    struct drawing *drawing = must(calloc(1, sizeof *drawing));
    if (argc < 2 || strcmp(argv[1], "speed") != 0) {
        printf(
            "differences of 255 over inked pixels: mean, largest, share over 8, share over 64\n");
        printf("drawing level | kernel - exact, pressure | kernel - exact, constant width"
               " | cairo - exact | kernel - cairo\n");
        while (drawing_read(file, drawing)) {
            for (int32_t level = -4; level <= 3; level++) {
                compare_edges(&bench, drawing, level);
            }
            drawing_finish(drawing);
        }
    }
    bench_speed(&bench, file, drawing);
    bench_tools(&bench);
    (void)fclose(file);
    return 0;
}
