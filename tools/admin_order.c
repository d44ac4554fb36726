/* kolam admin: what is decided about people: mute, slow, suspend, ban, their ends, whence they connect; reports; the audit, and
 * undoing what is in it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin.h"
#include "tool.h"
#include "wall.h"

#define LIMIT_DEFAULT "50"

struct arguments {
    struct kolam_admin admin;
    const char *prefix, *duration, *until, *why, *outcome, *limit, *before;
    bool is_hidden, bans_watching, is_everywhere, is_closed;
};

#define AT(member) offsetof(struct arguments, member)
#define TEXT(option, member)                                                                       \
    { .name = option, .kind = KOLAM_OPTION_TEXT, .offset = AT(member) }
#define FLAG(option, member)                                                                       \
    { .name = option, .kind = KOLAM_OPTION_FLAG, .offset = AT(member) }

#define WHO_HELP                                                                                   \
    "  --prefix PREFIX          instead of an artist: addresses that begin alike: "                \
    "203.0.113.0/24\n"
#define END_HELP                                                                                   \
    "  --for DURATION           for so long: 90s, 15m, 2h, 7d, 4w; default: until it is ended\n"   \
    "  --until TIME             the same as a time: 2026-11-22T18:00:00Z\n"                        \
    "  --why TEXT               the reason: whom it concerns is told\n"                            \
    "  --everywhere             on all canvases of the server\n"

/* ---- what is shown ---- */

static const char *whom_of(const json_t *sanction, char out_text[240]) {
    const json_t *artist = json_object_get(sanction, "artist");
    const char *prefix = json_string_value(json_object_get(sanction, "prefix"));
    const char *name = kolam_admin_text(sanction, "name");
    if (prefix) {
        snprintf(out_text, 240, "%s", prefix);
    } else if (json_is_integer(artist)) {
        snprintf(out_text, 240, "%s (artist %" JSON_INTEGER_FORMAT ")",
                 name[0] ? name : "former artist", json_integer_value(artist));
    } else {
        snprintf(out_text, 240, "%s", name[0] ? name : "a prefix that was forgotten");
    }
    return out_text;
}

static void print_sanction(const json_t *sanction) {
    char whom[240], from[32], until[40];
    const char *why = kolam_admin_text(sanction, "why");
    printf("%6" JSON_INTEGER_FORMAT "  %-7s  %s  %s  %s%s%s%s  by %s%s%s\n",
           json_integer_value(json_object_get(sanction, "sanction")),
           kolam_admin_text(sanction, "kind"),
           kolam_admin_time(json_object_get(sanction, "from"), from), whom_of(sanction, whom),
           kolam_admin_until(json_object_get(sanction, "until"), until),
           json_is_true(json_object_get(sanction, "hidden")) ? ", hidden" : "",
           json_is_true(json_object_get(sanction, "ban_watching")) ? ", not even looking" : "",
           json_is_true(json_object_get(sanction, "everywhere")) ? ", everywhere" : "",
           kolam_admin_text(sanction, "by"), why[0] ? ": " : "", why);
}

static void print_one_sanction(const struct kolam_admin *admin, const json_t *answer) {
    (void)admin;
    print_sanction(json_object_get(answer, "sanction"));
}

static void print_ended(const struct kolam_admin *admin, const json_t *answer) {
    fputs("ended: ", stdout);
    print_one_sanction(admin, answer);
}

static void print_sanctions(const struct kolam_admin *admin, const json_t *answer) {
    const json_t *list = json_object_get(answer, "sanctions");
    (void)admin;
    for (size_t i = 0; i < json_array_size(list); i++) {
        print_sanction(json_array_get(list, i));
    }
    if (json_array_size(list) == 0) {
        puts("no sanction is in force here");
    }
}

static void print_report(const json_t *report) {
    char time[32], closed[32];
    const json_t *place = json_object_get(report, "place");
    const json_t *artist = json_object_get(report, "artist");
    printf(
        "%6" JSON_INTEGER_FORMAT "  %s  %s", json_integer_value(json_object_get(report, "report")),
        kolam_admin_time(json_object_get(report, "time"), time), kolam_admin_text(report, "kind"));
    if (json_is_integer(artist)) {
        printf(" of %s (artist %" JSON_INTEGER_FORMAT ")", kolam_admin_text(report, "name"),
               json_integer_value(artist));
    }
    if (json_is_object(place)) {
        printf(" at level %d: %s,%s,%" JSON_INTEGER_FORMAT ",%" JSON_INTEGER_FORMAT,
               (int)json_integer_value(json_object_get(place, "level")),
               kolam_admin_text(place, "x"), kolam_admin_text(place, "y"),
               json_integer_value(json_object_get(place, "width")),
               json_integer_value(json_object_get(place, "height")));
    }
    printf("  by %s: %s\n",
           kolam_admin_text(report, "by")[0] ? kolam_admin_text(report, "by") : "a watcher",
           kolam_admin_text(report, "text"));
    if (json_object_get(report, "closed")) {
        printf("        closed %s by %s: %s\n",
               kolam_admin_time(json_object_get(report, "closed"), closed),
               kolam_admin_text(report, "closed_by"), kolam_admin_text(report, "outcome"));
    }
}

static void print_reports(const struct kolam_admin *admin, const json_t *answer) {
    const json_t *list = json_object_get(answer, "reports");
    (void)admin;
    for (size_t i = 0; i < json_array_size(list); i++) {
        print_report(json_array_get(list, i));
    }
    if (json_array_size(list) == 0) {
        puts("no reports");
    }
}

static void print_closed(const struct kolam_admin *admin, const json_t *answer) {
    (void)admin;
    print_report(json_object_get(answer, "report"));
}

static void print_audit(const struct kolam_admin *admin, const json_t *answer) {
    const json_t *list = json_object_get(answer, "entries");
    const char *next = json_string_value(json_object_get(answer, "next"));
    char time[32];
    (void)admin;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *what = kolam_admin_text(entry, "what");
        printf("%s  %-20s  ", kolam_admin_time(json_object_get(entry, "time"), time),
               kolam_admin_text(entry, "by"));
        if (strcmp(what, "act") == 0) {
            kolam_admin_print_act(entry);
        } else {
            printf("%s: ", strcmp(what, "sanction") == 0       ? "sanctioned"
                           : strcmp(what, "sanction_end") == 0 ? "ended"
                                                               : "closed");
            if (json_object_get(entry, "sanction")) {
                print_sanction(json_object_get(entry, "sanction"));
            } else {
                print_report(json_object_get(entry, "report"));
            }
        }
    }
    if (next) {
        printf("there is more: --before %s\n", next);
    }
}

static void print_done(const struct kolam_admin *admin, const json_t *answer) {
    (void)admin;
    printf("taken back%s%s\n", kolam_admin_text(answer, "act")[0] ? ": act " : "",
           kolam_admin_text(answer, "act"));
}

/* ---- parsing ---- */

static bool parse(struct arguments *arguments, int argc, char **argv, const char *help,
                  const struct kolam_verb_option *options, size_t count, int words,
                  const char *usage, int *out_status) {
    if (!kolam_admin_parse(&arguments->admin, argc, argv, help, options, count, arguments,
                           out_status)) {
        return false;
    }
    const int wanted = arguments->prefix ? 0 : words;
    if (argc - optind != wanted) {
        *out_status = kolam_admin_misused(&arguments->admin, "%s", usage);
        return false;
    }
    return true;
}

/* The end as a member of the question; false: told. */
static bool put_end(struct arguments *arguments, json_t *question) {
    struct kolam_moment moment;
    int64_t for_ms;
    if (arguments->duration && arguments->until) {
        kolam_admin_misused(&arguments->admin, "--for and --until exclude each other");
        return false;
    }
    if (arguments->duration) {
        if (!kolam_admin_duration(arguments->duration, &for_ms)) {
            kolam_admin_misused(&arguments->admin, "--for %.40s is no duration like 15m, 2h or 7d",
                                arguments->duration);
            return false;
        }
        json_object_set_new(question, "for_s", json_integer(for_ms / 1000));
    }
    if (arguments->until) {
        if (kolam_moment_parse(arguments->until, strlen(arguments->until), &moment) != KOLAM_OK ||
            !moment.is_time) {
            kolam_admin_misused(&arguments->admin,
                                "--until %.40s is no time like 2026-11-22T18:00:00Z",
                                arguments->until);
            return false;
        }
        json_object_set_new(question, "until", json_integer(moment.time_ms));
    }
    return true;
}

static int give_up(struct arguments *arguments, json_t *question, int status) {
    json_decref(question);
    kolam_admin_close(&arguments->admin);
    return status;
}

/* Asks about the artist of the first word; the question is taken over. */
static int ask_about(struct arguments *arguments, const char *word, json_t *question,
                     const char *wanted,
                     void (*print)(const struct kolam_admin *admin, const json_t *answer)) {
    uint32_t artist;
    int status;
    if (!kolam_admin_open(&arguments->admin, &status)) {
        return give_up(arguments, question, status);
    }
    if (word) {
        if (!kolam_admin_artist(&arguments->admin, word, &artist)) {
            return give_up(arguments, question, KOLAM_EXIT_FAILURE);
        }
        json_object_set_new(question, "artist", json_integer((json_int_t)artist));
    }
    return kolam_admin_converse(&arguments->admin, question, wanted, print);
}

/* ---- mute, slow, suspend, ban ---- */

static const struct kolam_verb_option sanction_options[] = {
    KOLAM_ADMIN_OPTIONS(struct arguments, admin),
    TEXT("prefix", prefix),
    TEXT("for", duration),
    TEXT("until", until),
    TEXT("why", why),
    FLAG("everywhere", is_everywhere),
    /* only ban: */
    FLAG("hidden", is_hidden),
    FLAG("ban-watching", bans_watching),
};
enum { BAN_OPTIONS = sizeof sanction_options / sizeof sanction_options[0] };

static int sanction(int argc, char **argv, const char *kind, const char *help, size_t count) {
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, sanction_options, count, 1,
               "name one artist, or give --prefix", &status)) {
        return status;
    }
    json_t *question = json_pack("{s:s,s:s,s:b,s:b,s:b}", "type", "sanction", "kind", kind,
                                 "hidden", arguments.is_hidden, "ban_watching",
                                 arguments.bans_watching, "everywhere", arguments.is_everywhere);
    if (arguments.why) {
        json_object_set_new(question, "why", json_string(arguments.why));
    }
    if (arguments.prefix) {
        json_object_set_new(question, "prefix", json_string(arguments.prefix));
    }
    if (!put_end(&arguments, question)) {
        return give_up(&arguments, question, KOLAM_EXIT_USAGE);
    }
    return ask_about(&arguments, arguments.prefix ? NULL : argv[optind], question, "sanction",
                     print_one_sanction);
}

static int run_mute(int argc, char **argv) {
    static const char help[] =
        "kolam admin mute ARTIST [--for DURATION] [--why TEXT]\n"
        "They draw, but have no cursor, name no places and cannot call themselves something "
        "else.\n\n" WHO_HELP END_HELP;
    return sanction(argc, argv, "mute", help, BAN_OPTIONS - 2);
}

static int run_slow(int argc, char **argv) {
    static const char help[] = "kolam admin slow ARTIST [--for DURATION] [--why TEXT]\n"
                               "They draw three strokes at once, and then one in five "
                               "seconds.\n\n" WHO_HELP END_HELP;
    return sanction(argc, argv, "slow", help, BAN_OPTIONS - 2);
}

static int run_suspend(int argc, char **argv) {
    static const char help[] =
        "kolam admin suspend ARTIST [--for DURATION] [--why TEXT]\n"
        "They look on and are seen, but change nothing.\n\n" WHO_HELP END_HELP;
    return sanction(argc, argv, "suspend", help, BAN_OPTIONS - 2);
}

static int run_ban(int argc, char **argv) {
    static const char help[] =
        "kolam admin ban ARTIST [--for DURATION] [--why TEXT] [--hidden]\n"
        "kolam admin ban --prefix PREFIX --for DURATION [--ban-watching]\n"
        "They look on as watchers do, without being seen. By prefix it lasts 30 days at most: "
        "addresses\n"
        "change hands.\n\n" WHO_HELP END_HELP
        "  --hidden                 they are not told: what they draw is taken, and nobody sees "
        "it\n"
        "  --ban-watching           with --prefix: not even looking\n"
        "\n"
        "  kolam admin ban 'Quiet Heron' --for 7d --why 'drew over the old kolam again'\n"
        "  kolam admin ban --prefix 203.0.113.0/24 --for 12h --why 'a flood'\n";
    return sanction(argc, argv, "ban", help, BAN_OPTIONS);
}

/* ---- the rest ---- */

static const struct kolam_verb_option other_options[] = {
    KOLAM_ADMIN_OPTIONS(struct arguments, admin),
    TEXT("before", before),
    TEXT("limit", limit),
    FLAG("closed", is_closed),
    TEXT("outcome", outcome),
};
enum { OTHER_OPTIONS = sizeof other_options / sizeof other_options[0], NONE = OTHER_OPTIONS - 4 };

/* "17": a number of something. False: told. */
static bool put_number(struct arguments *arguments, json_t *question, const char *key,
                       const char *text) {
    uint64_t number;
    if (!kolam_tool_parse_u64(text, &number) || number > INT64_MAX) {
        kolam_admin_misused(&arguments->admin, "%.40s is no number", text);
        return false;
    }
    json_object_set_new(question, key, json_integer((json_int_t)number));
    return true;
}

static int run_end(int argc, char **argv) {
    static const char help[] = "kolam admin end SANCTION\n"
                               "Ends a sanction: its number is what `kolam admin sanctions` "
                               "tells.\n";
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, other_options, NONE, 1, "give a sanction's number",
               &status)) {
        return status;
    }
    json_t *question = json_pack("{s:s}", "type", "sanction_end");
    if (!put_number(&arguments, question, "sanction", argv[optind])) {
        return give_up(&arguments, question, KOLAM_EXIT_USAGE);
    }
    return kolam_admin_converse(&arguments.admin, question, "sanction_ended", print_ended);
}

static int run_sanctions(int argc, char **argv) {
    static const char help[] = "kolam admin sanctions [--before SANCTION]\n"
                               "Who is muted, slowed, suspended or banned here, the newest "
                               "first.\n\n"
                               "  --before SANCTION        those older than that one\n";
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, other_options, NONE + 1, 0,
               "sanctions takes options only", &status)) {
        return status;
    }
    json_t *question = json_pack("{s:s}", "type", "sanctions");
    if (arguments.before && !put_number(&arguments, question, "before", arguments.before)) {
        return give_up(&arguments, question, KOLAM_EXIT_USAGE);
    }
    return kolam_admin_converse(&arguments.admin, question, "sanctions", print_sanctions);
}

static void print_whence(const struct kolam_admin *admin, const json_t *answer) {
    const json_t *list = json_object_get(answer, "prefixes");
    (void)admin;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *prefix = json_string_value(json_array_get(list, i));
        puts(prefix ? kolam_tool_plain((char *)(uintptr_t)prefix) : "");
    }
    if (json_array_size(list) == 0) {
        puts("not seen in the last day");
    }
}

static int run_whence(int argc, char **argv) {
    static const char help[] = "kolam admin whence ARTIST\n"
                               "The prefixes of addresses from which somebody connected in the "
                               "last day.\n";
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, other_options, NONE, 1, "name one artist", &status)) {
        return status;
    }
    return ask_about(&arguments, argv[optind], json_pack("{s:s}", "type", "whence"), "whence",
                     print_whence);
}

static int run_reports(int argc, char **argv) {
    static const char help[] = "kolam admin reports [--closed] [--before REPORT]\n"
                               "What was reported and waits, the newest first.\n\n"
                               "  --before REPORT          those older than that one\n"
                               "  --closed                 those that were looked at\n";
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, other_options, NONE + 3, 0,
               "reports takes options only", &status)) {
        return status;
    }
    json_t *question =
        json_pack("{s:s,s:s}", "type", "reports", "state", arguments.is_closed ? "closed" : "open");
    if (arguments.before && !put_number(&arguments, question, "before", arguments.before)) {
        return give_up(&arguments, question, KOLAM_EXIT_USAGE);
    }
    return kolam_admin_converse(&arguments.admin, question, "reports", print_reports);
}

static int run_report_close(int argc, char **argv) {
    static const char help[] = "kolam admin report-close REPORT [--outcome TEXT]\n"
                               "A report was looked at.\n\n"
                               "  --outcome TEXT           what came of it: whoever made the "
                               "report reads it\n";
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, other_options, OTHER_OPTIONS, 1,
               "give a report's number", &status)) {
        return status;
    }
    json_t *question = json_pack("{s:s}", "type", "report_close");
    if (arguments.outcome) {
        json_object_set_new(question, "outcome", json_string(arguments.outcome));
    }
    if (!put_number(&arguments, question, "report", argv[optind])) {
        return give_up(&arguments, question, KOLAM_EXIT_USAGE);
    }
    return kolam_admin_converse(&arguments.admin, question, "report_closed", print_closed);
}

static int run_audit(int argc, char **argv) {
    static const char help[] =
        "kolam admin audit [--limit N] [--before PLACE]\n"
        "What moderators and owners did, the newest first.\n\n"
        "  --before PLACE           older than that, as the end of a page "
        "tells it\n"
        "  --limit N                at most so many, 1 to 200; default " LIMIT_DEFAULT "\n";
    struct arguments arguments = {.limit = LIMIT_DEFAULT};
    int status;
    if (!parse(&arguments, argc, argv, help, other_options, NONE + 2, 0, "audit takes options only",
               &status)) {
        return status;
    }
    json_t *question = json_pack("{s:s}", "type", "audit");
    if (arguments.before) {
        json_object_set_new(question, "before", json_string(arguments.before));
    }
    if (!put_number(&arguments, question, "limit", arguments.limit)) {
        return give_up(&arguments, question, KOLAM_EXIT_USAGE);
    }
    return kolam_admin_converse(&arguments.admin, question, "audit", print_audit);
}

static int run_undo(int argc, char **argv) {
    static const char help[] = "kolam admin undo ACT\n"
                               "Takes back an act: a mode, an area, a role, votes; a rollback "
                               "is shown again. Its number is\n"
                               "what doing it told, and what `kolam admin audit` tells. Sanctions: "
                               "`kolam admin end`.\n";
    struct arguments arguments = {0};
    uint64_t number;
    int status;
    if (!parse(&arguments, argc, argv, help, other_options, NONE, 1, "give an act's number",
               &status)) {
        return status;
    }
    if (!kolam_tool_parse_u64(argv[optind], &number)) {
        return kolam_admin_misused(&arguments.admin, "%.40s is no number", argv[optind]);
    }
    return kolam_admin_converse(&arguments.admin,
                                json_pack("{s:s,s:s}", "type", "undo", "act", argv[optind]),
                                "acted", print_done);
}

const struct kolam_admin_command kolam_admin_order[] = {
    {"mute", "they draw, and say nothing", run_mute},
    {"slow", "they draw little", run_slow},
    {"suspend", "they look on, and do not draw", run_suspend},
    {"ban", "they look on at most; by person or address prefix", run_ban},
    {"end", "a sanction is over", run_end},
    {"sanctions", "who is muted, slowed, suspended or banned", run_sanctions},
    {"whence", "from which address prefixes somebody connects", run_whence},
    {"reports", "what was reported", run_reports},
    {"report-close", "a report was looked at", run_report_close},
    {"audit", "what moderators and owners did", run_audit},
    {"undo", "take back an act: a mode, an area, a role, a rollback", run_undo},
    {0},
};
