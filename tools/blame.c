/* kolam blame: what lies under a pixel, newest first; from a folder, or asked of a server. Both ways make the same JSON
 * objects (docs/protocol.md, /api/canvas/<canvas>/at), which are then printed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canvas_files.h"
#include "kolam/command.h"
#include "tool.h"
#include "verb_options.h"
#include "wall.h"

#define LIMIT_DEFAULT 20
#define LIMIT_MAX 100 /* what a server tells at most */
#define SLACK_MAX 16
#define NAME_COLUMNS 24

static const char help[] =
    "kolam blame [--data DIR | --server URL] --at X,Y\n"
    "Tells whose strokes lie under a pixel, the newest first, hidden ones included.\n"
    "\n"
    "  --data DIR     the data folder ($KOLAM_DATA; default ./kolam-data); it is only read\n"
    "  --server URL   ask a running server ($KOLAM_SERVER)\n"
    "  --canvas NAME  the wall; default main\n"
    "  --at X,Y       the pixel, whole numbers\n"
    "  --level L      the level that the pixel is of, -24..24; default 0\n"
    "  --slack N      look N pixels around it, too; at most 16, default 0\n"
    "  --limit N      at most so many strokes; default 20, at most 100\n"
    "  --json         one JSON object a line instead of a table, as /api/canvas/NAME/at has them\n"
    "\n"
    "A stroke that was hidden (undone, or rolled back) is told as such; what covers what is not "
    "asked.\n"
    "In a quiet area a server tells no names; with --data they are read.\n"
    "A long stroke that is stored as several ops is told once, by the seq of its last one.\n"
    "\n"
    "  kolam blame --at -120,80\n"
    "  kolam blame --server http://127.0.0.1:7700 --at 3,4 --level -2 --json | jq .name\n";

struct arguments {
    struct kolam_wall wall;
    const char *at, *level_text, *slack_text, *limit_text;
    bool is_json, wants_help;
    /* From the texts: */
    int64_t x, y, level, slack, limit;
};

#define AT(member) offsetof(struct arguments, member)

static const struct kolam_verb_option options[] = {
    {.name = "data", .kind = KOLAM_OPTION_TEXT, .offset = AT(wall.data)},
    {.name = "server", .kind = KOLAM_OPTION_TEXT, .offset = AT(wall.server)},
    {.name = "canvas", .kind = KOLAM_OPTION_TEXT, .offset = AT(wall.canvas)},
    {.name = "at", .kind = KOLAM_OPTION_TEXT, .offset = AT(at)},
    {.name = "level", .kind = KOLAM_OPTION_TEXT, .offset = AT(level_text)},
    {.name = "slack", .kind = KOLAM_OPTION_TEXT, .offset = AT(slack_text)},
    {.name = "limit", .kind = KOLAM_OPTION_TEXT, .offset = AT(limit_text)},
    {.name = "json", .kind = KOLAM_OPTION_FLAG, .offset = AT(is_json)},
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

static bool parse(int argc, char **argv, struct arguments *out) {
    return kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], out);
}

/* A whole number up to `end`; what follows is *out_rest. */
static bool parse_whole(const char *text, int64_t low, int64_t high, int64_t *out_value,
                        const char **out_rest) {
    char *rest;
    if (!(*text == '-' || (*text >= '0' && *text <= '9'))) {
        return false;
    }
    long long value = strtoll(text, &rest, 10); /* beyond its range it is outside of ours, too */
    if (rest == text || value < low || value > high) {
        return false;
    }
    *out_value = value;
    *out_rest = rest;
    return true;
}

static bool parse_number(const char *text, int64_t low, int64_t high, int64_t *value) {
    const char *rest;
    return !text || (parse_whole(text, low, high, value, &rest) && *rest == '\0');
}

/* Exit status of a wrong use, or 0. */
static int check(const char *verb, int argc, struct arguments *arguments) {
    const char *rest;
    arguments->limit = LIMIT_DEFAULT;
    if (optind < argc) {
        return kolam_tool_misused(verb, "the pixel is given as --at X,Y, and nothing else");
    }
    if (!parse_number(arguments->level_text, KOLAM_LEVEL_MIN, KOLAM_LEVEL_MAX, &arguments->level)) {
        return kolam_tool_misused(verb, "--level %s is no level, -24..24", arguments->level_text);
    }
    if (!parse_number(arguments->slack_text, 0, SLACK_MAX, &arguments->slack)) {
        return kolam_tool_misused(verb, "--slack %s is no number up to 16", arguments->slack_text);
    }
    if (!parse_number(arguments->limit_text, 1, LIMIT_MAX, &arguments->limit)) {
        return kolam_tool_misused(verb, "--limit %s is no number up to 100", arguments->limit_text);
    }
    if (!arguments->at) {
        return kolam_tool_misused(verb, "--at X,Y is needed");
    }
    int32_t level = (int32_t)arguments->level;
    int64_t low = kolam_tile_coord_min(level) * KOLAM_TILE_PX;
    int64_t high = (kolam_tile_coord_max(level) + 1) * KOLAM_TILE_PX - 1;
    if (!parse_whole(arguments->at, low, high, &arguments->x, &rest) || *rest != ',' ||
        !parse_whole(rest + 1, low, high, &arguments->y, &rest) || *rest != '\0') {
        return kolam_tool_misused(verb,
                                  "--at %s is no X,Y (whole numbers) inside the world at level %d",
                                  arguments->at, (int)level);
    }
    return kolam_wall_settle(verb, &arguments->wall);
}

/* ---- from a folder ---- */

struct blame {
    int64_t limit;
    json_t *list;
};

static json_t *side(int64_t px) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, px);
    return json_string(text);
}

static bool add_drawing(void *ctx, const struct kolam_drawing *drawing) {
    struct blame *blame = ctx;
    const struct kolam_rect *box = &drawing->box;
    char color[10];
    snprintf(color, sizeof color, "#%08" PRIx32, drawing->color);
    json_array_append_new(
        blame->list,
        json_pack("{s:I,s:I,s:I,s:I,s:n,s:s,s:s,s:f,s:i,s:I,s:b,s:o,s:[o,o,o,o]}", "seq",
                  (json_int_t)drawing->seq, "parts", (json_int_t)drawing->part_count, "time",
                  (json_int_t)drawing->time_ms, "artist", (json_int_t)drawing->artist, "name",
                  "tool", kolam_tool_name(drawing->tool), "color", color, "width",
                  (double)drawing->width / KOLAM_WIDTH_UNIT_PER_PX, "level", (int)drawing->level,
                  "points", (json_int_t)drawing->point_count, "hidden", drawing->is_hidden, "drawn",
                  drawing->has_drawn ? json_pack("[I,I]", (json_int_t)drawing->drawn_from_ms,
                                                 (json_int_t)drawing->drawn_to_ms)
                                     : json_null(),
                  "box", side(box->x0), side(box->y0), side(box->x1), side(box->y1)));
    return (int64_t)json_array_size(blame->list) < blame->limit;
}

/* Names are another question to the same reader, so they come after the walk. */
static enum kolam_status add_names(struct kolam_reader *reader, json_t *list) {
    size_t i;
    json_t *stroke;
    json_array_foreach(list, i, stroke) {
        struct kolam_author author;
        json_int_t artist = json_integer_value(json_object_get(stroke, "artist"));
        enum kolam_status status = kolam_reader_artist(reader, (uint32_t)artist, &author);
        if (status != KOLAM_OK) {
            return status;
        }
        json_object_set_new(stroke, "name", json_string(author.name));
    }
    return KOLAM_OK;
}

static enum kolam_status look(const struct arguments *arguments, struct kolam_reader *reader,
                              json_t *list, struct kolam_error *error) {
    struct kolam_history *history;
    struct blame blame = {arguments->limit, list};
    enum kolam_status status = kolam_history_create(reader, &history);
    if (status == KOLAM_OK) {
        status = kolam_history_blame(history, (int32_t)arguments->level, arguments->x, arguments->y,
                                     (uint32_t)arguments->slack, add_drawing, &blame);
        kolam_history_destroy(history);
    }
    if (status == KOLAM_OK) {
        status = add_names(reader, list);
    }
    if (status == KOLAM_ERR_FULL) {
        return kolam_fail(error, status,
                          "too much was drawn there to look through at level %d; use a finer level",
                          (int)arguments->level);
    }
    return status == KOLAM_OK ? KOLAM_OK
                              : kolam_fail(error, status, "looking: %s", kolam_status_text(status));
}

/* What was found, and from when on strokes are known at all: 0, from the beginning. */
struct answer {
    json_t *list;
    json_int_t base_seq;
};

static enum kolam_status ask_folder(const struct arguments *arguments, struct answer *out_answer,
                                    struct kolam_error *error) {
    struct kolam_folder *folder;
    struct kolam_canvas_files files;
    enum kolam_status status = kolam_folder_open_read_only(arguments->wall.data, &folder, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_canvas_files_open(folder, arguments->wall.canvas, &files, error);
    if (status == KOLAM_OK) {
        json_t *list = json_array();
        status = list ? look(arguments, files.reader, list, error)
                      : kolam_fail(error, KOLAM_ERR_NOMEM, "out of memory");
        out_answer->base_seq = (json_int_t)files.info.base_seq;
        kolam_canvas_files_close(&files);
        if (status == KOLAM_OK) {
            out_answer->list = list;
        } else {
            json_decref(list);
        }
    }
    kolam_folder_close(folder);
    return status;
}

/* ---- from a server ---- */

static enum kolam_status ask_server(const struct arguments *arguments, struct answer *out_answer,
                                    struct kolam_error *error) {
    char target[KOLAM_WALL_TARGET_MAX];
    json_t *answer;
    snprintf(target, sizeof target,
             "/api/canvas/%s/at?level=%" PRId64 "&x=%" PRId64 "&y=%" PRId64 "&slack=%" PRId64,
             arguments->wall.canvas, arguments->level, arguments->x, arguments->y,
             arguments->slack);
    enum kolam_status status = kolam_wall_get_json(arguments->wall.server, target, &answer, error);
    if (status != KOLAM_OK) {
        return status;
    }
    json_t *list = json_object_get(answer, "strokes");
    if (json_is_array(list)) {
        out_answer->list = json_incref(list);
        out_answer->base_seq =
            json_integer_value(json_object_get(json_object_get(answer, "base"), "seq"));
        while (json_array_size(list) > (size_t)arguments->limit) {
            json_array_remove(list, json_array_size(list) - 1);
        }
    } else {
        status = kolam_fail(error, KOLAM_ERR_INVALID, "the server's answer is malformed");
    }
    json_decref(answer);
    return status;
}

/* ---- printing ---- */

/* Columns that a name takes: its characters, where each begins a byte that continues none. */
static int columns_of(const char *text) {
    int count = 0;
    for (; *text; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

/* The answer is ours, and so are its texts. */
static const char *text_of(const json_t *stroke, const char *key) {
    const char *text = json_string_value(json_object_get(stroke, key));
    return text ? kolam_tool_plain((char *)(uintptr_t)text) : NULL;
}

static void print_row(const json_t *stroke) {
    char time[32], color[10];
    const char *name = text_of(stroke, "name");
    const char *tool = text_of(stroke, "tool");
    const char *color_text = text_of(stroke, "color");
    double width = json_number_value(json_object_get(stroke, "width"));
    json_int_t level = json_integer_value(json_object_get(stroke, "level"));
    json_int_t parts = json_integer_value(json_object_get(stroke, "parts"));
    kolam_wall_time_text(json_integer_value(json_object_get(stroke, "time")), time);
    snprintf(color, sizeof color, "%s", color_text ? color_text : "?");
    /* A server says 0 where it tells no names: in a quiet area. */
    const bool is_nobodys = json_integer_value(json_object_get(stroke, "artist")) == 0;
    name = !name ? "?" : is_nobodys ? "(not told)" : name;
    int padding = NAME_COLUMNS - columns_of(name);
    printf("%10" JSON_INTEGER_FORMAT "  %s  %s%*s  %-6s  %s  %7.4g%s",
           json_integer_value(json_object_get(stroke, "seq")), time, name,
           padding > 0 ? padding : 0, "", tool ? tool : "?", color, width,
           json_is_true(json_object_get(stroke, "hidden")) ? "  hidden" : "");
    if (level != 0) {
        printf("  level %" JSON_INTEGER_FORMAT, level);
    }
    if (parts > 1) {
        printf("  in %" JSON_INTEGER_FORMAT " parts", parts);
    }
    putchar('\n');
}

static void print_json(const json_t *stroke) {
    char *line = json_dumps(stroke, JSON_COMPACT | JSON_REAL_PRECISION(15));
    if (line) {
        puts(line);
        free(line); /* jansson's */
    }
}

static void print(const struct arguments *arguments, const struct answer *answer) {
    size_t i;
    json_t *stroke;
    const json_t *list = answer->list;
    if (!arguments->is_json && json_array_size(list) == 0 && answer->base_seq == 0) {
        puts("nothing was ever drawn there");
        return;
    }
    if (!arguments->is_json) {
        printf("%10s  %-24s  %-*s  %-6s  %-9s  %7s\n", "seq", "time", NAME_COLUMNS, "artist",
               "tool", "colour", "width");
    }
    json_array_foreach(list, i, stroke) {
        if (arguments->is_json) {
            print_json(stroke);
        } else {
            print_row(stroke);
        }
    }
    if (!arguments->is_json && answer->base_seq > 0) {
        printf("what was drawn up to seq %" JSON_INTEGER_FORMAT
               " is nobody's any more: older history was flattened\n",
               answer->base_seq);
    }
}

int kolam_cmd_blame(int argc, char **argv) {
    struct arguments arguments = {.wall.canvas = "main"};
    struct kolam_error error = {.text = ""};
    struct answer answer = {.list = NULL};
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
    enum kolam_status status = arguments.wall.server ? ask_server(&arguments, &answer, &error)
                                                     : ask_folder(&arguments, &answer, &error);
    if (status != KOLAM_OK) {
        return kolam_tool_failed(argv[0], "%s", error.text);
    }
    print(&arguments, &answer);
    json_decref(answer.list);
    return fflush(stdout) == 0 ? KOLAM_EXIT_OK
                               : kolam_tool_failed(argv[0], "standard output cannot be written");
}
