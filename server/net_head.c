/* A look at each head of a proxy's connection; see net_head.h.
 *
 * As with the first frame (net_first.c) a watcher of our own on the same file is called before the library's, and peeks. The
 * library is held until the head is there as a whole, so that what was looked at is what it reads; what came behind the head
 * cannot be told from it for certain, so the request is then the last one on its connection, and what follows is
 * never read as another.
 *
 * By TLS a peek takes a record out of the socket into OpenSSL's hands, and shows no further than its end. So there a head is looked
 * at record by record, each before the library reads it, and the library is woken for each: it may have a part of a head, but
 * never one that was not looked at. Should it ever read a record before us, the count of bytes that OpenSSL has taken shows it, and
 * no head of that connection is believed any more. */
#include "net_head.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include "kolam/alloc.h"
#include "net_first.h"
#include "tls.h"

#define RECORD_BYTES_MAX 16384

struct kolam_net_head {
    struct ev_io watcher;
    struct kolam_net_connection *connection;
    struct kolam_head head; /* as far as it was looked at */
    uint64_t whole_bytes;   /* of all heads; by TLS, what had come on the socket by the last look */
    bool is_watching, is_held;
    bool is_whole; /* a head was looked at, and the library has not told that it read one */
    bool must_close;
};

static void watch(struct kolam_net_head *own, bool is_on) {
    if (own->is_watching != is_on) {
        own->is_watching = is_on;
        (is_on ? ev_io_start : ev_io_stop)(kolam_loop_ev(own->connection->net->loop),
                                           &own->watcher);
    }
}

static void set_held(struct kolam_net_head *own, bool is_held) {
    if (own->is_held != is_held) {
        own->is_held = is_held;
        kolam_net_hold(own->connection->wsi, is_held);
    }
}

/* The library reads nothing, and we look again when there are more than `seen` bytes; 0: it goes on. */
static void hold(struct kolam_net_head *own, int seen) {
    const int wanted = seen + 1;
    if (seen == 0 && !own->is_held) {
        return;
    }
    (void)setsockopt(own->watcher.fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof(wanted));
    set_held(own, seen > 0);
}

/* By TLS: the library goes on, and is told that there is something, as the socket may have nothing more. */
static void release(struct kolam_net_head *own) {
    if (own->is_held) {
        set_held(own, false);
        ev_feed_fd_event(kolam_loop_ev(own->connection->net->loop), own->watcher.fd, EV_READ);
    }
}

static void *tls_of(const struct kolam_net_head *own) {
    return own->connection->net->tls ? kolam_net_tls(own->connection->wsi) : NULL;
}

static void refuse(struct kolam_net_head *own) {
    static const char text[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
                               "Connection: close\r\n\r\n";
    struct kolam_net *net = own->connection->net;
    const struct kolam_net_handlers *handlers = &net->options.handlers;
    handlers->on_answer(handlers->ctx, 0, 400, 0);
    /* With unread bytes the end would be a reset, which takes the answer along. */
    for (int i = 0; i < 4; i++) {
        if (recv(own->watcher.fd, net->scratch, sizeof(net->scratch), MSG_DONTWAIT) <= 0) {
            break;
        }
    }
    if (tls_of(own)) {
        kolam_tls_send(tls_of(own), text, sizeof(text) - 1);
    } else {
        (void)send(own->watcher.fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    watch(own, false);
    kolam_net_kill(own->connection->wsi);
}

static enum kolam_head_state read_head(struct kolam_net_head *own, const uint8_t *bytes,
                                       size_t size) {
    const struct kolam_net *net = own->connection->net;
    const struct kolam_proxies *proxies = &net->options.proxies;
    const struct kolam_head_rules rules = {
        .once = {"host:", "content-length:", proxies->subject_header, proxies->name_header,
                 /* Of one that the library knows all lines are read, and the last counts. */
                 net->proxy_token < 0 ? proxies->header : NULL},
        .loses_next = kolam_net_loses_next,
    };
    size_t used = 0;
    const enum kolam_head_state state = kolam_head_read(&own->head, &rules, bytes, size, &used);
    if (state == KOLAM_HEAD_WHOLE) {
        own->whole_bytes += tls_of(own) ? 0 : used;
        own->is_whole = true;
        own->must_close = used < size;
        watch(own, false);
    }
    return state;
}

/* From its beginning, each time that more of it has come. */
static void look(struct kolam_net_head *own) {
    uint8_t bytes[KOLAM_HEAD_BYTES_MAX + 1];
    const long got = recv(own->watcher.fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            watch(own, false); /* it is over: the library sees the same */
            hold(own, 0);
        }
        return;
    }
    own->head = (struct kolam_head){0};
    const enum kolam_head_state state = read_head(own, bytes, (size_t)got);
    if (state == KOLAM_HEAD_BAD) {
        refuse(own);
        return;
    }
    hold(own, state == KOLAM_HEAD_MORE ? (int)got : 0);
}

/* At the next record, if there is one that was not looked at. */
static void look_at_record(struct kolam_net_head *own, void *tls) {
    uint8_t bytes[RECORD_BYTES_MAX];
    if (!kolam_tls_is_open(tls)) {
        return; /* the handshake is the library's */
    }
    own->whole_bytes = own->whole_bytes ? own->whole_bytes : kolam_tls_opened_at(tls);
    if (kolam_tls_came(tls) != own->whole_bytes) {
        watch(own, false); /* the library was first */
        return;
    }
    if (kolam_tls_has_pending(tls)) {
        return; /* the library has not read all of the last one */
    }
    const long got = kolam_tls_peek(tls, bytes, sizeof(bytes));
    own->whole_bytes = kolam_tls_came(tls);
    if (got < 0) {
        set_held(own, true); /* it would read what comes between our look and its own */
        return;
    }
    if (got == 0) {
        watch(own, false);
    } else {
        const enum kolam_head_state state = read_head(own, bytes, (size_t)got);
        if (state == KOLAM_HEAD_BAD) {
            refuse(own);
            return;
        }
        own->head = state == KOLAM_HEAD_WHOLE ? (struct kolam_head){0} : own->head;
    }
    release(own);
}

static void on_readable(struct ev_loop *ev, struct ev_io *watcher, int events) {
    (void)ev, (void)events;
    struct kolam_net_head *own = watcher->data;
    if (own->connection->peer) {
        /* An answer is being made, and something comes: another request (or the end, which does no harm). */
        own->must_close = true;
        watch(own, false);
    } else if (own->must_close) {
        watch(own, false);
    } else if (tls_of(own)) {
        look_at_record(own, tls_of(own));
    } else {
        look(own);
    }
}

/* What the library has read of the connection. */
static uint64_t read_bytes(const struct kolam_net_head *own) {
    const int fd = own->watcher.fd;
    if (tls_of(own)) {
        return kolam_tls_came(tls_of(own));
    }
    struct tcp_info info = {0};
    uint64_t came;
    int unread = 0;
    do { /* both of one moment */
        socklen_t size = sizeof(info);
        (void)getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
        came = info.tcpi_bytes_received;
        (void)ioctl(fd, SIOCINQ, &unread);
        size = sizeof(info);
        (void)getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);
    } while (came != info.tcpi_bytes_received);
    return came - (uint64_t)unread;
}

bool kolam_net_head_watch(struct kolam_net_connection *connection) {
    struct kolam_net *net = connection->net;
    if (!kolam_proxies_hold(&net->options.proxies, &connection->address)) {
        return true;
    }
    struct kolam_net_head *own = kolam_alloc_zero(1, sizeof(*own));
    if (!own) {
        return false;
    }
    own->connection = connection;
    ev_io_init(&own->watcher, on_readable, kolam_net_file(connection->wsi), EV_READ);
    ev_set_priority(&own->watcher, EV_MAXPRI - 1);
    own->watcher.data = own;
    connection->head = own;
    watch(own, true);
    return true;
}

bool kolam_net_head_taken(struct kolam_net_connection *connection) {
    struct kolam_net_head *own = connection->head;
    if (!own) {
        return true;
    }
    const bool is_whole = own->is_whole;
    own->is_whole = false;
    if (!is_whole || read_bytes(own) > own->whole_bytes) {
        own->must_close = true;
    }
    watch(own, true);
    return is_whole;
}

bool kolam_net_head_must_close(const struct kolam_net_connection *connection) {
    return connection->head && connection->head->must_close;
}

void kolam_net_head_end(struct kolam_net_connection *connection) {
    if (connection->head) {
        watch(connection->head, false);
        kolam_free(connection->head);
        connection->head = NULL;
    }
}
