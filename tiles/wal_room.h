/* Room in a canvas's WAL before it is needed; see wal_room.c. The committer's. */
#ifndef KOLAM_TILES_WAL_ROOM_H
#define KOLAM_TILES_WAL_ROOM_H

#include <stdbool.h>

#include "sql.h"

struct kolam_wal_room {
    sqlite3 *db;
    uint64_t page_bytes;
    uint64_t used_bytes; /* after the newest commit, */
    uint64_t size_bytes; /* of the file that is at least as long */
    bool wants_checkpoint, has_failed;
};

/* Takes over when the WAL is written home: see kolam_wal_room_rest. */
KOLAM_MUST_CHECK enum kolam_status kolam_wal_room_init(struct kolam_wal_room *room, sqlite3 *db);
/* Between two transactions, when whoever waited for the last one has been told: writes the WAL home if it has
 * grown long, else makes it longer if it is about to be full. What fails here fails nobody: it is done without. */
void kolam_wal_room_rest(struct kolam_wal_room *room);

#endif
