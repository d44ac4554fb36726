/* The identity thread. `mutex` guards both queues; the db is the thread's alone while it runs. */
#include "identity_thread.h"

#include <pthread.h>
#include <signal.h>

#include "kolam/alloc.h"

struct queue {
    struct kolam_identity_request *first, **end;
};

struct kolam_identity_thread {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct queue waiting, finished;
    bool is_ending;
    struct kolam_identity_db *db;
    struct kolam_loop *loop;
};

static void queue_init(struct queue *queue) {
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_append(struct queue *queue, struct kolam_identity_request *request) {
    request->next = NULL;
    *queue->end = request;
    queue->end = &request->next;
}

static struct kolam_identity_request *queue_take_all(struct queue *queue) {
    struct kolam_identity_request *first = queue->first;
    queue_init(queue);
    return first;
}

static void perform(struct kolam_identity_db *db, struct kolam_identity_request *request) {
    switch (request->kind) {
    case KOLAM_IDENTITY_FIND:
        request->status = kolam_identity_find(db, request->secret, &request->author);
        return;
    case KOLAM_IDENTITY_MAKE:
        request->status = kolam_identity_make(db, request->secret, &request->author);
        return;
    case KOLAM_IDENTITY_RENAME:
        request->status = kolam_identity_rename(db, request->author.ident, request->author.name);
        return;
    case KOLAM_IDENTITY_IMPORT: {
        struct kolam_author named = request->author;
        kolam_identity_import_author(db, named.name, &request->author);
        request->status = KOLAM_OK;
        return;
    }
    }
}

static void *run(void *arg) {
    struct kolam_identity_thread *thread = arg;
    pthread_mutex_lock(&thread->mutex);
    for (;;) {
        struct kolam_identity_request *request = queue_take_all(&thread->waiting);
        if (!request) {
            if (thread->is_ending) {
                break;
            }
            pthread_cond_wait(&thread->changed, &thread->mutex);
            continue;
        }
        while (request) {
            struct kolam_identity_request *next = request->next;
            pthread_mutex_unlock(&thread->mutex);
            perform(thread->db, request);
            pthread_mutex_lock(&thread->mutex);
            queue_append(&thread->finished, request);
            request = next;
            kolam_loop_wake(thread->loop, KOLAM_WAKE_IDENTITY);
        }
    }
    pthread_mutex_unlock(&thread->mutex);
    return NULL;
}

enum kolam_status kolam_identity_thread_create(struct kolam_identity_db *db,
                                               struct kolam_loop *loop,
                                               struct kolam_identity_thread **out_thread) {
    struct kolam_identity_thread *thread = kolam_alloc_zero(1, sizeof(*thread));
    if (!thread) {
        return KOLAM_ERR_NOMEM;
    }
    thread->db = db;
    thread->loop = loop;
    queue_init(&thread->waiting);
    queue_init(&thread->finished);
    pthread_mutex_init(&thread->mutex, NULL);
    pthread_cond_init(&thread->changed, NULL);
    /* Signals belong to the loop thread: block them while the new one inherits its mask. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = pthread_create(&thread->thread, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (problem != 0) {
        kolam_free(thread);
        return KOLAM_ERR_IO;
    }
    *out_thread = thread;
    return KOLAM_OK;
}

void kolam_identity_thread_destroy(struct kolam_identity_thread *thread) {
    if (!thread) {
        return;
    }
    pthread_mutex_lock(&thread->mutex);
    thread->is_ending = true;
    pthread_cond_signal(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
    pthread_join(thread->thread, NULL);
    kolam_identity_dispatch(thread);
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->mutex);
    kolam_identity_db_destroy(thread->db);
    kolam_free(thread);
}

void kolam_identity_submit(struct kolam_identity_thread *thread,
                           struct kolam_identity_request *request) {
    pthread_mutex_lock(&thread->mutex);
    queue_append(&thread->waiting, request);
    pthread_cond_signal(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
}

void kolam_identity_dispatch(struct kolam_identity_thread *thread) {
    pthread_mutex_lock(&thread->mutex);
    struct kolam_identity_request *request = queue_take_all(&thread->finished);
    pthread_mutex_unlock(&thread->mutex);
    while (request) {
        struct kolam_identity_request *next = request->next;
        request->done(request);
        request = next;
    }
}
