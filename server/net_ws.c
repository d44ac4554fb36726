/* WebSockets: the handshake's door, assembling messages, raw writes, pings and deadlines.
 *
 * Frames of the server are not masked, so they are built once and written with one call from the loop thread. A write
 * that the kernel did not take whole is finished by the library; until then the socket is congested and
 * nothing more is written, not even a ping. */
#include <libwebsockets.h>

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/tcp.h>

#include "kolam/alloc.h"
#include "net_door.h"
#include "net_first.h"
#include "net_head.h"

#define PING_MS 20000
#define SILENCE_MS 60000
#define CLOSE_MS 3000
#define MESSAGE_MS 60000     /* a message that has begun ends within this */
#define HEAD_BYTES_MAX 64    /* of a frame, and of the TLS record around it */
#define FRAME_BYTES 8        /* a small one */
#define UNHEARD_BYTES 65536u /* so much a second is nothing */
#define BUSY_PERMILLE 200
#define FIRST_BYTES 4096 /* room for a message that comes in pieces, at first */
/* All that has come of messages that have not ended; who has sent little is not counted in. */
#define UNENDED_BYTES_MAX (64u << 20)
#define UNENDED_BYTES_FREE (64u << 10)

struct kolam_socket {
    struct kolam_net_peer peer;
    struct kolam_list link;
    struct kolam_net *net;
    struct kolam_net_connection *connection;
    struct lws *wsi;
    void *session;                 /* NULL before it stands and after its end */
    struct kolam_request *request; /* until it stands */
    uint8_t *message;
    size_t message_size, message_capacity;
    size_t message_max;
    uint64_t raw_bytes;  /* so many had come on the socket when it was last looked at; */
    uint64_t told_bytes; /* of those since, on_received was told, heads included */
    int64_t heard_ms, pinged_ms, congested_since_ms, closing_since_ms, message_since_ms;
    bool is_assembling;     /* a message has begun and not ended */
    bool is_between_frames; /* what comes next begins one */
    bool is_closing, is_paused;
    struct kolam_net_first first; /* whether the first frame is masked */
    uint8_t close_frame[4 + 100]; /* what is said at the end, a whole frame; */
    size_t close_size;            /* 0 once it was sent */
    char address[KOLAM_ADDRESS_TEXT_MAX];
};

static struct kolam_socket *create(struct kolam_net_connection *connection) {
    struct kolam_net *net = connection->net;
    struct kolam_socket *ws = kolam_alloc_zero(1, sizeof(*ws));
    if (!ws) {
        return NULL;
    }
    ws->request = kolam_alloc_zero(1, sizeof(*ws->request));
    if (!ws->request) {
        kolam_free(ws);
        return NULL;
    }
    ws->peer.kind = KOLAM_NET_WS;
    ws->net = net;
    ws->connection = connection;
    ws->wsi = connection->wsi;
    ws->heard_ms = kolam_loop_now_ms(net->loop);
    ws->is_between_frames = true;
    ws->message_max = KOLAM_MESSAGE_BYTES_MAX;
    /* Those who come together are not pinged together. */
    ws->pinged_ms = ws->heard_ms - (int64_t)(net->connections * 7919ull % PING_MS);
    kolam_list_append(&net->sockets, &ws->link);
    kolam_net_door_begin(connection, &ws->peer);
    return ws;
}

static void free_message(struct kolam_socket *ws) {
    ws->net->unended_bytes -= ws->message_capacity;
    kolam_free(ws->message);
    ws->message = NULL;
    ws->message_capacity = ws->message_size = 0;
}

static void destroy(struct kolam_socket *ws) {
    free_message(ws);
    kolam_net_first_end(&ws->first);
    kolam_list_remove(&ws->link);
    kolam_net_door_end(ws->connection);
    kolam_free(ws->request);
    kolam_free(ws);
}

/* The handshake: nonzero refuses. */
static int filter(struct kolam_net_connection *connection) {
    struct kolam_net *net = connection->net;
    struct lws *wsi = connection->wsi;
    char version[8] = "";
    if (lws_hdr_copy(wsi, version, sizeof(version), WSI_TOKEN_VERSION) < 0 ||
        strcmp(version, "13") != 0 || !kolam_net_has_no_body(wsi)) {
        return 1;
    }
    struct kolam_socket *ws = create(connection);
    if (!ws) {
        return 1;
    }
    if (!kolam_net_read_request(wsi, ws->request) || strcmp(ws->request->path, "/ws") != 0 ||
        !net->options.handlers.may_open(net->options.handlers.ctx, ws->request) ||
        !kolam_net_door_become(connection, &ws->request->peer)) {
        destroy(ws);
        return 1;
    }
    kolam_net_head_end(connection);
    kolam_address_text(&ws->request->peer, ws->address);
    return 0;
}

static void on_first(void *ctx, bool is_masked) {
    if (!is_masked) {
        kolam_socket_close(ctx, 1002, "frames of a client are masked");
    }
}

static int established(struct kolam_socket *ws) {
    struct kolam_net *net = ws->net;
    ws->session = net->options.handlers.on_open(net->options.handlers.ctx, ws, ws->request);
    kolam_free(ws->request);
    ws->request = NULL;
    if (!ws->session) {
        return -1;
    }
    kolam_net_first_watch(&ws->first, ws->net, ws->wsi, on_first, ws);
    return 0;
}

/* Room grows with what came, not with what a frame's head promises. */
static bool append(struct kolam_socket *ws, const void *bytes, size_t size, size_t expected) {
    const size_t needed = ws->message_size + size;
    if (needed > ws->message_capacity) {
        size_t capacity = needed * 2 < FIRST_BYTES ? FIRST_BYTES : needed * 2;
        capacity = capacity > needed + expected && expected > 0 ? needed + expected : capacity;
        uint8_t *grown = kolam_realloc_array(ws->message, capacity, 1);
        if (!grown) {
            return false;
        }
        ws->net->unended_bytes += capacity - ws->message_capacity;
        ws->message = grown;
        ws->message_capacity = capacity;
    }
    if (size > 0) { /* an empty fragment: there may be no room either */
        memcpy(ws->message + ws->message_size, bytes, size);
    }
    ws->message_size += size;
    return true;
}

/* A message can come in fragments, and each of them in pieces. The common one, whole at once, is
 * handed on without a copy. */
static int receive(struct kolam_socket *ws, const void *bytes, size_t size) {
    struct lws *wsi = ws->wsi;
    ws->heard_ms = kolam_loop_now_ms(ws->net->loop);
    if (ws->is_closing || !ws->session) {
        return 0;
    }
    if (ws->first.seen < KOLAM_FIRST_BYTES) {
        kolam_socket_close(ws, 1002, "a frame before the handshake was answered");
        return 0;
    }
    if (lws_is_first_fragment(wsi) == ws->is_assembling) {
        kolam_socket_close(ws, 1002, "a fragment out of place");
        return 0;
    }
    size_t rest = lws_remaining_packet_payload(wsi);
    ws->net->options.handlers.on_received(ws->session, size, ws->is_between_frames);
    ws->told_bytes += size + HEAD_BYTES_MAX;
    ws->is_between_frames = rest == 0;
    if (ws->message_size + size + rest > ws->message_max) {
        kolam_socket_close(ws, 1009, "message too large");
        return 0;
    }
    bool is_text = !lws_frame_is_binary(wsi);
    bool is_whole = rest == 0 && lws_is_final_fragment(wsi);
    bool is_in_one = is_whole && !ws->is_assembling;
    if (!ws->is_assembling) {
        ws->message_since_ms = ws->heard_ms;
    }
    ws->is_assembling = !is_whole;
    if (is_in_one) {
        ws->net->options.handlers.on_message(ws->session, is_text, bytes, size);
        return 0;
    }
    if (ws->message_size + size > UNENDED_BYTES_FREE &&
        ws->net->unended_bytes > UNENDED_BYTES_MAX) {
        kolam_socket_close(ws, 1013, "too many large messages are being sent; try again later");
        free_message(ws);
        return 0;
    }
    if (!append(ws, bytes, size, rest)) {
        kolam_socket_close(ws, 1011, "out of memory");
        return 0;
    }
    if (is_whole) {
        ws->net->options.handlers.on_message(ws->session, is_text, ws->message, ws->message_size);
        ws->message_size = 0;
        if (ws->message_capacity > FIRST_BYTES) {
            free_message(ws); /* what is kept counts against those that have not ended */
        }
    }
    return 0;
}

/* Our close goes out and we read on (throwing away what comes) until the client answers it: closing at
 * once, with unread bytes, would reset the connection and the client would never learn why. */
static void send_close(struct kolam_socket *ws) {
    if (ws->close_size > 0 && !lws_partial_buffered(ws->wsi)) {
        uint8_t *out = ws->net->scratch + KOLAM_SOCKET_PAD;
        memcpy(out, ws->close_frame, ws->close_size);
        (void)lws_write(ws->wsi, out, ws->close_size, LWS_WRITE_RAW);
        ws->close_size = 0;
    }
}

static int writable(struct kolam_socket *ws) {
    ws->congested_since_ms = 0;
    if (ws->is_closing) {
        send_close(ws);
        return 0;
    }
    if (ws->session) {
        ws->net->options.handlers.on_writable(ws->session);
    }
    return 0;
}

void kolam_net_ws_gone(struct kolam_net_peer *peer) {
    struct kolam_socket *ws = (struct kolam_socket *)peer;
    if (ws->session) {
        void *session = ws->session;
        ws->session = NULL;
        ws->net->options.handlers.on_close(session);
    }
    destroy(ws);
}

int kolam_net_ws_callback(struct kolam_net_connection *connection, int reason, void *in,
                          size_t size) {
    struct kolam_net_peer *peer = connection->peer;
    struct kolam_socket *ws = (struct kolam_socket *)peer;
    if (reason == LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION) {
        return ws ? 1 : filter(connection);
    }
    if (!ws || peer->kind != KOLAM_NET_WS) {
        return 0;
    }
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        return established(ws);
    case LWS_CALLBACK_RECEIVE:
        return receive(ws, in, size);
    case LWS_CALLBACK_RECEIVE_PONG:
        ws->heard_ms = kolam_loop_now_ms(ws->net->loop);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return writable(ws);
    default:
        return 0;
    }
}

void kolam_socket_write(struct kolam_socket *ws, uint8_t *bytes, size_t size) {
    if (ws->is_closing) {
        return;
    }
    if (lws_write(ws->wsi, bytes, size, LWS_WRITE_RAW) < 0) {
        /* Closing here would free what the caller holds: the library does it soon, or else the next sweep. */
        lws_set_timeout(ws->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        ws->is_closing = true;
        return;
    }
    if (lws_partial_buffered(ws->wsi)) {
        ws->congested_since_ms = kolam_loop_now_ms(ws->net->loop);
        lws_callback_on_writable(ws->wsi);
    }
}

bool kolam_socket_is_congested(const struct kolam_socket *ws) {
    return ws->is_closing || ws->congested_since_ms != 0;
}

void kolam_socket_want_writable(struct kolam_socket *ws) {
    if (!ws->is_closing) {
        lws_callback_on_writable(ws->wsi);
    }
}

int64_t kolam_socket_congested_ms(const struct kolam_socket *ws) {
    return ws->congested_since_ms ? kolam_loop_now_ms(ws->net->loop) - ws->congested_since_ms : 0;
}

void kolam_socket_close(struct kolam_socket *ws, uint16_t code, const char *reason) {
    if (ws->is_closing) {
        return;
    }
    size_t size = strlen(reason);
    size = size < 100 ? size : 100;
    kolam_socket_set_reading(ws, true);
    ws->is_closing = true;
    ws->closing_since_ms = kolam_loop_now_ms(ws->net->loop);
    ws->close_frame[0] = 0x88;
    ws->close_frame[1] = (uint8_t)(2 + size);
    ws->close_frame[2] = (uint8_t)(code >> 8);
    ws->close_frame[3] = (uint8_t)code;
    memcpy(ws->close_frame + 4, reason, size);
    ws->close_size = 4 + size;
    if (lws_partial_buffered(ws->wsi)) {
        lws_callback_on_writable(ws->wsi);
    } else {
        send_close(ws);
    }
}

void kolam_socket_set_reading(struct kolam_socket *ws, bool is_reading) {
    if (ws->is_paused == is_reading) {
        ws->is_paused = !is_reading;
        lws_rx_flow_control(ws->wsi, is_reading);
    }
}

void kolam_socket_set_message_max(struct kolam_socket *ws, size_t size) {
    ws->message_max = size;
}

const char *kolam_socket_peer(const struct kolam_socket *ws) {
    return ws->address;
}

/* Pings, pongs and empty frames never become messages. Who sends so many of them that it shows pays for them, too; in a quiet
 * loop they are nothing, and nobody asks the system about each socket. */
static void charge_unheard(struct kolam_socket *ws) {
    struct tcp_info info;
    socklen_t size = sizeof(info);
    if (!ws->session ||
        getsockopt(lws_get_socket_fd(ws->wsi), IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(info.tcpi_bytes_received)) {
        return;
    }
    const uint64_t came = info.tcpi_bytes_received - ws->raw_bytes;
    if (ws->raw_bytes != 0 && came > ws->told_bytes + UNHEARD_BYTES) {
        const uint64_t unheard = came - ws->told_bytes;
        ws->net->options.handlers.on_received(ws->session, unheard,
                                              (uint32_t)(unheard / FRAME_BYTES));
    }
    ws->raw_bytes = info.tcpi_bytes_received;
    ws->told_bytes = 0;
}

static void sweep_one(struct kolam_socket *ws, int64_t now_ms) {
    /* An answer without payload is swallowed by the library: one byte makes it heard. */
    static const uint8_t ping[3] = {0x89, 0x01, 0x21};
    if (ws->is_closing) {
        /* The library's own timers rest while no socket does anything: the end of this one wakes them. */
        if (now_ms - ws->closing_since_ms > CLOSE_MS) {
            (void)shutdown(lws_get_socket_fd(ws->wsi), SHUT_RDWR);
            lws_set_timeout(ws->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
        }
        return;
    }
    if (ws->is_paused) {
        ws->heard_ms = now_ms; /* we do not listen: its silence means nothing */
    } else if (now_ms - ws->heard_ms > SILENCE_MS) {
        kolam_socket_close(ws, 1001, "no answer");
        return;
    }
    if (lws_remaining_packet_payload(ws->wsi) > ws->message_max) {
        kolam_socket_close(ws, 1009, "message too large"); /* by its head, whatever came of it */
        return;
    }
    if (ws->is_assembling && !ws->is_paused && now_ms - ws->message_since_ms > MESSAGE_MS) {
        kolam_socket_close(ws, 1008, "a message that does not end");
        return;
    }
    if (kolam_loop_busy_permille(ws->net->loop) > BUSY_PERMILLE) {
        charge_unheard(ws);
    } else {
        ws->raw_bytes = 0;
    }
    if (now_ms - ws->pinged_ms >= PING_MS && !lws_partial_buffered(ws->wsi)) {
        uint8_t *out = ws->net->scratch + KOLAM_SOCKET_PAD;
        memcpy(out, ping, sizeof(ping));
        ws->pinged_ms = now_ms;
        kolam_socket_write(ws, out, sizeof(ping));
    }
}

void kolam_net_ws_sweep(struct kolam_net *net, int64_t now_ms) {
    KOLAM_LIST_EACH(&net->sockets, struct kolam_socket, link, ws) {
        sweep_one(ws, now_ms);
    }
}
