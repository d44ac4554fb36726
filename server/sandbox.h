/* What the process gives up before it listens to anybody: files that are none of its business (Landlock), and system calls that
 * serving never makes (seccomp). Whoever finds a hole in us then finds the data folder, which we have to write, and little more. */
#ifndef KOLAM_SERVER_SANDBOX_H
#define KOLAM_SERVER_SANDBOX_H

#include <stdbool.h>

/* Before the first thread: Landlock holds for those that are made later. */
struct kolam_sandbox_paths {
    const char *data; /* may be written */
    const char *const
        *read; /* may be read: folders and files; those that are not there are left out */
    unsigned read_count;
};

/* True if files are kept out from now on; false where the kernel cannot (before 5.13, or switched off). No privileges are ever gained
 * again, no core is dumped (it would hold secrets), and SQLite's temporary files go to the data folder. */
bool kolam_sandbox_files(const struct kolam_sandbox_paths *paths);

/* For all threads, those that are there included, once nothing is to be bound any more: no program is started, no process made, traced,
 * looked into or signalled, no socket made, nothing connected or sent to an address, no memory both written and run. What is refused fails as if not permitted. */
bool kolam_sandbox_calls(void);

/* False in builds with sanitizers, which start and trace processes themselves. */
bool kolam_sandbox_is_possible(void);

#endif
