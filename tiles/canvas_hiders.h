/* Who hid what is hidden: for each stroke, everybody who hid it since it was shown last. What somebody else hid an author does
 * not show again, and that is asked here, in a look-up or two however often a stroke was hidden. Derived: made anew from hides
 * and shows in the order of the log. Shared by the writer and by the rebuild, as the index is. */
#ifndef KOLAM_TILES_CANVAS_HIDERS_H
#define KOLAM_TILES_CANVAS_HIDERS_H

#include "kolam/log.h"
#include "sql.h"

/* One artist by all their numbers. */
struct kolam_canvas_owner {
    uint32_t count;
    uint32_t artists[1 + KOLAM_FORMERS_MAX];
};

struct kolam_canvas_hiders {
    sqlite3_stmt *insert, *forget, *find;
};

KOLAM_MUST_CHECK enum kolam_status kolam_canvas_hiders_init(struct kolam_canvas_hiders *hiders,
                                                            sqlite3 *db);
void kolam_canvas_hiders_finish(struct kolam_canvas_hiders *hiders); /* zeroed is safe */

/* The stroke was hidden (kind hide) by an artist, or shown (kind show). */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_hiders_note(struct kolam_canvas_hiders *hiders,
                                                            enum kolam_op_kind kind,
                                                            uint64_t target, int64_t artist);
/* Whether anybody but `owner` hid it since it was shown last. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_hiders_ask(struct kolam_canvas_hiders *hiders,
                                                           uint64_t target,
                                                           const struct kolam_canvas_owner *owner,
                                                           bool *out_is_anothers);
/* Fills the table, which is empty, from the rows of hides and shows that there are. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_hiders_fill(sqlite3 *db);
/* False if the artist is none of theirs. */
bool kolam_canvas_owner_is(const struct kolam_canvas_owner *owner, int64_t artist);

#endif
