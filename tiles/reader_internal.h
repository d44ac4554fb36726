/* A reader's inside, shared by the files that make it up: reader.c (opening, ops, the canvas as a whole)
 * reader_index.c (the quadtree), reader_history.c (moments) and reader_base.c (what flattened history left). */
#ifndef KOLAM_TILES_READER_INTERNAL_H
#define KOLAM_TILES_READER_INTERNAL_H

#include "kolam/reader.h"
#include "sql.h"

enum kolam_reader_statement {
    READER_BEGIN,
    READER_END,
    READER_PIN,
    READER_FIND_OP,
    READER_RANGE,
    READER_NEWEST_STROKE,
    READER_NEWEST_TIME,
    READER_ARTIST_COUNT,
    READER_HOMES_AT,
    READER_HOMES_AT_BACKWARDS,
    READER_HOMES_BELOW,
    READER_ALL_HOMES,
    READER_NEWEST_NODE,
    READER_NODES,
    READER_LEVELS,
    READER_FIND_ARTIST,
    READER_TIME_OF,
    READER_ARTIST_OPS,
    READER_ARTIST_SEQS,
    READER_RECORDS,
    READER_ARTISTS,
    READER_ARTIST_OF,
    READER_ARTIST_SHARE,
    READER_FIRST_OF_BASE, /* from here on: only in a canvas that has a base */
    READER_BASE_AT = READER_FIRST_OF_BASE,
    READER_BASE_PIXELS,
    READER_BASES,
    READER_BASE_IDS,
    READER_BASE_RECORDS,
    READER_BASE_OF_ARTIST,
    READER_STATEMENT_COUNT
};

struct kolam_reader {
    sqlite3 *db;
    sqlite3_stmt *statements[READER_STATEMENT_COUNT];
    sqlite3_stmt *hiders; /* made when first asked for: older files have no such table */
    uint32_t depth;       /* of begin */
    uint8_t *body;        /* of the op that kolam_reader_op gave last */
    size_t body_capacity;
    struct kolam_op_room *room;     /* made when a stroke is first decoded */
    struct kolam_reader_past *past; /* made when a far tile of the past is first asked for */
    uint64_t base_seq;              /* 0: no base */
    int64_t base_time_ms;
    /* The base found last for a tile that has none of its own, and the tile just below it that has none either: all within
     * that one has the same. */
    bool has_nearest_base;
    struct kolam_base nearest_base;
    struct kolam_tile_id nearest_without;
    struct reader_base_picture *base_picture; /* made when a base picture is first read */
};

void kolam_reader_base_finish(struct kolam_reader *reader);

/* SQLite's integers are signed: what lies beyond is no seq of any op. */
static inline int64_t kolam_reader_clamp_seq(uint64_t seq) {
    return seq > INT64_MAX ? INT64_MAX : (int64_t)seq;
}

/* The row that a statement with the op columns stands on; its body lives until the statement moves on. */
struct kolam_log_row kolam_reader_row_of(sqlite3_stmt *statement);
/* Steps a bound statement through op rows until `visit` returns false, and resets it. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_visit_ops(sqlite3_stmt *statement,
                                                          kolam_log_visit *visit, void *ctx);

/* Steps a statement that gives at most one row; NOT_FOUND when it gives none. The caller resets. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_step_one(sqlite3_stmt *statement);

/* Makes the room, once. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_want_room(struct kolam_reader *reader);
/* The newest seq there is; 0 if none. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_last_seq(struct kolam_reader *reader,
                                                         uint64_t *out_seq);

/* The nodes of one level in a tile's range. */
#define KOLAM_READER_NODES_MAX 64
struct kolam_reader_nodes {
    uint32_t count;
    struct {
        struct kolam_tile_id tile;
        uint64_t newest;
    } nodes[KOLAM_READER_NODES_MAX];
};
/* `level` is at most three finer than the tile's. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_nodes(struct kolam_reader *reader,
                                                      struct kolam_tile_id tile, int32_t level,
                                                      struct kolam_reader_nodes *out_nodes);

void kolam_reader_past_destroy(struct kolam_reader_past *past); /* NULL is safe */

#endif
