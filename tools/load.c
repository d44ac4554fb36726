/* kolam load: the verb. Its parts are told in load.h. */
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/command.h"
#include "kolam/folder.h"
#include "kolam/identity.h"
#include "load_crowd.h"
#include "load_partial.h"
#include "verb_options.h"

#define DEFAULT_SERVER "http://127.0.0.1:7700"
#define CLIENTS_MAX 200000u
#define LEDGER_S 60 /* so long an op is remembered, where the rate allows it */

static const char help[] =
    "kolam load [--server URL] [--canvas NAME] [--artists N] [--watchers N] [--seconds S] ...\n"
    "A crowd that draws and watches, each over a connection of its own, and the account of it: "
    "every stroke that\n"
    "a watcher's view can show must come to it exactly once, in order, byte for byte, and nothing "
    "else. It draws\n"
    "on the wall that it is told: use one that is made for it.\n"
    "\n"
    "  --server URL       the server ($KOLAM_SERVER; default " DEFAULT_SERVER ")\n"
    "  --canvas NAME      the wall; default load\n"
    "  --artists N        who draw; default 8\n"
    "  --watchers N       who look; default 100\n"
    "  --seconds S        how long; default 10\n"
    "  --rate R           made-up strokes a second of each artist; default 1\n"
    "  --replay FILE      strokes of a file (NDJSON, .gz, .zst) instead, at their recorded tempo; "
    "may be repeated\n"
    "  --tempo X          that, X times as fast; default 1\n"
    "  --no-previews      no unfinished strokes and no pointers\n"
    "\n"
    "  --spread           views around the artists, some far out, as people look (the default)\n"
    "  --same-view        all draw at one place and have the same view of it\n"
    "  --overlap          all draw at one place and each has another view of it\n"
    "  --pan SHARE        of the watchers who pan and zoom, up to 60 views a second; default 0.05 "
    "(0 at one place)\n"
    "  --joins N/S        N more watchers come within S seconds, after a tenth of the time, and "
    "fetch their tiles\n"
    "  --stalled N        N more watchers who never read what comes\n"
    "  --reconnect R      R connections a second break and come back within two seconds; they are "
    "owed what\n"
    "                     was sent meanwhile, and send again what was not acknowledged\n"
    "  --churn R          R watchers a second leave for good, and others come in their place\n"
    "  --undo R           strokes that each artist takes back, or shows again, a second\n"
    "  --outlive          connections that the server ends come back as well: it may be killed and "
    "started again\n"
    "  --journal FILE     adds a line to FILE for each op that is acknowledged: nonce, counter, "
    "seq "
    "and the first\n"
    "                     16 hex digits of the body's SHA-256, to be held against the log\n"
    "\n"
    "  --settle S         how long what is outstanding may take at the end; default 30\n"
    "  --late S           what is owed has come S seconds later, or is missing; default 20, at "
    "most "
    "120\n"
    "  --server-pid PID   whose CPU time and memory to tell\n"
    "  --seed N           another crowd; default 1\n"
    "  --json             the summary as one JSON object\n"
    "\n"
    "Latency counts from the time at which a stroke was due to be sent. Exit status 1 if anything "
    "owed did not\n"
    "come, came twice, out of order, changed, or to somebody who cannot see it. Ctrl-C ends it "
    "with the summary.\n"
    "\n"
    "  kolam load --artists 20 --watchers 1000 --rate 30 --same-view --seconds 10 --server-pid "
    "$(pidof kolam)\n";

struct arguments {
    struct kolam_load_options given;
    const char **files; /* room for as many as there are arguments */
    bool wants_help, has_pan;
    bool is_spread, is_same, is_overlap;
};

/* ---- arguments ---- */

static void *member_of(void *arguments, const struct kolam_verb_option *option) {
    return (char *)arguments + option->offset;
}

static bool parse_count(const char *name, const char *text, uint32_t *out) {
    uint64_t value;
    if (!kolam_tool_parse_u64(text, &value) || value > CLIENTS_MAX) {
        kolam_tool_misused("load", "--%s %s: not a number from 0 to %u", name, text, CLIENTS_MAX);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static bool parse_positive(const char *name, const char *text, double *out) {
    if (!kolam_tool_parse_positive(text, out)) {
        kolam_tool_misused("load", "--%s %s: not a number above 0", name, text);
        return false;
    }
    return true;
}

static bool take_count(void *arguments, const struct kolam_verb_option *option, const char *text) {
    return parse_count(option->name, text, member_of(arguments, option));
}

static bool take_positive(void *arguments, const struct kolam_verb_option *option,
                          const char *text) {
    return parse_positive(option->name, text, member_of(arguments, option));
}

static bool take_late(void *arguments, const struct kolam_verb_option *option, const char *text) {
    if (!take_positive(arguments, option, text)) {
        return false;
    }
    if (*(double *)member_of(arguments, option) > KOLAM_LOAD_LATE_MAX_S) {
        kolam_tool_misused("load", "--late %s: at most %d", text, KOLAM_LOAD_LATE_MAX_S);
        return false;
    }
    return true;
}

static bool take_u64(void *arguments, const struct kolam_verb_option *option, const char *text) {
    if (!kolam_tool_parse_u64(text, member_of(arguments, option))) {
        kolam_tool_misused("load", "--%s %s: not a number", option->name, text);
        return false;
    }
    return true;
}

static bool take_pan(void *arguments, const struct kolam_verb_option *option, const char *text) {
    struct arguments *out = arguments;
    char *end;
    double value = strtod(text, &end);
    (void)option;
    if (end == text || *end || !(value >= 0 && value <= 1)) {
        kolam_tool_misused("load", "--pan %s: not a share from 0 to 1", text);
        return false;
    }
    out->given.pan = value;
    out->has_pan = true;
    return true;
}

static bool take_joins(void *arguments, const struct kolam_verb_option *option, const char *text) {
    struct arguments *out = arguments;
    char count[16];
    size_t size = strcspn(text, "/");
    if (size == 0 || size >= sizeof count || text[size] != '/') {
        kolam_tool_misused("load", "--joins %s: not N/S, as in 1000/10", text);
        return false;
    }
    memcpy(count, text, size);
    count[size] = '\0';
    return parse_count(option->name, count, &out->given.joins) &&
           parse_positive(option->name, text + size + 1, &out->given.join_s);
}

static bool take_pid(void *arguments, const struct kolam_verb_option *option, const char *text) {
    uint64_t pid;
    if (!kolam_tool_parse_u64(text, &pid) || pid == 0 || pid > INT32_MAX ||
        !kolam_load_usage_of((pid_t)pid).is_known) {
        kolam_tool_misused("load", "--server-pid %s: there is no such process", text);
        return false;
    }
    *(pid_t *)member_of(arguments, option) = (pid_t)pid;
    return true;
}

static bool take_file(void *arguments, const struct kolam_verb_option *option, const char *text) {
    struct arguments *out = arguments;
    (void)option;
    out->files[out->given.file_count++] = text;
    return true;
}

#define AT(member) offsetof(struct arguments, member)
#define TEXT(text, member)                                                                         \
    { .name = text, .kind = KOLAM_OPTION_TEXT, .offset = AT(member) }
#define FLAG(text, member)                                                                         \
    { .name = text, .kind = KOLAM_OPTION_FLAG, .offset = AT(member) }
#define TAKEN(text, function, member)                                                              \
    { .name = text, .kind = KOLAM_OPTION_TAKEN, .offset = AT(member), .take = function }

static const struct kolam_verb_option options[] = {
    TEXT("server", given.server),
    TEXT("canvas", given.canvas),
    TAKEN("artists", take_count, given.artists),
    TAKEN("watchers", take_count, given.watchers),
    TAKEN("seconds", take_positive, given.seconds),
    TAKEN("rate", take_positive, given.rate),
    TAKEN("replay", take_file, given.files),
    TAKEN("tempo", take_positive, given.tempo),
    FLAG("no-previews", given.has_no_previews),
    FLAG("spread", is_spread),
    FLAG("same-view", is_same),
    FLAG("overlap", is_overlap),
    TAKEN("pan", take_pan, given.pan),
    TAKEN("joins", take_joins, given.joins),
    TAKEN("stalled", take_count, given.stalled),
    TAKEN("reconnect", take_positive, given.reconnects),
    TAKEN("churn", take_positive, given.churn),
    TAKEN("undo", take_positive, given.undo),
    FLAG("outlive", given.outlives),
    TEXT("journal", given.journal),
    TAKEN("settle", take_positive, given.settle_s),
    TAKEN("late", take_late, given.late_s),
    TAKEN("server-pid", take_pid, given.server_pid),
    TAKEN("seed", take_u64, given.seed),
    FLAG("json", given.is_json),
    {.name = "help", .kind = KOLAM_OPTION_FLAG, .offset = AT(wants_help), .letter = 'h'},
};

static bool parse(int argc, char **argv, struct arguments *arguments) {
    struct kolam_load_options *out = &arguments->given;
    if (!kolam_verb_parse(argc, argv, options, sizeof options / sizeof options[0], arguments)) {
        return false;
    }
    if (optind < argc) {
        kolam_tool_misused("load", "'%s' is no option; files are given with --replay",
                           argv[optind]);
        return false;
    }
    if (arguments->is_spread + arguments->is_same + arguments->is_overlap > 1) {
        kolam_tool_misused("load", "--spread, --same-view and --overlap exclude each other");
        return false;
    }
    if (!kolam_canvas_name_is_valid(out->canvas)) {
        kolam_tool_misused("load", "'%s' is no name of a canvas (a-z 0-9 - _, at most 64)",
                           out->canvas);
        return false;
    }
    out->mode = arguments->is_same
                    ? KOLAM_LOAD_SAME
                    : (arguments->is_overlap ? KOLAM_LOAD_OVERLAP : KOLAM_LOAD_SPREAD);
    if (!arguments->has_pan && out->mode != KOLAM_LOAD_SPREAD) {
        out->pan = 0;
    }
    const char *server = kolam_tool_setting(out->server, "KOLAM_SERVER");
    out->server = server ? server : DEFAULT_SERVER;
    out->files = arguments->files;
    return true;
}

/* ---- making and ending ---- */

static enum kolam_status init_client(struct kolam_load *load, uint32_t index) {
    const struct kolam_load_options *given = &load->options;
    struct kolam_load_client *client = &load->clients[index];
    client->conn = (struct kolam_load_conn){.fd = -1, .index = index};
    client->kind = KOLAM_LOAD_JOINER;
    if (index < given->artists) {
        client->kind = KOLAM_LOAD_ARTIST;
        client->hand = kolam_alloc_zero(1, sizeof *client->hand);
    } else if (index < given->artists + given->watchers) {
        client->kind = KOLAM_LOAD_WATCHER;
    } else if (index < load->wanted) {
        client->kind = KOLAM_LOAD_STALLED;
    }
    bool has_hand = client->kind != KOLAM_LOAD_ARTIST || client->hand;
    return has_hand ? kolam_load_watch_init(&client->watch, &load->ledger) : KOLAM_ERR_NOMEM;
}

static enum kolam_status init_crowd(struct kolam_load *load) {
    const struct kolam_load_options *given = &load->options;
    uint64_t base_nonce;
    kolam_random_bytes(&base_nonce, sizeof base_nonce);
    load->wanted = given->artists + given->watchers + given->stalled;
    load->client_count = load->wanted + given->joins;
    load->random.state = given->seed;
    load->clients = kolam_alloc_zero(load->client_count, sizeof *load->clients);
    enum kolam_status status = kolam_load_ledger_init(
        &load->ledger, base_nonce, given->artists,
        load->plan.ops_per_s + given->undo * given->artists, LEDGER_S + 3 * given->late_s);
    load->ledger.beginning = kolam_load_partial_of;
    load->ledger.beginning_ctx = load;
    load->judge = (struct kolam_load_judge){.ledger = &load->ledger, .findings = &load->findings};
    for (uint32_t i = 0; i < load->client_count && load->clients && status == KOLAM_OK; i++) {
        status = init_client(load, i);
    }
    return load->clients ? status : KOLAM_ERR_NOMEM;
}

static enum kolam_status init(struct kolam_load *load) {
    const struct kolam_load_options *given = &load->options;
    const struct kolam_load_plan_options plan = {.artists = given->artists,
                                                 .files = given->files,
                                                 .file_count = given->file_count,
                                                 .rate = given->rate,
                                                 .tempo = given->tempo,
                                                 .seconds = given->seconds,
                                                 .is_gathered = given->mode != KOLAM_LOAD_SPREAD,
                                                 .seed = given->seed};
    load->net.events = (struct kolam_load_net_events){kolam_load_on_opened, kolam_load_on_message,
                                                      kolam_load_on_ended, kolam_load_on_bytes};
    load->net.ctx = load;
    enum kolam_status status = kolam_url_parse(given->server, &load->url, &load->error);
    if (status == KOLAM_OK) {
        status = kolam_load_net_init(&load->net, &load->url, &load->error);
    }
    if (status == KOLAM_OK) {
        status = kolam_load_plan_init(&load->plan, &plan, &load->error);
    }
    if (status == KOLAM_OK && init_crowd(load) != KOLAM_OK) {
        status = kolam_fail(&load->error, KOLAM_ERR_NOMEM, "out of memory");
    }
    if (status == KOLAM_OK && given->journal) {
        load->journal_file = fopen(given->journal, "ae");
        if (!load->journal_file) {
            status =
                kolam_fail(&load->error, KOLAM_ERR_IO, "%s: %s", given->journal, strerror(errno));
        }
    }
    if (status == KOLAM_OK) {
        status = kolam_load_net_allow(load->client_count + given->joins * KOLAM_LOAD_LANES,
                                      &load->error);
    }
    if (status == KOLAM_OK) {
        kolam_load_eyes_init(load);
    }
    return status;
}

static void finish(struct kolam_load *load) {
    static const uint8_t normal[2] = {1000 >> 8, 1000 & 0xff};
    for (uint32_t i = 0; load->clients && i < load->client_count; i++) {
        struct kolam_load_client *client = &load->clients[i];
        if (client->state == KOLAM_LOAD_HERE) {
            (void)kolam_load_conn_send(&load->net, &client->conn, KOLAM_WS_CLOSE, normal,
                                       sizeof normal);
        }
        kolam_load_conn_close(&client->conn);
        kolam_load_watch_finish(&client->watch);
        kolam_load_fetch_finish(client->fetch);
        kolam_free(client->hand);
    }
    kolam_free(load->clients);
    kolam_load_ledger_finish(&load->ledger);
    kolam_load_turns_finish(load);
    kolam_load_partials_finish(load);
    kolam_load_timers_finish(&load->timers);
    kolam_load_plan_finish(&load->plan);
    kolam_load_net_finish(&load->net);
    close(load->signals_fd);
}

static int run(struct kolam_load *load) {
    enum kolam_status status = init(load);
    if (status == KOLAM_OK) {
        status = kolam_load_run(load);
    }
    int code = status == KOLAM_OK ? KOLAM_EXIT_OK : KOLAM_EXIT_FAILURE;
    if (load->is_running) {
        code = kolam_load_report(load);
    }
    if (load->journal_file && fclose(load->journal_file) != 0 && status == KOLAM_OK) {
        status = kolam_fail(&load->error, KOLAM_ERR_IO, "%s: %s", load->options.journal,
                            strerror(errno));
    }
    if (status != KOLAM_OK) {
        code = kolam_tool_failed("load", "%s", load->error.text);
    }
    finish(load);
    return code;
}

int kolam_cmd_load(int argc, char **argv) {
    struct kolam_load *load = kolam_alloc_zero(1, sizeof *load);
    const char **files = kolam_alloc_zero((size_t)argc, sizeof *files);
    if (!load || !files) {
        kolam_free(load);
        kolam_free(files);
        return kolam_tool_failed(argv[0], "out of memory");
    }
    struct arguments arguments = {.files = files,
                                  .given = {.canvas = "load",
                                            .artists = 8,
                                            .watchers = 100,
                                            .rate = 1,
                                            .tempo = 1,
                                            .seconds = 10,
                                            .settle_s = 30,
                                            .late_s = 20,
                                            .pan = 0.05,
                                            .seed = 1}};
    int code = KOLAM_EXIT_USAGE;
    if (parse(argc, argv, &arguments)) {
        load->options = arguments.given;
        if (arguments.wants_help) {
            fputs(help, stdout);
            code = KOLAM_EXIT_OK;
        } else {
            load->signals_fd = kolam_signals_open();
            load->progress = kolam_progress_begin();
            code = run(load);
        }
    }
    kolam_free(files);
    kolam_free(load);
    return code;
}
