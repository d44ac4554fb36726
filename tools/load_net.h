/* Thousands of WebSocket connections on one epoll: what comes is taken apart in the buffer it was received in. */
#ifndef KOLAM_TOOLS_LOAD_NET_H
#define KOLAM_TOOLS_LOAD_NET_H

#include <sys/socket.h>

#include "http.h"
#include "ws_frame.h"

struct kolam_load_conn {
    int fd; /* -1: none */
    uint32_t index;
    bool is_connected, is_shaken, wants_write;
    bool is_plain;   /* no WebSocket: bytes go to events.bytes as they come */
    char accept[29]; /* the handshake's answer that is right */
    uint8_t *rest;   /* the beginning of a frame whose end has not come */
    uint32_t rest_bytes, rest_capacity;
    uint8_t *message; /* of a fragmented message, what has come */
    uint32_t message_bytes;
    enum kolam_ws_opcode message_opcode;
    uint8_t *out; /* what the socket did not take yet */
    size_t out_at, out_bytes, out_capacity;
};

/* What happens on a connection. A callback may close its own connection. */
struct kolam_load_net_events {
    void (*opened)(void *ctx, uint32_t index); /* the handshake is done */
    void (*message)(void *ctx, uint32_t index, enum kolam_ws_opcode opcode, const uint8_t *payload,
                    size_t size_bytes, int64_t now_us);
    void (*ended)(void *ctx, uint32_t index, const char *how);
    void (*bytes)(void *ctx, uint32_t index, const uint8_t *bytes, size_t size_bytes); /* plain */
};

struct kolam_load_net {
    int epoll_fd;
    struct sockaddr_storage address;
    socklen_t address_bytes;
    const struct kolam_url *url;
    uint8_t *buffer; /* shared by all */
    uint64_t bytes_in, frames_in;
    uint64_t mask_state;
    struct kolam_load_net_events events;
    void *ctx;
};

KOLAM_MUST_CHECK enum kolam_status kolam_load_net_init(struct kolam_load_net *net,
                                                       const struct kolam_url *url,
                                                       struct kolam_error *error);
void kolam_load_net_finish(struct kolam_load_net *net);
/* Raises the limit of open files for `count` connections; KOLAM_ERR_FULL with what to do. */
KOLAM_MUST_CHECK enum kolam_status kolam_load_net_allow(uint32_t count, struct kolam_error *error);

/* Begins to connect. */
KOLAM_MUST_CHECK enum kolam_status kolam_load_conn_begin(struct kolam_load_net *net,
                                                         struct kolam_load_conn *conn,
                                                         uint32_t index, struct kolam_error *error);
void kolam_load_conn_close(struct kolam_load_conn *conn); /* twice is safe */
/* Leaves what comes unread from now on. */
void kolam_load_conn_stall(struct kolam_load_net *net, struct kolam_load_conn *conn);
/* True if the other side has closed a connection that is not read. */
bool kolam_load_conn_is_dead(const struct kolam_load_conn *conn);

/* Sends a whole message, masked; what the socket does not take is kept. False: the connection is lost. */
bool kolam_load_conn_send(struct kolam_load_net *net, struct kolam_load_conn *conn,
                          enum kolam_ws_opcode opcode, const void *payload, size_t size_bytes);

/* Sends bytes as they are. */
bool kolam_load_conn_send_plain(struct kolam_load_net *net, struct kolam_load_conn *conn,
                                const void *bytes, size_t size_bytes);

/* Waits up to `wait_us` and handles what came; `conn_of` gives the connection of an index. KOLAM_ERR_IO. */
KOLAM_MUST_CHECK enum kolam_status
kolam_load_net_step(struct kolam_load_net *net,
                    struct kolam_load_conn *(*conn_of)(void *ctx, uint32_t index), int64_t wait_us,
                    int64_t (*now_us)(void), struct kolam_error *error);

/* Takes apart what came on a connection: whole frames of [bytes, bytes + size_bytes) go to events.message (control frames too). Gives
 * how many bytes were used; KOLAM_ERR_INVALID or KOLAM_ERR_FULL when it is no WebSocket, or a message too large. */
KOLAM_MUST_CHECK enum kolam_status kolam_load_conn_parse(struct kolam_load_net *net,
                                                         struct kolam_load_conn *conn,
                                                         const uint8_t *bytes, size_t size_bytes,
                                                         int64_t now_us, size_t *out_used);

#endif
