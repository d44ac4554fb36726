/* Who somebody is, and what ranks allow: a worker, then the identity thread, then a worker again are asked; and nobody any more of those who went
 * before the workers when the server stops. What is around stands here as the plainest things that do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kolam/alloc.h"
#include "server/ask.h"
#include "server/act_ws.h"
#include "server/identity_thread.h"
#include "server/person.h"
#include "server/standing.h"
#include "server/session.h"

/* ---- the parts around ---- */

static struct {
    struct kolam_job *job;
    struct kolam_identity_request *request;
    uint32_t done;
    bool is_closing;
    enum kolam_role role;
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

/* Ident 33 is artist 3, ident 44 artist 4. */
enum kolam_status kolam_reader_artist_of(struct kolam_reader *reader, struct kolam_author *author,
                                         uint32_t *out_artist) {
    (void)reader;
    *out_artist = author->ident[0] % 11 == 0 ? author->ident[0] / 11u : 0;
    return *out_artist != 0 ? KOLAM_OK : KOLAM_ERR_NOT_FOUND;
}

void kolam_identity_submit(struct kolam_identity_thread *thread,
                           struct kolam_identity_request *request) {
    (void)thread;
    assert_null(world.request);
    assert_int_equal(request->kind, KOLAM_IDENTITY_LOOK);
    world.request = request;
}

const struct kolam_author kolam_operator_author = {.ident = "kolam/operator/1", .name = "Operator"};

enum kolam_role kolam_standing_role(const struct kolam_session *session) {
    (void)session;
    return world.role;
}

/* ---- */

static struct kolam_server server;
static struct kolam_given_role given[] = {{3, KOLAM_ROLE_MENTOR}, {4, KOLAM_ROLE_MODERATOR}};
static struct kolam_canvas canvas = {
    .server = &server, .state = KOLAM_CANVAS_OPEN, .policy = {.roles = given, .role_count = 2}};
static struct kolam_session session = {.server = &server, .canvas = &canvas};
static const struct kolam_ask ask = {.session = &session, .canvas = &canvas};
static struct kolam_person person;

static void on_done(struct kolam_person *found) {
    assert_ptr_equal(found, &person);
    world.done++;
}

static void begin(uint32_t artist) {
    memset(&world, 0, sizeof world);
    kolam_list_init(&canvas.sessions);
    person = (struct kolam_person){.ask = &ask, .artist = artist, .done = on_done};
    kolam_person_find(&person);
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
    request->selves = (struct kolam_selves){.count = 2};
    memset(request->selves.idents[0], 33, sizeof request->selves.idents[0]);
    memset(request->selves.idents[1], 44, sizeof request->selves.idents[1]);
    request->role = -1;
    request->done(request);
    if (world.job) {
        work();
    }
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
    assert_int_equal(person.status, KOLAM_OK);
    assert_int_equal(person.author.ident[0], 77);
    assert_int_equal(person.role, KOLAM_ROLE_MODERATOR); /* as 7 is none, as 4 of before */
}

/* Who asks; may they sanction, undo what was done, and what was done to them. */
static void ranks_hold_for_acts_and_for_their_undoing(void **state) {
    (void)state;
    static const struct {
        enum kolam_role asker, other;
        const char *may; /* sanction or change the role, undo, undo what was done to the asker */
    } rows[] = {
        {KOLAM_ROLE_MENTOR, KOLAM_ROLE_ARTIST, "yyn"},
        {KOLAM_ROLE_MENTOR, KOLAM_ROLE_MENTOR, "nyn"},
        {KOLAM_ROLE_MENTOR, KOLAM_ROLE_MODERATOR, "nnn"},
        {KOLAM_ROLE_MODERATOR, KOLAM_ROLE_MENTOR, "yyn"},
        {KOLAM_ROLE_MODERATOR, KOLAM_ROLE_MODERATOR, "nyn"},
        {KOLAM_ROLE_MODERATOR, KOLAM_ROLE_OWNER, "nnn"},
        {KOLAM_ROLE_OWNER, KOLAM_ROLE_MODERATOR, "yyn"},
        {KOLAM_ROLE_OWNER, KOLAM_ROLE_OWNER, "nyn"},
    };
    struct kolam_person other = {.ask = &ask};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world.role = rows[i].asker;
        other.role = rows[i].other;
        const char may[] = {kolam_person_is_below(&other) ? 'y' : 'n',
                            kolam_person_may_be_undone(&other, false) ? 'y' : 'n',
                            kolam_person_may_be_undone(&other, true) ? 'y' : 'n', '\0'};
        assert_string_equal(may, rows[i].may);
    }
    /* One's own acts, also to oneself; the operator's are for who has the token, who may all. */
    world.role = KOLAM_ROLE_MODERATOR;
    other = (struct kolam_person){.ask = &ask, .role = KOLAM_ROLE_OWNER, .is_oneself = true};
    assert_true(kolam_person_may_be_undone(&other, true));
    world.role = KOLAM_ROLE_OWNER;
    other = (struct kolam_person){.ask = &ask, .role = KOLAM_ROLE_OWNER, .is_operator = true};
    assert_false(kolam_person_may_be_undone(&other, false));
    session.is_admin = true;
    assert_true(kolam_person_may_be_undone(&other, true));
    session.is_admin = false;
}

static void the_operator_is_asked_of_nobody(void **state) {
    (void)state;
    memset(&world, 0, sizeof world);
    person = (struct kolam_person){.ask = &ask, .is_operator = true, .done = on_done};
    kolam_person_find(&person);
    assert_null(world.job);
    assert_int_equal(world.done, 1);
    assert_int_equal(person.role, KOLAM_ROLE_OWNER);
}

static void is_who_the_canvas_says_where_nobody_else_knows_them(void **state) {
    (void)state;
    begin(3);
    work();
    answer(KOLAM_ERR_NOT_FOUND, 0);
    assert_int_equal(world.done, 1);
    assert_int_equal(person.status, KOLAM_OK);
    assert_int_equal(person.author.ident[0], 33);
}

static void is_nobody_by_a_number_that_nobody_has(void **state) {
    (void)state;
    begin(10);
    work();
    assert_null(world.request);
    assert_int_equal(world.done, 1);
    assert_int_equal(person.status, KOLAM_ERR_NOT_FOUND);
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
    assert_int_equal(person.status, KOLAM_ERR_CLOSED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_who_they_became),
        cmocka_unit_test(ranks_hold_for_acts_and_for_their_undoing),
        cmocka_unit_test(the_operator_is_asked_of_nobody),
        cmocka_unit_test(is_who_the_canvas_says_where_nobody_else_knows_them),
        cmocka_unit_test(is_nobody_by_a_number_that_nobody_has),
        cmocka_unit_test(asks_nobody_when_the_server_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
