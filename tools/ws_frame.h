/* WebSocket frames (RFC 6455) as a client reads and writes them; no socket here. */
#ifndef KOLAM_TOOLS_WS_FRAME_H
#define KOLAM_TOOLS_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

enum kolam_ws_opcode {
    KOLAM_WS_CONTINUATION = 0,
    KOLAM_WS_TEXT = 1,
    KOLAM_WS_BINARY = 2,
    KOLAM_WS_CLOSE = 8,
    KOLAM_WS_PING = 9,
    KOLAM_WS_PONG = 10,
};

#define KOLAM_WS_HEADER_MAX 14

/* Writes the header of a whole (FIN), masked frame; gives its size. */
size_t kolam_ws_write_header(uint8_t out[KOLAM_WS_HEADER_MAX], enum kolam_ws_opcode opcode,
                             uint64_t payload_bytes, const uint8_t mask[4]);
void kolam_ws_mask(uint8_t *payload, size_t size_bytes, const uint8_t mask[4]);

/* What a frame's header says. */
struct kolam_ws_frame {
    enum kolam_ws_opcode opcode;
    bool is_final;
    uint64_t payload_bytes;
    size_t header_bytes;
};

/* Reads a server's frame header. KOLAM_ERR_NOT_FOUND while it is incomplete, KOLAM_ERR_INVALID for what RFC 6455 forbids. */
KOLAM_MUST_CHECK enum kolam_status kolam_ws_read_header(const uint8_t *bytes, size_t size_bytes,
                                                        struct kolam_ws_frame *out_frame);

/* Bytes that came but are no whole frame yet, and the message that fragments make. */
struct kolam_ws_parser {
    uint8_t *input, *message;
    size_t input_at, input_bytes, input_capacity;
    size_t message_bytes, message_capacity;
    size_t message_max;
    enum kolam_ws_opcode message_opcode;
    bool is_inside; /* of a fragmented message */
};

void kolam_ws_parser_init(struct kolam_ws_parser *parser, size_t message_max);
void kolam_ws_parser_finish(struct kolam_ws_parser *parser);

KOLAM_MUST_CHECK enum kolam_status kolam_ws_parser_feed(struct kolam_ws_parser *parser,
                                                        const uint8_t *bytes, size_t size_bytes);
/* The next whole message or control frame; its payload is valid until the next call on this parser.
 * KOLAM_ERR_NOT_FOUND: more bytes are needed. KOLAM_ERR_INVALID: the server breaks the protocol;
 * KOLAM_ERR_FULL: a message over the limit. */
KOLAM_MUST_CHECK enum kolam_status kolam_ws_parser_next(struct kolam_ws_parser *parser,
                                                        enum kolam_ws_opcode *out_opcode,
                                                        const uint8_t **out_payload,
                                                        size_t *out_size_bytes);

#endif
