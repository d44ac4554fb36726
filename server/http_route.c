/* HTTP routing: Host first, then the path. */
#include "http_route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "history_http.h"
#include "http_api.h"
#include "http_outline.h"
#include "http_snapshot.h"
#include "http_static.h"
#include "http_tiles.h"
#include "http_versions.h"
#include "origin.h"
#include "place_http.h"
#include "sanctions.h"

#define COOKIE_MAX_AGE_S 31536000

void kolam_http_answer_json(struct kolam_http *http, int status, char *text) {
    struct kolam_bytes *body = text ? kolam_bytes_copy(text, strlen(text)) : NULL;
    if (body) {
        kolam_http_answer(http, status,
                          "Content-Type: application/json\r\nCache-Control: no-store\r\n", body);
    } else {
        kolam_http_error(http, 503, "out of memory");
    }
    kolam_bytes_unref(body);
    free(text);
}

bool kolam_query_get(const char *query, const char *name, char *out, size_t capacity) {
    const size_t name_size = strlen(name);
    for (const char *at = query; at && *at; at = strchr(at, '&'), at = at ? at + 1 : NULL) {
        if (strncmp(at, name, name_size) == 0 && at[name_size] == '=') {
            const char *value = at + name_size + 1;
            size_t size = strcspn(value, "&");
            if (size >= capacity) {
                return false;
            }
            memcpy(out, value, size);
            out[size] = '\0';
            return true;
        }
    }
    return false;
}

/* So that an operator can tell a mistake in a proxy from somebody who tries. */
static void log_refused(struct kolam_server *server, const char *event, const char *what,
                        const char *value, const struct kolam_address *peer) {
    char quoted[300], address[KOLAM_ADDRESS_TEXT_MAX];
    kolam_address_text(peer, address);
    kolam_logfmt(&server->logfmt, KOLAM_LOG_WARN, event, "%s=%s peer=%s", what,
                 kolam_logfmt_quote(quoted, sizeof(quoted), value), address);
}

static bool is_host_fine(struct kolam_server *server, const struct kolam_request *request) {
    if (kolam_host_is_allowed(server->options, kolam_net_listen_host(server->net), request->host)) {
        return true;
    }
    log_refused(server, "host_refused", "host", request->host, &request->peer);
    return false;
}

static bool is_origin_fine(struct kolam_server *server, const struct kolam_request *request) {
    return kolam_origin_is_allowed(server->options, kolam_net_has_tls(server->net), request->origin,
                                   request->host);
}

bool kolam_http_may_open(void *ctx, const struct kolam_request *request) {
    struct kolam_server *server = ctx;
    if (server->is_stopping || !is_host_fine(server, request)) {
        return false;
    }
    if (!is_origin_fine(server, request)) {
        log_refused(server, "origin_refused", "origin", request->origin, &request->peer);
        return false;
    }
    return true;
}

/* The one HTTP answer that carries a secret: only to our own page, which a form or an image of another
 * cannot pretend to be, because neither can set the header. */
static void answer_claim(struct kolam_server *server, struct kolam_http *http,
                         const struct kolam_request *request, const char *code) {
    uint8_t secret[KOLAM_SECRET_BYTES];
    bool is_secure;
    char hex[65], headers[400];
    if (!request->is_ours || !is_origin_fine(server, request)) {
        kolam_http_error(http, 403,
                         "a claim needs the header X-Kolam: 1 and comes from our own page");
        return;
    }
    if (!kolam_claims_take(server->claims, kolam_loop_now_ms(server->loop), code, secret,
                           &is_secure)) {
        kolam_http_error(http, 404,
                         "this code is unknown, used or older than a minute; identify again");
        return;
    }
    kolam_hex_encode(secret, sizeof(secret), hex);
    snprintf(headers, sizeof(headers),
             "Set-Cookie: kolam_%s=%s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s\r\n"
             "Cache-Control: no-store\r\n",
             server->instance, hex, COOKIE_MAX_AGE_S,
             is_secure || kolam_net_has_tls(server->net) ? "; Secure" : "");
    kolam_http_answer(http, 204, headers, NULL);
    memset(secret, 0, sizeof(secret));
    memset(hex, 0, sizeof(hex));
}

static const char *after(const char *path, const char *prefix) {
    size_t size = strlen(prefix);
    return strncmp(path, prefix, size) == 0 ? path + size : NULL;
}

/* What is asked of a canvas, by the last part of the path; shared answers (answers.h) name theirs themselves. */
static const struct {
    enum kolam_http_kind kind;
    const struct kolam_question_kind *question;
} shared[] = {
    {KOLAM_HTTP_LIVELY, &kolam_lively_kind}, {KOLAM_HTTP_HEAT, &kolam_heat_kind},
    {KOLAM_HTTP_PEOPLE, &kolam_people_kind}, {KOLAM_HTTP_PLACES, &kolam_places_kind},
    {KOLAM_HTTP_SEARCH, &kolam_search_kind},
};
#define SHARED_COUNT (sizeof(shared) / sizeof(shared[0]))

static enum kolam_http_kind canvas_kind_of(const char *what) {
    for (size_t i = 0; i < SHARED_COUNT; i++) {
        if (strcmp(what, shared[i].question->name) == 0) {
            return shared[i].kind;
        }
    }
    return strcmp(what, "versions") == 0 ? KOLAM_HTTP_VERSIONS : KOLAM_HTTP_HISTORY;
}

static void ask_shared(struct kolam_server *server, struct kolam_http *http, const char *rest,
                       enum kolam_http_kind kind) {
    for (size_t i = 0; i < SHARED_COUNT; i++) {
        if (shared[i].kind == kind) {
            kolam_answers_request(server, http, rest, shared[i].question);
            return;
        }
    }
}

/* What is asked for, and what follows the path's fixed part. */
static enum kolam_http_kind kind_of(const struct kolam_request *request, const char **out_rest) {
    const char *path = request->path;
    if ((*out_rest = after(path, "/tiles/"))) {
        return after(request->query, "at=") || strstr(request->query, "&at=") ? KOLAM_HTTP_PAST_TILE
                                                                              : KOLAM_HTTP_TILE;
    }
    if ((*out_rest = after(path, "/api/canvas/"))) {
        const char *what = strchr(*out_rest, '/');
        return what ? canvas_kind_of(what + 1) : KOLAM_HTTP_CANVAS;
    }
    if ((*out_rest = after(path, "/claim/"))) {
        return KOLAM_HTTP_CLAIM;
    }
    if (strcmp(path, "/snapshot.png") == 0) {
        return KOLAM_HTTP_SNAPSHOT;
    }
    if (strcmp(path, "/api/outline") == 0) {
        return KOLAM_HTTP_OUTLINE;
    }
    if (strcmp(path, "/healthz") == 0) {
        return KOLAM_HTTP_HEALTH;
    }
    if (strcmp(path, "/metrics") == 0) {
        return KOLAM_HTTP_METRICS;
    }
    return strcmp(path, "/ws") == 0 ? KOLAM_HTTP_OTHER : KOLAM_HTTP_PAGE;
}

bool kolam_http_take(struct kolam_server *server, struct kolam_http *http, enum kolam_limit limit,
                     uint64_t cost) {
    const uint64_t wait_us = kolam_limits_take(server->limits, kolam_http_payer(http), limit, cost,
                                               kolam_loop_now_us(server->loop));
    char text[120];
    if (wait_us == 0) {
        return true;
    }
    kolam_http_retry_after(http, wait_us);
    snprintf(text, sizeof(text),
             "too much was asked from your address (%s); try again a little later",
             kolam_limit_name(limit));
    kolam_http_error(http, 429, text);
    return false;
}

/* What a worker has to look up for the one who asks. */
static bool is_question(enum kolam_http_kind kind) {
    return kind == KOLAM_HTTP_HISTORY || kind == KOLAM_HTTP_HEAT || kind == KOLAM_HTTP_SEARCH ||
           kind == KOLAM_HTTP_OUTLINE;
}

static void route(struct kolam_server *server, struct kolam_http *http,
                  const struct kolam_request *request) {
    const char *rest;
    const enum kolam_http_kind kind = kind_of(request, &rest);
    kolam_http_set_kind(http, (uint8_t)kind);
    if (kind != KOLAM_HTTP_HEALTH && kolam_sanctions_shut_out(server, NULL, &request->peer)) {
        kolam_http_error(http, 403, "this address may not look at this server now");
        return;
    }
    if (!kolam_http_take(server, http, KOLAM_LIMIT_REQUESTS, 1) ||
        (is_question(kind) && !kolam_http_take(server, http, KOLAM_LIMIT_ASKS, 1))) {
        return;
    }
    switch (kind) {
    case KOLAM_HTTP_TILE:
    case KOLAM_HTTP_PAST_TILE:
        kolam_tiles_request(server, http, rest);
        return;
    case KOLAM_HTTP_CANVAS:
        kolam_api_canvas(server, http, rest);
        return;
    case KOLAM_HTTP_VERSIONS:
        kolam_versions_request(server, http, rest);
        return;
    case KOLAM_HTTP_HISTORY:
        kolam_history_request(server, http, rest);
        return;
    case KOLAM_HTTP_LIVELY:
    case KOLAM_HTTP_HEAT:
    case KOLAM_HTTP_PEOPLE:
    case KOLAM_HTTP_PLACES:
    case KOLAM_HTTP_SEARCH:
        ask_shared(server, http, rest, kind);
        return;
    case KOLAM_HTTP_SNAPSHOT:
        kolam_snapshots_request(server, http, request);
        return;
    case KOLAM_HTTP_OUTLINE:
        kolam_outline_request(server, http);
        return;
    case KOLAM_HTTP_CLAIM:
        answer_claim(server, http, request, rest);
        return;
    case KOLAM_HTTP_HEALTH:
        kolam_health_answer(server, http);
        return;
    case KOLAM_HTTP_METRICS:
        kolam_metrics_answer(server, http);
        return;
    case KOLAM_HTTP_PAGE:
        kolam_static_request(server, http, request);
        return;
    default:
        kolam_http_error(http, 400, "this is a WebSocket; upgrade with subprotocol kolam.v1");
        return;
    }
}

void kolam_http_on_request(void *ctx, struct kolam_http *http,
                           const struct kolam_request *request) {
    struct kolam_server *server = ctx;
    if (is_host_fine(server, request)) {
        route(server, http, request);
    } else {
        kolam_http_error(http, 403,
                         "this Host is not ours; allow it with kolam serve --allow-host");
    }
}
