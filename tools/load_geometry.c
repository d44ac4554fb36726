/* Views and ink. A pixel of level L is below 2^(31 + L), so that at level 24 it fits 56 bits, and moving between
 * levels never overflows. */
#include "load_geometry.h"

#include <math.h>
#include <stddef.h>

struct box {
    int64_t x0, y0, x1, y1;
};

static void join(struct box *all, const struct kolam_home *home) {
    int64_t left = home->tile.x * KOLAM_TILE_PX, top = home->tile.y * KOLAM_TILE_PX;
    all->x0 = left + home->x0 < all->x0 ? left + home->x0 : all->x0;
    all->y0 = top + home->y0 < all->y0 ? top + home->y0 : all->y0;
    all->x1 = left + home->x1 > all->x1 ? left + home->x1 : all->x1;
    all->y1 = top + home->y1 > all->y1 ? top + home->y1 : all->y1;
}

struct kolam_load_ink kolam_load_ink_of(const struct kolam_home *homes, uint32_t count) {
    struct box all = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN};
    for (uint32_t i = 0; i < count; i++) {
        join(&all, &homes[i]);
    }
    return (struct kolam_load_ink){.x0 = all.x0,
                                   .y0 = all.y0,
                                   .x1 = all.x1,
                                   .y1 = all.y1,
                                   .level = homes[0].tile.level,
                                   .home_count = count,
                                   .homes = homes};
}

/* The tile of `to` in which the first, or the last, part of a pixel of `from` lies. */
static int64_t tile_of(int64_t px, int32_t from, int32_t to, bool is_last) {
    if (to <= from) {
        return kolam_floor_shift(px, from - to + KOLAM_TILE_SHIFT);
    }
    int64_t scale = (int64_t)1 << (to - from);
    return kolam_floor_shift(is_last ? (px + 1) * scale - 1 : px * scale, KOLAM_TILE_SHIFT);
}

/* The tiles of the view's level, grown by `margin`, that are in the view too; false if there are none. */
static bool clip(const struct kolam_load_view *view, const struct box *px, int32_t level,
                 int64_t margin, struct box *out_tiles) {
    int64_t last_x = view->x + view->width - 1, last_y = view->y + view->height - 1;
    struct box tiles = {tile_of(px->x0, level, view->level, false) - margin,
                        tile_of(px->y0, level, view->level, false) - margin,
                        tile_of(px->x1, level, view->level, true) + margin,
                        tile_of(px->y1, level, view->level, true) + margin};
    tiles.x0 = tiles.x0 > view->x ? tiles.x0 : view->x;
    tiles.y0 = tiles.y0 > view->y ? tiles.y0 : view->y;
    tiles.x1 = tiles.x1 < last_x ? tiles.x1 : last_x;
    tiles.y1 = tiles.y1 < last_y ? tiles.y1 : last_y;
    *out_tiles = tiles;
    return tiles.x0 <= tiles.x1 && tiles.y0 <= tiles.y1;
}

static struct box home_box(const struct kolam_home *home) {
    struct box box = {INT64_MAX, INT64_MAX, INT64_MIN, INT64_MIN};
    join(&box, home);
    return box;
}

bool kolam_load_touches(const struct kolam_load_view *view, const struct kolam_load_ink *ink) {
    struct box all = {ink->x0, ink->y0, ink->x1, ink->y1}, tiles;
    if (!clip(view, &all, ink->level, 1, &tiles)) {
        return false;
    }
    bool is_found = ink->home_count <= 1;
    for (uint32_t i = 0; i < ink->home_count && !is_found; i++) {
        struct box box = home_box(&ink->homes[i]);
        is_found = clip(view, &box, ink->level, 1, &tiles);
    }
    return is_found;
}

enum kolam_load_size kolam_load_size(const struct kolam_load_view *view,
                                     const struct kolam_load_ink *ink) {
    int32_t finer = ink->level - view->level;
    if (finer <= 0) {
        return KOLAM_LOAD_VISIBLE;
    }
    int64_t width = ink->x1 - ink->x0 + 1, height = ink->y1 - ink->y0 + 1;
    int64_t longer = width > height ? width : height, pixel = (int64_t)1 << finer;
    return longer < pixel ? KOLAM_LOAD_TINY
                          : (longer < 2 * pixel ? KOLAM_LOAD_SMALL : KOLAM_LOAD_VISIBLE);
}

bool kolam_load_tiles(const struct kolam_load_view *view, const struct kolam_load_ink *ink,
                      kolam_load_each_tile *each, void *ctx) {
    for (uint32_t i = 0; i < ink->home_count; i++) {
        struct box box = home_box(&ink->homes[i]), tiles;
        if (!clip(view, &box, ink->level, 0, &tiles)) {
            continue;
        }
        for (int64_t y = tiles.y0; y <= tiles.y1; y++) {
            for (int64_t x = tiles.x0; x <= tiles.x1; x++) {
                if (!each(ctx, (uint32_t)((y - view->y) * view->width + (x - view->x)))) {
                    return false;
                }
            }
        }
    }
    return true;
}

static int64_t first_tile(double centre_px, uint32_t count, int32_t level) {
    int64_t low = kolam_tile_coord_min(level), high = kolam_tile_coord_max(level) - count + 1;
    int64_t at = (int64_t)floor(ldexp(centre_px, level) / KOLAM_TILE_PX - count / 2.0 + 0.5);
    at = at > high ? high : at;
    return at < low ? low : at;
}

struct kolam_load_view kolam_load_view_around(double x, double y, int32_t level, uint32_t width,
                                              uint32_t height) {
    int64_t side = kolam_tile_coord_max(level) - kolam_tile_coord_min(level) + 1;
    width = width > side ? (uint32_t)side : width;
    height = height > side ? (uint32_t)side : height;
    return (struct kolam_load_view){.x = first_tile(x, width, level),
                                    .y = first_tile(y, height, level),
                                    .level = level,
                                    .width = width,
                                    .height = height};
}
