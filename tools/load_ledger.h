/* What was drawn: every op the artists sent, by its name (artist, counter) and, once that is known, by its seq. Bounded: the
 * newest are kept.
 *
 * A name may be told twice: an artist whose connection broke in mid-stroke and who was away for too long left a partial stroke
 * behind, which the server committed; the complete one then replaces it. Both are ops of ours, which come to everybody once. */
#ifndef KOLAM_TOOLS_LOAD_LEDGER_H
#define KOLAM_TOOLS_LOAD_LEDGER_H

#include "load_strokes.h"
#include "wire.h"

#define KOLAM_LOAD_ENVELOPE_MAX 48

struct kolam_load_op {
    const struct kolam_load_part *part;
    uint64_t seq; /* 0: not known yet */
    int64_t due_us;
    int64_t ack_us;    /* 0: not acknowledged yet; of a partial stroke, when it came to the first */
    uint64_t replaces; /* the partial stroke that it hides; 0: none, or nobody was told yet */
    uint32_t artist, counter;
    uint8_t envelope_bytes; /* 0: no watcher had it yet */
    uint8_t envelope
        [KOLAM_LOAD_ENVELOPE_MAX]; /* of the first that one had: they are all to have the same */
};

/* If `body` is the beginning of what the artist draws, or (`sent`) drew under that counter, as an op that lives as long as the
 * ledger; else NULL. */
typedef const struct kolam_load_part *kolam_load_beginning(void *ctx, uint32_t artist,
                                                           uint32_t counter,
                                                           const struct kolam_load_op *sent,
                                                           const uint8_t *body, size_t size_bytes);

struct kolam_load_ledger {
    kolam_load_beginning *beginning; /* the owner's; NULL: nobody leaves strokes behind */
    void *beginning_ctx;
    uint64_t *partials;  /* of each artist: 1 + number of the newest partial stroke */
    uint64_t base_nonce; /* an artist's nonce is this plus its number */
    uint32_t artist_count;
    struct kolam_load_op *ops; /* a ring of `capacity`, a power of two */
    uint64_t capacity, op_count;
    uint32_t *numbers; /* of each artist on the canvas, once an op of it came; 0 before */
    uint64_t *names;   /* artist x name_capacity -> 1 + number of the op */
    uint32_t name_capacity;
    uint64_t *seqs; /* ring of `capacity`: seq -> 1 + number of the op; 0 where it is not ours */
    uint64_t newest_seq;                /* of those known */
    uint64_t newest_acked_seq;          /* of ours */
    bool has_changes;                   /* there are hides or shows among them, or what replaces */
    uint64_t partial_ops, replaced_ops; /* strokes left behind, and completed after that */
    uint64_t unacked;                   /* sent, not acknowledged */
    uint64_t wrong;   /* OPs and ACKs that contradict what was sent, or each other */
    uint64_t foreign; /* OPs of others on the canvas: not judged, but for their order */
};

/* `seconds` of ops at this rate are kept at least, within bounds. */
KOLAM_MUST_CHECK enum kolam_status kolam_load_ledger_init(struct kolam_load_ledger *ledger,
                                                          uint64_t base_nonce,
                                                          uint32_t artist_count, double ops_per_s,
                                                          double seconds);
void kolam_load_ledger_finish(struct kolam_load_ledger *ledger);

/* An op is about to be sent. */
void kolam_load_ledger_sent(struct kolam_load_ledger *ledger, uint32_t artist, uint32_t counter,
                            const struct kolam_load_part *part, int64_t due_us);
/* Its ACK came. Gives the op, NULL if it is not known or known otherwise (counted as wrong). */
const struct kolam_load_op *kolam_load_ledger_acked(struct kolam_load_ledger *ledger,
                                                    uint32_t artist, uint32_t counter, uint64_t seq,
                                                    int64_t now_us);
/* The op of that name, while it is kept; or NULL. */
const struct kolam_load_op *kolam_load_ledger_named(const struct kolam_load_ledger *ledger,
                                                    uint32_t artist, uint32_t counter);
/* It was refused: it will not come. */
void kolam_load_ledger_refused(struct kolam_load_ledger *ledger, uint32_t artist, uint32_t counter);

/* An OP record's payload as it came to somebody. Gives its seq, or 0 for one that is malformed, and the op that it is, NULL
 * for one that is not ours or not right. */
const struct kolam_load_op *kolam_load_ledger_came(struct kolam_load_ledger *ledger,
                                                   struct kolam_wire_reader payload, int64_t now_us,
                                                   uint64_t *out_seq);

/* True if it changes what was drawn before: it comes to a view at which it is below a pixel, too, and TILEs follow. */
static inline bool kolam_load_op_changes(const struct kolam_load_op *op) {
    return op->part->is_change || op->replaces != 0;
}

/* The op of a seq; NULL if it is not ours or too long ago. */
const struct kolam_load_op *kolam_load_ledger_at(const struct kolam_load_ledger *ledger,
                                                 uint64_t seq);

#endif
