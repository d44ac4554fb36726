/* A client's queue; see outbox.h for the watermarks. */
#include "outbox.h"

#include <string.h>

#include "kolam/alloc.h"
#include "protocol_out.h"

void kolam_outbox_finish(struct kolam_outbox *outbox) {
    for (uint32_t i = outbox->begin; i < outbox->end; i++) {
        kolam_bytes_unref(outbox->items[i].bytes);
    }
    kolam_free(outbox->items);
    memset(outbox, 0, sizeof(*outbox));
}

/* Drops what is of `class` or more droppable. */
static void drop(struct kolam_outbox *outbox, enum kolam_out_class class) {
    uint32_t kept = outbox->begin;
    for (uint32_t i = outbox->begin; i < outbox->end; i++) {
        struct kolam_out_item item = outbox->items[i];
        if (item.class >= class) {
            outbox->queued_bytes -= item.bytes->size;
            outbox->dropped[item.class]++;
            kolam_bytes_unref(item.bytes);
        } else {
            outbox->items[kept++] = item;
        }
    }
    outbox->end = kept;
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
    uint32_t capacity = outbox->capacity ? outbox->capacity * 2 : 16;
    void *grown = kolam_realloc_array(outbox->items, capacity, sizeof(*outbox->items));
    if (!grown) {
        return false;
    }
    outbox->items = grown;
    outbox->capacity = capacity;
    return true;
}

enum kolam_outbox_state kolam_outbox_add(struct kolam_outbox *outbox, enum kolam_out_class class,
                                         bool is_text, struct kolam_bytes *bytes) {
    const uint64_t after = outbox->queued_bytes + bytes->size;
    enum kolam_outbox_state state = KOLAM_OUTBOX_FINE;
    if (bytes->size > KOLAM_OUTBOX_ITEM_BYTES_MAX) {
        return KOLAM_OUTBOX_HOPELESS;
    }
    if (class == KOLAM_OUT_PREVIEW && after > KOLAM_OUTBOX_PREVIEW_BYTES) {
        drop(outbox, KOLAM_OUT_PREVIEW);
        outbox->dropped[class]++;
        return KOLAM_OUTBOX_DROPPED_PREVIEW;
    }
    if (after > KOLAM_OUTBOX_SOFT_BYTES) {
        drop(outbox, KOLAM_OUT_OP);
        state = KOLAM_OUTBOX_OVERFLOWED;
        if (class != KOLAM_OUT_ESSENTIAL) {
            outbox->dropped[class]++;
            return state;
        }
    }
    if (outbox->queued_bytes + bytes->size > KOLAM_OUTBOX_HARD_BYTES || !has_room(outbox)) {
        return KOLAM_OUTBOX_HOPELESS;
    }
    outbox->items[outbox->end++] =
        (struct kolam_out_item){kolam_bytes_ref(bytes), (uint8_t) class, is_text};
    outbox->queued_bytes += bytes->size;
    outbox->essential_bytes += class == KOLAM_OUT_ESSENTIAL ? bytes->size : 0;
    return state;
}

/* How many items from `begin` share a frame, and their payload. */
static uint32_t frame_of(const struct kolam_outbox *outbox, uint64_t budget,
                         uint64_t *out_payload) {
    const struct kolam_out_item *first = &outbox->items[outbox->begin];
    uint32_t count = 1;
    *out_payload = first->bytes->size;
    while (!first->is_text && outbox->begin + count < outbox->end) {
        const struct kolam_out_item *item = first + count;
        if (item->is_text || *out_payload + item->bytes->size > budget) {
            break;
        }
        *out_payload += item->bytes->size;
        count++;
    }
    return count;
}

size_t kolam_outbox_take_frames(struct kolam_outbox *outbox, uint8_t *out, uint64_t *out_frames) {
    size_t used = 0;
    *out_frames = 0;
    while (!kolam_outbox_is_empty(outbox) && used < KOLAM_OUTBOX_FLUSH_BYTES) {
        uint64_t payload;
        uint32_t count = frame_of(outbox, KOLAM_OUTBOX_FLUSH_BYTES - used, &payload);
        used += kolam_out_frame_head(outbox->items[outbox->begin].is_text, payload, out + used);
        for (uint32_t i = 0; i < count; i++) {
            const struct kolam_out_item *item = &outbox->items[outbox->begin++];
            struct kolam_bytes *bytes = item->bytes;
            outbox->essential_bytes -= item->class == KOLAM_OUT_ESSENTIAL ? bytes->size : 0;
            memcpy(out + used, bytes->data, bytes->size);
            used += bytes->size;
            kolam_bytes_unref(bytes);
        }
        outbox->queued_bytes -= payload;
        ++*out_frames;
    }
    if (kolam_outbox_is_empty(outbox)) {
        outbox->begin = outbox->end = 0;
    }
    return used;
}
