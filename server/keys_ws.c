/* Keys over the WebSocket: a code for another device, using one, a recovery phrase, coming back by it, devices, becoming one with oneself.
 *
 * A browser is never told a secret: like a new identity it gets a claim (claims.c). Nobody becomes somebody else within a connection: what was drawn in it
 * stays whose it was, and the client connects again. */
#include <stdio.h>
#include <string.h>

#include "claims.h"
#include "guesses.h"
#include "json.h"
#include "people.h"
#include "sanctions.h"

/* ---- what was typed ---- */

static const char *phrase_text(enum kolam_phrase_fault fault, uint32_t word, char *out,
                               size_t capacity) {
    if (fault == KOLAM_PHRASE_WORD) {
        snprintf(out, capacity, "word %u is not in the list of words; is it spelt right?", word);
        return out;
    }
    return fault == KOLAM_PHRASE_COUNT
               ? "a recovery phrase has twelve words"
               : "these words were never given together; is their order right?";
}

/* Reads "code" or "phrase", or with `may_be_cookie` "cookie": true. NULL, or what is wrong. */
static const char *read_proof(const struct kolam_session *session, const json_t *message,
                              bool may_be_cookie, struct kolam_proof *proof, char *room,
                              size_t capacity) {
    const char *code = json_string_value(json_object_get(message, "code"));
    const char *phrase = json_string_value(json_object_get(message, "phrase"));
    uint32_t word = 0;
    if (code) {
        proof->kind = KOLAM_PROOF_CODE;
        return strlen(code) <= 64 && kolam_code_read(code, proof->code)
                   ? NULL
                   : "a code is nine letters and digits, without 0 O, 1 I L, U";
    }
    if (phrase) {
        proof->kind = KOLAM_PROOF_PHRASE;
        const enum kolam_phrase_fault fault = strlen(phrase) <= 512
                                                  ? kolam_phrase_read(phrase, proof->phrase, &word)
                                                  : KOLAM_PHRASE_COUNT;
        return fault == KOLAM_PHRASE_FINE ? NULL : phrase_text(fault, word, room, capacity);
    }
    if (may_be_cookie && json_is_true(json_object_get(message, "cookie")) && session->has_secret) {
        proof->kind = KOLAM_PROOF_SECRET;
        memcpy(proof->secret, session->secret, sizeof(proof->secret));
        return NULL;
    }
    return "a code or a recovery phrase is missing";
}

/* Whoever guesses is told to wait, also if this one were right. */
static bool may_guess(struct kolam_session *session, uint64_t id) {
    if (kolam_guesses_take(session->server->guesses, &session->address,
                           kolam_loop_now_ms(session->server->loop))) {
        return true;
    }
    session->server->metrics.guesses_refused++;
    kolam_ask_error(session, id, "limit", "too many tries; wait a minute");
    return false;
}

static void note_guess(const struct kolam_identity_request *request) {
    const struct kolam_session *session = request->ctx;
    if (request->status != KOLAM_ERR_NOT_FOUND) {
        kolam_guesses_give_back(session->server->guesses, &session->address);
    } else {
        session->server->metrics.guesses_wrong++;
    }
}

/* ---- codes and phrases ---- */

static void on_link(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (kolam_people_went_well(request)) {
        const int64_t now_ms = kolam_sanctions_now_ms(session->server);
        kolam_session_send_json(session, json_pack("{ss sI ss sI}", "type", "link", "id",
                                                   (json_int_t)request->id, "code", request->text,
                                                   "until", (json_int_t)(now_ms + KOLAM_LINK_MS)));
    }
    kolam_people_finish(request);
}

void kolam_keys_link(struct kolam_session *session, const json_t *message) {
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_LINK, true, on_link);
    if (request) {
        kolam_people_submit(request);
    }
}

static void on_recovery(struct kolam_identity_request *request) {
    if (kolam_people_went_well(request)) {
        kolam_session_send_json(request->ctx,
                                json_pack("{ss sI ss}", "type", "recovery", "id",
                                          (json_int_t)request->id, "phrase", request->text));
    }
    kolam_people_finish(request);
}

void kolam_keys_recovery(struct kolam_session *session, const json_t *message) {
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_PHRASE, true, on_recovery);
    if (request) {
        kolam_people_submit(request);
    }
}

/* ---- coming in by one ---- */

static void on_proved(struct kolam_identity_request *request) {
    note_guess(request);
    if (kolam_people_went_well(request)) {
        kolam_session_send_json(request->ctx,
                                json_pack("{ss sI ss}", "type", "link_name", "id",
                                          (json_int_t)request->id, "name", request->author.name));
    }
    kolam_people_finish(request);
}

static void tell_admitted(struct kolam_session *session,
                          const struct kolam_identity_request *request) {
    char hex[65];
    if (session->is_browser) {
        kolam_claims_add(session->server->claims, kolam_loop_now_ms(session->server->loop),
                         request->secret, session->is_secure, hex);
    } else {
        kolam_hex_encode(request->secret, sizeof(request->secret), hex);
    }
    kolam_session_send_json(session,
                            json_pack("{ss sI ss ss}", "type", "admitted", "id",
                                      (json_int_t)request->id, "name", request->author.name,
                                      session->is_browser ? "claim" : "token", hex));
    memset(hex, 0, sizeof(hex));
}

static void on_admitted(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    note_guess(request);
    if (kolam_people_went_well(request)) {
        kolam_logfmt(&session->server->logfmt, KOLAM_LOG_INFO, "identity_linked", "session=%u",
                     session->number);
        tell_admitted(session, request);
    }
    if (request->status == KOLAM_OK && request->kind == KOLAM_IDENTITY_UNITE_ADMIT) {
        kolam_people_merged(session->server, request->other, &request->author);
    }
    kolam_people_finish(request);
}

void kolam_keys_link_use(struct kolam_session *session, const json_t *message) {
    const bool is_look = json_is_true(json_object_get(message, "look"));
    const bool is_merge = !is_look && json_is_true(json_object_get(message, "merge"));
    struct kolam_identity_request *request =
        kolam_people_ask(session, message,
                         is_look    ? KOLAM_IDENTITY_PROVE
                         : is_merge ? KOLAM_IDENTITY_UNITE_ADMIT
                                    : KOLAM_IDENTITY_ADMIT,
                         is_merge, is_look ? on_proved : on_admitted);
    char room[80];
    if (!request) {
        return;
    }
    const char *wrong = read_proof(session, message, false, &request->proof, room, sizeof(room));
    if (wrong) {
        kolam_ask_error(session, request->id, "invalid", wrong);
    } else if (may_guess(session, request->id)) {
        memcpy(request->other, session->author.ident, KOLAM_IDENT_BYTES);
        request->is_into_prover = true;
        kolam_people_submit(request);
        return;
    }
    kolam_people_finish(request);
}

/* ---- becoming one ---- */

static void on_merged(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (request->kind == KOLAM_IDENTITY_UNITE) {
        note_guess(request);
    }
    if (kolam_people_went_well(request)) {
        kolam_session_send_json(session,
                                json_pack("{ss sI ss}", "type", "merged", "id",
                                          (json_int_t)request->id, "name", request->author.name));
    }
    if (request->status == KOLAM_OK) {
        kolam_people_merged(session->server, request->other, &request->author);
    }
    kolam_people_finish(request);
}

/* With the admin token: two artists of this canvas, by their numbers. */
static void merge_artists(struct kolam_session *session, const json_t *message) {
    uint64_t into, from;
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_MERGE, false, on_merged);
    if (!request) {
        return;
    }
    if (!session->is_admin) {
        kolam_ask_error(session, request->id, "denied", "this needs the admin token in hello");
    } else if (!kolam_json_uint(message, "into", UINT32_MAX, &into) || into < 1 ||
               !kolam_json_uint(message, "from", UINT32_MAX, &from) || from < 1) {
        kolam_ask_error(session, request->id, "invalid", "into and from must be artists");
    } else {
        request->number = (int64_t)from;
        kolam_people_of_artist(session, (uint32_t)into, request);
        return;
    }
    kolam_people_finish(request);
}

void kolam_keys_merge(struct kolam_session *session, const json_t *message) {
    char room[80];
    if (json_object_get(message, "into")) {
        merge_artists(session, message);
        return;
    }
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_UNITE, true, on_merged);
    if (!request) {
        return;
    }
    const char *wrong = read_proof(session, message, true, &request->proof, room, sizeof(room));
    if (wrong) {
        kolam_ask_error(session, request->id, "invalid", wrong);
    } else if (may_guess(session, request->id)) {
        memcpy(request->other, session->author.ident, KOLAM_IDENT_BYTES);
        kolam_people_submit(request);
        return;
    }
    kolam_people_finish(request);
}

/* ---- devices ---- */

static void on_devices(struct kolam_identity_request *request) {
    const struct kolam_session *session = request->ctx;
    if (kolam_people_went_well(request)) {
        const char *issuer = session->subject ? session->server->options->identity_issuer : NULL;
        (void)json_object_set_new(request->json, "type", json_string("devices"));
        (void)json_object_set_new(request->json, "id", json_integer((json_int_t)request->id));
        (void)json_object_set_new(request->json, "service",
                                  issuer ? json_string(issuer) : json_null());
        kolam_session_send_json(request->ctx, json_incref(request->json));
    }
    kolam_people_finish(request);
}

void kolam_keys_devices(struct kolam_session *session, const json_t *message) {
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_DEVICES, true, on_devices);
    if (request) {
        request->has_secret = session->has_secret;
        memcpy(request->secret, session->secret, sizeof(request->secret));
        kolam_people_submit(request);
    }
}

/* Connections that came in by the secret that is void now. */
static void end_device(struct kolam_server *server, const uint8_t ident[KOLAM_IDENT_BYTES],
                       const uint8_t hash[32]) {
    KOLAM_LIST_EACH(&server->sessions, struct kolam_session, link, session) {
        uint8_t own[32];
        if (!session->has_secret || !session->has_author ||
            memcmp(session->author.ident, ident, KOLAM_IDENT_BYTES) != 0) {
            continue;
        }
        kolam_sha256(session->secret, sizeof(session->secret), own);
        if (kolam_secret_equal(own, hash, sizeof(own))) {
            kolam_people_end(session, "signed out");
        }
    }
}

static void on_device_ended(struct kolam_identity_request *request) {
    struct kolam_session *session = request->ctx;
    if (kolam_people_went_well(request)) {
        kolam_session_send_json(session, json_pack("{ss sI sI}", "type", "device_ended", "id",
                                                   (json_int_t)request->id, "device",
                                                   (json_int_t)request->number));
    }
    if (request->status == KOLAM_OK) {
        end_device(session->server, request->author.ident, request->hash);
    }
    kolam_people_finish(request);
}

void kolam_keys_device_end(struct kolam_session *session, const json_t *message) {
    int64_t device;
    struct kolam_identity_request *request =
        kolam_people_ask(session, message, KOLAM_IDENTITY_DEVICE_END, true, on_device_ended);
    if (!request) {
        return;
    }
    if (kolam_json_int(message, "device", &device)) {
        request->number = device;
        kolam_people_submit(request);
    } else {
        kolam_ask_error(session, request->id, "invalid", "device must be a number");
        kolam_people_finish(request);
    }
}
