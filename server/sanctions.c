/* The sanctions in force; see sanctions.h. The list is short (moderators make it), so it is walked, but only when it
 * changed since a session looked last; between changes a door costs a comparison. */
#include "sanctions.h"

#include <string.h>
#include <time.h>

#include "damage.h"
#include "kolam/alloc.h"
#include "session.h"
#include "steady.h"
#include "veil.h"
#include "withdraw.h"

#define TIDY_MS (INT64_C(3600) * 1000)
#define NOTE_MS INT64_C(60000) /* so far back a start goes whose clock is behind, at most */
#define SLOWED_EVERY_S 5       /* seconds from one submission to the next ... */
#define SLOWED_BURST 3         /* ... past so many */

struct kolam_sanctions {
    struct kolam_moderation_thread *thread;
    struct kolam_steady steady;
    struct kolam_sanction *list; /* in order of ids */
    struct kolam_budget *paces;  /* of who is slowed down by each */
    uint32_t count, capacity;
    uint32_t shutting_out; /* so many keep from looking */
    uint64_t generation;   /* from 1; another list */
    int64_t next_end_ms;   /* when the first of them is over */
    int64_t tidied_ms, noted_ms;
};

static int64_t boot_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t kolam_sanctions_now_ms(const struct kolam_server *server) {
    return kolam_steady_now(&server->sanctions->steady, boot_ms());
}

struct kolam_moderation_thread *kolam_sanctions_thread(const struct kolam_server *server) {
    return server->sanctions->thread;
}

bool kolam_sanctions_have_room(const struct kolam_server *server) {
    return server->sanctions->count < KOLAM_SANCTIONS_MAX;
}

/* ---- the list ---- */

static void note_change(struct kolam_sanctions *sanctions) {
    sanctions->generation++;
    sanctions->next_end_ms = INT64_MAX;
    sanctions->shutting_out = 0;
    for (uint32_t i = 0; i < sanctions->count; i++) {
        const int64_t until_ms = sanctions->list[i].until_ms;
        sanctions->next_end_ms =
            until_ms < sanctions->next_end_ms ? until_ms : sanctions->next_end_ms;
        sanctions->shutting_out += sanctions->list[i].bans_watching;
    }
}

static bool append(struct kolam_sanctions *sanctions, const struct kolam_sanction *sanction) {
    if (sanctions->count == sanctions->capacity) {
        const uint32_t capacity = sanctions->capacity ? sanctions->capacity * 2 : 16;
        struct kolam_sanction *list =
            kolam_realloc_array(sanctions->list, capacity, sizeof(*sanctions->list));
        if (!list) {
            return false;
        }
        sanctions->list = list;
        struct kolam_budget *paces =
            kolam_realloc_array(sanctions->paces, capacity, sizeof(*sanctions->paces));
        if (!paces) {
            return false;
        }
        sanctions->paces = paces;
        sanctions->capacity = capacity;
    }
    sanctions->paces[sanctions->count] = (struct kolam_budget){0};
    sanctions->list[sanctions->count++] = *sanction;
    return true;
}

static void remove_at(struct kolam_sanctions *sanctions, uint32_t place) {
    memmove(sanctions->list + place, sanctions->list + place + 1,
            (sanctions->count - place - 1) * sizeof(*sanctions->list));
    memmove(sanctions->paces + place, sanctions->paces + place + 1,
            (sanctions->count - place - 1) * sizeof(*sanctions->paces));
    sanctions->count--;
}

static bool concerns(const struct kolam_sanction *sanction, const char *canvas) {
    return sanction->canvas[0] == '\0' || strcmp(sanction->canvas, canvas) == 0;
}

/* How many have a smaller id. */
static uint32_t place_of(const struct kolam_sanctions *sanctions, uint64_t id) {
    uint32_t low = 0, high = sanctions->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (sanctions->list[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const struct kolam_sanction *kolam_sanctions_before(const struct kolam_server *server,
                                                    const char *canvas, uint64_t before) {
    const struct kolam_sanctions *sanctions = server->sanctions;
    for (uint32_t i = place_of(sanctions, before); i > 0; i--) {
        if (concerns(&sanctions->list[i - 1], canvas)) {
            return &sanctions->list[i - 1];
        }
    }
    return NULL;
}

const struct kolam_sanction *kolam_sanctions_find(const struct kolam_server *server,
                                                  const char *canvas, uint64_t id) {
    const struct kolam_sanction *sanction = kolam_sanctions_before(server, canvas, id + 1);
    return sanction && sanction->id == id ? sanction : NULL;
}

/* ---- at the door ---- */

static bool is_same_person(const struct kolam_restraint_state *state,
                           const struct kolam_session *session) {
    return state->has_ident == session->has_author &&
           (!session->has_author ||
            memcmp(state->ident, session->author.ident, KOLAM_IDENT_BYTES) == 0);
}

static void look_up(struct kolam_session *session) {
    const struct kolam_sanctions *sanctions = session->server->sanctions;
    struct kolam_restraint_state *state = &session->restraint;
    const struct kolam_restrained who = {
        .canvas = session->canvas->name,
        .ident = session->has_author ? session->author.ident : NULL,
        .formers = session->formers ? &session->formers->selves : NULL,
        .address = &session->address};
    const int64_t now_ms = kolam_sanctions_now_ms(session->server);
    state->restraint = (struct kolam_restraint){0};
    for (uint32_t i = 0; i < sanctions->count && !session->is_admin; i++) {
        kolam_restraint_add(&state->restraint, sanctions->list, i, &who, now_ms);
    }
    state->generation = sanctions->generation;
    state->has_ident = session->has_author;
    memcpy(state->ident, session->author.ident, KOLAM_IDENT_BYTES);
}

const struct kolam_restraint *kolam_sanctions_of(struct kolam_session *session) {
    const struct kolam_restraint_state *state = &session->restraint;
    if (session->canvas && (state->generation != session->server->sanctions->generation ||
                            !is_same_person(state, session))) {
        look_up(session);
    }
    return &state->restraint;
}

bool kolam_sanctions_keep_out(const struct kolam_session *session) {
    const struct kolam_restraint *restraint =
        kolam_sanctions_of((struct kolam_session *)(uintptr_t)session); /* looked up, if need be */
    return restraint->is_suspended || restraint->is_banned || restraint->is_withheld;
}

/* A person has one pace, however many connections; of a prefix, each connection has one. */
static bool is_too_fast(struct kolam_session *session, uint32_t place) {
    const struct kolam_sanctions *sanctions = session->server->sanctions;
    const int64_t now_ms = kolam_loop_now_ms(session->server->loop);
    struct kolam_budget *budget = sanctions->list[place].has_ident
                                      ? &sanctions->paces[place]
                                      : &session->restraint.slow_budget;
    return !kolam_budget_take(budget, now_ms / SLOWED_EVERY_S, 1, SLOWED_BURST);
}

struct kolam_verdict kolam_sanctions_judge(struct kolam_session *session,
                                           enum kolam_action action) {
    const struct kolam_restraint *restraint = kolam_sanctions_of(session);
    const struct kolam_sanction *list = session->server->sanctions->list;
    struct kolam_verdict verdict = {.code = KOLAM_NACK_DENIED};
    uint32_t place;
    if (kolam_restraint_is_none(restraint)) {
        return verdict;
    }
    verdict.is_refused = kolam_restraint_forbids(restraint, action, &place);
    if (verdict.is_refused && place == KOLAM_RESTRAINT_UNTOLD) {
        return (struct kolam_verdict){true, KOLAM_NACK_UNAVAILABLE,
                                      "this cannot be done now; try again later"};
    }
    if (verdict.is_refused) {
        kolam_restraint_text(&list[place], session->restraint.text);
        verdict.reason = session->restraint.text;
    }
    return verdict;
}

struct kolam_verdict kolam_sanctions_judge_pace(struct kolam_session *session) {
    const struct kolam_restraint *restraint = kolam_sanctions_of(session);
    if (!restraint->is_slowed || !is_too_fast(session, restraint->slow)) {
        return (struct kolam_verdict){0};
    }
    kolam_restraint_text(&session->server->sanctions->list[restraint->slow],
                         session->restraint.text);
    return (struct kolam_verdict){true, KOLAM_NACK_LIMIT, session->restraint.text};
}

bool kolam_sanctions_keep_from(const struct kolam_server *server, const char *canvas,
                               const uint8_t ident[KOLAM_IDENT_BYTES], enum kolam_action action) {
    const struct kolam_sanctions *sanctions = server->sanctions;
    const struct kolam_restrained who = {.canvas = canvas, .ident = ident};
    const int64_t now_ms = kolam_sanctions_now_ms(server);
    struct kolam_restraint restraint = {0};
    uint32_t place;
    for (uint32_t i = 0; i < sanctions->count; i++) {
        kolam_restraint_add(&restraint, sanctions->list, i, &who, now_ms);
    }
    return kolam_restraint_forbids(&restraint, action, &place);
}

/* ---- the hidden ban ---- */

static const struct kolam_author withholder = {.ident = "kolam/withhold/1", .name = "Moderation"};

static bool shows_something(const struct kolam_submission *submission) {
    for (uint32_t i = 0; i < submission->op_count; i++) {
        if (submission->ops[i].kind == KOLAM_OP_STROKE ||
            submission->ops[i].kind == KOLAM_OP_SHOW) {
            return true;
        }
    }
    return false;
}

enum kolam_status kolam_sanctions_withhold(struct kolam_session *session,
                                           struct kolam_submission *submission) {
    return kolam_sanctions_of(session)->is_withheld && shows_something(submission)
               ? kolam_submission_withhold(submission, &withholder)
               : KOLAM_OK;
}

/* ---- who may not even look ---- */

bool kolam_sanctions_shut_out(const struct kolam_server *server, const char *canvas,
                              const struct kolam_address *address) {
    const struct kolam_sanctions *sanctions = server->sanctions;
    const struct kolam_restrained who = {.canvas = canvas ? canvas : "", .address = address};
    struct kolam_restraint restraint = {0};
    for (uint32_t i = 0; i < sanctions->count && sanctions->shutting_out > 0; i++) {
        if (sanctions->list[i].bans_watching) {
            kolam_restraint_add(&restraint, sanctions->list, i, &who,
                                kolam_sanctions_now_ms(server));
        }
    }
    return restraint.is_shut_out;
}

/* ---- telling ---- */

static void tell_one(json_t *out_list, const struct kolam_sanction *sanction) {
    json_array_append_new(
        out_list,
        json_pack("{ss so ss sb}", "kind", kolam_sanction_kind_name(sanction->kind), "until",
                  sanction->until_ms == KOLAM_NO_END ? json_null()
                                                     : json_integer(sanction->until_ms),
                  "why", sanction->why, "everywhere", sanction->canvas[0] == '\0'));
}

json_t *kolam_sanctions_told(struct kolam_session *session) {
    const struct kolam_restraint *restraint = kolam_sanctions_of(session);
    const struct kolam_sanction *list = session->server->sanctions->list;
    json_t *told = json_array();
    if (restraint->is_banned) {
        tell_one(told, &list[restraint->ban]);
    }
    if (restraint->is_suspended) {
        tell_one(told, &list[restraint->suspend]);
    }
    if (restraint->is_slowed) {
        tell_one(told, &list[restraint->slow]);
    }
    if (restraint->is_muted) {
        tell_one(told, &list[restraint->mute]);
    }
    return told;
}

void kolam_sanctions_welcomed(struct kolam_session *session) {
    const struct kolam_restraint *restraint = kolam_sanctions_of(session);
    session->restraint.was_told = restraint->is_banned || restraint->is_suspended ||
                                  restraint->is_slowed || restraint->is_muted;
}

/* The list changed: who is concerned hears of it, and what others see of them goes. */
static void tell(struct kolam_session *session) {
    const struct kolam_restraint before = session->restraint.restraint;
    const bool was_told = session->restraint.was_told;
    if (session->state != KOLAM_SESSION_OPEN) {
        return;
    }
    const struct kolam_restraint *now = kolam_sanctions_of(session);
    if (now->is_shut_out) {
        struct kolam_verdict verdict = kolam_sanctions_judge(session, KOLAM_ACTION_DRAW);
        kolam_session_error(session, "denied", verdict.reason, 1008, true);
        return;
    }
    kolam_sanctions_welcomed(session);
    kolam_veil_changed(session);
    if (was_told || session->restraint.was_told) {
        kolam_session_send_json(session, json_pack("{ss so}", "type", "sanctioned", "sanctions",
                                                   kolam_sanctions_told(session)));
    }
    if (kolam_restraint_hides(now) && !kolam_restraint_hides(&before)) {
        kolam_session_withdraw(session);
    }
}

static void tell_all(struct kolam_server *server) {
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        tell(session);
    }
}

void kolam_sanctions_put(struct kolam_server *server, const struct kolam_sanction *sanction) {
    struct kolam_sanctions *sanctions = server->sanctions;
    bool is_known = false;
    for (uint32_t i = 0; i < sanctions->count && !is_known; i++) {
        if (sanctions->list[i].id == sanction->id) {
            is_known = true;
            remove_at(sanctions, i);
        }
    }
    if (kolam_sanction_is_in_force(sanction, kolam_sanctions_now_ms(server)) &&
        !append(sanctions, sanction)) {
        kolam_logfmt(&server->logfmt, KOLAM_LOG_ERROR, "sanction_lost",
                     "sanction=%llu reason=\"out of memory; it holds from the next start on\"",
                     (unsigned long long)sanction->id);
    }
    note_change(sanctions);
    tell_all(server);
}

/* ---- as time goes ---- */

static void drop_what_is_over(struct kolam_server *server, int64_t now_ms) {
    struct kolam_sanctions *sanctions = server->sanctions;
    for (uint32_t i = sanctions->count; i > 0; i--) {
        if (!kolam_sanction_is_in_force(&sanctions->list[i - 1], now_ms)) {
            remove_at(sanctions, i - 1);
        }
    }
    note_change(sanctions);
    tell_all(server);
}

struct housekeeping {
    struct kolam_moderation_request base;
    struct kolam_server *server;
    int64_t now_ms;
    uint8_t from[KOLAM_IDENT_BYTES], to[KOLAM_IDENT_BYTES];
};

static enum kolam_status perform_tidy(struct kolam_moderation_db *db,
                                      struct kolam_moderation_request *base) {
    return kolam_moderation_tidy(db, ((struct housekeeping *)base)->now_ms);
}

static enum kolam_status perform_note(struct kolam_moderation_db *db,
                                      struct kolam_moderation_request *base) {
    return kolam_moderation_note_time(db, ((struct housekeeping *)base)->now_ms);
}

static enum kolam_status perform_merged(struct kolam_moderation_db *db,
                                        struct kolam_moderation_request *base) {
    struct housekeeping *work = (struct housekeeping *)base;
    return kolam_moderation_merged(db, work->from, work->to);
}

static enum kolam_status perform_erased(struct kolam_moderation_db *db,
                                        struct kolam_moderation_request *base) {
    return kolam_moderation_erased(db, ((struct housekeeping *)base)->from);
}

static void done_housekeeping(struct kolam_moderation_request *base) {
    struct housekeeping *work = (struct housekeeping *)base;
    if (base->status != KOLAM_OK) {
        kolam_logfmt(&work->server->logfmt, KOLAM_LOG_ERROR, "moderation_db", "status=%d",
                     base->status);
    }
    kolam_free(work);
}

/* At once, as well as it can be. What has to happen for sure, renaming.c does again (moderation_names.h). */
static void keep_house(struct kolam_server *server,
                       enum kolam_status (*perform)(struct kolam_moderation_db *db,
                                                    struct kolam_moderation_request *request),
                       const uint8_t *from, const uint8_t *to) {
    struct housekeeping *work = kolam_alloc_zero(1, sizeof(*work));
    if (!work) {
        kolam_logfmt(&server->logfmt, KOLAM_LOG_ERROR, "moderation_db", "status=%d",
                     KOLAM_ERR_NOMEM);
        return;
    }
    work->server = server;
    work->now_ms = kolam_sanctions_now_ms(server);
    if (from) {
        memcpy(work->from, from, KOLAM_IDENT_BYTES);
    }
    if (to) {
        memcpy(work->to, to, KOLAM_IDENT_BYTES);
    }
    work->base.perform = perform;
    work->base.done = done_housekeeping;
    kolam_moderation_submit(server->sanctions->thread, &work->base);
}

void kolam_sanctions_sweep(struct kolam_server *server) {
    struct kolam_sanctions *sanctions = server->sanctions;
    const int64_t now_ms = kolam_sanctions_now_ms(server);
    if (now_ms >= sanctions->next_end_ms) {
        drop_what_is_over(server, now_ms);
    }
    if (now_ms - sanctions->tidied_ms >= TIDY_MS) {
        sanctions->tidied_ms = now_ms; /* if it fails, again in an hour */
        sanctions->noted_ms = now_ms;
        keep_house(server, perform_tidy, NULL, NULL);
    } else if (now_ms - sanctions->noted_ms >= NOTE_MS) {
        sanctions->noted_ms = now_ms;
        keep_house(server, perform_note, NULL, NULL);
    }
}

/* Whoever it is about is found anew; most who become one were never sanctioned, and then nobody is asked anything. */
static void name_merged(struct kolam_server *server, const uint8_t from[KOLAM_IDENT_BYTES],
                        const uint8_t to[KOLAM_IDENT_BYTES]) {
    struct kolam_sanctions *sanctions = server->sanctions;
    bool is_about = false;
    for (uint32_t i = 0; i < sanctions->count; i++) {
        struct kolam_sanction *sanction = &sanctions->list[i];
        if (sanction->has_ident && memcmp(sanction->ident, from, KOLAM_IDENT_BYTES) == 0) {
            memcpy(sanction->ident, to, KOLAM_IDENT_BYTES);
            is_about = true;
        }
        if (sanction->by.has_ident && memcmp(sanction->by.ident, from, KOLAM_IDENT_BYTES) == 0) {
            memcpy(sanction->by.ident, to, KOLAM_IDENT_BYTES);
        }
    }
    if (is_about) {
        note_change(sanctions);
        tell_all(server);
    }
}

static void name_erased(struct kolam_sanctions *sanctions, const uint8_t ident[KOLAM_IDENT_BYTES]) {
    for (uint32_t i = 0; i < sanctions->count; i++) {
        struct kolam_sanction *sanction = &sanctions->list[i];
        if (sanction->has_ident && memcmp(sanction->ident, ident, KOLAM_IDENT_BYTES) == 0) {
            sanction->name[0] = '\0';
        }
        if (sanction->by.has_ident && memcmp(sanction->by.ident, ident, KOLAM_IDENT_BYTES) == 0) {
            sanction->by.name[0] = '\0';
        }
    }
}

void kolam_sanctions_name(struct kolam_server *server, const uint8_t ident[KOLAM_IDENT_BYTES],
                          const uint8_t *now) {
    if (!now) {
        name_erased(server->sanctions, ident);
    } else if (memcmp(ident, now, KOLAM_IDENT_BYTES) != 0) {
        name_merged(server, ident, now);
    }
}

void kolam_sanctions_merged(struct kolam_server *server, const uint8_t from[KOLAM_IDENT_BYTES],
                            const uint8_t to[KOLAM_IDENT_BYTES]) {
    name_merged(server, from, to);
    keep_house(server, perform_merged, from, to);
}

void kolam_sanctions_erased(struct kolam_server *server, const uint8_t ident[KOLAM_IDENT_BYTES]) {
    name_erased(server->sanctions, ident);
    keep_house(server, perform_erased, ident, NULL);
}

/* ---- making the part ---- */

struct loading {
    struct kolam_sanctions *sanctions;
    bool has_failed;
};

static bool load_one(void *ctx, const struct kolam_sanction *sanction) {
    struct loading *loading = ctx;
    loading->has_failed = !append(loading->sanctions, sanction);
    return !loading->has_failed;
}

static void begin_time(struct kolam_server *server, const struct kolam_moderation_db *db) {
    const int64_t clock_ms = server->clock.now_ms(server->clock.ctx);
    const int64_t newest_ms = kolam_moderation_newest_ms(db);
    server->sanctions->steady = kolam_steady_begin(clock_ms, newest_ms, boot_ms());
    if (server->sanctions->steady.begun_ms != clock_ms) {
        kolam_logfmt(&server->logfmt, KOLAM_LOG_WARN, "clock_not_believed",
                     "clock_ms=%lld newest_ms=%lld", (long long)clock_ms, (long long)newest_ms);
    }
}

/* Before anybody is served. What cannot be tidied now, because the disk is full, is later: what is kept can be read, and
 * nobody is freed by that. */
static enum kolam_status load(struct kolam_server *server, struct kolam_moderation_db *db) {
    struct kolam_sanctions *sanctions = server->sanctions;
    struct loading loading = {.sanctions = sanctions};
    begin_time(server, db);
    const int64_t now_ms = kolam_sanctions_now_ms(server);
    if (kolam_moderation_tidy(db, now_ms) == KOLAM_OK) {
        sanctions->tidied_ms = now_ms;
    }
    enum kolam_status status = kolam_sanctions_in_force(db, now_ms, load_one, &loading);
    note_change(sanctions);
    return status == KOLAM_OK && loading.has_failed ? KOLAM_ERR_NOMEM : status;
}

enum kolam_status kolam_sanctions_create(struct kolam_server *server, struct kolam_error *error) {
    char path[KOLAM_PATH_MAX];
    struct kolam_moderation_db *db;
    struct kolam_sanctions *sanctions = kolam_alloc_zero(1, sizeof(*sanctions));
    if (!sanctions) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    server->sanctions = sanctions;
    enum kolam_status status = kolam_folder_file_path(server->folder, "moderation.db", path);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "the data folder's path is too long");
    }
    status = kolam_moderation_db_create(path, &db, error);
    if (status != KOLAM_OK) {
        return status;
    }
    kolam_moderation_tell_damage(db, kolam_damage_of_order, server);
    status = load(server, db);
    if (status != KOLAM_OK) {
        kolam_moderation_db_destroy(db);
        return kolam_fail(error, status, "%s: cannot be read: %s", path, kolam_status_text(status));
    }
    status = kolam_moderation_thread_create(db, server->loop, &sanctions->thread);
    if (status != KOLAM_OK) {
        kolam_moderation_db_destroy(db);
        return kolam_fail(error, status, "cannot start a thread");
    }
    return KOLAM_OK;
}

void kolam_sanctions_stop(struct kolam_server *server) {
    if (server->sanctions) {
        kolam_moderation_thread_destroy(server->sanctions->thread);
        server->sanctions->thread = NULL;
    }
}

void kolam_sanctions_destroy(struct kolam_server *server) {
    struct kolam_sanctions *sanctions = server->sanctions;
    if (sanctions) {
        kolam_free(sanctions->list);
        kolam_free(sanctions->paces);
        kolam_free(sanctions);
        server->sanctions = NULL;
    }
}
