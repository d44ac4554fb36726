/* Which wall a verb is about (of a folder, or of a server), and moments of its past, as options name them. */
#ifndef KOLAM_TOOLS_WALL_H
#define KOLAM_TOOLS_WALL_H

#include <jansson.h>

#include "kolam/history.h"

#define KOLAM_WALL_TIMEOUT_MS 120000
#define KOLAM_WALL_TARGET_MAX 1024
#define KOLAM_WALL_RECT_MAX 192

struct kolam_wall {
    const char *data, *server; /* as given; afterwards one of the two */
    const char *canvas;
};

/* Fills in what was left out, from the environment ($KOLAM_SERVER, $KOLAM_DATA) and by default. Exit status of a wrong
 * use, or 0. */
int kolam_wall_settle(const char *verb, struct kolam_wall *wall);

/* A moment as `option` was given; `text` NULL is KOLAM_OK and leaves *out_moment alone. A malformed one is told;
 * returns the exit status of a wrong use, or 0. */
int kolam_wall_moment(const char *verb, const char *option, const char *text,
                      struct kolam_moment *out_moment);

/* The seq that the moment means; errors begin with the option and its text. */
KOLAM_MUST_CHECK enum kolam_status kolam_wall_resolve(struct kolam_reader *reader,
                                                      const char *option, const char *text,
                                                      uint64_t *out_seq, struct kolam_error *error);

/* "X,Y,W,H" in level-0 pixels, decimals allowed, as a rectangle in pixels of a level at which its sides are whole, or nearly
 * so. False for anything else. */
bool kolam_wall_rect(const char *text, struct kolam_rect *out_rect);

/* "2026-11-22T03:15:00.123Z". */
void kolam_wall_time_text(int64_t time_ms, char out_text[32]);

/* "X,Y,W,H" for a query, as exactly as the finest level can tell. */
struct kolam_region;
const char *kolam_wall_rect_text(const struct kolam_region *region,
                                 char out_text[KOLAM_WALL_RECT_MAX]);

/* Writes `text` so that it can stand in a query. False if it does not fit. */
bool kolam_wall_escape(const char *text, char *out_text, size_t capacity_bytes);
/* GETs a JSON answer; the caller decrefs it. Errors are the server's own words. */
KOLAM_MUST_CHECK enum kolam_status kolam_wall_get_json(const char *server, const char *target,
                                                       json_t **out_answer,
                                                       struct kolam_error *error);
/* GETs bytes, at most size_max; the caller frees them with kolam_free. */
KOLAM_MUST_CHECK enum kolam_status kolam_wall_get_bytes(const char *server, const char *target,
                                                        size_t size_max, uint8_t **out_bytes,
                                                        size_t *out_size_bytes,
                                                        struct kolam_error *error);

#endif
