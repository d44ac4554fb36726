/* Structured log lines. A line is composed first and written by one call, so that lines of several threads
 * never mix. */
#include "logfmt.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {"error", "warn", "info", "debug"};

bool kolam_log_level_parse(const char *text, enum kolam_log_level *out_level) {
    for (int i = 0; i < 4; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *out_level = (enum kolam_log_level)i;
            return true;
        }
    }
    return false;
}

/* Adds what `written` (a result of snprintf) says was needed, never past the room there is. */
static size_t advance(size_t used, int written, size_t size_bytes) {
    if (written < 0) {
        return used;
    }
    size_t end = used + (size_t)written;
    return end < size_bytes ? end : size_bytes - 1;
}

void kolam_logfmt(const struct kolam_logfmt *logfmt, enum kolam_log_level level, const char *event,
                  const char *format, ...) {
    if (level > logfmt->level) {
        return;
    }
    struct timespec now;
    struct tm utc;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    char line[1024];
    const size_t room = sizeof(line) - 1; /* for the line feed */
    size_t used = strftime(line, room, "ts=%Y-%m-%dT%H:%M:%S", &utc);
    used = advance(used,
                   snprintf(line + used, room - used, ".%03ldZ level=%s event=%s",
                            now.tv_nsec / 1000000, level_names[level], event),
                   room);
    if (format) {
        line[used++] = ' ';
        va_list args;
        va_start(args, format);
        used = advance(used, vsnprintf(line + used, room - used, format, args), room);
        va_end(args);
    }
    line[used++] = '\n';
    ssize_t ignored = write(logfmt->fd, line, used);
    (void)ignored; /* there is nowhere to complain to */
}

const char *kolam_logfmt_quote(char *out, size_t size_bytes, const char *text) {
    size_t used = 0;
    out[used++] = '"';
    for (const char *c = text; *c && used + 4 < size_bytes; c++) {
        if (*c == '"' || *c == '\\') {
            out[used++] = '\\';
            out[used++] = *c;
        } else {
            out[used++] = (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c;
        }
    }
    out[used++] = '"';
    out[used] = '\0';
    return out;
}
