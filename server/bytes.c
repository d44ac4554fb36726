/* Shared immutable bytes; see bytes.h for who may hold them. */
#include "bytes.h"

#include <string.h>

#include "kolam/alloc.h"

struct kolam_bytes *kolam_bytes_create(size_t size) {
    if (size > UINT32_MAX) {
        return NULL;
    }
    struct kolam_bytes *bytes = kolam_alloc(sizeof(*bytes) + size);
    if (bytes) {
        bytes->refs = 1;
        bytes->size = (uint32_t)size;
    }
    return bytes;
}

struct kolam_bytes *kolam_bytes_copy(const void *data, size_t size) {
    struct kolam_bytes *bytes = kolam_bytes_create(size);
    if (bytes && size > 0) {
        memcpy(bytes->data, data, size);
    }
    return bytes;
}

struct kolam_bytes *kolam_bytes_ref(struct kolam_bytes *bytes) {
    bytes->refs++;
    return bytes;
}

void kolam_bytes_unref(struct kolam_bytes *bytes) {
    if (bytes && --bytes->refs == 0) {
        kolam_free(bytes);
    }
}
