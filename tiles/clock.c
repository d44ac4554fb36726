/* The system's clock in the shape that everything above takes as data. */
#include "kolam/clock.h"

#include <time.h>

static int64_t system_now_ms(void *ctx) {
    (void)ctx;
    struct timespec now;
    /* CLOCK_REALTIME with a valid pointer cannot fail. */
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct kolam_clock kolam_clock_system(void) {
    return (struct kolam_clock){.now_ms = system_now_ms};
}
