/* Reading a canvas file: ops by seq, the quadtree index, artists, the painted box.
 *
 * A reader is a connection of its own: one thread at a time, workers each have theirs, and it works
 * beside the process that writes. Between begin and end all answers are of one moment. */
#ifndef KOLAM_READER_H
#define KOLAM_READER_H

#include "kolam/log.h"

struct kolam_reader;

/* Opens NAME.kolam for reading, never creating or migrating it. KOLAM_ERR_NOT_FOUND, _TOO_NEW,
 * _CORRUPT, _IO. */
KOLAM_MUST_CHECK enum kolam_status
kolam_reader_create(const char *path, struct kolam_reader **out_reader, struct kolam_error *error);
void kolam_reader_destroy(struct kolam_reader *reader); /* NULL is safe */

/* Pins a moment; nests (the outermost counts). */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_begin(struct kolam_reader *reader);
void kolam_reader_end(struct kolam_reader *reader);

struct kolam_canvas_info {
    uint64_t last_seq;
    uint64_t incarnation;
    int64_t created_ms, last_time_ms;
    uint64_t
        base_seq; /* the first moment there is: what came before was flattened; 0: nothing was */
    int64_t base_time_ms;                  /* its time */
    bool has_box;                          /* something was drawn */
    double box_x0, box_y0, box_x1, box_y1; /* of all ink ever drawn, level-0 pixels, conservative */
    bool has_recent;
    struct kolam_tile_id
        recent_tile;            /* where the newest stroke is: its origin tile and first point */
    int32_t recent_x, recent_y; /* 1/8 px */
    uint64_t artist_count;
};
KOLAM_MUST_CHECK enum kolam_status kolam_reader_info(struct kolam_reader *reader,
                                                     struct kolam_canvas_info *out_info);

/* A row of the log. `body` is valid until the next call on this reader. */
struct kolam_log_row {
    uint64_t seq, replaces, nonce;
    int64_t time_ms;
    uint32_t artist, counter;
    enum kolam_op_kind kind;
    bool is_partial;
    const uint8_t *body;
    size_t body_size_bytes;
    bool is_damaged; /* its check says that it is not what was written */
};
KOLAM_MUST_CHECK enum kolam_status kolam_reader_op(struct kolam_reader *reader, uint64_t seq,
                                                   struct kolam_log_row *out_row);

/* Visits ops with from_seq <= seq <= to_seq in order until `visit` returns false. */
typedef bool kolam_log_visit(void *ctx, const struct kolam_log_row *row);
KOLAM_MUST_CHECK enum kolam_status kolam_reader_range(struct kolam_reader *reader,
                                                      uint64_t from_seq, uint64_t to_seq,
                                                      kolam_log_visit *visit, void *ctx);

/* The newest seq that was committed at or before time_ms; 0 if none was, or it is not known any more (before the
 * base). */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_seq_at(struct kolam_reader *reader, int64_t time_ms,
                                                       uint64_t *out_seq);

/* When it was committed. KOLAM_ERR_GONE for a seq before the base, KOLAM_ERR_NOT_FOUND for none. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_time_of(struct kolam_reader *reader, uint64_t seq,
                                                        int64_t *out_time_ms);

/* Visits an artist's ops with seq < before_seq, the newest first, until `visit` returns false. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_artist_ops(struct kolam_reader *reader,
                                                           uint32_t artist, uint64_t before_seq,
                                                           kolam_log_visit *visit, void *ctx);

/* Visits the seqs alone of an artist's ops with from_seq <= seq <= to_seq, rising, until `visit` returns false. */
typedef bool kolam_seq_visit(void *ctx, uint64_t seq);
KOLAM_MUST_CHECK enum kolam_status kolam_reader_artist_seqs(struct kolam_reader *reader,
                                                            uint32_t artist, uint64_t from_seq,
                                                            uint64_t to_seq, kolam_seq_visit *visit,
                                                            void *ctx);

/* When an artist's first op was committed (0: none was), and how many of the newest `limit` strokes can be seen; ops that were flattened
 * all count. A drawing of several parts counts once. The cost is bounded by the limit. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_standing(struct kolam_reader *reader,
                                                         uint32_t artist, uint32_t limit,
                                                         int64_t *out_first_ms,
                                                         uint32_t *out_strokes);

/* Visits the records there are, also those that were flattened, in seq order, until `visit` returns false. By an index of
 * their own: the cost does not grow with what was drawn. Of a flattened one the body is the op's, too; counter and nonce are 0. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_records(struct kolam_reader *reader,
                                                        kolam_log_visit *visit, void *ctx);
/* Visits the artists with their names, the newest number first, until `visit` returns false. */
typedef bool kolam_artist_visit(void *ctx, uint32_t artist, const char *name);
KOLAM_MUST_CHECK enum kolam_status kolam_reader_artists(struct kolam_reader *reader,
                                                        kolam_artist_visit *visit, void *ctx);

/* Visits who hid the stroke since it was shown last (a replaced one: who completed it), until `visit` returns false; nobody:
 * it can be seen. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_hiders(struct kolam_reader *reader, uint64_t target,
                                                       kolam_artist_visit *visit, void *ctx);
/* How many rows of that table are not as the home index has it, or missing: 0. Reads all of both. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_wrong_hiders(struct kolam_reader *reader,
                                                             uint64_t *out_count);

/* A row of the quadtree index. */
struct kolam_home_row {
    uint64_t seq;
    uint64_t target;         /* hide, show: the stroke changed; strokes: 0 */
    enum kolam_op_kind kind; /* stroke, hide or show */
    struct kolam_home home;
};
typedef bool kolam_home_visit(void *ctx, const struct kolam_home_row *row);

/* Visits rows with after_seq < seq <= max_seq of the tile itself, in (seq, target) order. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_homes_at(struct kolam_reader *reader,
                                                         struct kolam_tile_id tile,
                                                         uint64_t after_seq, uint64_t max_seq,
                                                         kolam_home_visit *visit, void *ctx);
/* Visits rows with seq <= max_seq of the tile itself, the newest first. */
KOLAM_MUST_CHECK enum kolam_status
kolam_reader_homes_at_backwards(struct kolam_reader *reader, struct kolam_tile_id tile,
                                uint64_t max_seq, kolam_home_visit *visit, void *ctx);
/* Visits rows with seq <= max_seq of all tiles strictly below `tile`, in no stated order, each row
 * once (a stroke that has several homes below comes several times). */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_homes_below(struct kolam_reader *reader,
                                                            struct kolam_tile_id tile,
                                                            uint64_t max_seq,
                                                            kolam_home_visit *visit, void *ctx);
/* The newest seq of any op homed at `tile` or below it, now; 0 if none. From the node table, so the cost does
 * not grow with what was drawn: see docs/storage.md for which tiles have a node. */
KOLAM_MUST_CHECK enum kolam_status
kolam_reader_newest(struct kolam_reader *reader, struct kolam_tile_id tile, uint64_t *out_seq);
/* The same as of an earlier state: the newest seq <= max_seq of any op homed at `tile` or below it. Exact; far
 * tiles are answered from an index in memory that the reader makes when it is first asked. Within begin/end. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_newest_at(struct kolam_reader *reader,
                                                          struct kolam_tile_id tile,
                                                          uint64_t max_seq, uint64_t *out_seq);
/* A lower bound, from the same index, of the home rows of strokes strictly below `tile` with seq <= max_seq. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_strokes_below(struct kolam_reader *reader,
                                                              struct kolam_tile_id tile,
                                                              uint64_t max_seq,
                                                              uint64_t *out_at_least);
/* Bit (level - KOLAM_LEVEL_MIN) is set if anything was ever homed at that level. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_levels(struct kolam_reader *reader,
                                                       uint64_t *out_level_bits);

/* The number of the artist with the author's ident, whose name here is copied into *author; NOT_FOUND. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_artist_of(struct kolam_reader *reader,
                                                          struct kolam_author *author,
                                                          uint32_t *out_artist);
/* How many ops an artist has here, and when the first and the newest were committed (0 without any). */
struct kolam_artist_share {
    uint64_t ops;
    int64_t first_ms, last_ms;
};
KOLAM_MUST_CHECK enum kolam_status kolam_reader_artist_share(struct kolam_reader *reader,
                                                             uint32_t artist,
                                                             struct kolam_artist_share *out_share);

/* Copies the name of an artist into `out_name`. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_artist(struct kolam_reader *reader, uint32_t artist,
                                                       struct kolam_author *out_author);

/* ---- the base: what `kolam compact` left of older history (docs/storage.md) ---- */

/* A tile's picture at the moment of the base. */
struct kolam_base {
    struct kolam_tile_id tile;
    uint64_t ink;         /* bit y * 8 + x: something is painted in that cell of 32 x 32 pixels */
    uint32_t below_count; /* index rows that strokes had below it */
    bool
        is_averaged; /* it has no pixels of its own: its children, which all have a base, make it */
};

/* The moment of the base; 0 if the canvas has none. */
uint64_t kolam_reader_base_seq(const struct kolam_reader *reader);
/* The base of just this tile; KOLAM_ERR_NOT_FOUND. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_base_at(struct kolam_reader *reader,
                                                        struct kolam_tile_id tile,
                                                        struct kolam_base *out_base);
/* The version that the base gives a tile: its seq, or 0 where it paints nothing. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_base_version(struct kolam_reader *reader,
                                                             struct kolam_tile_id tile,
                                                             uint64_t *out_seq);
/* Fills 65,536 pixels with what the base shows on the tile: its own picture, or the part of its nearest ancestor's that
 * it covers, enlarged. KOLAM_ERR_NOT_FOUND: nothing, or the tile is averaged. */
KOLAM_MUST_CHECK enum kolam_status kolam_reader_base_pixels(struct kolam_reader *reader,
                                                            struct kolam_tile_id tile,
                                                            uint32_t *out_pixels);
/* Visits the tiles that have one, fine levels first, until `visit` returns false. */
typedef bool kolam_base_visit(void *ctx, const struct kolam_base *base);
KOLAM_MUST_CHECK enum kolam_status kolam_reader_bases(struct kolam_reader *reader,
                                                      kolam_base_visit *visit, void *ctx);
/* Visits the spans of seqs whose ids are known still though their ops are not, in order of the first. */
typedef bool kolam_base_id_visit(void *ctx, uint64_t first_seq, uint64_t count);
KOLAM_MUST_CHECK enum kolam_status kolam_reader_base_ids(struct kolam_reader *reader,
                                                         kolam_base_id_visit *visit, void *ctx);

/* SQLite's own integrity check; problems as text lines to `report`. */
KOLAM_MUST_CHECK enum kolam_status
kolam_reader_integrity(struct kolam_reader *reader, void (*report)(void *ctx, const char *problem),
                       void *ctx);

/* Rebuilds the home index and the box of a canvas file from its ops, in one transaction. The folder's
 * lock must be held and no log be open on the file. */
KOLAM_MUST_CHECK enum kolam_status kolam_index_rebuild(const char *path, struct kolam_error *error);

#endif
