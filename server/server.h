/* The server's parts, wired together by serve.c. All of it is the loop thread's. */
#ifndef KOLAM_SERVER_SERVER_H
#define KOLAM_SERVER_SERVER_H

#include <stdatomic.h>

#include "kolam/folder.h"
#include "kolam/identity.h"
#include "kolam/pool.h"
#include "keyed_hash.h"
#include "list.h"
#include "loop.h"
#include "metrics.h"
#include "net.h"
#include "options.h"

struct kolam_server {
    const struct kolam_options *options;
    struct kolam_logfmt logfmt;
    struct kolam_clock clock;
    struct kolam_loop *loop;
    struct kolam_net *net;
    struct kolam_folder *folder;
    struct kolam_pool *pool;
    struct kolam_identity_thread *identity;
    struct kolam_sanctions *sanctions;
    struct kolam_whence *whence;
    struct kolam_report_room *report_room;
    struct kolam_claims *claims;
    struct kolam_limits *limits;
    struct kolam_guesses *guesses;
    struct kolam_renaming *renaming;
    struct kolam_hash_key veil_key; /* of nonces that are nobody's; see veil.h */
    uint32_t exports;               /* of what is known of people, under way */
    struct kolam_canvases *canvases;
    struct kolam_fanout *fanout;
    struct kolam_tiles *tiles;
    struct kolam_history_tiles *history_tiles;
    uint32_t history_jobs; /* questions about the past at the workers, over HTTP */
    uint32_t outline_jobs; /* texts at the workers */
    struct kolam_snapshots *snapshots;
    struct kolam_blocks *blocks;
    struct kolam_answers *answers;
    struct kolam_trim *trim;
    struct kolam_static *static_files;
    struct kolam_op_room *room; /* for decoding what comes in */
    struct kolam_home *homes;   /* KOLAM_STROKE_HOMES_MAX, the same */
    struct kolam_list sessions;
    struct kolam_list follows;   /* sessions with something to pass on to who follows them */
    struct kolam_list throttled; /* sessions that are not read from until a time */
    uint32_t session_number;     /* the last given, for log lines */
    uint64_t renamings;          /* so far; see people.c */
    struct kolam_metrics metrics;
    char door_text[256]; /* the door's last reason, where it is made up */
    char admin_token[65];
    int notify_fd; /* the service manager's, notify.h; -1: none */
    char instance[17];
    atomic_uint damaged_rows;       /* of identity.db and moderation.db, found so far */
    atomic_bool tiles_are_stopping; /* read by workers: give up */
    bool has_confined_files;        /* confine.h */
    bool is_stopping, has_said_goodbye;
    int64_t stop_deadline_ms;
};

#endif
