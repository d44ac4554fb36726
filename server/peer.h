/* Addresses of clients: which one counts when a proxy stands in front, and prefixes of them. Pure.
 *
 * Whoever connects says who it is by its own address alone. Only a proxy that the operator named (--trusted-proxy) is believed
 * when it tells, in a header, for whom it asks; the same header from anybody else is ignored. A header that passed
 * several proxies is read from its end, which is what the nearest one wrote: the first address that is no
 * trusted proxy's counts, and what stands before it, which a client can invent, is not looked at. */
#ifndef KOLAM_SERVER_PEER_H
#define KOLAM_SERVER_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "kolam/status.h"

#define KOLAM_ADDRESS_TEXT_MAX 46 /* with the zero at the end */
#define KOLAM_PREFIX_TEXT_MAX 50
#define KOLAM_PROXIES_MAX 16
#define KOLAM_HEADER_NAME_MAX 64

/* IPv6; IPv4 as ::ffff:a.b.c.d, so that a client is the same over either kind of socket. */
struct kolam_address {
    uint8_t bytes[16];
};

/* Addresses that begin alike; `bits` counts in the 128 (of IPv4's /24: 120), all bits after them are zero. One of IPv6 holds no
 * IPv4 address, however short it is. */
struct kolam_prefix {
    struct kolam_address address;
    uint8_t bits;
};

/* "203.0.113.7", "2001:db8::1", without port, brackets or zone. */
bool kolam_address_parse(const char *text, struct kolam_address *out_address);
void kolam_address_text(const struct kolam_address *address, char out_text[KOLAM_ADDRESS_TEXT_MAX]);
bool kolam_address_is_v4(const struct kolam_address *address);
bool kolam_address_equal(const struct kolam_address *a, const struct kolam_address *b);

/* "203.0.113.0/24", "2001:db8::/32"; an address alone is the prefix that holds nothing else. */
bool kolam_prefix_parse(const char *text, struct kolam_prefix *out_prefix);
void kolam_prefix_text(const struct kolam_prefix *prefix, char out_text[KOLAM_PREFIX_TEXT_MAX]);
bool kolam_prefix_holds(const struct kolam_prefix *prefix, const struct kolam_address *address);
/* The address's first `v4_bits` of 32 or `v6_bits` of 128, whichever it is. */
struct kolam_prefix kolam_address_prefix(const struct kolam_address *address, uint8_t v4_bits,
                                         uint8_t v6_bits);

/* Whom we believe, and the header they tell it in ("x-forwarded-for:", as the network library wants it). */
struct kolam_proxies {
    struct kolam_prefix prefixes[KOLAM_PROXIES_MAX];
    uint32_t count;
    char header[KOLAM_HEADER_NAME_MAX + 2];
    /* The headers in which they tell who somebody is, and what they are called; empty: they do not. */
    char subject_header[KOLAM_HEADER_NAME_MAX + 2], name_header[KOLAM_HEADER_NAME_MAX + 2];
};

/* From the options' texts. KOLAM_ERR_INVALID with what is wrong. */
KOLAM_MUST_CHECK enum kolam_status kolam_proxies_init(struct kolam_proxies *proxies,
                                                      const char *const *prefixes, uint32_t count,
                                                      const char *header,
                                                      struct kolam_error *error);
/* The headers that tell identities; either may be NULL. KOLAM_ERR_INVALID with what is wrong, also if no proxy is trusted. */
KOLAM_MUST_CHECK enum kolam_status kolam_proxies_identify(struct kolam_proxies *proxies,
                                                          const char *subject_header,
                                                          const char *name_header,
                                                          struct kolam_error *error);
bool kolam_proxies_hold(const struct kolam_proxies *proxies, const struct kolam_address *address);

/* For whom the trusted proxy `peer` asks, by its header's value (several, parted by commas; each may have a port). The proxy itself where the
 * value is empty or its end is no address: what cannot be read is nobody's word. */
struct kolam_address kolam_peer_forwarded(const struct kolam_proxies *proxies,
                                          const struct kolam_address *peer, const char *value);

#endif
