/* kolam.v1's binary records as a client writes and reads them; docs/protocol.md is the description. */
#ifndef KOLAM_TOOLS_WIRE_H
#define KOLAM_TOOLS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

enum kolam_wire_type {
    /* from clients */
    KOLAM_WIRE_SUBMIT = 0x01,
    KOLAM_WIRE_PREVIEW = 0x02,
    KOLAM_WIRE_SUBMIT_AS = 0x05,
    KOLAM_WIRE_PREVIEW_AS = 0x06,
    /* from the server */
    KOLAM_WIRE_OP = 0x81,
    KOLAM_WIRE_ACK = 0x82,
    KOLAM_WIRE_NACK = 0x83,
    KOLAM_WIRE_VIEW = 0x88,
};

enum { KOLAM_NACK_UNAVAILABLE = 5 };

/* Bytes that grow. The first failed allocation sticks. Zero it; free `bytes` with kolam_free. */
struct kolam_wire_buffer {
    uint8_t *bytes;
    size_t size_bytes, capacity_bytes;
    bool has_failed;
};

void kolam_wire_put(struct kolam_wire_buffer *buffer, const void *bytes, size_t size_bytes);
void kolam_wire_put_u8(struct kolam_wire_buffer *buffer, uint8_t value);
void kolam_wire_put_varint(struct kolam_wire_buffer *buffer, uint64_t value);

/* A server's frame, or a record's payload, being read. The first error sticks; reads then give 0. */
struct kolam_wire_reader {
    const uint8_t *at, *end;
    bool has_failed;
};

uint8_t kolam_wire_u8(struct kolam_wire_reader *reader);
uint64_t kolam_wire_u64(struct kolam_wire_reader *reader); /* little-endian */
uint64_t kolam_wire_varint(struct kolam_wire_reader *reader);

/* The next record of a frame; false at its end, or (has_failed) when it is malformed. */
bool kolam_wire_record(struct kolam_wire_reader *frame, uint8_t *out_type,
                       struct kolam_wire_reader *out_payload);

struct kolam_wire_op {
    uint64_t seq, nonce, replaces;
    int64_t time_ms;
    uint32_t artist, counter;
    const uint8_t *body;
    size_t body_size_bytes;
};
struct kolam_wire_ack {
    uint64_t seq;
    uint32_t counter, count;
};
struct kolam_wire_nack {
    uint32_t counter;
    uint8_t code;
    const char *message; /* not terminated */
    size_t message_bytes;
};
struct kolam_wire_view {
    uint32_t id;
    bool is_resumed;
    uint64_t seq; /* the rest, the tiles' seqs, is left alone here */
};

/* KOLAM_ERR_INVALID for a payload that is malformed. */
KOLAM_MUST_CHECK enum kolam_status kolam_wire_read_op(struct kolam_wire_reader payload,
                                                      struct kolam_wire_op *out);
KOLAM_MUST_CHECK enum kolam_status kolam_wire_read_ack(struct kolam_wire_reader payload,
                                                       struct kolam_wire_ack *out);
KOLAM_MUST_CHECK enum kolam_status kolam_wire_read_nack(struct kolam_wire_reader payload,
                                                        struct kolam_wire_nack *out);
KOLAM_MUST_CHECK enum kolam_status kolam_wire_read_view(struct kolam_wire_reader payload,
                                                        struct kolam_wire_view *out);

#endif
