/* Tiles from ops: any tile, at any level, as of any seq.
 *
 * To draw tile T at state N: the ops with seq <= N homed at T, at T's ancestors (those that touch T) and
 * below T, in seq order, as long as strokes, hidden or not, have at most KOLAM_RASTER_BELOW_MAX index rows below it; beyond that T is
 * the 2 x 2 box average of its four children. Which of the two holds depends on the log alone, so two ways
 * to the same picture give the same bits. A stored tile is a head start, never a source of truth. Of a canvas whose older
 * history was flattened, the base takes the place of the ops up to its seq; earlier states are KOLAM_ERR_GONE.
 *
 * A raster is one worker's: a reader, a tile store handle, and pixel buffers. One thread at a time. */
#ifndef KOLAM_RASTER_H
#define KOLAM_RASTER_H

#include "kolam/ink.h"
#include "kolam/reader.h"
#include "kolam/tile_store.h"

#define KOLAM_RASTER_BELOW_MAX 1024
#define KOLAM_SEQ_NOW UINT64_MAX

struct kolam_raster;

/* Takes ownership of neither `reader` nor `store`, which must outlive it. */
KOLAM_MUST_CHECK enum kolam_status kolam_raster_create(struct kolam_reader *reader,
                                                       struct kolam_tile_store *store,
                                                       struct kolam_raster **out_raster);
void kolam_raster_destroy(struct kolam_raster *raster); /* NULL is safe */

/* The tile's version at state `at_seq` (or KOLAM_SEQ_NOW): the newest seq of any op that can touch it, 0 if
 * none. Reads the index alone. */
KOLAM_MUST_CHECK enum kolam_status kolam_raster_version(struct kolam_raster *raster,
                                                        struct kolam_tile_id tile, uint64_t at_seq,
                                                        uint64_t *out_seq);

/* Draws the tile into `out_pixels` (65,536 premultiplied ARGB32) and tells its version and whether nothing is
 * painted on it. Uses and feeds the tile store when at_seq is KOLAM_SEQ_NOW. */
KOLAM_MUST_CHECK enum kolam_status kolam_raster_tile(struct kolam_raster *raster,
                                                     struct kolam_tile_id tile, uint64_t at_seq,
                                                     uint32_t *out_pixels, uint64_t *out_seq,
                                                     bool *out_is_empty);

/* The same from the log alone, neither reading nor writing stored tiles: what `check` compares with. */
KOLAM_MUST_CHECK enum kolam_status kolam_raster_tile_fresh(struct kolam_raster *raster,
                                                           struct kolam_tile_id tile,
                                                           uint64_t at_seq, uint32_t *out_pixels,
                                                           uint64_t *out_seq, bool *out_is_empty);

/* True if drawing the tile now needs more than one tile's ops: it averages children (far levels). Such a
 * tile is worth serving older for a while and rebuilding later. Reads the index alone. */
KOLAM_MUST_CHECK enum kolam_status
kolam_raster_is_averaged(struct kolam_raster *raster, struct kolam_tile_id tile, bool *out_is);

/* Called between tiles of a long recursion; true makes the call in progress return KOLAM_ERR_CLOSED. */
void kolam_raster_set_cancel(struct kolam_raster *raster, bool (*is_cancelled)(void *ctx),
                             void *ctx);

#endif
