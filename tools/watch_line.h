/* An op as a JSON object, for people and scripts. */
#ifndef KOLAM_TOOLS_WATCH_LINE_H
#define KOLAM_TOOLS_WATCH_LINE_H

#include <jansson.h>

#include "kolam/export.h"
#include "kolam/op.h"
#include "wire.h"

/* Level-0 pixels; the artist's name is missing still. NULL when out of memory or the body cannot be
 * decoded. */
json_t *kolam_watch_line(const struct kolam_wire_op *envelope, struct kolam_op_room *room,
                         struct kolam_op *out_op);
/* True if the stroke's ink can touch the region; anything that is no stroke does. */
bool kolam_watch_touches(const struct kolam_op *op, const struct kolam_region *region);

#endif
