/* The door to the heap: products that overflow, sizes of 0, and the hook. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/log.h"
#include "kolam/status.h"

static void refuses_products_that_overflow(void **state) {
    (void)state;
    char *block = kolam_alloc(4);
    assert_null(kolam_alloc_array(SIZE_MAX / 2, 3));
    assert_null(kolam_alloc_zero(SIZE_MAX / 2, 3));
    assert_null(kolam_realloc_array(block, SIZE_MAX / 2, 3));
    assert_null(kolam_alloc((size_t)PTRDIFF_MAX + 1));
    kolam_free(block);
}

static void gives_a_block_for_nothing(void **state) {
    (void)state;
    void *a = kolam_alloc(0), *b = kolam_alloc_zero(0, 8), *c = kolam_alloc_array(8, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    assert_ptr_not_equal(a, b);
    c = kolam_realloc_array(c, 0, 8);
    assert_non_null(c);
    kolam_free(a);
    kolam_free(b);
    kolam_free(c);
    kolam_free(NULL);
}

static void copies_and_clears(void **state) {
    (void)state;
    static const uint8_t zeros[16];
    uint8_t *clear = kolam_alloc_zero(4, 4);
    assert_memory_equal(clear, zeros, 16);
    char *copy = kolam_strdup("kolam");
    assert_string_equal(copy, "kolam");
    copy = kolam_realloc_array(copy, 100, 1);
    assert_string_equal(copy, "kolam");
    kolam_free(copy);
    kolam_free(clear);
}

static bool count_down(void *ctx) {
    int *left = ctx;
    return (*left)-- > 0;
}

static void the_hook_makes_allocations_fail(void **state) {
    (void)state;
    int left = 1;
    kolam_alloc_set_hook(count_down, &left);
    char *block = kolam_strdup("stays");
    assert_non_null(block);
    assert_null(kolam_realloc_array(block, 50, 1));
    assert_string_equal(block, "stays");
    assert_null(kolam_alloc(1));
    assert_null(kolam_alloc_zero(1, 1));
    kolam_alloc_set_hook(NULL, NULL);
    kolam_free(block);
}

static void a_submission_without_memory_is_none(void **state) {
    (void)state;
    for (int allowed = 0; allowed < 2; allowed++) {
        int left = allowed;
        kolam_alloc_set_hook(count_down, &left);
        assert_null(kolam_submission_create(3));
        kolam_alloc_set_hook(NULL, NULL);
    }
    struct kolam_submission *submission = kolam_submission_create(3);
    assert_int_equal(submission->op_count, 3);
    submission->ops[1].body = kolam_alloc(5);
    kolam_submission_destroy(submission);
    kolam_submission_destroy(NULL);
}

static void an_error_is_always_terminated(void **state) {
    (void)state;
    struct kolam_error error;
    char longer[1000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(kolam_fail(&error, KOLAM_ERR_FULL, "%s", longer), KOLAM_ERR_FULL);
    assert_int_equal(error.status, KOLAM_ERR_FULL);
    assert_int_equal(strlen(error.text), sizeof error.text - 1);
    assert_int_equal(kolam_fail(NULL, KOLAM_ERR_IO, "nobody asks"), KOLAM_ERR_IO);
}

static void every_status_has_words(void **state) {
    (void)state;
    for (int status = KOLAM_OK; status <= KOLAM_ERR_CLOSED; status++) {
        assert_string_not_equal(kolam_status_text((enum kolam_status)status), "unknown status");
    }
    assert_string_equal(kolam_status_text((enum kolam_status)1000), "unknown status");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_products_that_overflow),
        cmocka_unit_test(gives_a_block_for_nothing),
        cmocka_unit_test(copies_and_clears),
        cmocka_unit_test(the_hook_makes_allocations_fail),
        cmocka_unit_test(a_submission_without_memory_is_none),
        cmocka_unit_test(an_error_is_always_terminated),
        cmocka_unit_test(every_status_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
