/* Rows of identity.db and moderation.db that turned out to be damaged: a line in the log each, counted for /metrics and
 * /healthz. Nothing else follows: the row is left out by who reads it (kolam/damage.h). */
#ifndef KOLAM_SERVER_DAMAGE_H
#define KOLAM_SERVER_DAMAGE_H

#include "kolam/damage.h"

/* kolam_damage_tell functions; ctx is the server. Any thread. */
void kolam_damage_of_people(void *server, const char *table, int64_t row);
void kolam_damage_of_order(void *server, const char *table, int64_t row);

#endif
