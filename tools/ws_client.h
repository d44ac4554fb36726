/* A WebSocket client for the command: one connection, one thread, poll(). */
#ifndef KOLAM_TOOLS_WS_CLIENT_H
#define KOLAM_TOOLS_WS_CLIENT_H

#include "http.h"
#include "ws_frame.h"

struct kolam_ws;

/* Connects to /ws with the subprotocol and checks the server's answer, Sec-WebSocket-Accept included. Comes again when the server says so
 * (patience.h). */
KOLAM_MUST_CHECK enum kolam_status kolam_ws_connect(const struct kolam_url *url,
                                                    const char *subprotocol, int timeout_ms,
                                                    struct kolam_ws **out_ws,
                                                    struct kolam_error *error);
/* Says goodbye (code 1000), waits a moment for the answer, and frees. NULL is safe. */
void kolam_ws_close(struct kolam_ws *ws);
/* Frees without a word. NULL is safe. */
void kolam_ws_destroy(struct kolam_ws *ws);

/* Queues a whole message; it goes out as the socket takes it. */
KOLAM_MUST_CHECK enum kolam_status kolam_ws_send(struct kolam_ws *ws, enum kolam_ws_opcode opcode,
                                                 const void *payload, size_t size_bytes);
/* Queued bytes that the socket has not taken yet. */
size_t kolam_ws_queued_bytes(const struct kolam_ws *ws);

/* Called for each text or binary message. The payload is borrowed for the call. Any status but KOLAM_OK
 * ends kolam_ws_step with it. */
typedef enum kolam_status kolam_ws_message(void *ctx, enum kolam_ws_opcode opcode,
                                           const uint8_t *payload, size_t size_bytes);

/* Sends what is queued, waits up to timeout_ms (0: only looks) for the server or for `other_fd` (-1:
 * none) to become readable, and hands over what came. Pings are answered. KOLAM_ERR_CLOSED and KOLAM_ERR_IO:
 * the connection is over; error says how. */
KOLAM_MUST_CHECK enum kolam_status kolam_ws_step(struct kolam_ws *ws, int timeout_ms, int other_fd,
                                                 kolam_ws_message *on_message, void *ctx,
                                                 struct kolam_error *error);

/* The answer to a handshake's key: base64 of SHA-1 of key and RFC 6455's constant. */
void kolam_ws_accept_key(const char *key, char out_accept[29]);

#endif
