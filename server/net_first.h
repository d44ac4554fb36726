/* Whether a client masks its frames: RFC 6455 wants the connection failed if it does not (5.1), and the library neither
 * checks nor tells. */
#ifndef KOLAM_SERVER_NET_FIRST_H
#define KOLAM_SERVER_NET_FIRST_H

#include "net_internal.h"

/* Of a frame: in the second byte is the bit. */
#define KOLAM_FIRST_BYTES 2

struct kolam_net_first {
    struct ev_io watcher;
    struct ev_loop *ev; /* NULL: it does not watch */
    void *tls;          /* of the connection, or NULL */
    void (*on_seen)(void *ctx, bool is_masked);
    void *ctx;
    uint8_t seen; /* bytes of the first frame */
};

/* Looks at the first frame before the library reads it, and tells once. */
void kolam_net_first_watch(struct kolam_net_first *first, struct kolam_net *net, struct lws *wsi,
                           void (*on_seen)(void *ctx, bool is_masked), void *ctx);
void kolam_net_first_end(struct kolam_net_first *first);

/* The connection's file, and its TLS or NULL (net.c). */
int kolam_net_file(struct lws *wsi);
void *kolam_net_tls(struct lws *wsi);

#endif
