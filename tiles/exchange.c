/* The exchange within one process: a list of members, each with what it has not taken yet. */
#include "kolam/exchange.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "kolam/alloc.h"

struct message {
    struct message *next;
    size_t size_bytes;
    uint8_t bytes[];
};

struct kolam_exchange_member {
    struct kolam_exchange *exchange;
    struct kolam_exchange_member *next;
    void (*wake)(void *ctx);
    void *wake_ctx;
    struct message *first, **end; /* not taken yet, oldest first */
    size_t queued_bytes;
};

struct kolam_exchange {
    pthread_mutex_t lock; /* guards the members and what waits for them */
    struct kolam_exchange_member *first;
};

struct kolam_exchange *kolam_exchange_create(void) {
    struct kolam_exchange *exchange = kolam_alloc_zero(1, sizeof *exchange);
    if (exchange) {
        (void)pthread_mutex_init(&exchange->lock, NULL);
    }
    return exchange;
}

void kolam_exchange_destroy(struct kolam_exchange *exchange) {
    if (exchange) {
        (void)pthread_mutex_destroy(&exchange->lock);
        kolam_free(exchange);
    }
}

struct kolam_exchange_member *kolam_exchange_join(struct kolam_exchange *exchange,
                                                  void (*wake)(void *ctx), void *wake_ctx) {
    struct kolam_exchange_member *member = kolam_alloc_zero(1, sizeof *member);
    if (!member) {
        return NULL;
    }
    member->exchange = exchange;
    member->wake = wake;
    member->wake_ctx = wake_ctx;
    member->end = &member->first;
    pthread_mutex_lock(&exchange->lock);
    member->next = exchange->first;
    exchange->first = member;
    pthread_mutex_unlock(&exchange->lock);
    return member;
}

static void drop_oldest(struct kolam_exchange_member *member) {
    struct message *message = member->first;
    member->first = message->next;
    member->end = member->first ? member->end : &member->first;
    member->queued_bytes -= message->size_bytes;
    kolam_free(message);
}

void kolam_exchange_leave(struct kolam_exchange_member *member) {
    if (!member) {
        return;
    }
    pthread_mutex_lock(&member->exchange->lock);
    struct kolam_exchange_member **link = &member->exchange->first;
    while (*link != member) {
        link = &(*link)->next;
    }
    *link = member->next;
    pthread_mutex_unlock(&member->exchange->lock);
    while (member->first) {
        drop_oldest(member);
    }
    kolam_free(member);
}

/* The lock is held. */
static void push(struct kolam_exchange_member *member, const uint8_t *bytes, size_t size_bytes) {
    struct message *message = kolam_alloc(sizeof *message + size_bytes);
    if (!message) {
        return;
    }
    const bool was_empty = !member->first;
    *message = (struct message){.size_bytes = size_bytes};
    memcpy(message->bytes, bytes, size_bytes);
    *member->end = message;
    member->end = &message->next;
    member->queued_bytes += size_bytes;
    while (member->queued_bytes > KOLAM_EXCHANGE_BYTES_MAX && member->first != message) {
        drop_oldest(member);
    }
    if (was_empty && member->wake) {
        member->wake(member->wake_ctx);
    }
}

void kolam_exchange_publish(struct kolam_exchange_member *member, const uint8_t *bytes,
                            size_t size_bytes) {
    pthread_mutex_lock(&member->exchange->lock);
    for (struct kolam_exchange_member *other = member->exchange->first; other;
         other = other->next) {
        if (other != member) {
            push(other, bytes, size_bytes);
        }
    }
    pthread_mutex_unlock(&member->exchange->lock);
}

void kolam_exchange_take(struct kolam_exchange_member *member, kolam_exchange_hear *hear,
                         void *ctx) {
    pthread_mutex_lock(&member->exchange->lock);
    struct message *message = member->first;
    member->first = NULL;
    member->end = &member->first;
    member->queued_bytes = 0;
    pthread_mutex_unlock(&member->exchange->lock);
    while (message) {
        struct message *next = message->next;
        if (hear) {
            hear(ctx, message->bytes, message->size_bytes);
        }
        kolam_free(message);
        message = next;
    }
}
