/* Those who look at the same: all sessions of a canvas with one view share one list of what is due to them, and at
 * the tick one ready-made frame (tick.c).
 *
 * What concerns a view is added to its viewers' list once, however many they are. Who comes in mid-tick has the
 * list's length as its `skip`: what is before is not for it. Who leaves in mid-tick, or gets an answer that counts on
 * what came before, takes what is pending into its own outbox first, so that the order stays. Sessions that
 * have no view yet are viewers too, of nothing: news for everybody reaches them. A session that was told to
 * look again is nobody's viewer until it does. Who sees names in quiet areas and who does not are two groups, also with
 * one view (veil.h). */
#ifndef KOLAM_SERVER_VIEWERS_H
#define KOLAM_SERVER_VIEWERS_H

#include "interest.h"
#include "outbox.h"

struct kolam_canvas;
struct kolam_server;
struct kolam_session;
struct kolam_view_job;

/* Tiles of the view whose pictures have changed, told later, together: seqs[i] is 0 where nothing is due. */
struct kolam_notices {
    struct kolam_list link; /* in the fan-out's list while something is due */
    uint64_t *seqs;         /* one per tile of the view; NULL: none yet */
    uint32_t count;
    int64_t due_ms;
};

#define KOLAM_VIEWERS_FEW 14 /* more than that pending take memory of their own */

struct kolam_viewers {
    struct kolam_interest_item interest; /* first: the index hands it back; holds the view */
    /* Pending since the last tick: places among the fan-out's records. What an op touches of each group stands
     * together: with a thousand different views that is most of its cost. */
    uint32_t *items;
    uint32_t count, capacity;
    uint64_t hash; /* of them */
    uint32_t few[KOLAM_VIEWERS_FEW];
    uint32_t member_count;
    struct kolam_list dirty_link;  /* in one of the fan-out's lists while something is pending: */
    uint64_t due_us, since_tick;   /* since when, and which tick was gathered for then; */
    uint32_t since;                /* no place in `items` is older */
    uint8_t turn;                  /* in which of the ticks they are written if nothing is urgent */
    bool is_urgent;                /* an op is pending */
    struct kolam_list link;        /* in the table, by canvas and view */
    struct kolam_list canvas_link; /* canvas->viewers */
    struct kolam_canvas *canvas;   /* the members hold it */
    struct kolam_list members;     /* kolam_session.viewers_link */
    struct kolam_notices notices;
    struct kolam_view_job *view_job; /* reads versions for those who wait; NULL: none does */
};

struct kolam_viewers_table;

struct kolam_viewers_table *kolam_viewers_table_create(void); /* NULL when out of memory */
void kolam_viewers_table_destroy(struct kolam_viewers_table *table);

/* Makes the session, which is open, a viewer of `view` (is_set false: of nothing) instead of what it was; pending
 * things go with it. KOLAM_ERR_NOMEM: it is nobody's viewer now. */
KOLAM_MUST_CHECK enum kolam_status kolam_viewers_join(struct kolam_session *session,
                                                      const struct kolam_view *view);
/* The session is nobody's viewer any more, and what was pending is not its own. */
void kolam_viewers_leave(struct kolam_session *session);
/* Moves what is pending for the session into its outbox. */
void kolam_viewers_settle(struct kolam_session *session);

/* Adds a record of this tick (kolam_records_add) to what is due: an op at the tick's end, anything else when it is their
 * turn, if no op comes before. Without memory (KOLAM_RECORDS_NONE) the members are closed. */
void kolam_viewers_add(struct kolam_viewers *viewers, uint32_t record);
/* It was written: forgets what was pending, and the viewers themselves if there are none. */
void kolam_viewers_clear(struct kolam_viewers *viewers);

#endif
