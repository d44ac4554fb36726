/* See canvas_fixture.h. The committer wakes the test through a pipe: nothing here waits for time. */
#include "canvas_fixture.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kolam/alloc.h"

static void wake(void *ctx) {
    struct canvas_fixture *fixture = ctx;
    ssize_t written = write(fixture->wake_pipe[1], "w", 1);
    assert(written == 1);
}

static void open_log(struct canvas_fixture *fixture) {
    struct kolam_error error = {0};
    struct kolam_log_options options = {
        .path = fixture->log_path,
        .clock = kolam_clock_system(),
        .wake = wake,
        .wake_ctx = fixture,
    };
    enum kolam_status status = kolam_log_sqlite_create(&options, &fixture->log, &error);
    if (status != KOLAM_OK) {
        fprintf(stderr, "%s\n", error.text);
    }
    assert(status == KOLAM_OK);
}

void canvas_fixture_open(struct canvas_fixture *fixture) {
    *fixture = (struct canvas_fixture){.counter = 0};
    const char *base = getenv("TMPDIR");
    snprintf(fixture->folder, sizeof fixture->folder, "%s/kolam-test-XXXXXX", base ? base : "/tmp");
    char *made = mkdtemp(fixture->folder);
    assert(made);
    snprintf(fixture->log_path, sizeof fixture->log_path, "%s/test.kolam", fixture->folder);
    snprintf(fixture->tiles_path, sizeof fixture->tiles_path, "%s/test.tiles", fixture->folder);
    int result = pipe(fixture->wake_pipe);
    assert(result == 0);
    open_log(fixture);
}

void canvas_fixture_reopen(struct canvas_fixture *fixture) {
    open_log(fixture);
}

void canvas_fixture_restart(struct canvas_fixture *fixture) {
    kolam_log_destroy(fixture->log);
    open_log(fixture);
}

void canvas_fixture_close(struct canvas_fixture *fixture) {
    kolam_log_destroy(fixture->log);
    close(fixture->wake_pipe[0]);
    close(fixture->wake_pipe[1]);
    DIR *folder = opendir(fixture->folder);
    assert(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    closedir(folder);
    rmdir(fixture->folder);
}

static void on_done(void *ctx, struct kolam_submission *submission) {
    struct canvas_fixture *fixture = ctx;
    fixture->waiting--;
    fixture->last_status = submission->status;
    if (submission->status == KOLAM_OK && submission->op_count > 0) {
        fixture->last_seq = submission->ops[0].seq;
        fixture->last_replaces = submission->ops[0].replaces;
        fixture->was_duplicate = submission->ops[0].is_duplicate;
    }
    kolam_submission_destroy(submission);
}

static void fill_op(struct kolam_log_op *log_op, const struct kolam_op *op) {
    static const size_t capacity = KOLAM_OP_BYTES_MAX;
    uint8_t *bytes = kolam_alloc(capacity);
    assert(bytes);
    enum kolam_status status = kolam_op_encode(op, bytes, capacity, &log_op->body_size_bytes);
    assert(status == KOLAM_OK);
    log_op->body = kolam_memdup(bytes, log_op->body_size_bytes);
    kolam_free(bytes);
    log_op->kind = op->kind;
    if (op->kind == KOLAM_OP_STROKE) {
        log_op->homes = kolam_alloc_array(KOLAM_STROKE_HOMES_MAX, sizeof *log_op->homes);
        assert(log_op->homes);
        status = kolam_stroke_homes(&op->stroke, log_op->homes, &log_op->home_count);
        assert(status == KOLAM_OK);
    }
}

static struct kolam_submission *begin_submission(struct canvas_fixture *fixture, uint8_t artist,
                                                 uint32_t op_count) {
    struct kolam_submission *submission = kolam_submission_create(op_count);
    assert(submission);
    memset(submission->author.ident, artist, sizeof submission->author.ident);
    snprintf(submission->author.name, sizeof submission->author.name, "Artist %u", artist);
    submission->nonce = 0x6b6f6c616d000000u + artist;
    submission->done = on_done;
    submission->ctx = fixture;
    return submission;
}

void canvas_fixture_submit_as(struct canvas_fixture *fixture, uint8_t artist,
                              const struct kolam_op *op, struct canvas_fixture_id id) {
    struct kolam_submission *submission = begin_submission(fixture, artist, 1);
    submission->ops[0].counter = id.counter;
    submission->ops[0].is_partial = id.is_partial;
    fill_op(&submission->ops[0], op);
    fixture->waiting++;
    kolam_log_submit(fixture->log, submission);
}

void canvas_fixture_submit(struct canvas_fixture *fixture, uint8_t artist,
                           const struct kolam_op *ops, uint32_t op_count) {
    struct kolam_submission *submission = begin_submission(fixture, artist, op_count);
    for (uint32_t i = 0; i < op_count; i++) {
        submission->ops[i].counter = fixture->counter++;
        fill_op(&submission->ops[i], &ops[i]);
    }
    fixture->waiting++;
    kolam_log_submit(fixture->log, submission);
}

void canvas_fixture_wait(struct canvas_fixture *fixture) {
    kolam_log_dispatch(fixture->log);
    while (fixture->waiting > 0) {
        char byte;
        ssize_t got = read(fixture->wake_pipe[0], &byte, 1);
        assert(got == 1);
        kolam_log_dispatch(fixture->log);
    }
}
