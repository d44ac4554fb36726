/* Addresses and sockets of the command's client side. Sockets do not block; waiting is poll's, with a limit. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"
#include "tool.h"

#define DEFAULT_PORT "80"
#define LOOK_MS 100 /* between two looks at held back signals */

/* ---- addresses ---- */

/* Copies text[0..size) if it fits. */
static bool take(char *out, size_t capacity_bytes, const char *text, size_t size_bytes) {
    if (size_bytes == 0 || size_bytes >= capacity_bytes) {
        return false;
    }
    memcpy(out, text, size_bytes);
    out[size_bytes] = '\0';
    return true;
}

static bool parse_authority(const char *text, size_t size_bytes, struct kolam_url *out_url) {
    if (!take(out_url->authority, sizeof out_url->authority, text, size_bytes)) {
        return false;
    }
    for (size_t i = 0; i < size_bytes; i++) { /* it goes into a header as it is */
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '@') {
            return false;
        }
    }
    const char *host = out_url->authority, *host_end, *port;
    if (*host == '[') { /* an IPv6 address */
        host_end = strchr(++host, ']');
        if (!host_end || (host_end[1] != '\0' && host_end[1] != ':')) {
            return false;
        }
        port = host_end[1] ? host_end + 2 : DEFAULT_PORT;
    } else {
        host_end = strchr(host, ':');
        port = host_end ? host_end + 1 : DEFAULT_PORT;
        host_end = host_end ? host_end : host + strlen(host);
    }
    uint64_t number;
    return take(out_url->host, sizeof out_url->host, host, (size_t)(host_end - host)) &&
           take(out_url->port, sizeof out_url->port, port, strlen(port)) &&
           kolam_tool_parse_u64(port, &number) && number >= 1 && number <= 65535;
}

enum kolam_status kolam_url_parse(const char *text, struct kolam_url *out_url,
                                  struct kolam_error *error) {
    const char *rest = text;
    const char *scheme_end = strstr(text, "://");
    if (scheme_end) {
        size_t size = (size_t)(scheme_end - text);
        if ((size == 5 && strncmp(text, "https", 5) == 0) ||
            (size == 3 && strncmp(text, "wss", 3) == 0)) {
            return kolam_fail(
                error, KOLAM_ERR_INVALID,
                "%s: this command speaks no TLS; use the server's own http:// address "
                "behind the proxy, or a tunnel",
                text);
        }
        if (!(size == 4 && strncmp(text, "http", 4) == 0) &&
            !(size == 2 && strncmp(text, "ws", 2) == 0)) {
            return kolam_fail(error, KOLAM_ERR_INVALID, "%s is no http:// address", text);
        }
        rest = scheme_end + 3;
    }
    size_t size = strcspn(rest, "/?#");
    const char *path = rest + size;
    struct kolam_url url;
    if (!parse_authority(rest, size, &url) || (*path && strcmp(path, "/") != 0)) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "%s is no address of a server, like http://127.0.0.1:7700", text);
    }
    *out_url = url;
    return KOLAM_OK;
}

/* ---- sockets ---- */

/* Waits until `events`; false on time out, failure or a signal that a verb has held back (ECANCELED), with errno. */
static bool wait_for(int fd, short events, int timeout_ms) {
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int64_t deadline_ms = kolam_tool_now_ms() + timeout_ms;
    while (!kolam_signals_wait()) {
        int64_t left_ms = deadline_ms - kolam_tool_now_ms();
        int count = poll(&poll_fd, 1, left_ms > LOOK_MS ? LOOK_MS : left_ms > 0 ? (int)left_ms : 0);
        if (count > 0) {
            return true;
        }
        if (count == 0 && left_ms <= LOOK_MS) {
            errno = ETIMEDOUT;
            return false;
        }
        if (count < 0 && errno != EINTR) {
            return false;
        }
    }
    errno = ECANCELED;
    return false;
}

/* The answer for a call that failed, with errno. */
static enum kolam_status refuse(const char *what, struct kolam_error *error) {
    return errno == ECANCELED ? kolam_fail(error, KOLAM_ERR_CLOSED, "interrupted")
                              : kolam_fail(error, KOLAM_ERR_IO, "%s: %s", what, strerror(errno));
}

/* 0, or the error number. */
static int connect_one(const struct addrinfo *address, int timeout_ms, int *out_fd) {
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return errno;
    }
    int problem = 0;
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        problem = errno;
        socklen_t size = sizeof problem;
        if (problem == EINPROGRESS) {
            problem = !wait_for(fd, POLLOUT, timeout_ms)                           ? errno
                      : getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0 ? errno
                                                                                   : problem;
        }
    }
    if (problem != 0) {
        close(fd);
        return problem;
    }
    int one = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *out_fd = fd;
    return 0;
}

enum kolam_status kolam_net_connect(const struct kolam_url *url, int timeout_ms, int *out_fd,
                                    struct kolam_error *error) {
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int result = getaddrinfo(url->host, url->port, &hints, &list);
    if (result != 0) {
        return kolam_fail(error, KOLAM_ERR_IO, "%s: %s", url->authority, gai_strerror(result));
    }
    int problem = ENOENT;
    for (const struct addrinfo *address = list; address && problem != 0 && problem != ECANCELED;
         address = address->ai_next) {
        problem = connect_one(address, timeout_ms, out_fd);
    }
    freeaddrinfo(list);
    if (problem == ECANCELED) {
        return kolam_fail(error, KOLAM_ERR_CLOSED, "interrupted");
    }
    return problem == 0 ? KOLAM_OK
                        : kolam_fail(error, KOLAM_ERR_IO, "%s: %s; is the server running?",
                                     url->authority, strerror(problem));
}

enum kolam_status kolam_net_send(int fd, const void *bytes, size_t size_bytes, int timeout_ms,
                                 struct kolam_error *error) {
    const uint8_t *at = bytes;
    while (size_bytes > 0) {
        ssize_t count = send(fd, at, size_bytes, MSG_NOSIGNAL);
        if (count >= 0) {
            at += count;
            size_bytes -= (size_t)count;
        } else if (errno == EAGAIN) {
            if (!wait_for(fd, POLLOUT, timeout_ms)) {
                return refuse("sending", error);
            }
        } else if (errno != EINTR) {
            return refuse("sending", error);
        }
    }
    return KOLAM_OK;
}

enum kolam_status kolam_net_receive(int fd, void *out, size_t capacity_bytes, int timeout_ms,
                                    size_t *out_size_bytes, struct kolam_error *error) {
    for (;;) {
        if (kolam_signals_wait()) { /* also while there is always something to receive */
            errno = ECANCELED;
            return refuse("receiving", error);
        }
        ssize_t count = recv(fd, out, capacity_bytes, 0);
        if (count >= 0) {
            *out_size_bytes = (size_t)count;
            return KOLAM_OK;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno != EAGAIN || !wait_for(fd, POLLIN, timeout_ms)) {
            return refuse("receiving", error);
        }
    }
}
