/* /snapshot.png: a region of a canvas as one PNG, streamed while a worker draws it. */
#ifndef KOLAM_SERVER_HTTP_SNAPSHOT_H
#define KOLAM_SERVER_HTTP_SNAPSHOT_H

#include "server.h"

KOLAM_MUST_CHECK enum kolam_status kolam_snapshots_create(struct kolam_server *server);
/* Cancels those under way: the server stops. */
void kolam_snapshots_stop(struct kolam_server *server);
void kolam_snapshots_destroy(struct kolam_server *server);
void kolam_snapshots_request(struct kolam_server *server, struct kolam_http *http,
                             const struct kolam_request *request);
uint32_t kolam_snapshots_count(const struct kolam_server *server);
/* KOLAM_WAKE_STREAM: a worker has bytes. */
void kolam_snapshots_dispatch(struct kolam_server *server);
/* Once a second: cancels those whose client does not read. */
void kolam_snapshots_sweep(struct kolam_server *server, int64_t now_ms);

#endif
