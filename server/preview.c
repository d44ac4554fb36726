/* Strokes while the pen is down: passed on at the tick to those who can see them (preview_out.c), and kept, so that what an
 * author who vanishes in mid-stroke had drawn is not lost (orphans.c). Also the pen's place. */
#include "preview.h"

#include <string.h>

#include "door.h"
#include "fanout.h"
#include "kolam/alloc.h"
#include "protocol_out.h"

#define PREVIEWS_MAX 16 /* a session */

static struct kolam_preview *find(struct kolam_session *session, uint32_t counter) {
    KOLAM_LIST_EACH(&session->previews, struct kolam_preview, link, preview) {
        if (preview->counter == counter) {
            return preview;
        }
    }
    return NULL;
}

/* More than that is dropped without a word, as it may be. */
static bool has_budget(struct kolam_session *session) {
    const bool is_within =
        !session->has_others_nonce && kolam_session_take(session, KOLAM_LIMIT_PREVIEWS, 1);
    session->server->metrics.previews_ignored += !is_within;
    return is_within;
}

/* The preview with that counter: the session's, an orphan that its author has come back for, or a new one. */
static struct kolam_preview *obtain(struct kolam_session *session, uint32_t counter) {
    struct kolam_preview *preview = find(session, counter);
    if (preview) {
        return preview;
    }
    preview = kolam_orphan_find(session, counter);
    if (preview) {
        kolam_orphan_take(session->canvas, preview);
    } else {
        if (session->preview_count >= PREVIEWS_MAX) {
            return NULL;
        }
        preview = kolam_alloc_zero(1, sizeof(*preview));
        if (!preview) {
            return NULL;
        }
        preview->counter = counter;
        kolam_list_init(&preview->link);
        kolam_list_init(&preview->due_link);
    }
    preview->session = session;
    kolam_list_append(&session->previews, &preview->link);
    session->preview_count++;
    return preview;
}

static bool has_room(struct kolam_preview *preview, uint32_t count) {
    if (count <= preview->capacity) {
        return true;
    }
    uint32_t capacity = count < 64 ? 64 : count * 2;
    capacity = capacity > KOLAM_STROKE_POINTS_MAX ? KOLAM_STROKE_POINTS_MAX : capacity;
    void *grown = kolam_realloc_array(preview->stroke.points, capacity, sizeof(struct kolam_point));
    if (!grown) {
        return false;
    }
    preview->stroke.points = grown;
    preview->capacity = capacity;
    return true;
}

static bool is_same_stroke(const struct kolam_stroke *a, const struct kolam_stroke *b) {
    return kolam_tile_equal(a->origin, b->origin) && a->tool == b->tool && a->color == b->color &&
           a->width == b->width && a->has_pressure == b->has_pressure &&
           a->has_times == b->has_times;
}

/* Appends points `first..`; true if all of them. What comes beyond one op's room, after a gap, or as of another
 * stroke is only passed on: what would be committed is the unbroken beginning. */
static bool keep(struct kolam_preview *preview, const struct kolam_stroke *stroke, uint32_t first) {
    if (first == 0) {
        struct kolam_point *points = preview->stroke.points;
        preview->stroke = *stroke;
        preview->stroke.points = points;
        preview->stroke.point_count = 0;
        preview->stroke.contour_sizes = &preview->stroke.point_count; /* one contour, as it grows */
    }
    if (first > preview->stroke.point_count || !is_same_stroke(&preview->stroke, stroke)) {
        return false;
    }
    uint32_t room = KOLAM_STROKE_POINTS_MAX - first;
    uint32_t count = stroke->point_count < room ? stroke->point_count : room;
    if (count == 0 || !has_room(preview, first + count)) {
        return false;
    }
    memcpy(preview->stroke.points + first, stroke->points, count * sizeof(struct kolam_point));
    preview->stroke.point_count = first + count;
    preview->passed = first < preview->passed ? first : preview->passed;
    return count == stroke->point_count;
}

static bool decode(struct kolam_server *server, const struct kolam_in_record *record,
                   struct kolam_op *out_op, uint32_t *out_home_count) {
    return kolam_op_decode(record->bodies[0], record->body_sizes[0], server->room, out_op) ==
               KOLAM_OK &&
           out_op->kind == KOLAM_OP_STROKE && out_op->stroke.part_count == 1 &&
           out_op->stroke.contour_count <= 1 && out_op->stroke.text_size_bytes == 0 &&
           kolam_stroke_homes(&out_op->stroke, server->homes, out_home_count) == KOLAM_OK;
}

static bool is_nobodys(const struct kolam_preview *preview, uint32_t home_count) {
    const struct kolam_session *session = preview->session;
    return preview->shown == KOLAM_SHOWN_AS_NOBODYS ||
           kolam_quiet_has_ink(session->canvas->quiet, session->server->homes, home_count);
}

/* What is due leaves first, so that the order stays. */
static void forward_beside(struct kolam_preview *preview, const struct kolam_in_record *record,
                           const struct kolam_stroke *stroke) {
    struct kolam_session *session = preview->session;
    uint32_t home_count;
    kolam_preview_pass_on(preview);
    if (kolam_stroke_homes(stroke, session->server->homes, &home_count) == KOLAM_OK) {
        kolam_preview_forward(session, session->artist, record, home_count,
                              is_nobodys(preview, home_count));
    }
    preview->passed = preview->stroke.point_count;
}

void kolam_preview_record(struct kolam_session *session, const struct kolam_in_record *record) {
    struct kolam_server *server = session->server;
    struct kolam_op op;
    uint32_t home_count;
    server->metrics.previews_received++;
    if (!session->has_author) {
        kolam_session_refuse(session, "preview: identify before drawing");
        return;
    }
    if (!decode(server, record, &op, &home_count)) {
        kolam_session_refuse(session, "preview: a body that breaks the form or a bound");
        return;
    }
    kolam_session_charge(session, KOLAM_LIMIT_POINTS, op.stroke.point_count);
    const struct kolam_petition petition = {.action = KOLAM_ACTION_DRAW,
                                            .homes = server->homes,
                                            .home_count = home_count,
                                            .stroke = &op.stroke,
                                            .is_preview = true};
    const bool is_unseen =
        kolam_door_ask(session, &petition).is_refused || kolam_sanctions_of(session)->is_withheld;
    struct kolam_preview *preview = is_unseen ? NULL : obtain(session, record->counter);
    if (!preview) {
        server->metrics.previews_ignored++;
        return;
    }
    kolam_people_number(session);
    if (home_count > 0) {
        const struct kolam_extent extent = kolam_homes_extent(server->homes, home_count);
        kolam_here_move(session, &extent);
    }
    bool is_kept = keep(preview, &op.stroke, record->first);
    if (!has_budget(session)) {
        return; /* what is kept leaves with the next that is within it */
    }
    if (is_kept) {
        kolam_preview_make_due(preview, record);
    } else {
        forward_beside(preview, record, &op.stroke);
    }
}

/* An importer's: shown, not kept. Its file holds the stroke, and it sends it again after a lost connection. */
void kolam_preview_record_as(struct kolam_session *session, const struct kolam_in_record *record) {
    struct kolam_server *server = session->server;
    struct kolam_op op;
    uint32_t home_count;
    server->metrics.previews_received++;
    if (record->slot >= session->slot_count || !session->slots[record->slot]) {
        kolam_session_refuse(session, "preview: nobody is bound to this slot");
        return;
    }
    if (!decode(server, record, &op, &home_count)) {
        kolam_session_refuse(session, "preview: a body that breaks the form or a bound");
        return;
    }
    const struct kolam_petition petition = {.action = KOLAM_ACTION_DRAW_AS};
    uint32_t artist = session->slots[record->slot]->artist;
    if (artist != 0 && !kolam_door_ask(session, &petition).is_refused) {
        kolam_preview_forward(
            session, artist, record, home_count,
            kolam_quiet_has_ink(session->canvas->quiet, server->homes, home_count));
    }
}

static enum kolam_shown forget(struct kolam_session *session, uint32_t counter) {
    struct kolam_preview *preview = find(session, counter);
    enum kolam_shown shown = KOLAM_SHOWN_NOT;
    if (preview) {
        session->preview_count--;
        kolam_preview_pass_on(preview); /* the end of a stroke is shown before its op is durable */
    } else {
        preview = kolam_orphan_find(session, counter);
        if (preview) {
            kolam_orphan_take(session->canvas, preview);
        }
    }
    if (preview) {
        shown = preview->shown;
        kolam_preview_destroy(preview);
    }
    return shown;
}

enum kolam_shown kolam_preview_submitted(struct kolam_session *session, uint32_t counter) {
    return forget(session, counter);
}

void kolam_preview_cancel(struct kolam_session *session, uint32_t counter) {
    const enum kolam_shown shown = forget(session, counter);
    if (!session->has_others_nonce) {
        kolam_preview_end(session->canvas, session, session->nonce, counter, shown);
    }
}

void kolam_preview_cursor(struct kolam_session *session, const struct kolam_in_record *record) {
    session->server->metrics.cursors_received++;
    if (!session->has_author || record->place_size > KOLAM_PLACE_BYTES_MAX ||
        !has_budget(session) || kolam_sanctions_judge(session, KOLAM_ACTION_POINT).is_refused) {
        return;
    }
    const int64_t left = record->tile.x * KOLAM_TILE_PX + (record->x >> KOLAM_SUB_SHIFT);
    const int64_t top = record->tile.y * KOLAM_TILE_PX + (record->y >> KOLAM_SUB_SHIFT);
    /* A pointer is of the size of the screen it moves on: taken as large enough to be seen anywhere near. */
    struct kolam_cursor *cursor = &session->cursor;
    const struct kolam_extent extent = {left - 128, top - 128, left + 127, top + 127,
                                        record->tile.level};
    const struct kolam_petition petition = {.action = KOLAM_ACTION_POINT, .extent = &extent};
    if (kolam_door_ask(session, &petition).is_refused) {
        return;
    }
    cursor->extent = extent;
    memcpy(cursor->place, record->place, record->place_size);
    cursor->place_size = record->place_size;
    session->was_seen = true;
    kolam_here_move(session, &cursor->extent);
    if (kolam_list_is_empty(&cursor->link)) {
        kolam_list_append(&session->server->fanout->cursors, &cursor->link);
        kolam_loop_want_tick(session->server->loop);
    }
}
