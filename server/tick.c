/* The tick: what has become due since the last one leaves, with one write a client. Ops leave with every tick, to all who
 * see them. What is not urgent, previews and pointers above all, waits for its turn when the loop has much to do: the viewers
 * are then divided among up to six ticks (pace.h), so that each is written less often, and each tick, with a part
 * of the writing, is soon over. Whoever is written gets all that is due.
 *
 * What is due to a group of viewers is composed once, into whole frames that every member is sent as they are; groups
 * whose records are the same share even those. A member gets a frame of its own where it is owed something else:
 * it came in mid-tick, or is the author of a preview (which is not sent back). One that has own answers waiting gets
 * them before the shared frame, in the same write. One that is congested keeps a reference of a frame without
 * previews in its outbox. */
#include "fanout.h"

#include <string.h>

#include "kolam/alloc.h"
#include "protocol_out.h"

#define BUCKETS 1024
#define CHUNK_BYTES 60000u /* payload of a shared frame; more than one if a tick brings more */
#define FLUSH_ROUNDS 8     /* writes for one client and tick, of what waits for it alone */
#define ACK_WAIT_MS 16     /* for a tick that an ACK can leave with */

/* What was composed for one list of records. */
struct composed {
    const struct kolam_viewers *viewers; /* whose list it is */
    uint64_t hash;
    uint32_t next;       /* in the bucket; 0: none */
    uint32_t begin, end; /* in the room's chunks: everything */
    uint32_t calm_begin,
        calm_end; /* without previews, for those who are congested; made when wanted */
    bool has_calm, has_failed;
    uint64_t waited_us;            /* since the first of them was due */
    uint32_t ops, previews, tiles; /* records */
    uint64_t last_seq;             /* of the ops */
};

struct kolam_tick_room {
    uint8_t *scratch; /* KOLAM_SOCKET_PAD + KOLAM_OUTBOX_SCRATCH_BYTES */
    struct kolam_bytes **chunks;
    struct kolam_out_item *list; /* what is being composed */
    struct composed *composed;   /* [0] is not used */
    uint32_t chunk_count, chunk_capacity, list_capacity, composed_count, composed_capacity;
    uint32_t buckets[BUCKETS];
};

enum kolam_status kolam_tick_create(struct kolam_fanout *fanout) {
    fanout->room = kolam_alloc_zero(1, sizeof(*fanout->room));
    if (!fanout->room) {
        return KOLAM_ERR_NOMEM;
    }
    fanout->room->scratch = kolam_alloc(KOLAM_SOCKET_PAD + KOLAM_OUTBOX_SCRATCH_BYTES);
    return fanout->room->scratch ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

void kolam_tick_destroy(struct kolam_fanout *fanout) {
    if (fanout->room) {
        kolam_free(fanout->room->scratch);
        kolam_free(fanout->room->chunks);
        kolam_free(fanout->room->list);
        kolam_free(fanout->room->composed);
        kolam_free(fanout->room);
        fanout->room = NULL;
    }
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
    uint8_t *out = fanout->room->scratch + KOLAM_SOCKET_PAD;
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

/* ---- composing what is shared ---- */

static bool grow(void **array, uint32_t *capacity, uint32_t needed, size_t size) {
    if (needed <= *capacity) {
        return true;
    }
    uint32_t wanted = needed < 16 ? 16 : needed * 2;
    void *grown = kolam_realloc_array(*array, wanted, size);
    if (!grown) {
        return false;
    }
    *array = grown;
    *capacity = wanted;
    return true;
}

/* One buffer of the first `count` items' frames; out_taken tells how many it took. */
static struct kolam_bytes *compose_chunk(const struct kolam_out_item *items, uint32_t count,
                                         uint32_t *out_taken) {
    uint64_t payload;
    *out_taken = kolam_frame_measure(items, count, CHUNK_BYTES, &payload);
    struct kolam_bytes *chunk =
        kolam_bytes_create(KOLAM_SOCKET_PAD + KOLAM_FRAME_HEAD_MAX + payload);
    if (chunk) {
        size_t size = kolam_frame_write(items, *out_taken, payload, chunk->data + KOLAM_SOCKET_PAD);
        chunk->size = (uint32_t)(KOLAM_SOCKET_PAD + size);
    }
    return chunk;
}

static bool compose_all(struct kolam_tick_room *room, const struct kolam_out_item *items,
                        uint32_t count, uint32_t *out_begin, uint32_t *out_end) {
    *out_begin = *out_end = room->chunk_count;
    while (count > 0) {
        uint32_t taken;
        struct kolam_bytes *chunk = NULL;
        if (grow((void **)&room->chunks, &room->chunk_capacity, room->chunk_count + 1,
                 sizeof(*room->chunks))) {
            chunk = compose_chunk(items, count, &taken);
        }
        if (!chunk) {
            return false;
        }
        room->chunks[room->chunk_count++] = chunk;
        *out_end = room->chunk_count;
        items += taken;
        count -= taken;
    }
    return true;
}

/* Frames of all that is pending for the viewers, or of all but the previews. */
static bool compose_list(struct kolam_fanout *fanout, const struct kolam_viewers *viewers,
                         bool has_previews, uint32_t *out_begin, uint32_t *out_end) {
    struct kolam_tick_room *room = fanout->room;
    uint32_t count = 0;
    if (!grow((void **)&room->list, &room->list_capacity, viewers->count, sizeof(*room->list))) {
        return false;
    }
    for (uint32_t i = 0; i < viewers->count; i++) {
        const struct kolam_out_item *item = kolam_records_at(&fanout->records, viewers->items[i]);
        if (has_previews || item->class != KOLAM_OUT_PREVIEW) {
            room->list[count++] = *item;
        }
    }
    return compose_all(room, room->list, count, out_begin, out_end);
}

/* For those who are congested: ops and tiles alone. */
static bool compose_calm(struct kolam_fanout *fanout, struct composed *composed) {
    if (!composed->has_calm && !composed->has_failed) {
        composed->has_calm = compose_list(fanout, composed->viewers, false, &composed->calm_begin,
                                          &composed->calm_end);
    }
    return composed->has_calm;
}

static bool has_same_list(const struct kolam_viewers *a, const struct kolam_viewers *b) {
    return a->count == b->count && memcmp(a->items, b->items, a->count * sizeof(*a->items)) == 0;
}

static void look_through(const struct kolam_fanout *fanout, struct composed *composed) {
    const struct kolam_viewers *viewers = composed->viewers;
    for (uint32_t i = 0; i < viewers->count; i++) {
        const struct kolam_out_item *item = kolam_records_at(&fanout->records, viewers->items[i]);
        composed->ops += item->seq != 0;
        composed->previews += item->class == KOLAM_OUT_PREVIEW;
        composed->tiles += item->bytes->data[0] == KOLAM_RECORD_TILE;
        composed->last_seq = item->seq > composed->last_seq ? item->seq : composed->last_seq;
    }
}

/* What is sent to these viewers, made for them or for others before; NULL without memory. */
static struct composed *obtain(struct kolam_server *server, const struct kolam_viewers *viewers) {
    struct kolam_tick_room *room = server->fanout->room;
    const uint64_t hash = viewers->hash;
    uint32_t *bucket = &room->buckets[hash % BUCKETS];
    for (uint32_t i = *bucket; i != 0; i = room->composed[i].next) {
        if (room->composed[i].hash == hash && has_same_list(room->composed[i].viewers, viewers)) {
            server->metrics.frames_reused++;
            return &room->composed[i];
        }
    }
    if (!grow((void **)&room->composed, &room->composed_capacity, room->composed_count + 2,
              sizeof(*room->composed))) {
        return NULL;
    }
    struct composed *made = &room->composed[++room->composed_count];
    *made = (struct composed){.viewers = viewers,
                              .hash = hash,
                              .next = *bucket,
                              .waited_us = kolam_loop_now_us(server->loop) - viewers->due_us};
    *bucket = room->composed_count;
    made->has_failed = !compose_list(server->fanout, viewers, true, &made->begin, &made->end);
    look_through(server->fanout, made);
    server->metrics.frames_composed += made->end - made->begin;
    return made;
}

static void end_composing(struct kolam_tick_room *room) {
    for (uint32_t i = 0; i < room->chunk_count; i++) {
        kolam_bytes_unref(room->chunks[i]);
    }
    for (uint32_t i = 1; i <= room->composed_count; i++) {
        room->buckets[room->composed[i].hash % BUCKETS] = 0;
    }
    room->chunk_count = room->composed_count = 0;
}

/* ---- handing it to the members ---- */

/* References chunks [begin, end) in the outbox. */
static void queue_chunks(struct kolam_session *session, const struct composed *composed,
                         uint32_t begin, uint32_t end) {
    struct kolam_tick_room *room = session->server->fanout->room;
    struct kolam_out_item item = {
        .seq = composed->last_seq, .class = KOLAM_OUT_OP, .form = KOLAM_OUT_FRAMES};
    for (uint32_t i = begin; i < end && session->viewers; i++) {
        item.bytes = room->chunks[i];
        kolam_session_queue(session, &item);
    }
}

static void deliver_late(struct kolam_session *session, struct composed *composed) {
    struct kolam_metrics *metrics = &session->server->metrics;
    metrics->previews_shed += composed->previews;
    if (!compose_calm(session->server->fanout, composed)) {
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

static void deliver_shared(struct kolam_session *session, const struct composed *composed) {
    struct kolam_tick_room *room = session->server->fanout->room;
    struct kolam_metrics *metrics = &session->server->metrics;
    uint32_t next = composed->begin;
    if (kolam_outbox_is_empty(&session->outbox)) {
        while (next < composed->end &&
               (next == composed->begin || !kolam_socket_is_congested(session->ws))) {
            struct kolam_bytes *chunk = room->chunks[next++];
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
                    struct composed *composed) {
    const bool is_congested = kolam_socket_is_congested(session->ws);
    if (session->skip > 0 ||
        (session->authored_tick >= viewers->since_tick && is_author(session, viewers))) {
        session->server->metrics.frames_private++;
        kolam_viewers_settle(session);
        session->skip = 0;
        if (!is_congested) {
            kolam_tick_flush(session);
        }
    } else if (composed->has_failed) {
        kolam_session_close(session, 1013, "out of memory");
    } else if (is_congested) {
        deliver_late(session, composed);
    } else {
        deliver_shared(session, composed);
    }
}

static void write_viewers(struct kolam_server *server, struct kolam_viewers *viewers) {
    struct composed *composed = obtain(server, viewers);
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
    end_composing(fanout->room);
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
        kolam_tick_flush(KOLAM_CONTAINER(now.next, struct kolam_session, dirty_link));
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
    kolam_views_tick(server);
    if (fanout->tick % gather_ticks(preview_ticks) == 0) {
        kolam_previews_tick(server);
        kolam_follow_tick(server);
    }
    kolam_notices_tick(server);
    const uint64_t op_frames = write_all_viewers(server, preview_ticks);
    write_all_sessions(fanout);
    kolam_loop_wrote(server->loop, metrics->frames_sent - frames, op_frames,
                     records_delivered(metrics) - records);
    fanout->tick++;
    fanout->tick_begin = kolam_records_next(&fanout->records);
    if (has_more(fanout)) {
        kolam_loop_want_tick(server->loop);
    }
}
