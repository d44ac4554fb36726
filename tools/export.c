/* kolam export: a region as PNG, drawn here from a folder, or by a server. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "canvas_files.h"
#include "http.h"
#include "kolam/command.h"
#include "kolam/export.h"
#include "picture_file.h"
#include "tool.h"
#include "verb_options.h"
#include "wall.h"

#define SIDE_MAX 2000000u
#define SERVER_SIDE_MAX 16384u /* docs/protocol.md, /snapshot.png */

static const char help[] =
    "kolam export [--data DIR | --server URL] (--rect X,Y,W,H | --all) -o FILE\n"
    "Saves a part of a wall, or all of it, as PNG.\n"
    "\n"
    "  --data DIR         the data folder ($KOLAM_DATA; default ./kolam-data); it is only read, "
    "and a\n"
    "                     server may have it open\n"
    "  --server URL       let a running server draw ($KOLAM_SERVER), at most 16384 x 16384 pixels\n"
    "  --canvas NAME      the wall; default main\n"
    "  --rect X,Y,W,H     the part, in level-0 pixels (decimals allowed)\n"
    "  --all              everything that was ever drawn\n"
    "  --scale S          picture pixels per level-0 pixel; default 1. At a power of two pixels "
    "are\n"
    "                     exactly those that browsers see\n"
    "  --at MOMENT        as it was then: a seq (4711), or a time (2026-01-31, "
    "2026-01-31T12:00:00Z)\n"
    "  --ground '#rrggbb' put this colour under the ink; without it the ground is transparent\n"
    "  --title TEXT       the picture's title; default the wall's name; with --data\n"
    "  -o FILE            where to; - is standard output\n"
    "\n"
    "The file appears when it is complete. Its text chunks tell title, time, seq and software.\n"
    "\n"
    "  kolam export --all --scale 0.05 --ground '#ffffff' -o wall.png\n"
    "  kolam export --server http://127.0.0.1:7700 --rect -500,-500,1000,1000 -o - | display\n";

struct arguments {
    struct kolam_wall wall;
    const char *rect, *scale_text, *at, *ground_text, *title, *output;
    bool is_all, wants_help;
    /* From the texts: */
    struct kolam_region region;
    double scale;
    uint32_t ground;
    int signals_fd;
};

#define AT(member) offsetof(struct arguments, member)

static const struct kolam_verb_option options[] = {
    {.name = "data", .kind = KOLAM_OPTION_TEXT, .offset = AT(wall.data)},
    {.name = "server", .kind = KOLAM_OPTION_TEXT, .offset = AT(wall.server)},
    {.name = "canvas", .kind = KOLAM_OPTION_TEXT, .offset = AT(wall.canvas)},
    {.name = "rect", .kind = KOLAM_OPTION_TEXT, .offset = AT(rect)},
    {.name = "all", .kind = KOLAM_OPTION_FLAG, .offset = AT(is_all)},
    {.name = "scale", .kind = KOLAM_OPTION_TEXT, .offset = AT(scale_text)},
    {.name = "at", .kind = KOLAM_OPTION_TEXT, .offset = AT(at)},
    {.name = "ground", .kind = KOLAM_OPTION_TEXT, .offset = AT(ground_text)},
    {.name = "title", .kind = KOLAM_OPTION_TEXT, .offset = AT(title)},
    {.name = "output", .kind = KOLAM_OPTION_TEXT, .offset = AT(output), .letter = 'o'},
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

static bool parse(int argc, char **argv, struct arguments *out) {
    return kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], out);
}

static bool parse_ground(const char *text, uint32_t *out_ground) {
    const char *digits = text[0] == '#' ? text + 1 : text;
    if (strlen(digits) != 6 || strspn(digits, "0123456789abcdefABCDEF") != 6) {
        return false;
    }
    return sscanf(digits, "%" SCNx32, out_ground) == 1;
}

/* Exit status of a wrong use, or 0. */
static int check(const char *verb, int argc, struct arguments *arguments) {
    if (optind < argc) {
        return kolam_tool_misused(verb, "takes no file names but -o FILE");
    }
    if (arguments->is_all == (arguments->rect != NULL)) {
        return kolam_tool_misused(verb, "either --rect X,Y,W,H or --all is needed");
    }
    if (!arguments->output) {
        return kolam_tool_misused(verb, "-o FILE is needed");
    }
    if (strcmp(arguments->output, "-") == 0 && isatty(STDOUT_FILENO)) {
        return kolam_tool_misused(verb,
                                  "a terminal cannot show a PNG: send it to a file or a pipe");
    }
    if (arguments->rect && kolam_region_parse_rect(arguments->rect, strlen(arguments->rect),
                                                   &arguments->region) != KOLAM_OK) {
        return kolam_tool_misused(verb, "--rect %s is no X,Y,W,H inside the world (+-2^31)",
                                  arguments->rect);
    }
    arguments->scale = 1;
    if (arguments->scale_text &&
        (!kolam_tool_parse_positive(arguments->scale_text, &arguments->scale) ||
         arguments->scale < ldexp(1, KOLAM_LEVEL_MIN) ||
         arguments->scale > ldexp(1, KOLAM_LEVEL_MAX))) {
        return kolam_tool_misused(verb, "--scale %s is not between 2^-24 and 2^24",
                                  arguments->scale_text);
    }
    if (arguments->ground_text && !parse_ground(arguments->ground_text, &arguments->ground)) {
        return kolam_tool_misused(verb, "--ground %s is no colour like '#ffffff'",
                                  arguments->ground_text);
    }
    struct kolam_moment moment;
    return kolam_wall_moment(verb, "--at", arguments->at, &moment);
}

/* What was painted, rounded outwards to whole level-0 pixels, inside the world. */
static struct kolam_region region_of_box(double x0, double y0, double x1, double y1) {
    const double edge = ldexp(1, KOLAM_WORLD_SHIFT);
    x0 = fmax(floor(x0), -edge);
    y0 = fmax(floor(y0), -edge);
    x1 = fmin(ceil(x1), edge);
    y1 = fmin(ceil(y1), edge);
    return (struct kolam_region){x0, y0, fmax(x1 - x0, 1), fmax(y1 - y0, 1), 1};
}

/* ---- from a folder ---- */

/* Signals are looked at between tiles and rows, so that an interruption leaves no half file. */
struct watchman {
    struct kolam_progress progress;
    int signals_fd;
};

static bool is_interrupted(void *ctx) {
    const struct watchman *watchman = ctx;
    return kolam_signals_arrived(watchman->signals_fd);
}

static bool show_rows(void *ctx, uint32_t rows_done, uint32_t rows_all) {
    struct watchman *watchman = ctx;
    if (kolam_progress_is_due(&watchman->progress)) {
        kolam_progress_show(&watchman->progress, "%u of %u rows", rows_done, rows_all);
    }
    return !is_interrupted(watchman);
}

static enum kolam_status draw(const struct arguments *arguments,
                              const struct kolam_canvas_files *files,
                              struct kolam_picture_file *file, struct kolam_error *error) {
    struct watchman watchman = {kolam_progress_begin(), arguments->signals_fd};
    struct kolam_export_options export_options = {
        .region = arguments->region,
        .has_ground = arguments->ground_text != NULL,
        .ground = arguments->ground,
        .side_max = SIDE_MAX,
        .title = arguments->title ? arguments->title : arguments->wall.canvas,
        .progress = show_rows,
        .progress_ctx = &watchman,
    };
    if (arguments->is_all) {
        if (!files->info.has_box) {
            return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "nothing was drawn on %s yet",
                              arguments->wall.canvas);
        }
        export_options.region = region_of_box(files->info.box_x0, files->info.box_y0,
                                              files->info.box_x1, files->info.box_y1);
    }
    export_options.region.scale = arguments->scale;
    export_options.at_seq = KOLAM_SEQ_NOW;
    enum kolam_status status = KOLAM_OK;
    if (arguments->at) {
        status =
            kolam_wall_resolve(files->reader, "--at", arguments->at, &export_options.at_seq, error);
    }
    if (status == KOLAM_OK) {
        kolam_raster_set_cancel(files->raster, is_interrupted, &watchman);
        status = kolam_export_png(files->raster, files->reader, &export_options,
                                  kolam_picture_file_write, file, error);
    }
    kolam_progress_end(&watchman.progress);
    return status == KOLAM_ERR_CLOSED ? kolam_fail(error, status, "interrupted") : status;
}

static enum kolam_status export_from_folder(const struct arguments *arguments,
                                            struct kolam_picture_file *file,
                                            struct kolam_error *error) {
    struct kolam_folder *folder;
    enum kolam_status status = kolam_folder_open_read_only(arguments->wall.data, &folder, error);
    if (status != KOLAM_OK) {
        return status;
    }
    struct kolam_canvas_files files;
    status = kolam_canvas_files_open(folder, arguments->wall.canvas, &files, error);
    if (status == KOLAM_OK) {
        status = draw(arguments, &files, file, error);
        kolam_canvas_files_close(&files);
    }
    kolam_folder_close(folder);
    return status;
}

/* ---- from a server ---- */

static enum kolam_status ask_box(const struct kolam_wall *wall, struct kolam_region *out_region,
                                 struct kolam_error *error) {
    char target[128];
    json_t *root;
    snprintf(target, sizeof target, "/api/canvas/%s", wall->canvas);
    enum kolam_status status = kolam_wall_get_json(wall->server, target, &root, error);
    if (status != KOLAM_OK) {
        return status;
    }
    const json_t *box = json_object_get(root, "box");
    if (json_array_size(box) == 4) {
        double sides[4];
        for (size_t i = 0; i < 4; i++) {
            sides[i] = json_number_value(json_array_get(box, i));
        }
        *out_region = region_of_box(sides[0], sides[1], sides[2], sides[3]);
    } else {
        status =
            kolam_fail(error, KOLAM_ERR_NOT_FOUND, "nothing was drawn on %s yet", wall->canvas);
    }
    json_decref(root);
    return status;
}

static enum kolam_status export_from_server(const struct arguments *arguments,
                                            struct kolam_picture_file *file,
                                            struct kolam_error *error) {
    struct kolam_url url;
    struct kolam_region region = arguments->region;
    enum kolam_status status = kolam_url_parse(arguments->wall.server, &url, error);
    if (status == KOLAM_OK && arguments->is_all) {
        status = ask_box(&arguments->wall, &region, error);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    region.scale = arguments->scale;
    uint32_t width, height;
    status = kolam_region_size(&region, SERVER_SIDE_MAX, &width, &height);
    if (status != KOLAM_OK) {
        return kolam_fail(error, status,
                          "a server draws at most %u x %u pixels at once: use a smaller --rect or "
                          "--scale, or --data",
                          SERVER_SIDE_MAX, SERVER_SIDE_MAX);
    }
    char target[KOLAM_WALL_TARGET_MAX], rect[KOLAM_WALL_RECT_MAX], ground[32] = "", at[128] = "";
    if (arguments->at && !kolam_wall_escape(arguments->at, at, sizeof at)) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "--at is too long");
    }
    if (arguments->ground_text) {
        snprintf(ground, sizeof ground, "&ground=%06" PRIx32, arguments->ground);
    }
    snprintf(target, sizeof target, "/snapshot.png?canvas=%s&rect=%s&scale=%.17g%s%s%s",
             arguments->wall.canvas, kolam_wall_rect_text(&region, rect), region.scale, ground,
             arguments->at ? "&at=" : "", at);
    return kolam_http_get_patiently(&url, target, KOLAM_WALL_TIMEOUT_MS, kolam_picture_file_write,
                                    file, error);
}

/* ---- the command ---- */

static int run(const char *verb, const struct arguments *arguments) {
    struct kolam_picture_file *file;
    struct kolam_error error = {.text = ""};
    enum kolam_status status = kolam_picture_file_create(arguments->output, &file, &error);
    if (status != KOLAM_OK) {
        return kolam_tool_failed(verb, "%s", error.text);
    }
    status = arguments->wall.server ? export_from_server(arguments, file, &error)
                                    : export_from_folder(arguments, file, &error);
    if (status != KOLAM_OK) {
        const char *problem = kolam_picture_file_problem(file);
        int exit_status = *problem ? kolam_tool_failed(verb, "%s: %s", arguments->output, problem)
                                   : kolam_tool_failed(verb, "%s", error.text);
        kolam_picture_file_abandon(file);
        return exit_status;
    }
    status = kolam_picture_file_finish(file, &error);
    return status == KOLAM_OK ? KOLAM_EXIT_OK : kolam_tool_failed(verb, "%s", error.text);
}

int kolam_cmd_export(int argc, char **argv) {
    struct arguments arguments = {.wall.canvas = "main"};
    if (!parse(argc, argv, &arguments)) {
        return KOLAM_EXIT_USAGE;
    }
    if (arguments.wants_help) {
        fputs(help, stdout);
        return KOLAM_EXIT_OK;
    }
    int misuse = check(argv[0], argc, &arguments);
    if (!misuse) {
        misuse = kolam_wall_settle(argv[0], &arguments.wall);
    }
    if (misuse) {
        return misuse;
    }
    if (arguments.wall.server && arguments.title) {
        return kolam_tool_misused(argv[0], "--title needs --data");
    }
    arguments.signals_fd = kolam_signals_open();
    return run(argv[0], &arguments);
}
