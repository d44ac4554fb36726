/* Certificates for TLS: read, checked as a whole, and only then used, so that a half-written or mismatched pair of
 * files never takes effect. OpenSSL is named here and in tls.c alone. */
#ifndef KOLAM_SERVER_TLS_H
#define KOLAM_SERVER_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

struct ssl_ctx_st; /* SSL_CTX */
struct kolam_tls_pair;

/* Reads a certificate with its chain (PEM, the server's own first) and its private key (PEM, without a password).
 * KOLAM_ERR_IO if a file cannot be read, KOLAM_ERR_INVALID if it holds something else or the two do not belong
 * together; `error` tells which file and why. */
KOLAM_MUST_CHECK enum kolam_status kolam_tls_load(const char *certificate_path,
                                                  const char *key_path,
                                                  struct kolam_tls_pair **out_pair,
                                                  struct kolam_error *error);
void kolam_tls_destroy(struct kolam_tls_pair *pair); /* NULL is safe */
/* Whole days until the certificate expires, negative when it has. */
int kolam_tls_days_left(const struct kolam_tls_pair *pair);

/* What handshakes from now on are offered; those under way and connections that stand keep what they have. The pair
 * is not kept. */
KOLAM_MUST_CHECK enum kolam_status kolam_tls_use(struct ssl_ctx_st *ctx,
                                                 const struct kolam_tls_pair *pair);
/* Once for a new context: versions, no renegotiation, and buffers given back while a connection is idle. */
void kolam_tls_set_up(struct ssl_ctx_st *ctx);

/* Of a connection (an SSL *). What its next bytes are, of one record at most; they stay there. -1: none at the moment; 0: it is over. */
long kolam_tls_peek(void *tls, void *out, size_t size);
/* As the last that is said: it may fail. */
void kolam_tls_send(void *tls, const void *bytes, size_t size);
/* Whether the handshake has ended. */
bool kolam_tls_is_open(const void *tls);
/* Whether a record is there of which not all was read. */
bool kolam_tls_has_pending(const void *tls);
/* How many bytes have been taken from the socket, and how many of them until the handshake ended (0: it has not). */
uint64_t kolam_tls_came(const void *tls);
uint64_t kolam_tls_opened_at(const void *tls);

#endif
