/* One tile made by a worker: version, picture, PNG; or the older picture of a far tile, at once. */
#ifndef KOLAM_SERVER_TILE_JOB_H
#define KOLAM_SERVER_TILE_JOB_H

#include "canvas.h"

struct kolam_tile_job {
    struct kolam_job job;
    struct kolam_list link;      /* among those under way */
    struct kolam_canvas *canvas; /* held */
    struct kolam_tile_id tile;
    bool may_take_long;         /* an averaged tile may be drawn anew */
    bool must_wait;             /* it would have been: to be submitted again as KOLAM_JOB_FAR */
    bool may_be_older;          /* an averaged tile's stored picture will do */
    struct kolam_list requests; /* who waits: http_tiles.c's */
    void *ctx;                  /* whose job it is */
    uint32_t failures;          /* of it before, in a row: tile_rebuild.c's */

    enum kolam_status status;
    uint64_t version;   /* of the tile now */
    uint64_t shown_seq; /* of the picture: less than `version` if it is an older one */
    bool is_averaged, is_empty;
    uint8_t *png; /* kolam_alloc'ed; NULL if empty */
    size_t png_size;
};

/* NULL when out of memory. `done` owns the job and ends it with kolam_tile_job_destroy. */
struct kolam_tile_job *kolam_tile_job_create(struct kolam_canvas *canvas, struct kolam_tile_id tile,
                                             enum kolam_job_priority priority,
                                             void (*done)(struct kolam_job *job));
void kolam_tile_job_destroy(struct kolam_tile_job *job);

/* Which of `count` hash buckets the tile belongs to. */
uint32_t kolam_tile_bucket(struct kolam_tile_id tile, uint32_t count);

#endif
