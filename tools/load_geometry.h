/* Who can see what, as docs/protocol.md has it: written anew here, because the tool judges the server. */
#ifndef KOLAM_TOOLS_LOAD_GEOMETRY_H
#define KOLAM_TOOLS_LOAD_GEOMETRY_H

#include "kolam/op.h"

#define KOLAM_LOAD_VIEW_TILES_MAX 4096

/* A rectangle of tiles of one level. */
struct kolam_load_view {
    int64_t x, y;
    int32_t level;
    uint32_t width, height;
};

/* Where an op's ink is: its homes, and the box around them in pixels of its level, inclusive. */
struct kolam_load_ink {
    int64_t x0, y0, x1, y1;
    int32_t level;
    uint32_t home_count;
    const struct kolam_home *homes; /* the owner's; NULL: the box is all there is */
};

/* count > 0; `homes` must live as long as the ink. */
struct kolam_load_ink kolam_load_ink_of(const struct kolam_home *homes, uint32_t count);

/* True if the ink touches the view or the tiles around it. */
bool kolam_load_touches(const struct kolam_load_view *view, const struct kolam_load_ink *ink);

/* How large the ink is at the view's level: too small for an op (below a pixel), about a pixel or two, where op or
 * notice will do, or plainly visible. */
enum kolam_load_size { KOLAM_LOAD_TINY, KOLAM_LOAD_SMALL, KOLAM_LOAD_VISIBLE };
enum kolam_load_size kolam_load_size(const struct kolam_load_view *view,
                                     const struct kolam_load_ink *ink);

/* Calls `each` with the place (row by row) of every tile of the view itself that the ink touches, until it says
 * false; false then. A tile may be named more than once. */
typedef bool kolam_load_each_tile(void *ctx, uint32_t place);
bool kolam_load_tiles(const struct kolam_load_view *view, const struct kolam_load_ink *ink,
                      kolam_load_each_tile *each, void *ctx);

static inline bool kolam_load_view_equal(const struct kolam_load_view *a,
                                         const struct kolam_load_view *b) {
    return a->level == b->level && a->x == b->x && a->y == b->y && a->width == b->width &&
           a->height == b->height;
}

/* The view of `width` x `height` tiles around a point of level 0, at `level`; kept inside the world. */
struct kolam_load_view kolam_load_view_around(double x, double y, int32_t level, uint32_t width,
                                              uint32_t height);

#endif
