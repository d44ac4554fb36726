/* The ring of a canvas's newest strokes; see lively.h. */
#include "lively.h"

#include <string.h>

#include "kolam/alloc.h"

#define CAPACITY_MIN 64

void kolam_lively_finish(struct kolam_lively *lively) {
    kolam_free(lively->strokes);
    memset(lively, 0, sizeof(*lively));
}

static struct kolam_lively_stroke *at(const struct kolam_lively *lively, uint32_t i) {
    return &lively->strokes[(lively->begin + i) & (lively->capacity - 1)];
}

/* A larger ring with the same strokes from its beginning on. */
static bool grow(struct kolam_lively *lively, uint32_t capacity) {
    struct kolam_lively_stroke *strokes = kolam_alloc_array(capacity, sizeof(*strokes));
    if (!strokes) {
        return false;
    }
    for (uint32_t i = 0; i < lively->count; i++) {
        strokes[i] = *at(lively, i);
    }
    kolam_free(lively->strokes);
    lively->strokes = strokes;
    lively->capacity = capacity;
    lively->begin = 0;
    return true;
}

void kolam_lively_add(struct kolam_lively *lively, const struct kolam_lively_stroke *stroke) {
    if (lively->count == lively->capacity && lively->capacity < KOLAM_LIVELY_STROKES_MAX &&
        !grow(lively, lively->capacity ? lively->capacity * 2 : CAPACITY_MIN)) {
        return;
    }
    if (lively->count == lively->capacity) {
        lively->begin = (lively->begin + 1) & (lively->capacity - 1);
        lively->count--;
    }
    *at(lively, lively->count++) = *stroke;
}

/* The first that is not before `seq`. */
static uint32_t lower_bound(const struct kolam_lively *lively, uint64_t seq) {
    uint32_t low = 0, high = lively->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (at(lively, middle)->seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void kolam_lively_mark(struct kolam_lively *lively, const uint64_t *seqs, uint32_t count,
                       bool is_hidden) {
    /* The newest first: most of a long list is older than all that is remembered. */
    while (count > 0 && lively->count > 0 && seqs[count - 1] >= at(lively, 0)->seq) {
        const uint64_t seq = seqs[--count];
        const uint32_t i = lower_bound(lively, seq);
        if (i < lively->count && at(lively, i)->seq == seq) {
            at(lively, i)->is_hidden = is_hidden;
        }
    }
}

void kolam_lively_commit(struct kolam_lively *lively, uint32_t artist,
                         const struct kolam_log_op *op, struct kolam_op_room *room) {
    struct kolam_op decoded;
    if (op->kind == KOLAM_OP_STROKE && op->home_count > 0) {
        const struct kolam_lively_stroke stroke = {
            .seq = op->seq,
            .time_ms = op->time_ms,
            .artist = artist,
            .extent = kolam_homes_extent(op->homes, op->home_count)};
        kolam_lively_mark(lively, &op->replaces, op->replaces != 0, true);
        kolam_lively_add(lively, &stroke);
    } else if ((op->kind == KOLAM_OP_HIDE || op->kind == KOLAM_OP_SHOW) && lively->count > 0 &&
               kolam_op_decode(op->body, op->body_size_bytes, room, &decoded) == KOLAM_OK) {
        kolam_lively_mark(lively, decoded.targets, decoded.target_count, op->kind == KOLAM_OP_HIDE);
    }
}

void kolam_lively_load(struct kolam_lively *lively, const struct kolam_lively *older) {
    const uint32_t room = KOLAM_LIVELY_STROKES_MAX - lively->count;
    const uint32_t taken = older->count < room ? older->count : room;
    lively->is_loaded = true;
    if (taken == 0 ||
        (lively->capacity < KOLAM_LIVELY_STROKES_MAX && !grow(lively, KOLAM_LIVELY_STROKES_MAX))) {
        return;
    }
    lively->begin = (lively->begin - taken) & (lively->capacity - 1);
    lively->count += taken;
    for (uint32_t i = 0; i < taken; i++) {
        *at(lively, i) = *at(older, older->count - taken + i);
    }
}

uint32_t kolam_lively_copy(const struct kolam_lively *lively, int64_t since_ms,
                           struct kolam_lively_stroke *out) {
    uint32_t first = lively->count, copied = 0;
    while (first > 0 && at(lively, first - 1)->time_ms >= since_ms) {
        first--; /* commit times never go back */
    }
    for (uint32_t i = first; i < lively->count; i++) {
        if (!at(lively, i)->is_hidden) {
            out[copied++] = *at(lively, i);
        }
    }
    return copied;
}
