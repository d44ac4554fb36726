/* Building what the server says in binary: a record is type, size, payload. */
#include "protocol_out.h"

#include <string.h>

#include "kolam/alloc.h"
#include "view.h"

#define FIXED_BYTES_MAX 96 /* every fixed part of every record, generously */

size_t kolam_put_varint(uint8_t *out, uint64_t value) {
    size_t size = 0;
    while (value >= 0x80) {
        out[size++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[size++] = (uint8_t)value;
    return size;
}

uint64_t kolam_zigzag(int64_t value) {
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}

static size_t put_u64(uint8_t *out, uint64_t value) {
    for (int i = 0; i < 8; i++) {
        out[i] = (uint8_t)(value >> (8 * i));
    }
    return 8;
}

static size_t put_tile(uint8_t *out, struct kolam_tile_id tile) {
    size_t n = 0;
    out[n++] = (uint8_t)(tile.level - KOLAM_LEVEL_MIN);
    n += kolam_put_varint(out + n, kolam_zigzag(tile.x));
    n += kolam_put_varint(out + n, kolam_zigzag(tile.y));
    return n;
}

/* A record of a small fixed part and a tail that is copied. */
static struct kolam_bytes *record(enum kolam_record type, const uint8_t *fixed, size_t fixed_size,
                                  const void *tail, size_t tail_size) {
    uint8_t size[10];
    size_t size_size = kolam_put_varint(size, fixed_size + tail_size);
    struct kolam_bytes *bytes = kolam_bytes_create(1 + size_size + fixed_size + tail_size);
    if (!bytes) {
        return NULL;
    }
    uint8_t *out = bytes->data;
    *out++ = (uint8_t)type;
    memcpy(out, size, size_size);
    memcpy(out + size_size, fixed, fixed_size);
    if (tail_size > 0) {
        memcpy(out + size_size + fixed_size, tail, tail_size);
    }
    return bytes;
}

struct kolam_bytes *kolam_out_op_head(const struct kolam_out_op_head *head) {
    uint8_t fixed[FIXED_BYTES_MAX];
    size_t n = kolam_put_varint(fixed, head->seq);
    n += kolam_put_varint(fixed + n, (uint64_t)head->time_ms);
    n += kolam_put_varint(fixed + n, head->artist);
    n += put_u64(fixed + n, head->nonce);
    n += kolam_put_varint(fixed + n, head->counter);
    n += kolam_put_varint(fixed + n, head->replaces);
    return record(KOLAM_RECORD_OP, fixed, n, head->body, head->body_size_bytes);
}

struct kolam_bytes *kolam_out_op(const struct kolam_submission *submission,
                                 const struct kolam_log_op *op) {
    const struct kolam_out_op_head head = {.seq = op->seq,
                                           .nonce = submission->nonce,
                                           .replaces = op->replaces,
                                           .time_ms = op->time_ms,
                                           .artist = submission->artist,
                                           .counter = op->counter,
                                           .body = op->body,
                                           .body_size_bytes = op->body_size_bytes};
    return kolam_out_op_head(&head);
}

static bool get_varint(const uint8_t **at, const uint8_t *end, uint64_t *out) {
    *out = 0;
    for (int shift = 0; shift < 64 && *at < end; shift += 7) {
        const uint8_t byte = *(*at)++;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

bool kolam_out_op_read(const struct kolam_bytes *bytes, struct kolam_out_op_head *out_head) {
    const uint8_t *at = bytes->data + 1, *end = bytes->data + bytes->size;
    uint64_t size, time_ms, artist, counter, nonce = 0;
    struct kolam_out_op_head head;
    if (bytes->size < 2 || bytes->data[0] != KOLAM_RECORD_OP || !get_varint(&at, end, &size) ||
        size != (uint64_t)(end - at) || !get_varint(&at, end, &head.seq) ||
        !get_varint(&at, end, &time_ms) || !get_varint(&at, end, &artist) || end - at < 8) {
        return false;
    }
    for (int i = 0; i < 8; i++) {
        nonce |= (uint64_t)*at++ << (8 * i);
    }
    if (!get_varint(&at, end, &counter) || !get_varint(&at, end, &head.replaces)) {
        return false;
    }
    head.time_ms = (int64_t)time_ms;
    head.artist = (uint32_t)artist;
    head.counter = (uint32_t)counter;
    head.nonce = nonce;
    head.body = at;
    head.body_size_bytes = (size_t)(end - at);
    *out_head = head;
    return true;
}

struct kolam_bytes *kolam_out_ack(uint32_t counter, uint32_t count, uint64_t seq) {
    uint8_t fixed[FIXED_BYTES_MAX];
    size_t n = kolam_put_varint(fixed, counter);
    n += kolam_put_varint(fixed + n, count);
    n += kolam_put_varint(fixed + n, seq);
    return record(KOLAM_RECORD_ACK, fixed, n, NULL, 0);
}

struct kolam_bytes *kolam_out_nack(uint32_t counter, enum kolam_nack code, const char *message) {
    uint8_t fixed[FIXED_BYTES_MAX];
    size_t n = kolam_put_varint(fixed, counter);
    fixed[n++] = (uint8_t)code;
    return record(KOLAM_RECORD_NACK, fixed, n, message, strlen(message));
}

struct kolam_bytes *kolam_out_preview(uint32_t artist, uint64_t nonce, uint32_t counter,
                                      uint32_t first, const uint8_t *body, size_t body_size) {
    uint8_t fixed[FIXED_BYTES_MAX];
    size_t n = kolam_put_varint(fixed, artist);
    n += put_u64(fixed + n, nonce);
    n += kolam_put_varint(fixed + n, counter);
    n += kolam_put_varint(fixed + n, first);
    return record(KOLAM_RECORD_PREVIEW, fixed, n, body, body_size);
}

struct kolam_bytes *kolam_out_preview_as(const struct kolam_bytes *bytes, uint32_t artist,
                                         uint64_t nonce, uint32_t counter) {
    const uint8_t *at = bytes->data + 1, *end = bytes->data + bytes->size;
    uint8_t fixed[FIXED_BYTES_MAX];
    uint64_t skipped;
    if (!get_varint(&at, end, &skipped) || !get_varint(&at, end, &skipped) || end - at < 8) {
        return NULL;
    }
    at += 8;
    if (!get_varint(&at, end, &skipped)) {
        return NULL;
    }
    size_t n = kolam_put_varint(fixed, artist);
    n += put_u64(fixed + n, nonce);
    n += kolam_put_varint(fixed + n, counter);
    return record(KOLAM_RECORD_PREVIEW, fixed, n, at, (size_t)(end - at));
}

struct kolam_bytes *kolam_out_preview_end(uint64_t nonce, uint32_t counter) {
    uint8_t fixed[FIXED_BYTES_MAX];
    size_t n = put_u64(fixed, nonce);
    n += kolam_put_varint(fixed + n, counter);
    return record(KOLAM_RECORD_PREVIEW_END, fixed, n, NULL, 0);
}

struct kolam_bytes *kolam_out_tile(struct kolam_tile_id tile, uint64_t seq) {
    uint8_t fixed[FIXED_BYTES_MAX];
    size_t n = put_tile(fixed, tile);
    n += kolam_put_varint(fixed + n, seq);
    return record(KOLAM_RECORD_TILE, fixed, n, NULL, 0);
}

struct kolam_bytes *kolam_out_cursor(uint32_t artist, uint64_t nonce, const uint8_t *place,
                                     size_t place_size) {
    uint8_t fixed[FIXED_BYTES_MAX];
    size_t n = kolam_put_varint(fixed, artist);
    n += put_u64(fixed + n, nonce);
    return record(KOLAM_RECORD_CURSOR, fixed, n, place, place_size);
}

struct kolam_bytes *kolam_out_left(uint64_t nonce) {
    uint8_t fixed[FIXED_BYTES_MAX];
    return record(KOLAM_RECORD_LEFT, fixed, put_u64(fixed, nonce), NULL, 0);
}

struct kolam_bytes *kolam_out_view(const struct kolam_view *view, bool is_resumed, uint64_t seq,
                                   const uint64_t *tile_seqs) {
    uint8_t fixed[FIXED_BYTES_MAX];
    size_t n = kolam_put_varint(fixed, view->id);
    fixed[n++] = is_resumed ? 1 : 0;
    n += kolam_put_varint(fixed + n, seq);
    n += put_tile(fixed + n, (struct kolam_tile_id){view->x, view->y, view->level});
    n += kolam_put_varint(fixed + n, view->width);
    n += kolam_put_varint(fixed + n, view->height);
    const size_t count = (size_t)view->width * view->height; /* at most KOLAM_VIEW_TILES_MAX */
    uint8_t *seqs = kolam_alloc_array(count, 10);
    if (!seqs) {
        return NULL;
    }
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        used += kolam_put_varint(seqs + used, tile_seqs[i]);
    }
    struct kolam_bytes *bytes = record(KOLAM_RECORD_VIEW, fixed, n, seqs, used);
    kolam_free(seqs);
    return bytes;
}

size_t kolam_out_frame_head(bool is_text, uint64_t payload_size, uint8_t *out) {
    out[0] = is_text ? 0x81 : 0x82;
    if (payload_size < 126) {
        out[1] = (uint8_t)payload_size;
        return 2;
    }
    const int width = payload_size < 65536 ? 2 : 8;
    out[1] = width == 2 ? 126 : 127;
    for (int i = 0; i < width; i++) {
        out[2 + i] = (uint8_t)(payload_size >> (8 * (width - 1 - i)));
    }
    return 2 + (size_t)width;
}
