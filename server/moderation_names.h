/* Setting right what moderation.db calls people who merged or were erased. Whoever asks learns whether it is durable, and asks again until it
 * is (renaming.c, which a restart does not stop): doing it again is the same as doing it once. Loop thread. */
#ifndef KOLAM_SERVER_MODERATION_NAMES_H
#define KOLAM_SERVER_MODERATION_NAMES_H

#include "server.h"

/* Comes once: later, or, where nothing could be asked, within the call. */
typedef void kolam_moderation_named(void *ctx, enum kolam_status status);

/* `now`: who that ident is by now; NULL: nobody any more. */
void kolam_moderation_name_person(struct kolam_server *server,
                                  const uint8_t ident[KOLAM_IDENT_BYTES], const uint8_t *now,
                                  kolam_moderation_named *done, void *ctx);
/* Reports about that artist tell this name, and no former one. */
void kolam_moderation_name_artist(struct kolam_server *server, const char *canvas, uint32_t artist,
                                  const char *name, kolam_moderation_named *done, void *ctx);

#endif
