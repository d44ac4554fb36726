/* A WebSocket client over a plain socket: the handshake, a queue of masked frames on their way out, and
 * the loop step that moves both directions. Masks and keys are random, as RFC 6455 wants them. */
#include "ws_client.h"

#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/command.h"
#include "kolam/identity.h"
#include "patience.h"
#include "tool.h"

#define MESSAGE_BYTES_MAX (16u << 20)
#define READ_BYTES 65536
#define GOODBYE_MS 2000

struct kolam_ws {
    int fd;
    struct kolam_ws_parser parser;
    uint8_t *out; /* [out_at, out_bytes) waits for the socket */
    size_t out_at, out_bytes, out_capacity;
    bool has_said_goodbye;
};

/* ---- handshake ---- */

void kolam_ws_accept_key(const char *key, char out_accept[29]) {
    static const char constant[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[64 + sizeof constant];
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned int hash_bytes = 0;
    int size = snprintf(text, sizeof text, "%.60s%s", key, constant);
    if (!EVP_Digest(text, (size_t)size, hash, &hash_bytes, EVP_sha1(), NULL) || hash_bytes != 20) {
        out_accept[0] = '\0'; /* equals no answer */
        return;
    }
    EVP_EncodeBlock((unsigned char *)out_accept, hash, 20);
}

static enum kolam_status send_request(struct kolam_ws *ws, const struct kolam_url *url,
                                      const char *subprotocol, const char *key, int timeout_ms,
                                      struct kolam_error *error) {
    char request[1024];
    int size = snprintf(request, sizeof request,
                        "GET /ws HTTP/1.1\r\nHost: %s\r\nUser-Agent: kolam/" KOLAM_VERSION
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
                        url->authority, key, subprotocol);
    if (size < 0 || (size_t)size >= sizeof request) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "the request is too long");
    }
    return kolam_net_send(ws->fd, request, (size_t)size, timeout_ms, error);
}

static enum kolam_status check_answer(const char *head, size_t head_bytes, const char *key,
                                      const char *subprotocol, struct kolam_error *error) {
    int code = kolam_http_head_status(head, head_bytes);
    if (code != 101) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "the server answered %d and no WebSocket; is it kolam?", code);
    }
    char value[128], accept[29];
    kolam_ws_accept_key(key, accept);
    if (!kolam_http_head_value(head, head_bytes, "Upgrade", value, sizeof value) ||
        strcasecmp(value, "websocket") != 0 ||
        !kolam_http_head_value(head, head_bytes, "Sec-WebSocket-Accept", value, sizeof value) ||
        strcmp(value, accept) != 0) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "the server's handshake is wrong");
    }
    if (!kolam_http_head_value(head, head_bytes, "Sec-WebSocket-Protocol", value, sizeof value) ||
        strcmp(value, subprotocol) != 0) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "the server does not speak %s", subprotocol);
    }
    if (kolam_http_head_value(head, head_bytes, "Sec-WebSocket-Extensions", value, sizeof value)) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "the server wants an extension not asked for");
    }
    return KOLAM_OK;
}

static enum kolam_status shake_hands(struct kolam_ws *ws, const struct kolam_url *url,
                                     const char *subprotocol, int timeout_ms,
                                     struct kolam_patience *patience, struct kolam_error *error) {
    uint8_t random[16];
    char key[25], head[KOLAM_HTTP_HEAD_MAX];
    kolam_random_bytes(random, sizeof random);
    EVP_EncodeBlock((unsigned char *)key, random, sizeof random);
    enum kolam_status status = send_request(ws, url, subprotocol, key, timeout_ms, error);
    size_t size = 0, head_bytes = 0;
    while (status == KOLAM_OK && head_bytes == 0) {
        size_t count = 0;
        status = size == sizeof head
                     ? kolam_fail(error, KOLAM_ERR_INVALID, "the server's handshake is too long")
                     : kolam_net_receive(ws->fd, head + size, sizeof head - size, timeout_ms,
                                         &count, error);
        if (status == KOLAM_OK && count == 0) {
            status = kolam_fail(error, KOLAM_ERR_IO, "the server closed during the handshake");
        }
        size += count;
        head_bytes = kolam_http_head_size(head, size);
    }
    if (status == KOLAM_OK) {
        status = check_answer(head, head_bytes, key, subprotocol, error);
        kolam_patience_note(patience, kolam_http_head_status(head, head_bytes), head, head_bytes);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    /* The first frames may have come with the answer. */
    return kolam_ws_parser_feed(&ws->parser, (const uint8_t *)head + head_bytes, size - head_bytes);
}

static enum kolam_status connect_once(const struct kolam_url *url, const char *subprotocol,
                                      int timeout_ms, struct kolam_patience *patience,
                                      struct kolam_ws **out_ws, struct kolam_error *error) {
    struct kolam_ws *ws = kolam_alloc_zero(1, sizeof *ws);
    if (!ws) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    ws->fd = -1;
    kolam_ws_parser_init(&ws->parser, MESSAGE_BYTES_MAX);
    enum kolam_status status = kolam_net_connect(url, timeout_ms, &ws->fd, error);
    if (status == KOLAM_OK) {
        status = shake_hands(ws, url, subprotocol, timeout_ms, patience, error);
    }
    if (status != KOLAM_OK) {
        kolam_ws_destroy(ws);
        return status;
    }
    *out_ws = ws;
    return KOLAM_OK;
}

enum kolam_status kolam_ws_connect(const struct kolam_url *url, const char *subprotocol,
                                   int timeout_ms, struct kolam_ws **out_ws,
                                   struct kolam_error *error) {
    struct kolam_patience patience = {0};
    enum kolam_status status;
    do {
        status = connect_once(url, subprotocol, timeout_ms, &patience, out_ws, error);
    } while (kolam_patience_wait(&patience));
    return status;
}

void kolam_ws_destroy(struct kolam_ws *ws) {
    if (!ws) {
        return;
    }
    if (ws->fd >= 0) {
        close(ws->fd);
    }
    kolam_ws_parser_finish(&ws->parser);
    kolam_free(ws->out);
    kolam_free(ws);
}

/* ---- out ---- */

static bool reserve_out(struct kolam_ws *ws, size_t size_bytes) {
    if (ws->out_at > 0) {
        ws->out_bytes -= ws->out_at;
        memmove(ws->out, ws->out + ws->out_at, ws->out_bytes);
        ws->out_at = 0;
    }
    size_t needed;
    if (__builtin_add_overflow(ws->out_bytes, size_bytes, &needed)) {
        return false;
    }
    if (needed <= ws->out_capacity) {
        return true;
    }
    size_t capacity = needed < 4096 ? 4096 : needed + needed / 2;
    uint8_t *grown = kolam_realloc_array(ws->out, capacity, 1);
    if (!grown) {
        return false;
    }
    ws->out = grown;
    ws->out_capacity = capacity;
    return true;
}

enum kolam_status kolam_ws_send(struct kolam_ws *ws, enum kolam_ws_opcode opcode,
                                const void *payload, size_t size_bytes) {
    uint8_t header[KOLAM_WS_HEADER_MAX], mask[4];
    kolam_random_bytes(mask, sizeof mask);
    size_t header_bytes = kolam_ws_write_header(header, opcode, size_bytes, mask);
    if (!reserve_out(ws, header_bytes + size_bytes)) {
        return KOLAM_ERR_NOMEM;
    }
    uint8_t *at = ws->out + ws->out_bytes;
    memcpy(at, header, header_bytes);
    if (size_bytes > 0) {
        memcpy(at + header_bytes, payload, size_bytes);
    }
    kolam_ws_mask(at + header_bytes, size_bytes, mask);
    ws->out_bytes += header_bytes + size_bytes;
    return KOLAM_OK;
}

size_t kolam_ws_queued_bytes(const struct kolam_ws *ws) {
    return ws->out_bytes - ws->out_at;
}

static enum kolam_status flush(struct kolam_ws *ws, struct kolam_error *error) {
    while (ws->out_at < ws->out_bytes) {
        ssize_t count =
            send(ws->fd, ws->out + ws->out_at, ws->out_bytes - ws->out_at, MSG_NOSIGNAL);
        if (count >= 0) {
            ws->out_at += (size_t)count;
        } else if (errno == EAGAIN) {
            return KOLAM_OK;
        } else if (errno != EINTR) {
            return kolam_fail(error, KOLAM_ERR_IO, "sending: %s", strerror(errno));
        }
    }
    return KOLAM_OK;
}

/* ---- in ---- */

static enum kolam_status on_close(struct kolam_ws *ws, const uint8_t *payload, size_t size_bytes,
                                  struct kolam_error *error) {
    unsigned int code = size_bytes >= 2 ? (unsigned int)payload[0] << 8 | payload[1] : 1005;
    if (!ws->has_said_goodbye) {
        ws->has_said_goodbye = true;
        if (kolam_ws_send(ws, KOLAM_WS_CLOSE, payload, size_bytes >= 2 ? 2 : 0) == KOLAM_OK) {
            enum kolam_status ignored = flush(ws, NULL);
            (void)ignored;
        }
    }
    int reason_bytes = size_bytes > 2 ? (int)(size_bytes - 2) : 0;
    return kolam_fail(error, KOLAM_ERR_CLOSED, "the server closed the connection (%u%s%.*s)", code,
                      reason_bytes > 0 ? ": " : "", reason_bytes,
                      reason_bytes > 0 ? (const char *)payload + 2 : "");
}

/* Hands over all whole messages. */
static enum kolam_status deliver(struct kolam_ws *ws, kolam_ws_message *on_message, void *ctx,
                                 struct kolam_error *error) {
    for (;;) {
        enum kolam_ws_opcode opcode;
        const uint8_t *payload;
        size_t size_bytes;
        enum kolam_status status =
            kolam_ws_parser_next(&ws->parser, &opcode, &payload, &size_bytes);
        if (status == KOLAM_ERR_NOT_FOUND) {
            return KOLAM_OK;
        }
        if (status != KOLAM_OK) {
            return kolam_fail(error, status, "what the server sends is no WebSocket: %s",
                              kolam_status_text(status));
        }
        if (opcode == KOLAM_WS_CLOSE) {
            return on_close(ws, payload, size_bytes, error);
        }
        if (opcode == KOLAM_WS_PING) {
            status = kolam_ws_send(ws, KOLAM_WS_PONG, payload, size_bytes);
        } else if (opcode != KOLAM_WS_PONG && on_message) {
            status = on_message(ctx, opcode, payload, size_bytes);
        }
        if (status != KOLAM_OK) {
            return status;
        }
    }
}

static enum kolam_status receive_some(struct kolam_ws *ws, struct kolam_error *error) {
    uint8_t bytes[READ_BYTES];
    ssize_t count = recv(ws->fd, bytes, sizeof bytes, 0);
    if (count > 0) {
        return kolam_ws_parser_feed(&ws->parser, bytes, (size_t)count);
    }
    if (count == 0) {
        return kolam_fail(error, KOLAM_ERR_CLOSED, "the server closed the connection");
    }
    return errno == EAGAIN || errno == EINTR
               ? KOLAM_OK
               : kolam_fail(error, KOLAM_ERR_IO, "receiving: %s", strerror(errno));
}

enum kolam_status kolam_ws_step(struct kolam_ws *ws, int timeout_ms, int other_fd,
                                kolam_ws_message *on_message, void *ctx,
                                struct kolam_error *error) {
    enum kolam_status status =
        deliver(ws, on_message, ctx, error); /* what came with the handshake */
    if (status == KOLAM_OK) {
        status = flush(ws, error);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    struct pollfd fds[2] = {{.fd = ws->fd, .events = POLLIN}, {.fd = other_fd, .events = POLLIN}};
    if (ws->out_at < ws->out_bytes) {
        fds[0].events |= POLLOUT;
    }
    int count = poll(fds, 2, timeout_ms);
    if (count < 0 && errno != EINTR) {
        return kolam_fail(error, KOLAM_ERR_IO, "poll: %s", strerror(errno));
    }
    if (count <= 0 || !fds[0].revents) {
        return KOLAM_OK;
    }
    if (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) {
        status = receive_some(ws, error);
    }
    if (status == KOLAM_OK) {
        status = deliver(ws, on_message, ctx, error);
    }
    return status == KOLAM_OK ? flush(ws, error) : status;
}

void kolam_ws_close(struct kolam_ws *ws) {
    if (!ws) {
        return;
    }
    static const uint8_t normal[2] = {1000 >> 8, 1000 & 0xff};
    struct kolam_error ignored;
    enum kolam_status status = kolam_ws_send(ws, KOLAM_WS_CLOSE, normal, sizeof normal);
    ws->has_said_goodbye = true;
    int64_t deadline_ms = kolam_tool_now_ms() + GOODBYE_MS;
    for (int64_t left_ms = GOODBYE_MS; status == KOLAM_OK && left_ms > 0;
         left_ms = deadline_ms - kolam_tool_now_ms()) {
        status = kolam_ws_step(ws, (int)left_ms, -1, NULL, NULL, &ignored);
    }
    kolam_ws_destroy(ws);
}
