/* kolam restore: walls of a backup, as they are in it or as they were at a moment, become walls of a data folder. Nothing that is there
 * is overwritten unasked, and nothing that was drawn is deleted even then. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backup_files.h"
#include "kolam/command.h"
#include "kolam/compact.h"
#include "kolam/history.h"
#include "tool.h"
#include "verb_options.h"
#include "wall.h"

static const char help[] =
    "kolam restore BACKUP [--data DIR] [--canvas NAME] [--at MOMENT] [--replace] [--yes]\n"
    "Puts the walls of a backup into a data folder that no server has open, all of them or one, "
    "as\n"
    "they are in the backup or as they were at a moment. Each is verified before it takes its "
    "place.\n"
    "\n"
    "  BACKUP           the folder that kolam backup made, or a copy of a data folder\n"
    "  --data DIR       the data folder ($KOLAM_DATA; default ./kolam-data); made if it is "
    "missing\n"
    "  --canvas NAME    this wall only\n"
    "  --at MOMENT      as it was then: a seq (4711; needs --canvas), or a time\n"
    "                   (2026-11-22T03:15:00Z). What came later is not in the restored wall;\n"
    "                   a drawing or edit that was under way then is left out as a whole\n"
    "  --replace        also walls, and people, that are there: a wall's former file is kept in\n"
    "                   DIR/replaced, identity.db's and moderation.db's beside them as\n"
    "                   FILE.replaced, one of each; admin.token's is not. Asks first if there\n"
    "                   are walls\n"
    "  --yes            the answer, where nobody can be asked\n"
    "\n"
    "A restored wall has another incarnation: browsers and caches that knew it look again. People\n"
    "(identity.db), what was decided about them (moderation.db) and admin.token are restored "
    "where\n"
    "they are missing, or with --replace, but not with --canvas; always as the backup has them.\n"
    "\n"
    "  kolam restore /backup/kolam --data /var/lib/kolam\n"
    "  kolam restore /backup/kolam --canvas main --at 2026-11-22T03:00:00Z --replace\n";

struct arguments {
    const char *backup, *data, *canvas, *at;
    bool may_replace, is_agreed, wants_help;
};

#define AT(member) offsetof(struct arguments, member)

static const struct kolam_verb_option options[] = {
    {.name = "data", .kind = KOLAM_OPTION_TEXT, .offset = AT(data)},
    {.name = "canvas", .kind = KOLAM_OPTION_TEXT, .offset = AT(canvas)},
    {.name = "at", .kind = KOLAM_OPTION_TEXT, .offset = AT(at)},
    {.name = "replace", .kind = KOLAM_OPTION_FLAG, .offset = AT(may_replace)},
    {.name = "yes", .kind = KOLAM_OPTION_FLAG, .offset = AT(is_agreed)},
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

struct restoring {
    const struct arguments *arguments;
    struct kolam_folder *from, *data;
    int signals_fd;
    struct kolam_progress progress;
    const char *what;
    uint32_t canvas_count, skipped, existing;
    char first_existing[KOLAM_CANVAS_NAME_MAX + 1];
    enum kolam_status status;
    struct kolam_error error;
};

static bool show_progress(void *ctx, uint64_t done, uint64_t all) {
    struct restoring *restoring = ctx;
    if (kolam_progress_is_due(&restoring->progress)) {
        kolam_progress_show(&restoring->progress, "%s: %" PRIu64 "%%", restoring->what,
                            all > 0 ? done * 100 / all : 100);
    }
    return !kolam_signals_arrived(restoring->signals_fd);
}

static bool is_wanted(const struct restoring *restoring, const char *canvas) {
    const char *wanted = restoring->arguments->canvas;
    return !wanted || strcmp(wanted, canvas) == 0;
}

/* ---- one canvas ---- */

/* The seq up to which it is restored; KOLAM_ERR_NOT_FOUND with words if there was nothing then. */
static enum kolam_status find_end(const struct restoring *restoring, const char *path,
                                  uint64_t *out_seq, struct kolam_error *error) {
    const struct arguments *arguments = restoring->arguments;
    struct kolam_reader *reader;
    struct kolam_canvas_info info;
    uint64_t asked = 0;
    enum kolam_status status = kolam_reader_create(path, &reader, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_reader_info(reader, &info);
    if (status == KOLAM_OK) {
        asked = *out_seq = info.last_seq;
    }
    if (status == KOLAM_OK && arguments->at) {
        status = kolam_wall_resolve(reader, "--at", arguments->at, &asked, error);
        if (status == KOLAM_OK) {
            status = kolam_backup_whole(reader, asked, out_seq);
        }
    }
    kolam_reader_destroy(reader);
    if (status == KOLAM_OK && *out_seq != asked) {
        printf("%s: up to seq %" PRIu64 ", not %" PRIu64
               ": the ops after it are one drawing or edit\n",
               restoring->what, *out_seq, asked);
    }
    return status == KOLAM_OK || error->text[0]
               ? status
               : kolam_fail(error, status, "%s: %s", path, kolam_status_text(status));
}

/* Copied, cut, verified; at "<path>.new". */
static enum kolam_status make_new(struct restoring *restoring, const char *canvas, const char *from,
                                  const char *fresh, uint64_t *out_seq, struct kolam_error *error) {
    const struct kolam_backup_options copy = {
        .path = from, .copy_path = fresh, .progress = show_progress, .progress_ctx = restoring};
    kolam_compact_discard(fresh);
    enum kolam_status status = find_end(restoring, from, out_seq, error);
    if (status == KOLAM_OK) {
        status = kolam_backup_copy(&copy, false, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_backup_cut(fresh, *out_seq, 0, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_backup_verify(fresh, canvas, restoring->signals_fd, error);
    }
    return status == KOLAM_OK ? kolam_backup_settle(fresh, error) : status;
}

static enum kolam_status restore_canvas(struct restoring *restoring, const char *canvas,
                                        struct kolam_error *error) {
    char from[KOLAM_PATH_MAX], to[KOLAM_PATH_MAX], fresh[KOLAM_PATH_MAX];
    char tiles[KOLAM_PATH_MAX], aside[KOLAM_PATH_MAX] = "", ops[32];
    uint64_t seq = 0;
    enum kolam_status status = kolam_folder_canvas_path(restoring->from, canvas, ".kolam", from);
    if (status == KOLAM_OK) {
        status = kolam_folder_canvas_path(restoring->data, canvas, ".kolam", to);
    }
    if (status == KOLAM_OK) {
        status = kolam_folder_canvas_path(restoring->data, canvas, ".kolam.new", fresh);
    }
    if (status == KOLAM_OK) {
        status = kolam_folder_canvas_path(restoring->data, canvas, ".tiles", tiles);
    }
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: %s", canvas, kolam_status_text(status));
    }
    status = make_new(restoring, canvas, from, fresh, &seq, error);
    if (status == KOLAM_OK) {
        status = kolam_backup_move_aside(restoring->data, canvas, aside, error);
    }
    if (status == KOLAM_OK) {
        status = kolam_backup_put(to, error);
    }
    if (status != KOLAM_OK) {
        kolam_backup_keep_no_more(to, aside);
        kolam_compact_discard(fresh);
        return status;
    }
    kolam_compact_discard(tiles); /* pictures of another incarnation */
    kolam_progress_end(&restoring->progress);
    printf("%s: restored up to seq %s\n", canvas, kolam_tool_thousands(seq, ops));
    if (aside[0] != '\0') {
        printf("%s: what was there is kept as %s\n", canvas, aside);
    }
    return KOLAM_OK;
}

static bool visit_canvas(void *ctx, const char *canvas) {
    struct restoring *restoring = ctx;
    struct kolam_error error = {.text = ""};
    if (!is_wanted(restoring, canvas)) {
        return true;
    }
    restoring->what = canvas;
    enum kolam_status status = restore_canvas(restoring, canvas, &error);
    kolam_progress_end(&restoring->progress);
    if (status == KOLAM_ERR_NOT_FOUND && restoring->arguments->at &&
        !restoring->arguments->canvas) { /* a wall that is younger than the moment */
        printf("%s: left out: %s\n", canvas, error.text);
        restoring->skipped++;
        return true;
    }
    restoring->canvas_count += status == KOLAM_OK;
    restoring->status = status;
    restoring->error = error;
    return status == KOLAM_OK;
}

/* ---- the other files ---- */

static const char *const people[] = {"identity.db", "moderation.db", "admin.token"};
#define PEOPLE (sizeof people / sizeof people[0])

static bool has_file(const struct kolam_folder *folder, const char *file) {
    char path[KOLAM_PATH_MAX];
    return kolam_folder_file_path(folder, file, path) == KOLAM_OK && access(path, F_OK) == 0;
}

static enum kolam_status copy_token(const char *from, const char *to, struct kolam_error *error) {
    char hex[65], text[67];
    enum kolam_status status = kolam_tool_read_token(from, hex, error);
    (void)snprintf(text, sizeof text, "%s\n", hex);
    return status == KOLAM_OK ? kolam_backup_write_text(to, text, 0600, error) : status;
}

/* The former is kept as "<file>.replaced"; one that was kept before gives way to it. */
static enum kolam_status replace_database(struct restoring *restoring, const char *from,
                                          const char *to, struct kolam_error *error) {
    char fresh[KOLAM_PATH_MAX + 8], aside[KOLAM_PATH_MAX + 16];
    (void)snprintf(fresh, sizeof fresh, "%s.new", to);
    (void)snprintf(aside, sizeof aside, "%s.replaced", to);
    const struct kolam_backup_options copy = {
        .path = from, .copy_path = fresh, .progress = show_progress, .progress_ctx = restoring};
    kolam_compact_discard(fresh);
    enum kolam_status status = kolam_backup_copy(&copy, true, error);
    if (status == KOLAM_OK) {
        status = kolam_backup_settle(fresh, error);
    }
    if (status == KOLAM_OK && access(to, F_OK) == 0) {
        status = kolam_backup_set_aside(to, aside, error);
    }
    status = status == KOLAM_OK ? kolam_backup_put(to, error) : status;
    if (status != KOLAM_OK) {
        kolam_backup_keep_no_more(to, aside);
        kolam_compact_discard(fresh);
    }
    return status;
}

static enum kolam_status restore_file(struct restoring *restoring, const char *file,
                                      struct kolam_error *error) {
    char from[KOLAM_PATH_MAX], to[KOLAM_PATH_MAX];
    if (!has_file(restoring->from, file) ||
        (has_file(restoring->data, file) && !restoring->arguments->may_replace)) {
        return KOLAM_OK;
    }
    if (kolam_folder_file_path(restoring->from, file, from) != KOLAM_OK ||
        kolam_folder_file_path(restoring->data, file, to) != KOLAM_OK) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "%s: the path is too long", file);
    }
    restoring->what = file;
    enum kolam_status status = strcmp(file, "admin.token") == 0
                                   ? copy_token(from, to, error)
                                   : replace_database(restoring, from, to, error);
    if (status == KOLAM_OK) {
        kolam_progress_end(&restoring->progress);
        printf("%s: restored\n", file);
    }
    return status;
}

static enum kolam_status restore_people(struct restoring *restoring, struct kolam_error *error) {
    enum kolam_status status = KOLAM_OK;
    for (size_t i = 0; i < PEOPLE && status == KOLAM_OK; i++) {
        status = restore_file(restoring, people[i], error);
    }
    return status;
}

/* ---- may it ---- */

static bool count_existing(void *ctx, const char *canvas) {
    struct restoring *restoring = ctx;
    char path[KOLAM_PATH_MAX];
    if (is_wanted(restoring, canvas) &&
        kolam_folder_canvas_path(restoring->data, canvas, ".kolam", path) == KOLAM_OK) {
        restoring->canvas_count++;
        if (access(path, F_OK) == 0 && restoring->existing++ == 0) {
            (void)strcpy(restoring->first_existing, canvas);
        }
    }
    return true;
}

static bool is_answered_yes(const struct restoring *restoring) {
    char answer[8];
    fprintf(stderr, "Replace %" PRIu32 " wall%s in %s (the former are kept in replaced/)? [y/N] ",
            restoring->existing, restoring->existing == 1 ? "" : "s", restoring->arguments->data);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

/* Before anything is touched: all walls that are meant, or none. */
static enum kolam_status ask(struct restoring *restoring, struct kolam_error *error) {
    const struct arguments *arguments = restoring->arguments;
    enum kolam_status status = kolam_folder_each_canvas(restoring->from, count_existing, restoring);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: %s", arguments->backup, kolam_status_text(status));
    }
    if (restoring->canvas_count == 0) {
        return arguments->canvas
                   ? kolam_fail(error, KOLAM_ERR_NOT_FOUND, "there is no canvas %s in %s",
                                arguments->canvas, arguments->backup)
                   : kolam_fail(error, KOLAM_ERR_NOT_FOUND, "there is no canvas in %s",
                                arguments->backup);
    }
    restoring->canvas_count = 0;
    if (restoring->existing == 0) {
        return KOLAM_OK;
    }
    if (!arguments->may_replace) {
        return kolam_fail(error, KOLAM_ERR_EXISTS,
                          "%s has %s already: nothing was restored; give --replace, or another "
                          "--data",
                          arguments->data, restoring->first_existing);
    }
    if (arguments->is_agreed) {
        return KOLAM_OK;
    }
    if (!isatty(STDIN_FILENO)) {
        return kolam_fail(error, KOLAM_ERR_DENIED,
                          "--replace needs --yes where nobody can be asked");
    }
    return is_answered_yes(restoring) ? KOLAM_OK
                                      : kolam_fail(error, KOLAM_ERR_DENIED, "nothing was restored");
}

/* ---- the command ---- */

static enum kolam_status restore_all(struct restoring *restoring, struct kolam_error *error) {
    enum kolam_status status = ask(restoring, error);
    if (status == KOLAM_OK) {
        status = kolam_folder_each_canvas(restoring->from, visit_canvas, restoring);
        if (status != KOLAM_OK) {
            return kolam_fail(error, status, "%s: %s", restoring->arguments->backup,
                              kolam_status_text(status));
        }
        status = restoring->status;
        if (status != KOLAM_OK) {
            *error = restoring->error;
        }
    }
    return status == KOLAM_OK && !restoring->arguments->canvas ? restore_people(restoring, error)
                                                               : status;
}

static int run(const struct arguments *arguments) {
    struct restoring restoring = {.arguments = arguments,
                                  .signals_fd = kolam_signals_open(),
                                  .progress = kolam_progress_begin()};
    struct kolam_error error = {.text = ""};
    enum kolam_status status =
        kolam_folder_open_read_only(arguments->backup, &restoring.from, &error);
    if (status == KOLAM_OK) {
        status = kolam_folder_open(arguments->data, &restoring.data, &error);
    }
    if (status == KOLAM_OK) {
        status = restore_all(&restoring, &error);
    }
    kolam_progress_end(&restoring.progress);
    kolam_folder_close(restoring.from);
    kolam_folder_close(restoring.data);
    if (status == KOLAM_ERR_CLOSED) {
        return kolam_tool_failed("restore", "interrupted: walls not told of are as they were");
    }
    if (status != KOLAM_OK) {
        return kolam_tool_failed("restore", "%s", error.text);
    }
    return fflush(stdout) == 0 ? KOLAM_EXIT_OK : KOLAM_EXIT_FAILURE;
}

static int check(const char *verb, int argc, char **argv, struct arguments *arguments) {
    struct kolam_moment moment = {.is_time = true};
    if (optind + 1 != argc) {
        return kolam_tool_misused(verb, "one BACKUP is needed: the folder that kolam backup made");
    }
    arguments->backup = argv[optind];
    if (arguments->canvas && !kolam_canvas_name_is_valid(arguments->canvas)) {
        return kolam_tool_misused(verb, "'%s' is no name of a canvas (a-z 0-9 - _, at most 64)",
                                  arguments->canvas);
    }
    const int misuse = kolam_wall_moment(verb, "--at", arguments->at, &moment);
    if (!misuse && !moment.is_time && !arguments->canvas) {
        return kolam_tool_misused(verb,
                                  "--at %s is a seq, which every wall has its own of: name "
                                  "one with --canvas, or give a time",
                                  arguments->at);
    }
    return misuse;
}

int kolam_cmd_restore(int argc, char **argv) {
    struct arguments arguments = {0};
    if (!kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], &arguments)) {
        return KOLAM_EXIT_USAGE;
    }
    if (arguments.wants_help) {
        fputs(help, stdout);
        return KOLAM_EXIT_OK;
    }
    const int misuse = check(argv[0], argc, argv, &arguments);
    if (misuse) {
        return misuse;
    }
    arguments.data = kolam_tool_setting(arguments.data, "KOLAM_DATA");
    arguments.data = arguments.data ? arguments.data : "./kolam-data";
    return run(&arguments);
}
