/* The parts of flattening; see kolam/compact.h. */
#ifndef KOLAM_TILES_COMPACT_INTERNAL_H
#define KOLAM_TILES_COMPACT_INTERNAL_H

#include "kolam/compact.h"
#include "kolam/raster.h"

#define COMPACT_LEVELS (KOLAM_LEVEL_MAX - KOLAM_LEVEL_MIN + 1)

/* A tile that gets a base. */
struct compact_tile {
    int64_t x, y;
    uint32_t
        below_count; /* index rows of strokes below it at the base's moment, counted no further than one too many */
};

struct compact_level {
    struct compact_tile *tiles; /* sorted by y, x */
    size_t count, capacity;
};

/* All tiles that get one, by level (index 0: KOLAM_LEVEL_MIN). */
struct compact_tiles {
    struct compact_level levels[COMPACT_LEVELS];
    size_t count;
};

static inline bool compact_is_averaged(const struct compact_tile *tile) {
    return tile->below_count > KOLAM_RASTER_BELOW_MAX;
}

static inline struct kolam_tile_id compact_tile_id(const struct compact_tile *tile, int level) {
    return (struct kolam_tile_id){tile->x, tile->y, level + KOLAM_LEVEL_MIN};
}

/* KOLAM_ERR_CLOSED if the caller wants no more. */
KOLAM_MUST_CHECK enum kolam_status compact_progress(const struct kolam_compact_options *options,
                                                    enum kolam_compact_stage stage, uint64_t done,
                                                    uint64_t all);

/* Zero it; free with compact_tiles_finish. */
KOLAM_MUST_CHECK enum kolam_status compact_tiles_find(struct compact_tiles *tiles,
                                                      struct kolam_reader *reader,
                                                      const struct kolam_compact_options *options,
                                                      const struct kolam_compact_plan *plan);
void compact_tiles_finish(struct compact_tiles *tiles);

/* Writes the new file. `raster` draws the old canvas, from its log and base alone. */
KOLAM_MUST_CHECK enum kolam_status compact_write_file(const struct kolam_compact_options *options,
                                                      const struct kolam_compact_plan *plan,
                                                      const struct compact_tiles *tiles,
                                                      struct kolam_raster *raster,
                                                      struct kolam_compact_result *result,
                                                      struct kolam_error *error);

/* Compares every tile of the base at three states. */
KOLAM_MUST_CHECK enum kolam_status
compact_compare(const struct kolam_compact_options *options, const struct kolam_compact_plan *plan,
                const struct compact_tiles *tiles, struct kolam_raster *old_raster,
                struct kolam_raster *new_raster, struct kolam_compact_result *result,
                struct kolam_error *error);

#endif
