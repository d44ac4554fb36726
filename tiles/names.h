/* Friendly names for people who have not chosen one; see names.c. */
#ifndef KOLAM_TILES_NAMES_H
#define KOLAM_TILES_NAMES_H

#include "kolam/log.h"

/* "Quiet Heron": two words picked by `random`; the same number gives the same name. */
void kolam_name_generate(uint32_t random, char out_name[KOLAM_NAME_BYTES_MAX + 1]);
/* 1 to `characters_max` characters of UTF-8, no control characters, not all blank. */
bool kolam_name_is_plain(const char *name, uint32_t characters_max);
/* Copies what may stand in a name from `text`, at most 40 characters; false if nothing is left. */
bool kolam_name_clean(const char *text, char out_name[KOLAM_NAME_BYTES_MAX + 1]);

#endif
