/* Filled shapes: what their contours wind around (non-zero), each pixel by the exact area covered.
 *
 * Every edge leaves, in the cells of a row that it crosses, how far it goes down there and how much of the cell lies
 * to its right; summed from the left that is the mean winding number of each cell, which for a shape that does not overlap
 * itself is the area covered. (The method is that of FreeType's and font-rs' rasterizers.) Heights are rounded once, to
 * 1/256 of a cell, at the points, and everything that follows from them is whole numbers: what goes down comes up again,
 * so no row can leak, however an edge was clipped.
 *
 * Where a cell holds parts wound around differently their mean is not the area. That shows only where a whole shape is a
 * few pixels large, so the smaller a shape is in pixels, the finer the cells: up to 16 x 16 a pixel. How fine depends
 * on the shape and the level alone, never on the tile. */
#include "ink_internal.h"

#define CELLS KOLAM_TILE_PX /* cells a side */
#define ONE 256             /* a cell's height, and its width */
#define WHOLE (ONE * ONE)
#define FINEST 16

/* The cells lie in mask->area, which is zero before and after. */
struct field {
    int32_t *sums; /* CELLS x CELLS: what each adds to the winding of itself and all to its right */
    double x0, y0; /* tile pixels of its corner */
    double per_px; /* cells a pixel */
    int32_t row_begin, row_end, column_begin, column_end; /* what is touched */
};

struct corner {
    double x, y; /* cells */
};

static int32_t round_to_int(double value) {
    return (int32_t)(value < 0.0 ? value - 0.5 : value + 0.5);
}

/* A height in 1/256 cells, held inside the field. */
static int32_t height_of(double y) {
    return round_to_int(min_of(max_of(y, 0.0), CELLS) * ONE);
}

/* `down` of an edge that passes through one cell's width, `across` its mean place in it: 0 left, ONE right. */
static void leave_in_cell(int32_t *row, int32_t column, int32_t down, double across) {
    int32_t share = down * round_to_int(min_of(max_of(across, 0.0), 1.0) * ONE);
    row[column] += down * ONE - share;
    if (column + 1 < CELLS) {
        row[column + 1] += share;
    }
}

/* An edge's part in one row, from x_low to x_high; all rounding is of running totals, so that they end as they should. */
static void leave_in_row(int32_t *row, double x_low, double x_high, int32_t down) {
    if (x_low >= CELLS) {
        return;
    }
    if (x_high <= 0.0) {
        row[0] += down * ONE;
        return;
    }
    int32_t first = pixel_floor(x_low), last = pixel_ceil(x_high) - 1;
    if (x_low >= 0.0 && x_high <= first + 1) {
        leave_in_cell(row, first, down, (x_low + x_high) * 0.5 - first);
        return;
    }
    double per_cell = down / (x_high - x_low);
    int32_t done = x_low < 0.0 ? round_to_int(-x_low * per_cell) : 0;
    row[0] += done * ONE;
    for (int32_t column = first; column <= last; column++) {
        double begin = max_of(x_low, column), end = min_of(x_high, column + 1);
        int32_t total = column + 1 >= x_high ? down : round_to_int((end - x_low) * per_cell);
        leave_in_cell(row, column, total - done, (begin + end) * 0.5 - column);
        done = total;
    }
}

static void leave_edge(struct field *field, struct corner a, struct corner b) {
    int32_t top = height_of(a.y), bottom = height_of(b.y), sign = 1;
    if (top == bottom) {
        return;
    }
    if (top > bottom) {
        struct corner other = a;
        a = b;
        b = other;
        int32_t height = top;
        top = bottom;
        bottom = height;
        sign = -1;
    }
    double slope = (b.x - a.x) / (b.y - a.y);
    double least = min_of(a.x, b.x), most = max_of(a.x, b.x);
    double x = min_of(max_of(a.x + ((double)top / ONE - a.y) * slope, least), most);
    for (int32_t y = top; y < bottom;) {
        int32_t row = y / ONE, next = (row + 1) * ONE < bottom ? (row + 1) * ONE : bottom;
        double next_x = min_of(max_of(a.x + ((double)next / ONE - a.y) * slope, least), most);
        leave_in_row(field->sums + row * CELLS, min_of(x, next_x), max_of(x, next_x),
                     sign * (next - y));
        x = next_x;
        y = next;
    }
}

static struct corner corner_of(const struct field *field, const struct placing *placing,
                               const struct kolam_point *point) {
    struct spot spot = place_point(placing, point);
    return (struct corner){(spot.x - field->x0) * field->per_px,
                           (spot.y - field->y0) * field->per_px};
}

static void leave_contours(struct field *field, const struct kolam_stroke *stroke,
                           const struct placing *placing) {
    const struct kolam_point *points = stroke->points;
    for (uint32_t i = 0; i < stroke->contour_count; i++) {
        uint32_t size = stroke->contour_sizes[i];
        if (size == 0) {
            continue; /* just begun, in a browser */
        }
        struct corner before = corner_of(field, placing, &points[size - 1]);
        for (uint32_t at = 0; at < size; at++) {
            struct corner after = corner_of(field, placing, &points[at]);
            leave_edge(field, before, after);
            before = after;
        }
        points += size;
    }
}

/* What is covered of a cell, of WHOLE. */
static uint32_t cover_of(int32_t winding) {
    uint32_t turns = (uint32_t)(winding < 0 ? -winding : winding);
    return turns < WHOLE ? turns : WHOLE;
}

static void raise_pixel(struct kolam_ink_mask *mask, int32_t x, int32_t y, uint32_t covered) {
    uint8_t *coverage = &mask->coverage[y * KOLAM_TILE_PX + x];
    uint8_t value = (uint8_t)((covered * 255 + WHOLE / 2) / WHOLE);
    *coverage = value > *coverage ? value : *coverage;
}

/* Sums the cells of a row into `covered`, one entry a pixel, and leaves them zero. */
static void sum_row(const struct field *field, int32_t row, uint32_t *covered) {
    int32_t winding = 0, *sums = field->sums + row * CELLS, fine = (int32_t)field->per_px;
    for (int32_t column = 0; column < field->column_begin; column++) {
        winding += sums[column];
        sums[column] = 0;
    }
    for (int32_t column = field->column_begin; column < field->column_end; column++) {
        winding += sums[column];
        sums[column] = 0;
        covered[column / fine] += cover_of(winding);
    }
    if (field->column_end < CELLS) { /* what closes the last edge */
        sums[field->column_end] = 0;
    }
}

static void raise_rows(struct kolam_ink_mask *mask, const struct field *field) {
    int32_t fine = (int32_t)field->per_px, left = (int32_t)field->x0, top = (int32_t)field->y0;
    uint32_t cells = (uint32_t)(fine * fine);
    for (int32_t row = field->row_begin; row < field->row_end; row += fine) {
        uint32_t covered[CELLS] = {0};
        for (int32_t i = row; i < row + fine; i++) {
            sum_row(field, i, covered);
        }
        int32_t y = top + row / fine;
        for (int32_t i = field->column_begin / fine; i * fine < field->column_end; i++) {
            if (covered[i] > 0 && y >= 0 && y < KOLAM_TILE_PX && left + i >= 0 &&
                left + i < KOLAM_TILE_PX) {
                raise_pixel(mask, left + i, y, covered[i] / cells);
            }
        }
    }
}

/* ---- where the shape lies ---- */

struct extent {
    int32_t x0, y0, x1, y1; /* as the points */
};

static struct extent extent_of(const struct kolam_stroke *stroke) {
    const struct kolam_point *points = stroke->points;
    struct extent extent = {points[0].x, points[0].y, points[0].x, points[0].y};
    for (uint32_t i = 1; i < stroke->point_count; i++) {
        extent.x0 = points[i].x < extent.x0 ? points[i].x : extent.x0;
        extent.y0 = points[i].y < extent.y0 ? points[i].y : extent.y0;
        extent.x1 = points[i].x > extent.x1 ? points[i].x : extent.x1;
        extent.y1 = points[i].y > extent.y1 ? points[i].y : extent.y1;
    }
    return extent;
}

/* The finest cells with which the field still holds the shape, a pixel around it and its place in its first pixel. */
static int32_t fineness_of(const struct extent *extent, double scale) {
    double wide = (double)extent->x1 - extent->x0, high = (double)extent->y1 - extent->y0;
    double side = max_of(wide, high) * scale + 2.0;
    int32_t fine = FINEST;
    while (fine > 1 && side * fine > CELLS) {
        fine /= 2;
    }
    return fine;
}

/* Rows and columns whole pixels wide; one more on each side, where rounding may reach. */
static void bound_field(struct field *field, const struct corner *low, const struct corner *high) {
    int32_t fine = (int32_t)field->per_px;
    field->row_begin = pixel_floor(low->y - 1.0) / fine * fine;
    field->row_end = (pixel_ceil(high->y + 1.0) + fine - 1) / fine * fine;
    field->column_begin = pixel_floor(low->x - 1.0) / fine * fine;
    field->column_end = (pixel_ceil(high->x + 1.0) + fine - 1) / fine * fine;
}

/* Wipes what an earlier state of a growing shape left: it may have shrunk. The rectangle stays dirty. */
static void wipe(struct kolam_ink_mask *mask) {
    for (int32_t y = mask->y0; y < mask->y1; y++) {
        __builtin_memset(mask->coverage + y * KOLAM_TILE_PX + mask->x0, 0,
                         (size_t)(mask->x1 - mask->x0));
    }
}

void kolam_ink_add_fill(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                        uint32_t first_point, const struct placing *placing) {
    struct extent extent = extent_of(stroke);
    struct kolam_point least = {.x = extent.x0, .y = extent.y0},
                       most = {.x = extent.x1, .y = extent.y1};
    struct spot low = place_point(placing, &least), high = place_point(placing, &most);
    if (first_point > 0) {
        wipe(mask);
    }
    if (low.x >= KOLAM_TILE_PX || low.y >= KOLAM_TILE_PX || high.x <= 0.0 || high.y <= 0.0) {
        return;
    }
    int32_t fine = fineness_of(&extent, placing->scale);
    struct field field = {.sums = (int32_t *)mask->area, .per_px = fine};
    if (fine > 1) { /* the shape is small and near the tile: its corner is, too */
        field.x0 = (double)((int32_t)(low.x + CELLS) - CELLS);
        field.y0 = (double)((int32_t)(low.y + CELLS) - CELLS);
    }
    struct corner low_corner = corner_of(&field, placing, &least),
                  high_corner = corner_of(&field, placing, &most);
    bound_field(&field, &low_corner, &high_corner);
    leave_contours(&field, stroke, placing);
    raise_rows(mask, &field);
    kolam_ink_grow_dirty(mask, pixel_floor(low.x - 1.0), pixel_floor(low.y - 1.0),
                         pixel_ceil(high.x + 1.0), pixel_ceil(high.y + 1.0));
}
