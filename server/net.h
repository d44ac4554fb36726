/* The network as the rest of the server sees it: WebSockets that bring messages and take bytes, HTTP
 * requests that want one answer. The library below is named in net.c, net_ws.c and net_http.c alone.
 * Everything here is the loop thread's. */
#ifndef KOLAM_SERVER_NET_H
#define KOLAM_SERVER_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "limits.h"
#include "logfmt.h"
#include "loop.h"
#include "peer.h"

#define KOLAM_MESSAGE_BYTES_MAX (1u << 20)
#define KOLAM_SUBPROTOCOL "kolam.v1"

struct kolam_net;
struct kolam_socket;
struct kolam_http;

#define KOLAM_QUERY_AMPERSAND '\x1f'

/* What is asked of a request before it is let in. Strings are empty when the header is missing. */
struct kolam_request {
    bool is_head, is_http_1_0, has_gzip, is_ours; /* is_ours: carries X-Kolam: 1 */
    struct kolam_address peer; /* who asks; of a trusted proxy: for whom it does */
    char path[512];
    char query[1024]; /* "a=b&c=d"; an ampersand inside a value is KOLAM_QUERY_AMPERSAND */
    char host[256];
    char origin[256];
    char cookie[4096];
    char if_none_match[256];
    char pass[33];          /* X-Kolam-Pass; see pass.h */
    char subject[256];      /* who somebody is, by a trusted proxy's word; empty: it said nothing */
    char subject_name[161]; /* and what they are called */
};

struct kolam_net_handlers {
    void *ctx;
    /* An upgrade to /ws: false refuses it (403). */
    bool (*may_open)(void *ctx, const struct kolam_request *request);
    /* A WebSocket stands; returns what later calls get as `session`, NULL to close it. */
    void *(*on_open)(void *ctx, struct kolam_socket *ws, const struct kolam_request *request);
    /* Bytes of a message came; `frames` of them began frames. */
    void (*on_received)(void *session, size_t size, uint32_t frames);
    void (*on_message)(void *session, bool is_text, const uint8_t *bytes, size_t size);
    void (*on_writable)(void *session); /* what was stuck has left */
    void (*on_close)(void *session);    /* last call; the kolam_socket is gone after it */
    /* An HTTP request: answer it now or keep `http` until kolam_http_answer or its on_gone. */
    void (*on_request)(void *ctx, struct kolam_http *http, const struct kolam_request *request);
    /* The answer to it is ready: of which kind (0 unless kolam_http_set_kind told) and after how long. */
    void (*on_answer)(void *ctx, uint8_t kind, int status, uint64_t took_us);
};

struct kolam_net_options {
    const char *listen;                    /* "host:port", "[v6]:port"; port 0: any */
    const char *tls_certificate, *tls_key; /* PEM files; both NULL: plain HTTP */
    bool may_be_plain; /* plain HTTP also where others than this machine can listen */
    uint32_t connections_max;
    struct kolam_limits *limits;
    struct kolam_proxies proxies;
    struct kolam_net_handlers handlers;
    const struct kolam_logfmt *logfmt;
};

/* Whether kolam_net_create could do with these, as far as can be told without listening: nothing is made yet. */
KOLAM_MUST_CHECK enum kolam_status kolam_net_check(const struct kolam_net_options *options,
                                                   struct kolam_error *error);
KOLAM_MUST_CHECK enum kolam_status kolam_net_create(struct kolam_loop *loop,
                                                    const struct kolam_net_options *options,
                                                    struct kolam_net **out_net,
                                                    struct kolam_error *error);
void kolam_net_destroy(struct kolam_net *net); /* closes everything; NULL is safe */
void kolam_net_stop_listening(struct kolam_net *net);
/* Reads the certificate's files again, for connections from now on; if they are not fine the old ones stay, and the
 * log says why. */
void kolam_net_reload_certificate(struct kolam_net *net);
bool kolam_net_has_tls(const struct kolam_net *net);
/* The address it really listens on, "http://127.0.0.1:7700/", and its host part. */
const char *kolam_net_url(const struct kolam_net *net);
const char *kolam_net_listen_host(const struct kolam_net *net);
uint32_t kolam_net_connections(const struct kolam_net *net);
/* Bytes of HTTP answers so far. */
uint64_t kolam_net_http_bytes(const struct kolam_net *net);
/* Held for messages that have begun and not ended. */
uint64_t kolam_net_unended_bytes(const struct kolam_net *net);
/* Once a second: pings, and closes what is silent or never reads. */
void kolam_net_sweep(struct kolam_net *net);

/* --- WebSocket --- */

/* Whole WebSocket frames, unmasked, as kolam_out_frames builds them, with KOLAM_SOCKET_PAD writable bytes
 * before `bytes`. Only while kolam_socket_is_congested is false. */
#define KOLAM_SOCKET_PAD 32
void kolam_socket_write(struct kolam_socket *ws, uint8_t *bytes, size_t size);
/* True while earlier bytes have not left: on_writable tells when they have. */
bool kolam_socket_is_congested(const struct kolam_socket *ws);
/* Has on_writable called when there is room, also if there is now. */
void kolam_socket_want_writable(struct kolam_socket *ws);
/* Milliseconds since the congestion began, 0 without one. */
int64_t kolam_socket_congested_ms(const struct kolam_socket *ws);
/* Closes with a code and reason as soon as what was written has left, at the latest in 3 s. on_close follows
 * later; no message comes any more. */
void kolam_socket_close(struct kolam_socket *ws, uint16_t code, const char *reason);
/* Stops and resumes reading: backpressure for one that sends faster than the disk takes. */
void kolam_socket_set_reading(struct kolam_socket *ws, bool is_reading);
/* Of messages from now on; at first KOLAM_MESSAGE_BYTES_MAX. */
void kolam_socket_set_message_max(struct kolam_socket *ws, size_t size);
/* The address that counts as the peer's (kolam_request.peer), as text. */
const char *kolam_socket_peer(const struct kolam_socket *ws);

/* --- HTTP --- */

/* The request in hand; valid until it is answered or gone. */
const struct kolam_request *kolam_http_request(const struct kolam_http *http);
/* What on_answer will be told that this was. */
void kolam_http_set_kind(struct kolam_http *http, uint8_t kind);
/* Called once if the client leaves before the answer is complete; `http` is gone after it. */
void kolam_http_set_on_gone(struct kolam_http *http, void (*on_gone)(void *ctx), void *ctx);

/* One answer, whole: `headers` are complete lines ("Name: value\r\n"...), `body` may be NULL and is
 * referenced. Content-Length, Connection and the security headers are added. Takes `http`. */
void kolam_http_answer(struct kolam_http *http, int status, const char *headers,
                       struct kolam_bytes *body);
/* {"error": message} with the status; 429 and 503 tell when to try again, in seconds (1, or what kolam_http_retry_after
 * told). Takes `http`. */
void kolam_http_error(struct kolam_http *http, int status, const char *message);

void kolam_http_retry_after(struct kolam_http *http, uint64_t wait_us);
/* Who asks, for the limits; valid as long as `http`. */
const struct kolam_payer *kolam_http_payer(const struct kolam_http *http);

/* An answer of unknown length. `pull` is asked for bytes when the client can take some: it fills up to
 * `capacity` and returns how many, 0 for none at the moment (call kolam_http_pullable when there are),
 * KOLAM_PULL_END or KOLAM_PULL_FAILED. on_gone, if set, comes only before END or FAILED. */
#define KOLAM_PULL_END (-1)
#define KOLAM_PULL_FAILED (-2)
void kolam_http_stream(struct kolam_http *http, int status, const char *headers,
                       long (*pull)(void *ctx, uint8_t *out, size_t capacity), void *ctx);
void kolam_http_pullable(struct kolam_http *http);

#endif
