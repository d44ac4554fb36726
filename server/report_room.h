/* How many reports may come: so many at once from a person, on however many connections, and from where somebody connects; and then one now
 * and again. Tables of idents and of address prefixes (/24, /48) that forget the oldest. */
#ifndef KOLAM_SERVER_REPORT_ROOM_H
#define KOLAM_SERVER_REPORT_ROOM_H

#include <string.h>

#include "budget.h"
#include "peer.h"

#define KOLAM_REPORT_PREFIXES_MAX 512
#define KOLAM_REPORTS_OF_PREFIX 20        /* at once, from one prefix ... */
#define KOLAM_REPORT_OF_PREFIX_EVERY_S 60 /* ... and then one in so many seconds */
#define KOLAM_REPORTS_OF_SESSION 5
#define KOLAM_REPORT_OF_SESSION_EVERY_S 60
#define KOLAM_REPORTS_OF_MUTED 1
#define KOLAM_REPORTS_OPEN_MAX 10000 /* on the server */

struct kolam_report_prefix {
    struct kolam_prefix prefix;
    int64_t asked_ms; /* 0: an empty place */
    struct kolam_budget budget;
};

struct kolam_report_room {
    struct kolam_report_prefix prefixes[KOLAM_REPORT_PREFIXES_MAX];
    struct kolam_report_prefix people[KOLAM_REPORT_PREFIXES_MAX]; /* an ident as if it were one */
};

/* The budget of what begins like that, of those that the table knows. Times of a clock that never goes back. */
static inline struct kolam_budget *kolam_report_room_find(struct kolam_report_prefix *table,
                                                          const struct kolam_prefix *prefix,
                                                          int64_t now_ms) {
    struct kolam_report_prefix *place = &table[0];
    for (uint32_t i = 0; i < KOLAM_REPORT_PREFIXES_MAX; i++) {
        struct kolam_report_prefix *known = &table[i];
        if (known->asked_ms != 0 && known->prefix.bits == prefix->bits &&
            kolam_address_equal(&known->prefix.address, &prefix->address)) {
            place = known;
            break;
        }
        place = known->asked_ms < place->asked_ms ? known : place;
    }
    if (place->asked_ms == 0 || place->prefix.bits != prefix->bits ||
        !kolam_address_equal(&place->prefix.address, &prefix->address)) {
        memset(place, 0, sizeof(*place));
        place->prefix = *prefix;
    }
    place->asked_ms = now_ms > 0 ? now_ms : 1;
    return &place->budget;
}

static inline bool kolam_report_room_take(struct kolam_report_room *room,
                                          const struct kolam_address *address, int64_t now_ms) {
    const struct kolam_prefix prefix = kolam_address_prefix(address, 24, 48);
    return kolam_budget_take(kolam_report_room_find(room->prefixes, &prefix, now_ms),
                             now_ms / KOLAM_REPORT_OF_PREFIX_EVERY_S, 1, KOLAM_REPORTS_OF_PREFIX);
}

static inline bool kolam_report_room_take_of(struct kolam_report_room *room,
                                             const uint8_t ident[16], uint32_t burst,
                                             int64_t now_ms) {
    struct kolam_prefix person = {.bits = 128};
    memcpy(person.address.bytes, ident, sizeof(person.address.bytes));
    return kolam_budget_take(kolam_report_room_find(room->people, &person, now_ms),
                             now_ms / KOLAM_REPORT_OF_SESSION_EVERY_S, 1, burst);
}

#endif
