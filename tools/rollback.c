/* kolam rollback: chosen artists' strokes are hidden, everybody else's stay; and the way back. Its options, and the talk
 * with the person who runs it. */
#include "rollback.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kolam/command.h"
#include "tool.h"
#include "verb_options.h"

static const char help[] =
    "kolam rollback [--data DIR | --server URL] --artist WHO [--rect X,Y,W,H] [--from MOMENT] "
    "[--to MOMENT]\n"
    "kolam rollback [--data DIR | --server URL] --undo SEQ[-SEQ]\n"
    "Hides the strokes of chosen artists; everybody else's, before and after, stay. Nothing is "
    "deleted:\n"
    "it is an action like any other, told to all who look, and can be undone.\n"
    "\n"
    "  --data DIR               the data folder ($KOLAM_DATA; default ./kolam-data). No server may "
    "have\n"
    "                           it open, but for a --dry-run\n"
    "  --server URL             through a running server ($KOLAM_SERVER)\n"
    "  --admin-token-file FILE  with --server, needed: the file admin.token of the server's data "
    "folder;\n"
    "                           or the token itself in $KOLAM_ADMIN_TOKEN\n"
    "  --token-file FILE        with --server: keeps the identity that rolls back, which --undo "
    "needs\n"
    "  --canvas NAME            the wall; default main\n"
    "  --artist WHO             whose strokes: a number or a name; may be given again\n"
    "  --rect X,Y,W,H           only strokes with ink in this part, in level-0 pixels (decimals "
    "allowed)\n"
    "  --from MOMENT            only strokes from then on: a seq (4711), or a time "
    "(2026-11-22T03:15:00Z)\n"
    "  --to MOMENT              only strokes up to then\n"
    "  --dry-run                only count\n"
    "  --yes                    do it without asking; needed where nobody can be asked\n"
    "  --undo SEQ[-SEQ]         show again what these hides hid, as told when it was done\n"
    "\n"
    "  kolam rollback --artist 'Quiet Heron' --from 2026-11-22 --dry-run\n"
    "  kolam rollback --server http://127.0.0.1:7700 --admin-token-file kolam-data/admin.token \\\n"
    "      --artist 12 --artist 14 --rect -500,-500,1000,1000\n";

struct arguments {
    struct kolam_rollback_order order;
    const char *rect, *undo, *admin_token_file;
    uint32_t artist_count; /* also of those that are too many */
    bool wants_help;
};

static bool add_artist(void *arguments, const struct kolam_verb_option *option, const char *text) {
    struct arguments *out = arguments;
    (void)option;
    if (out->artist_count < KOLAM_ORDER_ARTISTS_MAX) {
        out->order.artists[out->artist_count] = text;
        out->order.artist_count++;
    }
    out->artist_count++;
    return true;
}

#define AT(member) offsetof(struct arguments, member)

static const struct kolam_verb_option options[] = {
    {.name = "data", .kind = KOLAM_OPTION_TEXT, .offset = AT(order.wall.data)},
    {.name = "server", .kind = KOLAM_OPTION_TEXT, .offset = AT(order.wall.server)},
    {.name = "admin-token-file", .kind = KOLAM_OPTION_TEXT, .offset = AT(admin_token_file)},
    {.name = "token-file", .kind = KOLAM_OPTION_TEXT, .offset = AT(order.token_file)},
    {.name = "canvas", .kind = KOLAM_OPTION_TEXT, .offset = AT(order.wall.canvas)},
    {.name = "artist", .kind = KOLAM_OPTION_TAKEN, .take = add_artist},
    {.name = "rect", .kind = KOLAM_OPTION_TEXT, .offset = AT(rect)},
    {.name = "from", .kind = KOLAM_OPTION_TEXT, .offset = AT(order.from)},
    {.name = "to", .kind = KOLAM_OPTION_TEXT, .offset = AT(order.to)},
    {.name = "dry-run", .kind = KOLAM_OPTION_FLAG, .offset = AT(order.is_dry_run)},
    {.name = "yes", .kind = KOLAM_OPTION_FLAG, .offset = AT(order.is_agreed)},
    {.name = "undo", .kind = KOLAM_OPTION_TEXT, .offset = AT(undo)},
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

static bool parse(int argc, char **argv, struct arguments *out) {
    return kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], out);
}

/* ---- what was ordered ---- */

/* The whole world is four tiles of the coarsest level. */
static const struct kolam_rect world = {-KOLAM_TILE_PX, -KOLAM_TILE_PX, KOLAM_TILE_PX,
                                        KOLAM_TILE_PX, KOLAM_LEVEL_MIN};

/* "SEQ" or "SEQ-SEQ". */
static bool parse_undo(const char *text, struct kolam_rollback_order *order) {
    char first[24];
    const char *dash = strchr(text, '-');
    size_t size = dash ? (size_t)(dash - text) : strlen(text);
    if (size >= sizeof first) {
        return false;
    }
    memcpy(first, text, size);
    first[size] = '\0';
    return kolam_tool_parse_u64(first, &order->undo_first) &&
           kolam_tool_parse_u64(dash ? dash + 1 : first, &order->undo_last) &&
           order->undo_first > 0 && order->undo_last >= order->undo_first &&
           order->undo_last - order->undo_first < KOLAM_ORDER_OPS_MAX;
}

/* What is to be done. Exit status of a wrong use, or 0. */
static int check_choice(const char *verb, struct arguments *arguments) {
    struct kolam_rollback_order *order = &arguments->order;
    struct kolam_moment moment;
    if (arguments->artist_count > KOLAM_ORDER_ARTISTS_MAX) {
        return kolam_tool_misused(verb, "--artist may be given at most %d times",
                                  KOLAM_ORDER_ARTISTS_MAX);
    }
    if (arguments->undo) {
        order->is_undo = true;
        if (order->artist_count > 0 || arguments->rect || order->from || order->to) {
            return kolam_tool_misused(verb, "--undo stands alone: it shows what was hidden then");
        }
        return parse_undo(arguments->undo, order)
                   ? 0
                   : kolam_tool_misused(verb, "--undo %s is no SEQ or SEQ-SEQ (at most %d ops)",
                                        arguments->undo, KOLAM_ORDER_OPS_MAX);
    }
    if (order->artist_count == 0) {
        return kolam_tool_misused(verb, "--artist NAME or NUMBER is needed");
    }
    order->rect = world;
    if (arguments->rect) {
        if (!kolam_wall_rect(arguments->rect, &order->rect)) {
            return kolam_tool_misused(verb, "--rect %s is no X,Y,W,H inside the world (+-2^31)",
                                      arguments->rect);
        }
    }
    int misuse = kolam_wall_moment(verb, "--from", order->from, &moment);
    return misuse ? misuse : kolam_wall_moment(verb, "--to", order->to, &moment);
}

/* Exit status, or 0. `token` holds what order->admin_token points to. */
static int check_server(const char *verb, struct arguments *arguments, char token[65]) {
    struct kolam_rollback_order *order = &arguments->order;
    struct kolam_error error;
    order->admin_token = kolam_tool_setting(NULL, "KOLAM_ADMIN_TOKEN");
    if (arguments->admin_token_file) {
        if (kolam_tool_read_token(arguments->admin_token_file, token, &error) != KOLAM_OK) {
            return kolam_tool_failed(verb, "%s", error.text);
        }
        order->admin_token = token;
    }
    if (!order->admin_token) {
        return kolam_tool_misused(verb, "--server needs --admin-token-file FILE");
    }
    if (!kolam_tool_token_is_valid(order->admin_token)) {
        return kolam_tool_misused(verb, "$KOLAM_ADMIN_TOKEN holds no token (64 hex digits)");
    }
    if (order->is_undo && !order->token_file) {
        return kolam_tool_misused(verb, "--undo through a server needs the --token-file of then");
    }
    return 0;
}

static int check(const char *verb, int argc, struct arguments *arguments, char token[65]) {
    struct kolam_rollback_order *order = &arguments->order;
    order->verb = verb;
    if (optind < argc) {
        return kolam_tool_misused(verb, "artists are named by --artist");
    }
    int misuse = check_choice(verb, arguments);
    misuse = misuse ? misuse : kolam_wall_settle(verb, &order->wall);
    if (misuse) {
        return misuse;
    }
    bool can_ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
    if (!order->is_dry_run && !order->is_agreed && !can_ask) {
        return kolam_tool_misused(verb, "nobody can be asked here: give --yes, or --dry-run");
    }
    return order->wall.server ? check_server(verb, arguments, token) : 0;
}

/* ---- the talk ---- */

/* Of two numbers without leading zeros. */
static bool is_lower(const char *left, const char *right) {
    const size_t left_size = strlen(left), right_size = strlen(right);
    return left_size != right_size ? left_size < right_size : strcmp(left, right) < 0;
}

enum kolam_status kolam_rollback_artist(const json_t *names, const char *text, uint32_t *out_artist,
                                        struct kolam_error *error) {
    uint64_t number;
    const char *key, *found = NULL;
    json_t *name;
    if (kolam_tool_parse_u64(text, &number)) {
        char digits[24];
        snprintf(digits, sizeof digits, "%" PRIu64, number);
        found = json_object_get(names, digits) ? digits : NULL;
        *out_artist = found ? (uint32_t)number : 0;
        if (found) {
            return KOLAM_OK;
        }
    }
    json_object_foreach((json_t *)(uintptr_t)names, key, name) {
        if (strcmp(json_string_value(name), text) == 0) {
            if (found) {
                return kolam_fail(
                    error, KOLAM_ERR_INVALID,
                    "more than one artist is called '%.80s' (%s, %s): give the number", text,
                    is_lower(found, key) ? found : key, is_lower(found, key) ? key : found);
            }
            found = key;
        }
    }
    if (!found || !kolam_tool_parse_u64(found, &number)) {
        return kolam_fail(error, KOLAM_ERR_NOT_FOUND, "there is no artist '%.80s' on this wall",
                          text);
    }
    *out_artist = (uint32_t)number;
    return KOLAM_OK;
}

static void print_counts(const json_t *artists) {
    size_t i;
    json_t *artist;
    json_array_foreach((json_t *)(uintptr_t)artists, i, artist) {
        char count[32];
        const char *name = json_string_value(json_object_get(artist, "name"));
        json_int_t strokes = json_integer_value(json_object_get(artist, "strokes"));
        printf("%10s  %s (artist %" JSON_INTEGER_FORMAT ")\n",
               kolam_tool_thousands((uint64_t)strokes, count),
               name ? kolam_tool_plain((char *)(uintptr_t)name) : "?",
               json_integer_value(json_object_get(artist, "artist")));
    }
}

/* A hide names the parts of a long stroke one by one, so what it hid is counted like that. */
static const char *noun_of(const struct kolam_rollback_order *order) {
    return order->is_undo ? "strokes (or parts of long ones)" : "strokes";
}

static bool ask(const struct kolam_rollback_order *order, const char *count) {
    char answer[16] = "";
    fflush(stdout);
    fprintf(stderr, "kolam %s: %s these %s %s? [y/N] ", order->verb,
            order->is_undo ? "show" : "hide", count, noun_of(order));
    fflush(stderr);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

bool kolam_rollback_go_on(const struct kolam_rollback_order *order, const json_t *artists,
                          uint64_t strokes) {
    char count[32];
    kolam_tool_thousands(strokes, count);
    print_counts(artists);
    if (strokes == 0) {
        puts("no visible strokes are meant: nothing to hide");
        return false;
    }
    if (order->is_dry_run) {
        printf("%s %s would be %s\n", count, noun_of(order),
               order->is_undo ? "shown again" : "hidden");
        return false;
    }
    if (order->is_agreed) {
        return true;
    }
    bool is_agreed = ask(order, count);
    if (!is_agreed) {
        puts("nothing was done");
    }
    return is_agreed;
}

static void print_outcome(const struct kolam_rollback_order *order,
                          const struct kolam_rollback_outcome *outcome) {
    char seqs[56];
    uint64_t last_seq = outcome->first_seq + outcome->op_count - 1;
    if (outcome->op_count == 1) {
        snprintf(seqs, sizeof seqs, "%" PRIu64, outcome->first_seq);
    } else {
        snprintf(seqs, sizeof seqs, "%" PRIu64 "-%" PRIu64, outcome->first_seq, last_seq);
    }
    if (order->is_undo) {
        printf("shown again: seq %s\n", seqs);
        return;
    }
    printf("hidden: seq %s\n", seqs);
    printf("to undo it: ");
    if (order->wall.server) {
        printf("kolam admin undo %" PRIu64 " --canvas %s%s", outcome->act_seq, order->wall.canvas,
               order->token_file ? ", or " : "\n");
    }
    if (!order->wall.server || order->token_file) {
        printf("kolam rollback --undo %s\n", seqs);
    }
}

int kolam_cmd_rollback(int argc, char **argv) {
    struct arguments arguments = {.order.wall.canvas = "main"};
    struct kolam_rollback_outcome outcome = {0};
    struct kolam_error error = {.text = ""};
    char token[65];
    if (!parse(argc, argv, &arguments)) {
        return KOLAM_EXIT_USAGE;
    }
    if (arguments.wants_help) {
        fputs(help, stdout);
        return KOLAM_EXIT_OK;
    }
    int problem = check(argv[0], argc, &arguments, token);
    if (problem) {
        return problem;
    }
    enum kolam_status status = arguments.order.wall.server
                                   ? kolam_rollback_server(&arguments.order, &outcome, &error)
                                   : kolam_rollback_folder(&arguments.order, &outcome, &error);
    if (status != KOLAM_OK) {
        return kolam_tool_failed(argv[0], "%s", error.text);
    }
    if (outcome.first_seq != 0) {
        print_outcome(&arguments.order, &outcome);
    }
    return KOLAM_EXIT_OK;
}
