/* kolam import: its options, the source that both ways read from, and the closing line. */
#include "import.h"

#include <stdio.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/command.h"
#include "kolam/folder.h"
#include "verb_options.h"

static const char help[] =
    "kolam import [--data DIR | --server URL] [--canvas NAME] FILE...\n"
    "Draws the strokes of neutral stroke files on a wall, each under its author's name.\n"
    "\n"
    "  --data DIR               write to this folder directly ($KOLAM_DATA; default "
    "./kolam-data).\n"
    "                           No server may have it open\n"
    "  --server URL             draw through a running server ($KOLAM_SERVER), for example\n"
    "                           http://127.0.0.1:7700\n"
    "  --canvas NAME            the wall to draw on; default main\n"
    "  --admin-token-file FILE  with --server: the file admin.token of the server's data folder,\n"
    "                           needed to draw in the names of others; or the token itself in\n"
    "                           $KOLAM_ADMIN_TOKEN. Without it all is drawn under a name of your "
    "own\n"
    "  --token-file FILE        with --server and no admin token: keeps your own identity here\n"
    "                           ($KOLAM_TOKEN_FILE), made at the first use; otherwise the token "
    "is\n"
    "                           printed at the end\n"
    "  --realtime               with --server: draw at the recorded times, point by point\n"
    "\n"
    "FILE is NDJSON, plain or .gz or .zst, - for standard input; one stroke a line:\n"
    "  {\"t\":ms or null,\"author\":\"name\",\"color\":\"#rrggbbaa\",\"width\":px,\n"
    "   "
    "\"tool\":\"pen|pencil|marker|airbrush|eraser\",\"points\":[[x,y,pressure?],...],\"dt\":[ms,..."
    "]?}\n"
    "or a filled shape, its contours closed, a hole running the other way:\n"
    "  {\"t\":...,\"author\":...,\"color\":...,\"tool\":\"fill\",\"contours\":[[[x,y],...],...],"
    "\"text\":\"words\"?}\n"
    "Coordinates are level-0 pixels, y down; pressure is 0..1. A file that is imported again, "
    "after an\n"
    "interruption or by mistake, doubles nothing: strokes are known by their file's content.\n"
    "\n"
    "  kolam import --data ./kolam-data drawings/*.ndjson.zst\n"
    "  KOLAM_ADMIN_TOKEN=$(cat kolam-data/admin.token) kolam import --server http://127.0.0.1:7700 "
    "a.ndjson\n";

/* ---- the source ---- */

enum kolam_status kolam_import_source_init(struct kolam_import_source *source, const char *path,
                                           struct kolam_error *error) {
    *source = (struct kolam_import_source){.counter = 1};
    enum kolam_status status = kolam_ndjson_open(path, &source->file, error);
    if (status != KOLAM_OK) {
        return status;
    }
    source->builder = kolam_stroke_builder_create();
    if (!source->builder) {
        kolam_import_source_finish(source);
        return kolam_fail(error, KOLAM_ERR_NOMEM, "%s: out of memory", path);
    }
    uint8_t fingerprint[32];
    kolam_ndjson_fingerprint(source->file, fingerprint);
    for (int i = 7; i >= 0; i--) {
        source->nonce = source->nonce << 8 | fingerprint[i];
    }
    return KOLAM_OK;
}

void kolam_import_source_finish(struct kolam_import_source *source) {
    kolam_ndjson_close(source->file);
    kolam_drawn_stroke_finish(&source->drawn);
    kolam_stroke_builder_destroy(source->builder);
}

enum kolam_status kolam_import_source_next(struct kolam_import_source *source,
                                           struct kolam_import_item *out_item,
                                           struct kolam_error *error) {
    enum kolam_status status = kolam_ndjson_next(source->file, &source->drawn, error);
    if (status != KOLAM_OK) {
        return status;
    }
    out_item->line = kolam_ndjson_line(source->file);
    out_item->counter = source->counter;
    struct kolam_error reason = {0};
    status = kolam_stroke_build(source->builder, &source->drawn, &out_item->built, &reason);
    if (status == KOLAM_OK && source->counter > UINT32_MAX - KOLAM_GROUP_PARTS_MAX) {
        kolam_built_stroke_finish(&out_item->built);
        status = kolam_fail(&reason, KOLAM_ERR_FULL, "too many strokes for one file; split it");
    }
    if (status != KOLAM_OK) {
        return kolam_fail(error, status, "%s:%llu: %s", kolam_ndjson_name(source->file),
                          (unsigned long long)out_item->line, reason.text);
    }
    source->counter += out_item->built.op_count;
    return KOLAM_OK;
}

/* ---- counting ---- */

void kolam_import_count(struct kolam_import *import, uint32_t op_count, bool is_known) {
    import->strokes++;
    import->ops += op_count;
    import->known += is_known;
    if (kolam_progress_is_due(&import->progress)) {
        char strokes[32], rate[32];
        uint64_t elapsed_ms = (uint64_t)(kolam_tool_now_ms() - import->begun_ms) + 1;
        kolam_progress_show(&import->progress, "%s strokes, %s/s",
                            kolam_tool_thousands(import->strokes, strokes),
                            kolam_tool_thousands(import->strokes * 1000 / elapsed_ms, rate));
    }
}

static void print_closing_line(const struct kolam_import *import) {
    char strokes[32], artists[32], rate[32], known[32];
    uint64_t elapsed_ms = (uint64_t)(kolam_tool_now_ms() - import->begun_ms);
    uint64_t per_second = import->strokes * 1000 / (elapsed_ms > 0 ? elapsed_ms : 1);
    const size_t artist_count = json_object_size(import->artists);
    printf("%s stroke%s by %s artist%s in %.1f s, %s strokes/s",
           kolam_tool_thousands(import->strokes, strokes), import->strokes == 1 ? "" : "s",
           kolam_tool_thousands(artist_count, artists), artist_count == 1 ? "" : "s",
           (double)elapsed_ms / 1000, kolam_tool_thousands(per_second, rate));
    if (import->known > 0) {
        printf("; %s of them were there already", kolam_tool_thousands(import->known, known));
    }
    putchar('\n');
}

/* ---- the command ---- */

struct arguments {
    const char *data, *server, *canvas, *admin_token_file, *token_file;
    bool is_realtime, wants_help;
};

#define AT(member) offsetof(struct arguments, member)

static const struct kolam_verb_option options[] = {
    {.name = "data", .kind = KOLAM_OPTION_TEXT, .offset = AT(data)},
    {.name = "server", .kind = KOLAM_OPTION_TEXT, .offset = AT(server)},
    {.name = "canvas", .kind = KOLAM_OPTION_TEXT, .offset = AT(canvas)},
    {.name = "admin-token-file", .kind = KOLAM_OPTION_TEXT, .offset = AT(admin_token_file)},
    {.name = "token-file", .kind = KOLAM_OPTION_TEXT, .offset = AT(token_file)},
    {.name = "realtime", .kind = KOLAM_OPTION_FLAG, .offset = AT(is_realtime)},
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

static bool parse(int argc, char **argv, struct arguments *out) {
    return kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], out);
}

/* A token in the environment, or in the named file; none is fine. */
static enum kolam_status find_admin_token(const struct arguments *arguments, char out_hex[65],
                                          const char **out_token, struct kolam_error *error) {
    *out_token = NULL;
    if (arguments->admin_token_file) {
        enum kolam_status status =
            kolam_tool_read_token(arguments->admin_token_file, out_hex, error);
        if (status == KOLAM_OK) {
            *out_token = out_hex;
        }
        return status;
    }
    const char *token = kolam_tool_setting(NULL, "KOLAM_ADMIN_TOKEN");
    if (token && !kolam_tool_token_is_valid(token)) {
        return kolam_fail(error, KOLAM_ERR_INVALID,
                          "KOLAM_ADMIN_TOKEN is no token (64 hex digits)");
    }
    *out_token = token;
    return KOLAM_OK;
}

static int run(struct kolam_import *import) {
    struct kolam_error error = {.text = ""};
    import->signals_fd = kolam_signals_open();
    import->artists = json_object();
    import->progress = kolam_progress_begin();
    import->begun_ms = kolam_tool_now_ms();
    enum kolam_status status = import->server ? kolam_import_to_server(import, &error)
                                              : kolam_import_to_folder(import, &error);
    kolam_progress_end(&import->progress);
    if (status == KOLAM_OK) {
        print_closing_line(import);
    }
    json_decref(import->artists);
    if (status == KOLAM_OK) {
        return KOLAM_EXIT_OK;
    }
    char strokes[32];
    return kolam_tool_failed("import",
                             "%s (%s strokes are on the wall; importing again "
                             "doubles nothing)",
                             error.text, kolam_tool_thousands(import->strokes, strokes));
}

int kolam_cmd_import(int argc, char **argv) {
    struct arguments arguments = {0};
    if (!parse(argc, argv, &arguments)) {
        return KOLAM_EXIT_USAGE;
    }
    if (arguments.wants_help) {
        fputs(help, stdout);
        return KOLAM_EXIT_OK;
    }
    if (arguments.data && arguments.server) {
        return kolam_tool_misused(argv[0], "--data and --server exclude each other");
    }
    if (optind == argc) {
        return kolam_tool_misused(argv[0], "no FILE was named");
    }
    struct kolam_import import = {
        .data = arguments.data,
        .server = arguments.server,
        .canvas = arguments.canvas ? arguments.canvas : "main",
        .token_file = kolam_tool_setting(arguments.token_file, "KOLAM_TOKEN_FILE"),
        .is_realtime = arguments.is_realtime,
        .files = argv + optind,
        .file_count = argc - optind,
    };
    if (!kolam_canvas_name_is_valid(import.canvas)) {
        return kolam_tool_misused(argv[0], "'%s' is no name of a canvas (a-z 0-9 - _, at most 64)",
                                  import.canvas);
    }
    if (!import.data && !import.server) {
        import.server = kolam_tool_setting(NULL, "KOLAM_SERVER");
    }
    if (!import.server) {
        import.data = kolam_tool_setting(import.data, "KOLAM_DATA");
        import.data = import.data ? import.data : "./kolam-data";
    }
    if (import.is_realtime && !import.server) {
        return kolam_tool_misused(argv[0], "--realtime needs --server: only a server shows it");
    }
    char admin_token[65];
    struct kolam_error error;
    if (find_admin_token(&arguments, admin_token, &import.admin_token, &error) != KOLAM_OK) {
        return kolam_tool_failed(argv[0], "%s", error.text);
    }
    return run(&import);
}
