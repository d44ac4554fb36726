/* act: from a message to a record in the log, and back when it is durable. */
#ifndef KOLAM_SERVER_ACT_WS_H
#define KOLAM_SERVER_ACT_WS_H

#include <jansson.h>

#include "kolam/log.h"
#include "kolam/policy.h"

struct kolam_session;

/* Who has the admin token needs no identity: the acts are the operator's. */
extern const struct kolam_author kolam_operator_author;

/* An act that was judged to be one, in answer to the question `id`. */
void kolam_act_make(struct kolam_session *session, uint64_t id, const struct kolam_act *act);
/* A message. */
void kolam_act_message(struct kolam_session *session, const json_t *message);

#endif
