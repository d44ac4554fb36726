/* From points to coverage: the strokes' half of the ink kernel (ink_pixels.c composites).
 *
 * A point becomes a position in tile pixels by integer subtraction first, so that nothing is lost far
 * from the origin. A stroke at least THIN_PX wide is drawn capsule by capsule from each pixel's distance
 * (raise); a thinner one adds up the area that each segment lays into each pixel (deposit).
 *
 * Invariants. A pixel's value depends on the capsule alone, never on where a row's span began or on
 * which part of the stroke came first: spans only skip pixels that are known to come out 0 or 255.
 * Positions are multiples of a power of two and are exact in a float unless clipped, so a capsule gives
 * a pixel the same bits in every tile. Nothing here can overflow, divide by zero or make a NaN,
 * whatever a decoded stroke holds. */
#include "kolam/ink.h"

#include "ink_lanes.h"

/* Below this width, in tile pixels, summed area is nearer the truth than the largest coverage; measured,
 * see docs/rendering.md. */
#define THIN_PX 0.75
/* Beyond this radius, in tile pixels, a float no longer tells the edge to 1/255. */
#define HUGE_RADIUS_PX 4096.0
/* A capsule is cut only where it leaves the tile this far behind: cutting costs the exactness. */
#define CUT_PX 1024.0
/* From this radius on it pays to know which part of a row is wholly inside. */
#define FAT_RADIUS_PX 8.0
/* No pixel reaches further across an edge than half its diagonal; and a little for roundings. */
#define SHADOW_MAX 0.72
#define TINY 1e-9

#define AREA_FULL (1u << 30)

struct spot {
    double x, y, radius; /* tile pixels */
};

/* tile pixel = (point + base) * scale - rest, the sum being exact in an int64. */
struct placing {
    int64_t base_x, base_y;
    double scale, rest_x, rest_y;
    double radius;     /* at pressure 1, tile pixels */
    bool has_pressure; /* the radius follows it */
    bool is_thin;
};

/* How a pixel, a unit square, lies across an edge: its shadow on the edge's normal is a trapezoid,
 * `outer` and `inner` its half widths. */
struct shadow {
    double outer, inner, height, bend;
};

/* The union of the circles of radius radius + slope * t around a + t * u, 0 <= t <= length. */
struct capsule {
    double ax, ay, ux, uy, length;
    double radius, slope, lean; /* lean: slope / sqrt(1 - slope^2) */
    double x0, y0, x1, y1;      /* what the ink can touch, antialiasing included */
    double radius_min, radius_max;
    struct shadow shadow;
};

struct span {
    int32_t begin, end;
};

/* 2^exponent, -1022 <= exponent <= 1023, from its bits. */
static double power_of_two(int32_t exponent) {
    uint64_t bits = (uint64_t)(1023 + exponent) << 52;
    double value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

static double min_of(double a, double b) {
    return a < b ? a : b;
}

static double max_of(double a, double b) {
    return a > b ? a : b;
}

/* One axis. For a tile finer than the stroke by d levels: a is the stroke-level tile above it, r its
 * place inside a, and the tile's corner lies q + s * 2^-d eighths from the corner of a. */
static void place_axis(int64_t origin, int64_t tile, int32_t finer, int64_t *out_base,
                       double *out_rest) {
    if (finer < 0) {
        *out_base = origin * KOLAM_SUB_PER_TILE -
                    tile * (INT64_C(1) << (KOLAM_TILE_SHIFT + KOLAM_SUB_SHIFT - finer));
        *out_rest = 0.0;
        return;
    }
    int64_t ancestor = kolam_floor_shift(tile, finer);
    int64_t inside = (tile - ancestor * (INT64_C(1) << finer)) * KOLAM_SUB_PER_TILE;
    *out_base = (origin - ancestor) * KOLAM_SUB_PER_TILE - (inside >> finer);
    *out_rest = (double)(inside & ((INT64_C(1) << finer) - 1)) / KOLAM_SUB_PER_PX;
}

static struct placing place_stroke(const struct kolam_stroke *stroke, struct kolam_tile_id tile) {
    struct placing placing = {0};
    int32_t finer = tile.level - stroke->origin.level;
    place_axis(stroke->origin.x, tile.x, finer, &placing.base_x, &placing.rest_x);
    place_axis(stroke->origin.y, tile.y, finer, &placing.base_y, &placing.rest_y);
    placing.scale = power_of_two(finer - KOLAM_SUB_SHIFT);
    double width = (double)stroke->width * power_of_two(finer) / KOLAM_WIDTH_UNIT_PER_PX;
    placing.radius = width / 2.0;
    placing.is_thin = width < THIN_PX;
    placing.has_pressure = stroke->tool != KOLAM_TOOL_MARKER;
    return placing;
}

static struct spot place_point(const struct placing *placing, const struct kolam_point *point) {
    double pressure = 1.0;
    if (placing->has_pressure) {
        pressure = max_of((double)point->pressure / 255.0, 0.1);
    }
    return (struct spot){
        .x = (double)(point->x + placing->base_x) * placing->scale - placing->rest_x,
        .y = (double)(point->y + placing->base_y) * placing->scale - placing->rest_y,
        .radius = placing->radius * pressure,
    };
}

/* Pixel edges below and above a position, held inside the tile. */
static int32_t pixel_floor(double position) {
    return (int32_t)min_of(max_of(position, 0.0), KOLAM_TILE_PX);
}

static int32_t pixel_ceil(double position) {
    int32_t floor = pixel_floor(position);
    return floor < KOLAM_TILE_PX && (double)floor < position ? floor + 1 : floor;
}

static void grow_dirty(struct kolam_ink_mask *mask, int32_t x0, int32_t y0, int32_t x1, int32_t y1) {
    if (x0 >= x1 || y0 >= y1) {
        return;
    }
    if (mask->x0 >= mask->x1) {
        mask->x0 = x0;
        mask->y0 = y0;
        mask->x1 = x1;
        mask->y1 = y1;
        return;
    }
    mask->x0 = x0 < mask->x0 ? x0 : mask->x0;
    mask->y0 = y0 < mask->y0 ? y0 : mask->y0;
    mask->x1 = x1 > mask->x1 ? x1 : mask->x1;
    mask->y1 = y1 > mask->y1 ? y1 : mask->y1;
}

/* ---- strokes from THIN_PX on: distance ---- */

/* Narrows t in [*t0, *t1] to where low <= start + t * step <= high. */
static void clip_range(double start, double step, double low, double high, double *t0, double *t1) {
    if (step == 0.0) {
        if (start < low || start > high) {
            *t1 = *t0 - 1.0;
        }
        return;
    }
    double enter = (low - start) / step, leave = (high - start) / step;
    *t0 = max_of(*t0, min_of(enter, leave));
    *t1 = min_of(*t1, max_of(enter, leave));
}

static bool is_far(const struct spot *spot, double reach) {
    double low = -reach - CUT_PX, high = KOLAM_TILE_PX + reach + CUT_PX;
    return spot->x < low || spot->y < low || spot->x > high || spot->y > high;
}

/* Cuts what lies outside the tile's neighbourhood, keeping the taper. Every circle that can reach the
 * tile has its centre inside, so no pixel changes. False if nothing is left. */
static bool cut_segment(struct spot *a, struct spot *b) {
    double reach = max_of(a->radius, b->radius) + 2.0;
    if (reach > HUGE_RADIUS_PX || (!is_far(a, reach) && !is_far(b, reach))) {
        return true;
    }
    double dx = b->x - a->x, dy = b->y - a->y, dr = b->radius - a->radius;
    double t0 = 0.0, t1 = 1.0;
    clip_range(a->x, dx, -reach, KOLAM_TILE_PX + reach, &t0, &t1);
    clip_range(a->y, dy, -reach, KOLAM_TILE_PX + reach, &t0, &t1);
    if (t0 > t1) {
        return false;
    }
    struct spot start = *a;
    *a = (struct spot){start.x + t0 * dx, start.y + t0 * dy, start.radius + t0 * dr};
    *b = (struct spot){start.x + t1 * dx, start.y + t1 * dy, start.radius + t1 * dr};
    return true;
}

/* For an edge with the unit normal (nx, ny), both >= 0. */
static struct shadow make_shadow(double nx, double ny) {
    double larger = max_of(nx, ny), smaller = max_of(min_of(nx, ny), 1e-4);
    return (struct shadow){
        .outer = (larger + smaller) / 2.0,
        .inner = (larger - smaller) / 2.0,
        .height = 1.0 / larger,
        .bend = 0.5 / (larger * smaller),
    };
}

static struct capsule make_circle(const struct spot *spot) {
    double reach = spot->radius + SHADOW_MAX;
    return (struct capsule){
        .shadow = make_shadow(0.92388, 0.38268), /* 22.5 degrees, for all directions */
        .ax = spot->x,
        .ay = spot->y,
        .ux = 1.0,
        .radius = spot->radius,
        .x0 = spot->x - reach,
        .y0 = spot->y - reach,
        .x1 = spot->x + reach,
        .y1 = spot->y + reach,
        .radius_min = spot->radius,
        .radius_max = spot->radius,
    };
}

static struct capsule make_capsule(const struct spot *a, const struct spot *b) {
    double dx = b->x - a->x, dy = b->y - a->y, dr = b->radius - a->radius;
    double length = exact_sqrt(dx * dx + dy * dy);
    if (dr >= length || -dr >= length) { /* one circle holds the other */
        return make_circle(dr > 0.0 ? b : a);
    }
    double slope = dr / length;
    double reach_a = a->radius + SHADOW_MAX, reach_b = b->radius + SHADOW_MAX;
    return (struct capsule){
        .shadow = make_shadow(dy < 0.0 ? -dy / length : dy / length,
                              dx < 0.0 ? -dx / length : dx / length),
        .ax = a->x,
        .ay = a->y,
        .ux = dx / length,
        .uy = dy / length,
        .length = length,
        .radius = a->radius,
        .slope = slope,
        .lean = slope / exact_sqrt(max_of(1.0 - slope * slope, 1e-18)),
        .x0 = min_of(a->x - reach_a, b->x - reach_b),
        .y0 = min_of(a->y - reach_a, b->y - reach_b),
        .x1 = max_of(a->x + reach_a, b->x + reach_b),
        .y1 = max_of(a->y + reach_a, b->y + reach_b),
        .radius_min = min_of(a->radius, b->radius),
        .radius_max = max_of(a->radius, b->radius),
    };
}

/* Distance of a place to the centre of the circle whose edge is nearest, and that circle's radius:
 * the circle is where the axis is met under the taper's angle, not the foot of the perpendicular. */
static double axis_distance(const struct capsule *capsule, double x, double y, double *out_radius) {
    double dx = x - capsule->ax, dy = y - capsule->ay;
    double along = dx * capsule->ux + dy * capsule->uy;
    double across = dx * capsule->uy - dy * capsule->ux;
    double t = along + capsule->lean * (across < 0.0 ? -across : across);
    t = min_of(max_of(t, 0.0), capsule->length);
    *out_radius = capsule->radius + capsule->slope * t;
    return exact_sqrt((along - t) * (along - t) + across * across);
}

/* How deep inside the ink, negative outside. Concave, and steep as the distance itself. */
static double depth_at(const struct capsule *capsule, double x, double y) {
    double radius;
    double distance = axis_distance(capsule, x, y, &radius);
    return radius - distance;
}

/* The part of a pixel's shadow between the pixel's centre and `distance` further on, with its sign:
 * 1/2 from outer on. The trapezoid's integral, exact for straight edges. */
static double shadow_to(const struct shadow *shadow, double distance) {
    double s = min_of(max_of(distance, -shadow->outer), shadow->outer);
    double sloped = s - min_of(max_of(s, -shadow->inner), shadow->inner);
    return s * shadow->height - sloped * (sloped < 0.0 ? -sloped : sloped) * shadow->bend;
}

/* What lies of the pixel between the two edges of a line of the local radius. */
static uint8_t coverage_at(const struct capsule *capsule, double x, double y) {
    double radius;
    double distance = axis_distance(capsule, x, y, &radius);
    double covered = shadow_to(&capsule->shadow, radius - distance) +
                     shadow_to(&capsule->shadow, radius + distance);
    return (uint8_t)(min_of(max_of(covered, 0.0), 1.0) * 255.0 + 0.5);
}

struct lanes_shadow {
    lanes outer, inner, height, bend;
};

static inline lanes lanes_shadow_to(const struct lanes_shadow *shadow, lanes distance) {
    lanes s = lanes_min(lanes_max(distance, -shadow->outer), shadow->outer);
    lanes sloped = s - lanes_min(lanes_max(s, -shadow->inner), shadow->inner);
    return s * shadow->height - sloped * lanes_abs(sloped) * shadow->bend;
}

/* The same as coverage_at for pixels [begin, end) of a row, in floats; both are multiples of four. The
 * far edge of a line that is nowhere thinner than a shadow covers all of its half. */
static inline void raise_row_of(uint8_t *row, const struct capsule *capsule, int32_t y,
                                struct span span, bool is_wide) {
    const float dy = (float)(y + 0.5 - capsule->ay);
    const float ux = (float)capsule->ux, uy = (float)capsule->uy;
    const lanes along_y = lanes_of(dy * uy), across_y = lanes_of(dy * ux);
    const lanes lean = lanes_of((float)capsule->lean), slope = lanes_of((float)capsule->slope);
    const lanes length = lanes_of((float)capsule->length);
    const lanes radius_a = lanes_of((float)capsule->radius);
    const lanes zero = lanes_of(0.0f), half = lanes_of(0.5f);
    const lanes start = lanes_of((float)(0.5 - capsule->ax));
    const struct lanes_shadow shadow = {
        .outer = lanes_of((float)capsule->shadow.outer),
        .inner = lanes_of((float)capsule->shadow.inner),
        .height = lanes_of((float)capsule->shadow.height),
        .bend = lanes_of((float)capsule->shadow.bend),
    };
    for (int32_t x = span.begin; x < span.end; x += 4) {
        const float first = (float)x;
        lanes dx = (lanes){first, first + 1.0f, first + 2.0f, first + 3.0f} + start;
        lanes along = dx * ux + along_y;
        lanes across = dx * uy - across_y;
        lanes t = lanes_min(lanes_max(along + lean * lanes_abs(across), zero), length);
        lanes radius = radius_a + slope * t;
        lanes behind = along - t;
        lanes distance = lanes_sqrt(behind * behind + across * across);
        lanes covered = lanes_shadow_to(&shadow, radius - distance);
        covered += is_wide ? half : lanes_shadow_to(&shadow, radius + distance);
        lanes_raise_bytes(row + x, covered * 255.0f + half);
    }
}

static void raise_row(uint8_t *row, const struct capsule *capsule, int32_t y, struct span span) {
    if (capsule->radius_min >= SHADOW_MAX) {
        raise_row_of(row, capsule, y, span, true);
    } else {
        raise_row_of(row, capsule, y, span, false);
    }
}

/* Where a row at height y meets the capsule of one radius: false if it does not. The hull of what it
 * meets of the two circles and of the band between them, all being parts of one convex shape. */
static bool row_interval(const struct capsule *capsule, double radius, double y, double *out_left,
                         double *out_right) {
    double left = 1e18, right = -1e18;
    double dy = y - capsule->ay;
    double band_left = -1e18, band_right = 1e18;
    double ux = capsule->ux > TINY || capsule->ux < -TINY ? capsule->ux : 0.0;
    double uy = capsule->uy > TINY || capsule->uy < -TINY ? capsule->uy : 0.0;
    clip_range(-dy * capsule->ux, uy, -radius, radius, &band_left, &band_right);
    clip_range(dy * capsule->uy, ux, 0.0, capsule->length, &band_left, &band_right);
    if (band_left <= band_right) {
        left = band_left;
        right = band_right;
    }
    for (int end = 0; end < 2; end++) {
        double t = end == 0 ? 0.0 : capsule->length;
        double from_centre = dy - t * capsule->uy;
        double square = radius * radius - from_centre * from_centre;
        if (square > 0.0) {
            double half = exact_sqrt(square);
            left = min_of(left, t * capsule->ux - half);
            right = max_of(right, t * capsule->ux + half);
        }
    }
    *out_left = capsule->ax + left;
    *out_right = capsule->ax + right;
    return left < right;
}

static void raise_fat_row(uint8_t *row, const struct capsule *capsule, int32_t y, struct span box) {
    double left, right;
    if (!row_interval(capsule, capsule->radius_max + SHADOW_MAX, y + 0.5, &left, &right)) {
        return;
    }
    int32_t begin = pixel_floor(left - 0.5), end = pixel_ceil(right + 0.5);
    begin = (begin > box.begin ? begin : box.begin) & ~3;
    end = ((end < box.end ? end : box.end) + 3) & ~3;
    double inner = capsule->radius_min - SHADOW_MAX;
    if (inner > 0.0 && row_interval(capsule, inner, y + 0.5, &left, &right)) {
        int32_t full_begin = (pixel_ceil(left + 0.5) + 3) & ~3;
        int32_t full_end = pixel_floor(right - 0.5) & ~3;
        if (full_begin < full_end && full_begin >= begin && full_end <= end) {
            raise_row(row, capsule, y, (struct span){begin, full_begin});
            __builtin_memset(row + full_begin, 255, (size_t)(full_end - full_begin));
            begin = full_end;
        }
    }
    raise_row(row, capsule, y, (struct span){begin, end});
}

/* A row only meets a thin line near where its axis passes. */
static void raise_slim_rows(struct kolam_ink_mask *mask, const struct capsule *capsule,
                            struct span rows, struct span box) {
    double steep = capsule->uy < 0.0 ? -capsule->uy : capsule->uy;
    bool is_level = steep < 0.05;
    double shift = is_level ? 0.0 : capsule->ux / capsule->uy;
    double half = is_level ? 0.0 : (capsule->radius_max + SHADOW_MAX) / steep;
    for (int32_t y = rows.begin; y < rows.end; y++) {
        int32_t begin = box.begin, end = box.end;
        if (!is_level) {
            double middle = capsule->ax + (y + 0.5 - capsule->ay) * shift;
            int32_t left = pixel_floor(middle - half - 0.5), right = pixel_ceil(middle + half + 0.5);
            begin = left > begin ? left : begin;
            end = right < end ? right : end;
        }
        struct span span = {begin & ~3, (end + 3) & ~3};
        raise_row(mask->coverage + y * KOLAM_TILE_PX, capsule, y, span);
    }
}

/* A square of pixels, split where the edge runs through: for radii beyond a float. */
static void raise_block(struct kolam_ink_mask *mask, const struct capsule *capsule, int32_t x,
                        int32_t y, int32_t size) {
    double depth = depth_at(capsule, x + size / 2.0, y + size / 2.0);
    double reach = size * 0.7072 + 0.01;
    if (depth <= -reach) {
        return;
    }
    if (depth < reach && size > 8) {
        int32_t half = size / 2;
        raise_block(mask, capsule, x, y, half);
        raise_block(mask, capsule, x + half, y, half);
        raise_block(mask, capsule, x, y + half, half);
        raise_block(mask, capsule, x + half, y + half, half);
        return;
    }
    grow_dirty(mask, x, y, x + size, y + size);
    for (int32_t row = y; row < y + size; row++) {
        uint8_t *coverage = mask->coverage + row * KOLAM_TILE_PX;
        for (int32_t column = x; column < x + size; column++) {
            uint8_t value = depth >= reach ? 255 : coverage_at(capsule, column + 0.5, row + 0.5);
            coverage[column] = value > coverage[column] ? value : coverage[column];
        }
    }
}

/* The ink is convex: with its corners inside, all of the tile is. */
static bool covers_tile(const struct capsule *capsule) {
    double last = KOLAM_TILE_PX - 0.5;
    return capsule->radius_max > KOLAM_TILE_PX / 2.0 && depth_at(capsule, 0.5, 0.5) > SHADOW_MAX &&
           depth_at(capsule, last, 0.5) > SHADOW_MAX && depth_at(capsule, 0.5, last) > SHADOW_MAX &&
           depth_at(capsule, last, last) > SHADOW_MAX;
}

/* Returns true once the tile is full and nothing can add to it. */
static bool raise_capsule(struct kolam_ink_mask *mask, const struct capsule *capsule) {
    struct span columns = {pixel_floor(capsule->x0), pixel_ceil(capsule->x1)};
    struct span rows = {pixel_floor(capsule->y0), pixel_ceil(capsule->y1)};
    if (columns.begin >= columns.end || rows.begin >= rows.end) {
        return false;
    }
    if (covers_tile(capsule)) {
        __builtin_memset(mask->coverage, 255, sizeof mask->coverage);
        grow_dirty(mask, 0, 0, KOLAM_TILE_PX, KOLAM_TILE_PX);
        return true;
    }
    if (capsule->radius_max > HUGE_RADIUS_PX) {
        raise_block(mask, capsule, 0, 0, KOLAM_TILE_PX);
        return false;
    }
    grow_dirty(mask, columns.begin, rows.begin, columns.end, rows.end);
    if (capsule->radius_max < FAT_RADIUS_PX) {
        raise_slim_rows(mask, capsule, rows, columns);
        return false;
    }
    for (int32_t y = rows.begin; y < rows.end; y++) {
        raise_fat_row(mask->coverage + y * KOLAM_TILE_PX, capsule, y, columns);
    }
    return false;
}

/* True if the segment's box, ink included, lies beside the tile. */
static bool misses_tile(const struct spot *a, const struct spot *b) {
    double reach = max_of(a->radius, b->radius) + 1.0, high = KOLAM_TILE_PX + reach;
    return (a->x < -reach && b->x < -reach) || (a->y < -reach && b->y < -reach) ||
           (a->x > high && b->x > high) || (a->y > high && b->y > high);
}

/* The first point's own circle is always drawn: appending then gives what drawing at once gives. A later
 * part begins where the one before ended. */
static void add_thick(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                      uint32_t first_point, const struct placing *placing) {
    struct spot before = place_point(placing, &stroke->points[first_point > 0 ? first_point - 1 : 0]);
    if (first_point == 0) {
        first_point = 1;
        struct capsule circle = make_circle(&before);
        bool is_seen = stroke->part == 0 && !misses_tile(&before, &before);
        if (is_seen && raise_capsule(mask, &circle)) {
            return;
        }
    }
    for (uint32_t i = first_point; i < stroke->point_count; i++) {
        struct spot after = place_point(placing, &stroke->points[i]);
        struct spot a = before, b = after;
        before = after;
        if (misses_tile(&a, &b) || !cut_segment(&a, &b)) {
            continue;
        }
        struct capsule capsule = make_capsule(&a, &b);
        if (raise_capsule(mask, &capsule)) {
            return;
        }
    }
}

/* ---- strokes thinner than THIN_PX: area ---- */

static uint32_t area_units(double area_px) {
    return (uint32_t)(min_of(max_of(area_px, 0.0), 1.0) * AREA_FULL + 0.5);
}

/* Saturates: sums of what is never negative come out the same in any order. */
static void deposit(struct kolam_ink_mask *mask, int32_t x, int32_t y, uint32_t units) {
    uint32_t *area = &mask->area[y * KOLAM_TILE_PX + x];
    uint32_t sum = *area + units; /* at most 2^31 */
    *area = sum < AREA_FULL ? sum : AREA_FULL;
}

struct strip {
    double x, y, dx, dy;            /* a line across the tile's pixels, t from 0 to 1 */
    double length, width, widening; /* area per t: length * (width + t * widening) */
};

static double strip_area(const struct strip *strip, double t0, double t1) {
    double middle = (t0 + t1) * 0.5;
    return strip->length * (t1 - t0) * (strip->width + middle * strip->widening);
}

/* The t at which a line leaves a pixel's column or row. */
static double leave_at(double start, double step, double inverse, int32_t pixel) {
    if (step == 0.0) {
        return 2.0;
    }
    return ((step > 0.0 ? pixel + 1 : pixel) - start) * inverse;
}

/* Walks the line from pixel to pixel and leaves in each the area that lies in it. */
static void deposit_strip(struct kolam_ink_mask *mask, const struct strip *strip) {
    double t = 0.0, end = 1.0;
    clip_range(strip->x, strip->dx, 0.0, KOLAM_TILE_PX, &t, &end);
    clip_range(strip->y, strip->dy, 0.0, KOLAM_TILE_PX, &t, &end);
    if (t >= end) {
        return;
    }
    const double inverse_x = strip->dx != 0.0 ? 1.0 / strip->dx : 0.0;
    const double inverse_y = strip->dy != 0.0 ? 1.0 / strip->dy : 0.0;
    int32_t x = pixel_floor(strip->x + t * strip->dx), y = pixel_floor(strip->y + t * strip->dy);
    x -= x == KOLAM_TILE_PX && strip->dx < 0.0;
    y -= y == KOLAM_TILE_PX && strip->dy < 0.0;
    while (t < end && x >= 0 && y >= 0 && x < KOLAM_TILE_PX && y < KOLAM_TILE_PX) {
        double leave_x = leave_at(strip->x, strip->dx, inverse_x, x);
        double leave_y = leave_at(strip->y, strip->dy, inverse_y, y);
        double leave = min_of(min_of(leave_x, leave_y), end);
        if (leave > t) {
            deposit(mask, x, y, area_units(strip_area(strip, t, leave)));
            t = leave;
        }
        if (leave_x <= leave_y) {
            x += strip->dx > 0.0 ? 1 : -1;
        } else {
            y += strip->dy > 0.0 ? 1 : -1;
        }
    }
}

static bool is_in_one_pixel(const struct spot *a, const struct spot *b) {
    double reach = max_of(a->radius, b->radius);
    double x0 = min_of(a->x, b->x) - reach, x1 = max_of(a->x, b->x) + reach;
    double y0 = min_of(a->y, b->y) - reach, y1 = max_of(a->y, b->y) + reach;
    return x0 >= 0.0 && y0 >= 0.0 && x1 < KOLAM_TILE_PX && y1 < KOLAM_TILE_PX &&
           (int32_t)x0 == (int32_t)x1 && (int32_t)y0 == (int32_t)y1;
}

/* Several lines side by side, so that ink astride a pixel's edge is shared between the two. */
static void deposit_segment(struct kolam_ink_mask *mask, const struct spot *a, const struct spot *b) {
    double dx = b->x - a->x, dy = b->y - a->y;
    double length = exact_sqrt(dx * dx + dy * dy);
    if (length == 0.0) {
        return;
    }
    if (is_in_one_pixel(a, b)) {
        deposit(mask, (int32_t)a->x, (int32_t)a->y, area_units(length * (a->radius + b->radius)));
        return;
    }
    int count = max_of(a->radius, b->radius) < 0.125 ? 2 : 6;
    for (int i = 0; i < count; i++) {
        double offset = (2 * i + 1 - count) / (double)count; /* in radii */
        double ax = a->x - offset * a->radius * dy / length;
        double ay = a->y + offset * a->radius * dx / length;
        double bx = b->x - offset * b->radius * dy / length;
        double by = b->y + offset * b->radius * dx / length;
        struct strip strip = {.x = ax, .y = ay, .dx = bx - ax, .dy = by - ay};
        strip.length = length / count;
        strip.width = 2.0 * a->radius;
        strip.widening = 2.0 * (b->radius - a->radius);
        deposit_strip(mask, &strip);
    }
}

/* Half a disc's area as a square about an end of the stroke (two make a dot), at most 2 x 2 pixels.
 * No direction is needed, so a point that arrives later changes nothing at the start. */
static void deposit_end(const struct spot *spot, struct kolam_ink_end *out_end) {
    double half = spot->radius * 0.88622692545275801; /* sqrt(pi) / 2 */
    *out_end = (struct kolam_ink_end){.x = pixel_floor(spot->x - half), .y = pixel_floor(spot->y - half)};
    for (int i = 0; i < 4; i++) {
        int32_t x = out_end->x + i % 2, y = out_end->y + i / 2;
        double wide = min_of(spot->x + half, x + 1) - max_of(spot->x - half, x);
        double high = min_of(spot->y + half, y + 1) - max_of(spot->y - half, y);
        if (x < KOLAM_TILE_PX && y < KOLAM_TILE_PX && wide > 0.0 && high > 0.0) {
            out_end->area[i] = area_units(wide * high * 0.5);
        }
    }
}

static void grow_to_segment(struct kolam_ink_mask *mask, const struct spot *a, const struct spot *b) {
    double reach = max_of(a->radius, b->radius);
    grow_dirty(mask, pixel_floor(min_of(a->x, b->x) - reach), pixel_floor(min_of(a->y, b->y) - reach),
               pixel_ceil(max_of(a->x, b->x) + reach), pixel_ceil(max_of(a->y, b->y) + reach));
}

/* The first end is laid down for good; the last may yet move on, so the mask keeps it apart. */
static void add_thin(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                     uint32_t first_point, const struct placing *placing) {
    struct spot before = place_point(placing, &stroke->points[first_point > 0 ? first_point - 1 : 0]);
    mask->is_thin = true;
    if (first_point == 0) {
        first_point = 1;
        grow_to_segment(mask, &before, &before);
        struct kolam_ink_end end = {0};
        if (stroke->part == 0) {
            deposit_end(&before, &end);
        }
        for (int i = 0; i < 4; i++) {
            if (end.area[i] > 0) {
                deposit(mask, end.x + i % 2, end.y + i / 2, end.area[i]);
            }
        }
    }
    for (uint32_t i = first_point; i < stroke->point_count; i++) {
        struct spot after = place_point(placing, &stroke->points[i]);
        if (!misses_tile(&before, &after)) {
            grow_to_segment(mask, &before, &after);
            deposit_segment(mask, &before, &after);
        }
        before = after;
    }
    if (stroke->part + 1 >= stroke->part_count) {
        deposit_end(&before, &mask->last_end);
    }
}

void kolam_ink_add_stroke(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                          uint32_t first_point, struct kolam_tile_id tile) {
    if (first_point >= stroke->point_count || !kolam_tile_is_valid(tile) ||
        !kolam_tile_is_valid(stroke->origin)) {
        return;
    }
    struct placing placing = place_stroke(stroke, tile);
    if (placing.is_thin) {
        add_thin(mask, stroke, first_point, &placing);
    } else {
        add_thick(mask, stroke, first_point, &placing);
    }
}
