/* Bytes of an input as a text, for the fuzzers of what is read as one. */
#ifndef KOLAM_TESTS_FUZZ_TEXT_H
#define KOLAM_TESTS_FUZZ_TEXT_H

#include <stdlib.h>
#include <string.h>

/* In memory of its own that ends where the text ends, so that a read beyond is seen; free() it. */
static inline char *text_of(const void *bytes, size_t size_bytes) {
    char *text = malloc(size_bytes + 1);
    if (!text) {
        abort();
    }
    memcpy(text, bytes, size_bytes);
    text[size_bytes] = '\0';
    return text;
}

#endif
