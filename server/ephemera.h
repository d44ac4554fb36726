/* Previews, pens' places and who left, between servers that have the same canvas open, through its log: the record as clients
 * get it, and before it who can see it, so that whoever hears of it need not take it apart. */
#ifndef KOLAM_SERVER_EPHEMERA_H
#define KOLAM_SERVER_EPHEMERA_H

#include "bytes.h"
#include "canvas.h"
#include "kolam/log.h"
#include "view.h"

/* True if somebody else may have the canvas open: what is published would be heard. */
static inline bool kolam_ephemera_are_heard(const struct kolam_canvas *canvas) {
    return canvas->log && canvas->log->is_shared;
}

/* Publishes a record for those who can see the homes, who can see the extent, or for everybody on the canvas. Without memory
 * it is not published. */
void kolam_ephemera_homes(struct kolam_canvas *canvas, const struct kolam_home *homes,
                          uint32_t home_count, const struct kolam_bytes *record);
void kolam_ephemera_extent(struct kolam_canvas *canvas, const struct kolam_extent *extent,
                           const struct kolam_bytes *record);
void kolam_ephemera_all(struct kolam_canvas *canvas, const struct kolam_bytes *record);

/* A kolam_exchange_hear; ctx is the canvas. Shows what another server published; what is malformed is left out. */
void kolam_ephemera_hear(void *ctx, const uint8_t *bytes, size_t size_bytes);

#endif
