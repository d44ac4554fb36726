/* Persons; see person.h. A worker reads who had the number, the identity thread knows who that is now and what invitations brought, a
 * worker again by which numbers the canvas knows them, the loop which roles it gave those. Who is in no identity.db (imported, erased, the
 * wall) is who the canvas says. Loop thread but for what workers run. */
#include "person.h"

#include <string.h>

#include "act_ws.h"
#include "identity_thread.h"
#include "kolam/alloc.h"
#include "session.h"
#include "standing.h"

static bool is_self(const struct kolam_person *person, const struct kolam_session *session) {
    for (uint32_t i = 0; i < person->count && session->has_author; i++) {
        if (memcmp(person->idents[i], session->author.ident, KOLAM_IDENT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static void judge(struct kolam_person *person) {
    const struct kolam_canvas *canvas = person->ask->canvas;
    enum kolam_role given = KOLAM_ROLE_EARNED;
    for (uint32_t i = 0; i < person->count; i++) {
        if (person->artists[i] != 0) {
            given =
                kolam_rights_given(given, kolam_policy_role(&canvas->policy, person->artists[i]));
        }
    }
    person->role = kolam_rights_role(given, person->invited, KOLAM_ROLE_NEWCOMER);
    /* Who is here with the token is the owner. */
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        if (session->is_admin && is_self(person, session)) {
            person->role = KOLAM_ROLE_OWNER;
        }
    }
    person->is_oneself = is_self(person, person->ask->session);
}

static void finish(struct kolam_person *person, enum kolam_status status) {
    person->status = status;
    if (status == KOLAM_OK) {
        judge(person);
    }
    person->done(person);
}

/* ---- their numbers: a worker's part ---- */

static enum kolam_status find_numbers(struct kolam_person *person, struct kolam_reader *reader) {
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < person->count && status == KOLAM_OK; i++) {
        struct kolam_author self = {.name = ""};
        memcpy(self.ident, person->idents[i], KOLAM_IDENT_BYTES);
        status = kolam_reader_artist_of(reader, &self, &person->artists[i]);
        status = status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
    }
    return status;
}

/* In the canvas's file, by the two jobs there are. */
static enum kolam_status open_reader(const struct kolam_person *person, struct kolam_worker *worker,
                                     struct kolam_reader **out_reader) {
    const struct kolam_canvas *canvas = person->ask->canvas;
    struct kolam_worker_canvas *view;
    const enum kolam_status status =
        kolam_worker_canvas(worker, canvas->log_path, canvas->tiles_path, false, &view, NULL);
    if (status == KOLAM_OK) {
        *out_reader = view->reader;
    }
    return status;
}

static void submit(struct kolam_person *person,
                   void (*run)(struct kolam_job *job, struct kolam_worker *worker),
                   void (*done)(struct kolam_job *job)) {
    person->status = KOLAM_ERR_CLOSED; /* unless it runs */
    person->job = (struct kolam_job){.run = run, .done = done, .priority = KOLAM_JOB_INTERACTIVE};
    kolam_pool_submit(person->ask->session->server->pool, &person->job);
}

static void run_numbers(struct kolam_job *job, struct kolam_worker *worker) {
    struct kolam_person *person = KOLAM_CONTAINER(job, struct kolam_person, job);
    struct kolam_reader *reader;
    person->status = open_reader(person, worker, &reader);
    if (person->status == KOLAM_OK) {
        person->status = find_numbers(person, reader);
    }
}

static void done_numbers(struct kolam_job *job) {
    struct kolam_person *person = KOLAM_CONTAINER(job, struct kolam_person, job);
    finish(person, person->status);
}

/* ---- who it is ---- */

static void on_looked(struct kolam_identity_request *request) {
    struct kolam_person *person = request->ctx;
    const enum kolam_status status = request->status;
    person->invited = -1;
    person->count = 1;
    if (status == KOLAM_OK) {
        person->author = request->author;
        person->invited = request->role;
        memcpy(person->idents[1], request->selves.idents, sizeof(request->selves.idents));
        person->count += request->selves.count;
    }
    memcpy(person->idents[0], person->author.ident, KOLAM_IDENT_BYTES);
    kolam_free(request);
    if (status != KOLAM_OK && status != KOLAM_ERR_NOT_FOUND) {
        finish(person, status);
    } else if (person->ask->canvas->state == KOLAM_CANVAS_ABSENT) {
        finish(person, KOLAM_OK);
    } else {
        submit(person, run_numbers, done_numbers);
    }
}

static void look(struct kolam_person *person) {
    struct kolam_server *server = person->ask->session->server;
    struct kolam_identity_request *request = NULL;
    if (memcmp(person->author.ident, kolam_operator_author.ident, KOLAM_IDENT_BYTES) == 0) {
        person->is_operator = true;
        person->role = KOLAM_ROLE_OWNER;
        person->status = KOLAM_OK;
        person->done(person);
        return;
    }
    if (kolam_pool_is_closing(server->pool)) {
        finish(person, KOLAM_ERR_CLOSED); /* the identity thread went before the workers */
        return;
    }
    request = kolam_alloc_zero(1, sizeof(*request));
    if (!request) {
        finish(person, KOLAM_ERR_NOMEM);
        return;
    }
    request->kind = KOLAM_IDENTITY_LOOK;
    request->is_any_self = true;
    request->author = person->author;
    strcpy(request->canvas, person->ask->canvas->name);
    request->ctx = person;
    request->done = on_looked;
    kolam_identity_submit(server->identity, request);
}

/* ---- who had the number ---- */

static void run_number(struct kolam_job *job, struct kolam_worker *worker) {
    struct kolam_person *person = KOLAM_CONTAINER(job, struct kolam_person, job);
    struct kolam_reader *reader;
    person->status = open_reader(person, worker, &reader);
    if (person->status == KOLAM_OK) {
        person->status = kolam_reader_artist(reader, person->artist, &person->author);
    }
}

static void done_number(struct kolam_job *job) {
    struct kolam_person *person = KOLAM_CONTAINER(job, struct kolam_person, job);
    if (person->status == KOLAM_OK) {
        look(person);
    } else {
        finish(person, person->status);
    }
}

void kolam_person_find(struct kolam_person *person) {
    if (person->is_operator) {
        person->author = kolam_operator_author;
        look(person);
    } else if (person->artist == 0) {
        look(person);
    } else if (person->ask->canvas->state == KOLAM_CANVAS_ABSENT) {
        finish(person, KOLAM_ERR_NOT_FOUND);
    } else {
        submit(person, run_number, done_number);
    }
}

/* ---- judging ---- */

bool kolam_person_is_below(const struct kolam_person *person) {
    const struct kolam_session *session = person->ask->session;
    return kolam_rights_outrank(kolam_standing_role(session), session->is_admin, person->role);
}

bool kolam_person_may_be_undone(const struct kolam_person *person, bool is_against_asker) {
    const struct kolam_session *session = person->ask->session;
    if (session->is_admin || person->is_oneself) {
        return true;
    }
    return !person->is_operator && !is_against_asker &&
           kolam_rights_undo(kolam_standing_role(session), person->role);
}
