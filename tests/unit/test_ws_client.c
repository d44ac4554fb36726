/* The WebSocket client: its frames, its handshake, and a conversation with a server made by hand in a
 * thread (pthread) that says exactly the bytes each test wants. */
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

#include "tools/ws_client.h"

/* ---- frames ---- */

/* Feeds in pieces of `piece` bytes; checks that one message comes out at the last byte, not before. */
static void gives_one_message(const uint8_t *bytes, size_t size_bytes, size_t piece,
                              const char *expected) {
    struct kolam_ws_parser parser;
    enum kolam_ws_opcode opcode;
    const uint8_t *payload;
    size_t payload_bytes;
    kolam_ws_parser_init(&parser, 1000000);
    for (size_t at = 0; at < size_bytes;) {
        size_t count = size_bytes - at < piece ? size_bytes - at : piece;
        assert_int_equal(kolam_ws_parser_feed(&parser, bytes + at, count), KOLAM_OK);
        at += count;
        enum kolam_status status = kolam_ws_parser_next(&parser, &opcode, &payload, &payload_bytes);
        assert_int_equal(status, at == size_bytes ? KOLAM_OK : KOLAM_ERR_NOT_FOUND);
    }
    assert_int_equal(payload_bytes, strlen(expected));
    assert_memory_equal(payload, expected, payload_bytes);
    assert_int_equal(kolam_ws_parser_next(&parser, &opcode, &payload, &payload_bytes),
                     KOLAM_ERR_NOT_FOUND);
    kolam_ws_parser_finish(&parser);
}

static void message_comes_out_whole_however_it_arrives(void **state) {
    (void)state;
    static const uint8_t whole[] = {0x81, 5, 'h', 'e', 'l', 'l', 'o'},
                         fragments[] = {0x01, 2, 'h', 'e', 0x00, 0, 0x80, 3, 'l', 'l', 'o'};
    for (size_t piece = 1; piece <= sizeof fragments; piece++) {
        gives_one_message(whole, sizeof whole, piece, "hello");
        gives_one_message(fragments, sizeof fragments, piece, "hello");
    }
}

static void empty_fragments_are_an_empty_message(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x01, 0, 0x80, 0};
    struct kolam_ws_parser parser;
    enum kolam_ws_opcode opcode;
    const uint8_t *payload = NULL;
    size_t size_bytes;
    kolam_ws_parser_init(&parser, 100);
    assert_int_equal(kolam_ws_parser_feed(&parser, bytes, sizeof bytes), KOLAM_OK);
    assert_int_equal(kolam_ws_parser_next(&parser, &opcode, &payload, &size_bytes), KOLAM_OK);
    assert_int_equal(size_bytes, 0);
    assert_non_null(payload);
    kolam_ws_parser_finish(&parser);
}

static void control_frame_may_stand_between_fragments(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x01, 1, 'a', 0x89, 1, 'p', 0x80, 1, 'b'};
    struct kolam_ws_parser parser;
    enum kolam_ws_opcode opcode;
    const uint8_t *payload;
    size_t size_bytes;
    kolam_ws_parser_init(&parser, 100);
    assert_int_equal(kolam_ws_parser_feed(&parser, bytes, sizeof bytes), KOLAM_OK);
    assert_int_equal(kolam_ws_parser_next(&parser, &opcode, &payload, &size_bytes), KOLAM_OK);
    assert_int_equal(opcode, KOLAM_WS_PING);
    assert_int_equal(kolam_ws_parser_next(&parser, &opcode, &payload, &size_bytes), KOLAM_OK);
    assert_int_equal(opcode, KOLAM_WS_TEXT);
    assert_memory_equal(payload, "ab", 2);
    kolam_ws_parser_finish(&parser);
}

static void parser_says(enum kolam_status expected, const uint8_t *bytes, size_t size_bytes) {
    struct kolam_ws_parser parser;
    enum kolam_ws_opcode opcode;
    const uint8_t *payload;
    size_t payload_bytes;
    enum kolam_status status;
    kolam_ws_parser_init(&parser, 200);
    assert_int_equal(kolam_ws_parser_feed(&parser, bytes, size_bytes), KOLAM_OK);
    do {
        status = kolam_ws_parser_next(&parser, &opcode, &payload, &payload_bytes);
    } while (status == KOLAM_OK);
    assert_int_equal(status, expected);
    kolam_ws_parser_finish(&parser);
}

#define PARSER_SAYS(expected, ...)                                                                 \
    do {                                                                                           \
        static const uint8_t bytes_[] = {__VA_ARGS__};                                             \
        parser_says(expected, bytes_, sizeof bytes_);                                              \
    } while (0)

static void frames_against_the_rules_are_refused(void **state) {
    (void)state;
    PARSER_SAYS(KOLAM_ERR_INVALID, 0xc1, 0);                /* a reserved bit */
    PARSER_SAYS(KOLAM_ERR_INVALID, 0x83, 0);                /* a reserved opcode */
    PARSER_SAYS(KOLAM_ERR_INVALID, 0x81, 0x80, 0, 0, 0, 0); /* masked by a server */
    PARSER_SAYS(KOLAM_ERR_INVALID, 0x80, 0);                /* nothing to continue */
    PARSER_SAYS(KOLAM_ERR_INVALID, 0x01, 0, 0x01, 0);       /* a message inside another */
    PARSER_SAYS(KOLAM_ERR_INVALID, 0x09, 0);                /* a fragmented ping */
    PARSER_SAYS(KOLAM_ERR_INVALID, 0x89, 126, 0, 126);      /* a ping too long */
    PARSER_SAYS(KOLAM_ERR_INVALID, 0x82, 126, 0, 125);      /* a length longer than needed */
    PARSER_SAYS(KOLAM_ERR_INVALID, 0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff);
    PARSER_SAYS(KOLAM_ERR_FULL, 0x82, 126, 0, 201); /* over the limit: told before it arrives */
    PARSER_SAYS(KOLAM_ERR_FULL, 0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
}

static void fragments_count_together_against_the_limit(void **state) {
    (void)state;
    uint8_t bytes[2 + 120 + 2 + 120] = {0x02, 120};
    bytes[122] = 0x80;
    bytes[123] = 120;
    parser_says(KOLAM_ERR_FULL, bytes, sizeof bytes);
}

static void header_is_masked_and_as_short_as_can_be(void **state) {
    (void)state;
    static const uint8_t mask[4] = {1, 2, 3, 4};
    uint8_t header[KOLAM_WS_HEADER_MAX];
    assert_int_equal(kolam_ws_write_header(header, KOLAM_WS_TEXT, 125, mask), 6);
    assert_int_equal(header[0], 0x81);
    assert_int_equal(header[1], 0x80 | 125);
    assert_memory_equal(header + 2, mask, 4);
    assert_int_equal(kolam_ws_write_header(header, KOLAM_WS_BINARY, 126, mask), 8);
    assert_int_equal(header[1], 0x80 | 126);
    assert_int_equal(header[2] << 8 | header[3], 126);
    assert_int_equal(kolam_ws_write_header(header, KOLAM_WS_BINARY, 65536, mask), 14);
    assert_int_equal(header[1], 0x80 | 127);
    assert_int_equal(header[7], 1);
}

/* ---- the handshake's parts ---- */

static void accept_key_is_that_of_the_standard(void **state) {
    (void)state;
    char accept[29];
    kolam_ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==", accept); /* RFC 6455, 1.3 */
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void addresses_are_taken_apart(void **state) {
    (void)state;
    struct kolam_url url;
    assert_int_equal(kolam_url_parse("http://127.0.0.1:7700", &url, NULL), KOLAM_OK);
    assert_string_equal(url.host, "127.0.0.1");
    assert_string_equal(url.port, "7700");
    assert_int_equal(kolam_url_parse("ws://[::1]:80/", &url, NULL), KOLAM_OK);
    assert_string_equal(url.host, "::1");
    assert_string_equal(url.authority, "[::1]:80");
    assert_int_equal(kolam_url_parse("wall.example", &url, NULL), KOLAM_OK);
    assert_string_equal(url.port, "80");
    static const char *const bad[] = {"",           "http://",    "ftp://a",    "http://a:0",
                                      "http://a:x", "http://a/b", "http://a b", "http://[::1",
                                      "http://a:",  "a:99999",    "http://u@a", "http://a\r\nX: y"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(kolam_url_parse(bad[i], &url, NULL), KOLAM_ERR_INVALID);
    }
    struct kolam_error error;
    assert_int_equal(kolam_url_parse("https://a", &url, &error), KOLAM_ERR_INVALID);
    assert_non_null(strstr(error.text, "TLS"));
}

static void heads_are_read(void **state) {
    (void)state;
    static const char head[] = "HTTP/1.1 204 No Content\r\nA-B: 1\r\nx: \t two words \r\n\r\nrest";
    char value[16];
    assert_int_equal(kolam_http_head_size(head, sizeof head - 1), sizeof head - 1 - 4);
    assert_int_equal(kolam_http_head_size(head, sizeof head - 1 - 5), 0);
    assert_int_equal(kolam_http_head_status(head, sizeof head - 1), 204);
    assert_int_equal(kolam_http_head_status("SSH-2.0-x y z 1 2", 17), 0);
    assert_true(kolam_http_head_value(head, sizeof head - 1 - 4, "a-b", value, sizeof value));
    assert_string_equal(value, "1");
    assert_true(kolam_http_head_value(head, sizeof head - 1 - 4, "X", value, sizeof value));
    assert_string_equal(value, "two words");
    assert_false(kolam_http_head_value(head, sizeof head - 1 - 4, "X", value, 4));
    assert_false(kolam_http_head_value(head, sizeof head - 1 - 4, "Y", value, sizeof value));
}

/* ---- a conversation ---- */

struct server {
    pthread_t thread;
    int listen_fd;
    struct kolam_url url;
    const char *subprotocol, *accept; /* accept NULL: the right one */
    const uint8_t *say;               /* sent together with the handshake's answer */
    size_t say_bytes;
    uint8_t heard[256]; /* what came after the handshake */
    size_t heard_bytes, hear_bytes;
};

static void send_all(int fd, const void *bytes, size_t size_bytes) {
    if (send(fd, bytes, size_bytes, MSG_NOSIGNAL) != (ssize_t)size_bytes) {
        abort();
    }
}

static void *serve(void *ctx) {
    struct server *server = ctx;
    char request[2048], answer[512], key[64], accept[29];
    size_t size = 0, answer_bytes;
    int fd = accept4(server->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    while (kolam_http_head_size(request, size) == 0) {
        ssize_t count = recv(fd, request + size, sizeof request - size, 0);
        if (count <= 0) {
            abort();
        }
        size += (size_t)count;
    }
    if (!kolam_http_head_value(request, size, "Sec-WebSocket-Key", key, sizeof key)) {
        abort();
    }
    kolam_ws_accept_key(key, accept);
    answer_bytes = (size_t)snprintf(
        answer, sizeof answer,
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: %s\r\nSec-WebSocket-Protocol: %s\r\n\r\n",
        server->accept ? server->accept : accept, server->subprotocol);
    send_all(fd, answer, answer_bytes);
    send_all(fd, server->say, server->say_bytes);
    while (server->heard_bytes < server->hear_bytes) {
        ssize_t count = recv(fd, server->heard + server->heard_bytes,
                             sizeof server->heard - server->heard_bytes, 0);
        if (count <= 0) {
            break;
        }
        server->heard_bytes += (size_t)count;
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
    server->subprotocol = server->subprotocol ? server->subprotocol : "kolam.v1";
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void finish(struct server *server) {
    pthread_join(server->thread, NULL);
    close(server->listen_fd);
}

static enum kolam_status keep_text(void *ctx, enum kolam_ws_opcode opcode, const uint8_t *payload,
                                   size_t size_bytes) {
    char *text = ctx;
    assert_int_equal(opcode, KOLAM_WS_TEXT);
    snprintf(text + strlen(text), 64 - strlen(text), "%.*s", (int)size_bytes,
             (const char *)payload);
    return KOLAM_OK;
}

static void client_hears_answers_pings_and_the_end(void **state) {
    (void)state;
    static const uint8_t say[] = {0x81, 2,    'h', 'i',  0x89, 3,   'a', 'b',
                                  'c',  0x88, 5,   0x03, 0xe9, 'b', 'y', 'e'};
    /* A pong (6 + 3) and a close (6 + 2), both masked. */
    struct server server = {.say = say, .say_bytes = sizeof say, .hear_bytes = 17};
    struct kolam_ws *ws;
    struct kolam_error error = {.text = ""};
    char text[64] = "";
    start(&server);
    assert_int_equal(kolam_ws_connect(&server.url, "kolam.v1", 5000, &ws, &error), KOLAM_OK);
    enum kolam_status status;
    do {
        status = kolam_ws_step(ws, 5000, -1, keep_text, text, &error);
    } while (status == KOLAM_OK);
    assert_int_equal(status, KOLAM_ERR_CLOSED);
    assert_string_equal(text, "hi");
    assert_non_null(strstr(error.text, "1001"));
    assert_non_null(strstr(error.text, "bye"));
    kolam_ws_destroy(ws);
    finish(&server);
    assert_int_equal(server.heard_bytes, 17);
    assert_int_equal(server.heard[0], 0x80 | KOLAM_WS_PONG);
    assert_int_equal(server.heard[1], 0x80 | 3);
    kolam_ws_mask(server.heard + 6, 3, server.heard + 2);
    assert_memory_equal(server.heard + 6, "abc", 3);
    assert_int_equal(server.heard[9], 0x80 | KOLAM_WS_CLOSE);
}

static void client_sends_masked_messages(void **state) {
    (void)state;
    static const uint8_t say[] = {0x81, 0};
    struct server server = {.say = say, .say_bytes = sizeof say, .hear_bytes = 6 + 5};
    struct kolam_ws *ws;
    struct kolam_error error = {.text = ""};
    char text[64] = "";
    start(&server);
    assert_int_equal(kolam_ws_connect(&server.url, "kolam.v1", 5000, &ws, &error), KOLAM_OK);
    assert_int_equal(kolam_ws_send(ws, KOLAM_WS_TEXT, "there", 5), KOLAM_OK);
    enum kolam_status status;
    do {
        status = kolam_ws_step(ws, 5000, -1, keep_text, text, &error);
    } while (status == KOLAM_OK);
    kolam_ws_destroy(ws);
    finish(&server);
    assert_int_equal(server.heard[0], 0x81);
    assert_int_equal(server.heard[1], 0x80 | 5);
    kolam_ws_mask(server.heard + 6, 5, server.heard + 2);
    assert_memory_equal(server.heard + 6, "there", 5);
}

static void handshake_fails(struct server *server, const char *reason) {
    static const uint8_t nothing[1];
    struct kolam_ws *ws;
    struct kolam_error error = {.text = ""};
    server->say = nothing;
    start(server);
    assert_int_not_equal(kolam_ws_connect(&server->url, "kolam.v1", 5000, &ws, &error), KOLAM_OK);
    assert_non_null(strstr(error.text, reason));
    finish(server);
}

static void wrong_handshakes_are_refused(void **state) {
    (void)state;
    struct server forged = {.accept = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="};
    struct server other = {.subprotocol = "chat"};
    handshake_fails(&forged, "handshake");
    handshake_fails(&other, "kolam.v1");
}

static void nobody_there_is_said_plainly(void **state) {
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); /* bound, but nobody listens */
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    char text[64];
    snprintf(text, sizeof text, "http://127.0.0.1:%d", ntohs(address.sin_port));
    struct kolam_url url;
    struct kolam_ws *ws;
    struct kolam_error error = {.text = ""};
    assert_int_equal(kolam_url_parse(text, &url, NULL), KOLAM_OK);
    assert_int_equal(kolam_ws_connect(&url, "kolam.v1", 5000, &ws, &error), KOLAM_ERR_IO);
    assert_non_null(strstr(error.text, "is the server running?"));
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message_comes_out_whole_however_it_arrives),
        cmocka_unit_test(empty_fragments_are_an_empty_message),
        cmocka_unit_test(control_frame_may_stand_between_fragments),
        cmocka_unit_test(frames_against_the_rules_are_refused),
        cmocka_unit_test(fragments_count_together_against_the_limit),
        cmocka_unit_test(header_is_masked_and_as_short_as_can_be),
        cmocka_unit_test(accept_key_is_that_of_the_standard),
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(heads_are_read),
        cmocka_unit_test(client_hears_answers_pings_and_the_end),
        cmocka_unit_test(client_sends_masked_messages),
        cmocka_unit_test(wrong_handshakes_are_refused),
        cmocka_unit_test(nobody_there_is_said_plainly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
