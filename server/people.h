/* What the files about people share. */
#ifndef KOLAM_SERVER_PEOPLE_H
#define KOLAM_SERVER_PEOPLE_H

#include "identity_thread.h"
#include "session.h"

/* A request to the identity thread that holds the session; NULL when out of memory (the session is then
 * closed). `done` ends it with kolam_people_finish. */
struct kolam_identity_request *kolam_people_request(struct kolam_session *session,
                                                    enum kolam_identity_kind kind,
                                                    void (*done)(struct kolam_identity_request *));
void kolam_people_finish(struct kolam_identity_request *request);
/* The same for a message with an id, by `session`'s author if it has one: NULL, and answered, if the id is malformed, too much was asked, or
 * (with `needs_author`) nobody is there. */
struct kolam_identity_request *kolam_people_ask(struct kolam_session *session,
                                                const json_t *message,
                                                enum kolam_identity_kind kind, bool needs_author,
                                                void (*done)(struct kolam_identity_request *));
/* To the identity thread. */
void kolam_people_submit(struct kolam_identity_request *request);
/* True if it went well and the session is still there; else it was answered. */
bool kolam_people_went_well(const struct kolam_identity_request *request);

/* One-time codes, recovery phrases, devices, merging (keys_ws.c). */
void kolam_keys_link(struct kolam_session *session, const json_t *message);
void kolam_keys_link_use(struct kolam_session *session, const json_t *message);
void kolam_keys_recovery(struct kolam_session *session, const json_t *message);
void kolam_keys_devices(struct kolam_session *session, const json_t *message);
void kolam_keys_device_end(struct kolam_session *session, const json_t *message);
void kolam_keys_merge(struct kolam_session *session, const json_t *message);

/* Invitations (invite_ws.c). */
void kolam_invite_make(struct kolam_session *session, const json_t *message);
void kolam_invite_list(struct kolam_session *session, const json_t *message);
void kolam_invite_revoke(struct kolam_session *session, const json_t *message);
void kolam_invite_use(struct kolam_session *session, const json_t *message);

/* What is known of one (export_ws.c), and forgetting it (selves.c). */
void kolam_export_me(struct kolam_session *session, const json_t *message);
void kolam_erase_me(struct kolam_session *session, const json_t *message);

/* Who a session is was looked up: author, former selves, invitation (selves.c). */
void kolam_people_take(struct kolam_session *session, const struct kolam_identity_request *request);
/* Looks up again what hangs on the session's identity; of an identity, for all sessions of it. */
void kolam_people_look_again(struct kolam_session *session);
void kolam_people_look_again_at(struct kolam_server *server,
                                const uint8_t ident[KOLAM_IDENT_BYTES]);
/* Says goodbye and closes: whom the session is for is not who it was. */
void kolam_people_end(struct kolam_session *session, const char *reason);
/* Two have become one: tells those concerned, ends the sessions of who is no more. */
void kolam_people_merged(struct kolam_server *server, const uint8_t gone[KOLAM_IDENT_BYTES],
                         const struct kolam_author *into);
/* Whose number that is, for the admin: a request of `kind` is submitted with their ident, of themselves or a former self. */
void kolam_people_of_artist(struct kolam_session *session, uint32_t artist,
                            struct kolam_identity_request *request);
/* Whether an artist's number on the session's canvas is its author's, or a former self's. */
bool kolam_people_is_own(const struct kolam_session *session, uint32_t artist);
/* Copies the session's former selves into the submission. False without memory. */
KOLAM_MUST_CHECK bool kolam_people_sign(const struct kolam_session *session,
                                        struct kolam_submission *submission);

/* {"type":"artists","list":...}; takes the list. */
json_t *kolam_people_artists_message(json_t *list);

#endif
