/* Time passed as data: the server's clock is handed in, so that tests can make it jump. */
#ifndef KOLAM_CLOCK_H
#define KOLAM_CLOCK_H

#include <stdint.h>

struct kolam_clock {
    int64_t (*now_ms)(
        void *ctx); /* Unix ms; may go backwards: users guard against it. Any thread. */
    void *ctx;
};

/* The system's real-time clock. */
struct kolam_clock kolam_clock_system(void);

#endif
