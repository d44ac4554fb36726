/* Before the old file goes: is every picture of the new one the same? All tiles that have a base are drawn from both
 * files, as of the base's moment, of one halfway, and now, and no bit may differ. */
#include <inttypes.h>
#include <string.h>

#include "compact_internal.h"
#include "kolam/alloc.h"

struct comparing {
    const struct kolam_compact_options *options;
    const struct kolam_compact_plan *plan;
    struct kolam_raster *old_raster, *new_raster;
    struct kolam_compact_result *result;
    struct kolam_error *error;
    uint32_t *old_pixels, *new_pixels;
    uint64_t done, all;
};

static enum kolam_status compare_tile(struct comparing *comparing, struct kolam_tile_id id,
                                      uint64_t at_seq) {
    uint64_t version, seq;
    bool is_empty;
    enum kolam_status status = kolam_raster_version(comparing->old_raster, id, at_seq, &version);
    /* Untouched since the base, it is the base's picture, which was compared at its own moment. */
    if (status != KOLAM_OK ||
        (at_seq > comparing->plan->base_seq && version <= comparing->plan->base_seq)) {
        return status;
    }
    status = kolam_raster_tile(comparing->old_raster, id, at_seq, comparing->old_pixels, &seq,
                               &is_empty);
    if (status == KOLAM_OK) {
        status = kolam_raster_tile(comparing->new_raster, id, at_seq, comparing->new_pixels, &seq,
                                   &is_empty);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    comparing->result->compared_count++;
    size_t size_bytes = KOLAM_TILE_PIXELS * sizeof *comparing->old_pixels;
    return memcmp(comparing->old_pixels, comparing->new_pixels, size_bytes) == 0
               ? KOLAM_OK
               : kolam_fail(comparing->error, KOLAM_ERR_CORRUPT,
                            "tile %d/%" PRId64 "/%" PRId64 " would look different at seq %" PRIu64
                            ": nothing was changed",
                            (int)id.level, id.x, id.y, at_seq);
}

/* Fine levels first: the coarser ones are made of them. */
static enum kolam_status compare_state(struct comparing *comparing,
                                       const struct compact_tiles *tiles, uint64_t at_seq) {
    enum kolam_status status = KOLAM_OK;
    for (int level = COMPACT_LEVELS - 1; level >= 0; level--) {
        const struct compact_level *list = &tiles->levels[level];
        for (size_t i = 0; i < list->count && status == KOLAM_OK; i++) {
            status = compare_tile(comparing, compact_tile_id(&list->tiles[i], level), at_seq);
            if (status == KOLAM_OK) {
                status = compact_progress(comparing->options, KOLAM_COMPACT_COMPARE,
                                          ++comparing->done, comparing->all);
            }
        }
    }
    return status;
}

enum kolam_status compact_compare(const struct kolam_compact_options *options,
                                  const struct kolam_compact_plan *plan,
                                  const struct compact_tiles *tiles,
                                  struct kolam_raster *old_raster, struct kolam_raster *new_raster,
                                  struct kolam_compact_result *result, struct kolam_error *error) {
    uint64_t states[3] = {plan->base_seq, plan->base_seq + (plan->last_seq - plan->base_seq) / 2,
                          plan->last_seq};
    struct comparing comparing = {
        .options = options,
        .plan = plan,
        .old_raster = old_raster,
        .new_raster = new_raster,
        .result = result,
        .error = error,
        .old_pixels = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof(uint32_t)),
        .new_pixels = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof(uint32_t)),
        .all = 3 * tiles->count,
    };
    enum kolam_status status =
        comparing.old_pixels && comparing.new_pixels ? KOLAM_OK : KOLAM_ERR_NOMEM;
    for (int i = 0; i < 3 && status == KOLAM_OK; i++) {
        if (i == 0 || states[i] > states[i - 1]) {
            status = compare_state(&comparing, tiles, states[i]);
        } else {
            comparing.all -= tiles->count;
        }
    }
    kolam_free(comparing.old_pixels);
    kolam_free(comparing.new_pixels);
    return status;
}
