/* kolam admin: its subcommands, each a small verb of its own, and what they share: the common options, the conversation
 * with the server, printing. */
#ifndef KOLAM_TOOLS_ADMIN_H
#define KOLAM_TOOLS_ADMIN_H

#include <jansson.h>

#include "http.h"
#include "verb_options.h"
#include "ws_client.h"

/* A subcommand. argv[0] is "admin NAME", for messages; returns the exit status. */
struct kolam_admin_command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
};

/* The groups, each in a file of its own; a row without a name ends them. */
extern const struct kolam_admin_command kolam_admin_order[];  /* admin_order.c */
extern const struct kolam_admin_command kolam_admin_acts[];   /* admin_acts.c */
extern const struct kolam_admin_command kolam_admin_people[]; /* admin_people.c */

/* What every subcommand's arguments begin with. */
struct kolam_admin {
    const char *title; /* argv[0] */
    const char *server, *data, *canvas, *token_file;
    bool is_json, wants_help;
    /* The conversation. */
    struct kolam_url url;
    struct kolam_ws *ws;
    json_t *welcome;
    uint64_t asked; /* questions so far */
    const char *wanted;
    json_t *answer;
    struct kolam_error error;
};

/* The rows of the common options in a table of kolam_verb_option; `member` is the struct kolam_admin in the arguments. */
#define KOLAM_ADMIN_OPTION(type, member, option, field, its_kind)                                  \
    {                                                                                              \
        .name = option, .kind = its_kind,                                                          \
        .offset = offsetof(type, member) + offsetof(struct kolam_admin, field)                     \
    }
#define KOLAM_ADMIN_OPTIONS(type, member)                                                          \
    KOLAM_ADMIN_OPTION(type, member, "server", server, KOLAM_OPTION_TEXT),                         \
        KOLAM_ADMIN_OPTION(type, member, "data", data, KOLAM_OPTION_TEXT),                         \
        KOLAM_ADMIN_OPTION(type, member, "admin-token-file", token_file, KOLAM_OPTION_TEXT),       \
        KOLAM_ADMIN_OPTION(type, member, "canvas", canvas, KOLAM_OPTION_TEXT),                     \
        KOLAM_ADMIN_OPTION(type, member, "json", is_json, KOLAM_OPTION_FLAG), {                    \
        .name = "help", .kind = KOLAM_OPTION_FLAG, .letter = 'h',                                  \
        .offset = offsetof(type, member) + offsetof(struct kolam_admin, wants_help)                \
    }

/* The end of each subcommand's help. */
#define KOLAM_ADMIN_HELP                                                                           \
    "\n"                                                                                           \
    "  --canvas NAME            the wall; default main\n"                                          \
    "  --server URL             the running server ($KOLAM_SERVER; default "                       \
    "http://127.0.0.1:7700)\n"                                                                     \
    "  --data DIR               its data folder, for the admin token ($KOLAM_DATA; default "       \
    "./kolam-data)\n"                                                                              \
    "  --admin-token-file FILE  the token's file, if it is not DIR/admin.token; or the token "     \
    "itself in\n"                                                                                  \
    "                           $KOLAM_ADMIN_TOKEN\n"                                              \
    "  --json                   the server's answer as one JSON object\n"

/* Reads the options into `arguments`, whose kolam_admin is `admin`, and answers --help. False: it is over, with
 * *out_status. */
bool kolam_admin_parse(struct kolam_admin *admin, int argc, char **argv, const char *help,
                       const struct kolam_verb_option *options, size_t count, void *arguments,
                       int *out_status);
/* What is wrong with what was said on the command line: told; the exit status. */
int kolam_admin_misused(const struct kolam_admin *admin, const char *format, ...)
    KOLAM_PRINTF(2, 3);

/* Connects, says hello with the admin token, waits for welcome. False: told, and the exit status is 1 (or 2) as in
 * *out_status. kolam_admin_close ends it. */
bool kolam_admin_open(struct kolam_admin *admin, int *out_status);
void kolam_admin_close(struct kolam_admin *admin);
/* Sends the question (taken over; it gets an id) and waits for the message of that type with its id, which the caller
 * decrefs. False: told what the server said. */
bool kolam_admin_ask(struct kolam_admin *admin, json_t *question, const char *wanted,
                     json_t **out_answer);
/* All of it: opens, asks, prints (by `print`, or as JSON), closes; the exit status. */
int kolam_admin_converse(struct kolam_admin *admin, json_t *question, const char *wanted,
                         void (*print)(const struct kolam_admin *admin, const json_t *answer));
/* Prints an answer as JSON, without what belongs to the conversation. */
void kolam_admin_print_json(const json_t *answer);

/* The artist that `text` means, a number or the whole name, on the open conversation's canvas. False: told. */
bool kolam_admin_artist(struct kolam_admin *admin, const char *text, uint32_t *out_artist);
/* "90s", "15m", "2h", "7d", "4w": milliseconds, at least 1 s; false for anything else. */
bool kolam_admin_duration(const char *text, int64_t *out_ms);
/* "2026-11-22 03:15", in UTC. */
const char *kolam_admin_time(const json_t *time_ms, char out_text[32]);
/* "until 2026-11-22 03:15"; "for good" for null. */
const char *kolam_admin_until(const json_t *time_ms, char out_text[40]);
/* An area's name, level and rectangle, behind its kind; an act of the audit, as a line. */
void kolam_admin_print_area(const json_t *area);
void kolam_admin_print_act(const json_t *entry);
/* A string of the answer, or "". */
const char *kolam_admin_text(const json_t *object, const char *key);

#endif
