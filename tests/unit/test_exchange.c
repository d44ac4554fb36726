/* What lives for a moment goes to the others, in order, bounded, never back; through logs side by side too. thread-test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"
#include "tests/support/store.h"

struct ear {
    char heard[4096];
    size_t used, messages, bytes;
    int wakes;
};

static void hear(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct ear *ear = ctx;
    ear->messages++;
    ear->bytes += size_bytes;
    if (ear->used + size_bytes < sizeof ear->heard) {
        memcpy(ear->heard + ear->used, bytes, size_bytes);
        ear->used += size_bytes;
        ear->heard[ear->used] = '\0';
    }
}

static void wake(void *ctx) {
    struct ear *ear = ctx;
    __atomic_add_fetch(&ear->wakes, 1, __ATOMIC_RELAXED);
}

static void say(struct kolam_exchange_member *member, const char *text) {
    kolam_exchange_publish(member, (const uint8_t *)text, strlen(text));
}

static void the_others_hear_in_order_and_the_publisher_does_not(void **unused) {
    (void)unused;
    struct ear ears[3] = {{.used = 0}};
    struct kolam_exchange *exchange = kolam_exchange_create();
    struct kolam_exchange_member *members[3];
    for (int i = 0; i < 3; i++) {
        members[i] = kolam_exchange_join(exchange, wake, &ears[i]);
        assert_non_null(members[i]);
    }
    say(members[0], "a");
    say(members[1], "b");
    say(members[0], "c");
    for (int i = 0; i < 3; i++) {
        kolam_exchange_take(members[i], hear, &ears[i]);
    }
    assert_string_equal(ears[0].heard, "b");
    assert_string_equal(ears[1].heard, "ac");
    assert_string_equal(ears[2].heard, "abc");
    assert_int_equal(ears[2].wakes, 1); /* it knew already */
    kolam_exchange_leave(members[1]);
    say(members[0], "d");
    kolam_exchange_take(members[2], NULL, NULL); /* nobody listens: it is gone */
    kolam_exchange_take(members[2], hear, &ears[2]);
    assert_string_equal(ears[2].heard, "abc");
    assert_int_equal(ears[2].wakes, 2);
    say(members[0], "left behind");
    kolam_exchange_leave(members[0]);
    kolam_exchange_leave(members[2]);
    kolam_exchange_leave(NULL);
    kolam_exchange_destroy(exchange);
    kolam_exchange_destroy(NULL);
}

static void one_that_does_not_take_keeps_the_newest_of_bounded_size(void **unused) {
    (void)unused;
    static uint8_t big[KOLAM_EXCHANGE_BYTES_MAX / 8];
    struct ear ear = {.used = 0};
    struct kolam_exchange *exchange = kolam_exchange_create();
    struct kolam_exchange_member *a = kolam_exchange_join(exchange, NULL, NULL);
    struct kolam_exchange_member *b = kolam_exchange_join(exchange, wake, &ear);
    for (int i = 0; i < 20; i++) {
        kolam_exchange_publish(a, big, sizeof big);
    }
    say(a, "newest");
    kolam_exchange_take(b, hear, &ear);
    assert_int_equal(ear.messages, 8);
    assert_true(ear.bytes <= KOLAM_EXCHANGE_BYTES_MAX);
    assert_string_equal(ear.heard, "newest");
    fail_allocation(0);
    say(a, "without memory");
    fail_allocation(-1);
    say(a, "!");
    kolam_exchange_take(b, hear, &ear);
    assert_string_equal(ear.heard, "newest!");
    kolam_exchange_leave(a);
    kolam_exchange_leave(b);
    kolam_exchange_destroy(exchange);
}

#define ROUNDS 2000

static void *talk(void *ctx) {
    for (int i = 0; i < ROUNDS; i++) {
        say(ctx, "x");
    }
    return NULL;
}

static void publishers_of_several_threads_are_all_heard(void **unused) {
    (void)unused;
    struct ear ear = {.used = 0};
    pthread_t threads[2];
    struct kolam_exchange *exchange = kolam_exchange_create();
    struct kolam_exchange_member *listener = kolam_exchange_join(exchange, wake, &ear);
    struct kolam_exchange_member *talkers[2];
    for (int i = 0; i < 2; i++) {
        talkers[i] = kolam_exchange_join(exchange, NULL, NULL);
        assert_int_equal(pthread_create(&threads[i], NULL, talk, talkers[i]), 0);
    }
    while (ear.messages < ROUNDS / 2) {
        kolam_exchange_take(listener, hear, &ear);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    kolam_exchange_take(listener, hear, &ear);
    assert_int_equal(ear.messages, 2 * ROUNDS);
    kolam_exchange_leave(listener);
    kolam_exchange_leave(talkers[0]);
    kolam_exchange_leave(talkers[1]);
    kolam_exchange_destroy(exchange);
}

static int64_t now_ms(void *ctx) {
    (void)ctx;
    return 1000000;
}

static struct kolam_log *open_log(const char *folder, const char *name,
                                  struct kolam_exchange *exchange, struct ear *ear) {
    char path[600];
    struct kolam_log *log = NULL;
    struct kolam_error error = {.text = ""};
    temp_path(folder, name, path);
    const struct kolam_log_options options = {.path = path,
                                              .clock = {.now_ms = now_ms},
                                              .wake = wake,
                                              .wake_ctx = ear,
                                              .exchange = exchange};
    assert_int_equal(kolam_log_sqlite_create(&options, &log, &error), KOLAM_OK);
    kolam_log_listen(log, hear, ear);
    return log;
}

static void logs_of_one_exchange_hear_each_other_inside_dispatch(void **unused) {
    (void)unused;
    char folder[512];
    struct ear ears[3] = {{.used = 0}};
    struct kolam_exchange *exchange = kolam_exchange_create();
    temp_folder_make(folder);
    struct kolam_log *one = open_log(folder, "one.kolam", exchange, &ears[0]);
    struct kolam_log *two = open_log(folder, "two.kolam", exchange, &ears[1]);
    struct kolam_log *alone = open_log(folder, "alone.kolam", NULL, &ears[2]);
    assert_true(one->is_shared && two->is_shared && !alone->is_shared);
    kolam_log_publish(one, (const uint8_t *)"pen", 3);
    kolam_log_publish(alone, (const uint8_t *)"nobody", 6);
    assert_int_equal(ears[1].messages, 0);
    assert_int_equal(ears[1].wakes, 1);
    kolam_log_dispatch(one);
    kolam_log_dispatch(two);
    kolam_log_dispatch(alone);
    assert_string_equal(ears[1].heard, "pen");
    assert_int_equal(ears[0].messages + ears[2].messages, 0);
    kolam_log_listen(two, NULL, NULL);
    kolam_log_publish(one, (const uint8_t *)"gone", 4);
    kolam_log_dispatch(two);
    assert_int_equal(ears[1].messages, 1);
    kolam_log_publish(one, (const uint8_t *)"late", 4);
    kolam_log_destroy(two);
    kolam_log_publish(one, (const uint8_t *)"alone", 5);
    kolam_log_destroy(one);
    kolam_log_destroy(alone);
    kolam_exchange_destroy(exchange);
    temp_folder_remove(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_others_hear_in_order_and_the_publisher_does_not),
        cmocka_unit_test(one_that_does_not_take_keeps_the_newest_of_bounded_size),
        cmocka_unit_test(publishers_of_several_threads_are_all_heard),
        cmocka_unit_test(logs_of_one_exchange_hear_each_other_inside_dispatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
