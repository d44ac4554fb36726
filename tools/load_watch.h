/* What one watcher is owed, and what it got. A view is in force from its VIEW record until the next one is sent; in between
 * every op that it can show comes exactly once, in the order of the seqs, and nothing else. What is committed while views
 * change is neither owed nor forbidden: the tiles of the new view hold it. */
#ifndef KOLAM_TOOLS_LOAD_WATCH_H
#define KOLAM_TOOLS_LOAD_WATCH_H

#include "load_ledger.h"

#define KOLAM_LOAD_ASKED_MAX 64
/* An op is owed if it was acknowledged this long before the next view left: ACK and OP may leave in different ticks. */
#define KOLAM_LOAD_SLACK_US 300000

/* A view sent and not answered. */
struct kolam_load_asked {
    struct kolam_load_view view;
    uint32_t id;
    bool has_since; /* the view that was in force is asked for again, from what came last */
    int64_t sent_us;
};

/* A view that was in force. */
struct kolam_load_span {
    struct kolam_load_view view;
    uint64_t from_seq, to_seq; /* after the first, up to the second */
    int64_t until_us;          /* when the next view was sent; INT64_MAX while it is in force */
};

/* An op that a VIEW's tiles should have held and did not: it is to come as an op or as a TILE then. */
struct kolam_load_debt {
    uint64_t seq;
    int64_t since_us;
};
#define KOLAM_LOAD_DEBTS_MAX 4

struct kolam_load_watch {
    struct kolam_load_asked *asked;
    uint32_t asked_count, asked_capacity;
    bool has_view,
        is_known; /* is_known: cleared when the server dropped our queue, until the next VIEW */
    struct kolam_load_span now, before;
    int64_t before_ended_us;
    struct kolam_load_span *spans; /* over, and not judged */
    uint32_t span_count, span_capacity;
    struct kolam_load_debt debts[KOLAM_LOAD_DEBTS_MAX];
    uint32_t debt_count;
    uint64_t last_seq, judged_seq;
    bool is_away, is_resumed;           /* is_resumed: the newest VIEW was */
    struct kolam_load_view return_view; /* away: what was asked for last */
    uint64_t *bits;                     /* seq -> had it; as many as the ledger keeps */
    uint64_t
        *noticed; /* of each tile of the view, the newest seq a TILE told; NULL before the first */
};

/* What all watchers found, together. */
struct kolam_load_findings {
    uint64_t delivered, owed, missing, duplicated, outside_view, out_of_order;
    uint64_t tile_notices, missing_notices;
    uint64_t previews, previews_outside;
    uint64_t views_sent, views_answered, refreshes, stale_views;
    uint64_t resumed;            /* of those answered: everything since came before the answer */
    uint32_t told, told_notices; /* findings that were printed */
};

struct kolam_load_judge {
    struct kolam_load_ledger *ledger;
    struct kolam_load_findings *findings;
    int64_t now_us;
    bool is_last; /* nothing will come any more */
    bool is_dry;  /* counts in `outstanding` what would be missing, and changes nothing */
    uint64_t outstanding;
};

KOLAM_MUST_CHECK enum kolam_status kolam_load_watch_init(struct kolam_load_watch *watch,
                                                         const struct kolam_load_ledger *ledger);
void kolam_load_watch_finish(struct kolam_load_watch *watch);

/* False if too many views are unanswered: wait. */
bool kolam_load_watch_asks(struct kolam_load_watch *watch, const struct kolam_load_view *view,
                           uint32_t id, bool has_since, int64_t now_us);
/* The connection is gone, for a while: what is sent meanwhile is owed only if the view is resumed. */
void kolam_load_watch_left(struct kolam_load_watch *watch, int64_t now_us);
/* The view to come back with. True if it is the one that was in force: it may be resumed from *out_since. */
bool kolam_load_watch_return(const struct kolam_load_watch *watch, struct kolam_load_view *out_view,
                             uint64_t *out_since);
/* A VIEW record came. False if it answers nothing that was asked. A view that is resumed goes on as if nothing had been
 * between: everything is owed. */
bool kolam_load_watch_answered(struct kolam_load_watch *watch, uint32_t id, uint64_t seq,
                               bool is_resumed, int64_t now_us);
/* A VIEW's tiles, row by row; of a view that was resumed they tell as TILEs do. An op up to the VIEW's own seq that touches one which is older has to come some other way: as an
 * op, before or after, or as a TILE; or whoever fetches the picture would lack it for ever. Looks at the newest few ops. */
void kolam_load_watch_tiles(struct kolam_load_watch *watch, const struct kolam_load_ledger *ledger,
                            const uint64_t *tile_seqs, int64_t now_us);
/* The server dropped our queue: until the next VIEW nothing is owed. */
void kolam_load_watch_lost(struct kolam_load_watch *watch, struct kolam_load_findings *findings);

/* An OP came; `op` is NULL for one that is not ours. True if it counts as delivered. */
bool kolam_load_watch_op(struct kolam_load_watch *watch, struct kolam_load_judge *judge,
                         uint32_t who, const struct kolam_load_op *op, uint64_t seq);
/* True if a preview or cursor there may come to this watcher. */
bool kolam_load_watch_may_see(const struct kolam_load_watch *watch,
                              const struct kolam_load_ink *ink, int64_t now_us);
/* A TILE came. */
void kolam_load_watch_tile(struct kolam_load_watch *watch, struct kolam_tile_id tile, uint64_t seq);

/* Judges everything up to `limit_seq`: what should have come by now and did not is missing. */
void kolam_load_watch_judge(struct kolam_load_watch *watch, struct kolam_load_judge *judge,
                            uint32_t who, uint64_t limit_seq);

#endif
