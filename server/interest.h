/* Which views something on a canvas concerns: a hierarchical grid over the views, so that neither ten thousand of
 * them nor their levels, -24 to 24, make an op dear.
 *
 * A view with its one-tile margin stands in the few cells of the finest level at which it spans at most 2 x 2
 * tiles; a cell is a tile of that level. An extent asks, at each level that has cells, those it overlaps, by hash, or
 * all there are where it overlaps more than that; then the exact test decides. So a stroke finds the views inside
 * it, those around it, and those far above it the same way. Pure; the loop thread's. */
#ifndef KOLAM_SERVER_INTEREST_H
#define KOLAM_SERVER_INTEREST_H

#include "list.h"
#include "view.h"

#define KOLAM_INTEREST_PLACES 4
#define KOLAM_INTEREST_LEVELS (KOLAM_LEVEL_MAX - KOLAM_LEVEL_MIN + 1)

struct kolam_interest_cell;

/* Embedded in what has a view. */
struct kolam_interest_item {
    struct kolam_view view;
    uint64_t stamp; /* of the last question that found it */
    uint32_t place_count;
    struct {
        struct kolam_interest_cell *cell;
        uint32_t at; /* in the cell's array */
    } places[KOLAM_INTEREST_PLACES];
};

struct kolam_interest {
    struct kolam_interest_cell **buckets;
    uint32_t bucket_count, cell_count;
    struct kolam_list levels[KOLAM_INTEREST_LEVELS]; /* the cells of each */
    uint32_t level_counts[KOLAM_INTEREST_LEVELS];
    uint64_t stamp;
};

void kolam_interest_init(struct kolam_interest *interest);
void kolam_interest_finish(struct kolam_interest *interest); /* no item is in it any more */

/* Adds the item by its view, which is valid and does not change while the item is in. KOLAM_ERR_NOMEM leaves it out. */
KOLAM_MUST_CHECK enum kolam_status kolam_interest_add(struct kolam_interest *interest,
                                                      struct kolam_interest_item *item);
void kolam_interest_remove(struct kolam_interest *interest, struct kolam_interest_item *item);

typedef void kolam_interest_visit(void *ctx, struct kolam_interest_item *item);

/* Visits once each item whose view, or the margin of one tile around it, one of the extents touches: just those of
 * which kolam_view_touches is true. A visit neither adds nor removes items. */
void kolam_interest_find(struct kolam_interest *interest, const struct kolam_extent *extent,
                         kolam_interest_visit *visit, void *ctx);
void kolam_interest_find_homes(struct kolam_interest *interest, const struct kolam_home *homes,
                               uint32_t count, kolam_interest_visit *visit, void *ctx);

#endif
