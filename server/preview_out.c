/* What others see of a stroke while the pen is down, and of the pen. What came of one stroke since the last tick leaves as
 * one record: the message itself if it was only one, else the points that are new, encoded again. Of a cursor the newest
 * place leaves. */
#include "preview.h"

#include "fanout.h"
#include "kolam/alloc.h"
#include "protocol_out.h"
#include "veil.h"

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

/* To those who do not see names there the record is nobody's. */
static void show(struct kolam_session *session, uint32_t counter, struct kolam_bytes *record,
                 uint32_t home_count, bool is_nobodys) {
    const struct kolam_server *server = session->server;
    struct kolam_fanout_record shown = {.plain = record, .is_quiet = is_nobodys};
    if (is_nobodys) {
        shown.veiled = kolam_out_preview_as(record, KOLAM_NOBODY,
                                            kolam_veil_nonce(server, session->nonce, counter), 0);
    }
    kolam_fanout_preview(session->canvas, session, server->homes, home_count, &shown);
    kolam_bytes_unref(shown.veiled);
}

/* It comes to a quiet area: for those who saw it as somebody's it ends, and begins anew as nobody's. */
static void become_nobodys(struct kolam_preview *preview) {
    struct kolam_session *session = preview->session;
    if (preview->shown == KOLAM_SHOWN_AS_IS) {
        kolam_fanout_some(session->canvas, session, KOLAM_TO_UNSEEING,
                          kolam_out_preview_end(session->nonce, preview->counter));
    }
    if (preview->passed > 0) {
        kolam_bytes_unref(preview->due);
        preview->due = NULL;
        preview->passed = 0;
    }
    preview->shown = KOLAM_SHOWN_AS_NOBODYS;
}

static bool find_homes(const struct kolam_preview *preview, struct kolam_op *op,
                       uint32_t *out_count) {
    const uint32_t from = preview->passed;
    *op = (struct kolam_op){.kind = KOLAM_OP_STROKE, .stroke = preview->stroke};
    op->stroke.points += from;
    op->stroke.point_count -= from;
    op->stroke.has_start = op->stroke.has_start && from == 0;
    return kolam_stroke_homes(&op->stroke, preview->session->server->homes, out_count) == KOLAM_OK;
}

static void pass_points_on(struct kolam_preview *preview) {
    struct kolam_session *session = preview->session;
    struct kolam_op op;
    uint32_t home_count;
    bool has_homes = find_homes(preview, &op, &home_count);
    if (has_homes && preview->shown != KOLAM_SHOWN_AS_NOBODYS &&
        kolam_quiet_has_ink(session->canvas->quiet, session->server->homes, home_count)) {
        become_nobodys(preview);
        has_homes = find_homes(preview, &op, &home_count);
    }
    struct kolam_bytes *record = has_homes ? due_record(preview, &op) : NULL;
    if (record) {
        const bool is_nobodys = preview->shown == KOLAM_SHOWN_AS_NOBODYS;
        preview->shown = is_nobodys ? KOLAM_SHOWN_AS_NOBODYS : KOLAM_SHOWN_AS_IS;
        show(session, preview->counter, record, home_count, is_nobodys);
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
                           const struct kolam_in_record *record, uint32_t home_count,
                           bool is_nobodys) {
    struct kolam_bytes *out = record_of(session, artist, record);
    if (out) {
        session->was_seen = true;
        show(session, record->counter, out, home_count, is_nobodys);
        kolam_bytes_unref(out);
    }
}

void kolam_preview_end(struct kolam_canvas *canvas, struct kolam_session *except, uint64_t nonce,
                       uint32_t counter, enum kolam_shown shown) {
    if (shown == KOLAM_SHOWN_AS_IS) {
        kolam_fanout_all(canvas, except, kolam_out_preview_end(nonce, counter));
    } else if (shown == KOLAM_SHOWN_AS_NOBODYS) {
        const uint64_t nobodys = kolam_veil_nonce(canvas->server, nonce, counter);
        kolam_fanout_some(canvas, except, KOLAM_TO_UNSEEING, kolam_out_preview_end(nobodys, 0));
        kolam_fanout_some(canvas, except, KOLAM_TO_SEEING, kolam_out_preview_end(nonce, counter));
    }
}

void kolam_preview_destroy(struct kolam_preview *preview) {
    end_due(preview);
    kolam_list_remove(&preview->link);
    kolam_free(preview->stroke.points);
    kolam_free(preview);
}

/* A pen that moves is known by how it moves: in a quiet area it is not shown. */
static void pass_cursor_on(struct kolam_session *session) {
    struct kolam_cursor *cursor = &session->cursor;
    const struct kolam_fanout_record shown = {
        .plain =
            kolam_out_cursor(session->artist, session->nonce, cursor->place, cursor->place_size),
        .is_quiet = kolam_veil_is_quiet_at(session->canvas, &cursor->extent)};
    kolam_list_remove(&cursor->link);
    if (shown.is_quiet && cursor->is_seen) {
        kolam_fanout_some(session->canvas, session, KOLAM_TO_UNSEEING,
                          kolam_out_left(session->nonce));
    }
    cursor->is_seen = !shown.is_quiet;
    if (shown.plain) {
        kolam_fanout_cursor(session->canvas, session, &cursor->extent, &shown);
    }
    kolam_bytes_unref(shown.plain);
}

void kolam_previews_tick(struct kolam_server *server) {
    KOLAM_LIST_EACH(&server->fanout->previews, struct kolam_preview, due_link, preview) {
        kolam_preview_pass_on(preview);
    }
    KOLAM_LIST_EACH(&server->fanout->cursors, struct kolam_session, cursor.link, session) {
        pass_cursor_on(session);
    }
}
