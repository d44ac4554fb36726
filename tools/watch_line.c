/* An op as a JSON object: seq, time, artist and kind first, then what the kind has. */
#include "watch_line.h"

#include <math.h>
#include <stdio.h>

/* A point's place on the wall: exact up to level 19 or so, where a double ends; for reading, not drawing. */
static double world_px(int64_t tile, int32_t sub, int32_t level) {
    return ldexp((double)tile * KOLAM_TILE_PX + (double)sub / KOLAM_SUB_PER_PX, -level);
}

static json_t *points_of(const struct kolam_stroke *stroke, uint32_t first, uint32_t count) {
    json_t *list = json_array();
    for (uint32_t i = first; list && i < first + count; i++) {
        const struct kolam_point *point = &stroke->points[i];
        json_t *entry = json_array();
        json_array_append_new(
            entry, json_real(world_px(stroke->origin.x, point->x, stroke->origin.level)));
        json_array_append_new(
            entry, json_real(world_px(stroke->origin.y, point->y, stroke->origin.level)));
        if (stroke->has_pressure) {
            json_array_append_new(entry, json_real(round(point->pressure / 0.255) / 1000));
        }
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *contours_of(const struct kolam_stroke *stroke) {
    json_t *list = json_array();
    uint32_t first = 0;
    for (uint32_t i = 0; list && i < stroke->contour_count; i++) {
        json_array_append_new(list, points_of(stroke, first, stroke->contour_sizes[i]));
        first += stroke->contour_sizes[i];
    }
    return list;
}

static json_t *times_of(const struct kolam_stroke *stroke) {
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < stroke->point_count; i++) {
        json_array_append_new(list, json_integer(stroke->points[i].dt_ms));
    }
    return list;
}

static void add_stroke(json_t *line, const struct kolam_stroke *stroke) {
    char color[10];
    snprintf(color, sizeof color, "#%08x", stroke->color);
    json_object_set_new(line, "tool", json_string(kolam_tool_name(stroke->tool)));
    json_object_set_new(line, "color", json_string(color));
    double width = ldexp((double)stroke->width / KOLAM_WIDTH_UNIT_PER_PX, -stroke->origin.level);
    json_object_set_new(line, "width", json_real(width));
    json_object_set_new(line, "level", json_integer(stroke->origin.level));
    json_object_set_new(line, "t",
                        stroke->has_start ? json_integer(stroke->start_ms) : json_null());
    if (stroke->part_count > 1) {
        json_object_set_new(line, "part", json_integer(stroke->part));
        json_object_set_new(line, "parts", json_integer(stroke->part_count));
    }
    if (stroke->contour_count > 0) {
        json_object_set_new(line, "contours", contours_of(stroke));
    } else {
        json_object_set_new(line, "points", points_of(stroke, 0, stroke->point_count));
    }
    if (stroke->text_size_bytes > 0) {
        json_object_set_new(line, "text",
                            json_stringn((const char *)stroke->text, stroke->text_size_bytes));
    }
    if (stroke->has_times) {
        json_object_set_new(line, "dt", times_of(stroke));
    }
}

static void add_targets(json_t *line, const struct kolam_op *op) {
    json_t *list = json_array();
    for (uint32_t i = 0; list && i < op->target_count; i++) {
        json_array_append_new(list, json_integer((json_int_t)op->targets[i]));
    }
    json_object_set_new(line, "targets", list);
    if (op->is_edit) {
        json_object_set_new(line, "follow", json_integer(op->follow_count));
    }
}

json_t *kolam_watch_line(const struct kolam_wire_op *envelope, struct kolam_op_room *room,
                         struct kolam_op *out_op) {
    static const char *const kinds[] = {[KOLAM_OP_STROKE] = "stroke",
                                        [KOLAM_OP_HIDE] = "hide",
                                        [KOLAM_OP_SHOW] = "show",
                                        [KOLAM_OP_RECORD] = "record"};
    if (kolam_op_decode(envelope->body, envelope->body_size_bytes, room, out_op) != KOLAM_OK) {
        return NULL;
    }
    json_t *line = json_pack("{s:I,s:I,s:I,s:n,s:s}", "seq", (json_int_t)envelope->seq, "time",
                             (json_int_t)envelope->time_ms, "artist", (json_int_t)envelope->artist,
                             "name", "kind", kinds[out_op->kind]);
    if (!line) {
        return NULL;
    }
    if (envelope->replaces != 0) {
        json_object_set_new(line, "replaces", json_integer((json_int_t)envelope->replaces));
    }
    switch (out_op->kind) {
    case KOLAM_OP_STROKE:
        add_stroke(line, &out_op->stroke);
        break;
    case KOLAM_OP_HIDE:
    case KOLAM_OP_SHOW:
        add_targets(line, out_op);
        break;
    case KOLAM_OP_RECORD:
        json_object_set_new(
            line, "record",
            json_loadb((const char *)out_op->record, out_op->record_size_bytes, 0, NULL));
        break;
    }
    return line;
}

bool kolam_watch_touches(const struct kolam_op *op, const struct kolam_region *region) {
    if (op->kind != KOLAM_OP_STROKE) {
        return true;
    }
    const struct kolam_stroke *stroke = &op->stroke;
    double reach =
        ldexp((double)stroke->width / KOLAM_WIDTH_UNIT_PER_PX, -stroke->origin.level) / 2;
    double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (uint32_t i = 0; i < stroke->point_count; i++) {
        double x = world_px(stroke->origin.x, stroke->points[i].x, stroke->origin.level);
        double y = world_px(stroke->origin.y, stroke->points[i].y, stroke->origin.level);
        x0 = fmin(x0, x);
        y0 = fmin(y0, y);
        x1 = fmax(x1, x);
        y1 = fmax(y1, y);
    }
    return x0 - reach < region->x + region->width && x1 + reach > region->x &&
           y0 - reach < region->y + region->height && y1 + reach > region->y;
}
