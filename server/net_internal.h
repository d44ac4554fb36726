/* What net.c, net_ws.c and net_http.c share. */
#ifndef KOLAM_SERVER_NET_INTERNAL_H
#define KOLAM_SERVER_NET_INTERNAL_H

#include <ev.h>

#include "list.h"
#include "net.h"

struct lws;
struct lws_context;
struct lws_vhost;
struct ssl_ctx_st;

#define KOLAM_NET_SCRATCH_BYTES 65536

struct kolam_net {
    struct kolam_net_options options;
    struct kolam_loop *loop;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct ssl_ctx_st *tls; /* the library's; NULL without TLS */
    struct ev_io accepting;
    int listen_fd;     /* -1: not listening */
    bool has_told_why; /* it cannot accept at present, and said so */
    int proxy_token;   /* the library's number of the proxies' header; -1: it has none */
    int subject_token, name_token; /* the same of those that tell identities */
    uint32_t connections;
    uint64_t http_bytes;
    uint64_t unended_bytes; /* held for messages that have not ended */
    char url[320], host[256];
    struct kolam_list sockets;  /* kolam_socket */
    struct kolam_list requests; /* kolam_http */
    struct kolam_list
        fresh;              /* kolam_net_connection that asked for nothing yet, the longest first */
    struct kolam_list idle; /* those between two requests, the same */
    uint8_t scratch[KOLAM_SOCKET_PAD + KOLAM_NET_SCRATCH_BYTES];
};

/* True unless the request carries a body, or says it does. */
bool kolam_net_has_no_body(struct lws *wsi);
/* Whether the library, after a header of this name (lower case, without the colon), takes the next line for a part of the name: it does
 * where a name that it knows begins with this one. */
bool kolam_net_loses_next(const char *name);
/* Whether the library reads from the connection. */
void kolam_net_hold(struct lws *wsi, bool is_held);
/* Reads the headers that matter. False if one is too long or the request is not GET or HEAD. */
bool kolam_net_read_request(struct lws *wsi, struct kolam_request *out_request);

/* What a connection is at present (net_door.h); first member of kolam_socket and kolam_http. */
enum kolam_net_kind { KOLAM_NET_WS, KOLAM_NET_HTTP };
struct kolam_net_peer {
    enum kolam_net_kind kind;
};

struct kolam_net_connection;

/* The callbacks by role; `reason` is the library's. */
int kolam_net_ws_callback(struct kolam_net_connection *connection, int reason, void *in,
                          size_t size);
int kolam_net_http_callback(struct kolam_net_connection *connection, int reason);
/* The connection is no more: tells who waits for it, frees the peer. */
void kolam_net_ws_gone(struct kolam_net_peer *peer);
void kolam_net_http_gone(struct kolam_net_peer *peer);
void kolam_net_ws_sweep(struct kolam_net *net, int64_t now_ms);
void kolam_net_http_sweep(struct kolam_net *net, int64_t now_ms);

#endif
