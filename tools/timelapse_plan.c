/* Which states of the wall a timelapse shows, and for how long each. */
#include <math.h>

#include "kolam/alloc.h"
#include "timelapse.h"

struct kolam_rect kolam_timelapse_rect(const struct kolam_timelapse *timelapse) {
    const struct kolam_region *region = &timelapse->region;
    int32_t level = kolam_export_level(region->scale);
    /* The picture has a pixel for each one begun. */
    double width = timelapse->width / region->scale, height = timelapse->height / region->scale;
    int64_t low = kolam_tile_coord_min(level) * KOLAM_TILE_PX;
    int64_t high = (kolam_tile_coord_max(level) + 1) * KOLAM_TILE_PX;
    struct kolam_rect rect = {(int64_t)floor(ldexp(region->x, level)),
                              (int64_t)floor(ldexp(region->y, level)),
                              (int64_t)ceil(ldexp(region->x + width, level)),
                              (int64_t)ceil(ldexp(region->y + height, level)), level};
    rect.x0 = rect.x0 < low ? low : rect.x0 >= high ? high - 1 : rect.x0;
    rect.y0 = rect.y0 < low ? low : rect.y0 >= high ? high - 1 : rect.y0;
    rect.x1 = rect.x1 > high ? high : rect.x1 <= rect.x0 ? rect.x0 + 1 : rect.x1;
    rect.y1 = rect.y1 > high ? high : rect.y1 <= rect.y0 ? rect.y0 + 1 : rect.y1;
    return rect;
}

struct plan {
    const struct kolam_timelapse *timelapse;
    struct kolam_frame_source *source;
    struct kolam_frame_moment from, to;
    uint64_t *strokes; /* from `from` up to `to` */
    size_t stroke_count;
};

/* Which state frame `index` of `count` shows. The first and the last are given. */
static enum kolam_status state_of(const struct plan *plan, uint32_t index, uint32_t count,
                                  uint64_t *out_seq, struct kolam_error *error) {
    if (index == count - 1 || index == 0) {
        *out_seq = index == 0 && count > 1 ? plan->from.seq : plan->to.seq;
        return KOLAM_OK;
    }
    double share = (double)index / (count - 1);
    if (!plan->timelapse->is_by_time) {
        /* What `from` shows already is not waited for. */
        size_t shown = plan->stroke_count > 0 && plan->strokes[0] == plan->from.seq ? 1 : 0;
        size_t strokes = (size_t)llround(share * (double)(plan->stroke_count - shown));
        *out_seq = strokes == 0 ? plan->from.seq : plan->strokes[shown + strokes - 1];
        return KOLAM_OK;
    }
    double span_ms = (double)(plan->to.time_ms - plan->from.time_ms);
    enum kolam_status status = plan->source->ops->seq_at(
        plan->source, plan->from.time_ms + (int64_t)(share * span_ms), out_seq, error);
    *out_seq = *out_seq < plan->from.seq ? plan->from.seq : *out_seq;
    *out_seq = *out_seq > plan->to.seq ? plan->to.seq : *out_seq;
    return status;
}

/* Frames of one state become one shot. */
static enum kolam_status make_shots(const struct plan *plan, struct kolam_shots *shots,
                                    struct kolam_error *error) {
    uint32_t frame_count = plan->timelapse->frame_count;
    for (uint32_t i = 0; i < frame_count; i++) {
        uint64_t seq = 0;
        enum kolam_status status = state_of(plan, i, frame_count, &seq, error);
        if (status != KOLAM_OK) {
            return status;
        }
        struct kolam_shot *last = shots->count > 0 ? &shots->list[shots->count - 1] : NULL;
        if (last && last->seq == seq) {
            last->ticks++;
        } else {
            shots->list[shots->count++] = (struct kolam_shot){seq, 1};
        }
    }
    return KOLAM_OK;
}

static enum kolam_status find_span(struct plan *plan, struct kolam_error *error) {
    const struct kolam_timelapse *timelapse = plan->timelapse;
    struct kolam_frame_source *source = plan->source;
    enum kolam_status status =
        source->ops->resolve(source, "--to", timelapse->to, &plan->to, error);
    if (status == KOLAM_OK) {
        status = source->ops->resolve(source, "--from",
                                      timelapse->from ? timelapse->from : KOLAM_FRAME_FIRST,
                                      &plan->from, error);
    }
    if (status == KOLAM_OK && plan->from.seq > plan->to.seq) {
        status = kolam_fail(error, KOLAM_ERR_INVALID, "--from is after --to");
    }
    return status;
}

enum kolam_status kolam_shots_plan(const struct kolam_timelapse *timelapse,
                                   struct kolam_frame_source *source, struct kolam_shots *out_shots,
                                   struct kolam_error *error) {
    struct plan plan = {.timelapse = timelapse, .source = source};
    struct kolam_shots shots = {0};
    enum kolam_status status = find_span(&plan, error);
    if (status == KOLAM_OK) {
        status = source->ops->strokes(source, plan.from.seq - 1, plan.to.seq, &plan.strokes,
                                      &plan.stroke_count, error);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    if (plan.stroke_count == 0) {
        kolam_free(plan.strokes);
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "nothing was drawn there in that span");
    }
    shots.list = kolam_alloc_array(timelapse->frame_count, sizeof *shots.list);
    status = shots.list ? make_shots(&plan, &shots, error)
                        : kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    kolam_free(plan.strokes);
    if (status != KOLAM_OK) {
        kolam_free(shots.list);
        return status;
    }
    *out_shots = shots;
    return KOLAM_OK;
}
