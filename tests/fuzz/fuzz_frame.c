/* The server's decoder of clients' records: what passes lies inside the bytes and inside the limits. */
#include <stdlib.h>

#include "server/protocol_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    struct kolam_in_record record;
    if (kolam_in_decode(bytes, size_bytes, &record) != KOLAM_OK) {
        return 0;
    }
    require(size_bytes > 0 && record.type == bytes[0]);
    require(record.count <= KOLAM_SUBMIT_OPS_MAX);
    require(record.slot < KOLAM_SLOTS_MAX);
    unsigned sum = 0;
    for (uint32_t i = 0; i < record.count; i++) {
        const uint8_t *end = record.bodies[i] + record.body_sizes[i];
        require(record.bodies[i] >= bytes && end <= bytes + size_bytes);
        for (const uint8_t *at = record.bodies[i]; at < end; at++) {
            sum += *at; /* a sanitizer sees each byte read */
        }
    }
    if (record.type == KOLAM_IN_CURSOR) {
        require(kolam_tile_is_valid(record.tile));
        require(record.x < KOLAM_SUB_PER_TILE && record.y < KOLAM_SUB_PER_TILE);
    }
    return sum == 0xffffffffu; /* never: 1 MiB cannot add up to that */
}
