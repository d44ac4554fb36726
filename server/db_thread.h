/* A database that is asked without waiting: a thread of its own, a queue to it and one back. Outcomes come inside
 * kolam_db_dispatch on the loop thread, in the order in which they were asked for. */
#ifndef KOLAM_SERVER_DB_THREAD_H
#define KOLAM_SERVER_DB_THREAD_H

#include "loop.h"

/* Embedded first in what is asked. */
struct kolam_db_request {
    struct kolam_db_request *next; /* the thread's */
};

struct kolam_db_thread_options {
    void *ctx; /* whose the thread is while it runs: the database */
    void (*perform)(void *ctx, struct kolam_db_request *request); /* the thread's */
    void (*done)(struct kolam_db_request *request); /* loop thread; owns the request */
    struct kolam_loop *loop;
    enum kolam_wake wake; /* what the loop is woken with */
};

struct kolam_db_thread;

KOLAM_MUST_CHECK enum kolam_status
kolam_db_thread_create(const struct kolam_db_thread_options *options,
                       struct kolam_db_thread **out_thread);
/* Performs what is queued, hands it back and ends the thread; `ctx` is the caller's again. NULL is safe. */
void kolam_db_thread_destroy(struct kolam_db_thread *thread);
/* Loop thread; takes the request. */
void kolam_db_submit(struct kolam_db_thread *thread, struct kolam_db_request *request);
void kolam_db_dispatch(struct kolam_db_thread *thread);

#endif
