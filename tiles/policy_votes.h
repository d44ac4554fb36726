/* What the fold of acts does with votes. */
#ifndef KOLAM_TILES_POLICY_VOTES_H
#define KOLAM_TILES_POLICY_VOTES_H

#include "kolam/policy.h"

/* False without memory. */
KOLAM_MUST_CHECK bool kolam_policy_vote(struct kolam_policy *policy, uint64_t seq, uint32_t by,
                                        uint64_t stroke_seq);
void kolam_policy_unvote(struct kolam_policy *policy, uint32_t by, const struct kolam_act *act);
void kolam_policy_drop_ballot(struct kolam_policy *policy, uint64_t stroke_seq);

#endif
