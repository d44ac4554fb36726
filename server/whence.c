/* A list of pairs; see whence.h. */
#include "whence.h"

#include <string.h>

#include "kolam/alloc.h"

struct pair {
    uint8_t ident[KOLAM_IDENT_BYTES];
    struct kolam_prefix prefix;
    int64_t seen_ms;
};

/* In the order in which they were seen last: the newest before `next`. */
struct kolam_whence {
    struct pair pairs[KOLAM_WHENCE_MAX];
    uint32_t count;
};

struct kolam_whence *kolam_whence_create(void) {
    return kolam_alloc_zero(1, sizeof(struct kolam_whence));
}

void kolam_whence_destroy(struct kolam_whence *whence) {
    kolam_free(whence);
}

static void remove_at(struct kolam_whence *whence, uint32_t place) {
    memmove(whence->pairs + place, whence->pairs + place + 1,
            (whence->count - place - 1) * sizeof(whence->pairs[0]));
    whence->count--;
}

static bool is_pair(const struct pair *pair, const uint8_t ident[KOLAM_IDENT_BYTES],
                    const struct kolam_prefix *prefix) {
    return memcmp(pair->ident, ident, sizeof(pair->ident)) == 0 &&
           pair->prefix.bits == prefix->bits &&
           kolam_address_equal(&pair->prefix.address, &prefix->address);
}

/* The newest of those before `end`; `end` if there is none. */
static uint32_t find_before(const struct kolam_whence *whence, uint32_t end,
                            const uint8_t ident[KOLAM_IDENT_BYTES],
                            const struct kolam_prefix *prefix) {
    for (uint32_t i = end; i > 0; i--) {
        if (is_pair(&whence->pairs[i - 1], ident, prefix)) {
            return i - 1;
        }
    }
    return end;
}

void kolam_whence_note(struct kolam_whence *whence, const uint8_t ident[KOLAM_IDENT_BYTES],
                       const struct kolam_address *address, int64_t now_ms) {
    struct pair pair = {.prefix = kolam_address_prefix(address, 24, 48), .seen_ms = now_ms};
    memcpy(pair.ident, ident, sizeof(pair.ident));
    const uint32_t old = find_before(whence, whence->count, ident, &pair.prefix);
    if (old < whence->count) {
        remove_at(whence, old);
    }
    while (whence->count > 0 && (whence->count == KOLAM_WHENCE_MAX ||
                                 now_ms - whence->pairs[0].seen_ms > KOLAM_WHENCE_MS)) {
        remove_at(whence, 0);
    }
    whence->pairs[whence->count++] = pair;
}

void kolam_whence_merged(struct kolam_whence *whence, const uint8_t from[KOLAM_IDENT_BYTES],
                         const uint8_t to[KOLAM_IDENT_BYTES]) {
    for (uint32_t i = 0; i < whence->count; i++) {
        if (memcmp(whence->pairs[i].ident, from, KOLAM_IDENT_BYTES) == 0) {
            memcpy(whence->pairs[i].ident, to, KOLAM_IDENT_BYTES);
        }
    }
    for (uint32_t i = whence->count; i > 0; i--) { /* where both came from one, the newer counts */
        const struct pair *pair = &whence->pairs[i - 1];
        const bool is_theirs = memcmp(pair->ident, to, KOLAM_IDENT_BYTES) == 0;
        const uint32_t older = is_theirs ? find_before(whence, i - 1, to, &pair->prefix) : i - 1;
        if (older < i - 1) {
            remove_at(whence, older);
            i--;
        }
    }
}

void kolam_whence_erased(struct kolam_whence *whence, const uint8_t ident[KOLAM_IDENT_BYTES]) {
    for (uint32_t i = whence->count; i > 0; i--) {
        if (memcmp(whence->pairs[i - 1].ident, ident, KOLAM_IDENT_BYTES) == 0) {
            remove_at(whence, i - 1);
        }
    }
}

json_t *kolam_whence_list(const struct kolam_whence *whence, const uint8_t ident[KOLAM_IDENT_BYTES],
                          int64_t now_ms) {
    json_t *list = json_array();
    char text[KOLAM_PREFIX_TEXT_MAX];
    for (uint32_t i = whence->count; i > 0; i--) {
        const struct pair *pair = &whence->pairs[i - 1];
        if (memcmp(pair->ident, ident, sizeof(pair->ident)) == 0 &&
            now_ms - pair->seen_ms <= KOLAM_WHENCE_MS) {
            kolam_prefix_text(&pair->prefix, text);
            json_array_append_new(list, json_string(text));
        }
    }
    return list;
}
