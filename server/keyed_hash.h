/* SipHash-1-3 of a few words under a key that nobody outside knows: what a client may choose (a view, an address) cannot be
 * chosen so that it all falls into one bucket. J.-P. Aumasson, D. J. Bernstein: "SipHash: a fast short-input PRF", 2012. */
#ifndef KOLAM_SERVER_KEYED_HASH_H
#define KOLAM_SERVER_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Filled once with kolam_random_bytes. */
struct kolam_hash_key {
    uint64_t k0, k1;
};

static inline uint64_t kolam_hash_rotate(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

static inline void kolam_hash_round(uint64_t v[4]) {
    v[0] += v[1];
    v[1] = kolam_hash_rotate(v[1], 13) ^ v[0];
    v[0] = kolam_hash_rotate(v[0], 32);
    v[2] += v[3];
    v[3] = kolam_hash_rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = kolam_hash_rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = kolam_hash_rotate(v[1], 17) ^ v[2];
    v[2] = kolam_hash_rotate(v[2], 32);
}

static inline uint64_t kolam_keyed_hash(const struct kolam_hash_key *key, const uint64_t *words,
                                        size_t count) {
    uint64_t v[4] = {key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du,
                     key->k0 ^ 0x6c7967656e657261u, key->k1 ^ 0x7465646279746573u};
    for (size_t i = 0; i <= count; i++) {
        const uint64_t word = i < count ? words[i] : (uint64_t)(count * 8) << 56;
        v[3] ^= word;
        kolam_hash_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) {
        kolam_hash_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
