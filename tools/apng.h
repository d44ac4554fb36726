/* An animated PNG, frame by frame: each frame after the first holds only the rectangle that changed.
 *
 * https://www.w3.org/TR/png-3/ (acTL, fcTL, fdAT). Viewers that know nothing of it show the first frame. */
#ifndef KOLAM_TOOLS_APNG_H
#define KOLAM_TOOLS_APNG_H

#include "kolam/png.h"

struct kolam_apng;

struct kolam_apng_options {
    uint32_t width, height;
    bool is_opaque;
    uint32_t frame_count; /* how many there will be */
    uint32_t fps;         /* 1..65535: delays are in 1/fps s */
    const struct kolam_png_text *texts;
    size_t text_count;
    kolam_png_write *write;
    void *ctx;
};

/* One thread at a time. `options` is copied; what it points to is needed for the first frame. */
KOLAM_MUST_CHECK enum kolam_status kolam_apng_create(const struct kolam_apng_options *options,
                                                     struct kolam_apng **out_apng);
/* The next frame: width x height premultiplied pixels, shown for `ticks` / fps s (1..65535). KOLAM_ERR_INVALID for one
 * too many; KOLAM_ERR_IO when `write` refuses. */
KOLAM_MUST_CHECK enum kolam_status kolam_apng_frame(struct kolam_apng *apng, const uint32_t *pixels,
                                                    uint32_t ticks);
/* Ends the file; KOLAM_ERR_INVALID if frames are missing. */
KOLAM_MUST_CHECK enum kolam_status kolam_apng_end(struct kolam_apng *apng);
void kolam_apng_destroy(struct kolam_apng *apng); /* NULL is safe */

#endif
