/* A reader's base: the pictures that `kolam compact` left in the place of older history. One thread at a time, as in
 * reader.c.
 *
 * Whatever tile has one, its ancestors have one too. So the nearest is found by halving the levels between. */
#include <string.h>

#include "kolam/alloc.h"
#include "reader_internal.h"
#include "tile_codec.h"

#define CELL_SHIFT 5 /* 32 pixels */
#define CELLS (KOLAM_TILE_PX >> CELL_SHIFT)

/* The picture decoded last: neighbours that are enlarged are parts of the same one. */
struct reader_base_picture {
    struct kolam_tile_codec *codec;
    bool is_filled;
    struct kolam_tile_id tile;
    uint32_t pixels[KOLAM_TILE_PX * KOLAM_TILE_PX];
};

void kolam_reader_base_finish(struct kolam_reader *reader) {
    if (reader->base_picture) {
        kolam_tile_codec_destroy(reader->base_picture->codec);
        kolam_free(reader->base_picture);
    }
}

uint64_t kolam_reader_base_seq(const struct kolam_reader *reader) {
    return reader->base_seq;
}

static enum kolam_status bind_place(sqlite3_stmt *statement, struct kolam_tile_id tile,
                                    const struct kolam_tile_key *key) {
    (void)sqlite3_bind_int(statement, 2, tile.level);
    return kolam_sql_bind_blob(statement, 1, key->bytes, key->size);
}

static void take_base(sqlite3_stmt *statement, int column, struct kolam_base *base) {
    base->ink = (uint64_t)sqlite3_column_int64(statement, column);
    base->below_count = (uint32_t)sqlite3_column_int64(statement, column + 1);
    base->is_averaged = sqlite3_column_int(statement, column + 2) != 0;
}

enum kolam_status kolam_reader_base_at(struct kolam_reader *reader, struct kolam_tile_id tile,
                                       struct kolam_base *out_base) {
    if (reader->base_seq == 0) {
        return KOLAM_ERR_NOT_FOUND;
    }
    sqlite3_stmt *at = reader->statements[READER_BASE_AT];
    struct kolam_tile_key key = kolam_tile_key(tile);
    struct kolam_base base = {.tile = tile};
    enum kolam_status status = bind_place(at, tile, &key);
    if (status == KOLAM_OK) {
        status = kolam_reader_step_one(at);
    }
    if (status == KOLAM_OK) {
        take_base(at, 0, &base);
        *out_base = base;
    }
    (void)sqlite3_reset(at);
    return status;
}

static enum kolam_status search_ancestors(struct kolam_reader *reader, struct kolam_tile_id tile,
                                          struct kolam_base *out_base) {
    enum kolam_status status;
    int32_t has_none = tile.level;
    int32_t has_one = KOLAM_LEVEL_MIN - 1; /* a level at which there is one; at first, none */
    struct kolam_base found = {.below_count = 0};
    while (has_none - has_one > 1) {
        int32_t middle = (int32_t)kolam_floor_div((int64_t)has_one + has_none, 2);
        status = kolam_reader_base_at(reader, kolam_tile_ancestor(tile, middle), &found);
        if (status == KOLAM_OK) {
            has_one = middle;
            *out_base = found;
        } else if (status == KOLAM_ERR_NOT_FOUND) {
            has_none = middle;
        } else {
            return status;
        }
    }
    return has_one < KOLAM_LEVEL_MIN ? KOLAM_ERR_NOT_FOUND : KOLAM_OK;
}

/* The base of the tile or of its nearest ancestor that has one. */
static enum kolam_status nearest_base(struct kolam_reader *reader, struct kolam_tile_id tile,
                                      struct kolam_base *out_base) {
    if (reader->base_seq == 0) {
        return KOLAM_ERR_NOT_FOUND;
    }
    if (reader->has_nearest_base && kolam_tile_contains(reader->nearest_without, tile)) {
        *out_base = reader->nearest_base;
        return KOLAM_OK;
    }
    enum kolam_status status = kolam_reader_base_at(reader, tile, out_base);
    if (status == KOLAM_ERR_NOT_FOUND) {
        status = search_ancestors(reader, tile, out_base);
        if (status == KOLAM_OK) {
            reader->has_nearest_base = true;
            reader->nearest_base = *out_base;
            reader->nearest_without = kolam_tile_ancestor(tile, out_base->tile.level + 1);
        }
    }
    return status;
}

/* The part of an ancestor's picture that a tile covers: its corner, and how many levels finer the tile is. */
struct part {
    int32_t x, y, finer;
};

static struct part part_of(struct kolam_tile_id ancestor, struct kolam_tile_id tile) {
    struct part part = {.finer = tile.level - ancestor.level};
    int64_t unit = INT64_C(1) << part.finer;
    /* Below one pixel several tiles share it. */
    part.x = (int32_t)kolam_floor_shift((tile.x - ancestor.x * unit) * KOLAM_TILE_PX, part.finer);
    part.y = (int32_t)kolam_floor_shift((tile.y - ancestor.y * unit) * KOLAM_TILE_PX, part.finer);
    return part;
}

static bool has_ink(const struct kolam_base *base, struct kolam_tile_id tile) {
    struct part part = part_of(base->tile, tile);
    int32_t size = part.finer < KOLAM_TILE_SHIFT ? KOLAM_TILE_PX >> part.finer : 1;
    for (int32_t y = part.y >> CELL_SHIFT; y <= (part.y + size - 1) >> CELL_SHIFT; y++) {
        for (int32_t x = part.x >> CELL_SHIFT; x <= (part.x + size - 1) >> CELL_SHIFT; x++) {
            if (base->ink >> (y * CELLS + x) & 1) {
                return true;
            }
        }
    }
    return false;
}

enum kolam_status kolam_reader_base_version(struct kolam_reader *reader, struct kolam_tile_id tile,
                                            uint64_t *out_seq) {
    struct kolam_base base;
    enum kolam_status status = nearest_base(reader, tile, &base);
    if (status == KOLAM_OK) {
        *out_seq = base.is_averaged || has_ink(&base, tile) ? reader->base_seq : 0;
    } else if (status == KOLAM_ERR_NOT_FOUND) {
        *out_seq = 0;
        status = KOLAM_OK;
    }
    return status;
}

/* ---- pixels ---- */

static enum kolam_status get_picture(struct kolam_reader *reader,
                                     struct reader_base_picture **out_picture) {
    struct reader_base_picture *picture = reader->base_picture;
    if (!picture) {
        picture = kolam_alloc_zero(1, sizeof *picture);
        if (!picture) {
            return KOLAM_ERR_NOMEM;
        }
        picture->codec = kolam_tile_codec_create();
        if (!picture->codec) {
            kolam_free(picture);
            return KOLAM_ERR_NOMEM;
        }
        reader->base_picture = picture;
    }
    *out_picture = picture;
    return KOLAM_OK;
}

/* The base is no derived thing: pixels that cannot be decoded are damage, not a tile to be drawn again. */
static enum kolam_status decode_picture(struct kolam_reader *reader,
                                        struct reader_base_picture *picture,
                                        struct kolam_tile_id tile) {
    sqlite3_stmt *find = reader->statements[READER_BASE_PIXELS];
    struct kolam_tile_key key = kolam_tile_key(tile);
    bool is_empty;
    if (picture->is_filled && kolam_tile_equal(picture->tile, tile)) {
        return KOLAM_OK;
    }
    picture->is_filled = false;
    enum kolam_status status = bind_place(find, tile, &key);
    if (status == KOLAM_OK) {
        status = kolam_reader_step_one(find);
    }
    if (status == KOLAM_OK) {
        const uint8_t *bytes = sqlite3_column_blob(find, 0);
        size_t size_bytes = (size_t)sqlite3_column_bytes(find, 0);
        status = bytes ? kolam_tile_codec_decode(picture->codec, bytes, size_bytes, &is_empty,
                                                 picture->pixels)
                       : KOLAM_ERR_CORRUPT;
    }
    (void)sqlite3_reset(find);
    picture->is_filled = status == KOLAM_OK;
    picture->tile = tile;
    return status;
}

/* Pixels become squares: averaged down again they are what they were. */
static void enlarge(const uint32_t *pixels, struct part part, uint32_t *out_pixels) {
    int32_t shift = part.finer < KOLAM_TILE_SHIFT ? part.finer : KOLAM_TILE_SHIFT;
    for (int32_t y = 0; y < KOLAM_TILE_PX; y++) {
        const uint32_t *from = pixels + (part.y + (y >> shift)) * KOLAM_TILE_PX + part.x;
        uint32_t *to = out_pixels + y * KOLAM_TILE_PX;
        for (int32_t x = 0; x < KOLAM_TILE_PX; x++) {
            to[x] = from[x >> shift];
        }
    }
}

enum kolam_status kolam_reader_base_pixels(struct kolam_reader *reader, struct kolam_tile_id tile,
                                           uint32_t *out_pixels) {
    struct kolam_base base;
    struct reader_base_picture *picture = NULL;
    enum kolam_status status = nearest_base(reader, tile, &base);
    if (status == KOLAM_OK && base.is_averaged) {
        /* Its children have one: then nothing finer can have found it. */
        return kolam_tile_equal(base.tile, tile) ? KOLAM_ERR_NOT_FOUND : KOLAM_ERR_CORRUPT;
    }
    if (status == KOLAM_OK) {
        status = get_picture(reader, &picture);
    }
    if (status == KOLAM_OK) {
        status = decode_picture(reader, picture, base.tile);
    }
    if (status == KOLAM_OK) {
        enlarge(picture->pixels, part_of(base.tile, tile), out_pixels);
    }
    return status;
}

/* ---- all of it ---- */

enum kolam_status kolam_reader_bases(struct kolam_reader *reader, kolam_base_visit *visit,
                                     void *ctx) {
    if (reader->base_seq == 0) {
        return KOLAM_OK;
    }
    sqlite3_stmt *each = reader->statements[READER_BASES];
    bool goes_on = true;
    enum kolam_status status = kolam_sql_step(each, &goes_on);
    while (status == KOLAM_OK && goes_on) {
        const uint8_t *path = sqlite3_column_blob(each, 0);
        int path_size = sqlite3_column_bytes(each, 0);
        struct kolam_base base = {.below_count = 0};
        if (!kolam_tile_from_key(path ? path : (const uint8_t *)"", (uint32_t)path_size,
                                 sqlite3_column_int(each, 1), &base.tile)) {
            status = KOLAM_ERR_CORRUPT;
            break;
        }
        take_base(each, 2, &base);
        if (!visit(ctx, &base)) {
            break;
        }
        status = kolam_sql_step(each, &goes_on);
    }
    (void)sqlite3_reset(each);
    return status;
}

enum kolam_status kolam_reader_base_ids(struct kolam_reader *reader, kolam_base_id_visit *visit,
                                        void *ctx) {
    if (reader->base_seq == 0) {
        return KOLAM_OK;
    }
    sqlite3_stmt *each = reader->statements[READER_BASE_IDS];
    bool goes_on = true;
    enum kolam_status status = kolam_sql_step(each, &goes_on);
    while (status == KOLAM_OK && goes_on) {
        if (!visit(ctx, (uint64_t)sqlite3_column_int64(each, 0),
                   (uint64_t)sqlite3_column_int64(each, 1))) {
            break;
        }
        status = kolam_sql_step(each, &goes_on);
    }
    (void)sqlite3_reset(each);
    return status;
}
