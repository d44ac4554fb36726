/* Which tiles of its own level a stroke's ink, or a filled shape, can touch: where the quadtree indexes it.
 *
 * Each capsule is widened to the Minkowski sum of its segment with a square, of the larger radius plus one pixel of antialiasing.
 * That shape is convex, so it meets each row of tiles in one run of columns: the walk costs at least one
 * new tile a row or meets tiles it has, and stops at the 257th, however long a hostile segment is. Freestanding. */
#include "pressure.h"

#define SLOT_COUNT 1024 /* a power of two, four times the most tiles there can be */

struct home_set {
    struct kolam_home *homes;
    struct kolam_tile_id origin;
    uint32_t count;
    uint16_t slots[SLOT_COUNT]; /* 1 + index into homes; 0 is free */
    bool is_bad;
};

/* All in 1/8 pixels from the origin tile's corner. */
struct capsule_box {
    double x0, y0, x1, y1; /* the segment */
    double reach;          /* radius and antialiasing */
};

static struct kolam_home *home_at(struct home_set *set, int64_t column, int64_t row) {
    struct kolam_tile_id tile = {set->origin.x + column, set->origin.y + row, set->origin.level};
    uint64_t hash =
        ((uint64_t)column * 0x9e3779b97f4a7c15u) ^ ((uint64_t)row * 0xc2b2ae3d27d4eb4fu);
    uint32_t slot = (uint32_t)(hash >> 40) % SLOT_COUNT;
    while (set->slots[slot] != 0) {
        struct kolam_home *home = &set->homes[set->slots[slot] - 1];
        if (kolam_tile_equal(home->tile, tile)) {
            return home;
        }
        slot = (slot + 1) % SLOT_COUNT;
    }
    if (set->count == KOLAM_STROKE_HOMES_MAX || !kolam_tile_is_valid(tile)) {
        set->is_bad = true;
        return NULL;
    }
    struct kolam_home *home = &set->homes[set->count++];
    *home = (struct kolam_home){.tile = tile, .x0 = 255, .y0 = 255, .x1 = 0, .y1 = 0};
    set->slots[slot] = (uint16_t)set->count;
    return home;
}

static double smaller(double a, double b) {
    return a < b ? a : b;
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

/* Values here are within +-2^21 or so: the conversion is exact and cheap. */
static int64_t floor_to_int(double value) {
    int64_t truncated = (int64_t)value;
    return (double)truncated > value ? truncated - 1 : truncated;
}

static uint8_t pixel_in_tile(double sub_in_tile) {
    int64_t pixel = floor_to_int(sub_in_tile / KOLAM_SUB_PER_PX);
    return (uint8_t)(pixel < 0 ? 0 : pixel > 255 ? 255 : pixel);
}

/* Range of the segment's `across` coordinate while its `along` coordinate is within [low, high]; false if it never is. */
static bool clip_segment(double along0, double across0, double along1, double across1, double low,
                         double high, double *out_low, double *out_high) {
    if (larger(along0, along1) < low || smaller(along0, along1) > high) {
        return false;
    }
    double from = 0;
    double to = 1;
    double span = along1 - along0;
    if (span != 0) {
        double at_low = (low - along0) / span;
        double at_high = (high - along0) / span;
        from = larger(0, smaller(at_low, at_high));
        to = smaller(1, larger(at_low, at_high));
    }
    double a = across0 + (across1 - across0) * from;
    double b = across0 + (across1 - across0) * to;
    *out_low = smaller(a, b);
    *out_high = larger(a, b);
    return true;
}

static void touch_tile(struct home_set *set, const struct capsule_box *box, int64_t column,
                       int64_t row, double low_x, double high_x) {
    struct kolam_home *home = home_at(set, column, row);
    if (!home) {
        return;
    }
    double left = (double)(column * KOLAM_SUB_PER_TILE);
    double top = (double)(row * KOLAM_SUB_PER_TILE);
    double low_y;
    double high_y;
    if (!clip_segment(box->x0, box->y0, box->x1, box->y1, left - box->reach,
                      left + KOLAM_SUB_PER_TILE + box->reach, &low_y, &high_y)) {
        low_y = smaller(box->y0, box->y1); /* rounding at the very edge: claim more, never less */
        high_y = larger(box->y0, box->y1);
    }
    uint8_t x0 = pixel_in_tile(low_x - box->reach - left);
    uint8_t x1 = pixel_in_tile(high_x + box->reach - left);
    uint8_t y0 = pixel_in_tile(low_y - box->reach - top);
    uint8_t y1 = pixel_in_tile(high_y + box->reach - top);
    home->x0 = x0 < home->x0 ? x0 : home->x0;
    home->y0 = y0 < home->y0 ? y0 : home->y0;
    home->x1 = x1 > home->x1 ? x1 : home->x1;
    home->y1 = y1 > home->y1 ? y1 : home->y1;
}

static void touch_capsule(struct home_set *set, const struct capsule_box *box) {
    int64_t first_row = floor_to_int((smaller(box->y0, box->y1) - box->reach) / KOLAM_SUB_PER_TILE);
    int64_t last_row = floor_to_int((larger(box->y0, box->y1) + box->reach) / KOLAM_SUB_PER_TILE);
    if (last_row - first_row >= KOLAM_STROKE_HOMES_MAX) {
        set->is_bad = true;
        return;
    }
    for (int64_t row = first_row; row <= last_row && !set->is_bad; row++) {
        double top = (double)(row * KOLAM_SUB_PER_TILE);
        double low_x;
        double high_x;
        if (!clip_segment(box->y0, box->x0, box->y1, box->x1, top - box->reach,
                          top + KOLAM_SUB_PER_TILE + box->reach, &low_x, &high_x)) {
            continue;
        }
        int64_t first = floor_to_int((low_x - box->reach) / KOLAM_SUB_PER_TILE);
        int64_t last = floor_to_int((high_x + box->reach) / KOLAM_SUB_PER_TILE);
        for (int64_t column = first; column <= last && !set->is_bad; column++) {
            touch_tile(set, box, column, row, low_x, high_x);
        }
    }
}

/* width is in 1/256 px: half of it, in 1/8 px, is width / 64; the tool says what pressure makes of it. */
static double reach_of(const struct kolam_stroke *stroke, uint32_t pressure) {
    return (double)stroke->width / 64.0 * pressure_radius(stroke->tool, pressure) +
           KOLAM_SUB_PER_PX;
}

static void touch_line(struct home_set *set, const struct kolam_stroke *stroke) {
    for (uint32_t i = stroke->point_count > 1 ? 1 : 0; i < stroke->point_count && !set->is_bad;
         i++) {
        const struct kolam_point *from = &stroke->points[i > 0 ? i - 1 : 0];
        const struct kolam_point *to = &stroke->points[i];
        uint32_t pressure = from->pressure > to->pressure ? from->pressure : to->pressure;
        struct capsule_box box = {.x0 = from->x,
                                  .y0 = from->y,
                                  .x1 = to->x,
                                  .y1 = to->y,
                                  .reach = reach_of(stroke, pressure)};
        touch_capsule(set, &box);
    }
}

/* ---- filled shapes: the tiles of the outline, then those between them that it winds around ---- */

/* How an outline winds: at the middle of a row of tiles, by how much in each tile it touches. */
struct winding {
    struct home_set *set;
    int32_t turns[KOLAM_STROKE_HOMES_MAX]; /* as set->homes */
};

/* Points count as on a middle's upper side, so that no crossing is met twice or never. */
static void wind_around(struct winding *winding, const struct kolam_point *from,
                        const struct kolam_point *to) {
    const int64_t half = KOLAM_SUB_PER_TILE / 2;
    const struct kolam_point *upper = from->y < to->y ? from : to;
    const struct kolam_point *lower = from->y < to->y ? to : from;
    int64_t first = kolam_floor_div(upper->y + half - 1, KOLAM_SUB_PER_TILE);
    int64_t end = kolam_floor_div(lower->y + half - 1, KOLAM_SUB_PER_TILE);
    for (int64_t row = first; row < end; row++) {
        double down = (double)(row * KOLAM_SUB_PER_TILE + half - upper->y);
        double x = upper->x + (double)(lower->x - upper->x) * down / (double)(lower->y - upper->y);
        const struct kolam_home *home =
            home_at(winding->set, floor_to_int(x / KOLAM_SUB_PER_TILE), row);
        if (!home) {
            return;
        }
        winding->turns[home - winding->set->homes] += upper == from ? 1 : -1;
    }
}

static void touch_outline(struct winding *winding, const struct kolam_stroke *stroke) {
    const struct kolam_point *points = stroke->points;
    for (uint32_t i = 0; i < stroke->contour_count; i++) {
        uint32_t size = stroke->contour_sizes[i];
        const struct kolam_point *from = &points[size - 1];
        for (uint32_t at = 0; at < size && !winding->set->is_bad; at++) {
            const struct kolam_point *to = &points[at];
            struct capsule_box box = {from->x, from->y, to->x, to->y, KOLAM_SUB_PER_PX};
            touch_capsule(winding->set, &box);
            if (!winding->set->is_bad) {
                wind_around(winding, from, to);
            }
            from = to;
        }
        points += size;
    }
}

static bool comes_before(const struct kolam_home *a, const struct kolam_home *b) {
    return a->tile.y != b->tile.y ? a->tile.y < b->tile.y : a->tile.x < b->tile.x;
}

/* By rows, from left to right; at most 256. */
static void order_homes(const struct home_set *set, uint16_t *out_order) {
    for (uint32_t i = 0; i < set->count; i++) {
        uint32_t at = i;
        for (; at > 0 && comes_before(&set->homes[i], &set->homes[out_order[at - 1]]); at--) {
            out_order[at] = out_order[at - 1];
        }
        out_order[at] = (uint16_t)i;
    }
}

/* No edge passes through a tile between two of the outline's: all of it is inside, or none. Inside the outline's tiles any
 * part may be. */
static void touch_inside(struct winding *winding) {
    struct home_set *set = winding->set;
    uint16_t order[KOLAM_STROKE_HOMES_MAX];
    uint32_t outline_count = set->count;
    order_homes(set, order);
    int32_t turns = 0;
    for (uint32_t i = 0; i < outline_count && !set->is_bad; i++) {
        const struct kolam_tile_id tile = set->homes[order[i]].tile;
        turns += winding->turns[order[i]];
        if (i + 1 == outline_count || set->homes[order[i + 1]].tile.y != tile.y) {
            turns = 0;
            continue;
        }
        const struct kolam_tile_id next = set->homes[order[i + 1]].tile;
        for (int64_t x = tile.x + 1; x < next.x && turns != 0 && !set->is_bad; x++) {
            (void)home_at(set, x - set->origin.x, tile.y - set->origin.y);
        }
    }
}

/* The ink in a tile lies inside the outline's box, but not only where its edges pass. */
static void widen_boxes(const struct home_set *set, const struct kolam_stroke *stroke) {
    double x0 = stroke->points[0].x, y0 = stroke->points[0].y, x1 = x0, y1 = y0;
    for (uint32_t i = 1; i < stroke->point_count; i++) {
        x0 = smaller(x0, stroke->points[i].x);
        y0 = smaller(y0, stroke->points[i].y);
        x1 = larger(x1, stroke->points[i].x);
        y1 = larger(y1, stroke->points[i].y);
    }
    for (uint32_t i = 0; i < set->count; i++) {
        struct kolam_home *home = &set->homes[i];
        double left = (double)((home->tile.x - set->origin.x) * KOLAM_SUB_PER_TILE);
        double top = (double)((home->tile.y - set->origin.y) * KOLAM_SUB_PER_TILE);
        home->x0 = pixel_in_tile(x0 - KOLAM_SUB_PER_PX - left);
        home->y0 = pixel_in_tile(y0 - KOLAM_SUB_PER_PX - top);
        home->x1 = pixel_in_tile(x1 + KOLAM_SUB_PER_PX - left);
        home->y1 = pixel_in_tile(y1 + KOLAM_SUB_PER_PX - top);
    }
}

static void touch_fill(struct home_set *set, const struct kolam_stroke *stroke) {
    struct winding winding = {.set = set};
    touch_outline(&winding, stroke);
    if (!set->is_bad) {
        touch_inside(&winding);
        widen_boxes(set, stroke);
    }
}

enum kolam_status kolam_stroke_homes(const struct kolam_stroke *stroke,
                                     struct kolam_home out_homes[KOLAM_STROKE_HOMES_MAX],
                                     uint32_t *out_count) {
    struct home_set set = {.homes = out_homes, .origin = stroke->origin};
    if (stroke->tool == KOLAM_TOOL_FILL) {
        touch_fill(&set, stroke);
    } else {
        touch_line(&set, stroke);
    }
    if (set.is_bad) {
        return KOLAM_ERR_INVALID;
    }
    *out_count = set.count;
    return KOLAM_OK;
}
