/* What a tile costs: from the log alone, from its stored picture and what is newer, and its version alone. CPU time of this
 * thread, medians; the ratios are what to trust. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../support/canvas_fixture.h"
#include "../unit/random.h"
#include "kolam/alloc.h"

#define ROUNDS 5
#define POINTS 24

struct bench {
    struct canvas_fixture canvas;
    struct kolam_reader *reader;
    struct kolam_tile_store *store;
    struct kolam_raster *raster;
    struct test_random random;
    uint32_t *pixels;
};

static double cpu_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void must(enum kolam_status status, const char *what) {
    if (status != KOLAM_OK) {
        fprintf(stderr, "bench_raster: %s: %s\n", what, kolam_status_text(status));
        exit(1);
    }
}

/* A letter-sized scribble somewhere in `span_tiles` x `span_tiles` tiles: a stroke as handwriting has them. */
static void scribble(struct bench *bench, int64_t span_tiles) {
    struct kolam_point points[POINTS];
    int64_t x = test_random_between(&bench->random, 200, span_tiles * KOLAM_SUB_PER_TILE - 400);
    int64_t y = test_random_between(&bench->random, 200, span_tiles * KOLAM_SUB_PER_TILE - 400);
    int64_t tile_x = kolam_floor_div(x, KOLAM_SUB_PER_TILE);
    int64_t tile_y = kolam_floor_div(y, KOLAM_SUB_PER_TILE);
    for (int i = 0; i < POINTS; i++) {
        points[i] =
            (struct kolam_point){.x = (int32_t)(x - tile_x * KOLAM_SUB_PER_TILE),
                                 .y = (int32_t)(y - tile_y * KOLAM_SUB_PER_TILE),
                                 .pressure = (uint8_t)test_random_between(&bench->random, 90, 255)};
        x += test_random_between(&bench->random, -20, 28);
        y += test_random_between(&bench->random, -24, 24);
    }
    struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                          .stroke = {.origin = {tile_x, tile_y, 0},
                                     .color = (uint32_t)test_random_next(&bench->random) | 0xff,
                                     .width = 3 * KOLAM_WIDTH_UNIT_PER_PX,
                                     .part_count = 1,
                                     .has_pressure = true,
                                     .point_count = POINTS,
                                     .points = points}};
    canvas_fixture_submit(&bench->canvas, 1, &op, 1);
}

static int compare_doubles(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(double *values) {
    qsort(values, ROUNDS, sizeof *values, compare_doubles);
    return values[ROUNDS / 2];
}

typedef enum kolam_status draw_call(struct kolam_raster *raster, struct kolam_tile_id tile,
                                    uint64_t at_seq, uint32_t *out_pixels, uint64_t *out_seq,
                                    bool *out_is_empty);

/* With add_stroke, each round draws one more stroke first, outside the clock. */
static double time_draw(struct bench *bench, draw_call *draw, struct kolam_tile_id tile,
                        bool add_stroke) {
    double times[ROUNDS];
    uint64_t seq;
    bool is_empty;
    for (int i = 0; i < ROUNDS; i++) {
        if (add_stroke) {
            scribble(bench, 1);
            canvas_fixture_wait(&bench->canvas);
        }
        double start = cpu_ms();
        must(draw(bench->raster, tile, KOLAM_SEQ_NOW, bench->pixels, &seq, &is_empty), "draw");
        times[i] = cpu_ms() - start;
    }
    return median(times);
}

static double time_version(struct bench *bench, struct kolam_tile_id tile) {
    double times[ROUNDS];
    uint64_t seq;
    for (int i = 0; i < ROUNDS; i++) {
        double start = cpu_ms();
        must(kolam_raster_version(bench->raster, tile, KOLAM_SEQ_NOW, &seq), "version");
        times[i] = cpu_ms() - start;
    }
    return median(times);
}

/* The tile at random moments of its past, keyframes as they were left. */
static double time_past(struct bench *bench, struct kolam_tile_id tile) {
    double times[ROUNDS];
    uint64_t seq;
    bool is_empty;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t at_seq = 1 + test_random_below(&bench->random, bench->canvas.last_seq);
        double start = cpu_ms();
        must(kolam_raster_tile(bench->raster, tile, at_seq, bench->pixels, &seq, &is_empty),
             "past");
        times[i] = cpu_ms() - start;
    }
    return median(times);
}

/* Hides an old stroke, `later` strokes before the newest, and draws the tile. */
static double time_undo(struct bench *bench, struct kolam_tile_id tile, uint64_t later) {
    double times[ROUNDS];
    uint64_t seq;
    bool is_empty;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t target = bench->canvas.last_seq - later - i;
        struct kolam_op op = {.kind = KOLAM_OP_HIDE, .targets = &target, .target_count = 1};
        canvas_fixture_submit(&bench->canvas, 1, &op, 1);
        canvas_fixture_wait(&bench->canvas);
        double start = cpu_ms();
        must(kolam_raster_tile(bench->raster, tile, KOLAM_SEQ_NOW, bench->pixels, &seq, &is_empty),
             "undo");
        times[i] = cpu_ms() - start;
    }
    return median(times);
}

static void open_bench(struct bench *bench) {
    struct kolam_error error;
    struct kolam_canvas_info info;
    bench->random = test_random_from(10);
    bench->pixels = kolam_alloc(KOLAM_TILE_PIXELS * sizeof *bench->pixels);
    canvas_fixture_open(&bench->canvas);
    must(kolam_reader_create(bench->canvas.log_path, &bench->reader, &error), "reader");
    must(kolam_reader_info(bench->reader, &info), "info");
    must(kolam_tile_store_sqlite_create(bench->canvas.tiles_path, info.incarnation, false,
                                        &bench->store, &error),
         "tiles");
    must(kolam_raster_create(bench->reader, bench->store, &bench->raster), "raster");
}

static void close_bench(struct bench *bench) {
    kolam_raster_destroy(bench->raster);
    kolam_tile_store_destroy(bench->store);
    kolam_reader_destroy(bench->reader);
    canvas_fixture_close(&bench->canvas);
    kolam_free(bench->pixels);
}

int main(void) {
    static const uint32_t counts[] = {100, 1000, 10000};
    struct kolam_tile_id tile = {0, 0, 0};
    struct kolam_tile_id far = {0, 0, -4};
    struct bench bench;
    open_bench(&bench);
    printf("%8s %9s %12s %7s %11s %8s %8s %13s %13s\n", "strokes", "fresh ms", "one more ms",
           "ratio", "version ms", "past ms", "undo ms", "far fresh ms", "far one more");
    uint32_t drawn = 0;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (; drawn < counts[i]; drawn++) {
            scribble(&bench, 1);
        }
        canvas_fixture_wait(&bench.canvas);
        double fresh = time_draw(&bench, kolam_raster_tile_fresh, tile, false);
        (void)time_draw(&bench, kolam_raster_tile, tile, false);
        double more = time_draw(&bench, kolam_raster_tile, tile, true);
        double version = time_version(&bench, tile);
        double far_fresh = time_draw(&bench, kolam_raster_tile_fresh, far, false);
        (void)time_draw(&bench, kolam_raster_tile, far, false);
        double far_more = time_draw(&bench, kolam_raster_tile, far, true);
        double past = time_past(&bench, tile);
        double undo = time_undo(&bench, tile, counts[i] - 50);
        drawn = counts[i];
        printf("%8u %9.2f %12.3f %6.0fx %11.4f %8.2f %8.2f %13.2f %13.3f\n", counts[i], fresh, more,
               fresh / more, version, past, undo, far_fresh, far_more);
    }
    close_bench(&bench);
    return 0;
}
