/* The canvases there are, and those that are open: log, recent ops, tile versions, who is on it.
 *
 * A canvas is opened by a worker (opening touches the disk) when somebody needs it, and closed again when nobody has
 * for a minute. One that does not exist yet can be joined: it then has no log until its first op. */
#ifndef KOLAM_SERVER_CANVAS_H
#define KOLAM_SERVER_CANVAS_H

#include <jansson.h>

#include "kolam/folder.h"
#include "kolam/policy.h"
#include "earned.h"
#include "interest.h"
#include "lively.h"
#include "name_index.h"
#include "places.h"
#include "recent.h"
#include "server.h"
#include "versions.h"

enum kolam_canvas_state {
    KOLAM_CANVAS_ABSENT,  /* no file */
    KOLAM_CANVAS_CLOSED,  /* a file, nobody needs it */
    KOLAM_CANVAS_OPENING, /* a worker is at it */
    KOLAM_CANVAS_OPEN,
    KOLAM_CANVAS_CLOSING,
};

struct kolam_canvas {
    struct kolam_list link;
    struct kolam_server *server;
    char name[KOLAM_CANVAS_NAME_MAX + 1];
    char log_path[KOLAM_PATH_MAX], tiles_path[KOLAM_PATH_MAX];
    enum kolam_canvas_state state;
    char problem[320]; /* why it could not be opened, the last time */
    bool must_reopen;  /* somebody came while it was closing */
    uint32_t users;    /* sessions, requests, jobs: it stays while there are any */
    int64_t unused_since_ms;
    struct kolam_list waiting;  /* kolam_canvas_wait */
    struct kolam_list sessions; /* kolam_session.canvas_link */
    struct kolam_list viewers;  /* those of them who look at the same */
    struct kolam_interest interest;
    struct kolam_list outvoted; /* strokes whose votes are being counted; see votes_count.c */
    struct kolam_list orphans;  /* strokes whose authors vanished in mid-stroke */
    struct kolam_list here;     /* sessions of those who drew or moved a pen; see here.h */
    uint32_t client_count, here_count; /* welcomed sessions; those of them in `here` */

    /* While it is open. */
    struct kolam_log *log;
    uint64_t incarnation, last_seq;
    uint64_t base_seq; /* the first moment there is, if history was flattened; or 0 */
    struct kolam_recent recent;
    struct kolam_versions *versions;
    struct kolam_lively lively; /* its newest strokes */
    struct kolam_places places;
    struct kolam_policy policy;             /* who may do what; see policy_keep.h */
    json_t *policy_json;                    /* the same as clients are told, or NULL: to be made */
    bool is_policy_lost, is_policy_reading; /* for want of memory; a worker is at it */
    uint64_t policy_record_seq;             /* the newest act committed while it is open */
    struct kolam_quiet *quiet;              /* where no names are shown; see veil.h */
    uint32_t quiet_generation;              /* changes with every change of the policy */
    uint32_t newest_artist;                 /* numbers up to it are given */
    struct kolam_list earned[KOLAM_EARNED_BUCKETS]; /* kept when it closes */
    bool has_missed_earnings;       /* what was committed while nobody needed them */
    int64_t growth_ms;              /* when who has grown was looked at last */
    uint64_t places_changed_seq;    /* the newest record that clients were not told of; or 0 */
    uint64_t told_renaming;         /* the last of the server's that clients were told of */
    struct kolam_name_index *names; /* of artists; made when somebody searches */
    int64_t names_made_ms;
    bool are_names_old;     /* there are new ones */
    uint32_t names_noticed; /* how often: also while a worker makes them */
    bool was_full;          /* the log could not be written at the last look */

    /* Kept when it closes. */
    bool has_place; /* where the newest ink is, in pixels of that level */
    int32_t place_level;
    int64_t place_x, place_y;
    struct kolam_canvas_counts counts;
};

/* Somebody who waits for a canvas to be open; embedded in what waits. */
struct kolam_canvas_wait {
    struct kolam_list link;
    void (*done)(struct kolam_canvas_wait *wait, enum kolam_status status);
};

KOLAM_MUST_CHECK enum kolam_status kolam_canvases_create(struct kolam_server *server,
                                                         struct kolam_error *error);
/* Closes every log on this thread: what is queued is committed, and its outcomes come inside this call. */
void kolam_canvases_destroy(struct kolam_server *server);

/* The canvas of that name, made as absent if it is unknown; NULL for a bad name or without memory. */
struct kolam_canvas *kolam_canvas_get(struct kolam_server *server, const char *name);
/* The same, NULL if it does not exist. */
struct kolam_canvas *kolam_canvas_find(struct kolam_server *server, const char *name);
void kolam_canvas_hold(struct kolam_canvas *canvas);
void kolam_canvas_release(struct kolam_canvas *canvas);

/* Calls `wait->done` once the canvas is open, at once if it is, or with why it cannot be: KOLAM_ERR_NOT_FOUND
 * if it is absent and not to be created, KOLAM_ERR_FULL if there may be no more. The caller holds the canvas; a wait
 * is withdrawn by kolam_list_remove(&wait->link). */
void kolam_canvas_when_open(struct kolam_canvas *canvas, bool may_create,
                            struct kolam_canvas_wait *wait);

/* What a worker's job needs to know. */
struct kolam_canvas_paths {
    char log_path[KOLAM_PATH_MAX], tiles_path[KOLAM_PATH_MAX];
};

/* An artist drew, who may be new; or (0) somebody is called differently. */
static inline void kolam_names_notice(struct kolam_canvas *canvas, uint32_t artist) {
    if (artist == 0 || !canvas->names || artist > canvas->names->newest) {
        canvas->are_names_old = canvas->names != NULL;
        canvas->names_noticed++;
    }
}

/* A number is an artist's here. */
static inline void kolam_canvas_number(struct kolam_canvas *canvas, uint32_t artist) {
    canvas->newest_artist = artist > canvas->newest_artist ? artist : canvas->newest_artist;
    kolam_names_notice(canvas, artist);
}

/* Runs what the logs have completed. */
void kolam_canvases_dispatch(struct kolam_server *server);
/* Once a second: closes what is idle. */
void kolam_canvases_sweep(struct kolam_server *server, int64_t now_ms);
bool kolam_canvases_are_writable(const struct kolam_server *server);
uint32_t kolam_canvases_open_count(const struct kolam_server *server);
/* Visits all. */
void kolam_canvases_each(struct kolam_server *server,
                         void (*visit)(void *ctx, struct kolam_canvas *canvas), void *ctx);

#endif
