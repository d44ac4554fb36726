/* Tiles from ops. A worker's own: one thread at a time.
 *
 * The main path: gather the strokes that can touch the tile, draw the visible ones in seq order, group by
 * group, each through one coverage mask. A stored tile saves work in two ways, and never changes a bit: as it is, when no
 * newer op touches the tile, and as the ground for what is newer, when nothing in between hid or showed a stroke. */
#include "kolam/raster.h"

#include <string.h>

#include "gather.h"
#include "kolam/alloc.h"

#define DEPTH_MAX (KOLAM_LEVEL_MAX - KOLAM_LEVEL_MIN + 1)
#define TILE_BYTES (KOLAM_TILE_PIXELS * sizeof(uint32_t))

struct kolam_raster {
    struct kolam_reader *reader;
    struct kolam_tile_store *store;
    struct gather gather;
    struct kolam_op_room room;
    struct kolam_ink_mask mask;
    uint32_t *child_pixels[DEPTH_MAX]; /* one buffer a depth of recursion, made when first needed */
    bool (*is_cancelled)(void *ctx);
    void *cancel_ctx;
};

enum kolam_status kolam_raster_create(struct kolam_reader *reader, struct kolam_tile_store *store,
                                      struct kolam_raster **out_raster) {
    struct kolam_raster *raster = kolam_alloc_zero(1, sizeof *raster);
    if (!raster) {
        return KOLAM_ERR_NOMEM;
    }
    raster->reader = reader;
    raster->store = store;
    kolam_ink_mask_init(&raster->mask);
    *out_raster = raster;
    return KOLAM_OK;
}

void kolam_raster_destroy(struct kolam_raster *raster) {
    if (!raster) {
        return;
    }
    gather_finish(&raster->gather);
    for (int i = 0; i < DEPTH_MAX; i++) {
        kolam_free(raster->child_pixels[i]);
    }
    kolam_free(raster);
}

void kolam_raster_set_cancel(struct kolam_raster *raster, bool (*is_cancelled)(void *ctx), void *ctx) {
    raster->is_cancelled = is_cancelled;
    raster->cancel_ctx = ctx;
}

/* ---- drawing strokes ---- */

/* What must be equal for two strokes to share a mask: the parts of one group, which came in one submission. */
struct mask_owner {
    bool is_open;
    uint64_t group_seq; /* seq of the group's part 0 */
    enum kolam_tool tool;
    uint32_t color, width;
    int32_t level;
};

static struct mask_owner owner_of(const struct kolam_stroke *stroke, uint64_t seq) {
    struct mask_owner owner = {
        .is_open = true,
        .group_seq = seq - stroke->part,
        .tool = stroke->tool,
        .color = stroke->color,
        .width = stroke->width,
        .level = stroke->origin.level,
    };
    return owner;
}

static bool owners_match(const struct mask_owner *a, const struct mask_owner *b) {
    return a->is_open && a->group_seq == b->group_seq && a->tool == b->tool && a->color == b->color &&
           a->width == b->width && a->level == b->level;
}

static void close_mask(struct kolam_raster *raster, struct mask_owner *owner, uint32_t *pixels) {
    if (owner->is_open) {
        kolam_ink_composite(&raster->mask, owner->tool, owner->color, pixels);
        kolam_ink_mask_clear(&raster->mask);
        owner->is_open = false;
    }
}

static enum kolam_status draw_stroke(struct kolam_raster *raster, uint64_t seq, struct kolam_tile_id tile,
                                     struct mask_owner *owner, uint32_t *pixels) {
    struct kolam_log_row row;
    enum kolam_status status = kolam_reader_op(raster->reader, seq, &row);
    if (status != KOLAM_OK) {
        return status == KOLAM_ERR_NOT_FOUND ? KOLAM_ERR_CORRUPT : status;
    }
    struct kolam_op op;
    if (kolam_op_decode(row.body, row.body_size_bytes, &raster->room, &op) != KOLAM_OK ||
        op.kind != KOLAM_OP_STROKE) {
        return KOLAM_ERR_CORRUPT;
    }
    struct mask_owner next = owner_of(&op.stroke, seq);
    if (!owners_match(owner, &next)) {
        close_mask(raster, owner, pixels);
        *owner = next;
    }
    kolam_ink_add_stroke(&raster->mask, &op.stroke, 0, tile);
    return KOLAM_OK;
}

/* Draws the gathered visible strokes onto `pixels`. */
static enum kolam_status draw_gathered(struct kolam_raster *raster, struct kolam_tile_id tile,
                                       uint32_t *pixels) {
    struct mask_owner owner = {0};
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < raster->gather.stroke_count && status == KOLAM_OK; i++) {
        const struct gather_stroke *stroke = &raster->gather.strokes[i];
        if (!stroke->is_hidden) {
            status = draw_stroke(raster, stroke->seq, tile, &owner, pixels);
        }
    }
    close_mask(raster, &owner, pixels);
    return status;
}

static bool is_blank(const uint32_t *pixels) {
    uint32_t any = 0;
    for (uint32_t i = 0; i < KOLAM_TILE_PIXELS; i++) {
        any |= pixels[i];
    }
    return any == 0;
}

/* ---- one tile ---- */

struct request {
    struct kolam_tile_id tile;
    uint64_t at_seq;
    bool use_store;
    uint32_t *pixels;
    uint64_t seq; /* answer */
    bool is_empty;
};

static enum kolam_status raster_at_depth(struct kolam_raster *raster, struct request *request, int depth);

static enum kolam_status average_children(struct kolam_raster *raster, struct request *request, int depth) {
    if (!raster->child_pixels[depth]) {
        raster->child_pixels[depth] = kolam_alloc(TILE_BYTES);
        if (!raster->child_pixels[depth]) {
            return KOLAM_ERR_NOMEM;
        }
    }
    for (int i = 0; i < 4; i++) {
        struct request child = {
            .tile = kolam_tile_child(request->tile, i),
            .at_seq = request->at_seq,
            .use_store = request->use_store,
            .pixels = raster->child_pixels[depth],
        };
        if (!kolam_tile_is_valid(child.tile)) { /* the coarsest level reaches beyond the world */
            kolam_ink_downsample(NULL, i, request->pixels);
            continue;
        }
        enum kolam_status status = raster_at_depth(raster, &child, depth + 1);
        if (status != KOLAM_OK) {
            return status;
        }
        kolam_ink_downsample(child.is_empty ? NULL : child.pixels, i, request->pixels);
    }
    return KOLAM_OK;
}

static enum kolam_status gather_after(struct kolam_raster *raster, const struct request *request,
                                      uint64_t after_seq) {
    struct gather_range range = {
        .after_seq = after_seq, .max_seq = request->at_seq, .below_max = KOLAM_RASTER_BELOW_MAX};
    return gather_tile(&raster->gather, raster->reader, request->tile, &range);
}

/* request->pixels hold the tile as of ground_seq; 0 means that they hold nothing. */
static enum kolam_status draw_above(struct kolam_raster *raster, struct request *request,
                                    uint64_t ground_seq, int depth) {
    struct gather *gather = &raster->gather;
    enum kolam_status status = gather_after(raster, request, ground_seq);
    if (status == KOLAM_OK && !gather->is_averaged && gather->has_changes && ground_seq > 0) {
        ground_seq = 0; /* something in the ground may have been hidden or shown */
        status = gather_after(raster, request, 0);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    if (gather->is_averaged) {
        return average_children(raster, request, depth);
    }
    if (ground_seq == 0) {
        memset(request->pixels, 0, TILE_BYTES);
    }
    return draw_gathered(raster, request->tile, request->pixels);
}

/* Within the reader's begin/end, so that every tile of a recursion is of one state. */
static enum kolam_status raster_at_depth(struct kolam_raster *raster, struct request *request, int depth) {
    if (raster->is_cancelled && raster->is_cancelled(raster->cancel_ctx)) {
        return KOLAM_ERR_CLOSED;
    }
    enum kolam_status status =
        gather_version(raster->reader, request->tile, request->at_seq, &request->seq);
    if (status != KOLAM_OK) {
        return status;
    }
    if (request->seq == 0) {
        memset(request->pixels, 0, TILE_BYTES);
        request->is_empty = true;
        return KOLAM_OK;
    }
    uint64_t stored_seq = 0;
    bool has_stored = request->use_store &&
                      kolam_tile_store_get(raster->store, request->tile, &stored_seq,
                                           &request->is_empty, request->pixels) == KOLAM_OK;
    if (has_stored && stored_seq == request->seq) {
        return KOLAM_OK;
    }
    bool is_ground = has_stored && stored_seq < request->seq;
    status = draw_above(raster, request, is_ground ? stored_seq : 0, depth);
    if (status != KOLAM_OK) {
        return status;
    }
    request->is_empty = is_blank(request->pixels);
    if (request->use_store) {
        /* A tile that could not be stored is drawn again next time. */
        (void)!kolam_tile_store_put(raster->store, request->tile, request->seq,
                                    request->is_empty ? NULL : request->pixels);
    }
    return KOLAM_OK;
}

static enum kolam_status raster_tile(struct kolam_raster *raster, struct request *request,
                                     uint64_t *out_seq, bool *out_is_empty) {
    if (!kolam_tile_is_valid(request->tile)) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = kolam_reader_begin(raster->reader);
    if (status != KOLAM_OK) {
        return status;
    }
    status = raster_at_depth(raster, request, 0);
    kolam_reader_end(raster->reader);
    if (status == KOLAM_OK) {
        *out_seq = request->seq;
        *out_is_empty = request->is_empty;
    }
    return status;
}

enum kolam_status kolam_raster_tile(struct kolam_raster *raster, struct kolam_tile_id tile,
                                    uint64_t at_seq, uint32_t *out_pixels, uint64_t *out_seq,
                                    bool *out_is_empty) {
    struct request request = {
        .tile = tile,
        .at_seq = at_seq,
        .use_store = at_seq == KOLAM_SEQ_NOW,
        .pixels = out_pixels,
    };
    return raster_tile(raster, &request, out_seq, out_is_empty);
}

enum kolam_status kolam_raster_tile_fresh(struct kolam_raster *raster, struct kolam_tile_id tile,
                                          uint64_t at_seq, uint32_t *out_pixels, uint64_t *out_seq,
                                          bool *out_is_empty) {
    struct request request = {.tile = tile, .at_seq = at_seq, .pixels = out_pixels};
    return raster_tile(raster, &request, out_seq, out_is_empty);
}

/* ---- what the index alone tells ---- */

enum kolam_status kolam_raster_version(struct kolam_raster *raster, struct kolam_tile_id tile,
                                       uint64_t at_seq, uint64_t *out_seq) {
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = kolam_reader_begin(raster->reader);
    if (status != KOLAM_OK) {
        return status;
    }
    status = gather_version(raster->reader, tile, at_seq, out_seq);
    kolam_reader_end(raster->reader);
    return status;
}

enum kolam_status kolam_raster_is_averaged(struct kolam_raster *raster, struct kolam_tile_id tile,
                                           bool *out_is) {
    struct request request = {.tile = tile, .at_seq = KOLAM_SEQ_NOW};
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    enum kolam_status status = kolam_reader_begin(raster->reader);
    if (status != KOLAM_OK) {
        return status;
    }
    status = gather_after(raster, &request, KOLAM_SEQ_NOW);
    kolam_reader_end(raster->reader);
    if (status == KOLAM_OK) {
        *out_is = raster->gather.is_averaged;
    }
    return status;
}
