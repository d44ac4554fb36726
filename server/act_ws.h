/* act: from a message to a record in the log, and back when it is durable. */
#ifndef KOLAM_SERVER_ACT_WS_H
#define KOLAM_SERVER_ACT_WS_H

#include <jansson.h>

#include "kolam/log.h"

struct kolam_session;

/* Who has the admin token needs no identity: the acts are the operator's. */
extern const struct kolam_author kolam_operator_author;

/* A message. */
void kolam_act_message(struct kolam_session *session, const json_t *message);

#endif
