/* --realtime: strokes begin and end at their recorded times, counted from the first one; strokes without
 * times are drawn one after another. Between the two their points go out as previews, gathered to about 30 a
 * second; the server drops what is too much. */
#include "import_play.h"

#include <string.h>

#include "kolam/alloc.h"
#include "wire.h"

#define TICK_MS 33
#define AHEAD_MS 2000      /* strokes are read this long before they begin */
#define UNTIMED_POINT_MS 8 /* the pace of a drawing without times */
#define PREVIEW_POINTS_MAX 2048u

void kolam_play_init(struct kolam_play *play, bool is_on) {
    *play = (struct kolam_play){.is_on = is_on};
}

static int64_t play_now_ms(const struct kolam_play *play) {
    return play->has_begun ? kolam_tool_now_ms() - play->begun_ms : 0;
}

static int64_t duration_of(const struct kolam_drawn_stroke *drawn) {
    if (!drawn->has_times) {
        return (int64_t)drawn->point_count * UNTIMED_POINT_MS;
    }
    int64_t duration_ms = 0;
    for (size_t i = 1; i < drawn->point_count; i++) {
        duration_ms += drawn->points[i].dt_ms;
    }
    return duration_ms;
}

/* The level that the stroke was built at is in its body: the same decoder as everybody's tells it. */
static enum kolam_status copy_points(const struct kolam_drawn_stroke *drawn,
                                     const struct kolam_built_stroke *built,
                                     struct kolam_stroke *out_preview) {
    struct kolam_op_room *room = kolam_alloc(sizeof *room);
    struct kolam_op op;
    if (!room) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status =
        kolam_op_decode(built->ops[0].body, built->ops[0].body_size_bytes, room, &op);
    if (status == KOLAM_OK) {
        *out_preview = op.stroke;
        out_preview->part = 0;
        out_preview->contour_count = 0; /* a shape is seen when it is complete */
        out_preview->text_size_bytes = 0;
        out_preview->part_count = 1; /* a group is shown up to what one op holds */
        out_preview->points =
            kolam_memdup(op.stroke.points, op.stroke.point_count * sizeof *op.stroke.points);
        status = out_preview->points ? KOLAM_OK : KOLAM_ERR_NOMEM;
    }
    if (status == KOLAM_OK && !drawn->has_times) {
        for (uint32_t i = 1; i < out_preview->point_count; i++) {
            out_preview->points[i].dt_ms = UNTIMED_POINT_MS; /* for the pace; not sent */
        }
    }
    kolam_free(room);
    return status;
}

enum kolam_status kolam_play_schedule(struct kolam_play *play,
                                      const struct kolam_drawn_stroke *drawn,
                                      const struct kolam_built_stroke *built,
                                      struct kolam_window_stroke *stroke) {
    if (!play->has_begun) {
        play->has_begun = true;
        play->begun_ms = kolam_tool_now_ms();
    }
    if (drawn->has_start && !play->has_first) {
        play->has_first = true;
        play->first_ms = drawn->start_ms;
    }
    stroke->start_ms = drawn->has_start ? drawn->start_ms - play->first_ms : play->untimed_ms;
    stroke->end_ms = stroke->start_ms + duration_of(drawn);
    play->scheduled_ms = stroke->start_ms;
    if (!drawn->has_start) {
        play->untimed_ms = stroke->end_ms;
    }
    return copy_points(drawn, built, &stroke->preview);
}

bool kolam_play_wants_more(const struct kolam_play *play) {
    return !play->is_on || play->scheduled_ms <= play_now_ms(play) + AHEAD_MS;
}

bool kolam_play_is_over(const struct kolam_play *play, const struct kolam_window_stroke *stroke) {
    return !play->is_on || play_now_ms(play) >= stroke->end_ms;
}

/* Points whose time has come. */
static uint32_t due_points(const struct kolam_window_stroke *stroke, int64_t now_ms) {
    int64_t at_ms = stroke->start_ms;
    uint32_t count = 0;
    while (count < stroke->preview.point_count) {
        at_ms += count > 0 ? stroke->preview.points[count].dt_ms : 0;
        if (at_ms > now_ms) {
            break;
        }
        count++;
    }
    return count;
}

static enum kolam_status send_preview(struct kolam_window_stroke *stroke, uint32_t due,
                                      struct kolam_ws *ws) {
    struct kolam_op op = {.kind = KOLAM_OP_STROKE, .stroke = stroke->preview};
    uint32_t count = due - stroke->previewed;
    count = count < PREVIEW_POINTS_MAX ? count : PREVIEW_POINTS_MAX;
    op.stroke.points = stroke->preview.points + stroke->previewed;
    op.stroke.point_count = count;
    const size_t capacity_bytes = 64 + (size_t)count * 32;
    uint8_t *body = kolam_alloc(capacity_bytes);
    size_t body_bytes;
    if (!body) {
        return KOLAM_ERR_NOMEM;
    }
    if (kolam_op_encode(&op, body, capacity_bytes, &body_bytes) == KOLAM_OK) {
        struct kolam_wire_buffer record = {0};
        if (stroke->slot == KOLAM_NO_SLOT) {
            kolam_wire_put_u8(&record, KOLAM_WIRE_PREVIEW);
        } else {
            kolam_wire_put_u8(&record, KOLAM_WIRE_PREVIEW_AS);
            kolam_wire_put_varint(&record, stroke->slot);
        }
        kolam_wire_put_varint(&record, stroke->counter);
        kolam_wire_put_varint(&record, stroke->previewed);
        kolam_wire_put(&record, body, body_bytes);
        enum kolam_status status =
            record.has_failed ? KOLAM_ERR_NOMEM
                              : kolam_ws_send(ws, KOLAM_WS_BINARY, record.bytes, record.size_bytes);
        kolam_free(record.bytes);
        kolam_free(body);
        stroke->previewed += count;
        return status;
    }
    kolam_free(body);
    stroke->previewed = due; /* what has no form alone is seen when the stroke is complete */
    return KOLAM_OK;
}

enum kolam_status kolam_play_preview(struct kolam_play *play, struct kolam_window *window,
                                     const struct kolam_slots *slots, struct kolam_ws *ws) {
    int64_t now_ms = play_now_ms(play);
    enum kolam_status status = KOLAM_OK;
    for (struct kolam_window_stroke *stroke = window->head;
         play->is_on && stroke && status == KOLAM_OK; stroke = stroke->next) {
        if (stroke->state != KOLAM_STROKE_WAITING || stroke->start_ms > now_ms ||
            stroke->end_ms <= now_ms ||
            (stroke->slot != KOLAM_NO_SLOT && !slots->list[stroke->slot].is_acting)) {
            continue;
        }
        uint32_t due = due_points(stroke, now_ms);
        if (due > stroke->previewed) {
            status = send_preview(stroke, due, ws);
        }
    }
    return status;
}

int kolam_play_wait_ms(const struct kolam_play *play, const struct kolam_window *window,
                       int max_ms) {
    if (!play->is_on || !window->head) {
        return max_ms;
    }
    return TICK_MS < max_ms ? TICK_MS : max_ms;
}
