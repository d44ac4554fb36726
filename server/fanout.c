/* From a commit, a preview or a rebuilt tile to the viewers it concerns: the index finds them, the record, made once,
 * is added to what is due to each group. */
#include "fanout.h"

#include "ephemera.h"
#include "kolam/alloc.h"
#include "options.h"
#include "places_ws.h"
#include "policy_keep.h"
#include "protocol_out.h"

enum kolam_status kolam_fanout_create(struct kolam_server *server) {
    struct kolam_fanout *fanout = kolam_alloc_zero(1, sizeof(*fanout));
    if (!fanout) {
        return KOLAM_ERR_NOMEM;
    }
    server->fanout = fanout;
    kolam_list_init(&fanout->urgent_viewers);
    for (uint32_t i = 0; i < KOLAM_PACE_TICKS; i++) {
        kolam_list_init(&fanout->waiting_viewers[i]);
    }
    kolam_list_init(&fanout->dirty_sessions);
    kolam_list_init(&fanout->noticing);
    kolam_list_init(&fanout->previews);
    kolam_list_init(&fanout->cursors);
    kolam_list_init(&fanout->acked);
    kolam_list_init(&fanout->views);
    fanout->tick = 1;
    fanout->limits = (struct kolam_outbox_limits){
        .soft_bytes = (uint64_t)server->options->slow_kb << 10,
        .soft_ms = server->options->slow_ms,
        .hard_bytes = (uint64_t)server->options->stall_kb << 10,
    };
    fanout->table = kolam_viewers_table_create();
    fanout->seqs = kolam_alloc_array(KOLAM_VIEW_TILES_MAX, sizeof(*fanout->seqs));
    enum kolam_status status = kolam_tick_create(fanout);
    fanout->body = kolam_alloc(KOLAM_OP_BYTES_MAX);
    return fanout->table && fanout->seqs && fanout->body ? status : KOLAM_ERR_NOMEM;
}

void kolam_fanout_destroy(struct kolam_server *server) {
    struct kolam_fanout *fanout = server->fanout;
    if (fanout) {
        kolam_records_finish(&fanout->records);
        kolam_tick_destroy(fanout);
        kolam_viewers_table_destroy(fanout->table);
        kolam_free(fanout->tile_records);
        kolam_free(fanout->seqs);
        kolam_free(fanout->body);
        kolam_free(fanout);
        server->fanout = NULL;
    }
}

/* Keeps it when the first asks for it. */
static uint32_t place_of(struct kolam_fanout *fanout, const struct kolam_out_item *item,
                         uint32_t *place) {
    if (*place == KOLAM_RECORDS_NONE) {
        *place = kolam_records_add(&fanout->records, item);
    }
    return *place;
}

/* ---- ops ---- */

struct shown_op {
    struct kolam_fanout *fanout;
    const struct kolam_recent_op *op;
    struct kolam_extent extent;
    uint32_t record; /* where it is kept, once somebody gets it */
};

static struct kolam_out_item item_of(const struct kolam_recent_op *op) {
    return (struct kolam_out_item){.bytes = op->record, .seq = op->seq, .class = KOLAM_OUT_OP};
}

/* What viewers who can see where the op is get of it: the op, or that tiles have changed, or both. */
static bool wants_op(const struct kolam_view *view, const struct shown_op *shown, bool *out_tiles) {
    if (view->wants_every) {
        *out_tiles = false;
        return true;
    }
    const bool is_resolved = kolam_view_resolves(view, &shown->extent);
    const bool is_plain = shown->op->is_plain_stroke;
    *out_tiles = !is_resolved || !is_plain;
    return is_resolved || !is_plain;
}

static void show_op(void *ctx, struct kolam_interest_item *interest) {
    struct shown_op *shown = ctx;
    struct kolam_viewers *viewers = (struct kolam_viewers *)interest;
    bool wants_tiles;
    if (wants_op(&interest->view, shown, &wants_tiles)) {
        const struct kolam_out_item item = item_of(shown->op);
        kolam_viewers_add(viewers, place_of(shown->fanout, &item, &shown->record));
    }
    if (wants_tiles) {
        kolam_notices_op(viewers, shown->op);
    }
}

static void show(struct kolam_canvas *canvas, const struct kolam_recent_op *op) {
    if (op->home_count > 0) {
        struct shown_op shown = {canvas->server->fanout, op,
                                 kolam_homes_extent(op->homes, op->home_count), KOLAM_RECORDS_NONE};
        kolam_interest_find_homes(&canvas->interest, op->homes, op->home_count, show_op, &shown);
    }
}

void kolam_fanout_op(struct kolam_session *session, const struct kolam_recent_op *op) {
    bool wants_tiles, is_touched = false;
    for (uint32_t i = 0; i < op->home_count && !is_touched; i++) {
        struct kolam_extent extent = kolam_home_extent(&op->homes[i]);
        is_touched = session->view.is_set && kolam_view_touches(&session->view, &extent);
    }
    if (!is_touched) {
        return;
    }
    const struct shown_op shown = {.op = op,
                                   .extent = kolam_homes_extent(op->homes, op->home_count)};
    if (wants_op(&session->view, &shown, &wants_tiles)) {
        const struct kolam_out_item item = item_of(op);
        kolam_session_queue(session, &item);
    }
    if (wants_tiles && session->viewers) {
        kolam_notices_op(session->viewers, op);
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

/* What is withheld (a hidden ban) nobody else sees, and so nobody sees its hide, unless that took away what they
 * saw before: a stroke that somebody left behind. */
static bool is_unseen(const struct kolam_submission *submission, const struct kolam_log_op *op) {
    const uint32_t own_count = kolam_submission_own_count(submission);
    if (!submission->withheld_by) {
        return false;
    }
    if (op != &submission->ops[own_count]) {
        return op->kind != KOLAM_OP_HIDE;
    }
    for (uint32_t i = 0; i < own_count; i++) {
        if (submission->ops[i].replaces != 0) {
            return false;
        }
    }
    return true;
}

static void commit_unseen(struct kolam_canvas *canvas, const struct kolam_submission *submission,
                          const struct kolam_log_op *op) {
    struct kolam_log_op nowhere = *op; /* the ring is of consecutive seqs */
    struct kolam_bytes *record = kolam_out_op(submission, op);
    nowhere.home_count = 0;
    if (record) {
        kolam_recent_add(&canvas->recent, &nowhere, record, false);
    } else {
        kolam_recent_finish(&canvas->recent);
    }
    kolam_bytes_unref(record);
}

void kolam_fanout_to_author(struct kolam_session *session,
                            const struct kolam_submission *submission) {
    for (uint32_t i = 0; i < kolam_submission_own_count(submission); i++) {
        const struct kolam_log_op *op = &submission->ops[i];
        const struct kolam_extent extent = kolam_homes_extent(op->homes, op->home_count);
        if (op->kind != KOLAM_OP_STROKE || !session->view.is_set ||
            !kolam_view_resolves(&session->view, &extent)) {
            continue;
        }
        const struct kolam_recent_op shown = {op->seq, kolam_out_op(submission, op), op->homes,
                                              op->home_count, true};
        if (shown.record) {
            kolam_fanout_op(session, &shown);
            kolam_bytes_unref(shown.record);
        }
    }
}

static void commit_op(struct kolam_canvas *canvas, const struct kolam_submission *submission,
                      const struct kolam_log_op *op) {
    canvas->last_seq = op->seq;
    canvas->server->metrics.ops++;
    canvas->counts.ops++;
    kolam_versions_commit(canvas->versions, op->homes, op->home_count, op->seq);
    if (is_unseen(submission, op)) {
        commit_unseen(canvas, submission, op);
        return;
    }
    take_place(canvas, op);
    kolam_lively_commit(&canvas->lively, submission->artist, op, canvas->server->room);
    kolam_places_commit(canvas, submission->artist, op);
    kolam_policy_commit(canvas, submission->artist, op);
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
    const struct kolam_recent_op shown = {op->seq, record, op->homes, op->home_count, is_plain};
    show(canvas, &shown);
    kolam_bytes_unref(record);
}

void kolam_fanout_on_commit(void *ctx, const struct kolam_submission *submission) {
    kolam_submit_on_commit(submission);
    kolam_canvas_number(ctx, submission->artist);
    kolam_earned_commit(ctx, submission);
    for (uint32_t i = 0; i < submission->op_count; i++) {
        commit_op(ctx, submission, &submission->ops[i]);
    }
}

/* ---- what is not an op ---- */

struct shown_preview {
    struct kolam_fanout *fanout;
    struct kolam_extent extent;
    struct kolam_out_item item;
    uint32_t record; /* where it is kept, once somebody gets it */
};

static void show_preview(void *ctx, struct kolam_interest_item *interest) {
    struct shown_preview *shown = ctx;
    if (kolam_view_resolves(&interest->view, &shown->extent)) {
        kolam_viewers_add((struct kolam_viewers *)interest,
                          place_of(shown->fanout, &shown->item, &shown->record));
    }
}

static struct shown_preview shown_of(struct kolam_canvas *canvas, struct kolam_session *author,
                                     const struct kolam_extent *extent,
                                     struct kolam_bytes *record) {
    struct kolam_fanout *fanout = canvas->server->fanout;
    if (author) {
        author->authored_tick = fanout->tick;
    }
    return (struct shown_preview){
        fanout,
        *extent,
        {.bytes = record, .class = KOLAM_OUT_PREVIEW, .except = author ? author->number : 0},
        KOLAM_RECORDS_NONE};
}

void kolam_fanout_preview(struct kolam_canvas *canvas, struct kolam_session *author,
                          const struct kolam_home *homes, uint32_t home_count,
                          struct kolam_bytes *record) {
    const struct kolam_extent extent = kolam_homes_extent(homes, home_count);
    struct shown_preview shown = shown_of(canvas, author, &extent, record);
    kolam_interest_find_homes(&canvas->interest, homes, home_count, show_preview, &shown);
    if (author && kolam_ephemera_are_heard(canvas)) {
        kolam_ephemera_homes(canvas, homes, home_count, record);
    }
}

void kolam_fanout_cursor(struct kolam_canvas *canvas, struct kolam_session *author,
                         const struct kolam_extent *extent, struct kolam_bytes *record) {
    struct shown_preview shown = shown_of(canvas, author, extent, record);
    kolam_interest_find(&canvas->interest, extent, show_preview, &shown);
    if (author && kolam_ephemera_are_heard(canvas)) {
        kolam_ephemera_extent(canvas, extent, record);
    }
}

static void show_all(struct kolam_canvas *canvas, const struct kolam_session *except,
                     struct kolam_bytes *record) {
    const struct kolam_out_item item = {
        .bytes = record, .class = KOLAM_OUT_OP, .except = except ? except->number : 0};
    const uint32_t place = kolam_records_add(&canvas->server->fanout->records, &item);
    KOLAM_LIST_EACH(&canvas->viewers, struct kolam_viewers, canvas_link, viewers) {
        kolam_viewers_add(viewers, place);
    }
}

void kolam_fanout_all(struct kolam_canvas *canvas, struct kolam_session *except,
                      struct kolam_bytes *record) {
    if (except) {
        except->authored_tick = canvas->server->fanout->tick;
    }
    if (!record) {
        return;
    }
    show_all(canvas, except, record);
    if (kolam_ephemera_are_heard(canvas)) {
        kolam_ephemera_all(canvas, record);
    }
    kolam_bytes_unref(record);
}

void kolam_fanout_heard(struct kolam_canvas *canvas, struct kolam_bytes *record) {
    if (record) {
        show_all(canvas, NULL, record);
    }
    kolam_bytes_unref(record);
}

/* ---- tiles ---- */

struct shown_tile {
    struct kolam_tile_id tile;
    uint64_t seq; /* 0: only asking */
    bool is_seen;
};

static void show_tile(void *ctx, struct kolam_interest_item *interest) {
    struct shown_tile *shown = ctx;
    if (!kolam_view_has_tile(&interest->view, shown->tile) || interest->view.wants_every) {
        return;
    }
    shown->is_seen = true;
    if (shown->seq > 0) {
        kolam_notices_tile((struct kolam_viewers *)interest, shown->tile, shown->seq);
    }
}

static bool find_viewers(struct kolam_canvas *canvas, struct kolam_tile_id tile, uint64_t seq) {
    struct shown_tile shown = {tile, seq, false};
    const struct kolam_home whole = {tile, 0, 0, KOLAM_TILE_PX - 1, KOLAM_TILE_PX - 1};
    const struct kolam_extent extent = kolam_home_extent(&whole);
    kolam_interest_find(&canvas->interest, &extent, show_tile, &shown);
    return shown.is_seen;
}

void kolam_fanout_tile(struct kolam_canvas *canvas, struct kolam_tile_id tile, uint64_t seq) {
    (void)find_viewers(canvas, tile, seq);
}

bool kolam_fanout_is_seen(struct kolam_canvas *canvas, struct kolam_tile_id tile) {
    return find_viewers(canvas, tile, 0);
}
