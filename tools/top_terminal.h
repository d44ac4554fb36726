/* The terminal while `kolam top` has it: another screen, no echo, keys at once; and back as it was. */
#ifndef KOLAM_TOOLS_TOP_TERMINAL_H
#define KOLAM_TOOLS_TOP_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct kolam_top_terminal {
    bool is_raw; /* `before` is to be put back */
    struct termios before;
};

void kolam_top_terminal_begin(struct kolam_top_terminal *terminal);
/* As it was, whatever happened; safe twice. */
void kolam_top_terminal_end(struct kolam_top_terminal *terminal);
/* Columns and rows; 80 x 24 if the system does not know. */
void kolam_top_terminal_size(int *out_columns, int *out_rows);
/* Shows lines (with '\n' between them) from the upper left corner on, without flicker. */
void kolam_top_terminal_show(const char *text);
/* Whether the locale's characters are UTF-8, and whether colours are wanted (NO_COLOR, TERM=dumb). */
bool kolam_top_terminal_has_unicode(void);
bool kolam_top_terminal_has_color(void);

#endif
