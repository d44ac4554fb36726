/* What the ink kernel is measured against: cairo's own stroker, and coverage counted from 16 x 16
 * samples a pixel of the plain geometry, in doubles, sharing no code with the kernel. */
#ifndef KOLAM_TEST_INK_REFERENCE_H
#define KOLAM_TEST_INK_REFERENCE_H

#include <cairo.h>

#include "tests/support/ink_strokes.h"

#define SAMPLES 16
#define SAMPLE_ROW (KOLAM_TILE_PX * SAMPLES)

struct drawing {
    char name[64];
    uint32_t stroke_count;
    struct kolam_stroke strokes[256];
};

/* The next drawing of ink-drawings.txt; false at the end of the file. Free with drawing_finish. */
static inline bool drawing_read(FILE *file, struct drawing *out_drawing) {
    static char line[1 << 18];
    out_drawing->stroke_count = 0;
    long before = ftell(file);
    bool is_named = false;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "drawing ", 8) == 0) {
            if (is_named) {
                break;
            }
            is_named = sscanf(line + 8, "%63s", out_drawing->name) == 1;
        } else if (line[0] == 's' && out_drawing->stroke_count < 256) {
            struct kolam_point *points = calloc(strlen(line) / 4 + 1, sizeof *points);
            char *cursor = line + 2;
            uint32_t count = 0, width = (uint32_t)strtoul(cursor, &cursor, 10);
            uint32_t color = (uint32_t)strtoul(cursor, &cursor, 16);
            while (points != NULL && *cursor == ' ') {
                points[count].x = (int32_t)strtol(cursor, &cursor, 10);
                points[count].y = (int32_t)strtol(cursor + 1, &cursor, 10);
                points[count].pressure = (uint8_t)strtoul(cursor + 1, &cursor, 10);
                count++;
            }
            struct kolam_stroke stroke = stroke_of(points, count, 0, width / 256.0);
            stroke.color = color;
            out_drawing->strokes[out_drawing->stroke_count++] = stroke;
        }
        before = ftell(file);
    }
    (void)fseek(file, before, SEEK_SET);
    return is_named;
}

static inline void drawing_finish(struct drawing *drawing) {
    for (uint32_t i = 0; i < drawing->stroke_count; i++) {
        free(drawing->strokes[i].points);
    }
}

struct place {
    double x, y, radius;
};

/* Level-0 strokes only, near the origin: plain doubles do. */
static inline struct place place_in_tile(const struct kolam_stroke *stroke, uint32_t index,
                                         struct kolam_tile_id tile) {
    const struct kolam_point *point = &stroke->points[index];
    double scale = ldexp(1, tile.level - stroke->origin.level);
    double pressure = stroke->tool == KOLAM_TOOL_MARKER ? 1 : fmax(point->pressure / 255.0, 0.1);
    return (struct place){
        .x = (point->x / 8.0 + 256.0 * (double)stroke->origin.x) * scale - 256.0 * (double)tile.x,
        .y = (point->y / 8.0 + 256.0 * (double)stroke->origin.y) * scale - 256.0 * (double)tile.y,
        .radius = stroke->width / 512.0 * scale * pressure,
    };
}

static inline bool touches_tile(const struct kolam_stroke *stroke, struct kolam_tile_id tile) {
    double x0 = 1e18, y0 = 1e18, x1 = -1e18, y1 = -1e18;
    for (uint32_t i = 0; i < stroke->point_count; i++) {
        struct place place = place_in_tile(stroke, i, tile);
        x0 = fmin(x0, place.x - place.radius - 1);
        y0 = fmin(y0, place.y - place.radius - 1);
        x1 = fmax(x1, place.x + place.radius + 1);
        y1 = fmax(y1, place.y + place.radius + 1);
    }
    return x0 < KOLAM_TILE_PX && y0 < KOLAM_TILE_PX && x1 > 0 && y1 > 0;
}

/* Is the sample in one of the circles a + t (b - a) of radius ra + t (rb - ra)? With f(t) = |p -
 * c(t)|^2 - r(t)^2, a parabola in t: look at its ends and at its lowest point, if it has one. */
static inline bool is_inside(double x, double y, struct place a, struct place b) {
    double px = x - a.x, py = y - a.y, dx = b.x - a.x, dy = b.y - a.y, dr = b.radius - a.radius;
    double square = dx * dx + dy * dy - dr * dr;
    double linear = px * dx + py * dy + a.radius * dr;
    double constant = px * px + py * py - a.radius * a.radius;
    if (constant <= 0 || square - 2 * linear + constant <= 0) {
        return true;
    }
    return square > 0 && linear > 0 && linear < square && constant - linear * linear / square <= 0;
}

static inline void sample_capsule(uint8_t *samples, struct place a, struct place b) {
    double reach = fmax(a.radius, b.radius);
    double x0 = fmax(fmin(a.x, b.x) - reach, 0), x1 = fmin(fmax(a.x, b.x) + reach, KOLAM_TILE_PX);
    double y0 = fmax(fmin(a.y, b.y) - reach, 0), y1 = fmin(fmax(a.y, b.y) + reach, KOLAM_TILE_PX);
    for (int row = (int)(y0 * SAMPLES); row < (int)ceil(y1 * SAMPLES); row++) {
        double y = (row + 0.5) / SAMPLES, left = x0, right = x1;
        if (fabs(b.y - a.y) > 0.1) { /* only a band about the axis can be inside */
            double slope = (b.x - a.x) / (b.y - a.y), half = reach * hypot(1, slope) + 0.1;
            left = fmax(left, a.x + (y - a.y) * slope - half);
            right = fmin(right, a.x + (y - a.y) * slope + half);
        }
        uint8_t *samples_row = samples + (size_t)row * SAMPLE_ROW;
        for (int column = (int)(left * SAMPLES); column < (int)ceil(right * SAMPLES); column++) {
            double x = (column + 0.5) / SAMPLES;
            samples_row[column] = samples_row[column] || is_inside(x, y, a, b);
        }
    }
}

/* The stroke's exact coverage in 0..1 multiplied into what stays clear; `samples` is SAMPLE_ROW
 * squared bytes, zero before and after. */
static inline void reference_stroke(const struct kolam_stroke *stroke, struct kolam_tile_id tile,
                                    uint8_t *samples, double *clear) {
    struct place before = place_in_tile(stroke, 0, tile);
    int row0 = KOLAM_TILE_PX, row1 = 0;
    for (uint32_t i = 0; i < stroke->point_count; i++) {
        struct place after = place_in_tile(stroke, i, tile);
        double reach = fmax(before.radius, after.radius) + 1;
        row0 = (int)fmax(fmin(row0, fmin(before.y, after.y) - reach), 0);
        row1 = (int)fmin(fmax(row1, fmax(before.y, after.y) + reach + 1), KOLAM_TILE_PX);
        sample_capsule(samples, before, after);
        before = after;
    }
    for (int y = row0; y < row1; y++) {
        for (int x = 0; x < KOLAM_TILE_PX; x++) {
            int count = 0;
            for (int i = 0; i < SAMPLES; i++) {
                uint8_t *run = samples + (size_t)(y * SAMPLES + i) * SAMPLE_ROW + x * SAMPLES;
                for (int k = 0; k < SAMPLES; k++) {
                    count += run[k];
                }
                memset(run, 0, SAMPLES);
            }
            clear[y * KOLAM_TILE_PX + x] *= 1 - count / (double)(SAMPLES * SAMPLES);
        }
    }
}

/* One path a stroke, constant width (cairo has no taper), as a drawing program would. */
static inline void cairo_draw_stroke(cairo_t *cairo, const struct kolam_stroke *stroke,
                                     struct kolam_tile_id tile) {
    struct place place = place_in_tile(stroke, 0, tile);
    cairo_set_antialias(cairo, CAIRO_ANTIALIAS_GOOD);
    cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_width(cairo, 2 * place.radius);
    cairo_set_source_rgba(cairo, 0, 0, 0, 1);
    cairo_move_to(cairo, place.x, place.y);
    for (uint32_t i = 0; i < stroke->point_count; i++) {
        place = place_in_tile(stroke, i, tile);
        cairo_line_to(cairo, place.x, place.y);
    }
    cairo_stroke(cairo);
}

struct difference {
    double sum;
    uint64_t inked, over_8,
        over_64; /* pixels in which either has ink, and how far they are apart */
    int largest;
};

static inline void difference_add(struct difference *difference, double a, double b) {
    if (a < 0.5 && b < 0.5) {
        return;
    }
    double apart = fabs(a - b);
    difference->sum += apart;
    difference->inked++;
    difference->over_8 += apart > 8;
    difference->over_64 += apart > 64;
    difference->largest = apart > difference->largest ? (int)ceil(apart) : difference->largest;
}

#endif
