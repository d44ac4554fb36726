/* What becomes of something that fails, at every place where it may: the process forks there, the child meets the failure, goes on
 * and says what came of it, and the parent, for which nothing failed, goes on to the next place. So what lies before a failure is
 * done once for all of them. For that files are in memory (ram.h), threads take turns (turns.c), and chance is the same each
 * time (wrapped.c); under ThreadSanitizer none of it is so, and each failure of a small sample has a run of its own. */
#ifndef KOLAM_TESTS_EXPLORE_H
#define KOLAM_TESTS_EXPLORE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define EXPLORES_WITH_THREADS
#endif
#endif
#if !defined(EXPLORES_WITH_THREADS) && !defined(__SANITIZE_THREAD__)
#define EXPLORES_BY_FORKING
#endif

/* At a place: true in the child that is to fail here. `number` is what it is known by, `what` what is said of it if it ends badly. */
bool explore_here(uint64_t number, const char *what);
bool explore_is_child(void);
uint64_t explore_child_number(void);
/* The child is done; does not return. */
void explore_leave(bool is_good) __attribute__((noreturn));
/* How many children ended badly since this was asked last; 0 in a child. */
uint32_t explore_failures(void);

/* Counts what tests want to know of their children, as that something was refused; what it is now. */
uint64_t explore_tally(uint64_t more);

/* What is known to be good, also by children that have ended: a fingerprint, which nobody needs to look at twice. */
bool explore_knows(uint64_t low, uint64_t high);
void explore_learn(uint64_t low, uint64_t high);
uint64_t explore_known_count(void);  /* how much was learnt, */
uint64_t explore_spared_count(void); /* and how often it spared a look */

#endif
