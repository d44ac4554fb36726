/* One GET: the request, the response's head, and its body by length, in chunks, or to the end. */
#include "http.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "kolam/command.h"
#include "patience.h"

#define BUFFER_BYTES 65536
#define CHUNK_LINE_MAX 256

/* ---- the head ---- */

size_t kolam_http_head_size(const char *bytes, size_t size_bytes) {
    const char *end = memmem(bytes, size_bytes, "\r\n\r\n", 4);
    return end ? (size_t)(end - bytes) + 4 : 0;
}

int kolam_http_head_status(const char *head, size_t size_bytes) {
    if (size_bytes < 13 || strncmp(head, "HTTP/1.", 7) != 0 || head[8] != ' ') {
        return 0;
    }
    int status = 0;
    for (int i = 9; i < 12; i++) {
        if (head[i] < '0' || head[i] > '9') {
            return 0;
        }
        status = status * 10 + (head[i] - '0');
    }
    return status;
}

bool kolam_http_head_value(const char *head, size_t size_bytes, const char *name, char *out_value,
                           size_t capacity_bytes) {
    size_t name_bytes = strlen(name);
    const char *end = head + size_bytes;
    const char *line = memmem(head, size_bytes, "\r\n", 2);
    while (line && (line += 2) < end) {
        const char *next = memmem(line, (size_t)(end - line), "\r\n", 2);
        if (!next) {
            return false;
        }
        size_t length = (size_t)(next - line);
        if (length > name_bytes && line[name_bytes] == ':' &&
            strncasecmp(line, name, name_bytes) == 0) {
            const char *value = line + name_bytes + 1, *value_end = next;
            while (value < value_end && (*value == ' ' || *value == '\t')) {
                value++;
            }
            while (value_end > value && (value_end[-1] == ' ' || value_end[-1] == '\t')) {
                value_end--;
            }
            size_t value_bytes = (size_t)(value_end - value);
            if (value_bytes >= capacity_bytes) {
                return false;
            }
            memcpy(out_value, value, value_bytes);
            out_value[value_bytes] = '\0';
            return true;
        }
        line = next;
    }
    return false;
}

/* ---- the body ---- */

enum body_kind { BODY_TO_END, BODY_LENGTH, BODY_CHUNKS };

struct exchange {
    int fd, timeout_ms;
    char *buffer; /* BUFFER_BYTES; [at, end) is unread */
    size_t at, end;
    kolam_http_body *body;
    void *ctx;
    struct kolam_error *error;
};

/* Reads more when nothing is left; *out_is_over when the other side has closed. */
static enum kolam_status refill(struct exchange *exchange, bool *out_is_over) {
    *out_is_over = false;
    if (exchange->at < exchange->end) {
        return KOLAM_OK;
    }
    exchange->at = 0;
    exchange->end = 0;
    enum kolam_status status =
        kolam_net_receive(exchange->fd, exchange->buffer, BUFFER_BYTES, exchange->timeout_ms,
                          &exchange->end, exchange->error);
    *out_is_over = status == KOLAM_OK && exchange->end == 0;
    return status;
}

static enum kolam_status cut_off(struct exchange *exchange) {
    return kolam_fail(exchange->error, KOLAM_ERR_IO,
                      "the server closed in the middle of its answer");
}

/* Passes on `length` bytes, or all to the end for UINT64_MAX. */
static enum kolam_status pass_on(struct exchange *exchange, uint64_t length) {
    bool is_to_end = length == UINT64_MAX;
    while (length > 0) {
        bool is_over;
        enum kolam_status status = refill(exchange, &is_over);
        if (status != KOLAM_OK) {
            return status;
        }
        if (is_over) {
            return is_to_end ? KOLAM_OK : cut_off(exchange);
        }
        size_t size_bytes = exchange->end - exchange->at;
        size_bytes = size_bytes < length ? size_bytes : (size_t)length;
        if (!exchange->body(exchange->ctx, (const uint8_t *)exchange->buffer + exchange->at,
                            size_bytes)) {
            return kolam_fail(exchange->error, KOLAM_ERR_IO, "writing failed");
        }
        exchange->at += size_bytes;
        length -= is_to_end ? 0 : size_bytes;
    }
    return KOLAM_OK;
}

/* A line of the chunked form, without its end. */
static enum kolam_status read_line(struct exchange *exchange, char out_line[CHUNK_LINE_MAX]) {
    for (size_t size = 0; size < CHUNK_LINE_MAX;) {
        bool is_over;
        enum kolam_status status = refill(exchange, &is_over);
        if (status != KOLAM_OK || is_over) {
            return status != KOLAM_OK ? status : cut_off(exchange);
        }
        char byte = exchange->buffer[exchange->at++];
        if (byte == '\n' && size > 0 && out_line[size - 1] == '\r') {
            out_line[size - 1] = '\0';
            return KOLAM_OK;
        }
        out_line[size++] = byte;
    }
    return kolam_fail(exchange->error, KOLAM_ERR_INVALID, "the server's answer is malformed");
}

static enum kolam_status pass_on_chunks(struct exchange *exchange) {
    for (;;) {
        char line[CHUNK_LINE_MAX], *end;
        enum kolam_status status = read_line(exchange, line);
        if (status != KOLAM_OK) {
            return status;
        }
        unsigned long long length = strtoull(line, &end, 16);
        if (end == line || (*end && *end != ';' && *end != ' ') || length > INT64_MAX) {
            return kolam_fail(exchange->error, KOLAM_ERR_INVALID,
                              "the server's answer is malformed");
        }
        if (length == 0) {
            return KOLAM_OK; /* trailers do not matter: the connection ends here */
        }
        status = pass_on(exchange, length);
        if (status == KOLAM_OK) {
            status = read_line(exchange, line);
        }
        if (status != KOLAM_OK) {
            return status;
        }
    }
}

static enum kolam_status pass_on_body(struct exchange *exchange, const char *head,
                                      size_t head_bytes) {
    char value[64];
    if (kolam_http_head_value(head, head_bytes, "Transfer-Encoding", value, sizeof value)) {
        if (strcasecmp(value, "chunked") != 0) {
            return kolam_fail(exchange->error, KOLAM_ERR_INVALID,
                              "the server's answer has an unknown encoding");
        }
        return pass_on_chunks(exchange);
    }
    if (!kolam_http_head_value(head, head_bytes, "Content-Length", value, sizeof value)) {
        return pass_on(exchange, UINT64_MAX);
    }
    char *end;
    unsigned long long length = strtoull(value, &end, 10);
    if (end == value || *end || value[0] == '-' || length > INT64_MAX) {
        return kolam_fail(exchange->error, KOLAM_ERR_INVALID, "the server's answer is malformed");
    }
    return pass_on(exchange, length);
}

/* ---- the exchange ---- */

/* Collects the start of an error's body. */
struct reason {
    char text[1024];
    size_t size_bytes;
};

static bool collect_reason(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct reason *reason = ctx;
    size_t room = sizeof reason->text - 1 - reason->size_bytes;
    size_bytes = size_bytes < room ? size_bytes : room;
    memcpy(reason->text + reason->size_bytes, bytes, size_bytes);
    reason->size_bytes += size_bytes;
    return true;
}

/* The server's own words, {"error":"..."}, where it has some. */
static enum kolam_status refused(struct exchange *exchange, const char *head, size_t head_bytes,
                                 int code, const char *target) {
    struct reason reason = {.size_bytes = 0};
    struct kolam_error ignored, *error = exchange->error;
    exchange->body = collect_reason;
    exchange->ctx = &reason;
    exchange->error = &ignored;
    enum kolam_status status = pass_on_body(exchange, head, head_bytes);
    json_t *root = status == KOLAM_OK ? json_loadb(reason.text, reason.size_bytes, 0, NULL) : NULL;
    const char *text = json_string_value(json_object_get(root, "error"));
    size_t path_bytes = strcspn(target, "?");
    status = kolam_fail(error, code == 404 ? KOLAM_ERR_NOT_FOUND : KOLAM_ERR_INVALID,
                        "the server answered %d to %.*s%s%s", code, (int)path_bytes, target,
                        text ? ": " : "", text ? text : "");
    json_decref(root);
    return status;
}

static enum kolam_status send_request(struct exchange *exchange, const struct kolam_url *url,
                                      const char *target) {
    char request[2048];
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: kolam/" KOLAM_VERSION
                        "\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                        target, url->authority);
    if (size < 0 || (size_t)size >= sizeof request) {
        return kolam_fail(exchange->error, KOLAM_ERR_INVALID, "the request is too long");
    }
    return kolam_net_send(exchange->fd, request, (size_t)size, exchange->timeout_ms,
                          exchange->error);
}

/* Reads until the head is complete; what came behind it stays in the buffer. */
static enum kolam_status receive_head(struct exchange *exchange, char *out_head,
                                      size_t *out_head_bytes) {
    size_t size = 0, head_bytes = 0;
    while (head_bytes == 0) {
        if (size == KOLAM_HTTP_HEAD_MAX) {
            return kolam_fail(exchange->error, KOLAM_ERR_INVALID,
                              "the server's answer is malformed");
        }
        size_t count;
        enum kolam_status status =
            kolam_net_receive(exchange->fd, out_head + size, KOLAM_HTTP_HEAD_MAX - size,
                              exchange->timeout_ms, &count, exchange->error);
        if (status != KOLAM_OK || count == 0) {
            return status != KOLAM_OK ? status : cut_off(exchange);
        }
        size += count;
        head_bytes = kolam_http_head_size(out_head, size);
    }
    exchange->end = size - head_bytes;
    memcpy(exchange->buffer, out_head + head_bytes, exchange->end);
    *out_head_bytes = head_bytes;
    return KOLAM_OK;
}

static enum kolam_status run(struct exchange *exchange, const struct kolam_url *url,
                             const char *target, struct kolam_patience *patience) {
    char head[KOLAM_HTTP_HEAD_MAX];
    size_t head_bytes = 0;
    enum kolam_status status = send_request(exchange, url, target);
    if (status == KOLAM_OK) {
        status = receive_head(exchange, head, &head_bytes);
    }
    if (status != KOLAM_OK) {
        return status;
    }
    int code = kolam_http_head_status(head, head_bytes);
    kolam_patience_note(patience, code, head, head_bytes);
    return code == 200 ? pass_on_body(exchange, head, head_bytes)
                       : refused(exchange, head, head_bytes, code, target);
}

static enum kolam_status get_once(const struct kolam_url *url, const char *target,
                                  const struct exchange *template,
                                  struct kolam_patience *patience) {
    struct exchange exchange = *template;
    enum kolam_status status =
        kolam_net_connect(url, exchange.timeout_ms, &exchange.fd, exchange.error);
    if (status != KOLAM_OK) {
        return status;
    }
    exchange.buffer = kolam_alloc(BUFFER_BYTES);
    status = exchange.buffer ? run(&exchange, url, target, patience)
                             : kolam_fail(exchange.error, KOLAM_ERR_NOMEM, "out of memory");
    kolam_free(exchange.buffer);
    close(exchange.fd);
    return status;
}

enum kolam_status kolam_http_get(const struct kolam_url *url, const char *target, int timeout_ms,
                                 kolam_http_body *body, void *ctx, struct kolam_error *error) {
    const struct exchange exchange = {
        .fd = -1, .timeout_ms = timeout_ms, .body = body, .ctx = ctx, .error = error};
    struct kolam_patience none = {0};
    return get_once(url, target, &exchange, &none);
}

enum kolam_status kolam_http_get_patiently(const struct kolam_url *url, const char *target,
                                           int timeout_ms, kolam_http_body *body, void *ctx,
                                           struct kolam_error *error) {
    const struct exchange exchange = {
        .fd = -1, .timeout_ms = timeout_ms, .body = body, .ctx = ctx, .error = error};
    struct kolam_patience patience = {0};
    enum kolam_status status;
    do {
        status = get_once(url, target, &exchange, &patience);
    } while (kolam_patience_wait(&patience));
    return status;
}
