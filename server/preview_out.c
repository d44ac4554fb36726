/* What others see of a stroke while the pen is down, and of the pen. What came of one stroke since the last tick leaves as
 * one record: the message itself if it was only one, else the points that are new, encoded again. Of a cursor the newest
 * place leaves. */
#include "preview.h"

#include "fanout.h"
#include "kolam/alloc.h"
#include "protocol_out.h"

static void end_due(struct kolam_preview *preview) {
    kolam_list_remove(&preview->due_link);
    kolam_bytes_unref(preview->due);
    preview->due = NULL;
}

static struct kolam_bytes *record_of(const struct kolam_session *session, uint32_t artist,
                                     const struct kolam_in_record *record) {
    return kolam_out_preview(artist, session->nonce, record->counter, record->first,
                             record->bodies[0], record->body_sizes[0]);
}

/* A caller's reference of the one message, or the points put together. */
static struct kolam_bytes *due_record(const struct kolam_preview *preview,
                                      const struct kolam_op *op) {
    const struct kolam_session *session = preview->session;
    uint8_t *body = session->server->fanout->body;
    size_t size;
    if (preview->due) {
        return kolam_bytes_ref(preview->due);
    }
    return kolam_op_encode(op, body, KOLAM_OP_BYTES_MAX, &size) == KOLAM_OK
               ? kolam_out_preview(session->artist, session->nonce, preview->counter,
                                   preview->passed, body, size)
               : NULL;
}

static void pass_points_on(struct kolam_preview *preview) {
    struct kolam_session *session = preview->session;
    struct kolam_home *homes = session->server->homes;
    const uint32_t from = preview->passed;
    struct kolam_op op = {.kind = KOLAM_OP_STROKE, .stroke = preview->stroke};
    uint32_t home_count;
    op.stroke.points += from;
    op.stroke.point_count -= from;
    op.stroke.has_start = op.stroke.has_start && from == 0;
    struct kolam_bytes *record = due_record(preview, &op);
    if (record && kolam_stroke_homes(&op.stroke, homes, &home_count) == KOLAM_OK) {
        kolam_fanout_preview(session->canvas, session, homes, home_count, record);
        preview->passed = preview->stroke.point_count;
    }
    kolam_bytes_unref(record);
}

void kolam_preview_pass_on(struct kolam_preview *preview) {
    if (!kolam_list_is_empty(&preview->due_link)) {
        if (preview->passed < preview->stroke.point_count) {
            pass_points_on(preview);
        }
        end_due(preview);
    }
}

void kolam_preview_make_due(struct kolam_preview *preview, const struct kolam_in_record *record) {
    struct kolam_session *session = preview->session;
    session->was_seen = true;
    if (kolam_list_is_empty(&preview->due_link)) {
        preview->due =
            record->first == preview->passed ? record_of(session, session->artist, record) : NULL;
        kolam_list_append(&session->server->fanout->previews, &preview->due_link);
        kolam_loop_want_tick(session->server->loop);
    } else {
        kolam_bytes_unref(preview->due);
        preview->due = NULL;
    }
}

void kolam_preview_forward(struct kolam_session *session, uint32_t artist,
                           const struct kolam_in_record *record, uint32_t home_count) {
    struct kolam_bytes *out = record_of(session, artist, record);
    if (out) {
        session->was_seen = true;
        kolam_fanout_preview(session->canvas, session, session->server->homes, home_count, out);
        kolam_bytes_unref(out);
    }
}

void kolam_preview_destroy(struct kolam_preview *preview) {
    end_due(preview);
    kolam_list_remove(&preview->link);
    kolam_free(preview->stroke.points);
    kolam_free(preview);
}

static void pass_cursor_on(struct kolam_session *session) {
    struct kolam_cursor *cursor = &session->cursor;
    struct kolam_bytes *record =
        kolam_out_cursor(session->artist, session->nonce, cursor->place, cursor->place_size);
    kolam_list_remove(&cursor->link);
    if (record) {
        kolam_fanout_cursor(session->canvas, session, &cursor->extent, record);
        kolam_bytes_unref(record);
    }
}

void kolam_previews_tick(struct kolam_server *server) {
    KOLAM_LIST_EACH(&server->fanout->previews, struct kolam_preview, due_link, preview) {
        kolam_preview_pass_on(preview);
    }
    KOLAM_LIST_EACH(&server->fanout->cursors, struct kolam_session, cursor.link, session) {
        pass_cursor_on(session);
    }
}
