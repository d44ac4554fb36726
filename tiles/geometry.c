/* Tiles and their Z-order keys. Freestanding: also compiled to WebAssembly. */
#include "kolam/geometry.h"

/* Coordinates at level L under the roots span +-2^(24+L): one bit more than the world, because at the
 * coarsest level the world fills only half of each of its four tiles. */
static int32_t path_bits_per_axis(int32_t level) {
    return level - KOLAM_LEVEL_MIN + 1;
}

int64_t kolam_tile_coord_min(int32_t level) {
    return level == KOLAM_LEVEL_MIN ? -1 : -(INT64_C(1) << (level - KOLAM_LEVEL_MIN - 1));
}

int64_t kolam_tile_coord_max(int32_t level) {
    return -kolam_tile_coord_min(level) - 1;
}

bool kolam_tile_is_valid(struct kolam_tile_id tile) {
    if (!kolam_level_is_valid(tile.level)) {
        return false;
    }
    int64_t low = kolam_tile_coord_min(tile.level);
    int64_t high = kolam_tile_coord_max(tile.level);
    return tile.x >= low && tile.x <= high && tile.y >= low && tile.y <= high;
}

struct kolam_tile_id kolam_tile_ancestor(struct kolam_tile_id tile, int32_t level) {
    int32_t shift = tile.level - level;
    struct kolam_tile_id ancestor = {
        .x = kolam_floor_shift(tile.x, shift),
        .y = kolam_floor_shift(tile.y, shift),
        .level = level,
    };
    return ancestor;
}

bool kolam_tile_contains(struct kolam_tile_id outer, struct kolam_tile_id inner) {
    return outer.level <= inner.level &&
           kolam_tile_equal(outer, kolam_tile_ancestor(inner, outer.level));
}

struct kolam_tile_id kolam_tile_child(struct kolam_tile_id tile, int index) {
    struct kolam_tile_id child = {
        .x = tile.x * 2 + (index & 1),
        .y = tile.y * 2 + (index >> 1),
        .level = tile.level + 1,
    };
    return child;
}

struct kolam_tile_key kolam_tile_key(struct kolam_tile_id tile) {
    struct kolam_tile_key key = {.size = 0};
    int32_t bits = path_bits_per_axis(tile.level);
    uint64_t x = (uint64_t)tile.x + (UINT64_C(1) << (bits - 1));
    uint64_t y = (uint64_t)tile.y + (UINT64_C(1) << (bits - 1));
    key.size = (uint8_t)((2 * bits + 7) / 8);
    for (int i = 0; i < KOLAM_TILE_KEY_MAX; i++) {
        key.bytes[i] = 0;
    }
    for (int32_t i = 0; i < bits; i++) {
        uint32_t pair =
            (uint32_t)((y >> (bits - 1 - i)) & 1) << 1 | (uint32_t)((x >> (bits - 1 - i)) & 1);
        key.bytes[i / 4] = (uint8_t)(key.bytes[i / 4] | pair << (6 - 2 * (i % 4)));
    }
    return key;
}

struct kolam_tile_key kolam_tile_key_end(struct kolam_tile_id tile) {
    struct kolam_tile_key key = kolam_tile_key(tile);
    int32_t last = path_bits_per_axis(tile.level) - 1;
    uint32_t carry = 1u << (6 - 2 * (last % 4));
    for (int32_t i = last / 4; i >= 0 && carry; i--) {
        uint32_t sum = key.bytes[i] + carry;
        key.bytes[i] = (uint8_t)sum;
        carry = sum >> 8;
    }
    if (carry) {
        key.size = 0; /* the last tile of its level: no upper bound */
    }
    return key;
}

bool kolam_tile_from_key(const uint8_t *bytes, uint32_t size, int32_t level,
                         struct kolam_tile_id *out_tile) {
    if (!kolam_level_is_valid(level)) {
        return false;
    }
    int32_t bits = path_bits_per_axis(level);
    if (size != (uint32_t)(2 * bits + 7) / 8) {
        return false;
    }
    uint64_t x = 0;
    uint64_t y = 0;
    for (int32_t i = 0; i < bits; i++) {
        uint32_t pair = (uint32_t)(bytes[i / 4] >> (6 - 2 * (i % 4))) & 3u;
        x = x << 1 | (pair & 1);
        y = y << 1 | pair >> 1;
    }
    struct kolam_tile_id tile = {
        .x = (int64_t)(x - (UINT64_C(1) << (bits - 1))),
        .y = (int64_t)(y - (UINT64_C(1) << (bits - 1))),
        .level = level,
    };
    struct kolam_tile_key canonical = kolam_tile_key(tile);
    if (canonical.bytes[size - 1] != bytes[size - 1] || !kolam_tile_is_valid(tile)) {
        return false;
    }
    *out_tile = tile;
    return true;
}
