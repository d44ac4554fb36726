/* See explore.h. */
#include "tests/support/faults/explore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS (1u << 19) /* 16 MB of which only what is used is there */
#define CHILD_SECONDS 120

struct known {
    uint64_t count, spared, tally;
    uint64_t slots[SLOTS][2];
};

static bool is_child;
static uint64_t child_number;
static uint32_t failures;
static struct known *known;

static struct known *table(void) {
    if (!known) {
        known =
            mmap(NULL, sizeof *known, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (known == MAP_FAILED) {
            abort();
        }
    }
    return known;
}

static void judge(pid_t pid, uint64_t number, const char *what) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return;
    }
    failures++;
    (void)fprintf(stderr, "fault %llu: %s", (unsigned long long)number, what);
    if (WIFSIGNALED(status)) {
        (void)fprintf(stderr, ": ended by signal %d (%s)\n", WTERMSIG(status),
                      strsignal(WTERMSIG(status)));
    } else {
        (void)fprintf(stderr, ": ended with %d\n", WEXITSTATUS(status));
    }
}

bool explore_here(uint64_t number, const char *what) {
    if (is_child) {
        return false;
    }
    (void)table(); /* before there are two of us */
    (void)fflush(NULL);
    const pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        abort();
    }
    if (pid == 0) {
        is_child = true;
        child_number = number;
        (void)alarm(CHILD_SECONDS);
        return true;
    }
    judge(pid, number, what);
    return false;
}

bool explore_is_child(void) {
    return is_child;
}

uint64_t explore_child_number(void) {
    return child_number;
}

uint64_t explore_tally(uint64_t more) {
    return table()->tally += more;
}

void explore_leave(bool is_good) {
    _exit(is_good ? 0 : 1);
}

uint32_t explore_failures(void) {
    const uint32_t count = failures;
    failures = 0;
    return count;
}

/* The slot of it, or the free one where it would be; NULL when there is no room. */
static uint64_t *slot_of(uint64_t low, uint64_t high) {
    struct known *all = table();
    for (uint64_t i = 0; i < 64; i++) {
        uint64_t *slot = all->slots[(low + i) % SLOTS];
        if ((slot[0] == low && slot[1] == high) || (slot[0] | slot[1]) == 0) {
            return slot;
        }
    }
    return NULL;
}

bool explore_knows(uint64_t low, uint64_t high) {
    const uint64_t *slot = slot_of(low, high);
    const bool is_known = slot && (slot[0] | slot[1]) != 0;
    table()->spared += is_known;
    return is_known;
}

void explore_learn(uint64_t low, uint64_t high) {
    uint64_t *slot = slot_of(low, high);
    if (slot && (slot[0] | slot[1]) == 0) {
        slot[0] = low;
        slot[1] = high;
        table()->count++;
    }
}

uint64_t explore_known_count(void) {
    return table()->count;
}

uint64_t explore_spared_count(void) {
    return table()->spared;
}
