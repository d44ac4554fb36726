/* Who gets what: ops to those whose view shows them, tile notices where pixels change otherwise or the ink is too
 * small to be drawn, and the tick that writes it all. */
#ifndef KOLAM_SERVER_FANOUT_H
#define KOLAM_SERVER_FANOUT_H

#include "session.h"

KOLAM_MUST_CHECK enum kolam_status kolam_fanout_create(struct kolam_server *server);
void kolam_fanout_destroy(struct kolam_server *server);

/* A kolam_log_on_commit; ctx is the canvas. */
void kolam_fanout_on_commit(void *ctx, const struct kolam_submission *submission);

/* Sends one op to one session if its view shows it. */
void kolam_fanout_op(struct kolam_session *session, const struct kolam_recent_op *op);
/* Sends a record to all on the canvas whose view the extent touches and resolves, but `except`. */
void kolam_fanout_record(struct kolam_canvas *canvas, const struct kolam_session *except,
                         const struct kolam_extent *extent, enum kolam_out_class class,
                         struct kolam_bytes *record);
/* Sends to everyone on the canvas but `except`; takes the reference. */
void kolam_fanout_all(struct kolam_canvas *canvas, const struct kolam_session *except,
                      enum kolam_out_class class, struct kolam_bytes *record);
/* A tile's picture is now of `seq`: tells those whose view has it. */
void kolam_fanout_tile(struct kolam_canvas *canvas, struct kolam_tile_id tile, uint64_t seq);

/* The session's outbox holds something: write at the tick. */
void kolam_fanout_mark(struct kolam_session *session);
/* The session's view changed or ended: what was due for the old one is not any more. */
void kolam_fanout_forget(struct kolam_session *session);
/* Writes what the session has queued, now. */
void kolam_fanout_flush(struct kolam_session *session);
void kolam_fanout_tick(struct kolam_server *server);

#endif
