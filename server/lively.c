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

void kolam_lively_load(struct kolam_lively *lively, const struct kolam_lively_stroke *older,
                       uint32_t count) {
    const uint32_t room = KOLAM_LIVELY_STROKES_MAX - lively->count;
    const uint32_t taken = count < room ? count : room;
    lively->is_loaded = true;
    if (taken == 0 ||
        (lively->capacity < KOLAM_LIVELY_STROKES_MAX && !grow(lively, KOLAM_LIVELY_STROKES_MAX))) {
        return;
    }
    lively->begin = (lively->begin - taken) & (lively->capacity - 1);
    lively->count += taken;
    for (uint32_t i = 0; i < taken; i++) {
        *at(lively, i) = older[count - taken + i];
    }
}

uint32_t kolam_lively_copy(const struct kolam_lively *lively, int64_t since_ms,
                           struct kolam_lively_stroke *out) {
    uint32_t first = lively->count;
    while (first > 0 && at(lively, first - 1)->time_ms >= since_ms) {
        first--; /* commit times never go back */
    }
    for (uint32_t i = first; i < lively->count; i++) {
        out[i - first] = *at(lively, i);
    }
    return lively->count - first;
}
