/* From a stroke as a file tells it to ops as the log keeps them. The level is the finest at which all
 * parts keep to the limits; the result depends on the stroke alone, so that importing a file again makes
 * the same ops under the same ids. */
#include "stroke_build.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"

struct kolam_stroke_builder {
    struct kolam_point points[KOLAM_STROKE_POINTS_MAX];
    uint32_t contour_sizes[KOLAM_CONTOURS_MAX];
    struct kolam_home homes[KOLAM_STROKE_HOMES_MAX];
    uint8_t body[KOLAM_OP_BYTES_MAX];
};

struct kolam_stroke_builder *kolam_stroke_builder_create(void) {
    return kolam_alloc(sizeof(struct kolam_stroke_builder));
}

void kolam_stroke_builder_destroy(struct kolam_stroke_builder *builder) {
    kolam_free(builder);
}

void kolam_built_stroke_finish(struct kolam_built_stroke *built) {
    for (uint32_t i = 0; i < built->op_count; i++) {
        kolam_free(built->ops[i].body);
        kolam_free(built->ops[i].homes);
    }
    built->op_count = 0;
}

/* |px| is at most 2^31 at level 0, and no level here is finer: 2^34 sub units at most. */
static int64_t to_sub(double px, int32_t level) {
    return llrint(ldexp(px, level) * KOLAM_SUB_PER_PX);
}

static uint32_t width_at(double width_px, int32_t level) {
    double width = ldexp(width_px, level) * KOLAM_WIDTH_UNIT_PER_PX;
    if (!(width >= 1)) {
        return 1; /* the finest there is */
    }
    return width > KOLAM_WIDTH_MAX ? KOLAM_WIDTH_MAX + 1 : (uint32_t)lrint(width);
}

/* When the part that begins at point `first` began. */
static int64_t start_of(const struct kolam_drawn_stroke *drawn, size_t first) {
    int64_t start_ms = drawn->start_ms;
    for (size_t i = 1; drawn->has_times && i <= first; i++) {
        start_ms += drawn->points[i].dt_ms;
    }
    return start_ms;
}

enum kolam_status kolam_stroke_quantise(const struct kolam_drawn_stroke *drawn, size_t first,
                                        uint32_t count, int32_t level,
                                        struct kolam_point *out_points,
                                        struct kolam_stroke *out_stroke) {
    const struct kolam_drawn_point *from = drawn->points + first;
    struct kolam_tile_id origin = {
        .level = level,
        .x = kolam_floor_div(to_sub(from[0].x, level), KOLAM_SUB_PER_TILE),
        .y = kolam_floor_div(to_sub(from[0].y, level), KOLAM_SUB_PER_TILE),
    };
    for (uint32_t i = 0; i < count; i++) {
        int64_t x = to_sub(from[i].x, level) - origin.x * KOLAM_SUB_PER_TILE;
        int64_t y = to_sub(from[i].y, level) - origin.y * KOLAM_SUB_PER_TILE;
        if (llabs(x) > KOLAM_POINT_SUB_MAX || llabs(y) > KOLAM_POINT_SUB_MAX) {
            return KOLAM_ERR_INVALID;
        }
        out_points[i] = (struct kolam_point){
            .x = (int32_t)x,
            .y = (int32_t)y,
            .dt_ms = drawn->has_times && i > 0 ? from[i].dt_ms : 0,
            .pressure = drawn->has_pressure ? (uint8_t)lrint(from[i].pressure * 255) : 255,
        };
    }
    bool is_fill = drawn->tool == KOLAM_TOOL_FILL;
    uint32_t width = is_fill ? KOLAM_FILL_WIDTH : width_at(drawn->width, level);
    if (width > KOLAM_WIDTH_MAX) {
        return KOLAM_ERR_INVALID;
    }
    *out_stroke = (struct kolam_stroke){
        .origin = origin,
        .tool = drawn->tool,
        .color = drawn->color,
        .width = width,
        .part_count = 1,
        .has_pressure = drawn->has_pressure,
        .has_times = drawn->has_times,
        .has_start = drawn->has_start,
        .start_ms = start_of(drawn, first),
        .point_count = count,
        .points = out_points,
    };
    return KOLAM_OK;
}

static enum kolam_status build_op(struct kolam_stroke_builder *builder,
                                  const struct kolam_stroke *stroke,
                                  struct kolam_built_op *out_op) {
    uint32_t home_count;
    enum kolam_status status = kolam_stroke_homes(stroke, builder->homes, &home_count);
    if (status != KOLAM_OK) {
        return status;
    }
    const struct kolam_op op = {.kind = KOLAM_OP_STROKE, .stroke = *stroke};
    size_t size_bytes;
    status = kolam_op_encode(&op, builder->body, sizeof builder->body, &size_bytes);
    if (status != KOLAM_OK) {
        return status;
    }
    *out_op = (struct kolam_built_op){
        .body = kolam_memdup(builder->body, size_bytes),
        .body_size_bytes = size_bytes,
        .homes = kolam_memdup(builder->homes, home_count * sizeof *builder->homes),
        .home_count = home_count,
    };
    return out_op->body && out_op->homes ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

/* One part of a drawing: its points, and of a shape its contours. */
struct portion {
    size_t first, count;
    size_t first_contour, contour_count;
};

/* Whole contours, as many as an op holds. A contour alone may be too large: count is 0 then. */
static struct portion next_contours(const struct kolam_drawn_stroke *drawn,
                                    const struct portion *before) {
    struct portion portion = {.first = before->first + before->count,
                              .first_contour = before->first_contour + before->contour_count};
    size_t at = portion.first_contour;
    while (at < drawn->contour_count && portion.contour_count < KOLAM_CONTOURS_MAX &&
           portion.count + drawn->contour_sizes[at] <= KOLAM_STROKE_POINTS_MAX) {
        portion.count += drawn->contour_sizes[at++];
        portion.contour_count++;
    }
    return portion;
}

/* Each part of a line begins at the last point of the one before. */
static struct portion next_portion(const struct kolam_drawn_stroke *drawn,
                                   const struct portion *before) {
    if (drawn->contour_count > 0) {
        return next_contours(drawn, before);
    }
    struct portion portion = {.first = before->count > 0 ? before->first + before->count - 1 : 0};
    size_t left = drawn->point_count - portion.first;
    portion.count = left < KOLAM_STROKE_POINTS_MAX ? left : KOLAM_STROKE_POINTS_MAX;
    return portion;
}

static void take_contours(struct kolam_stroke_builder *builder,
                          const struct kolam_drawn_stroke *drawn, const struct portion *portion,
                          struct kolam_stroke *stroke) {
    for (size_t i = 0; i < portion->contour_count; i++) {
        builder->contour_sizes[i] = (uint32_t)drawn->contour_sizes[portion->first_contour + i];
    }
    stroke->contour_sizes = builder->contour_sizes;
    stroke->contour_count = (uint32_t)portion->contour_count;
    if (portion->first == 0) { /* the group's words are its first part's */
        stroke->text = (const uint8_t *)drawn->text;
        stroke->text_size_bytes = (uint32_t)strlen(drawn->text);
    }
}

static enum kolam_status build_at(struct kolam_stroke_builder *builder,
                                  const struct kolam_drawn_stroke *drawn, uint32_t part_count,
                                  int32_t level, struct kolam_built_stroke *out_built) {
    struct portion portion = {0};
    out_built->op_count = 0;
    for (uint32_t part = 0; part < part_count; part++) {
        portion = next_portion(drawn, &portion);
        struct kolam_stroke stroke;
        enum kolam_status status = kolam_stroke_quantise(
            drawn, portion.first, (uint32_t)portion.count, level, builder->points, &stroke);
        if (status == KOLAM_OK) {
            take_contours(builder, drawn, &portion, &stroke);
            stroke.part = part;
            stroke.part_count = part_count;
            out_built->ops[part] = (struct kolam_built_op){0};
            out_built->op_count = part + 1; /* also when it fails half-way: to be freed */
            status = build_op(builder, &stroke, &out_built->ops[part]);
        }
        if (status != KOLAM_OK) {
            kolam_built_stroke_finish(out_built);
            return status;
        }
    }
    return KOLAM_OK;
}

/* 0 if there is no way. */
static size_t parts_for(const struct kolam_drawn_stroke *drawn) {
    struct portion portion = {0};
    size_t count = 0;
    do {
        portion = next_portion(drawn, &portion);
        count++;
    } while (portion.count > 0 && portion.first + portion.count < drawn->point_count);
    return portion.count > 0 ? count : 0;
}

/* The longer side of the box of all points, in level-0 pixels. */
static double extent_of(const struct kolam_drawn_stroke *drawn) {
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (size_t i = 0; i < drawn->point_count; i++) {
        x0 = fmin(x0, drawn->points[i].x);
        y0 = fmin(y0, drawn->points[i].y);
        x1 = fmax(x1, drawn->points[i].x);
        y1 = fmax(y1, drawn->points[i].y);
    }
    return fmax(x1 - x0, y1 - y0);
}

/* True if the ink keeps to the limits of an op at this level wherever it lies: if it is refused still, then
 * for leaving the world, and a coarser level would only hide that by rounding. */
static bool is_small_at(const struct kolam_drawn_stroke *drawn, double extent, int32_t level) {
    const double side_max = 14 * KOLAM_TILE_PX; /* at most 16 x 16 tiles, antialiasing included */
    return ldexp(extent + drawn->width, level) <= side_max &&
           width_at(drawn->width, level) <= KOLAM_WIDTH_MAX;
}

enum kolam_status kolam_stroke_build(struct kolam_stroke_builder *builder,
                                     const struct kolam_drawn_stroke *drawn,
                                     struct kolam_built_stroke *out_built,
                                     struct kolam_error *error) {
    size_t part_count = parts_for(drawn);
    if (part_count == 0) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "a contour may have at most %d points",
                          KOLAM_STROKE_POINTS_MAX);
    }
    if (part_count > KOLAM_GROUP_PARTS_MAX) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "%zu points are too many for one stroke (at most %d); split it",
                          drawn->point_count,
                          KOLAM_GROUP_PARTS_MAX * (KOLAM_STROKE_POINTS_MAX - 1) + 1);
    }
    double extent = extent_of(drawn);
    for (int32_t level = 0; level >= KOLAM_LEVEL_MIN; level--) {
        enum kolam_status status = build_at(builder, drawn, (uint32_t)part_count, level, out_built);
        if (status == KOLAM_OK) {
            return KOLAM_OK;
        }
        if (status == KOLAM_ERR_INVALID && is_small_at(drawn, extent, level)) {
            break;
        }
        if (status != KOLAM_ERR_INVALID) {
            return kolam_fail(error, status, "building the stroke: %s", kolam_status_text(status));
        }
    }
    return kolam_fail(error, KOLAM_ERR_INVALID, "the stroke's ink leaves the world (+-2^31 px)");
}
