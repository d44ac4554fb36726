/* Composing: the list of what is due to a group of viewers becomes whole frames, once. Groups whose lists are the same,
 * found by their hash, share even those; for members who are congested there are frames without previews, made when
 * the first asks. */
#include "compose.h"

#include <string.h>

#include "kolam/alloc.h"
#include "protocol_out.h"

#define BUCKETS 1024
#define CHUNK_BYTES 60000u /* payload of a shared frame; more than one if a tick brings more */

struct kolam_compose {
    struct kolam_bytes **chunks;
    struct kolam_out_item *list;     /* what is being composed */
    struct kolam_composed *composed; /* [0] is not used */
    uint32_t chunk_count, chunk_capacity, list_capacity, composed_count, composed_capacity;
    uint32_t buckets[BUCKETS];
};

struct kolam_compose *kolam_compose_create(void) {
    return kolam_alloc_zero(1, sizeof(struct kolam_compose));
}

void kolam_compose_destroy(struct kolam_compose *compose) {
    if (compose) {
        kolam_free(compose->chunks);
        kolam_free(compose->list);
        kolam_free(compose->composed);
        kolam_free(compose);
    }
}

struct kolam_bytes *kolam_compose_chunk(const struct kolam_compose *compose, uint32_t i) {
    return compose->chunks[i];
}

static bool grow(void **array, uint32_t *capacity, uint32_t needed, size_t size) {
    if (needed <= *capacity) {
        return true;
    }
    uint32_t wanted = needed < 16 ? 16 : needed * 2;
    void *grown = kolam_realloc_array(*array, wanted, size);
    if (!grown) {
        return false;
    }
    *array = grown;
    *capacity = wanted;
    return true;
}

/* One buffer of the first `count` items' frames; out_taken tells how many it took. */
static struct kolam_bytes *compose_chunk(const struct kolam_out_item *items, uint32_t count,
                                         uint32_t *out_taken) {
    uint64_t payload;
    *out_taken = kolam_frame_measure(items, count, CHUNK_BYTES, &payload);
    struct kolam_bytes *chunk =
        kolam_bytes_create(KOLAM_SOCKET_PAD + KOLAM_FRAME_HEAD_MAX + payload);
    if (chunk) {
        size_t size = kolam_frame_write(items, *out_taken, payload, chunk->data + KOLAM_SOCKET_PAD);
        chunk->size = (uint32_t)(KOLAM_SOCKET_PAD + size);
    }
    return chunk;
}

static bool compose_all(struct kolam_compose *compose, const struct kolam_out_item *items,
                        uint32_t count, uint32_t *out_begin, uint32_t *out_end) {
    *out_begin = *out_end = compose->chunk_count;
    while (count > 0) {
        uint32_t taken;
        struct kolam_bytes *chunk = NULL;
        if (grow((void **)&compose->chunks, &compose->chunk_capacity, compose->chunk_count + 1,
                 sizeof(*compose->chunks))) {
            chunk = compose_chunk(items, count, &taken);
        }
        if (!chunk) {
            return false;
        }
        compose->chunks[compose->chunk_count++] = chunk;
        *out_end = compose->chunk_count;
        items += taken;
        count -= taken;
    }
    return true;
}

/* Frames of all that is pending for the viewers, or of all but the previews. */
static bool compose_list(struct kolam_fanout *fanout, const struct kolam_viewers *viewers,
                         bool has_previews, uint32_t *out_begin, uint32_t *out_end) {
    struct kolam_compose *compose = fanout->compose;
    uint32_t count = 0;
    if (!grow((void **)&compose->list, &compose->list_capacity, viewers->count,
              sizeof(*compose->list))) {
        return false;
    }
    for (uint32_t i = 0; i < viewers->count; i++) {
        const struct kolam_out_item *item = kolam_records_at(&fanout->records, viewers->items[i]);
        if (has_previews || item->class != KOLAM_OUT_PREVIEW) {
            compose->list[count++] = *item;
        }
    }
    return compose_all(compose, compose->list, count, out_begin, out_end);
}

bool kolam_compose_calm(struct kolam_fanout *fanout, struct kolam_composed *composed) {
    if (!composed->has_calm && !composed->has_failed) {
        composed->has_calm = compose_list(fanout, composed->viewers, false, &composed->calm_begin,
                                          &composed->calm_end);
    }
    return composed->has_calm;
}

static bool has_same_list(const struct kolam_viewers *a, const struct kolam_viewers *b) {
    return a->count == b->count && memcmp(a->items, b->items, a->count * sizeof(*a->items)) == 0;
}

static void look_through(const struct kolam_fanout *fanout, struct kolam_composed *composed) {
    const struct kolam_viewers *viewers = composed->viewers;
    for (uint32_t i = 0; i < viewers->count; i++) {
        const struct kolam_out_item *item = kolam_records_at(&fanout->records, viewers->items[i]);
        composed->ops += item->seq != 0;
        composed->previews += item->class == KOLAM_OUT_PREVIEW;
        composed->tiles += item->bytes->data[0] == KOLAM_RECORD_TILE;
        composed->last_seq = item->seq > composed->last_seq ? item->seq : composed->last_seq;
    }
}

struct kolam_composed *kolam_compose_get(struct kolam_server *server,
                                         const struct kolam_viewers *viewers) {
    struct kolam_compose *compose = server->fanout->compose;
    const uint64_t hash = viewers->hash;
    uint32_t *bucket = &compose->buckets[hash % BUCKETS];
    for (uint32_t i = *bucket; i != 0; i = compose->composed[i].next) {
        if (compose->composed[i].hash == hash &&
            has_same_list(compose->composed[i].viewers, viewers)) {
            server->metrics.frames_reused++;
            return &compose->composed[i];
        }
    }
    if (!grow((void **)&compose->composed, &compose->composed_capacity, compose->composed_count + 2,
              sizeof(*compose->composed))) {
        return NULL;
    }
    struct kolam_composed *made = &compose->composed[++compose->composed_count];
    *made = (struct kolam_composed){.viewers = viewers,
                                    .hash = hash,
                                    .next = *bucket,
                                    .waited_us = kolam_loop_now_us(server->loop) - viewers->due_us};
    *bucket = compose->composed_count;
    made->has_failed = !compose_list(server->fanout, viewers, true, &made->begin, &made->end);
    look_through(server->fanout, made);
    server->metrics.frames_composed += made->end - made->begin;
    return made;
}

void kolam_compose_end(struct kolam_compose *compose) {
    for (uint32_t i = 0; i < compose->chunk_count; i++) {
        kolam_bytes_unref(compose->chunks[i]);
    }
    for (uint32_t i = 1; i <= compose->composed_count; i++) {
        compose->buckets[compose->composed[i].hash % BUCKETS] = 0;
    }
    compose->chunk_count = compose->composed_count = 0;
}
