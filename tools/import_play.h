/* --realtime: when each stroke of an import begins and ends, and its points on the way. */
#ifndef KOLAM_TOOLS_IMPORT_PLAY_H
#define KOLAM_TOOLS_IMPORT_PLAY_H

#include "import_slots.h"
#include "import_window.h"
#include "ws_client.h"

struct kolam_play {
    bool is_on;
    bool has_begun;
    int64_t begun_ms; /* of the monotonic clock: when the play's clock stood at 0 */
    int64_t first_ms; /* the drawing's own time that is the play's 0 */
    bool has_first;
    int64_t scheduled_ms; /* start of the stroke read last */
    int64_t untimed_ms;   /* where the next stroke without a time begins */
};

void kolam_play_init(struct kolam_play *play, bool is_on);

/* Sets the stroke's times, and its points for previews. */
KOLAM_MUST_CHECK enum kolam_status kolam_play_schedule(struct kolam_play *play,
                                                       const struct kolam_drawn_stroke *drawn,
                                                       const struct kolam_built_stroke *built,
                                                       struct kolam_window_stroke *stroke);
/* True while strokes that begin soon are not read yet. */
bool kolam_play_wants_more(const struct kolam_play *play);
/* True when the stroke may be submitted. */
bool kolam_play_is_over(const struct kolam_play *play, const struct kolam_window_stroke *stroke);
/* Sends the points that have become due as previews, of those whose slot is bound. */
KOLAM_MUST_CHECK enum kolam_status kolam_play_preview(struct kolam_play *play,
                                                      struct kolam_window *window,
                                                      const struct kolam_slots *slots,
                                                      struct kolam_ws *ws);
/* How long nothing will become due, at most `max_ms`. */
int kolam_play_wait_ms(const struct kolam_play *play, const struct kolam_window *window,
                       int max_ms);

#endif
