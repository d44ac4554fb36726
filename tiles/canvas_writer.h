/* Writes submissions to a canvas file, a batch a transaction: where an op gets its seq, its time, and its
 * verdict about what is already there. No thread and no queue in it; one thread at a time. */
#ifndef KOLAM_TILES_CANVAS_WRITER_H
#define KOLAM_TILES_CANVAS_WRITER_H

#include "kolam/log.h"
#include "sql.h"

struct kolam_canvas_writer;

/* Opens or creates the file, migrates it, and makes durable whatever a crash left in its WAL. */
KOLAM_MUST_CHECK enum kolam_status
kolam_canvas_writer_create(const char *path, uint64_t incarnation, struct kolam_clock clock,
                           struct kolam_canvas_writer **out_writer, struct kolam_error *error);
/* Checkpoints, so that the file is complete in itself, and closes; NULL is safe. */
void kolam_canvas_writer_destroy(struct kolam_canvas_writer *writer);

/* Begin; any number of adds; then commit or roll back. A failed begin or commit is rolled back. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_writer_begin(struct kolam_canvas_writer *writer);
/* Judges and inserts one submission and fills its outcome. A refusal (submission->status) touches nothing
 * and is KOLAM_OK here; anything else means that the batch must be rolled back. */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_writer_add(struct kolam_canvas_writer *writer,
                                                           struct kolam_submission *submission);
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_writer_rename(struct kolam_canvas_writer *writer,
                                                              const struct kolam_author *author);
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_writer_commit(struct kolam_canvas_writer *writer);
void kolam_canvas_writer_rollback(struct kolam_canvas_writer *writer);

/* Between two batches, when the outcomes of the last one are told: what need not hold up anybody (wal_room.c). */
void kolam_canvas_writer_rest(struct kolam_canvas_writer *writer);
/* When nothing came for a while: gives back memory that only work needs, SQLite's pages first. */
void kolam_canvas_writer_idle(struct kolam_canvas_writer *writer);

/* A transaction that changes nothing of the canvas but must reach the disk: can we write again? */
KOLAM_MUST_CHECK enum kolam_status kolam_canvas_writer_probe(struct kolam_canvas_writer *writer);

/* Newest committed seq. */
uint64_t kolam_canvas_writer_last_seq(const struct kolam_canvas_writer *writer);
/* Why the newest call failed that did, in the system's words. */
const struct kolam_error *kolam_canvas_writer_failure(const struct kolam_canvas_writer *writer);
/* The connection, for tests that need to break it. */
sqlite3 *kolam_canvas_writer_db(struct kolam_canvas_writer *writer);

#endif
