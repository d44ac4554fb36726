/* Options: one table for parsing, environment and help. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kolam/place.h"
#include "origin.h"

enum option_kind { TEXT, NUMBER, LIST, LEVEL, FLAG, LIMIT };

struct option_row {
    const char *name, *environment, *argument, *help;
    enum option_kind kind;
    size_t offset, count_offset; /* in kolam_options; count_offset for lists */
    uint32_t min, max;
};

#define AT(member) offsetof(struct kolam_options, member)

static const struct option_row rows[] = {
    {"listen", "KOLAM_LISTEN", "HOST:PORT",
     "address to serve on; port 0 takes a free one (127.0.0.1:7700)", TEXT, AT(listen), 0, 0, 0},
    {"data", "KOLAM_DATA", "DIR", "data folder, made if it is missing (./kolam-data)", TEXT,
     AT(data), 0, 0, 0},
    {"web", "KOLAM_WEB", "DIR",
     "the web client's files (web/ beside the executable, or as installed)", TEXT, AT(web), 0, 0,
     0},
    {"tls-cert", "KOLAM_TLS_CERT", "FILE",
     "serve https: the certificate and its chain, PEM; SIGHUP reads it again", TEXT, AT(tls_cert),
     0, 0, 0},
    {"tls-key", "KOLAM_TLS_KEY", "FILE", "its private key, PEM, without a password", TEXT,
     AT(tls_key), 0, 0, 0},
    {"plain-http", "KOLAM_PLAIN_HTTP", NULL,
     "allow http on an address that other machines reach (a proxy in front encrypts)", FLAG,
     AT(plain_http), 0, 0, 0},
    {"allow-host", "KOLAM_ALLOW_HOST", "NAME",
     "another host name this server is reached by, without port; may be repeated", LIST,
     AT(allow_hosts), AT(allow_host_count), 0, 0},
    {"allow-origin", "KOLAM_ALLOW_ORIGIN", "ORIGIN",
     "another site whose pages may connect, as https://example.org; may be repeated", LIST,
     AT(allow_origins), AT(allow_origin_count), 0, 0},
    {"trusted-proxy", "KOLAM_TRUSTED_PROXY", "ADDR[/N]",
     "a proxy in front, or a prefix of them, whose word for whom it asks counts; may be repeated",
     LIST, AT(trusted_proxies), AT(trusted_proxy_count), 0, 0},
    {"proxy-header", "KOLAM_PROXY_HEADER", "NAME",
     "the header in which trusted proxies tell that (X-Forwarded-For)", TEXT, AT(proxy_header), 0,
     0, 0},
    {"identity-header", "KOLAM_IDENTITY_HEADER", "NAME",
     "the header in which trusted proxies tell who somebody is (a subject that never changes)",
     TEXT, AT(identity_header), 0, 0, 0},
    {"identity-name-header", "KOLAM_IDENTITY_NAME_HEADER", "NAME",
     "the one in which they tell what a newcomer is called", TEXT, AT(identity_name_header), 0, 0,
     0},
    {"identity-issuer", "KOLAM_IDENTITY_ISSUER", "NAME",
     "whose subjects these are; another issuer's are other people (sso)", TEXT, AT(identity_issuer),
     0, 0, 0},
    {"threads", "KOLAM_THREADS", "N", "workers that draw tiles (one per processor, at least 2)",
     NUMBER, AT(threads), 0, 2, 256},
    {"max-canvases", "KOLAM_MAX_CANVASES", "N", "canvases there may be (1000)", NUMBER,
     AT(max_canvases), 0, 1, 1000000},
    {"no-new-canvases", "KOLAM_NO_NEW_CANVASES", NULL,
     "only the operator (the admin token) begins canvases", FLAG, AT(no_new_canvases), 0, 0, 0},
    {"max-connections", "KOLAM_MAX_CONNECTIONS", "N", "connections at once (10000)", NUMBER,
     AT(max_connections), 0, 16, 1000000},
    {"tile-cache-mb", "KOLAM_TILE_CACHE_MB", "N", "memory for encoded tiles, in MiB (128)", NUMBER,
     AT(tile_cache_mb), 0, 1, 1048576},
    {"page-cache-mb", "KOLAM_PAGE_CACHE_MB", "N",
     "memory for pages of canvases' files, all together, in MiB (256)", NUMBER, AT(page_cache_mb),
     0, 8, 1048576},
    {"idle-s", "KOLAM_IDLE_S", "N", "seconds after which a canvas that nobody needs is closed (60)",
     NUMBER, AT(idle_s), 0, 1, 86400},
    {"gather-us", "KOLAM_GATHER_US", "N",
     "how long a busy log gathers strokes for one commit, in microseconds (5000)", NUMBER,
     AT(gather_us), 0, 0, 1000000},
    {"vanish-ms", "KOLAM_VANISH_MS", "N",
     "how long an unfinished stroke waits for its author to come back, in ms (30000)", NUMBER,
     AT(vanish_ms), 0, 0, 86400000},
    {"artist-after-s", "KOLAM_ARTIST_AFTER_S", "N",
     "seconds from the first stroke until a newcomer can be an artist of a canvas (86400)", NUMBER,
     AT(artist_after_s), 0, 0, 31536000},
    {"artist-strokes", "KOLAM_ARTIST_STROKES", "N",
     "and strokes that were left standing until then (60)", NUMBER, AT(artist_strokes), 0, 0, 4096},
    {"slow-kb", "KOLAM_SLOW_KB", "N",
     "unread KiB after which a slow client's drawing is dropped and it looks again (2048)", NUMBER,
     AT(slow_kb), 0, 64, 1048576},
    {"slow-ms", "KOLAM_SLOW_MS", "N", "the same by how long the oldest has waited, in ms (3000)",
     NUMBER, AT(slow_ms), 0, 100, 86400000},
    {"stall-kb", "KOLAM_STALL_KB", "N",
     "unread KiB of answers after which a client is closed (8192)", NUMBER, AT(stall_kb), 0, 512,
     1048576},
    {"stall-ms", "KOLAM_STALL_MS", "N",
     "how long a client may leave everything unread before it is closed, in ms (10000)", NUMBER,
     AT(stall_ms), 0, 100, 86400000},
    {"limit", "KOLAM_LIMIT", "NAME.SCOPE=RATE[:BURST]",
     "how much one may take, see below; may be repeated", LIMIT, AT(limits), 0, 0, 0},
    {"limit-loopback", "KOLAM_LIMIT_LOOPBACK", NULL,
     "limits of an address hold for loopback addresses, too", FLAG, AT(limits.counts_loopback), 0,
     0, 0},
    {"no-sandbox", "KOLAM_NO_SANDBOX", NULL,
     "keep the right to open any file and make any system call (default: give it up)", FLAG,
     AT(no_sandbox), 0, 0, 0},
    {"log-level", "KOLAM_LOG_LEVEL", "LEVEL", "error, warn, info or debug (info)", LEVEL,
     AT(log_level), 0, 0, 0},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

#define HELP_COLUMN 27
#define HELP_WIDTH 100

/* An option and what it does, which goes on below itself where the line is full. */
static void print_row(const char *left, const char *text) {
    int column = printf("  %-*s", HELP_COLUMN - 2, left);
    if (column > HELP_COLUMN) {
        column = printf("\n%*s", HELP_COLUMN, "") - 1;
    }
    for (bool is_first = true; *text; is_first = false) {
        const size_t size = strcspn(text, " ");
        if (!is_first && column + 1 + (int)size > HELP_WIDTH) {
            column = printf("\n%*s", HELP_COLUMN, "") - 1;
            is_first = true;
        }
        column += printf("%s%.*s", is_first ? "" : " ", (int)size, text);
        text += size + (text[size] == ' ');
    }
    putchar('\n');
}

static void print_help(void) {
    printf("kolam serve: serve canvases to browsers and other clients\n\n"
           "usage: kolam serve [--listen HOST:PORT] [--data DIR] [option]...\n\n"
           "Prints its address when it serves, and logs to standard error. Draw at that address, "
           "or at\n"
           "/c/NAME for another canvas; /c/NAME?watch only looks. SIGTERM or Ctrl-C stops it "
           "cleanly; what\n"
           "was acknowledged is on the disk either way.\n\n");
    for (size_t i = 0; i < ROWS; i++) {
        char left[64];
        snprintf(left, sizeof(left), "--%s %s", rows[i].name,
                 rows[i].argument ? rows[i].argument : "");
        print_row(left, rows[i].help);
    }
    print_row("--help", "this text");
    putchar('\n');
    kolam_limit_print_help();
    printf("\n");
    printf("Every option may come from the environment instead: --tile-cache-mb is "
           "KOLAM_TILE_CACHE_MB,\n"
           "lists are separated by commas. To be reached from other machines, listen on 0.0.0.0 "
           "with a\n"
           "certificate (or behind a proxy that has one, with --plain-http), and name the host "
           "with\n"
           "--allow-host, unless it is reached by its address. The admin token, for importing in "
           "the names\n"
           "of others, is in admin.token in the data folder.\n");
}

static bool set_number(const struct option_row *row, const char *label, const char *text,
                       uint32_t *out) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value < row->min || value > row->max) {
        fprintf(stderr, "kolam serve: %s %s: not a number from %u to %u\n", label, text, row->min,
                row->max);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

/* Of texts that would do nothing, or something else, if they were written wrongly. */
static const struct option_form {
    const char *name;
    bool (*is_right)(const char *text);
    const char *wanted;
} forms[] = {
    {"allow-host", kolam_host_is_name, "a host name without port; for example draw.example.org"},
    {"allow-origin", kolam_origin_is_whole,
     "an origin without a path; for example https://example.org"},
    {"identity-issuer", kolam_place_name_is_valid, "a name: up to 80 characters of UTF-8"},
};

static bool has_form(const struct option_row *row, const char *label, const char *text) {
    if (text[0] == '\0') {
        fprintf(stderr, "kolam serve: %s: its value is empty\n", label);
        return false;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(forms[i].name, row->name) == 0 && !forms[i].is_right(text)) {
            fprintf(stderr, "kolam serve: %s %s: not %s\n", label, text, forms[i].wanted);
            return false;
        }
    }
    return true;
}

static bool add_to_list(const struct option_row *row, const char *label, const char *text,
                        struct kolam_options *options) {
    const char **list = (const char **)(void *)((char *)options + row->offset);
    uint32_t *count = (uint32_t *)(void *)((char *)options + row->count_offset);
    if (*count == KOLAM_OPTION_LIST_MAX) {
        fprintf(stderr, "kolam serve: %s: at most %d\n", label, KOLAM_OPTION_LIST_MAX);
        return false;
    }
    list[(*count)++] = text;
    return true;
}

/* `label` is what the person wrote the value behind: the option's name, or the variable's. */
static bool set(const struct option_row *row, const char *label, const char *text,
                struct kolam_options *options) {
    char *at = (char *)options + row->offset;
    char problem[128];
    if (!has_form(row, label, text)) {
        return false;
    }
    switch (row->kind) {
    case TEXT:
        *(const char **)(void *)at = text;
        return true;
    case NUMBER:
        return set_number(row, label, text, (uint32_t *)(void *)at);
    case LIST:
        return add_to_list(row, label, text, options);
    case LEVEL:
        if (!kolam_log_level_parse(text, (enum kolam_log_level *)(void *)at)) {
            fprintf(stderr, "kolam serve: %s %s: not error, warn, info or debug\n", label, text);
            return false;
        }
        return true;
    case LIMIT:
        if (!kolam_limit_parse(text, (struct kolam_limit_settings *)(void *)at, problem,
                               sizeof(problem))) {
            fprintf(stderr, "kolam serve: %s %s: %s\n", label, text, problem);
            return false;
        }
        return true;
    case FLAG:
        if (strcmp(text, "1") != 0 && strcmp(text, "0") != 0) {
            fprintf(stderr, "kolam serve: %s %s: not 0 or 1\n", label, text);
            return false;
        }
        *(bool *)at = text[0] == '1';
        return true;
    }
    return false;
}

static bool set_from_environment(const struct option_row *row, struct kolam_options *options) {
    char *text = getenv(row->environment);
    if (!text || text[0] == '\0') {
        return true;
    }
    if (row->kind != LIST && row->kind != LIMIT) {
        return set(row, row->environment, text, options);
    }
    char *rest = options->copy_count < KOLAM_OPTION_COPIES_MAX ? strdup(text) : NULL;
    if (!rest) {
        return false;
    }
    options->copies[options->copy_count++] = rest;
    for (char *part; (part = strsep(&rest, ","));) {
        if (part[0] != '\0' && !set(row, row->environment, part, options)) {
            return false;
        }
    }
    return true;
}

void kolam_options_finish(struct kolam_options *options) {
    while (options->copy_count > 0) {
        free(options->copies[--options->copy_count]);
    }
}

static void set_defaults(struct kolam_options *options) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    *options = (struct kolam_options){
        .listen = "127.0.0.1:7700",
        .data = "./kolam-data",
        .proxy_header = "X-Forwarded-For",
        .identity_issuer = "sso",
        .threads = processors < 2 ? 2 : (processors > 256 ? 256 : (uint32_t)processors),
        .max_canvases = 1000,
        .max_connections = 10000,
        .tile_cache_mb = 128,
        .page_cache_mb = 256,
        .idle_s = 60,
        .gather_us = 5000,
        .vanish_ms = 30000,
        .artist_after_s = 86400,
        .artist_strokes = 60,
        .slow_kb = 2048,
        .slow_ms = 3000,
        .stall_kb = 8192,
        .stall_ms = 10000,
        .log_level = KOLAM_LOG_INFO,
    };
    kolam_limit_defaults(&options->limits);
}

enum kolam_options_outcome kolam_options_parse(int argc, char **argv,
                                               struct kolam_options *out_options) {
    struct option table[ROWS + 2] = {0};
    bool is_given[ROWS] = {0};
    set_defaults(out_options);
    for (size_t i = 0; i < ROWS; i++) {
        table[i] =
            (struct option){rows[i].name, rows[i].kind == FLAG ? no_argument : required_argument,
                            NULL, (int)(256 + i)};
    }
    table[ROWS] = (struct option){"help", no_argument, NULL, 'h'};
    optind = 1;
    opterr = 0;
    for (int found; (found = getopt_long(argc, argv, "+:h", table, NULL)) != -1;) {
        if (found == 'h') {
            print_help();
            return KOLAM_OPTIONS_HELPED;
        }
        if (found == '?' || found == ':') {
            /* getopt_long names, by its number, an option that it knows and that takes no value. */
            const char *unknown = optopt >= 256 ? "it takes no value" : "unknown option";
            fprintf(stderr, "kolam serve: %s: %s; see kolam serve --help\n", argv[optind - 1],
                    found == '?' ? unknown : "its value is missing");
            return KOLAM_OPTIONS_WRONG;
        }
        char label[64];
        snprintf(label, sizeof(label), "--%s", rows[found - 256].name);
        if (!set(&rows[found - 256], label, optarg ? optarg : "1", out_options)) {
            return KOLAM_OPTIONS_WRONG;
        }
        is_given[found - 256] = true;
    }
    if (optind < argc) {
        fprintf(stderr, "kolam serve: %s: unexpected argument; see kolam serve --help\n",
                argv[optind]);
        return KOLAM_OPTIONS_WRONG;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (!is_given[i] && !set_from_environment(&rows[i], out_options)) {
            return KOLAM_OPTIONS_WRONG;
        }
    }
    if (!out_options->tls_cert != !out_options->tls_key) {
        fprintf(stderr, "kolam serve: --tls-cert and --tls-key go together\n");
        return KOLAM_OPTIONS_WRONG;
    }
    return KOLAM_OPTIONS_RUN;
}
