/* What the subcommands of kolam admin share: options, one conversation with the server, the names of artists. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "client.h"
#include "kolam/folder.h"
#include "kolam/identity.h"
#include "tool.h"
#include "wall.h"

#define ANSWER_MS 60000
#define COUNT_MAX 100000000 /* seconds, weeks, ... in a duration */
#define SERVER_DEFAULT "http://127.0.0.1:7700"

/* ---- options ---- */

bool kolam_admin_parse(struct kolam_admin *admin, int argc, char **argv, const char *help,
                       const struct kolam_verb_option *options, size_t count, void *arguments,
                       int *out_status) {
    admin->title = argv[0];
    admin->canvas = "main";
    *out_status = KOLAM_EXIT_USAGE;
    if (!kolam_verb_parse(argc, argv, options, count, arguments)) {
        return false;
    }
    if (admin->wants_help) {
        fputs(help, stdout);
        fputs(KOLAM_ADMIN_HELP, stdout);
        *out_status = KOLAM_EXIT_OK;
        return false;
    }
    if (!kolam_canvas_name_is_valid(admin->canvas)) {
        *out_status = kolam_admin_misused(
            admin, "'%.80s' is no name of a canvas (a-z 0-9 - _, at most 64)", admin->canvas);
        return false;
    }
    return true;
}

int kolam_admin_misused(const struct kolam_admin *admin, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return kolam_tool_misused(admin->title, "%s", text);
}

bool kolam_admin_duration(const char *text, int64_t *out_ms) {
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}, {'w', 604800000}};
    char *rest;
    if (*text < '0' || *text > '9') {
        return false;
    }
    long long count = strtoll(text, &rest, 10);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (rest[0] == units[i].unit && rest[1] == '\0') {
            *out_ms = count >= 1 && count <= COUNT_MAX ? count * units[i].ms : 0;
            return *out_ms > 0;
        }
    }
    return false;
}

/* ---- the conversation ---- */

static enum kolam_status on_message(void *ctx, enum kolam_ws_opcode opcode, const uint8_t *payload,
                                    size_t size_bytes) {
    struct kolam_admin *admin = ctx;
    const char *type;
    json_t *message =
        opcode == KOLAM_WS_TEXT ? kolam_client_parse(payload, size_bytes, &type) : NULL;
    if (!message || admin->answer) {
        json_decref(message);
        return KOLAM_OK;
    }
    const json_t *id = json_object_get(message, "id");
    const bool is_ours = !json_is_integer(id) || (uint64_t)json_integer_value(id) == admin->asked;
    enum kolam_status status = KOLAM_OK;
    if (is_ours && strcmp(type, "error") == 0) {
        status = kolam_client_refused(message, &admin->error);
    } else if (is_ours && strcmp(type, admin->wanted) == 0) {
        admin->answer = json_incref(message);
    }
    json_decref(message);
    return status;
}

static bool failed(struct kolam_admin *admin) {
    kolam_tool_failed(admin->title, "%s", admin->error.text);
    return false;
}

static bool wait_for(struct kolam_admin *admin, const char *wanted, json_t **out_answer) {
    const int64_t deadline_ms = kolam_tool_now_ms() + ANSWER_MS;
    admin->wanted = wanted;
    admin->answer = NULL;
    while (!admin->answer) {
        const int64_t left_ms = deadline_ms - kolam_tool_now_ms();
        enum kolam_status status =
            left_ms > 0
                ? kolam_ws_step(admin->ws, (int)left_ms, -1, on_message, admin, &admin->error)
                : kolam_fail(&admin->error, KOLAM_ERR_IO, "the server does not answer");
        if (status != KOLAM_OK) {
            json_decref(admin->answer);
            return failed(admin);
        }
    }
    *out_answer = admin->answer;
    return true;
}

/* The admin token, from where it may be. False: told. */
static bool find_token(struct kolam_admin *admin, char token[65], int *out_status) {
    char path[KOLAM_PATH_MAX];
    const char *text = kolam_tool_setting(NULL, "KOLAM_ADMIN_TOKEN");
    *out_status = KOLAM_EXIT_FAILURE;
    if (!admin->token_file && !admin->data && text) {
        if (!kolam_tool_token_is_valid(text)) {
            *out_status =
                kolam_admin_misused(admin, "$KOLAM_ADMIN_TOKEN holds no token (64 hex digits)");
            return false;
        }
        memcpy(token, text, 65);
        return true;
    }
    const char *file = admin->token_file;
    if (!file) {
        const char *data = kolam_tool_setting(admin->data, "KOLAM_DATA");
        int length = snprintf(path, sizeof path, "%s/admin.token", data ? data : "./kolam-data");
        if (length < 0 || (size_t)length >= sizeof path) {
            *out_status = kolam_admin_misused(admin, "--data: the path is too long");
            return false;
        }
        file = path;
    }
    return kolam_tool_read_token(file, token, &admin->error) == KOLAM_OK || failed(admin);
}

bool kolam_admin_open(struct kolam_admin *admin, int *out_status) {
    char token[65];
    struct kolam_hello hello = {.canvas = admin->canvas, .admin_token = token};
    const char *server = kolam_tool_setting(admin->server, "KOLAM_SERVER");
    server = server ? server : SERVER_DEFAULT;
    if (!find_token(admin, token, out_status)) {
        return false;
    }
    *out_status = KOLAM_EXIT_USAGE;
    admin->server = server;
    if (kolam_url_parse(server, &admin->url, &admin->error) != KOLAM_OK) {
        kolam_admin_misused(admin, "%s", admin->error.text);
        return false;
    }
    *out_status = KOLAM_EXIT_FAILURE;
    kolam_random_bytes(&hello.nonce, sizeof hello.nonce);
    if (kolam_client_connect(&admin->url, &hello, &admin->ws, &admin->error) != KOLAM_OK) {
        return failed(admin);
    }
    return wait_for(admin, "welcome", &admin->welcome);
}

void kolam_admin_close(struct kolam_admin *admin) {
    json_decref(admin->welcome);
    admin->welcome = NULL;
    kolam_ws_close(admin->ws);
    admin->ws = NULL;
}

bool kolam_admin_ask(struct kolam_admin *admin, json_t *question, const char *wanted,
                     json_t **out_answer) {
    admin->asked++;
    if (question) {
        json_object_set_new(question, "id", json_integer((json_int_t)admin->asked));
    }
    enum kolam_status status = kolam_client_send(admin->ws, question);
    if (status != KOLAM_OK) {
        (void)kolam_fail(&admin->error, status, "%s", kolam_status_text(status));
        return failed(admin);
    }
    return wait_for(admin, wanted, out_answer);
}

int kolam_admin_converse(struct kolam_admin *admin, json_t *question, const char *wanted,
                         void (*print)(const struct kolam_admin *admin, const json_t *answer)) {
    json_t *answer;
    int status;
    if (!admin->ws && !kolam_admin_open(admin, &status)) {
        json_decref(question);
        kolam_admin_close(admin);
        return status;
    }
    const bool is_answered = kolam_admin_ask(admin, question, wanted, &answer);
    if (is_answered) {
        if (admin->is_json) {
            kolam_admin_print_json(answer);
        } else {
            print(admin, answer);
        }
        json_decref(answer);
    }
    kolam_admin_close(admin);
    return is_answered ? KOLAM_EXIT_OK : KOLAM_EXIT_FAILURE;
}

/* ---- what is said and shown ---- */

void kolam_admin_print_json(const json_t *answer) {
    json_t *shown = json_copy((json_t *)(uintptr_t)answer);
    json_object_del(shown, "type");
    json_object_del(shown, "id");
    char *text = shown ? json_dumps(shown, JSON_COMPACT) : NULL;
    puts(text ? text : "{}");
    free(text); /* jansson's */
    json_decref(shown);
}

const char *kolam_admin_text(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? kolam_tool_plain((char *)(uintptr_t)text) : ""; /* the answer is ours */
}

/* Those of the name exactly, among what the search finds. */
static bool artist_of_name(struct kolam_admin *admin, const char *text, uint32_t *out_artist) {
    char escaped[512], target[KOLAM_WALL_TARGET_MAX];
    json_t *answer, *artist;
    size_t i;
    uint32_t count = 0;
    if (!kolam_wall_escape(text, escaped, sizeof escaped)) {
        (void)kolam_fail(&admin->error, KOLAM_ERR_INVALID, "'%.80s...' is no name", text);
        return failed(admin);
    }
    snprintf(target, sizeof target, "/api/canvas/%s/search?limit=32&q=%s", admin->canvas, escaped);
    if (kolam_wall_get_json(admin->server, target, &answer, &admin->error) != KOLAM_OK) {
        return failed(admin);
    }
    json_array_foreach(json_object_get(answer, "artists"), i, artist) {
        if (strcmp(kolam_admin_text(artist, "name"), text) == 0) {
            *out_artist = (uint32_t)json_integer_value(json_object_get(artist, "artist"));
            count++;
        }
    }
    json_decref(answer);
    if (count != 1) {
        (void)kolam_fail(&admin->error, KOLAM_ERR_NOT_FOUND,
                         count ? "more than one artist is called '%.80s': give the number"
                               : "there is no artist '%.80s' on this wall",
                         text);
        return failed(admin);
    }
    return true;
}

bool kolam_admin_artist(struct kolam_admin *admin, const char *text, uint32_t *out_artist) {
    uint64_t number;
    if (kolam_tool_parse_u64(text, &number) && number >= 1 && number <= UINT32_MAX) {
        *out_artist = (uint32_t)number;
        return true;
    }
    return artist_of_name(admin, text, out_artist);
}
