/* Quiet areas: who drew there is told only to those who may see names there, and to who drew it.
 *
 * One rule, for every channel: what touches a quiet area is *nobody's* (artist 0) to who asks, unless their eyes see more. A nonce
 * and its counters tell who drew as well as a number does, since they are seen elsewhere with it: with nobody's goes a nonce of the
 * drawing's own, made with a key that only this process has, and counters from 0, its parts.
 * What lies where is judged by the areas as they are now, whenever it was drawn.
 *
 * The loop thread keeps the areas with the canvas (`canvas->quiet`, NULL where there are none, so that all of this is one test then); a
 * job takes a reference along. Where the policy is not in memory the worker reads it; where memory was too short for it all is
 * quiet. */
#ifndef KOLAM_SERVER_VEIL_H
#define KOLAM_SERVER_VEIL_H

#include "bytes.h"
#include "kolam/log.h"
#include "kolam/policy.h"
#include "view.h"

struct kolam_canvas;
struct kolam_recent_op;
struct kolam_server;
struct kolam_session;

#define KOLAM_NOBODY 0 /* an artist's number */

/* Who asks. Zeroed: anybody. */
struct kolam_eyes {
    bool sees_names; /* also in quiet areas */
    uint32_t own_count, own[1 + KOLAM_FORMERS_MAX];
};

/* The rule. Pure. */
uint32_t kolam_veil_artist(const struct kolam_eyes *eyes, uint32_t artist, bool is_quiet);

/* ---- loop thread ---- */

/* The canvas's policy changed, or was forgotten. */
void kolam_veil_refresh(struct kolam_canvas *canvas);
void kolam_veil_forget(struct kolam_canvas *canvas);

/* May the session see names in the quiet areas there are? False where there are none: then nobody needs to. */
bool kolam_veil_sees(const struct kolam_session *session);
/* It may be another now: it goes to the viewers it belongs to. */
void kolam_veil_changed(struct kolam_session *session);

bool kolam_veil_is_quiet_at(const struct kolam_canvas *canvas, const struct kolam_extent *extent);
/* Does the op of the submission touch a quiet area, or another part of the same drawing? */
bool kolam_veil_is_quiet_op(const struct kolam_canvas *canvas,
                            const struct kolam_submission *submission,
                            const struct kolam_log_op *op);
/* The same of an op in the canvas's ring, and it is not the session's own. */
bool kolam_veil_hides_recent(const struct kolam_session *session, const struct kolam_recent_op *op);
/* An OP record as nobody's; NULL when out of memory. */
struct kolam_bytes *kolam_veil_op(const struct kolam_server *server,
                                  const struct kolam_bytes *record);

/* Of a view's middle (level-0 pixels, decimal) and `reach_px` pixels of its own zoom around it. Any thread. */
bool kolam_veil_is_quiet_view(const struct kolam_quiet *quiet, const char *x, const char *y,
                              double zoom, int64_t reach_px);

/* The nonce of a drawing that is nobody's; `counter` is its first part's. Any thread. */
uint64_t kolam_veil_nonce(const struct kolam_server *server, uint64_t nonce, uint32_t counter);

/* ---- a job's ---- */

struct kolam_veil {
    struct kolam_quiet *quiet;
    bool must_read;
    struct kolam_eyes eyes;
};

/* On the loop; `asker` NULL: anybody. */
void kolam_veil_begin(struct kolam_veil *veil, const struct kolam_canvas *canvas,
                      const struct kolam_session *asker);
/* The worker's, before it asks: within the reader's begin/end. */
KOLAM_MUST_CHECK enum kolam_status kolam_veil_read(struct kolam_veil *veil,
                                                   struct kolam_reader *reader, int64_t now_ms);
/* On the loop. */
void kolam_veil_finish(struct kolam_veil *veil);

#endif
