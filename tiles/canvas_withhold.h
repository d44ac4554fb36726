/* A hidden ban, as the log knows it: what somebody shows is hidden in the same transaction, so that there is no moment at which
 * it was seen, and none at which it was lost. The hide is an op like any other, of another author. */
#ifndef KOLAM_TILES_CANVAS_WITHHOLD_H
#define KOLAM_TILES_CANVAS_WITHHOLD_H

#include "canvas_plan.h"

/* Plans the hide, the last op of a submission whose own ops are planned: the homes of their strokes, and of what their shows
 * show. KOLAM_ERR_INVALID: nothing, or more than one hide may name. */
KOLAM_MUST_CHECK enum kolam_status
kolam_canvas_withhold_plan(struct kolam_canvas_plan *plan,
                           const struct kolam_submission *submission);
/* Makes its body, once the own ops have their seqs. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_withhold_make(struct kolam_canvas_plan *plan,
                                                              struct kolam_submission *submission);

#endif
