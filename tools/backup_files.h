/* What backup and restore share: how a canvas's file is judged, put in its place, and moved aside. */
#ifndef KOLAM_TOOLS_BACKUP_FILES_H
#define KOLAM_TOOLS_BACKUP_FILES_H

#include "kolam/backup.h"
#include "kolam/folder.h"

/* What a canvas's file is. */
struct kolam_backup_state {
    uint64_t incarnation, seq, base_seq;
    int64_t time_ms;
};

/* Reads the state; the reader's errors. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_look(const char *path,
                                                     struct kolam_backup_state *out_state,
                                                     struct kolam_error *error);
/* As kolam check does it for log and index: KOLAM_ERR_CORRUPT if it finds anything, which it has told then. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_verify(const char *path, const char *canvas,
                                                       int signals_fd, struct kolam_error *error);
/* "<path>.new" becomes `path`, durably. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_put(const char *path, struct kolam_error *error);
/* A database is called `to`, too, until kolam_backup_put gives its first name to another; also one that cannot be read, and then
 * with its -wal. KOLAM_ERR_BUSY if somebody has it open. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_set_aside(const char *path, const char *to,
                                                          struct kolam_error *error);
/* The same of a canvas's file, as "<folder>/replaced/<canvas>-<incarnation>-<seq>.kolam", which out_path gets: nothing that was drawn
 * is deleted by us. KOLAM_OK with an empty out_path if there is none; KOLAM_ERR_BUSY if somebody has it open. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_move_aside(const struct kolam_folder *folder,
                                                           const char *canvas,
                                                           char out_path[KOLAM_PATH_MAX],
                                                           struct kolam_error *error);
/* After kolam_backup_put failed: a file that still has its first name loses the other one. */
void kolam_backup_keep_no_more(const char *path, const char *aside);
/* A small text becomes the file `path`, in one step, durably. */
KOLAM_MUST_CHECK enum kolam_status kolam_backup_write_text(const char *path, const char *text,
                                                           unsigned mode,
                                                           struct kolam_error *error);
uint64_t kolam_backup_file_bytes(const char *path); /* 0 if it is not there */

#endif
