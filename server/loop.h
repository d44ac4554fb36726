/* The event loop: libev, our own signals, wakes from other threads, and the tick.
 *
 * The tick runs only while something asks for it: kolam_loop_want_tick calls `on_tick` at the end of
 * this turn if the last one was long enough ago, otherwise when the interval is over. So a lone stroke
 * is not delayed, and under load everything of some 16 ms leaves in one write; under more load it becomes
 * longer, and what can wait leaves with every second, third, ... tick only (pace.h). */
#ifndef KOLAM_SERVER_LOOP_H
#define KOLAM_SERVER_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "kolam/histogram.h"
#include "kolam/status.h"

struct ev_loop;
struct kolam_loop;

enum kolam_wake {
    KOLAM_WAKE_LOG,
    KOLAM_WAKE_POOL,
    KOLAM_WAKE_IDENTITY,
    KOLAM_WAKE_STREAM,
    KOLAM_WAKE_MODERATION,
    KOLAM_WAKES
};

struct kolam_loop_handlers {
    void *ctx;
    void (*on_wake)(void *ctx, enum kolam_wake wake);
    void (*on_tick)(void *ctx);
    void (*on_sweep)(void *ctx); /* once a second */
    void (*on_turn)(void *ctx);  /* before the loop sleeps */
    void (*on_stop)(void *ctx); /* SIGTERM or SIGINT, the first time; the second ends the process */
    bool (*on_reload)(void *ctx); /* SIGHUP; false: there is nothing to reload, it means SIGTERM */
};

KOLAM_MUST_CHECK enum kolam_status kolam_loop_create(const struct kolam_loop_handlers *handlers,
                                                     struct kolam_loop **out_loop);
void kolam_loop_destroy(struct kolam_loop *loop); /* NULL is safe */

/* Runs until kolam_loop_end. */
void kolam_loop_run(struct kolam_loop *loop);
void kolam_loop_end(struct kolam_loop *loop);

void kolam_loop_want_tick(struct kolam_loop *loop);
/* The same at a time of kolam_loop_now_ms, or earlier if it is asked for. */
void kolam_loop_want_tick_at(struct kolam_loop *loop, int64_t at_ms);
/* How busy the loop thread is, in thousandths of the time (pace.h). */
uint32_t kolam_loop_busy_permille(const struct kolam_loop *loop);
/* With how many ticks previews leave at present. */
uint32_t kolam_loop_preview_ticks(const struct kolam_loop *loop);
/* Until a tick that is wanted now would come. */
uint32_t kolam_loop_ms_to_tick(const struct kolam_loop *loop);
/* What a tick wrote, for the pace: as kolam_pace_used tells it. */
struct kolam_pace_used;
void kolam_loop_wrote(struct kolam_loop *loop, const struct kolam_pace_used *written);
/* Any thread. */
void kolam_loop_wake(struct kolam_loop *loop, enum kolam_wake wake);
/* Milliseconds of a clock that never goes back, as of this turn of the loop. */
int64_t kolam_loop_now_ms(const struct kolam_loop *loop);
/* The same clock in microseconds. */
uint64_t kolam_loop_now_us(const struct kolam_loop *loop);

/* What the loop thread does with its time; a turn is what it does between two sleeps. */
struct kolam_loop_stats {
    uint64_t busy_us;
    uint64_t pauses; /* before turns that followed others at once and had next to nothing to do */
    struct kolam_histogram turn_time, tick_work;
    struct kolam_histogram tick_interval; /* as chosen after each tick */
};
const struct kolam_loop_stats *kolam_loop_stats(const struct kolam_loop *loop);
/* For who attaches watchers: the network. */
struct ev_loop *kolam_loop_ev(struct kolam_loop *loop);

#endif
