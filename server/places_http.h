/* What answers that hold named places share: places and search. */
#ifndef KOLAM_SERVER_PLACES_HTTP_H
#define KOLAM_SERVER_PLACES_HTTP_H

#include "answers.h"
#include "places.h"

/* The places of an answer: what was asked, and what is found, by the loop where it knows them, else by a worker. */
struct kolam_places_part {
    char *question; /* folded; NULL: all */
    uint32_t limit;
    struct kolam_named_place *found[KOLAM_PLACES_FOUND_MAX]; /* copies */
    uint32_t found_count, count;
    bool must_read;
    struct kolam_places read; /* by a worker, as of: */
    uint64_t read_seq;
};

/* q: 1 to 80 characters; NULL or what is wrong. *out_text is the text as it came, for the key. */
#define KOLAM_QUESTION_BYTES (KOLAM_PLACE_NAME_BYTES_MAX + 1)
const char *kolam_question_text(const char *query, bool is_needed,
                                char out_text[KOLAM_QUESTION_BYTES], char **out_folded);

/* The steps of a kind's functions of the same names. */
enum kolam_status kolam_places_part_prepare(struct kolam_places_part *part,
                                            const struct kolam_canvas *canvas);
enum kolam_status kolam_places_part_build(struct kolam_places_part *part,
                                          struct kolam_reader *reader,
                                          const struct kolam_veil *veil, json_t **out_list);
void kolam_places_part_keep(struct kolam_places_part *part, struct kolam_canvas *canvas);
void kolam_places_part_finish(struct kolam_places_part *part);

#endif
