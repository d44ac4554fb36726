/* Everything that kolam does with a canvas file that somebody handed in, for the fuzzers of such files. */
#ifndef KOLAM_TESTS_FUZZ_CANVAS_PROBE_H
#define KOLAM_TESTS_FUZZ_CANVAS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A folder in memory, if there is such a place, made once and deleted at exit. */
const char *probe_folder(void);
/* "<folder>/<name>", valid for good; `name` is a literal. */
const char *probe_path(const char *name);
void probe_write(const char *path, const void *bytes, size_t size_bytes);
/* Deletes the file and what SQLite leaves beside it. */
void probe_remove(const char *path);

/* Opens, and then does what the turn tells: reads, looks back, draws, exports, checks, appends or flattens. One of them, since all took
 * some 50 ms, and a fuzzer that runs a few times a second finds little; the harnesses give the size of their input, which varies. Whatever
 * the file says, this ends soon, needs little memory and does no harm: that is all that is asked of it. */
void probe_canvas(const char *path, size_t turn);
/* Opens it as the log does, which migrates it, and appends a stroke. */
void probe_append(const char *path);

#endif
