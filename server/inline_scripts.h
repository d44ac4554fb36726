/* Scripts that stand in a page itself: its policy forbids them all but those that it names by their hashes. */
#ifndef KOLAM_SERVER_INLINE_SCRIPTS_H
#define KOLAM_SERVER_INLINE_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for four: " 'sha256-<44>'" each, and the end. */
#define KOLAM_INLINE_SCRIPTS_MAX (4 * 54 + 1)

/* What the policy's script-src has to hold besides, "" without any: the SHA-256 of what stands between each "<script>", without
 * attributes, and the next "</script>". False if there are more than four, or one has no end. */
bool kolam_inline_scripts(const uint8_t *page, size_t size_bytes,
                          char out_sources[KOLAM_INLINE_SCRIPTS_MAX]);

#endif
