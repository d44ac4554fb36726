/* What the verbs share; see tool.h. */
#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define PROGRESS_EVERY_MS 200
#define MESSAGE_BYTES 4096

char *kolam_tool_plain(char *text) {
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        const bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0; /* in UTF-8 */
        if (is_c1) {
            *at++ = '?';
        }
        *at = *at < ' ' || *at == 127 || is_c1 ? '?' : *at;
    }
    return text;
}

static void complain(const char *verb, const char *format, va_list args) {
    char text[MESSAGE_BYTES];
    (void)vsnprintf(text, sizeof text, format, args);
    fprintf(stderr, "kolam %s: %s", verb, kolam_tool_plain(text));
}

int kolam_tool_failed(const char *verb, const char *format, ...) {
    va_list args;
    va_start(args, format);
    complain(verb, format, args);
    va_end(args);
    fputc('\n', stderr);
    return KOLAM_EXIT_FAILURE;
}

int kolam_tool_misused(const char *verb, const char *format, ...) {
    va_list args;
    va_start(args, format);
    complain(verb, format, args);
    va_end(args);
    fprintf(stderr, "; see `kolam %s --help`\n", verb);
    return KOLAM_EXIT_USAGE;
}

int kolam_tool_option(int argc, char **argv, const char *letters, const struct option *options) {
    opterr = 0;
    int at = optind > 0 ? optind : 1;
    int option = getopt_long(argc, argv, letters, options, NULL);
    if (option == ':') {
        kolam_tool_misused(argv[0], "%s needs a value", argv[optind - 1]);
        return '?';
    }
    if (option != '?' && option != -1 && optarg && *optarg == '\0') {
        kolam_tool_misused(argv[0], "%s is told nothing: its value is empty",
                           argv[optind - 1][0] ? argv[optind - 1] : argv[optind - 2]);
        return '?';
    }
    if (option == '?') {
        /* Options may stand behind files: then the one meant is not the word it began to look at. */
        const char *text = optind > at ? argv[optind - 1] : argv[at];
        const bool takes_none = optopt != 0 && strchr(text, '=') != NULL;
        kolam_tool_misused(argv[0], takes_none ? "%s takes no value" : "there is no option %s",
                           text);
    }
    return option;
}

const char *kolam_tool_setting(const char *given, const char *variable) {
    if (given) {
        return given;
    }
    const char *value = getenv(variable);
    return value && *value ? value : NULL;
}

bool kolam_tool_token_is_valid(const char *hex) {
    return strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64;
}

enum kolam_status kolam_tool_read_token(const char *path, char out_hex[65],
                                        struct kolam_error *error) {
    FILE *file = fopen(path, "re");
    if (!file) {
        return kolam_fail(error, errno == ENOENT ? KOLAM_ERR_NOT_FOUND : KOLAM_ERR_IO, "%s: %s",
                          path, strerror(errno));
    }
    char hex[66];
    int count = fscanf(file, " %65s", hex);
    fclose(file);
    if (count != 1 || !kolam_tool_token_is_valid(hex)) {
        return kolam_fail(error, KOLAM_ERR_INVALID, "%s holds no token (64 hex digits)", path);
    }
    memcpy(out_hex, hex, 65);
    return KOLAM_OK;
}

bool kolam_tool_parse_u64(const char *text, uint64_t *out_value) {
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9') {
        return false;
    }
    unsigned long long value = strtoull(text, &end, 10);
    if (*end || errno) {
        return false;
    }
    *out_value = value;
    return true;
}

bool kolam_tool_parse_positive(const char *text, double *out_value) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value > 0 && value <= 1e9)) {
        return false;
    }
    *out_value = value;
    return true;
}

int64_t kolam_tool_now_ms(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *kolam_tool_thousands(uint64_t number, char out_text[32]) {
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    char *out = out_text;
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0) {
            *out++ = ',';
        }
        *out++ = digits[i];
    }
    *out = '\0';
    return out_text;
}

struct kolam_progress kolam_progress_begin(void) {
    return (struct kolam_progress){.is_shown = isatty(STDERR_FILENO) == 1,
                                   .last_ms = kolam_tool_now_ms()};
}

bool kolam_progress_is_due(struct kolam_progress *progress) {
    if (!progress->is_shown) {
        return false;
    }
    int64_t now_ms = kolam_tool_now_ms();
    if (now_ms - progress->last_ms < PROGRESS_EVERY_MS) {
        return false;
    }
    progress->last_ms = now_ms;
    return true;
}

void kolam_progress_show(struct kolam_progress *progress, const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputc('\r', stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\033[K", stderr);
    fflush(stderr);
    progress->is_dirty = true;
}

void kolam_progress_end(struct kolam_progress *progress) {
    if (progress->is_dirty) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        progress->is_dirty = false;
    }
}

int kolam_signals_open(void) {
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigaction(SIGPIPE, &ignore, NULL) || sigprocmask(SIG_BLOCK, &set, NULL)) {
        return -1;
    }
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Looked at, never read: so it stays true for all who ask. */
bool kolam_signals_arrived(int signals_fd) {
    struct pollfd poll_fd = {.fd = signals_fd, .events = POLLIN};
    return signals_fd >= 0 && poll(&poll_fd, 1, 0) > 0;
}

bool kolam_signals_wait(void) {
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}
