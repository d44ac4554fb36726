/* sanction, sanction_end, sanctions, whence: from a message to a row that is durable, and from there to those whom it concerns.
 * Whom a number means is found out (person.c), whether it may be is judged when that is known. Loop thread but for `perform`. */
#include <string.h>

#include "door.h"
#include "json.h"
#include "kolam/alloc.h"
#include "moderation_json.h"
#include "moderation_ws.h"
#include "person.h"
#include "sanctions.h"
#include "session.h"
#include "standing.h"
#include "whence.h"

#define DAY_MS INT64_C(86400000)
#define FOR_S_MAX (INT64_C(100) * 366 * 86400)
#define LISTED_MAX 200
/* The widest prefixes: of a moderator, and of the canvas's owner. */
#define MODERATOR_V4_BITS (96 + 24)
#define MODERATOR_V6_BITS 48
#define OWNER_V4_BITS (96 + 16)
#define OWNER_V6_BITS 32

struct sanctioning {
    struct kolam_moderation_request base;
    struct kolam_ask ask;
    bool is_whence; /* only asked whence they connect */
    struct kolam_sanction sanction;
    struct kolam_moderator by;  /* of an end */
    struct kolam_person person; /* whom it is about; of an end: who decided it */
};

/* ---- what all messages share ---- */

bool kolam_moderation_may(struct kolam_session *session, const json_t *message, const char *what,
                          enum kolam_action action, uint64_t *out_id) {
    if (!kolam_json_uint(message, "id", UINT32_MAX, out_id)) {
        char text[80];
        snprintf(text, sizeof(text), "%s: id is missing or malformed", what);
        kolam_session_refuse(session, text);
        return false;
    }
    if (!kolam_ask_is_within_budget(session)) {
        kolam_ask_error(session, *out_id, "limit", "too many questions; try again in a moment");
        return false;
    }
    return kolam_door_lets(session, action, *out_id);
}

void kolam_moderation_failed(struct kolam_session *session, uint64_t id) {
    if (session->state == KOLAM_SESSION_OPEN) {
        kolam_ask_error(session, id, "unavailable",
                        "this cannot be read or kept now; try again later");
    }
}

static void finish(struct sanctioning *work) {
    kolam_ask_end(&work->ask);
    kolam_free(work);
}

static void refuse(struct sanctioning *work, const char *code, const char *text) {
    kolam_ask_refuse(&work->ask, code, text);
    finish(work);
}

static bool may_ban(struct kolam_session *session) {
    const struct kolam_petition petition = {.action = KOLAM_ACTION_BAN};
    return !kolam_door_ask(session, &petition).is_refused;
}

static enum kolam_action action_of(const struct kolam_sanction *sanction) {
    const bool is_mild =
        sanction->kind == KOLAM_SANCTION_MUTE || sanction->kind == KOLAM_SANCTION_SLOW;
    return sanction->canvas[0] == '\0'      ? KOLAM_ACTION_CONFIGURE
           : is_mild && sanction->has_ident ? KOLAM_ACTION_SLOW
                                            : KOLAM_ACTION_BAN;
}

/* ---- sanction ---- */

static enum kolam_status perform_add(struct kolam_moderation_db *db,
                                     struct kolam_moderation_request *base) {
    return kolam_sanction_add(db, &((struct sanctioning *)base)->sanction);
}

static void log_sanction(const struct sanctioning *work, const char *event) {
    kolam_logfmt(&work->ask.session->server->logfmt, KOLAM_LOG_INFO, event,
                 "session=%u canvas=%s sanction=%llu kind=%s hidden=%d everywhere=%d",
                 work->ask.session->number, work->ask.canvas->name,
                 (unsigned long long)work->sanction.id,
                 kolam_sanction_kind_name(work->sanction.kind), work->sanction.is_hidden,
                 work->sanction.canvas[0] == '\0');
}

static void tell_sanctioned(struct sanctioning *work, const char *type) {
    if (work->ask.session->state == KOLAM_SESSION_OPEN) {
        kolam_session_send_json(
            work->ask.session,
            json_pack("{ss sI so}", "type", type, "id", (json_int_t)work->ask.id, "sanction",
                      kolam_sanction_json(&work->sanction, work->ask.canvas->name, true)));
    }
}

static void done_add(struct kolam_moderation_request *base) {
    struct sanctioning *work = (struct sanctioning *)base;
    if (base->status != KOLAM_OK) {
        kolam_moderation_failed(work->ask.session, work->ask.id);
        finish(work);
        return;
    }
    log_sanction(work, "sanctioned");
    kolam_sanctions_put(work->ask.session->server, &work->sanction);
    tell_sanctioned(work, "sanction");
    finish(work);
}

static void keep(struct sanctioning *work) {
    if (!kolam_sanctions_have_room(work->ask.session->server)) {
        refuse(work, "limit", "4,096 sanctions are in force; end some");
        return;
    }
    work->base.perform = perform_add;
    work->base.done = done_add;
    kolam_moderation_submit(kolam_sanctions_thread(work->ask.session->server), &work->base);
}

/* ---- whom a number means ---- */

static void tell_whence(struct sanctioning *work) {
    struct kolam_session *session = work->ask.session;
    kolam_session_send_json(
        session,
        json_pack("{ss sI sI ss so}", "type", "whence", "id", (json_int_t)work->ask.id, "artist",
                  (json_int_t)work->sanction.artist, "name", work->person.author.name, "prefixes",
                  kolam_whence_list(session->server->whence, work->person.author.ident,
                                    kolam_loop_now_ms(session->server->loop))));
    finish(work);
}

/* ---- whether they are below ---- */

static const char rank_text[] = "somebody of the same role, or a higher one, is not yours to judge";

/* False if it was answered: nobody is there any more, or it is not known. */
static bool is_known(struct sanctioning *work) {
    if (work->ask.session->state != KOLAM_SESSION_OPEN) {
        finish(work);
        return false;
    }
    if (work->person.status == KOLAM_ERR_NOT_FOUND) {
        refuse(work, "not_found", "there is no artist of that number here");
        return false;
    }
    if (work->person.status != KOLAM_OK) {
        refuse(work, "unavailable", "the canvas cannot be read now; try again later");
        return false;
    }
    return true;
}

static void on_found(struct kolam_person *person) {
    struct sanctioning *work = KOLAM_CONTAINER(person, struct sanctioning, person);
    const struct kolam_petition petition = {.action = action_of(&work->sanction)};
    if (!is_known(work)) {
        return;
    }
    if (work->is_whence) {
        tell_whence(work);
    } else if (person->is_oneself) {
        refuse(work, "invalid", "nobody sanctions themselves");
    } else if (kolam_door_ask(work->ask.session, &petition).is_refused ||
               !kolam_person_is_below(person)) {
        refuse(work, "denied", rank_text);
    } else {
        memcpy(work->sanction.ident, person->author.ident, KOLAM_IDENT_BYTES);
        strcpy(work->sanction.name, person->author.name);
        keep(work);
    }
}

static void find_out(struct sanctioning *work) {
    work->person =
        (struct kolam_person){.ask = &work->ask, .artist = work->sanction.artist, .done = on_found};
    kolam_person_find(&work->person);
}

/* ---- reading it ---- */

static struct sanctioning *begin(struct kolam_session *session, uint64_t id) {
    struct sanctioning *work = kolam_ask_alloc(session, id, sizeof(*work));
    if (!work) {
        return NULL;
    }
    kolam_ask_begin(&work->ask, session, id);
    return work;
}

static bool holds_this_machine(const struct kolam_prefix *prefix) {
    struct kolam_address v4, v6;
    return kolam_address_parse("127.0.0.1", &v4) && kolam_address_parse("::1", &v6) &&
           (kolam_prefix_holds(prefix, &v4) || kolam_prefix_holds(prefix, &v6));
}

/* What is wrong with the prefix, or NULL. */
static const char *read_prefix(struct kolam_session *session, const char *text,
                               struct kolam_sanction *sanction) {
    struct kolam_prefix prefix;
    const bool is_owner = session->is_admin || kolam_standing_role(session) >= KOLAM_ROLE_OWNER;
    if (!kolam_prefix_parse(text, &prefix)) {
        return "prefix is addresses that begin alike: 203.0.113.0/24, 2001:db8::/48";
    }
    const bool is_v4 = kolam_address_is_v4(&prefix.address);
    const uint8_t least = is_v4 ? (is_owner ? OWNER_V4_BITS : MODERATOR_V4_BITS)
                                : (is_owner ? OWNER_V6_BITS : MODERATOR_V6_BITS);
    if (prefix.bits < least) {
        return is_owner ? "a prefix has at least 16 bits of IPv4, 32 of IPv6"
                        : "a prefix has at least 24 bits of IPv4, 48 of IPv6";
    }
    if (holds_this_machine(&prefix)) {
        return "the server's own machine cannot be kept out";
    }
    memcpy(sanction->prefix, prefix.address.bytes, sizeof(sanction->prefix));
    sanction->prefix_bits = prefix.bits;
    return NULL;
}

/* The time it ends, by `until` or `for_s`; neither: never. */
static bool read_end(const json_t *message, struct kolam_sanction *sanction) {
    int64_t until_ms, for_s;
    const bool has_until = kolam_json_int(message, "until", &until_ms);
    const bool has_for = kolam_json_int(message, "for_s", &for_s);
    const json_t *until = json_object_get(message, "until"),
                 *span = json_object_get(message, "for_s");
    if ((until && !json_is_null(until) && !has_until) ||
        (span && !json_is_null(span) && !has_for) || (has_until && has_for)) {
        return false;
    }
    if (has_for) {
        if (for_s < 1 || for_s > FOR_S_MAX) {
            return false;
        }
        sanction->until_ms = sanction->from_ms + for_s * 1000;
        return true;
    }
    sanction->until_ms = has_until ? until_ms : KOLAM_NO_END;
    return !has_until ||
           (until_ms > sanction->from_ms && until_ms <= sanction->from_ms + FOR_S_MAX * 1000);
}

/* What is wrong with the message, or NULL. */
static const char *read_sanction(struct kolam_session *session, const json_t *message,
                                 struct kolam_sanction *sanction) {
    const char *kind = json_string_value(json_object_get(message, "kind"));
    const char *prefix = json_string_value(json_object_get(message, "prefix"));
    uint64_t artist = 0;
    const bool has_artist = kolam_json_uint(message, "artist", UINT32_MAX, &artist) && artist >= 1;
    sanction->from_ms = kolam_sanctions_now_ms(session->server);
    sanction->is_hidden = json_is_true(json_object_get(message, "hidden"));
    sanction->bans_watching = json_is_true(json_object_get(message, "ban_watching"));
    sanction->has_ident = has_artist;
    sanction->artist = (uint32_t)artist;
    sanction->by = kolam_decider_of(session);
    strcpy(sanction->decided_on, session->canvas->name);
    if (!json_is_true(json_object_get(message, "everywhere"))) {
        strcpy(sanction->canvas, session->canvas->name);
    }
    if (!kind || !kolam_sanction_kind_parse(kind, &sanction->kind)) {
        return "kind is mute, slow, suspend or ban";
    }
    if (has_artist == (prefix != NULL)) {
        return "a sanction is of an artist (their number here) or of a prefix";
    }
    if (!read_end(message, sanction)) {
        return "until is a time to come in Unix ms, for_s seconds; at most one of the two";
    }
    if (!kolam_moderation_read_text(message, "why", false, sanction->why)) {
        return "why is at most 400 characters without control characters";
    }
    if (sanction->is_hidden && sanction->kind != KOLAM_SANCTION_BAN) {
        return "only a ban can be hidden";
    }
    if (sanction->bans_watching &&
        (has_artist || sanction->kind != KOLAM_SANCTION_BAN || sanction->is_hidden)) {
        return "only an open ban by prefix keeps from looking";
    }
    if (prefix && sanction->until_ms - sanction->from_ms > KOLAM_PREFIX_DAYS_MAX * DAY_MS) {
        return "a sanction by prefix ends, after 30 days at most: addresses change hands";
    }
    return prefix ? read_prefix(session, prefix, sanction) : NULL;
}

void kolam_sanction_message(struct kolam_session *session, const json_t *message) {
    uint64_t id;
    struct kolam_sanction sanction = {0};
    if (!kolam_moderation_may(session, message, "sanction", KOLAM_ACTION_SLOW, &id)) {
        return;
    }
    const char *problem = read_sanction(session, message, &sanction);
    if (problem) {
        kolam_ask_error(session, id, "invalid", problem);
        return;
    }
    if (!kolam_door_lets(session, action_of(&sanction), id)) {
        return;
    }
    struct sanctioning *work = begin(session, id);
    if (!work) {
        return;
    }
    work->sanction = sanction;
    if (sanction.has_ident) {
        find_out(work);
    } else {
        keep(work);
    }
}

void kolam_whence_message(struct kolam_session *session, const json_t *message) {
    uint64_t id, artist;
    if (!kolam_moderation_may(session, message, "whence", KOLAM_ACTION_BAN, &id)) {
        return;
    }
    if (!kolam_json_uint(message, "artist", UINT32_MAX, &artist) || artist < 1) {
        kolam_ask_error(session, id, "invalid", "artist is somebody's number here");
        return;
    }
    struct sanctioning *work = begin(session, id);
    if (work) {
        work->is_whence = true;
        work->sanction.artist = (uint32_t)artist;
        find_out(work);
    }
}

/* ---- sanction_end ---- */

static enum kolam_status perform_end(struct kolam_moderation_db *db,
                                     struct kolam_moderation_request *base) {
    struct sanctioning *work = (struct sanctioning *)base;
    return kolam_sanction_end(db, work->sanction.id, &work->by, work->sanction.ended_ms,
                              &work->sanction);
}

static void done_end(struct kolam_moderation_request *base) {
    struct sanctioning *work = (struct sanctioning *)base;
    if (base->status == KOLAM_ERR_EXISTS || base->status == KOLAM_ERR_NOT_FOUND) {
        refuse(work, "not_found", "no such sanction is in force");
        return;
    }
    if (base->status != KOLAM_OK) {
        kolam_moderation_failed(work->ask.session, work->ask.id);
        finish(work);
        return;
    }
    log_sanction(work, "sanction_ended");
    kolam_sanctions_put(work->ask.session->server, &work->sanction);
    tell_sanctioned(work, "sanction_ended");
    finish(work);
}

/* Of oneself: what was decided before one rose. */
static bool is_against_asker(const struct sanctioning *work) {
    const struct kolam_session *session = work->ask.session;
    return work->sanction.has_ident && session->has_author &&
           memcmp(work->sanction.ident, session->author.ident, KOLAM_IDENT_BYTES) == 0;
}

static void on_decider(struct kolam_person *person) {
    struct sanctioning *work = KOLAM_CONTAINER(person, struct sanctioning, person);
    if (!is_known(work)) {
        return;
    }
    if (!kolam_person_may_be_undone(person, is_against_asker(work))) {
        refuse(work, "denied", KOLAM_UNDO_DENIED);
        return;
    }
    work->base.perform = perform_end;
    work->base.done = done_end;
    kolam_moderation_submit(kolam_sanctions_thread(work->ask.session->server), &work->base);
}

static void find_decider(struct sanctioning *work) {
    const struct kolam_moderator *by = &work->sanction.by;
    work->person =
        (struct kolam_person){.ask = &work->ask, .is_operator = !by->has_ident, .done = on_decider};
    memcpy(work->person.author.ident, by->ident, KOLAM_IDENT_BYTES);
    kolam_person_find(&work->person);
}

void kolam_sanction_end_message(struct kolam_session *session, const json_t *message) {
    uint64_t id, number;
    const struct kolam_sanction *found = NULL;
    if (!kolam_moderation_may(session, message, "sanction_end", KOLAM_ACTION_SLOW, &id)) {
        return;
    }
    if (kolam_json_uint(message, "sanction", INT64_MAX, &number)) {
        found = kolam_sanctions_find(session->server, session->canvas->name, number);
    }
    if (!found) {
        kolam_ask_error(session, id, "not_found", "no such sanction is in force");
        return;
    }
    if (!kolam_door_lets(session, action_of(found), id)) {
        return;
    }
    struct sanctioning *work = begin(session, id);
    if (work) {
        work->sanction.id = number;
        work->sanction.ended_ms = kolam_sanctions_now_ms(session->server);
        work->by = kolam_decider_of(session);
        work->sanction.by = found->by;
        work->sanction.has_ident = found->has_ident;
        memcpy(work->sanction.ident, found->ident, KOLAM_IDENT_BYTES);
        find_decider(work);
    }
}

/* ---- sanctions ---- */

void kolam_sanctions_message(struct kolam_session *session, const json_t *message) {
    uint64_t id, before = UINT64_MAX;
    uint32_t count = 0;
    const struct kolam_sanction *sanction;
    if (!kolam_moderation_may(session, message, "sanctions", KOLAM_ACTION_SLOW, &id)) {
        return;
    }
    if (json_object_get(message, "before") &&
        !kolam_json_uint(message, "before", INT64_MAX, &before)) {
        kolam_ask_error(session, id, "invalid", "before is the number of a sanction");
        return;
    }
    const bool sees_all = may_ban(session);
    json_t *list = json_array();
    while (count < LISTED_MAX &&
           (sanction = kolam_sanctions_before(session->server, session->canvas->name, before))) {
        before = sanction->id;
        if (sees_all || (!sanction->is_hidden && sanction->has_ident)) {
            json_array_append_new(list,
                                  kolam_sanction_json(sanction, session->canvas->name, sees_all));
            count++;
        }
    }
    const bool has_more =
        kolam_sanctions_before(session->server, session->canvas->name, before) != NULL;
    kolam_session_send_json(session,
                            json_pack("{ss sI so sb}", "type", "sanctions", "id", (json_int_t)id,
                                      "sanctions", list, "more", count == LISTED_MAX && has_more));
}
