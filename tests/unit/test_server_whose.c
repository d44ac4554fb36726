/* Whom a number means: a worker, then the identity thread, then a worker again are asked; and nobody any more of those who went
 * before the workers when the server stops. What is around stands here as the plainest things that do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kolam/alloc.h"
#include "server/ask.h"
#include "server/people.h"
#include "server/session.h"
#include "server/whose.h"

/* ---- the parts around ---- */

static struct {
    struct kolam_job *job;
    struct kolam_identity_request *request;
    uint32_t done;
    bool is_closing;
} world;

void kolam_pool_submit(struct kolam_pool *pool, struct kolam_job *job) {
    (void)pool;
    assert_null(world.job);
    world.job = job;
}

bool kolam_pool_is_closing(const struct kolam_pool *pool) {
    (void)pool;
    return world.is_closing;
}

enum kolam_status kolam_worker_canvas(struct kolam_worker *worker, const char *log_path,
                                      const char *tiles_path, bool is_read_only,
                                      struct kolam_worker_canvas **out_canvas,
                                      struct kolam_error *error) {
    static struct kolam_worker_canvas canvas;
    (void)worker, (void)log_path, (void)tiles_path, (void)is_read_only, (void)error;
    *out_canvas = &canvas;
    return KOLAM_OK;
}

/* Artist 3 is ident 33, and so on to 9. */
enum kolam_status kolam_reader_artist(struct kolam_reader *reader, uint32_t artist,
                                      struct kolam_author *out_author) {
    (void)reader;
    if (artist == 0 || artist > 9) {
        return KOLAM_ERR_NOT_FOUND;
    }
    *out_author = (struct kolam_author){.name = "somebody"};
    memset(out_author->ident, (int)artist * 11, sizeof out_author->ident);
    return KOLAM_OK;
}

struct kolam_identity_request *kolam_people_request(struct kolam_session *session,
                                                    enum kolam_identity_kind kind,
                                                    void (*done)(struct kolam_identity_request *)) {
    struct kolam_identity_request *request = kolam_alloc_zero(1, sizeof *request);
    assert_non_null(request);
    assert_int_equal(kind, KOLAM_IDENTITY_LOOK);
    request->ctx = session;
    request->done = done;
    return request;
}

void kolam_people_submit(struct kolam_identity_request *request) {
    assert_null(world.request);
    world.request = request;
}

void kolam_people_finish(struct kolam_identity_request *request) {
    kolam_free(request);
}

/* ---- */

static struct kolam_server server;
static struct kolam_canvas canvas = {.server = &server, .state = KOLAM_CANVAS_OPEN};
static struct kolam_session session = {.server = &server, .canvas = &canvas};
static const struct kolam_ask ask = {.session = &session, .canvas = &canvas};
static struct kolam_whose whose;

static void on_done(struct kolam_whose *found) {
    assert_ptr_equal(found, &whose);
    world.done++;
}

static void begin(uint32_t artist) {
    memset(&world, 0, sizeof world);
    kolam_whose_find(&whose, &ask, artist, on_done);
    assert_non_null(world.job);
}

static void work(void) {
    struct kolam_job *job = world.job;
    world.job = NULL;
    job->run(job, NULL);
    job->done(job);
}

static void answer(enum kolam_status status, int ident) {
    struct kolam_identity_request *request = world.request;
    world.request = NULL;
    request->status = status;
    memset(request->author.ident, ident, sizeof request->author.ident);
    request->done(request);
}

static void is_who_they_became(void **state) {
    (void)state;
    begin(3);
    work();
    assert_non_null(world.request);
    assert_true(world.request->is_any_self);
    assert_int_equal(world.request->author.ident[0], 33);
    answer(KOLAM_OK, 77);
    assert_int_equal(world.done, 1);
    assert_int_equal(whose.status, KOLAM_OK);
    assert_int_equal(whose.author.ident[0], 77);
}

static void is_who_the_canvas_says_where_nobody_else_knows_them(void **state) {
    (void)state;
    begin(3);
    work();
    answer(KOLAM_ERR_NOT_FOUND, 0);
    assert_int_equal(world.done, 1);
    assert_int_equal(whose.status, KOLAM_OK);
    assert_int_equal(whose.author.ident[0], 33);
}

static void is_nobody_by_a_number_that_nobody_has(void **state) {
    (void)state;
    begin(10);
    work();
    assert_null(world.request);
    assert_int_equal(world.done, 1);
    assert_int_equal(whose.status, KOLAM_ERR_NOT_FOUND);
}

/* The worker was done, and the loop hears of it when the identity thread is gone. */
static void asks_nobody_when_the_server_stops(void **state) {
    (void)state;
    begin(3);
    world.is_closing = true;
    work();
    assert_null(world.request);
    assert_null(world.job);
    assert_int_equal(world.done, 1);
    assert_int_equal(whose.status, KOLAM_ERR_CLOSED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_who_they_became),
        cmocka_unit_test(is_who_the_canvas_says_where_nobody_else_knows_them),
        cmocka_unit_test(is_nobody_by_a_number_that_nobody_has),
        cmocka_unit_test(asks_nobody_when_the_server_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
