/* The command as a client of a server: hello and welcome, texts, and what stays the same over
 * reconnects. */
#ifndef KOLAM_TOOLS_CLIENT_H
#define KOLAM_TOOLS_CLIENT_H

#include <jansson.h>

#include "wire.h"
#include "ws_client.h"

#define KOLAM_CONNECT_MS 10000
#define KOLAM_RETRY_FIRST_MS 250
#define KOLAM_RETRY_MAX_MS 5000

struct kolam_hello {
    const char *canvas;
    uint64_t nonce;
    bool is_watch;
    const char *token, *admin_token; /* or NULL */
};

/* Connects and says hello; welcome comes as a message. */
KOLAM_MUST_CHECK enum kolam_status kolam_client_connect(const struct kolam_url *url,
                                                        const struct kolam_hello *hello,
                                                        struct kolam_ws **out_ws,
                                                        struct kolam_error *error);
/* Sends a JSON object as text; takes over `message` (NULL: it could not be made). */
KOLAM_MUST_CHECK enum kolam_status kolam_client_send(struct kolam_ws *ws, json_t *message);

/* A text message as an object with its type, or NULL if it is neither. The caller decrefs it. */
json_t *kolam_client_parse(const uint8_t *payload, size_t size_bytes, const char **out_type);
/* The server's "error" in its own words. */
enum kolam_status kolam_client_refused(const json_t *message, struct kolam_error *error);

#endif
