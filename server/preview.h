/* A stroke while the pen is down, as preview.c, preview_out.c and orphans.c share it. */
#ifndef KOLAM_SERVER_PREVIEW_H
#define KOLAM_SERVER_PREVIEW_H

#include "session.h"

struct kolam_preview {
    struct kolam_list link; /* session->previews or canvas->orphans */
    uint32_t counter;
    struct kolam_stroke stroke; /* points below */
    uint32_t capacity;

    struct kolam_list due_link;    /* in the fan-out's list while something is to be passed on */
    struct kolam_session *session; /* whose it is then */
    struct kolam_bytes *due;       /* the one message since the last tick, as it leaves, or NULL */
    uint32_t passed;               /* so many points were passed on and have not changed since */
    enum kolam_shown shown;        /* as what it was passed on last */

    /* An orphan's. */
    struct kolam_author author;
    struct kolam_standing standing;
    uint64_t nonce;
    int64_t until_ms;
};

/* Others forget it: a preview of that session's counter that they saw as `shown`. `except` is its author, or NULL. */
void kolam_preview_end(struct kolam_canvas *canvas, struct kolam_session *except, uint64_t nonce,
                       uint32_t counter, enum kolam_shown shown);

void kolam_preview_destroy(struct kolam_preview *preview);

/* Points past `passed` are to be passed on at the tick; `record` is the message that brought them (preview_out.c). */
void kolam_preview_make_due(struct kolam_preview *preview, const struct kolam_in_record *record);
/* Passes on what is due of it, now. */
void kolam_preview_pass_on(struct kolam_preview *preview);
/* Passes on a message as it came; server->homes are those of its points. */
void kolam_preview_forward(struct kolam_session *session, uint32_t artist,
                           const struct kolam_in_record *record, uint32_t home_count,
                           bool is_nobodys);

/* A stroke that the session's author left behind, and taking it back (orphans.c). */
struct kolam_preview *kolam_orphan_find(struct kolam_session *session, uint32_t counter);
void kolam_orphan_take(struct kolam_canvas *canvas, struct kolam_preview *orphan);

#endif
