/* What a newcomer has to draw with, on a canvas in the mode *newcomers*: little at first, more with time and with every stroke that was left
 * standing, until they are an artist there. Pure.
 *
 * Legitimate peripheral participation: one draws from the first moment, in earnest, and cannot do much harm yet. Ink is counted in pixels of the
 * stroke's own level: its path and its width; a well of it fills by so much a minute and holds a minute's worth. */
#ifndef KOLAM_SERVER_NEWCOMER_H
#define KOLAM_SERVER_NEWCOMER_H

#include "kolam/op.h"

/* Since the first stroke here, and strokes that can be seen now. */
struct kolam_newcomer {
    int64_t age_ms;
    uint32_t standing;
};

/* When somebody is a newcomer no more; an operator's choice. Both must be reached. */
struct kolam_newcomer_goal {
    int64_t age_ms;
    uint32_t standing;
};

/* What they may. Steps are coarse, so that a client need not be told at each stroke. */
struct kolam_newcomer_terms {
    uint32_t ink_px;    /* a minute, and at once */
    uint32_t width_px;  /* of a brush, in pixels of the level */
    uint32_t extent_px; /* the longer side of one stroke */
    int32_t level_min;  /* the coarsest level */
};

bool kolam_newcomer_is_artist(const struct kolam_newcomer *newcomer,
                              const struct kolam_newcomer_goal *goal);
struct kolam_newcomer_terms kolam_newcomer_terms(const struct kolam_newcomer *newcomer,
                                                 const struct kolam_newcomer_goal *goal);

/* The ink that a stroke takes: of a filled shape a 32nd of the pixels in its box, too. */
uint64_t kolam_newcomer_ink(const struct kolam_stroke *stroke);
/* Why the stroke is none for a newcomer, whatever ink there is; NULL: it is. The extent in pixels of its level. */
const char *kolam_newcomer_problem(const struct kolam_newcomer_terms *terms,
                                   const struct kolam_stroke *stroke, uint64_t extent_px);

/* Ink that is there, in 1/60,000 px, so that each millisecond adds a whole number; zeroed, it is full. */
struct kolam_inkwell {
    int64_t spent, filled_ms;
};
/* How long until there is enough for `ink_px`: 0 now. What is more than the well holds can be drawn when it is full. */
int64_t kolam_inkwell_wait_ms(struct kolam_inkwell *well, const struct kolam_newcomer_terms *terms,
                              uint64_t ink_px, int64_t now_ms);
void kolam_inkwell_take(struct kolam_inkwell *well, uint64_t ink_px);
void kolam_inkwell_give_back(struct kolam_inkwell *well, uint64_t ink_px);
uint32_t kolam_inkwell_left_px(struct kolam_inkwell *well, const struct kolam_newcomer_terms *terms,
                               int64_t now_ms);

#endif
