/* kolam compact: older history of a wall in a folder becomes a picture; what that costs is said, before and after. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kolam/command.h"
#include "kolam/compact.h"
#include "kolam/folder.h"
#include "kolam/history.h"
#include "kolam/tile_store.h"
#include "tool.h"
#include "verb_options.h"
#include "wall.h"

static const char help[] =
    "kolam compact --before MOMENT [--data DIR] [--canvas NAME] (--dry-run | --yes)\n"
    "Flattens a wall's older history: what was drawn up to that moment becomes a picture (the "
    "base), "
    "on\n"
    "which all that came later is drawn, looking as before. For good: keep a copy of the file if "
    "in "
    "doubt.\n"
    "\n"
    "Of what is flattened is lost: undoing and redoing it; who drew it, when and how; every moment "
    "before,\n"
    "and its replay; and zooming in on it shows pixels. Who drew at all is still known, and what "
    "is "
    "sent or\n"
    "imported again is still recognised.\n"
    "\n"
    "  --before MOMENT  the first moment that stays: a seq (4711), or a time "
    "(2026-11-22T03:15:00Z). "
    "Strokes\n"
    "                   that were hidden or shown again later stay, and with them all that came "
    "after "
    "them:\n"
    "                   then the base is earlier, and it is said why\n"
    "  --data DIR       the data folder ($KOLAM_DATA; default ./kolam-data). No server may have it "
    "open,\n"
    "                   but for a --dry-run\n"
    "  --canvas NAME    the wall; default main\n"
    "  --dry-run        do it all in a temporary folder ($TMPDIR), tell what it brings, and leave "
    "the "
    "wall as\n"
    "                   it is\n"
    "  --yes            do it; without it nothing is done\n"
    "\n"
    "The new file is written beside the old one, compared with it tile by tile, and takes its "
    "place "
    "in one\n"
    "step. Pictures may weigh more than the strokes they replace: --dry-run tells both sizes.\n"
    "\n"
    "  kolam compact --before 2026-01-01 --dry-run\n"
    "  kolam compact --before 2026-01-01 --yes\n";

struct arguments {
    const char *before, *data, *canvas;
    bool is_dry_run, is_agreed, wants_help;
};

#define AT(member) offsetof(struct arguments, member)

static const struct kolam_verb_option options[] = {
    {.name = "before", .kind = KOLAM_OPTION_TEXT, .offset = AT(before)},
    {.name = "data", .kind = KOLAM_OPTION_TEXT, .offset = AT(data)},
    {.name = "canvas", .kind = KOLAM_OPTION_TEXT, .offset = AT(canvas)},
    {.name = "dry-run", .kind = KOLAM_OPTION_FLAG, .offset = AT(is_dry_run)},
    {.name = "yes", .kind = KOLAM_OPTION_FLAG, .offset = AT(is_agreed)},
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

static bool parse(int argc, char **argv, struct arguments *out) {
    return kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], out);
}

/* Exit status of a wrong use, or 0. */
static int check(const char *verb, int argc, struct arguments *arguments) {
    struct kolam_moment moment;
    if (optind < argc) {
        return kolam_tool_misused(verb, "takes no file names; name the folder with --data");
    }
    if (!kolam_canvas_name_is_valid(arguments->canvas)) {
        return kolam_tool_misused(verb, "'%s' is no name of a canvas (a-z 0-9 - _, at most 64)",
                                  arguments->canvas);
    }
    if (!arguments->before) {
        return kolam_tool_misused(verb, "--before MOMENT is needed");
    }
    int problem = kolam_wall_moment(verb, "--before", arguments->before, &moment);
    if (problem) {
        return problem;
    }
    if (arguments->is_dry_run && arguments->is_agreed) {
        return kolam_tool_misused(verb, "--dry-run and --yes exclude each other");
    }
    if (!arguments->is_dry_run && !arguments->is_agreed) {
        return kolam_tool_misused(verb, "this is for good, so nothing is done without --yes; "
                                        "--dry-run tells what it would bring");
    }
    arguments->data = kolam_tool_setting(arguments->data, "KOLAM_DATA");
    arguments->data = arguments->data ? arguments->data : "./kolam-data";
    return 0;
}

/* ---- the work ---- */

struct compaction {
    const struct arguments *arguments;
    int signals_fd;
    struct kolam_progress progress;
    char path[KOLAM_PATH_MAX], tiles_path[KOLAM_PATH_MAX], new_path[KOLAM_PATH_MAX];
    char scratch[KOLAM_PATH_MAX / 2];
    struct kolam_compact_options options;
    struct kolam_compact_plan plan;
    struct kolam_compact_result result;
    uint64_t old_bytes, new_bytes;
};

static bool show_progress(void *ctx, enum kolam_compact_stage stage, uint64_t done, uint64_t all) {
    struct compaction *compaction = ctx;
    if (all > 0 && kolam_progress_is_due(&compaction->progress)) {
        kolam_progress_show(&compaction->progress, "%s: %s tile %" PRIu64 " of %" PRIu64,
                            compaction->arguments->canvas,
                            stage == KOLAM_COMPACT_DRAW ? "drawing" : "comparing", done, all);
    }
    return !kolam_signals_arrived(compaction->signals_fd);
}

static uint64_t size_of(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
}

/* A file of the wall with what may still be in its -wal. */
static uint64_t size_with_wal(const char *path) {
    char wal_path[KOLAM_PATH_MAX + 8];
    snprintf(wal_path, sizeof wal_path, "%s-wal", path);
    return size_of(path) + size_of(wal_path);
}

static enum kolam_status find_paths(struct compaction *compaction,
                                    const struct kolam_folder *folder, struct kolam_error *error) {
    const char *canvas = compaction->arguments->canvas;
    const char *temp = getenv("TMPDIR");
    enum kolam_status status = kolam_folder_canvas_path(folder, canvas, ".kolam", compaction->path);
    if (status == KOLAM_OK) {
        status = kolam_folder_canvas_path(folder, canvas, ".tiles", compaction->tiles_path);
    }
    if (status == KOLAM_OK) {
        status = kolam_folder_canvas_path(folder, canvas, ".kolam.new", compaction->new_path);
    }
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s: %s", canvas, kolam_status_text(status));
    }
    if (access(compaction->path, F_OK) != 0) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "there is no canvas %s in %s", canvas,
                          kolam_folder_path(folder));
    }
    snprintf(compaction->scratch, sizeof compaction->scratch, "%s/kolam-compact-XXXXXX",
             temp && *temp ? temp : "/tmp");
    if (!mkdtemp(compaction->scratch)) {
        compaction->scratch[0] = '\0';
        return kolam_fail(error, KOLAM_ERR_IO, "%s: no folder to draw in; set TMPDIR",
                          temp && *temp ? temp : "/tmp");
    }
    if (compaction->arguments->is_dry_run) {
        snprintf(compaction->new_path, sizeof compaction->new_path, "%s/trial.kolam",
                 compaction->scratch);
    }
    compaction->options = (struct kolam_compact_options){.path = compaction->path,
                                                         .new_path = compaction->new_path,
                                                         .scratch = compaction->scratch,
                                                         .progress = show_progress,
                                                         .progress_ctx = compaction};
    return KOLAM_OK;
}

static enum kolam_status make_plan(struct compaction *compaction, struct kolam_error *error) {
    const struct arguments *arguments = compaction->arguments;
    struct kolam_reader *reader;
    uint64_t asked_seq, old_base_seq = 0;
    enum kolam_status status = kolam_reader_create(compaction->path, &reader, error);
    if (status != KOLAM_OK) {
        return status;
    }
    old_base_seq = kolam_reader_base_seq(reader);
    status = kolam_wall_resolve(reader, "--before", arguments->before, &asked_seq, error);
    if (status == KOLAM_OK) {
        status = kolam_compact_plan(reader, asked_seq, &compaction->plan, error);
    }
    kolam_reader_destroy(reader);
    if (status != KOLAM_OK || compaction->plan.base_seq > old_base_seq) {
        return status;
    }
    if (asked_seq == old_base_seq) {
        return kolam_fail(error, KOLAM_ERR_EXISTS, "%s was flattened up to seq %" PRIu64 " before",
                          arguments->canvas, old_base_seq);
    }
    return kolam_fail(error, KOLAM_ERR_EXISTS,
                      "nothing can be flattened: seq %" PRIu64 " hides, shows or completes seq "
                      "%" PRIu64 "; a later --before takes both",
                      compaction->plan.held_by_seq, compaction->plan.held_seq);
}

/* Derived tiles of the old file are of no use to the new one, which has another incarnation. */
static void renew_tiles(const struct compaction *compaction) {
    struct kolam_tile_store *store;
    if (access(compaction->tiles_path, F_OK) == 0 &&
        kolam_tile_store_sqlite_create(compaction->tiles_path, compaction->result.incarnation,
                                       false, &store, NULL) == KOLAM_OK) {
        kolam_tile_store_destroy(store);
    }
}

static enum kolam_status compact(struct compaction *compaction, struct kolam_error *error) {
    bool is_real = !compaction->arguments->is_dry_run;
    enum kolam_status status = make_plan(compaction, error);
    compaction->old_bytes = size_with_wal(compaction->path);
    if (status == KOLAM_OK) {
        status = kolam_compact_write(&compaction->options, &compaction->plan, &compaction->result,
                                     error);
    }
    if (status == KOLAM_OK) {
        compaction->new_bytes = size_of(compaction->new_path);
    }
    if (status == KOLAM_OK && is_real) {
        status = kolam_compact_replace(&compaction->options, error);
    }
    if (status == KOLAM_OK && is_real) {
        renew_tiles(compaction);
    }
    if (status != KOLAM_OK || !is_real) {
        kolam_compact_discard(compaction->new_path);
    }
    kolam_progress_end(&compaction->progress);
    return status;
}

/* ---- what is said ---- */

static void print_held(const struct kolam_compact_plan *plan) {
    if (plan->base_seq == plan->asked_seq) {
        return;
    }
    printf("not up to seq %" PRIu64 ", but to %" PRIu64 ": ", plan->asked_seq, plan->base_seq);
    if (plan->is_held_by_group) {
        printf("the ops from seq %" PRIu64 " on are one drawing or edit\n", plan->held_seq);
    } else {
        printf("seq %" PRIu64 " hides, shows or completes seq %" PRIu64 ", which has to stay\n",
               plan->held_by_seq, plan->held_seq);
    }
}

static void print_sizes(const struct compaction *compaction) {
    const struct kolam_compact_result *result = &compaction->result;
    char pictures[32];
    double old_mb = (double)compaction->old_bytes / 1e6;
    double new_mb = (double)compaction->new_bytes / 1e6;
    printf("%s pictures, %.1f MB; the file: %.1f MB before, %.1f MB after\n",
           kolam_tool_thousands(result->picture_count, pictures),
           (double)result->picture_bytes / 1e6, old_mb, new_mb);
    if (compaction->new_bytes >= compaction->old_bytes) {
        printf("the file %s larger: the pictures weigh more than the strokes they replace\n",
               compaction->arguments->is_dry_run ? "would become" : "became");
    }
}

static void print_outcome(const struct compaction *compaction) {
    const struct kolam_compact_plan *plan = &compaction->plan;
    bool is_dry_run = compaction->arguments->is_dry_run;
    char time[32], ops[32], strokes[32], hidden[32], compared[32];
    kolam_wall_time_text(plan->base_time_ms, time);
    print_held(plan);
    printf("%s: %s ops up to seq %" PRIu64 " of %s %s a picture\n", compaction->arguments->canvas,
           kolam_tool_thousands(plan->op_count, ops), plan->base_seq, time,
           is_dry_run ? "would become" : "became");
    printf("%slost: undo, redo, rollback and authors of %s strokes (%s of them hidden, and so not "
           "in it),\n"
           "  every moment before seq %" PRIu64
           " and its replay; zooming in on them shows pixels\n",
           is_dry_run ? "would be " : "", kolam_tool_thousands(plan->stroke_count, strokes),
           kolam_tool_thousands(plan->hidden_count, hidden), plan->base_seq);
    print_sizes(compaction);
    printf("compared: %s tiles, then, later and now, equal to the bit\n",
           kolam_tool_thousands(compaction->result.compared_count, compared));
}

static int run(const char *verb, const struct arguments *arguments) {
    struct compaction compaction = {.arguments = arguments, .signals_fd = kolam_signals_open()};
    struct kolam_folder *folder = NULL, *locked = NULL;
    struct kolam_error error = {.text = ""};
    enum kolam_status status = kolam_folder_open_read_only(arguments->data, &folder, &error);
    if (status == KOLAM_OK && !arguments->is_dry_run) {
        status = kolam_folder_open(arguments->data, &locked, &error);
    }
    if (status == KOLAM_OK) {
        status = find_paths(&compaction, folder, &error);
    }
    if (status == KOLAM_OK) {
        compaction.progress = kolam_progress_begin();
        status = compact(&compaction, &error);
    }
    if (compaction.scratch[0] != '\0') {
        (void)rmdir(compaction.scratch);
    }
    kolam_folder_close(folder);
    kolam_folder_close(locked);
    if (status == KOLAM_ERR_CLOSED) {
        return kolam_tool_failed(verb, "interrupted: nothing was changed");
    }
    if (status != KOLAM_OK) {
        return kolam_tool_failed(verb, "%s", error.text);
    }
    print_outcome(&compaction);
    return fflush(stdout) == 0 ? KOLAM_EXIT_OK
                               : kolam_tool_failed(verb, "standard output cannot be written");
}

int kolam_cmd_compact(int argc, char **argv) {
    struct arguments arguments = {.canvas = "main"};
    if (!parse(argc, argv, &arguments)) {
        return KOLAM_EXIT_USAGE;
    }
    if (arguments.wants_help) {
        fputs(help, stdout);
        return KOLAM_EXIT_OK;
    }
    int misuse = check(argv[0], argc, &arguments);
    return misuse ? misuse : run(argv[0], &arguments);
}
