/* Guesses are counted by prefix and in all, and nobody's are forgotten by others' coming. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "server/guesses.h"

static struct kolam_address address_of(const char *text) {
    struct kolam_address address;
    assert_true(kolam_address_parse(text, &address));
    return address;
}

static uint32_t take_all(struct kolam_guesses *guesses, const struct kolam_address *address,
                         int64_t now_ms) {
    uint32_t taken = 0;
    while (taken < 1000 && kolam_guesses_take(guesses, address, now_ms)) {
        taken++;
    }
    return taken;
}

static void one_address_has_a_few_and_then_one_at_a_time(void **state) {
    (void)state;
    struct kolam_guesses *guesses = kolam_guesses_create();
    const struct kolam_address here = address_of("203.0.113.7"), there = address_of("203.0.113.8");
    int64_t now_ms = 1000000;
    assert_int_equal(take_all(guesses, &here, now_ms), KOLAM_GUESSES_BURST);
    assert_int_equal(take_all(guesses, &there, now_ms), KOLAM_GUESSES_BURST);
    now_ms += KOLAM_GUESSES_MS - 1;
    assert_int_equal(take_all(guesses, &here, now_ms), 0);
    now_ms += 1;
    assert_int_equal(take_all(guesses, &here, now_ms), 1);
    now_ms += (int64_t)KOLAM_GUESSES_MS * KOLAM_GUESSES_BURST * 5;
    assert_int_equal(take_all(guesses, &here, now_ms), KOLAM_GUESSES_BURST);
    kolam_guesses_destroy(guesses);
}

static void a_right_guess_costs_nothing(void **state) {
    (void)state;
    struct kolam_guesses *guesses = kolam_guesses_create();
    const struct kolam_address here = address_of("203.0.113.7");
    for (int i = 0; i < 2 * KOLAM_GUESSES_ALL_BURST; i++) {
        assert_true(kolam_guesses_take(guesses, &here, 1000000));
        kolam_guesses_give_back(guesses, &here);
    }
    assert_int_equal(take_all(guesses, &here, 1000000), KOLAM_GUESSES_BURST);
    const struct kolam_address there = address_of("203.0.113.8");
    assert_int_equal(take_all(guesses, &there, 1000000), KOLAM_GUESSES_BURST); /* nor others */
    kolam_guesses_destroy(guesses);
}

static void a_household_of_ipv6_is_one(void **state) {
    (void)state;
    struct kolam_guesses *guesses = kolam_guesses_create();
    const struct kolam_address one = address_of("2001:db8:1:2::1");
    const struct kolam_address same = address_of("2001:db8:1:2:ffff::9");
    const struct kolam_address other = address_of("2001:db8:1:3::1");
    assert_int_equal(take_all(guesses, &one, 1000000), KOLAM_GUESSES_BURST);
    assert_int_equal(take_all(guesses, &same, 1000000), 0);
    assert_int_equal(take_all(guesses, &other, 1000000), KOLAM_GUESSES_BURST);
    kolam_guesses_destroy(guesses);
}

static void many_addresses_share_what_there_is_in_all(void **state) {
    (void)state;
    struct kolam_guesses *guesses = kolam_guesses_create();
    uint32_t taken = 0;
    for (unsigned i = 0; i < 65536; i++) {
        char text[KOLAM_ADDRESS_TEXT_MAX];
        (void)snprintf(text, sizeof(text), "2001:db8:%x::1", i);
        const struct kolam_address address = address_of(text);
        taken += kolam_guesses_take(guesses, &address, 1000000);
    }
    assert_int_equal(taken, KOLAM_GUESSES_ALL_BURST);
    const struct kolam_address late = address_of("203.0.113.7");
    assert_false(kolam_guesses_take(guesses, &late, 1000000));
    assert_true(
        kolam_guesses_take(guesses, &late, 1001000)); /* and others are not kept out for long */
    kolam_guesses_destroy(guesses);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_address_has_a_few_and_then_one_at_a_time),
        cmocka_unit_test(a_right_guess_costs_nothing),
        cmocka_unit_test(a_household_of_ipv6_is_one),
        cmocka_unit_test(many_addresses_share_what_there_is_in_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
