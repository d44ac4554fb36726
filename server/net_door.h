/* Connections before and between their requests: who may connect, what they pay, and how long they may take. */
#ifndef KOLAM_SERVER_NET_DOOR_H
#define KOLAM_SERVER_NET_DOOR_H

#include "net_internal.h"

struct sockaddr_storage;
struct kolam_net_head;

/* What the library keeps for us with each connection, from its acceptance to its end. */
struct kolam_net_connection {
    struct kolam_list
        link; /* while it waits: net->fresh, before its first request; net->idle, after one */
    struct kolam_net *net;
    struct lws *wsi;
    struct kolam_net_peer *peer; /* the request or WebSocket it is at present, or NULL */
    struct kolam_address address;
    struct kolam_payer payer;
    int64_t since_ms; /* how long it has waited */
    bool is_unfinished;
    struct kolam_net_head *head; /* of a trusted proxy's: net_head.h */
};

/* A connection that may be taken in, or NULL: then the limits say no. */
struct kolam_net_connection *kolam_net_door_admit(struct kolam_net *net,
                                                  const struct sockaddr_storage *from);
/* The library has it now. */
void kolam_net_door_wait(struct kolam_net_connection *connection, struct lws *wsi);
/* It asked for something: `peer` is what it is until kolam_net_door_end. */
void kolam_net_door_begin(struct kolam_net_connection *connection, struct kolam_net_peer *peer);
/* Its peer is gone: the request is answered, and another may come. */
void kolam_net_door_end(struct kolam_net_connection *connection);
/* The end of it. NULL is safe. */
void kolam_net_door_leave(struct kolam_net_connection *connection);
/* It is a WebSocket of somebody behind a trusted proxy: it pays as that one. False if the limits say no. */
bool kolam_net_door_become(struct kolam_net_connection *connection,
                           const struct kolam_address *address);

/* Closes who has waited too long. Not from within a callback of the library. */
void kolam_net_door_sweep(struct kolam_net *net, int64_t now_ms);
/* Ends the connection at once; not from within a callback of the library (net.c). */
void kolam_net_kill(struct lws *wsi);

#endif
