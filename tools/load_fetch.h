/* What a newcomer fetches over HTTP once its view is answered: the pictures of its tiles, over as many connections as a browser has. */
#ifndef KOLAM_TOOLS_LOAD_FETCH_H
#define KOLAM_TOOLS_LOAD_FETCH_H

#include "load_geometry.h"
#include "load_net.h"

#define KOLAM_LOAD_HEAD_MAX 2048

struct kolam_load;

#define KOLAM_LOAD_LANES 6

/* One connection, an answer at a time. */
struct kolam_load_lane {
    struct kolam_load_conn conn; /* its index: see kolam_load_lane_at */
    struct kolam_load_fetch *fetch;
    char head[KOLAM_LOAD_HEAD_MAX];
    uint32_t head_bytes;
    uint64_t body_left;
    bool is_in_body, is_over;
};

struct kolam_load_fetch {
    uint32_t client;
    struct kolam_load_view view;
    uint64_t *seqs; /* of the view's tiles; 0: nothing was drawn, nothing is fetched */
    uint32_t next;  /* the tile to be asked for */
    uint32_t open;  /* lanes that are not over */
    struct kolam_load_lane lanes[KOLAM_LOAD_LANES];
};

/* The connection of an index that is not a client's; they follow the clients, KOLAM_LOAD_LANES each. */
struct kolam_load_lane *kolam_load_lane_at(const struct kolam_load *load, uint32_t index);

/* Begins to fetch a joiner's tiles, of which `seqs` tells the versions. */
void kolam_load_fetch_begin(struct kolam_load *load, uint32_t client,
                            const struct kolam_load_view *view, const uint64_t *seqs);
void kolam_load_fetch_finish(struct kolam_load_fetch *fetch); /* NULL is safe */

/* The net's events of such a connection. */
void kolam_load_lane_opened(struct kolam_load *load, struct kolam_load_lane *lane);
void kolam_load_lane_bytes(struct kolam_load *load, struct kolam_load_lane *lane,
                           const uint8_t *bytes, size_t size_bytes);
void kolam_load_lane_ended(struct kolam_load *load, struct kolam_load_lane *lane, const char *how);

#endif
