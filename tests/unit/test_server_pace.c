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
    uint64_t wall_us, cpu_us;
    uint32_t changes;
};

static void begin(struct world *world) {
    *world = (struct world){.wall_us = 1000000, .cpu_us = 500000};
    kolam_pace_init(&world->pace, world->wall_us, world->cpu_us);
}

/* A second with ticks that cost `tick_us` each, beside other work of `other_permille`. */
static void live(struct world *world, uint32_t seconds, uint32_t tick_us, uint32_t other_permille) {
    const uint64_t end_us = world->wall_us + seconds * 1000000u;
    while (world->wall_us < end_us) {
        const uint32_t before = world->pace.step;
        uint64_t span_us = kolam_pace_interval_us(&world->pace);
        span_us = span_us < tick_us ? tick_us : span_us;
        const uint64_t used_us = tick_us + span_us * other_permille / 1000;
        world->wall_us += span_us;
        world->cpu_us += used_us > span_us ? span_us : used_us;
        kolam_pace_look(&world->pace, world->wall_us, world->cpu_us);
        world->changes += world->pace.step != before;
    }
}

static void an_easy_load_keeps_the_shortest_tick(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    live(&world, 60, 8000, 50); /* half a core */
    assert_int_equal(kolam_pace_interval_us(&world.pace), 16000);
    assert_int_equal(world.changes, 0);
    assert_in_range(world.pace.busy_permille, 450, 600);
}

static void a_heavier_one_takes_as_long_a_tick_as_it_needs(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    live(&world, 60, 20000, 20); /* more than 16 ms of work a tick: 61% of 33 ms */
    assert_int_equal(kolam_pace_interval_us(&world.pace), 33000);
    begin(&world);
    live(&world, 60, 30000, 20);
    assert_int_equal(kolam_pace_interval_us(&world.pace), 66000);
    begin(&world);
    live(&world, 60, 90000, 0);
    assert_int_equal(kolam_pace_interval_us(&world.pace), 100000);
}

static void it_comes_back_when_the_load_is_over(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    live(&world, 10, 60000, 0);
    assert_int_equal(kolam_pace_interval_us(&world.pace), 100000);
    live(&world, 10, 100, 0);
    assert_int_equal(kolam_pace_interval_us(&world.pace), 16000);
}

static void it_answers_a_sudden_load_within_a_second(void **state) {
    (void)state;
    struct world world;
    begin(&world);
    live(&world, 30, 10, 0);
    live(&world, 1, 40000, 0);
    assert_true(kolam_pace_interval_us(&world.pace) >= 66000);
}

static void it_does_not_flutter(void **state) {
    (void)state;
    for (uint32_t tick_us = 1000; tick_us <= 60000; tick_us += 500) {
        for (uint32_t other = 0; other <= 600; other += 100) {
            struct world world;
            begin(&world);
            live(&world, 10, tick_us, other);
            world.changes = 0;
            live(&world, 60, tick_us, other);
            assert_true(world.changes <= 1);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_easy_load_keeps_the_shortest_tick),
        cmocka_unit_test(a_heavier_one_takes_as_long_a_tick_as_it_needs),
        cmocka_unit_test(it_comes_back_when_the_load_is_over),
        cmocka_unit_test(it_answers_a_sudden_load_within_a_second),
        cmocka_unit_test(it_does_not_flutter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
