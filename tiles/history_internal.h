/* The inside of kolam_history, shared by the files that make it up: history.c, history_select.c, history_blame.c. */
#ifndef KOLAM_TILES_HISTORY_INTERNAL_H
#define KOLAM_TILES_HISTORY_INTERNAL_H

#include "gather.h"
#include "history_hidden.h"
#include "kolam/history.h"

struct kolam_history {
    struct kolam_reader *reader;
    struct gather gather;
    struct kolam_op_room room;
    struct kolam_ink_mask mask;
    struct hidden_cache hidden;
    const struct kolam_quiet *quiet;
    uint64_t quiet_seq; /* the group that was looked at last, by its first seq; 0: none */
    bool is_group_quiet;
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    uint32_t pixels[KOLAM_TILE_PIXELS];
};

/* KOLAM_ERR_CORRUPT if what has that seq is no stroke. What is loaded lives until the next is. */
KOLAM_MUST_CHECK enum kolam_status history_load(struct kolam_history *history, uint64_t seq,
                                                struct kolam_log_row *out_row,
                                                struct kolam_op *out_op);
/* Whether the stroke is hidden now. */
KOLAM_MUST_CHECK enum kolam_status history_find_hidden(struct kolam_history *history,
                                                       const struct kolam_stroke *stroke,
                                                       uint64_t seq, bool *out_is_hidden);

/* Whether the stroke's own ink touches a quiet area. */
bool history_is_quiet(struct kolam_history *history, const struct kolam_stroke *stroke);

/* A stroke's group: the seqs of its parts, which came in one submission. A stroke of its own is a group of one. */
struct history_group {
    uint64_t first_seq, end_seq; /* half open */
    uint64_t nonce;
    uint32_t artist, part_count;
};

struct history_group history_group_of(const struct kolam_log_row *row,
                                      const struct kolam_stroke *stroke);
/* One seq of a group; KOLAM_ERR_NOT_FOUND if what is there is none of its parts. */
KOLAM_MUST_CHECK enum kolam_status history_load_part(struct kolam_history *history,
                                                     const struct history_group *group,
                                                     uint64_t seq, struct kolam_log_row *out_row,
                                                     struct kolam_op *out_op, bool *out_is_hidden);
/* Whether any of the group does; what was loaded is lost. */
KOLAM_MUST_CHECK enum kolam_status history_find_quiet(struct kolam_history *history,
                                                      const struct history_group *group,
                                                      bool *out_is_quiet);

#endif
