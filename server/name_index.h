/* The names of a canvas's artists, folded, one after another: a search is one pass over that text. Made by a worker; then
 * nobody changes it, so that workers read while the loop has another one made. Counted on the loop thread alone. */
#ifndef KOLAM_SERVER_NAME_INDEX_H
#define KOLAM_SERVER_NAME_INDEX_H

#include "kolam/fold.h"
#include "kolam/reader.h"

#define KOLAM_NAME_INDEX_ARTISTS_MAX 262144 /* the newest */
#define KOLAM_NAME_INDEX_BYTES_MAX (16u << 20)
#define KOLAM_NAMES_FOUND_MAX 32

struct kolam_name_index {
    uint32_t refs;
    uint32_t count, capacity;
    uint32_t newest; /* the highest number in it */
    uint32_t *numbers, *starts;
    char *text; /* each name ends with a zero */
    size_t size, text_capacity;
};

/* NULL without memory, or if the names cannot be read. A worker. One reference. */
struct kolam_name_index *kolam_name_index_create(struct kolam_reader *reader);
struct kolam_name_index *kolam_name_index_ref(struct kolam_name_index *index); /* NULL is safe */
void kolam_name_index_unref(struct kolam_name_index *index);                   /* NULL is safe */

/* The numbers of the best `limit` matches of a folded question that is not empty: the better match first, then the
 * shorter name, then the newer artist. Any thread. */
uint32_t kolam_name_index_search(const struct kolam_name_index *index, const char *question,
                                 uint32_t limit, uint32_t out_artists[KOLAM_NAMES_FOUND_MAX]);

#endif
