/* The plane: levels, tiles, and the integer arithmetic that keeps them exact at every zoom.
 *
 * At level L one pixel is 2^-L world pixels (level 0 is 1:1, level 3 zoomed in eightfold). A tile is
 * 256 x 256 pixels of one level. The world is +-2^31 pixels at level 0. Pixel positions are held in
 * 1/8 pixel ("sub") units of their level: at level 24 that is 2^58, so it fits an int64 and never a
 * double: subtract tile origins as integers first. Freestanding: also compiled to WebAssembly. */
#ifndef KOLAM_GEOMETRY_H
#define KOLAM_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#define KOLAM_LEVEL_MIN (-24)
#define KOLAM_LEVEL_MAX 24
#define KOLAM_TILE_SHIFT 8
#define KOLAM_TILE_PX 256
#define KOLAM_SUB_SHIFT 3
#define KOLAM_SUB_PER_PX 8
#define KOLAM_SUB_PER_TILE (KOLAM_TILE_PX * KOLAM_SUB_PER_PX) /* 2,048 */
#define KOLAM_WORLD_SHIFT 31

struct kolam_tile_id {
    int64_t x, y;
    int32_t level;
};

/* Rounds towards minus infinity; divisor > 0. The only floor division in the project. */
static inline int64_t kolam_floor_div(int64_t value, int64_t divisor) {
    int64_t quotient = value / divisor;
    return value % divisor < 0 ? quotient - 1 : quotient;
}

/* value * 2^-shift rounded towards minus infinity; 0 <= shift <= 63. */
static inline int64_t kolam_floor_shift(int64_t value, int32_t shift) {
    return value >= 0 ? value >> shift : ~(~value >> shift);
}

static inline bool kolam_level_is_valid(int32_t level) {
    return level >= KOLAM_LEVEL_MIN && level <= KOLAM_LEVEL_MAX;
}

/* Lowest and highest tile coordinate of a valid level: -2^(23+L) and 2^(23+L)-1; -1 and 0 at -24. */
int64_t kolam_tile_coord_min(int32_t level);
int64_t kolam_tile_coord_max(int32_t level);
bool kolam_tile_is_valid(struct kolam_tile_id tile);

static inline bool kolam_tile_equal(struct kolam_tile_id a, struct kolam_tile_id b) {
    return a.level == b.level && a.x == b.x && a.y == b.y;
}

/* The tile of the coarser (or same) `level` that contains `tile`. */
struct kolam_tile_id kolam_tile_ancestor(struct kolam_tile_id tile, int32_t level);
/* True if `outer` is `inner` or one of its ancestors. */
bool kolam_tile_contains(struct kolam_tile_id outer, struct kolam_tile_id inner);
/* Child 0..3 in the order (0,0) (1,0) (0,1) (1,1); tile.level < KOLAM_LEVEL_MAX. */
struct kolam_tile_id kolam_tile_child(struct kolam_tile_id tile, int index);

/* A half-open rectangle of pixels of one level. */
struct kolam_rect {
    int64_t x0, y0, x1, y1;
    int32_t level;
};

/* The tile's place on the Z-order curve as a byte string: its path from the root, most significant
 * bit first, trailing bits zero. All tiles below T, of every level, sort (memcmp, then length) in
 * [key(T), kolam_tile_key_end(T)): one range scan finds what lies below a tile. The level is not in
 * the key: an ancestor may share its first descendant's key, so store the level beside it. */
#define KOLAM_TILE_KEY_MAX 13
struct kolam_tile_key {
    uint8_t bytes[KOLAM_TILE_KEY_MAX];
    uint8_t size;
};
struct kolam_tile_key kolam_tile_key(struct kolam_tile_id tile);
struct kolam_tile_key
kolam_tile_key_end(struct kolam_tile_id tile); /* exclusive bound of the subtree */
/* The inverse, for `level`; false if the bytes are not a key of that level. */
bool kolam_tile_from_key(const uint8_t *bytes, uint32_t size, int32_t level,
                         struct kolam_tile_id *out_tile);

#endif
