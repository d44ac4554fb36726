/* Ink against an area; see history_area.c. */
#ifndef KOLAM_TILES_HISTORY_AREA_H
#define KOLAM_TILES_HISTORY_AREA_H

#include "kolam/history.h"

/* True if the stroke's ink, its widest radius everywhere, meets the area. Any thread. */
bool kolam_area_has_ink(const struct kolam_area *area, const struct kolam_stroke *stroke);

#endif
