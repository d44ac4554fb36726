/* A client's binary record taken apart, every count and length checked against the bytes there are and
 * the limits; nothing is allocated, nothing is copied. Pure: also what the fuzzer feeds. */
#ifndef KOLAM_SERVER_PROTOCOL_IN_H
#define KOLAM_SERVER_PROTOCOL_IN_H

#include "kolam/op.h"

enum kolam_in_type {
    KOLAM_IN_SUBMIT = 0x01,
    KOLAM_IN_PREVIEW = 0x02,
    KOLAM_IN_CANCEL = 0x03,
    KOLAM_IN_CURSOR = 0x04,
    KOLAM_IN_SUBMIT_AS = 0x05,
    KOLAM_IN_PREVIEW_AS = 0x06,
};

#define KOLAM_SLOTS_MAX 65536
#define KOLAM_SUBMIT_OPS_MAX (1 + KOLAM_EDIT_OPS_MAX)

struct kolam_in_record {
    enum kolam_in_type type;
    uint32_t counter; /* all but CURSOR */
    uint32_t slot;    /* SUBMIT_AS, PREVIEW_AS */
    uint32_t count;   /* SUBMIT, SUBMIT_AS: 1..KOLAM_SUBMIT_OPS_MAX bodies */
    const uint8_t *bodies[KOLAM_SUBMIT_OPS_MAX];
    size_t body_sizes[KOLAM_SUBMIT_OPS_MAX];
    uint32_t first;       /* PREVIEW, PREVIEW_AS; its body is bodies[0] */
    const uint8_t *place; /* CURSOR: the payload as it came, and what it says */
    size_t place_size;
    struct kolam_tile_id tile;
    uint32_t x, y; /* 1/8 px, 0..2047 */
};

/* KOLAM_ERR_INVALID for anything that is not exactly one whole record of a known type; *out_record then holds nothing of
 * use. Of the bodies only as many as there are are written: the room for the most is 16 KB. */
KOLAM_MUST_CHECK enum kolam_status kolam_in_decode(const uint8_t *bytes, size_t size,
                                                   struct kolam_in_record *out_record);

#endif
