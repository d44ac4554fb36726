/* What people have earned; see earned.h. Loop thread but for `run`. */
#include "earned.h"

#include <string.h>

#include "kolam/alloc.h"
#include "options.h"
#include "sanctions.h"
#include "session.h"
#include "standing.h"

#define KEPT_MS 120000    /* after the last connection: by then every well is full again */
#define RECOUNT_MS 5000   /* what is stale, or could not be counted, is counted again no sooner */
#define GROWTH_MS 10000   /* between looks at who has grown */
#define STANDING_MAX 4096 /* the most that an operator may ask for */

static int64_t now_ms(const struct kolam_canvas *canvas) {
    return kolam_loop_now_ms(canvas->server->loop);
}

/* Since the first stroke, as sanctions count: whoever sets the clock makes nobody an artist. */
static int64_t wall_now_ms(const struct kolam_canvas *canvas) {
    return kolam_sanctions_now_ms(canvas->server);
}

static struct kolam_newcomer_goal goal_of(const struct kolam_canvas *canvas) {
    const struct kolam_options *options = canvas->server->options;
    return (struct kolam_newcomer_goal){(int64_t)options->artist_after_s * 1000,
                                        options->artist_strokes};
}

/* On an open canvas without votes an artist may what a newcomer may. */
static bool is_needed(const struct kolam_canvas *canvas) {
    return canvas->policy.mode != KOLAM_MODE_OPEN || canvas->policy.votes != 0;
}

/* ---- who ---- */

static struct kolam_list *bucket_of(struct kolam_canvas *canvas, const uint8_t *ident) {
    return &canvas->earned[ident[0]]; /* idents are random */
}

static struct kolam_earned *find(struct kolam_canvas *canvas, const uint8_t *ident) {
    KOLAM_LIST_EACH(bucket_of(canvas, ident), struct kolam_earned, link, earned) {
        if (memcmp(earned->ident, ident, KOLAM_IDENT_BYTES) == 0) {
            return earned;
        }
    }
    return NULL;
}

static void destroy(struct kolam_earned *earned) {
    kolam_list_remove(&earned->link);
    kolam_free(earned);
}

static struct kolam_earned *obtain(struct kolam_canvas *canvas, const uint8_t *ident) {
    struct kolam_earned *earned = find(canvas, ident);
    if (!earned && (earned = kolam_alloc_zero(1, sizeof(*earned)))) {
        memcpy(earned->ident, ident, KOLAM_IDENT_BYTES);
        kolam_list_append(bucket_of(canvas, ident), &earned->link);
    }
    return earned;
}

void kolam_earned_enter(struct kolam_session *session) {
    if (session->earned &&
        memcmp(session->earned->ident, session->author.ident, KOLAM_IDENT_BYTES) != 0) {
        kolam_earned_leave(session); /* they are somebody else by now */
    }
    if (!session->earned && session->has_author && session->canvas) {
        session->earned = obtain(session->canvas, session->author.ident);
        if (session->earned) {
            session->earned->users++;
        }
    }
    if (session->earned && session->artist != 0) {
        session->earned->artist = session->artist;
    }
}

void kolam_earned_begin(struct kolam_session *session) {
    kolam_earned_enter(session);
    if (session->earned) {
        session->earned->is_known = true;
    }
}

static void release(struct kolam_canvas *canvas, struct kolam_earned *earned) {
    if (--earned->users == 0) {
        earned->left_ms = now_ms(canvas);
    }
}

void kolam_earned_leave(struct kolam_session *session) {
    if (session->earned) {
        release(session->canvas, session->earned);
        session->earned = NULL;
    }
}

/* ---- counting ---- */

struct counting {
    struct kolam_job job;
    struct kolam_canvas *canvas;   /* held */
    struct kolam_earned *earned;   /* used */
    struct kolam_session *session; /* referenced; to be told first, or NULL */
    void (*done)(struct kolam_session *session);
    uint32_t artist, limit;
    int64_t first_ms;
    uint32_t standing;
    enum kolam_status status;
};

static void run(struct kolam_job *base, struct kolam_worker *worker) {
    struct counting *counting = (struct counting *)base;
    struct kolam_worker_canvas *view;
    counting->status = kolam_worker_canvas(worker, counting->canvas->log_path,
                                           counting->canvas->tiles_path, false, &view, NULL);
    if (counting->status == KOLAM_OK) {
        counting->status = kolam_reader_standing(view->reader, counting->artist, counting->limit,
                                                 &counting->first_ms, &counting->standing);
    }
}

static void finish(struct counting *counting) {
    struct kolam_canvas *canvas = counting->canvas;
    release(canvas, counting->earned);
    if (counting->session) {
        counting->done(counting->session);
        kolam_session_unref(counting->session);
    }
    KOLAM_LIST_EACH(&canvas->sessions, struct kolam_session, canvas_link, session) {
        if (session->earned == counting->earned) {
            kolam_standing_changed(session);
        }
    }
    kolam_free(counting);
    kolam_canvas_release(canvas);
}

static void done_counting(struct kolam_job *base) {
    struct counting *counting = (struct counting *)base;
    struct kolam_earned *earned = counting->earned;
    earned->is_counting = false;
    earned->counted_ms = now_ms(counting->canvas);
    earned->has_failed = counting->status != KOLAM_OK;
    if (counting->status == KOLAM_OK) {
        earned->is_known = true;
        earned->first_ms = counting->first_ms;
        earned->standing = counting->standing;
    }
    finish(counting);
}

static void count(struct kolam_session *session, void (*done)(struct kolam_session *session)) {
    struct kolam_canvas *canvas = session->canvas;
    struct kolam_earned *earned = session->earned;
    struct counting *counting = kolam_alloc_zero(1, sizeof(*counting));
    if (!counting) {
        if (done) {
            done(session);
        }
        return;
    }
    *counting = (struct counting){
        .canvas = canvas,
        .earned = earned,
        .session = done ? session : NULL,
        .done = done,
        .artist = earned->artist,
        .limit = goal_of(canvas).standing,
        .status = KOLAM_ERR_CLOSED, /* unless it runs */
        .job = {.run = run, .done = done_counting, .priority = KOLAM_JOB_INTERACTIVE}};
    earned->is_counting = true;
    earned->is_stale = false;
    earned->users++;
    if (done) {
        kolam_session_ref(session);
    }
    kolam_canvas_hold(canvas);
    kolam_pool_submit(canvas->server->pool, &counting->job);
}

static void forget_counts(struct kolam_canvas *canvas) {
    for (uint32_t i = 0; i < KOLAM_EARNED_BUCKETS; i++) {
        KOLAM_LIST_EACH(&canvas->earned[i], struct kolam_earned, link, earned) {
            earned->is_known = false;
        }
    }
    canvas->has_missed_earnings = false;
}

/* Who has no number here has drawn nothing. */
static bool must_count(const struct kolam_session *session) {
    const struct kolam_earned *earned = session->earned;
    if (!earned || !is_needed(session->canvas) || earned->is_counting || earned->artist == 0 ||
        session->canvas->state != KOLAM_CANVAS_OPEN || (earned->is_known && !earned->is_stale)) {
        return false;
    }
    return (!earned->is_known && !earned->has_failed) ||
           now_ms(session->canvas) - earned->counted_ms >= RECOUNT_MS;
}

void kolam_earned_want(struct kolam_session *session, void (*done)(struct kolam_session *session)) {
    if (session->canvas->has_missed_earnings && is_needed(session->canvas)) {
        forget_counts(session->canvas);
    }
    if (must_count(session)) {
        count(session, done);
    } else if (done) {
        done(session);
    }
}

bool kolam_earned_is_settled(struct kolam_session *session) {
    const struct kolam_earned *earned = session->earned;
    kolam_earned_want(session, NULL);
    return !earned || earned->is_known || earned->artist == 0 || !is_needed(session->canvas);
}

/* ---- what comes of it ---- */

static struct kolam_newcomer newcomer_of(const struct kolam_session *session) {
    const struct kolam_earned *earned = session->earned;
    if (!earned || earned->first_ms == 0) {
        return (struct kolam_newcomer){0};
    }
    /* The log's times are the clock's: it may be set ahead of what is believed. */
    const int64_t age_ms = wall_now_ms(session->canvas) - earned->first_ms;
    return (struct kolam_newcomer){age_ms < 0 ? 0 : age_ms, earned->standing};
}

bool kolam_earned_is_artist(const struct kolam_session *session) {
    const struct kolam_newcomer newcomer = newcomer_of(session);
    const struct kolam_newcomer_goal goal = goal_of(session->canvas);
    return session->earned && session->earned->first_ms != 0 &&
           kolam_newcomer_is_artist(&newcomer, &goal);
}

struct kolam_newcomer_terms kolam_earned_terms(const struct kolam_session *session) {
    const struct kolam_newcomer newcomer = newcomer_of(session);
    const struct kolam_newcomer_goal goal = goal_of(session->canvas);
    return kolam_newcomer_terms(&newcomer, &goal);
}

/* ---- keeping it up ---- */

static void make_stale(struct kolam_canvas *canvas, const struct kolam_submission *submission) {
    for (uint32_t i = 0; i < KOLAM_EARNED_BUCKETS && submission->may_change_others; i++) {
        KOLAM_LIST_EACH(&canvas->earned[i], struct kolam_earned, link, earned) {
            earned->is_stale = true;
        }
    }
    struct kolam_earned *own = find(canvas, submission->author.ident);
    if (own) {
        own->is_stale = true;
    }
}

static bool is_change(const struct kolam_log_op *op) {
    return op->kind == KOLAM_OP_HIDE || op->kind == KOLAM_OP_SHOW || op->replaces != 0;
}

void kolam_earned_commit(struct kolam_canvas *canvas, const struct kolam_submission *submission) {
    bool draws = false, changes = false;
    if (!is_needed(canvas)) {
        canvas->has_missed_earnings = true;
        return;
    }
    for (uint32_t i = 0; i < submission->op_count; i++) {
        draws |= submission->ops[i].kind == KOLAM_OP_STROKE;
        changes |= is_change(&submission->ops[i]);
    }
    struct kolam_earned *earned = draws ? find(canvas, submission->author.ident) : NULL;
    if (earned) {
        earned->artist = submission->artist;
        earned->standing += earned->standing < STANDING_MAX;
        earned->first_ms = earned->first_ms ? earned->first_ms : submission->ops[0].time_ms;
    }
    if (changes) {
        make_stale(canvas, submission);
    }
}

void kolam_earned_sweep(struct kolam_canvas *canvas) {
    const int64_t now = now_ms(canvas);
    for (uint32_t i = 0; i < KOLAM_EARNED_BUCKETS; i++) {
        KOLAM_LIST_EACH(&canvas->earned[i], struct kolam_earned, link, earned) {
            if (earned->users == 0 && now - earned->left_ms > KEPT_MS) {
                destroy(earned);
            }
        }
    }
    if (is_needed(canvas) && now - canvas->growth_ms >= GROWTH_MS) {
        canvas->growth_ms = now;
        kolam_standing_changed_all(canvas);
    }
}

void kolam_earned_forget_all(struct kolam_canvas *canvas) {
    for (uint32_t i = 0; i < KOLAM_EARNED_BUCKETS; i++) {
        KOLAM_LIST_EACH(&canvas->earned[i], struct kolam_earned, link, earned) {
            destroy(earned);
        }
    }
}
