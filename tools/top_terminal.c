/* Plain escape sequences that every terminal of the last decades knows, and termios: what is shown is whole
 * lines, so a library would only add its database. */
#include "top_terminal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kolam/alloc.h"

static void say(const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, size);
        if (written <= 0) {
            return; /* the terminal is gone; the next key or signal ends us */
        }
        bytes += written;
        size -= (size_t)written;
    }
}

/* Ctrl-C stays a signal, Ctrl-Z does nothing: it would leave the shell on our screen. */
void kolam_top_terminal_begin(struct kolam_top_terminal *terminal) {
    if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &terminal->before) == 0) {
        struct termios raw = terminal->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 0;
        raw.c_cc[VTIME] = 0;
        raw.c_cc[VSUSP] = _POSIX_VDISABLE;
        terminal->is_raw = tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0;
    }
    static const char begin[] = "\033[?1049h\033[?25l\033[H\033[2J";
    say(begin, sizeof(begin) - 1);
}

void kolam_top_terminal_end(struct kolam_top_terminal *terminal) {
    static const char end[] = "\033[0m\033[?25h\033[?1049l";
    say(end, sizeof(end) - 1);
    if (terminal->is_raw) {
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &terminal->before);
        terminal->is_raw = false;
    }
}

void kolam_top_terminal_size(int *out_columns, int *out_rows) {
    struct winsize size;
    const bool is_known =
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    *out_columns = is_known ? size.ws_col : 80;
    *out_rows = is_known ? size.ws_row : 24;
}

/* Each line clears what was to its right, the end what was below: nothing is blank in between. */
void kolam_top_terminal_show(const char *text) {
    static const char end_of_line[] = "\033[K\r\n", end_of_screen[] = "\033[K\033[J";
    const size_t size = strlen(text);
    size_t lines = 1, used = 0;
    for (const char *c = text; *c; c++) {
        lines += *c == '\n';
    }
    char *out = kolam_alloc(size + lines * sizeof(end_of_line) + 16);
    if (!out) {
        return;
    }
    memcpy(out, "\033[H", 3);
    used = 3;
    for (const char *c = text; *c; c++) {
        if (*c == '\n') {
            memcpy(out + used, end_of_line, sizeof(end_of_line) - 1);
            used += sizeof(end_of_line) - 1;
        } else {
            out[used++] = *c;
        }
    }
    memcpy(out + used, end_of_screen, sizeof(end_of_screen));
    say(out, used + sizeof(end_of_screen) - 1);
    kolam_free(out);
}

bool kolam_top_terminal_has_unicode(void) {
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = getenv(names[i]);
        if (value && *value) {
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
        }
    }
    return false;
}

bool kolam_top_terminal_has_color(void) {
    const char *unwanted = getenv("NO_COLOR"), *kind = getenv("TERM");
    return !(unwanted && *unwanted) && kind && strcmp(kind, "dumb") != 0;
}
