/* Reading a folder of files into memory, hashed and compressed. */
#ifndef KOLAM_SERVER_STATIC_LOAD_H
#define KOLAM_SERVER_STATIC_LOAD_H

#include "bytes.h"
#include "inline_scripts.h"
#include "kolam/status.h"
#include "list.h"

struct kolam_static_file {
    struct kolam_list link;
    char *path;       /* "/index.html" */
    const char *type; /* the Content-Type */
    bool is_hashed;   /* its name changes with its content */
    char etag[33];
    struct kolam_bytes *plain, *gzip;              /* gzip is NULL where it does not pay */
    char inline_scripts[KOLAM_INLINE_SCRIPTS_MAX]; /* of a page: what its policy has to allow */
};

/* Appends every regular file below `folder` to `files` (kolam_static_file). Not bounded: the operator's own
 * folder. */
KOLAM_MUST_CHECK enum kolam_status kolam_static_load(const char *folder, struct kolam_list *files,
                                                     uint64_t *out_bytes,
                                                     struct kolam_error *error);
void kolam_static_file_destroy(struct kolam_static_file *file);

#endif
