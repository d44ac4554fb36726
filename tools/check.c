/* kolam check: verifies the canvases of a folder, and on request rebuilds what is derived. */
#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "canvas_files.h"
#include "kolam/alloc.h"
#include "kolam/command.h"
#include "verb_options.h"

#define PROBLEMS_SHOWN_MAX 20

static const char help[] =
    "kolam check [--data DIR] [--canvas NAME] [--repair]\n"
    "Verifies walls: that the file is sound, that ops follow each other without a gap and can be\n"
    "decoded, that the index is the one the log gives, and that every stored tile is what drawing "
    "the\n"
    "log anew gives, pixel by pixel. Of flattened history (kolam compact): that its pictures are "
    "sound.\n"
    "And of who people are and what was decided about them (identity.db, moderation.db): that the\n"
    "files are sound, that each row is what was written, and that what it names is there.\n"
    "\n"
    "  --data DIR      the data folder ($KOLAM_DATA; default ./kolam-data); it is only read, and "
    "a\n"
    "                  server may have it open\n"
    "  --canvas NAME   this wall only, and no people; default all\n"
    "  --thorough      compare far tiles that are older than the log too: each is drawn as of its\n"
    "                  own seq, which takes long\n"
    "  --repair        rebuild what is derived and wrong: the index, tiles. No server may have "
    "the\n"
    "                  folder open. The log itself is never changed, nor are people's files\n"
    "\n"
    "Prints one line for each file, and each problem on standard error. Exit status 1 if there "
    "were any\n"
    "problems that were not repaired.\n";

struct arguments {
    const char *data, *canvas;
    bool is_repair, is_thorough, wants_help;
};

#define AT(member) offsetof(struct arguments, member)

static const struct kolam_verb_option options[] = {
    {.name = "data", .kind = KOLAM_OPTION_TEXT, .offset = AT(data)},
    {.name = "canvas", .kind = KOLAM_OPTION_TEXT, .offset = AT(canvas)},
    {.name = "repair", .kind = KOLAM_OPTION_FLAG, .offset = AT(is_repair)},
    {.name = "thorough", .kind = KOLAM_OPTION_FLAG, .offset = AT(is_thorough)},
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

static bool parse(int argc, char **argv, struct arguments *out) {
    return kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], out);
}

/* ---- reporting ---- */

void kolam_check_problem(struct kolam_check *check, const char *format, ...) {
    check->problem_count++;
    if (check->problem_count > PROBLEMS_SHOWN_MAX) {
        return;
    }
    kolam_progress_end(&check->progress);
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "kolam check: %s: %s\n", check->canvas, kolam_tool_plain(text));
    if (check->problem_count == PROBLEMS_SHOWN_MAX) {
        fprintf(stderr, "kolam check: %s: further problems are counted only\n", check->canvas);
    }
}

bool kolam_check_is_interrupted(void *ctx) {
    const struct kolam_check *check = ctx;
    return kolam_signals_arrived(check->signals_fd);
}

static void print_result(const struct kolam_check *check, int64_t elapsed_ms, bool is_repaired) {
    char ops[32], rows[32], tiles[32], base[32], problems[32], older[32];
    printf("%s: %s ops, %s index rows, %s tiles compared", check->canvas,
           kolam_tool_thousands(check->op_count, ops),
           kolam_tool_thousands(check->index_row_count, rows),
           kolam_tool_thousands(check->tile_count, tiles));
    if (check->older_count > 0) {
        printf(" (%s older than the log not)", kolam_tool_thousands(check->older_count, older));
    }
    if (check->base_count > 0) {
        printf(", %s base tiles", kolam_tool_thousands(check->base_count, base));
    }
    if (check->problem_count == 0) {
        printf(", no problems");
    } else {
        printf(", %s problem%s%s", kolam_tool_thousands(check->problem_count, problems),
               check->problem_count == 1 ? "" : "s", is_repaired ? ", repaired" : "");
    }
    printf(" (%.1f s)\n", (double)elapsed_ms / 1000);
    fflush(stdout);
}

/* ---- one canvas ---- */

static enum kolam_status check_canvas_log(struct kolam_check *check, const char *log_path,
                                          struct kolam_canvas_files *files,
                                          struct kolam_error *error) {
    struct kolam_reader *lookup;
    enum kolam_status status = kolam_reader_create(log_path, &lookup, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_check_log(check, files->reader, lookup);
    if (status == KOLAM_OK) {
        status = kolam_check_base(check, lookup);
    }
    kolam_reader_destroy(lookup);
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(error, status, "%s", kolam_status_text(status));
}

/* Draws the bad tiles anew into the store. */
static enum kolam_status redraw_tiles(const struct kolam_check *check, struct kolam_reader *reader,
                                      struct kolam_tile_store *store) {
    struct kolam_raster *raster;
    uint32_t *pixels = kolam_alloc_array(KOLAM_TILE_PIXELS, sizeof *pixels);
    enum kolam_status status =
        pixels ? kolam_raster_create(reader, store, &raster) : KOLAM_ERR_NOMEM;
    if (status != KOLAM_OK) {
        kolam_free(pixels);
        return status;
    }
    for (size_t i = 0; i < check->bad_tile_count && status == KOLAM_OK; i++) {
        status = kolam_tile_store_remove(store, check->bad_tiles[i]);
    }
    for (size_t i = 0; i < check->bad_tile_count && status == KOLAM_OK; i++) {
        uint64_t seq;
        bool is_empty;
        status =
            kolam_raster_tile(raster, check->bad_tiles[i], KOLAM_SEQ_NOW, pixels, &seq, &is_empty);
    }
    kolam_raster_destroy(raster);
    kolam_free(pixels);
    return status;
}

static enum kolam_status repair_tiles(const struct kolam_check *check, const char *log_path,
                                      const char *tiles_path, struct kolam_error *error) {
    struct kolam_reader *reader;
    struct kolam_canvas_info info;
    struct kolam_tile_store *store = NULL;
    enum kolam_status status = kolam_reader_create(log_path, &reader, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_reader_info(reader, &info);
    if (status == KOLAM_OK) {
        status = kolam_tile_store_sqlite_create(tiles_path, info.incarnation, false, &store, error);
    }
    if (status == KOLAM_OK) {
        status = redraw_tiles(check, reader, store);
    }
    kolam_tile_store_destroy(store);
    kolam_reader_destroy(reader);
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(error, status, "%s: tiles not repaired: %s", tiles_path,
                                           kolam_status_text(status));
}

static enum kolam_status repair(const struct kolam_check *check, const char *log_path,
                                const char *tiles_path, struct kolam_error *error) {
    enum kolam_status status = KOLAM_OK;
    if (check->is_index_wrong) {
        status = kolam_index_rebuild(log_path, error);
    }
    if (status == KOLAM_OK && check->bad_tile_count > 0) {
        status = repair_tiles(check, log_path, tiles_path, error);
    }
    return status;
}

/* Checks log, index and tiles of one canvas once. */
static enum kolam_status examine(struct kolam_check *check, const struct kolam_folder *folder,
                                 const char *log_path, struct kolam_error *error) {
    struct kolam_canvas_files files;
    enum kolam_status status = kolam_canvas_files_open(folder, check->canvas, &files, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = check_canvas_log(check, log_path, &files, error);
    /* With a wrong index every tile would be wrong too: that says nothing about the tiles. Upon a damaged base none
     * can be drawn. */
    if (status == KOLAM_OK && !check->is_index_wrong && !check->is_base_damaged) {
        status = kolam_check_tiles(check, files.reader, files.info.incarnation, files.store, error);
    }
    kolam_canvas_files_close(&files);
    kolam_progress_end(&check->progress);
    return status;
}

struct walk {
    const struct kolam_folder *folder;
    const struct arguments *arguments;
    int signals_fd;
    uint64_t canvas_count;
    bool has_problems;
    enum kolam_status status;
    struct kolam_error error;
};

static struct kolam_check check_of(const struct walk *walk, const char *canvas) {
    return (struct kolam_check){.canvas = canvas,
                                .signals_fd = walk->signals_fd,
                                .is_thorough = walk->arguments->is_thorough,
                                .progress = kolam_progress_begin()};
}

static bool can_repair(const struct kolam_check *check) {
    return check->is_index_wrong || check->bad_tile_count > 0;
}

static enum kolam_status check_and_repair(struct walk *walk, const char *canvas) {
    struct kolam_error *error = &walk->error;
    char log_path[KOLAM_PATH_MAX], tiles_path[KOLAM_PATH_MAX];
    enum kolam_status status = kolam_folder_canvas_path(walk->folder, canvas, ".kolam", log_path);
    if (status == KOLAM_OK) {
        status = kolam_folder_canvas_path(walk->folder, canvas, ".tiles", tiles_path);
    }
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s", kolam_status_text(status));
    }
    int64_t begun_ms = kolam_tool_now_ms();
    struct kolam_check check = check_of(walk, canvas);
    status = examine(&check, walk->folder, log_path, error);
    bool is_repaired = false;
    /* A wrong index hides wrong tiles: a second look, after the repair, finds those. */
    for (int round = 0;
         status == KOLAM_OK && walk->arguments->is_repair && can_repair(&check) && round < 2;
         round++) {
        status = repair(&check, log_path, tiles_path, error);
        struct kolam_check again = check_of(walk, canvas);
        if (status == KOLAM_OK) {
            status = examine(&again, walk->folder, log_path, error);
        }
        is_repaired = status == KOLAM_OK && again.problem_count == 0;
        again.problem_count += check.problem_count;
        kolam_free(check.bad_tiles);
        check = again;
    }
    if (status == KOLAM_OK) {
        print_result(&check, kolam_tool_now_ms() - begun_ms, is_repaired);
        walk->has_problems |= check.problem_count > 0 && !is_repaired;
    }
    kolam_free(check.bad_tiles);
    return status;
}

static bool visit_canvas(void *ctx, const char *canvas) {
    struct walk *walk = ctx;
    const char *wanted = walk->arguments->canvas;
    if (wanted && strcmp(wanted, canvas) != 0) {
        return true;
    }
    walk->canvas_count++;
    walk->status = check_and_repair(walk, canvas);
    if (walk->status == KOLAM_ERR_CLOSED) {
        return false;
    }
    if (walk->status != KOLAM_OK) { /* tell it, and look at the other walls too */
        kolam_tool_failed("check", "%s: %s", canvas, walk->error.text);
        walk->has_problems = true;
        walk->status = KOLAM_OK;
    }
    return true;
}

/* ---- the command ---- */

static int run(const struct arguments *arguments) {
    struct walk walk = {.arguments = arguments, .signals_fd = kolam_signals_open()};
    struct kolam_folder *folder, *locked = NULL;
    enum kolam_status status = kolam_folder_open_read_only(arguments->data, &folder, &walk.error);
    if (status == KOLAM_OK && arguments->is_repair) {
        status = kolam_folder_open(arguments->data, &locked, &walk.error);
        if (status != KOLAM_OK) {
            kolam_folder_close(folder);
        }
    }
    if (status != KOLAM_OK) {
        return kolam_tool_failed("check", "%s", walk.error.text);
    }
    walk.folder = folder;
    status = kolam_folder_each_canvas(folder, visit_canvas, &walk);
    if (status == KOLAM_OK && walk.status != KOLAM_ERR_CLOSED && !arguments->canvas) {
        walk.has_problems |= !kolam_check_people(folder, walk.signals_fd);
    }
    kolam_folder_close(folder);
    kolam_folder_close(locked);
    if (status != KOLAM_OK) {
        return kolam_tool_failed("check", "%s: %s", arguments->data, kolam_status_text(status));
    }
    if (walk.status == KOLAM_ERR_CLOSED) {
        return kolam_tool_failed("check", "interrupted");
    }
    if (walk.canvas_count == 0) {
        return arguments->canvas
                   ? kolam_tool_failed("check", "there is no canvas %s in %s", arguments->canvas,
                                       arguments->data)
                   : kolam_tool_failed("check", "there is no canvas in %s", arguments->data);
    }
    return walk.has_problems ? KOLAM_EXIT_FAILURE : KOLAM_EXIT_OK;
}

int kolam_cmd_check(int argc, char **argv) {
    struct arguments arguments = {0};
    if (!parse(argc, argv, &arguments)) {
        return KOLAM_EXIT_USAGE;
    }
    if (arguments.wants_help) {
        fputs(help, stdout);
        return KOLAM_EXIT_OK;
    }
    if (optind < argc) {
        return kolam_tool_misused(argv[0], "takes no file names; name the folder with --data");
    }
    if (arguments.canvas && !kolam_canvas_name_is_valid(arguments.canvas)) {
        return kolam_tool_misused(argv[0], "'%s' is no name of a canvas (a-z 0-9 - _, at most 64)",
                                  arguments.canvas);
    }
    arguments.data = kolam_tool_setting(arguments.data, "KOLAM_DATA");
    arguments.data = arguments.data ? arguments.data : "./kolam-data";
    return run(&arguments);
}
