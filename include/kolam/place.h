/* Places with names, shared by all on a canvas: where the middle of a view is, and how far it is zoomed.
 *
 * On the disk each is a record op; taking one away is another. What they say of themselves is checked here, whoever wrote the
 * file: a record that is none of ours, or breaks a bound, is not a place. */
#ifndef KOLAM_PLACE_H
#define KOLAM_PLACE_H

#include "kolam/reader.h"

#define KOLAM_PLACE_NAME_CHARACTERS_MAX 80
#define KOLAM_PLACE_NAME_BYTES_MAX 320
#define KOLAM_PLACE_COORDINATE_BYTES_MAX 40
#define KOLAM_PLACE_RECORD_BYTES_MAX 2048

/* x, y: level-0 pixels as decimal text, since no double holds every place at level 24. */
struct kolam_place {
    char name[KOLAM_PLACE_NAME_BYTES_MAX + 1];
    char x[KOLAM_PLACE_COORDINATE_BYTES_MAX], y[KOLAM_PLACE_COORDINATE_BYTES_MAX];
    double zoom; /* a level; fractions allowed */
};

enum kolam_place_record_kind {
    KOLAM_PLACE_OTHER, /* a record of some other kind */
    KOLAM_PLACE_NAMED,
    KOLAM_PLACE_REMOVED
};

struct kolam_place_record {
    enum kolam_place_record_kind kind;
    struct kolam_place place; /* NAMED */
    uint64_t removed_seq;     /* REMOVED: the op that named it */
};

/* What a record op's JSON says of places. KOLAM_ERR_INVALID: it claims to be of ours and is not. Any thread. */
KOLAM_MUST_CHECK enum kolam_status kolam_place_decode(const uint8_t *json, size_t size_bytes,
                                                      struct kolam_place_record *out_record);
/* The op body of a record that names a place, or takes one away; at most KOLAM_PLACE_BODY_BYTES_MAX. KOLAM_ERR_INVALID
 * for what could not be decoded again. */
#define KOLAM_PLACE_BODY_BYTES_MAX (KOLAM_PLACE_RECORD_BYTES_MAX + 16)
KOLAM_MUST_CHECK enum kolam_status kolam_place_encode(const struct kolam_place_record *record,
                                                      uint8_t out_body[KOLAM_PLACE_BODY_BYTES_MAX],
                                                      size_t *out_size_bytes);

/* True for a decimal number inside the world: up to 12 digits, a point and up to 24 more. */
bool kolam_place_coordinate_is_valid(const char *text);
bool kolam_place_zoom_is_valid(double zoom);
/* 1 to 80 characters of UTF-8, no control characters, not all blank. */
bool kolam_place_name_is_valid(const char *name);

#endif
