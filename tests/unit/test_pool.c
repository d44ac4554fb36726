/* The worker pool: jobs run on workers, come back on the caller's thread, in order of priority, and none is lost
 * when the pool closes. Uses pthread, so it is among the tests that run under TSan. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../support/canvas_fixture.h"
#include "kolam/alloc.h"
#include "kolam/pool.h"

struct bench {
    struct kolam_pool *pool;
    int wake_pipe[2];
    pthread_t loop_thread;
    uint32_t done_count, run_count;
    int order[64];
};

struct numbered_job {
    struct kolam_job job;
    struct bench *bench;
    int number;
    bool was_run;
    pthread_mutex_t *gate; /* held by the test while the job shall wait */
};

static void wake(void *ctx) {
    struct bench *bench = ctx;
    assert_int_equal(write(bench->wake_pipe[1], "w", 1), 1);
}

static void run(struct kolam_job *job, struct kolam_worker *worker) {
    struct numbered_job *numbered = (struct numbered_job *)job;
    (void)worker;
    if (numbered->gate) {
        pthread_mutex_lock(numbered->gate);
        pthread_mutex_unlock(numbered->gate);
    }
    numbered->was_run = true;
}

static void done(struct kolam_job *job) {
    struct numbered_job *numbered = (struct numbered_job *)job;
    struct bench *bench = numbered->bench;
    assert_true(pthread_equal(pthread_self(), bench->loop_thread));
    bench->order[bench->done_count++] = numbered->number;
    bench->run_count += numbered->was_run;
    kolam_free(numbered);
}

static void open_pool(struct bench *bench, uint32_t threads) {
    *bench = (struct bench){.loop_thread = pthread_self()};
    assert_int_equal(pipe(bench->wake_pipe), 0);
    assert_int_equal(kolam_pool_create(threads, wake, bench, &bench->pool), KOLAM_OK);
}

static void close_pool(struct bench *bench) {
    kolam_pool_destroy(bench->pool);
    close(bench->wake_pipe[0]);
    close(bench->wake_pipe[1]);
}

static void submit(struct bench *bench, int number, enum kolam_job_priority priority,
                   pthread_mutex_t *gate) {
    struct numbered_job *job = kolam_alloc_zero(1, sizeof *job);
    job->job = (struct kolam_job){.run = run, .done = done, .priority = priority};
    job->bench = bench;
    job->number = number;
    job->gate = gate;
    kolam_pool_submit(bench->pool, &job->job);
}

static void wait_for(struct bench *bench, uint32_t count) {
    kolam_pool_dispatch(bench->pool);
    while (bench->done_count < count) {
        char byte;
        assert_int_equal(read(bench->wake_pipe[0], &byte, 1), 1);
        kolam_pool_dispatch(bench->pool);
    }
}

static void urgent_jobs_run_before_those_that_can_wait(void **state) {
    (void)state;
    struct bench bench;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    open_pool(&bench, 1);
    pthread_mutex_lock(&gate);
    submit(&bench, 0, KOLAM_JOB_INTERACTIVE,
           &gate); /* holds the only worker until all are queued */
    submit(&bench, 3, KOLAM_JOB_BACKGROUND, NULL);
    submit(&bench, 2, KOLAM_JOB_TILE, NULL);
    submit(&bench, 1, KOLAM_JOB_INTERACTIVE, NULL);
    pthread_mutex_unlock(&gate);
    wait_for(&bench, 4);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(bench.order[i], i);
    }
    assert_int_equal(kolam_pool_backlog(bench.pool), 0);
    close_pool(&bench);
}

static void every_job_comes_back_also_when_the_pool_closes(void **state) {
    (void)state;
    struct bench bench;
    open_pool(&bench, 3);
    for (int i = 0; i < 60; i++) {
        submit(&bench, i, KOLAM_JOB_TILE, NULL);
    }
    close_pool(&bench);
    assert_int_equal(bench.done_count, 60);
    assert_true(bench.run_count <= 60);
}

static void what_is_slow_leaves_a_worker_to_what_is_not(void **state) {
    (void)state;
    struct bench bench;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    open_pool(&bench, 2);
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 4;
         i++) { /* one of them holds one worker; were there more, none would be left */
        submit(&bench, 10 + i, i % 2 ? KOLAM_JOB_FAR : KOLAM_JOB_BACKGROUND, &gate);
    }
    submit(&bench, 1, KOLAM_JOB_TILE, NULL);
    submit(&bench, 2, KOLAM_JOB_TILE, NULL);
    wait_for(&bench, 2);
    /* A worker that has not come to the slow ones yet may have helped: in either order. */
    assert_int_equal(bench.order[0] + bench.order[1], 3);
    pthread_mutex_unlock(&gate);
    wait_for(&bench, 6);
    close_pool(&bench);
}

static void hundreds_of_new_canvases_hold_up_no_tile(void **state) {
    (void)state;
    struct bench bench;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    const int wanted[] = {0, 1, 2, 3, 4, 5, 6};
    open_pool(&bench, 1);
    pthread_mutex_lock(&gate);
    submit(&bench, 0, KOLAM_JOB_INTERACTIVE, &gate);
    submit(&bench, 2, KOLAM_JOB_CANVAS, NULL);
    submit(&bench, 4, KOLAM_JOB_CANVAS, NULL);
    submit(&bench, 6, KOLAM_JOB_CANVAS, NULL);
    submit(&bench, 3, KOLAM_JOB_FAR, NULL); /* by turns with these */
    submit(&bench, 5, KOLAM_JOB_FAR, NULL);
    submit(&bench, 1, KOLAM_JOB_TILE, NULL);
    pthread_mutex_unlock(&gate);
    wait_for(&bench, 7);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(bench.order[i], wanted[i]);
    }
    close_pool(&bench);
}

static void what_waited_past_its_deadline_is_not_run(void **state) {
    (void)state;
    struct bench bench;
    pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
    struct kolam_pool_stats stats;
    open_pool(&bench, 1);
    pthread_mutex_lock(&gate);
    submit(&bench, 0, KOLAM_JOB_INTERACTIVE, &gate);
    for (int i = 1; i <= 3; i++) {
        struct numbered_job *job = kolam_alloc_zero(1, sizeof *job);
        job->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_TILE};
        job->job.deadline_us = i == 2 ? UINT64_MAX : 1; /* long over */
        job->bench = &bench;
        job->number = i;
        kolam_pool_submit(bench.pool, &job->job);
    }
    kolam_pool_expire(bench.pool); /* the worker is busy: they come back all the same */
    assert_int_equal(bench.done_count, 2);
    assert_int_equal(bench.run_count, 0);
    assert_int_equal(bench.order[0], 1);
    assert_int_equal(bench.order[1], 3);
    pthread_mutex_unlock(&gate);
    wait_for(&bench, 4);
    assert_int_equal(bench.run_count, 2);
    kolam_pool_stats(bench.pool, &stats);
    assert_int_equal(stats.late[KOLAM_JOB_TILE], 2);
    assert_int_equal(stats.waiting[KOLAM_JOB_TILE], 0);
    assert_int_equal(kolam_pool_backlog(bench.pool), 0);
    close_pool(&bench);
}

/* ---- a worker's open canvases ---- */

struct look {
    struct kolam_job job;
    struct bench *bench;
    const char *log_path, *tiles_path;
    enum kolam_status status;
    uint64_t incarnation;
    struct kolam_worker_canvas *first, *again;
};

static void run_look(struct kolam_job *job, struct kolam_worker *worker) {
    struct look *look = (struct look *)job;
    struct kolam_error error;
    look->status =
        kolam_worker_canvas(worker, look->log_path, look->tiles_path, false, &look->first, &error);
    if (look->status == KOLAM_OK) {
        look->incarnation = look->first->incarnation;
        look->status = kolam_worker_canvas(worker, look->log_path, look->tiles_path, false,
                                           &look->again, &error);
    }
}

static void done_look(struct kolam_job *job) {
    ((struct look *)job)->bench->done_count++;
}

static void a_worker_keeps_a_canvas_open_and_reports_a_missing_one(void **state) {
    (void)state;
    struct bench bench;
    struct canvas_fixture canvas;
    canvas_fixture_open(&canvas);
    open_pool(&bench, 1);
    struct look look = {.job = {.run = run_look, .done = done_look},
                        .bench = &bench,
                        .log_path = canvas.log_path,
                        .tiles_path = canvas.tiles_path};
    kolam_pool_submit(bench.pool, &look.job);
    wait_for(&bench, 1);
    assert_int_equal(look.status, KOLAM_OK);
    assert_true(look.incarnation != 0);
    assert_ptr_equal(look.first, look.again);
    look.log_path = "/nowhere/at-all.kolam";
    kolam_pool_submit(bench.pool, &look.job);
    wait_for(&bench, 2);
    assert_int_equal(look.status, KOLAM_ERR_NOT_FOUND);
    close_pool(&bench);
    canvas_fixture_close(&canvas);
}

static bool is_open(const char *path) {
    char link[64], target[256];
    for (int fd = 0; fd < 64; fd++) {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        const ssize_t size = readlink(link, target, sizeof target - 1);
        target[size > 0 ? size : 0] = '\0';
        if (strcmp(target, path) == 0) {
            return true;
        }
    }
    return false;
}

static void a_canvas_that_no_job_names_is_closed_and_opened_again(void **state) {
    (void)state;
    struct bench bench;
    struct canvas_fixture canvas;
    canvas_fixture_open(&canvas);
    open_pool(&bench, 1);
    struct look look = {.job = {.run = run_look, .done = done_look},
                        .bench = &bench,
                        .log_path = canvas.log_path,
                        .tiles_path = canvas.tiles_path};
    for (uint32_t turn = 1; turn <= 2; turn++) {
        kolam_pool_set_idle(bench.pool, 0);
        kolam_pool_submit(bench.pool, &look.job);
        wait_for(&bench, turn);
        assert_int_equal(look.status, KOLAM_OK);
        assert_ptr_equal(look.first, look.again);
        assert_true(is_open(canvas.tiles_path));
        kolam_pool_set_idle(bench.pool, 10);
        while (is_open(canvas.tiles_path)) {
            usleep(1000);
        }
    }
    close_pool(&bench);
    canvas_fixture_close(&canvas);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_jobs_run_before_those_that_can_wait),
        cmocka_unit_test(what_is_slow_leaves_a_worker_to_what_is_not),
        cmocka_unit_test(hundreds_of_new_canvases_hold_up_no_tile),
        cmocka_unit_test(what_waited_past_its_deadline_is_not_run),
        cmocka_unit_test(every_job_comes_back_also_when_the_pool_closes),
        cmocka_unit_test(a_worker_keeps_a_canvas_open_and_reports_a_missing_one),
        cmocka_unit_test(a_canvas_that_no_job_names_is_closed_and_opened_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
