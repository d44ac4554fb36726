/* Tiles from ops, now and at any past state. A worker's own: one thread at a time.
 *
 * The main path: gather the strokes that can touch the tile, draw the visible ones in seq order, group by
 * group, each through one coverage mask. Stored pictures save work and never change a bit. One that shows state G serves
 * state N >= G like this: the strokes after G are drawn on top of it, and where a hide or show after G
 * changed a stroke up to G, that part of the tile is drawn from the beginning, with only those strokes that touch it.
 * So undoing an old stroke costs what overlaps it, and a moment of the past costs what was drawn since the keyframe before it.
 *
 * An averaged tile is made of quadrants: those whose version is not newer than a stored average stay as they are.
 *
 * Where older history was flattened, its picture (the base) is what everything else is drawn upon. Nothing changes a stroke
 * that is part of it, so it serves every later state. */
#include "kolam/raster.h"

#include <string.h>

#include "gather.h"
#include "kolam/alloc.h"

#define DEPTH_MAX (KOLAM_LEVEL_MAX - KOLAM_LEVEL_MIN + 1)
/* Near tiles get a keyframe every so many strokes: see docs/history.md for how the number was found. */
#define KEYFRAME_STROKES 128
/* Averaged tiles get one when the canvas has grown by so many ops. */
#define KEYFRAME_EPOCH_OPS 8192
/* A picture of the past that took more strokes than this to draw is kept. */
#define WORTH_KEEPING_STROKES 32
#define TILE_BYTES (KOLAM_TILE_PIXELS * sizeof(uint32_t))

struct kolam_raster {
    struct kolam_reader *reader;
    struct kolam_tile_store *store;
    struct gather gather;
    struct kolam_op_room room;
    struct kolam_ink_mask mask;
    uint32_t *child_pixels[DEPTH_MAX]; /* one buffer a depth of recursion, made when first needed */
    uint32_t *part_pixels;             /* likewise: what is drawn again inside a changed part */
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
    kolam_free(raster->part_pixels);
    for (int i = 0; i < DEPTH_MAX; i++) {
        kolam_free(raster->child_pixels[i]);
    }
    kolam_free(raster);
}

void kolam_raster_set_cancel(struct kolam_raster *raster, bool (*is_cancelled)(void *ctx),
                             void *ctx) {
    raster->is_cancelled = is_cancelled;
    raster->cancel_ctx = ctx;
}

/* ---- drawing strokes ---- */

/* What must be equal for two strokes to share a mask: the parts of one group, which came in one submission. */
struct mask_owner {
    bool is_open;
    uint64_t group_seq; /* seq of the group's part 0 */
    uint64_t end_seq;   /* and after its last */
    enum kolam_tool tool;
    uint32_t color, width;
    int32_t level;
};

static struct mask_owner owner_of(const struct kolam_stroke *stroke, uint64_t seq) {
    struct mask_owner owner = {
        .is_open = true,
        .group_seq = seq - stroke->part,
        .end_seq = seq - stroke->part + stroke->part_count,
        .tool = stroke->tool,
        .color = stroke->color,
        .width = stroke->width,
        .level = stroke->origin.level,
    };
    return owner;
}

static bool owners_match(const struct mask_owner *a, const struct mask_owner *b) {
    return a->is_open && a->group_seq == b->group_seq && a->tool == b->tool &&
           a->color == b->color && a->width == b->width && a->level == b->level;
}

static void close_mask(struct kolam_raster *raster, struct mask_owner *owner, uint32_t *pixels) {
    if (owner->is_open) {
        kolam_ink_composite(&raster->mask, owner->tool, owner->color, pixels);
        kolam_ink_mask_clear(&raster->mask);
        owner->is_open = false;
    }
}

static enum kolam_status draw_stroke(struct kolam_raster *raster, uint64_t seq,
                                     struct kolam_tile_id tile, struct mask_owner *owner,
                                     uint32_t *pixels) {
    struct kolam_log_row row;
    enum kolam_status status = kolam_reader_op(raster->reader, seq, &row);
    if (status != KOLAM_OK) {
        return status == KOLAM_ERR_NOT_FOUND ? KOLAM_ERR_CORRUPT : status;
    }
    struct kolam_op op;
    if (row.is_damaged ||
        kolam_op_decode(row.body, row.body_size_bytes, &raster->room, &op) != KOLAM_OK ||
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

/* Where the tile being drawn may leave keyframes on its way; NULL store: nowhere. */
struct trail {
    struct kolam_tile_store *store;
    uint32_t stroke_count; /* drawn since the last keyframe */
    uint64_t
        open_until; /* the group drawn last ends before this seq: a state before it may cut it in two */
};

/* Before stroke i: everything before it is the picture of the seq before it. A group is not cut in two. */
static void leave_keyframe(struct kolam_raster *raster, struct kolam_tile_id tile, uint32_t i,
                           struct mask_owner *owner, struct trail *trail, uint32_t *pixels) {
    const struct gather *gather = &raster->gather;
    if (!trail->store || i == 0 || trail->stroke_count < KEYFRAME_STROKES ||
        (owner->is_open && gather->strokes[i].seq < owner->end_seq)) {
        return;
    }
    close_mask(raster, owner, pixels);
    struct kolam_tile_picture picture = {.seq = gather->strokes[i - 1].seq};
    /* What could not be kept is drawn again when it is wanted. */
    (void)!kolam_tile_store_keep(trail->store, tile, &picture, pixels);
    trail->stroke_count = 0;
}

/* Draws the gathered visible strokes onto `pixels`. */
static enum kolam_status draw_gathered(struct kolam_raster *raster, struct kolam_tile_id tile,
                                       struct trail *trail, uint32_t *pixels) {
    struct mask_owner owner = {0};
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < raster->gather.stroke_count && status == KOLAM_OK; i++) {
        const struct gather_stroke *stroke = &raster->gather.strokes[i];
        leave_keyframe(raster, tile, i, &owner, trail, pixels);
        if (!stroke->is_hidden) {
            status = draw_stroke(raster, stroke->seq, tile, &owner, pixels);
        }
        trail->stroke_count++;
    }
    trail->open_until = owner.is_open ? owner.end_seq : 0;
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
    struct kolam_tile_picture picture; /* answer */
    bool
        cuts_group; /* its state may lie between a group's parts: then it is no ground for later ones */
};

static enum kolam_status raster_at_depth(struct kolam_raster *raster, struct request *request,
                                         int depth);

static uint32_t *get_buffer(uint32_t **buffer) {
    if (!*buffer) {
        *buffer = kolam_alloc(TILE_BYTES);
    }
    return *buffer;
}

/* request->pixels hold the average of state `ground`, if it is one: quadrants that are still of it stay. */
static enum kolam_status average_children(struct kolam_raster *raster, struct request *request,
                                          const struct kolam_tile_picture *ground, int depth) {
    uint64_t ground_seq = ground->is_averaged ? ground->seq : 0;
    uint32_t *child_pixels = get_buffer(&raster->child_pixels[depth]);
    enum kolam_status status = child_pixels ? KOLAM_OK : KOLAM_ERR_NOMEM;
    for (int i = 0; i < 4 && status == KOLAM_OK; i++) {
        struct request child = {
            .tile = kolam_tile_child(request->tile, i),
            .at_seq = request->at_seq,
            .use_store = request->use_store,
            .pixels = child_pixels,
        };
        if (!kolam_tile_is_valid(child.tile)) { /* the coarsest level reaches beyond the world */
            kolam_ink_downsample(NULL, i, request->pixels);
            continue;
        }
        uint64_t version = 0;
        if (ground_seq > 0) {
            status = gather_version(raster->reader, child.tile, request->at_seq, &version);
        }
        if (status == KOLAM_OK && (ground_seq == 0 || version > ground_seq)) {
            status = raster_at_depth(raster, &child, depth + 1);
            kolam_ink_downsample(child.picture.is_empty ? NULL : child.pixels, i, request->pixels);
        }
    }
    return status;
}

static enum kolam_status gather_part(struct kolam_raster *raster, const struct request *request,
                                     uint64_t after_seq, struct gather_box part) {
    struct gather_range range = {.after_seq = after_seq,
                                 .max_seq = request->at_seq,
                                 .below_max = KOLAM_RASTER_BELOW_MAX,
                                 .part = part};
    return gather_tile(&raster->gather, raster->reader, request->tile, &range);
}

/* The ground of all grounds: the base's picture of the tile, or nothing. */
static enum kolam_status lay_base(struct kolam_raster *raster, struct kolam_tile_id tile,
                                  uint32_t *pixels) {
    enum kolam_status status = kolam_reader_base_pixels(raster->reader, tile, pixels);
    if (status == KOLAM_ERR_NOT_FOUND) {
        memset(pixels, 0, TILE_BYTES);
        return KOLAM_OK;
    }
    return status;
}

/* Draws what touches `part` from the beginning, and takes the part over into request->pixels. */
static enum kolam_status redraw_part(struct kolam_raster *raster, struct request *request,
                                     struct gather_box part) {
    struct trail no_trail = {.store = NULL};
    uint32_t *pixels = get_buffer(&raster->part_pixels);
    enum kolam_status status = pixels ? gather_part(raster, request, 0, part) : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        status = lay_base(raster, request->tile, pixels);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = draw_gathered(raster, request->tile, &no_trail, pixels);
    size_t row_bytes = (size_t)(part.x1 - part.x0 + 1) * sizeof *pixels;
    for (int32_t y = part.y0; y <= part.y1; y++) {
        memcpy(request->pixels + y * KOLAM_TILE_PX + part.x0, pixels + y * KOLAM_TILE_PX + part.x0,
               row_bytes);
    }
    return status;
}

/* request->pixels hold the picture `ground`; its seq is 0 where they hold nothing. */
static enum kolam_status draw_above(struct kolam_raster *raster, struct request *request,
                                    const struct kolam_tile_picture *ground, int depth) {
    struct gather *gather = &raster->gather;
    if (ground->is_averaged) { /* and is for ever: what lies below only becomes more */
        request->picture.is_averaged = true;
        return average_children(raster, request, ground, depth);
    }
    enum kolam_status status = gather_part(raster, request, ground->seq, GATHER_WHOLE_TILE);
    if (status != KOLAM_OK) {
        return status;
    }
    request->picture.is_averaged = gather->is_averaged;
    if (gather->is_averaged) {
        return average_children(raster, request, ground, depth);
    }
    if (ground->seq == 0) {
        status = lay_base(raster, request->tile, request->pixels);
        if (status != KOLAM_OK) {
            return status;
        }
    }
    /* With a change among the rows, what is visible now need not have been so on the way. */
    bool leaves_trail = request->use_store && !gather->has_changes;
    struct trail trail = {.store = leaves_trail ? raster->store : NULL,
                          .stroke_count = ground->stroke_count};
    struct gather_box changed = gather->changed;
    status = draw_gathered(raster, request->tile, &trail, request->pixels);
    request->picture.stroke_count = trail.stroke_count;
    request->cuts_group = request->at_seq < KOLAM_SEQ_NOW && trail.open_until > request->at_seq + 1;
    if (status == KOLAM_OK && changed.x0 <= changed.x1) {
        status = redraw_part(raster, request, changed);
    }
    return status;
}

/* The newest stored picture of that version or an earlier one, into request->pixels. */
static struct kolam_tile_picture find_ground(struct kolam_raster *raster,
                                             const struct request *request) {
    struct kolam_tile_picture ground;
    bool is_found = request->use_store &&
                    kolam_tile_store_recall(raster->store, request->tile, request->picture.seq,
                                            &ground, request->pixels) == KOLAM_OK;
    return is_found ? ground : (struct kolam_tile_picture){.seq = 0};
}

static bool is_worth_keeping(const struct request *request,
                             const struct kolam_tile_picture *ground) {
    if (request->picture.is_averaged) {
        return request->picture.seq / KEYFRAME_EPOCH_OPS > ground->seq / KEYFRAME_EPOCH_OPS;
    }
    return request->picture.stroke_count >=
           (request->at_seq == KOLAM_SEQ_NOW ? KEYFRAME_STROKES : WORTH_KEEPING_STROKES);
}

/* A picture that could not be stored is drawn again next time. */
static void remember(struct kolam_raster *raster, struct request *request,
                     const struct kolam_tile_picture *ground) {
    bool is_base = !request->picture.is_averaged &&
                   request->picture.seq == kolam_reader_base_seq(raster->reader);
    if (!request->use_store || request->cuts_group || is_base) { /* the base is as near */
        return;
    }
    if (is_worth_keeping(request, ground)) {
        (void)!kolam_tile_store_keep(raster->store, request->tile, &request->picture,
                                     request->pixels);
        request->picture.stroke_count = 0;
    }
    if (request->at_seq == KOLAM_SEQ_NOW) {
        (void)!kolam_tile_store_put(raster->store, request->tile, &request->picture,
                                    request->pixels);
    }
}

/* Within the reader's begin/end, so that every tile of a recursion is of one state. */
static enum kolam_status raster_at_depth(struct kolam_raster *raster, struct request *request,
                                         int depth) {
    if (raster->is_cancelled && raster->is_cancelled(raster->cancel_ctx)) {
        return KOLAM_ERR_CLOSED;
    }
    request->picture = (struct kolam_tile_picture){.seq = 0};
    enum kolam_status status =
        gather_version(raster->reader, request->tile, request->at_seq, &request->picture.seq);
    if (status != KOLAM_OK) {
        return status;
    }
    if (request->picture.seq == 0) {
        memset(request->pixels, 0, TILE_BYTES);
        request->picture.is_empty = true;
        return KOLAM_OK;
    }
    struct kolam_tile_picture ground = find_ground(raster, request);
    if (ground.seq == request->picture.seq) {
        request->picture = ground;
        return KOLAM_OK;
    }
    status = draw_above(raster, request, &ground, depth);
    if (status == KOLAM_OK) {
        request->picture.is_empty = is_blank(request->pixels);
        remember(raster, request, &ground);
    }
    return status;
}

/* What can be asked at all. */
static enum kolam_status check_question(const struct kolam_raster *raster,
                                        struct kolam_tile_id tile, uint64_t at_seq) {
    if (!kolam_tile_is_valid(tile)) {
        return KOLAM_ERR_INVALID;
    }
    return at_seq < kolam_reader_base_seq(raster->reader) ? KOLAM_ERR_GONE : KOLAM_OK;
}

static enum kolam_status raster_tile(struct kolam_raster *raster, struct request *request,
                                     uint64_t *out_seq, bool *out_is_empty) {
    enum kolam_status status = check_question(raster, request->tile, request->at_seq);
    if (status == KOLAM_OK) {
        status = kolam_reader_begin(raster->reader);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    status = raster_at_depth(raster, request, 0);
    kolam_reader_end(raster->reader);
    if (status == KOLAM_OK) {
        *out_seq = request->picture.seq;
        *out_is_empty = request->picture.is_empty;
    }
    return status;
}

enum kolam_status kolam_raster_tile(struct kolam_raster *raster, struct kolam_tile_id tile,
                                    uint64_t at_seq, uint32_t *out_pixels, uint64_t *out_seq,
                                    bool *out_is_empty) {
    struct request request = {
        .tile = tile,
        .at_seq = at_seq,
        .use_store = true,
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
    enum kolam_status status = check_question(raster, tile, at_seq);
    if (status == KOLAM_OK) {
        status = kolam_reader_begin(raster->reader);
    }
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
    status = gather_part(raster, &request, KOLAM_SEQ_NOW, GATHER_WHOLE_TILE);
    kolam_reader_end(raster->reader);
    if (status == KOLAM_OK) {
        *out_is = raster->gather.is_averaged;
    }
    return status;
}
