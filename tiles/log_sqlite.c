/* The embedded log: a queue in, a committer thread with group commit, a queue out.
 *
 * The loop thread submits and dispatches; the committer takes all that is queued, writes it in one
 * transaction, and hands it back. While it waits for the disk the next batch gathers by itself. A stroke that
 * comes alone goes at once; while batches mostly hold company the next one begins no sooner than gather_us after
 * the last, since a transaction costs more than what is in it. One that holds up many who go on only when they are
 * told (an import) does not wait once as many as last time are there. When the disk is full or fails the whole batch is refused,
 * and once a second the committer tries whether it may write again. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "canvas_writer.h"
#include "kolam/alloc.h"

/* Bounds the length of a transaction, and so the wait of whoever comes just after it began. */
#define BATCH_OPS_MAX 2048
#define BULK 32 /* so many submissions in a batch are no crowd's, but one who sends all it may */
#define COMPANY 1.25    /* from so many in a batch on, on average, they are gathered; */
#define COMPANY_OVER 16 /* the average of about so many batches */
#define PROBE_INTERVAL_US 1000000
#define IDLE_US 10000000 /* after so long without work its memory is given back */

struct submission_queue {
    struct kolam_submission *first, **end;
    uint64_t count;
};

struct sqlite_log {
    struct kolam_log base;
    struct kolam_canvas_writer *writer; /* the committer's, while it runs */
    bool is_idle;                       /* the committer's: nothing came, and it gave memory back */
    void (*wake)(void *ctx);
    void *wake_ctx;
    uint32_t gather_us;
    pthread_t committer;
    atomic_bool is_writable;

    pthread_mutex_t lock; /* guards the five below */
    pthread_cond_t has_work;
    struct submission_queue queued, completed;
    uint64_t wanted; /* the committer sleeps until so many are queued */
    bool is_stopping;
    struct kolam_log_stats stats;

    /* The loop thread's. */
    uint64_t last_seq;
    kolam_log_on_commit *on_commit;
    void *on_commit_ctx;
    struct kolam_exchange_member *member; /* NULL: the canvas is nobody else's */
    kolam_exchange_hear *hear;
    void *hear_ctx;
};

static struct sqlite_log *from_base(struct kolam_log *log) {
    return (struct sqlite_log *)log; /* base is the first member */
}

static void queue_init(struct submission_queue *queue) {
    *queue = (struct submission_queue){.end = &queue->first};
}

static void queue_push(struct submission_queue *queue, struct kolam_submission *submission) {
    submission->next = NULL;
    *queue->end = submission;
    queue->end = &submission->next;
    queue->count++;
}

static struct kolam_submission *queue_pop(struct submission_queue *queue) {
    struct kolam_submission *submission = queue->first;
    if (submission) {
        queue->first = submission->next;
        submission->next = NULL;
        if (--queue->count == 0) {
            queue_init(queue);
        }
    }
    return submission;
}

/* Moves all of `from` behind `to`. */
static void queue_append(struct submission_queue *to, struct submission_queue *from) {
    if (from->count > 0) {
        *to->end = from->first;
        to->end = from->end;
        to->count += from->count;
        queue_init(from);
    }
}

/* A rename travels through the queue like a submission, so that it keeps its place among them. Nobody
 * else sees it: it is told by its `done`. */
static void done_rename(void *ctx, struct kolam_submission *submission) {
    (void)ctx;
    kolam_submission_destroy(submission);
}

static bool is_rename(const struct kolam_submission *submission) {
    return submission->done == done_rename;
}

static struct timespec monotonic_now(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now;
}

static uint64_t us_since(struct timespec start) {
    struct timespec now = monotonic_now();
    int64_t us =
        (int64_t)(now.tv_sec - start.tv_sec) * 1000000 + (now.tv_nsec - start.tv_nsec) / 1000;
    return us > 0 ? (uint64_t)us : 0;
}

static struct timespec us_from_now(uint32_t us) {
    struct timespec then = monotonic_now();
    then.tv_sec += us / 1000000;
    then.tv_nsec += (long)(us % 1000000) * 1000;
    if (then.tv_nsec >= 1000000000) {
        then.tv_sec++;
        then.tv_nsec -= 1000000000;
    }
    return then;
}

/* ---- the committer thread ---- */

/* Waits until `wanted` submissions are queued or the log stops; false if `wait_us` (0: for ever) went by
 * first. The lock is held. */
static bool wait_for(struct sqlite_log *log, uint64_t wanted, uint32_t wait_us) {
    struct timespec deadline = us_from_now(wait_us);
    int result = 0;
    log->wanted = wanted;
    while (log->queued.count < wanted && !log->is_stopping && result != ETIMEDOUT) {
        result = wait_us == 0 ? pthread_cond_wait(&log->has_work, &log->lock)
                              : pthread_cond_timedwait(&log->has_work, &log->lock, &deadline);
    }
    log->wanted = 1;
    return result != ETIMEDOUT;
}

static void wake_loop(struct sqlite_log *log) {
    if (log->wake) {
        log->wake(log->wake_ctx);
    }
}

/* Whoever waits for the disk is woken, though there is nothing to dispatch. */
static void probe(struct sqlite_log *log) {
    if (kolam_canvas_writer_probe(log->writer) == KOLAM_OK) {
        atomic_store(&log->is_writable, true);
        wake_loop(log);
    }
}

/* Sleeps until there is work; false when the log stops and nothing is left. The lock is held, but not
 * while probing, or giving back what only work needs. */
static bool wait_for_work(struct sqlite_log *log) {
    while (log->queued.count == 0 && !log->is_stopping) {
        const bool is_writable = atomic_load(&log->is_writable);
        if (!wait_for(log, 1, !is_writable ? PROBE_INTERVAL_US : log->is_idle ? 0 : IDLE_US)) {
            pthread_mutex_unlock(&log->lock);
            if (!is_writable) {
                probe(log);
            } else {
                kolam_canvas_writer_idle(log->writer);
                log->is_idle = true;
            }
            pthread_mutex_lock(&log->lock);
        }
    }
    log->is_idle = false;
    return log->queued.count > 0;
}

/* What the committer knows of the batches before. */
struct rhythm {
    struct timespec begun;
    uint64_t last_count;
    double company;
};

/* The lock is held, and something is queued. */
static void gather(struct sqlite_log *log, const struct rhythm *rhythm) {
    const uint64_t since_us = us_since(rhythm->begun);
    const uint64_t wanted = rhythm->last_count >= BULK ? rhythm->last_count : UINT64_MAX;
    if (rhythm->company >= COMPANY && since_us < log->gather_us && log->queued.count < wanted) {
        (void)wait_for(log, wanted, (uint32_t)(log->gather_us - since_us));
    }
}

static void note_batch(struct rhythm *rhythm, uint64_t count) {
    rhythm->begun = monotonic_now();
    rhythm->last_count = count;
    rhythm->company += ((double)count - rhythm->company) / COMPANY_OVER;
}

/* Takes the next batch; false when there is none to come. */
static bool take_batch(struct sqlite_log *log, const struct rhythm *rhythm,
                       struct submission_queue *out_batch) {
    queue_init(out_batch);
    pthread_mutex_lock(&log->lock);
    bool has_work = wait_for_work(log);
    if (has_work) {
        gather(log, rhythm);
    }
    uint64_t ops = 0;
    while (log->queued.first && ops < BATCH_OPS_MAX) {
        ops += log->queued.first->op_count;
        queue_push(out_batch, queue_pop(&log->queued));
    }
    pthread_mutex_unlock(&log->lock);
    return has_work;
}

static enum kolam_status write_batch(struct kolam_canvas_writer *writer,
                                     const struct submission_queue *batch) {
    enum kolam_status status = kolam_canvas_writer_begin(writer);
    if (status != KOLAM_OK) {
        return status;
    }
    for (struct kolam_submission *s = batch->first; s && status == KOLAM_OK; s = s->next) {
        status = is_rename(s) ? kolam_canvas_writer_rename(writer, &s->author)
                              : kolam_canvas_writer_add(writer, s);
    }
    if (status != KOLAM_OK) {
        kolam_canvas_writer_rollback(writer);
        return status;
    }
    return kolam_canvas_writer_commit(writer);
}

static void fail_submission(struct kolam_submission *submission, enum kolam_status status) {
    submission->status = status;
    submission->durability = KOLAM_DURABLE_NONE;
    submission->artist = 0;
    for (uint32_t i = 0; i < submission->op_count; i++) {
        struct kolam_log_op *op = &submission->ops[i];
        op->seq = op->replaces = 0;
        op->time_ms = 0;
        op->is_duplicate = false;
    }
}

/* All of a batch that could not be committed share one outcome: also those that were refused, since what
 * they were judged by is gone. */
static void fail_batch(struct sqlite_log *log, struct submission_queue *batch,
                       enum kolam_status status) {
    if (status != KOLAM_ERR_NOMEM) {
        atomic_store(&log->is_writable, false);
    }
    if (status != KOLAM_ERR_NOMEM && status != KOLAM_ERR_FULL) {
        status = KOLAM_ERR_IO;
    }
    for (struct kolam_submission *s = batch->first; s; s = s->next) {
        fail_submission(s, status);
    }
}

static void count_submission(struct kolam_log_stats *stats,
                             const struct kolam_submission *submission, uint64_t now_us) {
    if (!is_rename(submission)) {
        kolam_histogram_add(&stats->submit_time, KOLAM_SCALE_TIME, now_us - submission->queued_us);
    }
    if (submission->status != KOLAM_OK) {
        stats->refused++;
    } else if (submission->op_count > 0 && submission->ops[0].is_duplicate) {
        stats->duplicates += submission->op_count;
    } else {
        stats->ops += submission->op_count;
    }
}

/* The lock is held. */
static void count_batch(struct sqlite_log *log, const struct submission_queue *batch,
                        enum kolam_status status, uint64_t commit_us) {
    struct kolam_log_stats *stats = &log->stats;
    const uint64_t now_us = kolam_monotonic_us();
    if (status != KOLAM_OK) {
        stats->failures++;
        stats->failure = *kolam_canvas_writer_failure(log->writer);
    } else {
        stats->commits++;
        stats->commit_us_total += commit_us;
        stats->commit_us_max = commit_us > stats->commit_us_max ? commit_us : stats->commit_us_max;
        stats->batch_max = batch->count > stats->batch_max ? batch->count : stats->batch_max;
        kolam_histogram_add(&stats->commit_time, KOLAM_SCALE_TIME, commit_us);
        kolam_histogram_add(&stats->batch_size, KOLAM_SCALE_COUNT, batch->count);
    }
    for (const struct kolam_submission *s = batch->first; s; s = s->next) {
        count_submission(stats, s, now_us);
    }
}

/* A refused submission ends like a committed one: with nothing of it in the file. */
static void close_refused(const struct submission_queue *batch) {
    for (struct kolam_submission *s = batch->first; s; s = s->next) {
        if (s->status != KOLAM_OK) {
            fail_submission(s, s->status);
        }
    }
}

static void *run_committer(void *arg) {
    struct sqlite_log *log = arg;
    struct submission_queue batch;
    struct rhythm rhythm = {.begun = monotonic_now()};
    while (take_batch(log, &rhythm, &batch)) {
        note_batch(&rhythm, batch.count);
        struct timespec start = monotonic_now();
        enum kolam_status status = write_batch(log->writer, &batch);
        uint64_t commit_us = us_since(start);
        if (status == KOLAM_OK) {
            atomic_store(&log->is_writable, true);
            close_refused(&batch);
        } else {
            fail_batch(log, &batch, status);
        }
        pthread_mutex_lock(&log->lock);
        count_batch(log, &batch, status, commit_us);
        bool is_first = log->completed.count == 0;
        queue_append(&log->completed, &batch);
        pthread_mutex_unlock(&log->lock);
        if (is_first) {
            wake_loop(log);
        }
        kolam_canvas_writer_rest(log->writer);
    }
    return NULL;
}

/* ---- the loop thread ---- */

static void log_submit(struct kolam_log *base, struct kolam_submission *submission) {
    struct sqlite_log *log = from_base(base);
    submission->queued_us = kolam_monotonic_us();
    pthread_mutex_lock(&log->lock);
    if (log->is_stopping) { /* a callback inside destroy: the committer is gone, destroy dispatches */
        fail_submission(submission, KOLAM_ERR_CLOSED);
        queue_push(&log->completed, submission);
    } else {
        queue_push(&log->queued, submission);
        if (log->queued.count >= log->wanted) {
            pthread_cond_signal(&log->has_work);
        }
    }
    pthread_mutex_unlock(&log->lock);
}

static void complete(struct sqlite_log *log, struct kolam_submission *submission) {
    uint32_t count = submission->op_count;
    if (submission->status == KOLAM_OK && count > 0 && !submission->ops[0].is_duplicate) {
        log->last_seq = submission->ops[count - 1].seq;
        if (log->on_commit) {
            log->on_commit(log->on_commit_ctx, submission);
        }
    }
    submission->done(submission->ctx, submission);
}

static void log_dispatch(struct kolam_log *base) {
    struct sqlite_log *log = from_base(base);
    struct submission_queue completed;
    struct kolam_submission *submission;
    queue_init(&completed);
    pthread_mutex_lock(&log->lock);
    queue_append(&completed, &log->completed);
    pthread_mutex_unlock(&log->lock);
    while ((submission = queue_pop(&completed))) {
        complete(log, submission);
    }
    if (log->member) {
        kolam_exchange_take(log->member, log->hear, log->hear_ctx);
    }
}

static void log_publish(struct kolam_log *base, const uint8_t *bytes, size_t size_bytes) {
    kolam_exchange_publish(from_base(base)->member, bytes, size_bytes);
}

static void log_listen(struct kolam_log *base, kolam_exchange_hear *hear, void *ctx) {
    struct sqlite_log *log = from_base(base);
    log->hear = hear;
    log->hear_ctx = ctx;
}

static enum kolam_status log_follow(struct kolam_log *base, uint64_t from_seq,
                                    kolam_log_on_commit *on_commit, void *ctx) {
    struct sqlite_log *log = from_base(base);
    if (from_seq != log->last_seq) {
        return KOLAM_ERR_NOT_FOUND;
    }
    log->on_commit = on_commit;
    log->on_commit_ctx = ctx;
    return KOLAM_OK;
}

static void log_rename_author(struct kolam_log *base, const struct kolam_author *author) {
    struct kolam_submission *rename = kolam_submission_create(0);
    if (rename) { /* without memory the name changes with the author's next stroke */
        rename->author = *author;
        rename->done = done_rename;
        log_submit(base, rename);
    }
}

static bool log_is_writable(const struct kolam_log *base) {
    return atomic_load(&((const struct sqlite_log *)base)->is_writable);
}

static uint64_t log_last_seq(const struct kolam_log *base) {
    return ((const struct sqlite_log *)base)->last_seq;
}

static void free_log(struct sqlite_log *log) {
    kolam_exchange_leave(log->member);
    kolam_canvas_writer_destroy(log->writer);
    pthread_cond_destroy(&log->has_work);
    pthread_mutex_destroy(&log->lock);
    kolam_free(log);
}

static void log_destroy(struct kolam_log *base) {
    struct sqlite_log *log = from_base(base);
    pthread_mutex_lock(&log->lock);
    log->is_stopping = true;
    pthread_cond_signal(&log->has_work);
    pthread_mutex_unlock(&log->lock);
    (void)pthread_join(log->committer, NULL);
    while (log->completed.count > 0) { /* what callbacks submit meanwhile completes as closed */
        log_dispatch(base);
    }
    free_log(log);
}

static const struct kolam_log_ops sqlite_log_ops = {
    .destroy = log_destroy,
    .submit = log_submit,
    .follow = log_follow,
    .dispatch = log_dispatch,
    .rename_author = log_rename_author,
    .is_writable = log_is_writable,
    .last_seq = log_last_seq,
    .publish = log_publish,
    .listen = log_listen,
};

void kolam_log_sqlite_stats(struct kolam_log *base, struct kolam_log_stats *out_stats) {
    struct sqlite_log *log = from_base(base);
    pthread_mutex_lock(&log->lock);
    *out_stats = log->stats;
    pthread_mutex_unlock(&log->lock);
}

/* Deadlines are durations: a clock that is set must not stretch them. */
static void init_threading(struct sqlite_log *log) {
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&log->has_work, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_mutex_init(&log->lock, NULL);
}

/* Signals are the loop thread's business. */
static int start_committer(struct sqlite_log *log) {
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&log->committer, NULL, run_committer, log);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

enum kolam_status kolam_log_sqlite_create(const struct kolam_log_options *options,
                                          struct kolam_log **out_log, struct kolam_error *error) {
    struct sqlite_log *log = kolam_alloc_zero(1, sizeof *log);
    if (!log) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", options->path);
    }
    log->base.ops = &sqlite_log_ops;
    log->wake = options->wake;
    log->wake_ctx = options->wake_ctx;
    log->gather_us = options->gather_us;
    log->wanted = 1;
    queue_init(&log->queued);
    queue_init(&log->completed);
    atomic_init(&log->is_writable, true);
    init_threading(log);
    enum kolam_status status = kolam_canvas_writer_create(options->path, options->incarnation,
                                                          options->clock, &log->writer, error);
    if (status == KOLAM_OK && options->exchange) {
        log->member = kolam_exchange_join(options->exchange, options->wake, options->wake_ctx);
        log->base.is_shared = log->member != NULL;
        status = log->member
                     ? KOLAM_OK
                     : kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", options->path);
    }
    if (status == KOLAM_OK) {
        log->last_seq = kolam_canvas_writer_last_seq(log->writer);
        int result = start_committer(log);
        if (result != 0) {
            status = kolam_fail(error, KOLAM_ERR_IO, "%s: no committer thread: %s", options->path,
                                strerror(result));
        }
    }
    if (status != KOLAM_OK) {
        free_log(log);
        return status;
    }
    *out_log = &log->base;
    return KOLAM_OK;
}
