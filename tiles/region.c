/* A rectangle of the world and a scale, as a client names them: parsed and bounded before anything
 * is computed from them. */
#include "kolam/export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORLD_PX ((double)(INT64_C(1) << KOLAM_WORLD_SHIFT)) /* half the world's width */
#define NUMBER_BYTES_MAX 63

/* Digits, with a minus before and a point between if need be: no exponent, no blanks, no "inf". */
static bool is_decimal(const char *text, size_t size_bytes) {
    size_t at = size_bytes > 0 && text[0] == '-' ? 1 : 0;
    size_t digits = 0, points = 0;
    for (; at < size_bytes; at++) {
        if (text[at] >= '0' && text[at] <= '9') {
            digits++;
        } else if (text[at] == '.' && digits > 0) {
            points++;
        } else {
            return false;
        }
    }
    return digits > 0 && points <= 1 && text[size_bytes - 1] != '.';
}

static bool parse_decimal(const char *text, size_t size_bytes, double *out_value) {
    char number[NUMBER_BYTES_MAX + 1];
    if (size_bytes > NUMBER_BYTES_MAX || !is_decimal(text, size_bytes)) {
        return false;
    }
    memcpy(number, text, size_bytes);
    number[size_bytes] = '\0';
    *out_value = strtod(number, NULL);
    return true;
}

/* Written so that a NaN fails every comparison. */
static bool region_is_valid(const struct kolam_region *region) {
    return region->x >= -WORLD_PX && region->y >= -WORLD_PX && region->width > 0 &&
           region->height > 0 && region->width <= WORLD_PX - region->x &&
           region->height <= WORLD_PX - region->y && region->scale >= ldexp(1, KOLAM_LEVEL_MIN) &&
           region->scale <= ldexp(1, KOLAM_LEVEL_MAX);
}

enum kolam_status kolam_region_parse_rect(const char *text, size_t size_bytes,
                                          struct kolam_region *out_region) {
    double values[4];
    size_t begin = 0;
    for (int i = 0; i < 4; i++) {
        const char *comma =
            begin < size_bytes ? memchr(text + begin, ',', size_bytes - begin) : NULL;
        size_t end = comma ? (size_t)(comma - text) : size_bytes;
        if ((i < 3) != (comma != NULL) || !parse_decimal(text + begin, end - begin, &values[i])) {
            return KOLAM_ERR_INVALID;
        }
        begin = end + 1;
    }
    struct kolam_region region = {values[0], values[1], values[2], values[3], 1};
    if (!region_is_valid(&region)) {
        return KOLAM_ERR_INVALID;
    }
    *out_region = region;
    return KOLAM_OK;
}

/* A picture has a pixel for each one begun; what is left over by rounding alone is not begun. */
static double pixels_of(double length, double scale) {
    double pixels = ceil(length * scale - 1e-6);
    return pixels < 1 ? 1 : pixels;
}

enum kolam_status kolam_region_size(const struct kolam_region *region, uint32_t side_max,
                                    uint32_t *out_width, uint32_t *out_height) {
    if (!region_is_valid(region)) {
        return KOLAM_ERR_INVALID;
    }
    double width = pixels_of(region->width, region->scale);
    double height = pixels_of(region->height, region->scale);
    if (width > side_max || height > side_max) {
        return KOLAM_ERR_FULL;
    }
    *out_width = (uint32_t)width;
    *out_height = (uint32_t)height;
    return KOLAM_OK;
}
