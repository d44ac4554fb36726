/* Whom an artist's number on a canvas means today: the person, also where the number is of a self that was merged into them since. */
#ifndef KOLAM_SERVER_WHOSE_H
#define KOLAM_SERVER_WHOSE_H

#include "kolam/log.h"
#include "kolam/pool.h"

struct kolam_ask;

struct kolam_whose {
    uint32_t artist;            /* asked */
    struct kolam_author author; /* found: who it is */
    enum kolam_status status;   /* KOLAM_ERR_NOT_FOUND: nobody has the number */

    struct kolam_job job;
    const struct kolam_ask *ask; /* the asker's, which holds session and canvas until it is done */
    void (*done)(struct kolam_whose *whose);
};

/* Loop thread. `done` may be called before it returns. */
void kolam_whose_find(struct kolam_whose *whose, const struct kolam_ask *ask, uint32_t artist,
                      void (*done)(struct kolam_whose *whose));

#endif
