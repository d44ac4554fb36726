/* The command as a client of a server; see client.h. */
#include "client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kolam/alloc.h"
#include "kolam/json_text.h"
#include "kolam/command.h"

enum kolam_status kolam_client_send(struct kolam_ws *ws, json_t *message) {
    char *text = kolam_json_text(message);
    json_decref(message);
    if (!text) {
        return KOLAM_ERR_NOMEM;
    }
    enum kolam_status status = kolam_ws_send(ws, KOLAM_WS_TEXT, text, strlen(text));
    kolam_free(text);
    return status;
}

static json_t *make_hello(const struct kolam_hello *hello) {
    char nonce[17];
    snprintf(nonce, sizeof nonce, "%016" PRIx64, hello->nonce);
    json_t *message = json_pack("{s:s,s:i,s:s,s:s,s:b,s:s}", "type", "hello", "protocol", 1,
                                "canvas", hello->canvas, "nonce", nonce, "watch", hello->is_watch,
                                "client", "kolam/" KOLAM_VERSION);
    if (message && hello->token) {
        json_object_set_new(message, "token", json_string(hello->token));
    }
    if (message && hello->admin_token) {
        json_object_set_new(message, "admin", json_string(hello->admin_token));
    }
    return message;
}

enum kolam_status kolam_client_connect(const struct kolam_url *url, const struct kolam_hello *hello,
                                       struct kolam_ws **out_ws, struct kolam_error *error) {
    struct kolam_ws *ws;
    enum kolam_status status = kolam_ws_connect(url, "kolam.v1", KOLAM_CONNECT_MS, &ws, error);
    if (status != KOLAM_OK) {
        return status;
    }
    status = kolam_client_send(ws, make_hello(hello));
    if (status != KOLAM_OK) {
        kolam_ws_destroy(ws);
        return kolam_fail(error, status, "%s", kolam_status_text(status));
    }
    *out_ws = ws;
    return KOLAM_OK;
}

json_t *kolam_client_parse(const uint8_t *payload, size_t size_bytes, const char **out_type) {
    json_t *message = json_loadb((const char *)payload, size_bytes, 0, NULL);
    const char *type = json_string_value(json_object_get(message, "type"));
    if (!type) {
        json_decref(message);
        return NULL;
    }
    *out_type = type;
    return message;
}

enum kolam_status kolam_client_refused(const json_t *message, struct kolam_error *error) {
    const char *text = json_string_value(json_object_get(message, "message"));
    const char *code = json_string_value(json_object_get(message, "code"));
    bool is_denied = code && strcmp(code, "denied") == 0;
    return kolam_fail(error, is_denied ? KOLAM_ERR_DENIED : KOLAM_ERR_INVALID,
                      "the server refused: %s",
                      text   ? text
                      : code ? code
                             : "no reason given");
}
