/* The versions of a block of 8 x 8 tiles: what those who watch by HTTP alone poll. */
#ifndef KOLAM_SERVER_HTTP_VERSIONS_H
#define KOLAM_SERVER_HTTP_VERSIONS_H

#include "server.h"

KOLAM_MUST_CHECK enum kolam_status kolam_blocks_create(struct kolam_server *server);
void kolam_blocks_destroy(struct kolam_server *server);

/* Answers GET /api/canvas/<name>/versions?level=&bx=&by=. `rest` is "<name>/versions". */
void kolam_versions_request(struct kolam_server *server, struct kolam_http *http, const char *rest);

#endif
