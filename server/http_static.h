/* The web client: read into memory at the start, compressed where that pays. */
#ifndef KOLAM_SERVER_HTTP_STATIC_H
#define KOLAM_SERVER_HTTP_STATIC_H

#include "server.h"

/* Loads the folder: --web, else the compiled-in place, else web/ beside the executable. A server without one
 * serves everything else and says so. */
KOLAM_MUST_CHECK enum kolam_status kolam_static_create(struct kolam_server *server,
                                                       struct kolam_error *error);
void kolam_static_destroy(struct kolam_server *server);
void kolam_static_request(struct kolam_server *server, struct kolam_http *http,
                          const struct kolam_request *request);

#endif
