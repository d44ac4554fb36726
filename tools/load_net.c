/* The connections. A received frame is read where it lies; only one that is cut off is copied, to the front of what comes
 * next. Masks come from a small generator: nothing here needs them to be secret. */
#include "load_net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/command.h"
#include "kolam/identity.h"
#include "ws_client.h"

#define BUFFER_BYTES (1u << 20)
#define REST_KEPT_BYTES 16384u /* a larger room is given back */
#define EVENTS_AT_ONCE 256
#define PORTS_AN_ADDRESS 20000u /* of the some 28,000 that the system gives out */

enum kolam_status kolam_load_net_allow(uint32_t count, struct kolam_error *error) {
    struct rlimit limit;
    const rlim_t wanted = (rlim_t)count + 64;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = wanted;
        limit.rlim_max = limit.rlim_max < wanted ? wanted : limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
            return kolam_fail(error, KOLAM_ERR_FULL,
                              "%u connections are more than this process may open (%s); raise "
                              "`ulimit -n`",
                              count, strerror(errno));
        }
    }
    return KOLAM_OK;
}

enum kolam_status kolam_load_net_init(struct kolam_load_net *net, const struct kolam_url *url,
                                      struct kolam_error *error) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(url->host, url->port, &hints, &found);
    if (code != 0) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: %s", url->host, gai_strerror(code));
    }
    net->url = url;
    memcpy(&net->address, found->ai_addr, found->ai_addrlen);
    net->address_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    kolam_random_bytes(&net->mask_state, sizeof net->mask_state);
    net->mask_state |= 1;
    net->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    net->buffer = kolam_alloc(BUFFER_BYTES);
    if (net->epoll_fd < 0 || !net->buffer) {
        return kolam_fail(error, KOLAM_ERR_IO, "epoll: %s", strerror(errno));
    }
    return KOLAM_OK;
}

void kolam_load_net_finish(struct kolam_load_net *net) {
    if (net->buffer) {
        close(net->epoll_fd);
    }
    kolam_free(net->buffer);
    net->buffer = NULL;
}

/* ---- connecting ---- */

/* One local address has ports for some 28,000 connections to the same place; on loopback there are more addresses. */
static void take_source(const struct kolam_load_net *net, int fd, uint32_t index) {
    const struct sockaddr_in *to = (const struct sockaddr_in *)(const void *)&net->address;
    if (index < PORTS_AN_ADDRESS || to->sin_family != AF_INET ||
        (ntohl(to->sin_addr.s_addr) >> 24) != 127) {
        return;
    }
    int one = 1;
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f000001u + index / PORTS_AN_ADDRESS);
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    (void)!bind(fd, (const struct sockaddr *)&from, sizeof from);
}

enum kolam_status kolam_load_conn_begin(struct kolam_load_net *net, struct kolam_load_conn *conn,
                                        uint32_t index, struct kolam_error *error) {
    struct epoll_event event = {.events = EPOLLOUT, .data.u32 = index};
    int one = 1;
    int fd = socket(net->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *conn = (struct kolam_load_conn){.fd = fd, .index = index, .wants_write = true};
    if (fd < 0) {
        return kolam_fail(error, KOLAM_ERR_IO, "socket: %s", strerror(errno));
    }
    take_source(net, fd, index);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if ((connect(fd, (const struct sockaddr *)&net->address, net->address_bytes) != 0 &&
         errno != EINPROGRESS) ||
        epoll_ctl(net->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        int code = errno;
        close(fd);
        conn->fd = -1;
        return kolam_fail(error, KOLAM_ERR_IO, "connecting to %s: %s", net->url->authority,
                          strerror(code));
    }
    return KOLAM_OK;
}

void kolam_load_conn_close(struct kolam_load_conn *conn) {
    if (conn->fd >= 0) {
        close(conn->fd);
    }
    kolam_free(conn->rest);
    kolam_free(conn->message);
    kolam_free(conn->out);
    *conn = (struct kolam_load_conn){.fd = -1, .index = conn->index};
}

void kolam_load_conn_stall(struct kolam_load_net *net, struct kolam_load_conn *conn) {
    (void)epoll_ctl(net->epoll_fd, EPOLL_CTL_DEL, conn->fd, NULL);
}

bool kolam_load_conn_is_dead(const struct kolam_load_conn *conn) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    return conn->fd < 0 || getsockopt(conn->fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
           info.tcpi_state != TCP_ESTABLISHED;
}

static void lose(struct kolam_load_net *net, struct kolam_load_conn *conn, const char *how) {
    if (conn->fd >= 0) {
        uint32_t index = conn->index;
        kolam_load_conn_close(conn);
        net->events.ended(net->ctx, index, how);
    }
}

/* ---- out ---- */

static void want_write(struct kolam_load_net *net, struct kolam_load_conn *conn, bool wants) {
    if (conn->wants_write != wants) {
        struct epoll_event event = {.events = EPOLLIN | (wants ? (uint32_t)EPOLLOUT : 0),
                                    .data.u32 = conn->index};
        conn->wants_write = wants;
        (void)epoll_ctl(net->epoll_fd, EPOLL_CTL_MOD, conn->fd, &event);
    }
}

static bool keep(struct kolam_load_conn *conn, const uint8_t *bytes, size_t size_bytes) {
    size_t needed = conn->out_bytes + size_bytes;
    if (needed > conn->out_capacity) {
        size_t capacity = needed + needed / 2 + 256;
        uint8_t *grown = kolam_realloc_array(conn->out, capacity, 1);
        if (!grown) {
            return false;
        }
        conn->out = grown;
        conn->out_capacity = capacity;
    }
    memcpy(conn->out + conn->out_bytes, bytes, size_bytes);
    conn->out_bytes = needed;
    return true;
}

static bool flush(struct kolam_load_net *net, struct kolam_load_conn *conn) {
    while (conn->out_at < conn->out_bytes) {
        ssize_t count =
            send(conn->fd, conn->out + conn->out_at, conn->out_bytes - conn->out_at, MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN) {
            want_write(net, conn, true);
            return true;
        }
        if (count < 0 && errno != EINTR) {
            return false;
        }
        conn->out_at += count > 0 ? (size_t)count : 0;
    }
    conn->out_at = conn->out_bytes = 0;
    want_write(net, conn, false);
    return true;
}

static uint32_t next_mask(struct kolam_load_net *net) {
    net->mask_state ^= net->mask_state << 13;
    net->mask_state ^= net->mask_state >> 7;
    net->mask_state ^= net->mask_state << 17;
    return (uint32_t)(net->mask_state >> 32);
}

bool kolam_load_conn_send(struct kolam_load_net *net, struct kolam_load_conn *conn,
                          enum kolam_ws_opcode opcode, const void *payload, size_t size_bytes) {
    uint8_t header[KOLAM_WS_HEADER_MAX], mask[4];
    if (conn->fd < 0) {
        return false;
    }
    uint32_t word = next_mask(net);
    memcpy(mask, &word, sizeof mask);
    size_t header_bytes = kolam_ws_write_header(header, opcode, size_bytes, mask);
    size_t at = conn->out_bytes;
    if (!keep(conn, header, header_bytes) || !keep(conn, payload, size_bytes)) {
        return false;
    }
    kolam_ws_mask(conn->out + at + header_bytes, size_bytes, mask);
    return conn->wants_write || flush(net, conn);
}

bool kolam_load_conn_send_plain(struct kolam_load_net *net, struct kolam_load_conn *conn,
                                const void *bytes, size_t size_bytes) {
    return conn->fd >= 0 && keep(conn, bytes, size_bytes) &&
           (conn->wants_write || flush(net, conn));
}

/* ---- handshake ---- */

static bool ask(struct kolam_load_net *net, struct kolam_load_conn *conn) {
    uint8_t random[16];
    char key[25], request[1024];
    for (int i = 0; i < 4; i++) {
        uint32_t word = next_mask(net);
        memcpy(random + 4 * i, &word, sizeof word);
    }
    EVP_EncodeBlock((unsigned char *)key, random, sizeof random);
    kolam_ws_accept_key(key, conn->accept);
    int size = snprintf(request, sizeof request,
                        "GET /ws HTTP/1.1\r\nHost: %s\r\nUser-Agent: kolam-load/" KOLAM_VERSION
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: kolam.v1\r\n\r\n",
                        net->url->authority, key);
    return size > 0 && (size_t)size < sizeof request &&
           keep(conn, (const uint8_t *)request, (size_t)size) && flush(net, conn);
}

/* NULL if the head is right, else what is wrong with it. */
static const char *check_head(const struct kolam_load_conn *conn, const char *head, size_t bytes) {
    char value[128];
    int code = kolam_http_head_status(head, bytes);
    if (code == 503) {
        return "refused: the server answered 503, it takes no more connections (--max-connections)";
    }
    if (code != 101) {
        return code == 403 ? "refused: the server answered 403; is that the host it is called by?"
                           : "no WebSocket is there; is it kolam?";
    }
    if (!kolam_http_head_value(head, bytes, "Sec-WebSocket-Accept", value, sizeof value) ||
        strcmp(value, conn->accept) != 0 ||
        !kolam_http_head_value(head, bytes, "Sec-WebSocket-Protocol", value, sizeof value) ||
        strcmp(value, "kolam.v1") != 0 ||
        kolam_http_head_value(head, bytes, "Sec-WebSocket-Extensions", value, sizeof value)) {
        return "the server's handshake is wrong";
    }
    return NULL;
}

/* ---- in ---- */

/* A piece of a fragmented message; whole messages need no copy. */
static enum kolam_status join(struct kolam_load_net *net, struct kolam_load_conn *conn,
                              const struct kolam_ws_frame *frame, const uint8_t *payload,
                              int64_t now_us) {
    size_t size_bytes = (size_t)frame->payload_bytes;
    const bool is_first = frame->opcode != KOLAM_WS_CONTINUATION;
    if (is_first == (conn->message != NULL)) {
        return KOLAM_ERR_INVALID;
    }
    if (size_bytes > BUFFER_BYTES - conn->message_bytes) {
        return KOLAM_ERR_FULL;
    }
    uint8_t *grown = kolam_realloc_array(conn->message, conn->message_bytes + size_bytes + 1, 1);
    if (!grown) {
        return KOLAM_ERR_NOMEM;
    }
    conn->message = grown;
    conn->message_opcode = is_first ? frame->opcode : conn->message_opcode;
    memcpy(conn->message + conn->message_bytes, payload, size_bytes);
    conn->message_bytes += (uint32_t)size_bytes;
    if (frame->is_final) {
        size_t message_bytes = conn->message_bytes;
        conn->message = NULL;
        conn->message_bytes = 0;
        net->events.message(net->ctx, conn->index, conn->message_opcode, grown, message_bytes,
                            now_us);
        kolam_free(grown);
    }
    return KOLAM_OK;
}

enum kolam_status kolam_load_conn_parse(struct kolam_load_net *net, struct kolam_load_conn *conn,
                                        const uint8_t *bytes, size_t size_bytes, int64_t now_us,
                                        size_t *out_used) {
    size_t at = 0;
    enum kolam_status status = KOLAM_OK;
    while (at < size_bytes) {
        struct kolam_ws_frame frame;
        status = kolam_ws_read_header(bytes + at, size_bytes - at, &frame);
        if (status != KOLAM_OK || frame.payload_bytes > BUFFER_BYTES - KOLAM_WS_HEADER_MAX) {
            status = status == KOLAM_OK ? KOLAM_ERR_FULL : status;
            break;
        }
        if (frame.payload_bytes > size_bytes - at - frame.header_bytes) {
            status = KOLAM_ERR_NOT_FOUND;
            break;
        }
        const uint8_t *payload = bytes + at + frame.header_bytes;
        at += frame.header_bytes + (size_t)frame.payload_bytes;
        net->frames_in++;
        if ((frame.opcode & 8) ||
            (frame.is_final && frame.opcode != KOLAM_WS_CONTINUATION && !conn->message)) {
            net->events.message(net->ctx, conn->index, frame.opcode, payload,
                                (size_t)frame.payload_bytes, now_us);
            status = conn->fd < 0 ? KOLAM_ERR_CLOSED : KOLAM_OK;
        } else {
            status = join(net, conn, &frame, payload, now_us);
            status = status == KOLAM_OK && conn->fd < 0 ? KOLAM_ERR_CLOSED : status;
        }
        if (status != KOLAM_OK) {
            break;
        }
    }
    *out_used = at;
    return status == KOLAM_ERR_NOT_FOUND ? KOLAM_OK : status;
}

static bool keep_rest(struct kolam_load_conn *conn, const uint8_t *bytes, size_t size_bytes) {
    if (size_bytes > conn->rest_capacity ||
        (conn->rest_capacity > REST_KEPT_BYTES && size_bytes < REST_KEPT_BYTES)) {
        kolam_free(conn->rest);
        conn->rest = size_bytes > 0 ? kolam_alloc(size_bytes) : NULL;
        conn->rest_capacity = conn->rest ? (uint32_t)size_bytes : 0;
        if (size_bytes > 0 && !conn->rest) {
            return false;
        }
    }
    if (size_bytes > 0) {
        memcpy(conn->rest, bytes, size_bytes);
    }
    conn->rest_bytes = (uint32_t)size_bytes;
    return true;
}

/* NULL, or why the connection is over. */
static const char *take(struct kolam_load_net *net, struct kolam_load_conn *conn, uint8_t *bytes,
                        size_t size_bytes, int64_t now_us) {
    size_t used = 0, head_bytes = 0;
    if (!conn->is_shaken) {
        head_bytes = kolam_http_head_size((const char *)bytes, size_bytes);
        if (head_bytes == 0) {
            return size_bytes > KOLAM_HTTP_HEAD_MAX || !keep_rest(conn, bytes, size_bytes)
                       ? "the server's handshake is too long"
                       : NULL;
        }
        const char *wrong = check_head(conn, (const char *)bytes, head_bytes);
        if (wrong) {
            return wrong;
        }
        conn->is_shaken = true;
        net->events.opened(net->ctx, conn->index);
    }
    enum kolam_status status = kolam_load_conn_parse(net, conn, bytes + head_bytes,
                                                     size_bytes - head_bytes, now_us, &used);
    if (status == KOLAM_ERR_CLOSED) {
        return NULL; /* told already */
    }
    if (status != KOLAM_OK) {
        return "what the server sends is no WebSocket";
    }
    used += head_bytes;
    return keep_rest(conn, bytes + used, size_bytes - used) ? NULL : "out of memory";
}

static void receive(struct kolam_load_net *net, struct kolam_load_conn *conn, int64_t now_us) {
    size_t kept = conn->rest_bytes;
    if (kept > 0) {
        memcpy(net->buffer, conn->rest, kept);
    }
    ssize_t count = recv(conn->fd, net->buffer + kept, BUFFER_BYTES - kept, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (count <= 0) {
        lose(net, conn, count == 0 ? "the server closed the connection" : strerror(errno));
        return;
    }
    if (conn->is_plain) {
        net->events.bytes(net->ctx, conn->index, net->buffer, (size_t)count);
        return;
    }
    net->bytes_in += (uint64_t)count;
    const char *wrong = take(net, conn, net->buffer, kept + (size_t)count, now_us);
    if (wrong) {
        lose(net, conn, wrong);
    }
}

static void on_event(struct kolam_load_net *net, struct kolam_load_conn *conn, uint32_t events,
                     int64_t now_us) {
    if (conn->fd < 0) {
        return; /* closed by one of the same batch */
    }
    if (!conn->is_connected) {
        int code = 0;
        socklen_t size = sizeof code;
        (void)getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &code, &size);
        conn->is_connected = code == 0;
        if (code == 0 && conn->is_plain) {
            want_write(net, conn, false);
            net->events.opened(net->ctx, conn->index);
        } else if (code != 0 || !ask(net, conn)) {
            lose(net, conn, strerror(code != 0 ? code : errno));
        }
        return;
    }
    if ((events & EPOLLOUT) && !flush(net, conn)) {
        lose(net, conn, strerror(errno));
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        receive(net, conn, now_us);
    }
}

enum kolam_status kolam_load_net_step(struct kolam_load_net *net,
                                      struct kolam_load_conn *(*conn_of)(void *ctx, uint32_t index),
                                      int64_t wait_us, int64_t (*now_us)(void),
                                      struct kolam_error *error) {
    struct epoll_event events[EVENTS_AT_ONCE];
    const struct timespec wait = {wait_us / 1000000, wait_us % 1000000 * 1000};
    int count = epoll_pwait2(net->epoll_fd, events, EVENTS_AT_ONCE, &wait, NULL);
    if (count < 0 && errno != EINTR) {
        return kolam_fail(error, KOLAM_ERR_IO, "epoll: %s", strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        on_event(net, conn_of(net->ctx, events[i].data.u32), events[i].events, now_us());
    }
    return KOLAM_OK;
}
