/* Which address counts: texts, prefixes, and proxies that are believed or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "server/peer.h"

static struct kolam_address address_of(const char *text) {
    struct kolam_address address;
    assert_true(kolam_address_parse(text, &address));
    return address;
}

static void assert_reads_as(const char *text, const char *wanted) {
    char out[KOLAM_ADDRESS_TEXT_MAX];
    const struct kolam_address address = address_of(text);
    kolam_address_text(&address, out);
    assert_string_equal(out, wanted);
}

static void an_address_is_the_same_however_it_is_written(void **state) {
    (void)state;
    assert_reads_as("203.0.113.7", "203.0.113.7");
    assert_reads_as("::ffff:203.0.113.7", "203.0.113.7");
    assert_reads_as("2001:DB8:0:0::1", "2001:db8::1");
    assert_reads_as("::1", "::1");
    assert_reads_as("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
                    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    const struct kolam_address a = address_of("::ffff:10.0.0.1"), b = address_of("10.0.0.1");
    assert_true(kolam_address_equal(&a, &b));
    assert_true(kolam_address_is_v4(&a));
}

static void refuses_what_is_no_address(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",           " ",          "1.2.3",    "1.2.3.4.5", "256.1.1.1",  "1.2.3.4 ",
        "1.2.3.4:80", "[1]",        "[::1]:80", "localhost", "::1%eth0",   ":::",
        "1::2::3",    "0x7f.0.0.1", "127",      "1.2.3.04",  "2130706433", "::ffff:1.2.3.4.5",
    };
    struct kolam_address address;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(kolam_address_parse(wrong[i], &address));
    }
}

static void assert_prefix_reads_as(const char *text, const char *wanted) {
    char out[KOLAM_PREFIX_TEXT_MAX];
    struct kolam_prefix prefix;
    assert_true(kolam_prefix_parse(text, &prefix));
    kolam_prefix_text(&prefix, out);
    assert_string_equal(out, wanted);
}

static bool holds(const char *prefix_text, const char *address_text) {
    const struct kolam_address address = address_of(address_text);
    struct kolam_prefix prefix;
    assert_true(kolam_prefix_parse(prefix_text, &prefix));
    return kolam_prefix_holds(&prefix, &address);
}

static void a_prefix_holds_what_begins_like_it(void **state) {
    (void)state;
    assert_true(holds("203.0.113.0/24", "203.0.113.255"));
    assert_false(holds("203.0.113.0/24", "203.0.114.0"));
    assert_true(holds("203.0.113.8/29", "::ffff:203.0.113.15"));
    assert_false(holds("203.0.113.8/29", "203.0.113.16"));
    assert_true(holds("127.0.0.1", "127.0.0.1"));
    assert_false(holds("127.0.0.1", "127.0.0.2"));
    assert_true(holds("2001:db8::/32", "2001:db8:ffff::1"));
    assert_false(holds("2001:db8::/32", "2001:db9::1"));
    assert_true(holds("fe80::/10", "febf::1"));
    assert_false(holds("fe80::/10", "fec0::1"));
    assert_true(holds("0.0.0.0/0", "8.8.8.8"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("::/0", "2001:db8::1"));
    assert_false(holds("::/0", "8.8.8.8"));
    assert_false(holds("::ffff:0:0/64", "8.8.8.8"));
    assert_true(holds("::ffff:10.0.0.0/104", "10.255.0.1"));
}

static void a_prefix_is_told_by_its_beginning(void **state) {
    (void)state;
    assert_prefix_reads_as("203.0.113.77/24", "203.0.113.0/24");
    assert_prefix_reads_as("203.0.113.77", "203.0.113.77/32");
    assert_prefix_reads_as("::ffff:203.0.113.77/120", "203.0.113.0/24");
    assert_prefix_reads_as("2001:db8::1/33", "2001:db8::/33");
    assert_prefix_reads_as("2001:db8:ffff::1/33", "2001:db8:8000::/33");
    assert_prefix_reads_as("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
    static const char *const wrong[] = {"/24",
                                        "1.2.3.4/",
                                        "1.2.3.4/33",
                                        "1.2.3.4/-1",
                                        "1.2.3.4/ 8",
                                        "1.2.3.4/8x",
                                        "1.2.3.4/0032",
                                        "::/129",
                                        "example.org/24",
                                        "1.2.3.4/8/8",
                                        ""};
    struct kolam_prefix prefix;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(kolam_prefix_parse(wrong[i], &prefix));
    }
}

static void limits_go_by_the_prefix_that_one_household_has(void **state) {
    (void)state;
    char text[KOLAM_PREFIX_TEXT_MAX];
    const struct kolam_address v4 = address_of("203.0.113.77"), v6 = address_of("2001:db8:1:2::9");
    struct kolam_prefix prefix = kolam_address_prefix(&v4, 24, 64);
    kolam_prefix_text(&prefix, text);
    assert_string_equal(text, "203.0.113.0/24");
    prefix = kolam_address_prefix(&v6, 24, 64);
    kolam_prefix_text(&prefix, text);
    assert_string_equal(text, "2001:db8:1:2::/64");
    prefix = kolam_address_prefix(&v4, 32, 64);
    kolam_prefix_text(&prefix, text);
    assert_string_equal(text, "203.0.113.77/32");
}

static void assert_counts(const char *peer, const char *value, const char *wanted) {
    static const char *const trusted[] = {"127.0.0.1", "10.0.0.0/8", "fd00::/8"};
    struct kolam_proxies proxies;
    struct kolam_error error;
    char text[KOLAM_ADDRESS_TEXT_MAX];
    assert_int_equal(kolam_proxies_init(&proxies, trusted, 3, "X-Forwarded-For", &error), KOLAM_OK);
    const struct kolam_address from = address_of(peer);
    const struct kolam_address counted = kolam_peer_forwarded(&proxies, &from, value);
    kolam_address_text(&counted, text);
    assert_string_equal(text, wanted);
}

static void the_last_address_that_is_no_proxys_counts(void **state) {
    (void)state;
    assert_counts("127.0.0.1", "203.0.113.7", "203.0.113.7");
    assert_counts("127.0.0.1", "1.1.1.1, 2.2.2.2,203.0.113.7", "203.0.113.7");
    assert_counts("127.0.0.1", "1.1.1.1, 203.0.113.7, 10.1.2.3", "203.0.113.7");
    assert_counts("10.9.9.9", "203.0.113.7 , 10.1.2.3,fd00::5 ", "203.0.113.7");
    assert_counts("127.0.0.1", "10.0.0.9, 10.0.0.8", "10.0.0.9");
    assert_counts("::ffff:127.0.0.1", "2001:db8::7", "2001:db8::7");
    assert_counts("127.0.0.1", "[2001:db8::7]:4711", "2001:db8::7");
    assert_counts("127.0.0.1", "[2001:db8::7]", "2001:db8::7");
    assert_counts("127.0.0.1", "203.0.113.7:4711", "203.0.113.7");
}

static void what_a_stranger_says_does_not_count(void **state) {
    (void)state;
    assert_counts("203.0.113.7", "1.1.1.1", "203.0.113.7");
    assert_counts("203.0.113.7", "127.0.0.1", "203.0.113.7");
    assert_counts("2001:db8::7", "10.0.0.1", "2001:db8::7");
}

static void what_cannot_be_read_is_nobodys_word(void **state) {
    (void)state;
    assert_counts("127.0.0.1", "", "127.0.0.1");
    assert_counts("127.0.0.1", "unknown", "127.0.0.1");
    assert_counts("127.0.0.1", "203.0.113.7, unknown", "127.0.0.1");
    assert_counts("127.0.0.1", "203.0.113.7,", "127.0.0.1");
    assert_counts("127.0.0.1", "203.0.113.7, nonsense, 10.0.0.1", "10.0.0.1");
    assert_counts("127.0.0.1", "[203.0.113.7]", "127.0.0.1");
    assert_counts("127.0.0.1", "[2001:db8::7", "127.0.0.1");
    assert_counts("127.0.0.1", "[2001:db8::7]x", "127.0.0.1");
    char longest[1024];
    memset(longest, '1', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_counts("127.0.0.1", longest, "127.0.0.1");
    memset(longest, ',', sizeof(longest) - 1);
    assert_counts("127.0.0.1", longest, "127.0.0.1");
}

static void refuses_proxies_and_headers_that_are_none(void **state) {
    (void)state;
    struct kolam_proxies proxies;
    struct kolam_error error = {0};
    static const char *const good[] = {"127.0.0.1"}, *const bad[] = {"127.0.0.1", "proxy.local"};
    assert_int_equal(kolam_proxies_init(&proxies, good, 1, "X-Real-IP", &error), KOLAM_OK);
    assert_string_equal(proxies.header, "x-real-ip:");
    assert_int_equal(kolam_proxies_init(&proxies, bad, 2, "X-Real-IP", &error), KOLAM_ERR_INVALID);
    assert_non_null(strstr(error.text, "proxy.local"));
    static const char *const names[] = {"", "X Real", "X-Real-IP:", "X\r\nY", "Ä"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(kolam_proxies_init(&proxies, good, 1, names[i], &error),
                         KOLAM_ERR_INVALID);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_the_same_however_it_is_written),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(a_prefix_holds_what_begins_like_it),
        cmocka_unit_test(a_prefix_is_told_by_its_beginning),
        cmocka_unit_test(limits_go_by_the_prefix_that_one_household_has),
        cmocka_unit_test(the_last_address_that_is_no_proxys_counts),
        cmocka_unit_test(what_a_stranger_says_does_not_count),
        cmocka_unit_test(what_cannot_be_read_is_nobodys_word),
        cmocka_unit_test(refuses_proxies_and_headers_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
