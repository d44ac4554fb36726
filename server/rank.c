/* Ranks; see rank.h. Identity's thread knows whose self it is and what invitations brought, a worker by which numbers the canvas
 * knows them, the loop which roles it gave those. Loop thread but for `run`. */
#include "rank.h"

#include <string.h>

#include "act_ws.h"
#include "identity_thread.h"
#include "kolam/alloc.h"
#include "session.h"
#include "standing.h"

static bool is_self(const struct kolam_rank *rank, const struct kolam_session *session) {
    for (uint32_t i = 0; i < rank->count && session->has_author; i++) {
        if (memcmp(rank->idents[i], session->author.ident, KOLAM_IDENT_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

static void judge(struct kolam_rank *rank) {
    const struct kolam_canvas *canvas = rank->ask->canvas;
    enum kolam_role given = KOLAM_ROLE_EARNED;
    for (uint32_t i = 0; i < rank->count; i++) {
        if (rank->artists[i] != 0) {
            given = kolam_rights_given(given, kolam_policy_role(&canvas->policy, rank->artists[i]));
        }
    }
    rank->role = kolam_rights_role(given, rank->invited, KOLAM_ROLE_NEWCOMER);
    /* Who is here with the token is the owner. */
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        if (session->is_admin && is_self(rank, session)) {
            rank->role = KOLAM_ROLE_OWNER;
        }
    }
    rank->is_oneself = is_self(rank, rank->ask->session);
}

static void finish(struct kolam_rank *rank, enum kolam_status status) {
    rank->status = status;
    if (status == KOLAM_OK) {
        judge(rank);
    }
    rank->done(rank);
}

/* ---- their numbers: a worker's part ---- */

static enum kolam_status find_numbers(struct kolam_rank *rank, struct kolam_reader *reader) {
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < rank->count && status == KOLAM_OK; i++) {
        struct kolam_author self = {.name = ""};
        memcpy(self.ident, rank->idents[i], KOLAM_IDENT_BYTES);
        status = kolam_reader_artist_of(reader, &self, &rank->artists[i]);
        status = status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
    }
    return status;
}

static void run(struct kolam_job *job, struct kolam_worker *worker) {
    struct kolam_rank *rank = KOLAM_CONTAINER(job, struct kolam_rank, job);
    const struct kolam_canvas *canvas = rank->ask->canvas;
    struct kolam_worker_canvas *view;
    rank->status =
        kolam_worker_canvas(worker, canvas->log_path, canvas->tiles_path, false, &view, NULL);
    if (rank->status == KOLAM_OK) {
        rank->status = find_numbers(rank, view->reader);
    }
}

static void on_numbers(struct kolam_job *job) {
    struct kolam_rank *rank = KOLAM_CONTAINER(job, struct kolam_rank, job);
    finish(rank, rank->status);
}

/* ---- who it is ---- */

static void on_looked(struct kolam_identity_request *request) {
    struct kolam_rank *rank = request->ctx;
    struct kolam_canvas *canvas = rank->ask->canvas;
    const enum kolam_status status = request->status;
    rank->invited = -1;
    rank->count = 1;
    memcpy(rank->idents[0], rank->ident, KOLAM_IDENT_BYTES);
    if (status == KOLAM_OK) {
        rank->invited = request->role;
        memcpy(rank->idents[0], request->author.ident, KOLAM_IDENT_BYTES);
        memcpy(rank->idents[1], request->selves.idents, sizeof(request->selves.idents));
        rank->count += request->selves.count;
    }
    kolam_free(request);
    if (status != KOLAM_OK &&
        status != KOLAM_ERR_NOT_FOUND) { /* imports, and the wall, are nobody */
        finish(rank, status);
    } else if (canvas->state == KOLAM_CANVAS_ABSENT) {
        finish(rank, KOLAM_OK);
    } else {
        rank->status = KOLAM_ERR_CLOSED; /* unless it runs */
        rank->job =
            (struct kolam_job){.run = run, .done = on_numbers, .priority = KOLAM_JOB_INTERACTIVE};
        kolam_pool_submit(rank->ask->session->server->pool, &rank->job);
    }
}

void kolam_rank_ask(struct kolam_rank *rank) {
    struct kolam_identity_request *request;
    if (rank->is_operator ||
        memcmp(rank->ident, kolam_operator_author.ident, KOLAM_IDENT_BYTES) == 0) {
        rank->status = KOLAM_OK;
        rank->role = KOLAM_ROLE_OWNER;
        rank->done(rank);
        return;
    }
    if (kolam_pool_is_closing(rank->ask->session->server->pool)) {
        finish(rank, KOLAM_ERR_CLOSED); /* the identity thread went before the workers */
        return;
    }
    request = kolam_alloc_zero(1, sizeof(*request));
    if (!request) {
        finish(rank, KOLAM_ERR_NOMEM);
        return;
    }
    request->kind = KOLAM_IDENTITY_LOOK;
    request->is_any_self = true;
    memcpy(request->author.ident, rank->ident, KOLAM_IDENT_BYTES);
    strcpy(request->canvas, rank->ask->canvas->name);
    request->ctx = rank;
    request->done = on_looked;
    kolam_identity_submit(rank->ask->session->server->identity, request);
}

bool kolam_rank_is_below(const struct kolam_rank *rank) {
    const struct kolam_session *session = rank->ask->session;
    return rank->is_oneself ||
           kolam_rights_outrank(kolam_standing_role(session), session->is_admin, rank->role);
}
