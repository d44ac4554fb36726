/* A canvas's named places; see places.h. Pure but for memory. */
#include "places.h"

#include <string.h>

#include "kolam/alloc.h"

void kolam_places_finish(struct kolam_places *places) {
    for (uint32_t i = 0; i < places->count; i++) {
        kolam_free(places->list[i]);
    }
    kolam_free(places->list);
    memset(places, 0, sizeof(*places));
}

/* ---- one place ---- */

static const char *put(char **at, const char *text) {
    char *begin = *at;
    const size_t size = strlen(text) + 1;
    memcpy(begin, text, size);
    *at += size;
    return begin;
}

static struct kolam_named_place *make(const struct kolam_place *place, const char *folded) {
    const size_t size =
        strlen(place->name) + strlen(folded) + strlen(place->x) + strlen(place->y) + 4;
    struct kolam_named_place *named = kolam_alloc(sizeof(*named) + size);
    if (named) {
        char *at = named->text;
        named->zoom = place->zoom;
        named->name = put(&at, place->name);
        named->folded = put(&at, folded);
        named->x = put(&at, place->x);
        named->y = put(&at, place->y);
    }
    return named;
}

struct kolam_named_place *kolam_named_place_copy(const struct kolam_named_place *place) {
    struct kolam_place plain = {.zoom = place->zoom};
    strcpy(plain.name, place->name);
    strcpy(plain.x, place->x);
    strcpy(plain.y, place->y);
    struct kolam_named_place *copy = make(&plain, place->folded);
    if (copy) {
        copy->seq = place->seq;
        copy->time_ms = place->time_ms;
        copy->artist = place->artist;
    }
    return copy;
}

/* ---- the list ---- */

/* The first that is not before `seq`. */
static uint32_t lower_bound(const struct kolam_places *places, uint64_t seq) {
    uint32_t low = 0, high = places->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (places->list[middle]->seq < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct kolam_named_place *kolam_places_find(const struct kolam_places *places, uint64_t seq) {
    const uint32_t at = lower_bound(places, seq);
    return at < places->count && places->list[at]->seq == seq ? places->list[at] : NULL;
}

uint32_t kolam_places_of(const struct kolam_places *places, uint32_t artist) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < places->count; i++) {
        count += places->list[i]->artist == artist;
    }
    return count;
}

static bool has_room(struct kolam_places *places) {
    if (places->count < places->capacity) {
        return true;
    }
    const uint32_t capacity = places->capacity ? places->capacity * 2 : 16;
    void *grown = kolam_realloc_array(places->list, capacity, sizeof(*places->list));
    if (grown) {
        places->list = grown;
        places->capacity = capacity;
    }
    return grown != NULL;
}

/* Records come in seq order; a file may hold more than there may be: then the newer ones are none. */
static bool add(struct kolam_places *places, const struct kolam_place *place, uint64_t seq,
                int64_t time_ms, uint32_t artist) {
    if ((places->count > 0 && places->list[places->count - 1]->seq >= seq) ||
        places->count >= KOLAM_PLACES_MAX) {
        return true;
    }
    char *folded = kolam_fold(place->name);
    struct kolam_named_place *named = folded && has_room(places) ? make(place, folded) : NULL;
    kolam_free(folded);
    if (named) {
        named->seq = seq;
        named->time_ms = time_ms;
        named->artist = artist;
        places->list[places->count++] = named;
    }
    return named != NULL;
}

static void drop(struct kolam_places *places, uint64_t seq) {
    const uint32_t at = lower_bound(places, seq);
    if (at < places->count && places->list[at]->seq == seq) {
        kolam_free(places->list[at]);
        places->count--;
        memmove(places->list + at, places->list + at + 1,
                (places->count - at) * sizeof(*places->list));
    }
}

bool kolam_places_apply(struct kolam_places *places, uint64_t seq, int64_t time_ms, uint32_t artist,
                        const uint8_t *json, size_t size_bytes) {
    struct kolam_place_record record;
    if (kolam_place_decode(json, size_bytes, &record) != KOLAM_OK) {
        return true;
    }
    if (record.kind == KOLAM_PLACE_NAMED) {
        return add(places, &record.place, seq, time_ms, artist);
    }
    if (record.kind == KOLAM_PLACE_REMOVED && record.removed_seq < seq) {
        drop(places, record.removed_seq);
    }
    return true;
}

/* ---- reading them ---- */

struct reading {
    struct kolam_places *places;
    struct kolam_op_room *room;
    enum kolam_status status;
};

static bool read_record(void *ctx, const struct kolam_log_row *row) {
    struct reading *reading = ctx;
    struct kolam_op op;
    if (kolam_op_decode(row->body, row->body_size_bytes, reading->room, &op) == KOLAM_OK &&
        op.kind == KOLAM_OP_RECORD &&
        !kolam_places_apply(reading->places, row->seq, row->time_ms, row->artist, op.record,
                            op.record_size_bytes)) {
        reading->status = KOLAM_ERR_NOMEM;
    }
    return reading->status == KOLAM_OK;
}

enum kolam_status kolam_places_read(struct kolam_reader *reader, struct kolam_places *out_places) {
    struct reading reading = {.places = out_places, .room = kolam_alloc(sizeof(*reading.room))};
    if (!reading.room) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status = kolam_reader_records(reader, read_record, &reading);
    kolam_free(reading.room);
    out_places->is_loaded = status == KOLAM_OK && reading.status == KOLAM_OK;
    return status == KOLAM_OK ? reading.status : status;
}

bool kolam_places_take(struct kolam_places *places, struct kolam_places *read, uint64_t read_seq) {
    if (places->is_loaded || !read->is_loaded || places->known_seq > read_seq) {
        return false;
    }
    places->list = read->list;
    places->count = read->count;
    places->capacity = read->capacity;
    places->is_loaded = true;
    memset(read, 0, sizeof(*read));
    return true;
}

/* ---- searching ---- */

struct found {
    const struct kolam_named_place *place;
    enum kolam_match match;
};

/* Better: a better match, then the newer one. */
static bool is_better(const struct found *a, const struct found *b) {
    return a->match != b->match ? a->match > b->match : a->place->seq > b->place->seq;
}

uint32_t kolam_places_search(const struct kolam_places *places, const char *question,
                             uint32_t limit, const struct kolam_named_place **out_found,
                             uint32_t *out_count) {
    struct found best[KOLAM_PLACES_FOUND_MAX];
    uint32_t kept = 0;
    *out_count = 0;
    for (uint32_t i = places->count; i-- > 0;) {
        struct found one = {places->list[i], KOLAM_MATCH_BEGIN};
        if (*question) {
            one.match = kolam_fold_match(one.place->folded, question);
        }
        if (one.match == KOLAM_MATCH_NONE) {
            continue;
        }
        ++*out_count;
        if (kept == limit && !is_better(&one, &best[kept - 1])) {
            continue;
        }
        uint32_t at = kept < limit ? kept++ : kept - 1;
        for (; at > 0 && is_better(&one, &best[at - 1]); at--) {
            best[at] = best[at - 1];
        }
        best[at] = one;
    }
    for (uint32_t i = 0; i < kept; i++) {
        out_found[i] = best[i].place;
    }
    return kept;
}
