/* Heads of requests that are read as a proxy reads them, or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/http_head.h"
#include "server/net_internal.h"

static const struct kolam_head_rules rules = {
    .once = {"host:", "content-length:", "x-user:", "", NULL},
    .loses_next = kolam_net_loses_next,
};

static enum kolam_head_state read_all(const char *text, size_t *out_used) {
    struct kolam_head head = {0};
    return kolam_head_read(&head, &rules, (const uint8_t *)text, strlen(text), out_used);
}

/* The same a byte at a time. */
static enum kolam_head_state read_in_drips(const char *text) {
    struct kolam_head head = {0};
    enum kolam_head_state state = KOLAM_HEAD_MORE;
    for (size_t used; *text && state == KOLAM_HEAD_MORE; text++) {
        state = kolam_head_read(&head, &rules, (const uint8_t *)text, 1, &used);
    }
    return state;
}

static void assert_state(const char *text, enum kolam_head_state wanted) {
    size_t used = 0;
    assert_int_equal(read_all(text, &used), wanted);
    assert_int_equal(read_in_drips(text), wanted);
}

#define GET "GET / HTTP/1.1\r\n"

static void a_head_ends_where_it_ends(void **state) {
    (void)state;
    size_t used = 0;
    assert_int_equal(read_all(GET "Host: a\r\n\r\nGET /", &used), KOLAM_HEAD_WHOLE);
    assert_int_equal(used, strlen(GET "Host: a\r\n\r\n"));
    assert_state(GET "\r\n", KOLAM_HEAD_WHOLE);
    assert_state(GET "Host: a\r\nAccept: */*\r\nX-Forwarded-For: 1, 2\r\nEmpty:\r\n\r\n",
                 KOLAM_HEAD_WHOLE);
    assert_state(GET "Host: a\r\n\r", KOLAM_HEAD_MORE);
    assert_state("GE", KOLAM_HEAD_MORE);
    assert_state("", KOLAM_HEAD_MORE);
}

static void a_header_that_decides_comes_once(void **state) {
    (void)state;
    assert_state(GET "X-User: a\r\nX-Other: b\r\nx-USER: a\r\n\r\n", KOLAM_HEAD_BAD);
    assert_state(GET "Host: a\r\nHost: a\r\n\r\n", KOLAM_HEAD_BAD);
    assert_state(GET "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", KOLAM_HEAD_BAD);
    assert_state(GET "X-User-Name: a\r\nX-User: a\r\nX-Use: a\r\n\r\n", KOLAM_HEAD_WHOLE);
    assert_state(GET "Cookie: a\r\nCookie: b\r\n\r\n", KOLAM_HEAD_WHOLE);
}

static void a_line_that_the_library_would_lose_is_refused(void **state) {
    (void)state;
    static const char *const losing[] = {"Acc", "X-For", "x-forwarded",  "Hos",
                                         "C",   "GET",   "Sec-WebSocket"};
    static const char *const sound[] = {
        "Accept", "X-Forwarded-For", "X-Forwarded-Fox", "Hosts", "CC", "GETS", "DNT"};
    char text[200];
    for (size_t i = 0; i < sizeof(losing) / sizeof(losing[0]); i++) {
        snprintf(text, sizeof(text), GET "%s: 1\r\nHost: a\r\n\r\n", losing[i]);
        assert_state(text, KOLAM_HEAD_BAD);
        snprintf(text, sizeof(text), GET "%s: 1\r\nHost: a\r\n\r\n", sound[i]);
        assert_state(text, KOLAM_HEAD_WHOLE);
    }
}

static void what_two_readers_read_in_two_ways_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {
        "\r\n" GET "\r\n",         GET "Zz: b\n\r\n",          "GET / HTTP/1.1\n\r\n",
        GET "Zz: b\r\n c\r\n\r\n", GET "Zz : b\r\n\r\n",       GET "Zz\r\nYy: c\r\n\r\n",
        GET ": b\r\n\r\n",         GET "Zz: b\rc\r\n\r\n",     GET "Zz(: b\r\n\r\n",
        GET "\tZz: b\r\n\r\n",     GET "Zz: b\r\n\rX\r\n\r\n", GET "\xc3\xa4: b\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_state(bad[i], KOLAM_HEAD_BAD);
    }
    struct kolam_head head = {0};
    size_t used = 0;
    static const uint8_t nul[] = GET "Zz: b\0c\r\n\r\n";
    assert_int_equal(kolam_head_read(&head, &rules, nul, sizeof(nul) - 1, &used), KOLAM_HEAD_BAD);
}

static void a_head_without_end_is_refused(void **state) {
    (void)state;
    struct kolam_head head = {0};
    size_t used = 0, fed = 0;
    enum kolam_head_state now = KOLAM_HEAD_MORE;
    for (; now == KOLAM_HEAD_MORE; fed++) {
        now = kolam_head_read(&head, &rules, (const uint8_t *)"G", 1, &used);
    }
    assert_int_equal(now, KOLAM_HEAD_BAD);
    assert_int_equal(fed, KOLAM_HEAD_BYTES_MAX + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_ends_where_it_ends),
        cmocka_unit_test(a_header_that_decides_comes_once),
        cmocka_unit_test(a_line_that_the_library_would_lose_is_refused),
        cmocka_unit_test(what_two_readers_read_in_two_ways_is_refused),
        cmocka_unit_test(a_head_without_end_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
