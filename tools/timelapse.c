/* kolam timelapse: how a part of a wall came to be, as an animated picture, a video, or still frames. */
#include "timelapse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/command.h"
#include "tool.h"
#include "verb_options.h"

#define FPS_DEFAULT 25
#define FPS_MAX 120
#define SECONDS_DEFAULT 20
#define SECONDS_MAX 3600

static const char help[] =
    "kolam timelapse [--data DIR | --server URL] --rect X,Y,W,H [--from MOMENT] [--to MOMENT] -o "
    "OUT\n"
    "Shows how a part of a wall came to be.\n"
    "\n"
    "  --data DIR         the data folder ($KOLAM_DATA; default ./kolam-data); it is only read, "
    "and a\n"
    "                     server may have it open\n"
    "  --server URL       let a running server draw ($KOLAM_SERVER)\n"
    "  --canvas NAME      the wall; default main\n"
    "  --rect X,Y,W,H     the part, in level-0 pixels (decimals allowed)\n"
    "  --scale S          picture pixels per level-0 pixel; default 1\n"
    "  --from MOMENT      the first frame: a seq (4711), or a time (2026-11-22T03:15:00Z); default "
    "1\n"
    "  --to MOMENT        the last frame; default now\n"
    "  --by strokes|time  frames evenly by strokes of that part (default: no idle time), or by "
    "time\n"
    "  --seconds N        how long it takes; default 20\n"
    "  --fps N            frames a second, 1..120; default 25\n"
    "  --ground '#rrggbb' the colour under the ink; without it pictures are transparent, videos "
    "white\n"
    "  -o OUT             FILE.png: animated PNG; FILE.webm, FILE.mp4: video, by an installed "
    "ffmpeg;\n"
    "                     FOLDER/: a PNG for each frame; - is an animated PNG to standard output\n"
    "\n"
    "Frames are at most 33 million pixels, 16384 a side, and 36000. The first and the last are "
    "exactly\n"
    "what `kolam export --at` gives. A file appears when it is complete.\n"
    "\n"
    "  kolam timelapse --rect -500,-500,1000,1000 --ground '#ffffff' -o wall.png\n"
    "  kolam timelapse --rect 0,0,800,600 --from 2026-11-01 --by time --seconds 60 -o "
    "november.webm\n";

struct arguments {
    struct kolam_timelapse timelapse;
    const char *rect, *scale, *by, *seconds, *fps, *ground;
    bool wants_help;
};

#define AT(member) offsetof(struct arguments, member)

static const struct kolam_verb_option options[] = {
    {.name = "data", .kind = KOLAM_OPTION_TEXT, .offset = AT(timelapse.wall.data)},
    {.name = "server", .kind = KOLAM_OPTION_TEXT, .offset = AT(timelapse.wall.server)},
    {.name = "canvas", .kind = KOLAM_OPTION_TEXT, .offset = AT(timelapse.wall.canvas)},
    {.name = "rect", .kind = KOLAM_OPTION_TEXT, .offset = AT(rect)},
    {.name = "scale", .kind = KOLAM_OPTION_TEXT, .offset = AT(scale)},
    {.name = "from", .kind = KOLAM_OPTION_TEXT, .offset = AT(timelapse.from)},
    {.name = "to", .kind = KOLAM_OPTION_TEXT, .offset = AT(timelapse.to)},
    {.name = "by", .kind = KOLAM_OPTION_TEXT, .offset = AT(by)},
    {.name = "seconds", .kind = KOLAM_OPTION_TEXT, .offset = AT(seconds)},
    {.name = "fps", .kind = KOLAM_OPTION_TEXT, .offset = AT(fps)},
    {.name = "ground", .kind = KOLAM_OPTION_TEXT, .offset = AT(ground)},
    {.name = "output", .kind = KOLAM_OPTION_TEXT, .offset = AT(timelapse.output), .letter = 'o'},
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

static bool parse(int argc, char **argv, struct arguments *out) {
    return kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], out);
}

/* ---- what was asked for; each gives the exit status of a wrong use, or 0 ---- */

static int check_output(const char *verb, struct arguments *arguments) {
    struct kolam_timelapse *timelapse = &arguments->timelapse;
    const char *output = timelapse->output;
    if (!output) {
        return kolam_tool_misused(verb, "-o OUT is needed");
    }
    if (strcmp(output, "-") == 0) {
        return isatty(STDOUT_FILENO)
                   ? kolam_tool_misused(verb,
                                        "a terminal cannot show a PNG: send it to a file or a pipe")
                   : 0;
    }
    if (kolam_timelapse_is_video(output)) {
        if (!timelapse->has_ground) {
            timelapse->has_ground = true; /* video has no transparency */
            timelapse->ground = 0xffffff;
        }
        return 0;
    }
    const char *dot = strrchr(output, '.');
    bool is_picture = dot && (strcmp(dot, ".png") == 0 || strcmp(dot, ".apng") == 0);
    return is_picture || kolam_timelapse_is_folder(output)
               ? 0
               : kolam_tool_misused(verb, "-o %s is no .png, .webm, .mp4 and no folder/", output);
}

static int check_picture(const char *verb, struct arguments *arguments) {
    struct kolam_timelapse *timelapse = &arguments->timelapse;
    struct kolam_region *region = &timelapse->region;
    double scale = 1;
    if (!arguments->rect) {
        return kolam_tool_misused(verb, "--rect X,Y,W,H is needed");
    }
    if (kolam_region_parse_rect(arguments->rect, strlen(arguments->rect), region) != KOLAM_OK) {
        return kolam_tool_misused(verb, "--rect %s is no X,Y,W,H inside the world (+-2^31)",
                                  arguments->rect);
    }
    if (arguments->scale &&
        (!kolam_tool_parse_positive(arguments->scale, &scale) ||
         scale < ldexp(1, KOLAM_LEVEL_MIN) || scale > ldexp(1, KOLAM_LEVEL_MAX))) {
        return kolam_tool_misused(verb, "--scale %s is not between 2^-24 and 2^24",
                                  arguments->scale);
    }
    region->scale = scale;
    if (kolam_region_size(region, KOLAM_TIMELAPSE_SIDE_MAX, &timelapse->width,
                          &timelapse->height) != KOLAM_OK ||
        (uint64_t)timelapse->width * timelapse->height > KOLAM_TIMELAPSE_PIXELS_MAX) {
        return kolam_tool_misused(verb,
                                  "frames may have at most %u pixels, %u a side: use a smaller "
                                  "--rect or --scale",
                                  KOLAM_TIMELAPSE_PIXELS_MAX, KOLAM_TIMELAPSE_SIDE_MAX);
    }
    if (arguments->ground) {
        const char *digits = arguments->ground + (arguments->ground[0] == '#');
        timelapse->has_ground = true;
        if (strlen(digits) != 6 || strspn(digits, "0123456789abcdefABCDEF") != 6) {
            return kolam_tool_misused(verb, "--ground %s is no colour like '#ffffff'",
                                      arguments->ground);
        }
        timelapse->ground = (uint32_t)strtoul(digits, NULL, 16);
    }
    return 0;
}

static int check_span(const char *verb, struct arguments *arguments) {
    struct kolam_timelapse *timelapse = &arguments->timelapse;
    struct kolam_moment moment;
    uint64_t fps = FPS_DEFAULT;
    double seconds = SECONDS_DEFAULT;
    if (arguments->fps &&
        (!kolam_tool_parse_u64(arguments->fps, &fps) || fps < 1 || fps > FPS_MAX)) {
        return kolam_tool_misused(verb, "--fps %s is not between 1 and %d", arguments->fps,
                                  FPS_MAX);
    }
    if (arguments->seconds &&
        (!kolam_tool_parse_positive(arguments->seconds, &seconds) || seconds > SECONDS_MAX)) {
        return kolam_tool_misused(verb, "--seconds %s is not above 0 and up to %d",
                                  arguments->seconds, SECONDS_MAX);
    }
    double frame_count = fmax(round(seconds * (double)fps), 1);
    if (frame_count > KOLAM_TIMELAPSE_FRAMES_MAX) {
        return kolam_tool_misused(verb, "that would be %.0f frames, %u at most: use fewer --fps",
                                  frame_count, KOLAM_TIMELAPSE_FRAMES_MAX);
    }
    if (arguments->by && strcmp(arguments->by, "strokes") != 0 &&
        strcmp(arguments->by, "time") != 0) {
        return kolam_tool_misused(verb, "--by %s is neither strokes nor time", arguments->by);
    }
    timelapse->fps = (uint32_t)fps;
    timelapse->frame_count = (uint32_t)frame_count;
    timelapse->is_by_time = arguments->by && strcmp(arguments->by, "time") == 0;
    int misuse = kolam_wall_moment(verb, "--from", timelapse->from, &moment);
    return misuse ? misuse : kolam_wall_moment(verb, "--to", timelapse->to, &moment);
}

static int check(const char *verb, int argc, struct arguments *arguments) {
    if (optind < argc) {
        return kolam_tool_misused(verb, "takes no file names but -o OUT");
    }
    int misuse = check_picture(verb, arguments);
    misuse = misuse ? misuse : check_span(verb, arguments);
    misuse = misuse ? misuse : check_output(verb, arguments);
    return misuse ? misuse : kolam_wall_settle(verb, &arguments->timelapse.wall);
}

/* ---- making it ---- */

static enum kolam_status open_sink(const struct kolam_timelapse *timelapse,
                                   const struct kolam_shots *shots,
                                   struct kolam_frame_sink **out_sink, struct kolam_error *error) {
    if (kolam_timelapse_is_video(timelapse->output)) {
        return kolam_frame_sink_video(timelapse, out_sink, error);
    }
    return kolam_timelapse_is_folder(timelapse->output)
               ? kolam_frame_sink_folder(timelapse, out_sink, error)
               : kolam_frame_sink_apng(timelapse, shots, out_sink, error);
}

static enum kolam_status draw_shots(const struct kolam_timelapse *timelapse,
                                    struct kolam_frame_source *source,
                                    const struct kolam_shots *shots, struct kolam_frame_sink *sink,
                                    uint32_t *pixels, struct kolam_error *error) {
    struct kolam_progress progress = kolam_progress_begin();
    enum kolam_status status = KOLAM_OK;
    for (uint32_t i = 0; i < shots->count && status == KOLAM_OK; i++) {
        if (kolam_signals_arrived(timelapse->signals_fd)) {
            status = kolam_fail(error, KOLAM_ERR_CLOSED, "interrupted");
        } else {
            status = source->ops->draw(source, shots->list[i].seq, pixels, error);
        }
        if (status == KOLAM_OK) {
            status = sink->ops->shot(sink, pixels, &shots->list[i], error);
        }
        if (kolam_progress_is_due(&progress)) {
            kolam_progress_show(&progress, "%u of %u frames", i + 1, shots->count);
        }
    }
    kolam_progress_end(&progress);
    return status;
}

static enum kolam_status make(const struct kolam_timelapse *timelapse,
                              struct kolam_frame_source *source, struct kolam_error *error) {
    struct kolam_shots shots;
    struct kolam_frame_sink *sink;
    enum kolam_status status = kolam_shots_plan(timelapse, source, &shots, error);
    if (status != KOLAM_OK) {
        return status;
    }
    uint32_t *pixels =
        kolam_alloc_array(timelapse->height, (size_t)timelapse->width * sizeof *pixels);
    status = pixels ? open_sink(timelapse, &shots, &sink, error)
                    : kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
    if (status == KOLAM_OK) {
        status = draw_shots(timelapse, source, &shots, sink, pixels, error);
        if (status == KOLAM_OK) {
            status = sink->ops->finish(sink, error);
        } else {
            sink->ops->abandon(sink);
        }
    }
    kolam_free(pixels);
    kolam_free(shots.list);
    return status;
}

int kolam_cmd_timelapse(int argc, char **argv) {
    struct arguments arguments = {.timelapse.wall.canvas = "main"};
    struct kolam_timelapse *timelapse = &arguments.timelapse;
    struct kolam_frame_source *source;
    struct kolam_error error = {.text = ""};
    if (!parse(argc, argv, &arguments)) {
        return KOLAM_EXIT_USAGE;
    }
    if (arguments.wants_help) {
        fputs(help, stdout);
        return KOLAM_EXIT_OK;
    }
    int misuse = check(argv[0], argc, &arguments);
    if (misuse) {
        return misuse;
    }
    timelapse->signals_fd = kolam_signals_open();
    enum kolam_status status = timelapse->wall.server
                                   ? kolam_frame_source_server(timelapse, &source, &error)
                                   : kolam_frame_source_folder(timelapse, &source, &error);
    if (status == KOLAM_OK) {
        status = make(timelapse, source, &error);
        source->ops->destroy(source);
    }
    return status == KOLAM_OK ? KOLAM_EXIT_OK : kolam_tool_failed(argv[0], "%s", error.text);
}
