/* Strokes on their way to a server: in order, from being read until they are acknowledged. */
#ifndef KOLAM_TOOLS_IMPORT_WINDOW_H
#define KOLAM_TOOLS_IMPORT_WINDOW_H

#include "import.h"

enum kolam_stroke_state { KOLAM_STROKE_WAITING = 0, KOLAM_STROKE_SENT, KOLAM_STROKE_DONE };

#define KOLAM_NO_SLOT UINT32_MAX

struct kolam_window_stroke {
    struct kolam_window_stroke *next;
    enum kolam_stroke_state state;
    uint64_t line;
    uint32_t counter, op_count;
    uint32_t slot;   /* or KOLAM_NO_SLOT: the importer's own */
    uint8_t *record; /* of a SUBMIT, without its type and slot */
    size_t record_bytes;

    /* At the recorded times: on the clock of the play. */
    int64_t start_ms, end_ms;
    struct kolam_stroke preview; /* its points are owned here; point_count 0: none */
    uint32_t previewed;          /* points sent already */
};

struct kolam_window {
    struct kolam_window_stroke *head, *tail;
    uint32_t count;         /* of strokes in the list */
    uint32_t ops_under_way; /* of those sent */
};

/* Takes the item's bodies apart into a new last stroke; NULL when out of memory. */
struct kolam_window_stroke *kolam_window_append(struct kolam_window *window,
                                                const struct kolam_import_item *item,
                                                uint32_t slot);
/* The stroke sent with this counter, or NULL. */
struct kolam_window_stroke *kolam_window_find_sent(struct kolam_window *window, uint32_t counter);
void kolam_window_mark_sent(struct kolam_window *window, struct kolam_window_stroke *stroke);
/* The stroke is on the wall, or (is_done false) has to be sent again. */
void kolam_window_answered(struct kolam_window *window, struct kolam_window_stroke *stroke,
                           bool is_done);
/* Frees what is done at the head. */
void kolam_window_trim(struct kolam_window *window);
/* After a lost connection: all that was not acknowledged is to be sent again, from its beginning. */
void kolam_window_rewind(struct kolam_window *window);
void kolam_window_finish(struct kolam_window *window);

#endif
