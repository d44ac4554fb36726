/* What each of the crowd says, draws and looks at. */
#ifndef KOLAM_TOOLS_LOAD_CROWD_H
#define KOLAM_TOOLS_LOAD_CROWD_H

#include "load.h"

/* A timer's number is a client's, with what is due; without any of these, the hand's next move. */
#define KOLAM_LOAD_TIMER_LOOK 0x80000000u /* the eye's */
#define KOLAM_LOAD_TIMER_COMES 0x40000000u
#define KOLAM_LOAD_TIMER_RECONNECT 0x20000000u /* somebody's */
#define KOLAM_LOAD_TIMER_CHURN 0x10000000u     /* somebody's */
#define KOLAM_LOAD_TIMER_UNDO 0x08000000u
#define KOLAM_LOAD_TIMER_WHO 0x07ffffffu

/* load_client.c: from the handshake on. The events of the net, `ctx` is the load. */
void kolam_load_on_opened(void *ctx, uint32_t index);
void kolam_load_on_message(void *ctx, uint32_t index, enum kolam_ws_opcode opcode,
                           const uint8_t *payload, size_t size_bytes, int64_t now_us);
void kolam_load_on_ended(void *ctx, uint32_t index, const char *how);
void kolam_load_on_bytes(void *ctx, uint32_t index, const uint8_t *bytes, size_t size_bytes);
/* Sends a view; false if too many are unanswered. */
bool kolam_load_client_look(struct kolam_load *load, struct kolam_load_client *client,
                            const struct kolam_load_view *view);
/* Ends the run with an error in `format`'s words; the first one stays. */
void kolam_load_give_up(struct kolam_load *load, const char *format, ...) KOLAM_PRINTF(2, 3);

/* load_artist.c: the artist begins its score, and does what is due by now. */
void kolam_load_artist_begin(struct kolam_load *load, struct kolam_load_client *client);
void kolam_load_artist_due(struct kolam_load *load, struct kolam_load_client *client,
                           int64_t due_us);
/* Back again: what was not acknowledged is sent once more, and the score goes on where it is due. */
void kolam_load_artist_return(struct kolam_load *load, struct kolam_load_client *client);
/* Sends a hide or show, under a name of its own. */
void kolam_load_artist_change(struct kolam_load *load, struct kolam_load_client *client,
                              const struct kolam_load_part *change, int64_t due_us);
/* A PREVIEW record came: the moment at which the earliest of what it holds was due, and where its points are. NULL if it is not
 * remembered, or its body breaks the form. */
const struct kolam_load_sent_preview *kolam_load_artist_preview(struct kolam_load *load,
                                                                struct kolam_wire_reader payload);

/* load_eyes.c: the views at which a client begins, and how it goes on looking. */
void kolam_load_eyes_init(struct kolam_load *load);
void kolam_load_eye_init(struct kolam_load *load, struct kolam_load_client *client);
void kolam_load_eye_begin(struct kolam_load *load, struct kolam_load_client *client);
void kolam_load_eye_due(struct kolam_load *load, struct kolam_load_client *client, int64_t due_us);

/* load_turns.c: who goes and comes, and what is taken back. */
void kolam_load_turns_begin(struct kolam_load *load);
void kolam_load_turns_finish(struct kolam_load *load);
void kolam_load_reconnect_due(struct kolam_load *load, int64_t due_us);
/* The connection ended, at whatever it was: it is made again in a moment (--outlive). */
void kolam_load_come_back(struct kolam_load *load, struct kolam_load_client *client);
void kolam_load_churn_due(struct kolam_load *load, int64_t due_us);
void kolam_load_undo_due(struct kolam_load *load, uint32_t artist, int64_t due_us);

#endif
