/* The log when things go wrong: kill -9, a full disk, no memory. What was acknowledged is there
 * exactly once, what was refused is not there at all, and it recovers by itself. thread-test */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/reader.h"
#include "tests/support/store.h"
#include "tiles/canvas_writer.h"

#define WRITERS 4
#define KILL_ROUNDS 25
#define COUNTERS_MAX 20000

struct fixture {
    char folder[512], path[600];
};

static int setup(void **state) {
    struct fixture *f = test_calloc(1, sizeof *f);
    temp_folder_make(f->folder);
    temp_path(f->folder, "main.kolam", f->path);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    temp_folder_remove(f->folder);
    test_free(f);
    return 0;
}

static struct kolam_submission *stroke_of(uint8_t author, uint32_t counter) {
    struct kolam_tile_id tile = {
        .level = (int32_t)(counter % 5) - 2, .x = counter % 97, .y = author};
    struct kolam_log_op op = test_stroke(tile, counter, 8);
    return test_submission(author, 1, &op, 1);
}

/* ---- kill -9 ---- */

struct ack {
    uint64_t seq;
    uint32_t author, counter;
};

struct writer_process {
    struct test_log test;
    int pipe_fd;
    uint32_t next[WRITERS];
};

static void send_ack(void *ctx, struct kolam_submission *submission) {
    struct writer_process *process = ctx;
    struct ack ack = {.seq = submission->ops[0].seq,
                      .author = submission->author.ident[0],
                      .counter = submission->ops[0].counter};
    if (submission->status != KOLAM_OK || write(process->pipe_fd, &ack, sizeof ack) != sizeof ack) {
        _exit(1);
    }
    kolam_submission_destroy(submission);
    /* This writer's next stroke, so that there is always something on its way. */
    uint32_t writer = ack.author - 1;
    struct kolam_submission *next = stroke_of((uint8_t)ack.author, process->next[writer]++);
    next->done = send_ack;
    next->ctx = process;
    kolam_log_submit(process->test.log, next);
}

/* Draws until it is killed, beginning a little before what was acknowledged: those are resends. */
static void run_writers(const char *path, int pipe_fd, const uint32_t *acknowledged) {
    static struct writer_process process;
    process.pipe_fd = pipe_fd;
    test_log_open(&process.test, path, kolam_clock_system(), 500);
    for (uint32_t writer = 0; writer < WRITERS; writer++) {
        process.next[writer] = acknowledged[writer] > 5 ? acknowledged[writer] - 5 : 0;
        for (int i = 0; i < 8; i++) {
            struct kolam_submission *s = stroke_of((uint8_t)(writer + 1), process.next[writer]++);
            s->done = send_ack;
            s->ctx = &process;
            kolam_log_submit(process.test.log, s);
        }
    }
    (void)test_log_take(&process.test); /* dispatches for ever: nothing is ever left to take */
}

struct acknowledged {
    uint64_t seqs[WRITERS][COUNTERS_MAX]; /* 0: not acknowledged */
    uint32_t counts[WRITERS];
};

static void note_acks(struct acknowledged *all, int fd, uint32_t count) {
    struct ack ack;
    for (uint32_t i = 0; i < count && read(fd, &ack, sizeof ack) == sizeof ack; i++) {
        uint32_t writer = ack.author - 1;
        assert_true(writer < WRITERS && ack.counter < COUNTERS_MAX);
        uint64_t *seq = &all->seqs[writer][ack.counter];
        assert_true(*seq == 0 || *seq == ack.seq); /* a resend has the seq of then */
        *seq = ack.seq;
        if (ack.counter >= all->counts[writer]) {
            all->counts[writer] = ack.counter + 1;
        }
    }
}

struct audit {
    const struct acknowledged *all;
    uint64_t next_seq;
    int64_t last_time_ms;
    uint32_t found, next_counter[WRITERS];
    uint32_t artist_of[WRITERS + 1]; /* the writer behind an artist's number */
};

static bool audit_row(void *ctx, const struct kolam_log_row *row) {
    struct audit *audit = ctx;
    assert_int_equal(row->seq, audit->next_seq++);
    assert_true(row->time_ms >= audit->last_time_ms);
    audit->last_time_ms = row->time_ms;
    uint32_t writer = audit->artist_of[row->artist];
    /* Each writer submits in order, so what is there has no gap: once each, none that was not sent. */
    assert_int_equal(row->counter, audit->next_counter[writer]++);
    uint64_t acknowledged_seq = audit->all->seqs[writer][row->counter];
    assert_true(acknowledged_seq == 0 || acknowledged_seq == row->seq);
    audit->found += acknowledged_seq != 0;
    return true;
}

static void audit_canvas(const char *path, const struct acknowledged *all) {
    struct kolam_reader *reader = NULL;
    struct audit audit = {.all = all, .next_seq = 1};
    struct kolam_author author;
    uint32_t expected = 0;
    assert_int_equal(kolam_reader_create(path, &reader, NULL), KOLAM_OK);
    for (uint32_t artist = 1; artist <= WRITERS; artist++) {
        if (kolam_reader_artist(reader, artist, &author) == KOLAM_OK) {
            audit.artist_of[artist] = author.ident[0] - 1u;
        }
    }
    assert_int_equal(kolam_reader_range(reader, 1, UINT64_MAX, audit_row, &audit), KOLAM_OK);
    for (uint32_t writer = 0; writer < WRITERS; writer++) {
        for (uint32_t i = 0; i < all->counts[writer]; i++) {
            expected += all->seqs[writer][i] != 0;
        }
    }
    assert_int_equal(audit.found, expected);
    kolam_reader_destroy(reader);
}

static int64_t sum_of(const char *path, const char *sql) {
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t sum = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return sum;
}

static void kill_at_a_random_moment_loses_and_doubles_nothing(void **state) {
    struct fixture *f = *state;
    static struct acknowledged all;
    uint32_t random = 12345;
    memset(&all, 0, sizeof all);
    for (int round = 0; round < KILL_ROUNDS; round++) {
        int fds[2];
        assert_int_equal(pipe(fds), 0);
        pid_t child = fork();
        if (child == 0) {
            (void)close(fds[0]);
            run_writers(f->path, fds[1], all.counts);
            _exit(1);
        }
        (void)close(fds[1]);
        random = random * 1664525 + 1013904223;
        note_acks(&all, fds[0], 1 + (random >> 16) % 150);
        assert_int_equal(kill(child, SIGKILL), 0);
        note_acks(&all, fds[0], UINT32_MAX); /* those that were in the pipe */
        int wait_status = 0;
        (void)waitpid(child, &wait_status, 0);
        assert_true(WIFSIGNALED(wait_status));
        (void)close(fds[0]);
        audit_canvas(f->path, &all);
    }
    static const char index_sum[] =
        "SELECT (SELECT sum(seq * 31 + box % 1000003 + length(path)) FROM home) * 7 + "
        "(SELECT sum(seq * 31 + level) FROM node)";
    int64_t written = sum_of(f->path, index_sum);
    assert_int_equal(kolam_index_rebuild(f->path, NULL), KOLAM_OK);
    assert_int_equal(sum_of(f->path, index_sum), written);
}

/* ---- a disk that is full ---- */

static void limit_file_size(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void wait_until_writable(struct test_log *test) {
    while (!kolam_log_is_writable(test->log)) {
        pthread_mutex_lock(&test->lock);
        while (!test->is_woken && !kolam_log_is_writable(test->log)) {
            pthread_cond_wait(&test->woken, &test->lock);
        }
        test->is_woken = false;
        pthread_mutex_unlock(&test->lock);
    }
}

static void refuses_while_nothing_can_be_written_and_recovers_by_itself(void **state) {
    struct fixture *f = *state;
    struct test_log test;
    struct kolam_log_stats stats;
    uint32_t counter = 0;
    uint64_t last_seq = 0;
    (void)signal(SIGXFSZ, SIG_IGN);
    test_log_open(&test, f->path, kolam_clock_system(), 0);
    for (int round = 0; round < 2; round++) {
        enum kolam_status status = KOLAM_OK;
        limit_file_size(400000 + (rlim_t)round * 400000);
        while (status == KOLAM_OK) {
            struct kolam_submission *s = test_log_run(&test, stroke_of(1, counter++));
            status = s->status;
            if (status == KOLAM_OK) {
                assert_int_equal(s->ops[0].seq, ++last_seq);
            }
            kolam_submission_destroy(s);
            assert_true(counter < 10000);
        }
        assert_int_equal(status, KOLAM_ERR_IO); /* the system says EFBIG, not ENOSPC */
        assert_false(kolam_log_is_writable(test.log));
        assert_int_equal(kolam_log_last_seq(test.log), last_seq);
        kolam_log_sqlite_stats(test.log, &stats);
        assert_true(stats.failures >= 1);
        assert_non_null(strstr(stats.failure.text, "main.kolam"));
        limit_file_size(RLIM_INFINITY);
        if (round == 0) {
            wait_until_writable(&test); /* nobody submits: the committer tries by itself */
        }
        counter--; /* the refused stroke is sent again, and is new */
        struct kolam_submission *again = test_log_run(&test, stroke_of(1, counter++));
        assert_int_equal(again->status, KOLAM_OK);
        assert_false(again->ops[0].is_duplicate);
        assert_int_equal(again->ops[0].seq, ++last_seq);
        kolam_submission_destroy(again);
        assert_true(kolam_log_is_writable(test.log));
    }
    test_log_close(&test);
}

static void set_page_limit(struct kolam_canvas_writer *writer, int64_t pages) {
    char sql[64];
    (void)snprintf(sql, sizeof sql, "PRAGMA max_page_count = %lld", (long long)pages);
    assert_int_equal(sqlite3_exec(kolam_canvas_writer_db(writer), sql, NULL, NULL, NULL),
                     SQLITE_OK);
}

/* Writes batches of 20 until one is refused as FULL; the number of ops committed is added. */
static uint32_t fill(struct kolam_canvas_writer *writer, uint32_t counter) {
    enum kolam_status status = KOLAM_OK;
    while (status == KOLAM_OK) {
        assert_int_equal(kolam_canvas_writer_begin(writer), KOLAM_OK);
        uint32_t i = 0;
        for (; i < 20 && status == KOLAM_OK; i++) {
            struct kolam_submission *s = stroke_of(1, counter + i);
            status = kolam_canvas_writer_add(writer, s);
            kolam_submission_destroy(s);
        }
        if (status == KOLAM_OK) {
            status = kolam_canvas_writer_commit(writer);
        } else {
            kolam_canvas_writer_rollback(writer);
        }
        counter += status == KOLAM_OK ? 20 : 0;
        assert_true(counter < 100000);
    }
    assert_int_equal(status, KOLAM_ERR_FULL);
    return counter;
}

static void a_full_disk_rolls_the_batch_back_whole(void **state) {
    struct fixture *f = *state;
    struct kolam_canvas_writer *writer = NULL;
    assert_int_equal(kolam_canvas_writer_create(f->path, 0, kolam_clock_system(), &writer, NULL),
                     KOLAM_OK);
    set_page_limit(writer, 60);
    uint32_t committed = fill(writer, 0);
    assert_true(committed > 0);
    assert_int_equal(kolam_canvas_writer_last_seq(writer), committed);
    set_page_limit(writer, 120);
    uint32_t more = fill(writer, committed);
    assert_true(more > committed);
    assert_int_equal(kolam_canvas_writer_last_seq(writer), more);
    /* What was rolled back left nothing behind in memory either: another tile is drawn on next. */
    set_page_limit(writer, 1000);
    struct kolam_submission *elsewhere = stroke_of(9, 50000);
    assert_int_equal(kolam_canvas_writer_begin(writer), KOLAM_OK);
    assert_int_equal(kolam_canvas_writer_add(writer, elsewhere), KOLAM_OK);
    assert_int_equal(kolam_canvas_writer_commit(writer), KOLAM_OK);
    kolam_submission_destroy(elsewhere);
    more++;
    kolam_canvas_writer_destroy(writer);
    static const char node_sum[] = "SELECT sum(seq * 31 + level + length(path)) FROM node";
    int64_t written = sum_of(f->path, node_sum);
    assert_int_equal(kolam_index_rebuild(f->path, NULL), KOLAM_OK);
    assert_int_equal(sum_of(f->path, node_sum), written);
    assert_int_equal(sum_of(f->path, "SELECT count(*) FROM op"), more);
    assert_int_equal(sum_of(f->path, "SELECT max(seq) FROM op"), more);
    assert_int_equal(
        sum_of(f->path, "SELECT count(*) FROM home WHERE seq > (SELECT max(seq) FROM op)"), 0);
}

/* ---- no memory ---- */

static sqlite3_mem_methods sqlite_memory;
static atomic_llong sqlite_allocations_left = -1;

static bool sqlite_may_allocate(void) {
    return atomic_load(&sqlite_allocations_left) < 0 ||
           atomic_fetch_sub(&sqlite_allocations_left, 1) != 0;
}

static void *failing_malloc(int size) {
    return sqlite_may_allocate() ? sqlite_memory.xMalloc(size) : NULL;
}

static void *failing_realloc(void *block, int size) {
    return sqlite_may_allocate() ? sqlite_memory.xRealloc(block, size) : NULL;
}

/* Before SQLite is first used. */
static void wrap_sqlite_memory(void) {
    sqlite3_mem_methods failing;
    (void)sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
    failing = sqlite_memory;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
}

static void arm(bool is_sqlites, int64_t nth) {
    if (is_sqlites) {
        atomic_store(&sqlite_allocations_left, nth);
    } else {
        fail_allocation(nth);
    }
}

static void disarm(void) {
    atomic_store(&sqlite_allocations_left, -1);
    kolam_alloc_set_hook(NULL, NULL);
}

/* A submission that takes every path: a new author, a replacement, and a hide of its own strokes. */
static struct kolam_submission *rich_submission(uint32_t counter, uint64_t target) {
    struct kolam_log_op ops[2] = {
        test_stroke((struct kolam_tile_id){.level = 1, .x = counter}, counter, 50),
        test_change(KOLAM_OP_HIDE, counter + 1, &target, 1)};
    return test_submission(1, 1, ops, 2);
}

static void a_failed_allocation_refuses_and_harms_nothing(void **state) {
    struct fixture *f = *state;
    struct test_log test;
    uint32_t counter = 10;
    uint64_t last_seq = 1;
    test_log_open(&test, f->path, kolam_clock_system(), 0);
    assert_int_equal(test_log_commit(&test, stroke_of(1, 1)), 1);
    for (int is_sqlites = 0; is_sqlites <= 1; is_sqlites++) {
        int refused = 0, accepted_in_a_row = 0;
        for (int64_t nth = 0; accepted_in_a_row < 20; nth++) {
            struct kolam_log_op partial =
                test_stroke((struct kolam_tile_id){.level = 0}, counter, 3);
            partial.is_partial = true;
            test_log_commit(&test, test_submission(1, 1, &partial, 1));
            last_seq++;
            struct kolam_submission *s = rich_submission(counter, 1);
            arm(is_sqlites, nth);
            test_log_run(&test, s);
            disarm();
            assert_true(s->status == KOLAM_OK || s->status == KOLAM_ERR_NOMEM);
            refused += s->status != KOLAM_OK;
            accepted_in_a_row = s->status == KOLAM_OK ? accepted_in_a_row + 1 : 0;
            last_seq += s->status == KOLAM_OK ? 2 : 0;
            kolam_submission_destroy(s);
            assert_int_equal(kolam_log_last_seq(test.log), last_seq);
            assert_true(kolam_log_is_writable(test.log));
            counter += 2;
        }
        assert_true(refused > 0);
    }
    test_log_close(&test);
    assert_int_equal(sum_of(f->path, "SELECT count(*) FROM op"), (int64_t)last_seq);
    int64_t written = sum_of(f->path, "SELECT sum(seq * 31 + target * 7 + box % 1009) FROM home");
    assert_int_equal(kolam_index_rebuild(f->path, NULL), KOLAM_OK);
    assert_int_equal(sum_of(f->path, "SELECT sum(seq * 31 + target * 7 + box % 1009) FROM home"),
                     written);
}

static void opening_without_memory_fails_cleanly(void **state) {
    struct fixture *f = *state;
    for (int is_sqlites = 0; is_sqlites <= 1; is_sqlites++) {
        enum kolam_status status = KOLAM_ERR_NOMEM;
        int accepted_in_a_row = 0;
        /* Every one: test_memory_faults.c. */
        for (int64_t nth = 0; accepted_in_a_row < 3; nth += 1 + nth / 16) {
            struct kolam_log *log = NULL;
            struct kolam_log_options options = {.path = f->path, .clock = kolam_clock_system()};
            struct kolam_error error = {.text = ""};
            arm(is_sqlites, nth);
            status = kolam_log_sqlite_create(&options, &log, &error);
            disarm();
            assert_true(status == KOLAM_OK || error.text[0] != '\0');
            assert_true(status == KOLAM_OK || status == KOLAM_ERR_NOMEM || status == KOLAM_ERR_IO);
            accepted_in_a_row = status == KOLAM_OK ? accepted_in_a_row + 1 : 0;
            kolam_log_destroy(log);
        }
    }
    assert_int_equal(sum_of(f->path, "SELECT count(*) FROM op"), 0);
}

int main(void) {
#define FAULT_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        FAULT_TEST(kill_at_a_random_moment_loses_and_doubles_nothing),
        FAULT_TEST(refuses_while_nothing_can_be_written_and_recovers_by_itself),
        FAULT_TEST(a_full_disk_rolls_the_batch_back_whole),
        FAULT_TEST(a_failed_allocation_refuses_and_harms_nothing),
        FAULT_TEST(opening_without_memory_fails_cleanly),
    };
    wrap_sqlite_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
