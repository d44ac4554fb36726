/* The list of words that recovery phrases are made of; see phrase_words.c. */
#ifndef KOLAM_TILES_PHRASE_WORDS_H
#define KOLAM_TILES_PHRASE_WORDS_H

#define KOLAM_PHRASE_LIST 2048

extern const char *const kolam_phrase_words[KOLAM_PHRASE_LIST];

#endif
