/* Something about every canvas that there is, one after another: a worker looks at each one's file, the loop acts on what it saw. For
 * what is asked seldom and concerns somebody everywhere. The loop thread's, but for `run`. */
#ifndef KOLAM_SERVER_CANVAS_WALK_H
#define KOLAM_SERVER_CANVAS_WALK_H

#include "canvas.h"
#include "kolam/pool.h"

struct kolam_canvas_walk {
    /* The walker's, set before it begins; the walk is embedded in it. */
    struct kolam_server *server;
    void (*run)(struct kolam_canvas_walk *walk, struct kolam_reader *reader); /* a worker's */
    void (*each)(struct kolam_canvas_walk *walk); /* after it; kolam_canvas_walk_next goes on */
    void (*done)(struct kolam_canvas_walk *walk); /* once, at the end, also if it is cut short */

    struct kolam_canvas *canvas; /* the one at hand, held */
    enum kolam_status status;    /* whether its file could be read */
    bool is_cut;                 /* the server is stopping, or there was no memory */

    struct kolam_job job;
    char (*names)[KOLAM_CANVAS_NAME_MAX + 1];
    uint32_t count, at;
};

/* Those that have a file now. */
void kolam_canvas_walk_begin(struct kolam_canvas_walk *walk);
void kolam_canvas_walk_next(struct kolam_canvas_walk *walk);

#endif
