/* Worker threads and their queues. Shared between the loop and the workers under one mutex; everything
 * of a worker (its open canvases) is that thread's alone. */
#include "kolam/pool.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "kolam/alloc.h"

#define OPEN_CANVASES_MAX 16
#define PATH_BYTES 1024
#define NICE 10

struct open_canvas {
    struct kolam_worker_canvas canvas;
    char log_path[PATH_BYTES];
    bool is_read_only;
    uint64_t used_at; /* 0: the slot is free */
    uint64_t used_us;
};

struct kolam_worker {
    struct kolam_pool *pool;
    pthread_t thread;
    struct open_canvas canvases[OPEN_CANVASES_MAX];
    uint64_t use_count;
    uint64_t looked_us; /* when what is idle was closed last */
};

struct job_queue {
    struct kolam_job *first, **end;
};

struct kolam_pool {
    pthread_mutex_t mutex;
    pthread_cond_t has_work;
    struct job_queue waiting[KOLAM_JOB_PRIORITIES];
    struct job_queue finished;
    uint32_t backlog, running, running_slow;
    uint64_t waiting_count[KOLAM_JOB_PRIORITIES];
    bool is_far_next; /* of canvases and far tiles, where both wait */
    bool is_closing;
    void (*wake)(void *ctx);
    void *wake_ctx;
    uint64_t idle_us; /* so long a worker keeps a canvas open that no job names; 0: for ever */
    uint32_t worker_count, wanted_count; /* that run; that were asked for, known from the start */
    struct kolam_worker *workers;
    struct kolam_pool_stats stats; /* the loop thread's: the two histograms */
};

static void queue_init(struct job_queue *queue) {
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_push(struct job_queue *queue, struct kolam_job *job) {
    job->next = NULL;
    *queue->end = job;
    queue->end = &job->next;
}

static struct kolam_job *queue_pop(struct job_queue *queue) {
    struct kolam_job *job = queue->first;
    if (job) {
        queue->first = job->next;
        if (!queue->first) {
            queue->end = &queue->first;
        }
    }
    return job;
}

/* ---- a worker's open canvases ---- */

static void close_canvas(struct open_canvas *open) {
    kolam_raster_destroy(open->canvas.raster);
    kolam_tile_store_destroy(open->canvas.store);
    kolam_reader_destroy(open->canvas.reader);
    *open = (struct open_canvas){.used_at = 0};
}

static enum kolam_status open_parts(struct kolam_worker_canvas *canvas, const char *log_path,
                                    const char *tiles_path, bool is_read_only,
                                    struct kolam_error *error) {
    enum kolam_status status = kolam_reader_create(log_path, &canvas->reader, error);
    if (status != KOLAM_OK) {
        return status;
    }
    struct kolam_canvas_info info;
    status = kolam_reader_info(canvas->reader, &info);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: %s", log_path, kolam_status_text(status));
    }
    canvas->incarnation = info.incarnation;
    struct kolam_error tiles_error;
    if (kolam_tile_store_sqlite_create(tiles_path, info.incarnation, is_read_only, &canvas->store,
                                       &tiles_error) != KOLAM_OK) {
        canvas->store = kolam_tile_store_null_create(); /* derived: it works without, only slower */
    }
    status = canvas->store ? kolam_raster_create(canvas->reader, canvas->store, &canvas->raster)
                           : KOLAM_ERR_NOMEM;
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: %s", log_path, kolam_status_text(status));
    }
    return KOLAM_OK;
}

/* A worker's open canvases are megabytes each: pages of two files, pictures, a codec's rooms. */
static void close_idle(struct kolam_worker *worker, uint64_t now_us, uint64_t idle_us) {
    worker->looked_us = now_us;
    for (int i = 0; i < OPEN_CANVASES_MAX; i++) {
        struct open_canvas *open = &worker->canvases[i];
        if (open->used_at != 0 && now_us - open->used_us >= idle_us) {
            close_canvas(open);
        }
    }
}

static bool has_open(const struct kolam_worker *worker) {
    for (int i = 0; i < OPEN_CANVASES_MAX; i++) {
        if (worker->canvases[i].used_at != 0) {
            return true;
        }
    }
    return false;
}

static struct open_canvas *find_open(struct kolam_worker *worker, const char *log_path,
                                     bool is_read_only) {
    for (int i = 0; i < OPEN_CANVASES_MAX; i++) {
        struct open_canvas *open = &worker->canvases[i];
        if (open->used_at != 0 && open->is_read_only == is_read_only &&
            strcmp(open->log_path, log_path) == 0) {
            return open;
        }
    }
    return NULL;
}

static struct open_canvas *free_slot(struct kolam_worker *worker) {
    struct open_canvas *oldest = &worker->canvases[0];
    for (int i = 1; i < OPEN_CANVASES_MAX; i++) {
        if (worker->canvases[i].used_at < oldest->used_at) {
            oldest = &worker->canvases[i];
        }
    }
    close_canvas(oldest);
    return oldest;
}

enum kolam_status kolam_worker_canvas(struct kolam_worker *worker, const char *log_path,
                                      const char *tiles_path, bool is_read_only,
                                      struct kolam_worker_canvas **out_canvas,
                                      struct kolam_error *error) {
    if (strlen(log_path) >= PATH_BYTES) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "%s: the path is too long", log_path);
    }
    struct open_canvas *open = find_open(worker, log_path, is_read_only);
    if (!open) {
        open = free_slot(worker);
        enum kolam_status status =
            open_parts(&open->canvas, log_path, tiles_path, is_read_only, error);
        if (status != KOLAM_OK) {
            close_canvas(open);
            return status;
        }
        strcpy(open->log_path, log_path);
        open->is_read_only = is_read_only;
    }
    open->used_at = ++worker->use_count;
    open->used_us = kolam_monotonic_us();
    *out_canvas = &open->canvas;
    return KOLAM_OK;
}

/* ---- the threads ---- */

static bool is_slow(int priority) {
    return priority >= KOLAM_JOB_CANVAS;
}

/* What takes long leaves one worker to what is drawn right now. */
static bool may_take(const struct kolam_pool *pool, int priority) {
    return !is_slow(priority) || pool->is_closing || pool->running_slow == 0 ||
           pool->running_slow + 1 < pool->wanted_count;
}

/* Hundreds of new canvases do not hold up far tiles, nor the other way round. */
static int turn_of(struct kolam_pool *pool, int priority) {
    if (priority != KOLAM_JOB_CANVAS || !pool->waiting[KOLAM_JOB_CANVAS].first ||
        !pool->waiting[KOLAM_JOB_FAR].first) {
        return priority;
    }
    pool->is_far_next = !pool->is_far_next;
    return pool->is_far_next ? KOLAM_JOB_CANVAS : KOLAM_JOB_FAR;
}

static struct kolam_job *take_job(struct kolam_pool *pool) {
    for (int first = 0; first < KOLAM_JOB_PRIORITIES; first++) {
        if (!may_take(pool, first)) {
            return NULL;
        }
        const int priority = turn_of(pool, first);
        struct kolam_job *job = queue_pop(&pool->waiting[priority]);
        if (job) {
            pool->backlog--;
            pool->waiting_count[priority]--;
            return job;
        }
    }
    return NULL;
}

/* With the mutex; closes without it, and is true then: anything may have happened. A canvas is closed at most half as long
 * again after it could be. */
static bool close_what_is_idle(struct kolam_worker *worker) {
    struct kolam_pool *pool = worker->pool;
    const uint64_t now_us = kolam_monotonic_us(), idle_us = pool->idle_us;
    if (idle_us == 0 || now_us - worker->looked_us < idle_us / 2 || !has_open(worker)) {
        return false;
    }
    pthread_mutex_unlock(&pool->mutex);
    close_idle(worker, now_us, idle_us);
    pthread_mutex_lock(&pool->mutex);
    return true;
}

/* Sleeps until there may be work; who has something to close wakes up for that, too. */
static void await_work(struct kolam_worker *worker) {
    struct kolam_pool *pool = worker->pool;
    if (pool->idle_us == 0 || !has_open(worker)) {
        pthread_cond_wait(&pool->has_work, &pool->mutex);
        return;
    }
    const uint64_t until_us = worker->looked_us + pool->idle_us / 2;
    const struct timespec until = {(time_t)(until_us / 1000000), (long)(until_us % 1000000) * 1000};
    (void)pthread_cond_timedwait(&pool->has_work, &pool->mutex, &until);
}

static void *worker_main(void *arg) {
    struct kolam_worker *worker = arg;
    struct kolam_pool *pool = worker->pool;
    /* On Linux of this thread alone: who waits for a picture waits a little longer, rather than all for the loop. */
    (void)setpriority(PRIO_PROCESS, 0, NICE);
    pthread_mutex_lock(&pool->mutex);
    while (!pool->is_closing) {
        if (close_what_is_idle(worker)) {
            continue;
        }
        struct kolam_job *job = take_job(pool);
        if (!job) {
            await_work(worker);
            continue;
        }
        const bool was_slow = is_slow((int)job->priority);
        pool->running++;
        pool->running_slow += was_slow;
        pthread_mutex_unlock(&pool->mutex);
        job->begun_us = kolam_monotonic_us();
        job->is_late = job->deadline_us != 0 && job->begun_us > job->deadline_us;
        if (!job->is_late) {
            job->run(job, worker);
        }
        job->over_us = kolam_monotonic_us();
        pthread_mutex_lock(&pool->mutex);
        pool->running--;
        if (was_slow) {
            pool->running_slow--;
            pthread_cond_signal(&pool->has_work); /* another may have waited for that */
        }
        queue_push(&pool->finished, job);
        pthread_mutex_unlock(&pool->mutex);
        pool->wake(pool->wake_ctx);
        pthread_mutex_lock(&pool->mutex);
    }
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < OPEN_CANVASES_MAX; i++) {
        close_canvas(&worker->canvases[i]);
    }
    return NULL;
}

/* Signals belong to the loop's thread. */
static int start_thread(struct kolam_worker *worker) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&worker->thread, NULL, worker_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

enum kolam_status kolam_pool_create(uint32_t thread_count, void (*wake)(void *ctx), void *wake_ctx,
                                    struct kolam_pool **out_pool) {
    struct kolam_pool *pool = kolam_alloc_zero(1, sizeof *pool);
    struct kolam_worker *workers = kolam_alloc_zero(thread_count, sizeof *workers);
    if (!pool || !workers || thread_count == 0) {
        kolam_free(pool);
        kolam_free(workers);
        return thread_count == 0 ? KOLAM_ERR_INVALID : KOLAM_ERR_NOMEM;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_condattr_t steady; /* kolam_monotonic_us's clock */
    pthread_condattr_init(&steady);
    (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&pool->has_work, &steady);
    pthread_condattr_destroy(&steady);
    for (int i = 0; i < KOLAM_JOB_PRIORITIES; i++) {
        queue_init(&pool->waiting[i]);
    }
    queue_init(&pool->finished);
    pool->wake = wake;
    pool->wake_ctx = wake_ctx;
    pool->workers = workers;
    pool->wanted_count = thread_count;
    for (uint32_t i = 0; i < thread_count; i++) {
        workers[i].pool = pool;
        if (start_thread(&workers[i]) != 0) {
            kolam_pool_destroy(pool);
            return KOLAM_ERR_NOMEM;
        }
        pool->worker_count++;
    }
    *out_pool = pool;
    return KOLAM_OK;
}

void kolam_pool_destroy(struct kolam_pool *pool) {
    if (!pool) {
        return;
    }
    pthread_mutex_lock(&pool->mutex);
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->has_work);
    pthread_mutex_unlock(&pool->mutex);
    for (uint32_t i = 0; i < pool->worker_count; i++) {
        pthread_join(pool->workers[i].thread, NULL);
    }
    kolam_pool_dispatch(pool);
    for (struct kolam_job *job = take_job(pool); job; job = take_job(pool)) {
        job->done(job);
    }
    pthread_cond_destroy(&pool->has_work);
    pthread_mutex_destroy(&pool->mutex);
    kolam_free(pool->workers);
    kolam_free(pool);
}

void kolam_pool_set_idle(struct kolam_pool *pool, uint32_t idle_ms) {
    pthread_mutex_lock(&pool->mutex);
    pool->idle_us = (uint64_t)idle_ms * 1000;
    pthread_cond_broadcast(&pool->has_work); /* who sleeps goes by it from now on */
    pthread_mutex_unlock(&pool->mutex);
}

void kolam_pool_submit(struct kolam_pool *pool, struct kolam_job *job) {
    job->queued_us = kolam_monotonic_us();
    job->is_late = false;
    pthread_mutex_lock(&pool->mutex);
    queue_push(&pool->waiting[job->priority], job);
    pool->backlog++;
    pool->waiting_count[job->priority]++;
    pthread_cond_signal(&pool->has_work);
    pthread_mutex_unlock(&pool->mutex);
}

static void expire(struct kolam_pool *pool, int priority, uint64_t now_us) {
    struct job_queue *queue = &pool->waiting[priority];
    struct kolam_job *job = queue->first;
    queue_init(queue);
    while (job) {
        struct kolam_job *next = job->next;
        if (job->deadline_us != 0 && now_us > job->deadline_us) {
            job->is_late = true;
            job->begun_us = job->over_us = now_us;
            pool->backlog--;
            pool->waiting_count[priority]--;
            queue_push(&pool->finished, job);
        } else {
            queue_push(queue, job);
        }
        job = next;
    }
}

void kolam_pool_expire(struct kolam_pool *pool) {
    const uint64_t now_us = kolam_monotonic_us();
    pthread_mutex_lock(&pool->mutex);
    for (int priority = 0; priority < KOLAM_JOB_PRIORITIES; priority++) {
        expire(pool, priority, now_us);
    }
    pthread_mutex_unlock(&pool->mutex);
    kolam_pool_dispatch(pool);
}

/* `done` frees the job, and another priority may be given to it there: it is counted first. */
static void count(struct kolam_pool_stats *stats, const struct kolam_job *job) {
    stats->late[job->priority] += job->is_late;
    kolam_histogram_add(&stats->wait_time[job->priority], KOLAM_SCALE_TIME,
                        job->begun_us - job->queued_us);
    kolam_histogram_add(&stats->run_time[job->priority], KOLAM_SCALE_TIME,
                        job->over_us - job->begun_us);
}

void kolam_pool_dispatch(struct kolam_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    struct kolam_job *job = pool->finished.first;
    queue_init(&pool->finished);
    pthread_mutex_unlock(&pool->mutex);
    while (job) {
        struct kolam_job *next = job->next; /* done frees the job */
        count(&pool->stats, job);
        job->done(job);
        job = next;
    }
}

bool kolam_pool_is_closing(const struct kolam_pool *pool) {
    return pool->is_closing; /* written by the loop thread alone, which is the one that asks */
}

uint32_t kolam_pool_backlog(const struct kolam_pool *pool) {
    struct kolam_pool *locked = (struct kolam_pool *)(uintptr_t)pool;
    pthread_mutex_lock(&locked->mutex);
    uint32_t backlog = locked->backlog;
    pthread_mutex_unlock(&locked->mutex);
    return backlog;
}

void kolam_pool_stats(const struct kolam_pool *pool, struct kolam_pool_stats *out_stats) {
    struct kolam_pool *locked = (struct kolam_pool *)(uintptr_t)pool;
    *out_stats = pool->stats;
    out_stats->threads = pool->worker_count;
    pthread_mutex_lock(&locked->mutex);
    out_stats->running = pool->running;
    memcpy(out_stats->waiting, pool->waiting_count, sizeof out_stats->waiting);
    pthread_mutex_unlock(&locked->mutex);
}
