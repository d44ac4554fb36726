/* What is to be known of a stroke that somebody votes about: votes about any of its parts are votes about all of it. */
#ifndef KOLAM_SERVER_VOTED_STROKE_H
#define KOLAM_SERVER_VOTED_STROKE_H

#include "kolam/reader.h"

struct kolam_voted_stroke {
    uint64_t first_seq; /* of its first part */
    uint32_t part_count;
    bool is_off;              /* somebody other than its author hid it already */
    struct kolam_home *homes; /* of all its parts */
    uint32_t home_count;
};

/* A worker's. `out_stroke` is to be finished in any case. KOLAM_ERR_NOT_FOUND, KOLAM_ERR_GONE: there is no such stroke. */
KOLAM_MUST_CHECK enum kolam_status kolam_voted_stroke_find(struct kolam_reader *reader,
                                                           uint64_t seq,
                                                           struct kolam_voted_stroke *out_stroke);
void kolam_voted_stroke_finish(struct kolam_voted_stroke *stroke); /* zeroed is safe */

#endif
