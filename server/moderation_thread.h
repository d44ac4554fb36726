/* moderation.db, asked without waiting, on a thread of its own. What is asked is a function that runs there. */
#ifndef KOLAM_SERVER_MODERATION_THREAD_H
#define KOLAM_SERVER_MODERATION_THREAD_H

#include "db_thread.h"
#include "kolam/moderation.h"

/* Embedded first in what is asked; kolam_alloc'ed. */
struct kolam_moderation_request {
    struct kolam_db_request base;
    enum kolam_status status; /* what `perform` gave */
    enum kolam_status (*perform)(struct kolam_moderation_db *db,
                                 struct kolam_moderation_request *request); /* the thread's */
    void (*done)(struct kolam_moderation_request *request); /* loop thread; owns the request */
};

struct kolam_moderation_thread;

/* Takes the db. */
KOLAM_MUST_CHECK enum kolam_status
kolam_moderation_thread_create(struct kolam_moderation_db *db, struct kolam_loop *loop,
                               struct kolam_moderation_thread **out_thread);
/* Finishes what is queued, runs its `done`, ends the thread and destroys the db. NULL is safe. */
void kolam_moderation_thread_destroy(struct kolam_moderation_thread *thread);
/* Loop thread. */
void kolam_moderation_submit(struct kolam_moderation_thread *thread,
                             struct kolam_moderation_request *request);
void kolam_moderation_dispatch(struct kolam_moderation_thread *thread);

#endif
