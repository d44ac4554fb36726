/* Numbering: an empty submission makes sure that its author has a number. */
#include "numbering.h"

#include <string.h>

#include "kolam/alloc.h"
#include "people.h"

struct numbering {
    struct kolam_session *session; /* referenced */
    struct kolam_canvas *canvas;   /* held */
    struct kolam_canvas_wait wait;
    struct kolam_submission *submission;
    void (*done)(struct kolam_session *session, void *ctx, enum kolam_status status,
                 uint32_t artist);
    void *ctx;
};

static void end(struct numbering *numbering, enum kolam_status status) {
    numbering->done(numbering->session, numbering->ctx, status,
                    status == KOLAM_OK ? numbering->submission->artist : 0);
    kolam_submission_destroy(numbering->submission);
    kolam_canvas_release(numbering->canvas);
    kolam_session_unref(numbering->session);
    kolam_free(numbering);
}

static void on_done(void *ctx, struct kolam_submission *submission) {
    const struct numbering *numbering = ctx;
    struct kolam_session *session = numbering->session;
    if (submission->status == KOLAM_OK) {
        kolam_canvas_number(numbering->canvas, submission->artist);
    }
    if (submission->status == KOLAM_OK && session->formers &&
        submission->former_count == session->formers->selves.count) {
        memcpy(session->formers->artists, submission->former_artists,
               sizeof(session->formers->artists));
    }
    end(ctx, submission->status);
}

static void on_canvas(struct kolam_canvas_wait *wait, enum kolam_status status) {
    struct numbering *numbering = KOLAM_CONTAINER(wait, struct numbering, wait);
    if (status == KOLAM_OK) {
        kolam_log_submit(numbering->canvas->log, numbering->submission);
    } else {
        end(numbering, status);
    }
}

void kolam_number_author(struct kolam_session *session, const struct kolam_author *author,
                         bool may_create,
                         void (*done)(struct kolam_session *session, void *ctx,
                                      enum kolam_status status, uint32_t artist),
                         void *ctx) {
    if (may_create && !kolam_session_may_create(session)) {
        done(session, ctx, KOLAM_ERR_FULL, 0);
        return;
    }
    struct kolam_submission *submission = kolam_submission_create(0);
    struct numbering *numbering = kolam_alloc_zero(1, sizeof(*numbering));
    if (!submission || !numbering) {
        kolam_submission_destroy(submission);
        kolam_free(numbering);
        done(session, ctx, KOLAM_ERR_NOMEM, 0);
        return;
    }
    *numbering = (struct numbering){
        .session = session,
        .canvas = session->canvas,
        .wait.done = on_canvas,
        .submission = submission,
        .done = done,
        .ctx = ctx,
    };
    if (author == &session->author && !kolam_people_sign(session, submission)) {
        kolam_submission_destroy(submission);
        kolam_free(numbering);
        done(session, ctx, KOLAM_ERR_NOMEM, 0);
        return;
    }
    submission->author = *author;
    submission->nonce = session->nonce;
    submission->done = on_done;
    submission->ctx = numbering;
    kolam_session_ref(session);
    kolam_canvas_hold(session->canvas);
    kolam_canvas_when_open(session->canvas, may_create, &numbering->wait);
}
