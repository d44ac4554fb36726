/* Canvases hold names as well. Who is called differently everywhere (erased, merged, renamed with former selves) is told to every canvas
 * that knows them, also to those that are closed: identity.db keeps what is still to be told, so that a restart loses none. */
#ifndef KOLAM_SERVER_RENAMING_H
#define KOLAM_SERVER_RENAMING_H

#include "server.h"

struct kolam_renaming;

KOLAM_MUST_CHECK enum kolam_status kolam_renaming_create(struct kolam_server *server);
void kolam_renaming_destroy(struct kolam_server *server);
/* There is, or may be, something to be told. */
void kolam_renaming_begin(struct kolam_server *server);
/* Once a second: what failed is tried again after a minute. */
void kolam_renaming_sweep(struct kolam_server *server, int64_t now_ms);

#endif
