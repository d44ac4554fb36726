/* What the loop knows of tile versions of one canvas, so that a view or a tile request is mostly answered
 * without a worker: a table of bounded size, least recently used out first, kept fresh by every commit.
 *
 * A job that reads versions may be overtaken by commits. So the asker says `expect` first: the entry then exists,
 * commits raise it, and what the job found can only raise it further. */
#ifndef KOLAM_SERVER_VERSIONS_H
#define KOLAM_SERVER_VERSIONS_H

#include "kolam/op.h"

#define KOLAM_VERSIONS_MAX 32768 /* entries a canvas */

struct kolam_versions;

struct kolam_versions *kolam_versions_create(void); /* NULL when out of memory */
void kolam_versions_destroy(struct kolam_versions *versions);

/* False if the version is not known. */
bool kolam_versions_get(struct kolam_versions *versions, struct kolam_tile_id tile,
                        uint64_t *out_seq);
/* Makes room for a version that a job will bring. */
void kolam_versions_expect(struct kolam_versions *versions, struct kolam_tile_id tile);
/* What a job found; returns the version that holds now. */
uint64_t kolam_versions_put(struct kolam_versions *versions, struct kolam_tile_id tile,
                            uint64_t seq);
/* A committed op touched these homes. */
void kolam_versions_commit(struct kolam_versions *versions, const struct kolam_home *homes,
                           uint32_t home_count, uint64_t seq);

/* Whether the tile is drawn by averaging others, as last learnt (false if not known). */
void kolam_versions_set_averaged(struct kolam_versions *versions, struct kolam_tile_id tile,
                                 bool is_averaged);
bool kolam_versions_is_averaged(const struct kolam_versions *versions, struct kolam_tile_id tile);

uint64_t kolam_versions_bytes(const struct kolam_versions *versions); /* NULL: 0 */

#endif
