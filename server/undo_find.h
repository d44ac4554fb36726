/* What is to be known of an act before it is taken back: whose it was, and what it hid. */
#ifndef KOLAM_SERVER_UNDO_FIND_H
#define KOLAM_SERVER_UNDO_FIND_H

#include "kolam/policy.h"

#define KOLAM_UNDO_HIDES_MAX 33 /* beside one act */

/* A hide by somebody of their own strokes. */
struct kolam_undo_own {
    struct kolam_author author;
    uint8_t *body; /* kolam_alloc'ed */
    size_t size_bytes;
};

struct kolam_undo_found {
    uint64_t seq;               /* asked: the act's */
    struct kolam_author author; /* whose it was */
    bool is_operators;          /* made with the admin token */
    enum kolam_act_kind kind;
    uint32_t artist_count; /* to whom it was done: whose strokes it hid, whose role it is */
    uint32_t artists[KOLAM_ACT_ARTISTS_MAX];
    uint32_t show_count; /* of what it hid, and nothing else hides: the shows that undo it */
    uint8_t *bodies[KOLAM_UNDO_HIDES_MAX]; /* kolam_alloc'ed */
    size_t body_sizes[KOLAM_UNDO_HIDES_MAX];
    uint32_t
        own_count; /* of what is shown: what their authors hid as well, to be hidden again by them */
    struct kolam_undo_own *own;
};

/* A worker's; `found` is to be finished in any case. KOLAM_ERR_NOT_FOUND, KOLAM_ERR_GONE: there is no such act (any more);
 * KOLAM_ERR_EXISTS: it was taken back before. */
KOLAM_MUST_CHECK enum kolam_status kolam_undo_find(struct kolam_reader *reader,
                                                   struct kolam_undo_found *found);
void kolam_undo_found_finish(struct kolam_undo_found *found);
/* Whether it was a rollback, or voted; else it is a policy's act. */
bool kolam_undo_is_of_hides(const struct kolam_undo_found *found);

#endif
