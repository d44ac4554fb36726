/* The op codec: whatever is decoded can be encoded, and decodes again to the same; its homes are bounded. */
#include <stdlib.h>
#include <string.h>

#include "kolam/ink.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static struct kolam_op_room room, again_room;
static struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
static uint8_t encoded[KOLAM_OP_BYTES_MAX], encoded_again[KOLAM_OP_BYTES_MAX];

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_homes(const struct kolam_stroke *stroke) {
    uint32_t count = 0;
    if (kolam_stroke_homes(stroke, homes, &count) != KOLAM_OK) {
        return;
    }
    require(count >= 1 && count <= KOLAM_STROKE_HOMES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        require(kolam_tile_is_valid(homes[i].tile));
        require(homes[i].tile.level == stroke->origin.level);
        require(homes[i].x0 <= homes[i].x1 && homes[i].y0 <= homes[i].y1);
    }
}

/* Drawing it does no harm, and leaves a mask that clearing empties. */
static void check_ink(const struct kolam_stroke *stroke, uint8_t where) {
    static struct kolam_ink_mask mask;
    int32_t level = stroke->origin.level + where % 7 - 3;
    struct kolam_tile_id tile = stroke->origin;
    if (level < stroke->origin.level && level >= KOLAM_LEVEL_MIN) {
        tile = kolam_tile_ancestor(tile, level);
    }
    kolam_ink_add_stroke(&mask, stroke, 0, tile);
    kolam_ink_mask_clear(&mask);
    require(mask.coverage[where * 256] == 0 && mask.area[where * 256] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    struct kolam_op op, again;
    size_t first_bytes, second_bytes;
    if (kolam_op_decode(bytes, size_bytes, &room, &op) != KOLAM_OK) {
        return 0;
    }
    /* The encoder may choose another form of the same op; from then on it is always the same one. */
    require(kolam_op_encode(&op, encoded, sizeof encoded, &first_bytes) == KOLAM_OK);
    require(kolam_op_decode(encoded, first_bytes, &again_room, &again) == KOLAM_OK);
    require(again.kind == op.kind);
    require(kolam_op_encode(&again, encoded_again, sizeof encoded_again, &second_bytes) ==
            KOLAM_OK);
    require(first_bytes == second_bytes && memcmp(encoded, encoded_again, first_bytes) == 0);
    if (op.kind == KOLAM_OP_STROKE) {
        require(op.stroke.point_count == again.stroke.point_count);
        require(memcmp(room.points, again_room.points,
                       op.stroke.point_count * sizeof room.points[0]) == 0);
        require(op.stroke.contour_count == again.stroke.contour_count);
        require(memcmp(room.contour_sizes, again_room.contour_sizes,
                       op.stroke.contour_count * sizeof room.contour_sizes[0]) == 0);
        require(op.stroke.text_size_bytes == again.stroke.text_size_bytes);
        check_homes(&op.stroke);
        check_ink(&op.stroke, bytes[size_bytes - 1]);
    }
    if (op.kind == KOLAM_OP_HIDE || op.kind == KOLAM_OP_SHOW) {
        require(op.target_count == again.target_count);
        require(memcmp(room.targets, again_room.targets,
                       op.target_count * sizeof room.targets[0]) == 0);
    }
    return 0;
}
