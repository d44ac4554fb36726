/* The hashes of a page's own scripts, for its policy. The page is ours and built: exactly one way of writing them is known. */
#include "inline_scripts.h"

#include <stdio.h>
#include <string.h>

#include "kolam/identity.h"

#define BEGIN "<script>"
#define END "</script>"
#define HASH_BYTES 32
#define HASH_CHARS 44 /* in base64, the = included */

static void encode_base64(const uint8_t hash[HASH_BYTES], char out[HASH_CHARS + 1]) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0, at = 0; i < HASH_BYTES; i += 3) {
        uint32_t third = i + 2 < HASH_BYTES ? hash[i + 2] : 0;
        uint32_t three = (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8 | third;
        for (int shift = 18; shift >= 0; shift -= 6) {
            out[at++] = digits[three >> shift & 63];
        }
    }
    out[HASH_CHARS - 1] = '='; /* 32 bytes: the last three are two */
    out[HASH_CHARS] = '\0';
}

bool kolam_inline_scripts(const uint8_t *page, size_t size_bytes,
                          char out_sources[KOLAM_INLINE_SCRIPTS_MAX]) {
    const uint8_t *at = page, *stop = page + size_bytes;
    size_t used = 0;
    out_sources[0] = '\0';
    while ((at = memmem(at, (size_t)(stop - at), BEGIN, strlen(BEGIN)))) {
        at += strlen(BEGIN);
        const uint8_t *end = memmem(at, (size_t)(stop - at), END, strlen(END));
        uint8_t hash[HASH_BYTES];
        char text[HASH_CHARS + 1];
        if (!end || used + 54 >= KOLAM_INLINE_SCRIPTS_MAX) {
            return false;
        }
        kolam_sha256(at, (size_t)(end - at), hash);
        encode_base64(hash, text);
        used += (size_t)snprintf(out_sources + used, KOLAM_INLINE_SCRIPTS_MAX - used,
                                 " 'sha256-%s'", text);
        at = end;
    }
    return true;
}
