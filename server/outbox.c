/* A client's queue; see outbox.h for the watermarks. */
#include "outbox.h"

#include <string.h>

#include "kolam/alloc.h"
#include "net.h"
#include "protocol_out.h"

static void release(struct kolam_outbox *outbox, const struct kolam_out_item *item) {
    outbox->queued_bytes -= item->bytes->size;
    outbox->essential_bytes -= item->class == KOLAM_OUT_ESSENTIAL ? item->bytes->size : 0;
    kolam_bytes_unref(item->bytes);
}

void kolam_outbox_finish(struct kolam_outbox *outbox) {
    for (uint32_t i = outbox->begin; i < outbox->end; i++) {
        kolam_bytes_unref(outbox->items[i].bytes);
    }
    kolam_free(outbox->items);
    memset(outbox, 0, sizeof(*outbox));
}

/* Drops what is of `class` or more droppable, if it is past `seq`. */
static void drop(struct kolam_outbox *outbox, enum kolam_out_class class, uint64_t seq) {
    uint32_t kept = outbox->begin;
    for (uint32_t i = outbox->begin; i < outbox->end; i++) {
        const struct kolam_out_item item = outbox->items[i];
        if (item.class >= class && item.seq >= seq) {
            outbox->dropped[item.class]++;
            release(outbox, &item);
        } else {
            outbox->items[kept++] = item;
        }
    }
    outbox->end = kept;
}

void kolam_outbox_drop_ops_after(struct kolam_outbox *outbox, uint64_t seq) {
    drop(outbox, KOLAM_OUT_OP, seq + 1);
}

static bool has_room(struct kolam_outbox *outbox) {
    if (outbox->end < outbox->capacity) {
        return true;
    }
    if (outbox->begin > outbox->capacity / 2) {
        memmove(outbox->items, outbox->items + outbox->begin,
                (outbox->end - outbox->begin) * sizeof(*outbox->items));
        outbox->end -= outbox->begin;
        outbox->begin = 0;
        return true;
    }
    uint32_t capacity = outbox->capacity ? outbox->capacity * 2 : 8;
    void *grown = kolam_realloc_array(outbox->items, capacity, sizeof(*outbox->items));
    if (!grown) {
        return false;
    }
    outbox->items = grown;
    outbox->capacity = capacity;
    return true;
}

uint32_t kolam_outbox_age_ms(const struct kolam_outbox *outbox, uint32_t now_ms) {
    return kolam_outbox_is_empty(outbox) ? 0 : now_ms - outbox->items[outbox->begin].queued_ms;
}

enum kolam_outbox_state kolam_outbox_add(struct kolam_outbox *outbox,
                                         const struct kolam_outbox_limits *limits,
                                         const struct kolam_out_item *item) {
    const uint64_t after = outbox->queued_bytes + outbox->stuck_bytes + item->bytes->size;
    enum kolam_outbox_state state = KOLAM_OUTBOX_FINE;
    if (item->bytes->size > KOLAM_OUTBOX_ITEM_BYTES_MAX) {
        return KOLAM_OUTBOX_HOPELESS;
    }
    if (item->class == KOLAM_OUT_PREVIEW && after > limits->soft_bytes / 8) {
        drop(outbox, KOLAM_OUT_PREVIEW, 0);
        outbox->dropped[item->class]++;
        return KOLAM_OUTBOX_DROPPED_PREVIEW;
    }
    if (after > limits->soft_bytes ||
        kolam_outbox_age_ms(outbox, item->queued_ms) > limits->soft_ms) {
        drop(outbox, KOLAM_OUT_OP, 0);
        state = KOLAM_OUTBOX_OVERFLOWED;
        if (item->class != KOLAM_OUT_ESSENTIAL) {
            outbox->dropped[item->class]++;
            return state;
        }
    }
    if (outbox->queued_bytes + outbox->stuck_bytes + item->bytes->size > limits->hard_bytes ||
        !has_room(outbox)) {
        return KOLAM_OUTBOX_HOPELESS;
    }
    outbox->items[outbox->end++] = *item;
    kolam_bytes_ref(item->bytes);
    outbox->queued_bytes += item->bytes->size;
    outbox->essential_bytes += item->class == KOLAM_OUT_ESSENTIAL ? item->bytes->size : 0;
    return state;
}

uint32_t kolam_frame_measure(const struct kolam_out_item *items, uint32_t count, uint64_t budget,
                             uint64_t *out_payload) {
    uint32_t taken = 1;
    *out_payload = items[0].bytes->size;
    while (items[0].form == KOLAM_OUT_RECORD && taken < count) {
        const struct kolam_out_item *item = &items[taken];
        if (item->form != KOLAM_OUT_RECORD || *out_payload + item->bytes->size > budget) {
            break;
        }
        *out_payload += item->bytes->size;
        taken++;
    }
    return taken;
}

size_t kolam_frame_write(const struct kolam_out_item *items, uint32_t count, uint64_t payload,
                         uint8_t *out) {
    size_t used = kolam_out_frame_head(items[0].form == KOLAM_OUT_TEXT, payload, out);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(out + used, items[i].bytes->data, items[i].bytes->size);
        used += items[i].bytes->size;
    }
    return used;
}

static size_t copy_frames(const struct kolam_bytes *bytes, uint8_t *out) {
    const size_t size = bytes->size - KOLAM_SOCKET_PAD;
    memcpy(out, bytes->data + KOLAM_SOCKET_PAD, size);
    return size;
}

size_t kolam_outbox_take_frames(struct kolam_outbox *outbox, uint8_t *out, uint64_t *out_frames) {
    size_t used = 0;
    *out_frames = 0;
    while (!kolam_outbox_is_empty(outbox) && used < KOLAM_OUTBOX_FLUSH_BYTES) {
        const struct kolam_out_item *first = &outbox->items[outbox->begin];
        uint32_t count = 1;
        if (first->form == KOLAM_OUT_FRAMES) {
            if (used > 0 && used + first->bytes->size > KOLAM_OUTBOX_FLUSH_BYTES) {
                break;
            }
            used += copy_frames(first->bytes, out + used);
        } else {
            uint64_t payload;
            count = kolam_frame_measure(first, outbox->end - outbox->begin,
                                        KOLAM_OUTBOX_FLUSH_BYTES - used, &payload);
            used += kolam_frame_write(first, count, payload, out + used);
        }
        for (uint32_t i = 0; i < count; i++) {
            release(outbox, &outbox->items[outbox->begin++]);
        }
        ++*out_frames;
    }
    if (kolam_outbox_is_empty(outbox)) {
        outbox->begin = outbox->end = 0;
    }
    return used;
}
