/* Votes to hide strokes, as the fold of acts keeps them: a ballot for each stroke that is not hidden yet; see policy.h. Pure but for memory. */
#include "policy_votes.h"

#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"

static uint32_t ballot_at(const struct kolam_policy *policy, uint64_t stroke_seq) {
    uint32_t at = 0;
    while (at < policy->ballot_count && policy->ballots[at].stroke_seq != stroke_seq) {
        at++;
    }
    return at;
}

const struct kolam_ballot *kolam_policy_ballot(const struct kolam_policy *policy,
                                               uint64_t stroke_seq) {
    const uint32_t at = ballot_at(policy, stroke_seq);
    return at < policy->ballot_count ? &policy->ballots[at] : NULL;
}

/* The last takes its place: it costs the same wherever it was. */
static void drop_ballot(struct kolam_policy *policy, uint32_t at) {
    if (at < policy->ballot_count) {
        policy->ballots[at] = policy->ballots[--policy->ballot_count];
    }
}

/* Which goes for a newer one: a vote alone is given again sooner than many are. */
static uint32_t least_wanted(const struct kolam_policy *policy) {
    uint32_t least = 0;
    for (uint32_t i = 1; i < policy->ballot_count; i++) {
        const struct kolam_ballot *ballot = &policy->ballots[i], *other = &policy->ballots[least];
        if (ballot->count < other->count ||
            (ballot->count == other->count && ballot->begun_seq < other->begun_seq)) {
            least = i;
        }
    }
    return least;
}

static struct kolam_ballot *begin_ballot(struct kolam_policy *policy, uint64_t seq,
                                         uint64_t stroke_seq) {
    if (policy->ballot_count == KOLAM_BALLOTS_MAX) {
        drop_ballot(policy, least_wanted(policy));
    }
    if (policy->ballot_count == policy->ballot_capacity) {
        const uint32_t more = policy->ballot_capacity ? policy->ballot_capacity * 2 : 8;
        void *grown = kolam_realloc_array(policy->ballots, more, sizeof *policy->ballots);
        if (!grown) {
            return NULL;
        }
        policy->ballots = grown;
        policy->ballot_capacity = more;
    }
    struct kolam_ballot *ballot = &policy->ballots[policy->ballot_count++];
    *ballot = (struct kolam_ballot){.stroke_seq = stroke_seq, .begun_seq = seq};
    return ballot;
}

/* Their place among the voters, or `count`. */
static uint32_t voter_at(const struct kolam_ballot *ballot, uint32_t artist) {
    uint32_t at = 0;
    while (at < ballot->count && ballot->voters[at] != artist) {
        at++;
    }
    return at;
}

static void drop_voter(struct kolam_ballot *ballot, uint32_t voter) {
    const uint32_t at = voter_at(ballot, voter);
    if (at < ballot->count) {
        ballot->count--;
        const size_t behind = (ballot->count - at) * sizeof *ballot->voters;
        memmove(ballot->voters + at, ballot->voters + at + 1, behind);
        memmove(ballot->turns + at, ballot->turns + at + 1, behind);
    }
}

/* Who has as many votes open as anybody may loses the oldest. */
static void make_room_for_vote(struct kolam_policy *policy, uint32_t by) {
    uint32_t open_count = 0, oldest = 0, oldest_turn = 0;
    for (uint32_t i = 0; i < policy->ballot_count; i++) {
        const struct kolam_ballot *ballot = &policy->ballots[i];
        const uint32_t at = voter_at(ballot, by);
        if (at < ballot->count && (open_count++ == 0 || ballot->turns[at] < oldest_turn)) {
            oldest = i;
            oldest_turn = ballot->turns[at];
        }
    }
    if (open_count >= KOLAM_VOTES_OPEN_MAX) {
        drop_voter(&policy->ballots[oldest], by);
        if (policy->ballots[oldest].count == 0) {
            drop_ballot(policy, oldest);
        }
    }
}

bool kolam_policy_vote(struct kolam_policy *policy, uint64_t seq, uint32_t by,
                       uint64_t stroke_seq) {
    const struct kolam_ballot *known = kolam_policy_ballot(policy, stroke_seq);
    if (known && (known->count == KOLAM_VOTES_MAX || kolam_ballot_has(known, by))) {
        return true;
    }
    make_room_for_vote(policy, by);
    const uint32_t at = ballot_at(policy, stroke_seq); /* it may have moved */
    struct kolam_ballot *ballot =
        at < policy->ballot_count ? &policy->ballots[at] : begin_ballot(policy, seq, stroke_seq);
    if (!ballot) {
        return false;
    }
    ballot->voters[ballot->count] = by;
    ballot->turns[ballot->count++] = ++policy->turn;
    return true;
}

void kolam_policy_unvote(struct kolam_policy *policy, uint32_t by, const struct kolam_act *act) {
    const uint32_t at = ballot_at(policy, act->stroke_seq);
    if (at == policy->ballot_count) {
        return;
    }
    if (act->artist_count == 0) {
        drop_voter(&policy->ballots[at], by);
    }
    for (uint32_t i = 0; i < act->artist_count; i++) {
        drop_voter(&policy->ballots[at], act->artists[i]);
    }
    if (policy->ballots[at].count == 0) {
        drop_ballot(policy, at);
    }
}

void kolam_policy_drop_ballot(struct kolam_policy *policy, uint64_t stroke_seq) {
    drop_ballot(policy, ballot_at(policy, stroke_seq));
}

/* ---- asked ---- */

bool kolam_ballot_has(const struct kolam_ballot *ballot, uint32_t artist) {
    return voter_at(ballot, artist) < ballot->count;
}

bool kolam_policy_has_voted(const struct kolam_policy *policy, uint64_t stroke_seq,
                            uint32_t artist) {
    const struct kolam_ballot *ballot = kolam_policy_ballot(policy, stroke_seq);
    return ballot && kolam_ballot_has(ballot, artist);
}

struct open_vote {
    uint32_t turn;
    uint64_t stroke_seq;
};

static int compare_turns(const void *left, const void *right) {
    const struct open_vote *a = left, *b = right;
    return a->turn < b->turn ? -1 : a->turn > b->turn;
}

/* When the first of them voted about it; 0: none did. */
static uint32_t turn_of(const struct kolam_ballot *ballot, const uint32_t *artists,
                        uint32_t count) {
    uint32_t turn = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = voter_at(ballot, artists[i]);
        if (at < ballot->count && (turn == 0 || ballot->turns[at] < turn)) {
            turn = ballot->turns[at];
        }
    }
    return turn;
}

uint32_t kolam_policy_open_votes(const struct kolam_policy *policy, const uint32_t *artists,
                                 uint32_t count, uint64_t *out_strokes) {
    struct open_vote votes[KOLAM_BALLOTS_MAX];
    uint32_t found = 0;
    for (uint32_t i = 0; i < policy->ballot_count; i++) {
        const uint32_t turn = turn_of(&policy->ballots[i], artists, count);
        if (turn != 0) {
            votes[found++] = (struct open_vote){turn, policy->ballots[i].stroke_seq};
        }
    }
    if (found > 1) {
        qsort(votes, found, sizeof votes[0], compare_turns);
    }
    for (uint32_t i = 0; i < found; i++) {
        out_strokes[i] = votes[i].stroke_seq;
    }
    return found;
}
