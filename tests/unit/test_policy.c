/* Acts as records, and the fold of them into what holds: replaced, taken back, over, past a bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../support/canvas_fixture.h"
#include "kolam/alloc.h"
#include "kolam/policy.h"

static struct kolam_op_room room;

static enum kolam_status decode(const char *json, struct kolam_act *out_act) {
    return kolam_act_decode((const uint8_t *)json, strlen(json), out_act);
}

static const char frozen_area[] = "{\"kind\":\"area\",\"area\":\"frozen\",\"name\":\"The "
                                  "bridge\",\"level\":2,\"x\":\"-100\",\"y\":"
                                  "\"0\",\"width\":500,\"height\":400,\"owner\":12,\"members\":[3,"
                                  "4],\"until\":5000,\"why\":\"rest\"}";

/* ---- records ---- */

static void every_kind_is_written_and_read_again(void **state) {
    (void)state;
    static const char *const records[] = {
        "{\"kind\":\"mode\",\"mode\":\"newcomers\",\"until\":1800000000000,\"why\":\"a flood\"}",
        "{\"kind\":\"mode\",\"mode\":\"read-only\"}",
        frozen_area,
        "{\"kind\":\"area\",\"area\":\"plain\",\"of\":\"4711\"}",
        "{\"kind\":\"area\",\"area\":\"owned\",\"of\":\"4711\",\"level\":24,\"x\":"
        "\"36028797018963967\",\"y\":"
        "\"-36028797018963968\",\"width\":1,\"height\":1,\"owner\":1}",
        "{\"kind\":\"role\",\"artist\":12,\"role\":\"mentor\",\"why\":\"helps\"}",
        "{\"kind\":\"role\",\"artist\":12,\"role\":\"earned\"}",
        "{\"kind\":\"votes\",\"hide\":3}",
        "{\"kind\":\"votes\",\"hide\":0}",
        "{\"kind\":\"vote\",\"stroke\":\"17\"}",
        "{\"kind\":\"unvote\",\"stroke\":\"17\",\"artists\":[3,4]}",
        "{\"kind\":\"unvote\",\"stroke\":\"17\",\"artists\":[]}",
        "{\"kind\":\"voted\",\"votes\":3,\"stroke\":\"17\"}",
        "{\"kind\":\"rollback\",\"strokes\":37,\"artists\":[3],\"why\":\"spam\"}",
        "{\"kind\":\"undo\",\"act\":\"9223372036854775807\"}",
    };
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        struct kolam_act act;
        struct kolam_op op;
        uint8_t *body;
        size_t size;
        assert_int_equal(decode(records[i], &act), KOLAM_OK);
        assert_int_not_equal(act.kind, KOLAM_ACT_OTHER);
        assert_int_equal(kolam_act_encode(&act, &body, &size), KOLAM_OK);
        assert_int_equal(kolam_op_decode(body, size, &room, &op), KOLAM_OK);
        assert_int_equal(op.record_size_bytes, strlen(records[i]));
        assert_memory_equal(op.record, records[i], op.record_size_bytes);
        kolam_free(body);
    }
}

static void a_record_that_claims_to_be_an_act_and_breaks_a_bound_is_none(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "{\"kind\":\"mode\"}",
        "{\"kind\":\"mode\",\"mode\":\"closed\"}",
        "{\"kind\":\"mode\",\"mode\":7}",
        "{\"kind\":\"mode\",\"mode\":\"open\",\"until\":0}",
        "{\"kind\":\"mode\",\"mode\":\"open\",\"until\":-1}",
        "{\"kind\":\"mode\",\"mode\":\"open\",\"until\":\"soon\"}",
        "{\"kind\":\"mode\",\"mode\":\"open\",\"until\":999999999999999}",
        "{\"kind\":\"mode\",\"mode\":\"open\",\"why\":7}",
        "{\"kind\":\"mode\",\"mode\":\"open\",\"why\":\"a\\nb\"}",
        "{\"kind\":\"area\",\"area\":\"plain\"}",
        "{\"kind\":\"area\",\"area\":\"frozen\"}",
        "{\"kind\":\"area\",\"area\":\"frozen\",\"level\":0,\"x\":\"0\",\"y\":\"0\",\"width\":0,"
        "\"height\":1}",
        "{\"kind\":\"area\",\"area\":\"frozen\",\"level\":25,\"x\":\"0\",\"y\":\"0\",\"width\":1,"
        "\"height\":1}",
        "{\"kind\":\"area\",\"area\":\"frozen\",\"level\":0,\"x\":\"2147483648\",\"y\":\"0\","
        "\"width\":1,\"height\":1}",
        "{\"kind\":\"area\",\"area\":\"frozen\",\"level\":0,\"x\":\"2147483647\",\"y\":\"0\","
        "\"width\":2,\"height\":1}",
        "{\"kind\":\"area\",\"area\":\"frozen\",\"level\":0,\"x\":\" "
        "1\",\"y\":\"0\",\"width\":2,\"height\":1}",
        "{\"kind\":\"area\",\"area\":\"frozen\",\"level\":0,\"x\":\"+1\",\"y\":\"0\",\"width\":2,"
        "\"height\":1}",
        "{\"kind\":\"area\",\"area\":\"frozen\",\"level\":0,\"x\":\"1x\",\"y\":\"0\",\"width\":2,"
        "\"height\":1}",
        "{\"kind\":\"area\",\"area\":\"frozen\",\"level\":0,\"x\":1.5,\"y\":\"0\",\"width\":2,"
        "\"height\":1}",
        "{\"kind\":\"area\",\"area\":\"owned\",\"level\":0,\"x\":\"0\",\"y\":\"0\",\"width\":1,"
        "\"height\":1,\"owner\":0}",
        "{\"kind\":\"area\",\"area\":\"owned\",\"level\":0,\"x\":\"0\",\"y\":\"0\",\"width\":1,"
        "\"height\":1,\"members\":[0]}",
        "{\"kind\":\"area\",\"area\":\"owned\",\"level\":0,\"x\":\"0\",\"y\":\"0\",\"width\":1,"
        "\"height\":1,\"members\":3}",
        "{\"kind\":\"area\",\"area\":\"owned\",\"level\":0,\"x\":\"0\",\"y\":\"0\",\"width\":1,"
        "\"height\":1,\"of\":\"0\"}",
        "{\"kind\":\"area\",\"area\":\"owned\",\"level\":0,\"x\":\"0\",\"y\":\"0\",\"width\":1,"
        "\"height\":1,\"name\":\"   \"}",
        "{\"kind\":\"role\",\"artist\":0,\"role\":\"mentor\"}",
        "{\"kind\":\"role\",\"artist\":4294967296,\"role\":\"mentor\"}",
        "{\"kind\":\"role\",\"artist\":1,\"role\":\"watcher\"}",
        "{\"kind\":\"role\",\"artist\":1,\"role\":\"king\"}",
        "{\"kind\":\"votes\",\"hide\":1}",
        "{\"kind\":\"votes\",\"hide\":65}",
        "{\"kind\":\"vote\",\"stroke\":\"0\"}",
        "{\"kind\":\"vote\"}",
        "{\"kind\":\"unvote\",\"artists\":[3]}",
        "{\"kind\":\"unvote\",\"stroke\":\"17\",\"artists\":[0]}",
        "{\"kind\":\"rollback\",\"strokes\":-1}",
        "{\"kind\":\"undo\",\"act\":\"-1\"}",
        "{\"kind\":\"undo\",\"act\":\"9223372036854775808\"}",
    };
    struct kolam_act act;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (decode(wrong[i], &act) != KOLAM_ERR_INVALID) {
            fail_msg("was taken for an act: %s", wrong[i]);
        }
    }
}

static void records_of_other_kinds_are_left_alone(void **state) {
    (void)state;
    static const char *const others[] = {"{}",
                                         "[]",
                                         "7",
                                         "not JSON",
                                         "{\"kind\":\"place\"}",
                                         "{\"kind\":7}",
                                         "{\"kind\":\"challenge\",\"mode\":7}"};
    struct kolam_act act;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(decode(others[i], &act), KOLAM_OK);
        assert_int_equal(act.kind, KOLAM_ACT_OTHER);
    }
}

/* ---- the fold ---- */

static void apply(struct kolam_policy *policy, uint64_t seq, int64_t time_ms, const char *json) {
    struct kolam_act act;
    assert_int_equal(decode(json, &act), KOLAM_OK);
    assert_true(kolam_policy_apply(policy, seq, time_ms, 1, &act));
    kolam_policy_refresh(policy, time_ms);
}

static enum kolam_status check(const struct kolam_policy *policy, int64_t now_ms,
                               const char *json) {
    struct kolam_act act;
    assert_int_equal(decode(json, &act), KOLAM_OK);
    return kolam_policy_check(policy, &act, now_ms);
}

static void a_mode_holds_until_it_is_over_and_what_was_before_comes_back(void **state) {
    (void)state;
    struct kolam_policy policy = {0};
    assert_int_equal(policy.mode, KOLAM_MODE_OPEN);
    apply(&policy, 1, 100, "{\"kind\":\"mode\",\"mode\":\"newcomers\"}");
    apply(&policy, 2, 200, "{\"kind\":\"mode\",\"mode\":\"read-only\",\"until\":1000}");
    assert_int_equal(policy.mode, KOLAM_MODE_READ_ONLY);
    assert_int_equal(policy.mode_until_ms, 1000);
    assert_int_equal(policy.changes_ms, 1000);
    kolam_policy_refresh(&policy, 999);
    assert_int_equal(policy.mode, KOLAM_MODE_READ_ONLY);
    kolam_policy_refresh(&policy, 1000);
    assert_int_equal(policy.mode, KOLAM_MODE_NEWCOMERS);
    assert_int_equal(policy.mode_until_ms, 0);
    assert_true(policy.changes_ms == INT64_MAX);
    kolam_policy_refresh(&policy, 500); /* a clock that goes back */
    assert_int_equal(policy.mode, KOLAM_MODE_READ_ONLY);
    kolam_policy_finish(&policy);
}

static void an_undo_takes_back_whatever_came_after(void **state) {
    (void)state;
    struct kolam_policy policy = {0};
    apply(&policy, 1, 100, "{\"kind\":\"mode\",\"mode\":\"newcomers\"}");
    apply(&policy, 2, 200, "{\"kind\":\"mode\",\"mode\":\"invited\"}");
    apply(&policy, 3, 300, "{\"kind\":\"undo\",\"act\":\"1\"}");
    assert_int_equal(policy.mode, KOLAM_MODE_INVITED);
    assert_int_equal(check(&policy, 300, "{\"kind\":\"undo\",\"act\":\"1\"}"), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(check(&policy, 300, "{\"kind\":\"undo\",\"act\":\"3\"}"), KOLAM_ERR_NOT_FOUND);
    assert_int_equal(check(&policy, 300, "{\"kind\":\"undo\",\"act\":\"2\"}"), KOLAM_OK);
    apply(&policy, 4, 400, "{\"kind\":\"undo\",\"act\":\"2\"}");
    assert_int_equal(policy.mode, KOLAM_MODE_OPEN);
    apply(&policy, 4, 400, "{\"kind\":\"mode\",\"mode\":\"invited\"}"); /* known already */
    assert_int_equal(policy.mode, KOLAM_MODE_OPEN);
    kolam_policy_finish(&policy);
}

static void an_area_is_made_replaced_taken_away_and_brought_back(void **state) {
    (void)state;
    struct kolam_policy policy = {0};
    apply(&policy, 7, 100,
          "{\"kind\":\"area\",\"area\":\"owned\",\"name\":\"Garden\",\"level\":0,\"x\":\"0\",\"y\":"
          "\"0\","
          "\"width\":100,\"height\":100,\"owner\":3,\"members\":[5,6]}");
    assert_int_equal(policy.area_count, 1);
    const struct kolam_policy_area *area = policy.areas[0];
    assert_int_equal(area->seq, 7);
    assert_string_equal(area->name, "Garden");
    assert_true(kolam_area_has(area, 3) && kolam_area_has(area, 5) && kolam_area_has(area, 6));
    assert_false(kolam_area_has(area, 4) || kolam_area_has(area, 0));
    apply(&policy, 9, 200,
          "{\"kind\":\"area\",\"area\":\"frozen\",\"of\":\"7\",\"level\":0,\"x\":\"0\",\"y\":\"0\","
          "\"width\":"
          "100,\"height\":100,\"until\":900}");
    area = kolam_policy_find_area(&policy, 7);
    assert_int_equal(area->kind, KOLAM_AREA_FROZEN);
    assert_int_equal(area->act_seq, 9);
    assert_false(kolam_policy_area_is_only(&policy, 7, KOLAM_AREA_FROZEN));
    kolam_policy_refresh(&policy, 900);
    assert_int_equal(kolam_policy_find_area(&policy, 7)->kind, KOLAM_AREA_OWNED);
    apply(&policy, 11, 1000, "{\"kind\":\"area\",\"area\":\"plain\",\"of\":\"7\"}");
    assert_int_equal(policy.area_count, 0);
    assert_int_equal(check(&policy, 1000, "{\"kind\":\"area\",\"area\":\"plain\",\"of\":\"7\"}"),
                     KOLAM_ERR_NOT_FOUND);
    apply(&policy, 12, 1100, "{\"kind\":\"undo\",\"act\":\"11\"}");
    assert_string_equal(policy.areas[0]->name, "Garden");
    assert_int_equal(check(&policy, 1100, "{\"kind\":\"area\",\"area\":\"plain\",\"of\":\"8\"}"),
                     KOLAM_ERR_NOT_FOUND);
    apply(&policy, 13, 1200,
          "{\"kind\":\"area\",\"area\":\"plain\",\"of\":\"8\"}"); /* changes nothing */
    assert_int_equal(policy.area_count, 1);
    kolam_policy_finish(&policy);
}

static void roles_are_given_and_go_back_to_what_is_earned(void **state) {
    (void)state;
    struct kolam_policy policy = {0};
    char json[96];
    for (unsigned artist = 40; artist >= 1; artist--) { /* in an order of their own */
        (void)snprintf(json, sizeof json, "{\"kind\":\"role\",\"artist\":%u,\"role\":\"%s\"}",
                       artist, artist % 2 ? "mentor" : "moderator");
        apply(&policy, 100 - artist, 100, json);
    }
    assert_int_equal(policy.role_count, 40);
    for (unsigned artist = 1; artist <= 40; artist++) {
        assert_int_equal(kolam_policy_role(&policy, artist),
                         artist % 2 ? KOLAM_ROLE_MENTOR : KOLAM_ROLE_MODERATOR);
    }
    apply(&policy, 101, 200, "{\"kind\":\"role\",\"artist\":7,\"role\":\"earned\"}");
    assert_int_equal(kolam_policy_role(&policy, 7), KOLAM_ROLE_EARNED);
    assert_int_equal(kolam_policy_role(&policy, 41), KOLAM_ROLE_EARNED);
    assert_int_equal(kolam_policy_role(&policy, 0), KOLAM_ROLE_EARNED);
    assert_int_equal(policy.role_count, 39);
    kolam_policy_finish(&policy);
}

static void a_policy_is_bounded_whatever_the_log_says(void **state) {
    (void)state;
    struct kolam_policy policy = {0};
    struct kolam_act area, role;
    assert_int_equal(decode(frozen_area, &area), KOLAM_OK);
    assert_int_equal(decode("{\"kind\":\"role\",\"artist\":1,\"role\":\"artist\"}", &role),
                     KOLAM_OK);
    area.until_ms = 0;
    for (uint32_t i = 1; i <= 5000; i++) {
        role.artist = i;
        assert_true(kolam_policy_apply(&policy, 2 * i, 10, 1, &area));
        assert_true(kolam_policy_apply(&policy, 2 * i + 1, 10, 1, &role));
    }
    kolam_policy_refresh(&policy, 10);
    assert_int_equal(policy.area_count, KOLAM_AREAS_MAX);
    assert_int_equal(policy.role_count, KOLAM_ROLES_GIVEN_MAX);
    assert_int_equal(kolam_policy_check(&policy, &area, 10), KOLAM_ERR_FULL);
    assert_int_equal(kolam_policy_check(&policy, &role, 10), KOLAM_ERR_FULL);
    /* What was taken away makes room. */
    apply(&policy, 20000, 20, "{\"kind\":\"area\",\"area\":\"plain\",\"of\":\"2\"}");
    apply(&policy, 20001, 20, "{\"kind\":\"role\",\"artist\":3,\"role\":\"earned\"}");
    assert_int_equal(kolam_policy_check(&policy, &area, 20), KOLAM_OK);
    assert_int_equal(kolam_policy_check(&policy, &role, 20), KOLAM_OK);
    assert_true(kolam_policy_apply(&policy, 20002, 30, 1, &area));
    assert_true(kolam_policy_apply(&policy, 20003, 30, 1, &role));
    kolam_policy_refresh(&policy, 30);
    assert_int_equal(policy.area_count, KOLAM_AREAS_MAX);
    assert_non_null(kolam_policy_find_area(&policy, 20002));
    assert_int_equal(kolam_policy_role(&policy, 5000), KOLAM_ROLE_ARTIST);
    kolam_policy_finish(&policy);
}

static void of_many_acts_what_is_for_good_stays_below_what_ends(void **state) {
    (void)state;
    struct kolam_policy policy = {0};
    char json[96];
    apply(&policy, 1, 100, "{\"kind\":\"mode\",\"mode\":\"invited\"}");
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(json, sizeof json, "{\"kind\":\"mode\",\"mode\":\"read-only\",\"until\":%u}",
                       5000 - i);
        apply(&policy, 2 + i, 200, json);
    }
    assert_int_equal(policy.mode_acts.count, KOLAM_ACTS_KEPT_MAX);
    assert_int_equal(policy.mode, KOLAM_MODE_READ_ONLY);
    kolam_policy_refresh(&policy, 5000);
    assert_int_equal(policy.mode, KOLAM_MODE_INVITED);
    for (unsigned i = 0; i < 20; i++) {
        apply(&policy, 200 + i, 300,
              i % 2 ? "{\"kind\":\"mode\",\"mode\":\"open\"}"
                    : "{\"kind\":\"mode\",\"mode\":\"newcomers\"}");
    }
    assert_int_equal(check(&policy, 300, "{\"kind\":\"undo\",\"act\":\"219\"}"), KOLAM_OK);
    assert_int_equal(check(&policy, 300, "{\"kind\":\"undo\",\"act\":\"200\"}"),
                     KOLAM_ERR_NOT_FOUND);
    kolam_policy_finish(&policy);
}

static void what_is_over_already_is_no_act(void **state) {
    (void)state;
    const struct kolam_policy policy = {0};
    assert_int_equal(
        check(&policy, 1000, "{\"kind\":\"mode\",\"mode\":\"invited\",\"until\":1000}"),
        KOLAM_ERR_INVALID);
    assert_int_equal(check(&policy, 999, "{\"kind\":\"mode\",\"mode\":\"invited\",\"until\":1000}"),
                     KOLAM_OK);
}

static void vote(struct kolam_policy *policy, uint64_t seq, uint32_t by, uint64_t stroke_seq) {
    const struct kolam_act act = {.kind = KOLAM_ACT_VOTE, .stroke_seq = stroke_seq};
    assert_true(kolam_policy_apply(policy, seq, 10, by, &act));
}

static uint32_t votes_of(const struct kolam_policy *policy, uint64_t stroke_seq) {
    const struct kolam_ballot *ballot = kolam_policy_ballot(policy, stroke_seq);
    return ballot ? ballot->count : 0;
}

static void votes_are_counted_once_an_artist_and_begin_anew_when_they_were_enough(void **state) {
    (void)state;
    struct kolam_policy policy = {0};
    vote(&policy, 1, 3, 17);
    vote(&policy, 2, 3, 17);
    vote(&policy, 3, 4, 17);
    vote(&policy, 4, 3, 18);
    assert_int_equal(votes_of(&policy, 17), 2);
    assert_int_equal(votes_of(&policy, 18), 1);
    assert_int_equal(votes_of(&policy, 19), 0);
    assert_true(kolam_policy_has_voted(&policy, 17, 4));
    assert_false(kolam_policy_has_voted(&policy, 18, 4));
    const struct kolam_act voted = {.kind = KOLAM_ACT_VOTED, .stroke_seq = 17, .votes = 2};
    assert_true(kolam_policy_apply(&policy, 5, 10, 9, &voted));
    assert_int_equal(votes_of(&policy, 17), 0);
    assert_int_equal(votes_of(&policy, 18), 1);
    for (uint32_t i = 0; i < 3000; i++) {
        vote(&policy, 10 + i, i % 100, 100 + i);
    }
    assert_int_equal(policy.ballot_count, KOLAM_BALLOTS_MAX);
    assert_int_equal(votes_of(&policy, 18), 0); /* the oldest went */
    for (uint32_t i = 0; i < 100; i++) {
        vote(&policy, 4000 + i, 1000 + i, 3099);
    }
    assert_int_equal(votes_of(&policy, 3099), KOLAM_VOTES_MAX);
    kolam_policy_finish(&policy);
}

static void an_artist_has_so_many_votes_open_and_for_one_more_their_oldest_goes(void **state) {
    (void)state;
    struct kolam_policy policy = {0};
    uint64_t seq = 0;
    const uint32_t most = KOLAM_VOTES_OPEN_MAX;
    for (uint32_t stroke = 1; stroke <= most; stroke++) {
        vote(&policy, ++seq, 7, stroke);
    }
    vote(&policy, ++seq, 8, 1);
    vote(&policy, ++seq, 7, most); /* known already: nothing goes for it */
    assert_int_equal(votes_of(&policy, 1), 2);
    vote(&policy, ++seq, 7, most + 1);
    assert_false(kolam_policy_has_voted(&policy, 1, 7));
    assert_true(kolam_policy_has_voted(&policy, 1, 8)); /* that one is somebody else's */
    assert_true(kolam_policy_has_voted(&policy, 2, 7));
    const struct kolam_act unvote = {.kind = KOLAM_ACT_UNVOTE, .stroke_seq = 2};
    assert_true(kolam_policy_apply(&policy, ++seq, 10, 7, &unvote));
    vote(&policy, ++seq, 7, 1); /* about what was voted about first, but now */
    vote(&policy, ++seq, 7, most + 2);
    assert_null(kolam_policy_ballot(&policy, 3));
    assert_int_equal(votes_of(&policy, 1), 2);
    const struct kolam_act voted = {.kind = KOLAM_ACT_VOTED, .stroke_seq = 1, .votes = 2};
    assert_true(kolam_policy_apply(&policy, ++seq, 10, 9, &voted));
    vote(&policy, ++seq, 7, most + 3); /* what has hidden something is not open any more */
    assert_true(kolam_policy_has_voted(&policy, 4, 7));
    for (uint32_t i = 0; i < KOLAM_VOTES_MAX; i++) {
        vote(&policy, ++seq, 100 + i, 900);
    }
    vote(&policy, ++seq, 7, 900); /* about which nobody more can vote: nothing goes for it */
    assert_true(kolam_policy_has_voted(&policy, 4, 7));
    assert_int_equal(policy.ballot_count, most + 1);
    kolam_policy_finish(&policy);
}

static void who_votes_about_everything_flushes_nobodys_votes(void **state) {
    (void)state;
    struct kolam_policy policy = {0};
    uint64_t seq = 0;
    vote(&policy, ++seq, 1, 17);
    for (uint32_t i = 0; i < 3 * KOLAM_BALLOTS_MAX; i++) {
        vote(&policy, ++seq, 2, 100 + i);
    }
    assert_int_equal(votes_of(&policy, 17), 1);
    assert_int_equal(policy.ballot_count, 1 + KOLAM_VOTES_OPEN_MAX);
    vote(&policy, ++seq, 3, 17);
    for (uint32_t i = 0; i < 2 * KOLAM_BALLOTS_MAX; i++) { /* many together: one vote each */
        vote(&policy, ++seq, 1000 + i / KOLAM_VOTES_OPEN_MAX, 10000 + i);
    }
    assert_int_equal(policy.ballot_count, KOLAM_BALLOTS_MAX);
    assert_int_equal(votes_of(&policy, 17), 2);
    const uint32_t newest = 10000 + 2 * KOLAM_BALLOTS_MAX - 1;
    const uint32_t oldest = newest - (KOLAM_BALLOTS_MAX - 2); /* beside that of 17 */
    assert_int_equal(votes_of(&policy, newest), 1);
    assert_int_equal(votes_of(&policy, oldest), 1);
    assert_int_equal(votes_of(&policy, oldest - 1), 0);
    vote(&policy, ++seq, 4, 17);
    assert_int_equal(votes_of(&policy, 17), 3);
    kolam_policy_finish(&policy);
}

static void a_vote_that_is_taken_back_counts_no_more_and_may_be_given_again(void **state) {
    (void)state;
    struct kolam_policy policy = {0};
    const struct kolam_act unvote = {.kind = KOLAM_ACT_UNVOTE, .stroke_seq = 17};
    const struct kolam_act of_selves = {
        .kind = KOLAM_ACT_UNVOTE, .stroke_seq = 17, .artist_count = 2, .artists = {4, 3}};
    vote(&policy, 1, 3, 17);
    vote(&policy, 2, 4, 17);
    assert_true(kolam_policy_apply(&policy, 3, 10, 3, &unvote));
    assert_true(kolam_policy_apply(&policy, 4, 10, 3, &unvote)); /* once more changes nothing */
    assert_true(kolam_policy_apply(&policy, 5, 10, 9, &unvote)); /* nor somebody else's */
    assert_false(kolam_policy_has_voted(&policy, 17, 3));
    assert_int_equal(votes_of(&policy, 17), 1);
    vote(&policy, 6, 3, 17);
    assert_int_equal(votes_of(&policy, 17), 2);
    assert_true(kolam_policy_apply(&policy, 7, 10, 12, &of_selves));
    assert_null(kolam_policy_ballot(&policy, 17));
    assert_int_equal(policy.ballot_count, 0); /* nothing is left of it */
    kolam_policy_finish(&policy);
}

/* ---- places ---- */

static void areas_are_found_across_levels(void **state) {
    (void)state;
    const struct kolam_rect area = {0, 0, 100, 100, 0};
    const struct {
        struct kolam_rect rect;
        bool touches;
    } cases[] = {
        {{99, 99, 100, 100, 0}, true},
        {{100, 0, 101, 1, 0}, false},
        {{-1, 0, 0, 1, 0}, false},
        {{-1, -1, 1, 1, 0}, true},
        {{799, 0, 800, 1, 3}, true},
        {{800, 0, 801, 1, 3}, false},
        {{-1, 0, 0, 1, 3}, false},
        {{12, 0, 13, 1, -3}, true}, /* px 96..103 */
        {{13, 0, 14, 1, -3}, false},
        {{-1, -1, 0, 0, -24}, false},
        {{0, 0, 1, 1, -24}, true},
        {{100 << 24, 0, (100 << 24) + 1, 1, 24}, false},
        {{(100 << 24) - 1, 0, 100 << 24, 1, 24}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(kolam_rects_touch(&area, &cases[i].rect), cases[i].touches);
        assert_int_equal(kolam_rects_touch(&cases[i].rect, &area), cases[i].touches);
    }
    const struct kolam_rect corners[2] = {
        {-(INT64_C(1) << 55), -(INT64_C(1) << 55), INT64_C(1) << 55, INT64_C(1) << 55, 24},
        {-128, -128, 128, 128, -24}};
    assert_true(kolam_rects_touch(&corners[0], &corners[1]));
}

/* ---- in a file ---- */

static void canvas_record(struct canvas_fixture *canvas, const char *json) {
    const struct kolam_op op = {.kind = KOLAM_OP_RECORD,
                                .record = (const uint8_t *)json,
                                .record_size_bytes = (uint32_t)strlen(json)};
    canvas_fixture_submit(canvas, 1, &op, 1);
    canvas_fixture_wait(canvas);
    assert_int_equal(canvas->last_status, KOLAM_OK);
}

static void a_policy_is_read_from_a_canvas(void **state) {
    (void)state;
    struct canvas_fixture canvas;
    canvas_fixture_open(&canvas);
    canvas_record(&canvas, "{\"kind\":\"mode\",\"mode\":\"invited\"}");
    canvas_record(&canvas, frozen_area);
    canvas_record(&canvas, "{\"kind\":\"area\",\"area\":\"nonsense\"}");
    canvas_record(&canvas, "{\"kind\":\"role\",\"artist\":1,\"role\":\"moderator\"}");
    struct kolam_reader *reader;
    struct kolam_policy policy;
    assert_int_equal(kolam_reader_create(canvas.log_path, &reader, NULL), KOLAM_OK);
    assert_int_equal(kolam_policy_read(reader, 4999, &policy), KOLAM_OK);
    assert_int_equal(policy.mode, KOLAM_MODE_INVITED);
    assert_int_equal(policy.area_count, 1);
    assert_int_equal(kolam_policy_role(&policy, 1), KOLAM_ROLE_MODERATOR);
    kolam_policy_finish(&policy);
    assert_int_equal(kolam_policy_read(reader, 5000, &policy), KOLAM_OK);
    assert_int_equal(policy.area_count, 0);
    kolam_policy_finish(&policy);
    kolam_reader_destroy(reader);
    canvas_fixture_close(&canvas);
}

static void draw(struct canvas_fixture *canvas, uint8_t artist, int32_t x) {
    struct kolam_point points[] = {{.x = x, .y = 80, .pressure = 255},
                                   {.x = x + 400, .y = 400, .pressure = 255}};
    const struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                                .stroke = {.tool = KOLAM_TOOL_PEN,
                                           .color = 0xff,
                                           .width = 512,
                                           .part_count = 1,
                                           .point_count = 2,
                                           .points = points}};
    canvas_fixture_submit(canvas, artist, &op, 1);
    canvas_fixture_wait(canvas);
    assert_int_equal(canvas->last_status, KOLAM_OK);
}

static void change(struct canvas_fixture *canvas, uint8_t artist, enum kolam_op_kind kind,
                   uint64_t seq) {
    const struct kolam_op op = {.kind = kind, .target_count = 1, .targets = &seq};
    canvas_fixture_submit(canvas, artist, &op, 1);
    canvas_fixture_wait(canvas);
    assert_int_equal(canvas->last_status, KOLAM_OK);
}

static uint32_t standing_of(struct canvas_fixture *canvas, uint32_t artist, uint32_t limit) {
    struct kolam_reader *reader;
    int64_t first_ms = -1;
    uint32_t strokes = 0;
    assert_int_equal(kolam_reader_create(canvas->log_path, &reader, NULL), KOLAM_OK);
    assert_int_equal(kolam_reader_standing(reader, artist, limit, &first_ms, &strokes), KOLAM_OK);
    kolam_reader_destroy(reader);
    assert_int_equal(first_ms != 0, artist <= 2);
    return strokes;
}

static void what_is_left_standing_is_counted(void **state) {
    (void)state;
    struct canvas_fixture canvas;
    canvas_fixture_open(&canvas);
    for (int32_t i = 0; i < 6; i++) {
        draw(&canvas, 1, 100 * i); /* 1, 3, 5, ... */
        draw(&canvas, 2, 100 * i);
    }
    assert_int_equal(standing_of(&canvas, 1, 60), 6);
    change(&canvas, 1, KOLAM_OP_HIDE, 3);
    change(&canvas, 1, KOLAM_OP_HIDE, 5);
    assert_int_equal(standing_of(&canvas, 1, 60), 4);
    change(&canvas, 1, KOLAM_OP_SHOW, 3);
    assert_int_equal(standing_of(&canvas, 1, 60), 5);
    assert_int_equal(standing_of(&canvas, 1, 3), 3);
    assert_int_equal(standing_of(&canvas, 2, 60), 6);
    assert_int_equal(standing_of(&canvas, 3, 60), 0); /* nobody */
    canvas_fixture_close(&canvas);
}

/* ---- without memory ---- */

static unsigned left;

static bool may_allocate(void *ctx) {
    (void)ctx;
    return left-- > 0;
}

static void without_memory_nothing_is_half_done(void **state) {
    (void)state;
    struct kolam_act area, role;
    assert_int_equal(decode(frozen_area, &area), KOLAM_OK);
    assert_int_equal(decode("{\"kind\":\"role\",\"artist\":1,\"role\":\"artist\"}", &role),
                     KOLAM_OK);
    area.until_ms = 0;
    for (unsigned allowed = 0; allowed < 20; allowed++) {
        struct kolam_policy policy = {0};
        left = allowed;
        kolam_alloc_set_hook(may_allocate, NULL);
        bool is_done = kolam_policy_apply(&policy, 1, 10, 1, &area);
        is_done = kolam_policy_apply(&policy, 2, 10, 1, &role) && is_done;
        kolam_policy_refresh(&policy, 10);
        kolam_alloc_set_hook(NULL, NULL);
        assert_true(policy.area_count + policy.role_count <= 2);
        assert_true(!is_done || policy.area_count + policy.role_count == 2);
        kolam_policy_finish(&policy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_written_and_read_again),
        cmocka_unit_test(a_record_that_claims_to_be_an_act_and_breaks_a_bound_is_none),
        cmocka_unit_test(records_of_other_kinds_are_left_alone),
        cmocka_unit_test(a_mode_holds_until_it_is_over_and_what_was_before_comes_back),
        cmocka_unit_test(an_undo_takes_back_whatever_came_after),
        cmocka_unit_test(an_area_is_made_replaced_taken_away_and_brought_back),
        cmocka_unit_test(roles_are_given_and_go_back_to_what_is_earned),
        cmocka_unit_test(a_policy_is_bounded_whatever_the_log_says),
        cmocka_unit_test(of_many_acts_what_is_for_good_stays_below_what_ends),
        cmocka_unit_test(what_is_over_already_is_no_act),
        cmocka_unit_test(votes_are_counted_once_an_artist_and_begin_anew_when_they_were_enough),
        cmocka_unit_test(an_artist_has_so_many_votes_open_and_for_one_more_their_oldest_goes),
        cmocka_unit_test(who_votes_about_everything_flushes_nobodys_votes),
        cmocka_unit_test(a_vote_that_is_taken_back_counts_no_more_and_may_be_given_again),
        cmocka_unit_test(areas_are_found_across_levels),
        cmocka_unit_test(a_policy_is_read_from_a_canvas),
        cmocka_unit_test(what_is_left_standing_is_counted),
        cmocka_unit_test(without_memory_nothing_is_half_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
