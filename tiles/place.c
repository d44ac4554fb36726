/* What may be a place; see place.h. */
#include "kolam/place.h"

#include <string.h>

#include "names.h"

#define DIGITS_MAX 12   /* before the point */
#define FRACTION_MAX 24 /* after it: more than level 24 can tell apart */
#define WORLD_EDGE "2147483648"

static size_t count_digits(const char *text) {
    return strspn(text, "0123456789");
}

/* Digits without leading zeros are compared as text. */
static bool is_in_world(const char *digits, size_t count, const char *fraction) {
    while (count > 1 && *digits == '0') {
        digits++;
        count--;
    }
    const size_t edge = sizeof WORLD_EDGE - 1;
    if (count != edge) {
        return count < edge;
    }
    const int order = memcmp(digits, WORLD_EDGE, edge);
    return order < 0 || (order == 0 && fraction[strspn(fraction, "0")] == '\0');
}

bool kolam_place_coordinate_is_valid(const char *text) {
    const char *digits = text + (*text == '-');
    const size_t count = count_digits(digits);
    const char *fraction = digits + count;
    if (count < 1 || count > DIGITS_MAX) {
        return false;
    }
    if (*fraction == '.') {
        fraction++;
        const size_t places = count_digits(fraction);
        if (places < 1 || places > FRACTION_MAX || fraction[places] != '\0') {
            return false;
        }
    } else if (*fraction != '\0') {
        return false;
    }
    return is_in_world(digits, count, fraction);
}

bool kolam_place_zoom_is_valid(double zoom) {
    return zoom >= KOLAM_LEVEL_MIN && zoom <= KOLAM_LEVEL_MAX; /* NaN is neither */
}

bool kolam_place_name_is_valid(const char *name) {
    return kolam_name_is_plain(name, KOLAM_PLACE_NAME_CHARACTERS_MAX);
}
