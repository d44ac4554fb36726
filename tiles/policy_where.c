/* What holds, asked: whose role, which areas lie where; see policy.h. Pure. */
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
