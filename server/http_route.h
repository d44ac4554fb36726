/* Which path goes where, and the small answers that need no file of their own. */
#ifndef KOLAM_SERVER_HTTP_ROUTE_H
#define KOLAM_SERVER_HTTP_ROUTE_H

#include "kolam/status.h"
#include "server.h"

/* The network's handlers; ctx is the server. */
void kolam_http_on_request(void *ctx, struct kolam_http *http, const struct kolam_request *request);
bool kolam_http_may_open(void *ctx, const struct kolam_request *request);

/* A JSON answer, not to be stored; takes the string (malloc'ed, NULL: out of memory). */
void kolam_http_answer_json(struct kolam_http *http, int status, char *text);

/* Whether who asks may take so much of the limit; if not he was told (429), and `http` is gone. */
KOLAM_MUST_CHECK bool kolam_http_take(struct kolam_server *server, struct kolam_http *http,
                                      enum kolam_limit limit, uint64_t cost);

/* Copies the decoded value of a query parameter into `out`; false if it is missing or does not fit. */
bool kolam_query_get(const char *query, const char *name, char *out, size_t capacity);

#endif
