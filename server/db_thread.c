/* A thread with a database. `mutex` guards both queues; the database is the thread's alone while it runs. */
#include "db_thread.h"

#include <pthread.h>
#include <signal.h>

#include "kolam/alloc.h"

struct queue {
    struct kolam_db_request *first, **end;
};

struct kolam_db_thread {
    struct kolam_db_thread_options options;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct queue waiting, finished;
    bool is_ending;
};

static void queue_init(struct queue *queue) {
    queue->first = NULL;
    queue->end = &queue->first;
}

static void queue_append(struct queue *queue, struct kolam_db_request *request) {
    request->next = NULL;
    *queue->end = request;
    queue->end = &request->next;
}

static struct kolam_db_request *queue_take_all(struct queue *queue) {
    struct kolam_db_request *first = queue->first;
    queue_init(queue);
    return first;
}

static void *run(void *arg) {
    struct kolam_db_thread *thread = arg;
    pthread_mutex_lock(&thread->mutex);
    for (;;) {
        struct kolam_db_request *request = queue_take_all(&thread->waiting);
        if (!request) {
            if (thread->is_ending) {
                break;
            }
            pthread_cond_wait(&thread->changed, &thread->mutex);
            continue;
        }
        while (request) {
            struct kolam_db_request *next = request->next;
            pthread_mutex_unlock(&thread->mutex);
            thread->options.perform(thread->options.ctx, request);
            pthread_mutex_lock(&thread->mutex);
            queue_append(&thread->finished, request);
            request = next;
            kolam_loop_wake(thread->options.loop, thread->options.wake);
        }
    }
    pthread_mutex_unlock(&thread->mutex);
    return NULL;
}

enum kolam_status kolam_db_thread_create(const struct kolam_db_thread_options *options,
                                         struct kolam_db_thread **out_thread) {
    struct kolam_db_thread *thread = kolam_alloc_zero(1, sizeof(*thread));
    if (!thread) {
        return KOLAM_ERR_NOMEM;
    }
    thread->options = *options;
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

void kolam_db_thread_destroy(struct kolam_db_thread *thread) {
    if (!thread) {
        return;
    }
    pthread_mutex_lock(&thread->mutex);
    thread->is_ending = true;
    pthread_cond_signal(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
    pthread_join(thread->thread, NULL);
    kolam_db_dispatch(thread);
    pthread_cond_destroy(&thread->changed);
    pthread_mutex_destroy(&thread->mutex);
    kolam_free(thread);
}

void kolam_db_submit(struct kolam_db_thread *thread, struct kolam_db_request *request) {
    pthread_mutex_lock(&thread->mutex);
    queue_append(&thread->waiting, request);
    pthread_cond_signal(&thread->changed);
    pthread_mutex_unlock(&thread->mutex);
}

void kolam_db_dispatch(struct kolam_db_thread *thread) {
    pthread_mutex_lock(&thread->mutex);
    struct kolam_db_request *request = queue_take_all(&thread->finished);
    pthread_mutex_unlock(&thread->mutex);
    while (request) {
        struct kolam_db_request *next = request->next;
        thread->options.done(request);
        request = next;
    }
}
