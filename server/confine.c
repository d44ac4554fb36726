/* See confine.h. Certificates are read again at a hangup, by the names they were given: those names' folders may be read, and the
 * folders that they lead to (ACME clients keep links there, and put the next certificate beside the last). */
#include "confine.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"

#define PATHS_MAX 16

struct reading {
    char room[PATHS_MAX][PATH_MAX];
    const char *paths[PATHS_MAX];
    unsigned count;
};

static void add(struct reading *reading, const char *folder, const char *below) {
    if (reading->count < PATHS_MAX &&
        snprintf(reading->room[reading->count], PATH_MAX, "%s%s", folder, below) < PATH_MAX) {
        reading->paths[reading->count] = reading->room[reading->count];
        reading->count++;
    }
}

static void add_folder_of(struct reading *reading, const char *path) {
    char copy[PATH_MAX], real[PATH_MAX];
    if (!path || strlen(path) >= sizeof copy) {
        return;
    }
    (void)strcpy(copy, path);
    add(reading, dirname(copy), "");
    if (realpath(path, real)) {
        add(reading, dirname(real), "");
    }
}

/* The client's files: where --web says, beside the executable, or as installed. */
static void add_web(struct reading *reading, const char *web) {
    char executable[PATH_MAX];
    const ssize_t size = readlink("/proc/self/exe", executable, sizeof executable - 1);
    if (web) {
        add(reading, web, "");
    }
    if (size > 0) {
        executable[size] = '\0';
        add(reading, dirname(executable), "/web");
    }
#ifdef KOLAM_WEB_DIR
    add(reading, KOLAM_WEB_DIR, "");
#endif
}

void kolam_confine_files(struct kolam_server *server) {
    const struct kolam_options *options = server->options;
    if (geteuid() == 0) {
        kolam_logfmt(&server->logfmt, KOLAM_LOG_WARN, "running_as_root",
                     "hint=\"serve as a user of its own, see kolam.service\"");
    }
    if (options->no_sandbox || !kolam_sandbox_is_possible()) {
        return;
    }
    struct reading reading = {.count = 0};
    add_web(&reading, options->web);
    add_folder_of(&reading, options->tls_cert);
    add_folder_of(&reading, options->tls_key);
    const struct kolam_sandbox_paths paths = {.data = kolam_folder_path(server->folder),
                                              .read = reading.paths,
                                              .read_count = reading.count};
    server->has_confined_files = kolam_sandbox_files(&paths);
}

void kolam_confine_calls(struct kolam_server *server) {
    if (server->options->no_sandbox || !kolam_sandbox_is_possible()) {
        return;
    }
    const bool has_calls = kolam_sandbox_calls();
    const bool is_whole = has_calls && server->has_confined_files;
    kolam_logfmt(&server->logfmt, is_whole ? KOLAM_LOG_INFO : KOLAM_LOG_WARN, "sandbox",
                 "files=%s calls=%s", server->has_confined_files ? "confined" : "open",
                 has_calls ? "confined" : "open");
}
