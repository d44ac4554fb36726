/* From coverage to pixels: the compositing half of the ink kernel, and the conversions around
 * tiles.
 *
 * All arithmetic is pixman's for 8-bit channels, integer and exact, so that masking in cairo and
 * masking here give the same bytes; tests/pixel holds the two together. */
#include "ink_internal.h"

/* a * b / 255 to nearest, for bytes: pixman's MUL_UN8. */
static uint32_t mul_un8(uint32_t a, uint32_t b) {
    uint32_t product = a * b + 0x80;
    return (product + (product >> 8)) >> 8;
}

/* All four channels times `factor`, two at a time. */
static uint32_t mul_pixel(uint32_t pixel, uint32_t factor) {
    uint32_t odd = (pixel & 0x00ff00ff) * factor + 0x00800080;
    uint32_t even = ((pixel >> 8) & 0x00ff00ff) * factor + 0x00800080;
    odd = ((odd + ((odd >> 8) & 0x00ff00ff)) >> 8) & 0x00ff00ff;
    even = (even + ((even >> 8) & 0x00ff00ff)) & 0xff00ff00;
    return odd | even;
}

/* The channels of two premultiplied pixels whose sum stays below 256 a channel, as OVER's does. */
static uint32_t over_pixel(uint32_t source, uint32_t under) {
    return source + mul_pixel(under, 255 - (source >> 24));
}

/* Straight 0xRRGGBBAA to premultiplied ARGB32 as cairo and pixman make it of the doubles C/255
 * and A/255: their product rounded to 16 bits, of which the upper 8 are kept. C * A / 255^2 *
 * 65535 + 1/2 is C * A * 257 / 255 + 1/2, never nearer than 1/510 to an integer it does not
 * equal: integers tell it. */
static uint32_t premultiply_color(uint32_t color) {
    uint32_t alpha = color & 0xff;
    uint32_t pixel = alpha << 24;
    for (int shift = 0; shift < 24; shift += 8) {
        uint32_t channel = (color >> (shift + 8)) & 0xff;
        uint32_t wide = (channel * alpha * 514 + 255) / 510;
        pixel |= (wide >> 8) << shift;
    }
    return pixel;
}

static int32_t least_of(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static uint8_t area_coverage(uint32_t area) {
    return (uint8_t)(((area >> 14) * 255 + 32768) >> 16); /* 2^30 is a whole pixel */
}

/* A row of a mask that holds thin strokes, as coverage; thick parts of the same group count too. */
static void resolve_thin_row(const struct kolam_ink_mask *mask, int32_t y, uint8_t *out_row) {
    const uint8_t *coverage = mask->coverage + y * KOLAM_TILE_PX;
    const uint32_t *area = mask->area + y * KOLAM_TILE_PX;
    for (int32_t x = mask->x0; x < mask->x1; x++) {
        uint8_t thin = area_coverage(area[x]);
        out_row[x] = thin > coverage[x] ? thin : coverage[x];
    }
    const struct kolam_ink_end *end = &mask->last_end;
    for (int i = 0; i < 4; i++) {
        int32_t x = end->x + i % 2;
        if (end->area[i] == 0 || end->y + i / 2 != y) {
            continue;
        }
        uint32_t sum = area[x] + end->area[i];
        uint8_t thin = area_coverage(sum < 1u << 30 ? sum : 1u << 30);
        out_row[x] = thin > coverage[x] ? thin : coverage[x];
    }
}

/* Sixteen pixels, or what is left of the row. */
static bool is_bare(const uint8_t *coverage, int32_t count) {
    uint64_t any[2] = {0, 0};
    __builtin_memcpy(any, coverage, (size_t)count);
    return (any[0] | any[1]) == 0;
}

/* Only where there is ink: the paper costs more than the pixels. */
static void grain_row(const struct kolam_ink_mask *mask, int32_t y, const uint8_t *coverage,
                      uint8_t *out_row) {
    for (int32_t x = mask->x0; x < mask->x1;) {
        int32_t bare = x, inked;
        while (bare < mask->x1 && is_bare(coverage + bare, least_of(mask->x1 - bare, 16))) {
            bare = least_of(bare + 16, mask->x1);
        }
        __builtin_memset(out_row + x, 0, (size_t)(bare - x));
        inked = bare;
        while (inked < mask->x1 && !is_bare(coverage + inked, least_of(mask->x1 - inked, 16))) {
            inked = least_of(inked + 16, mask->x1);
        }
        if (bare < inked) {
            kolam_ink_grain_row(&mask->grain, y, bare, inked, coverage, out_row);
        }
        x = inked;
    }
}

/* How many pixels from x on share one extreme coverage, eight at a time: most of a mask's
 * rectangle is empty, and most of broad ink is full. */
static int32_t run_of(const uint8_t *coverage, int32_t x, int32_t x1, uint64_t eight) {
    int32_t end = x;
    uint64_t next;
    while (end + 8 <= x1) {
        __builtin_memcpy(&next, coverage + end, sizeof next);
        if (next != eight) {
            break;
        }
        end += 8;
    }
    return end - x;
}

static void copy_run(const uint32_t *from, uint32_t *to, int32_t count) {
    if (from != to) {
        __builtin_memcpy(to, from, (size_t)count * sizeof *to);
    }
}

/* The same as mul_pixel, four pixels at once; `factor` is in both halves of a word. */
static words mul_pixels(words pixels, words factor) {
    const words mask = words_of(0x00ff00ff);
    return words_mul_un8(pixels & mask, factor) | words_mul_un8((pixels >> 8) & mask, factor) << 8;
}

static words over_four(words source, const uint8_t *coverage, words under) {
    words ink = mul_pixels(source, words_of_bytes(coverage));
    words left = 255 - (ink >> 24);
    return ink + mul_pixels(under, left | left << 16);
}

static void over_row(const uint8_t *coverage, int32_t x0, int32_t x1, uint32_t source,
                     const uint32_t *under, uint32_t *pixels) {
    bool is_opaque = source >> 24 == 255;
    for (int32_t x = x0; x < x1;) {
        int32_t empty = run_of(coverage, x, x1, 0);
        copy_run(under + x, pixels + x, empty);
        x += empty;
        for (int32_t full = is_opaque ? run_of(coverage, x, x1, UINT64_MAX) : 0; full > 0; full--) {
            pixels[x++] = source;
        }
        int32_t stop = x + 8 < x1 ? x + 8 : x1;
        for (; x + 4 <= stop; x += 4) {
            words_store(pixels + x,
                        over_four(words_of(source), coverage + x, words_load(under + x)));
        }
        for (; x < stop; x++) {
            pixels[x] = over_pixel(mul_pixel(source, coverage[x]), under[x]);
        }
    }
}

static void dest_out_row(const uint8_t *coverage, int32_t x0, int32_t x1, uint32_t alpha,
                         const uint32_t *under, uint32_t *pixels) {
    const words eraser = words_of(alpha * 0x10001u);
    for (int32_t x = x0; x < x1;) {
        int32_t empty = run_of(coverage, x, x1, 0);
        copy_run(under + x, pixels + x, empty);
        x += empty;
        int32_t stop = x + 8 < x1 ? x + 8 : x1;
        for (; x + 4 <= stop; x += 4) {
            words left = words_of(0x00ff00ff) - words_mul_un8(eraser, words_of_bytes(coverage + x));
            words_store(pixels + x, mul_pixels(words_load(under + x), left));
        }
        for (; x < stop; x++) {
            pixels[x] = mul_pixel(under[x], 255 - mul_un8(alpha, coverage[x]));
        }
    }
}

void kolam_ink_composite_onto(const struct kolam_ink_mask *mask, enum kolam_tool tool,
                              uint32_t color, const uint32_t *under, uint32_t *pixels) {
    uint32_t source = premultiply_color(color);
    uint8_t thin_row[KOLAM_TILE_PX], grained_row[KOLAM_TILE_PX];
    for (int32_t y = mask->y0; y < mask->y1; y++) {
        const uint8_t *coverage = mask->coverage + y * KOLAM_TILE_PX;
        const uint32_t *under_row = under + y * KOLAM_TILE_PX;
        uint32_t *row = pixels + y * KOLAM_TILE_PX;
        if (mask->is_thin) {
            resolve_thin_row(mask, y, thin_row);
            coverage = thin_row;
        }
        if (tool == KOLAM_TOOL_PENCIL) {
            grain_row(mask, y, coverage, grained_row);
            coverage = grained_row;
        }
        if (tool == KOLAM_TOOL_ERASER) {
            dest_out_row(coverage, mask->x0, mask->x1, source >> 24, under_row, row);
        } else {
            over_row(coverage, mask->x0, mask->x1, source, under_row, row);
        }
    }
}

void kolam_ink_composite(const struct kolam_ink_mask *mask, enum kolam_tool tool, uint32_t color,
                         uint32_t *pixels) {
    kolam_ink_composite_onto(mask, tool, color, pixels, pixels);
}

void kolam_ink_mask_init(struct kolam_ink_mask *mask) {
    __builtin_memset(mask, 0, sizeof *mask);
}

void kolam_ink_mask_clear(struct kolam_ink_mask *mask) {
    for (int32_t y = mask->y0; y < mask->y1; y++) {
        size_t first = (size_t)(y * KOLAM_TILE_PX + mask->x0),
               count = (size_t)(mask->x1 - mask->x0);
        __builtin_memset(mask->coverage + first, 0, count);
        if (mask->is_thin) {
            __builtin_memset(mask->area + first, 0, count * sizeof mask->area[0]);
        }
    }
    mask->x0 = mask->y0 = mask->x1 = mask->y1 = 0;
    mask->is_thin = false;
    mask->last_end = (struct kolam_ink_end){0};
}

void kolam_ink_downsample(const uint32_t *child, int quadrant, uint32_t *parent) {
    const int32_t half = KOLAM_TILE_PX / 2;
    for (int32_t y = 0; y < half; y++) {
        uint32_t *out =
            parent + ((quadrant >> 1) * half + y) * KOLAM_TILE_PX + (quadrant & 1) * half;
        if (child == NULL) {
            __builtin_memset(out, 0, (size_t)half * sizeof *out);
            continue;
        }
        const uint32_t *upper = child + 2 * y * KOLAM_TILE_PX, *lower = upper + KOLAM_TILE_PX;
        for (int32_t x = 0; x < half; x++) {
            uint32_t a = upper[2 * x], b = upper[2 * x + 1], c = lower[2 * x], d = lower[2 * x + 1];
            uint32_t odd =
                (a & 0x00ff00ff) + (b & 0x00ff00ff) + (c & 0x00ff00ff) + (d & 0x00ff00ff);
            uint32_t even = ((a >> 8) & 0x00ff00ff) + ((b >> 8) & 0x00ff00ff) +
                            ((c >> 8) & 0x00ff00ff) + ((d >> 8) & 0x00ff00ff);
            out[x] = (((odd + 0x00020002) >> 2) & 0x00ff00ff) |
                     ((((even + 0x00020002) >> 2) & 0x00ff00ff) << 8);
        }
    }
}

static void straight_pixel(uint32_t pixel, uint8_t *out) {
    uint32_t alpha = pixel >> 24;
    out[3] = (uint8_t)alpha;
    for (int channel = 0; channel < 3; channel++) {
        uint32_t value = (pixel >> (16 - 8 * channel)) & 0xff;
        if (alpha != 255) {
            value = alpha == 0 ? 0 : (value * 255 + alpha / 2) / alpha;
        }
        out[channel] = (uint8_t)value;
    }
}

/* Four pixels; nothing of them is left where alpha is 0. */
static words straight_four(words pixels) {
    const words byte = words_of(0xff);
    ints alpha = (ints)(pixels >> 24);
    ints is_clear = alpha == 0, half = alpha >> 1, by = alpha - is_clear;
    words straight = pixels & 0xff000000u;
    for (int channel = 0; channel < 3; channel++) {
        ints value = (ints)((pixels >> (16 - 8 * channel)) & byte);
        ints quotient = ints_divide((value << 8) - value + half, by) & ~is_clear;
        straight |= ((words)quotient & byte) << (8 * channel);
    }
    return straight;
}

void kolam_ink_to_rgba(const uint32_t *pixels, uint32_t count, uint8_t *out_rgba) {
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        uint64_t any[2];
        __builtin_memcpy(any, pixels + i, sizeof any);
        if ((any[0] | any[1]) == 0) {
            __builtin_memset(out_rgba + (size_t)i * 4, 0, sizeof any);
            continue;
        }
        words straight = straight_four(words_load(pixels + i));
        __builtin_memcpy(out_rgba + (size_t)i * 4, &straight, sizeof straight);
    }
    for (; i < count; i++) {
        straight_pixel(pixels[i], out_rgba + (size_t)i * 4);
    }
}

void kolam_ink_from_rgba(const uint8_t *rgba, uint32_t count, uint32_t *out_pixels) {
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *in = rgba + (size_t)i * 4;
        uint32_t alpha = in[3];
        out_pixels[i] = alpha << 24 | mul_un8(in[0], alpha) << 16 | mul_un8(in[1], alpha) << 8 |
                        mul_un8(in[2], alpha);
    }
}
