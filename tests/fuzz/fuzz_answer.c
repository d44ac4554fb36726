/* What a server answers, as the command's verbs read it: HTTP by a connection, the text of /metrics, ops that become lines. The first byte
 * tells which. A server may be anybody's. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kolam/alloc.h"
#include "tools/http.h"
#include "tools/top_sample.h"
#include "tools/wall.h"
#include "tools/watch_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define BODY_MAX (1u << 20)
#define TIMEOUT_MS 5000

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

/* ---- a server that says what the input is, to each who connects ---- */

static struct {
    pthread_t thread;
    int fd;
    struct kolam_url url;
    const uint8_t *bytes;
    size_t size_bytes;
} server;

static void *serve(void *ctx) {
    (void)ctx;
    static uint8_t bytes[65536];
    for (;;) {
        char request[4096];
        const int fd = accept4(server.fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            continue;
        }
        (void)!recv(fd, request, sizeof request, 0);
        /* A copy: the input is gone when the client has read it, which may be before this returns. */
        const size_t size = server.size_bytes < sizeof bytes ? server.size_bytes : sizeof bytes;
        memcpy(bytes, server.bytes, size);
        (void)!send(fd, bytes, size, MSG_NOSIGNAL);
        (void)shutdown(fd, SHUT_WR);
        (void)!recv(fd, request, sizeof request, 0); /* until the client has gone */
        close(fd);
    }
}

static void start(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char text[64];
    server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(server.fd >= 0 && bind(server.fd, (struct sockaddr *)&address, size) == 0 &&
            listen(server.fd, 8) == 0 &&
            getsockname(server.fd, (struct sockaddr *)&address, &size) == 0);
    (void)snprintf(text, sizeof text, "http://127.0.0.1:%u", ntohs(address.sin_port));
    require(kolam_url_parse(text, &server.url, NULL) == KOLAM_OK);
    require(pthread_create(&server.thread, NULL, serve, NULL) == 0);
}

struct body {
    uint64_t size_bytes, sum;
};

static bool on_body(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct body *body = ctx;
    for (size_t i = 0; i < size_bytes; i++) {
        body->sum = body->sum * 31 + bytes[i]; /* a sanitizer sees each byte read */
    }
    body->size_bytes += size_bytes;
    return body->size_bytes <= BODY_MAX;
}

static void read_http(const uint8_t *bytes, size_t size_bytes) {
    struct body body = {0};
    struct kolam_error error = {.text = ""};
    if (server.fd == 0) {
        start();
    }
    server.bytes = bytes;
    server.size_bytes = size_bytes;
    const enum kolam_status status =
        kolam_http_get(&server.url, "/api/canvas/main?x=1", TIMEOUT_MS, on_body, &body, &error);
    require(body.size_bytes <= size_bytes);
    require(status == KOLAM_OK || error.text[0] != '\0');
}

/* ---- /metrics ---- */

static void read_metrics(const uint8_t *bytes, size_t size_bytes) {
    struct kolam_top_sample sample;
    char *text = kolam_alloc(size_bytes + 1);
    require(text != NULL);
    memcpy(text, bytes, size_bytes);
    text[size_bytes] = '\0';
    if (kolam_top_sample_parse(text, &sample) == KOLAM_OK) {
        (void)kolam_top_value(&sample, "kolam_clients");
        (void)kolam_top_sum(&sample, "kolam_a_total");
        (void)kolam_top_quantile(NULL, &sample, "kolam_a_seconds", "", 0.99);
        (void)kolam_top_quantile(&sample, &sample, "kolam_a_seconds", "{kind=\"b\"", 0.5);
        kolam_top_sample_finish(&sample);
    }
}

/* ---- ops ---- */

static void read_op(const uint8_t *bytes, size_t size_bytes) {
    static struct kolam_op_room room;
    const struct kolam_region region = {.x = 0, .y = 0, .width = 100, .height = 100, .scale = 1};
    const struct kolam_wire_reader record = {bytes, bytes + size_bytes, false};
    struct kolam_wire_op envelope;
    struct kolam_op op;
    if (kolam_wire_read_op(record, &envelope) != KOLAM_OK) {
        return;
    }
    char time[32];
    kolam_wall_time_text(envelope.time_ms, time);
    json_t *line = kolam_watch_line(&envelope, &room, &op);
    if (line) {
        char *text = json_dumps(line, JSON_COMPACT);
        require(text != NULL && strpbrk(text, "\r\n\033") == NULL); /* one line, for any terminal */
        free(text);
        (void)kolam_watch_touches(&op, &region);
        json_decref(line);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    if (size_bytes < 1) {
        return 0;
    }
    const uint8_t kind = bytes[0] % 3;
    if (kind == 0) {
        read_http(bytes + 1, size_bytes - 1);
    } else if (kind == 1) {
        read_metrics(bytes + 1, size_bytes - 1);
    } else {
        read_op(bytes + 1, size_bytes - 1);
    }
    return 0;
}
