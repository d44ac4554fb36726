/* The pace of the tick: longer under load, shorter again after it, and never fluttering between two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <cmocka.h>

#include "server/pace.h"

struct world {
    struct kolam_pace pace;
    struct kolam_pace_used used;
    uint32_t changes;
};

/* What a second brings: microseconds to write the ops of a tick and all previews, beside other work. */
struct load {
    uint32_t ops_us, previews_us, other_permille;
    uint32_t records_a_frame;
};

static void begin(struct world *world) {
    *world = (struct world){.used = {.wall_us = 1000000, .busy_us = 500000}};
    kolam_pace_init(&world->pace, world->used.wall_us);
    world->pace.last = world->used;
}

static void live(struct world *world, uint32_t seconds, struct load load) {
    struct kolam_pace_used *used = &world->used;
    const uint64_t end_us = used->wall_us + seconds * 1000000u;
    while (used->wall_us < end_us) {
        const uint32_t before = world->pace.step;
        const uint64_t tick_us =
            load.ops_us + load.previews_us / kolam_pace_preview_ticks(&world->pace);
        uint64_t span_us = kolam_pace_interval_us(&world->pace);
        span_us = span_us < tick_us ? tick_us : span_us;
        const uint64_t used_us = tick_us + span_us * load.other_permille / 1000;
        used->wall_us += span_us;
        used->busy_us += used_us > span_us ? span_us : used_us;
        used->tick_us += tick_us;
        used->frames += 10;
        used->op_frames += load.ops_us > 0 ? 10 * (uint64_t)load.ops_us / tick_us : 0;
        used->records += 10 * (uint64_t)load.records_a_frame;
        used->ops +=
            load.ops_us > 0 ? 10 * (uint64_t)load.ops_us / tick_us * load.records_a_frame : 0;
        kolam_pace_look(&world->pace, used);
        world->changes += world->pace.step != before;
    }
}

static void expect(const struct world *world, uint32_t interval_us, uint32_t preview_ticks) {
    assert_int_equal(kolam_pace_interval_us(&world->pace), interval_us);
    assert_int_equal(kolam_pace_preview_ticks(&world->pace), preview_ticks);
}

static void an_easy_load_keeps_the_shortest_tick(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    live(&world, 60, (struct load){8000, 0, 50, 10}); /* half a core */
    expect(&world, 16000, 1);
    assert_int_equal(world.changes, 0);
    assert_in_range(world.pace.busy_permille, 450, 600);
}

static void a_heavier_one_takes_as_long_a_tick_as_it_needs(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    live(&world, 60, (struct load){20000, 0, 20, 10}); /* more than 16 ms a tick: 61% of 33 ms */
    expect(&world, 33000, 1);
    begin(&world);
    live(&world, 60, (struct load){30000, 0, 20, 10});
    expect(&world, 66000, 3);
    begin(&world);
    live(&world, 60, (struct load){90000, 0, 0, 10});
    expect(&world, 100000, 2);
}

static void previews_give_way_before_ops_do(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    live(&world, 60, (struct load){2000, 28000, 20, 10});
    expect(&world, 33000, 2);
    begin(&world);
    live(&world, 60, (struct load){3000, 45000, 50, 10});
    expect(&world, 33000, 3);
}

static void it_comes_back_when_the_load_is_over(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    live(&world, 10, (struct load){90000, 0, 0, 10});
    expect(&world, 100000, 2);
    live(&world, 10, (struct load){100, 0, 0, 10});
    expect(&world, 16000, 1);
}

/* Whether ticks or reading take the time, and whether a frame holds anything that could be divided, is told apart. */
static void it_comes_back_when_a_faster_one_would_cost_little_more(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    live(&world, 5, (struct load){20000, 0, 20, 10});
    expect(&world, 33000, 1);
    live(&world, 10, (struct load){3000, 0, 350, 10}); /* 44%, of it 9% in ticks */
    expect(&world, 16000, 1);
    begin(&world);
    live(&world, 5, (struct load){20000, 0, 20, 1});
    live(&world, 10,
         (struct load){15000, 0, 20, 1}); /* 47%: twice the ticks would hold half each */
    expect(&world, 16000, 1);
}

static void it_answers_a_sudden_load_within_a_second_or_two(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    live(&world, 30, (struct load){10, 0, 0, 10});
    live(&world, 1, (struct load){0, 60000, 0, 10});
    assert_true(kolam_pace_preview_ticks(&world.pace) >= 2);
    begin(&world);
    live(&world, 30, (struct load){10, 0, 0, 10});
    live(&world, 2, (struct load){40000, 0, 0, 10});
    assert_true(kolam_pace_interval_us(&world.pace) >= 66000);
}

static void it_does_not_flutter(void **state) {
    (void)state;
    for (uint32_t ops_us = 0; ops_us <= 60000; ops_us += 1000) {
        for (uint32_t previews_us = 0; previews_us <= 60000; previews_us += 6000) {
            for (uint32_t other = 0; other <= 600; other += 200) {
                struct world world;
                begin(&world);
                live(&world, 10, (struct load){ops_us, previews_us, other, 10});
                world.changes = 0;
                live(&world, 30, (struct load){ops_us, previews_us, other, 10});
                assert_true(world.changes <= 1);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_easy_load_keeps_the_shortest_tick),
        cmocka_unit_test(a_heavier_one_takes_as_long_a_tick_as_it_needs),
        cmocka_unit_test(previews_give_way_before_ops_do),
        cmocka_unit_test(it_comes_back_when_the_load_is_over),
        cmocka_unit_test(it_comes_back_when_a_faster_one_would_cost_little_more),
        cmocka_unit_test(it_answers_a_sudden_load_within_a_second_or_two),
        cmocka_unit_test(it_does_not_flutter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
