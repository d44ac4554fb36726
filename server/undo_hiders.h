/* What hides a stroke now, hide by hide: of those who ask which of them an act that is taken back leaves. A worker's. */
#ifndef KOLAM_SERVER_UNDO_HIDERS_H
#define KOLAM_SERVER_UNDO_HIDERS_H

#include "kolam/reader.h"

#define KOLAM_UNDO_TILES 64

struct kolam_undo_change {
    uint64_t target, seq;
    bool is_hide;
};

/* The hides and shows of a tile, by target and seq. */
struct kolam_undo_tile {
    bool is_read;
    struct kolam_tile_id tile;
    struct kolam_undo_change *changes;
    uint32_t count, capacity;
};

struct kolam_undo_hiders {
    struct kolam_reader *reader;
    struct kolam_op_room *room; /* the asker's */
    uint64_t *undone;           /* acts that were taken back, rising */
    uint32_t undone_count, undone_capacity;
    struct kolam_undo_tile tiles[KOLAM_UNDO_TILES];
    /* The hide that was judged last: one names many strokes. */
    uint64_t judged_seq;
    uint32_t judged_artist;
    bool is_void, is_replacement;
};

/* Zeroed but for reader and room is a beginning. An act was taken back: told in the order of the log, before anything is asked. */
KOLAM_MUST_CHECK enum kolam_status kolam_undo_hiders_note(struct kolam_undo_hiders *hiders,
                                                          uint64_t act_seq);
void kolam_undo_hiders_finish(struct kolam_undo_hiders *hiders);

/* Of the stroke `target`: whether it was hidden by a hide with first_seq <= seq < end_seq since it was shown last, and what else has
 * hidden it since and was not taken back: its author, or others. */
struct kolam_undo_hidden {
    bool is_by_act, is_by_author, is_by_others;
    uint32_t author;
};
KOLAM_MUST_CHECK enum kolam_status kolam_undo_hiders_ask(struct kolam_undo_hiders *hiders,
                                                         uint64_t target, uint64_t first_seq,
                                                         uint64_t end_seq,
                                                         struct kolam_undo_hidden *out_hidden);

#endif
