/* A disk that forgets: a journal of every change that a program makes below one folder, and from it what a power cut at
 * any moment may leave.
 *
 * What POSIX promises, and no more: a file's bytes and size are kept once it was synced, a folder's names (files made,
 * removed, renamed) once the folder was. Of what was not, any part may be there: each sector of 512 bytes as it was after any of
 * the writes to it, the size as it was after any of them, each name or not, whatever the order in which things were done. A
 * sector is written whole or not at all, a rename too; where a file had grown, bytes that did not come are zeros or junk. */
#ifndef KOLAM_TESTS_DISK_H
#define KOLAM_TESTS_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From now on changes below `root` (as it is now: all of it is kept) go into the journal. What had been recorded is forgotten. */
void disk_record(const char *root);
void disk_stop(void);
void disk_forget(void);
/* How many changes there were: those before a moment have a smaller number. Any thread. */
size_t disk_now(void);

enum disk_cut_kind {
    DISK_NOTHING_MORE, /* only what was synced */
    DISK_EVERYTHING,   /* all of it, as after kill -9 */
    DISK_IN_ORDER,     /* what was done first, up to some change; as an ordered journal leaves it */
    DISK_ALL_BUT_ONE,  /* nothing more of one file, or folder */
    DISK_ONLY_ONE,
    DISK_ANYTHING, /* sector by sector */
    DISK_CUT_KINDS,
    /* Of the names that are not synced yet, in the order of their folders and changes, those whose bit is set in the seed; of
     * files all that was done, or, without DISK_FILES_DONE, only what was synced. */
    DISK_NAMES = DISK_CUT_KINDS
};

#define DISK_FILES_DONE (UINT64_C(1) << 63)

struct disk_cut {
    size_t before; /* this change and later ones were never asked for */
    enum disk_cut_kind kind;
    uint64_t seed;
};

/* Writes into `out_folder`, which is in memory (ram.h), what the disk holds after the cut. Cheap if `before` never falls from call to call. */
void disk_after(const struct disk_cut *cut, const char *out_folder);
/* How many changes of names are not synced at this moment: so many bits DISK_NAMES looks at. */
size_t disk_loose_names(size_t before);
/* True if change `number` was one of a name, or of a folder's sync. */
bool disk_is_of_names(size_t number);
bool disk_is_rename(size_t number);
/* True if change `number` was a sync: before it and after it are the moments that differ most. */
bool disk_is_sync(size_t number);
const char *disk_change_text(size_t number, char *out_text, size_t capacity);

/* ---- told by fault_vfs.c and wrapped.c, after the fact; nothing happens unless it is below the root ---- */

struct disk_node; /* a file or folder, whatever its name */

struct disk_node *disk_find(const char *path); /* NULL: not below the root */
struct disk_node *disk_told_made(const char *path,
                                 bool is_folder); /* as disk_find if it was there */
void disk_told_written(struct disk_node *node, const void *bytes, size_t size, uint64_t offset);
void disk_told_truncated(struct disk_node *node, uint64_t size);
void disk_told_synced(struct disk_node *node);
void disk_told_folder_synced(const char *path_inside); /* the folder that the path is in */
void disk_told_removed(const char *path);
void disk_told_renamed(const char *from, const char *to); /* within one folder */
void disk_told_linked(const char *from, const char *to);

#endif
