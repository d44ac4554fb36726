/* What came of it: a line a second for a person who waits, then the summary, as text or as one JSON object. */
#include <inttypes.h>
#include <stdio.h>

#include "load_crowd.h"

struct totals {
    double seconds, cpu_s, us_per_delivery, loop_share, own_cpu_s;
    uint64_t bytes, stalled_closed, lost, failures;
};

static struct totals total(const struct kolam_load *load) {
    const struct kolam_load_findings *found = &load->findings;
    struct totals totals = {.seconds = (double)(load->end_us - load->begin_us) / 1e6,
                            .bytes = load->bytes_at_end - load->bytes_at_begin,
                            .own_cpu_s = load->own_end.cpu_s - load->own_begin.cpu_s};
    totals.cpu_s = load->usage_end.cpu_s - load->usage_begin.cpu_s;
    if (load->delivered_at_end > 0) {
        totals.us_per_delivery = totals.cpu_s * 1e6 / (double)load->delivered_at_end;
    }
    if (totals.seconds > 0) {
        totals.loop_share =
            (load->usage_end.main_cpu_s - load->usage_begin.main_cpu_s) / totals.seconds;
    }
    for (uint32_t i = 0; i < load->client_count; i++) {
        const struct kolam_load_client *client = &load->clients[i];
        bool is_stalled = client->kind == KOLAM_LOAD_STALLED;
        totals.stalled_closed += is_stalled && client->state == KOLAM_LOAD_HERE &&
                                 kolam_load_conn_is_dead(&client->conn);
        totals.lost += !is_stalled && client->state != KOLAM_LOAD_HERE;
    }
    totals.failures = found->missing + found->duplicated + found->outside_view +
                      found->out_of_order + found->missing_notices + found->previews_outside +
                      found->stale_views + load->ledger.wrong + load->ledger.unacked + load->nacks +
                      load->early + totals.lost;
    return totals;
}

void kolam_load_live_line(struct kolam_load *load, int64_t now_us) {
    char ops[32], previews[32];
    if (!load->progress.is_shown) {
        return;
    }
    kolam_progress_show(
        &load->progress,
        "%3.0f s  %u here  %s ops, %s previews came  p50 %.1f p99 %.1f max %.0f ms  lag p99 %.1f ms"
        "  %" PRIu64 " refreshes",
        (double)(now_us - load->begin_us) / 1e6, load->here,
        kolam_tool_thousands(load->findings.delivered, ops),
        kolam_tool_thousands(load->findings.previews, previews),
        kolam_load_hist_ms(&load->op_latency, 0.5), kolam_load_hist_ms(&load->op_latency, 0.99),
        kolam_load_hist_ms(&load->op_latency, 1), kolam_load_hist_ms(&load->lag, 0.99),
        load->findings.refreshes);
}

/* ---- JSON ---- */

static void put_hist(const char *name, const struct kolam_load_hist *hist) {
    printf(",\"%s\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"max\":%.3f}", name,
           kolam_load_hist_ms(hist, 0.5), kolam_load_hist_ms(hist, 0.9),
           kolam_load_hist_ms(hist, 0.99), kolam_load_hist_ms(hist, 1));
}

static void put_number(const char *name, double value, bool is_known) {
    if (is_known) {
        printf(",\"%s\":%.4f", name, value);
    } else {
        printf(",\"%s\":null", name);
    }
}

static void put_count(const char *name, uint64_t count) {
    printf(",\"%s\":%" PRIu64, name, count);
}

static void print_more(const struct kolam_load *load, const struct totals *totals) {
    const struct kolam_load_findings *found = &load->findings;
    const bool has_usage = load->usage_begin.is_known && load->usage_end.is_known;
    put_number("server_peak_rss_mb", load->usage_end.peak_rss_mb, has_usage);
    put_number("server_loop_share", totals->loop_share, has_usage);
    put_number("own_cpu_s", totals->own_cpu_s, true);
    put_count("ops_sent", load->ops_sent);
    put_count("previews_sent", load->previews_sent);
    put_count("cursors_sent", load->cursors_sent);
    put_count("out_of_order", found->out_of_order);
    put_count("wrong", load->ledger.wrong);
    put_count("own_before_ack", load->early);
    put_count("unacknowledged", load->ledger.unacked);
    put_count("refused", load->nacks);
    put_count("lost_connections", totals->lost);
    put_count("missing_notices", found->missing_notices);
    put_count("previews_outside", found->previews_outside);
    put_count("stale_views", found->stale_views);
    put_count("tile_notices", found->tile_notices);
    put_count("views_sent", found->views_sent);
    put_count("views_answered", found->views_answered);
    put_count("refreshes", found->refreshes);
    put_count("others_ops", load->ledger.foreign);
    put_count("frames", load->frames_at_end - load->frames_at_begin);
    put_count("delivered_in_time", load->delivered_at_end);
    put_count("stalled", load->options.stalled);
    put_count("stalled_closed", totals->stalled_closed);
    put_count("reconnects", load->reconnects);
    put_count("outlived", load->outlived);
    put_count("views_resumed", found->resumed);
    put_count("ops_sent_again", load->resent);
    put_hist("return_ms", &load->return_time);
    put_count("churned", load->churned);
    put_count("undone", load->undone);
    put_count("partial_ops", load->ledger.partial_ops);
    put_count("replaced_ops", load->ledger.replaced_ops);
    put_count("joined", load->joined);
    put_hist("join_ms", &load->join_time);
    put_count("tiles_fetched", load->tiles_fetched);
    put_count("tiles_redirected", load->fetches_redirected);
    put_count("tiles_failed", load->fetches_failed + load->fetching);
    put_hist("join_tiles_ms", &load->picture_time);
    put_hist("ack_ms", &load->ack_latency);
    put_hist("after_ack_ms", &load->commit_latency);
    put_hist("preview_ms", &load->preview_latency);
    put_hist("own_lag_ms", &load->lag);
}

static void print_json(const struct kolam_load *load, const struct totals *totals) {
    const struct kolam_load_findings *found = &load->findings;
    const bool has_usage = load->usage_begin.is_known && load->usage_end.is_known;
    printf("{\"seconds\":%.3f,\"artists\":%u,\"watchers\":%u", totals->seconds,
           load->options.artists, load->options.watchers);
    put_count("owed_ops", found->owed);
    put_count("delivered_ops", found->delivered);
    put_count("missing", found->missing);
    put_count("duplicated", found->duplicated);
    put_count("outside_view", found->outside_view);
    put_count("previews", found->previews);
    put_hist("latency_ms", &load->op_latency);
    put_count("bytes", totals->bytes);
    put_number("server_cpu_s", totals->cpu_s, has_usage);
    put_number("server_cpu_us_per_delivery", totals->us_per_delivery,
               has_usage && load->delivered_at_end > 0);
    put_number("server_rss_mb", load->usage_end.rss_mb, has_usage);
    print_more(load, totals);
    puts("}");
}

/* ---- text ---- */

static void print_line(const char *name, const struct kolam_load_hist *hist) {
    if (hist->total > 0) {
        printf("%-22s p50 %.1f  p90 %.1f  p99 %.1f  max %.1f ms\n", name,
               kolam_load_hist_ms(hist, 0.5), kolam_load_hist_ms(hist, 0.9),
               kolam_load_hist_ms(hist, 0.99), kolam_load_hist_ms(hist, 1));
    }
}

static void print_rates(const struct kolam_load *load, const struct totals *totals) {
    const struct kolam_load_findings *found = &load->findings;
    char a[32], b[32], c[32];
    printf("%.1f s, %u artists, %u watchers: %s strokes' ops sent, %s delivered, %s previews\n",
           totals->seconds, load->options.artists, load->options.watchers,
           kolam_tool_thousands(load->ops_sent, a), kolam_tool_thousands(found->delivered, b),
           kolam_tool_thousands(found->previews, c));
    if (totals->seconds > 0) {
        printf("%-22s %.0f ops/s delivered, %.0f previews/s, %.1f MB/s, %" PRIu64 " views, %" PRIu64
               " tile notices, %" PRIu64 " refreshes\n",
               "rates", (double)load->delivered_at_end / totals->seconds,
               (double)found->previews / totals->seconds,
               (double)totals->bytes / totals->seconds / 1e6, found->views_sent,
               found->tile_notices, found->refreshes);
    }
}

static void print_text(const struct kolam_load *load, const struct totals *totals) {
    const struct kolam_load_findings *found = &load->findings;
    char a[32], b[32];
    print_rates(load, totals);
    print_line("op, from its due time", &load->op_latency);
    print_line("acknowledgement", &load->ack_latency);
    print_line("op, after that", &load->commit_latency);
    print_line("preview", &load->preview_latency);
    print_line("back after a break", &load->return_time);
    print_line("first view of joiners", &load->join_time);
    print_line("and all their tiles", &load->picture_time);
    print_line("own lateness", &load->lag);
    if (load->usage_end.is_known) {
        printf("%-22s %.2f s CPU (loop thread %.0f%% of a core), %.3f us a delivered op, %.1f MB "
               "(peak %.1f)\n",
               "server", totals->cpu_s, totals->loop_share * 100, totals->us_per_delivery,
               load->usage_end.rss_mb, load->usage_end.peak_rss_mb);
    }
    printf("%-22s %.2f s CPU\n", "kolam load itself", totals->own_cpu_s);
    if (load->reconnects + load->churned + load->undone > 0) {
        printf("%-22s %" PRIu64 " breaks, %" PRIu64 " views resumed, %" PRIu64
               " ops sent again; %" PRIu64 " replaced, %" PRIu64 " taken back or shown again\n",
               "comings and goings", load->reconnects, found->resumed, load->resent, load->churned,
               load->undone);
    }
    if (load->ledger.partial_ops > 0) {
        printf("%-22s %" PRIu64 " in mid-stroke, %" PRIu64 " completed later\n", "left behind",
               load->ledger.partial_ops, load->ledger.replaced_ops);
    }
    if (load->options.outlives) {
        printf("%-22s %" PRIu64 " connections that the server ended came back\n", "outlived",
               load->outlived);
    }
    if (load->options.stalled > 0) {
        printf("%-22s %" PRIu64 " of %u closed by the server\n", "stalled readers",
               totals->stalled_closed, load->options.stalled);
    }
    printf("owed %s, missing %s, duplicated %" PRIu64 ", outside the view %" PRIu64
           ", out of order %" PRIu64 ", wrong %" PRIu64 "\n",
           kolam_tool_thousands(found->owed, a), kolam_tool_thousands(found->missing, b),
           found->duplicated, found->outside_view, found->out_of_order, load->ledger.wrong);
}

static void complain(const struct kolam_load *load, const struct totals *totals) {
    const struct kolam_load_findings *found = &load->findings;
    const struct {
        uint64_t count;
        const char *what;
    } list[] = {
        {found->missing, "owed ops did not come"},
        {found->duplicated, "ops came twice"},
        {found->outside_view, "ops came that the view cannot show"},
        {found->out_of_order, "ops came out of order"},
        {found->missing_notices, "changes of pixels were not told of by a TILE"},
        {found->stale_views, "ops from before a VIEW were in none of its tiles and did not come"},
        {found->previews_outside, "previews came that the view cannot show"},
        {load->ledger.wrong, "records contradict what was sent"},
        {load->early, "artists got their own op before its ACK"},
        {load->ledger.unacked, "ops were not acknowledged"},
        {load->nacks, "strokes were refused"},
        {load->fetches_failed + load->fetching, "joiners did not get all their tiles"},
        {totals->lost, "connections were lost"},
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        if (list[i].count > 0) {
            fprintf(stderr, "kolam load: %" PRIu64 " %s\n", list[i].count, list[i].what);
        }
    }
}

int kolam_load_report(const struct kolam_load *load) {
    const struct totals totals = total(load);
    if (load->options.is_json) {
        print_json(load, &totals);
    } else {
        print_text(load, &totals);
    }
    complain(load, &totals);
    return totals.failures == 0 ? KOLAM_EXIT_OK : KOLAM_EXIT_FAILURE;
}
