/* The parts of kolam rollback: what was ordered, and the two ways of doing it. */
#ifndef KOLAM_TOOLS_ROLLBACK_H
#define KOLAM_TOOLS_ROLLBACK_H

#include "wall.h"

#define KOLAM_ORDER_ARTISTS_MAX 256
#define KOLAM_ORDER_OPS_MAX 32
#define KOLAM_ORDER_AUTHOR "kolam rollback"

struct kolam_rollback_order {
    const char *verb;
    struct kolam_wall wall;
    const char *admin_token; /* --server: 64 hex digits */
    const char *token_file;  /* --server: where the identity is kept that undoes it, or NULL */
    const char
        *artists[KOLAM_ORDER_ARTISTS_MAX]; /* numbers or names; none: not allowed but for an undo */
    uint32_t artist_count;
    struct kolam_rect rect;
    const char *from, *to; /* moments, or NULL */
    bool is_undo;
    uint64_t undo_first, undo_last; /* seqs of the hides to show again */
    bool is_dry_run, is_agreed;
};

/* What it came to. */
struct kolam_rollback_outcome {
    uint64_t first_seq; /* of the ops; 0: nothing was done */
    uint32_t op_count;
    uint64_t act_seq; /* of the act that tells of it; 0: not known */
};

KOLAM_MUST_CHECK enum kolam_status kolam_rollback_folder(const struct kolam_rollback_order *order,
                                                         struct kolam_rollback_outcome *out_outcome,
                                                         struct kolam_error *error);
KOLAM_MUST_CHECK enum kolam_status kolam_rollback_server(const struct kolam_rollback_order *order,
                                                         struct kolam_rollback_outcome *out_outcome,
                                                         struct kolam_error *error);

/* Prints the counts ([{"artist","name","strokes"},...], NULL for an undo) and finds out whether to go on: not in a dry
 * run, not without strokes, else by asking unless that was agreed to. */
bool kolam_rollback_go_on(const struct kolam_rollback_order *order, const json_t *artists,
                          uint64_t strokes);

/* The number of the artist that `text` means, a number or a name; `names` maps numbers to names. */
KOLAM_MUST_CHECK enum kolam_status kolam_rollback_artist(const json_t *names, const char *text,
                                                         uint32_t *out_artist,
                                                         struct kolam_error *error);

#endif
