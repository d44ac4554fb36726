/* /api/canvas/<canvas>/moment, activity, at, strokes: what was, who did it, and when. */
#ifndef KOLAM_SERVER_HISTORY_HTTP_H
#define KOLAM_SERVER_HISTORY_HTTP_H

#include "server.h"

/* Answers GET /api/canvas/<rest>, where `rest` is "<canvas>/<what>". */
void kolam_history_request(struct kolam_server *server, struct kolam_http *http, const char *rest);

#endif
