/* The tick: what has become due since the last one leaves, with one write a client. Ops leave with every tick, to all who
 * see them. What is not urgent, previews and pointers above all, waits for its turn when the loop has much to do: the viewers
 * are then divided among up to six ticks (pace.h), so that each is written less often, and each tick, with a part
 * of the writing, is soon over. Whoever is written gets all that is due.
 *
 * What is due to a group of viewers is composed once (compose.c), into whole frames that every member is sent as they are. A member gets a frame of its own where it is owed something else:
 * it came in mid-tick, or is the author of a preview (which is not sent back). One that has own answers waiting gets
 * them before the shared frame, in the same write. One that is congested keeps a reference of a frame without
 * previews in its outbox. */
#include "compose.h"
#include "kolam/alloc.h"

#define FLUSH_ROUNDS 8 /* writes for one client and tick, of what waits for it alone */
#define ACK_WAIT_MS 16 /* for a tick that an ACK can leave with */

enum kolam_status kolam_tick_create(struct kolam_fanout *fanout) {
    fanout->scratch = kolam_alloc(KOLAM_SOCKET_PAD + KOLAM_OUTBOX_SCRATCH_BYTES);
    fanout->compose = kolam_compose_create();
    return fanout->scratch && fanout->compose ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

void kolam_tick_destroy(struct kolam_fanout *fanout) {
    kolam_free(fanout->scratch);
    kolam_compose_destroy(fanout->compose);
    fanout->scratch = NULL;
    fanout->compose = NULL;
}

/* ---- one client's own ---- */

void kolam_tick_mark(struct kolam_session *session) {
    if (kolam_list_is_empty(&session->dirty_link)) {
        kolam_list_append(&session->server->fanout->dirty_sessions, &session->dirty_link);
        session->queued_us =
            session->queued_us ? session->queued_us : kolam_loop_now_us(session->server->loop);
    }
    kolam_loop_want_tick(session->server->loop);
}

static void write_out(struct kolam_session *session, uint8_t *bytes, size_t size, uint64_t frames) {
    struct kolam_metrics *metrics = &session->server->metrics;
    metrics->frames_sent += frames;
    metrics->sent_bytes += size;
    kolam_socket_write(session->ws, bytes, size);
    session->outbox.stuck_bytes = kolam_socket_is_congested(session->ws) ? size : 0;
}

/* Congested clients leave the dirty list; on_writable brings them back. */
void kolam_tick_flush(struct kolam_session *session) {
    struct kolam_fanout *fanout = session->server->fanout;
    uint8_t *out = fanout->scratch + KOLAM_SOCKET_PAD;
    kolam_list_remove(&session->dirty_link);
    if (session->state == KOLAM_SESSION_CLOSED || kolam_outbox_is_empty(&session->outbox)) {
        session->queued_us = 0; /* what it held was dropped */
        return;
    }
    for (int i = 0; i < FLUSH_ROUNDS && !kolam_outbox_is_empty(&session->outbox); i++) {
        if (kolam_socket_is_congested(session->ws)) {
            kolam_socket_want_writable(session->ws);
            break;
        }
        uint64_t frames;
        size_t size = kolam_outbox_take_frames(&session->outbox, out, &frames);
        kolam_histogram_add(&session->server->metrics.queue_wait, KOLAM_SCALE_TIME,
                            kolam_loop_now_us(session->server->loop) - session->queued_us);
        write_out(session, out, size, frames);
    }
    session->queued_us = kolam_outbox_is_empty(&session->outbox) ? 0 : session->queued_us;
    kolam_session_update_reading(session);
    if (!kolam_outbox_is_empty(&session->outbox) && !kolam_socket_is_congested(session->ws)) {
        kolam_tick_mark(session);
    }
}

/* ---- handing it to the members ---- */

/* References chunks [begin, end) in the outbox. */
static void queue_chunks(struct kolam_session *session, const struct kolam_composed *composed,
                         uint32_t begin, uint32_t end) {
    const struct kolam_compose *compose = session->server->fanout->compose;
    struct kolam_out_item item = {
        .seq = composed->last_seq, .class = KOLAM_OUT_OP, .form = KOLAM_OUT_FRAMES};
    for (uint32_t i = begin; i < end && session->viewers; i++) {
        item.bytes = kolam_compose_chunk(compose, i);
        kolam_session_queue(session, &item);
    }
}

/* It is gathered for (throttle.c), and nothing of its own waits with that. */
static bool waits(const struct kolam_session *session) {
    return session->gathers_until_us != 0 && session->outbox.essential_bytes == 0 &&
           !kolam_outbox_is_empty(&session->outbox);
}

static void deliver_late(struct kolam_session *session, struct kolam_composed *composed) {
    struct kolam_metrics *metrics = &session->server->metrics;
    metrics->previews_shed += composed->previews;
    if (!kolam_compose_calm(session->server->fanout, composed)) {
        kolam_session_close(session, 1013, "out of memory");
        return;
    }
    queue_chunks(session, composed, composed->calm_begin, composed->calm_end);
    if (session->viewers) {
        metrics->ops_delivered += composed->ops;
        metrics->tiles_delivered += composed->tiles;
    } else {
        metrics->ops_dropped += composed->ops;
    }
}

static void deliver_shared(struct kolam_session *session, const struct kolam_composed *composed) {
    const struct kolam_compose *compose = session->server->fanout->compose;
    struct kolam_metrics *metrics = &session->server->metrics;
    uint32_t next = composed->begin;
    if (kolam_outbox_is_empty(&session->outbox)) {
        while (next < composed->end &&
               (next == composed->begin || !kolam_socket_is_congested(session->ws))) {
            struct kolam_bytes *chunk = kolam_compose_chunk(compose, next++);
            write_out(session, chunk->data + KOLAM_SOCKET_PAD, chunk->size - KOLAM_SOCKET_PAD, 1);
        }
    }
    if (next < composed->end) {
        queue_chunks(session, composed, next, composed->end);
        kolam_tick_flush(session);
    }
    metrics->ops_delivered += composed->ops;
    metrics->previews_delivered += composed->previews;
    metrics->tiles_delivered += composed->tiles;
    session->canvas->counts.delivered += composed->ops + composed->previews + composed->tiles;
    kolam_histogram_add(&metrics->queue_wait, KOLAM_SCALE_TIME, composed->waited_us);
}

static bool is_author(const struct kolam_session *session, const struct kolam_viewers *viewers) {
    const struct kolam_records *records = &session->server->fanout->records;
    for (uint32_t i = 0; i < viewers->count; i++) {
        if (kolam_records_at(records, viewers->items[i])->except == session->number) {
            return true;
        }
    }
    return false;
}

static void deliver(struct kolam_session *session, const struct kolam_viewers *viewers,
                    struct kolam_composed *composed) {
    const bool is_congested = kolam_socket_is_congested(session->ws);
    if (session->skip > 0 ||
        (session->authored_tick >= viewers->since_tick && is_author(session, viewers))) {
        session->server->metrics.frames_private++;
        kolam_viewers_settle(session);
        session->skip = 0;
        if (!is_congested && !waits(session)) {
            kolam_tick_flush(session);
        }
    } else if (composed->has_failed) {
        kolam_session_close(session, 1013, "out of memory");
    } else if (is_congested || waits(session) || !kolam_session_may_be_shown(session)) {
        deliver_late(session, composed);
    } else {
        deliver_shared(session, composed);
    }
}

static void write_viewers(struct kolam_server *server, struct kolam_viewers *viewers) {
    struct kolam_composed *composed = kolam_compose_get(server, viewers);
    KOLAM_LIST_EACH(&viewers->members, struct kolam_session, viewers_link, session) {
        __builtin_prefetch(session_next);
        if (composed) {
            deliver(session, viewers, composed);
        } else {
            kolam_session_close(session, 1013, "out of memory");
        }
    }
}

static void move_all(struct kolam_list *from, struct kolam_list *to) {
    while (!kolam_list_is_empty(from)) {
        struct kolam_list *link = from->next;
        kolam_list_remove(link);
        kolam_list_append(to, link);
    }
}

/* Only what those who still wait have places of is needed any more. */
static void forget_records(struct kolam_fanout *fanout) {
    uint32_t needed = kolam_records_next(&fanout->records);
    for (uint32_t i = 0; i < KOLAM_PACE_TICKS; i++) {
        const struct kolam_list *waiting = &fanout->waiting_viewers[i];
        if (!kolam_list_is_empty(waiting)) {
            const struct kolam_viewers *first =
                KOLAM_CONTAINER(waiting->next, struct kolam_viewers, dirty_link);
            needed = kolam_records_older(&fanout->records, needed, first->since);
        }
    }
    kolam_records_forget(&fanout->records, needed);
}

static void write_list(struct kolam_server *server, const struct kolam_list *list) {
    KOLAM_LIST_EACH(list, struct kolam_viewers, dirty_link, viewers) {
        write_viewers(server, viewers);
    }
}

/* Whom an op is due to, and whose turn it is; returns how many frames the former got. */
static uint64_t write_all_viewers(struct kolam_server *server, uint32_t preview_ticks) {
    struct kolam_fanout *fanout = server->fanout;
    const uint64_t frames = server->metrics.frames_sent;
    struct kolam_list now, others;
    kolam_list_init(&now);
    kolam_list_init(&others);
    move_all(&fanout->urgent_viewers, &now);
    for (uint32_t i = 0; i < KOLAM_PACE_TICKS; i++) {
        if (i % preview_ticks == fanout->tick % preview_ticks) {
            move_all(&fanout->waiting_viewers[i], &others);
        }
    }
    fanout->is_writing = true;
    write_list(server, &now);
    const uint64_t op_frames = server->metrics.frames_sent - frames;
    write_list(server, &others);
    fanout->is_writing = false;
    move_all(&others, &now);
    /* Only now: groups whose lists were the same were compared with those before them. */
    kolam_compose_end(fanout->compose);
    KOLAM_LIST_EACH(&now, struct kolam_viewers, dirty_link, done) {
        kolam_viewers_clear(done);
    }
    forget_records(fanout);
    return op_frames;
}

static void write_all_sessions(struct kolam_fanout *fanout) {
    /* What marks itself anew while we write waits for the next tick. */
    struct kolam_list now;
    kolam_list_init(&now);
    move_all(&fanout->dirty_sessions, &now);
    while (!kolam_list_is_empty(&now)) {
        struct kolam_session *session = KOLAM_CONTAINER(now.next, struct kolam_session, dirty_link);
        if (waits(session) && !kolam_session_may_be_shown(session)) {
            kolam_list_remove(&session->dirty_link);
            kolam_tick_mark(session);
        } else {
            kolam_tick_flush(session);
        }
    }
}

void kolam_tick_acks(struct kolam_server *server) {
    struct kolam_list *acked = &server->fanout->acked;
    const bool is_soon = kolam_loop_ms_to_tick(server->loop) <= ACK_WAIT_MS;
    while (!kolam_list_is_empty(acked)) {
        struct kolam_session *session =
            KOLAM_CONTAINER(acked->next, struct kolam_session, ack_link);
        kolam_list_remove(&session->ack_link);
        if (!is_soon) {
            kolam_tick_flush(session);
        }
    }
}

static uint64_t records_delivered(const struct kolam_metrics *metrics) {
    return metrics->ops_delivered + metrics->previews_delivered + metrics->tiles_delivered;
}

static bool has_more(const struct kolam_fanout *fanout) {
    bool has_waiting = false;
    for (uint32_t i = 0; i < KOLAM_PACE_TICKS && !has_waiting; i++) {
        has_waiting = !kolam_list_is_empty(&fanout->waiting_viewers[i]);
    }
    return has_waiting || !kolam_list_is_empty(&fanout->previews) ||
           !kolam_list_is_empty(&fanout->cursors) || !kolam_list_is_empty(&fanout->views);
}

/* For how many ticks what came of one stroke, or pointer, is put together: nobody is written more often than every third
 * time. */
static uint32_t gather_ticks(uint32_t preview_ticks) {
    return (preview_ticks + 2) / 3;
}

void kolam_tick_run(struct kolam_server *server) {
    struct kolam_fanout *fanout = server->fanout;
    struct kolam_metrics *metrics = &server->metrics;
    const uint32_t preview_ticks = kolam_loop_preview_ticks(server->loop);
    const uint64_t frames = metrics->frames_sent, records = records_delivered(metrics);
    const uint64_t ops = metrics->ops_delivered;
    kolam_views_tick(server);
    if (fanout->tick % gather_ticks(preview_ticks) == 0) {
        kolam_previews_tick(server);
    }
    kolam_follow_tick(server); /* it has a measure of its own, 20 a second */
    kolam_notices_tick(server);
    const uint64_t op_frames = write_all_viewers(server, preview_ticks);
    write_all_sessions(fanout);
    const struct kolam_pace_used written = {.frames = metrics->frames_sent - frames,
                                            .records = records_delivered(metrics) - records,
                                            .op_frames = op_frames,
                                            .ops = metrics->ops_delivered - ops};
    kolam_loop_wrote(server->loop, &written);
    fanout->tick++;
    fanout->tick_begin = kolam_records_next(&fanout->records);
    if (has_more(fanout)) {
        kolam_loop_want_tick(server->loop);
    }
}
