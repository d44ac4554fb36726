/* Server records and frames, byte by byte as docs/protocol.md tells; pure. */
#ifndef KOLAM_SERVER_PROTOCOL_OUT_H
#define KOLAM_SERVER_PROTOCOL_OUT_H

#include "bytes.h"
#include "kolam/log.h"

enum kolam_record {
    KOLAM_RECORD_OP = 0x81,
    KOLAM_RECORD_ACK = 0x82,
    KOLAM_RECORD_NACK = 0x83,
    KOLAM_RECORD_PREVIEW = 0x84,
    KOLAM_RECORD_PREVIEW_END = 0x85,
    KOLAM_RECORD_TILE = 0x86,
    KOLAM_RECORD_CURSOR = 0x87,
    KOLAM_RECORD_VIEW = 0x88,
    KOLAM_RECORD_LEFT = 0x89,
};

enum kolam_nack {
    KOLAM_NACK_INVALID = 1,
    KOLAM_NACK_DENIED,
    KOLAM_NACK_NOT_FOUND,
    KOLAM_NACK_LIMIT,
    KOLAM_NACK_UNAVAILABLE,
};

/* What an OP record says; `body` points into it. */
struct kolam_out_op_head {
    uint64_t seq, nonce, replaces;
    int64_t time_ms;
    uint32_t artist, counter;
    const uint8_t *body;
    size_t body_size_bytes;
};

/* False for what kolam_out_op did not make. */
bool kolam_out_op_read(const struct kolam_bytes *record, struct kolam_out_op_head *out_head);

/* Each returns one record, header included; NULL when out of memory. */
struct kolam_bytes *kolam_out_op_head(const struct kolam_out_op_head *head);
struct kolam_bytes *kolam_out_op(const struct kolam_submission *submission,
                                 const struct kolam_log_op *op);
struct kolam_bytes *kolam_out_ack(uint32_t counter, uint32_t count, uint64_t seq);
struct kolam_bytes *kolam_out_nack(uint32_t counter, enum kolam_nack code, const char *message);
struct kolam_bytes *kolam_out_preview(uint32_t artist, uint64_t nonce, uint32_t counter,
                                      uint32_t first, const uint8_t *body, size_t body_size);
/* The same preview as another's. */
struct kolam_bytes *kolam_out_preview_as(const struct kolam_bytes *record, uint32_t artist,
                                         uint64_t nonce, uint32_t counter);
struct kolam_bytes *kolam_out_preview_end(uint64_t nonce, uint32_t counter);
struct kolam_bytes *kolam_out_tile(struct kolam_tile_id tile, uint64_t seq);
/* `place` is the CURSOR payload as the client sent it, checked. */
struct kolam_bytes *kolam_out_cursor(uint32_t artist, uint64_t nonce, const uint8_t *place,
                                     size_t place_size);
struct kolam_bytes *kolam_out_left(uint64_t nonce);

struct kolam_view; /* view.h */
struct kolam_bytes *kolam_out_view(const struct kolam_view *view, bool is_resumed, uint64_t seq,
                                   const uint64_t *tile_seqs);

/* Writes the header of an unmasked, final frame of `payload_size` bytes; returns its size, at most 10. */
#define KOLAM_FRAME_HEAD_MAX 10
size_t kolam_out_frame_head(bool is_text, uint64_t payload_size, uint8_t *out);

/* LEB128, also for tests; returns the bytes written, at most 10. */
size_t kolam_put_varint(uint8_t *out, uint64_t value);
uint64_t kolam_zigzag(int64_t value);

#endif
