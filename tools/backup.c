/* kolam backup: a data folder's logs and people, copied while they are in use into a folder that is a data folder itself: it can be
 * checked, looked at and served from. What was copied before is only taken further. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "backup_files.h"
#include "kolam/command.h"
#include "kolam/compact.h"
#include "tool.h"
#include "verb_options.h"
#include "wall.h"

static const char help[] =
    "kolam backup [--data DIR] -o BACKUP [--canvas NAME] [--with-admin-token]\n"
    "Copies walls and who drew on them into a folder, while people draw. Each file is copied as "
    "of\n"
    "one moment, verified, and on the disk when the verb ends. Run again with the same folder, it\n"
    "appends what was drawn since, and takes as long as that is much.\n"
    "\n"
    "  --data DIR          the data folder ($KOLAM_DATA; default ./kolam-data); it is only read, "
    "and\n"
    "                      a server may have it open\n"
    "  -o, --output BACKUP the folder; made if it is missing. It is a data folder: kolam check,\n"
    "                      export and the others read it; to serve from it, restore it elsewhere\n"
    "  --canvas NAME       this wall only, without people; default all, with identity.db and\n"
    "                      moderation.db\n"
    "  --with-admin-token  admin.token, too\n"
    "\n"
    "A wall of which the folder holds another history (the wall was restored, or flattened) is\n"
    "copied whole, and the one that was there is kept in BACKUP/replaced. What is in the folder "
    "is\n"
    "never made worse: killed at any moment, it holds for each wall the former state or the new.\n"
    "\n"
    "  kolam backup --data /var/lib/kolam -o /backup/kolam && kolam check --data /backup/kolam\n";

struct arguments {
    const char *data, *output, *canvas;
    bool wants_token, wants_help;
};

#define AT(member) offsetof(struct arguments, member)

static const struct kolam_verb_option options[] = {
    {.name = "data", .kind = KOLAM_OPTION_TEXT, .offset = AT(data)},
    {.name = "output", .kind = KOLAM_OPTION_TEXT, .offset = AT(output), .letter = 'o'},
    {.name = "canvas", .kind = KOLAM_OPTION_TEXT, .offset = AT(canvas)},
    {.name = "with-admin-token", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_token)},
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

struct backup {
    const struct arguments *arguments;
    struct kolam_folder *data, *output;
    int signals_fd;
    struct kolam_progress progress;
    const char *what; /* is being copied */
    uint32_t canvas_count, failures;
    json_t *canvases, *files; /* for the manifest */
    enum kolam_status status; /* what ends all of it */
};

static bool show_progress(void *ctx, uint64_t done, uint64_t all) {
    struct backup *backup = ctx;
    if (kolam_progress_is_due(&backup->progress)) {
        kolam_progress_show(&backup->progress, "%s: %" PRIu64 "%%", backup->what,
                            all > 0 ? done * 100 / all : 100);
    }
    return !kolam_signals_arrived(backup->signals_fd);
}

/* ---- one canvas ---- */

struct canvas_paths {
    char from[KOLAM_PATH_MAX], to[KOLAM_PATH_MAX], fresh[KOLAM_PATH_MAX];
};

static enum kolam_status find_paths(const struct backup *backup, const char *canvas,
                                    struct canvas_paths *paths, struct kolam_error *error) {
    enum kolam_status status =
        kolam_folder_canvas_path(backup->data, canvas, ".kolam", paths->from);
    if (status == KOLAM_OK) {
        status = kolam_folder_canvas_path(backup->output, canvas, ".kolam", paths->to);
    }
    if (status == KOLAM_OK) {
        status = kolam_folder_canvas_path(backup->output, canvas, ".kolam.new", paths->fresh);
    }
    return status == KOLAM_OK
               ? KOLAM_OK
               : kolam_fail(error, status, "%s: %s", canvas, kolam_status_text(status));
}

/* The former copy stays until the new one is verified, and afterwards aside. */
static enum kolam_status copy_whole(struct backup *backup, const char *canvas,
                                    const struct canvas_paths *paths, struct kolam_error *error) {
    const struct kolam_backup_options copy = {.path = paths->from,
                                              .copy_path = paths->fresh,
                                              .progress = show_progress,
                                              .progress_ctx = backup};
    char aside[KOLAM_PATH_MAX] = "";
    kolam_compact_discard(paths->fresh);
    enum kolam_status status = kolam_backup_copy(&copy, false, error);
    if (status == KOLAM_OK) {
        status = kolam_backup_verify(paths->fresh, canvas, backup->signals_fd, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_backup_settle(paths->fresh, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_backup_move_aside(backup->output, canvas, aside, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_backup_put(paths->to, error);
    }
    if (status != KOLAM_OK) {
        kolam_backup_keep_no_more(paths->to, aside);
        kolam_compact_discard(paths->fresh);
        return status;
    }
    kolam_progress_end(&backup->progress);
    printf("%s: copied whole, %.1f MB\n", canvas, (double)kolam_backup_file_bytes(paths->to) / 1e6);
    if (aside[0] != '\0') {
        printf("%s: what was here is kept as %s\n", canvas, aside);
    }
    return KOLAM_OK;
}

static enum kolam_status copy_new(struct backup *backup, const char *canvas,
                                  const struct canvas_paths *paths, struct kolam_error *error) {
    const struct kolam_backup_options copy = {.path = paths->from,
                                              .copy_path = paths->to,
                                              .progress = show_progress,
                                              .progress_ctx = backup};
    uint64_t count = 0;
    char ops[32];
    enum kolam_status status = kolam_backup_append(&copy, &count, error);
    if (status == KOLAM_OK) {
        kolam_progress_end(&backup->progress);
        printf("%s: %s op%s since the last time\n", canvas, kolam_tool_thousands(count, ops),
               count == 1 ? "" : "s");
    }
    return status;
}

static bool is_ours_to_end(enum kolam_status status) {
    return status == KOLAM_ERR_CLOSED || status == KOLAM_ERR_FULL || status == KOLAM_ERR_NOMEM ||
           status == KOLAM_ERR_BUSY;
}

static enum kolam_status copy_canvas(struct backup *backup, const char *canvas,
                                     struct kolam_error *error) {
    struct canvas_paths paths;
    struct kolam_backup_state state;
    enum kolam_status status = find_paths(backup, canvas, &paths, error);
    if (status != KOLAM_OK) {
        return status;
    }
    const bool is_there = access(paths.to, F_OK) == 0;
    status = is_there ? copy_new(backup, canvas, &paths, error) : KOLAM_ERR_GONE;
    if (status != KOLAM_OK && !is_ours_to_end(status)) {
        if (is_there) {
            kolam_progress_end(&backup->progress);
            printf("%s: %s\n", canvas, error->text);
        }
        status = copy_whole(backup, canvas, &paths, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_backup_look(paths.to, &state, error);
    }
    if (status == KOLAM_OK) {
        char incarnation[17];
        (void)snprintf(incarnation, sizeof incarnation, "%016" PRIx64, state.incarnation);
        json_array_append_new(backup->canvases,
                              json_pack("{ss ss sI sI sI}", "name", canvas, "incarnation",
                                        incarnation, "seq", (json_int_t)state.seq, "time_ms",
                                        (json_int_t)state.time_ms, "base_seq",
                                        (json_int_t)state.base_seq));
    }
    return status;
}

static bool visit_canvas(void *ctx, const char *canvas) {
    struct backup *backup = ctx;
    struct kolam_error error = {.text = ""};
    if (backup->arguments->canvas && strcmp(backup->arguments->canvas, canvas) != 0) {
        return true;
    }
    backup->what = canvas;
    backup->canvas_count++;
    enum kolam_status status = copy_canvas(backup, canvas, &error);
    kolam_progress_end(&backup->progress);
    if (status == KOLAM_ERR_CLOSED) {
        backup->status = status;
        return false;
    }
    if (status != KOLAM_OK) { /* the other walls can still be saved */
        kolam_tool_failed("backup", "%s: %s", canvas, error.text);
        backup->failures++;
    }
    return true;
}

/* ---- the other files ---- */

/* After the canvases: nobody whose strokes are in the backup lacks the key to them. */
static enum kolam_status copy_database(struct backup *backup, const char *file,
                                       struct kolam_error *error) {
    char from[KOLAM_PATH_MAX], to[KOLAM_PATH_MAX], fresh[KOLAM_PATH_MAX + 8];
    enum kolam_status status = kolam_folder_file_path(backup->data, file, from);
    if (status == KOLAM_OK) {
        status = kolam_folder_file_path(backup->output, file, to);
    }
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: the path is too long", file);
    }
    if (access(from, F_OK) != 0) {
        return KOLAM_OK;
    }
    (void)snprintf(fresh, sizeof fresh, "%s.new", to);
    const struct kolam_backup_options copy = {
        .path = from, .copy_path = fresh, .progress = show_progress, .progress_ctx = backup};
    backup->what = file;
    kolam_compact_discard(fresh);
    status = kolam_backup_copy(&copy, true, error);
    if (status == KOLAM_OK) {
        status = kolam_backup_settle(fresh, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_backup_put(to, error);
    }
    if (status == KOLAM_OK) {
        json_array_append_new(backup->files, json_string(file));
    }
    kolam_progress_end(&backup->progress);
    return status;
}

static enum kolam_status copy_token(struct backup *backup, struct kolam_error *error) {
    char from[KOLAM_PATH_MAX], to[KOLAM_PATH_MAX], hex[65], text[67];
    enum kolam_status status = kolam_folder_file_path(backup->data, "admin.token", from);
    if (status == KOLAM_OK) {
        status = kolam_folder_file_path(backup->output, "admin.token", to);
    }
    if (status == KOLAM_OK) {
        status = kolam_tool_read_token(from, hex, error);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    (void)snprintf(text, sizeof text, "%s\n", hex);
    json_array_append_new(backup->files, json_string("admin.token"));
    return kolam_backup_write_text(to, text, 0600, error);
}

/* What is in the folder and of when: for people and scripts, and the sign that the backup came to its end. */
static enum kolam_status write_manifest(struct backup *backup, struct kolam_error *error) {
    char path[KOLAM_PATH_MAX], made[32];
    kolam_wall_time_text((int64_t)time(NULL) * 1000, made);
    if (kolam_folder_file_path(backup->output, "backup.json", path) != KOLAM_OK) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "the path is too long");
    }
    json_t *manifest = json_pack("{si ss ss sO sO}", "format", 1, "kolam", KOLAM_VERSION, "made",
                                 made, "canvases", backup->canvases, "files", backup->files);
    char *text = manifest ? json_dumps(manifest, JSON_INDENT(2)) : NULL;
    enum kolam_status status = text ? kolam_backup_write_text(path, text, 0666, error)
                                    : kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    free(text);
    json_decref(manifest);
    return status;
}

static enum kolam_status copy_people(struct backup *backup, struct kolam_error *error) {
    static const char *const databases[] = {"identity.db", "moderation.db"};
    enum kolam_status status = KOLAM_OK;
    for (size_t i = 0; i < sizeof databases / sizeof databases[0] && status == KOLAM_OK; i++) {
        status = copy_database(backup, databases[i], error);
    }
    if (status == KOLAM_OK && backup->arguments->wants_token) {
        status = copy_token(backup, error);
    }
    /* Its age is what scripts look at: it grows for as long as a wall fails. */
    return status == KOLAM_OK && backup->failures == 0 ? write_manifest(backup, error) : status;
}

/* ---- the command ---- */

static enum kolam_status copy_all(struct backup *backup, struct kolam_error *error) {
    enum kolam_status status = kolam_folder_each_canvas(backup->data, visit_canvas, backup);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: %s", backup->arguments->data,
                          kolam_status_text(status));
    }
    if (backup->status != KOLAM_OK) {
        return kolam_fail(error, backup->status,
                          "interrupted; what was copied is whole, run it again for the rest");
    }
    if (backup->arguments->canvas) {
        return backup->canvas_count > 0
                   ? KOLAM_OK
                   : kolam_fail(error, KOLAM_ERR_NOT_FOUND, "there is no canvas %s in %s",
                                backup->arguments->canvas, backup->arguments->data);
    }
    return copy_people(backup, error);
}

static enum kolam_status open_folders(struct backup *backup, struct kolam_error *error) {
    const struct arguments *arguments = backup->arguments;
    char from[KOLAM_PATH_MAX * 4], to[KOLAM_PATH_MAX * 4];
    enum kolam_status status = kolam_folder_open_read_only(arguments->data, &backup->data, error);
    if (status == KOLAM_OK && realpath(arguments->data, from) && realpath(arguments->output, to) &&
        strcmp(from, to) == 0) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "%s is the data folder itself",
                          arguments->output);
    }
    return status == KOLAM_OK ? kolam_folder_open(arguments->output, &backup->output, error)
                              : status;
}

static int run(const struct arguments *arguments) {
    struct backup backup = {.arguments = arguments,
                            .signals_fd = kolam_signals_open(),
                            .progress = kolam_progress_begin(),
                            .canvases = json_array(),
                            .files = json_array()};
    struct kolam_error error = {.text = ""};
    const int64_t begun_ms = kolam_tool_now_ms();
    enum kolam_status status = open_folders(&backup, &error);
    if (status == KOLAM_OK) {
        status = copy_all(&backup, &error);
    }
    kolam_progress_end(&backup.progress);
    kolam_folder_close(backup.data);
    kolam_folder_close(backup.output);
    json_decref(backup.canvases);
    json_decref(backup.files);
    if (status != KOLAM_OK) {
        return kolam_tool_failed("backup", "%s", error.text);
    }
    printf("%" PRIu32 " wall%s in %s (%.1f s)\n", backup.canvas_count - backup.failures,
           backup.canvas_count - backup.failures == 1 ? "" : "s", arguments->output,
           (double)(kolam_tool_now_ms() - begun_ms) / 1000);
    return backup.failures == 0 && fflush(stdout) == 0 ? KOLAM_EXIT_OK : KOLAM_EXIT_FAILURE;
}

int kolam_cmd_backup(int argc, char **argv) {
    struct arguments arguments = {0};
    if (!kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], &arguments)) {
        return KOLAM_EXIT_USAGE;
    }
    if (arguments.wants_help) {
        fputs(help, stdout);
        return KOLAM_EXIT_OK;
    }
    if (optind < argc) {
        return kolam_tool_misused(argv[0], "takes no file names; name the folder with --output");
    }
    if (!arguments.output) {
        return kolam_tool_misused(argv[0], "--output BACKUP is needed: the folder to copy into");
    }
    if (arguments.canvas && !kolam_canvas_name_is_valid(arguments.canvas)) {
        return kolam_tool_misused(argv[0], "'%s' is no name of a canvas (a-z 0-9 - _, at most 64)",
                                  arguments.canvas);
    }
    arguments.data = kolam_tool_setting(arguments.data, "KOLAM_DATA");
    arguments.data = arguments.data ? arguments.data : "./kolam-data";
    return run(&arguments);
}
