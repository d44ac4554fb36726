/* A session's pass: a request over HTTP that carries it is asked by who is connected there, as long as that lasts. It opens
 * nothing that the connection itself could not ask; what is shared between visitors does not look at it. Loop thread. */
#ifndef KOLAM_SERVER_PASS_H
#define KOLAM_SERVER_PASS_H

#include <stdint.h>

#define KOLAM_PASS_BYTES 16

struct kolam_canvas;
struct kolam_request;
struct kolam_session;

void kolam_pass_make(struct kolam_session *session);
/* The session on that canvas whose pass the request carries; NULL: none, or nobody's. */
const struct kolam_session *kolam_pass_find(const struct kolam_canvas *canvas,
                                            const struct kolam_request *request);

#endif
