/* What holds, asked: whose role, which areas lie where; see policy.h. Pure but for memory. */
#include "kolam/alloc.h"
#include "kolam/policy.h"

const struct kolam_policy_area *kolam_policy_find_area(const struct kolam_policy *policy,
                                                       uint64_t seq) {
    for (uint32_t i = 0; i < policy->area_count; i++) {
        if (policy->areas[i]->seq == seq) {
            return policy->areas[i];
        }
    }
    return NULL;
}

bool kolam_policy_area_is_only(const struct kolam_policy *policy, uint64_t seq,
                               enum kolam_area_kind kind) {
    bool is_only = false;
    for (uint32_t i = 0; i < policy->area_acts_count; i++) {
        const struct kolam_policy_thing *thing = &policy->area_acts[i];
        for (uint32_t j = 0; thing->key == seq && j < thing->count; j++) {
            if (!thing->acts[j].is_undone && thing->acts[j].value != kind) {
                return false;
            }
            is_only |= !thing->acts[j].is_undone;
        }
    }
    return is_only;
}

enum kolam_role kolam_policy_role(const struct kolam_policy *policy, uint32_t artist) {
    uint32_t low = 0, high = policy->role_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (policy->roles[middle].artist < artist) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < policy->role_count && policy->roles[low].artist == artist ? policy->roles[low].role
                                                                           : KOLAM_ROLE_EARNED;
}

/* ---- places ---- */

/* In pixels of a coarser level, or the same: those that it has a part of. */
static struct kolam_rect coarsened(const struct kolam_rect *rect, int32_t level) {
    const int32_t shift = rect->level - level;
    return (struct kolam_rect){kolam_floor_shift(rect->x0, shift),
                               kolam_floor_shift(rect->y0, shift),
                               kolam_floor_shift(rect->x1 - 1, shift) + 1,
                               kolam_floor_shift(rect->y1 - 1, shift) + 1, level};
}

bool kolam_rects_touch(const struct kolam_rect *a, const struct kolam_rect *b) {
    const int32_t level = a->level < b->level ? a->level : b->level;
    const struct kolam_rect one = coarsened(a, level);
    const struct kolam_rect other = coarsened(b, level);
    return one.x0 < other.x1 && other.x0 < one.x1 && one.y0 < other.y1 && other.y0 < one.y1;
}

const struct kolam_policy_area *kolam_policy_area_at(const struct kolam_policy *policy,
                                                     const struct kolam_rect *rect,
                                                     uint32_t *index) {
    while (*index < policy->area_count) {
        const struct kolam_policy_area *area = policy->areas[(*index)++];
        if (kolam_rects_touch(&area->rect, rect)) {
            return area;
        }
    }
    return NULL;
}

/* ---- where no names are shown ---- */

enum kolam_status kolam_policy_quiet(const struct kolam_policy *policy,
                                     struct kolam_quiet **out_quiet) {
    struct kolam_quiet *quiet = NULL;
    for (uint32_t i = 0; i < policy->area_count; i++) {
        if (policy->areas[i]->kind != KOLAM_AREA_QUIET) {
            continue;
        }
        if (!quiet) {
            quiet = kolam_alloc_zero(1, sizeof(*quiet) +
                                            (policy->area_count - i) * sizeof(quiet->rects[0]));
            if (!quiet) {
                return KOLAM_ERR_NOMEM;
            }
            quiet->refs = 1;
        }
        quiet->rects[quiet->count++] = policy->areas[i]->rect;
    }
    *out_quiet = quiet;
    return KOLAM_OK;
}

bool kolam_quiet_has(const struct kolam_quiet *quiet, const struct kolam_rect *rect) {
    for (uint32_t i = 0; quiet && i < quiet->count; i++) {
        if (kolam_rects_touch(&quiet->rects[i], rect)) {
            return true;
        }
    }
    return false;
}

static struct kolam_rect rect_of_home(const struct kolam_home *home) {
    const int64_t left = home->tile.x * KOLAM_TILE_PX, top = home->tile.y * KOLAM_TILE_PX;
    return (struct kolam_rect){left + home->x0, top + home->y0, left + home->x1 + 1,
                               top + home->y1 + 1, home->tile.level};
}

/* The boxes of the homes, a level each. */
struct boxes {
    struct kolam_rect of_level[KOLAM_LEVEL_MAX - KOLAM_LEVEL_MIN + 1];
    uint64_t levels; /* a bit for each there is */
};

static void add_to_boxes(struct boxes *boxes, const struct kolam_rect *rect) {
    const int32_t at = rect->level - KOLAM_LEVEL_MIN;
    struct kolam_rect *box = &boxes->of_level[at];
    if (!(boxes->levels >> at & 1)) {
        boxes->levels |= UINT64_C(1) << at;
        *box = *rect;
        return;
    }
    box->x0 = rect->x0 < box->x0 ? rect->x0 : box->x0;
    box->y0 = rect->y0 < box->y0 ? rect->y0 : box->y0;
    box->x1 = rect->x1 > box->x1 ? rect->x1 : box->x1;
    box->y1 = rect->y1 > box->y1 ? rect->y1 : box->y1;
}

static bool is_near(const struct boxes *boxes, const struct kolam_rect *rect) {
    for (int32_t at = 0; at <= KOLAM_LEVEL_MAX - KOLAM_LEVEL_MIN; at++) {
        if (boxes->levels >> at & 1 && kolam_rects_touch(&boxes->of_level[at], rect)) {
            return true;
        }
    }
    return false;
}

#define LOOKS_MAX (1u << 18) /* homes times areas: beyond, the box of the ink is the ink */

/* Most ink is far from all of them: its boxes are tried first. */
bool kolam_quiet_has_ink(const struct kolam_quiet *quiet, const struct kolam_home *homes,
                         uint32_t home_count) {
    struct boxes boxes = {.levels = 0};
    uint32_t looks = 0;
    if (!quiet) {
        return false;
    }
    for (uint32_t i = 0; i < home_count; i++) {
        const struct kolam_rect rect = rect_of_home(&homes[i]);
        add_to_boxes(&boxes, &rect);
    }
    for (uint32_t i = 0; i < quiet->count; i++) {
        if (!is_near(&boxes, &quiet->rects[i])) {
            continue;
        }
        looks += home_count;
        if (looks > LOOKS_MAX) {
            return true;
        }
        for (uint32_t j = 0; j < home_count; j++) {
            const struct kolam_rect rect = rect_of_home(&homes[j]);
            if (kolam_rects_touch(&quiet->rects[i], &rect)) {
                return true;
            }
        }
    }
    return false;
}

bool kolam_area_has(const struct kolam_policy_area *area, uint32_t artist) {
    if (artist == 0) {
        return false;
    }
    for (uint32_t i = 0; i < area->member_count; i++) {
        if (area->members[i] == artist) {
            return true;
        }
    }
    return area->owner == artist;
}
