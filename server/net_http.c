/* HTTP: the door, and answers written as the client takes them.
 *
 * The library can be made to spin for ever by a request with a body after a pipelined GET, so nothing but GET and
 * HEAD without a body passes the door. Headers are written here, once, in one packet with the beginning of
 * the body. A client that stops reading is closed by the sweep: the library would wait for it for ever. */
#include <libwebsockets.h>

#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"
#include "net_door.h"
#include "net_head.h"

#define STALL_MS 30000
/* Who reads, but so slowly that it is meant to hold us, is like one who does not. */
#define SLOWEST_BYTES_PER_S 1024
#define HEAD_BYTES_MAX 3072

struct kolam_http {
    struct kolam_net_peer peer;
    struct kolam_list link;
    struct kolam_net *net;
    struct kolam_net_connection *connection;
    struct lws *wsi;
    struct kolam_request *request;
    struct kolam_payer payer;
    uint32_t retry_s; /* with a 429 or 503 */
    void (*on_gone)(void *ctx);
    void *gone_ctx;
    int status;
    char *headers;
    struct kolam_bytes *body;
    uint32_t body_sent;
    long (*pull)(void *ctx, uint8_t *out, size_t capacity);
    void *pull_ctx;
    int64_t progress_ms; /* when bytes last left; 0 while the answer is being made */
    int64_t ready_ms;
    bool is_in_callback; /* the library called us: it is ours to write now */
    bool is_ready, has_sent_head, is_killed;
    uint8_t kind;
    uint64_t begun_us;
};

static const char security_headers[] = "X-Content-Type-Options: nosniff\r\n"
                                       "Referrer-Policy: no-referrer\r\n"
                                       "Cross-Origin-Opener-Policy: same-origin\r\n";
/* Who came by TLS once is not talked into plain HTTP later. */
static const char tls_headers[] = "Strict-Transport-Security: max-age=31536000\r\n";

static const char *status_text(int status) {
    switch (status) {
    case 200:
        return "OK";
    case 204:
        return "No Content";
    case 302:
        return "Found";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 410:
        return "Gone";
    case 413:
        return "Content Too Large";
    case 429:
        return "Too Many Requests";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

static void destroy(struct kolam_http *http) {
    kolam_list_remove(&http->link);
    kolam_net_door_end(http->connection);
    kolam_payer_release(http->net->options.limits, &http->payer);
    kolam_bytes_unref(http->body);
    kolam_free(http->headers);
    kolam_free(http->request);
    kolam_free(http);
}

static struct kolam_http *create(struct kolam_net_connection *connection) {
    struct kolam_net *net = connection->net;
    struct kolam_http *http = kolam_alloc_zero(1, sizeof(*http));
    if (!http) {
        return NULL;
    }
    http->request = kolam_alloc_zero(1, sizeof(*http->request));
    if (!http->request) {
        kolam_free(http);
        return NULL;
    }
    http->peer.kind = KOLAM_NET_HTTP;
    http->net = net;
    http->connection = connection;
    http->wsi = connection->wsi;
    http->retry_s = 1;
    http->begun_us = kolam_loop_now_us(net->loop);
    kolam_list_append(&net->requests, &http->link);
    kolam_net_door_begin(connection, &http->peer);
    return http;
}

void kolam_net_http_gone(struct kolam_net_peer *peer) {
    struct kolam_http *http = (struct kolam_http *)peer;
    if (http->on_gone) {
        http->on_gone(http->gone_ctx);
    }
    destroy(http);
}

/* The connection ends with this answer. */
static bool is_last(const struct kolam_http *http) {
    return (http->pull && http->request->is_http_1_0) ||
           kolam_net_head_must_close(http->connection);
}

static size_t compose_head(const struct kolam_http *http, char *out, size_t capacity) {
    char length[64] = "";
    if (http->pull) {
        /* An old client cannot read chunks: it gets the end of the connection as the end. */
        snprintf(length, sizeof(length), "%s",
                 http->request->is_http_1_0 ? "" : "Transfer-Encoding: chunked\r\n");
    } else if (http->status != 204 && http->status != 304) {
        snprintf(length, sizeof(length), "Content-Length: %u\r\n",
                 http->body ? http->body->size : 0);
    }
    int size = snprintf(out, capacity, "HTTP/1.1 %d %s\r\n%s%s%s%s%s\r\n", http->status,
                        status_text(http->status), length,
                        is_last(http) ? "Connection: close\r\n" : "", security_headers,
                        http->net->tls ? tls_headers : "", http->headers ? http->headers : "");
    return size < 0 || (size_t)size >= capacity ? 0 : (size_t)size;
}

/* The whole answer is with the library. Nonzero: close. */
static int complete(struct kolam_http *http) {
    struct kolam_net_connection *connection = http->connection;
    struct lws *wsi = http->wsi;
    bool must_close = is_last(http);
    destroy(http);
    if (must_close || lws_http_transaction_completed(wsi)) {
        return -1;
    }
    if (!connection->peer) {
        lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0); /* the deadline is ours: net_door.c */
    }
    return 0;
}

static int send_bytes(struct kolam_http *http, uint8_t *bytes, size_t size) {
    http->progress_ms = kolam_loop_now_ms(http->net->loop);
    http->net->http_bytes += size;
    return lws_write(http->wsi, bytes, size, LWS_WRITE_HTTP) < 0 ? -1 : 0;
}

/* Fills the rest of the scratch with the next of the body; *used grows. */
static void take_body(struct kolam_http *http, uint8_t *out, size_t *used, size_t capacity) {
    uint32_t rest = http->body->size - http->body_sent;
    size_t n = rest < capacity - *used ? rest : capacity - *used;
    memcpy(out + *used, http->body->data + http->body_sent, n);
    http->body_sent += (uint32_t)n;
    *used += n;
}

static int write_whole(struct kolam_http *http) {
    uint8_t *out = http->net->scratch + KOLAM_SOCKET_PAD;
    size_t used = 0;
    if (!http->has_sent_head) {
        http->has_sent_head = true;
        used = compose_head(http, (char *)out, HEAD_BYTES_MAX);
        if (used == 0) {
            return -1;
        }
    }
    bool has_body = http->body && !http->request->is_head && http->status != 304;
    if (has_body) {
        take_body(http, out, &used, KOLAM_NET_SCRATCH_BYTES);
    }
    if (send_bytes(http, out, used) != 0) {
        return -1;
    }
    if (has_body && http->body_sent < http->body->size) {
        lws_callback_on_writable(http->wsi);
        return 0;
    }
    return complete(http);
}

/* A chunk is its size in hex, the bytes, and a line end; room for both is kept around what is pulled. */
static int write_stream(struct kolam_http *http) {
    enum { FRONT = 8, BACK = 16 };
    uint8_t *out = http->net->scratch + KOLAM_SOCKET_PAD;
    size_t used = 0;
    bool is_chunked = !http->request->is_http_1_0;
    if (!http->has_sent_head) {
        http->has_sent_head = true;
        used = compose_head(http, (char *)out, HEAD_BYTES_MAX);
        if (used == 0) {
            return -1;
        }
    }
    long pulled = http->pull(http->pull_ctx, out + used + FRONT,
                             KOLAM_NET_SCRATCH_BYTES - used - FRONT - BACK);
    if (pulled <= KOLAM_PULL_END) {
        http->on_gone = NULL;
    }
    if (pulled == KOLAM_PULL_FAILED) {
        return -1; /* an unfinished chunked body tells the client that it is not whole */
    }
    if (pulled > 0 && is_chunked) {
        char front[24]; /* at most 65,536 bytes: six digits */
        snprintf(front, sizeof(front), "%06lX\r\n", (unsigned long)pulled);
        memcpy(out + used, front, FRONT);
        used += FRONT + (size_t)pulled;
        memcpy(out + used, "\r\n", 2);
        used += 2;
    } else if (pulled > 0) {
        memmove(out + used, out + used + FRONT, (size_t)pulled);
        used += (size_t)pulled;
    } else if (pulled == KOLAM_PULL_END && is_chunked) {
        memcpy(out + used, "0\r\n\r\n", 5);
        used += 5;
    }
    if (used > 0 && send_bytes(http, out, used) != 0) {
        return -1;
    }
    if (pulled == KOLAM_PULL_END) {
        return complete(http);
    }
    if (pulled > 0) {
        lws_callback_on_writable(http->wsi);
    }
    return 0;
}

static int write_some(struct kolam_http *http) {
    return http->pull ? write_stream(http) : write_whole(http);
}

static void refuse(struct lws *wsi, const char *status) {
    uint8_t out[LWS_PRE + 256];
    int size = snprintf(
        (char *)out + LWS_PRE, 256,
        "HTTP/1.1 %s\r\nAllow: GET, HEAD\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        status);
    (void)lws_write(wsi, out + LWS_PRE, (size_t)size, LWS_WRITE_HTTP);
}

/* Nonzero closes the connection, whatever follows in it. */
static int filter(struct kolam_net_connection *connection) {
    struct kolam_net *net = connection->net;
    struct lws *wsi = connection->wsi;
    bool is_readable = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0 ||
                       lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    if (!is_readable) {
        net->options.handlers.on_answer(net->options.handlers.ctx, 0, 405, 0);
        refuse(wsi, "405 Method Not Allowed");
        return 1;
    }
    if (!kolam_net_has_no_body(wsi)) {
        net->options.handlers.on_answer(net->options.handlers.ctx, 0, 413, 0);
        refuse(wsi, "413 Content Too Large");
        return 1;
    }
    return 0;
}

/* Who asks through a trusted proxy pays for himself. */
static void set_payer(struct kolam_http *http) {
    const struct kolam_net_connection *connection = http->connection;
    if (kolam_address_equal(&http->request->peer, &connection->address)) {
        kolam_payer_copy(&http->payer, &connection->payer);
    } else {
        kolam_payer_set_address(http->net->options.limits, &http->payer, &http->request->peer);
    }
}

static int begin(struct kolam_net_connection *connection) {
    struct kolam_net *net = connection->net;
    struct lws *wsi = connection->wsi;
    struct kolam_http *http = create(connection);
    if (!http) {
        return -1;
    }
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0); /* from here on the deadline is ours */
    http->is_in_callback = true;
    if (kolam_net_read_request(wsi, http->request)) {
        set_payer(http);
        net->options.handlers.on_request(net->options.handlers.ctx, http, http->request);
    } else {
        kolam_http_error(http, 400, "the request's headers are too long or malformed");
    }
    http->is_in_callback = false;
    return http->is_ready ? write_some(http) : 0;
}

/* The library answers 403 to an Upgrade that it does not know and has done with the request, headers and all; then it goes on as if it
 * knew it, and reads the header's text where it was. Only hanging up keeps it from that. */
static bool was_answered(struct lws *wsi) {
    return lws_hdr_total_length(wsi, WSI_TOKEN_UPGRADE) <= 0;
}

int kolam_net_http_callback(struct kolam_net_connection *connection, int reason) {
    struct kolam_net_peer *peer = connection->peer;
    struct kolam_http *http =
        peer && peer->kind == KOLAM_NET_HTTP ? (struct kolam_http *)peer : NULL;
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return was_answered(connection->wsi) ? -1 : 0;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return 1; /* an upgrade without our subprotocol */
    case LWS_CALLBACK_FILTER_HTTP_CONNECTION:
        return filter(connection);
    case LWS_CALLBACK_HTTP:
        return peer ? -1 : begin(connection);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        if (!http || !http->is_ready) {
            return 0;
        }
        return http->is_killed ? -1 : write_some(http);
    default:
        return 0;
    }
}

static void make_ready(struct kolam_http *http, int status, const char *headers) {
    http->status = status;
    http->headers = headers ? kolam_strdup(headers) : NULL;
    http->is_ready = true;
    http->progress_ms = http->ready_ms = kolam_loop_now_ms(http->net->loop);
    http->net->options.handlers.on_answer(http->net->options.handlers.ctx, http->kind, status,
                                          kolam_loop_now_us(http->net->loop) - http->begun_us);
    if (!http->is_in_callback) {
        lws_callback_on_writable(http->wsi);
    }
}

const struct kolam_request *kolam_http_request(const struct kolam_http *http) {
    return http->request;
}

void kolam_http_set_kind(struct kolam_http *http, uint8_t kind) {
    http->kind = kind;
}

void kolam_http_set_on_gone(struct kolam_http *http, void (*on_gone)(void *ctx), void *ctx) {
    http->on_gone = on_gone;
    http->gone_ctx = ctx;
}

void kolam_http_answer(struct kolam_http *http, int status, const char *headers,
                       struct kolam_bytes *body) {
    http->on_gone = NULL;
    http->body = body ? kolam_bytes_ref(body) : NULL;
    make_ready(http, status, headers);
}

/* A message may quote what the client sent: what JSON does not allow in a string becomes harmless. */
static void copy_harmless(char *out, size_t capacity, const char *text) {
    size_t used = 0;
    for (; *text && used + 1 < capacity; text++) {
        unsigned char c = (unsigned char)*text;
        out[used++] = (char)(c == '"' || c == '\\' || c < 0x20 || c >= 0x7f ? '?' : c);
    }
    out[used] = '\0';
}

void kolam_http_error(struct kolam_http *http, int status, const char *message) {
    char harmless[400], text[512];
    copy_harmless(harmless, sizeof(harmless), message);
    int size = snprintf(text, sizeof(text), "{\"error\":\"%s\"}\n", harmless);
    struct kolam_bytes *body = kolam_bytes_copy(text, (size_t)size);
    char headers[160] = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
    if (status == 429 || status == 503) {
        snprintf(headers + strlen(headers), sizeof(headers) - strlen(headers),
                 "Retry-After: %u\r\n", http->retry_s);
    }
    kolam_http_answer(http, status, headers, body);
    kolam_bytes_unref(body);
}

void kolam_http_retry_after(struct kolam_http *http, uint64_t wait_us) {
    const uint64_t seconds = (wait_us + 999999) / 1000000;
    http->retry_s = seconds < 1 ? 1 : seconds > 3600 ? 3600 : (uint32_t)seconds;
}

const struct kolam_payer *kolam_http_payer(const struct kolam_http *http) {
    return &http->payer;
}

void kolam_http_stream(struct kolam_http *http, int status, const char *headers,
                       long (*pull)(void *ctx, uint8_t *out, size_t capacity), void *ctx) {
    http->pull = pull;
    http->pull_ctx = ctx;
    make_ready(http, status, headers);
}

void kolam_http_pullable(struct kolam_http *http) {
    if (http->is_ready) {
        lws_callback_on_writable(http->wsi);
    }
}

/* All of an answer is to be read within this; of one whose length is not known only stalls are looked for here. */
static bool is_too_slow(const struct kolam_http *http, int64_t now_ms) {
    const int64_t size = http->body ? http->body->size : 0;
    return !http->pull && now_ms - http->ready_ms > STALL_MS + size * 1000 / SLOWEST_BYTES_PER_S;
}

/* The clock runs only while the client is expected to read: making an answer may take its time. */
void kolam_net_http_sweep(struct kolam_net *net, int64_t now_ms) {
    KOLAM_LIST_EACH(&net->requests, struct kolam_http, link, http) {
        bool is_stuck = http->is_ready && (!http->pull || lws_partial_buffered(http->wsi)) &&
                        now_ms - http->progress_ms > STALL_MS;
        is_stuck = is_stuck || (http->is_ready && is_too_slow(http, now_ms));
        if (is_stuck && !http->is_killed) {
            http->is_killed = true;
            lws_set_timeout(http->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        }
    }
}
