/* What a trusted proxy passes on is looked at before the network library reads it (http_head.h): its word about who asks decides
 * too much to be read by a parser that loses lines. */
#ifndef KOLAM_SERVER_NET_HEAD_H
#define KOLAM_SERVER_NET_HEAD_H

#include "http_head.h"
#include "net_door.h"

/* Begins to look, where the connection's address is that of a trusted proxy. False: out of memory. */
bool kolam_net_head_watch(struct kolam_net_connection *connection);
/* The library has read a head. False if it was not one that was looked at: it is not to be believed. */
bool kolam_net_head_taken(struct kolam_net_connection *connection);
/* More came than the request that is under way, so that it must be the last one on this connection. */
bool kolam_net_head_must_close(const struct kolam_net_connection *connection);
/* The connection is a WebSocket from now on, or over. */
void kolam_net_head_end(struct kolam_net_connection *connection);

#endif
