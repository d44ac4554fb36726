/* The two ways of kolam import: into a folder, and through a server. */
#ifndef KOLAM_TOOLS_IMPORT_H
#define KOLAM_TOOLS_IMPORT_H

#include <jansson.h>

#include "ndjson.h"
#include "stroke_build.h"
#include "tool.h"

struct kolam_import {
    const char *data, *server; /* one of the two */
    const char *canvas;
    const char *admin_token; /* 64 hex digits, or NULL: draw as oneself */
    const char *token_file;  /* where one's own token is kept, or NULL */
    bool is_realtime;
    char *const *files;
    int file_count;
    int signals_fd;

    /* Filled as it goes. */
    uint64_t strokes, ops, points, body_bytes;
    uint64_t known;  /* of the strokes: had been there before */
    json_t *artists; /* an object used as a set of names */
    struct kolam_progress progress;
    int64_t begun_ms;
};

/* A stroke of a file, ready to be submitted. */
struct kolam_import_item {
    struct kolam_built_stroke built;
    uint32_t counter; /* of its first op */
    uint64_t line;
};

/* One file being read: strokes in order, each with the counters of its ops. The ids are made from the
 * content: `nonce` is the start of the fingerprint of the file, the counter the op's place in it. So
 * an import that was interrupted, or is repeated, in either of the two ways, doubles nothing. */
struct kolam_import_source {
    struct kolam_ndjson *file;
    struct kolam_drawn_stroke drawn;
    struct kolam_stroke_builder *builder;
    uint64_t nonce;
    uint32_t counter;
};

KOLAM_MUST_CHECK enum kolam_status kolam_import_source_init(struct kolam_import_source *source,
                                                            const char *path,
                                                            struct kolam_error *error);
void kolam_import_source_finish(struct kolam_import_source *source);
/* The next stroke: `source->drawn` and *out_item, which the caller finishes (built). KOLAM_ERR_NOT_FOUND at
 * the end. */
KOLAM_MUST_CHECK enum kolam_status kolam_import_source_next(struct kolam_import_source *source,
                                                            struct kolam_import_item *out_item,
                                                            struct kolam_error *error);

/* Counts a stroke that is now on the wall, and shows progress. */
void kolam_import_count(struct kolam_import *import, uint32_t op_count, bool is_known);

KOLAM_MUST_CHECK enum kolam_status kolam_import_to_folder(struct kolam_import *import,
                                                          struct kolam_error *error);
KOLAM_MUST_CHECK enum kolam_status kolam_import_to_server(struct kolam_import *import,
                                                          struct kolam_error *error);

#endif
