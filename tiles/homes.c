/* Which tiles of its own level a stroke's ink can touch: where the quadtree indexes it.
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

enum kolam_status kolam_stroke_homes(const struct kolam_stroke *stroke,
                                     struct kolam_home out_homes[KOLAM_STROKE_HOMES_MAX],
                                     uint32_t *out_count) {
    struct home_set set = {.homes = out_homes, .origin = stroke->origin};
    for (uint32_t i = stroke->point_count > 1 ? 1 : 0; i < stroke->point_count && !set.is_bad;
         i++) {
        const struct kolam_point *from = &stroke->points[i > 0 ? i - 1 : 0];
        const struct kolam_point *to = &stroke->points[i];
        uint32_t pressure = from->pressure > to->pressure ? from->pressure : to->pressure;
        struct capsule_box box = {.x0 = from->x,
                                  .y0 = from->y,
                                  .x1 = to->x,
                                  .y1 = to->y,
                                  .reach = reach_of(stroke, pressure)};
        touch_capsule(&set, &box);
    }
    if (set.is_bad) {
        return KOLAM_ERR_INVALID;
    }
    *out_count = set.count;
    return KOLAM_OK;
}
