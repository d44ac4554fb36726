/* Strokes that an artist of ours left behind: the connection broke in mid-stroke and did not come back in time, so the
 * server committed what its previews had brought. */
#ifndef KOLAM_TOOLS_LOAD_PARTIAL_H
#define KOLAM_TOOLS_LOAD_PARTIAL_H

#include "load.h"

/* A kolam_load_beginning, `ctx` is the load. */
const struct kolam_load_part *kolam_load_partial_of(void *ctx, uint32_t artist, uint32_t counter,
                                                    const struct kolam_load_op *sent,
                                                    const uint8_t *body, size_t size_bytes);
void kolam_load_partials_finish(struct kolam_load *load);

#endif
