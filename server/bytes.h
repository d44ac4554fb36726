/* Immutable bytes that several hold at once: an op's record queued for a thousand clients, a tile's PNG
 * on its way to two. Counted without atomics: loop thread only, except where one holder made it and
 * has not shared it yet. */
#ifndef KOLAM_SERVER_BYTES_H
#define KOLAM_SERVER_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct kolam_bytes {
    uint32_t refs;
    uint32_t size;
    uint8_t data[];
};

/* Uninitialised room for `size` bytes, one reference, the caller's; NULL when out of memory. */
struct kolam_bytes *kolam_bytes_create(size_t size);
/* A copy of `data`. */
struct kolam_bytes *kolam_bytes_copy(const void *data, size_t size);
struct kolam_bytes *kolam_bytes_ref(struct kolam_bytes *bytes);
void kolam_bytes_unref(struct kolam_bytes *bytes); /* NULL is safe */

#endif
