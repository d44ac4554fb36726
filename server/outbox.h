/* What waits for one client, and what happens when it does not read.
 *
 * What is a client's own (answers, acks) queues here until the tick; what it shares with others of the same view
 * (viewers.h) comes here only when it is congested or has something of its own to send before. Records share one
 * binary frame, texts have one each, whole frames built for many are referenced; the order is kept. A slow client is
 * never a cost to the others. Three classes tell what may be dropped: previews go first; past the soft bound, in
 * bytes or in age, ops and tile notices go as well and the client is told to refresh its view; what is essential
 * (acks, answers) is never dropped, and a client that lets it pile up to the hard bound, or reads nothing
 * for --stall-ms, is closed. */
#ifndef KOLAM_SERVER_OUTBOX_H
#define KOLAM_SERVER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "bytes.h"

#define KOLAM_OUTBOX_FLUSH_BYTES 65536u /* in one write; a single larger thing still goes */

enum kolam_out_class { KOLAM_OUT_ESSENTIAL, KOLAM_OUT_OP, KOLAM_OUT_PREVIEW };
enum kolam_out_form {
    KOLAM_OUT_RECORD, /* shares a frame with its neighbours */
    KOLAM_OUT_TEXT,   /* a frame of its own */
    KOLAM_OUT_FRAMES, /* whole frames, KOLAM_SOCKET_PAD bytes into `bytes` */
};

struct kolam_out_item {
    struct kolam_bytes *bytes;
    uint64_t seq;    /* an op's; of several the last; 0: nothing that a resumption brings again */
    uint32_t except; /* the number of the session that it does not go to; 0: none */
    uint32_t queued_ms;  /* the loop's clock, cut to 32 bits */
    uint8_t class, form; /* enum kolam_out_class, kolam_out_form */
};

struct kolam_outbox {
    struct kolam_out_item *items;
    uint32_t begin, end, capacity; /* items[begin..end) wait */
    uint64_t queued_bytes, essential_bytes;
    uint32_t dropped[3];  /* by class, since its owner last looked */
    uint64_t stuck_bytes; /* at most this much was written and has not left this process */
};

struct kolam_outbox_limits {
    uint64_t soft_bytes, hard_bytes;
    uint32_t soft_ms;
};

enum kolam_outbox_state {
    KOLAM_OUTBOX_FINE,
    KOLAM_OUTBOX_DROPPED_PREVIEW, /* the new thing was not queued; nothing to tell */
    KOLAM_OUTBOX_OVERFLOWED,      /* ops were dropped: tell the client to refresh */
    KOLAM_OUTBOX_HOPELESS,        /* close it */
};

void kolam_outbox_finish(struct kolam_outbox *outbox);
/* Queues the item with a reference of its bytes, applying the watermarks. */
enum kolam_outbox_state kolam_outbox_add(struct kolam_outbox *outbox,
                                         const struct kolam_outbox_limits *limits,
                                         const struct kolam_out_item *item);
/* Forgets ops past `seq`: the client gets them anew. */
void kolam_outbox_drop_ops_after(struct kolam_outbox *outbox, uint64_t seq);
static inline bool kolam_outbox_is_empty(const struct kolam_outbox *outbox) {
    return outbox->begin == outbox->end;
}
/* How long the oldest item has waited. */
uint32_t kolam_outbox_age_ms(const struct kolam_outbox *outbox, uint32_t now_ms);

/* Takes what leaves with one write and puts it as whole frames into `out`; returns the bytes. `out` holds
 * KOLAM_OUTBOX_SCRATCH_BYTES. */
#define KOLAM_OUTBOX_ITEM_BYTES_MAX (320u << 10)
#define KOLAM_OUTBOX_SCRATCH_BYTES (KOLAM_OUTBOX_FLUSH_BYTES + KOLAM_OUTBOX_ITEM_BYTES_MAX + 65536u)
size_t kolam_outbox_take_frames(struct kolam_outbox *outbox, uint8_t *out, uint64_t *out_frames);

/* How many of `items` (at least one, none of KOLAM_OUT_FRAMES) share the next frame of about `budget` bytes of
 * payload; and that frame, written to `out`. */
uint32_t kolam_frame_measure(const struct kolam_out_item *items, uint32_t count, uint64_t budget,
                             uint64_t *out_payload);
size_t kolam_frame_write(const struct kolam_out_item *items, uint32_t count, uint64_t payload,
                         uint8_t *out);

#endif
