/* A look at the first frame of a WebSocket; see net_first.h.
 *
 * A watcher of our own on the same file, of a higher priority than the library's, so that the loop calls it first: it
 * peeks at the two bytes of the frame's head and is gone. A client that masks its first frame and not the next does it on
 * purpose, and harms nobody but itself; one that never heard of masks is told at once. */
#include "net_first.h"

#include <sys/socket.h>

#include "tls.h"

static long peek(const struct kolam_net_first *first, uint8_t *out, size_t size) {
    return first->tls ? kolam_tls_peek(first->tls, out, size)
                      : (long)recv(first->watcher.fd, out, size, MSG_PEEK | MSG_DONTWAIT);
}

static void on_readable(struct ev_loop *ev, struct ev_io *watcher, int events) {
    (void)ev, (void)events;
    struct kolam_net_first *first = watcher->data;
    uint8_t bytes[KOLAM_FIRST_BYTES];
    const long got = peek(first, bytes, (size_t)(KOLAM_FIRST_BYTES - first->seen));
    if (got <= 0) {
        return; /* the library sees the same, and ends the connection if it is over */
    }
    first->seen = (uint8_t)(first->seen + got);
    if (first->seen == KOLAM_FIRST_BYTES) {
        kolam_net_first_end(first);
        first->on_seen(first->ctx, (bytes[got - 1] & 0x80) != 0);
    }
}

void kolam_net_first_watch(struct kolam_net_first *first, struct kolam_net *net, struct lws *wsi,
                           void (*on_seen)(void *ctx, bool is_masked), void *ctx) {
    first->ev = kolam_loop_ev(net->loop);
    first->tls = net->tls ? kolam_net_tls(wsi) : NULL;
    first->on_seen = on_seen;
    first->ctx = ctx;
    ev_io_init(&first->watcher, on_readable, kolam_net_file(wsi), EV_READ);
    ev_set_priority(&first->watcher, EV_MAXPRI - 1);
    first->watcher.data = first;
    ev_io_start(first->ev, &first->watcher);
}

void kolam_net_first_end(struct kolam_net_first *first) {
    if (first->ev) {
        ev_io_stop(first->ev, &first->watcher);
        first->ev = NULL;
    }
}
