/* Which right an act needs; pure. */
#ifndef KOLAM_SERVER_ACT_RULES_H
#define KOLAM_SERVER_ACT_RULES_H

#include "rights.h"

/* By `artist` (0: nobody of the canvas). Whoever may freeze may also end that. The owner of an area may say who its members are. */
enum kolam_action kolam_act_needs(const struct kolam_policy *policy, const struct kolam_act *act,
                                  uint32_t artist);
/* The greatest artist's number that the act names, or 0: nobody can be given something before they are there. */
uint32_t kolam_act_newest_artist(const struct kolam_act *act);

#endif
