/* Places as records: {"kind":"place","name","x","y","zoom"} and {"kind":"place_remove","place":"<seq>"}; see place.h. */
#include "kolam/alloc.h"
#include "kolam/json_text.h"
#include "kolam/place.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- records ---- */

static bool take_text(const json_t *object, const char *key, char *out, size_t capacity) {
    const char *text = json_string_value(json_object_get(object, key));
    if (!text || strlen(text) >= capacity) {
        return false;
    }
    (void)strcpy(out, text);
    return true;
}

static bool place_is_valid(const struct kolam_place *place) {
    return kolam_place_name_is_valid(place->name) && kolam_place_coordinate_is_valid(place->x) &&
           kolam_place_coordinate_is_valid(place->y) && kolam_place_zoom_is_valid(place->zoom);
}

static enum kolam_status decode_named(const json_t *object, struct kolam_place *out_place) {
    struct kolam_place place = {.zoom = json_number_value(json_object_get(object, "zoom"))};
    if (!json_is_number(json_object_get(object, "zoom")) ||
        !take_text(object, "name", place.name, sizeof place.name) ||
        !take_text(object, "x", place.x, sizeof place.x) ||
        !take_text(object, "y", place.y, sizeof place.y) || !place_is_valid(&place)) {
        return KOLAM_ERR_INVALID;
    }
    *out_place = place;
    return KOLAM_OK;
}

static enum kolam_status decode_removed(const json_t *object, uint64_t *out_seq) {
    const char *text = json_string_value(json_object_get(object, "place"));
    char *end;
    if (!text || *text < '1' || *text > '9') {
        return KOLAM_ERR_INVALID;
    }
    errno = 0;
    long long seq = strtoll(text, &end, 10);
    if (errno != 0 || *end != '\0') {
        return KOLAM_ERR_INVALID;
    }
    *out_seq = (uint64_t)seq;
    return KOLAM_OK;
}

static enum kolam_status decode_object(const json_t *object,
                                       struct kolam_place_record *out_record) {
    const char *kind = json_string_value(json_object_get(object, "kind"));
    *out_record = (struct kolam_place_record){.kind = KOLAM_PLACE_OTHER};
    if (kind && strcmp(kind, "place") == 0) {
        out_record->kind = KOLAM_PLACE_NAMED;
        return decode_named(object, &out_record->place);
    }
    if (kind && strcmp(kind, "place_remove") == 0) {
        out_record->kind = KOLAM_PLACE_REMOVED;
        return decode_removed(object, &out_record->removed_seq);
    }
    return KOLAM_OK;
}

enum kolam_status kolam_place_decode(const uint8_t *json, size_t size_bytes,
                                     struct kolam_place_record *out_record) {
    struct kolam_place_record record = {.kind = KOLAM_PLACE_OTHER};
    enum kolam_status status = KOLAM_OK;
    if (size_bytes <= KOLAM_PLACE_RECORD_BYTES_MAX) { /* a longer one is of another kind */
        json_t *object = json_loadb((const char *)json, size_bytes, JSON_REJECT_DUPLICATES, NULL);
        status = decode_object(object, &record);
        json_decref(object);
    }
    if (status == KOLAM_OK) {
        *out_record = record;
    }
    return status;
}

static json_t *object_of(const struct kolam_place_record *record) {
    const struct kolam_place *place = &record->place;
    char seq[24];
    if (record->kind == KOLAM_PLACE_NAMED && place_is_valid(place)) {
        return json_pack("{ss ss ss ss sf}", "kind", "place", "name", place->name, "x", place->x,
                         "y", place->y, "zoom", place->zoom);
    }
    if (record->kind == KOLAM_PLACE_REMOVED && record->removed_seq >= 1 &&
        record->removed_seq <= INT64_MAX) {
        (void)snprintf(seq, sizeof seq, "%" PRIu64, record->removed_seq);
        return json_pack("{ss ss}", "kind", "place_remove", "place", seq);
    }
    return NULL;
}

enum kolam_status kolam_place_encode(const struct kolam_place_record *record,
                                     uint8_t out_body[KOLAM_PLACE_BODY_BYTES_MAX],
                                     size_t *out_size_bytes) {
    json_t *object = object_of(record);
    char *text = kolam_json_text(object);
    enum kolam_status status = KOLAM_ERR_INVALID;
    if (text && strlen(text) <= KOLAM_PLACE_RECORD_BYTES_MAX) {
        const struct kolam_op op = {.kind = KOLAM_OP_RECORD,
                                    .record = (const uint8_t *)text,
                                    .record_size_bytes = (uint32_t)strlen(text)};
        status = kolam_op_encode(&op, out_body, KOLAM_PLACE_BODY_BYTES_MAX, out_size_bytes);
    }
    kolam_free(text);
    json_decref(object);
    return status;
}
