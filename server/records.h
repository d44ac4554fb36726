/* What leaves with the coming ticks, each once however many get it: a ring, in the order in which it came. Those
 * who get it have its place here, four bytes. */
#ifndef KOLAM_SERVER_RECORDS_H
#define KOLAM_SERVER_RECORDS_H

#include "outbox.h"

/* Places go round; two that are compared are never that far apart. */
#define KOLAM_RECORDS_PLACES 0x80000000u
#define KOLAM_RECORDS_NONE UINT32_MAX

struct kolam_records {
    struct kolam_out_item *items;
    uint32_t capacity;    /* 0 or a power of two */
    uint32_t base, count; /* places base, base + 1, ... are kept */
};

void kolam_records_finish(struct kolam_records *records);
/* Keeps the item, with a reference of its bytes; its place, or KOLAM_RECORDS_NONE without memory. */
uint32_t kolam_records_add(struct kolam_records *records, const struct kolam_out_item *item);
/* The place that comes next. */
static inline uint32_t kolam_records_next(const struct kolam_records *records) {
    return (records->base + records->count) % KOLAM_RECORDS_PLACES;
}
static inline const struct kolam_out_item *kolam_records_at(const struct kolam_records *records,
                                                            uint32_t place) {
    return &records->items[place & (records->capacity - 1)];
}
/* Which of two places that are kept, or come next, is the older one. */
uint32_t kolam_records_older(const struct kolam_records *records, uint32_t a, uint32_t b);
/* Nobody needs what is older than `place`. */
void kolam_records_forget(struct kolam_records *records, uint32_t place);

#endif
