/* Acts: lines of JSON are decoded; what is one keeps its bounds, is encoded and says the same again; and the fold of all of them stays
 * within its bounds, whatever they say, and says the same when it is made again. */
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

static struct kolam_op_room room;
static struct kolam_act act, again;

static void check_round_trip(void) {
    uint8_t *body;
    size_t body_size;
    struct kolam_op op;
    require(kolam_act_encode(&act, &body, &body_size) == KOLAM_OK);
    require(kolam_op_decode(body, body_size, &room, &op) == KOLAM_OK);
    require(kolam_act_decode(op.record, op.record_size_bytes, &again) == KOLAM_OK);
    require(again.kind == act.kind && again.mode == act.mode && again.area == act.area);
    require(memcmp(&again.rect, &act.rect, sizeof act.rect) == 0);
    require(again.of_seq == act.of_seq && again.owner == act.owner && again.role == act.role);
    require(again.member_count == act.member_count && again.artist == act.artist);
    require(again.until_ms == act.until_ms && again.votes == act.votes);
    require(again.stroke_seq == act.stroke_seq && again.act_seq == act.act_seq);
    require(strcmp(again.name, act.name) == 0 && strcmp(again.why, act.why) == 0);
    kolam_free(body);
}

static void check_bounds(const struct kolam_policy *policy) {
    require(policy->area_count <= KOLAM_AREAS_MAX && policy->role_count <= KOLAM_ROLES_GIVEN_MAX);
    require((unsigned)policy->mode < KOLAM_MODES && policy->votes <= KOLAM_VOTES_MAX);
    for (uint32_t i = 0; i < policy->area_count; i++) {
        const struct kolam_policy_area *area = policy->areas[i];
        require(i == 0 || policy->areas[i - 1]->seq < area->seq);
        require(area->kind != KOLAM_AREA_PLAIN && kolam_level_is_valid(area->rect.level));
        uint32_t index = 0;
        require(kolam_policy_area_at(policy, &area->rect, &index) != NULL);
    }
    for (uint32_t i = 1; i < policy->role_count; i++) {
        require(policy->roles[i - 1].artist < policy->roles[i].artist);
    }
}

static void fold(struct kolam_policy *policy, const uint8_t *bytes, size_t size_bytes) {
    uint64_t seq = 0;
    while (size_bytes > 0) {
        const uint8_t *end = memchr(bytes, '\n', size_bytes);
        const size_t line = end ? (size_t)(end - bytes) : size_bytes;
        seq++;
        if (kolam_act_decode(bytes, line, &act) == KOLAM_OK && act.kind != KOLAM_ACT_OTHER) {
            check_round_trip();
            (void)!kolam_policy_check(policy, &act, (int64_t)seq);
            require(kolam_policy_apply(policy, seq, (int64_t)seq, (uint32_t)seq, &act));
            kolam_policy_refresh(policy, (int64_t)seq);
            check_bounds(policy);
        }
        bytes += line + (end != NULL);
        size_bytes -= line + (end != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    struct kolam_policy one = {0}, other = {0};
    fold(&one, bytes, size_bytes);
    fold(&other, bytes, size_bytes);
    require(one.mode == other.mode && one.votes == other.votes);
    require(one.area_count == other.area_count && one.role_count == other.role_count);
    kolam_policy_refresh(&one, INT64_MAX);
    check_bounds(&one);
    require(one.changes_ms == INT64_MAX);
    kolam_policy_finish(&one);
    kolam_policy_finish(&other);
    return 0;
}
