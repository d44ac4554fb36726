/* The client's side of HTTP/1.1, as far as the command needs it: addresses, connecting, one GET. */
#ifndef KOLAM_TOOLS_HTTP_H
#define KOLAM_TOOLS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kolam/status.h"

struct kolam_url {
    char host[256]; /* without brackets */
    char port[6];
    char authority[280]; /* as it stands in the Host header */
};

/* "http://HOST[:PORT]", "ws://..." or "HOST[:PORT]"; a path is not allowed but "/". */
KOLAM_MUST_CHECK enum kolam_status kolam_url_parse(const char *text, struct kolam_url *out_url,
                                                   struct kolam_error *error);

/* A connected, non-blocking socket. */
KOLAM_MUST_CHECK enum kolam_status kolam_net_connect(const struct kolam_url *url, int timeout_ms,
                                                     int *out_fd, struct kolam_error *error);
/* Sends all; KOLAM_ERR_IO also when it takes too long. */
KOLAM_MUST_CHECK enum kolam_status kolam_net_send(int fd, const void *bytes, size_t size_bytes,
                                                  int timeout_ms, struct kolam_error *error);
/* Waits for bytes; 0 of them means that the other side has closed. */
KOLAM_MUST_CHECK enum kolam_status kolam_net_receive(int fd, void *out, size_t capacity_bytes,
                                                     int timeout_ms, size_t *out_size_bytes,
                                                     struct kolam_error *error);

#define KOLAM_HTTP_HEAD_MAX 16384

/* Size of the response's head, blank line included, if all of it is in `bytes`; else 0. */
size_t kolam_http_head_size(const char *bytes, size_t size_bytes);
/* The status code of "HTTP/1.x NNN ..."; 0 if it is nothing like that. */
int kolam_http_head_status(const char *head, size_t size_bytes);
/* Copies a header's value (its first occurrence); false if it is missing or does not fit. */
bool kolam_http_head_value(const char *head, size_t size_bytes, const char *name, char *out_value,
                           size_t capacity_bytes);

/* Receives the body of a 200 in pieces; false stops. */
typedef bool kolam_http_body(void *ctx, const uint8_t *bytes, size_t size_bytes);

/* GET `target`. Any other status than 200 is an error that tells what the server said. */
KOLAM_MUST_CHECK enum kolam_status kolam_http_get(const struct kolam_url *url, const char *target,
                                                  int timeout_ms, kolam_http_body *body, void *ctx,
                                                  struct kolam_error *error);
/* The same, but comes again when the server says so (patience.h). */
KOLAM_MUST_CHECK enum kolam_status kolam_http_get_patiently(const struct kolam_url *url,
                                                            const char *target, int timeout_ms,
                                                            kolam_http_body *body, void *ctx,
                                                            struct kolam_error *error);

#endif
