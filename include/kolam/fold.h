/* Text as it is searched for: case, accents, width and the like do not matter. */
#ifndef KOLAM_FOLD_H
#define KOLAM_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/* The text folded: compatibility forms and case are gone, accents that stand on letters too, blanks are one space. Kept are
 * the marks by which scripts write their vowels. kolam_alloc'ed; NULL without memory, or for what is no UTF-8. Any thread. */
char *kolam_fold(const char *text);

/* How well a folded text answers a folded question that is not empty. */
enum kolam_match {
    KOLAM_MATCH_NONE,
    KOLAM_MATCH_WITHIN, /* it holds it */
    KOLAM_MATCH_WORD,   /* a word of it begins so */
    KOLAM_MATCH_BEGIN,  /* it begins so */
};
enum kolam_match kolam_fold_match(const char *folded, const char *question);

#endif
