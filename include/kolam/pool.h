/* Worker threads for what the loop must not do: SQLite reads, rasterizing, PNG, zstd.
 *
 * A job's `run` is called on a worker, then its `done` inside kolam_pool_dispatch on the loop thread. Each
 * worker keeps open canvases (reader, tile store, raster) in a small least-recently-used set, so jobs name a canvas file
 * and find it open. */
#ifndef KOLAM_POOL_H
#define KOLAM_POOL_H

#include "kolam/histogram.h"
#include "kolam/raster.h"

/* A canvas as seen by one worker; paths as from kolam_folder_canvas_path. */
struct kolam_worker_canvas {
    struct kolam_reader *reader;
    struct kolam_tile_store *store;
    struct kolam_raster *raster;
    uint64_t incarnation;
};

struct kolam_worker; /* one thread's */

/* Opens (or finds open) a canvas on this worker; borrowed until the job ends. is_read_only: the tile store is
 * not written. Inside a job's run only. */
KOLAM_MUST_CHECK enum kolam_status kolam_worker_canvas(struct kolam_worker *worker,
                                                       const char *log_path, const char *tiles_path,
                                                       bool is_read_only,
                                                       struct kolam_worker_canvas **out_canvas,
                                                       struct kolam_error *error);

enum kolam_job_priority {
    KOLAM_JOB_INTERACTIVE = 0,
    KOLAM_JOB_TILE,
    KOLAM_JOB_CANVAS, /* a canvas begins, or is closed: waits for the disk, and there may be hundreds */
    KOLAM_JOB_FAR, /* a tile that averages many: may take seconds */
    KOLAM_JOB_BACKGROUND,
    KOLAM_JOB_PRIORITIES
};

struct kolam_job {
    void (*run)(struct kolam_job *job, struct kolam_worker *worker); /* worker thread */
    void (*done)(struct kolam_job *job); /* loop thread; owns the job then */
    enum kolam_job_priority priority;
    uint64_t deadline_us;   /* of kolam_monotonic_us; 0: none. Not begun by then it is not run */
    bool is_late;           /* that happened: `done` is called without `run` */
    struct kolam_job *next; /* the pool's, and when it was queued, begun and over */
    uint64_t queued_us, begun_us, over_us;
};

struct kolam_pool;

/* wake(wake_ctx) is called on a worker thread when there is something to dispatch. */
KOLAM_MUST_CHECK enum kolam_status kolam_pool_create(uint32_t thread_count, void (*wake)(void *ctx),
                                                     void *wake_ctx, struct kolam_pool **out_pool);
/* Waits for running jobs, runs `done` of those and of all that wait (without `run`: see
 * kolam_pool_is_closing), ends the threads. Loop thread; NULL is safe. */
void kolam_pool_destroy(struct kolam_pool *pool);
/* So long a worker keeps a canvas open that no job names; 0, as at first: for ever, or until there are too many. */
void kolam_pool_set_idle(struct kolam_pool *pool, uint32_t idle_ms);
/* Loop thread: queues the job; lower priority values first, in order among equals, KOLAM_JOB_CANVAS and KOLAM_JOB_FAR by turns. One
 * worker, if there are several, is always left for what is not slow: these two and KOLAM_JOB_BACKGROUND never have them all. */
void kolam_pool_submit(struct kolam_pool *pool, struct kolam_job *job);
/* Loop thread, now and then: takes out what waits past its deadline, to be dispatched as late. */
void kolam_pool_expire(struct kolam_pool *pool);
/* Loop thread: runs `done` of finished jobs. */
void kolam_pool_dispatch(struct kolam_pool *pool);
/* True while kolam_pool_destroy runs: a `done` then only frees. */
bool kolam_pool_is_closing(const struct kolam_pool *pool);
/* Jobs waiting, all priorities. Loop thread. */
uint32_t kolam_pool_backlog(const struct kolam_pool *pool);

/* What the pool has done, by priority. */
struct kolam_pool_stats {
    uint64_t threads, running;
    uint64_t waiting[KOLAM_JOB_PRIORITIES];
    uint64_t late[KOLAM_JOB_PRIORITIES]; /* not run, because they had waited too long */
    struct kolam_histogram wait_time[KOLAM_JOB_PRIORITIES]; /* from submit to a worker */
    struct kolam_histogram run_time[KOLAM_JOB_PRIORITIES];
};
/* A copy, of the jobs dispatched so far. Loop thread. */
void kolam_pool_stats(const struct kolam_pool *pool, struct kolam_pool_stats *out_stats);

#endif
