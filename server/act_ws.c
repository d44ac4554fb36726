/* act: what the message says is decoded as a record would be, judged by the canvas's policy as it is by then, and committed as a
 * record that only the server makes. Loop thread. */
#include "act_ws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act_rules.h"
#include "door.h"
#include "json.h"
#include "kolam/json_text.h"
#include "kolam/alloc.h"
#include "moderation_ws.h"
#include "people.h"
#include "person.h"
#include "sanctions.h"
#include "session.h"
#include "standing.h"
#include "votes.h"

#define FOR_S_MAX (INT64_C(100) * 366 * 86400)

struct acting {
    struct kolam_ask ask;
    struct kolam_canvas_wait wait;
    struct kolam_act act;
    struct kolam_person person; /* to whom it is done */
};

const struct kolam_author kolam_operator_author = {.ident = "kolam/operator/1", .name = "Operator"};

static void refuse(struct acting *acting, const char *code, const char *text) {
    kolam_ask_refuse(&acting->ask, code, text);
}

static void finish(struct acting *acting) {
    kolam_ask_end(&acting->ask);
    kolam_free(acting);
}

static void fail(struct acting *acting) {
    refuse(acting, "unavailable", "the canvas cannot be read or written now; try again later");
    finish(acting);
}

/* ---- committing ---- */

/* Of two that came at once the second may have found no room any more. */
static bool was_kept(const struct acting *acting, uint64_t seq) {
    enum kolam_act_kind kind;
    return acting->act.kind == KOLAM_ACT_UNDO || acting->ask.canvas->is_policy_lost ||
           kolam_policy_find_act(&acting->ask.canvas->policy, seq, &kind) != NULL;
}

static void on_committed(void *ctx, struct kolam_submission *submission) {
    struct acting *acting = ctx;
    struct kolam_session *session = acting->ask.session;
    const uint64_t seq = submission->ops[0].seq;
    const enum kolam_status status = submission->status;
    if (status == KOLAM_OK && session->has_author && session->artist == 0 &&
        session->state == KOLAM_SESSION_OPEN) {
        kolam_people_set_artist(session, submission->artist);
    }
    kolam_submission_destroy(submission);
    if (status != KOLAM_OK) {
        fail(acting);
        return;
    }
    kolam_logfmt(&session->server->logfmt, KOLAM_LOG_INFO, "acted",
                 "session=%u canvas=%s kind=%d seq=%llu", session->number, acting->ask.canvas->name,
                 (int)acting->act.kind, (unsigned long long)seq);
    if (!was_kept(acting, seq)) {
        refuse(acting, "limit", "there are as many as there may be");
    } else if (session->state == KOLAM_SESSION_OPEN) {
        kolam_session_send_json(session, json_pack("{ss sI so}", "type", "acted", "id",
                                                   (json_int_t)acting->ask.id, "act",
                                                   kolam_json_decimal((int64_t)seq)));
    }
    finish(acting);
}

/* One op with an id of its own: a nonce that nobody else has. */
static struct kolam_submission *submission_of(struct acting *acting) {
    const struct kolam_session *session = acting->ask.session;
    struct kolam_submission *submission = kolam_submission_create(1);
    if (!submission) {
        return NULL;
    }
    struct kolam_log_op *op = &submission->ops[0];
    op->kind = KOLAM_OP_RECORD;
    op->counter = 1;
    acting->act.is_operators = session->is_admin; /* whatever the message said */
    if (kolam_act_encode(&acting->act, &op->body, &op->body_size_bytes) != KOLAM_OK) {
        kolam_submission_destroy(submission);
        return NULL;
    }
    submission->author = session->has_author ? session->author : kolam_operator_author;
    kolam_random_bytes(&submission->nonce, sizeof(submission->nonce));
    submission->done = on_committed;
    submission->ctx = acting;
    return submission;
}

/* ---- judging ---- */

static const char *problem_text(const struct kolam_act *act, enum kolam_status status) {
    if (status == KOLAM_ERR_INVALID) {
        return "until is a time to come";
    }
    if (status == KOLAM_ERR_FULL) {
        return act->kind == KOLAM_ACT_AREA ? "a canvas has at most 1,024 areas"
                                           : "a canvas has at most 4,096 roles";
    }
    return act->kind == KOLAM_ACT_UNDO ? "there is no such act, or it was taken back"
                                       : "there is no such area";
}

/* The number by which the asker is meant: also that of a former self whose area it is. */
static uint32_t asker_of(const struct acting *acting) {
    const struct kolam_session *session = acting->ask.session;
    const struct kolam_policy_area *area =
        acting->act.kind == KOLAM_ACT_AREA && acting->act.of_seq != 0
            ? kolam_policy_find_area(&acting->ask.canvas->policy, acting->act.of_seq)
            : NULL;
    return area && area->owner != 0 && kolam_people_is_own(session, area->owner) ? area->owner
                                                                                 : session->artist;
}

/* Why not; NULL: it may be. */
static const char *judge(struct acting *acting, const char **out_code) {
    struct kolam_session *session = acting->ask.session;
    struct kolam_canvas *canvas = acting->ask.canvas;
    const struct kolam_petition petition = {
        .action = kolam_act_needs(&canvas->policy, &acting->act, asker_of(acting))};
    const struct kolam_verdict verdict = kolam_door_ask(session, &petition);
    if (verdict.is_refused) {
        *out_code = kolam_nack_name(verdict.code);
        return verdict.reason;
    }
    if (kolam_act_newest_artist(&acting->act) > canvas->newest_artist) {
        *out_code = "not_found";
        return "there is no artist of that number here";
    }
    const enum kolam_status status =
        kolam_policy_check(&canvas->policy, &acting->act, kolam_sanctions_now_ms(session->server));
    *out_code = status == KOLAM_ERR_FULL      ? "limit"
                : status == KOLAM_ERR_INVALID ? "invalid"
                                              : "not_found";
    return status == KOLAM_OK ? NULL : problem_text(&acting->act, status);
}

static void commit(struct acting *acting) {
    struct kolam_submission *submission = submission_of(acting);
    if (submission) {
        kolam_log_submit(acting->ask.canvas->log, submission);
    } else {
        fail(acting);
    }
}

/* Against whom it goes, so that ranks count: whose role it is, or who froze the area that it changes. 0: nobody; what else there is to
 * decide is the owner's. */
static uint32_t whom(const struct acting *acting, bool *out_is_operators) {
    const struct kolam_policy *policy = &acting->ask.canvas->policy;
    const struct kolam_act *act = &acting->act;
    enum kolam_act_kind kind;
    *out_is_operators = false;
    if (acting->ask.session->is_admin) {
        return 0;
    }
    if (act->kind == KOLAM_ACT_ROLE) {
        return act->artist;
    }
    const struct kolam_policy_area *area = act->kind == KOLAM_ACT_AREA && act->of_seq != 0
                                               ? kolam_policy_find_area(policy, act->of_seq)
                                               : NULL;
    const struct kolam_kept_act *made = area && area->kind == KOLAM_AREA_FROZEN
                                            ? kolam_policy_find_act(policy, area->act_seq, &kind)
                                            : NULL;
    *out_is_operators = made && made->is_operators;
    return made ? made->by : 0;
}

static const char *judge_person(const struct acting *acting, const char **out_code) {
    const struct kolam_person *person = &acting->person;
    *out_code = "denied";
    if (acting->act.kind == KOLAM_ACT_ROLE) {
        return person->is_oneself || kolam_person_is_below(person)
                   ? NULL
                   : "the role of somebody of the same role, or a higher one, is not yours to "
                     "change";
    }
    return kolam_person_may_be_undone(person, false) ? NULL : KOLAM_UNDO_DENIED;
}

static void answer_problem(struct acting *acting, const char *code, const char *problem) {
    refuse(acting, code, problem);
    finish(acting);
}

static void decide(struct acting *acting);

static void on_person(struct kolam_person *person) {
    struct acting *acting = KOLAM_CONTAINER(person, struct acting, person);
    const char *code;
    if (acting->ask.session->state != KOLAM_SESSION_OPEN) {
        finish(acting);
        return;
    }
    if (person->status != KOLAM_OK) {
        fail(acting);
        return;
    }
    const char *problem = judge_person(acting, &code);
    if (problem) {
        answer_problem(acting, code, problem);
    } else {
        decide(acting);
    }
}

/* It may have become another's while they were looked up. */
static void decide(struct acting *acting) {
    const char *code;
    const char *problem = judge(acting, &code);
    bool is_operators = false;
    const uint32_t artist = problem ? 0 : whom(acting, &is_operators);
    if (problem) {
        answer_problem(acting, code, problem);
    } else if (is_operators) {
        answer_problem(acting, "denied", KOLAM_UNDO_DENIED);
    } else if (artist != acting->person.artist) {
        acting->person =
            (struct kolam_person){.ask = &acting->ask, .artist = artist, .done = on_person};
        kolam_person_find(&acting->person);
    } else {
        commit(acting);
    }
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct acting *acting = KOLAM_CONTAINER(wait, struct acting, wait);
    if (acting->ask.session->state != KOLAM_SESSION_OPEN) {
        finish(acting);
    } else if (status == KOLAM_OK) {
        decide(acting);
    } else if (status == KOLAM_ERR_FULL) {
        refuse(acting, "limit", "this server may hold no more canvases");
        finish(acting);
    } else {
        fail(acting);
    }
}

/* ---- the message ---- */

static bool read_act(const json_t *object, struct kolam_act *out_act) {
    char *text = json_is_object(object) ? kolam_json_text(object) : NULL;
    const bool is_act =
        text && kolam_act_decode((const uint8_t *)text, strlen(text), out_act) == KOLAM_OK;
    kolam_free(text);
    return is_act && (out_act->kind == KOLAM_ACT_MODE || out_act->kind == KOLAM_ACT_AREA ||
                      out_act->kind == KOLAM_ACT_ROLE || out_act->kind == KOLAM_ACT_VOTES ||
                      out_act->kind == KOLAM_ACT_UNDO || out_act->kind == KOLAM_ACT_VOTE ||
                      out_act->kind == KOLAM_ACT_UNVOTE);
}

/* An end that is told as a number of seconds: whose clock is wrong, here or there, does not matter then. */
static bool read_span(const struct kolam_session *session, const json_t *message,
                      struct kolam_act *act) {
    const json_t *span = json_object_get(message, "for_s");
    int64_t for_s;
    if (!span || json_is_null(span)) {
        return true;
    }
    if ((act->kind != KOLAM_ACT_MODE && act->kind != KOLAM_ACT_AREA) || act->until_ms != 0 ||
        !kolam_json_int(message, "for_s", &for_s) || for_s < 1 || for_s > FOR_S_MAX) {
        return false;
    }
    act->until_ms = kolam_sanctions_now_ms(session->server) + for_s * 1000;
    return true;
}

/* Why a canvas that does not exist is not to be made for this act; NULL: it may be, or is there. */
static const char *judge_making(struct acting *acting, const char **out_code) {
    if (acting->ask.canvas->state != KOLAM_CANVAS_ABSENT) {
        return NULL;
    }
    const char *problem = judge(acting, out_code);
    if (!problem && !kolam_session_may_create(acting->ask.session)) {
        *out_code = "limit";
        return "too many new canvases; try again later";
    }
    return problem;
}

static void begin(struct kolam_session *session, uint64_t id, struct acting *acting) {
    const char *code;
    kolam_ask_begin(&acting->ask, session, id);
    const char *problem = judge_making(acting, &code);
    if (problem) {
        refuse(acting, code, problem);
        finish(acting);
        return;
    }
    acting->wait.done = on_canvas;
    kolam_canvas_when_open(acting->ask.canvas, true, &acting->wait);
}

void kolam_act_make(struct kolam_session *session, uint64_t id, const struct kolam_act *act) {
    struct acting *acting = kolam_ask_alloc(session, id, sizeof(*acting));
    if (acting) {
        acting->act = *act;
        begin(session, id, acting);
    }
}

/* Of what an act takes back it is asked first whose that was. */
static void take(struct kolam_session *session, uint64_t id, const struct kolam_act *act) {
    if (act->kind == KOLAM_ACT_VOTE || act->kind == KOLAM_ACT_UNVOTE) {
        kolam_vote(session, id, act);
    } else if (act->kind == KOLAM_ACT_UNDO) {
        kolam_undo_act(session, id, act->act_seq);
    } else {
        kolam_act_make(session, id, act);
    }
}

void kolam_act_message(struct kolam_session *session, const json_t *message) {
    uint64_t id;
    if (!kolam_json_uint(message, "id", UINT32_MAX, &id)) {
        kolam_session_refuse(session, "act: id is missing or malformed");
        return;
    }
    if (!kolam_ask_is_within_budget(session)) {
        kolam_ask_error(session, id, "limit", "too many questions; try again in a moment");
        return;
    }
    if (!session->has_author && !session->is_admin) {
        kolam_ask_error(session, id, "denied", "identify first");
        return;
    }
    struct kolam_act *act = kolam_ask_alloc(session, id, sizeof(*act));
    if (!act) {
        return;
    }
    if (!read_act(json_object_get(message, "act"), act)) {
        kolam_ask_error(
            session, id, "invalid",
            "act must be a mode, area, role, votes, vote, unvote or undo within its bounds");
    } else if (!read_span(session, message, act)) {
        kolam_ask_error(session, id, "invalid",
                        "for_s is a number of seconds, of a mode or an area without until");
    } else {
        take(session, id, act);
    }
    kolam_free(act);
}
