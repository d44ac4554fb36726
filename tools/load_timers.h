/* What is due when: a binary heap of times, each with a number that tells whose it is. */
#ifndef KOLAM_TOOLS_LOAD_TIMERS_H
#define KOLAM_TOOLS_LOAD_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kolam_load_timer {
    int64_t due_us;
    uint32_t who;
};

/* Zero it to begin. */
struct kolam_load_timers {
    struct kolam_load_timer *heap;
    size_t count, capacity;
};

void kolam_load_timers_finish(struct kolam_load_timers *timers);
/* False when out of memory. */
bool kolam_load_timers_add(struct kolam_load_timers *timers, int64_t due_us, uint32_t who);
/* When the first is due; INT64_MAX if there is none. */
int64_t kolam_load_timers_next_us(const struct kolam_load_timers *timers);
/* Takes the first out; there must be one. */
struct kolam_load_timer kolam_load_timers_take(struct kolam_load_timers *timers);

#endif
