/* The screen of `kolam top`, as text: no terminal is needed to make it. Pure. */
#ifndef KOLAM_TOOLS_TOP_SCREEN_H
#define KOLAM_TOOLS_TOP_SCREEN_H

#include "top_figures.h"

#define KOLAM_TOP_SCREEN_BYTES 65536
#define KOLAM_TOP_COLUMNS_MAX 240
#define KOLAM_TOP_ROWS_MAX 100

struct kolam_top_layout {
    int columns, rows;
    bool has_color, has_unicode;
    const char *server;  /* its address */
    const char *trouble; /* NULL, or why there is no newer answer */
    double interval_s;
};

/* Writes at most `rows` lines of at most `columns` cells, with '\n' between them; `figures` may be NULL: nothing is
 * known yet. Ended by '\0'; returns the bytes without it. */
size_t kolam_top_screen(const struct kolam_top_layout *layout,
                        const struct kolam_top_figures *figures, const struct kolam_top_past *past,
                        char out[KOLAM_TOP_SCREEN_BYTES]);

/* One line for a pipe: name=value, without its end. */
void kolam_top_line(const struct kolam_top_figures *figures, char *out, size_t capacity);

#endif
