/* Threads that take turns: where the linker brings these calls here (mk/tests.mk), a thread is a stack of its own that runs when all
 * others wait. So a life is the same each time, call by call, and a process that forks in the middle of it takes all its threads with
 * it. Time does not pass: who waits for so long is told that it is over once nobody else can go on. Not under
 * ThreadSanitizer, which is there to see real threads. */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>

#include "tests/support/faults/explore.h"

#ifdef EXPLORES_BY_FORKING

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define TELLS_SANITIZER
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define TELLS_SANITIZER
#endif
#ifdef TELLS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

#define TURNS_MAX 8
#define STACK_BYTES (1u << 20)

struct turn {
    bool is_there, is_over, is_timed, is_late;
    const void *waits_for; /* a condition, or another turn; NULL: it can go on */
    ucontext_t context;
    void *stack; /* of the first: what the sanitizer told */
    size_t stack_size;
    void *(*run)(void *);
    void *argument, *result;
};

static struct turn turns[TURNS_MAX] = {{.is_there = true}};
static struct turn *current = turns;

static void arrive(void *fake, struct turn *from) {
#ifdef TELLS_SANITIZER
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(fake, &bottom, &size);
    if (from == turns) {
        from->stack = (void *)(uintptr_t)bottom;
        from->stack_size = size;
    }
#else
    (void)fake, (void)from;
#endif
}

static struct turn *previous;

static void switch_to(struct turn *to) {
    struct turn *from = current;
    void *fake = NULL;
    previous = from;
    current = to;
#ifdef TELLS_SANITIZER
    __sanitizer_start_switch_fiber(from->is_over ? NULL : &fake, to->stack, to->stack_size);
#endif
    (void)swapcontext(&from->context, &to->context);
    arrive(fake, previous);
}

static struct turn *who_can_go_on(void) {
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 1; i <= TURNS_MAX; i++) {
            struct turn *turn = &turns[((size_t)(current - turns) + i) % TURNS_MAX];
            if (turn->is_there && !turn->is_over &&
                (!turn->waits_for || (pass && turn->is_timed))) {
                turn->is_late = turn->waits_for != NULL;
                turn->waits_for = NULL;
                return turn;
            }
        }
    }
    (void)fprintf(stderr, "turns: everybody waits\n");
    abort();
}

/* Until somebody wakes it; false if it was too late for that. */
static bool wait_for(const void *what, bool is_timed) {
    current->waits_for = what;
    current->is_timed = is_timed;
    current->is_late = false;
    struct turn *next = who_can_go_on();
    if (next != current) {
        switch_to(next);
    }
    return !current->is_late;
}

static void wake(const void *what, bool wakes_all) {
    for (size_t i = 0; i < TURNS_MAX; i++) {
        if (turns[i].is_there && turns[i].waits_for == what) {
            turns[i].waits_for = NULL;
            if (!wakes_all) {
                return;
            }
        }
    }
}

static void begin(void) {
    arrive(NULL, previous);
    current->result = current->run(current->argument);
    current->is_over = true;
    wake(current, true);
    switch_to(who_can_go_on());
}

extern int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attributes,
                                 void *(*run)(void *), void *argument);
extern int __wrap_pthread_join(pthread_t thread, void **out_result);
extern int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex);
extern int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                         const struct timespec *until);
extern int __wrap_pthread_cond_signal(pthread_cond_t *condition);
extern int __wrap_pthread_cond_broadcast(pthread_cond_t *condition);

int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument) {
    (void)attributes;
    size_t i = 0;
    while (i < TURNS_MAX && turns[i].is_there) {
        i++;
    }
    if (i == TURNS_MAX) {
        return EAGAIN;
    }
    struct turn *turn = &turns[i];
    void *stack = turn->stack; /* kept: it is made once */
    if (!stack) {
        stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (stack == MAP_FAILED) {
            return EAGAIN;
        }
    }
    *turn = (struct turn){.is_there = true,
                          .run = run,
                          .argument = argument,
                          .stack = stack,
                          .stack_size = STACK_BYTES};
    (void)getcontext(&turn->context);
    turn->context.uc_stack.ss_sp = stack;
    turn->context.uc_stack.ss_size = STACK_BYTES;
    makecontext(&turn->context, begin, 0);
    *out = (pthread_t)i;
    return 0;
}

int __wrap_pthread_join(pthread_t thread, void **out_result) {
    struct turn *turn = &turns[(size_t)thread];
    while (!turn->is_over) {
        (void)wait_for(turn, false);
    }
    if (out_result) {
        *out_result = turn->result;
    }
    turn->is_there = false;
    return 0;
}

int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex) {
    (void)pthread_mutex_unlock(mutex);
    (void)wait_for(condition, false);
    (void)pthread_mutex_lock(mutex);
    return 0;
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                  const struct timespec *until) {
    (void)until;
    (void)pthread_mutex_unlock(mutex);
    const bool is_woken = wait_for(condition, true);
    (void)pthread_mutex_lock(mutex);
    return is_woken ? 0 : ETIMEDOUT;
}

int __wrap_pthread_cond_signal(pthread_cond_t *condition) {
    wake(condition, false);
    return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *condition) {
    wake(condition, true);
    return 0;
}

#endif
