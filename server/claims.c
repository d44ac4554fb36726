/* Claim codes; a small ring, searched from end to end: claims are rare and short-lived. */
#include "claims.h"

#include <string.h>

#include "kolam/alloc.h"

#define CLAIMS_MAX 1024
#define CLAIM_MS 60000

struct claim {
    uint8_t code[32];
    uint8_t secret[KOLAM_SECRET_BYTES];
    int64_t until_ms; /* 0: free */
    bool is_secure;
};

struct kolam_claims {
    struct claim ring[CLAIMS_MAX];
    uint32_t next;
};

struct kolam_claims *kolam_claims_create(void) {
    return kolam_alloc_zero(1, sizeof(struct kolam_claims));
}

void kolam_claims_destroy(struct kolam_claims *claims) {
    kolam_free(claims);
}

void kolam_claims_add(struct kolam_claims *claims, int64_t now_ms,
                      const uint8_t secret[KOLAM_SECRET_BYTES], bool is_secure, char out_code[65]) {
    struct claim *claim = &claims->ring[claims->next++ % CLAIMS_MAX];
    kolam_random_bytes(claim->code, sizeof(claim->code));
    memcpy(claim->secret, secret, KOLAM_SECRET_BYTES);
    claim->until_ms = now_ms + CLAIM_MS;
    claim->is_secure = is_secure;
    kolam_hex_encode(claim->code, sizeof(claim->code), out_code);
}

bool kolam_claims_take(struct kolam_claims *claims, int64_t now_ms, const char *code,
                       uint8_t out_secret[KOLAM_SECRET_BYTES], bool *out_is_secure) {
    uint8_t wanted[32];
    if (strlen(code) != 64 || !kolam_hex_decode(code, wanted, sizeof(wanted))) {
        return false;
    }
    for (uint32_t i = 0; i < CLAIMS_MAX; i++) {
        struct claim *claim = &claims->ring[i];
        if (claim->until_ms > now_ms && kolam_secret_equal(claim->code, wanted, sizeof(wanted))) {
            memcpy(out_secret, claim->secret, KOLAM_SECRET_BYTES);
            *out_is_secure = claim->is_secure;
            memset(claim, 0, sizeof(*claim));
            return true;
        }
    }
    return false;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool kolam_hex_decode(const char *hex, uint8_t *out, size_t size_bytes) {
    for (size_t i = 0; i < size_bytes; i++) {
        int high = hex_digit(hex[2 * i]);
        int low = high < 0 ? -1 : hex_digit(hex[2 * i + 1]);
        if (low < 0) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

void kolam_hex_encode(const uint8_t *bytes, size_t size_bytes, char *out_hex) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size_bytes; i++) {
        out_hex[2 * i] = digits[bytes[i] >> 4];
        out_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    out_hex[2 * size_bytes] = '\0';
}

bool kolam_secret_equal(const void *a, const void *b, size_t size_bytes) {
    const volatile uint8_t *x = a, *y = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        difference = (uint8_t)(difference | (x[i] ^ y[i]));
    }
    return difference == 0;
}
