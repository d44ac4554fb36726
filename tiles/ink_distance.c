/* Strokes at least THIN_PX wide: a pixel's coverage from its distance to the ink's edge; the
 * mask keeps the largest of any capsule. Three ways lead through the pixels: slim, broad, huge. */
#include "ink_internal.h"

/* Beyond this radius, in tile pixels, a float no longer tells the edge to 1/255. */
#define HUGE_RADIUS_PX 4096.0
/* A capsule is cut only where it leaves the tile this far behind: cutting costs the exactness. */
#define CUT_PX 1024.0
/* From this radius on it pays to know which part of a row is wholly inside. */
#define FAT_RADIUS_PX 24.0
/* No pixel reaches further across an edge than half its diagonal; and a little for roundings. */
#define SHADOW_MAX 0.72
#define LEAF_PX 4
#define TINY 1e-9

/* How a pixel, a unit square, lies across an edge: its shadow on the edge's normal is a trapezoid,
 * `outer` and `inner` its half widths. */
struct shadow {
    double outer, inner, height, bend;
};

/* How what is inside a capsule looks. */
enum finish {
    SOLID,  /* full to the edge */
    SHADED, /* half as much at the edge as in the middle, times the ink: pencil */
    SOFT,   /* from the ink in the middle to nothing at the edge: airbrush */
};

/* The union of the circles of radius radius + slope * t around a + t * u, 0 <= t <= length. */
struct capsule {
    double ax, ay, ux, uy, length;
    double radius, slope, lean; /* lean: slope / sqrt(1 - slope^2) */
    double x0, y0, x1, y1;      /* what the ink can touch, antialiasing included */
    double radius_min, radius_max;
    struct shadow shadow;
    enum finish finish;
    double ink, ink_slope, ink_max; /* ink: at the beginning; ink_slope: a pixel of axis on */
    double fade;                    /* soft: 1 / radius^2, the pixel's own extent included */
    double inverse, inverse_slope;  /* shaded: 1 / radius, as a line along the axis */
};

struct span {
    int32_t begin, end;
};

static bool is_far(const struct spot *spot, double reach) {
    double low = -reach - CUT_PX, high = KOLAM_TILE_PX + reach + CUT_PX;
    return spot->x < low || spot->y < low || spot->x > high || spot->y > high;
}

/* Cuts what lies outside the tile's neighbourhood, keeping the taper. Every circle that can
 * reach the tile has its centre inside, so no pixel changes. False if nothing is left. */
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
    double di = b->ink - a->ink;
    *a = (struct spot){start.x + t0 * dx, start.y + t0 * dy, start.radius + t0 * dr,
                       start.ink + t0 * di};
    *b = (struct spot){start.x + t1 * dx, start.y + t1 * dy, start.radius + t1 * dr,
                       start.ink + t1 * di};
    return true;
}

/* For an edge with the unit normal (nx, ny), both >= 0. */
static struct shadow make_shadow(double nx, double ny) {
    double larger = max_of(max_of(nx, ny), 0.5), smaller = max_of(min_of(nx, ny), 1e-4);
    return (struct shadow){
        .outer = (larger + smaller) / 2.0,
        .inner = (larger - smaller) / 2.0,
        .height = 1.0 / larger,
        .bend = 0.5 / (larger * smaller),
    };
}

/* A shadow across a round edge covers pi / 12 px too much, and more of a dot below a pixel; the
 * radius that makes the area right again. */
static double round_radius(double radius) {
    return radius < 0.4 ? 1.83 * radius * radius : exact_sqrt(radius * radius - 1.0 / 12.0);
}

static struct capsule make_circle(const struct spot *spot) {
    double reach = spot->radius + SHADOW_MAX, radius = round_radius(spot->radius);
    return (struct capsule){
        .shadow = make_shadow(0.92388, 0.38268), /* 22.5 degrees, for all directions */
        .ax = spot->x,
        .ay = spot->y,
        .ux = 1.0,
        .radius = radius,
        .x0 = spot->x - reach,
        .y0 = spot->y - reach,
        .x1 = spot->x + reach,
        .y1 = spot->y + reach,
        .radius_min = radius,
        .radius_max = radius,
        .ink = spot->ink,
        .ink_max = spot->ink,
    };
}

static struct capsule make_capsule(const struct spot *a, const struct spot *b) {
    double dx = b->x - a->x, dy = b->y - a->y, dr = b->radius - a->radius;
    double length = exact_sqrt(dx * dx + dy * dy);
    if (dr >= length || -dr >= length) { /* one circle holds the other */
        struct spot larger = dr > 0.0 ? *b : *a;
        larger.ink = max_of(a->ink, b->ink);
        return make_circle(&larger);
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
        .ink = a->ink,
        .ink_slope = (b->ink - a->ink) / length,
        .ink_max = max_of(a->ink, b->ink),
    };
}

/* A pixel blurs a soft profile by its own width, 1/12 px^2 of variance; the profile's own is radius^2 / 7
 * across a line. So it is drawn that much wider, and lower, which keeps its volume. */
static void soften(struct capsule *capsule, double radius) {
    double square = radius * radius, wider = square + 7.0 / 12.0;
    double lower = capsule->length > 0.0 ? radius / exact_sqrt(wider) : square / wider;
    capsule->radius = capsule->radius_min = capsule->radius_max = radius;
    capsule->ink *= lower;
    capsule->ink_slope *= lower;
    capsule->ink_max *= lower;
    capsule->fade = 1.0 / wider;
}

static void shade(struct capsule *capsule) {
    double radius_b = capsule->radius + capsule->slope * capsule->length;
    capsule->inverse = 1.0 / max_of(capsule->radius, 0.5);
    if (capsule->length > 0.0) {
        double inverse_b = 1.0 / max_of(radius_b, 0.5);
        capsule->inverse_slope = (inverse_b - capsule->inverse) / capsule->length;
    }
}

static void finish_capsule(struct capsule *capsule, enum kolam_tool tool, double radius) {
    if (tool == KOLAM_TOOL_PENCIL) {
        capsule->finish = SHADED;
        shade(capsule);
    } else if (tool == KOLAM_TOOL_AIRBRUSH) {
        capsule->finish = SOFT;
        soften(capsule, radius);
    }
}

/* A place as seen from the circle whose edge is nearest to it: the circle is where the axis is
 * met under the taper's angle, not the foot of the perpendicular. */
struct nearest {
    double distance, radius; /* to its centre; its own */
    double behind, across;   /* the distance along and across the axis */
    double t;                /* where on the axis it is */
};

static struct nearest nearest_circle(const struct capsule *capsule, double x, double y) {
    double dx = x - capsule->ax, dy = y - capsule->ay;
    double along = dx * capsule->ux + dy * capsule->uy;
    double across = dx * capsule->uy - dy * capsule->ux;
    double t = along + capsule->lean * (across < 0.0 ? -across : across);
    t = min_of(max_of(t, 0.0), capsule->length);
    return (struct nearest){
        .distance = exact_sqrt((along - t) * (along - t) + across * across),
        .radius = capsule->radius + capsule->slope * t,
        .behind = along - t,
        .across = across,
        .t = t,
    };
}

/* How deep inside the ink, negative outside. Concave, and steep as the distance itself. */
static double depth_at(const struct capsule *capsule, double x, double y) {
    struct nearest nearest = nearest_circle(capsule, x, y);
    return nearest.radius - nearest.distance;
}

/* The part of a pixel's shadow between the pixel's centre and `distance` further on, with its sign:
 * 1/2 from outer on. The trapezoid's integral, exact for straight edges. */
static double shadow_to(const struct shadow *shadow, double distance) {
    double s = min_of(max_of(distance, -shadow->outer), shadow->outer);
    double sloped = s - min_of(max_of(s, -shadow->inner), shadow->inner);
    return s * shadow->height - sloped * (sloped < 0.0 ? -sloped : sloped) * shadow->bend;
}

/* What lies of a pixel near the edge of huge ink, by that place's own normal. */
static double solid_at(const struct capsule *capsule, const struct nearest *at) {
    struct nearest nearest = *at;
    double depth = nearest.radius - nearest.distance;
    if (depth <= -SHADOW_MAX || depth >= SHADOW_MAX) {
        return depth < 0.0 ? 0.0 : 1.0; /* such ink is nowhere thin */
    }
    double nx = nearest.behind * capsule->ux + nearest.across * capsule->uy;
    double ny = nearest.behind * capsule->uy - nearest.across * capsule->ux;
    double distance = max_of(nearest.distance, TINY);
    struct shadow shadow =
        make_shadow((nx < 0.0 ? -nx : nx) / distance, (ny < 0.0 ? -ny : ny) / distance);
    return min_of(max_of(shadow_to(&shadow, depth) + 0.5, 0.0), 1.0);
}

static double soft_at(const struct capsule *capsule, const struct nearest *nearest) {
    double left = 1.0 - nearest->distance * nearest->distance * capsule->fade;
    return left > 0.0 ? left * left : 0.0;
}

static uint8_t coverage_at(const struct capsule *capsule, double x, double y) {
    struct nearest nearest = nearest_circle(capsule, x, y);
    double covered =
        capsule->finish == SOFT ? soft_at(capsule, &nearest) : solid_at(capsule, &nearest);
    if (capsule->finish == SHADED) {
        double rim = nearest.distance * (capsule->inverse + capsule->inverse_slope * nearest.t);
        rim = min_of(rim, 1.0);
        covered *= 1.0 - 0.5 * rim * rim;
    }
    if (capsule->finish != SOLID) {
        covered *= capsule->ink + capsule->ink_slope * nearest.t;
    }
    return (uint8_t)(covered * 255.0 + 0.5);
}

struct lanes_shadow {
    lanes outer, inner, height, bend;
};

static inline lanes lanes_shadow_to(const struct lanes_shadow *shadow, lanes distance) {
    lanes s = lanes_min(lanes_max(distance, -shadow->outer), shadow->outer);
    lanes sloped = s - lanes_min(lanes_max(s, -shadow->inner), shadow->inner);
    return s * shadow->height - sloped * lanes_abs(sloped) * shadow->bend;
}

/* What lies of the pixels of a row between the two edges of a line of the local radius, in
 * floats; the span's ends are multiples of four. Where a line is nowhere thinner than a shadow,
 * the far edge covers all of its half. */
static inline void raise_row_of(uint8_t *row, const struct capsule *capsule, int32_t y,
                                struct span span, bool is_wide, bool is_shaded) {
    const float dy = (float)(y + 0.5 - capsule->ay);
    const float ux = (float)capsule->ux, uy = (float)capsule->uy;
    const lanes along_y = lanes_of(dy * uy), across_y = lanes_of(dy * ux);
    const lanes lean = lanes_of((float)capsule->lean), slope = lanes_of((float)capsule->slope);
    const lanes length = lanes_of((float)capsule->length);
    const lanes radius_a = lanes_of((float)capsule->radius);
    const lanes zero = lanes_of(0.0f), half = lanes_of(0.5f), one = lanes_of(1.0f);
    const lanes start = lanes_of((float)(0.5 - capsule->ax));
    const struct lanes_shadow shadow = {
        .outer = lanes_of((float)capsule->shadow.outer),
        .inner = lanes_of((float)capsule->shadow.inner),
        .height = lanes_of((float)capsule->shadow.height),
        .bend = lanes_of((float)capsule->shadow.bend),
    };
    const lanes ink = lanes_of((float)capsule->ink);
    const lanes ink_slope = lanes_of((float)capsule->ink_slope);
    const lanes inverse = lanes_of((float)capsule->inverse);
    const lanes inverse_slope = lanes_of((float)capsule->inverse_slope);
    lanes place = lanes_from(span.begin);
    for (int32_t x = span.begin; x < span.end; x += 4, place += 4.0f) {
        if (lanes_are_full(row + x)) {
            continue; /* ink over ink: most of a broad stroke's pixels */
        }
        lanes dx = place + start;
        lanes along = dx * ux + along_y;
        lanes across = dx * uy - across_y;
        lanes t = lanes_min(lanes_max(along + lean * lanes_abs(across), zero), length);
        lanes radius = radius_a + slope * t;
        lanes behind = along - t;
        lanes distance = lanes_sqrt(behind * behind + across * across);
        lanes covered = lanes_shadow_to(&shadow, radius - distance);
        covered += is_wide ? half : lanes_shadow_to(&shadow, radius + distance);
        if (is_shaded) {
            lanes rim = lanes_min(distance * (inverse + inverse_slope * t), one);
            covered *= lanes_max(ink + ink_slope * t, zero) * (one - half * rim * rim);
        }
        lanes_raise_bytes(row + x, covered * 255.0f + half);
    }
}

/* Soft ink needs no square root: (1 - distance^2 / radius^2)^2. Its radius is the same all along. */
static void raise_soft_row(uint8_t *row, const struct capsule *capsule, int32_t y,
                           struct span span) {
    const float dy = (float)(y + 0.5 - capsule->ay);
    const float ux = (float)capsule->ux, uy = (float)capsule->uy;
    const lanes along_y = lanes_of(dy * uy), across_y = lanes_of(dy * ux);
    const lanes length = lanes_of((float)capsule->length), fade = lanes_of((float)capsule->fade);
    const lanes ink = lanes_of((float)capsule->ink * 255.0f);
    const lanes ink_slope = lanes_of((float)capsule->ink_slope * 255.0f);
    const lanes zero = lanes_of(0.0f), one = lanes_of(1.0f), half = lanes_of(0.5f);
    const lanes start = lanes_of((float)(0.5 - capsule->ax));
    lanes place = lanes_from(span.begin);
    for (int32_t x = span.begin; x < span.end; x += 4, place += 4.0f) {
        lanes dx = place + start;
        lanes along = dx * ux + along_y;
        lanes across = dx * uy - across_y;
        lanes t = lanes_min(lanes_max(along, zero), length);
        lanes behind = along - t;
        lanes left = lanes_max(one - (behind * behind + across * across) * fade, zero);
        lanes_raise_bytes(row + x, lanes_max(ink + ink_slope * t, zero) * (left * left) + half);
    }
}

static void raise_row(uint8_t *row, const struct capsule *capsule, int32_t y, struct span span) {
    bool is_wide = capsule->radius_min >= SHADOW_MAX;
    if (capsule->finish == SOFT) {
        raise_soft_row(row, capsule, y, span);
    } else if (capsule->finish == SHADED && is_wide) {
        raise_row_of(row, capsule, y, span, true, true);
    } else if (capsule->finish == SHADED) {
        raise_row_of(row, capsule, y, span, false, true);
    } else if (is_wide) {
        raise_row_of(row, capsule, y, span, true, false);
    } else {
        raise_row_of(row, capsule, y, span, false, false);
    }
}

/* Where rows meet a capsule of one radius: the hull of what they meet of the two circles and of
 * the band between them, all being parts of one convex shape. */
struct cross_section {
    double ux, uy, length, radius;
    double per_ux, per_uy; /* 1 / ux, 1 / uy; 0 where the axis runs along the other one */
};

static struct cross_section make_section(const struct capsule *capsule, double radius) {
    bool has_x = capsule->ux > TINY || capsule->ux < -TINY;
    bool has_y = capsule->uy > TINY || capsule->uy < -TINY;
    return (struct cross_section){
        .ux = capsule->ux,
        .uy = capsule->uy,
        .length = capsule->length,
        .radius = radius,
        .per_ux = has_x ? 1.0 / capsule->ux : 0.0,
        .per_uy = has_y ? 1.0 / capsule->uy : 0.0,
    };
}

/* The band's two straight edges, then its two ends; everything from the capsule's beginning. */
static void meet_band(const struct cross_section *section, double dy, double *left, double *right) {
    double low = -1e18, high = 1e18;
    if (section->per_uy != 0.0) {
        double middle = dy * section->ux * section->per_uy,
               half = section->radius * section->per_uy;
        half = half < 0.0 ? -half : half;
        low = middle - half;
        high = middle + half;
    } else if (dy > section->radius || -dy > section->radius) {
        return;
    }
    double up = dy * section->uy;
    if (section->per_ux != 0.0) {
        double at_begin = -up * section->per_ux, at_end = (section->length - up) * section->per_ux;
        low = max_of(low, min_of(at_begin, at_end));
        high = min_of(high, max_of(at_begin, at_end));
    } else if (up < 0.0 || up > section->length) {
        return;
    }
    if (low <= high) {
        *left = low;
        *right = high;
    }
}

/* False if the row `dy` below the capsule's beginning misses it. */
static bool meet_row(const struct cross_section *section, double dy, double *out_left,
                     double *out_right) {
    double left = 1e18, right = -1e18;
    meet_band(section, dy, &left, &right);
    for (int end = 0; end < 2; end++) {
        double t = end == 0 ? 0.0 : section->length;
        double from_centre = dy - t * section->uy;
        double square = section->radius * section->radius - from_centre * from_centre;
        if (square > 0.0) {
            double half = exact_sqrt(square);
            left = min_of(left, t * section->ux - half);
            right = max_of(right, t * section->ux + half);
        }
    }
    *out_left = left;
    *out_right = right;
    return left < right;
}

/* Broad ink: only the two edges of each row are worked out, what lies between is filled. */
static void raise_fat_rows(struct kolam_ink_mask *mask, const struct capsule *capsule,
                           struct span rows, struct span box) {
    struct cross_section outer = make_section(capsule, capsule->radius_max + SHADOW_MAX);
    struct cross_section inner =
        make_section(capsule, max_of(capsule->radius_min - SHADOW_MAX, 0.0));
    for (int32_t y = rows.begin; y < rows.end; y++) {
        uint8_t *row = mask->coverage + y * KOLAM_TILE_PX;
        double left, right, dy = y + 0.5 - capsule->ay;
        if (!meet_row(&outer, dy, &left, &right)) {
            continue;
        }
        int32_t begin = pixel_floor(capsule->ax + left - 0.5);
        int32_t end = pixel_ceil(capsule->ax + right + 0.5);
        begin = (begin > box.begin ? begin : box.begin) & ~3;
        end = ((end < box.end ? end : box.end) + 3) & ~3;
        if (capsule->finish == SOLID && meet_row(&inner, dy, &left, &right)) {
            int32_t full_begin = (pixel_ceil(capsule->ax + left + 0.5) + 3) & ~3;
            int32_t full_end = pixel_floor(capsule->ax + right - 0.5) & ~3;
            if (full_begin < full_end && full_begin >= begin && full_end <= end) {
                raise_row(row, capsule, y, (struct span){begin, full_begin});
                __builtin_memset(row + full_begin, 255, (size_t)(full_end - full_begin));
                begin = full_end;
            }
        }
        raise_row(row, capsule, y, (struct span){begin, end});
    }
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
            int32_t left = pixel_floor(middle - half - 0.5),
                    right = pixel_ceil(middle + half + 0.5);
            begin = left > begin ? left : begin;
            end = right < end ? right : end;
        }
        struct span span = {begin & ~3, (end + 3) & ~3};
        raise_row(mask->coverage + y * KOLAM_TILE_PX, capsule, y, span);
    }
}

static void fill_block(struct kolam_ink_mask *mask, int32_t x, int32_t y, int32_t size) {
    kolam_ink_grow_dirty(mask, x, y, x + size, y + size);
    for (int32_t row = y; row < y + size; row++) {
        __builtin_memset(mask->coverage + row * KOLAM_TILE_PX + x, 255, (size_t)size);
    }
}

/* True if no pixel of a leaf can become more: a mask of shaded ink is nowhere full, and what is raised must end. */
static bool is_saturated(const uint8_t *coverage, double ink) {
    uint8_t most = (uint8_t)(min_of(ink, 1.0) * 255.0 + 0.5);
    return coverage[0] >= most && coverage[1] >= most && coverage[2] >= most && coverage[3] >= most;
}

static void raise_leaf(struct kolam_ink_mask *mask, const struct capsule *capsule, int32_t x,
                       int32_t y) {
    kolam_ink_grow_dirty(mask, x, y, x + LEAF_PX, y + LEAF_PX);
    for (int32_t row = y; row < y + LEAF_PX; row++) {
        uint8_t *coverage = mask->coverage + row * KOLAM_TILE_PX;
        if (is_saturated(coverage + x, capsule->finish == SOLID ? 1.0 : capsule->ink_max)) {
            continue;
        }
        for (int32_t column = x; column < x + LEAF_PX; column++) {
            uint8_t value = coverage_at(capsule, column + 0.5, row + 0.5);
            coverage[column] = value > coverage[column] ? value : coverage[column];
        }
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
    if (depth >= reach && capsule->finish == SOLID) {
        fill_block(mask, x, y, size);
        return;
    }
    if (size == LEAF_PX) {
        raise_leaf(mask, capsule, x, y);
        return;
    }
    int32_t half = size / 2;
    raise_block(mask, capsule, x, y, half);
    raise_block(mask, capsule, x + half, y, half);
    raise_block(mask, capsule, x, y + half, half);
    raise_block(mask, capsule, x + half, y + half, half);
}

/* The ink is convex: with its corners inside, all of the tile is. */
static bool covers_tile(const struct capsule *capsule) {
    double last = KOLAM_TILE_PX - 0.5;
    return capsule->finish == SOLID && capsule->radius_max > KOLAM_TILE_PX / 2.0 &&
           depth_at(capsule, 0.5, 0.5) > SHADOW_MAX && depth_at(capsule, last, 0.5) > SHADOW_MAX &&
           depth_at(capsule, 0.5, last) > SHADOW_MAX && depth_at(capsule, last, last) > SHADOW_MAX;
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
        kolam_ink_grow_dirty(mask, 0, 0, KOLAM_TILE_PX, KOLAM_TILE_PX);
        return true;
    }
    if (capsule->radius_max > HUGE_RADIUS_PX) {
        raise_block(mask, capsule, 0, 0, KOLAM_TILE_PX);
        return false;
    }
    kolam_ink_grow_dirty(mask, columns.begin, rows.begin, columns.end, rows.end);
    if (capsule->radius_max < FAT_RADIUS_PX) {
        raise_slim_rows(mask, capsule, rows, columns);
        return false;
    }
    raise_fat_rows(mask, capsule, rows, columns);
    return false;
}

/* The first point's own circle is always drawn: appending then gives what drawing at once gives.
 * A later part begins where the one before ended. */
void kolam_ink_add_distance(struct kolam_ink_mask *mask, const struct kolam_stroke *stroke,
                            uint32_t first_point, const struct placing *placing) {
    struct spot before =
        place_point(placing, &stroke->points[first_point > 0 ? first_point - 1 : 0]);
    if (first_point == 0) {
        first_point = 1;
        struct capsule circle = make_circle(&before);
        finish_capsule(&circle, stroke->tool, before.radius);
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
        finish_capsule(&capsule, stroke->tool, before.radius);
        if (raise_capsule(mask, &capsule)) {
            return;
        }
    }
}
