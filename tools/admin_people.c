/* kolam admin: who people are: invitations, and, for those who ask for it, merging two artists who are one person, telling all that is
 * known of somebody, and erasing them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "tool.h"

struct arguments {
    struct kolam_admin admin;
    const char *uses, *days, *note;
    bool is_withdrawn, is_sure;
};

#define AT(member) offsetof(struct arguments, member)
#define TEXT(option, member)                                                                       \
    { .name = option, .kind = KOLAM_OPTION_TEXT, .offset = AT(member) }
#define FLAG(option, member)                                                                       \
    { .name = option, .kind = KOLAM_OPTION_FLAG, .offset = AT(member) }

static const struct kolam_verb_option options[] = {
    KOLAM_ADMIN_OPTIONS(struct arguments, admin),
    TEXT("uses", uses),
    TEXT("days", days),
    TEXT("note", note),
    FLAG("withdraw", is_withdrawn),
    FLAG("yes", is_sure),
};
#define OPTIONS (sizeof options / sizeof options[0])

static bool parse(struct arguments *arguments, int argc, char **argv, const char *help, int words,
                  const char *usage, int *out_status) {
    if (!kolam_admin_parse(&arguments->admin, argc, argv, help, options, OPTIONS, arguments,
                           out_status)) {
        return false;
    }
    *out_status = KOLAM_EXIT_USAGE;
    if (argc - optind != words) {
        kolam_admin_misused(&arguments->admin, "%s", usage);
        return false;
    }
    return true;
}

/* "1" to "max"; 0: it is none. */
static json_int_t number_of(const char *text, uint64_t max) {
    uint64_t value;
    return kolam_tool_parse_u64(text, &value) && value <= max ? (json_int_t)value : 0;
}

/* ---- invitations ---- */

static void print_invitation(const struct kolam_admin *admin, const json_t *answer) {
    char until[32];
    (void)admin;
    printf("invitation %" JSON_INTEGER_FORMAT ": %s on %s, for %" JSON_INTEGER_FORMAT
           ", until %s\nthe link, told this once:\n",
           json_integer_value(json_object_get(answer, "invitation")),
           kolam_admin_text(answer, "role"), kolam_admin_text(answer, "canvas"),
           json_integer_value(json_object_get(answer, "uses")),
           kolam_admin_time(json_object_get(answer, "until"), until));
    printf("  /c/%s#invite=%s\n(after the address of the wall)\n",
           kolam_admin_text(answer, "canvas"), kolam_admin_text(answer, "code"));
}

static int run_invite(int argc, char **argv) {
    static const char help[] =
        "kolam admin invite newcomer|artist|mentor|moderator [--uses N] [--days N]\n"
        "Makes a link that gives whoever comes by it that role on the canvas.\n"
        "\n"
        "  --uses N                 for so many people, 1 to 1000; default 1\n"
        "  --days N                 so long, 1 to 366; default 7\n"
        "  --note TEXT              for yourself: whom it is for\n";
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, 1, "a role is newcomer, artist, mentor or moderator",
               &status)) {
        return status;
    }
    json_t *question = json_pack("{s:s,s:s}", "type", "invite", "role", argv[optind]);
    if (arguments.uses) {
        const json_int_t uses = number_of(arguments.uses, 1000);
        json_object_set_new(question, "uses", json_integer(uses));
        status =
            uses ? KOLAM_EXIT_OK : kolam_admin_misused(&arguments.admin, "--uses is 1 to 1000");
    } else {
        status = KOLAM_EXIT_OK;
    }
    if (arguments.days && status == KOLAM_EXIT_OK) {
        const json_int_t days = number_of(arguments.days, 366);
        json_object_set_new(question, "days", json_integer(days));
        status = days ? KOLAM_EXIT_OK : kolam_admin_misused(&arguments.admin, "--days is 1 to 366");
    }
    if (status != KOLAM_EXIT_OK) {
        json_decref(question);
        return status;
    }
    if (arguments.note) {
        json_object_set_new(question, "note", json_string(arguments.note));
    }
    return kolam_admin_converse(&arguments.admin, question, "invitation", print_invitation);
}

static void print_invitations(const struct kolam_admin *admin, const json_t *answer) {
    const json_t *list = json_object_get(answer, "list");
    size_t i;
    json_t *one;
    (void)admin;
    if (json_array_size(list) == 0) {
        puts("no invitations");
    }
    json_array_foreach(list, i, one) {
        char until[32];
        const bool is_revoked = json_is_integer(json_object_get(one, "revoked"));
        const char *by = kolam_admin_text(one, "by");
        printf("%4" JSON_INTEGER_FORMAT "  %-10s %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
               " came, until %s%s, by %s  %s\n",
               json_integer_value(json_object_get(one, "invitation")),
               kolam_admin_text(one, "role"), json_integer_value(json_object_get(one, "used")),
               json_integer_value(json_object_get(one, "uses")),
               kolam_admin_time(json_object_get(one, "until"), until),
               is_revoked ? " (taken back)" : "", by[0] ? by : "the operator",
               kolam_admin_text(one, "note"));
        size_t guest;
        json_t *who;
        json_array_foreach(json_object_get(one, "who"), guest, who) {
            char time[32];
            printf("        %s  %s\n", kolam_admin_time(json_object_get(who, "time"), time),
                   kolam_admin_text(who, "name"));
        }
    }
}

static int run_invitations(int argc, char **argv) {
    static const char help[] =
        "kolam admin invitations\n"
        "The invitations to the canvas, the newest first, and who came by them.\n";
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, 0, "it takes no further words", &status)) {
        return status;
    }
    return kolam_admin_converse(&arguments.admin,
                                json_pack("{s:s,s:b}", "type", "invitations", "all", 1),
                                "invitations", print_invitations);
}

static void print_revoked(const struct kolam_admin *admin, const json_t *answer) {
    (void)admin;
    printf("invitation %" JSON_INTEGER_FORMAT " is taken back\n",
           json_integer_value(json_object_get(answer, "invitation")));
}

static int run_revoke(int argc, char **argv) {
    static const char help[] =
        "kolam admin revoke INVITATION [--withdraw]\n"
        "Nobody comes by it any more.\n"
        "\n"
        "  --withdraw               and those who came lose the role that it gave\n";
    struct arguments arguments = {0};
    int status;
    if (!parse(&arguments, argc, argv, help, 1, "an invitation's number is needed", &status)) {
        return status;
    }
    const json_int_t number = number_of(argv[optind], INT32_MAX);
    if (!number) {
        return kolam_admin_misused(&arguments.admin, "'%.40s' is no invitation's number",
                                   argv[optind]);
    }
    return kolam_admin_converse(&arguments.admin,
                                json_pack("{s:s,s:I,s:b}", "type", "invitation_revoke",
                                          "invitation", number, "withdraw",
                                          (int)arguments.is_withdrawn),
                                "invitation_revoked", print_revoked);
}

/* ---- people ---- */

/* The artist meant by the word, in a conversation that is opened. False: told. */
static bool open_with_artist(struct arguments *arguments, const char *text, uint32_t *out_artist,
                             int *out_status) {
    if (!arguments->admin.ws && !kolam_admin_open(&arguments->admin, out_status)) {
        kolam_admin_close(&arguments->admin);
        return false;
    }
    if (!kolam_admin_artist(&arguments->admin, text, out_artist)) {
        kolam_admin_close(&arguments->admin);
        *out_status = KOLAM_EXIT_FAILURE;
        return false;
    }
    return true;
}

static void print_merged(const struct kolam_admin *admin, const json_t *answer) {
    (void)admin;
    printf("both are %s now\n", kolam_admin_text(answer, "name"));
}

static int run_merge(int argc, char **argv) {
    static const char help[] =
        "kolam admin merge FROM INTO\n"
        "Two artists who are one person: FROM becomes a former self of INTO, on every canvas, with "
        "all keys.\n"
        "It cannot be undone: ask both.\n"
        "\n"
        "  --yes                    I have\n";
    struct arguments arguments = {0};
    uint32_t from, into;
    int status;
    if (!parse(&arguments, argc, argv, help, 2, "two artists are needed", &status)) {
        return status;
    }
    if (!arguments.is_sure) {
        return kolam_admin_misused(&arguments.admin, "this cannot be undone; say --yes");
    }
    if (!open_with_artist(&arguments, argv[optind], &from, &status) ||
        !open_with_artist(&arguments, argv[optind + 1], &into, &status)) {
        return status;
    }
    return kolam_admin_converse(&arguments.admin,
                                json_pack("{s:s,s:I,s:I}", "type", "merge", "into",
                                          (json_int_t)into, "from", (json_int_t)from),
                                "merged", print_merged);
}

static void print_erased(const struct kolam_admin *admin, const json_t *answer) {
    (void)admin, (void)answer;
    puts("erased; what they drew stays, under \"former artist\"");
}

static int run_erase(int argc, char **argv) {
    static const char help[] =
        "kolam admin erase ARTIST\n"
        "Forgets the person: name, keys, invitations, on every canvas. Their strokes stay.\n"
        "\n"
        "  --yes                    it cannot be undone\n";
    struct arguments arguments = {0};
    uint32_t artist;
    int status;
    if (!parse(&arguments, argc, argv, help, 1, "an artist is needed", &status)) {
        return status;
    }
    if (!arguments.is_sure) {
        return kolam_admin_misused(&arguments.admin, "this cannot be undone; say --yes");
    }
    if (!open_with_artist(&arguments, argv[optind], &artist, &status)) {
        return status;
    }
    return kolam_admin_converse(
        &arguments.admin, json_pack("{s:s,s:I}", "type", "erase_me", "artist", (json_int_t)artist),
        "erased", print_erased);
}

/* ---- all that is known of one ---- */

/* Adds the ops of one number on one canvas to its share, page after page. False: told. */
static bool add_ops(struct kolam_admin *admin, json_t *share) {
    json_t *ops = json_array(), *page = NULL;
    char before[24] = "";
    bool has_more = json_integer_value(json_object_get(share, "ops")) > 0, is_fine = true;
    while (has_more && is_fine) {
        json_t *question = json_pack("{s:s,s:s,s:O}", "type", "export_me", "canvas",
                                     kolam_admin_text(share, "canvas"), "artist",
                                     json_object_get(share, "artist"));
        if (before[0]) {
            json_object_set_new(question, "before", json_string(before));
        }
        is_fine = kolam_admin_ask(admin, question, "export", &page);
        if (is_fine) {
            const json_t *list = json_object_get(page, "ops");
            const json_t *last = json_array_get(list, json_array_size(list) - 1);
            snprintf(before, sizeof before, "%s", kolam_admin_text(last, "seq"));
            has_more = json_is_true(json_object_get(page, "more")) && before[0];
            json_array_extend(ops, (json_t *)(uintptr_t)list);
            json_decref(page);
        }
    }
    json_object_set_new(share, "ops", ops);
    return is_fine;
}

static int run_export(int argc, char **argv) {
    static const char help[] =
        "kolam admin export ARTIST\n"
        "Everything that the server knows of the person, on every canvas, as JSON: name, when keys "
        "were made,\n"
        "invitations, and each op of theirs in its stored form (base64).\n";
    struct arguments arguments = {0};
    struct kolam_admin *admin = &arguments.admin;
    json_t *answer;
    uint32_t artist;
    int status;
    if (!parse(&arguments, argc, argv, help, 1, "an artist is needed", &status) ||
        !open_with_artist(&arguments, argv[optind], &artist, &status)) {
        return status;
    }
    bool is_fine = kolam_admin_ask(
        admin, json_pack("{s:s,s:I}", "type", "export_me", "artist", (json_int_t)artist), "export",
        &answer);
    if (is_fine) {
        size_t i;
        json_t *share;
        json_array_foreach(json_object_get(answer, "canvases"), i, share) {
            is_fine = is_fine && add_ops(admin, share);
        }
        if (is_fine) {
            kolam_admin_print_json(answer);
        }
        json_decref(answer);
    }
    kolam_admin_close(admin);
    return is_fine ? KOLAM_EXIT_OK : KOLAM_EXIT_FAILURE;
}

const struct kolam_admin_command kolam_admin_people[] = {
    {"invite", "make a link that gives a role on the canvas", run_invite},
    {"invitations", "the links there are, and who came by them", run_invitations},
    {"revoke", "take an invitation back", run_revoke},
    {"merge", "two artists who are one person", run_merge},
    {"export", "all that is known of somebody, as JSON", run_export},
    {"erase", "forget somebody; their strokes stay", run_erase},
    {0},
};
