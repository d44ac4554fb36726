/* Names to search in; see name_index.h. */
#include "name_index.h"

#include <string.h>

#include "kolam/alloc.h"

/* ---- making it ---- */

static bool has_room(struct kolam_name_index *index, size_t bytes) {
    if (index->count == index->capacity) {
        const uint32_t capacity = index->capacity ? index->capacity * 2 : 256;
        void *numbers = kolam_realloc_array(index->numbers, capacity, sizeof(*index->numbers));
        index->numbers = numbers ? numbers : index->numbers;
        void *starts =
            numbers ? kolam_realloc_array(index->starts, capacity, sizeof(*index->starts)) : NULL;
        if (!starts) {
            return false;
        }
        index->starts = starts;
        index->capacity = capacity;
    }
    while (index->size + bytes > index->text_capacity) {
        const size_t capacity = index->text_capacity ? index->text_capacity * 2 : 8192;
        void *text = kolam_realloc_array(index->text, capacity, 1);
        if (!text) {
            return false;
        }
        index->text = text;
        index->text_capacity = capacity;
    }
    return true;
}

struct making {
    struct kolam_name_index *index;
    bool has_failed;
};

/* What cannot be folded is no text that anybody could look for. */
static bool add_artist(void *ctx, uint32_t artist, const char *name) {
    struct making *making = ctx;
    struct kolam_name_index *index = making->index;
    char *folded = kolam_fold(name);
    const size_t bytes = folded ? strlen(folded) + 1 : 0;
    index->newest = artist > index->newest ? artist : index->newest;
    if (index->count >= KOLAM_NAME_INDEX_ARTISTS_MAX ||
        index->size + bytes > KOLAM_NAME_INDEX_BYTES_MAX) {
        kolam_free(folded);
        return false;
    }
    if (bytes > 1 && has_room(index, bytes)) {
        memcpy(index->text + index->size, folded, bytes);
        index->numbers[index->count] = artist;
        index->starts[index->count++] = (uint32_t)index->size;
        index->size += bytes;
    } else if (bytes > 1) {
        making->has_failed = true;
    }
    kolam_free(folded);
    return !making->has_failed;
}

struct kolam_name_index *kolam_name_index_create(struct kolam_reader *reader) {
    struct making making = {.index = kolam_alloc_zero(1, sizeof(*making.index))};
    if (!making.index) {
        return NULL;
    }
    making.index->refs = 1;
    if (kolam_reader_artists(reader, add_artist, &making) != KOLAM_OK || making.has_failed) {
        kolam_name_index_unref(making.index);
        return NULL;
    }
    return making.index;
}

struct kolam_name_index *kolam_name_index_ref(struct kolam_name_index *index) {
    if (index) {
        index->refs++;
    }
    return index;
}

void kolam_name_index_unref(struct kolam_name_index *index) {
    if (index && --index->refs == 0) {
        kolam_free(index->numbers);
        kolam_free(index->starts);
        kolam_free(index->text);
        kolam_free(index);
    }
}

/* ---- searching ---- */

struct found {
    uint32_t at;
    size_t length;
    enum kolam_match match;
};

static bool is_better(const struct found *a, const struct found *b) {
    return a->match != b->match     ? a->match > b->match
           : a->length != b->length ? a->length < b->length
                                    : a->at < b->at; /* the newest artist is the first */
}

/* The entry that the byte lies in, at or after `low`. */
static uint32_t entry_of(const struct kolam_name_index *index, size_t byte, uint32_t low) {
    uint32_t high = index->count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (index->starts[middle] <= byte) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static void take(struct found *best, uint32_t *kept, uint32_t limit, const struct found *one) {
    if (*kept == limit && !is_better(one, &best[limit - 1])) {
        return;
    }
    uint32_t at = *kept < limit ? (*kept)++ : limit - 1;
    for (; at > 0 && is_better(one, &best[at - 1]); at--) {
        best[at] = best[at - 1];
    }
    best[at] = *one;
}

uint32_t kolam_name_index_search(const struct kolam_name_index *index, const char *question,
                                 uint32_t limit, uint32_t out_artists[KOLAM_NAMES_FOUND_MAX]) {
    struct found best[KOLAM_NAMES_FOUND_MAX];
    const size_t size = strlen(question);
    uint32_t kept = 0, entry = 0;
    size_t from = 0;
    limit = limit < KOLAM_NAMES_FOUND_MAX ? limit : KOLAM_NAMES_FOUND_MAX;
    while (from < index->size && limit > 0) {
        const char *hit = memmem(index->text + from, index->size - from, question, size);
        if (!hit) {
            break;
        }
        entry = entry_of(index, (size_t)(hit - index->text), entry);
        const char *name = index->text + index->starts[entry];
        const struct found one = {entry, strlen(name), kolam_fold_match(name, question)};
        take(best, &kept, limit, &one);
        from = index->starts[entry] + one.length + 1;
    }
    for (uint32_t i = 0; i < kept; i++) {
        out_artists[i] = index->numbers[best[i].at];
    }
    return kept;
}
