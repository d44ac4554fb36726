/* The door: what an accepted socket pays, and what it may take until it has asked for something.
 *
 * All deadlines of a connection that waits are here, two lists in the order of time: those who have asked for nothing yet (a TLS
 * handshake, a request's headers or an upgrade, however slowly they drip in) and those between two requests. The library's own
 * timers rest while no socket does anything, and its deadline for the next request sits in one sorted list that each
 * request walks to its end: with 2,000 watchers that was two thirds of all CPU.
 *
 * Where there is no room for one more, the one that has waited longest between two requests makes room. */
#include "net_door.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "kolam/alloc.h"
#include "net_head.h"

#define FRESH_MS 10000
#define IDLE_MS 60000

/* All zero for what is no internet address. */
static struct kolam_address address_of(const struct sockaddr_storage *from) {
    struct kolam_address address = {{0}};
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)from;
        memcpy(address.bytes, &v6->sin6_addr, sizeof(address.bytes));
    } else if (from->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)from;
        address.bytes[10] = address.bytes[11] = 0xff;
        memcpy(address.bytes + 12, &v4->sin_addr, 4);
    }
    return address;
}

/* True if one was closed. */
static bool make_room(struct kolam_net *net) {
    if (kolam_list_is_empty(&net->idle)) {
        return false;
    }
    struct kolam_net_connection *oldest =
        KOLAM_CONTAINER(net->idle.next, struct kolam_net_connection, link);
    kolam_list_remove(&oldest->link);
    kolam_net_kill(oldest->wsi);
    return true;
}

static bool may_enter(struct kolam_net *net, struct kolam_net_connection *connection) {
    struct kolam_limits *limits = net->options.limits;
    const uint64_t now_us = kolam_loop_now_us(net->loop);
    if (kolam_limits_take(limits, &connection->payer, KOLAM_LIMIT_CONNECTIONS, 1, now_us) > 0) {
        return false;
    }
    if (net->connections >= net->options.connections_max && !make_room(net)) {
        return false;
    }
    if (!kolam_limits_enter(limits, &connection->payer, KOLAM_LIMIT_OPEN)) {
        return false;
    }
    if (!kolam_limits_enter(limits, &connection->payer, KOLAM_LIMIT_UNFINISHED)) {
        kolam_limits_leave(limits, &connection->payer, KOLAM_LIMIT_OPEN);
        return false;
    }
    connection->is_unfinished = true;
    return true;
}

struct kolam_net_connection *kolam_net_door_admit(struct kolam_net *net,
                                                  const struct sockaddr_storage *from) {
    struct kolam_net_connection *connection = kolam_alloc_zero(1, sizeof(*connection));
    if (!connection) {
        return NULL;
    }
    connection->net = net;
    connection->address = address_of(from);
    kolam_list_init(&connection->link);
    /* A trusted proxy is many: they pay one by one, with their requests. */
    if (!kolam_proxies_hold(&net->options.proxies, &connection->address)) {
        kolam_payer_set_address(net->options.limits, &connection->payer, &connection->address);
    }
    if (!may_enter(net, connection)) {
        kolam_payer_release(net->options.limits, &connection->payer);
        kolam_free(connection);
        return NULL;
    }
    return connection;
}

void kolam_net_door_wait(struct kolam_net_connection *connection, struct lws *wsi) {
    connection->wsi = wsi;
    connection->since_ms = kolam_loop_now_ms(connection->net->loop);
    kolam_list_append(&connection->net->fresh, &connection->link);
}

static void finish(struct kolam_net_connection *connection) {
    if (connection->is_unfinished) {
        connection->is_unfinished = false;
        kolam_limits_leave(connection->net->options.limits, &connection->payer,
                           KOLAM_LIMIT_UNFINISHED);
    }
}

void kolam_net_door_begin(struct kolam_net_connection *connection, struct kolam_net_peer *peer) {
    finish(connection);
    kolam_list_remove(&connection->link);
    connection->peer = peer;
}

void kolam_net_door_end(struct kolam_net_connection *connection) {
    connection->peer = NULL;
    connection->since_ms = kolam_loop_now_ms(connection->net->loop);
    kolam_list_remove(&connection->link);
    kolam_list_append(&connection->net->idle, &connection->link);
}

void kolam_net_door_leave(struct kolam_net_connection *connection) {
    if (connection) {
        struct kolam_limits *limits = connection->net->options.limits;
        finish(connection);
        kolam_net_head_end(connection);
        kolam_limits_leave(limits, &connection->payer, KOLAM_LIMIT_OPEN);
        kolam_payer_release(limits, &connection->payer);
        kolam_list_remove(&connection->link);
        kolam_free(connection);
    }
}

bool kolam_net_door_become(struct kolam_net_connection *connection,
                           const struct kolam_address *address) {
    struct kolam_limits *limits = connection->net->options.limits;
    struct kolam_payer payer = {0};
    if (kolam_address_equal(address, &connection->address)) {
        return true;
    }
    kolam_payer_set_address(limits, &payer, address);
    if (!kolam_limits_enter(limits, &payer, KOLAM_LIMIT_OPEN)) {
        kolam_payer_release(limits, &payer);
        return false;
    }
    kolam_limits_leave(limits, &connection->payer, KOLAM_LIMIT_OPEN);
    kolam_payer_release(limits, &connection->payer);
    connection->payer = payer;
    connection->address = *address;
    return true;
}

static void close_late(struct kolam_list *waiting, int64_t now_ms, int64_t most_ms) {
    KOLAM_LIST_EACH(waiting, struct kolam_net_connection, link, connection) {
        if (now_ms - connection->since_ms < most_ms) {
            return;
        }
        kolam_list_remove(&connection->link);
        kolam_net_kill(connection->wsi);
    }
}

void kolam_net_door_sweep(struct kolam_net *net, int64_t now_ms) {
    close_late(&net->fresh, now_ms, FRESH_MS);
    close_late(&net->idle, now_ms, IDLE_MS);
}
