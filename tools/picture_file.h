/* A file that appears only when it is complete: written under another name, synced, renamed. */
#ifndef KOLAM_TOOLS_PICTURE_FILE_H
#define KOLAM_TOOLS_PICTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

struct kolam_picture_file;

/* Begins writing `path`, or standard output for "-". */
KOLAM_MUST_CHECK enum kolam_status kolam_picture_file_create(const char *path,
                                                             struct kolam_picture_file **out_file,
                                                             struct kolam_error *error);
/* As kolam_png_write and kolam_http_body: `ctx` is the file; false when the system refuses. */
bool kolam_picture_file_write(void *ctx, const uint8_t *bytes, size_t size_bytes);
/* Makes the file appear; frees `file`, also on failure. */
KOLAM_MUST_CHECK enum kolam_status kolam_picture_file_finish(struct kolam_picture_file *file,
                                                             struct kolam_error *error);
/* Leaves no trace; frees `file`; NULL is safe. */
void kolam_picture_file_abandon(struct kolam_picture_file *file);
/* What the system said when a write was refused; "" if none was. */
const char *kolam_picture_file_problem(const struct kolam_picture_file *file);
uint64_t kolam_picture_file_size(const struct kolam_picture_file *file);

#endif
