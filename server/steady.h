/* The time by which sanctions, modes, areas, codes and invitations end. The system's clock may be set, wrongly too; nobody is to be freed or kept out by
 * that. So the clock is looked at once, when the server starts; from then on a duration is added to it that nobody can
 * set (CLOCK_BOOTTIME, which also counts while the machine sleeps). What moderation.db has seen is the least it can
 * be: a clock that starts behind it is wrong; so is one that starts more than a year ahead. Pure. */
#ifndef KOLAM_SERVER_STEADY_H
#define KOLAM_SERVER_STEADY_H

#include <stdint.h>

#define KOLAM_STEADY_AHEAD_MS (INT64_C(366) * 86400000)

struct kolam_steady {
    int64_t begun_ms; /* Unix ms at the start, as believed */
    int64_t boot_ms;  /* the other clock then */
};

/* `newest_ms`: the newest time known to have been; 0: none is. */
static inline struct kolam_steady kolam_steady_begin(int64_t clock_ms, int64_t newest_ms,
                                                     int64_t boot_ms) {
    const int64_t is_wrong =
        newest_ms > 0 && (clock_ms < newest_ms || clock_ms - newest_ms > KOLAM_STEADY_AHEAD_MS);
    return (struct kolam_steady){.begun_ms = is_wrong ? newest_ms : clock_ms, .boot_ms = boot_ms};
}

static inline int64_t kolam_steady_now(const struct kolam_steady *steady, int64_t boot_ms) {
    return steady->begun_ms + (boot_ms - steady->boot_ms);
}

#endif
