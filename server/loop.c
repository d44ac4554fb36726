/* libev: signals, wakes, tick and sweep; see loop.h. */
#include "loop.h"

#include <ev.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "pace.h"

#define REST_MAX_US 100000
/* Turns that follow each other without sleep and do next to nothing: after so many of them each is preceded by a pause. */
#define HASTY_TURNS 64
#define HASTY_WORK_US 100
#define HASTY_SLEEP_US 20
#define PAUSE_NS 500000
#define SIGNALS 3

struct kolam_loop {
    struct kolam_loop_handlers handlers;
    struct ev_loop *ev;
    struct ev_signal signals[SIGNALS];
    struct ev_async wakes[KOLAM_WAKES];
    struct ev_prepare turn;
    struct ev_check awake;
    struct ev_timer tick;
    struct ev_timer later; /* a tick that was asked for at a time */
    struct ev_timer sweep;
    bool is_tick_wanted, is_ticking, is_stopping;
    int64_t later_ms; /* of `later`, while it runs */
    struct kolam_pace pace;
    struct kolam_pace_used used;
    uint64_t awake_us;  /* since when this turn lasts */
    uint64_t asleep_us; /* when the one before ended */
    uint32_t hasty;     /* so many of the last turns */
    struct kolam_loop_stats stats;
};

int64_t kolam_loop_now_ms(const struct kolam_loop *loop) {
    (void)loop;
    return (int64_t)(kolam_monotonic_us() / 1000);
}

uint64_t kolam_loop_now_us(const struct kolam_loop *loop) {
    (void)loop;
    return kolam_monotonic_us();
}

const struct kolam_loop_stats *kolam_loop_stats(const struct kolam_loop *loop) {
    return &loop->stats;
}

/* Stopped first: a turn's reads may have asked for a tick, at once, while that of the same turn was still to be called. */
static void start_tick(struct kolam_loop *loop, double after_s) {
    ev_timer_stop(loop->ev, &loop->tick);
    ev_timer_set(&loop->tick, after_s, 0.0);
    ev_timer_start(loop->ev, &loop->tick);
}

static uint64_t cpu_us(void) {
    struct timespec used;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000u + (uint64_t)used.tv_nsec / 1000u;
}

uint32_t kolam_loop_preview_ticks(const struct kolam_loop *loop) {
    return kolam_pace_preview_ticks(&loop->pace);
}

uint32_t kolam_loop_ms_to_tick(const struct kolam_loop *loop) {
    const double rest_s = ev_is_active(&loop->tick)
                              ? ev_timer_remaining(loop->ev, (struct ev_timer *)&loop->tick)
                              : 0;
    return rest_s > 0 ? (uint32_t)(rest_s * 1e3) : 0;
}

void kolam_loop_wrote(struct kolam_loop *loop, const struct kolam_pace_used *written) {
    loop->used.frames += written->frames;
    loop->used.records += written->records;
    loop->used.op_frames += written->op_frames;
    loop->used.ops += written->ops;
}

uint32_t kolam_loop_busy_permille(const struct kolam_loop *loop) {
    return loop->pace.busy_permille;
}

/* Within a turn. */
static void look_at_pace(struct kolam_loop *loop, uint64_t now_us) {
    loop->used.wall_us = now_us;
    loop->used.busy_us = loop->stats.busy_us + (now_us - loop->awake_us);
    kolam_pace_look(&loop->pace, &loop->used);
}

/* From the beginning of one run to that of the next is an interval, but after a run that took long there is a rest of half
 * as long as it worked (not as long as it waited for a processor), so that reading is never starved. It is more than the
 * pace allows (pace.c), so that the rest does not hide from it that there is too much to do. A rest without a
 * want ends the ticking. */
static void on_tick(struct ev_loop *ev, struct ev_timer *timer, int events) {
    (void)ev, (void)events;
    struct kolam_loop *loop = timer->data;
    if (!loop->is_tick_wanted) {
        return;
    }
    loop->is_tick_wanted = false;
    const uint64_t begin_us = kolam_monotonic_us(), begin_cpu_us = cpu_us();
    loop->is_ticking = true; /* what it wants itself comes after the rest, not at once */
    loop->handlers.on_tick(loop->handlers.ctx);
    loop->is_ticking = false;
    const uint64_t end_us = kolam_monotonic_us(), took_us = end_us - begin_us;
    const uint64_t worked_us = cpu_us() - begin_cpu_us;
    loop->used.tick_us += took_us;
    look_at_pace(loop, end_us);
    const uint64_t interval_us = kolam_pace_interval_us(&loop->pace);
    uint64_t rest_us = interval_us > took_us ? interval_us - took_us : 0;
    rest_us = rest_us > worked_us / 2 ? rest_us : worked_us / 2;
    rest_us = rest_us > REST_MAX_US ? REST_MAX_US : rest_us;
    kolam_histogram_add(&loop->stats.tick_work, KOLAM_SCALE_TIME, took_us);
    kolam_histogram_add(&loop->stats.tick_interval, KOLAM_SCALE_TIME, took_us + rest_us);
    ev_now_update(loop->ev);
    start_tick(loop, (double)rest_us / 1e6);
}

void kolam_loop_want_tick(struct kolam_loop *loop) {
    loop->is_tick_wanted = true;
    if (!loop->is_ticking && !ev_is_active(&loop->tick) && !ev_is_pending(&loop->tick)) {
        start_tick(loop, 0.0);
    }
}

void kolam_loop_want_tick_at(struct kolam_loop *loop, int64_t at_ms) {
    const int64_t wait_ms = at_ms - kolam_loop_now_ms(loop);
    if (ev_is_active(&loop->later) && loop->later_ms <= at_ms) {
        return;
    }
    ev_timer_stop(loop->ev, &loop->later);
    loop->later_ms = at_ms;
    ev_now_update(loop->ev);
    ev_timer_set(&loop->later, wait_ms > 0 ? (double)wait_ms / 1e3 : 0.0, 0.0);
    ev_timer_start(loop->ev, &loop->later);
}

static void on_later(struct ev_loop *ev, struct ev_timer *timer, int events) {
    (void)ev, (void)events;
    kolam_loop_want_tick(timer->data);
}

static void on_sweep(struct ev_loop *ev, struct ev_timer *timer, int events) {
    (void)ev, (void)events;
    struct kolam_loop *loop = timer->data;
    look_at_pace(loop, kolam_monotonic_us());
    loop->handlers.on_sweep(loop->handlers.ctx);
}

/* The network library does not always stop asking for what it cannot use yet: a request that comes while the one before it is
 * being answered makes it look at that connection again and again, without sleep, for as long as the answer takes. So who
 * is called that often and does so little pauses, 2,000 times a second at most: what comes meanwhile waits half a millisecond. */
static void pause_if_hasty(struct kolam_loop *loop, uint64_t took_us) {
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    if (took_us > HASTY_WORK_US) {
        loop->hasty = 0;
    }
    if (loop->hasty >= HASTY_TURNS) {
        loop->stats.pauses++;
        (void)nanosleep(&pause, NULL);
    }
    loop->asleep_us = kolam_monotonic_us();
}

static void on_turn(struct ev_loop *ev, struct ev_prepare *prepare, int events) {
    (void)ev, (void)events;
    struct kolam_loop *loop = prepare->data;
    loop->handlers.on_turn(loop->handlers.ctx);
    const uint64_t took_us = kolam_monotonic_us() - loop->awake_us;
    loop->stats.busy_us += took_us;
    kolam_histogram_add(&loop->stats.turn_time, KOLAM_SCALE_TIME, took_us);
    pause_if_hasty(loop, took_us);
}

static void on_awake(struct ev_loop *ev, struct ev_check *check, int events) {
    (void)ev, (void)events;
    struct kolam_loop *loop = check->data;
    loop->awake_us = kolam_monotonic_us();
    loop->hasty = loop->awake_us - loop->asleep_us < HASTY_SLEEP_US ? loop->hasty + 1 : 0;
}

static void on_wake(struct ev_loop *ev, struct ev_async *async, int events) {
    (void)ev, (void)events;
    struct kolam_loop *loop = async->data;
    loop->handlers.on_wake(loop->handlers.ctx, (enum kolam_wake)(async - loop->wakes));
}

static void on_signal(struct ev_loop *ev, struct ev_signal *watcher, int events) {
    (void)ev, (void)events;
    struct kolam_loop *loop = watcher->data;
    if (watcher->signum == SIGHUP && loop->handlers.on_reload(loop->handlers.ctx)) {
        return;
    }
    if (loop->is_stopping) {
        _exit(1);
    }
    loop->is_stopping = true;
    loop->handlers.on_stop(loop->handlers.ctx);
}

static void start_watchers(struct kolam_loop *loop) {
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    for (int i = 0; i < SIGNALS; i++) {
        ev_signal_init(&loop->signals[i], on_signal, numbers[i]);
        loop->signals[i].data = loop;
        ev_signal_start(loop->ev, &loop->signals[i]);
    }
    for (int i = 0; i < KOLAM_WAKES; i++) {
        ev_async_init(&loop->wakes[i], on_wake);
        loop->wakes[i].data = loop;
        ev_async_start(loop->ev, &loop->wakes[i]);
    }
    ev_prepare_init(&loop->turn, on_turn);
    loop->turn.data = loop;
    /* A turn begins before and ends after what anybody else does in it. */
    ev_set_priority(&loop->turn, EV_MINPRI);
    ev_prepare_start(loop->ev, &loop->turn);
    ev_check_init(&loop->awake, on_awake);
    loop->awake.data = loop;
    ev_set_priority(&loop->awake, EV_MAXPRI);
    ev_check_start(loop->ev, &loop->awake);
    loop->awake_us = kolam_monotonic_us();
    ev_timer_init(&loop->tick, on_tick, 0.0, 0.0);
    loop->tick.data = loop;
    ev_timer_init(&loop->later, on_later, 0.0, 0.0);
    loop->later.data = loop;
    ev_timer_init(&loop->sweep, on_sweep, 1.0, 1.0);
    loop->sweep.data = loop;
    ev_timer_start(loop->ev, &loop->sweep);
}

enum kolam_status kolam_loop_create(const struct kolam_loop_handlers *handlers,
                                    struct kolam_loop **out_loop) {
    struct kolam_loop *loop = kolam_alloc_zero(1, sizeof(*loop));
    if (!loop) {
        return KOLAM_ERR_NOMEM;
    }
    loop->handlers = *handlers;
    kolam_pace_init(&loop->pace, kolam_monotonic_us());
    loop->ev = ev_loop_new(EVFLAG_AUTO);
    if (!loop->ev) {
        kolam_free(loop);
        return KOLAM_ERR_IO;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    start_watchers(loop);
    *out_loop = loop;
    return KOLAM_OK;
}

void kolam_loop_destroy(struct kolam_loop *loop) {
    if (!loop) {
        return;
    }
    for (int i = 0; i < SIGNALS; i++) {
        ev_signal_stop(loop->ev, &loop->signals[i]);
    }
    for (int i = 0; i < KOLAM_WAKES; i++) {
        ev_async_stop(loop->ev, &loop->wakes[i]);
    }
    ev_prepare_stop(loop->ev, &loop->turn);
    ev_check_stop(loop->ev, &loop->awake);
    ev_timer_stop(loop->ev, &loop->tick);
    ev_timer_stop(loop->ev, &loop->later);
    ev_timer_stop(loop->ev, &loop->sweep);
    ev_loop_destroy(loop->ev);
    kolam_free(loop);
}

void kolam_loop_run(struct kolam_loop *loop) {
    ev_run(loop->ev, 0);
}

void kolam_loop_end(struct kolam_loop *loop) {
    ev_break(loop->ev, EVBREAK_ALL);
}

void kolam_loop_wake(struct kolam_loop *loop, enum kolam_wake wake) {
    ev_async_send(loop->ev, &loop->wakes[wake]);
}

struct ev_loop *kolam_loop_ev(struct kolam_loop *loop) {
    return loop->ev;
}
