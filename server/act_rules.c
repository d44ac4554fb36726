/* Acts' rights; see act_rules.h. Freezing is first aid: moderators do it, and take it back. All else sets the canvas up, and is the owner's. */
#include "act_rules.h"

static bool is_same_place(const struct kolam_policy_area *area, const struct kolam_act *act) {
    const struct kolam_rect *a = &area->rect, *b = &act->rect;
    return a->level == b->level && a->x0 == b->x0 && a->y0 == b->y0 && a->x1 == b->x1 &&
           a->y1 == b->y1;
}

/* The same area, but for what it is called and who its members are. */
static bool is_same_but_members(const struct kolam_policy_area *area, const struct kolam_act *act) {
    return area->kind == act->area && area->owner == act->owner &&
           area->until_ms == act->until_ms && is_same_place(area, act);
}

static enum kolam_action area_needs(const struct kolam_policy *policy, const struct kolam_act *act,
                                    uint32_t artist) {
    const struct kolam_policy_area *area = kolam_policy_find_area(policy, act->of_seq);
    const bool is_only_frozen =
        act->of_seq != 0 && kolam_policy_area_is_only(policy, act->of_seq, KOLAM_AREA_FROZEN);
    if (act->area == KOLAM_AREA_PLAIN && is_only_frozen) {
        return KOLAM_ACTION_FREEZE;
    }
    if (act->area == KOLAM_AREA_FROZEN) { /* what is more than frozen does not go elsewhere so */
        return act->of_seq == 0 || is_only_frozen || !area || is_same_place(area, act)
                   ? KOLAM_ACTION_FREEZE
                   : KOLAM_ACTION_CONFIGURE;
    }
    return area && artist != 0 && area->owner == artist && is_same_but_members(area, act)
               ? KOLAM_ACTION_CHANGE_OWN
               : KOLAM_ACTION_CONFIGURE;
}

static enum kolam_action undo_needs(const struct kolam_policy *policy, uint64_t seq) {
    enum kolam_act_kind kind;
    const struct kolam_kept_act *act = kolam_policy_find_act(policy, seq, &kind);
    const bool is_freezing =
        act && ((kind == KOLAM_ACT_MODE && act->value == KOLAM_MODE_READ_ONLY) ||
                (kind == KOLAM_ACT_AREA && act->value == KOLAM_AREA_FROZEN));
    return is_freezing ? KOLAM_ACTION_FREEZE : KOLAM_ACTION_CONFIGURE;
}

enum kolam_action kolam_act_needs(const struct kolam_policy *policy, const struct kolam_act *act,
                                  uint32_t artist) {
    switch (act->kind) {
    case KOLAM_ACT_MODE:
        return act->mode == KOLAM_MODE_READ_ONLY ? KOLAM_ACTION_FREEZE : KOLAM_ACTION_CONFIGURE;
    case KOLAM_ACT_AREA:
        return area_needs(policy, act, artist);
    case KOLAM_ACT_UNDO:
        return undo_needs(policy, act->act_seq);
    default:
        return KOLAM_ACTION_CONFIGURE;
    }
}

uint32_t kolam_act_newest_artist(const struct kolam_act *act) {
    uint32_t newest = act->kind == KOLAM_ACT_ROLE ? act->artist : 0;
    if (act->kind == KOLAM_ACT_AREA) {
        newest = act->owner;
        for (uint32_t i = 0; i < act->member_count; i++) {
            newest = act->members[i] > newest ? act->members[i] : newest;
        }
    }
    return newest;
}
