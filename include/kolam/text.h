/* Text as the outlines of its glyphs, shaped for its script: what a filled shape keeps beside the words, so that no font is
 * needed ever after. */
#ifndef KOLAM_TEXT_H
#define KOLAM_TEXT_H

#include <stddef.h>

#include "kolam/op.h"

#define KOLAM_TEXT_SIZE_MIN_PX 1
#define KOLAM_TEXT_SIZE_MAX_PX 2048
#define KOLAM_TEXT_POINTS_MAX (KOLAM_GROUP_PARTS_MAX * KOLAM_STROKE_POINTS_MAX / 4)

enum kolam_font {
    KOLAM_FONT_SANS,
    KOLAM_FONT_SERIF,
    KOLAM_FONT_HAND,
    KOLAM_FONT_MONO,
    KOLAM_FONT_COUNT
};

/* "sans", "serif", "hand", "mono"; false for others. Any thread. */
bool kolam_font_parse(const char *name, enum kolam_font *out_font);

/* All in 1/8 px; the corner of the text's box is (0, 0), y goes down. */
struct kolam_outline {
    int32_t width, height, baseline; /* of the box of all lines, and of the first line */
    uint32_t contour_count, point_count;
    uint32_t *contour_sizes;    /* each at least 3, at most KOLAM_STROKE_POINTS_MAX */
    struct kolam_point *points; /* x and y alone */
};

/* Lines are parted by newlines; size_px is that of an em. A glyph that a font lacks comes from another, one that all lack is
 * a box. KOLAM_ERR_INVALID for what is not UTF-8, or a size out of bounds; KOLAM_ERR_FULL for more than
 * KOLAM_TEXT_POINTS_MAX points or a place past KOLAM_POINT_SUB_MAX; KOLAM_ERR_NOMEM. Any thread. */
KOLAM_MUST_CHECK enum kolam_status kolam_text_outline(const char *text, size_t size_bytes,
                                                      enum kolam_font font, double size_px,
                                                      struct kolam_outline *out_outline);
void kolam_outline_finish(struct kolam_outline *outline); /* zeroed is safe */

#endif
