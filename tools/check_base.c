/* The base of a flattened canvas: that its pictures can be read, that the tiles which have one are those which must, and
 * that every flattened op's id is still known. Nothing can be compared with it, and nothing can make it again: what is
 * wrong here is told, and mended from a copy. */
#include <inttypes.h>
#include <stdio.h>

#include "check.h"
#include "kolam/alloc.h"

struct base_check {
    struct kolam_check *check;
    struct kolam_reader *reader;
    uint32_t *pixels;
    uint64_t next_seq; /* whose id is expected next */
    enum kolam_status status;
};

static const char *name_of(struct kolam_tile_id tile, char out_name[80]) {
    snprintf(out_name, 80, "base tile %d/%" PRId64 "/%" PRId64, (int)tile.level, tile.x, tile.y);
    return out_name;
}

/* False if reading failed otherwise than by damage. */
static bool has_base(struct base_check *base_check, struct kolam_tile_id tile, bool *out_has) {
    struct kolam_base base;
    enum kolam_status status = kolam_reader_base_at(base_check->reader, tile, &base);
    *out_has = status == KOLAM_OK;
    if (status != KOLAM_OK && status != KOLAM_ERR_NOT_FOUND) {
        base_check->status = status;
        return false;
    }
    return true;
}

static bool check_parent(struct base_check *base_check, struct kolam_tile_id tile) {
    bool has_one = true;
    char name[80];
    if (tile.level > KOLAM_LEVEL_MIN &&
        !has_base(base_check, kolam_tile_ancestor(tile, tile.level - 1), &has_one)) {
        return false;
    }
    if (!has_one) {
        kolam_check_problem(base_check->check, "%s has no tile above it", name_of(tile, name));
    }
    return true;
}

static bool check_children(struct base_check *base_check, struct kolam_tile_id tile) {
    char name[80];
    uint32_t missing = 0;
    for (int i = 0; i < 4 && tile.level < KOLAM_LEVEL_MAX; i++) {
        struct kolam_tile_id child = kolam_tile_child(tile, i);
        bool has_one = true;
        if (kolam_tile_is_valid(child) && !has_base(base_check, child, &has_one)) {
            return false;
        }
        missing += !has_one;
    }
    if (missing > 0 || tile.level == KOLAM_LEVEL_MAX) {
        kolam_check_problem(base_check->check, "%s is the average of tiles that are not there",
                            name_of(tile, name));
    }
    return true;
}

static uint64_t ink_cells(const uint32_t *pixels) {
    uint64_t cells = 0;
    for (uint32_t i = 0; i < KOLAM_TILE_PIXELS; i++) {
        uint32_t cell = i / KOLAM_TILE_PX / 32 * 8 + i % KOLAM_TILE_PX / 32;
        cells |= (uint64_t)(pixels[i] != 0) << cell;
    }
    return cells;
}

static bool check_pixels(struct base_check *base_check, const struct kolam_base *base) {
    char name[80];
    enum kolam_status status =
        kolam_reader_base_pixels(base_check->reader, base->tile, base_check->pixels);
    if (status == KOLAM_ERR_CORRUPT) {
        kolam_check_problem(base_check->check, "%s is damaged: take the file from a copy",
                            name_of(base->tile, name));
        base_check->check->is_base_damaged = true;
        return true;
    }
    if (status != KOLAM_OK) {
        base_check->status = status;
        return false;
    }
    if (ink_cells(base_check->pixels) != base->ink) {
        kolam_check_problem(base_check->check, "%s is painted elsewhere than it says",
                            name_of(base->tile, name));
    }
    return true;
}

static bool check_tile(void *ctx, const struct kolam_base *base) {
    struct base_check *base_check = ctx;
    struct kolam_check *check = base_check->check;
    char name[80];
    bool is_counted_averaged = base->below_count > KOLAM_RASTER_BELOW_MAX;
    if (base->is_averaged != is_counted_averaged) {
        kolam_check_problem(check, "%s counts %" PRIu32 " rows below it, and is%s an average",
                            name_of(base->tile, name), base->below_count,
                            base->is_averaged ? "" : " not");
    }
    if (++check->base_count % 64 == 0) {
        if (kolam_progress_is_due(&check->progress)) {
            kolam_progress_show(&check->progress, "%s: base tile %" PRIu64, check->canvas,
                                check->base_count);
        }
        if (kolam_check_is_interrupted(check)) {
            base_check->status = KOLAM_ERR_CLOSED;
            return false;
        }
    }
    return check_parent(base_check, base->tile) &&
           (base->is_averaged ? check_children(base_check, base->tile)
                              : check_pixels(base_check, base));
}

/* Every seq up to the base is of exactly one span. */
static bool check_id(void *ctx, uint64_t first_seq, uint64_t count) {
    struct base_check *base_check = ctx;
    bool is_next = first_seq == base_check->next_seq && count > 0;
    base_check->next_seq = first_seq + count;
    if (!is_next) {
        kolam_check_problem(base_check->check,
                            "the ids of flattened ops are missing or doubled before seq %" PRIu64,
                            first_seq);
    }
    return is_next;
}

enum kolam_status kolam_check_base(struct kolam_check *check, struct kolam_reader *reader) {
    uint64_t base_seq = kolam_reader_base_seq(reader);
    struct base_check base_check = {.check = check, .reader = reader, .next_seq = 1};
    if (base_seq == 0) {
        return KOLAM_OK;
    }
    base_check.pixels = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof *base_check.pixels);
    enum kolam_status status = base_check.pixels ? KOLAM_OK : KOLAM_ERR_NOMEM;
    if (status == KOLAM_OK) {
        status = kolam_reader_bases(reader, check_tile, &base_check);
        status = status == KOLAM_OK ? base_check.status : status;
    }
    if (status == KOLAM_OK) {
        status = kolam_reader_base_ids(reader, check_id, &base_check);
    }
    if (status == KOLAM_OK && base_check.next_seq != base_seq + 1 && check->problem_count == 0) {
        kolam_check_problem(check,
                            "the ids of flattened ops end at seq %" PRIu64 ", the base is of "
                            "%" PRIu64,
                            base_check.next_seq - 1, base_seq);
    }
    kolam_free(base_check.pixels);
    return status;
}
