/* The fold of acts into what holds; see policy.h. Pure but for memory. */
#include "kolam/policy.h"

#include <string.h>

#include "kolam/alloc.h"
#include "policy_votes.h"

/* ---- one thing's acts ---- */

static bool act_holds(const struct kolam_kept_act *act, int64_t now_ms) {
    return !act->is_undone && (act->until_ms == 0 || now_ms < act->until_ms);
}

/* The act that holds of it, or NULL. */
static const struct kolam_kept_act *current(const struct kolam_policy_thing *thing,
                                            int64_t now_ms) {
    for (uint32_t i = thing->count; i-- > 0;) {
        if (act_holds(&thing->acts[i], now_ms)) {
            return &thing->acts[i];
        }
    }
    return NULL;
}

/* Whether nothing would be lost that could still show: what was given and taken back, or is over. */
static bool is_over(const struct kolam_policy_thing *thing, int64_t now_ms, uint32_t none) {
    const struct kolam_kept_act *act = current(thing, now_ms);
    return !act || act->value == none;
}

static void drop_act(struct kolam_policy_thing *thing, uint32_t at) {
    kolam_free(thing->acts[at].area);
    thing->count--;
    memmove(thing->acts + at, thing->acts + at + 1, (thing->count - at) * sizeof *thing->acts);
}

static void finish_thing(struct kolam_policy_thing *thing) {
    while (thing->count > 0) {
        drop_act(thing, thing->count - 1);
    }
    kolam_free(thing->acts);
    thing->acts = NULL;
}

/* Whether the same one decided anew since, for as long. */
static bool is_covered_by_own(const struct kolam_policy_thing *thing, uint32_t at) {
    const struct kolam_kept_act *act = &thing->acts[at];
    for (uint32_t i = at + 1; i < thing->count; i++) {
        const struct kolam_kept_act *newer = &thing->acts[i];
        if (newer->by == act->by && newer->is_operators == act->is_operators &&
            (newer->until_ms == 0 || (act->until_ms != 0 && newer->until_ms >= act->until_ms))) {
            return true;
        }
    }
    return false;
}

/* Which act goes for a newer one: one that cannot show any more; else one that its maker did over, so that nobody pushes out what others
 * decided and then takes back their own; else the oldest, unless it alone is for good: then the oldest of those whose time ends. */
static uint32_t least_needed(const struct kolam_policy_thing *thing, int64_t now_ms) {
    bool is_covered = false;
    for (uint32_t i = 0; i < thing->count; i++) {
        if (!act_holds(&thing->acts[i], now_ms)) {
            return i;
        }
        is_covered |= i > 0 && thing->acts[i].until_ms == 0;
    }
    for (uint32_t i = 0; i < thing->count; i++) {
        if (is_covered_by_own(thing, i)) {
            return i;
        }
    }
    return is_covered ? 0 : 1;
}

/* Takes the ownership of act->area, also without memory. */
static bool push(struct kolam_policy_thing *thing, const struct kolam_kept_act *act) {
    if (!thing->acts) {
        thing->acts = kolam_alloc_array(KOLAM_ACTS_KEPT_MAX, sizeof *thing->acts);
    }
    if (!thing->acts) {
        kolam_free(act->area);
        return false;
    }
    if (thing->count == KOLAM_ACTS_KEPT_MAX) {
        drop_act(thing, least_needed(thing, act->time_ms));
    }
    thing->acts[thing->count++] = *act;
    return true;
}

/* ---- lists of things, in order of their keys ---- */

static uint32_t lower_bound(const struct kolam_policy_thing *things, uint32_t count, uint64_t key) {
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (things[middle].key < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct kolam_policy_thing *find(struct kolam_policy_thing *things, uint32_t count,
                                       uint64_t key) {
    const uint32_t at = lower_bound(things, count, key);
    return at < count && things[at].key == key ? &things[at] : NULL;
}

/* The first that may go for another, or `count`. */
static uint32_t find_over(const struct kolam_policy_thing *things, uint32_t count, int64_t now_ms,
                          uint32_t none) {
    uint32_t at = 0;
    while (at < count && !is_over(&things[at], now_ms, none)) {
        at++;
    }
    return at;
}

static void remove_at(struct kolam_policy_thing *things, uint32_t *count, uint32_t at) {
    finish_thing(&things[at]);
    --*count;
    memmove(things + at, things + at + 1, (*count - at) * sizeof *things);
}

static struct kolam_policy_thing *insert(struct kolam_policy_thing *things, uint32_t *count,
                                         uint64_t key) {
    const uint32_t at = lower_bound(things, *count, key);
    memmove(things + at + 1, things + at, (*count - at) * sizeof *things);
    things[at] = (struct kolam_policy_thing){.key = key};
    ++*count;
    return &things[at];
}

/* Room in the acts, and in what a refresh fills from them. */
static bool has_room(struct kolam_policy_thing **things, uint32_t count, uint32_t *capacity,
                     void **shown, size_t shown_size) {
    if (count < *capacity) {
        return true;
    }
    const uint32_t more = *capacity ? *capacity * 2 : 16;
    void *grown = kolam_realloc_array(*things, more, sizeof **things);
    if (!grown) {
        return false;
    }
    *things = grown;
    grown = kolam_realloc_array(*shown, more, shown_size);
    if (!grown) {
        return false;
    }
    *shown = grown;
    *capacity = more;
    return true;
}

/* ---- areas ---- */

static struct kolam_policy_area *make_area(const struct kolam_act *act, uint64_t seq,
                                           uint64_t act_seq) {
    const size_t members = act->member_count * sizeof *act->members;
    const size_t name = strlen(act->name) + 1;
    struct kolam_policy_area *area = kolam_alloc(sizeof *area + members + name);
    if (area) {
        uint32_t *own_members = (uint32_t *)(area + 1);
        char *own_name = (char *)own_members + members;
        memcpy(own_members, act->members, members);
        memcpy(own_name, act->name, name);
        *area = (struct kolam_policy_area){.seq = seq,
                                           .act_seq = act_seq,
                                           .kind = act->area,
                                           .rect = act->rect,
                                           .until_ms = act->until_ms,
                                           .owner = act->owner,
                                           .member_count = act->member_count,
                                           .members = own_members,
                                           .name = own_name};
    }
    return area;
}

/* The thing that an area's act is of; *out_thing NULL: none, and nothing is to be done. */
static bool area_thing(struct kolam_policy *policy, uint64_t seq, int64_t time_ms,
                       const struct kolam_act *act, struct kolam_policy_thing **out_thing) {
    void *shown = policy->areas;
    *out_thing = NULL;
    if (act->of_seq != 0) {
        *out_thing = find(policy->area_acts, policy->area_acts_count, act->of_seq);
        return true;
    }
    if (policy->area_acts_count >= KOLAM_AREAS_MAX) {
        const uint32_t over =
            find_over(policy->area_acts, policy->area_acts_count, time_ms, KOLAM_AREA_PLAIN);
        if (over == policy->area_acts_count) {
            return true;
        }
        remove_at(policy->area_acts, &policy->area_acts_count, over);
    }
    const bool has_memory = has_room(&policy->area_acts, policy->area_acts_count,
                                     &policy->area_acts_capacity, &shown, sizeof *policy->areas);
    policy->areas = shown;
    if (has_memory) {
        *out_thing = insert(policy->area_acts, &policy->area_acts_count, seq);
    }
    return has_memory;
}

static bool apply_area(struct kolam_policy *policy, struct kolam_kept_act *kept,
                       const struct kolam_act *act) {
    struct kolam_policy_thing *thing;
    if (!area_thing(policy, kept->seq, kept->time_ms, act, &thing)) {
        return false;
    }
    if (!thing) {
        return true;
    }
    kept->area = make_area(act, thing->key, kept->seq);
    return kept->area && push(thing, kept);
}

static bool apply_role(struct kolam_policy *policy, const struct kolam_kept_act *kept,
                       const struct kolam_act *act) {
    struct kolam_policy_thing *thing =
        find(policy->role_acts, policy->role_acts_count, act->artist);
    if (!thing && policy->role_acts_count >= KOLAM_ROLES_GIVEN_MAX) {
        const uint32_t over =
            find_over(policy->role_acts, policy->role_acts_count, kept->time_ms, KOLAM_ROLE_EARNED);
        if (over == policy->role_acts_count) {
            return true;
        }
        remove_at(policy->role_acts, &policy->role_acts_count, over);
    }
    if (!thing) {
        void *shown = policy->roles;
        const bool has_memory =
            has_room(&policy->role_acts, policy->role_acts_count, &policy->role_acts_capacity,
                     &shown, sizeof *policy->roles);
        policy->roles = shown;
        if (!has_memory) {
            return false;
        }
        thing = insert(policy->role_acts, &policy->role_acts_count, act->artist);
    }
    return push(thing, kept);
}

/* ---- acts by their seqs ---- */

static struct kolam_kept_act *act_of(const struct kolam_policy_thing *things, uint32_t count,
                                     uint64_t seq) {
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < things[i].count; j++) {
            if (things[i].acts[j].seq == seq) {
                return &things[i].acts[j];
            }
        }
    }
    return NULL;
}

static struct kolam_kept_act *find_act(const struct kolam_policy *policy, uint64_t seq,
                                       enum kolam_act_kind *out_kind) {
    const struct {
        enum kolam_act_kind kind;
        const struct kolam_policy_thing *things;
        uint32_t count;
    } lists[] = {
        {KOLAM_ACT_MODE, &policy->mode_acts, 1},
        {KOLAM_ACT_VOTES, &policy->votes_acts, 1},
        {KOLAM_ACT_AREA, policy->area_acts, policy->area_acts_count},
        {KOLAM_ACT_ROLE, policy->role_acts, policy->role_acts_count},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct kolam_kept_act *act = act_of(lists[i].things, lists[i].count, seq);
        if (act) {
            *out_kind = lists[i].kind;
            return act;
        }
    }
    return NULL;
}

const struct kolam_kept_act *kolam_policy_find_act(const struct kolam_policy *policy, uint64_t seq,
                                                   enum kolam_act_kind *out_kind) {
    return find_act(policy, seq, out_kind);
}

/* ---- the fold ---- */

static void apply_undo(struct kolam_policy *policy, uint64_t seq) {
    enum kolam_act_kind kind;
    struct kolam_kept_act *act = find_act(policy, seq, &kind);
    if (act) {
        act->is_undone = true;
    }
}

bool kolam_policy_apply(struct kolam_policy *policy, uint64_t seq, int64_t time_ms, uint32_t by,
                        const struct kolam_act *act) {
    struct kolam_kept_act kept = {.seq = seq,
                                  .time_ms = time_ms,
                                  .until_ms = act->until_ms,
                                  .by = by,
                                  .is_operators = act->is_operators};
    if (seq <= policy->last_seq) {
        return true; /* known already */
    }
    policy->last_seq = seq;
    switch (act->kind) {
    case KOLAM_ACT_MODE:
        kept.value = act->mode;
        return push(&policy->mode_acts, &kept);
    case KOLAM_ACT_VOTES:
        kept.value = act->votes;
        return push(&policy->votes_acts, &kept);
    case KOLAM_ACT_AREA:
        kept.value = act->area;
        return apply_area(policy, &kept, act);
    case KOLAM_ACT_ROLE:
        kept.value = (uint32_t)act->role;
        return apply_role(policy, &kept, act);
    case KOLAM_ACT_VOTE:
        return kolam_policy_vote(policy, seq, by, act->stroke_seq);
    case KOLAM_ACT_UNVOTE:
        kolam_policy_unvote(policy, by, act);
        return true;
    case KOLAM_ACT_VOTED: /* who wants it hidden again votes again */
        kolam_policy_drop_ballot(policy, act->stroke_seq);
        return true;
    case KOLAM_ACT_UNDO:
        apply_undo(policy, act->act_seq);
        return true;
    default:
        return true;
    }
}

void kolam_policy_finish(struct kolam_policy *policy) {
    finish_thing(&policy->mode_acts);
    finish_thing(&policy->votes_acts);
    for (uint32_t i = 0; i < policy->area_acts_count; i++) {
        finish_thing(&policy->area_acts[i]);
    }
    for (uint32_t i = 0; i < policy->role_acts_count; i++) {
        finish_thing(&policy->role_acts[i]);
    }
    kolam_free(policy->area_acts);
    kolam_free(policy->role_acts);
    kolam_free(policy->ballots);
    kolam_free(policy->areas);
    kolam_free(policy->roles);
    memset(policy, 0, sizeof *policy);
}

/* ---- what holds ---- */

static const struct kolam_kept_act *current_until(const struct kolam_policy_thing *thing,
                                                  int64_t now_ms, int64_t *changes_ms) {
    const struct kolam_kept_act *act = current(thing, now_ms);
    if (act && act->until_ms != 0 && act->until_ms < *changes_ms) {
        *changes_ms = act->until_ms;
    }
    return act;
}

static void refresh_lists(struct kolam_policy *policy, int64_t now_ms, int64_t *changes_ms) {
    policy->area_count = policy->role_count = 0;
    for (uint32_t i = 0; i < policy->area_acts_count; i++) {
        const struct kolam_kept_act *act = current_until(&policy->area_acts[i], now_ms, changes_ms);
        if (act && act->value != KOLAM_AREA_PLAIN) {
            policy->areas[policy->area_count++] = act->area;
        }
    }
    for (uint32_t i = 0; i < policy->role_acts_count; i++) {
        const struct kolam_kept_act *act = current(&policy->role_acts[i], now_ms);
        if (act && act->value != KOLAM_ROLE_EARNED) {
            policy->roles[policy->role_count++] = (struct kolam_given_role){
                (uint32_t)policy->role_acts[i].key, (enum kolam_role)act->value};
        }
    }
}

void kolam_policy_refresh(struct kolam_policy *policy, int64_t now_ms) {
    int64_t changes_ms = INT64_MAX;
    const struct kolam_kept_act *mode = current_until(&policy->mode_acts, now_ms, &changes_ms);
    const struct kolam_kept_act *votes = current(&policy->votes_acts, now_ms);
    policy->mode = mode ? (enum kolam_canvas_mode)mode->value : KOLAM_MODE_OPEN;
    policy->mode_until_ms = mode ? mode->until_ms : 0;
    policy->votes = votes ? votes->value : 0;
    refresh_lists(policy, now_ms, &changes_ms);
    policy->changes_ms = changes_ms;
}

struct reading {
    struct kolam_policy *policy;
    struct kolam_op_room *room;
    struct kolam_act act;
    enum kolam_status status;
};

static bool read_record(void *ctx, const struct kolam_log_row *row) {
    struct reading *reading = ctx;
    struct kolam_op op;
    if (kolam_op_decode(row->body, row->body_size_bytes, reading->room, &op) != KOLAM_OK ||
        op.kind != KOLAM_OP_RECORD) {
        return true;
    }
    const enum kolam_status status =
        kolam_act_decode(op.record, op.record_size_bytes, &reading->act);
    if (status == KOLAM_ERR_NOMEM ||
        (status == KOLAM_OK && !kolam_policy_apply(reading->policy, row->seq, row->time_ms,
                                                   row->artist, &reading->act))) {
        reading->status = KOLAM_ERR_NOMEM;
    }
    return reading->status == KOLAM_OK;
}

enum kolam_status kolam_policy_read(struct kolam_reader *reader, int64_t now_ms,
                                    struct kolam_policy *out_policy) {
    struct reading reading = {.policy = out_policy, .room = kolam_alloc(sizeof *reading.room)};
    memset(out_policy, 0, sizeof *out_policy);
    if (!reading.room) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status = kolam_reader_records(reader, read_record, &reading);
    kolam_free(reading.room);
    kolam_policy_refresh(out_policy, now_ms);
    return status == KOLAM_OK ? reading.status : status;
}

/* ---- questions ---- */

static enum kolam_status check_area(const struct kolam_policy *policy, const struct kolam_act *act,
                                    int64_t now_ms) {
    if (act->of_seq != 0) {
        const struct kolam_policy_thing *thing =
            find(policy->area_acts, policy->area_acts_count, act->of_seq);
        const bool is_there = thing && !is_over(thing, now_ms, KOLAM_AREA_PLAIN);
        return is_there ? KOLAM_OK : KOLAM_ERR_NOT_FOUND;
    }
    return policy->area_acts_count < KOLAM_AREAS_MAX ||
                   find_over(policy->area_acts, policy->area_acts_count, now_ms, KOLAM_AREA_PLAIN) <
                       policy->area_acts_count
               ? KOLAM_OK
               : KOLAM_ERR_FULL;
}

static enum kolam_status check_role(const struct kolam_policy *policy, const struct kolam_act *act,
                                    int64_t now_ms) {
    return policy->role_acts_count < KOLAM_ROLES_GIVEN_MAX ||
                   find(policy->role_acts, policy->role_acts_count, act->artist) ||
                   find_over(policy->role_acts, policy->role_acts_count, now_ms,
                             KOLAM_ROLE_EARNED) < policy->role_acts_count
               ? KOLAM_OK
               : KOLAM_ERR_FULL;
}

enum kolam_status kolam_policy_check(const struct kolam_policy *policy, const struct kolam_act *act,
                                     int64_t now_ms) {
    enum kolam_act_kind kind;
    if (act->until_ms != 0 && act->until_ms <= now_ms) {
        return KOLAM_ERR_INVALID;
    }
    if (act->kind == KOLAM_ACT_AREA) {
        return check_area(policy, act, now_ms);
    }
    if (act->kind == KOLAM_ACT_ROLE) {
        return check_role(policy, act, now_ms);
    }
    if (act->kind == KOLAM_ACT_UNDO) {
        const struct kolam_kept_act *found = find_act(policy, act->act_seq, &kind);
        return found && !found->is_undone ? KOLAM_OK : KOLAM_ERR_NOT_FOUND;
    }
    return KOLAM_OK;
}
