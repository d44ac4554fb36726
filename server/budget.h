/* How often somebody may do something: a bucket that fills so many times a second, up to a burst. */
#ifndef KOLAM_SERVER_BUDGET_H
#define KOLAM_SERVER_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Zeroed is full. */
struct kolam_budget {
    int64_t filled_ms;
    uint32_t spent;
};

static inline bool kolam_budget_take(struct kolam_budget *budget, int64_t now_ms, uint32_t per_s,
                                     uint32_t burst) {
    const int64_t gained = (now_ms - budget->filled_ms) * per_s / 1000;
    if (gained > 0) {
        budget->spent = gained >= budget->spent ? 0 : budget->spent - (uint32_t)gained;
        budget->filled_ms = now_ms;
    }
    if (budget->spent >= burst) {
        return false;
    }
    budget->spent++;
    return true;
}

/* What was taken is not to count. */
static inline void kolam_budget_give_back(struct kolam_budget *budget) {
    budget->spent -= budget->spent > 0;
}

#endif
