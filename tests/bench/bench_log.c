/* How fast the log takes strokes: closed-loop writers (each waits for its acknowledgement, as a person's
 * client does) from 1 to 1,000, then everything at once; beside them what the disk gives for one fsync
 * an op. Usage: bench_log [folder]; the folder (default: build) decides which disk is measured. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/log.h"

#define GATHER_US 2000
#define SECONDS 3
#define LATENCIES_MAX 400000
#define BODIES 64

struct bench {
    struct kolam_log *log;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool is_woken;
    struct kolam_log_op bodies[BODIES]; /* encoded strokes, copied for each submission */
    uint64_t submitted, completed, limit;
    double deadline;
    uint32_t *latencies_us;
    uint32_t latency_count;
};

struct ticket {
    struct bench *bench;
    double started;
};

static double seconds_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void require(bool is_true, const char *what) {
    if (!is_true) {
        (void)fprintf(stderr, "bench_log: %s\n", what);
        exit(1);
    }
}

static void on_wake(void *ctx) {
    struct bench *bench = ctx;
    pthread_mutex_lock(&bench->lock);
    bench->is_woken = true;
    pthread_cond_signal(&bench->woken);
    pthread_mutex_unlock(&bench->lock);
}

/* A handwritten stroke: some 20 points with pressure, wandering. */
static void make_body(struct kolam_log_op *out_op, uint32_t number) {
    struct kolam_point points[20];
    uint32_t random = number * 2654435761u + 1;
    int32_t x = 900, y = 900;
    for (uint32_t i = 0; i < 20; i++) {
        random = random * 1664525 + 1013904223;
        x += (int32_t)(random >> 24) % 40 - 12;
        y += (int32_t)(random >> 16 & 255) % 40 - 20;
        points[i] = (struct kolam_point){.x = x, .y = y, .pressure = (uint8_t)(random >> 26 | 128)};
    }
    struct kolam_op op = {.kind = KOLAM_OP_STROKE,
                          .stroke = {.origin = {.x = number % 8, .y = number / 8, .level = 0},
                                     .color = 0x203040ff,
                                     .width = 3 * KOLAM_WIDTH_UNIT_PER_PX,
                                     .part_count = 1,
                                     .has_pressure = true,
                                     .point_count = 20,
                                     .points = points}};
    static uint8_t room[KOLAM_OP_BYTES_MAX];
    static struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    size_t size = 0;
    require(kolam_op_encode(&op, room, sizeof room, &size) == KOLAM_OK &&
                kolam_stroke_homes(&op.stroke, homes, &out_op->home_count) == KOLAM_OK,
            "a stroke cannot be encoded");
    out_op->kind = KOLAM_OP_STROKE;
    out_op->body = kolam_memdup(room, size);
    out_op->body_size_bytes = size;
    out_op->homes = kolam_memdup(homes, out_op->home_count * sizeof *homes);
}

static void submit_one(struct bench *bench, uint32_t writer);

static void on_done(void *ctx, struct kolam_submission *submission) {
    struct ticket *ticket = ctx;
    struct bench *bench = ticket->bench;
    require(submission->status == KOLAM_OK, kolam_status_text(submission->status));
    double now = seconds_now();
    if (bench->latency_count < LATENCIES_MAX) {
        bench->latencies_us[bench->latency_count++] = (uint32_t)((now - ticket->started) * 1e6);
    }
    uint32_t writer = (uint32_t)submission->nonce;
    bench->completed++;
    kolam_submission_destroy(submission);
    free(ticket);
    if (now < bench->deadline && bench->submitted < bench->limit) {
        submit_one(bench, writer);
    }
}

static void submit_one(struct bench *bench, uint32_t writer) {
    const struct kolam_log_op *body = &bench->bodies[bench->submitted % BODIES];
    struct kolam_submission *submission = kolam_submission_create(1);
    struct ticket *ticket = malloc(sizeof *ticket);
    require(submission && ticket, "no memory");
    struct kolam_log_op *op = &submission->ops[0];
    *op = *body;
    op->body = kolam_memdup(body->body, body->body_size_bytes);
    op->homes = kolam_memdup(body->homes, body->home_count * sizeof *body->homes);
    require(op->body && op->homes, "no memory");
    op->counter = (uint32_t)bench->submitted++;
    memcpy(submission->author.ident, &writer, sizeof writer);
    (void)snprintf(submission->author.name, sizeof submission->author.name, "Writer %u", writer);
    submission->nonce = writer;
    submission->done = on_done;
    *ticket = (struct ticket){.bench = bench, .started = seconds_now()};
    submission->ctx = ticket;
    kolam_log_submit(bench->log, submission);
}

static void run_until_all_is_done(struct bench *bench) {
    while (bench->completed < bench->submitted) {
        pthread_mutex_lock(&bench->lock);
        while (!bench->is_woken) {
            pthread_cond_wait(&bench->woken, &bench->lock);
        }
        bench->is_woken = false;
        pthread_mutex_unlock(&bench->lock);
        kolam_log_dispatch(bench->log);
    }
}

static int compare_u32(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static double percentile_ms(struct bench *bench, double fraction) {
    qsort(bench->latencies_us, bench->latency_count, sizeof *bench->latencies_us, compare_u32);
    uint32_t i = (uint32_t)((double)(bench->latency_count - 1) * fraction);
    return (double)bench->latencies_us[i] / 1000;
}

/* `in_flight` at any time, by up to 1,000 authors; `limit` ops or SECONDS, whichever is first. Gives ops/s. */
static double run(const char *folder, uint32_t in_flight, uint64_t limit, const char *label) {
    char path[600];
    struct stat info;
    struct bench *bench = calloc(1, sizeof *bench);
    require(bench != NULL, "no memory");
    bench->latencies_us = malloc(LATENCIES_MAX * sizeof *bench->latencies_us);
    require(bench->latencies_us != NULL, "no memory");
    for (uint32_t i = 0; i < BODIES; i++) {
        make_body(&bench->bodies[i], i);
    }
    (void)pthread_mutex_init(&bench->lock, NULL);
    (void)pthread_cond_init(&bench->woken, NULL);
    (void)snprintf(path, sizeof path, "%s/bench.kolam", folder);
    struct kolam_error error = {.text = ""};
    struct kolam_log_options options = {.path = path,
                                        .clock = kolam_clock_system(),
                                        .gather_us = GATHER_US,
                                        .wake = on_wake,
                                        .wake_ctx = bench};
    require(kolam_log_sqlite_create(&options, &bench->log, &error) == KOLAM_OK, error.text);
    bench->limit = limit;
    double start = seconds_now();
    bench->deadline = start + SECONDS;
    for (uint32_t i = 0; i < in_flight; i++) {
        submit_one(bench, i % 1000);
    }
    run_until_all_is_done(bench);
    double ops_per_s = (double)bench->completed / (seconds_now() - start);
    struct kolam_log_stats stats;
    kolam_log_sqlite_stats(bench->log, &stats);
    kolam_log_destroy(bench->log);
    (void)stat(path, &info);
    (void)printf("%-26s %7.0f ops/s   p50 %7.2f ms   p99 %7.2f ms   %6.1f ops a commit   "
                 "%5.1f bytes an op\n",
                 label, ops_per_s, percentile_ms(bench, 0.5), percentile_ms(bench, 0.99),
                 (double)stats.ops / (double)stats.commits,
                 (double)info.st_size / (double)stats.ops);
    (void)unlink(path);
    for (uint32_t i = 0; i < BODIES; i++) {
        kolam_free(bench->bodies[i].body);
        kolam_free(bench->bodies[i].homes);
    }
    free(bench->latencies_us);
    free(bench);
    return ops_per_s;
}

/* What the disk itself gives: append 150 bytes, fdatasync, again. */
static double run_fsync(const char *folder) {
    char path[600], bytes[150] = {0};
    (void)snprintf(path, sizeof path, "%s/bench.raw", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    require(fd >= 0, path);
    uint64_t count = 0;
    double start = seconds_now();
    while (seconds_now() < start + SECONDS) {
        require(write(fd, bytes, sizeof bytes) == sizeof bytes && fdatasync(fd) == 0, path);
        count++;
    }
    double per_s = (double)count / (seconds_now() - start);
    (void)close(fd);
    (void)unlink(path);
    (void)printf("%-26s %7.0f ops/s\n", "write + fdatasync, no log", per_s);
    return per_s;
}

int main(int argc, char **argv) {
    char folder[512];
    (void)snprintf(folder, sizeof folder, "%s/bench-log-XXXXXX", argc > 1 ? argv[1] : "build");
    require(mkdtemp(folder) != NULL, "no folder to write in");
    double fsyncs = run_fsync(folder);
    double one = run(folder, 1, UINT64_MAX, "1 writer (a commit an op)");
    (void)run(folder, 10, UINT64_MAX, "10 writers");
    double hundred = run(folder, 100, UINT64_MAX, "100 writers");
    double thousand = run(folder, 1000, UINT64_MAX, "1,000 writers");
    double all = run(folder, 100000, 100000, "100,000 at once");
    (void)printf(
        "against one commit an op: 100 writers %.0f x, 1,000 writers %.0f x, at once %.0f x\n"
        "against the disk's own fdatasyncs: %.1f x, %.1f x, %.1f x\n",
        hundred / one, thousand / one, all / one, hundred / fsyncs, thousand / fsyncs,
        all / fsyncs);
    (void)rmdir(folder);
    return 0;
}
