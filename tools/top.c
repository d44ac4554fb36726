/* kolam top: a running server in a terminal, like top; from /metrics alone. */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "http.h"
#include "kolam/alloc.h"
#include "kolam/command.h"
#include "tool.h"
#include "top_screen.h"
#include "top_terminal.h"

#define DEFAULT_SERVER "http://127.0.0.1:7700"
#define ANSWER_MS 3000
#define INTERVAL_MIN_S 0.25

static const char help[] =
    "kolam top [--server URL] [--interval S] [--once] [--json]\n"
    "Shows what a running server does: who is there, what is drawn, how busy it is, the busiest "
    "walls, and the\n"
    "last minute. From a pipe, one line for each interval.\n"
    "\n"
    "  --server URL   the server ($KOLAM_SERVER; default " DEFAULT_SERVER ")\n"
    "  --interval S   seconds between two looks; default 1, at least 0.25\n"
    "  --once         one look, after one interval, and the end\n"
    "  --json         one JSON object for each interval: everything that the screen shows\n"
    "\n"
    "q or Ctrl-C quits. Colours are left out where NO_COLOR is set. What the figures mean, and "
    "what is normal, is in\n"
    "docs/operating.md.\n"
    "\n"
    "  kolam top --once --json | jq .commit_p99_ms\n";

struct top {
    struct kolam_url url;
    const char *server;
    double interval_s;
    bool is_once, is_json, is_screen;
    int signals_fd, resized_fd;
    struct kolam_top_terminal terminal;
    struct kolam_top_sample before;
    int64_t before_ms;
    bool has_before, has_figures;
    struct kolam_top_figures figures;
    struct kolam_top_past past;
    struct kolam_error error; /* why there is no newer answer; status KOLAM_OK: there is */
};

/* ---- a look ---- */

struct text {
    char *data;
    size_t size;
};

static bool collect(void *ctx, const uint8_t *bytes, size_t size) {
    struct text *text = ctx;
    char *grown = text->size + size < KOLAM_TOP_TEXT_MAX
                      ? kolam_realloc_array(text->data, text->size + size + 1, 1)
                      : NULL;
    if (!grown) {
        return false;
    }
    memcpy(grown + text->size, bytes, size);
    text->data = grown;
    text->size += size;
    text->data[text->size] = '\0';
    return true;
}

static enum kolam_status fetch(struct top *top, struct kolam_top_sample *out_sample) {
    struct text text = {0};
    enum kolam_status status =
        kolam_http_get(&top->url, "/metrics", ANSWER_MS, collect, &text, &top->error);
    if (status == KOLAM_OK && text.data) {
        status = kolam_top_sample_parse(text.data, out_sample);
        text.data = NULL;
    }
    if (status == KOLAM_OK && isnan(kolam_top_value(out_sample, "process_start_time_seconds"))) {
        kolam_top_sample_finish(out_sample);
        status = KOLAM_ERR_INVALID;
    }
    kolam_free(text.data);
    if (status != KOLAM_OK && top->error.status == KOLAM_OK) {
        status = kolam_fail(&top->error, KOLAM_ERR_INVALID,
                            "%s/metrics is not that of a kolam of this version", top->server);
    }
    return status;
}

static double unix_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Takes a sample, and reckons if there is an earlier one of the same run of the server. */
static enum kolam_status look(struct top *top) {
    struct kolam_top_sample sample;
    top->error = (struct kolam_error){.status = KOLAM_OK};
    enum kolam_status status = fetch(top, &sample);
    if (status != KOLAM_OK) {
        return status;
    }
    const int64_t now_ms = kolam_tool_now_ms();
    const double passed_s = (double)(now_ms - top->before_ms) / 1000;
    if (top->has_before && passed_s > 0 && kolam_top_is_same_run(&top->before, &sample)) {
        kolam_top_reckon(&top->before, &sample, unix_s(), passed_s, &top->figures);
        kolam_top_remember(&top->past, &top->figures);
        top->has_figures = true;
    }
    kolam_top_sample_finish(&top->before);
    top->before = sample;
    top->before_ms = now_ms;
    top->has_before = true;
    return KOLAM_OK;
}

/* ---- showing ---- */

static void show_screen(const struct top *top) {
    char *text = kolam_alloc(KOLAM_TOP_SCREEN_BYTES);
    struct kolam_top_layout layout = {
        .has_color = kolam_top_terminal_has_color(),
        .has_unicode = kolam_top_terminal_has_unicode(),
        .server = top->server,
        .trouble = top->error.status == KOLAM_OK ? NULL : top->error.text,
        .interval_s = top->interval_s,
    };
    kolam_top_terminal_size(&layout.columns, &layout.rows);
    layout.columns =
        layout.columns < KOLAM_TOP_COLUMNS_MAX ? layout.columns : KOLAM_TOP_COLUMNS_MAX;
    layout.rows = layout.rows < KOLAM_TOP_ROWS_MAX ? layout.rows : KOLAM_TOP_ROWS_MAX;
    if (text) {
        (void)kolam_top_screen(&layout, top->has_figures ? &top->figures : NULL, &top->past, text);
        kolam_top_terminal_show(text);
    }
    kolam_free(text);
}

/* False if nobody reads any more. */
static bool print_line(const struct top *top) {
    char line[1024];
    if (top->is_json) {
        json_t *object = kolam_top_json(&top->figures);
        char *text = object ? json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
        json_decref(object);
        bool is_read = text && puts(text) >= 0;
        free(text);
        return is_read && fflush(stdout) == 0;
    }
    kolam_top_line(&top->figures, line, sizeof(line));
    return puts(line) >= 0 && fflush(stdout) == 0;
}

/* ---- waiting ---- */

enum waited { WAITED_TIME, WAITED_QUIT, WAITED_RESIZED };

static bool is_quit_key(void) {
    char keys[32];
    ssize_t count = read(STDIN_FILENO, keys, sizeof(keys));
    for (ssize_t i = 0; i < count; i++) {
        if (keys[i] == 'q' || keys[i] == 'Q') {
            return true;
        }
    }
    return false;
}

static enum waited wait_until(struct top *top, int64_t due_ms) {
    struct pollfd fds[3] = {{.fd = top->signals_fd, .events = POLLIN},
                            {.fd = top->is_screen ? top->resized_fd : -1, .events = POLLIN},
                            {.fd = top->terminal.is_raw ? STDIN_FILENO : -1, .events = POLLIN}};
    for (;;) {
        const int64_t left_ms = due_ms - kolam_tool_now_ms();
        if (left_ms <= 0) {
            return WAITED_TIME;
        }
        if (poll(fds, 3, (int)left_ms) < 0 && errno != EINTR) {
            return WAITED_QUIT;
        }
        if (fds[0].revents || (fds[2].revents & (POLLHUP | POLLERR)) ||
            ((fds[2].revents & POLLIN) && is_quit_key())) {
            return WAITED_QUIT;
        }
        if (fds[1].revents) {
            struct signalfd_siginfo ignored;
            (void)!read(top->resized_fd, &ignored, sizeof(ignored));
            return WAITED_RESIZED;
        }
    }
}

/* True when the next look is due, false to quit. */
static bool rest(struct top *top, int64_t due_ms) {
    enum waited waited;
    while ((waited = wait_until(top, due_ms)) == WAITED_RESIZED) {
        show_screen(top);
    }
    return waited == WAITED_TIME;
}

/* A server that went away is waited for on a screen; in a pipe it is the end. */
static enum kolam_status run(struct top *top) {
    const int64_t interval_ms = (int64_t)(top->interval_s * 1000);
    for (int64_t due_ms = kolam_tool_now_ms() + interval_ms;; due_ms += interval_ms) {
        const bool had_before = top->has_before;
        enum kolam_status status = look(top);
        if (status != KOLAM_OK && (!top->is_screen || !had_before)) {
            return status;
        }
        if (top->is_screen) {
            show_screen(top);
        } else if (top->has_figures && (!print_line(top) || top->is_once)) {
            return KOLAM_OK;
        }
        const int64_t now_ms = kolam_tool_now_ms();
        due_ms = due_ms > now_ms ? due_ms : now_ms + interval_ms; /* an answer took longer */
        if (!rest(top, due_ms)) {
            return KOLAM_OK;
        }
    }
}

/* ---- options ---- */

static bool parse(int argc, char **argv, struct top *top, int *out_exit) {
    static const struct option options[] = {
        {"server", required_argument, NULL, 's'}, {"interval", required_argument, NULL, 'i'},
        {"once", no_argument, NULL, 'o'},         {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    const char *server = NULL;
    *out_exit = KOLAM_EXIT_USAGE;
    optind = 1;
    for (int option; (option = kolam_tool_option(argc, argv, ":h", options)) != -1;) {
        if (option == 's') {
            server = optarg;
        } else if (option == 'o') {
            top->is_once = true;
        } else if (option == 'j') {
            top->is_json = true;
        } else if (option == 'h') {
            fputs(help, stdout);
            *out_exit = KOLAM_EXIT_OK;
            return false;
        } else if (option != 'i') {
            return false;
        } else if (!kolam_tool_parse_positive(optarg, &top->interval_s) ||
                   top->interval_s < INTERVAL_MIN_S || top->interval_s > 3600) {
            kolam_tool_misused("top", "--interval %s: not from 0.25 to 3600 seconds", optarg);
            return false;
        }
    }
    if (optind < argc) {
        kolam_tool_misused("top", "%s: unexpected", argv[optind]);
        return false;
    }
    server = kolam_tool_setting(server, "KOLAM_SERVER");
    top->server = server ? server : DEFAULT_SERVER;
    struct kolam_error error;
    if (kolam_url_parse(top->server, &top->url, &error) != KOLAM_OK) {
        kolam_tool_misused("top", "--server %s", error.text);
        return false;
    }
    return true;
}

static int open_resized(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGWINCH);
    return sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC) : -1;
}

int kolam_cmd_top(int argc, char **argv) {
    struct top *top = kolam_alloc_zero(1, sizeof(*top));
    int exit_status = KOLAM_EXIT_FAILURE;
    if (!top) {
        return kolam_tool_failed("top", "out of memory");
    }
    top->interval_s = 1;
    if (parse(argc, argv, top, &exit_status)) {
        top->is_screen = isatty(STDOUT_FILENO) == 1 && !top->is_json && !top->is_once;
        top->signals_fd = kolam_signals_open();
        top->resized_fd = open_resized();
        if (top->is_screen) {
            kolam_top_terminal_begin(&top->terminal);
        }
        enum kolam_status status = run(top);
        if (top->is_screen) {
            kolam_top_terminal_end(&top->terminal);
        }
        exit_status =
            status == KOLAM_OK ? KOLAM_EXIT_OK : kolam_tool_failed("top", "%s", top->error.text);
        close(top->signals_fd);
        close(top->resized_fd);
    }
    kolam_top_sample_finish(&top->before);
    kolam_free(top);
    return exit_status;
}
