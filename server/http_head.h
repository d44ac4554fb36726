/* The head of a request, looked at before the network library reads it. Pure.
 *
 * Behind a proxy the head decides whose request it is, and where the next one on the same connection begins. libwebsockets is no
 * judge of that: of a header that comes twice it shows one, and after a name that is the beginning of one that it knows
 * ("Acc", as in Accept) it takes the whole next line for a part of the name. What it would read otherwise than the proxy did is
 * refused here, and so is everything that RFC 9112 has refused: folded lines, blanks before the colon, line ends of
 * one character, NULs. */
#ifndef KOLAM_SERVER_HTTP_HEAD_H
#define KOLAM_SERVER_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KOLAM_HEAD_BYTES_MAX 12288
#define KOLAM_HEAD_NAME_MAX 80 /* of longer names as much is known */
#define KOLAM_HEAD_ONCE_MAX 5

struct kolam_head_rules {
    /* Headers that may come once: in lower case, with the colon; NULL and "" are none. */
    const char *once[KOLAM_HEAD_ONCE_MAX];
    /* Whether the library would lose the line after a header of this name (lower case, without the colon). */
    bool (*loses_next)(const char *name);
};

enum kolam_head_state { KOLAM_HEAD_MORE, KOLAM_HEAD_WHOLE, KOLAM_HEAD_BAD };

/* All zero before the first byte. */
struct kolam_head {
    uint32_t size, once_seen; /* bytes so far; a bit for each of rules->once */
    uint8_t at;               /* enum part (http_head.c) */
    uint8_t name_size;
    char name[KOLAM_HEAD_NAME_MAX + 2];
};

/* Reads on. KOLAM_HEAD_WHOLE: it ended, and *out_used of these bytes were its last; what follows is no part of it. */
enum kolam_head_state kolam_head_read(struct kolam_head *head, const struct kolam_head_rules *rules,
                                      const uint8_t *bytes, size_t size, size_t *out_used);

#endif
