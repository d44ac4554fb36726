/* Token buckets: what they give, to whom they keep some back, and that the table of accounts favours nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/limits.h"

#define SECOND 1000000u

struct fixture {
    struct kolam_limit_settings settings;
    struct kolam_limits *limits;
};

static void set(struct fixture *fixture, const char *text) {
    char problem[128] = "";
    if (!kolam_limit_parse(text, &fixture->settings, problem, sizeof(problem))) {
        fail_msg("%s: %s", text, problem);
    }
}

static void begin(struct fixture *fixture, uint32_t capacity, const char *const *settings) {
    kolam_limit_defaults(&fixture->settings);
    set(fixture, "all=off");
    for (; *settings; settings++) {
        set(fixture, *settings);
    }
    assert_int_equal(kolam_limits_create(&fixture->settings, capacity, &fixture->limits), KOLAM_OK);
}

static struct kolam_payer payer_at(struct fixture *fixture, const char *text, uint64_t identity) {
    struct kolam_payer payer = {0};
    struct kolam_address address;
    if (text) {
        assert_true(kolam_address_parse(text, &address));
        kolam_payer_set_address(fixture->limits, &payer, &address);
    }
    if (identity) {
        kolam_payer_set_identity(fixture->limits, &payer, 0, identity, false);
    }
    return payer;
}

/* How many of one it gets at this moment. */
static uint32_t gets(struct fixture *fixture, const struct kolam_payer *payer,
                     enum kolam_limit limit, uint64_t now_us) {
    uint32_t count = 0;
    while (count < 100000 && kolam_limits_take(fixture->limits, payer, limit, 1, now_us) == 0) {
        count++;
    }
    return count;
}

#define BEGIN(fixture, capacity, ...)                                                              \
    begin(&(fixture), capacity, (const char *const[]){__VA_ARGS__, NULL})

static uint64_t hits(const struct fixture *fixture, enum kolam_limit limit,
                     enum kolam_limit_scope scope) {
    return (*kolam_limits_hits(fixture->limits))[limit][scope];
}

static void a_bucket_gives_its_burst_and_then_its_rate(void **state) {
    (void)state;
    struct fixture f;
    BEGIN(f, 100, "strokes.identity=10:30");
    struct kolam_payer one = payer_at(&f, NULL, 1), two = payer_at(&f, NULL, 2);
    assert_int_equal(gets(&f, &one, KOLAM_LIMIT_STROKES, SECOND), 30);
    assert_int_equal(gets(&f, &two, KOLAM_LIMIT_STROKES, SECOND), 30);
    const uint64_t wait_us = kolam_limits_take(f.limits, &one, KOLAM_LIMIT_STROKES, 1, SECOND);
    assert_in_range(wait_us, 99999, 100002); /* a tenth of a second */
    assert_int_equal(kolam_limits_take(f.limits, &one, KOLAM_LIMIT_STROKES, 1, SECOND + wait_us),
                     0);
    assert_int_equal(gets(&f, &two, KOLAM_LIMIT_STROKES, 2 * SECOND), 10);
    assert_int_equal(gets(&f, &two, KOLAM_LIMIT_STROKES, 100 * SECOND), 30);
    assert_int_equal(gets(&f, &two, KOLAM_LIMIT_POINTS, 100 * SECOND), 100000); /* it is off */
    assert_true(hits(&f, KOLAM_LIMIT_STROKES, KOLAM_SCOPE_IDENTITY) >= 4);
    assert_int_equal(hits(&f, KOLAM_LIMIT_POINTS, KOLAM_SCOPE_IDENTITY), 0);
    kolam_limits_destroy(f.limits);
}

static void who_comes_again_finds_the_bucket_as_it_was_left(void **state) {
    (void)state;
    struct fixture f;
    BEGIN(f, 100, "strokes.identity=1:30", "strokes.address=1:100");
    struct kolam_payer payer = payer_at(&f, "203.0.113.7", 1);
    assert_int_equal(gets(&f, &payer, KOLAM_LIMIT_STROKES, SECOND), 30);
    kolam_payer_release(f.limits, &payer);
    payer = payer_at(&f, "203.0.113.7", 1);
    assert_int_equal(gets(&f, &payer, KOLAM_LIMIT_STROKES, SECOND), 0);
    kolam_payer_release(f.limits, &payer);
    payer = payer_at(&f, "203.0.113.7", 2); /* another at the same address */
    assert_int_equal(gets(&f, &payer, KOLAM_LIMIT_STROKES, SECOND), 20);
    kolam_limits_destroy(f.limits);
}

static void nothing_is_taken_where_one_bucket_is_short(void **state) {
    (void)state;
    struct fixture f;
    BEGIN(f, 100, "strokes.identity=1:100", "strokes.address=1:2");
    struct kolam_payer payer = payer_at(&f, "203.0.113.7", 1);
    assert_int_equal(gets(&f, &payer, KOLAM_LIMIT_STROKES, SECOND), 2);
    for (int i = 0; i < 200; i++) {
        assert_true(kolam_limits_take(f.limits, &payer, KOLAM_LIMIT_STROKES, 1, SECOND) > 0);
    }
    kolam_payer_release(f.limits, &payer);
    payer = payer_at(&f, "198.51.100.7", 1);
    assert_int_equal(gets(&f, &payer, KOLAM_LIMIT_STROKES, SECOND), 2); /* not 0: 98 are left */
    kolam_limits_destroy(f.limits);
}

static void what_costs_more_than_a_bucket_is_had_when_it_is_full(void **state) {
    (void)state;
    struct fixture f;
    BEGIN(f, 100, "pixels.address=100:1000");
    struct kolam_payer payer = payer_at(&f, "203.0.113.7", 0);
    assert_int_equal(kolam_limits_take(f.limits, &payer, KOLAM_LIMIT_PIXELS, 5000, SECOND), 0);
    const uint64_t wait_us = kolam_limits_take(f.limits, &payer, KOLAM_LIMIT_PIXELS, 1, SECOND);
    assert_in_range(wait_us, 40 * SECOND, 41 * SECOND);
    assert_int_equal(kolam_limits_take(f.limits, &payer, KOLAM_LIMIT_PIXELS, 5000, 52 * SECOND), 0);
    assert_int_equal(
        kolam_limits_take(f.limits, &payer, KOLAM_LIMIT_PIXELS, UINT64_MAX, 1000000000u),
        (uint64_t)0);
    kolam_limits_destroy(f.limits);
}

static void who_took_much_leaves_half_of_what_is_shared(void **state) {
    (void)state;
    struct fixture f;
    BEGIN(f, 100, "strokes.identity=10:1000", "strokes.address=10:1000", "strokes.total=10:1000");
    struct kolam_payer greedy = payer_at(&f, "203.0.113.7", 1);
    struct kolam_payer neighbour = payer_at(&f, "203.0.113.7", 2);
    struct kolam_payer stranger = payer_at(&f, "198.51.100.1", 3);
    /* Once half of its own is gone, only down to half of what others share with it. */
    assert_in_range(gets(&f, &greedy, KOLAM_LIMIT_STROKES, SECOND), 500, 501);
    assert_in_range(gets(&f, &neighbour, KOLAM_LIMIT_STROKES, SECOND), 499, 500);
    assert_int_equal(gets(&f, &stranger, KOLAM_LIMIT_STROKES, SECOND), 0);
    assert_in_range(gets(&f, &stranger, KOLAM_LIMIT_STROKES, 11 * SECOND), 99, 101);
    kolam_limits_destroy(f.limits);
}

static void floods_by_many_leave_their_neighbours_a_share(void **state) {
    (void)state;
    struct fixture f;
    BEGIN(f, 10000, "bytes.identity=1000:1000", "bytes.address=10000:100000",
          "bytes.total=1000000");
    for (uint64_t identity = 1; identity <= 200; identity++) {
        struct kolam_payer flooder = payer_at(&f, "203.0.113.7", identity);
        for (int i = 0; i < 20; i++) {
            (void)kolam_limits_charge(f.limits, &flooder, KOLAM_LIMIT_BYTES, 100000, SECOND);
        }
        kolam_payer_release(f.limits, &flooder);
    }
    struct kolam_payer flooder = payer_at(&f, "203.0.113.7", 1);
    assert_true(kolam_limits_charge(f.limits, &flooder, KOLAM_LIMIT_BYTES, 1, SECOND) > SECOND);
    struct kolam_payer honest = payer_at(&f, "203.0.113.7", 1000);
    struct kolam_payer elsewhere = payer_at(&f, "198.51.100.1", 1001);
    /* At most the first message of each reached what is kept back: the neighbour waits seconds, not for ever. */
    assert_true(kolam_limits_charge(f.limits, &honest, KOLAM_LIMIT_BYTES, 100, SECOND) <
                4 * SECOND);
    assert_int_equal(kolam_limits_charge(f.limits, &elsewhere, KOLAM_LIMIT_BYTES, 100, SECOND), 0);
    kolam_limits_destroy(f.limits);
}

static void charging_is_paid_off_by_waiting(void **state) {
    (void)state;
    struct fixture f;
    BEGIN(f, 100, "bytes.identity=1000:1000");
    struct kolam_payer payer = payer_at(&f, NULL, 1);
    assert_int_equal(kolam_limits_charge(f.limits, &payer, KOLAM_LIMIT_BYTES, 1000, SECOND), 0);
    const uint64_t wait_us = kolam_limits_charge(f.limits, &payer, KOLAM_LIMIT_BYTES, 500, SECOND);
    assert_in_range(wait_us, SECOND / 2, SECOND / 2 + 2);
    assert_int_equal(kolam_limits_charge(f.limits, &payer, KOLAM_LIMIT_BYTES, 0, SECOND + wait_us),
                     0);
    payer.is_exempt = true;
    assert_int_equal(kolam_limits_charge(f.limits, &payer, KOLAM_LIMIT_BYTES, 1u << 30, SECOND), 0);
    kolam_limits_destroy(f.limits);
}

static void an_address_has_neighbours(void **state) {
    (void)state;
    struct fixture f;
    BEGIN(f, 100, "requests.address=1:10", "requests.network=1:15");
    struct kolam_payer a = payer_at(&f, "203.0.113.7", 0), b = payer_at(&f, "203.0.113.8", 0),
                       c = payer_at(&f, "203.0.114.7", 0);
    assert_int_equal(gets(&f, &a, KOLAM_LIMIT_REQUESTS, SECOND), 7); /* half of 15 */
    assert_int_equal(gets(&f, &b, KOLAM_LIMIT_REQUESTS, SECOND), 5); /* half of its own */
    assert_int_equal(gets(&f, &c, KOLAM_LIMIT_REQUESTS, SECOND), 7);
    struct kolam_payer d = payer_at(&f, "2001:db8:1:2::1", 0),
                       e = payer_at(&f, "2001:db8:1:2:9::", 0),
                       g = payer_at(&f, "2001:db8:1:3::1", 0),
                       h = payer_at(&f, "2001:db8:2:2::1", 0);
    assert_ptr_equal(d.accounts[KOLAM_SCOPE_ADDRESS], e.accounts[KOLAM_SCOPE_ADDRESS]);
    assert_ptr_not_equal(d.accounts[KOLAM_SCOPE_ADDRESS], g.accounts[KOLAM_SCOPE_ADDRESS]);
    assert_ptr_equal(d.accounts[KOLAM_SCOPE_NETWORK], g.accounts[KOLAM_SCOPE_NETWORK]);
    assert_ptr_not_equal(d.accounts[KOLAM_SCOPE_NETWORK], h.accounts[KOLAM_SCOPE_NETWORK]);
    kolam_limits_destroy(f.limits);
}

static void loopback_is_counted_only_if_asked(void **state) {
    (void)state;
    struct fixture f;
    BEGIN(f, 100, "requests.address=1:10", "requests.total=1:50");
    struct kolam_payer v4 = payer_at(&f, "127.0.0.1", 0), v6 = payer_at(&f, "::1", 0);
    assert_int_equal(gets(&f, &v4, KOLAM_LIMIT_REQUESTS, SECOND), 50);
    assert_null(v6.accounts[KOLAM_SCOPE_ADDRESS]);
    kolam_limits_destroy(f.limits);
    f.settings.counts_loopback = true;
    assert_int_equal(kolam_limits_create(&f.settings, 100, &f.limits), KOLAM_OK);
    v4 = payer_at(&f, "127.0.0.9", 0);
    assert_int_equal(gets(&f, &v4, KOLAM_LIMIT_REQUESTS, SECOND), 10);
    kolam_limits_destroy(f.limits);
}

static void a_full_table_keeps_who_is_there_and_takes_who_comes(void **state) {
    (void)state;
    struct fixture f;
    char text[32];
    BEGIN(f, 64, "strokes.address=1:10", "strokes.network=1:100");
    struct kolam_payer here = payer_at(&f, "203.0.113.7", 1);
    assert_int_equal(gets(&f, &here, KOLAM_LIMIT_STROKES, SECOND), 10);
    for (int i = 0; i < 100000; i++) {
        snprintf(text, sizeof(text), "2001:%x:%x::1", i >> 16, i & 0xffff);
        struct kolam_payer passing = payer_at(&f, text, 0);
        assert_non_null(passing.accounts[KOLAM_SCOPE_ADDRESS]); /* nobody is locked out */
        assert_int_equal(gets(&f, &passing, KOLAM_LIMIT_STROKES, SECOND),
                         10); /* and has what a stranger has */
        kolam_payer_release(f.limits, &passing);
        assert_true(kolam_limits_accounts(f.limits) <= 64);
    }
    assert_int_equal(gets(&f, &here, KOLAM_LIMIT_STROKES, SECOND), 0); /* held: not forgotten */
    /* With everything held, a stranger is bound by the total alone, and nothing breaks. */
    struct kolam_payer many[64];
    for (int i = 0; i < 64; i++) {
        snprintf(text, sizeof(text), "2001:db9:%x::1", i);
        many[i] = payer_at(&f, text, 0);
        assert_true(kolam_limits_accounts(f.limits) <= 64);
    }
    for (int i = 0; i < 64; i++) {
        kolam_payer_release(f.limits, &many[i]);
    }
    kolam_payer_release(f.limits, &here);
    kolam_limits_destroy(f.limits);
}

static void what_is_counted_at_once_is_given_back(void **state) {
    (void)state;
    struct fixture f;
    BEGIN(f, 64, "open.address=3", "open.network=4");
    struct kolam_payer a = payer_at(&f, "203.0.113.7", 0), b = payer_at(&f, "203.0.113.8", 0);
    for (int i = 0; i < 3; i++) {
        assert_true(kolam_limits_enter(f.limits, &a, KOLAM_LIMIT_OPEN));
    }
    assert_false(kolam_limits_enter(f.limits, &a, KOLAM_LIMIT_OPEN));
    assert_true(kolam_limits_enter(f.limits, &b, KOLAM_LIMIT_OPEN));
    assert_false(kolam_limits_enter(f.limits, &b, KOLAM_LIMIT_OPEN)); /* the network's */
    kolam_limits_leave(f.limits, &a, KOLAM_LIMIT_OPEN);
    assert_true(kolam_limits_enter(f.limits, &b, KOLAM_LIMIT_OPEN));
    assert_int_equal(hits(&f, KOLAM_LIMIT_OPEN, KOLAM_SCOPE_ADDRESS), 1);
    assert_int_equal(hits(&f, KOLAM_LIMIT_OPEN, KOLAM_SCOPE_NETWORK), 1);
    kolam_limits_destroy(f.limits);
}

static void settings_are_read_or_refused_with_a_reason(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",
        "strokes",
        "strokes=5",
        "strokes.identity",
        "strokes.nobody=5",
        "ink.total=5",
        "strokes.total=",
        "strokes.total=-1",
        "strokes.total=0",
        "strokes.total=1:",
        "strokes.total=1:0",
        "strokes.total=1:2:3",
        "strokes.total=1e9",
        "strokes.total=nan",
        "open.address=0.5",
        "open.address=5:6",
        "open.total=5",
        "all=on",
        ".total=5",
        "=5",
        "strokes.total=9999999999999",
        "strokes.total= 5",
        "strokes.total=1,5",
    };
    struct kolam_limit_settings settings;
    char problem[128];
    kolam_limit_defaults(&settings);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        problem[0] = '\0';
        if (kolam_limit_parse(wrong[i], &settings, problem, sizeof(problem)) || !problem[0]) {
            fail_msg("%s was taken", wrong[i]);
        }
    }
    assert_true(kolam_limit_parse("strokes.total=0.5", &settings, problem, sizeof(problem)));
    assert_true(settings.of[KOLAM_LIMIT_STROKES][KOLAM_SCOPE_TOTAL].burst == 5);
    assert_true(kolam_limit_parse("strokes.identity=off", &settings, problem, sizeof(problem)));
    assert_true(settings.of[KOLAM_LIMIT_STROKES][KOLAM_SCOPE_IDENTITY].rate == 0);
    assert_true(settings.of[KOLAM_LIMIT_STROKES][KOLAM_SCOPE_ADDRESS].rate > 0);
    assert_true(kolam_limit_parse("open.address=7", &settings, problem, sizeof(problem)));
    assert_true(settings.of[KOLAM_LIMIT_OPEN][KOLAM_SCOPE_ADDRESS].burst == 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_gives_its_burst_and_then_its_rate),
        cmocka_unit_test(who_comes_again_finds_the_bucket_as_it_was_left),
        cmocka_unit_test(nothing_is_taken_where_one_bucket_is_short),
        cmocka_unit_test(what_costs_more_than_a_bucket_is_had_when_it_is_full),
        cmocka_unit_test(who_took_much_leaves_half_of_what_is_shared),
        cmocka_unit_test(floods_by_many_leave_their_neighbours_a_share),
        cmocka_unit_test(charging_is_paid_off_by_waiting),
        cmocka_unit_test(an_address_has_neighbours),
        cmocka_unit_test(loopback_is_counted_only_if_asked),
        cmocka_unit_test(a_full_table_keeps_who_is_there_and_takes_who_comes),
        cmocka_unit_test(what_is_counted_at_once_is_given_back),
        cmocka_unit_test(settings_are_read_or_refused_with_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
