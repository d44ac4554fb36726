/* The parts of kolam check: what is verified, and how it is told. */
#ifndef KOLAM_TOOLS_CHECK_H
#define KOLAM_TOOLS_CHECK_H

#include "kolam/folder.h"
#include "kolam/raster.h"
#include "tool.h"

/* What was found on one canvas. */
struct kolam_check {
    const char *canvas;
    int signals_fd;
    bool is_thorough;
    struct kolam_progress progress;
    uint64_t problem_count;
    uint64_t op_count, index_row_count, tile_count;
    uint64_t base_count; /* tiles of the base, if history was flattened */
    uint64_t
        older_count; /* stored tiles that were not compared: older than the log, slow to draw */
    bool is_base_damaged; /* nothing mends it */
    bool is_index_wrong;  /* kolam_index_rebuild mends it */
    struct kolam_tile_id *bad_tiles;
    size_t bad_tile_count, bad_tile_capacity;
};

/* Tells a problem, one line on standard error (the first of them; all are counted). */
void kolam_check_problem(struct kolam_check *check, const char *format, ...) KOLAM_PRINTF(2, 3);
bool kolam_check_is_interrupted(void *check);

/* The file's integrity, seqs without gaps, times that do not go back, artists that exist, bodies that
 * decode, the index equal to one made anew. `lookup` is a second reader of the same file. A status other
 * than OK means that checking itself failed. */
KOLAM_MUST_CHECK enum kolam_status kolam_check_log(struct kolam_check *check,
                                                   struct kolam_reader *reader,
                                                   struct kolam_reader *lookup);

/* The base of a flattened canvas: pictures that can be read, tiles that belong to each other, ids without a gap. */
KOLAM_MUST_CHECK enum kolam_status kolam_check_base(struct kolam_check *check,
                                                    struct kolam_reader *reader);

/* Every stored tile equal to one drawn anew from the log. Fills check->bad_tiles. */
KOLAM_MUST_CHECK enum kolam_status
kolam_check_tiles(struct kolam_check *check, struct kolam_reader *reader, uint64_t incarnation,
                  struct kolam_tile_store *store, struct kolam_error *error);

/* identity.db and moderation.db of the folder, if they are there: told, and false if anything is wrong. */
bool kolam_check_people(const struct kolam_folder *folder, int signals_fd);

#endif
