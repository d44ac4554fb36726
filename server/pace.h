/* How often the tick comes, and with how many of them what is not urgent leaves. Writing to a client costs the same for
 * one op as for ten, so to gather longer is cheaper; what it costs is latency. Previews and pointers are most
 * of what is written, and a few frames a second of them do: under load they give way first, and ops still leave with every
 * tick. Pure: time is passed in. */
#ifndef KOLAM_SERVER_PACE_H
#define KOLAM_SERVER_PACE_H

#include <stdint.h>

/* Every count of ticks that previews may wait for divides this. */
#define KOLAM_PACE_TICKS 12

/* What has been used and written since some beginning. */
struct kolam_pace_used {
    uint64_t wall_us; /* the clock; the rest are sums */
    uint64_t busy_us; /* awake: working, or waiting for a processor that others have */
    uint64_t tick_us; /* of it in ticks */
    /* Written in ticks: to each client one, of so many records in all; and those with ops, and how many these were. */
    uint64_t frames, records, op_frames, ops;
};

struct kolam_pace {
    uint32_t step;               /* which of the paces holds */
    struct kolam_pace_used last; /* at the last look */
    uint32_t busy_permille;      /* how much of the time the thread is busy, */
    uint32_t tick_permille;      /* and in ticks, */
    double records_a_frame;      /* how much they gathered; */
    double op_share;             /* how many had to be written for ops, */
    double ops_a_frame;          /* and how many ops these held; all smoothed */
    uint64_t changed_us;         /* when the step last changed */
};

void kolam_pace_init(struct kolam_pace *pace, uint64_t wall_us);
/* Called at the end of each tick, and now and then without. */
void kolam_pace_look(struct kolam_pace *pace, const struct kolam_pace_used *used);
/* What holds now: from tick to tick, and how many ticks previews are gathered for. */
uint32_t kolam_pace_interval_us(const struct kolam_pace *pace);
uint32_t kolam_pace_preview_ticks(const struct kolam_pace *pace);

#endif
