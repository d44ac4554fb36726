/* Records of places: whatever is decoded keeps its bounds, can be encoded, and says the same again. */
#include <stdlib.h>
#include <string.h>

#include "kolam/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

static struct kolam_op_room room;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    struct kolam_place_record record, again;
    uint8_t body[KOLAM_PLACE_BODY_BYTES_MAX];
    size_t body_size;
    struct kolam_op op;
    if (kolam_place_decode(bytes, size_bytes, &record) != KOLAM_OK ||
        record.kind == KOLAM_PLACE_OTHER) {
        return 0;
    }
    if (record.kind == KOLAM_PLACE_NAMED) {
        require(kolam_place_name_is_valid(record.place.name));
        require(kolam_place_coordinate_is_valid(record.place.x));
        require(kolam_place_coordinate_is_valid(record.place.y));
    }
    require(kolam_place_encode(&record, body, &body_size) == KOLAM_OK);
    require(kolam_op_decode(body, body_size, &room, &op) == KOLAM_OK);
    require(kolam_place_decode(op.record, op.record_size_bytes, &again) == KOLAM_OK);
    require(again.kind == record.kind && again.removed_seq == record.removed_seq);
    require(strcmp(again.place.name, record.place.name) == 0);
    require(strcmp(again.place.x, record.place.x) == 0);
    require(strcmp(again.place.y, record.place.y) == 0);
    require(again.place.zoom == record.place.zoom);
    return 0;
}
