/* A server that is asked too much, or has too much to do, says when to come again: 429 or 503 with Retry-After. The command does that by itself, so
 * that a script goes on; but not for ever, and not without a word. */
#ifndef KOLAM_TOOLS_PATIENCE_H
#define KOLAM_TOOLS_PATIENCE_H

#include <stdbool.h>
#include <stddef.h>

#define KOLAM_PATIENCE_S 60 /* in all, for one answer */

/* Zeroed; one for each answer that is waited for. */
struct kolam_patience {
    int waited_s, wait_s, code;
};

/* Notes what the server answered last; nothing but 429 and 503 with Retry-After matters. */
void kolam_patience_note(struct kolam_patience *patience, int code, const char *head,
                         size_t head_bytes);
/* With no connection open: true when it was waited as long as the server said (and told on standard error): ask again. False: there is nothing to wait
 * for, it would be too long, or somebody ends the command. */
bool kolam_patience_wait(struct kolam_patience *patience);

#endif
