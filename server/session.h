/* One client's WebSocket: who it is, what it looks at, what it waits for, what waits for it.
 *
 * Jobs and identity requests outlive a connection, so a session is counted: the connection holds one
 * reference, each request in flight another; `state` tells the late ones that nobody is there any more. */
#ifndef KOLAM_SERVER_SESSION_H
#define KOLAM_SERVER_SESSION_H

#include <jansson.h>

#include "ask.h"
#include "canvas.h"
#include "follow.h"
#include "here.h"
#include "outbox.h"
#include "pass.h"
#include "protocol_in.h"
#include "sanctions.h"
#include "standing.h"
#include "view.h"

enum kolam_session_state {
    KOLAM_SESSION_NEW,     /* before hello */
    KOLAM_SESSION_JOINING, /* hello came; identity and canvas are being looked up */
    KOLAM_SESSION_OPEN,    /* welcomed */
    KOLAM_SESSION_CLOSED,
};

/* A view that came while one had just been worked on; the newest counts. */
struct kolam_next_view {
    struct kolam_list link; /* in the fan-out's list while one waits */
    struct kolam_view view;
    bool has_since;
    uint64_t since;
};

/* The pen's place, passed on at the tick; the newest counts. */
#define KOLAM_PLACE_BYTES_MAX 48 /* a level, four varints */
struct kolam_cursor {
    struct kolam_list link; /* in the fan-out's list while one waits */
    struct kolam_extent extent;
    uint8_t place[KOLAM_PLACE_BYTES_MAX];
    size_t place_size;
    bool is_seen; /* by those who do not see names in quiet areas, where it was last */
};

/* As what others saw a stroke that is being drawn: its author's, or nobody's (veil.h). */
enum kolam_shown { KOLAM_SHOWN_NOT, KOLAM_SHOWN_AS_IS, KOLAM_SHOWN_AS_NOBODYS };

/* The author's former selves: their strokes are the author's own. */
struct kolam_formers {
    struct kolam_selves selves;
    uint32_t
        artists[KOLAM_FORMERS_MAX]; /* their numbers on this canvas; 0: none, or not known yet */
};

/* Whom act_as bound to a slot. */
struct kolam_slot {
    struct kolam_author author;
    uint32_t artist; /* the number on this canvas; 0: not known yet */
};

struct kolam_session {
    /* What the tick touches of each member stands together. */
    struct kolam_list viewers_link;
    struct kolam_server *server;
    struct kolam_socket *ws;
    struct kolam_canvas *canvas; /* held from hello on */
    uint64_t authored_tick;      /* the last tick in which something is not to be sent back to it */
    uint32_t skip;               /* so many of what is pending for the viewers are not for it */
    uint32_t number;
    struct kolam_outbox outbox;

    struct kolam_list link;        /* server->sessions */
    struct kolam_list canvas_link; /* canvas->sessions, while open */
    struct kolam_list dirty_link;  /* in the fan-out's list while it has something to write */
    struct kolam_list ack_link;    /* the same while an ACK waits that has not been looked at */
    uint32_t refs;
    enum kolam_session_state state;
    int64_t opened_ms;
    struct kolam_address address; /* kolam_request.peer */

    struct kolam_canvas_wait wait;
    uint64_t nonce;
    bool is_watch, is_admin, is_browser;
    bool is_secure; /* a browser whose page came by https */
    bool
        has_others_nonce; /* somebody else who is here uses it: its unfinished strokes are not shown */

    bool has_secret; /* a cookie or token came; looked up with hello */
    uint8_t secret[KOLAM_SECRET_BYTES];
    bool has_author, is_identifying, is_renaming, is_numbering, is_identity_told;
    bool is_looking, must_look_again; /* who the author is by now; see selves.c */
    struct kolam_author author;
    struct kolam_formers
        *formers; /* selves of the author that were merged into this one; or NULL */
    struct kolam_subject
        *subject;    /* what a sign-in service calls them, by a trusted proxy; or NULL */
    uint32_t artist; /* the author's number on this canvas; 0: none yet */
    struct kolam_standing_state standing;
    struct kolam_earned *earned; /* with an author; NULL: not yet, or without memory */
    int invited_role;            /* to this canvas, an enum kolam_role; -1: not invited */

    uint8_t pass[KOLAM_PASS_BYTES]; /* shows in a request that it is this session's; see pass.h */

    struct kolam_view view; /* as it asked; is_set false before, and while it is to look again */
    struct kolam_viewers *viewers; /* whom it shares the view with; NULL: see viewers.h */
    uint64_t followed_seq;         /* the canvas's newest op when it came to them */

    struct kolam_view_job *view_job; /* waits for its versions, or NULL */
    struct kolam_list view_link;     /* in the job's list */
    bool is_view_late;               /* it came to the job when that was reading already */
    bool is_resumed;                 /* what its answer is to say */
    uint64_t next_view_tick; /* the first in which another view of it is worked on at once */
    struct kolam_next_view next_view;
    uint64_t queued_us; /* since when the outbox holds something; 0: it does not */

    bool is_refreshing; /* it was told to look again and has not yet */
    uint32_t asks;      /* questions at the workers: views, names */
    uint32_t
        in_flight_ops; /* submitted, not yet durable; their outcomes find the session closed if it is */
    uint64_t in_flight_bytes;
    uint32_t second_looks;     /* submissions that the door refused and the log was asked about */
    struct kolam_slot **slots; /* act_as; NULL where nobody is */
    uint32_t slot_count;

    struct kolam_list previews; /* strokes being drawn */
    uint32_t preview_count;
    struct kolam_cursor cursor;
    bool was_seen; /* others got a preview or a cursor of it */
    struct kolam_here here;
    struct kolam_follow follow;
    struct kolam_payer payer;         /* limits.h */
    uint64_t paused_until_us;         /* it took more than it may: it is not read from before */
    struct kolam_list throttled_link; /* in the server's list until then */
    uint64_t
        gathers_until_us; /* its address is written to too often: what it sees waits; 0: it does not */
    struct kolam_budget reports_budget;
    struct kolam_restraint_state restraint;
};

/* The network's handlers. */
void *kolam_session_on_open(struct kolam_server *server, struct kolam_socket *ws,
                            const struct kolam_request *request);
void kolam_session_on_received(void *session, size_t size, uint32_t frames);
void kolam_session_on_message(void *session, bool is_text, const uint8_t *bytes, size_t size);
void kolam_session_on_writable(void *session);
void kolam_session_on_close(void *session);

void kolam_session_ref(struct kolam_session *session);
void kolam_session_unref(struct kolam_session *session);

/* Queues for the next tick, with a reference of the item's bytes, which may be NULL (out of memory: the session is
 * closed). */
void kolam_session_queue(struct kolam_session *session, const struct kolam_out_item *item);
/* An essential record; takes the reference. */
void kolam_session_send(struct kolam_session *session, struct kolam_bytes *record);
/* A text message, as kolam_session_text makes it of JSON; the reference stays the caller's. */
void kolam_session_send_text(struct kolam_session *session, struct kolam_bytes *text);
struct kolam_bytes *
kolam_session_text(json_t *message); /* takes the reference; NULL without memory */
/* A text message; takes the reference of `message`. */
void kolam_session_send_json(struct kolam_session *session, json_t *message);
/* An error message; with `is_fatal` the connection is closed with `close_code`. */
void kolam_session_error(struct kolam_session *session, const char *code, const char *text,
                         uint16_t close_code, bool is_fatal);
/* A protocol error: message, log line, close. */
void kolam_session_refuse(struct kolam_session *session, const char *text);
void kolam_session_close(struct kolam_session *session, uint16_t code, const char *reason);
/* Once a second: closes who has not read for --stall-ms, and who never said hello. */
void kolam_sessions_sweep(struct kolam_server *server);

/* Text messages (messages.c). */
void kolam_messages_on_text(struct kolam_session *session, const uint8_t *bytes, size_t size);

/* hello (join.c). */
void kolam_join_hello(struct kolam_session *session, const json_t *message);

/* identify, rename (people.c), who (who.c), act_as (act_as.c). */
void kolam_people_identify(struct kolam_session *session);
void kolam_people_rename(struct kolam_session *session, const json_t *message);
void kolam_people_who(struct kolam_session *session, const json_t *message);
void kolam_people_act_as(struct kolam_session *session, const json_t *message);
/* Asks for the author's number if it is not known: others want to show a name at the pen. */
void kolam_people_number(struct kolam_session *session);
/* The author's number on this canvas became known. */
void kolam_people_set_artist(struct kolam_session *session, uint32_t artist);

/* mine, rollback (history_mine.c, history_rollback.c). */
void kolam_history_mine(struct kolam_session *session, const json_t *message);
void kolam_history_rollback(struct kolam_session *session, const json_t *message);

/* Limits (throttle.c). What has come already is charged, and reading stops until it is paid for; what can be refused is taken: false
 * if it is too much. */
void kolam_session_charge(struct kolam_session *session, enum kolam_limit limit, uint64_t cost);
KOLAM_MUST_CHECK bool kolam_session_take(struct kolam_session *session, enum kolam_limit limit,
                                         uint64_t cost);
/* Whether it may ask one more of the questions that are not asked often: they count as ten. */
KOLAM_MUST_CHECK bool kolam_ask_is_within_budget(struct kolam_session *session);
/* Its author is known: that one pays, on every connection. */
void kolam_session_pay_as_author(struct kolam_session *session);
/* How long it will not be read from. */
uint64_t kolam_session_pause_us(const struct kolam_session *session);
/* Whether what is shown to many may go out to this one now; counts it. Otherwise it is gathered for a while, without previews. */
KOLAM_MUST_CHECK bool kolam_session_may_be_shown(struct kolam_session *session);
/* True unless its canvas would have to be made, and that is too much. */
KOLAM_MUST_CHECK bool kolam_session_may_create(struct kolam_session *session);
/* At the tick: reads again from those who have paid. */
void kolam_sessions_tick(struct kolam_server *server);

/* The view (view_answer.c). Of those that a session sends while previews are gathered one is worked on, the newest. */
void kolam_view_set(struct kolam_session *session, const struct kolam_view *view, bool has_since,
                    uint64_t since);
/* The session does not wait for an answer any more. */
void kolam_view_cancel(struct kolam_session *session);
/* Works on the views that waited for the tick. */
void kolam_views_tick(struct kolam_server *server);

/* A question goes to the workers, or its answer came: who asks too much is not read from for a while. */
void kolam_session_begin_ask(struct kolam_session *session);
void kolam_session_end_ask(struct kolam_session *session);
/* Reads from the client, or not, as what is in flight allows. */
void kolam_session_update_reading(struct kolam_session *session);

/* Strokes (submit.c). */
void kolam_submit_record(struct kolam_session *session, const struct kolam_in_record *record);
/* Called at a commit before it is shown to anybody: the author hears of it first. */
void kolam_submit_on_commit(const struct kolam_submission *submission);
/* The session that submitted it as its author's, and is still there; or NULL. */
struct kolam_session *kolam_submit_author(const struct kolam_submission *submission);

/* Previews and cursors (preview.c). */
void kolam_preview_record(struct kolam_session *session, const struct kolam_in_record *record);
void kolam_preview_record_as(struct kolam_session *session, const struct kolam_in_record *record);
void kolam_preview_cancel(struct kolam_session *session, uint32_t counter);
void kolam_preview_cursor(struct kolam_session *session, const struct kolam_in_record *record);
/* Passes on what came since the last tick. */
void kolam_previews_tick(struct kolam_server *server);
/* The stroke was submitted: its preview is over. How it was seen. */
enum kolam_shown kolam_preview_submitted(struct kolam_session *session, uint32_t counter);
/* The connection ended. */
void kolam_preview_leave(struct kolam_session *session);
/* Commits the strokes whose authors did not come back until now. */
void kolam_preview_sweep(struct kolam_server *server, int64_t now_ms);

#endif
