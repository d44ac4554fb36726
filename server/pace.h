/* How often the tick comes: every 16 ms, and less often, 33, 66 or 100 ms, while the loop's thread has more than it can
 * do well. Writing to a client costs the same for one op as for ten, so a longer tick is the cheaper one; what it
 * costs is latency, which is bounded by the longest. Pure: time and CPU are passed in. */
#ifndef KOLAM_SERVER_PACE_H
#define KOLAM_SERVER_PACE_H

#include <stdint.h>

struct kolam_pace {
    uint32_t step;            /* which of the intervals holds */
    uint64_t wall_us, cpu_us; /* at the last look */
    uint32_t busy_permille;   /* the thread's share of a core, smoothed */
    uint64_t changed_us;      /* when the step last changed */
};

void kolam_pace_init(struct kolam_pace *pace, uint64_t wall_us, uint64_t cpu_us);
/* Called at the end of each tick, and now and then without: clocks of the wall and of the thread. */
void kolam_pace_look(struct kolam_pace *pace, uint64_t wall_us, uint64_t cpu_us);
/* What holds now. */
uint32_t kolam_pace_interval_us(const struct kolam_pace *pace);

#endif
