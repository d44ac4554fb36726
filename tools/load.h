/* kolam load: a crowd of artists and watchers from one process and thread, each a WebSocket connection of its own, and the
 * account of what they were owed and got. Parts: load_strokes.h what is drawn, load_ledger.h and load_watch.h the account,
 * load_net.h the connections, load_crowd.h what each of the crowd does. */
#ifndef KOLAM_TOOLS_LOAD_H
#define KOLAM_TOOLS_LOAD_H

#include <stdio.h>

#include "http.h"
#include "load_fetch.h"
#include "load_hist.h"
#include "load_net.h"
#include "load_proc.h"
#include "load_random.h"
#include "load_timers.h"
#include "load_watch.h"
#include "tool.h"

#define KOLAM_LOAD_LATE_MAX_S 120 /* what has not come by then will not */

enum kolam_load_mode { KOLAM_LOAD_SPREAD, KOLAM_LOAD_SAME, KOLAM_LOAD_OVERLAP };

struct kolam_load_options {
    const char *server, *canvas;
    uint32_t artists, watchers, stalled, joins;
    double rate, tempo, seconds, settle_s, late_s, join_s, pan;
    double reconnects, churn, undo; /* a second: of all, of all, of each artist */
    enum kolam_load_mode mode;
    const char *const *files;
    int file_count;
    uint64_t seed;
    pid_t server_pid;    /* 0: not told */
    const char *journal; /* NULL: none is kept */
    bool is_json, has_no_previews, outlives;
};

enum kolam_load_kind {
    KOLAM_LOAD_ARTIST,
    KOLAM_LOAD_WATCHER,
    KOLAM_LOAD_STALLED, /* reads nothing once it has its view */
    KOLAM_LOAD_JOINER   /* a watcher that comes in the middle of it */
};

enum kolam_load_state {
    KOLAM_LOAD_ABSENT,
    KOLAM_LOAD_CONNECTING,
    KOLAM_LOAD_SHAKING,  /* the handshake's answer is awaited */
    KOLAM_LOAD_GREETING, /* welcome, identity or the first VIEW is */
    KOLAM_LOAD_HERE,
    KOLAM_LOAD_AWAY, /* the connection broke, or another comes in this one's place: soon */
    KOLAM_LOAD_GONE
};

/* Where an artist is in the score. */
struct kolam_load_hand {
    size_t at;           /* the stroke being drawn, or next */
    int64_t loop_us;     /* when this round of the score began */
    uint32_t counter;    /* of that stroke's first op */
    uint32_t next;       /* the first counter that nothing has yet */
    uint32_t unacked;    /* all before it are acknowledged, or refused */
    uint32_t resent;     /* all before it left before the connection was lost */
    bool is_idle;        /* no timer is set: it was due while the artist was away */
    char token[65];      /* who it is; empty before it is known */
    uint64_t hidden_seq; /* of the stroke taken back last; 0: none, or shown again */
    struct kolam_load_ink hidden_ink;
    uint32_t points; /* of it that are due */
    uint32_t previewed;
    int64_t points_us; /* when the newest due point was, on the stroke's clock */
    double x, y;       /* the pen's place, level-0 pixels */
    struct kolam_load_sent_preview {
        uint32_t counter, first;
        int64_t due_us;
        size_t
            body_bytes; /* of what came last under this name: the server may join it with later ones */
        struct kolam_load_ink ink; /* of that */
    } previews[64];
};

/* How a watcher looks about. */
struct kolam_load_eye {
    uint32_t artist; /* whom it follows */
    uint32_t width, height;
    int32_t level;
    bool is_mover, is_far;
    bool is_idle;                  /* as a hand's */
    double x, y, speed_x, speed_y; /* level-0 px, px a second at the view's level */
    int64_t burst_ends_us;
};

struct kolam_load_client {
    struct kolam_load_conn conn;
    uint8_t kind, state;
    bool is_back; /* was here before: comes back to its view and its strokes */
    uint32_t view_id;
    int64_t begun_us;   /* connecting */
    int64_t arrived_us; /* the first or the newest time */
    struct kolam_load_watch watch;
    struct kolam_load_view first_view;
    struct kolam_load_eye eye;
    struct kolam_load_hand *hand;   /* an artist's */
    struct kolam_load_fetch *fetch; /* a joiner's */
};

struct kolam_load_change; /* load_turns.c's: a hide or show that was made up */
struct kolam_load_left;   /* load_partial.c's: a stroke that was left behind */

struct kolam_load {
    struct kolam_load_options options;
    struct kolam_url url;
    struct kolam_load_plan plan;
    struct kolam_load_ledger ledger;
    struct kolam_load_findings findings;
    struct kolam_load_judge judge;
    struct kolam_load_timers timers;
    struct kolam_load_net net;
    struct kolam_load_random random;
    struct kolam_op_room room; /* for what is decoded */
    uint64_t tile_seqs[KOLAM_LOAD_VIEW_TILES_MAX];
    struct kolam_load_client *clients;
    uint32_t client_count;
    uint32_t absent_at;             /* the first client that has not begun to connect */
    uint32_t under_way, here, gone; /* connecting or greeting; those that are there; those closed */
    uint32_t away;
    uint32_t wanted;          /* there before the run begins: all but the joiners */
    bool is_running;          /* the artists draw */
    int64_t begin_us, end_us; /* of the run */
    struct kolam_load_hist op_latency, commit_latency, ack_latency, preview_latency, join_time, lag;
    uint64_t ops_sent, previews_sent, cursors_sent, nacks, early, joined;
    uint64_t reconnects, churned, undone, resent;
    uint64_t outlived;                  /* connections that the server ended, and that came back */
    FILE *journal_file;                 /* NULL: none is kept */
    struct kolam_load_hist return_time; /* from the new connection to the view */
    struct kolam_load_change *changes;
    struct kolam_load_left *left;
    char incarnation[17]; /* of the canvas; names tiles */
    int raster;
    struct kolam_load_hist picture_time; /* joiners: until the last tile was there */
    uint64_t fetching, tiles_fetched, fetches_redirected, fetches_failed;
    uint64_t bytes_at_begin, frames_at_begin;
    struct kolam_load_usage usage_begin, usage_end; /* the server's */
    struct kolam_load_usage own_begin, own_end;
    uint64_t delivered_at_end, bytes_at_end, frames_at_end;
    int signals_fd;
    struct kolam_progress progress;
    struct kolam_error error; /* what ended the run before its time */
    bool has_failed, is_interrupted;
};

int64_t kolam_load_now_us(void);

/* load.c and load_run.c: the phases. */
enum kolam_status kolam_load_run(struct kolam_load *load);

/* load_report.c: the summary; gives the exit status. */
void kolam_load_live_line(struct kolam_load *load, int64_t now_us);
int kolam_load_report(const struct kolam_load *load);

#endif
