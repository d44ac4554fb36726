/* Views and extents. Pixels of level L are below 2^(31 + L), so at level 24 they fit 56 bits, and moving
 * between levels never overflows. */
#include "view.h"

bool kolam_view_is_valid(const struct kolam_view *view) {
    if (!kolam_level_is_valid(view->level) || view->width < 1 || view->height < 1 ||
        view->width > KOLAM_VIEW_TILES_MAX || view->height > KOLAM_VIEW_TILES_MAX ||
        view->width * view->height > KOLAM_VIEW_TILES_MAX) {
        return false;
    }
    int64_t low = kolam_tile_coord_min(view->level), high = kolam_tile_coord_max(view->level);
    return view->x >= low && view->y >= low && view->x <= high && view->y <= high &&
           view->x + view->width - 1 <= high && view->y + view->height - 1 <= high;
}

struct kolam_extent kolam_home_extent(const struct kolam_home *home) {
    int64_t left = home->tile.x * KOLAM_TILE_PX, top = home->tile.y * KOLAM_TILE_PX;
    return (struct kolam_extent){left + home->x0, top + home->y0, left + home->x1, top + home->y1,
                                 home->tile.level};
}

void kolam_extent_join(struct kolam_extent *extent, const struct kolam_extent *other) {
    extent->x0 = other->x0 < extent->x0 ? other->x0 : extent->x0;
    extent->y0 = other->y0 < extent->y0 ? other->y0 : extent->y0;
    extent->x1 = other->x1 > extent->x1 ? other->x1 : extent->x1;
    extent->y1 = other->y1 > extent->y1 ? other->y1 : extent->y1;
}

struct kolam_extent kolam_homes_extent(const struct kolam_home *homes, uint32_t count) {
    struct kolam_extent all = kolam_home_extent(&homes[0]);
    for (uint32_t i = 1; i < count; i++) {
        struct kolam_extent one = kolam_home_extent(&homes[i]);
        if (one.level == all.level) {
            kolam_extent_join(&all, &one);
        }
    }
    return all;
}

/* The pixel's first or last tile at another level. */
static int64_t tile_of(int64_t px, int32_t from_level, int32_t to_level, bool is_last) {
    if (to_level <= from_level) {
        return kolam_floor_shift(px, from_level - to_level + KOLAM_TILE_SHIFT);
    }
    int64_t scale = (int64_t)1 << (to_level - from_level);
    return kolam_floor_shift(is_last ? (px + 1) * scale - 1 : px * scale, KOLAM_TILE_SHIFT);
}

struct kolam_tile_range kolam_extent_tiles(const struct kolam_extent *extent, int32_t level,
                                           int64_t margin) {
    return (struct kolam_tile_range){
        tile_of(extent->x0, extent->level, level, false) - margin,
        tile_of(extent->y0, extent->level, level, false) - margin,
        tile_of(extent->x1, extent->level, level, true) + margin,
        tile_of(extent->y1, extent->level, level, true) + margin,
    };
}

bool kolam_view_touches(const struct kolam_view *view, const struct kolam_extent *extent) {
    struct kolam_tile_range range = kolam_extent_tiles(extent, view->level, 1);
    return kolam_view_clip(view, &range);
}

bool kolam_view_resolves(const struct kolam_view *view, const struct kolam_extent *extent) {
    int32_t finer = extent->level - view->level;
    if (finer <= 0) {
        return true;
    }
    int64_t width = extent->x1 - extent->x0 + 1, height = extent->y1 - extent->y0 + 1;
    return (width > height ? width : height) >= ((int64_t)1 << finer);
}

bool kolam_view_clip(const struct kolam_view *view, struct kolam_tile_range *range) {
    int64_t x1 = view->x + view->width - 1, y1 = view->y + view->height - 1;
    range->x0 = range->x0 > view->x ? range->x0 : view->x;
    range->y0 = range->y0 > view->y ? range->y0 : view->y;
    range->x1 = range->x1 < x1 ? range->x1 : x1;
    range->y1 = range->y1 < y1 ? range->y1 : y1;
    return range->x0 <= range->x1 && range->y0 <= range->y1;
}

bool kolam_view_has_tile(const struct kolam_view *view, struct kolam_tile_id tile) {
    return view->is_set && tile.level == view->level && tile.x >= view->x && tile.y >= view->y &&
           tile.x - view->x < view->width && tile.y - view->y < view->height;
}
