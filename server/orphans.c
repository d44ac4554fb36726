/* Strokes whose authors vanished in mid-stroke: the canvas keeps them for a while (--vanish-ms). The author coming back
 * with the stroke (same person, nonce and counter) takes it over; nobody coming, it is committed as partial. Also
 * telling the others who has left. */
#include "preview.h"

#include <string.h>

#include "fanout.h"
#include "kolam/alloc.h"
#include "protocol_out.h"
#include "standing.h"

static bool is_of(const struct kolam_preview *orphan, const struct kolam_session *session) {
    return session->has_author && orphan->nonce == session->nonce &&
           memcmp(orphan->author.ident, session->author.ident, KOLAM_IDENT_BYTES) == 0;
}

struct kolam_preview *kolam_orphan_find(struct kolam_session *session, uint32_t counter) {
    KOLAM_LIST_EACH(&session->canvas->orphans, struct kolam_preview, link, orphan) {
        if (orphan->counter == counter && is_of(orphan, session)) {
            return orphan;
        }
    }
    return NULL;
}

static bool has_orphans(const struct kolam_canvas *canvas, uint64_t nonce) {
    KOLAM_LIST_EACH(&canvas->orphans, struct kolam_preview, link, orphan) {
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

void kolam_orphan_take(struct kolam_canvas *canvas, struct kolam_preview *orphan) {
    kolam_list_remove(&orphan->link);
    kolam_canvas_release(canvas);
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

static bool fill_partial(struct kolam_submission *submission, const struct kolam_preview *orphan,
                         struct kolam_home *homes) {
    struct kolam_log_op *op = &submission->ops[0];
    struct kolam_op decoded = {.kind = KOLAM_OP_STROKE, .stroke = orphan->stroke};
    uint32_t count;
    op->kind = KOLAM_OP_STROKE;
    op->counter = orphan->counter;
    op->is_partial = true;
    uint8_t *room = kolam_alloc(KOLAM_OP_BYTES_MAX);
    if (!room ||
        kolam_op_encode(&decoded, room, KOLAM_OP_BYTES_MAX, &op->body_size_bytes) != KOLAM_OK ||
        kolam_stroke_homes(&orphan->stroke, homes, &count) != KOLAM_OK) {
        kolam_free(room);
        return false;
    }
    op->body = kolam_memdup(room, op->body_size_bytes); /* many may wait for a slow disk */
    kolam_free(room);
    op->homes = kolam_memdup(homes, count * sizeof(*homes));
    op->home_count = count;
    return op->body && op->homes;
}

/* The canvas may have become another since they left. */
static bool may_stay(const struct kolam_canvas *canvas, const struct kolam_preview *orphan,
                     const struct kolam_submission *submission) {
    return kolam_standing_judge(canvas, &orphan->standing, KOLAM_ACTION_DRAW,
                                submission->ops[0].homes, submission->ops[0].home_count)
        .may;
}

/* False if it will not be. */
static bool commit_orphan(struct kolam_canvas *canvas, const struct kolam_preview *orphan) {
    struct kolam_submission *submission = kolam_submission_create(1);
    struct partial *partial = kolam_alloc_zero(1, sizeof(*partial));
    if (!submission || !partial || !fill_partial(submission, orphan, canvas->server->homes) ||
        !may_stay(canvas, orphan, submission)) {
        kolam_submission_destroy(submission);
        kolam_free(partial);
        return false;
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
    return true;
}

static void commit_orphans(struct kolam_canvas *canvas, int64_t now_ms) {
    if (kolam_list_is_empty(&canvas->orphans)) {
        return; /* to hold it, and to let it go, is to use it: it would never be closed */
    }
    kolam_canvas_hold(canvas);
    KOLAM_LIST_EACH(&canvas->orphans, struct kolam_preview, link, orphan) {
        if (now_ms >= orphan->until_ms) {
            uint64_t nonce = orphan->nonce;
            if (!commit_orphan(canvas, orphan) && orphan->shown == KOLAM_SHOWN_AS_NOBODYS) {
                kolam_preview_end(canvas, NULL, nonce, orphan->counter, orphan->shown);
            }
            kolam_orphan_take(canvas, orphan);
            kolam_preview_destroy(orphan);
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
    KOLAM_LIST_EACH(&session->previews, struct kolam_preview, link, preview) {
        kolam_preview_pass_on(preview);
        if (preview->stroke.point_count == 0) {
            kolam_preview_destroy(preview);
            continue;
        }
        preview->author = session->author;
        preview->standing = kolam_standing_of(session);
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
