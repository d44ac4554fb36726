/* Import into a folder: strokes go straight to the log. This thread reads, decodes and encodes ahead while
 * the log's committer writes; the number of submissions under way is bounded. */
#include "import.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/folder.h"
#include "kolam/identity.h"
#include "kolam/log.h"

/* Enough that the committer always finds a batch: it takes some thousands a turn at full speed. */
#define UNDER_WAY_MAX 16384
#define DISPATCH_EVERY 256
#define GATHER_US 2000

struct folder_import {
    struct kolam_import *import;
    struct kolam_folder *folder;
    struct kolam_identity_db *identity;
    struct kolam_log *log;
    int wake_fd;
    uint32_t under_way;
    enum kolam_status status; /* the first failure */
    struct kolam_error *error;
};

/* What a submission's completion needs to know. */
struct ticket {
    struct folder_import *owner;
    const char *file;
    uint64_t line;
};

/* Committer thread. */
static void wake(void *ctx) {
    const struct folder_import *import = ctx;
    uint64_t one = 1;
    /* A full counter means that it is awake already. */
    ssize_t written = write(import->wake_fd, &one, sizeof one);
    (void)written;
}

static void on_done(void *ctx, struct kolam_submission *submission) {
    struct ticket *ticket = ctx;
    struct folder_import *owner = ticket->owner;
    owner->under_way--;
    if (submission->status == KOLAM_OK) {
        kolam_import_count(owner->import, submission->op_count, submission->ops[0].is_duplicate);
    } else if (owner->status == KOLAM_OK) {
        struct kolam_log_stats stats;
        kolam_log_sqlite_stats(owner->log, &stats);
        owner->status = kolam_fail(
            owner->error, submission->status, "%s:%llu: the stroke was not taken: %s", ticket->file,
            (unsigned long long)ticket->line,
            stats.failure.status == submission->status ? stats.failure.text
                                                       : kolam_status_text(submission->status));
    }
    kolam_submission_destroy(submission);
    kolam_free(ticket);
}

static enum kolam_status submit(struct folder_import *import,
                                const struct kolam_import_source *source,
                                struct kolam_import_item *item) {
    struct kolam_built_stroke *built = &item->built;
    struct kolam_submission *submission = kolam_submission_create(built->op_count);
    struct ticket *ticket = kolam_alloc(sizeof *ticket);
    if (!submission || !ticket) {
        kolam_submission_destroy(submission);
        kolam_free(ticket);
        return kolam_fail(import->error, KOLAM_ERR_NOMEM, "out of memory");
    }
    *ticket = (struct ticket){import, kolam_ndjson_name(source->file), item->line};
    kolam_identity_import_author(import->identity, source->drawn.author, &submission->author);
    submission->nonce = source->nonce;
    submission->done = on_done;
    submission->ctx = ticket;
    for (uint32_t i = 0; i < built->op_count; i++) {
        struct kolam_log_op *op = &submission->ops[i];
        op->kind = KOLAM_OP_STROKE;
        op->counter = item->counter + i;
        op->body = built->ops[i].body;
        op->body_size_bytes = built->ops[i].body_size_bytes;
        op->homes = built->ops[i].homes;
        op->home_count = built->ops[i].home_count;
        import->import->body_bytes += op->body_size_bytes;
    }
    built->op_count = 0; /* the submission's now */
    import->under_way++;
    kolam_log_submit(import->log, submission);
    return KOLAM_OK;
}

/* The committer always answers, so this needs no second way out. */
static void wait_for_commits(struct folder_import *import) {
    struct pollfd poll_fd = {.fd = import->wake_fd, .events = POLLIN};
    if (poll(&poll_fd, 1, -1) > 0) {
        uint64_t count;
        ssize_t size = read(import->wake_fd, &count, sizeof count);
        (void)size;
    }
    kolam_log_dispatch(import->log);
}

/* Hands over one stroke when there is room. */
static enum kolam_status step(struct folder_import *import, struct kolam_import_source *source) {
    struct kolam_import_item item;
    enum kolam_status status = kolam_import_source_next(source, &item, import->error);
    if (status != KOLAM_OK) {
        return status;
    }
    import->import->points += source->drawn.point_count;
    if (json_object_set_new(import->import->artists, source->drawn.author, json_true()) != 0) {
        status = kolam_fail(import->error, KOLAM_ERR_NOMEM, "out of memory");
    }
    if (status == KOLAM_OK) {
        status = submit(import, source, &item);
    }
    kolam_built_stroke_finish(&item.built);
    return status;
}

/* All strokes of one file, until the end, a failure or a signal; all of them are answered at the end. */
static enum kolam_status import_file(struct folder_import *import, const char *path) {
    struct kolam_import_source source;
    enum kolam_status status = kolam_import_source_init(&source, path, import->error);
    if (status != KOLAM_OK) {
        return status;
    }
    for (uint32_t i = 1; status == KOLAM_OK && import->status == KOLAM_OK; i++) {
        status = step(import, &source);
        if (i % DISPATCH_EVERY == 0) {
            kolam_log_dispatch(import->log);
            if (kolam_signals_arrived(import->import->signals_fd)) {
                status = kolam_fail(import->error, KOLAM_ERR_CLOSED, "interrupted");
            }
        }
        while (import->under_way >= UNDER_WAY_MAX && import->status == KOLAM_OK) {
            wait_for_commits(import);
        }
    }
    while (import->under_way > 0) {
        wait_for_commits(import);
    }
    kolam_import_source_finish(&source);
    if (status == KOLAM_ERR_NOT_FOUND) {
        status = KOLAM_OK; /* the file's end */
    }
    return status != KOLAM_OK ? status : import->status;
}

static enum kolam_status open_all(struct folder_import *import, const char *folder_path) {
    struct kolam_error *error = import->error;
    char path[KOLAM_PATH_MAX];
    import->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (import->wake_fd < 0) {
        return kolam_fail(error, KOLAM_ERR_IO, "eventfd: %s", strerror(errno));
    }
    enum kolam_status status = kolam_folder_open(folder_path, &import->folder, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_folder_file_path(import->folder, "identity.db", path);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: the path is too long", folder_path);
    }
    status = kolam_identity_db_create(path, kolam_clock_system(), &import->identity, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_folder_canvas_path(import->folder, import->import->canvas, ".kolam", path);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: the path is too long", folder_path);
    }
    const struct kolam_log_options options = {
        .path = path,
        .clock = kolam_clock_system(),
        .gather_us = GATHER_US,
        .wake = wake,
        .wake_ctx = import,
    };
    return kolam_log_sqlite_create(&options, &import->log, error);
}

static void close_all(struct folder_import *import) {
    kolam_log_destroy(import->log);
    kolam_identity_db_destroy(import->identity);
    kolam_folder_close(import->folder);
    if (import->wake_fd >= 0) {
        close(import->wake_fd);
    }
}

enum kolam_status kolam_import_to_folder(struct kolam_import *import, struct kolam_error *error) {
    struct folder_import folder_import = {.import = import, .wake_fd = -1, .error = error};
    enum kolam_status status = open_all(&folder_import, import->data);
    for (int i = 0; status == KOLAM_OK && i < import->file_count; i++) {
        status = import_file(&folder_import, import->files[i]);
    }
    close_all(&folder_import);
    return status;
}
