/* Whence people connect, for who may keep out address prefixes: prefixes alone (/24, /48), for a day, in memory only. */
#ifndef KOLAM_SERVER_WHENCE_H
#define KOLAM_SERVER_WHENCE_H

#include <jansson.h>

#include "kolam/log.h"
#include "peer.h"

#define KOLAM_WHENCE_MAX 4096 /* pairs of a person and a prefix; the oldest is forgotten */
#define KOLAM_WHENCE_MS (INT64_C(24) * 3600 * 1000)

struct kolam_whence;

struct kolam_whence *kolam_whence_create(void); /* NULL without memory */
void kolam_whence_destroy(struct kolam_whence *whence);
/* Times of a clock that never goes back. */
void kolam_whence_note(struct kolam_whence *whence, const uint8_t ident[KOLAM_IDENT_BYTES],
                       const struct kolam_address *address, int64_t now_ms);
/* Who was `from` is `to` from now on. */
void kolam_whence_merged(struct kolam_whence *whence, const uint8_t from[KOLAM_IDENT_BYTES],
                         const uint8_t to[KOLAM_IDENT_BYTES]);
void kolam_whence_erased(struct kolam_whence *whence, const uint8_t ident[KOLAM_IDENT_BYTES]);
/* Prefixes as text, the newest first. */
json_t *kolam_whence_list(const struct kolam_whence *whence, const uint8_t ident[KOLAM_IDENT_BYTES],
                          int64_t now_ms);

#endif
