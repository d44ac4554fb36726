/* What the pen's pressure does to each tool: its share of the full radius, and of the full ink. One law for the
 * kernel and for the homes, which must never be smaller than the ink. Freestanding. */
#ifndef KOLAM_TILES_PRESSURE_H
#define KOLAM_TILES_PRESSURE_H

#include "kolam/op.h"

static inline double pressure_radius(enum kolam_tool tool, uint32_t pressure) {
    double p = (double)pressure / 255.0;
    switch (tool) {
    case KOLAM_TOOL_MARKER:
    case KOLAM_TOOL_AIRBRUSH:
        return 1.0;
    case KOLAM_TOOL_PENCIL:
        return 0.5 + 0.5 * p;
    default:
        return p > 0.1 ? p : 0.1;
    }
}

static inline double pressure_ink(enum kolam_tool tool, uint32_t pressure) {
    double p = (double)pressure / 255.0;
    switch (tool) {
    case KOLAM_TOOL_PENCIL:
        return 0.25 + 0.65 * p; /* full pressure leaves room for the grain */
    case KOLAM_TOOL_AIRBRUSH:
        return p > 0.05 ? p : 0.05;
    default:
        return 1.0;
    }
}

#endif
