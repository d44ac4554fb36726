/* Static files from memory. ETags are hashes of the content; a file whose name holds a hash (as the bundler makes them)
 * may be kept for ever, everything else is asked for again each time and answered 304. */
#include "http_static.h"

#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "kolam/alloc.h"
#include "canvas.h"
#include "kolam/folder.h"
#include "static_load.h"

#define SCRIPT_POLICY "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"
#define OTHER_POLICY                                                                               \
    "; style-src 'self'; "                                                                         \
    "img-src 'self' blob: data:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "     \
    "object-src 'none'; base-uri 'none'; form-action 'none'"
/* Who could put the wall under something else would make people draw; a page that only looks on does no harm. */
#define NO_FOREIGN_FRAMES "; frame-ancestors 'self'"

#define PAGE "/index.html"

struct kolam_static {
    struct kolam_list files; /* kolam_static_file */
};

static bool is_folder(const char *path) {
    struct stat status;
    return path && path[0] && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* "<folder of the executable>/web" */
static bool beside_executable(char *out, size_t capacity) {
    char path[KOLAM_PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (size <= 0) {
        return false;
    }
    path[size] = '\0';
    char *slash = strrchr(path, '/');
    return slash && snprintf(out, capacity, "%.*s/web", (int)(slash - path), path) < (int)capacity;
}

/* Fills `out` with the folder to serve; false if there is none. */
static bool find_folder(const struct kolam_options *options, char *out, size_t capacity) {
    if (options->web) {
        return snprintf(out, capacity, "%s", options->web) < (int)capacity;
    }
    if (beside_executable(out, capacity) && is_folder(out)) {
        return true;
    }
#ifdef KOLAM_WEB_DIR
    if (is_folder(KOLAM_WEB_DIR)) {
        return snprintf(out, capacity, "%s", KOLAM_WEB_DIR) < (int)capacity;
    }
#endif
    return false;
}

enum kolam_status kolam_static_create(struct kolam_server *server, struct kolam_error *error) {
    char folder[KOLAM_PATH_MAX], quoted[400];
    struct kolam_static *files = kolam_alloc_zero(1, sizeof(*files));
    if (!files) {
        return kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    }
    kolam_list_init(&files->files);
    server->static_files = files;
    if (!find_folder(server->options, folder, sizeof(folder))) {
        kolam_logfmt(&server->logfmt, KOLAM_LOG_WARN, "no_web_client",
                     "hint=\"build it with make, or name its folder with --web\"");
        return KOLAM_OK;
    }
    if (!is_folder(folder)) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "--web %s: no such folder", folder);
    }
    uint64_t bytes = 0;
    enum kolam_status status = kolam_static_load(folder, &files->files, &bytes, error);
    if (status == KOLAM_OK) {
        kolam_logfmt(&server->logfmt, KOLAM_LOG_INFO, "web_client", "folder=%s bytes=%" PRIu64,
                     kolam_logfmt_quote(quoted, sizeof(quoted), folder), bytes);
    }
    return status;
}

void kolam_static_destroy(struct kolam_server *server) {
    if (server->static_files) {
        KOLAM_LIST_EACH(&server->static_files->files, struct kolam_static_file, link, file) {
            kolam_static_file_destroy(file);
        }
        kolam_free(server->static_files);
        server->static_files = NULL;
    }
}

static const struct kolam_static_file *find(const struct kolam_static *files, const char *path) {
    KOLAM_LIST_EACH(&files->files, struct kolam_static_file, link, file) {
        if (strcmp(file->path, path) == 0) {
            return file;
        }
    }
    return NULL;
}

/* The page itself stands at / and at each canvas's address. */
static const char *file_of(const char *path) {
    if (strcmp(path, "/") == 0) {
        return PAGE;
    }
    if (strncmp(path, "/c/", 3) == 0) {
        return kolam_canvas_name_is_valid(path + 3) ? PAGE : "";
    }
    return path;
}

/* The page is the same for every canvas. Where to begin is told beside it, to its script, which then can ask for the first
 * tiles at once: `Server-Timing: place;desc="<level> <x> <y>"`, the one header of an answer that a page can read. */
static void tell_place(struct kolam_server *server, const char *path, char *out, size_t capacity) {
    const char *name = strncmp(path, "/c/", 3) == 0 ? path + 3 : "main";
    const struct kolam_canvas *canvas = kolam_canvas_find(server, name);
    out[0] = '\0';
    if (canvas && canvas->has_place) {
        snprintf(out, capacity, "Server-Timing: place;desc=\"%d %" PRId64 " %" PRId64 "\"\r\n",
                 canvas->place_level, canvas->place_x, canvas->place_y);
    }
}

/* `?embed`, as it stands there: the client takes it for the same (web/src/place/modes.ts), whatever else is asked.
 * With a value it may be something else to the client, whose reading of %3D is another. */
static bool is_embedded(const struct kolam_request *request) {
    for (const char *word = request->query; *word; word += *word == '&') {
        size_t size = strcspn(word, "&");
        if (size == strlen("embed") && strncmp(word, "embed", size) == 0) {
            return true;
        }
        word += size;
    }
    return false;
}

static void answer_file(struct kolam_server *server, struct kolam_http *http,
                        const struct kolam_request *request, const struct kolam_static_file *file) {
    const bool is_packed = request->has_gzip && file->gzip;
    char headers[1600], etag[48], place[120] = "";
    if (strcmp(file->path, PAGE) == 0) {
        tell_place(server, request->path, place, sizeof(place));
    }
    snprintf(etag, sizeof(etag), "\"%s%s\"", file->etag, is_packed ? "-gz" : "");
    snprintf(headers, sizeof(headers),
             "Content-Type: %s\r\nETag: %s\r\nCache-Control: %s\r\nVary: Accept-Encoding\r\n%s%s"
             "Content-Security-Policy: " SCRIPT_POLICY "%s" OTHER_POLICY "%s\r\n",
             file->type, etag, file->is_hashed ? "public, max-age=31536000, immutable" : "no-cache",
             is_packed ? "Content-Encoding: gzip\r\n" : "", place, file->inline_scripts,
             is_embedded(request) ? "" : NO_FOREIGN_FRAMES);
    bool is_known = strstr(request->if_none_match, etag) != NULL;
    kolam_http_answer(http, is_known ? 304 : 200, headers,
                      is_known ? NULL : (is_packed ? file->gzip : file->plain));
}

void kolam_static_request(struct kolam_server *server, struct kolam_http *http,
                          const struct kolam_request *request) {
    const struct kolam_static_file *file = find(server->static_files, file_of(request->path));
    if (file) {
        answer_file(server, http, request, file);
    } else if (kolam_list_is_empty(&server->static_files->files)) {
        kolam_http_error(http, 404, "the web client is not installed; build it with make");
    } else {
        kolam_http_error(http, 404, "there is nothing at this address");
    }
}
