/* From a commit, a preview or a rebuilt tile to the viewers it concerns: the index finds them, the record, made once,
 * is added to what is due to each group. */
#include "fanout.h"

#include "ephemera.h"
#include "kolam/alloc.h"
#include "options.h"
#include "places_ws.h"
#include "policy_keep.h"
#include "protocol_out.h"
#include "veil.h"

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

/* What is shown to those whom it concerns, once as it is, and once for those to whom it is to be nobody's. */
struct shown {
    struct kolam_fanout *fanout;
    struct kolam_out_item item, veiled; /* `veiled.bytes` NULL: they get nothing */
    uint32_t place, veiled_place;       /* where they are kept, once somebody gets them */
    bool is_quiet;
};

/* Keeps it when the first asks for it. */
static uint32_t place_of(struct kolam_fanout *fanout, const struct kolam_out_item *item,
                         uint32_t *place) {
    if (*place == KOLAM_RECORDS_NONE) {
        *place = kolam_records_add(&fanout->records, item);
    }
    return *place;
}

static void show_to(struct shown *shown, struct kolam_viewers *viewers) {
    if (!shown->is_quiet || viewers->interest.view.sees_names) {
        kolam_viewers_add(viewers, place_of(shown->fanout, &shown->item, &shown->place));
    } else if (shown->veiled.bytes) {
        kolam_viewers_add(viewers, place_of(shown->fanout, &shown->veiled, &shown->veiled_place));
    } else if (shown->item.class == KOLAM_OUT_OP) {
        kolam_viewers_add(viewers, KOLAM_RECORDS_NONE); /* they would miss it */
    }
}

/* ---- ops ---- */

struct shown_op {
    struct shown shown;
    const struct kolam_recent_op *op;
    struct kolam_extent extent;
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
        show_to(&shown->shown, viewers);
    }
    if (wants_tiles) {
        kolam_notices_op(viewers, shown->op);
    }
}

static void send_op(struct kolam_session *session, const struct kolam_recent_op *op,
                    struct kolam_bytes *record) {
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
        struct kolam_out_item item = item_of(op);
        item.bytes = record;
        kolam_session_queue(session, &item);
    }
    if (wants_tiles && session->viewers) {
        kolam_notices_op(session->viewers, op);
    }
}

/* Who drew it gets it as it is: their client knows its own by it. */
static void show_author(struct kolam_session *author, const struct kolam_recent_op *op,
                        struct shown *shown) {
    if (author && author->viewers && !author->view.sees_names) {
        kolam_viewers_settle(author); /* what came before it goes before it */
        shown->veiled.except = author->number;
        author->authored_tick = shown->fanout->tick;
        send_op(author, op, op->record);
    }
}

/* `author` is the session that submitted it, if it is still there. */
static void show(struct kolam_canvas *canvas, const struct kolam_recent_op *op, bool is_quiet,
                 struct kolam_session *author) {
    struct shown_op shown = {.shown = {.fanout = canvas->server->fanout,
                                       .item = item_of(op),
                                       .place = KOLAM_RECORDS_NONE,
                                       .veiled_place = KOLAM_RECORDS_NONE},
                             .op = op};
    if (op->home_count == 0) {
        return;
    }
    shown.extent = kolam_homes_extent(op->homes, op->home_count);
    if (is_quiet) {
        shown.shown.veiled = shown.shown.item;
        shown.shown.veiled.bytes = kolam_veil_op(canvas->server, op->record);
        shown.shown.is_quiet = true;
        show_author(author, op, &shown.shown);
    }
    kolam_interest_find_homes(&canvas->interest, op->homes, op->home_count, show_op, &shown);
    kolam_bytes_unref(shown.shown.veiled.bytes);
}

void kolam_fanout_op(struct kolam_session *session, const struct kolam_recent_op *op) {
    if (!kolam_veil_hides_recent(session, op)) {
        send_op(session, op, op->record);
        return;
    }
    struct kolam_bytes *veiled = kolam_veil_op(session->server, op->record);
    send_op(session, op, veiled); /* NULL: the session is closed */
    kolam_bytes_unref(veiled);
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
    const bool is_quiet = kolam_veil_is_quiet_op(canvas, submission, op);
    show(canvas, &shown, is_quiet, is_quiet ? kolam_submit_author(submission) : NULL);
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
    struct shown shown;
    struct kolam_extent extent;
};

static void show_preview(void *ctx, struct kolam_interest_item *interest) {
    struct shown_preview *preview = ctx;
    if (kolam_view_resolves(&interest->view, &preview->extent)) {
        show_to(&preview->shown, (struct kolam_viewers *)interest);
    }
}

static struct kolam_out_item preview_item(const struct kolam_session *author,
                                          struct kolam_bytes *record) {
    return (struct kolam_out_item){
        .bytes = record, .class = KOLAM_OUT_PREVIEW, .except = author ? author->number : 0};
}

static struct shown_preview shown_of(struct kolam_canvas *canvas, struct kolam_session *author,
                                     const struct kolam_extent *extent,
                                     const struct kolam_fanout_record *record) {
    struct kolam_fanout *fanout = canvas->server->fanout;
    if (author) {
        author->authored_tick = fanout->tick;
    }
    return (struct shown_preview){.shown = {.fanout = fanout,
                                            .item = preview_item(author, record->plain),
                                            .veiled = preview_item(author, record->veiled),
                                            .place = KOLAM_RECORDS_NONE,
                                            .veiled_place = KOLAM_RECORDS_NONE,
                                            .is_quiet = record->is_quiet},
                                  .extent = *extent};
}

void kolam_fanout_preview(struct kolam_canvas *canvas, struct kolam_session *author,
                          const struct kolam_home *homes, uint32_t home_count,
                          const struct kolam_fanout_record *record) {
    const struct kolam_extent extent = kolam_homes_extent(homes, home_count);
    struct shown_preview shown = shown_of(canvas, author, &extent, record);
    kolam_interest_find_homes(&canvas->interest, homes, home_count, show_preview, &shown);
    if (author && kolam_ephemera_are_heard(canvas)) {
        kolam_ephemera_homes(canvas, homes, home_count, record->plain);
    }
}

void kolam_fanout_cursor(struct kolam_canvas *canvas, struct kolam_session *author,
                         const struct kolam_extent *extent,
                         const struct kolam_fanout_record *record) {
    struct shown_preview shown = shown_of(canvas, author, extent, record);
    kolam_interest_find(&canvas->interest, extent, show_preview, &shown);
    if (author && kolam_ephemera_are_heard(canvas)) {
        kolam_ephemera_extent(canvas, extent, record->plain);
    }
}

static void show_all(struct kolam_canvas *canvas, struct kolam_session *except,
                     enum kolam_fanout_whom whom, struct kolam_bytes *record) {
    const struct kolam_out_item item = {
        .bytes = record, .class = KOLAM_OUT_OP, .except = except ? except->number : 0};
    const uint32_t place = kolam_records_add(&canvas->server->fanout->records, &item);
    if (except) {
        except->authored_tick = canvas->server->fanout->tick;
    }
    KOLAM_LIST_EACH(&canvas->viewers, struct kolam_viewers, canvas_link, viewers) {
        const bool sees = viewers->interest.view.sees_names;
        if (whom == KOLAM_TO_ALL || sees == (whom == KOLAM_TO_SEEING)) {
            kolam_viewers_add(viewers, place);
        }
    }
}

void kolam_fanout_all(struct kolam_canvas *canvas, struct kolam_session *except,
                      struct kolam_bytes *record) {
    if (!record) {
        return;
    }
    show_all(canvas, except, KOLAM_TO_ALL, record);
    if (kolam_ephemera_are_heard(canvas)) {
        kolam_ephemera_all(canvas, record);
    }
    kolam_bytes_unref(record);
}

void kolam_fanout_some(struct kolam_canvas *canvas, struct kolam_session *except,
                       enum kolam_fanout_whom whom, struct kolam_bytes *record) {
    if (record) {
        show_all(canvas, except, whom, record);
    }
    kolam_bytes_unref(record);
}

void kolam_fanout_heard(struct kolam_canvas *canvas, struct kolam_bytes *record) {
    kolam_fanout_some(canvas, NULL, KOLAM_TO_ALL, record);
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
