/* The sanctions in force, in memory: what is asked at every stroke. moderation.db has them all; here are those that hold,
 * loaded before anybody is served, changed when a change is durable, gone when their time is. The loop thread's. */
#ifndef KOLAM_SERVER_SANCTIONS_H
#define KOLAM_SERVER_SANCTIONS_H

#include <jansson.h>

#include "budget.h"
#include "moderation_thread.h"
#include "restraint.h"
#include "verdict.h"

struct kolam_server;
struct kolam_session;
struct kolam_sanctions;

#define KOLAM_SANCTIONS_MAX 4096 /* in force at once */

/* What a session remembers of them. */
struct kolam_restraint_state {
    struct kolam_restraint restraint;
    uint64_t generation; /* of the list, when it was looked up; 0: never */
    bool has_ident;      /* for whom */
    uint8_t ident[KOLAM_IDENT_BYTES];
    bool was_told;                   /* the client knows of something */
    struct kolam_budget slow_budget; /* of who is slowed down by a prefix */
    char text[KOLAM_RESTRAINT_TEXT_BYTES];
};

/* Opens moderation.db, loads what is in force, starts its thread. */
KOLAM_MUST_CHECK enum kolam_status kolam_sanctions_create(struct kolam_server *server,
                                                          struct kolam_error *error);
/* Finishes what is queued for moderation.db, and ends its thread; what is in force, and the time, are known until all is destroyed:
 * canvases, which go by it, write on meanwhile. */
void kolam_sanctions_stop(struct kolam_server *server);
void kolam_sanctions_destroy(struct kolam_server *server);
struct kolam_moderation_thread *kolam_sanctions_thread(const struct kolam_server *server);
/* The time by which sanctions, modes, areas, codes and invitations end (steady.h). Any thread, once there are sanctions. */
int64_t kolam_sanctions_now_ms(const struct kolam_server *server);

/* What holds for a session; valid until the next call. Who has the admin token is never restrained. */
const struct kolam_restraint *kolam_sanctions_of(struct kolam_session *session);
/* Whether it is kept out altogether: suspended, banned, also without being told. */
bool kolam_sanctions_keep_out(const struct kolam_session *session);
/* May it do that, as far as sanctions go? The reason is the session's, until the next call. */
struct kolam_verdict kolam_sanctions_judge(struct kolam_session *session, enum kolam_action action);
/* The same for how often who is slowed down draws; to be asked once for what comes at once. */
struct kolam_verdict kolam_sanctions_judge_pace(struct kolam_session *session);
/* Whether that is forbidden, by a sanction of a person, to somebody who may be far away. */
bool kolam_sanctions_keep_from(const struct kolam_server *server, const char *canvas,
                               const uint8_t ident[KOLAM_IDENT_BYTES], enum kolam_action action);
/* Hides what it shows in the moment in which it is committed, if the session's author is under a hidden ban. */
KOLAM_MUST_CHECK enum kolam_status kolam_sanctions_withhold(struct kolam_session *session,
                                                            struct kolam_submission *submission);
/* Whether somebody at this address may not even look, on that canvas (NULL: anywhere, by a sanction of all). */
bool kolam_sanctions_shut_out(const struct kolam_server *server, const char *canvas,
                              const struct kolam_address *address);
/* [{"kind","until","why","everywhere"},...], of what is told. */
json_t *kolam_sanctions_told(struct kolam_session *session);
/* The session was welcomed: what it was told in doing so is not told again. */
void kolam_sanctions_welcomed(struct kolam_session *session);

/* A sanction is kept now, or was ended: `sanction` as it is. Sessions hear of it, and are drawn back. KOLAM_ERR_FULL: there are
 * too many (look before it is kept). */
bool kolam_sanctions_have_room(const struct kolam_server *server);
void kolam_sanctions_put(struct kolam_server *server, const struct kolam_sanction *sanction);
/* One of those in force on the canvas, or everywhere; and the newest of them older than `before`. NULL; valid until the list changes. */
const struct kolam_sanction *kolam_sanctions_find(const struct kolam_server *server,
                                                  const char *canvas, uint64_t id);
const struct kolam_sanction *kolam_sanctions_before(const struct kolam_server *server,
                                                    const char *canvas, uint64_t before);
/* Two identities became one, and somebody was erased: without waiting. */
void kolam_sanctions_merged(struct kolam_server *server, const uint8_t from[KOLAM_IDENT_BYTES],
                            const uint8_t to[KOLAM_IDENT_BYTES]);
void kolam_sanctions_erased(struct kolam_server *server, const uint8_t ident[KOLAM_IDENT_BYTES]);
/* The same for those in memory alone: who an ident is of by now; NULL: nobody any more. */
void kolam_sanctions_name(struct kolam_server *server, const uint8_t ident[KOLAM_IDENT_BYTES],
                          const uint8_t *now);
/* Once a second. */
void kolam_sanctions_sweep(struct kolam_server *server);

#endif
