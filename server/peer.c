/* Addresses, prefixes, and whose word about them is taken; see peer.h. */
#include "peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool kolam_address_parse(const char *text, struct kolam_address *out_address) {
    struct kolam_address address;
    if (inet_pton(AF_INET6, text, address.bytes) == 1) {
        *out_address = address;
        return true;
    }
    if (inet_pton(AF_INET, text, address.bytes + 12) == 1) {
        memcpy(address.bytes, mapped, sizeof(mapped));
        *out_address = address;
        return true;
    }
    return false;
}

bool kolam_address_is_v4(const struct kolam_address *address) {
    return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

bool kolam_address_equal(const struct kolam_address *a, const struct kolam_address *b) {
    return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void kolam_address_text(const struct kolam_address *address,
                        char out_text[KOLAM_ADDRESS_TEXT_MAX]) {
    const bool is_v4 = kolam_address_is_v4(address);
    if (!inet_ntop(is_v4 ? AF_INET : AF_INET6, address->bytes + (is_v4 ? 12 : 0), out_text,
                   KOLAM_ADDRESS_TEXT_MAX)) {
        strcpy(out_text, "?"); /* not with room for all of it */
    }
}

/* ---- prefixes ---- */

static void clear_after(struct kolam_address *address, uint32_t bits) {
    for (uint32_t i = 0; i < sizeof(address->bytes); i++) {
        const uint32_t kept = bits > i * 8 ? bits - i * 8 : 0;
        if (kept < 8) {
            address->bytes[i] = (uint8_t)(address->bytes[i] & (0xff00u >> kept));
        }
    }
}

bool kolam_prefix_parse(const char *text, struct kolam_prefix *out_prefix) {
    char address_text[KOLAM_ADDRESS_TEXT_MAX];
    const char *slash = strchr(text, '/');
    const size_t size = slash ? (size_t)(slash - text) : strlen(text);
    struct kolam_prefix prefix;
    if (size >= sizeof(address_text)) {
        return false;
    }
    memcpy(address_text, text, size);
    address_text[size] = '\0';
    if (!kolam_address_parse(address_text, &prefix.address)) {
        return false;
    }
    /* Of an address that was written as IPv6 the bits are IPv6's, also where it holds an IPv4 one. */
    const uint32_t most = strchr(address_text, ':') ? 128 : 32;
    uint32_t bits = most;
    if (slash) {
        const size_t digits = strspn(slash + 1, "0123456789");
        if (digits < 1 || digits > 3 || slash[1 + digits] != '\0') {
            return false;
        }
        bits = (uint32_t)strtoul(slash + 1, NULL, 10);
    }
    if (bits > most) {
        return false;
    }
    prefix.bits = (uint8_t)(bits + 128 - most);
    clear_after(&prefix.address, prefix.bits);
    *out_prefix = prefix;
    return true;
}

void kolam_prefix_text(const struct kolam_prefix *prefix, char out_text[KOLAM_PREFIX_TEXT_MAX]) {
    char address[KOLAM_ADDRESS_TEXT_MAX];
    const unsigned bits = kolam_address_is_v4(&prefix->address) ? prefix->bits - 96u : prefix->bits;
    kolam_address_text(&prefix->address, address);
    (void)snprintf(out_text, KOLAM_PREFIX_TEXT_MAX, "%s/%u", address, bits);
}

bool kolam_prefix_holds(const struct kolam_prefix *prefix, const struct kolam_address *address) {
    struct kolam_address begin = *address;
    clear_after(&begin, prefix->bits);
    return kolam_address_is_v4(&prefix->address) == kolam_address_is_v4(address) &&
           kolam_address_equal(&begin, &prefix->address);
}

struct kolam_prefix kolam_address_prefix(const struct kolam_address *address, uint8_t v4_bits,
                                         uint8_t v6_bits) {
    struct kolam_prefix prefix = {*address, v6_bits};
    if (kolam_address_is_v4(address)) {
        prefix.bits = (uint8_t)(96 + v4_bits);
    }
    clear_after(&prefix.address, prefix.bits);
    return prefix;
}

/* ---- proxies ---- */

/* "X-Name" as "x-name:"; false if it is no name of a header. */
static bool header_name(const char *name, char out_name[KOLAM_HEADER_NAME_MAX + 2]) {
    const size_t size = strlen(name);
    if (size < 1 || size > KOLAM_HEADER_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const char c = name[i];
        const bool is_upper = c >= 'A' && c <= 'Z';
        if (!is_upper && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
            return false;
        }
        out_name[i] = (char)(is_upper ? c - 'A' + 'a' : c);
    }
    out_name[size] = ':';
    out_name[size + 1] = '\0';
    return true;
}

enum kolam_status kolam_proxies_init(struct kolam_proxies *proxies, const char *const *prefixes,
                                     uint32_t count, const char *header,
                                     struct kolam_error *error) {
    memset(proxies, 0, sizeof(*proxies));
    if (count > KOLAM_PROXIES_MAX) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "--trusted-proxy: at most %d",
                          KOLAM_PROXIES_MAX);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!kolam_prefix_parse(prefixes[i], &proxies->prefixes[i])) {
            return kolam_fail(error, KOLAM_ERR_INVALID,
                              "--trusted-proxy %s: not an address or prefix; for example "
                              "127.0.0.1 or 10.0.0.0/8",
                              prefixes[i]);
        }
    }
    if (!header_name(header, proxies->header)) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "--proxy-header %s: not a header's name; for example X-Forwarded-For",
                          header);
    }
    proxies->count = count;
    return KOLAM_OK;
}

enum kolam_status kolam_proxies_identify(struct kolam_proxies *proxies, const char *subject_header,
                                         const char *name_header, struct kolam_error *error) {
    if (subject_header && !header_name(subject_header, proxies->subject_header)) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "--identity-header %s: not a header's name",
                          subject_header);
    }
    if (name_header && !header_name(name_header, proxies->name_header)) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "--identity-name-header %s: not a header's name", name_header);
    }
    if (subject_header && (strcmp(proxies->subject_header, proxies->header) == 0 ||
                           strcmp(proxies->subject_header, proxies->name_header) == 0)) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "--identity-header %s: another header tells something else by that name",
                          subject_header);
    }
    if (name_header && !subject_header) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "--identity-name-header means nothing without --identity-header");
    }
    if (subject_header && proxies->count == 0) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "--identity-header means nothing without --trusted-proxy: nobody would "
                          "be believed");
    }
    return KOLAM_OK;
}

bool kolam_proxies_hold(const struct kolam_proxies *proxies, const struct kolam_address *address) {
    for (uint32_t i = 0; i < proxies->count; i++) {
        if (kolam_prefix_holds(&proxies->prefixes[i], address)) {
            return true;
        }
    }
    return false;
}

/* One item of the header: an address, "address:port", "[v6]" or "[v6]:port", blanks around it. */
static bool parse_item(const char *item, size_t size, struct kolam_address *out_address) {
    char text[KOLAM_ADDRESS_TEXT_MAX + 8];
    while (size > 0 && (*item == ' ' || *item == '\t')) {
        item++, size--;
    }
    while (size > 0 && (item[size - 1] == ' ' || item[size - 1] == '\t')) {
        size--;
    }
    if (size == 0 || size >= sizeof(text)) {
        return false;
    }
    memcpy(text, item, size);
    text[size] = '\0';
    if (text[0] == '[') {
        char *end = strchr(text, ']');
        if (!end || (end[1] != '\0' && end[1] != ':')) {
            return false;
        }
        *end = '\0';
        return strchr(text + 1, ':') && kolam_address_parse(text + 1, out_address);
    }
    char *colon = strchr(text, ':');
    if (colon && colon == strrchr(text, ':')) { /* one colon is no IPv6 address */
        *colon = '\0';
    }
    return kolam_address_parse(text, out_address);
}

struct kolam_address kolam_peer_forwarded(const struct kolam_proxies *proxies,
                                          const struct kolam_address *peer, const char *value) {
    struct kolam_address counted = *peer;
    size_t end = strlen(value);
    while (end > 0 && kolam_proxies_hold(proxies, &counted)) {
        size_t begin = end;
        while (begin > 0 && value[begin - 1] != ',') {
            begin--;
        }
        if (!parse_item(value + begin, end - begin, &counted)) {
            break;
        }
        end = begin > 0 ? begin - 1 : 0;
    }
    return counted;
}
