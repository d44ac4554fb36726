/* kolam.v1's binary records, the client's side. Readers and the buffer remember their first failure, so
 * that it is asked for once, behind a run of reads or writes. */
#include "wire.h"

#include <string.h>

#include "kolam/alloc.h"

void kolam_wire_put(struct kolam_wire_buffer *buffer, const void *bytes, size_t size_bytes) {
    size_t needed;
    if (buffer->has_failed || size_bytes == 0) {
        return;
    }
    if (__builtin_add_overflow(buffer->size_bytes, size_bytes, &needed)) {
        buffer->has_failed = true;
        return;
    }
    if (needed > buffer->capacity_bytes) {
        size_t capacity = needed < 256 ? 256 : needed;
        uint8_t *grown = kolam_realloc_array(buffer->bytes, capacity, 2);
        if (!grown) {
            buffer->has_failed = true;
            return;
        }
        buffer->bytes = grown;
        buffer->capacity_bytes = capacity * 2;
    }
    memcpy(buffer->bytes + buffer->size_bytes, bytes, size_bytes);
    buffer->size_bytes = needed;
}

void kolam_wire_put_u8(struct kolam_wire_buffer *buffer, uint8_t value) {
    kolam_wire_put(buffer, &value, 1);
}

void kolam_wire_put_varint(struct kolam_wire_buffer *buffer, uint64_t value) {
    uint8_t bytes[10];
    size_t count = 0;
    for (; value >= 0x80; value >>= 7) {
        bytes[count++] = (uint8_t)(value | 0x80);
    }
    bytes[count++] = (uint8_t)value;
    kolam_wire_put(buffer, bytes, count);
}

static uint64_t fail(struct kolam_wire_reader *reader) {
    reader->has_failed = true;
    reader->at = reader->end;
    return 0;
}

uint8_t kolam_wire_u8(struct kolam_wire_reader *reader) {
    return reader->at < reader->end ? *reader->at++ : (uint8_t)fail(reader);
}

uint64_t kolam_wire_u64(struct kolam_wire_reader *reader) {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 8) {
        value |= (uint64_t)kolam_wire_u8(reader) << shift;
    }
    return value;
}

uint64_t kolam_wire_varint(struct kolam_wire_reader *reader) {
    uint64_t value = 0;
    for (int i = 0; i < 10; i++) {
        uint8_t byte = kolam_wire_u8(reader);
        if (i == 9 && byte > 1) {
            return fail(reader); /* over 64 bits */
        }
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            return byte == 0 && i > 0 ? fail(reader) : value;
        }
    }
    return fail(reader);
}

static uint32_t read_u32(struct kolam_wire_reader *reader) {
    uint64_t value = kolam_wire_varint(reader);
    return value <= UINT32_MAX ? (uint32_t)value : (uint32_t)fail(reader);
}

bool kolam_wire_record(struct kolam_wire_reader *frame, uint8_t *out_type,
                       struct kolam_wire_reader *out_payload) {
    if (frame->at >= frame->end) {
        return false;
    }
    *out_type = kolam_wire_u8(frame);
    uint64_t size_bytes = kolam_wire_varint(frame);
    if (frame->has_failed || size_bytes > (uint64_t)(frame->end - frame->at)) {
        fail(frame);
        return false;
    }
    *out_payload = (struct kolam_wire_reader){frame->at, frame->at + size_bytes, false};
    frame->at += size_bytes;
    return true;
}

enum kolam_status kolam_wire_read_op(struct kolam_wire_reader payload, struct kolam_wire_op *out) {
    struct kolam_wire_op op = {.seq = kolam_wire_varint(&payload)};
    op.time_ms = (int64_t)kolam_wire_varint(&payload);
    op.artist = read_u32(&payload);
    op.nonce = kolam_wire_u64(&payload);
    op.counter = read_u32(&payload);
    op.replaces = kolam_wire_varint(&payload);
    op.body = payload.at;
    op.body_size_bytes = (size_t)(payload.end - payload.at);
    if (payload.has_failed) {
        return KOLAM_ERR_INVALID;
    }
    *out = op;
    return KOLAM_OK;
}

enum kolam_status kolam_wire_read_ack(struct kolam_wire_reader payload,
                                      struct kolam_wire_ack *out) {
    struct kolam_wire_ack ack = {.counter = read_u32(&payload)};
    ack.count = read_u32(&payload);
    ack.seq = kolam_wire_varint(&payload);
    if (payload.has_failed || payload.at != payload.end) {
        return KOLAM_ERR_INVALID;
    }
    *out = ack;
    return KOLAM_OK;
}

enum kolam_status kolam_wire_read_nack(struct kolam_wire_reader payload,
                                       struct kolam_wire_nack *out) {
    struct kolam_wire_nack nack = {.counter = read_u32(&payload)};
    nack.code = kolam_wire_u8(&payload);
    nack.message = (const char *)payload.at;
    nack.message_bytes = (size_t)(payload.end - payload.at);
    if (payload.has_failed) {
        return KOLAM_ERR_INVALID;
    }
    *out = nack;
    return KOLAM_OK;
}

enum kolam_status kolam_wire_read_view(struct kolam_wire_reader payload,
                                       struct kolam_wire_view *out) {
    struct kolam_wire_view view = {.id = read_u32(&payload)};
    view.is_resumed = kolam_wire_u8(&payload) & 1;
    view.seq = kolam_wire_varint(&payload);
    if (payload.has_failed) {
        return KOLAM_ERR_INVALID;
    }
    *out = view;
    return KOLAM_OK;
}
