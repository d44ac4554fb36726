/* JSON values as text. jansson's json_dumps goes on where memory for an object's key runs out, and gives a text that lacks it
 * (2.14): no JSON, or a record that says something else, for good. This one needs no memory while it writes. */
#ifndef KOLAM_JSON_TEXT_H
#define KOLAM_JSON_TEXT_H

#include <jansson.h>

#include "kolam/status.h"

/* Compact, with a zero at its end; kolam_free it. NULL of NULL, and without memory. Any thread. */
char *kolam_json_text(const json_t *value);

#endif
