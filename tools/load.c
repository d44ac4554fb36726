/* kolam load: the verb. Its parts are told in load.h. */
#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/command.h"
#include "kolam/folder.h"
#include "kolam/identity.h"
#include "load_crowd.h"

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
    "\n"
    "  --settle S         how long what is outstanding may take at the end; default 30\n"
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

enum {
    OPTION_SERVER = 256,
    OPTION_CANVAS,
    OPTION_ARTISTS,
    OPTION_WATCHERS,
    OPTION_SECONDS,
    OPTION_RATE,
    OPTION_REPLAY,
    OPTION_TEMPO,
    OPTION_NO_PREVIEWS,
    OPTION_SPREAD,
    OPTION_SAME_VIEW,
    OPTION_OVERLAP,
    OPTION_PAN,
    OPTION_JOINS,
    OPTION_STALLED,
    OPTION_RECONNECT,
    OPTION_CHURN,
    OPTION_UNDO,
    OPTION_SETTLE,
    OPTION_SERVER_PID,
    OPTION_SEED,
    OPTION_JSON,
};

static const struct option options[] = {
    {"server", required_argument, NULL, OPTION_SERVER},
    {"canvas", required_argument, NULL, OPTION_CANVAS},
    {"artists", required_argument, NULL, OPTION_ARTISTS},
    {"watchers", required_argument, NULL, OPTION_WATCHERS},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"replay", required_argument, NULL, OPTION_REPLAY},
    {"tempo", required_argument, NULL, OPTION_TEMPO},
    {"no-previews", no_argument, NULL, OPTION_NO_PREVIEWS},
    {"spread", no_argument, NULL, OPTION_SPREAD},
    {"same-view", no_argument, NULL, OPTION_SAME_VIEW},
    {"overlap", no_argument, NULL, OPTION_OVERLAP},
    {"pan", required_argument, NULL, OPTION_PAN},
    {"joins", required_argument, NULL, OPTION_JOINS},
    {"stalled", required_argument, NULL, OPTION_STALLED},
    {"reconnect", required_argument, NULL, OPTION_RECONNECT},
    {"churn", required_argument, NULL, OPTION_CHURN},
    {"undo", required_argument, NULL, OPTION_UNDO},
    {"settle", required_argument, NULL, OPTION_SETTLE},
    {"server-pid", required_argument, NULL, OPTION_SERVER_PID},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"json", no_argument, NULL, OPTION_JSON},
    {"help", no_argument, NULL, 'h'},
    {0},
};

struct arguments {
    struct kolam_load_options *out;
    char **files; /* room for as many as there are arguments */
    bool wants_help, has_pan, has_mode;
};

/* ---- arguments ---- */

static bool set_count(const char *name, const char *text, uint32_t *out) {
    uint64_t value;
    if (!kolam_tool_parse_u64(text, &value) || value > CLIENTS_MAX) {
        kolam_tool_misused("load", "%s %s: not a number from 0 to %u", name, text, CLIENTS_MAX);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static bool set_positive(const char *name, const char *text, double *out) {
    if (!kolam_tool_parse_positive(text, out)) {
        kolam_tool_misused("load", "%s %s: not a number above 0", name, text);
        return false;
    }
    return true;
}

static bool set_share(const char *text, double *out) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0 && value <= 1)) {
        kolam_tool_misused("load", "--pan %s: not a share from 0 to 1", text);
        return false;
    }
    *out = value;
    return true;
}

static bool set_joins(const char *text, struct kolam_load_options *out) {
    char count[16];
    size_t size = strcspn(text, "/");
    if (size == 0 || size >= sizeof count || text[size] != '/') {
        kolam_tool_misused("load", "--joins %s: not N/S, as in 1000/10", text);
        return false;
    }
    memcpy(count, text, size);
    count[size] = '\0';
    return set_count("--joins", count, &out->joins) &&
           set_positive("--joins", text + size + 1, &out->join_s);
}

static bool set_u64(const char *name, const char *text, uint64_t *out) {
    if (!kolam_tool_parse_u64(text, out)) {
        kolam_tool_misused("load", "%s %s: not a number", name, text);
        return false;
    }
    return true;
}

static bool set_pid(const char *text, struct kolam_load_options *out) {
    uint64_t pid;
    if (!kolam_tool_parse_u64(text, &pid) || pid == 0 || pid > INT32_MAX ||
        !kolam_load_usage_of((pid_t)pid).is_known) {
        kolam_tool_misused("load", "--server-pid %s: there is no such process", text);
        return false;
    }
    out->server_pid = (pid_t)pid;
    return true;
}

static bool set_mode(struct arguments *arguments, enum kolam_load_mode mode) {
    if (arguments->has_mode && arguments->out->mode != mode) {
        kolam_tool_misused("load", "--spread, --same-view and --overlap exclude each other");
        return false;
    }
    arguments->has_mode = true;
    arguments->out->mode = mode;
    return true;
}

static bool set_flag(struct arguments *arguments, int option) {
    switch (option) {
    case OPTION_SPREAD:
        return set_mode(arguments, KOLAM_LOAD_SPREAD);
    case OPTION_SAME_VIEW:
        return set_mode(arguments, KOLAM_LOAD_SAME);
    case OPTION_OVERLAP:
        return set_mode(arguments, KOLAM_LOAD_OVERLAP);
    case OPTION_NO_PREVIEWS:
        arguments->out->has_no_previews = true;
        return true;
    case OPTION_JSON:
        arguments->out->is_json = true;
        return true;
    case 'h':
        arguments->wants_help = true;
        return true;
    default:
        return false; /* said already */
    }
}

static bool set_option(struct arguments *arguments, int option) {
    struct kolam_load_options *out = arguments->out;
    switch (option) {
    case OPTION_SERVER:
        out->server = optarg;
        return true;
    case OPTION_CANVAS:
        out->canvas = optarg;
        return true;
    case OPTION_ARTISTS:
        return set_count("--artists", optarg, &out->artists);
    case OPTION_WATCHERS:
        return set_count("--watchers", optarg, &out->watchers);
    case OPTION_STALLED:
        return set_count("--stalled", optarg, &out->stalled);
    case OPTION_RECONNECT:
        return set_positive("--reconnect", optarg, &out->reconnects);
    case OPTION_CHURN:
        return set_positive("--churn", optarg, &out->churn);
    case OPTION_UNDO:
        return set_positive("--undo", optarg, &out->undo);
    case OPTION_SECONDS:
        return set_positive("--seconds", optarg, &out->seconds);
    case OPTION_RATE:
        return set_positive("--rate", optarg, &out->rate);
    case OPTION_TEMPO:
        return set_positive("--tempo", optarg, &out->tempo);
    case OPTION_SETTLE:
        return set_positive("--settle", optarg, &out->settle_s);
    case OPTION_REPLAY:
        arguments->files[out->file_count++] = optarg;
        return true;
    case OPTION_PAN:
        arguments->has_pan = true;
        return set_share(optarg, &out->pan);
    case OPTION_JOINS:
        return set_joins(optarg, out);
    case OPTION_SERVER_PID:
        return set_pid(optarg, out);
    case OPTION_SEED:
        return set_u64("--seed", optarg, &out->seed);
    default:
        return set_flag(arguments, option);
    }
}

static bool parse(int argc, char **argv, struct arguments *arguments) {
    struct kolam_load_options *out = arguments->out;
    for (int option; (option = kolam_tool_option(argc, argv, ":h", options)) != -1;) {
        if (!set_option(arguments, option)) {
            return false;
        }
    }
    if (optind < argc) {
        kolam_tool_misused("load", "'%s' is no option; files are given with --replay",
                           argv[optind]);
        return false;
    }
    if (!kolam_canvas_name_is_valid(out->canvas)) {
        kolam_tool_misused("load", "'%s' is no name of a canvas (a-z 0-9 - _, at most 64)",
                           out->canvas);
        return false;
    }
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
    enum kolam_status status =
        kolam_load_ledger_init(&load->ledger, base_nonce, given->artists,
                               load->plan.ops_per_s + given->undo * given->artists, LEDGER_S);
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
    if (status != KOLAM_OK) {
        code = kolam_tool_failed("load", "%s", load->error.text);
    }
    finish(load);
    return code;
}

int kolam_cmd_load(int argc, char **argv) {
    struct kolam_load *load = kolam_alloc_zero(1, sizeof *load);
    char **files = kolam_alloc_zero((size_t)argc, sizeof *files);
    if (!load || !files) {
        kolam_free(load);
        kolam_free(files);
        return kolam_tool_failed(argv[0], "out of memory");
    }
    load->options = (struct kolam_load_options){.canvas = "load",
                                                .artists = 8,
                                                .watchers = 100,
                                                .rate = 1,
                                                .tempo = 1,
                                                .seconds = 10,
                                                .settle_s = 30,
                                                .pan = 0.05,
                                                .seed = 1};
    struct arguments arguments = {.out = &load->options, .files = files};
    int code = KOLAM_EXIT_USAGE;
    if (parse(argc, argv, &arguments)) {
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
