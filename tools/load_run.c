/* The phases of a run: everybody comes, the artists draw while the account is kept, what is on its way arrives. One thread,
 * one epoll; between two batches of events whatever is due is done. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/identity.h"
#include "load_crowd.h"

#define ARRIVING_AT_ONCE 128u
#define ARRIVAL_S 20  /* so long nobody has come any further */
#define WAIT_US 20000 /* at most, for the next event */
#define JUDGE_CYCLE_US 1000000
#define MARK_US 250000
#define MARKS 512 /* over KOLAM_LOAD_LATE_MAX_S by MARK_US */
#define DRAIN_LOOK_US 250000
#define DRAIN_MIN_US 300000 /* what comes twice comes soon after */
#define INTERRUPTED_SETTLE_US 12000000

/* What is judged when: the newest seq that was acknowledged at some moments of the past. */
struct marks {
    struct {
        int64_t at_us;
        uint64_t seq;
    } list[MARKS];
    uint32_t count;
    int64_t next_us;
};

struct run {
    struct kolam_load *load;
    struct marks marks;
    uint32_t judge_at;
    int64_t live_us, signals_us;
};

int64_t kolam_load_now_us(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static struct kolam_load_conn *conn_of(void *ctx, uint32_t index) {
    struct kolam_load *load = ctx;
    return index < load->client_count ? &load->clients[index].conn
                                      : &kolam_load_lane_at(load, index)->conn;
}

/* ---- arriving ---- */

static void begin_one(struct kolam_load *load, uint32_t index) {
    struct kolam_load_client *client = &load->clients[index];
    client->begun_us = kolam_load_now_us();
    load->away -= client->state == KOLAM_LOAD_AWAY;
    client->state = KOLAM_LOAD_CONNECTING;
    if (kolam_load_conn_begin(&load->net, &client->conn, index, &load->error) == KOLAM_OK) {
        load->under_way++;
    } else if (load->options.outlives && load->is_running) {
        load->under_way++;
        kolam_load_come_back(load, client);
    } else {
        client->state = KOLAM_LOAD_GONE;
        load->gone++;
        load->has_failed = true;
    }
}

static void check_signals(struct run *run, int64_t now_us) {
    if (now_us >= run->signals_us) {
        run->signals_us = now_us + 100000;
        run->load->is_interrupted |= kolam_signals_arrived(run->load->signals_fd);
    }
}

static bool goes_on(const struct kolam_load *load) {
    return !load->has_failed && !load->is_interrupted;
}

static void wait_for_events(struct kolam_load *load, int64_t wait_us) {
    if (kolam_load_net_step(&load->net, conn_of, wait_us, kolam_load_now_us, &load->error) !=
        KOLAM_OK) {
        load->has_failed = true;
    }
}

static void arrive_all(struct run *run) {
    struct kolam_load *load = run->load;
    uint32_t here = 0;
    int64_t progress_us = kolam_load_now_us();
    while (goes_on(load) && load->here < load->wanted) {
        while (load->absent_at < load->wanted && load->under_way < ARRIVING_AT_ONCE &&
               goes_on(load)) {
            begin_one(load, load->absent_at++);
        }
        if (goes_on(load)) {
            wait_for_events(load, WAIT_US);
        }
        int64_t now_us = kolam_load_now_us();
        check_signals(run, now_us);
        if (load->here != here) {
            here = load->here;
            progress_us = now_us;
        } else if (now_us - progress_us > ARRIVAL_S * 1000000) {
            kolam_load_give_up(load, "%s: %u of %u clients have come, and for %d s no more",
                               load->url.authority, load->here, load->wanted, ARRIVAL_S);
        }
        if (kolam_progress_is_due(&load->progress)) {
            kolam_progress_show(&load->progress, "%u of %u clients are there", load->here,
                                load->wanted);
        }
    }
}

/* ---- judging on the way ---- */

static void mark(struct marks *marks, int64_t now_us, uint64_t seq) {
    if (now_us < marks->next_us) {
        return;
    }
    marks->next_us = now_us + MARK_US;
    if (marks->count == MARKS) {
        memmove(marks->list, marks->list + 1, (MARKS - 1) * sizeof marks->list[0]);
        marks->count--;
    }
    marks->list[marks->count].at_us = now_us;
    marks->list[marks->count++].seq = seq;
}

/* Up to which seq everything should be there; earlier than that by age when the ledger is about to forget it. */
static uint64_t ripe_seq(const struct kolam_load *load, const struct marks *marks, int64_t now_us) {
    const struct kolam_load_ledger *ledger = &load->ledger;
    uint64_t keep = ledger->capacity / 2, ripe = 0;
    const int64_t late_us = (int64_t)(load->options.late_s * 1e6);
    for (uint32_t i = 0; i < marks->count && marks->list[i].at_us <= now_us - late_us; i++) {
        ripe = marks->list[i].seq;
    }
    uint64_t forced = ledger->newest_acked_seq > keep ? ledger->newest_acked_seq - keep : 0;
    return ripe > forced ? ripe : forced;
}

static bool is_judged(const struct kolam_load_client *client) {
    return client->kind != KOLAM_LOAD_STALLED && client->state == KOLAM_LOAD_HERE;
}

/* A share of the watchers at a time, all of them in a second. */
static void judge_some(struct run *run, int64_t now_us, int64_t since_us) {
    struct kolam_load *load = run->load;
    mark(&run->marks, now_us, load->ledger.newest_acked_seq);
    load->judge.now_us = now_us;
    uint64_t limit = ripe_seq(load, &run->marks, now_us);
    uint64_t count = (uint64_t)load->client_count * (uint64_t)since_us / JUDGE_CYCLE_US + 1;
    for (uint64_t i = 0; i < count && i < load->client_count; i++) {
        uint32_t index = run->judge_at++ % load->client_count;
        if (is_judged(&load->clients[index])) {
            kolam_load_watch_judge(&load->clients[index].watch, &load->judge, index, limit);
        }
    }
}

static void judge_all(struct kolam_load *load, bool is_dry) {
    load->judge.is_dry = is_dry;
    load->judge.is_last = !is_dry;
    load->judge.outstanding = 0;
    for (uint32_t i = 0; i < load->client_count; i++) {
        if (is_judged(&load->clients[i])) {
            kolam_load_watch_judge(&load->clients[i].watch, &load->judge, i,
                                   load->ledger.newest_seq);
        }
    }
    load->judge.is_dry = false;
}

/* ---- running ---- */

static void do_due(struct kolam_load *load, int64_t now_us) {
    while (kolam_load_timers_next_us(&load->timers) <= now_us && !load->has_failed) {
        struct kolam_load_timer timer = kolam_load_timers_take(&load->timers);
        uint32_t index = timer.who & KOLAM_LOAD_TIMER_WHO;
        struct kolam_load_client *client = &load->clients[index];
        if (timer.who & KOLAM_LOAD_TIMER_LOOK) {
            kolam_load_eye_due(load, client, timer.due_us);
        } else if (timer.who & KOLAM_LOAD_TIMER_COMES) {
            begin_one(load, index);
        } else if (timer.who & KOLAM_LOAD_TIMER_RECONNECT) {
            kolam_load_reconnect_due(load, timer.due_us);
        } else if (timer.who & KOLAM_LOAD_TIMER_CHURN) {
            kolam_load_churn_due(load, timer.due_us);
        } else if (timer.who & KOLAM_LOAD_TIMER_UNDO) {
            kolam_load_undo_due(load, index, timer.due_us);
        } else {
            kolam_load_hist_add(&load->lag, now_us - timer.due_us);
            kolam_load_artist_due(load, client, timer.due_us);
        }
    }
}

static void step(struct run *run, int64_t *last_us) {
    struct kolam_load *load = run->load;
    int64_t now_us = kolam_load_now_us();
    do_due(load, now_us);
    if (now_us - *last_us >= 5000) {
        judge_some(run, now_us, now_us - *last_us);
        *last_us = now_us;
    }
    if (now_us >= run->live_us) {
        run->live_us += 1000000;
        kolam_load_live_line(load, now_us);
    }
    check_signals(run, now_us);
    int64_t next_us = kolam_load_timers_next_us(&load->timers);
    int64_t wait_us = next_us - kolam_load_now_us();
    wait_for_events(load, wait_us < 0 ? 0 : (wait_us < WAIT_US ? wait_us : WAIT_US));
}

static void begin(struct run *run) {
    struct kolam_load *load = run->load;
    const struct kolam_load_options *options = &load->options;
    load->usage_begin = kolam_load_usage_of(options->server_pid);
    load->own_begin = kolam_load_usage_of(getpid());
    load->bytes_at_begin = load->net.bytes_in;
    load->frames_at_begin = load->net.frames_in;
    load->begin_us = kolam_load_now_us();
    load->end_us = load->begin_us + (int64_t)(options->seconds * 1e6);
    load->is_running = true;
    run->live_us = load->begin_us + 1000000;
    for (uint32_t i = 0; i < load->wanted; i++) {
        if (load->clients[i].kind == KOLAM_LOAD_ARTIST) {
            kolam_load_artist_begin(load, &load->clients[i]);
        }
        kolam_load_eye_begin(load, &load->clients[i]);
    }
    kolam_load_turns_begin(load);
    /* Joiners come after a tenth of the run, evenly. */
    for (uint32_t i = 0; i < options->joins; i++) {
        double at_s = options->seconds / 10 + options->join_s * i / options->joins;
        if (!kolam_load_timers_add(&load->timers, load->begin_us + (int64_t)(at_s * 1e6),
                                   (load->wanted + i) | KOLAM_LOAD_TIMER_COMES)) {
            kolam_load_give_up(load, "out of memory");
        }
    }
}

static void draw(struct run *run) {
    struct kolam_load *load = run->load;
    int64_t last_us = kolam_load_now_us();
    while (goes_on(load) && kolam_load_now_us() < load->end_us) {
        step(run, &last_us);
    }
    int64_t now_us = kolam_load_now_us();
    load->end_us = now_us < load->end_us ? now_us : load->end_us;
    load->usage_end = kolam_load_usage_of(load->options.server_pid);
    load->own_end = kolam_load_usage_of(getpid());
    load->delivered_at_end = load->findings.delivered;
    load->bytes_at_end = load->net.bytes_in;
    load->frames_at_end = load->net.frames_in;
}

/* Until nothing is outstanding, or it was waited for long enough. */
static void drain(struct run *run) {
    struct kolam_load *load = run->load;
    int64_t began_us = kolam_load_now_us(), look_us = 0, last_us = began_us;
    int64_t settle_us = (int64_t)(load->options.settle_s * 1e6);
    if (load->is_interrupted && settle_us > INTERRUPTED_SETTLE_US) {
        settle_us = INTERRUPTED_SETTLE_US;
    }
    while (!load->has_failed) {
        int64_t now_us = kolam_load_now_us();
        if (now_us - began_us > settle_us) {
            break;
        }
        if (now_us >= look_us && now_us - began_us > DRAIN_MIN_US && load->ledger.unacked == 0 &&
            load->under_way == 0 && load->away == 0 && load->fetching == 0) {
            judge_all(load, true);
            if (load->judge.outstanding == 0) {
                break;
            }
            look_us = kolam_load_now_us() + DRAIN_LOOK_US;
        }
        step(run, &last_us);
    }
    judge_all(load, false);
}

enum kolam_status kolam_load_run(struct kolam_load *load) {
    struct run run = {.load = load};
    arrive_all(&run);
    if (goes_on(load)) {
        begin(&run);
        draw(&run);
        drain(&run);
    }
    kolam_progress_end(&load->progress);
    return load->has_failed ? KOLAM_ERR_IO : KOLAM_OK;
}
