/* See store.h. */
#include "tests/support/store.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kolam/alloc.h"

static void require(bool is_true, const char *what) {
    if (!is_true) {
        (void)fprintf(stderr, "test support: %s\n", what);
        abort();
    }
}

void temp_folder_make(char out_path[512]) {
    const char *base = getenv("TMPDIR");
    (void)snprintf(out_path, 512, "%s/kolam-test-XXXXXX", base && *base ? base : "/tmp");
    require(mkdtemp(out_path) != NULL, "no temporary folder");
}

void temp_folder_remove(const char *path) {
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        char inner[1024];
        struct stat info;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (lstat(inner, &info) == 0 && S_ISDIR(info.st_mode)) {
            temp_folder_remove(inner);
        } else {
            (void)unlink(inner);
        }
    }
    if (folder) {
        (void)closedir(folder);
    }
    (void)rmdir(path);
}

void temp_path(const char *folder, const char *name, char out_path[600]) {
    (void)snprintf(out_path, 600, "%s/%s", folder, name);
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

long file_size(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (long)info.st_size : -1;
}

struct kolam_author test_author(uint8_t number) {
    struct kolam_author author;
    memset(&author, 0, sizeof author);
    memset(author.ident, number, sizeof author.ident);
    (void)snprintf(author.name, sizeof author.name, "Author %u", number);
    return author;
}

static void encode_into(const struct kolam_op *op, struct kolam_log_op *log_op) {
    size_t capacity = 65536 * 2;
    log_op->kind = op->kind;
    log_op->body = kolam_alloc(capacity);
    require(log_op->body &&
                kolam_op_encode(op, log_op->body, capacity, &log_op->body_size_bytes) == KOLAM_OK,
            "an op cannot be encoded");
}

/* At the coarsest level the world ends in the middle of each tile. */
static int32_t middle_of(int64_t tile_coord, int32_t level) {
    if (level > KOLAM_LEVEL_MIN) {
        return KOLAM_SUB_PER_TILE / 2;
    }
    return tile_coord < 0 ? KOLAM_SUB_PER_TILE * 3 / 4 : KOLAM_SUB_PER_TILE / 4;
}

struct kolam_log_op test_stroke(struct kolam_tile_id tile, uint32_t counter, uint32_t point_count) {
    struct kolam_log_op log_op = {.counter = counter};
    struct kolam_point *points = kolam_alloc_zero(point_count, sizeof *points);
    require(points != NULL, "no memory");
    for (uint32_t i = 0; i < point_count; i++) {
        points[i].x = middle_of(tile.x, tile.level) + (int32_t)(i % 7) * 5;
        points[i].y = middle_of(tile.y, tile.level) + (int32_t)(i % 13) * 9;
        points[i].pressure = 255;
    }
    struct kolam_op op = {
        .kind = KOLAM_OP_STROKE,
        .stroke = {.origin = tile,
                   .tool = KOLAM_TOOL_PEN,
                   .color = 0x203040ff,
                   .width = 3 * KOLAM_WIDTH_UNIT_PER_PX,
                   .part_count = 1,
                   .point_count = point_count,
                   .points = points},
    };
    encode_into(&op, &log_op);
    log_op.homes = kolam_alloc_array(KOLAM_STROKE_HOMES_MAX, sizeof *log_op.homes);
    require(log_op.homes &&
                kolam_stroke_homes(&op.stroke, log_op.homes, &log_op.home_count) == KOLAM_OK,
            "a stroke has no homes");
    kolam_free(points);
    return log_op;
}

struct kolam_log_op test_change(enum kolam_op_kind kind, uint32_t counter, const uint64_t *targets,
                                uint32_t target_count) {
    struct kolam_log_op log_op = {.counter = counter};
    uint64_t copy[KOLAM_TARGETS_MAX];
    require(target_count <= KOLAM_TARGETS_MAX, "too many targets");
    memcpy(copy, targets, target_count * sizeof *copy);
    struct kolam_op op = {.kind = kind, .target_count = target_count, .targets = copy};
    encode_into(&op, &log_op);
    return log_op;
}

struct kolam_log_op test_record(uint32_t counter, const char *json) {
    struct kolam_log_op log_op = {.counter = counter};
    struct kolam_op op = {.kind = KOLAM_OP_RECORD,
                          .record = (const uint8_t *)json,
                          .record_size_bytes = (uint32_t)strlen(json)};
    encode_into(&op, &log_op);
    return log_op;
}

static void on_wake(void *ctx) {
    struct test_log *test = ctx;
    pthread_mutex_lock(&test->lock);
    test->is_woken = true;
    pthread_cond_signal(&test->woken);
    pthread_mutex_unlock(&test->lock);
}

static void on_done(void *ctx, struct kolam_submission *submission) {
    struct test_log *test = ctx;
    submission->next = NULL;
    *test->end = submission;
    test->end = &submission->next;
}

enum kolam_status test_log_try_open(struct test_log *test, const char *path,
                                    struct kolam_clock clock, uint32_t gather_us) {
    memset(test, 0, sizeof *test);
    test->end = &test->first;
    (void)pthread_mutex_init(&test->lock, NULL);
    (void)pthread_cond_init(&test->woken, NULL);
    struct kolam_log_options options = {
        .path = path, .clock = clock, .gather_us = gather_us, .wake = on_wake, .wake_ctx = test};
    enum kolam_status status = kolam_log_sqlite_create(&options, &test->log, &test->error);
    if (status != KOLAM_OK) {
        (void)pthread_cond_destroy(&test->woken);
        (void)pthread_mutex_destroy(&test->lock);
    }
    return status;
}

void test_log_open(struct test_log *test, const char *path, struct kolam_clock clock,
                   uint32_t gather_us) {
    require(test_log_try_open(test, path, clock, gather_us) == KOLAM_OK, test->error.text);
}

void test_log_close(struct test_log *test) {
    kolam_log_destroy(test->log);
    test->log = NULL;
    while (test->first) {
        struct kolam_submission *next = test->first->next;
        kolam_submission_destroy(test->first);
        test->first = next;
    }
    test->end = &test->first;
    (void)pthread_cond_destroy(&test->woken);
    (void)pthread_mutex_destroy(&test->lock);
}

struct kolam_submission *test_submission(uint8_t author, uint64_t nonce,
                                         const struct kolam_log_op *ops, uint32_t op_count) {
    struct kolam_submission *submission = kolam_submission_create(op_count);
    require(submission != NULL, "no memory");
    submission->author = test_author(author);
    submission->nonce = nonce;
    if (op_count > 0) {
        memcpy(submission->ops, ops, op_count * sizeof *ops);
    }
    return submission;
}

void test_log_submit(struct test_log *test, struct kolam_submission *submission) {
    submission->done = on_done;
    submission->ctx = test;
    kolam_log_submit(test->log, submission);
}

struct kolam_submission *test_log_take(struct test_log *test) {
    while (!test->first) {
        pthread_mutex_lock(&test->lock);
        while (!test->is_woken) {
            pthread_cond_wait(&test->woken, &test->lock);
        }
        test->is_woken = false;
        pthread_mutex_unlock(&test->lock);
        kolam_log_dispatch(test->log);
    }
    struct kolam_submission *submission = test->first;
    test->first = submission->next;
    if (!test->first) {
        test->end = &test->first;
    }
    submission->next = NULL;
    return submission;
}

struct kolam_submission *test_log_run(struct test_log *test, struct kolam_submission *submission) {
    test_log_submit(test, submission);
    struct kolam_submission *completed = test_log_take(test);
    require(completed == submission, "another submission was on its way");
    return completed;
}

uint64_t test_log_commit(struct test_log *test, struct kolam_submission *submission) {
    test_log_run(test, submission);
    require(submission->status == KOLAM_OK, kolam_status_text(submission->status));
    uint64_t seq = submission->op_count > 0 ? submission->ops[0].seq : 0;
    kolam_submission_destroy(submission);
    return seq;
}

static atomic_llong allocations_left = -1, allocations_seen;

static bool may_allocate(void *ctx) {
    (void)ctx;
    (void)atomic_fetch_add(&allocations_seen, 1);
    return atomic_load(&allocations_left) < 0 || atomic_fetch_sub(&allocations_left, 1) != 0;
}

void fail_allocation(int64_t nth) {
    atomic_store(&allocations_left, nth);
    atomic_store(&allocations_seen, 0);
    kolam_alloc_set_hook(may_allocate, NULL);
}

int64_t allocation_count(void) {
    return (int64_t)atomic_load(&allocations_seen);
}
