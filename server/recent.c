/* The ring of recent ops: a growing array whose used part moves forward and is moved back when it
 * reaches the end. */
#include "recent.h"

#include <string.h>

#include "kolam/alloc.h"

static uint64_t cost(const struct kolam_recent_op *op) {
    return sizeof(*op) + op->record->size + op->home_count * sizeof(*op->homes);
}

static void drop_oldest(struct kolam_recent *recent) {
    struct kolam_recent_op *op = &recent->ops[recent->begin++];
    recent->bytes -= cost(op);
    kolam_bytes_unref(op->record);
    kolam_free(op->homes);
}

static void clear(struct kolam_recent *recent) {
    while (recent->begin < recent->end) {
        drop_oldest(recent);
    }
    recent->begin = recent->end = 0;
}

void kolam_recent_finish(struct kolam_recent *recent) {
    clear(recent);
    kolam_free(recent->ops);
    memset(recent, 0, sizeof(*recent));
}

static bool has_room(struct kolam_recent *recent) {
    if (recent->end < recent->capacity) {
        return true;
    }
    if (recent->begin > recent->capacity / 2) {
        memmove(recent->ops, recent->ops + recent->begin,
                (recent->end - recent->begin) * sizeof(*recent->ops));
        recent->end -= recent->begin;
        recent->begin = 0;
        return true;
    }
    uint32_t capacity = recent->capacity ? recent->capacity * 2 : 64;
    void *grown = kolam_realloc_array(recent->ops, capacity, sizeof(*recent->ops));
    if (!grown) {
        return false;
    }
    recent->ops = grown;
    recent->capacity = capacity;
    return true;
}

void kolam_recent_add(struct kolam_recent *recent, const struct kolam_log_op *op,
                      struct kolam_bytes *record, bool is_plain_stroke) {
    struct kolam_home *homes = kolam_memdup(op->homes, (size_t)op->home_count * sizeof(*op->homes));
    if (!homes || !has_room(recent)) {
        kolam_free(homes);
        clear(recent);
        return;
    }
    struct kolam_recent_op *kept = &recent->ops[recent->end++];
    *kept = (struct kolam_recent_op){op->seq, kolam_bytes_ref(record), homes, op->home_count,
                                     is_plain_stroke};
    recent->bytes += cost(kept);
    while (recent->bytes > KOLAM_RECENT_BYTES_MAX && recent->begin < recent->end) {
        drop_oldest(recent);
    }
}

bool kolam_recent_since(const struct kolam_recent *recent, uint64_t since, uint64_t last_seq,
                        uint32_t *out_first) {
    if (since >= last_seq) {
        *out_first = recent->end;
        return since == last_seq;
    }
    if (recent->begin == recent->end || recent->ops[recent->begin].seq > since + 1) {
        return false;
    }
    *out_first = recent->begin + (uint32_t)(since + 1 - recent->ops[recent->begin].seq);
    return true;
}
