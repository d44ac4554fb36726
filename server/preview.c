/* Strokes while the pen is down: passed on at the tick to those who can see them, and kept, so that what an author
 * who vanishes in mid-stroke had drawn is not lost. Also cursors, and who has left.
 *
 * What came of one stroke since the last tick leaves as one record: the message itself if it was only one, else the
 * points that are new, encoded again. Of a cursor the newest place leaves.
 *
 * A preview belongs to its session; when the connection ends it becomes the canvas's orphan for 30 s (--vanish-ms). The author
 * coming back with the stroke (same person, nonce and counter) takes it over; nobody coming, it is committed as
 * partial. */
#include <string.h>

#include "fanout.h"
#include "kolam/alloc.h"
#include "protocol_out.h"
#include "session.h"

#define PREVIEWS_MAX 16 /* a session */
#define HOT_PER_S 240   /* previews and cursors a session may send in a second */

struct preview {
    struct kolam_list link; /* session->previews or canvas->orphans */
    uint32_t counter;
    struct kolam_stroke stroke; /* points below */
    uint32_t capacity;

    struct kolam_list due_link;    /* in the fan-out's list while something is to be passed on */
    struct kolam_session *session; /* whose it is then */
    struct kolam_bytes *due;       /* the one message since the last tick, as it leaves, or NULL */
    struct kolam_extent extent;    /* of what is to be passed on */
    uint32_t passed;               /* so many points were passed on and have not changed since */

    /* An orphan's. */
    struct kolam_author author;
    uint64_t nonce;
    int64_t until_ms;
};

static void end_due(struct preview *preview) {
    kolam_list_remove(&preview->due_link);
    kolam_bytes_unref(preview->due);
    preview->due = NULL;
}

static void destroy(struct preview *preview) {
    end_due(preview);
    kolam_list_remove(&preview->link);
    kolam_free(preview->stroke.points);
    kolam_free(preview);
}

static struct preview *find(struct kolam_session *session, uint32_t counter) {
    KOLAM_LIST_EACH(&session->previews, struct preview, link, preview) {
        if (preview->counter == counter) {
            return preview;
        }
    }
    return NULL;
}

/* ---- orphans ---- */

static bool is_of(const struct preview *orphan, const struct kolam_session *session) {
    return session->has_author && orphan->nonce == session->nonce &&
           memcmp(orphan->author.ident, session->author.ident, KOLAM_IDENT_BYTES) == 0;
}

static struct preview *find_orphan(struct kolam_session *session, uint32_t counter) {
    KOLAM_LIST_EACH(&session->canvas->orphans, struct preview, link, orphan) {
        if (orphan->counter == counter && is_of(orphan, session)) {
            return orphan;
        }
    }
    return NULL;
}

static bool has_orphans(const struct kolam_canvas *canvas, uint64_t nonce) {
    KOLAM_LIST_EACH(&canvas->orphans, struct preview, link, orphan) {
        if (orphan->nonce == nonce) {
            return true;
        }
    }
    return false;
}

static bool is_present(const struct kolam_canvas *canvas, uint64_t nonce) {
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        if (session->nonce == nonce) {
            return true;
        }
    }
    return false;
}

static void tell_left(struct kolam_canvas *canvas, uint64_t nonce) {
    if (!has_orphans(canvas, nonce) && !is_present(canvas, nonce)) {
        kolam_fanout_all(canvas, NULL, kolam_out_left(nonce));
    }
}

static void leave_orphanage(struct kolam_canvas *canvas, struct preview *orphan) {
    kolam_list_remove(&orphan->link);
    kolam_canvas_release(canvas);
}

/* ---- passing on ---- */

/* The points from `passed` on as a record; what the author sent, put together. */
static struct kolam_bytes *encode_due(const struct preview *preview) {
    const struct kolam_session *session = preview->session;
    const uint32_t from = preview->passed;
    struct kolam_op op = {.kind = KOLAM_OP_STROKE, .stroke = preview->stroke};
    struct kolam_bytes *record = NULL;
    size_t size;
    uint8_t *body = kolam_alloc(KOLAM_OP_BYTES_MAX);
    op.stroke.points += from;
    op.stroke.point_count -= from;
    op.stroke.has_start = op.stroke.has_start && from == 0;
    if (body && kolam_op_encode(&op, body, KOLAM_OP_BYTES_MAX, &size) == KOLAM_OK) {
        record =
            kolam_out_preview(session->artist, session->nonce, preview->counter, from, body, size);
    }
    kolam_free(body);
    return record;
}

static void pass_on(struct preview *preview) {
    struct kolam_session *session = preview->session;
    struct kolam_bytes *record = preview->due;
    if (kolam_list_is_empty(&preview->due_link)) {
        return;
    }
    if (record) {
        kolam_bytes_ref(record);
    } else if (preview->passed < preview->stroke.point_count) {
        record = encode_due(preview);
    }
    if (record) {
        kolam_fanout_preview(session->canvas, session, &preview->extent, record);
        preview->passed = preview->stroke.point_count;
    }
    kolam_bytes_unref(record);
    end_due(preview);
}

static void pass_cursor_on(struct kolam_session *session) {
    struct kolam_cursor *cursor = &session->cursor;
    struct kolam_bytes *record =
        kolam_out_cursor(session->artist, session->nonce, cursor->place, cursor->place_size);
    kolam_list_remove(&cursor->link);
    if (record) {
        kolam_fanout_preview(session->canvas, session, &cursor->extent, record);
        kolam_bytes_unref(record);
    }
}

void kolam_previews_tick(struct kolam_server *server) {
    KOLAM_LIST_EACH(&server->fanout->previews, struct preview, due_link, preview) {
        pass_on(preview);
    }
    KOLAM_LIST_EACH(&server->fanout->cursors, struct kolam_session, cursor.link, session) {
        pass_cursor_on(session);
    }
}

/* ---- committing what was left behind ---- */

struct partial {
    struct kolam_canvas_wait wait;
    struct kolam_canvas *canvas; /* held */
    struct kolam_submission *submission;
};

static void end_partial(struct partial *partial, enum kolam_status status) {
    struct kolam_canvas *canvas = partial->canvas;
    kolam_logfmt(&canvas->server->logfmt, KOLAM_LOG_INFO, "partial_stroke", "canvas=%s status=%d",
                 canvas->name, status);
    kolam_submission_destroy(partial->submission);
    kolam_canvas_release(canvas);
    kolam_free(partial);
}

static void on_partial(void *ctx, struct kolam_submission *submission) {
    end_partial(ctx, submission->status);
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct partial *partial = KOLAM_CONTAINER(wait, struct partial, wait);
    if (status == KOLAM_OK) {
        kolam_log_submit(partial->canvas->log, partial->submission);
    } else {
        end_partial(partial, status);
    }
}

static bool fill_partial(struct kolam_submission *submission, const struct preview *orphan,
                         struct kolam_home *homes) {
    struct kolam_log_op *op = &submission->ops[0];
    struct kolam_op decoded = {.kind = KOLAM_OP_STROKE, .stroke = orphan->stroke};
    uint32_t count;
    op->kind = KOLAM_OP_STROKE;
    op->counter = orphan->counter;
    op->is_partial = true;
    op->body = kolam_alloc(KOLAM_OP_BYTES_MAX);
    if (!op->body ||
        kolam_op_encode(&decoded, op->body, KOLAM_OP_BYTES_MAX, &op->body_size_bytes) != KOLAM_OK ||
        kolam_stroke_homes(&orphan->stroke, homes, &count) != KOLAM_OK) {
        return false;
    }
    op->homes = kolam_memdup(homes, count * sizeof(*homes));
    op->home_count = count;
    return op->homes != NULL;
}

static void commit_orphan(struct kolam_canvas *canvas, const struct preview *orphan) {
    struct kolam_submission *submission = kolam_submission_create(1);
    struct partial *partial = kolam_alloc_zero(1, sizeof(*partial));
    if (!submission || !partial || !fill_partial(submission, orphan, canvas->server->homes)) {
        kolam_submission_destroy(submission);
        kolam_free(partial);
        return;
    }
    partial->canvas = canvas;
    partial->submission = submission;
    partial->wait.done = on_canvas;
    submission->author = orphan->author;
    submission->nonce = orphan->nonce;
    submission->done = on_partial;
    submission->ctx = partial;
    kolam_canvas_hold(canvas);
    kolam_canvas_when_open(canvas, true, &partial->wait);
}

static void commit_orphans(struct kolam_canvas *canvas, int64_t now_ms) {
    kolam_canvas_hold(canvas);
    KOLAM_LIST_EACH(&canvas->orphans, struct preview, link, orphan) {
        if (now_ms >= orphan->until_ms) {
            uint64_t nonce = orphan->nonce;
            commit_orphan(canvas, orphan);
            leave_orphanage(canvas, orphan);
            destroy(orphan);
            tell_left(canvas, nonce);
        }
    }
    kolam_canvas_release(canvas);
}

static void sweep_canvas(void *ctx, struct kolam_canvas *canvas) {
    const int64_t *now_ms = ctx;
    commit_orphans(canvas, *now_ms);
}

void kolam_preview_sweep(struct kolam_server *server, int64_t now_ms) {
    kolam_canvases_each(server, sweep_canvas, &now_ms);
}

void kolam_preview_leave(struct kolam_session *session) {
    struct kolam_canvas *canvas = session->canvas;
    int64_t until_ms =
        kolam_loop_now_ms(session->server->loop) + session->server->options->vanish_ms;
    KOLAM_LIST_EACH(&session->previews, struct preview, link, preview) {
        pass_on(preview);
        if (preview->stroke.point_count == 0) {
            destroy(preview);
            continue;
        }
        preview->author = session->author;
        preview->nonce = session->nonce;
        preview->until_ms = until_ms;
        kolam_list_remove(&preview->link);
        kolam_list_append(&canvas->orphans, &preview->link);
        kolam_canvas_hold(canvas);
    }
    kolam_list_remove(&session->cursor.link);
    if (session->server->is_stopping) {
        commit_orphans(canvas, INT64_MAX); /* nobody will be there to wait for */
    }
    if (session->was_seen) {
        tell_left(canvas, session->nonce);
    }
}

/* ---- what comes in ---- */

/* A bucket that fills by HOT_PER_S: more than that is dropped without a word, as it may be. */
static bool has_budget(struct kolam_session *session) {
    int64_t now_ms = kolam_loop_now_ms(session->server->loop);
    int64_t gained = (now_ms - session->hot_ms) * HOT_PER_S / 1000;
    if (gained > 0) {
        session->hot_ms = now_ms;
        session->hot_left = gained + session->hot_left > HOT_PER_S
                                ? HOT_PER_S
                                : session->hot_left + (uint32_t)gained;
    }
    if (session->hot_left == 0) {
        session->server->metrics.previews_ignored++;
        return false;
    }
    session->hot_left--;
    return true;
}

/* The preview with that counter: the session's, an orphan that its author has come back for, or a new one. */
static struct preview *obtain(struct kolam_session *session, uint32_t counter) {
    struct preview *preview = find(session, counter);
    if (preview) {
        return preview;
    }
    preview = find_orphan(session, counter);
    if (preview) {
        leave_orphanage(session->canvas, preview);
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

static bool has_room(struct preview *preview, uint32_t count) {
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
static bool keep(struct preview *preview, const struct kolam_stroke *stroke, uint32_t first) {
    if (first == 0) {
        struct kolam_point *points = preview->stroke.points;
        preview->stroke = *stroke;
        preview->stroke.points = points;
        preview->stroke.point_count = 0;
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

static struct kolam_bytes *record_of(const struct kolam_session *session, uint32_t artist,
                                     const struct kolam_in_record *record) {
    return kolam_out_preview(artist, session->nonce, record->counter, record->first,
                             record->bodies[0], record->body_sizes[0]);
}

static void forward(struct kolam_session *session, uint32_t artist,
                    const struct kolam_in_record *record, const struct kolam_extent *extent) {
    struct kolam_bytes *out = record_of(session, artist, record);
    if (out) {
        session->was_seen = true;
        kolam_fanout_preview(session->canvas, session, extent, out);
        kolam_bytes_unref(out);
    }
}

/* To be passed on at the tick, with what came before in it. */
static void make_due(struct preview *preview, const struct kolam_in_record *record,
                     const struct kolam_extent *extent) {
    struct kolam_session *session = preview->session;
    struct kolam_fanout *fanout = session->server->fanout;
    session->was_seen = true;
    if (kolam_list_is_empty(&preview->due_link)) {
        preview->extent = *extent;
        preview->due =
            record->first == preview->passed ? record_of(session, session->artist, record) : NULL;
        kolam_list_append(&fanout->previews, &preview->due_link);
        kolam_loop_want_tick(session->server->loop);
        return;
    }
    kolam_bytes_unref(preview->due);
    preview->due = NULL;
    if (extent->level == preview->extent.level) {
        kolam_extent_join(&preview->extent, extent);
    } else {
        preview->extent = *extent;
    }
}

static bool decode(struct kolam_server *server, const struct kolam_in_record *record,
                   struct kolam_op *out_op, struct kolam_extent *out_extent) {
    uint32_t home_count;
    bool is_good = kolam_op_decode(record->bodies[0], record->body_sizes[0], server->room,
                                   out_op) == KOLAM_OK &&
                   out_op->kind == KOLAM_OP_STROKE && out_op->stroke.part_count == 1 &&
                   kolam_stroke_homes(&out_op->stroke, server->homes, &home_count) == KOLAM_OK;
    if (is_good) {
        *out_extent = kolam_homes_extent(server->homes, home_count);
    }
    return is_good;
}

void kolam_preview_record(struct kolam_session *session, const struct kolam_in_record *record) {
    struct kolam_server *server = session->server;
    struct kolam_op op;
    struct kolam_extent extent;
    server->metrics.previews_received++;
    if (!session->has_author) {
        kolam_session_refuse(session, "preview: identify before drawing");
        return;
    }
    if (!decode(server, record, &op, &extent)) {
        kolam_session_refuse(session, "preview: a body that breaks the form or a bound");
        return;
    }
    struct preview *preview = obtain(session, record->counter);
    if (!preview) {
        server->metrics.previews_ignored++;
        return;
    }
    kolam_people_number(session);
    bool is_kept = keep(preview, &op.stroke, record->first);
    if (!has_budget(session)) {
        return; /* what is kept leaves with the next that is within it */
    }
    if (is_kept) {
        make_due(preview, record, &extent);
    } else {
        pass_on(preview);
        forward(session, session->artist, record, &extent);
        preview->passed = preview->stroke.point_count;
    }
}

/* An importer's: shown, not kept. Its file holds the stroke, and it sends it again after a lost connection. */
void kolam_preview_record_as(struct kolam_session *session, const struct kolam_in_record *record) {
    struct kolam_server *server = session->server;
    struct kolam_op op;
    struct kolam_extent extent;
    server->metrics.previews_received++;
    if (record->slot >= session->slot_count || !session->slots[record->slot]) {
        kolam_session_refuse(session, "preview: nobody is bound to this slot");
        return;
    }
    if (!decode(server, record, &op, &extent)) {
        kolam_session_refuse(session, "preview: a body that breaks the form or a bound");
        return;
    }
    uint32_t artist = session->slots[record->slot]->artist;
    if (artist != 0) {
        forward(session, artist, record, &extent);
    }
}

/* False if there was no such preview. */
static bool forget(struct kolam_session *session, uint32_t counter) {
    struct preview *preview = find(session, counter);
    if (preview) {
        session->preview_count--;
        pass_on(preview); /* the end of a stroke is shown before its op is durable */
    } else {
        preview = find_orphan(session, counter);
        if (preview) {
            leave_orphanage(session->canvas, preview);
        }
    }
    if (preview) {
        destroy(preview);
    }
    return preview != NULL;
}

void kolam_preview_submitted(struct kolam_session *session, uint32_t counter) {
    (void)forget(session, counter);
}

void kolam_preview_cancel(struct kolam_session *session, uint32_t counter) {
    if (forget(session, counter)) {
        kolam_fanout_all(session->canvas, session, kolam_out_preview_end(session->nonce, counter));
    }
}

void kolam_preview_cursor(struct kolam_session *session, const struct kolam_in_record *record) {
    session->server->metrics.cursors_received++;
    if (!session->has_author || record->place_size > KOLAM_PLACE_BYTES_MAX ||
        !has_budget(session)) {
        return;
    }
    const int64_t left = record->tile.x * KOLAM_TILE_PX + (record->x >> KOLAM_SUB_SHIFT);
    const int64_t top = record->tile.y * KOLAM_TILE_PX + (record->y >> KOLAM_SUB_SHIFT);
    /* A pointer is of the size of the screen it moves on: taken as large enough to be seen anywhere near. */
    struct kolam_cursor *cursor = &session->cursor;
    cursor->extent =
        (struct kolam_extent){left - 128, top - 128, left + 127, top + 127, record->tile.level};
    memcpy(cursor->place, record->place, record->place_size);
    cursor->place_size = record->place_size;
    session->was_seen = true;
    if (kolam_list_is_empty(&cursor->link)) {
        kolam_list_append(&session->server->fanout->cursors, &cursor->link);
        kolam_loop_want_tick(session->server->loop);
    }
}
