/* The command's GET against a server made by hand in a thread (pthread): each way of ending a body, and each
 * way of ending badly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/http.h"

struct server {
    pthread_t thread;
    int listen_fd;
    struct kolam_url url;
    const char *answer;
    size_t answer_bytes;
    char request[1024];
};

static void *serve(void *ctx) {
    struct server *server = ctx;
    size_t size = 0;
    int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    while (kolam_http_head_size(server->request, size) == 0) {
        ssize_t count = recv(fd, server->request + size, sizeof server->request - 1 - size, 0);
        if (count <= 0) {
            abort();
        }
        size += (size_t)count;
    }
    for (size_t at = 0; at < server->answer_bytes;
         at++) { /* byte by byte: nothing may rely on more */
        if (send(fd, server->answer + at, 1, MSG_NOSIGNAL) != 1) {
            break; /* it has heard enough */
        }
    }
    shutdown(fd, SHUT_WR);
    while (recv(fd, server->request + size, 1, 0) > 0) {
        /* until it closes */
    }
    close(fd);
    return NULL;
}

static void start(struct server *server) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char text[64];
    server->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listen_fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listen_fd, 1), 0);
    assert_int_equal(getsockname(server->listen_fd, (struct sockaddr *)&address, &size), 0);
    snprintf(text, sizeof text, "http://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(kolam_url_parse(text, &server->url, NULL), KOLAM_OK);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

struct text {
    char bytes[256];
    size_t size_bytes, limit_bytes;
};

static bool collect(void *ctx, const uint8_t *bytes, size_t size_bytes) {
    struct text *text = ctx;
    if (text->size_bytes + size_bytes > text->limit_bytes) {
        return false;
    }
    memcpy(text->bytes + text->size_bytes, bytes, size_bytes);
    text->size_bytes += size_bytes;
    return true;
}

static enum kolam_status get(const char *answer, struct text *out_text, struct kolam_error *error) {
    struct server server = {.answer = answer, .answer_bytes = strlen(answer)};
    start(&server);
    enum kolam_status status =
        kolam_http_get(&server.url, "/a?b=c", 5000, collect, out_text, error);
    pthread_join(server.thread, NULL);
    close(server.listen_fd);
    assert_non_null(strstr(server.request, "GET /a?b=c HTTP/1.1\r\n"));
    assert_non_null(strstr(server.request, "\r\nHost: 127.0.0.1:"));
    return status;
}

static void gives(const char *answer, const char *expected) {
    struct text text = {.limit_bytes = sizeof text.bytes};
    struct kolam_error error = {.text = ""};
    if (get(answer, &text, &error) != KOLAM_OK) {
        fail_msg("%s", error.text);
    }
    assert_int_equal(text.size_bytes, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.size_bytes);
}

static void fails(const char *answer, const char *reason) {
    struct text text = {.limit_bytes = sizeof text.bytes};
    struct kolam_error error = {.text = ""};
    assert_int_not_equal(get(answer, &text, &error), KOLAM_OK);
    if (!strstr(error.text, reason)) {
        fail_msg("\"%s\" and not \"%s\"", error.text, reason);
    }
}

static void body_ends_by_length_by_chunks_or_with_the_connection(void **state) {
    (void)state;
    gives("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello");
    gives("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "");
    gives("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello, and more", "hello");
    gives("HTTP/1.1 200 OK\r\n\r\nhello", "hello");
    gives("HTTP/1.1 200 OK\r\nTransfer-Encoding: "
          "chunked\r\n\r\n2\r\nhe\r\n003;x=y\r\nllo\r\n0\r\n\r\n",
          "hello");
}

static void body_that_is_cut_off_is_an_error(void **state) {
    (void)state;
    fails("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", "in the middle");
    fails("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "in the middle");
    fails("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "in the middle");
    fails("HTTP/1.1 200 OK\r\n", "in the middle");
    fails("", "in the middle");
}

static void malformed_answers_are_refused(void **state) {
    (void)state;
    fails("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", "malformed");
    fails("HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", "malformed");
    fails("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed");
    fails("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
          "malformed");
    fails("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello", "encoding");
}

static void refusal_is_told_in_the_servers_words(void **state) {
    (void)state;
    fails("HTTP/1.1 404 Not Found\r\nContent-Length: 26\r\n\r\n{\"error\":\"no such canvas\"}\n",
          "404 to /a: no such canvas");
    fails("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy", "503 to /a");
    fails("SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n", "answered 0");
}

static void receiver_that_refuses_stops_it(void **state) {
    (void)state;
    struct text text = {.limit_bytes = 2};
    struct kolam_error error = {.text = ""};
    assert_int_equal(get("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", &text, &error),
                     KOLAM_ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_ends_by_length_by_chunks_or_with_the_connection),
        cmocka_unit_test(body_that_is_cut_off_is_an_error),
        cmocka_unit_test(malformed_answers_are_refused),
        cmocka_unit_test(refusal_is_told_in_the_servers_words),
        cmocka_unit_test(receiver_that_refuses_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
