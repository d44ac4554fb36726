/* Naming places and taking them away, over the WebSocket. */
#ifndef KOLAM_SERVER_PLACES_WS_H
#define KOLAM_SERVER_PLACES_WS_H

#include <jansson.h>
#include <stdint.h>

struct kolam_canvas;
struct kolam_log_op;
struct kolam_session;

/* Messages. */
void kolam_place_name(struct kolam_session *session, const json_t *message);
void kolam_place_remove(struct kolam_session *session, const json_t *message);

/* A record was committed. */
void kolam_places_commit(struct kolam_canvas *canvas, uint32_t artist,
                         const struct kolam_log_op *op);
/* Once a second: tells everyone on the canvas that places have changed. */
void kolam_places_sweep(struct kolam_canvas *canvas);

#endif
