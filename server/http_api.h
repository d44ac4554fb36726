/* /api: what there is to know of a canvas, as JSON. */
#ifndef KOLAM_SERVER_HTTP_API_H
#define KOLAM_SERVER_HTTP_API_H

#include "server.h"

/* Answers GET /api/canvas/<name>. */
void kolam_api_canvas(struct kolam_server *server, struct kolam_http *http, const char *name);

#endif
