/* Moderation's messages: docs/protocol.md, "Keeping order". */
#ifndef KOLAM_SERVER_MODERATION_WS_H
#define KOLAM_SERVER_MODERATION_WS_H

#include <jansson.h>

#include "rights.h"

struct kolam_session;

#define KOLAM_UNDO_DENIED                                                                          \
    "what somebody of a higher role did, or what was done to you, is not yours to undo"

/* sanction_ws.c */
void kolam_sanction_message(struct kolam_session *session, const json_t *message);
void kolam_sanction_end_message(struct kolam_session *session, const json_t *message);
void kolam_sanctions_message(struct kolam_session *session, const json_t *message);
void kolam_whence_message(struct kolam_session *session, const json_t *message);
/* reports_ws.c */
void kolam_report_message(struct kolam_session *session, const json_t *message);
void kolam_reports_message(struct kolam_session *session, const json_t *message);
void kolam_report_close_message(struct kolam_session *session, const json_t *message);
/* The session was welcomed, or has an identity now: reports of its author that were looked at, and how many wait for who may see
 * them. */
void kolam_reports_welcomed(struct kolam_session *session);
/* A report or sanction as JSON: whom it is of is called as the reader's canvas calls them by now. A worker's. */
struct kolam_reader;
void kolam_moderation_name_now(struct kolam_reader *reader, json_t *object);
/* audit_ws.c, undo_ws.c */
void kolam_audit_message(struct kolam_session *session, const json_t *message);
void kolam_undo_message(struct kolam_session *session, const json_t *message);
/* The same of an act, in answer to the question `id`. */
void kolam_undo_act(struct kolam_session *session, uint64_t id, uint64_t seq);

/* What all of these begin with: an id, a budget, a right. False: answered. */
bool kolam_moderation_may(struct kolam_session *session, const json_t *message, const char *what,
                          enum kolam_action action, uint64_t *out_id);
/* "unavailable", for a status of moderation.db or of a canvas. */
void kolam_moderation_failed(struct kolam_session *session, uint64_t id);

#endif
