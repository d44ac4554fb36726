/* The frames of a tick, made once for all who are sent the same; see compose.c. */
#ifndef KOLAM_SERVER_COMPOSE_H
#define KOLAM_SERVER_COMPOSE_H

#include "fanout.h"

/* What was composed for one list of records. */
struct kolam_composed {
    const struct kolam_viewers *viewers; /* whose list it is */
    uint64_t hash;
    uint32_t next;       /* in the bucket; 0: none */
    uint32_t begin, end; /* in the room's chunks: everything */
    uint32_t calm_begin,
        calm_end; /* without previews, for those who are congested; made when wanted */
    bool has_calm, has_failed;
    uint64_t waited_us;            /* since the first of them was due */
    uint32_t ops, previews, tiles; /* records */
    uint64_t last_seq;             /* of the ops */
};

struct kolam_compose *kolam_compose_create(void); /* NULL when out of memory */
void kolam_compose_destroy(struct kolam_compose *compose);

/* What is sent to these viewers, made for them or for others before; NULL without memory. It stays until the next call,
 * its frames until kolam_compose_end. */
struct kolam_composed *kolam_compose_get(struct kolam_server *server,
                                         const struct kolam_viewers *viewers);
/* Has it hold frames without previews, too; false without memory. */
bool kolam_compose_calm(struct kolam_fanout *fanout, struct kolam_composed *composed);
/* Frame number `i`, KOLAM_SOCKET_PAD bytes into the buffer. */
struct kolam_bytes *kolam_compose_chunk(const struct kolam_compose *compose, uint32_t i);
/* The tick has written all of it. */
void kolam_compose_end(struct kolam_compose *compose);

#endif
