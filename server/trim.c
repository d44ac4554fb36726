/* A job that gives memory back; see trim.h. Loop thread but for `run`, a worker's: neither looking nor giving back is for the loop. */
#include "trim.h"

#include "kolam/alloc.h"
#include "kolam/memory.h"
#include "metrics_scrape.h"

#define EVERY_MS 10000
/* So much, and a quarter of what is in use, may lie free: what comes next is then had without asking the system. */
#define SPARE_BYTES (8u << 20)

struct kolam_trim {
    struct kolam_job job;
    struct kolam_server *server;
    int64_t next_ms;
    uint64_t before_bytes, after_bytes, took_us; /* 0: there was nothing to do */
    bool is_running;
};

static uint64_t spare_bytes(void) {
    struct kolam_heap heap;
    const uint64_t private_bytes = kolam_process_private_bytes();
    kolam_heap_read(&heap);
    const uint64_t may_be = heap.used_bytes + heap.used_bytes / 4 + SPARE_BYTES;
    return private_bytes > may_be ? private_bytes - heap.used_bytes : 0;
}

static void run(struct kolam_job *job, struct kolam_worker *worker) {
    struct kolam_trim *trim = KOLAM_CONTAINER(job, struct kolam_trim, job);
    (void)worker;
    trim->took_us = 0;
    if (spare_bytes() == 0) {
        return;
    }
    trim->before_bytes = kolam_process_private_bytes();
    const uint64_t began_us = kolam_monotonic_us();
    kolam_heap_trim();
    trim->took_us = kolam_monotonic_us() - began_us + 1;
    trim->after_bytes = kolam_process_private_bytes();
}

static void done(struct kolam_job *job) {
    struct kolam_trim *trim = KOLAM_CONTAINER(job, struct kolam_trim, job);
    trim->is_running = false;
    if (trim->took_us > 0) {
        kolam_logfmt(&trim->server->logfmt, KOLAM_LOG_DEBUG, "memory_given_back",
                     "before=%llu after=%llu took_us=%llu", (unsigned long long)trim->before_bytes,
                     (unsigned long long)trim->after_bytes, (unsigned long long)trim->took_us);
    }
}

enum kolam_status kolam_trim_create(struct kolam_server *server) {
    server->trim = kolam_alloc_zero(1, sizeof(*server->trim));
    if (server->trim) {
        server->trim->server = server;
    }
    return server->trim ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

void kolam_trim_destroy(struct kolam_server *server) {
    kolam_free(server->trim);
    server->trim = NULL;
}

void kolam_trim_sweep(struct kolam_server *server, int64_t now_ms) {
    struct kolam_trim *trim = server->trim;
    if (trim->is_running || now_ms < trim->next_ms) {
        return;
    }
    trim->next_ms = now_ms + EVERY_MS;
    trim->is_running = true;
    trim->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_BACKGROUND};
    kolam_pool_submit(server->pool, &trim->job);
}
