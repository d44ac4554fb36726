/* The table of metrics: one row is one name on /metrics, and one row of the table in docs/operating.md (a test
 * compares them). To add a number: a field in kolam_metrics or kolam_scrape, a row here, a row there. */
#include <stddef.h>
#include <stdio.h>

#include "kolam/command.h"
#include "metrics_scrape.h"

enum source {
    PLAIN,   /* one uint64_t */
    SECONDS, /* one uint64_t of microseconds */
    ARRAY,   /* uint64_t[], a label each */
    TIMES,   /* a histogram of microseconds, or one for each label */
    SIZES,   /* a histogram of counts */
    SPECIAL, /* written by a function */
};

struct labels {
    const char *name;
    const char *const *values; /* NULL: left out */
    uint32_t count;
};

struct row {
    const char *name, *help;
    enum kolam_metric_type type;
    enum source source;
    size_t at; /* in kolam_scrape */
    const struct labels *labels;
    void (*write)(struct kolam_text *text, const struct row *row,
                  const struct kolam_scrape *scrape);
};

/* ---- labels ---- */

static const char *const class_names[KOLAM_OUT_CLASSES] = {"essential", "op", "preview"};
static const struct labels classes = {"class", class_names, KOLAM_OUT_CLASSES};

static const char *const build_names[] = {"shared", "reused", "private"};
static const struct labels builds = {"how", build_names, 3};

static const char *const nack_names[KOLAM_NACK_CODES] = {NULL,        "invalid", "denied",
                                                         "not_found", "limit",   "unavailable"};
static const struct labels nacks = {"reason", nack_names, KOLAM_NACK_CODES};

static const char *const priority_names[KOLAM_JOB_PRIORITIES] = {"interactive", "tile", "canvas",
                                                                 "far", "background"};
static const struct labels priorities = {"priority", priority_names, KOLAM_JOB_PRIORITIES};

static const char *const memory_names[KOLAM_MEMORY_PARTS] = {
    [KOLAM_MEMORY_STORAGE] = "storage",   [KOLAM_MEMORY_TILES] = "tiles",
    [KOLAM_MEMORY_RECENT] = "recent",     [KOLAM_MEMORY_VERSIONS] = "versions",
    [KOLAM_MEMORY_ACCOUNTS] = "accounts", [KOLAM_MEMORY_UNENDED] = "unended"};
static const struct labels memory_parts = {"part", memory_names, KOLAM_MEMORY_PARTS};

static const char *const kind_names[KOLAM_HTTP_KINDS] = {
    [KOLAM_HTTP_OTHER] = "other",     [KOLAM_HTTP_TILE] = "tile",
    [KOLAM_HTTP_PAST_TILE] = "past",  [KOLAM_HTTP_VERSIONS] = "versions",
    [KOLAM_HTTP_CANVAS] = "canvas",   [KOLAM_HTTP_HISTORY] = "history",
    [KOLAM_HTTP_LIVELY] = "lively",   [KOLAM_HTTP_HEAT] = "heat",
    [KOLAM_HTTP_PEOPLE] = "people",   [KOLAM_HTTP_PLACES] = "places",
    [KOLAM_HTTP_SEARCH] = "search",   [KOLAM_HTTP_SNAPSHOT] = "snapshot",
    [KOLAM_HTTP_OUTLINE] = "outline", [KOLAM_HTTP_PAGE] = "page",
    [KOLAM_HTTP_CLAIM] = "claim",     [KOLAM_HTTP_HEALTH] = "health",
    [KOLAM_HTTP_METRICS] = "metrics"};
static const struct labels kinds = {"kind", kind_names, KOLAM_HTTP_KINDS};

/* The statuses that we send; the last stands for any other. */
static const int statuses[KOLAM_HTTP_STATUSES_MAX] = {200, 204, 302, 304, 400, 403, 404,
                                                      405, 413, 429, 500, 503, 0};

void kolam_metrics_http_answer(void *ctx, uint8_t kind, int status, uint64_t took_us) {
    struct kolam_server *server = ctx;
    uint32_t i = 0;
    while (statuses[i] != 0 && statuses[i] != status) {
        i++;
    }
    server->metrics.http_answers[kind][i]++;
    kolam_histogram_add(&server->metrics.http_time[kind], KOLAM_SCALE_TIME, took_us);
}

/* ---- what needs a function ---- */

static void write_version(struct kolam_text *text, const struct row *row,
                          const struct kolam_scrape *scrape) {
    (void)scrape;
    const struct kolam_label labels[] = {{"version", KOLAM_VERSION}, {0}};
    kolam_text_count(text, row->name, labels, 1);
}

static void write_start(struct kolam_text *text, const struct row *row,
                        const struct kolam_scrape *scrape) {
    kolam_text_seconds(text, row->name, NULL, (uint64_t)(scrape->process.start_s * 1e6));
}

static void write_answers(struct kolam_text *text, const struct row *row,
                          const struct kolam_scrape *scrape) {
    for (uint32_t kind = 0; kind < KOLAM_HTTP_KINDS; kind++) {
        for (uint32_t i = 0; i < KOLAM_HTTP_STATUSES_MAX; i++) {
            uint64_t count = scrape->counted.http_answers[kind][i];
            char code[8] = "other";
            if (statuses[i] != 0) {
                snprintf(code, sizeof(code), "%d", statuses[i]);
            }
            const struct kolam_label labels[] = {{"kind", kind_names[kind]}, {"status", code}, {0}};
            if (count > 0) {
                kolam_text_count(text, row->name, labels, count);
            }
        }
    }
}

/* Every limit that there is a setting for in this scope by default or that was reached: so that a rate has a beginning. */
static void write_limit_hits(struct kolam_text *text, const struct row *row,
                             const struct kolam_scrape *scrape) {
    struct kolam_limit_settings defaults;
    kolam_limit_defaults(&defaults);
    for (int limit = 0; limit < KOLAM_LIMITS; limit++) {
        for (int scope = 0; scope < KOLAM_SCOPES; scope++) {
            const uint64_t hits = scrape->limit_hits[limit][scope];
            const struct kolam_label labels[] = {
                {"limit", kolam_limit_name((enum kolam_limit)limit)},
                {"scope", kolam_scope_name((enum kolam_limit_scope)scope)},
                {0}};
            if (hits > 0 || defaults.of[limit][scope].rate > 0) {
                kolam_text_count(text, row->name, labels, hits);
            }
        }
    }
}

/* Kinds that nobody asked for are left out: eighteen lines each. */
static void write_answer_times(struct kolam_text *text, const struct row *row,
                               const struct kolam_scrape *scrape) {
    for (uint32_t kind = 0; kind < KOLAM_HTTP_KINDS; kind++) {
        const struct kolam_label labels[] = {{kinds.name, kind_names[kind]}, {0}};
        const struct kolam_histogram *times = &scrape->counted.http_time[kind];
        uint64_t count = 0;
        for (uint32_t i = 0; i <= KOLAM_HISTOGRAM_BOUNDS; i++) {
            count += times->counts[i];
        }
        if (count > 0) {
            kolam_text_histogram(text, row->name, labels, KOLAM_SCALE_TIME, times);
        }
    }
}

static uint64_t canvas_value(const struct kolam_scrape_canvas *one, size_t which) {
    switch (which) {
    case 0:
        return one->clients;
    case 1:
        return one->views;
    case 2:
        return one->canvas->counts.ops;
    case 3:
        return one->canvas->counts.delivered;
    default:
        return one->canvas->last_seq;
    }
}

static void write_canvases(struct kolam_text *text, const struct row *row,
                           const struct kolam_scrape *scrape) {
    for (uint32_t i = 0; i < scrape->busiest_count; i++) {
        const struct kolam_scrape_canvas *one = &scrape->busiest[i];
        const struct kolam_label labels[] = {{"canvas", one->canvas->name}, {0}};
        kolam_text_count(text, row->name, labels, canvas_value(one, row->at));
    }
}

/* ---- the table ---- */

#define ROW(type_, source_, name_, member_, help_)                                                 \
    {                                                                                              \
        .name = "kolam_" name_, .help = help_, .type = KOLAM_METRIC_##type_, .source = source_,    \
        .at = offsetof(struct kolam_scrape, member_)                                               \
    }
#define COUNTER(name, member, help) ROW(COUNTER, PLAIN, name, counted.member, help)
#define GAUGE(name, member, help) ROW(GAUGE, PLAIN, name, member, help)
#define LABELLED(type_, source_, name_, member_, labels_, help_)                                   \
    {                                                                                              \
        .name = "kolam_" name_, .help = help_, .type = KOLAM_METRIC_##type_, .source = source_,    \
        .at = offsetof(struct kolam_scrape, member_), .labels = &(labels_)                         \
    }
#define WRITTEN(type_, name_, at_, write_, help_)                                                  \
    {                                                                                              \
        .name = name_, .help = help_, .type = KOLAM_METRIC_##type_, .source = SPECIAL, .at = at_,  \
        .write = write_                                                                            \
    }
#define PROCESS(type_, source_, name_, member_, help_)                                             \
    {                                                                                              \
        .name = "process_" name_, .help = help_, .type = KOLAM_METRIC_##type_, .source = source_,  \
        .at = offsetof(struct kolam_scrape, process.member_)                                       \
    }

static const struct row rows[] = {
    WRITTEN(GAUGE, "kolam_build_info", 0, write_version, "1; the version is its label."),

    GAUGE("clients", counted.clients, "WebSocket clients connected now."),
    GAUGE("connections", connections, "Sockets open now, HTTP included."),
    GAUGE("views", views, "Different views (canvas, level, rectangle) that clients look at now."),
    COUNTER("clients_total", clients_total, "WebSocket clients that connected."),
    COUNTER("views_answered_total", views_answered, "Views that clients asked for."),
    COUNTER("guesses_wrong_total", guesses_wrong,
            "Codes, phrases and invitations that nobody has."),
    COUNTER("guesses_refused_total", guesses_refused,
            "Tries of such that came too often to be looked at."),
    COUNTER("refreshes_total", refreshes, "Slow clients that were told to look again."),
    COUNTER("closed_slow_total", closed_slow, "Clients closed because they did not read."),
    GAUGE("clients_stale", counted.sessions_stale,
          "Clients that were told to look again and have not yet."),
    GAUGE("clients_congested", congested, "Clients whose socket takes no more at the moment."),
    GAUGE("queued_bytes", queued_bytes, "Bytes waiting in all clients' queues."),
    GAUGE("queued_bytes_max", queued_bytes_max, "Bytes waiting in the longest queue."),
    ROW(GAUGE, SECONDS, "queue_oldest_seconds", oldest_queue_us,
        "How long the slowest client has taken nothing."),
    ROW(HISTOGRAM, TIMES, "queue_wait_seconds", counted.queue_wait,
        "From the first thing queued for a client to the write that takes it."),

    COUNTER("messages_received_total", messages_received, "WebSocket messages received."),
    COUNTER("received_bytes_total", received_bytes, "Bytes of those messages."),
    COUNTER("submissions_total", submissions, "Submissions received."),
    LABELLED(COUNTER, ARRAY, "submissions_refused_total", counted.refused, nacks,
             "Submissions answered with NACK, by reason."),
    COUNTER("previews_received_total", previews_received, "Previews received."),
    COUNTER("cursors_received_total", cursors_received, "Cursors received."),
    COUNTER("previews_ignored_total", previews_ignored,
            "Previews and cursors past a client's budget, not forwarded."),

    COUNTER("ops_total", ops, "Ops committed and fanned out."),
    LABELLED(COUNTER, ARRAY, "deliveries_total", counted.delivered, classes,
             "Records and messages queued, one for each client that gets it, by class."),
    LABELLED(COUNTER, ARRAY, "dropped_total", counted.dropped, classes,
             "Records dropped from slow clients' queues, by class."),
    COUNTER("frames_sent_total", frames_sent, "WebSocket frames written."),
    LABELLED(
        COUNTER, ARRAY, "frames_built_total", counted.frames_composed, builds,
        "Frames built for all who see the same, used again for another view, or for one alone."),
    COUNTER("sent_bytes_total", sent_bytes, "Bytes of those frames."),

    WRITTEN(COUNTER, "kolam_limit_hits_total", 0, write_limit_hits,
            "How often a limit was reached, by limit and scope."),
    GAUGE("limit_accounts", limit_accounts,
          "Identities, addresses and networks whose use is remembered."),
    GAUGE("clients_throttled", clients_throttled,
          "Clients that took more than they may and are not read from for a moment."),

    GAUGE("following", counted.following, "Clients whose view follows another's."),
    COUNTER("cameras_sent_total", cameras_sent, "Cameras passed on to followers, each counted."),

    ROW(COUNTER, SECONDS, "loop_busy_seconds_total", loop.busy_us,
        "Time the loop thread was not asleep; its rate is the busy share."),
    ROW(COUNTER, SECONDS, "loop_cpu_seconds_total", process.loop_cpu_us,
        "CPU time of the loop thread."),
    ROW(HISTOGRAM, TIMES, "loop_turn_seconds", loop.turn_time,
        "What the loop does between two sleeps: everybody waits that long."),
    ROW(COUNTER, PLAIN, "loop_pauses_total", loop.pauses,
        "Half milliseconds rested before turns that followed others at once and had nothing to "
        "do."),
    ROW(HISTOGRAM, TIMES, "tick_work_seconds", loop.tick_work, "Work of one tick."),
    ROW(HISTOGRAM, TIMES, "tick_interval_seconds", loop.tick_interval,
        "The rest chosen after each tick; longer under load."),

    ROW(COUNTER, PLAIN, "commits_total", logs.commits, "Transactions committed."),
    ROW(COUNTER, PLAIN, "commit_failures_total", logs.failures,
        "Transactions that could not be committed."),
    ROW(COUNTER, PLAIN, "committed_ops_total", logs.ops, "Ops written to logs."),
    ROW(COUNTER, PLAIN, "duplicate_ops_total", logs.duplicates, "Ops recognised as sent before."),
    ROW(COUNTER, PLAIN, "log_refused_total", logs.refused, "Submissions that a log refused."),
    ROW(HISTOGRAM, TIMES, "commit_seconds", logs.commit_time, "One transaction, sync included."),
    ROW(HISTOGRAM, SIZES, "commit_batch_submissions", logs.batch_size,
        "Submissions in one transaction."),
    ROW(HISTOGRAM, TIMES, "submit_seconds", logs.submit_time,
        "From a submission's arrival at the log to its outcome on disk."),
    GAUGE("canvases", canvases, "Canvases there are."),
    GAUGE("canvases_open", canvases_open, "Canvases open now."),
    GAUGE("canvases_unwritable", canvases_unwritable,
          "Open canvases whose log cannot be written: the disk is full or fails."),
    GAUGE("damaged_rows", damaged_rows,
          "Rows of identity.db and moderation.db that are left out: their sums are wrong."),
    COUNTER("rollbacks_total", rollbacks, "Rollbacks applied."),

    GAUGE("workers", pool.threads, "Worker threads."),
    GAUGE("workers_busy", pool.running, "Worker threads at a job now."),
    LABELLED(GAUGE, ARRAY, "jobs_waiting", pool.waiting, priorities,
             "Jobs that wait for a worker, by priority."),
    LABELLED(COUNTER, ARRAY, "jobs_late_total", pool.late, priorities,
             "Jobs given up because they had waited too long for a worker, by priority."),
    LABELLED(HISTOGRAM, TIMES, "job_wait_seconds", pool.wait_time, priorities,
             "From a job's queueing to its begin."),
    LABELLED(HISTOGRAM, TIMES, "job_run_seconds", pool.run_time, priorities,
             "A worker's time for one job: drawing a tile, reading versions, exporting."),
    COUNTER("tile_renders_total", tile_renders, "Jobs that brought a present tile."),
    COUNTER("past_tile_renders_total", past_tile_renders, "Jobs that drew a past tile."),
    COUNTER("tile_stale_total", tile_stale, "Far tiles answered with an older picture."),
    COUNTER("tile_cache_hits_total", tile_cache_hits, "Tiles found in memory."),
    COUNTER("tile_cache_misses_total", tile_cache_misses, "Tiles that a worker had to bring."),
    GAUGE("tile_cache_bytes", tile_cache_bytes, "Encoded tiles in memory."),
    GAUGE("tile_cache_limit_bytes", tile_cache_limit_bytes, "As many as there may be."),
    COUNTER("versions_known_total", versions_known, "Blocks of versions answered from memory."),
    COUNTER("answers_shared_total", answers_shared,
            "Answers about the wall as a place that were built for somebody else."),
    COUNTER("versions_looked_up_total", versions_looked_up, "Jobs that read a block's versions."),

    WRITTEN(COUNTER, "kolam_http_requests_total", 0, write_answers,
            "HTTP requests answered, by kind and status."),
    WRITTEN(HISTOGRAM, "kolam_http_answer_seconds", 0, write_answer_times,
            "From a request to its answer being ready, by kind."),
    COUNTER("http_sent_bytes_total", http_sent_bytes, "Bytes of HTTP answers, heads included."),
    GAUGE("snapshots_running", snapshots_running, "Exports over HTTP under way."),

    WRITTEN(GAUGE, "kolam_canvas_clients", 0, write_canvases,
            "Clients on a canvas; the busiest 32 of the open ones are told."),
    WRITTEN(GAUGE, "kolam_canvas_views", 1, write_canvases, "Different views of a canvas."),
    WRITTEN(COUNTER, "kolam_canvas_ops_total", 2, write_canvases,
            "Ops committed to a canvas since the server knows it."),
    WRITTEN(COUNTER, "kolam_canvas_deliveries_total", 3, write_canvases,
            "Records and messages queued for clients on a canvas."),
    WRITTEN(GAUGE, "kolam_canvas_seq", 4, write_canvases, "A canvas's newest seq."),

    GAUGE("heap_used_bytes", heap.used_bytes, "Memory that was asked for and is in use."),
    GAUGE("heap_free_bytes", heap.free_bytes, "Memory that the allocator keeps for what comes."),
    LABELLED(GAUGE, ARRAY, "memory_bytes", memory, memory_parts,
             "What of the memory in use is for what."),

    PROCESS(COUNTER, SECONDS, "cpu_seconds_total", cpu_us, "CPU time of all threads."),
    PROCESS(GAUGE, PLAIN, "resident_memory_bytes", resident_bytes, "Memory in RAM."),
    GAUGE("private_memory_bytes", process.private_bytes,
          "Memory in RAM that is of no file: the heap and the threads' stacks."),
    PROCESS(GAUGE, PLAIN, "virtual_memory_bytes", virtual_bytes, "Memory mapped."),
    PROCESS(GAUGE, PLAIN, "open_fds", open_files, "Files and sockets open now."),
    PROCESS(GAUGE, PLAIN, "max_fds", max_files, "As many as there may be."),
    WRITTEN(GAUGE, "process_start_time_seconds", 0, write_start, "When it began, Unix time."),
};

static void write_row(struct kolam_text *text, const struct row *row,
                      const struct kolam_scrape *scrape) {
    const void *at = (const char *)scrape + row->at;
    const uint64_t *counts = at;
    const struct kolam_histogram *histograms = at;
    struct kolam_label labels[2] = {{0}};
    const uint32_t count = row->labels ? row->labels->count : 1;
    if (row->source == SPECIAL) {
        row->write(text, row, scrape);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (row->labels && !row->labels->values[i]) {
            continue;
        }
        if (row->labels) {
            labels[0] = (struct kolam_label){row->labels->name, row->labels->values[i]};
        }
        if (row->source == TIMES || row->source == SIZES) {
            kolam_text_histogram(text, row->name, labels,
                                 row->source == TIMES ? KOLAM_SCALE_TIME : KOLAM_SCALE_COUNT,
                                 &histograms[i]);
        } else if (row->source == SECONDS) {
            kolam_text_seconds(text, row->name, labels, counts[i]);
        } else {
            kolam_text_count(text, row->name, labels, counts[i]);
        }
    }
}

void kolam_metrics_write(const struct kolam_scrape *scrape, struct kolam_text *text) {
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        kolam_text_family(text, rows[i].name, rows[i].type, rows[i].help);
        write_row(text, &rows[i], scrape);
    }
}
