/* The fan-out. A record is made once and referenced by every outbox it goes to; at the tick each client's
 * outbox is composed into one scratch buffer and written directly. */
#include "fanout.h"

#include <string.h>

#include "http_tiles.h"
#include "kolam/alloc.h"
#include "protocol_out.h"

#define NOTICE_DELAY_MS 1000

struct kolam_fanout {
    struct kolam_list dirty;    /* sessions with something queued */
    struct kolam_list noticing; /* notices with something due */
    uint8_t *scratch;           /* KOLAM_SOCKET_PAD + KOLAM_OUTBOX_SCRATCH_BYTES */
};

enum kolam_status kolam_fanout_create(struct kolam_server *server) {
    struct kolam_fanout *fanout = kolam_alloc_zero(1, sizeof(*fanout));
    if (!fanout) {
        return KOLAM_ERR_NOMEM;
    }
    kolam_list_init(&fanout->dirty);
    kolam_list_init(&fanout->noticing);
    fanout->scratch = kolam_alloc(KOLAM_SOCKET_PAD + KOLAM_OUTBOX_SCRATCH_BYTES);
    server->fanout = fanout;
    return fanout->scratch ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

void kolam_fanout_destroy(struct kolam_server *server) {
    if (server->fanout) {
        kolam_free(server->fanout->scratch);
        kolam_free(server->fanout);
        server->fanout = NULL;
    }
}

/* ---- tile notices ---- */

static void send_tile(struct kolam_session *session, struct kolam_tile_id tile, uint64_t seq) {
    kolam_session_send_own(session, KOLAM_OUT_OP, kolam_out_tile(tile, seq));
}

static void add_notice(struct kolam_session *session, struct kolam_tile_id tile, uint64_t seq,
                       int64_t delay_ms) {
    struct kolam_notices *notices = &session->notices;
    struct kolam_server *server = session->server;
    uint64_t *slot =
        &notices
             ->seqs[(tile.y - session->view.y) * session->view.width + (tile.x - session->view.x)];
    /* A tile that averages many is only worth fetching when it has been rebuilt; that sends the notice. */
    if (*slot == seq || kolam_tiles_rebuild_later(server, session->canvas, tile)) {
        return;
    }
    notices->count += *slot == 0;
    *slot = seq;
    int64_t due_ms = kolam_loop_now_ms(server->loop) + delay_ms;
    if (kolam_list_is_empty(&notices->link)) {
        notices->due_ms = due_ms;
        kolam_list_append(&server->fanout->noticing, &notices->link);
        kolam_loop_want_tick(server->loop);
    } else if (due_ms < notices->due_ms) {
        notices->due_ms = due_ms;
    }
}

static void send_notices(struct kolam_session *session) {
    struct kolam_notices *notices = &session->notices;
    const struct kolam_view *view = &session->view;
    kolam_list_remove(&notices->link);
    for (uint32_t i = 0; i < view->width * view->height && notices->count > 0; i++) {
        if (notices->seqs[i] != 0) {
            uint64_t seq = notices->seqs[i];
            notices->seqs[i] = 0;
            notices->count--;
            send_tile(session,
                      (struct kolam_tile_id){view->x + i % view->width, view->y + i / view->width,
                                             view->level},
                      seq);
            if (!notices->seqs) {
                return; /* the outbox overflowed: the client looks again */
            }
        }
    }
}

void kolam_fanout_forget(struct kolam_session *session) {
    kolam_list_remove(&session->notices.link);
    kolam_free(session->notices.seqs);
    session->notices.seqs = NULL;
    session->notices.count = 0;
}

void kolam_fanout_tile(struct kolam_canvas *canvas, struct kolam_tile_id tile, uint64_t seq) {
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        if (kolam_view_has_tile(&session->view, tile)) {
            send_tile(session, tile, seq);
        }
    }
}

/* Tells which tiles of the view the homes touch: with this tick where an op of another kind changed
 * them, gathered for longer where the ink is merely too small. */
static void tell_tiles(struct kolam_session *session, const struct kolam_recent_op *op) {
    const struct kolam_view *view = &session->view;
    struct kolam_notices *notices = &session->notices;
    const int64_t delay_ms = op->is_plain_stroke ? NOTICE_DELAY_MS : 0;
    if (!notices->seqs) {
        notices->seqs =
            kolam_alloc_zero((size_t)view->width * view->height, sizeof(*notices->seqs));
    }
    for (uint32_t i = 0; i < op->home_count && notices->seqs; i++) {
        struct kolam_extent extent = kolam_home_extent(&op->homes[i]);
        struct kolam_tile_range range = kolam_extent_tiles(&extent, view->level, 0);
        if (!kolam_view_clip(view, &range)) {
            continue;
        }
        for (int64_t y = range.y0; y <= range.y1; y++) {
            for (int64_t x = range.x0; x <= range.x1; x++) {
                add_notice(session, (struct kolam_tile_id){x, y, view->level}, op->seq, delay_ms);
            }
        }
    }
}

/* ---- ops ---- */

static bool is_shown(const struct kolam_view *view, const struct kolam_recent_op *op) {
    for (uint32_t i = 0; i < op->home_count; i++) {
        struct kolam_extent extent = kolam_home_extent(&op->homes[i]);
        if (kolam_view_touches(view, &extent)) {
            return true;
        }
    }
    return false;
}

void kolam_fanout_op(struct kolam_session *session, const struct kolam_recent_op *op) {
    if (!session->view.is_set || op->home_count == 0 || !is_shown(&session->view, op)) {
        return;
    }
    if (session->view.wants_every) {
        kolam_session_send(session, KOLAM_OUT_OP, op->record);
        return;
    }
    struct kolam_extent extent = kolam_homes_extent(op->homes, op->home_count);
    bool is_resolved = kolam_view_resolves(&session->view, &extent);
    if (is_resolved || !op->is_plain_stroke) {
        kolam_session_send(session, KOLAM_OUT_OP, op->record);
    }
    if (!is_resolved || !op->is_plain_stroke) {
        tell_tiles(session, op);
    }
}

static void take_place(struct kolam_canvas *canvas, const struct kolam_log_op *op) {
    if (op->kind == KOLAM_OP_STROKE && op->home_count > 0) {
        struct kolam_extent extent = kolam_homes_extent(op->homes, op->home_count);
        canvas->has_place = true;
        canvas->place_level = extent.level;
        canvas->place_x = extent.x0 + (extent.x1 - extent.x0) / 2;
        canvas->place_y = extent.y0 + (extent.y1 - extent.y0) / 2;
    }
}

static void commit_op(struct kolam_canvas *canvas, const struct kolam_submission *submission,
                      const struct kolam_log_op *op) {
    canvas->last_seq = op->seq;
    canvas->server->metrics.ops++;
    canvas->counts.ops++;
    kolam_versions_commit(canvas->versions, op->homes, op->home_count, op->seq);
    take_place(canvas, op);
    struct kolam_bytes *record = kolam_out_op(submission, op);
    if (!record) {
        /* Whoever watches would miss it: they all look again. */
        KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
            kolam_session_close(session, 1013, "out of memory");
        }
        return;
    }
    bool is_plain = op->kind == KOLAM_OP_STROKE && op->replaces == 0;
    kolam_recent_add(&canvas->recent, op, record, is_plain);
    struct kolam_recent_op shown = {op->seq, record, op->homes, op->home_count, is_plain};
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        kolam_fanout_op(session, &shown);
    }
    kolam_bytes_unref(record);
}

void kolam_fanout_on_commit(void *ctx, const struct kolam_submission *submission) {
    kolam_submit_on_commit(submission);
    for (uint32_t i = 0; i < submission->op_count; i++) {
        commit_op(ctx, submission, &submission->ops[i]);
    }
}

void kolam_fanout_record(struct kolam_canvas *canvas, const struct kolam_session *except,
                         const struct kolam_extent *extent, enum kolam_out_class class,
                         struct kolam_bytes *record) {
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        if (session != except && session->view.is_set &&
            kolam_view_touches(&session->view, extent) &&
            kolam_view_resolves(&session->view, extent)) {
            kolam_session_send(session, class, record);
        }
    }
}

void kolam_fanout_all(struct kolam_canvas *canvas, const struct kolam_session *except,
                      enum kolam_out_class class, struct kolam_bytes *record) {
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        if (session != except) {
            kolam_session_send(session, class, record);
        }
    }
    kolam_bytes_unref(record);
}

/* ---- the tick ---- */

void kolam_fanout_mark(struct kolam_session *session) {
    if (kolam_list_is_empty(&session->dirty_link)) {
        kolam_list_append(&session->server->fanout->dirty, &session->dirty_link);
        session->queued_us =
            session->queued_us ? session->queued_us : kolam_loop_now_us(session->server->loop);
    }
    kolam_loop_want_tick(session->server->loop);
}

/* Congested clients leave the dirty list; on_writable brings them back. */
void kolam_fanout_flush(struct kolam_session *session) {
    struct kolam_fanout *fanout = session->server->fanout;
    kolam_list_remove(&session->dirty_link);
    if (session->state == KOLAM_SESSION_CLOSED || kolam_outbox_is_empty(&session->outbox)) {
        session->queued_us = 0; /* what it held was dropped */
        return;
    }
    if (kolam_socket_is_congested(session->ws)) {
        kolam_socket_want_writable(session->ws);
        return;
    }
    uint64_t frames;
    uint8_t *out = fanout->scratch + KOLAM_SOCKET_PAD;
    size_t size = kolam_outbox_take_frames(&session->outbox, out, &frames);
    session->server->metrics.frames_sent += frames;
    session->server->metrics.sent_bytes += size;
    kolam_histogram_add(&session->server->metrics.queue_wait, KOLAM_SCALE_TIME,
                        kolam_loop_now_us(session->server->loop) - session->queued_us);
    session->queued_us = 0;
    kolam_socket_write(session->ws, out, size);
    kolam_session_update_reading(session);
    if (!kolam_outbox_is_empty(&session->outbox) && !kolam_socket_is_congested(session->ws)) {
        kolam_fanout_mark(session);
    }
}

void kolam_fanout_tick(struct kolam_server *server) {
    struct kolam_fanout *fanout = server->fanout;
    int64_t now_ms = kolam_loop_now_ms(server->loop);
    KOLAM_LIST_EACH(&fanout->noticing, struct kolam_session, notices.link, session) {
        if (now_ms >= session->notices.due_ms) {
            send_notices(session);
        }
    }
    /* What marks itself anew while we write waits for the next tick. */
    struct kolam_list now;
    kolam_list_init(&now);
    while (!kolam_list_is_empty(&fanout->dirty)) {
        struct kolam_list *link = fanout->dirty.next;
        kolam_list_remove(link);
        kolam_list_append(&now, link);
    }
    while (!kolam_list_is_empty(&now)) {
        kolam_fanout_flush(KOLAM_CONTAINER(now.next, struct kolam_session, dirty_link));
    }
    if (!kolam_list_is_empty(&fanout->noticing)) {
        kolam_loop_want_tick(server->loop);
    }
}
