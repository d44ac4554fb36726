/* WebSocket frames, the client's side: what goes out is whole and masked; what comes in is held until a
 * frame is complete, and until the fragments of a message are. Nothing is believed that RFC 6455 forbids: a
 * masked frame from a server, reserved bits, a length in more bytes than needed, a fragmented control frame. */
#include "ws_frame.h"

#include <string.h>

#include "kolam/alloc.h"

#define CONTROL_BYTES_MAX 125

size_t kolam_ws_write_header(uint8_t out[KOLAM_WS_HEADER_MAX], enum kolam_ws_opcode opcode,
                             uint64_t payload_bytes, const uint8_t mask[4]) {
    size_t length_bytes = payload_bytes <= 125 ? 0 : payload_bytes <= 0xffff ? 2 : 8;
    out[0] = (uint8_t)(0x80 | opcode);
    out[1] = (uint8_t)(0x80 | (length_bytes == 0 ? payload_bytes : length_bytes == 2 ? 126 : 127));
    for (size_t i = 0; i < length_bytes; i++) { /* big-endian */
        out[2 + i] = (uint8_t)(payload_bytes >> (8 * (length_bytes - 1 - i)));
    }
    memcpy(out + 2 + length_bytes, mask, 4);
    return 2 + length_bytes + 4;
}

void kolam_ws_mask(uint8_t *payload, size_t size_bytes, const uint8_t mask[4]) {
    for (size_t i = 0; i < size_bytes; i++) {
        payload[i] ^= mask[i % 4];
    }
}

void kolam_ws_parser_init(struct kolam_ws_parser *parser, size_t message_max) {
    *parser = (struct kolam_ws_parser){.message_max = message_max};
}

void kolam_ws_parser_finish(struct kolam_ws_parser *parser) {
    kolam_free(parser->input);
    kolam_free(parser->message);
    *parser = (struct kolam_ws_parser){0};
}

static bool reserve(uint8_t **block, size_t *capacity_bytes, size_t needed_bytes) {
    if (needed_bytes <= *capacity_bytes) {
        return true;
    }
    size_t capacity = *capacity_bytes > 0 ? *capacity_bytes : 4096;
    while (capacity < needed_bytes) {
        if (capacity > SIZE_MAX / 2) {
            return false;
        }
        capacity *= 2;
    }
    uint8_t *grown = kolam_realloc_array(*block, capacity, 1);
    if (!grown) {
        return false;
    }
    *block = grown;
    *capacity_bytes = capacity;
    return true;
}

enum kolam_status kolam_ws_parser_feed(struct kolam_ws_parser *parser, const uint8_t *bytes,
                                       size_t size_bytes) {
    if (parser->input_at > 0) {
        parser->input_bytes -= parser->input_at;
        memmove(parser->input, parser->input + parser->input_at, parser->input_bytes);
        parser->input_at = 0;
    }
    if (size_bytes > SIZE_MAX - parser->input_bytes ||
        !reserve(&parser->input, &parser->input_capacity, parser->input_bytes + size_bytes)) {
        return KOLAM_ERR_NOMEM;
    }
    if (size_bytes > 0) {
        memcpy(parser->input + parser->input_bytes, bytes, size_bytes);
    }
    parser->input_bytes += size_bytes;
    return KOLAM_OK;
}

static bool is_control(enum kolam_ws_opcode opcode) {
    return (opcode & 8) != 0;
}

enum kolam_status kolam_ws_read_header(const uint8_t *bytes, size_t size_bytes,
                                       struct kolam_ws_frame *out_frame) {
    if (size_bytes < 2) {
        return KOLAM_ERR_NOT_FOUND;
    }
    uint8_t opcode = bytes[0] & 0x0f, length = bytes[1] & 0x7f;
    bool is_reserved = (bytes[0] & 0x70) != 0 || (opcode > 2 && opcode < 8) || opcode > 10;
    bool is_masked = (bytes[1] & 0x80) != 0;
    if (is_reserved || is_masked) {
        return KOLAM_ERR_INVALID;
    }
    size_t length_bytes = length < 126 ? 0 : length == 126 ? 2 : 8;
    if (size_bytes < 2 + length_bytes) {
        return KOLAM_ERR_NOT_FOUND;
    }
    uint64_t payload_bytes = length;
    if (length_bytes > 0) {
        payload_bytes = 0;
        for (size_t i = 0; i < length_bytes; i++) {
            payload_bytes = payload_bytes << 8 | bytes[2 + i];
        }
        if (payload_bytes < (length_bytes == 2 ? 126 : 65536)) {
            return KOLAM_ERR_INVALID; /* fewer length bytes would have done */
        }
    }
    *out_frame = (struct kolam_ws_frame){.opcode = (enum kolam_ws_opcode)opcode,
                                         .is_final = (bytes[0] & 0x80) != 0,
                                         .payload_bytes = payload_bytes,
                                         .header_bytes = 2 + length_bytes};
    if (is_control(out_frame->opcode) &&
        (!out_frame->is_final || payload_bytes > CONTROL_BYTES_MAX)) {
        return KOLAM_ERR_INVALID;
    }
    return KOLAM_OK;
}

/* A fragment joins the message; a whole message needs no copy. */
static enum kolam_status add_fragment(struct kolam_ws_parser *parser,
                                      const struct kolam_ws_frame *frame, const uint8_t *payload) {
    size_t size_bytes = (size_t)frame->payload_bytes;
    if (frame->opcode != KOLAM_WS_CONTINUATION) {
        parser->message_opcode = frame->opcode;
        parser->message_bytes = 0;
    }
    parser->is_inside = !frame->is_final;
    /* One byte more, so that an empty message has an address too. */
    if (!reserve(&parser->message, &parser->message_capacity,
                 parser->message_bytes + size_bytes + 1)) {
        return KOLAM_ERR_NOMEM;
    }
    if (size_bytes > 0) {
        memcpy(parser->message + parser->message_bytes, payload, size_bytes);
    }
    parser->message_bytes += size_bytes;
    return KOLAM_OK;
}

/* What only the state of the message can tell. */
static enum kolam_status check_place(const struct kolam_ws_parser *parser,
                                     const struct kolam_ws_frame *frame) {
    if (is_control(frame->opcode)) {
        return KOLAM_OK;
    }
    if ((frame->opcode == KOLAM_WS_CONTINUATION) != parser->is_inside) {
        return KOLAM_ERR_INVALID;
    }
    size_t before = parser->is_inside ? parser->message_bytes : 0;
    return frame->payload_bytes > parser->message_max - before ? KOLAM_ERR_FULL : KOLAM_OK;
}

enum kolam_status kolam_ws_parser_next(struct kolam_ws_parser *parser,
                                       enum kolam_ws_opcode *out_opcode,
                                       const uint8_t **out_payload, size_t *out_size_bytes) {
    for (;;) {
        struct kolam_ws_frame frame;
        size_t left = parser->input_bytes - parser->input_at;
        const uint8_t *bytes = left > 0 ? parser->input + parser->input_at : NULL;
        enum kolam_status status = kolam_ws_read_header(bytes, left, &frame);
        if (status == KOLAM_OK) {
            status = check_place(parser, &frame);
        }
        if (status != KOLAM_OK) {
            return status;
        }
        if (frame.payload_bytes > left - frame.header_bytes) {
            return KOLAM_ERR_NOT_FOUND;
        }
        const uint8_t *payload = bytes + frame.header_bytes;
        parser->input_at += frame.header_bytes + (size_t)frame.payload_bytes;
        if (is_control(frame.opcode) || (frame.is_final && frame.opcode != KOLAM_WS_CONTINUATION)) {
            *out_opcode = frame.opcode;
            *out_payload = payload;
            *out_size_bytes = (size_t)frame.payload_bytes;
            return KOLAM_OK;
        }
        status = add_fragment(parser, &frame, payload);
        if (status != KOLAM_OK) {
            return status;
        }
        if (frame.is_final) {
            *out_opcode = parser->message_opcode;
            *out_payload = parser->message;
            *out_size_bytes = parser->message_bytes;
            return KOLAM_OK;
        }
    }
}
