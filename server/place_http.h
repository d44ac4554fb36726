/* The wall as a place, over HTTP: kinds of shared answers (answers.h), each in a file of its own. */
#ifndef KOLAM_SERVER_PLACE_HTTP_H
#define KOLAM_SERVER_PLACE_HTTP_H

#include "answers.h"

extern const struct kolam_question_kind kolam_lively_kind; /* lively_http.c */
extern const struct kolam_question_kind kolam_heat_kind;   /* heat_http.c */
extern const struct kolam_question_kind kolam_people_kind; /* here.c */
extern const struct kolam_question_kind kolam_places_kind; /* places_http.c */
extern const struct kolam_question_kind kolam_search_kind; /* search_http.c */

#endif
