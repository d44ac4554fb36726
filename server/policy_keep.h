/* A canvas's policy while it is open: read by the worker that opens it, kept up by every commit, told to all who are there. The
 * loop thread's. */
#ifndef KOLAM_SERVER_POLICY_KEEP_H
#define KOLAM_SERVER_POLICY_KEEP_H

#include <jansson.h>
#include <stdint.h>

struct kolam_canvas;
struct kolam_log_op;

/* An op was committed. */
void kolam_policy_commit(struct kolam_canvas *canvas, uint32_t artist,
                         const struct kolam_log_op *op);
/* Once a second: what is over ends, and what could not be kept for want of memory is read again. */
void kolam_policy_sweep(struct kolam_canvas *canvas);
/* What holds, as clients are told; a reference of the caller's. NULL without memory. */
json_t *kolam_policy_json(struct kolam_canvas *canvas);
/* What holds is something else: everybody is told, and each who is somebody else now. */
void kolam_policy_tell(struct kolam_canvas *canvas);
/* The canvas closes, or goes. */
void kolam_policy_forget(struct kolam_canvas *canvas);

#endif
