/* What one client says over its WebSocket, message by message, to the whole server: texts and records, split at lines of "--". What
 * begins with a byte below 8 is binary. The first byte of the input says who it is: an artist, one in a browser, one of whom a proxy
 * speaks, a watcher, the admin, a stranger, or one who has not said hello. Another artist is on the same canvas all the time, and is told
 * what they do.
 *
 * "$C", "$I" and "$P" in a text stand for the code, invitation and phrase that somebody was told last.
 *
 * What an input does stays: people merge, are erased and banned, the canvas is frozen. So who the artist is, is found out anew, and now
 * and then the admin puts the wall in order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

#define MESSAGES_MAX 64
#define ORDER_EVERY 32       /* inputs */
#define SANCTIONS_AT_ONCE 16 /* as many questions as may be asked at once, and some */

struct client {
    struct kolam_socket socket;
    struct kolam_session *session;
    const uint8_t *at, *end;
    char who;
    bool has_begun, has_used_token, was_open;
    uint32_t messages;
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

static void say_text(struct client *client, const char *text) {
    say(client, (const uint8_t *)text, strlen(text));
}

/* `more` is further members of the message, each begun by a comma. */
static void hello(struct client *client, const char *nonce, const char *more) {
    char text[512];
    (void)snprintf(text, sizeof text,
                   "{\"type\":\"hello\",\"protocol\":1,\"canvas\":\"main\",\"nonce\":\"%s\"%s}",
                   nonce, more);
    say_text(client, text);
}

static void say_hello(struct client *client) {
    char more[128] = "";
    switch (client->who) {
    case 'h':
        return;
    case 'w':
        hello(client, "00000000000000cc", ",\"watch\":true");
        return;
    case 'm':
        (void)snprintf(more, sizeof more, ",\"admin\":\"%s\"", inner_server_admin_token());
        hello(client, "00000000000000bb", more);
        return;
    case 's':
    case 'p':
        hello(client, "00000000000000aa", "");
        return;
    case 'o':
        hello(client, "00000000000000dd", "");
        return;
    default:
        client->has_used_token = inner_server_token()[0] != '\0';
        if (client->has_used_token) {
            (void)snprintf(more, sizeof more, ",\"token\":\"%s\"", inner_server_token());
        }
        hello(client, "00000000000000bb", more);
    }
}

static void say_with_secrets(struct client *client, const uint8_t *bytes, size_t size) {
    uint8_t room[8192];
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        const char *told =
            bytes[i] == '$' && i + 1 < size ? inner_server_told((char)bytes[i + 1]) : NULL;
        const size_t count = told ? strlen(told) : 1;
        if (used + count > sizeof room) {
            say(client, bytes, size);
            return;
        }
        memcpy(room + used, told ? (const uint8_t *)told : bytes + i, count);
        used += count;
        i += told != NULL;
    }
    say(client, room, used);
}

static void say_next(struct client *client) {
    static const char separator[] = "\n--\n";
    const size_t left = (size_t)(client->end - client->at);
    const uint8_t *end = memmem(client->at, left, separator, sizeof separator - 1);
    const size_t size = end ? (size_t)(end - client->at) : left;
    const uint8_t *message = client->at;
    client->at += end ? size + sizeof separator - 1 : size;
    client->messages++;
    if (size > 0 && message[0] >= 8 && memchr(message, '$', size)) {
        say_with_secrets(client, message, size);
    } else {
        say(client, message, size);
    }
}

static bool is_waiting(const struct client *client) {
    const struct kolam_session *session = client->session;
    return session->state == KOLAM_SESSION_JOINING || session->asks > 0 ||
           session->in_flight_ops > 0 || session->is_identifying || session->is_renaming ||
           session->is_numbering;
}

static bool begin(struct client *client) {
    struct kolam_request request = {.path = "/ws", .host = "127.0.0.1:7700"};
    inner_server_address(client->socket.peer);
    (void)kolam_address_parse(client->socket.peer, &request.peer);
    if (client->who == 'b') {
        (void)strcpy(request.origin, "http://127.0.0.1:7700");
    } else if (client->who == 'p') {
        (void)strcpy(request.subject, "asha@wall.example");
        (void)strcpy(request.subject_name, "Asha");
    }
    client->has_begun = true;
    client->session =
        inner_server_handlers()->on_open(inner_server_handlers()->ctx, &client->socket, &request);
    if (!client->session) {
        return false;
    }
    say_hello(client);
    return true;
}

static void end(struct client *client) {
    /* Merged, erased or signed out meanwhile: whoever says identify next is the artist. */
    if (client->has_used_token && !client->was_open) {
        inner_server_forget_token();
    }
    inner_server_handlers()->on_close(client->session);
}

/* ---- who is there all the time ---- */

static struct client other;

/* True when they are there, or cannot be. */
static bool have_other(void) {
    if (other.has_begun && other.socket.is_closed) {
        inner_server_handlers()->on_close(other.session);
        other = (struct client){0};
    }
    if (!other.has_begun) {
        other = (struct client){.who = 'o'};
        if (!begin(&other)) {
            other.has_begun = false;
            return true;
        }
    }
    if (other.session->state == KOLAM_SESSION_OPEN && !other.was_open) {
        other.was_open = true;
        say_text(&other, "{\"type\":\"identify\"}");
        say_text(&other, "{\"type\":\"view\",\"id\":1,\"level\":0,\"x\":-2,\"y\":-2,\"width\":4,"
                         "\"height\":4,\"every\":true}");
    }
    return other.session->state != KOLAM_SESSION_JOINING && !other.session->is_identifying;
}

/* ---- an input ---- */

static bool work(void *ctx, bool is_late) {
    struct client *client = ctx;
    if (!client->has_begun && !is_late && !have_other()) {
        return false;
    }
    if (!client->has_begun && !begin(client)) {
        return true;
    }
    if (client->session->state == KOLAM_SESSION_OPEN && !client->was_open) {
        client->was_open = true;
        if (client->who == 'a' && !client->has_used_token) {
            say_text(client, "{\"type\":\"identify\"}");
        }
    }
    while (!client->socket.is_closed && !client->socket.is_paused && client->at < client->end &&
           client->messages < MESSAGES_MAX && client->session->state != KOLAM_SESSION_JOINING &&
           !client->session->is_identifying) {
        say_next(client);
    }
    if (!client->socket.is_closed && is_waiting(client) && !is_late) {
        return false;
    }
    end(client);
    return true;
}

static void run(const uint8_t *bytes, size_t size_bytes, char who) {
    struct client client = {.at = bytes, .end = bytes + size_bytes, .who = who};
    inner_server_run(work, &client);
}

static void put_in_order(void) {
    static uint64_t ended;
    char text[2048] = "{\"type\":\"act\",\"id\":1,\"act\":{\"kind\":\"mode\",\"mode\":\"open\"}}";
    uint64_t newest = inner_server_sanctions();
    newest = newest > ended + SANCTIONS_AT_ONCE ? ended + SANCTIONS_AT_ONCE : newest;
    while (ended < newest) {
        const size_t used = strlen(text);
        (void)snprintf(text + used, sizeof text - used,
                       "\n--\n{\"type\":\"sanction_end\",\"id\":2,\"sanction\":%llu}",
                       (unsigned long long)++ended);
    }
    run((const uint8_t *)text, strlen(text), 'm');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes) {
    static uint32_t count;
    if (size_bytes < 2) {
        return 0;
    }
    inner_server_start();
    run(bytes + 1, size_bytes - 1, (char)bytes[0]);
    if (++count % ORDER_EVERY == 0) {
        put_in_order();
    }
    return 0;
}
