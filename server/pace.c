/* The pace of the tick. The share of a core is smoothed over some 300 ms; above UP the next longer interval holds. A shorter
 * one multiplies the cost of what is written at most by the ratio of the two, so it comes back only when even that would
 * stay below UP with room to spare, and not within a second of the last change: it does not flutter. */
#include "pace.h"

#define WINDOW_US 50000 /* shorter spans are not looked at */
#define SMOOTH_US 300000.0
#define UP_PERMILLE 650
#define DOWN_PERMILLE 450 /* what a shorter interval may come to */
#define CALM_US 1000000   /* without change before it becomes shorter */
#define RISE_US 300000    /* the same before it becomes longer still */

static const uint32_t intervals_us[] = {16000, 33000, 66000, 100000};
#define STEPS (sizeof(intervals_us) / sizeof(intervals_us[0]))

void kolam_pace_init(struct kolam_pace *pace, uint64_t wall_us, uint64_t cpu_us) {
    *pace = (struct kolam_pace){.wall_us = wall_us, .cpu_us = cpu_us, .changed_us = wall_us};
}

uint32_t kolam_pace_interval_us(const struct kolam_pace *pace) {
    return intervals_us[pace->step];
}

static uint32_t share_if_shorter(const struct kolam_pace *pace) {
    return (uint32_t)((uint64_t)pace->busy_permille * intervals_us[pace->step] /
                      intervals_us[pace->step - 1]);
}

void kolam_pace_look(struct kolam_pace *pace, uint64_t wall_us, uint64_t cpu_us) {
    const uint64_t span_us = wall_us - pace->wall_us;
    if (span_us < WINDOW_US) {
        return;
    }
    const double share = 1000.0 * (double)(cpu_us - pace->cpu_us) / (double)span_us;
    const double weight = (double)span_us / ((double)span_us + SMOOTH_US);
    const double busy = pace->busy_permille + (share - pace->busy_permille) * weight;
    pace->busy_permille = (uint32_t)(busy < 0 ? 0 : (busy > 1000 ? 1000 : busy));
    pace->wall_us = wall_us;
    pace->cpu_us = cpu_us;
    const uint64_t since_us = wall_us - pace->changed_us;
    if (pace->busy_permille > UP_PERMILLE && pace->step + 1 < STEPS && since_us >= RISE_US) {
        pace->step++;
        pace->changed_us = wall_us;
    } else if (pace->step > 0 && since_us >= CALM_US && share_if_shorter(pace) < DOWN_PERMILLE) {
        pace->step--;
        pace->changed_us = wall_us;
    }
}
