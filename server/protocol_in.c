/* Decoding what clients send. The cursor remembers its first error, so that the checks come once, at the
 * end of a run of reads. */
#include "protocol_in.h"

struct cursor {
    const uint8_t *at, *end;
    bool is_bad;
};

/* LEB128 with at most 10 bytes and no superfluous zero group. */
static uint64_t take_varint(struct cursor *cursor) {
    uint64_t value = 0;
    for (int i = 0; i < 10 && cursor->at < cursor->end; i++) {
        uint8_t byte = *cursor->at++;
        if (i == 9 && byte > 1) {
            break;
        }
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            cursor->is_bad = cursor->is_bad || (i > 0 && byte == 0);
            return value;
        }
    }
    cursor->is_bad = true;
    return 0;
}

static uint32_t take_u32(struct cursor *cursor, uint32_t max) {
    uint64_t value = take_varint(cursor);
    if (value > max) {
        cursor->is_bad = true;
        return 0;
    }
    return (uint32_t)value;
}

static int64_t take_zigzag(struct cursor *cursor) {
    uint64_t value = take_varint(cursor);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

static uint8_t take_u8(struct cursor *cursor) {
    if (cursor->at >= cursor->end) {
        cursor->is_bad = true;
        return 0;
    }
    return *cursor->at++;
}

static void take_submit(struct cursor *cursor, struct kolam_in_record *record) {
    record->counter = take_u32(cursor, UINT32_MAX);
    record->count = take_u32(cursor, KOLAM_SUBMIT_OPS_MAX);
    if (record->count == 0 || record->counter > UINT32_MAX - (record->count - 1)) {
        cursor->is_bad = true;
    }
    for (uint32_t i = 0; i < record->count && !cursor->is_bad; i++) {
        uint32_t size = take_u32(cursor, KOLAM_OP_BYTES_MAX);
        if (cursor->is_bad || size > (size_t)(cursor->end - cursor->at)) {
            cursor->is_bad = true;
            return;
        }
        record->bodies[i] = cursor->at;
        record->body_sizes[i] = size;
        cursor->at += size;
    }
}

static void take_preview(struct cursor *cursor, struct kolam_in_record *record) {
    record->counter = take_u32(cursor, UINT32_MAX);
    record->first = take_u32(cursor, KOLAM_GROUP_PARTS_MAX * KOLAM_STROKE_POINTS_MAX);
    record->count = 1;
    record->bodies[0] = cursor->at;
    record->body_sizes[0] = (size_t)(cursor->end - cursor->at);
    cursor->at = cursor->end;
}

static void take_cursor(struct cursor *cursor, struct kolam_in_record *record) {
    record->place = cursor->at;
    record->place_size = (size_t)(cursor->end - cursor->at);
    record->tile.level = (int32_t)take_u8(cursor) + KOLAM_LEVEL_MIN;
    record->tile.x = take_zigzag(cursor);
    record->tile.y = take_zigzag(cursor);
    record->x = take_u32(cursor, KOLAM_SUB_PER_TILE - 1);
    record->y = take_u32(cursor, KOLAM_SUB_PER_TILE - 1);
    if (!kolam_level_is_valid(record->tile.level) || !kolam_tile_is_valid(record->tile)) {
        cursor->is_bad = true;
    }
}

enum kolam_status kolam_in_decode(const uint8_t *bytes, size_t size,
                                  struct kolam_in_record *out_record) {
    struct cursor cursor = {bytes, bytes + size, size == 0};
    struct kolam_in_record *record = out_record;
    record->type = (enum kolam_in_type)take_u8(&cursor);
    record->counter = record->slot = record->count = record->first = record->x = record->y = 0;
    record->place = NULL;
    record->place_size = 0;
    record->tile = (struct kolam_tile_id){0};
    switch (record->type) {
    case KOLAM_IN_SUBMIT_AS:
        record->slot = take_u32(&cursor, KOLAM_SLOTS_MAX - 1);
        take_submit(&cursor, record);
        break;
    case KOLAM_IN_SUBMIT:
        take_submit(&cursor, record);
        break;
    case KOLAM_IN_PREVIEW_AS:
        record->slot = take_u32(&cursor, KOLAM_SLOTS_MAX - 1);
        take_preview(&cursor, record);
        break;
    case KOLAM_IN_PREVIEW:
        take_preview(&cursor, record);
        break;
    case KOLAM_IN_CANCEL:
        record->counter = take_u32(&cursor, UINT32_MAX);
        break;
    case KOLAM_IN_CURSOR:
        take_cursor(&cursor, record);
        break;
    default:
        return KOLAM_ERR_INVALID;
    }
    return cursor.is_bad || cursor.at != cursor.end ? KOLAM_ERR_INVALID : KOLAM_OK;
}
