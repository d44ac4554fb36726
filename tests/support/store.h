/* What the tests of the store share: a folder of their own, strokes to submit, and a loop's part of the
 * log (wake, wait, dispatch). */
#ifndef KOLAM_TESTS_SUPPORT_STORE_H
#define KOLAM_TESTS_SUPPORT_STORE_H

#include <pthread.h>

#include "kolam/log.h"

/* A new folder under TMPDIR; abort()s if there is none. */
void temp_folder_make(char out_path[512]);
/* Removes it with all that is in it. */
void temp_folder_remove(const char *path);
/* "<folder>/<name>" */
void temp_path(const char *folder, const char *name, char out_path[600]);
bool file_exists(const char *path);
long file_size(const char *path);

/* An author whose ident is filled with `number`. */
struct kolam_author test_author(uint8_t number);

/* A pen stroke of `point_count` points at `tile`, beginning in its middle; the homes are filled. */
struct kolam_log_op test_stroke(struct kolam_tile_id tile, uint32_t counter, uint32_t point_count);
/* A hide or show of these seqs (rising). */
struct kolam_log_op test_change(enum kolam_op_kind kind, uint32_t counter, const uint64_t *targets,
                                uint32_t target_count);
struct kolam_log_op test_record(uint32_t counter, const char *json);

/* A log with a loop: what completed stays in `completed` order until taken. */
struct test_log {
    struct kolam_log *log;
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool is_woken;
    struct kolam_submission *first, **end; /* completed, not yet taken */
    struct kolam_error error;              /* why it could not be opened */
};

/* Opens (or creates) the file; abort()s on failure. */
void test_log_open(struct test_log *test, const char *path, struct kolam_clock clock,
                   uint32_t gather_us);
/* The same for a test that can do without; there is nothing to close then. */
enum kolam_status test_log_try_open(struct test_log *test, const char *path,
                                    struct kolam_clock clock, uint32_t gather_us);
void test_log_close(struct test_log *test); /* destroys what completed */
/* As author `number` with this nonce; takes over the ops' bodies and homes. */
struct kolam_submission *test_submission(uint8_t author, uint64_t nonce,
                                         const struct kolam_log_op *ops, uint32_t op_count);
void test_log_submit(struct test_log *test, struct kolam_submission *submission);
/* Waits for the next completion; the caller destroys it. */
struct kolam_submission *test_log_take(struct test_log *test);
/* Submits and waits for its completion; nothing else may be on its way. */
struct kolam_submission *test_log_run(struct test_log *test, struct kolam_submission *submission);
/* The same, asserting success; gives the first seq. */
uint64_t test_log_commit(struct test_log *test, struct kolam_submission *submission);

/* Makes every allocation from the nth (0-based) on fail once; -1: none. */
void fail_allocation(int64_t nth);
/* How many allocations there were since fail_allocation. */
int64_t allocation_count(void);

#endif
