/* The newest committed ops of a canvas as they were sent, for a client that comes back after a short
 * absence and wants what it missed. Bounded by bytes. */
#ifndef KOLAM_SERVER_RECENT_H
#define KOLAM_SERVER_RECENT_H

#include "bytes.h"
#include "kolam/log.h"

#define KOLAM_RECENT_BYTES_MAX (8u << 20)

struct kolam_recent_op {
    uint64_t seq;
    struct kolam_bytes *record; /* the OP record */
    struct kolam_home *homes;
    uint32_t home_count;
    bool is_plain_stroke; /* false: pixels change in a way that cannot be drawn on top */
};

struct kolam_recent {
    struct kolam_recent_op *ops;
    uint32_t begin, end, capacity; /* ops[begin..end), consecutive seqs */
    uint64_t bytes;
};

void kolam_recent_finish(struct kolam_recent *recent);
/* Keeps a reference of `record` and a copy of the homes; the oldest leave. When memory is short the ring
 * starts anew: it is a convenience. */
void kolam_recent_add(struct kolam_recent *recent, const struct kolam_log_op *op,
                      struct kolam_bytes *record, bool is_plain_stroke);
/* The first op with a seq greater than `since`, if the ring holds all of those up to last_seq. False if it does not. */
bool kolam_recent_since(const struct kolam_recent *recent, uint64_t since, uint64_t last_seq,
                        uint32_t *out_first);

#endif
