/* The paper under the pencil: which pixels take how much of it.
 *
 * The paper is noise in pixels of the stroke's own level, hashed from their places in the world: the same in every
 * tile, every time, whoever draws. Where a tile is finer the noise is interpolated; where it is coarser, 2 x 2 of its
 * points are averaged a pixel, and further out it fades away.
 *
 * A height h, equally likely anywhere in 0..255, and a coverage v give what the paper takes: a line through (h, taken)
 * that falls from 255 to 0 around h = v, as flat as fits into the range. Its mean over all h is v itself, for every v:
 * light strokes catch the peaks alone, heavy ones leave out the pits, and far away, where v is drawn as it is, a
 * picture is as dark as near by. Integers only. */
#include "ink_internal.h"

/* A light pencil leaves some of its colour everywhere: so many 256ths of the paper's contrast count. */
#define CONTRAST 144
#define COARSEST 3 /* levels; beyond, the grain is gone */
#define SAMPLES_MAX (2 * KOLAM_TILE_PX)
#define LATTICE_MAX (2 * KOLAM_TILE_PX + 2)

/* One of the two layers of noise: points a power of two of 1/256 home pixels apart. */
struct layer {
    uint32_t spacing_shift;
    uint32_t salt;
};

static const struct layer layers[2] = {{9, 0x51ed270bu}, {8, 0x9e3779b9u}};

/* Where the samples of a row or column lie: at (first + i) units, 2^-shift of a 1/256 home pixel each. */
struct samples {
    uint64_t first;
    int32_t shift;
};

static uint32_t hash_place(uint32_t x, uint32_t y) {
    uint32_t mixed = x * 0x85ebca6bu ^ (y * 0xc2b2ae35u + 0x27d4eb2fu);
    mixed = (mixed ^ mixed >> 15) * 0x2c1b3c6du;
    mixed = (mixed ^ mixed >> 12) * 0x297a2d39u;
    return mixed ^ mixed >> 15;
}

static uint64_t place_of(const struct samples *samples, uint32_t index) {
    uint64_t odd = 2 * (samples->first + index) + 1;
    return samples->shift >= 0 ? odd << samples->shift
                               : (uint64_t)((int64_t)odd >> -samples->shift);
}

/* 3 f^2 - 2 f^3, 256ths. */
static int32_t smooth(uint64_t fraction) {
    int32_t f = (int32_t)(fraction & 255);
    return f * f * (768 - 2 * f) >> 16;
}

static int32_t blend(int32_t from, int32_t to, int32_t share) {
    return from + ((to - from) * share >> 8);
}

/* Noise of a layer's points on the way from one line of them to the next, 0..65535. Between the lines only where a sample lies
 * between them. */
static void fill_column(uint32_t first, uint32_t y, int32_t share_y, uint32_t cells,
                        int32_t *out_column) {
    for (uint32_t i = 0; i < cells; i++) {
        out_column[i] = (int32_t)(hash_place(first + i, y) >> 16);
    }
    if (share_y == 0) {
        return;
    }
    for (uint32_t i = 0; i < cells; i++) {
        int32_t below = (int32_t)(hash_place(first + i, y + 1) >> 16);
        out_column[i] = blend(out_column[i], below, share_y);
    }
}

/* A layer's noise at samples of a row, 0..65535 each, added to `sums`. */
static void add_layer(const struct layer *layer, const struct samples *across, uint32_t count,
                      uint64_t down, int32_t *sums) {
    int32_t column[LATTICE_MAX];
    uint32_t shift = layer->spacing_shift;
    uint64_t offset = shift == 8 ? 128 : 0; /* points of the finest layer are pixels' middles */
    uint32_t y = (uint32_t)((down - offset) >> shift) + layer->salt;
    int32_t share_y = smooth((down - offset) >> (shift - 8));
    uint64_t first = (place_of(across, 0) - offset) >> shift;
    uint64_t last = (place_of(across, count - 1) - offset) >> shift;
    fill_column((uint32_t)first, y, share_y, (uint32_t)(last - first) + 2, column);
    if (across->shift == 7 && shift == 8) { /* the samples are the points */
        for (uint32_t i = 0; i < count; i++) {
            sums[i] += column[i];
        }
        return;
    }
    if (across->shift >= 0) {
        uint32_t at = (uint32_t)(place_of(across, 0) - offset - (first << shift));
        for (uint32_t i = 0; i < count; i++, at += 2u << across->shift) {
            uint32_t cell = at >> shift;
            sums[i] += blend(column[cell], column[cell + 1], smooth(at >> (shift - 8)));
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t place = place_of(across, i) - offset;
        uint32_t cell = (uint32_t)((place >> shift) - first);
        sums[i] += blend(column[cell], column[cell + 1], smooth(place >> (shift - 8)));
    }
}

/* The sum of both layers bunches around its middle, less where the samples are the noise's own points; these say how much of it
 * lies below each 32nd of its range. */
static const uint8_t shares_at_home[33] = {0,   0,   0,   0,   2,   5,   10,  16,  23,  32,  42,
                                           53,  66,  80,  96,  111, 127, 143, 159, 175, 189, 202,
                                           214, 224, 232, 239, 245, 250, 253, 255, 255, 255, 255};
static const uint8_t shares_finer[33] = {0,   0,   0,   0,   0,   2,   4,   7,   12,  20,  29,
                                         41,  55,  71,  88,  108, 128, 148, 167, 185, 201, 215,
                                         226, 235, 243, 248, 251, 253, 255, 255, 255, 255, 255};

/* Heights 0..255 at the samples of a row. */
static void measure_paper(const struct samples *across, uint32_t count, const struct samples *down,
                          uint32_t row, uint8_t *out_heights) {
    int32_t sums[SAMPLES_MAX] = {0};
    uint64_t y = place_of(down, row);
    if (across->shift > 7) { /* further apart than the noise's points: each is one by itself */
        for (uint32_t i = 0; i < count; i++) {
            uint32_t x = (uint32_t)(place_of(across, i) >> 8);
            out_heights[i] = (uint8_t)(hash_place(x, (uint32_t)(y >> 8)) >> 24);
        }
        return;
    }
    for (int i = 0; i < 2; i++) {
        add_layer(&layers[i], across, count, y, sums);
    }
    const uint8_t *shares = across->shift == 7 ? shares_at_home : shares_finer;
    for (uint32_t i = 0; i < count; i++) {
        int32_t at = sums[i] >> 12;
        out_heights[i] = (uint8_t)blend(shares[at], shares[at + 1], sums[i] >> 4 & 255);
    }
}

/* What the paper takes of coverages v at heights h, less v; the mean of what it takes over all heights is v. Where v is 0 or
 * 255 it takes all of it. */
static ints gap_at(ints v, ints h) {
    ints is_light = v < 128, is_plain = (v == 0) | (v == 255);
    ints height = (h & is_light) | ((255 - h) & ~is_light);
    ints room = (v & is_light) | ((255 - v) & ~is_light);
    ints share = ints_divide((height << 8) - height, (room << 1) - is_plain);
    ints taken = share + ((255 - share - share) & is_light); /* 255 - share, or share */
    taken &= ~(taken < 0);
    ints is_over = taken > 255;
    taken = (taken & ~is_over) | (255 & is_over);
    return (taken - v) & ~is_plain;
}

static ints four_of(const uint8_t *bytes) {
    return (ints)(words_of_bytes(bytes) & words_of(0xff));
}

static ints grain_four(const uint8_t *coverage, const uint8_t *heights) {
    ints v = four_of(coverage), gap = gap_at(v, four_of(heights)) * CONTRAST;
    return v + ((gap + ((gap >> 31) & 255)) >> 8);
}

/* One sample a pixel. */
static void grain_near(const struct samples *across, const struct samples *down, uint32_t count,
                       const uint8_t *coverage, uint8_t *out_coverage) {
    uint8_t heights[SAMPLES_MAX + 4] = {0}; /* whole fours of it are read */
    measure_paper(across, count, down, 0, heights);
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        ints grained = grain_four(coverage + i, heights + i);
        for (int j = 0; j < 4; j++) {
            out_coverage[i + (uint32_t)j] = (uint8_t)grained[j];
        }
    }
    uint8_t last[4] = {0};
    __builtin_memcpy(last, coverage + i, count - i);
    ints grained = grain_four(last, heights + (i < count ? i : 0));
    for (uint32_t j = 0; i + j < count; j++) {
        out_coverage[i + j] = (uint8_t)grained[j];
    }
}

/* 2 x 2 samples a pixel, `contrast` of it. */
static void grain_far(const struct samples *across, const struct samples *down, uint32_t count,
                      int32_t contrast, const uint8_t *coverage, uint8_t *out_coverage) {
    uint8_t upper[SAMPLES_MAX], lower[SAMPLES_MAX];
    measure_paper(across, 2 * count, down, 0, upper);
    measure_paper(across, 2 * count, down, 1, lower);
    for (uint32_t i = 0; i < count; i++) {
        int32_t v = coverage[i];
        ints heights = {upper[2 * i], upper[2 * i + 1], lower[2 * i], lower[2 * i + 1]};
        ints gap = gap_at((ints){v, v, v, v}, heights);
        out_coverage[i] = (uint8_t)(v + (gap[0] + gap[1] + gap[2] + gap[3]) * contrast / 1024);
    }
}

void kolam_ink_grain_row(const struct kolam_ink_grain *grain, int32_t y, int32_t x0, int32_t x1,
                         const uint8_t *coverage, uint8_t *out_coverage) {
    uint32_t count = (uint32_t)(x1 - x0);
    uint64_t first_x = (uint64_t)(grain->x + x0), first_y = (uint64_t)(grain->y + y);
    if (grain->finer >= 0) {
        struct samples across = {first_x, 7 - grain->finer};
        struct samples down = {first_y, 7 - grain->finer};
        grain_near(&across, &down, count, coverage + x0, out_coverage + x0);
    } else if (grain->finer >= -COARSEST) {
        struct samples across = {2 * first_x, 6 - grain->finer};
        struct samples down = {2 * first_y, 6 - grain->finer};
        int32_t contrast = CONTRAST >> (-grain->finer - 1);
        grain_far(&across, &down, count, contrast, coverage + x0, out_coverage + x0);
    } else if (coverage != out_coverage) {
        __builtin_memcpy(out_coverage + x0, coverage + x0, count);
    }
}
