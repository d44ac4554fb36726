/* Flattening a canvas's older history into a base: one picture a tile in the place of the ops up to a seq.
 *
 * Offline and for good. The steps are calls of their own: what would be flattened (plan), the new file beside the
 * old one, compared with it (write), and the new one in its place (replace). Until the last, and at whatever moment a process dies,
 * the canvas is what it was. docs/history.md tells what is lost, docs/storage.md what the file holds then. */
#ifndef KOLAM_COMPACT_H
#define KOLAM_COMPACT_H

#include "kolam/reader.h"

struct kolam_compact_plan {
    uint64_t asked_seq; /* as the caller wished */
    uint64_t
        base_seq; /* as it can be: never later; equal to the old base's if nothing can be flattened */
    int64_t base_time_ms;
    uint64_t last_seq;
    uint64_t held_by_seq,
        held_seq; /* why it is earlier: this op after it hides, shows or replaces that stroke */
    bool is_held_by_group; /* or because held_seq and its group, or edit, are not cut in two */
    uint64_t op_count;     /* that are flattened; of them: */
    uint64_t stroke_count,
        hidden_count; /* hidden: undone or rolled back then, so not to be seen in the base */
};

/* Finds out how much of the history up to `asked_seq` (a seq of the canvas, from its base on) can be flattened: strokes that
 * a later op changes must stay, with all that came after them. Any thread; the reader's. */
KOLAM_MUST_CHECK enum kolam_status kolam_compact_plan(struct kolam_reader *reader,
                                                      uint64_t asked_seq,
                                                      struct kolam_compact_plan *out_plan,
                                                      struct kolam_error *error);

enum kolam_compact_stage {
    KOLAM_COMPACT_FIND,    /* looking which tiles there are */
    KOLAM_COMPACT_DRAW,    /* drawing the base */
    KOLAM_COMPACT_COPY,    /* what comes after it */
    KOLAM_COMPACT_COMPARE, /* the new file with the old one */
    KOLAM_COMPACT_REPLACE,
};

struct kolam_compact_options {
    const char
        *path; /* the canvas; nobody may be writing to it, unless the result is thrown away */
    const char *new_path; /* the new file; one that is there is deleted */
    const char *scratch;  /* a folder for what is drawn along the way; left empty */
    uint64_t incarnation; /* of the new file; 0: a random one */
    /* May be NULL. Called often; false cancels: KOLAM_ERR_CLOSED. */
    bool (*progress)(void *ctx, enum kolam_compact_stage stage, uint64_t done, uint64_t all);
    void *progress_ctx;
};

struct kolam_compact_result {
    uint64_t picture_count,
        averaged_count; /* base tiles with pixels, and those that are made of others */
    uint64_t picture_bytes;
    uint64_t
        compared_count; /* tiles found equal in both files, at the base's moment, later, and now */
    uint64_t incarnation;
};

/* Writes the new file and compares it with the old one, tile by tile. KOLAM_ERR_CORRUPT if a bit differs: that is a
 * defect of ours, and the new file is gone. On failure nothing is left behind. */
KOLAM_MUST_CHECK enum kolam_status kolam_compact_write(const struct kolam_compact_options *options,
                                                       const struct kolam_compact_plan *plan,
                                                       struct kolam_compact_result *out_result,
                                                       struct kolam_error *error);

/* Puts the new file in the place of the old one, durably, in one step: whoever looks finds one or the other, whole.
 * KOLAM_ERR_BUSY if anybody reads the old one. The folder's lock must be held. */
KOLAM_MUST_CHECK enum kolam_status
kolam_compact_replace(const struct kolam_compact_options *options, struct kolam_error *error);

/* Deletes what a compaction that was cut short left at new_path. */
void kolam_compact_discard(const char *new_path);

#endif
