/* What waits for one client, and what happens when it does not read.
 *
 * Things queue until the tick and then leave together: records share one binary frame, texts have one
 * each, the order is kept. A slow client is never a cost to the others. Three classes tell what may be
 * dropped: previews go first (above PREVIEW_BYTES); above SOFT_BYTES ops and tile notices go as well
 * and the client is told to refresh its view; what is essential (acks, answers) is never dropped, and a client
 * that lets HARD_BYTES of it pile up, or reads nothing for --stall-ms, is closed. */
#ifndef KOLAM_SERVER_OUTBOX_H
#define KOLAM_SERVER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

#define KOLAM_OUTBOX_PREVIEW_BYTES (256u << 10)
#define KOLAM_OUTBOX_SOFT_BYTES (2u << 20)
#define KOLAM_OUTBOX_HARD_BYTES (8u << 20)
#define KOLAM_OUTBOX_FLUSH_BYTES 65536u /* in one tick; a single larger thing still goes */

enum kolam_out_class { KOLAM_OUT_ESSENTIAL, KOLAM_OUT_OP, KOLAM_OUT_PREVIEW };

struct kolam_out_item {
    struct kolam_bytes *bytes;
    uint8_t class;
    bool is_text;
};

struct kolam_outbox {
    struct kolam_out_item *items;
    uint32_t begin, end, capacity; /* items[begin..end) wait */
    uint64_t queued_bytes, essential_bytes;
    uint32_t dropped[3]; /* by class, since its owner last looked */
};

enum kolam_outbox_state {
    KOLAM_OUTBOX_FINE,
    KOLAM_OUTBOX_DROPPED_PREVIEW, /* the new thing was not queued; nothing to tell */
    KOLAM_OUTBOX_OVERFLOWED,      /* ops were dropped: tell the client to refresh */
    KOLAM_OUTBOX_HOPELESS,        /* close it */
};

void kolam_outbox_finish(struct kolam_outbox *outbox);
/* Queues a reference of `bytes`, applying the watermarks. */
enum kolam_outbox_state kolam_outbox_add(struct kolam_outbox *outbox, enum kolam_out_class class,
                                         bool is_text, struct kolam_bytes *bytes);
static inline bool kolam_outbox_is_empty(const struct kolam_outbox *outbox) {
    return outbox->begin == outbox->end;
}

/* Takes what leaves with this tick and writes it as whole frames into `out`; returns the bytes. `capacity`
 * holds at least KOLAM_OUTBOX_SCRATCH_BYTES. */
#define KOLAM_OUTBOX_ITEM_BYTES_MAX (320u << 10)
#define KOLAM_OUTBOX_SCRATCH_BYTES (KOLAM_OUTBOX_FLUSH_BYTES + KOLAM_OUTBOX_ITEM_BYTES_MAX + 65536u)
size_t kolam_outbox_take_frames(struct kolam_outbox *outbox, uint8_t *out, uint64_t *out_frames);

#endif
