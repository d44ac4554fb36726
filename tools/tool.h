/* What the verbs share: their way of failing, options from the environment, progress, signals. */
#ifndef KOLAM_TOOLS_TOOL_H
#define KOLAM_TOOLS_TOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "kolam/status.h"

enum { KOLAM_EXIT_OK = 0, KOLAM_EXIT_FAILURE = 1, KOLAM_EXIT_USAGE = 2 };

/* "kolam VERB: ..." on standard error; returns the exit status. */
int kolam_tool_failed(const char *verb, const char *format, ...) KOLAM_PRINTF(2, 3);
/* The same, with where to read more. */
int kolam_tool_misused(const char *verb, const char *format, ...) KOLAM_PRINTF(2, 3);

/* Words of others (a stranger's file, a server) in which nothing commands a terminal: control characters become '?', in place;
 * returns `text`. */
char *kolam_tool_plain(char *text);

/* getopt_long's next option (`letters` begins with ':'). For one that is unknown or lacks its value: says so, and gives '?'. */
struct option;
int kolam_tool_option(int argc, char **argv, const char *letters, const struct option *options);

/* The option if it was given, else the environment variable if it is set and not empty, else NULL. */
const char *kolam_tool_setting(const char *given, const char *variable);

/* Reads a token (64 hex digits, blanks around them ignored) from a file. */
KOLAM_MUST_CHECK enum kolam_status kolam_tool_read_token(const char *path, char out_hex[65],
                                                         struct kolam_error *error);
bool kolam_tool_token_is_valid(const char *hex);

/* Parses all of `text`; false if anything else is there. */
bool kolam_tool_parse_u64(const char *text, uint64_t *out_value);
bool kolam_tool_parse_positive(const char *text, double *out_value); /* > 0, <= 1e9 */

/* Milliseconds of a clock that never goes back. */
int64_t kolam_tool_now_ms(void);

/* "1,234,567", in a buffer of the caller's. */
const char *kolam_tool_thousands(uint64_t number, char out_text[32]);

/* One line on standard error that is written over, on a terminal; nothing in a pipe. */
struct kolam_progress {
    bool is_shown, is_dirty;
    int64_t last_ms;
};
struct kolam_progress kolam_progress_begin(void);
/* True when it is time to show something again (and it is shown at all). */
bool kolam_progress_is_due(struct kolam_progress *progress);
void kolam_progress_show(struct kolam_progress *progress, const char *format, ...)
    KOLAM_PRINTF(2, 3);
void kolam_progress_end(struct kolam_progress *progress); /* wipes the line */

/* Blocks SIGINT and SIGTERM (and SIGPIPE, which becomes EPIPE) from here on, before threads start, and
 * gives a descriptor that becomes readable when one of the two arrives; -1 if the system refuses. */
int kolam_signals_open(void);
/* True if one has arrived, then and from then on. */
bool kolam_signals_arrived(int signals_fd);
/* The same where the descriptor is not at hand: one that was held back by kolam_signals_open waits. */
bool kolam_signals_wait(void);

#endif
