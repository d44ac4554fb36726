/* Secrets that people read, type and write down: codes that sign in another device, and recovery phrases. Reading and
 * writing them is pure; who they belong to is identity.h's.
 *
 * A code is nine of thirty letters and digits that cannot be taken for each other (no 0 O, 1 I L, U), 44 bits, told as ABC-DEF-GHJ. It lives
 * for minutes, and guesses are limited. A phrase is twelve words of the list of BIP-39: 128 bits, and 4 that tell a mistyped word. */
#ifndef KOLAM_PHRASE_H
#define KOLAM_PHRASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KOLAM_CODE_CHARACTERS 9
#define KOLAM_CODE_TEXT_MAX 12 /* "ABC-DEF-GHJ" and the zero */
#define KOLAM_PHRASE_WORDS 12
#define KOLAM_PHRASE_BYTES 16
#define KOLAM_PHRASE_TEXT_MAX                                                                      \
    108 /* twelve words of at most eight letters, blanks between, the zero */

/* A new code from the system's randomness. Any thread. */
void kolam_code_make(char out_text[KOLAM_CODE_TEXT_MAX]);
/* What somebody typed, whatever the case, with blanks and hyphens anywhere: its characters alone. False if it is no code. */
bool kolam_code_read(const char *text, char out_code[KOLAM_CODE_CHARACTERS + 1]);

enum kolam_phrase_fault {
    KOLAM_PHRASE_FINE,
    KOLAM_PHRASE_COUNT, /* not twelve words */
    KOLAM_PHRASE_WORD,  /* one that is not in the list */
    KOLAM_PHRASE_SUM,   /* twelve of the list, but never told together */
};

void kolam_phrase_write(const uint8_t entropy[KOLAM_PHRASE_BYTES],
                        char out_text[KOLAM_PHRASE_TEXT_MAX]);
/* Twelve words, whatever the case, anything but letters between them. *out_word is set for KOLAM_PHRASE_WORD: which one, from 1. */
enum kolam_phrase_fault kolam_phrase_read(const char *text, uint8_t out_entropy[KOLAM_PHRASE_BYTES],
                                          uint32_t *out_word);

#endif
