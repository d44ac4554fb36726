/* The derived part of a canvas file: the quadtree's rows, the painted box, the levels in use. Shared by
 * the writer, which extends it op by op, and by the rebuild, which makes it anew from the log. */
#ifndef KOLAM_TILES_CANVAS_INDEX_H
#define KOLAM_TILES_CANVAS_INDEX_H

#include "canvas_hiders.h"
#include "canvas_nodes.h"
#include "kolam/log.h"
#include "sql.h"

/* Everything ever drawn: the levels and the box, level-0 pixels, conservative. */
struct kolam_canvas_extent {
    uint64_t level_bits;
    bool has_box;
    double x0, y0, x1, y1;
};

void kolam_canvas_extent_add(struct kolam_canvas_extent *extent, const struct kolam_home *home);
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_extent_load(sqlite3 *db,
                                                            struct kolam_canvas_extent *out_extent);
KOLAM_MUST_CHECK enum kolam_status
kolam_canvas_extent_store(sqlite3 *db, const struct kolam_canvas_extent *extent);

/* The same of what was drawn up to the base, which no op tells any more. */
KOLAM_MUST_CHECK enum kolam_status
kolam_canvas_extent_load_base(sqlite3 *db, struct kolam_canvas_extent *out_extent);
KOLAM_MUST_CHECK enum kolam_status
kolam_canvas_extent_store_base(sqlite3 *db, const struct kolam_canvas_extent *extent);

/* The moment of the base; 0 if there is none. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_base_seq(sqlite3 *db, uint64_t *out_seq);

/* A home of a stroke that a later op hides, shows or replaces. */
struct kolam_change {
    uint64_t target;
    struct kolam_home home;
};

struct kolam_canvas_index {
    sqlite3_stmt *insert_home, *find_op;
    struct kolam_canvas_nodes
        nodes; /* of the rows inserted; its owner flushes them before it commits */
    struct kolam_canvas_hiders hiders; /* of what the rows inserted hide and show */
    struct kolam_op_room *room;        /* NULL until something is decoded */
    struct kolam_change *changes;      /* the list that _change appends to; its owner empties it */
    uint32_t change_count, change_capacity;
    size_t decoded_bytes; /* of the changes' strokes */
    uint64_t base_seq;    /* strokes up to it were flattened */
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
};

KOLAM_MUST_CHECK enum kolam_status kolam_canvas_index_init(struct kolam_canvas_index *index,
                                                           sqlite3 *db);
void kolam_canvas_index_finish(struct kolam_canvas_index *index); /* zeroed is safe */

/* Gives back what only work needs: all changes must have been written, or be unwanted. */
void kolam_canvas_index_rest(struct kolam_canvas_index *index);
/* As kolam_op_decode, into the index's room. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_index_decode(struct kolam_canvas_index *index,
                                                             const uint8_t *body, size_t size_bytes,
                                                             struct kolam_op *out_op);

/* SQL that takes away all of it but the extent. */
#define KOLAM_CANVAS_INDEX_EMPTY "DELETE FROM home; DELETE FROM node; DELETE FROM hider"

/* Empties the list of changes. */
void kolam_canvas_index_clear_changes(struct kolam_canvas_index *index);
/* Appends the homes of the stroke with seq `target` to the changes. KOLAM_ERR_NOT_FOUND: no such op;
 * KOLAM_ERR_GONE: it was flattened;
 * KOLAM_ERR_INVALID: not a stroke, or one that cannot be decoded, or the list is full;
 * KOLAM_ERR_DENIED: `owner` is not NULL and the stroke is another's. */
KOLAM_MUST_CHECK enum kolam_status
kolam_canvas_index_change(struct kolam_canvas_index *index, uint64_t target,
                          const struct kolam_canvas_owner *owner);
/* Appends homes that are known as changes of `target`. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_index_change_homes(struct kolam_canvas_index *index,
                                                                   uint64_t target,
                                                                   const struct kolam_home *homes,
                                                                   uint32_t home_count);
/* The same for each target that the body of a hide or show names. */
KOLAM_MUST_CHECK enum kolam_status
kolam_canvas_index_change_all(struct kolam_canvas_index *index, const uint8_t *body,
                              size_t body_size_bytes, const struct kolam_canvas_owner *owner);

/* Writes one row: op `seq` is homed there; target 0 for a stroke's own. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_index_insert(struct kolam_canvas_index *index,
                                                             uint64_t seq, enum kolam_op_kind kind,
                                                             uint64_t target,
                                                             const struct kolam_home *home);
/* Rows for all changes from `first` on, by `artist`; a target's homes are side by side. */
KOLAM_MUST_CHECK enum kolam_status
kolam_canvas_index_insert_changes(struct kolam_canvas_index *index, uint64_t seq,
                                  enum kolam_op_kind kind, int64_t artist, uint32_t first,
                                  uint32_t end);

/* Writes the rows of all ops after `after_seq`, which have none yet, from their bodies (index_rebuild.c), inside the caller's
 * transaction; *extent grows by what they draw. KOLAM_ERR_CORRUPT: a body cannot be decoded. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_index_ops(sqlite3 *db, uint64_t after_seq,
                                                          struct kolam_canvas_extent *extent);

/* Sorts by tile and joins the boxes of equal tiles; returns the new count. */
uint32_t kolam_homes_unite(struct kolam_home *homes, uint32_t count);

/* The `box` column. */
static inline int64_t kolam_home_box_pack(const struct kolam_home *home) {
    return (int64_t)((uint32_t)home->x0 | (uint32_t)home->y0 << 8 | (uint32_t)home->x1 << 16 |
                     (uint32_t)home->y1 << 24);
}

static inline void kolam_home_box_unpack(int64_t box, struct kolam_home *home) {
    home->x0 = (uint8_t)(box & 255);
    home->y0 = (uint8_t)(box >> 8 & 255);
    home->x1 = (uint8_t)(box >> 16 & 255);
    home->y1 = (uint8_t)(box >> 24 & 255);
}

#endif
