/* What people type and what proxies write: whatever is read can be written, and is read the same again. */
#include <stdlib.h>
#include <string.h>

#include "kolam/identity.h"
#include "server/peer.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

static void try_code(const char *text) {
    char code[KOLAM_CODE_CHARACTERS + 1], again[KOLAM_CODE_CHARACTERS + 1];
    if (kolam_code_read(text, code)) {
        require(strlen(code) == KOLAM_CODE_CHARACTERS && !strpbrk(code, "01OILU- "));
        require(kolam_code_read(code, again) && strcmp(code, again) == 0);
    }
}

static void try_phrase(const char *text) {
    uint8_t entropy[KOLAM_PHRASE_BYTES], again[KOLAM_PHRASE_BYTES];
    char written[KOLAM_PHRASE_TEXT_MAX];
    uint32_t word = 0;
    const enum kolam_phrase_fault fault = kolam_phrase_read(text, entropy, &word);
    require((fault == KOLAM_PHRASE_WORD) == (word >= 1 && word <= KOLAM_PHRASE_WORDS));
    if (fault == KOLAM_PHRASE_FINE) {
        kolam_phrase_write(entropy, written);
        require(kolam_phrase_read(written, again, &word) == KOLAM_PHRASE_FINE);
        require(memcmp(entropy, again, sizeof(entropy)) == 0);
    }
}

static void try_address(const char *text) {
    static const char *const trusted[] = {"127.0.0.1", "10.0.0.0/8"};
    struct kolam_proxies proxies;
    struct kolam_error error;
    struct kolam_address peer, back;
    struct kolam_prefix prefix, again;
    char address_text[KOLAM_ADDRESS_TEXT_MAX], prefix_text[KOLAM_PREFIX_TEXT_MAX];
    require(kolam_proxies_init(&proxies, trusted, 2, "X-Forwarded-For", &error) == KOLAM_OK);
    require(kolam_address_parse("127.0.0.1", &peer));
    const struct kolam_address counted = kolam_peer_forwarded(&proxies, &peer, text);
    kolam_address_text(&counted, address_text);
    require(kolam_address_parse(address_text, &back) && kolam_address_equal(&back, &counted));
    require(kolam_address_parse("192.0.2.1", &peer));
    const struct kolam_address own = kolam_peer_forwarded(&proxies, &peer, text);
    require(kolam_address_equal(&own, &peer));
    if (kolam_prefix_parse(text, &prefix)) {
        kolam_prefix_text(&prefix, prefix_text);
        require(kolam_prefix_parse(prefix_text, &again));
        require(again.bits == prefix.bits && kolam_address_equal(&again.address, &prefix.address));
        require(kolam_prefix_holds(&prefix, &prefix.address));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    char *text = text_of(bytes, size_bytes);
    try_code(text);
    try_phrase(text);
    try_address(text);
    free(text);
    return 0;
}
