/* A question of a session that outlives the turn of the loop in which it came: what it holds until it is answered, and how it is
 * answered with an error. Loop thread. */
#ifndef KOLAM_SERVER_ASK_H
#define KOLAM_SERVER_ASK_H

#include <stddef.h>
#include <stdint.h>

struct kolam_session;
struct kolam_canvas;

struct kolam_ask {
    struct kolam_session *session; /* counted; it may have closed since */
    struct kolam_canvas *canvas;   /* the session's, held */
    uint64_t id;                   /* the client's, which its answer carries */
};

/* Zeroed room for the work of a question; NULL without memory, and the question is answered with that. */
void *kolam_ask_alloc(struct kolam_session *session, uint64_t id, size_t size);
void kolam_ask_begin(struct kolam_ask *ask, struct kolam_session *session, uint64_t id);
/* Lets go of what `ask` holds, which the session may not outlive. */
void kolam_ask_end(struct kolam_ask *ask);
/* Answers with an error, if there is anybody to answer. */
void kolam_ask_refuse(const struct kolam_ask *ask, const char *code, const char *text);
/* The same of a question that was not begun. */
void kolam_ask_error(struct kolam_session *session, uint64_t id, const char *code,
                     const char *text);

#endif
