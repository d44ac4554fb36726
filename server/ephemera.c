/* The form between servers: who sees it (u8), for homes their number (u16) and each home's tile and box, for an extent its level
 * and corners, then the record to the end. Integers are little-endian. Servers that share a canvas are of one version. */
#include "ephemera.h"

#include <string.h>

#include "fanout.h"
#include "kolam/alloc.h"

enum audience { EVERYBODY, HOMES, EXTENT };

#define HOME_BYTES 21   /* x, y, level, the box */
#define EXTENT_BYTES 33 /* level, x0, y0, x1, y1 */

static uint8_t *put_u64(uint8_t *out, uint64_t value) {
    for (int i = 0; i < 8; i++) {
        *out++ = (uint8_t)(value >> (8 * i));
    }
    return out;
}

static uint64_t get_u64(const uint8_t *at) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

static uint8_t *put_level(uint8_t *out, int32_t level) {
    *out = (uint8_t)(level - KOLAM_LEVEL_MIN);
    return out + 1;
}

static uint8_t *put_home(uint8_t *out, const struct kolam_home *home) {
    out = put_u64(out, (uint64_t)home->tile.x);
    out = put_u64(out, (uint64_t)home->tile.y);
    out = put_level(out, home->tile.level);
    const uint8_t box[4] = {home->x0, home->y0, home->x1, home->y1};
    memcpy(out, box, sizeof box);
    return out + sizeof box;
}

static struct kolam_home get_home(const uint8_t *at) {
    return (struct kolam_home){.tile = {.x = (int64_t)get_u64(at),
                                        .y = (int64_t)get_u64(at + 8),
                                        .level = at[16] + KOLAM_LEVEL_MIN},
                               .x0 = at[17],
                               .y0 = at[18],
                               .x1 = at[19],
                               .y1 = at[20]};
}

/* `head` is what comes before the record. */
static void publish(struct kolam_canvas *canvas, const uint8_t *head, size_t head_bytes,
                    const struct kolam_bytes *record) {
    uint8_t *bytes = kolam_alloc(head_bytes + record->size);
    if (bytes) {
        memcpy(bytes, head, head_bytes);
        memcpy(bytes + head_bytes, record->data, record->size);
        kolam_log_publish(canvas->log, bytes, head_bytes + record->size);
        kolam_free(bytes);
    }
}

void kolam_ephemera_homes(struct kolam_canvas *canvas, const struct kolam_home *homes,
                          uint32_t home_count, const struct kolam_bytes *record) {
    uint8_t head[3 + KOLAM_STROKE_HOMES_MAX * HOME_BYTES], *out = head;
    *out++ = HOMES;
    *out++ = (uint8_t)home_count;
    *out++ = (uint8_t)(home_count >> 8);
    for (uint32_t i = 0; i < home_count; i++) {
        out = put_home(out, &homes[i]);
    }
    publish(canvas, head, (size_t)(out - head), record);
}

void kolam_ephemera_extent(struct kolam_canvas *canvas, const struct kolam_extent *extent,
                           const struct kolam_bytes *record) {
    uint8_t head[1 + EXTENT_BYTES], *out = head;
    *out++ = EXTENT;
    out = put_level(out, extent->level);
    out = put_u64(out, (uint64_t)extent->x0);
    out = put_u64(out, (uint64_t)extent->y0);
    out = put_u64(out, (uint64_t)extent->x1);
    out = put_u64(out, (uint64_t)extent->y1);
    publish(canvas, head, (size_t)(out - head), record);
}

void kolam_ephemera_all(struct kolam_canvas *canvas, const struct kolam_bytes *record) {
    const uint8_t head = EVERYBODY;
    publish(canvas, &head, sizeof head, record);
}

/* ---- hearing ---- */

/* In a quiet area nobody's nonces are each server's own: there what another told is shown only to who sees names. */
static void hear_homes(struct kolam_canvas *canvas, const uint8_t *bytes, size_t size_bytes) {
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    const uint32_t count = size_bytes >= 2 ? (uint32_t)(bytes[0] | bytes[1] << 8) : 0;
    const size_t head_bytes = 2 + (size_t)count * HOME_BYTES;
    if (count == 0 || count > KOLAM_STROKE_HOMES_MAX || size_bytes <= head_bytes) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        homes[i] = get_home(bytes + 2 + (size_t)i * HOME_BYTES);
        if (!kolam_tile_is_valid(homes[i].tile) || homes[i].tile.level != homes[0].tile.level) {
            return;
        }
    }
    struct kolam_bytes *record = kolam_bytes_copy(bytes + head_bytes, size_bytes - head_bytes);
    if (record) {
        const struct kolam_fanout_record shown = {record, NULL,
                                                  kolam_quiet_has_ink(canvas->quiet, homes, count)};
        kolam_fanout_preview(canvas, NULL, homes, count, &shown);
    }
    kolam_bytes_unref(record);
}

static void hear_extent(struct kolam_canvas *canvas, const uint8_t *bytes, size_t size_bytes) {
    if (size_bytes <= EXTENT_BYTES) {
        return;
    }
    const struct kolam_extent extent = {.level = bytes[0] + KOLAM_LEVEL_MIN,
                                        .x0 = (int64_t)get_u64(bytes + 1),
                                        .y0 = (int64_t)get_u64(bytes + 9),
                                        .x1 = (int64_t)get_u64(bytes + 17),
                                        .y1 = (int64_t)get_u64(bytes + 25)};
    if (extent.level > KOLAM_LEVEL_MAX || extent.x0 > extent.x1 || extent.y0 > extent.y1) {
        return;
    }
    struct kolam_bytes *record = kolam_bytes_copy(bytes + EXTENT_BYTES, size_bytes - EXTENT_BYTES);
    if (record) {
        const struct kolam_rect rect = kolam_extent_rect(&extent);
        const struct kolam_fanout_record shown = {record, NULL,
                                                  kolam_quiet_has(canvas->quiet, &rect)};
        kolam_fanout_cursor(canvas, NULL, &extent, &shown);
    }
    kolam_bytes_unref(record);
}

void kolam_ephemera_hear(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct kolam_canvas *canvas = ctx;
    if (size_bytes < 2) {
        return;
    }
    switch (bytes[0]) {
    case EVERYBODY:
        kolam_fanout_heard(canvas, kolam_bytes_copy(bytes + 1, size_bytes - 1));
        break;
    case HOMES:
        hear_homes(canvas, bytes + 1, size_bytes - 1);
        break;
    case EXTENT:
        hear_extent(canvas, bytes + 1, size_bytes - 1);
        break;
    default:
        break;
    }
}
