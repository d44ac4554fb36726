/* Bytes of a file, decompressed on the way if it is gzip or zstd. */
#ifndef KOLAM_TOOLS_BYTE_STREAM_H
#define KOLAM_TOOLS_BYTE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

struct kolam_byte_stream;

/* Opens a file, or standard input for "-". */
KOLAM_MUST_CHECK enum kolam_status kolam_byte_stream_open(const char *path,
                                                          struct kolam_byte_stream **out_stream,
                                                          struct kolam_error *error);
void kolam_byte_stream_close(struct kolam_byte_stream *stream); /* NULL is safe */

/* Fills up to `capacity_bytes`; 0 bytes means the end. KOLAM_ERR_IO, KOLAM_ERR_CORRUPT (what is
 * compressed is damaged or cut off). */
KOLAM_MUST_CHECK enum kolam_status kolam_byte_stream_read(struct kolam_byte_stream *stream,
                                                          void *out, size_t capacity_bytes,
                                                          size_t *out_size_bytes,
                                                          struct kolam_error *error);

#endif
