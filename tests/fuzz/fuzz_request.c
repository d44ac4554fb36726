/* Bytes as a client's connection brings them, through the network library to our door: requests, headers, handshakes, WebSocket frames,
 * in pieces. The first byte is the size of a piece. What comes through has its bounds; a connection that ends leaves nothing behind. */
#include <arpa/inet.h>
#include <ev.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "server/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define TURNS_MAX 64
#define QUIET_TURNS 3 /* so many turns without an answer: none is to come */

static struct {
    struct kolam_loop *loop;
    struct kolam_net *net;
    struct sockaddr_in address;
    uint32_t sessions, messages;
} door;

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_request(const struct kolam_request *request) {
    require(request->path[0] != '\0');
    require(memchr(request->path, '\0', sizeof request->path) != NULL);
    require(memchr(request->query, '\0', sizeof request->query) != NULL);
    require(memchr(request->host, '\0', sizeof request->host) != NULL);
    require(memchr(request->origin, '\0', sizeof request->origin) != NULL);
    require(memchr(request->cookie, '\0', sizeof request->cookie) != NULL);
    require(strpbrk(request->host, "\r\n") == NULL && strpbrk(request->cookie, "\r\n") == NULL);
}

static bool may_open(void *ctx, const struct kolam_request *request) {
    (void)ctx;
    check_request(request);
    return true;
}

static void *on_open(void *ctx, struct kolam_socket *ws, const struct kolam_request *request) {
    (void)ctx, (void)request;
    require(kolam_socket_peer(ws)[0] != '\0');
    door.sessions++;
    return ws;
}

static void on_message(void *session, bool is_text, const uint8_t *bytes, size_t size) {
    static uint8_t frame[KOLAM_SOCKET_PAD + 4];
    uint64_t sum = is_text;
    require(size <= KOLAM_MESSAGE_BYTES_MAX);
    for (size_t i = 0; i < size; i++) {
        sum = sum * 31 + bytes[i];
    }
    door.messages++;
    if (size % 7 == 3) {
        kolam_socket_close(session, 1008, "as it happens");
    } else if (!kolam_socket_is_congested(session)) {
        frame[KOLAM_SOCKET_PAD] = 0x82;
        frame[KOLAM_SOCKET_PAD + 1] = 1;
        frame[KOLAM_SOCKET_PAD + 2] = (uint8_t)sum;
        kolam_socket_write(session, frame + KOLAM_SOCKET_PAD, 3);
    }
}

static void on_received(void *session, size_t size, uint32_t frames) {
    (void)session, (void)frames;
    require(size <= KOLAM_MESSAGE_BYTES_MAX);
}

static void on_writable(void *session) {
    (void)session;
}

static void on_close(void *session) {
    (void)session;
    door.sessions--;
}

static void on_request(void *ctx, struct kolam_http *http, const struct kolam_request *request) {
    (void)ctx;
    check_request(request);
    kolam_http_error(http, 404, request->path);
}

static void on_answer(void *ctx, uint8_t kind, int status, uint64_t took_us) {
    (void)ctx, (void)kind, (void)took_us;
    require(status >= 200 && status < 600);
}

static void on_wake(void *ctx, enum kolam_wake wake) {
    (void)ctx, (void)wake;
}

static void on_nothing(void *ctx) {
    (void)ctx;
}

static bool on_reload(void *ctx) {
    (void)ctx;
    return true;
}

static void start(void) {
    static const struct kolam_loop_handlers loop_handlers = {.on_wake = on_wake,
                                                             .on_tick = on_nothing,
                                                             .on_sweep = on_nothing,
                                                             .on_turn = on_nothing,
                                                             .on_stop = on_nothing,
                                                             .on_reload = on_reload};
    static const struct kolam_logfmt logfmt = {.fd = 2, .level = KOLAM_LOG_ERROR};
    static const struct kolam_limit_settings unlimited; /* rates of 0 */
    struct kolam_limits *limits = NULL;
    require(kolam_limits_create(&unlimited, 64, &limits) == KOLAM_OK);
    const struct kolam_net_options options = {
        .listen = "127.0.0.1:0",
        .limits = limits,
        .connections_max = 64,
        .logfmt = &logfmt,
        .handlers = {.may_open = may_open,
                     .on_open = on_open,
                     .on_message = on_message,
                     .on_received = on_received,
                     .on_writable = on_writable,
                     .on_close = on_close,
                     .on_request = on_request,
                     .on_answer = on_answer},
    };
    require(kolam_loop_create(&loop_handlers, &door.loop) == KOLAM_OK);
    require(kolam_net_create(door.loop, &options, &door.net, NULL) == KOLAM_OK);
    const char *port = strrchr(kolam_net_url(door.net), ':');
    door.address = (struct sockaddr_in){.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)atoi(port + 1)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void turn(void) {
    ev_run(kolam_loop_ev(door.loop), EVRUN_NOWAIT);
}

/* True if something came; *is_over when the server has closed. */
static bool read_answer(int fd, bool *is_over) {
    char bytes[4096];
    const ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    *is_over |= got == 0;
    return got > 0;
}

static void talk(int fd, const uint8_t *bytes, size_t size, size_t piece) {
    bool is_over = false;
    for (int turns = 0, quiet = 0; turns < TURNS_MAX && quiet < QUIET_TURNS && !is_over; turns++) {
        const size_t count = size < piece ? size : piece;
        const ssize_t sent = count > 0 ? send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        }
        turn();
        quiet = read_answer(fd, &is_over) || size > 0 ? 0 : quiet + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    if (size_bytes < 2) {
        return 0;
    }
    if (!door.loop) {
        start();
    }
    const struct linger at_once = {.l_onoff = 1}; /* no port is left waiting */
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(fd >= 0);
    if (connect(fd, (struct sockaddr *)&door.address, sizeof door.address) == 0) {
        turn();
        talk(fd, bytes + 1, size_bytes - 1, ((size_t)bytes[0] + 1) * 16);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
    for (int i = 0; i < 32 && kolam_net_connections(door.net) > 0; i++) {
        turn();
    }
    require(kolam_net_connections(door.net) == 0 && door.sessions == 0);
    return 0;
}
