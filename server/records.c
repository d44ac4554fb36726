/* The ring of what leaves with the coming ticks; see records.h. */
#include "records.h"

#include "kolam/alloc.h"

#define FIRST_CAPACITY 64u

static uint32_t age(const struct kolam_records *records, uint32_t place) {
    return (place - records->base) % KOLAM_RECORDS_PLACES;
}

static bool has_room(struct kolam_records *records) {
    if (records->count < records->capacity) {
        return true;
    }
    const uint32_t capacity = records->capacity ? records->capacity * 2 : FIRST_CAPACITY;
    struct kolam_out_item *grown = kolam_alloc_array(capacity, sizeof(*grown));
    if (!grown) {
        return false;
    }
    for (uint32_t i = 0; i < records->count; i++) {
        const uint32_t place = (records->base + i) % KOLAM_RECORDS_PLACES;
        grown[place & (capacity - 1)] = records->items[place & (records->capacity - 1)];
    }
    kolam_free(records->items);
    records->items = grown;
    records->capacity = capacity;
    return true;
}

uint32_t kolam_records_add(struct kolam_records *records, const struct kolam_out_item *item) {
    if (!has_room(records)) {
        return KOLAM_RECORDS_NONE;
    }
    const uint32_t place = kolam_records_next(records);
    kolam_bytes_ref(item->bytes);
    records->items[place & (records->capacity - 1)] = *item;
    records->count++;
    return place;
}

uint32_t kolam_records_older(const struct kolam_records *records, uint32_t a, uint32_t b) {
    return age(records, a) < age(records, b) ? a : b;
}

void kolam_records_forget(struct kolam_records *records, uint32_t place) {
    for (uint32_t left = age(records, place); left > 0; left--) {
        kolam_bytes_unref(records->items[records->base & (records->capacity - 1)].bytes);
        records->base = (records->base + 1) % KOLAM_RECORDS_PLACES;
        records->count--;
    }
}

void kolam_records_finish(struct kolam_records *records) {
    kolam_records_forget(records, kolam_records_next(records));
    kolam_free(records->items);
    *records = (struct kolam_records){0};
}
