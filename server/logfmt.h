/* What the operator reads: one line an event on standard error, `ts=... level=... event=... key=value`. */
#ifndef KOLAM_SERVER_LOGFMT_H
#define KOLAM_SERVER_LOGFMT_H

#include <stdbool.h>
#include <stddef.h>

#include "kolam/status.h"

enum kolam_log_level { KOLAM_LOG_ERROR, KOLAM_LOG_WARN, KOLAM_LOG_INFO, KOLAM_LOG_DEBUG };

struct kolam_logfmt {
    int fd;
    enum kolam_log_level level; /* what is less urgent is not written */
};

/* False if `text` names no level. */
bool kolam_log_level_parse(const char *text, enum kolam_log_level *out_level);

/* Writes one line, at once. `format` makes the `key=value` pairs (NULL: none); a value that may hold
 * spaces goes through kolam_logfmt_quote first. Any thread. */
void kolam_logfmt(const struct kolam_logfmt *logfmt, enum kolam_log_level level, const char *event,
                  const char *format, ...) KOLAM_PRINTF(4, 5);

/* Writes `text` in double quotes into `out` (cut to fit), with quotes and control characters
 * escaped; returns `out`. */
const char *kolam_logfmt_quote(char *out, size_t size_bytes, const char *text);

#endif
