/* What a client looks at, and whether something touches it; pure geometry. */
#ifndef KOLAM_SERVER_VIEW_H
#define KOLAM_SERVER_VIEW_H

#include "kolam/op.h"

#define KOLAM_VIEW_TILES_MAX 4096

struct kolam_view {
    uint32_t id;
    int32_t level;
    int64_t x, y; /* the first tile */
    uint32_t width, height;
    bool is_set;
    bool wants_every; /* ops however small, and no notices of tiles: for those who do not draw */
    bool sees_names;  /* also where the canvas is quiet; see veil.h */
};

/* True for a rectangle of 1..4,096 tiles that lies inside the world at a valid level. */
bool kolam_view_is_valid(const struct kolam_view *view);

/* Where ink is: inclusive pixels of one level, and the longer side in pixels. */
struct kolam_extent {
    int64_t x0, y0, x1, y1;
    int32_t level;
};

/* The same, as half open rectangles are. */
static inline struct kolam_rect kolam_extent_rect(const struct kolam_extent *extent) {
    return (struct kolam_rect){extent->x0, extent->y0, extent->x1 + 1, extent->y1 + 1,
                               extent->level};
}

/* The ink's extent at one home, in pixels of its level. */
struct kolam_extent kolam_home_extent(const struct kolam_home *home);
/* The extent of all `homes` of the first one's level; count > 0. */
struct kolam_extent kolam_homes_extent(const struct kolam_home *homes, uint32_t count);

/* Makes `extent` cover `other` too, which is of the same level. */
void kolam_extent_join(struct kolam_extent *extent, const struct kolam_extent *other);

/* The range of tiles of `level` that the extent touches, grown by `margin`; inclusive. */
struct kolam_tile_range {
    int64_t x0, y0, x1, y1;
};
struct kolam_tile_range kolam_extent_tiles(const struct kolam_extent *extent, int32_t level,
                                           int64_t margin);

/* True if the extent touches the view or its one-tile margin. */
bool kolam_view_touches(const struct kolam_view *view, const struct kolam_extent *extent);
/* True if the ink is at least about a pixel long at the view's level. */
bool kolam_view_resolves(const struct kolam_view *view, const struct kolam_extent *extent);
/* Clips `range` to the view's own tiles (no margin); false if nothing is left. */
bool kolam_view_clip(const struct kolam_view *view, struct kolam_tile_range *range);
bool kolam_view_has_tile(const struct kolam_view *view, struct kolam_tile_id tile);

#endif
