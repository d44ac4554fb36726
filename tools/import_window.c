/* Strokes on their way to a server: a list in the file's order. Answers come nearly in that order, so
 * looking for one begins at the head. */
#include "import_window.h"

#include "kolam/alloc.h"
#include "wire.h"

static void destroy(struct kolam_window_stroke *stroke) {
    kolam_free(stroke->record);
    kolam_free(stroke->preview.points);
    kolam_free(stroke);
}

struct kolam_window_stroke *kolam_window_append(struct kolam_window *window,
                                                const struct kolam_import_item *item,
                                                uint32_t slot) {
    struct kolam_window_stroke *stroke = kolam_alloc_zero(1, sizeof *stroke);
    if (!stroke) {
        return NULL;
    }
    struct kolam_wire_buffer record = {0};
    kolam_wire_put_varint(&record, item->counter);
    kolam_wire_put_varint(&record, item->built.op_count);
    for (uint32_t i = 0; i < item->built.op_count; i++) {
        kolam_wire_put_varint(&record, item->built.ops[i].body_size_bytes);
        kolam_wire_put(&record, item->built.ops[i].body, item->built.ops[i].body_size_bytes);
    }
    if (record.has_failed) {
        kolam_free(record.bytes);
        kolam_free(stroke);
        return NULL;
    }
    stroke->line = item->line;
    stroke->counter = item->counter;
    stroke->op_count = item->built.op_count;
    stroke->slot = slot;
    stroke->record = record.bytes;
    stroke->record_bytes = record.size_bytes;
    if (window->tail) {
        window->tail->next = stroke;
    } else {
        window->head = stroke;
    }
    window->tail = stroke;
    window->count++;
    return stroke;
}

struct kolam_window_stroke *kolam_window_find_sent(struct kolam_window *window, uint32_t counter) {
    struct kolam_window_stroke *stroke = window->head;
    while (stroke && (stroke->counter != counter || stroke->state != KOLAM_STROKE_SENT)) {
        stroke = stroke->next;
    }
    return stroke;
}

void kolam_window_mark_sent(struct kolam_window *window, struct kolam_window_stroke *stroke) {
    stroke->state = KOLAM_STROKE_SENT;
    window->ops_under_way += stroke->op_count;
}

void kolam_window_answered(struct kolam_window *window, struct kolam_window_stroke *stroke,
                           bool is_done) {
    stroke->state = is_done ? KOLAM_STROKE_DONE : KOLAM_STROKE_WAITING;
    window->ops_under_way -= stroke->op_count;
}

void kolam_window_trim(struct kolam_window *window) {
    while (window->head && window->head->state == KOLAM_STROKE_DONE) {
        struct kolam_window_stroke *stroke = window->head;
        window->head = stroke->next;
        window->count--;
        destroy(stroke);
    }
    if (!window->head) {
        window->tail = NULL;
    }
}

void kolam_window_rewind(struct kolam_window *window) {
    window->ops_under_way = 0;
    for (struct kolam_window_stroke *stroke = window->head; stroke; stroke = stroke->next) {
        if (stroke->state == KOLAM_STROKE_SENT) {
            stroke->state = KOLAM_STROKE_WAITING;
        }
        stroke->previewed = 0;
    }
}

void kolam_window_finish(struct kolam_window *window) {
    while (window->head) {
        struct kolam_window_stroke *stroke = window->head;
        window->head = stroke->next;
        destroy(stroke);
    }
    *window = (struct kolam_window){0};
}
