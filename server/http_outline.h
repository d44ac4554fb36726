/* Text as outlines, for the client to place and submit. */
#ifndef KOLAM_SERVER_HTTP_OUTLINE_H
#define KOLAM_SERVER_HTTP_OUTLINE_H

#include "server.h"

/* Answers GET /api/outline. */
void kolam_outline_request(struct kolam_server *server, struct kolam_http *http);

#endif
