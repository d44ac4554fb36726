/* See inner_server.h. A frame that the server writes is taken apart: what it sends is well-formed whatever it was sent. */
#include "inner_server.h"

#include <ev.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "canvas_probe.h"
#include "kolam/alloc.h"
#include "kolam/command.h"
#include "server/claims.h"

#define LATE_S 1.0

static struct {
    struct kolam_net_options options;
    struct kolam_loop *loop;
    struct ev_async asked;
    struct ev_prepare turn;
    struct ev_timer late;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_ready, is_working, is_late;
    bool (*work)(void *ctx, bool is_late);
    void *ctx;
    char token[65], admin_token[65];
    uint64_t sanctions; /* the newest that was made */
    char code[16], invitation[40], phrase[256];
} inner = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

/* ---- the loop's side ---- */

static void work_on(void) {
    pthread_mutex_lock(&inner.lock);
    bool is_working = inner.is_working;
    pthread_mutex_unlock(&inner.lock);
    if (is_working && inner.work(inner.ctx, inner.is_late)) {
        ev_timer_stop(kolam_loop_ev(inner.loop), &inner.late);
        pthread_mutex_lock(&inner.lock);
        inner.is_working = inner.is_late = false;
        pthread_cond_broadcast(&inner.changed);
        pthread_mutex_unlock(&inner.lock);
    }
}

static void on_turn(struct ev_loop *ev, struct ev_prepare *watcher, int events) {
    (void)ev, (void)watcher, (void)events;
    work_on();
}

static void on_late(struct ev_loop *ev, struct ev_timer *watcher, int events) {
    (void)ev, (void)watcher, (void)events;
    inner.is_late = true;
}

static void on_asked(struct ev_loop *ev, struct ev_async *watcher, int events) {
    (void)watcher, (void)events;
    ev_timer_set(&inner.late, LATE_S, LATE_S);
    ev_timer_start(ev, &inner.late);
}

/* ---- the fuzzer's side ---- */

void inner_server_run(bool (*work)(void *ctx, bool is_late), void *ctx) {
    pthread_mutex_lock(&inner.lock);
    inner.work = work;
    inner.ctx = ctx;
    inner.is_working = true;
    ev_async_send(kolam_loop_ev(inner.loop), &inner.asked);
    while (inner.is_working) {
        pthread_cond_wait(&inner.changed, &inner.lock);
    }
    pthread_mutex_unlock(&inner.lock);
}

const struct kolam_net_handlers *inner_server_handlers(void) {
    return &inner.options.handlers;
}

const char *inner_server_token(void) {
    return inner.token;
}

void inner_server_forget_token(void) {
    inner.token[0] = '\0';
}

const char *inner_server_told(char what) {
    return what == 'C'   ? inner.code
           : what == 'I' ? inner.invitation
           : what == 'P' ? inner.phrase
                         : NULL;
}

uint64_t inner_server_sanctions(void) {
    return inner.sanctions;
}

void inner_server_address(char out_text[32]) {
    static uint32_t count;
    const uint32_t number = ++count * 0x9e3779b1u; /* a ban of one prefix is not one of all */
    (void)snprintf(out_text, 32, "10.%u.%u.%u", number >> 24, number >> 16 & 255,
                   number >> 8 & 255);
}

const char *inner_server_admin_token(void) {
    return inner.admin_token;
}

static void make_person(void) {
    struct kolam_identity_db *db;
    struct kolam_author author;
    uint8_t secret[KOLAM_SECRET_BYTES];
    require(kolam_identity_db_create(probe_path("identity.db"), kolam_clock_system(), &db, NULL) ==
            KOLAM_OK);
    require(kolam_identity_make(db, secret, &author) == KOLAM_OK);
    kolam_hex_encode(secret, sizeof secret, inner.token);
    kolam_identity_db_destroy(db);
    require(kolam_admin_token_load(probe_folder(), inner.admin_token, NULL) == KOLAM_OK);
}

static void make_canvas(void) {
    struct kolam_folder *folder;
    require(kolam_folder_open(probe_folder(), &folder, NULL) == KOLAM_OK);
    kolam_folder_close(folder);
    require(mkdir(probe_path("web"), 0700) == 0);
    probe_write(probe_path("web/index.html"), "<!doctype html>", 15);
    probe_write(probe_path("web/app.js"), "'use strict';", 13);
    const char *path = probe_path("canvases/main.kolam");
    for (int i = 0; i < 3; i++) {
        probe_append(path);
    }
}

static void *serve(void *ctx) {
    (void)ctx;
    char data[64], web[96];
    (void)snprintf(data, sizeof data, "%s", probe_folder());
    (void)snprintf(web, sizeof web, "%s/web", data);
    /* What is looked for is what a message does, not how often it may be said. */
    char *argv[] = {"serve",     "--data",
                    data,        "--web",
                    web,         "--log-level",
                    "error",     "--threads",
                    "2",         "--gather-us",
                    "0",         "--vanish-ms",
                    "1000",      "--tile-cache-mb",
                    "16",        "--limit",
                    "all=off",   "--trusted-proxy",
                    "127.0.0.1", "--identity-header",
                    "X-Who",     "--identity-issuer",
                    "fuzz",      NULL};
    exit(kolam_cmd_serve((int)(sizeof argv / sizeof argv[0]) - 1,
                         argv)); /* it does not end by itself */
}

void inner_server_start(void) {
    pthread_t thread;
    if (inner.is_ready) {
        return;
    }
    make_canvas();
    make_person();
    require(pthread_create(&thread, NULL, serve, NULL) == 0);
    pthread_mutex_lock(&inner.lock);
    while (!inner.is_ready) {
        pthread_cond_wait(&inner.changed, &inner.lock);
    }
    pthread_mutex_unlock(&inner.lock);
}

/* ---- net.h ---- */

struct kolam_net {
    int nothing;
};
static struct kolam_net the_net;

enum kolam_status kolam_net_create(struct kolam_loop *loop, const struct kolam_net_options *options,
                                   struct kolam_net **out_net, struct kolam_error *error) {
    (void)error;
    inner.loop = loop;
    inner.options = *options;
    *out_net = &the_net;
    struct ev_loop *ev = kolam_loop_ev(loop);
    ev_async_init(&inner.asked, on_asked);
    ev_async_start(ev, &inner.asked);
    ev_prepare_init(&inner.turn, on_turn);
    ev_prepare_start(ev, &inner.turn);
    ev_timer_init(&inner.late, on_late, LATE_S, LATE_S);
    pthread_mutex_lock(&inner.lock);
    inner.is_ready = true;
    pthread_cond_broadcast(&inner.changed);
    pthread_mutex_unlock(&inner.lock);
    return KOLAM_OK;
}

enum kolam_status kolam_net_check(const struct kolam_net_options *options,
                                  struct kolam_error *error) {
    (void)options, (void)error;
    return KOLAM_OK;
}
void kolam_net_destroy(struct kolam_net *net) {
    (void)net;
}
void kolam_net_stop_listening(struct kolam_net *net) {
    (void)net;
}
void kolam_net_reload_certificate(struct kolam_net *net) {
    (void)net;
}
bool kolam_net_has_tls(const struct kolam_net *net) {
    (void)net;
    return false;
}
const char *kolam_net_url(const struct kolam_net *net) {
    (void)net;
    return "http://127.0.0.1:7700/";
}
const char *kolam_net_listen_host(const struct kolam_net *net) {
    (void)net;
    return "127.0.0.1";
}
uint32_t kolam_net_connections(const struct kolam_net *net) {
    (void)net;
    return 1;
}
uint64_t kolam_net_http_bytes(const struct kolam_net *net) {
    (void)net;
    return 0;
}
uint64_t kolam_net_unended_bytes(const struct kolam_net *net) {
    (void)net;
    return 0;
}
void kolam_net_sweep(struct kolam_net *net) {
    (void)net;
}

/* What the fuzzer says later depends on it: who the artist is by now, and what is in force. */
static void note(const json_t *message) {
    const char *token = json_string_value(json_object_get(message, "token"));
    const char *code = json_string_value(json_object_get(message, "code"));
    const char *type = json_string_value(json_object_get(message, "type"));
    const char *phrase = json_string_value(json_object_get(message, "phrase"));
    const json_t *sanction = json_object_get(message, "sanction");
    const json_int_t number = json_integer_value(json_object_get(sanction, "sanction"));
    if (token && strlen(token) == 64 && inner.token[0] == '\0') {
        (void)strcpy(inner.token, token);
    }
    if (code && strcmp(type, "link") == 0) {
        (void)snprintf(inner.code, sizeof inner.code, "%s", code);
    } else if (code && strcmp(type, "invitation") == 0) {
        (void)snprintf(inner.invitation, sizeof inner.invitation, "%s", code);
    } else if (phrase && strcmp(type, "recovery") == 0) {
        (void)snprintf(inner.phrase, sizeof inner.phrase, "%s", phrase);
    }
    inner.sanctions = (uint64_t)number > inner.sanctions ? (uint64_t)number : inner.sanctions;
}

/* A frame of the server's: FIN, text or binary, not masked. */
static size_t check_frame(const uint8_t *bytes, size_t size) {
    require(size >= 2 && (bytes[0] == 0x81 || bytes[0] == 0x82) && bytes[1] < 128);
    uint64_t payload = bytes[1];
    size_t head = 2;
    for (size_t more = payload == 126 ? 2 : payload == 127 ? 8 : 0; more > 0; more = 0) {
        require(size >= 2 + more);
        payload = 0;
        for (size_t i = 0; i < more; i++) {
            payload = payload << 8 | bytes[2 + i];
        }
        head += more;
    }
    require(payload <= size - head);
    if (bytes[0] == 0x81) {
        json_t *message = json_loadb((const char *)bytes + head, payload, 0, NULL);
        require(json_is_object(message) && json_is_string(json_object_get(message, "type")));
        note(message);
        json_decref(message);
    }
    return head + payload;
}

void kolam_socket_write(struct kolam_socket *ws, uint8_t *bytes, size_t size) {
    while (size > 0) {
        const size_t used = check_frame(bytes, size);
        ws->frames++;
        bytes += used;
        size -= used;
    }
}
bool kolam_socket_is_congested(const struct kolam_socket *ws) {
    return ws->is_closed;
}
void kolam_socket_want_writable(struct kolam_socket *ws) {
    (void)ws;
}
int64_t kolam_socket_congested_ms(const struct kolam_socket *ws) {
    (void)ws;
    return 0;
}
void kolam_socket_close(struct kolam_socket *ws, uint16_t code, const char *reason) {
    require(code >= 1000 && code < 5000 && reason != NULL);
    ws->close_code = ws->is_closed ? ws->close_code : code;
    ws->is_closed = true;
}
void kolam_socket_set_reading(struct kolam_socket *ws, bool is_reading) {
    ws->is_paused = !is_reading;
}
void kolam_socket_set_message_max(struct kolam_socket *ws, size_t size) {
    (void)ws;
    require(size > 0 && size <= KOLAM_MESSAGE_BYTES_MAX);
}
const char *kolam_socket_peer(const struct kolam_socket *ws) {
    return ws->peer;
}

const struct kolam_request *kolam_http_request(const struct kolam_http *http) {
    return &http->request;
}
void kolam_http_set_kind(struct kolam_http *http, uint8_t kind) {
    http->kind = kind;
}
void kolam_http_retry_after(struct kolam_http *http, uint64_t wait_us) {
    (void)http, (void)wait_us;
}
const struct kolam_payer *kolam_http_payer(const struct kolam_http *http) {
    static const struct kolam_payer nobody = {.is_exempt = true};
    (void)http;
    return &nobody;
}
void kolam_http_set_on_gone(struct kolam_http *http, void (*on_gone)(void *ctx), void *ctx) {
    http->on_gone = on_gone;
    http->gone_ctx = ctx;
}

/* Lines of "Name: value\r\n", nothing else: what a request says cannot begin another header, or the body. */
static void check_headers(const char *headers) {
    for (const char *at = headers; at && *at;) {
        const size_t name = strcspn(at, ":\r\n");
        const char *value = at + name + 1;
        require(name > 0 && at[name] == ':');
        const size_t size = strcspn(value, "\r\n");
        require(value[size] == '\r' && value[size + 1] == '\n');
        for (size_t i = 0; i < size; i++) {
            require((uint8_t)value[i] >= 0x20 && value[i] != 0x7f);
        }
        at = value + size + 2;
    }
}

static void answer(struct kolam_http *http, int status, const char *headers) {
    require(!http->is_answered && status >= 200 && status < 600);
    check_headers(headers);
    http->is_answered = true;
    http->status = status;
    inner.options.handlers.on_answer(inner.options.handlers.ctx, http->kind, status, 1);
}

void kolam_http_answer(struct kolam_http *http, int status, const char *headers,
                       struct kolam_bytes *body) {
    if (headers && body && strstr(headers, "Content-Type: application/json")) {
        json_t *json = json_loadb((const char *)body->data, body->size, JSON_DECODE_ANY, NULL);
        require(json != NULL);
        json_decref(json);
    }
    http->on_gone = NULL;
    answer(http, status, headers);
}
void kolam_http_error(struct kolam_http *http, int status, const char *message) {
    require(status >= 400 && message[0] != '\0');
    http->on_gone = NULL;
    answer(http, status, "");
}
void kolam_http_stream(struct kolam_http *http, int status, const char *headers,
                       long (*pull)(void *ctx, uint8_t *out, size_t capacity), void *ctx) {
    http->pull = pull;
    http->pull_ctx = ctx;
    answer(http, status, headers);
}
void kolam_http_pullable(struct kolam_http *http) {
    (void)http;
}
