/* What one client says over its WebSocket, message by message, to the whole server: texts and records, split at lines of "--". What
 * begins with a byte below 8 is binary. The first byte of the input says who it is: an artist, a watcher, the admin, a stranger, or
 * one who has not said hello. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define MESSAGES_MAX 64

struct client {
    struct kolam_socket socket;
    struct kolam_session *session;
    const uint8_t *at, *end;
    char who;
    bool has_begun;
    uint32_t messages, turns;
};

static void say(struct client *client, const uint8_t *bytes, size_t size) {
    const bool is_text = size == 0 || bytes[0] >= 8;
    uint8_t *exact = malloc(size > 0 ? size : 1); /* so that a read beyond is seen */
    if (!exact) {
        abort();
    }
    memcpy(exact, bytes, size);
    inner_server_handlers()->on_message(client->session, is_text, exact, size);
    free(exact);
}

static void say_hello(struct client *client) {
    char text[512];
    const char *token = client->who == 'm' ? inner_server_admin_token() : inner_server_token();
    switch (client->who) {
    case 'h':
        return;
    case 'w':
        (void)snprintf(text, sizeof text,
                       "{\"type\":\"hello\",\"protocol\":1,\"canvas\":\"main\","
                       "\"nonce\":\"00000000000000cc\",\"watch\":true}");
        break;
    case 's':
        (void)snprintf(text, sizeof text,
                       "{\"type\":\"hello\",\"protocol\":1,\"canvas\":\"main\","
                       "\"nonce\":\"00000000000000aa\"}");
        break;
    default:
        (void)snprintf(text, sizeof text,
                       "{\"type\":\"hello\",\"protocol\":1,\"canvas\":\"main\","
                       "\"nonce\":\"00000000000000bb\",\"%s\":\"%s\"}",
                       client->who == 'm' ? "admin" : "token", token);
    }
    say(client, (const uint8_t *)text, strlen(text));
}

static void say_next(struct client *client) {
    static const char separator[] = "\n--\n";
    const size_t left = (size_t)(client->end - client->at);
    const uint8_t *end = memmem(client->at, left, separator, sizeof separator - 1);
    const size_t size = end ? (size_t)(end - client->at) : left;
    const uint8_t *message = client->at;
    client->at += end ? size + sizeof separator - 1 : size;
    client->messages++;
    say(client, message, size);
}

static bool is_waiting(const struct client *client) {
    const struct kolam_session *session = client->session;
    return session->state == KOLAM_SESSION_JOINING || session->asks > 0 ||
           session->in_flight_ops > 0 || session->is_identifying || session->is_renaming ||
           session->is_numbering;
}

static bool begin(struct client *client) {
    struct kolam_request request = {.path = "/ws", .host = "127.0.0.1:7700"};
    (void)kolam_address_parse(client->socket.peer, &request.peer);
    client->has_begun = true;
    client->session =
        inner_server_handlers()->on_open(inner_server_handlers()->ctx, &client->socket, &request);
    if (!client->session) {
        return false;
    }
    say_hello(client);
    return true;
}

static bool work(void *ctx, bool is_late) {
    struct client *client = ctx;
    if (!client->has_begun && !begin(client)) {
        return true;
    }
    client->turns++;
    while (!client->socket.is_closed && !client->socket.is_paused && client->at < client->end &&
           client->messages < MESSAGES_MAX && client->session->state != KOLAM_SESSION_JOINING) {
        say_next(client);
    }
    if (!client->socket.is_closed && is_waiting(client) && !is_late) {
        return false;
    }
    inner_server_handlers()->on_close(client->session);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    static uint32_t number;
    if (size_bytes < 2) {
        return 0;
    }
    inner_server_start();
    struct client client = {.at = bytes + 1, .end = bytes + size_bytes, .who = (char)bytes[0]};
    number++; /* each from an address of its own: limits by address are not what is looked for here */
    (void)snprintf(client.socket.peer, sizeof client.socket.peer, "10.%u.%u.%u", number >> 16 & 255,
                   number >> 8 & 255, number & 255);
    inner_server_run(work, &client);
    return 0;
}
