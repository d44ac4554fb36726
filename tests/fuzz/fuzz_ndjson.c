/* A line of the neutral stroke file: what is read can be built into ops that everybody can decode. */
#include <stdlib.h>

#include "tools/ndjson.h"
#include "tools/stroke_build.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static struct kolam_op_room room;

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

static void check_built(const struct kolam_built_stroke *built) {
    require(built->op_count >= 1 && built->op_count <= KOLAM_GROUP_PARTS_MAX);
    for (uint32_t i = 0; i < built->op_count; i++) {
        struct kolam_op op;
        require(kolam_op_decode(built->ops[i].body, built->ops[i].body_size_bytes, &room, &op) ==
                KOLAM_OK);
        require(op.stroke.part == i && op.stroke.part_count == built->op_count);
        require(built->ops[i].home_count >= 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    static struct kolam_stroke_builder *builder;
    static struct kolam_drawn_stroke stroke;
    struct kolam_error error = {.text = ""};
    struct kolam_built_stroke built;
    if (!builder) {
        builder = kolam_stroke_builder_create();
        require(builder != NULL);
    }
    if (kolam_ndjson_parse((const char *)bytes, size_bytes, &stroke, &error) != KOLAM_OK) {
        require(error.text[0] != '\0');
        return 0;
    }
    require(stroke.point_count >= 1);
    if (kolam_stroke_build(builder, &stroke, &built, &error) == KOLAM_OK) {
        check_built(&built);
        kolam_built_stroke_finish(&built);
    }
    return 0;
}
