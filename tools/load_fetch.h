/* What a newcomer fetches over HTTP once its view is answered: the pictures of its tiles, one after another. */
#ifndef KOLAM_TOOLS_LOAD_FETCH_H
#define KOLAM_TOOLS_LOAD_FETCH_H

#include "load_geometry.h"
#include "load_net.h"

#define KOLAM_LOAD_HEAD_MAX 2048

struct kolam_load;

struct kolam_load_fetch {
    struct kolam_load_conn conn; /* its index is the client's plus the number of clients */
    struct kolam_load_view view;
    uint64_t *seqs; /* of the view's tiles; 0: nothing was drawn, nothing is fetched */
    uint32_t at;    /* the tile being fetched */
    char head[KOLAM_LOAD_HEAD_MAX];
    uint32_t head_bytes;
    uint64_t body_left;
    bool is_in_body, is_over;
};

/* Begins to fetch a joiner's tiles, of which `seqs` tells the versions. */
void kolam_load_fetch_begin(struct kolam_load *load, uint32_t client,
                            const struct kolam_load_view *view, const uint64_t *seqs);
void kolam_load_fetch_finish(struct kolam_load_fetch *fetch); /* NULL is safe */

/* The net's events of such a connection. */
void kolam_load_fetch_opened(struct kolam_load *load, struct kolam_load_fetch *fetch);
void kolam_load_fetch_bytes(struct kolam_load *load, struct kolam_load_fetch *fetch,
                            const uint8_t *bytes, size_t size_bytes);
void kolam_load_fetch_ended(struct kolam_load *load, struct kolam_load_fetch *fetch,
                            const char *how);

#endif
