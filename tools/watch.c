/* kolam watch: live ops as NDJSON, like tail -f. Lines wait for the name of their artist, in order. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client.h"
#include "kolam/alloc.h"
#include "kolam/command.h"
#include "kolam/export.h"
#include "kolam/folder.h"
#include "kolam/identity.h"
#include "tool.h"
#include "verb_options.h"
#include "watch_line.h"

#define DEFAULT_SERVER "http://127.0.0.1:7700"
#define VIEW_TILES_MAX 4096
#define WAIT_MS 60000
#define REAL_DIGITS 12

static const char help[] =
    "kolam watch [--server URL] [--canvas NAME] [--rect X,Y,W,H]\n"
    "Prints what is drawn from now on, one JSON object a line, as it is committed.\n"
    "\n"
    "  --server URL     the server ($KOLAM_SERVER; default " DEFAULT_SERVER ")\n"
    "  --canvas NAME    the wall; default main\n"
    "  --rect X,Y,W,H   only strokes that touch this part, in level-0 pixels; default everything\n"
    "\n"
    "A stroke: "
    "{\"seq\",\"time\",\"artist\",\"name\",\"kind\":\"stroke\",\"tool\",\"color\",\"width\","
    "\"level\",\"t\",\n"
    "\"points\":[[x,y,pressure?],...],\"dt\"?}, coordinates and width in level-0 pixels, time in "
    "Unix ms. Undo\n"
    "and redo: {\"seq\",...,\"kind\":\"hide\"|\"show\",\"targets\":[seq,...]}. A lost connection "
    "is made again;\n"
    "what was missed is caught up, or its extent told on standard error. Ends with Ctrl-C.\n"
    "\n"
    "  kolam watch | jq -r '\"\\(.name) drew \\(.points|length) points\"'\n";

struct watch {
    struct kolam_url url;
    const char *canvas;
    bool has_rect;
    struct kolam_region rect;
    struct kolam_ws *ws;
    struct kolam_op_room *room;
    uint64_t last_seq; /* of the op printed or skipped last */
    bool has_view;     /* a view was answered before: resume from last_seq */
    json_t *names;     /* artist's number, as text -> name, or null: asked for */
    json_t *lines;     /* waiting for names */
    bool is_welcome, is_fatal, has_no_reader;
    struct kolam_error *error;
};

/* ---- printing ---- */

static json_t *name_of(const struct watch *watch, const json_t *line) {
    char key[24];
    snprintf(key, sizeof key, "%" JSON_INTEGER_FORMAT,
             json_integer_value(json_object_get(line, "artist")));
    return json_object_get(watch->names, key);
}

static enum kolam_status print_line(struct watch *watch, json_t *line, json_t *name) {
    json_object_set(line, "name", name);
    if (json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS)) != 0 ||
        putchar('\n') == EOF || fflush(stdout) != 0) {
        watch->has_no_reader = errno == EPIPE;
        watch->is_fatal = true; /* a full disk, say: it would be so on the next connection */
        return kolam_fail(watch->error, KOLAM_ERR_CLOSED, "standard output cannot be written: %s",
                          strerror(errno));
    }
    return KOLAM_OK;
}

/* Prints from the first line on, as far as names are known. */
static enum kolam_status print_known(struct watch *watch) {
    enum kolam_status status = KOLAM_OK;
    size_t count = 0, size = json_array_size(watch->lines);
    for (; count < size && status == KOLAM_OK; count++) {
        json_t *line = json_array_get(watch->lines, count);
        json_t *name = name_of(watch, line);
        if (!json_is_string(name)) {
            break;
        }
        status = print_line(watch, line, name);
    }
    if (count == size) {
        json_array_clear(watch->lines);
    } else {
        for (size_t i = 0; i < count; i++) {
            json_array_remove(watch->lines, 0);
        }
    }
    return status;
}

static enum kolam_status ask_name(struct watch *watch, uint32_t artist) {
    char key[24];
    snprintf(key, sizeof key, "%" PRIu32, artist);
    if (json_object_get(watch->names, key)) {
        return KOLAM_OK;
    }
    json_object_set_new(watch->names, key, json_null());
    return kolam_client_send(
        watch->ws, json_pack("{s:s,s:[I]}", "type", "who", "artists", (json_int_t)artist));
}

static enum kolam_status on_op(struct watch *watch, const struct kolam_wire_op *envelope) {
    struct kolam_op op;
    if (envelope->seq <= watch->last_seq) {
        return KOLAM_OK; /* had it before the connection was lost */
    }
    watch->last_seq = envelope->seq;
    json_t *line = kolam_watch_line(envelope, watch->room, &op);
    if (!line) {
        fprintf(stderr, "kolam watch: op %" PRIu64 " cannot be decoded; skipped\n", envelope->seq);
        return KOLAM_OK;
    }
    if (watch->has_rect && !kolam_watch_touches(&op, &watch->rect)) {
        json_decref(line);
        return KOLAM_OK;
    }
    json_array_append_new(watch->lines, line);
    return ask_name(watch, envelope->artist);
}

/* ---- the view ---- */

/* The finest level, not finer than 0, at which the part takes no more tiles than a view may have. */
static void view_of(const struct watch *watch, struct kolam_tile_id *out_first, int64_t *out_width,
                    int64_t *out_height) {
    int32_t level = 0;
    for (; level > KOLAM_LEVEL_MIN; level--) {
        double tile_px = (double)KOLAM_TILE_PX * (double)(INT64_C(1) << -level);
        int64_t x0 = (int64_t)(watch->rect.x / tile_px) - (watch->rect.x < 0);
        int64_t y0 = (int64_t)(watch->rect.y / tile_px) - (watch->rect.y < 0);
        int64_t x1 = (int64_t)((watch->rect.x + watch->rect.width) / tile_px);
        int64_t y1 = (int64_t)((watch->rect.y + watch->rect.height) / tile_px);
        int64_t low = kolam_tile_coord_min(level), high = kolam_tile_coord_max(level);
        x0 = x0 < low ? low : x0;
        y0 = y0 < low ? low : y0;
        x1 = x1 > high ? high : x1;
        y1 = y1 > high ? high : y1;
        *out_first = (struct kolam_tile_id){x0, y0, level};
        *out_width = x1 - x0 + 1;
        *out_height = y1 - y0 + 1;
        if (watch->has_rect && *out_width * *out_height <= VIEW_TILES_MAX) {
            return;
        }
    }
    *out_first =
        (struct kolam_tile_id){-1, -1, KOLAM_LEVEL_MIN}; /* the world is four tiles there */
    *out_width = 2;
    *out_height = 2;
}

/* "every": ops however small they are at the view's level; a watcher of text has no pixels to be too small for. */
static enum kolam_status send_view(struct watch *watch) {
    struct kolam_tile_id first;
    int64_t width, height;
    char x[24], y[24];
    view_of(watch, &first, &width, &height);
    snprintf(x, sizeof x, "%" PRId64, first.x);
    snprintf(y, sizeof y, "%" PRId64, first.y);
    json_t *message = json_pack("{s:s,s:i,s:i,s:s,s:s,s:I,s:I,s:b}", "type", "view", "id", 1,
                                "level", (int)first.level, "x", x, "y", y, "width",
                                (json_int_t)width, "height", (json_int_t)height, "every", 1);
    if (message && watch->has_view) {
        json_object_set_new(message, "since", json_integer((json_int_t)watch->last_seq));
    }
    return kolam_client_send(watch->ws, message);
}

static void on_view(struct watch *watch, const struct kolam_wire_view *view) {
    if (watch->has_view && !view->is_resumed && view->seq > watch->last_seq) {
        fprintf(stderr, "kolam watch: ops %" PRIu64 " to %" PRIu64 " were missed\n",
                watch->last_seq + 1, view->seq);
    }
    if (view->seq > watch->last_seq && !view->is_resumed) {
        watch->last_seq = view->seq;
    }
    watch->has_view = true;
}

/* ---- messages ---- */

static void on_artists(struct watch *watch, const json_t *message) {
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(message, "list"), i, entry) {
        char key[24];
        json_t *name = json_object_get(entry, "name");
        snprintf(key, sizeof key, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(json_object_get(entry, "artist")));
        if (json_is_string(name)) {
            json_object_set(watch->names, key, name);
        }
    }
}

static enum kolam_status on_text(struct watch *watch, const uint8_t *payload, size_t size_bytes) {
    const char *type;
    enum kolam_status status = KOLAM_OK;
    json_t *message = kolam_client_parse(payload, size_bytes, &type);
    if (!message) {
        return KOLAM_OK;
    }
    if (strcmp(type, "welcome") == 0) {
        watch->is_welcome = true;
        status = send_view(watch);
    } else if (strcmp(type, "refresh") == 0) {
        status = send_view(watch);
    } else if (strcmp(type, "artists") == 0) {
        on_artists(watch, message);
        status = print_known(watch);
    } else if (strcmp(type, "error") == 0) {
        watch->is_fatal = true;
        status = kolam_client_refused(message, watch->error);
    }
    json_decref(message);
    return status;
}

static enum kolam_status on_record(struct watch *watch, uint8_t type,
                                   struct kolam_wire_reader payload) {
    struct kolam_wire_op op;
    struct kolam_wire_view view;
    enum kolam_status status = KOLAM_OK;
    if (type == KOLAM_WIRE_OP) {
        status = kolam_wire_read_op(payload, &op);
        return status == KOLAM_OK ? on_op(watch, &op) : status;
    }
    if (type == KOLAM_WIRE_VIEW) {
        status = kolam_wire_read_view(payload, &view);
        if (status == KOLAM_OK) {
            on_view(watch, &view);
        }
    }
    return status;
}

static enum kolam_status on_message(void *ctx, enum kolam_ws_opcode opcode, const uint8_t *payload,
                                    size_t size_bytes) {
    struct watch *watch = ctx;
    if (opcode == KOLAM_WS_TEXT) {
        return on_text(watch, payload, size_bytes);
    }
    struct kolam_wire_reader frame = {payload, payload + size_bytes, false}, record;
    enum kolam_status status = KOLAM_OK;
    uint8_t type;
    while (status == KOLAM_OK && kolam_wire_record(&frame, &type, &record)) {
        status = on_record(watch, type, record);
    }
    if (status == KOLAM_ERR_INVALID || frame.has_failed) {
        watch->is_fatal = true;
        return kolam_fail(watch->error, KOLAM_ERR_INVALID, "the server sent a malformed frame");
    }
    return status == KOLAM_OK ? print_known(watch) : status;
}

/* ---- running ---- */

/* Readable when a signal came or nobody reads our output any more (which a write alone would tell only at
 * the next op). */
static int open_ends(int signals_fd) {
    int ends_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event signal = {.events = EPOLLIN}, output = {.events = 0};
    if (ends_fd >= 0) {
        (void)epoll_ctl(ends_fd, EPOLL_CTL_ADD, signals_fd, &signal);
        (void)epoll_ctl(ends_fd, EPOLL_CTL_ADD, STDOUT_FILENO, &output); /* not for files */
    }
    return ends_fd;
}

static bool is_ended(int ends_fd, int wait_ms) {
    struct epoll_event event;
    return epoll_wait(ends_fd, &event, 1, wait_ms) > 0;
}

/* Until the connection is over or the end was asked for (KOLAM_OK). */
static enum kolam_status run_connection(struct watch *watch, int ends_fd) {
    const struct kolam_hello hello = {.canvas = watch->canvas, .is_watch = true};
    struct kolam_hello with_nonce = hello;
    kolam_random_bytes(&with_nonce.nonce, sizeof with_nonce.nonce);
    enum kolam_status status =
        kolam_client_connect(&watch->url, &with_nonce, &watch->ws, watch->error);
    if (status != KOLAM_OK) {
        return status;
    }
    while (status == KOLAM_OK && !is_ended(ends_fd, 0)) {
        status = kolam_ws_step(watch->ws, WAIT_MS, ends_fd, on_message, watch, watch->error);
    }
    if (status == KOLAM_OK) {
        kolam_ws_close(watch->ws);
    } else {
        kolam_ws_destroy(watch->ws);
    }
    return watch->has_no_reader ? KOLAM_OK : status;
}

/* Names that were asked for on the connection before are asked for again. */
static void forget_asked_names(struct watch *watch) {
    const char *key;
    json_t *name;
    void *next;
    json_object_foreach_safe(watch->names, next, key, name) {
        if (!json_is_string(name)) {
            json_object_del(watch->names, key);
        }
    }
    json_array_clear(watch->lines);
}

static enum kolam_status run(struct watch *watch, int ends_fd) {
    int retry_ms = KOLAM_RETRY_FIRST_MS;
    bool was_welcome = false;
    for (;;) {
        watch->is_welcome = false;
        uint64_t printed_seq = watch->last_seq;
        enum kolam_status status = run_connection(watch, ends_fd);
        if (status == KOLAM_OK || watch->is_fatal) {
            return status;
        }
        if (watch->is_welcome) {
            was_welcome = true;
            retry_ms = KOLAM_RETRY_FIRST_MS;
        }
        if (!was_welcome) {
            return status;
        }
        const json_t *waiting = json_array_get(watch->lines, 0);
        if (waiting) { /* lines without a name yet come again */
            watch->last_seq = (uint64_t)json_integer_value(json_object_get(waiting, "seq")) - 1;
            watch->last_seq = watch->last_seq < printed_seq ? printed_seq : watch->last_seq;
        }
        forget_asked_names(watch);
        fprintf(stderr, "kolam watch: %s; trying again\n", watch->error->text);
        if (is_ended(ends_fd, retry_ms)) {
            return KOLAM_OK;
        }
        retry_ms = retry_ms * 2 < KOLAM_RETRY_MAX_MS ? retry_ms * 2 : KOLAM_RETRY_MAX_MS;
    }
}

/* ---- the command ---- */

struct arguments {
    const char *server, *canvas, *rect;
    bool wants_help;
};

#define AT(member) offsetof(struct arguments, member)

static const struct kolam_verb_option options[] = {
    {.name = "server", .kind = KOLAM_OPTION_TEXT, .offset = AT(server)},
    {.name = "canvas", .kind = KOLAM_OPTION_TEXT, .offset = AT(canvas)},
    {.name = "rect", .kind = KOLAM_OPTION_TEXT, .offset = AT(rect)},
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

static bool parse(int argc, char **argv, struct arguments *out) {
    return kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], out);
}

int kolam_cmd_watch(int argc, char **argv) {
    struct arguments arguments = {.canvas = "main"};
    struct kolam_error error = {.text = ""};
    struct watch watch = {.error = &error};
    if (!parse(argc, argv, &arguments)) {
        return KOLAM_EXIT_USAGE;
    }
    if (arguments.wants_help) {
        fputs(help, stdout);
        return KOLAM_EXIT_OK;
    }
    if (optind < argc) {
        return kolam_tool_misused(argv[0], "takes no file names");
    }
    if (!kolam_canvas_name_is_valid(arguments.canvas)) {
        return kolam_tool_misused(argv[0], "'%s' is no name of a canvas (a-z 0-9 - _, at most 64)",
                                  arguments.canvas);
    }
    watch.canvas = arguments.canvas;
    watch.has_rect = arguments.rect != NULL;
    if (watch.has_rect &&
        kolam_region_parse_rect(arguments.rect, strlen(arguments.rect), &watch.rect) != KOLAM_OK) {
        return kolam_tool_misused(argv[0], "--rect %s is no X,Y,W,H inside the world (+-2^31)",
                                  arguments.rect);
    }
    const char *server = kolam_tool_setting(arguments.server, "KOLAM_SERVER");
    if (kolam_url_parse(server ? server : DEFAULT_SERVER, &watch.url, &error) != KOLAM_OK) {
        return kolam_tool_misused(argv[0], "%s", error.text);
    }
    int ends_fd = open_ends(kolam_signals_open());
    watch.names = json_object();
    watch.lines = json_array();
    watch.room = kolam_alloc(sizeof *watch.room);
    enum kolam_status status = ends_fd >= 0 && watch.names && watch.lines && watch.room
                                   ? run(&watch, ends_fd)
                                   : kolam_fail(&error, KOLAM_ERR_NOMEM, "out of memory");
    json_decref(watch.names);
    json_decref(watch.lines);
    kolam_free(watch.room);
    return status == KOLAM_OK ? KOLAM_EXIT_OK : kolam_tool_failed(argv[0], "%s", error.text);
}
