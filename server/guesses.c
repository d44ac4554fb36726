/* Budgets of guesses by prefix, in a table of fixed size: eight places that a prefix can be in, of which the one that was used longest ago
 * makes room. Who makes others' budgets be forgotten by coming from many prefixes has used up that of all before. */
#include "guesses.h"

#include <string.h>

#include "budget.h"
#include "keyed_hash.h"
#include "kolam/alloc.h"
#include "kolam/identity.h"

#define SETS 1024
#define WAYS 8

struct place {
    struct kolam_prefix prefix;
    int64_t full_ms; /* when nothing will be spent any more; 0: free */
};

struct kolam_guesses {
    struct kolam_budget all;
    struct kolam_hash_key key; /* nobody can choose prefixes that share places */
    struct place places[SETS][WAYS];
};

struct kolam_guesses *kolam_guesses_create(void) {
    struct kolam_guesses *guesses = kolam_alloc_zero(1, sizeof(*guesses));
    if (guesses) {
        kolam_random_bytes(&guesses->key, sizeof(guesses->key));
    }
    return guesses;
}

void kolam_guesses_destroy(struct kolam_guesses *guesses) {
    kolam_free(guesses);
}

static struct place *set_of(struct kolam_guesses *guesses, const struct kolam_prefix *prefix) {
    uint64_t words[2];
    _Static_assert(sizeof(words) == sizeof(prefix->address.bytes), "an address is two words");
    memcpy(words, prefix->address.bytes, sizeof(words));
    return guesses->places[kolam_keyed_hash(&guesses->key, words, 2) % SETS];
}

static bool is_same(const struct kolam_prefix *a, const struct kolam_prefix *b) {
    return a->bits == b->bits && kolam_address_equal(&a->address, &b->address);
}

/* The prefix's place, or the one that is full again first. */
static struct place *find(struct place *set, const struct kolam_prefix *prefix) {
    struct place *found = set;
    for (int i = 0; i < WAYS; i++) {
        if (is_same(&set[i].prefix, prefix)) {
            return &set[i];
        }
        found = set[i].full_ms < found->full_ms ? &set[i] : found;
    }
    *found = (struct place){.prefix = *prefix};
    return found;
}

/* A bucket as one number: each guess puts off the time at which it is full again. */
bool kolam_guesses_take(struct kolam_guesses *guesses, const struct kolam_address *address,
                        int64_t now_ms) {
    const struct kolam_prefix prefix = kolam_address_prefix(address, 32, 64);
    struct place *place = find(set_of(guesses, &prefix), &prefix);
    const int64_t full_ms = place->full_ms > now_ms ? place->full_ms : now_ms;
    if (full_ms - now_ms > (int64_t)(KOLAM_GUESSES_BURST - 1) * KOLAM_GUESSES_MS ||
        !kolam_budget_take(&guesses->all, now_ms, KOLAM_GUESSES_ALL_PER_S,
                           KOLAM_GUESSES_ALL_BURST)) {
        return false;
    }
    place->full_ms = full_ms + KOLAM_GUESSES_MS;
    return true;
}

void kolam_guesses_give_back(struct kolam_guesses *guesses, const struct kolam_address *address) {
    const struct kolam_prefix prefix = kolam_address_prefix(address, 32, 64);
    struct place *place = find(set_of(guesses, &prefix), &prefix);
    kolam_budget_give_back(&guesses->all); /* who is right all the time keeps nobody else waiting */
    if (place->full_ms >= KOLAM_GUESSES_MS) {
        place->full_ms -= KOLAM_GUESSES_MS;
    }
}
