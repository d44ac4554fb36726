/* Who gets what: ops to those whose view shows them, tile notices where pixels change otherwise or the ink is too
 * small to be drawn. What is found due here waits with the viewers (viewers.h) until the tick (tick.c) writes it. */
#ifndef KOLAM_SERVER_FANOUT_H
#define KOLAM_SERVER_FANOUT_H

#include "pace.h"
#include "records.h"
#include "session.h"
#include "viewers.h"

struct kolam_compose;
struct kolam_tile_record;

struct kolam_fanout {
    struct kolam_viewers_table *table;
    struct kolam_records records;
    uint32_t tick_begin;              /* the first place among them that is of this tick */
    struct kolam_list urgent_viewers; /* an op is due: they are written with this tick */
    /* Something is due that can wait for their turn (tick.c); in the order in which they came. */
    struct kolam_list waiting_viewers[KOLAM_PACE_TICKS];
    uint32_t next_turn;
    struct kolam_list dirty_sessions; /* something is in the outbox, and the socket can take it */
    struct kolam_list noticing;       /* kolam_notices with something due */
    struct kolam_list previews; /* strokes whose newest points are not passed on yet (preview.c) */
    struct kolam_list cursors;  /* sessions, the same */
    struct kolam_list acked;    /* sessions that an ACK waits for */
    struct kolam_list views;    /* sessions whose newest view waits for the tick (view_answer.c) */
    uint64_t tick;              /* the number of the tick that is being gathered for */
    bool is_writing;
    struct kolam_outbox_limits limits;
    struct kolam_compose *compose; /* compose.c's */
    uint8_t *scratch;              /* KOLAM_SOCKET_PAD + KOLAM_OUTBOX_SCRATCH_BYTES, for tick.c */
    struct kolam_tile_record *tile_records; /* notices.c's */
    uint64_t *seqs;                         /* KOLAM_VIEW_TILES_MAX, for view_answer.c */
    uint8_t *body;                          /* KOLAM_OP_BYTES_MAX, for preview_out.c */
};

KOLAM_MUST_CHECK enum kolam_status kolam_fanout_create(struct kolam_server *server);
void kolam_fanout_destroy(struct kolam_server *server);

/* A kolam_log_on_commit; ctx is the canvas. */
void kolam_fanout_on_commit(void *ctx, const struct kolam_submission *submission);

/* What was withheld goes to its author alone, as far as the view shows it. */
void kolam_fanout_to_author(struct kolam_session *session,
                            const struct kolam_submission *submission);
/* Sends one op to one session if its view shows it: what it missed. */
void kolam_fanout_op(struct kolam_session *session, const struct kolam_recent_op *op);
/* What is shown as it is, and to whom it is to be nobody's (veil.h) as `veiled`, or, where that is NULL, not at all. */
struct kolam_fanout_record {
    struct kolam_bytes *plain, *veiled;
    bool is_quiet; /* false: all get it as it is */
};
/* Sends an author's preview, or cursor, to all on the canvas whose view shows and resolves it, but the author, here and at
 * other servers that have the canvas. `author` is NULL for one that came from there. */
void kolam_fanout_preview(struct kolam_canvas *canvas, struct kolam_session *author,
                          const struct kolam_home *homes, uint32_t home_count,
                          const struct kolam_fanout_record *record);
void kolam_fanout_cursor(struct kolam_canvas *canvas, struct kolam_session *author,
                         const struct kolam_extent *extent,
                         const struct kolam_fanout_record *record);
/* Sends a record to everyone on the canvas but `except`, who may be NULL; takes the reference, NULL is safe. */
void kolam_fanout_all(struct kolam_canvas *canvas, struct kolam_session *except,
                      struct kolam_bytes *record);
/* The same to some of them, here alone. */
enum kolam_fanout_whom { KOLAM_TO_ALL, KOLAM_TO_SEEING, KOLAM_TO_UNSEEING };
void kolam_fanout_some(struct kolam_canvas *canvas, struct kolam_session *except,
                       enum kolam_fanout_whom whom, struct kolam_bytes *record);
/* The same for what another server told; takes the reference, NULL is safe. */
void kolam_fanout_heard(struct kolam_canvas *canvas, struct kolam_bytes *record);
/* A tile's picture is now of `seq`: tells those whose view has it. */
void kolam_fanout_tile(struct kolam_canvas *canvas, struct kolam_tile_id tile, uint64_t seq);
/* True if somebody looks at the tile. */
bool kolam_fanout_is_seen(struct kolam_canvas *canvas, struct kolam_tile_id tile);

/* Tile notices (notices.c). Tells which tiles of the view the op's homes touch: with this tick where an op of another
 * kind changed them, gathered for longer where the ink is merely too small. */
void kolam_notices_op(struct kolam_viewers *viewers, const struct kolam_recent_op *op);
/* One tile, at the tick. */
void kolam_notices_tile(struct kolam_viewers *viewers, struct kolam_tile_id tile, uint64_t seq);
/* Hands on what has become due. */
void kolam_notices_tick(struct kolam_server *server);

/* The tick (tick.c). */
KOLAM_MUST_CHECK enum kolam_status kolam_tick_create(struct kolam_fanout *fanout);
void kolam_tick_destroy(struct kolam_fanout *fanout);
/* Writes everything that is due, one write a client. */
void kolam_tick_run(struct kolam_server *server);
/* The session's outbox holds something: write at the tick. */
void kolam_tick_mark(struct kolam_session *session);
/* Writes what the session's outbox holds, now. */
void kolam_tick_flush(struct kolam_session *session);
/* Writes ACKs that would wait for more than a short tick. */
void kolam_tick_acks(struct kolam_server *server);

#endif
