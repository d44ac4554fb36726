/* One watcher's side of the ledger; see load_watch.h for the rules. What came is a bit by its seq; what did not is looked at
 * late, when it can no longer be on its way. */
#include "load_watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"

#define TOLD_MAX 12          /* findings of a kind that are printed one by one */
#define DEBT_US 10000000     /* what a VIEW lacked has come by then */
#define TILES_OPS 128        /* so many are looked for in a VIEW's tiles */
#define STRAGGLER_US 1000000 /* a preview for the view before may still be on its way */

enum kolam_status kolam_load_watch_init(struct kolam_load_watch *watch,
                                        const struct kolam_load_ledger *ledger) {
    *watch = (struct kolam_load_watch){0};
    watch->bits = kolam_alloc_zero(ledger->capacity / 64, sizeof *watch->bits);
    return watch->bits ? KOLAM_OK : KOLAM_ERR_NOMEM;
}

void kolam_load_watch_finish(struct kolam_load_watch *watch) {
    kolam_free(watch->asked);
    kolam_free(watch->spans);
    kolam_free(watch->bits);
    kolam_free(watch->noticed);
    *watch = (struct kolam_load_watch){0};
}

static bool grow(void **list, uint32_t count, uint32_t *capacity, size_t item_bytes) {
    if (count < *capacity) {
        return true;
    }
    uint32_t wanted = *capacity ? *capacity * 2 : 2;
    void *grown = kolam_realloc_array(*list, wanted, item_bytes);
    if (!grown) {
        return false;
    }
    *list = grown;
    *capacity = wanted;
    return true;
}

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t bit_of(uint64_t seq) {
    return (uint64_t)1 << (seq & 63);
}

static uint64_t *word_of(const struct kolam_load_watch *watch,
                         const struct kolam_load_ledger *ledger, uint64_t seq) {
    return &watch->bits[(seq & (ledger->capacity - 1)) / 64];
}

/* ---- views ---- */

bool kolam_load_watch_asks(struct kolam_load_watch *watch, const struct kolam_load_view *view,
                           uint32_t id, bool has_since, int64_t now_us) {
    if (watch->asked_count == KOLAM_LOAD_ASKED_MAX ||
        !grow((void **)&watch->asked, watch->asked_count, &watch->asked_capacity,
              sizeof *watch->asked)) {
        return false;
    }
    watch->asked[watch->asked_count++] = (struct kolam_load_asked){
        .view = *view, .id = id, .has_since = has_since, .sent_us = now_us};
    if (watch->has_view && watch->now.until_us == INT64_MAX) {
        watch->now.until_us = now_us;
    }
    return true;
}

/* Keeps a view that is over, to be judged when nothing of it can be on its way any more. */
static void put_away(struct kolam_load_watch *watch, uint64_t to_seq) {
    watch->now.to_seq = to_seq;
    if (watch->is_known && to_seq > watch->now.from_seq &&
        grow((void **)&watch->spans, watch->span_count, &watch->span_capacity,
             sizeof *watch->spans)) {
        watch->spans[watch->span_count++] = watch->now;
    }
}

void kolam_load_watch_left(struct kolam_load_watch *watch, int64_t now_us) {
    if (!watch->is_away) {
        watch->return_view =
            watch->asked_count > 0 ? watch->asked[watch->asked_count - 1].view : watch->now.view;
    }
    watch->is_away = true;
    watch->asked_count = 0;
    if (watch->has_view && watch->now.until_us == INT64_MAX) {
        watch->now.until_us = now_us;
    }
}

bool kolam_load_watch_return(const struct kolam_load_watch *watch, struct kolam_load_view *out_view,
                             uint64_t *out_since) {
    *out_view = watch->return_view;
    *out_since = later(watch->last_seq, watch->now.from_seq);
    return watch->has_view && watch->is_known &&
           kolam_load_view_equal(&watch->return_view, &watch->now.view);
}

/* As if the connection had never been lost. */
static void resume(struct kolam_load_watch *watch) {
    watch->now.until_us = INT64_MAX;
}

/* The view before is over, and what came of it to be judged later. Of a connection that was lost that is only what came: how
 * long what the server had acknowledged to others waited in it nobody can say; that there is no gap in what came can be said. */
static void begin_view(struct kolam_load_watch *watch, const struct kolam_load_view *view,
                       uint64_t seq, bool was_away, int64_t now_us) {
    if (watch->has_view) {
        put_away(watch, was_away ? earlier(watch->last_seq, seq) : seq);
        watch->before = watch->now;
        watch->before_ended_us = now_us;
    } else {
        watch->judged_seq = seq;
        watch->last_seq = seq;
    }
    watch->now = (struct kolam_load_span){.view = *view, .from_seq = seq, .until_us = INT64_MAX};
    watch->has_view = true;
    watch->is_known = true;
    kolam_free(watch->noticed);
    watch->noticed = NULL;
}

bool kolam_load_watch_answered(struct kolam_load_watch *watch, uint32_t id, uint64_t seq,
                               bool is_resumed, int64_t now_us) {
    uint32_t i = 0;
    while (i < watch->asked_count && watch->asked[i].id != id) {
        i++;
    }
    if (i == watch->asked_count || (is_resumed && !watch->asked[i].has_since)) {
        return false;
    }
    const bool was_away = watch->is_away;
    watch->is_away = false;
    watch->is_resumed = is_resumed;
    if (is_resumed) {
        resume(watch);
    } else {
        begin_view(watch, &watch->asked[i].view, seq, was_away, now_us);
    }
    watch->asked_count -= i + 1;
    memmove(watch->asked, watch->asked + i + 1, watch->asked_count * sizeof *watch->asked);
    if (watch->asked_count > 0) {
        watch->now.until_us = watch->asked[0].sent_us;
    }
    return true;
}

void kolam_load_watch_lost(struct kolam_load_watch *watch, struct kolam_load_findings *findings) {
    findings->refreshes++;
    if (watch->has_view && watch->is_known) {
        put_away(watch, watch->last_seq); /* what came last was still in order */
        watch->is_known = false;
    }
}

/* ---- what comes ---- */

static bool is_asked(const struct kolam_load_watch *watch, const struct kolam_load_ink *ink) {
    for (uint32_t i = 0; i < watch->asked_count; i++) {
        if (kolam_load_touches(&watch->asked[i].view, ink)) {
            return true;
        }
    }
    return false;
}

/* Strokes far below a pixel are not for this view either; what changes others is, of whatever size. */
static bool shows(const struct kolam_load_view *view, const struct kolam_load_op *op) {
    const struct kolam_load_ink *ink = &op->part->ink;
    if (!kolam_load_touches(view, ink) || kolam_load_op_changes(op)) {
        return kolam_load_touches(view, ink);
    }
    struct kolam_load_view finer = *view;
    finer.level += finer.level < KOLAM_LEVEL_MAX;
    return kolam_load_size(&finer, ink) != KOLAM_LOAD_TINY;
}

static void tell(const struct kolam_load_watch *watch, uint32_t who,
                 const struct kolam_load_view *view, const struct kolam_load_op *op, uint64_t seq,
                 const char *what, uint32_t *told) {
    if (*told >= TOLD_MAX) {
        return;
    }
    (*told)++;
    char of[96] = "";
    if (op) {
        const struct kolam_load_ink *ink = &op->part->ink;
        snprintf(of, sizeof of,
                 " of artist %u, ink at level %d: %" PRId64 ",%" PRId64 " to %" PRId64 ",%" PRId64,
                 op->artist, ink->level, ink->x0, ink->y0, ink->x1, ink->y1);
    }
    fprintf(stderr,
            "kolam load: client %u, view level %d, tiles %" PRId64 ",%" PRId64
            " %ux%u since seq %" PRIu64 ": op %" PRIu64 "%s %s (newest it has: %" PRIu64 ")\n",
            who, view->level, view->x, view->y, view->width, view->height, watch->now.from_seq, seq,
            of, what, watch->last_seq);
}

/* True if it is in its place: newer than all before. */
static bool check_order(struct kolam_load_watch *watch, struct kolam_load_judge *judge,
                        uint32_t who, const struct kolam_load_op *op, uint64_t seq) {
    if (seq > watch->last_seq) {
        watch->last_seq = seq;
        return true;
    }
    bool is_recent = seq > watch->judged_seq;
    if (is_recent && !(*word_of(watch, judge->ledger, seq) & bit_of(seq))) {
        judge->findings->out_of_order++;
        tell(watch, who, &watch->now.view, op, seq, "came out of order", &judge->findings->told);
        return true; /* it did come */
    }
    judge->findings->duplicated++;
    tell(watch, who, &watch->now.view, op, seq, "came twice, or much too late",
         &judge->findings->told);
    return false;
}

bool kolam_load_watch_op(struct kolam_load_watch *watch, struct kolam_load_judge *judge,
                         uint32_t who, const struct kolam_load_op *op, uint64_t seq) {
    if (!check_order(watch, judge, who, op, seq) || !op) {
        return false;
    }
    *word_of(watch, judge->ledger, seq) |= bit_of(seq);
    judge->findings->delivered++;
    const struct kolam_load_ink *ink = &op->part->ink;
    const bool is_in_force = watch->has_view && watch->is_known && seq > watch->now.from_seq;
    const bool is_shown = watch->has_view && shows(&watch->now.view, op);
    if (is_in_force && is_shown) {
        judge->findings->owed++;
        return true;
    }
    /* One that the VIEW's tiles hold already was on its way; one for a view that is being answered may come first. */
    if (watch->has_view && (is_in_force || !watch->is_known) && !is_shown &&
        !is_asked(watch, ink)) {
        judge->findings->outside_view++;
        tell(watch, who, &watch->now.view, op, seq, "came, and is not in the view",
             &judge->findings->told);
    }
    return true;
}

bool kolam_load_watch_may_see(const struct kolam_load_watch *watch,
                              const struct kolam_load_ink *ink, int64_t now_us) {
    return !watch->has_view || kolam_load_touches(&watch->now.view, ink) || is_asked(watch, ink) ||
           (watch->before_ended_us > now_us - STRAGGLER_US &&
            (watch->before_ended_us == 0 || kolam_load_touches(&watch->before.view, ink)));
}

static void notice(struct kolam_load_watch *watch, uint32_t place, uint64_t seq) {
    const struct kolam_load_view *view = &watch->now.view;
    if (!watch->noticed) {
        watch->noticed =
            kolam_alloc_zero((size_t)view->width * view->height, sizeof *watch->noticed);
    }
    if (watch->noticed) {
        watch->noticed[place] = later(watch->noticed[place], seq);
    }
}

void kolam_load_watch_tile(struct kolam_load_watch *watch, struct kolam_tile_id tile,
                           uint64_t seq) {
    const struct kolam_load_view *view = &watch->now.view;
    if (!watch->has_view || tile.level != view->level || tile.x < view->x || tile.y < view->y ||
        tile.x - view->x >= view->width || tile.y - view->y >= view->height) {
        return;
    }
    notice(watch, (uint32_t)((tile.y - view->y) * view->width + (tile.x - view->x)), seq);
}

/* ---- judging ---- */

struct notices {
    const uint64_t *noticed;
    uint64_t seq;
};

static bool is_noticed(void *ctx, uint32_t place) {
    const struct notices *notices = ctx;
    return notices->noticed && notices->noticed[place] >= notices->seq;
}

void kolam_load_watch_tiles(struct kolam_load_watch *watch, const struct kolam_load_ledger *ledger,
                            const uint64_t *tile_seqs, int64_t now_us) {
    const struct kolam_load_span *now = &watch->now;
    if (watch->is_resumed) {
        for (uint32_t i = 0; i < now->view.width * now->view.height; i++) {
            notice(watch, i, tile_seqs[i]);
        }
        return;
    }
    const uint64_t first = now->from_seq > TILES_OPS ? now->from_seq - TILES_OPS : 0;
    watch->debt_count = 0;
    for (uint64_t seq = now->from_seq; seq > first && watch->debt_count < KOLAM_LOAD_DEBTS_MAX;
         seq--) {
        const struct kolam_load_op *op = kolam_load_ledger_at(ledger, seq);
        struct notices notices = {tile_seqs, seq};
        if (op && !kolam_load_tiles(&now->view, &op->part->ink, is_noticed, &notices)) {
            watch->debts[watch->debt_count++] = (struct kolam_load_debt){seq, now_us};
        }
    }
}

static bool is_paid(const struct kolam_load_watch *watch, const struct kolam_load_ledger *ledger,
                    uint64_t seq) {
    const struct kolam_load_op *op = kolam_load_ledger_at(ledger, seq);
    struct notices notices = {watch->noticed, seq};
    return !op || (*word_of(watch, ledger, seq) & bit_of(seq)) ||
           kolam_load_tiles(&watch->now.view, &op->part->ink, is_noticed, &notices);
}

static void check_debts(struct kolam_load_watch *watch, struct kolam_load_judge *judge,
                        uint32_t who) {
    uint32_t kept = 0;
    if (watch->now.until_us != INT64_MAX) {
        watch->debt_count = 0; /* another view is on its way, whose tiles may hold it */
    }
    for (uint32_t i = 0; i < watch->debt_count; i++) {
        const struct kolam_load_debt debt = watch->debts[i];
        if (is_paid(watch, judge->ledger, debt.seq)) {
            continue;
        }
        if (!judge->is_dry && (judge->is_last || judge->now_us - debt.since_us > DEBT_US)) {
            judge->findings->stale_views++;
            tell(watch, who, &watch->now.view, kolam_load_ledger_at(judge->ledger, debt.seq),
                 debt.seq, "was before the VIEW, is in none of its tiles, and never came",
                 &judge->findings->told);
            continue;
        }
        judge->outstanding += judge->is_dry;
        watch->debts[kept++] = debt;
    }
    watch->debt_count = kept;
}

static void count_missing(struct kolam_load_watch *watch, struct kolam_load_judge *judge,
                          uint32_t who, const struct kolam_load_span *span,
                          const struct kolam_load_op *op, bool is_notice) {
    if (judge->is_dry) {
        judge->outstanding++;
        return;
    }
    if (is_notice) {
        judge->findings->missing_notices++;
    } else {
        judge->findings->missing++;
        judge->findings->owed++;
    }
    tell(watch, who, &span->view, op, op->seq,
         is_notice ? "changes pixels there, and no TILE told of it" : "did not come",
         is_notice ? &judge->findings->told_notices : &judge->findings->told);
}

/* A hide or show, or what replaces, comes as an op, and for each tile of the view that it changes there is a TILE. */
static void judge_change(struct kolam_load_watch *watch, struct kolam_load_judge *judge,
                         uint32_t who, const struct kolam_load_span *span,
                         const struct kolam_load_op *op) {
    const bool is_open = span == &watch->now && span->until_us == INT64_MAX;
    struct notices notices = {watch->noticed, op->seq};
    if (!(*word_of(watch, judge->ledger, op->seq) & bit_of(op->seq))) {
        count_missing(watch, judge, who, span, op, false);
    } else if (is_open && !kolam_load_tiles(&span->view, &op->part->ink, is_noticed, &notices)) {
        count_missing(watch, judge, who, span, op, true);
    }
}

static void judge_op(struct kolam_load_watch *watch, struct kolam_load_judge *judge, uint32_t who,
                     const struct kolam_load_span *span, const struct kolam_load_op *op) {
    const struct kolam_load_ink *ink = &op->part->ink;
    if (op->ack_us == 0 ||
        (span->until_us != INT64_MAX && op->ack_us > span->until_us - KOLAM_LOAD_SLACK_US) ||
        !kolam_load_touches(&span->view, ink)) {
        return;
    }
    enum kolam_load_size size = kolam_load_size(&span->view, ink);
    const bool is_open = span == &watch->now && span->until_us == INT64_MAX;
    struct notices notices = {watch->noticed, op->seq};
    if (kolam_load_op_changes(op)) {
        judge_change(watch, judge, who, span, op);
    } else if (size == KOLAM_LOAD_VISIBLE) {
        count_missing(watch, judge, who, span, op, false);
    } else if (is_open && !kolam_load_tiles(&span->view, ink, is_noticed, &notices)) {
        count_missing(watch, judge, who, span, op, size == KOLAM_LOAD_TINY);
    }
}

static void judge_span(struct kolam_load_watch *watch, struct kolam_load_judge *judge, uint32_t who,
                       const struct kolam_load_span *span, uint64_t after, uint64_t limit) {
    const struct kolam_load_ledger *ledger = judge->ledger;
    if (ledger->newest_seq > ledger->capacity && after < ledger->newest_seq - ledger->capacity) {
        after = ledger->newest_seq - ledger->capacity;
    }
    for (uint64_t seq = after + 1; seq <= limit; seq++) {
        uint64_t word = *word_of(watch, ledger, seq);
        if (word == UINT64_MAX && (seq & 63) == 0 && !ledger->has_changes) {
            seq += 63;
            continue;
        }
        const bool has_come = word & bit_of(seq);
        if (has_come && !ledger->has_changes) {
            continue;
        }
        const struct kolam_load_op *op = kolam_load_ledger_at(ledger, seq);
        if (op && (!has_come || kolam_load_op_changes(op))) {
            judge_op(watch, judge, who, span, op);
        }
    }
}

static void clear_bits(struct kolam_load_watch *watch, const struct kolam_load_ledger *ledger,
                       uint64_t limit) {
    uint64_t first = watch->judged_seq + 1;
    if (limit - watch->judged_seq > ledger->capacity) {
        first = limit - ledger->capacity + 1;
    }
    for (uint64_t seq = first; seq <= limit; seq++) {
        if ((seq & 63) == 0 && limit - seq >= 63) {
            *word_of(watch, ledger, seq) = 0;
            seq += 63;
        } else {
            *word_of(watch, ledger, seq) &= ~bit_of(seq);
        }
    }
    watch->judged_seq = limit;
}

void kolam_load_watch_judge(struct kolam_load_watch *watch, struct kolam_load_judge *judge,
                            uint32_t who, uint64_t limit_seq) {
    uint32_t done = 0;
    if (watch->debt_count > 0) {
        check_debts(watch, judge, who);
    }
    if (!watch->has_view || limit_seq <= watch->judged_seq) {
        return;
    }
    for (uint32_t i = 0; i < watch->span_count; i++) {
        const struct kolam_load_span *span = &watch->spans[i];
        judge_span(watch, judge, who, span, later(span->from_seq, watch->judged_seq),
                   earlier(span->to_seq, limit_seq));
        done += span->to_seq <= limit_seq;
    }
    if (watch->is_known) {
        judge_span(watch, judge, who, &watch->now, later(watch->now.from_seq, watch->judged_seq),
                   watch->is_away ? earlier(limit_seq, watch->last_seq) : limit_seq);
    }
    if (!judge->is_dry) {
        if (done > 0) {
            watch->span_count -= done;
            memmove(watch->spans, watch->spans + done, watch->span_count * sizeof *watch->spans);
        }
        clear_bits(watch, judge->ledger, limit_seq);
    }
}
