/* What moderation's messages have in common: who acts, readings, and sanctions and reports as JSON. */
#ifndef KOLAM_SERVER_MODERATION_JSON_H
#define KOLAM_SERVER_MODERATION_JSON_H

#include <jansson.h>

#include "kolam/moderation.h"

struct kolam_session;

/* The session's author, or the operator. */
struct kolam_moderator kolam_moderator_of(const struct kolam_session *session);
/* Who decides: with the admin token the operator, also who has an identity. */
struct kolam_moderator kolam_decider_of(const struct kolam_session *session);
/* As they are called by now: KOLAM_FORMER_NAME, if they were erased. */
const char *kolam_moderator_name(const struct kolam_moderator *moderator);

/* 0 to 400 characters without control characters, absent: ""; false for anything else. `is_needed`: at least one. */
bool kolam_moderation_read_text(const json_t *message, const char *key, bool is_needed,
                                char out_text[KOLAM_MODERATION_TEXT_BYTES_MAX + 1]);

/* As it is told on `canvas`: numbers of artists are those of that canvas. `tells_prefix`: to who may ban. */
json_t *kolam_sanction_json(const struct kolam_sanction *sanction, const char *canvas,
                            bool tells_prefix);
json_t *kolam_report_json(const struct kolam_report *report);

#endif
