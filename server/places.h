/* The named places of one canvas, in memory while it is open: read from its records when they are first needed, kept by every
 * commit. Few and small: a canvas has at most KOLAM_PLACES_MAX. */
#ifndef KOLAM_SERVER_PLACES_H
#define KOLAM_SERVER_PLACES_H

#include "kolam/fold.h"
#include "kolam/place.h"

#define KOLAM_PLACES_MAX 4096
#define KOLAM_PLACES_OF_ARTIST_MAX 64
#define KOLAM_PLACES_FOUND_MAX 256 /* in one answer */

/* In one block of memory. */
struct kolam_named_place {
    uint64_t seq;
    int64_t time_ms;
    uint32_t artist;
    double zoom;
    const char *name, *folded, *x, *y;
    char text[];
};

struct kolam_places {
    struct kolam_named_place **list; /* in seq order */
    uint32_t count, capacity;
    bool is_loaded;
    uint64_t known_seq;  /* the newest record that was committed while the canvas is open */
    uint32_t generation; /* changes with every change */
    uint32_t in_flight;  /* being committed */
};

void kolam_places_finish(struct kolam_places *places);
/* What a record says, of the op `seq`; what is known already, or none of ours, changes nothing. False without memory. */
KOLAM_MUST_CHECK bool kolam_places_apply(struct kolam_places *places, uint64_t seq, int64_t time_ms,
                                         uint32_t artist, const uint8_t *json, size_t size_bytes);
/* Reads them all; a worker's part. `out_places` is to be finished in any case. */
KOLAM_MUST_CHECK enum kolam_status kolam_places_read(struct kolam_reader *reader,
                                                     struct kolam_places *out_places);
/* Takes what was read as of `read_seq`, unless a record was committed since; `read` is empty afterwards if it was taken. */
bool kolam_places_take(struct kolam_places *places, struct kolam_places *read, uint64_t read_seq);

struct kolam_named_place *kolam_places_find(const struct kolam_places *places, uint64_t seq);
uint32_t kolam_places_of(const struct kolam_places *places, uint32_t artist);

/* The best `limit` matches of a folded question, the newest first among equals; "" means all. Returns how many are in
 * `out_found`, and of how many they are. */
uint32_t kolam_places_search(const struct kolam_places *places, const char *question,
                             uint32_t limit, const struct kolam_named_place **out_found,
                             uint32_t *out_count);

/* A copy; kolam_free it. NULL without memory. */
struct kolam_named_place *kolam_named_place_copy(const struct kolam_named_place *place);

#endif
