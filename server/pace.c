/* The pace of the tick. The share of the time in which the thread is busy is smoothed over some 300 ms; above UP the next slower pace
 * holds. (Not its share of a core: where others take the cores it has as little time left as with much to do.) The one before
 * comes back when even it would stay well below UP, and not within a second of the last change: it does not flutter.
 * How much it would take: reading and the rest stay as they are; writing grows at most as ticks come more often, and
 * also no more than by the number of records that a frame holds (of ops, where it was written for those), since what
 * came alone is not divided. */
#include "pace.h"

#define WINDOW_US 50000 /* shorter spans are not looked at */
#define SMOOTH_US 300000.0
#define UP_PERMILLE 650
#define UP_OPS_PERMILLE 720 /* the same where ops wait for more than */
#define OPS_INTERVAL_US 33000
#define INFINITE 1e9
#define DOWN_PERMILLE 600 /* what a faster pace may come to */
#define CALM_US 1000000   /* without change before it becomes faster */
#define RISE_US 300000    /* the same before it becomes slower still */
#define HELPS 1.05 /* what saves less than that is passed over: where there are no previews */

struct step {
    uint32_t interval_us, preview_ticks;
};

static const struct step steps[] = {
    {16000, 1}, {33000, 1}, {33000, 2}, {33000, 3}, {33000, 4}, {33000, 6}, {66000, 3}, {100000, 2},
};
#define STEPS (sizeof(steps) / sizeof(steps[0]))

void kolam_pace_init(struct kolam_pace *pace, uint64_t wall_us) {
    *pace = (struct kolam_pace){
        .last = {.wall_us = wall_us}, .records_a_frame = 1, .op_share = 1, .changed_us = wall_us};
}

uint32_t kolam_pace_interval_us(const struct kolam_pace *pace) {
    return steps[pace->step].interval_us;
}

uint32_t kolam_pace_preview_ticks(const struct kolam_pace *pace) {
    return steps[pace->step].preview_ticks;
}

static double at_most(double value, double bound) {
    return value < bound ? value : bound;
}

/* How many times as often the step before writes, if what was gathered can be divided at will. */
static double growth(const struct kolam_pace *pace, uint32_t step, double most_ops, double most) {
    const struct step now = steps[step], before = steps[step - 1];
    const double ops = (double)now.interval_us / before.interval_us;
    const double previews = ops * now.preview_ticks / before.preview_ticks;
    const double both =
        at_most(ops, most_ops) * pace->op_share + at_most(previews, most) * (1 - pace->op_share);
    return both > 1 ? both : 1;
}

static double growth_if_faster(const struct kolam_pace *pace) {
    return growth(pace, pace->step, pace->ops_a_frame, pace->records_a_frame);
}

static double decline_if_slower(const struct kolam_pace *pace, uint32_t step) {
    return growth(pace, step, INFINITE, INFINITE);
}

static double busy_if_faster(const struct kolam_pace *pace) {
    return pace->busy_permille + pace->tick_permille * (growth_if_faster(pace) - 1);
}

/* Goes on from what is to be expected, not from what was before. */
static void set_step(struct kolam_pace *pace, uint32_t step, double tick_growth) {
    const double rest = pace->busy_permille - at_most(pace->tick_permille, pace->busy_permille);
    const double tick = pace->tick_permille * tick_growth;
    pace->tick_permille = (uint32_t)at_most(tick, 1000);
    pace->busy_permille = (uint32_t)at_most(rest + tick, 1000);
    pace->step = step;
    pace->changed_us = pace->last.wall_us;
}

static uint32_t smooth_share(uint32_t before, uint64_t used_us, uint64_t span_us, double weight) {
    const double share = 1000.0 * (double)used_us / (double)span_us;
    return (uint32_t)at_most(before + (share - before) * weight, 1000);
}

static void measure(struct kolam_pace *pace, const struct kolam_pace_used *used) {
    const struct kolam_pace_used *last = &pace->last;
    const uint64_t span_us = used->wall_us - last->wall_us, frames = used->frames - last->frames;
    const double weight = (double)span_us / ((double)span_us + SMOOTH_US);
    pace->busy_permille =
        smooth_share(pace->busy_permille, used->busy_us - last->busy_us, span_us, weight);
    pace->tick_permille =
        smooth_share(pace->tick_permille, used->tick_us - last->tick_us, span_us, weight);
    if (frames > 0) {
        const double records = (double)(used->records - last->records) / (double)frames;
        const double op_share = (double)(used->op_frames - last->op_frames) / (double)frames;
        pace->records_a_frame += (records - pace->records_a_frame) * weight;
        pace->op_share += (op_share - pace->op_share) * weight;
    }
    if (used->op_frames > last->op_frames) {
        const double ops =
            (double)(used->ops - last->ops) / (double)(used->op_frames - last->op_frames);
        pace->ops_a_frame += (ops - pace->ops_a_frame) * weight;
    }
    pace->last = *used;
}

/* Ops are held up only where it is too much for certain. */
static uint32_t bound_for(uint32_t slower) {
    return steps[slower].interval_us > OPS_INTERVAL_US ? UP_OPS_PERMILLE : UP_PERMILLE;
}

void kolam_pace_look(struct kolam_pace *pace, const struct kolam_pace_used *used) {
    if (used->wall_us - pace->last.wall_us < WINDOW_US) {
        return;
    }
    measure(pace, used);
    uint32_t slower = pace->step + 1;
    while (slower + 1 < STEPS && decline_if_slower(pace, slower) < HELPS) {
        slower++;
    }
    const uint64_t since_us = used->wall_us - pace->changed_us;
    if (slower < STEPS && pace->busy_permille > bound_for(slower) && since_us >= RISE_US) {
        set_step(pace, slower, 1 / decline_if_slower(pace, slower));
    } else if (pace->step > 0 && since_us >= CALM_US && busy_if_faster(pace) < DOWN_PERMILLE) {
        set_step(pace, pace->step - 1, growth_if_faster(pace));
    }
}
