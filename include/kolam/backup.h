/* Copies of databases that others are writing, and what a copy becomes when it is put back.
 *
 * A copy is of one moment, whatever happens meanwhile, and is on the disk when a call returns. A canvas's copy is taken further by
 * appending what its log has more: that costs what was drawn since, not what was ever drawn. */
#ifndef KOLAM_BACKUP_H
#define KOLAM_BACKUP_H

#include "kolam/reader.h"

/* May be NULL. Called now and then; false cancels: KOLAM_ERR_CLOSED. */
typedef bool kolam_backup_progress(void *ctx, uint64_t done, uint64_t all);

struct kolam_backup_options {
    const char *path;      /* the database; it may be in use */
    const char *copy_path; /* what it is copied to */
    kolam_backup_progress *progress;
    void *progress_ctx;
};

/* Copies the whole file, page by page, to copy_path, which must not be there; readable by its owner alone if `is_private`. After a
 * failure or a crash nothing is at copy_path, or something that is not to be used: give it its name when this returns.
 * KOLAM_ERR_FULL: the disk. Any thread. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_copy(const struct kolam_backup_options *options,
                                                     bool is_private, struct kolam_error *error);

/* Appends to the copy of a canvas the ops that came since, in one transaction, and compares them. KOLAM_ERR_GONE with words:
 * the copy is not an earlier state of this canvas (it was restored, flattened or of an older format): copy it whole. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_append(const struct kolam_backup_options *options,
                                                       uint64_t *out_count,
                                                       struct kolam_error *error);

/* The newest seq <= `seq` that ends a whole submission: neither a drawing of several parts nor an edit is cut in two. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_whole(struct kolam_reader *reader, uint64_t seq,
                                                      uint64_t *out_seq);

/* Makes a canvas file that nobody has open what it was at `seq`, as a canvas of its own: ops after it are gone for good, also
 * from the file's unused pages; the index is made anew; it has another incarnation (0: a random one), because what comes
 * next has the seqs of what is gone. */
KOLAM_MUST_CHECK enum kolam_status
kolam_backup_cut(const char *path, uint64_t seq, uint64_t incarnation, struct kolam_error *error);

/* Makes `path` the only file of the database: what its -wal holds is in it and on the disk. KOLAM_ERR_BUSY if somebody has
 * it open. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_settle(const char *path, struct kolam_error *error);

/* fsync of a file or folder. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_sync(const char *path, struct kolam_error *error);

#endif
