/* `kolam top`: the figures from two answers of /metrics, and a screen that fits every terminal. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kolam/alloc.h"
#include "random.h"
#include "tools/top_screen.h"

static struct kolam_top_sample sample_of(const char *text) {
    struct kolam_top_sample sample;
    assert_int_equal(kolam_top_sample_parse(kolam_strdup(text), &sample), KOLAM_OK);
    return sample;
}

static void samples_are_found_by_name_and_labels(void **state) {
    (void)state;
    struct kolam_top_sample sample =
        sample_of("# HELP a_total What.\n# TYPE a_total counter\na_total{b=\"c d}\\\"\"} 3\n"
                  "a_total{b=\"e\"} 4.5\nab 7\n\nlast 1e3");
    assert_true(kolam_top_value(&sample, "a_total{b=\"c d}\\\"\"}") == 3);
    assert_true(kolam_top_value(&sample, "last") == 1000);
    assert_true(isnan(kolam_top_value(&sample, "a_total")));
    assert_true(kolam_top_sum(&sample, "a_total") == 7.5);
    assert_true(kolam_top_sum(&sample, "a") == 0);
    kolam_top_sample_finish(&sample);
}

static void what_is_no_metrics_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = {"",        "# nothing\n", "<html>\n", "a\n", "a b\n",
                                        "a{b=\"c", "a{b=\"c\"}1", " 1",       "a 1x"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct kolam_top_sample sample;
        assert_int_equal(kolam_top_sample_parse(kolam_strdup(texts[i]), &sample),
                         KOLAM_ERR_INVALID);
    }
}

static void quantiles_are_interpolated_between_two_samples(void **state) {
    (void)state;
    struct kolam_top_sample before =
        sample_of("h_bucket{le=\"1\"} 5\nh_bucket{le=\"2\"} 5\nh_bucket{le=\"+Inf\"} 5\n");
    struct kolam_top_sample now =
        sample_of("h_bucket{le=\"1\"} 5\nh_bucket{le=\"2\"} 15\nh_bucket{le=\"+Inf\"} 15\n");
    struct kolam_top_sample labelled =
        sample_of("h_bucket{p=\"q\",le=\"1\"} 2\nh_bucket{p=\"q\",le=\"+Inf\"} 4\n");
    assert_true(fabs(kolam_top_quantile(&before, &now, "h", "", 0.5) - 1.5) < 1e-9);
    assert_true(fabs(kolam_top_quantile(NULL, &now, "h", "", 0.2) - 0.6) < 1e-9);
    assert_true(isnan(kolam_top_quantile(&now, &now, "h", "", 0.5)));
    assert_true(isnan(kolam_top_quantile(NULL, &now, "other", "", 0.5)));
    assert_true(kolam_top_quantile(NULL, &labelled, "h", "{p=\"q\"", 0.99) == 1);
    kolam_top_sample_finish(&before);
    kolam_top_sample_finish(&now);
    kolam_top_sample_finish(&labelled);
}

static const char earlier[] =
    "kolam_build_info{version=\"9.8\"} 1\nprocess_start_time_seconds 1000\nkolam_clients 4\n"
    "kolam_ops_total 100\nkolam_deliveries_total{class=\"op\"} 10\n"
    "kolam_deliveries_total{class=\"preview\"} 10\nkolam_loop_busy_seconds_total 1\n"
    "kolam_canvas_clients{canvas=\"main\"} 4\nkolam_canvas_ops_total{canvas=\"main\"} 90\n"
    "kolam_limit_hits_total{limit=\"tiles\",scope=\"address\"} 700\n"
    "kolam_limit_hits_total{limit=\"strokes\",scope=\"address\"} 5\n"
    "kolam_limit_hits_total{limit=\"views\",scope=\"address\"} 0\n";
static const char later[] =
    "kolam_build_info{version=\"9.8\"} 1\nprocess_start_time_seconds 1000.2\nkolam_clients 5\n"
    "kolam_ops_total 140\nkolam_deliveries_total{class=\"op\"} 30\n"
    "kolam_deliveries_total{class=\"preview\"} 70\nkolam_loop_busy_seconds_total 2\n"
    "kolam_canvas_clients{canvas=\"main\"} 5\nkolam_canvas_ops_total{canvas=\"main\"} 120\n"
    "kolam_canvas_seq{canvas=\"main\"} 120\nkolam_canvas_clients{canvas=\"new\"} 1\n"
    "kolam_canvas_ops_total{canvas=\"new\"} 10\n"
    "kolam_limit_hits_total{limit=\"tiles\",scope=\"address\"} 700\n"
    "kolam_limit_hits_total{limit=\"strokes\",scope=\"address\"} 9\n"
    "kolam_limit_hits_total{limit=\"strokes\",scope=\"total\"} 2\n"
    "kolam_limit_hits_total{limit=\"views\",scope=\"address\"} 0\n";

static void rates_are_what_grew_in_the_interval(void **state) {
    (void)state;
    struct kolam_top_sample before = sample_of(earlier), now = sample_of(later);
    struct kolam_top_figures figures;
    assert_true(kolam_top_is_same_run(&before, &now));
    kolam_top_reckon(&before, &now, 1062.2, 2, &figures);
    assert_string_equal(figures.version, "9.8");
    assert_true(fabs(figures.uptime_s - 62) < 1e-6);
    assert_true(figures.clients == 5 && figures.ops_s == 20 && figures.deliveries_s == 40);
    assert_true(figures.busy == 0.5);
    assert_int_equal(figures.canvas_count, 2);
    assert_string_equal(figures.busiest[0].name, "main");
    assert_true(figures.busiest[0].ops_s == 15 && figures.busiest[0].seq == 120);
    assert_string_equal(figures.busiest[1].name, "new");
    assert_true(isnan(figures.busiest[1].ops_s)); /* it was not told before */
    json_t *object = kolam_top_json(&figures);
    assert_true(json_real_value(json_object_get(object, "ops_s")) == 20);
    assert_true(json_is_null(json_object_get(object, "commit_p50_ms")));
    assert_int_equal(json_array_size(json_object_get(object, "busiest")), 2);
    assert_true(figures.hits_s == 3);
    assert_int_equal(figures.limit_count, 2); /* what was never reached is not told */
    assert_string_equal(figures.limits[0].name, "strokes");
    assert_true(figures.limits[0].hits == 11 && figures.limits[0].hits_s == 3);
    assert_string_equal(figures.limits[1].name, "tiles");
    assert_true(figures.limits[1].hits == 700 && figures.limits[1].hits_s == 0);
    assert_int_equal(json_array_size(json_object_get(object, "limits")), 2);
    json_decref(object);
    kolam_top_sample_finish(&before);
    kolam_top_sample_finish(&now);
}

static void a_restarted_server_is_another_run(void **state) {
    (void)state;
    struct kolam_top_sample a = sample_of("process_start_time_seconds 1000\n"),
                            b = sample_of("process_start_time_seconds 1010\n"),
                            c = sample_of("other 1\n");
    assert_false(kolam_top_is_same_run(&a, &b));
    assert_false(kolam_top_is_same_run(&a, &c));
    kolam_top_sample_finish(&a);
    kolam_top_sample_finish(&b);
    kolam_top_sample_finish(&c);
}

static void a_minute_is_remembered_and_no_more_than_there_is_room_for(void **state) {
    (void)state;
    struct kolam_top_past past = {0};
    struct kolam_top_figures figures = {0};
    for (int i = 0; i < KOLAM_TOP_PAST + 5; i++) {
        figures.ops_s = i;
        kolam_top_remember(&past, &figures);
    }
    assert_int_equal(past.count, KOLAM_TOP_PAST);
    assert_true(past.ops_s[0] == 5 && past.ops_s[KOLAM_TOP_PAST - 1] == KOLAM_TOP_PAST + 4);
}

/* Cells of a line: characters without the escape sequences. */
static int cells_of(const char **at) {
    int cells = 0;
    for (; **at && **at != '\n'; (*at)++) {
        if (**at == '\033') {
            *at += strcspn(*at, "m");
        } else {
            cells += (**at & 0xc0) != 0x80;
        }
    }
    return cells;
}

static void every_screen_fits_its_terminal(void **state) {
    (void)state;
    static char text[KOLAM_TOP_SCREEN_BYTES];
    struct kolam_top_past past = {0};
    struct kolam_top_figures figures = {.version = "1.2.3", .canvas_count = KOLAM_TOP_CANVASES};
    double *values = &figures.uptime_s;
    struct test_random random = {5};
    for (int round = 0; round < 400; round++) {
        for (double *value = values; value <= &figures.closed_s; value++) {
            uint64_t dice = test_random_next(&random);
            *value = dice % 5 == 0 ? NAN : dice % 7 == 0 ? 1e15 : (double)(dice % 1000000) / 100;
        }
        for (int i = 0; i < KOLAM_TOP_CANVASES; i++) {
            memset(figures.busiest[i].name, 'n', 64);
        }
        figures.limit_count = (uint32_t)round % (KOLAM_TOP_LIMITS + 1);
        for (uint32_t i = 0; i < figures.limit_count; i++) {
            memset(figures.limits[i].name, 'l', sizeof(figures.limits[i].name) - 1);
            figures.limits[i].hits = figures.limits[i].hits_s = values[i];
        }
        kolam_top_remember(&past, &figures);
        const struct kolam_top_layout layout = {
            .columns = 1 + (int)(test_random_next(&random) % KOLAM_TOP_COLUMNS_MAX),
            .rows = 1 + (int)(test_random_next(&random) % KOLAM_TOP_ROWS_MAX),
            .has_color = round % 2,
            .has_unicode = round % 3 != 0,
            .server = "http://somewhere.example:7700",
            .trouble = round % 4 == 0 ? "no answer" : NULL,
            .interval_s = round % 5 == 0 ? 0.25 : 120,
        };
        size_t size = kolam_top_screen(&layout, round % 11 ? &figures : NULL, &past, text);
        assert_int_equal(size, strlen(text));
        int rows = 0;
        for (const char *at = text;; at++) {
            rows++;
            assert_true(cells_of(&at) <= layout.columns);
            if (*at == '\0') {
                break;
            }
        }
        assert_true(rows <= layout.rows);
        assert_true(layout.has_color || !strchr(text, '\033'));
    }
}

static void the_screen_tells_what_is_wrong(void **state) {
    (void)state;
    static char text[KOLAM_TOP_SCREEN_BYTES];
    struct kolam_top_past past = {0};
    struct kolam_top_figures figures = {.unwritable = 1, .busy = 0.95, .clients_slow = 3};
    const struct kolam_top_layout layout = {.columns = 100,
                                            .rows = 30,
                                            .has_color = true,
                                            .server = "here",
                                            .trouble = "cannot connect",
                                            .interval_s = 1};
    (void)kolam_top_screen(&layout, &figures, &past, text);
    assert_non_null(strstr(text, "1 CANNOT BE WRITTEN"));
    assert_non_null(strstr(text, "\033[1;31m95%"));
    assert_non_null(strstr(text, "(3 slow)"));
    assert_non_null(strstr(text, "cannot connect"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_found_by_name_and_labels),
        cmocka_unit_test(what_is_no_metrics_is_refused),
        cmocka_unit_test(quantiles_are_interpolated_between_two_samples),
        cmocka_unit_test(rates_are_what_grew_in_the_interval),
        cmocka_unit_test(a_restarted_server_is_another_run),
        cmocka_unit_test(a_minute_is_remembered_and_no_more_than_there_is_room_for),
        cmocka_unit_test(every_screen_fits_its_terminal),
        cmocka_unit_test(the_screen_tells_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
