/* Who people are, asked for without waiting: a thread of its own with identity.db open, a queue to it and
 * one back. Results come inside kolam_identity_dispatch on the loop thread. */
#ifndef KOLAM_SERVER_IDENTITY_THREAD_H
#define KOLAM_SERVER_IDENTITY_THREAD_H

#include "db_thread.h"
#include "kolam/identity.h"

enum kolam_identity_kind {
    KOLAM_IDENTITY_FIND,   /* secret -> author */
    KOLAM_IDENTITY_MAKE,   /* -> secret, author; durable */
    KOLAM_IDENTITY_RENAME, /* author.ident, author.name */
    KOLAM_IDENTITY_IMPORT, /* author.name -> author */
};

struct kolam_identity_request {
    struct kolam_db_request base;
    enum kolam_identity_kind kind;
    uint8_t secret[KOLAM_SECRET_BYTES];
    struct kolam_author author;
    enum kolam_status status;
    uint32_t slot;                                        /* the asker's */
    void *ctx;                                            /* the asker's */
    void (*done)(struct kolam_identity_request *request); /* loop thread; owns the request */
};

struct kolam_identity_thread;

KOLAM_MUST_CHECK enum kolam_status
kolam_identity_thread_create(struct kolam_identity_db *db, struct kolam_loop *loop,
                             struct kolam_identity_thread **out_thread);
/* Finishes what is queued, runs its `done`, ends the thread and destroys the db. NULL is safe. */
void kolam_identity_thread_destroy(struct kolam_identity_thread *thread);
/* Loop thread. The request was kolam_alloc'ed. */
void kolam_identity_submit(struct kolam_identity_thread *thread,
                           struct kolam_identity_request *request);
void kolam_identity_dispatch(struct kolam_identity_thread *thread);

#endif
