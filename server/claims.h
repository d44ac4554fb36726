/* One-time codes: a browser learns its new identity over the WebSocket, but only an HTTP answer can set an HttpOnly
 * cookie. The code carries the secret across, once, for a minute. */
#ifndef KOLAM_SERVER_CLAIMS_H
#define KOLAM_SERVER_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "kolam/identity.h"

struct kolam_claims;

struct kolam_claims *kolam_claims_create(void); /* NULL when out of memory */
void kolam_claims_destroy(struct kolam_claims *claims);

/* Keeps the secret under a new code of 64 hex digits, until now_ms + 60 s, and whether it is for a page that came by https. The
 * oldest is forgotten when there are too many. */
void kolam_claims_add(struct kolam_claims *claims, int64_t now_ms,
                      const uint8_t secret[KOLAM_SECRET_BYTES], bool is_secure, char out_code[65]);
/* Gives the secret out and forgets it; false for an unknown, used or old code. */
bool kolam_claims_take(struct kolam_claims *claims, int64_t now_ms, const char *code,
                       uint8_t out_secret[KOLAM_SECRET_BYTES], bool *out_is_secure);

/* 64 lower- or upper-case hex digits <-> 32 bytes. */
bool kolam_hex_decode(const char *hex, uint8_t *out, size_t size_bytes);
void kolam_hex_encode(const uint8_t *bytes, size_t size_bytes, char *out_hex);
/* Compares without telling by its time where the first difference is. */
bool kolam_secret_equal(const void *a, const void *b, size_t size_bytes);

#endif
