/* Files that are in this process's memory and nowhere else: nothing costs a system call, and a process that forks takes them with
 * it as they are, with their locks and the memory that a WAL's connections share (explore.h). Whatever lies below a folder that was
 * made here is in memory: for SQLite by ram_vfs.c, for the engine's own calls by wrapped.c. Any thread. */
#ifndef KOLAM_TESTS_RAM_H
#define KOLAM_TESTS_RAM_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct ram_node; /* a file or folder, whatever its name */

/* An empty folder in memory; its path is told. */
void ram_folder_make(char out_path[512]);
/* With all that is in it; nothing of it may be open. */
void ram_folder_remove(const char *path);
/* mkdtemp's: the name is made from the template, which ends in XXXXXX. */
void ram_folder_make_like(char *template);
bool ram_has(const char *path); /* whether it would lie in memory */
bool ram_is_used(void);         /* whether any folder does */

/* As the calls of these names; of what is below a folder in memory. -1 and errno, as they. */
int ram_mkdir(const char *path);
int ram_rmdir(const char *path);
int ram_unlink(const char *path);
int ram_rename(const char *from, const char *to);
int ram_link(const char *from, const char *to);
int ram_stat(const char *path, struct stat *out_info);
/* NULL and errno. What is opened is closed again. */
struct ram_node *ram_open(const char *path, int flags);
struct ram_node *ram_open_nameless(void); /* gone once it is closed */
void ram_close(struct ram_node *node);
size_t ram_read(const struct ram_node *node, void *out, size_t size, uint64_t offset);
bool ram_write(struct ram_node *node, const void *bytes, size_t size, uint64_t offset);
void ram_truncate(struct ram_node *node, uint64_t size);
uint64_t ram_size(const struct ram_node *node);
bool ram_is_at(const struct ram_node *node, const char *path);
/* Turns a bit of a file. */
void ram_flip(const char *path, uint64_t offset, int bit);

/* A number for the names and bytes of all that begins so and does not end in "-shm". */
struct ram_print {
    uint64_t low, high;
};
struct ram_print ram_print(const char *begin);
struct ram_print ram_print_add(struct ram_print print, const void *bytes, size_t size);

/* What connections of this process know of each other. */
struct ram_sharing {
    uint32_t shared, reserved, pending, exclusive; /* how many hold a file's lock */
    uint32_t users, slot_shared[SQLITE_SHM_NLOCK], slot_exclusive[SQLITE_SHM_NLOCK];
    uint32_t page_count;
    void **pages;
};
struct ram_sharing *ram_sharing_of(struct ram_node *node);
void ram_sharing_forget(struct ram_node *node);

sqlite3_vfs *ram_vfs(const sqlite3_vfs *system);

/* realloc, which no test makes fail (memory.c), or abort. */
void *ram_allocate(void *block, size_t size);

#endif
