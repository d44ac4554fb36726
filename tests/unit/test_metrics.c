/* The text form of /metrics, and the histograms in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "kolam/alloc.h"
#include "server/metrics_text.h"

static void assert_text(struct kolam_text *text, const char *expected) {
    assert_false(text->has_failed);
    assert_int_equal(text->size, strlen(expected));
    assert_memory_equal(text->data, expected, text->size);
    kolam_text_finish(text);
}

static void values_fall_into_the_first_bucket_whose_bound_holds_them(void **state) {
    (void)state;
    struct kolam_histogram histogram = {0};
    const uint64_t *bounds = kolam_histogram_bounds(KOLAM_SCALE_TIME);
    kolam_histogram_add(&histogram, KOLAM_SCALE_TIME, 0);
    kolam_histogram_add(&histogram, KOLAM_SCALE_TIME, bounds[0]);
    kolam_histogram_add(&histogram, KOLAM_SCALE_TIME, bounds[0] + 1);
    kolam_histogram_add(&histogram, KOLAM_SCALE_TIME, bounds[KOLAM_HISTOGRAM_BOUNDS - 1]);
    kolam_histogram_add(&histogram, KOLAM_SCALE_TIME, UINT32_MAX);
    assert_int_equal(histogram.counts[0], 2);
    assert_int_equal(histogram.counts[1], 1);
    assert_int_equal(histogram.counts[KOLAM_HISTOGRAM_BOUNDS - 1], 1);
    assert_int_equal(histogram.counts[KOLAM_HISTOGRAM_BOUNDS], 1);
    assert_int_equal(histogram.sum,
                     2 * bounds[0] + 1 + bounds[KOLAM_HISTOGRAM_BOUNDS - 1] + UINT32_MAX);
    for (int scale = 0; scale < 2; scale++) {
        bounds = kolam_histogram_bounds((enum kolam_scale)scale);
        for (int i = 1; i < KOLAM_HISTOGRAM_BOUNDS; i++) {
            assert_true(bounds[i] > bounds[i - 1]);
        }
    }
}

static void merged_histograms_hold_both(void **state) {
    (void)state;
    struct kolam_histogram a = {0}, b = {0};
    kolam_histogram_add(&a, KOLAM_SCALE_COUNT, 1);
    kolam_histogram_add(&b, KOLAM_SCALE_COUNT, 1);
    kolam_histogram_add(&b, KOLAM_SCALE_COUNT, 100000);
    kolam_histogram_merge(&a, &b);
    assert_int_equal(a.counts[0], 2);
    assert_int_equal(a.counts[KOLAM_HISTOGRAM_BOUNDS], 1);
    assert_int_equal(a.sum, 100002);
}

static void a_family_has_its_help_and_type_and_escapes_the_help(void **state) {
    (void)state;
    struct kolam_text text = {0};
    kolam_text_family(&text, "a_total", KOLAM_METRIC_COUNTER, "One \\ two\n\"three\".");
    kolam_text_count(&text, "a_total", NULL, 18446744073709551615u);
    assert_text(&text, "# HELP a_total One \\\\ two\\n\"three\".\n# TYPE a_total counter\n"
                       "a_total 18446744073709551615\n");
}

static void label_values_are_escaped(void **state) {
    (void)state;
    struct kolam_text text = {0};
    const struct kolam_label labels[] = {{"a", "x\"y\\z\n"}, {"b", ""}, {0}};
    kolam_text_seconds(&text, "t_seconds", labels, 1000020);
    assert_text(&text, "t_seconds{a=\"x\\\"y\\\\z\\n\",b=\"\"} 1.000020\n");
}

static void buckets_are_cumulative_and_end_with_the_count(void **state) {
    (void)state;
    struct kolam_text text = {0};
    struct kolam_histogram histogram = {0};
    const struct kolam_label labels[] = {{"p", "q"}, {0}};
    kolam_histogram_add(&histogram, KOLAM_SCALE_COUNT, 2);
    kolam_histogram_add(&histogram, KOLAM_SCALE_COUNT, 3);
    kolam_histogram_add(&histogram, KOLAM_SCALE_COUNT, 40000);
    kolam_text_histogram(&text, "h", labels, KOLAM_SCALE_COUNT, &histogram);
    assert_text(&text,
                "h_bucket{p=\"q\",le=\"1\"} 0\nh_bucket{p=\"q\",le=\"2\"} 1\n"
                "h_bucket{p=\"q\",le=\"4\"} 2\nh_bucket{p=\"q\",le=\"8\"} 2\n"
                "h_bucket{p=\"q\",le=\"16\"} 2\nh_bucket{p=\"q\",le=\"32\"} 2\n"
                "h_bucket{p=\"q\",le=\"64\"} 2\nh_bucket{p=\"q\",le=\"128\"} 2\n"
                "h_bucket{p=\"q\",le=\"256\"} 2\nh_bucket{p=\"q\",le=\"512\"} 2\n"
                "h_bucket{p=\"q\",le=\"1024\"} 2\nh_bucket{p=\"q\",le=\"2048\"} 2\n"
                "h_bucket{p=\"q\",le=\"4096\"} 2\nh_bucket{p=\"q\",le=\"8192\"} 2\n"
                "h_bucket{p=\"q\",le=\"16384\"} 2\nh_bucket{p=\"q\",le=\"32768\"} 2\n"
                "h_bucket{p=\"q\",le=\"+Inf\"} 3\nh_sum{p=\"q\"} 40005\nh_count{p=\"q\"} 3\n");
}

static void bounds_of_times_are_seconds(void **state) {
    (void)state;
    struct kolam_text text = {0};
    struct kolam_histogram histogram = {0};
    kolam_histogram_add(&histogram, KOLAM_SCALE_TIME, 1500);
    kolam_text_histogram(&text, "h_seconds", NULL, KOLAM_SCALE_TIME, &histogram);
    text.data[text.size - 1] = '\0';
    assert_non_null(strstr(text.data, "h_seconds_bucket{le=\"0.001\"} 0\n"));
    assert_non_null(strstr(text.data, "h_seconds_bucket{le=\"0.0025\"} 1\n"));
    assert_non_null(strstr(text.data, "\nh_seconds_sum 0.001500\n"));
    kolam_text_finish(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_fall_into_the_first_bucket_whose_bound_holds_them),
        cmocka_unit_test(merged_histograms_hold_both),
        cmocka_unit_test(a_family_has_its_help_and_type_and_escapes_the_help),
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(buckets_are_cumulative_and_end_with_the_count),
        cmocka_unit_test(bounds_of_times_are_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
